//! Names: what a socket is bound to and connected to, and who gets a datagram.

use crate::net::*;
use synsent_stack::*;

fn bound(local: Option<&str>, port: u16, shared: bool) -> UdpOptions {
    UdpOptions { local: local.map(addr), port, shared, ..UdpOptions::default() }
}

// 1122/UDP-2
#[test]
fn an_address_and_port_belong_to_one_socket_unless_all_share_them() {
    let mut host = Host::new();
    host.stack.add_address(host.now, host.link, "10.0.0.7/24".parse().unwrap()).unwrap();
    host.bind(bound(Some("10.0.0.1"), 53, false));
    host.bind(bound(Some("10.0.0.7"), 53, false));
    for (local, shared) in [(Some("10.0.0.1"), false), (Some("10.0.0.1"), true), (None, false), (None, true)] {
        assert_eq!(host.stack.udp_bind(host.now, bound(local, 53, shared)), Err(BindError::InUse), "{local:?}");
    }
    let first = host.bind(bound(None, 54, true));
    let second = host.bind(bound(None, 54, true));
    assert_eq!(host.stack.udp_bind(host.now, bound(None, 54, false)), Err(BindError::InUse));
    // Of those that share, the one that was bound last hears; when it goes, the one before.
    host.give(&packet(at(PEER[0], 9), at(US[0], 54), b"one"));
    host.stack.udp_close(second);
    host.give(&packet(at(PEER[0], 9), at(US[0], 54), b"two"));
    assert_eq!(host.all_received(first), [b"two"]);
    let not_shared = UdpOptions { shared: false, ..host.stack.udp_options(first).unwrap() };
    host.stack.udp_set_options(first, not_shared).unwrap();
    assert_eq!(host.stack.udp_bind(host.now, bound(None, 54, true)), Err(BindError::InUse));
}

// 1122/UDP-2
#[test]
fn only_an_address_of_this_host_a_group_or_a_broadcast_address_is_bound() {
    let mut host = Host::new();
    for local in ["10.0.0.2", "fd00::2", "192.0.2.1"] {
        let refused = host.stack.udp_bind(host.now, bound(Some(local), 53, false));
        assert_eq!(refused, Err(BindError::ForeignAddress), "{local}");
    }
    for local in ["10.0.0.1", "fd00::1", "127.0.0.1", "::1", "239.1.2.3", "ff02::5", "10.0.0.255", "255.255.255.255"] {
        assert!(host.stack.udp_bind(host.now, bound(Some(local), 53, false)).is_ok(), "{local}");
    }
}

#[test]
fn ephemeral_ports_come_from_the_range_and_their_end_is_told() {
    let tcp = TcpConfig { ephemeral_ports: 50_000..=50_003, ..TcpConfig::default() };
    let mut host = Host::with(Config { tcp, ..Config::default() }, US);
    host.on_port(50_001);
    let sockets: Vec<UdpId> = (0..3).map(|_| host.on_port(0)).collect();
    let mut ports: Vec<u16> = sockets.iter().map(|id| host.stack.udp_status(*id).unwrap().port).collect();
    ports.sort_unstable();
    assert_eq!(ports, [50_000, 50_002, 50_003]);
    assert_eq!(host.stack.udp_bind(host.now, UdpOptions::default()), Err(BindError::NoPorts { tried: 4 }));
    let freed = host.stack.udp_status(sockets[1]).unwrap().port;
    host.stack.udp_close(sockets[1]);
    let again = host.on_port(0);
    assert_eq!(host.stack.udp_status(again).unwrap().port, freed);
}

#[test]
fn a_socket_without_an_address_hears_and_speaks_both_families() {
    let mut host = Host::new();
    let socket = host.on_port(53);
    for (us, peer) in US.into_iter().zip(PEER) {
        host.give(&packet(at(peer, 9), at(us, 53), peer.as_bytes()));
        let (data, with) = host.received(socket).unwrap();
        assert_eq!((data.as_slice(), with.source, with.destination), (peer.as_bytes(), at(peer, 9), addr(us)));
        host.send(socket, at(peer, 9), b"back").unwrap();
        let mut there = Host::with(Config::default(), PEER);
        let reader = there.on_port(9);
        host.out().iter().for_each(|packet| there.give(packet));
        assert_eq!(there.received(reader).unwrap().1.source, at(us, 53));
    }
}

