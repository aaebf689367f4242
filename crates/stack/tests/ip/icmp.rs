//! ICMP: which errors are sent and which never, and what those that arrive may do.

use crate::net::*;
use synsent_stack::*;
use synsent_wire::ethernet::EtherType;
use synsent_wire::icmpv4::{self, unreachable};
use synsent_wire::ip::Protocol;
use synsent_wire::{icmpv6, ipv4, ipv6};

// 1122/ICMP-5
// 1122/ICMP-2
#[test]
fn an_unbound_udp_port_is_answered_with_port_unreachable_that_quotes_the_datagram() {
    let mut host = Host::plain();
    let packet = udp_packet(PEER, US, (4000, 9), b"is anybody there?");
    let out = host.give(&packet);
    let (to, message) = icmp4_of(&out[0]).unwrap();
    assert_eq!(to, v4(PEER));
    let expected = icmpv4::Repr::DestinationUnreachable { code: unreachable::PORT, next_hop_mtu: 0, quoted: &packet };
    assert_eq!((out.len(), message), (1, expected));
    assert_eq!(host.dropped(DropReason::UdpNoSocket), 1);
    let packet = udp_packet(PEER6, US6, (4000, 9), b"and here?");
    let out = host.give(&packet);
    let expected = icmpv6::Repr::DestinationUnreachable { code: icmpv6::unreachable::PORT, quoted: &packet };
    assert_eq!(icmp6_of(&out[0]).unwrap(), (v6(PEER6), expected));
}

// 1122/ICMP-5
#[test]
fn a_protocol_that_is_not_spoken_is_answered_with_protocol_unreachable() {
    let mut host = Host::plain();
    let out = host.give(&packet4(header4(PEER, US, Protocol(200), 8), &[0; 8]));
    let Some((_, icmpv4::Repr::DestinationUnreachable { code: unreachable::PROTOCOL, .. })) = icmp4_of(&out[0]) else {
        panic!("{out:?}");
    };
    let out = host.give(&packet6(PEER6, US6, Protocol(200), 64, &[0; 8]));
    let Some((_, icmpv6::Repr::ParameterProblem { code: 1, pointer: 6, .. })) = icmp6_of(&out[0]) else {
        panic!("{out:?}");
    };
}

// 1122/ICMP-1
#[test]
fn no_error_answers_a_broadcast_a_group_an_error_a_late_fragment_or_a_source_that_is_no_host() {
    let mut host = Host::ethernet();
    host.meet_peer();
    let ip = |packet: &[u8]| frame(EtherType::IPV4, packet);
    let to_all = frame_to(EthernetAddress::BROADCAST, EtherType::IPV4, &udp_packet(PEER, US, (1, 9), b"x"));
    assert!(host.give(&to_all).is_empty(), "link-layer broadcast");
    for destination in ["10.0.0.255", "255.255.255.255", "224.0.0.1"] {
        let packet = udp_packet(PEER, destination, (1, 9), b"x");
        let to_all = frame_to(EthernetAddress::BROADCAST, EtherType::IPV4, &packet);
        assert!(host.give(&to_all).is_empty(), "{destination}");
        assert!(host.give(&ip(&packet)).is_empty(), "{destination} by unicast");
    }
    for source in ["10.0.0.255", "255.255.255.255", "224.0.0.1", "0.0.0.0", "127.0.0.1", "240.0.0.1"] {
        assert!(host.give(&ip(&udp_packet(source, US, (1, 9), b"x"))).is_empty(), "{source}");
    }
    let header = header4(PEER, US, Protocol(200), 8);
    let late = ipv4::Repr { fragment_offset_octets: 8, ..header };
    assert!(host.give(&ip(&packet4(late, &[0; 8]))).is_empty());
    assert!(host.after(Duration::from_secs(120)).iter().all(|frame| arp_of(frame).is_some()), "late fragment");
}

// 1122/ICMP-1
#[test]
fn an_error_that_quotes_an_error_that_quotes_an_error_is_not_unpacked_and_not_answered() {
    let mut host = Host::plain();
    let mut quoted = udp_packet(US, PEER, (1, 2), b"never sent");
    for _ in 0..8 {
        let error = icmpv4::Repr::DestinationUnreachable { code: 1, next_hop_mtu: 0, quoted: &quoted };
        let (from, to) = (PEER, US);
        let packet = icmp4_packet(from, to, &error);
        assert!(host.give(&packet).is_empty());
        quoted = packet;
    }
}

