//! The calls about names that both dialects have, and what POSIX and RFC 3493 have beyond them.
//!
//! What became of a name is told in `h_errno`, a number of its own beside the error, whose values BSD gave out. The numbers of getaddrinfo
//! and getnameinfo are those of the host's `<netdb.h>`, which ported programs include.

#![allow(missing_docs)]

use core::net::IpAddr;
use std::cell::Cell;

use synsent_sockets::names::{Families, HostEntry, NameFailure};
use synsent_sockets::{Pointer, PointerMut};

use super::constants::*;
use crate::dialect::Dialect;
use crate::inet::inet_aton;
use crate::lookup::addrinfo::{self, Wrong};
use crate::lookup::{Asked, INET_OCTETS, INET6_OCTETS, Text, Unit, address_at, nameinfo, write_text};
use crate::page::{Fact, Facts, Page, rules};
use crate::process::Said;

/// No host has the name.
pub const HOST_NOT_FOUND: i32 = 1;
/// Nobody could say.
pub const TRY_AGAIN: i32 = 2;
/// Nobody will say.
pub const NO_RECOVERY: i32 = 3;
/// The name has no such address.
pub const NO_DATA: i32 = 4;
/// The error itself tells what happened.
pub const NETDB_INTERNAL: i32 = -1;

pub const EAI_BADFLAGS: i32 = -1;
pub const EAI_NONAME: i32 = -2;
pub const EAI_AGAIN: i32 = -3;
pub const EAI_FAIL: i32 = -4;
pub const EAI_NODATA: i32 = -5;
pub const EAI_FAMILY: i32 = -6;
pub const EAI_SOCKTYPE: i32 = -7;
pub const EAI_SERVICE: i32 = -8;
pub const EAI_MEMORY: i32 = -10;
pub const EAI_SYSTEM: i32 = -11;
pub const EAI_OVERFLOW: i32 = -12;

pub const AI_PASSIVE: i32 = 0x01;
pub const AI_CANONNAME: i32 = 0x02;
pub const AI_NUMERICHOST: i32 = 0x04;
pub const AI_V4MAPPED: i32 = 0x08;
pub const AI_ALL: i32 = 0x10;
pub const AI_ADDRCONFIG: i32 = 0x20;
pub const AI_NUMERICSERV: i32 = 0x400;

pub const NI_NUMERICHOST: i32 = 1;
pub const NI_NUMERICSERV: i32 = 2;
pub const NI_NOFQDN: i32 = 4;
pub const NI_NAMEREQD: i32 = 8;
pub const NI_DGRAM: i32 = 16;

/// The room for a text is too small: a number of `<errno.h>` that no call of sockets has.
pub(crate) const ENOSPC: i32 = 28;

const SOCK_RAW: i32 = 3;

thread_local! {
    static H_ERRNO: Cell<i32> = const { Cell::new(0) };
}

/// What became of the last name that this thread asked for.
pub(crate) fn h_errno() -> i32 {
    H_ERRNO.get()
}

/// The page of a call about a name.
pub(crate) const fn page(call: &'static str) -> Page {
    Page {
        call,
        rules: rules! {
            Any NotStarted     => Fail(NETDOWN), "", "there is no network before the system is there";
            Any BadFamily      => Fail(AFNOSUPPORT), "", "POSIX's word for a family that the call does not know";
            Any NullName       => Fail(FAULT), "", "there is nothing to look for";
            Any ShortName      => Fail(INVAL), "", "the length is no length of an address";
            Any UnreadableName => Fail(FAULT), "", "POSIX's word for a pointer that leads nowhere";
            Any NullBuffer     => Fail(FAULT), "", "POSIX's word for a pointer that leads nowhere";
            Any NegativeLength => Fail(INVAL), "", "there is no such room";
            Any BadBuffer      => Fail(FAULT), "", "POSIX's word for a pointer that leads nowhere";
            Any Always         => Proceed, "", "the call as BSD and POSIX have it";
        },
        answers: &[],
    }
}

/// The page of getaddrinfo and getnameinfo.
const INFO_PAGE: &Page = &page("getaddrinfo");
const GETHOSTBYNAME: &Page = &page("gethostbyname");
const GETHOSTBYADDR: &Page = &page("gethostbyaddr");
const GETHOSTNAME: &Page = &page("gethostname");
pub(crate) const TABLES: &Page = &page("getservbyname");

/// The number for what the network does not know.
pub(crate) const fn h_number(failure: NameFailure) -> i32 {
    match failure {
        NameFailure::NotFound => HOST_NOT_FOUND,
        NameFailure::NoAddress => NO_DATA,
        NameFailure::TryAgain | NameFailure::Cancelled => TRY_AGAIN,
        NameFailure::NoRecovery => NO_RECOVERY,
    }
}

