//! getaddrinfo: from a host and a service to addresses that a socket can be opened with.
//!
//! What is asked for is checked in the order of the documents, flags first; then the service becomes a port and the host addresses. A
//! system that numbers things otherwise, or that answers once for each type of socket instead of once, says so in [`Manner`].

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

use synsent_sockets::Name;
use synsent_sockets::names::{Families, HostEntry, NameFailure};

use super::{Asked, Text};
use crate::dialect::Dialect;
use crate::inet;
use crate::page::{Fact, Page};
use crate::process::Said;

/// What the caller of getaddrinfo wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Hints {
    /// `ai_flags`.
    pub flags: i32,
    /// `ai_family`.
    pub family: i32,
    /// `ai_socktype`.
    pub socktype: i32,
    /// `ai_protocol`.
    pub protocol: i32,
    /// Whether one of the other members is not zero.
    pub has_more: bool,
}

/// A row of the answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AddressInfo {
    /// `ai_flags`.
    pub flags: i32,
    /// `ai_family`.
    pub family: i32,
    /// `ai_socktype`.
    pub socktype: i32,
    /// `ai_protocol`.
    pub protocol: i32,
    /// `ai_canonname`, on the first row where it was asked for.
    pub canonical: Option<String>,
    /// `ai_addr`, octet by octet.
    pub name: Vec<u8>,
    /// The same as an address.
    pub address: SocketAddr,
}

/// What can be wrong, in words of no system.
#[derive(Clone, Debug)]
pub(crate) enum Wrong {
    Page(Box<Said>),
    Flags,
    Family,
    SocketType,
    Service,
    /// Members of the hints that are to be zero are not.
    Hints,
    /// Neither a host nor a service.
    Nothing,
    Host(NameFailure),
    /// The room for the answer is too small.
    Room,
}

/// The numbers and ways of a system's getaddrinfo.
#[derive(Debug)]
pub(crate) struct Manner {
    pub(crate) dialect: &'static Dialect,
    pub(crate) page: &'static Page,
    pub(crate) passive: i32,
    pub(crate) canonname: i32,
    pub(crate) numerichost: i32,
    pub(crate) numericserv: i32,
    pub(crate) v4mapped: i32,
    pub(crate) all: i32,
    /// Flags that are taken and change nothing.
    pub(crate) others: i32,
    /// The types of sockets that there are: each with its protocol, and the name of that.
    pub(crate) types: &'static [(i32, i32, &'static str)],
    /// A type that any protocol goes with.
    pub(crate) raw: i32,
    /// Whether who asks for no type gets a row for each; else one row, with zeroes.
    pub(crate) row_for_each_type: bool,
    /// Whether members of the hints that are to be zero are looked at.
    pub(crate) looks_at_more: bool,
}

/// A type of socket in the answer, and its port.
#[derive(Clone, Copy)]
struct Kind {
    socktype: i32,
    protocol: i32,
    port: u16,
}

impl Manner {
    /// The rows for a host and a service.
    pub(crate) fn ask(&self, host: &Text, service: &Text, hints: Hints) -> Result<Vec<AddressInfo>, Wrong> {
        let facts = Fact::UnreadableName.when([host, service].contains(&&Text::Unreadable));
        let asked = Asked::new(self.dialect, self.page, facts).map_err(|said| Wrong::Page(Box::new(said)))?;
        let families = self.check(host, service, hints)?;
        let kinds = self.kinds(&asked, service, hints)?;
        let entry = self.addresses(&asked, host, hints, families)?;
        let mut rows = Vec::new();
        for (address, scope) in &entry.1 {
            for kind in &kinds {
                let canonical = (rows.is_empty() && hints.flags & self.canonname != 0).then(|| entry.0.clone());
                rows.push(self.row(hints, *kind, *address, *scope, canonical));
            }
        }
        Ok(rows)
    }

    /// Whether it can be asked like this, and for which families.
    fn check(&self, host: &Text, service: &Text, hints: Hints) -> Result<Families, Wrong> {
        let known = self.passive | self.canonname | self.numerichost | self.numericserv | self.v4mapped | self.all;
        if *host == Text::Null && *service == Text::Null {
            return Err(Wrong::Nothing);
        }
        if self.looks_at_more && hints.has_more {
            return Err(Wrong::Hints);
        }
        if hints.flags & !(known | self.others) != 0 || (hints.flags & self.canonname != 0 && *host == Text::Null) {
            return Err(Wrong::Flags);
        }
        let names = &self.dialect.names;
        match u16::try_from(hints.family) {
            Ok(family) if family == names.unspecified => Ok(Families::Both),
            Ok(family) if family == names.inet4 => Ok(Families::V4),
            Ok(family) if Some(family) == names.inet6 => Ok(Families::V6),
            _ => Err(Wrong::Family),
        }
    }

