//! Openings: how they end, what the socket is then, and what it may do next.

use synsent_lab::{Behaviour, IcmpError, Obstruction};
use synsent_sockets::{ConnectPolicy, Domain, Kind, Linger, Outcome, Phase, Ready, Reason, Settings};
use synsent_stack::{Cause, Config, Duration, Route, RouteKind, SoftErrors, TcpConfig};

use crate::world::*;

fn with_policy(soft_errors: SoftErrors, timeout: Option<Duration>) -> Settings {
    Settings { connect: ConnectPolicy { soft_errors, timeout }, ..Settings::default() }
}

#[test]
fn a_blocking_connect_takes_its_round_trips_and_names_both_ends() {
    let world = world();
    let _listener = world.listener(80);
    let socket = world.stream();
    assert_eq!((socket.phase(), socket.is_bound(), socket.peer_name()), (Phase::Idle, false, None));
    done(socket.connect(&world.net.server.at(80).into()));
    // One round trip for the addresses of the neighbours, one for the handshake.
    assert!((0.0200..0.0210).contains(&world.seconds()), "{}", world.seconds());
    assert_eq!((socket.phase(), socket.is_bound()), (Phase::Connected, true));
    assert_eq!(socket.peer_name(), Some(world.net.server.at(80).into()));
    let local = socket.local_name().unwrap().inet().unwrap();
    assert_eq!(local.ip(), world.net.us.v4);
    assert_ne!(local.port(), 0);
    assert!(socket.connected_at().is_some());
    assert_eq!(outcome(socket.connect(&world.net.server.at(80).into())), Outcome::AlreadyConnected);
}

#[test]
fn a_refused_connect_tells_who_refused_and_the_socket_may_try_again() {
    let world = world();
    let socket = world.stream();
    let failure = failed(socket.connect(&world.net.server.at(80).into()));
    assert_eq!(failure.outcome, Outcome::Refused);
    assert!(failure.to_string().contains("RST from 10.2.0.2"), "{failure}");
    assert_eq!(socket.phase(), Phase::Failed(failure));
    assert!(socket.is_bound(), "the attempt gave it a local port");
    let port = port_of(&socket);
    assert_eq!(socket.pending_error(), None, "the caller was told");
    assert_eq!(socket.ready(), Ready::FAILED);
    let _listener = world.listener(80);
    done(socket.connect(&world.net.server.at(80).into()));
    assert_eq!(port_of(&socket), port);
    assert_eq!(socket.phase(), Phase::Connected);
}

#[test]
fn without_a_route_nothing_is_bound() {
    let world = world_with(Config::default(), |net| {
        let default = Route::default_via(net.router.v4.into());
        net.lab.call(net.us.host, |stack, now| stack.remove_route(now, default)).unwrap();
    });
    let socket = world.stream();
    let failure = failed(socket.connect(&world.net.server.at(80).into()));
    assert_eq!(failure.outcome, Outcome::NetworkUnreachable);
    assert!(matches!(failure.reason, Reason::Open(_)), "{failure:?}");
    assert!(!socket.is_bound());
    assert_eq!(world.seconds(), 0.0);
}

#[test]
fn the_routes_own_refusals_have_their_outcomes() {
    for (kind, expected) in
        [(RouteKind::Unreachable, Outcome::HostUnreachable), (RouteKind::Prohibit, Outcome::Prohibited)]
    {
        let world = world_with(Config::default(), |net| {
            let refusing = Route::refusing("10.2.0.0/24".parse().unwrap(), kind);
            net.lab.route(net.us.host, refusing).unwrap();
        });
        assert_eq!(outcome(world.stream().connect(&world.net.server.at(80).into())), expected);
    }
}

#[test]
fn a_link_that_is_down_is_a_network_that_is_down() {
    let world = world_with(Config::default(), |net| {
        let (host, link) = (net.us.host, net.us.link);
        net.lab.call(host, |stack, now| stack.set_link_up(now, link, false));
    });
    assert_eq!(outcome(world.stream().connect(&world.net.server.at(80).into())), Outcome::NetworkDown);
}

#[test]
fn a_neighbour_that_does_not_answer_is_an_unreachable_host() {
    let world = world();
    let socket = world.stream();
    let failure = failed(socket.connect(&world.net.vacant.at(80).into()));
    assert_eq!(failure.outcome, Outcome::HostUnreachable, "{failure}");
}

