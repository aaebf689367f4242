//! TIME-WAIT: how long it lasts, what it answers, who may reuse its four-tuple, and how many there may be (RFC 9293 section 3.6.1,
//! RFC 1337, RFC 6191).

mod script;

use script::*;
use synsent_stack::*;

/// Closes an established connection from this side: the peer's last number is 102, ours 2.
#[track_caller]
fn close_first(t: &mut Script, flow: FlowId) {
    t.close(flow);
    t.expect(seg().fin().seq(1).ack(101));
    t.send(seg().fin().seq(101).ack(2));
    t.expect(seg().seq(2).ack(102));
    assert_eq!(t.stack.tcp_population().time_wait, 1);
}

/// A listener, and a connection of it in TIME-WAIT, with or without timestamps (the peer's last one is 5,000).
#[track_caller]
fn waiting(timestamps: bool) -> (Script, ListenerId) {
    let mut t = Script::v4();
    let listener = t.listen();
    let stamped = |segment: Seg| if timestamps { segment.ts(5_000, 0) } else { segment };
    t.send(stamped(seg().syn().seq(PEER_ISS).mss(1_460)));
    t.expect(seg().syn_ack());
    t.peer_clock = timestamps.then_some(5_000);
    t.send(seg().seq(101).ack(1));
    let flow = t.call(|stack, now| stack.tcp_accept(now, listener)).unwrap();
    close_first(&mut t, flow);
    t.take_events();
    (t, listener)
}

// 9293/MUST-13
#[test]
fn time_wait_lasts_two_maximum_segment_lifetimes() {
    let (mut t, _) = waiting(false);
    t.wait_ms(59_999);
    assert_eq!(t.stack.tcp_population().time_wait, 1);
    t.wait_ms(1);
    assert_eq!(t.stack.tcp_population().time_wait, 0);
    t.expect_nothing();
    let mut t = Script::with(TcpConfig { msl: Duration::from_secs(120), ..TcpConfig::default() });
    let flow = t.established();
    close_first(&mut t, flow);
    t.wait_ms(239_999);
    assert_eq!(t.stack.tcp_population().time_wait, 1);
    t.wait_ms(1);
    assert_eq!(t.stack.tcp_population().time_wait, 0);
}

// 9293/MUST-13
#[test]
fn a_repeated_fin_is_acknowledged_and_begins_the_wait_anew() {
    let (mut t, _) = waiting(false);
    t.wait_secs(40);
    t.send(seg().fin().seq(101).ack(2));
    t.expect(seg().seq(2).ack(102));
    t.wait_ms(59_999);
    assert_eq!(t.stack.tcp_population().time_wait, 1);
    t.wait_ms(1);
    assert_eq!(t.stack.tcp_population().time_wait, 0);
}

// RFC 9293 section 3.10.7.4: the bare acknowledgment that crosses nothing needs no answer; old text is acknowledged.
#[test]
fn old_segments_are_acknowledged_and_current_ones_need_no_answer() {
    let (mut t, _) = waiting(false);
    t.send(seg().seq(102).ack(2));
    t.expect_nothing();
    t.send(seg().seq(90).ack(2).text(b"old text"));
    t.expect(seg().seq(2).ack(102));
    t.expect_nothing();
    assert_eq!(t.stack.tcp_population().time_wait, 1);
}

// 7323/2
#[test]
fn the_answers_of_time_wait_carry_timestamps() {
    let (mut t, _) = waiting(true);
    t.send(seg().fin().seq(101).ack(2));
    t.expect(seg().seq(2).ack(102).ts_echo(5_000));
}

// 1337/1
#[test]
fn a_reset_does_not_end_time_wait() {
    let (mut t, _) = waiting(false);
    for seq in [101, 102, 103] {
        t.send(seg().rst().seq(seq));
    }
    t.expect_nothing();
    t.wait_ms(59_999);
    assert_eq!(t.stack.tcp_population().time_wait, 1);
}

/// Whether a SYN ends the wait.
#[track_caller]
fn reopens(t: &mut Script, syn: Seg) -> bool {
    t.peer_clock = None;
    t.send(syn);
    let left = t.take_all();
    match left.as_slice() {
        [] => {
            assert_eq!((t.stack.tcp_population().time_wait, t.stack.tcp_population().half_open), (1, 0));
            false
        }
        [answer] if answer.flags.syn() => {
            assert_eq!((t.stack.tcp_population().time_wait, t.stack.tcp_population().half_open), (0, 1));
            true
        }
        other => panic!("{other:?}"),
    }
}

