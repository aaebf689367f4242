//! The table of sockets: a handle is a place and a generation, so that a stale one reaches nothing.
//!
//! Generations are few, and begin again. So a place that became free waits: first come those that nobody has had, until the
//! table is as large as it may be, and then the one that has been free for longest. A stale handle reaches another socket only
//! after each free place was used as often as there are generations; for a table that is nearly full those are few places.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock};

use crate::failure::{Failure, Outcome};
use crate::socket::Socket;

/// A socket of a table.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct SocketId {
    /// The place in the table.
    pub index: u32,
    /// Which tenant of the place.
    pub generation: u32,
}

/// The sockets of a process.
#[derive(Default)]
pub struct Table {
    places: RwLock<Places>,
    sockets_max: u32,
}

#[derive(Default)]
struct Places {
    entries: Vec<Entry>,
    /// Places that had a socket, the one that has been free for longest first.
    free: VecDeque<u32>,
}

#[derive(Default)]
struct Entry {
    generation: u32,
    socket: Option<Arc<Socket>>,
}

impl Places {
    fn get(&self, id: SocketId) -> Option<Arc<Socket>> {
        let entry = self.entries.get(id.index as usize).filter(|entry| entry.generation == id.generation)?;
        entry.socket.clone()
    }
}

impl Table {
    /// Generations are counted within these bits, so that a handle fits where a system has room for it.
    pub const GENERATION_MASK: u32 = 0x1fff;

    /// A table with room for this many.
    pub fn new(sockets_max: u32) -> Table {
        Table { places: RwLock::default(), sockets_max }
    }

    /// Takes a socket in.
    ///
    /// # Errors
    /// When the table is full.
    pub fn insert(&self, socket: Arc<Socket>) -> Result<SocketId, Failure> {
        let mut places = self.places.write().unwrap_or_else(PoisonError::into_inner);
        let id = places.take(self.sockets_max)?;
        places.entries[id.index as usize].socket = Some(socket);
        Ok(id)
    }

    /// Keeps a place for a socket that is still to come; until then the place's handle belongs to nothing.
    ///
    /// # Errors
    /// When the table is full.
    pub fn reserve(&self) -> Result<SocketId, Failure> {
        self.places.write().unwrap_or_else(PoisonError::into_inner).take(self.sockets_max)
    }

    /// Puts a socket into the place that was kept for it.
    pub fn fill(&self, reserved: SocketId, socket: Arc<Socket>) {
        let mut places = self.places.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = places.entries.get_mut(reserved.index as usize) {
            entry.socket = Some(socket);
        }
    }

    /// Gives a place back that was kept and not filled.
    pub fn release(&self, reserved: SocketId) {
        self.places.write().unwrap_or_else(PoisonError::into_inner).free.push_back(reserved.index);
    }

    /// The socket of a handle, if it is there.
    pub fn get(&self, id: SocketId) -> Option<Arc<Socket>> {
        self.places.read().unwrap_or_else(PoisonError::into_inner).get(id)
    }

    /// Hands over the sockets of many handles, in their order. The table is not changed meanwhile.
    pub fn get_all(&self, ids: impl Iterator<Item = Option<SocketId>>, mut each: impl FnMut(Option<Arc<Socket>>)) {
        let places = self.places.read().unwrap_or_else(PoisonError::into_inner);
        ids.for_each(|id| each(id.and_then(|id| places.get(id))));
    }

    /// Takes a socket out.
    pub fn remove(&self, id: SocketId) -> Option<Arc<Socket>> {
        let mut places = self.places.write().unwrap_or_else(PoisonError::into_inner);
        let entry = places.entries.get_mut(id.index as usize).filter(|entry| entry.generation == id.generation)?;
        let socket = entry.socket.take()?;
        entry.generation = entry.generation.wrapping_add(1) & Table::GENERATION_MASK;
        places.free.push_back(id.index);
        Some(socket)
    }

    /// Takes all sockets out.
    pub fn drain(&self) -> Vec<Arc<Socket>> {
        let mut places = self.places.write().unwrap_or_else(PoisonError::into_inner);
        let Places { entries, free } = &mut *places;
        let mut sockets = Vec::new();
        for (index, entry) in entries.iter_mut().enumerate() {
            if let Some(socket) = entry.socket.take() {
                entry.generation = entry.generation.wrapping_add(1) & Table::GENERATION_MASK;
                free.push_back(index as u32);
                sockets.push(socket);
            }
        }
        sockets
    }
}

