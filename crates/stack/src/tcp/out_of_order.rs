//! Which octets beyond RCV.NXT have arrived (RFC 9293 section 3.10.7.4, RFC 2018).
//!
//! Only the ranges stand here; the octets themselves were written into the receive buffer at their place. The ranges are
//! kept apart from each other (what touches is merged) and in the order in which they last grew, most recent first: that
//! is the order in which selective acknowledgments name them. A connection without a gap owns no memory here.

use alloc::boxed::Box;
use alloc::vec::Vec;

use synsent_wire::SeqNumber;
use synsent_wire::tcp::{SackRange, SackRanges};

/// The gaps of one connection that are worth remembering; a segment that would make one more is not kept.
pub(crate) const MAX_RANGES: usize = 64;

/// What became of a segment beyond a gap.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Inserted {
    /// At least some of it is new.
    New,
    /// All of it had arrived before: to be reported as a duplicate (RFC 2883).
    Duplicate(SackRange),
    /// It is empty, or it would be one range too many: its octets must not be kept.
    Refused,
}

/// The ranges beyond RCV.NXT. The caller trims segments to its window, so that all numbers are comparable.
#[derive(Default)]
pub(crate) struct OutOfOrder {
    /// `None` when empty; the box keeps the owner small, as nearly all connections have no gap at nearly all times.
    #[expect(clippy::box_collection, reason = "a connection without a gap should pay for one word, not for three")]
    ranges: Option<Box<Vec<SackRange>>>,
}

impl OutOfOrder {
    #[cfg(test)]
    /// No ranges, no memory.
    pub(crate) const fn new() -> OutOfOrder {
        OutOfOrder { ranges: None }
    }

    /// Notes that the octets from `start` up to `end` arrived, beyond RCV.NXT.
    // 9293/SHLD-31
    // Segments out of order are held, not dropped.
    pub(crate) fn insert(&mut self, start: SeqNumber, end: SeqNumber) -> Inserted {
        if start.at_or_after(end) {
            return Inserted::Refused;
        }
        let ranges = self.ranges.get_or_insert_default();
        if let Some(place) = ranges.iter().position(|held| start.at_or_after(held.start) && end.at_or_before(held.end))
        {
            // The range that holds the segment which causes the acknowledgment is reported first (RFC 2018 section 4).
            ranges[..=place].rotate_right(1);
            return Inserted::Duplicate(SackRange { start, end });
        }
        let mut merged = SackRange { start, end };
        ranges.retain(|held| {
            let apart = held.end.before(start) || held.start.after(end);
            if !apart {
                merged = SackRange { start: merged.start.min(held.start), end: merged.end.max(held.end) };
            }
            apart
        });
        if ranges.len() == MAX_RANGES {
            return Inserted::Refused;
        }
        ranges.insert(0, merged);
        Inserted::New
    }

    /// RCV.NXT has come to `rcv_nxt`: takes the ranges out that it reached, and returns how far it comes through them.
    pub(crate) fn advance(&mut self, rcv_nxt: SeqNumber) -> SeqNumber {
        let Some(ranges) = &mut self.ranges else { return rcv_nxt };
        let mut reached = rcv_nxt;
        // Ranges do not touch each other: at most one continues at `rcv_nxt`, and none begins where that one ends.
        ranges.retain(|held| {
            let beyond = held.start.after(rcv_nxt);
            if !beyond {
                reached = reached.max(held.end);
            }
            beyond
        });
        if ranges.is_empty() {
            self.ranges = None;
        }
        reached
    }

    /// The ranges to report, most recent first, at most `max`.
    pub(crate) fn sack_ranges(&self, max: usize) -> SackRanges {
        let mut report = SackRanges::EMPTY;
        for &range in self.held().iter().take(max) {
            if !report.push(range) {
                break;
            }
        }
        report
    }

    /// There is no gap.
    pub(crate) fn is_empty(&self) -> bool {
        self.ranges.is_none()
    }

    #[cfg(test)]
    /// The end of the last octet that arrived.
    pub(crate) fn highest_end(&self) -> Option<SeqNumber> {
        self.held().iter().map(|range| range.end).reduce(SeqNumber::max)
    }

