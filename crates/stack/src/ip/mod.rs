//! The internet layer: what stands between links and transports.
//!
//! A frame comes in by [`Ip::receive`] and leaves as a [`Datagram`] for a transport, as an [`IcmpError`] about something that
//! a transport sent, or not at all: answers to ARP, neighbour discovery and echo requests, fragments and forwarded packets
//! are handled here. A transport finds its way with [`Ip::route`] and sends by one of three verbs: [`Ip::finish`] puts the
//! link header before a packet that stands in the link's own buffer, which is the way of data; [`Ip::enqueue`] queues a small
//! packet; [`Ip::send_datagram`] queues one of any size and fragments it. What a queue holds leaves by [`Ip::poll_queue`].
//!
//! One idea a file: `addresses`, `routes`, `source` (which address is ours towards whom), `neighbours`, `packet` (buffers and
//! queues), `input` and `extensions` (what arrives), `arp`, `ndp`, `autoconfiguration`, `icmp_in`, `icmp_out`, `reassembly`,
//! `fragmentation`, `path_mtu`, `forwarding`, `groups`, `administration` (the verbs for links, addresses and routes).

mod addresses;
mod administration;
mod arp;
mod autoconfiguration;
mod extensions;
mod forwarding;
mod fragmentation;
mod groups;
mod icmp_in;
mod icmp_out;
mod input;
mod ndp;
mod neighbours;
mod output;
mod packet;
mod path_cache;
mod path_mtu;
mod reassembly;
mod routes;
mod source;

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};

use synsent_wire::ip::Protocol;
use synsent_wire::{ethernet, ipv4, ipv6};

use crate::config::Config;
use crate::context::Context;
use crate::link::{LinkConfig, LinkId, Medium, Offload, RouteKind};
use crate::reason::{IcmpCause, NoPath};
use crate::seed::Seed;
use crate::tcp::four_tuple::FourTuple;
use crate::time::{Instant, earliest};

use addresses::Addresses;
use groups::Membership;
use icmp_out::Limiter;
use neighbours::Neighbours;
use packet::{OutputQueue, PacketBuffer, Pool};
use path_cache::{Asked, PathCache};
use path_mtu::PathMtus;
use reassembly::Reassembly;
use routes::Routes;

pub(crate) use fragmentation::{DatagramMeta, SendRefused};
pub use groups::GroupError;
pub(crate) use icmp_in::EchoReplies;
pub use icmp_in::{EchoReply, PingError};
pub(crate) use reassembly::ReassembledPacket;

/// How many flows may wait to be told that their next hop does not answer; the newest are not told, and time out.
const FAILURES_MAX: usize = 1024;
/// The MTU of the loopback link.
const LOOPBACK_MTU: u16 = u16::MAX;

/// To how many hosts an address leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cast {
    /// To one, as far as can be known from here.
    Unicast,
    /// To all of a network that this host is on: the limited broadcast address, or that of the network.
    Broadcast,
    /// To those that joined a group.
    Multicast,
}

/// A packet for a transport of this host.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Datagram<'a> {
    pub(crate) link: LinkId,
    pub(crate) source: IpAddr,
    pub(crate) destination: IpAddr,
    pub(crate) protocol: Protocol,
    pub(crate) hop_limit: u8,
    pub(crate) traffic_class: u8,
    /// Transport header and data, without padding.
    pub(crate) payload: &'a [u8],
    /// The whole packet, to quote from.
    pub(crate) packet: &'a [u8],
    pub(crate) cast: Cast,
    pub(crate) link_cast: Cast,
    /// The link vouches for the transport checksum.
    pub(crate) checksum_valid: bool,
    /// Where in the packet the number of `protocol` stands.
    pub(crate) next_header_offset: u32,
}

