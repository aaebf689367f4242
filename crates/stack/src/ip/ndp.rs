//! Neighbour discovery for IPv6 (RFC 4861) and the search for another owner of our addresses (RFC 4862 section 5.4).

use core::net::{IpAddr, Ipv6Addr};

use synsent_wire::ethernet::Address;
use synsent_wire::ip::Protocol;
use synsent_wire::{icmpv6, ipv6, ndp};

use super::addresses::{AddressState, solicited_node};
use super::neighbours::Claim;
use super::packet::Urge;
use super::{Datagram, Ip, source};
use crate::context::{Context, DropReason};
use crate::link::{LinkId, Medium};
use crate::time::{Duration, Instant};
use crate::trace::Fact;

/// The time between probes for another owner (RetransTimer).
const PROBE_INTERVAL: Duration = Duration::from_secs(1);
/// All nodes of the link.
pub(super) const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
/// All routers of the link.
pub(super) const ALL_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);

impl Ip {
    pub(super) fn receive_ndp(
        &mut self,
        now: Instant,
        datagram: &Datagram<'_>,
        message: &ndp::Repr<'_>,
        ctx: &mut Context,
    ) {
        // RFC 4861 section 6.1, 7.1: only a neighbour can have sent a packet that lost no hop.
        let is_ethernet = matches!(self.links[datagram.link.index()].config.medium, Medium::Ethernet(_));
        if datagram.hop_limit != ndp::HOP_LIMIT || !is_ethernet {
            return ctx.dropped(now, datagram.link, DropReason::NdpRefused);
        }
        match *message {
            ndp::Repr::NeighborSolicitation { target, source_link } => {
                self.receive_solicitation(now, datagram, target, source_link, ctx);
            }
            ndp::Repr::NeighborAdvertisement { solicited, r#override, target, target_link, .. } => {
                self.receive_advertisement(now, datagram, (solicited, r#override), target, target_link, ctx);
            }
            ndp::Repr::RouterAdvertisement { .. } => self.receive_router_advertisement(now, datagram, message, ctx),
            // Hosts answer no router solicitation. Redirects are not followed: whoever can forge one would own every flow.
            ndp::Repr::RouterSolicitation { .. } | ndp::Repr::Redirect { .. } => {}
        }
    }

    fn receive_solicitation(
        &mut self,
        now: Instant,
        datagram: &Datagram<'_>,
        target: Ipv6Addr,
        source_link: Option<Address>,
        ctx: &mut Context,
    ) {
        let link = datagram.link;
        let Some(state) = self.addresses.get(link, target.into()).filter(|a| a.link == link).map(|a| a.state) else {
            return;
        };
        let is_probe = matches!(datagram.source, IpAddr::V6(source) if source.is_unspecified());
        let to_group = datagram.destination == IpAddr::V6(solicited_node(target));
        if is_probe && (source_link.is_some() || !to_group) {
            return ctx.dropped(now, link, DropReason::NdpRefused);
        }
        match state {
            // Somebody else looks for an owner of the address that we want: neither may have it.
            AddressState::Tentative { .. } if is_probe => self.give_address_up(now, link, target, ctx),
            AddressState::Tentative { .. } | AddressState::Duplicate => {}
            AddressState::Ready => {
                if let Some(hardware) = source_link.filter(|_| !is_probe) {
                    if !self.is_believable(link, datagram.source, hardware) {
                        return ctx.dropped(now, link, DropReason::NdpRefused);
                    }
                    let claim = Claim { solicited: false, replaces: true, creates: true };
                    self.learn(now, link, datagram.source, hardware, claim, ctx);
                }
                let to = if is_probe { ALL_NODES.into() } else { datagram.source };
                self.advertise(now, link, target, to, !is_probe, Urge::Provoked, ctx);
            }
        }
    }

    fn receive_advertisement(
        &mut self,
        now: Instant,
        datagram: &Datagram<'_>,
        (solicited, replaces): (bool, bool),
        target: Ipv6Addr,
        target_link: Option<Address>,
        ctx: &mut Context,
    ) {
        let link = datagram.link;
        let refused = |ctx: &mut Context| ctx.dropped(now, link, DropReason::NdpRefused);
        if solicited && datagram.destination.is_multicast() {
            return refused(ctx);
        }
        if let Some(ours) = self.addresses.get(link, target.into()).filter(|ours| ours.link == link) {
            if matches!(ours.state, AddressState::Tentative { .. }) {
                self.give_address_up(now, link, target, ctx);
            }
            // One that is in use already is defended by using it; giving way to a message that anyone can forge would be worse.
            return;
        }
        let Some(hardware) = target_link else { return refused(ctx) };
        let claim = Claim { solicited, replaces, creates: false };
        let believable = self.is_believable(link, target.into(), hardware);
        if !believable || !self.learn(now, link, target.into(), hardware, claim, ctx) {
            refused(ctx);
        }
    }

    fn give_address_up(&mut self, now: Instant, link: LinkId, addr: Ipv6Addr, ctx: &mut Context) {
        if let Some(assigned) = self.addresses.get_mut(link, addr.into()) {
            assigned.state = AddressState::Duplicate;
        }
        self.bump_generation();
        ctx.trace(now, || Fact::AddressDuplicate { link, addr: addr.into() });
    }

    #[expect(clippy::too_many_arguments, reason = "what is advertised to whom and why")]
    fn advertise(
        &mut self,
        now: Instant,
        link: LinkId,
        target: Ipv6Addr,
        to: IpAddr,
        solicited: bool,
        urge: Urge,
        ctx: &mut Context,
    ) {
        let Medium::Ethernet(ours) = self.links[link.index()].config.medium else { return };
        let router = self.forwarding;
        let message =
            ndp::Repr::NeighborAdvertisement { router, solicited, r#override: true, target, target_link: Some(ours) };
        self.send_ndp(now, link, target, to, message, urge, None, ctx);
    }

    /// Asks who has an address: all that could, or the last known owner.
    pub(super) fn send_neighbor_solicitation(
        &mut self,
        now: Instant,
        link: LinkId,
        target: Ipv6Addr,
        owner: Option<Address>,
        urge: Urge,
        ctx: &mut Context,
    ) {
        let Medium::Ethernet(ours) = self.links[link.index()].config.medium else { return };
        let source = source::select(&self.addresses, now, link, target.into(), target.into());
        let Some(IpAddr::V6(source)) = source else { return };
        let message = ndp::Repr::NeighborSolicitation { target, source_link: Some(ours) };
        let to = if owner.is_some() { target } else { solicited_node(target) };
        self.send_ndp(now, link, source, to.into(), message, urge, owner, ctx);
    }

    /// Sends a message that must not lose a hop.
    #[expect(clippy::too_many_arguments, reason = "what is sent to whom and why")]
    pub(super) fn send_ndp(
        &mut self,
        now: Instant,
        link: LinkId,
        source: Ipv6Addr,
        to: IpAddr,
        message: ndp::Repr<'_>,
        urge: Urge,
        hardware: Option<Address>,
        ctx: &mut Context,
    ) {
        let IpAddr::V6(destination) = to else { return };
        let message = icmpv6::Repr::Ndp(message);
        let payload_len = message.len();
        let mut packet = self.pool.take(ipv6::HEADER_LEN + payload_len);
        let header = ipv6::Repr {
            source,
            destination,
            next_header: Protocol::ICMPV6,
            hop_limit: ndp::HOP_LIMIT,
            traffic_class: 0,
            flow_label: 0,
            payload_len,
        };
        let at = header.emit(packet.octets_mut());
        message.emit(source, destination, &mut packet.octets_mut()[at..]);
        // What is refused on the way is counted there, and asked or told another time.
        let _ = match hardware {
            Some(hardware) => {
                self.push(now, link, hardware, synsent_wire::ethernet::EtherType::IPV6, packet, urge, ctx)
            }
            None => self.dispatch(now, link, to, packet, urge, ctx),
        };
    }

    /// What a new address needs: neighbours that hear of it, and a group in which it can be asked for.
    pub(super) fn announce_address(&mut self, now: Instant, link: LinkId, addr: IpAddr, ctx: &mut Context) {
        match addr {
            IpAddr::V4(addr) => self.announce_v4(now, link, addr, ctx),
            IpAddr::V6(addr) => self.join_solicited_node_group(now, link, addr, ctx),
        }
    }

    /// Sends due probes, ends searches that found nobody, and forgets addresses whose time is over.
    pub(super) fn run_address_timers(&mut self, now: Instant, ctx: &mut Context) -> Option<Instant> {
        let mut probes = alloc::vec::Vec::new();
        let mut ready = false;
        let mut next: Option<Instant> = None;
        let mut note = |at: Instant| next = Some(next.map_or(at, |next| next.min(at)));
        for assigned in self.addresses.iter_mut() {
            if let Some(until) = assigned.lifetime.and_then(|lifetime| lifetime.valid_until) {
                note(until);
            }
            let AddressState::Tentative { probes_left, next_at } = assigned.state else { continue };
            if next_at > now {
                note(next_at);
                continue;
            }
            let (link, addr) = (assigned.link, assigned.cidr.addr());
            if probes_left == 0 {
                assigned.state = AddressState::Ready;
                ready = true;
                ctx.trace(now, || Fact::AddressReady { link, addr });
                continue;
            }
            let next_at = now + PROBE_INTERVAL;
            assigned.state = AddressState::Tentative { probes_left: probes_left - 1, next_at };
            note(next_at);
            probes.push((link, addr));
        }
        if ready {
            self.bump_generation();
        }
        for (link, addr) in probes {
            let IpAddr::V6(target) = addr else { continue };
            let message = ndp::Repr::NeighborSolicitation { target, source_link: None };
            let to = solicited_node(target).into();
            self.send_ndp(now, link, Ipv6Addr::UNSPECIFIED, to, message, Urge::Own, None, ctx);
        }
        self.forget_expired_addresses(now);
        next.filter(|at| *at > now)
    }

    fn forget_expired_addresses(&mut self, now: Instant) {
        let is_over = |a: &&super::addresses::Assigned| {
            a.lifetime.and_then(|lifetime| lifetime.valid_until).is_some_and(|until| until <= now)
        };
        loop {
            let over = self.addresses.iter().find(is_over).map(|a| (a.link, a.cidr.addr()));
            let Some((link, addr)) = over else { break };
            if self.remove_address(link, addr).is_err() {
                break;
            }
        }
    }
}
