//! Memory that may not be there: the caller's pointers, read and written without ever dying of it.
//!
//! What is known to be there (`memory/known.rs`) is copied as any memory is. Else the kernel copies between two places of this
//! process and says so when one of them is not there: null, unmapped, not writable, or mapped in part. Where it does not let a
//! process do that to itself, octets go through a pipe, whose `write` and `read` check their memory in the same way. Sockets of the
//! kernel get the address itself. [`PageWithHole`] is such memory, for trying it.

mod known;
mod valgrind;

use std::any::Any;
use std::cell::Cell;
use std::io;
use std::ops::Range;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::ptr::{self, NonNull};

use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};
use rustix::pipe::{PipeFlags, pipe_with};
use synsent_sockets::{Fault, Memory};

use crate::waiters::last_error;

/// How many octets go through the pipe at once: every pipe holds as many.
const PIPE_STEP: usize = 4_096;

/// No page of memory is smaller on any machine that this runs on.
const PAGE_OCTETS_MIN: usize = 4_096;

/// How far from its beginning a buffer is looked at, besides its last octet, before something is received into it. It is more than
/// the longest datagram has, and a large buffer is not brought into memory for its own sake.
const PROBED_OCTETS_MAX: usize = 131_072;

/// Memory behind an address, mapped or not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wild {
    address: usize,
}

impl Wild {
    /// The memory at this address.
    ///
    /// # Safety
    /// Whoever makes one allows that whatever is mapped there, now or as long as it is used, is read and written through it:
    /// no reference may live to what is written, and nobody may write at the same time to what is read.
    // SAFETY: nothing is touched here; what the maker allows is what the calls of the kernel below rely on.
    pub const unsafe fn at(address: usize) -> Wild {
        Wild { address }
    }

    /// What memory of a caller is, where it is of this kind.
    pub(crate) fn of(memory: &dyn Memory) -> Option<Wild> {
        memory.as_any()?.downcast_ref().copied()
    }

    /// Sends a part of it on a socket.
    ///
    /// # Errors
    /// What the kernel says: `EFAULT` where it is not there.
    pub(crate) fn send(&self, part: Range<usize>, socket: &OwnedFd, flags: SendFlags) -> Result<usize, Errno> {
        let start = self.place(part.start, part.len()).map_err(|_| Errno::FAULT)?;
        let flags = flags.bits() as libc::c_int;
        // SAFETY: the kernel reads only what is mapped, which whoever made the `Wild` has allowed, and says so where nothing is.
        let sent = unsafe { libc::send(socket.as_raw_fd(), ptr::with_exposed_provenance(start), part.len(), flags) };
        usize::try_from(sent).map_err(|_| last_error())
    }

    /// Receives into a part of it from a socket.
    ///
    /// # Errors
    /// What the kernel says: `EFAULT` where it is not there.
    pub(crate) fn receive(&self, part: Range<usize>, socket: &OwnedFd, flags: RecvFlags) -> Result<usize, Errno> {
        let start = self.place(part.start, part.len()).map_err(|_| Errno::FAULT)?;
        let flags = flags.bits() as libc::c_int;
        // SAFETY: the kernel writes only what is mapped and writable, which whoever made the `Wild` has allowed, and says so
        // where nothing is.
        let got = unsafe { libc::recv(socket.as_raw_fd(), ptr::with_exposed_provenance_mut(start), part.len(), flags) };
        usize::try_from(got).map_err(|_| last_error())
    }

    fn place(&self, at: usize, len: usize) -> Result<usize, Fault> {
        let start = self.address.checked_add(at).ok_or(Fault)?;
        start.checked_add(len).ok_or(Fault)?;
        Ok(start)
    }
}

