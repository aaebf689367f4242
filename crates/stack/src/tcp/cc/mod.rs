//! Congestion control: how much may be in flight (RFC 5681, RFC 6928), under the law of NewReno or of CUBIC.
//!
//! The owner reports what happened (new data acknowledged, a loss episode began or ended, the timer expired, the line was
//! idle) and reads [`CongestionControl::window`]. Slow start, the reactions to loss and their undoing are common and
//! stand here; how the window grows in congestion avoidance and how far it falls is the law of the algorithm. When a
//! segment counts as lost is the scoreboard's business; pacing is nobody's.

mod cubic;
mod newreno;

use crate::time::{Duration, Instant};
use cubic::Cubic;
use newreno::NewReno;

/// The law of growth in congestion avoidance.
// 9293/MAY-18
// Besides the Reno law of RFC 5681 there is another standard one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Algorithm {
    /// Reno with the recovery of RFC 6582.
    NewReno,
    /// CUBIC (RFC 9438).
    #[default]
    Cubic,
}

/// The segments of the initial window (RFC 6928).
const INITIAL_SEGMENTS: u32 = 10;
/// The octets up to which large segments fill the initial window.
const INITIAL_OCTETS: u32 = 14_600;
/// The segments that one acknowledgment may add in slow start (L of RFC 3465).
const SLOW_START_SEGMENTS: u32 = 2;
/// The least window after a loss, in segments.
const LEAST_SSTHRESH_SEGMENTS: u32 = 2;
/// No window beyond what window scaling can name is of use.
const MAX_WINDOW_OCTETS: u32 = 1 << 30;
/// No segment is larger.
const MAX_MSS_OCTETS: u32 = 65_535;

/// The numbers that both laws work on.
#[derive(Clone, Copy, Debug)]
struct Window {
    mss: u32,
    cwnd: u32,
    ssthresh: u32,
}

impl Window {
    fn grow(&mut self, octets: u32) {
        self.cwnd = self.cwnd.saturating_add(octets).min(MAX_WINDOW_OCTETS);
    }
}

/// The state to return to when a loss proves not to have been one.
#[derive(Clone, Copy, Debug)]
struct Before {
    cwnd: u32,
    ssthresh: u32,
}

#[derive(Clone, Copy, Debug)]
enum Law {
    NewReno(NewReno),
    Cubic(Cubic),
}

/// The congestion state of one connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CongestionControl {
    window: Window,
    before: Option<Before>,
    law: Law,
    in_recovery: bool,
}

impl CongestionControl {
    /// The state of a new connection.
    pub(crate) fn new(algorithm: Algorithm, mss: u32) -> CongestionControl {
        let mss = mss.clamp(1, MAX_MSS_OCTETS);
        let law = match algorithm {
            Algorithm::NewReno => Law::NewReno(NewReno::default()),
            Algorithm::Cubic => Law::Cubic(Cubic::default()),
        };
        let window = Window { mss, cwnd: initial_window(mss), ssthresh: MAX_WINDOW_OCTETS };
        CongestionControl { window, before: None, law, in_recovery: false }
    }

    /// The congestion window, in octets.
    #[inline]
    pub(crate) fn window(&self) -> u32 {
        self.window.cwnd
    }

    #[cfg(test)]
    /// The slow start threshold, in octets.
    pub(crate) fn ssthresh(&self) -> u32 {
        self.window.ssthresh
    }

    /// The window doubles with each round trip.
    pub(crate) fn in_slow_start(&self) -> bool {
        self.window.cwnd < self.window.ssthresh
    }

    /// `acked_octets` of new data were acknowledged. `cwnd_limited` tells whether this window was what held the sender
    /// back: a window that was not used has proved nothing and does not grow. It does not grow in fast recovery either.
    // 9293/MUST-19
    // Slow start and congestion avoidance follow RFC 5681.
    pub(crate) fn on_ack(&mut self, now: Instant, acked_octets: u32, srtt: Option<Duration>, cwnd_limited: bool) {
        if acked_octets == 0 || self.in_recovery {
            return;
        }
        let growing = cwnd_limited && self.window.cwnd < MAX_WINDOW_OCTETS;
        let mut left_octets = acked_octets;
        if self.in_slow_start() {
            if !growing {
                return;
            }
            let most = acked_octets.min(SLOW_START_SEGMENTS * self.window.mss);
            let step = most.min(self.window.ssthresh - self.window.cwnd);
            self.window.grow(step);
            if self.in_slow_start() {
                return;
            }
            left_octets = most - step;
        }
        match &mut self.law {
            Law::NewReno(_) if !growing => {}
            Law::NewReno(law) => law.on_ack(&mut self.window, left_octets),
            Law::Cubic(law) => law.on_ack(&mut self.window, now, left_octets, srtt, growing),
        }
    }

