//! Options as they arrive and as they leave, the MSS rules, window scale and timestamps (RFC 9293 sections 3.2 and 3.7.1,
//! RFC 7323).

mod script;

use script::*;
use synsent_stack::*;
use synsent_wire::tcp::MAX_WINDOW_SCALE;

/// Octets of the timestamps option with its padding.
const TIMESTAMPS: usize = 12;

// 9293/MUST-4
// 9293/MUST-64
#[test]
fn options_are_read_at_any_alignment() {
    let mut t = Script::v4();
    let flow = t.connect();
    t.expect(seg().syn());
    // NOP, MSS of 700, and what follows the end of the list is no option.
    t.send(seg().syn_ack().seq(100).ack(1).raw_options(&[1, 2, 4, 2, 188, 0, 3, 3]));
    t.expect(seg().seq(1).ack(101));
    t.write(flow, &[0; 700]);
    t.expect(seg().seq(1).ack(101).len(700));
}

// 9293/MUST-5
// 9293/MUST-6
// 9293/MUST-68
#[test]
fn options_in_any_segment_and_unknown_ones_do_no_harm() {
    let mut t = Script::v4();
    let flow = t.established();
    let fields: [&[u8]; 5] =
        [&[2, 4, 0, 100], &[253, 4, 1, 2], &[30, 3, 9, 1], &[1, 1, 1, 254, 2, 1, 0, 0], &[3, 3, 14, 4, 2, 0, 0, 0]];
    for (at, options) in fields.into_iter().enumerate() {
        t.send(seg().seq(101 + at as u32).ack(1).raw_options(options).text(b"x"));
    }
    assert_eq!(t.receive(flow), b"xxxxx");
    // The MSS counts in a SYN only, and so does the window scale.
    t.take_all();
    t.write(flow, &[0; 1_460]);
    t.expect(seg().seq(1).ack(106).len(1_460));
    t.send(seg().seq(106).ack(1_461).win(1_000));
    assert_eq!(t.status(flow).send_window, 1_000);
}

// 9293/MUST-7
#[test]
fn an_option_with_an_impossible_length_ends_its_segment_and_nothing_else() {
    let mut t = Script::v4();
    let flow = t.established();
    let fields: [&[u8]; 4] = [&[2, 0, 0, 0], &[8, 1, 0, 0], &[1, 1, 1, 253], &[5, 40, 0, 0]];
    for options in fields {
        t.send(seg().seq(101).ack(1).raw_options(options).text(b"bad"));
    }
    assert_eq!(t.receive(flow), b"");
    t.expect_state(flow, State::Established);
    t.send(seg().seq(101).ack(1).text(b"good"));
    assert_eq!(t.receive(flow), b"good");
    // A SYN of the kind makes no connection and breaks no listener.
    let mut t = Script::v4();
    let listener = t.listen();
    t.send(seg().syn().seq(9).raw_options(&[2, 0, 5, 180]));
    t.take_all();
    t.accepted(listener);
}

// 9293/MUST-69
// 9293/MUST-65
#[test]
fn what_leaves_is_well_formed_and_carries_an_mss_on_the_syn_only() {
    let mut t = Script::v4();
    let flow = t.connect();
    let syn = t.expect(seg().syn());
    assert!(syn.options.mss.is_some());
    check_list(&syn);
    t.shake_hands(seg().mss(1_460).sack_ok().wscale(3).ts(7, 0));
    t.write(flow, &[0; 5_000]);
    t.send(seg().seq(200).ack(1).len(9));
    t.shutdown(flow);
    t.send(seg().seq(101).ack(5_001).len(3));
    t.wait_secs(20);
    t.abort(flow);
    for seen in t.take_all() {
        assert_eq!((seen.options.mss, seen.options.window_scale, seen.options.sack_permitted), (None, None, false));
        check_list(&seen);
    }
    let mut t = Script::v4();
    t.listen();
    t.send(seg().syn().seq(9).mss(1_000));
    let syn_ack = t.expect(seg().syn_ack().ack(10));
    assert!(syn_ack.options.mss.is_some());
    check_list(&syn_ack);
}

/// Walks over the octets of the options: each has its length octet, and behind an end of the list all is zero.
fn check_list(seen: &Seen) {
    let header = &seen.packet[20..];
    let mut rest = &header[20..usize::from(header[12] >> 4) * 4];
    while let Some(kind) = rest.first() {
        match kind {
            0 => {
                assert!(rest.iter().all(|octet| *octet == 0));
                return;
            }
            1 => rest = &rest[1..],
            _ => rest = &rest[usize::from(rest[1])..],
        }
    }
}

