//! A UDP socket: its two ends, its settings, and the queue of what arrived.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

use super::input::socket_addr;
use super::names::Name;
use crate::context::Context;
use crate::event::{EventKind, EventSet, SocketId, UdpId};
use crate::link::LinkId;
use crate::reason::IcmpCause;
use crate::tcp::buffer::{MAX_RING_OCTETS, Pool, Ring};
use crate::tcp::four_tuple::{Endpoint, FourTuple};
use crate::time::Instant;

/// How many ICMP errors wait to be taken; the oldest leaves first.
pub(crate) const UDP_FAILURES_MAX: usize = 16;

/// For how many datagrams an empty queue keeps room.
const WAITING_KEPT: usize = 16;

/// How a UDP socket is bound.
#[derive(Clone, Copy, Debug)]
pub struct UdpOptions {
    /// The local address; `None`: any of ours; unspecified: any of ours of its family. A group or a broadcast address takes only what is sent to it.
    pub local: Option<IpAddr>,
    /// The local port; 0: one is chosen (RFC 6056).
    pub port: u16,
    /// Only this link.
    pub link: Option<LinkId>,
    /// Whether other sockets that say so too may have the same address and port.
    pub shared: bool,
    /// Whether datagrams may be sent to broadcast addresses.
    pub broadcast: bool,
    /// How many octets may wait to be received, of which no more than 8 MiB count.
    pub receive_octets: u32,
    /// How many datagrams may wait to be received.
    pub receive_datagrams: u32,
    /// TTL or hop limit of unicast; `None`: the stack's.
    pub hop_limit: Option<u8>,
    /// TTL or hop limit of multicast; 1 keeps it on the link (RFC 1112).
    pub multicast_hop_limit: u8,
    /// The traffic class octet.
    pub traffic_class: u8,
    /// Whether a datagram larger than the path's MTU is refused and not fragmented.
    pub dont_fragment: bool,
}

impl Default for UdpOptions {
    fn default() -> UdpOptions {
        UdpOptions {
            local: None,
            port: 0,
            link: None,
            shared: false,
            broadcast: false,
            receive_octets: 256 << 10,
            receive_datagrams: 4_096,
            hop_limit: None,
            multicast_hop_limit: 1,
            traffic_class: 0,
            dont_fragment: false,
        }
    }
}

/// What came with a datagram.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UdpReceived {
    /// How many octets were copied.
    pub len: usize,
    /// How many octets the datagram had; what is beyond `len` is lost.
    pub whole: usize,
    /// Who sent it.
    pub source: SocketAddr,
    /// To which of our addresses, or to which group, it was sent.
    pub destination: IpAddr,
    /// By which link it came.
    pub link: LinkId,
}

/// An ICMP error about a datagram of a connected socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UdpFailure {
    /// Who sent the message.
    pub from: IpAddr,
    /// What it said.
    pub cause: IcmpCause,
    /// Where the datagram was going.
    pub towards: Endpoint,
    /// When the message arrived.
    pub at: Instant,
}

/// What a socket says of itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UdpStatus {
    /// The local address; `None` or unspecified: any, of its family.
    pub local: Option<IpAddr>,
    /// The local port.
    pub port: u16,
    /// The default peer.
    pub remote: Option<SocketAddr>,
    /// Octets that wait to be received.
    pub readable: usize,
    /// Datagrams that wait to be received.
    pub datagrams: usize,
    /// Whether the last send was taken, or there has been room since.
    pub writable: bool,
    /// Datagrams that were dropped because the queue was full.
    pub dropped: u64,
}

/// One datagram of the queue; its octets stand in the ring.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    len: u32,
    source: SocketAddr,
    destination: IpAddr,
    link: LinkId,
}

/// A socket.
pub(crate) struct Socket {
    pub(crate) id: UdpId,
    /// The bound address, or the one that a connect chose.
    pub(crate) local: Option<IpAddr>,
    pub(crate) port: u16,
    pub(crate) link: Option<LinkId>,
    pub(crate) remote: Option<Endpoint>,
    /// The zone of a connected four-tuple.
    pub(crate) zone: u32,
    /// Whether `local` was chosen by a connect and goes when it is dissolved.
    pub(crate) local_is_chosen: bool,
    pub(crate) options: UdpOptions,
    pub(crate) events: EventSet,
    pub(crate) failures: VecDeque<UdpFailure>,
    pub(crate) dropped: u64,
    /// Whether a send met a full queue, so that the socket wants to hear of room.
    pub(crate) starved: bool,
    waiting: VecDeque<Waiting>,
    octets: Ring,
}

