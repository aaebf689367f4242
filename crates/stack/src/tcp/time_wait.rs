//! TIME-WAIT, compact (RFC 9293 section 3.6.1, RFC 1337, RFC 6191).
//!
//! A connection that closed first leaves an entry of a few dozen octets behind for twice the maximum segment lifetime. Entries
//! expire in the order in which they were made, so a queue is their timer; one that is restarted stands in it twice and its
//! older place is passed over. The table is bounded, and beyond the bound the oldest entry leaves first.

use alloc::collections::VecDeque;

use synsent_wire::SeqNumber;
use synsent_wire::tcp::{Flags, Repr};

use super::four_tuple::{FourTuple, TupleHash};
use super::segment::{Segment, header};
use super::turn::timestamp_at;
use crate::slab::Slab;
use crate::time::{Duration, Instant};

/// How many places that are passed over may stand in the queue besides as many as there are entries.
const QUEUE_SLACK: usize = 64;

/// What is left of a connection.
#[derive(Clone, Debug)]
pub(crate) struct TimeWait {
    pub(crate) tuple: FourTuple,
    pub(crate) hash: TupleHash,
    pub(crate) snd_nxt: SeqNumber,
    pub(crate) rcv_nxt: SeqNumber,
    pub(crate) window: u16,
    /// TS.Recent and our offset, where the connection agreed on timestamps.
    pub(crate) timestamps: Option<(u32, u32)>,
    /// When the latest timestamp of ours was sent; a connect may take the four-tuple once the clock has ticked since.
    pub(crate) since: Instant,
    expires: Instant,
    generation: u32,
}

/// What a segment does to an entry.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Nothing.
    Ignore,
    /// The peer's FIN came again: it is acknowledged and the wait begins anew.
    Acknowledge(Repr),
    /// A new SYN that proves itself: the entry makes room for a new connection whose ISS is above this number.
    Reopen,
}

/// All connections in TIME-WAIT.
#[derive(Debug)]
pub(crate) struct TimeWaits {
    entries: Slab<TimeWait>,
    queue: VecDeque<(Instant, u32, u32)>,
    length: Duration,
    most: usize,
}

