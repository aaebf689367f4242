//! connect of Windows Sockets 2.

use std::net::{Ipv4Addr, SocketAddr};

use synsent_dialects::winsock2::{self, *};
use synsent_lab::{Behaviour, IcmpError, Obstruction, UdpBehaviour};
use synsent_sockets::{Pointer, PointerMut};
use synsent_stack::Duration;

use crate::world::winsock2::*;
use crate::world::{fails, returns};

fn any(port: u16) -> SocketAddr {
    (Ipv4Addr::UNSPECIFIED, port).into()
}

#[test]
fn a_connection_is_made_and_carries_octets_both_ways() {
    let world = started();
    let to = world.server_is(Behaviour::Answer);
    let s = stream();
    returns!(connects(s, to), 0);
    assert_eq!(peer_name(s), Some(to));
    assert_eq!(own_name(s).map(|name| name.ip()), Some(world.us.v4.into()));
    returns!(sends(s, b"hello"), 5);
    let mut octets = [0; 8];
    returns!(receives(s, &mut octets), 5);
    assert_eq!(&octets[..5], b"hello");
    returns!(closesocket(s), 0);
    fails!(winsock2, closesocket(s), WSAENOTSOCK);
}

#[test]
fn the_typed_twin_says_which_row_decided() {
    let world = started();
    let to = world.server_is(Behaviour::Refuse);
    let said = connect_to(stream(), to).unwrap_err();
    assert_eq!((said.number, said.name), (10061, "WSAECONNREFUSED"));
    assert_eq!(said.source.clause, "winsock2.error.connrefused");
    assert_eq!(WSAGetLastError(), 10061);
    let said = connect_to(stream(), any(80)).unwrap_err();
    assert_eq!((said.name, said.source.clause), ("WSAEADDRNOTAVAIL", "winsock2.zero-address"));
}

#[test]
fn after_a_refusal_the_same_socket_connects_again_or_listens() {
    let world = started();
    let refuses = world.server_is(Behaviour::Refuse);
    world.lab.with(|lab| lab.behave(world.server.host, 81, Behaviour::Answer)).unwrap();
    let s = stream();
    fails!(winsock2, connects(s, refuses), WSAECONNREFUSED);
    fails!(winsock2, binds(s, any(0)), WSAEINVAL);
    returns!(connects(s, world.server.at(81)), 0);
    let s = stream();
    returns!(binds(s, any(5_000)), 0);
    fails!(winsock2, connects(s, refuses), WSAECONNREFUSED);
    returns!(listen(s, 5), 0);
    fails!(winsock2, connects(s, refuses), WSAEINVAL);
}

#[test]
fn silence_takes_twenty_one_seconds() {
    let world = started();
    let to = world.server_is(Behaviour::Silent);
    let before = world.now();
    let s = stream();
    fails!(winsock2, connects(s, to), WSAETIMEDOUT);
    assert_eq!(world.now() - before, Duration::from_secs(21));
    fails!(winsock2, connects(s, to), WSAETIMEDOUT);
}

#[test]
fn what_routers_say_ends_it() {
    let world = started();
    world.server_is(Behaviour::Answer);
    let s = stream();
    let says = |error| {
        world.lab.with(|lab| {
            lab.clear_obstructions(world.server.host);
            lab.obstruct(world.server.host, Obstruction::all(error));
        })
    };
    says(IcmpError::NetworkUnreachable);
    fails!(winsock2, connects(s, world.server.at(80)), WSAENETUNREACH);
    says(IcmpError::HostUnreachable);
    fails!(winsock2, connects(s, world.server.at(80)), WSAEHOSTUNREACH);
    world.lab.with(|lab| lab.clear_obstructions(world.server.host));
    returns!(connects(s, world.server.at(80)), 0);
}

#[test]
fn while_it_is_being_made_a_connection_is_no_connection_yet() {
    let world = started();
    let to = world.server_is(Behaviour::AnswerLate(Duration::from_secs(2)));
    let s = nonblocking(stream());
    fails!(winsock2, connects(s, to), WSAEWOULDBLOCK);
    fails!(winsock2, connects(s, to), WSAEALREADY);
    fails!(winsock2, winsock2::connect(s, Pointer::Null, 16), WSAEFAULT);
    assert_eq!(peer_name(s), Some(to));
    assert!(own_name(s).is_some_and(|name| name.port() != 0));
    fails!(winsock2, sends(s, b"x"), WSAENOTCONN);
    fails!(winsock2, receives(s, &mut [0; 4]), WSAENOTCONN);
    fails!(winsock2, shutdown(s, SD_BOTH), WSAENOTCONN);
    fails!(winsock2, listen(s, 1), WSAEINVAL);
    assert_eq!(selected(s, 0), (false, false, false, 0));
    assert_eq!(selected(s, 10), (false, true, false, 1));
    fails!(winsock2, connects(s, to), WSAEISCONN);
    assert_eq!(option(s, SOL_SOCKET, SO_ERROR), 0);
    returns!(sends(s, b"x"), 1);
}

