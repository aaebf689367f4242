//! The law of CUBIC (RFC 9438): the window is a cubic function of the time since the last loss.
//!
//! It rises fast towards the window of the last loss, lingers there, then probes beyond it. Time is counted from the
//! first acknowledgment of congestion avoidance and stands still while the window is not what limits the sender. Beside
//! it runs an estimate of what Reno would have reached, and the larger of the two rules. Windows are octets, times are
//! milliseconds in 32 bits, all arithmetic is integer; the remainders of divisions are carried, not dropped.

use super::{MAX_WINDOW_OCTETS, Window};
use crate::time::{Duration, Instant};

/// The time from the plateau beyond which the cube is cut: it then names more octets than any window has.
const MAX_SPAN_MILLIS: i64 = 200_000;

/// The growth since one loss.
#[derive(Clone, Copy, Debug, Default)]
struct Epoch {
    /// The window at the last loss, where the plateau is (W_max); 0 when there is none.
    w_max: u32,
    /// The window just before the last loss (cwnd_prior).
    cwnd_prior: u32,
    /// The window that Reno would have (W_est); 0 while the clock does not run.
    w_est: u32,
    /// The time from the start to the plateau (K).
    k_millis: u32,
    /// When the clock started, shifted by the time that does not count.
    start_millis: u32,
}

/// What CUBIC remembers between acknowledgments.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cubic {
    epoch: Epoch,
    /// The epoch before the last loss, in case that it is undone.
    before: Epoch,
    /// When the last acknowledgment of congestion avoidance came.
    last_ack_millis: u32,
    /// What the divisions by the window left over.
    growth_remainder: u32,
    estimate_remainder: u32,
}

impl Cubic {
    /// New data was acknowledged in congestion avoidance. `growing` is false while the window is not the limit.
    pub(super) fn on_ack(
        &mut self,
        window: &mut Window,
        now: Instant,
        acked_octets: u32,
        srtt: Option<Duration>,
        growing: bool,
    ) {
        // The clock wraps after 49 days; only differences are used.
        let now_millis = now.millis() as u32;
        if self.epoch.w_est == 0 {
            self.start_epoch(window, now_millis);
        } else if !growing {
            // Time in which the window was not used does not count (RFC 9438 section 4.2).
            let idle_millis = now_millis.wrapping_sub(self.last_ack_millis);
            self.epoch.start_millis = self.epoch.start_millis.wrapping_add(idle_millis);
        }
        self.last_ack_millis = now_millis;
        if growing && acked_octets > 0 {
            let elapsed = i64::from(now_millis.wrapping_sub(self.epoch.start_millis));
            let srtt = srtt.map_or(0, |srtt| i64::try_from(srtt.as_millis()).unwrap_or(MAX_SPAN_MILLIS));
            self.grow(window, acked_octets, elapsed, srtt);
        }
    }

    /// The threshold after a loss; the plateau moves to where the loss was (RFC 9438 sections 4.6 and 4.7).
    pub(super) fn reduce(&mut self, window: &Window, flight_octets: u32) -> u32 {
        let fell_short = window.cwnd < self.epoch.w_max;
        // Fast convergence: who lost before the old plateau leaves room for others.
        let w_max = if fell_short { fraction(window.cwnd, 85, 100) } else { window.cwnd };
        self.epoch = Epoch { w_max, cwnd_prior: window.cwnd, ..Epoch::default() };
        fraction(flight_octets, 7, 10)
    }

    /// After a timeout there is no plateau: the next epoch starts with K = 0 (RFC 9438 section 4.8).
    pub(super) fn after_timeout(&mut self) {
        self.epoch.w_max = 0;
        self.epoch.w_est = 0;
    }

    /// The clock stops; the next acknowledgment of congestion avoidance starts it anew.
    pub(super) fn end_epoch(&mut self) {
        self.epoch.w_est = 0;
    }

    /// Keeps the epoch for [`Cubic::restore`].
    pub(super) fn remember(&mut self) {
        self.before = self.epoch;
    }

    /// The loss was none: the epoch before it goes on (RFC 9438 section 4.9).
    pub(super) fn restore(&mut self) {
        self.epoch = self.before;
    }

