//! Which of our addresses is the source of a packet (RFC 6724 section 5; RFC 1122 section 3.3.4.2).
//!
//! Candidates are the addresses of the outgoing link. Only when it has none of the family does an address of another link
//! stand in; a loopback or link-local address of another link never does.

use core::cmp::Reverse;
use core::net::{IpAddr, Ipv6Addr};

use super::addresses::{AddressState, Addresses, Assigned};
use crate::link::LinkId;
use crate::time::Instant;

/// The source towards `destination` by `link` and `next_hop`.
// 1122/IP-3
// The source is an address of the outgoing interface.
pub(super) fn select(
    addresses: &Addresses,
    now: Instant,
    link: LinkId,
    destination: IpAddr,
    next_hop: IpAddr,
) -> Option<IpAddr> {
    let usable = |a: &&Assigned| {
        let addr = a.cidr.addr();
        a.state == AddressState::Ready && addr.is_ipv4() == destination.is_ipv4() && !addr.is_loopback()
    };
    let best = |candidates: &mut dyn Iterator<Item = &Assigned>| {
        // `max_by_key` takes the last of equals; the oldest address is to win.
        let ranked = candidates.enumerate().map(|(age, a)| ((rank(a, now, destination, next_hop), Reverse(age)), a));
        ranked.max_by_key(|(rank, _)| *rank).map(|(_, a)| a.cidr.addr())
    };
    best(&mut addresses.on_link(link).filter(usable)).or_else(|| {
        let reaches_far = |a: &&Assigned| scope(a.cidr.addr()) > SCOPE_LINK;
        best(&mut addresses.iter().filter(usable).filter(reaches_far))
    })
}

/// The rules in their order; the greater one is the better one.
fn rank(
    candidate: &Assigned,
    now: Instant,
    destination: IpAddr,
    next_hop: IpAddr,
) -> (bool, (bool, i16), bool, bool, bool, u32) {
    let addr = candidate.cidr.addr();
    let (ours, theirs) = (scope(addr), scope(destination));
    // Rule 2: the smallest scope that is large enough, or else the largest.
    let appropriate = if ours >= theirs { (true, -i16::from(ours)) } else { (false, i16::from(ours)) };
    (
        addr == destination,
        appropriate,
        !candidate.is_deprecated(now),
        candidate.cidr.contains(next_hop),
        label(addr) == label(destination),
        common_prefix(addr, destination).min(u32::from(candidate.cidr.prefix_len())),
    )
}

const SCOPE_LINK: u8 = 2;
const SCOPE_SITE: u8 = 5;
const SCOPE_GLOBAL: u8 = 14;

fn scope(addr: IpAddr) -> u8 {
    match addr {
        IpAddr::V4(addr) if addr.is_link_local() || addr.is_loopback() => SCOPE_LINK,
        IpAddr::V4(_) => SCOPE_GLOBAL,
        IpAddr::V6(addr) => match addr.octets() {
            [0xff, flags_scope, ..] => flags_scope & 0xf,
            _ if addr.is_unicast_link_local() || addr.is_loopback() => SCOPE_LINK,
            [0xfe, low, ..] if low & 0xc0 == 0xc0 => SCOPE_SITE,
            _ => SCOPE_GLOBAL,
        },
    }
}

/// The default policy table of RFC 6724 section 2.1.
fn label(addr: IpAddr) -> u8 {
    let IpAddr::V6(addr) = addr else { return 4 };
    let bits = addr.to_bits();
    match addr.segments() {
        _ if addr == Ipv6Addr::LOCALHOST => 0,
        [0, 0, 0, 0, 0, 0xffff, _, _] => 4,
        [0x2002, ..] => 2,
        [0x2001, 0, ..] => 5,
        [first, ..] if first & 0xfe00 == 0xfc00 => 13,
        [first, ..] if first & 0xffc0 == 0xfec0 => 11,
        [0x3ffe, ..] => 12,
        _ if bits >> 32 == 0 => 3,
        _ => 1,
    }
}

fn common_prefix(a: IpAddr, b: IpAddr) -> u32 {
    match (a, b) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::addresses::Lifetime;
    use super::*;

    fn addresses(all: &[(u32, &str)]) -> Addresses {
        let mut addresses = Addresses::new([1; 16]);
        for (link, cidr) in all {
            let link = LinkId::from_index(*link);
            let assigned = Assigned { link, cidr: cidr.parse().unwrap(), state: AddressState::Ready, lifetime: None };
            addresses.add(assigned).unwrap();
        }
        addresses
    }

    fn choice(addresses: &Addresses, link: u32, destination: &str) -> Option<IpAddr> {
        let destination = destination.parse().unwrap();
        select(addresses, Instant::from_secs(10), LinkId::from_index(link), destination, destination)
    }

    fn addr(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    // 1122/IP-3
    #[test]
    fn the_source_is_an_address_of_the_outgoing_link() {
        let ours = addresses(&[(1, "10.1.0.1/24"), (2, "10.2.0.1/24"), (2, "10.3.0.1/24")]);
        assert_eq!(choice(&ours, 1, "10.2.0.9"), addr("10.1.0.1"));
        assert_eq!(choice(&ours, 2, "10.3.0.9"), addr("10.3.0.1"));
        assert_eq!(choice(&ours, 2, "192.0.2.1"), addr("10.2.0.1"));
    }

    #[test]
    fn the_scope_of_the_source_fits_that_of_the_destination() {
        let ours = addresses(&[(1, "fe80::1/64"), (1, "2001:db8::1/64"), (1, "fd00::1/64")]);
        assert_eq!(choice(&ours, 1, "fe80::9"), addr("fe80::1"));
        assert_eq!(choice(&ours, 1, "2001:db8:9::1"), addr("2001:db8::1"));
        assert_eq!(choice(&ours, 1, "fd00:9::1"), addr("fd00::1"));
        assert_eq!(choice(&ours, 1, "ff02::1"), addr("fe80::1"));
    }

    #[test]
    fn a_deprecated_address_is_the_last_choice() {
        let mut ours = addresses(&[(1, "2001:db8::1/64"), (1, "2001:db8::2/64")]);
        let lifetime = Lifetime { valid_until: None, preferred_until: Some(Instant::from_secs(9)) };
        ours.get_mut(LinkId::from_index(1), "2001:db8::1".parse().unwrap()).unwrap().lifetime = Some(lifetime);
        assert_eq!(choice(&ours, 1, "2001:db8::9"), addr("2001:db8::2"));
    }

    #[test]
    fn loopback_and_link_local_addresses_do_not_stand_in_for_another_link() {
        let ours = addresses(&[(0, "::1/128"), (2, "fe80::1/64")]);
        assert_eq!(choice(&ours, 1, "2001:db8::9"), None);
        let with_global = addresses(&[(0, "::1/128"), (2, "fd00::1/64")]);
        assert_eq!(choice(&with_global, 1, "fd01::9"), addr("fd00::1"));
    }
}
