//! What stands between C and every function here: a panic ends at it, and pointers are looked at before they are followed.
//!
//! An entry is one [`call`]. Its pointers become [`Foreign`] memory, which the dialects read and write by ways that can fail; null
//! stays null, because the documents tell the two apart.

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};

use synsent_host::Wild;
use synsent_sockets::{Fault, Memory as _, Pointer, PointerMut};

use crate::network;

/// The memory behind a pointer of C, null or not.
#[derive(Clone, Copy)]
pub(crate) struct Foreign {
    address: usize,
    wild: Option<Wild>,
}

unsafe extern "C" {
    fn pthread_setcancelstate(state: c_int, before: *mut c_int) -> c_int;
}

/// `PTHREAD_CANCEL_DISABLE`, the same in every C library of Linux.
const CANCEL_DISABLE: c_int = 1;

/// As long as it lives, a thread that is cancelled goes on: no unwinding for that goes through frames of Rust, which would end the
/// program. It ends at the program's next cancellation point.
struct NotCancelled {
    before: c_int,
}

impl NotCancelled {
    fn new() -> NotCancelled {
        let mut before = 0;
        // SAFETY: the state is written to a number that lives longer than the call; it is one of this thread's and no more.
        unsafe { pthread_setcancelstate(CANCEL_DISABLE, &raw mut before) };
        NotCancelled { before }
    }
}

impl Drop for NotCancelled {
    fn drop(&mut self) {
        // SAFETY: the state is the one that was there before, and what it was is told to a number of this function.
        unsafe { pthread_setcancelstate(self.before, &raw mut self.before) };
    }
}

/// Runs the call of a program: the library is started if it was not, and a panic comes to what `failed` says.
pub(crate) fn call<T>(failed: impl FnOnce() -> T, body: impl FnOnce() -> T) -> T {
    let _not_cancelled = NotCancelled::new();
    // What a panic leaves behind is guarded by locks that survive it, or belongs to the one call.
    let result = catch_unwind(AssertUnwindSafe(|| {
        let _inside = synsent_sockets::fork::enter();
        network::start();
        body()
    }));
    result.unwrap_or_else(|_| failed())
}

thread_local! {
    /// How many functions of the program run that the library has called, one within the other. There is nothing to drop.
    static CALLED_BACK: Cell<u32> = const { Cell::new(0) };
}

/// A function of the program runs as long as this lives.
struct CalledBack;

/// Calls a function of the program in the middle of a call. It may last, so the thread is outside meanwhile.
pub(crate) fn call_back<T>(function: impl FnOnce() -> T) -> T {
    CALLED_BACK.set(CALLED_BACK.get() + 1);
    let _called_back = CalledBack;
    synsent_sockets::fork::outside(function)
}

/// Whether the calling thread is within [`call_back`]: frames of the library stand between it and its beginning.
pub(crate) fn is_called_back() -> bool {
    CALLED_BACK.get() > 0
}

impl Drop for CalledBack {
    fn drop(&mut self) {
        CALLED_BACK.set(CALLED_BACK.get() - 1);
    }
}

impl Foreign {
    /// What a program handed over. It allows by calling that what is mapped there is read and, where the document says so,
    /// written for as long as the call runs.
    pub(crate) fn new<T>(pointer: *const T) -> Foreign {
        Foreign::at(pointer.cast::<c_void>().expose_provenance())
    }

    /// The same for a pointer that stood in a structure of the program.
    pub(crate) fn at(address: usize) -> Foreign {
        // SAFETY: the caller in C has promised what its document asks of the pointer: that nobody else writes there during the
        // call. Where it breaks that promise, the octets are wrong, and nothing else.
        Foreign { address, wild: (address != 0).then(|| unsafe { Wild::at(address) }) }
    }