/// What arrived.
pub(crate) enum Arrived<'a> {
    /// Nothing for a transport.
    Consumed,
    /// A packet for a transport.
    Local(Datagram<'a>),
    /// A packet that came in fragments.
    Reassembled(ReassembledPacket),
    /// An error about something that was sent from here, or that claims so.
    Error(IcmpError<'a>),
}

/// An ICMP error; whether it quotes something that was really sent is for the transport to say.
pub(crate) struct IcmpError<'a> {
    /// Who sent it.
    pub(crate) from: IpAddr,
    pub(crate) cause: IcmpCause,
    pub(crate) link: LinkId,
    pub(crate) quoted_source: IpAddr,
    pub(crate) quoted_destination: IpAddr,
    pub(crate) protocol: Protocol,
    /// The quoted transport octets, at least eight.
    pub(crate) transport: &'a [u8],
}

/// The way to a destination.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path {
    /// By which link; [`LinkId::LOOPBACK`] when the destination is this host.
    pub(crate) link: LinkId,
    pub(crate) next_hop: IpAddr,
    pub(crate) source: IpAddr,
    pub(crate) destination: IpAddr,
    /// What fits all the way, as far as is known.
    pub(crate) mtu: u32,
    pub(crate) link_mtu: u32,
    /// A path is good as long as [`Ip::generation`] says the same.
    pub(crate) generation: u32,
    /// The link splits segments of packets up to this size.
    pub(crate) segmentation: Option<u16>,
    /// The hop limit of who does not ask for another: the one that a router advertised, or the stack's.
    pub(crate) hop_limit: u8,
    /// It led there once and does not now: what is sent by it is lost.
    pub(crate) lost: bool,
}

/// What became of a packet that was handed to [`Ip::finish`].
pub(crate) enum Finished {
    /// So many octets of the buffer are the frame.
    Frame(usize),
    /// It waits for the neighbour's hardware address; the buffer is free again.
    Queued,
    /// It did not leave, and that is counted.
    Dropped,
}

/// The queue of the link is full.
pub(crate) struct QueueFull;

/// Whose packet waited for a neighbour that does not answer.
pub(crate) struct NeighbourFailure {
    pub(crate) protocol: Protocol,
    pub(crate) tuple: FourTuple,
}

/// What is known of one link.
struct Link {
    config: LinkConfig,
    /// A link that is down carries nothing, in neither direction.
    up: bool,
    output: OutputQueue,
    groups: Vec<Membership>,
    /// The directed broadcast addresses of the networks on it.
    broadcasts: Vec<Ipv4Addr>,
    /// What routers said about it.
    advertised: autoconfiguration::Advertised,
}

impl Link {
    /// The largest packet of a family.
    fn mtu(&self, is_ipv6: bool) -> u32 {
        let mtu = u32::from(self.config.mtu);
        match self.advertised.mtu {
            Some(advertised) if is_ipv6 => mtu.min(advertised),
            _ => mtu,
        }
    }
}

/// The internet layer of one host.
pub(crate) struct Ip {
    links: Vec<Link>,
    addresses: Addresses,
    routes: Routes,
    neighbours: Neighbours,
    reassembly: Reassembly,
    path_mtus: PathMtus,
    path_cache: PathCache,
    limiter: Limiter,
    pool: Pool,
    loopback: VecDeque<PacketBuffer>,
    failures: VecDeque<NeighbourFailure>,
    pub(crate) echo_replies: EchoReplies,
    identifications: fragmentation::Identifications,
    generation: u32,
    forwarding: bool,
    hop_limit: u8,
    jitter: Seed,
    /// Nothing but neighbours is due before; it may be earlier than what is really due.
    timer: Option<Instant>,
}

impl Ip {
    pub(crate) fn new(config: &Config, seed: &mut Seed) -> Ip {
        let mut ip = Ip {
            links: Vec::new(),
            addresses: Addresses::new(seed.key()),
            routes: Routes::default(),
            neighbours: Neighbours::new(seed.key()),
            reassembly: Reassembly::new(config.reassembly_octets),
            path_mtus: PathMtus::new(seed.key()),
            path_cache: PathCache::new(),
            limiter: Limiter::new(config.icmp_errors_per_second),
            pool: Pool::default(),
            loopback: VecDeque::new(),
            failures: VecDeque::new(),
            echo_replies: EchoReplies::default(),
            identifications: fragmentation::Identifications::new(seed.key()),
            generation: 0,
            forwarding: config.forwarding,
            hop_limit: config.hop_limit,
            jitter: Seed::new(seed_octets(seed)),
            timer: None,
        };
        ip.make_loopback();
        ip
    }

