//! What went over the cables: every frame that a host sent, when, where, and what became of it.
//!
//! The digest covers every frame since the start, with its time and fate, and every arrival; two runs are the same when their
//! digests are. The records themselves are kept up to a bound of octets, and the oldest leave first: a long run keeps its end.

use std::collections::VecDeque;
use std::fmt;

use synsent_stack::Instant;

use crate::CableId;
use crate::faults::Fate;
use crate::sight::Sight;

/// A frame that a host sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// When the host sent it.
    pub at: Instant,
    /// On which cable.
    pub cable: CableId,
    /// From which end: the ends of a cable are numbered as hosts were attached.
    pub from: usize,
    /// What became of it.
    pub fate: Fate,
    /// Whether it begins with an Ethernet header.
    pub ethernet: bool,
    /// The frame as it was sent, before any damage.
    pub bytes: Vec<u8>,
}

impl Record {
    /// What the frame is.
    pub fn sight(&self) -> Sight<'_> {
        Sight { at: self.at, from: self.from, ethernet: self.ethernet, frame: &self.bytes }
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cable {}.{} {:?}: {}", self.at, self.cable.0, self.from, self.fate, self.sight())
    }
}

/// The frames of all cables in the order in which they were sent.
#[derive(Debug)]
pub struct Capture {
    records: VecDeque<Record>,
    octets: usize,
    octets_max: usize,
    frames: u64,
    digest: u64,
}

impl Capture {
    pub(crate) fn new(octets_max: usize) -> Capture {
        Capture { records: VecDeque::new(), octets: 0, octets_max, frames: 0, digest: 0 }
    }

    /// The frames that are still kept, oldest first.
    pub fn records(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.records.iter()
    }

    /// How many frames were sent since the start, kept or not.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// One number for all that was sent and all that arrived since the start.
    pub fn digest(&self) -> u64 {
        self.digest
    }

    pub(crate) fn sent(&mut self, record: Record) {
        self.frames += 1;
        self.absorb(record.at, record.cable, record.from, record.fate as u64 + 1, &record.bytes);
        self.octets += record.bytes.len();
        self.records.push_back(record);
        while self.octets > self.octets_max
            && let Some(oldest) = self.records.pop_front()
        {
            self.octets -= oldest.bytes.len();
        }
    }

    pub(crate) fn arrived(&mut self, at: Instant, cable: CableId, from: usize, frame: &[u8]) {
        self.absorb(at, cable, from, 0, frame);
    }

    fn absorb(&mut self, at: Instant, cable: CableId, from: usize, kind: u64, bytes: &[u8]) {
        let place = u64::from(cable.0) << 40 | (from as u64 & 0xf_ffff) << 20 | kind << 16;
        self.mix(at.nanos());
        self.mix(place);
        self.mix(bytes.len() as u64);
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.mix(u64::from_le_bytes(word));
        }
    }

    fn mix(&mut self, word: u64) {
        let mixed = (self.digest ^ word).wrapping_mul(0xff51_afd7_ed55_8ccd);
        self.digest = (mixed ^ (mixed >> 32)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(at: u64, bytes: &[u8]) -> Record {
        let at = Instant::from_secs(at);
        Record { at, cable: CableId(0), from: 0, fate: Fate::Carried, ethernet: false, bytes: bytes.to_vec() }
    }

    fn digest(records: &[Record]) -> u64 {
        let mut capture = Capture::new(100);
        records.iter().for_each(|one| capture.sent(one.clone()));
        capture.digest()
    }

    #[test]
    fn the_digest_sees_bytes_time_order_and_fate() {
        let (a, b) = (record(1, b"a"), record(1, b"b"));
        let whole = digest(&[a.clone(), b.clone()]);
        assert_eq!(whole, digest(&[a.clone(), b.clone()]));
        assert_ne!(whole, digest(&[b.clone(), a.clone()]));
        assert_ne!(whole, digest(&[a.clone(), record(2, b"b")]));
        assert_ne!(whole, digest(&[a, Record { fate: Fate::Lost, ..b }]));
    }

    #[test]
    fn beyond_the_bound_the_oldest_leave_and_the_count_stays() {
        let mut capture = Capture::new(100);
        for at in 0..5 {
            capture.sent(record(at, &[0; 40]));
        }
        let kept: Vec<u64> = capture.records().map(|one| one.at.millis()).collect();
        assert_eq!(kept, [3_000, 4_000]);
        assert_eq!(capture.frames(), 5);
    }
}
