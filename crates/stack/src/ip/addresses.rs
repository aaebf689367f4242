//! The addresses of this host: which there are, on which link, and whether they may be used yet.
//!
//! An IPv6 address on a link with an Ethernet header is tentative until nobody has answered the probes for it (RFC 4862
//! section 5.4): packets to it are not accepted and none leave from it. An address learned from a router lives as long as the
//! router said. A lookup for each arriving packet is one hash, and no hash at all when it is for the same address as before.

use alloc::vec::Vec;
use core::hash::BuildHasher;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use hashbrown::HashMap;
use siphasher::sip::SipHasher13;

use crate::link::{AddressError, Cidr, LinkId};
use crate::time::Instant;

/// How many addresses this host has, at most.
pub(crate) const ADDRESSES_MAX: usize = 65_536;
/// How many addresses routers may give one link.
pub(crate) const ROUTER_GIVEN_ADDRESSES_MAX: usize = 16;

/// A keyed hash for the tables of the internet layer: whoever does not know the key cannot aim at one bucket.
#[derive(Clone)]
pub(crate) struct Keyed(pub(crate) [u8; 16]);

impl BuildHasher for Keyed {
    type Hasher = SipHasher13;

    fn build_hasher(&self) -> SipHasher13 {
        SipHasher13::new_with_key(&self.0)
    }
}

/// How far an address is on its way to be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum AddressState {
    /// Probes are sent; this many are left, and the next one, or the end, is due then.
    Tentative { probes_left: u8, next_at: Instant },
    /// It is ours.
    Ready,
    /// It is someone else's.
    Duplicate,
}

/// An address that a router's prefix gave, and how long it lasts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Lifetime {
    pub(crate) valid_until: Option<Instant>,
    pub(crate) preferred_until: Option<Instant>,
}

/// An address of ours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Assigned {
    pub(crate) link: LinkId,
    pub(crate) cidr: Cidr,
    pub(crate) state: AddressState,
    /// `None`: given by hand, for ever.
    pub(crate) lifetime: Option<Lifetime>,
}

impl Assigned {
    pub(crate) fn is_deprecated(&self, now: Instant) -> bool {
        self.lifetime.and_then(|lifetime| lifetime.preferred_until).is_some_and(|until| until <= now)
    }
}

/// Up to so many addresses are looked through one by one, which costs less than a keyed hash.
const SCANNED_MAX: usize = 8;

/// The table.
pub(crate) struct Addresses {
    all: Vec<Assigned>,
    /// From zone and address to the place in `all`.
    places: HashMap<(u32, IpAddr), usize, Keyed>,
    /// The key that was found last, which is nearly always the next one.
    last: Option<(u32, IpAddr)>,
}

/// Link-local IPv6 addresses mean something on one link only; all others have zone 0.
#[inline]
fn zone(link: LinkId, addr: IpAddr) -> u32 {
    match addr {
        IpAddr::V6(addr) if addr.is_unicast_link_local() => link.index() as u32 + 1,
        _ => 0,
    }
}

impl Addresses {
    pub(crate) fn new(key: [u8; 16]) -> Addresses {
        Addresses { all: Vec::new(), places: HashMap::with_hasher(Keyed(key)), last: None }
    }

    pub(crate) fn add(&mut self, assigned: Assigned) -> Result<(), AddressError> {
        let key = (zone(assigned.link, assigned.cidr.addr()), assigned.cidr.addr());
        if self.places.contains_key(&key) {
            return Err(AddressError::Exists);
        }
        if self.all.len() >= ADDRESSES_MAX {
            return Err(AddressError::TooMany);
        }
        self.places.insert(key, self.all.len());
        self.all.push(assigned);
        Ok(())
    }

