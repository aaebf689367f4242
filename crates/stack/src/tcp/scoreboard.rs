//! What is in flight: one record a segment, and what the peer's acknowledgments say about it (RFC 2018, 2883, 6675,
//! 8985).
//!
//! The owner reports each transmission and each acknowledgment, asks [`Scoreboard::detect_losses`] after an
//! acknowledgment and when the deadline that it returned has passed, and sends [`Scoreboard::next_lost`] again while
//! [`Scoreboard::flight_octets`] is below the congestion window. Records stand in the order of the sequence space; a
//! second queue holds the order of transmission, in which a loss is always found at the front. What an acknowledgment
//! costs is thus the number of segments that it is the first to report, not the number in flight.
//!
//! The scoreboard keeps no data and has no timer, and it decides nothing about the congestion window.

mod episode;
mod reports;

use alloc::collections::VecDeque;

use synsent_wire::SeqNumber;
use synsent_wire::tcp::{SackRange, SackRanges};

use self::reports::split_duplicate;
use super::rack::{DUP_THRESH, Delivered, Evidence, Probe, ProbeOutcome, Rack, sent_before};
use crate::time::{Duration, Instant};

/// The segments that may be in flight: the largest send buffer in segments of 512 octets.
pub(crate) const MAX_SEGMENTS: usize = 16_384;
/// The records for which a cleared scoreboard keeps memory.
pub(crate) const KEPT_SEGMENTS: usize = 64;
/// The stale entries that the order of transmission may hold beyond one for each segment.
const STALE_SLACK: usize = 64;
/// No window is larger; what lies further back belongs to the past.
const MAX_WINDOW_OCTETS: i32 = 1 << 30;

/// What an acknowledgment brought.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Acked {
    /// Octets that SND.UNA moved over.
    pub(crate) acked_octets: u32,
    /// Octets beyond SND.UNA that are selectively acknowledged for the first time.
    pub(crate) sacked_octets: u32,
    /// The round-trip time of the most recently sent of the segments that arrived, if it was sent only once.
    pub(crate) rtt: Option<Duration>,
    /// The peer received something twice.
    pub(crate) dsack: bool,
    /// The loss episode proves to have been none: nothing that was sent again had been lost. Told once.
    pub(crate) spurious: bool,
    /// Among what arrived is a segment that was sent more than once.
    pub(crate) newly_acked_retransmitted: bool,
    /// The echo names a time before the last transmission of what was acknowledged: it is of an earlier transmission, or
    /// old, and measures nothing.
    pub(crate) echo_is_old: bool,
    /// A tail loss probe filled the place of a lost segment: the window must react as to any loss.
    pub(crate) probe_repaired_loss: bool,
}

/// What the detection found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Losses {
    /// Octets that count as lost from now on.
    pub(crate) newly_lost_octets: u32,
    /// When to look again, if no acknowledgment comes before.
    pub(crate) reorder_deadline: Option<Instant>,
}

const SACKED: u8 = 1;
/// Lost, and not sent again since.
const LOST: u8 = 2;
const RETRANSMITTED: u8 = 4;

#[derive(Clone, Copy, Debug)]
struct Segment {
    start: SeqNumber,
    end: SeqNumber,
    sent_at: Instant,
    /// The number of its last transmission.
    serial: u32,
    flags: u8,
}

impl Segment {
    fn octets(&self) -> u32 {
        octets_between(self.start, self.end)
    }

