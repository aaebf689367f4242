//! RACK-TLP: loss detection by time (RFC 8985), as far as it needs no list of segments.
//!
//! [`Rack`] remembers the most recently sent segment that is known to have arrived, whether the path reorders, and how
//! long to wait for reordering; the scoreboard asks it when a segment is due. [`Probe`] is the outstanding tail loss
//! probe. Where the RFC compares times of transmission and breaks ties by sequence numbers, the order of transmissions
//! is used, which has no ties.

use synsent_wire::SeqNumber;
use synsent_wire::tcp::SackRange;

use crate::time::{Duration, Instant};

/// Selectively acknowledged segments that prove a loss while no reordering was ever seen.
pub(crate) const DUP_THRESH: u32 = 3;
/// The recoveries for which a widened reordering window lasts.
const WINDOW_PERSISTS_RECOVERIES: u8 = 16;
/// What a peer may delay its acknowledgment.
const MAX_ACK_DELAY: Duration = Duration::from_millis(200);
/// The shortest time after which a probe is sent: on a path of microseconds a peer that was not scheduled for a moment is no sign
/// of loss, and a probe for each such moment would be a storm.
const PROBE_TIMEOUT_MIN: Duration = Duration::from_millis(5);
/// The time before a probe while no round trip was measured.
const PROBE_TIMEOUT_UNMEASURED: Duration = Duration::from_secs(1);
/// The coarsest tick that the clock behind our timestamps may have.
const TIMESTAMP_TICK: Duration = Duration::from_millis(1);

/// One transmission that arrived.
#[derive(Clone, Copy, Debug)]
pub(super) struct Delivered {
    pub(super) end: SeqNumber,
    pub(super) sent_at: Instant,
    pub(super) serial: u32,
    pub(super) retransmitted: bool,
}

/// What an acknowledgment tells beside its numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Evidence {
    pub(super) now: Instant,
    pub(super) echo: Option<Instant>,
    pub(super) min_rtt: Option<Duration>,
}

impl Evidence {
    /// The timestamp echo proves that what arrived was sent before `sent_at`. A timestamp names only the tick in which a
    /// segment was sent, so that a whole tick must lie between.
    pub(super) fn is_before(&self, sent_at: Instant) -> bool {
        self.echo.is_some_and(|echo| echo + TIMESTAMP_TICK <= sent_at)
    }
}

/// The RACK state of one connection (RFC 8985 section 5.2).
#[derive(Clone, Copy, Debug)]
pub(super) struct Rack {
    /// The most recent transmission that arrived: when it was sent, its place in the order, and what it took.
    newest: Option<(Instant, u32, Duration)>,
    /// The highest end that arrived (RACK.fack).
    fack: Option<SeqNumber>,
    reordering_seen: bool,
    window_multiplier: u8,
    window_persists: u8,
    /// SND.NXT when the window was last widened; it is widened once a round trip.
    dsack_round: Option<SeqNumber>,
}

impl Default for Rack {
    fn default() -> Rack {
        Rack {
            newest: None,
            fack: None,
            reordering_seen: false,
            window_multiplier: 1,
            window_persists: WINDOW_PERSISTS_RECOVERIES,
            dsack_round: None,
        }
    }
}

impl Rack {
    /// A segment was acknowledged for the first time, cumulatively or selectively (steps 2 and 3 of section 6.2).
    pub(super) fn on_delivered(&mut self, segment: Delivered, evidence: &Evidence) {
        let rtt = evidence.now - segment.sent_at;
        let of_an_earlier_transmission = segment.retransmitted
            && (evidence.is_before(segment.sent_at) || evidence.min_rtt.is_some_and(|min_rtt| rtt < min_rtt));
        let is_newer = self.newest.is_none_or(|(_, serial, _)| sent_before(serial, segment.serial));
        if is_newer && !of_an_earlier_transmission {
            self.newest = Some((segment.sent_at, segment.serial, rtt));
        }
        match self.fack {
            Some(fack) if segment.end.before(fack) => self.reordering_seen |= !segment.retransmitted,
            _ => self.fack = Some(segment.end),
        }
    }

