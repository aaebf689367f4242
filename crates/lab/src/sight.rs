//! A frame on a cable as a rule or a person sees it: addresses, ports, flags, lengths, read leniently and never changed.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use synsent_stack::Instant;
use synsent_wire::ip::Protocol;
use synsent_wire::{ipv4, ipv6, tcp, udp};

const ETHERNET_HEADER_LEN: usize = 14;

/// A frame that is being sent, or was.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a> {
    /// When it was sent.
    pub at: Instant,
    /// From which end of the cable.
    pub from: usize,
    /// Whether it begins with an Ethernet header.
    pub ethernet: bool,
    /// All its octets.
    pub frame: &'a [u8],
}

/// An IP packet, as far as it can be read.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// Who sent it.
    pub source: IpAddr,
    /// To whom.
    pub destination: IpAddr,
    /// The protocol of the payload.
    pub protocol: Protocol,
    /// TTL or hop limit.
    pub hop_limit: u8,
    /// Whether it is a part of a larger packet.
    pub fragment: bool,
    /// What follows the IP header.
    pub payload: &'a [u8],
}

/// A TCP segment, as far as it can be read.
#[derive(Clone, Copy)]
pub struct Segment<'a> {
    /// Who sent it.
    pub source: SocketAddr,
    /// To whom.
    pub destination: SocketAddr,
    /// The TCP header and data.
    pub view: tcp::View<'a>,
}

impl<'a> Sight<'a> {
    /// The IP packet in the frame, if there is one.
    pub fn packet(&self) -> Option<Packet<'a>> {
        let bytes = if self.ethernet { self.frame.get(ETHERNET_HEADER_LEN..)? } else { self.frame };
        match bytes.first()? >> 4 {
            4 => ipv4::View::parse(bytes).ok().map(|view| Packet {
                source: view.source().into(),
                destination: view.destination().into(),
                protocol: view.protocol(),
                hop_limit: view.ttl(),
                fragment: view.is_fragment(),
                payload: view.payload(),
            }),
            6 => ipv6::View::parse(bytes).ok().map(|view| Packet {
                source: view.source().into(),
                destination: view.destination().into(),
                protocol: view.next_header(),
                hop_limit: view.hop_limit(),
                fragment: view.next_header() == Protocol::FRAGMENT,
                payload: view.payload(),
            }),
            _ => None,
        }
    }

    /// The TCP segment in the frame, if there is one.
    pub fn segment(&self) -> Option<Segment<'a>> {
        let packet = self.packet().filter(|packet| packet.protocol == Protocol::TCP)?;
        let view = tcp::View::parse(packet.payload).ok()?;
        let source = SocketAddr::new(packet.source, view.source_port());
        Some(Segment { source, destination: SocketAddr::new(packet.destination, view.destination_port()), view })
    }

    /// Whether it is a TCP segment with the SYN bit and without ACK.
    pub fn is_syn(&self) -> bool {
        self.segment().is_some_and(|one| one.view.flags().syn() && !one.view.flags().ack())
    }
}

impl fmt::Display for Sight<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(packet) = self.packet() else { return write!(f, "{} octets that are not IP", self.frame.len()) };
        if let Some(Segment { source, destination, view }) = self.segment() {
            let (seq, ack, len) = (view.seq().0, view.ack().0, view.payload().len());
            let (flags, window) = (view.flags(), view.window());
            return write!(f, "{source} > {destination} {flags:?} seq {seq} ack {ack} win {window} len {len}");
        }
        let Packet { source, destination, protocol, hop_limit, payload, .. } = packet;
        match (protocol, udp::View::parse(payload)) {
            (Protocol::UDP, Ok(view)) => {
                let (from, to) = (view.source_port(), view.destination_port());
                write!(f, "{source} > {destination} UDP {from} > {to} len {}", view.payload().len())
            }
            (Protocol::ICMPV4 | Protocol::ICMPV6, _) if payload.len() >= 2 => {
                write!(f, "{source} > {destination} {protocol} type {} code {}", payload[0], payload[1])
            }
            _ => write!(f, "{source} > {destination} {protocol} hop limit {hop_limit} len {}", payload.len()),
        }
    }
}
