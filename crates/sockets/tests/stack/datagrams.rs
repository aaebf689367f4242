//! Datagram sockets: peers, foreign datagrams, ICMP errors, broadcasts, queues.

use synsent_lab::UdpBehaviour;
use synsent_sockets::{
    Cast, Domain, Kind, Outcome, Phase, Progress, Queued, Ready, Reason, ReceiveHow, SendHow, Setting, Settings,
    Shutdown, Socket,
};
use synsent_stack::{Config, Route};

use crate::world::*;

const HOW: SendHow = SendHow { urgent: false, dont_route: false };

fn echo_world() -> World {
    world_with(Config::default(), |net| {
        net.lab.behave_udp(net.server.host, 7, UdpBehaviour::Echo).unwrap();
        net.lab.behave_udp(net.neighbour.host, 7, UdpBehaviour::Echo).unwrap();
    })
}

#[test]
fn a_first_datagram_binds_and_its_answer_says_who_sent_it() {
    let world = echo_world();
    let socket = world.datagram();
    assert_eq!(socket.ready(), Ready::WRITABLE);
    assert!(!socket.is_bound());
    done(socket.send_to(b"hello", &world.net.server.at(7).into(), HOW));
    assert!(socket.is_bound());
    let (octets, received) = receive_from(&socket);
    assert_eq!(octets, b"hello");
    assert_eq!(received.source, Some(world.net.server.at(7).into()));
}

#[test]
fn what_does_not_fit_is_lost_and_told() {
    let world = echo_world();
    let socket = world.datagram();
    done(socket.send_to(b"0123456789", &world.net.server.at(7).into(), HOW));
    let mut four = [0; 4];
    let peeked = done(socket.receive(&mut four, ReceiveHow { peek: true, urgent: false }));
    assert_eq!((peeked.octets, peeked.whole), (4, 10));
    assert_eq!(socket.receivable_octets(), 10);
    let received = done(socket.receive(&mut four, ReceiveHow::default()));
    assert_eq!((received.octets, received.whole, &four), (4, 10, b"0123"));
    socket.set_nonblocking(true);
    is_pending(try_receive(&socket));
}

#[test]
fn a_peer_behind_a_router_is_none_without_routing() {
    let world = echo_world();
    let socket = world.datagram();
    socket.set(Setting::DontRoute(true)).unwrap();
    assert_eq!(outcome(socket.connect(&world.net.server.at(7).into())), Outcome::NetworkUnreachable);
    assert_eq!(socket.phase(), Phase::Idle);
    done(socket.connect(&world.net.neighbour.at(7).into()));
    send(&socket, b"near");
    assert_eq!(receive(&socket), b"near");
}

#[test]
fn a_peer_is_heard_alone_until_it_is_taken_away() {
    let world = echo_world();
    let socket = world.datagram();
    done(socket.connect(&world.net.server.at(7).into()));
    assert_eq!((socket.phase(), socket.connected_at()), (Phase::Connected, None));
    let port = port_of(&socket);
    assert_eq!(socket.local_name().unwrap().inet().unwrap().ip(), world.net.us.v4);
    done(socket.send_to(b"foreign", &world.net.neighbour.at(7).into(), HOW));
    send(&socket, b"own");
    assert_eq!(receive(&socket), b"own");
    socket.set_nonblocking(true);
    is_pending(try_receive(&socket));

    socket.disconnect().unwrap();
    assert_eq!((socket.phase(), socket.peer_name()), (Phase::Idle, None));
    assert_eq!(port_of(&socket), port, "the local port stays");
    assert_eq!(outcome(socket.send(b"x", HOW)), Outcome::NotConnected);
    done(socket.send_to(b"again", &world.net.neighbour.at(7).into(), HOW));
    socket.set_nonblocking(false);
    assert_eq!(receive(&socket), b"again");
}

#[test]
fn what_is_queued_stays_at_a_connect_unless_it_is_thrown_away() {
    let world = echo_world();
    let socket = world.datagram();
    done(socket.send_to(b"old", &world.net.neighbour.at(7).into(), HOW));
    world.lab.with(|lab| lab.run_for(SECOND));
    done(socket.connect(&world.net.server.at(7).into()));
    assert_eq!(receive(&socket), b"old");
    send(&socket, b"new");
    world.lab.with(|lab| lab.run_for(SECOND));
    assert!(socket.ready().has(Ready::READABLE));
    socket.discard_queued();
    assert!(!socket.ready().has(Ready::READABLE));
}

