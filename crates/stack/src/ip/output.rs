//! How packets leave: into the link's own buffer, into its queue, to a neighbour's queue, or back to ourselves.

use core::net::IpAddr;

use synsent_wire::checksum;
use synsent_wire::ethernet::{self, Address, EtherType};
use synsent_wire::ip::Protocol;
use synsent_wire::{ipv4, ipv6, ipv6_extension, tcp};

use super::neighbours::{Due, Waiting};
use super::packet::{LOOPBACK_QUEUE_PACKETS, Outgoing, PacketBuffer, Urge};
use super::{FAILURES_MAX, Finished, Ip, NeighbourFailure, Path, QueueFull};
use crate::context::{Context, DropReason};
use crate::link::{LinkId, Medium, Transmit};
use crate::reason::IcmpCause;
use crate::tcp::four_tuple::{Endpoint, FourTuple};
use crate::time::Instant;
use crate::trace::Fact;

impl Ip {
    /// The packet of `len` octets stands in `frame` behind the room for the link's header: writes that header, or lets a copy
    /// of the packet wait for the neighbour.
    #[inline]
    pub(crate) fn finish(
        &mut self,
        now: Instant,
        path: &Path,
        frame: &mut [u8],
        len: usize,
        ctx: &mut Context,
    ) -> Finished {
        let Some(link) = self.links.get(path.link.index()).filter(|link| link.up && !path.lost) else {
            ctx.dropped(now, path.link, self.why_lost(path.link));
            return Finished::Dropped;
        };
        let Medium::Ethernet(source) = link.config.medium else { return Finished::Frame(len) };
        let Some(destination) = self.hardware_of(now, path.link, path.next_hop) else {
            return self.finish_later(now, path, &frame[ethernet::HEADER_LEN..ethernet::HEADER_LEN + len], ctx);
        };
        ethernet::Repr { destination, source, vlan: None, ethertype: ethertype(path.next_hop) }.emit(frame);
        Finished::Frame(ethernet::HEADER_LEN + len)
    }

    #[cold]
    fn finish_later(&mut self, now: Instant, path: &Path, packet: &[u8], ctx: &mut Context) -> Finished {
        if packet.len() > path.link_mtu as usize {
            // Only the link could have split it, and a queue has no place for such a demand; it will be sent again.
            ctx.dropped(now, path.link, DropReason::NeighbourQueueFull);
            return Finished::Dropped;
        }
        let mut copy = self.pool.copy(packet);
        if self.offload(path.link).transmit_checksum {
            complete_checksum(copy.octets_mut());
        }
        match self.let_wait(now, path.link, path.next_hop, copy, Urge::Own, ctx) {
            Ok(()) => Finished::Queued,
            Err(_) => Finished::Dropped,
        }
    }

    /// Queues a small packet that answers something: `build` fills all of its `len` octets.
    pub(crate) fn enqueue(
        &mut self,
        now: Instant,
        path: &Path,
        len: usize,
        build: impl FnOnce(&mut [u8]),
        ctx: &mut Context,
    ) -> Result<(), QueueFull> {
        if path.lost {
            ctx.dropped(now, path.link, self.why_lost(path.link));
            return Err(QueueFull);
        }
        self.enqueue_as(now, path.link, path.next_hop, Urge::Provoked, len, build, ctx)
    }

    #[cold]
    fn why_lost(&self, link: LinkId) -> DropReason {
        if self.is_link_up(link) { DropReason::NoRoute } else { DropReason::LinkDown }
    }

    #[expect(clippy::too_many_arguments, reason = "where to, who wants it, and what it is")]
    pub(super) fn enqueue_as(
        &mut self,
        now: Instant,
        link: LinkId,
        next_hop: IpAddr,
        urge: Urge,
        len: usize,
        build: impl FnOnce(&mut [u8]),
        ctx: &mut Context,
    ) -> Result<(), QueueFull> {
        if !self.has_room(link, urge) {
            ctx.dropped(now, link, DropReason::OutputQueueFull);
            return Err(QueueFull);
        }
        let mut packet = self.pool.take(len);
        build(packet.octets_mut());
        self.dispatch(now, link, next_hop, packet, urge, ctx).map_err(|_| QueueFull)
    }

