//! Who is told what is done with a socket: a table of network events, which tells each event once until the function was
//! called that asks for it anew.

use core::fmt;

use crate::socket::Socket;

/// What was done with a socket.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Act {
    /// Somebody has received, or tried to.
    Received,
    /// Somebody has received urgent data, or tried to.
    ReceivedUrgent,
    /// A send found no room, or not for everything.
    FoundNoRoom,
    /// Somebody has accepted, or tried to.
    Accepted,
    /// Who accepted has given the connection back: it is no news.
    PutBack,
    /// An opening has begun.
    Opened,
    /// A datagram socket has taken a peer.
    TookPeer,
    /// It was bound, began to listen, or was closed: what can be waited for on it is another thing now.
    Changed,
}

/// Somebody who is told what is done with a socket. It is told without a lock of the socket, after the act.
pub trait Onlooker: Send + Sync {
    /// This was done.
    fn acted(&self, socket: &Socket, act: Act);
}

impl fmt::Debug for dyn Onlooker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Onlooker")
    }
}
