//! Receiving: who hears what, how much waits, and what is dropped.

use crate::net::*;
use synsent_stack::*;
use synsent_wire::ip::Protocol;

const GROUPS: [&str; 2] = ["239.1.2.3", "ff15::77"];

#[test]
fn a_connected_socket_hears_its_peer_only_and_others_are_counted() {
    let mut host = Host::new();
    let socket = host.connected(53, at(PEER[0], 9));
    for stranger in [at(PEER[0], 10), at("10.0.0.3", 9)] {
        host.give(&packet(stranger, at(US[0], 53), b"stranger"));
    }
    assert_eq!((host.received(socket), host.dropped(DropReason::UdpForeign)), (None, 2));
    assert!(host.out().is_empty(), "somebody listens on the port, so no error is sent");
    host.give(&packet(at(PEER[0], 9), at(US[0], 53), b"peer"));
    assert_eq!(host.all_received(socket), [b"peer"]);
    assert_eq!(host.events(socket), [EventKind::Readable]);
}

#[test]
fn a_queue_is_bounded_in_datagrams_and_what_finds_no_room_is_counted() {
    let mut host = Host::new();
    let socket = host.bind(UdpOptions { port: 53, receive_datagrams: 3, ..UdpOptions::default() });
    for number in 0..1_000u32 {
        host.give(&packet(at(PEER[0], 9), at(US[0], 53), &number.to_be_bytes()));
    }
    let status = host.stack.udp_status(socket).unwrap();
    assert_eq!((status.datagrams, status.dropped, host.dropped(DropReason::UdpQueueFull)), (3, 997, 997));
    // The oldest stay, and each that is taken makes room for one.
    assert_eq!(host.received(socket).unwrap().0, 0u32.to_be_bytes());
    host.give(&packet(at(PEER[0], 9), at(US[0], 53), b"more"));
    let rest = host.all_received(socket);
    assert_eq!(rest, [1u32.to_be_bytes(), 2u32.to_be_bytes(), *b"more"]);
}

#[test]
fn a_queue_is_bounded_in_octets_and_never_beyond_eight_mebibytes() {
    let mut host = Host::new();
    let socket = host.bind(UdpOptions { port: 53, receive_octets: 2_500, ..UdpOptions::default() });
    for _ in 0..10 {
        host.give(&packet(at(PEER[0], 9), at(US[0], 53), &[1; 1_000]));
    }
    // What is smaller still fits.
    host.give(&packet(at(PEER[0], 9), at(US[0], 53), &[2; 500]));
    let status = host.stack.udp_status(socket).unwrap();
    assert_eq!((status.readable, status.datagrams, status.dropped), (2_500, 3, 8));
    let (receive_octets, receive_datagrams) = (u32::MAX, u32::MAX);
    let greedy = host.bind(UdpOptions { port: 54, receive_octets, receive_datagrams, ..UdpOptions::default() });
    for number in 0..10_000u32 {
        let data = [&number.to_be_bytes()[..], &[0; 1_400]].concat();
        host.give(&packet(at(PEER[0], 9), at(US[0], 54), &data));
    }
    let status = host.stack.udp_status(greedy).unwrap();
    assert!(status.readable <= 8 << 20 && status.readable > (8 << 20) - 1_404 && status.dropped > 0);
    for number in 0..status.datagrams as u32 {
        let (data, _) = host.received(greedy).unwrap();
        assert!(data.len() == 1_404 && data[..4] == number.to_be_bytes());
    }
}

#[test]
fn a_datagram_can_be_looked_at_cut_off_and_thrown_away() {
    let mut host = Host::new();
    let socket = host.on_port(53);
    for text in ["first datagram", "second", "third", "fourth"] {
        host.give(&packet(at(PEER[0], 9), at(US[0], 53), text.as_bytes()));
    }
    let mut small = [0; 5];
    for _ in 0..2 {
        let seen = host.stack.udp_peek(socket, &mut small).unwrap();
        assert_eq!((seen.len, seen.whole, &small), (5, 14, b"first"));
    }
    let taken = host.stack.udp_receive(socket, &mut small).unwrap();
    assert_eq!((taken.len, taken.whole, &small), (5, 14, b"first"));
    // What did not fit is lost, and the next datagram is whole.
    assert_eq!(host.received(socket).unwrap().0, b"second");
    assert_eq!(host.stack.udp_receive(socket, &mut []).unwrap().whole, 5);
    host.stack.udp_discard(socket).unwrap();
    assert_eq!(host.stack.udp_peek(socket, &mut small), Err(UdpReceiveError::WouldBlock));
    let status = host.stack.udp_status(socket).unwrap();
    assert_eq!((status.readable, status.datagrams, status.dropped), (0, 0, 0));
}

