//! WSAAsyncSelect, windows and their messages.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use synsent_dialects::desk::{
    CLASSES_MAX, Creation, Desk, Fetch, Filter, MESSAGES_MAX, Msg, Of, Patience, Procedure, REGISTERED_MESSAGES_MAX,
    TIMERS_MAX, WINDOWS_MAX, Wrong,
};
use synsent_dialects::winsock1::{self, *};
use synsent_lab::{Behaviour, UdpBehaviour};
use synsent_sockets::thread_number;
use synsent_stack::Duration;

use crate::world::winsock1::*;
use crate::world::{World, fails, returns};

const WM_SOCKET: u32 = 0x400 + 1;
const WM_TIMER: u32 = 0x113;
const WM_QUIT: u32 = 0x12;
const ALL: i32 = FD_READ | FD_WRITE | FD_OOB | FD_ACCEPT | FD_CONNECT | FD_CLOSE;

fn window(desk: &Arc<Desk>) -> usize {
    // Another test's desk is another desk, and this one may have the class from an earlier window.
    let _ = desk.register_class("test", Procedure::of(|_, _, _, _| 0), 0);
    desk.create_window("TEST", Creation::default()).unwrap()
}

fn fetch(of: Of, patience: Patience) -> Fetch {
    Fetch { filter: Filter { of, between: (0, 0) }, patience, removes: true }
}

/// The next message, waited for.
fn next(desk: &Arc<Desk>) -> Msg {
    desk.fetch(fetch(Of::Thread, Patience::Waits)).unwrap().unwrap()
}

/// The next message if there is one.
fn peek(desk: &Arc<Desk>) -> Option<Msg> {
    desk.fetch(fetch(Of::Thread, Patience::Looks)).unwrap()
}

/// The event and the error of a message about a socket.
fn event(msg: Msg, s: SOCKET) -> (i32, i32) {
    assert_eq!((msg.message, msg.wparam), (WM_SOCKET, s));
    (WSAGETSELECTEVENT(msg.lparam), WSAGETSELECTERROR(msg.lparam))
}

fn selects(s: SOCKET, window: usize, events: i32) {
    returns!(WSAAsyncSelect(s, window, WM_SOCKET, events), 0);
}

#[test]
fn a_connection_is_told_once_and_then_that_there_is_room() {
    let world = started();
    let (desk, s) = (world.desk(), stream());
    let peer = world.server_is(Behaviour::Answer);
    selects(s, window(&desk), ALL);
    fails!(winsock1, connects(s, peer), WSAEWOULDBLOCK);
    assert_eq!(event(next(&desk), s), (FD_CONNECT, 0));
    assert_eq!(event(next(&desk), s), (FD_WRITE, 0));
    world.pass(Duration::from_secs(5));
    assert_eq!(peek(&desk), None);
}

#[test]
fn data_is_told_until_it_is_received_and_the_end_comes_after_it() {
    let world = started();
    let (desk, s) = (world.desk(), stream());
    let peer = world.server_is(Behaviour::Answer);
    selects(s, window(&desk), FD_READ | FD_CLOSE);
    fails!(winsock1, connects(s, peer), WSAEWOULDBLOCK);
    world.pass(Duration::from_secs(1));
    returns!(sends(s, b"hello"), 5);
    returns!(winsock1::shutdown(s, 1), 0);
    assert_eq!(event(next(&desk), s), (FD_READ, 0));
    world.pass(Duration::from_secs(5));
    assert_eq!(peek(&desk), None, "told once, and the end does not come before the data");
    let mut octets = [0; 2];
    returns!(receives(s, &mut octets), 2);
    assert_eq!(event(next(&desk), s), (FD_READ, 0), "some is left");
    returns!(receives(s, &mut [0; 9]), 3);
    assert_eq!(event(next(&desk), s), (FD_CLOSE, 0));
    returns!(receives(s, &mut octets), 0);
    assert_eq!(peek(&desk), None);
}

