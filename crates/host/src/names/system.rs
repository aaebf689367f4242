//! What the C library knows: hosts as the machine finds them, its own name, services and protocols.
//!
//! Everything is copied out of what the library answers, and its functions are those that any thread may call at any time. Where the
//! machine has no file of services or protocols, the well-known ones are there all the same.

use std::ffi::{CStr, CString, c_char, c_int};
use std::mem::MaybeUninit;
use std::net::IpAddr;
use std::ptr;

use synsent_sockets::Cancel;
use synsent_sockets::fork;
use synsent_sockets::names::{Families, HostEntry, NameFailure, Names, Protocol, Service};

/// How much room one line of services or protocols is given; unit: octets.
const LINE_OCTETS: usize = 4_096;
/// The longest name that the library tells, with its zero; unit: octets.
const HOST_OCTETS: usize = 1_025;
/// How many names of a list are read.
const ALIASES_MAX: usize = 64;
/// The name is there and has no address: glibc's number, which its headers keep for programs that ask for it.
const EAI_NODATA: c_int = -5;

unsafe extern "C" {
    fn getservbyname_r(
        name: *const c_char,
        protocol: *const c_char,
        entry: *mut libc::servent,
        room: *mut c_char,
        octets: libc::size_t,
        found: *mut *mut libc::servent,
    ) -> c_int;
    fn getservbyport_r(
        port: c_int,
        protocol: *const c_char,
        entry: *mut libc::servent,
        room: *mut c_char,
        octets: libc::size_t,
        found: *mut *mut libc::servent,
    ) -> c_int;
    fn getprotobyname_r(
        name: *const c_char,
        entry: *mut libc::protoent,
        room: *mut c_char,
        octets: libc::size_t,
        found: *mut *mut libc::protoent,
    ) -> c_int;
    fn getprotobynumber_r(
        number: c_int,
        entry: *mut libc::protoent,
        room: *mut c_char,
        octets: libc::size_t,
        found: *mut *mut libc::protoent,
    ) -> c_int;
}

/// Names as the C library finds them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SystemNames;

/// A list that the library gave out, given back at the end.
struct Found(*mut libc::addrinfo);

impl Names for SystemNames {
    fn host(&self, name: &str, families: Families, _cancel: &Cancel) -> Result<HostEntry, NameFailure> {
        let asked = CString::new(name).map_err(|_| NameFailure::NotFound)?;
        let found = look_up(&asked, families)?;
        let mut entry = HostEntry { name: name.to_owned(), aliases: Vec::new(), addresses: Vec::new() };
        let mut next = found.0;
        // SAFETY: the library made the list, which ends with null and lives as long as `found`.
        while let Some(one) = unsafe { next.as_ref() } {
            // SAFETY: the name of an entry is null or a text of the same list.
            if let Some(canonical) = unsafe { text(one.ai_canonname) } {
                entry.name = canonical;
            }
            // SAFETY: the address of an entry is null or a name of a socket with the entry's length.
            entry.addresses.extend(unsafe { address(one) });
            next = one.ai_next;
        }
        if entry.addresses.is_empty() {
            return Err(NameFailure::NoAddress);
        }
        if !entry.name.eq_ignore_ascii_case(name.strip_suffix('.').unwrap_or(name)) {
            entry.aliases.push(name.to_owned());
        }
        Ok(entry)
    }

    fn host_of(&self, address: IpAddr, _cancel: &Cancel) -> Result<HostEntry, NameFailure> {
        let name = name_of(address)?;
        Ok(HostEntry { name, aliases: Vec::new(), addresses: vec![address] })
    }

    fn own_name(&self) -> String {
        own_name()
    }

    fn service_named(&self, name: &str, protocol: Option<&str>) -> Option<Service> {
        let (asked, of) = (CString::new(name).ok()?, protocol.map(CString::new).transpose().ok()?);
        let of = of.as_ref().map_or(ptr::null(), |of| of.as_ptr());
        // SAFETY: both texts end with zero and live during the call; `service` gives the rest room that lives as long.
        let found = service(|entry, room, octets, found| unsafe {
            getservbyname_r(asked.as_ptr(), of, entry, room, octets, found)
        });
        found.or_else(|| Service::well_known(|one| one.is_called(name) && one.is_of(protocol)))
    }

    fn service_at(&self, port: u16, protocol: Option<&str>) -> Option<Service> {
        let of = protocol.map(CString::new).transpose().ok()?;
        let of = of.as_ref().map_or(ptr::null(), |of| of.as_ptr());
        let number = c_int::from(port.to_be());
        // SAFETY: the text ends with zero and lives during the call; `service` gives the rest room that lives as long.
        let found =
            service(|entry, room, octets, found| unsafe { getservbyport_r(number, of, entry, room, octets, found) });
        found.or_else(|| Service::well_known(|one| one.port == port && one.is_of(protocol)))
    }