// 9293/MUST-14
// 9293/MUST-67
// 9293/SHLD-5
// 9293/SHLD-6
// 9293/MAY-3
#[test]
fn the_announced_mss_is_what_one_packet_of_the_link_holds() {
    for (v6, mtu, mss) in
        [(false, 1_500, 1_460), (true, 1_500, 1_440), (false, 576, 536), (true, 1_280, 1_220), (false, 9_000, 8_960)]
    {
        let mut t = Script::new(Setup { v6, mtu, ..Setup::default() });
        t.connect();
        t.expect(seg().syn().mss(mss));
        t.listen();
        t.send(seg().syn().seq(9));
        t.expect(seg().syn_ack().ack(10).mss(mss));
    }
}

// 9293/MUST-15
#[test]
fn without_an_mss_option_the_peer_takes_536_or_1220_octets() {
    for (v6, mss) in [(false, 536), (true, 1_220)] {
        let mut t = Script::new(Setup { v6, ..Setup::default() });
        let flow = t.established_with(seg(), |_| {});
        t.write(flow, &[0; 3_000]);
        t.expect(seg().seq(1).ack(101).len(mss));
    }
}

// 9293/MUST-14
// 9293/MUST-16
// Trap: the segment size is the effective one, not the peer's option.
#[test]
fn segments_are_as_large_as_peer_and_path_take_options_counted_off() {
    for (mtu, peer, timestamps, len) in [
        (1_500, 1_000, false, 1_000),
        (1_500, 1_000, true, 1_000 - TIMESTAMPS),
        (576, 1_460, false, 536),
        (576, 1_460, true, 536 - TIMESTAMPS),
        (1_500, 9_000, true, 1_460 - TIMESTAMPS),
    ] {
        let mut t = Script::new(Setup { mtu, ..Setup::default() });
        let answer = if timestamps { seg().mss(peer).ts(5, 0) } else { seg().mss(peer) };
        let flow = t.established_with(answer, |_| {});
        t.write(flow, &[0; 3_000]);
        t.expect(seg().seq(1).ack(101).len(len));
        assert_eq!(t.status(flow).segment_octets as usize, len);
        // The initial window counts in segments of that size (RFC 6928).
        let initial = (10 * len).min(14_600.max(2 * len));
        assert!(t.status(flow).congestion_window as usize <= initial);
    }
}

// 9293/MUST-16
#[test]
fn selective_acknowledgments_on_data_do_not_make_the_segment_too_large() {
    let mut t = Script::v4();
    let flow = t.established_with(seg().mss(600).sack_ok().ts(5, 0), |_| {});
    for gap in 0..3 {
        t.send(seg().seq(200 + gap * 100).ack(1).len(10));
    }
    t.take_all();
    t.write(flow, &[0; 5_000]);
    let left = t.take_all();
    assert!(!left.is_empty());
    for seen in left {
        assert!(seen.text.len() + seen.options.len() <= 600, "{seen}");
        assert!(!seen.text.is_empty());
    }
}

// 9293/MUST-16
#[test]
fn a_peer_with_an_absurd_mss_gets_segments_that_make_progress() {
    for mss in [0, 1, 12, 48] {
        let mut t = Script::v4();
        let flow = t.established_with(seg().mss(mss).sack_ok().ts(5, 0), |_| {});
        t.send(seg().seq(200).ack(1).len(10));
        t.send(seg().seq(300).ack(1).len(10));
        t.take_all();
        t.write(flow, &[3; 200]);
        let (mut next, mut rounds) = (1, 0);
        while next < 201 {
            for seen in t.take_all() {
                assert!(!seen.text.is_empty());
                next = next.max(seen.seq + seen.text.len() as u32);
            }
            t.send(seg().seq(101).ack(next));
            rounds += 1;
            assert!(rounds < 200);
        }
    }
}

