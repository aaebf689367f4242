//! What a router does: packets for others go on, with one hop less (RFC 1812 section 5, RFC 8200).

use core::net::IpAddr;

use synsent_wire::{ipv4, ipv6};

use super::packet::Urge;
use super::{Datagram, Ip, Path, is_link_scoped};
use crate::context::{Context, DropReason};
use crate::link::{LinkId, Medium};
use crate::reason::{IcmpCause, NoPath};
use crate::time::Instant;

impl Ip {
    /// Sends a packet for another host on its way, or tells its sender why not.
    pub(super) fn forward(&mut self, now: Instant, datagram: &Datagram<'_>, ctx: &mut Context) {
        let (link, destination) = (datagram.link, datagram.destination);
        let may_go_on = !datagram.source.is_unspecified()
            && !is_link_scoped(datagram.source)
            && !is_link_scoped(destination)
            && !destination.is_multicast()
            && !destination.is_loopback()
            && !self.is_broadcast(destination);
        if !may_go_on || self.addresses.get(LinkId::LOOPBACK, destination).is_some() {
            // A packet to an address of ours that is not usable yet goes nowhere either.
            return ctx.dropped(now, link, DropReason::IpNotForUs);
        }
        if datagram.hop_limit <= 1 {
            ctx.dropped(now, link, DropReason::HopLimit);
            return self.send_error(now, datagram, IcmpCause::TimeExceeded { code: 0 }, ctx);
        }
        let (out, next_hop) = match self.next_hop(destination, None, None) {
            Ok(found) => found,
            Err(why) => return self.refuse_to_forward(now, datagram, why, ctx),
        };
        let path = Path { source: datagram.source, destination, ..self.transit_path(out, next_hop) };
        self.forward_by(now, datagram, &path, ctx);
    }

    /// A way for packets of others: what fits is what the next link takes.
    fn transit_path(&self, link: LinkId, next_hop: IpAddr) -> Path {
        let mtu = self.links[link.index()].mtu(next_hop.is_ipv6());
        let generation = self.generation;
        Path {
            link,
            next_hop,
            source: next_hop,
            destination: next_hop,
            mtu,
            link_mtu: mtu,
            generation,
            segmentation: None,
            hop_limit: self.hop_limit,
            lost: false,
        }
    }

    fn refuse_to_forward(&mut self, now: Instant, datagram: &Datagram<'_>, why: NoPath, ctx: &mut Context) {
        ctx.dropped(now, datagram.link, DropReason::NoRoute);
        let is_v4 = datagram.source.is_ipv4();
        let cause = match why {
            NoPath::Blackhole => return,
            NoPath::Prohibited if is_v4 => IcmpCause::V4Unreachable(13),
            NoPath::Prohibited => IcmpCause::V6Unreachable(1),
            NoPath::Unreachable if is_v4 => IcmpCause::V4Unreachable(1),
            NoPath::Unreachable => IcmpCause::V6Unreachable(3),
            _ if is_v4 => IcmpCause::V4Unreachable(0),
            _ => IcmpCause::V6Unreachable(0),
        };
        self.send_error(now, datagram, cause, ctx);
    }

    fn forward_by(&mut self, now: Instant, datagram: &Datagram<'_>, path: &Path, ctx: &mut Context) {
        // Back onto a link without hardware addresses means back to the sender, for ever.
        if path.link == datagram.link && self.links[path.link.index()].config.medium == Medium::Ip {
            return self.refuse_to_forward(now, datagram, NoPath::Unreachable, ctx);
        }
        let too_big = datagram.packet.len() > path.mtu as usize;
        let may_cut = ipv4::View::parse(datagram.packet).is_ok_and(|view| !view.dont_fragment());
        if too_big && !may_cut {
            ctx.dropped(now, datagram.link, DropReason::TooBig);
            return self.send_error(now, datagram, IcmpCause::TooBig { mtu: path.mtu }, ctx);
        }
        if !self.has_room(path.link, Urge::Own) {
            return ctx.dropped(now, path.link, DropReason::OutputQueueFull);
        }
        let mut packet = self.pool.copy(datagram.packet);
        let octets = packet.octets_mut();
        let left = match path.destination {
            IpAddr::V4(_) => ipv4::decrement_ttl(octets),
            IpAddr::V6(_) => ipv6::decrement_hop_limit(octets),
        };
        if left.is_none() {
            return self.pool.give_back(packet);
        }
        if too_big {
            if let Err(reason) = self.forward_fragments(now, path, packet.octets(), ctx) {
                ctx.dropped(now, path.link, reason);
            }
            return self.pool.give_back(packet);
        }
        // What is refused on the way is counted there. A neighbour that is looked for only for others is a stranger's wish.
        let _ = self.dispatch(now, path.link, path.next_hop, packet, Urge::Own, ctx);
    }
}
