//! Losses and their repair: selective acknowledgments both ways (RFC 2018, 2883), RACK and the tail loss probe (RFC 8985),
//! NewReno without SACK (RFC 6582), limited transmit (RFC 3042), and what a loss does to the congestion window (RFC 5681, 9438).

mod script;

use script::*;
use synsent_stack::*;

const MSS: u32 = 1_460;
/// The round trip of the handshake in these scripts.
const RTT_MILLIS: u64 = 100;

/// A connection whose handshake took a round trip, with this answer to the SYN.
fn connected(t: &mut Script, answer: Seg, edit: impl FnOnce(&mut TcpOptions)) -> FlowId {
    let mut options = TcpOptions::default();
    edit(&mut options);
    let flow = t.connect_with(|open| open.tcp = Some(options));
    t.expect(seg().syn().seq(ISS));
    t.wait_ms(RTT_MILLIS);
    t.shake_hands(answer);
    flow
}

fn with_sack(t: &mut Script) -> FlowId {
    connected(t, seg().mss(1_460).sack_ok(), |_| {})
}

fn without_sack(t: &mut Script) -> FlowId {
    connected(t, seg().mss(1_460), |_| {})
}

/// The first octet of the `nth` segment, counted from 0.
fn start(nth: u32) -> u32 {
    1 + nth * MSS
}

/// An acknowledgment up to segment `next` that reports the segments `from..to`.
fn sack(next: u32, from: u32, to: u32) -> Seg {
    seg().seq(101).ack(start(next)).sack(start(from), start(to))
}

/// Writes so many full segments, takes them, and lets a round trip pass.
fn send_segments(t: &mut Script, flow: FlowId, segments: u32) {
    t.mark();
    t.write(flow, &vec![7; (segments * MSS) as usize]);
    let left = t.take_all();
    let starts: Vec<u32> = left.iter().map(|seen| seen.seq).collect();
    let end = starts[0] + segments * MSS;
    assert_eq!(starts, (0..segments).map(|nth| end - (segments - nth) * MSS).collect::<Vec<_>>());
    t.wait_ms(RTT_MILLIS);
}

fn starts(seen: &[Seen]) -> Vec<u32> {
    seen.iter().map(|segment| segment.seq).collect()
}

/// Has rounds of segments acknowledged until the window holds so many.
fn open_window(t: &mut Script, flow: FlowId, segments: u32) -> u32 {
    let mut next = 1;
    while t.status(flow).congestion_window < segments * MSS {
        let room = t.status(flow).congestion_window / MSS;
        t.write(flow, &vec![0; (room * MSS) as usize]);
        t.wait_ms(RTT_MILLIS);
        for seen in t.take_all() {
            next = seen.seq + seen.text.len() as u32;
            t.send(seg().seq(101).ack(next));
        }
    }
    next
}

// RFC 2018 section 4: the range that holds the segment which causes the acknowledgment comes first, then the most recent.
#[test]
fn what_arrived_beyond_holes_is_reported_the_latest_first() {
    let mut t = Script::v4();
    with_sack(&mut t);
    t.send(seg().seq(201).ack(1).len(100));
    t.expect(seg().seq(1).ack(101).sack(201, 301));
    t.send(seg().seq(401).ack(1).len(100));
    t.expect(seg().seq(1).ack(101).sack(401, 501).sack(201, 301));
    t.send(seg().seq(301).ack(1).len(50));
    t.expect(seg().seq(1).ack(101).sack(201, 351).sack(401, 501));
    t.send(seg().seq(601).ack(1).len(100));
    t.send(seg().seq(801).ack(1).len(100));
    t.expect(seg().seq(1).ack(101).sack(601, 701).sack(201, 351).sack(401, 501));
    t.expect(seg().seq(1).ack(101).sack(801, 901).sack(601, 701).sack(201, 351).sack(401, 501));
    t.send(seg().seq(101).ack(1).len(100));
    t.expect(seg().seq(1).ack(351).sack(801, 901).sack(601, 701).sack(401, 501));
    t.send(seg().seq(351).ack(1).len(550));
    let last = t.expect(seg().seq(1).ack(901));
    assert!(last.options.sack.is_empty());
}