    pub(super) fn has_room(&self, link: LinkId, urge: Urge) -> bool {
        self.has_room_for(link, 1, urge)
    }

    /// Whether a link's queue takes so many packets more.
    pub(super) fn has_room_for(&self, link: LinkId, packets: usize, urge: Urge) -> bool {
        match link {
            LinkId::LOOPBACK => self.loopback.len() + packets <= LOOPBACK_QUEUE_PACKETS,
            _ => self.links.get(link.index()).is_some_and(|link| link.output.has_room_for(packets, urge)),
        }
    }

    /// Sends a packet on its way; what is refused is counted.
    pub(super) fn dispatch(
        &mut self,
        now: Instant,
        link: LinkId,
        next_hop: IpAddr,
        packet: PacketBuffer,
        urge: Urge,
        ctx: &mut Context,
    ) -> Result<(), DropReason> {
        if !self.is_link_up(link) {
            return self.refuse_on_down_link(now, link, packet, ctx);
        }
        if link == LinkId::LOOPBACK {
            if self.loopback.len() >= LOOPBACK_QUEUE_PACKETS {
                self.pool.give_back(packet);
                ctx.dropped(now, link, DropReason::OutputQueueFull);
                return Err(DropReason::OutputQueueFull);
            }
            self.loopback.push_back(packet);
            return Ok(());
        }
        match self.hardware_of(now, link, next_hop) {
            Some(hardware) => self.push(now, link, hardware, ethertype(next_hop), packet, urge, ctx),
            None => self.let_wait(now, link, next_hop, packet, urge, ctx),
        }
    }

    /// Queues a packet for a hardware address.
    #[expect(clippy::too_many_arguments, reason = "where to, who wants it, and what it is")]
    pub(super) fn push(
        &mut self,
        now: Instant,
        link: LinkId,
        hardware: Address,
        ethertype: EtherType,
        packet: PacketBuffer,
        urge: Urge,
        ctx: &mut Context,
    ) -> Result<(), DropReason> {
        let Some(queue) = self.links.get_mut(link.index()).filter(|link| link.up).map(|link| &mut link.output) else {
            return self.refuse_on_down_link(now, link, packet, ctx);
        };
        if let Err(packet) = queue.push(Outgoing { packet, hardware, ethertype, urge }) {
            self.pool.give_back(packet);
            ctx.dropped(now, link, DropReason::OutputQueueFull);
            return Err(DropReason::OutputQueueFull);
        }
        Ok(())
    }

    fn refuse_on_down_link(
        &mut self,
        now: Instant,
        link: LinkId,
        packet: PacketBuffer,
        ctx: &mut Context,
    ) -> Result<(), DropReason> {
        self.pool.give_back(packet);
        ctx.dropped(now, link, DropReason::LinkDown);
        Err(DropReason::LinkDown)
    }

    /// What waits for a link that went down, or for a neighbour on it, is given up, and its senders are told.
    pub(super) fn forget_what_waits(&mut self, now: Instant, link: LinkId, ctx: &mut Context) {
        while let Some(outgoing) = self.links.get_mut(link.index()).and_then(|link| link.output.pop()) {
            ctx.dropped(now, link, DropReason::LinkDown);
            self.pool.give_back(outgoing.packet);
        }
        while let Some((addr, waiting)) = self.neighbours.remove_on(link) {
            for (packet, _) in waiting {
                ctx.dropped(now, link, DropReason::LinkDown);
                self.tell_sender(now, link, addr, packet, ctx);
            }
        }
    }

