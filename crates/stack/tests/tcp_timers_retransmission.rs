//! The retransmission timer and what hangs on it: RFC 6298, Karn's rule, R1 and R2, the user timeout, and keep-alive.

mod script;

use script::*;
use synsent_stack::*;

const MSS: u32 = 1_460;
/// The retransmission timeout of a path without delay: the floor of the configuration.
const RTO_MILLIS: u64 = 200;

fn patient(tcp: &mut TcpOptions) {
    tcp.user_timeout = None;
}

/// The times, in milliseconds after the mark, at which segments that begin at 1 leave within `span`.
fn times(t: &mut Script, origin: Instant, span: Duration) -> Vec<u64> {
    t.wait(span);
    t.take_all().iter().filter(|seen| seen.seq == 1).map(|seen| seen.at.since(origin).as_millis() as u64).collect()
}

// 9293/MUST-18
// 9293/MUST-19
// 6298/2
#[test]
fn the_timeout_doubles_with_each_expiry_up_to_a_cap_of_at_least_a_minute() {
    let mut t = Script::v4();
    let flow = t.established_with(seg().mss(1_460), patient);
    let origin = t.now;
    t.write(flow, b"x");
    t.expect(seg().seq(1).ack(101).len(1));
    let at = times(&mut t, origin, Duration::from_secs(1_000));
    let gaps: Vec<u64> = std::iter::once(at[0]).chain(at.windows(2).map(|pair| pair[1] - pair[0])).collect();
    assert_eq!(gaps[0], RTO_MILLIS);
    let cap = TcpConfig::default().rto_max.as_millis() as u64;
    assert!(cap >= 60_000);
    for pair in gaps.windows(2) {
        assert_eq!(pair[1], (pair[0] * 2).min(cap));
    }
    assert_eq!(*gaps.last().unwrap(), cap);
}

// 9293/MUST-18
// RFC 6298 section 2: SRTT and RTTVAR.
#[test]
fn the_timeout_follows_the_measured_round_trips() {
    let mut t = Script::v4();
    let flow = t.connect();
    t.expect(seg().syn());
    t.wait_ms(400);
    t.shake_hands(seg().mss(1_460));
    let status = t.status(flow);
    assert_eq!(status.round_trip, Some(Duration::from_millis(400)));
    assert_eq!(status.retransmission_timeout, Some(Duration::from_millis(400 + 4 * 200)));
    t.write(flow, b"x");
    t.wait_ms(800);
    t.send(seg().seq(101).ack(2));
    let status = t.status(flow);
    // RTTVAR = 3/4 * 200 + 1/4 * |400 - 800| = 250, SRTT = 7/8 * 400 + 1/8 * 800 = 450.
    assert_eq!(status.round_trip, Some(Duration::from_millis(450)));
    assert_eq!(status.retransmission_timeout, Some(Duration::from_millis(450 + 4 * 250)));
}

// RFC 6298 section 5.3: an acknowledgment of new data restarts the timer.
#[test]
fn progress_restarts_the_timer() {
    let mut t = Script::v4();
    let flow = t.established();
    t.write(flow, &[0; 2 * MSS as usize]);
    assert_eq!(t.take_all().len(), 2);
    t.mark();
    t.wait_ms(150);
    t.send(seg().seq(101).ack(1 + MSS));
    t.wait_ms(RTO_MILLIS - 1);
    t.expect_nothing();
    t.wait_secs(1);
    assert!(!t.take_all().is_empty());
    t.send(seg().seq(101).ack(1 + 2 * MSS));
    t.wait_secs(600);
    t.expect_nothing();
}

// 9293/MUST-18
// 6298/4
// Karn's rule: a segment that was sent twice measures nothing, and the doubled timeout stays until something is measured.
#[test]
fn what_was_sent_twice_measures_nothing_and_leaves_the_timeout_doubled() {
    let mut t = Script::v4();
    let flow = t.established();
    let before = t.status(flow).round_trip;
    t.write(flow, b"x");
    t.wait_ms(RTO_MILLIS + 2 * RTO_MILLIS);
    assert_eq!(t.take_all().len(), 3);
    t.wait_ms(50);
    t.send(seg().seq(101).ack(2));
    assert_eq!(t.status(flow).round_trip, before);
    t.mark();
    t.write(flow, b"y");
    t.expect(seg().seq(2).ack(101).len(1));
    t.wait_ms(4 * RTO_MILLIS - 1);
    t.expect_nothing();
    t.wait_ms(1);
    t.expect(seg().seq(2).ack(101).len(1));
    t.send(seg().seq(101).ack(3));
    // The next measurement ends the doubling.
    t.write(flow, b"z");
    t.take_all();
    t.send(seg().seq(101).ack(4));
    assert_eq!(t.status(flow).retransmission_timeout, Some(Duration::from_millis(RTO_MILLIS)));
}

