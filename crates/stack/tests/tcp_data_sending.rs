//! What leaves and when: Nagle, PSH, segment sizes, the initial and the restarted congestion window, urgent data, and the
//! fields of the IP header (RFC 9293 sections 3.7.4, 3.8.5, 3.9.1).

mod script;

use script::*;
use synsent_stack::*;

const MSS: usize = 1_460;

// 9293/SHLD-7
// 9293/SHLD-27
// 9293/MAY-16
#[test]
fn while_something_small_is_outstanding_the_next_small_sends_wait_and_go_together() {
    let mut t = Script::v4();
    let flow = t.established();
    t.write(flow, b"a");
    t.expect(seg().seq(1).ack(101).psh().text(b"a"));
    t.write(flow, b"b");
    t.write(flow, b"c");
    t.write(flow, b"d");
    t.expect_nothing();
    t.send(seg().seq(101).ack(2));
    t.expect(seg().seq(2).ack(101).psh().text(b"bcd"));
    t.expect_nothing();
}

// 9293/SHLD-28
#[test]
fn full_segments_leave_although_something_is_outstanding_and_only_the_rest_waits() {
    let mut t = Script::v4();
    let flow = t.established();
    t.write(flow, &[1; 300]);
    t.expect(seg().seq(1).ack(101).len(300));
    for _ in 0..10 {
        t.write(flow, &[2; 300]);
    }
    t.expect(seg().seq(301).ack(101).len(MSS));
    t.expect(seg().seq(1_761).ack(101).len(MSS));
    t.expect_nothing();
    t.send(seg().seq(101).ack(3_221));
    t.expect(seg().seq(3_221).ack(101).psh().len(80));
}

// 9293/MUST-17
#[test]
fn nagle_can_be_switched_off_per_connection_and_at_any_time() {
    let mut t = Script::v4();
    let flow = t.established_with(seg().mss(1_460), |tcp| tcp.no_delay = true);
    for (at, octet) in [b"a", b"b", b"c"].iter().enumerate() {
        t.write(flow, *octet);
        t.expect(seg().seq(1 + at as u32).ack(101).psh().text(*octet));
    }
    let mut t = Script::v4();
    let flow = t.established();
    t.write(flow, b"a");
    t.write(flow, b"b");
    t.expect(seg().seq(1).ack(101).len(1));
    t.expect_nothing();
    let options = TcpOptions { no_delay: true, ..t.stack.tcp_options(flow).unwrap() };
    t.call(|stack, now| stack.tcp_set_options(now, flow, options)).unwrap();
    t.expect(seg().seq(2).ack(101).text(b"b"));
}

#[test]
fn a_fin_does_not_wait_for_an_acknowledgment_of_small_data() {
    let mut t = Script::v4();
    let flow = t.established();
    t.write(flow, b"a");
    t.write(flow, b"b");
    t.expect(seg().seq(1).ack(101).text(b"a"));
    t.shutdown(flow);
    t.expect(seg().fin().seq(2).ack(101).text(b"b"));
}

// 9293/MUST-60
// 9293/MUST-61
#[test]
fn nothing_waits_for_a_push_and_the_last_buffered_segment_carries_one() {
    let mut t = Script::v4();
    let flow = t.established();
    t.write(flow, &[1; 2 * MSS + 100]);
    t.shutdown(flow);
    let left = t.take_all();
    let pushes: Vec<bool> = left.iter().filter(|seen| !seen.text.is_empty()).map(|seen| seen.flags.psh()).collect();
    assert_eq!(pushes.last(), Some(&true));
    assert_eq!(left.iter().map(|seen| seen.text.len()).sum::<usize>(), 2 * MSS + 100);
    let mut t = Script::v4();
    let flow = t.established();
    t.write(flow, &[1; 2 * MSS]);
    assert!(!t.expect(seg().seq(1).ack(101).len(MSS)).flags.psh());
    t.expect(seg().seq(1_461).ack(101).psh().len(MSS));
}

#[test]
fn data_that_was_sent_before_the_connection_stood_leaves_with_it() {
    let mut t = Script::v4();
    let flow = t.connect();
    t.write(flow, b"early");
    t.expect(seg().syn());
    t.expect_nothing();
    t.send(seg().syn_ack().seq(100).ack(1).mss(1_460));
    t.expect(seg().seq(1).ack(101).text(b"early"));
}

