//! The calls about names and addresses that Winsock 2 has beyond 1.1: getaddrinfo and getnameinfo, texts of addresses of both families.
//!
//! The codes that getaddrinfo and getnameinfo return are those of WSAGetLastError, which tells them too.

use synsent_sockets::{Domain, Name, Pointer, PointerMut};

use super::WINSOCK2;
use super::constants::*;
use crate::engine::Call;
use crate::inet;
use crate::lookup::addrinfo::{Manner, Wrong};
use crate::lookup::{AddressInfo, Asked, Hints, Text, Unit, Wanted, nameinfo, write_text};
use crate::page::{Fact, Page};
use crate::process::Said;
use crate::windows::pages::lookup as pages;
use crate::windows::types::handle;
use crate::windows::{last_error, lookup};

const INFOS: Manner = Manner {
    dialect: &WINSOCK2,
    page: &pages::GETADDRINFO,
    passive: AI_PASSIVE,
    canonname: AI_CANONNAME,
    numerichost: AI_NUMERICHOST,
    numericserv: AI_NUMERICSERV,
    v4mapped: AI_V4MAPPED,
    all: AI_ALL,
    others: AI_DNS_ONLY
        | AI_ADDRCONFIG
        | AI_NON_AUTHORITATIVE
        | AI_SECURE
        | AI_RETURN_PREFERRED_NAMES
        | AI_FQDN
        | AI_FILESERVER,
    types: &[(SOCK_STREAM, IPPROTO_TCP, "tcp"), (SOCK_DGRAM, IPPROTO_UDP, "udp")],
    raw: SOCK_RAW,
    row_for_each_type: false,
    looks_at_more: true,
};

const NAMES: nameinfo::Manner = nameinfo::Manner {
    dialect: &WINSOCK2,
    page: &pages::GETNAMEINFO,
    nofqdn: NI_NOFQDN,
    numerichost: NI_NUMERICHOST,
    namereqd: NI_NAMEREQD,
    numericserv: NI_NUMERICSERV,
    dgram: NI_DGRAM,
};

/// Addresses for a host and a service.
///
/// # Errors
/// The code, which is also the thread's last error.
pub fn getaddrinfo(
    node: impl Into<Text>,
    service: impl Into<Text>,
    hints: Option<&Hints>,
) -> Result<Vec<AddressInfo>, i32> {
    let hints = hints.copied().unwrap_or_default();
    INFOS.ask(&node.into(), &service.into(), hints).map_err(code)
}

/// Names for an address and a port, in characters of this size. Room that is null is for what is not wanted.
pub fn getnameinfo<'a>(
    sa: impl Into<Pointer<'a>>,
    salen: i32,
    (host, hostlen): (PointerMut<'_>, u32),
    (serv, servlen): (PointerMut<'_>, u32),
    flags: i32,
    unit: Unit,
) -> i32 {
    let wanted = Wanted { host: !host.is_null(), service: !serv.is_null(), flags };
    let told = NAMES.ask(sa.into(), salen, wanted).and_then(|(host_name, service_name)| {
        for (text, mut into, room) in [(host_name, host, hostlen), (service_name, serv, servlen)] {
            let Some(text) = text else { continue };
            if room == 0 {
                // What is wanted has to have some room, says the page.
                return Err(Wrong::Flags);
            }
            if !write_text(&text, &mut into, room as usize, unit) {
                return Err(Wrong::Room);
            }
        }
        Ok(())
    });
    told.map_or_else(code, |()| 0)
}

/// The octets of an address in a text: 1; 0 where the text is none; -1 and [`WSAEAFNOSUPPORT`] for other families.
#[allow(non_snake_case)]
pub fn inet_pton<'a>(Family: i32, pszAddrString: impl Into<Text>, pAddrBuf: impl Into<PointerMut<'a>>) -> i32 {
    let (text, mut into) = (pszAddrString.into(), pAddrBuf.into());
    let octets = match (Family, &text) {
        (AF_INET | AF_INET6, Text::Null | Text::Unreadable) => return error(WSAEFAULT),
        (AF_INET, text) => text.get().and_then(inet::inet_pton4).map(|octets| octets.to_vec()),
        (AF_INET6, text) => text.get().and_then(inet::inet_pton6).map(|octets| octets.to_vec()),
        _ => return error(WSAEAFNOSUPPORT),
    };
    match octets {
        None => 0,
        Some(octets) if into.write(0, &octets).is_ok() => 1,
        Some(_) => error(WSAEFAULT),
    }
}