#[test]
fn failures_are_told_with_their_code_and_immediate_ones_not_at_all() {
    let world = started();
    let desk = world.desk();
    let window = window(&desk);
    for (behaviour, code) in [(Behaviour::Refuse, WSAECONNREFUSED), (Behaviour::Silent, WSAETIMEDOUT)] {
        let (s, peer) = (stream(), world.server_is(behaviour));
        selects(s, window, ALL);
        fails!(winsock1, connects(s, peer), WSAEWOULDBLOCK);
        assert_eq!(event(next(&desk), s), (FD_CONNECT, code));
        assert_eq!(peek(&desk), None);
        returns!(winsock1::closesocket(s), 0);
    }
    let s = stream();
    selects(s, window, ALL);
    fails!(winsock1, connects(s, "0.0.0.0:80".parse().unwrap()), WSAEADDRNOTAVAIL);
    world.pass(Duration::from_secs(30));
    assert_eq!(peek(&desk), None);
    // The attempt after it is told.
    fails!(winsock1, connects(s, world.server_is(Behaviour::Answer)), WSAEWOULDBLOCK);
    assert_eq!(event(next(&desk), s), (FD_CONNECT, 0));
}

#[test]
fn a_reset_is_told_as_the_end_with_its_code() {
    let world = started();
    let (desk, s) = (world.desk(), stream());
    selects(s, window(&desk), FD_CLOSE);
    fails!(winsock1, connects(s, world.server_is(Behaviour::ResetAfterAccept)), WSAEWOULDBLOCK);
    assert_eq!(event(next(&desk), s), (FD_CLOSE, WSAECONNRESET));
    world.pass(Duration::from_secs(5));
    assert_eq!(peek(&desk), None);
}

#[test]
fn room_is_told_again_after_a_send_that_found_none() {
    let world = started();
    let (desk, s) = (world.desk(), stream());
    selects(s, window(&desk), FD_WRITE | FD_READ);
    fails!(winsock1, connects(s, world.server_is(Behaviour::Answer)), WSAEWOULDBLOCK);
    assert_eq!(event(next(&desk), s), (FD_WRITE, 0));
    assert_eq!(peek(&desk), None);
    let full = [7; 60_000];
    while sends(s, &full) > 0 {}
    assert_eq!(winsock1::WSAGetLastError(), WSAEWOULDBLOCK);
    let mut told = Vec::new();
    while !told.contains(&FD_WRITE) {
        let (what, code) = event(next(&desk), s);
        assert_eq!(code, 0);
        if what == FD_READ {
            assert!(receives(s, &mut [0; 30_000]) > 0);
        }
        told.push(what);
    }
}

#[test]
fn accepted_sockets_inherit_what_their_listener_is_told() {
    let world = started();
    let desk = world.desk();
    let listener = stream();
    returns!(binds(listener, world.us.at(7000)), 0);
    selects(listener, window(&desk), ALL);
    returns!(winsock1::listen(listener, 5), 0);
    let client = stream();
    fails!(winsock1, connects(nonblocking(client), world.us.at(7000)), WSAEWOULDBLOCK);
    assert_eq!(event(next(&desk), listener), (FD_ACCEPT, 0));
    assert_eq!(peek(&desk), None, "told once");
    let accepted = winsock1::accept(listener, synsent_sockets::PointerMut::Null, synsent_sockets::PointerMut::Null);
    assert_ne!(accepted, INVALID_SOCKET);
    assert_eq!(event(next(&desk), accepted), (FD_WRITE, 0), "a connection that was accepted was not made by connect");
    returns!(sends(client, b"x"), 1);
    assert_eq!(event(next(&desk), accepted), (FD_READ, 0));
    returns!(winsock1::closesocket(accepted), 0);
    returns!(winsock1::closesocket(client), 0);
    assert_eq!(peek(&desk), None);
}

#[test]
fn a_selected_socket_does_not_block_until_the_selection_is_taken_back() {
    let world = started();
    let (desk, s) = (world.desk(), datagram());
    let window = window(&desk);
    returns!(binds(s, world.us.at(7)), 0);
    selects(s, window, FD_READ);
    fails!(winsock1, winsock1::ioctlsocket(s, FIONBIO, &mut 0), WSAEINVAL);
    fails!(winsock1, receives(s, &mut [0; 4]), WSAEWOULDBLOCK);
    selects(s, 0, 0);
    fails!(winsock1, receives(s, &mut [0; 4]), WSAEWOULDBLOCK);
    returns!(winsock1::ioctlsocket(s, FIONBIO, &mut 0), 0);
}

