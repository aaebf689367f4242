//! Resets and challenges: who is reset, who is challenged, and how often (RFC 9293 section 3.5.2 and 3.10.7, RFC 5961).

mod script;

use script::*;
use synsent_stack::*;

/// A connection in each synchronized state that a script reaches easily, with the peer's next number and ours.
#[track_caller]
fn in_state(state: State) -> (Script, FlowId, u32, u32) {
    let mut t = Script::v4();
    let flow = t.established();
    let numbers = match state {
        State::Established => (101, 1),
        State::FinWait1 => {
            t.shutdown(flow);
            (101, 1)
        }
        State::FinWait2 => {
            t.shutdown(flow);
            t.send(seg().seq(101).ack(2));
            (101, 2)
        }
        State::CloseWait => {
            t.send(seg().fin().seq(101).ack(1));
            (102, 1)
        }
        State::Closing => {
            t.shutdown(flow);
            t.send(seg().fin().seq(101).ack(1));
            (102, 1)
        }
        State::LastAck => {
            t.send(seg().fin().seq(101).ack(1));
            t.shutdown(flow);
            (102, 1)
        }
        _ => unreachable!(),
    };
    t.take_all();
    t.take_events();
    t.expect_state(flow, state);
    (t, flow, numbers.0, numbers.1)
}

const SYNCHRONIZED: [State; 6] =
    [State::Established, State::FinWait1, State::FinWait2, State::CloseWait, State::Closing, State::LastAck];

// 9293/CL-1
#[test]
fn a_closed_port_answers_everything_but_a_reset_with_one() {
    let mut t = Script::v4();
    t.send(seg().syn().seq(100));
    t.expect(seg().rst().seq(0).ack(101));
    t.send(seg().syn().fin().seq(100).text(b"abc"));
    t.expect(seg().rst().seq(0).ack(105));
    t.send(seg().seq(100).text(b"abc"));
    t.expect(seg().rst().seq(0).ack(103));
    t.send(seg().seq(100));
    t.expect(seg().rst().seq(0).ack(100));
    t.send(seg().seq(100).ack(77));
    t.expect(seg().rst().seq(77));
    t.send(seg().syn_ack().seq(100).ack(78).text(b"abc"));
    t.expect(seg().rst().seq(78));
    t.send(seg().rst().seq(100));
    t.send(seg().rst().seq(100).ack(77));
    t.expect_nothing();
    let mut t = Script::v6();
    t.send(seg().syn().seq(u32::MAX));
    t.expect(seg().rst().seq(0).ack(0));
}

// 5961/1
// 9293/MUST-12
#[test]
fn a_reset_with_the_exact_number_ends_every_synchronized_state() {
    for state in SYNCHRONIZED {
        let (mut t, flow, nxt, _) = in_state(state);
        t.send(seg().rst().seq(nxt));
        t.expect_nothing();
        t.expect_state(flow, State::Closed);
        // RFC 9293 section 3.10.7.4: where both FINs are out, nobody is told of a reset; the connection was over anyway.
        if matches!(state, State::Closing | State::LastAck) {
            t.expect_event(EventKind::Closed);
            assert!(t.status(flow).failure.is_none(), "{state}");
        } else {
            t.expect_event(EventKind::Failed);
            assert_eq!(t.failure(flow).cause, Cause::Reset { by: t.remote }, "{state}");
        }
        t.wait_secs(400);
        t.expect_nothing();
    }
}

// 5961/1
// Trap: a reset whose number is in the window but not exact: challenge, do not reset.
#[test]
fn a_reset_inside_the_window_is_challenged() {
    for state in SYNCHRONIZED {
        for offset in [1, 1_000, 60_000] {
            let (mut t, flow, nxt, _) = in_state(state);
            let snd_nxt = if state == State::Established || state == State::CloseWait { 1 } else { 2 };
            t.send(seg().rst().seq(nxt + offset));
            t.expect(seg().seq(snd_nxt).ack(nxt));
            t.expect_nothing();
            t.expect_state(flow, state);
            // The true peer answers the challenge with the exact number.
            t.send(seg().rst().seq(nxt));
            t.expect_state(flow, State::Closed);
        }
    }
}

// 5961/1
#[test]
fn a_reset_outside_the_window_is_dropped_silently() {
    for state in SYNCHRONIZED {
        let (mut t, flow, nxt, _) = in_state(state);
        for seq in [nxt - 1, nxt - 50, nxt + 66_000, nxt.wrapping_add(0x8000_0000)] {
            t.send(seg().rst().seq(seq));
        }
        t.expect_nothing();
        t.expect_state(flow, state);
    }
}

// 9293/SHLD-2
#[test]
fn a_reset_may_carry_text() {
    let mut t = Script::v4();
    let flow = t.established();
    t.send(seg().rst().seq(101).text(b"go away"));
    assert_eq!(t.failure(flow).cause, Cause::Reset { by: t.remote });
    assert_eq!(t.status(flow).readable, 0);
}

