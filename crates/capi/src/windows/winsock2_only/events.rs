//! Event objects and network events.

use std::ffi::{c_long, c_void};

use synsent_dialects::winsock2::{
    self as it, SOCKET, WSA_INVALID_PARAMETER, WSA_MAXIMUM_WAIT_EVENTS, WSA_WAIT_FAILED, WSAEVENT, WSANETWORKEVENTS,
    WSASetLastError,
};

use super::failed;
use crate::boundary::{Foreign, call};

/// The size of WSANETWORKEVENTS; unit: octets.
const NETWORK_EVENTS_OCTETS: usize = 44;

#[unsafe(export_name = "synsent_winsock2_WSACreateEvent")]
extern "C" fn wsa_create_event() -> WSAEVENT {
    call(|| it::WSA_INVALID_EVENT, it::WSACreateEvent)
}

#[unsafe(export_name = "synsent_winsock2_WSACloseEvent")]
extern "C" fn wsa_close_event(event: WSAEVENT) -> i32 {
    call(|| 0, || i32::from(it::WSACloseEvent(event)))
}

#[unsafe(export_name = "synsent_winsock2_WSASetEvent")]
extern "C" fn wsa_set_event(event: WSAEVENT) -> i32 {
    call(|| 0, || i32::from(it::WSASetEvent(event)))
}

#[unsafe(export_name = "synsent_winsock2_WSAResetEvent")]
extern "C" fn wsa_reset_event(event: WSAEVENT) -> i32 {
    call(|| 0, || i32::from(it::WSAResetEvent(event)))
}

#[unsafe(export_name = "synsent_winsock2_WSAWaitForMultipleEvents")]
extern "C" fn wsa_wait_for_multiple_events(
    count: u32,
    events: *const WSAEVENT,
    all: i32,
    millis: u32,
    alertable: i32,
) -> u32 {
    call(
        || WSA_WAIT_FAILED,
        || {
            let list = (1..=WSA_MAXIMUM_WAIT_EVENTS).contains(&count).then(|| Foreign::new(events));
            let Some(list) = list.and_then(|list| list.read_handles(count as usize)) else {
                WSASetLastError(WSA_INVALID_PARAMETER);
                return WSA_WAIT_FAILED;
            };
            it::WSAWaitForMultipleEvents(&list, all != 0, millis, alertable != 0)
        },
    )
}

#[unsafe(export_name = "synsent_winsock2_WSAEventSelect")]
extern "C" fn wsa_event_select(s: SOCKET, event: WSAEVENT, events: c_long) -> i32 {
    call(failed, || it::WSAEventSelect(s, event, i32::try_from(events).unwrap_or(i32::MIN)))
}

#[unsafe(export_name = "synsent_winsock2_WSAEnumNetworkEvents")]
extern "C" fn wsa_enum_network_events(s: SOCKET, event: WSAEVENT, told: *mut c_void) -> i32 {
    call(failed, || {
        let room = Foreign::new(told);
        let mut events = WSANETWORKEVENTS::default();
        // What cannot be written to is found out before anything is taken from the record.
        let is_there = room.write(0, &[0; NETWORK_EVENTS_OCTETS]);
        let result = it::WSAEnumNetworkEvents(s, event, is_there.then_some(&mut events));
        if result == 0 {
            let numbers = std::iter::once(&events.lNetworkEvents).chain(&events.iErrorCode);
            let octets: Vec<u8> = numbers.flat_map(|number| number.to_ne_bytes()).collect();
            room.write(0, &octets);
        }
        result
    })
}