// RFC 2018 section 3: with timestamps there is room for three ranges.
#[test]
fn with_timestamps_three_ranges_are_reported() {
    let mut t = Script::v4();
    connected(&mut t, seg().mss(1_460).sack_ok().ts(1, 0), |_| {});
    for seq in [201, 301, 401, 501] {
        t.send(seg().seq(seq).ack(1).len(50));
    }
    let last = t.take_all().pop().unwrap();
    assert_eq!(last.options.sack.len(), 3);
    assert_eq!(last.options.sack.as_slice()[0].start.0, 501);
}

// RFC 2883 section 4: a duplicate is reported first, below the acknowledgment number or inside the range that holds it.
#[test]
fn duplicates_are_reported() {
    let mut t = Script::v4();
    with_sack(&mut t);
    t.send(seg().seq(101).ack(1).len(100));
    t.wait_secs(1);
    t.take_all();
    t.send(seg().seq(101).ack(1).len(100));
    t.expect(seg().seq(1).ack(201).sack(101, 201));
    t.send(seg().seq(301).ack(1).len(100));
    t.expect(seg().seq(1).ack(201).sack(301, 401));
    t.send(seg().seq(321).ack(1).len(20));
    t.expect(seg().seq(1).ack(201).sack(321, 341).sack(301, 401));
    // It is reported once.
    t.send(seg().seq(501).ack(1).len(100));
    t.expect(seg().seq(1).ack(201).sack(501, 601).sack(301, 401));
    // Half of it is new.
    t.send(seg().seq(151).ack(1).len(100));
    t.expect(seg().seq(1).ack(251).sack(151, 201).sack(501, 601).sack(301, 401));
}

// RFC 8985 section 6.2 and RFC 6675: three segments beyond the hole show that it is lost; only the hole goes again.
#[test]
fn three_segments_beyond_a_hole_have_it_repaired_at_once_and_nothing_else() {
    let mut t = Script::v4();
    let flow = with_sack(&mut t);
    send_segments(&mut t, flow, 8);
    t.send(sack(0, 1, 2));
    t.send(sack(0, 1, 3));
    t.expect_nothing();
    t.send(sack(0, 1, 4));
    t.expect(seg().seq(start(0)).ack(101).len(MSS as usize));
    t.send(sack(0, 1, 8));
    t.expect_nothing();
    t.send(seg().seq(101).ack(start(8)));
    t.wait_secs(5);
    t.expect_nothing();
    assert_eq!(t.status(flow).unacknowledged, 0);
}

// RFC 6675 section 5: several holes are repaired within one recovery, without a timeout, and the window falls once.
#[test]
fn several_holes_are_repaired_in_one_recovery() {
    for (algorithm, part) in [(Algorithm::NewReno, 50), (Algorithm::Cubic, 70)] {
        let mut t = Script::v4();
        let flow = connected(&mut t, seg().mss(1_460).sack_ok(), |tcp| tcp.algorithm = algorithm);
        send_segments(&mut t, flow, 10);
        // Segments 0, 2 and 4 are lost.
        t.send(seg().seq(101).ack(1).sack(start(1), start(2)));
        t.send(seg().seq(101).ack(1).sack(start(3), start(4)).sack(start(1), start(2)));
        let others = [(start(3), start(4)), (start(1), start(2))];
        for end in 6..=10 {
            let ack = seg().seq(101).ack(1).sack(start(5), start(end));
            t.send(others.iter().fold(ack, |ack, (from, to)| ack.sack(*from, *to)));
        }
        let mut again = starts(&t.take_all());
        again.sort_unstable();
        assert_eq!(again, [start(0), start(2), start(4)]);
        // RFC 5681: half of the flight; RFC 9438: 0.7 of the window.
        let window = t.status(flow).congestion_window;
        assert_eq!(window, 10 * MSS * part / 100, "{algorithm:?}");
        t.send(seg().seq(101).ack(start(10)));
        assert_eq!(t.status(flow).retries, 0);
    }
}