// 9293/MUST-12
#[test]
fn an_application_can_tell_a_fin_from_a_reset() {
    let mut buffer = [0; 8];
    let mut t = Script::v4();
    let flow = t.established();
    t.send(seg().fin().seq(101).ack(1));
    t.expect_event(EventKind::PeerClosed);
    assert_eq!(t.stack.tcp_receive(t.now, flow, &mut buffer), Ok(0));
    assert!(t.status(flow).failure.is_none());
    let mut t = Script::v4();
    let flow = t.established();
    t.wait_ms(2);
    t.send(seg().rst().seq(101));
    assert!(!t.take_events().contains(&EventKind::PeerClosed));
    assert_eq!(t.stack.tcp_receive(t.now, flow, &mut buffer), Err(ReceiveError::Failed));
    assert_eq!(t.stack.tcp_send(t.now, flow, b"x"), Err(SendError::Closed));
    assert_eq!(t.failure(flow).to_string(), "reset: RST from 10.0.0.2 after 2.0 ms");
}

// 9293/MUST-66
#[test]
fn a_reset_counts_while_the_receive_window_is_closed() {
    let mut t = Script::v4();
    let flow = t.established_with(seg().mss(1_460), |tcp| tcp.receive_buffer = BufferSize::fixed(2_000));
    t.send(seg().seq(101).ack(1).len(1_460));
    t.send(seg().seq(1_561).ack(1).len(540));
    t.wait_secs(1);
    let last = t.take_all().pop().unwrap();
    assert_eq!((last.ack, last.win), (2_101, 0), "the window is closed");
    // Neither number is in the window, for there is none; one is where the next octet would stand.
    t.send(seg().rst().seq(2_100));
    t.send(seg().rst().seq(2_102));
    t.expect_state(flow, State::Established);
    t.take_all();
    t.send(seg().rst().seq(2_101));
    assert_eq!(t.failure(flow).cause, Cause::Reset { by: t.remote });
}

// 9293/MUST-66
#[test]
fn the_urgent_pointer_counts_while_the_receive_window_is_closed() {
    let mut t = Script::v4();
    let flow = t.established_with(seg().mss(1_460), |tcp| tcp.receive_buffer = BufferSize::fixed(2_000));
    t.send(seg().seq(101).ack(1).len(1_460));
    t.send(seg().seq(1_561).ack(1).len(540));
    t.wait_secs(1);
    t.take_all();
    t.take_events();
    t.send(seg().seq(2_101).ack(1).urg(10));
    t.expect_event(EventKind::Urgent);
    assert_eq!(t.stack.tcp_urgent_octets(flow), Some(2_010));
}

// 5961/3
// 9293/SR-4
// Trap: a SYN in a synchronized state: challenge, do not drop silently.
#[test]
fn a_syn_in_a_synchronized_state_is_challenged_whatever_its_number() {
    for state in SYNCHRONIZED {
        let (mut t, flow, nxt, una) = in_state(state);
        let snd_nxt = if state == State::Established || state == State::CloseWait { 1 } else { 2 };
        for syn in [
            seg().syn().seq(nxt),
            seg().syn().seq(nxt + 500),
            seg().syn().seq(nxt.wrapping_sub(90_000)),
            seg().syn().seq(nxt + 90_000),
            seg().syn_ack().seq(nxt).ack(una),
        ] {
            t.send(syn.clone());
            t.expect(seg().seq(snd_nxt).ack(nxt));
            t.expect_nothing();
            t.expect_state(flow, state);
        }
    }
}

// RFC 9293 figure 9 seen from the other side: a peer that restarted sends a SYN, is challenged, and resets us; then its SYN is new.
#[test]
fn a_peer_that_restarted_gets_through_by_the_challenge() {
    let mut t = Script::v4();
    let listener = t.listen();
    let old = t.accepted(listener);
    t.send(seg().syn().seq(40_000));
    t.expect(seg().seq(1).ack(101));
    t.send(seg().rst().seq(101));
    assert_eq!(t.failure(old).cause, Cause::Reset { by: t.remote });
    t.send(seg().syn().seq(40_000));
    t.expect(seg().syn_ack().ack(40_001));
    t.send(seg().seq(40_001).ack(1));
    assert!(t.call(|stack, now| stack.tcp_accept(now, listener)).is_some());
}

// 5961/4
// 9293/MAY-12
#[test]
fn an_acknowledgment_of_what_was_never_sent_is_challenged() {
    let mut t = Script::v4();
    let flow = t.established();
    t.send(seg().seq(101).ack(2).text(b"forged"));
    t.expect(seg().seq(1).ack(101));
    t.send(seg().seq(101).ack(0x4000_0000).text(b"forged"));
    t.expect(seg().seq(1).ack(101));
    t.expect_nothing();
    assert_eq!(t.status(flow).readable, 0);
    t.expect_state(flow, State::Established);
}

