//! What the program's kernel says to the machines next to it, and who answers that: the end of the line does, for every
//! address.
//!
//! A lab's line has two ends and carries bare packets, so nothing on it has a neighbour to be looked for. On a device
//! with Ethernet frames the kernel looks for its router before it sends a packet, and gets the address of the device as
//! that of every machine. What a kernel tells routers about groups, and what it asks them by itself, is no deed of the
//! program's and does not reach the lab, whatever the device; what the lab's hosts say so does not reach the program.

use std::net::{IpAddr, Ipv6Addr};

use synsent_lab::Sight;
use synsent_stack::{Instant, Medium};
use synsent_wire::ethernet::{self, Address, EtherType};
use synsent_wire::ip::Protocol;
use synsent_wire::{arp, icmpv6, ipv6, ndp};

/// The end of a device's link.
pub(crate) struct Near {
    /// Our own address, on a device with Ethernet frames.
    own: Option<Address>,
    /// Who is at the other end of it.
    neighbour: Address,
}

/// What came with a frame.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Came<'a> {
    /// A packet for the lab.
    Packet(&'a [u8]),
    /// A question among neighbours, with the frame that answers it.
    Question(Vec<u8>),
    /// Nothing that concerns anybody.
    Nothing,
}

impl Near {
    pub(crate) fn new(medium: Medium) -> Near {
        let own = match medium {
            Medium::Ip => None,
            Medium::Ethernet(own) => Some(own),
        };
        // Before anybody spoke there is nobody to be spoken to.
        Near { own, neighbour: Address::BROADCAST }
    }

    /// Takes a frame of the device apart.
    pub(crate) fn came<'a>(&mut self, frame: &'a [u8]) -> Came<'a> {
        let Some(own) = self.own else { return packet(frame) };
        let Ok(view) = ethernet::View::parse(frame) else { return Came::Nothing };
        self.neighbour = view.source();
        let answer = match view.ethertype() {
            EtherType::IPV4 => return packet(view.payload()),
            EtherType::ARP => self.answer_arp(own, view.payload()),
            EtherType::IPV6 => match packet(view.payload()) {
                Came::Nothing => self.answer_solicitation(own, view.payload()),
                packet => return packet,
            },
            _ => None,
        };
        answer.map_or(Came::Nothing, Came::Question)
    }

    /// A packet as a frame of the device.
    pub(crate) fn frame(&self, packet: Vec<u8>) -> Vec<u8> {
        let Some(own) = self.own else { return packet };
        let is_v6 = packet.first().is_some_and(|first| first >> 4 == 6);
        let mut frame = self.header(own, if is_v6 { EtherType::IPV6 } else { EtherType::IPV4 });
        frame.extend_from_slice(&packet);
        frame
    }

    fn header(&self, own: Address, ethertype: EtherType) -> Vec<u8> {
        let mut frame = vec![0; ethernet::HEADER_LEN];
        ethernet::Repr { destination: self.neighbour, source: own, vlan: None, ethertype }.emit(&mut frame);
        frame
    }

    fn answer_arp(&self, own: Address, payload: &[u8]) -> Option<Vec<u8>> {
        let asked = arp::Repr::parse(payload).ok()?;
        // Who asks for its own address tells it to the others.
        if asked.operation != arp::Operation::Request || asked.sender_protocol == asked.target_protocol {
            return None;
        }
        let answer = arp::Repr {
            operation: arp::Operation::Reply,
            sender_hardware: own,
            sender_protocol: asked.target_protocol,
            target_hardware: asked.sender_hardware,
            target_protocol: asked.sender_protocol,
        };
        let mut frame = self.header(own, EtherType::ARP);
        let header_len = frame.len();
        frame.resize(header_len + arp::LEN, 0);
        answer.emit(&mut frame[header_len..]);
        Some(frame)
    }

    fn answer_solicitation(&self, own: Address, packet: &[u8]) -> Option<Vec<u8>> {
        let view = ipv6::View::parse(packet).ok()?;
        let asked = icmpv6::Repr::parse(view.payload(), view.source(), view.destination()).ok()?;
        let icmpv6::Repr::Ndp(ndp::Repr::NeighborSolicitation { target, .. }) = asked else { return None };
        // Who has no address yet looks whether somebody else has it, and nobody does.
        if view.source().is_unspecified() {
            return None;
        }
        let answer = icmpv6::Repr::Ndp(ndp::Repr::NeighborAdvertisement {
            router: true,
            solicited: true,
            r#override: true,
            target,
            target_link: Some(own),
        });
        let header = ipv6::Repr {
            source: target,
            destination: view.source(),
            next_header: Protocol::ICMPV6,
            hop_limit: ndp::HOP_LIMIT,
            traffic_class: 0,
            flow_label: 0,
            payload_len: answer.len(),
        };
        let mut packet = vec![0; IPV6_HEADER_LEN + answer.len()];
        header.emit(&mut packet);
        answer.emit(header.source, header.destination, &mut packet[IPV6_HEADER_LEN..]);
        Some(self.frame(packet))
    }
}

const IPV6_HEADER_LEN: usize = 40;

/// A packet, unless it is one among neighbours.
fn packet(octets: &[u8]) -> Came<'_> {
    if is_among_neighbours(octets) { Came::Nothing } else { Came::Packet(octets) }
}

/// Whether a packet is one that an IP layer sends for itself to the machines next to it.
pub(crate) fn is_among_neighbours(octets: &[u8]) -> bool {
    let sight = Sight { at: Instant::ZERO, from: 0, ethernet: false, frame: octets };
    sight.packet().is_some_and(|packet| match packet.destination {
        IpAddr::V4(_) => packet.protocol == Protocol::IGMP,
        IpAddr::V6(to) if is_link_group(to) => matches!(packet.protocol, Protocol::ICMPV6 | Protocol::HOP_BY_HOP),
        IpAddr::V6(_) => packet.protocol == Protocol::ICMPV6 && packet.payload.first().is_some_and(is_discovery),
    })
}

