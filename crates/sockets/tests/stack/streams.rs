//! Connections: data both ways, ends, breaks, limits of time, urgent data.

use synsent_lab::Behaviour;
use synsent_sockets::{Outcome, Phase, Ready, ReceiveHow, SendHow, Setting, Settings, Shutdown};
use synsent_stack::{Config, Duration};

use crate::world::*;

const PEEK: ReceiveHow = ReceiveHow { peek: true, urgent: false };
const URGENT: ReceiveHow = ReceiveHow { peek: false, urgent: true };
const SEND_URGENT: SendHow = SendHow { urgent: true, dont_route: false };

#[test]
fn octets_go_both_ways_and_the_end_is_the_end() {
    let world = world();
    let (client, server) = world.connection();
    assert_eq!(send(&client, b"question"), 8);
    assert_eq!(receive(&server), b"question");
    assert_eq!(send(&server, b"answer"), 6);
    server.shutdown(Shutdown::Send).unwrap();
    assert_eq!(server.is_shut_down(), (false, true));
    assert_eq!(outcome(server.send(b"more", SendHow::default())), Outcome::SendingOver);
    let mut into = [0; 6];
    assert_eq!(done(client.receive(&mut into, PEEK)).octets, 6);
    assert_eq!(client.receivable_octets(), 6);
    assert_eq!(receive(&client), b"answer");
    assert_eq!(receive(&client), b"");
    assert!(client.ready().has(Ready::PEER_CLOSED));
    assert!(!client.ready().has(Ready::FAILED));
}

#[test]
fn a_blocking_send_takes_everything_while_the_other_side_reads() {
    let world = world();
    let (client, server) = world.connection();
    let all = vec![7; 9 << 20];
    let seats = (world.lab.seat(), world.lab.seat());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let _here = seats.0.take();
            assert_eq!(send(&client, &all), all.len());
            client.shutdown(Shutdown::Send).unwrap();
        });
        let _here = seats.1.take();
        let mut count = 0;
        loop {
            match receive(&server).len() {
                0 => break,
                octets => count += octets,
            }
        }
        assert_eq!(count, all.len());
    });
}

#[test]
fn a_nonblocking_stream_takes_what_fits_and_is_pending_then() {
    let world = world();
    let (client, server) = world.connection();
    client.set_nonblocking(true);
    is_pending(try_receive(&client));
    let much = vec![1; 64 << 20];
    let taken = done(client.send(&much, SendHow::default()));
    assert!(taken > 0 && taken < much.len());
    is_pending(client.send(&much, SendHow::default()));
    assert!(!client.ready().has(Ready::WRITABLE));
    let mut count = 0;
    while count < taken {
        count += receive(&server).len();
    }
    assert!(client.ready().has(Ready::WRITABLE));
}

#[test]
fn limits_of_time_end_a_wait_and_what_was_taken_counts() {
    let world = world();
    let (client, server) = world.connection();
    client.set_time_limits(Some(2 * SECOND), Some(3 * SECOND));
    let began = world.seconds();
    assert_eq!(outcome(try_receive(&client)), Outcome::TimeLimit);
    assert_eq!((world.seconds() - began).round(), 2.0);
    let began = world.seconds();
    let much = vec![1; 64 << 20];
    let taken = done(client.send(&much, SendHow::default()));
    assert!(taken > 0 && taken < much.len());
    assert_eq!((world.seconds() - began).round(), 3.0);
    assert_eq!(outcome(client.send(&much, SendHow::default())), Outcome::TimeLimit);
    drop(server);
}

#[test]
fn a_signal_interrupts_a_receive_and_the_connection_stays() {
    let world = world();
    let (client, server) = world.connection();
    world.ours.interrupt_at(synsent_stack::Instant::from_secs(1));
    assert_eq!(outcome(try_receive(&client)), Outcome::Interrupted);
    send(&server, b"later");
    assert_eq!(receive(&client), b"later");
}

#[test]
fn a_reset_breaks_the_connection_and_is_told_to_every_call() {
    let world = world();
    let (client, server) = world.connection();
    server.set_linger(synsent_sockets::Linger::For(Duration::ZERO));
    done(server.close());
    world.lab.with(|lab| lab.run_for(SECOND));
    assert!(client.ready().has(Ready::READABLE));
    assert!(client.ready().has(Ready::FAILED));
    assert_eq!(client.pending_error().map(|failure| failure.outcome), Some(Outcome::Reset));
    assert!(matches!(client.phase(), Phase::Broken(_)));
    assert_eq!(client.take_error().map(|failure| failure.outcome), Some(Outcome::Reset));
    assert_eq!(client.take_error(), None);
    assert_eq!(outcome(try_receive(&client)), Outcome::Reset);
    assert_eq!(outcome(client.send(b"x", SendHow::default())), Outcome::Reset);
    assert_eq!(outcome(client.connect(&world.net.server.at(80).into())), Outcome::AlreadyConnected);
    assert!(client.peer_name().is_some());
}

#[test]
fn a_reset_wakes_a_blocking_receive() {
    let world = world_with(Config::default(), |net| {
        net.lab.behave(net.server.host, 80, Behaviour::ResetAfterAccept).unwrap();
    });
    let client = world.stream();
    done(client.connect(&world.net.server.at(80).into()));
    assert_eq!(outcome(try_receive(&client)), Outcome::Reset);
    assert!(matches!(client.phase(), Phase::Broken(failure) if failure.outcome == Outcome::Reset));
}

