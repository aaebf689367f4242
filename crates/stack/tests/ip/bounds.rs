//! Bounds of the internet layer that a stranger, or this host itself, can reach: each is reached here, and holds.

use crate::net::*;
use synsent_stack::*;
use synsent_wire::ethernet::EtherType;
use synsent_wire::ip::Protocol;
use synsent_wire::{arp, icmpv4, icmpv6, ipv4, ndp};

#[test]
fn a_packet_of_too_many_fragments_is_given_up_and_others_are_not() {
    let mut host = Host::plain();
    let socket = host.socket(5000);
    let octets = udp_octets(PEER, US, (7, 5000), &[5; 8_000]);
    let piece = |identification, begin: usize, len: usize| {
        let header = ipv4::Repr {
            identification,
            more_fragments: begin + len < octets.len(),
            fragment_offset_octets: begin as u16,
            ..header4(PEER, US, Protocol::UDP, len)
        };
        packet4(header, &octets[begin..begin + len])
    };
    // Every second piece of eight octets, so that no two of them join: 128 may wait.
    for number in 0..129 {
        assert_eq!(host.dropped(DropReason::FragmentRefused), 0, "{number}");
        host.give(&piece(1, number * 16, 8));
    }
    assert_eq!(host.dropped(DropReason::FragmentRefused), 1);
    host.give(&piece(2, 0, 4_000));
    host.give(&piece(2, 4_000, octets.len() - 4_000));
    assert_eq!(host.received(socket).unwrap().0, [5; 8_000]);
}

#[test]
fn no_more_than_eight_headers_of_ipv6_are_walked_through() {
    let mut host = Host::plain();
    let socket = host.socket(5000);
    let octets = udp_octets(PEER6, US6, (7, 5000), b"deep");
    let behind = |headers: usize| {
        let mut payload = Vec::new();
        for number in 1..=headers {
            let next = if number == headers { Protocol::UDP } else { Protocol::DESTINATION };
            payload.extend_from_slice(&[next.0, 0, 1, 4, 0, 0, 0, 0]);
        }
        payload.extend_from_slice(&octets);
        packet6(PEER6, US6, Protocol::DESTINATION, 64, &payload)
    };
    host.give(&behind(7));
    assert!(host.received(socket).is_some());
    for headers in [8, 9, 150] {
        host.give(&behind(headers));
    }
    assert_eq!((host.received(socket), host.dropped(DropReason::IpOptions)), (None, 3));
}

#[test]
fn every_flow_that_waits_for_silent_neighbours_is_told() {
    let mut host = Host::ethernet();
    host.stack.add_address(host.now, host.link, "10.2.0.1/16".parse().unwrap()).unwrap();
    // As many neighbours as may be looked for at once, with as many packets as may wait for each.
    let silent: Vec<UdpId> = (0..256)
        .map(|number| {
            let socket = host.socket(1_000 + number);
            let peer = std::net::Ipv4Addr::from_bits(0x0a02_0100 + u32::from(number));
            host.stack.udp_connect(host.now, socket, Some((peer, 7).into())).unwrap();
            for _ in 0..4 {
                host.stack.udp_send_to(host.now, socket, None, b"anybody?").unwrap();
            }
            socket
        })
        .collect();
    host.after(Duration::from_secs(10));
    for socket in silent {
        let told = std::iter::from_fn(|| host.stack.udp_take_failure(socket)).count();
        assert_eq!(told, 4);
    }
    assert_eq!(host.dropped(DropReason::NeighbourUnreachable), 256 * 4);
}

#[test]
fn a_neighbour_that_makes_room_for_another_takes_its_packets_along_and_they_are_counted() {
    let mut host = Host::ethernet();
    host.stack.add_address(host.now, host.link, "10.2.0.1/16".parse().unwrap()).unwrap();
    host.out();
    let socket = host.socket(5000);
    for number in 0..400u32 {
        let to = std::net::Ipv4Addr::from_bits(0x0a02_0100 + number);
        let sent = host.stack.udp_send_to(host.now, socket, Some((to, 7).into()), b"x");
        assert_eq!(sent, Ok(()));
        host.out();
    }
    // 256 neighbours may be looked for at once; the others left, one packet each.
    assert_eq!(host.dropped(DropReason::NeighbourTableFull), 400 - 256);
}

