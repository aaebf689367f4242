//! Active opens: what SYN-SENT does with each segment (RFC 9293 section 3.10.7.3), and what OPEN, CLOSE and ABORT do there.

mod script;

use proptest::prelude::*;
use script::*;
use synsent_stack::*;
use synsent_wire::tcp::Flags;

// 9293/OPEN-2
// 9293/SS-4
// 9293/MUST-14
// 9293/SHLD-5
// 9293/MAY-3
#[test]
fn a_syn_leaves_and_its_answer_establishes() {
    let mut t = Script::v4();
    let flow = t.connect();
    let syn = t.expect_at(0, seg().syn().seq(ISS).mss(1_460));
    assert_eq!(syn.destination, t.peer());
    t.expect_state(flow, State::SynSent);
    t.expect_nothing();
    t.send(seg().syn_ack().seq(100).ack(1).win(4_000).mss(1_000));
    t.expect(seg().seq(1).ack(101));
    t.expect_nothing();
    t.expect_state(flow, State::Established);
    assert_eq!(t.expect_event(EventKind::Connected), SocketId::Flow(flow));
    let status = t.status(flow);
    assert_eq!((status.send_window, status.segment_octets), (4_000, 1_000));
    t.write(flow, &[7; 2_000]);
    t.expect(seg().seq(1).ack(101).len(1_000));
    t.expect(seg().seq(1_001).ack(101).len(1_000));
}

// 9293/OPEN-2
// 9293/MUST-67
#[test]
fn over_ipv6_the_mss_leaves_room_for_the_larger_header() {
    let mut t = Script::v6();
    let flow = t.connect();
    t.expect(seg().syn().seq(ISS).mss(1_440));
    t.shake_hands(seg().mss(1_440));
    t.expect_state(flow, State::Established);
}

// 9293/SS-1
#[test]
fn an_acknowledgment_of_something_else_is_answered_by_a_reset() {
    for (sent, answer) in [(seg().syn_ack().seq(100).ack(0), 0), (seg().syn_ack().seq(100).ack(2), 2)] {
        let mut t = Script::v4();
        let flow = t.connect();
        t.expect(seg().syn());
        t.send(sent);
        t.expect(seg().rst().seq(answer));
        t.expect_nothing();
        t.expect_state(flow, State::SynSent);
        t.shake_hands(seg());
        t.expect_state(flow, State::Established);
    }
}

// 9293/SS-1
#[test]
fn a_reset_with_a_wrong_acknowledgment_is_dropped() {
    for ack in [0, 2, 0x8000_0000] {
        let mut t = Script::v4();
        let flow = t.connect();
        t.expect(seg().syn());
        t.send(seg().rst().seq(0).ack(ack));
        t.expect_nothing();
        t.expect_state(flow, State::SynSent);
    }
}

// Trap: after a reset answers a stale half-open peer, the SYN must go again at once, not when the timer fires.
#[test]
fn the_syn_follows_the_reset_of_a_stale_peer_at_once() {
    let mut t = Script::v4();
    let flow = t.connect();
    t.expect(seg().syn().seq(ISS));
    t.wait_ms(3);
    t.mark();
    // RFC 9293 figure 9: the peer that still believes in the old connection acknowledges something else.
    t.send(seg().seq(300).ack(77));
    t.expect_at(0, seg().rst().seq(77));
    t.expect_at(0, seg().syn().seq(ISS));
    t.shake_hands(seg());
    t.expect_state(flow, State::Established);
}

// 9293/SS-1
#[test]
fn a_peer_that_goes_on_acknowledging_nonsense_makes_no_flood_of_syns() {
    let mut t = Script::v4();
    t.connect();
    for _ in 0..1_000 {
        t.send(seg().seq(300).ack(77));
    }
    let left = t.take_all();
    let syns = left.iter().filter(|seen| seen.flags.syn()).count();
    let resets = left.iter().filter(|seen| seen.flags.rst()).count();
    assert!(syns <= 4, "{syns} SYNs");
    assert!(resets <= 10, "{resets} resets");
}

