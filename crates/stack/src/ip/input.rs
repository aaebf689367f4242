//! What arrives on a link, from the frame to the transport.
//!
//! The common case comes first and stays short: a whole packet without options for an address of ours. Everything else
//! (options and extension headers, fragments, groups, what is to be forwarded) leaves that way early.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use synsent_wire::ethernet::{self, EtherType};
use synsent_wire::ip::Protocol;
use synsent_wire::{Malformed, ipv4, ipv6};

use super::addresses::is_valid_v4_source;
use super::extensions::Chain;
use super::reassembly::{FragmentKey, Piece};
use super::{Arrived, Cast, Datagram, Ip};
use crate::context::{Context, DropReason};
use crate::link::{LinkId, Medium, Received};
use crate::reason::IcmpCause;
use crate::time::Instant;

/// Where the protocol number stands in an IPv4 header.
const V4_PROTOCOL_OFFSET: u32 = 9;
/// Where the next header stands in an IPv6 header.
const V6_NEXT_HEADER_OFFSET: u32 = 6;

/// What the link layer knows of a packet.
#[derive(Clone, Copy)]
pub(super) struct Carrier {
    pub(super) link: LinkId,
    pub(super) cast: Cast,
    pub(super) received: Received,
}

impl Ip {
    /// Takes a frame. Any octets may be given.
    pub(crate) fn receive<'a>(
        &mut self,
        now: Instant,
        link: LinkId,
        frame: &'a [u8],
        received: Received,
        ctx: &mut Context,
    ) -> Arrived<'a> {
        let Some(of_link) = self.links.get(link.index()).filter(|_| link != LinkId::LOOPBACK) else {
            return refuse(now, link, DropReason::UnknownLink, ctx);
        };
        if !of_link.up {
            return refuse(now, link, DropReason::LinkDown, ctx);
        }
        let config = &of_link.config;
        let checksum_valid = received.checksum_valid || config.offload.receive_checksum_valid;
        let received = Received { checksum_valid, ..received };
        let Medium::Ethernet(ours) = config.medium else {
            return self.receive_ip(now, frame, Carrier { link, cast: Cast::Unicast, received }, ctx);
        };
        let Ok(view) = ethernet::View::parse(frame) else {
            return refuse(now, link, DropReason::FrameMalformed, ctx);
        };
        let destination = view.destination();
        let cast = match destination {
            _ if destination == ours => Cast::Unicast,
            _ if destination.is_broadcast() => Cast::Broadcast,
            _ if destination.is_multicast() => Cast::Multicast,
            _ => return refuse(now, link, DropReason::FrameNotForUs, ctx),
        };
        // A tag of VLAN 0 says a priority and names no VLAN; other VLANs are other links.
        if view.vlan().is_some_and(|tag| tag.id != 0) {
            return refuse(now, link, DropReason::FrameNotForUs, ctx);
        }
        let carrier = Carrier { link, cast, received };
        match view.ethertype() {
            EtherType::IPV4 => self.receive_v4(now, view.payload(), carrier, ctx),
            EtherType::IPV6 => self.receive_v6(now, view.payload(), carrier, ctx),
            EtherType::ARP => {
                self.receive_arp(now, link, view.payload(), ctx);
                Arrived::Consumed
            }
            _ => refuse(now, link, DropReason::EtherTypeUnknown, ctx),
        }
    }

    /// Takes a packet that this host sent to itself.
    pub(crate) fn receive_packet<'a>(
        &mut self,
        now: Instant,
        link: LinkId,
        packet: &'a [u8],
        ctx: &mut Context,
    ) -> Arrived<'a> {
        // Nothing can have touched the packet on the way.
        let received = Received { checksum_valid: true, segment_size: None };
        self.receive_ip(now, packet, Carrier { link, cast: Cast::Unicast, received }, ctx)
    }

    #[inline]
    fn receive_ip<'a>(&mut self, now: Instant, packet: &'a [u8], carrier: Carrier, ctx: &mut Context) -> Arrived<'a> {
        match packet.first().map(|octet| octet >> 4) {
            Some(4) => self.receive_v4(now, packet, carrier, ctx),
            Some(6) => self.receive_v6(now, packet, carrier, ctx),
            _ => refuse(now, carrier.link, DropReason::IpMalformed, ctx),
        }
    }

    #[inline]
    fn receive_v4<'a>(&mut self, now: Instant, packet: &'a [u8], carrier: Carrier, ctx: &mut Context) -> Arrived<'a> {
        let view = match ipv4::View::parse(packet) {
            Ok(view) => view,
            Err(Malformed::BadChecksum) => return refuse(now, carrier.link, DropReason::IpChecksum, ctx),
            Err(_) => return refuse(now, carrier.link, DropReason::IpMalformed, ctx),
        };
        if !self.is_possible_v4(&view, carrier) {
            return refuse(now, carrier.link, DropReason::IpSourceInvalid, ctx);
        }
        let datagram = v4_datagram(&view, carrier);
        let is_ours = self.addresses.accepts(carrier.link, datagram.destination);
        if is_ours && carrier.cast == Cast::Unicast && view.options().is_empty() && !view.is_fragment() {
            return self.deliver(now, datagram, ctx);
        }
        self.receive_rare_v4(now, &view, datagram, is_ours, ctx)
    }

    /// Whether hosts may send such a packet on a link at all.
    // 1122/IP-2
    // Sources that are no host's, and loopback addresses outside of the loopback link, are dropped silently.
    #[inline]
    fn is_possible_v4(&self, view: &ipv4::View<'_>, carrier: Carrier) -> bool {
        let (source, destination) = (view.source(), view.destination());
        let on_loopback = carrier.link == LinkId::LOOPBACK;
        let is_loopback = source.is_loopback() || destination.is_loopback();
        if !is_valid_v4_source(source) || is_loopback && !on_loopback || source == destination && !on_loopback {
            return false;
        }
        // A host without an address yet can only speak to all.
        let is_first_words = !source.is_unspecified() || destination.is_broadcast() || destination.is_multicast();
        is_first_words && !self.links[carrier.link.index()].broadcasts.contains(&source)
    }

    fn receive_rare_v4<'a>(
        &mut self,
        now: Instant,
        view: &ipv4::View<'a>,
        mut datagram: Datagram<'a>,
        is_ours: bool,
        ctx: &mut Context,
    ) -> Arrived<'a> {
        let (link, destination) = (datagram.link, view.destination());
        let of_link = &self.links[link.index()];
        datagram.cast = match destination {
            _ if is_ours || link == LinkId::LOOPBACK && destination.is_loopback() => Cast::Unicast,
            _ if destination.is_broadcast() || of_link.broadcasts.contains(&destination) => Cast::Broadcast,
            _ if destination.is_multicast() => {
                // A group that was not joined is nobody's business.
                if !self.is_joined(link, destination.into()) {
                    return refuse(now, link, DropReason::IpNotForUs, ctx);
                }
                Cast::Multicast
            }
            _ => return self.not_for_us(now, datagram, ctx),
        };
        // RFC 1122 section 3.3.6: a packet for one host that came to all is somebody's mistake or attack.
        if datagram.cast == Cast::Unicast && datagram.link_cast != Cast::Unicast {
            return refuse(now, link, DropReason::IpNotForUs, ctx);
        }
        if !view.options().is_empty() && !self.accepts_v4_options(now, view, &datagram, ctx) {
            return Arrived::Consumed;
        }
        if view.is_fragment() {
            let key = FragmentKey {
                link,
                source: datagram.source,
                destination: datagram.destination,
                protocol: view.protocol().0,
                identification: view.identification().into(),
            };
            let piece = Piece {
                head: &view.packet()[..view.header_len()],
                offset: view.fragment_offset_octets().into(),
                more: view.more_fragments(),
                data: view.payload(),
                next_header_place: None,
            };
            return self.reassemble(now, key, piece, &datagram, ctx);
        }
        self.deliver(now, datagram, ctx)
    }

    /// Options must be well-formed; a source route must have reached its end, because hosts do not forward.
    fn accepts_v4_options(
        &mut self,
        now: Instant,
        view: &ipv4::View<'_>,
        datagram: &Datagram<'_>,
        ctx: &mut Context,
    ) -> bool {
        // 9293/MUST-50
        // An unknown option is no reason to drop the packet; only one of impossible length is.
        let well_formed = ipv4::options(view.options()).all(|option| option.is_ok());
        let cause = match ipv4::SourceRoute::find(view.options()) {
            Ok(route) if well_formed => match route {
                Some(route) if !route.remaining().is_empty() => IcmpCause::V4Unreachable(5),
                _ => return true,
            },
            _ => IcmpCause::ParameterProblem { code: 0, pointer: ipv4::HEADER_LEN as u32 },
        };
        ctx.dropped(now, datagram.link, DropReason::IpOptions);
        self.send_error(now, datagram, cause, ctx);
        false
    }

    // 1122/IP-1
    // What is not for an address of ours is dropped silently, unless this host is a router.
    pub(super) fn not_for_us<'a>(&mut self, now: Instant, datagram: Datagram<'_>, ctx: &mut Context) -> Arrived<'a> {
        if self.forwarding && datagram.link_cast == Cast::Unicast && datagram.link != LinkId::LOOPBACK {
            self.forward(now, &datagram, ctx);
            return Arrived::Consumed;
        }
        refuse(now, datagram.link, DropReason::IpNotForUs, ctx)
    }

    #[inline]
    fn receive_v6<'a>(&mut self, now: Instant, packet: &'a [u8], carrier: Carrier, ctx: &mut Context) -> Arrived<'a> {
        let Ok(view) = ipv6::View::parse(packet) else {
            return refuse(now, carrier.link, DropReason::IpMalformed, ctx);
        };
        if !is_possible_v6(view.source(), view.destination(), carrier.link) {
            return refuse(now, carrier.link, DropReason::IpSourceInvalid, ctx);
        }
        let datagram = v6_datagram(&view, carrier);
        let is_ours = self.addresses.accepts(carrier.link, datagram.destination);
        let is_upper = matches!(datagram.protocol, Protocol::TCP | Protocol::UDP | Protocol::ICMPV6);
        if is_ours && is_upper && carrier.cast == Cast::Unicast {
            return self.deliver(now, datagram, ctx);
        }
        self.receive_rare_v6(now, &view, datagram, is_ours, ctx)
    }

    fn receive_rare_v6<'a>(
        &mut self,
        now: Instant,
        view: &ipv6::View<'a>,
        mut datagram: Datagram<'a>,
        is_ours: bool,
        ctx: &mut Context,
    ) -> Arrived<'a> {
        let link = datagram.link;
        datagram.cast = match datagram.destination {
            _ if is_ours => Cast::Unicast,
            destination if destination.is_multicast() => {
                if !self.is_joined(link, destination) {
                    return refuse(now, link, DropReason::IpNotForUs, ctx);
                }
                Cast::Multicast
            }
            _ => return self.not_for_us(now, datagram, ctx),
        };
        if datagram.cast == Cast::Unicast && datagram.link_cast != Cast::Unicast {
            return refuse(now, link, DropReason::IpNotForUs, ctx);
        }
        match self.walk_extensions(now, view, &mut datagram, ctx) {
            Chain::Upper => self.deliver(now, datagram, ctx),
            Chain::Consumed => Arrived::Consumed,
            Chain::Fragment(key, piece) => self.reassemble(now, key, piece, &datagram, ctx),
        }
    }

    /// Hands a whole packet to whom it is for: what belongs to this layer is handled here.
    #[inline]
    pub(super) fn deliver<'a>(&mut self, now: Instant, datagram: Datagram<'a>, ctx: &mut Context) -> Arrived<'a> {
        match datagram.protocol {
            Protocol::TCP | Protocol::UDP => Arrived::Local(datagram),
            Protocol::ICMPV4 if datagram.source.is_ipv4() => self.receive_icmpv4(now, &datagram, ctx),
            Protocol::ICMPV6 if datagram.source.is_ipv6() => self.receive_icmpv6(now, &datagram, ctx),
            Protocol::IGMP if datagram.source.is_ipv4() => {
                self.receive_igmp(now, &datagram, ctx);
                Arrived::Consumed
            }
            _ => Arrived::Local(datagram),
        }
    }
}

