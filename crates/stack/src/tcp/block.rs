//! The transmission control block of RFC 9293 section 3.3.1: a connection in one of its shapes.
//!
//! A flow has a head, which it keeps for life (who, by which path, with which settings), and a shape with only the fields that
//! exist then: `Opening` while a SYN of ours is out, `Synchronized` once both SYNs are acknowledged, `Over` when nothing is left
//! but what the application may still read and ask. LISTEN is a listener, a passive SYN-RECEIVED is a [`HalfOpen`](super::syncache),
//! TIME-WAIT is a compact entry of its own table. The eleven names are computed; [`Flow::apply`] is the one function that
//! changes what they are computed from.

use alloc::boxed::Box;

use synsent_wire::SeqNumber;
use synsent_wire::tcp::SackRange;

use super::buffer::Ring;
use super::cc::CongestionControl;
use super::challenge::ChallengeLimit;
use super::four_tuple::{FourTuple, TupleHash};
use super::out_of_order::OutOfOrder;
use super::rtt::RttEstimator;
use super::scoreboard::Scoreboard;
use super::state::State;
use crate::config::TcpOptions;
use crate::context::Context;
use crate::event::{EventKind, EventSet, FlowId, ListenerId, SocketId};
use crate::ip::Path;
use crate::reason::{Failure, SoftError, SynSchedule};
use crate::time::Instant;
use crate::trace::Fact;

/// A connection.
pub(crate) struct Flow {
    pub(crate) head: Head,
    shape: Shape,
}

/// What a connection keeps for life.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) id: FlowId,
    pub(crate) tuple: FourTuple,
    pub(crate) hash: TupleHash,
    /// The way to the peer as it was last looked up; checked against the routing table's generation before use.
    pub(crate) path: Option<Path>,
    pub(crate) options: TcpOptions,
    pub(crate) opened_at: Instant,
    pub(crate) events: EventSet,
    /// Whether the application holds the handle. Nobody is told of events otherwise.
    pub(crate) held: bool,
    /// Whether it stands in a queue of flows that may have something to send.
    pub(crate) queued: bool,
    /// Whether the application gave up receiving.
    pub(crate) receive_shut: bool,
    /// The listener in whose accept queue it waits.
    pub(crate) waits_at: Option<ListenerId>,
    pub(crate) soft: Option<Box<SoftError>>,
    pub(crate) failure: Option<Box<Failure>>,
}

/// The fields that exist in a phase of a connection's life.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every flow is synchronized, and a box would cost each a cache miss"
)]
pub(crate) enum Shape {
    Opening(Opening),
    Synchronized(Synchronized),
    Over(Over),
}

/// SYN-SENT, or SYN-RECEIVED by simultaneous open.
pub(crate) struct Opening {
    pub(crate) iss: SeqNumber,
    pub(crate) timestamp_offset: u32,
    /// The peer's SYN, in a simultaneous open. 9293/MUST-11: this shape is always of an active OPEN.
    pub(crate) theirs: Option<TheirSyn>,
    pub(crate) syns: SynSchedule,
    /// A SYN (or SYN-ACK) is to leave now.
    pub(crate) send_now: bool,
    /// How often the SYN went again at once because a reset was sent to a stale peer.
    pub(crate) prompted: u8,
    pub(crate) rtt: RttEstimator,
    pub(crate) next_syn_at: Instant,
    pub(crate) give_up_at: Instant,
    /// What the application sent before the connection was open.
    pub(crate) buffer: Ring,
    pub(crate) fin_queued: bool,
    /// How far urgent data reaches into what was sent before the connection was open.
    pub(crate) urgent_octets: Option<u32>,
    /// The next hop that did not answer, if so.
    pub(crate) neighbour_lost: bool,
    pub(crate) challenge: ChallengeLimit,
}

/// What the peer's SYN said.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TheirSyn {
    pub(crate) irs: SeqNumber,
    pub(crate) mss: Option<u16>,
    pub(crate) window_scale: Option<u8>,
    pub(crate) selective_acks: bool,
    /// TSval, when it came with one.
    pub(crate) timestamp: Option<u32>,
}

/// How far our FIN is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum OurFin {
    /// The application may still send.
    None,
    /// It follows the last octet of the send buffer.
    Queued,
    /// It was sent at least once.
    Sent,
    /// It is acknowledged.
    Acked,
}

