//! What went over the lines of a lab, noted while it happens, because a lab forgets the oldest and a record keeps the
//! first. What its hosts say to their neighbours by themselves is left out.

use synsent_explain::record::RECORD_PACKETS_MAX;
use synsent_lab::{Capture, Record};

use crate::near::is_among_neighbours;

/// How many octets of packets are kept for the file of a run; unit: octets. Packets beyond are counted only.
pub(crate) const CAPTURE_OCTETS_MAX: usize = 32 << 20;

/// The first packets of a run.
pub(crate) struct Traffic {
    records: Vec<Record>,
    octets: usize,
    /// How many frames of the capture have been looked at.
    seen: u64,
    left_out: u64,
}

impl Traffic {
    /// Nothing yet: what the capture has now is from before.
    pub(crate) fn after(capture: &Capture) -> Traffic {
        Traffic { records: Vec::new(), octets: 0, seen: capture.frames(), left_out: 0 }
    }

    /// Notes what is new since the last time.
    pub(crate) fn note(&mut self, capture: &Capture) {
        let unseen = (capture.frames() - self.seen) as usize;
        self.seen = capture.frames();
        if self.is_full() {
            self.left_out += unseen as u64;
            return;
        }
        let newest: Vec<&Record> = capture.records().rev().take(unseen).collect();
        // The lab has forgotten some only where there were very many in one turn.
        self.left_out += (unseen - newest.len()) as u64;
        for record in newest.into_iter().rev().filter(|record| !is_among_neighbours(&record.bytes)) {
            if self.is_full() {
                self.left_out += 1;
                continue;
            }
            self.octets += record.bytes.len();
            self.records.push(record.clone());
        }
    }

    /// The first packets, in the order in which they were sent.
    pub(crate) fn records(&self) -> &[Record] {
        &self.records
    }

    /// How many more there were.
    pub(crate) fn left_out(&self) -> u64 {
        self.left_out
    }

    fn is_full(&self) -> bool {
        self.records.len() == RECORD_PACKETS_MAX || self.octets >= CAPTURE_OCTETS_MAX
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
    fn the_first_packets_are_kept_and_the_others_counted() {
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
        assert_eq!((traffic.records().len(), traffic.left_out()), (RECORD_PACKETS_MAX, 10));
        assert_eq!(traffic.records()[0].bytes, [0; 4]);
        assert_eq!(traffic.records()[4_095].bytes, 4_095_u32.to_be_bytes());
    }

    #[test]
    fn very_large_packets_are_kept_up_to_a_sum() {
        let (mut lab, tap) = line();
        let mut traffic = Traffic::after(lab.capture());
        let large = vec![0; 60_000];
        let fit = CAPTURE_OCTETS_MAX.div_ceil(large.len());
        for _ in 0..fit + 5 {
            lab.tap_in(tap, &large);
            traffic.note(lab.capture());
        }
        assert_eq!((traffic.records().len(), traffic.left_out()), (fit, 5));
    }
}
