//! Closing in every order: who closes first, what is still on its way, and what the application does with its handle (RFC 9293
//! section 3.6 and 3.10.4).

mod script;

use script::*;
use synsent_stack::*;

// RFC 9293 figure 12: the normal close.
#[test]
fn the_first_closer_goes_through_both_fin_waits_to_time_wait() {
    let mut t = Script::v4();
    let flow = t.established();
    t.shutdown(flow);
    t.expect(seg().fin().seq(1).ack(101));
    t.expect_state(flow, State::FinWait1);
    t.send(seg().seq(101).ack(2));
    t.expect_state(flow, State::FinWait2);
    t.expect_event(EventKind::FinAcked);
    t.expect_nothing();
    t.send(seg().fin().seq(101).ack(2));
    t.expect(seg().seq(2).ack(102));
    t.expect_event(EventKind::PeerClosed);
    t.expect_event(EventKind::Closed);
    t.expect_state(flow, State::Closed);
    assert_eq!(t.stack.tcp_population().time_wait, 1);
    assert!(t.status(flow).failure.is_none());
}

#[test]
fn a_fin_that_acknowledges_ours_leads_straight_to_time_wait() {
    let mut t = Script::v4();
    let flow = t.established();
    t.shutdown(flow);
    t.expect(seg().fin().seq(1).ack(101));
    t.send(seg().fin().seq(101).ack(2));
    t.expect(seg().seq(2).ack(102));
    assert_eq!(t.stack.tcp_population().time_wait, 1);
    t.expect_state(flow, State::Closed);
}

// RFC 9293 figure 13: both close at once.
#[test]
fn fins_that_cross_lead_through_closing_to_time_wait() {
    let mut t = Script::v4();
    let flow = t.established();
    t.shutdown(flow);
    t.expect(seg().fin().seq(1).ack(101));
    t.send(seg().fin().seq(101).ack(1));
    t.expect(seg().seq(2).ack(102));
    t.expect_state(flow, State::Closing);
    t.send(seg().seq(102).ack(2));
    t.expect_nothing();
    t.expect_event(EventKind::Closed);
    assert_eq!(t.stack.tcp_population().time_wait, 1);
}

#[test]
fn the_second_closer_goes_through_close_wait_and_last_ack_and_waits_for_nothing() {
    let mut t = Script::v4();
    let flow = t.established();
    t.send(seg().fin().seq(101).ack(1));
    t.expect(seg().seq(1).ack(102));
    t.expect_state(flow, State::CloseWait);
    t.shutdown(flow);
    t.expect(seg().fin().seq(1).ack(102));
    t.expect_state(flow, State::LastAck);
    t.send(seg().seq(102).ack(2));
    t.expect_nothing();
    t.expect_event(EventKind::Closed);
    t.expect_state(flow, State::Closed);
    assert_eq!(t.stack.tcp_population().time_wait, 0);
    // Nothing is left: the peer's late segment meets nobody.
    t.send(seg().seq(102).ack(2));
    t.expect(seg().rst().seq(2));
}

// Trap: LAST-ACK must look at every ACK.
#[test]
fn last_ack_takes_the_acknowledgment_of_text_for_what_it_is() {
    let mut t = Script::v4();
    let flow = t.established();
    t.send(seg().fin().seq(101).ack(1));
    t.expect(seg().seq(1).ack(102));
    t.write(flow, b"last words");
    t.expect(seg().seq(1).ack(102).text(b"last words"));
    t.shutdown(flow);
    t.expect(seg().fin().seq(11).ack(102));
    // Text alone, then a wrong one, then the FIN.
    t.send(seg().seq(102).ack(11));
    t.expect_state(flow, State::LastAck);
    t.send(seg().seq(102).ack(13));
    t.expect_state(flow, State::LastAck);
    t.take_all();
    t.send(seg().seq(102).ack(12));
    t.expect_state(flow, State::Closed);
}

// The same: an acknowledgment of the text leaves FIN-WAIT-1 where it is.
#[test]
fn fin_wait_1_takes_the_acknowledgment_of_text_for_what_it_is() {
    let mut t = Script::v4();
    let flow = t.established();
    t.write(flow, b"text");
    t.expect(seg().seq(1).ack(101).len(4));
    t.shutdown(flow);
    t.expect(seg().fin().seq(5).ack(101));
    t.send(seg().seq(101).ack(5));
    t.expect_state(flow, State::FinWait1);
    t.send(seg().seq(101).ack(6));
    t.expect_state(flow, State::FinWait2);
}