    fn is(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    fn range(&self) -> SackRange {
        SackRange { start: self.start, end: self.end }
    }

    fn delivered(&self) -> Delivered {
        let retransmitted = self.is(RETRANSMITTED);
        Delivered { end: self.end, sent_at: self.sent_at, serial: self.serial, retransmitted }
    }
}

/// One transmission. It is stale when the segment is gone, arrived, counts as lost or was sent again.
#[derive(Clone, Copy, Debug)]
struct Sent {
    start: SeqNumber,
    serial: u32,
}

/// The last loss episode; it outlives the recovery, because the proof that it was spurious may come late.
#[derive(Clone, Copy, Debug)]
struct Episode {
    /// SND.UNA when it began.
    start: SeqNumber,
    /// SND.NXT when it began ("recover" of RFC 6582).
    end: SeqNumber,
    first_retransmission: Option<Instant>,
    /// Octets sent again that were not yet reported as duplicates.
    unproved_octets: u32,
    told_spurious: bool,
}

/// The segments in flight of one connection.
#[derive(Default)]
pub(crate) struct Scoreboard {
    segments: VecDeque<Segment>,
    send_order: VecDeque<Sent>,
    una: SeqNumber,
    high: SeqNumber,
    next_serial: u32,
    sacked_octets: u32,
    sacked_segments: u32,
    lost_octets: u32,
    /// The earliest lost segment; exact.
    first_lost: Option<SeqNumber>,
    /// The ranges of the last acknowledgment: what lies in them has been dealt with.
    seen: SackRanges,
    rack: Rack,
    episode: Option<Episode>,
    in_recovery: bool,
    /// Duplicate acknowledgments of a peer without SACK, and what they say has left the network.
    duplicate_acks: u32,
    duplicate_octets: u32,
    probe: Option<Probe>,
    last_sent_at: Instant,
    #[cfg(test)]
    touches: core::cell::Cell<usize>,
}

/// What is gathered while an acknowledgment is read.
struct Reading {
    evidence: Evidence,
    /// The most recent transmission that was the only one of its segment, and what it took.
    newest: Option<(u32, Duration)>,
    /// When the last of the segments that arrived and were sent more than once was sent last.
    retransmitted_at: Option<Instant>,
}

impl Scoreboard {
    #[cfg(test)]
    /// A scoreboard with nothing in flight.
    pub(crate) fn new() -> Scoreboard {
        Scoreboard::default()
    }

    /// Forgets everything, so that another connection can use this scoreboard; keeps a little memory.
    pub(crate) fn clear(&mut self) {
        let (mut segments, mut send_order) =
            (core::mem::take(&mut self.segments), core::mem::take(&mut self.send_order));
        segments.clear();
        segments.shrink_to(KEPT_SEGMENTS);
        send_order.clear();
        send_order.shrink_to(KEPT_SEGMENTS);
        *self = Scoreboard { segments, send_order, ..Scoreboard::default() };
    }

    /// A new segment was sent, right behind the last one. The caller has asked [`Scoreboard::is_full`].
    pub(crate) fn on_transmit(&mut self, now: Instant, start: SeqNumber, end: SeqNumber) {
        if self.segments.is_empty() {
            (self.una, self.high) = (start, start);
        }
        debug_assert!(start == self.high && end.after(start), "segments follow each other");
        let serial = self.note_transmission(now, start);
        self.segments.push_back(Segment { start, end, sent_at: now, serial, flags: 0 });
        self.high = end;
    }

    /// The segment that holds `start` was sent again.
    pub(crate) fn on_retransmit(&mut self, now: Instant, start: SeqNumber) {
        let Some(index) = self.locate(start.max(self.una)) else { return };
        let mut segment = self.segments[index];
        if segment.is(LOST) {
            self.lost_octets -= segment.octets();
            if let Some(episode) = &mut self.episode {
                episode.first_retransmission.get_or_insert(now);
                episode.unproved_octets = episode.unproved_octets.saturating_add(segment.octets());
            }
        }
        segment.flags = segment.flags & !LOST | RETRANSMITTED;
        segment.sent_at = now;
        segment.serial = self.note_transmission(now, segment.start);
        self.segments[index] = segment;
        self.seek_lost(index);
    }

    /// Makes two records of the one that holds `seq`, so that it can be sent again in smaller segments.
    pub(crate) fn split_at(&mut self, seq: SeqNumber) {
        let Some(index) = self.locate(seq) else { return };
        let whole = self.segments[index];
        if whole.start == seq {
            return;
        }
        self.segments[index].end = seq;
        self.segments.insert(index + 1, Segment { start: seq, ..whole });
        self.sacked_segments += u32::from(whole.is(SACKED));
        let place = self.send_order.partition_point(|sent| !sent_before(whole.serial, sent.serial));
        self.send_order.insert(place, Sent { start: seq, serial: whole.serial });
        self.seen = SackRanges::EMPTY;
    }

