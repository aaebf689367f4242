//! What is taken from a link, and what is not.

use crate::net::*;
use synsent_stack::*;
use synsent_wire::ethernet::EtherType;
use synsent_wire::ip::Protocol;
use synsent_wire::{icmpv4, icmpv6, ipv4};

// 1122/IP-1
#[test]
fn what_is_not_for_us_is_dropped_silently() {
    let mut host = Host::plain();
    for destination in ["10.0.0.9", "192.0.2.1", "224.0.0.99"] {
        assert!(host.give(&udp_packet(PEER, destination, (1, 9), b"x")).is_empty());
    }
    for destination in ["fd00::9", "2001:db8::1", "ff02::99"] {
        assert!(host.give(&udp_packet(PEER6, destination, (1, 9), b"x")).is_empty());
    }
    assert_eq!(host.dropped(DropReason::IpNotForUs), 6);
}

// 1122/IP-2
// 1122/UDP-2
#[test]
fn impossible_sources_and_destinations_are_dropped_silently() {
    let mut host = Host::plain();
    let socket = host.socket(9);
    let sources = ["127.0.0.1", "127.9.9.9", "240.0.0.1", "255.255.255.255", "224.0.0.1", "10.0.0.255", "0.0.0.0", US];
    for source in sources {
        assert!(host.give(&udp_packet(source, US, (1, 9), b"x")).is_empty(), "{source}");
    }
    assert!(host.give(&udp_packet(PEER, "127.0.0.1", (1, 9), b"x")).is_empty());
    for (source, destination) in
        [("::1", US6), ("ff02::1", US6), (PEER6, "::1"), (PEER6, "::"), ("::ffff:10.0.0.2", US6), (US6, US6)]
    {
        assert!(host.give(&udp_packet(source, destination, (1, 9), b"x")).is_empty(), "{source}");
    }
    assert_eq!((host.received(socket), host.dropped(DropReason::IpSourceInvalid)), (None, 15));
}

// 1122/IP-2
#[test]
fn loopback_addresses_never_leave_by_a_link() {
    let mut host = Host::plain();
    let open = |local: &str, to: &str| OpenOptions { local: Some(addr(local)), ..OpenOptions::to(to.parse().unwrap()) };
    assert!(host.stack.tcp_connect(host.now, open("127.0.0.1", "10.0.0.2:80")).is_err());
    assert!(host.stack.tcp_connect(host.now, open("::1", "[fd00::2]:80")).is_err());
    let socket = host.socket(9);
    host.stack.udp_send_to(host.now, socket, Some("127.0.0.1:9".parse().unwrap()), b"home").unwrap();
    assert!(host.out().is_empty());
    let (data, with) = host.received(socket).unwrap();
    assert_eq!((data.as_slice(), with.destination, with.link), (&b"home"[..], addr("127.0.0.1"), LinkId::LOOPBACK));
    let loopback: LinkId = LinkId::LOOPBACK;
    host.stack.on_frame(host.now, loopback, &udp_packet("127.0.0.1", "127.0.0.1", (1, 9), b"x"));
    assert_eq!((host.received(socket), host.dropped(DropReason::UnknownLink)), (None, 1));
}

// 1122/IP-3
// 1122/UDP-2
#[test]
fn the_source_is_the_outgoing_links_address_unless_the_application_chose_one() {
    let mut host = Host::plain();
    let second = host.second_link();
    let any = host.socket(5000);
    host.stack.udp_send_to(host.now, any, Some("10.1.0.2:7".parse().unwrap()), b"x").unwrap();
    assert_eq!(ipv4::View::parse(&host.out_of(second)[0]).unwrap().source(), v4("10.1.0.1"));
    let options = UdpOptions { local: Some(addr(US)), port: 5001, ..UdpOptions::default() };
    let chosen = host.stack.udp_bind(host.now, options).unwrap();
    host.stack.udp_send_to(host.now, chosen, Some("10.1.0.2:7".parse().unwrap()), b"x").unwrap();
    assert_eq!(ipv4::View::parse(&host.out_of(second)[0]).unwrap().source(), v4(US));
    // And it hears only what is sent to its address.
    host.give(&udp_packet(PEER, "10.1.0.1", (7, 5001), b"not for it"));
    assert_eq!(host.received(chosen), None);
    host.give(&udp_packet(PEER, US, (7, 5001), b"for it"));
    assert_eq!(host.received(chosen).unwrap().1.destination, addr(US));
}