#[test]
fn verbs_without_a_connection_say_so() {
    let world = world();
    let socket = world.stream();
    assert_eq!(outcome(socket.send(b"x", SendHow::default())), Outcome::NotConnected);
    assert_eq!(outcome(try_receive(&socket)), Outcome::NotConnected);
    assert_eq!(socket.shutdown(Shutdown::Both).unwrap_err().outcome, Outcome::NotConnected);
    assert_eq!(outcome(socket.accept().map(|_| synsent_sockets::Progress::Done(()))), Outcome::BadArgument);
    assert_eq!(socket.ready(), Ready::NONE);
}

#[test]
fn urgent_data_is_read_out_of_its_place() {
    let world = world();
    let (client, server) = world.connection();
    send(&client, b"ab");
    done(client.send(b"cd!", SEND_URGENT));
    send(&client, b"ef");
    world.lab.with(|lab| lab.run_for(SECOND));
    assert!(server.ready().has(Ready::URGENT));
    assert!(!server.is_at_mark());
    let mut octet = [0; 4];
    assert_eq!(done(server.receive(&mut octet, URGENT)).octets, 1);
    assert_eq!(octet[0], b'!');
    assert_eq!(outcome(server.receive(&mut octet, URGENT)), Outcome::NoUrgentData);
    assert_eq!(receive(&server), b"abcd", "a read stops at the mark");
    assert!(server.is_at_mark());
    assert_eq!(receive(&server), b"ef", "and steps over the urgent octet");
}

#[test]
fn an_urgent_octet_that_was_passed_can_still_be_asked_for_and_inline_it_stays() {
    let world = world();
    let (client, server) = world.connection();
    done(client.send(b"a!", SEND_URGENT));
    send(&client, b"b");
    world.lab.with(|lab| lab.run_for(SECOND));
    assert_eq!(receive(&server), b"a");
    assert_eq!(receive(&server), b"b");
    let mut octet = [0; 1];
    assert_eq!(done(server.receive(&mut octet, URGENT)).octets, 1);
    assert_eq!(octet, *b"!");

    server.set(Setting::UrgentInline(true)).unwrap();
    done(client.send(b"c!", SEND_URGENT));
    assert_eq!(receive(&server), b"c!");
    assert_eq!(outcome(server.receive(&mut octet, URGENT)), Outcome::BadArgument);
}

#[test]
fn of_urgent_data_that_is_sent_in_parts_only_the_last_octet_is_urgent() {
    let world = world();
    let (client, server) = world.connection();
    client.set_time_limits(None, Some(SECOND));
    let much = vec![1; 64 << 20];
    let taken = done(client.send(&much, SEND_URGENT));
    assert!(taken > 0 && taken < much.len());
    client.set_nonblocking(true);
    is_pending(client.send(&much, SEND_URGENT));
    assert!(!server.ready().has(Ready::URGENT), "the octet that is urgent was not sent");
    let mut count = 0;
    while count < taken {
        count += receive(&server).len();
        assert!(!server.ready().has(Ready::URGENT));
    }
    done(client.send(b"!", SEND_URGENT));
    world.lab.with(|lab| lab.run_for(SECOND));
    assert_eq!(done(server.receive(&mut [0; 1], URGENT)).octets, 1);
}

#[test]
fn what_broke_a_send_that_was_told_what_was_taken_waits_to_be_told() {
    let mut far = None;
    let world = world_with(Config::default(), |net| far = Some(net.far));
    let (client, server) = world.connection();
    world.lab.with(|lab| lab.set_up(far.unwrap(), false));
    let much = vec![1; 64 << 20];
    let taken = done(client.send(&much, SendHow::default()));
    assert!(taken > 0 && taken < much.len());
    assert!(matches!(client.phase(), Phase::Broken(_)));
    assert!(client.ready().has(Ready::FAILED));
    assert_eq!(client.take_error().map(|failure| failure.outcome), Some(Outcome::TimedOut));
    assert_eq!(client.take_error(), None);
    drop(server);
}

#[test]
fn room_of_nothing_is_as_much_as_a_connection_needs() {
    let world = world();
    let (client, server) = world.connection();
    for socket in [&client, &server] {
        socket.set(Setting::SendBuffer(0)).unwrap();
        socket.set(Setting::ReceiveBuffer(0)).unwrap();
        assert!(socket.buffers().0 > 0 && socket.buffers().1 > 0);
    }
    assert_eq!(send(&client, b"here"), 4);
    assert_eq!(receive(&server), b"here");

    let listener = world.listener(7_001);
    listener.set(Setting::ReceiveBuffer(0)).unwrap();
    let settings = Settings { send_buffer: Some(0), receive_buffer: Some(0), ..Settings::default() };
    let client = world.stream_with(settings);
    done(client.connect(&world.net.server.at(7_001).into()));
    let (server, _) = done(listener.accept());
    assert_eq!(send(&client, b"there"), 5);
    assert_eq!(receive(&server), b"there");
    assert_eq!(send(&server, b"and back"), 8);
    assert_eq!(receive(&client), b"and back");
}
