//! Simultaneous open and the SYN-RECEIVED that it leads to (RFC 9293 section 3.5 and 3.10.7.4), in every order of arrival.

mod script;

use script::*;
use synsent_stack::*;

/// A connection whose SYN crossed the peer's.
#[track_caller]
fn crossed(t: &mut Script) -> FlowId {
    let flow = t.connect();
    t.expect(seg().syn().seq(ISS));
    t.send(seg().syn().seq(100).mss(1_460));
    t.expect(seg().syn_ack().seq(ISS).ack(101).mss(1_460));
    t.expect_state(flow, State::SynReceived);
    flow
}

// 9293/MUST-10
// 9293/SS-5
#[test]
fn crossing_syns_and_then_a_syn_ack_establish() {
    let mut t = Script::v4();
    let flow = crossed(&mut t);
    // RFC 9293 figure 7, line 5: the peer's SYN-ACK carries its SYN again.
    t.send(seg().syn_ack().seq(100).ack(1).mss(1_460));
    t.expect_state(flow, State::Established);
    t.expect_event(EventKind::Connected);
    t.take_all();
    t.write(flow, b"hello");
    t.expect(seg().seq(1).ack(101).text(b"hello"));
}

// 9293/MUST-10
// 9293/SS-5
#[test]
fn crossing_syns_and_then_a_bare_acknowledgment_establish() {
    let mut t = Script::v4();
    let flow = crossed(&mut t);
    t.send(seg().seq(101).ack(1).win(2_000));
    t.expect_state(flow, State::Established);
    t.expect_event(EventKind::Connected);
    assert_eq!(t.status(flow).send_window, 2_000);
}

// 9293/MUST-10
#[test]
fn the_acknowledgment_may_carry_text_and_fin() {
    let mut t = Script::v4();
    let flow = crossed(&mut t);
    t.send(seg().seq(101).ack(1).fin().text(b"hello"));
    t.expect(seg().seq(1).ack(107));
    t.expect_state(flow, State::CloseWait);
    assert_eq!(t.receive(flow), b"hello");
}

// 9293/MUST-10
// The other order: the peer's SYN-ACK overtakes its SYN, which then arrives as an old duplicate.
#[test]
fn a_syn_ack_before_the_syn_establishes_and_the_late_syn_is_challenged() {
    let mut t = Script::v4();
    let flow = t.connect();
    t.expect(seg().syn());
    t.shake_hands(seg().mss(1_460));
    t.send(seg().syn().seq(100).mss(1_460));
    t.expect(seg().seq(1).ack(101));
    t.expect_nothing();
    t.expect_state(flow, State::Established);
}

// 9293/MUST-10
#[test]
fn the_syn_ack_is_repeated_on_the_ladder_of_the_syn() {
    let mut t = Script::v4();
    let flow = t.connect();
    t.expect_at(0, seg().syn());
    t.wait_ms(500);
    t.send(seg().syn().seq(100));
    t.expect_at(500, seg().syn_ack().seq(ISS).ack(101));
    t.wait_secs(8);
    t.expect_at(1_000, seg().syn_ack().seq(ISS).ack(101));
    t.expect_at(3_000, seg().syn_ack().seq(ISS).ack(101));
    t.expect_at(7_000, seg().syn_ack().seq(ISS).ack(101));
    t.expect_nothing();
    t.expect_state(flow, State::SynReceived);
    t.wait_secs(300);
    assert_eq!(t.failure(flow).cause, Cause::TimedOut { soft: None });
}

// 9293/SR-2
// 9293/MUST-11
// 5961/6
#[test]
fn a_reset_refuses_an_active_open_that_is_in_syn_received() {
    let mut t = Script::v4();
    let flow = crossed(&mut t);
    t.send(seg().rst().seq(101));
    t.expect_nothing();
    assert_eq!(t.failure(flow).cause, Cause::Refused { by: t.remote });
    t.expect_event(EventKind::Failed);
}

// 5961/6
#[test]
fn a_reset_outside_the_window_is_dropped_in_syn_received() {
    let mut t = Script::v4();
    let flow = crossed(&mut t);
    t.send(seg().rst().seq(100));
    t.send(seg().rst().seq(101 + 65_536));
    t.expect_state(flow, State::SynReceived);
}

// 9293/SR-3
#[test]
fn a_wrong_acknowledgment_in_syn_received_is_answered_by_a_reset() {
    for ack in [0, 2, 70_000] {
        let mut t = Script::v4();
        let flow = crossed(&mut t);
        t.send(seg().seq(101).ack(ack));
        t.expect(seg().rst().seq(ack));
        t.expect_nothing();
        t.expect_state(flow, State::SynReceived);
        t.send(seg().seq(101).ack(1));
        t.expect_state(flow, State::Established);
    }
}

