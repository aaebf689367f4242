//! What went over the lines of a lab, noted while it happens, because a lab forgets the oldest and a record keeps the first, which
//! tell how it began, and the last, which tell how it ended. What its hosts say to their neighbours by themselves is left out.

use std::collections::VecDeque;

use synsent_explain::record::{RECORD_LAST_PACKETS, RECORD_PACKETS_MAX};
use synsent_lab::{Capture, Record};

use crate::near::is_among_neighbours;

/// How many octets of packets are kept for the file of a run; unit: octets. Packets beyond are counted only.
pub(crate) const CAPTURE_OCTETS_MAX: usize = 32 << 20;
/// How many of them may be those of the last packets; unit: octets.
const LAST_OCTETS_MAX: usize = CAPTURE_OCTETS_MAX / 4;

/// The first and the last packets of a run.
pub(crate) struct Traffic {
    first: Kept,
    last: Kept,
    /// How many frames of the capture have been looked at.
    seen: u64,
    left_out: u64,
}

/// Some packets, and how many octets they have.
#[derive(Default)]
struct Kept {
    records: VecDeque<Record>,
    octets: usize,
}

impl Kept {
    fn has(&self, records: usize, octets: usize) -> bool {
        self.records.len() >= records || self.octets >= octets
    }

    fn put(&mut self, record: &Record) {
        self.octets += record.bytes.len();
        self.records.push_back(record.clone());
    }
}

impl Traffic {
    /// Nothing yet: what the capture has now is from before.
    pub(crate) fn after(capture: &Capture) -> Traffic {
        Traffic { first: Kept::default(), last: Kept::default(), seen: capture.frames(), left_out: 0 }
    }

    /// Notes what is new since the last time.
    pub(crate) fn note(&mut self, capture: &Capture) {
        let unseen = (capture.frames() - self.seen) as usize;
        self.seen = capture.frames();
        let newest: Vec<&Record> = capture.records().rev().take(unseen).collect();
        // The lab has forgotten some only where there were very many in one turn.
        self.left_out += (unseen - newest.len()) as u64;
        for record in newest.into_iter().rev().filter(|record| !is_among_neighbours(&record.bytes)) {
            self.keep(record);
        }
    }

    fn keep(&mut self, record: &Record) {
        let is_first = self.last.records.is_empty()
            && !self.first.has(RECORD_PACKETS_MAX - RECORD_LAST_PACKETS, CAPTURE_OCTETS_MAX - LAST_OCTETS_MAX);
        if is_first {
            return self.first.put(record);
        }
        self.last.put(record);
        while self.last.records.len() > RECORD_LAST_PACKETS || self.last.octets > LAST_OCTETS_MAX {
            let Some(oldest) = self.last.records.pop_front() else { return };
            self.last.octets -= oldest.bytes.len();
            self.left_out += 1;
        }
    }

    /// The packets that are kept, in the order in which they were sent.
    pub(crate) fn records(&self) -> impl Iterator<Item = &Record> {
        self.first.records.iter().chain(&self.last.records)
    }

    /// How many more there were.
    pub(crate) fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Before which of those that are kept they were, if any was left out.
    pub(crate) fn left_out_before(&self) -> Option<usize> {
        (self.left_out > 0).then_some(self.first.records.len())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use synsent_lab::{Lab, TapId};

    use super::*;

    /// A line between a tap and a router, on which whatever is put in has no consequences.
    fn line() -> (Lab, TapId) {
        let mut lab = Lab::new(1);
        let router = lab.add_router("router");
        let cable = lab.add_line("us", 65_535);
        lab.attach(router, cable, &[]).unwrap();
        let tap = lab.add_tap(cable);
        lab.run_for(Duration::from_secs(60));
        (lab, tap)
    }

    #[test]
    fn the_first_and_the_last_packets_are_kept_and_the_others_counted() {
        let (mut lab, tap) = line();
        lab.tap_in(tap, b"before");
        let mut traffic = Traffic::after(lab.capture());
        for number in 0..RECORD_PACKETS_MAX as u32 + 10 {
            lab.tap_in(tap, &number.to_be_bytes());
            if number % 7 == 0 {
                traffic.note(lab.capture());
            }
        }
        traffic.note(lab.capture());
        assert_eq!((traffic.records().count(), traffic.left_out()), (RECORD_PACKETS_MAX, 10));
        assert_eq!(traffic.left_out_before(), Some(3_072));
        let numbers: Vec<u32> =
            traffic.records().map(|record| u32::from_be_bytes(*record.bytes.first_chunk().unwrap())).collect();
        assert_eq!((numbers[0], numbers[3_071], numbers[3_072], numbers[4_095]), (0, 3_071, 3_082, 4_105));
    }

    #[test]
    fn very_large_packets_are_kept_up_to_a_sum() {
        let (mut lab, tap) = line();
        let mut traffic = Traffic::after(lab.capture());
        let large = vec![0; 60_000];
        // The first ones until they are at their limit, the last ones as far as they are within theirs.
        let fit = (CAPTURE_OCTETS_MAX - LAST_OCTETS_MAX).div_ceil(large.len()) + LAST_OCTETS_MAX / large.len();
        for _ in 0..fit + 5 {
            lab.tap_in(tap, &large);
            traffic.note(lab.capture());
        }
        assert_eq!((traffic.records().count(), traffic.left_out()), (fit, 5));
    }
}