#[test]
fn of_an_echo_reply_the_first_octets_are_kept() {
    let mut host = Host::plain();
    let data: Vec<u8> = (0..1_000).map(|place| place as u8).collect();
    host.stack.ping(host.now, addr(PEER), None, 9, 1, &data).unwrap();
    host.give(&icmp4_packet(PEER, US, &icmpv4::Repr::EchoReply { ident: 9, seq: 1, data: &data }));
    let reply = host.stack.ping_reply().unwrap();
    assert_eq!((reply.data.as_slice(), reply.data_octets), (&data[..256], 1_000));
}

#[test]
fn an_ipv4_error_is_no_longer_than_576_octets() {
    // RFC 1812 section 4.3.2.3.
    let mut host = Host::plain();
    let out = host.give(&udp_packet(PEER, US, (1, 9), &[0; 1_400]));
    assert_eq!(out.iter().map(Vec::len).collect::<Vec<_>>(), [576]);
}

#[test]
fn packets_to_ourselves_are_taken_a_turn_at_a_time() {
    let mut host = Host::plain();
    let (sender, receiver) = (host.socket(7), host.socket(9));
    for _ in 0..1_000 {
        host.stack.udp_send_to(host.now, sender, Some("127.0.0.1:9".parse().unwrap()), b"x").unwrap();
    }
    for turn in 1..=4 {
        assert_eq!(host.stack.next_deadline(), Some(host.now), "what is left is due at once");
        host.stack.poll_transmit(host.now, host.link, &mut [0; 2_000]);
        assert_eq!(host.stack.udp_status(receiver).unwrap().datagrams, (turn * 256).min(1_000));
    }
}

#[test]
fn routers_may_offer_no_more_than_sixteen_default_routes() {
    let config = LinkConfig { accept_router_advertisements: true, ..LinkConfig::ethernet("net0", OURS) };
    let mut host = Host::new(Config::default(), config);
    let before = host.stack.routes().count();
    for number in 1..=100 {
        let message = icmpv6::Repr::Ndp(ndp::Repr::RouterAdvertisement {
            hop_limit: 64,
            managed: false,
            other: false,
            router_lifetime_secs: 1_800,
            reachable_millis: 0,
            retrans_millis: 0,
            options: ndp::Options::parse(&[]).unwrap(),
        });
        host.give(&frame(EtherType::IPV6, &icmp6_packet(&format!("fe80::{number}"), "ff02::1", 255, &message)));
    }
    assert_eq!(host.stack.routes().count() - before, 16);
}

#[test]
fn a_large_datagram_waits_whole_for_its_neighbour_and_many_of_them_do_not_pile_up() {
    let mut host = Host::ethernet();
    let socket = host.socket(5000);
    for (peer, peer_hardware) in [(PEER, THEIRS), ("10.0.0.3", THEIRS)] {
        let to = Some(format!("{peer}:7").parse().unwrap());
        let datagrams = if peer == PEER { 1 } else { 20 };
        for _ in 0..datagrams {
            host.stack.udp_send_to(host.now, socket, to, &[6; 60_000]).unwrap();
            host.out();
        }
        let out = host.give(&arp_frame(arp::Operation::Reply, peer_hardware, peer, US));
        // 60,008 octets in pieces of 1,480: the newest datagram is whole, and little of older ones is left.
        assert!((41..=48).contains(&out.len()), "{}", out.len());
        let newest: usize = out[out.len() - 41..].iter().map(|frame| frame.len() - 14 - 20).sum();
        assert_eq!(newest, 60_008);
        let lost = host.dropped(DropReason::NeighbourQueueFull) as usize;
        assert_eq!(lost + out.len(), datagrams * 41);
    }
}
