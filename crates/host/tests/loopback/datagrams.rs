//! Datagrams: peers taken and given up, names kept, queues emptied, errors told once.

use std::sync::Arc;

use synsent_sockets::{Cast, Domain, Kind, Network, Outcome, Progress, Queued, Ready, ReceiveHow, SendHow, Socket};

use crate::{done, loopback, network, outcome, socket};

/// The kernel gives up a port that it chose itself together with the peer.
#[test]
fn the_local_port_stays_when_the_peer_is_given_up() {
    let network = network();
    let server = socket(&network, Domain::Inet4, Kind::Datagram);
    server.bind(&loopback(0)).unwrap();
    let client = socket(&network, Domain::Inet4, Kind::Datagram);
    done(client.connect(&server.local_name().unwrap()));
    let port = client.local_name().unwrap().inet().unwrap().port();
    client.disconnect().unwrap();
    assert_eq!(client.local_name().unwrap().inet().unwrap().port(), port);
    assert_eq!(outcome(client.send(b"x", SendHow::default())), Outcome::NotConnected);
    done(client.send_to(b"y", &server.local_name().unwrap(), SendHow::default()));
    let received = done(server.receive(&mut [0; 8], ReceiveHow::default()));
    assert_eq!(received.source, Some(loopback(port)));
}

#[test]
fn a_bound_socket_keeps_its_name_when_the_peer_is_given_up() {
    let network = network();
    let client = socket(&network, Domain::Inet4, Kind::Datagram);
    client.bind(&loopback(0)).unwrap();
    let name = client.local_name().unwrap();
    done(client.connect(&loopback(9)));
    client.disconnect().unwrap();
    assert_eq!(client.local_name().unwrap(), name);
}

#[test]
fn what_is_queued_is_thrown_away_and_what_comes_later_is_not() {
    let network = network();
    let (a, b) = (socket(&network, Domain::Inet4, Kind::Datagram), socket(&network, Domain::Inet4, Kind::Datagram));
    a.bind(&loopback(0)).unwrap();
    let name = a.local_name().unwrap();
    for _ in 0..20 {
        done(b.send_to(b"old", &name, SendHow::default()));
    }
    a.discard_queued();
    done(b.send_to(b"new", &name, SendHow::default()));
    let mut into = [0; 8];
    let received = done(a.receive(&mut into, ReceiveHow::default()));
    assert_eq!(&into[..received.octets], b"new");
}

/// A socket that has heard from two others: the first one, the second one, and the first one again.
fn hears_both(network: &Arc<dyn Network>) -> (Socket, Socket, Socket) {
    let [receiver, one, other] = [(); 3].map(|()| socket(network, Domain::Inet4, Kind::Datagram));
    for socket in [&receiver, &one, &other] {
        socket.bind(&loopback(0)).unwrap();
    }
    let name = receiver.local_name().unwrap();
    for (sender, octets) in [(&one, b"first"), (&other, b"other"), (&one, b"third"), (&other, b"again")] {
        done(sender.send_to(octets, &name, SendHow::default()));
    }
    receiver.set_nonblocking(true);
    (receiver, one, other)
}

fn next(socket: &Socket) -> Option<Vec<u8>> {
    let mut into = [0; 8];
    match socket.receive(&mut into, ReceiveHow::default()).unwrap() {
        Progress::Done(received) => Some(into[..received.octets].to_vec()),
        Progress::Pending => None,
    }
}

#[test]
fn a_new_peer_leaves_of_the_queue_only_what_is_its_own() {
    let network = network();
    let (receiver, one, other) = hears_both(&network);
    done(receiver.connect_with(&other.local_name().unwrap(), Queued::ForeignGo));
    assert_eq!(next(&receiver).as_deref(), Some(&b"other"[..]));
    assert_eq!(next(&receiver).as_deref(), Some(&b"again"[..]), "what lies between is not the peer's");
    assert!(!receiver.ready().has(Ready::READABLE));
    drop(one);
}

#[test]
fn a_new_peer_leaves_nothing_of_the_queue_and_is_heard_from_then_on() {
    let network = network();
    let (receiver, one, other) = hears_both(&network);
    done(receiver.connect_with(&other.local_name().unwrap(), Queued::Go));
    assert!(!receiver.ready().has(Ready::READABLE));
    done(other.send_to(b"new", &receiver.local_name().unwrap(), SendHow::default()));
    done(receiver.connect_with(&other.local_name().unwrap(), Queued::Go));
    assert_eq!(next(&receiver).as_deref(), Some(&b"new"[..]), "the same peer keeps it");
    drop(one);
}

#[test]
fn a_socket_without_a_peer_hears_everybody_again() {
    let network = network();
    let (receiver, one, other) = hears_both(&network);
    done(receiver.connect_with(&other.local_name().unwrap(), Queued::ForeignGo));
    receiver.disconnect().unwrap();
    let name = receiver.local_name().unwrap();
    done(one.send_to(b"anew", &name, SendHow::default()));
    assert_eq!(next(&receiver).as_deref(), Some(&b"other"[..]));
}

