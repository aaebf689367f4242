//! Routers and hosts that answer an opening with an ICMP error instead of passing it on or looking at it.
//!
//! An [`Obstruction`] stands at a host or a router. It answers the SYNs and datagrams that it is for, all of them or the first
//! so many, as the real thing does: a message from its own address to the sender, with the head of the packet quoted. Other
//! packets, and those after the last that it answers, go their way. The message leaves by the link that the packet came by
//! and meets the faults of that cable.

use std::net::IpAddr;

use synsent_stack::{EthernetAddress, Stack};
use synsent_wire::ip::Protocol;
use synsent_wire::{ethernet, icmpv4, icmpv6, ipv4, ipv6, udp};

use crate::host::Port;
use crate::sight::{Packet, Sight};

/// How many octets of an IPv4 message carry the quoted packet, so that the whole stays below 576 (RFC 1812 section 4.3.2.3).
const QUOTED_V4_OCTETS: usize = 548;
/// The same for IPv6, whose whole message stays below 1,280 (RFC 4443 section 2.4).
const QUOTED_V6_OCTETS: usize = 1_232;
/// The hop limit of the messages.
const HOP_LIMIT: u8 = 64;

/// What an ICMP error says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IcmpError {
    /// No route: type 3 code 0; for IPv6 type 1 code 0.
    NetworkUnreachable,
    /// The last router does not reach the host: type 3 code 1; for IPv6 type 1 code 3.
    HostUnreachable,
    /// The host does not speak the protocol: type 3 code 2; for IPv6 type 4 code 1.
    ProtocolUnreachable,
    /// Nobody has the port: type 3 code 3; for IPv6 type 1 code 4.
    PortUnreachable,
    /// A rule forbids it: type 3 code 13; for IPv6 type 1 code 1.
    Prohibited,
    /// The packet went round in circles: type 11 code 0; for IPv6 type 3 code 0.
    TimeExceeded,
    /// These messages; a family without one is not answered.
    Exactly {
        /// The one for IPv4.
        v4: Option<IcmpMessage>,
        /// The one for IPv6.
        v6: Option<IcmpMessage>,
    },
}

/// The head of an ICMP message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IcmpMessage {
    /// The type.
    pub kind: u8,
    /// The code.
    pub code: u8,
    /// The four octets behind the checksum: an MTU, or where a pointer points to.
    pub field: u32,
}

/// Answers to SYNs and datagrams by an ICMP error.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Obstruction {
    /// What is answered.
    pub error: IcmpError,
    /// Only what goes to this address; `None`: to any.
    pub to: Option<IpAddr>,
    /// Only what goes to this port; `None`: to any.
    pub port: Option<u16>,
    /// Only the first so many; `None`: all.
    pub first: Option<u32>,
}

/// An obstruction at work.
#[derive(Debug)]
pub(crate) struct Obstructing {
    rule: Obstruction,
    answered: u32,
}

impl Obstruction {
    /// Answers everything with this error.
    pub fn all(error: IcmpError) -> Obstruction {
        Obstruction { error, to: None, port: None, first: None }
    }
}

impl IcmpError {
    /// The head of the message for a family; `None`: it has none.
    pub fn message(self, v6: bool) -> Option<IcmpMessage> {
        let [v4_numbers, v6_numbers] = match self {
            IcmpError::NetworkUnreachable => [(3, 0), (1, 0)],
            IcmpError::HostUnreachable => [(3, 1), (1, 3)],
            IcmpError::ProtocolUnreachable => [(3, 2), (4, 1)],
            IcmpError::PortUnreachable => [(3, 3), (1, 4)],
            IcmpError::Prohibited => [(3, 13), (1, 1)],
            IcmpError::TimeExceeded => [(11, 0), (3, 0)],
            IcmpError::Exactly { v4, v6: for_v6 } => return if v6 { for_v6 } else { v4 },
        };
        let (kind, code) = if v6 { v6_numbers } else { v4_numbers };
        Some(IcmpMessage { field: if v6 { unknown_header(kind) } else { 0 }, kind, code })
    }
}

/// A parameter problem of IPv6 points at the Next Header field, which is what was not known.
fn unknown_header(kind: u8) -> u32 {
    const PARAMETER_PROBLEM: u8 = 4;
    const NEXT_HEADER_OFFSET: u32 = 6;
    if kind == PARAMETER_PROBLEM { NEXT_HEADER_OFFSET } else { 0 }
}

impl Obstructing {
    pub(crate) fn new(rule: Obstruction) -> Obstructing {
        Obstructing { rule, answered: 0 }
    }

