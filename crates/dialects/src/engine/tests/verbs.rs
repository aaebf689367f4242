//! Starting, opening, listening, accepting, names, shutdown, close and select.

use synsent_sockets::{Name, Outcome, Pointer, PointerMut};
use synsent_stack::Duration;

use super::dialect::{ANSWERING, TESTISH};
use super::fake::NUMBERS_MAX;
use super::{DATAGRAM, INET, STREAM, Unmapped, World, inet, word};
use crate::engine::select::{Patience, select};
use crate::engine::{accept, bind, close, connect, listen, own_names, shutdown, socket, startup};
use crate::page::{Fact, On};
use crate::process::{Handle, SOCKETS_MAX, Said};
use crate::winsock2::WINSOCK2;

fn open(handle: Handle, last: u8) -> Result<(), Said> {
    connect::connect(&TESTISH, handle, Pointer::from(&inet(last, 80)), 16)
}

fn at_once() -> Patience {
    Patience::AtMost(Duration::ZERO)
}

#[test]
fn nothing_works_before_the_start_and_sockets_die_with_the_last_end() {
    let world = World::new();
    assert_eq!(startup::start(&TESTISH, Some((9, 9)), true).unwrap(), (2, 2));
    let handle = world.stream();
    open(handle, 1).unwrap();
    startup::end(&TESTISH).unwrap();
    assert_eq!(word(open(handle, 1)), "ISCONN");
    startup::end(&TESTISH).unwrap();
    assert!(world.network.deeds().contains(&"close".to_owned()));
    assert_eq!(word(open(handle, 1)), "NOTINITIALISED");
    assert_eq!(word(socket::socket(&TESTISH, INET, STREAM, 0)), "NOTINITIALISED");
    assert_eq!(word(startup::end(&TESTISH)), "NOTINITIALISED");
    startup::start(&TESTISH, None, true).unwrap();
    assert_eq!(word(open(handle, 1)), "BADF");
}

#[test]
fn a_version_is_agreed_on_that_is_not_newer_than_what_was_asked_for() {
    let world = World::new();
    for (asked, agreed) in [((1, 0), (1, 0)), ((1, 5), (1, 1)), ((2, 1), (1, 1)), ((2, 2), (2, 2)), ((9, 1), (2, 2))] {
        assert_eq!(startup::start(&TESTISH, Some(asked), true).unwrap(), agreed);
        assert_eq!(world.process.version(), agreed);
    }
    assert_eq!(word(startup::start(&TESTISH, Some((0, 9)), true)), "VERNOTSUPPORTED");
    assert_eq!(word(startup::start(&TESTISH, Some((1, 1)), false)), "FAULT");
}

#[test]
fn without_a_network_there_is_nothing_to_start() {
    assert_eq!(word(startup::start(&TESTISH, Some((1, 1)), true)), "SYSNOTREADY");
}

#[test]
fn each_number_of_a_socket_that_does_not_exist_has_its_own_word() {
    let _world = World::new();
    assert_eq!(word(socket::socket(&TESTISH, 77, STREAM, 0)), "AFNOSUPPORT");
    assert_eq!(word(socket::socket(&TESTISH, -1, STREAM, 0)), "AFNOSUPPORT");
    assert_eq!(word(socket::socket(&TESTISH, INET, 7, 0)), "SOCKTNOSUPPORT");
    assert_eq!(word(socket::socket(&TESTISH, INET, STREAM, 99)), "PROTONOSUPPORT");
    assert_eq!(word(socket::socket(&TESTISH, INET, STREAM, 17)), "PROTOTYPE");
    assert_eq!(word(socket::socket(&TESTISH, 10, STREAM, 0)), "AFNOSUPPORT");
    socket::socket(&TESTISH, INET, DATAGRAM, 17).unwrap();
}

#[test]
fn descriptors_are_the_lowest_free_numbers_and_come_to_an_end() {
    let world = World::new();
    let handles: Vec<_> = (3..NUMBERS_MAX).map(|_| world.stream()).collect();
    assert_eq!(handles, (3..Handle::from(NUMBERS_MAX)).collect::<Vec<_>>());
    assert_eq!(word(socket::socket(&TESTISH, INET, STREAM, 0)), "MFILE");
    close::close(&TESTISH, 4).unwrap();
    assert_eq!(world.stream(), 4);
}

#[test]
fn a_handle_of_nothing_and_of_a_file_are_told_apart() {
    let world = World::new();
    assert_eq!(word(open(6, 1)), "BADF");
    assert_eq!(word(open(-1, 1)), "BADF");
    assert_eq!(word(open(Handle::MAX, 1)), "BADF");
    assert_eq!(word(open(1, 1)), "NOTSOCK");
    let handle = world.stream();
    close::close(&TESTISH, handle).unwrap();
    assert_eq!(word(close::close(&TESTISH, handle)), "BADF");
}

