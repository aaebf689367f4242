//! Names of hosts, services and protocols, as a network knows them.
//!
//! [`Names`] is what a [`Network`](crate::Network) is asked: addresses of a name, the name of an address, the host's own name, and the two small
//! tables of ports and protocols, which every network has ([`Service::well_known`]). A question may take long, and a network that asks a
//! server waits as its sockets do; a [`Cancel`] takes it back. What goes wrong is one of a few things in words of no system, and a dialect has
//! its numbers for them.
//!
//! Who asks servers itself does it with a [`Resolver`]; [`Hosts`] and [`server_addresses`] read the two files that tell it where.

mod hosts;
mod resolver;
mod table;

use core::fmt;
use core::net::IpAddr;

pub use hosts::{Hosts, NAME_SERVERS_MAX, server_addresses};
pub use resolver::{Asking, CANONICAL_STEPS_MAX, HOST_ADDRESSES_MAX, NAME_ANSWER_OCTETS_MAX, RESOLVER_TRIES, Resolver};

use crate::cancel::Cancel;

/// Of which families addresses are asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Families {
    /// IPv4 alone.
    V4,
    /// IPv6 alone.
    V6,
    /// Whatever there is.
    Both,
}

/// A host as it is known by name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HostEntry {
    /// Its canonical name.
    pub name: String,
    /// Other names of it that were learnt with the answer.
    pub aliases: Vec<String>,
    /// Its addresses, the one to try first at the front.
    pub addresses: Vec<IpAddr>,
}

/// Why a question about a name has no answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NameFailure {
    /// Nothing has the name.
    NotFound,
    /// The name is there, and has nothing of what was asked.
    NoAddress,
    /// Nobody could say; it may be otherwise later.
    TryAgain,
    /// Nobody will say: whoever was asked does not do such things.
    NoRecovery,
    /// The question was taken back.
    Cancelled,
}

/// A service and its port.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Its other names.
    pub aliases: Vec<String>,
    /// Its port.
    pub port: u16,
    /// The name of its protocol.
    pub protocol: String,
}

/// A protocol and its number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Protocol {
    /// Its name.
    pub name: String,
    /// Its other names.
    pub aliases: Vec<String>,
    /// Its number.
    pub number: i32,
}

/// What a network knows by name.
pub trait Names: Send + Sync {
    /// The addresses of a host.
    ///
    /// # Errors
    /// When there are none, or nobody says.
    fn host(&self, name: &str, families: Families, cancel: &Cancel) -> Result<HostEntry, NameFailure>;

    /// The host with an address.
    ///
    /// # Errors
    /// When nobody knows its name.
    fn host_of(&self, address: IpAddr, cancel: &Cancel) -> Result<HostEntry, NameFailure>;

    /// What this host is called.
    fn own_name(&self) -> String;

    /// A service by its name or another name of it; without a protocol, by whichever has it first.
    fn service_named(&self, name: &str, protocol: Option<&str>) -> Option<Service> {
        Service::well_known(|one| one.is_called(name) && one.is_of(protocol))
    }

    /// A service by its port.
    fn service_at(&self, port: u16, protocol: Option<&str>) -> Option<Service> {
        Service::well_known(|one| one.port == port && one.is_of(protocol))
    }

    /// A protocol by its name or another name of it.
    fn protocol_named(&self, name: &str) -> Option<Protocol> {
        Protocol::well_known(|one| one.is_called(name))
    }

    /// A protocol by its number.
    fn protocol_numbered(&self, number: i32) -> Option<Protocol> {
        Protocol::well_known(|one| one.number == number)
    }
}

/// The names of a network on which nobody knows any host; numbers and well-known services are there all the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct NoNames;

impl Names for NoNames {
    fn host(&self, name: &str, families: Families, _cancel: &Cancel) -> Result<HostEntry, NameFailure> {
        HostEntry::known_everywhere(name, families).unwrap_or(Err(NameFailure::NotFound))
    }

    fn host_of(&self, _address: IpAddr, _cancel: &Cancel) -> Result<HostEntry, NameFailure> {
        Err(NameFailure::NotFound)
    }

    fn own_name(&self) -> String {
        LOCALHOST.to_owned()
    }
}

/// The name that is this host wherever one is (RFC 6761, section 6.3).
pub(crate) const LOCALHOST: &str = "localhost";

impl HostEntry {
    /// The answer to a question that nobody needs to be asked: an address in digits, or the loopback by its name. `None`: it is none
    /// of them.
    pub fn known_everywhere(name: &str, families: Families) -> Option<Result<HostEntry, NameFailure>> {
        if let Ok(address) = name.parse::<IpAddr>() {
            let entry = HostEntry { name: name.to_owned(), aliases: Vec::new(), addresses: vec![address] };
            return Some(if families.have(address) { Ok(entry) } else { Err(NameFailure::NoAddress) });
        }
        let plain = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        if plain != LOCALHOST && !plain.ends_with(".localhost") {
            return None;
        }
        let loopbacks = [IpAddr::from(core::net::Ipv6Addr::LOCALHOST), core::net::Ipv4Addr::LOCALHOST.into()];
        let addresses = loopbacks.into_iter().filter(|one| families.have(*one)).collect();
        Some(Ok(HostEntry { name: plain, aliases: Vec::new(), addresses }))
    }
}

impl Families {
    /// Whether an address is of them.
    pub fn have(self, address: IpAddr) -> bool {
        match self {
            Families::V4 => address.is_ipv4(),
            Families::V6 => address.is_ipv6(),
            Families::Both => true,
        }
    }
}

impl Service {
    /// The first of the services that every host knows for which this holds.
    pub fn well_known(is_it: impl Fn(&Service) -> bool) -> Option<Service> {
        table::services().find(is_it)
    }

    /// Whether it has a name.
    pub fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.iter().any(|alias| alias == name)
    }

    /// Whether it is carried by a protocol; no protocol is any.
    pub fn is_of(&self, protocol: Option<&str>) -> bool {
        protocol.is_none_or(|protocol| self.protocol == protocol)
    }
}

impl Protocol {
    /// The first of the protocols that every host knows for which this holds.
    pub fn well_known(is_it: impl Fn(&Protocol) -> bool) -> Option<Protocol> {
        table::protocols().find(is_it)
    }

    /// Whether it has a name.
    pub fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.iter().any(|alias| alias == name)
    }
}

impl fmt::Display for NameFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NameFailure::NotFound => "no host has the name",
            NameFailure::NoAddress => "the name has nothing of what was asked",
            NameFailure::TryAgain => "no name server has said anything for now",
            NameFailure::NoRecovery => "the name servers do not answer such questions",
            NameFailure::Cancelled => "cancelled",
        })
    }
}

impl std::error::Error for NameFailure {}