// 9293/MUST-10
// 9293/SS-7
// Text on the peer's bare SYN is legal; it is not acknowledged before the connection stands, and arrives when the peer repeats it.
#[test]
fn text_on_a_bare_syn_is_not_lost() {
    let mut t = Script::v4();
    let flow = t.connect();
    t.expect(seg().syn());
    t.send(seg().syn().seq(100).text(b"early"));
    let answer = t.expect(seg().syn_ack().seq(ISS));
    assert!(answer.ack == 101 || answer.ack == 106);
    t.send(seg().seq(101).ack(1).text(b"early"));
    t.expect_state(flow, State::Established);
    assert_eq!(t.receive(flow), b"early");
}

// 9293/ABORT-1
#[test]
fn aborting_in_syn_received_resets_the_peer() {
    let mut t = Script::v4();
    let flow = crossed(&mut t);
    t.abort(flow);
    t.expect(seg().rst().seq(1).ack(101));
    t.expect_nothing();
    assert_eq!(t.stack.tcp_population().flows, 0);
}

// Trap: close() while in SYN-RECEIVED: the SYN-ACK must still be repeated, and the FIN follows.
#[test]
fn closing_in_syn_received_keeps_the_syn_ack_and_sends_the_fin_afterwards() {
    let mut t = Script::v4();
    let flow = crossed(&mut t);
    t.write(flow, b"last");
    t.close(flow);
    t.wait_secs(1);
    t.expect_at(1_000, seg().syn_ack().seq(ISS).ack(101));
    t.send(seg().seq(101).ack(1));
    t.expect(seg().fin().seq(1).ack(101).text(b"last"));
    t.send(seg().seq(101).ack(6));
    t.send(seg().fin().seq(101).ack(6));
    t.expect(seg().seq(6).ack(102));
    assert_eq!(t.stack.tcp_population().time_wait, 1);
    assert_eq!(t.stack.tcp_population().flows, 0);
}

// The same with the half-close, where the handle stays.
#[test]
fn shutting_down_in_syn_received_sends_the_fin_once_the_connection_stands() {
    let mut t = Script::v4();
    let flow = crossed(&mut t);
    t.shutdown(flow);
    assert_eq!(t.stack.tcp_send(t.now, flow, b"late"), Err(SendError::ShutDown));
    t.expect_nothing();
    t.send(seg().seq(101).ack(1));
    t.expect(seg().fin().seq(1).ack(101));
    t.expect_state(flow, State::FinWait1);
}

// 9293/MUST-42
// 9293/MUST-41
#[test]
fn a_listener_may_stand_on_the_port_of_a_connection_that_opens() {
    let mut t = Script::v4();
    let flow = t.connect_with(|open| open.local_port = Some(LISTEN_PORT));
    t.expect(seg().syn());
    t.listen();
    t.expect_nothing();
    t.expect_state(flow, State::SynSent);
    // The peer's SYN belongs to the opening connection, another one's to the listener.
    t.send(seg().syn().seq(100));
    t.expect(seg().syn_ack().ack(101));
    t.expect_state(flow, State::SynReceived);
    t.send(seg().syn().seq(500).peer_port(9));
    t.expect(seg().syn_ack().ack(501).peer_port(9));
    assert_eq!(t.stack.tcp_population().half_open, 1);
    t.send(seg().seq(101).ack(1));
    t.expect_state(flow, State::Established);
    // In SYN-RECEIVED as well.
    assert_eq!(t.stack.tcp_listen(t.now, ListenOptions::on_port(LISTEN_PORT)), Err(ListenError::InUse));
    t.listen_with(|listen| listen.local = Some("10.0.0.1".parse().unwrap()));
    t.expect_state(flow, State::Established);
}

// 7323/1
// 7323/2
#[test]
fn the_options_of_crossing_syns_are_agreed_as_in_any_handshake() {
    let mut t = Script::v4();
    let flow = t.connect();
    t.expect(seg().syn());
    t.send(seg().syn().seq(100).mss(1_400).wscale(3).sack_ok().ts(9_000, 0));
    let answer = t.expect(seg().syn_ack().ack(101).sack_ok().ts_echo(9_000));
    assert!(answer.options.window_scale.is_some());
    t.peer_clock = Some(9_001);
    t.send(seg().seq(101).ack(1).win(100));
    assert_eq!(t.status(flow).send_window, 800);
    assert_eq!(t.status(flow).segment_octets, 1_400 - 12);
}