#[test]
fn what_comes_of_an_opening_is_said_with_clause_and_reason() {
    let world = World::new();
    let handle = world.stream();
    let said = open(handle, 2).unwrap_err();
    assert_eq!((said.name, said.number, said.call), ("CONNREFUSED", 8, "connect"));
    assert_eq!(said.failure.map(|failure| failure.outcome), Some(Outcome::Refused));
    assert_eq!(world.network.deeds(), ["connect 10.0.0.2:80"]);
    open(handle, 1).unwrap();
    assert_eq!(word(open(handle, 1)), "ISCONN");
}

#[test]
fn a_rule_that_fails_leaves_the_network_alone() {
    let world = World::new();
    let stream = world.stream();
    let name = inet(1, 80);
    let call = |name: Pointer<'_>, len| word(connect::connect(&TESTISH, stream, name, len));
    assert_eq!(call(Pointer::Null, 16), "FAULT");
    assert_eq!(call(Pointer::Foreign(&Unmapped), 16), "FAULT");
    for len in [-1, 0, 1, 2, 15] {
        assert_eq!(call(Pointer::from(&name), len), "INVAL", "{len}");
    }
    assert_eq!(call(Pointer::from(&name[..8]), 16), "FAULT");
    assert_eq!(call(Pointer::from(&name), 17), "MSGSIZE");
    assert_eq!(call(Pointer::from(&inet(255, 80)), 16), "PERM");
    let mut other = name;
    for family in [3_u16, 10, 77, 0xffff] {
        other[..2].copy_from_slice(&family.to_ne_bytes());
        assert_eq!(call(Pointer::from(&other), 16), "AFNOSUPPORT", "{family}");
    }
    let mut nowhere = inet(1, 0);
    assert_eq!(call(Pointer::from(&nowhere), 16), "DESTADDRREQ");
    nowhere[4..8].fill(0);
    assert_eq!(call(Pointer::from(&nowhere), 16), "ADDRNOTAVAIL");
    nowhere[4..8].copy_from_slice(&[224, 0, 0, 1]);
    assert_eq!(call(Pointer::from(&nowhere), 16), "DESTADDRREQ");
    assert!(world.network.deeds().is_empty());
}

#[test]
fn the_typed_twin_is_judged_by_the_same_page() {
    let world = World::new();
    let handle = world.stream();
    let name = |text: &str| Name::Inet(text.parse().unwrap());
    assert_eq!(word(connect::connect_to(&TESTISH, handle, &name("0.0.0.0:80"))), "ADDRNOTAVAIL");
    assert_eq!(word(connect::connect_to(&TESTISH, handle, &name("10.0.0.1:0"))), "DESTADDRREQ");
    assert_eq!(word(connect::connect_to(&TESTISH, handle, &name("[::2]:80"))), "AFNOSUPPORT");
    assert!(world.network.deeds().is_empty());
    connect::connect_to(&TESTISH, handle, &name("10.0.0.1:80")).unwrap();
}

#[test]
fn a_verdict_dissolves_or_does_nothing() {
    let world = World::new();
    let handle = world.datagram();
    open(handle, 1).unwrap();
    assert_eq!(world.network.deeds(), ["change of peer", "connect 10.0.0.1:80"]);
    open(handle, 1).unwrap();
    assert_eq!(world.network.deeds(), ["connect 10.0.0.1:80"]);
    let mut unspecified = inet(1, 80);
    unspecified[..2].fill(0);
    connect::connect(&TESTISH, handle, Pointer::from(&unspecified), 16).unwrap();
    assert!(world.network.deeds().is_empty());
    connect::connect(&TESTISH, handle, Pointer::Null, 0).unwrap();
    assert_eq!(world.network.deeds(), ["discard", "disconnect"], "no name is another name than the peer's");
}

#[test]
fn a_connection_stays_in_the_queue_while_there_is_no_handle_for_it() {
    let world = World::new();
    let listener = world.stream();
    listen::listen(&TESTISH, listener, 1).unwrap();
    world.network.open_all();
    let others: Vec<_> = (4..NUMBERS_MAX).map(|_| world.stream()).collect();
    world.network.deeds();
    let accepts = || accept::accept(&TESTISH, listener, PointerMut::Null, PointerMut::Null);
    assert_eq!(word(accepts()), "MFILE");
    assert!(world.network.deeds().is_empty(), "nothing was taken from the queue");
    close::close(&TESTISH, others[1]).unwrap();
    assert_eq!(accepts().unwrap(), others[1]);
}

