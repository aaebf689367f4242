//! The functions of Winsock 2 with the names, arguments and results of its document.

use crate::windows::calls::windows_calls;
pub use crate::windows::hooks::BlockingHook;
use crate::windows::lookup::windows_lookups;

windows_calls!(WINSOCK2);
windows_lookups!(WINSOCK2, AreTheAddress);

/// The events that the selecting calls take: those of the header, also where they never happen here.
pub(crate) const EVENTS_KNOWN: i32 = selecting::known_events() | FD_ALL_EVENTS;
