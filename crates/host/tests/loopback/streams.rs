//! Streams: opened, refused, tried again, taken back, interrupted, closed.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use synsent_sockets::{
    Cancel, Domain, Kind, Linger, Outcome, Phase, Progress, Ready, ReceiveHow, SendHow, Setting, Shutdown, select,
};

use crate::{done, listener, loopback, network, outcome, socket, stream};

/// How long a close waits at most.
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn octets_cross_both_ways_and_the_end_is_told() {
    let network = network();
    let (listener, name) = listener(&network);
    let client = stream(&network);
    done(client.connect(&name));
    let (server, peer) = done(listener.accept());
    assert_eq!(peer, client.local_name().unwrap());
    assert_eq!(client.peer_name(), Some(name));
    let sender = thread::spawn(move || {
        let octets = vec![7; 1 << 20];
        assert_eq!(done(client.send(&octets, SendHow::default())), octets.len());
        client.shutdown(Shutdown::Send).unwrap();
        let mut answer = [0; 2];
        assert_eq!(done(client.receive(&mut answer, ReceiveHow::default())).octets, 2);
        assert_eq!(answer, *b"ok");
    });
    let (mut into, mut sum) = ([0; 65_536], 0);
    loop {
        match done(server.receive(&mut into, ReceiveHow::default())).octets {
            0 => break,
            octets => sum += octets,
        }
    }
    assert_eq!(sum, 1 << 20);
    done(server.send(b"ok", SendHow::default()));
    sender.join().unwrap();
}

/// Linux marks the end of each part that it takes.
#[test]
fn of_urgent_data_that_is_sent_in_parts_only_the_last_octet_is_urgent() {
    const SEND_URGENT: SendHow = SendHow { urgent: true, dont_route: false };
    let network = network();
    let (listener, name) = listener(&network);
    let client = stream(&network);
    done(client.connect(&name));
    let (server, _) = done(listener.accept());
    client.set_nonblocking(true);
    let much = vec![1; 64 << 20];
    let mut taken = done(client.send(&much, SEND_URGENT));
    assert!(taken > 0 && taken < much.len());
    assert!(!server.ready().has(Ready::URGENT));
    let mut into = vec![0; 1 << 20];
    while taken > 0 {
        taken -= done(server.receive(&mut into, ReceiveHow::default())).octets;
        assert!(!server.ready().has(Ready::URGENT));
    }
    assert_eq!(client.send(b"ab!", SEND_URGENT), Ok(Progress::Done(3)));
    select(network.as_ref(), &[(&server, Ready::URGENT)], Some(PATIENCE), &Cancel::new()).unwrap();
    let urgent = ReceiveHow { peek: false, urgent: true };
    assert_eq!(done(server.receive(&mut into, urgent)).octets, 1);
    assert_eq!(into[0], b'!');
    assert_eq!(done(server.receive(&mut into, ReceiveHow::default())).octets, 2);
}

/// Linux answers the next connect of a non-blocking socket after a failure with an error of the past, and the first one after
/// a success with another success.
#[test]
fn a_refused_socket_tries_again_and_is_connected_once() {
    let network = network();
    let (first, name) = listener(&network);
    done(first.close());
    let client = stream(&network);
    client.set_nonblocking(true);
    for _ in 0..3 {
        // An opening that does not block is under way when its call returns, however fast the answer was.
        assert_eq!(client.connect(&name), Ok(Progress::Pending));
        let told = select(network.as_ref(), &[(&client, Ready::FAILED)], None, &Cancel::new()).unwrap();
        assert!(told[0].has(Ready::FAILED));
        let Phase::Failed(refused) = client.phase() else { panic!("somebody listens at {name}") };
        assert_eq!(refused.outcome, Outcome::Refused);
    }
    let second = stream(&network);
    second.bind(&name).unwrap();
    second.listen(1).unwrap();
    assert_eq!(client.connect(&name), Ok(Progress::Pending));
    let waited = select(network.as_ref(), &[(&client, Ready::WRITABLE)], None, &Cancel::new()).unwrap();
    assert!(waited[0].has(Ready::WRITABLE));
    assert_eq!(client.phase(), Phase::Connected);
    assert_eq!(outcome(client.connect(&name)), Outcome::AlreadyConnected);
    assert_eq!(outcome(client.connect(&name)), Outcome::AlreadyConnected);
}

/// The kernel forgets a port that it chose itself when the opening fails.
#[test]
fn a_bound_socket_keeps_its_port_from_one_attempt_to_the_next() {
    let network = network();
    let (gone, name) = listener(&network);
    done(gone.close());
    let client = stream(&network);
    client.bind(&loopback(0)).unwrap();
    let own_name = client.local_name().unwrap();
    assert_eq!(outcome(client.connect(&name)), Outcome::Refused);
    assert_eq!(client.local_name().unwrap(), own_name);
    let again = stream(&network);
    again.bind(&name).unwrap();
    again.listen(1).unwrap();
    done(client.connect(&name));
    assert_eq!(client.local_name().unwrap(), own_name);
    assert_eq!(done(again.accept()).1, own_name);
}

#[test]
fn another_thread_takes_a_wait_back() {
    let network = network();
    let (listener, _) = listener(&network);
    let listener = Arc::new(listener);
    let waits = Arc::clone(&listener);
    let thread = thread::spawn(move || outcome(waits.accept()));
    while !thread.is_finished() {
        listener.cancel();
        thread::yield_now();
    }
    assert_eq!(thread.join().unwrap(), Outcome::Cancelled);
}

