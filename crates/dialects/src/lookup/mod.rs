//! Calls about names, the same for all dialects: what is asked is read, the page is asked, and then the network.
//!
//! What the network cannot answer is a [`NameFailure`], for which each dialect has its numbers. `addrinfo` and `nameinfo` are the two calls
//! that do everything at once; their rows of numbers are a dialect's.

pub(crate) mod addrinfo;
pub(crate) mod nameinfo;
mod text;

use core::net::IpAddr;
use std::sync::Arc;

use synsent_sockets::names::{Families, HostEntry, NameFailure, Names, Protocol, Service};
use synsent_sockets::{Cancel, Failure, Network, Outcome, Pointer, PointerMut};

pub use addrinfo::{AddressInfo, Hints};
pub(crate) use nameinfo::Wanted;
pub use text::{HOST_TEXT_MAX, Text};

use crate::dialect::Dialect;
use crate::engine::Call;
use crate::page::{Facts, Page};
use crate::process::Said;
use crate::words::Word;

/// The size of an address of IPv4; unit: octets.
pub(crate) const INET_OCTETS: usize = 4;
/// The size of an address of IPv6; unit: octets.
pub(crate) const INET6_OCTETS: usize = 16;

/// The network of the caller, once the page has let the call through.
pub(crate) struct Asked {
    network: Arc<dyn Network>,
}

impl Asked {
    /// Judges a call of which this is so.
    pub(crate) fn new(dialect: &'static Dialect, page: &'static Page, facts: Facts) -> Result<Asked, Said> {
        let mut call = Call::of_process(dialect, page);
        call.facts |= facts;
        call.judge()?;
        Ok(Asked { network: Arc::clone(call.process()?.network()) })
    }

    pub(crate) fn names(&self) -> &dyn Names {
        self.network.names()
    }

    /// The addresses of a host.
    pub(crate) fn host(&self, name: &str, families: Families) -> Result<HostEntry, NameFailure> {
        self.names().host(name, families, &Cancel::new())
    }

    /// The host with an address.
    pub(crate) fn host_of(&self, address: IpAddr) -> Result<HostEntry, NameFailure> {
        self.names().host_of(address, &Cancel::new())
    }

    /// The service that a text names.
    pub(crate) fn service(&self, name: &Text, protocol: &Text) -> Result<Service, NameFailure> {
        let name = name.get().ok_or(NameFailure::NoAddress)?;
        self.names().service_named(name, protocol.get()).ok_or(NameFailure::NoAddress)
    }

    /// The service at a port.
    pub(crate) fn service_at(&self, port: u16, protocol: &Text) -> Result<Service, NameFailure> {
        self.names().service_at(port, protocol.get()).ok_or(NameFailure::NoAddress)
    }

    /// The protocol that a text names.
    pub(crate) fn protocol(&self, name: &Text) -> Result<Protocol, NameFailure> {
        let name = name.get().ok_or(NameFailure::NoAddress)?;
        self.names().protocol_named(name).ok_or(NameFailure::NoAddress)
    }

    /// The protocol of a number.
    pub(crate) fn protocol_numbered(&self, number: i32) -> Result<Protocol, NameFailure> {
        self.names().protocol_numbered(number).ok_or(NameFailure::NoAddress)
    }
}

/// What a dialect says of something that the network does not know, in one of its words.
pub(crate) fn say(dialect: &'static Dialect, page: &'static Page, word: Word, failure: NameFailure) -> Said {
    let reason = Failure::said(Outcome::Other, failure.to_string());
    Said::new(dialect, page.call, word, page.rules[page.rules.len() - 1].source, Some(reason))
}

/// The host at an address that a caller has in memory: four or sixteen octets.
pub(crate) fn address_at(pointer: Pointer<'_>, octets: usize) -> Option<IpAddr> {
    if octets == INET_OCTETS {
        let mut address = [0; INET_OCTETS];
        pointer.read(0, &mut address).ok()?;
        return Some(address.into());
    }
    let mut address = [0; INET6_OCTETS];
    pointer.read(0, &mut address).ok()?;
    Some(address.into())
}

/// Writes a text with its zero, in characters of so many octets; false where there is no room for it, or no memory.
pub(crate) fn write_text(text: &str, into: &mut PointerMut<'_>, room: usize, unit: Unit) -> bool {
    let octets: Vec<u8> = match unit {
        Unit::Narrow => text.bytes().chain([0]).collect(),
        Unit::Wide => text.chars().chain(['\0']).flat_map(|one| u32::from(one).to_ne_bytes()).collect(),
    };
    octets.len() / unit as usize <= room && into.write(0, &octets).is_ok()
}

/// The size of a character; unit: octets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// One octet.
    Narrow = 1,
    /// A wide character, which has 32 bits here.
    Wide = 4,
}
