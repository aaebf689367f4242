//! Tests of the scoreboard: unit tests by requirement, and random sequences against a naive model.

use super::*;
use alloc::vec::Vec;
use proptest::prelude::*;

const MSS: u32 = 1_000;
/// Close to the wrap, so that every test crosses it.
const BASE: SeqNumber = SeqNumber(u32::MAX - 2_500);
const RTT: Option<Duration> = Some(Duration::from_millis(100));

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

/// The number at which segment `index` starts.
fn seq(index: u32) -> SeqNumber {
    BASE + index * MSS
}

fn range(first: u32, end: u32) -> SackRange {
    SackRange { start: seq(first), end: seq(end) }
}

/// `count` segments, one sent each millisecond from 0 on.
fn in_flight(count: u32) -> Scoreboard {
    let mut board = Scoreboard::new();
    for index in 0..count {
        board.on_transmit(at(index.into()), seq(index), seq(index + 1));
    }
    board
}

fn ack(board: &mut Scoreboard, millis: u64, una: u32, sacks: &[SackRange]) -> Acked {
    board.on_ack(at(millis), seq(una), sacks, None, RTT)
}

fn detect(board: &mut Scoreboard, millis: u64) -> Losses {
    board.detect_losses(at(millis), RTT, RTT)
}

#[test]
fn a_record_is_small_and_an_idle_scoreboard_keeps_little() {
    assert!(size_of::<Segment>() <= 32);
    let mut board = in_flight(5_000);
    board.clear();
    assert!(board.is_empty() && board.segments.capacity() <= 2 * KEPT_SEGMENTS);
    assert_eq!((board.flight_octets(), board.next_lost(), board.last_sent_at()), (0, None, None));
}

#[test]
fn a_full_scoreboard_says_so() {
    let mut board = in_flight(MAX_SEGMENTS as u32 - 1);
    assert!(!board.is_full());
    board.on_transmit(at(0), seq(MAX_SEGMENTS as u32 - 1), seq(MAX_SEGMENTS as u32));
    assert!(board.is_full() && board.segments() == MAX_SEGMENTS);
}

#[test]
fn a_cumulative_acknowledgment_takes_segments_off_and_measures_the_newest() {
    let mut board = in_flight(4);
    let acked = ack(&mut board, 150, 2, &[]);
    assert_eq!((acked.acked_octets, acked.rtt), (2_000, Some(Duration::from_millis(149))));
    assert_eq!((board.first(), board.last()), (Some(range(2, 3)), Some(range(3, 4))));
    // Half a segment.
    assert_eq!(board.on_ack(at(151), seq(2) + 400, &[], None, RTT).acked_octets, 400);
    assert_eq!((board.outstanding_octets(), board.flight_octets()), (1_600, 1_600));
    assert_eq!((board.first_sent_at(), board.last_sent_at()), (Some(at(2)), Some(at(3))));
    // An older one moves nothing, and one of data never sent moves to the end of what was sent.
    assert_eq!(ack(&mut board, 152, 1, &[]).acked_octets, 0);
    assert_eq!(ack(&mut board, 153, 90, &[]).acked_octets, 1_600);
    assert!(board.is_empty());
}

#[test]
fn ranges_that_make_no_sense_are_ignored() {
    let mut board = in_flight(10);
    let backwards = SackRange { start: seq(6), end: seq(4) };
    let far_off = SackRange { start: BASE + (1 << 31), end: BASE + (1 << 31) + 5_000 };
    let sacks = [range(8, 11), backwards, far_off, range(3, 3)];
    assert_eq!(ack(&mut board, 100, 0, &sacks), Acked::default());
    // A part of a segment is no segment.
    let part = SackRange { start: seq(4) + 1, end: seq(5) };
    assert_eq!(ack(&mut board, 100, 0, &[part]).sacked_octets, 0);
    assert_eq!(board.flight_octets(), 10_000);
}

#[test]
fn a_range_that_grows_over_a_segment_in_two_steps_counts_it() {
    let mut board = in_flight(10);
    let half = SackRange { start: seq(4), end: seq(6) + 500 };
    assert_eq!(ack(&mut board, 100, 0, &[half]).sacked_octets, 2_000);
    assert_eq!(ack(&mut board, 101, 0, &[range(4, 7)]).sacked_octets, 1_000);
    assert_eq!(ack(&mut board, 102, 0, &[range(2, 8)]).sacked_octets, 3_000);
    assert_eq!(board.sacked_octets(), 6_000);
}

