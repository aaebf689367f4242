//! Windows: what the peer's window lets out, how a closed one is probed, and what is announced of ours (RFC 9293 section
//! 3.8.6).
//!
//! The handshake of these scripts takes no time, so the retransmission timeout is the least that the configuration allows.

mod script;

use script::*;
use synsent_stack::*;

/// The retransmission timeout of a path without delay: the floor of the configuration.
const RTO_MILLIS: u64 = 200;
const MSS: usize = 1_460;

fn fixed_receive_buffer(octets: u32) -> impl FnOnce(&mut TcpOptions) {
    move |tcp| {
        tcp.receive_buffer = BufferSize::fixed(octets);
        tcp.quick_ack = true;
    }
}

/// A connection whose peer begins with this window.
fn with_window(t: &mut Script, window: u16) -> FlowId {
    t.established_with(seg().mss(1_460).win(window), |_| {})
}

// 9293/MUST-1
// 9293/REC-1
#[test]
fn a_window_with_its_top_bit_set_is_large_and_not_negative() {
    let mut t = Script::v4();
    let flow = t.established();
    t.send(seg().seq(101).ack(1).win(0xfff0));
    assert_eq!(t.status(flow).send_window, 0xfff0);
    let mut t = Script::v4();
    let flow = t.established_with(seg().mss(1_460).wscale(14), |_| {});
    t.send(seg().seq(101).ack(1).win(65_535));
    assert_eq!(t.status(flow).send_window, 65_535 << 14);
}

// 7323/1
// Trap: the window in a SYN or SYN-ACK is never scaled.
#[test]
fn the_window_of_a_syn_ack_is_taken_as_it_stands() {
    let mut t = Script::v4();
    let flow = t.established_with(seg().mss(1_460).wscale(7).win(2_000), |_| {});
    assert_eq!(t.status(flow).send_window, 2_000);
    t.send(seg().seq(101).ack(1).win(2_000));
    assert_eq!(t.status(flow).send_window, 2_000 << 7);
}

// 9293/MUST-36
// 9293/SHLD-29
// 9293/SHLD-30
#[test]
fn a_closed_window_is_probed_after_one_timeout_and_then_ever_more_rarely() {
    let mut t = Script::v4();
    let flow = with_window(&mut t, 0);
    t.mark();
    t.write(flow, &[7; 10]);
    t.expect_nothing();
    t.wait_ms(RTO_MILLIS - 1);
    t.expect_nothing();
    let (mut at, mut interval) = (RTO_MILLIS, RTO_MILLIS);
    t.wait_ms(1);
    for _ in 0..8 {
        t.expect_at(at, seg().seq(1).ack(101).text(&[7]));
        t.send(seg().seq(101).ack(1).win(0));
        t.expect_nothing();
        interval *= 2;
        at += interval;
        t.wait_ms(interval);
    }
    // However long: probes go on, at least one a minute or so.
    t.take_all();
    t.wait_secs(130);
    assert!(t.take_all().len() >= 2);
}

#[test]
fn what_a_closed_window_held_back_leaves_when_it_opens() {
    let mut t = Script::v4();
    let flow = with_window(&mut t, 0);
    let data: Vec<u8> = (0..100).collect();
    t.write(flow, &data);
    t.wait_ms(RTO_MILLIS);
    t.expect(seg().seq(1).ack(101).len(1));
    t.send(seg().seq(101).ack(1).win(5_000));
    assert_eq!(acknowledge_all(&mut t, 1), data);
    assert_eq!(t.status(flow).unacknowledged, 0);
}

// 9293/MUST-37
#[test]
fn a_peer_that_answers_probes_keeps_the_connection_for_hours() {
    let mut t = Script::v4();
    let flow = with_window(&mut t, 0);
    t.write(flow, b"later");
    for _ in 0..10 * 60 {
        t.wait_secs(60);
        if !t.take_all().is_empty() {
            t.send(seg().seq(101).ack(1).win(0));
        }
    }
    t.expect_state(flow, State::Established);
    t.take_all();
    t.send(seg().seq(101).ack(1).win(1_000));
    assert_eq!(acknowledge_all(&mut t, 1), b"later");
}

// 9293/UTO-2
#[test]
fn a_peer_that_answers_no_probe_is_given_up() {
    let mut t = Script::v4();
    let flow = with_window(&mut t, 0);
    t.mark();
    t.write(flow, b"never");
    t.wait_secs(299);
    t.expect_state(flow, State::Established);
    t.wait_secs(2);
    assert!(matches!(t.failure(flow).cause, Cause::UserTimeout { .. }));
}

