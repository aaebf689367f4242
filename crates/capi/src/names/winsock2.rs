//! What only Winsock 2 has about names: getaddrinfo and getnameinfo with what is around them, each in two widths of characters, names
//! of sockets as texts, and numbers in the order of a socket's network.

use std::ffi::{c_char, c_void};
use std::ptr::null_mut;

use synsent_dialects::winsock2::{self as it, SOCKET, SOCKET_ERROR, WSAEFAULT, WSANO_RECOVERY};
use synsent_dialects::{Text, Unit};

use super::block::Block;
use super::layout::{self, Kind};
use super::storage::{Slot, give, keep, take_back};
use crate::boundary::{Foreign, call};

/// What a call comes to whose panic was caught: its code.
fn broken() -> i32 {
    it::WSASetLastError(WSANO_RECOVERY);
    WSANO_RECOVERY
}

fn failed() -> i32 {
    broken();
    SOCKET_ERROR
}

fn text(place: Foreign, unit: Unit) -> Text {
    match unit {
        Unit::Narrow => Text::narrow(place.pointer()),
        Unit::Wide => Text::wide(place.pointer()),
    }
}

fn address_info(node: Foreign, service: Foreign, hints: Foreign, result: Foreign, unit: Unit) -> i32 {
    call(broken, || {
        // Null is there until there is something better; where it cannot be written, nothing is looked up.
        let (true, Ok(hints)) = (result.write(0, &0_usize.to_ne_bytes()), layout::hints(hints)) else {
            it::WSASetLastError(WSAEFAULT);
            return WSAEFAULT;
        };
        match it::getaddrinfo(text(node, unit), text(service, unit), hints.as_ref()) {
            Err(code) => code,
            Ok(rows) => {
                let list = give(layout::addrinfo(&rows, Kind::Windows, unit));
                result.write(0, &list.to_ne_bytes());
                0
            }
        }
    })
}

#[unsafe(export_name = "synsent_winsock2_getaddrinfo")]
extern "C" fn getaddrinfo(
    node: *const c_char,
    service: *const c_char,
    hints: *const c_void,
    result: *mut *mut c_void,
) -> i32 {
    let (node, service) = (Foreign::new(node), Foreign::new(service));
    address_info(node, service, Foreign::new(hints), Foreign::new(result), Unit::Narrow)
}

#[unsafe(export_name = "synsent_winsock2_GetAddrInfoW")]
extern "C" fn get_addr_info_w(
    node: *const c_void,
    service: *const c_void,
    hints: *const c_void,
    result: *mut *mut c_void,
) -> i32 {
    let (node, service) = (Foreign::new(node), Foreign::new(service));
    address_info(node, service, Foreign::new(hints), Foreign::new(result), Unit::Wide)
}

#[unsafe(export_name = "synsent_winsock2_freeaddrinfo")]
extern "C" fn freeaddrinfo(list: *mut c_void) {
    call(|| (), || take_back(list.expose_provenance()));
}

#[unsafe(export_name = "synsent_winsock2_FreeAddrInfoW")]
extern "C" fn free_addr_info_w(list: *mut c_void) {
    freeaddrinfo(list);
}

fn name_info(
    name: Foreign,
    namelen: i32,
    (host, hostlen): (Foreign, u32),
    (service, servicelen): (Foreign, u32),
    flags: i32,
    unit: Unit,
) -> i32 {
    call(broken, || {
        let (host, service) = ((host.pointer_mut(), hostlen), (service.pointer_mut(), servicelen));
        it::getnameinfo(name.pointer(), namelen, host, service, flags, unit)
    })
}

#[unsafe(export_name = "synsent_winsock2_getnameinfo")]
extern "C" fn getnameinfo(
    name: *const c_void,
    namelen: i32,
    host: *mut c_char,
    hostlen: u32,
    service: *mut c_char,
    servicelen: u32,
    flags: i32,
) -> i32 {
    let (host, service) = ((Foreign::new(host), hostlen), (Foreign::new(service), servicelen));
    name_info(Foreign::new(name), namelen, host, service, flags, Unit::Narrow)
}

