//! ARP, neighbour discovery and duplicate address detection.

use crate::net::*;
use synsent_stack::trace::Fact;
use synsent_stack::*;
use synsent_wire::arp::Operation;
use synsent_wire::ethernet::{self, EtherType};
use synsent_wire::{icmpv4, icmpv6, ipv6, ndp};

use std::net::Ipv6Addr;

fn send(host: &mut Host, socket: UdpId, to: &str) -> Vec<Vec<u8>> {
    host.stack.udp_send_to(host.now, socket, Some(to.parse().unwrap()), b"hello").unwrap();
    host.out()
}

fn is_ip(frame: &[u8]) -> bool {
    matches!(ethernet::View::parse(frame).unwrap().ethertype(), EtherType::IPV4)
}

#[test]
fn a_packet_waits_for_the_answer_and_then_goes_to_the_right_station() {
    let mut host = Host::ethernet();
    let socket = host.socket(5000);
    let question = arp_of(&send(&mut host, socket, "10.0.0.2:7")[0]).unwrap();
    assert_eq!((question.operation, question.target_protocol), (Operation::Request, v4(PEER)));
    let out = host.give(&arp_frame(Operation::Reply, THEIRS, PEER, US));
    assert_eq!((out.len(), ethernet::View::parse(&out[0]).unwrap().destination()), (1, THEIRS));
    assert!(is_ip(&send(&mut host, socket, "10.0.0.2:7")[0]));
}

#[test]
fn an_unresolved_neighbour_does_not_drop_the_only_packet_for_another() {
    let mut host = Host::ethernet();
    let socket = host.socket(5000);
    for _ in 0..100 {
        send(&mut host, socket, "10.0.0.3:7");
    }
    send(&mut host, socket, "10.0.0.2:7");
    let out = host.give(&arp_frame(Operation::Reply, THEIRS, PEER, US));
    assert_eq!(out.len(), 1);
    // Of the hundred, the newest four waited.
    let out = host.give(&arp_frame(Operation::Reply, THEIRS, "10.0.0.3", US));
    assert_eq!((out.len(), host.dropped(DropReason::NeighbourQueueFull)), (4, 96));
}

#[test]
fn a_flood_of_spoofed_pings_does_not_keep_our_own_packet_from_leaving() {
    let mut host = Host::ethernet();
    let socket = host.socket(5000);
    send(&mut host, socket, "10.0.0.2:7");
    let request = icmpv4::Repr::EchoRequest { ident: 1, seq: 1, data: &[0; 1000] };
    for spoofed in 3..=253 {
        let packet = icmp4_packet(&format!("10.0.0.{spoofed}"), US, &request);
        let frame = frame(EtherType::IPV4, &packet);
        for _ in 0..10 {
            host.stack.on_frame(host.now, host.link, &frame);
        }
    }
    // The questions about them are bounded like every provoked answer, and ours still goes through.
    assert!(host.out().len() <= 256);
    assert_eq!(host.give(&arp_frame(Operation::Reply, THEIRS, PEER, US)).len(), 1);
    host.after(Duration::from_secs(10));
    assert_eq!(host.stack.next_deadline(), None);
}

#[test]
fn arp_claims_from_outside_of_our_prefixes_or_with_a_group_address_are_not_believed() {
    let mut host = Host::ethernet();
    let socket = host.socket(5000);
    send(&mut host, socket, "10.0.0.2:7");
    let group = EthernetAddress([1, 0, 0x5e, 0, 0, 1]);
    for (hardware, sender) in [
        (EthernetAddress::BROADCAST, PEER),
        (group, PEER),
        (EthernetAddress([0; 6]), PEER),
        (THEIRS, "192.168.7.7"),
        (THEIRS, "10.0.0.255"),
        (THEIRS, US),
        (THEIRS, "224.0.0.1"),
    ] {
        let out = host.give(&arp_frame(Operation::Reply, hardware, sender, US));
        assert!(out.is_empty(), "{sender}");
    }
    assert_eq!(host.dropped(DropReason::ArpRefused), 7);
    // Nobody asked for this one.
    host.give(&arp_frame(Operation::Reply, THEIRS, "10.0.0.77", US));
    assert!(arp_of(&send(&mut host, socket, "10.0.0.77:7")[0]).is_some());
    let mut malformed = arp_frame(Operation::Reply, THEIRS, PEER, US);
    malformed[ethernet::HEADER_LEN + 4] = 8;
    assert!(host.give(&malformed).is_empty());
    assert_eq!(host.dropped(DropReason::ArpMalformed), 1);
}

