//! The table of `c/cases.h`, and an [`Api`] whose functions are those of the table.
//!
//! The functions of an [`Api`] carry nothing with them, so a process has one table: the one that its program handed over.

use std::ffi::{CStr, c_char, c_int, c_longlong, c_uint, c_void};
use std::sync::OnceLock;

use synsent_conformance::{Api, cases};
use synsent_dialects::Handle;
use synsent_sockets::PointerMut;
use synsent_stack::Duration;

use crate::boundary::{len, with_address};

/// One set of a select().
#[repr(C)]
pub(crate) struct Set {
    handles: *mut Handle,
    count: c_int,
}

/// The functions of a system, as `struct case_functions` has them.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Functions {
    system: *const c_char,
    families: [c_int; 3],
    start: extern "C" fn(c_uint, *mut c_uint) -> c_int,
    end: extern "C" fn() -> c_int,
    last_error: extern "C" fn() -> c_int,
    open: extern "C" fn(c_int, c_int, c_int) -> Handle,
    bind: extern "C" fn(Handle, *const c_void, c_int) -> c_int,
    connect: extern "C" fn(Handle, *const c_void, c_int) -> c_int,
    listen: extern "C" fn(Handle, c_int) -> c_int,
    accept: extern "C" fn(Handle) -> Handle,
    send: extern "C" fn(Handle, *const c_void, c_int) -> c_int,
    sendto: extern "C" fn(Handle, *const c_void, c_int, *const c_void, c_int) -> c_int,
    recv: extern "C" fn(Handle, *mut c_void, c_int) -> c_int,
    recvfrom: extern "C" fn(Handle, *mut c_void, c_int) -> c_int,
    select: extern "C" fn(*mut Set, c_longlong) -> c_int,
    shutdown: extern "C" fn(Handle, c_int) -> c_int,
    close: extern "C" fn(Handle) -> c_int,
    getsockname: extern "C" fn(Handle, *mut c_void, *mut c_int) -> c_int,
    getpeername: extern "C" fn(Handle, *mut c_void, *mut c_int) -> c_int,
    set_nonblocking: extern "C" fn(Handle, c_int) -> c_int,
    set_broadcast: extern "C" fn(Handle, c_int) -> c_int,
    set_reuse: extern "C" fn(Handle, c_int) -> c_int,
    socket_error: extern "C" fn(Handle) -> c_int,
}

// SAFETY: functions may be called from any thread, and the name is a literal of the program, which nobody changes.
unsafe impl Send for Functions {}
// SAFETY: as above.
unsafe impl Sync for Functions {}

static FUNCTIONS: OnceLock<Functions> = OnceLock::new();
static API: OnceLock<Api> = OnceLock::new();

impl Functions {
    /// The system to which they belong.
    pub(crate) fn system(&self) -> Option<&'static str> {
        // SAFETY: `cases.h` has a literal of the program there, which lives as long as the process.
        unsafe { CStr::from_ptr(self.system) }.to_str().ok()
    }

    /// These functions as an [`Api`]; the first ones that a process names are the ones of all its cases. `None` for a system that does
    /// not exist.
    pub(crate) fn api(self) -> Option<&'static Api> {
        let (rust, _) = cases::of(self.system()?)?;
        let functions = FUNCTIONS.get_or_init(|| self);
        Some(API.get_or_init(|| Api { families: functions.families, ..api_of(rust) }))
    }
}

fn functions() -> &'static Functions {
    FUNCTIONS.get().expect("the functions were named before the first of them is called")
}

/// The version that a program of this system starts, where it has versions.
fn version_of(rust: &Api) -> u16 {
    if rust.name() == "winsock1" { 0x0101 } else { 0x0202 }
}

fn start_as(version: u16) -> Result<u16, i32> {
    let mut sockets_max = 0;
    match (functions().start)(version.into(), &raw mut sockets_max) {
        0 => Ok(u16::try_from(sockets_max).unwrap_or(u16::MAX)),
        error => Err(error),
    }
}

fn select(sets: &mut [Vec<Handle>; 3], at_most: Option<Duration>) -> i32 {
    let microseconds = at_most.map_or(-1, |at_most| i64::try_from(at_most.as_micros()).unwrap_or(i64::MAX));
    let mut given = sets.each_mut().map(|set| Set { handles: set.as_mut_ptr(), count: set.len() as c_int });
    let count = (functions().select)(given.as_mut_ptr(), microseconds);
    for (set, given) in sets.iter_mut().zip(&given) {
        set.truncate(usize::try_from(given.count).unwrap_or(0));
    }
    count
}

fn name_by(
    call: extern "C" fn(Handle, *mut c_void, *mut c_int) -> c_int,
    s: Handle,
    name: PointerMut<'_>,
    len: &mut i32,
) -> i32 {
    let name = match name {
        PointerMut::Octets(octets) => octets.as_mut_ptr(),
        PointerMut::Null | PointerMut::Foreign(_) => std::ptr::null_mut(),
    };
    call(s, name.cast(), len)
}

fn api_of(rust: &'static Api) -> Api {
    Api {
        start: || start_as(version_of(API.get().expect("the table is there before it is called"))).is_ok(),
        start_as,
        end: || (functions().end)(),
        last_error: || (functions().last_error)(),
        socket: |family, kind, protocol| (functions().open)(family, c_int::from(kind == 1), protocol),
        bind: |s, name, len| with_address(name, |name| (functions().bind)(s, name, len)),
        connect: |s, name, len| with_address(name, |name| (functions().connect)(s, name, len)),
        listen: |s, backlog| (functions().listen)(s, backlog),
        accept: |s| (functions().accept)(s),
        send: |s, octets| (functions().send)(s, octets.as_ptr().cast(), len(octets)),
        sendto: |s, octets, name, name_len| {
            with_address(name, |name| (functions().sendto)(s, octets.as_ptr().cast(), len(octets), name, name_len))
        },
        recv: |s, octets| (functions().recv)(s, octets.as_mut_ptr().cast(), len(octets)),
        recvfrom: |s, octets| (functions().recvfrom)(s, octets.as_mut_ptr().cast(), len(octets)),
        select,
        shutdown: |s, how| (functions().shutdown)(s, how),
        close: |s| (functions().close)(s),
        getsockname: |s, name, len| name_by(functions().getsockname, s, name, len),
        getpeername: |s, name, len| name_by(functions().getpeername, s, name, len),
        set_nonblocking: |s, on| (functions().set_nonblocking)(s, on.into()),
        set_broadcast: |s, on| (functions().set_broadcast)(s, on.into()),
        set_reuse: |s, on| (functions().set_reuse)(s, on.into()),
        socket_error: |s| (functions().socket_error)(s),
        dialect: rust.dialect,
        families: rust.families,
    }
}