    fn protocol_named(&self, name: &str) -> Option<Protocol> {
        let asked = CString::new(name).ok()?;
        // SAFETY: the text ends with zero and lives during the call; `protocol` gives the rest room that lives as long.
        let found = protocol(|entry, room, octets, found| unsafe {
            getprotobyname_r(asked.as_ptr(), entry, room, octets, found)
        });
        found.or_else(|| Protocol::well_known(|one| one.is_called(name)))
    }

    fn protocol_numbered(&self, number: i32) -> Option<Protocol> {
        // SAFETY: `protocol` gives everything room that lives during the call.
        let found =
            protocol(|entry, room, octets, found| unsafe { getprotobynumber_r(number, entry, room, octets, found) });
        found.or_else(|| Protocol::well_known(|one| one.number == number))
    }
}

impl Drop for Found {
    fn drop(&mut self) {
        if !self.0.is_null() {
            // SAFETY: the library gave the list out, and nobody has given it back.
            unsafe { libc::freeaddrinfo(self.0) };
        }
    }
}

/// The name of this machine.
pub(crate) fn own_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

fn look_up(name: &CStr, families: Families) -> Result<Found, NameFailure> {
    let family = match families {
        Families::V4 => libc::AF_INET,
        Families::V6 => libc::AF_INET6,
        Families::Both => libc::AF_UNSPEC,
    };
    let mut list = ptr::null_mut();
    // SAFETY: hints of zeroes ask for nothing; the fields that ask for something are set after.
    let mut hints: libc::addrinfo = unsafe { MaybeUninit::zeroed().assume_init() };
    (hints.ai_family, hints.ai_socktype, hints.ai_flags) = (family, libc::SOCK_STREAM, libc::AI_CANONNAME);
    // SAFETY: the name ends with zero, and all three places live during the call.
    let asks = || unsafe { libc::getaddrinfo(name.as_ptr(), ptr::null(), &raw const hints, &raw mut list) };
    match fork::outside(asks) {
        0 => Ok(Found(list)),
        error => Err(failure(error)),
    }
}

fn name_of(address: IpAddr) -> Result<String, NameFailure> {
    // SAFETY: a name of a socket is numbers, for which zeroes will do.
    let mut name: libc::sockaddr_storage = unsafe { MaybeUninit::zeroed().assume_init() };
    let place = &raw mut name;
    let octets = match address {
        IpAddr::V4(address) => {
            // SAFETY: the storage is larger than every name of a socket and aligned for all of them.
            let name = unsafe { &mut *place.cast::<libc::sockaddr_in>() };
            name.sin_family = libc::AF_INET as libc::sa_family_t;
            name.sin_addr.s_addr = u32::from_ne_bytes(address.octets());
            size_of::<libc::sockaddr_in>()
        }
        IpAddr::V6(address) => {
            // SAFETY: the storage is larger than every name of a socket and aligned for all of them.
            let name = unsafe { &mut *place.cast::<libc::sockaddr_in6>() };
            name.sin6_family = libc::AF_INET6 as libc::sa_family_t;
            name.sin6_addr.s6_addr = address.octets();
            size_of::<libc::sockaddr_in6>()
        }
    };
    let mut host = [0_u8; HOST_OCTETS];
    // SAFETY: the name has so many octets, the room for the host has the length that is told, and no service is asked for.
    let asks = || unsafe {
        libc::getnameinfo(
            place.cast(),
            octets as libc::socklen_t,
            host.as_mut_ptr().cast(),
            HOST_OCTETS as libc::socklen_t,
            ptr::null_mut(),
            0,
            libc::NI_NAMEREQD,
        )
    };
    let error = fork::outside(asks);
    if error != 0 {
        return Err(failure(error));
    }
    let told = CStr::from_bytes_until_nul(&host).map_err(|_| NameFailure::NoRecovery)?;
    Ok(told.to_string_lossy().into_owned())
}

/// What an error of the library's resolver means.
fn failure(error: c_int) -> NameFailure {
    match error {
        libc::EAI_NONAME => NameFailure::NotFound,
        EAI_NODATA => NameFailure::NoAddress,
        libc::EAI_AGAIN | libc::EAI_MEMORY | libc::EAI_SYSTEM => NameFailure::TryAgain,
        _ => NameFailure::NoRecovery,
    }
}

fn service(
    ask: impl FnOnce(*mut libc::servent, *mut c_char, libc::size_t, *mut *mut libc::servent) -> c_int,
) -> Option<Service> {
    let (mut entry, mut found) = (MaybeUninit::uninit(), ptr::null_mut());
    let mut room = vec![0_u8; LINE_OCTETS];
    if ask(entry.as_mut_ptr(), room.as_mut_ptr().cast(), room.len(), &raw mut found) != 0 {
        return None;
    }
    // SAFETY: on success it is null or points at the entry, whose texts lie in the room.
    let found = unsafe { found.as_ref() }?;
    // SAFETY: the texts and the list of an entry that was found are in the room, which still lives.
    let (name, aliases, protocol) =
        unsafe { (text(found.s_name)?, texts(found.s_aliases), text(found.s_proto).unwrap_or_default()) };
    Some(Service { name, aliases, port: u16::from_be(found.s_port as u16), protocol })
}

