//! Sending: who may send where, how large, and what happens when the link is busy.

use crate::net::*;
use synsent_stack::*;
use synsent_wire::{icmpv4, icmpv6, ipv4, ipv6};

use std::net::SocketAddr;

fn numbered(len: usize) -> Vec<u8> {
    (0..len).map(|place| (place % 251) as u8).collect()
}

#[test]
fn a_broadcast_needs_permission_and_leaves_by_the_link_that_was_asked_for() {
    let mut host = Host::new();
    let second = host.add_link(["10.1.0.1", "fd01::1"]);
    for (options, everybody, source, first) in [
        (UdpOptions::default(), "255.255.255.255", US[0], true),
        (UdpOptions { link: Some(second), ..UdpOptions::default() }, "255.255.255.255", "10.1.0.1", false),
        (UdpOptions { local: Some(addr("10.1.0.1")), ..UdpOptions::default() }, "255.255.255.255", "10.1.0.1", false),
        (UdpOptions::default(), "10.0.0.255", US[0], true),
        (UdpOptions::default(), "10.1.0.255", "10.1.0.1", false),
        (UdpOptions { local: Some(addr("10.1.0.255")), ..UdpOptions::default() }, "10.1.0.255", "10.1.0.1", false),
    ] {
        let socket = host.bind(options);
        assert_eq!(host.send(socket, at(everybody, 9), b"all"), Err(UdpSendError::BroadcastRefused));
        host.stack.udp_set_options(socket, UdpOptions { broadcast: true, ..options }).unwrap();
        host.send(socket, at(everybody, 9), b"all").unwrap();
        let (by_first, by_second) = (host.out(), host.out_of(second));
        assert_eq!((by_first.len(), by_second.len()), if first { (1, 0) } else { (0, 1) }, "{everybody}");
        let packet = [by_first, by_second].concat().remove(0);
        let view = ipv4::View::parse(&packet).unwrap();
        assert_eq!((addr(source), addr(everybody)), (view.source().into(), view.destination().into()));
        host.stack.udp_close(socket);
    }
}

#[test]
fn header_fields_are_as_the_application_wants_them() {
    let mut host = Host::new();
    let plain = host.on_port(1);
    let choosy = UdpOptions {
        port: 2,
        hop_limit: Some(9),
        multicast_hop_limit: 5,
        traffic_class: 0xb8,
        dont_fragment: true,
        ..UdpOptions::default()
    };
    let choosy = host.bind(choosy);
    for (socket, to, hop_limit, traffic_class, dont_fragment) in [
        (plain, "10.0.0.2", 64, 0, false),
        (plain, "239.1.2.3", 1, 0, false),
        (choosy, "10.0.0.2", 9, 0xb8, true),
        (choosy, "239.1.2.3", 5, 0xb8, true),
    ] {
        host.send(socket, at(to, 9), b"x").unwrap();
        let out = host.out();
        let view = ipv4::View::parse(&out[0]).unwrap();
        let seen = (view.ttl(), view.traffic_class(), view.dont_fragment());
        assert_eq!(seen, (hop_limit, traffic_class, dont_fragment), "{to}");
    }
    for (socket, to, hop_limit, traffic_class) in [
        (plain, "fd00::2", 64, 0),
        (plain, "ff05::9", 1, 0),
        (choosy, "fd00::2", 9, 0xb8),
        (choosy, "ff05::9", 5, 0xb8),
    ] {
        host.send(socket, at(to, 9), b"x").unwrap();
        let out = host.out();
        let view = ipv6::View::parse(&out[0]).unwrap();
        assert_eq!((view.hop_limit(), view.traffic_class()), (hop_limit, traffic_class), "{to}");
    }
}

#[test]
fn the_largest_datagram_crosses_and_one_octet_more_is_refused_with_what_would_go() {
    // RFC 768 and the length fields of both versions of IP: 65,535 less the headers that they count.
    for (peer, us, most) in [(PEER[0], US[0], 65_507), (PEER[1], US[1], 65_527)] {
        let (mut here, mut there) = (Host::new(), Host::with(Config::default(), PEER));
        let (sender, receiver) = (here.on_port(7), there.on_port(9));
        let data = numbered(most + 1);
        let refused = here.send(sender, at(peer, 9), &data);
        assert_eq!(refused, Err(UdpSendError::TooBig { most: most as u32 }));
        here.send(sender, at(peer, 9), &data[..most]).unwrap();
        carry(&mut here, &mut there);
        let (received, with) = there.received(receiver).unwrap();
        assert!(received == data[..most] && with.source == at(us, 7), "{peer}");
        // And to ourselves.
        let own = here.on_port(10);
        here.send(sender, at(us, 10), &data[..most]).unwrap();
        here.out();
        assert!(here.received(own).unwrap().0 == data[..most], "{us}");
    }
}