#[test]
fn a_handle_that_was_kept_for_a_connection_that_did_not_come_is_free_again() {
    let world = World::new();
    let listener = world.stream();
    listen::listen(&TESTISH, listener, 1).unwrap();
    world.process.find(listener).unwrap().set_nonblocking(true);
    for _ in 0..2 * NUMBERS_MAX {
        assert_eq!(word(accept::accept(&TESTISH, listener, PointerMut::Null, PointerMut::Null)), "WOULDBLOCK");
    }
    assert_eq!(world.stream(), listener + 1);
}

#[test]
fn broadcast_needs_a_permission() {
    let world = World::new();
    let handle = world.datagram();
    assert_eq!(word(open(handle, 255)), "ACCES");
    assert!(world.network.deeds().is_empty());
}

#[test]
fn a_non_blocking_opening_is_seen_through_to_its_end() {
    let world = World::new();
    let handle = world.stream();
    world.process.find(handle).unwrap().set_nonblocking(true);
    assert_eq!(word(open(handle, 3)), "INPROGRESS");
    assert_eq!(word(open(handle, 3)), "ALREADY");
    world.network.open_all();
    assert_eq!(word(open(handle, 3)), "ISCONN");
}

#[test]
fn the_words_of_a_page_come_before_the_table() {
    let refused = |on| TESTISH.word(&ANSWERING, on, Outcome::Refused);
    assert_eq!(TESTISH.number(refused(On::Stream).0), 32);
    assert_eq!(TESTISH.number(refused(On::Datagram).0), 8);
    assert_eq!(refused(On::Stream).1.because, "a test wants it so");
    assert!(ANSWERING.asks(On::Stream, Fact::NullName.alone()));
    assert!(!ANSWERING.asks(On::Stream, Fact::ZeroPort.alone()));
}

#[test]
fn a_listener_hands_out_connections_and_their_names() {
    let world = World::new();
    let listener = world.stream();
    let nobody = || accept::accept(&TESTISH, listener, PointerMut::Null, PointerMut::Null);
    assert_eq!(word(nobody()), "INVAL");
    bind::bind(&TESTISH, listener, Pointer::from(&inet(1, 80)), 16).unwrap();
    listen::listen(&TESTISH, listener, -3).unwrap();
    assert_eq!(world.network.deeds(), ["bind 10.0.0.1:80", "listen 0"]);
    world.process.find(listener).unwrap().set_nonblocking(true);
    assert_eq!(word(nobody()), "WOULDBLOCK");
    world.network.open_all();
    let (mut name, mut len) = ([0; 20], 20);
    let accepted = accept::accept(&TESTISH, listener, (&mut name).into(), (&mut len).into()).unwrap();
    assert_eq!((len, &name[..16]), (16, &inet(9, 9_999)[..]));
    assert!(world.process.find(accepted).unwrap().is_nonblocking());
    nobody().unwrap();
    world.network.deeds();
    let mut len = 15;
    assert_eq!(word(accept::accept(&TESTISH, listener, (&mut name).into(), (&mut len).into())), "FAULT");
    let gone = PointerMut::Foreign(&Unmapped);
    assert_eq!(word(accept::accept(&TESTISH, listener, gone, (&mut 16).into())), "FAULT");
    assert!(world.network.deeds().is_empty(), "no connection is taken whose name cannot be told");
}

#[test]
fn names_are_told_and_cut_where_there_is_little_room() {
    let world = World::new();
    let handle = world.stream();
    let (mut name, mut len) = ([7; 16], 16);
    assert_eq!(word(own_names::getsockname(&TESTISH, handle, (&mut name).into(), (&mut len).into())), "INVAL");
    assert_eq!((name, len), ([7; 16], 16));
    bind::bind(&TESTISH, handle, Pointer::from(&inet(1, 80)), 16).unwrap();
    len = 4;
    own_names::getsockname(&TESTISH, handle, (&mut name).into(), (&mut len).into()).unwrap();
    assert_eq!((&name[..4], name[4], len), (&inet(1, 80)[..4], 7, 16));
    let mut negative = -1;
    let peer = own_names::getpeername(&TESTISH, handle, (&mut name).into(), (&mut negative).into());
    assert_eq!(word(peer), "INVAL");
    assert_eq!(word(own_names::getpeername(&TESTISH, handle, (&mut name).into(), (&mut 16).into())), "NOTCONN");
    assert_eq!(word(own_names::getsockname(&TESTISH, handle, (&mut name).into(), PointerMut::Null)), "FAULT");
    assert_eq!(word(own_names::getsockname(&TESTISH, handle, PointerMut::Null, (&mut 16).into())), "FAULT");
}

