//! What was on the wire of a host about one peer, in a few words: `SYN ×3, RST`, or `SYN, ICMP host unreachable from 10.1.0.1`.
//!
//! The words come from the capture: what the host sent, what was sent to it, the ICMP errors that quote one of its packets,
//! and its questions for the peer's station. Words that follow each other and are the same are counted.

use std::net::{IpAddr, SocketAddr};

use synsent_stack::{IcmpCause, Instant};
use synsent_wire::ip::Protocol;
use synsent_wire::{ethernet, ipv4, ipv6};

use crate::capture::Record;
use crate::faults::Fate;
use crate::lab::{HostId, Lab};
use crate::sight::{Packet, Segment};

/// Where the octets after the four that depend on the type stand in an ICMP message.
const ICMP_HEADER_LEN: usize = 8;

impl Lab {
    /// What was on the wire of a host since a moment about this peer, as far as the capture still has it; `nothing` when
    /// nothing was.
    pub fn wire_summary(&self, host: HostId, since: Instant, peer: SocketAddr) -> String {
        let cables = self.cables_of(host);
        let mut counted: Vec<(String, u32)> = Vec::new();
        for record in self.capture().records().filter(|record| record.at >= since) {
            let Some(own) = cables.iter().find(|(cable, _)| *cable == record.cable).map(|(_, end)| *end) else {
                continue;
            };
            let Some(word) = word(record, record.from == own, peer) else { continue };
            match counted.last_mut() {
                Some((last, count)) if *last == word => *count += 1,
                _ => counted.push((word, 1)),
            }
        }
        if counted.is_empty() {
            return "nothing".to_owned();
        }
        let words =
            counted.iter().map(|(word, count)| if *count == 1 { word.clone() } else { format!("{word} ×{count}") });
        words.collect::<Vec<_>>().join(", ")
    }
}

/// What a frame was, if it is about the peer.
fn word(record: &Record, sent: bool, peer: SocketAddr) -> Option<String> {
    let word = match question(record) {
        Some(asked) if sent && asked == peer.ip() => format!("who has {asked}"),
        Some(_) => return None,
        None => packet_word(record, sent, peer)?,
    };
    Some(match record.fate {
        Fate::Carried | Fate::Doubled | Fate::Damaged => word,
        Fate::Lost | Fate::QueueFull | Fate::TooBig | Fate::Down | Fate::Ruled => format!("{word} (lost)"),
    })
}

fn packet_word(record: &Record, sent: bool, peer: SocketAddr) -> Option<String> {
    let sight = record.sight();
    let packet = sight.packet()?;
    if let Some(cause) = icmp_error(&packet, peer) {
        return (!sent).then(|| format!("{cause} from {}", packet.source));
    }
    let (far, port) = if sent { (packet.destination, 2) } else { (packet.source, 0) };
    if far != peer.ip() || port_at(packet.payload, port)? != peer.port() {
        return None;
    }
    match packet.protocol {
        Protocol::TCP => sight.segment().map(|segment| segment_word(&segment)),
        Protocol::UDP => Some(if sent { "datagram".to_owned() } else { "datagram back".to_owned() }),
        _ => None,
    }
}

fn segment_word(segment: &Segment<'_>) -> String {
    let flags = segment.view.flags();
    let word = match (flags.rst(), flags.syn(), flags.fin(), flags.ack()) {
        (true, ..) => "RST",
        (_, true, _, true) => "SYN-ACK",
        (_, true, ..) => "SYN",
        (_, _, true, _) => "FIN",
        _ if !segment.view.payload().is_empty() => "data",
        _ => "ACK",
    };
    word.to_owned()
}

/// Ports stand at the same places in TCP and UDP.
fn port_at(payload: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(payload.get(at..at + 2)?.try_into().ok()?))
}

/// Whom a question for a station's address is about: ARP, or neighbour solicitation.
fn question(record: &Record) -> Option<IpAddr> {
    const ARP_TARGET: usize = ethernet::HEADER_LEN + 24;
    const NEIGHBOUR_SOLICITATION: u8 = 135;
    let ethertype = record.bytes.get(12..14).filter(|_| record.ethernet)?;
    if *ethertype == ethernet::EtherType::ARP.0.to_be_bytes() {
        let target: [u8; 4] = record.bytes.get(ARP_TARGET..ARP_TARGET + 4)?.try_into().ok()?;
        return Some(target.into());
    }
    let packet = record.sight().packet()?;
    let solicits = packet.protocol == Protocol::ICMPV6 && packet.payload.first() == Some(&NEIGHBOUR_SOLICITATION);
    let target: [u8; 16] = packet.payload.get(8..24).filter(|_| solicits)?.try_into().ok()?;
    Some(target.into())
}

/// The ICMP error in a packet that quotes one to the peer.
fn icmp_error(packet: &Packet<'_>, peer: SocketAddr) -> Option<IcmpCause> {
    let &[kind, code, _, _, a, b, c, d] = packet.payload.first_chunk()?;
    let quoted = packet.payload.get(ICMP_HEADER_LEN..)?;
    let field = u32::from_be_bytes([a, b, c, d]);
    let (cause, destination, payload): (_, IpAddr, _) = match packet.protocol {
        Protocol::ICMPV4 => {
            let quoted = ipv4::View::parse_quoted(quoted).ok()?;
            let cause = match kind {
                3 if code == 4 => IcmpCause::TooBig { mtu: field & 0xffff },
                3 => IcmpCause::V4Unreachable(code),
                4 => IcmpCause::SourceQuench,
                11 => IcmpCause::TimeExceeded { code },
                12 => IcmpCause::ParameterProblem { code, pointer: field >> 24 },
                _ => return None,
            };
            (cause, quoted.destination().into(), quoted.payload())
        }
        Protocol::ICMPV6 => {
            let destination: [u8; 16] = quoted.get(24..ipv6::HEADER_LEN)?.try_into().ok()?;
            let cause = match kind {
                1 => IcmpCause::V6Unreachable(code),
                2 => IcmpCause::TooBig { mtu: field },
                3 => IcmpCause::TimeExceeded { code },
                4 => IcmpCause::ParameterProblem { code, pointer: field },
                _ => return None,
            };
            (cause, destination.into(), quoted.get(ipv6::HEADER_LEN..)?)
        }
        _ => return None,
    };
    (destination == peer.ip() && port_at(payload, 2)? == peer.port()).then_some(cause)
}
