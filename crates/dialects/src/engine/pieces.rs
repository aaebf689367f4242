//! Memory in pieces: the buffers of a call that has several of them, one behind the other as if they were one.
//!
//! What reads and writes a single buffer reads and writes these too, so a stream takes all of them in their order, and a datagram
//! is made of all of them. A single piece is handed on as it is.

use std::cell::RefCell;

use synsent_sockets::{Fault, Memory, Pointer, PointerMut};

use crate::page::{Fact, Facts};

/// How many buffers a call takes.
pub const BUFFERS_MAX: usize = 1_024;

/// The buffers of a call.
pub(crate) struct Pieces<'a> {
    pieces: Vec<Piece<'a>>,
    octets: usize,
}

struct Piece<'a> {
    place: RefCell<PointerMut<'a>>,
    octets: usize,
}

impl<'a> Pieces<'a> {
    /// The buffers, and what is wrong with them; those that are empty are passed over. `count` is how many there should be, and
    /// without buffers they are not there.
    pub(crate) fn new(buffers: Option<Vec<(PointerMut<'a>, u32)>>, count: u32) -> (Facts, Pieces<'a>) {
        let mut facts = Fact::NullBuffer.when(buffers.is_none())
            | Fact::BadArgument.when(count == 0)
            | Fact::TooManyBuffers.when(count as usize > BUFFERS_MAX);
        let pieces: Vec<_> = buffers
            .unwrap_or_default()
            .into_iter()
            .filter(|(_, octets)| *octets > 0)
            .map(|(place, octets)| Piece { place: RefCell::new(place), octets: octets as usize })
            .collect();
        facts |= Fact::NullBuffer.when(pieces.iter().any(|piece| piece.place.borrow().is_null()));
        let octets = pieces.iter().map(|piece| piece.octets).sum();
        (facts, Pieces { pieces, octets })
    }

    /// What is wrong with their length as that of one thing to send.
    pub(crate) fn facts_of_length(&self) -> Facts {
        Fact::TooManyBuffers.when(i32::try_from(self.octets).is_err())
    }

    /// How long they are together, as far as a count says it.
    pub(crate) fn len(&self) -> i32 {
        i32::try_from(self.octets).unwrap_or(i32::MAX)
    }

    /// All of them, to be read.
    pub(crate) fn pointer(&self) -> Pointer<'_> {
        Pointer::Foreign(self.memory())
    }

    /// All of them, to be written.
    pub(crate) fn pointer_mut(&self) -> PointerMut<'_> {
        PointerMut::Foreign(self.memory())
    }

    /// A single piece that is memory already needs nobody between.
    fn memory(&self) -> &dyn Memory {
        match self.pieces.as_slice() {
            [piece] => match *piece.place.borrow() {
                PointerMut::Foreign(memory) => memory,
                _ => self,
            },
            _ => self,
        }
    }

    /// Hands each part of a range to `each`: the piece, where in it, and which part of the range.
    fn for_each(
        &self,
        at: usize,
        octets: usize,
        mut each: impl FnMut(&mut PointerMut<'a>, usize, core::ops::Range<usize>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let (mut skip, mut done) = (at, 0);
        for piece in &self.pieces {
            if done == octets {
                break;
            }
            let part = piece.octets.saturating_sub(skip).min(octets - done);
            if part > 0 {
                each(&mut piece.place.borrow_mut(), skip, done..done + part)?;
            }
            done += part;
            skip = skip.saturating_sub(piece.octets);
        }
        if done == octets { Ok(()) } else { Err(Fault) }
    }
}

impl Memory for Pieces<'_> {
    fn read(&self, at: usize, into: &mut [u8]) -> Result<(), Fault> {
        self.for_each(at, into.len(), |place, at, part| place.read(at, &mut into[part]))
    }

    fn write(&self, at: usize, from: &[u8]) -> Result<(), Fault> {
        self.for_each(at, from.len(), |place, at, part| place.write(at, &from[part]))
    }

    // From the beginning on, so each piece that is looked at is looked at from its own.
    fn probe_readable(&self, octets: usize) -> Result<(), Fault> {
        self.for_each(0, octets, |place, _, part| match place {
            PointerMut::Foreign(memory) => memory.probe_readable(part.len()),
            place => place.probe(part.len()),
        })
    }

    fn probe_writable(&self, octets: usize) -> Result<(), Fault> {
        self.for_each(0, octets, |place, _, part| place.probe(part.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces<'a>(parts: &'a mut [Vec<u8>]) -> Pieces<'a> {
        let count = parts.len() as u32;
        let buffers = parts.iter_mut().map(|part| {
            let octets = part.len() as u32;
            (PointerMut::Octets(part), octets)
        });
        let (facts, pieces) = Pieces::new(Some(buffers.collect()), count);
        assert_eq!(facts, Facts::NONE);
        pieces
    }

    #[test]
    fn many_pieces_are_one_memory() {
        let mut parts = [b"on".to_vec(), vec![], b"e mem".to_vec(), b"ory".to_vec()];
        let all = pieces(&mut parts);
        assert_eq!(all.len(), 10);
        let mut into = [0; 10];
        assert_eq!(all.read(0, &mut into), Ok(()));
        assert_eq!(&into, b"one memory");
        assert_eq!((all.read(1, &mut into[..7]), &into[..7]), (Ok(()), &b"ne memo"[..]));
        assert_eq!(all.read(8, &mut into[..3]), Err(Fault));
        assert_eq!(all.read(10, &mut []), Ok(()));
        assert_eq!(all.write(1, b"NE MEMOR"), Ok(()));
        assert_eq!(parts.concat(), b"oNE MEMORy");
    }

    #[test]
    fn a_piece_that_is_not_there_is_found_wherever_it_is() {
        let mut good = [7; 3];
        let buffers = |good| Some(vec![(PointerMut::Octets(good), 3), (PointerMut::Octets(&mut []), 5)]);
        let (facts, all) = Pieces::new(buffers(&mut good), 2);
        assert_eq!((facts, all.probe_writable(8), all.probe_readable(8)), (Facts::NONE, Err(Fault), Err(Fault)));
        assert_eq!((all.probe_writable(3), all.probe_readable(3)), (Ok(()), Ok(())));
        assert_eq!(all.read(0, &mut [0; 8]), Err(Fault));
        let (facts, _) = Pieces::new(Some(vec![(PointerMut::Null, 1)]), 1);
        assert!(facts.has(Fact::NullBuffer));
        let (facts, _) = Pieces::new(Some(vec![(PointerMut::Null, 0)]), 1);
        assert_eq!(facts, Facts::NONE, "an empty buffer is nowhere");
        assert!(Pieces::new(None, 1).0.has(Fact::NullBuffer));
    }

    #[test]
    fn a_call_takes_so_many_buffers_and_no_more() {
        let none = |count| Pieces::new(Some(vec![]), count).0;
        assert!(!none(BUFFERS_MAX as u32).has(Fact::TooManyBuffers));
        assert!(none(BUFFERS_MAX as u32 + 1).has(Fact::TooManyBuffers));
        assert!(none(0).has(Fact::BadArgument));
        let long = |octets| Pieces::new(Some(vec![(PointerMut::Octets(&mut []), octets)]), 1).1.facts_of_length();
        assert!(long(u32::MAX).has(Fact::TooManyBuffers));
        assert!(!long(i32::MAX as u32).has(Fact::TooManyBuffers));
    }
}
