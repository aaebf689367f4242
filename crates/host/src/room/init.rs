//! What happens between fork and exec: the first process of the room's process namespace, and the program's process before it is
//! the program.
//!
//! Init gives the room a /proc of its own, forks the program, and then waits for whatever ends in the namespace until the program does.
//! When init ends, the kernel ends everything else in there, and init is ended by the kernel when the thread that made it
//! ends. Both run in a copy of a process that may have had more threads, so everything here is allowed in a signal handler: no memory is
//! allocated, nothing can panic, and what has to be told goes into the shared page.

use std::os::fd::RawFd;
use std::ptr;
use std::sync::atomic::{AtomicI32, Ordering};

use super::page::Told;
use super::signals;
use crate::observe::Filter;

/// The most signal-free way to say that a program could not be started, as shells do.
const NOT_STARTED: libc::c_int = 127;

/// What both processes need to know, prepared by who forks them.
pub(super) struct Orders<'a> {
    /// The program, its words, and the environment; all end with a null.
    pub(super) path: *const libc::c_char,
    pub(super) argv: *const *const libc::c_char,
    pub(super) environment: *const *const libc::c_char,
    /// The words with which a shell runs it, should the kernel not know what it is; null when no shell may.
    pub(super) shell_argv: *const *const libc::c_char,
    /// What goes to the places 0, 1 and 2; a negative number leaves what is there.
    pub(super) streams: [RawFd; 3],
    /// The end of the socket pair that is these processes', and the one that is not.
    pub(super) line: RawFd,
    pub(super) far_line: RawFd,
    /// Descriptors that the program keeps, in rising order.
    pub(super) inherit: &'a [RawFd],
    pub(super) own_session: bool,
    /// What the program's process installs, so that it can be observed.
    pub(super) filter: Option<&'a Filter>,
    pub(super) mount_proc: bool,
    pub(super) ignored_signals: signals::Set,
    pub(super) told: &'a Told,
}

/// The first process of the namespace, from its first instruction on. Signals are blocked.
// SAFETY: is the caller's: it is a process that was just forked, and the pointers in the orders are as they say.
pub(super) unsafe fn run(orders: &Orders<'_>) -> ! {
    // SAFETY: prctl with these arguments takes numbers only.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0) };
    // Only without this copy the other end is gone when its owner is.
    // SAFETY: the descriptor is this process's copy, which nobody else uses.
    unsafe { libc::close(orders.far_line) };
    if is_abandoned(orders.line) {
        exit(NOT_STARTED);
    }
    if orders.mount_proc {
        mount_proc(orders.told);
    }
    // SAFETY: a fork without a stack of its own goes on here in both processes, each with its copy of the memory.
    let program = unsafe { fork(0) };
    if program == 0 {
        // SAFETY: this is the forked process, and the orders are the ones that were given.
        unsafe { become_program(orders) };
    }
    if program < 0 {
        note(&orders.told.fork_error);
        exit(NOT_STARTED);
    }
    // Devices, pipes and reports of the process that made this one must not stay open here.
    close_range(0, libc::c_uint::MAX, 0);
    await_end(program, orders.told);
    exit(0);
}

/// Forks without the library's own work around it, which a process with other threads does not need to do before exec.
// SAFETY: is the caller's: where it has more than one thread, the new process keeps to what is allowed in a signal handler.
pub(super) unsafe fn fork(namespaces: libc::c_int) -> libc::pid_t {
    let flags = libc::c_long::from(namespaces | libc::SIGCHLD);
    // SAFETY: without a new stack and without pointers the call is a fork.
    let process = unsafe { libc::syscall(libc::SYS_clone, flags, 0_usize, 0_usize, 0_usize, 0_usize) };
    process as libc::pid_t
}

/// Whether the process at the other end of the socket pair ended before the kernel knew what is to happen then.
fn is_abandoned(line: RawFd) -> bool {
    let mut wait = libc::pollfd { fd: line, events: libc::POLLIN, revents: 0 };
    // SAFETY: one descriptor is described, and nothing is waited for.
    unsafe { libc::poll(&mut wait, 1, 0) > 0 && wait.revents & libc::POLLHUP != 0 }
}