// RFC 8985 section 6.2: less than three segments beyond a hole, and it is lost a quarter of a round trip later.
#[test]
fn a_single_segment_beyond_a_hole_has_it_repaired_after_the_reordering_window() {
    let mut t = Script::v4();
    let flow = with_sack(&mut t);
    send_segments(&mut t, flow, 2);
    t.send(sack(0, 1, 2));
    t.wait_ms(RTT_MILLIS / 4 - 1);
    t.expect_nothing();
    t.wait_ms(1);
    t.expect_at(RTT_MILLIS + RTT_MILLIS / 4, seg().seq(1).ack(101).len(MSS as usize));
}

// The same when the acknowledgment that reports it also makes progress.
#[test]
fn an_acknowledgment_that_also_makes_progress_starts_the_reordering_window_too() {
    let mut t = Script::v4();
    let flow = with_sack(&mut t);
    send_segments(&mut t, flow, 3);
    t.send(sack(1, 2, 3));
    t.wait_ms(RTT_MILLIS / 4);
    t.expect(seg().seq(start(1)).ack(101).len(MSS as usize));
}

// RFC 8985 section 6.2: what merely came late is not sent again.
#[test]
fn reordering_within_the_window_causes_nothing() {
    let mut t = Script::v4();
    let flow = with_sack(&mut t);
    send_segments(&mut t, flow, 4);
    t.send(sack(0, 1, 2));
    t.wait_ms(10);
    t.send(seg().seq(101).ack(start(2)));
    t.wait_ms(10);
    t.send(seg().seq(101).ack(start(4)));
    t.wait_secs(5);
    t.expect_nothing();
    assert_eq!(t.status(flow).congestion_window / MSS, 10 + u32::from(t.status(flow).congestion_window > 10 * MSS));
}

// RFC 8985 section 3: a lost retransmission is found by what was sent after it.
#[test]
fn a_lost_retransmission_goes_again_without_a_timeout() {
    let mut t = Script::v4();
    let flow = with_sack(&mut t);
    send_segments(&mut t, flow, 10);
    t.send(sack(0, 1, 10));
    t.expect(seg().seq(1).ack(101).len(MSS as usize));
    t.write(flow, &[1; 4 * MSS as usize]);
    let new = starts(&t.take_all());
    assert!(!new.is_empty() && new[0] == start(10));
    t.mark();
    t.wait_ms(RTT_MILLIS);
    t.send(sack(0, 1, 10 + new.len() as u32));
    t.wait_ms(RTT_MILLIS / 2);
    assert!(starts(&t.take_all()).contains(&1));
    assert_eq!(t.status(flow).retries, 0, "no timeout was needed");
}

// RFC 8985 section 7: two round trips without an acknowledgment, and the last segment goes again.
#[test]
fn a_lost_tail_is_probed_after_two_round_trips() {
    let mut t = Script::v4();
    let flow = with_sack(&mut t);
    t.mark();
    t.write(flow, &[1; 3 * MSS as usize]);
    assert_eq!(t.take_all().len(), 3);
    t.wait_ms(2 * RTT_MILLIS - 1);
    t.expect_nothing();
    t.wait_ms(1);
    t.expect_at(2 * RTT_MILLIS, seg().seq(start(2)).ack(101).len(MSS as usize));
    // The probe shows what is missing, and that goes again without a timeout.
    t.wait_ms(RTT_MILLIS);
    t.send(sack(0, 2, 3));
    t.wait_ms(RTT_MILLIS / 2);
    assert_eq!(starts(&t.take_all()), [start(0), start(1)]);
    assert_eq!(t.status(flow).retries, 0);
}

