//! What every layer may tell the world: trace records, counters of what was dropped, and the queue of ready sockets.

use alloc::collections::VecDeque;
use core::fmt;

use crate::event::SocketId;
use crate::link::LinkId;
use crate::time::Instant;
use crate::trace::{Fact, Record};

macro_rules! drop_reasons {
    ($($name:ident $words:literal),+ $(,)?) => {
        /// Why something that arrived, or should have left, was dropped. Every drop is counted under one of these.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub enum DropReason {
            $(#[doc = concat!("Dropped: ", $words, ".")] $name),+
        }

        impl DropReason {
            /// All reasons, in the order of their counters.
            pub const ALL: &[DropReason] = &[$(DropReason::$name),+];

            const fn words(self) -> &'static str {
                match self { $(DropReason::$name => $words),+ }
            }
        }
    };
}

drop_reasons! {
    UnknownLink "the link does not exist",
    LinkDown "the link is down",
    FrameMalformed "not a well-formed frame",
    FrameNotForUs "the frame's destination is another station",
    EtherTypeUnknown "a protocol that is not spoken here",
    ArpMalformed "not a well-formed ARP packet",
    ArpRefused "an ARP claim that is not believed",
    IpMalformed "not a well-formed IP packet",
    IpChecksum "wrong IP header checksum",
    IpOptions "malformed IP options or extension headers",
    IpSourceInvalid "a source address that no host may use",
    IpNotForUs "the destination is not an address of ours",
    HopLimit "the hop limit ran out",
    FragmentRefused "a fragment that overlaps or is malformed",
    ReassemblyFull "no room for more fragments",
    ReassemblyTimeout "fragments that never became whole",
    ProtocolUnknown "a transport protocol that is not spoken here",
    IcmpMalformed "not a well-formed ICMP message",
    IcmpRateLimited "ICMP errors beyond the rate limit",
    NdpRefused "a neighbour discovery message that is not believed",
    NoRoute "no route to the destination",
    NeighbourQueueFull "too many packets wait for one neighbour",
    NeighbourTableFull "too many neighbours",
    NeighbourUnreachable "the neighbour does not answer",
    OutputQueueFull "too many packets wait for a link",
    TooBig "larger than the path's MTU",
    UdpMalformed "not a well-formed UDP datagram",
    UdpChecksum "wrong UDP checksum",
    UdpNoSocket "no UDP socket takes it",
    UdpForeign "not from the connected peer",
    UdpQueueFull "the socket's receive queue is full",
    TcpMalformed "not a well-formed TCP segment",
    TcpChecksum "wrong TCP checksum",
    TcpCast "a TCP segment to or from a broadcast or multicast address",
    TcpNoFlow "a TCP segment for no connection",
    TcpUnacceptable "a TCP segment outside the window",
    TcpPaws "an old duplicate by its timestamp",
    TcpNoTimestamp "a segment without the timestamp that was agreed",
    TcpResetDoubtful "a RST that does not prove itself",
    TcpSynQueueFull "the half-open queue is full",
    TcpAcceptQueueFull "the queue of connections to accept is full",
    TcpFlowLimit "too many connections",
    TcpReassemblyFull "too many holes in the received data",
    TcpCookieInvalid "a SYN cookie that is wrong or too old",
    TcpHandshakeExpired "half-open connections that never completed",
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

/// What was counted since the stack was made.
#[derive(Clone, Debug)]
pub struct Counters {
    dropped: [u64; DropReason::ALL.len()],
    /// Frames that arrived.
    pub frames_received: u64,
    /// Frames that left.
    pub frames_sent: u64,
    /// Trace records that left unread because the trace was full.
    pub trace_lost: u64,
}

impl Default for Counters {
    fn default() -> Counters {
        Counters { dropped: [0; DropReason::ALL.len()], frames_received: 0, frames_sent: 0, trace_lost: 0 }
    }
}

impl Counters {
    /// How often something was dropped for this reason.
    pub fn dropped(&self, reason: DropReason) -> u64 {
        self.dropped[reason as usize]
    }

    /// Every reason that was met, with its count.
    pub fn drops(&self) -> impl Iterator<Item = (DropReason, u64)> + '_ {
        DropReason::ALL.iter().map(|reason| (*reason, self.dropped(*reason))).filter(|(_, count)| *count > 0)
    }
}

/// Handed to every layer with each verb.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) counters: Counters,
    /// Sockets whose set of pending events is not empty, in the order in which they became so.
    pub(crate) ready_sockets: VecDeque<SocketId>,
    trace: VecDeque<Record>,
    trace_capacity: usize,
}

impl Context {
    pub(crate) fn new(trace_capacity: usize) -> Context {
        Context {
            counters: Counters::default(),
            ready_sockets: VecDeque::new(),
            trace: VecDeque::new(),
            trace_capacity,
        }
    }

    /// Notes a fact, if facts are wanted.
    #[inline]
    pub(crate) fn trace(&mut self, now: Instant, fact: impl FnOnce() -> Fact) {
        if self.trace_capacity > 0 {
            self.keep(Record { at: now, fact: fact() });
        }
    }

    /// Counts and traces a drop.
    pub(crate) fn dropped(&mut self, now: Instant, link: LinkId, reason: DropReason) {
        self.counters.dropped[reason as usize] += 1;
        self.trace(now, || Fact::Dropped { link, reason });
    }

    pub(crate) fn poll_trace(&mut self) -> Option<Record> {
        self.trace.pop_front()
    }

    fn keep(&mut self, record: Record) {
        if self.trace.len() == self.trace_capacity {
            self.trace.pop_front();
            self.counters.trace_lost += 1;
        }
        self.trace.push_back(record);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_trace_loses_the_oldest_and_says_so() {
        let mut context = Context::new(2);
        for secs in 1..=3 {
            context.dropped(Instant::from_secs(secs), LinkId::LOOPBACK, DropReason::NoRoute);
        }
        assert_eq!(context.counters.dropped(DropReason::NoRoute), 3);
        assert_eq!(context.counters.trace_lost, 1);
        assert_eq!(context.poll_trace().map(|record| record.at), Some(Instant::from_secs(2)));
    }
}
