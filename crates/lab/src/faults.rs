//! What a cable does wrong in one direction, and the transmitter that does it.
//!
//! [`Faults`] is the one struct of all faults; its default is a perfect cable without delay. A transmitter stands at each end
//! of a cable and decides, for each frame, what becomes of it: the decision is a pure function of the time, the frame and
//! the end's random stream. The order of what happens to a frame is that of a real path: too large for it, no room in the
//! queue, serialised at the rate, lost on the way, delayed, damaged, doubled.

use std::collections::VecDeque;

use synsent_stack::{Duration, Instant};

use crate::rng::Rng;

/// The faults of one direction of a cable. Probabilities are from 0 to 1 and apply to each frame alone.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Faults {
    /// How likely a frame is lost.
    pub loss: f64,
    /// How likely a frame arrives twice.
    pub duplicate: f64,
    /// How likely a frame is held back by `reorder_by`, so that later ones overtake it.
    pub reorder: f64,
    /// How long a frame that is held back arrives late.
    pub reorder_by: Duration,
    /// How likely a frame is damaged.
    pub corrupt: f64,
    /// How many bits at most are turned round in a damaged frame. More than one can cancel out in the Internet checksum:
    /// streams are sure to arrive intact only with one.
    pub corrupt_bits: u32,
    /// The time on the way.
    pub delay: Duration,
    /// A random time from zero to this is added to the delay; frames do not overtake each other by it.
    pub jitter: Duration,
    /// How fast frames are put on the cable, unit: bits per second; `None`: in no time.
    pub rate: Option<u64>,
    /// How many octets may wait to be put on the cable; more are dropped at the tail. Means nothing without a rate.
    pub queue_octets: usize,
    /// Larger IP packets vanish without a word, whatever the ends believe their MTU to be (a path-MTU black hole).
    pub mtu: Option<u16>,
}

impl Default for Faults {
    fn default() -> Faults {
        Faults {
            loss: 0.0,
            duplicate: 0.0,
            reorder: 0.0,
            reorder_by: Duration::from_millis(5),
            corrupt: 0.0,
            corrupt_bits: 1,
            delay: Duration::ZERO,
            jitter: Duration::ZERO,
            rate: None,
            queue_octets: 64 << 10,
            mtu: None,
        }
    }
}

impl Faults {
    /// A perfect cable with a delay.
    pub fn delay(delay: Duration) -> Faults {
        Faults { delay, ..Faults::default() }
    }
}

/// What became of a frame at the moment it was sent.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Fate {
    /// It is on its way.
    Carried,
    /// It is on its way twice.
    Doubled,
    /// It is on its way, with bits turned round.
    Damaged,
    /// Lost by chance.
    Lost,
    /// The transmit queue had no room.
    QueueFull,
    /// Larger than the MTU of the cable.
    TooBig,
    /// The cable was down.
    Down,
    /// A rule of the test dropped it.
    Ruled,
}

/// A frame that will arrive.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) at: Instant,
    pub(crate) frame: Vec<u8>,
}

/// One end of a cable, as far as it sends.
#[derive(Debug)]
pub(crate) struct Transmitter {
    pub(crate) faults: Faults,
    rng: Rng,
    /// When the last frame that was accepted will be on the cable wholly.
    free_at: Instant,
    /// What waits to be on the cable: when each will be, and its octets.
    waiting: VecDeque<(Instant, usize)>,
    waiting_octets: usize,
    /// When the last frame in order arrives: jitter does not let the next one overtake it.
    last_arrival: Instant,
}

impl Transmitter {
    pub(crate) fn new(rng: Rng) -> Transmitter {
        Transmitter {
            faults: Faults::default(),
            rng,
            free_at: Instant::ZERO,
            waiting: VecDeque::new(),
            waiting_octets: 0,
            last_arrival: Instant::ZERO,
        }
    }

    /// Decides on a frame; what will arrive is added to `arrivals`. `header_octets` of the frame are the link's own.
    pub(crate) fn send(
        &mut self,
        now: Instant,
        frame: &[u8],
        header_octets: usize,
        arrivals: &mut Vec<Arrival>,
    ) -> Fate {
        if self.faults.mtu.is_some_and(|mtu| frame.len().saturating_sub(header_octets) > usize::from(mtu)) {
            return Fate::TooBig;
        }
        let Some(departure) = self.depart(now, frame.len()) else { return Fate::QueueFull };
        if self.rng.chance(self.faults.loss) {
            return Fate::Lost;
        }
        let mut fate = Fate::Carried;
        let mut copies = 1;
        if self.rng.chance(self.faults.duplicate) {
            fate = Fate::Doubled;
            copies = 2;
        }
        for _ in 0..copies {
            let mut frame = frame.to_vec();
            if self.rng.chance(self.faults.corrupt) {
                fate = Fate::Damaged;
                self.damage(&mut frame);
            }
            let at = self.arrival_time(departure);
            arrivals.push(Arrival { at, frame });
        }
        fate
    }

    /// Forgets what waits: the cable was cut.
    pub(crate) fn reset(&mut self, now: Instant) {
        self.waiting.clear();
        self.waiting_octets = 0;
        self.free_at = now;
    }

    /// When a frame will be on the cable wholly, or `None` when the queue has no room.
    fn depart(&mut self, now: Instant, octets: usize) -> Option<Instant> {
        while let Some(&(at, octets)) = self.waiting.front()
            && at <= now
        {
            self.waiting.pop_front();
            self.waiting_octets -= octets;
        }
        let Some(rate) = self.faults.rate else { return Some(now) };
        // A frame may always stand on the cable itself; the bound is for what waits behind it.
        if !self.waiting.is_empty() && self.waiting_octets + octets > self.faults.queue_octets {
            return None;
        }
        let nanos = (octets as u128 * 8 * 1_000_000_000).div_ceil(u128::from(rate.max(1)));
        self.free_at = self.free_at.max(now) + Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        self.waiting.push_back((self.free_at, octets));
        self.waiting_octets += octets;
        Some(self.free_at)
    }

