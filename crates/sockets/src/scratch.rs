//! A buffer that each thread keeps for copies of a caller's memory, at most [`COPY_OCTETS_MAX`] of it at a time.

use std::cell::Cell;

/// How much of a caller's memory is copied at a time; the longest datagram over IP fits.
pub const COPY_OCTETS_MAX: usize = 65_536;

/// A buffer that is lent to a call by its thread.
pub(crate) struct Scratch(Vec<u8>);

thread_local! {
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

impl Scratch {
    /// A buffer of this size, or of the largest one where that is smaller.
    pub(crate) fn new(octets: usize) -> Scratch {
        // A call inside a call, from a hook, finds nothing here and makes one of its own; so does one in a thread that is
        // about to end.
        let mut buffer = SPARE.try_with(Cell::take).unwrap_or_default();
        buffer.resize(octets.min(COPY_OCTETS_MAX), 0);
        Scratch(buffer)
    }

    /// Its octets.
    pub(crate) fn octets(&self) -> &[u8] {
        &self.0
    }

    /// Its octets, to be written.
    pub(crate) fn octets_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let buffer = core::mem::take(&mut self.0);
        // Where the thread is about to end, nobody needs it any more.
        let _ = SPARE.try_with(|spare| spare.set(buffer));
    }
}