    /// An acknowledgment was read; `duplicate` when it told of a spurious retransmission (step 4 of section 6.2).
    pub(super) fn on_round(&mut self, una: SeqNumber, snd_nxt: SeqNumber, duplicate: bool) {
        if self.dsack_round.is_some_and(|round| una.at_or_after(round)) {
            self.dsack_round = None;
        }
        if duplicate && self.dsack_round.is_none() {
            self.dsack_round = Some(snd_nxt);
            self.window_multiplier = self.window_multiplier.saturating_add(1);
            self.window_persists = WINDOW_PERSISTS_RECOVERIES;
        }
    }

    /// A recovery ended: a widened window lasts for some of them.
    pub(super) fn on_recovery_end(&mut self) {
        self.window_persists = self.window_persists.saturating_sub(1);
        if self.window_persists == 0 {
            self.window_multiplier = 1;
        }
    }

    /// When the segment sent at `sent_at` as number `serial` counts as lost; `None` while nothing sent later arrived.
    pub(super) fn lost_at(&self, sent_at: Instant, serial: u32, window: Duration) -> Option<Instant> {
        let (_, newest, rtt) = self.newest?;
        sent_before(serial, newest).then(|| sent_at + rtt + window)
    }

    /// How long to wait for reordering.
    pub(super) fn reordering_window(
        &self,
        srtt: Option<Duration>,
        min_rtt: Option<Duration>,
        sacked_segments: u32,
        in_recovery: bool,
    ) -> Duration {
        if !self.reordering_seen && (in_recovery || sacked_segments >= DUP_THRESH) {
            return Duration::ZERO;
        }
        let quarter = min_rtt.unwrap_or(Duration::ZERO) / 4;
        let window = quarter * u32::from(self.window_multiplier);
        srtt.map_or(window, |srtt| window.min(srtt))
    }
}

/// The transmission `earlier` was made before `later`; numbers wrap.
pub(super) fn sent_before(earlier: u32, later: u32) -> bool {
    (earlier.wrapping_sub(later) as i32) < 0
}

/// The time after which a tail loss probe is sent (RFC 8985 section 7.2). `rto_left` is what remains until the
/// retransmission timer expires.
pub(crate) fn probe_timeout(srtt: Option<Duration>, rto_left: Duration, flight_segments: usize) -> Duration {
    let timeout = match srtt {
        Some(srtt) if flight_segments <= 1 => srtt * 2 + MAX_ACK_DELAY,
        Some(srtt) => (srtt * 2).max(PROBE_TIMEOUT_MIN),
        None => PROBE_TIMEOUT_UNMEASURED,
    };
    timeout.min(rto_left)
}

/// An outstanding tail loss probe.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Probe {
    /// SND.NXT when it was sent (TLP.end_seq).
    pub(super) end: SeqNumber,
    /// It repeats old data.
    pub(super) is_retransmission: bool,
}

/// What an acknowledgment means for a probe.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ProbeOutcome {
    /// Nothing is decided yet.
    Pending,
    /// The probe arrived and nothing had been lost.
    Harmless,
    /// The probe filled the place of a lost segment: the window must react as to any loss.
    RepairedLoss,
}

