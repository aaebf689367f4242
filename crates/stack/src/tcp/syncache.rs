//! Half-open passive connections: SYN-RECEIVED from a passive OPEN (RFC 4987 section 3.5, RFC 9293 section 3.10.7.2).
//!
//! A SYN at a listener costs one small entry here and no connection. The entry repeats the SYN-ACK, hears the peer's
//! acknowledgment, and then becomes a connection. At a deferred listener the SYN-ACK waits until the application has decided.

use alloc::collections::VecDeque;

use synsent_wire::SeqNumber;
use synsent_wire::tcp::{Flags, Repr};

use super::block::TheirSyn;
use super::deadlines::Deadlines;
use super::four_tuple::{FourTuple, TupleHash};
use super::isn::Start;
use super::segment::header;
use super::window;
use crate::config::TcpOptions;
use crate::event::HalfOpenId;
use crate::slab::Slab;
use crate::time::{Duration, Instant};

// 4987/2
// The state of a half-open connection is small, and it is found by the keyed hash of the flow table.
/// The longest pause between two SYN-ACKs.
const SYN_ACK_RTO_MAX: Duration = Duration::from_secs(60);

/// A SYN that a listener took.
#[derive(Debug)]
pub(crate) struct HalfOpen {
    pub(crate) id: HalfOpenId,
    pub(crate) tuple: FourTuple,
    pub(crate) hash: TupleHash,
    /// The listener's place.
    pub(crate) listener: u32,
    pub(crate) theirs: TheirSyn,
    pub(crate) iss: SeqNumber,
    pub(crate) timestamp_offset: u32,
    pub(crate) stage: Stage,
    /// When the timer of the SYN-ACK was last started.
    pub(crate) answered_at: Instant,
    /// How many SYN-ACKs were sent.
    pub(crate) answers: u8,
    pub(crate) give_up_at: Instant,
    rto: Duration,
}

/// How far a half-open connection is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stage {
    /// The application has not decided; nothing was sent.
    Undecided,
    /// The application wants silence.
    Ignored,
    /// The SYN-ACK is out.
    Answered,
}

/// All half-open connections.
pub(crate) struct SynCache {
    pub(crate) entries: Slab<HalfOpen>,
    pub(crate) deadlines: Deadlines,
    /// Places in the order of arrival, for the bound; an entry that left is passed over.
    order: VecDeque<HalfOpenId>,
}

impl SynCache {
    pub(crate) const fn new() -> SynCache {
        SynCache { entries: Slab::new(), deadlines: Deadlines::new(), order: VecDeque::new() }
    }

    pub(crate) fn insert(&mut self, make: impl FnOnce(HalfOpenId) -> HalfOpen) -> u32 {
        let index = self.entries.insert_with(|index, generation| make(HalfOpenId { index, generation }));
        if let Some(entry) = self.entries.get(index) {
            self.order.push_back(entry.id);
        }
        // Entries that left early are dropped from the order once they outnumber the rest, so that it stays bounded.
        if self.order.len() > 64 + 2 * self.entries.len() {
            let entries = &self.entries;
            self.order.retain(|id| entries.is_current(id.index, id.generation));
        }
        index
    }

    pub(crate) fn remove(&mut self, index: u32) -> Option<HalfOpen> {
        self.deadlines.cancel(index);
        self.entries.remove(index)
    }

    /// The entry that has waited longest (4987/1).
    pub(crate) fn oldest(&mut self) -> Option<u32> {
        while let Some(id) = self.order.front() {
            if self.entries.is_current(id.index, id.generation) {
                return Some(id.index);
            }
            self.order.pop_front();
        }
        None
    }
}

impl HalfOpen {
    pub(crate) fn new(
        id: HalfOpenId,
        (tuple, hash): (FourTuple, TupleHash),
        listener: u32,
        theirs: TheirSyn,
        Start { iss, timestamp_offset }: Start,
        (now, rto, give_up_at): (Instant, Duration, Instant),
    ) -> HalfOpen {
        let stage = Stage::Undecided;
        HalfOpen {
            id,
            tuple,
            hash,
            listener,
            theirs,
            iss,
            timestamp_offset,
            stage,
            answered_at: now,
            answers: 0,
            give_up_at,
            rto,
        }
    }

    /// When something is to be done about it.
    pub(crate) fn next_deadline(&self) -> Instant {
        match self.stage {
            Stage::Answered => (self.answered_at + self.rto).min(self.give_up_at),
            Stage::Undecided | Stage::Ignored => self.give_up_at,
        }
    }

    /// Notes that a SYN-ACK leaves now: for the first time, because its timer ran out, or because the peer asked again, which
    /// does not touch the timer.
    pub(crate) fn answer(&mut self, now: Instant) {
        let timer_ran_out = self.answers > 0 && now >= self.answered_at + self.rto;
        if timer_ran_out {
            // 6298/2
            self.rto = self.rto.saturating_mul(2).min(SYN_ACK_RTO_MAX);
        }
        if timer_ran_out || self.answers == 0 {
            self.answered_at = now;
        }
        self.stage = Stage::Answered;
        self.answers = self.answers.saturating_add(1);
    }

    /// RCV.NXT: the number after the peer's SYN.
    pub(crate) fn rcv_nxt(&self) -> SeqNumber {
        self.theirs.irs + 1
    }
}

/// The SYN-ACK that answers `theirs`.
pub(crate) fn syn_ack(
    tuple: &FourTuple,
    iss: SeqNumber,
    theirs: &TheirSyn,
    options: &TcpOptions,
    mss: u16,
    timestamp: u32,
) -> Repr {
    let mut answer = header(tuple, Flags::SYN | Flags::ACK, iss, theirs.irs + 1);
    answer.window = receive_window(options);
    answer.options.mss = Some(mss);
    answer.options.sack_permitted = options.selective_acks && theirs.selective_acks;
    // 7323/1
    // Only an offer is answered.
    if options.window_scaling && theirs.window_scale.is_some() {
        answer.options.window_scale = Some(window::shift_for(options.receive_buffer.limit));
    }
    if options.timestamps
        && let Some(echo) = theirs.timestamp
    {
        answer.options.timestamps = Some(super::timestamps(timestamp, Some(echo)));
    }
    answer
}

/// The window of a SYN-ACK, never scaled.
pub(crate) fn receive_window(options: &TcpOptions) -> u16 {
    options.receive_buffer.initial.min(u32::from(u16::MAX)) as u16
}
