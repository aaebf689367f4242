//! ICMP errors and connections: which one they mean, what they do under each policy, and what they must never do (RFC 9293
//! section 3.9.2.2, RFC 1122 section 4.2.3.9, RFC 5461, RFC 5927, RFC 6633).

mod script;

use script::*;
use synsent_stack::trace::{Fact, IcmpVerdict};
use synsent_stack::*;

const SOFT_V4: [IcmpCause; 6] = [
    IcmpCause::V4Unreachable(0),
    IcmpCause::V4Unreachable(1),
    IcmpCause::V4Unreachable(5),
    IcmpCause::TimeExceeded { code: 0 },
    IcmpCause::TimeExceeded { code: 1 },
    IcmpCause::ParameterProblem { code: 0, pointer: 12 },
];
const SOFT_V6: [IcmpCause; 7] = [
    IcmpCause::V6Unreachable(0),
    IcmpCause::V6Unreachable(3),
    IcmpCause::TimeExceeded { code: 0 },
    IcmpCause::TimeExceeded { code: 1 },
    IcmpCause::ParameterProblem { code: 0, pointer: 40 },
    IcmpCause::ParameterProblem { code: 1, pointer: 6 },
    IcmpCause::ParameterProblem { code: 2, pointer: 44 },
];
const HARD_V4: [IcmpCause; 2] = [IcmpCause::V4Unreachable(2), IcmpCause::V4Unreachable(3)];
const HARD_V6: [IcmpCause; 2] = [IcmpCause::V6Unreachable(1), IcmpCause::V6Unreachable(4)];

/// Errors of both families, each with whether it is one of IPv6.
fn of_both(v4: &[IcmpCause], v6: &[IcmpCause]) -> Vec<(bool, IcmpCause)> {
    v4.iter().map(|cause| (false, *cause)).chain(v6.iter().map(|cause| (true, *cause))).collect()
}

fn soft() -> Vec<(bool, IcmpCause)> {
    of_both(&SOFT_V4, &SOFT_V6)
}

fn hard() -> Vec<(bool, IcmpCause)> {
    of_both(&HARD_V4, &HARD_V6)
}

fn family(v6: bool) -> Script {
    if v6 { Script::v6() } else { Script::v4() }
}

/// A script in SYN-SENT under a policy.
#[track_caller]
fn opening(v6: bool, soft_errors: SoftErrors) -> (Script, FlowId) {
    let mut t = family(v6);
    let flow = t.connect_with(|open| open.tcp = Some(TcpOptions { soft_errors, ..TcpOptions::default() }));
    t.expect(seg().syn());
    (t, flow)
}

/// An established connection under a policy, with ten octets in flight.
#[track_caller]
fn open_with_data(v6: bool, soft_errors: SoftErrors) -> (Script, FlowId) {
    let mut t = family(v6);
    let flow = t.established_with(seg().mss(1_400), |tcp| tcp.soft_errors = soft_errors);
    t.write(flow, b"0123456789");
    t.expect(seg().seq(1).ack(101).len(10));
    (t, flow)
}

/// What the trace says that the errors did.
fn verdicts(t: &mut Script) -> Vec<IcmpVerdict> {
    t.take_trace()
        .iter()
        .filter_map(|record| match record.fact {
            Fact::IcmpReceived { verdict, .. } => Some(verdict),
            _ => None,
        })
        .collect()
}

// 9293/MUST-54
// 9293/MUST-56
// 9293/MUST-47
// 9293/SHLD-25
// 1122/ICMP-4
// 1122/ICMP-6
// 1122/TCP-2
// 5461/1
#[test]
fn a_soft_error_in_syn_sent_is_noted_and_the_ladder_goes_on() {
    for (v6, cause) in soft() {
        let (mut t, flow) = opening(v6, SoftErrors::ReportAtTimeout);
        t.wait_ms(100);
        t.icmp(cause);
        t.expect_state(flow, State::SynSent);
        t.expect_event(EventKind::SoftError);
        let soft = t.status(flow).soft.unwrap();
        assert_eq!((soft.from, soft.cause, soft.count), (t.router, cause, 1));
        assert_eq!(verdicts(&mut t), [IcmpVerdict::Noted]);
        t.wait_secs(1);
        t.expect_at(1_000, seg().syn().seq(ISS));
        t.shake_hands(seg());
        t.expect_state(flow, State::Established);
    }
}

