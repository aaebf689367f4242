//! The medium between two stacks: a queue of frames in memory, whose buffers are used again.

use std::collections::VecDeque;

/// The MTU of the medium.
pub(crate) const MTU: usize = 1_500;

/// Frames longer than this carry data.
const DATA_FRAME_OCTETS: usize = 1_000;

/// One frame.
pub(crate) struct Frame {
    octets: Box<[u8; MTU]>,
    len: usize,
}

impl Frame {
    /// What is in it.
    pub(crate) fn octets(&self) -> &[u8] {
        &self.octets[..self.len]
    }
}

/// One direction of the medium.
#[derive(Default)]
pub(crate) struct Pipe {
    queue: VecDeque<Frame>,
    spare: Vec<Frame>,
    data_frames: u64,
}

impl Pipe {
    /// Lets `write` write a frame and puts it in when a length comes back.
    pub(crate) fn push(&mut self, write: impl FnOnce(&mut [u8; MTU]) -> Option<usize>) -> bool {
        let mut frame = self.spare.pop().unwrap_or_else(|| Frame { octets: Box::new([0; MTU]), len: 0 });
        let Some(len) = write(&mut frame.octets) else {
            self.spare.push(frame);
            return false;
        };
        frame.len = len;
        self.data_frames += u64::from(len > DATA_FRAME_OCTETS);
        self.queue.push_back(frame);
        true
    }

    /// Takes the next frame out.
    pub(crate) fn pop(&mut self) -> Option<Frame> {
        self.queue.pop_front()
    }

    /// Takes a frame back whose content was read.
    pub(crate) fn recycle(&mut self, frame: Frame) {
        self.spare.push(frame);
    }

    /// How many full-sized frames were put in so far.
    pub(crate) fn data_frames(&self) -> u64 {
        self.data_frames
    }
}
