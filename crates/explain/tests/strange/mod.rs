//! Records that no honest recorder would write: few names and addresses, so that things meet, and every value that a type has.

use std::net::{IpAddr, SocketAddr};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use synsent_explain::{
    Asked, Call, End, Fate, HostSeen, Ladder, Lookup, Observation, Packet, Run, Said, SocketKind, Verdict,
};
use synsent_wire::ip::Protocol;
use synsent_wire::tcp::{self, Flags, Options};
use synsent_wire::{SeqNumber, checksum, icmpv4, ipv4, ipv6, udp};

fn place() -> impl Strategy<Value = SocketAddr> {
    let address =
        select(vec!["10.1.0.2", "10.1.0.1", "10.1.0.53", "10.2.0.2", "fd00:1::2", "fd00:2::2", "::ffff:10.2.0.2"]);
    (address, select(vec![0u16, 53, 80, 40_000, 40_001]))
        .prop_map(|(address, port)| SocketAddr::new(address.parse::<IpAddr>().unwrap(), port))
}

fn time() -> impl Strategy<Value = i64> {
    prop_oneof![8 => -1_000i64..20_000_000, 1 => any::<i64>(), 1 => select(vec![i64::MIN, i64::MAX, 0])]
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[a-zA-Z]{1,8}", any::<String>(), Just("\u{1b}[2J\r\n\u{7}".to_owned())]
}

/// A packet of the version of its addresses.
pub(crate) fn in_packet(from: IpAddr, to: IpAddr, protocol: Protocol, ttl: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0; ipv6::HEADER_LEN];
    let payload_len = payload.len();
    let len = match (from, to) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => ipv4::Repr {
            source,
            destination,
            protocol,
            ttl,
            traffic_class: 0,
            identification: 0,
            dont_fragment: false,
            more_fragments: false,
            fragment_offset_octets: 0,
            payload_len,
        }
        .emit(&mut out),
        (from, to) => {
            let (source, destination) = (long(from), long(to));
            let (next_header, hop_limit) = (protocol, ttl);
            ipv6::Repr { source, destination, next_header, hop_limit, traffic_class: 0, flow_label: 0, payload_len }
                .emit(&mut out)
        }
    };
    out.truncate(len);
    out.extend(payload);
    out
}

fn long(address: IpAddr) -> std::net::Ipv6Addr {
    match address {
        IpAddr::V4(four) => four.to_ipv6_mapped(),
        IpAddr::V6(six) => six,
    }
}

fn same_family(from: SocketAddr, to: SocketAddr) -> (IpAddr, IpAddr) {
    if from.is_ipv4() == to.is_ipv4() { (from.ip(), to.ip()) } else { (long(from.ip()).into(), long(to.ip()).into()) }
}

fn segment() -> impl Strategy<Value = Vec<u8>> {
    let number = select(vec![0u32, 1, 2, 1_000, u32::MAX, 1 << 31]);
    (place(), place(), any::<u8>(), number.clone(), number, 0usize..1_500, any::<u8>()).prop_map(
        |(from, to, flags, seq, ack, octets, ttl)| {
            let (source, destination) = same_family(from, to);
            let repr = tcp::Repr {
                source_port: from.port(),
                destination_port: to.port(),
                seq: SeqNumber(seq),
                ack: SeqNumber(ack),
                flags: Flags(flags),
                window: 1_000,
                urgent_pointer: 0,
                options: Options::default(),
            };
            let data = vec![0; octets];
            let mut out = vec![0; tcp::HEADER_LEN];
            repr.emit(source, destination, checksum::sum(&data), octets, &mut out);
            out.extend(data);
            in_packet(source, destination, Protocol::TCP, ttl, &out)
        },
    )
}

fn datagram() -> impl Strategy<Value = Vec<u8>> {
    let name = b"\x04shop\x04test\0\0\x01\0\x01".to_vec();
    let rest = prop_oneof![Just(name), vec(any::<u8>(), 0..40)];
    let message = (any::<u16>(), any::<u16>(), any::<u16>(), any::<u16>(), rest);
    (place(), place(), message).prop_map(|(from, to, (id, flags, count, answers, rest))| {
        let mut data: Vec<u8> =
            [id % 4, flags, count, answers, 0, 0].iter().flat_map(|one| one.to_be_bytes()).collect();
        data.extend(rest);
        let (source, destination) = same_family(from, to);
        let repr = udp::Repr { source_port: from.port(), destination_port: to.port() };
        let mut out = vec![0; udp::HEADER_LEN + data.len()];
        repr.emit(source, destination, &data, &mut out);
        in_packet(source, destination, Protocol::UDP, 64, &out)
    })
}

fn icmp() -> impl Strategy<Value = Vec<u8>> {
    (place(), place(), any::<u8>(), any::<u8>(), prop_oneof![segment(), datagram()]).prop_map(
        |(from, to, kind, code, quoted)| {
            let quoted = &quoted[..quoted.len().min(60)];
            let repr = icmpv4::Repr::Unknown { kind: kind % 14, code: code % 16, fields: [0, 0, 5, 0], data: quoted };
            let mut out = vec![0; repr.len()];
            repr.emit(&mut out);
            let (source, destination) = same_family(from, to);
            in_packet(source, destination, Protocol(if kind < 128 { 1 } else { 58 }), 64, &out)
        },
    )
}

fn fate() -> impl Strategy<Value = Fate> {
    let arrives = prop_oneof![Just(Fate::Carried), Just(Fate::Doubled)];
    let not = vec![Fate::Lost, Fate::Damaged, Fate::TooBig, Fate::QueueFull, Fate::Down, Fate::Ruled];
    prop_oneof![2 => arrives, 1 => select(not)]
}

