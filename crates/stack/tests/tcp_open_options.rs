//! The options of a handshake: MSS, window scale, SACK permitted, timestamps, unknown ones and broken ones (RFC 9293 section
//! 3.1, 3.2 and 3.7.1, RFC 7323).

mod script;

use script::*;
use synsent_stack::*;
use synsent_wire::tcp::Flags;

/// An established connection whose SYN-ACK was this one.
#[track_caller]
fn after(t: &mut Script, answer: Seg) -> FlowId {
    let flow = t.connect();
    t.expect(seg().syn());
    t.shake_hands(answer);
    flow
}

/// The lengths of the full segments in which 4,000 octets leave; Nagle keeps the rest.
#[track_caller]
fn lengths(t: &mut Script, flow: FlowId) -> Vec<usize> {
    t.write(flow, &[7; 4_000]);
    t.take_all().iter().map(|seen| seen.text.len()).collect()
}

// 9293/MUST-4
// 9293/MUST-64
// 9293/MUST-68
#[test]
fn options_stand_at_any_alignment_between_nops_and_end() {
    let mut t = Script::v4();
    // NOP, MSS 1000 at an odd place, end of list, zeros.
    let flow = after(&mut t, seg().raw_options(&[1, 2, 4, 0x03, 0xe8, 0, 0, 0]));
    assert_eq!(t.status(flow).segment_octets, 1_000);
    assert_eq!(lengths(&mut t, flow), [1_000; 4]);
}

// 9293/MUST-6
#[test]
fn unknown_options_are_skipped_by_their_length() {
    let mut t = Script::v4();
    let flow = after(&mut t, seg().raw_options(&[253, 5, 2, 4, 9, 77, 2, 2, 4, 0x03, 0xe8, 0]));
    assert_eq!(t.status(flow).segment_octets, 1_000);
}

// 9293/MUST-5
#[test]
fn an_option_in_a_segment_without_syn_is_no_error() {
    let mut t = Script::v4();
    let flow = t.established();
    // An MSS, a window scale and an unknown option change nothing after the handshake.
    t.send(seg().seq(101).ack(1).win(500).raw_options(&[2, 4, 0, 99, 3, 3, 9, 253, 2, 1, 1, 0]).text(b"text"));
    assert_eq!(t.receive(flow), b"text");
    let status = t.status(flow);
    assert_eq!((status.segment_octets, status.send_window), (1_460, 500));
}

// 9293/MUST-7
#[test]
fn an_impossible_option_length_ends_the_segment_and_nothing_else() {
    for broken in [&[2, 0, 1, 1][..], &[2, 1, 1, 1], &[1, 1, 2, 9], &[1, 1, 1, 2], &[8, 255, 1, 1], &[253, 0, 0, 0]] {
        let mut t = Script::v4();
        let flow = t.connect();
        t.expect(seg().syn());
        t.send(seg().syn_ack().seq(100).ack(1).raw_options(broken));
        t.expect_state(flow, State::SynSent);
        t.take_all();
        t.shake_hands(seg());
        t.send(seg().seq(101).ack(1).raw_options(broken).text(b"x"));
        t.expect_state(flow, State::Established);
        assert_eq!(t.stack.counters().dropped(DropReason::TcpMalformed), 2, "{broken:?}");
    }
}

// 9293/MUST-7
// A data offset that points before the end of the header, or beyond the segment.
#[test]
fn an_impossible_data_offset_is_dropped() {
    let mut t = Script::v4();
    let flow = t.connect();
    t.expect(seg().syn());
    for offset in [0u8, 4, 15] {
        let mut packet = vec![0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 2, 10, 0, 0, 1];
        let sum = !synsent_wire::checksum::sum(&packet).fold();
        packet[10..12].copy_from_slice(&sum.to_be_bytes());
        packet.extend_from_slice(&PEER_PORT.to_be_bytes());
        packet.extend_from_slice(&t.port.to_be_bytes());
        packet.extend_from_slice(&[0; 8]);
        packet.extend_from_slice(&[offset << 4, 0x12, 0, 0, 0, 0, 0, 0]);
        t.send_packet(&packet);
    }
    t.expect_nothing();
    t.expect_state(flow, State::SynSent);
    assert_eq!(t.stack.counters().dropped(DropReason::TcpMalformed), 3);
}

