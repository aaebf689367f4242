//! Both families beside each other: a socket of IPv6 carries IPv6 only, and stands in the way of no socket of IPv4.

use std::net::SocketAddr;

use synsent_sockets::{Domain, Kind, Name, Outcome, Ready, SendHow, Settings, Socket};

use crate::world::*;

const BOTH: [Domain; 2] = [Domain::Inet4, Domain::Inet6];

fn everywhere(domain: Domain, port: u16) -> Name {
    match domain {
        Domain::Inet6 => SocketAddr::from(([0_u16; 8], port)).into(),
        _ => any(port),
    }
}

fn bound(world: &World, domain: Domain, kind: Kind, port: u16) -> Socket {
    let socket = socket(&world.theirs, domain, kind, Settings::default());
    socket.bind(&everywhere(domain, port)).unwrap();
    socket
}

/// The server's address of a family.
fn server(world: &World, domain: Domain, port: u16) -> Name {
    match domain {
        Domain::Inet6 => world.net.server.at_v6(port).into(),
        _ => world.net.server.at(port).into(),
    }
}

#[test]
fn listeners_of_both_families_have_one_port_and_each_takes_its_own() {
    for order in [[0, 1], [1, 0]] {
        let world = world();
        let listeners = order.map(|at| {
            let listener = bound(&world, BOTH[at], Kind::Stream, 80);
            listener.listen(4).unwrap();
            listener
        });
        for (listener, domain) in listeners.iter().zip(order.map(|at| BOTH[at])) {
            let client = socket(&world.ours, domain, Kind::Stream, Settings::default());
            done(client.connect(&server(&world, domain, 80)));
            let (accepted, peer) = done(listener.accept());
            assert_eq!(peer, client.local_name().unwrap());
            assert_eq!(accepted.local_name().unwrap(), server(&world, domain, 80));
            send(&client, b"x");
            assert_eq!(receive(&accepted), b"x");
        }
    }
}

#[test]
fn a_listener_of_one_family_leaves_the_other_refused() {
    for (at, domain) in BOTH.into_iter().enumerate() {
        let (world, other) = (world(), BOTH[1 - at]);
        let listener = bound(&world, domain, Kind::Stream, 80);
        listener.listen(4).unwrap();
        let client = socket(&world.ours, other, Kind::Stream, Settings::default());
        assert_eq!(outcome(client.connect(&server(&world, other, 80))), Outcome::Refused);
        assert_eq!(bound(&world, other, Kind::Stream, 80).local_name().unwrap(), everywhere(other, 80));
    }
}

#[test]
fn a_connection_of_one_family_leaves_its_port_to_the_other() {
    let world = world();
    let listener = bound(&world, Domain::Inet6, Kind::Stream, 80);
    listener.listen(4).unwrap();
    let client = socket(&world.ours, Domain::Inet6, Kind::Stream, Settings::default());
    done(client.connect(&server(&world, Domain::Inet6, 80)));
    let port = port_of(&client);
    let bind = |domain| socket(&world.ours, domain, Kind::Stream, Settings::default()).bind(&everywhere(domain, port));
    assert_eq!(bind(Domain::Inet4), Ok(()));
    assert_eq!(bind(Domain::Inet6).unwrap_err().outcome, Outcome::AddressInUse);
}

#[test]
fn a_datagram_wakes_the_socket_of_its_family_alone() {
    let world = world();
    let sockets = BOTH.map(|domain| bound(&world, domain, Kind::Datagram, 53));
    for (at, domain) in BOTH.into_iter().enumerate() {
        let client = socket(&world.ours, domain, Kind::Datagram, Settings::default());
        done(client.send_to(b"for you", &server(&world, domain, 53), SendHow::default()));
        let (octets, received) = receive_from(&sockets[at]);
        assert_eq!(
            (octets.as_slice(), received.source),
            (b"for you".as_slice(), Some(own_name(&world, &client, domain)))
        );
        assert_eq!(sockets[1 - at].ready(), Ready::WRITABLE);
        assert_eq!(sockets[1 - at].receivable_octets(), 0);
    }
}

#[test]
fn a_datagram_of_a_family_that_nobody_listens_on_is_refused() {
    for (at, domain) in BOTH.into_iter().enumerate() {
        let (world, other) = (world(), BOTH[1 - at]);
        let _there = bound(&world, domain, Kind::Datagram, 53);
        let client = socket(&world.ours, other, Kind::Datagram, Settings::default());
        done(client.connect(&server(&world, other, 53)));
        done(client.send(b"x", SendHow::default()));
        assert_eq!(outcome(try_receive(&client)), Outcome::Refused);
    }
}

#[test]
fn a_datagram_socket_takes_and_gives_up_peers_of_its_family_only() {
    let world = world();
    let client = socket(&world.ours, Domain::Inet6, Kind::Datagram, Settings::default());
    client.bind(&everywhere(Domain::Inet6, 4_000)).unwrap();
    done(client.connect(&server(&world, Domain::Inet6, 53)));
    assert_eq!(client.local_name().unwrap(), world.net.us.at_v6(4_000).into());
    client.disconnect().unwrap();
    assert_eq!(client.local_name().unwrap(), everywhere(Domain::Inet6, 4_000));
    assert_eq!(outcome(client.connect(&server(&world, Domain::Inet4, 53))), Outcome::DomainUnsupported);
    let mapped: SocketAddr = "[::ffff:10.2.0.2]:53".parse().unwrap();
    assert_eq!(outcome(client.connect(&mapped.into())), Outcome::NetworkUnreachable);
}

#[test]
fn the_loopback_address_of_each_family_leads_home() {
    let world = world();
    for (domain, address) in BOTH.into_iter().zip(["127.0.0.1:80", "[::1]:80"]) {
        let home: SocketAddr = address.parse().unwrap();
        let listener = socket(&world.ours, domain, Kind::Stream, Settings::default());
        listener.bind(&home.into()).unwrap();
        listener.listen(1).unwrap();
        let client = socket(&world.ours, domain, Kind::Stream, Settings::default());
        done(client.connect(&home.into()));
        let (accepted, peer) = done(listener.accept());
        assert_eq!(peer, client.local_name().unwrap());
        send(&accepted, b"home");
        assert_eq!(receive(&client), b"home");
    }
}

/// As the other side sees it: the address that leads there.
fn own_name(world: &World, socket: &Socket, domain: Domain) -> Name {
    match domain {
        Domain::Inet6 => world.net.us.at_v6(port_of(socket)).into(),
        _ => world.net.us.at(port_of(socket)).into(),
    }
}