// 6191/1
// 6191/2
// 6191/3
// 9293/SHLD-4
// 9293/MAY-2
#[test]
fn a_syn_reopens_when_its_timestamp_or_its_number_proves_it_new() {
    let syn = |seq: u32| seg().syn().seq(seq);
    // The old incarnation had timestamps, the last one 5,000; its RCV.NXT is 102.
    for (segment, new) in [
        (syn(50).ts(5_001, 0), true),
        (syn(1_000).ts(5_001, 0), true),
        (syn(1_000).ts(5_000, 0), true),
        (syn(50).ts(5_000, 0), false),
        (syn(1_000).ts(4_999, 0), false),
        (syn(50).ts(4_999, 0), false),
        (syn(1_000), true),
        (syn(50), false),
    ] {
        let (mut t, _) = waiting(true);
        assert_eq!(reopens(&mut t, segment.clone()), new, "with timestamps: {segment}");
    }
    // The old incarnation had none.
    for (segment, new) in
        [(syn(50).ts(1, 0), true), (syn(1_000).ts(1, 0), true), (syn(1_000), true), (syn(50), false), (syn(101), false)]
    {
        let (mut t, _) = waiting(false);
        assert_eq!(reopens(&mut t, segment.clone()), new, "without timestamps: {segment}");
    }
}

// 9293/MAY-2
#[test]
fn the_reopened_connection_has_numbers_above_the_old_one_and_works() {
    let (mut t, listener) = waiting(false);
    t.wait_ms(1);
    let old = t.last_raw_seq();
    t.send(seg().syn().seq(1_000).mss(1_460));
    let answer = t.expect(seg().syn_ack().ack(1_001));
    assert!((answer.raw_seq.wrapping_sub(old) as i32) > 0, "{} is not above {old}", answer.raw_seq);
    t.send(seg().seq(1_001).ack(1).text(b"new"));
    let flow = t.call(|stack, now| stack.tcp_accept(now, listener)).unwrap();
    assert_eq!(t.receive(flow), b"new");
}

// Trap: connect or accept must not throw TIME-WAIT away.
#[test]
fn a_syn_that_nobody_would_take_leaves_time_wait_alone() {
    let (mut t, listener) = waiting(true);
    t.call(|stack, now| stack.tcp_unlisten(now, listener));
    t.peer_clock = None;
    t.send(seg().syn().seq(90_000).ts(6_000, 0));
    assert!(!t.take_all().iter().any(|seen| seen.flags.syn()));
    assert_eq!(t.stack.tcp_population().time_wait, 1);
}

// The same for the active side: the four-tuple comes free for a connect only when timestamps prove the new one new.
#[test]
fn a_connect_may_take_a_four_tuple_from_time_wait_only_by_timestamps() {
    let remote = |t: &Script, port| OpenOptions { local_port: Some(port), ..OpenOptions::to(t.peer()) };
    let mut t = Script::v4();
    let flow = t.established();
    close_first(&mut t, flow);
    let options = remote(&t, t.port);
    t.wait_secs(30);
    assert_eq!(t.stack.tcp_connect(t.now, options), Err(OpenError::AlreadyExists));
    assert_eq!(t.stack.tcp_population().time_wait, 1);
    t.wait_secs(30);
    assert!(t.call(|stack, now| stack.tcp_connect(now, options)).is_ok());

    let mut t = Script::v4();
    let flow = t.established_with(seg().mss(1_460).ts(5_000, 0), |_| {});
    close_first(&mut t, flow);
    let old = t.last_raw_seq();
    let options = remote(&t, t.port);
    assert_eq!(t.stack.tcp_connect(t.now, options), Err(OpenError::AlreadyExists), "its clock has not ticked");
    t.wait_secs(2);
    assert!(t.call(|stack, now| stack.tcp_connect(now, options)).is_ok());
    let syn = t.expect(seg().syn().seq(ISS));
    assert!((syn.raw_seq.wrapping_sub(old) as i32) > 0);
    assert_eq!(t.stack.tcp_population().time_wait, 0);
}

// Trap: TIME-WAIT that ends must not throw away received data that nobody has read.
#[test]
fn unread_data_survives_time_wait_and_its_end() {
    let mut t = Script::v4();
    let flow = t.established();
    t.shutdown(flow);
    t.expect(seg().fin().seq(1).ack(101));
    t.send(seg().fin().seq(101).ack(2).text(b"last words"));
    t.expect(seg().seq(2).ack(112));
    t.expect_state(flow, State::Closed);
    assert_eq!(t.status(flow).readable, 10);
    t.wait_secs(100);
    assert_eq!(t.stack.tcp_population().time_wait, 0);
    let mut piece = [0; 4];
    assert_eq!(t.stack.tcp_peek(flow, &mut piece), Ok(4));
    assert_eq!(t.receive(flow), b"last words");
    assert_eq!(t.stack.tcp_receive(t.now, flow, &mut piece), Ok(0));
    assert_eq!(t.stack.tcp_peek(flow, &mut piece), Ok(0));
    assert!(t.status(flow).failure.is_none());
    t.close(flow);
    t.expect_nothing();
    assert_eq!(t.stack.tcp_population().flows, 0);
}

