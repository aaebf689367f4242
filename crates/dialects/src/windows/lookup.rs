//! The calls about names that both dialects have: hosts, services and protocols. They answer with what was found, or note why not.
//!
//! Whether an address in digits is a host's name is as each document says; what is not found has the codes from 11001 on.

use core::net::{IpAddr, Ipv6Addr};

use synsent_sockets::names::{Families, HostEntry, NameFailure, Protocol, Service};
use synsent_sockets::{Pointer, PointerMut};

use super::last_error;
use super::pages::lookup as pages;
use crate::dialect::Dialect;
use crate::inet::inet_aton;
use crate::lookup::{Asked, INET_OCTETS, INET6_OCTETS, Text, Unit, address_at, say, write_text};
use crate::page::{Fact, Facts, Page};
use crate::process::Said;
use crate::words::Word;

/// The word for what the network does not know.
pub(crate) const fn word(failure: NameFailure) -> Word {
    match failure {
        NameFailure::NotFound => Word::HOSTNOTFOUND,
        NameFailure::NoAddress => Word::NODATA,
        NameFailure::TryAgain => Word::TRYAGAIN,
        NameFailure::NoRecovery => Word::NORECOVERY,
        NameFailure::Cancelled => Word::INTR,
    }
}

/// What gethostbyname makes of an address in digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Digits {
    /// 1.1: gethostbyname does not resolve them; such a request is treated "exactly as if an unknown host name were passed".
    AreNoName,
    /// The page of Winsock 2: "a string representation of a legal IPv4 address" is returned as the address with itself for a name; for
    /// one of IPv6 or "an illegal IPv4 address" there is no data.
    AreTheAddress,
}

impl Digits {
    /// What they come to by themselves; `None`: it is a name that has to be asked for.
    fn answer(self, name: &str) -> Option<Result<HostEntry, NameFailure>> {
        let address = inet_aton(name);
        if self == Digits::AreNoName {
            return address.map(|_| Err(NameFailure::NotFound));
        }
        if let Some(address) = address {
            let addresses = vec![IpAddr::from(address)];
            return Some(Ok(HostEntry { name: name.to_owned(), aliases: Vec::new(), addresses }));
        }
        let numeric = |one: char| one == '.' || one.is_ascii_digit();
        let is_illegal = name.contains(|one: char| one.is_ascii_digit()) && name.chars().all(numeric);
        (is_illegal || name.parse::<Ipv6Addr>().is_ok()).then_some(Err(NameFailure::NoAddress))
    }
}

pub(crate) fn gethostbyname(dialect: &'static Dialect, digits: Digits, name: &Text) -> Option<HostEntry> {
    find(dialect, &pages::GETHOSTBYNAME, name.optional_facts(), |asked| match name {
        // The host itself.
        Text::Null => own(asked),
        Text::Is(name) if name.is_empty() => own(asked),
        Text::Is(name) => digits.answer(name).unwrap_or_else(|| asked.host(name, Families::V4)),
        Text::TooLong | Text::Unreadable => Err(NameFailure::NotFound),
    })
}

fn own(asked: &Asked) -> Result<HostEntry, NameFailure> {
    asked.host(&asked.names().own_name(), Families::V4)
}

pub(crate) fn gethostbyaddr(
    dialect: &'static Dialect,
    address: Pointer<'_>,
    len: i32,
    family: i32,
) -> Option<HostEntry> {
    let names = &dialect.names;
    let needed = match u16::try_from(family) {
        Ok(family) if family == names.inet4 => Some(INET_OCTETS),
        Ok(family) if Some(family) == names.inet6 => Some(INET6_OCTETS),
        _ => None,
    };
    let is_short = needed.is_some_and(|needed| usize::try_from(len).is_ok_and(|len| len < needed) || len < 0);
    let found = needed.filter(|_| !is_short).and_then(|needed| address_at(address, needed));
    let facts = Fact::BadFamily.when(needed.is_none())
        | Fact::NullName.when(address.is_null())
        | Fact::ShortName.when(is_short)
        | Fact::UnreadableName.when(found.is_none());
    find(dialect, &pages::GETHOSTBYADDR, facts, |asked| asked.host_of(found.unwrap_or(IpAddr::from([0; INET_OCTETS]))))
}