#[test]
fn what_no_window_and_no_event_is_is_refused() {
    let world = started();
    let (desk, s) = (world.desk(), stream());
    let window = window(&desk);
    for bad in [0, 1, usize::MAX, window + 2] {
        fails!(winsock1, WSAAsyncSelect(s, bad, WM_SOCKET, FD_READ), WSAEINVAL);
    }
    fails!(winsock1, WSAAsyncSelect(s, window, WM_SOCKET, FD_READ | 0x4000), WSAEINVAL);
    fails!(winsock1, WSAAsyncSelect(s + 4, window, WM_SOCKET, FD_READ), WSAENOTSOCK);
    // It was not made non-blocking by any of these.
    returns!(connects(s, world.server_is(Behaviour::Answer)), 0);
}

#[test]
fn datagrams_are_told_one_after_another() {
    let world = started();
    let (desk, s) = (world.desk(), datagram());
    let echo = world.udp(world.server, 7, UdpBehaviour::Echo);
    selects(s, window(&desk), FD_READ | FD_WRITE);
    assert_eq!(peek(&desk), None, "a socket without a name tells nothing");
    for octets in [&b"one"[..], b"two"] {
        returns!(sends_to(s, octets, echo), 3);
    }
    assert_eq!(event(next(&desk), s), (FD_WRITE, 0));
    for _ in 0..2 {
        assert_eq!(event(next(&desk), s), (FD_READ, 0));
        returns!(receives(s, &mut [0; 9]), 3);
    }
    assert_eq!(peek(&desk), None);
}

#[test]
fn a_closed_socket_and_a_window_that_is_gone_tell_nothing() {
    let world = started();
    let desk = world.desk();
    let (first, second) = (window(&desk), window(&desk));
    let [closed, orphan] = [(), ()].map(|()| stream());
    let peer = world.server_is(Behaviour::Answer);
    for (s, window) in [(closed, first), (orphan, second)] {
        selects(s, window, ALL);
        fails!(winsock1, connects(s, peer), WSAEWOULDBLOCK);
    }
    returns!(winsock1::closesocket(closed), 0);
    desk.destroy_window(second).unwrap();
    world.pass(Duration::from_secs(1));
    assert_eq!(peek(&desk), None);
    returns!(winsock1::ioctlsocket(orphan, FIONBIO, &mut 0), 0);
}

#[test]
fn messages_come_in_their_order_and_by_their_filter_and_the_end_after_them() {
    let world = started();
    let desk = world.desk();
    let (one, other) = (window(&desk), window(&desk));
    desk.post_quit(3);
    desk.post(one, 0x401, 1, 2).unwrap();
    desk.post(other, 0x402, 3, 4).unwrap();
    desk.post_to_thread(thread_number(), 0x403, 5, 6).unwrap();
    let only =
        |of, between| desk.fetch(Fetch { filter: Filter { of, between }, ..fetch(of, Patience::Looks) }).unwrap();
    assert_eq!(only(Of::Window(other), (0, 0)).map(|msg| (msg.message, msg.wparam, msg.lparam)), Some((0x402, 3, 4)));
    assert_eq!(only(Of::ThreadAlone, (0, 0)).map(|msg| msg.message), Some(0x403));
    assert_eq!(only(Of::Thread, (0x401, 0x401)).map(|msg| msg.window), Some(one));
    assert_eq!(next(&desk).message, WM_QUIT);
    assert_eq!(peek(&desk), None);
}

#[test]
fn a_timer_comes_in_the_time_of_the_network() {
    let world = started();
    let desk = world.desk();
    let window = window(&desk);
    assert_eq!(desk.set_timer(window, 5, 30_000, 77), Ok(5));
    let began = world.now();
    for _ in 0..2 {
        let msg = next(&desk);
        assert_eq!((msg.message, msg.wparam, msg.lparam), (WM_TIMER, 5, 77));
    }
    assert_eq!(world.now().since(began), Duration::from_secs(60));
    desk.kill_timer(window, 5).unwrap();
    assert_eq!(desk.kill_timer(window, 5), Err(Wrong::Timer));
}