    fn start_epoch(&mut self, window: &Window, now_millis: u32) {
        let to_plateau = self.epoch.w_max.saturating_sub(window.cwnd);
        if to_plateau == 0 {
            self.epoch.w_max = window.cwnd;
        }
        // K^3 = (W_max - cwnd) / C in seconds and segments; C is 0.4. The product is below 2^62.
        let cube = u64::from(to_plateau) * 2_500_000_000 / u64::from(window.mss);
        self.epoch.k_millis = cube_root(cube);
        self.epoch.w_est = window.cwnd;
        self.epoch.start_millis = now_millis;
        self.growth_remainder = 0;
        self.estimate_remainder = 0;
    }

    fn grow(&mut self, window: &mut Window, acked_octets: u32, elapsed_millis: i64, srtt_millis: i64) {
        self.estimate_reno(window, acked_octets);
        if self.cubic_window(window, elapsed_millis) < self.epoch.w_est {
            window.cwnd = window.cwnd.max(self.epoch.w_est).min(MAX_WINDOW_OCTETS);
            return;
        }
        let most = fraction(window.cwnd, 3, 2);
        let target = self.cubic_window(window, elapsed_millis + srtt_millis).clamp(window.cwnd, most);
        let product = u64::from(target - window.cwnd) * u64::from(acked_octets.min(window.cwnd))
            + u64::from(self.growth_remainder);
        let cwnd = u64::from(window.cwnd);
        // Both the quotient (no more than half a window) and the remainder are below 2^32.
        self.growth_remainder = (product % cwnd) as u32;
        window.grow((product / cwnd) as u32);
    }

    /// `W_cubic` at a time since the start: C * (t - K)^3 + W_max.
    fn cubic_window(&self, window: &Window, elapsed_millis: i64) -> u32 {
        let span = (elapsed_millis - i64::from(self.epoch.k_millis)).clamp(-MAX_SPAN_MILLIS, MAX_SPAN_MILLIS);
        // In steps, so that 64 bits suffice: 2e5^3 / 1e3 * 65,535 * 4 is about 2e18.
        let offset = span * span * span / 1_000 * i64::from(window.mss) * 4 / 10_000_000;
        (i64::from(self.epoch.w_max) + offset).clamp(0, i64::from(MAX_WINDOW_OCTETS)) as u32
    }

    /// `W_est` grows as Reno with this decrease would: 9/17 of a segment a window, and a whole segment beyond the window
    /// of the last loss (RFC 9438 section 4.3).
    fn estimate_reno(&mut self, window: &Window, acked_octets: u32) {
        let segment = u64::from(acked_octets.min(window.cwnd)) * u64::from(window.mss);
        let product = if self.epoch.w_est < self.epoch.cwnd_prior { segment * 9 / 17 } else { segment };
        let sum = product + u64::from(self.estimate_remainder);
        let cwnd = u64::from(window.cwnd);
        self.estimate_remainder = (sum % cwnd) as u32;
        self.epoch.w_est = self.epoch.w_est.saturating_add((sum / cwnd) as u32).min(MAX_WINDOW_OCTETS);
    }
}

/// `octets * numerator / denominator`, for fractions below four.
fn fraction(octets: u32, numerator: u64, denominator: u64) -> u32 {
    u32::try_from(u64::from(octets) * numerator / denominator).unwrap_or(u32::MAX)
}