// 5461/1
// 5461/6
// 1122/TCP-2
#[test]
fn a_soft_error_is_told_when_the_opening_times_out() {
    let (mut t, flow) = opening(false, SoftErrors::ReportAtTimeout);
    for _ in 0..3 {
        t.wait_secs(5);
        t.icmp(IcmpCause::V4Unreachable(1));
    }
    t.wait_secs(200);
    let failure = t.failure(flow);
    let Cause::TimedOut { soft: Some(soft) } = failure.cause else { panic!("{:?}", failure.cause) };
    assert_eq!((soft.from, soft.cause, soft.count), (t.router, IcmpCause::V4Unreachable(1), 3));
    assert_eq!(
        failure.to_string(),
        "timed out: 8 SYNs (at 0, 1, 3, 7, 15, 31, 63, 127 s) to 10.0.0.2:7000 unanswered for 183 s; \
         meanwhile ICMP host unreachable from 10.0.0.254 (3 times)"
    );
}

// 9293/SHLD-26
// 1122/TCP-3
// 1122/ICMP-3
#[test]
fn a_hard_error_in_syn_sent_ends_the_opening() {
    for (v6, cause) in hard() {
        for policy in [SoftErrors::ReportAtTimeout, SoftErrors::HardOnly, SoftErrors::AbortOnAny] {
            let (mut t, flow) = opening(v6, policy);
            t.wait_ms(3);
            t.icmp(cause);
            t.expect_nothing();
            t.expect_event(EventKind::Failed);
            let failure = t.failure(flow);
            assert_eq!(failure.cause, Cause::Icmp { from: t.router, cause });
            assert_eq!(failure.to_string(), format!("unreachable: {cause} from {} after 3.0 ms", t.router));
            assert_eq!(verdicts(&mut t), [IcmpVerdict::Ended]);
            t.wait_secs(200);
            t.expect_nothing();
        }
    }
}

// 5461/2
// 5461/6
#[test]
fn under_abort_on_any_a_soft_error_ends_the_opening_at_once() {
    for (v6, cause) in soft() {
        let (mut t, flow) = opening(v6, SoftErrors::AbortOnAny);
        t.icmp(cause);
        assert_eq!(t.failure(flow).cause, Cause::Icmp { from: t.router, cause });
    }
    let (mut t, flow) = opening(false, SoftErrors::AbortOnAny);
    t.wait(Duration::from_micros(1_200));
    t.icmp(IcmpCause::V4Unreachable(1));
    assert_eq!(t.failure(flow).to_string(), "unreachable: ICMP host unreachable from 10.0.0.254 after 1.2 ms");
}

// 9293/SHLD-20
// 5461/5
#[test]
fn under_hard_only_and_ignore_a_soft_error_leaves_no_mark() {
    for policy in [SoftErrors::HardOnly, SoftErrors::Ignore] {
        for (v6, cause) in soft() {
            let (mut t, flow) = opening(v6, policy);
            t.icmp(cause);
            t.expect_state(flow, State::SynSent);
            assert_eq!(t.take_events(), []);
            assert!(t.status(flow).soft.is_none());
            assert_eq!(verdicts(&mut t), [IcmpVerdict::Ignored]);
        }
    }
}

// 9293/SHLD-20
#[test]
fn under_ignore_not_even_a_hard_error_touches_the_opening() {
    for (v6, cause) in hard() {
        let (mut t, flow) = opening(v6, SoftErrors::Ignore);
        t.icmp(cause);
        t.expect_state(flow, State::SynSent);
        t.wait_secs(1);
        t.expect(seg().syn());
        t.shake_hands(seg());
        t.expect_state(flow, State::Established);
    }
}

// 5461/2
// 9293/SHLD-26
#[test]
fn the_syn_received_of_an_active_open_counts_as_opening() {
    for (policy, cause, ends) in [
        (SoftErrors::ReportAtTimeout, IcmpCause::V4Unreachable(3), true),
        (SoftErrors::ReportAtTimeout, IcmpCause::V4Unreachable(1), false),
        (SoftErrors::AbortOnAny, IcmpCause::V4Unreachable(1), true),
        (SoftErrors::Ignore, IcmpCause::V4Unreachable(3), false),
    ] {
        let (mut t, flow) = opening(false, policy);
        t.send(seg().syn().seq(100));
        t.expect(seg().syn_ack());
        t.icmp(cause);
        assert_eq!(t.status(flow).failure.is_some(), ends, "{policy:?} {cause}");
    }
}

// A half-open passive connection has nobody to tell; the peer's own timers decide.
#[test]
fn an_error_about_a_syn_ack_of_a_listener_changes_nothing() {
    let mut t = Script::v4();
    let listener = t.listen();
    t.send(seg().syn().seq(100));
    t.expect(seg().syn_ack());
    t.icmp(IcmpCause::V4Unreachable(3));
    t.icmp(IcmpCause::V4Unreachable(1));
    t.send(seg().seq(101).ack(1));
    assert!(t.call(|stack, now| stack.tcp_accept(now, listener)).is_some());
}

