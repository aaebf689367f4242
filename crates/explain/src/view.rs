//! A recorded packet as far as it can be read.
//!
//! A record keeps the first octets of a packet, so lengths come from its headers and never from the octets that are there; a
//! checksum is not asked for, because a damaged packet is to be explained too. What cannot be read is [`What::Unread`].

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use synsent_stack::IcmpCause;
use synsent_wire::ip::Protocol;
use synsent_wire::{ipv4, ipv6, tcp};

use crate::record::Packet;

/// The octets of an ICMP message in front of what it quotes.
const ICMP_HEADER_LEN: usize = 8;
/// The octets of a DNS message in front of its question.
const DNS_HEADER_LEN: usize = 12;
/// The port of name servers.
pub const DNS_PORT: u16 = 53;
/// How many octets of a name are read (RFC 1035 section 2.3.4).
const DNS_NAME_OCTETS: usize = 255;
/// How many extension headers of IPv6 are passed over.
const EXTENSION_HEADERS: usize = 8;

/// A packet, read.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// Who sent it.
    pub source: IpAddr,
    /// To whom.
    pub destination: IpAddr,
    /// TTL or hop limit.
    pub hop_limit: u8,
    /// What it carries.
    pub what: What,
}

/// What a packet carries.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A TCP segment.
    Tcp(Segment),
    /// A UDP datagram.
    Udp(Datagram),
    /// An ICMP error.
    Icmp(IcmpError),
    /// What hosts of a link and routers tell each other: neighbours, groups, routers.
    Neighbours,
    /// An echo request or reply.
    Echo,
    /// A part of a larger packet.
    Part,
    /// Something else.
    Other(Protocol),
    /// Not to be read.
    Unread,
}

/// A TCP segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Who sent it.
    pub source: SocketAddr,
    /// To whom.
    pub destination: SocketAddr,
    /// SEG.SEQ.
    pub seq: u32,
    /// SEG.ACK; counts with the ACK bit.
    pub ack: u32,
    /// The control bits.
    pub flags: tcp::Flags,
    /// The window as the field has it.
    pub window: u16,
    /// How many octets of data it carries.
    pub octets: usize,
}

/// A UDP datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// Who sent it.
    pub source: SocketAddr,
    /// To whom.
    pub destination: SocketAddr,
    /// How many octets of data it carries.
    pub octets: usize,
    /// What it asks or answers, where it goes to or comes from the port of name servers.
    pub dns: Option<Dns>,
}

/// A question to a name server, or its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dns {
    /// What joins an answer to its question.
    pub id: u16,
    /// Whether it is an answer.
    pub response: bool,
    /// RCODE: 0 no error, 2 the server failed, 3 no such name, 5 refused.
    pub code: u8,
    /// How many records the answer has.
    pub answers: u16,
    /// The name, without control characters.
    pub name: String,
    /// The type of record that is asked for: 1 is A, 28 is AAAA.
    pub kind: u16,
}

/// An ICMP error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IcmpError {
    /// What it says.
    pub cause: IcmpCause,
    /// The packet that it is about, as far as it quotes it.
    pub quoted: Option<Quoted>,
}

/// The head of a packet that an ICMP error quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quoted {
    /// Its protocol.
    pub protocol: Protocol,
    /// Who sent it.
    pub source: SocketAddr,
    /// To whom.
    pub destination: SocketAddr,
    /// The control bits of a quoted segment, where the quotation is long enough.
    pub flags: Option<tcp::Flags>,
}

impl View {
    /// Reads a packet; `None` when not even its addresses can be read.
    pub fn of(packet: &Packet) -> Option<View> {
        let ip = Ip::read(&packet.octets)?;
        let what = if ip.part { What::Part } else { ip.what() };
        Some(View { source: ip.source, destination: ip.destination, hop_limit: ip.hop_limit, what })
    }

    /// The TCP segment in it.
    pub fn segment(&self) -> Option<&Segment> {
        match &self.what {
            What::Tcp(segment) => Some(segment),
            _ => None,
        }
    }
}

impl Segment {
    /// A SYN without ACK: the first segment of an opening.
    pub fn opens(&self) -> bool {
        self.flags.syn() && !self.flags.ack()
    }

