//! Records made by hand for tests: real packets, written by the wire crate, and calls as a program would have made them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use synsent_wire::ip::Protocol;
use synsent_wire::tcp::{Flags, Options};
use synsent_wire::{SeqNumber, checksum, icmpv4, icmpv6, ipv4, ipv6, tcp, udp};

use crate::record::{
    Asked, Call, End, Fate, HostSeen, Ladder, Lookup, Observation, PACKET_OCTETS_MAX, Packet, Run, Said, SocketKind,
    VERSION, Verdict,
};

pub(crate) const SYN: Flags = Flags::SYN;
pub(crate) const ACK: Flags = Flags::ACK;
pub(crate) const RST: Flags = Flags(Flags::RST.0 | Flags::ACK.0);
pub(crate) const SYN_ACK: Flags = Flags(Flags::SYN.0 | Flags::ACK.0);
pub(crate) const FIN: Flags = Flags(Flags::FIN.0 | Flags::ACK.0);
pub(crate) const DATA: Flags = Flags(Flags::PSH.0 | Flags::ACK.0);

/// Our first sequence number, and the peer's.
pub(crate) const OURS: u32 = u32::MAX - 10;
pub(crate) const THEIRS: u32 = 5_000;

pub(crate) const EINPROGRESS: i32 = 115;
pub(crate) const ECONNREFUSED: i32 = 111;
pub(crate) const ETIMEDOUT: i32 = 110;
pub(crate) const EHOSTUNREACH: i32 = 113;
pub(crate) const ENETUNREACH: i32 = 101;
pub(crate) const EADDRNOTAVAIL: i32 = 99;
pub(crate) const ECONNRESET: i32 = 104;

pub(crate) fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

pub(crate) fn us() -> SocketAddr {
    at("10.1.0.2:40000")
}

pub(crate) fn target() -> SocketAddr {
    at("10.2.0.2:80")
}

pub(crate) fn names() -> SocketAddr {
    at("10.1.0.53:53")
}

pub(crate) const ROUTER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 1, 0, 1));

/// A record in the making.
pub(crate) struct Made {
    pub(crate) run: Run,
}

impl Made {
    pub(crate) fn new(case: &str) -> Made {
        let host = |name: &str, addresses: &[&str]| HostSeen {
            name: name.to_owned(),
            addresses: addresses.iter().map(|one| one.parse().unwrap()).collect(),
        };
        Made {
            run: Run {
                version: VERSION,
                case: case.to_owned(),
                summary: format!("the case {case}"),
                program: ["curl", "-sS", "http://shop.test/"].map(str::to_owned).to_vec(),
                seed: 1,
                scenario: String::new(),
                began_unix_nanos: 1_763_722_512_000_000_000,
                took_us: 50_000,
                kernel: "6.18".to_owned(),
                ladder: Ladder {
                    syn_retries: 3,
                    default_syn_retries: 6,
                    linear_timeouts: 0,
                    default_linear_timeouts: 4,
                },
                own_addresses: vec!["10.1.0.2".parse().unwrap(), "fd00:1::2".parse().unwrap()],
                hosts: vec![
                    host("router", &["10.1.0.1", "fd00:1::1"]),
                    host("names", &["10.1.0.53", "fd00:1::53"]),
                    host("shop", &["10.2.0.2", "fd00:2::2", "10.2.0.3", "fd00:2::3"]),
                ],
                packets: Vec::new(),
                packets_left_out: 0,
                packets_left_out_before: None,
                calls: Vec::new(),
                calls_left_out: 0,
                observation: Observation::Full,
                verdicts: Vec::new(),
                lookups: Vec::new(),
                end: End::Exited(7),
                stdout_tail: String::new(),
                stderr_tail: "curl: (7) Failed to connect to shop.test port 80\n".to_owned(),
                notes: Vec::new(),
            },
        }
    }

    pub(crate) fn done(mut self) -> Run {
        self.run.packets.sort_by_key(|packet| packet.at_us);
        self.run.calls.sort_by_key(|call| call.began_us);
        self.run
    }

    /// A packet on one line.
    pub(crate) fn on(mut self, line: &str, at_us: i64, outward: bool, fate: Fate, packet: &[u8]) -> Made {
        let octets = packet[..packet.len().min(PACKET_OCTETS_MAX)].to_vec();
        let line = line.to_owned();
        self.run.packets.push(Packet { at_us, line, outward, fate, len: packet.len(), octets });
        self
    }

    /// A packet on our line.
    pub(crate) fn near(self, at_us: i64, outward: bool, packet: &[u8]) -> Made {
        self.on("us", at_us, outward, Fate::Carried, packet)
    }

    /// A packet that crosses the router; the time is that on our line.
    pub(crate) fn across(self, at_us: i64, outward: bool, packet: &[u8]) -> Made {
        let far_us = if outward { at_us + 300 } else { at_us - 300 };
        let mut behind = packet.to_vec();
        hop(if outward { &mut behind } else { &mut [] });
        let mut before = packet.to_vec();
        hop(if outward { &mut [] } else { &mut before });
        self.on("us", at_us, outward, Fate::Carried, &before).on("shop", far_us, outward, Fate::Carried, &behind)
    }