/// How far the peer's FIN is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TheirFin {
    /// Not seen.
    None,
    /// Seen at this sequence number, with a hole before it.
    Ahead(SeqNumber),
    /// All before it was received.
    Reached,
}

/// ESTABLISHED and all states after it but TIME-WAIT.
pub(crate) struct Synchronized {
    pub(crate) snd: SendSide,
    pub(crate) rcv: ReceiveSide,
    our_fin: OurFin,
    their_fin: TheirFin,
    /// Whether this side closed before the peer's FIN was reached: CLOSING and not LAST-ACK.
    closed_first: bool,
    pub(crate) timers: Timers,
    /// A probe that is to leave now.
    pub(crate) probe: Option<Probe>,
    pub(crate) challenge: ChallengeLimit,
}

/// The send sequence space and what serves it.
pub(crate) struct SendSide {
    /// SND.UNA
    pub(crate) una: SeqNumber,
    /// SND.NXT; it never moves back, retransmissions have their own numbers.
    pub(crate) nxt: SeqNumber,
    /// SND.WND in octets
    pub(crate) wnd: u32,
    /// SND.WL1
    pub(crate) wl1: SeqNumber,
    /// SND.WL2
    pub(crate) wl2: SeqNumber,
    /// The largest SND.WND so far: MAX.SND.WND of RFC 5961.
    pub(crate) max_wnd: u32,
    /// SND.UP: the first octet after the urgent data.
    pub(crate) up: Option<SeqNumber>,
    /// Octets from SND.UNA on: sent and not acknowledged, then not sent.
    pub(crate) buffer: Ring,
    /// How many octets the buffer may hold now.
    pub(crate) limit: u32,
    /// Whether the application met a full buffer and wants to hear of room.
    pub(crate) starved: bool,
    /// The peer's MSS option, or the default.
    pub(crate) peer_mss: u16,
    /// Octets of text in a full segment now, options counted off: Eff.snd.MSS.
    pub(crate) mss: u32,
    /// Shift of the windows that the peer announces.
    pub(crate) scale: u8,
    pub(crate) cc: CongestionControl,
    pub(crate) rtt: RttEstimator,
    /// What is in flight; nothing is held when nothing is.
    pub(crate) board: Option<Box<Scoreboard>>,
    pub(crate) recovery: Recovery,
    /// SND.NXT when the recovery began (RFC 6582).
    pub(crate) recover: SeqNumber,
    /// Duplicate acknowledgments in a row, from a peer without SACK.
    pub(crate) duplicate_acks: u8,
    /// Timeouts of one segment in a row.
    pub(crate) retries: u8,
    /// Window probes in a row.
    pub(crate) window_probes: u8,
    /// When the last segment with text left.
    pub(crate) last_sent_at: Instant,
    /// Since when the peer owes an acknowledgment.
    pub(crate) waiting_since: Instant,
    /// The largest text that was ever acknowledged: a path MTU below it is doubted (5927/4).
    pub(crate) largest_acked: u16,
    /// The largest text in flight or sent lately.
    pub(crate) largest_sent: u16,
    /// A doubted path MTU, believed once a segment times out, and the number of the segment that is said not to have passed:
    /// once it is acknowledged, the message was wrong (5927/4).
    pub(crate) doubted_mtu: Option<(u16, SeqNumber)>,
}

/// The receive sequence space and what serves it.
pub(crate) struct ReceiveSide {
    /// RCV.NXT
    pub(crate) nxt: SeqNumber,
    /// RCV.NXT + RCV.WND as the peer was told; it never moves left.
    pub(crate) edge: SeqNumber,
    /// RCV.UP
    pub(crate) up: Option<SeqNumber>,
    /// Received in order and not read yet; beyond it, out of order, what `holes` lists.
    pub(crate) buffer: Ring,
    pub(crate) holes: OutOfOrder,
    /// How many octets may wait for the application now.
    pub(crate) limit: u32,
    /// Shift of the windows that we announce.
    pub(crate) scale: u8,
    /// Our MSS: what a full segment of the peer carries.
    pub(crate) mss: u16,
    pub(crate) selective_acks: bool,
    pub(crate) timestamps: Option<Timestamping>,
    /// The acknowledgment in our last segment: Last.ACK.sent of RFC 7323.
    pub(crate) last_ack_sent: SeqNumber,
    /// The largest text that the peer sent so far: what a full segment is in practice.
    pub(crate) largest_text: u16,
    /// When an acknowledgment must leave.
    pub(crate) ack: AckDue,
    /// The duplicate to report in the next acknowledgment (RFC 2883).
    pub(crate) duplicate: Option<SackRange>,
    /// How many octets the application read since `tuned_at`.
    pub(crate) read_octets: u32,
    pub(crate) tuned_at: Instant,
    /// When the last segment arrived.
    pub(crate) heard_at: Instant,
    pub(crate) keep_alive_probes: u8,
    /// The traffic class of the last segment.
    pub(crate) traffic_class: u8,
}

