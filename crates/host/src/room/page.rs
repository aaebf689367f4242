//! A page of memory that the program's processes share with the one that started them, until the program is executed.
//!
//! In it stands what became of the start and how the program ended. Writing there takes no system call, so that it works for a
//! process whose system calls are being traced, and for an init that has no descriptor left.

use std::io;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicI32, Ordering};

/// What the processes tell. Zero: nothing to tell.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Told {
    /// The error number with which the program's process could not be made.
    pub(super) fork_error: AtomicI32,
    /// The error number with which a private /proc was refused.
    pub(super) proc_error: AtomicI32,
    /// The error number with which the filter for the observer was refused.
    pub(super) filter_error: AtomicI32,
    /// The error number with which a stream could not be put in its place.
    pub(super) stream_error: AtomicI32,
    /// The error number with which the program was not executed.
    pub(super) exec_error: AtomicI32,
    /// The status with which the program ended, as wait(2) has it, and one more, because zero is a status.
    pub(super) status_plus_one: AtomicI32,
}

impl Told {
    /// An error number that stands in a field.
    pub(super) fn error(field: &AtomicI32) -> Option<io::Error> {
        match field.load(Ordering::SeqCst) {
            0 => None,
            number => Some(io::Error::from_raw_os_error(number)),
        }
    }
}

/// The page, shared with the processes that are forked from here.
#[derive(Debug)]
pub(super) struct Page {
    address: NonNull<Told>,
}

// SAFETY: the page is read and written by atomic operations only.
unsafe impl Send for Page {}
// SAFETY: as above.
unsafe impl Sync for Page {}

impl Page {
    pub(super) fn new() -> io::Result<Page> {
        let (protection, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_ANONYMOUS);
        // SAFETY: a new mapping at an address of the kernel's choice disturbs no memory.
        let address = unsafe { libc::mmap(ptr::null_mut(), size_of::<Told>(), protection, flags, -1, 0) };
        if address == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        NonNull::new(address.cast()).map(|address| Page { address }).ok_or_else(|| io::ErrorKind::OutOfMemory.into())
    }

    pub(super) fn told(&self) -> &Told {
        // SAFETY: the mapping is as large as `Told`, begins on a page, holds zeroes, which are valid atomics, and lives as long
        // as `self`.
        unsafe { self.address.as_ref() }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // SAFETY: the mapping was made with this address and this size, and nobody in this process holds a reference into it.
        unsafe { libc::munmap(self.address.as_ptr().cast(), size_of::<Told>()) };
    }
}
