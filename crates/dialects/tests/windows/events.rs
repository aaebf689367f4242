//! Event objects, WSAEventSelect and WSAEnumNetworkEvents, and the other objects that can be waited for.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;

use synsent_dialects::desk::{OBJECTS_MAX, Owned, WAIT_OBJECTS_MAX, Waited, Wrong};
use synsent_dialects::winsock2::{self, *};
use synsent_lab::{Behaviour, UdpBehaviour};
use synsent_sockets::{PointerMut, thread_number};
use synsent_stack::Duration;

use crate::world::winsock2::*;
use crate::world::{fails, returns};

const ALL: i32 = FD_READ | FD_WRITE | FD_OOB | FD_ACCEPT | FD_CONNECT | FD_CLOSE;
const CONNECT_BIT: usize = 4;

/// The events that were recorded of a socket, and the code of FD_CONNECT.
fn recorded(s: SOCKET, event: WSAEVENT) -> (i32, i32) {
    let mut events = WSANETWORKEVENTS::default();
    returns!(WSAEnumNetworkEvents(s, event, Some(&mut events)), 0);
    (events.lNetworkEvents, events.iErrorCode[CONNECT_BIT])
}

fn wait(events: &[WSAEVENT], millis: u32) -> u32 {
    WSAWaitForMultipleEvents(events, false, millis, false)
}

#[test]
fn a_connection_sets_the_event_and_its_code_is_told() {
    let world = started();
    let (s, event) = (stream(), WSACreateEvent());
    returns!(WSAEventSelect(s, event, ALL), 0);
    fails!(winsock2, connects(s, world.server_is(Behaviour::Answer)), WSAEWOULDBLOCK);
    assert_eq!(wait(&[event], WSA_INFINITE), WSA_WAIT_EVENT_0);
    assert_eq!(recorded(s, event), (FD_CONNECT | FD_WRITE, 0));
    assert_eq!(wait(&[event], 1_000), WSA_WAIT_TIMEOUT, "it was reset, and nothing is told twice");
    returns!(sends(s, b"x"), 1);
    assert_eq!(wait(&[event], WSA_INFINITE), WSA_WAIT_EVENT_0);
    assert_eq!(recorded(s, 0), (FD_READ, 0));
    assert_eq!(wait(&[event], 0), WSA_WAIT_EVENT_0, "nobody reset it");
}

#[test]
fn a_failure_sets_the_event_and_its_code_is_told() {
    let world = started();
    for (behaviour, code) in [(Behaviour::Refuse, WSAECONNREFUSED), (Behaviour::Silent, WSAETIMEDOUT)] {
        let (s, event, peer) = (stream(), WSACreateEvent(), world.server_is(behaviour));
        returns!(WSAEventSelect(s, event, FD_CONNECT), 0);
        fails!(winsock2, connects(s, peer), WSAEWOULDBLOCK);
        assert_eq!(wait(&[event], WSA_INFINITE), WSA_WAIT_EVENT_0);
        assert_eq!(option(s, SOL_SOCKET, SO_ERROR), code, "and reading it takes nothing from the record");
        assert_eq!(recorded(s, event), (FD_CONNECT, code));
        assert_eq!(recorded(s, event), (0, 0));
    }
}

#[test]
fn a_connection_that_was_made_before_is_recorded_too() {
    let world = started();
    let (s, event) = (stream(), WSACreateEvent());
    returns!(connects(s, world.server_is(Behaviour::Answer)), 0);
    returns!(WSAEventSelect(s, event, ALL), 0);
    assert_eq!(wait(&[event], 0), WSA_WAIT_EVENT_0);
    assert_eq!(recorded(s, event), (FD_CONNECT | FD_WRITE, 0));
}

#[test]
fn a_datagram_socket_is_told_of_its_peer() {
    let world = started();
    let (s, event) = (datagram(), WSACreateEvent());
    returns!(WSAEventSelect(s, event, ALL), 0);
    assert_eq!(recorded(s, event), (0, 0));
    returns!(connects(s, world.udp(world.server, 7, UdpBehaviour::Echo)), 0);
    assert_eq!(wait(&[event], WSA_INFINITE), WSA_WAIT_EVENT_0);
    assert_eq!(recorded(s, event), (FD_CONNECT | FD_WRITE, 0));
}