#[test]
fn three_segments_beyond_a_hole_make_it_lost_at_once() {
    let mut board = in_flight(5);
    ack(&mut board, 101, 0, &[range(1, 2)]);
    let early = detect(&mut board, 101);
    // One segment alone may be reordering: a quarter of the shortest round trip is waited for.
    assert_eq!((early.newly_lost_octets, early.reorder_deadline), (0, Some(at(125))));
    ack(&mut board, 103, 0, &[range(1, 4)]);
    assert_eq!(detect(&mut board, 103).newly_lost_octets, 1_000);
    assert_eq!((board.next_lost(), board.lost_octets(), board.in_recovery()), (Some(range(0, 1)), 1_000, true));
    assert_eq!(board.flight_octets(), 1_000);
    board.on_retransmit(at(104), seq(0));
    assert_eq!((board.next_lost(), board.flight_octets()), (None, 2_000));
    let acked = ack(&mut board, 204, 5, &[]);
    assert!(acked.newly_acked_retransmitted && !board.in_recovery());
}

#[test]
fn the_reordering_deadline_makes_a_lone_hole_lost() {
    let mut board = in_flight(2);
    ack(&mut board, 101, 0, &[range(1, 2)]);
    assert_eq!(detect(&mut board, 124).newly_lost_octets, 0);
    assert_eq!(detect(&mut board, 125).newly_lost_octets, 1_000);
}

#[test]
fn a_lost_retransmission_is_lost_again_when_something_sent_later_arrives() {
    let mut board = in_flight(5);
    ack(&mut board, 104, 0, &[range(1, 5)]);
    detect(&mut board, 104);
    board.on_retransmit(at(105), seq(0));
    board.on_transmit(at(106), seq(5), seq(6));
    assert_eq!(detect(&mut board, 205).newly_lost_octets, 0);
    ack(&mut board, 206, 0, &[range(1, 6)]);
    assert_eq!(detect(&mut board, 206).newly_lost_octets, 1_000);
    assert_eq!(board.next_lost(), Some(range(0, 1)));
}

#[test]
fn an_old_echo_beyond_a_gap_does_not_hide_that_a_retransmission_arrived() {
    let mut board = in_flight(6);
    ack(&mut board, 103, 0, &[range(1, 2), range(3, 6)]);
    assert_eq!(detect(&mut board, 103).newly_lost_octets, 2_000);
    board.on_retransmit(at(104), seq(0));
    board.on_retransmit(at(105), seq(2));
    // The first repair is lost again. The second one arrives, and its report echoes what came before the gap.
    board.on_ack(at(205), seq(0), &[range(1, 6)], Some(at(0)), RTT);
    assert_eq!(detect(&mut board, 205).newly_lost_octets, 1_000);
    assert_eq!(board.next_lost(), Some(range(0, 1)));
}

// 6298/4, 9293/MUST-18
#[test]
fn nothing_is_measured_on_a_segment_that_was_sent_twice() {
    let mut board = in_flight(3);
    board.mark_all_lost();
    board.on_retransmit(at(1_000), seq(0));
    let acked = ack(&mut board, 1_100, 3, &[]);
    assert_eq!((acked.rtt, acked.newly_acked_retransmitted), (None, true));
}

#[test]
fn a_timeout_makes_all_lost_but_what_was_reported() {
    let mut board = in_flight(5);
    ack(&mut board, 100, 0, &[range(2, 3)]);
    board.mark_all_lost();
    assert_eq!((board.lost_octets(), board.sacked_octets(), board.flight_octets()), (4_000, 1_000, 0));
    for index in [0, 1, 3, 4] {
        assert_eq!(board.next_lost(), Some(range(index, index + 1)));
        board.on_retransmit(at(1_000), seq(index));
    }
    assert_eq!((board.next_lost(), board.flight_octets()), (None, 4_000));
}

#[test]
fn a_peer_that_reneged_is_not_believed_any_more() {
    let mut board = in_flight(3);
    // The first segment reported as arrived, but not acknowledged: only a peer that dropped it does so.
    ack(&mut board, 100, 0, &[range(0, 2)]);
    assert!(board.has_reneged());
    board.forget_sacks();
    assert_eq!((board.sacked_octets(), board.flight_octets(), board.has_reneged()), (0, 3_000, false));
    board.mark_all_lost();
    assert_eq!(board.next_lost(), Some(range(0, 1)));
    // The same report counts anew.
    assert_eq!(ack(&mut board, 200, 0, &[range(1, 2)]).sacked_octets, 1_000);
}