    fn arrival_time(&mut self, departure: Instant) -> Instant {
        let jitter = self.rng.below(self.faults.jitter.as_nanos() as u64);
        let at = departure + self.faults.delay + Duration::from_nanos(jitter);
        if self.rng.chance(self.faults.reorder) {
            return at + self.faults.reorder_by;
        }
        self.last_arrival = self.last_arrival.max(at);
        self.last_arrival
    }

    fn damage(&mut self, frame: &mut [u8]) {
        let bits = 1 + self.rng.below(u64::from(self.faults.corrupt_bits));
        for _ in 0..bits {
            let bit = self.rng.below(frame.len() as u64 * 8);
            if let Some(octet) = frame.get_mut(bit as usize / 8) {
                *octet ^= 1 << (bit % 8);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: [u8; 1_000] = [0x5a; 1_000];

    fn transmitter(faults: Faults) -> Transmitter {
        Transmitter { faults, ..Transmitter::new(Rng::new(3)) }
    }

    fn send_many(faults: Faults, count: usize) -> (Vec<Fate>, Vec<Arrival>) {
        let mut transmitter = transmitter(faults);
        let mut arrivals = Vec::new();
        let fates = (0..count).map(|_| transmitter.send(Instant::ZERO, &FRAME, 0, &mut arrivals)).collect();
        (fates, arrivals)
    }

    fn count(fates: &[Fate], wanted: Fate) -> usize {
        fates.iter().filter(|fate| **fate == wanted).count()
    }

    #[test]
    fn a_perfect_cable_carries_everything_at_once() {
        let (fates, arrivals) = send_many(Faults::default(), 10);
        assert_eq!(count(&fates, Fate::Carried), 10);
        assert!(arrivals.iter().all(|arrival| arrival.at == Instant::ZERO && arrival.frame == FRAME));
    }

    #[test]
    fn loss_and_doubling_come_as_often_as_asked() {
        let (fates, arrivals) = send_many(Faults { loss: 0.2, duplicate: 0.1, ..Faults::default() }, 10_000);
        assert!((1_800..2_200).contains(&count(&fates, Fate::Lost)));
        assert!((700..900).contains(&count(&fates, Fate::Doubled)));
        assert_eq!(arrivals.len(), 10_000 - count(&fates, Fate::Lost) + count(&fates, Fate::Doubled));
    }

    #[test]
    fn damage_turns_at_most_the_bits_it_may() {
        let (_, arrivals) = send_many(Faults { corrupt: 1.0, corrupt_bits: 3, ..Faults::default() }, 200);
        let turned = |frame: &[u8]| frame.iter().zip(FRAME).map(|(a, b)| (a ^ b).count_ones()).sum::<u32>();
        assert!(arrivals.iter().all(|arrival| turned(&arrival.frame) <= 3));
        assert!(arrivals.iter().any(|arrival| turned(&arrival.frame) == 3));
    }

    #[test]
    fn jitter_keeps_the_order_and_reordering_does_not() {
        let faults = Faults { jitter: Duration::from_millis(3), ..Faults::delay(Duration::from_millis(10)) };
        let in_order = |arrivals: &[Arrival]| arrivals.is_sorted_by_key(|arrival| arrival.at);
        let (_, arrivals) = send_many(faults, 1_000);
        assert!(in_order(&arrivals));
        assert!(arrivals.iter().all(|arrival| (10..=13).contains(&arrival.at.millis())));
        let (_, arrivals) = send_many(Faults { reorder: 0.1, ..faults }, 1_000);
        assert!(!in_order(&arrivals));
    }

    #[test]
    fn a_rate_spaces_frames_and_its_queue_is_bounded() {
        // 1,000 octets at 8 Mbit/s take 1 ms each; four fit into the queue.
        let faults = Faults { rate: Some(8_000_000), queue_octets: 4_000, ..Faults::default() };
        let (fates, arrivals) = send_many(faults, 10);
        assert_eq!(count(&fates, Fate::QueueFull), 6);
        let times: Vec<u64> = arrivals.iter().map(|arrival| arrival.at.millis()).collect();
        assert_eq!(times, [1, 2, 3, 4]);
    }

    #[test]
    fn a_queue_empties_as_time_goes_on() {
        let mut transmitter = transmitter(Faults { rate: Some(8_000_000), queue_octets: 1_000, ..Faults::default() });
        let mut arrivals = Vec::new();
        assert_eq!(transmitter.send(Instant::ZERO, &FRAME, 0, &mut arrivals), Fate::Carried);
        assert_eq!(transmitter.send(Instant::ZERO, &FRAME, 0, &mut arrivals), Fate::QueueFull);
        assert_eq!(transmitter.send(Instant::from_millis(1), &FRAME, 0, &mut arrivals), Fate::Carried);
    }

    #[test]
    fn the_mtu_counts_the_packet_without_the_link_header() {
        let mut transmitter = transmitter(Faults { mtu: Some(986), ..Faults::default() });
        assert_eq!(transmitter.send(Instant::ZERO, &FRAME, 14, &mut Vec::new()), Fate::Carried);
        assert_eq!(transmitter.send(Instant::ZERO, &FRAME, 0, &mut Vec::new()), Fate::TooBig);
    }
}