/// A host by its name, of these families.
pub(crate) fn host(dialect: &'static Dialect, name: &Text, families: Families) -> Result<HostEntry, Unknown> {
    let asked = Asked::new(dialect, GETHOSTBYNAME, name.facts())?;
    let text = name.get().ok_or(Unknown::Name(NameFailure::NotFound))?;
    if families == Families::V4
        && let Some(address) = inet_aton(text)
    {
        let name = text.to_owned();
        return Ok(HostEntry { name, aliases: Vec::new(), addresses: vec![address.into()] });
    }
    Ok(asked.host(text, families)?)
}

/// A host by an address of it.
pub(crate) fn host_at(
    dialect: &'static Dialect,
    address: Pointer<'_>,
    len: i32,
    family: i32,
) -> Result<HostEntry, Unknown> {
    let needed = match family {
        AF_INET => Some(INET_OCTETS),
        AF_INET6 => Some(INET6_OCTETS),
        _ => None,
    };
    let fits = needed.is_none_or(|needed| usize::try_from(len) == Ok(needed));
    let found: Option<IpAddr> = needed.filter(|_| fits).and_then(|needed| address_at(address, needed));
    let facts = Fact::BadFamily.when(needed.is_none())
        | Fact::NullName.when(address.is_null())
        | Fact::ShortName.when(!fits)
        | Fact::UnreadableName.when(found.is_none());
    let asked = Asked::new(dialect, GETHOSTBYADDR, facts)?;
    Ok(asked.host_of(found.unwrap_or(IpAddr::from([0; INET_OCTETS])))?)
}

/// The name of this host, cut off where the room ends, as POSIX allows.
pub(crate) fn own_name(dialect: &'static Dialect, mut into: PointerMut<'_>, room: usize) -> Result<(), Said> {
    let asked = Asked::new(dialect, GETHOSTNAME, Fact::NullBuffer.when(into.is_null()))?;
    let name = asked.names().own_name();
    let octets: Vec<u8> = name.bytes().chain([0]).take(room).collect();
    if into.write(0, &octets).is_ok() {
        return Ok(());
    }
    Asked::new(dialect, GETHOSTNAME, Fact::BadBuffer.alone()).map(drop)
}

/// How a dialect of POSIX answers getaddrinfo.
pub(crate) const fn infos(dialect: &'static Dialect) -> addrinfo::Manner {
    addrinfo::Manner {
        dialect,
        page: INFO_PAGE,
        passive: AI_PASSIVE,
        canonname: AI_CANONNAME,
        numerichost: AI_NUMERICHOST,
        numericserv: AI_NUMERICSERV,
        v4mapped: AI_V4MAPPED,
        all: AI_ALL,
        others: AI_ADDRCONFIG,
        types: &[(SOCK_STREAM, IPPROTO_TCP, "tcp"), (SOCK_DGRAM, IPPROTO_UDP, "udp")],
        raw: SOCK_RAW,
        row_for_each_type: true,
        looks_at_more: false,
    }
}

/// How a dialect of POSIX answers getnameinfo.
pub(crate) const fn names(dialect: &'static Dialect) -> nameinfo::Manner {
    nameinfo::Manner {
        dialect,
        page: INFO_PAGE,
        nofqdn: NI_NOFQDN,
        numerichost: NI_NUMERICHOST,
        namereqd: NI_NAMEREQD,
        numericserv: NI_NUMERICSERV,
        dgram: NI_DGRAM,
    }
}