// RFC 8985 section 7.3: new data is the better probe.
#[test]
fn a_probe_carries_new_data_where_there_is_some() {
    let mut t = Script::v4();
    let flow = with_sack(&mut t);
    t.write(flow, &[1; 2 * MSS as usize + 10]);
    assert_eq!(starts(&t.take_all()), [start(0), start(1)]);
    t.wait_ms(2 * RTT_MILLIS);
    t.expect(seg().seq(start(2)).ack(101).len(10));
}

// RFC 8985 section 7.4: a probe that was needless leaves the window; one that filled a hole lowers it.
#[test]
fn a_probe_that_filled_a_hole_lowers_the_window_and_a_needless_one_does_not() {
    for needless in [true, false] {
        let mut t = Script::v4();
        let flow = with_sack(&mut t);
        t.write(flow, &[1; 4 * MSS as usize]);
        t.take_all();
        t.wait_ms(2 * RTT_MILLIS);
        t.expect(seg().seq(start(3)).ack(101).len(MSS as usize));
        let before = t.status(flow).congestion_window;
        t.wait_ms(RTT_MILLIS);
        t.write(flow, &[1; MSS as usize]);
        t.take_all();
        let ack = seg().seq(101).ack(start(4));
        t.send(if needless { ack.sack(start(3), start(4)) } else { ack });
        t.wait_ms(RTT_MILLIS);
        t.send(seg().seq(101).ack(start(5)));
        let after = t.status(flow).congestion_window;
        assert_eq!(after < before, !needless, "{before} {after}");
    }
}

#[test]
fn an_unanswered_probe_is_followed_by_the_retransmission_timeout() {
    let mut t = Script::v4();
    let flow = with_sack(&mut t);
    t.write(flow, &[1; 3 * MSS as usize]);
    t.take_all();
    t.wait_ms(2 * RTT_MILLIS);
    t.expect(seg().seq(start(2)).ack(101).len(MSS as usize));
    // SRTT + 4 * RTTVAR after a single measurement: three round trips.
    t.wait_ms(3 * RTT_MILLIS);
    t.expect(seg().seq(start(0)).ack(101).len(MSS as usize));
    assert_eq!(t.status(flow).retries, 1);
}

// RFC 5681 section 3.2 and RFC 6582 section 3.2: the third duplicate, then each partial acknowledgment.
#[test]
fn without_sack_the_third_duplicate_and_each_partial_acknowledgment_repair_one_segment() {
    let mut t = Script::v4();
    let flow = without_sack(&mut t);
    send_segments(&mut t, flow, 10);
    t.send(seg().seq(101).ack(1));
    t.send(seg().seq(101).ack(1));
    t.expect_nothing();
    t.send(seg().seq(101).ack(1));
    t.expect(seg().seq(1).ack(101).len(MSS as usize));
    for _ in 0..5 {
        t.send(seg().seq(101).ack(1));
    }
    t.expect_nothing();
    // Segment 4 is lost too.
    t.wait_ms(RTT_MILLIS);
    t.send(seg().seq(101).ack(start(4)));
    t.expect(seg().seq(start(4)).ack(101).len(MSS as usize));
    t.wait_ms(RTT_MILLIS);
    t.send(seg().seq(101).ack(start(10)));
    t.expect_nothing();
    assert_eq!(t.status(flow).retries, 0);
}

// RFC 6582 section 3.2: duplicates that come from the retransmissions of a recovery start no second one.
#[test]
fn duplicates_of_a_recovery_that_ended_begin_no_other() {
    let mut t = Script::v4();
    let flow = connected(&mut t, seg().mss(1_460), |tcp| tcp.algorithm = Algorithm::NewReno);
    send_segments(&mut t, flow, 10);
    for _ in 0..3 {
        t.send(seg().seq(101).ack(1));
    }
    t.take_all();
    t.send(seg().seq(101).ack(start(10)));
    let window = t.status(flow).congestion_window;
    assert!(window <= 10 * MSS * 7 / 10);
    t.write(flow, &[1; 2 * MSS as usize]);
    t.take_all();
    for _ in 0..3 {
        t.send(seg().seq(101).ack(start(10)));
    }
    t.expect_nothing();
    assert_eq!(t.status(flow).congestion_window, window);
}