// 1122/ICMP-1
#[test]
fn errors_are_rate_limited_in_both_families() {
    let mut host = Host::new(Config { icmp_errors_per_second: 10, ..Config::default() }, LinkConfig::ip("net0"));
    let mut answers = |source: &str, ours: &str| {
        (0..1_000).map(|_| host.give(&udp_packet(source, ours, (1, 9), b"x")).len()).sum::<usize>()
    };
    assert_eq!((answers(PEER, US), answers(PEER6, US6)), (10, 0));
    assert_eq!(host.dropped(DropReason::IcmpRateLimited), 1_990);
}

// 1122/ICMP-2
#[test]
fn unknown_icmp_types_are_dropped_silently() {
    let mut host = Host::plain();
    let message = icmpv4::Repr::Unknown { kind: 42, code: 0, fields: [0; 4], data: b"?" };
    assert!(host.give(&icmp4_packet(PEER, US, &message)).is_empty());
    let message = icmpv6::Repr::Unknown { kind: 100, code: 0, body: b"????" };
    assert!(host.give(&icmp6_packet(PEER6, US6, 64, &message)).is_empty());
}

fn connected(host: &mut Host) -> (UdpId, Vec<u8>) {
    let socket = host.socket(5000);
    host.stack.udp_connect(host.now, socket, Some("10.0.0.2:7".parse().unwrap())).unwrap();
    host.stack.udp_send_to(host.now, socket, None, b"hello").unwrap();
    let sent = host.out().remove(0);
    (socket, sent)
}

// 1122/ICMP-3
// 1122/ICMP-6
// 1122/UDP-1
#[test]
fn every_error_about_a_datagram_of_a_connected_socket_reaches_it() {
    let mut host = Host::plain();
    let (socket, quoted) = connected(&mut host);
    let quoted = &quoted[..28];
    let unreachable = |code| icmpv4::Repr::DestinationUnreachable { code, next_hop_mtu: 0, quoted };
    for (message, cause) in [
        (unreachable(3), IcmpCause::V4Unreachable(3)),
        (unreachable(1), IcmpCause::V4Unreachable(1)),
        (icmpv4::Repr::TimeExceeded { code: 0, quoted }, IcmpCause::TimeExceeded { code: 0 }),
        (
            icmpv4::Repr::ParameterProblem { code: 0, pointer: 1, quoted },
            IcmpCause::ParameterProblem { code: 0, pointer: 1 },
        ),
    ] {
        host.give(&icmp4_packet("10.0.0.254", US, &message));
        let failure = host.stack.udp_take_failure(socket).unwrap();
        assert_eq!((failure.cause, failure.from), (cause, addr("10.0.0.254")));
    }
}

// 1122/ICMP-4
#[test]
fn an_unreachable_network_is_a_hint_and_the_socket_goes_on() {
    let mut host = Host::plain();
    let (socket, quoted) = connected(&mut host);
    for code in [0, 1, 5] {
        let message = icmpv4::Repr::DestinationUnreachable { code, next_hop_mtu: 0, quoted: &quoted };
        host.give(&icmp4_packet("10.0.0.254", US, &message));
    }
    host.stack.udp_send_to(host.now, socket, None, b"still here").unwrap();
    assert_eq!(host.out().len(), 1);
}

#[test]
fn an_error_must_quote_what_was_really_sent() {
    let mut host = Host::plain();
    let (socket, sent) = connected(&mut host);
    let foreign = udp_packet("10.0.0.9", PEER, (5000, 7), b"hello");
    let other_port = udp_packet(US, PEER, (5001, 7), b"hello");
    let other_peer = udp_packet(US, "10.0.0.3", (5000, 7), b"hello");
    let late = packet4(ipv4::Repr { fragment_offset_octets: 8, ..header4(US, PEER, Protocol::UDP, 8) }, &sent[20..28]);
    for quoted in [&foreign[..], &other_port, &other_peer, &late, &sent[..24], &[]] {
        let message = icmpv4::Repr::DestinationUnreachable { code: 3, next_hop_mtu: 0, quoted };
        assert!(host.give(&icmp4_packet(PEER, US, &message)).is_empty());
        assert_eq!(host.stack.udp_take_failure(socket), None);
    }
}

// 5927/3
#[test]
fn source_quench_does_nothing() {
    let mut host = Host::plain();
    let (socket, quoted) = connected(&mut host);
    host.give(&icmp4_packet("10.0.0.254", US, &icmpv4::Repr::SourceQuench { quoted: &quoted }));
    assert_eq!(host.stack.udp_take_failure(socket), None);
    let flow = host.stack.tcp_connect(host.now, OpenOptions::to("10.0.0.2:80".parse().unwrap())).unwrap();
    let syn = host.out().remove(0);
    host.give(&icmp4_packet("10.0.0.254", US, &icmpv4::Repr::SourceQuench { quoted: &syn }));
    let status = host.stack.tcp_status(flow).unwrap();
    assert_eq!((status.state, status.failure), (State::SynSent, None));
}

