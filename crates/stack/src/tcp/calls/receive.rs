//! RECEIVE (RFC 9293 section 3.10.3).

use core::fmt;

use synsent_wire::SeqNumber;

use crate::event::FlowId;
use crate::tcp::Tcp;
use crate::tcp::block::{AckDue, Shape, Synchronized, TheirFin};
use crate::tcp::buffer::Ring;
use crate::time::Instant;

/// Why nothing was received.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReceiveError {
    /// Nothing has arrived; `Readable` tells when something has.
    WouldBlock,
    /// The connection failed and nothing is left to read; `tcp_status` tells why.
    Failed,
    /// The handle means no connection.
    NoSuchSocket,
}

impl fmt::Display for ReceiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ReceiveError::WouldBlock => "nothing has arrived",
            ReceiveError::Failed => "the connection failed",
            ReceiveError::NoSuchSocket => "the socket does not exist any more",
        })
    }
}

impl Tcp {
    /// Moves received data into `into`; `Ok(0)` is the peer's orderly end (9293/MUST-12), or an empty `into`.
    pub(crate) fn receive(&mut self, now: Instant, id: FlowId, into: &mut [u8]) -> Result<usize, ReceiveError> {
        let shared = &mut self.shared;
        let found = self.flows.get_mut(id.index).filter(|flow| flow.head.id == id && flow.head.held);
        let flow = found.ok_or(ReceiveError::NoSuchSocket)?;
        if into.is_empty() {
            return Ok(0);
        }
        if flow.head.receive_shut {
            return Ok(0);
        }
        let failed = flow.head.failure.is_some();
        let (head, shape) = flow.parts();
        let conn = match shape {
            Shape::Opening(_) => return Err(ReceiveError::WouldBlock),
            Shape::Over(over) => {
                let octets = over.unread.pop_into(into);
                return match octets {
                    0 if failed || !over.in_order => Err(ReceiveError::Failed),
                    octets => Ok(octets),
                };
            }
            Shape::Synchronized(conn) => conn,
        };
        let octets = conn.rcv.buffer.pop_into(into);
        if octets == 0 {
            return at_end(conn);
        }
        if urgent_left(conn).is_none() {
            // A mark that was passed would look like one ahead once the numbers have wrapped.
            conn.rcv.up = None;
        }
        let limit = head.options.receive_buffer.limit;
        conn.rcv.note_read(now, octets, conn.snd.rtt.srtt(), limit);
        if conn.rcv.buffer.is_empty() && conn.rcv.holes.is_empty() {
            conn.rcv.buffer.release(&mut shared.pool);
        }
        if conn.rcv.must_tell_window() {
            conn.rcv.ack = AckDue::Now;
            shared.queue(head);
        }
        Ok(octets)
    }

    /// Copies received data into `into` and leaves it where it is.
    pub(crate) fn peek(&self, id: FlowId, into: &mut [u8]) -> Result<usize, ReceiveError> {
        let flow = self.flow(id).ok_or(ReceiveError::NoSuchSocket)?;
        if into.is_empty() || flow.head.receive_shut {
            return Ok(0);
        }
        match flow.shape() {
            Shape::Opening(_) => Err(ReceiveError::WouldBlock),
            Shape::Over(over) => match over.unread.peek_into(0, into) {
                0 if !over.in_order => Err(ReceiveError::Failed),
                octets => Ok(octets),
            },
            Shape::Synchronized(conn) => match conn.rcv.buffer.peek_into(0, into) {
                0 => at_end(conn),
                octets => Ok(octets),
            },
        }
    }

    /// Gives up receiving: what has arrived and what will arrive is thrown away, and every receive answers with the end.
    pub(crate) fn shutdown_receive(&mut self, id: FlowId) -> Result<(), ReceiveError> {
        let shared = &mut self.shared;
        let found = self.flows.get_mut(id.index).filter(|flow| flow.head.id == id && flow.head.held);
        let flow = found.ok_or(ReceiveError::NoSuchSocket)?;
        let (head, shape) = flow.parts();
        head.receive_shut = true;
        if let Shape::Synchronized(conn) = shape {
            discard(&mut conn.rcv.buffer, conn.rcv.holes.is_empty(), shared);
            if conn.rcv.must_tell_window() {
                conn.rcv.ack = AckDue::Now;
                shared.queue(head);
            }
        }
        Ok(())
    }

    /// How many octets of urgent data are left to read (9293/MUST-33); `None`: none was announced, or it is read.
    pub(crate) fn urgent_octets(&self, id: FlowId) -> Option<u32> {
        match self.flow(id)?.shape() {
            Shape::Synchronized(conn) => urgent_left(conn),
            _ => None,
        }
    }
}

fn discard(buffer: &mut Ring, whole: bool, shared: &mut crate::tcp::turn::Shared) {
    buffer.discard_front(buffer.len());
    if whole {
        buffer.release(&mut shared.pool);
    }
}

fn at_end(conn: &Synchronized) -> Result<usize, ReceiveError> {
    match conn.their_fin() {
        TheirFin::Reached => Ok(0),
        _ => Err(ReceiveError::WouldBlock),
    }
}

/// Octets from the reading position to the end of urgent data.
pub(crate) fn urgent_left(conn: &Synchronized) -> Option<u32> {
    let fin = u32::from(conn.their_fin() == TheirFin::Reached);
    let position: SeqNumber = conn.rcv.nxt - conn.rcv.buffer.len() as u32 - fin;
    let left = conn.rcv.up?.distance_from(position);
    (left > 0).then_some(left as u32)
}