// 1122/TCP-5
// 9293/MAY-1
#[test]
fn after_a_half_close_the_peer_may_send_for_as_long_as_it_likes() {
    let mut t = Script::v4();
    let flow = t.established();
    t.shutdown(flow);
    t.expect(seg().fin().seq(1).ack(101));
    t.send(seg().seq(101).ack(2));
    assert_eq!(t.stack.tcp_send(t.now, flow, b"late"), Err(SendError::ShutDown));
    let mut seq = 101;
    for _ in 0..5 {
        // Far longer than the timer of a FIN-WAIT-2 that nobody owns.
        t.wait_secs(600);
        t.send(seg().seq(seq).ack(2).text(b"still here"));
        seq += 10;
        assert_eq!(t.receive(flow), b"still here");
        t.wait_secs(1);
        t.take_all();
        t.expect_state(flow, State::FinWait2);
    }
    t.send(seg().fin().seq(seq).ack(2));
    t.expect(seg().seq(2).ack(seq + 1));
    let mut buffer = [0; 8];
    assert_eq!(t.stack.tcp_receive(t.now, flow, &mut buffer), Ok(0));
}

// 1122/TCP-5
#[test]
fn after_the_peers_half_close_we_may_send_for_as_long_as_we_like() {
    let mut t = Script::v4();
    let flow = t.established();
    t.send(seg().fin().seq(101).ack(1));
    t.expect(seg().seq(1).ack(102));
    let mut ack = 1;
    for _ in 0..3 {
        t.wait_secs(1_000);
        t.write(flow, b"more");
        t.expect(seg().seq(ack).ack(102).text(b"more"));
        ack += 4;
        t.send(seg().seq(102).ack(ack));
        t.expect_state(flow, State::CloseWait);
    }
}

// 9293/CLOSE-1
#[test]
fn what_is_queued_leaves_before_the_fin() {
    let mut t = Script::v4();
    let flow = t.established_with(seg().mss(1_000).win(1_500), |_| {});
    t.write(flow, &[7; 2_500]);
    t.shutdown(flow);
    assert_eq!(t.stack.tcp_send(t.now, flow, b"late"), Err(SendError::ShutDown));
    t.expect(seg().seq(1).ack(101).len(1_000));
    t.expect_nothing();
    t.expect_state(flow, State::FinWait1);
    t.send(seg().seq(101).ack(1_001).win(5_000));
    t.expect(seg().seq(1_001).ack(101).len(1_000));
    t.expect(seg().fin().seq(2_001).ack(101).len(500));
    t.send(seg().seq(101).ack(2_502).win(5_000));
    t.expect_state(flow, State::FinWait2);
}

// A FIN is repeated like data, with doubling pauses, until it is acknowledged.
#[test]
fn an_unanswered_fin_is_repeated() {
    let mut t = Script::v4();
    let flow = t.connect();
    t.expect(seg().syn());
    t.wait_ms(100);
    t.shake_hands(seg().mss(1_460));
    t.mark();
    t.shutdown(flow);
    // SRTT 100 ms and RTTVAR 50 ms make an RTO of 300 ms.
    t.wait_secs(5);
    for at in [0, 300, 900, 2_100, 4_500] {
        t.expect_at(at, seg().fin().seq(1).ack(101));
    }
    t.expect_state(flow, State::FinWait1);
    t.send(seg().seq(101).ack(2));
    t.expect_state(flow, State::FinWait2);
    t.wait_secs(50);
    t.expect_nothing();
}

// Closing twice is closing once.
#[test]
fn a_second_shutdown_changes_nothing() {
    let mut t = Script::v4();
    let flow = t.established();
    t.shutdown(flow);
    t.expect(seg().fin().seq(1).ack(101));
    t.shutdown(flow);
    t.expect_nothing();
    t.expect_state(flow, State::FinWait1);
}

// The FIN that a closed connection's peer repeats in CLOSE-WAIT is acknowledged again and told once.
#[test]
fn a_repeated_fin_is_acknowledged_again_and_told_once() {
    let mut t = Script::v4();
    let flow = t.established();
    t.send(seg().fin().seq(101).ack(1));
    t.expect(seg().seq(1).ack(102));
    t.expect_event(EventKind::PeerClosed);
    t.take_events();
    t.send(seg().fin().seq(101).ack(1));
    t.expect(seg().seq(1).ack(102));
    assert_eq!(t.take_events(), []);
    t.expect_state(flow, State::CloseWait);
}

// 9293/SHLD-3
// 1122/TCP-5
#[test]
fn closing_with_unread_data_resets() {
    let mut t = Script::v4();
    let flow = t.established();
    t.send(seg().seq(101).ack(1).text(b"unread"));
    t.close(flow);
    t.expect(seg().rst().seq(1).ack(107));
    t.expect_nothing();
    assert_eq!(t.stack.tcp_population().flows, 0);
    assert_eq!(t.stack.tcp_population().time_wait, 0);
}