// Trap: no limited transmit makes each loss cost a timeout. RFC 3042: each of the first two duplicates lets one new segment out.
#[test]
fn the_first_two_duplicates_let_one_new_segment_out_each() {
    let mut t = Script::v4();
    let flow = without_sack(&mut t);
    t.write(flow, &[1; 20 * MSS as usize]);
    assert_eq!(t.take_all().len(), 10);
    t.wait_ms(RTT_MILLIS);
    t.send(seg().seq(101).ack(1));
    t.expect(seg().seq(start(10)).ack(101).len(MSS as usize));
    t.expect_nothing();
    t.send(seg().seq(101).ack(1));
    t.expect(seg().seq(start(11)).ack(101).len(MSS as usize));
    t.expect_nothing();
    t.send(seg().seq(101).ack(1));
    t.expect(seg().seq(1).ack(101).len(MSS as usize));
}

// The same by SACK: what is reported has left the network.
#[test]
fn with_sack_too_each_reported_segment_lets_one_new_segment_out() {
    let mut t = Script::v4();
    let flow = with_sack(&mut t);
    t.write(flow, &[1; 20 * MSS as usize]);
    assert_eq!(t.take_all().len(), 10);
    t.wait_ms(RTT_MILLIS);
    t.send(sack(0, 1, 2));
    t.expect(seg().seq(start(10)).ack(101).len(MSS as usize));
    t.send(sack(0, 1, 3));
    t.expect(seg().seq(start(11)).ack(101).len(MSS as usize));
    t.expect_nothing();
}

// Trap: fast retransmit with only a FIN in flight must keep its timer.
#[test]
fn a_lost_fin_goes_again_whatever_duplicates_come() {
    for sack_ok in [false, true] {
        let mut t = Script::v4();
        let flow = if sack_ok { with_sack(&mut t) } else { without_sack(&mut t) };
        t.write(flow, &[1; 4 * MSS as usize]);
        t.shutdown(flow);
        t.take_all();
        t.wait_ms(RTT_MILLIS);
        t.send(seg().seq(101).ack(start(4)));
        for _ in 0..5 {
            t.send(seg().seq(101).ack(start(4)));
        }
        t.wait_secs(2);
        let again = t.take_all();
        assert!(again.iter().any(|seen| seen.flags.fin() && seen.seq + seen.text.len() as u32 == start(4)));
        t.send(seg().seq(101).ack(start(4) + 1));
        t.expect_state(flow, State::FinWait2);
    }
}

// RFC 8985 section 7.4, RFC 3522: what was sent again without need is given back to the window.
#[test]
fn a_needless_retransmission_that_the_peer_reports_gives_the_window_back() {
    let mut t = Script::v4();
    let flow = with_sack(&mut t);
    send_segments(&mut t, flow, 10);
    let before = t.status(flow).congestion_window;
    t.send(sack(0, 1, 10));
    t.expect(seg().seq(1).ack(101).len(MSS as usize));
    assert!(t.status(flow).congestion_window < before);
    t.write(flow, &[1; MSS as usize]);
    t.expect(seg().seq(start(10)).ack(101).len(MSS as usize));
    t.send(seg().seq(101).ack(start(10)));
    t.wait_ms(RTT_MILLIS);
    t.send(seg().seq(101).ack(start(10)).sack(start(0), start(1)));
    assert!(t.status(flow).congestion_window >= before);
}

