//! select and its sets.

use synsent_dialects::winsock2::{self, *};
use synsent_lab::{Behaviour, UdpBehaviour};
use synsent_stack::Duration;

use crate::world::winsock2::*;
use crate::world::{fails, returns};

#[test]
fn a_set_has_room_for_sixty_four_and_each_is_in_it_once() {
    let mut set = FdSet::default();
    for s in (0..100).chain(0..10) {
        FD_SET(s, &mut set);
    }
    assert_eq!(set.fd_count, 64);
    assert!(FD_ISSET(63, &set) && !FD_ISSET(64, &set));
    FD_CLR(0, &mut set);
    FD_CLR(99, &mut set);
    assert_eq!((set.fd_count, set.sockets()[0], set.sockets()[62]), (63, 1, 63));
    FD_ZERO(&mut set);
    assert!(!FD_ISSET(1, &set));
    set.fd_count = u32::MAX;
    assert_eq!(set.sockets().len(), FD_SETSIZE);
}

#[test]
fn nothing_to_wait_for_is_nothing_to_ask() {
    let _world = started();
    fails!(winsock2, winsock2::select(0, None, None, None, None), WSAEINVAL);
    let mut empty = FdSet::default();
    fails!(winsock2, winsock2::select(0, Some(&mut empty), None, None, None), WSAEINVAL);
    let s = datagram();
    let mut set = FdSet::default();
    FD_SET(s, &mut set);
    FD_SET(s + 4, &mut set);
    fails!(winsock2, winsock2::select(0, Some(&mut set), None, None, None), WSAENOTSOCK);
    assert_eq!(set.fd_count, 2);
    FD_CLR(s + 4, &mut set);
    for bad in [TimeVal { tv_sec: -1, tv_usec: 0 }, TimeVal { tv_sec: 0, tv_usec: -1 }] {
        fails!(winsock2, winsock2::select(0, Some(&mut set), None, None, Some(&bad)), WSAEINVAL);
    }
}

#[test]
fn only_those_stay_that_can_do_something_and_the_time_is_kept() {
    let world = started();
    let to = world.udp(world.server, 7, UdpBehaviour::Echo);
    let (hears, waits) = (datagram(), datagram());
    returns!(sends_to(hears, b"x", to), 1);
    returns!(sends_to(waits, b"x", world.server.at(7)), 1);
    returns!(receives(waits, &mut [0; 4]), 1);
    let mut set = FdSet::default();
    FD_SET(waits, &mut set);
    FD_SET(hears, &mut set);
    returns!(winsock2::select(0, Some(&mut set), None, None, None), 1);
    assert_eq!(set.sockets(), [hears]);
    let mut set = FdSet::default();
    FD_SET(waits, &mut set);
    let before = world.now();
    let limit = TimeVal { tv_sec: 3, tv_usec: 500_000 };
    returns!(winsock2::select(0, Some(&mut set), None, None, Some(&limit)), 0);
    assert_eq!(set.fd_count, 0);
    assert_eq!(world.now() - before, Duration::from_millis(3_500));
}

#[test]
fn a_listener_with_a_connection_and_an_ended_stream_are_readable() {
    let world = started();
    let to = world.server_is(Behaviour::CloseAfterAccept);
    let s = stream();
    returns!(connects(s, to), 0);
    world.pass(Duration::from_secs(1));
    assert_eq!(selected(s, 0), (true, true, false, 2));
    returns!(receives(s, &mut [0; 4]), 0);
    let s = stream();
    returns!(binds(s, "0.0.0.0:5000".parse().unwrap()), 0);
    returns!(listen(s, 5), 0);
    assert_eq!(selected(s, 0), (false, false, false, 0));
    world.lab.with(|lab| lab.connect(world.server.host, world.us.at(5_000))).unwrap();
    assert_eq!(selected(s, 10), (true, false, false, 1));
}