// 9293/MUST-34
// 9293/SHLD-15
// 9293/SHLD-16
#[test]
fn a_window_that_shrank_below_what_was_sent_lets_nothing_new_out_but_repairs_what_is_inside() {
    let mut t = Script::v4();
    let flow = t.established();
    t.write(flow, &[1; 4 * MSS]);
    assert_eq!(t.take_all().len(), 4);
    t.send(seg().seq(101).ack(1_461).win(2_000));
    t.write(flow, &[2; MSS]);
    t.expect_nothing();
    t.wait_ms(2 * RTO_MILLIS);
    let again = t.take_all();
    assert_eq!(again[0].seq, 1_461);
    assert!(again.iter().all(|seen| seen.seq < 1_461 + 2_000), "nothing that begins beyond the window leaves");
    t.send(seg().seq(101).ack(5_841).win(10_000));
    t.expect(seg().seq(5_841).ack(101).len(MSS));
}

// 9293/MUST-35
// 9293/SHLD-17
// Trap: a window that shrinks to zero with data in flight must not stall for ever, and its data is not timed out.
#[test]
fn a_window_that_closed_over_data_in_flight_is_probed_and_the_data_leaves_again_when_it_opens() {
    let mut t = Script::v4();
    let flow = t.established();
    let data: Vec<u8> = (0..4 * MSS).map(|at| at as u8).collect();
    t.write(flow, &data);
    assert_eq!(t.take_all().len(), 4);
    t.send(seg().seq(101).ack(1_461).win(0));
    t.expect_nothing();
    for _ in 0..60 {
        t.wait_secs(60);
        let probes = t.take_all();
        assert!(!probes.is_empty() && probes.iter().all(|probe| probe.seq == 1_461 && !probe.text.is_empty()));
        t.send(seg().seq(101).ack(1_461).win(0));
    }
    t.expect_state(flow, State::Established);
    t.take_all();
    t.send(seg().seq(101).ack(1_461).win(65_535));
    assert_eq!(acknowledge_all(&mut t, 1_461), data[MSS..]);
    assert_eq!(t.status(flow).unacknowledged, 0);
}

// Trap: the persist timer and the retransmission timer must not replace each other wrongly.
#[test]
fn after_the_window_opened_a_loss_is_repaired_by_the_retransmission_timer() {
    let mut t = Script::v4();
    let flow = t.established();
    t.write(flow, &[1; MSS]);
    t.expect(seg().seq(1).ack(101).len(MSS));
    t.send(seg().seq(101).ack(1).win(0));
    t.wait_ms(RTO_MILLIS);
    t.take_all();
    t.send(seg().seq(101).ack(1).win(65_535));
    t.expect(seg().seq(1).ack(101).len(MSS));
    t.mark();
    t.wait_ms(4 * RTO_MILLIS);
    let again = t.take_all();
    assert!(again.iter().any(|seen| seen.seq == 1 && seen.text.len() == MSS), "{again:?}");
}

// 9293/MUST-38
// Trap: one-byte segments into a small window must not go out.
#[test]
fn a_small_window_is_not_filled_with_small_segments_until_the_override_timer_runs_out() {
    let mut t = Script::v4();
    let flow = with_window(&mut t, 4_000);
    t.write(flow, &[1; 10_000]);
    t.expect(seg().seq(1).ack(101).len(MSS));
    t.expect(seg().seq(1_461).ack(101).len(MSS));
    t.expect_nothing();
    t.mark();
    t.send(seg().seq(101).ack(2_921).win(1));
    t.expect_nothing();
    // RFC 9293 section 3.8.6.2.1: the override timeout is 0.1 to 1.0 s.
    t.wait_ms(99);
    t.expect_nothing();
    t.wait_ms(901);
    t.expect(seg().seq(2_921).ack(101).len(1));
}

// 9293/MUST-38
#[test]
fn half_of_the_largest_window_is_worth_a_segment() {
    let mut t = Script::v4();
    let flow = with_window(&mut t, 2_000);
    t.write(flow, &[1; 10_000]);
    t.expect(seg().seq(1).ack(101).len(MSS));
    t.expect_nothing();
    t.send(seg().seq(101).ack(1_461).win(999));
    t.expect_nothing();
    t.send(seg().seq(101).ack(1_461).win(1_000));
    t.expect(seg().seq(1_461).ack(101).len(1_000));
}

// 9293/MUST-39
// Trap: reading one byte from a full buffer must not advertise one byte.
#[test]
fn a_full_buffer_announces_nothing_until_a_full_segment_or_half_the_buffer_is_free() {
    let mut t = Script::v4();
    let flow = t.established_with(seg().mss(1_460), fixed_receive_buffer(4_096));
    for (seq, octets, window) in [(101, 1_460, 2_636), (1_561, 1_460, 1_176), (3_021, 1_176, 0)] {
        t.send(seg().seq(seq).ack(1).len(octets));
        t.expect(seg().seq(1).ack(seq + octets as u32).win(window));
    }
    read(&mut t, flow, 1);
    t.expect_nothing();
    // A probe of the window finds it closed.
    t.send(seg().seq(4_197).ack(1).len(1));
    t.expect(seg().seq(1).ack(4_197).win(0));
    read(&mut t, flow, 1_458);
    t.expect_nothing();
    read(&mut t, flow, 1);
    t.expect(seg().seq(1).ack(4_197).win(1_460));
    // The octet of the probe was not taken.
    t.send(seg().seq(4_197).ack(1).len(3));
    t.expect(seg().seq(1).ack(4_200));
}

