//! The functions of 1.1 with the names, arguments and results of its document.

#![allow(non_snake_case)]

use crate::windows::calls::windows_calls;
pub use crate::windows::hooks::BlockingHook;
use crate::windows::lookup::windows_lookups;

windows_calls!(WINSOCK1);
windows_lookups!(WINSOCK1);

/// The events that WSAAsyncSelect takes.
const EVENTS_KNOWN: i32 = selecting::known_events();

/// What this thread does from now on while a blocking call waits; returns 0.
pub fn WSASetBlockingHook(lpBlockFunc: BlockingHook) -> i32 {
    last_error::zero(hooks::set(&WINSOCK1, lpBlockFunc))
}

/// This thread has no hook from now on.
pub fn WSAUnhookBlockingHook() -> i32 {
    last_error::zero(hooks::unset(&WINSOCK1))
}

/// Takes the blocking call back from whose hook this is called.
pub fn WSACancelBlockingCall() -> i32 {
    last_error::zero(hooks::cancel(&WINSOCK1))
}

/// Whether a blocking call of this thread waits.
pub fn WSAIsBlocking() -> bool {
    synsent_sockets::is_idling()
}