#[test]
fn icmp_errors_end_an_opening_at_once_where_the_policy_says_so() {
    for (error, expected) in [
        (IcmpError::NetworkUnreachable, Outcome::NetworkUnreachable),
        (IcmpError::HostUnreachable, Outcome::HostUnreachable),
        (IcmpError::Prohibited, Outcome::Prohibited),
        (IcmpError::PortUnreachable, Outcome::Refused),
        (IcmpError::ProtocolUnreachable, Outcome::Refused),
        (IcmpError::TimeExceeded, Outcome::HostUnreachable),
    ] {
        let world = world_with(Config::default(), |net| net.lab.obstruct(net.router.host, Obstruction::all(error)));
        for domain in [Domain::Inet4, Domain::Inet6] {
            let socket = socket(&world.ours, domain, Kind::Stream, with_policy(SoftErrors::AbortOnAny, None));
            let server = world.net.server;
            let peer = if domain == Domain::Inet4 { server.at(80) } else { server.at_v6(80) };
            let failure = failed(socket.connect(&peer.into()));
            assert_eq!(failure.outcome, expected, "{error:?} {domain:?}");
            let Reason::Flow(flow) = failure.reason else { panic!("no reason: {failure:?}") };
            assert!(matches!(flow.cause, Cause::Icmp { .. }), "{flow}");
        }
    }
}

#[test]
fn a_remembered_icmp_error_is_told_when_the_time_is_over() {
    let world = world_with(Config::default(), |net| {
        net.lab.obstruct(net.router.host, Obstruction::all(IcmpError::HostUnreachable));
    });
    let socket = world.stream_with(with_policy(SoftErrors::ReportAtTimeout, Some(20 * SECOND)));
    let failure = failed(socket.connect(&world.net.server.at(80).into()));
    assert_eq!(failure.outcome, Outcome::TimedOutUnreachable, "{failure}");
    assert!((20.0..20.1).contains(&world.seconds()), "{}", world.seconds());
}

#[test]
fn silence_lasts_as_long_as_the_policy_and_the_ladder_is_told() {
    let world = world_with(Config::default(), |net| {
        net.lab.behave(net.server.host, 80, Behaviour::Silent).unwrap();
    });
    let socket = world.stream_with(with_policy(SoftErrors::AbortOnAny, Some(21 * SECOND)));
    let failure = failed(socket.connect(&world.net.server.at(80).into()));
    assert_eq!(failure.outcome, Outcome::TimedOut);
    assert!(failure.to_string().contains("5 SYNs"), "{failure}");
    assert!((21.0..21.1).contains(&world.seconds()), "{}", world.seconds());
    assert_eq!(socket.phase(), Phase::Failed(failure));
}

#[test]
fn an_opening_in_the_background_is_given_up_on_time_by_whoever_looks() {
    let world = world_with(Config::default(), |net| {
        net.lab.behave(net.server.host, 80, Behaviour::Silent).unwrap();
    });
    let socket = world.stream_with(with_policy(SoftErrors::AbortOnAny, Some(21 * SECOND)));
    socket.set_nonblocking(true);
    is_pending(socket.connect(&world.net.server.at(80).into()));
    assert_eq!(outcome(socket.connect(&world.net.server.at(80).into())), Outcome::AlreadyConnecting);
    assert_eq!(socket.peer_name(), Some(world.net.server.at(80).into()));
    world.lab.with(|lab| lab.run_for(Duration::from_millis(20_900)));
    assert_eq!((socket.phase(), socket.ready()), (Phase::Connecting, Ready::NONE));
    world.lab.with(|lab| lab.run_for(Duration::from_millis(100)));
    assert_eq!(socket.ready(), Ready::FAILED);
    assert_eq!(socket.pending_error().map(|failure| failure.outcome), Some(Outcome::TimedOut));
    assert_eq!(socket.take_error().map(|failure| failure.outcome), Some(Outcome::TimedOut));
    assert_eq!(socket.take_error(), None);
}

#[test]
fn an_opening_in_the_background_shows_its_end_and_keeps_its_error_until_the_next_success() {
    let world = world();
    let socket = world.stream();
    socket.set_nonblocking(true);
    is_pending(socket.connect(&world.net.server.at(80).into()));
    world.lab.with(|lab| lab.run_for(SECOND));
    assert_eq!(socket.ready(), Ready::FAILED);
    assert_eq!(socket.pending_error().map(|failure| failure.outcome), Some(Outcome::Refused));
    let _listener = world.listener(80);
    is_pending(socket.connect(&world.net.server.at(80).into()));
    world.lab.with(|lab| lab.run_for(SECOND));
    assert!(socket.ready().has(Ready::WRITABLE));
    assert!(!socket.ready().has(Ready::FAILED | Ready::READABLE));
    assert_eq!((socket.phase(), socket.pending_error()), (Phase::Connected, None));
}