    /// The hardware address for a next hop, if it is known; links without such addresses know any.
    #[inline]
    fn hardware_of(&mut self, now: Instant, link: LinkId, next_hop: IpAddr) -> Option<Address> {
        let of_link = self.links.get(link.index())?;
        if of_link.config.medium == Medium::Ip {
            return Some(Address([0; 6]));
        }
        match next_hop {
            IpAddr::V4(addr) if addr.is_multicast() => Some(Address::multicast_v4(addr)),
            IpAddr::V6(addr) if addr.is_multicast() => Some(Address::multicast_v6(addr)),
            IpAddr::V4(addr) if addr.is_broadcast() || of_link.broadcasts.contains(&addr) => Some(Address::BROADCAST),
            _ => self.neighbours.hardware(now, link, next_hop),
        }
    }

    fn let_wait(
        &mut self,
        now: Instant,
        link: LinkId,
        next_hop: IpAddr,
        packet: PacketBuffer,
        urge: Urge,
        ctx: &mut Context,
    ) -> Result<(), DropReason> {
        let waiting = self.neighbours.wait(now, link, next_hop, packet, urge, &mut self.pool);
        for _ in 0..self.neighbours.take_discarded() {
            ctx.dropped(now, link, DropReason::NeighbourTableFull);
        }
        match waiting {
            Waiting::Queued { ask, replaced } => {
                for replaced in replaced {
                    self.pool.give_back(replaced);
                    ctx.dropped(now, link, DropReason::NeighbourQueueFull);
                }
                if ask {
                    self.ask(now, link, next_hop, None, urge, ctx);
                }
                Ok(())
            }
            Waiting::Refused(packet) => {
                self.pool.give_back(packet);
                ctx.dropped(now, link, DropReason::NeighbourTableFull);
                Err(DropReason::NeighbourTableFull)
            }
        }
    }

    /// Asks for a neighbour's hardware address: everybody, or its last known owner.
    fn ask(&mut self, now: Instant, link: LinkId, addr: IpAddr, owner: Option<Address>, urge: Urge, ctx: &mut Context) {
        match addr {
            IpAddr::V4(addr) => self.send_arp_request(now, link, addr, owner, urge, ctx),
            IpAddr::V6(addr) => self.send_neighbor_solicitation(now, link, addr, owner, urge, ctx),
        }
    }

    /// Asks again where an answer is missing, and gives up where it was asked often enough.
    pub(super) fn ask_and_give_up_neighbours(&mut self, now: Instant, ctx: &mut Context) {
        while let Some(due) = self.neighbours.due(now) {
            match due {
                Due::Ask { link, addr, owner, urge } => self.ask(now, link, addr, owner, urge, ctx),
                Due::Failed { link, addr, waiting } => {
                    ctx.trace(now, || Fact::NeighbourLost { link, addr });
                    for (packet, _) in waiting {
                        ctx.dropped(now, link, DropReason::NeighbourUnreachable);
                        self.tell_sender(now, link, addr, packet, ctx);
                    }
                }
            }
        }
    }

    /// Tells the flow, or the host that a packet was forwarded for, that the next hop does not answer.
    fn tell_sender(&mut self, now: Instant, link: LinkId, next_hop: IpAddr, packet: PacketBuffer, ctx: &mut Context) {
        match flow_of(packet.octets(), link) {
            Some((protocol, tuple)) if self.is_local(tuple.local.addr) => {
                if self.failures.len() < FAILURES_MAX {
                    self.failures.push_back(NeighbourFailure { protocol, tuple });
                }
            }
            _ => {
                let cause = match next_hop {
                    IpAddr::V4(_) => IcmpCause::V4Unreachable(1),
                    IpAddr::V6(_) => IcmpCause::V6Unreachable(3),
                };
                self.send_error_about_forwarded(now, packet.octets(), cause, ctx);
            }
        }
        self.pool.give_back(packet);
    }