// 7323/1
#[test]
fn windows_are_scaled_only_when_both_syns_offered_it() {
    let mut t = Script::v4();
    let flow = t.established();
    t.send(seg().seq(101).ack(1).win(1_000));
    assert_eq!(t.status(flow).send_window, 1_000);
    t.send(seg().seq(101).ack(1).len(1_000));
    t.wait_secs(1);
    // Ours is not scaled either: what was promised in the SYN, less what came.
    assert!(t.expect(seg().seq(1).ack(1_101)).win >= 65_535 - 1_000);
    // A passive open answers an offer with one, and silence with silence.
    for offer in [None, Some(5)] {
        let mut t = Script::v4();
        t.listen();
        let syn = seg().syn().seq(9).mss(1_460);
        t.send(if let Some(shift) = offer { syn.wscale(shift) } else { syn });
        let answer = t.expect(seg().syn_ack().ack(10));
        assert_eq!(answer.options.window_scale.is_some(), offer.is_some());
    }
    // An active open that offers nothing takes nothing.
    let mut t = Script::v4();
    let flow = t.established_with(seg().mss(1_460).wscale(5), |tcp| tcp.window_scaling = false);
    t.send(seg().seq(101).ack(1).win(1_000));
    assert_eq!(t.status(flow).send_window, 1_000);
}

// 7323/1
#[test]
fn a_shift_above_fourteen_counts_as_fourteen() {
    let mut t = Script::v4();
    let flow = t.connect();
    let syn = t.expect(seg().syn());
    assert!(syn.options.window_scale.unwrap() <= MAX_WINDOW_SCALE);
    t.send(seg().syn_ack().seq(100).ack(1).raw_options(&[3, 3, 200, 1]));
    t.expect(seg().seq(1).ack(101));
    t.send(seg().seq(101).ack(1).win(3));
    assert_eq!(t.status(flow).send_window, 3 << 14);
}

fn stamped(t: &mut Script) -> FlowId {
    t.established_with(seg().mss(1_460).ts(5_000, 0), |_| {})
}

// 7323/2
#[test]
fn timestamps_stand_on_every_segment_once_both_sent_them_and_else_on_none() {
    let mut t = Script::v4();
    let flow = stamped(&mut t);
    t.write(flow, b"data");
    t.expect(seg().seq(1).ack(101).ts_echo(5_000).len(4));
    t.send(seg().seq(101).ack(5).ts(5_010, 0).len(1));
    t.wait_secs(1);
    t.expect(seg().seq(5).ack(102).ts_echo(5_010));
    t.shutdown(flow);
    t.expect(seg().fin().seq(5).ack(102).ts_echo(5_010));

    let mut t = Script::v4();
    let flow = t.established();
    t.write(flow, b"data");
    assert_eq!(t.expect(seg().seq(1).ack(101).len(4)).options.timestamps, None);
    t.send(seg().seq(101).ack(5).ts(9, 9).text(b"stray option"));
    assert_eq!(t.receive(flow), b"stray option");
    t.wait_secs(1);
    assert_eq!(t.expect(seg().seq(5).ack(113)).options.timestamps, None);
}

// 7323/3
#[test]
fn a_segment_without_the_agreed_timestamp_is_dropped_silently() {
    let mut t = Script::v4();
    let flow = stamped(&mut t);
    t.send(seg().seq(101).ack(1).no_ts().text(b"bare"));
    t.wait_secs(1);
    t.expect_nothing();
    assert_eq!(t.receive(flow), b"");
    assert_eq!(t.stack.counters().dropped(DropReason::TcpNoTimestamp), 1);
    t.send(seg().seq(101).ack(1).text(b"stamped"));
    assert_eq!(t.receive(flow), b"stamped");
    // A reset may come without.
    t.send(seg().rst().seq(108).no_ts());
    assert!(matches!(t.failure(flow).cause, Cause::Reset { .. }));
}

// 7323/4
#[test]
fn the_echoed_timestamp_is_that_of_the_segment_that_was_next() {
    let mut t = Script::v4();
    t.established_with(seg().mss(1_460).ts(5_000, 0), |tcp| tcp.quick_ack = true);
    t.send(seg().seq(101).ack(1).ts(5_001, 0).len(10));
    t.expect(seg().seq(1).ack(111).ts_echo(5_001));
    // Beyond a hole: the echo stays.
    t.send(seg().seq(121).ack(1).ts(5_009, 0).len(10));
    t.expect(seg().seq(1).ack(111).ts_echo(5_001));
    // The hole is filled by an earlier segment: its timestamp is the one to echo.
    t.send(seg().seq(111).ack(1).ts(5_004, 0).len(10));
    t.expect(seg().seq(1).ack(131).ts_echo(5_004));
}

