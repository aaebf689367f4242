//! How connections end: what a segment, a timer or a call decided is carried out here, and places and memory are given back.

use alloc::boxed::Box;

use synsent_wire::tcp::Flags;

use super::arrives::Outcome;
use super::block::{self, Change, Over, Shape, TheirFin};
use super::buffer::Ring;
use super::segment::{self, reset_from};
use super::tables::Owner;
use super::turn::{Shared, Turn, timestamps_of};
use super::{TIMERS_PER_TURN, Tcp};
use crate::context::Context;
use crate::event::EventKind;
use crate::ip::Ip;
use crate::link::LinkId;
use crate::reason::{Cause, Failure, SynSchedule};
use crate::time::Instant;
use crate::trace::Fact;

impl Tcp {
    /// Carries out what a segment, a timer or a message did to a connection.
    pub(in crate::tcp) fn carry_out(
        &mut self,
        now: Instant,
        index: u32,
        outcome: Outcome,
        link: LinkId,
        ip: &mut Ip,
        context: &mut Context,
    ) {
        match outcome {
            Outcome::Stay => {}
            Outcome::Ended => self.end_in_order(now, index, false, context),
            Outcome::TimeWait => {
                self.acknowledge_last(now, index, link, ip, context);
                self.end_in_order(now, index, true, context);
            }
            Outcome::Fail(cause) => self.fail(now, index, cause, context),
            Outcome::Abort(cause) => {
                self.send_reset(now, index, link, ip, context);
                self.fail(now, index, cause, context);
            }
        }
    }

    /// The acknowledgment of the peer's FIN leaves before the connection becomes an entry of TIME-WAIT.
    pub(in crate::tcp) fn acknowledge_last(
        &mut self,
        now: Instant,
        index: u32,
        link: LinkId,
        ip: &mut Ip,
        context: &mut Context,
    ) {
        let Some(flow) = self.flows.get_mut(index) else { return };
        let Some((head, conn)) = flow.synchronized() else { return };
        if conn.rcv.ack == block::AckDue::No {
            return;
        }
        let mut ack = segment::header(&head.tuple, Flags::ACK, conn.snd.nxt, conn.rcv.nxt);
        ack.window = conn.rcv.announce().0;
        ack.options.timestamps = timestamps_of(conn, now);
        Turn { now, shared: &mut self.shared, ip, context, link }.send_for(head, &ack);
    }

    /// Tells the peer that the connection is given up.
    pub(crate) fn send_reset(&mut self, now: Instant, index: u32, link: LinkId, ip: &mut Ip, context: &mut Context) {
        let Some(flow) = self.flows.get_mut(index) else { return };
        let (head, shape) = flow.parts();
        // 9293/ABORT-1
        // In SYN-SENT the peer knows of nothing that could be reset.
        let reset = match shape {
            Shape::Opening(opening) => match &opening.theirs {
                Some(theirs) => reset_from(&head.tuple, opening.iss + 1, theirs.irs + 1, None),
                None => return,
            },
            Shape::Synchronized(conn) => reset_from(&head.tuple, conn.snd.nxt, conn.rcv.nxt, timestamps_of(conn, now)),
            Shape::Over(_) => return,
        };
        Turn { now, shared: &mut self.shared, ip, context, link }.send_for(head, &reset);
    }

    /// A connection ended in order; with `time_wait`, an entry of that table takes the four-tuple over.
    pub(in crate::tcp) fn end_in_order(&mut self, now: Instant, index: u32, time_wait: bool, context: &mut Context) {
        let Some(flow) = self.flows.get_mut(index) else { return };
        let tuple = (flow.head.tuple, flow.head.hash);
        let Some((head, conn)) = flow.synchronized() else { return };
        let in_order = conn.their_fin() == TheirFin::Reached;
        let unread = core::mem::replace(&mut conn.rcv.buffer, Ring::new());
        let numbers = (conn.snd.nxt, conn.rcv.nxt, conn.rcv.announce().0);
        let stamps = conn.rcv.timestamps.map(|agreed| (agreed.recent, agreed.offset));
        Self::give_back(&mut self.shared, conn);
        head.raise(EventKind::Closed, context);
        let over = Over { unread, in_order };
        let change = if time_wait { Change::ToTimeWait(over) } else { Change::To(Shape::Over(over)) };
        flow.apply(change, now, context);
        if time_wait {
            let entry = self.time_waits.insert(now, tuple, numbers, stamps);
            self.hand_over(tuple.0.local, tuple.1, Owner::Flow(index), Owner::TimeWait(entry));
            self.expire_time_waits(now);
        } else {
            self.disown(tuple.0.local, tuple.1, Owner::Flow(index));
        }
        self.free_if_unheld(index);
    }

