//! connect of Windows Sockets 1.1, where it differs.

use std::net::{Ipv4Addr, SocketAddr};

use synsent_dialects::winsock1::{self, *};
use synsent_lab::{Behaviour, UdpBehaviour};
use synsent_sockets::Pointer;
use synsent_stack::Duration;

use crate::world::winsock1::*;
use crate::world::{fails, returns};

fn any(port: u16) -> SocketAddr {
    (Ipv4Addr::UNSPECIFIED, port).into()
}

#[test]
fn a_connection_is_made_and_the_socket_is_bound_by_it() {
    let world = started();
    let to = world.server_is(Behaviour::Answer);
    let s = stream();
    returns!(connects(s, to), 0);
    assert!(own_name(s).is_some_and(|name| name.port() != 0));
    fails!(winsock1, binds(s, any(0)), WSAEINVAL);
    fails!(winsock1, connects(s, to), WSAEISCONN);
    returns!(sends(s, b"hello"), 5);
    returns!(receives(s, &mut [0; 8]), 5);
}

#[test]
fn a_second_try_while_one_is_under_way_is_an_invalid_one() {
    let world = started();
    let to = world.server_is(Behaviour::AnswerLate(Duration::from_secs(2)));
    let s = nonblocking(stream());
    fails!(winsock1, connects(s, to), WSAEWOULDBLOCK);
    fails!(winsock1, connects(s, to), WSAEINVAL);
    assert_eq!(selected(s, 10), (false, true, false, 1));
    fails!(winsock1, connects(s, to), WSAEISCONN);
}

#[test]
fn a_failure_shows_among_the_exceptions_and_the_socket_may_try_again() {
    let world = started();
    let refuses = world.server_is(Behaviour::Refuse);
    let s = nonblocking(stream());
    fails!(winsock1, connects(s, refuses), WSAEWOULDBLOCK);
    assert_eq!(selected(s, 10), (false, false, true, 1));
    assert_eq!(option(s, SOL_SOCKET, SO_ERROR), WSAECONNREFUSED);
    fails!(winsock1, connects(s, refuses), WSAEWOULDBLOCK);
}

#[test]
fn a_name_of_zeroes_is_refused_for_datagrams_too_and_the_peer_stays() {
    let world = started();
    let to = world.udp(world.server, 7, UdpBehaviour::Echo);
    let s = datagram();
    fails!(winsock1, connects(s, any(0)), WSAEADDRNOTAVAIL);
    returns!(connects(s, to), 0);
    fails!(winsock1, connects(s, any(7)), WSAEADDRNOTAVAIL);
    fails!(winsock1, winsock1::connect(s, &[0; 16], 16), WSAEAFNOSUPPORT);
    assert_eq!(peer_name(s), Some(to));
    returns!(sends(s, b"x"), 1);
    returns!(receives(s, &mut [0; 4]), 1);
    fails!(winsock1, connects(stream(), any(80)), WSAEADDRNOTAVAIL);
    fails!(winsock1, connects(stream(), world.server.at(0)), WSAEADDRNOTAVAIL);
}

#[test]
fn a_name_that_is_missing_is_a_destination_that_is_missing() {
    let world = started();
    let to = sockaddr(&world.server.at(80));
    for s in [stream(), datagram()] {
        fails!(winsock1, winsock1::connect(s, Pointer::Null, 16), WSAEDESTADDRREQ);
        assert_eq!(WSAGetLastError(), WSAEDESTADDREQ);
        for len in [-1, 0, 15] {
            fails!(winsock1, winsock1::connect(s, to.as_slice(), len), WSAEFAULT);
        }
    }
}

#[test]
fn a_listening_socket_cannot_connect() {
    let world = started();
    let s = stream();
    fails!(winsock1, listen(s, 5), WSAEINVAL);
    returns!(binds(s, any(5_000)), 0);
    returns!(listen(s, SOMAXCONN), 0);
    fails!(winsock1, connects(s, world.server.at(80)), WSAEINVAL);
    fails!(winsock1, sends(s, b"x"), WSAENOTCONN);
    fails!(winsock1, listen(datagram(), 5), WSAEOPNOTSUPP);
}

#[test]
fn what_is_queued_stays_when_a_datagram_socket_takes_a_peer() {
    let world = started();
    let (one, other) =
        (world.udp(world.server, 7, UdpBehaviour::Echo), world.udp(world.neighbour, 7, UdpBehaviour::Echo));
    let s = nonblocking(datagram());
    returns!(sends_to(s, b"early", other), 5);
    world.pass(Duration::from_secs(1));
    returns!(connects(s, one), 0);
    assert_eq!(receives_from(s, &mut [0; 8]), (5, Some(other)));
}

#[test]
fn nobody_answers_and_nobody_is_there() {
    let world = started();
    let silent = world.server_is(Behaviour::Silent);
    fails!(winsock1, connects(stream(), silent), WSAETIMEDOUT);
    fails!(winsock1, connects(stream(), world.vacant), WSAENETUNREACH);
    assert_eq!(socket(23, SOCK_STREAM, 0), INVALID_SOCKET);
    assert_eq!(WSAGetLastError(), WSAEAFNOSUPPORT);
}

#[test]
fn a_broadcast_needs_permission_where_the_destination_is_set() {
    let _world = started();
    let (s, to) = (datagram(), "10.1.0.255:9".parse().unwrap());
    fails!(winsock1, connects(s, to), WSAEACCES);
    switch(s, SO_BROADCAST);
    returns!(connects(s, to), 0);
    returns!(sends(s, b"x"), 1);
}
