//! The wish of the user to end: SIGINT and SIGTERM as something that a thread waits for.
//!
//! The signals are blocked for the whole process and read from a descriptor, so no code ever runs in a signal handler.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{FromRawFd, OwnedFd};

/// SIGINT and SIGTERM, caught.
#[derive(Debug)]
pub struct Interrupt {
    descriptor: OwnedFd,
}

impl Interrupt {
    /// Catches the signals from now on. To be called before there is a second thread: threads inherit what is blocked.
    pub fn catch() -> io::Result<Interrupt> {
        let mut set = MaybeUninit::<libc::sigset_t>::uninit();
        let pointer = set.as_mut_ptr();
        // SAFETY: sigemptyset initialises the set, and the other two change or read that set, which lives longer than the
        // calls. Blocking a signal runs no code.
        let result = unsafe {
            libc::sigemptyset(pointer);
            libc::sigaddset(pointer, libc::SIGINT);
            libc::sigaddset(pointer, libc::SIGTERM);
            libc::pthread_sigmask(libc::SIG_BLOCK, pointer, std::ptr::null_mut())
        };
        if result != 0 {
            return Err(io::Error::from_raw_os_error(result));
        }
        // SAFETY: the set was initialised above, and -1 asks for a new descriptor.
        let descriptor = unsafe { libc::signalfd(-1, pointer, libc::SFD_CLOEXEC) };
        if descriptor < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor is new, so nobody else owns it.
        Ok(Interrupt { descriptor: unsafe { OwnedFd::from_raw_fd(descriptor) } })
    }

    /// Sleeps until one of the signals arrives, and returns its number.
    pub fn wait(&self) -> io::Result<i32> {
        let mut record = [0; size_of::<libc::signalfd_siginfo>()];
        loop {
            match rustix::io::read(&self.descriptor, &mut record) {
                Ok(_) => return Ok(i32::from_ne_bytes([record[0], record[1], record[2], record[3]])),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}
