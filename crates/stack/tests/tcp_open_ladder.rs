//! How long an opening lasts: the ladder of SYNs, R1 and R2, what a timeout tells, and what a retransmitted SYN does to the
//! timers of the connection that follows (RFC 9293 section 3.8.3, RFC 6298, RFC 1122 section 4.2.3.5).

mod script;

use script::*;
use synsent_stack::*;

/// When SYNs left, in milliseconds since the connect, until nothing more happens.
fn ladder(t: &mut Script) -> Vec<u64> {
    let start = t.now;
    t.wait_secs(600);
    t.take_all().iter().map(|seen| seen.at.since(start).as_millis() as u64).collect()
}

// 9293/MUST-22
// 9293/MUST-23
// 1122/TCP-1
// 6298/1
// 6298/2
// conn/1
#[test]
fn an_unanswered_syn_is_repeated_with_doubling_pauses_for_three_minutes() {
    let mut t = Script::v4();
    let flow = t.connect();
    assert_eq!(ladder(&mut t), [0, 1_000, 3_000, 7_000, 15_000, 31_000, 63_000, 127_000]);
    t.expect_event(EventKind::Failed);
    let failure = t.failure(flow);
    assert_eq!(failure.cause, Cause::TimedOut { soft: None });
    assert!(failure.at.since(failure.opened_at) >= Duration::from_secs(180), "R2 of a SYN is at least three minutes");
    assert_eq!(failure.syns.count(), 8);
    assert_eq!(
        failure.to_string(),
        "timed out: 8 SYNs (at 0, 1, 3, 7, 15, 31, 63, 127 s) to 10.0.0.2:7000 unanswered for 183 s"
    );
}

// 9293/MUST-22
// 9293/MAY-4
#[test]
fn every_syn_of_the_ladder_is_the_same_syn() {
    let mut t = Script::v4();
    t.connect();
    let first = t.expect(seg().syn());
    t.wait_secs(16);
    let again = t.take_all();
    assert_eq!(again.len(), 4);
    for seen in again {
        assert_eq!((seen.raw_seq, seen.source, seen.win), (first.raw_seq, first.source, first.win));
        assert_eq!((seen.options.mss, seen.options.window_scale), (first.options.mss, first.options.window_scale));
        assert_eq!(seen.packet[4..6], first.packet[4..6], "the identification of IPv4");
    }
}

// 9293/SHLD-9
// 9293/SHLD-10
// 9293/MUST-20
#[test]
fn after_three_repetitions_the_application_is_told_and_the_opening_goes_on() {
    let mut t = Script::v4();
    let flow = t.connect();
    t.wait_secs(6);
    assert!(!t.take_events().contains(&EventKind::Troubled));
    t.wait_secs(10);
    t.expect_event(EventKind::Troubled);
    t.expect_state(flow, State::SynSent);
    t.take_all();
    t.shake_hands(seg());
    t.expect_state(flow, State::Established);
}

// 9293/MUST-21
// 9293/MUST-23
// conn/1
// Profiles of other systems are other numbers: here the ladder that Windows climbs for 21 s.
#[test]
fn an_application_may_give_up_earlier_by_count() {
    let mut t = Script::with(TcpConfig { rto_initial: Duration::from_secs(3), ..TcpConfig::default() });
    let flow = t.connect_with(|open| open.tcp = Some(TcpOptions { syn_retries: Some(2), ..TcpOptions::default() }));
    assert_eq!(ladder(&mut t), [0, 3_000, 9_000]);
    let failure = t.failure(flow);
    assert_eq!(failure.at.since(failure.opened_at), Duration::from_secs(21));
    assert_eq!(failure.to_string(), "timed out: 3 SYNs (at 0, 3, 9 s) to 10.0.0.2:7000 unanswered for 21 s");
}

// conn/1
// The ladder that Linux climbs with four linear timeouts, as it was seen on one: five pauses of a second before the first longer one.
#[test]
fn the_first_pauses_of_a_profile_may_be_the_same() {
    let mut t = Script::v4();
    let options = TcpOptions { syn_linear_timeouts: 4, syn_timeout: Duration::from_secs(15), ..TcpOptions::default() };
    t.connect_with(|open| open.tcp = Some(options));
    assert_eq!(ladder(&mut t), [0, 1_000, 2_000, 3_000, 4_000, 5_000, 7_000, 11_000]);
}