    /// A SYN with ACK.
    pub fn answers_opening(&self) -> bool {
        self.flags.syn() && self.flags.ack()
    }

    /// The number behind its last octet.
    pub fn end(&self) -> u32 {
        self.seq.wrapping_add(self.octets as u32)
    }
}

/// An IP header and what follows.
struct Ip<'a> {
    source: IpAddr,
    destination: IpAddr,
    hop_limit: u8,
    protocol: Protocol,
    part: bool,
    /// The octets of the payload that were kept.
    payload: &'a [u8],
    /// How long the payload was.
    payload_octets: usize,
}

impl<'a> Ip<'a> {
    fn read(bytes: &'a [u8]) -> Option<Ip<'a>> {
        match bytes.first()? >> 4 {
            4 => Ip::read_v4(bytes),
            6 => Ip::read_v6(bytes),
            _ => None,
        }
    }

    fn read_v4(bytes: &'a [u8]) -> Option<Ip<'a>> {
        let view = ipv4::View::parse_quoted(bytes).ok()?;
        Some(Ip {
            source: view.source().into(),
            destination: view.destination().into(),
            hop_limit: view.ttl(),
            protocol: view.protocol(),
            part: view.is_fragment(),
            payload: view.payload(),
            payload_octets: view.total_len().saturating_sub(view.header_len()),
        })
    }

    fn read_v6(bytes: &'a [u8]) -> Option<Ip<'a>> {
        let (header, mut payload) = bytes.split_at_checked(ipv6::HEADER_LEN)?;
        let address = |at: usize| Some(Ipv6Addr::from(<[u8; 16]>::try_from(header.get(at..at + 16)?).ok()?));
        let mut payload_octets = usize::from(u16::from_be_bytes([header[4], header[5]]));
        payload = &payload[..payload_octets.min(payload.len())];
        let mut protocol = Protocol(header[6]);
        for _ in 0..EXTENSION_HEADERS {
            if !matches!(protocol, Protocol::HOP_BY_HOP | Protocol::ROUTING | Protocol::DESTINATION) {
                break;
            }
            let &[next, eights, ..] = payload else { break };
            let len = (usize::from(eights) + 1) * 8;
            let Some(rest) = payload.get(len..) else { break };
            protocol = Protocol(next);
            payload = rest;
            payload_octets = payload_octets.saturating_sub(len);
        }
        Some(Ip {
            source: address(8)?.into(),
            destination: address(24)?.into(),
            hop_limit: header[7],
            protocol,
            part: protocol == Protocol::FRAGMENT,
            payload,
            payload_octets,
        })
    }

    fn what(&self) -> What {
        match self.protocol {
            Protocol::TCP => self.tcp().map_or(What::Unread, What::Tcp),
            Protocol::UDP => self.udp().map_or(What::Unread, What::Udp),
            Protocol::ICMPV4 => self.icmp_v4(),
            Protocol::ICMPV6 => self.icmp_v6(),
            Protocol::IGMP => What::Neighbours,
            other => What::Other(other),
        }
    }

    fn tcp(&self) -> Option<Segment> {
        let view = tcp::View::parse(self.payload).ok()?;
        Some(Segment {
            source: SocketAddr::new(self.source, view.source_port()),
            destination: SocketAddr::new(self.destination, view.destination_port()),
            seq: view.seq().0,
            ack: view.ack().0,
            flags: view.flags(),
            window: view.window(),
            octets: self.payload_octets.saturating_sub(view.header_len()),
        })
    }

    fn udp(&self) -> Option<Datagram> {
        let (header, data) = self.payload.split_at_checked(synsent_wire::udp::HEADER_LEN)?;
        let field = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
        let (source, destination) = (field(0), field(2));
        let dns = (source == DNS_PORT || destination == DNS_PORT).then(|| Dns::read(data)).flatten();
        Some(Datagram {
            source: SocketAddr::new(self.source, source),
            destination: SocketAddr::new(self.destination, destination),
            octets: usize::from(field(4)).saturating_sub(synsent_wire::udp::HEADER_LEN),
            dns,
        })
    }

    fn icmp_v4(&self) -> What {
        let Some(&[kind, code, _, _, a, b, c, d]) = self.payload.first_chunk() else { return What::Unread };
        let field = u32::from_be_bytes([a, b, c, d]);
        let cause = match kind {
            3 if code == 4 => IcmpCause::TooBig { mtu: field & 0xffff },
            3 => IcmpCause::V4Unreachable(code),
            4 => IcmpCause::SourceQuench,
            11 => IcmpCause::TimeExceeded { code },
            12 => IcmpCause::ParameterProblem { code, pointer: field >> 24 },
            0 | 8 => return What::Echo,
            9 | 10 => return What::Neighbours,
            _ => return What::Other(self.protocol),
        };
        What::Icmp(IcmpError { cause, quoted: self.quoted() })
    }

    fn icmp_v6(&self) -> What {
        let Some(&[kind, code, _, _, a, b, c, d]) = self.payload.first_chunk() else { return What::Unread };
        let field = u32::from_be_bytes([a, b, c, d]);
        let cause = match kind {
            1 => IcmpCause::V6Unreachable(code),
            2 => IcmpCause::TooBig { mtu: field },
            3 => IcmpCause::TimeExceeded { code },
            4 => IcmpCause::ParameterProblem { code, pointer: field },
            128 | 129 => return What::Echo,
            130..=143 => return What::Neighbours,
            _ => return What::Other(self.protocol),
        };
        What::Icmp(IcmpError { cause, quoted: self.quoted() })
    }

    /// The packet that an ICMP error quotes.
    fn quoted(&self) -> Option<Quoted> {
        const FLAGS_AT: usize = 13;
        let inner = Ip::read(self.payload.get(ICMP_HEADER_LEN..)?)?;
        let &[a, b, c, d] = inner.payload.first_chunk()?;
        let flags = inner.payload.get(FLAGS_AT).filter(|_| inner.protocol == Protocol::TCP);
        Some(Quoted {
            protocol: inner.protocol,
            source: SocketAddr::new(inner.source, u16::from_be_bytes([a, b])),
            destination: SocketAddr::new(inner.destination, u16::from_be_bytes([c, d])),
            flags: flags.map(|bits| tcp::Flags(*bits)),
        })
    }
}

impl Dns {
    fn read(message: &[u8]) -> Option<Dns> {
        let header: &[u8; DNS_HEADER_LEN] = message.first_chunk()?;
        let field = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
        let (name, rest) = dns_name(&message[DNS_HEADER_LEN..])?;
        let kind = rest.first_chunk().map(|kind| u16::from_be_bytes(*kind))?;
        Some(Dns {
            id: field(0),
            response: header[2] & 0x80 != 0,
            code: header[3] & 0xf,
            answers: field(6),
            name,
            kind,
        })
    }

    /// The type of record as name servers spell it.
    pub fn kind_words(&self) -> String {
        match self.kind {
            1 => "A".to_owned(),
            28 => "AAAA".to_owned(),
            5 => "CNAME".to_owned(),
            12 => "PTR".to_owned(),
            33 => "SRV".to_owned(),
            65 => "HTTPS".to_owned(),
            other => format!("TYPE{other}"),
        }
    }
}

/// The name that a question begins with, and what follows it. A question has no compression.
fn dns_name(mut bytes: &[u8]) -> Option<(String, &[u8])> {
    let mut name = String::new();
    while name.len() <= DNS_NAME_OCTETS {
        let (len, rest) = bytes.split_first()?;
        if *len == 0 {
            let name = if name.is_empty() { ".".to_owned() } else { name };
            return Some((name, rest));
        }
        let (label, rest) = rest.split_at_checked(usize::from(*len).min(64))?;
        if label.len() > 63 {
            return None;
        }
        if !name.is_empty() {
            name.push('.');
        }
        name.extend(label.iter().map(|octet| if octet.is_ascii_graphic() { char::from(*octet) } else { '?' }));
        bytes = rest;
    }
    None
}

/// An address that is one of IPv4 in the clothes of IPv6, in its own.
pub(crate) fn plain(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
