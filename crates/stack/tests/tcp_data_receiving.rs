//! What arrives: text in and out of order, FIN, acknowledgments and when they leave (RFC 9293 section 3.10.7.4 and 3.8.6.3).

mod script;

use script::*;
use synsent_stack::*;

const MSS: usize = 1_460;

fn sackless(t: &mut Script) -> FlowId {
    t.established()
}

// 9293/MUST-40
// 9293/SHLD-18
#[test]
fn a_single_segment_is_acknowledged_with_delay_but_within_half_a_second() {
    let mut t = Script::v4();
    let flow = sackless(&mut t);
    t.mark();
    t.send(seg().seq(101).ack(1).len(100));
    t.expect_nothing();
    assert_eq!(t.receive(flow).len(), 100);
    t.expect_nothing();
    t.wait_ms(499);
    let ack = t.expect(seg().seq(1).ack(201));
    assert!(ack.at.since(t.now) < Duration::from_millis(500));
    t.wait_secs(10);
    t.expect_nothing();
}

// 9293/SHLD-19
#[test]
fn every_second_full_segment_is_acknowledged_at_once() {
    let mut t = Script::v4();
    sackless(&mut t);
    for pair in 0..5 {
        let seq = 101 + pair * 2 * MSS as u32;
        t.send(seg().seq(seq).ack(1).len(MSS));
        t.expect_nothing();
        t.send(seg().seq(seq + MSS as u32).ack(1).len(MSS));
        t.expect(seg().seq(1).ack(seq + 2 * MSS as u32));
    }
}

// 9293/SHLD-19
#[test]
fn segments_that_are_full_on_a_link_with_a_small_mtu_count_as_full() {
    let mut t = Script::new(Setup { mtu: 296, ..Setup::default() });
    sackless(&mut t);
    t.send(seg().seq(101).ack(1).len(256));
    t.expect_nothing();
    t.send(seg().seq(357).ack(1).len(256));
    t.expect(seg().seq(1).ack(613));
}

// 9293/SHLD-18
#[test]
fn an_acknowledgment_rides_on_data_where_there_is_some() {
    let mut t = Script::v4();
    let flow = sackless(&mut t);
    t.send(seg().seq(101).ack(1).text(b"question"));
    t.expect_nothing();
    t.write(flow, b"answer");
    t.expect(seg().seq(1).ack(109).text(b"answer"));
    t.send(seg().seq(109).ack(7));
    t.wait_secs(1);
    t.expect_nothing();
}

#[test]
fn quick_ack_waits_for_nothing() {
    let mut t = Script::v4();
    t.established_with(seg().mss(1_460), |tcp| tcp.quick_ack = true);
    t.send(seg().seq(101).ack(1).len(1));
    t.expect(seg().seq(1).ack(102));
}

// 9293/MUST-58
// 9293/MUST-59
#[test]
fn segments_that_arrive_together_are_all_processed_before_one_acknowledgment_leaves() {
    let mut t = Script::v4();
    let flow = sackless(&mut t);
    let segments = (0..6).map(|at| seg().seq(101 + at * 1_000).ack(1).len(1_000)).collect();
    t.send_together(segments);
    t.expect(seg().seq(1).ack(6_101));
    t.expect_nothing();
    assert_eq!(t.receive(flow).len(), 6_000);
}

// Trap: an ACK must not count as sent although the link has not taken the frame.
#[test]
fn an_acknowledgment_that_the_link_did_not_ask_for_is_still_owed() {
    let mut t = Script::v4();
    sackless(&mut t);
    t.hold_link = true;
    t.send(seg().seq(101).ack(1).len(MSS));
    t.send(seg().seq(101 + MSS as u32).ack(1).len(MSS));
    t.wait_secs(5);
    t.expect_nothing();
    t.hold_link = false;
    t.wait_ms(0);
    t.call(|_, _| ());
    t.expect(seg().seq(1).ack(101 + 2 * MSS as u32));
}

// 9293/SHLD-31
// 9293/MAY-13
#[test]
fn segments_out_of_order_are_held_and_acknowledged_at_once() {
    let mut t = Script::v4();
    let flow = sackless(&mut t);
    t.send(seg().seq(104).ack(1).text(b"def"));
    t.expect(seg().seq(1).ack(101));
    t.send(seg().seq(110).ack(1).text(b"jkl"));
    t.expect(seg().seq(1).ack(101));
    assert_eq!(t.receive(flow), b"");
    t.send(seg().seq(101).ack(1).text(b"abc"));
    t.expect(seg().seq(1).ack(107));
    assert_eq!(t.receive(flow), b"abcdef");
    t.send(seg().seq(107).ack(1).text(b"ghi"));
    t.expect(seg().seq(1).ack(113));
    assert_eq!(t.receive(flow), b"ghijkl");
}