// 9293/MUST-21
// Trap: no default limit on SYN-SENT leaves sockets that retry for ever; and a limit of time is kept to the point.
#[test]
fn an_application_may_give_up_earlier_by_time() {
    let mut t = Script::v4();
    let syn_timeout = Duration::from_millis(2_500);
    let flow = t.connect_with(|open| open.tcp = Some(TcpOptions { syn_timeout, ..TcpOptions::default() }));
    assert_eq!(ladder(&mut t), [0, 1_000]);
    let failure = t.failure(flow);
    assert_eq!(failure.at.since(failure.opened_at), syn_timeout);
    assert_eq!(failure.to_string(), "timed out: 2 SYNs (at 0, 1 s) to 10.0.0.2:7000 unanswered for 2.5 s");
}

// 9293/MUST-21
#[test]
fn the_limit_may_be_changed_while_the_opening_lasts() {
    let mut t = Script::v4();
    let flow = t.connect();
    t.wait_secs(5);
    let options = TcpOptions { syn_timeout: Duration::from_secs(10), ..TcpOptions::default() };
    t.call(|stack, now| stack.tcp_set_options(now, flow, options)).unwrap();
    t.wait_secs(4);
    t.expect_state(flow, State::SynSent);
    t.wait_secs(1);
    t.expect_state(flow, State::Closed);
}

// An opening far beyond the twelve points in time that a failure keeps still counts its SYNs.
#[test]
fn a_patient_opening_keeps_the_first_points_of_its_ladder() {
    let mut t = Script::with(TcpConfig { rto_max: Duration::from_secs(60), ..TcpConfig::default() });
    let syn_timeout = Duration::from_secs(3_600);
    let flow = t.connect_with(|open| open.tcp = Some(TcpOptions { syn_timeout, ..TcpOptions::default() }));
    t.wait_secs(3_600);
    let failure = t.failure(flow);
    assert_eq!(failure.syns.count() as usize, t.take_all().len());
    assert_eq!(failure.syns.sent_at().len(), SynSchedule::KEPT);
    assert!(failure.to_string().contains("0, 1, 3, 7, 15, 31, 63, 123, 183, 243, 303, 363, … s"), "{failure}");
}

// 6298/3
#[test]
fn after_a_repeated_syn_the_first_data_waits_three_seconds_for_its_acknowledgment() {
    let mut t = Script::v4();
    let flow = t.connect();
    t.wait_secs(1);
    t.expect(seg().syn());
    t.expect(seg().syn());
    t.shake_hands(seg().mss(1_460));
    t.mark();
    t.write(flow, b"data");
    t.expect_at(0, seg().seq(1).ack(101).text(b"data"));
    t.wait_secs(4);
    t.expect_at(3_000, seg().seq(1).ack(101).text(b"data"));
    t.expect_nothing();
}

// 6298/4
// 9293/MUST-18
#[test]
fn an_answered_first_syn_measures_the_round_trip() {
    let mut t = Script::v4();
    let flow = t.connect();
    t.expect(seg().syn());
    t.wait_ms(80);
    t.shake_hands(seg().mss(1_460));
    assert_eq!(t.status(flow).round_trip, Some(Duration::from_millis(80)));
    // RFC 6298 section 2.2: SRTT + 4 * R/2.
    assert_eq!(t.status(flow).retransmission_timeout, Some(Duration::from_millis(240)));
}

// 6298/4
// 9293/MUST-18
#[test]
fn an_answer_after_a_repetition_measures_nothing() {
    let mut t = Script::v4();
    let flow = t.connect();
    t.wait_ms(1_100);
    t.take_all();
    t.send(seg().syn_ack().seq(100).ack(1));
    assert_eq!(t.status(flow).round_trip, None);
}

// 9293/MUST-22
// The user timeout of data, 5 minutes, is another limit and does not cut an opening short.
#[test]
fn data_queued_before_the_connection_stands_waits_as_long_as_the_syn() {
    let mut t = Script::v4();
    let options = TcpOptions { user_timeout: Some(Duration::from_secs(20)), ..TcpOptions::default() };
    let flow = t.connect_with(|open| open.tcp = Some(options));
    t.write(flow, b"data");
    t.wait_secs(170);
    t.take_all();
    t.expect_state(flow, State::SynSent);
    t.send(seg().syn_ack().seq(100).ack(1));
    t.expect(seg().seq(1).ack(101).text(b"data"));
}

// 9293/MUST-20
// 9293/MUST-22
// At R1 of a SYN, as of data, the internet layer is advised: it asks whether the next hop is still there.
#[test]
fn at_r1_the_next_hop_is_asked_for_again() {
    let mut t = Script::new(Setup { ethernet: true, ..Setup::default() });
    t.connect();
    t.expect(seg().syn());
    // Questions that the script does not answer stand among the other frames.
    t.answers_arp = false;
    t.wait_ms(14_900);
    assert!(t.others.is_empty(), "the next hop has just answered");
    t.wait_secs(10);
    assert!(!t.others.is_empty(), "nobody asked");
}