#[test]
fn an_episode_whose_every_retransmission_came_twice_is_spurious() {
    let mut board = in_flight(6);
    ack(&mut board, 105, 0, &[range(2, 5)]);
    assert_eq!(detect(&mut board, 105).newly_lost_octets, 2_000);
    board.on_retransmit(at(106), seq(0));
    board.on_retransmit(at(106), seq(1));
    assert!(!ack(&mut board, 110, 6, &[]).spurious);
    let first = ack(&mut board, 206, 6, &[range(0, 1)]);
    assert_eq!((first.dsack, first.spurious), (true, false));
    assert!(ack(&mut board, 206, 6, &[range(1, 2)]).spurious);
    assert!(!ack(&mut board, 206, 6, &[range(1, 2)]).spurious);
}

#[test]
fn a_duplicate_inside_the_second_range_is_no_news() {
    let mut board = in_flight(8);
    let acked = ack(&mut board, 105, 0, &[range(3, 4), range(2, 6)]);
    assert_eq!((acked.dsack, acked.sacked_octets), (true, 4_000));
}

#[test]
fn an_echo_from_before_the_retransmission_proves_it_spurious() {
    let told = |echo_millis| {
        let mut board = in_flight(3);
        board.mark_all_lost();
        board.on_retransmit(at(1_000), seq(0));
        board.on_ack(at(1_010), seq(1), &[], Some(at(echo_millis)), RTT).spurious
    };
    assert!(told(0) && told(999));
    assert!(!told(1_000));
}

#[test]
fn the_repair_of_an_earlier_episode_does_not_deny_the_next_one() {
    let mut board = in_flight(6);
    ack(&mut board, 105, 0, &[range(1, 4)]);
    assert_eq!(detect(&mut board, 105).newly_lost_octets, 1_000);
    board.on_retransmit(at(106), seq(0));
    board.unmark_losses();
    board.mark_all_lost();
    board.on_retransmit(at(150), seq(4));
    // The first repair arrives; its echo is older than the second episode, and as old as itself.
    assert!(!board.on_ack(at(206), seq(4), &[], Some(at(106)), RTT).spurious);
}

#[test]
fn a_spurious_timeout_puts_the_rest_back_into_flight() {
    let mut board = in_flight(5);
    ack(&mut board, 100, 1, &[]);
    board.mark_all_lost();
    board.on_retransmit(at(1_000), seq(1));
    board.unmark_losses();
    assert_eq!((board.flight_octets(), board.next_lost(), board.in_recovery()), (4_000, None, false));
    // They are watched again, oldest transmission first.
    ack(&mut board, 1_100, 1, &[range(4, 5)]);
    assert_eq!(detect(&mut board, 5_000).newly_lost_octets, 2_000);
}

#[test]
fn without_sack_the_third_duplicate_makes_the_first_segment_lost() {
    let mut board = in_flight(6);
    assert!(!board.on_duplicate_ack_without_sack());
    assert!(!board.on_duplicate_ack_without_sack());
    assert_eq!(board.flight_octets(), 4_000);
    assert!(board.on_duplicate_ack_without_sack());
    assert_eq!((board.next_lost(), board.flight_octets()), (Some(range(0, 1)), 2_000));
    board.on_retransmit(at(100), seq(0));
    assert!(!board.on_duplicate_ack_without_sack());
    // The peer had 1, 2 and 3 but not 4: the partial acknowledgment shows the next hole.
    ack(&mut board, 200, 4, &[]);
    assert!(board.in_recovery());
    board.on_partial_ack();
    assert_eq!(board.next_lost(), Some(range(4, 5)));
    board.on_retransmit(at(200), seq(4));
    ack(&mut board, 300, 6, &[]);
    assert!(!board.in_recovery() && board.is_empty());
    assert!(!board.on_duplicate_ack_without_sack());
    // Duplicates of the old episode start no new one.
    board.on_transmit(at(300), seq(6), seq(7));
    assert!((0..5).all(|_| !board.on_duplicate_ack_without_sack()));
}

#[test]
fn a_probe_that_filled_a_hole_is_told() {
    let probed = || {
        let mut board = in_flight(3);
        ack(&mut board, 100, 2, &[]);
        board.on_retransmit(at(300), seq(2));
        board.on_probe_sent(seq(3), true);
        assert!(board.has_probe());
        board
    };
    let mut repaired = probed();
    assert!(!ack(&mut repaired, 400, 3, &[]).probe_repaired_loss);
    repaired.on_transmit(at(401), seq(3), seq(4));
    assert!(ack(&mut repaired, 500, 4, &[]).probe_repaired_loss && !repaired.has_probe());
    let mut harmless = probed();
    ack(&mut harmless, 400, 3, &[]);
    assert!(!ack(&mut harmless, 401, 3, &[range(2, 3)]).probe_repaired_loss && !harmless.has_probe());
}

