//! Send and receive buffers: rings of octets that own memory only while they hold something.
//!
//! A [`Ring`] holds octets in order from its front. A sender pushes at the end, copies out for each (re)transmission and
//! discards what was acknowledged. A receiver writes at the place where a segment belongs, also beyond a gap, commits
//! what became contiguous with [`Ring::extend`], and pops it for the application. The storage grows by doubling, up to
//! the limit that the caller gives with each push, and comes from a [`Pool`] that keeps a bounded amount of storage for
//! the next connection. Where gaps are is not known here: that is the business of the out-of-order queue.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use synsent_wire::checksum::{self, Sum};

/// The least storage of a ring that holds anything.
pub(crate) const MIN_RING_OCTETS: usize = 1 << MIN_CLASS;
/// The greatest storage of a ring.
pub(crate) const MAX_RING_OCTETS: usize = 1 << MAX_CLASS;
/// What a pool keeps at most for later.
pub(crate) const POOL_MAX_OCTETS: usize = 16 << 20;

const MIN_CLASS: u32 = 11;
const MAX_CLASS: u32 = 23;
const CLASSES: usize = (MAX_CLASS - MIN_CLASS + 1) as usize;

/// Storage that no ring uses at present, by size, and the account of what is in use.
pub(crate) struct Pool {
    idle: [Vec<Box<[u8]>>; CLASSES],
    idle_octets: usize,
    live_octets: usize,
    max_idle_octets: usize,
}

impl Default for Pool {
    fn default() -> Pool {
        Pool::new(POOL_MAX_OCTETS)
    }
}

impl Pool {
    /// An empty pool that keeps at most `max_idle_octets`.
    pub(crate) const fn new(max_idle_octets: usize) -> Pool {
        Pool { idle: [const { Vec::new() }; CLASSES], idle_octets: 0, live_octets: 0, max_idle_octets }
    }

    /// Storage of at least `octets`, whose size is a power of two between [`MIN_RING_OCTETS`] and [`MAX_RING_OCTETS`].
    /// What it contains is unspecified.
    pub(crate) fn take(&mut self, octets: usize) -> Box<[u8]> {
        let size = octets.clamp(MIN_RING_OCTETS, MAX_RING_OCTETS).next_power_of_two();
        self.live_octets += size;
        match self.idle[class(size)].pop() {
            Some(storage) => {
                self.idle_octets -= size;
                storage
            }
            None => vec![0; size].into_boxed_slice(),
        }
    }

    /// Takes storage back; frees it when the pool is full.
    pub(crate) fn give(&mut self, storage: Box<[u8]>) {
        let size = storage.len();
        if size == 0 {
            return;
        }
        self.live_octets = self.live_octets.saturating_sub(size);
        if self.idle_octets + size <= self.max_idle_octets {
            self.idle_octets += size;
            self.idle[class(size)].push(storage);
        }
    }

    /// The octets of storage that rings hold.
    pub(crate) fn live_octets(&self) -> usize {
        self.live_octets
    }

    #[cfg(test)]
    /// The octets of storage that are kept for later.
    pub(crate) fn idle_octets(&self) -> usize {
        self.idle_octets
    }
}

/// The size class of a power of two within the bounds.
fn class(size: usize) -> usize {
    (size.trailing_zeros() - MIN_CLASS) as usize
}

/// Octets in order, in storage that wraps around.
#[derive(Default)]
pub(crate) struct Ring {
    /// Empty, or a power of two in size.
    storage: Box<[u8]>,
    /// Where in the storage the first octet is.
    front: u32,
    /// The octets that are in the ring.
    len: u32,
    /// The octets from the front that must survive a growth: beyond `len` out-of-order data may stand.
    written: u32,
}

impl Ring {
    /// A ring that holds nothing and owns no memory.
    pub(crate) fn new() -> Ring {
        Ring::default()
    }