#[test]
fn a_failure_in_the_background_shows_among_the_exceptions_alone_and_stays_told() {
    let world = started();
    let refuses = world.server_is(Behaviour::Refuse);
    world.lab.with(|lab| lab.behave(world.server.host, 81, Behaviour::Answer)).unwrap();
    let s = nonblocking(stream());
    fails!(winsock2, connects(s, refuses), WSAEWOULDBLOCK);
    assert_eq!(selected(s, 10), (false, false, true, 1));
    assert_eq!(option(s, SOL_SOCKET, SO_ERROR), WSAECONNREFUSED);
    assert_eq!(option(s, SOL_SOCKET, SO_ERROR), WSAECONNREFUSED);
    assert_eq!(selected(s, 0), (false, false, true, 1));
    fails!(winsock2, connects(s, world.server.at(81)), WSAEWOULDBLOCK);
    assert_eq!(option(s, SOL_SOCKET, SO_ERROR), WSAECONNREFUSED);
    assert_eq!(selected(s, 10), (false, true, false, 1));
    assert_eq!(option(s, SOL_SOCKET, SO_ERROR), 0);
}

#[test]
fn a_failure_that_was_told_shows_among_the_exceptions_and_leaves_no_error() {
    let world = started();
    let refuses = world.server_is(Behaviour::Refuse);
    let s = stream();
    fails!(winsock2, connects(s, refuses), WSAECONNREFUSED);
    assert_eq!(option(s, SOL_SOCKET, SO_ERROR), 0);
    assert_eq!(selected(s, 0), (false, false, true, 1));
}

#[test]
fn with_every_port_towards_a_peer_taken_no_address_is_left() {
    let world = started();
    let to = world.server_is(Behaviour::Answer);
    world.lab.with(|lab| while lab.connect(world.us.host, to).is_ok() {});
    fails!(winsock2, connects(stream(), to), WSAEADDRNOTAVAIL);
}

#[test]
fn a_name_that_cannot_be_a_peer_changes_nothing() {
    let world = started();
    let to = world.server_is(Behaviour::Answer);
    let s = stream();
    fails!(winsock2, connects(s, any(80)), WSAEADDRNOTAVAIL);
    fails!(winsock2, connects(s, world.server.at(0)), WSAEADDRNOTAVAIL);
    let name = sockaddr(&to);
    for len in [-1, 0, 1, 15] {
        fails!(winsock2, winsock2::connect(s, name.as_slice(), len), WSAEFAULT);
    }
    fails!(winsock2, winsock2::connect(s, &name[..7], 16), WSAEFAULT);
    for family in [0_u16, 1, 3, 6, 17, 77, 23] {
        let name = [&family.to_ne_bytes(), &name[2..]].concat();
        fails!(winsock2, winsock2::connect(s, name.as_slice(), 16), WSAEAFNOSUPPORT);
    }
    fails!(winsock2, winsock2::getsockname(s, &mut [0; 16], &mut 16), WSAEINVAL);
    fails!(winsock2, connects(INVALID_SOCKET, to), WSAENOTSOCK);
    let longer = [name.as_slice(), &[0; 12]].concat();
    returns!(winsock2::connect(s, longer.as_slice(), 28), 0);
    fails!(winsock2, connects(s, any(80)), WSAEISCONN);
    fails!(winsock2, winsock2::connect(s, name.as_slice(), 4), WSAEISCONN);
}

#[test]
fn a_connection_that_broke_stays_a_connection_until_it_is_closed() {
    let world = started();
    let to = world.server_is(Behaviour::ResetAfterAccept);
    let s = stream();
    returns!(connects(s, to), 0);
    world.pass(Duration::from_secs(1));
    fails!(winsock2, receives(s, &mut [0; 4]), WSAECONNRESET);
    fails!(winsock2, connects(s, to), WSAEISCONN);
}

#[test]
fn over_ipv6_it_is_the_same() {
    let world = started();
    world.server_is(Behaviour::Answer);
    let s = socket(AF_INET6, SOCK_STREAM, IPPROTO_TCP);
    fails!(winsock2, connects(s, "[::]:80".parse().unwrap()), WSAEADDRNOTAVAIL);
    fails!(winsock2, connects(s, world.server.at(80)), WSAEAFNOSUPPORT);
    let name = sockaddr(&world.server.at_v6(80));
    fails!(winsock2, winsock2::connect(s, name.as_slice(), 27), WSAEFAULT);
    returns!(winsock2::connect(s, name.as_slice(), 28), 0);
}