#[test]
fn what_is_wrong_is_told() {
    let _world = started();
    let (s, event) = (stream(), WSACreateEvent());
    fails!(winsock2, WSAEventSelect(s, event + 4, FD_READ), WSAEINVAL);
    fails!(winsock2, WSAEventSelect(s, 0, FD_READ), WSAEINVAL);
    fails!(winsock2, WSAEventSelect(s, event, 0x8000), WSAEINVAL);
    fails!(winsock2, WSAEventSelect(s + 4, event, FD_READ), WSAENOTSOCK);
    fails!(winsock2, WSAEnumNetworkEvents(s, event, None), WSAEFAULT);
    returns!(WSAEventSelect(s, event, FD_READ), 0);
    fails!(winsock2, winsock2::ioctlsocket(s, FIONBIO, &mut 0), WSAEINVAL);
    returns!(WSAEventSelect(s, 0, 0), 0);
    returns!(winsock2::ioctlsocket(s, FIONBIO, &mut 0), 0);
    assert!(WSACloseEvent(event) && !WSACloseEvent(event) && !WSASetEvent(event));
    assert_eq!(winsock2::WSAGetLastError(), WSA_INVALID_HANDLE);
    assert_eq!(wait(&[event], 0), WSA_WAIT_FAILED);
    assert_eq!(winsock2::WSAGetLastError(), WSA_INVALID_HANDLE);
    for count in [0, WAIT_OBJECTS_MAX + 1] {
        let events: Vec<_> = (0..count).map(|_| WSACreateEvent()).collect();
        assert_eq!(wait(&events, 0), WSA_WAIT_FAILED);
        assert_eq!(winsock2::WSAGetLastError(), WSA_INVALID_PARAMETER);
    }
}

#[test]
fn events_are_set_and_reset_by_hand_and_waited_for_together() {
    let world = started();
    let [one, other] = [(), ()].map(|()| WSACreateEvent());
    assert!(WSASetEvent(other));
    assert_eq!(wait(&[one, other], WSA_INFINITE), WSA_WAIT_EVENT_0 + 1);
    let began = world.now();
    assert_eq!(WSAWaitForMultipleEvents(&[one, other], true, 500, false), WSA_WAIT_TIMEOUT);
    assert_eq!(world.now().since(began), Duration::from_millis(500));
    assert!(WSASetEvent(one));
    assert_eq!(WSAWaitForMultipleEvents(&[one, other], true, 500, false), WSA_WAIT_EVENT_0);
    assert!(WSAResetEvent(other));
    assert_eq!(wait(&[other], 0), WSA_WAIT_TIMEOUT);
}

#[test]
fn another_thread_sets_what_is_waited_for() {
    let world = started();
    let event = WSACreateEvent();
    let process = Arc::clone(&world.process);
    let seat = world.lab.seat();
    // No time passes before this thread waits too.
    process.network().ticket();
    let began = world.now();
    let other = thread::spawn(move || {
        let _seat = seat.take();
        let _entered = process.enter();
        process.desk().sleep(Duration::from_secs(3));
        assert!(WSASetEvent(event));
    });
    assert_eq!(wait(&[event], WSA_INFINITE), WSA_WAIT_EVENT_0);
    assert!(world.now().since(began) >= Duration::from_secs(3));
    other.join().unwrap();
}

#[test]
fn mutexes_semaphores_and_threads_let_pass_whom_they_should() {
    let world = started();
    let desk = world.desk();
    let make = |owned| desk.make_object(owned, None).unwrap().handle;
    let look = |handle| desk.wait_for(&[handle], false, Some(Duration::ZERO), false).unwrap();
    let mutex = make(Owned::Mutex { is_owned: true });
    assert_eq!(look(mutex), Waited::Object(0), "its owner passes again");
    let theirs = Arc::clone(&desk);
    let refused = thread::spawn(move || {
        let waited = theirs.wait_for(&[mutex], false, Some(Duration::ZERO), false);
        (waited, theirs.release_mutex(mutex))
    });
    assert_eq!(refused.join().unwrap(), (Ok(Waited::TimeOver), Err(Wrong::NotMutexOwner)));
    for _ in 0..2 {
        desk.release_mutex(mutex).unwrap();
    }
    assert_eq!(desk.release_mutex(mutex), Err(Wrong::NotMutexOwner));
    let semaphore = make(Owned::Semaphore { count: 1, limit: 2 });
    assert_eq!((look(semaphore), look(semaphore)), (Waited::Object(0), Waited::TimeOver));
    assert_eq!(
        (desk.release_semaphore(semaphore, 2), desk.release_semaphore(semaphore, 1)),
        (Ok(0), Err(Wrong::Semaphore))
    );
    assert_eq!(desk.make_object(Owned::Semaphore { count: 3, limit: 2 }, None), Err(Wrong::Argument));
    let once = make(Owned::Event { by_hand: false, is_set: true });
    assert_eq!((look(once), look(once)), (Waited::Object(0), Waited::TimeOver));
    let thread = make(Owned::Thread);
    desk.thread_began(thread, 4_004);
    assert_eq!((look(thread), desk.exit_code(thread)), (Waited::TimeOver, Ok(None)));
    desk.thread_ended_with(4_004, 9);
    assert_eq!((look(thread), desk.exit_code(thread)), (Waited::Object(0), Ok(Some(9))));
    assert_eq!((desk.exit_code(mutex), desk.set_event(mutex, true)), (Err(Wrong::Handle), Err(Wrong::Handle)));
}