// RFC 2018 section 8: after a timeout what was reported counts no more if the first segment was among it.
#[test]
fn a_peer_that_threw_away_what_it_reported_gets_it_again() {
    let mut t = Script::v4();
    let flow = with_sack(&mut t);
    send_segments(&mut t, flow, 6);
    t.send(sack(0, 1, 6));
    t.take_all();
    t.wait_ms(RTT_MILLIS);
    // The first arrives; the rest is gone, and the peer does not speak of it any more.
    t.send(seg().seq(101).ack(start(1)));
    let mut next = start(1);
    for _ in 0..40 {
        t.wait_ms(500);
        for seen in t.take_all() {
            if seen.seq <= next {
                next = next.max(seen.seq + seen.text.len() as u32);
            }
        }
        t.send(seg().seq(101).ack(next));
    }
    assert_eq!(next, start(6));
    assert_eq!(t.status(flow).unacknowledged, 0);
}

// Ranges that make no sense change nothing.
#[test]
fn nonsense_in_selective_acknowledgments_is_ignored() {
    let mut t = Script::v4();
    let flow = with_sack(&mut t);
    send_segments(&mut t, flow, 4);
    let far = 0x4000_0000;
    for (from, to) in [(start(9), start(12)), (start(3), start(2)), (5, 5), (far, far + 9), (0_u32.wrapping_sub(9), 0)]
    {
        t.send(seg().seq(101).ack(1).sack(from, to));
    }
    t.expect_nothing();
    t.send(seg().seq(101).ack(start(4)));
    assert_eq!(t.status(flow).unacknowledged, 0);
    t.wait_secs(2);
    t.expect_nothing();
}

// 9293/MAY-18
// RFC 9438 section 4: after a loss CUBIC comes back to the window before it within K seconds, and slowly around it; Reno adds
// one segment a round trip (RFC 5681 section 3.1).
#[test]
fn after_a_loss_both_laws_grow_as_they_should() {
    for algorithm in [Algorithm::NewReno, Algorithm::Cubic] {
        let mut t = Script::v4();
        let flow = connected(&mut t, seg().mss(1_460).wscale(9).sack_ok(), |tcp| {
            tcp.algorithm = algorithm;
            tcp.send_buffer = BufferSize::fixed(4 << 20);
        });
        let mut next = open_window(&mut t, flow, 100);
        let full = t.status(flow).congestion_window;
        let segments = full / MSS;
        t.write(flow, &vec![0; (segments * MSS) as usize]);
        t.take_all();
        t.wait_ms(RTT_MILLIS);
        t.send(seg().seq(101).ack(next).sack(next + MSS, next + segments * MSS));
        t.take_all();
        t.wait_ms(RTT_MILLIS);
        next += segments * MSS;
        t.send(seg().seq(101).ack(next));
        let low = t.status(flow).congestion_window;
        // From now on there is always more to send.
        let mut windows = vec![low];
        t.write(flow, &vec![0; 2_500_000]);
        for _ in 0..10 {
            t.wait_ms(RTT_MILLIS);
            for seen in t.take_all() {
                next = seen.seq + seen.text.len() as u32;
                t.send(seg().seq(101).ack(next));
            }
            windows.push(t.status(flow).congestion_window);
        }
        match algorithm {
            Algorithm::NewReno => {
                if low.abs_diff(full / 2) > MSS {
                    t.fail("x");
                }
                let gain = (windows[10] - low) / MSS;
                assert!((8..=11).contains(&gain), "one segment a round trip: {gain}");
            }
            Algorithm::Cubic => {
                assert!(low.abs_diff(full / 10 * 7) <= MSS);
                // K = cbrt(W_max * 0.3 / 0.4) seconds is above 4 s here: after one second it is still below W_max, and it has
                // grown at least as Reno with the same fall would have (section 4.3).
                assert!(windows[10] < full && windows[10] > low);
                assert!(windows.windows(2).all(|pair| pair[0] <= pair[1]), "{windows:?}");
            }
        }
    }
}