/// Two datagrams of the neighbour with one of the server between them, to a socket without a peer.
fn hears_both(world: &World) -> Socket {
    let socket = world.datagram();
    for (octets, place) in
        [(b"first", world.net.neighbour), (b"other", world.net.server), (b"third", world.net.neighbour)]
    {
        done(socket.send_to(octets, &place.at(7).into(), HOW));
        world.lab.with(|lab| lab.run_for(SECOND));
    }
    socket.set_nonblocking(true);
    socket
}

#[test]
fn a_new_peer_may_leave_of_the_queue_only_what_is_its_own() {
    let world = echo_world();
    let socket = hears_both(&world);
    done(socket.connect_with(&world.net.server.at(7).into(), Queued::ForeignGo));
    assert_eq!(receive(&socket), b"other");
    is_pending(try_receive(&socket));
}

#[test]
fn a_new_peer_may_leave_nothing_of_the_queue_and_the_same_peer_all_of_it() {
    let world = echo_world();
    let socket = hears_both(&world);
    let peer = world.net.server.at(7).into();
    done(socket.connect_with(&peer, Queued::Go));
    is_pending(try_receive(&socket));
    send(&socket, b"new");
    world.lab.with(|lab| lab.run_for(SECOND));
    done(socket.connect_with(&peer, Queued::Go));
    assert_eq!(receive(&socket), b"new");
}

#[test]
fn a_peer_that_cannot_be_taken_leaves_the_queue_as_it_was() {
    let world = echo_world();
    let socket = hears_both(&world);
    let default = Route::default_via(world.net.router.v4.into());
    world.lab.with(|lab| lab.call(world.net.us.host, |stack, now| stack.remove_route(now, default))).unwrap();
    let far = world.net.server.at(7).into();
    assert_eq!(outcome(socket.connect_with(&far, Queued::Go)), Outcome::NetworkUnreachable);
    assert_eq!(receive(&socket), b"first");
}

#[test]
fn port_unreachable_is_told_once_with_who_said_it() {
    let world = world();
    let socket = world.datagram();
    done(socket.connect(&world.net.server.at(9).into()));
    send(&socket, b"anybody?");
    let failure = failed(try_receive(&socket));
    assert_eq!(failure.outcome, Outcome::Refused);
    assert!(matches!(failure.reason, Reason::Datagram(_)));
    assert!(failure.to_string().contains("10.2.0.2 said ICMP port unreachable"), "{failure}");
    socket.set_nonblocking(true);
    is_pending(try_receive(&socket));

    send(&socket, b"anybody?");
    world.lab.with(|lab| lab.run_for(SECOND));
    assert!(socket.ready().has(Ready::FAILED));
    assert_eq!(socket.take_error().map(|failure| failure.outcome), Some(Outcome::Refused));
    assert_eq!(socket.take_error(), None);
    assert!(!socket.ready().has(Ready::FAILED));
}

#[test]
fn an_error_of_a_former_peer_is_not_told_of_the_next() {
    let world = echo_world();
    let (nobody, good) = (world.net.server.at(9).into(), world.net.server.at(7).into());
    let has_met_nobody = || {
        let socket = world.datagram();
        done(socket.connect(&nobody));
        send(&socket, b"anybody?");
        world.lab.with(|lab| lab.run_for(SECOND));
        socket
    };
    for is_seen in [false, true] {
        let socket = has_met_nobody();
        if is_seen {
            assert!(socket.pending_error().is_some());
        }
        socket.disconnect().unwrap();
        done(socket.send_to(b"hello", &good, HOW));
        assert_eq!(receive(&socket), b"hello");
        let socket = has_met_nobody();
        if is_seen {
            assert!(socket.ready().has(Ready::FAILED));
        }
        done(socket.connect(&good));
        send(&socket, b"hello");
        assert_eq!(receive(&socket), b"hello");
    }
}

#[test]
fn an_unconnected_socket_hears_of_no_error() {
    let world = world();
    let socket = world.datagram();
    done(socket.send_to(b"anybody?", &world.net.server.at(9).into(), HOW));
    world.lab.with(|lab| lab.run_for(SECOND));
    assert_eq!(socket.pending_error(), None);
}

