//! Options and ioctlsocket.

use synsent_dialects::winsock1;
use synsent_dialects::winsock2::{self, *};
use synsent_lab::{Behaviour, UdpBehaviour};
use synsent_sockets::{Pointer, PointerMut};
use synsent_stack::Duration;

use crate::world::winsock2::*;
use crate::world::{fails, returns};

#[test]
fn an_option_tells_what_it_was_set_to() {
    let _world = started();
    let (s, d) = (stream(), datagram());
    for optname in [SO_REUSEADDR, SO_KEEPALIVE, SO_OOBINLINE, SO_DONTROUTE] {
        assert_eq!(option(s, SOL_SOCKET, optname), 0);
        switch(s, optname);
        assert_eq!(option(s, SOL_SOCKET, optname), 1);
    }
    assert_eq!((option(s, SOL_SOCKET, SO_TYPE), option(d, SOL_SOCKET, SO_TYPE)), (SOCK_STREAM, SOCK_DGRAM));
    assert_eq!((option(s, SOL_SOCKET, SO_ERROR), option(s, SOL_SOCKET, SO_ACCEPTCONN)), (0, 0));
    returns!(winsock2::setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &1, 4), 0);
    assert_eq!(option(s, IPPROTO_TCP, TCP_NODELAY), 1);
    assert_eq!(option(s, SOL_SOCKET, SO_DONTLINGER), 1);
    let linger = [1, 0, 30, 0];
    returns!(winsock2::setsockopt(s, SOL_SOCKET, SO_LINGER, &linger, 4), 0);
    assert_eq!(option(s, SOL_SOCKET, SO_DONTLINGER), 0);
    let (mut told, mut len) = ([0; 4], 4);
    returns!(winsock2::getsockopt(s, SOL_SOCKET, SO_LINGER, &mut told, &mut len), 0);
    assert_eq!((told, len), (linger, 4));
}

#[test]
fn an_option_that_is_not_there_is_told_by_each_document_in_its_words() {
    let _world = started();
    let (mut value, mut len, s) = (0, 4, stream());
    fails!(winsock2, winsock2::getsockopt(s, 77, SO_TYPE, &mut value, &mut len), WSAEINVAL);
    fails!(winsock2, winsock2::getsockopt(s, SOL_SOCKET, 0x7777, &mut value, &mut len), WSAENOPROTOOPT);
    fails!(winsock2, winsock2::getsockopt(s, SOL_SOCKET, SO_BROADCAST, &mut value, &mut len), WSAENOPROTOOPT);
    fails!(winsock2, winsock2::getsockopt(s, SOL_SOCKET, SO_TYPE, PointerMut::Null, &mut len), WSAEFAULT);
    fails!(winsock2, winsock2::getsockopt(s, SOL_SOCKET, SO_TYPE, &mut value, PointerMut::Null), WSAEFAULT);
    fails!(winsock2, winsock2::getsockopt(s, SOL_SOCKET, SO_TYPE, &mut value, &mut 3), WSAEFAULT);
    fails!(winsock2, winsock2::setsockopt(s, 77, SO_TYPE, &1, 4), WSAEINVAL);
    fails!(winsock2, winsock2::setsockopt(s, SOL_SOCKET, SO_TYPE, &1, 4), WSAENOPROTOOPT);
    fails!(winsock2, winsock2::setsockopt(s, SOL_SOCKET, SO_KEEPALIVE, Pointer::Null, 4), WSAEFAULT);
    fails!(winsock2, winsock2::setsockopt(s, SOL_SOCKET, SO_KEEPALIVE, &1, 0), WSAEFAULT);
    fails!(winsock2, winsock2::setsockopt(s, SOL_SOCKET, SO_RCVBUF, &1, 3), WSAEFAULT);
    fails!(winsock2, winsock2::setsockopt(s, SOL_SOCKET, SO_KEEPALIVE, &1, -1), WSAEFAULT);

    let _world = crate::world::winsock1::started();
    let s = crate::world::winsock1::stream();
    fails!(winsock1, winsock1::getsockopt(s, 77, SO_TYPE, &mut value, &mut len), WSAENOPROTOOPT);
    fails!(winsock1, winsock1::setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &1, 4), WSAENOPROTOOPT);
}

#[test]
fn a_limit_of_time_ends_a_receive_as_timed_out() {
    let world = started();
    let to = world.udp(world.server, 7, UdpBehaviour::Sink);
    let s = datagram();
    returns!(sends_to(s, b"x", to), 1);
    returns!(winsock2::setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &1_500, 4), 0);
    let before = world.now();
    fails!(winsock2, receives(s, &mut [0; 4]), WSAETIMEDOUT);
    assert_eq!(world.now() - before, Duration::from_millis(1_500));
}

#[test]
fn limits_of_time_are_numbers_without_a_sign() {
    let _world = started();
    for name in [SO_SNDTIMEO, SO_RCVTIMEO] {
        let s = datagram();
        for millis in [1_u32, i32::MAX as u32, 0x8000_0000, u32::MAX, 0] {
            returns!(winsock2::setsockopt(s, SOL_SOCKET, name, &millis.cast_signed(), 4), 0);
            assert_eq!(option(s, SOL_SOCKET, name).cast_unsigned(), millis);
        }
    }
}

#[test]
fn the_time_of_a_connection_is_counted_in_seconds() {
    let world = started();
    let to = world.server_is(Behaviour::Answer);
    let s = stream();
    assert_eq!(option(s, SOL_SOCKET, SO_CONNECT_TIME), -1);
    returns!(connects(s, to), 0);
    world.pass(Duration::from_secs(7));
    assert_eq!(option(s, SOL_SOCKET, SO_CONNECT_TIME), 7);
    assert_eq!(option(datagram(), SOL_SOCKET, SO_CONNECT_TIME), -1);
}

#[test]
fn ioctlsocket_tells_what_could_be_received() {
    let world = started();
    let to = world.udp(world.server, 7, UdpBehaviour::Echo);
    let s = datagram();
    returns!(sends_to(s, b"seven!!", to), 7);
    world.pass(Duration::from_secs(1));
    let mut octets = 0;
    returns!(ioctlsocket(s, FIONREAD, &mut octets), 0);
    assert_eq!(octets, 7);
    let mut at_mark = 0;
    returns!(ioctlsocket(stream(), SIOCATMARK, &mut at_mark), 0);
    assert_eq!(at_mark, 1);
    fails!(winsock2, ioctlsocket(s, 0x8004_6600, &mut octets), WSAEINVAL);
    fails!(winsock2, ioctlsocket(s, FIONBIO, PointerMut::Null), WSAEFAULT);
    fails!(winsock2, ioctlsocket(INVALID_SOCKET, FIONBIO, &mut octets), WSAENOTSOCK);
}