// 5927/2
// 9293/MUST-56
#[test]
fn no_error_ends_a_connection_that_stands() {
    let (soft, hard) = (soft(), hard());
    for policy in [SoftErrors::ReportAtTimeout, SoftErrors::AbortOnAny, SoftErrors::HardOnly, SoftErrors::Ignore] {
        for (v6, cause) in soft.iter().chain(&hard) {
            let (mut t, flow) = open_with_data(*v6, policy);
            t.icmp(*cause);
            t.expect_nothing();
            t.expect_state(flow, State::Established);
            let is_hard = hard.contains(&(*v6, *cause));
            let noted = match policy {
                SoftErrors::ReportAtTimeout | SoftErrors::AbortOnAny => true,
                SoftErrors::HardOnly => is_hard,
                SoftErrors::Ignore => false,
            };
            assert_eq!(t.status(flow).soft.is_some(), noted, "{policy:?} {cause}");
            t.send(seg().seq(101).ack(11).text(b"alive"));
            assert_eq!(t.receive(flow), b"alive");
        }
    }
}

// 9293/SHLD-25
// 1122/TCP-2
#[test]
fn a_connection_that_dies_later_tells_what_routers_said() {
    let (mut t, flow) = open_with_data(false, SoftErrors::ReportAtTimeout);
    t.icmp(IcmpCause::V4Unreachable(0));
    t.wait_secs(400);
    let failure = t.failure(flow);
    let Cause::UserTimeout { after, soft: Some(soft) } = failure.cause else { panic!("{:?}", failure.cause) };
    assert_eq!((after, soft.cause), (Duration::from_secs(300), IcmpCause::V4Unreachable(0)));
    assert_eq!(
        failure.to_string(),
        "timed out: nothing acknowledged by 10.0.0.2:7000 for 300 s; \
         meanwhile ICMP network unreachable from 10.0.0.254 (1 times)"
    );
}

/// The quoted packet with another octet at some place of the TCP header.
fn with_octet(packet: &[u8], at: usize, change: u8) -> Vec<u8> {
    let mut packet = packet.to_vec();
    packet[20 + at] ^= change;
    packet
}

// 5927/1
// Trap: ICMP errors must quote something that we really sent (addresses, ports, sequence in flight), else they are an attack.
#[test]
fn in_syn_sent_only_the_exact_syn_counts() {
    let (mut t, flow) = opening(false, SoftErrors::AbortOnAny);
    t.connect_with(|open| open.local_port = Some(4_000));
    let syn = t.expect(seg().syn()).packet;
    let cause = IcmpCause::V4Unreachable(3);
    // One octet of either port, or of the sequence number, is not what left.
    for at in 0..8 {
        t.icmp_about(cause, &with_octet(&syn, at, 1));
    }
    // Nor another destination, nor a source that is not ours.
    let mut elsewhere = syn.clone();
    elsewhere[19] = 9;
    t.icmp_about(cause, &elsewhere);
    let mut foreign = syn.clone();
    foreign[15] = 9;
    t.icmp_about(cause, &foreign);
    t.expect_state(flow, State::SynSent);
    assert_eq!(t.stack.tcp_population().flows, 2);
    assert!(verdicts(&mut t).iter().all(|verdict| *verdict == IcmpVerdict::NotOurs));
}

// 5927/1
#[test]
fn once_open_only_numbers_in_flight_count() {
    let (mut t, flow) = open_with_data(false, SoftErrors::ReportAtTimeout);
    let first = t.take_all();
    assert!(first.is_empty());
    t.send(seg().seq(101).ack(6));
    // SND.UNA is 6 and SND.NXT is 11.
    for (relative, counts) in [(5, false), (6, true), (10, true), (11, false), (0x4000_0000, false)] {
        t.take_events();
        t.icmp_with_seq(IcmpCause::V4Unreachable(1), relative);
        let told = t.take_events().contains(&EventKind::SoftError);
        assert_eq!(told, counts, "SEQ {relative}");
    }
    assert_eq!(t.status(flow).soft.unwrap().count, 2);
    // Nothing is in flight any more: nothing counts.
    t.send(seg().seq(101).ack(11));
    t.icmp_with_seq(IcmpCause::V4Unreachable(1), 10);
    assert_eq!(t.status(flow).soft.unwrap().count, 2);
}