fn protocol(
    ask: impl FnOnce(*mut libc::protoent, *mut c_char, libc::size_t, *mut *mut libc::protoent) -> c_int,
) -> Option<Protocol> {
    let (mut entry, mut found) = (MaybeUninit::uninit(), ptr::null_mut());
    let mut room = vec![0_u8; LINE_OCTETS];
    if ask(entry.as_mut_ptr(), room.as_mut_ptr().cast(), room.len(), &raw mut found) != 0 {
        return None;
    }
    // SAFETY: on success it is null or points at the entry, whose texts lie in the room.
    let found = unsafe { found.as_ref() }?;
    // SAFETY: the texts and the list of an entry that was found are in the room, which still lives.
    let (name, aliases) = unsafe { (text(found.p_name)?, texts(found.p_aliases)) };
    Some(Protocol { name, aliases, number: found.p_proto })
}

/// A text of the library, copied.
///
/// # Safety
/// The pointer is null, or a text with a zero at its end is behind it.
// SAFETY: the one dereference below relies on what is asked of the caller.
unsafe fn text(pointer: *const c_char) -> Option<String> {
    // SAFETY: it is not null, and the caller knows the text behind it.
    (!pointer.is_null()).then(|| unsafe { CStr::from_ptr(pointer) }.to_string_lossy().into_owned())
}

/// The texts of a list, copied.
///
/// # Safety
/// The pointer is null, or a list of texts that ends with null is behind it.
// SAFETY: the dereferences below rely on what is asked of the caller.
unsafe fn texts(list: *mut *mut c_char) -> Vec<String> {
    if list.is_null() {
        return Vec::new();
    }
    // SAFETY: the list is read up to the null at its end and not beyond, because `map_while` stops there.
    (0..ALIASES_MAX).map_while(|place| unsafe { text(*list.add(place)) }).collect()
}

/// The address of an entry of a list.
///
/// # Safety
/// The entry's address is null, or a name of a socket with the entry's length is behind it.
// SAFETY: the dereferences below rely on what is asked of the caller.
unsafe fn address(entry: &libc::addrinfo) -> Option<IpAddr> {
    if entry.ai_addr.is_null() {
        return None;
    }
    let len = entry.ai_addrlen as usize;
    match entry.ai_family {
        libc::AF_INET if len >= size_of::<libc::sockaddr_in>() => {
            // SAFETY: the length says that a name of IPv4 is there.
            let name = unsafe { entry.ai_addr.cast::<libc::sockaddr_in>().read_unaligned() };
            Some(IpAddr::from(name.sin_addr.s_addr.to_ne_bytes()))
        }
        libc::AF_INET6 if len >= size_of::<libc::sockaddr_in6>() => {
            // SAFETY: the length says that a name of IPv6 is there.
            let name = unsafe { entry.ai_addr.cast::<libc::sockaddr_in6>().read_unaligned() };
            Some(IpAddr::from(name.sin6_addr.s6_addr))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(name: &str, families: Families) -> Result<Vec<IpAddr>, NameFailure> {
        SystemNames.host(name, families, &Cancel::new()).map(|entry| entry.addresses)
    }

    #[test]
    fn the_loopback_and_numbers_are_known() {
        assert!(addresses("localhost", Families::V4).unwrap().contains(&"127.0.0.1".parse().unwrap()));
        assert_eq!(addresses("10.9.9.9", Families::Both).unwrap(), ["10.9.9.9".parse::<IpAddr>().unwrap()]);
        assert_eq!(addresses("fd00:9::9", Families::V6).unwrap(), ["fd00:9::9".parse::<IpAddr>().unwrap()]);
        assert!(addresses("10.9.9.9", Families::V6).is_err());
        assert_eq!(addresses("a\0b", Families::V4), Err(NameFailure::NotFound));
        let loopback = SystemNames.host_of("127.0.0.1".parse().unwrap(), &Cancel::new()).unwrap();
        assert!(!loopback.name.is_empty());
        assert!(!own_name().is_empty());
    }

    #[test]
    fn services_and_protocols_are_known_with_and_without_files() {
        assert_eq!(SystemNames.service_named("http", Some("tcp")).unwrap().port, 80);
        assert_eq!(SystemNames.service_at(53, Some("udp")).unwrap().name, "domain");
        assert_eq!(SystemNames.service_named("no-such-service", None), None);
        assert_eq!(SystemNames.protocol_named("tcp").unwrap().number, 6);
        assert_eq!(SystemNames.protocol_numbered(17).unwrap().name, "udp");
        assert_eq!(SystemNames.protocol_named("a\0b"), None);
    }

    #[test]
    fn errors_of_the_library_have_their_meaning() {
        for (error, told) in [
            (libc::EAI_NONAME, NameFailure::NotFound),
            (EAI_NODATA, NameFailure::NoAddress),
            (libc::EAI_AGAIN, NameFailure::TryAgain),
            (libc::EAI_FAIL, NameFailure::NoRecovery),
        ] {
            assert_eq!(failure(error), told);
        }
    }
}