impl Memory for Wild {
    fn read(&self, at: usize, into: &mut [u8]) -> Result<(), Fault> {
        let from = self.place(at, into.len())?;
        if known::is_there(from, into.len()) {
            // SAFETY: as many octets as the slice has are there to be read until this returns; whoever made the `Wild` has
            // allowed that, and that nobody writes to them meanwhile.
            unsafe { ptr::copy(ptr::with_exposed_provenance(from), into.as_mut_ptr(), into.len()) };
            return Ok(());
        }
        if into.is_empty() {
            return Ok(());
        }
        match copy_whole(into.as_mut_ptr() as usize, from, into.len(), Way::Read) {
            Some(result) => result,
            None => read_through_pipe(from, into),
        }
    }

    /// What cannot be written whole may have been written in part, up to where the memory ends.
    fn write(&self, at: usize, from: &[u8]) -> Result<(), Fault> {
        let into = self.place(at, from.len())?;
        if known::is_there(into, from.len()) {
            // SAFETY: as many octets as the slice has are there to be written until this returns; whoever made the `Wild` has
            // allowed that, and that no reference to them lives.
            unsafe { ptr::copy(from.as_ptr(), ptr::with_exposed_provenance_mut(into), from.len()) };
            return Ok(());
        }
        if from.is_empty() {
            return Ok(());
        }
        match copy_whole(from.as_ptr() as usize, into, from.len(), Way::Write) {
            Some(result) => {
                valgrind::written(into, from.len());
                result
            }
            None => write_through_pipe(into, from),
        }
    }

    /// By a call of the kernel for each page of its beginning that changes nothing, also where somebody writes there at the same time.
    fn probe_writable(&self, octets: usize) -> Result<(), Fault> {
        let start = self.place(0, octets)?;
        if known::is_there(start, octets) {
            return Ok(());
        }
        // The last octet stands in a page of its own only where it is not in the one before.
        let is_elsewhere =
            |last: &usize| *last >= PROBED_OCTETS_MAX || (start + last) % PAGE_OCTETS_MIN < last % PAGE_OCTETS_MIN;
        let last = octets.checked_sub(1).filter(is_elsewhere);
        for at in (0..octets.min(PROBED_OCTETS_MAX)).step_by(PAGE_OCTETS_MIN).chain(last) {
            match touch(start + at) {
                Ok(()) => {}
                Err(Errno::FAULT) => return Err(Fault),
                // The kernel does not do that.
                Err(_) => {
                    let mut octet = [0];
                    self.read(at, &mut octet)?;
                    self.write(at, &octet)?;
                }
            }
        }
        Ok(())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

/// Has the kernel read and write the word in which an octet stands, and leave it as it is.
fn touch(address: usize) -> Result<(), Errno> {
    if valgrind::is_watching() {
        // What nobody has written yet would be read, and told to the user as a mistake.
        return Err(Errno::NOSYS);
    }
    // The word lies in one page with each of its octets.
    let word = address & !(size_of::<u32>() - 1);
    let (nobody, none) = (0_u32, ptr::null::<libc::timespec>());
    let call = libc::FUTEX_WAKE_OP | libc::FUTEX_PRIVATE_FLAG;
    let word = ptr::with_exposed_provenance_mut::<u32>(word);
    // "Or" with zero. Who waits at that word is woken where it is a number that it hardly is; and any such waiter looks again.
    let leave_as_it_is = libc::FUTEX_OP(libc::FUTEX_OP_OR, 0, libc::FUTEX_OP_CMP_EQ, 0x5a5);
    // SAFETY: the kernel wakes who waits at a word of this function, which is nobody. The other word it reads and writes in one step,
    // as it was, where it is mapped and writable, and says so where it is not.
    let told = unsafe { libc::syscall(libc::SYS_futex, &raw const nobody, call, 0, none, word, leave_as_it_is) };
    if told < 0 { Err(last_error()) } else { Ok(()) }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Read,
    Write,
}

/// Copies between our own memory at `own` and `len` octets at `wild`; `None` where the kernel does not do that.
fn copy_whole(own: usize, wild: usize, len: usize, way: Way) -> Option<Result<(), Fault>> {
    let own = libc::iovec { iov_base: ptr::with_exposed_provenance_mut(own), iov_len: len };
    let wild = libc::iovec { iov_base: ptr::with_exposed_provenance_mut(wild), iov_len: len };
    // SAFETY: getpid has no conditions.
    let process = unsafe { libc::getpid() };
    let copied = match way {
        // SAFETY: the kernel writes to our own slice, which is as long as it says, and reads at the wild address only what
        // is mapped there, which whoever made the `Wild` has allowed.
        Way::Read => unsafe { libc::process_vm_readv(process, &own, 1, &wild, 1, 0) },
        // SAFETY: the kernel reads our own slice, and writes at the wild address only what is mapped there and writable, which
        // whoever made the `Wild` has allowed.
        Way::Write => unsafe { libc::process_vm_writev(process, &own, 1, &wild, 1, 0) },
    };
    match usize::try_from(copied) {
        Ok(copied) => Some(if copied == len { Ok(()) } else { Err(Fault) }),
        Err(_) if matches!(last_error(), Errno::PERM | Errno::NOSYS | Errno::SRCH) => None,
        Err(_) => Some(Err(Fault)),
    }
}

fn read_through_pipe(from: usize, into: &mut [u8]) -> Result<(), Fault> {
    let (output, input) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK).map_err(|_| Fault)?;
    for (place, part) in into.chunks_mut(PIPE_STEP).enumerate() {
        write_from_wild(&input, from + place * PIPE_STEP, part.len())?;
        let whole = part.len();
        if rustix::io::read(&output, part) != Ok(whole) {
            return Err(Fault);
        }
    }
    Ok(())
}

fn write_through_pipe(into: usize, from: &[u8]) -> Result<(), Fault> {
    let (output, input) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK).map_err(|_| Fault)?;
    for (place, part) in from.chunks(PIPE_STEP).enumerate() {
        rustix::io::write(&input, part).map_err(|_| Fault)?;
        read_to_wild(&output, into + place * PIPE_STEP, part.len())?;
    }
    Ok(())
}

