//! What selective acknowledgments report (RFC 2018, RFC 2883): which ranges are new, and which one is a duplicate.

use synsent_wire::SeqNumber;
use synsent_wire::tcp::{SackRange, SackRanges};

use super::{LOST, MAX_WINDOW_OCTETS, Reading, SACKED, Scoreboard, octets_between};

impl Scoreboard {
    /// Marks what `sacks` report, and returns how many octets are new among them.
    pub(super) fn take_sacked(&mut self, sacks: &[SackRange], reading: &mut Reading) -> u32 {
        let before_octets = self.sacked_octets;
        let mut ranges = SackRanges::EMPTY;
        // From low to high: what one acknowledgment reports did not arrive out of order because it is listed so.
        let mut floor = self.una;
        while let Some(range) = self.next_valid(sacks, floor) {
            if !ranges.push(range) {
                break;
            }
            self.mark_sacked_news(range, reading);
            floor = range.end;
        }
        if !sacks.is_empty() {
            self.seen = ranges;
        }
        self.sacked_octets - before_octets
    }

    /// The range that begins first among those that lie in what was sent and reach beyond `floor`, cut at `floor`.
    pub(super) fn next_valid(&self, sacks: &[SackRange], floor: SeqNumber) -> Option<SackRange> {
        sacks
            .iter()
            .filter(|range| range.start.before(range.end) && range.end.at_or_before(self.high))
            .filter(|range| range.end.after(floor) && self.una.distance_from(range.start) < MAX_WINDOW_OCTETS)
            .map(|range| SackRange { start: range.start.max(floor), end: range.end })
            .min_by_key(|range| octets_between(floor, range.start))
    }

    /// Walks over the parts of `range` that the last acknowledgment did not report.
    pub(super) fn mark_sacked_news(&mut self, range: SackRange, reading: &mut Reading) {
        let seen = self.seen;
        let mut at = range.start;
        while at.before(range.end) {
            if let Some(known) = seen.iter().find(|known| at.within(known.start, known.end)) {
                at = known.end.min(range.end);
                // A segment may end beyond the known part, and be complete only now.
                if at.before(range.end) {
                    self.mark_sacked(at, at + 1, range, reading);
                }
                continue;
            }
            let next_known = seen.iter().map(|known| known.start).filter(|start| start.after(at));
            let stop = next_known.fold(range.end, SeqNumber::min);
            self.mark_sacked(at, stop, range, reading);
            at = stop;
        }
    }

    /// Marks the segments that touch `from..to` and lie in `range` as a whole.
    pub(super) fn mark_sacked(&mut self, from: SeqNumber, to: SeqNumber, range: SackRange, reading: &mut Reading) {
        let Some(mut index) = self.locate(from) else { return };
        while let Some(&segment) = self.segments.get(index)
            && segment.start.before(to)
        {
            self.touch();
            let covered = segment.start.at_or_after(range.start) && segment.end.at_or_before(range.end);
            if covered && !segment.is(SACKED) {
                self.segments[index].flags = segment.flags & !LOST | SACKED;
                self.sacked_octets += segment.octets();
                self.sacked_segments += 1;
                if segment.is(LOST) {
                    self.lost_octets -= segment.octets();
                    self.seek_lost(index);
                }
                self.deliver(&segment, reading);
            }
            index += 1;
        }
    }
}

/// Takes the report of a duplicate off the ranges: it is the first one, and lies below the acknowledgment number or
/// inside the second range (RFC 2883 section 4).
pub(super) fn split_duplicate(una: SeqNumber, sacks: &[SackRange]) -> (Option<SackRange>, &[SackRange]) {
    let Some((&first, rest)) = sacks.split_first() else { return (None, sacks) };
    let is_range = first.start.before(first.end);
    let below = first.start.before(una);
    let inside =
        rest.first().is_some_and(|second| first.start.at_or_after(second.start) && first.end.at_or_before(second.end));
    if is_range && (below || inside) { (Some(first), rest) } else { (None, sacks) }
}
