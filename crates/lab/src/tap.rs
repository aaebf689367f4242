//! The lab's end of a real line: an end of a cable at which no host of the lab is, but somebody outside.
//!
//! What the outside sends goes in by [`Lab::tap_in`] and meets the faults of that end like the frame of any host; the capture
//! has it as sent from there. What arrives at the end waits until [`Lab::tap_out`] takes it, and it arrives when the lab's time
//! says so. Who moves frames between a device and the lab therefore lets the time go on first, then puts in what came, lets what is due
//! happen, and takes out what arrived. Frames are those of the cable: bare packets on a line, on a segment with an
//! Ethernet header, in which the outside uses a station address of its own and asks for its neighbours as any host does.
//!
//! A tap checks no length and no address. Who does not take its frames loses the newest ones, and they are counted.

use std::collections::VecDeque;

use crate::cable::{CableId, Whose};
use crate::lab::Lab;

/// How many frames wait at a tap until they are taken; more are dropped.
pub const TAP_FRAMES_MAX: usize = 4_096;

/// A tap of a lab.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct TapId(pub(crate) u32);

/// An end of a cable that is for the outside.
#[derive(Debug)]
pub(crate) struct Tap {
    cable: CableId,
    end: usize,
    frames: VecDeque<Vec<u8>>,
    dropped: u64,
}

/// Lines to the outside.
impl Lab {
    /// Adds an end to a cable at which no host is.
    pub fn add_tap(&mut self, cable: CableId) -> TapId {
        let id = TapId(self.taps().len() as u32);
        let end = self.join(cable, Whose::Tap(id));
        self.taps_mut().push(Tap { cable, end, frames: VecDeque::new(), dropped: 0 });
        id
    }

    /// Sends a frame of the outside from the tap onto its cable, now.
    pub fn tap_in(&mut self, tap: TapId, frame: &[u8]) {
        let (cable, end) = self.tap_end(tap);
        self.put_out(cable, end, frame);
    }

    /// Takes the next frame that has arrived at the tap.
    pub fn tap_out(&mut self, tap: TapId) -> Option<Vec<u8>> {
        self.taps_mut()[tap.0 as usize].frames.pop_front()
    }

    /// The cable of a tap and which end of it the tap is, for [`Lab::set_faults`], [`Record::from`](crate::Record::from) and
    /// [`Sight::from`](crate::Sight::from).
    pub fn tap_end(&self, tap: TapId) -> (CableId, usize) {
        let Tap { cable, end, .. } = self.taps()[tap.0 as usize];
        (cable, end)
    }

    /// How many frames were lost at the tap because nobody took them.
    pub fn tap_dropped(&self, tap: TapId) -> u64 {
        self.taps()[tap.0 as usize].dropped
    }
}

impl Tap {
    /// A frame has come to this end.
    pub(crate) fn arrived(&mut self, frame: &[u8]) {
        if self.frames.len() == TAP_FRAMES_MAX {
            self.dropped += 1;
            return;
        }
        self.frames.push_back(frame.to_vec());
    }
}
