//! The round-trip time and the retransmission timeout made of it (RFC 6298).
//!
//! The owner hands in a measurement when Karn's rule allows one (a segment that was sent once, or a timestamp echo) and
//! calls [`RttEstimator::back_off`] when the timer expires. The estimator has no timer of its own. Everything is kept in
//! microseconds in 32 bits, which reach 71 minutes and keep the estimator small enough to stand in every connection.

use crate::time::Duration;

/// The bounds of the retransmission timeout.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct RtoConfig {
    /// The timeout before anything was measured.
    pub(crate) initial: Duration,
    /// The least timeout.
    pub(crate) min: Duration,
    /// The greatest timeout, however often it was doubled; RFC 6298 (2.5) wants at least 60 seconds.
    pub(crate) max: Duration,
}

impl Default for RtoConfig {
    fn default() -> RtoConfig {
        // 6298/1
        // Before the first measurement the timeout is one second.
        RtoConfig {
            initial: Duration::from_secs(1),
            min: Duration::from_millis(200),
            // 6298/2
            // The cap is not below 60 seconds.
            max: Duration::from_secs(120),
        }
    }
}

/// What the timeout for data starts at when the SYN had to be sent again.
const RTO_AFTER_SYN_LOSS: Duration = Duration::from_secs(3);

/// The assumed granularity of the clock (G of RFC 6298).
const GRANULARITY_MICROS: u32 = 1_000;

/// SRTT, RTTVAR and RTO of one connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RttEstimator {
    srtt_micros: u32,
    rttvar_micros: u32,
    min_rtt_micros: u32,
    /// The timeout before doubling.
    base_rto_micros: u32,
    floor_micros: u32,
    cap_micros: u32,
    doublings: u8,
    measured: bool,
}

impl RttEstimator {
    /// An estimator that has measured nothing.
    pub(crate) fn new(config: &RtoConfig) -> RttEstimator {
        let cap_micros = micros(config.max).max(1);
        let floor_micros = micros(config.min).min(cap_micros);
        RttEstimator {
            srtt_micros: 0,
            rttvar_micros: 0,
            min_rtt_micros: u32::MAX,
            base_rto_micros: micros(config.initial).clamp(floor_micros, cap_micros),
            floor_micros,
            cap_micros,
            doublings: 0,
            measured: false,
        }
    }

    /// Takes a measurement of which it is sure what transmission it belongs to.
    // 9293/MUST-18
    // SRTT and RTTVAR follow RFC 6298 section 2; that a segment sent twice is never measured is the scoreboard's part.
    pub(crate) fn sample(&mut self, rtt: Duration) {
        let rtt = micros(rtt).max(1);
        self.min_rtt_micros = self.min_rtt_micros.min(rtt);
        if self.measured {
            let deviation = self.srtt_micros.abs_diff(rtt);
            self.rttvar_micros = weighted(self.rttvar_micros, deviation, 4);
            self.srtt_micros = weighted(self.srtt_micros, rtt, 8);
        } else {
            self.measured = true;
            self.srtt_micros = rtt;
            self.rttvar_micros = rtt / 2;
        }
        let spread = self.rttvar_micros.saturating_mul(4).max(GRANULARITY_MICROS);
        self.base_rto_micros = self.srtt_micros.saturating_add(spread).clamp(self.floor_micros, self.cap_micros);
        // The new timeout comes from a measurement of new data, so that the doubling ends (RFC 6298 section 5).
        self.doublings = 0;
    }

    /// The time after which an unacknowledged segment is sent again.
    pub(crate) fn rto(&self) -> Duration {
        let doubled = u64::from(self.base_rto_micros) << self.doublings;
        Duration::from_micros(doubled.min(u64::from(self.cap_micros)))
    }

    /// The timer expired.
    // 6298/2
    // Each expiry doubles the timeout, up to the cap.
    pub(crate) fn back_off(&mut self) {
        if u64::from(self.base_rto_micros) << self.doublings < u64::from(self.cap_micros) {
            self.doublings += 1;
        }
    }

    /// New data was acknowledged, although nothing could be measured; or the expiry proved to be spurious.
    pub(crate) fn clear_backoff(&mut self) {
        self.doublings = 0;
    }

    /// The SYN or SYN-ACK had to be sent again before the connection came up.
    // 6298/3
    // The timeout for data then starts at three seconds.
    pub(crate) fn after_syn_retransmission(&mut self) {
        self.doublings = 0;
        self.base_rto_micros = self.base_rto_micros.max(micros(RTO_AFTER_SYN_LOSS)).min(self.cap_micros);
    }

