//! The same over IPv6: connections, refusals, datagrams, peers given up.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use synsent_host::KernelNetwork;
use synsent_sockets::{Domain, Kind, Name, Network, Outcome, Ready, ReceiveHow, SendHow, Setting, Socket};

use crate::{done, loopback, outcome, socket};

/// The network, where this machine has IPv6 on its loopback interface.
fn network() -> Option<Arc<dyn Network>> {
    let probe = std::net::UdpSocket::bind((Ipv6Addr::LOCALHOST, 0));
    if probe.is_err() && crate::skip::skip("IPv6 address on its loopback interface") {
        return None;
    }
    probe.expect("IPv6 on the loopback interface");
    let network: Arc<dyn Network> = KernelNetwork::new().expect("a descriptor");
    Some(network)
}

fn home(port: u16) -> Name {
    Name::Inet(SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), port))
}

fn everywhere(domain: Domain, port: u16) -> Name {
    let address = if domain == Domain::Inet6 { IpAddr::V6(Ipv6Addr::UNSPECIFIED) } else { IpAddr::from([0; 4]) };
    Name::Inet(SocketAddr::new(address, port))
}

fn port_of(socket: &Socket) -> u16 {
    socket.local_name().unwrap().inet().unwrap().port()
}

/// A listener on the loopback address, and its name.
fn listener(network: &Arc<dyn Network>) -> (Socket, Name) {
    let listener = socket(network, Domain::Inet6, Kind::Stream);
    listener.bind(&home(0)).unwrap();
    listener.listen(8).unwrap();
    let name = listener.local_name().unwrap();
    (listener, name)
}

#[test]
fn octets_cross_a_connection() {
    let Some(network) = network() else { return };
    let (listener, name) = listener(&network);
    let client = socket(&network, Domain::Inet6, Kind::Stream);
    done(client.connect(&name));
    let (server, peer) = done(listener.accept());
    assert_eq!((peer, client.peer_name()), (client.local_name().unwrap(), Some(name.clone())));
    assert_eq!(server.local_name().unwrap(), name);
    done(client.send(b"six", SendHow::default()));
    let mut into = [0; 8];
    assert_eq!(done(server.receive(&mut into, ReceiveHow::default())).octets, 3);
    assert_eq!(&into[..3], b"six");
}

/// After a refusal the same socket opens the next connection, from the same name.
#[test]
fn a_refusal_is_told_and_the_next_opening_succeeds() {
    let Some(network) = network() else { return };
    let (gone, nobody) = listener(&network);
    done(gone.close());
    let client = socket(&network, Domain::Inet6, Kind::Stream);
    client.bind(&home(0)).unwrap();
    let own = client.local_name().unwrap();
    assert_eq!(outcome(client.connect(&nobody)), Outcome::Refused);
    let (listener, name) = listener(&network);
    done(client.connect(&name));
    assert_eq!(done(listener.accept()).1, own);
    assert_eq!(outcome(client.connect(&name)), Outcome::AlreadyConnected);
}

#[test]
fn a_name_of_the_other_family_is_not_taken() {
    let Some(network) = network() else { return };
    let client = socket(&network, Domain::Inet6, Kind::Stream);
    assert_eq!(outcome(client.connect(&loopback(9))), Outcome::DomainUnsupported);
    assert_eq!(client.bind(&loopback(0)).unwrap_err().outcome, Outcome::DomainUnsupported);
}

#[test]
fn a_socket_for_ipv6_only_leaves_the_port_to_ipv4() {
    let Some(network) = network() else { return };
    let six = socket(&network, Domain::Inet6, Kind::Stream);
    six.set(Setting::V6Only(true)).unwrap();
    six.bind(&everywhere(Domain::Inet6, 0)).unwrap();
    let four = socket(&network, Domain::Inet4, Kind::Stream);
    four.bind(&everywhere(Domain::Inet4, port_of(&six))).unwrap();
    for listener in [&six, &four] {
        listener.listen(1).unwrap();
    }
    for (domain, name, listener) in
        [(Domain::Inet6, home(port_of(&six)), &six), (Domain::Inet4, loopback(port_of(&six)), &four)]
    {
        let client = socket(&network, domain, Kind::Stream);
        done(client.connect(&name));
        assert_eq!(done(listener.accept()).1, client.local_name().unwrap());
    }
}

#[test]
fn datagrams_tell_their_sender_and_nobody_behind_a_port_is_told_once() {
    let Some(network) = network() else { return };
    let (here, there) =
        (socket(&network, Domain::Inet6, Kind::Datagram), socket(&network, Domain::Inet6, Kind::Datagram));
    there.bind(&home(0)).unwrap();
    let name = there.local_name().unwrap();
    done(here.connect(&name));
    done(here.send(b"x", SendHow::default()));
    assert_eq!(done(there.receive(&mut [0; 4], ReceiveHow::default())).source, Some(here.local_name().unwrap()));
    done(there.close());
    here.set_nonblocking(true);
    done(here.send(b"y", SendHow::default()));
    assert_eq!(outcome(here.receive(&mut [0; 1], ReceiveHow::default())), Outcome::Refused);
    assert_eq!(here.ready(), Ready::WRITABLE);
}

/// The kernel gives up a port that it chose itself together with the peer. The address that came with the peer goes with it,
/// because from there the socket could not reach every other one.
#[test]
fn the_local_port_stays_when_the_peer_is_given_up() {
    let Some(network) = network() else { return };
    let server = socket(&network, Domain::Inet6, Kind::Datagram);
    server.bind(&home(0)).unwrap();
    let client = socket(&network, Domain::Inet6, Kind::Datagram);
    done(client.connect(&server.local_name().unwrap()));
    let port = port_of(&client);
    client.disconnect().unwrap();
    assert_eq!(client.local_name().unwrap(), everywhere(Domain::Inet6, port));
    assert_eq!(outcome(client.send(b"x", SendHow::default())), Outcome::NotConnected);
    done(client.send_to(b"y", &server.local_name().unwrap(), SendHow::default()));
    assert_eq!(done(server.receive(&mut [0; 8], ReceiveHow::default())).source, Some(home(port)));

    let bound = socket(&network, Domain::Inet6, Kind::Datagram);
    bound.bind(&home(0)).unwrap();
    let name = bound.local_name().unwrap();
    done(bound.connect(&server.local_name().unwrap()));
    bound.disconnect().unwrap();
    assert_eq!(bound.local_name().unwrap(), name);
}
