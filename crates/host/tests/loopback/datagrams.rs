//! Datagrams: peers taken and given up, names kept, queues emptied, errors told once.

use synsent_sockets::{Cast, Domain, Kind, Outcome, Progress, ReceiveHow, SendHow};

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