#[test]
fn who_asks_for_most_gets_a_datagram() {
    let mut host = Host::new();
    let second = host.add_link(["10.1.0.1", "fd01::1"]);
    let on_link = |local, link| UdpOptions { link, ..bound(local, 53, true) };
    let any = host.bind(on_link(None, None));
    let by_second = host.bind(on_link(None, Some(second)));
    let ours = host.bind(on_link(Some(US[0]), None));
    let connected = host.bind(on_link(Some(US[0]), None));
    host.stack.udp_connect(host.now, connected, Some(at(PEER[0], 9))).unwrap();
    host.give(&packet(at(PEER[0], 9), at(US[0], 53), b"connected"));
    host.give(&packet(at(PEER[0], 10), at(US[0], 53), b"ours"));
    host.give(&packet(at(PEER[1], 9), at(US[1], 53), b"any"));
    let crossing = packet(at("10.1.0.2", 9), at("10.1.0.1", 53), b"second");
    host.stack.on_frame(host.now, second, &crossing);
    for (socket, heard) in [(connected, "connected"), (ours, "ours"), (any, "any"), (by_second, "second")] {
        assert_eq!(host.all_received(socket), [heard.as_bytes()]);
    }
}

#[test]
fn a_connected_socket_has_a_default_peer_until_it_is_dissolved() {
    let mut host = Host::new();
    let socket = host.on_port(53);
    let nobody = host.stack.udp_send_to(host.now, socket, None, b"x");
    assert_eq!(nobody, Err(UdpSendError::NoDestination));
    for (us, peer) in US.into_iter().zip(PEER) {
        host.stack.udp_connect(host.now, socket, Some(at(peer, 9))).unwrap();
        let status = host.stack.udp_status(socket).unwrap();
        assert_eq!((status.local, status.remote), (Some(addr(us)), Some(at(peer, 9))));
        host.stack.udp_send_to(host.now, socket, None, b"x").unwrap();
        let (out, wanted) = (host.out(), datagram(at(us, 53), at(peer, 9), b"x"));
        assert!(out.len() == 1 && out[0].ends_with(&wanted));
    }
    host.stack.udp_connect(host.now, socket, None).unwrap();
    let status = host.stack.udp_status(socket).unwrap();
    assert_eq!((status.local, status.remote), (None, None));
    assert_eq!(host.stack.udp_send_to(host.now, socket, None, b"x"), Err(UdpSendError::NoDestination));
    host.give(&packet(at("10.0.0.77", 1), at(US[0], 53), b"anybody"));
    assert_eq!(host.all_received(socket), [b"anybody"]);
}

#[test]
fn a_peer_that_cannot_be_is_refused_and_the_old_one_stays() {
    let mut host = Host::new();
    let socket = host.bind(bound(Some(US[0]), 53, false));
    host.stack.udp_connect(host.now, socket, Some(at(PEER[0], 9))).unwrap();
    for (peer, why) in [
        (at(PEER[1], 9), UdpSendError::FamiliesDiffer),
        (at(PEER[0], 0), UdpSendError::DestinationUnspecified),
        (at("0.0.0.0", 9), UdpSendError::DestinationUnspecified),
        (at("192.0.2.1", 9), UdpSendError::NoPath(NoPath::NoRoute)),
    ] {
        assert_eq!(host.stack.udp_connect(host.now, socket, Some(peer)), Err(why));
        assert_eq!(host.send(socket, peer, b"x"), Err(why));
    }
    assert_eq!(host.stack.udp_status(socket).unwrap().remote, Some(at(PEER[0], 9)));
    let group = host.bind(bound(Some("ff02::5"), 53, false));
    assert_eq!(host.send(group, at(PEER[0], 9), b"x"), Err(UdpSendError::FamiliesDiffer));
}

#[test]
fn a_link_local_peer_is_on_the_link_that_its_address_names() {
    let mut host = Host::new();
    let second = host.add_link(["10.1.0.1", "fd01::1"]);
    for link in [host.link, second] {
        host.stack.add_address(host.now, link, "fe80::1/64".parse().unwrap()).unwrap();
        host.out_of(link);
    }
    let peer = |link: LinkId| format!("[fe80::2%{}]:9", link.index()).parse().unwrap();
    let socket = host.connected(53, peer(second));
    host.stack.udp_send_to(host.now, socket, None, b"x").unwrap();
    assert_eq!((host.out_of(host.link).len(), host.out_of(second).len()), (0, 1));
    assert_eq!(host.stack.udp_status(socket).unwrap().remote, Some(peer(second)));
    // The same address on the other link is somebody else.
    let arriving = packet(at("fe80::2", 9), at("fe80::1", 53), b"hello");
    host.give(&arriving);
    assert_eq!((host.received(socket), host.dropped(DropReason::UdpForeign)), (None, 1));
    host.stack.on_frame(host.now, second, &arriving);
    assert_eq!(host.received(socket).unwrap().1.source, peer(second));
    // Who answers by the address that was told answers on the right link.
    let open = host.on_port(54);
    host.stack.on_frame(host.now, second, &packet(at("fe80::2", 9), at("fe80::1", 54), b"hello"));
    let source = host.received(open).unwrap().1.source;
    host.send(open, source, b"back").unwrap();
    assert_eq!((host.out_of(host.link).len(), host.out_of(second).len()), (0, 1));
    assert!(host.send(open, at("fe80::2", 9), b"where?").is_err());
    let of_first = host.bind(UdpOptions { link: Some(host.link), port: 55, ..UdpOptions::default() });
    assert_eq!(host.send(of_first, peer(second), b"x"), Err(UdpSendError::NoPath(NoPath::NoRoute)));
}