    /// The types of sockets that the answer is about, with the port of the service.
    fn kinds(&self, asked: &Asked, service: &Text, hints: Hints) -> Result<Vec<Kind>, Wrong> {
        let suits = |row: &&(i32, i32, &str)| {
            (hints.socktype == 0 || hints.socktype == row.0) && (hints.protocol == 0 || hints.protocol == row.1)
        };
        let types: Vec<_> = self.types.iter().filter(suits).collect();
        let is_raw = hints.socktype == self.raw;
        if types.is_empty() && !is_raw {
            return Err(Wrong::SocketType);
        }
        let port = |protocol: Option<&str>| match service {
            Text::Null => Some(0),
            Text::Is(text) if text.is_empty() => Some(0),
            Text::Is(text) => match text.parse::<u16>() {
                Ok(port) if text.bytes().all(|digit| digit.is_ascii_digit()) => Some(port),
                _ if hints.flags & self.numericserv != 0 => None,
                _ => asked.names().service_named(text, protocol).map(|service| service.port),
            },
            Text::Unreadable | Text::TooLong => None,
        };
        let kinds: Vec<Kind> = if is_raw {
            let port = port(None).filter(|_| is_numeric(service)).ok_or(Wrong::Service)?;
            vec![Kind { socktype: hints.socktype, protocol: hints.protocol, port }]
        } else if self.row_for_each_type {
            let kind =
                |row: &&(i32, i32, &str)| Some(Kind { socktype: row.0, protocol: row.1, port: port(Some(row.2))? });
            types.iter().filter_map(kind).collect()
        } else {
            let only = types.first().filter(|_| types.len() == 1);
            let socktype = only.map_or(hints.socktype, |row| row.0);
            let found = types.iter().find_map(|row| port(Some(row.2)));
            found.map(|port| Kind { socktype, protocol: hints.protocol, port }).into_iter().collect()
        };
        if kinds.is_empty() { Err(Wrong::Service) } else { Ok(kinds) }
    }

    /// The canonical name of the host, and its addresses with their scopes.
    fn addresses(
        &self,
        asked: &Asked,
        host: &Text,
        hints: Hints,
        families: Families,
    ) -> Result<(String, Vec<(IpAddr, u32)>), Wrong> {
        let text = match host {
            Text::Null => return Ok((String::new(), self.nobody(hints, families))),
            Text::Is(text) => text,
            Text::Unreadable | Text::TooLong => return Err(Wrong::Host(NameFailure::NotFound)),
        };
        if let Some((address, scope)) = numeric(text) {
            let mapped = self.mapped(hints, families, &address);
            return match mapped.unwrap_or(address) {
                address if families.have(address) => Ok((text.clone(), vec![(address, scope)])),
                _ => Err(Wrong::Host(NameFailure::NotFound)),
            };
        }
        if hints.flags & self.numerichost != 0 {
            return Err(Wrong::Host(NameFailure::NotFound));
        }
        let entry = self.resolve(asked, text, hints, families).map_err(Wrong::Host)?;
        Ok((entry.name, entry.addresses.into_iter().map(|address| (address, 0)).collect()))
    }

    /// Addresses where no host is named: to listen on all, or the loopback.
    fn nobody(&self, hints: Hints, families: Families) -> Vec<(IpAddr, u32)> {
        let both: [IpAddr; 2] = if hints.flags & self.passive != 0 {
            [Ipv6Addr::UNSPECIFIED.into(), Ipv4Addr::UNSPECIFIED.into()]
        } else {
            [Ipv6Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into()]
        };
        both.into_iter().filter(|one| families.have(*one)).map(|one| (one, 0)).collect()
    }

    /// Asks for a host by name; addresses of IPv4 stand as those of IPv6 where that was asked for.
    fn resolve(&self, asked: &Asked, name: &str, hints: Hints, families: Families) -> Result<HostEntry, NameFailure> {
        let maps = families == Families::V6 && hints.flags & self.v4mapped != 0;
        let all = maps && hints.flags & self.all != 0;
        let six = asked.host(name, families);
        if !maps || (six.is_ok() && !all) {
            return six;
        }
        let four = asked.host(name, Families::V4).map(|mut entry| {
            for address in &mut entry.addresses {
                if let IpAddr::V4(four) = address {
                    *address = four.to_ipv6_mapped().into();
                }
            }
            entry
        });
        match (six, four) {
            (Ok(mut six), Ok(four)) => {
                six.addresses.extend(four.addresses);
                Ok(six)
            }
            (Ok(entry), Err(_)) | (Err(_), Ok(entry)) => Ok(entry),
            (Err(failure), Err(_)) => Err(failure),
        }
    }

    fn mapped(&self, hints: Hints, families: Families, address: &IpAddr) -> Option<IpAddr> {
        match address {
            IpAddr::V4(four) if families == Families::V6 && hints.flags & self.v4mapped != 0 => {
                Some(four.to_ipv6_mapped().into())
            }
            _ => None,
        }
    }

    fn row(&self, hints: Hints, kind: Kind, address: IpAddr, scope: u32, canonical: Option<String>) -> AddressInfo {
        let address = match address {
            IpAddr::V4(_) => SocketAddr::new(address, kind.port),
            IpAddr::V6(address) => SocketAddr::V6(SocketAddrV6::new(address, kind.port, 0, scope)),
        };
        let name = Name::Inet(address);
        AddressInfo {
            flags: hints.flags & !self.canonname,
            family: self.dialect.names.family(name.domain()).into(),
            socktype: kind.socktype,
            protocol: kind.protocol,
            canonical,
            name: self.dialect.names.encode(&name),
            address,
        }
    }
}

/// Whether a service is named by nothing but its port.
fn is_numeric(service: &Text) -> bool {
    service.get().is_none_or(|text| text.bytes().all(|digit| digit.is_ascii_digit()))
}

/// The address that a text is, and its scope.
fn numeric(text: &str) -> Option<(IpAddr, u32)> {
    if let Some(address) = inet::inet_aton(text).filter(|_| !text.contains(|one: char| one.is_ascii_whitespace())) {
        return Some((Ipv4Addr::from(address).into(), 0));
    }
    match inet::socket_address6(text).filter(|_| !text.starts_with('['))? {
        SocketAddr::V6(address) => Some((IpAddr::V6(*address.ip()), address.scope_id())),
        SocketAddr::V4(_) => None,
    }
}
