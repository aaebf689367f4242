//! The time that the driver tells its stack: nanoseconds on the monotonic clock since the driver was made.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use synsent_stack::Instant;

/// A monotonic clock with an origin of its own, which also knows what the time of day was then.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: std::time::Instant,
    origin_since_epoch: Duration,
}

impl Clock {
    /// A clock whose origin is now.
    pub fn new() -> Clock {
        let origin_since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Clock { origin: std::time::Instant::now(), origin_since_epoch }
    }

    /// The time now.
    pub fn now(&self) -> Instant {
        Instant::ZERO + self.origin.elapsed()
    }

    /// The time of day of a point in time, as long as nobody sets the system's clock.
    pub fn since_epoch(&self, at: Instant) -> Duration {
        self.origin_since_epoch + at.since(Instant::ZERO)
    }
}

impl Default for Clock {
    fn default() -> Clock {
        Clock::new()
    }
}
