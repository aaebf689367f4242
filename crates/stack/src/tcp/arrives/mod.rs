//! SEGMENT ARRIVES (RFC 9293 section 3.10.7), one file a group of states, as the RFC groups them.
//!
//! Each function is given one segment that passed its checksum and answers with an [`Outcome`]; who owns the tables carries
//! the outcome out.

pub(crate) mod acknowledgment;
pub(crate) mod listen;
pub(crate) mod steps;
pub(crate) mod syn_sent;
pub(crate) mod synchronized;

use crate::reason::Cause;

/// What a segment did to a connection.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Outcome {
    /// The connection goes on.
    Stay,
    /// Both ends closed in order, and the other side keeps TIME-WAIT.
    Ended,
    /// Both ends closed in order, and this side keeps TIME-WAIT.
    TimeWait,
    /// The connection failed.
    Fail(Cause),
    /// The connection fails and the peer is told by a reset.
    Abort(Cause),
}