// 9293/MUST-15
#[test]
fn without_an_mss_option_the_peer_takes_536_octets() {
    let mut t = Script::v4();
    let flow = after(&mut t, seg());
    assert_eq!(t.status(flow).segment_octets, 536);
    let mut t = Script::v6();
    let flow = after(&mut t, seg());
    assert_eq!(t.status(flow).segment_octets, 1_220);
}

// 9293/MUST-15
#[test]
fn without_an_mss_option_in_the_syn_a_listener_assumes_536_octets() {
    for (mut t, octets) in [(Script::v4(), 536), (Script::v6(), 1_220)] {
        let listener = t.listen();
        t.send(seg().syn().seq(100));
        t.expect(seg().syn_ack());
        t.send(seg().seq(101).ack(1));
        let flow = t.call(|stack, now| stack.tcp_accept(now, listener)).unwrap();
        assert_eq!(t.status(flow).segment_octets, octets);
    }
}

// 9293/MUST-16
#[test]
fn the_segment_size_is_the_least_of_what_peer_and_path_take() {
    let mut t = Script::v4();
    let flow = after(&mut t, seg().mss(9_000));
    assert_eq!(t.status(flow).segment_octets, 1_460);
    let mut t = Script::v4();
    let flow = after(&mut t, seg().mss(700));
    assert_eq!(t.status(flow).segment_octets, 700);
    // Options of every segment take their room from the text.
    let mut t = Script::v4();
    let flow = after(&mut t, seg().mss(1_460).ts(1, 0));
    assert_eq!(t.status(flow).segment_octets, 1_448);
    assert_eq!(lengths(&mut t, flow), [1_448, 1_448]);
}

// 9293/MUST-16
// 9293/MUST-67
#[test]
fn a_small_link_announces_and_sends_small_segments() {
    let mut t = Script::new(Setup { mtu: 600, ..Setup::default() });
    let flow = t.connect();
    t.expect(seg().syn().mss(560));
    t.shake_hands(seg().mss(1_460));
    assert_eq!(t.status(flow).segment_octets, 560);
}

// 9293/MUST-16
// An MSS of next to nothing must not lead to a division by zero, an endless loop or a segment without text.
#[test]
fn an_absurd_mss_still_makes_progress() {
    for mss in [0, 1, 11, 12] {
        let mut t = Script::v4();
        let flow = after(&mut t, seg().mss(mss).ts(1, 0));
        t.write(flow, &[7; 100]);
        let first = t.take_all().remove(0);
        assert!(!first.text.is_empty() && first.text.len() <= 100, "mss {mss}: {first}");
    }
}

// 9293/MUST-65
#[test]
fn the_mss_option_stands_in_segments_with_syn_only() {
    let mut t = Script::v4();
    let flow = t.connect();
    t.wait_secs(2);
    t.send(seg().syn_ack().seq(100).ack(1).mss(1_460).sack_ok());
    t.write(flow, &[7; 3_000]);
    t.send(seg().seq(200).ack(1).text(b"hole"));
    t.shutdown(flow);
    t.wait_secs(5);
    t.abort(flow);
    let seen = t.take_all();
    assert!(seen.len() > 6);
    for seen in seen {
        assert_eq!(seen.options.mss.is_some(), seen.flags.syn(), "{seen}");
        assert_eq!(seen.options.window_scale.is_some(), seen.flags.syn(), "{seen}");
        assert!(!seen.options.sack_permitted || seen.flags.syn(), "{seen}");
    }
}

// 9293/MUST-69
// What follows the end of the list is not read, and what we send behind our own options is zero or no-operation.
#[test]
fn octets_behind_the_end_of_the_list_are_not_options() {
    let mut t = Script::v4();
    let flow = after(&mut t, seg().raw_options(&[0, 2, 4, 1, 0, 0, 0, 0]));
    assert_eq!(t.status(flow).segment_octets, 536);
}

// 7323/1
#[test]
fn windows_are_scaled_only_when_both_syns_say_so() {
    let mut t = Script::v4();
    let flow = after(&mut t, seg().mss(1_460));
    t.send(seg().seq(101).ack(1).win(1_000));
    assert_eq!(t.status(flow).send_window, 1_000);
    // Ours are not scaled either: the buffer is larger than the field can say.
    t.send(seg().seq(101).ack(1).text(b"x"));
    t.wait_secs(1);
    let seen = t.take_all().pop().unwrap();
    assert!(seen.win > 60_000, "{seen}");
}