    /// The smoothed round-trip time, once something was measured.
    pub(crate) fn srtt(&self) -> Option<Duration> {
        self.measured.then(|| Duration::from_micros(self.srtt_micros.into()))
    }

    #[cfg(test)]
    /// The deviation of the round-trip time, once something was measured.
    pub(crate) fn rttvar(&self) -> Option<Duration> {
        self.measured.then(|| Duration::from_micros(self.rttvar_micros.into()))
    }

    /// The shortest round-trip time of this connection, once something was measured.
    pub(crate) fn min_rtt(&self) -> Option<Duration> {
        self.measured.then(|| Duration::from_micros(self.min_rtt_micros.into()))
    }
}

/// Whole microseconds of a span, cut at what 32 bits hold.
fn micros(span: Duration) -> u32 {
    u32::try_from(span.as_micros()).unwrap_or(u32::MAX)
}

/// `old * (1 - 1/parts) + new / parts`, rounded.
fn weighted(old: u32, new: u32, parts: u64) -> u32 {
    let sum = u64::from(old) * (parts - 1) + u64::from(new) + parts / 2;
    // A weighted mean of two numbers of 32 bits fits 32 bits.
    u32::try_from(sum / parts).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn the_estimator_stays_small() {
        assert!(size_of::<RttEstimator>() <= 40);
    }

    // 6298/1
    #[test]
    fn before_a_measurement_the_timeout_is_one_second() {
        let rtt = RttEstimator::new(&RtoConfig::default());
        assert_eq!(rtt.rto(), millis(1_000));
        assert_eq!((rtt.srtt(), rtt.rttvar(), rtt.min_rtt()), (None, None, None));
    }

    // 9293/MUST-18
    #[test]
    fn the_first_two_measurements_follow_the_formulas() {
        let mut rtt = RttEstimator::new(&RtoConfig::default());
        rtt.sample(millis(400));
        // RTTVAR = R/2, RTO = R + 4 * R/2.
        assert_eq!((rtt.srtt(), rtt.rttvar(), rtt.rto()), (Some(millis(400)), Some(millis(200)), millis(1_200)));
        rtt.sample(millis(800));
        // RTTVAR = 3/4 * 200 + 1/4 * 400 = 250, SRTT = 7/8 * 400 + 1/8 * 800 = 450.
        assert_eq!((rtt.srtt(), rtt.rttvar(), rtt.rto()), (Some(millis(450)), Some(millis(250)), millis(1_450)));
        assert_eq!(rtt.min_rtt(), Some(millis(400)));
    }

    #[test]
    fn a_short_path_is_held_at_the_floor() {
        let mut rtt = RttEstimator::new(&RtoConfig::default());
        rtt.sample(Duration::from_micros(30));
        assert_eq!(rtt.rto(), millis(200));
    }

    // 6298/2, 9293/MUST-19
    #[test]
    fn the_timeout_doubles_up_to_the_cap_and_a_measurement_ends_it() {
        let mut rtt = RttEstimator::new(&RtoConfig::default());
        for seconds in [2, 4, 8, 16, 32, 64, 120, 120] {
            rtt.back_off();
            assert_eq!(rtt.rto(), Duration::from_secs(seconds));
        }
        for _ in 0..1_000 {
            rtt.back_off();
        }
        assert_eq!(rtt.rto(), Duration::from_secs(120));
        rtt.sample(millis(100));
        assert_eq!(rtt.rto(), millis(300));
        rtt.back_off();
        rtt.clear_backoff();
        assert_eq!(rtt.rto(), millis(300));
    }

    // 6298/3
    #[test]
    fn a_lost_syn_makes_the_first_timeout_three_seconds() {
        let mut rtt = RttEstimator::new(&RtoConfig::default());
        rtt.back_off();
        rtt.after_syn_retransmission();
        assert_eq!(rtt.rto(), Duration::from_secs(3));
    }

    proptest! {
        #[test]
        fn the_timeout_stays_within_its_bounds(steps in proptest::collection::vec((0u8..3, any::<u64>()), 0..200)) {
            let config = RtoConfig::default();
            let mut rtt = RttEstimator::new(&config);
            for (verb, value) in steps {
                match verb {
                    0 => rtt.sample(Duration::from_nanos(value)),
                    1 => rtt.back_off(),
                    _ => rtt.clear_backoff(),
                }
                prop_assert!(rtt.rto() >= config.min && rtt.rto() <= config.max);
            }
        }
    }
}