fn write_from_wild(input: &OwnedFd, from: usize, len: usize) -> Result<(), Fault> {
    // SAFETY: the kernel reads only what is mapped, which whoever made the `Wild` has allowed, and says so where nothing is.
    let written = unsafe { libc::write(input.as_raw_fd(), ptr::with_exposed_provenance(from), len) };
    if usize::try_from(written) == Ok(len) { Ok(()) } else { Err(Fault) }
}

fn read_to_wild(output: &OwnedFd, into: usize, len: usize) -> Result<(), Fault> {
    // SAFETY: the kernel writes only what is mapped and writable, which whoever made the `Wild` has allowed, and says so where
    // nothing is.
    let read = unsafe { libc::read(output.as_raw_fd(), ptr::with_exposed_provenance_mut(into), len) };
    if usize::try_from(read) == Ok(len) { Ok(()) } else { Err(Fault) }
}

/// The size of a page, as the C library tells it: who runs a program under a tool hides from it where else that could be read.
fn page_octets() -> usize {
    // SAFETY: the call takes a number and answers with one.
    let told = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(told).unwrap_or(PAGE_OCTETS_MIN)
}

/// Two pages of memory of which the second cannot be touched, for trying what happens at its edge.
#[derive(Debug)]
pub struct PageWithHole {
    start: NonNull<libc::c_void>,
    page_octets: usize,
    /// Neither shared nor sent: what is written to it through [`Wild`] is nobody else's business.
    _not_shared: std::marker::PhantomData<Cell<()>>,
}

