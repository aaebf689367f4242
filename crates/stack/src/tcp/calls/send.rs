//! SEND (RFC 9293 section 3.10.2).

use core::fmt;

use synsent_wire::SeqNumber;

use crate::event::FlowId;
use crate::tcp::Tcp;
use crate::tcp::block::{Head, OurFin, Shape, Synchronized};
use crate::tcp::turn::Shared;
use crate::time::Instant;

/// Why nothing was taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SendError {
    /// The send buffer is full; `Writable` tells when it is not.
    WouldBlock,
    /// This side has closed for sending.
    ShutDown,
    /// The connection is over; `tcp_status` tells why.
    Closed,
    /// The handle means no connection.
    NoSuchSocket,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SendError::WouldBlock => "the send buffer is full",
            SendError::ShutDown => "this side has closed for sending",
            SendError::Closed => "the connection is over",
            SendError::NoSuchSocket => "the socket does not exist any more",
        })
    }
}

impl Tcp {
    /// Takes what fits of `data` into the send buffer; `urgent` marks its end, once that is taken, as the end of urgent data.
    pub(crate) fn send(&mut self, now: Instant, id: FlowId, data: &[u8], urgent: bool) -> Result<usize, SendError> {
        let shared = &mut self.shared;
        let found = self.flows.get_mut(id.index).filter(|flow| flow.head.id == id && flow.head.held);
        let flow = found.ok_or(SendError::NoSuchSocket)?;
        let taken = match flow.parts() {
            (head, Shape::Opening(opening)) => {
                if opening.fin_queued {
                    return Err(SendError::ShutDown);
                }
                // Before the connection is open, data is queued.
                let limit = head.options.send_buffer.initial as usize;
                let taken = opening.buffer.push(&mut shared.pool, data, limit);
                if urgent && taken > 0 && taken == data.len() {
                    opening.urgent_octets = Some(opening.buffer.len() as u32);
                }
                taken
            }
            (head, Shape::Synchronized(conn)) => take(now, head, conn, data, urgent, shared)?,
            (_, Shape::Over(_)) => return Err(SendError::Closed),
        };
        if taken == 0 && !data.is_empty() {
            return Err(SendError::WouldBlock);
        }
        Ok(taken)
    }
}

fn take(
    now: Instant,
    head: &mut Head,
    conn: &mut Synchronized,
    data: &[u8],
    urgent: bool,
    shared: &mut Shared,
) -> Result<usize, SendError> {
    if conn.our_fin() != OurFin::None {
        return Err(SendError::ShutDown);
    }
    if conn.snd.outstanding_octets() == 0 && conn.snd.buffer.is_empty() {
        let idle = now.since(conn.snd.last_sent_at);
        if idle > conn.snd.rtt.rto() {
            // RFC 5681 section 4.1: after a pause the window says nothing about the network any more.
            conn.snd.cc.on_idle();
        }
        conn.snd.waiting_since = now;
    }
    let taken = conn.snd.buffer.push(&mut shared.pool, data, conn.snd.limit as usize);
    // 9293/MUST-60
    // Nothing waits for a push: all that is in the buffer leaves as soon as the windows and Nagle allow.
    if taken < data.len() {
        conn.snd.starved = true;
    }
    if urgent && taken > 0 && taken == data.len() {
        let up: SeqNumber = conn.snd.end();
        conn.snd.up = Some(up);
    }
    // Whether the windows and Nagle let something out is decided when the link asks, and so are the timers if they do not.
    shared.queue(head);
    Ok(taken)
}