    /// An acknowledgment came. `echo` is the time at which the segment that it echoes was sent, exact to the tick of the
    /// timestamps; `sacks` are as they stood in the segment, nothing about them is taken for granted.
    pub(crate) fn on_ack(
        &mut self,
        now: Instant,
        una: SeqNumber,
        sacks: &[SackRange],
        echo: Option<Instant>,
        min_rtt: Option<Duration>,
    ) -> Acked {
        let una = una.min(self.high);
        let (duplicate, sacks) = split_duplicate(una, sacks);
        let evidence = Evidence { now, echo, min_rtt };
        let mut reading = Reading { evidence, newest: None, retransmitted_at: None };
        let acked_octets = self.take_acked(una, &mut reading);
        let retransmission_acked = reading.retransmitted_at.is_some();
        let echo_is_old = reading.retransmitted_at.is_some_and(|sent_at| evidence.is_before(sent_at));
        if retransmission_acked {
            // 6298/4, 9293/MUST-18
            // Karn's rule: what arrived before waited for the retransmission, so its time says nothing either.
            reading.newest = None;
        }
        // While there is a gap, timestamps echo the segment before it (RFC 7323 section 4.3): what lies beyond the gap is
        // reported with an old echo, however new the transmission that arrived.
        reading.evidence.echo = None;
        let sacked_octets = self.take_sacked(sacks, &mut reading);
        // A repair of an earlier episode may still be on its way: only an echo from before the repair itself denies its need.
        let told_late = acked_octets > 0 && echo_is_old && self.echo_denies_loss(&evidence);
        let spurious = self.is_spurious(duplicate, told_late);
        let probe = self.probe.map_or(ProbeOutcome::Pending, |probe| probe.outcome(una, duplicate));
        let probe_was_duplicate = duplicate.is_some_and(|range| self.probe.is_some_and(|probe| probe.end == range.end));
        if probe != ProbeOutcome::Pending {
            self.probe = None;
        }
        self.rack.on_round(self.una, self.high, duplicate.is_some() && !probe_was_duplicate);
        self.end_recovery_if_done(acked_octets);
        if self.sacked_octets == 0 {
            self.seen = SackRanges::EMPTY;
        }
        self.prune_send_order();
        Acked {
            acked_octets,
            sacked_octets,
            rtt: reading.newest.map(|(_, rtt)| rtt),
            dsack: duplicate.is_some(),
            spurious,
            newly_acked_retransmitted: reading.retransmitted_at.is_some(),
            echo_is_old,
            probe_repaired_loss: probe == ProbeOutcome::RepairedLoss,
        }
    }

    /// Marks what must be lost by now (RFC 8985 section 6.2, step 5). It is for peers that use SACK.
    pub(crate) fn detect_losses(&mut self, now: Instant, srtt: Option<Duration>, min_rtt: Option<Duration>) -> Losses {
        let mut losses = Losses::default();
        if self.segments.is_empty() {
            return losses;
        }
        let window = self.rack.reordering_window(srtt, min_rtt, self.sacked_segments, self.in_recovery);
        while let Some(index) = self.oldest_in_flight() {
            let segment = self.segments[index];
            let Some(due) = self.rack.lost_at(segment.sent_at, segment.serial, window) else { break };
            if due > now {
                losses.reorder_deadline = Some(due);
                break;
            }
            losses.newly_lost_octets += segment.octets();
            self.mark_lost(index);
        }
        if losses.newly_lost_octets > 0 {
            self.begin_recovery();
        }
        losses
    }

    /// A duplicate acknowledgment came from a peer that does not use SACK. True when it is the third: the first segment
    /// then counts as lost (RFC 5681 section 3.2).
    pub(crate) fn on_duplicate_ack_without_sack(&mut self) -> bool {
        let Some(&first) = self.segments.front() else { return false };
        if self.probe.is_some_and(|probe| probe.end == self.una) {
            self.probe = None;
        }
        self.duplicate_acks = self.duplicate_acks.saturating_add(1);
        let most = (self.outstanding_octets() - self.lost_octets).saturating_sub(first.octets());
        self.duplicate_octets = self.duplicate_octets.saturating_add(first.octets()).min(most);
        // RFC 6582 section 3.2: until SND.UNA is beyond the last episode, duplicates are echoes of that episode.
        let of_last_episode = self.episode.is_some_and(|episode| self.una.at_or_before(episode.end));
        if self.duplicate_acks != DUP_THRESH || of_last_episode {
            return false;
        }
        self.mark_lost(0);
        self.begin_recovery();
        true
    }

    /// In a recovery without SACK new data was acknowledged, but not all: the next segment is lost as well (RFC 6582).
    pub(crate) fn on_partial_ack(&mut self) {
        if self.in_recovery && !self.segments.is_empty() {
            self.mark_lost(0);
        }
    }

    /// The retransmission timer expired: all that is not selectively acknowledged counts as lost.
    pub(crate) fn mark_all_lost(&mut self) {
        self.begin_recovery();
        for index in 0..self.segments.len() {
            self.mark_lost(index);
        }
        self.send_order.clear();
        (self.duplicate_acks, self.duplicate_octets) = (0, 0);
    }

    /// The episode was spurious: what counts as lost counts as in flight again.
    pub(crate) fn unmark_losses(&mut self) {
        for segment in &mut self.segments {
            segment.flags &= !LOST;
        }
        (self.lost_octets, self.first_lost, self.in_recovery) = (0, None, false);
        self.rebuild_send_order();
    }