#[cold]
pub(super) fn refuse<'a>(now: Instant, link: LinkId, reason: DropReason, ctx: &mut Context) -> Arrived<'a> {
    ctx.dropped(now, link, reason);
    Arrived::Consumed
}

#[inline]
pub(super) fn v4_datagram<'a>(view: &ipv4::View<'a>, carrier: Carrier) -> Datagram<'a> {
    Datagram {
        link: carrier.link,
        source: IpAddr::V4(view.source()),
        destination: IpAddr::V4(view.destination()),
        protocol: view.protocol(),
        hop_limit: view.ttl(),
        traffic_class: view.traffic_class(),
        payload: view.payload(),
        packet: view.packet(),
        cast: Cast::Unicast,
        link_cast: carrier.cast,
        checksum_valid: carrier.received.checksum_valid,
        next_header_offset: V4_PROTOCOL_OFFSET,
    }
}

#[inline]
pub(super) fn v6_datagram<'a>(view: &ipv6::View<'a>, carrier: Carrier) -> Datagram<'a> {
    Datagram {
        link: carrier.link,
        source: IpAddr::V6(view.source()),
        destination: IpAddr::V6(view.destination()),
        protocol: view.next_header(),
        hop_limit: view.hop_limit(),
        traffic_class: view.traffic_class(),
        payload: view.payload(),
        packet: view.packet(),
        cast: Cast::Unicast,
        link_cast: carrier.cast,
        checksum_valid: carrier.received.checksum_valid,
        next_header_offset: V6_NEXT_HEADER_OFFSET,
    }
}

/// Whether hosts may send such a packet on a link at all.
// 1122/IP-2
#[inline]
fn is_possible_v6(source: Ipv6Addr, destination: Ipv6Addr, link: LinkId) -> bool {
    let on_loopback = link == LinkId::LOOPBACK;
    let is_loopback = source.is_loopback() || destination.is_loopback();
    let is_mapped = source.to_bits() >> 32 == 0xffff || destination.to_bits() >> 32 == 0xffff;
    !source.is_multicast()
        && !destination.is_unspecified()
        && !is_mapped
        && (on_loopback || !is_loopback && source != destination)
}

/// Whether an IPv4 address could be one host's.
pub(super) fn is_v4_unicast(addr: Ipv4Addr) -> bool {
    is_valid_v4_source(addr) && !addr.is_unspecified()
}
