//! Threads, and the process.
//!
//! A thread is one of the C library, so that `ExitThread` can end it from any depth of calls. It is known to the network before the
//! call returns that made it: so a lab does not end for lack of events while a thread is about to begin.

use std::ffi::c_void;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use synsent_dialects::desk::Owned;
use synsent_dialects::system::{ERROR_INVALID_PARAMETER, ERROR_NOT_ENOUGH_MEMORY, ERROR_NOT_SUPPORTED, STILL_ACTIVE};
use synsent_sockets::thread_number;

use super::{desk, entry, fails, told};
use crate::boundary::{Foreign, call};

const CREATE_SUSPENDED: u32 = 4;

/// A function of C that a thread begins with. Ending the thread from within unwinds it.
type Start = extern "C-unwind" fn(*mut c_void) -> u32;

unsafe extern "C-unwind" {
    fn pthread_exit(value: *mut c_void) -> !;
}

/// What a new thread is given.
struct Begin {
    start: usize,
    argument: usize,
    handle: usize,
    /// The number of the thread, once it is known.
    number: Arc<(Mutex<u32>, Condvar)>,
}

/// Makes a thread; its handle and its number.
fn create(start: usize, argument: usize, stack_octets: usize, flags: u32) -> Result<(usize, u32), i32> {
    if start == 0 {
        return Err(ERROR_INVALID_PARAMETER);
    }
    if flags & CREATE_SUSPENDED != 0 {
        return Err(ERROR_NOT_SUPPORTED);
    }
    let desk = desk().ok_or(ERROR_NOT_ENOUGH_MEMORY)?;
    let handle = desk.make_object(Owned::Thread, None).map_err(|wrong| wrong.number())?.handle;
    let number = Arc::new((Mutex::new(0), Condvar::new()));
    let begin = Box::into_raw(Box::new(Begin { start, argument, handle, number: Arc::clone(&number) }));
    if !spawn(begin, stack_octets) {
        // SAFETY: no thread was made, so nobody else has it.
        drop(unsafe { Box::from_raw(begin) });
        told(desk.close_handle(handle), ());
        return Err(ERROR_NOT_ENOUGH_MEMORY);
    }
    let (known, told) = &*number;
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    while *known == 0 {
        known = told.wait(known).unwrap_or_else(PoisonError::into_inner);
    }
    Ok((handle, *known))
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
        if stack_octets >= libc::PTHREAD_STACK_MIN {
            // A size that the C library does not take leaves its usual one.
            libc::pthread_attr_setstacksize(&raw mut attributes, stack_octets.div_ceil(4096) * 4096);
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
    let (start, argument) = introduce(begin.cast());
    // SAFETY: the program says by its call that a function of this type is there.
    let start: Start = unsafe { std::mem::transmute::<*const (), Start>(std::ptr::with_exposed_provenance(start)) };
    let code = start(std::ptr::with_exposed_provenance_mut(argument));
    ends(code);
    std::ptr::null_mut()
}

/// Makes the thread known; what it begins with.
fn introduce(begin: *mut Begin) -> (usize, usize) {
    // SAFETY: who made the thread has given the box to it alone.
    let begin = unsafe { Box::from_raw(begin) };
    call(
        || (),
        || {
            let number = thread_number();
            if let Some(desk) = desk() {
                desk.thread_began(begin.handle, number);
                // A network that counts the threads that use it counts this one from now on.
                desk.network().ticket();
            }
            let (known, told) = &*begin.number;
            *known.lock().unwrap_or_else(PoisonError::into_inner) = number;
            told.notify_all();
        },
    );
    (begin.start, begin.argument)
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

fn exit(code: u32) -> ! {
    ends(code);
    // SAFETY: it takes any value and does not return; no frame of this library between here and the thread's beginning has anything
    // to drop.
    unsafe { pthread_exit(std::ptr::null_mut()) }
}

entry!(CreateThread as create_thread(
    _attributes: usize, stack_octets: usize, start: usize, argument: usize, flags: u32, id: usize,
) -> usize, or 0, {
    match create(start, argument, stack_octets, flags) {
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
    match create(start, argument, stack_octets as usize, flags) {
        Ok((handle, number)) => {
            Foreign::at(id).write(0, &number.to_ne_bytes());
            handle
        }
        Err(error) => fails(error, 0),
    }
});

// The function returns nothing; what its thread ends with means nothing either.
entry!(_beginthread as begin_thread(start: usize, stack_octets: u32, argument: usize) -> usize, or usize::MAX, {
    match create(start, argument, stack_octets as usize, 0) {
        Ok((handle, _)) => handle,
        Err(error) => fails(error, usize::MAX),
    }
});

#[unsafe(export_name = "synsent_windows_ExitThread")]
extern "C-unwind" fn exit_thread(code: u32) -> ! {
    exit(code)
}

#[unsafe(export_name = "synsent_windows__endthreadex")]
extern "C-unwind" fn end_thread_ex(code: u32) -> ! {
    exit(code)
}

#[unsafe(export_name = "synsent_windows__endthread")]
extern "C-unwind" fn end_thread() -> ! {
    exit(0)
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