    /// A connection failed; what it received in order can still be read, unless a reset ended it (as everywhere).
    pub(crate) fn fail(&mut self, now: Instant, index: u32, cause: Cause, context: &mut Context) {
        let Some(flow) = self.flows.get_mut(index) else { return };
        let (head, shape) = flow.parts();
        let (tuple, hash) = (head.tuple, head.hash);
        let mut unread = Ring::new();
        let mut syns = SynSchedule::default();
        match shape {
            Shape::Opening(opening) => {
                syns = opening.syns;
                opening.buffer.discard_front(opening.buffer.len());
                opening.buffer.release(&mut self.shared.pool);
            }
            Shape::Synchronized(conn) => {
                core::mem::swap(&mut unread, &mut conn.rcv.buffer);
                Self::give_back(&mut self.shared, conn);
            }
            Shape::Over(_) => return,
        }
        let soft = head.soft.as_deref().copied();
        let failure = Failure { cause, at: now, opened_at: head.opened_at, remote: tuple.remote, syns, soft };
        head.failure = Some(Box::new(failure));
        head.raise(EventKind::Failed, context);
        context.trace(now, || Fact::Failed { tuple, cause });
        flow.apply(Change::To(Shape::Over(Over { unread, in_order: false })), now, context);
        self.disown(tuple.local, hash, Owner::Flow(index));
        self.free_if_unheld(index);
    }

    /// Gives a connection's buffers back.
    pub(in crate::tcp) fn give_back(shared: &mut Shared, conn: &mut block::Synchronized) {
        conn.snd.buffer.discard_front(conn.snd.buffer.len());
        conn.snd.buffer.release(&mut shared.pool);
        conn.rcv.buffer.discard_front(conn.rcv.buffer.len());
        conn.rcv.buffer.release(&mut shared.pool);
        shared.spare(conn.snd.board.take());
    }

    /// Frees the place of a connection that is over and that nobody holds.
    pub(in crate::tcp) fn free_if_unheld(&mut self, index: u32) {
        let Some(flow) = self.flows.get(index) else { return };
        // A connection that failed in the accept queue stays there: who accepts it learns of its data and of its failure.
        let is_wanted = flow.head.held || flow.head.waits_at.is_some();
        if is_wanted || !matches!(flow.shape(), Shape::Over(_)) {
            return;
        }
        self.free(index);
    }

    /// Frees a place; the flow is owned by no four-tuple any more.
    pub(in crate::tcp) fn free(&mut self, index: u32) {
        self.shared.deadlines.cancel(index);
        if let Some(mut flow) = self.flows.remove(index)
            && let (_, Shape::Over(over)) = flow.parts()
        {
            over.unread.discard_front(over.unread.len());
            over.unread.release(&mut self.shared.pool);
            // A number that is left in a queue finds nothing, or a newer flow that is asked once too often.
        }
    }

    pub(in crate::tcp) fn expire_time_waits(&mut self, now: Instant) {
        for _ in 0..TIMERS_PER_TURN {
            let Some(index) = self.time_waits.next_expired(now) else { return };
            if let Some(entry) = self.time_waits.get(index) {
                let (local, hash) = (entry.tuple.local, entry.hash);
                self.disown(local, hash, Owner::TimeWait(index));
                self.time_waits.remove(index);
            }
        }
    }
}