// 9293/SHLD-3
#[test]
fn closing_with_everything_read_does_not_reset() {
    let mut t = Script::v4();
    let flow = t.established();
    t.send(seg().seq(101).ack(1).text(b"read"));
    assert_eq!(t.receive(flow), b"read");
    t.close(flow);
    t.expect(seg().fin().seq(1).ack(105));
}

// 9293/SHLD-3
// 1122/TCP-5
#[test]
fn data_that_arrives_after_the_close_resets() {
    for acknowledge_first in [false, true] {
        let mut t = Script::v4();
        let flow = t.established();
        t.close(flow);
        t.expect(seg().fin().seq(1).ack(101));
        if acknowledge_first {
            t.send(seg().seq(101).ack(2));
        }
        t.send(seg().seq(101).ack(if acknowledge_first { 2 } else { 1 }).text(b"too late"));
        t.expect(seg().rst().seq(2).ack(101));
        t.expect_nothing();
        assert_eq!(t.stack.tcp_population().flows, 0);
    }
}

// 9293/SHLD-3
// A close after a half-close of both directions has nothing to lose.
#[test]
fn whoever_gave_up_receiving_closes_in_order() {
    let mut t = Script::v4();
    let flow = t.established();
    t.call(|stack, now| stack.tcp_shutdown_receive(now, flow)).unwrap();
    t.send(seg().seq(101).ack(1).text(b"thrown away"));
    t.wait_secs(1);
    t.expect(seg().seq(1).ack(112));
    let mut buffer = [0; 8];
    assert_eq!(t.stack.tcp_receive(t.now, flow, &mut buffer), Ok(0));
    t.close(flow);
    t.expect(seg().fin().seq(1).ack(112));
}

// The background close goes on to TIME-WAIT without anybody holding the handle.
#[test]
fn a_close_ends_in_the_background() {
    let mut t = Script::v4();
    let flow = t.established();
    t.write(flow, b"bye");
    t.expect(seg().seq(1).ack(101).text(b"bye"));
    t.close(flow);
    t.expect(seg().fin().seq(4).ack(101));
    assert!(t.stack.tcp_status(flow).is_none());
    t.send(seg().fin().seq(101).ack(5));
    t.expect(seg().seq(5).ack(102));
    assert_eq!(t.take_events(), []);
    let population = t.stack.tcp_population();
    assert_eq!((population.flows, population.time_wait), (0, 1));
}

// Linger zero: the connection is reset at once, and what was queued is lost.
#[test]
fn linger_zero_resets() {
    let mut t = Script::v4();
    let flow = t.established_with(seg().mss(1_000).win(1_000), |tcp| tcp.linger = Some(Duration::ZERO));
    t.write(flow, &[7; 3_000]);
    t.expect(seg().seq(1).ack(101).len(1_000));
    t.close(flow);
    t.expect(seg().rst().seq(1_001).ack(101));
    t.expect_nothing();
    assert_eq!(t.stack.tcp_population().flows, 0);
    assert_eq!(t.stack.tcp_population().time_wait, 0);
}

// Linger for a time: what is queued is sent for so long, and then the connection is reset.
#[test]
fn a_timed_linger_resets_when_its_time_is_over() {
    let mut t = Script::v4();
    let flow = t.established_with(seg().mss(1_000), |tcp| tcp.linger = Some(Duration::from_secs(7)));
    t.write(flow, b"unanswered");
    t.expect(seg().seq(1).ack(101).len(10));
    t.mark();
    t.close(flow);
    t.wait_ms(6_999);
    assert!(t.take_all().iter().all(|seen| !seen.flags.rst()));
    t.wait_ms(1);
    t.expect_at(7_000, seg().rst().seq(12).ack(101));
    t.wait_secs(300);
    t.expect_nothing();
    assert_eq!(t.stack.tcp_population().flows, 0);
}

// The same: acknowledged within the time, it ends in order.
#[test]
fn a_timed_linger_ends_in_order_when_the_peer_answers() {
    let mut t = Script::v4();
    let flow = t.established_with(seg().mss(1_000), |tcp| tcp.linger = Some(Duration::from_secs(7)));
    t.write(flow, b"answered");
    t.expect(seg().seq(1).ack(101).len(8));
    t.close(flow);
    t.expect(seg().fin().seq(9).ack(101));
    t.wait_ms(100);
    t.send(seg().fin().seq(101).ack(10));
    t.expect(seg().seq(10).ack(102));
    t.wait_secs(10);
    t.expect_nothing();
}

