//! CLOSE (RFC 9293 section 3.10.4): for sending only, and for good.

use crate::context::Context;
use crate::event::FlowId;
use crate::ip::Ip;
use crate::reason::Cause;
use crate::tcp::Tcp;
use crate::tcp::block::{Change, OurFin, Shape};
use crate::tcp::calls::send::SendError;
use crate::tcp::timeouts;
use crate::time::Instant;

impl Tcp {
    /// Closes for sending: what is queued goes out, then our FIN.
    pub(crate) fn shutdown_send(&mut self, now: Instant, id: FlowId, context: &mut Context) -> Result<(), SendError> {
        self.flow(id).ok_or(SendError::NoSuchSocket)?;
        match self.queue_fin(now, id.index, context) {
            true => Ok(()),
            false => Err(SendError::Closed),
        }
    }

    /// Gives the handle back. The connection closes in the background, as the linger option says.
    pub(crate) fn close(&mut self, now: Instant, id: FlowId, ip: &mut Ip, context: &mut Context) {
        let Some(flow) = self.flow_mut(id) else { return };
        let linger = flow.head.options.linger;
        flow.head.held = false;
        // Nobody asks any more; what is pending is skipped when its turn comes.
        flow.head.events = Default::default();
        let unread = match flow.shape() {
            Shape::Synchronized(conn) => !conn.rcv.buffer.is_empty() && !flow.head.receive_shut,
            // 9293/CLOSE-1
            // Nothing stands yet that could be closed in order.
            Shape::Opening(opening) => opening.theirs.is_none(),
            Shape::Over(_) => return self.free_if_unheld(id.index),
        };
        // 9293/SHLD-3
        // 1122/TCP-5
        // 9293/MAY-1
        // Received data that nobody will read is lost, and the peer must know: a reset, not a FIN.
        if unread || linger.is_some_and(|linger| linger.is_zero()) {
            return self.abort_place(now, id.index, ip, context);
        }
        self.queue_fin(now, id.index, context);
        let Some(flow) = self.flows.get_mut(id.index) else { return };
        let Some((head, conn)) = flow.synchronized() else { return };
        conn.timers.give_up = match (linger, conn.our_fin()) {
            (_, OurFin::Acked) => now + head.options.fin_wait_2_timeout,
            (Some(linger), _) => now + linger,
            (None, _) => conn.timers.give_up,
        };
        self.shared.arm(flow);
    }

    /// Resets the connection and gives the handle back (RFC 9293 section 3.10.5).
    pub(crate) fn abort(&mut self, now: Instant, id: FlowId, ip: &mut Ip, context: &mut Context) {
        let Some(flow) = self.flow_mut(id) else { return };
        flow.head.held = false;
        flow.head.events = Default::default();
        match flow.shape() {
            Shape::Over(_) => self.free_if_unheld(id.index),
            _ => self.abort_place(now, id.index, ip, context),
        }
    }

    /// Resets the connection at a place, whoever holds it.
    pub(in crate::tcp) fn abort_place(&mut self, now: Instant, index: u32, ip: &mut Ip, context: &mut Context) {
        let Some(flow) = self.flows.get_mut(index) else { return };
        flow.head.waits_at = None;
        let link = flow.head.path.map_or(crate::link::LinkId::LOOPBACK, |path| path.link);
        if matches!(flow.shape(), Shape::Over(_)) {
            return self.free_if_unheld(index);
        }
        self.send_reset(now, index, link, ip, context);
        self.fail(now, index, Cause::Aborted, context);
    }

    /// Lets our FIN follow what is queued; false when the connection is over.
    fn queue_fin(&mut self, now: Instant, index: u32, context: &mut Context) -> bool {
        let Some(flow) = self.flows.get_mut(index) else { return false };
        match flow.parts() {
            (_, Shape::Opening(opening)) => {
                // The FIN waits until the connection stands; meanwhile the SYN or SYN-ACK is repeated as before.
                opening.fin_queued = true;
                return true;
            }
            (_, Shape::Synchronized(conn)) if conn.our_fin() != OurFin::None => return true,
            (_, Shape::Synchronized(_)) => flow.apply(Change::OurFin(OurFin::Queued), now, context),
            (_, Shape::Over(_)) => return false,
        }
        if let Some((head, conn)) = flow.synchronized() {
            if conn.snd.outstanding_octets() == 0 {
                conn.snd.waiting_since = now;
            }
            timeouts::arm_recovery(conn, now, false);
            timeouts::arm_user_timeout(head, conn);
            self.shared.queue(head);
        }
        self.shared.arm(flow);
        true
    }
}