    /// The way to a destination, with the source address that is ours towards it. A link can be demanded; for a link-local
    /// destination it says which link is meant.
    pub(crate) fn route(
        &mut self,
        now: Instant,
        source: Option<IpAddr>,
        destination: IpAddr,
        link: Option<LinkId>,
    ) -> Result<Path, NoPath> {
        let asked = Asked { source, destination, link };
        if let Some(path) = self.path_cache.get(&asked, self.generation) {
            return Ok(path);
        }
        let path = self.look_up(now, source, destination, link)?;
        self.path_cache.keep(asked, path);
        Ok(path)
    }

    fn look_up(
        &mut self,
        now: Instant,
        source: Option<IpAddr>,
        destination: IpAddr,
        link: Option<LinkId>,
    ) -> Result<Path, NoPath> {
        self.check_source(source, destination)?;
        if self.is_local_by(destination, link) {
            return Ok(self.local_path(source.unwrap_or(destination), destination));
        }
        // 1122/IP-2
        // A loopback address never leaves by a real link, neither as source nor as destination.
        if destination.is_unspecified() || destination.is_loopback() {
            return Err(NoPath::NoRoute);
        }
        if source.is_some_and(|source| source.is_loopback()) {
            return Err(NoPath::ForeignSource);
        }
        let link = link.or_else(|| self.link_of_scoped(destination, source));
        let (link, next_hop) = self.next_hop(destination, link, source)?;
        let source = match source {
            Some(source) => source,
            None => source::select(&self.addresses, now, link, destination, next_hop).ok_or(NoPath::NoSource)?,
        };
        Ok(self.path(now, link, next_hop, source, destination))
    }

    /// The way of a connection that exists and went the way `last`. When none leads to its peer any more it keeps that one: what
    /// it sends is lost, as on any way that does not work for a while, and its timers decide how long it goes on trying.
    pub(crate) fn route_of_flow(&mut self, now: Instant, tuple: &FourTuple, last: Option<&Path>) -> Option<Path> {
        let found = self.route(now, Some(tuple.local.addr), tuple.remote.addr, tuple.link()).ok();
        found.or_else(|| last.map(|last| Path { generation: self.generation, lost: true, ..*last }))
    }

    fn check_source(&self, source: Option<IpAddr>, destination: IpAddr) -> Result<(), NoPath> {
        // 1122/IP-3
        // The application's choice is respected, if it is an address of this host.
        match source {
            Some(source) if source.is_ipv4() != destination.is_ipv4() => Err(NoPath::NoSource),
            Some(source) if !self.is_local(source) => Err(NoPath::ForeignSource),
            _ => Ok(()),
        }
    }

    fn local_path(&self, source: IpAddr, destination: IpAddr) -> Path {
        Path {
            link: LinkId::LOOPBACK,
            next_hop: destination,
            source,
            destination,
            mtu: u32::from(LOOPBACK_MTU),
            link_mtu: u32::from(LOOPBACK_MTU),
            generation: self.generation,
            segmentation: None,
            hop_limit: self.hop_limit,
            lost: false,
        }
    }

    fn path(&mut self, now: Instant, link: LinkId, next_hop: IpAddr, source: IpAddr, destination: IpAddr) -> Path {
        let config = &self.links[link.index()];
        let hop_limit = self.default_hop_limit(link, destination.is_ipv6());
        let (link_mtu, segmentation) = (config.mtu(destination.is_ipv6()), config.config.offload.segmentation);
        let mtu = self.path_mtus.get(now, destination).map_or(link_mtu, |mtu| mtu.min(link_mtu));
        Path {
            link,
            next_hop,
            source,
            destination,
            mtu,
            link_mtu,
            generation: self.generation,
            segmentation,
            hop_limit,
            lost: false,
        }
    }

