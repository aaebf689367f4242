//! Waiting on many sockets.

use synsent_lab::Behaviour;
use synsent_sockets::{Cancel, ConnectPolicy, Outcome, Ready, Settings, Socket, select};
use synsent_stack::{Config, Duration, SoftErrors};

use crate::world::*;

fn wait(world: &World, asked: &[(&Socket, Ready)], at_most: Option<Duration>) -> Vec<Ready> {
    select(world.ours.as_ref(), asked, at_most, &Cancel::new()).unwrap()
}

#[test]
fn it_answers_with_who_is_ready_for_what_was_asked() {
    let world = world();
    let (client, server) = world.connection();
    let idle = world.stream();
    let asked = [(&client, Ready::READABLE), (&idle, Ready::ALL), (&client, Ready::WRITABLE)];
    assert_eq!(wait(&world, &asked, None), [Ready::NONE, Ready::NONE, Ready::WRITABLE]);
    send(&server, b"x");
    let asked = [(&client, Ready::READABLE), (&idle, Ready::ALL)];
    assert_eq!(wait(&world, &asked, None), [Ready::READABLE, Ready::NONE]);
}

#[test]
fn it_looks_once_or_waits_as_long_as_it_is_told() {
    let world = world();
    let (client, _server) = world.connection();
    let began = world.seconds();
    assert_eq!(wait(&world, &[(&client, Ready::READABLE)], Some(Duration::ZERO)), [Ready::NONE]);
    assert_eq!(world.seconds(), began);
    assert_eq!(wait(&world, &[(&client, Ready::READABLE)], Some(5 * SECOND)), [Ready::NONE]);
    assert_eq!((world.seconds() - began).round(), 5.0);
    assert_eq!(wait(&world, &[], Some(5 * SECOND)), []);
}

#[test]
fn openings_end_in_it() {
    let world = world_with(Config::default(), |net| {
        net.lab.behave(net.server.host, 80, Behaviour::Silent).unwrap();
        net.lab.behave(net.server.host, 81, Behaviour::AnswerLate(2 * SECOND)).unwrap();
    });
    let limited = ConnectPolicy { soft_errors: SoftErrors::AbortOnAny, timeout: Some(7 * SECOND) };
    let silent = world.stream_with(Settings { connect: limited, ..Settings::default() });
    let (late, refused) = (world.stream(), world.stream());
    let server = world.net.server;
    for (socket, port) in [(&silent, 80), (&late, 81), (&refused, 82)] {
        socket.set_nonblocking(true);
        is_pending(socket.connect(&server.at(port).into()));
    }
    let all = Ready::READABLE | Ready::WRITABLE | Ready::FAILED;
    let asked = [(&silent, all), (&late, all), (&refused, all)];
    assert_eq!(wait(&world, &asked, None), [Ready::NONE, Ready::NONE, Ready::FAILED]);
    assert_eq!(wait(&world, &asked[..2], None), [Ready::NONE, Ready::WRITABLE]);
    assert_eq!(wait(&world, &asked[..1], Some(60 * SECOND)), [Ready::FAILED]);
    assert!((7.0..7.1).contains(&world.seconds()), "{}", world.seconds());
}

#[test]
fn a_listener_is_readable_when_somebody_waits_there() {
    let world = world();
    let listener = world.stream();
    listener.bind(&any(80)).unwrap();
    listener.listen(4).unwrap();
    let asked = [(&listener, Ready::READABLE)];
    assert_eq!(wait(&world, &asked, Some(Duration::ZERO)), [Ready::NONE]);
    let client = socket_there(&world);
    client.set_nonblocking(true);
    is_pending(client.connect(&world.net.us.at(80).into()));
    assert_eq!(wait(&world, &asked, None), [Ready::READABLE]);
    done(listener.accept());
    assert_eq!(wait(&world, &asked, Some(Duration::ZERO)), [Ready::NONE]);
}

fn socket_there(world: &World) -> Socket {
    socket(&world.theirs, synsent_sockets::Domain::Inet4, synsent_sockets::Kind::Stream, Settings::default())
}

#[test]
fn a_mark_or_a_signal_ends_it() {
    let world = world();
    let (client, _server) = world.connection();
    let cancel = Cancel::new();
    cancel.cancel();
    let asked = [(&client, Ready::READABLE)];
    let ended = select(world.ours.as_ref(), &asked, None, &cancel).unwrap_err();
    assert_eq!(ended.outcome, Outcome::Cancelled);
    world.ours.interrupt_at(synsent_stack::Instant::from_secs(3));
    let ended = select(world.ours.as_ref(), &asked, None, &Cancel::new()).unwrap_err();
    assert_eq!((ended.outcome, world.seconds()), (Outcome::Interrupted, 3.0));
}