#[test]
fn a_split_segment_is_sent_again_in_parts() {
    let mut board = in_flight(3);
    board.mark_all_lost();
    board.split_at(seq(0) + 400);
    board.split_at(seq(0) + 400);
    let first = SackRange { start: seq(0), end: seq(0) + 400 };
    assert_eq!((board.next_lost(), board.segments(), board.lost_octets()), (Some(first), 4, 3_000));
    board.on_retransmit(at(10), seq(0));
    assert_eq!(board.next_lost(), Some(SackRange { start: first.end, end: seq(1) }));
    assert_eq!(board.flight_octets(), 400);
}

#[test]
fn an_acknowledgment_costs_what_it_is_the_first_to_report() {
    const COUNT: u32 = 10_000;
    // In order: each takes one segment off.
    let mut board = in_flight(COUNT);
    let mut worst = 0;
    for index in 1..COUNT {
        board.touches.set(0);
        ack(&mut board, 20_000, index, &[]);
        detect(&mut board, 20_000);
        worst = worst.max(board.touches.get());
    }
    assert!(worst < 100, "{worst}");
    // Behind a hole that is never filled: each reports one segment more.
    let mut board = in_flight(COUNT);
    let mut worst = 0;
    for index in 2..COUNT {
        board.touches.set(0);
        ack(&mut board, 20_000, 0, &[range(1, index)]);
        detect(&mut board, 20_000);
        worst = worst.max(board.touches.get());
    }
    assert!(worst < 100, "{worst}");
    assert_eq!(board.flight_octets(), MSS);
}

#[test]
fn the_order_of_transmission_stays_in_proportion() {
    let mut board = in_flight(3);
    for round in 0..10_000 {
        board.on_retransmit(at(round), seq(1));
        ack(&mut board, round, 0, &[]);
    }
    assert!(board.send_order.len() <= 2 * 3 + STALE_SLACK);
}

/// One segment of the model: nothing is cached, everything is recounted.
#[derive(Clone, Copy, Default)]
struct Naive {
    acked: bool,
    sacked: bool,
    lost: bool,
    sent_at: Instant,
    serial: u32,
}

struct Model {
    segments: Vec<Naive>,
    una: usize,
    serial: u32,
}

impl Model {
    fn transmit(&mut self, now: Instant) {
        self.segments.push(Naive { sent_at: now, serial: self.serial, ..Naive::default() });
        self.serial += 1;
    }

    fn retransmit(&mut self, now: Instant, index: usize) {
        let serial = self.serial;
        self.serial += 1;
        let segment = &mut self.segments[index];
        (segment.lost, segment.sent_at, segment.serial) = (false, now, serial);
    }

    fn ack(&mut self, una: usize, sacks: &[(usize, usize)]) {
        self.una = self.una.max(una);
        self.segments[..self.una].iter_mut().for_each(|segment| segment.acked = true);
        for &(start, end) in sacks {
            for segment in &mut self.segments[start..end] {
                segment.sacked = true;
                segment.lost = false;
            }
        }
    }

    fn detect(&mut self, now: Instant, rack: &Rack, window: Duration) {
        for segment in self.segments.iter_mut().filter(|segment| !segment.acked && !segment.sacked && !segment.lost) {
            segment.lost = rack.lost_at(segment.sent_at, segment.serial, window).is_some_and(|due| due <= now);
        }
    }

    fn octets(&self, which: impl Fn(&Naive) -> bool) -> u32 {
        self.segments.iter().filter(|segment| !segment.acked && which(segment)).count() as u32 * MSS
    }

    fn agrees(&self, board: &Scoreboard) -> Result<(), TestCaseError> {
        prop_assert_eq!(board.outstanding_octets(), self.octets(|_| true));
        prop_assert_eq!(board.sacked_octets(), self.octets(|segment| segment.sacked));
        prop_assert_eq!(board.lost_octets(), self.octets(|segment| segment.lost));
        prop_assert_eq!(board.flight_octets(), self.octets(|segment| !segment.sacked && !segment.lost));
        let lost = self.segments.iter().position(|segment| !segment.acked && segment.lost);
        prop_assert_eq!(board.next_lost(), lost.map(|index| range(index as u32, index as u32 + 1)));
        let sacked = self.segments.iter().filter(|segment| !segment.acked && segment.sacked).count();
        prop_assert_eq!(board.sacked_segments as usize, sacked);
        Ok(())
    }
}