/// The text of an address into room for so many characters of this size; false, and the last error, where there is no such address or
/// too little room.
#[allow(non_snake_case)]
pub fn inet_ntop<'a>(
    Family: i32,
    pAddr: impl Into<Pointer<'a>>,
    pStringBuf: impl Into<PointerMut<'a>>,
    StringBufSize: usize,
    unit: Unit,
) -> bool {
    let (address, mut into) = (pAddr.into(), pStringBuf.into());
    let text = match Family {
        AF_INET => read(address).map(inet::inet_ntop4),
        AF_INET6 => read(address).map(inet::inet_ntop6),
        _ => {
            error(WSAEAFNOSUPPORT);
            return false;
        }
    };
    let Some(text) = text else {
        error(WSAEFAULT);
        return false;
    };
    // The page: a null buffer, or one that is too small.
    let written = !into.is_null() && write_text(&text, &mut into, StringBufSize, unit);
    if !written {
        error(ERROR_INVALID_PARAMETER);
    }
    written
}

/// The name of a socket that a text is. The room's length is told where it is too small.
#[allow(non_snake_case)]
pub fn WSAStringToAddress<'a>(
    AddressString: impl Into<Text>,
    AddressFamily: i32,
    lpAddress: impl Into<PointerMut<'a>>,
    lpAddressLength: impl Into<PointerMut<'a>>,
) -> i32 {
    let (text, address, len) = (AddressString.into(), lpAddress.into(), lpAddressLength.into());
    last_error::zero(string_to_address(&text, AddressFamily, address, len))
}

fn string_to_address(text: &Text, family: i32, mut into: PointerMut<'_>, mut len: PointerMut<'_>) -> Result<(), Said> {
    let parsed = match (family, text.get()) {
        (AF_INET, Some(text)) => inet::socket_address4(text),
        (AF_INET6, Some(text)) => inet::socket_address6(text),
        _ => None,
    };
    let room = len.read_i32();
    let facts = text.optional_facts()
        | Fact::BadLengthPointer.when(room.is_err())
        | Fact::BadArgument.when(parsed.is_none())
        | Fact::NullBuffer.when(into.is_null());
    Asked::new(&WINSOCK2, &pages::WSASTRINGTOADDRESS, facts)?;
    let octets = parsed.map(|address| WINSOCK2.names.encode(&Name::Inet(address))).unwrap_or_default();
    let has_room = room.is_ok_and(|room| usize::try_from(room).is_ok_and(|room| room >= octets.len()));
    let told = len.write_i32(octets.len() as i32).is_ok();
    if has_room && told && into.write(0, &octets).is_ok() { Ok(()) } else { no_room(&pages::WSASTRINGTOADDRESS) }
}

/// The text of a socket's name. The room's length, in characters of this size and with the zero, is told in any case.
#[allow(non_snake_case)]
pub fn WSAAddressToString<'a>(
    lpsaAddress: impl Into<Pointer<'a>>,
    dwAddressLength: u32,
    lpszAddressString: impl Into<PointerMut<'a>>,
    lpdwAddressStringLength: impl Into<PointerMut<'a>>,
    unit: Unit,
) -> i32 {
    let (address, text, len) = (lpsaAddress.into(), lpszAddressString.into(), lpdwAddressStringLength.into());
    last_error::zero(address_to_string(address, dwAddressLength, text, len, unit))
}

