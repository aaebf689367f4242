//! The memory of a caller during a call: what is wrong with it, as far as that is seen before anything happens.
//!
//! A slice goes to the socket as it is, and so does memory that may not be there: the socket finds out whether it is, because
//! trying it first would cost more than the call. Where the page ends the call anyway, it is tried here, so that the page's order
//! of what is wrong holds.

use synsent_sockets::{Failure, Memory, Outcome, Pointer, PointerMut};

use super::Call;
use crate::page::{Fact, Facts, Verdict};
use crate::process::Said;

/// What is to be sent.
#[derive(Clone, Copy)]
pub(crate) enum Outgoing<'a> {
    /// Memory of this program.
    Octets(&'a [u8]),
    /// Memory that may not be there, and how much of it.
    Foreign(&'a dyn Memory, usize),
}

/// Where to put what is received.
pub(crate) enum Incoming<'a> {
    /// Memory of this program.
    Octets(&'a mut [u8]),
    /// Memory that may not be there, and how much of it.
    Foreign(&'a dyn Memory, usize),
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
            Pointer::Foreign(memory) => (Facts::NONE, Some(Outgoing::Foreign(memory, octets))),
        }
    }

    /// Whether it is there, as far as that was not seen yet.
    pub(crate) fn is_there(&self) -> bool {
        match self {
            Outgoing::Octets(_) => true,
            Outgoing::Foreign(memory, octets) => memory.probe_readable(*octets).is_ok(),
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
            PointerMut::Foreign(memory) => (Facts::NONE, Some(Incoming::Foreign(memory, octets))),
        }
    }

    /// Whether it is there, as far as that was not seen yet.
    pub(crate) fn is_there(&self) -> bool {
        match self {
            Incoming::Octets(_) => true,
            Incoming::Foreign(memory, octets) => memory.probe_writable(*octets).is_ok(),
        }
    }
}

impl Call {
    /// What the page says of a call with a buffer that may not be there. Where it lets the call through the buffer is not looked
    /// at: [`Call::say_of_buffer`] says what the socket found.
    pub(crate) fn judge_with_buffer(&mut self, is_there: impl FnOnce() -> bool) -> Result<Verdict, Said> {
        if self.page.judge(self.on, self.facts).then == Verdict::Proceed {
            return Ok(Verdict::Proceed);
        }
        self.facts |= Fact::BadBuffer.when(!is_there());
        self.judge()
    }

    /// The word for what the layer below answered to a call with a buffer: that it is not there is the page's to say.
    pub(crate) fn say_of_buffer(&self, failure: Failure) -> Said {
        if failure.outcome != Outcome::BadMemory {
            return self.say(failure);
        }
        match self.judge_also(Fact::BadBuffer.alone()) {
            Err(said) => said,
            Ok(_) => self.say(failure),
        }
    }

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
        let is_there = name.is_null() || name.probe(least.min(room)).is_ok();
        self.facts |= Fact::ShortName.when(room < least) | Fact::UnreadableName.when(!is_there);
    }
}