    /// The frame that answers what was sent to a host by one of its links, if this rule is for it.
    pub(crate) fn answer(&mut self, sight: &Sight<'_>, stack: &Stack, port: &Port, ports: &[Port]) -> Option<Vec<u8>> {
        if self.rule.first.is_some_and(|first| self.answered >= first) {
            return None;
        }
        let packet = sight.packet()?;
        let to = opening_port(sight, &packet)?;
        if self.rule.to.is_some_and(|to| to != packet.destination) || self.rule.port.is_some_and(|own| own != to) {
            return None;
        }
        let answer = answer(self.rule.error, sight, stack, port, ports)?;
        self.answered += 1;
        Some(answer)
    }
}

/// The frame with an ICMP error that answers what was sent to a host by one of its links; `None` when it is not for the host to answer.
pub(crate) fn answer(
    error: IcmpError,
    sight: &Sight<'_>,
    stack: &Stack,
    port: &Port,
    ports: &[Port],
) -> Option<Vec<u8>> {
    let packet = sight.packet()?;
    let header = ethernet_answer(sight, port.station)?;
    // A router without an address on this link answers with one of another link.
    let links = std::iter::once(port.link).chain(ports.iter().map(|port| port.link));
    let own = links.into_iter().find_map(|link| {
        let usable = stack.addresses(link).filter(|(_, usable)| *usable).map(|(cidr, _)| cidr.addr());
        usable.filter(|addr| addr.is_ipv4() == packet.source.is_ipv4()).min_by_key(|addr| is_link_local(*addr))
    })?;
    // Who is the destination answers from that address, as a host does.
    let is_ours = stack.addresses(port.link).any(|(cidr, _)| cidr.addr() == packet.destination);
    let from = if is_ours { packet.destination } else { own };
    let head = error.message(packet.source.is_ipv6())?;
    let message = message(head, from, packet.source, &sight.frame[header.len()..])?;
    Some([header, message].concat())
}

/// The port that a SYN or a datagram is for.
fn opening_port(sight: &Sight<'_>, packet: &Packet<'_>) -> Option<u16> {
    match packet.protocol {
        Protocol::TCP if sight.is_syn() => Some(sight.segment()?.destination.port()),
        Protocol::UDP if !packet.fragment => Some(udp::View::parse(packet.payload).ok()?.destination_port()),
        _ => None,
    }
}

/// The link's header of an answer; `None` when the frame is for another station.
fn ethernet_answer(sight: &Sight<'_>, station: Option<EthernetAddress>) -> Option<Vec<u8>> {
    if !sight.ethernet {
        return Some(Vec::new());
    }
    let header = sight.frame.get(..ethernet::HEADER_LEN)?;
    let (destination, source) = (&header[..6], &header[6..12]);
    (station?.0 == *destination).then(|| [source, destination, &header[12..]].concat())
}

fn is_link_local(addr: IpAddr) -> bool {
    match addr {
        IpAddr::V4(addr) => addr.is_link_local(),
        IpAddr::V6(addr) => addr.is_unicast_link_local(),
    }
}

/// The IP packet with the message.
fn message(head: IcmpMessage, from: IpAddr, to: IpAddr, quoted: &[u8]) -> Option<Vec<u8>> {
    let IcmpMessage { kind, code, field } = head;
    match (from, to) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            let data = &quoted[..quoted.len().min(QUOTED_V4_OCTETS)];
            let icmp = icmpv4::Repr::Unknown { kind, code, fields: field.to_be_bytes(), data };
            let ip = ipv4::Repr {
                source,
                destination,
                protocol: Protocol::ICMPV4,
                ttl: HOP_LIMIT,
                traffic_class: 0,
                identification: 0,
                dont_fragment: false,
                more_fragments: false,
                fragment_offset_octets: 0,
                payload_len: icmp.len(),
            };
            let mut packet = vec![0; ipv4::HEADER_LEN + icmp.len()];
            let header_len = ip.emit(&mut packet);
            icmp.emit(&mut packet[header_len..]);
            Some(packet)
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            let body = [&field.to_be_bytes(), &quoted[..quoted.len().min(QUOTED_V6_OCTETS)]].concat();
            let icmp = icmpv6::Repr::Unknown { kind, code, body: &body };
            let ip = ipv6::Repr {
                source,
                destination,
                next_header: Protocol::ICMPV6,
                hop_limit: HOP_LIMIT,
                traffic_class: 0,
                flow_label: 0,
                payload_len: icmp.len(),
            };
            let mut packet = vec![0; ipv6::HEADER_LEN + icmp.len()];
            let header_len = ip.emit(&mut packet);
            icmp.emit(source, destination, &mut packet[header_len..]);
            Some(packet)
        }
        _ => None,
    }
}
