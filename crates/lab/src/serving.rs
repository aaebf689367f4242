//! A session on a connection of a host's stack.

use std::sync::Arc;

use synsent_stack::{FlowId, Instant, ReceiveError, SendError, Stack};

use crate::service::{Service, Session, Wants};

/// How much is read at once; unit: octets.
const PIECE_OCTETS: usize = 4_096;

/// A connection that is being served.
#[derive(Debug)]
pub(crate) struct Serving {
    flow: FlowId,
    session: Session,
    /// Whether we have ended; the other side may still send what nobody reads.
    is_shut: bool,
}

/// What reading came to.
enum Read {
    Some,
    Nothing,
    End,
}

impl Serving {
    /// Serves a connection that was accepted.
    pub(crate) fn new(flow: FlowId, service: &Arc<Service>) -> Serving {
        Serving { flow, session: Session::new(service), is_shut: false }
    }

    /// Moves what can move; false when the connection is over.
    pub(crate) fn pump(&mut self, stack: &mut Stack, now: Instant) -> bool {
        loop {
            while !self.session.to_send().is_empty() {
                match stack.tcp_send(now, self.flow, self.session.to_send()) {
                    Ok(count) => self.session.sent(count),
                    Err(SendError::WouldBlock) => return true,
                    Err(_) => return self.over(stack, now),
                }
            }
            match self.session.wants() {
                Wants::Continue | Wants::Stall => {}
                Wants::Close if self.is_shut => {}
                Wants::Close => {
                    // Who is told something at the end and still sends would lose it by the reset of a closed connection.
                    if stack.tcp_shutdown_send(now, self.flow).is_err() {
                        return self.over(stack, now);
                    }
                    self.is_shut = true;
                }
                Wants::Reset => return self.reset(stack, now),
            }
            match self.read(stack, now) {
                Read::Some => {}
                Read::Nothing => return true,
                Read::End => return self.finish(stack, now),
            }
        }
    }

    fn read(&mut self, stack: &mut Stack, now: Instant) -> Read {
        let mut piece = [0; PIECE_OCTETS];
        match stack.tcp_receive(now, self.flow, &mut piece) {
            Ok(0) => Read::End,
            Ok(count) => {
                self.session.received(&piece[..count]);
                Read::Some
            }
            Err(ReceiveError::WouldBlock) => Read::Nothing,
            Err(_) => Read::End,
        }
    }

    /// The other side has ended, or the connection has: what is left is said, as far as it goes.
    fn finish(&mut self, stack: &mut Stack, now: Instant) -> bool {
        self.session.ended();
        while !self.session.to_send().is_empty() {
            match stack.tcp_send(now, self.flow, self.session.to_send()) {
                Ok(count) => self.session.sent(count),
                Err(SendError::WouldBlock) => return true,
                Err(_) => break,
            }
        }
        match self.session.wants() {
            Wants::Reset => self.reset(stack, now),
            _ => self.over(stack, now),
        }
    }

    /// Resets the connection once the other side has everything.
    fn reset(&mut self, stack: &mut Stack, now: Instant) -> bool {
        let waits =
            stack.tcp_status(self.flow).is_some_and(|status| status.unacknowledged > 0 && status.failure.is_none());
        if !waits {
            stack.tcp_abort(now, self.flow);
        }
        waits
    }

    fn over(&mut self, stack: &mut Stack, now: Instant) -> bool {
        stack.tcp_close(now, self.flow);
        false
    }
}