// 6298/4
// Timestamps tell which transmission was acknowledged.
#[test]
fn with_timestamps_a_retransmission_measures_too() {
    let mut t = Script::v4();
    let flow = t.established_with(seg().mss(1_460).ts(9, 0), |_| {});
    t.write(flow, b"x");
    t.wait_ms(RTO_MILLIS + 2 * RTO_MILLIS);
    t.take_all();
    t.wait_ms(80);
    // The script echoes the timestamp of the last transmission.
    t.send(seg().seq(101).ack(2));
    let status = t.status(flow);
    assert!(status.retransmission_timeout.unwrap() < Duration::from_millis(2 * RTO_MILLIS));
    assert!(status.round_trip.unwrap() <= Duration::from_millis(81));
}

// 6298/3
#[test]
fn when_the_syn_was_lost_the_timeout_for_data_begins_at_three_seconds() {
    let mut t = Script::v4();
    let flow = t.connect();
    t.wait_ms(1_000);
    assert_eq!(t.take_all().len(), 2);
    t.shake_hands(seg().mss(1_460));
    t.write(flow, b"x");
    t.expect(seg().seq(1).ack(101).len(1));
    t.wait_ms(2_999);
    t.expect_nothing();
    t.wait_ms(1);
    t.expect(seg().seq(1).ack(101).len(1));
    // The passive side does the same.
    let mut t = Script::v4();
    let listener = t.listen();
    t.send(seg().syn().seq(PEER_ISS).mss(1_460));
    t.wait_ms(1_500);
    assert_eq!(t.take_all().len(), 2);
    t.send(seg().seq(101).ack(1));
    let flow = t.call(|stack, now| stack.tcp_accept(now, listener)).unwrap();
    t.write(flow, b"x");
    t.expect(seg().seq(1).ack(101).len(1));
    t.wait_ms(2_999);
    t.expect_nothing();
    t.wait_ms(1);
    t.expect(seg().seq(1).ack(101).len(1));
}

// RFC 5681 section 3.1: after a timeout the window is one segment and grows again.
// 9293/MUST-19
#[test]
fn after_a_timeout_one_segment_leaves_and_slow_start_begins() {
    let mut t = Script::v4();
    let flow = t.established();
    t.write(flow, &[0; 10 * MSS as usize]);
    assert_eq!(t.take_all().len(), 10);
    t.wait_ms(RTO_MILLIS);
    t.expect(seg().seq(1).ack(101).len(MSS as usize));
    t.expect_nothing();
    t.send(seg().seq(101).ack(1 + MSS));
    assert_eq!(t.take_all().len(), 2);
    t.send(seg().seq(101).ack(1 + 2 * MSS));
    assert_eq!(t.take_all().len(), 2);
}

// Trap: after a timeout rewinds SND.NXT, pure ACKs and resets must not carry the rewound number.
#[test]
fn after_a_timeout_acknowledgments_and_resets_carry_the_highest_number() {
    let mut t = Script::v4();
    let flow = t.established();
    t.write(flow, &[0; 3 * MSS as usize]);
    t.take_all();
    t.wait_ms(RTO_MILLIS);
    t.expect(seg().seq(1).ack(101).len(MSS as usize));
    let highest = 1 + 3 * MSS;
    t.send(seg().seq(101).ack(1).len(1_460));
    t.send(seg().seq(1_561).ack(1).len(1_460));
    t.expect(seg().seq(highest).ack(3_021));
    // An acknowledgment of all that was sent before the timeout is right.
    t.send(seg().seq(3_021).ack(highest));
    assert_eq!(t.status(flow).unacknowledged, 0);
    t.write(flow, &[0; 2 * MSS as usize]);
    t.wait_ms(RTO_MILLIS * 2);
    t.take_all();
    t.abort(flow);
    t.expect(seg().rst().seq(highest + 2 * MSS).ack(3_021));
}

