//! The kernel's functions of `<windows.h>`: threads, objects that can be waited for, time, texts, memory.
//!
//! What waits, waits in the time of the program's network: a `Sleep` in a lab lets virtual time pass. The counters of time count
//! that time too; the calendar is always the machine's. Critical sections alone wait in real time, because they are held for moments.

pub(crate) mod console;
mod errors;
mod memory;
mod objects;
mod sections;
mod texts;
mod threads;
mod time;

use std::sync::Arc;

use synsent_dialects::Process;
use synsent_dialects::desk::{Desk, Wrong};
use synsent_dialects::winsock2::WSASetLastError;

pub(crate) use objects::{list, wait};
pub(crate) use texts::{read_text, read_wide};

/// An entry of `<windows.h>`: its name in the document, its arguments and its result, and what it comes to when a panic was caught.
macro_rules! entry {
    ($symbol:ident as $name:ident($($argument:ident: $type:ty),* $(,)?) -> $result:ty, or $failed:expr, $body:block) => {
        #[unsafe(export_name = concat!("synsent_windows_", stringify!($symbol)))]
        extern "C" fn $name($($argument: $type),*) -> $result {
            $crate::boundary::call(|| $failed, || $body)
        }
    };
}

pub(crate) use entry;

/// The desk of the program; the call that asks has started the library.
pub(crate) fn desk() -> Option<Arc<Desk>> {
    Process::any().map(|process| Arc::clone(process.desk()))
}

/// Sets the last error.
pub(crate) fn fails<T>(number: i32, value: T) -> T {
    WSASetLastError(number);
    value
}

/// What a call of the desk comes to: the value, or with the last error set what says that it failed.
pub(crate) fn told<T>(result: Result<T, Wrong>, failed: T) -> T {
    result.unwrap_or_else(|wrong| fails(wrong.number(), failed))
}
