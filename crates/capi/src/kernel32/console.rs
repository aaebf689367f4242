//! The console and what is left: a handler for control-C, the module of the program, its computer's name, and lines for a debugger.

use std::io::Write as _;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use synsent_dialects::system::{
    ERROR_BUFFER_OVERFLOW, ERROR_INVALID_PARAMETER, ERROR_MOD_NOT_FOUND, ERROR_NOT_ENOUGH_MEMORY,
};

use super::{entry, fails, read_text};
use crate::boundary::Foreign;

/// How many handlers there may be.
pub(crate) const HANDLERS_MAX: usize = 64;
const CTRL_C_EVENT: u32 = 0;
/// What stands for the program itself, as a module.
const MODULE: usize = 0x0040_0000;

/// The handlers of the program, the last one first asked.
static HANDLERS: Mutex<Vec<usize>> = Mutex::new(Vec::new());
/// Where a signal is told.
static BELL: AtomicI32 = AtomicI32::new(-1);

type Handler = extern "C" fn(u32) -> i32;

/// Whether there is a thread for the handlers, once somebody has asked for it.
static STARTED: OnceLock<bool> = OnceLock::new();

/// How many threads the process has for the handlers: they sleep until there is something to handle.
pub(crate) fn threads() -> usize {
    usize::from(STARTED.get() == Some(&true))
}

extern "C" fn on_interrupt(_signal: i32) {
    let one = 1_u64;
    // SAFETY: writing eight octets to an event descriptor is allowed in a handler of signals; the number is -1 or open for ever.
    unsafe { libc::write(BELL.load(Ordering::SeqCst), (&raw const one).cast(), 8) };
}

/// A thread that calls the handlers when a signal was told. It is made once.
fn attend() -> bool {
    *STARTED.get_or_init(|| {
        // SAFETY: a new event descriptor, or a negative number.
        let bell = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC) };
        if bell < 0 {
            return false;
        }
        // SAFETY: the descriptor is new, and this is its one owner.
        let bell = unsafe { OwnedFd::from_raw_fd(bell) };
        BELL.store(bell.as_raw_fd(), Ordering::SeqCst);
        std::thread::Builder::new().name("console".to_owned()).spawn(move || serve(&bell)).is_ok()
    })
}

fn serve(bell: &OwnedFd) {
    loop {
        let mut count = 0_u64;
        // SAFETY: eight octets are written to a number of that size, which lives longer than the call.
        let read = unsafe { libc::read(bell.as_raw_fd(), (&raw mut count).cast(), 8) };
        if read != 8 {
            continue;
        }
        let handlers = HANDLERS.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let handled = handlers.iter().rev().any(|address| {
            // SAFETY: the program has said that a function of this type is there.
            let handler: Handler =
                unsafe { std::mem::transmute::<*const (), Handler>(std::ptr::with_exposed_provenance(*address)) };
            handler(CTRL_C_EVENT) != 0
        });
        if !handled {
            // What Windows ends a program with that control-C has ended.
            std::process::exit(0xc000_013a_u32 as i32);
        }
    }
}

fn set_action(action: libc::sighandler_t) -> bool {
    // SAFETY: all-zero is a value of this structure; the handler does nothing but write to a descriptor.
    unsafe {
        let mut how: libc::sigaction = std::mem::zeroed();
        how.sa_sigaction = action;
        how.sa_flags = libc::SA_RESTART;
        libc::sigaction(libc::SIGINT, &raw const how, std::ptr::null_mut()) == 0
    }
}

entry!(SetConsoleCtrlHandler as set_console_ctrl_handler(handler: usize, add: i32) -> i32, or 0, {
    if handler == 0 {
        // Control-C is ignored, or again as it was.
        return i32::from(set_action(if add != 0 { libc::SIG_IGN } else { libc::SIG_DFL }));
    }
    let mut handlers = HANDLERS.lock().unwrap_or_else(PoisonError::into_inner);
    if add == 0 {
        let Some(place) = handlers.iter().rposition(|known| *known == handler) else {
            return fails(ERROR_INVALID_PARAMETER, 0);
        };
        handlers.remove(place);
        if handlers.is_empty() {
            set_action(libc::SIG_DFL);
        }
        return 1;
    }
    if handlers.len() >= HANDLERS_MAX {
        return fails(ERROR_NOT_ENOUGH_MEMORY, 0);
    }
    handlers.push(handler);
    let handle: extern "C" fn(i32) = on_interrupt;
    i32::from(attend() && set_action(handle as *const () as libc::sighandler_t))
});

entry!(GetModuleHandleA as get_module_handle_a(name: usize) -> usize, or 0, {
    if name == 0 { MODULE } else { fails(ERROR_MOD_NOT_FOUND, 0) }
});

entry!(GetModuleHandleW as get_module_handle_w(name: usize) -> usize, or 0, {
    if name == 0 { MODULE } else { fails(ERROR_MOD_NOT_FOUND, 0) }
});

// There is no debugger of Windows; its lines go where the program's own complaints go when somebody asks for them.
entry!(OutputDebugStringA as output_debug_string_a(text: usize) -> (), or (), {
    if std::env::var_os("SYNSENT_DEBUG").is_some()
        && let Some(text) = read_text(&Foreign::at(text))
    {
        // Who has closed standard error does not want to know.
        let _ = write!(std::io::stderr(), "{text}");
    }
});

entry!(GetComputerNameA as get_computer_name_a(name: usize, size: usize) -> i32, or 0, {
    let room = Foreign::at(size);
    let Some(given) = room.read::<4>(0).map(u32::from_ne_bytes) else { return fails(ERROR_INVALID_PARAMETER, 0) };
    let mut octets = [0_u8; 256];
    // SAFETY: the C library writes no more than it is told, and ends with a zero inside of it.
    if unsafe { libc::gethostname(octets.as_mut_ptr().cast(), octets.len() - 1) } != 0 {
        return fails(ERROR_INVALID_PARAMETER, 0);
    }
    let len = octets.iter().position(|octet| *octet == 0 || *octet == b'.').unwrap_or(0);
    octets[len] = 0;
    let needed = len as u32 + 1;
    if needed > given {
        room.write(0, &needed.to_ne_bytes());
        return fails(ERROR_BUFFER_OVERFLOW, 0);
    }
    let written = Foreign::at(name).write(0, &octets[..=len]) && room.write(0, &(len as u32).to_ne_bytes());
    if written { 1 } else { fails(ERROR_INVALID_PARAMETER, 0) }
});
