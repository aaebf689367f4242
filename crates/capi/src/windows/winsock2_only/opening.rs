//! Sockets and connections with more to say about them.

use std::ffi::c_void;

use synsent_dialects::winsock2::{self as it, Along, FROM_PROTOCOL_INFO, INVALID_SOCKET, SOCKET};

use super::structures::{flow, length_of_buffer, read_protocol_info};
use super::{bad_pointer, failed, no_socket};
use crate::boundary::{Foreign, call, call_back};

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

/// A WSABUF that the library hands to a condition function.
#[repr(C)]
struct Buffer {
    len: u32,
    buf: *mut u8,
}

impl Buffer {
    fn new(octets: &mut [u8]) -> Buffer {
        // A name has at most as many octets as a name of IPv6.
        Buffer { len: octets.len() as u32, buf: octets.as_mut_ptr() }
    }
}

/// How the condition is asked: with the names of the peer and of the listener.
type Ask<'a> = dyn FnMut(&[u8], &[u8]) -> i32 + 'a;

/// LPCONDITIONPROC: who calls, its data, the flows of the socket and of the group, who is called, data for the caller, the group, and
/// what WSAAccept was given for it.
type Condition = unsafe extern "C" fn(
    *mut Buffer,
    *mut Buffer,
    *mut c_void,
    *mut c_void,
    *mut Buffer,
    *mut Buffer,
    *mut u32,
    usize,
) -> i32;

#[unsafe(export_name = "synsent_winsock2_WSAAccept")]
extern "C" fn wsa_accept(
    s: SOCKET,
    name: *mut c_void,
    namelen: *mut i32,
    condition: Option<Condition>,
    data: usize,
) -> SOCKET {
    call(no_socket, || {
        let (name, namelen) = (Foreign::new(name), Foreign::new(namelen));
        let mut ask = |peer: &[u8], own: &[u8]| {
            let (mut peer, mut own, mut group) = (peer.to_vec(), own.to_vec(), 0);
            let (mut caller, mut callee) = (Buffer::new(&mut peer), Buffer::new(&mut own));
            let (no_data, no_flow) = (std::ptr::null_mut(), std::ptr::null_mut());
            let Some(condition) = condition else { return it::CF_ACCEPT };
            // It may last, and nothing is locked.
            call_back(|| {
                // SAFETY: the program has promised that this is a function of this type; its arguments live longer than the call.
                unsafe {
                    condition(
                        &raw mut caller,
                        no_data,
                        no_flow,
                        no_flow,
                        &raw mut callee,
                        no_data,
                        &raw mut group,
                        data,
                    )
                }
            })
        };
        let ask: Option<&mut Ask> = condition.is_some().then_some(&mut ask as _);
        it::WSAAccept(s, name.pointer_mut(), namelen.pointer_mut(), ask)
    })
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
