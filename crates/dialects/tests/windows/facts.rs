//! What tests that run on Windows itself assert of its sockets, where no other file here does: state after state, call by call.

use std::net::{Ipv4Addr, SocketAddr};

use synsent_dialects::winsock2::{self, *};
use synsent_dialects::{Process, winsock1};
use synsent_lab::{Behaviour, LabNetwork, Neighbourhood, SharedLab, UdpBehaviour};
use synsent_sockets::{Pointer, PointerMut};
use synsent_stack::{Duration, Route};

use crate::world::winsock2::*;
use crate::world::{World, fails, returns};

const SECOND: Duration = Duration::from_secs(1);

fn any(port: u16) -> SocketAddr {
    (Ipv4Addr::UNSPECIFIED, port).into()
}

/// A listener with one connection in its queue.
fn listening(world: &World) -> SOCKET {
    let s = stream();
    returns!(binds(s, any(5_000)), 0);
    returns!(listen(s, 5), 0);
    world.lab.with(|lab| lab.connect(world.server.host, world.us.at(5_000))).unwrap();
    assert_eq!(selected(s, 10), (true, false, false, 1));
    s
}

#[test]
fn after_a_failure_a_select_for_writing_alone_waits_in_vain() {
    let world = started();
    let refuses = world.server_is(Behaviour::Refuse);
    let s = stream();
    fails!(winsock2, connects(s, refuses), WSAECONNREFUSED);
    let mut write = FdSet::default();
    FD_SET(s, &mut write);
    let before = world.now();
    returns!(winsock2::select(0, None, Some(&mut write), None, Some(&TimeVal { tv_sec: 2, tv_usec: 0 })), 0);
    assert_eq!((world.now() - before, write.fd_count), (Duration::from_secs(2), 0));
}

#[test]
fn both_ends_count_the_seconds_and_a_datagram_socket_none() {
    let world = started();
    let listener = listening(&world);
    let accepted = accept(listener, PointerMut::Null, PointerMut::Null);
    assert_ne!(accepted, INVALID_SOCKET);
    world.pass(Duration::from_secs(3));
    assert_eq!(option(accepted, SOL_SOCKET, SO_CONNECT_TIME), 3);
    let d = datagram();
    returns!(connects(d, world.server.at(7)), 0);
    assert_eq!(option(d, SOL_SOCKET, SO_CONNECT_TIME), -1);
}

#[test]
fn what_has_no_name_and_what_has_no_room_leave_the_memory_alone() {
    let world = started();
    let untouched = [0xaa; 16];
    let (s, mut name, mut len) = (stream(), untouched, 16);
    fails!(winsock2, winsock2::getsockname(s, &mut name, &mut len), WSAEINVAL);
    assert_eq!((name, len), (untouched, 16));
    let to = world.server_is(Behaviour::Answer);
    returns!(connects(s, to), 0);
    len = 15;
    fails!(winsock2, winsock2::getsockname(s, &mut name, &mut len), WSAEFAULT);
    fails!(winsock2, winsock2::getpeername(s, &mut name, &mut len), WSAEFAULT);
    assert_eq!((name, len), (untouched, 15));
}

#[test]
fn accept_tells_no_name_without_a_length_and_loses_no_connection_to_a_bad_one() {
    let world = started();
    let listener = listening(&world);
    let untouched = [0xaa; 16];
    let (mut name, mut short) = (untouched, 15);
    assert_eq!(accept(listener, &mut name, PointerMut::Octets(&mut [0; 3])), INVALID_SOCKET);
    assert_eq!(WSAGetLastError(), WSAEFAULT);
    assert_eq!(accept(listener, &mut name, &mut short), INVALID_SOCKET);
    assert_eq!((WSAGetLastError(), name), (WSAEFAULT, untouched));
    assert_eq!(accept(listener, PointerMut::Octets(&mut name[..8]), &mut 16), INVALID_SOCKET);
    assert_eq!(WSAGetLastError(), WSAEFAULT);
    let accepted = accept(listener, &mut name, PointerMut::Null);
    assert_ne!(accepted, INVALID_SOCKET);
    assert_eq!(name, untouched);
    world.lab.with(|lab| lab.connect(world.server.host, world.us.at(5_000))).unwrap();
    let mut len = 28;
    assert_ne!(accept(listener, &mut name, &mut len), INVALID_SOCKET);
    assert_eq!((from_sockaddr(&name).map(|name| name.ip()), len), (Some(world.server.v4.into()), 16));
}

