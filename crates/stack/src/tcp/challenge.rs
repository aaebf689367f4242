//! How many challenge ACKs a connection may send (RFC 5961 section 7).
//!
//! The answer to a suspicious segment must not become a weapon, so there is a limit in time. The limit belongs to one
//! connection: a counter shared by all would tell one peer, by the answers it misses, that another connection exists and
//! what its sequence numbers are. The length of a window is random as well, so that nobody can align with it.

use crate::time::{Duration, Instant};

/// The challenge ACKs of one window unless configured otherwise.
pub(crate) const CHALLENGES_PER_WINDOW: u16 = 10;

/// The least length of a window.
const WINDOW: Duration = Duration::from_secs(1);
/// What a window may be longer, in milliseconds.
const JITTER_MILLIS: u32 = 500;

/// The limit of one connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChallengeLimit {
    window_end: Instant,
    per_window: u16,
    left: u16,
}

impl Default for ChallengeLimit {
    fn default() -> ChallengeLimit {
        ChallengeLimit::new(CHALLENGES_PER_WINDOW)
    }
}

impl ChallengeLimit {
    /// A limit of `per_window` challenge ACKs a window; 0 forbids them all.
    pub(crate) const fn new(per_window: u16) -> ChallengeLimit {
        ChallengeLimit { window_end: Instant::ZERO, per_window, left: 0 }
    }

    /// Whether a challenge ACK may go out now; if so, it is counted. `jitter` is any random number.
    // 5961/5
    // Challenge ACKs are limited by a configurable counter of this connection, over windows of random length.
    pub(crate) fn allow(&mut self, now: Instant, jitter: u32) -> bool {
        if now >= self.window_end {
            let longer = Duration::from_millis(u64::from(jitter % JITTER_MILLIS));
            self.window_end = now + WINDOW + longer;
            self.left = self.per_window;
        }
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_limit_stays_small() {
        assert!(size_of::<ChallengeLimit>() <= 16);
    }

    // 5961/5
    #[test]
    fn ten_go_out_and_the_eleventh_waits_for_the_next_window() {
        let mut limit = ChallengeLimit::default();
        let start = Instant::from_secs(50);
        assert_eq!((0..100).filter(|_| limit.allow(start, 200)).count(), 10);
        assert!(!limit.allow(Instant::from_millis(51_199), 0));
        assert!(limit.allow(Instant::from_millis(51_200), 0));
        assert!(!ChallengeLimit::new(0).allow(start, 0));
    }

    // 5961/5
    #[test]
    fn one_connection_does_not_use_up_the_limit_of_another() {
        let (mut one, mut other) = (ChallengeLimit::default(), ChallengeLimit::default());
        while one.allow(Instant::ZERO, 0) {}
        assert!(other.allow(Instant::ZERO, 0));
    }

    proptest! {
        // 5961/5
        #[test]
        fn no_window_lets_more_through_than_its_limit(steps in proptest::collection::vec((0u64..400, any::<u32>()), 0..300)) {
            let mut limit = ChallengeLimit::new(3);
            let (mut now, mut sent) = (0, alloc::vec::Vec::new());
            for (millis, jitter) in steps {
                now += millis;
                if limit.allow(Instant::from_millis(now), jitter) {
                    sent.push(now);
                }
            }
            // Any four in a row span more than the rest of one window: the fourth is in a later one.
            prop_assert!(sent.windows(7).all(|seven| seven[6] - seven[0] >= 1_000));
        }
    }
}