#[test]
fn the_receiver_learns_to_which_address_a_datagram_was_sent() {
    let mut host = Host::plain();
    let socket = host.socket(9);
    for destination in [US, "10.0.0.255", "255.255.255.255"] {
        host.give(&udp_packet(PEER, destination, (1, 9), b"x"));
        assert_eq!(host.received(socket).unwrap().1.destination, addr(destination));
    }
}

#[test]
fn a_broadcast_needs_permission_and_goes_to_all_stations() {
    let mut host = Host::ethernet();
    let forbidden = host.socket(5000);
    let options = UdpOptions { port: 5001, broadcast: true, ..UdpOptions::default() };
    let allowed = host.stack.udp_bind(host.now, options).unwrap();
    for to in ["10.0.0.255:7", "255.255.255.255:7"] {
        let to = Some(to.parse().unwrap());
        assert!(host.stack.udp_send_to(host.now, forbidden, to, b"x").is_err());
        host.stack.udp_send_to(host.now, allowed, to, b"x").unwrap();
        let out = host.out();
        assert_eq!((out.len(), &out[0][..6]), (1, &[0xff; 6][..]));
    }
}

#[test]
fn options_are_walked_and_malformed_ones_or_unfinished_source_routes_refused() {
    let mut host = Host::plain();
    let socket = host.socket(9);
    let octets = udp_octets(PEER, US, (1, 9), b"x");
    let mut with = |options: &[u8]| {
        let header = header4(PEER, US, Protocol::UDP, octets.len());
        let mut packet = vec![0; 20 + options.len().next_multiple_of(4)];
        header.emit_with_options(options, &mut packet);
        packet.extend_from_slice(&octets);
        let out = host.give(&packet);
        (host.received(socket).is_some(), out)
    };
    assert!(with(&[ipv4::OPTION_ROUTER_ALERT, 4, 0, 0]).0);
    assert!(with(&[1, 1, 1, 0]).0);
    // A route that is done is only a record.
    assert!(with(&[ipv4::OPTION_LOOSE_SOURCE_ROUTE, 7, 8, 10, 0, 0, 9, 0]).0);
    let (taken, out) = with(&[ipv4::OPTION_LOOSE_SOURCE_ROUTE, 7, 4, 10, 0, 0, 9, 0]);
    let failed = matches!(icmp4_of(&out[0]), Some((_, icmpv4::Repr::DestinationUnreachable { code: 5, .. })));
    assert!(!taken && failed);
    let (taken, out) = with(&[68, 1, 0, 0]);
    assert!(!taken && matches!(icmp4_of(&out[0]), Some((_, icmpv4::Repr::ParameterProblem { .. }))));
    assert_eq!(host.dropped(DropReason::IpOptions), 2);
}

fn extended(first: Protocol, headers: &[u8]) -> Vec<u8> {
    let mut payload = headers.to_vec();
    payload.extend_from_slice(&udp_octets(PEER6, US6, (1, 9), b"x"));
    packet6(PEER6, US6, first, 64, &payload)
}

#[test]
fn extension_headers_are_walked_to_the_datagram() {
    let mut host = Host::plain();
    let socket = host.socket(9);
    let hop_by_hop = [60, 0, 5, 2, 0, 0, 1, 0];
    let destination = [43, 0, 1, 4, 0, 0, 0, 0];
    // A routing header of an unknown type with no segments left has done its work.
    let routing = [17, 0, 200, 0, 0, 0, 0, 0];
    let all = [hop_by_hop, destination, routing].concat();
    assert!(host.give(&extended(Protocol::HOP_BY_HOP, &all)).is_empty());
    assert!(host.received(socket).is_some());
    let segments_left = [17, 0, 0, 1, 0, 0, 0, 0];
    let out = host.give(&extended(Protocol::ROUTING, &segments_left));
    let Some((_, icmpv6::Repr::ParameterProblem { code: 0, pointer: 42, .. })) = icmp6_of(&out[0]) else {
        panic!("{out:?}");
    };
    assert_eq!(host.received(socket), None);
}