#[test]
fn a_zero_address_begins_nothing_in_the_background() {
    let world = started();
    let to = world.server_is(Behaviour::Answer);
    let s = nonblocking(stream());
    for port in [80, 1] {
        fails!(winsock2, connects(s, any(port)), WSAEADDRNOTAVAIL);
    }
    assert_eq!((selected(s, 0), option(s, SOL_SOCKET, SO_ERROR)), ((false, false, false, 0), 0));
    fails!(winsock2, connects(s, to), WSAEWOULDBLOCK);
    assert_eq!(selected(s, 10), (false, true, false, 1));
}

#[test]
fn a_connection_stays_the_one_it_is_whoever_made_it_and_whatever_the_name() {
    let world = started();
    let to = world.server_is(Behaviour::Answer);
    let (mine, accepted) = (stream(), accept(listening(&world), PointerMut::Null, PointerMut::Null));
    returns!(connects(mine, to), 0);
    for s in [mine, accepted] {
        fails!(winsock2, connects(s, to), WSAEISCONN);
        fails!(winsock2, connects(s, world.server.at(81)), WSAEISCONN);
        fails!(winsock2, connects(s, any(80)), WSAEISCONN);
        fails!(winsock2, winsock2::connect(s, &[0; 16], 16), WSAEISCONN);
    }
    returns!(sends(mine, b"still there"), 11);
    returns!(receives(mine, &mut [0; 16]), 11);
    let ended = stream();
    world.lab.with(|lab| lab.behave(world.server.host, 82, Behaviour::CloseAfterAccept)).unwrap();
    returns!(connects(ended, world.server.at(82)), 0);
    returns!(receives(ended, &mut [0; 4]), 0);
    fails!(winsock2, connects(ended, to), WSAEISCONN);
}

#[test]
fn a_pending_attempt_is_asked_again_also_by_a_call_that_may_block() {
    let world = started();
    let s = nonblocking(stream());
    let silent = world.server_is(Behaviour::Silent);
    fails!(winsock2, connects(s, silent), WSAEWOULDBLOCK);
    returns!(ioctlsocket(s, FIONBIO, &mut 0), 0);
    let before = world.now();
    fails!(winsock2, connects(s, silent), WSAEALREADY);
    assert_eq!(world.now(), before);
}

#[test]
fn success_that_nobody_has_looked_at_is_a_connection() {
    let world = started();
    let to = world.server_is(Behaviour::Answer);
    let s = nonblocking(stream());
    fails!(winsock2, connects(s, to), WSAEWOULDBLOCK);
    world.pass(SECOND);
    for _ in 0..2 {
        fails!(winsock2, connects(s, to), WSAEISCONN);
    }
}

#[test]
fn after_silence_the_same_socket_connects() {
    let world = started();
    let silent = world.server_is(Behaviour::Silent);
    world.lab.with(|lab| lab.behave(world.server.host, 81, Behaviour::Answer)).unwrap();
    for s in [stream(), nonblocking(stream())] {
        returns!(connects(s, silent), SOCKET_ERROR);
        world.pass(Duration::from_secs(30));
        let again = connects(s, world.server.at(81));
        assert!(again == 0 || WSAGetLastError() == WSAEWOULDBLOCK);
        assert_eq!(selected(s, 10), (false, true, false, 1));
        returns!(sends(s, b"x"), 1);
    }
}

#[test]
fn without_a_route_there_is_no_attempt_in_the_background() {
    let world = started();
    let hood = Neighbourhood::new(1);
    let default = Route::default_via(hood.router.v4.into());
    world.lab.with(|lab| lab.call(world.us.host, |stack, now| stack.remove_route(now, default))).unwrap();
    let s = nonblocking(stream());
    fails!(winsock2, connects(s, world.server.at(80)), WSAENETUNREACH);
    fails!(winsock2, connects(datagram(), world.server.at(80)), WSAENETUNREACH);
    let to = world.server_is(Behaviour::Answer);
    world.lab.with(|lab| lab.call(world.us.host, |stack, now| stack.add_route(now, default))).unwrap();
    fails!(winsock2, connects(s, to), WSAEWOULDBLOCK);
    assert_eq!(selected(s, 10), (false, true, false, 1));
}

#[test]
fn a_permission_that_is_taken_back_leaves_a_broadcast_peer() {
    let world = started();
    world.udp(world.neighbour, 9, UdpBehaviour::Sink);
    let s = datagram();
    switch(s, SO_BROADCAST);
    returns!(connects(s, "10.1.0.255:9".parse().unwrap()), 0);
    returns!(winsock2::setsockopt(s, SOL_SOCKET, SO_BROADCAST, &0, 4), 0);
    assert_eq!(option(s, SOL_SOCKET, SO_BROADCAST), 0);
}