/// A /proc in which the processes have the numbers that they know themselves by.
fn mount_proc(told: &Told) {
    let flags = libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC;
    // SAFETY: the three texts end with a zero and live as long as the program; there is no data.
    let mounted = unsafe { libc::mount(c"proc".as_ptr(), c"/proc".as_ptr(), c"proc".as_ptr(), flags, ptr::null()) };
    if mounted != 0 {
        note(&told.proc_error);
    }
}

/// Waits for all that ends here, until the program has.
fn await_end(program: libc::pid_t, told: &Told) {
    loop {
        let mut status = 0;
        // SAFETY: the status is written where it lives.
        let ended = unsafe { libc::waitpid(-1, &mut status, libc::__WALL) };
        if ended == program {
            told.status_plus_one.store(status.wrapping_add(1), Ordering::SeqCst);
            return;
        }
        if ended < 0 && errno() != libc::EINTR {
            return;
        }
    }
}

/// The program's process, until it is the program.
// SAFETY: as for `run`.
unsafe fn become_program(orders: &Orders<'_>) -> ! {
    signals::restore(orders.ignored_signals);
    if orders.own_session {
        // SAFETY: the call has no arguments; a process that was just forked leads no group, so it succeeds.
        unsafe { libc::setsid() };
    }
    for (place, descriptor) in orders.streams.into_iter().enumerate() {
        // SAFETY: both are numbers; the copy in the standard place survives exec.
        if descriptor >= 0 && unsafe { libc::dup2(descriptor, place as RawFd) } < 0 {
            note(&orders.told.stream_error);
            exit(NOT_STARTED);
        }
    }
    if !await_release(orders.line) {
        exit(NOT_STARTED);
    }
    keep_only(orders.inherit);
    if let Some(filter) = orders.filter
        && filter.install().is_err()
    {
        note(&orders.told.filter_error);
    }
    // SAFETY: the path and both lists end with a null and live in this copy of the memory.
    unsafe { libc::execve(orders.path, orders.argv, orders.environment) };
    if errno() == libc::ENOEXEC && !orders.shell_argv.is_null() {
        // SAFETY: as above.
        unsafe { libc::execve(c"/bin/sh".as_ptr(), orders.shell_argv, orders.environment) };
    }
    note(&orders.told.exec_error);
    exit(NOT_STARTED);
}

/// Says that this process is there, by which its number outside becomes known, and waits until it may go on.
fn await_release(line: RawFd) -> bool {
    let mut octet = [0_u8];
    // SAFETY: one octet is read from where it lives.
    let sent = unsafe { libc::send(line, octet.as_ptr().cast(), 1, libc::MSG_NOSIGNAL) };
    if sent != 1 {
        return false;
    }
    loop {
        // SAFETY: at most one octet is written where it lives.
        match unsafe { libc::recv(line, octet.as_mut_ptr().cast(), 1, 0) } {
            1 => return true,
            0 => return false,
            _ if errno() != libc::EINTR => return false,
            _ => {}
        }
    }
}

/// Whatever is open is closed by exec, but the standard streams and these descriptors.
fn keep_only(inherit: &[RawFd]) {
    let mut from: libc::c_uint = 3;
    for descriptor in inherit {
        let kept = *descriptor as libc::c_uint;
        if kept > from {
            close_range(from, kept - 1, libc::CLOSE_RANGE_CLOEXEC as libc::c_int);
        }
        from = from.max(kept.saturating_add(1));
    }
    close_range(from, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC as libc::c_int);
}

/// A kernel without the call leaves them as they are, and all of ours close by themselves.
fn close_range(first: libc::c_uint, last: libc::c_uint, flags: libc::c_int) {
    // SAFETY: the call takes three numbers. What is closed belongs to this process, which uses none of it again.
    unsafe { libc::syscall(libc::SYS_close_range, first, last, flags) };
}

fn note(field: &AtomicI32) {
    field.store(errno(), Ordering::SeqCst);
}

fn errno() -> libc::c_int {
    // SAFETY: the address is that of this thread's number and valid while it runs.
    unsafe { *libc::__errno_location() }
}

fn exit(code: libc::c_int) -> ! {
    // SAFETY: the process ends here, without anything that its original registered to be done at its end.
    unsafe { libc::_exit(code) }
}