    fn held(&self) -> &[SackRange] {
        self.ranges.as_deref().map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Close to the wrap, so that every test crosses it.
    const BASE: SeqNumber = SeqNumber(u32::MAX - 1_000);

    fn range(start: u32, end: u32) -> SackRange {
        SackRange { start: BASE + start, end: BASE + end }
    }

    fn insert(queue: &mut OutOfOrder, start: u32, end: u32) -> Inserted {
        queue.insert(BASE + start, BASE + end)
    }

    #[test]
    fn a_connection_without_a_gap_owns_nothing() {
        assert!(size_of::<OutOfOrder>() <= 16);
        let mut queue = OutOfOrder::new();
        assert!(queue.is_empty());
        assert_eq!(queue.advance(BASE), BASE);
        assert_eq!((queue.highest_end(), queue.sack_ranges(4).len()), (None, 0));
        insert(&mut queue, 10, 20);
        queue.advance(BASE + 10);
        assert!(queue.is_empty());
    }

    // 9293/SHLD-31
    #[test]
    fn closing_the_gap_moves_rcv_nxt_over_what_arrived_early() {
        let mut queue = OutOfOrder::new();
        assert_eq!(insert(&mut queue, 1_000, 2_000), Inserted::New);
        assert_eq!(insert(&mut queue, 2_000, 3_000), Inserted::New);
        assert_eq!(insert(&mut queue, 4_000, 5_000), Inserted::New);
        assert_eq!(queue.highest_end(), Some(BASE + 5_000));
        assert_eq!(queue.advance(BASE + 500), BASE + 500);
        assert_eq!(queue.advance(BASE + 1_000), BASE + 3_000);
        assert_eq!(queue.sack_ranges(4).as_slice(), [range(4_000, 5_000)]);
        assert_eq!(queue.advance(BASE + 6_000), BASE + 6_000);
        assert!(queue.is_empty());
    }

    #[test]
    fn the_range_that_grew_last_is_reported_first() {
        let mut queue = OutOfOrder::new();
        for start in [1_000, 3_000, 5_000] {
            insert(&mut queue, start, start + 1_000);
        }
        assert_eq!(queue.sack_ranges(2).as_slice(), [range(5_000, 6_000), range(3_000, 4_000)]);
        insert(&mut queue, 2_000, 2_500);
        let all = [range(1_000, 2_500), range(5_000, 6_000), range(3_000, 4_000)];
        assert_eq!(queue.sack_ranges(4).as_slice(), all);
    }

    #[test]
    fn a_segment_that_came_twice_is_told_and_its_range_comes_first() {
        let mut queue = OutOfOrder::new();
        insert(&mut queue, 1_000, 2_000);
        insert(&mut queue, 3_000, 4_000);
        assert_eq!(insert(&mut queue, 1_200, 1_700), Inserted::Duplicate(range(1_200, 1_700)));
        assert_eq!(queue.sack_ranges(4).as_slice(), [range(1_000, 2_000), range(3_000, 4_000)]);
    }

    #[test]
    fn one_range_too_many_is_refused_but_one_that_joins_is_not() {
        let mut queue = OutOfOrder::new();
        for i in 1..=MAX_RANGES as u32 {
            assert_eq!(insert(&mut queue, i * 10, i * 10 + 5), Inserted::New);
        }
        assert_eq!(insert(&mut queue, 5_000, 5_001), Inserted::Refused);
        assert_eq!(insert(&mut queue, 15, 20), Inserted::New);
        assert_eq!(insert(&mut queue, 5_000, 5_001), Inserted::New);
        assert_eq!(insert(&mut queue, 7_000, 7_000), Inserted::Refused);
    }

    proptest! {
        #[test]
        fn the_ranges_agree_with_a_map_of_octets(steps in proptest::collection::vec((1usize..200, 1usize..30, 0usize..5), 0..80)) {
            let mut queue = OutOfOrder::new();
            let mut held = [false; 256];
            let mut nxt = 0;
            for (start, octets, ahead) in steps {
                let (start, end) = (nxt + start, (nxt + start + octets).min(held.len()));
                if start < end {
                    let fresh = held[start..end].iter().any(|octet| !octet);
                    match insert(&mut queue, start as u32, end as u32) {
                        Inserted::New => prop_assert!(fresh),
                        Inserted::Duplicate(_) => prop_assert!(!fresh),
                        Inserted::Refused => prop_assert!(false),
                    }
                    held[start..end].fill(true);
                }
                let mut next = (nxt + ahead).min(held.len());
                let reached = queue.advance(BASE + next as u32);
                while next < held.len() && held[next] {
                    next += 1;
                }
                prop_assert_eq!(reached, BASE + next as u32);
                nxt = next;
                let ranges = queue.held();
                let octets: i32 = ranges.iter().map(|range| range.end.distance_from(range.start)).sum();
                prop_assert_eq!(octets as usize, held[nxt.min(held.len())..].iter().filter(|octet| **octet).count());
                prop_assert_eq!(queue.is_empty(), octets == 0);
            }
        }
    }
}