// 9293/SHLD-14
// Trap: rounding in window scale must not pull the right edge back.
#[test]
fn the_right_edge_never_moves_left_with_scaling() {
    let mut t = Script::v4();
    let edit = |tcp: &mut TcpOptions| {
        tcp.quick_ack = true;
        tcp.receive_buffer = BufferSize { initial: 60_000, limit: 4 << 20 };
    };
    let flow = t.connect_with(|open| {
        let mut tcp = TcpOptions::default();
        edit(&mut tcp);
        open.tcp = Some(tcp);
    });
    let syn = t.expect(seg().syn());
    let shift = syn.options.window_scale.expect("a buffer of 4 MiB needs a scale");
    t.shake_hands(seg().mss(1_460).wscale(0));
    let (mut seq, mut edge) = (101, 101 + u32::from(syn.win));
    for octets in [1_000, 1, 77, 1_460, 127, 128, 129, 3, 900, 1_460, 5] {
        t.send(seg().seq(seq).ack(1).len(octets));
        seq += octets as u32;
        let ack = t.expect(seg().seq(1).ack(seq));
        let announced = ack.ack + (u32::from(ack.win) << shift);
        assert!(announced >= edge, "{announced} is left of {edge}");
        edge = announced;
    }
    read(&mut t, flow, 2_000);
    for seen in t.take_all() {
        assert!(seen.ack + (u32::from(seen.win) << shift) >= edge);
    }
}

// 9293/MUST-66
#[test]
fn a_reset_and_urgent_data_are_heard_through_a_closed_window() {
    for urgent in [false, true] {
        let mut t = Script::v4();
        let flow = t.established_with(seg().mss(1_460), fixed_receive_buffer(1_000));
        t.send(seg().seq(101).ack(1).len(1_000));
        t.expect(seg().seq(1).ack(1_101).win(0));
        t.take_events();
        if urgent {
            t.send(seg().seq(1_101).ack(1).urg(10));
            t.expect_event(EventKind::Urgent);
            assert_eq!(t.stack.tcp_urgent_octets(flow), Some(1_010));
        } else {
            t.send(seg().rst().seq(1_101));
            assert!(matches!(t.failure(flow).cause, Cause::Reset { .. }));
        }
    }
}

// 9293/MUST-66
#[test]
fn an_acknowledgment_on_a_segment_that_a_closed_window_refuses_counts() {
    let mut t = Script::v4();
    let flow = t.established_with(seg().mss(1_460), fixed_receive_buffer(1_000));
    t.write(flow, b"ours");
    t.expect(seg().seq(1).ack(101).text(b"ours"));
    t.send(seg().seq(101).ack(1).len(1_000));
    t.take_all();
    t.send(seg().seq(1_101).ack(5).len(100));
    assert_eq!(t.status(flow).unacknowledged, 0);
}

// Both windows closed, and each side has probed: reading on both sides must get both going, without waiting for a timer.
#[test]
fn an_acknowledgment_is_acceptable_to_a_peer_whose_window_is_closed() {
    let mut t = Script::v4();
    let flow = t.established_with(seg().mss(1_460).win(0), fixed_receive_buffer(1_000));
    t.write(flow, b"held back");
    t.wait_ms(RTO_MILLIS);
    t.expect(seg().seq(1).ack(101).len(1));
    t.send(seg().seq(101).ack(1).win(0).len(1_000));
    // The peer waits for number 1 with a window of zero: nothing else is acceptable to it.
    t.expect(seg().seq(1).ack(1_101).win(0));
    t.receive(flow);
    let update = t.take_all();
    assert!(update.iter().any(|seen| seen.win == 1_000 && seen.seq == 1), "{update:?}");
}

// A sender does not know yet that the octet of its window probe was taken: its acknowledgment comes from just before RCV.NXT.
// Two sides that refused such acknowledgments of each other would never hear that the other's window is open.
#[test]
fn an_acknowledgment_from_just_before_what_is_expected_counts_and_is_answered() {
    let mut t = Script::v4();
    let flow = t.established_with(seg().mss(1_460).win(0), |_| {});
    t.write(flow, b"held back");
    t.wait_ms(RTO_MILLIS);
    t.expect(seg().seq(1).ack(101).len(1));
    t.send(seg().seq(100).ack(2).win(0));
    t.expect(seg().seq(2).ack(101));
    assert_eq!(t.status(flow).unacknowledged, 8);
}