// 9293/MUST-20
// 9293/SHLD-9
// 9293/SHLD-10
// 9293/SHLD-11
// 1122/TCP-1
// 9293/UTO-1
// 9293/UTO-2
#[test]
fn at_r1_the_application_is_told_and_at_r2_the_connection_ends() {
    let mut t = Script::v4();
    let flow = t.established();
    t.mark();
    t.write(flow, b"x");
    t.expect(seg().seq(1).ack(101).len(1));
    t.wait_ms(RTO_MILLIS + 2 * RTO_MILLIS);
    assert!(!t.take_events().contains(&EventKind::Troubled), "two retransmissions are no trouble yet");
    t.wait_secs(99);
    t.expect_event(EventKind::Troubled);
    t.expect_state(flow, State::Established);
    // The default is five minutes.
    t.wait_secs(199);
    t.expect_state(flow, State::Established);
    t.take_all();
    t.wait_secs(3);
    let failure = t.failure(flow);
    assert!(matches!(failure.cause, Cause::UserTimeout { .. }));
    t.expect_event(EventKind::Failed);
    t.expect(seg().rst().seq(2).ack(101));
    t.wait_secs(1_000);
    t.expect_nothing();
    assert_eq!(t.call(|stack, now| stack.tcp_send(now, flow, b"y")), Err(SendError::Closed));
}

// 9293/MUST-21
// 5482/1
#[test]
fn r2_is_the_applications_to_set_and_may_be_infinite() {
    let mut t = Script::v4();
    let flow = t.established_with(seg().mss(1_460), |tcp| tcp.user_timeout = Some(Duration::from_secs(10)));
    t.write(flow, b"x");
    t.wait_ms(9_999);
    t.expect_state(flow, State::Established);
    t.wait_ms(1);
    assert!(matches!(t.failure(flow).cause, Cause::UserTimeout { after, .. } if after == Duration::from_secs(10)));

    let mut t = Script::v4();
    let flow = t.established_with(seg().mss(1_460), patient);
    t.write(flow, b"x");
    t.wait_secs(24 * 3_600);
    t.expect_state(flow, State::Established);
    t.take_all();
    t.send(seg().seq(101).ack(2));
    assert_eq!(t.status(flow).unacknowledged, 0);
    // It may change while it runs.
    t.write(flow, b"y");
    let options = TcpOptions { user_timeout: Some(Duration::from_secs(20)), ..t.stack.tcp_options(flow).unwrap() };
    t.call(|stack, now| stack.tcp_set_options(now, flow, options)).unwrap();
    t.wait_secs(21);
    assert!(matches!(t.failure(flow).cause, Cause::UserTimeout { .. }));
}

// 5482/1
#[test]
fn the_user_timeout_counts_from_the_last_progress_and_not_while_nothing_is_owed() {
    let mut t = Script::v4();
    let flow = t.established_with(seg().mss(1_460), |tcp| tcp.user_timeout = Some(Duration::from_secs(10)));
    t.wait_secs(1_000);
    t.expect_state(flow, State::Established);
    t.write(flow, &[0; 2_000]);
    t.wait_secs(6);
    t.send(seg().seq(101).ack(1_461));
    t.wait_secs(6);
    t.expect_state(flow, State::Established);
    t.send(seg().seq(101).ack(2_001));
    t.wait_secs(1_000);
    t.expect_state(flow, State::Established);
    t.write(flow, b"x");
    t.wait_secs(9);
    t.expect_state(flow, State::Established);
    t.wait_secs(2);
    assert!(matches!(t.failure(flow).cause, Cause::UserTimeout { .. }));
}

// 9293/MUST-25
#[test]
fn keep_alive_is_off_unless_asked_for() {
    let mut t = Script::v4();
    let flow = t.established();
    t.wait_secs(30 * 24 * 3_600);
    t.expect_nothing();
    t.expect_state(flow, State::Established);
}

// 9293/MUST-28
#[test]
fn keep_alive_waits_two_hours_by_default() {
    assert!(KeepAlive::default().idle >= Duration::from_secs(7_200));
    let mut t = Script::v4();
    t.established_with(seg().mss(1_460), |tcp| tcp.keep_alive = Some(KeepAlive::default()));
    t.wait_secs(7_199);
    t.expect_nothing();
    t.wait_secs(1);
    assert_eq!(t.take_all().len(), 1);
}

