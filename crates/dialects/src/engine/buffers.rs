//! The memory of a caller during a call: what is wrong with it, how it is reached without a copy where it can be, and through
//! a bounded copy where it can not.
//!
//! A slice goes to the socket as it is. Memory that may not be there is copied through a scratch buffer that each thread keeps,
//! at most [`COPY_OCTETS_MAX`] at a time. Room for what is received is tried before anything is received, so that nothing is
//! consumed that cannot be handed over.

use std::cell::Cell;

use synsent_sockets::{Fault, Pointer, PointerMut};

use super::Call;
use crate::page::{Fact, Facts};

/// How much of a caller's memory is copied at a time; the longest datagram over IP fits.
pub(crate) const COPY_OCTETS_MAX: usize = 65_536;

/// No page of memory is smaller on any machine that this runs on.
const PROBE_STEP_OCTETS: usize = 4_096;

/// What is to be sent.
pub(crate) enum Outgoing<'a> {
    /// Memory of this program.
    Octets(&'a [u8]),
    /// Memory that may not be there.
    Foreign {
        /// Where it is.
        pointer: Pointer<'a>,
        /// How much.
        octets: usize,
        /// The first part of it.
        first: Scratch,
    },
}

/// Where to put what is received.
pub(crate) enum Incoming<'a> {
    /// Memory of this program.
    Octets(&'a mut [u8]),
    /// Memory that may not be there, and how much of it.
    Foreign(PointerMut<'a>, usize),
}

/// A buffer that is lent to a call by its thread.
pub(crate) struct Scratch(Vec<u8>);

thread_local! {
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

impl Scratch {
    /// A buffer of this size.
    pub(crate) fn new(octets: usize) -> Scratch {
        // A call inside a call, from a hook, finds nothing here and makes one of its own.
        let mut buffer = SPARE.take();
        buffer.resize(octets, 0);
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
        SPARE.set(core::mem::take(&mut self.0));
    }
}

impl<'a> Outgoing<'a> {
    /// What stands in a buffer of this length, and what is wrong with it.
    pub(crate) fn new(pointer: Pointer<'a>, len: i32) -> (Facts, Option<Outgoing<'a>>) {
        let Ok(octets) = usize::try_from(len) else { return (Fact::NegativeLength.alone(), None) };
        match pointer {
            _ if octets == 0 => (Facts::NONE, Some(Outgoing::Octets(&[]))),
            Pointer::Null => (Fact::NullBuffer.alone(), None),
            Pointer::Octets(slice) => match slice.get(..octets) {
                Some(slice) => (Facts::NONE, Some(Outgoing::Octets(slice))),
                None => (Fact::BadBuffer.alone(), None),
            },
            Pointer::Foreign(memory) => {
                let mut first = Scratch::new(octets.min(COPY_OCTETS_MAX));
                match memory.read(0, first.octets_mut()) {
                    Ok(()) => (Facts::NONE, Some(Outgoing::Foreign { pointer, octets, first })),
                    Err(Fault) => (Fact::BadBuffer.alone(), None),
                }
            }
        }
    }
}

impl<'a> Incoming<'a> {
    /// A buffer of this length, and what is wrong with it.
    pub(crate) fn new(pointer: PointerMut<'a>, len: i32) -> (Facts, Option<Incoming<'a>>) {
        let Ok(octets) = usize::try_from(len) else { return (Fact::NegativeLength.alone(), None) };
        match pointer {
            _ if octets == 0 => (Facts::NONE, Some(Incoming::Octets(&mut []))),
            PointerMut::Null => (Fact::NullBuffer.alone(), None),
            PointerMut::Octets(slice) => match slice.get_mut(..octets) {
                Some(slice) => (Facts::NONE, Some(Incoming::Octets(slice))),
                None => (Fact::BadBuffer.alone(), None),
            },
            PointerMut::Foreign(_) => {
                let octets = octets.min(COPY_OCTETS_MAX);
                let mut pointer = pointer;
                match probe(&mut pointer, octets) {
                    Ok(()) => (Facts::NONE, Some(Incoming::Foreign(pointer, octets))),
                    Err(Fault) => (Fact::BadBuffer.alone(), None),
                }
            }
        }
    }
}

impl Call {
    /// Adds what is wrong with the room for a name that is to be told: it may be null, short, or not there.
    pub(crate) fn take_room(&mut self, name: &mut PointerMut<'_>, len: &mut PointerMut<'_>) {
        let Some(domain) = self.socket.as_ref().map(|socket| socket.domain()) else { return };
        self.facts |= Fact::NullName.when(name.is_null());
        let room = len.read_i32().and_then(|room| len.write_i32(room).map(|()| room));
        let Ok(room) = room else {
            self.facts |= Fact::BadLengthPointer.alone() | Fact::UnreadableLengthPointer.when(!len.is_null());
            return;
        };
        let Ok(room) = usize::try_from(room) else {
            self.facts |= Fact::NegativeLength.alone();
            return;
        };
        let least = self.dialect.names.octets_min(domain);
        let is_there = name.is_null() || probe(name, least.min(room)).is_ok();
        self.facts |= Fact::ShortName.when(room < least) | Fact::UnreadableName.when(!is_there);
    }
}

/// Tries whether memory can be written, by writing back what stands in one octet of each page.
pub(crate) fn probe(pointer: &mut PointerMut<'_>, octets: usize) -> Result<(), Fault> {
    let last = octets.checked_sub(1);
    let places = (0..octets).step_by(PROBE_STEP_OCTETS).chain(last);
    for at in places {
        let mut octet = [0];
        pointer.read(at, &mut octet)?;
        pointer.write(at, &octet)?;
    }
    Ok(())
}
