//! The calls about names and addresses that SOCKETS(POSIX) has beyond BSD's: those of RFC 2553 and RFC 3493.

use synsent_sockets::names::{Families, HostEntry};
use synsent_sockets::{Pointer, PointerMut};

use super::BS2000;
use super::calls::set_errno;
use crate::inet;
use crate::lookup::addrinfo::{Manner, Wrong};
use crate::lookup::{AddressInfo, Hints, Text, Unit, Wanted, nameinfo, write_text};
use crate::posix::constants::{AF_INET, AF_INET6};
use crate::posix::lookup::{self, ENOSPC, Unknown};
pub use crate::posix::lookup::{
    AI_ADDRCONFIG, AI_ALL, AI_CANONNAME, AI_NUMERICHOST, AI_NUMERICSERV, AI_PASSIVE, AI_V4MAPPED, EAI_AGAIN,
    EAI_BADFLAGS, EAI_FAIL, EAI_FAMILY, EAI_MEMORY, EAI_NODATA, EAI_NONAME, EAI_OVERFLOW, EAI_SERVICE, EAI_SOCKTYPE,
    EAI_SYSTEM, HOST_NOT_FOUND, NETDB_INTERNAL, NI_DGRAM, NI_NAMEREQD, NI_NOFQDN, NI_NUMERICHOST, NI_NUMERICSERV,
    NO_DATA, NO_RECOVERY, TRY_AGAIN,
};
use crate::words::Word;

const INFOS: Manner = lookup::infos(&BS2000);
const NAMES: nameinfo::Manner = lookup::names(&BS2000);

/// Addresses for a host and a service, one for each type of socket.
///
/// # Errors
/// The code, one of those that begin with `EAI_`.
pub fn getaddrinfo(
    node: impl Into<Text>,
    service: impl Into<Text>,
    hints: Option<&Hints>,
) -> Result<Vec<AddressInfo>, i32> {
    // Who gives no hints gets what these stand for, says POSIX.
    let hints = hints.copied().unwrap_or(Hints { flags: AI_V4MAPPED | AI_ADDRCONFIG, ..Hints::default() });
    INFOS.ask(&node.into(), &service.into(), hints).map_err(code)
}

/// Names for an address and a port. Room that is null or nothing is for what is not wanted.
pub fn getnameinfo<'a>(
    sa: impl Into<Pointer<'a>>,
    salen: i32,
    (host, hostlen): (PointerMut<'_>, usize),
    (serv, servlen): (PointerMut<'_>, usize),
    flags: i32,
) -> i32 {
    let is_wanted = |into: &PointerMut<'_>, room| !into.is_null() && room > 0;
    let wanted = Wanted { host: is_wanted(&host, hostlen), service: is_wanted(&serv, servlen), flags };
    let told = NAMES.ask(sa.into(), salen, wanted).and_then(|(host_name, service_name)| {
        let written = lookup::write_names([(host_name, host, hostlen), (service_name, serv, servlen)]);
        if written { Ok(()) } else { Err(Wrong::Room) }
    });
    told.map_or_else(code, |()| 0)
}

/// The text of a code of getaddrinfo and getnameinfo.
pub fn gai_strerror(code: i32) -> &'static str {
    lookup::info_text(code)
}

/// A host by its name, of a family, as flags say.
///
/// # Errors
/// The number for it, as in `h_errno`.
pub fn getipnodebyname(name: impl Into<Text>, family: i32, flags: i32) -> Result<HostEntry, i32> {
    let name = name.into();
    let families = match family {
        AF_INET => Families::V4,
        AF_INET6 => Families::V6,
        _ => return Err(NO_RECOVERY),
    };
    let (six, mapped) = (families == Families::V6, flags & AI_V4MAPPED != 0);
    let first = lookup::host(&BS2000, &name, families);
    if !(six && mapped && (first.is_err() || flags & AI_ALL != 0)) {
        return first.map_err(number);
    }
    let four = lookup::host(&BS2000, &name, Families::V4).map(|mut entry| {
        for address in &mut entry.addresses {
            if let core::net::IpAddr::V4(four) = address {
                *address = four.to_ipv6_mapped().into();
            }
        }
        entry
    });
    match (first, four) {
        (Ok(mut entry), Ok(four)) => {
            entry.addresses.extend(four.addresses);
            Ok(entry)
        }
        (Ok(entry), Err(_)) | (Err(_), Ok(entry)) => Ok(entry),
        (Err(unknown), Err(_)) => Err(number(unknown)),
    }
}

/// A host by an address of it.
///
/// # Errors
/// The number for it, as in `h_errno`.
pub fn getipnodebyaddr<'a>(addr: impl Into<Pointer<'a>>, len: i32, family: i32) -> Result<HostEntry, i32> {
    lookup::host_at(&BS2000, addr.into(), len, family).map_err(number)
}

/// The octets of an address in a text: 1; 0 where the text is none; -1 for other families.
pub fn inet_pton<'a>(family: i32, text: impl Into<Text>, into: impl Into<PointerMut<'a>>) -> i32 {
    let (text, mut into) = (text.into(), into.into());
    let octets = match (family, &text) {
        (AF_INET | AF_INET6, Text::Null | Text::Unreadable) => return error(Word::FAULT),
        (AF_INET, text) => text.get().and_then(inet::inet_pton4).map(|octets| octets.to_vec()),
        (AF_INET6, text) => text.get().and_then(inet::inet_pton6).map(|octets| octets.to_vec()),
        _ => return error(Word::AFNOSUPPORT),
    };
    match octets {
        None => 0,
        Some(octets) if into.write(0, &octets).is_ok() => 1,
        Some(_) => error(Word::FAULT),
    }
}

/// The text of an address into this much room; false, and the error, where there is no such address or too little room.
pub fn inet_ntop<'a>(
    family: i32,
    address: impl Into<Pointer<'a>>,
    into: impl Into<PointerMut<'a>>,
    room: usize,
) -> bool {
    let (address, mut into) = (address.into(), into.into());
    let text = match family {
        AF_INET => read(address).map(inet::inet_ntop4),
        AF_INET6 => read(address).map(inet::inet_ntop6),
        _ => {
            error(Word::AFNOSUPPORT);
            return false;
        }
    };
    match text {
        Some(text) if !into.is_null() && text.len() < room => {
            let written = write_text(&text, &mut into, room, Unit::Narrow);
            if !written {
                error(Word::FAULT);
            }
            written
        }
        Some(_) if !into.is_null() => {
            set_errno(ENOSPC);
            false
        }
        _ => {
            error(Word::FAULT);
            false
        }
    }
}

fn read<const OCTETS: usize>(pointer: Pointer<'_>) -> Option<[u8; OCTETS]> {
    let mut octets = [0; OCTETS];
    pointer.read(0, &mut octets).ok()?;
    Some(octets)
}

fn error(word: Word) -> i32 {
    set_errno(BS2000.number(word));
    -1
}

fn number(unknown: Unknown) -> i32 {
    match unknown {
        Unknown::Said(said) => {
            set_errno(said.number);
            said.keep();
            NO_RECOVERY
        }
        Unknown::Name(failure) => lookup::h_number(failure),
    }
}

fn code(wrong: Wrong) -> i32 {
    let (code, said) = lookup::info_code(wrong);
    if let Some(said) = said {
        set_errno(said.number);
        said.keep();
    }
    code
}