// 7323/1
#[test]
fn without_our_offer_the_peers_scale_means_nothing() {
    let mut t = Script::v4();
    let options = TcpOptions { window_scaling: false, ..TcpOptions::default() };
    let flow = t.connect_with(|open| open.tcp = Some(options));
    assert_eq!(t.expect(seg().syn()).options.window_scale, None);
    t.shake_hands(seg().mss(1_460).wscale(7));
    t.send(seg().seq(101).ack(1).win(1_000));
    assert_eq!(t.status(flow).send_window, 1_000);
}

// 7323/1
// Trap: the window in a SYN or SYN-ACK is never scaled; storing it unscaled and shifting it later inflates it.
#[test]
fn the_window_of_a_syn_ack_is_not_scaled() {
    let mut t = Script::v4();
    let flow = t.connect();
    t.expect(seg().syn());
    t.shake_hands(seg().mss(1_460).wscale(7).win(1_000));
    assert_eq!(t.status(flow).send_window, 1_000);
    t.write(flow, &[7; 5_000]);
    let sent: usize = t.take_all().iter().map(|seen| seen.text.len()).sum();
    assert!(sent <= 1_000, "{sent} octets into a window of 1,000");
    t.send(seg().seq(101).ack(1).win(1_000));
    assert_eq!(t.status(flow).send_window, 128_000);
}

// 7323/1
// The same trap at a listener: the window of the SYN counts as it stands, that of the acknowledgment scaled.
#[test]
fn the_window_of_a_syn_is_not_scaled_and_that_of_the_acknowledgment_is() {
    let mut t = Script::v4();
    let listener = t.listen();
    t.send(seg().syn().seq(100).win(4_000).mss(1_460).wscale(4));
    let answer = t.expect(seg().syn_ack());
    assert!(answer.options.window_scale.is_some());
    t.send(seg().seq(101).ack(1).win(100));
    let flow = t.call(|stack, now| stack.tcp_accept(now, listener)).unwrap();
    assert_eq!(t.status(flow).send_window, 1_600);
}

// 7323/1
#[test]
fn a_shift_above_fourteen_counts_as_fourteen() {
    let mut t = Script::v4();
    let flow = after(&mut t, seg().mss(1_460).raw_options(&[3, 3, 200, 0]));
    t.send(seg().seq(101).ack(1).win(2));
    assert_eq!(t.status(flow).send_window, 2 << 14);
}

// 7323/2
#[test]
fn timestamps_are_used_only_when_both_syns_carry_them() {
    let mut t = Script::v4();
    let flow = t.connect();
    let syn = t.expect(seg().syn().ts_echo(0));
    assert!(syn.options.timestamps.is_some());
    t.send(seg().syn_ack().seq(100).ack(1).mss(1_460));
    t.expect(seg().seq(1).ack(101));
    t.write(flow, b"x");
    assert_eq!(t.expect(seg().seq(1).ack(101).len(1)).options.timestamps, None);
    // A timestamp that was not agreed on is ignored.
    t.send(seg().seq(101).ack(2).ts(5, 5).text(b"y"));
    assert_eq!(t.receive(flow), b"y");
}

// 7323/2
#[test]
fn agreed_timestamps_stand_on_every_segment() {
    let mut t = Script::v4();
    let flow = t.connect();
    t.expect(seg().syn());
    t.send(seg().syn_ack().seq(100).ack(1).mss(1_460).ts(700, 0));
    t.expect(seg().seq(1).ack(101).ts_echo(700));
    t.peer_clock = Some(800);
    t.write(flow, b"x");
    t.expect(seg().seq(1).ack(101).ts_echo(700).len(1));
    t.send(seg().seq(101).ack(2));
    t.shutdown(flow);
    t.expect(seg().fin().seq(2).ack(101).ts_echo(800));
}