#[test]
fn a_handle_of_a_closed_socket_means_nothing_even_when_its_place_is_taken() {
    let mut host = Host::new();
    let old = host.connected(53, at(PEER[0], 9));
    host.give(&packet(at(PEER[0], 9), at(US[0], 53), b"for the old one"));
    host.stack.udp_close(old);
    let new = host.on_port(53);
    assert_ne!(old, new);
    host.stack.udp_close(old);
    assert!(host.events(old).is_empty());
    assert_eq!(host.stack.udp_receive(old, &mut [0; 9]), Err(UdpReceiveError::NoSuchSocket));
    assert_eq!(host.stack.udp_peek(old, &mut [0; 9]), Err(UdpReceiveError::NoSuchSocket));
    assert_eq!(host.send(old, at(PEER[0], 9), b"x"), Err(UdpSendError::NoSuchSocket));
    assert_eq!(host.stack.udp_connect(host.now, old, None), Err(UdpSendError::NoSuchSocket));
    assert!(host.stack.udp_discard(old).is_err() && host.stack.udp_options(old).is_none());
    assert!(host.stack.udp_status(old).is_none() && host.stack.udp_take_failure(old).is_none());
    assert!(host.received(new).is_none() && host.stack.udp_status(new).is_some());
    host.give(&packet(at("10.0.0.77", 9), at(US[0], 53), b"new"));
    assert_eq!(host.all_received(new), [b"new"]);
}

#[test]
fn sockets_are_bounded_in_number_and_a_closed_one_makes_room() {
    for most in [3, Config::default().udp_sockets_max] {
        let mut host = Host::with(Config { udp_sockets_max: most, ..Config::default() }, US);
        let first = host.bind(bound(Some(US[1]), 1, false));
        for port in 1..=(most - 1) as u16 {
            host.bind(bound(Some(US[0]), port, false));
        }
        assert_eq!(host.stack.udp_bind(host.now, bound(Some(US[1]), 2, false)), Err(BindError::NoRoom));
        host.stack.udp_close(first);
        assert!(host.stack.udp_bind(host.now, bound(Some(US[1]), 2, false)).is_ok());
    }
}

#[test]
fn a_datagram_finds_its_socket_among_many() {
    let mut host = Host::new();
    let open = host.bind(bound(None, 53, true));
    // A server with a connected socket for each client, all on one port.
    let clients: Vec<(u16, UdpId)> = (10_000..50_000)
        .map(|client| {
            let socket = host.bind(bound(None, 53, true));
            host.stack.udp_connect(host.now, socket, Some(at(PEER[0], client))).unwrap();
            (client, socket)
        })
        .collect();
    for (client, socket) in clients.iter().step_by(997) {
        host.give(&packet(at(PEER[0], *client), at(US[0], 53), b"known"));
        assert_eq!(host.all_received(*socket), [b"known"]);
        assert!(host.received(open).is_none());
    }
    host.give(&packet(at(PEER[0], 9), at(US[0], 53), b"stranger"));
    assert_eq!(host.all_received(open), [b"stranger"]);
}

#[test]
fn an_unspecified_address_takes_its_own_family_only() {
    let mut host = Host::new();
    let [v4, v6] = ["0.0.0.0", "::"].map(|any| host.stack.udp_bind(host.now, bound(Some(any), 53, false)).unwrap());
    for (any, in_use) in [("0.0.0.0", true), ("::", true), ("127.0.0.1", true), ("::1", true)] {
        let again = host.stack.udp_bind(host.now, bound(Some(any), 53, false));
        assert_eq!(again.is_err(), in_use, "{any}");
    }
    assert!(host.stack.udp_bind(host.now, bound(None, 53, false)).is_err());
    let sender = host.on_port(7);
    for (to, takes, other) in [("127.0.0.1", v4, v6), ("::1", v6, v4)] {
        host.send(sender, at(to, 53), b"x").unwrap();
        host.out();
        assert_eq!((host.all_received(takes).len(), host.all_received(other).len()), (1, 0), "{to}");
    }
    // A peer gives it an address, and takes it along when it is given up.
    host.stack.udp_connect(host.now, v4, Some(at("127.0.0.1", 9))).unwrap();
    assert_eq!(host.stack.udp_status(v4).unwrap().local, Some(addr("127.0.0.1")));
    host.stack.udp_connect(host.now, v4, None).unwrap();
    assert_eq!(host.stack.udp_status(v4).unwrap().local, Some(addr("0.0.0.0")));
    assert_eq!(host.stack.udp_connect(host.now, v4, Some(at("::1", 9))), Err(UdpSendError::FamiliesDiffer));
}
