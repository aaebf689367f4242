//! The law of Reno (RFC 5681): one segment more each round trip, half of the flight after a loss.
//!
//! Growth counts octets, not acknowledgments, so that a peer gains nothing by acknowledging in small pieces and loses
//! nothing by acknowledging in large ones.

use super::Window;

/// What Reno remembers between acknowledgments.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct NewReno {
    /// Octets acknowledged since the window last grew.
    acked_octets: u32,
}

impl NewReno {
    /// New data was acknowledged in congestion avoidance while the window was the limit.
    pub(super) fn on_ack(&mut self, window: &mut Window, acked_octets: u32) {
        self.acked_octets = self.acked_octets.saturating_add(acked_octets);
        if self.acked_octets >= window.cwnd {
            // More than one segment a round trip is never added, however much one acknowledgment covers.
            self.acked_octets = (self.acked_octets - window.cwnd).min(window.cwnd - 1);
            window.grow(window.mss);
        }
    }

    /// The threshold after a loss.
    pub(super) fn reduce(&mut self, flight_octets: u32) -> u32 {
        self.acked_octets = 0;
        flight_octets / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // 9293/MUST-19
    #[test]
    fn the_window_grows_by_one_segment_each_window_acknowledged() {
        let mut window = Window { mss: 1_000, cwnd: 10_000, ssthresh: 10_000 };
        let mut law = NewReno::default();
        for _ in 0..9 {
            law.on_ack(&mut window, 1_000);
            assert_eq!(window.cwnd, 10_000);
        }
        law.on_ack(&mut window, 1_000);
        assert_eq!(window.cwnd, 11_000);
        law.on_ack(&mut window, 11_000);
        assert_eq!(window.cwnd, 12_000);
        assert_eq!(law.reduce(12_000), 6_000);
    }
}
