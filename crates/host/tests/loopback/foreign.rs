//! Memory that may not be there, sent from and received into without a copy: what is taken, what stays, and who is told first.

use synsent_host::PageWithHole;
use synsent_sockets::{Domain, Kind, Memory as _, Outcome, Progress, ReceiveHow, SendHow, Shutdown, Socket, Waits};

use crate::{done, listener, loopback, network, outcome, socket, stream};

const PLAIN: (SendHow, ReceiveHow) =
    (SendHow { urgent: false, dont_route: false }, ReceiveHow { peek: false, urgent: false });

fn pair() -> (Socket, Socket) {
    let network = network();
    let (listener, name) = listener(&network);
    let client = stream(&network);
    done(client.connect(&name));
    let (server, _) = done(listener.accept());
    (client, server)
}

#[test]
fn what_is_there_crosses_and_what_is_not_is_told() {
    let (how_sent, how_received) = PLAIN;
    let (client, server) = pair();
    let pages = PageWithHole::new().unwrap();
    let memory = pages.memory_before_hole(5);
    memory.write(0, b"hello").unwrap();
    assert_eq!(done(client.send_foreign(&memory, 5, how_sent, Waits::AsSocket)), 5);
    let hole = pages.memory_before_hole(0);
    assert_eq!(outcome(client.send_foreign(&hole, 5, how_sent, Waits::AsSocket)), Outcome::BadMemory);
    // Nothing is lost for whom there is no room.
    assert_eq!(outcome(server.receive_foreign(&hole, 5, how_received, Waits::AsSocket)), Outcome::BadMemory);
    memory.write(0, b"-----").unwrap();
    assert_eq!(done(server.receive_foreign(&memory, 5, how_received, Waits::ForAll)).octets, 5);
    let mut back = [0; 5];
    memory.read(0, &mut back).unwrap();
    assert_eq!(&back, b"hello");
}

#[test]
fn who_has_no_room_does_not_wait_and_is_not_told_of_an_end() {
    let (how_sent, how_received) = PLAIN;
    let (client, server) = pair();
    let pages = PageWithHole::new().unwrap();
    let hole = pages.memory_before_hole(3);
    for waits in [Waits::AsSocket, Waits::Never, Waits::ForAll] {
        assert_eq!(outcome(server.receive_foreign(&hole, 64, how_received, waits)), Outcome::BadMemory, "{waits:?}");
    }
    pages.make_read_only().unwrap();
    assert_eq!(outcome(server.receive_foreign(&hole, 3, how_received, Waits::AsSocket)), Outcome::BadMemory);
    client.shutdown(Shutdown::Send).unwrap();
    assert_eq!(outcome(server.receive_foreign(&hole, 64, how_received, Waits::AsSocket)), Outcome::BadMemory);
    let pages = PageWithHole::new().unwrap();
    let room = pages.memory_before_hole(64);
    assert_eq!(done(server.receive_foreign(&room, 64, how_received, Waits::AsSocket)).octets, 0);
    assert_eq!(done(server.send_foreign(&room, 64, how_sent, Waits::AsSocket)), 64);
}

#[test]
fn of_memory_that_ends_in_the_middle_what_was_taken_counts() {
    let (how_sent, how_received) = PLAIN;
    let (client, server) = pair();
    // Some parts of what the kernel takes at once are there, and then nothing is.
    let pages = PageWithHole::new().unwrap();
    let there = pages.page_octets();
    let memory = pages.memory_before_hole(there);
    let taken = match client.send_foreign(&memory, there + 1, how_sent, Waits::AsSocket) {
        Ok(Progress::Done(taken)) => taken,
        Err(failure) if failure.outcome == Outcome::BadMemory => 0,
        other => panic!("{other:?}"),
    };
    assert!(taken <= there);
    client.shutdown(Shutdown::Send).unwrap();
    let mut into = vec![0; 2 * there];
    assert_eq!(done(server.receive_waiting(&mut into, how_received, Waits::ForAll)).octets, taken);
}

#[test]
fn a_datagram_is_not_lost_for_want_of_room() {
    let (how_sent, how_received) = PLAIN;
    let network = network();
    let datagrams = || socket(&network, Domain::Inet4, Kind::Datagram);
    let (one, other) = (datagrams(), datagrams());
    one.bind(&loopback(0)).unwrap();
    done(other.connect(&one.local_name().unwrap()));
    let pages = PageWithHole::new().unwrap();
    let memory = pages.memory_before_hole(4);
    memory.write(0, b"data").unwrap();
    assert_eq!(outcome(other.send_foreign(&memory, 5, how_sent, Waits::AsSocket)), Outcome::BadMemory);
    assert_eq!(done(other.send_foreign(&memory, 4, how_sent, Waits::AsSocket)), 4);
    assert_eq!(outcome(one.receive_foreign(&memory, 5, how_received, Waits::AsSocket)), Outcome::BadMemory);
    assert_eq!(done(one.receive_foreign(&memory, 4, how_received, Waits::AsSocket)).octets, 4);
}

#[test]
fn who_waits_first_misses_nothing_that_is_there_already() {
    let (how_sent, how_received) = PLAIN;
    let (client, server) = pair();
    let asleep = crate::asleep(move || {
        // After the first one, which had to wait, all that follows is there already.
        (0..64).map(|_| done(server.receive(&mut [0; 1], how_received)).octets).sum::<usize>()
    });
    assert_eq!(done(client.send(&[7; 64], how_sent)), 64);
    assert_eq!(asleep.join().unwrap(), 64);
}
