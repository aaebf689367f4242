//! Local names of streams: who may have which.

use synsent_sockets::{Domain, Kind, Linger, Outcome, Phase, Progress, Setting, Settings, Socket};
use synsent_stack::{Config, Duration, TcpConfig};

use crate::world::*;

const REUSE: Settings = reuse();

const fn reuse() -> Settings {
    Settings { reuse_address: true, ..plain() }
}

const fn plain() -> Settings {
    Settings {
        reuse_address: false,
        exclusive_address: false,
        broadcast: false,
        keep_alive: false,
        keep_alive_idle: None,
        keep_alive_interval: None,
        ignores_refusals: false,
        no_delay: false,
        urgent_inline: false,
        dont_route: false,
        v6_only: false,
        send_buffer: None,
        receive_buffer: None,
        hop_limit: None,
        multicast_hop_limit: None,
        traffic_class: 0,
        connect: synsent_sockets::ConnectPolicy { soft_errors: synsent_stack::SoftErrors::AbortOnAny, timeout: None },
    }
}

#[test]
fn two_sockets_have_one_name_only_where_both_share_it() {
    let exclusive = Settings { exclusive_address: true, ..REUSE };
    for (one, other, fits) in [
        (plain(), plain(), false),
        (REUSE, plain(), false),
        (plain(), REUSE, false),
        (REUSE, REUSE, true),
        (REUSE, exclusive, false),
        (exclusive, REUSE, false),
    ] {
        let world = world();
        let (first, second) = (world.stream_with(one), world.stream_with(other));
        first.bind(&world.net.us.at(4_000).into()).unwrap();
        let bound = second.bind(&any(4_000));
        assert_eq!(bound.is_ok(), fits, "{one:?} {other:?}");
        if let Err(failure) = bound {
            assert_eq!(failure.outcome, Outcome::AddressInUse);
            assert!(!second.is_bound());
            done(first.close());
            second.bind(&any(4_000)).unwrap();
        }
    }
}

#[test]
fn port_zero_gives_each_its_own_and_foreign_addresses_are_not_given() {
    let world = world();
    let sockets: Vec<_> = (0..32).map(|_| world.stream()).collect();
    let mut ports: Vec<_> = sockets
        .iter()
        .map(|socket| {
            socket.bind(&any(0)).unwrap();
            port_of(socket)
        })
        .collect();
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), 32);
    assert!(ports.iter().all(|port| *port >= 1_024));
    let foreign = world.net.server.at(4_000).into();
    assert_eq!(world.stream().bind(&foreign).unwrap_err().outcome, Outcome::AddressNotLocal);
    assert_eq!(sockets[0].bind(&any(0)).unwrap_err().outcome, Outcome::BadArgument);
}

#[test]
fn a_bound_name_is_the_one_that_the_peer_sees_and_a_listener_after_a_failure() {
    let world = world();
    let socket = world.stream();
    socket.bind(&any(4_321)).unwrap();
    assert_eq!(outcome(socket.connect(&world.net.server.at(80).into())), Outcome::Refused);
    assert!(matches!(socket.phase(), Phase::Failed(_)));
    let listener = world.listener(80);
    done(socket.connect(&world.net.server.at(80).into()));
    let (_, peer) = done(listener.accept());
    assert_eq!(peer, world.net.us.at(4_321).into());

    let other = world.stream();
    other.bind(&any(4_322)).unwrap();
    assert_eq!(outcome(other.connect(&world.net.server.at(81).into())), Outcome::Refused);
    other.listen(1).unwrap();
    assert_eq!(other.phase(), Phase::Listening);
    assert_eq!(port_of(&other), 4_322);
}

#[test]
fn a_connections_port_is_in_use_and_a_second_listener_too() {
    let world = world();
    let listener = world.listener(80);
    let client = world.stream();
    done(client.connect(&world.net.server.at(80).into()));
    let other = world.stream();
    assert_eq!(other.bind(&any(port_of(&client))).unwrap_err().outcome, Outcome::AddressInUse);
    client.set_linger(Linger::For(Duration::ZERO));
    let port = port_of(&client);
    done(client.close());
    other.bind(&any(port)).unwrap();
    drop(listener);
    let again = world.listener(80);
    assert_eq!(again.phase(), Phase::Listening);
}

#[test]
fn two_that_share_a_name_cannot_both_listen() {
    let world = world();
    let (first, second) = (world.stream_with(REUSE), world.stream_with(REUSE));
    first.bind(&any(4_000)).unwrap();
    second.bind(&any(4_000)).unwrap();
    first.listen(1).unwrap();
    assert_eq!(second.listen(1).unwrap_err().outcome, Outcome::AddressInUse);
    assert_eq!(second.phase(), Phase::Idle);
}

#[test]
fn a_listener_without_a_name_gets_one() {
    let world = world();
    let listener = world.stream();
    listener.listen(3).unwrap();
    assert!(listener.is_bound());
    assert_ne!(port_of(&listener), 0);
}

