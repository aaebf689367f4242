//! Signals around the start of a program.
//!
//! Rust ignores SIGPIPE, and whoever runs a program may handle or ignore more. A program expects what a shell would give it: the
//! default, except for what was ignored when its user began (as under `nohup`), and nothing blocked.

use std::mem;
use std::ptr;

pub(super) use crate::signal::Blocked;

/// The highest number of a signal.
const HIGHEST: libc::c_int = 64;

/// A set of signals, one bit each.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Set(u64);

impl Set {
    fn has(self, signal: libc::c_int) -> bool {
        self.0 >> (signal - 1) & 1 != 0
    }
}

/// The signals that this process ignores, but SIGPIPE, which Rust ignores by itself.
pub(super) fn ignored() -> Set {
    let mut set = Set::default();
    for signal in (1..=HIGHEST).filter(|signal| *signal != libc::SIGPIPE) {
        // SAFETY: all zeroes are a valid sigaction.
        let mut action: libc::sigaction = unsafe { mem::zeroed() };
        // SAFETY: nothing is set, and the struct that is filled lives longer than the call.
        let known = unsafe { libc::sigaction(signal, ptr::null(), &mut action) } == 0;
        if known && action.sa_sigaction == libc::SIG_IGN {
            set.0 |= 1 << (signal - 1);
        }
    }
    set
}

/// Gives every signal its default, except those that are to be ignored, and blocks none. Safe between fork and exec.
pub(super) fn restore(ignored: Set) {
    for signal in 1..=HIGHEST {
        // SAFETY: all zeroes are a valid sigaction.
        let mut action: libc::sigaction = unsafe { mem::zeroed() };
        action.sa_sigaction = if ignored.has(signal) { libc::SIG_IGN } else { libc::SIG_DFL };
        // SAFETY: the struct lives longer than the call, and neither action runs code of ours. The signals whose action cannot be
        // set have no other.
        unsafe { libc::sigaction(signal, &action, ptr::null_mut()) };
    }
    // SAFETY: an empty set of signals is made in place and read by the call; both are allowed between fork and exec.
    unsafe {
        let mut none: libc::sigset_t = mem::zeroed();
        libc::sigemptyset(&mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &none, ptr::null_mut());
    }
}

/// Lets this process and those that it forks learn how their children end: who ignores SIGCHLD learns nothing.
pub(super) fn expect_children() {
    // SAFETY: the default runs no code of ours, and the call takes two numbers.
    unsafe { libc::signal(libc::SIGCHLD, libc::SIG_DFL) };
}