    /// The timer expired although the first segment is selectively acknowledged: the peer has dropped what it had
    /// reported, and may have done so with the rest (RFC 2018 section 8).
    pub(crate) fn has_reneged(&self) -> bool {
        self.segments.front().is_some_and(|first| first.is(SACKED))
    }

    /// Takes all selective acknowledgments back.
    pub(crate) fn forget_sacks(&mut self) {
        for segment in &mut self.segments {
            segment.flags &= !SACKED;
        }
        (self.sacked_octets, self.sacked_segments, self.seen) = (0, 0, SackRanges::EMPTY);
        self.rebuild_send_order();
    }

    /// A tail loss probe was sent; `end` is SND.NXT after it.
    pub(crate) fn on_probe_sent(&mut self, end: SeqNumber, is_retransmission: bool) {
        self.probe = Some(Probe { end, is_retransmission });
    }

    /// A tail loss probe is outstanding; there is never more than one.
    pub(crate) fn has_probe(&self) -> bool {
        self.probe.is_some()
    }

    /// The earliest segment that is lost and was not sent again since.
    #[inline]
    pub(crate) fn next_lost(&self) -> Option<SackRange> {
        let index = self.locate(self.first_lost?.max(self.una))?;
        Some(self.segments[index].range())
    }

    /// Something is lost and was not sent again since.
    #[inline]
    pub(crate) fn has_lost(&self) -> bool {
        self.first_lost.is_some()
    }

    /// The segment at SND.UNA.
    pub(crate) fn first(&self) -> Option<SackRange> {
        self.segments.front().map(Segment::range)
    }

    /// The segment that ends at SND.NXT.
    pub(crate) fn last(&self) -> Option<SackRange> {
        self.segments.back().map(Segment::range)
    }

    #[cfg(test)]
    /// When the segment at SND.UNA was last sent.
    pub(crate) fn first_sent_at(&self) -> Option<Instant> {
        self.segments.front().map(|first| first.sent_at)
    }

    #[cfg(test)]
    /// When anything was last sent.
    pub(crate) fn last_sent_at(&self) -> Option<Instant> {
        (!self.segments.is_empty()).then_some(self.last_sent_at)
    }

    /// What is believed to be in the network ("pipe" of RFC 6675).
    #[inline]
    pub(crate) fn flight_octets(&self) -> u32 {
        let settled = self.sacked_octets + self.lost_octets;
        (self.outstanding_octets() - settled).saturating_sub(self.duplicate_octets)
    }

    /// Octets between SND.UNA and SND.NXT that are selectively acknowledged.
    pub(crate) fn sacked_octets(&self) -> u32 {
        self.sacked_octets
    }

    #[cfg(test)]
    /// Octets that are lost and were not sent again since.
    pub(crate) fn lost_octets(&self) -> u32 {
        self.lost_octets
    }

    /// Octets between SND.UNA and SND.NXT.
    #[inline]
    pub(crate) fn outstanding_octets(&self) -> u32 {
        octets_between(self.una, self.high)
    }

    /// Nothing waits for an acknowledgment.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// No further segment may be sent until one is acknowledged.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.segments.len() >= MAX_SEGMENTS
    }

    /// The segments that wait for an acknowledgment.
    pub(crate) fn segments(&self) -> usize {
        self.segments.len()
    }

    #[cfg(test)]
    /// A loss episode is going on.
    pub(crate) fn in_recovery(&self) -> bool {
        self.in_recovery
    }

    fn note_transmission(&mut self, now: Instant, start: SeqNumber) -> u32 {
        let serial = self.next_serial;
        self.next_serial = serial.wrapping_add(1);
        self.last_sent_at = now;
        self.send_order.push_back(Sent { start, serial });
        serial
    }

    /// The record that holds `seq`.
    fn locate(&self, seq: SeqNumber) -> Option<usize> {
        if self.segments.front().is_some_and(|first| seq.within(first.start, first.end)) {
            self.touch();
            return Some(0);
        }
        let index = self.segments.partition_point(|segment| {
            self.touch();
            segment.end.at_or_before(seq)
        });
        self.segments.get(index).filter(|segment| segment.start.at_or_before(seq)).map(|_| index)
    }

