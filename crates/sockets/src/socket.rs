//! A socket: what its caller has done with it so far, and the verbs.

use std::sync::{Arc, Mutex, OnceLock};

use synsent_stack::{Duration, Instant};

use crate::cancel::Cancel;
use crate::failure::Failure;
use crate::name::{Domain, Kind, Name};
use crate::network::Network;
use crate::provider::{Answer, ReceiveHow, Received, SendHow, Shutdown, Transport};
use crate::ready::Ready;
use crate::settings::{Setting, Settings};

/// How a socket is closed that still has something to send.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Linger {
    /// In the background.
    #[default]
    Off,
    /// The close waits at most this long, then resets; zero resets at once.
    For(Duration),
}

/// Where a socket stands in its life.
#[derive(Clone, PartialEq, Debug)]
pub enum Phase {
    /// No connection, no peer, and no attempt yet.
    Idle,
    /// An opening is under way.
    Connecting,
    /// The last opening failed.
    Failed(Failure),
    /// There is a peer.
    Connected,
    /// There was a connection, and it broke.
    Broken(Failure),
    /// It waits for connections.
    Listening,
    /// It is closed.
    Closed,
}

/// A socket of a network.
pub struct Socket {
    network: Arc<dyn Network>,
    domain: Domain,
    kind: Kind,
    transport: OnceLock<Arc<dyn Transport>>,
    state: Mutex<State>,
    cancel: Cancel,
}

struct State {
    phase: Phase,
    settings: Settings,
}

/// Making a socket, and what it says of itself.
impl Socket {
    /// A socket without a transport yet: nothing is opened before it is needed.
    ///
    /// # Errors
    /// When the network has nobody for the domain.
    pub fn new(network: Arc<dyn Network>, domain: Domain, kind: Kind, settings: Settings) -> Result<Socket, Failure> {
        todo!()
    }

    /// Its domain.
    pub fn domain(&self) -> Domain {
        self.domain
    }

    /// What it carries.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Where it stands, after a look at an opening that was under way.
    pub fn phase(&self) -> Phase {
        todo!()
    }

    /// Whether it has a local name, by bind or by a connect or send that gave it one (also one that failed then).
    pub fn is_bound(&self) -> bool {
        todo!()
    }

    /// Whether its calls do not wait.
    pub fn is_nonblocking(&self) -> bool {
        todo!()
    }

    /// Whether its calls wait from now on.
    pub fn set_nonblocking(&self, nonblocking: bool) {
        todo!()
    }

    /// Its local name; unspecified where it has none yet.
    pub fn local_name(&self) -> Result<Name, Failure> {
        todo!()
    }

    /// The name that the last connect gave, or that was accepted from, while connecting or connected; also of a broken
    /// connection.
    pub fn peer_name(&self) -> Option<Name> {
        todo!()
    }

    /// When the connection was made; `None` where there is none.
    pub fn connected_at(&self) -> Option<Instant> {
        todo!()
    }

    /// Which directions were ended by `shutdown`: receiving, sending.
    pub fn is_shut_down(&self) -> (bool, bool) {
        todo!()
    }

    /// What an address stands for here.
    pub fn cast(&self, address: core::net::IpAddr) -> crate::provider::Cast {
        todo!()
    }

    /// The settings.
    pub fn settings(&self) -> Settings {
        todo!()
    }

    /// Changes a setting, also before there is a transport.
    pub fn set(&self, setting: Setting) -> Result<(), Failure> {
        todo!()
    }

    /// How it is closed with something left to send.
    pub fn linger(&self) -> Linger {
        todo!()
    }

    /// Sets how it is closed with something left to send.
    pub fn set_linger(&self, linger: Linger) {
        todo!()
    }

    /// The limits of time for receiving and for sending; `None`: no limit.
    pub fn time_limits(&self) -> (Option<Duration>, Option<Duration>) {
        todo!()
    }

    /// Sets the limits of time for receiving and for sending.
    pub fn set_time_limits(&self, receive: Option<Duration>, send: Option<Duration>) {
        todo!()
    }

    /// The error that waits to be told, and stays: of a failed opening in the background, or one that came by itself.
    pub fn pending_error(&self) -> Option<Failure> {
        todo!()
    }

    /// The same, and takes it away.
    pub fn take_error(&self) -> Option<Failure> {
        todo!()
    }

    /// What could be done at once. An opening that is under way shows as writable when it succeeded, and as failed when not.
    pub fn ready(&self) -> Ready {
        todo!()
    }

    /// How many octets one call could receive now.
    pub fn receivable_octets(&self) -> usize {
        todo!()
    }

    /// Whether everything before the urgent data has been read.
    pub fn is_at_mark(&self) -> bool {
        todo!()
    }

    /// Room for sending and for receiving; unit: octets.
    pub fn buffers(&self) -> (u32, u32) {
        todo!()
    }
}

/// The verbs. Where the socket blocks they wait, and "pending" is never the answer; a wait that a signal, a cancel or a time
/// limit ends is a failure with that outcome.
impl Socket {
    /// Gives it its local name.
    pub fn bind(&self, name: &Name) -> Result<(), Failure> {
        todo!()
    }

    /// A stream opens a connection; a datagram socket takes a peer, at once. Allowed after a failed opening. Whether what is
    /// queued from others is kept when a datagram socket takes another peer, the caller says.
    pub fn connect(&self, name: &Name) -> Answer<()> {
        todo!()
    }

    /// Ends a datagram socket's assignment to its peer.
    pub fn disconnect(&self) -> Result<(), Failure> {
        todo!()
    }

    /// Throws away the datagrams that wait.
    pub fn discard_queued(&self) {
        todo!()
    }

    /// Waits for connections from now on.
    pub fn listen(&self, backlog: u32) -> Result<(), Failure> {
        todo!()
    }

    /// The next connection and who it is from. It inherits settings and mode.
    pub fn accept(&self) -> Answer<(Socket, Name)> {
        todo!()
    }

    /// Sends to the peer. A blocking stream sends everything, unless something ends it: then what was taken counts.
    pub fn send(&self, octets: &[u8], how: SendHow) -> Answer<usize> {
        todo!()
    }

    /// Sends a datagram.
    pub fn send_to(&self, octets: &[u8], to: &Name, how: SendHow) -> Answer<usize> {
        todo!()
    }

    /// Receives what is there, at least one octet or the end.
    pub fn receive(&self, into: &mut [u8], how: ReceiveHow) -> Answer<Received> {
        todo!()
    }

    /// Ends a direction.
    pub fn shutdown(&self, how: Shutdown) -> Result<(), Failure> {
        todo!()
    }

    /// Closes it. Calls that wait on it end as cancelled.
    pub fn close(&self) -> Answer<()> {
        todo!()
    }

    /// Takes back the calls that wait on it, as cancelled.
    pub fn cancel(&self) {
        todo!()
    }
}

/// Waits until one of the sockets is ready for what is asked of it; answers with what each is ready for, none at all when the
/// time is over. Sockets without a transport are asked for their state alone.
///
/// # Errors
/// Interrupted by a signal, cancelled, or the network is over.
pub fn select(
    network: &dyn Network,
    asked: &[(&Socket, Ready)],
    at_most: Option<Duration>,
    cancel: &Cancel,
) -> Result<Vec<Ready>, Failure> {
    todo!()
}
