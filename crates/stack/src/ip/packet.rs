//! Packets that wait: the buffers they wait in, and each link's bounded queue of them.
//!
//! Data of a flow waits in the flow, not here. Here stand answers, control segments, datagrams, forwarded packets and
//! fragments: what has no other place to wait in. A buffer that has done its work goes back to the pool, so that a steady
//! stream of them allocates nothing; the pool keeps no more than [`POOL_BUFFERS`].

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use synsent_wire::ethernet;

/// How many packets wait for one link, at most.
pub(crate) const OUTPUT_QUEUE_PACKETS: usize = 512;
/// How many of them may be answers that anybody out there can provoke: echo replies, errors, resets.
pub(crate) const OUTPUT_QUEUE_PROVOKED: usize = 256;
/// How many packets to ourselves wait, at most.
pub(crate) const LOOPBACK_QUEUE_PACKETS: usize = 1024;
/// How many unused buffers are kept.
pub(crate) const POOL_BUFFERS: usize = 256;
/// A buffer that grew beyond this is not kept.
const POOLED_OCTETS: usize = 2048;

/// One IP packet.
#[derive(Debug, Default)]
pub(crate) struct PacketBuffer {
    octets: Vec<u8>,
}

impl PacketBuffer {
    #[inline]
    pub(crate) fn octets(&self) -> &[u8] {
        &self.octets
    }

    pub(crate) fn octets_mut(&mut self) -> &mut [u8] {
        &mut self.octets
    }
}

/// Unused buffers.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    free: Vec<PacketBuffer>,
}

impl Pool {
    /// A buffer of `len` zero octets.
    pub(crate) fn take(&mut self, len: usize) -> PacketBuffer {
        let mut buffer = self.free.pop().unwrap_or_default();
        buffer.octets.clear();
        buffer.octets.resize(len, 0);
        buffer
    }

    /// A buffer with a copy of a packet.
    pub(crate) fn copy(&mut self, packet: &[u8]) -> PacketBuffer {
        let mut buffer = self.free.pop().unwrap_or_default();
        buffer.octets.clear();
        buffer.octets.extend_from_slice(packet);
        buffer
    }

    pub(crate) fn give_back(&mut self, buffer: PacketBuffer) {
        if self.free.len() < POOL_BUFFERS && buffer.octets.capacity() <= POOLED_OCTETS {
            self.free.push(buffer);
        }
    }
}

/// Who wants a packet to leave.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Urge {
    /// This host.
    Own,
    /// Somebody out there, who may not even exist.
    Provoked,
}

/// A packet and the link address that it goes to; links without addresses ignore it.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) packet: PacketBuffer,
    pub(crate) hardware: ethernet::Address,
    pub(crate) ethertype: ethernet::EtherType,
    pub(crate) urge: Urge,
}

/// What waits for one link.
#[derive(Debug, Default)]
pub(crate) struct OutputQueue {
    waiting: VecDeque<Outgoing>,
    provoked: usize,
    /// A packet was taken since flows had their turn.
    had_turn: bool,
}

impl OutputQueue {
    /// Whether there is room for one more; asked before a packet is built.
    pub(crate) fn has_room(&self, urge: Urge) -> bool {
        self.has_room_for(1, urge)
    }

    /// Whether there is room for so many more.
    pub(crate) fn has_room_for(&self, packets: usize, urge: Urge) -> bool {
        let provoked_too = urge == Urge::Own || self.provoked + packets <= OUTPUT_QUEUE_PROVOKED;
        self.waiting.len() + packets <= OUTPUT_QUEUE_PACKETS && provoked_too
    }

    /// Gives the packet back when there is no room.
    pub(crate) fn push(&mut self, outgoing: Outgoing) -> Result<(), PacketBuffer> {
        if !self.has_room(outgoing.urge) {
            return Err(outgoing.packet);
        }
        self.provoked += usize::from(outgoing.urge == Urge::Provoked);
        self.waiting.push_back(outgoing);
        Ok(())
    }

    pub(crate) fn pop(&mut self) -> Option<Outgoing> {
        let outgoing = self.waiting.pop_front()?;
        self.provoked -= usize::from(outgoing.urge == Urge::Provoked);
        self.had_turn = true;
        Some(outgoing)
    }

    /// Whether it is the turn of flows: a queue that answers a flood must not keep them from the link.
    #[inline]
    pub(crate) fn yields(&mut self) -> bool {
        core::mem::take(&mut self.had_turn)
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outgoing(urge: Urge) -> Outgoing {
        let hardware = ethernet::Address([2; 6]);
        Outgoing { packet: PacketBuffer::default(), hardware, ethertype: ethernet::EtherType::IPV4, urge }
    }

    #[test]
    fn a_flood_of_provoked_answers_leaves_room_for_our_own_packets() {
        let mut queue = OutputQueue::default();
        let taken = (0..10_000).filter(|_| queue.push(outgoing(Urge::Provoked)).is_ok()).count();
        assert_eq!(taken, OUTPUT_QUEUE_PROVOKED);
        let own = (0..10_000).filter(|_| queue.push(outgoing(Urge::Own)).is_ok()).count();
        assert_eq!(own, OUTPUT_QUEUE_PACKETS - OUTPUT_QUEUE_PROVOKED);
        while queue.pop().is_some() {}
        assert!(queue.has_room(Urge::Provoked));
    }

    #[test]
    fn the_pool_keeps_a_bounded_number_of_buffers_and_no_giants() {
        let mut pool = Pool::default();
        for _ in 0..POOL_BUFFERS * 2 {
            pool.give_back(PacketBuffer { octets: Vec::with_capacity(64) });
        }
        pool.give_back(PacketBuffer { octets: Vec::with_capacity(60_000) });
        assert_eq!(pool.free.len(), POOL_BUFFERS);
        pool.free.clear();
        pool.give_back(PacketBuffer { octets: Vec::with_capacity(60_000) });
        assert!(pool.free.is_empty());
    }
}