    /// The link of a destination that means something on one link only, when it can be only one.
    fn link_of_scoped(&self, destination: IpAddr, source: Option<IpAddr>) -> Option<LinkId> {
        if !is_link_scoped(destination) {
            return None;
        }
        let scoped_source = source.filter(|source| is_link_scoped(*source));
        let mut candidates = self.addresses.iter().filter(|assigned| match scoped_source {
            Some(source) => assigned.cidr.addr() == source,
            None => assigned.cidr.addr().is_ipv6() == destination.is_ipv6() && assigned.link != LinkId::LOOPBACK,
        });
        let link = candidates.next()?.link;
        candidates.all(|other| other.link == link).then_some(link)
    }

    fn next_hop(
        &self,
        destination: IpAddr,
        link: Option<LinkId>,
        source: Option<IpAddr>,
    ) -> Result<(LinkId, IpAddr), NoPath> {
        let usable = |link| self.is_link_up(link);
        if link.is_some_and(|link| link == LinkId::LOOPBACK || link.index() >= self.links.len()) {
            return Err(NoPath::NoLink);
        }
        if destination.is_multicast() || destination == IpAddr::V4(Ipv4Addr::BROADCAST) {
            let link = self.link_of_cast(destination, link, source, usable)?;
            return if usable(link) { Ok((link, destination)) } else { Err(NoPath::LinkDown) };
        }
        if is_link_scoped(destination) {
            // Without a link that it belongs to, any link would be a guess.
            let link = link.ok_or(NoPath::NoRoute)?;
            return if usable(link) { Ok((link, destination)) } else { Err(NoPath::LinkDown) };
        }
        let Some(entry) = self.routes.lookup_among(destination, link, usable) else {
            return Err(self.routes.lookup(destination, link).map_or(NoPath::NoRoute, |_| NoPath::LinkDown));
        };
        match entry.route.kind {
            RouteKind::Unicast => Ok((entry.link, entry.route.gateway.unwrap_or(destination))),
            RouteKind::Unreachable => Err(NoPath::Unreachable),
            RouteKind::Prohibit => Err(NoPath::Prohibited),
            RouteKind::Blackhole => Err(NoPath::Blackhole),
        }
    }

    /// The link for a group or for the broadcast address: the one asked for, the source's, the one that a route names, or
    /// the first that has an address; among the last two rather one that can be used.
    fn link_of_cast(
        &self,
        destination: IpAddr,
        link: Option<LinkId>,
        source: Option<IpAddr>,
        usable: impl Fn(LinkId) -> bool,
    ) -> Result<LinkId, NoPath> {
        let of_source = || self.addresses.iter().find(|a| Some(a.cidr.addr()) == source).map(|a| a.link);
        let routed = || {
            let entry = self.routes.lookup_among(destination, None, &usable)?;
            (entry.route.kind == RouteKind::Unicast).then_some(entry.link)
        };
        let same_family = |a: &&addresses::Assigned| a.cidr.addr().is_ipv4() == destination.is_ipv4();
        let first = || {
            let all = || self.addresses.iter().filter(same_family).map(|a| a.link).filter(|l| *l != LinkId::LOOPBACK);
            all().find(|link| usable(*link)).or_else(|| all().next())
        };
        link.or_else(of_source).or_else(routed).or_else(first).ok_or(NoPath::NoRoute)
    }

    /// Changes whenever a path that was found before may no longer be the right one.
    #[inline]
    pub(crate) fn generation(&self) -> u32 {
        self.generation
    }

    fn bump_generation(&mut self) {
        self.generation = self.generation.wrapping_add(1);
    }

    /// Whether an address is ours and may be used.
    pub(crate) fn is_local(&self, addr: IpAddr) -> bool {
        self.addresses.is_ready(addr) || is_v4_loopback(addr)
    }

    fn is_local_by(&self, addr: IpAddr, link: Option<LinkId>) -> bool {
        match link.filter(|_| is_link_scoped(addr)) {
            Some(link) => self.addresses.get(link, addr).is_some_and(|a| a.state == addresses::AddressState::Ready),
            None => self.is_local(addr),
        }
    }

