//! A table whose entries keep their place, with a generation for each place so that a stale handle is recognised.
//!
//! Entries live in chunks that never move: growth copies nothing, and the memory of a million entries is that of a million
//! entries. The place that was freed last is used first, because its memory is still in the cache.

use alloc::vec::Vec;

/// How many entries one allocation holds.
const CHUNK_ENTRIES: usize = 64;

#[derive(Debug)]
struct Entry<T> {
    generation: u32,
    value: Option<T>,
}

/// The table.
#[derive(Debug)]
pub(crate) struct Slab<T> {
    chunks: Vec<Vec<Entry<T>>>,
    free: Vec<u32>,
    len: usize,
}

impl<T> Slab<T> {
    pub(crate) const fn new() -> Slab<T> {
        Slab { chunks: Vec::new(), free: Vec::new(), len: 0 }
    }

    /// How many entries are in use.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Puts in what `make` returns when it is told its place and generation.
    pub(crate) fn insert_with(&mut self, make: impl FnOnce(u32, u32) -> T) -> u32 {
        self.len += 1;
        if let Some(index) = self.free.pop() {
            let entry = &mut self.chunks[index as usize / CHUNK_ENTRIES][index as usize % CHUNK_ENTRIES];
            entry.value = Some(make(index, entry.generation));
            return index;
        }
        if self.chunks.last().is_none_or(|chunk| chunk.len() == CHUNK_ENTRIES) {
            self.chunks.push(Vec::with_capacity(CHUNK_ENTRIES));
        }
        let chunk_number = self.chunks.len() - 1;
        let chunk = &mut self.chunks[chunk_number];
        let index = (chunk_number * CHUNK_ENTRIES + chunk.len()) as u32;
        chunk.push(Entry { generation: 0, value: Some(make(index, 0)) });
        index
    }

    /// The entry at a place, whatever its generation.
    #[inline]
    pub(crate) fn get(&self, index: u32) -> Option<&T> {
        self.entry(index)?.value.as_ref()
    }

    /// The entry at a place, whatever its generation.
    #[inline]
    pub(crate) fn get_mut(&mut self, index: u32) -> Option<&mut T> {
        let chunk = self.chunks.get_mut(index as usize / CHUNK_ENTRIES)?;
        chunk.get_mut(index as usize % CHUNK_ENTRIES)?.value.as_mut()
    }

    /// Whether a handle still means the entry that it was made for.
    #[inline]
    pub(crate) fn is_current(&self, index: u32, generation: u32) -> bool {
        self.entry(index).is_some_and(|entry| entry.generation == generation && entry.value.is_some())
    }

    /// Takes an entry out; handles to it are stale from now on.
    pub(crate) fn remove(&mut self, index: u32) -> Option<T> {
        let chunk = self.chunks.get_mut(index as usize / CHUNK_ENTRIES)?;
        let entry = chunk.get_mut(index as usize % CHUNK_ENTRIES)?;
        let value = entry.value.take()?;
        entry.generation = entry.generation.wrapping_add(1);
        self.free.push(index);
        self.len -= 1;
        Some(value)
    }

    /// The places in use, in order.
    pub(crate) fn indices(&self) -> impl Iterator<Item = u32> + '_ {
        let places = self.chunks.iter().enumerate();
        places.flat_map(|(number, chunk)| {
            let used = chunk.iter().enumerate().filter(|(_, entry)| entry.value.is_some());
            used.map(move |(offset, _)| (number * CHUNK_ENTRIES + offset) as u32)
        })
    }

    #[inline]
    fn entry(&self, index: u32) -> Option<&Entry<T>> {
        self.chunks.get(index as usize / CHUNK_ENTRIES)?.get(index as usize % CHUNK_ENTRIES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_used_again_under_a_new_generation() {
        let mut slab = Slab::new();
        let first = slab.insert_with(|_, generation| generation);
        assert!(slab.is_current(first, 0));
        assert_eq!(slab.remove(first), Some(0));
        assert!(!slab.is_current(first, 0));
        assert_eq!(slab.remove(first), None);
        let second = slab.insert_with(|_, generation| generation);
        assert_eq!((second, slab.get(second)), (first, Some(&1)));
        assert!(!slab.is_current(first, 0) && slab.is_current(second, 1));
        assert_eq!(slab.len(), 1);
    }

    #[test]
    fn entries_beyond_one_chunk_are_found() {
        let mut slab = Slab::new();
        for number in 0..CHUNK_ENTRIES as u32 * 3 {
            assert_eq!(slab.insert_with(|index, _| index), number);
        }
        slab.remove(70);
        assert_eq!(slab.indices().count(), CHUNK_ENTRIES * 3 - 1);
        assert_eq!(slab.get(130), Some(&130));
        assert_eq!(slab.get(70), None);
        assert_eq!(slab.get(9_999), None);
    }
}