    /// Drops what lies before `una`, and returns how many octets that were.
    fn take_acked(&mut self, una: SeqNumber, reading: &mut Reading) -> u32 {
        if una.at_or_before(self.una) {
            return 0;
        }
        let acked_octets = octets_between(self.una, una);
        let first_octets = self.segments.front().map_or(0, Segment::octets);
        while let Some(&segment) = self.segments.front() {
            self.touch();
            if segment.end.after(una) {
                break;
            }
            self.segments.pop_front();
            self.settle(&segment, segment.octets());
            if !segment.is(SACKED) {
                self.deliver(&segment, reading);
            }
        }
        if let Some(&cut) = self.segments.front()
            && cut.start.before(una)
        {
            self.settle(&cut, octets_between(cut.start, una));
            self.segments[0].start = una;
        }
        self.una = una;
        // Of what the duplicates had reported, all but the hole itself is acknowledged now.
        self.duplicate_octets = self.duplicate_octets.saturating_sub(acked_octets.saturating_sub(first_octets));
        if self.first_lost.is_some_and(|lost| lost.before(una)) {
            self.seek_lost(0);
        }
        acked_octets
    }

    /// Takes octets of a segment that are acknowledged out of the counters.
    fn settle(&mut self, segment: &Segment, octets: u32) {
        if segment.is(SACKED) {
            self.sacked_octets -= octets;
            self.sacked_segments -= u32::from(octets == segment.octets());
        }
        if segment.is(LOST) {
            self.lost_octets -= octets;
        }
    }

    fn deliver(&mut self, segment: &Segment, reading: &mut Reading) {
        self.rack.on_delivered(segment.delivered(), &reading.evidence);
        if segment.is(RETRANSMITTED) {
            // 6298/4, 9293/MUST-18
            // Karn's rule: which transmission is acknowledged is not known, so nothing is measured.
            reading.retransmitted_at = reading.retransmitted_at.max(Some(segment.sent_at));
        } else if reading.newest.is_none_or(|(serial, _)| sent_before(serial, segment.serial)) {
            reading.newest = Some((segment.serial, reading.evidence.now - segment.sent_at));
        }
    }

    fn mark_lost(&mut self, index: usize) {
        let segment = self.segments[index];
        if segment.is(SACKED | LOST) {
            return;
        }
        self.segments[index].flags |= LOST;
        self.lost_octets += segment.octets();
        self.first_lost = Some(self.first_lost.map_or(segment.start, |first| first.min(segment.start)));
    }

    /// The record at `index` may have been the earliest lost one and is no longer lost: finds the next.
    fn seek_lost(&mut self, index: usize) {
        if self.lost_octets == 0 {
            self.first_lost = None;
            return;
        }
        let Some(first) = self.first_lost else { return };
        let from = match self.segments.get(index) {
            // Another one is the earliest: nothing changes.
            Some(segment) if first.at_or_after(self.una) && segment.start.after(first) => return,
            _ => index,
        };
        self.first_lost = self.segments.range(from..).find(|segment| segment.is(LOST)).map(|segment| segment.start);
    }

    /// The record whose last transmission is the oldest of those that are neither settled nor lost.
    fn oldest_in_flight(&mut self) -> Option<usize> {
        while let Some(&sent) = self.send_order.front() {
            if let Some(index) = self.in_flight(sent) {
                return Some(index);
            }
            self.send_order.pop_front();
        }
        None
    }

    fn in_flight(&self, sent: Sent) -> Option<usize> {
        // A segment that was acknowledged in part begins at SND.UNA now; one acknowledged as a whole does not match.
        let index = self.locate(sent.start.max(self.una))?;
        let segment = &self.segments[index];
        (segment.serial == sent.serial && !segment.is(SACKED | LOST)).then_some(index)
    }

    /// Keeps the order of transmission in proportion to what is in flight.
    fn prune_send_order(&mut self) {
        if self.segments.is_empty() {
            return self.send_order.clear();
        }
        self.oldest_in_flight();
        if self.send_order.len() > 2 * self.segments.len() + STALE_SLACK {
            self.rebuild_send_order();
        }
    }

    fn rebuild_send_order(&mut self) {
        let in_flight = self.segments.iter().filter(|segment| !segment.is(SACKED | LOST));
        self.send_order.clear();
        self.send_order.extend(in_flight.map(|segment| Sent { start: segment.start, serial: segment.serial }));
        // Distances to the next serial order the transmissions from the oldest to the newest.
        let next = self.next_serial;
        self.send_order.make_contiguous().sort_by_key(|sent| core::cmp::Reverse(next.wrapping_sub(sent.serial)));
    }

    /// Counts a look at a record, for the test of what an acknowledgment costs.
    #[inline]
    fn touch(&self) {
        #[cfg(test)]
        self.touches.set(self.touches.get() + 1);
    }
}

/// `end - start`, for numbers in order.
fn octets_between(start: SeqNumber, end: SeqNumber) -> u32 {
    end.0.wrapping_sub(start.0)
}

#[cfg(test)]
mod tests;
