//! UDP (RFC 768, RFC 1122 section 4.1).
//!
//! A datagram is looked up by hash: first among connected sockets by its four-tuple, then among the others by their name:
//! address, port and link, then with the link or the address left open. No look-up walks over sockets. Multicast and broadcast go to every socket of the port that asked for them. What arrives waits in
//! the socket's queue, which is bounded in octets and in datagrams; what does not fit is dropped and counted. ICMP errors reach
//! connected sockets only, and only when they quote the socket's own two ends.
//!
//! Nothing is sent from here but by the internet layer's queue; a queue that is full is told to the caller.

mod input;
mod names;
mod socket;
mod verbs;

use alloc::vec::Vec;
use core::hash::BuildHasherDefault;

use hashbrown::HashMap;

use crate::config::Config;
use crate::context::Context;
use crate::event::{EventKind, UdpId};
use crate::link::LinkId;
use crate::seed::Seed;
use crate::slab::Slab;
use crate::tcp::buffer::Pool;
use crate::tcp::four_tuple::{Endpoint, FlowTable, FourTuple, HashKey};
use crate::tcp::ports::PortChooser;

use names::{Name, Names};
use socket::Socket;

pub use socket::{UdpFailure, UdpOptions, UdpReceived, UdpStatus};
pub use verbs::{BindError, UdpReceiveError, UdpSendError};

/// Who has a port.
#[derive(Default)]
struct PortHolders {
    places: Vec<u32>,
    /// How many of them do not share it.
    unshared: usize,
}

/// All UDP sockets.
pub(crate) struct Udp {
    sockets: Slab<Socket>,
    /// Connected sockets by their four-tuple.
    connected: FlowTable,
    /// Sockets by what they are bound to.
    names: Names,
    /// Sockets by port alone, each list in the order of binding, for what goes to many.
    by_port: HashMap<u16, PortHolders, BuildHasherDefault<siphasher::sip::SipHasher13>>,
    key: HashKey,
    ports: PortChooser,
    pool: Pool,
    ephemeral_ports: u32,
    sockets_max: usize,
    /// Sockets that met a full queue, in that order.
    starved: Vec<UdpId>,
}

impl Udp {
    pub(crate) fn new(config: &Config, seed: &mut Seed) -> Udp {
        let range = config.tcp.ephemeral_ports.clone();
        Udp {
            sockets: Slab::new(),
            connected: FlowTable::new(),
            names: Names::default(),
            by_port: HashMap::default(),
            key: HashKey::new(seed.key()),
            ephemeral_ports: u32::from(*range.end()).saturating_sub(u32::from(*range.start())) + 1,
            ports: PortChooser::new(seed.key(), range),
            sockets_max: config.udp_sockets_max,
            pool: Pool::default(),
            starved: Vec::new(),
        }
    }

    /// Takes the next pending event of a socket, and tells whether there are more.
    pub(crate) fn take_event(&mut self, id: UdpId) -> Option<(EventKind, bool)> {
        self.get_mut(id)?.events.take()
    }

    /// A link took a packet: sockets that met a full queue are told that there is room.
    pub(crate) fn on_room(&mut self, context: &mut Context) {
        let Udp { sockets, starved, .. } = self;
        for id in starved.drain(..) {
            if let Some(socket) = sockets.get_mut(id.index).filter(|socket| socket.id == id) {
                socket.starved = false;
                socket.raise(EventKind::Writable, context);
            }
        }
    }

    fn get(&self, id: UdpId) -> Option<&Socket> {
        self.sockets.get(id.index).filter(|socket| socket.id == id)
    }

    fn get_mut(&mut self, id: UdpId) -> Option<&mut Socket> {
        self.sockets.get_mut(id.index).filter(|socket| socket.id == id)
    }

    fn on_port(&self, port: u16) -> impl Iterator<Item = &Socket> {
        let places = self.by_port.get(&port).map_or(&[][..], |holders| holders.places.as_slice());
        places.iter().filter_map(|place| self.sockets.get(*place))
    }

    /// The socket that is connected along a four-tuple.
    fn connected_to(&self, tuple: &FourTuple) -> Option<u32> {
        let is_it = |place| self.sockets.get(place).and_then(Socket::tuple).is_some_and(|own| own == *tuple);
        self.connected.find(tuple.hash(&self.key), is_it)
    }

    /// The socket that takes a unicast datagram.
    fn receiver(&self, local: Endpoint, remote: Endpoint, link: LinkId) -> Option<u32> {
        let tuple = FourTuple::on_link(local, remote, link);
        if let Some(place) = self.connected_to(&tuple) {
            return Some(place);
        }
        // The one that asks for most wins: an address before none, a link before none; the last bound one of equals, so that a
        // port that is shared goes to one socket.
        Name::that_take(local, link).into_iter().find_map(|name| self.names.last_open(name))
    }

    /// Whether a datagram for this address and port was connected away from: then somebody listens, but not to this peer.
    fn is_foreign(&self, local: Endpoint, link: LinkId) -> bool {
        Name::that_take(local, link).into_iter().any(|name| self.names.has_connected(name))
    }
}