impl Socket {
    pub(crate) fn new(id: UdpId, port: u16, options: UdpOptions) -> Socket {
        Socket {
            id,
            local: options.local,
            port,
            link: options.link,
            remote: None,
            zone: 0,
            local_is_chosen: false,
            options,
            events: EventSet::default(),
            failures: VecDeque::new(),
            dropped: 0,
            starved: false,
            waiting: VecDeque::new(),
            octets: Ring::new(),
        }
    }

    /// The four-tuple of a connected socket.
    pub(crate) fn tuple(&self) -> Option<FourTuple> {
        let local = Endpoint::new(self.local?, self.port);
        Some(FourTuple { local, remote: self.remote?, zone: self.zone })
    }

    /// What the socket is bound to at present.
    pub(crate) fn name(&self) -> Name {
        Name { port: self.port, addr: self.local, link: self.link }
    }

    /// Whether it takes what comes by `link`.
    pub(crate) fn is_on(&self, link: LinkId) -> bool {
        self.link.is_none_or(|wanted| wanted == link)
    }

    /// The default peer as an address that can be sent to: a link-local one names its link.
    pub(crate) fn peer(&self) -> Option<SocketAddr> {
        let link = self.tuple().and_then(|tuple| tuple.link());
        self.remote.map(|remote| socket_addr(remote, link.unwrap_or(LinkId::LOOPBACK)))
    }

    /// Whether it takes datagrams from this peer.
    pub(crate) fn hears(&self, remote: Endpoint) -> bool {
        self.remote.is_none_or(|peer| peer == remote)
    }

    pub(crate) fn raise(&mut self, kind: EventKind, context: &mut Context) {
        if self.events.raise(kind) {
            context.ready_sockets.push_back(SocketId::Udp(self.id));
        }
    }

    /// Queues what arrived; false when there is no room.
    pub(crate) fn put(
        &mut self,
        data: &[u8],
        source: SocketAddr,
        destination: IpAddr,
        link: LinkId,
        pool: &mut Pool,
    ) -> bool {
        let most = MAX_RING_OCTETS.min(self.options.receive_octets as usize);
        let has_room =
            self.octets.len() + data.len() <= most && self.waiting.len() < self.options.receive_datagrams as usize;
        if !has_room {
            self.dropped += 1;
            return false;
        }
        self.octets.push(pool, data, most);
        self.waiting.push_back(Waiting { len: data.len() as u32, source, destination, link });
        true
    }

    /// Moves the next datagram into `into`.
    pub(crate) fn take(&mut self, into: &mut [u8], pool: &mut Pool) -> Option<UdpReceived> {
        let received = self.look(into)?;
        self.waiting.pop_front();
        self.octets.discard_front(received.whole);
        if self.waiting.is_empty() {
            self.octets.release(pool);
            // A burst does not hold its room for ever.
            self.waiting.shrink_to(WAITING_KEPT);
        }
        Some(received)
    }

    /// Copies the next datagram into `into` and leaves it.
    pub(crate) fn look(&self, into: &mut [u8]) -> Option<UdpReceived> {
        let next = self.waiting.front()?;
        let whole = next.len as usize;
        let len = whole.min(into.len());
        self.octets.peek_into(0, &mut into[..len]);
        Some(UdpReceived { len, whole, source: next.source, destination: next.destination, link: next.link })
    }

    /// Throws away what waits.
    pub(crate) fn forget_waiting(&mut self, pool: &mut Pool) {
        self.waiting = VecDeque::new();
        self.octets.discard_front(self.octets.len());
        self.octets.release(pool);
    }

    /// Throws away what waits and is not from the peer; how many datagrams that were.
    pub(crate) fn forget_foreign(&mut self, pool: &mut Pool) -> usize {
        let Some(peer) = self.peer() else { return 0 };
        let (before, most) = (self.waiting.len(), self.octets.len());
        let mut data = Vec::new();
        // Each is taken from the front, and the peer's are put back behind the others: so they keep their order.
        for _ in 0..before {
            let Some(next) = self.waiting.pop_front() else { break };
            data.resize(next.len as usize, 0);
            self.octets.peek_into(0, &mut data);
            self.octets.discard_front(data.len());
            if next.source == peer {
                self.octets.push(pool, &data, most);
                self.waiting.push_back(next);
            }
        }
        if self.waiting.is_empty() {
            self.octets.release(pool);
        }
        before - self.waiting.len()
    }

    /// Notes an ICMP error.
    pub(crate) fn note_failure(&mut self, failure: UdpFailure) {
        if self.failures.len() == UDP_FAILURES_MAX {
            self.failures.pop_front();
        }
        self.failures.push_back(failure);
    }

    pub(crate) fn status(&self) -> UdpStatus {
        UdpStatus {
            local: self.local,
            port: self.port,
            remote: self.peer(),
            readable: self.octets.len(),
            datagrams: self.waiting.len(),
            writable: !self.starved,
            dropped: self.dropped,
        }
    }
}
