//! Threads, and the process.
//!
//! A thread is one of the C library, so that `ExitThread` can end it from any depth of calls. It is known to the network before the
//! call returns that made it: so a lab does not end for lack of events while a thread is about to begin.

use std::cell::Cell;
use std::ffi::c_void;
use std::io::Write as _;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use synsent_dialects::desk::Owned;
use synsent_dialects::system::{ERROR_INVALID_PARAMETER, ERROR_NOT_ENOUGH_MEMORY, ERROR_NOT_SUPPORTED, STILL_ACTIVE};
use synsent_sockets::{fork, thread_number};

use super::{desk, entry, fails, told};
use crate::boundary::{Foreign, call, is_called_back};

const CREATE_SUSPENDED: u32 = 4;

/// Attributes of sizes of stacks are whole pages.
const PAGE_OCTETS: usize = 4_096;

/// A function of C that a thread begins with. Ending the thread from within unwinds it.
type Start = extern "C-unwind" fn(*mut c_void) -> u32;
/// The same for `_beginthread`, whose function returns nothing.
type StartOnly = extern "C-unwind" fn(*mut c_void);

unsafe extern "C-unwind" {
    fn pthread_exit(value: *mut c_void) -> !;
}

/// What a new thread is given.
struct Begin {
    start: usize,
    argument: usize,
    handle: usize,
    kind: Kind,
    introduced: Introduced,
}

/// How a thread begins and ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Its function returns what it ends with, and its handle is the program's to close.
    Handed,
    /// Its function returns nothing, and its handle is closed when it returns or calls `_endthread`.
    Alone,
}

/// Tells who makes a thread its number: when it is known, or at the latest when nothing comes of that any more.
struct Introduced(Arc<(Mutex<Option<u32>>, Condvar)>);

impl Drop for Introduced {
    fn drop(&mut self) {
        let (number, told) = &*self.0;
        *number.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread_number());
        told.notify_all();
    }
}

thread_local! {
    /// The handle that is closed when the thread ends by itself, or zero. There is nothing to drop.
    static CLOSED_AT_END: Cell<usize> = const { Cell::new(0) };
}

/// Makes a thread; its handle and its number.
fn create(kind: Kind, start: usize, argument: usize, stack_octets: usize, flags: u32) -> Result<(usize, u32), i32> {
    if start == 0 {
        return Err(ERROR_INVALID_PARAMETER);
    }
    if flags & CREATE_SUSPENDED != 0 {
        return Err(ERROR_NOT_SUPPORTED);
    }
    let desk = desk().ok_or(ERROR_NOT_ENOUGH_MEMORY)?;
    let handle = desk.make_object(Owned::Thread, None).map_err(|wrong| wrong.number())?.handle;
    let number = Arc::new((Mutex::new(None), Condvar::new()));
    let introduced = Introduced(Arc::clone(&number));
    let begin = Box::into_raw(Box::new(Begin { start, argument, handle, kind, introduced }));
    if !spawn(begin, stack_octets) {
        // SAFETY: no thread was made, so nobody else has it.
        drop(unsafe { Box::from_raw(begin) });
        told(desk.close_handle(handle), ());
        return Err(ERROR_NOT_ENOUGH_MEMORY);
    }
    // The new thread may have to wait itself, until somebody has forked.
    Ok((handle, fork::outside(|| wait_for(&number))))
}

fn wait_for((number, told): &(Mutex<Option<u32>>, Condvar)) -> u32 {
    let mut known = number.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        match *known {
            Some(number) => return number,
            None => known = told.wait(known).unwrap_or_else(PoisonError::into_inner),
        }
    }
}

fn spawn(begin: *mut Begin, stack_octets: usize) -> bool {
    // SAFETY: the attributes are initialized before they are used and destroyed after; the thread's function has the type that is
    // asked for and takes over what `begin` points at.
    unsafe {
        let mut attributes = std::mem::zeroed();
        if libc::pthread_attr_init(&raw mut attributes) != 0 {
            return false;
        }
        libc::pthread_attr_setdetachstate(&raw mut attributes, libc::PTHREAD_CREATE_DETACHED);
        let wanted = stack_octets.checked_next_multiple_of(PAGE_OCTETS);
        if let Some(octets) = wanted.filter(|octets| *octets >= libc::PTHREAD_STACK_MIN) {
            // A size that the C library does not take leaves its usual one.
            libc::pthread_attr_setstacksize(&raw mut attributes, octets);
        }
        let main = std::mem::transmute::<
            extern "C-unwind" fn(*mut c_void) -> *mut c_void,
            extern "C" fn(*mut c_void) -> *mut c_void,
        >(run);
        let mut thread = std::mem::zeroed();
        let made = libc::pthread_create(&raw mut thread, &raw const attributes, main, begin.cast());
        libc::pthread_attr_destroy(&raw mut attributes);
        made == 0
    }
}