    /// Our SYN, as it crosses the router.
    pub(crate) fn syn(self, at_us: i64) -> Made {
        self.across(at_us, true, &segment(us(), target(), SYN, OURS, 0, 0))
    }

    /// The three segments of an opening, the first at this time.
    pub(crate) fn opens(self, at_us: i64) -> Made {
        self.syn(at_us)
            .across(at_us + 10_000, false, &segment(target(), us(), SYN_ACK, THEIRS, OURS.wrapping_add(1), 0))
            .across(at_us + 10_100, true, &segment(us(), target(), ACK, OURS.wrapping_add(1), THEIRS + 1, 0))
    }

    /// Data of ours from this offset.
    pub(crate) fn says(self, at_us: i64, offset: u32, octets: usize) -> Made {
        let seq = OURS.wrapping_add(1).wrapping_add(offset);
        self.across(at_us, true, &segment(us(), target(), DATA, seq, THEIRS + 1, octets))
    }

    /// Something of the peer from this offset, acknowledging so many octets of ours.
    pub(crate) fn hears(self, at_us: i64, flags: Flags, offset: u32, octets: usize, acked: u32) -> Made {
        let ack = OURS.wrapping_add(1).wrapping_add(acked);
        self.across(at_us, false, &segment(target(), us(), flags, THEIRS + 1 + offset, ack, octets))
    }

    /// A name that was asked for and answered after ten milliseconds.
    pub(crate) fn named(self) -> Made {
        let question = dns(us_for_names(), names(), 7, None, "shop.test", 1);
        let answer = dns(names(), us_for_names(), 7, Some((0, 1)), "shop.test", 1);
        let addresses = Asked::Addresses(vec![target().ip()]);
        self.near(500, true, &question).near(10_500, false, &answer).lookup(800, "A", addresses)
    }

    pub(crate) fn lookup(mut self, at_us: i64, kind: &str, answer: Asked) -> Made {
        self.run.lookups.push(Lookup { at_us, name: "shop.test".to_owned(), kind: kind.to_owned(), answer });
        self
    }

    pub(crate) fn verdict(mut self, at_us: i64, words: &str) -> Made {
        let host = "shop".to_owned();
        self.run.verdicts.push(Verdict { at_us, host, from: us(), to: target(), words: words.to_owned() });
        self
    }

    /// A call on socket 1.
    pub(crate) fn call(self, began_us: i64, took_us: i64, name: &str, said: Said, detail: &str) -> Made {
        self.call_on(1, target(), began_us, Some(began_us + took_us), name, said, detail)
    }

    #[expect(clippy::too_many_arguments, reason = "a call has that many sides")]
    pub(crate) fn call_on(
        mut self,
        socket: u64,
        peer: SocketAddr,
        began_us: i64,
        ended_us: Option<i64>,
        name: &str,
        said: Said,
        detail: &str,
    ) -> Made {
        self.run.calls.push(Call {
            began_us,
            ended_us,
            process: 100,
            thread: 100,
            name: name.to_owned(),
            descriptor: Some(socket as i32 + 2),
            socket: Some(socket),
            kind: SocketKind::Stream,
            peer: Some(peer),
            said,
            detail: detail.to_owned(),
        });
        self
    }

    /// A blocking connect that ends in an error.
    pub(crate) fn fails(self, began_us: i64, took_us: i64, number: i32, name: &str) -> Made {
        self.call(began_us, took_us, "connect", error(number, name), "")
    }

    /// The calls of a program that does not block: connect, poll, SO_ERROR.
    pub(crate) fn asks(self, began_us: i64, told_us: i64, number: i32, name: &str) -> Made {
        let seen = if number == 0 { "POLLOUT" } else { "POLLOUT|POLLERR|POLLHUP" };
        self.call(began_us, 100, "connect", error(EINPROGRESS, "EINPROGRESS"), "")
            .call(began_us + 200, told_us - began_us - 200, "poll", Said::Value(1), seen)
            .call(told_us + 10, 5, "getsockopt", Said::Pending { number, name: name.to_owned() }, "SO_ERROR")
    }

    pub(crate) fn ended(mut self, end: End, took_us: u64, stderr: &str) -> Made {
        (self.run.end, self.run.took_us, self.run.stderr_tail) = (end, took_us, stderr.to_owned());
        self
    }
}

pub(crate) fn error(number: i32, name: &str) -> Said {
    Said::Error { number, name: name.to_owned() }
}

fn us_for_names() -> SocketAddr {
    at("10.1.0.2:50000")
}

/// One router further.
fn hop(packet: &mut [u8]) {
    match packet.first() {
        Some(0x40..0x50) => drop(ipv4::decrement_ttl(packet)),
        Some(_) => drop(ipv6::decrement_hop_limit(packet)),
        None => {}
    }
}