#[test]
fn a_stream_has_one_peer_and_no_group() {
    let _world = started();
    for nobody in ["255.255.255.255:80", "10.1.0.255:80", "224.0.0.5:80"] {
        fails!(winsock2, connects(stream(), nobody.parse().unwrap()), WSAEADDRNOTAVAIL);
    }
}

#[test]
fn a_name_may_be_longer_than_its_family_asks_for() {
    let world = started();
    let to = world.server_is(Behaviour::Answer);
    let mut name = sockaddr(&to);
    name.resize(65_536, 0xee);
    for len in [16, 17, 28, 128, 65_536] {
        returns!(winsock2::connect(stream(), name.as_slice(), len), 0);
    }
}

#[test]
fn what_is_no_handle_is_no_socket() {
    let world = started();
    let closed = stream();
    returns!(closesocket(closed), 0);
    for s in [0, INVALID_SOCKET, closed, 3, usize::MAX - 3] {
        fails!(winsock2, connects(s, world.server.at(80)), WSAENOTSOCK);
        fails!(winsock2, winsock2::connect(s, Pointer::Null, 0), WSAENOTSOCK);
    }
}

#[test]
fn a_name_of_zeroes_is_another_name_and_takes_the_queue_along() {
    let world = started();
    let to = world.udp(world.server, 7, UdpBehaviour::Echo);
    let s = nonblocking(datagram());
    returns!(connects(s, to), 0);
    returns!(sends(s, b"old"), 3);
    world.pass(SECOND);
    returns!(connects(s, any(0)), 0);
    assert_eq!(receives_from(s, &mut [0; 4]).0, SOCKET_ERROR);
    assert_eq!(WSAGetLastError(), WSAEWOULDBLOCK);
}

#[test]
fn waiting_for_all_is_for_streams_that_block_and_only_in_winsock_2() {
    let world = started();
    let to = world.server_is(Behaviour::Answer);
    let (s, mut octets) = (stream(), [0; 6]);
    returns!(connects(s, to), 0);
    returns!(sends(s, b"one"), 3);
    world.pass(SECOND);
    returns!(sends(s, b"two"), 3);
    fails!(winsock2, winsock2::recv(s, &mut octets, 6, MSG_WAITALL | MSG_PEEK), WSAEOPNOTSUPP);
    fails!(winsock2, winsock2::recv(s, &mut octets, 6, MSG_WAITALL | MSG_OOB), WSAEOPNOTSUPP);
    returns!(winsock2::recv(s, &mut octets, 6, MSG_WAITALL), 6);
    assert_eq!(&octets, b"onetwo");
    fails!(winsock2, winsock2::recv(nonblocking(s), &mut octets, 6, MSG_WAITALL), WSAEOPNOTSUPP);
    let d = datagram();
    returns!(connects(d, world.server.at(7)), 0);
    fails!(winsock2, winsock2::recv(d, &mut octets, 6, MSG_WAITALL), WSAEOPNOTSUPP);
    fails!(winsock2, winsock2::recv(s, &mut octets, 6, 0x4000), WSAEINVAL);

    let world = crate::world::winsock1::started();
    let to = world.server_is(Behaviour::Answer);
    let s = crate::world::winsock1::stream();
    returns!(crate::world::winsock1::connects(s, to), 0);
    fails!(winsock1, winsock1::recv(s, &mut octets, 6, MSG_WAITALL), WSAEINVAL);
}

#[test]
fn closing_a_socket_ends_the_call_that_waits_on_it() {
    let hood = Neighbourhood::new(1);
    let (us, server) = (hood.us.host, hood.server);
    let lab = SharedLab::new(hood.lab);
    lab.with(|lab| lab.behave(server.host, 80, Behaviour::Silent)).unwrap();
    let network = LabNetwork::new(&lab, us);
    let process = Process::new(&WINSOCK2, network.clone());
    // As long as this thread holds a seat, the time stands still for the one that waits.
    let _seat = network.participate();
    let _entered = process.enter();
    assert_eq!(WSAStartup(0x0202, Some(&mut WSADATA::default())), 0);
    let s = stream();
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| {
            let _entered = process.enter();
            (connects(s, server.at(80)), WSAGetLastError())
        });
        while peer_name(s).is_none() {
            std::thread::yield_now();
        }
        returns!(closesocket(s), 0);
        assert_eq!(waits.join().unwrap(), (SOCKET_ERROR, WSAEINTR));
    });
}
