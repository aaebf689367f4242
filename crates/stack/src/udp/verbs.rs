//! The verbs of UDP: bind, connect, send, receive, close.

use core::fmt;
use core::net::{IpAddr, SocketAddr};

use synsent_wire::ip::Protocol;
use synsent_wire::udp::{HEADER_LEN, Repr};

use super::Udp;
use super::names::covers;
use super::socket::{Socket, UdpFailure, UdpOptions, UdpReceived, UdpStatus};
use crate::context::Context;
use crate::event::{EventSet, UdpId};
use crate::ip::{DatagramMeta, Ip, Path, SendRefused};
use crate::reason::NoPath;
use crate::tcp::calls::open::NoSuchSocket;
use crate::tcp::four_tuple::{Endpoint, FourTuple, link_of};
use crate::time::Instant;

/// Why a socket was not bound.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BindError {
    /// Another socket has this address and port and does not share it.
    InUse,
    /// The local address is not one of ours.
    ForeignAddress,
    /// Every ephemeral port is in use.
    NoPorts {
        /// How many there are.
        tried: u32,
    },
    /// As many sockets as there may be exist.
    NoRoom,
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BindError::InUse => f.write_str("another socket has this address and port"),
            BindError::ForeignAddress => f.write_str("the local address is not one of this host"),
            BindError::NoPorts { tried } => write!(f, "out of local ports: all {tried} are in use"),
            BindError::NoRoom => f.write_str("as many sockets as are allowed exist"),
        }
    }
}

/// Why a datagram was not sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UdpSendError {
    /// The link's queue is full.
    WouldBlock,
    /// There is no default peer and none was given.
    NoDestination,
    /// The destination's port or address is unspecified.
    DestinationUnspecified,
    /// The destination is a broadcast address and the socket may not send there.
    BroadcastRefused,
    /// The destination is of another family than the socket.
    FamiliesDiffer,
    /// No way leads there.
    NoPath(NoPath),
    /// Larger than a datagram can be, or than the path takes without fragments.
    TooBig {
        /// The most octets of data that would be taken.
        most: u32,
    },
    /// The handle means no socket.
    NoSuchSocket,
}

impl fmt::Display for UdpSendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UdpSendError::WouldBlock => f.write_str("the queue of the link is full"),
            UdpSendError::NoDestination => f.write_str("the socket has no peer and none was given"),
            UdpSendError::DestinationUnspecified => f.write_str("the destination's address or port is unspecified"),
            UdpSendError::BroadcastRefused => f.write_str("the socket may not send to broadcast addresses"),
            UdpSendError::FamiliesDiffer => f.write_str("the destination is of another family than the socket"),
            UdpSendError::NoPath(why) => write!(f, "no route to the destination: {why}"),
            UdpSendError::TooBig { most } => write!(f, "too big: at most {most} octets can be sent there"),
            UdpSendError::NoSuchSocket => f.write_str("the socket does not exist any more"),
        }
    }
}

/// Why nothing was received.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UdpReceiveError {
    /// Nothing has arrived.
    WouldBlock,
    /// The handle means no socket.
    NoSuchSocket,
}

impl Udp {
    /// Makes a socket.
    pub(crate) fn bind(&mut self, options: UdpOptions, ip: &Ip) -> Result<UdpId, BindError> {
        if self.sockets.len() >= self.sockets_max {
            return Err(BindError::NoRoom);
        }
        // 1122/UDP-2
        // The application may say which local address it uses: one of ours, or one that several hosts share.
        if let Some(local) = options.local
            && !(local.is_unspecified() || ip.is_local(local) || local.is_multicast() || ip.is_broadcast(local))
        {
            return Err(BindError::ForeignAddress);
        }
        let port = match options.port {
            0 => self.choose_port(&options)?,
            port if self.clashes(&options, port) => return Err(BindError::InUse),
            port => port,
        };
        let index =
            self.sockets.insert_with(|index, generation| Socket::new(UdpId { index, generation }, port, options));
        let holders = self.by_port.entry(port).or_default();
        holders.places.push(index);
        holders.unshared += usize::from(!options.shared);
        self.add_name(index);
        // The place was filled above.
        Ok(self.sockets.get(index).map_or(UdpId { index, generation: 0 }, |socket| socket.id))
    }

    /// Gives the socket a default peer, or takes it away; the local address towards the peer is chosen when none is bound.
    pub(crate) fn connect(
        &mut self,
        now: Instant,
        id: UdpId,
        peer: Option<SocketAddr>,
        ip: &mut Ip,
    ) -> Result<(), UdpSendError> {
        let socket = self.get(id).ok_or(UdpSendError::NoSuchSocket)?;
        let chosen = match peer {
            Some(peer) => Some(check_peer(now, socket.options.local, peer, socket, ip)?),
            None => None,
        };
        self.dissolve(id);
        let (Some(peer), Some(path)) = (peer, chosen) else { return Ok(()) };
        self.remove_name(id.index);
        let Udp { sockets, connected, key, .. } = self;
        let Some(socket) = sockets.get_mut(id.index) else { return Err(UdpSendError::NoSuchSocket) };
        socket.remote = Some(Endpoint::from(peer));
        socket.zone = FourTuple::zone_of(peer.ip(), path.link);
        if socket.local.is_none_or(|local| local.is_unspecified()) {
            socket.local = Some(path.source);
            socket.local_is_chosen = true;
        }
        if let Some(tuple) = socket.tuple() {
            connected.insert(tuple.hash(key), id.index);
        }
        self.add_name(id.index);
        Ok(())
    }