/// A TCP segment in its packet.
pub(crate) fn segment(from: SocketAddr, to: SocketAddr, flags: Flags, seq: u32, ack: u32, octets: usize) -> Vec<u8> {
    segment_with_ttl(64, from, to, flags, seq, ack, octets)
}

pub(crate) fn segment_with_ttl(
    ttl: u8,
    from: SocketAddr,
    to: SocketAddr,
    flags: Flags,
    seq: u32,
    ack: u32,
    octets: usize,
) -> Vec<u8> {
    let repr = tcp::Repr {
        source_port: from.port(),
        destination_port: to.port(),
        seq: SeqNumber(seq),
        ack: SeqNumber(ack),
        flags,
        window: 64_000,
        urgent_pointer: 0,
        options: Options::default(),
    };
    let data = vec![b'x'; octets];
    let mut segment = vec![0; tcp::HEADER_LEN];
    repr.emit(from.ip(), to.ip(), checksum::sum(&data), octets, &mut segment);
    segment.extend(data);
    packet(ttl, from.ip(), to.ip(), Protocol::TCP, &segment)
}

/// A packet with this payload.
pub(crate) fn packet(ttl: u8, from: IpAddr, to: IpAddr, protocol: Protocol, payload: &[u8]) -> Vec<u8> {
    let payload_len = payload.len();
    let mut out = match (from, to) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            let mut out = vec![0; ipv4::HEADER_LEN];
            let repr = ipv4::Repr {
                source,
                destination,
                protocol,
                ttl,
                traffic_class: 0,
                identification: 1,
                dont_fragment: true,
                more_fragments: false,
                fragment_offset_octets: 0,
                payload_len,
            };
            repr.emit(&mut out);
            out
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            let mut out = vec![0; ipv6::HEADER_LEN];
            let (next_header, hop_limit) = (protocol, ttl);
            let repr = ipv6::Repr {
                source,
                destination,
                next_header,
                hop_limit,
                traffic_class: 0,
                flow_label: 0,
                payload_len,
            };
            repr.emit(&mut out);
            out
        }
        _ => panic!("both ends are of one family"),
    };
    out.extend(payload);
    out
}

/// An ICMP "destination unreachable" or "time exceeded" with the head of the packet that it is about.
pub(crate) fn icmp(from: IpAddr, kind: u8, code: u8, mtu: u16, about: &[u8]) -> Vec<u8> {
    let quoted = &about[..about.len().min(100)];
    let IpAddr::V4(_) = from else { return icmp_v6(from, kind, code, about) };
    let repr = match kind {
        3 => icmpv4::Repr::DestinationUnreachable { code, next_hop_mtu: mtu, quoted },
        _ => icmpv4::Repr::TimeExceeded { code, quoted },
    };
    let mut message = vec![0; repr.len()];
    repr.emit(&mut message);
    packet(64, from, us().ip(), Protocol::ICMPV4, &message)
}

fn icmp_v6(from: IpAddr, kind: u8, code: u8, about: &[u8]) -> Vec<u8> {
    let quoted = &about[..about.len().min(100)];
    let own: IpAddr = "fd00:1::2".parse().unwrap();
    let (IpAddr::V6(source), IpAddr::V6(destination)) = (from, own) else { panic!("the router has IPv6") };
    let repr = match kind {
        1 => icmpv6::Repr::DestinationUnreachable { code, quoted },
        _ => icmpv6::Repr::TimeExceeded { code, quoted },
    };
    let mut message = vec![0; repr.len()];
    repr.emit(source, destination, &mut message);
    packet(64, from, own, Protocol::ICMPV6, &message)
}

/// A datagram in its packet.
pub(crate) fn datagram(from: SocketAddr, to: SocketAddr, data: &[u8]) -> Vec<u8> {
    let mut out = vec![0; udp::HEADER_LEN + data.len()];
    let repr = udp::Repr { source_port: from.port(), destination_port: to.port() };
    repr.emit(from.ip(), to.ip(), data, &mut out);
    packet(64, from.ip(), to.ip(), Protocol::UDP, &out)
}

/// A question to a name server, or an answer with its code and its number of records.
pub(crate) fn dns(
    from: SocketAddr,
    to: SocketAddr,
    id: u16,
    answer: Option<(u8, u16)>,
    name: &str,
    kind: u16,
) -> Vec<u8> {
    let mut message = id.to_be_bytes().to_vec();
    let (code, count) = answer.unwrap_or_default();
    message.extend([if answer.is_some() { 0x81 } else { 1 }, code, 0, 1]);
    message.extend(count.to_be_bytes());
    message.extend([0; 4]);
    for label in name.split('.') {
        message.push(label.len() as u8);
        message.extend(label.as_bytes());
    }
    message.push(0);
    message.extend(kind.to_be_bytes());
    message.extend([0, 1]);
    for _ in 0..count {
        message.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 2, 0, 2]);
    }
    datagram(from, to, &message)
}