// Bound: beyond it the oldest leaves, and nothing else changes.
#[test]
fn beyond_the_bound_the_oldest_wait_ends() {
    let mut t = Script::with(TcpConfig { time_wait_max: 3, ..TcpConfig::default() });
    let mut ports = Vec::new();
    for number in 0..5 {
        let flow = t.established();
        ports.push(t.port);
        t.close(flow);
        t.take_all();
        t.send(seg().fin().seq(101).ack(2));
        t.expect(seg().seq(2).ack(102));
        assert_eq!(t.stack.tcp_population().time_wait, (number + 1).min(3));
        t.wait_ms(10);
    }
    // The first two are forgotten, the last three still answer a repeated FIN.
    for (number, port) in ports.into_iter().enumerate() {
        t.send(seg().fin().seq(101).ack(2).port(port));
        if number < 2 {
            t.expect(seg().rst().seq(2).port(port));
        } else {
            t.expect(seg().seq(2).ack(102).port(port));
        }
    }
}

// Each connection that is given back leaves only its wait behind, however often its peer comes back.
#[test]
fn many_short_connections_leave_nothing_but_their_waits() {
    let mut t = Script::with(TcpConfig { time_wait_max: 100, ..TcpConfig::default() });
    for _ in 0..1_000 {
        let flow = t.established();
        t.close(flow);
        t.take_all();
        t.send(seg().fin().seq(101).ack(2));
        t.take_all();
        t.wait_ms(1);
    }
    let population = t.stack.tcp_population();
    assert_eq!((population.flows, population.half_open, population.time_wait), (0, 0, 100));
    t.wait_secs(61);
    assert_eq!(t.stack.tcp_population().time_wait, 0);
    assert_eq!(t.stack.next_deadline(), None);
}

// A peer that repeats its FIN without end keeps one wait alive, and nothing grows by it.
#[test]
fn a_flood_of_fins_keeps_one_wait_and_no_more() {
    let (mut t, _) = waiting(false);
    for _ in 0..20_000 {
        t.send(seg().fin().seq(101).ack(2));
        t.now += Duration::from_micros(1);
        t.take_all();
    }
    assert_eq!(t.stack.tcp_population().time_wait, 1);
    let last = t.now;
    t.wait_secs(61);
    assert_eq!(t.stack.tcp_population().time_wait, 0);
    assert!(t.now.since(last) >= Duration::from_secs(60));
    assert_eq!(t.stack.next_deadline(), None);
}

// Trap: accept must not throw TIME-WAIT away: neither does a listener that has no room for the new connection.
#[test]
fn a_listener_without_room_leaves_time_wait_alone() {
    let mut t = Script::v4();
    let listener = t.listen_with(|options| options.backlog = 1);
    let flow = t.accepted(listener);
    close_first(&mut t, flow);
    t.send(seg().syn().seq(100).peer_port(9));
    t.expect(seg().syn_ack());
    t.send(seg().seq(101).ack(1).peer_port(9));
    t.send(seg().syn().seq(9_000));
    t.expect_nothing();
    assert_eq!(t.stack.tcp_population().time_wait, 1);
    t.send(seg().fin().seq(101).ack(2));
    t.expect(seg().seq(2).ack(102));
    // With room, the same SYN opens.
    t.call(|stack, now| stack.tcp_accept(now, listener)).unwrap();
    t.send(seg().syn().seq(9_000));
    t.expect(seg().syn_ack().ack(9_001));
}

// The same when the queue of half-open connections is what is full.
#[test]
fn a_full_half_open_queue_leaves_time_wait_alone() {
    let mut t = Script::with(TcpConfig { half_open_per_listener: 1, syn_cookies: false, ..TcpConfig::default() });
    let listener = t.listen();
    let flow = t.accepted(listener);
    close_first(&mut t, flow);
    t.send(seg().syn().seq(100).peer_port(9));
    t.expect(seg().syn_ack());
    t.send(seg().syn().seq(9_000));
    t.expect_nothing();
    assert_eq!(t.stack.tcp_population().time_wait, 1);
}
