//! The table of sockets: a handle is a place and a generation, so that a stale one never reaches another socket.

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
    free: Vec<u32>,
}

#[derive(Default)]
struct Entry {
    generation: u32,
    socket: Option<Arc<Socket>>,
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
        let index = match places.free.pop() {
            Some(index) => index,
            None if places.entries.len() >= self.sockets_max as usize => return Err(Outcome::NoDescriptors.into()),
            None => {
                places.entries.push(Entry::default());
                places.entries.len() as u32 - 1
            }
        };
        let entry = &mut places.entries[index as usize];
        entry.socket = Some(socket);
        Ok(SocketId { index, generation: entry.generation })
    }

    /// The socket of a handle, if it is there.
    pub fn get(&self, id: SocketId) -> Option<Arc<Socket>> {
        let places = self.places.read().unwrap_or_else(PoisonError::into_inner);
        let entry = places.entries.get(id.index as usize)?;
        entry.socket.clone().filter(|_| entry.generation == id.generation)
    }

    /// Takes a socket out.
    pub fn remove(&self, id: SocketId) -> Option<Arc<Socket>> {
        let mut places = self.places.write().unwrap_or_else(PoisonError::into_inner);
        let entry = places.entries.get_mut(id.index as usize).filter(|entry| entry.generation == id.generation)?;
        let socket = entry.socket.take()?;
        entry.generation = entry.generation.wrapping_add(1) & Table::GENERATION_MASK;
        places.free.push(id.index);
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
                free.push(index as u32);
                sockets.push(socket);
            }
        }
        sockets
    }
}
