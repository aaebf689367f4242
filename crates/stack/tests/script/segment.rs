//! One segment of a script: what the peer sends, or what the stack is expected to send.
//!
//! The numbers of the stack count from its ISS, so that its SYN is number 0 and its first octet number 1; the peer's numbers
//! are those that the test wrote. What an expected segment does not name is not compared, except the control bits (but PSH)
//! and the length of the text.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use synsent_stack::Instant;
use synsent_wire::checksum::sum;
use synsent_wire::ip::Protocol;
use synsent_wire::tcp::{self, Flags, Options, Repr, SackRange, Timestamps};
use synsent_wire::{SeqNumber, ipv4, ipv6};

/// A segment to send or to expect.
#[derive(Clone, Default, Debug)]
pub(crate) struct Seg {
    pub(super) flags: Flags,
    pub(super) seq: Option<u32>,
    pub(super) ack: Option<u32>,
    pub(super) win: Option<u16>,
    pub(super) urgent: Option<u16>,
    pub(super) mss: Option<u16>,
    pub(super) window_scale: Option<u8>,
    pub(super) sack_permitted: bool,
    pub(super) value: Option<u32>,
    pub(super) echo: Option<u32>,
    pub(super) sacks: Vec<(u32, u32)>,
    pub(super) no_timestamps: bool,
    pub(super) raw_options: Option<Vec<u8>>,
    pub(super) text: Vec<u8>,
    pub(super) len: Option<usize>,
    pub(super) source: Option<IpAddr>,
    pub(super) destination: Option<IpAddr>,
    pub(super) peer_port: Option<u16>,
    pub(super) port: Option<u16>,
    pub(super) bad_checksum: bool,
    pub(super) ip_options: Vec<u8>,
    pub(super) traffic_class: u8,
}

/// A segment without anything.
pub(crate) fn seg() -> Seg {
    Seg::default()
}

impl Seg {
    fn flag(mut self, flags: Flags) -> Seg {
        self.flags |= flags;
        self
    }

    /// SYN.
    pub(crate) fn syn(self) -> Seg {
        self.flag(Flags::SYN)
    }

    /// SYN and ACK.
    pub(crate) fn syn_ack(self) -> Seg {
        self.flag(Flags::SYN | Flags::ACK)
    }

    /// FIN.
    pub(crate) fn fin(self) -> Seg {
        self.flag(Flags::FIN)
    }

    /// RST.
    pub(crate) fn rst(self) -> Seg {
        self.flag(Flags::RST)
    }

    /// PSH; in an expected segment it is asked for only where it is written.
    pub(crate) fn psh(self) -> Seg {
        self.flag(Flags::PSH)
    }

    /// URG with its pointer, as it stands in the header.
    pub(crate) fn urg(mut self, pointer: u16) -> Seg {
        self.urgent = Some(pointer);
        self.flag(Flags::URG)
    }

    /// Any other control bits.
    pub(crate) fn bits(self, flags: Flags) -> Seg {
        self.flag(flags)
    }

    /// These control bits and no other.
    pub(crate) fn exactly(mut self, flags: Flags) -> Seg {
        self.flags = flags;
        self
    }

    /// SEG.SEQ.
    pub(crate) fn seq(mut self, seq: u32) -> Seg {
        self.seq = Some(seq);
        self
    }

    /// ACK and SEG.ACK.
    pub(crate) fn ack(mut self, ack: u32) -> Seg {
        self.ack = Some(ack);
        self.flag(Flags::ACK)
    }

    /// SEG.WND as it stands in the header; 65535 where a test sends without it.
    pub(crate) fn win(mut self, window: u16) -> Seg {
        self.win = Some(window);
        self
    }

    /// The MSS option.
    pub(crate) fn mss(mut self, octets: u16) -> Seg {
        self.mss = Some(octets);
        self
    }

    /// The window scale option.
    pub(crate) fn wscale(mut self, shift: u8) -> Seg {
        self.window_scale = Some(shift);
        self
    }

    /// The SACK-permitted option.
    pub(crate) fn sack_ok(mut self) -> Seg {
        self.sack_permitted = true;
        self
    }