#[test]
fn a_close_ends_the_waits_on_the_socket() {
    let network = network();
    let (listener, name) = listener(&network);
    let client = Arc::new(stream(&network));
    done(client.connect(&name));
    let (server, _) = done(listener.accept());
    let waits = Arc::clone(&client);
    let thread = thread::spawn(move || outcome(waits.receive(&mut [0; 1], ReceiveHow::default())));
    done(client.close());
    assert_eq!(thread.join().unwrap(), Outcome::Cancelled);
    // The peer sees the end.
    assert_eq!(done(server.receive(&mut [0; 1], ReceiveHow::default())).octets, 0);
}

/// The kernel tells nobody that everything is acknowledged; who waits for it with a close is woken all the same, and not by the
/// limit of its time.
#[test]
fn a_close_that_waits_ends_when_the_peer_has_read_everything() {
    let network = network();
    let (listener, name) = listener(&network);
    for peer_ends_first in [false, true] {
        let client = stream(&network);
        done(client.connect(&name));
        let (server, _) = done(listener.accept());
        client.set_nonblocking(true);
        let octets = vec![7; 1 << 20];
        let mut sent = 0;
        while let Ok(Progress::Done(count)) = client.send(&octets, SendHow::default()) {
            sent += count;
        }
        client.set_nonblocking(false);
        if peer_ends_first {
            server.shutdown(Shutdown::Send).unwrap();
        }
        client.set_linger(Linger::For(PATIENCE));
        let began = Instant::now();
        let closing = thread::spawn(move || done(client.close()));
        let (mut into, mut read) = (vec![0; 65_536], 0);
        while read < sent {
            read += done(server.receive(&mut into, ReceiveHow::default())).octets;
        }
        closing.join().unwrap();
        assert!(began.elapsed() < PATIENCE / 2);
        assert_eq!(done(server.receive(&mut into, ReceiveHow::default())).octets, 0);
    }
}

#[test]
fn a_close_that_waits_ends_when_the_peer_resets() {
    let network = network();
    let (listener, name) = listener(&network);
    let client = stream(&network);
    done(client.connect(&name));
    let (server, _) = done(listener.accept());
    client.set_nonblocking(true);
    while let Ok(Progress::Done(_)) = client.send(&[7; 65_536], SendHow::default()) {}
    client.set_nonblocking(false);
    client.set_linger(Linger::For(PATIENCE));
    let began = Instant::now();
    let closing = thread::spawn(move || done(client.close()));
    server.set_linger(Linger::For(Duration::ZERO));
    done(server.close());
    closing.join().unwrap();
    assert!(began.elapsed() < PATIENCE / 2);
}

#[test]
fn a_close_that_waits_resets_when_its_time_is_over() {
    let network = network();
    let (listener, name) = listener(&network);
    let client = stream(&network);
    done(client.connect(&name));
    let (server, _) = done(listener.accept());
    client.set_nonblocking(true);
    while let Ok(Progress::Done(_)) = client.send(&[7; 65_536], SendHow::default()) {}
    client.set_nonblocking(false);
    client.set_linger(Linger::For(Duration::from_millis(50)));
    done(client.close());
    let mut into = vec![0; 65_536];
    let end = loop {
        match server.receive(&mut into, ReceiveHow::default()) {
            Ok(Progress::Done(received)) if received.octets > 0 => {}
            ended => break outcome(ended),
        }
    };
    assert_eq!(end, Outcome::Reset);
}

/// Whichever is asked for first.
#[test]
fn a_name_for_one_alone_is_not_shared() {
    let network = network();
    let settings = [Setting::ExclusiveAddress(true), Setting::ReuseAddress(true)];
    for order in [[0, 1], [1, 0]] {
        let [first, second] = [(); 2].map(|()| socket(&network, Domain::Inet4, Kind::Datagram));
        // The kernel's socket is there already.
        first.buffers();
        order.into_iter().for_each(|place| first.set(settings[place]).unwrap());
        first.bind(&loopback(0)).unwrap();
        second.set(Setting::ReuseAddress(true)).unwrap();
        assert_eq!(second.bind(&first.local_name().unwrap()).unwrap_err().outcome, Outcome::AddressInUse);
    }
}

/// The octet itself waits for room at the receiver, and its mark is there before it.
#[test]
fn who_waits_for_urgent_data_that_was_announced_is_told_of_a_reset() {
    let network = network();
    let listener = stream(&network);
    listener.set(Setting::ReceiveBuffer(4_096)).unwrap();
    listener.bind(&loopback(0)).unwrap();
    listener.listen(1).unwrap();
    let client = stream(&network);
    client.set(Setting::SendBuffer(8_192)).unwrap();
    done(client.connect(&listener.local_name().unwrap()));
    let (server, _) = done(listener.accept());
    client.set_nonblocking(true);
    while let Ok(Progress::Done(_)) = client.send(&[7; 1_024], SendHow::default()) {}
    client.set(Setting::SendBuffer(65_536)).unwrap();
    done(client.send(b"!", SendHow { urgent: true, ..SendHow::default() }));
    let urgent = ReceiveHow { urgent: true, ..ReceiveHow::default() };
    server.set_nonblocking(true);
    let until = Instant::now() + PATIENCE;
    while server.receive(&mut [0; 1], urgent) != Ok(Progress::Pending) {
        assert!(Instant::now() < until, "it is announced");
        thread::yield_now();
    }
    server.set_nonblocking(false);
    let waits = crate::asleep(move || outcome(server.receive(&mut [0; 1], urgent)));
    client.set_linger(Linger::For(Duration::ZERO));
    done(client.close());
    assert_eq!(waits.join().unwrap(), Outcome::Reset);
}