/// The thread. Nothing that would have to be dropped lives while the program's function runs.
extern "C-unwind" fn run(begin: *mut c_void) -> *mut c_void {
    let (kind, start, argument) = introduce(begin.cast());
    let start: *const () = std::ptr::with_exposed_provenance(start);
    let argument = std::ptr::with_exposed_provenance_mut(argument);
    match kind {
        Kind::Handed => {
            // SAFETY: the program says by its call that a function of this type is there.
            let start: Start = unsafe { std::mem::transmute::<*const (), Start>(start) };
            ends(start(argument));
        }
        Kind::Alone => {
            // SAFETY: the program says by its call that a function of this type is there.
            let start: StartOnly = unsafe { std::mem::transmute::<*const (), StartOnly>(start) };
            start(argument);
            ends_alone();
        }
    }
    std::ptr::null_mut()
}

/// Makes the thread known; what it begins with.
fn introduce(begin: *mut Begin) -> (Kind, usize, usize) {
    // SAFETY: who made the thread has given the box to it alone.
    let Begin { start, argument, handle, kind, introduced } = *unsafe { Box::from_raw(begin) };
    if kind == Kind::Alone {
        CLOSED_AT_END.set(handle);
    }
    call(
        || (),
        || {
            // However this ends, who made the thread waits no longer.
            let _introduced = introduced;
            if let Some(desk) = desk() {
                desk.thread_began(handle, thread_number());
                // A network that counts the threads that use it counts this one from now on.
                desk.network().ticket();
            }
        },
    );
    (kind, start, argument)
}

/// The calling thread ends with a code.
fn ends(code: u32) {
    call(
        || (),
        || {
            if let Some(desk) = desk() {
                desk.thread_ended_with(thread_number(), code);
            }
        },
    );
}

/// The calling thread ends by itself, with the handle of `_beginthread` if it has one.
fn ends_alone() {
    ends(0);
    let handle = CLOSED_AT_END.take();
    call(
        || (),
        || {
            if let Some(desk) = desk().filter(|_| handle != 0) {
                // The program may have closed it, which it should not have.
                let _ = desk.close_handle(handle);
            }
        },
    );
}

/// Whether the calling thread can end where it is. Within a function that the library has called there are frames of the library below,
/// which cannot be unwound: the program is told so and ends.
fn expect_no_call_back() {
    if is_called_back() {
        let line = "synsent: a thread cannot end within a procedure, a hook or a condition that is called back: return from it first\n";
        // Who has closed standard error is told by the status alone.
        let _ = std::io::stderr().write_all(line.as_bytes());
        std::process::abort();
    }
}

fn leave() -> ! {
    // SAFETY: it takes any value and does not return; the thread is not within a function that the library has called, so no frame of this
    // library between here and the thread's beginning has anything to drop.
    unsafe { pthread_exit(std::ptr::null_mut()) }
}

entry!(CreateThread as create_thread(
    _attributes: usize, stack_octets: usize, start: usize, argument: usize, flags: u32, id: usize,
) -> usize, or 0, {
    match create(Kind::Handed, start, argument, stack_octets, flags) {
        Ok((handle, number)) => {
            Foreign::at(id).write(0, &number.to_ne_bytes());
            handle
        }
        Err(error) => fails(error, 0),
    }
});

entry!(_beginthreadex as begin_thread_ex(
    _security: usize, stack_octets: u32, start: usize, argument: usize, flags: u32, id: usize,
) -> usize, or 0, {
    match create(Kind::Handed, start, argument, stack_octets as usize, flags) {
        Ok((handle, number)) => {
            Foreign::at(id).write(0, &number.to_ne_bytes());
            handle
        }
        Err(error) => fails(error, 0),
    }
});

entry!(_beginthread as begin_thread(start: usize, stack_octets: u32, argument: usize) -> usize, or usize::MAX, {
    match create(Kind::Alone, start, argument, stack_octets as usize, 0) {
        Ok((handle, _)) => handle,
        Err(error) => fails(error, usize::MAX),
    }
});

#[unsafe(export_name = "synsent_windows_ExitThread")]
extern "C-unwind" fn exit_thread(code: u32) -> ! {
    expect_no_call_back();
    ends(code);
    leave()
}

#[unsafe(export_name = "synsent_windows__endthreadex")]
extern "C-unwind" fn end_thread_ex(code: u32) -> ! {
    expect_no_call_back();
    ends(code);
    leave()
}

#[unsafe(export_name = "synsent_windows__endthread")]
extern "C-unwind" fn end_thread() -> ! {
    expect_no_call_back();
    ends_alone();
    leave()
}

entry!(GetExitCodeThread as get_exit_code_thread(thread: usize, code: usize) -> i32, or 0, {
    let Some(desk) = desk() else { return 0 };
    match desk.exit_code(thread) {
        Ok(ended) if Foreign::at(code).write(0, &ended.unwrap_or(STILL_ACTIVE).to_ne_bytes()) => 1,
        Ok(_) => fails(ERROR_INVALID_PARAMETER, 0),
        Err(wrong) => fails(wrong.number(), 0),
    }
});

// Names for who calls, not handles.
entry!(GetCurrentThread as get_current_thread() -> usize, or !1, { !1 });

entry!(GetCurrentProcess as get_current_process() -> usize, or !0, { !0 });

entry!(GetCurrentThreadId as get_current_thread_id() -> u32, or 0, { thread_number() });

entry!(GetCurrentProcessId as get_current_process_id() -> u32, or 0, { std::process::id() });

#[unsafe(export_name = "synsent_windows_ExitProcess")]
extern "C" fn exit_process(code: u32) -> ! {
    std::process::exit(code as i32)
}