// 5927/4
#[test]
fn fragmentation_needed_lowers_the_path_mtu_but_never_below_the_least() {
    let mut host = Host::plain();
    let (socket, quoted) = connected(&mut host);
    let mut told = |mtu: u16| {
        let code = unreachable::FRAGMENTATION_NEEDED;
        let message = icmpv4::Repr::DestinationUnreachable { code, next_hop_mtu: mtu, quoted: &quoted };
        host.give(&icmp4_packet("10.0.0.254", US, &message));
        host.stack.udp_send_to(host.now, socket, None, &[7; 1400]).unwrap();
        host.out().iter().map(Vec::len).max().unwrap()
    };
    assert_eq!(told(67), 1428);
    assert_eq!(told(576), 572);
    // An MTU is not raised by a message.
    assert_eq!(told(1400), 572);
    // It is forgotten after ten minutes.
    host.after(Duration::from_secs(601));
    host.stack.udp_send_to(host.now, socket, None, &[7; 1400]).unwrap();
    assert_eq!(host.out()[0].len(), 1428);
}

// 5927/4
#[test]
fn packet_too_big_below_1280_is_ignored() {
    let mut host = Host::plain();
    let socket = host.socket(5000);
    host.stack.udp_connect(host.now, socket, Some("[fd00::2]:7".parse().unwrap())).unwrap();
    host.stack.udp_send_to(host.now, socket, None, b"hello").unwrap();
    let quoted = host.out().remove(0);
    let mut told = |mtu| {
        let message = icmpv6::Repr::PacketTooBig { mtu, quoted: &quoted };
        host.give(&icmp6_packet("fd00::fe", US6, 64, &message));
        host.stack.udp_send_to(host.now, socket, None, &[7; 1400]).unwrap();
        host.out().len()
    };
    assert_eq!((told(1279), told(1280)), (1, 2));
}

#[test]
fn an_echo_request_to_us_is_answered_and_one_to_all_is_not() {
    let mut host = Host::plain();
    let request = icmpv4::Repr::EchoRequest { ident: 1, seq: 2, data: b"abc" };
    let out = host.give(&icmp4_packet(PEER, US, &request));
    assert_eq!(icmp4_of(&out[0]), Some((v4(PEER), icmpv4::Repr::EchoReply { ident: 1, seq: 2, data: b"abc" })));
    assert!(host.give(&icmp4_packet(PEER, "10.0.0.255", &request)).is_empty());
    let request = icmpv6::Repr::EchoRequest { ident: 1, seq: 2, data: b"abc" };
    let out = host.give(&icmp6_packet(PEER6, US6, 64, &request));
    assert_eq!(icmp6_of(&out[0]), Some((v6(PEER6), icmpv6::Repr::EchoReply { ident: 1, seq: 2, data: b"abc" })));
}

#[test]
fn a_ping_of_ours_gets_its_reply_and_replies_to_nobody_are_not_kept() {
    let mut host = Host::plain();
    let reply = icmpv4::Repr::EchoReply { ident: 9, seq: 1, data: b"xyz" };
    host.give(&icmp4_packet(PEER, US, &reply));
    assert_eq!(host.stack.ping_reply(), None);
    host.stack.ping(host.now, addr(PEER), None, 9, 1, b"xyz").unwrap();
    let out = host.out();
    assert_eq!(icmp4_of(&out[0]), Some((v4(PEER), icmpv4::Repr::EchoRequest { ident: 9, seq: 1, data: b"xyz" })));
    for _ in 0..1_000 {
        host.give(&icmp4_packet(PEER, US, &reply));
    }
    let kept = std::iter::from_fn(|| host.stack.ping_reply()).collect::<Vec<_>>();
    assert_eq!((kept.len(), kept[0].from, kept[0].seq), (64, addr(PEER), 1));
}

#[test]
fn we_can_ping_ourselves() {
    let mut host = Host::plain();
    for ours in [US, US6, "127.0.0.1", "::1"] {
        host.stack.ping(host.now, addr(ours), None, 1, 1, b"me").unwrap();
        assert!(host.out().is_empty());
        assert_eq!(host.stack.ping_reply().map(|reply| reply.from), Some(addr(ours)), "{ours}");
    }
}

#[test]
fn an_error_in_ipv6_is_no_longer_than_the_least_mtu() {
    let mut host = Host::plain();
    let out = host.give(&udp_packet(PEER6, US6, (1, 9), &[0; 1440]));
    assert_eq!(out[0].len(), ipv6::MIN_MTU);
    let out = host.give(&udp_packet(PEER, US, (1, 9), &[0; 1440]));
    assert_eq!(out[0].len(), 576);
}
