//! What became ready: the handles of sockets, and what `poll_event` tells of them.
//!
//! A socket has at most one pending event of each kind, so the queue is bounded by the number of sockets. Events are edges;
//! the state itself is asked for with the verbs (`tcp_receive` answers `WouldBlock` when there is nothing).

use core::fmt;

/// A TCP connection; stale handles are recognised by their generation and never reach another connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct FlowId {
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

/// A TCP listener.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ListenerId {
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

/// A connection request that waits for the application's decision at a deferred listener.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct HalfOpenId {
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

/// A UDP socket.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct UdpId {
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

impl fmt::Display for FlowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "flow {}.{}", self.index, self.generation)
    }
}

/// Any socket.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum SocketId {
    /// A TCP connection.
    Flow(FlowId),
    /// A TCP listener.
    Listener(ListenerId),
    /// A UDP socket.
    Udp(UdpId),
}

/// What became ready.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum EventKind {
    /// An active open reached ESTABLISHED.
    Connected,
    /// `tcp_accept` will yield a connection.
    Acceptable,
    /// A deferred listener has a request to decide on: see `tcp_next_pending`.
    Pending,
    /// Data can be received.
    Readable,
    /// Data can be sent again after a `WouldBlock`.
    Writable,
    /// Urgent data was announced, or its end moved (RFC 9293 MUST-32).
    Urgent,
    /// The peer's FIN was reached.
    PeerClosed,
    /// A soft error was noted (RFC 9293 MUST-47); see `tcp_status`.
    SoftError,
    /// Retransmissions passed R1 (RFC 9293 SHLD-9).
    Troubled,
    /// The flow failed, or a UDP socket got an ICMP error.
    Failed,
    /// Our FIN is acknowledged, and with it all that was sent.
    FinAcked,
    /// Both directions ended in order and all that was sent is acknowledged.
    Closed,
}

impl EventKind {
    const ALL: [EventKind; 12] = [
        EventKind::Connected,
        EventKind::Acceptable,
        EventKind::Pending,
        EventKind::Readable,
        EventKind::Writable,
        EventKind::Urgent,
        EventKind::PeerClosed,
        EventKind::SoftError,
        EventKind::Troubled,
        EventKind::Failed,
        EventKind::FinAcked,
        EventKind::Closed,
    ];
}

/// One thing that became ready on one socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Event {
    /// On which.
    pub socket: SocketId,
    /// What.
    pub kind: EventKind,
}

/// The pending events of one socket. A socket is in the queue exactly while its set is not empty.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct EventSet(u16);

impl EventSet {
    /// Adds an event; true when the set was empty, so that the socket must be queued.
    pub(crate) fn raise(&mut self, kind: EventKind) -> bool {
        let was_empty = self.0 == 0;
        self.0 |= 1 << kind as u8;
        was_empty
    }

    /// Takes the first pending event, and tells whether more are left.
    pub(crate) fn take(&mut self) -> Option<(EventKind, bool)> {
        let kind = *EventKind::ALL.get(self.0.trailing_zeros() as usize)?;
        self.0 &= self.0 - 1;
        Some((kind, self.0 != 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_raised_twice_is_told_once() {
        let mut set = EventSet::default();
        assert!(set.raise(EventKind::Readable));
        assert!(!set.raise(EventKind::Readable));
        assert!(!set.raise(EventKind::Connected));
        assert_eq!(set.take(), Some((EventKind::Connected, true)));
        assert_eq!(set.take(), Some((EventKind::Readable, false)));
        assert_eq!(set.take(), None);
    }

    #[test]
    fn every_kind_stands_at_its_own_number() {
        for (number, kind) in EventKind::ALL.iter().enumerate() {
            assert_eq!(*kind as usize, number);
        }
    }
}