// 7323/4
#[test]
fn a_delayed_acknowledgment_echoes_the_earliest_segment_that_it_covers() {
    let mut t = Script::v4();
    stamped(&mut t);
    t.send(seg().seq(101).ack(1).ts(5_001, 0).len(1_448));
    t.send(seg().seq(1_549).ack(1).ts(5_007, 0).len(1_448));
    t.expect(seg().seq(1).ack(2_997).ts_echo(5_001));
}

// 7323/5
#[test]
fn an_old_timestamp_marks_an_old_duplicate() {
    let mut t = Script::v4();
    let flow = stamped(&mut t);
    t.send(seg().seq(101).ack(1).ts(4_999, 0).text(b"old"));
    t.expect(seg().seq(1).ack(101).ts_echo(5_000));
    assert_eq!(t.receive(flow), b"");
    assert_eq!(t.stack.counters().dropped(DropReason::TcpPaws), 1);
    t.send(seg().seq(101).ack(1).ts(5_000, 0).text(b"new"));
    assert_eq!(t.receive(flow), b"new");
    // Timestamps wrap like sequence numbers: half a circle ahead is newer.
    t.send(seg().seq(104).ack(1).ts(5_000 + (1 << 30), 0).text(b"er"));
    assert_eq!(t.receive(flow), b"er");
}

// 7323/5
#[test]
fn a_reset_is_exempt_from_the_test_of_timestamps_and_changes_nothing_of_them() {
    let mut t = Script::v4();
    let flow = stamped(&mut t);
    // In the window, not exact: a challenge; its timestamp must not make the peer's later segments look old.
    t.send(seg().rst().seq(101 + 50).ts(900_000, 0));
    t.take_all();
    t.send(seg().seq(101).ack(1).ts(5_001, 0).text(b"still fine"));
    assert_eq!(t.receive(flow), b"still fine");
    t.send(seg().rst().seq(111).ts(1, 0));
    assert!(matches!(t.failure(flow).cause, Cause::Reset { .. }));
}

// 7323/5
#[test]
fn after_twenty_four_days_of_silence_a_timestamp_says_nothing() {
    let mut t = Script::v4();
    let flow = stamped(&mut t);
    t.wait_secs(25 * 24 * 3_600);
    t.send(seg().seq(101).ack(1).ts(5_000_u32.wrapping_sub(1 << 30), 0).text(b"hello again"));
    assert_eq!(t.receive(flow), b"hello again");
}

// 7323/6
#[test]
fn a_reset_of_a_connection_with_timestamps_carries_them() {
    let mut t = Script::v4();
    let flow = stamped(&mut t);
    t.abort(flow);
    t.expect(seg().rst().seq(1).ack(101).ts_echo(5_000));
}

// 7323/7
#[test]
fn the_timestamp_clock_ticks_between_a_millisecond_and_a_second_and_begins_anywhere() {
    let mut t = Script::v4();
    let flow = stamped(&mut t);
    let value = |t: &mut Script, octet: u32| {
        t.write(flow, b"x");
        let stamps = t.expect(seg().seq(octet).ack(101).len(1)).options.timestamps.unwrap();
        t.send(seg().seq(101).ack(octet + 1));
        stamps.value
    };
    let first = value(&mut t, 1);
    t.wait_secs(100);
    let ticks = value(&mut t, 2).wrapping_sub(first);
    assert!((100..=100_000).contains(&ticks), "{ticks}");
    let mut other = Script::new(Setup { seed: 8, ..Setup::default() });
    other.connect();
    let theirs = other.expect(seg().syn()).options.timestamps.unwrap().value;
    assert!(theirs.abs_diff(first) > 1_000_000, "the offset is the connection's own");
}

// RFC 2018 section 2: SACK is used only when both SYNs permit it.
#[test]
fn sack_is_permitted_by_both_or_not_used() {
    let mut t = Script::v4();
    t.established();
    t.send(seg().seq(200).ack(1).len(10));
    assert!(t.expect(seg().seq(1).ack(101)).options.sack.is_empty());
    for permitted in [false, true] {
        let mut t = Script::v4();
        t.listen();
        let syn = seg().syn().seq(9).mss(1_460);
        t.send(if permitted { syn.sack_ok() } else { syn });
        assert_eq!(t.expect(seg().syn_ack().ack(10)).options.sack_permitted, permitted);
    }
}
