//! Memory of which it is known that it is there, and stays, so that it is read and written without asking the kernel.
//!
//! Two kinds of memory are: the stack of the calling thread from where it stands now up to its top, because the calls that have it
//! are not over before this one is; and the variables of the program itself, which is never unloaded. A thread that stands on
//! another stack than its own, as in a signal handler with a stack of its own or in a coroutine, has the second kind alone. What
//! lies below where the thread stands, stacks of other threads, and the heap may go at any time.

use std::cell::Cell;
use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::ops::Range;
use std::ptr;
use std::sync::OnceLock;

thread_local! {
    /// The stack of this thread; nobody has looked yet where it is empty and at zero.
    static STACK: Cell<(usize, usize)> = const { Cell::new(NOT_LOOKED) };
}

/// No more than so much below its top is taken for a thread's own stack.
const STACK_OCTETS_MAX: usize = 1 << 30;

const NOT_LOOKED: (usize, usize) = (0, 0);
/// No memory at all.
const NOWHERE: (usize, usize) = (1, 1);

/// Whether these octets are there for certain, to be read and to be written.
pub(super) fn is_there(start: usize, len: usize) -> bool {
    let Some(end) = start.checked_add(len) else { return false };
    is_own_stack(start, end) || is_variable(start, end)
}

// A frame of its own lies below those of all callers.
#[inline(never)]
fn is_own_stack(start: usize, end: usize) -> bool {
    let mark = 0_u8;
    // Whatever is mapped of a stack reaches from below each of its frames to its top.
    let here = ptr::from_ref(std::hint::black_box(&mark)).addr();
    let (lowest, top) = stack();
    lowest <= here && here <= start && start <= end && end <= top
}

fn stack() -> (usize, usize) {
    match STACK.get() {
        NOT_LOOKED => {
            let found = look_for_stack().unwrap_or(NOWHERE);
            STACK.set(found);
            found
        }
        found => found,
    }
}

fn look_for_stack() -> Option<(usize, usize)> {
    let mut attributes = MaybeUninit::<libc::pthread_attr_t>::uninit();
    // SAFETY: the call fills in the attributes, which are read only where it says that it has.
    if unsafe { libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) } != 0 {
        return None;
    }
    let (mut lowest, mut octets) = (ptr::null_mut::<c_void>(), 0);
    // SAFETY: the attributes were filled in, and both results live longer than the call.
    let told = unsafe { libc::pthread_attr_getstack(attributes.as_ptr(), &mut lowest, &mut octets) };
    // SAFETY: the attributes were filled in, and are not used again.
    unsafe { libc::pthread_attr_destroy(attributes.as_mut_ptr()) };
    let top = lowest.addr().checked_add(octets)?;
    // A stack without a limit is said to begin at the beginning of memory, where coroutines have theirs and the heap is too.
    (told == 0).then_some((lowest.addr().max(top.saturating_sub(STACK_OCTETS_MAX)), top))
}

fn is_variable(start: usize, end: usize) -> bool {
    static VARIABLES: OnceLock<Range<usize>> = OnceLock::new();
    let variables = VARIABLES.get_or_init(|| look_for_variables().unwrap_or_default());
    variables.start <= start && start <= end && end <= variables.end
}

/// The last segment of the program that can be written, without what the loader made read-only when it was done with it.
fn look_for_variables() -> Option<Range<usize>> {
    extern "C" fn look(program: *mut libc::dl_phdr_info, _size: usize, found: *mut c_void) -> libc::c_int {
        // SAFETY: the loader passes a description that lives until this returns.
        let program = unsafe { &*program };
        // SAFETY: this is what was passed along below, and nobody else has it meanwhile.
        let found = unsafe { &mut *found.cast::<Option<Range<usize>>>() };
        if program.dlpi_phdr.is_null() {
            return 1;
        }
        // SAFETY: the program's headers are as many as it says, and stay.
        let headers = unsafe { std::slice::from_raw_parts(program.dlpi_phdr, program.dlpi_phnum.into()) };
        *found = variables_of(headers, program.dlpi_addr as usize);
        // The program itself comes first, and is the only one of interest.
        1
    }
    let mut found = None::<Range<usize>>;
    // SAFETY: the function takes what is passed along here for what it is, and the loader calls it before this returns.
    unsafe { libc::dl_iterate_phdr(Some(look), (&raw mut found).cast()) };
    found
}

