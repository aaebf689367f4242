//! Which local ports are in use, and by whom: what a caller asks who gives a socket its name before it opens or listens.
//!
//! An opening itself asks for nothing but its four-tuple (9293/OPEN-4), and a listener for nothing but other listeners; whether a
//! port that is in use may be had once more is the rule of whoever asks here. Connections are counted by their local end as
//! their four-tuples get an owner and lose it, so that a question costs the same whatever there is.

use alloc::vec::Vec;
use core::hash::{BuildHasherDefault, Hasher};
use core::net::{IpAddr, Ipv4Addr};
use core::ops::AddAssign;

use hashbrown::HashMap;

use super::Tcp;
use super::four_tuple::Endpoint;
use super::tables::Owner;

/// Who uses a local port.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PortUsers {
    /// How many listeners.
    pub listeners: usize,
    /// How many connections, half-open ones too.
    pub connections: usize,
    /// How many connections whose four-tuple stands in TIME-WAIT.
    pub time_wait: usize,
}

impl PortUsers {
    /// Whether nobody uses it.
    pub fn is_empty(&self) -> bool {
        *self == PortUsers::default()
    }
}

/// How many four-tuples have a local end.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
struct Counts {
    connections: u32,
    time_wait: u32,
}

impl Counts {
    fn of(&mut self, owner: Owner) -> &mut u32 {
        match owner {
            Owner::Flow(_) | Owner::HalfOpen(_) => &mut self.connections,
            Owner::TimeWait(_) => &mut self.time_wait,
        }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Counts) {
        self.connections += other.connections;
        self.time_wait += other.time_wait;
    }
}

/// The owned four-tuples, counted by their local port and there by their address. A connection that comes and goes costs a
/// look-up or two here, so the hash is as cheap as it can be: local ports are this host's choice, and nobody else's.
#[derive(Default)]
pub(in crate::tcp) struct PortCounts {
    ports: HashMap<u16, PortEntry, BuildHasherDefault<PortHasher>>,
}

/// The counts of one port. Most ports have one address, and then nothing is allocated for them; a host has few.
#[derive(Default)]
struct PortEntry {
    first: Option<(IpAddr, Counts)>,
    others: Vec<(IpAddr, Counts)>,
}

/// Spreads a number of 16 bits over 64, for the places of a table and for its tags.
#[derive(Default)]
struct PortHasher(u64);

