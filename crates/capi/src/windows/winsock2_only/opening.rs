//! Sockets and connections with more to say about them.

use std::ffi::c_void;

use synsent_dialects::winsock2::{self as it, Along, FROM_PROTOCOL_INFO, INVALID_SOCKET, SOCKET};

use super::structures::{flow, length_of_buffer, read_protocol_info};
use super::{bad_pointer, failed, no_socket};
use crate::boundary::{Foreign, call};

/// WSASocket, which needs nothing of an entry that depends on how wide its characters are.
fn socket(family: i32, kind: i32, protocol: i32, info: *const c_void, group: u32, flags: u32) -> SOCKET {
    call(no_socket, || {
        let Ok(info) = read_protocol_info(Foreign::new(info)) else {
            bad_pointer();
            return INVALID_SOCKET;
        };
        let [of_family, of_kind, of_protocol] = info.unwrap_or([FROM_PROTOCOL_INFO; 3]);
        let given = |given: i32, of_entry: i32| if given == FROM_PROTOCOL_INFO { of_entry } else { given };
        it::WSASocket(given(family, of_family), given(kind, of_kind), given(protocol, of_protocol), group, flags)
    })
}

#[unsafe(export_name = "synsent_winsock2_WSASocketA")]
extern "C" fn wsa_socket_a(
    family: i32,
    kind: i32,
    protocol: i32,
    info: *const c_void,
    group: u32,
    flags: u32,
) -> SOCKET {
    socket(family, kind, protocol, info, group, flags)
}

#[unsafe(export_name = "synsent_winsock2_WSASocketW")]
extern "C" fn wsa_socket_w(
    family: i32,
    kind: i32,
    protocol: i32,
    info: *const c_void,
    group: u32,
    flags: u32,
) -> SOCKET {
    socket(family, kind, protocol, info, group, flags)
}

#[unsafe(export_name = "synsent_winsock2_WSAConnect")]
extern "C" fn wsa_connect(
    s: SOCKET,
    name: *const c_void,
    namelen: i32,
    caller_data: *const c_void,
    callee_data: *mut c_void,
    flow_of_socket: *const c_void,
    flow_of_group: *const c_void,
) -> i32 {
    call(failed, || {
        let callee = Foreign::new(callee_data);
        let caller_octets = length_of_buffer(Foreign::new(caller_data));
        let flows = [flow_of_socket, flow_of_group].map(|qos| flow(Foreign::new(qos)));
        let [flow, group_flow] = flows.map(Result::unwrap_or_default);
        let along = Along {
            caller_data: caller_octets.ok().flatten().unwrap_or(0),
            is_bad: caller_octets.is_err() || length_of_buffer(callee).is_err() || flows.iter().any(Result::is_err),
            flow,
            group_flow,
        };
        let result = it::WSAConnect(s, Foreign::new(name).pointer(), namelen, along);
        // No peer sends anything along, neither now nor when an opening that goes on is over.
        if !callee.is_null() && (result == 0 || it::WSAGetLastError() == it::WSAEWOULDBLOCK) {
            callee.write(0, &[0; 4]);
        }
        result
    })
}