    /// Sends a datagram to `destination`, or to the default peer.
    pub(crate) fn send(
        &mut self,
        now: Instant,
        id: UdpId,
        destination: Option<SocketAddr>,
        data: &[u8],
        ip: &mut Ip,
        context: &mut Context,
    ) -> Result<(), UdpSendError> {
        let Udp { sockets, starved, .. } = self;
        let found = sockets.get_mut(id.index).filter(|socket| socket.id == id);
        let socket = found.ok_or(UdpSendError::NoSuchSocket)?;
        let destination = destination.or_else(|| socket.peer()).ok_or(UdpSendError::NoDestination)?;
        let path = check_peer(now, socket.local, destination, socket, ip)?;
        if ip.is_broadcast(destination.ip()) && !socket.options.broadcast {
            return Err(UdpSendError::BroadcastRefused);
        }
        let options = &socket.options;
        let hop_limit = match destination.ip().is_multicast() {
            true => options.multicast_hop_limit,
            false => options.hop_limit.unwrap_or(path.hop_limit),
        };
        let meta =
            DatagramMeta { hop_limit, traffic_class: options.traffic_class, dont_fragment: options.dont_fragment };
        let header = Repr { source_port: socket.port, destination_port: destination.port() };
        let (source, target) = (path.source, destination.ip());
        let build = |payload: &mut [u8]| {
            header.emit(source, target, data, payload);
        };
        let sent = ip.send_datagram(now, &path, Protocol::UDP, meta, HEADER_LEN + data.len(), build, context);
        sent.map_err(|refused| match refused {
            SendRefused::QueueFull => {
                if !socket.starved {
                    socket.starved = true;
                    starved.push(id);
                }
                UdpSendError::WouldBlock
            }
            SendRefused::TooBig { mtu } => UdpSendError::TooBig { most: most_data(mtu, target, &meta) },
        })
    }

    /// Moves the next datagram into `into`; what does not fit is lost, and told.
    pub(crate) fn receive(&mut self, id: UdpId, into: &mut [u8]) -> Result<UdpReceived, UdpReceiveError> {
        let Udp { sockets, pool, .. } = self;
        let socket = sockets.get_mut(id.index).filter(|socket| socket.id == id);
        socket.ok_or(UdpReceiveError::NoSuchSocket)?.take(into, pool).ok_or(UdpReceiveError::WouldBlock)
    }

    /// Copies the next datagram into `into` and leaves it.
    pub(crate) fn peek(&self, id: UdpId, into: &mut [u8]) -> Result<UdpReceived, UdpReceiveError> {
        self.get(id).ok_or(UdpReceiveError::NoSuchSocket)?.look(into).ok_or(UdpReceiveError::WouldBlock)
    }

    /// Throws away what waits in the socket's queue.
    pub(crate) fn discard(&mut self, id: UdpId) -> Result<(), NoSuchSocket> {
        let Udp { sockets, pool, .. } = self;
        let socket = sockets.get_mut(id.index).filter(|socket| socket.id == id);
        socket.ok_or(NoSuchSocket)?.forget_waiting(pool);
        Ok(())
    }

    /// Throws away what waits in the queue of a socket with a peer and is not from that peer. Answers with how many datagrams went.
    pub(crate) fn discard_foreign(&mut self, id: UdpId) -> Result<usize, NoSuchSocket> {
        let Udp { sockets, pool, .. } = self;
        let socket = sockets.get_mut(id.index).filter(|socket| socket.id == id);
        Ok(socket.ok_or(NoSuchSocket)?.forget_foreign(pool))
    }

    /// The oldest ICMP error about the socket's datagrams.
    pub(crate) fn take_failure(&mut self, id: UdpId) -> Option<UdpFailure> {
        self.get_mut(id)?.failures.pop_front()
    }

    pub(crate) fn status(&self, id: UdpId) -> Option<UdpStatus> {
        Some(self.get(id)?.status())
    }

    /// Changes what may change: permissions, limits and header fields, but no name.
    pub(crate) fn set_options(&mut self, id: UdpId, options: UdpOptions) -> Result<(), NoSuchSocket> {
        let socket = self.get_mut(id).ok_or(NoSuchSocket)?;
        let UdpOptions { local, port, link, shared, .. } = socket.options;
        socket.options = UdpOptions { local, port, link, ..options };
        let bound = socket.port;
        if let Some(holders) = self.by_port.get_mut(&bound) {
            holders.unshared = holders.unshared + usize::from(!options.shared) - usize::from(!shared);
        }
        Ok(())
    }