#[test]
fn a_segment_that_overlaps_what_arrived_brings_only_what_is_new() {
    let mut t = Script::v4();
    let flow = sackless(&mut t);
    t.send(seg().seq(101).ack(1).text(b"abcd"));
    t.send(seg().seq(103).ack(1).text(b"cdef"));
    t.send(seg().seq(100).ack(1).text(b"!abcdefg"));
    assert_eq!(t.receive(flow), b"abcdefg");
}

// Trap: a FIN that arrives out of order must be remembered like data.
#[test]
fn a_fin_out_of_order_is_remembered() {
    let mut t = Script::v4();
    let flow = sackless(&mut t);
    t.send(seg().fin().seq(104).ack(1).text(b"def"));
    t.expect(seg().seq(1).ack(101));
    t.expect_state(flow, State::Established);
    t.send(seg().fin().seq(107).ack(1));
    t.expect(seg().seq(1).ack(101));
    t.send(seg().seq(101).ack(1).text(b"abc"));
    t.expect(seg().seq(1).ack(108));
    t.expect_state(flow, State::CloseWait);
    assert_eq!(t.receive(flow), b"abcdef");
    assert_eq!(t.call(|stack, now| stack.tcp_receive(now, flow, &mut [0; 8])), Ok(0));
}

// 9293/SHLD-31
#[test]
fn a_fin_alone_beyond_a_hole_is_remembered() {
    let mut t = Script::v4();
    let flow = sackless(&mut t);
    t.send(seg().fin().seq(104).ack(1));
    t.expect(seg().seq(1).ack(101));
    t.send(seg().seq(101).ack(1).text(b"abc"));
    t.expect(seg().seq(1).ack(105));
    t.expect_state(flow, State::CloseWait);
}

// Trap: text that arrives after the peer's FIN is not data.
#[test]
fn text_behind_the_fin_is_not_data() {
    let mut t = Script::v4();
    let flow = sackless(&mut t);
    t.send(seg().fin().seq(101).ack(1).text(b"end"));
    t.expect(seg().seq(1).ack(105));
    t.send(seg().seq(105).ack(1).text(b"more"));
    t.expect(seg().seq(1).ack(105));
    t.send(seg().seq(104).ack(1).text(b"more"));
    assert_eq!(t.receive(flow), b"end");
    // The same when the FIN came before what it follows.
    let mut t = Script::v4();
    let flow = sackless(&mut t);
    t.send(seg().fin().seq(103).ack(1));
    t.send(seg().seq(101).ack(1).text(b"abcdefgh"));
    assert_eq!(t.receive(flow), b"ab");
    t.expect_state(flow, State::CloseWait);
}

// 9293/MUST-12
#[test]
fn an_end_by_fin_and_an_end_by_reset_are_told_apart() {
    let mut t = Script::v4();
    let flow = sackless(&mut t);
    t.send(seg().fin().seq(101).ack(1).text(b"bye"));
    t.expect_event(EventKind::PeerClosed);
    assert_eq!(t.receive(flow), b"bye");
    assert_eq!(t.call(|stack, now| stack.tcp_receive(now, flow, &mut [0; 8])), Ok(0));
    assert!(t.status(flow).failure.is_none());

    let mut t = Script::v4();
    let flow = sackless(&mut t);
    t.send(seg().rst().seq(101));
    t.expect_event(EventKind::Failed);
    let read = t.call(|stack, now| stack.tcp_receive(now, flow, &mut [0; 8]));
    assert_eq!(read, Err(ReceiveError::Failed));
    assert_eq!(t.failure(flow).cause, Cause::Reset { by: t.remote });
    assert_eq!(t.call(|stack, now| stack.tcp_send(now, flow, b"x")), Err(SendError::Closed));
}