#[unsafe(export_name = "synsent_winsock2_GetNameInfoW")]
extern "C" fn get_name_info_w(
    name: *const c_void,
    namelen: i32,
    host: *mut c_void,
    hostlen: u32,
    service: *mut c_void,
    servicelen: u32,
    flags: i32,
) -> i32 {
    let (host, service) = ((Foreign::new(host), hostlen), (Foreign::new(service), servicelen));
    name_info(Foreign::new(name), namelen, host, service, flags, Unit::Wide)
}

#[unsafe(export_name = "synsent_winsock2_gai_strerrorA")]
extern "C" fn gai_strerror_a(code: i32) -> *mut c_void {
    call(null_mut, || {
        let mut block = Block::default();
        block.text(it::gai_strerror(code));
        keep(Slot::Text, block)
    })
}

#[unsafe(export_name = "synsent_winsock2_gai_strerrorW")]
extern "C" fn gai_strerror_w(code: i32) -> *mut c_void {
    call(null_mut, || {
        let mut block = Block::default();
        block.wide_text(it::gai_strerror(code));
        keep(Slot::Text, block)
    })
}

fn address_to_string(name: Foreign, namelen: u32, into: Foreign, len: Foreign, unit: Unit) -> i32 {
    call(failed, || it::WSAAddressToString(name.pointer(), namelen, into.pointer_mut(), len.pointer_mut(), unit))
}

#[unsafe(export_name = "synsent_winsock2_WSAAddressToStringA")]
extern "C" fn wsa_address_to_string_a(
    name: *const c_void,
    namelen: u32,
    _protocol: *const c_void,
    into: *mut c_char,
    len: *mut u32,
) -> i32 {
    address_to_string(Foreign::new(name), namelen, Foreign::new(into), Foreign::new(len), Unit::Narrow)
}

#[unsafe(export_name = "synsent_winsock2_WSAAddressToStringW")]
extern "C" fn wsa_address_to_string_w(
    name: *const c_void,
    namelen: u32,
    _protocol: *const c_void,
    into: *mut c_void,
    len: *mut u32,
) -> i32 {
    address_to_string(Foreign::new(name), namelen, Foreign::new(into), Foreign::new(len), Unit::Wide)
}

fn string_to_address(string: Text, family: i32, name: Foreign, namelen: Foreign) -> i32 {
    it::WSAStringToAddress(string, family, name.pointer_mut(), namelen.pointer_mut())
}

#[unsafe(export_name = "synsent_winsock2_WSAStringToAddressA")]
extern "C" fn wsa_string_to_address_a(
    string: *const c_char,
    family: i32,
    _protocol: *const c_void,
    name: *mut c_void,
    namelen: *mut i32,
) -> i32 {
    let string = Foreign::new(string);
    let (name, namelen) = (Foreign::new(name), Foreign::new(namelen));
    call(failed, || string_to_address(text(string, Unit::Narrow), family, name, namelen))
}

#[unsafe(export_name = "synsent_winsock2_WSAStringToAddressW")]
extern "C" fn wsa_string_to_address_w(
    string: *const c_void,
    family: i32,
    _protocol: *const c_void,
    name: *mut c_void,
    namelen: *mut i32,
) -> i32 {
    let string = Foreign::new(string);
    let (name, namelen) = (Foreign::new(name), Foreign::new(namelen));
    call(failed, || string_to_address(text(string, Unit::Wide), family, name, namelen))
}

#[unsafe(export_name = "synsent_winsock2_WSAHtonl")]
extern "C" fn wsa_htonl(s: SOCKET, number: u32, into: *mut u32) -> i32 {
    call(failed, || it::WSAHtonl(s, number, Foreign::new(into).pointer_mut()))
}

#[unsafe(export_name = "synsent_winsock2_WSAHtons")]
extern "C" fn wsa_htons(s: SOCKET, number: u16, into: *mut u16) -> i32 {
    call(failed, || it::WSAHtons(s, number, Foreign::new(into).pointer_mut()))
}

#[unsafe(export_name = "synsent_winsock2_WSANtohl")]
extern "C" fn wsa_ntohl(s: SOCKET, number: u32, into: *mut u32) -> i32 {
    call(failed, || it::WSANtohl(s, number, Foreign::new(into).pointer_mut()))
}

#[unsafe(export_name = "synsent_winsock2_WSANtohs")]
extern "C" fn wsa_ntohs(s: SOCKET, number: u16, into: *mut u16) -> i32 {
    call(failed, || it::WSANtohs(s, number, Foreign::new(into).pointer_mut()))
}