#[test]
fn an_accepted_socket_inherits_settings_mode_and_limits() {
    let world = world();
    let listener = world.listener(80);
    listener.set(synsent_sockets::Setting::NoDelay(true)).unwrap();
    listener.set_linger(Linger::For(SECOND));
    listener.set_time_limits(Some(SECOND), None);
    let client = world.stream();
    done(client.connect(&world.net.server.at(80).into()));
    let (accepted, peer) = done(listener.accept());
    assert!(accepted.settings().no_delay);
    assert_eq!((accepted.linger(), accepted.time_limits()), (Linger::For(SECOND), (Some(SECOND), None)));
    assert_eq!((accepted.phase(), accepted.peer_name()), (Phase::Connected, Some(peer)));
    assert_eq!(accepted.local_name().unwrap(), world.net.server.at(80).into());
    assert_eq!(outcome(listener.accept().map(|_| synsent_sockets::Progress::Done(()))), Outcome::TimeLimit);
}

#[test]
fn the_two_families_have_their_own_ports() {
    let world = world();
    let four = world.listener(80);
    let six = socket(&world.theirs, Domain::Inet6, Kind::Stream, Settings::default());
    six.bind(&world.net.server.at_v6(80).into()).unwrap();
    six.listen(4).unwrap();
    let client = world.stream();
    done(client.connect(&world.net.server.at(80).into()));
    let (_, peer) = done(four.accept());
    assert_eq!(peer.domain(), Domain::Inet4);
    let client = socket(&world.ours, Domain::Inet6, Kind::Stream, Settings::default());
    done(client.connect(&world.net.server.at_v6(80).into()));
    let (_, peer) = done(six.accept());
    assert_eq!(peer.domain(), Domain::Inet6);
    done(six.close());
    assert_eq!(outcome(client.connect(&world.net.server.at_v6(80).into())), Outcome::AlreadyConnected);
    let client = socket(&world.ours, Domain::Inet6, Kind::Stream, Settings::default());
    assert_eq!(outcome(client.connect(&world.net.server.at_v6(80).into())), Outcome::Refused);
}

#[test]
fn a_port_that_an_opening_gets_is_none_that_another_socket_has_bound() {
    let tcp = TcpConfig { ephemeral_ports: 50_000..=50_003, ..TcpConfig::default() };
    let world = world_with(Config { tcp, ..Config::default() }, |_| {});
    let _listener = world.listener(80);
    let held: Vec<_> = (50_000..=50_002)
        .map(|port| {
            let socket = world.stream_with(REUSE);
            socket.bind(&any(port)).unwrap();
            socket
        })
        .collect();
    let client = world.stream();
    done(client.connect(&world.net.server.at(80).into()));
    assert_eq!(port_of(&client), 50_003);
    assert_eq!(outcome(world.stream().connect(&world.net.server.at(80).into())), Outcome::NoPorts);
    // The bound ones open connections themselves, each from its own port.
    for (socket, port) in held.iter().zip(50_000..) {
        done(socket.connect(&world.net.server.at(80).into()));
        assert_eq!(port_of(socket), port);
    }
}

#[test]
fn listening_once_more_changes_how_many_may_wait() {
    let world = world();
    let listener = world.listener(80);
    let waiting = |clients: &[Socket]| {
        clients.iter().for_each(|client| client.set_nonblocking(true));
        clients.iter().for_each(|client| is_pending(client.connect(&world.net.server.at(80).into())));
        world.lab.with(|lab| lab.run_for(SECOND));
        listener.set_nonblocking(true);
        let count =
            std::iter::from_fn(|| listener.accept().ok()).take_while(|one| matches!(one, Progress::Done(_))).count();
        listener.set_nonblocking(false);
        count
    };
    for (backlog, most) in [(2, 2), (5, 5), (1, 1)] {
        listener.listen(backlog).unwrap();
        let clients: Vec<_> = (0..8).map(|_| world.stream()).collect();
        assert_eq!(waiting(&clients), most, "{backlog}");
        clients.iter().for_each(|client| {
            client.set_linger(Linger::For(Duration::ZERO));
            done(client.close());
        });
        world.lab.with(|lab| lab.run_for(SECOND));
    }
}

#[test]
fn who_has_a_name_may_let_others_have_it_later_and_may_stop() {
    let world = world();
    let [first, second, third] = [plain(), REUSE, REUSE].map(|settings| world.stream_with(settings));
    first.bind(&any(4_000)).unwrap();
    assert_eq!(second.bind(&any(4_000)).unwrap_err().outcome, Outcome::AddressInUse);
    first.set(Setting::ReuseAddress(true)).unwrap();
    second.bind(&any(4_000)).unwrap();
    first.set(Setting::ReuseAddress(false)).unwrap();
    assert_eq!(third.bind(&any(4_000)).unwrap_err().outcome, Outcome::AddressInUse);
    done(first.close());
    third.bind(&any(4_000)).unwrap();
}
