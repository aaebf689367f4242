//! The catalogue of protocols.

use std::ffi::c_void;

use synsent_dialects::winsock2::{self as it, Room, SOCKET};

use super::structures::{Width, protocol_info};
use super::{bad_pointer, failed};
use crate::boundary::{Foreign, call};

/// How many numbers of protocols a list can have before its zero.
const PROTOCOLS_ASKED_MAX: usize = 256;

fn enum_protocols(protocols: *const i32, buffer: *mut c_void, length: *mut u32, width: Width) -> i32 {
    call(failed, || {
        let (buffer, length) = (Foreign::new(buffer), Foreign::new(length));
        let asked = read_asked(Foreign::new(protocols));
        let given = length.read(0).map(u32::from_ne_bytes);
        let octets = given.map(|given| if buffer.is_null() { 0 } else { given });
        let room = Room { octets, entry_octets: width.protocol_info_octets() as u32, is_bad: asked.is_err() };
        let told = it::WSAEnumProtocols(asked.unwrap_or_default().as_deref(), room);
        if let Some(needed) = told.needed_octets
            && !length.write(0, &needed.to_ne_bytes())
        {
            return bad_pointer();
        }
        let entries: Vec<u8> = told.entries.iter().flat_map(|info| protocol_info(info, width)).collect();
        if entries.is_empty() || buffer.write(0, &entries) { told.result } else { bad_pointer() }
    })
}

/// The numbers before the zero that ends the list. `Ok(None)`: there is no list.
fn read_asked(list: Foreign) -> Result<Option<Vec<i32>>, ()> {
    if list.is_null() {
        return Ok(None);
    }
    let mut asked = Vec::new();
    loop {
        match list.read(asked.len() * size_of::<i32>()).map(i32::from_ne_bytes) {
            Some(0) => return Ok(Some(asked)),
            Some(number) if asked.len() < PROTOCOLS_ASKED_MAX => asked.push(number),
            _ => return Err(()),
        }
    }
}

#[unsafe(export_name = "synsent_winsock2_WSAEnumProtocolsA")]
extern "C" fn wsa_enum_protocols_a(protocols: *const i32, buffer: *mut c_void, length: *mut u32) -> i32 {
    enum_protocols(protocols, buffer, length, Width::Narrow)
}

#[unsafe(export_name = "synsent_winsock2_WSAEnumProtocolsW")]
extern "C" fn wsa_enum_protocols_w(protocols: *const i32, buffer: *mut c_void, length: *mut u32) -> i32 {
    enum_protocols(protocols, buffer, length, Width::Wide)
}

#[unsafe(export_name = "synsent_winsock2_WSADuplicateSocketA")]
extern "C" fn wsa_duplicate_socket_a(s: SOCKET, _process: u32, info: *mut c_void) -> i32 {
    call(failed, || it::WSADuplicateSocket(s, !Foreign::new(info).is_null()))
}

#[unsafe(export_name = "synsent_winsock2_WSADuplicateSocketW")]
extern "C" fn wsa_duplicate_socket_w(s: SOCKET, _process: u32, info: *mut c_void) -> i32 {
    call(failed, || it::WSADuplicateSocket(s, !Foreign::new(info).is_null()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_protocols_ends_or_is_no_list() {
        let read = |list: &[i32]| read_asked(Foreign::new(list.as_ptr()));
        assert_eq!(read(&[6, 17, 0]), Ok(Some(vec![6, 17])));
        let mut long = vec![6; PROTOCOLS_ASKED_MAX];
        long.push(0);
        assert_eq!(read(&long).map(|asked| asked.map(|asked| asked.len())), Ok(Some(PROTOCOLS_ASKED_MAX)));
        long.insert(0, 6);
        assert_eq!(read(&long), Err(()));
        assert_eq!(read_asked(Foreign::new(std::ptr::null::<i32>())), Ok(None));
    }
}