#[test]
fn a_question_for_our_address_is_answered_and_one_for_another_is_not() {
    let mut host = Host::ethernet();
    let out = host.give(&arp_frame(Operation::Request, THEIRS, PEER, US));
    let answer = arp_of(&out[0]).unwrap();
    assert_eq!((answer.operation, answer.sender_hardware, answer.sender_protocol), (Operation::Reply, OURS, v4(US)));
    assert!(host.give(&arp_frame(Operation::Request, THEIRS, PEER, "10.0.0.9")).is_empty());
    // A probe (RFC 5227) has no sender yet and is answered all the same.
    assert_eq!(host.give(&arp_frame(Operation::Request, THEIRS, "0.0.0.0", US)).len(), 1);
}

#[test]
fn who_does_not_answer_is_told_to_the_flow_and_to_the_connected_socket() {
    let mut host = Host::ethernet();
    let tcp = TcpOptions { soft_errors: SoftErrors::AbortOnAny, ..TcpOptions::default() };
    let options = OpenOptions { tcp: Some(tcp), ..OpenOptions::to("10.0.0.2:80".parse().unwrap()) };
    let flow = host.stack.tcp_connect(host.now, options).unwrap();
    let socket = host.socket(5000);
    host.stack.udp_connect(host.now, socket, Some("10.0.0.3:7".parse().unwrap())).unwrap();
    host.stack.udp_send_to(host.now, socket, None, b"hello").unwrap();
    let mut questions = host.out();
    questions.extend(host.after(Duration::from_secs(4)));
    assert_eq!(questions.iter().filter(|f| arp_of(f).unwrap().target_protocol == v4(PEER)).count(), 3);
    let failure = host.stack.tcp_status(flow).unwrap().failure.unwrap();
    assert_eq!(failure.cause, Cause::NeighbourUnreachable { next_hop: addr(PEER) });
    assert_eq!(host.stack.udp_take_failure(socket).unwrap().cause, IcmpCause::V4Unreachable(1));
}

fn ndp6(source: &str, destination: &str, hop_limit: u8, message: ndp::Repr<'_>) -> Vec<u8> {
    frame(EtherType::IPV6, &icmp6_packet(source, destination, hop_limit, &icmpv6::Repr::Ndp(message)))
}

fn ndp_of(frame: &[u8]) -> Option<(Ipv6Addr, ndp::Repr<'_>)> {
    match icmp6_of(&frame[ethernet::HEADER_LEN..])? {
        (to, icmpv6::Repr::Ndp(message)) => Some((to, message)),
        _ => None,
    }
}