#[test]
fn a_name_leads_to_the_same_object_and_a_full_table_takes_no_more() {
    let world = started();
    let desk = world.desk();
    let event = Owned::Event { by_hand: true, is_set: false };
    let first = desk.make_object(event, Some("n")).unwrap();
    let second = desk.make_object(event, Some("n")).unwrap();
    assert!(!first.was_there && second.was_there && first.handle != second.handle);
    desk.set_event(first.handle, true).unwrap();
    desk.close_handle(first.handle).unwrap();
    assert_eq!(desk.wait_for(&[second.handle], false, Some(Duration::ZERO), false), Ok(Waited::Object(0)));
    assert_eq!(desk.make_object(Owned::Mutex { is_owned: false }, Some("n")), Err(Wrong::Handle));
    for _ in 1..OBJECTS_MAX {
        desk.make_object(event, None).unwrap();
    }
    assert_eq!(desk.make_object(event, None), Err(Wrong::TooMany));
    assert_eq!(WSACreateEvent(), WSA_INVALID_EVENT);
    assert_eq!(winsock2::WSAGetLastError(), WSA_NOT_ENOUGH_MEMORY);
    desk.close_handle(second.handle).unwrap();
    assert_ne!(WSACreateEvent(), WSA_INVALID_EVENT);
}

#[test]
fn a_mutex_whose_owner_has_ended_is_passed_as_abandoned() {
    let world = started();
    let desk = world.desk();
    let wait = |handle| desk.wait_for(&[handle], false, Some(Duration::ZERO), false).unwrap();
    let theirs = Arc::clone(&desk);
    let made = thread::spawn(move || theirs.make_object(Owned::Mutex { is_owned: true }, None).unwrap().handle);
    let made = made.join().unwrap();
    assert_eq!((wait(made), wait(made)), (Waited::Abandoned(0), Waited::Object(0)));
    let waited_for = desk.make_object(Owned::Mutex { is_owned: false }, None).unwrap().handle;
    let theirs = Arc::clone(&desk);
    let owner = thread::spawn(move || {
        assert_eq!(theirs.wait_for(&[waited_for], false, None, false), Ok(Waited::Object(0)));
    });
    owner.join().unwrap();
    assert_eq!(wait(waited_for), Waited::Abandoned(0));
    // Who hears of the end of a thread finds its mutexes abandoned at once.
    desk.thread_ended_with(thread_number(), 0);
    let theirs = Arc::clone(&desk);
    let next = thread::spawn(move || theirs.wait_for(&[made], false, Some(Duration::ZERO), false));
    assert_eq!(next.join().unwrap(), Ok(Waited::Abandoned(0)));
}

#[test]
fn a_connection_that_was_put_off_and_accepted_then_makes_room_for_the_next_news() {
    let world = started();
    let here = SocketAddr::from(([127, 0, 0, 1], 4_000));
    let (listener, event) = (stream(), WSACreateEvent());
    returns!(binds(listener, here), 0);
    returns!(winsock2::listen(listener, 5), 0);
    returns!(WSAEventSelect(listener, event, FD_ACCEPT), 0);
    let connect = || {
        let s = stream();
        returns!(winsock2::ioctlsocket(s, FIONBIO, &mut 1), 0);
        fails!(winsock2, connects(s, here), WSAEWOULDBLOCK);
        world.pass(Duration::from_secs(1));
    };
    let accepts =
        |answer| WSAAccept(listener, PointerMut::Null, PointerMut::Null, Some(&mut |_: &[u8], _: &[u8]| answer));
    connect();
    assert_eq!(recorded(listener, event), (FD_ACCEPT, 0));
    assert_eq!(accepts(CF_DEFER), INVALID_SOCKET);
    assert_eq!(recorded(listener, event), (0, 0), "a connection that was put off is no news");
    assert_ne!(accepts(CF_ACCEPT), INVALID_SOCKET);
    assert_eq!(recorded(listener, event), (0, 0));
    connect();
    assert_eq!(recorded(listener, event), (FD_ACCEPT, 0));
}