    pub(crate) fn remove(&mut self, link: LinkId, addr: IpAddr) -> Option<Assigned> {
        let place = *self.places.get(&(zone(link, addr), addr))?;
        if self.all[place].link != link {
            return None;
        }
        self.places.remove(&(zone(link, addr), addr));
        let removed = self.all.remove(place);
        // Places move up; order is kept because source selection prefers the older of two equals.
        for at in self.places.values_mut().filter(|at| **at > place) {
            *at -= 1;
        }
        self.last = None;
        Some(removed)
    }

    /// Our address, if it is one; a link-local one only on its own link.
    pub(crate) fn get(&self, link: LinkId, addr: IpAddr) -> Option<&Assigned> {
        if self.all.len() <= SCANNED_MAX {
            let zone_of = zone(link, addr);
            return self.all.iter().find(|a| a.cidr.addr() == addr && zone(a.link, addr) == zone_of);
        }
        self.places.get(&(zone(link, addr), addr)).map(|place| &self.all[*place])
    }

    pub(crate) fn get_mut(&mut self, link: LinkId, addr: IpAddr) -> Option<&mut Assigned> {
        // What is changed might no longer be usable.
        self.last = None;
        self.places.get(&(zone(link, addr), addr)).map(|place| &mut self.all[*place])
    }

    /// Whether packets to the address are for us now.
    #[inline]
    pub(crate) fn accepts(&mut self, link: LinkId, addr: IpAddr) -> bool {
        let key = (zone(link, addr), addr);
        if self.last == Some(key) {
            return true;
        }
        let ready = self.get(link, addr).is_some_and(|assigned| assigned.state == AddressState::Ready);
        if ready {
            self.last = Some(key);
        }
        ready
    }

    /// Whether the address is ours on whatever link, and may be used.
    pub(crate) fn is_ready(&self, addr: IpAddr) -> bool {
        if let IpAddr::V6(v6) = addr
            && v6.is_unicast_link_local()
        {
            return self.all.iter().any(|a| a.cidr.addr() == addr && a.state == AddressState::Ready);
        }
        self.get(LinkId::LOOPBACK, addr).is_some_and(|assigned| assigned.state == AddressState::Ready)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Assigned> + '_ {
        self.all.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Assigned> + '_ {
        self.last = None;
        self.all.iter_mut()
    }

    pub(crate) fn on_link(&self, link: LinkId) -> impl Iterator<Item = &Assigned> + '_ {
        self.all.iter().filter(move |assigned| assigned.link == link)
    }
}

/// Whether a host may have the address as its own.
pub(crate) fn may_be_assigned(link: LinkId, cidr: Cidr) -> bool {
    match cidr.addr() {
        IpAddr::V4(addr) => {
            let is_host =
                cidr.prefix_len() >= 31 || Some(addr) != cidr.broadcast() && IpAddr::V4(addr) != cidr.network().addr();
            is_host
                && is_valid_v4_source(addr)
                && !addr.is_unspecified()
                && addr.is_loopback() == (link == LinkId::LOOPBACK)
        }
        IpAddr::V6(addr) => {
            !addr.is_unspecified() && !addr.is_multicast() && addr.is_loopback() == (link == LinkId::LOOPBACK)
        }
    }
}

/// Whether the address could be a host's (or no address yet) by its class alone: not multicast, not class E, not of network 0.
#[inline]
pub(crate) fn is_valid_v4_source(addr: Ipv4Addr) -> bool {
    let first = addr.octets()[0];
    (1..224).contains(&first) || addr.is_unspecified()
}

/// The link-local address that a hardware address gives (RFC 4291, modified EUI-64).
pub(crate) fn interface_identifier(hardware: crate::link::EthernetAddress) -> u64 {
    let [a, b, c, d, e, f] = hardware.0;
    u64::from_be_bytes([a ^ 2, b, c, 0xff, 0xfe, d, e, f])
}

/// The address of a 64-bit prefix with this interface identifier.
pub(crate) fn with_identifier(prefix: Ipv6Addr, identifier: u64) -> Ipv6Addr {
    Ipv6Addr::from_bits(prefix.to_bits() & !u128::from(u64::MAX) | u128::from(identifier))
}

