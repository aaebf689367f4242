//! Which local ports are in use, and by whom: what a caller asks who gives a socket its name before it opens or listens.
//!
//! An opening itself asks for nothing but its four-tuple (9293/OPEN-4), and a listener for nothing but other listeners; whether a
//! port that is in use may be had once more is the rule of whoever asks here. Each question costs a walk over all connections,
//! so that connections need not be counted by port while nobody asks.

use alloc::boxed::Box;
use core::net::{IpAddr, Ipv4Addr};

use super::Tcp;
use super::block::Shape;
use super::four_tuple::Endpoint;

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

impl Tcp {
    /// Who uses a port of a local address; of any with `None`.
    pub(crate) fn port_users(&self, local: Option<IpAddr>, port: u16) -> PortUsers {
        let is_it = |end: Endpoint| end.port == port && local.is_none_or(|addr| addr == end.addr);
        let overlaps = |addr: Option<IpAddr>| match (addr, local) {
            (Some(addr), Some(local)) => addr == local || addr.is_unspecified() && addr.is_ipv4() == local.is_ipv4(),
            _ => true,
        };
        PortUsers {
            listeners: self.listeners.on_port(port).filter(|listener| overlaps(listener.local)).count(),
            connections: self.connected_ends().filter(|end| is_it(*end)).count(),
            time_wait: self.time_waits.tuples().filter(|tuple| is_it(tuple.local)).count(),
        }
    }

    /// An ephemeral port that nobody uses at a local address, and of which the caller too says that it is free.
    pub(crate) fn free_port(&mut self, local: Option<IpAddr>, mut is_free: impl FnMut(u16) -> bool) -> Option<u16> {
        let mut used = PortSet::new();
        let ends = self.connected_ends().chain(self.time_waits.tuples().map(|tuple| tuple.local));
        for end in ends.filter(|end| local.is_none_or(|addr| addr == end.addr)) {
            used.insert(end.port);
        }
        let Tcp { ports, listeners, .. } = self;
        let addr = local.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        // 6056/1
        // 6056/2
        // Who has no peer yet stands at the place of a peer of its own.
        ports.choose(addr, Endpoint::new(addr, 0), |port| {
            !listeners.uses_port(port) && !used.contains(port) && is_free(port)
        })
    }

    /// The local ends of what lives: connections, and half-open ones.
    fn connected_ends(&self) -> impl Iterator<Item = Endpoint> + '_ {
        let flows = self.flows.indices().filter_map(|index| self.flows.get(index));
        let living = flows.filter(|flow| !matches!(flow.shape(), Shape::Over(_))).map(|flow| flow.head.tuple.local);
        let entries = &self.half_open.entries;
        living.chain(entries.indices().filter_map(|index| entries.get(index)).map(|entry| entry.tuple.local))
    }
}

/// A set of ports.
struct PortSet(Box<[u64; 1024]>);

impl PortSet {
    fn new() -> PortSet {
        PortSet(Box::new([0; 1024]))
    }

    fn insert(&mut self, port: u16) {
        self.0[usize::from(port >> 6)] |= 1 << (port & 63);
    }

    fn contains(&self, port: u16) -> bool {
        self.0[usize::from(port >> 6)] >> (port & 63) & 1 == 1
    }
}