    /// The timestamps option, to send.
    pub(crate) fn ts(mut self, value: u32, echo: u32) -> Seg {
        self.value = Some(value);
        self.echo = Some(echo);
        self
    }

    /// The echo of an expected timestamps option; the stack's clock is its own affair.
    pub(crate) fn ts_echo(mut self, echo: u32) -> Seg {
        self.echo = Some(echo);
        self
    }

    /// Sent without the timestamps option although the connection has agreed on it.
    pub(crate) fn no_ts(mut self) -> Seg {
        self.no_timestamps = true;
        self
    }

    /// One range of the SACK option, in the numbers of whose data it is.
    pub(crate) fn sack(mut self, start: u32, end: u32) -> Seg {
        self.sacks.push((start, end));
        self
    }

    /// The octets of the options field, instead of any option above; a multiple of four.
    pub(crate) fn raw_options(mut self, octets: &[u8]) -> Seg {
        self.raw_options = Some(octets.to_vec());
        self
    }

    /// The text.
    pub(crate) fn text(mut self, text: &[u8]) -> Seg {
        self.text = text.to_vec();
        self.len = Some(text.len());
        self
    }

    /// So much text, whatever it is: zeros when sent.
    pub(crate) fn len(mut self, octets: usize) -> Seg {
        self.text = Vec::new();
        self.len = Some(octets);
        self
    }

    /// Another source address than the peer's.
    pub(crate) fn source(mut self, addr: IpAddr) -> Seg {
        self.source = Some(addr);
        self
    }

    /// Another destination address than the stack's.
    pub(crate) fn destination(mut self, addr: IpAddr) -> Seg {
        self.destination = Some(addr);
        self
    }

    /// Another port of the peer.
    pub(crate) fn peer_port(mut self, port: u16) -> Seg {
        self.peer_port = Some(port);
        self
    }

    /// Another port of the stack.
    pub(crate) fn port(mut self, port: u16) -> Seg {
        self.port = Some(port);
        self
    }

    /// The checksum is wrong by one bit.
    pub(crate) fn bad_checksum(mut self) -> Seg {
        self.bad_checksum = true;
        self
    }

    /// IPv4 options before the segment; a multiple of four octets.
    pub(crate) fn ip_options(mut self, octets: &[u8]) -> Seg {
        self.ip_options = octets.to_vec();
        self
    }

    /// The traffic class octet of the IP header.
    pub(crate) fn traffic_class(mut self, octet: u8) -> Seg {
        self.traffic_class = octet;
        self
    }

    /// The segment in an IP packet, for a stack whose ISS is `iss`.
    pub(super) fn packet(&self, source: SocketAddr, destination: SocketAddr, iss: u32) -> Vec<u8> {
        let mut text = self.text.clone();
        text.resize(self.len.unwrap_or(0), 0);
        let mut options = Options { mss: self.mss, sack_permitted: self.sack_permitted, ..Options::default() };
        options.window_scale = self.window_scale;
        options.timestamps = self.value.map(|value| Timestamps { value, echo: self.echo.unwrap_or(0) });
        for (start, end) in &self.sacks {
            let number = |number: &u32| SeqNumber(number.wrapping_add(iss));
            options.sack.push(SackRange { start: number(start), end: number(end) });
        }
        let header = Repr {
            source_port: source.port(),
            destination_port: destination.port(),
            seq: SeqNumber(self.seq.unwrap_or(0)),
            ack: SeqNumber(self.ack.map_or(0, |ack| ack.wrapping_add(iss))),
            flags: self.flags,
            window: self.win.unwrap_or(65_535),
            urgent_pointer: self.urgent.unwrap_or(0),
            options,
        };
        let mut octets = vec![0; tcp::MAX_HEADER_LEN];
        let header_len = header.emit(source.ip(), destination.ip(), sum(&text), text.len(), &mut octets);
        octets.truncate(header_len);
        if let Some(raw) = &self.raw_options {
            octets.truncate(tcp::HEADER_LEN);
            octets.extend_from_slice(raw);
            octets[12] = (octets.len() as u8 / 4) << 4;
        }
        octets.extend_from_slice(&text);
        fill_checksum(&mut octets, source.ip(), destination.ip());
        if self.bad_checksum {
            octets[tcp::CHECKSUM_OFFSET] ^= 1;
        }
        in_packet(&octets, Protocol::TCP, source.ip(), destination.ip(), &self.ip_options, self.traffic_class)
    }