/// The timestamps of a connection that agreed on them (RFC 7323).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timestamping {
    /// TS.Recent
    pub(crate) recent: u32,
    /// When TS.Recent was taken.
    pub(crate) recent_at: Instant,
    /// What is added to our clock.
    pub(crate) offset: u32,
    /// The latest of our clock's values that the peer has echoed.
    pub(crate) echoed: u32,
}

/// When an acknowledgment must leave.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum AckDue {
    /// Nothing is owed.
    No,
    /// With the next segment, or alone at this time.
    By(Instant),
    /// Now.
    Now,
}

/// In which repair of a loss the sender is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Recovery {
    /// None.
    Open,
    /// Fast recovery (RFC 6675).
    Fast,
    /// After a retransmission timeout.
    Timeout,
}

/// A segment that a timer wants out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Probe {
    /// Tail loss (RFC 8985 section 7).
    TailLoss,
    /// Zero window (9293/MUST-36).
    Window,
    /// Keep-alive (9293/MUST-24).
    KeepAlive,
}

/// What the recovery timer waits for. The kinds exclude each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RecoveryTimer {
    /// RFC 6298.
    Retransmission,
    /// RFC 8985 section 7.
    TailLoss,
    /// RFC 8985 section 6.
    Reorder,
    /// RFC 9293 section 3.8.6.1.
    Persist,
}

/// The deadlines of a synchronized connection; `Instant::FAR` when off. The delayed ACK stands with the receive side.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timers {
    pub(crate) recovery: Instant,
    pub(crate) recovery_kind: RecoveryTimer,
    /// Keep-alive.
    pub(crate) idle: Instant,
    /// Lingering close, and FIN-WAIT-2 without an owner.
    pub(crate) give_up: Instant,
    /// User timeout.
    pub(crate) user: Instant,
}

/// Nothing is left but what the application may still read and ask.
pub(crate) struct Over {
    pub(crate) unread: Ring,
    /// Whether the peer's FIN was reached, so that the end of the data is its true end.
    pub(crate) in_order: bool,
}

/// What changes the name of a connection's state.
#[expect(clippy::large_enum_variant, reason = "a shape is moved once in the life of a connection")]
pub(crate) enum Change {
    /// Another shape. `TimeWait` says that the compact entry was made; then the shape is `Over`.
    To(Shape),
    /// Both FINs are acknowledged; the compact entry holds the four-tuple from now on.
    ToTimeWait(Over),
    OurFin(OurFin),
    TheirFin(TheirFin),
    /// The peer's SYN came before its acknowledgment of ours.
    TheirSyn(TheirSyn),
}

impl Flow {
    pub(crate) fn new(head: Head, shape: Shape) -> Flow {
        Flow { head, shape }
    }

    /// The name of the state (RFC 9293 section 3.3.2), computed.
    pub(crate) fn state(&self) -> State {
        match &self.shape {
            Shape::Opening(opening) if opening.theirs.is_none() => State::SynSent,
            Shape::Opening(_) => State::SynReceived,
            Shape::Synchronized(conn) => conn.state(),
            Shape::Over(_) => State::Closed,
        }
    }

    /// The one function that assigns a state: everything that its name is computed from changes here.
    pub(crate) fn apply(&mut self, change: Change, now: Instant, context: &mut Context) {
        let from = self.state();
        let mut to = None;
        match (change, &mut self.shape) {
            (Change::To(shape), _) => self.shape = shape,
            (Change::ToTimeWait(over), _) => {
                self.shape = Shape::Over(over);
                to = Some(State::TimeWait);
            }
            (Change::OurFin(fin), Shape::Synchronized(conn)) => conn.our_fin = fin,
            (Change::TheirFin(fin), Shape::Synchronized(conn)) => {
                conn.closed_first = conn.our_fin != OurFin::None;
                conn.their_fin = fin;
            }
            (Change::TheirSyn(syn), Shape::Opening(opening)) => opening.theirs = Some(syn),
            _ => debug_assert!(false, "a change that this shape cannot undergo"),
        }
        let to = to.unwrap_or_else(|| self.state());
        debug_assert!(from.may_become(to), "{from} must not become {to}");
        if from != to {
            let (flow, tuple) = (Some(self.head.id), self.head.tuple);
            context.trace(now, || Fact::StateChanged { flow, tuple, from, to });
        }
    }