#[test]
fn a_signal_leaves_the_opening_under_way() {
    let world = world_with(Config::default(), |net| {
        net.lab.behave(net.server.host, 80, Behaviour::AnswerLate(3 * SECOND)).unwrap();
    });
    world.ours.interrupt_at(synsent_stack::Instant::from_secs(1));
    let socket = world.stream();
    assert_eq!(outcome(socket.connect(&world.net.server.at(80).into())), Outcome::Interrupted);
    assert_eq!(world.seconds(), 1.0);
    assert_eq!(socket.phase(), Phase::Connecting);
    world.lab.with(|lab| lab.run_for(4 * SECOND));
    assert_eq!(socket.phase(), Phase::Connected);
}

#[test]
fn a_cancelled_connect_is_given_up() {
    let world = world_with(Config::default(), |net| {
        net.lab.behave(net.server.host, 80, Behaviour::Silent).unwrap();
    });
    let socket = world.stream();
    // As long as we are here and do not wait, time stands still, and so the attempt does not end by itself.
    let _here = world.ours.participate();
    let seat = world.lab.seat();
    let sent = std::thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            let _here = seat.take();
            outcome(socket.connect(&world.net.server.at(80).into()))
        });
        while socket.phase() != Phase::Connecting {
            std::thread::yield_now();
        }
        socket.cancel();
        // Who is taken back before it waits does not wait; a cancel that finds nobody is repeated.
        while !waiter.is_finished() {
            socket.cancel();
            std::thread::yield_now();
        }
        waiter.join().unwrap()
    });
    assert_eq!(sent, Outcome::Cancelled);
    assert!(matches!(socket.phase(), Phase::Failed(failure) if failure.outcome == Outcome::Cancelled));
}

#[test]
fn exhausted_ports_and_a_used_four_tuple_have_their_outcomes() {
    let ports = TcpConfig { ephemeral_ports: 5_000..=5_001, ..TcpConfig::default() };
    let world = world_with(Config { tcp: ports, ..Config::default() }, |_| {});
    let _listener = world.listener(80);
    let peer = world.net.server.at(80).into();
    let (first, second) = (world.stream(), world.stream());
    done(first.connect(&peer));
    done(second.connect(&peer));
    let third = world.stream();
    assert_eq!(outcome(third.connect(&peer)), Outcome::NoPorts);
    assert!(!third.is_bound());

    let shared = Settings { reuse_address: true, ..Settings::default() };
    let (one, other) = (world.stream_with(shared), world.stream_with(shared));
    for socket in [&one, &other] {
        socket.bind(&any(6_000)).unwrap();
    }
    done(one.connect(&peer));
    assert_eq!(outcome(other.connect(&peer)), Outcome::AddressInUse);
    assert!(other.is_bound());
}

#[test]
fn no_more_connections_than_may_be_is_told_as_a_lack_of_room() {
    let few = TcpConfig { flows_max: 1, ..TcpConfig::default() };
    let world = world_with(Config { tcp: few, ..Config::default() }, |_| {});
    let _listener = world.listener(80);
    let peer = world.net.server.at(80).into();
    let first = world.stream();
    done(first.connect(&peer));
    let second = world.stream();
    assert_eq!(outcome(second.connect(&peer)), Outcome::NoBuffers);
    first.set_linger(Linger::For(Duration::ZERO));
    done(first.close());
    done(second.connect(&peer));
}

#[test]
fn what_cannot_be_a_peer_changes_nothing() {
    let world = world();
    let socket = world.stream();
    for peer in ["0.0.0.0:80", "10.2.0.2:0", "255.255.255.255:80", "10.1.0.255:80", "224.0.0.1:80"] {
        let peer: std::net::SocketAddr = peer.parse().unwrap();
        assert_eq!(outcome(socket.connect(&peer.into())), Outcome::BadPeer, "{peer}");
    }
    assert_eq!(outcome(socket.connect(&world.net.server.at_v6(80).into())), Outcome::DomainUnsupported);
    let six = crate::world::socket(&world.ours, Domain::Inet6, Kind::Stream, Settings::default());
    let mapped: std::net::SocketAddr = "[::ffff:10.2.0.2]:80".parse().unwrap();
    assert_eq!(outcome(six.connect(&mapped.into())), Outcome::NetworkUnreachable);
    assert_eq!((socket.phase(), socket.is_bound()), (Phase::Idle, false));
}

#[test]
fn only_direct_neighbours_are_reached_without_routing() {
    let world = world();
    let socket = world.stream_with(Settings { dont_route: true, ..Settings::default() });
    assert_eq!(outcome(socket.connect(&world.net.server.at(80).into())), Outcome::NetworkUnreachable);
    assert_eq!(outcome(socket.connect(&world.net.neighbour.at(80).into())), Outcome::Refused);
    assert_eq!(outcome(socket.connect(&world.net.router.at(80).into())), Outcome::Refused);
}