// 9293/SS-2
// 5961/2
#[test]
fn a_reset_that_acknowledges_the_syn_refuses() {
    let mut t = Script::v4();
    let flow = t.connect();
    t.expect(seg().syn());
    t.wait(Duration::from_micros(300));
    t.send(seg().rst().seq(0).ack(1));
    t.expect_nothing();
    t.expect_event(EventKind::Failed);
    t.expect_state(flow, State::Closed);
    let failure = t.failure(flow);
    assert_eq!(failure.cause, Cause::Refused { by: t.remote });
    assert_eq!(failure.to_string(), "refused: RST from 10.0.0.2 after 0.3 ms");
    let mut buffer = [0; 8];
    assert_eq!(t.stack.tcp_receive(t.now, flow, &mut buffer), Err(ReceiveError::Failed));
    assert_eq!(t.stack.tcp_send(t.now, flow, b"x"), Err(SendError::Closed));
    t.wait_secs(200);
    t.expect_nothing();
}

// 9293/SS-3
// 5961/2
#[test]
fn a_reset_without_acknowledgment_changes_nothing() {
    let mut t = Script::v4();
    let flow = t.connect();
    t.expect(seg().syn());
    for seq in [0, 1, 100, u32::MAX] {
        t.send(seg().rst().seq(seq));
    }
    t.expect_nothing();
    t.expect_state(flow, State::SynSent);
    t.shake_hands(seg());
    t.expect_state(flow, State::Established);
}

// 9293/SS-4
#[test]
fn data_queued_before_the_connection_stands_leaves_with_the_acknowledgment() {
    let mut t = Script::v4();
    let flow = t.connect();
    t.expect(seg().syn());
    t.write(flow, b"early");
    t.expect_nothing();
    t.send(seg().syn_ack().seq(100).ack(1).mss(1_460));
    t.expect(seg().seq(1).ack(101).text(b"early"));
    t.expect_nothing();
}

// 9293/SS-6
#[test]
fn a_segment_with_neither_syn_nor_rst_is_dropped() {
    let mut t = Script::v4();
    let flow = t.connect();
    t.expect(seg().syn());
    t.send(seg().seq(100).text(b"text"));
    t.send(seg().seq(100).fin());
    t.send(seg().seq(100).ack(1).text(b"text"));
    t.send(seg().seq(100).urg(5));
    t.expect_nothing();
    t.expect_state(flow, State::SynSent);
    assert_eq!(t.status(flow).readable, 0);
}

// 9293/SS-7
#[test]
fn text_on_the_syn_ack_is_received() {
    let mut t = Script::v4();
    let flow = t.connect();
    t.expect(seg().syn());
    t.send(seg().syn_ack().seq(100).ack(1).mss(1_460).text(b"welcome"));
    t.expect(seg().seq(1).ack(108));
    t.expect_nothing();
    t.expect_state(flow, State::Established);
    assert_eq!(t.receive(flow), b"welcome");
}

// 9293/SS-7
#[test]
fn a_fin_on_the_syn_ack_leads_to_close_wait() {
    let mut t = Script::v4();
    let flow = t.connect();
    t.expect(seg().syn());
    t.send(seg().syn_ack().fin().seq(100).ack(1).mss(1_460).text(b"bye"));
    t.expect(seg().seq(1).ack(105));
    t.expect_state(flow, State::CloseWait);
    t.expect_event(EventKind::Connected);
    t.expect_event(EventKind::PeerClosed);
    assert_eq!(t.receive(flow), b"bye");
    let mut buffer = [0; 8];
    assert_eq!(t.stack.tcp_receive(t.now, flow, &mut buffer), Ok(0));
    t.write(flow, b"still");
    t.expect(seg().seq(1).ack(105).text(b"still"));
}

// 9293/CLOSE-1
#[test]
fn closing_in_syn_sent_leaves_nothing_behind() {
    let mut t = Script::v4();
    let flow = t.connect();
    t.expect(seg().syn());
    t.write(flow, b"never sent");
    t.close(flow);
    t.expect_nothing();
    assert!(t.stack.tcp_status(flow).is_none());
    assert_eq!(t.stack.tcp_population().flows, 0);
    t.wait_secs(300);
    t.expect_nothing();
    // A late answer meets nobody (9293/CL-1).
    t.send(seg().syn_ack().seq(100).ack(1));
    t.expect(seg().rst().seq(1));
}

// 9293/ABORT-1
#[test]
fn aborting_in_syn_sent_sends_no_reset() {
    let mut t = Script::v4();
    let flow = t.connect();
    t.expect(seg().syn());
    t.abort(flow);
    t.expect_nothing();
    assert!(t.stack.tcp_status(flow).is_none());
    t.wait_secs(300);
    t.expect_nothing();
    assert_eq!(t.stack.tcp_population().flows, 0);
}