/// The group that neighbours of an address solicit (RFC 4291 section 2.7.1).
pub(crate) fn solicited_node(addr: Ipv6Addr) -> Ipv6Addr {
    let [.., a, b, c] = addr.octets();
    Ipv6Addr::from([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, a, b, c])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cidr(text: &str) -> Cidr {
        text.parse().unwrap()
    }

    #[test]
    fn a_link_local_address_is_ours_on_its_own_link_only() {
        let mut addresses = Addresses::new([1; 16]);
        let (one, two) = (LinkId::from_index(1), LinkId::from_index(2));
        let assigned = |link| Assigned { link, cidr: cidr("fe80::1/64"), state: AddressState::Ready, lifetime: None };
        addresses.add(assigned(one)).unwrap();
        assert!(addresses.accepts(one, cidr("fe80::1/64").addr()));
        assert!(!addresses.accepts(two, cidr("fe80::1/64").addr()));
        addresses.add(assigned(two)).unwrap();
        assert_eq!(addresses.add(assigned(two)), Err(AddressError::Exists));
        assert!(addresses.remove(one, cidr("fe80::1/64").addr()).is_some());
        assert!(
            !addresses.accepts(one, cidr("fe80::1/64").addr()) && addresses.accepts(two, cidr("fe80::1/64").addr())
        );
    }

    #[test]
    fn the_table_is_bounded_and_finds_few_addresses_as_well_as_many() {
        let mut addresses = Addresses::new([1; 16]);
        let link = LinkId::from_index(1);
        let addr = |number: usize| IpAddr::V4(core::net::Ipv4Addr::from_bits(0x0a00_0000 + number as u32));
        let assigned =
            |number| Assigned { link, cidr: Cidr::host(addr(number)), state: AddressState::Ready, lifetime: None };
        for number in 0..ADDRESSES_MAX {
            assert_eq!(addresses.add(assigned(number)), Ok(()));
            if number <= SCANNED_MAX {
                assert!((0..=number).all(|known| addresses.accepts(link, addr(known))));
                assert!(!addresses.accepts(link, addr(number + 1)));
            }
        }
        assert_eq!(addresses.add(assigned(ADDRESSES_MAX)), Err(AddressError::TooMany));
        assert!(addresses.remove(link, addr(ADDRESSES_MAX - 1)).is_some());
        assert_eq!(addresses.add(assigned(ADDRESSES_MAX)), Ok(()));
    }

    // 1122/IP-2
    #[test]
    fn no_host_has_a_broadcast_multicast_or_class_e_address() {
        let link = LinkId::from_index(1);
        for wrong in [
            "10.0.0.255/24",
            "10.0.0.0/24",
            "224.0.0.1/4",
            "240.0.0.1/8",
            "0.0.0.0/0",
            "127.0.0.1/8",
            "::1/128",
            "::/64",
            "ff02::1/64",
        ] {
            assert!(!may_be_assigned(link, cidr(wrong)), "{wrong}");
        }
        for right in ["10.0.0.1/24", "10.0.0.0/31", "10.0.0.255/32", "fe80::1/64", "fd00::/64"] {
            assert!(may_be_assigned(link, cidr(right)), "{right}");
        }
    }

    #[test]
    fn the_address_of_an_interface_follows_from_its_hardware_address() {
        let identifier = interface_identifier(crate::link::EthernetAddress([0x02, 0, 0x5e, 0x10, 0, 1]));
        assert_eq!(
            with_identifier("fe80::".parse().unwrap(), identifier),
            "fe80::5eff:fe10:1".parse::<Ipv6Addr>().unwrap()
        );
        assert_eq!(solicited_node("fd00::12:3456".parse().unwrap()), "ff02::1:ff12:3456".parse::<Ipv6Addr>().unwrap());
    }
}