// 9293/MUST-54
#[test]
fn an_error_reaches_the_connection_that_it_quotes_and_no_other() {
    let mut t = Script::v4();
    let one = t.connect();
    let syn = t.expect(seg().syn()).packet;
    let other = t.connect();
    t.expect(seg().syn());
    t.icmp_about(IcmpCause::V4Unreachable(3), &syn);
    assert!(t.status(one).failure.is_some());
    t.expect_state(other, State::SynSent);
}

// 1122/ICMP-2
#[test]
fn eight_octets_of_the_segment_are_enough_and_seven_are_not() {
    let (mut t, flow) = opening(false, SoftErrors::ReportAtTimeout);
    let syn = t.last_packet();
    t.icmp_about(IcmpCause::V4Unreachable(3), &syn[..27]);
    t.expect_state(flow, State::SynSent);
    t.icmp_about(IcmpCause::V4Unreachable(3), &syn[..28]);
    assert!(t.status(flow).failure.is_some());
}

// 9293/MUST-55
// 5927/3
// Trap: Source Quench must do nothing.
#[test]
fn source_quench_does_nothing() {
    let (mut t, flow) = opening(false, SoftErrors::AbortOnAny);
    t.icmp(IcmpCause::SourceQuench);
    t.expect_state(flow, State::SynSent);
    assert!(t.status(flow).soft.is_none());
    let (mut t, flow) = open_with_data(false, SoftErrors::AbortOnAny);
    let before = t.status(flow).congestion_window;
    t.icmp(IcmpCause::SourceQuench);
    assert_eq!(t.status(flow).congestion_window, before);
    assert!(t.status(flow).soft.is_none());
    assert_eq!(t.take_events(), []);
    assert_eq!(verdicts(&mut t), [IcmpVerdict::Ignored]);
}

// An error is heard from whoever sends it: the routers on the way are not known beforehand.
#[test]
fn errors_may_come_from_any_router() {
    let (mut t, flow) = opening(false, SoftErrors::ReportAtTimeout);
    let from = "198.51.100.7".parse().unwrap();
    let syn = t.last_packet();
    t.icmp_from(from, IcmpCause::V4Unreachable(3), &syn);
    assert_eq!(t.failure(flow).cause, Cause::Icmp { from, cause: IcmpCause::V4Unreachable(3) });
}

/// A connection with two full segments in flight.
#[track_caller]
fn with_full_segments(v6: bool) -> (Script, FlowId) {
    let mut t = family(v6);
    let flow = t.established_with(seg().mss(1_440), |tcp| tcp.no_delay = true);
    t.write(flow, &[7; 2_880]);
    t.expect(seg().seq(1).ack(101).len(1_440));
    t.expect(seg().seq(1_441).ack(101).len(1_440));
    (t, flow)
}

// 5927/4
// Trap: DF set on everything while "fragmentation needed" is ignored is a black hole. The same for Packet Too Big.
#[test]
fn a_smaller_path_mtu_is_used_at_once_and_what_was_lost_goes_again() {
    for (v6, headers) in [(false, 40), (true, 60)] {
        let (mut t, flow) = with_full_segments(v6);
        t.icmp(IcmpCause::TooBig { mtu: 1_300 });
        assert_eq!(verdicts(&mut t), [IcmpVerdict::PathMtu]);
        assert_eq!(t.status(flow).segment_octets, 1_300 - headers);
        let again = t.take_all();
        assert!(!again.is_empty(), "the segments go again without waiting for a timer");
        assert_eq!((again[0].seq, again[0].text.len() as u32), (1, 1_300 - headers));
        assert!(again.iter().all(|seen| seen.text.len() as u32 <= 1_300 - headers));
        // Another connection to the same host starts with it.
        let other = t.connect();
        t.expect(seg().syn());
        t.shake_hands(seg().mss(1_440));
        assert_eq!(t.status(other).segment_octets, 1_300 - headers);
    }
}

// 5927/4
#[test]
fn a_path_mtu_below_the_minimum_or_above_the_present_one_is_ignored() {
    for (v6, mtus) in [(false, vec![67, 1, 1_500, 9_000]), (true, vec![1_279, 68, 0, 1_500, 9_000])] {
        for mtu in mtus {
            let (mut t, flow) = with_full_segments(v6);
            t.icmp(IcmpCause::TooBig { mtu });
            t.expect_nothing();
            assert_eq!(t.status(flow).segment_octets, 1_440, "{mtu}");
        }
    }
}