    /// To be read through.
    pub(crate) fn pointer(&self) -> Pointer<'_> {
        match &self.wild {
            Some(wild) => Pointer::Foreign(wild),
            None => Pointer::Null,
        }
    }

    /// To be written through.
    pub(crate) fn pointer_mut(&self) -> PointerMut<'_> {
        match &self.wild {
            Some(wild) => PointerMut::Foreign(wild),
            None => PointerMut::Null,
        }
    }

    /// Where it is; zero for null.
    pub(crate) fn address(&self) -> usize {
        self.address
    }

    /// Whether it is null.
    pub(crate) fn is_null(&self) -> bool {
        self.wild.is_none()
    }

    /// So many octets at this distance, or nothing where one of them is not there.
    pub(crate) fn read<const OCTETS: usize>(&self, at: usize) -> Option<[u8; OCTETS]> {
        let mut octets = [0; OCTETS];
        self.wild?.read(at, &mut octets).ok()?;
        Some(octets)
    }

    /// The same into memory of our own; false where one of them is not there.
    pub(crate) fn read_into(&self, at: usize, into: &mut [u8]) -> bool {
        self.wild.is_some_and(|wild| wild.read(at, into).is_ok())
    }

    /// The same where the number is known only now.
    pub(crate) fn read_many(&self, at: usize, octets: usize) -> Option<Vec<u8>> {
        let mut into = vec![0; octets];
        self.wild?.read(at, &mut into).ok()?;
        Some(into)
    }

    /// A list of so many handles, each as wide as a pointer.
    pub(crate) fn read_handles(&self, count: usize) -> Option<Vec<usize>> {
        if count == 0 {
            return Some(Vec::new());
        }
        let octets = self.read_many(0, count.checked_mul(size_of::<usize>())?)?;
        let (handles, _) = octets.as_chunks();
        Some(handles.iter().map(|octets| usize::from_ne_bytes(*octets)).collect())
    }

    /// Tries whether so many octets can be read.
    pub(crate) fn probe_readable(&self, octets: usize) -> Result<(), Fault> {
        self.wild.ok_or(Fault)?.probe_readable(octets)
    }

    /// Writes at this distance; false where there is no place.
    pub(crate) fn write(&self, at: usize, octets: &[u8]) -> bool {
        self.wild.is_some_and(|wild| wild.write(at, octets).is_ok())
    }
}

/// A place for these octets of which the first ones, so many, can only be read; it lasts for ever.
#[cfg(test)]
pub(crate) fn across_a_wall(octets: &[u8], read_only: usize) -> *mut c_void {
    const PAGE_OCTETS: usize = 4_096;
    let rights = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: two new pages, which nobody else has.
    let pages = unsafe {
        libc::mmap(std::ptr::null_mut(), 2 * PAGE_OCTETS, rights, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1, 0)
    };
    assert_ne!(pages, libc::MAP_FAILED);
    let place = pages.wrapping_byte_add(PAGE_OCTETS - read_only);
    assert!(Foreign::new(place).write(0, octets));
    // SAFETY: the first of those pages, to which there is no reference.
    assert_eq!(unsafe { libc::mprotect(pages, PAGE_OCTETS, libc::PROT_READ) }, 0);
    place
}

#[cfg(test)]
mod tests {
    use std::ptr;

    use super::*;

    #[test]
    fn a_panic_ends_at_the_boundary() {
        assert_eq!(call(|| -1, || -> i32 { panic!("as a defect would") }), -1);
        assert_eq!(call(|| -1, || 7), 7);
    }

    #[test]
    fn a_thread_that_is_cancelled_in_a_call_ends_behind_it() {
        let state = || {
            let mut before = 0;
            // SAFETY: the state of this thread is told, and put back at once.
            unsafe { pthread_setcancelstate(CANCEL_DISABLE, &raw mut before) };
            // SAFETY: as above.
            unsafe { pthread_setcancelstate(before, ptr::null_mut()) };
            before
        };
        let before = state();
        assert_eq!(call(|| -1, || call(|| -1, state)), CANCEL_DISABLE);
        assert_eq!((state(), call(|| -1, || -> i32 { panic!("as a defect would") }), state()), (before, -1, before));
        assert_ne!(before, CANCEL_DISABLE);
    }

    #[test]
    fn a_wild_pointer_is_an_answer() {
        let wild = Foreign::new(synsent_host::unmapped_page().unwrap() as *const u8);
        assert!(!wild.is_null());
        assert_eq!((wild.read::<4>(0), wild.write(0, &[1])), (None, false));
        assert!(Foreign::new(std::ptr::null::<u8>()).is_null());
    }
}
