//! Numbers and texts of addresses that both versions of Windows Sockets share; no system has to be started for them.

use std::ffi::{c_char, c_void};
use std::ptr::{null, null_mut};

use synsent_dialects::winsock2::{self as it, INADDR_NONE};
use synsent_dialects::{Text, Unit, inet};

use super::block::Block;
use super::storage::{Slot, keep};
use crate::boundary::{Foreign, call};

/// A `struct in_addr`: an address in the order of the network.
#[repr(C)]
struct InAddr {
    octets: [u8; 4],
}

#[unsafe(export_name = "synsent_windows_htonl")]
extern "C" fn htonl(number: u32) -> u32 {
    number.to_be()
}

#[unsafe(export_name = "synsent_windows_htons")]
extern "C" fn htons(number: u16) -> u16 {
    number.to_be()
}

#[unsafe(export_name = "synsent_windows_ntohl")]
extern "C" fn ntohl(number: u32) -> u32 {
    u32::from_be(number)
}

#[unsafe(export_name = "synsent_windows_ntohs")]
extern "C" fn ntohs(number: u16) -> u16 {
    u16::from_be(number)
}

#[unsafe(export_name = "synsent_windows_inet_addr")]
extern "C" fn inet_addr(text: *const c_char) -> u32 {
    call(
        || INADDR_NONE,
        || match Text::narrow(Foreign::new(text).pointer()).get() {
            // The page: a single space is the address of zeroes.
            Some(" ") => 0,
            Some(text) => inet::inet_aton(text).map_or(INADDR_NONE, u32::from_ne_bytes),
            None => INADDR_NONE,
        },
    )
}

#[unsafe(export_name = "synsent_windows_inet_ntoa")]
extern "C" fn inet_ntoa(address: InAddr) -> *mut c_void {
    call(null_mut, || {
        let mut block = Block::default();
        block.text(&inet::inet_ntoa(address.octets));
        keep(Slot::Address, block)
    })
}

#[unsafe(export_name = "synsent_windows_inet_pton")]
extern "C" fn inet_pton(family: i32, text: *const c_char, into: *mut c_void) -> i32 {
    let (text, into) = (Foreign::new(text), Foreign::new(into));
    call(|| -1, || it::inet_pton(family, text.pointer(), into.pointer_mut()))
}

#[unsafe(export_name = "synsent_windows_InetPtonW")]
extern "C" fn inet_pton_w(family: i32, text: *const c_void, into: *mut c_void) -> i32 {
    let (text, into) = (Foreign::new(text), Foreign::new(into));
    call(|| -1, || it::inet_pton(family, Text::wide(text.pointer()), into.pointer_mut()))
}

#[unsafe(export_name = "synsent_windows_inet_ntop")]
extern "C" fn inet_ntop(family: i32, address: *const c_void, into: *mut c_char, room: usize) -> *const c_char {
    let (address, place) = (Foreign::new(address), Foreign::new(into));
    let is_told = call(|| false, || it::inet_ntop(family, address.pointer(), place.pointer_mut(), room, Unit::Narrow));
    if is_told { into.cast_const() } else { null() }
}

#[unsafe(export_name = "synsent_windows_InetNtopW")]
extern "C" fn inet_ntop_w(family: i32, address: *const c_void, into: *mut c_void, room: usize) -> *const c_void {
    let (address, place) = (Foreign::new(address), Foreign::new(into));
    let is_told = call(|| false, || it::inet_ntop(family, address.pointer(), place.pointer_mut(), room, Unit::Wide));
    if is_told { into.cast_const() } else { null() }
}