    pub(crate) fn options(&self, id: UdpId) -> Option<UdpOptions> {
        Some(self.get(id)?.options)
    }

    /// Ends the socket; what waits in its queue is gone.
    pub(crate) fn close(&mut self, id: UdpId) {
        if self.get(id).is_none() {
            return;
        }
        self.dissolve(id);
        self.remove_name(id.index);
        let Some(mut socket) = self.sockets.remove(id.index) else { return };
        if socket.starved {
            self.starved.retain(|waiting| *waiting != id);
        }
        socket.events = EventSet::default();
        socket.forget_waiting(&mut self.pool);
        if let Some(holders) = self.by_port.get_mut(&socket.port) {
            holders.unshared -= usize::from(!socket.options.shared);
            if let Some(at) = holders.places.iter().rposition(|place| *place == id.index) {
                holders.places.remove(at);
            }
            if holders.places.is_empty() {
                self.by_port.remove(&socket.port);
            }
        }
    }

    fn add_name(&mut self, place: u32) {
        if let Some(socket) = self.sockets.get(place) {
            self.names.add(socket.name(), place, socket.remote.is_some());
        }
    }

    fn remove_name(&mut self, place: u32) {
        if let Some(socket) = self.sockets.get(place) {
            self.names.remove(socket.name(), place, socket.remote.is_some());
        }
    }

    fn dissolve(&mut self, id: UdpId) {
        self.remove_name(id.index);
        let Udp { sockets, connected, key, .. } = self;
        let Some(socket) = sockets.get_mut(id.index) else { return };
        if let Some(tuple) = socket.tuple() {
            connected.remove(tuple.hash(key), id.index);
        }
        socket.remote = None;
        socket.zone = 0;
        // What came of the former peer is none of the next one's.
        socket.failures.clear();
        if socket.local_is_chosen {
            socket.local = socket.options.local;
            socket.local_is_chosen = false;
        }
        self.add_name(id.index);
    }

    fn choose_port(&mut self, options: &UdpOptions) -> Result<u16, BindError> {
        let Udp { ports, by_port, ephemeral_ports, .. } = self;
        let local = options.local.unwrap_or(IpAddr::V4(core::net::Ipv4Addr::UNSPECIFIED));
        let nobody = Endpoint::new(local, 0);
        // 6056/2
        let port = ports.choose(local, nobody, |port| !by_port.contains_key(&port));
        port.ok_or(BindError::NoPorts { tried: *ephemeral_ports })
    }

    fn clashes(&self, options: &UdpOptions, port: u16) -> bool {
        if options.shared && self.by_port.get(&port).is_none_or(|holders| holders.unshared == 0) {
            return false;
        }
        self.on_port(port).any(|socket| {
            let same_addr = match (socket.options.local, options.local) {
                (Some(one), Some(other)) => covers(one, other) || covers(other, one),
                _ => true,
            };
            let same_link = match (socket.link, options.link) {
                (Some(one), Some(other)) => one == other,
                _ => true,
            };
            same_addr && same_link && !(socket.options.shared && options.shared)
        })
    }
}

fn check_peer(
    now: Instant,
    local: Option<IpAddr>,
    peer: SocketAddr,
    socket: &Socket,
    ip: &mut Ip,
) -> Result<Path, UdpSendError> {
    if peer.port() == 0 || peer.ip().is_unspecified() {
        return Err(UdpSendError::DestinationUnspecified);
    }
    if local.is_some_and(|local| local.is_ipv4() != peer.is_ipv4()) {
        return Err(UdpSendError::FamiliesDiffer);
    }
    // A socket bound to a group or to a broadcast address sends from an address of the link.
    let is_ours = |local: &IpAddr| !(local.is_unspecified() || local.is_multicast() || ip.is_broadcast(*local));
    let source = local.filter(is_ours);
    let link = socket.link.or_else(|| link_of(peer));
    if link_of(peer).is_some_and(|meant| Some(meant) != link) {
        // The peer is a neighbour on another link than the socket's.
        return Err(UdpSendError::NoPath(NoPath::NoRoute));
    }
    ip.route(now, source, peer.ip(), link).map_err(UdpSendError::NoPath)
}

/// How many octets of data fit: what the length fields express, and no more than a packet of `mtu` octets when it may not be cut.
fn most_data(mtu: u32, destination: IpAddr, meta: &DatagramMeta) -> u32 {
    // The length of IPv4 counts its own header, the one of IPv6 does not.
    let (ip_header, counted) = if destination.is_ipv4() { (20, 20) } else { (40, 0) };
    let expressible = u32::from(u16::MAX) - counted - HEADER_LEN as u32;
    match meta.dont_fragment {
        true => expressible.min(mtu.saturating_sub(ip_header + HEADER_LEN as u32)),
        false => expressible,
    }
}