impl PageWithHole {
    /// Maps the pages; the first is all zeroes.
    ///
    /// # Errors
    /// When there is no memory.
    pub fn new() -> io::Result<PageWithHole> {
        let page_octets = page_octets();
        let (protection, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: a new mapping at a place that the kernel chooses touches no memory that exists.
        let start = unsafe { libc::mmap(ptr::null_mut(), 2 * page_octets, protection, flags, -1, 0) };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let start = NonNull::new(start).ok_or(io::ErrorKind::OutOfMemory)?;
        let pages = PageWithHole { start, page_octets, _not_shared: std::marker::PhantomData };
        pages.protect(pages.hole(), libc::PROT_NONE)?;
        Ok(pages)
    }

    /// How many octets a page has.
    pub fn page_octets(&self) -> usize {
        self.page_octets
    }

    /// The address of the hole: nothing can be read or written there, nor in the page behind it.
    pub fn hole(&self) -> usize {
        self.start.as_ptr().expose_provenance() + self.page_octets
    }

    /// An address with this many octets before the hole, at most a page of them.
    pub fn before_hole(&self, octets: usize) -> usize {
        self.hole() - octets.min(self.page_octets)
    }

    /// From now on the first page can be read and not written.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn make_read_only(&self) -> io::Result<()> {
        self.protect(self.start.as_ptr().expose_provenance(), libc::PROT_READ)
    }

    /// The memory with this many octets before the hole.
    pub fn memory_before_hole(&self, octets: usize) -> Wild {
        // SAFETY: the pages belong to this value alone, which gives out no reference to them.
        unsafe { Wild::at(self.before_hole(octets)) }
    }

    fn protect(&self, page: usize, protection: libc::c_int) -> io::Result<()> {
        // SAFETY: the page is one of the two that belong to this value, and no reference to them is ever given out.
        let result = unsafe { libc::mprotect(ptr::with_exposed_provenance_mut(page), self.page_octets, protection) };
        if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }
}

impl Drop for PageWithHole {
    fn drop(&mut self) {
        // SAFETY: both pages were mapped together by this value, and nobody has a reference to them.
        unsafe { libc::munmap(self.start.as_ptr(), 2 * self.page_octets) };
    }
}

/// A page that was mapped once and is no more; who maps memory meanwhile may get it.
///
/// # Errors
/// When there is no memory.
pub fn unmapped_page() -> io::Result<usize> {
    PageWithHole::new().map(|pages| pages.hole())
}

#[cfg(test)]
mod tests {
    use super::*;

    type Read = fn(usize, &mut [u8]) -> Result<(), Fault>;
    type Write = fn(usize, &[u8]) -> Result<(), Fault>;

    fn read_directly(from: usize, into: &mut [u8]) -> Result<(), Fault> {
        // SAFETY: the tests below pass addresses of pages that they own, and null.
        unsafe { Wild::at(from) }.read(0, into)
    }

    fn write_directly(into: usize, from: &[u8]) -> Result<(), Fault> {
        // SAFETY: the tests below pass addresses of pages that they own, and null.
        unsafe { Wild::at(into) }.write(0, from)
    }

    /// The direct way, and the way where that is forbidden.
    const WAYS: [(Read, Write); 2] = [(read_directly, write_directly), (read_through_pipe, write_through_pipe)];

    #[test]
    fn memory_that_is_there_is_read_and_written() {
        let pages = PageWithHole::new().unwrap();
        for (read, write) in WAYS {
            let octets: Vec<u8> = (0..pages.page_octets()).map(|octet| octet as u8).collect();
            write(pages.before_hole(octets.len()), &octets).unwrap();
            let mut back = vec![0; octets.len()];
            read(pages.before_hole(octets.len()), &mut back).unwrap();
            assert_eq!(back, octets);
            write(pages.before_hole(octets.len()), &vec![0; octets.len()]).unwrap();
        }
    }

    #[test]
    fn memory_that_is_not_there_is_a_fault_and_no_signal() {
        let pages = PageWithHole::new().unwrap();
        for (read, write) in WAYS {
            for address in [0, 1, pages.hole(), pages.hole() + 8, pages.before_hole(15)] {
                assert_eq!(read(address, &mut [0; 16]), Err(Fault), "{address:#x}");
                assert_eq!(write(address, &[1; 16]), Err(Fault), "{address:#x}");
            }
        }
    }

    #[test]
    fn memory_that_is_read_only_is_not_written() {
        let pages = PageWithHole::new().unwrap();
        pages.make_read_only().unwrap();
        for (read, write) in WAYS {
            assert_eq!(read(pages.before_hole(16), &mut [0; 16]), Ok(()));
            assert_eq!(write(pages.before_hole(16), &[1; 16]), Err(Fault));
        }
    }

