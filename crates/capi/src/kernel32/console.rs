//! The console and what is left: a handler for control-C, the module of the program, its computer's name, and lines for a debugger.

use std::io::Write as _;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use synsent_dialects::system::{
    ERROR_BUFFER_OVERFLOW, ERROR_INVALID_PARAMETER, ERROR_MOD_NOT_FOUND, ERROR_NOT_ENOUGH_MEMORY,
};
use synsent_host::OwnEvent;
use synsent_sockets::fork;

use super::{entry, fails, read_text};
use crate::boundary::{Foreign, call_back};

/// How many handlers there may be.
pub(crate) const HANDLERS_MAX: usize = 64;
const CTRL_C_EVENT: u32 = 0;
/// What stands for the program itself, as a module.
const MODULE: usize = 0x0040_0000;

/// What is to be done with control-C.
struct Console {
    /// The handlers of the program, the last one first asked.
    handlers: Vec<usize>,
    /// Whether nothing is to be done at all.
    is_ignored: bool,
}

static CONSOLE: Mutex<Console> = Mutex::new(Console { handlers: Vec::new(), is_ignored: false });
/// Where a signal is told.
static BELL: AtomicI32 = AtomicI32::new(-1);
/// At which fork the thread was made that hears it, plus one. A child of it has the descriptor and no such thread.
static ATTENDED: AtomicU64 = AtomicU64::new(0);

type Handler = extern "C" fn(u32) -> i32;

/// Whether this process has the thread that calls the handlers.
fn is_attended() -> bool {
    ATTENDED.load(Ordering::SeqCst) == fork::generation() + 1
}

/// How many threads the process has for the handlers: they sleep until there is something to handle.
pub(crate) fn threads() -> usize {
    usize::from(is_attended())
}

extern "C" fn on_interrupt(signal: i32) {
    // SAFETY: writing eight octets to an event descriptor, setting an action and raising a signal are allowed in a handler of signals;
    // the number of the descriptor is open for ever. What was interrupted finds the number of its error as it was.
    unsafe {
        let error = *libc::__errno_location();
        if is_attended() {
            let one = 1_u64;
            libc::write(BELL.load(Ordering::SeqCst), (&raw const one).cast(), 8);
        } else {
            // A child that has asked for nothing itself ends as if its parent had not either.
            libc::signal(signal, libc::SIG_DFL);
            libc::raise(signal);
        }
        *libc::__errno_location() = error;
    }
}

/// A thread that calls the handlers when a signal was told, once in each process. The console is locked.
fn attend() -> bool {
    if is_attended() {
        return true;
    }
    let Ok(bell) = OwnEvent::new() else { return false };
    let number = bell.number();
    let _blocked = synsent_host::signal::Blocked::all();
    if std::thread::Builder::new().name("console".to_owned()).spawn(move || serve(&bell)).is_err() {
        return false;
    }
    BELL.store(number, Ordering::SeqCst);
    ATTENDED.store(fork::generation() + 1, Ordering::SeqCst);
    true
}

fn serve(bell: &OwnEvent) {
    while bell.wait() {
        let handlers = {
            // This is no call, and takes a lock all the same.
            let _inside = fork::enter();
            console().handlers.clone()
        };
        let handled = handlers.iter().rev().any(|address| {
            // SAFETY: the program has said that a function of this type is there.
            let handler: Handler =
                unsafe { std::mem::transmute::<*const (), Handler>(std::ptr::with_exposed_provenance(*address)) };
            call_back(|| handler(CTRL_C_EVENT)) != 0
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

impl Console {
    /// Makes the action of the signal what the console says.
    fn set_action(&self) -> bool {
        let handle: extern "C" fn(i32) = on_interrupt;
        set_action(match (self.is_ignored, self.handlers.is_empty()) {
            (true, _) => libc::SIG_IGN,
            (false, true) => libc::SIG_DFL,
            (false, false) => handle as *const () as libc::sighandler_t,
        })
    }
}

fn console() -> MutexGuard<'static, Console> {
    CONSOLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Adds a handler, or takes one away.
fn change_handlers(console: &mut Console, handler: usize, adds: bool) -> Result<(), i32> {
    if !adds {
        let place = console.handlers.iter().rposition(|known| *known == handler);
        console.handlers.remove(place.ok_or(ERROR_INVALID_PARAMETER)?);
        return Ok(());
    }
    if console.handlers.len() >= HANDLERS_MAX || !attend() {
        return Err(ERROR_NOT_ENOUGH_MEMORY);
    }
    console.handlers.push(handler);
    Ok(())
}

entry!(SetConsoleCtrlHandler as set_console_ctrl_handler(handler: usize, add: i32) -> i32, or 0, {
    let mut console = console();
    if handler == 0 {
        // Control-C is ignored, or again as it was.
        console.is_ignored = add != 0;
    } else if let Err(error) = change_handlers(&mut console, handler, add != 0) {
        return fails(error, 0);
    }
    i32::from(console.set_action())
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
