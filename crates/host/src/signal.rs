//! A signal to one thread, for trying what a blocking call does when one comes; and whether the program wants calls to go on after
//! its signals.
//!
//! [`Target::here`] names the calling thread and gives SIGUSR1 a handler that does nothing; from another thread,
//! [`Target::interrupt`] then ends the system call in which that thread waits.

use std::io;
use std::mem;
use std::ptr;

/// Blocks every signal of the calling thread; dropping it brings the mask back. What is forked meanwhile runs no handler of
/// this process, and a thread that is begun
/// meanwhile handles no signal of the program.
#[must_use]
pub struct Blocked {
    before: libc::sigset_t,
}

impl Blocked {
    /// Blocks them.
    pub fn all() -> Blocked {
        // SAFETY: both sets are made in place and live longer than the calls; blocking signals changes no memory.
        unsafe {
            let mut all: libc::sigset_t = mem::zeroed();
            let mut before: libc::sigset_t = mem::zeroed();
            libc::sigfillset(&mut all);
            libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut before);
            Blocked { before }
        }
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        // SAFETY: the set is the one that the kernel gave.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &self.before, ptr::null_mut()) };
    }
}

/// A thread that can be interrupted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Target {
    process: libc::pid_t,
    thread: libc::pid_t,
}

impl Target {
    /// The calling thread. The handler of SIGUSR1 is that of the whole process from now on.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn here() -> io::Result<Target> {
        // SAFETY: all zeroes are a valid sigaction: no flags, so that calls are not begun again, and an empty mask.
        let mut action: libc::sigaction = unsafe { mem::zeroed() };
        let handler: extern "C" fn(libc::c_int) = nothing;
        action.sa_sigaction = handler as libc::sighandler_t;
        // SAFETY: the handler does nothing, which it may do at any moment; the struct lives longer than the call.
        if unsafe { libc::sigaction(libc::SIGUSR1, &action, ptr::null_mut()) } != 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the call has no arguments and cannot fail.
        let thread = unsafe { libc::gettid() };
        Ok(Target { process: std::process::id() as libc::pid_t, thread })
    }

    /// Sends the signal to the thread.
    ///
    /// # Errors
    /// When the thread has ended.
    pub fn interrupt(self) -> io::Result<()> {
        // SAFETY: the call takes three numbers; a thread that is not there is an error.
        let sent = unsafe { libc::syscall(libc::SYS_tgkill, self.process, self.thread, libc::SIGUSR1) };
        if sent == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }
}

/// The signals that a program's own mistakes raise: whoever handles one says nothing about calls that wait.
const OF_MISTAKES: [libc::c_int; 7] =
    [libc::SIGILL, libc::SIGTRAP, libc::SIGABRT, libc::SIGBUS, libc::SIGFPE, libc::SIGSEGV, libc::SIGSYS];
/// The last signal that the kernel has.
const LAST_SIGNAL: libc::c_int = 64;

/// Whether every handler of the program asks that calls begin again after it (`SA_RESTART`). Which signal it was that has ended a
/// wait the kernel does not tell, so one handler that does not ask counts for all.
pub(crate) fn all_begin_again() -> bool {
    (1..=LAST_SIGNAL).filter(|signal| !OF_MISTAKES.contains(signal)).all(|signal| {
        // SAFETY: all zeroes are a valid sigaction.
        let mut action: libc::sigaction = unsafe { mem::zeroed() };
        // SAFETY: nothing is changed, and the answer is written to a struct that lives longer than the call.
        let known = unsafe { libc::sigaction(signal, ptr::null(), &mut action) } == 0;
        let has_handler = known && action.sa_sigaction != libc::SIG_DFL && action.sa_sigaction != libc::SIG_IGN;
        !has_handler || action.sa_flags & libc::SA_RESTART != 0
    })
}

extern "C" fn nothing(_signal: libc::c_int) {}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_signal_ends_the_call_in_which_a_thread_waits() {
        let target = Target::here().unwrap();
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Ordering::SeqCst) {
                    target.interrupt().unwrap();
                    std::thread::yield_now();
                }
            });
            let patience = rustix::event::Timespec::try_from(Duration::from_secs(60)).unwrap();
            let ended = rustix::event::poll(&mut [], Some(&patience));
            over.store(true, Ordering::SeqCst);
            assert_eq!(ended, Err(rustix::io::Errno::INTR));
        });
    }
}