    /// What of `seen` is not as expected.
    pub(super) fn differences(&self, seen: &Seen) -> Vec<String> {
        let mut wrong = Vec::new();
        let without_push = |flags: Flags| if self.flags.psh() { flags } else { flags.without(Flags::PSH) };
        check(&mut wrong, "flags", Some(self.flags), without_push(seen.flags));
        check(&mut wrong, "seq", self.seq, seen.seq);
        check(&mut wrong, "ack", self.ack, seen.ack);
        check(&mut wrong, "win", self.win, seen.win);
        check(&mut wrong, "urgent pointer", self.urgent, seen.urgent);
        check(&mut wrong, "mss", self.mss.map(Some), seen.options.mss);
        check(&mut wrong, "window scale", self.window_scale.map(Some), seen.options.window_scale);
        check(&mut wrong, "sack permitted", self.sack_permitted.then_some(true), seen.options.sack_permitted);
        check(&mut wrong, "ts echo", self.echo.map(Some), seen.options.timestamps.map(|stamps| stamps.echo));
        check(&mut wrong, "length", Some(self.len.unwrap_or(0)), seen.text.len());
        let sacks = seen.options.sack.iter().map(|range| (range.start.0, range.end.0)).collect();
        check(&mut wrong, "sack", (!self.sacks.is_empty()).then(|| self.sacks.clone()), sacks);
        check(&mut wrong, "text", (!self.text.is_empty()).then(|| self.text.clone()), seen.text.clone());
        check(&mut wrong, "source", self.source, seen.source.ip());
        check(&mut wrong, "destination", self.destination, seen.destination.ip());
        check(&mut wrong, "peer port", self.peer_port, seen.destination.port());
        check(&mut wrong, "port", self.port, seen.source.port());
        wrong
    }
}

fn check<T: PartialEq + fmt::Debug>(wrong: &mut Vec<String>, what: &str, wanted: Option<T>, seen: T) {
    if let Some(wanted) = wanted
        && wanted != seen
    {
        wrong.push(format!("{what}: expected {wanted:?}, saw {seen:?}"));
    }
}

/// Fills in the checksum of a TCP segment.
fn fill_checksum(segment: &mut [u8], source: IpAddr, destination: IpAddr) {
    segment[tcp::CHECKSUM_OFFSET..][..2].fill(0);
    let pseudo = synsent_wire::checksum::pseudo_header(source, destination, Protocol::TCP.0, segment.len() as u32);
    let checksum = pseudo.add_bytes(segment).finish();
    segment[tcp::CHECKSUM_OFFSET..][..2].copy_from_slice(&checksum.to_be_bytes());
}

/// An IP packet around a payload.
pub(super) fn in_packet(
    payload: &[u8],
    protocol: Protocol,
    source: IpAddr,
    destination: IpAddr,
    options: &[u8],
    traffic_class: u8,
) -> Vec<u8> {
    let mut packet = vec![0; 60];
    let header_len = match (source, destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => ipv4::Repr {
            source,
            destination,
            protocol,
            ttl: 64,
            traffic_class,
            identification: 7,
            dont_fragment: true,
            more_fragments: false,
            fragment_offset_octets: 0,
            payload_len: payload.len(),
        }
        .emit_with_options(options, &mut packet),
        (IpAddr::V6(source), IpAddr::V6(destination)) => ipv6::Repr {
            source,
            destination,
            next_header: protocol,
            hop_limit: 64,
            traffic_class,
            flow_label: 0,
            payload_len: payload.len(),
        }
        .emit(&mut packet),
        _ => panic!("{source} and {destination} are of different families"),
    };
    packet.truncate(header_len);
    packet.extend_from_slice(payload);
    packet
}