/// How many octets leave before anything is acknowledged, to a peer with a large window.
fn first_flight(mtu: u16, mss: u16) -> (usize, usize) {
    let mut t = Script::new(Setup { mtu, ..Setup::default() });
    let flow = t.established_with(seg().mss(mss).wscale(0).win(65_535), |_| {});
    t.write(flow, &[0; 60_000]);
    let left = t.take_all();
    (left.len(), left.iter().map(|seen| seen.text.len()).sum())
}

// RFC 6928: min(10 * MSS, max(2 * MSS, 14600)).
#[test]
fn the_initial_window_is_ten_segments_but_not_more_than_two_large_ones() {
    assert_eq!(first_flight(1_500, 1_460), (10, 14_600));
    assert_eq!(first_flight(1_500, 536), (10, 5_360));
    assert_eq!(first_flight(9_000, 8_960), (2, 17_920));
    let (_, octets) = first_flight(4_040, 4_000);
    assert!(octets <= 14_600 && octets > 14_600 - 4_000);
}

// RFC 5681 section 3.1 and RFC 6928 section 2: more than one lost SYN tells of congestion.
#[test]
fn after_several_lost_syns_the_initial_window_is_one_segment() {
    let mut t = Script::v4();
    let flow = t.connect();
    t.wait_secs(4);
    assert!(t.take_all().len() >= 3);
    t.shake_hands(seg().mss(1_460));
    t.write(flow, &[0; 60_000]);
    t.expect(seg().seq(1).ack(101).len(MSS));
    t.expect_nothing();
}

// RFC 5681 section 4.1
#[test]
fn after_a_pause_longer_than_the_timeout_the_window_is_the_initial_one_again() {
    let mut t = Script::v4();
    let flow = t.established_with(seg().mss(1_460).wscale(7), |_| {});
    grow(&mut t, flow, 200_000);
    assert!(t.status(flow).congestion_window > 50_000);
    t.wait_secs(10);
    t.write(flow, &[0; 60_000]);
    let octets: usize = t.take_all().iter().map(|seen| seen.text.len()).sum();
    assert!(octets <= 14_600, "{octets}");
}

// 9293/MUST-19
#[test]
fn the_window_grows_by_what_is_acknowledged_in_slow_start_under_both_laws() {
    for algorithm in [Algorithm::NewReno, Algorithm::Cubic] {
        let mut t = Script::v4();
        let flow = t.established_with(seg().mss(1_460).wscale(7), |tcp| tcp.algorithm = algorithm);
        t.write(flow, &[0; 60_000]);
        assert_eq!(t.take_all().len(), 10);
        for acked in 1..=5 {
            t.send(seg().seq(101).ack(1 + acked * 1_460));
            assert_eq!(t.take_all().len(), 2, "one for the segment that left, one for the growth");
        }
    }
}

#[test]
fn a_window_that_is_not_used_does_not_grow() {
    let mut t = Script::v4();
    let flow = t.established();
    let before = t.status(flow).congestion_window;
    for round in 0..50 {
        t.write(flow, &[0; 100]);
        t.send(seg().seq(101).ack(1 + (round + 1) * 100));
    }
    assert_eq!(t.status(flow).congestion_window, before);
}

// 9293/MUST-30
// 9293/MUST-62
#[test]
fn urgent_data_is_marked_and_the_pointer_names_the_octet_after_it() {
    let mut t = Script::v4();
    let flow = t.established();
    assert_eq!(t.call(|stack, now| stack.tcp_send_urgent(now, flow, b"stop")), Ok(4));
    t.expect(seg().seq(1).ack(101).psh().urg(4).text(b"stop"));
    t.send(seg().seq(101).ack(5));
    t.write(flow, b"calm");
    t.expect(seg().seq(5).ack(101).psh().text(b"calm"));
}

// 9293/MUST-30
#[test]
fn urgent_data_that_was_sent_before_the_connection_stood_is_marked() {
    let mut t = Script::v4();
    let flow = t.connect();
    assert_eq!(t.call(|stack, now| stack.tcp_send_urgent(now, flow, b"now")), Ok(3));
    t.write(flow, b"then");
    t.expect(seg().syn());
    t.send(seg().syn_ack().seq(100).ack(1).mss(1_460));
    t.expect(seg().seq(1).ack(101).urg(3).text(b"nowthen"));
}