fn is_link_group(to: Ipv6Addr) -> bool {
    to.is_multicast() && to.segments()[0] & 0xf == 2
}

/// The types from router solicitation to redirect.
fn is_discovery(kind: &u8) -> bool {
    (133..=137).contains(kind)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const KERNEL: Address = Address([2, 0, 0, 0, 0, 1]);
    const OWN: Address = Address([2, 0, 0, 0, 0, 2]);
    const US: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 2);
    const ROUTER: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 1);
    const US_6: Ipv6Addr = Ipv6Addr::new(0xfd00, 1, 0, 0, 0, 0, 0, 2);
    const ROUTER_6: Ipv6Addr = Ipv6Addr::new(0xfd00, 1, 0, 0, 0, 0, 0, 1);

    fn frame(ethertype: EtherType, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![0; ethernet::HEADER_LEN];
        ethernet::Repr { destination: Address::BROADCAST, source: KERNEL, vlan: None, ethertype }.emit(&mut frame);
        frame.extend_from_slice(payload);
        frame
    }

    fn arp(target: Ipv4Addr) -> Vec<u8> {
        let mut payload = [0; arp::LEN];
        let asked = arp::Repr {
            operation: arp::Operation::Request,
            sender_hardware: KERNEL,
            sender_protocol: US,
            target_hardware: Address::default(),
            target_protocol: target,
        };
        asked.emit(&mut payload);
        frame(EtherType::ARP, &payload)
    }

    fn icmpv6(source: Ipv6Addr, destination: Ipv6Addr, message: icmpv6::Repr<'_>) -> Vec<u8> {
        let header = ipv6::Repr {
            source,
            destination,
            next_header: Protocol::ICMPV6,
            hop_limit: ndp::HOP_LIMIT,
            traffic_class: 0,
            flow_label: 0,
            payload_len: message.len(),
        };
        let mut packet = vec![0; IPV6_HEADER_LEN + message.len()];
        header.emit(&mut packet);
        message.emit(source, destination, &mut packet[IPV6_HEADER_LEN..]);
        packet
    }

    fn solicitation(source: Ipv6Addr) -> Vec<u8> {
        let message = ndp::Repr::NeighborSolicitation { target: ROUTER_6, source_link: Some(KERNEL) };
        let group = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00, 1);
        icmpv6(source, group, icmpv6::Repr::Ndp(message))
    }

    #[test]
    fn who_asks_for_a_machine_gets_the_address_of_the_device() {
        let mut near = Near::new(Medium::Ethernet(OWN));
        let question = arp(ROUTER);
        let Came::Question(answer) = near.came(&question) else { panic!("no answer") };
        let view = ethernet::View::parse(&answer).unwrap();
        assert_eq!((view.destination(), view.source(), view.ethertype()), (KERNEL, OWN, EtherType::ARP));
        let told = arp::Repr::parse(view.payload()).unwrap();
        assert_eq!((told.operation, told.sender_hardware), (arp::Operation::Reply, OWN));
        assert_eq!((told.sender_protocol, told.target_protocol), (ROUTER, US));
        assert_eq!(near.came(&arp(US)), Came::Nothing, "an announcement is no question");
    }

    #[test]
    fn who_solicits_a_neighbour_gets_an_advertisement() {
        let mut near = Near::new(Medium::Ethernet(OWN));
        let question = frame(EtherType::IPV6, &solicitation(US_6));
        let Came::Question(answer) = near.came(&question) else { panic!("no answer") };
        let view = ethernet::View::parse(&answer).unwrap();
        let packet = ipv6::View::parse(view.payload()).unwrap();
        assert_eq!((packet.source(), packet.destination(), packet.hop_limit()), (ROUTER_6, US_6, 255));
        let told = icmpv6::Repr::parse(packet.payload(), packet.source(), packet.destination()).unwrap();
        let icmpv6::Repr::Ndp(ndp::Repr::NeighborAdvertisement { target, target_link, solicited, .. }) = told else {
            panic!("{told:?}")
        };
        assert_eq!((target, target_link, solicited), (ROUTER_6, Some(OWN), true));
        let probe = frame(EtherType::IPV6, &solicitation(Ipv6Addr::UNSPECIFIED));
        assert_eq!(near.came(&probe), Came::Nothing, "nobody else has an address that is probed for");
    }

    #[test]
    fn packets_pass_and_what_is_said_among_neighbours_does_not() {
        let echo = icmpv6(US_6, ROUTER_6, icmpv6::Repr::EchoRequest { ident: 1, seq: 1, data: b"x" });
        let mut line = Near::new(Medium::Ip);
        assert_eq!(line.came(&echo), Came::Packet(&echo));
        assert_eq!(line.came(&solicitation(US_6)), Came::Nothing);
        assert_eq!(line.came(&[]), Came::Packet(&[]), "the lab judges what is no packet");
        let mut near = Near::new(Medium::Ethernet(OWN));
        assert_eq!(near.frame(echo.clone())[..6], Address::BROADCAST.0, "nobody has spoken yet");
        assert_eq!(near.came(&frame(EtherType::IPV6, &echo)), Came::Packet(&echo));
        assert_eq!(near.frame(echo.clone())[..6], KERNEL.0);
        for short in 0..ethernet::HEADER_LEN {
            assert_eq!(near.came(&arp(ROUTER)[..short]), Came::Nothing);
        }
    }
}
