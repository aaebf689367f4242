//! What a link is to the driver: something that takes and gives frames, and a descriptor that says when.
//!
//! A device never blocks. What it cannot take now it refuses with [`Sent::Busy`], and the driver keeps the frame. Devices wrap
//! one another: a test that loses frames is a device around a device.

use std::io;
use std::os::fd::BorrowedFd;

use synsent_stack::{Medium, Offload, Received, SegmentOffload};

/// The largest frame that any device hands over: the largest IP packet behind an Ethernet header with a tag. Unit: octets.
pub const FRAME_MAX_OCTETS: usize = 65_535 + 18;

/// What became of a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sent {
    /// The device has it.
    Done,
    /// The device could not take it and it is gone, as a network may lose it; the error number of the kernel says why.
    Lost(i32),
    /// The device is full; the same frame may be offered again once its descriptor is writable.
    Busy,
}

/// A link of this machine.
pub trait Device: Send {
    /// What people call it; the name of its interface where it has one.
    fn name(&self) -> &str;
    /// What stands before the IP packet in a frame.
    fn medium(&self) -> Medium;
    /// The largest IP packet; unit: octets.
    fn mtu(&self) -> u16;
    /// What it does by itself.
    fn offload(&self) -> Offload;
    /// Readable when a frame waits, writable when it takes one.
    fn descriptor(&self) -> BorrowedFd<'_>;
    /// The next frame, its length and what the device tells of it; `None` when none waits.
    fn receive(&mut self, frame: &mut [u8]) -> io::Result<Option<(usize, Received)>>;
    /// Sends a frame.
    fn transmit(&mut self, frame: &[u8], offload: Option<SegmentOffload>) -> io::Result<Sent>;
}

impl<D: Device + ?Sized> Device for Box<D> {
    fn name(&self) -> &str {
        (**self).name()
    }
    fn medium(&self) -> Medium {
        (**self).medium()
    }
    fn mtu(&self) -> u16 {
        (**self).mtu()
    }
    fn offload(&self) -> Offload {
        (**self).offload()
    }
    fn descriptor(&self) -> BorrowedFd<'_> {
        (**self).descriptor()
    }
    fn receive(&mut self, frame: &mut [u8]) -> io::Result<Option<(usize, Received)>> {
        (**self).receive(frame)
    }
    fn transmit(&mut self, frame: &[u8], offload: Option<SegmentOffload>) -> io::Result<Sent> {
        (**self).transmit(frame, offload)
    }
}