// 9293/MUST-30
#[test]
fn text_before_the_end_of_urgent_data_is_marked_too() {
    let mut t = Script::v4();
    let flow = t.established();
    t.hold_link = true;
    t.write(flow, &[1; 2_000]);
    t.call(|stack, now| stack.tcp_send_urgent(now, flow, b"!")).unwrap();
    t.hold_link = false;
    t.call(|_, _| ());
    t.expect(seg().seq(1).ack(101).urg(2_001).len(MSS));
}

// 9293/MUST-31
#[test]
fn urgent_data_beyond_the_reach_of_the_pointer_is_announced_as_far_as_it_reaches() {
    let mut t = Script::v4();
    let flow = t.established_with(seg().mss(1_460), |tcp| tcp.send_buffer = BufferSize::fixed(200_000));
    t.hold_link = true;
    assert_eq!(t.call(|stack, now| stack.tcp_send_urgent(now, flow, &[9; 100_000])), Ok(100_000));
    t.hold_link = false;
    t.call(|_, _| ());
    assert_eq!(t.expect(seg().seq(1).ack(101).urg(65_535).len(MSS)).urgent, 65_535);
}

// 9293/MUST-31
// 9293/MUST-32
// 9293/MUST-33
// 9293/MUST-62
#[test]
fn the_application_is_told_of_urgent_data_and_asks_how_much_is_left() {
    let mut t = Script::v4();
    let flow = t.established();
    assert_eq!(t.stack.tcp_urgent_octets(flow), None);
    t.send(seg().seq(101).ack(1).urg(5).text(b"abc"));
    t.expect_event(EventKind::Urgent);
    assert_eq!(t.stack.tcp_urgent_octets(flow), Some(5));
    assert_eq!(t.status(flow).urgent, Some(5));
    assert_eq!(t.receive(flow), b"abc");
    assert_eq!(t.stack.tcp_urgent_octets(flow), Some(2));
    t.send(seg().seq(104).ack(1).urg(9).text(b"defg"));
    t.expect_event(EventKind::Urgent);
    assert_eq!(t.stack.tcp_urgent_octets(flow), Some(9));
    t.send(seg().seq(108).ack(1).urg(2).text(b"hijklmno"));
    assert!(!t.take_events().contains(&EventKind::Urgent), "an older pointer is no news");
    // RFC 6093: urgent data stays in line.
    assert_eq!(t.receive(flow), b"defghijklmno");
    assert_eq!(t.stack.tcp_urgent_octets(flow), None);
}

// 9293/MUST-48
// 9293/MUST-49
// 9293/SHLD-21
// 9293/SHLD-22
#[test]
fn traffic_class_and_hop_limit_are_the_connections_own_and_may_change() {
    for v6 in [false, true] {
        let mut t = Script::new(Setup { v6, ..Setup::default() });
        let flow = t.connect_with(|open| {
            open.tcp = Some(TcpOptions { traffic_class: 0xb8, hop_limit: Some(3), ..TcpOptions::default() });
        });
        let syn = t.expect(seg().syn());
        assert_eq!((syn.traffic_class, syn.hop_limit), (0xb8, 3));
        t.shake_hands(seg().mss(1_220));
        let options = TcpOptions { traffic_class: 0x28, hop_limit: None, ..t.stack.tcp_options(flow).unwrap() };
        t.call(|stack, now| stack.tcp_set_options(now, flow, options)).unwrap();
        t.write(flow, b"x");
        let seen = t.expect(seg().seq(1).ack(101).len(1));
        assert_eq!((seen.traffic_class, seen.hop_limit), (0x28, Config::default().hop_limit));
        t.abort(flow);
        assert_eq!(t.expect(seg().rst().seq(2).ack(101)).traffic_class, 0x28);
    }
}

/// Sends `octets` and has them acknowledged as they leave, one segment at a time.
fn grow(t: &mut Script, flow: FlowId, octets: usize) {
    let mut left_octets = octets;
    loop {
        if left_octets > 0 {
            let piece = vec![0; left_octets.min(50_000)];
            left_octets -= t.call(|stack, now| stack.tcp_send(now, flow, &piece)).unwrap_or(0);
        }
        let seen = t.take_all();
        if seen.is_empty() {
            return;
        }
        for segment in seen {
            t.send(seg().seq(101).ack(segment.seq + segment.text.len() as u32));
        }
    }
}