#[test]
fn an_ipv6_neighbour_is_found_by_its_solicited_node_group() {
    let mut host = Host::ethernet();
    let socket = host.socket(5000);
    let out = send(&mut host, socket, "[fd00::2]:7");
    assert_eq!(ethernet::View::parse(&out[0]).unwrap().destination(), EthernetAddress([0x33, 0x33, 0xff, 0, 0, 2]));
    let expected = ndp::Repr::NeighborSolicitation { target: v6(PEER6), source_link: Some(OURS) };
    assert_eq!(ndp_of(&out[0]), Some((v6("ff02::1:ff00:2"), expected)));
    let answer = |hop_limit, hardware| {
        let target_link = Some(hardware);
        let target = v6(PEER6);
        let message =
            ndp::Repr::NeighborAdvertisement { router: false, solicited: true, r#override: true, target, target_link };
        ndp6(PEER6, US6, hop_limit, message)
    };
    // A router let it through, or it names a group: no neighbour's answer.
    assert!(host.give(&answer(254, THEIRS)).is_empty());
    assert!(host.give(&answer(255, EthernetAddress([0x33, 0x33, 0, 0, 0, 1]))).is_empty());
    assert_eq!(host.dropped(DropReason::NdpRefused), 2);
    let out = host.give(&answer(255, THEIRS));
    assert_eq!((out.len(), ethernet::View::parse(&out[0]).unwrap().destination()), (1, THEIRS));
}

#[test]
fn a_solicitation_for_our_address_is_answered() {
    let mut host = Host::ethernet();
    let message = ndp::Repr::NeighborSolicitation { target: v6(US6), source_link: Some(THEIRS) };
    let out = host.give(&ndp6(PEER6, "ff02::1:ff00:1", 255, message));
    let expected = ndp::Repr::NeighborAdvertisement {
        router: false,
        solicited: true,
        r#override: true,
        target: v6(US6),
        target_link: Some(OURS),
    };
    assert_eq!(ndp_of(&out[0]), Some((v6(PEER6), expected)));
    let message = ndp::Repr::NeighborSolicitation { target: v6("fd00::99"), source_link: Some(THEIRS) };
    assert!(host.give(&ndp6(PEER6, "ff02::1:ff00:1", 255, message)).is_empty());
}

fn host_with_tentative() -> (Host, std::net::IpAddr) {
    let mut host = Host::ethernet();
    let config = LinkConfig { duplicate_address_detection: 1, ..LinkConfig::ethernet("net1", OURS) };
    let link = host.stack.add_link(host.now, config);
    host.link = link;
    host.stack.add_address(host.now, link, "fd07::1/64".parse().unwrap()).unwrap();
    (host, addr("fd07::1"))
}

fn is_ready(host: &Host, addr: std::net::IpAddr) -> bool {
    host.stack.addresses(host.link).any(|(cidr, ready)| cidr.addr() == addr && ready)
}

#[test]
fn an_address_that_nobody_defends_is_used_after_a_second() {
    let (mut host, ours) = host_with_tentative();
    assert!(!is_ready(&host, ours));
    let out = host.after(Duration::from_millis(900));
    let expected = ndp::Repr::NeighborSolicitation { target: v6("fd07::1"), source_link: None };
    let probe = out.iter().find(|frame| ndp_of(frame).is_some()).unwrap();
    assert_eq!(ndp_of(probe), Some((v6("ff02::1:ff00:1"), expected)));
    assert!(ipv6::View::parse(&probe[ethernet::HEADER_LEN..]).unwrap().source().is_unspecified());
    assert!(!is_ready(&host, ours));
    host.after(Duration::from_millis(200));
    assert!(is_ready(&host, ours));
}

#[test]
fn an_address_that_someone_else_has_or_wants_is_not_used() {
    let target = v6("fd07::1");
    let target_link = Some(THEIRS);
    let defence =
        ndp::Repr::NeighborAdvertisement { router: false, solicited: false, r#override: true, target, target_link };
    let same_wish = ndp::Repr::NeighborSolicitation { target, source_link: None };
    for frame in [ndp6("fd07::1", "ff02::1", 255, defence), ndp6("::", "ff02::1:ff00:1", 255, same_wish)] {
        let (mut host, ours) = host_with_tentative();
        host.after(Duration::from_millis(500));
        host.give(&frame);
        host.after(Duration::from_secs(10));
        assert!(!is_ready(&host, ours));
        let facts = std::iter::from_fn(|| host.stack.poll_trace()).map(|record| record.fact).collect::<Vec<_>>();
        assert!(facts.contains(&Fact::AddressDuplicate { link: host.link, addr: ours }));
        let open = OpenOptions { local: Some(ours), ..OpenOptions::to("[fd07::2]:80".parse().unwrap()) };
        assert!(host.stack.tcp_connect(host.now, open).is_err());
    }
}

#[test]
fn a_link_local_peer_needs_its_link_when_there_are_several() {
    let mut host = Host::ethernet();
    host.stack.add_address(host.now, host.link, "fe80::1/64".parse().unwrap()).unwrap();
    let socket = host.socket(5000);
    // With one link there is nothing to guess.
    assert_eq!(host.stack.udp_send_to(host.now, socket, Some("[fe80::2]:7".parse().unwrap()), b"x"), Ok(()));
    let second = host.second_link();
    host.stack.add_address(host.now, second, "fe80::1:1/64".parse().unwrap()).unwrap();
    host.out();
    host.out_of(second);
    assert!(host.stack.udp_send_to(host.now, socket, Some("[fe80::3]:7".parse().unwrap()), b"x").is_err());
    let scoped = std::net::SocketAddrV6::new(v6("fe80::3"), 7, 0, second.index() as u32);
    host.stack.udp_send_to(host.now, socket, Some(scoped.into()), b"x").unwrap();
    assert!(host.out().is_empty());
    let out = host.out_of(second);
    assert!(matches!(ndp_of(&out[0]), Some((_, ndp::Repr::NeighborSolicitation { .. }))));
    assert_eq!(ipv6::View::parse(&out[0][ethernet::HEADER_LEN..]).unwrap().source(), v6("fe80::1:1"));
}