#[test]
fn a_datagram_socket_takes_a_peer_and_loses_it_by_a_name_of_zeroes() {
    let world = started();
    let to = world.udp(world.server, 7, UdpBehaviour::Echo);
    let unspecified = [0; 16];
    for takes_away in [sockaddr(&any(0)), sockaddr(&any(7)), unspecified.to_vec()] {
        let s = datagram();
        fails!(winsock2, sends(s, b"x"), WSAENOTCONN);
        fails!(winsock2, receives(s, &mut [0; 4]), WSAEINVAL);
        returns!(connects(s, to), 0);
        let own = own_name(s);
        returns!(sends(s, b"one"), 3);
        returns!(receives(s, &mut [0; 4]), 3);
        returns!(winsock2::connect(s, takes_away.as_slice(), 16), 0);
        fails!(winsock2, sends(s, b"x"), WSAENOTCONN);
        fails!(winsock2, receives(s, &mut [0; 4]), WSAENOTCONN);
        fails!(winsock2, winsock2::getpeername(s, &mut [0; 16], &mut 16), WSAENOTCONN);
        returns!(sends_to(s, b"two", to), 3);
        assert_eq!(receives_from(s, &mut [0; 4]), (3, Some(to)));
        assert_eq!(own_name(s).map(|name| name.port()), own.map(|name| name.port()));
        returns!(connects(s, to), 0);
        returns!(sends(s, b"x"), 1);
    }
}

#[test]
fn a_datagram_socket_hears_its_peer_alone_and_forgets_the_queue_with_it() {
    let world = started();
    let (one, other) =
        (world.udp(world.server, 7, UdpBehaviour::Echo), world.udp(world.neighbour, 7, UdpBehaviour::Echo));
    let s = nonblocking(datagram());
    returns!(sends_to(s, b"early", other), 5);
    world.pass(Duration::from_secs(1));
    returns!(connects(s, one), 0);
    fails!(winsock2, receives(s, &mut [0; 8]), WSAEWOULDBLOCK);
    returns!(sends_to(s, b"foreign", other), 7);
    returns!(sends(s, b"own"), 3);
    world.pass(Duration::from_secs(1));
    returns!(connects(s, one), 0);
    assert_eq!(receives_from(s, &mut [0; 8]), (3, Some(one)));
    fails!(winsock2, receives(s, &mut [0; 8]), WSAEWOULDBLOCK);
    returns!(sends(s, b"late"), 4);
    world.pass(Duration::from_secs(1));
    returns!(connects(s, other), 0);
    fails!(winsock2, receives(s, &mut [0; 8]), WSAEWOULDBLOCK);
}

#[test]
fn a_broadcast_needs_permission() {
    let world = started();
    world.udp(world.neighbour, 9, UdpBehaviour::Sink);
    let s = datagram();
    for address in ["255.255.255.255:9", "10.1.0.255:9"] {
        fails!(winsock2, connects(s, address.parse().unwrap()), WSAEACCES);
        fails!(winsock2, sends_to(s, b"x", address.parse().unwrap()), WSAEACCES);
    }
    switch(s, SO_BROADCAST);
    returns!(connects(s, "10.1.0.255:9".parse().unwrap()), 0);
    returns!(sends(s, b"all"), 3);
    world.pass(Duration::from_secs(1));
    assert_eq!(world.sunk(world.neighbour, 9), [b"all"]);
}

#[test]
fn port_unreachable_is_told_to_the_next_receive_as_a_reset() {
    let world = started();
    let s = datagram();
    returns!(connects(s, world.server.at(9)), 0);
    returns!(sends(s, b"x"), 1);
    fails!(winsock2, receives(s, &mut [0; 4]), WSAECONNRESET);
}

#[test]
fn a_second_connection_with_the_same_four_tuple_is_in_use() {
    let world = started();
    let to = world.server_is(Behaviour::Answer);
    let pair = [stream(), stream()];
    for s in pair {
        switch(s, SO_REUSEADDR);
        returns!(binds(s, any(5_000)), 0);
    }
    returns!(connects(pair[0], to), 0);
    fails!(winsock2, connects(pair[1], to), WSAEADDRINUSE);
}

#[test]
fn null_pointers_may_stand_for_a_name_that_nobody_wants() {
    let world = started();
    let s = stream();
    returns!(binds(s, any(5_000)), 0);
    returns!(listen(s, 5), 0);
    world.lab.with(|lab| lab.connect(world.server.host, world.us.at(5_000))).unwrap();
    let accepted = accept(s, PointerMut::Null, PointerMut::Null);
    assert_ne!(accepted, INVALID_SOCKET);
    assert_eq!(peer_name(accepted).map(|name| name.ip()), Some(world.server.v4.into()));
    assert_eq!(accept(nonblocking(s), PointerMut::Null, PointerMut::Null), INVALID_SOCKET);
    assert_eq!(WSAGetLastError(), WSAEWOULDBLOCK);
}