#[test]
fn unknown_options_are_treated_as_their_two_upper_bits_say() {
    let mut host = Host::plain();
    let socket = host.socket(9);
    let mut with = |kind: u8| {
        let out = host.give(&extended(Protocol::DESTINATION, &[17, 0, 1, 0, kind, 2, 0, 0]));
        let pointer = out.first().map(|packet| match icmp6_of(packet) {
            Some((_, icmpv6::Repr::ParameterProblem { code: 2, pointer, .. })) => pointer,
            other => panic!("{other:?}"),
        });
        (host.received(socket).is_some(), pointer)
    };
    assert_eq!(with(0x1e), (true, None));
    assert_eq!(with(0x5e), (false, None));
    assert_eq!(with(0x9e), (false, Some(44)));
    assert_eq!(with(0xde), (false, Some(44)));
}

#[test]
fn nothing_follows_no_next_header_and_hop_by_hop_options_stand_first() {
    let mut host = Host::plain();
    assert!(host.give(&packet6(PEER6, US6, Protocol::NO_NEXT, 64, b"ignored")).is_empty());
    let late = [0, 0, 1, 4, 0, 0, 0, 0, 17, 0, 1, 4, 0, 0, 0, 0];
    let out = host.give(&extended(Protocol::DESTINATION, &late));
    assert!(matches!(icmp6_of(&out[0]), Some((_, icmpv6::Repr::ParameterProblem { code: 1, pointer: 40, .. }))));
}

#[test]
fn frames_for_other_stations_or_vlans_and_broken_headers_are_counted() {
    let mut host = Host::ethernet();
    let packet = udp_packet(PEER, US, (1, 9), b"x");
    host.give(&frame_to(EthernetAddress([2, 0, 0, 0, 0, 9]), EtherType::IPV4, &packet));
    let mut tagged = frame(EtherType::VLAN, &[0, 5, 8, 0]);
    tagged.extend_from_slice(&packet);
    host.give(&tagged);
    assert_eq!(host.dropped(DropReason::FrameNotForUs), 2);
    host.give(&[0; 5]);
    host.give(&frame(EtherType(0x1234), &packet));
    let mut broken = packet.clone();
    broken[10] ^= 1;
    host.give(&frame(EtherType::IPV4, &broken));
    host.give(&frame(EtherType::IPV4, &packet[..19]));
    host.give(&frame(EtherType::IPV6, &packet));
    let counted = [DropReason::FrameMalformed, DropReason::EtherTypeUnknown, DropReason::IpChecksum];
    assert!(counted.iter().all(|reason| host.dropped(*reason) == 1));
    assert_eq!(host.dropped(DropReason::IpMalformed), 2);
}

#[test]
fn a_flood_of_pings_fills_no_queue_for_ever() {
    let mut host = Host::plain();
    let request = icmpv4::Repr::EchoRequest { ident: 1, seq: 2, data: &[0; 1000] };
    let packet = icmp4_packet(PEER, US, &request);
    for _ in 0..10_000 {
        host.stack.on_frame(host.now, host.link, &packet);
    }
    let socket = host.socket(5000);
    host.stack.udp_send_to(host.now, socket, Some("10.0.0.2:7".parse().unwrap()), b"still room").unwrap();
    assert_eq!(host.out().len(), 257);
    assert_eq!(host.dropped(DropReason::OutputQueueFull), 10_000 - 256);
}

#[test]
fn an_address_leads_to_one_host_to_all_or_to_a_group() {
    let mut host = Host::plain();
    let second = host.second_link();
    let cast = |host: &Host, text| host.stack.cast(addr(text));
    for one in [US, PEER, "192.0.2.255", "127.0.0.1", "::1", US6, PEER6, "10.0.1.255"] {
        assert_eq!(cast(&host, one), Cast::Unicast, "{one}");
    }
    for all in ["255.255.255.255", "10.0.0.255", "10.1.0.255"] {
        assert_eq!(cast(&host, all), Cast::Broadcast, "{all}");
    }
    for group in ["224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::9"] {
        assert_eq!(cast(&host, group), Cast::Multicast, "{group}");
    }
    // With its last address on a network a host knows the network no more.
    host.stack.remove_address(host.now, second, addr("10.1.0.1")).unwrap();
    assert_eq!(cast(&host, "10.1.0.255"), Cast::Unicast);
}