#[test]
fn a_peer_that_cannot_be_taken_leaves_the_queue_as_it_was() {
    let network = network();
    let (receiver, _one, _other) = hears_both(&network);
    // From a loopback address no other machine is reached.
    let far = "192.0.2.1:9".parse::<std::net::SocketAddr>().unwrap().into();
    assert!(receiver.connect_with(&far, Queued::Go).is_err());
    assert_eq!(next(&receiver).as_deref(), Some(&b"first"[..]));
}

#[test]
fn a_long_datagram_tells_its_whole_length() {
    let network = network();
    let (a, b) = (socket(&network, Domain::Inet4, Kind::Datagram), socket(&network, Domain::Inet4, Kind::Datagram));
    a.bind(&loopback(0)).unwrap();
    done(b.send_to(&[1; 100], &a.local_name().unwrap(), SendHow::default()));
    let peek = ReceiveHow { peek: true, urgent: false };
    let seen = done(a.receive(&mut [0; 10], peek));
    assert_eq!((seen.octets, seen.whole), (10, 100));
    let received = done(a.receive(&mut [0; 10], ReceiveHow::default()));
    assert_eq!((received.octets, received.whole), (10, 100));
    a.set_nonblocking(true);
    assert_eq!(a.receive(&mut [0; 10], ReceiveHow::default()), Ok(Progress::Pending));
}

#[test]
fn nobody_behind_a_port_is_told_once() {
    let network = network();
    let gone = socket(&network, Domain::Inet4, Kind::Datagram);
    gone.bind(&loopback(0)).unwrap();
    let name = gone.local_name().unwrap();
    done(gone.close());
    let client = socket(&network, Domain::Inet4, Kind::Datagram);
    client.set_nonblocking(true);
    done(client.connect(&name));
    done(client.send(b"x", SendHow::default()));
    assert_eq!(outcome(client.receive(&mut [0; 1], ReceiveHow::default())), Outcome::Refused);
    assert_eq!(client.receive(&mut [0; 1], ReceiveHow::default()), Ok(Progress::Pending));
}

#[test]
fn a_broadcast_needs_permission() {
    let network = network();
    let client = socket(&network, Domain::Inet4, Kind::Datagram);
    let all = "127.255.255.255".parse().unwrap();
    assert_eq!(client.cast(all), Cast::Broadcast);
    assert_eq!(client.cast("127.0.0.3".parse().unwrap()), Cast::Unicast);
    assert_eq!(client.cast("224.0.0.1".parse().unwrap()), Cast::Multicast);
    let name = std::net::SocketAddr::new(all, 9).into();
    assert_eq!(outcome(client.connect(&name)), Outcome::PermissionDenied);
    assert_eq!(outcome(client.send_to(b"x", &name, SendHow::default())), Outcome::PermissionDenied);
    client.set(synsent_sockets::Setting::Broadcast(true)).unwrap();
    done(client.connect(&name));
}

/// A client whose peer is gone, once an ICMP error of it has come in.
fn has_met_nobody(network: &Arc<dyn Network>) -> Socket {
    let gone = socket(network, Domain::Inet4, Kind::Datagram);
    gone.bind(&loopback(0)).unwrap();
    let name = gone.local_name().unwrap();
    done(gone.close());
    let client = socket(network, Domain::Inet4, Kind::Datagram);
    client.set_nonblocking(true);
    client.bind(&loopback(0)).unwrap();
    done(client.connect(&name));
    done(client.send(b"x", SendHow::default()));
    client
}

#[test]
fn an_error_of_a_former_peer_is_not_told_of_the_next() {
    let network = network();
    let good = socket(&network, Domain::Inet4, Kind::Datagram);
    good.bind(&loopback(0)).unwrap();
    let name = good.local_name().unwrap();
    let client = has_met_nobody(&network);
    client.disconnect().unwrap();
    done(client.send_to(b"y", &name, SendHow::default()));
    for queued in [Queued::Stay, Queued::ForeignGo, Queued::Go] {
        let client = has_met_nobody(&network);
        done(client.connect_with(&name, queued));
        done(client.send(b"z", SendHow::default()));
    }
    // Also one that somebody has seen already.
    let client = has_met_nobody(&network);
    assert_eq!(client.pending_error().unwrap().outcome, Outcome::Refused);
    client.disconnect().unwrap();
    done(client.send_to(b"y", &name, SendHow::default()));
}

#[test]
fn an_error_that_waits_does_not_hide_what_is_queued_of_others() {
    let network = network();
    let [first, second] = [(); 2].map(|()| socket(&network, Domain::Inet4, Kind::Datagram));
    first.bind(&loopback(0)).unwrap();
    second.bind(&loopback(0)).unwrap();
    let client = socket(&network, Domain::Inet4, Kind::Datagram);
    client.bind(&loopback(0)).unwrap();
    client.set_nonblocking(true);
    done(client.connect(&first.local_name().unwrap()));
    done(first.send_to(b"old", &client.local_name().unwrap(), SendHow::default()));
    done(first.close());
    done(client.send(b"x", SendHow::default()));
    done(client.connect_with(&second.local_name().unwrap(), Queued::ForeignGo));
    assert_eq!(next(&client), None);
    done(second.send_to(b"new", &client.local_name().unwrap(), SendHow::default()));
    assert_eq!(next(&client).as_deref(), Some(&b"new"[..]));
}