impl Places {
    /// A free place, whose entry stays empty.
    fn take(&mut self, sockets_max: u32) -> Result<SocketId, Failure> {
        let index = if self.entries.len() < sockets_max as usize {
            self.entries.push(Entry::default());
            self.entries.len() as u32 - 1
        } else {
            self.free.pop_front().ok_or(Outcome::NoDescriptors)?
        };
        Ok(SocketId { index, generation: self.entries[index as usize].generation })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cancel::Cancel;
    use crate::name::{Domain, Kind};
    use crate::network::{Network, Numbers, Ticket, Watched, Woken};
    use crate::provider::{Cast, Provider, Transport};
    use crate::settings::Settings;
    use synsent_stack::Instant;

    /// A network on which nothing is ever opened.
    struct Nowhere;

    impl Provider for Nowhere {
        fn open(&self, _domain: Domain, _kind: Kind, _settings: &Settings) -> Result<Arc<dyn Transport>, Failure> {
            Err(Outcome::NetworkDown.into())
        }

        fn cast(&self, _address: core::net::IpAddr) -> Cast {
            Cast::Unicast
        }
    }

    impl Numbers for Nowhere {
        fn take(&self) -> Result<i32, Failure> {
            Err(Outcome::NoDescriptors.into())
        }

        fn give_back(&self, _number: i32) {}

        fn is_file(&self, _number: i32) -> bool {
            false
        }
    }

    impl Network for Nowhere {
        fn provider(&self, _domain: Domain) -> Option<&dyn Provider> {
            Some(self)
        }

        fn now(&self) -> Instant {
            Instant::ZERO
        }

        fn ticket(&self) -> Ticket {
            Ticket(0)
        }

        fn wait(
            &self,
            _since: Ticket,
            _watched: &[Watched<'_>],
            _deadline: Option<Instant>,
            _cancel: &Cancel,
        ) -> Woken {
            Woken::Over(Outcome::NetworkDown.into())
        }

        fn wake_all(&self) {}

        fn numbers(&self) -> &dyn Numbers {
            self
        }
    }

    fn socket() -> Arc<Socket> {
        Arc::new(Socket::new(Arc::new(Nowhere), Domain::Inet4, Kind::Stream, Settings::default()).unwrap())
    }

    #[test]
    fn a_place_that_is_kept_belongs_to_nothing_until_it_is_filled_or_given_back() {
        let table = Table::new(1);
        let kept = table.reserve().unwrap();
        assert_eq!(table.insert(socket()).unwrap_err().outcome, Outcome::NoDescriptors);
        assert!(table.get(kept).is_none() && table.remove(kept).is_none() && table.drain().is_empty());
        table.fill(kept, socket());
        assert!(table.get(kept).is_some() && table.remove(kept).is_some());
        table.release(table.reserve().unwrap());
        assert!(table.insert(socket()).is_ok());
    }

    #[test]
    fn a_full_table_takes_no_more_sockets() {
        let table = Table::new(2);
        let first = table.insert(socket()).unwrap();
        table.insert(socket()).unwrap();
        assert_eq!(table.insert(socket()).unwrap_err().outcome, Outcome::NoDescriptors);
        assert!(table.remove(first).is_some());
        table.insert(socket()).unwrap();
        assert_eq!(table.drain().len(), 2);
    }

    #[test]
    fn a_stale_handle_reaches_nothing_until_every_place_was_used_as_often_as_there_are_generations() {
        let table = Table::new(3);
        let stale = table.insert(socket()).unwrap();
        assert!(table.remove(stale).is_some());
        for _ in 0..3 * Table::GENERATION_MASK {
            let next = table.insert(socket()).unwrap();
            assert!(table.get(stale).is_none() && table.remove(stale).is_none());
            assert!(table.remove(next).is_some());
        }
    }

    #[test]
    fn a_place_is_used_again_when_no_new_one_is_left_and_the_one_longest_free_comes_first() {
        let table = Table::new(3);
        let kept = table.insert(socket()).unwrap();
        let places: Vec<u32> = (0..5)
            .map(|_| {
                let next = table.insert(socket()).unwrap();
                table.remove(next).unwrap();
                next.index
            })
            .collect();
        assert_eq!(kept.index, 0);
        assert_eq!(places, [1, 2, 1, 2, 1]);
    }

    proptest! {
        #[test]
        fn a_handle_reaches_its_own_socket_or_none(steps in prop::collection::vec((0_u8..3, any::<prop::sample::Index>()), 1..60)) {
            let table = Table::new(8);
            let mut all: Vec<(SocketId, Option<Arc<Socket>>)> = Vec::new();
            for (step, which) in steps {
                match step {
                    0 | 1 => {
                        let one = socket();
                        let living = all.iter().filter(|(_, socket)| socket.is_some()).count();
                        let inserted = table.insert(Arc::clone(&one));
                        prop_assert_eq!(inserted.is_ok(), living < 8);
                        all.extend(inserted.ok().map(|id| (id, Some(one))));
                    }
                    _ if all.is_empty() => {}
                    _ => {
                        let (id, socket) = which.get_mut(&mut all);
                        prop_assert_eq!(table.remove(*id).is_some(), socket.take().is_some());
                    }
                }
                let mut found_at_once = Vec::new();
                table.get_all(all.iter().map(|(id, _)| Some(*id)), |socket| found_at_once.push(socket));
                for ((id, socket), at_once) in all.iter().zip(&found_at_once) {
                    let found = table.get(*id);
                    prop_assert_eq!(found.as_ref().map(Arc::as_ptr), at_once.as_ref().map(Arc::as_ptr));
                    prop_assert_eq!(found.is_some(), socket.is_some());
                    if let (Some(found), Some(socket)) = (&found, socket) {
                        prop_assert!(Arc::ptr_eq(found, socket));
                    }
                }
            }
        }
    }
}