// 5927/4
#[test]
fn a_too_big_about_something_that_is_not_in_flight_is_ignored() {
    let (mut t, flow) = with_full_segments(false);
    t.send(seg().seq(101).ack(2_881));
    t.icmp(IcmpCause::TooBig { mtu: 600 });
    t.icmp_with_seq(IcmpCause::TooBig { mtu: 600 }, 5_000);
    assert_eq!(t.status(flow).segment_octets, 1_440);
    t.write(flow, &[7; 1_440]);
    t.expect(seg().seq(2_881).ack(101).len(1_440));
}

// 5927/4
#[test]
fn a_size_that_was_acknowledged_before_is_doubted_until_a_segment_times_out() {
    let (mut t, flow) = with_full_segments(false);
    t.wait_ms(100);
    t.send(seg().seq(101).ack(2_881));
    t.write(flow, &[7; 1_440]);
    t.expect(seg().seq(2_881).ack(101).len(1_440));
    t.icmp(IcmpCause::TooBig { mtu: 600 });
    assert_eq!(t.status(flow).segment_octets, 1_440, "it has passed at this size before");
    t.expect_nothing();
    // The message was true: the segment is not acknowledged, and goes again in pieces that pass.
    t.wait_secs(10);
    let again = t.take_all();
    assert_eq!(t.status(flow).segment_octets, 560);
    assert!(again.iter().any(|seen| seen.seq == 2_881 && seen.text.len() == 560), "{again:?}");
}

// 5927/4
#[test]
fn a_doubted_size_that_is_acknowledged_was_a_lie() {
    let (mut t, flow) = with_full_segments(false);
    t.send(seg().seq(101).ack(2_881));
    t.write(flow, &[7; 1_440]);
    t.expect(seg().seq(2_881).ack(101).len(1_440));
    t.icmp(IcmpCause::TooBig { mtu: 600 });
    t.send(seg().seq(101).ack(4_321));
    t.write(flow, &[7; 1_440]);
    t.expect(seg().seq(4_321).ack(101).len(1_440));
    // A timeout long afterwards has another reason, and does not bring the lie back.
    t.wait_secs(2);
    assert_eq!(t.status(flow).segment_octets, 1_440);
}

// RFC 1191 section 7: a router that does not tell its MTU makes the next lower plateau be tried.
#[test]
fn a_router_that_does_not_tell_the_mtu_makes_the_next_plateau_be_tried() {
    let mut t = Script::v4();
    let flow = t.established_with(seg().mss(1_460), |tcp| tcp.no_delay = true);
    t.write(flow, &[7; 1_460]);
    t.expect(seg().seq(1).ack(101).len(1_460));
    t.icmp(IcmpCause::TooBig { mtu: 0 });
    assert_eq!(t.status(flow).segment_octets, 1_492 - 40);
}

// 9293/MUST-16
#[test]
fn a_too_big_about_the_syn_is_remembered_for_the_data() {
    let (mut t, flow) = opening(false, SoftErrors::AbortOnAny);
    t.icmp(IcmpCause::TooBig { mtu: 700 });
    t.expect_state(flow, State::SynSent);
    t.wait_secs(1);
    t.take_all();
    t.shake_hands(seg().mss(1_460));
    assert_eq!(t.status(flow).segment_octets, 660);
}

// A next hop that does not answer ARP is told as what it is when the opening ends; under AbortOnAny as soon as it is known.
#[test]
fn a_next_hop_that_does_not_answer_is_the_reason() {
    for (policy, at_once) in [(SoftErrors::AbortOnAny, true), (SoftErrors::ReportAtTimeout, false)] {
        let mut t = Script::new(Setup { ethernet: true, ..Setup::default() });
        t.answers_arp = false;
        let flow = t.connect_with(|open| {
            open.tcp = Some(TcpOptions { soft_errors: policy, ..TcpOptions::default() });
        });
        t.wait_secs(10);
        assert_eq!(t.status(flow).failure.is_some(), at_once, "{policy:?}");
        t.wait_secs(200);
        t.expect_nothing();
        let failure = t.failure(flow);
        assert_eq!(failure.cause, Cause::NeighbourUnreachable { next_hop: t.remote });
        assert!(failure.to_string().starts_with("unreachable: 10.0.0.2 does not answer on its link"), "{failure}");
    }
}

// The same: a next hop that begins to answer lets the opening through.
#[test]
fn a_next_hop_that_answers_late_lets_the_opening_through() {
    let mut t = Script::new(Setup { ethernet: true, ..Setup::default() });
    t.answers_arp = false;
    let flow = t.connect();
    t.wait_secs(10);
    t.answers_arp = true;
    t.wait_secs(6);
    assert!(t.take_all().iter().all(|seen| seen.flags.syn()));
    t.shake_hands(seg());
    t.expect_state(flow, State::Established);
}