#[test]
fn broadcasts_need_permission_and_are_known_as_such() {
    let world = world_with(Config::default(), |net| {
        net.lab.behave_udp(net.neighbour.host, 7, UdpBehaviour::Sink).unwrap();
    });
    let socket = world.datagram();
    for (address, cast) in [
        ("10.1.0.255", Cast::Broadcast),
        ("255.255.255.255", Cast::Broadcast),
        ("10.2.0.255", Cast::Unicast),
        ("224.0.0.5", Cast::Multicast),
        ("10.1.0.3", Cast::Unicast),
    ] {
        assert_eq!(socket.cast(address.parse().unwrap()), cast, "{address}");
    }
    let all: std::net::SocketAddr = "10.1.0.255:7".parse().unwrap();
    assert_eq!(outcome(socket.send_to(b"all", &all.into(), HOW)), Outcome::PermissionDenied);
    socket.set(Setting::Broadcast(true)).unwrap();
    done(socket.send_to(b"all", &all.into(), HOW));
    world.lab.with(|lab| lab.run_for(SECOND));
    assert_eq!(world.lab.with(|lab| lab.sunk(world.net.neighbour.host, 7).count()), 1);
}

#[test]
fn names_of_datagram_sockets_clash_unless_both_share() {
    let world = world();
    let (first, second) = (world.datagram(), world.datagram());
    first.bind(&any(5_000)).unwrap();
    assert_eq!(second.bind(&any(5_000)).unwrap_err().outcome, Outcome::AddressInUse);
    let foreign = world.net.server.at(5_001).into();
    assert_eq!(second.bind(&foreign).unwrap_err().outcome, Outcome::AddressNotLocal);
    let sharing = Settings { reuse_address: true, ..Settings::default() };
    let pair = [(); 2].map(|()| socket(&world.ours, Domain::Inet4, Kind::Datagram, sharing));
    pair.iter().for_each(|one| one.bind(&any(5_002)).unwrap());
}

#[test]
fn too_long_a_datagram_and_an_ended_direction_are_told() {
    let world = echo_world();
    let socket = world.datagram();
    let peer = world.net.server.at(7).into();
    assert_eq!(outcome(socket.send_to(&[0; 65_508], &peer, HOW)), Outcome::MessageTooLong);
    assert!(socket.is_bound(), "the port that it was given for it stays its own");
    assert_eq!(done(socket.send_to(&[0; 65_507], &peer, HOW)), 65_507);
    done(socket.connect(&peer));
    socket.shutdown(Shutdown::Send).unwrap();
    assert_eq!(outcome(socket.send(b"x", HOW)), Outcome::SendingOver);
    assert_eq!(outcome(socket.send_to(b"x", &peer, HOW)), Outcome::SendingOver);
}

#[test]
fn without_a_route_nothing_is_bound_and_the_old_peer_stays() {
    let world = echo_world();
    let socket = world.datagram();
    let nowhere: std::net::SocketAddr = "[fd00:2::2]:7".parse().unwrap();
    assert_eq!(outcome(socket.connect(&nowhere.into())), Outcome::DomainUnsupported);
    done(socket.connect(&world.net.server.at(7).into()));
    assert!(matches!(socket.connect(&any(0)), Err(failure) if failure.outcome == Outcome::BadPeer));
    assert_eq!(socket.peer_name(), Some(world.net.server.at(7).into()));
    assert_eq!(send(&socket, b"x"), 1);
    assert!(matches!(try_receive(&socket), Ok(Progress::Done(_))));
}

#[test]
fn a_v6_socket_and_a_v4_socket_are_two_worlds() {
    let world = echo_world();
    let six = socket(&world.ours, Domain::Inet6, Kind::Datagram, Settings::default());
    done(six.send_to(b"six", &world.net.server.at_v6(7).into(), HOW));
    let (octets, received) = receive_from(&six);
    assert_eq!((octets.as_slice(), received.source), (&b"six"[..], Some(world.net.server.at_v6(7).into())));
    assert_eq!(six.local_name().unwrap().domain(), Domain::Inet6);
}

#[test]
fn room_of_nothing_holds_a_datagram_all_the_same() {
    let world = echo_world();
    let socket = world.datagram();
    socket.set(Setting::SendBuffer(0)).unwrap();
    socket.set(Setting::ReceiveBuffer(0)).unwrap();
    done(socket.send_to(&[7; 1_400], &world.net.server.at(7).into(), HOW));
    assert_eq!(receive(&socket), [7; 1_400]);
    socket.set(Setting::ReceiveBuffer(0)).unwrap();
    done(socket.send_to(b"again", &world.net.server.at(7).into(), HOW));
    assert_eq!(receive(&socket), b"again");
    assert!(socket.buffers().0 > 0 && socket.buffers().1 > 0);
}