    /// Whether what waits for a link lets flows go first this time.
    #[inline]
    pub(crate) fn queue_yields(&mut self, link: LinkId) -> bool {
        self.links.get_mut(link.index()).is_some_and(|link| link.output.yields())
    }

    /// Writes the next packet that waits for a link into its buffer.
    pub(crate) fn poll_queue(
        &mut self,
        now: Instant,
        link: LinkId,
        frame: &mut [u8],
        ctx: &mut Context,
    ) -> Option<Transmit> {
        let of_link = self.links.get_mut(link.index())?;
        if of_link.output.is_empty() {
            return None;
        }
        loop {
            let Outgoing { packet, hardware, ethertype, .. } = of_link.output.pop()?;
            let room = match of_link.config.medium {
                Medium::Ethernet(source) if frame.len() >= ethernet::HEADER_LEN => {
                    ethernet::Repr { destination: hardware, source, vlan: None, ethertype }.emit(frame)
                }
                _ => 0,
            };
            let len = packet.octets().len();
            let place = frame.get_mut(room..room + len);
            let fits = place.map(|place| place.copy_from_slice(packet.octets())).is_some();
            self.pool.give_back(packet);
            if fits {
                return Some(Transmit { len: room + len, offload: None });
            }
            // The buffer is smaller than the MTU, against the contract of the verb.
            ctx.dropped(now, link, DropReason::TooBig);
        }
    }
}

/// The Ethernet type of packets to an address.
fn ethertype(addr: IpAddr) -> EtherType {
    if addr.is_ipv4() { EtherType::IPV4 } else { EtherType::IPV6 }
}

/// The protocol and the ports of a packet that was to leave from here.
fn flow_of(packet: &[u8], link: LinkId) -> Option<(Protocol, FourTuple)> {
    let (source, destination, protocol, transport): (IpAddr, IpAddr, Protocol, &[u8]) = match packet.first()? >> 4 {
        4 => {
            let view = ipv4::View::parse_quoted(packet).ok().filter(|view| view.fragment_offset_octets() == 0)?;
            (view.source().into(), view.destination().into(), view.protocol(), view.payload())
        }
        _ => {
            let view = ipv6::View::parse(packet).ok()?;
            let upper = ipv6_extension::walk(view.next_header(), view.payload()).last()?.ok()?;
            let ipv6_extension::Header::Upper(protocol) = upper.header else { return None };
            (view.source().into(), view.destination().into(), protocol, upper.rest)
        }
    };
    let (&[a, b, c, d], _) = transport.split_first_chunk::<4>()?;
    if protocol != Protocol::TCP && protocol != Protocol::UDP {
        return None;
    }
    let local = Endpoint { addr: source, port: u16::from_be_bytes([a, b]) };
    let remote = Endpoint { addr: destination, port: u16::from_be_bytes([c, d]) };
    Some((protocol, FourTuple { local, remote, zone: FourTuple::zone_of(destination, link) }))
}

/// Writes the whole checksum of a TCP segment whose checksum was left to the link. The packet may not meet a link that would
/// complete it.
fn complete_checksum(packet: &mut [u8]) {
    let Some((Protocol::TCP, tuple)) = flow_of(packet, LinkId::LOOPBACK) else { return };
    let start = super::header_len(tuple.local.addr);
    let segment = &mut packet[start..];
    let Some(field) = segment.get_mut(tcp::CHECKSUM_OFFSET..tcp::CHECKSUM_OFFSET + 2) else { return };
    field.fill(0);
    let pseudo = checksum::pseudo_header(tuple.local.addr, tuple.remote.addr, Protocol::TCP.0, segment.len() as u32);
    let sum = pseudo.add_sum(checksum::sum(segment)).finish();
    segment[tcp::CHECKSUM_OFFSET..tcp::CHECKSUM_OFFSET + 2].copy_from_slice(&sum.to_be_bytes());
}