// 1122/UDP-2
#[test]
fn the_address_that_a_datagram_was_sent_to_is_told() {
    let mut host = Host::new();
    host.stack.add_address(host.now, host.link, "10.0.0.7/24".parse().unwrap()).unwrap();
    for group in GROUPS {
        host.stack.join_group(host.now, host.link, addr(group)).unwrap();
    }
    let socket = host.on_port(53);
    let all = ["10.0.0.1", "10.0.0.7", "fd00::1", "10.0.0.255", "255.255.255.255", GROUPS[0], GROUPS[1]];
    for to in all {
        let from = PEER[usize::from(to.contains(':'))];
        host.give(&packet(at(from, 9), at(to, 53), b"x"));
        let (_, with) = host.received(socket).unwrap();
        assert_eq!((with.destination, with.source, with.link), (addr(to), at(from, 9), host.link));
    }
}

#[test]
fn a_group_is_heard_on_the_link_where_it_was_joined() {
    let mut host = Host::new();
    let second = host.add_link(["10.1.0.1", "fd01::1"]);
    let options = UdpOptions { port: 53, shared: true, ..UdpOptions::default() };
    let any = host.bind(options);
    let of_first = host.bind(UdpOptions { link: Some(host.link), ..options });
    for (group, from) in GROUPS.into_iter().zip(["10.1.0.2", "fd01::2"]) {
        let of_group = host.bind(UdpOptions { local: Some(addr(group)), ..options });
        host.stack.join_group(host.now, second, addr(group)).unwrap();
        let arriving = packet(at(from, 9), at(group, 53), b"hello");
        host.give(&arriving);
        host.stack.on_frame(host.now, second, &arriving);
        // Every socket that takes it has its own copy, and only one came by a link where somebody listens.
        for socket in [any, of_group] {
            let (data, with) = host.received(socket).unwrap();
            assert_eq!((data.as_slice(), with.link, host.received(socket)), (&b"hello"[..], second, None));
        }
        assert_eq!(host.received(of_first), None);
        let elsewhere = packet(at(from, 9), at(if group.contains(':') { "fd01::1" } else { "10.1.0.1" }, 53), b"us");
        host.stack.on_frame(host.now, second, &elsewhere);
        assert_eq!((host.all_received(any).len(), host.received(of_group)), (1, None));
    }
}

#[test]
fn a_copy_that_finds_its_queue_full_is_counted_for_itself() {
    let mut host = Host::new();
    host.stack.join_group(host.now, host.link, addr(GROUPS[0])).unwrap();
    let options = UdpOptions { port: 53, shared: true, ..UdpOptions::default() };
    let small = host.bind(UdpOptions { receive_datagrams: 1, ..options });
    let large = host.bind(options);
    for _ in 0..5 {
        host.give(&packet(at(PEER[0], 9), at(GROUPS[0], 53), b"x"));
    }
    assert_eq!((host.all_received(small).len(), host.all_received(large).len()), (1, 5));
    assert_eq!(host.dropped(DropReason::UdpQueueFull), 4);
    // Nobody on the port, and nobody who hears this sender.
    host.give(&packet(at(PEER[0], 9), at(GROUPS[0], 99), b"x"));
    host.connected(98, at(PEER[0], 1));
    host.give(&packet(at(PEER[0], 9), at(GROUPS[0], 98), b"x"));
    assert_eq!((host.dropped(DropReason::UdpNoSocket), host.dropped(DropReason::UdpForeign)), (1, 1));
    assert!(host.out().iter().all(|packet| packet[9] != Protocol::ICMPV4.0), "no error answers a group");
}

#[test]
fn a_broadcast_is_heard_by_all_on_the_port_and_a_connected_socket_keeps_its_link_and_peer() {
    let mut host = Host::new();
    let second = host.add_link(["10.1.0.1", "fd01::1"]);
    let options = UdpOptions { port: 53, shared: true, ..UdpOptions::default() };
    let any = host.bind(options);
    let only_broadcasts = host.bind(UdpOptions { local: Some(addr("255.255.255.255")), ..options });
    let on_second = host.bind(UdpOptions { link: Some(second), ..options });
    host.stack.udp_connect(host.now, on_second, Some(at("10.1.0.2", 9))).unwrap();
    let from_first = packet(at(PEER[0], 9), at("255.255.255.255", 53), b"first");
    let from_second = packet(at("10.1.0.2", 9), at("255.255.255.255", 53), b"second");
    host.give(&from_first);
    host.give(&from_second);
    host.stack.on_frame(host.now, second, &from_second);
    host.stack.on_frame(host.now, second, &packet(at("10.1.0.3", 9), at("255.255.255.255", 53), b"stranger"));
    assert_eq!(host.all_received(any).len(), 4);
    assert_eq!(host.all_received(only_broadcasts).len(), 4);
    assert_eq!(host.all_received(on_second), [b"second"]);
}