prop_compose! {
    pub(crate) fn packet()(
        at_us in time(), line in select(vec!["us", "us", "shop", "", "\u{1b}"]), outward: bool, fate in fate(),
        len in prop_oneof![Just(None), any::<usize>().prop_map(Some)],
        octets in prop_oneof![4 => segment(), 2 => datagram(), 2 => icmp(), 1 => vec(any::<u8>(), 0..200)],
        kept in 0usize..400,
    ) -> Packet {
        let len = len.unwrap_or(octets.len());
        Packet { at_us, line: line.to_owned(), outward, fate, len, octets: octets[..octets.len().min(kept)].to_vec() }
    }
}

fn said() -> impl Strategy<Value = Said> {
    let errors = vec![
        (115, "EINPROGRESS"),
        (111, "ECONNREFUSED"),
        (104, "ECONNRESET"),
        (11, "EAGAIN"),
        (106, "EISCONN"),
        (110, "ETIMEDOUT"),
        (101, "ENETUNREACH"),
        (99, "EADDRNOTAVAIL"),
        (4, "EINTR"),
        (0, ""),
        (i32::MIN, "\u{1b}[31m"),
    ];
    let error = select(errors).prop_map(|(number, name)| (number, name.to_owned()));
    prop_oneof![
        any::<i64>().prop_map(Said::Value),
        select(vec![0i64, 1, 74]).prop_map(Said::Value),
        error.clone().prop_map(|(number, name)| Said::Error { number, name }),
        error.prop_map(|(number, name)| Said::Pending { number, name }),
        Just(Said::Restarted),
        Just(Said::StillWaiting),
    ]
}

fn call_name() -> impl Strategy<Value = String> {
    let known = vec![
        "connect",
        "connect",
        "getsockopt",
        "poll",
        "epoll_wait",
        "sendto",
        "recvfrom",
        "read",
        "close",
        "socket",
        "getpeername",
    ];
    prop_oneof![4 => select(known).prop_map(str::to_owned), 1 => word()]
}

prop_compose! {
    fn call()(
        began_us in time(), ended_us in proptest::option::of(time()), name in call_name(),
        descriptor in proptest::option::of(-1i32..4), socket in proptest::option::of(0u64..3),
        kind in select(vec![SocketKind::Stream, SocketKind::Stream, SocketKind::Datagram, SocketKind::Other]),
        peer in proptest::option::of(place()), said in said(),
        detail in prop_oneof![Just("POLLOUT".to_owned()), Just("POLLOUT|POLLERR|POLLHUP".to_owned()), word()],
        process in 0u32..2,
    ) -> Call {
        Call { began_us, ended_us, process, thread: process, name, descriptor, socket, kind, peer, said, detail }
    }
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![
        any::<i32>().prop_map(End::Exited),
        Just(End::Exited(0)),
        (any::<i32>(), word()).prop_map(|(number, name)| End::Signal { number, name }),
        any::<u64>().prop_map(End::TimeLimit),
        Just(End::Interrupted),
    ]
}

fn observation() -> impl Strategy<Value = Observation> {
    let full = Just(Observation::Full);
    prop_oneof![3 => full, 1 => word().prop_map(Observation::Partly), 1 => word().prop_map(Observation::Not)]
}

prop_compose! {
    fn lookup()(at_us in time(), name in word(), kind in word(), place in place(), which in 0..4) -> Lookup {
        let answer = match which {
            0 => Asked::Addresses(vec![place.ip(); 3]),
            1 => Asked::NoSuchName,
            2 => Asked::Failed,
            _ => Asked::Silence,
        };
        Lookup { at_us, name, kind, answer }
    }
}

prop_compose! {
    fn verdict()(at_us in time(), host in word(), from in place(), to in place(), words in word()) -> Verdict {
        Verdict { at_us, host, from, to, words }
    }
}

prop_compose! {
    pub(crate) fn run()(
        packets in vec(packet(), 0..40), calls in vec(call(), 0..40), lookups in vec(lookup(), 0..4),
        words in vec(word(), 12), counts in any::<[u64; 5]>(), small in any::<[u32; 2]>(),
        observation in observation(), end in end(), verdicts in vec(verdict(), 0..10), own in vec(place(), 0..3),
    ) -> Run {
        let host = |name: &str, address: &str| HostSeen {
            name: name.to_owned(),
            addresses: vec![address.parse().unwrap()],
        };
        Run {
            version: small[0],
            case: words[0].clone(),
            summary: words[1].clone(),
            program: words[2..6].to_vec(),
            seed: counts[0],
            scenario: words[6].clone(),
            began_unix_nanos: counts[1],
            took_us: if counts[2].is_multiple_of(3) { counts[2] } else { counts[2] % 20_000_000 },
            kernel: words[7].clone(),
            ladder: Ladder {
                syn_retries: small[0],
                default_syn_retries: small[1],
                linear_timeouts: small[0],
                default_linear_timeouts: small[1],
            },
            own_addresses: own.iter().map(SocketAddr::ip).collect(),
            hosts: vec![host("router", "10.1.0.1"), host("shop", "10.2.0.2"), host(&words[8], "10.2.0.3")],
            packets,
            packets_left_out: if counts[3].is_multiple_of(2) { 0 } else { counts[3] },
            packets_left_out_before: (!counts[3].is_multiple_of(3)).then_some(counts[3] as usize % 9),
            calls,
            calls_left_out: if counts[4].is_multiple_of(2) { 0 } else { counts[4] },
            observation,
            verdicts,
            lookups,
            end,
            stdout_tail: words[9].clone(),
            stderr_tail: words[10].clone(),
            notes: vec![words[11].clone()],
        }
    }
}