// 9293/MUST-3
#[test]
fn a_syn_ack_with_a_wrong_checksum_is_dropped() {
    let mut t = Script::v4();
    let flow = t.connect();
    t.expect(seg().syn());
    t.send(seg().syn_ack().seq(100).ack(1).bad_checksum());
    t.send(seg().rst().seq(0).ack(1).bad_checksum());
    t.expect_nothing();
    t.expect_state(flow, State::SynSent);
    assert_eq!(t.stack.counters().dropped(DropReason::TcpChecksum), 2);
    t.shake_hands(seg());
}

// A SYN-ACK that was repeated because our acknowledgment was lost is acknowledged again (RFC 9293 figure 8, RFC 5961 section 4).
#[test]
fn a_repeated_syn_ack_is_acknowledged_again() {
    let mut t = Script::v4();
    let flow = t.established();
    t.send(seg().syn_ack().seq(100).ack(1).mss(1_460));
    t.expect(seg().seq(1).ack(101));
    t.expect_nothing();
    t.expect_state(flow, State::Established);
}

// A handle means its own connection for ever: one that is over and given back reaches no later connection.
#[test]
fn a_stale_handle_reaches_nobody() {
    let mut t = Script::v4();
    let old = t.established();
    t.abort(old);
    t.expect(seg().rst().seq(1).ack(101));
    let new = t.established();
    assert_ne!(old, new);
    let mut buffer = [0; 8];
    assert_eq!(t.stack.tcp_send(t.now, old, b"x"), Err(SendError::NoSuchSocket));
    assert_eq!(t.stack.tcp_receive(t.now, old, &mut buffer), Err(ReceiveError::NoSuchSocket));
    assert_eq!(t.stack.tcp_shutdown_send(t.now, old), Err(SendError::NoSuchSocket));
    assert_eq!(t.stack.tcp_set_options(t.now, old, TcpOptions::default()), Err(NoSuchSocket));
    assert!(t.stack.tcp_status(old).is_none());
    assert!(t.stack.tcp_names(old).is_none());
    t.close(old);
    t.abort(old);
    t.expect_nothing();
    t.expect_state(new, State::Established);
}

// Every step of the opening, and how it failed, is a fact of the trace.
#[test]
fn the_trace_tells_the_steps_of_an_opening() {
    use trace::Fact;
    let mut t = Script::v4();
    let flow = t.connect();
    t.send(seg().rst().seq(0).ack(1));
    let trace = t.take_trace();
    let steps: Vec<_> = trace
        .iter()
        .filter_map(|record| match record.fact {
            Fact::StateChanged { flow: told, from, to, .. } => {
                assert_eq!(told, Some(flow));
                Some((from, to))
            }
            _ => None,
        })
        .collect();
    assert_eq!(steps, [(State::Closed, State::SynSent), (State::SynSent, State::Closed)]);
    assert!(trace.iter().any(
        |record| matches!(record.fact, Fact::SegmentSent { again: false, segment, .. } if segment.flags == Flags::SYN)
    ));
    assert!(
        trace.iter().any(|record| matches!(record.fact, Fact::SegmentReceived { segment, .. } if segment.flags.rst()))
    );
    let remote = t.remote;
    assert!(
        trace
            .iter()
            .any(|record| matches!(record.fact, Fact::Failed { cause, .. } if cause == Cause::Refused { by: remote }))
    );
}

fn any_segment() -> impl Strategy<Value = Seg> {
    let number = prop_oneof![0u32..4, 98u32..104, any::<u32>()];
    let options = proptest::collection::vec(any::<u8>(), 0..=10).prop_map(|mut octets| {
        octets.resize(octets.len().div_ceil(4) * 4, 1);
        octets
    });
    (any::<u8>(), number.clone(), number, any::<u16>(), any::<u16>(), 0usize..40, proptest::option::of(options))
        .prop_map(|(bits, seq, ack, window, pointer, len, options)| {
            let segment = seg().seq(seq).ack(ack).win(window).urg(pointer).len(len);
            let segment = match options {
                Some(octets) => segment.raw_options(&octets),
                None => segment,
            };
            segment.exactly(Flags(bits))
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    // Trap: an active connection in SYN-SENT must survive any segment; sequence arithmetic on fields that do not exist yet has
    // panicked stacks.
    #[test]
    fn any_segments_leave_syn_sent_in_a_known_state(segments in proptest::collection::vec(any_segment(), 1..12)) {
        let mut t = Script::v4();
        let flow = t.connect();
        for segment in segments {
            t.send(segment);
            t.wait_ms(50);
            let state = t.status(flow).state;
            prop_assert!(state != State::Listen && state != State::TimeWait);
        }
        t.wait_secs(10);
    }
}