    /// Whether an address means all hosts of a network that we are on.
    pub(crate) fn is_broadcast(&self, addr: IpAddr) -> bool {
        match addr {
            IpAddr::V4(addr) => addr.is_broadcast() || self.links.iter().any(|link| link.broadcasts.contains(&addr)),
            IpAddr::V6(_) => false,
        }
    }

    /// To how many hosts an address leads.
    pub(crate) fn cast(&self, addr: IpAddr) -> Cast {
        match addr {
            _ if addr.is_multicast() => Cast::Multicast,
            _ if self.is_broadcast(addr) => Cast::Broadcast,
            _ => Cast::Unicast,
        }
    }

    /// How many octets stand before the packet in a frame of the link.
    #[inline]
    pub(crate) fn header_room(&self, link: LinkId) -> usize {
        match self.links.get(link.index()).map(|link| link.config.medium) {
            Some(Medium::Ethernet(_)) => ethernet::HEADER_LEN,
            _ => 0,
        }
    }

    /// What the link does by itself.
    #[inline]
    pub(crate) fn offload(&self, link: LinkId) -> Offload {
        self.links.get(link.index()).map(|link| link.config.offload).unwrap_or_default()
    }

    /// A packet to ourselves, which goes back through [`Ip::receive_packet`].
    pub(crate) fn pop_loopback(&mut self) -> Option<PacketBuffer> {
        self.loopback.pop_front()
    }

    pub(crate) fn has_loopback(&self) -> bool {
        !self.loopback.is_empty()
    }

    /// Gives the buffer of a packet back.
    pub(crate) fn recycle(&mut self, packet: PacketBuffer) {
        self.pool.give_back(packet);
    }

    /// The next flow whose packet waited for a neighbour in vain.
    pub(crate) fn pop_failure(&mut self) -> Option<NeighbourFailure> {
        self.failures.pop_front()
    }

    /// A flow's retransmissions go unanswered: the neighbour on its way is checked (RFC 1122 section 3.3.1.4).
    pub(crate) fn advise_dead_path(&mut self, now: Instant, destination: IpAddr) {
        if let Ok(path) = self.route(now, None, destination, None) {
            self.neighbours.doubt(now, path.link, path.next_hop);
        }
    }

    /// When `on_deadline` has something to do.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        earliest(self.timer, self.neighbours.next_deadline())
    }

    /// Does what is due.
    pub(crate) fn on_deadline(&mut self, now: Instant, ctx: &mut Context) {
        self.ask_and_give_up_neighbours(now, ctx);
        if self.timer.is_none_or(|at| at > now) {
            return;
        }
        self.timer = None;
        let due = [
            self.run_address_timers(now, ctx),
            self.run_route_timers(now),
            self.run_router_solicitations(now, ctx),
            self.run_group_timers(now, ctx),
            self.run_reassembly_timers(now, ctx),
            self.run_path_mtu_timers(now),
        ];
        self.timer = [self.timer].into_iter().chain(due).flatten().min();
    }

    /// Something is due at this time.
    fn arm(&mut self, at: Instant) {
        self.timer = Some(self.timer.map_or(at, |timer| timer.min(at)));
    }
}

fn seed_octets(seed: &mut Seed) -> [u8; 32] {
    let mut octets = [0; 32];
    octets[..16].copy_from_slice(&seed.key());
    octets[16..].copy_from_slice(&seed.key());
    octets
}

fn is_v4_loopback(addr: IpAddr) -> bool {
    addr.is_ipv4() && addr.is_loopback()
}

/// Whether an address means something on one link only.
fn is_link_scoped(addr: IpAddr) -> bool {
    match addr {
        IpAddr::V4(_) => false,
        IpAddr::V6(addr) => {
            addr.is_unicast_link_local() || matches!(addr.octets(), [0xff, scope, ..] if scope & 0xf <= 2)
        }
    }
}

/// The length of an IP header without options or extensions.
fn header_len(addr: IpAddr) -> usize {
    if addr.is_ipv4() { ipv4::HEADER_LEN } else { ipv6::HEADER_LEN }
}
