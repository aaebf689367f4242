//! A device that loses frames, as a bad network does: every run with one seed loses by the same dice.

use std::io;
use std::os::fd::BorrowedFd;

use synsent_host::{Device, Sent};
use synsent_stack::{Medium, Offload, Received, SegmentOffload};

/// Loses frames of the device inside, both ways.
pub(crate) struct Lossy<D> {
    inner: D,
    lost_per_mille: u64,
    dice: u64,
}

impl<D: Device> Lossy<D> {
    pub(crate) fn new(inner: D, lost_per_mille: u64, seed: u64) -> Lossy<D> {
        Lossy { inner, lost_per_mille, dice: seed | 1 }
    }

    /// One throw of xorshift64*.
    fn is_lost(&mut self) -> bool {
        self.dice ^= self.dice >> 12;
        self.dice ^= self.dice << 25;
        self.dice ^= self.dice >> 27;
        (self.dice.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32) % 1_000 < self.lost_per_mille
    }
}

impl<D: Device> Device for Lossy<D> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn medium(&self) -> Medium {
        self.inner.medium()
    }

    fn mtu(&self) -> u16 {
        self.inner.mtu()
    }

    fn offload(&self) -> Offload {
        self.inner.offload()
    }

    fn descriptor(&self) -> BorrowedFd<'_> {
        self.inner.descriptor()
    }

    fn receive(&mut self, frame: &mut [u8]) -> io::Result<Option<(usize, Received)>> {
        loop {
            let received = self.inner.receive(frame)?;
            if received.is_none() || !self.is_lost() {
                return Ok(received);
            }
        }
    }

    fn transmit(&mut self, frame: &[u8], offload: Option<SegmentOffload>) -> io::Result<Sent> {
        if self.is_lost() {
            return Ok(Sent::Done);
        }
        self.inner.transmit(frame, offload)
    }
}
