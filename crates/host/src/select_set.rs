//! select(2) as a C program calls it, for those who measure beside it: a set of descriptors, copied for each call.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd as _, RawFd};
use std::ptr;

/// A set of descriptors.
#[derive(Clone, Copy)]
pub struct SelectSet {
    set: libc::fd_set,
    /// One more than the highest number in the set.
    end: RawFd,
}

impl SelectSet {
    /// An empty set.
    pub fn new() -> SelectSet {
        let mut set = MaybeUninit::uninit();
        // SAFETY: FD_ZERO writes the whole set, which is initialised then.
        let set = unsafe {
            libc::FD_ZERO(set.as_mut_ptr());
            set.assume_init()
        };
        SelectSet { set, end: 0 }
    }

    /// Puts a descriptor in; `false` where its number is too high for a set.
    pub fn insert(&mut self, descriptor: impl AsFd) -> bool {
        let number = descriptor.as_fd().as_raw_fd();
        if usize::try_from(number).map_or(true, |number| number >= libc::FD_SETSIZE) {
            return false;
        }
        // SAFETY: the number stands within the set, as was just seen.
        unsafe { libc::FD_SET(number, &mut self.set) };
        self.end = self.end.max(number + 1);
        true
    }

    /// Waits until one of them can be read, and leaves only those in the set that can; answers how many.
    ///
    /// # Errors
    /// When a descriptor was closed meanwhile, or a signal came.
    pub fn wait_readable(&mut self) -> io::Result<usize> {
        let (none, forever) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: the kernel reads and writes the set, which lives longer than the call; the other pointers may be null.
        let count = unsafe { libc::select(self.end, &mut self.set, none, none, forever) };
        usize::try_from(count).map_err(|_| io::Error::last_os_error())
    }
}

impl Default for SelectSet {
    fn default() -> SelectSet {
        SelectSet::new()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn only_who_can_be_read_stays_in_the_set() {
        let (silent, _other) = UnixStream::pair().unwrap();
        let (told, mut teller) = UnixStream::pair().unwrap();
        teller.write_all(b"x").unwrap();
        let mut set = SelectSet::new();
        assert!(set.insert(&silent) && set.insert(&told));
        assert_eq!(set.wait_readable().unwrap(), 1);
        // A second call asks for the one that stayed.
        assert_eq!(set.wait_readable().unwrap(), 1);
    }
}
