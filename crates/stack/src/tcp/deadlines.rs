//! Which connection wants to be woken next.
//!
//! Each key (a slot of the connection table) has at most one deadline. The deadlines stand in a heap with four children
//! a node; a table beside it knows where in the heap a key is, so that a deadline is moved or cancelled without a search.
//! Deadlines that fall on the same instant leave in the order in which they were set: the stack must send the same bytes
//! for the same input, whatever the shape of the heap.

use alloc::vec::Vec;

use crate::time::Instant;

/// Children of a node: four stand in two cache lines, and the heap is half as deep as with two.
const CHILDREN: usize = 4;

/// The position of a key that has no deadline.
const NOWHERE: u32 = u32::MAX;

#[derive(Clone, Copy)]
struct Entry {
    at: Instant,
    /// When it was set, counted in calls; decides between equal instants.
    serial: u64,
    key: u32,
}

impl Entry {
    fn order(&self) -> (Instant, u64) {
        (self.at, self.serial)
    }
}

/// The deadlines of all connections.
#[derive(Default)]
pub(crate) struct Deadlines {
    heap: Vec<Entry>,
    /// The place in `heap` of each key, or [`NOWHERE`].
    places: Vec<u32>,
    next_serial: u64,
}

impl Deadlines {
    /// No deadlines, no heap.
    pub(crate) const fn new() -> Deadlines {
        Deadlines { heap: Vec::new(), places: Vec::new(), next_serial: 0 }
    }

    /// Sets the deadline of `key`, in place of the one it had.
    pub(crate) fn set(&mut self, key: u32, at: Instant) {
        let entry = Entry { at, serial: self.next_serial, key };
        self.next_serial += 1;
        let index = key as usize;
        if index >= self.places.len() {
            self.places.resize(index + 1, NOWHERE);
        }
        match self.places[index] {
            NOWHERE => {
                self.heap.push(entry);
                self.rise(self.heap.len() - 1, entry);
            }
            place => self.put(place as usize, entry),
        }
    }

    /// Takes the deadline of `key` away, if it has one.
    pub(crate) fn cancel(&mut self, key: u32) {
        let Some(place) = self.place(key) else { return };
        self.places[key as usize] = NOWHERE;
        if let Some(last) = self.heap.pop()
            && place < self.heap.len()
        {
            self.put(place, last);
        }
    }

    /// The deadline of `key`.
    pub(crate) fn get(&self, key: u32) -> Option<Instant> {
        self.place(key).map(|place| self.heap[place].at)
    }

    /// The earliest deadline of all.
    pub(crate) fn peek(&self) -> Option<Instant> {
        self.heap.first().map(|entry| entry.at)
    }

    /// Takes out the earliest deadline that is not after `now`, and tells whose it was.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<u32> {
        let first = self.heap.first().filter(|first| first.at <= now)?;
        let key = first.key;
        self.cancel(key);
        Some(key)
    }

    fn place(&self, key: u32) -> Option<usize> {
        self.places.get(key as usize).copied().filter(|&place| place != NOWHERE).map(|place| place as usize)
    }

    /// Puts `entry` at a free place, or in place of what stands there, and moves it to where it belongs.
    fn put(&mut self, place: usize, entry: Entry) {
        if place > 0 && entry.order() < self.heap[(place - 1) / CHILDREN].order() {
            self.rise(place, entry);
        } else {
            self.sink(place, entry);
        }
    }

    fn rise(&mut self, mut place: usize, entry: Entry) {
        while place > 0 {
            let parent = (place - 1) / CHILDREN;
            if self.heap[parent].order() <= entry.order() {
                break;
            }
            self.store(place, self.heap[parent]);
            place = parent;
        }
        self.store(place, entry);
    }

    fn sink(&mut self, mut place: usize, entry: Entry) {
        loop {
            let first = place * CHILDREN + 1;
            let children = first..(first + CHILDREN).min(self.heap.len());
            let Some(least) = children.min_by_key(|&child| self.heap[child].order()) else { break };
            if entry.order() <= self.heap[least].order() {
                break;
            }
            self.store(place, self.heap[least]);
            place = least;
        }
        self.store(place, entry);
    }

    fn store(&mut self, place: usize, entry: Entry) {
        self.heap[place] = entry;
        // There are fewer entries than keys, and keys have 32 bits.
        self.places[entry.key as usize] = place as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;
    use proptest::prelude::*;

    fn at(micros: u64) -> Instant {
        Instant::from_micros(micros)
    }

    #[test]
    fn deadlines_leave_in_the_order_of_time_and_then_of_setting() {
        let mut deadlines = Deadlines::new();
        for (key, time) in [(5, 20), (1, 10), (9, 10), (3, 10), (2, 5)] {
            deadlines.set(key, at(time));
        }
        assert_eq!(deadlines.peek(), Some(at(5)));
        let mut order = Vec::new();
        while let Some(key) = deadlines.pop_due(at(15)) {
            order.push(key);
        }
        assert_eq!(order, [2, 1, 9, 3]);
        assert_eq!(deadlines.pop_due(at(19)), None);
        assert_eq!(deadlines.pop_due(at(20)), Some(5));
        assert_eq!(deadlines.peek(), None);
    }

    #[test]
    fn a_deadline_set_again_moves_and_a_cancelled_one_is_gone() {
        let mut deadlines = Deadlines::new();
        deadlines.set(1, at(10));
        deadlines.set(2, at(20));
        deadlines.set(1, at(30));
        assert_eq!(deadlines.get(1), Some(at(30)));
        deadlines.cancel(2);
        deadlines.cancel(2);
        deadlines.cancel(77);
        assert_eq!(deadlines.get(2), None);
        assert_eq!(deadlines.pop_due(at(29)), None);
        assert_eq!(deadlines.pop_due(at(30)), Some(1));
    }

    proptest! {
        #[test]
        fn the_heap_agrees_with_a_sorted_map(steps in proptest::collection::vec((0u8..6, 0u32..40, 0u64..50), 1..300)) {
            let mut deadlines = Deadlines::new();
            let mut model: BTreeMap<(Instant, usize), u32> = BTreeMap::new();
            for (serial, (verb, key, time)) in steps.into_iter().enumerate() {
                match verb {
                    0..=2 => {
                        deadlines.set(key, at(time));
                        model.retain(|_, other| *other != key);
                        model.insert((at(time), serial), key);
                    }
                    3 => {
                        deadlines.cancel(key);
                        model.retain(|_, other| *other != key);
                    }
                    _ => {
                        let due = model.first_key_value().filter(|(order, _)| order.0 <= at(time)).map(|(o, k)| (*o, *k));
                        prop_assert_eq!(deadlines.pop_due(at(time)), due.map(|(_, key)| key));
                        if let Some((order, _)) = due {
                            model.remove(&order);
                        }
                    }
                }
                prop_assert_eq!(deadlines.peek(), model.first_key_value().map(|(order, _)| order.0));
                prop_assert_eq!(deadlines.get(key), model.iter().find(|(_, k)| **k == key).map(|(order, _)| order.0));
            }
        }
    }
}