// Trap: a FIN on a segment trimmed at the window's edge must not count.
#[test]
fn text_beyond_the_window_is_cut_off_and_a_fin_behind_it_does_not_count() {
    let mut t = Script::v4();
    let flow = t.established_with(seg().mss(1_460), fixed_receive_buffer(1_000));
    t.send(seg().fin().seq(101).ack(1).len(1_200));
    t.expect(seg().seq(1).ack(1_101).win(0));
    t.expect_state(flow, State::Established);
    assert_eq!(t.receive(flow).len(), 1_000);
    t.take_all();
    t.send(seg().fin().seq(1_101).ack(1).len(200));
    assert_eq!(t.receive(flow).len(), 200);
    t.expect_state(flow, State::CloseWait);
}

#[test]
fn the_receive_buffer_grows_by_itself_to_its_limit_and_no_further() {
    const LIMIT: u32 = 200_000;
    let mut t = Script::v4();
    let flow = t.connect_with(|open| {
        let buffer = BufferSize { initial: 8_000, limit: LIMIT };
        open.tcp = Some(TcpOptions { receive_buffer: buffer, quick_ack: true, ..TcpOptions::default() });
    });
    let shift = t.expect(seg().syn()).options.window_scale.unwrap();
    t.wait_ms(10);
    t.shake_hands(seg().mss(1_460).wscale(0));
    let (mut seq, mut edge, mut largest) = (101_u32, 101 + 8_000, 0);
    for _ in 0..60 {
        while seq < edge {
            let octets = (edge - seq).min(1_460);
            t.send(seg().seq(seq).ack(1).len(octets as usize));
            seq += octets;
        }
        t.receive(flow);
        t.wait_ms(10);
        for seen in t.take_all() {
            edge = edge.max(seen.ack + (u32::from(seen.win) << shift));
            largest = largest.max(u32::from(seen.win) << shift);
        }
    }
    assert!(largest > LIMIT - 2_000 && largest <= LIMIT + (1 << shift), "{largest}");
}

#[test]
fn the_send_buffer_grows_by_itself_to_its_limit_and_no_further() {
    const LIMIT: usize = 100_000;
    let mut t = Script::v4();
    let flow = t.established_with(seg().mss(1_460).wscale(4), |tcp| {
        tcp.send_buffer = BufferSize { initial: 8_000, limit: LIMIT as u32 };
    });
    assert_eq!(t.status(flow).send_room, 8_000);
    let data = vec![5; LIMIT];
    for _ in 0..40 {
        let _ = t.call(|stack, now| stack.tcp_send(now, flow, &data));
        let status = t.status(flow);
        assert!(status.unacknowledged + status.send_room <= LIMIT);
        let end = t.take_all().iter().map(|seen| seen.seq + seen.text.len() as u32).max();
        if let Some(end) = end {
            t.send(seg().seq(101).ack(end));
        }
    }
    let status = t.status(flow);
    assert_eq!(status.unacknowledged + status.send_room, LIMIT);
}

#[test]
fn a_full_send_buffer_takes_nothing_and_tells_when_there_is_room() {
    let mut t = Script::v4();
    let flow = t.established_with(seg().mss(1_460), |tcp| tcp.send_buffer = BufferSize::fixed(3_000));
    assert_eq!(t.call(|stack, now| stack.tcp_send(now, flow, &[1; 5_000])), Ok(3_000));
    assert_eq!(t.call(|stack, now| stack.tcp_send(now, flow, b"x")), Err(SendError::WouldBlock));
    t.take_events();
    t.send(seg().seq(101).ack(1_461));
    t.expect_event(EventKind::Writable);
    assert_eq!(t.call(|stack, now| stack.tcp_send(now, flow, &[1; 5_000])), Ok(1_460));
}

/// Reads exactly so much.
#[track_caller]
fn read(t: &mut Script, flow: FlowId, octets: usize) {
    let mut piece = vec![0; octets];
    assert_eq!(t.call(|stack, now| stack.tcp_receive(now, flow, &mut piece)), Ok(octets));
}

/// Plays a receiver that expects `next` and acknowledges all that comes, until nothing comes any more; answers with the text.
fn acknowledge_all(t: &mut Script, next: u32) -> Vec<u8> {
    let (mut next, mut all) = (next, Vec::new());
    loop {
        let seen = t.take_all();
        if seen.is_empty() {
            return all;
        }
        for segment in seen {
            let known = next.saturating_sub(segment.seq) as usize;
            if segment.seq <= next && segment.text.len() > known {
                all.extend_from_slice(&segment.text[known..]);
                next = segment.seq + segment.text.len() as u32;
            }
        }
        t.send(seg().seq(101).ack(next));
    }
}
