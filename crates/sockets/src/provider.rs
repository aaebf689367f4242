//! The switch between what a socket is and who carries it: `Provider` opens a `Transport`, and a transport never blocks.
//!
//! A verb answers done, pending or failed. After "pending" the caller waits by [`Network::wait`](crate::Network::wait) and
//! asks again. A transport is used from many threads at once and locks for itself. It keeps no rule of any dialect: it does
//! what it is asked where that is possible, and says with its reason why not where it is not. After a failed opening it takes
//! another one, from the same local name where it has one.

use core::any::Any;
use core::net::IpAddr;
use core::ops::Range;
use std::sync::Arc;

use synsent_stack::Duration;

use crate::failure::Failure;
use crate::memory::Memory;
use crate::name::{Domain, Kind, Name};
use crate::ready::Ready;
use crate::settings::{Setting, Settings};

/// How far a verb has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Progress<T> {
    /// It is done.
    Done(T),
    /// It goes on, or could not begin yet: ask again after a wait.
    Pending,
}

/// What a non-blocking verb answers.
pub type Answer<T> = Result<Progress<T>, Failure>;

/// What an address stands for on the networks of this host.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cast {
    /// One host, as far as can be known.
    Unicast,
    /// All hosts of a network that this host is joined to, or the limited broadcast.
    Broadcast,
    /// A group.
    Multicast,
}

/// Which direction ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shutdown {
    /// Receiving.
    Receive,
    /// Sending.
    Send,
    /// Both.
    Both,
}

/// Whether one call waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Waits {
    /// As the socket's calls do.
    #[default]
    AsSocket,
    /// Not at all.
    Never,
    /// Where the socket's calls wait: until a stream has filled the whole buffer, or ended. Receiving only.
    ForAll,
}

/// What becomes of the datagrams that wait when a socket takes a peer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Queued {
    /// They stay, whoever sent them.
    #[default]
    Stay,
    /// Those of others than the peer go.
    ForeignGo,
    /// All that came until then go, unless the peer is the one that it was.
    Go,
}

/// How to send.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SendHow {
    /// As urgent data: its last octet is marked, by the call that takes that one.
    pub urgent: bool,
    /// Only to directly joined networks.
    pub dont_route: bool,
}

/// How to receive.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ReceiveHow {
    /// Leave what was read to be read again.
    pub peek: bool,
    /// Only urgent data.
    pub urgent: bool,
}

/// What was received.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Received {
    /// How many octets were copied; 0 of a stream is its end.
    pub octets: usize,
    /// How many the datagram had; what is beyond `octets` is lost unless peeked. For a stream the same as `octets`.
    pub whole: usize,
    /// Who sent it; `None` on a stream, and for a local datagram of a socket without a name.
    pub source: Option<Name>,
}

/// A connection that was accepted.
pub struct Accepted {
    /// The new socket.
    pub transport: Arc<dyn Transport>,
    /// Who is at its other end.
    pub peer: Name,
}

/// Whoever provides the sockets of a domain.
pub trait Provider: Send + Sync {
    /// Opens a socket of one of its domains with these settings.
    ///
    /// # Errors
    /// When there is no room, or no such kind.
    fn open(&self, domain: Domain, kind: Kind, settings: &Settings) -> Result<Arc<dyn Transport>, Failure>;

    /// What an address stands for.
    fn cast(&self, address: IpAddr) -> Cast;
}

/// An open socket of a provider.
pub trait Transport: Send + Sync {
    /// Gives the socket its local name; port zero: the provider chooses one.
    fn bind(&self, name: &Name) -> Result<(), Failure>;

    /// A stream begins its opening; a datagram socket takes the name as its peer, and is done. What a datagram socket has
    /// queued stays: see [`Transport::change_peer`] and [`Transport::discard_foreign`]. An unbound socket is bound by it, also when it fails on the wire.
    fn connect(&self, peer: &Name) -> Answer<()>;

    /// A datagram socket takes this peer, and what it has queued until now goes, whoever sent it; what the peer sends from then on
    /// stays. When it fails nothing goes.
    fn change_peer(&self, peer: &Name) -> Answer<()>;

    /// How far the opening has come that [`Transport::connect`] began. Once done it stays done.
    fn connecting(&self) -> Answer<()>;

    /// Gives up the opening that is under way, so that another can begin.
    fn abandon(&self);

    /// Ends a datagram socket's assignment to its peer; its local name stays.
    fn disconnect(&self) -> Result<(), Failure>;

    /// Waits for connections from now on, at most this many unaccepted.
    fn listen(&self, backlog: u32) -> Result<(), Failure>;

    /// The next connection.
    fn accept(&self) -> Answer<Accepted>;

    /// Sends to the peer; answers with how many octets were taken.
    fn send(&self, octets: &[u8], how: SendHow) -> Answer<usize>;

    /// Sends a datagram to this name; an unbound socket is bound by it.
    fn send_to(&self, octets: &[u8], to: &Name, how: SendHow) -> Answer<usize>;

    /// Receives.
    fn receive(&self, into: &mut [u8], how: ReceiveHow) -> Answer<Received>;

    /// Sends a part of memory that may not be there, without a copy of it; `None`: it takes slices alone. Of memory that is not
    /// there it says [`Outcome::BadMemory`](crate::Outcome::BadMemory), and took nothing.
    fn send_from(&self, _memory: &dyn Memory, _part: Range<usize>, _how: SendHow) -> Option<Answer<usize>> {
        None
    }

    /// Receives into a part of memory that may not be there, in the same way. What was received and has no place stays to be
    /// received again, if it is of a stream.
    fn receive_into(&self, _memory: &dyn Memory, _part: Range<usize>, _how: ReceiveHow) -> Option<Answer<Received>> {
        None
    }

    /// Whether who wants to receive, and would wait anyway, does better to wait first: because the last ones had to, and because a
    /// wait ends at once where something is there already.
    fn is_better_waited_for(&self) -> bool {
        false
    }

    /// Throws away the datagrams that wait to be received.
    fn discard_queued(&self);

    /// Throws away the datagrams that wait and are not from the peer.
    fn discard_foreign(&self);

    /// Ends a direction of a connection.
    fn shutdown(&self, how: Shutdown) -> Result<(), Failure>;

    /// Ends the socket: in the background with `None`; with a reset at once where the time is zero; else pending until what was
    /// sent is acknowledged. Calls after it are made only to ask again.
    fn close(&self, linger: Option<Duration>) -> Answer<()>;

    /// The local name, as far as it is known.
    fn local_name(&self) -> Result<Name, Failure>;

    /// Changes a setting.
    fn set(&self, setting: Setting) -> Result<(), Failure>;

    /// What could be done at once.
    fn ready(&self) -> Ready;

    /// An error that came by itself (a reset, an ICMP error about a datagram), once.
    fn take_error(&self) -> Option<Failure>;

    /// How many octets one call could receive now.
    fn receivable_octets(&self) -> usize;

    /// Whether everything before the urgent data has been read.
    fn is_at_mark(&self) -> bool;

    /// Room for sending and for receiving; unit: octets.
    fn buffers(&self) -> (u32, u32);

    /// The transport itself, for the network that waits on it.
    fn as_any(&self) -> &dyn Any;
}
