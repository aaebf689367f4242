//! The catalogue of protocols: what there is, and its structure as the document has it.

#![allow(non_snake_case)]

use synsent_sockets::{Domain, Kind};

use super::constants::*;
use super::{WINSOCK2, pages};
use crate::engine::Call;
use crate::engine::options::meaning::datagram_octets_max;
use crate::names::{INET4_OCTETS, INET6_OCTETS};
use crate::page::Fact;
use crate::process::Said;
use crate::windows::last_error;
use crate::windows::types::handle;

/// An entry of the catalogue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the names are the document's")]
#[allow(non_camel_case_types, reason = "the name is the document's")]
pub struct WSAPROTOCOL_INFO {
    pub dwServiceFlags1: u32,
    pub dwProviderFlags: u32,
    /// The provider's GUID, as its octets lie in memory.
    pub ProviderId: [u8; 16],
    pub dwCatalogEntryId: u32,
    pub iVersion: i32,
    pub iAddressFamily: i32,
    pub iMaxSockAddr: i32,
    pub iMinSockAddr: i32,
    pub iSocketType: i32,
    pub iProtocol: i32,
    pub dwMessageSize: u32,
    /// Without a zero at its end.
    pub szProtocol: &'static str,
}

/// What comes of [`WSAEnumProtocols`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Protocols {
    /// What the call returns: how many there are, or [`SOCKET_ERROR`].
    pub result: i32,
    /// The entries; empty where the call failed.
    pub entries: Vec<WSAPROTOCOL_INFO>,
    /// How long the buffer has to be, where it was not; unit: octets.
    pub needed_octets: Option<u32>,
}

/// The room that a caller gave for the catalogue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Room {
    /// The length of the buffer; `None` where its pointer is null or bad; unit: octets.
    pub octets: Option<u32>,
    /// The size of an entry; unit: octets.
    pub entry_octets: u32,
    /// Whether the list of protocols could not be read.
    pub is_bad: bool,
}

/// The first number of the catalogue.
const FIRST_ENTRY: u32 = 1_001;
/// The version of the protocols' provider.
const PROVIDER_VERSION: i32 = 2;

/// The provider of IPv4, {E70F1AA0-AB8B-11CF-8CA3-00805F48A192}: programs that choose one by its number look for this.
const PROVIDER4: [u8; 16] =
    [0xa0, 0x1a, 0x0f, 0xe7, 0x8b, 0xab, 0xcf, 0x11, 0x8c, 0xa3, 0x00, 0x80, 0x5f, 0x48, 0xa1, 0x92];
/// The provider of IPv6, {F9EAB0C0-26D4-11D0-BBBF-00AA006C34E4}.
const PROVIDER6: [u8; 16] =
    [0xc0, 0xb0, 0xea, 0xf9, 0xd4, 0x26, 0xd0, 0x11, 0xbb, 0xbf, 0x00, 0xaa, 0x00, 0x6c, 0x34, 0xe4];

const STREAM_SERVICES: u32 = XP1_GUARANTEED_DELIVERY | XP1_GUARANTEED_ORDER | XP1_GRACEFUL_CLOSE | XP1_EXPEDITED_DATA;
const DATAGRAM_SERVICES: u32 =
    XP1_CONNECTIONLESS | XP1_MESSAGE_ORIENTED | XP1_SUPPORT_BROADCAST | XP1_SUPPORT_MULTIPOINT;

/// All entries.
const CATALOGUE: [WSAPROTOCOL_INFO; 4] = [
    entry(0, Domain::Inet4, Kind::Stream, "TCP/IP"),
    entry(1, Domain::Inet4, Kind::Datagram, "UDP/IP"),
    entry(2, Domain::Inet6, Kind::Stream, "TCP/IPv6"),
    entry(3, Domain::Inet6, Kind::Datagram, "UDP/IPv6"),
];

const fn entry(place: u32, domain: Domain, kind: Kind, name: &'static str) -> WSAPROTOCOL_INFO {
    let (family, octets, provider) = match domain {
        Domain::Inet6 => (AF_INET6, INET6_OCTETS, PROVIDER6),
        Domain::Inet4 | Domain::Local => (AF_INET, INET4_OCTETS, PROVIDER4),
    };
    let (services, socket_type, protocol, message_octets) = match kind {
        Kind::Stream => (STREAM_SERVICES, SOCK_STREAM, IPPROTO_TCP, 0),
        Kind::Datagram => (DATAGRAM_SERVICES, SOCK_DGRAM, IPPROTO_UDP, datagram_octets_max(domain)),
    };
    WSAPROTOCOL_INFO {
        dwServiceFlags1: services,
        dwProviderFlags: PFL_MATCHES_PROTOCOL_ZERO,
        ProviderId: provider,
        dwCatalogEntryId: FIRST_ENTRY + place,
        iVersion: PROVIDER_VERSION,
        iAddressFamily: family,
        iMaxSockAddr: octets as i32,
        iMinSockAddr: octets as i32,
        iSocketType: socket_type,
        iProtocol: protocol,
        dwMessageSize: message_octets,
        szProtocol: name,
    }
}

/// The protocols of the catalogue; `lpiProtocols` are the numbers of those that are asked for, `None` asks for all.
pub fn WSAEnumProtocols(lpiProtocols: Option<&[i32]>, room: Room) -> Protocols {
    let asked = |entry: &WSAPROTOCOL_INFO| lpiProtocols.is_none_or(|asked| asked.contains(&entry.iProtocol));
    let entries: Vec<_> = CATALOGUE.iter().copied().filter(asked).collect();
    let needed = entries.len() as u32 * room.entry_octets;
    let is_short = room.octets.is_some_and(|octets| octets < needed);
    match judge_room(room, is_short) {
        Ok(()) => Protocols { result: entries.len() as i32, entries, needed_octets: None },
        Err(said) => {
            last_error::note(said);
            Protocols { result: SOCKET_ERROR, entries: Vec::new(), needed_octets: is_short.then_some(needed) }
        }
    }
}

fn judge_room(room: Room, is_short: bool) -> Result<(), Said> {
    let mut call = Call::of_process(&WINSOCK2, &pages::WSAENUMPROTOCOLS);
    call.facts |= Fact::BadLengthPointer.when(room.octets.is_none())
        | Fact::BadBuffer.when(room.is_bad)
        | Fact::ShortOption.when(is_short);
    call.judge().map(|_| ())
}

/// Fails: no socket goes to another process.
pub fn WSADuplicateSocket(s: SOCKET, has_room: bool) -> i32 {
    let mut call = Call::of_socket(&WINSOCK2, &pages::WSADUPLICATESOCKET, handle(s));
    call.facts |= Fact::BadBuffer.when(!has_room);
    last_error::zero(call.judge().map(|_| ()))
}