    #[test]
    fn a_large_buffer_is_probed_at_its_beginning_and_at_its_end() {
        let page = page_octets();
        let octets = 4 * PROBED_OCTETS_MAX;
        let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: new memory, at no place that anybody has; it stays for as long as the process runs.
        let arena = unsafe { libc::mmap(ptr::null_mut(), octets, access, kind, -1, 0) };
        assert_ne!(arena, libc::MAP_FAILED);
        // SAFETY: the memory is this test's own, which follows no reference into it.
        let arena = unsafe { Wild::at(arena.expose_provenance()) };
        assert_eq!(arena.probe_writable(octets), Ok(()));
        let mut there = vec![0_u8; octets / page];
        let start = ptr::with_exposed_provenance_mut(arena.address);
        // SAFETY: as many octets are told as the memory has pages.
        assert_eq!(unsafe { libc::mincore(start, octets, there.as_mut_ptr()) }, 0);
        let touched = there.iter().filter(|page| **page & 1 != 0).count();
        assert!(touched < octets / page, "{touched} pages");
        // SAFETY: the last page is this test's own.
        assert_eq!(unsafe { libc::munmap(start.byte_add(octets - page), page) }, 0);
        assert_eq!(arena.probe_writable(octets), Err(Fault));
    }

    #[test]
    fn a_probe_finds_out_what_can_be_written_and_changes_nothing() {
        let pages = PageWithHole::new().unwrap();
        let octets = pages.page_octets();
        let memory = pages.memory_before_hole(octets);
        memory.write(0, &vec![7; octets]).unwrap();
        for size in [0, 1, 4_095, octets] {
            assert_eq!(memory.probe_writable(size), Ok(()), "{size}");
        }
        let mut back = vec![0; octets];
        memory.read(0, &mut back).unwrap();
        assert_eq!(back, vec![7; octets]);
        assert_eq!(memory.probe_writable(octets + 1), Err(Fault));
        assert_eq!(memory.probe_writable(usize::MAX), Err(Fault));
        for octets in 0..5 {
            assert_eq!(pages.memory_before_hole(octets).probe_writable(5), Err(Fault), "{octets}");
        }
        pages.make_read_only().unwrap();
        assert_eq!(memory.probe_writable(1), Err(Fault));
        assert_eq!(memory.probe_readable(octets), Ok(()));
        assert_eq!(memory.probe_readable(octets + 1), Err(Fault));
        let boxed = Box::new([3_u8; 5]);
        // SAFETY: nobody reads or writes the box while this memory is used.
        assert_eq!(unsafe { Wild::at(boxed.as_ptr().expose_provenance()) }.probe_writable(5), Ok(()));
        assert_eq!(*boxed, [3; 5]);
    }

    #[test]
    fn a_variable_on_the_stack_is_read_and_written_at_any_depth() {
        let mut octets = [1_u8, 2, 3, 4];
        let address = octets.as_mut_ptr().expose_provenance();
        // SAFETY: nobody uses the array while this memory is used.
        let memory = unsafe { Wild::at(address) };
        let mut back = [0; 2];
        memory.read(1, &mut back).unwrap();
        memory.write(2, &[9]).unwrap();
        assert_eq!((back, std::hint::black_box(octets)), ([2, 3], [1, 2, 9, 4]));
    }

    #[test]
    fn an_address_beyond_all_memory_is_a_fault() {
        assert_eq!(read_directly(usize::MAX - 4, &mut [0; 16]), Err(Fault));
        let pages = PageWithHole::new().unwrap();
        assert_eq!(pages.memory_before_hole(16).read(usize::MAX, &mut [0; 1]), Err(Fault));
        assert_eq!(pages.memory_before_hole(16).read(0, &mut []), Ok(()));
        assert_eq!(pages.memory_before_hole(16).read(8, &mut [0; 8]), Ok(()));
        assert_eq!(pages.memory_before_hole(16).read(9, &mut [0; 8]), Err(Fault));
    }
}
