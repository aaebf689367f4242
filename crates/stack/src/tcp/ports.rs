//! The local port of an outgoing connection (RFC 6056, algorithm 4).
//!
//! A port is chosen for a peer: a keyed hash of the addresses gives the place in the range where this peer's ports start,
//! and a counter, one of a table picked by a second hash, moves on with each choice. A peer sees ports that follow each
//! other, which keeps them from coming back soon; an outsider sees no order at all. What is in use is the caller's
//! knowledge: it says of each candidate whether it is free for this peer.

use core::net::IpAddr;
use core::ops::RangeInclusive;

use siphasher::sip::SipHasher24;

use super::four_tuple::{Endpoint, FourTuple, MAX_TUPLE_OCTETS};

/// The range that ports are chosen from unless the configuration says otherwise.
// 6056/1
// It is the largest possible one; ports of local services in it are not free and thus never chosen.
pub(crate) const DEFAULT_PORTS: RangeInclusive<u16> = 1024..=65535;

/// Counters; more of them make it harder to infer from one peer's ports how many connections go to others.
const COUNTERS: usize = 256;

/// Chooses local ports.
pub(crate) struct PortChooser {
    hasher: SipHasher24,
    first: u16,
    /// How many ports there are: at least one.
    ports: u32,
    counters: [u32; COUNTERS],
}

impl PortChooser {
    /// A chooser with a secret key; a range that is empty stands for its first port.
    pub(crate) fn new(key: [u8; 16], range: RangeInclusive<u16>) -> PortChooser {
        let first = *range.start();
        let last = first.max(*range.end());
        PortChooser {
            hasher: SipHasher24::new_with_key(&key),
            first,
            ports: u32::from(last - first) + 1,
            counters: [0; COUNTERS],
        }
    }

    /// A port for a connection from `local` to `remote` of which `is_free` holds; `None` when the range has no such port.
    /// Each port is asked for at most once.
    // 6056/2
    // 5927/5
    // The choice is the double hash: where a peer's ports start and which counter moves them are both secret.
    pub(crate) fn choose(
        &mut self,
        local: IpAddr,
        remote: Endpoint,
        mut is_free: impl FnMut(u16) -> bool,
    ) -> Option<u16> {
        let hash = self.hash(local, remote);
        // The two halves of one keyed hash are independent of each other.
        let (start, counter) = (hash as u32, &mut self.counters[(hash >> 32) as usize % COUNTERS]);
        for _ in 0..self.ports {
            let port = self.first + (start.wrapping_add(*counter) % self.ports) as u16;
            *counter = (*counter + 1) % self.ports;
            // 6056/3
            // Uniqueness is a matter of the whole four-tuple: the caller answers for this peer only.
            if is_free(port) {
                return Some(port);
            }
            // 6056/4
            // A port in use is not the end: the next one is tried.
        }
        None
    }

    fn hash(&self, local: IpAddr, remote: Endpoint) -> u64 {
        let tuple = FourTuple { local: Endpoint::new(local, 0), remote, zone: 0 };
        self.hasher.hash(tuple.octets(&mut [0; MAX_TUPLE_OCTETS]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use core::net::Ipv4Addr;
    use proptest::prelude::*;

    const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));

    fn peer(last: u8) -> Endpoint {
        Endpoint::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, last)), 80)
    }

    // 6056/1
    #[test]
    fn every_port_of_the_default_range_is_reached_and_no_other() {
        let mut ports = PortChooser::new([1; 16], DEFAULT_PORTS);
        let mut used = BTreeSet::new();
        while let Some(port) = ports.choose(LOCAL, peer(2), |port| !used.contains(&port)) {
            assert!(used.insert(port));
        }
        assert_eq!((used.len(), used.first(), used.last()), (64_512, Some(&1024), Some(&65535)));
    }

    // 6056/2
    // 5927/5
    #[test]
    fn peers_and_keys_have_different_first_ports() {
        let first = |key: u8, last| PortChooser::new([key; 16], DEFAULT_PORTS).choose(LOCAL, peer(last), |_| true);
        assert_eq!(first(1, 2), first(1, 2));
        assert_ne!(first(1, 2), first(1, 3));
        assert_ne!(first(1, 2), first(2, 2));
    }

    // 6056/3
    #[test]
    fn one_port_may_serve_two_peers() {
        let mut ports = PortChooser::new([1; 16], 5000..=5000);
        assert_eq!(ports.choose(LOCAL, peer(2), |_| true), Some(5000));
        assert_eq!(ports.choose(LOCAL, peer(3), |_| true), Some(5000));
    }

    // 6056/4
    #[test]
    fn an_exhausted_range_asks_each_port_once_and_gives_up() {
        let mut ports = PortChooser::new([1; 16], 5000..=5099);
        let mut asked = BTreeSet::new();
        assert_eq!(ports.choose(LOCAL, peer(2), |port| !asked.insert(port)), None);
        assert_eq!(asked.len(), 100);
    }

    proptest! {
        // 6056/4
        #[test]
        fn the_one_free_port_is_found(key: [u8; 16], first: u16, len in 1u16..500, free in 0u16..500, earlier in 0u8..20) {
            let last = first.saturating_add(len - 1);
            let free = first + free % (last - first + 1);
            let mut ports = PortChooser::new(key, first..=last);
            for _ in 0..earlier {
                prop_assert!(ports.choose(LOCAL, peer(2), |_| true).is_some());
            }
            prop_assert_eq!(ports.choose(LOCAL, peer(2), |port| port == free), Some(free));
        }
    }
}
