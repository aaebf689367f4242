//! Listeners: who takes a SYN for a local address and port, and the queue of connections that wait to be accepted.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::net::IpAddr;

use hashbrown::HashMap;

use crate::config::TcpOptions;
use crate::event::{EventSet, HalfOpenId, ListenerId};
use crate::link::LinkId;
use crate::slab::Slab;

/// Which SYNs a listener takes, and how.
#[derive(Clone, Debug)]
pub struct ListenOptions {
    /// The local address; `None`: any of ours; unspecified: any of ours of its family.
    pub local: Option<IpAddr>,
    /// The local port; 0 picks a free one.
    pub port: u16,
    /// Only SYNs that arrive on this link.
    pub link: Option<LinkId>,
    /// How many complete connections may wait to be accepted; at least 1.
    pub backlog: usize,
    /// Whether the SYN-ACK waits for `tcp_decide`.
    pub deferred: bool,
    /// The settings of the connections.
    pub tcp: Option<TcpOptions>,
}

impl ListenOptions {
    /// A listener on a port of every address, with a backlog of 128.
    pub fn on_port(port: u16) -> ListenOptions {
        ListenOptions { local: None, port, link: None, backlog: 128, deferred: false, tcp: None }
    }
}

/// A listener.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) id: ListenerId,
    pub(crate) local: Option<IpAddr>,
    pub(crate) port: u16,
    pub(crate) link: Option<LinkId>,
    pub(crate) backlog: usize,
    pub(crate) deferred: bool,
    pub(crate) options: TcpOptions,
    /// Flows that are established and wait to be accepted.
    pub(crate) complete: VecDeque<u32>,
    /// Requests that wait for the application's decision; one that left is passed over.
    pub(crate) undecided: VecDeque<HalfOpenId>,
    /// How many half-open connections it has.
    pub(crate) half_open: usize,
    /// Whether SYN cookies were sent, so that a bare ACK may be one that comes back.
    pub(crate) cookies_sent: bool,
    pub(crate) events: EventSet,
}

/// All listeners, found by port.
pub(crate) struct Listeners {
    pub(crate) entries: Slab<Listener>,
    by_port: HashMap<u16, Vec<u32>, PortHash>,
}

/// Port numbers of listeners are chosen by this host, so their hash need not withstand anybody.
type PortHash = core::hash::BuildHasherDefault<siphasher::sip::SipHasher13>;

impl Listeners {
    pub(crate) fn new() -> Listeners {
        Listeners { entries: Slab::new(), by_port: HashMap::default() }
    }

    /// Whether a listener with the same local address, port and link exists.
    pub(crate) fn clashes(&self, local: Option<IpAddr>, port: u16, link: Option<LinkId>) -> bool {
        self.on_port(port).any(|listener| listener.local == local && listener.link == link)
    }

    pub(crate) fn insert(&mut self, port: u16, make: impl FnOnce(ListenerId) -> Listener) -> ListenerId {
        let index = self.entries.insert_with(|index, generation| make(ListenerId { index, generation }));
        self.by_port.entry(port).or_default().push(index);
        // The place was filled a line above.
        self.entries.get(index).map_or(ListenerId { index, generation: 0 }, |listener| listener.id)
    }

    pub(crate) fn remove(&mut self, id: ListenerId) -> Option<Listener> {
        let listener = self.entries.remove(self.current(id)?)?;
        if let Some(places) = self.by_port.get_mut(&listener.port) {
            places.retain(|place| *place != id.index);
            if places.is_empty() {
                self.by_port.remove(&listener.port);
            }
        }
        Some(listener)
    }

    pub(crate) fn get(&self, id: ListenerId) -> Option<&Listener> {
        self.entries.get(self.current(id)?)
    }

    pub(crate) fn get_mut(&mut self, id: ListenerId) -> Option<&mut Listener> {
        let index = self.current(id)?;
        self.entries.get_mut(index)
    }

    /// The listener that takes a SYN for this address and port: the one that asks for most wins.
    pub(crate) fn find(&self, local: IpAddr, port: u16, link: LinkId) -> Option<u32> {
        self.on_port(port)
            .filter(|listener| listener.local.is_none_or(|addr| addr == local || is_any_of_family(addr, local)))
            .filter(|listener| listener.link.is_none_or(|wanted| wanted == link))
            .max_by_key(|listener| {
                let is_one = listener.local.is_some_and(|addr| !addr.is_unspecified());
                (is_one, listener.local.is_some(), listener.link.is_some())
            })
            .map(|listener| listener.id.index)
    }

    /// Whether any listener uses the port.
    pub(crate) fn uses_port(&self, port: u16) -> bool {
        self.by_port.contains_key(&port)
    }

    /// The listeners of a port.
    pub(crate) fn on_port(&self, port: u16) -> impl Iterator<Item = &Listener> {
        let places = self.by_port.get(&port).map_or(&[][..], Vec::as_slice);
        places.iter().filter_map(|place| self.entries.get(*place))
    }

    fn current(&self, id: ListenerId) -> Option<u32> {
        self.entries.is_current(id.index, id.generation).then_some(id.index)
    }
}

/// Whether `listening` stands for every address of the family of `local`.
fn is_any_of_family(listening: IpAddr, local: IpAddr) -> bool {
    listening.is_unspecified() && listening.is_ipv4() == local.is_ipv4()
}