// RFC 9293 section 3.10.7.4: in LAST-ACK and CLOSING a reset ends the connection, and the user is not told of one. The peer's
// TIME-WAIT ran out while the acknowledgment of our FIN was lost again and again.
#[test]
fn a_reset_after_both_sides_ended_is_no_failure() {
    let mut t = Script::v4();
    let flow = sackless(&mut t);
    t.send(seg().fin().seq(101).ack(1).text(b"bye"));
    t.shutdown(flow);
    t.expect_state(flow, State::LastAck);
    t.send(seg().rst().seq(105));
    assert!(t.status(flow).failure.is_none());
    assert_eq!(t.receive(flow), b"bye");
    assert_eq!(t.call(|stack, now| stack.tcp_receive(now, flow, &mut [0; 8])), Ok(0));
    // But data that nobody acknowledged is lost, and that is told.
    let mut t = Script::v4();
    let flow = sackless(&mut t);
    t.send(seg().fin().seq(101).ack(1));
    t.write(flow, b"precious");
    t.shutdown(flow);
    t.send(seg().rst().seq(102));
    assert_eq!(t.failure(flow).cause, Cause::Reset { by: t.remote });
}

// 5961/4
// Trap: an ACK for data that was never sent is neither progress nor harmless.
#[test]
fn an_acknowledgment_of_what_was_never_sent_is_answered_and_brings_nothing() {
    let mut t = Script::v4();
    let flow = sackless(&mut t);
    t.write(flow, b"abc");
    t.expect(seg().seq(1).ack(101).len(3));
    t.send(seg().seq(101).ack(5).text(b"poison"));
    t.expect(seg().seq(4).ack(101));
    assert_eq!(t.receive(flow), b"");
    assert_eq!(t.status(flow).unacknowledged, 3);
    t.send(seg().seq(101).ack(4));
    assert_eq!(t.status(flow).unacknowledged, 0);
}

#[test]
fn a_segment_without_an_acknowledgment_is_dropped() {
    let mut t = Script::v4();
    let flow = sackless(&mut t);
    t.send(seg().seq(101).text(b"no ack"));
    t.wait_secs(1);
    t.expect_nothing();
    assert_eq!(t.receive(flow), b"");
}

// RFC 9293 section 3.10.7.4: an old segment is answered with the number that is expected.
#[test]
fn an_old_segment_is_acknowledged_and_dropped() {
    let mut t = Script::v4();
    let flow = sackless(&mut t);
    t.send(seg().seq(101).ack(1).text(b"once"));
    t.wait_secs(1);
    t.expect(seg().seq(1).ack(105));
    t.send(seg().seq(101).ack(1).text(b"once"));
    t.expect(seg().seq(1).ack(105));
    assert_eq!(t.receive(flow), b"once");
}

// The gaps that are remembered have a bound; a segment beyond it is dropped and counted, and the stream stays right.
#[test]
fn gaps_beyond_the_bound_are_refused_and_the_stream_stays_whole() {
    let mut t = Script::v4();
    let flow = sackless(&mut t);
    for gap in 0..200_u32 {
        t.send(seg().seq(103 + gap * 2).ack(1).text(&[gap as u8]));
    }
    assert!(t.stack.counters().dropped(DropReason::TcpReassemblyFull) > 0);
    t.take_all();
    let whole: Vec<u8> = (0..402).map(|at| if at % 2 == 0 && at > 0 { (at / 2 - 1) as u8 } else { 255 }).collect();
    for (at, octet) in whole.iter().enumerate() {
        t.send(seg().seq(101 + at as u32).ack(1).text(&[*octet]));
    }
    assert_eq!(t.receive(flow), whole);
}

// 9293/MUST-3
// 9293/MUST-2
#[test]
fn a_segment_with_a_wrong_checksum_is_dropped_silently() {
    let mut t = Script::v4();
    let flow = sackless(&mut t);
    t.send(seg().seq(101).ack(1).text(b"bad").bad_checksum());
    t.wait_secs(1);
    t.expect_nothing();
    assert_eq!(t.receive(flow), b"");
    assert_eq!(t.stack.counters().dropped(DropReason::TcpChecksum), 1);
}

#[test]
fn data_that_nobody_wants_to_read_any_more_is_acknowledged_and_thrown_away() {
    let mut t = Script::v4();
    let flow = sackless(&mut t);
    t.call(|stack, now| stack.tcp_shutdown_receive(now, flow)).unwrap();
    for round in 0..100 {
        t.send(seg().seq(101 + round * 1_000).ack(1).len(1_000));
    }
    t.wait_secs(1);
    let last = t.take_all().pop().unwrap();
    assert_eq!(last.ack, 100_101);
    assert!(last.win > 10_000);
    assert_eq!(t.status(flow).readable, 0);
}