#[test]
fn what_may_not_be_cut_is_refused_with_what_the_path_takes() {
    for (peer, router, most, path_most) in [(PEER[0], "10.0.0.254", 1_472, 1_372), (PEER[1], "fd00::fe", 1_452, 1_352)]
    {
        let mut host = Host::new();
        let socket = host.bind(UdpOptions { port: 7, dont_fragment: true, ..UdpOptions::default() });
        host.stack.udp_connect(host.now, socket, Some(at(peer, 9))).unwrap();
        let data = numbered(1_500);
        assert_eq!(host.send(socket, at(peer, 9), &data), Err(UdpSendError::TooBig { most }));
        host.send(socket, at(peer, 9), &data[..most as usize]).unwrap();
        let sent = host.out().remove(0);
        assert_eq!(sent.len(), 1_500);
        // A router on the way says that 1400 octets fit; who sent the datagram is told.
        host.give(&match peer.contains(':') {
            true => error6(router, icmpv6::Repr::PacketTooBig { mtu: 1_400, quoted: &sent[..1_200] }),
            false => error4(
                router,
                icmpv4::Repr::DestinationUnreachable {
                    code: icmpv4::unreachable::FRAGMENTATION_NEEDED,
                    next_hop_mtu: 1_400,
                    quoted: &sent[..28],
                },
            ),
        });
        let failure = host.stack.udp_take_failure(socket).unwrap();
        assert_eq!((failure.from, failure.cause), (addr(router), IcmpCause::TooBig { mtu: 1_400 }));
        assert_eq!(host.events(socket), [EventKind::Failed]);
        assert_eq!(
            host.send(socket, at(peer, 9), &data[..most as usize]),
            Err(UdpSendError::TooBig { most: path_most })
        );
        // Another socket's datagram is cut to what the path takes, and all of it arrives.
        let cutting = host.on_port(8);
        host.send(cutting, at(peer, 9), &data).unwrap();
        let pieces = host.out();
        assert!(pieces.len() == 2 && pieces.iter().all(|piece| piece.len() <= 1_400));
        let mut there = Host::with(Config::default(), PEER);
        let reader = there.on_port(9);
        pieces.iter().for_each(|piece| there.give(piece));
        assert!(there.received(reader).unwrap().0 == data);
    }
}

#[test]
fn a_path_mtu_is_learnt_only_about_a_datagram_that_a_socket_could_have_sent() {
    let mut host = Host::new();
    host.on_port(7);
    host.connected(8, at(PEER[0], 9));
    host.bind(UdpOptions { local: Some(addr("127.0.0.1")), port: 10, ..UdpOptions::default() });
    let too_big = |source_port, to: SocketAddr| {
        let quoted = packet(at(US[0], source_port), to, &[0; 1_400]);
        let code = icmpv4::unreachable::FRAGMENTATION_NEEDED;
        error4("10.0.0.254", icmpv4::Repr::DestinationUnreachable { code, next_hop_mtu: 1_000, quoted: &quoted[..28] })
    };
    let asking = host.bind(UdpOptions { port: 99, dont_fragment: true, ..UdpOptions::default() });
    let fits = |host: &mut Host, to: SocketAddr| {
        let sent = host.send(asking, to, &[0; 1_400]).is_ok();
        host.out();
        sent
    };
    // No socket on the port, a socket of another peer, and a socket of another address.
    for (port, to) in [(6, at(PEER[0], 9)), (8, at("10.0.0.3", 9)), (8, at(PEER[0], 11)), (10, at(PEER[0], 9))] {
        host.give(&too_big(port, to));
        assert!(fits(&mut host, to), "{port} {to}");
    }
    for (port, to) in [(7, at("10.0.0.3", 9)), (8, at(PEER[0], 9))] {
        host.give(&too_big(port, to));
        assert!(!fits(&mut host, to), "{port} {to}");
    }
}