#[test]
fn a_checksum_may_be_missing_in_ipv4_only_and_must_be_right() {
    let mut host = Host::new();
    let socket = host.on_port(53);
    let with_checksum = |family: usize, change: &dyn Fn(u16) -> u16| {
        let mut octets = datagram(at(PEER[family], 9), at(US[family], 53), b"data");
        let sum = change(u16::from_be_bytes([octets[6], octets[7]]));
        octets[6..8].copy_from_slice(&sum.to_be_bytes());
        in_packet(addr(PEER[family]), addr(US[family]), Protocol::UDP, &octets)
    };
    host.give(&with_checksum(0, &|_| 0));
    assert_eq!(host.all_received(socket), [b"data"]);
    // RFC 8200 section 8.1: in IPv6 a datagram without a checksum is not accepted.
    host.give(&with_checksum(1, &|_| 0));
    host.give(&with_checksum(0, &|sum| sum ^ 1));
    host.give(&with_checksum(1, &|sum| sum ^ 1));
    assert_eq!((host.received(socket), host.dropped(DropReason::UdpChecksum)), (None, 3));
    host.give(&with_checksum(1, &|sum| sum));
    assert_eq!(host.all_received(socket), [b"data"]);
}

#[test]
fn a_malformed_datagram_is_counted_and_padding_is_no_data() {
    let mut host = Host::new();
    let socket = host.on_port(53);
    let whole = datagram(at(PEER[0], 9), at(US[0], 53), b"data");
    let with_length = |length: u16| {
        let mut octets = whole.clone();
        octets[4..6].copy_from_slice(&length.to_be_bytes());
        octets[6..8].fill(0);
        octets
    };
    for wrong in [whole[..7].to_vec(), with_length(7), with_length(0), with_length(13), Vec::new()] {
        host.give(&in_packet(addr(PEER[0]), addr(US[0]), Protocol::UDP, &wrong));
    }
    assert_eq!((host.received(socket), host.dropped(DropReason::UdpMalformed)), (None, 5));
    let padded = [whole, vec![0xff; 3]].concat();
    host.give(&in_packet(addr(PEER[0]), addr(US[0]), Protocol::UDP, &padded));
    assert_eq!(host.all_received(socket), [b"data"]);
}

// 1122/UDP-2
#[test]
fn a_source_that_is_no_single_host_is_dropped_silently() {
    let mut host = Host::new();
    let socket = host.on_port(53);
    for source in ["255.255.255.255", "10.0.0.255", "239.1.2.3", "127.0.0.1", "10.0.0.1", "240.0.0.1"] {
        host.give(&packet(at(source, 9), at(US[0], 53), b"x"));
    }
    for source in ["ff02::1", "::1", "fd00::1", "::"] {
        host.give(&packet(at(source, 9), at(US[1], 53), b"x"));
    }
    assert_eq!((host.received(socket), host.dropped(DropReason::IpSourceInvalid)), (None, 10));
    assert!(host.out().is_empty());
}

#[test]
fn a_host_talks_to_itself_by_any_of_its_addresses() {
    let mut host = Host::new();
    let (sender, receiver) = (host.on_port(7), host.on_port(9));
    for own in ["127.0.0.1", "::1", US[0], US[1]] {
        host.send(sender, at(own, 9), b"myself").unwrap();
        assert!(host.out().is_empty(), "nothing leaves by the link");
        let (data, with) = host.received(receiver).unwrap();
        assert_eq!((data.as_slice(), with.source, with.link), (&b"myself"[..], at(own, 7), LinkId::LOOPBACK));
    }
}

#[test]
fn what_came_before_the_peer_was_named_can_be_sorted_out() {
    let mut host = Host::new();
    let socket = host.on_port(53);
    let (peer, other) = (at(PEER[0], 9), at("10.0.0.3", 9));
    for (number, source) in [other, peer, at(PEER[0], 10), peer, other, peer].into_iter().enumerate() {
        host.give(&packet(source, at(US[0], 53), &[number as u8; 700][..100 * (number + 1)]));
    }
    assert_eq!(host.stack.udp_discard_foreign(socket), Ok(0), "without a peer nobody is foreign");
    host.stack.udp_connect(host.now, socket, Some(peer)).unwrap();
    // To have a peer throws nothing away by itself.
    assert_eq!(host.stack.udp_status(socket).unwrap().datagrams, 6);
    assert_eq!(host.stack.udp_discard_foreign(socket), Ok(3));
    let status = host.stack.udp_status(socket).unwrap();
    assert_eq!((status.datagrams, status.readable), (3, 200 + 400 + 600));
    assert_eq!(host.all_received(socket), [vec![1; 200], vec![3; 400], vec![5; 600]]);
    // A newer peer makes the older one foreign.
    host.give(&packet(peer, at(US[0], 53), b"late"));
    host.stack.udp_connect(host.now, socket, Some(other)).unwrap();
    assert_eq!((host.stack.udp_discard_foreign(socket), host.received(socket)), (Ok(1), None));
    host.stack.udp_close(socket);
    assert!(host.stack.udp_discard_foreign(socket).is_err());
}