/// A segment that the stack sent.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// When it left.
    pub(crate) at: Instant,
    /// SEG.SEQ, counted from the stack's ISS.
    pub(crate) seq: u32,
    /// SEG.ACK in the peer's numbers.
    pub(crate) ack: u32,
    /// The control bits.
    pub(crate) flags: Flags,
    /// SEG.WND as it stands in the header.
    pub(crate) win: u16,
    /// The urgent pointer.
    pub(crate) urgent: u16,
    /// The options.
    pub(crate) options: Options,
    /// The text.
    pub(crate) text: Vec<u8>,
    /// From where.
    pub(crate) source: SocketAddr,
    /// Where to.
    pub(crate) destination: SocketAddr,
    /// SEG.SEQ as it stands in the header.
    pub(crate) raw_seq: u32,
    /// TTL or hop limit.
    pub(crate) hop_limit: u8,
    /// The traffic class octet.
    pub(crate) traffic_class: u8,
    /// The whole IP packet.
    pub(crate) packet: Vec<u8>,
}

impl Seen {
    /// Reads an IP packet; `None` when it holds no TCP. The numbers are not counted from an ISS yet.
    pub(super) fn read(at: Instant, packet: &[u8]) -> Option<Seen> {
        let (source, destination, protocol, payload, hop_limit, traffic_class) = match packet[0] >> 4 {
            4 => {
                let ip = ipv4::View::parse(packet).expect("the stack sends well-formed packets");
                let ends = (IpAddr::from(ip.source()), IpAddr::from(ip.destination()));
                (ends.0, ends.1, ip.protocol(), ip.payload(), ip.ttl(), ip.traffic_class())
            }
            _ => {
                let ip = ipv6::View::parse(packet).expect("the stack sends well-formed packets");
                let ends = (IpAddr::from(ip.source()), IpAddr::from(ip.destination()));
                (ends.0, ends.1, ip.next_header(), ip.payload(), ip.hop_limit(), ip.traffic_class())
            }
        };
        if protocol != Protocol::TCP {
            return None;
        }
        let view = tcp::View::parse(payload).expect("the stack sends well-formed segments");
        // 9293/MUST-2: every segment that any script sees leave has a right checksum.
        assert!(view.verify_checksum(source, destination), "the stack sends right checksums");
        let header = Repr::parse(&view).expect("the stack sends well-formed options");
        Some(Seen {
            at,
            seq: header.seq.0,
            ack: header.ack.0,
            flags: header.flags,
            win: header.window,
            urgent: header.urgent_pointer,
            options: header.options,
            text: view.payload().to_vec(),
            source: SocketAddr::new(source, header.source_port),
            destination: SocketAddr::new(destination, header.destination_port),
            raw_seq: header.seq.0,
            hop_limit,
            traffic_class,
            packet: packet.to_vec(),
        })
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} seq {} ", self.flags, self.seq)?;
        if self.flags.ack() {
            write!(f, "ack {} ", self.ack)?;
        }
        write!(f, "win {} len {}", self.win, self.text.len())?;
        write_options(f, &self.options)
    }
}

impl fmt::Display for Seg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.flags)?;
        let parts = [("seq", self.seq), ("ack", self.ack), ("win", self.win.map(u32::from))];
        for (name, number) in parts {
            if let Some(number) = number {
                write!(f, " {name} {number}")?;
            }
        }
        write!(f, " len {}", self.len.unwrap_or(0))?;
        let mut options = Options { mss: self.mss, sack_permitted: self.sack_permitted, ..Options::default() };
        options.window_scale = self.window_scale;
        options.timestamps = self.value.or(self.echo).map(|value| Timestamps { value, echo: self.echo.unwrap_or(0) });
        for (start, end) in &self.sacks {
            options.sack.push(SackRange { start: SeqNumber(*start), end: SeqNumber(*end) });
        }
        write_options(f, &options)
    }
}

fn write_options(f: &mut fmt::Formatter<'_>, options: &Options) -> fmt::Result {
    if let Some(mss) = options.mss {
        write!(f, " mss {mss}")?;
    }
    if let Some(shift) = options.window_scale {
        write!(f, " wscale {shift}")?;
    }
    if options.sack_permitted {
        f.write_str(" sackok")?;
    }
    if let Some(stamps) = options.timestamps {
        write!(f, " ts {} {}", stamps.value, stamps.echo)?;
    }
    for range in options.sack.iter() {
        write!(f, " sack {}..{}", range.start, range.end)?;
    }
    Ok(())
}
