//! Sending and receiving, names, shutdown: what can be wrong with them.

use synsent_dialects::winsock2::{self, *};
use synsent_lab::{Behaviour, UdpBehaviour};
use synsent_sockets::{Pointer, PointerMut};
use synsent_stack::Duration;

use crate::world::winsock2::*;
use crate::world::{fails, returns};

#[test]
fn a_stream_without_a_peer_neither_sends_nor_receives_nor_ends() {
    let _world = started();
    let s = stream();
    fails!(winsock2, sends(s, b"x"), WSAENOTCONN);
    fails!(winsock2, receives(s, &mut [0; 4]), WSAENOTCONN);
    fails!(winsock2, shutdown(s, SD_SEND), WSAENOTCONN);
    fails!(winsock2, winsock2::getpeername(s, &mut [0; 16], &mut 16), WSAENOTCONN);
    assert_eq!(accept(s, PointerMut::Null, PointerMut::Null), INVALID_SOCKET);
    assert_eq!(WSAGetLastError(), WSAEINVAL);
    assert_eq!(accept(datagram(), PointerMut::Null, PointerMut::Null), INVALID_SOCKET);
    assert_eq!(WSAGetLastError(), WSAEOPNOTSUPP);
}

#[test]
fn what_was_shut_down_is_over() {
    let world = started();
    let to = world.server_is(Behaviour::Answer);
    let s = stream();
    returns!(connects(s, to), 0);
    fails!(winsock2, shutdown(s, 3), WSAEINVAL);
    returns!(sends(s, b"last"), 4);
    returns!(shutdown(s, SD_SEND), 0);
    fails!(winsock2, sends(s, b"x"), WSAESHUTDOWN);
    returns!(receives(s, &mut [0; 8]), 4);
    returns!(receives(s, &mut [0; 8]), 0);
    returns!(shutdown(s, SD_RECEIVE), 0);
    fails!(winsock2, receives(s, &mut [0; 8]), WSAESHUTDOWN);
}

#[test]
fn memory_that_is_not_there_is_a_fault() {
    let world = started();
    let to = world.server_is(Behaviour::Answer);
    let s = stream();
    returns!(connects(s, to), 0);
    fails!(winsock2, winsock2::send(s, Pointer::Null, 4, 0), WSAEFAULT);
    fails!(winsock2, winsock2::send(s, b"abc", 4, 0), WSAEFAULT);
    fails!(winsock2, winsock2::send(s, b"abc", -1, 0), WSAEFAULT);
    fails!(winsock2, winsock2::recv(s, PointerMut::Null, 4, 0), WSAEFAULT);
    fails!(winsock2, winsock2::recv(s, &mut [0; 3], 4, 0), WSAEFAULT);
    fails!(winsock2, winsock2::recv(s, &mut [0; 3], -1, 0), WSAEINVAL);
    fails!(winsock2, winsock2::send(s, b"abc", 3, 0x40), WSAEINVAL);
    fails!(winsock2, winsock2::getsockname(s, PointerMut::Null, &mut 16), WSAEFAULT);
    fails!(winsock2, winsock2::getsockname(s, &mut [0; 16], PointerMut::Null), WSAEFAULT);
    for len in [-1, 0, 15] {
        let mut len = len;
        fails!(winsock2, winsock2::getsockname(s, &mut [0; 16], &mut len), WSAEFAULT);
    }
    fails!(winsock2, winsock2::bind(stream(), Pointer::Null, 16), WSAEFAULT);
}

#[test]
fn bind_takes_one_name_that_is_ours() {
    let world = started();
    let s = stream();
    let name = sockaddr(&world.us.at(5_000));
    fails!(winsock2, winsock2::bind(s, name.as_slice(), 15), WSAEFAULT);
    fails!(winsock2, binds(s, world.server.at(5_000)), WSAEADDRNOTAVAIL);
    fails!(winsock2, binds(s, world.us.at_v6(5_000)), WSAEAFNOSUPPORT);
    returns!(binds(s, world.us.at(5_000)), 0);
    fails!(winsock2, binds(s, world.us.at(5_001)), WSAEINVAL);
    fails!(winsock2, binds(stream(), world.us.at(5_000)), WSAEADDRINUSE);
    assert_eq!(own_name(s), Some(world.us.at(5_000)));
}

#[test]
fn a_datagram_needs_a_destination_that_can_be_one() {
    let world = started();
    let to = world.udp(world.server, 7, UdpBehaviour::Echo);
    let s = datagram();
    fails!(winsock2, winsock2::sendto(s, b"x", 1, 0, Pointer::Null, 0), WSAEDESTADDRREQ);
    fails!(winsock2, sends_to(s, b"x", "0.0.0.0:7".parse().unwrap()), WSAEADDRNOTAVAIL);
    fails!(winsock2, sends_to(s, b"x", world.server.at(0)), WSAEADDRNOTAVAIL);
    fails!(winsock2, sends_to(s, b"x", world.server.at_v6(7)), WSAEAFNOSUPPORT);
    fails!(winsock2, winsock2::sendto(s, b"x", 1, 0, sockaddr(&to).as_slice(), 15), WSAEFAULT);
    fails!(winsock2, winsock2::send(s, b"x", 1, MSG_OOB), WSAENOTCONN);
    fails!(winsock2, winsock2::sendto(s, b"x", 1, MSG_OOB, sockaddr(&to).as_slice(), 16), WSAEOPNOTSUPP);
    fails!(winsock2, sends_to(s, &[0; 65_508], to), WSAEMSGSIZE);
    returns!(connects(s, to), 0);
    returns!(winsock2::sendto(s, b"x", 1, 0, Pointer::Null, 0), 1);
    returns!(receives(s, &mut [0; 4]), 1);
}

#[test]
fn of_a_datagram_that_is_too_large_the_rest_is_lost() {
    let world = started();
    let to = world.udp(world.server, 7, UdpBehaviour::Echo);
    let s = datagram();
    returns!(sends_to(s, b"too large", to), 9);
    returns!(sends_to(s, b"fits", to), 4);
    let mut octets = [0; 4];
    let len = octets.len() as i32;
    returns!(winsock2::recv(s, &mut octets, len, MSG_PEEK), SOCKET_ERROR);
    assert_eq!((WSAGetLastError(), &octets), (WSAEMSGSIZE, b"too "));
    fails!(winsock2, receives(s, &mut octets), WSAEMSGSIZE);
    returns!(receives(s, &mut octets), 4);
    assert_eq!(&octets, b"fits");
}

#[test]
fn a_stream_without_room_or_octets_would_block() {
    let world = started();
    let to = world.server_is(Behaviour::SilentAfterAccept);
    let s = stream();
    returns!(connects(s, to), 0);
    nonblocking(s);
    fails!(winsock2, receives(s, &mut [0; 4]), WSAEWOULDBLOCK);
    let octets = vec![7; 65_536];
    let sent = |s| {
        let count = sends(s, &octets);
        world.pass(Duration::from_secs(1));
        count
    };
    assert!((0..1_000).any(|_| sent(s) < 0));
    assert_eq!(WSAGetLastError(), WSAEWOULDBLOCK);
}