#[test]
fn a_full_queue_is_told_to_the_sender_and_so_is_room() {
    let mut host = Host::new();
    let socket = host.on_port(7);
    let taken = (0..10_000).take_while(|number: &u32| host.send(socket, at(PEER[0], 9), &number.to_be_bytes()).is_ok());
    let taken = taken.count();
    assert_eq!(host.send(socket, at(PEER[0], 9), b"x"), Err(UdpSendError::WouldBlock));
    assert!((2..=512).contains(&taken) && host.events(socket).is_empty());
    let link = host.link;
    let first = host.one_out_of(link).unwrap();
    assert_eq!((host.events(socket), &first[28..]), (vec![EventKind::Writable], &0u32.to_be_bytes()[..]));
    // Who was told is not told again before the queue is full again.
    assert_eq!(host.out().len(), taken - 1);
    assert!(host.events(socket).is_empty());
    host.send(socket, at(PEER[0], 9), b"x").unwrap();
    host.out();
    assert!(host.events(socket).is_empty());
}

#[test]
fn a_datagram_in_fragments_finds_room_for_all_of_it_or_is_not_taken() {
    let (mut here, mut there) = (Host::new(), Host::with(Config::default(), PEER));
    let (sender, receiver) = (here.on_port(7), there.on_port(9));
    let data = numbered(60_000);
    let taken = (0..100).take_while(|_| here.send(sender, at(PEER[0], 9), &data).is_ok()).count();
    assert!((2..99).contains(&taken));
    for _ in 0..taken {
        let packets: Vec<Vec<u8>> =
            (0..41).map(|_| here.one_out_of(LinkId::LOOPBACK).or(here.one_out_of(here.link)).unwrap()).collect();
        packets.iter().for_each(|packet| there.give(packet));
        assert!(there.all_received(receiver) == [data.clone()]);
    }
    assert!(here.out().is_empty());
    assert_eq!(here.events(sender), [EventKind::Writable]);
}

#[test]
fn a_full_queue_to_ourselves_is_told_and_its_room_too() {
    let mut host = Host::new();
    let (sender, receiver) = (host.on_port(7), host.on_port(9));
    let taken = (0..10_000).take_while(|_| host.send(sender, at("127.0.0.1", 9), b"x").is_ok()).count();
    assert_eq!(host.send(sender, at("127.0.0.1", 9), b"x"), Err(UdpSendError::WouldBlock));
    assert_eq!(host.stack.next_deadline(), Some(host.now));
    while host.stack.next_deadline() == Some(host.now) {
        host.out();
    }
    assert_eq!(host.all_received(receiver).len(), taken);
    assert_eq!(host.events(sender), [EventKind::Writable]);
}

#[test]
fn sockets_that_close_while_they_wait_for_room_leave_nothing_behind() {
    let mut host = Host::new();
    let filler = host.on_port(7);
    while host.send(filler, at(PEER[0], 9), b"x").is_ok() {}
    for _ in 0..1_000 {
        let socket = host.on_port(8);
        assert_eq!(host.send(socket, at(PEER[0], 9), b"x"), Err(UdpSendError::WouldBlock));
        host.stack.udp_close(socket);
    }
    host.out();
    let ready: Vec<Event> = std::iter::from_fn(|| host.stack.poll_event()).collect();
    assert_eq!(ready, [Event { socket: SocketId::Udp(filler), kind: EventKind::Writable }]);
}

#[test]
fn a_datagram_without_data_is_a_datagram() {
    let (mut here, mut there) = (Host::new(), Host::with(Config::default(), PEER));
    let (sender, receiver) = (here.on_port(7), there.on_port(9));
    for peer in PEER {
        here.send(sender, at(peer, 9), b"").unwrap();
    }
    carry(&mut here, &mut there);
    assert_eq!(there.events(receiver), [EventKind::Readable]);
    let status = there.stack.udp_status(receiver).unwrap();
    assert_eq!((status.readable, status.datagrams), (0, 2));
    for us in US {
        let (data, with) = there.received(receiver).unwrap();
        assert_eq!((data.len(), with.whole, with.source), (0, 0, at(us, 7)));
    }
    assert_eq!(there.stack.udp_receive(receiver, &mut [0; 9]), Err(UdpReceiveError::WouldBlock));
}