// Trap: FIN-WAIT-2 after close must end by a timer.
#[test]
fn fin_wait_2_that_nobody_owns_ends_by_a_timer() {
    let mut t = Script::v4();
    let flow = t.established();
    t.close(flow);
    t.expect(seg().fin().seq(1).ack(101));
    t.send(seg().seq(101).ack(2));
    t.wait_ms(59_999);
    assert_eq!(t.stack.tcp_population().flows, 1);
    t.wait_ms(1);
    assert_eq!(t.stack.tcp_population().flows, 0);
    t.expect_nothing();
}

// The same when the half-close came long before the close: the time counts from the close.
#[test]
fn fin_wait_2_counts_from_the_close() {
    let mut t = Script::v4();
    let flow = t.established_with(seg().mss(1_460), |tcp| tcp.fin_wait_2_timeout = Duration::from_secs(10));
    t.shutdown(flow);
    t.expect(seg().fin().seq(1).ack(101));
    t.send(seg().seq(101).ack(2));
    t.wait_secs(1_000);
    t.expect_state(flow, State::FinWait2);
    t.close(flow);
    t.wait_ms(9_999);
    assert_eq!(t.stack.tcp_population().flows, 1);
    t.wait_ms(1);
    assert_eq!(t.stack.tcp_population().flows, 0);
}

// 9293/UTO-1
// 9293/UTO-2
// 9293/SHLD-11
// 5482/1
#[test]
fn data_that_stays_unacknowledged_ends_the_connection_after_five_minutes() {
    let mut t = Script::v4();
    let flow = t.established();
    t.write(flow, b"unanswered");
    t.expect(seg().seq(1).ack(101).len(10));
    t.wait_ms(299_999);
    t.expect_state(flow, State::Established);
    t.take_all();
    t.wait_ms(1);
    t.expect_event(EventKind::Failed);
    let failure = t.failure(flow);
    assert_eq!(failure.cause, Cause::UserTimeout { after: Duration::from_secs(300), soft: None });
    assert_eq!(failure.to_string(), "timed out: nothing acknowledged by 10.0.0.2:7000 for 300 s");
    t.take_all();
    t.wait_secs(300);
    t.expect_nothing();
}

// 9293/MUST-21
// 5482/1
#[test]
fn the_user_timeout_is_a_setting_of_each_connection() {
    let mut t = Script::v4();
    let flow = t.established_with(seg().mss(1_460), |tcp| tcp.user_timeout = None);
    t.write(flow, b"patience");
    t.wait_secs(100_000);
    t.expect_state(flow, State::Established);
    assert!(t.take_all().len() > 100, "it goes on trying");
    // Shortened while it waits, it ends at once.
    let options = TcpOptions { user_timeout: Some(Duration::from_secs(150)), ..TcpOptions::default() };
    t.call(|stack, now| stack.tcp_set_options(now, flow, options)).unwrap();
    t.wait_secs(1);
    assert!(matches!(t.failure(flow).cause, Cause::UserTimeout { .. }));
}

// 9293/UTO-1
// A closed connection that nobody holds gives up as well.
#[test]
fn a_background_close_towards_a_silent_peer_ends() {
    let mut t = Script::v4();
    let flow = t.established();
    t.close(flow);
    t.expect(seg().fin().seq(1).ack(101));
    t.wait_secs(301);
    assert_eq!(t.stack.tcp_population().flows, 0);
}

// A peer that closes its window for ever keeps no closed connection alive: without an owner, the linger time or the user timeout
// of what was never sent ends it.
#[test]
fn a_background_close_into_a_closed_window_probes_and_keeps_what_was_sent() {
    let mut t = Script::v4();
    let flow = t.established_with(seg().mss(1_000), |tcp| tcp.linger = Some(Duration::from_secs(20)));
    t.send(seg().seq(101).ack(1).win(0));
    t.write(flow, b"stuck");
    t.close(flow);
    t.wait_secs(25);
    assert!(t.take_all().iter().any(|seen| seen.flags.rst()));
    assert_eq!(t.stack.tcp_population().flows, 0);
}

// The trace of a close tells each step.
#[test]
fn the_trace_tells_the_steps_of_a_close() {
    let mut t = Script::v4();
    let flow = t.established();
    t.take_trace();
    t.shutdown(flow);
    t.send(seg().fin().seq(101).ack(1));
    t.send(seg().seq(102).ack(2));
    let steps: Vec<_> = t
        .take_trace()
        .iter()
        .filter_map(|record| match record.fact {
            trace::Fact::StateChanged { from, to, .. } => Some((from, to)),
            _ => None,
        })
        .collect();
    assert_eq!(
        steps,
        [(State::Established, State::FinWait1), (State::FinWait1, State::Closing), (State::Closing, State::TimeWait),]
    );
}