    /// The head and the shape, to be used side by side.
    #[inline]
    pub(crate) fn parts(&mut self) -> (&mut Head, &mut Shape) {
        (&mut self.head, &mut self.shape)
    }

    pub(crate) fn shape(&self) -> &Shape {
        &self.shape
    }

    #[inline]
    pub(crate) fn synchronized(&mut self) -> Option<(&mut Head, &mut Synchronized)> {
        match &mut self.shape {
            Shape::Synchronized(conn) => Some((&mut self.head, conn)),
            _ => None,
        }
    }

    /// When a timer of this connection runs out next; `Instant::FAR`: never.
    pub(crate) fn next_deadline(&self) -> Instant {
        match &self.shape {
            Shape::Opening(opening) => opening.next_syn_at.min(opening.give_up_at),
            Shape::Synchronized(conn) => conn.next_deadline(),
            Shape::Over(_) => Instant::FAR,
        }
    }
}

impl Head {
    /// Tells the application, if there is one, that something became ready.
    pub(crate) fn raise(&mut self, kind: EventKind, context: &mut Context) {
        if self.held && self.events.raise(kind) {
            context.ready_sockets.push_back(SocketId::Flow(self.id));
        }
    }
}

impl Synchronized {
    pub(crate) fn new(snd: SendSide, rcv: ReceiveSide) -> Synchronized {
        Synchronized {
            snd,
            rcv,
            our_fin: OurFin::None,
            their_fin: TheirFin::None,
            closed_first: false,
            timers: Timers {
                recovery: Instant::FAR,
                recovery_kind: RecoveryTimer::Retransmission,
                idle: Instant::FAR,
                give_up: Instant::FAR,
                user: Instant::FAR,
            },
            probe: None,
            challenge: ChallengeLimit::default(),
        }
    }

    pub(crate) fn our_fin(&self) -> OurFin {
        self.our_fin
    }

    pub(crate) fn their_fin(&self) -> TheirFin {
        self.their_fin
    }

    /// The name of the state. A FIN that is queued and not sent counts as sent: CLOSE moves the state (RFC 9293 section 3.10.4).
    pub(crate) fn state(&self) -> State {
        let reached = self.their_fin == TheirFin::Reached;
        match (self.our_fin, reached) {
            (OurFin::None, false) => State::Established,
            (OurFin::None, true) => State::CloseWait,
            (OurFin::Queued | OurFin::Sent, false) => State::FinWait1,
            (OurFin::Acked, false) => State::FinWait2,
            (OurFin::Queued | OurFin::Sent, true) if self.closed_first => State::Closing,
            (OurFin::Queued | OurFin::Sent, true) => State::LastAck,
            (OurFin::Acked, true) => State::TimeWait,
        }
    }

    pub(crate) fn next_deadline(&self) -> Instant {
        let ack = match self.rcv.ack {
            AckDue::By(at) => at,
            AckDue::No | AckDue::Now => Instant::FAR,
        };
        let timers = &self.timers;
        ack.min(timers.recovery).min(timers.idle).min(timers.give_up).min(timers.user)
    }
}

impl SendSide {
    /// The number after the last octet of the send buffer: where our FIN stands.
    #[inline]
    pub(crate) fn end(&self) -> SeqNumber {
        self.una + self.buffer.len() as u32
    }

    /// Octets of the buffer that were never sent.
    #[inline]
    pub(crate) fn unsent_octets(&self) -> u32 {
        let sent = self.nxt.distance_from(self.una).max(0) as u32;
        (self.buffer.len() as u32).saturating_sub(sent)
    }

    /// Octets sent and not acknowledged, our FIN included.
    #[inline]
    pub(crate) fn outstanding_octets(&self) -> u32 {
        self.nxt.distance_from(self.una).max(0) as u32
    }

    /// Octets that count against the congestion window (RFC 6675 pipe).
    #[inline]
    pub(crate) fn flight_octets(&self) -> u32 {
        self.board.as_ref().map_or(0, |board| board.flight_octets())
    }
}