proptest! {
    #[test]
    fn the_counters_always_equal_the_recount(
        steps in proptest::collection::vec((0u8..12, 0usize..30, 0usize..30, 0usize..30, 0u64..60), 1..150),
    ) {
        let (mut board, mut now) = (Scoreboard::new(), Instant::ZERO);
        let mut model = Model { segments: Vec::new(), una: 0, serial: 0 };
        for (verb, a, b, c, millis) in steps {
            now += Duration::from_millis(millis);
            let (una, count) = (model.una, model.segments.len());
            match verb {
                0..=2 => {
                    for _ in 0..=a % 8 {
                        let next = model.segments.len() as u32;
                        board.on_transmit(now, seq(next), seq(next + 1));
                        model.transmit(now);
                    }
                }
                3..=6 => {
                    let una = (una + if verb == 3 { a % 4 } else { 0 }).min(count);
                    let sacks: Vec<(usize, usize)> = [(b, a), (c, b), (a, c)]
                        .into_iter()
                        .map(|(start, octets)| ((una + 1 + start).min(count), (una + 2 + start + octets % 6).min(count)))
                        .filter(|(start, end)| start < end)
                        .collect();
                    let ranges: Vec<SackRange> = sacks.iter().map(|&(s, e)| range(s as u32, e as u32)).collect();
                    // The first range may read as a duplicate, when it stands inside the second; it is the same octets.
                    board.on_ack(now, seq(una as u32), &ranges, None, None);
                    model.ack(una, &sacks);
                }
                7 | 8 => {
                    let window = board.rack.reordering_window(RTT, RTT, board.sacked_segments, board.in_recovery);
                    let rack = board.rack;
                    board.detect_losses(now, RTT, RTT);
                    model.detect(now, &rack, window);
                }
                9 | 10 => {
                    while let Some(lost) = board.next_lost() {
                        let index = lost.start.distance_from(BASE) as u32 / MSS;
                        board.on_retransmit(now, lost.start);
                        model.retransmit(now, index as usize);
                        if index.is_multiple_of(3) {
                            break;
                        }
                    }
                }
                _ if a == 0 => {
                    board.mark_all_lost();
                    model.segments.iter_mut().for_each(|segment| segment.lost = !segment.sacked && !segment.acked);
                }
                _ if a == 1 => {
                    board.unmark_losses();
                    model.segments.iter_mut().for_each(|segment| segment.lost = false);
                }
                _ if a == 2 => {
                    board.forget_sacks();
                    model.segments.iter_mut().for_each(|segment| segment.sacked = false);
                }
                _ => {}
            }
            model.agrees(&board)?;
            prop_assert!(board.send_order.len() <= 2 * board.segments() + STALE_SLACK + 300);
        }
    }

    #[test]
    fn no_acknowledgment_whatever_breaks_the_counters(
        steps in proptest::collection::vec((any::<u32>(), proptest::collection::vec((0u32..40_000, 0u32..9_000), 0..4), 0u8..6), 1..80),
    ) {
        let mut board = in_flight(20);
        let mut next = 20;
        for (step, (una, sacks, verb)) in steps.into_iter().enumerate() {
            let now = at(100 + step as u64 * 7);
            let sacks: Vec<SackRange> =
                sacks.iter().map(|&(start, octets)| SackRange { start: BASE + start, end: BASE + start + octets }).collect();
            let una = if verb == 0 { SeqNumber(una) } else { BASE + una % 40_000 };
            board.on_ack(now, una, &sacks, None, RTT);
            match verb {
                1 => drop(board.detect_losses(now, RTT, RTT)),
                2 => board.split_at(BASE + (step as u32 * 777) % 40_000),
                3 => drop(board.on_duplicate_ack_without_sack()),
                4 => board.mark_all_lost(),
                _ => {
                    board.on_transmit(now, board.high, board.high + MSS);
                    next += 1;
                }
            }
            let count = |flag| board.segments.iter().filter(|s| s.is(flag)).map(Segment::octets).sum::<u32>();
            prop_assert_eq!(board.sacked_octets(), count(SACKED));
            prop_assert_eq!(board.lost_octets(), count(LOST));
            prop_assert_eq!(board.outstanding_octets(), board.segments.iter().map(Segment::octets).sum::<u32>());
            let lost = board.segments.iter().find(|s| s.is(LOST)).map(Segment::range);
            prop_assert_eq!(board.next_lost(), lost);
            prop_assert!(board.segments() <= next + 80);
        }
    }
}