// 7323/2
#[test]
fn a_listener_echoes_the_timestamp_of_the_syn() {
    let mut t = Script::v4();
    t.listen();
    t.send(seg().syn().seq(100).ts(4_242, 0));
    t.expect(seg().syn_ack().ack(101).ts_echo(4_242));
    t.send(seg().syn().seq(200).peer_port(9));
    assert_eq!(t.expect(seg().syn_ack().ack(201)).options.timestamps, None);
}

// 7323/3
#[test]
fn a_segment_without_the_agreed_timestamp_is_dropped_silently() {
    let mut t = Script::v4();
    let flow = after(&mut t, seg().mss(1_460).ts(700, 0));
    t.send(seg().seq(101).ack(1).no_ts().text(b"x"));
    t.wait_secs(1);
    t.expect_nothing();
    t.expect_state(flow, State::Established);
    assert_eq!(t.status(flow).readable, 0);
    assert_eq!(t.stack.counters().dropped(DropReason::TcpNoTimestamp), 1);
}

// 7323/5
// 7323/6
#[test]
fn a_reset_is_exempt_from_the_timestamps_check() {
    for reset in [seg().rst().seq(101).no_ts(), seg().rst().seq(101).ts(1, 0)] {
        let mut t = Script::v4();
        let flow = after(&mut t, seg().mss(1_460).ts(700, 0));
        t.send(reset);
        assert_eq!(t.failure(flow).cause, Cause::Reset { by: t.remote });
    }
    let mut t = Script::v4();
    let flow = after(&mut t, seg().mss(1_460).ts(700, 0));
    t.abort(flow);
    t.expect(seg().rst().seq(1).ack(101).ts_echo(700));
}

// 7323/7
#[test]
fn the_timestamp_clock_ticks_in_milliseconds_and_starts_elsewhere_for_each_connection() {
    let mut t = Script::v4();
    let mut values = Vec::new();
    for port in [5_001, 5_002] {
        t.connect_with(|open| open.local_port = Some(port));
        values.push(t.expect(seg().syn()).options.timestamps.unwrap().value);
    }
    assert!(values[0].abs_diff(values[1]) > 1_000, "{values:?}");
    t.wait_secs(1);
    let again = t.expect(seg().syn().port(5_001)).options.timestamps.unwrap().value;
    let ticks = again.wrapping_sub(values[0]);
    assert!((1..=1_000).contains(&ticks), "a tick is between 1 ms and 1 s, and a second had {ticks}");
}

// RFC 2018 section 2: SACK is used only when both SYNs permit it.
#[test]
fn sack_is_used_only_when_both_permit_it() {
    let mut t = Script::v4();
    after(&mut t, seg().mss(1_460));
    t.send(seg().seq(111).ack(1).text(b"beyond"));
    assert!(t.expect(seg().seq(1).ack(101)).options.sack.is_empty());
    let mut t = Script::v4();
    t.listen();
    t.send(seg().syn().seq(100));
    assert!(!t.expect(seg().syn_ack()).options.sack_permitted);
    t.send(seg().syn().seq(100).sack_ok().peer_port(9));
    assert!(t.expect(seg().syn_ack()).options.sack_permitted);
}

// RFC 3360: bits that this stack does not know, or that congestion notification uses, are no reason for a reset.
#[test]
fn reserved_and_ecn_bits_are_no_reason_for_a_reset() {
    let mut t = Script::v4();
    t.listen();
    t.send(seg().syn().seq(100).bits(Flags::ECE | Flags::CWR));
    let answer = t.take_all().remove(0);
    assert!(answer.flags.contains(Flags::SYN | Flags::ACK) && !answer.flags.rst(), "{answer}");
    let mut t = Script::v4();
    let flow = t.connect();
    t.expect(seg().syn());
    t.send(seg().syn_ack().seq(100).ack(1).bits(Flags::ECE));
    t.expect_state(flow, State::Established);
}

// 9293/MAY-9
#[test]
fn the_traffic_class_of_what_arrives_can_be_asked_for() {
    for mut t in [Script::v4(), Script::v6()] {
        let flow = t.established();
        t.send(seg().seq(101).ack(1).traffic_class(0xb8).text(b"expedited"));
        assert_eq!(t.status(flow).received_traffic_class, 0xb8);
        t.send(seg().seq(110).ack(1));
        assert_eq!(t.status(flow).received_traffic_class, 0);
    }
}