    /// A loss episode begins (or the network marked a segment): the window falls, once for the episode.
    pub(crate) fn on_congestion(&mut self, _now: Instant, flight_octets: u32) {
        if self.in_recovery {
            return;
        }
        self.remember();
        self.lower_ssthresh(flight_octets);
        self.window.cwnd = self.window.ssthresh;
        self.in_recovery = true;
    }

    /// The retransmission timer expired; `first` when it is the first time for this segment.
    pub(crate) fn on_timeout(&mut self, _now: Instant, flight_octets: u32, first: bool) {
        if first {
            // An expiry within a recovery belongs to the same episode: what was remembered then is what to return to.
            if !self.in_recovery {
                self.remember();
            }
            self.lower_ssthresh(flight_octets);
            if let Law::Cubic(law) = &mut self.law {
                law.after_timeout();
            }
        }
        // The loss window is one segment, whatever the initial window was.
        self.window.cwnd = self.window.mss;
        self.in_recovery = false;
    }

    /// All that was in flight when the episode began has been acknowledged.
    pub(crate) fn on_recovery_end(&mut self) {
        self.in_recovery = false;
    }

    /// The episode proved to be spurious: nothing was lost, and the window returns to what it was.
    pub(crate) fn undo(&mut self) {
        let Some(before) = self.before.take() else { return };
        self.window.cwnd = self.window.cwnd.max(before.cwnd);
        self.window.ssthresh = before.ssthresh;
        self.in_recovery = false;
        if let Law::Cubic(law) = &mut self.law {
            law.restore();
        }
    }

    /// Nothing was sent for longer than the retransmission timeout: the path may have changed (RFC 5681 section 4.1).
    pub(crate) fn on_idle(&mut self) {
        self.window.cwnd = self.window.cwnd.min(initial_window(self.window.mss));
        if let Law::Cubic(law) = &mut self.law {
            law.end_epoch();
        }
    }

    /// The SYN or SYN-ACK was lost: the first window is one segment (RFC 5681 section 3.1).
    pub(crate) fn after_syn_retransmission(&mut self) {
        self.window.cwnd = self.window.mss;
    }

    /// The size of segments became known or changed. A window that is still the initial one follows.
    pub(crate) fn set_mss(&mut self, mss: u32) {
        let mss = mss.clamp(1, MAX_MSS_OCTETS);
        let untouched =
            self.window.cwnd == initial_window(self.window.mss) && self.window.ssthresh == MAX_WINDOW_OCTETS;
        self.window.mss = mss;
        self.window.cwnd = if untouched { initial_window(mss) } else { self.window.cwnd.max(mss) };
    }

    fn remember(&mut self) {
        self.before = Some(Before { cwnd: self.window.cwnd, ssthresh: self.window.ssthresh });
        if let Law::Cubic(law) = &mut self.law {
            law.remember();
        }
    }

    fn lower_ssthresh(&mut self, flight_octets: u32) {
        let reduced = match &mut self.law {
            Law::NewReno(law) => law.reduce(flight_octets),
            Law::Cubic(law) => law.reduce(&self.window, flight_octets),
        };
        let least = LEAST_SSTHRESH_SEGMENTS * self.window.mss;
        self.window.ssthresh = reduced.clamp(least, MAX_WINDOW_OCTETS);
    }
}