pub(crate) fn gethostname(dialect: &'static Dialect, mut name: PointerMut<'_>, len: i32) -> Result<(), Said> {
    let facts = Fact::NullBuffer.when(name.is_null()) | Fact::NegativeLength.when(len < 0);
    let asked = Asked::new(dialect, &pages::GETHOSTNAME, facts)?;
    let room = usize::try_from(len).unwrap_or(0);
    if write_text(&asked.names().own_name(), &mut name, room, Unit::Narrow) {
        return Ok(());
    }
    Asked::new(dialect, &pages::GETHOSTNAME, Fact::BadBuffer.alone()).map(drop)
}

pub(crate) fn getservbyname(dialect: &'static Dialect, name: &Text, protocol: &Text) -> Option<Service> {
    let facts = name.facts() | protocol.optional_facts();
    find(dialect, &pages::GETSERVBYNAME, facts, |asked| asked.service(name, protocol))
}

/// The port stands in the order of the network, in the low half of the number.
pub(crate) fn getservbyport(dialect: &'static Dialect, port: i32, protocol: &Text) -> Option<Service> {
    let port = u16::from_be(port as u16);
    find(dialect, &pages::GETSERVBYPORT, protocol.optional_facts(), |asked| asked.service_at(port, protocol))
}

pub(crate) fn getprotobyname(dialect: &'static Dialect, name: &Text) -> Option<Protocol> {
    find(dialect, &pages::GETPROTOBYNAME, name.facts(), |asked| asked.protocol(name))
}

pub(crate) fn getprotobynumber(dialect: &'static Dialect, number: i32) -> Option<Protocol> {
    find(dialect, &pages::GETPROTOBYNUMBER, Facts::NONE, |asked| asked.protocol_numbered(number))
}

/// Asks, once the page has let the call through; notes why there is no answer.
fn find<T>(
    dialect: &'static Dialect,
    page: &'static Page,
    facts: Facts,
    ask: impl FnOnce(&Asked) -> Result<T, NameFailure>,
) -> Option<T> {
    let found = Asked::new(dialect, page, facts)
        .and_then(|asked| ask(&asked).map_err(|failure| say(dialect, page, word(failure), failure)));
    found.map_err(last_error::note).ok()
}

/// The functions of a dialect of Windows about names.
macro_rules! windows_lookups {
    ($dialect:ident, $digits:ident) => {
        use synsent_sockets::names::{HostEntry, Protocol, Service};

        use $crate::lookup::Text;
        use $crate::windows::lookup;

        /// A host by its name; the null pointer and the empty name are this host. In 1.1 an address in digits is no name; in
        /// Winsock 2 it is its own.
        pub fn gethostbyname(name: impl Into<Text>) -> Option<HostEntry> {
            lookup::gethostbyname(&$dialect, lookup::Digits::$digits, &name.into())
        }

        /// A host by an address of it.
        pub fn gethostbyaddr<'a>(addr: impl Into<Pointer<'a>>, len: i32, type_: i32) -> Option<HostEntry> {
            lookup::gethostbyaddr(&$dialect, addr.into(), len, type_)
        }

        /// The name of this host, with its zero.
        pub fn gethostname<'a>(name: impl Into<PointerMut<'a>>, namelen: i32) -> i32 {
            last_error::zero(lookup::gethostname(&$dialect, name.into(), namelen))
        }

        /// A service by its name; without a protocol the first of that name.
        pub fn getservbyname(name: impl Into<Text>, proto: impl Into<Text>) -> Option<Service> {
            lookup::getservbyname(&$dialect, &name.into(), &proto.into())
        }

        /// A service by its port, which stands in the order of the network.
        pub fn getservbyport(port: i32, proto: impl Into<Text>) -> Option<Service> {
            lookup::getservbyport(&$dialect, port, &proto.into())
        }

        /// A protocol by its name.
        pub fn getprotobyname(name: impl Into<Text>) -> Option<Protocol> {
            lookup::getprotobyname(&$dialect, &name.into())
        }

        /// A protocol by its number.
        pub fn getprotobynumber(number: i32) -> Option<Protocol> {
            lookup::getprotobynumber(&$dialect, number)
        }
    };
}

pub(crate) use windows_lookups;