fn variables_of(headers: &[libc::Elf64_Phdr], base: usize) -> Option<Range<usize>> {
    let range = |header: &libc::Elf64_Phdr| {
        let start = base.wrapping_add(header.p_vaddr as usize);
        Some(start..start.checked_add(header.p_memsz as usize)?)
    };
    let needed = libc::PF_R | libc::PF_W;
    let is_written = |header: &&libc::Elf64_Phdr| header.p_type == libc::PT_LOAD && header.p_flags & needed == needed;
    let mut variables = range(headers.iter().rfind(is_written)?)?;
    if let Some(read_only) = headers.iter().find(|header| header.p_type == libc::PT_GNU_RELRO) {
        let read_only = range(read_only)?;
        // Whole pages were made read-only.
        let end = read_only.end.checked_next_multiple_of(super::page_octets())?;
        if read_only.start < variables.end && end > variables.start {
            variables.start = end;
        }
    }
    (variables.start < variables.end).then_some(variables)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    static VARIABLE: AtomicUsize = AtomicUsize::new(7);
    static CONSTANT: [usize; 2] = [1, 2];

    #[test]
    fn the_own_stack_is_there_up_to_its_top_and_not_below() {
        let octets = std::hint::black_box([0_u8; 64]);
        let start = octets.as_ptr().addr();
        assert!(is_there(start, 64) && is_there(start, 0));
        let (lowest, top) = stack();
        assert!(is_there(start, top - start) && !is_there(start, top - start + 1));
        assert!(!is_there(lowest, 1), "what lies below is not there yet");
        assert!(!is_there(top, 1) && !is_there(start, usize::MAX - start) && !is_there(start, usize::MAX));
        assert!(!is_there(0, 1) && !is_there(usize::MAX, 1));
    }

    #[test]
    fn another_threads_stack_and_the_heap_may_go() {
        let octets = std::hint::black_box([0_u8; 8]);
        let start = octets.as_ptr().addr();
        std::thread::scope(|scope| {
            scope.spawn(|| assert!(!is_there(start, 8)));
        });
        assert!(is_there(start, 8));
        assert!(!is_there(vec![0_u8; 8].as_ptr().addr(), 8));
    }

    #[test]
    fn variables_of_the_program_are_there_and_constants_are_not_to_be_written() {
        assert!(is_there((&raw const VARIABLE).addr(), size_of::<usize>()));
        assert_eq!(VARIABLE.load(Ordering::Relaxed), 7);
        assert!(!is_there((&raw const CONSTANT).addr(), size_of::<usize>()));
        assert!(!is_there(is_there as *const () as usize, 1), "nor is code");
    }

    #[test]
    fn what_the_loader_made_read_only_is_cut_off() {
        let header = |p_type, p_flags, p_vaddr, p_memsz| libc::Elf64_Phdr {
            p_type,
            p_flags,
            p_offset: 0,
            p_vaddr,
            p_paddr: 0,
            p_filesz: 0,
            p_memsz,
            p_align: 0,
        };
        let (read, written) = (libc::PF_R, libc::PF_R | libc::PF_W);
        let page = crate::memory::page_octets() as u64;
        let code = header(libc::PT_LOAD, read, 0, page);
        let data = header(libc::PT_LOAD, written, page, 4 * page);
        let read_only = header(libc::PT_GNU_RELRO, read, page, page + 1);
        let base = 0x10_0000;
        let at = |pages: u64| base + (pages * page) as usize;
        assert_eq!(variables_of(&[code, data], base), Some(at(1)..at(5)));
        assert_eq!(variables_of(&[code, data, read_only], base), Some(at(3)..at(5)));
        let all = header(libc::PT_GNU_RELRO, read, page, 4 * page);
        assert_eq!(variables_of(&[code, data, all], base), None);
        let elsewhere = header(libc::PT_GNU_RELRO, read, 0, page);
        assert_eq!(variables_of(&[data, elsewhere], base), Some(at(1)..at(5)));
        assert_eq!(variables_of(&[code], base), None);
    }

    /// Asks on another stack whether what lies on the thread's own is there.
    extern "C" fn on_the_signals_stack(_: libc::c_int) {
        let (start, own) = (ASKED.load(Ordering::SeqCst), std::hint::black_box([0_u8; 8]));
        let told = 1 + usize::from(is_there(start, 8)) + 2 * usize::from(is_there(own.as_ptr().addr(), 8));
        TOLD.store(told, Ordering::SeqCst);
    }

    static ASKED: AtomicUsize = AtomicUsize::new(0);
    static TOLD: AtomicUsize = AtomicUsize::new(0);

    #[test]
    fn on_a_stack_for_signals_nothing_of_a_stack_is_known() {
        let octets = std::hint::black_box([0_u8; 8]);
        let start = octets.as_ptr().addr();
        assert!(is_there(start, 8), "the stack was looked for before the signal comes");
        ASKED.store(start, Ordering::SeqCst);
        let mut room = vec![0_u8; 256 << 10];
        let stack = libc::stack_t { ss_sp: room.as_mut_ptr().cast(), ss_flags: 0, ss_size: room.len() };
        let mut before = MaybeUninit::<libc::stack_t>::uninit();
        // SAFETY: the room lives until the stack of before is in its place again.
        assert_eq!(unsafe { libc::sigaltstack(&stack, before.as_mut_ptr()) }, 0);
        // SAFETY: all zeroes are a valid value of the struct.
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        action.sa_sigaction = on_the_signals_stack as *const () as usize;
        action.sa_flags = libc::SA_ONSTACK;
        // SAFETY: the handler stores two numbers, and this signal is nobody else's in the tests.
        assert_eq!(unsafe { libc::sigaction(libc::SIGURG, &action, ptr::null_mut()) }, 0);
        // SAFETY: the signal goes to this thread, which handles it before the call returns.
        assert_eq!(unsafe { libc::pthread_kill(libc::pthread_self(), libc::SIGURG) }, 0);
        // SAFETY: the stack of before is what the kernel told.
        assert_eq!(unsafe { libc::sigaltstack(before.as_ptr(), ptr::null_mut()) }, 0);
        assert_eq!(TOLD.load(Ordering::SeqCst), 1);
    }
}