impl TimeWaits {
    pub(crate) fn new(msl: Duration, most: usize) -> TimeWaits {
        // 9293/MUST-13
        TimeWaits { entries: Slab::new(), queue: VecDeque::new(), length: msl * 2, most }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn get(&self, index: u32) -> Option<&TimeWait> {
        self.entries.get(index)
    }

    /// Adds an entry and answers with its place.
    pub(crate) fn insert(
        &mut self,
        now: Instant,
        (tuple, hash): (FourTuple, TupleHash),
        (snd_nxt, rcv_nxt, window): (SeqNumber, SeqNumber, u16),
        timestamps: Option<(u32, u32)>,
    ) -> u32 {
        let expires = now + self.length;
        let index = self.entries.insert_with(|_, generation| TimeWait {
            tuple,
            hash,
            snd_nxt,
            rcv_nxt,
            window,
            timestamps,
            since: now,
            expires,
            generation,
        });
        let generation = self.entries.get(index).map_or(0, |entry| entry.generation);
        self.queue.push_back((expires, index, generation));
        self.drop_stale_places();
        index
    }

    pub(crate) fn remove(&mut self, index: u32) -> Option<TimeWait> {
        self.entries.remove(index)
    }

    /// An entry that has run out, or the oldest while there are too many; the caller takes it out of the flow table and
    /// removes it.
    pub(crate) fn next_expired(&mut self, now: Instant) -> Option<u32> {
        while let Some(&(expires, index, generation)) = self.queue.front() {
            let entry = self.entries.get(index);
            let is_stale = entry.is_none_or(|entry| entry.generation != generation || entry.expires != expires);
            if is_stale {
                self.queue.pop_front();
                continue;
            }
            if expires > now && self.entries.len() <= self.most {
                return None;
            }
            self.queue.pop_front();
            return Some(index);
        }
        None
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.queue.front().map(|(expires, ..)| *expires)
    }

    /// Takes a segment for an entry (RFC 9293 section 3.10.7.4, the clauses on TIME-WAIT).
    pub(crate) fn arrives(&mut self, now: Instant, index: u32, segment: &Segment<'_>) -> Verdict {
        let Some(entry) = self.entries.get_mut(index) else { return Verdict::Ignore };
        if segment.has(Flags::RST) {
            // 1337/1
            // An old duplicate reset must not end the wait.
            return Verdict::Ignore;
        }
        if segment.has(Flags::SYN) {
            return match may_reopen(entry, segment) {
                true => Verdict::Reopen,
                // 6191/3
                false => Verdict::Ignore,
            };
        }
        let is_old = segment.header.seq.before(entry.rcv_nxt) || segment.has(Flags::FIN);
        if !is_old && segment.text.is_empty() {
            return Verdict::Ignore;
        }
        let expires = now + self.length;
        let restarts = segment.has(Flags::FIN) && entry.expires != expires;
        if restarts {
            entry.expires = expires;
        }
        let generation = entry.generation;
        let mut ack = header(&entry.tuple, Flags::ACK, entry.snd_nxt, entry.rcv_nxt);
        ack.window = entry.window;
        let stamps = entry.timestamps;
        ack.options.timestamps =
            stamps.map(|(recent, offset)| super::timestamps(timestamp_at(now, offset), Some(recent)));
        if restarts {
            self.queue.push_back((expires, index, generation));
            self.drop_stale_places();
        }
        Verdict::Acknowledge(ack)
    }

    /// A peer may repeat its FIN without end: places in the queue that were passed over leave it once they outnumber the others.
    fn drop_stale_places(&mut self) {
        if self.queue.len() > QUEUE_SLACK + 2 * self.entries.len() {
            let entries = &self.entries;
            self.queue.retain(|(expires, index, generation)| {
                entries.get(*index).is_some_and(|entry| entry.generation == *generation && entry.expires == *expires)
            });
        }
    }
}

/// Whether a SYN of a new connection may take the place of the old one (9293/SHLD-4, 9293/MAY-2).
fn may_reopen(entry: &TimeWait, segment: &Segment<'_>) -> bool {
    let larger_seq = segment.header.seq.after(entry.rcv_nxt);
    match (entry.timestamps, segment.header.options.timestamps) {
        // 6191/1
        (Some((recent, _)), Some(sent)) => {
            let ahead = sent.value.wrapping_sub(recent) as i32;
            ahead > 0 || ahead == 0 && larger_seq
        }
        // 6191/2
        (Some(_), None) => larger_seq,
        (None, Some(_)) => true,
        (None, None) => larger_seq,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tcp::four_tuple::{Endpoint, HashKey};
    use core::net::{IpAddr, Ipv4Addr};

    #[test]
    fn repeated_fins_leave_no_more_places_in_the_queue_than_its_bound() {
        let end = |port| Endpoint::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), port);
        let tuple = FourTuple { local: end(1), remote: end(2), zone: 0 };
        let mut waits = TimeWaits::new(Duration::from_secs(30), 10);
        let numbers = (SeqNumber(1), SeqNumber(102), 0);
        let hash = tuple.hash(&HashKey::new([0; 16]));
        let index = waits.insert(Instant::ZERO, (tuple, hash), numbers, None);
        let header = header(&tuple, Flags::FIN | Flags::ACK, SeqNumber(101), SeqNumber(1));
        let segment = Segment { header, text: &[], tuple, hash, traffic_class: 0 };
        for micros in 1..10_000 {
            let verdict = waits.arrives(Instant::from_micros(micros), index, &segment);
            assert!(matches!(verdict, Verdict::Acknowledge(_)));
            assert!(waits.queue.len() <= QUEUE_SLACK + 2);
        }
        assert_eq!(waits.next_expired(Instant::from_secs(60)), None);
        assert_eq!(waits.next_expired(Instant::from_secs(61)), Some(index));
    }
}