// 5961/4
#[test]
fn an_acknowledgment_from_long_ago_is_challenged_and_a_recent_one_is_not() {
    let mut t = Script::v4();
    let flow = t.established_with(seg().mss(1_460).win(1_000), |tcp| tcp.no_delay = true);
    t.write(flow, b"0123456789");
    t.take_all();
    t.send(seg().seq(101).ack(11).win(1_000));
    // MAX.SND.WND is 1,000: an acknowledgment that is not older than this is a duplicate, and its text counts.
    t.send(seg().seq(101).ack(1).win(1_000).text(b"late"));
    assert_eq!(t.receive(flow), b"late");
    t.wait_secs(1);
    t.take_all();
    t.send(seg().seq(105).ack(11u32.wrapping_sub(1_001)).win(1_000).text(b"forged"));
    t.expect(seg().seq(11).ack(105));
    assert_eq!(t.status(flow).readable, 0);
}

// 5961/5
#[test]
fn challenges_are_limited_in_time_and_for_each_connection_alone() {
    let mut t = Script::v4();
    let first = t.connect_with(|options| options.local_port = Some(5_001));
    t.expect(seg().syn());
    t.shake_hands(seg());
    let second = t.connect_with(|options| options.local_port = Some(5_002));
    t.expect(seg().syn());
    t.shake_hands(seg());
    for _ in 0..100 {
        t.send(seg().rst().seq(200).port(5_001));
    }
    assert_eq!(t.take_all().len(), 10);
    // A counter that all shared would tell an attacker of the other connection.
    for _ in 0..10 {
        t.send(seg().rst().seq(200).port(5_002));
    }
    assert_eq!(t.take_all().len(), 10);
    t.wait_secs(2);
    t.send(seg().rst().seq(200).port(5_001));
    t.expect(seg().seq(1).ack(101).port(5_001));
    t.expect_state(first, State::Established);
    t.expect_state(second, State::Established);
}

// 5961/5
#[test]
fn every_kind_of_doubtful_segment_draws_on_the_same_limit() {
    let mut t = Script::v4();
    let flow = t.established();
    for _ in 0..50 {
        t.send(seg().rst().seq(200));
        t.send(seg().syn().seq(200));
        t.send(seg().seq(101).ack(50_000));
    }
    assert!(t.take_all().len() <= 10);
    t.expect_state(flow, State::Established);
}

// 9293/ABORT-1
#[test]
fn an_abort_sends_a_reset_in_every_synchronized_state() {
    for state in SYNCHRONIZED {
        let (mut t, flow, nxt, _) = in_state(state);
        let snd_nxt = if state == State::Established || state == State::CloseWait { 1 } else { 2 };
        t.abort(flow);
        t.expect(seg().rst().seq(snd_nxt).ack(nxt));
        t.expect_nothing();
        assert!(t.stack.tcp_status(flow).is_none());
        assert_eq!(t.stack.tcp_population().flows, 0);
        // The peer's late segments meet nobody.
        t.send(seg().seq(nxt).ack(1).text(b"late"));
        t.expect(seg().rst().seq(1));
    }
}

// Trap (moving data): resets must not carry a number that a timeout rewound.
#[test]
fn the_reset_of_an_abort_stands_after_all_that_was_sent() {
    let mut t = Script::v4();
    let flow = t.established();
    t.write(flow, &[7; 1_000]);
    t.wait_secs(3);
    t.take_all();
    t.abort(flow);
    t.expect(seg().rst().seq(1_001).ack(101));
}

// What arrived in order before the reset can still be read; then the failure is told, not an orderly end.
#[test]
fn data_that_came_before_the_reset_can_be_read() {
    let mut t = Script::v4();
    let flow = t.established();
    t.send(seg().seq(101).ack(1).text(b"before"));
    t.send(seg().rst().seq(107));
    assert_eq!(t.status(flow).readable, 6);
    assert_eq!(t.receive(flow), b"before");
    let mut buffer = [0; 8];
    assert_eq!(t.stack.tcp_receive(t.now, flow, &mut buffer), Err(ReceiveError::Failed));
    t.close(flow);
    t.expect_nothing();
    assert_eq!(t.stack.tcp_population().flows, 0);
}

// 9293/MUST-12
// The same after the peer's FIN: a reset in CLOSE-WAIT is no orderly end.
#[test]
fn a_reset_after_the_fin_is_told_as_a_reset() {
    let (mut t, flow, nxt, _) = in_state(State::CloseWait);
    t.send(seg().rst().seq(nxt));
    let mut buffer = [0; 8];
    assert_eq!(t.stack.tcp_receive(t.now, flow, &mut buffer), Err(ReceiveError::Failed));
    assert_eq!(t.stack.tcp_send(t.now, flow, b"x"), Err(SendError::Closed));
}

// Over IPv6 the same rules hold.
// 5961/1
// 5961/3
#[test]
fn over_ipv6_doubtful_segments_are_challenged_as_well() {
    let mut t = Script::v6();
    let flow = t.established();
    t.send(seg().rst().seq(102));
    t.expect(seg().seq(1).ack(101));
    t.send(seg().syn().seq(9_000));
    t.expect(seg().seq(1).ack(101));
    t.send(seg().rst().seq(101));
    let failure = t.failure(flow);
    assert_eq!(failure.cause, Cause::Reset { by: t.remote });
    assert_eq!(failure.to_string(), "reset: RST from fd00::2 after 0.0 ms");
}