/// The greatest number whose cube is not greater.
fn cube_root(cube: u64) -> u32 {
    let mut root: u64 = 0;
    // The cube of a number of 22 bits is below 2^66; the comparison is made in 128 bits.
    for bit in (0..22).rev() {
        let candidate = root | (1 << bit);
        if u128::from(candidate).pow(3) <= u128::from(cube) {
            root = candidate;
        }
    }
    root as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MSS: u32 = 1_000;

    /// Acknowledges one window a round trip until `millis` have passed.
    fn run(law: &mut Cubic, window: &mut Window, from_millis: u64, millis: u64, rtt_millis: u64, growing: bool) {
        let srtt = Some(Duration::from_millis(rtt_millis));
        for round in 0..=millis / rtt_millis {
            let now = Instant::from_millis(from_millis + round * rtt_millis);
            for _ in 0..window.cwnd / MSS {
                law.on_ack(window, now, MSS, srtt, growing);
            }
        }
    }

    fn after_loss_at(cwnd: u32) -> (Cubic, Window) {
        let mut law = Cubic::default();
        let mut window = Window { mss: MSS, cwnd, ssthresh: cwnd };
        let ssthresh = law.reduce(&window, cwnd);
        window = Window { cwnd: ssthresh, ssthresh, ..window };
        (law, window)
    }

    #[test]
    fn the_plateau_is_reached_after_k() {
        // 1,000 segments lost at: K = cbrt(300 / 0.4) = 9.086 s.
        let (mut law, mut window) = after_loss_at(1_000_000);
        assert_eq!(window.cwnd, 700_000);
        run(&mut law, &mut window, 5_000, 9_000, 100, true);
        assert_eq!(law.epoch.k_millis, 9_085);
        assert!((995_000..=1_000_500).contains(&window.cwnd), "{}", window.cwnd);
        // Beyond it the window is convex again: 5 s later it is 0.4 * 5^3 = 50 segments higher.
        run(&mut law, &mut window, 14_100, 5_000, 100, true);
        assert!((1_040_000..=1_060_000).contains(&window.cwnd), "{}", window.cwnd);
    }

    #[test]
    fn a_small_window_grows_as_reno_does() {
        // 20 segments at 10 ms: the cubic function is far slower than Reno, which takes 17/9 round trips a segment.
        let (mut law, mut window) = after_loss_at(20_000);
        run(&mut law, &mut window, 0, 90, 10, true);
        assert!((18_500..=20_000).contains(&window.cwnd), "{}", window.cwnd);
    }

    #[test]
    fn time_in_which_the_window_was_not_used_does_not_count() {
        let (mut law, mut window) = after_loss_at(1_000_000);
        run(&mut law, &mut window, 0, 1_000, 100, true);
        let (law_then, window_then) = (law, window);
        run(&mut law, &mut window, 1_100, 60_000, 100, false);
        assert_eq!(window.cwnd, window_then.cwnd);
        run(&mut law, &mut window, 61_100, 1_000, 100, true);
        let (mut busy_law, mut busy_window) = (law_then, window_then);
        run(&mut busy_law, &mut busy_window, 1_000, 1_000, 100, true);
        assert!(window.cwnd.abs_diff(busy_window.cwnd) < 10_000);
    }

    #[test]
    fn a_loss_before_the_plateau_lowers_it_further() {
        let (mut law, window) = after_loss_at(1_000_000);
        assert_eq!(law.epoch.w_max, 1_000_000);
        law.reduce(&window, 700_000);
        // 700,000 * (1 + 0.7) / 2.
        assert_eq!(law.epoch.w_max, 595_000);
    }

    #[test]
    fn after_a_timeout_the_plateau_is_where_avoidance_begins() {
        let (mut law, mut window) = after_loss_at(1_000_000);
        law.after_timeout();
        law.on_ack(&mut window, Instant::ZERO, MSS, None, true);
        assert_eq!((law.epoch.k_millis, law.epoch.w_max), (0, 700_000));
    }

    #[test]
    fn an_undone_loss_leaves_the_epoch_as_it_was() {
        let (mut law, mut window) = after_loss_at(1_000_000);
        run(&mut law, &mut window, 0, 1_000, 100, true);
        let epoch = law.epoch;
        law.remember();
        law.reduce(&window, 700_000);
        law.restore();
        assert_eq!((law.epoch.w_max, law.epoch.k_millis), (epoch.w_max, epoch.k_millis));
        law.end_epoch();
        assert_eq!(law.epoch.w_est, 0);
    }

    proptest! {
        #[test]
        fn the_cube_root_is_the_integer_below(root in 0u64..2_000_000, more: u64) {
            let (cube, next) = (root.pow(3), (root + 1).pow(3));
            prop_assert_eq!(u64::from(cube_root(cube + more % (next - cube))), root);
        }
    }
}
