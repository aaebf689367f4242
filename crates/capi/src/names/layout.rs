//! How the structures of `<winsock2.h>` and `<netdb.h>` lie in memory, as far as they are about names.
//!
//! The two have the same members; what differs is how wide numbers are, and where two of them stand.

use std::net::IpAddr;

use synsent_dialects::{AddressInfo, Hints};
use synsent_sockets::names::{HostEntry, Protocol, Service};

use super::block::Block;
use crate::boundary::Foreign;

/// Whose structures.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// Numbers of hosts and services have 16 bits, and lengths of names as many as a pointer.
    Windows,
    /// The C library's.
    Host,
}

/// How wide the characters of a text are.
pub(super) use synsent_dialects::Unit;

const HOSTENT_OCTETS: usize = 32;
const SERVENT_OCTETS: usize = 32;
const PROTOENT_OCTETS: usize = 24;
const ADDRINFO_OCTETS: usize = 48;
/// Where the pointer to the next row stands.
const NEXT_AT: usize = 40;

/// A `struct hostent`; addresses of another family than the first have no place in it.
pub(super) fn hostent(entry: &HostEntry, kind: Kind, families: [i32; 2]) -> Block {
    let mut block = Block::default();
    let at = block.room(HOSTENT_OCTETS);
    let is_six = entry.addresses.first().is_some_and(IpAddr::is_ipv6);
    let fitting = entry.addresses.iter().filter(|address| address.is_ipv6() == is_six);
    let places: Vec<usize> = fitting
        .map(|address| match address {
            IpAddr::V4(address) => block.put(&address.octets()),
            IpAddr::V6(address) => block.put(&address.octets()),
        })
        .collect();
    let name = block.text(&entry.name);
    let aliases = block.texts(&entry.aliases);
    let addresses = block.list(&places);
    let (family, len): (i32, i32) = if is_six { (families[1], 16) } else { (families[0], 4) };
    block.point(at, name);
    block.point(at + 8, aliases);
    match kind {
        Kind::Windows => {
            block.write(at + 16, &(family as i16).to_ne_bytes());
            block.write(at + 18, &(len as i16).to_ne_bytes());
        }
        Kind::Host => {
            block.write(at + 16, &family.to_ne_bytes());
            block.write(at + 20, &len.to_ne_bytes());
        }
    }
    block.point(at + 24, addresses);
    block
}

/// A `struct servent`; the port stands in the order of the network.
pub(super) fn servent(service: &Service, kind: Kind) -> Block {
    let mut block = Block::default();
    let at = block.room(SERVENT_OCTETS);
    let name = block.text(&service.name);
    let aliases = block.texts(&service.aliases);
    let protocol = block.text(&service.protocol);
    let port = service.port.to_be();
    block.point(at, name);
    block.point(at + 8, aliases);
    match kind {
        Kind::Windows => {
            block.point(at + 16, protocol);
            block.write(at + 24, &port.to_ne_bytes());
        }
        Kind::Host => {
            block.write(at + 16, &i32::from(port).to_ne_bytes());
            block.point(at + 24, protocol);
        }
    }
    block
}

/// A `struct protoent`.
pub(super) fn protoent(protocol: &Protocol, kind: Kind) -> Block {
    let mut block = Block::default();
    let at = block.room(PROTOENT_OCTETS);
    let name = block.text(&protocol.name);
    let aliases = block.texts(&protocol.aliases);
    block.point(at, name);
    block.point(at + 8, aliases);
    match kind {
        Kind::Windows => block.write(at + 16, &(protocol.number as i16).to_ne_bytes()),
        Kind::Host => block.write(at + 16, &protocol.number.to_ne_bytes()),
    }
    block
}

/// A list of `struct addrinfo`, which goes as one.
pub(super) fn addrinfo(rows: &[AddressInfo], kind: Kind, unit: Unit) -> Block {
    let mut block = Block::default();
    let mut last = None;
    for row in rows {
        let at = block.room(ADDRINFO_OCTETS);
        let name = block.put(&row.name);
        let canonical = row.canonical.as_ref().map(|text| match unit {
            Unit::Narrow => block.text(text),
            Unit::Wide => block.wide_text(text),
        });
        for (number, value) in [row.flags, row.family, row.socktype, row.protocol].into_iter().enumerate() {
            block.write(at + 4 * number, &value.to_ne_bytes());
        }
        let (canonical_at, name_at) = match kind {
            Kind::Windows => (24, 32),
            Kind::Host => (32, 24),
        };
        match kind {
            Kind::Windows => block.write(at + 16, &row.name.len().to_ne_bytes()),
            Kind::Host => block.write(at + 16, &(row.name.len() as u32).to_ne_bytes()),
        }
        block.point(at + name_at, name);
        if let Some(canonical) = canonical {
            block.point(at + canonical_at, canonical);
        }
        if let Some(last) = last {
            block.point(last + NEXT_AT, at);
        }
        last = Some(at);
    }
    block
}

/// The hints of getaddrinfo; `Err`: they cannot be read; `Ok(None)`: there are none.
pub(super) fn hints(place: Foreign) -> Result<Option<Hints>, ()> {
    if place.is_null() {
        return Ok(None);
    }
    let octets = place.read::<ADDRINFO_OCTETS>(0).ok_or(())?;
    let number = |at: usize| i32::from_ne_bytes([octets[at], octets[at + 1], octets[at + 2], octets[at + 3]]);
    let has_more = octets[16..].iter().any(|octet| *octet != 0);
    Ok(Some(Hints { flags: number(0), family: number(4), socktype: number(8), protocol: number(12), has_more }))
}
