//! What a number of the kernel does not tell, found out after something failed and never before.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ptr;

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketType};
use synsent_sockets::Outcome;

use super::provider::FLAGS;

/// An address of an interface, and whether the interface is up.
struct InterfaceAddress {
    is_up: bool,
    is_loopback: bool,
    address: Option<IpAddr>,
    mask: Option<IpAddr>,
}

/// Whether "network unreachable" comes from an interface that is down: the one whose address the socket has, the one whose
/// network the peer is in, or all that have an address of the peer's family.
pub(super) fn is_network_down(local: Option<IpAddr>, peer: IpAddr) -> bool {
    let interfaces = interfaces();
    let mut others = interfaces.iter().filter(|one| !one.is_loopback && one.speaks_to(peer)).peekable();
    let none_is_up = !interfaces.iter().any(|one| one.is_up);
    let has_others = others.peek().is_some();
    none_is_up
        || has_others && others.all(|one| !one.is_up)
        || interfaces.iter().filter(|one| !one.is_up).any(|one| one.has(local) || one.reaches(peer))
}

/// Whether silence comes from an interface that is down: one has the peer's address, or is in its network, and none that is up is.
/// The routes of an address to itself stay when its interface goes down, and what is sent there is lost.
pub(super) fn is_behind_what_is_down(peer: IpAddr) -> bool {
    let interfaces = interfaces();
    let leads = |one: &&InterfaceAddress| one.has(Some(peer)) || one.reaches(peer);
    let mut leading = interfaces.iter().filter(leads).peekable();
    leading.peek().is_some() && leading.all(|one| !one.is_up)
}

/// Why no local address, or no local port, can be had towards this peer. A socket with a name of its own lacks the address,
/// or its four-tuple is there already; one without lacks an address of the family, or all ports are in use.
pub(super) fn why_not_available(own_name: Option<SocketAddr>, peer: SocketAddr) -> Outcome {
    let family = if peer.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let Ok(probe) = rustix::net::socket_with(family, SocketType::DGRAM, FLAGS, None) else { return Outcome::NoPorts };
    match own_name {
        Some(name) => match rustix::net::bind(&probe, &SocketAddr::new(name.ip(), 0)) {
            Err(Errno::ADDRNOTAVAIL) => Outcome::AddressNotLocal,
            _ => Outcome::AddressInUse,
        },
        None => match rustix::net::connect(&probe, &peer) {
            Err(Errno::ADDRNOTAVAIL) => Outcome::AddressNotLocal,
            _ => Outcome::NoPorts,
        },
    }
}

/// The address from which this peer is reached.
pub(super) fn source_towards(peer: SocketAddr) -> Option<IpAddr> {
    let family = if peer.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let probe = rustix::net::socket_with(family, SocketType::DGRAM, FLAGS, None).ok()?;
    rustix::net::connect(&probe, &peer).ok()?;
    let name = SocketAddr::try_from(rustix::net::getsockname(&probe).ok()?).ok()?;
    Some(name.ip())
}

impl InterfaceAddress {
    fn has(&self, address: Option<IpAddr>) -> bool {
        address.is_some() && self.address == address
    }

    /// Whether it has an address of the peer's family that is good beyond its own link.
    fn speaks_to(&self, peer: IpAddr) -> bool {
        match self.address {
            Some(IpAddr::V4(_)) => peer.is_ipv4(),
            Some(IpAddr::V6(own)) => peer.is_ipv6() && !own.is_unicast_link_local(),
            None => false,
        }
    }

    fn reaches(&self, peer: IpAddr) -> bool {
        match (self.address, self.mask, peer) {
            (Some(IpAddr::V4(own)), Some(IpAddr::V4(mask)), IpAddr::V4(peer)) => own & mask == peer & mask,
            (Some(IpAddr::V6(own)), Some(IpAddr::V6(mask)), IpAddr::V6(peer)) => own & mask == peer & mask,
            _ => false,
        }
    }
}

fn interfaces() -> Vec<InterfaceAddress> {
    let mut list = Vec::new();
    let mut first = ptr::null_mut();
    // SAFETY: the function writes the head of a list that it allocates, or fails and leaves the pointer alone.
    if unsafe { libc::getifaddrs(&mut first) } != 0 {
        return list;
    }
    let mut next = first;
    while !next.is_null() {
        // SAFETY: a pointer of the list that is not null is a whole entry, which lives until the list is freed.
        let entry = unsafe { &*next };
        let has = |flag: i32| entry.ifa_flags & flag as u32 != 0;
        list.push(InterfaceAddress {
            is_up: has(libc::IFF_UP),
            is_loopback: has(libc::IFF_LOOPBACK),
            address: read_address(entry.ifa_addr),
            mask: read_address(entry.ifa_netmask),
        });
        next = entry.ifa_next;
    }
    // SAFETY: the list is the one from above, freed once, and nothing of it is used any more.
    unsafe { libc::freeifaddrs(first) };
    list
}

fn read_address(address: *const libc::sockaddr) -> Option<IpAddr> {
    if address.is_null() {
        return None;
    }
    // SAFETY: an address of the list that is not null has a family, and is as large as its family says; the list lives.
    unsafe {
        match i32::from((*address).sa_family) {
            libc::AF_INET => {
                let v4 = address.cast::<libc::sockaddr_in>().read_unaligned();
                Some(IpAddr::V4(Ipv4Addr::from(u32::from_be(v4.sin_addr.s_addr))))
            }
            libc::AF_INET6 => {
                let v6 = address.cast::<libc::sockaddr_in6>().read_unaligned();
                Some(IpAddr::V6(Ipv6Addr::from(v6.sin6_addr.s6_addr)))
            }
            _ => None,
        }
    }
}