fn address_to_string(
    name: Pointer<'_>,
    len: u32,
    mut into: PointerMut<'_>,
    mut room: PointerMut<'_>,
    unit: Unit,
) -> Result<(), Said> {
    let len = i32::try_from(len).unwrap_or(i32::MAX);
    let decoded = |domain| WINSOCK2.names.decode(name, len, domain);
    let address = [Domain::Inet4, Domain::Inet6].into_iter().find_map(|domain| decoded(domain).name?.inet());
    let is_unreadable = decoded(Domain::Inet4).facts.has(Fact::UnreadableName);
    let has = room.read_i32().map(|has| usize::try_from(has as u32).unwrap_or(usize::MAX));
    let facts = Fact::NullName.when(name.is_null())
        | Fact::UnreadableName.when(is_unreadable)
        | Fact::BadLengthPointer.when(has.is_err())
        | Fact::BadArgument.when(address.is_none())
        | Fact::NullBuffer.when(into.is_null());
    Asked::new(&WINSOCK2, &pages::WSAADDRESSTOSTRING, facts)?;
    let text = address.as_ref().map(inet::socket_address_text).unwrap_or_default();
    let told = room.write_i32(text.len() as i32 + 1).is_ok();
    let written = has.is_ok_and(|has| write_text(&text, &mut into, has, unit));
    if written && told { Ok(()) } else { no_room(&pages::WSAADDRESSTOSTRING) }
}

/// A number in the order of a socket's network, which is the same for all sockets.
#[allow(non_snake_case)]
pub fn WSAHtonl<'a>(s: SOCKET, hostlong: u32, lpnetlong: impl Into<PointerMut<'a>>) -> i32 {
    turned(s, lpnetlong.into(), &hostlong.to_be_bytes())
}

/// The same for a number of 16 bits.
#[allow(non_snake_case)]
pub fn WSAHtons<'a>(s: SOCKET, hostshort: u16, lpnetshort: impl Into<PointerMut<'a>>) -> i32 {
    turned(s, lpnetshort.into(), &hostshort.to_be_bytes())
}

/// A number from the order of a socket's network.
#[allow(non_snake_case)]
pub fn WSANtohl<'a>(s: SOCKET, netlong: u32, lphostlong: impl Into<PointerMut<'a>>) -> i32 {
    turned(s, lphostlong.into(), &u32::from_be(netlong).to_ne_bytes())
}

/// The same for a number of 16 bits.
#[allow(non_snake_case)]
pub fn WSANtohs<'a>(s: SOCKET, netshort: u16, lphostshort: impl Into<PointerMut<'a>>) -> i32 {
    turned(s, lphostshort.into(), &u16::from_be(netshort).to_ne_bytes())
}

fn turned(s: SOCKET, mut into: PointerMut<'_>, octets: &[u8]) -> i32 {
    let mut call = Call::of_socket(&WINSOCK2, &pages::WSAHTONL, handle(s));
    call.facts |= Fact::NullBuffer.when(into.is_null());
    // What the page speaks against leaves the room alone.
    call.facts |= Fact::BadBuffer.when(call.judge().is_ok() && into.write(0, octets).is_err());
    last_error::zero(call.judge().map(drop))
}

/// The text of a code of getaddrinfo and getnameinfo.
pub fn gai_strerror(ecode: i32) -> &'static str {
    let spelling = WINSOCK2.spellings.iter().find(|spelling| spelling.number == ecode);
    match ecode {
        0 => "No error.",
        WSATYPE_NOT_FOUND => "The service is not known for this type of socket.",
        WSA_NOT_ENOUGH_MEMORY => "There is no more memory.",
        _ => spelling.map_or("An unknown error.", |spelling| spelling.meaning),
    }
}

fn no_room(page: &'static Page) -> Result<(), Said> {
    Asked::new(&WINSOCK2, page, Fact::BadBuffer.alone()).map(drop)
}

fn read<const OCTETS: usize>(pointer: Pointer<'_>) -> Option<[u8; OCTETS]> {
    let mut octets = [0; OCTETS];
    pointer.read(0, &mut octets).ok()?;
    Some(octets)
}

fn error(number: i32) -> i32 {
    last_error::set(number);
    -1
}

/// The code for what is wrong, noted as the last error.
fn code(wrong: Wrong) -> i32 {
    let number = match wrong {
        Wrong::Page(said) => return last_error::note(*said),
        Wrong::Flags => WSAEINVAL,
        Wrong::Family => WSAEAFNOSUPPORT,
        Wrong::SocketType => WSAESOCKTNOSUPPORT,
        Wrong::Service => WSATYPE_NOT_FOUND,
        Wrong::Hints => WSANO_RECOVERY,
        Wrong::Nothing => WSAHOST_NOT_FOUND,
        Wrong::Room => WSAEFAULT,
        Wrong::Host(failure) => WINSOCK2.number(lookup::word(failure)),
    };
    last_error::set(number);
    number
}