    /// The octets inside.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len as usize
    }

    /// Nothing is inside (out-of-order data does not count).
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[cfg(test)]
    /// The size of the storage at present.
    pub(crate) fn capacity(&self) -> usize {
        self.storage.len()
    }

    /// Appends what of `data` fits under `limit` octets, and tells how much that was.
    pub(crate) fn push(&mut self, pool: &mut Pool, data: &[u8], limit: usize) -> usize {
        let room = limit.min(MAX_RING_OCTETS).saturating_sub(self.len());
        let octets = data.len().min(room);
        let end = self.len();
        self.write_at(pool, end, &data[..octets]);
        self.extend(octets);
        octets
    }

    /// Writes `data` at `offset` octets from the front, which may lie beyond the end; nothing becomes readable by it.
    /// The caller keeps `offset` within its window; what would lie beyond [`MAX_RING_OCTETS`] is cut. Returns what was
    /// written.
    pub(crate) fn write_at(&mut self, pool: &mut Pool, offset: usize, data: &[u8]) -> usize {
        let octets = data.len().min(MAX_RING_OCTETS.saturating_sub(offset));
        if octets == 0 {
            return 0;
        }
        self.reserve(pool, offset + octets);
        let (first, second) = data[..octets].split_at(self.until_wrap(offset).min(octets));
        let place = self.place(offset);
        self.storage[place..place + first.len()].copy_from_slice(first);
        self.storage[..second.len()].copy_from_slice(second);
        // The sum is at most the greatest storage, which 32 bits hold.
        self.written = self.written.max((offset + octets) as u32);
        octets
    }

    /// Makes `octets` that were written behind the end part of the ring.
    pub(crate) fn extend(&mut self, octets: usize) {
        let end = self.len() + octets;
        debug_assert!(end <= self.written as usize, "only octets that were written can be committed");
        self.len = end.min(self.written as usize) as u32;
    }

    /// Copies `dst.len()` octets, from `offset` on, and sums them up on the way. The caller asks only for octets that are
    /// inside.
    #[inline]
    pub(crate) fn copy_out(&self, offset: usize, dst: &mut [u8]) -> Sum {
        let (first, second) = self.pieces(offset, dst.len());
        let (head, tail) = dst.split_at_mut(first.len());
        let sum = checksum::copy_and_sum(head, first);
        if second.is_empty() { sum } else { sum.add_sum(checksum::copy_and_sum(tail, second)) }
    }

    /// Copies as much as there is, from `offset` on and up to `dst.len()`, and leaves it inside.
    pub(crate) fn peek_into(&self, offset: usize, dst: &mut [u8]) -> usize {
        let octets = self.len().saturating_sub(offset).min(dst.len());
        if octets == 0 {
            return 0;
        }
        let (first, second) = self.pieces(offset, octets);
        dst[..first.len()].copy_from_slice(first);
        dst[first.len()..octets].copy_from_slice(second);
        octets
    }

    /// Moves as much as there is, up to `dst.len()`, out of the ring.
    pub(crate) fn pop_into(&mut self, dst: &mut [u8]) -> usize {
        let octets = self.peek_into(0, dst);
        self.discard_front(octets);
        octets
    }

    /// Drops the first `octets`, or all when there are fewer.
    #[inline]
    pub(crate) fn discard_front(&mut self, octets: usize) {
        let octets = octets.min(self.len());
        self.len -= octets as u32;
        self.written -= octets as u32;
        // A ring in which nothing is left starts anew at the beginning, where pieces do not wrap.
        self.front = if self.written == 0 { 0 } else { self.place(octets) as u32 };
    }

    /// Drops everything, out-of-order data as well, and gives the storage back.
    pub(crate) fn release(&mut self, pool: &mut Pool) {
        pool.give(core::mem::take(&mut self.storage));
        (self.front, self.len, self.written) = (0, 0, 0);
    }

    /// The two pieces of storage that hold `octets` from `offset` on; the second is empty when they do not wrap.
    fn pieces(&self, offset: usize, octets: usize) -> (&[u8], &[u8]) {
        debug_assert!(offset + octets <= self.len(), "the octets asked for are inside");
        if octets == 0 {
            return (&[], &[]);
        }
        let place = self.place(offset);
        let first = self.until_wrap(offset).min(octets);
        (&self.storage[place..place + first], &self.storage[..octets - first])
    }

    /// Where in the storage the octet at `offset` stands.
    fn place(&self, offset: usize) -> usize {
        // The size is a power of two; the storage is not empty when anything is asked of it.
        (self.front as usize + offset) & (self.storage.len().wrapping_sub(1))
    }

    fn until_wrap(&self, offset: usize) -> usize {
        self.storage.len() - self.place(offset)
    }

    fn reserve(&mut self, pool: &mut Pool, octets: usize) {
        if octets <= self.storage.len() {
            return;
        }
        let mut larger = pool.take(octets);
        let written = self.written as usize;
        if written > 0 {
            let place = self.place(0);
            let first = self.until_wrap(0).min(written);
            larger[..first].copy_from_slice(&self.storage[place..place + first]);
            larger[first..written].copy_from_slice(&self.storage[..written - first]);
        }
        self.front = 0;
        pool.give(core::mem::replace(&mut self.storage, larger));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pattern(from: usize, octets: usize) -> Vec<u8> {
        (from..from + octets).map(|i| (i * 7 + i / 256) as u8).collect()
    }

    #[test]
    fn an_idle_ring_is_small_and_owns_nothing() {
        assert!(size_of::<Ring>() <= 32);
        let mut pool = Pool::default();
        let mut ring = Ring::new();
        assert_eq!((ring.push(&mut pool, &[], 100), ring.capacity(), pool.live_octets()), (0, 0, 0));
        assert_eq!(ring.pop_into(&mut [0; 4]), 0);
        assert_eq!(ring.copy_out(0, &mut []).finish(), 0xffff);
    }

    #[test]
    fn a_push_stops_at_the_limit_and_doubles_the_storage() {
        let mut pool = Pool::default();
        let mut ring = Ring::new();
        let data = pattern(0, 10_000);
        assert_eq!(ring.push(&mut pool, &data[..100], 5_000), 100);
        assert_eq!(ring.capacity(), 2_048);
        assert_eq!(ring.push(&mut pool, &data[100..], 5_000), 4_900);
        assert_eq!((ring.len(), ring.capacity(), pool.live_octets()), (5_000, 8_192, 8_192));
        let mut out = vec![0; 6_000];
        assert_eq!(ring.pop_into(&mut out), 5_000);
        assert_eq!(out[..5_000], data[..5_000]);
        ring.release(&mut pool);
        assert_eq!((ring.capacity(), pool.live_octets()), (0, 0));
    }

    #[test]
    fn a_ring_never_exceeds_the_greatest_storage() {
        let mut pool = Pool::default();
        let mut ring = Ring::new();
        let data = vec![1; MAX_RING_OCTETS + 1];
        assert_eq!(ring.push(&mut pool, &data, usize::MAX), MAX_RING_OCTETS);
        assert_eq!(ring.push(&mut pool, &data, usize::MAX), 0);
        assert_eq!(ring.write_at(&mut pool, MAX_RING_OCTETS, &data), 0);
        assert_eq!(ring.capacity(), MAX_RING_OCTETS);
    }

    // 9293/SHLD-31
    #[test]
    fn data_beyond_a_gap_survives_growth_and_is_read_when_the_gap_closes() {
        let mut pool = Pool::default();
        let mut ring = Ring::new();
        let data = pattern(0, 9_000);
        ring.write_at(&mut pool, 1_000, &data[1_000..2_000]);
        ring.write_at(&mut pool, 8_000, &data[8_000..]);
        assert!(ring.is_empty());
        ring.write_at(&mut pool, 0, &data[..1_000]);
        ring.extend(2_000);
        let mut out = vec![0; 9_000];
        assert_eq!(ring.pop_into(&mut out), 2_000);
        ring.write_at(&mut pool, 0, &data[2_000..8_000]);
        ring.extend(7_000);
        assert_eq!(ring.pop_into(&mut out[2_000..]), 7_000);
        assert_eq!(out, data);
    }

    #[test]
    fn the_sum_is_right_across_the_wrap_at_an_odd_octet() {
        let mut pool = Pool::default();
        let mut ring = Ring::new();
        ring.push(&mut pool, &[0; 2_048], 2_048);
        ring.discard_front(2_041);
        let data = pattern(3, 1_000);
        ring.push(&mut pool, &data, 2_048);
        let mut out = vec![0; 1_000];
        assert_eq!(ring.copy_out(7, &mut out).finish(), checksum::sum(&data).finish());
        assert_eq!(out, data);
        let mut odd = vec![0; 1_001];
        assert_eq!(ring.copy_out(6, &mut odd).finish(), checksum::sum(&odd).finish());
        assert_eq!(odd[1..], data);
    }

    #[test]
    fn a_pool_gives_storage_again_and_keeps_no_more_than_its_bound() {
        let mut pool = Pool::new(4_096);
        let boxes: Vec<_> = (0..4).map(|_| pool.take(2_000)).collect();
        assert_eq!(pool.live_octets(), 4 * 2_048);
        let first = boxes[0].as_ptr();
        for storage in boxes {
            pool.give(storage);
        }
        assert_eq!((pool.live_octets(), pool.idle_octets()), (0, 4_096));
        pool.take(1);
        let again = pool.take(2_048);
        assert_eq!(again.as_ptr(), first);
        assert_eq!(pool.idle_octets(), 0);
        pool.give(Box::default());
    }

    #[test]
    fn the_pool_of_a_stack_keeps_sixteen_mebibytes_at_most() {
        let mut pool = Pool::default();
        let boxes: Vec<_> = (0..20).map(|_| pool.take(1 << 20)).collect();
        boxes.into_iter().for_each(|storage| pool.give(storage));
        assert_eq!((pool.live_octets(), pool.idle_octets()), (0, POOL_MAX_OCTETS));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_ring_agrees_with_a_queue(steps in proptest::collection::vec((0u8..5, 0usize..3_000), 1..60)) {
            let mut pool = Pool::new(8_192);
            let mut ring = Ring::new();
            let mut model: Vec<u8> = Vec::new();
            let mut next = 0;
            for (verb, octets) in steps {
                match verb {
                    0 | 1 => {
                        let data = pattern(next, octets);
                        let taken = ring.push(&mut pool, &data, 6_000);
                        prop_assert_eq!(taken, octets.min(6_000 - model.len()));
                        model.extend_from_slice(&data[..taken]);
                        next += taken;
                    }
                    2 => {
                        // The second half comes first.
                        let octets = octets.min(6_000 - model.len());
                        let data = pattern(next, octets);
                        let half = octets / 2;
                        ring.write_at(&mut pool, model.len() + half, &data[half..]);
                        ring.write_at(&mut pool, model.len(), &data[..half]);
                        ring.extend(octets);
                        model.extend_from_slice(&data);
                        next += octets;
                    }
                    3 => {
                        let mut out = vec![0; octets];
                        let taken = ring.pop_into(&mut out);
                        prop_assert_eq!(taken, octets.min(model.len()));
                        prop_assert!(out[..taken] == model[..taken]);
                        model.drain(..taken);
                    }
                    _ => {
                        ring.discard_front(octets);
                        model.drain(..octets.min(model.len()));
                    }
                }
                prop_assert_eq!(ring.len(), model.len());
                let offset = model.len() / 3;
                let mut out = vec![0; model.len() - offset];
                prop_assert_eq!(ring.copy_out(offset, &mut out).finish(), checksum::sum(&model[offset..]).finish());
                prop_assert!(out == model[offset..]);
                prop_assert_eq!(pool.live_octets(), ring.capacity());
            }
        }
    }
}
