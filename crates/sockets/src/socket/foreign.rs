//! Sending from, and receiving into, memory of a caller that may not be there.
//!
//! A transport that can do without copies gets the memory itself. For the others it goes through a buffer, in bounded parts. What
//! has to be known before anything happens is tried before: that there is room for a datagram, which cannot be received twice, and
//! for whatever goes through a copy. Else memory is looked at only where the call comes to nothing, so that a caller whose memory
//! is not there is told that, and does not wait.

use core::ops::Range;

use super::Socket;
use super::verbs::Room;
use crate::failure::{Failure, Outcome};
use crate::memory::{Fault, Memory};
use crate::name::{Kind, Name};
use crate::provider::{Answer, Progress, ReceiveHow, Received, SendHow, Transport, Waits};
use crate::scratch::{COPY_OCTETS_MAX, Scratch};

impl Socket {
    /// [`Socket::send_waiting`] from memory that may not be there. Where it ends in the middle, what was taken before counts.
    ///
    /// # Errors
    /// As [`Socket::send_waiting`], and [`Outcome::BadMemory`] where the memory is not there.
    pub fn send_foreign(&self, memory: &dyn Memory, octets: usize, how: SendHow, waits: Waits) -> Answer<usize> {
        if self.kind == Kind::Datagram {
            let datagram = copy_of_datagram(memory, octets)?;
            return self.send_waiting(datagram.octets(), how, waits);
        }
        let mut source = Source { memory, octets, copy: None, is_there: false };
        let answer = self.send_by(octets, waits, |transport, taken| source.offer(transport, taken, how));
        if !matches!(answer, Ok(Progress::Done(_))) {
            source.look()?;
        }
        answer
    }

    /// [`Socket::send_to_waiting`] from memory that may not be there.
    ///
    /// # Errors
    /// As [`Socket::send_to_waiting`], and [`Outcome::BadMemory`] where the memory is not there.
    pub fn send_to_foreign(
        &self,
        memory: &dyn Memory,
        octets: usize,
        to: &Name,
        how: SendHow,
        waits: Waits,
    ) -> Answer<usize> {
        let datagram = copy_of_datagram(memory, octets)?;
        self.send_to_waiting(datagram.octets(), to, how, waits)
    }

    /// [`Socket::receive_waiting`] into memory that may not be there.
    ///
    /// # Errors
    /// As [`Socket::receive_waiting`], and [`Outcome::BadMemory`] where the memory is not there; a stream loses nothing then.
    pub fn receive_foreign(
        &self,
        memory: &dyn Memory,
        octets: usize,
        how: ReceiveHow,
        waits: Waits,
    ) -> Answer<Received> {
        let mut room = Foreign { memory, octets, is_there: false };
        if self.kind == Kind::Datagram {
            room.look()?;
        }
        let answer = self.receive_by(&mut room, how, waits);
        if !matches!(answer, Ok(Progress::Done(Received { octets: 1.., .. }))) {
            room.look()?;
        }
        answer
    }
}

/// A datagram is sent as a whole, and never through memory that might go meanwhile.
fn copy_of_datagram(memory: &dyn Memory, octets: usize) -> Result<Scratch, Failure> {
    let mut copy = Scratch::new(octets);
    memory.read(0, copy.octets_mut()).map_err(bad)?;
    // No datagram is so long.
    if octets > COPY_OCTETS_MAX { Err(Outcome::MessageTooLong.into()) } else { Ok(copy) }
}

/// What is sent by a stream.
struct Source<'a> {
    memory: &'a dyn Memory,
    octets: usize,
    /// A part of it and where that begins, where the transport takes slices alone.
    copy: Option<(usize, Scratch)>,
    /// Whether it is known to be there.
    is_there: bool,
}

impl Source<'_> {
    /// Offers what is left.
    fn offer(&mut self, transport: &dyn Transport, taken: usize, how: SendHow) -> Answer<usize> {
        match transport.send_from(self.memory, taken..self.octets, how) {
            Some(Ok(Progress::Pending)) => self.look().map(|()| Progress::Pending),
            Some(answer) => answer,
            None => self.offer_copies(transport, taken, how),
        }
    }

    /// Offers one part after the other as long as they are taken whole. What was taken before something went wrong counts.
    fn offer_copies(&mut self, transport: &dyn Transport, before: usize, how: SendHow) -> Answer<usize> {
        let mut taken = before;
        loop {
            let answer = match self.part(taken) {
                Ok((part, is_last)) => {
                    // Urgent is the last octet of all.
                    let how = SendHow { urgent: how.urgent && is_last, ..how };
                    transport.send(part, how).map(|progress| (progress, part.len()))
                }
                Err(failure) => Err(failure),
            };
            match answer {
                Ok((Progress::Done(count), offered)) => {
                    taken += count;
                    if count < offered || taken >= self.octets {
                        return Ok(Progress::Done(taken - before));
                    }
                }
                Ok((Progress::Pending, _)) | Err(_) if taken > before => return Ok(Progress::Done(taken - before)),
                Ok((Progress::Pending, _)) => return Ok(Progress::Pending),
                Err(failure) => return Err(failure),
            }
        }
    }

    /// What is next, and whether that is all.
    fn part(&mut self, taken: usize) -> Result<(&[u8], bool), Failure> {
        let has_it = |(start, copy): &(usize, Scratch)| (*start..start + copy.octets().len()).contains(&taken);
        let (start, copy) = match self.copy.take().filter(has_it) {
            Some(copy) => self.copy.insert(copy),
            None => {
                let mut copy = Scratch::new(self.octets - taken);
                self.memory.read(taken, copy.octets_mut()).map_err(bad)?;
                self.is_there = true;
                self.copy.insert((taken, copy))
            }
        };
        let part = &copy.octets()[taken - *start..];
        Ok((part, taken + part.len() == self.octets))
    }

    fn look(&mut self) -> Result<(), Failure> {
        once(&mut self.is_there, || self.memory.probe_readable(self.octets))
    }
}

/// Where to put what is received, if it is there.
struct Foreign<'a> {
    memory: &'a dyn Memory,
    octets: usize,
    /// Whether it is known to be there.
    is_there: bool,
}

impl Room for Foreign<'_> {
    fn octets(&self) -> usize {
        self.octets
    }

    fn take(&mut self, transport: &dyn Transport, taken: usize, how: ReceiveHow) -> Answer<Received> {
        match transport.receive_into(self.memory, taken..self.octets, how) {
            Some(Ok(Progress::Pending)) => self.look().map(|()| Progress::Pending),
            Some(answer) => answer,
            None => self.take_copy(transport, taken..self.octets, how),
        }
    }

    fn look(&mut self) -> Result<(), Failure> {
        once(&mut self.is_there, || self.memory.probe_writable(self.octets))
    }
}

impl Foreign<'_> {
    fn take_copy(&mut self, transport: &dyn Transport, part: Range<usize>, how: ReceiveHow) -> Answer<Received> {
        self.look()?;
        let mut copy = Scratch::new(part.len());
        let progress = transport.receive(copy.octets_mut(), how)?;
        if let Progress::Done(received) = &progress {
            self.memory.write(part.start, &copy.octets()[..received.octets]).map_err(bad)?;
        }
        Ok(progress)
    }
}

fn once(is_there: &mut bool, probe: impl FnOnce() -> Result<(), Fault>) -> Result<(), Failure> {
    if !*is_there {
        probe().map_err(bad)?;
        *is_there = true;
    }
    Ok(())
}

fn bad(_: Fault) -> Failure {
    Outcome::BadMemory.into()
}