impl Hasher for PortHasher {
    fn write(&mut self, octets: &[u8]) {
        for octet in octets {
            self.0 = (self.0 << 8) | u64::from(*octet);
        }
        self.0 = self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_u16(&mut self, port: u16) {
        self.0 = u64::from(port).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl PortEntry {
    fn counts_of(&mut self, addr: IpAddr) -> &mut Counts {
        if self.first.is_none_or(|(first, _)| first == addr) {
            return &mut self.first.get_or_insert((addr, Counts::default())).1;
        }
        let place = self.others.iter().position(|(other, _)| *other == addr).unwrap_or(self.others.len());
        if place == self.others.len() {
            self.others.push((addr, Counts::default()));
        }
        &mut self.others[place].1
    }

    fn forget_unused(&mut self) {
        self.others.retain(|(_, counts)| *counts != Counts::default());
        if self.first.is_some_and(|(_, counts)| counts == Counts::default()) {
            self.first = self.others.pop();
        }
    }

    fn all(&self) -> impl Iterator<Item = &(IpAddr, Counts)> {
        self.first.iter().chain(&self.others)
    }
}

impl PortCounts {
    pub(in crate::tcp) fn add(&mut self, local: Endpoint, owner: Owner) {
        *self.ports.entry(local.port).or_default().counts_of(local.addr).of(owner) += 1;
    }

    pub(in crate::tcp) fn remove(&mut self, local: Endpoint, owner: Owner) {
        let Some(entry) = self.ports.get_mut(&local.port) else { return };
        let counts = entry.counts_of(local.addr);
        *counts.of(owner) -= 1;
        if *counts == Counts::default() {
            entry.forget_unused();
            if entry.first.is_none() {
                self.ports.remove(&local.port);
            }
        }
    }

    pub(in crate::tcp) fn hand_over(&mut self, local: Endpoint, from: Owner, to: Owner) {
        let Some(entry) = self.ports.get_mut(&local.port) else { return };
        let counts = entry.counts_of(local.addr);
        *counts.of(from) -= 1;
        *counts.of(to) += 1;
    }

    /// The counts of a port at an address, at all of a family with its unspecified one, at all with `None`.
    fn at(&self, local: Option<IpAddr>, port: u16) -> Counts {
        let mut sum = Counts::default();
        for (addr, counts) in self.ports.get(&port).into_iter().flat_map(PortEntry::all) {
            let is_meant =
                |local: IpAddr| local == *addr || (local.is_unspecified() && local.is_ipv4() == addr.is_ipv4());
            if local.is_none_or(is_meant) {
                sum += *counts;
            }
        }
        sum
    }
}

impl Tcp {
    /// Who uses a port of a local address; of any of a family with its unspecified one; of any with `None`.
    pub(crate) fn port_users(&self, local: Option<IpAddr>, port: u16) -> PortUsers {
        let overlaps = |addr: Option<IpAddr>| match (addr, local) {
            (Some(addr), Some(local)) => {
                addr.is_ipv4() == local.is_ipv4() && (addr == local || addr.is_unspecified() || local.is_unspecified())
            }
            _ => true,
        };
        let counts = self.port_counts.at(local, port);
        PortUsers {
            listeners: self.listeners.on_port(port).filter(|listener| overlaps(listener.local)).count(),
            connections: counts.connections as usize,
            time_wait: counts.time_wait as usize,
        }
    }

    /// An ephemeral port that nobody uses at a local address, and of which the caller too says that it is free. Ports with a
    /// listener are left out, whatever its address.
    pub(crate) fn free_port(&mut self, local: Option<IpAddr>, mut is_free: impl FnMut(u16) -> bool) -> Option<u16> {
        let Tcp { ports, listeners, port_counts, .. } = self;
        let addr = local.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        // 6056/1
        // 6056/2
        // Who has no peer yet stands at the place of a peer of its own.
        ports.choose(addr, Endpoint::new(addr, 0), |port| {
            !listeners.uses_port(port) && port_counts.at(local, port) == Counts::default() && is_free(port)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::Ipv6Addr;
    use proptest::prelude::*;

    const ADDRS: [IpAddr; 3] = [
        IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)),
        IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2)),
        IpAddr::V6(Ipv6Addr::LOCALHOST),
    ];

    proptest! {
        #[test]
        fn a_count_is_that_of_a_walk_over_all(
            steps in prop::collection::vec((0usize..3, 1u16..4, any::<bool>(), 0u8..3, any::<prop::sample::Index>()), 0..60),
        ) {
            let mut counts = PortCounts::default();
            let mut owned: Vec<(Endpoint, bool)> = Vec::new();
            let owner = |waits: bool| if waits { Owner::TimeWait(0) } else { Owner::Flow(0) };
            for (addr, port, waits, what, which) in steps {
                let end = Endpoint::new(ADDRS[addr], port);
                match what {
                    1 if !owned.is_empty() => {
                        let (end, waits) = owned.swap_remove(which.index(owned.len()));
                        counts.remove(end, owner(waits));
                    }
                    2 if !owned.is_empty() => {
                        let at = which.index(owned.len());
                        let (end, waited) = owned[at];
                        counts.hand_over(end, owner(waited), owner(waits));
                        owned[at].1 = waits;
                    }
                    _ => {
                        counts.add(end, owner(waits));
                        owned.push((end, waits));
                    }
                }
            }
            let wildcards = ["0.0.0.0", "::"].map(|addr| addr.parse::<IpAddr>().unwrap());
            for (local, port) in ADDRS.into_iter().chain(wildcards).map(Some).chain([None]).flat_map(|local| [(local, 1), (local, 2)]) {
                let is_here = |end: &Endpoint| {
                    end.port == port
                        && local.is_none_or(|addr| addr == end.addr || addr.is_unspecified() && addr.is_ipv4() == end.addr.is_ipv4())
                };
                let count = |waiting: bool| owned.iter().filter(|(end, waits)| *waits == waiting && is_here(end)).count() as u32;
                let told = counts.at(local, port);
                prop_assert_eq!((told.connections, told.time_wait), (count(false), count(true)));
            }
            for (end, waits) in owned {
                counts.remove(end, owner(waits));
            }
            prop_assert!(counts.ports.is_empty(), "nothing is left behind");
        }
    }
}