impl Probe {
    /// Reads an acknowledgment up to `una` (RFC 8985 section 7.4.2).
    pub(super) fn outcome(&self, una: SeqNumber, duplicate: Option<SackRange>) -> ProbeOutcome {
        if una.before(self.end) {
            ProbeOutcome::Pending
        } else if !self.is_retransmission || duplicate.is_some_and(|range| range.end == self.end) {
            ProbeOutcome::Harmless
        } else if una.after(self.end) {
            ProbeOutcome::RepairedLoss
        } else {
            ProbeOutcome::Pending
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIN_RTT: Option<Duration> = Some(Duration::from_millis(40));
    const SRTT: Option<Duration> = Some(Duration::from_millis(50));

    fn evidence(now_millis: u64) -> Evidence {
        Evidence { now: Instant::from_millis(now_millis), echo: None, min_rtt: MIN_RTT }
    }

    fn delivered(end: u32, sent_millis: u64, serial: u32, retransmitted: bool) -> Delivered {
        Delivered { end: SeqNumber(end), sent_at: Instant::from_millis(sent_millis), serial, retransmitted }
    }

    fn window(rack: &Rack, sacked: u32, in_recovery: bool) -> Duration {
        rack.reordering_window(SRTT, MIN_RTT, sacked, in_recovery)
    }

    #[test]
    fn without_reordering_three_segments_or_a_recovery_make_the_window_zero() {
        let mut rack = Rack::default();
        let quarter = Duration::from_millis(10);
        assert_eq!(window(&rack, 2, false), quarter);
        assert_eq!((window(&rack, 3, false), window(&rack, 0, true)), (Duration::ZERO, Duration::ZERO));
        rack.on_delivered(delivered(200, 1, 1, false), &evidence(50));
        rack.on_delivered(delivered(100, 0, 0, true), &evidence(50));
        assert_eq!(window(&rack, 3, false), Duration::ZERO);
        rack.on_delivered(delivered(100, 0, 0, false), &evidence(50));
        assert_eq!((window(&rack, 3, false), window(&rack, 3, true)), (quarter, quarter));
    }

    #[test]
    fn duplicates_widen_the_window_once_a_round_and_for_sixteen_recoveries() {
        let mut rack = Rack::default();
        for _ in 0..5 {
            rack.on_round(SeqNumber(0), SeqNumber(1_000), true);
        }
        assert_eq!(window(&rack, 0, false), Duration::from_millis(20));
        rack.on_round(SeqNumber(1_000), SeqNumber(2_000), true);
        assert_eq!(window(&rack, 0, false), Duration::from_millis(30));
        for round in 2..100 {
            rack.on_round(SeqNumber(round * 1_000), SeqNumber(round * 1_000 + 1_000), true);
        }
        assert_eq!(window(&rack, 0, false), SRTT.unwrap());
        for _ in 0..15 {
            rack.on_recovery_end();
        }
        assert_eq!(window(&rack, 0, false), SRTT.unwrap());
        rack.on_recovery_end();
        assert_eq!(window(&rack, 0, false), Duration::from_millis(10));
    }

    #[test]
    fn the_acknowledgment_of_an_earlier_transmission_says_nothing_of_the_later_one() {
        let mut rack = Rack::default();
        rack.on_delivered(delivered(100, 1_000, 5, true), &evidence(1_020));
        assert_eq!(rack.lost_at(Instant::ZERO, 1, Duration::ZERO), None, "faster than the path ever was");
        let told = Evidence { echo: Some(Instant::from_millis(900)), ..evidence(1_100) };
        rack.on_delivered(delivered(100, 1_000, 5, true), &told);
        assert_eq!(rack.lost_at(Instant::ZERO, 1, Duration::ZERO), None, "told by the timestamp");
        rack.on_delivered(delivered(100, 1_000, 5, true), &evidence(1_100));
        assert_eq!(rack.lost_at(Instant::ZERO, 1, Duration::ZERO), Some(Instant::from_millis(100)));
    }

    #[test]
    fn the_probe_timeout_is_two_round_trips_and_never_beyond_the_timer() {
        let (srtt, second) = (Some(Duration::from_millis(100)), Duration::from_secs(1));
        assert_eq!(probe_timeout(srtt, second, 5), Duration::from_millis(200));
        assert_eq!(probe_timeout(srtt, second, 1), Duration::from_millis(400));
        assert_eq!(probe_timeout(srtt, Duration::from_millis(300), 1), Duration::from_millis(300));
        assert_eq!(probe_timeout(None, second * 3, 1), second);
        assert_eq!(probe_timeout(Some(Duration::from_micros(50)), second, 5), Duration::from_millis(5));
    }

    #[test]
    fn a_probe_that_repeats_data_tells_a_loss_unless_it_is_reported_as_a_duplicate() {
        let (end, more) = (SeqNumber(100), SeqNumber(200));
        let again = Probe { end, is_retransmission: true };
        let duplicate = Some(SackRange { start: SeqNumber(50), end });
        assert_eq!(again.outcome(SeqNumber(99), None), ProbeOutcome::Pending);
        assert_eq!(again.outcome(end, None), ProbeOutcome::Pending);
        assert_eq!(again.outcome(end, duplicate), ProbeOutcome::Harmless);
        assert_eq!(again.outcome(more, None), ProbeOutcome::RepairedLoss);
        assert_eq!(Probe { end, is_retransmission: false }.outcome(end, None), ProbeOutcome::Harmless);
    }
}