#[test]
fn a_message_that_is_sent_is_done_by_the_thread_of_its_window() {
    let world = started();
    let desk = world.desk();
    let by = Arc::new(AtomicUsize::new(0));
    let noted = Arc::clone(&by);
    let procedure = Procedure::of(move |_, message, wparam, _| {
        noted.store(thread_number() as usize, Ordering::SeqCst);
        (message as usize + wparam) as isize
    });
    desk.register_class("adds", procedure, 0).unwrap();
    let window = desk.create_window("adds", Creation::default()).unwrap();
    assert_eq!(desk.send(window, 40, 2, 0), Ok(42), "in this thread at once");
    let owner = thread_number() as usize;
    let other = Arc::clone(&desk);
    let (_own, seat) = (world.lab.seat().take(), world.lab.seat());
    let sender = thread::spawn(move || {
        let _seat = seat.take();
        let sum = other.send(window, 50, 5, 0).unwrap();
        other.post(window, 0x400, 0, 0).unwrap();
        sum
    });
    assert_eq!(next(&desk).message, 0x400);
    assert_eq!(sender.join().unwrap(), 55);
    assert_eq!(by.load(Ordering::SeqCst), owner);
    assert_eq!(desk.send(window + 2, 0, 0, 0), Err(Wrong::Window));
}

#[test]
fn the_windows_of_a_thread_go_with_it() {
    let world = started();
    let desk = world.desk();
    let theirs = Arc::clone(&desk);
    let left = thread::spawn(move || window(&theirs)).join().unwrap();
    assert!(desk.window(left).is_none());
    assert_eq!(desk.post(left, 0, 0, 0), Err(Wrong::Window));
}

#[test]
fn a_queue_takes_ten_thousand_messages_and_no_event_is_lost_while_it_is_full() {
    let world = started();
    let (desk, s) = (world.desk(), stream());
    let window = window(&desk);
    selects(s, window, FD_CONNECT);
    for _ in 0..MESSAGES_MAX {
        desk.post(window, 0x400, 0, 0).unwrap();
    }
    assert_eq!(desk.post(window, 0x400, 0, 0), Err(Wrong::QueueFull));
    fails!(winsock1, connects(s, world.server_is(Behaviour::Answer)), WSAEWOULDBLOCK);
    world.pass(Duration::from_secs(1));
    for _ in 0..MESSAGES_MAX {
        assert_eq!(next(&desk).message, 0x400);
    }
    assert_eq!(event(next(&desk), s), (FD_CONNECT, 0));
}

#[test]
fn there_are_as_many_classes_windows_timers_and_named_messages_as_there_may_be() {
    let world = started();
    let desk = world.desk();
    let first = window(&desk);
    for number in 1..CLASSES_MAX {
        desk.register_class(&format!("c{number}"), Procedure::of(|_, _, _, _| 0), 0).unwrap();
    }
    assert_eq!(desk.register_class("more", Procedure::of(|_, _, _, _| 0), 0), Err(Wrong::TooMany));
    assert_eq!(desk.register_class("Test", Procedure::of(|_, _, _, _| 0), 0), Err(Wrong::ClassExists));
    for _ in 1..WINDOWS_MAX {
        desk.create_window("test", Creation::default()).unwrap();
    }
    assert_eq!(desk.create_window("test", Creation::default()), Err(Wrong::TooMany));
    for id in 0..TIMERS_MAX {
        desk.set_timer(first, id, 1_000, 0).unwrap();
    }
    assert_eq!(desk.set_timer(first, TIMERS_MAX, 1_000, 0), Err(Wrong::TooMany));
    for number in 0..REGISTERED_MESSAGES_MAX {
        assert_eq!(desk.register_message(&format!("m{number}")), Ok(0xc000 + number as u32));
    }
    assert_eq!(desk.register_message("more"), Err(Wrong::TooMany));
    assert_eq!(desk.register_message("M3"), Ok(0xc003));
}

#[test]
fn messages_are_for_the_started_alone() {
    let world = World::new(&WINSOCK1);
    let window = window(&world.desk());
    fails!(winsock1, WSAAsyncSelect(4, window, WM_SOCKET, FD_READ), WSANOTINITIALISED);
}
