//! The functions of 1.1 with the names, arguments and results of its document.

use crate::windows::calls::windows_calls;
pub use crate::windows::hooks::BlockingHook;
use crate::windows::lookup::windows_lookups;

windows_calls!(WINSOCK1);
windows_lookups!(WINSOCK1, AreNoName);

/// The events that WSAAsyncSelect takes.
const EVENTS_KNOWN: i32 = selecting::known_events();
