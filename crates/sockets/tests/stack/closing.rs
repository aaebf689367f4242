//! Closing: what becomes of what was sent, and of those who wait.

use std::sync::atomic::{AtomicBool, Ordering};

use synsent_lab::Faults;
use synsent_sockets::{Cancel, Linger, Outcome, Phase, Ready, SendHow, select};
use synsent_stack::{Config, Duration};

use crate::world::*;

#[test]
fn a_plain_close_delivers_in_the_background() {
    let world = world();
    let (client, server) = world.connection();
    send(&client, &[5; 100_000]);
    done(client.close());
    assert_eq!(client.phase(), Phase::Closed);
    let mut count = 0;
    loop {
        match receive(&server).len() {
            0 => break,
            octets => count += octets,
        }
    }
    assert_eq!(count, 100_000);
    assert_eq!(outcome(client.send(b"x", SendHow::default())), Outcome::Cancelled);
}

#[test]
fn a_lingering_close_waits_until_all_is_acknowledged() {
    let world = world();
    let (client, server) = world.connection();
    client.set_linger(Linger::For(30 * SECOND));
    send(&client, b"last words");
    let began = world.seconds();
    done(client.close());
    let took = world.seconds() - began;
    assert!((0.010..1.0).contains(&took), "{took}");
    assert_eq!(receive(&server), b"last words");
    assert_eq!(receive(&server), b"");
}

#[test]
fn a_lingering_close_resets_when_its_time_is_over() {
    let mut far = None;
    let world = world_with(Config::default(), |net| far = Some(net.far));
    let (client, server) = world.connection();
    client.set_linger(Linger::For(4 * SECOND));
    send(&client, b"last words");
    world.lab.with(|lab| lab.set_faults(far.unwrap(), None, Faults { loss: 1.0, ..Faults::default() }));
    let began = world.seconds();
    done(client.close());
    assert_eq!((world.seconds() - began).round(), 4.0);
    assert_eq!(world.ours.stack(|stack, _| stack.tcp_population().flows), 0, "nothing goes on in the background");
    drop(server);
}

#[test]
fn a_lingering_close_that_does_not_block_is_asked_again() {
    let world = world();
    let (client, server) = world.connection();
    client.set_linger(Linger::For(30 * SECOND));
    client.set_nonblocking(true);
    send(&client, b"last words");
    is_pending(client.close());
    world.lab.with(|lab| lab.run_for(SECOND));
    done(client.close());
    assert_eq!(receive(&server), b"last words");
}

#[test]
fn a_close_with_no_time_to_linger_resets() {
    let world = world();
    let (client, server) = world.connection();
    client.set_linger(Linger::For(Duration::ZERO));
    done(client.close());
    assert_eq!(outcome(try_receive(&server)), Outcome::Reset);
}

#[test]
fn a_socket_that_is_dropped_gives_everything_back() {
    let world = world();
    let (client, server) = world.connection();
    drop(client);
    assert_eq!(receive(&server), b"");
    drop(server);
    world.lab.with(|lab| lab.run_for(200 * SECOND));
    assert_eq!(world.ours.stack(|stack, _| stack.tcp_population().flows), 0);
}

#[test]
fn a_close_ends_every_call_that_waits_on_the_socket() {
    for _ in 0..50 {
        let world = world();
        let (client, server) = world.connection();
        let go = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let receivers: Vec<_> = (0..3)
                .map(|_| {
                    let seat = world.lab.seat();
                    let client = &client;
                    scope.spawn(move || {
                        let _here = seat.take();
                        outcome(try_receive(client))
                    })
                })
                .collect();
            let selecting = {
                let seat = world.lab.seat();
                let (client, ours) = (&client, &world.ours);
                scope.spawn(move || {
                    let _here = seat.take();
                    select(ours.as_ref(), &[(client, Ready::READABLE)], None, &Cancel::new()).map_err(|f| f.outcome)
                })
            };
            scope.spawn(|| {
                while !go.load(Ordering::SeqCst) {
                    std::thread::yield_now();
                }
                done(client.close());
            });
            go.store(true, Ordering::SeqCst);
            for receiver in receivers {
                assert_eq!(receiver.join().unwrap(), Outcome::Cancelled);
            }
            assert_eq!(selecting.join().unwrap(), Err(Outcome::Cancelled));
        });
        drop(server);
    }
}

#[test]
fn a_listener_that_is_closed_ends_its_accept_and_resets_who_waits() {
    let world = world();
    let listener = world.listener(80);
    let client = world.stream();
    done(client.connect(&world.net.server.at(80).into()));
    done(listener.close());
    assert_eq!(outcome(try_receive(&client)), Outcome::Reset);
    assert_eq!(outcome(listener.accept().map(|_| synsent_sockets::Progress::Done(()))), Outcome::Cancelled);
}

#[test]
fn a_cancel_takes_back_who_waits_and_leaves_the_socket() {
    let world = world();
    let (client, server) = world.connection();
    let seat = world.lab.seat();
    std::thread::scope(|scope| {
        let receiver = scope.spawn(|| {
            let _here = seat.take();
            outcome(try_receive(&client))
        });
        while !receiver.is_finished() {
            client.cancel();
            std::thread::yield_now();
        }
        assert_eq!(receiver.join().unwrap(), Outcome::Cancelled);
    });
    client.cancel();
    send(&server, b"still here");
    assert_eq!(receive(&client), b"still here");
}
