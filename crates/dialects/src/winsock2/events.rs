//! Event objects and network events with the names, arguments and results of the document.

#![allow(non_snake_case)]

use std::sync::Arc;

use synsent_stack::Duration;

use super::calls::EVENTS_KNOWN;
use super::constants::*;
use super::{WINSOCK2, pages};
use crate::engine::Call;
use crate::page::Fact;
use crate::windows::desk::{Desk, FD_MAX_EVENTS, Made, Owned, Waited, Wrong};
use crate::windows::types::handle;
use crate::windows::{last_error, selecting, system};

/// The handle of an event object.
pub type WSAEVENT = usize;
/// No event object.
pub const WSA_INVALID_EVENT: WSAEVENT = 0;
/// How many event objects one wait may name.
pub const WSA_MAXIMUM_WAIT_EVENTS: u32 = 64;
/// A wait that has no end.
pub const WSA_INFINITE: u32 = system::INFINITE;
/// What a wait returns for the first event object.
pub const WSA_WAIT_EVENT_0: u32 = 0;
/// What a wait returns whose time is over.
pub const WSA_WAIT_TIMEOUT: u32 = system::WAIT_TIMEOUT;
/// What a wait returns that failed.
pub const WSA_WAIT_FAILED: u32 = system::WAIT_FAILED;
/// The handle is not that of an event object.
pub const WSA_INVALID_HANDLE: i32 = system::ERROR_INVALID_HANDLE;
/// There are too many event objects, or none.
pub const WSA_INVALID_PARAMETER: i32 = system::ERROR_INVALID_PARAMETER;

/// What WSAEnumNetworkEvents tells.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct WSANETWORKEVENTS {
    /// The events.
    pub lNetworkEvents: i32,
    /// The code of each, by the place of its bit.
    pub iErrorCode: [i32; FD_MAX_EVENTS],
}

/// A new event object that is reset by hand and not set, or [`WSA_INVALID_EVENT`].
pub fn WSACreateEvent() -> WSAEVENT {
    let call = Call::of_process(&WINSOCK2, &pages::WSACREATEEVENT);
    let process = match call.judge().and_then(|_| call.process()) {
        Ok(process) => process,
        Err(said) => {
            last_error::note(said);
            return WSA_INVALID_EVENT;
        }
    };
    match process.desk().make_object(Owned::Event { by_hand: true, is_set: false }, None) {
        Ok(Made { handle, .. }) => handle,
        Err(_) => {
            last_error::set(WSA_NOT_ENOUGH_MEMORY);
            WSA_INVALID_EVENT
        }
    }
}

/// Gives an event object back.
pub fn WSACloseEvent(hEvent: WSAEVENT) -> bool {
    of_event(|desk| desk.event_object(hEvent).and_then(|_| desk.close_handle(hEvent)))
}

/// Sets an event object.
pub fn WSASetEvent(hEvent: WSAEVENT) -> bool {
    of_event(|desk| desk.set_event(hEvent, true))
}

/// Resets an event object.
pub fn WSAResetEvent(hEvent: WSAEVENT) -> bool {
    of_event(|desk| desk.set_event(hEvent, false))
}

/// Waits until one of the event objects is set, or all of them, for so many milliseconds. Returns the place of the one, or a code.
pub fn WSAWaitForMultipleEvents(lphEvents: &[WSAEVENT], fWaitAll: bool, dwTimeout: u32, _fAlertable: bool) -> u32 {
    let call = Call::of_process(&WINSOCK2, &pages::WSACREATEEVENT);
    let desk = match call.judge().and_then(|_| call.process()) {
        Ok(process) => process.desk(),
        Err(said) => {
            last_error::note(said);
            return WSA_WAIT_FAILED;
        }
    };
    let at_most = (dwTimeout != WSA_INFINITE).then(|| Duration::from_millis(dwTimeout.into()));
    match desk.wait_for(lphEvents, fWaitAll, at_most, false) {
        Ok(Waited::Object(place) | Waited::Abandoned(place)) => WSA_WAIT_EVENT_0 + place as u32,
        Ok(Waited::TimeOver) => WSA_WAIT_TIMEOUT,
        Ok(Waited::Over(_) | Waited::Message) => {
            last_error::set(WSAENETDOWN);
            WSA_WAIT_FAILED
        }
        Err(wrong) => {
            last_error::set(wrong.number());
            WSA_WAIT_FAILED
        }
    }
}

/// Has these events of a socket recorded, and an event object set for them, and makes the socket non-blocking; 0 takes that back.
pub fn WSAEventSelect(s: SOCKET, hEventObject: WSAEVENT, lNetworkEvents: i32) -> i32 {
    let events = (lNetworkEvents, EVENTS_KNOWN);
    last_error::zero(selecting::by_event(&WINSOCK2, &pages::WSAEVENTSELECT, handle(s), hEventObject, events))
}

/// What was recorded of a socket since the last time; an event object that is given is reset.
pub fn WSAEnumNetworkEvents(s: SOCKET, hEventObject: WSAEVENT, lpNetworkEvents: Option<&mut WSANETWORKEVENTS>) -> i32 {
    let room = if lpNetworkEvents.is_none() { Fact::NullBuffer } else { Fact::Always };
    let told = selecting::enumerate(&WINSOCK2, &pages::WSAENUMNETWORKEVENTS, handle(s), hEventObject, room);
    last_error::zero(told.map(|(events, codes)| {
        if let Some(into) = lpNetworkEvents {
            *into = WSANETWORKEVENTS { lNetworkEvents: events, iErrorCode: codes };
        }
    }))
}

/// Does something with an event object; the calls that do so need no start.
fn of_event(work: impl FnOnce(&Arc<Desk>) -> Result<(), Wrong>) -> bool {
    let call = Call::of_process(&WINSOCK2, &pages::WSACREATEEVENT);
    let done = call.process.as_ref().map_or(Err(Wrong::Handle), |process| work(process.desk()));
    if let Err(wrong) = done {
        last_error::set(wrong.number());
    }
    done.is_ok()
}