/// Writes what getnameinfo found; false where there is too little room.
pub(crate) fn write_names(told: [(Option<String>, PointerMut<'_>, usize); 2]) -> bool {
    told.into_iter().all(|(text, mut into, room)| match text {
        Some(text) => write_text(&text, &mut into, room, Unit::Narrow),
        None => true,
    })
}

/// The code of getaddrinfo for what is wrong, and what is to be noted beside it.
pub(crate) fn info_code(wrong: Wrong) -> (i32, Option<Said>) {
    let code = match wrong {
        Wrong::Page(said) => return (EAI_SYSTEM, Some(*said)),
        Wrong::Flags | Wrong::Hints => EAI_BADFLAGS,
        Wrong::Family => EAI_FAMILY,
        Wrong::SocketType => EAI_SOCKTYPE,
        Wrong::Service => EAI_SERVICE,
        Wrong::Room => EAI_OVERFLOW,
        Wrong::Nothing | Wrong::Host(NameFailure::NotFound) => EAI_NONAME,
        Wrong::Host(NameFailure::NoAddress) => EAI_NODATA,
        Wrong::Host(NameFailure::TryAgain | NameFailure::Cancelled) => EAI_AGAIN,
        Wrong::Host(NameFailure::NoRecovery) => EAI_FAIL,
    };
    (code, None)
}

/// The text of a code of getaddrinfo.
pub(crate) const fn info_text(code: i32) -> &'static str {
    match code {
        0 => "no error",
        EAI_BADFLAGS => "a flag has no meaning",
        EAI_NONAME => "no such host or service",
        EAI_AGAIN => "no name server has answered for now",
        EAI_FAIL => "the name servers do not answer such questions",
        EAI_NODATA => "the host has no address of this kind",
        EAI_FAMILY => "the family is not there",
        EAI_SOCKTYPE => "the type of socket is not there",
        EAI_SERVICE => "the service is not known for this type of socket",
        EAI_MEMORY => "there is no more memory",
        EAI_SYSTEM => "an error of the system",
        EAI_OVERFLOW => "the room is too small",
        _ => "an unknown error",
    }
}

/// Why a name is not known.
pub(crate) enum Unknown {
    /// The page spoke against the call.
    Said(Box<Said>),
    /// The network does not know, or does not say.
    Name(NameFailure),
}

impl From<Said> for Unknown {
    fn from(said: Said) -> Unknown {
        Unknown::Said(Box::new(said))
    }
}

impl From<NameFailure> for Unknown {
    fn from(failure: NameFailure) -> Unknown {
        Unknown::Name(failure)
    }
}

/// Notes why a name is not known; answers with what is to be told as an error beside it.
pub(crate) fn note(unknown: Unknown) -> Option<Said> {
    match unknown {
        Unknown::Said(said) => {
            H_ERRNO.set(NETDB_INTERNAL);
            Some(*said)
        }
        Unknown::Name(failure) => {
            H_ERRNO.set(h_number(failure));
            None
        }
    }
}

/// What is wrong with a text that is needed and one that may be null.
pub(crate) fn facts_of(texts: [&Text; 2]) -> Facts {
    texts[0].facts() | texts[1].optional_facts()
}

/// What a dialect's functions about names are, for those that both have.
macro_rules! posix_lookups {
    ($dialect:ident) => {
        use synsent_sockets::names::{Families, HostEntry, Protocol, Service};

        use $crate::lookup::{Asked, Text};
        use $crate::posix::lookup;

        /// What became of the last name that this thread asked for.
        pub fn h_errno() -> i32 {
            lookup::h_errno()
        }

        /// A host by its name, or by an address in digits.
        pub fn gethostbyname(name: impl Into<Text>) -> Option<HostEntry> {
            known(lookup::host(&$dialect, &name.into(), Families::V4))
        }

        /// A host by an address of it.
        pub fn gethostbyaddr<'a>(addr: impl Into<Pointer<'a>>, len: i32, type_: i32) -> Option<HostEntry> {
            known(lookup::host_at(&$dialect, addr.into(), len, type_))
        }

        /// The name of this host, cut off where the room ends.
        pub fn gethostname<'a>(name: impl Into<PointerMut<'a>>, namelen: usize) -> i32 {
            zero(lookup::own_name(&$dialect, name.into(), namelen))
        }

        /// A service by its name; without a protocol the first of that name.
        pub fn getservbyname(name: impl Into<Text>, proto: impl Into<Text>) -> Option<Service> {
            let (name, proto) = (name.into(), proto.into());
            row(lookup::facts_of([&name, &proto]), |asked| asked.service(&name, &proto).ok())
        }

        /// A service by its port, which stands in the order of the network.
        pub fn getservbyport(port: i32, proto: impl Into<Text>) -> Option<Service> {
            let (port, proto) = (u16::from_be(port as u16), proto.into());
            row(lookup::facts_of([&Text::from(""), &proto]), |asked| asked.service_at(port, &proto).ok())
        }

        /// A protocol by its name.
        pub fn getprotobyname(name: impl Into<Text>) -> Option<Protocol> {
            let name = name.into();
            row(lookup::facts_of([&name, &name]), |asked| asked.protocol(&name).ok())
        }

        /// A protocol by its number.
        pub fn getprotobynumber(number: i32) -> Option<Protocol> {
            row($crate::page::Facts::NONE, |asked| asked.protocol_numbered(number).ok())
        }

        fn known<T>(found: Result<T, lookup::Unknown>) -> Option<T> {
            found
                .map_err(|unknown| {
                    if let Some(said) = lookup::note(unknown) {
                        tell(&said);
                    }
                })
                .ok()
        }

        fn row<T>(facts: $crate::page::Facts, of: impl FnOnce(&Asked) -> Option<T>) -> Option<T> {
            let asked = Asked::new(&$dialect, lookup::TABLES, facts).inspect_err(tell).ok()?;
            of(&asked)
        }
    };
}

pub(crate) use posix_lookups;
