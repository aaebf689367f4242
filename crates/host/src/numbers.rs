//! Small numbers for sockets, counted together with the process's own descriptors.
//!
//! A number is reserved by a copy of one descriptor that is good for nothing else, so the kernel itself finds the lowest free
//! one and nobody else of the process gets it.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd, RawFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::event::{EventfdFlags, eventfd};
use rustix::io::Errno;
use synsent_sockets::{Failure, Numbers, Outcome, WatchedFile};

use crate::files;
use crate::kernel::{Own, is_own, is_own_descriptor};
use crate::waiters::{Slept, Waiters, last_error, out_of_the_way};

/// The first number that is no standard stream.
const NUMBERS_FROM: RawFd = 3;

/// The numbers of which is known without a lock whether they are a socket's; no more are given out.
const NUMBERS_MAX: usize = 65_536;

static TAKEN: [AtomicBool; NUMBERS_MAX] = [const { AtomicBool::new(false) }; NUMBERS_MAX];

/// Whether a number was given to a socket, by any network of the process. It is one look at memory, so a signal handler may ask too.
pub fn is_socket_number(number: RawFd) -> bool {
    taken_mark(number).is_some_and(|taken| taken.load(Ordering::Acquire))
}

fn taken_mark(number: RawFd) -> Option<&'static AtomicBool> {
    TAKEN.get(usize::try_from(number).ok()?)
}

/// Numbers of the process.
pub struct DescriptorNumbers {
    original: Own,
    taken: Mutex<BTreeMap<RawFd, OwnedFd>>,
    /// Who sleeps until a file is ready.
    sleepers: Waiters,
}

impl DescriptorNumbers {
    /// No number is taken yet.
    ///
    /// # Errors
    /// When the process may have no more descriptors.
    pub fn new() -> io::Result<DescriptorNumbers> {
        let original = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        let (taken, sleepers) = (Mutex::default(), Waiters::default());
        Ok(DescriptorNumbers { original: Own::new(out_of_the_way(original)), taken, sleepers })
    }

    fn taken(&self) -> MutexGuard<'_, BTreeMap<RawFd, OwnedFd>> {
        // Each change is one insertion or removal.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Numbers for DescriptorNumbers {
    fn take(&self) -> Result<i32, Failure> {
        let copy = rustix::io::fcntl_dupfd_cloexec(&self.original, NUMBERS_FROM).map_err(|number| {
            let outcome = if number == Errno::NOMEM { Outcome::NoBuffers } else { Outcome::NoDescriptors };
            Failure::kernel(outcome, "fcntl", number.raw_os_error())
        })?;
        let number = copy.as_raw_fd();
        let mark = taken_mark(number).ok_or(Outcome::NoDescriptors)?;
        self.taken().insert(number, copy);
        mark.store(true, Ordering::Release);
        Ok(number)
    }

    fn give_back(&self, number: i32) {
        let mut taken = self.taken();
        // It is nobody's mark any more before the number can be a file's.
        if let (Some(_), Some(mark)) = (taken.get(&number), taken_mark(number)) {
            mark.store(false, Ordering::Release);
        }
        taken.remove(&number);
    }

    fn is_file(&self, number: i32) -> bool {
        if number == self.original.as_raw_fd() || self.taken().contains_key(&number) {
            return false;
        }
        // SAFETY: all zeroes are a valid value of this struct, which the kernel overwrites.
        let mut status: libc::stat = unsafe { std::mem::zeroed() };
        // SAFETY: the kernel writes one such struct, which lives longer than the call; of a number that is no open descriptor
        // it says so.
        let result = unsafe { libc::fstat(number, &mut status) };
        // The kernel's sockets of this house have numbers too, which their users do not know, and so has what they are watched by,
        // which is of no type. What is of another type is no descriptor of this house, though another thread with descriptors of
        // its own may have one with that number.
        let is_ours = match status.st_mode & libc::S_IFMT {
            libc::S_IFSOCK => is_own(number),
            0 => is_own_descriptor(number),
            _ => false,
        };
        result == 0 && !is_ours || result != 0 && last_error() != Errno::BADF
    }

    fn look_at_files(&self, watched: &mut [WatchedFile]) {
        files::look(watched);
    }

    fn sleep_for_files(&self, watched: &[WatchedFile], may_sleep: &dyn Fn() -> bool) -> bool {
        self.sleepers.sleep(|list| files::watch(watched, list), None, may_sleep) != Slept::Interrupted
    }

    fn ring(&self) {
        self.sleepers.wake_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_taken_is_a_sockets_and_none_is_beyond_what_can_be_known() {
        let numbers = DescriptorNumbers::new().unwrap();
        let number = numbers.take().unwrap();
        assert!(is_socket_number(number));
        numbers.give_back(number);
        assert!(!is_socket_number(-1));
        assert!(taken_mark(NUMBERS_MAX as RawFd - 1).is_some() && taken_mark(NUMBERS_MAX as RawFd).is_none());
    }
}
