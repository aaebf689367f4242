//! A capture file that several links write to.
//!
//! A [`Capture`] is opened once and cloned for each driver that writes to it. An error while writing, a full disk, ends the
//! capture and not the network; [`Capture::error`] tells of it.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::pcapng::{Direction, InterfaceId, LinkType, Writer};

/// A capture file.
#[derive(Clone)]
pub struct Capture(Arc<Mutex<State>>);

struct State {
    writer: Writer<BufWriter<File>>,
    error: Option<io::Error>,
}

impl Capture {
    /// Makes the file, or empties the one that is there.
    pub fn create(path: &Path) -> io::Result<Capture> {
        let writer = Writer::new(BufWriter::new(File::create(path)?), "synsent")?;
        Ok(Capture(Arc::new(Mutex::new(State { writer, error: None }))))
    }

    /// Describes one more interface in the file.
    pub fn add_interface(&self, name: &str, link_type: LinkType) -> io::Result<InterfaceId> {
        self.lock().writer.add_interface(name, link_type)
    }

    /// Adds a packet; a comment that is empty is none.
    pub fn write_packet(
        &self,
        interface: InterfaceId,
        since_epoch: Duration,
        direction: Direction,
        packet: &[u8],
        comment: &str,
    ) {
        self.lock().attempt(|writer| writer.write_packet(interface, since_epoch, direction, packet, comment));
    }

    /// Writes out what is still buffered.
    pub fn flush(&self) {
        self.lock().attempt(Writer::flush);
    }

    /// What ended the capture early, if anything did; asked for once.
    pub fn error(&self) -> Option<io::Error> {
        self.lock().error.take()
    }

    /// A thread that panicked while it wrote leaves at worst half a block behind; the others write on.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn attempt(&mut self, write: impl FnOnce(&mut Writer<BufWriter<File>>) -> io::Result<()>) {
        if self.error.is_none() {
            self.error = write(&mut self.writer).err();
        }
    }
}