/// The window of a connection that knows nothing of its path (RFC 6928 section 2).
fn initial_window(mss: u32) -> u32 {
    (INITIAL_SEGMENTS * mss).min(INITIAL_OCTETS.max(2 * mss))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MSS: u32 = 1_000;
    const SRTT: Option<Duration> = Some(Duration::from_millis(100));
    const BOTH: [Algorithm; 2] = [Algorithm::NewReno, Algorithm::Cubic];

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    #[test]
    fn the_state_stays_small() {
        assert!(size_of::<CongestionControl>() <= 88, "{}", size_of::<CongestionControl>());
        assert_eq!(Algorithm::default(), Algorithm::Cubic);
    }

    #[test]
    fn the_initial_window_is_that_of_rfc_6928() {
        for (mss, window) in [(536, 5_360), (1_460, 14_600), (2_000, 14_600), (8_960, 17_920)] {
            assert_eq!(CongestionControl::new(Algorithm::Cubic, mss).window(), window);
            let mut later = CongestionControl::new(Algorithm::NewReno, 536);
            later.set_mss(mss);
            assert_eq!(later.window(), window);
        }
        let mut after_loss = CongestionControl::new(Algorithm::Cubic, MSS);
        after_loss.after_syn_retransmission();
        assert_eq!(after_loss.window(), MSS);
    }

    // 9293/MUST-19
    #[test]
    fn slow_start_adds_what_was_acknowledged_and_at_most_two_segments() {
        for algorithm in BOTH {
            let mut cc = CongestionControl::new(algorithm, MSS);
            assert!(cc.in_slow_start());
            cc.on_ack(at(0), 300, SRTT, true);
            assert_eq!(cc.window(), 10_300);
            cc.on_ack(at(0), 9_000, SRTT, true);
            assert_eq!(cc.window(), 12_300);
        }
    }

    #[test]
    fn a_window_that_was_not_the_limit_does_not_grow() {
        for algorithm in BOTH {
            let mut cc = CongestionControl::new(algorithm, MSS);
            cc.on_ack(at(0), 1_000, SRTT, false);
            assert_eq!(cc.window(), 10_000);
            cc.on_congestion(at(0), 10_000);
            cc.on_recovery_end();
            let window = cc.window();
            for step in 0..1_000 {
                cc.on_ack(at(step * 100), 1_000, SRTT, false);
            }
            assert_eq!(cc.window(), window);
        }
    }

    // 9293/MUST-19
    #[test]
    fn a_loss_lowers_the_window_once_an_episode() {
        for (algorithm, fallen) in [(Algorithm::NewReno, 10_000), (Algorithm::Cubic, 14_000)] {
            let mut cc = CongestionControl::new(algorithm, MSS);
            cc.on_congestion(at(0), 20_000);
            assert_eq!((cc.window(), cc.ssthresh()), (fallen, fallen));
            cc.on_congestion(at(1), 10_000);
            cc.on_ack(at(1), 5_000, SRTT, true);
            assert_eq!(cc.window(), fallen);
            cc.on_recovery_end();
            assert!(!cc.in_slow_start());
            let mut small = CongestionControl::new(algorithm, MSS);
            small.on_congestion(at(0), 1_000);
            assert_eq!(small.window(), 2 * MSS);
        }
    }

    // 9293/MUST-19
    #[test]
    fn a_timeout_leaves_one_segment_and_lowers_the_threshold_once() {
        for (algorithm, threshold) in [(Algorithm::NewReno, 10_000), (Algorithm::Cubic, 14_000)] {
            let mut cc = CongestionControl::new(algorithm, MSS);
            cc.on_timeout(at(0), 20_000, true);
            assert_eq!((cc.window(), cc.ssthresh()), (MSS, threshold));
            cc.on_timeout(at(1_000), 1_000, false);
            assert_eq!((cc.window(), cc.ssthresh()), (MSS, threshold));
            assert!(cc.in_slow_start());
        }
    }

    #[test]
    fn a_spurious_episode_is_undone() {
        for algorithm in BOTH {
            let mut cc = CongestionControl::new(algorithm, MSS);
            let before = (cc.window(), cc.ssthresh());
            cc.on_congestion(at(0), 10_000);
            cc.on_timeout(at(1), 10_000, true);
            cc.undo();
            assert_eq!((cc.window(), cc.ssthresh()), before);
            cc.undo();
            assert_eq!((cc.window(), cc.ssthresh()), before);
        }
    }

    #[test]
    fn an_idle_line_restarts_with_the_initial_window() {
        for algorithm in BOTH {
            let mut cc = CongestionControl::new(algorithm, MSS);
            for _ in 0..50 {
                cc.on_ack(at(0), 2_000, SRTT, true);
            }
            assert_eq!(cc.window(), 110_000);
            cc.on_idle();
            assert_eq!(cc.window(), 10_000);
        }
    }

    proptest! {
        #[test]
        fn the_window_stays_between_one_segment_and_the_largest(
            cubic: bool,
            mss in 1u32..70_000,
            steps in proptest::collection::vec((0u8..8, any::<u32>(), 0u64..1 << 36), 0..200),
        ) {
            let mut cc = CongestionControl::new(BOTH[usize::from(cubic)], mss);
            let mut now = Instant::ZERO;
            for (verb, value, nanos) in steps {
                now += Duration::from_nanos(nanos);
                match verb {
                    0..=2 => cc.on_ack(now, value, Some(Duration::from_nanos(nanos)), value % 4 != 0),
                    3 => cc.on_congestion(now, value),
                    4 => cc.on_timeout(now, value, value % 2 == 0),
                    5 => cc.on_recovery_end(),
                    6 => cc.undo(),
                    _ => cc.on_idle(),
                }
                prop_assert!(cc.window() >= mss.min(MAX_MSS_OCTETS) && cc.window() <= MAX_WINDOW_OCTETS);
                prop_assert!(cc.ssthresh() >= 2 * mss.min(MAX_MSS_OCTETS) && cc.ssthresh() <= MAX_WINDOW_OCTETS);
            }
        }
    }
}