#[test]
fn shutdown_knows_its_directions() {
    let world = World::new();
    let handle = world.stream();
    assert_eq!(word(shutdown::shutdown(&TESTISH, handle, 1)), "NOTCONN");
    open(handle, 1).unwrap();
    assert_eq!(word(shutdown::shutdown(&TESTISH, handle, 3)), "INVAL");
    shutdown::shutdown(&TESTISH, handle, 1).unwrap();
    assert_eq!(world.network.deeds(), ["connect 10.0.0.1:80", "shutdown Send"]);
}

#[test]
fn select_leaves_what_is_ready_and_counts_it() {
    let world = World::new();
    let (open_one, fresh) = (world.stream(), world.stream());
    open(open_one, 1).unwrap();
    let (mut read, mut write) = (vec![open_one, fresh], vec![fresh, open_one]);
    let count = select(&TESTISH, Some(&mut read), Some(&mut write), None, at_once()).unwrap();
    assert_eq!((count, read, write), (1, vec![], vec![open_one]));
    let limit = Patience::of(Some((2, 0)));
    assert_eq!(select(&TESTISH, Some(&mut vec![open_one]), None, None, limit).unwrap(), 0);
}

#[test]
fn an_opening_that_failed_shows_in_the_exceptional_set_alone() {
    let world = World::new();
    let handle = world.stream();
    world.process.find(handle).unwrap().set_nonblocking(true);
    assert_eq!(word(open(handle, 4)), "INPROGRESS");
    let sets = || {
        let (mut read, mut write, mut except) = (vec![handle], vec![handle], vec![handle]);
        let count = select(&TESTISH, Some(&mut read), Some(&mut write), Some(&mut except), at_once()).unwrap();
        (count, read.len(), write.len(), except.len())
    };
    assert_eq!(sets(), (0, 0, 0, 0));
    world.network.open_all();
    assert_eq!(sets(), (1, 0, 0, 1));
}

#[test]
fn select_of_nothing_of_strangers_and_for_no_time_fails_and_keeps_the_sets() {
    let world = World::new();
    let handle = world.stream();
    assert_eq!(word(select(&TESTISH, None, None, None, at_once())), "INVAL");
    assert_eq!(word(select(&TESTISH, Some(&mut vec![]), None, None, at_once())), "INVAL");
    let mut set = vec![handle, 99];
    assert_eq!(word(select(&TESTISH, Some(&mut set), None, None, at_once())), "NOTSOCK");
    assert_eq!(set, [handle, 99]);
    for time in [(-1, 0), (0, -1), (0, 1_000_000)] {
        assert_eq!(word(select(&TESTISH, Some(&mut vec![handle]), None, None, Patience::of(Some(time)))), "INVAL");
    }
}

#[test]
fn a_process_has_only_so_many_sockets() {
    let _world = World::of(&WINSOCK2);
    let make = || socket::socket(&WINSOCK2, INET, STREAM, 0);
    let mut handles: Vec<_> = (0..SOCKETS_MAX).map(|_| make().unwrap()).collect();
    handles.sort_unstable();
    handles.dedup();
    assert_eq!(handles.len() as u32, SOCKETS_MAX);
    assert_eq!(word(make()), "WSAEMFILE");
    close::close(&WINSOCK2, handles[0]).unwrap();
    let again = make().unwrap();
    assert_ne!(again, handles[0], "a stale handle reaches no other socket");
    assert_eq!(word(close::close(&WINSOCK2, handles[0])), "WSAENOTSOCK");
}

#[test]
fn many_threads_may_start_end_open_and_close() {
    let world = World::new();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let _entered = world.process.enter();
                for _ in 0..200 {
                    startup::start(&TESTISH, None, true).unwrap();
                    if let Ok(handle) = socket::socket(&TESTISH, INET, STREAM, 0) {
                        open(handle, 1).unwrap();
                        close::close(&TESTISH, handle).unwrap();
                    }
                    startup::end(&TESTISH).unwrap();
                }
            });
        }
    });
    let handles: Vec<_> = (3..NUMBERS_MAX).map(|_| world.stream()).collect();
    assert_eq!(handles.len() as i32, NUMBERS_MAX - 3, "every number came back");
    startup::end(&TESTISH).unwrap();
    assert_eq!(word(startup::end(&TESTISH)), "NOTINITIALISED");
}

#[test]
fn a_socket_made_while_another_thread_ends_the_system_is_none_after_it() {
    let world = World::new();
    startup::end(&TESTISH).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let _entered = world.process.enter();
                for _ in 0..500 {
                    startup::start(&TESTISH, None, true).unwrap();
                    let _ = socket::socket(&TESTISH, INET, STREAM, 0);
                    startup::end(&TESTISH).unwrap();
                }
            });
        }
    });
    startup::start(&TESTISH, None, true).unwrap();
    for handle in 3..Handle::from(NUMBERS_MAX) {
        assert_eq!(word(close::close(&TESTISH, handle)), "BADF", "{handle}");
    }
}
