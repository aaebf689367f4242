//! ARP (RFC 826), believed only as far as RFC 5227 and caution allow.

use core::net::{IpAddr, Ipv4Addr};

use synsent_wire::arp::{self, Operation, Repr};
use synsent_wire::ethernet::{Address, EtherType};

use super::neighbours::Claim;
use super::packet::{PacketBuffer, Urge};
use super::{Ip, source};
use crate::context::{Context, DropReason};
use crate::link::{LinkId, Medium};
use crate::time::Instant;
use crate::trace::Fact;

impl Ip {
    pub(super) fn receive_arp(&mut self, now: Instant, link: LinkId, payload: &[u8], ctx: &mut Context) {
        let Ok(packet) = Repr::parse(payload) else {
            return ctx.dropped(now, link, DropReason::ArpMalformed);
        };
        let (sender, hardware) = (IpAddr::V4(packet.sender_protocol), packet.sender_hardware);
        let for_us = self.addresses.accepts(link, packet.target_protocol.into());
        if self.is_believable(link, sender, hardware) {
            let creates = for_us && packet.operation == Operation::Request;
            if packet.operation == Operation::Reply && !self.neighbours.knows(link, sender) {
                // Nobody asked.
                return ctx.dropped(now, link, DropReason::ArpRefused);
            }
            let solicited = packet.operation == Operation::Reply && for_us;
            let claim = Claim { solicited, replaces: true, creates };
            self.learn(now, link, sender, hardware, claim, ctx);
        } else if !packet.sender_protocol.is_unspecified() {
            return ctx.dropped(now, link, DropReason::ArpRefused);
        }
        if for_us && packet.operation == Operation::Request {
            self.answer_arp(now, link, &packet, ctx);
        }
    }

    /// Whether somebody on the link may have this address with this hardware address.
    pub(super) fn is_believable(&self, link: LinkId, sender: IpAddr, hardware: Address) -> bool {
        let is_host = !sender.is_unspecified() && !sender.is_multicast() && !sender.is_loopback();
        is_host
            && hardware.is_unicast()
            && hardware != Address([0; 6])
            && !self.is_broadcast(sender)
            && self.addresses.get(link, sender).is_none()
            && (super::is_link_scoped(sender) || self.routes.is_neighbour(sender, link))
    }

    /// Takes note of a neighbour and lets go what waited for it. Whether the claim was believed.
    pub(super) fn learn(
        &mut self,
        now: Instant,
        link: LinkId,
        addr: IpAddr,
        hardware: Address,
        claim: Claim,
        ctx: &mut Context,
    ) -> bool {
        let was_known = self.neighbours.knows(link, addr);
        let Some(waiting) = self.neighbours.learn(now, link, addr, hardware, claim, &mut self.pool) else {
            return false;
        };
        if !waiting.is_empty() || !was_known {
            ctx.trace(now, || Fact::NeighbourFound { link, addr });
        }
        let ethertype = if addr.is_ipv4() { EtherType::IPV4 } else { EtherType::IPV6 };
        for (packet, urge) in waiting {
            // What finds the queue full is counted there.
            let _ = self.push(now, link, hardware, ethertype, packet, urge, ctx);
        }
        true
    }

    fn answer_arp(&mut self, now: Instant, link: LinkId, question: &Repr, ctx: &mut Context) {
        let Medium::Ethernet(ours) = self.links[link.index()].config.medium else { return };
        let answer = Repr {
            operation: Operation::Reply,
            sender_hardware: ours,
            sender_protocol: question.target_protocol,
            target_hardware: question.sender_hardware,
            target_protocol: question.sender_protocol,
        };
        if question.sender_hardware.is_unicast() {
            self.push_arp(now, link, question.sender_hardware, &answer, Urge::Provoked, ctx);
        }
    }

    pub(super) fn send_arp_request(
        &mut self,
        now: Instant,
        link: LinkId,
        target: Ipv4Addr,
        owner: Option<Address>,
        urge: Urge,
        ctx: &mut Context,
    ) {
        let Medium::Ethernet(ours) = self.links[link.index()].config.medium else { return };
        let source = source::select(&self.addresses, now, link, target.into(), target.into());
        let Some(IpAddr::V4(sender_protocol)) = source else { return };
        let question = Repr {
            operation: Operation::Request,
            sender_hardware: ours,
            sender_protocol,
            target_hardware: Address([0; 6]),
            target_protocol: target,
        };
        self.push_arp(now, link, owner.unwrap_or(Address::BROADCAST), &question, urge, ctx);
    }

    /// Tells the link of a new address of ours, so that neighbours forget an older owner of it.
    pub(super) fn announce_v4(&mut self, now: Instant, link: LinkId, addr: Ipv4Addr, ctx: &mut Context) {
        let Medium::Ethernet(ours) = self.links[link.index()].config.medium else { return };
        let announcement = Repr {
            operation: Operation::Request,
            sender_hardware: ours,
            sender_protocol: addr,
            target_hardware: Address([0; 6]),
            target_protocol: addr,
        };
        self.push_arp(now, link, Address::BROADCAST, &announcement, Urge::Own, ctx);
    }

    fn push_arp(
        &mut self,
        now: Instant,
        link: LinkId,
        destination: Address,
        packet: &Repr,
        urge: Urge,
        ctx: &mut Context,
    ) {
        let mut buffer: PacketBuffer = self.pool.take(arp::LEN);
        packet.emit(buffer.octets_mut());
        // What finds the queue full is counted there, and asked or answered another time.
        let _ = self.push(now, link, destination, EtherType::ARP, buffer, urge, ctx);
    }
}
