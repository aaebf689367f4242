//! Blocking hooks: what a thread does while a blocking call waits, and how it takes the call back.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::thread;

use synsent_dialects::winsock1::*;
use synsent_dialects::{Process, winsock1, winsock2};
use synsent_lab::{Behaviour, LabNetwork};
use synsent_sockets::{IDLE_CALLS_MAX, IDLE_SLICE, thread_number};
use synsent_stack::Duration;

use crate::world::winsock1::*;
use crate::world::{fails, returns};

/// A hook that counts its calls and takes the blocking call back in this one.
fn cancels_in(call: u32) -> (BlockingHook, Rc<Cell<u32>>) {
    let calls = Rc::new(Cell::new(0));
    let counted = Rc::clone(&calls);
    let hook = move || {
        counted.set(counted.get() + 1);
        if counted.get() == call {
            returns!(WSACancelBlockingCall(), 0);
        }
        false
    };
    (Rc::new(hook), calls)
}

#[test]
fn a_connect_is_taken_back_from_its_hook() {
    let world = started();
    let peer = world.server_is(Behaviour::Silent);
    let (hook, calls) = cancels_in(5);
    returns!(WSASetBlockingHook(hook), 0);
    let began = world.now();
    fails!(winsock1, connects(stream(), peer), WSAEINTR);
    assert_eq!(calls.get(), 5);
    assert_eq!(world.now().since(began), IDLE_SLICE.saturating_mul(4), "between two calls of the hook time passes");
    returns!(WSAUnhookBlockingHook(), 0);
    fails!(winsock1, connects(stream(), peer), WSAETIMEDOUT);
    assert_eq!(calls.get(), 5);
}

#[test]
fn a_call_ends_as_it_would_without_the_hook_and_the_hook_is_called_meanwhile() {
    let world = started();
    let (hook, calls) = cancels_in(u32::MAX);
    returns!(WSASetBlockingHook(hook), 0);
    let began = world.now();
    fails!(winsock1, connects(stream(), world.server_is(Behaviour::Silent)), WSAETIMEDOUT);
    assert_eq!(world.now().since(began), Duration::from_secs(21));
    assert!(calls.get() >= 2_100, "{}", calls.get());
    calls.set(0);
    let late = world.server_is(Behaviour::SilentAfterAccept);
    let s = stream();
    returns!(connects(s, late), 0);
    assert_eq!(selected(s, 1), (false, true, false, 1));
    let mut set = FdSet::default();
    FD_SET(s, &mut set);
    let limit = TimeVal { tv_sec: 1, tv_usec: 0 };
    returns!(winsock1::select(0, Some(&mut set), None, None, Some(&limit)), 0);
    assert!(calls.get() >= 100, "select waits with the hook too");
}

#[test]
fn any_other_call_from_a_hook_is_refused_in_both_libraries() {
    let world = started();
    let network = LabNetwork::new(&world.lab, world.us.host);
    let both = Process::new(&winsock2::WINSOCK2, network);
    let _entered = both.enter();
    returns!(winsock2::WSAStartup(0x0202, Some(&mut winsock2::WSADATA::default())), 0);
    let [s, other] = [(), ()].map(|()| stream());
    let of_two = winsock2::socket(AF_INET, SOCK_STREAM, 0);
    let peer = world.server_is(Behaviour::Silent);
    let codes = Rc::new(RefCell::new(Vec::new()));
    let noted = Rc::clone(&codes);
    assert!(!WSAIsBlocking());
    let hook = move || {
        assert!(WSAIsBlocking());
        let name = sockaddr(&peer);
        let note = |call: &'static str, value: i32| {
            assert_eq!(value, SOCKET_ERROR, "{call}");
            noted.borrow_mut().push((call, winsock1::WSAGetLastError()));
        };
        note("connect", connects(other, peer));
        note("connect of 2", winsock2::connect(of_two, &name[..], 16));
        note("recv", receives(s, &mut [0; 4]));
        note("closesocket", winsock1::closesocket(s));
        note("WSACleanup", winsock1::WSACleanup());
        note("WSACleanup of 2", winsock2::WSACleanup());
        assert_eq!(winsock1::socket(AF_INET, SOCK_STREAM, 0), INVALID_SOCKET);
        assert_eq!(winsock1::WSAGetLastError(), WSAEINPROGRESS);
        returns!(WSACancelBlockingCall(), 0);
        false
    };
    returns!(WSASetBlockingHook(Rc::new(hook)), 0);
    fails!(winsock1, connects(s, peer), WSAEINTR);
    assert_eq!(codes.borrow().len(), 6);
    assert!(codes.borrow().iter().all(|(_, code)| *code == WSAEINPROGRESS), "{codes:?}");
    returns!(WSAUnhookBlockingHook(), 0);
    returns!(winsock1::closesocket(s), 0);
}

#[test]
fn without_a_blocking_call_there_is_nothing_to_take_back() {
    let _world = started();
    fails!(winsock1, WSACancelBlockingCall(), WSAEINVAL);
    fails!(winsock1, winsock1::cancel_blocking_call_of(thread_number()), WSAEINVAL);
    fails!(winsock1, winsock1::cancel_blocking_call_of(3), WSAEINVAL);
}

#[test]
fn another_thread_takes_the_call_back_of_the_thread_that_it_names() {
    let world = started();
    let peer = world.server_is(Behaviour::Answer);
    let s = stream();
    returns!(connects(s, peer), 0);
    let waits = thread_number();
    let process = Arc::clone(&world.process);
    // As long as the other has its seat, the call waits, although nothing is left to happen.
    let seat = world.lab.seat();
    let other = thread::spawn(move || {
        let _seat = seat.take();
        let _entered = process.enter();
        while winsock1::cancel_blocking_call_of(waits) != 0 {
            thread::yield_now();
        }
    });
    fails!(winsock1, receives(s, &mut [0; 4]), WSAEINTR);
    other.join().unwrap();
    returns!(sends(s, b"x"), 1);
    returns!(receives(s, &mut [0; 4]), 1);
}

#[test]
fn a_hook_that_always_has_more_to_do_does_not_keep_a_call_from_its_end() {
    let world = started();
    let calls = Rc::new(Cell::new(0));
    let counted = Rc::clone(&calls);
    let hook = move || {
        counted.set(counted.get() + 1);
        true
    };
    returns!(WSASetBlockingHook(Rc::new(hook)), 0);
    returns!(connects(stream(), world.server_is(Behaviour::Answer)), 0);
    assert!(calls.get() >= IDLE_CALLS_MAX);
    returns!(WSAUnhookBlockingHook(), 0);
}