fn watched(t: &mut Script) -> FlowId {
    let keep_alive = KeepAlive { idle: Duration::from_secs(60), interval: Duration::from_secs(10), probes: 3 };
    t.established_with(seg().mss(1_460), |tcp| tcp.keep_alive = Some(keep_alive))
}

// 9293/MUST-24
// 9293/MUST-27
// 9293/MUST-29
// 9293/SHLD-12
// 9293/MAY-5
#[test]
fn a_silent_peer_is_probed_without_data_and_given_up_after_several_probes() {
    let mut t = Script::v4();
    let flow = watched(&mut t);
    t.mark();
    t.wait_ms(59_999);
    t.expect_nothing();
    t.wait_ms(1);
    // One number before the next: it is acknowledged already, so that the peer answers.
    t.expect_at(60_000, seg().seq(0).ack(101).len(0));
    t.wait_secs(10);
    t.expect_state(flow, State::Established);
    t.expect_at(70_000, seg().seq(0).ack(101).len(0));
    t.wait_secs(10);
    t.expect_at(80_000, seg().seq(0).ack(101).len(0));
    t.expect_state(flow, State::Established);
    t.wait_secs(10);
    assert!(matches!(t.failure(flow).cause, Cause::KeepAliveTimeout { probes: 3 }));
}

// 9293/MUST-29
#[test]
fn an_answer_to_any_probe_keeps_the_connection() {
    let mut t = Script::v4();
    let flow = watched(&mut t);
    for _ in 0..20 {
        t.wait_secs(60);
        t.expect(seg().seq(0).ack(101));
        t.wait_secs(10);
        t.expect(seg().seq(0).ack(101));
        t.send(seg().seq(101).ack(1));
    }
    t.expect_state(flow, State::Established);
}

// 9293/MUST-29
#[test]
fn one_unanswered_probe_is_never_enough() {
    let mut t = Script::v4();
    let keep_alive = KeepAlive { idle: Duration::from_secs(60), interval: Duration::from_secs(10), probes: 1 };
    let flow = t.established_with(seg().mss(1_460), |tcp| tcp.keep_alive = Some(keep_alive));
    t.wait_secs(70);
    t.expect_state(flow, State::Established);
}

// 9293/MUST-26
#[test]
fn probes_leave_only_when_the_connection_is_idle_and_nothing_is_outstanding() {
    let mut t = Script::v4();
    let flow = watched(&mut t);
    // The peer speaks now and then: no probe.
    for round in 0..10 {
        t.wait_secs(50);
        t.send(seg().seq(101 + round).ack(1).len(1));
        t.wait_secs(1);
        t.expect(seg().seq(1).ack(102 + round));
    }
    // Something is outstanding: the retransmissions ask.
    t.write(flow, b"x");
    t.wait_secs(200);
    assert!(t.take_all().iter().all(|seen| seen.seq == 1 && seen.text == b"x"));
}

// 9293/MUST-24
#[test]
fn keep_alive_can_be_switched_on_and_off_while_the_connection_lives() {
    let mut t = Script::v4();
    let flow = watched(&mut t);
    let options = TcpOptions { keep_alive: None, ..t.stack.tcp_options(flow).unwrap() };
    t.call(|stack, now| stack.tcp_set_options(now, flow, options)).unwrap();
    t.wait_secs(10_000);
    t.expect_nothing();
    let keep_alive = KeepAlive { idle: Duration::from_secs(5), ..KeepAlive::default() };
    let options = TcpOptions { keep_alive: Some(keep_alive), ..options };
    t.call(|stack, now| stack.tcp_set_options(now, flow, options)).unwrap();
    t.wait_secs(5);
    t.expect(seg().seq(0).ack(101));
}

// RFC 9293 section 3.8.4: whatever kind of probe the peer sends, it is answered.
#[test]
fn the_peers_keep_alive_is_answered_with_and_without_an_octet() {
    let mut t = Script::v4();
    let flow = t.established();
    t.send(seg().seq(100).ack(1));
    t.expect(seg().seq(1).ack(101));
    t.send(seg().seq(100).ack(1).len(1));
    t.expect(seg().seq(1).ack(101));
    for _ in 0..50 {
        t.send(seg().seq(100).ack(1));
        t.expect(seg().seq(1).ack(101));
        t.wait_secs(1);
    }
    assert_eq!(t.receive(flow), b"");
}
