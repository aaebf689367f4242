//! A socket: what its caller has done with it so far, and what it says of itself.
//!
//! The socket keeps what no provider needs to know: how far its life has come, its mode, its limits, the error that waits to
//! be told. Its transport is opened when the first verb needs one; settings made before are handed over then. The verbs stand
//! in `socket/verbs.rs`, the opening in `socket/opening.rs`, memory that may not be there in `socket/foreign.rs`.
//!
//! One short lock guards the state. It is held while an opening begins, because two threads may try at once, and never while
//! a call waits.

mod foreign;
mod opening;
mod standing;
mod verbs;

pub use standing::{Stage, Standing};

use core::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use synsent_stack::{Duration, Instant};

use crate::cancel::Cancel;
use crate::failure::{Failure, Outcome};
use crate::name::{Domain, Kind, Name};
use crate::network::Network;
use crate::onlooker::{Act, Onlooker};
use crate::provider::{Cast, Provider, Transport};
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
    /// How many calls wait on it.
    waiting: AtomicU32,
    /// Whether somebody looks on: what every verb asks, without the lock.
    has_onlooker: AtomicBool,
}

struct State {
    phase: Phase,
    settings: Settings,
    nonblocking: bool,
    bound: bool,
    peer: Option<Name>,
    connected_at: Option<Instant>,
    /// Whether its caller has ended its assignment to a peer, and gave it none since.
    disconnected: bool,
    /// Whether it came out of a listener.
    accepted: bool,
    /// Connections that were taken from a listener and given back to it.
    put_back: Vec<(Socket, Name)>,
    shut_receive: bool,
    shut_send: bool,
    linger: Linger,
    receive_limit: Option<Duration>,
    send_limit: Option<Duration>,
    pending_error: Option<Failure>,
    /// Counts the openings, so that who waits for one does not take the next for it.
    opening: u64,
    /// When the opening that is under way is given up.
    opening_deadline: Option<Instant>,
    /// The mark of those who wait now, if anybody has waited; taking them back leaves none, and those who come later make
    /// another.
    cancel: Option<Arc<Cancel>>,
    /// Who is told what is done with it.
    onlooker: Option<Arc<dyn Onlooker>>,
}

/// Making a socket, and what it says of itself.
impl Socket {
    /// A socket without a transport yet: nothing is opened before it is needed.
    ///
    /// # Errors
    /// When the network has nobody for the domain.
    pub fn new(network: Arc<dyn Network>, domain: Domain, kind: Kind, settings: Settings) -> Result<Socket, Failure> {
        if network.provider(domain).is_none() {
            return Err(Outcome::DomainUnsupported.into());
        }
        let state = State::new(Phase::Idle, settings);
        Ok(Socket {
            network,
            domain,
            kind,
            transport: OnceLock::new(),
            state: Mutex::new(state),
            waiting: AtomicU32::new(0),
            has_onlooker: AtomicBool::new(false),
        })
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
        let mut state = self.state();
        self.look(&mut state);
        state.phase.clone()
    }

    /// Whether it has a local name, by bind or by a connect or send that gave it one (also one that failed then).
    pub fn is_bound(&self) -> bool {
        let mut state = self.state();
        // A name that the transport got stays; it need not be asked again.
        state.bound = self.has_name(&state);
        state.bound
    }

    /// Whether its calls do not wait.
    pub fn is_nonblocking(&self) -> bool {
        self.state().nonblocking
    }

    /// Whether its calls wait from now on.
    pub fn set_nonblocking(&self, nonblocking: bool) {
        self.state().nonblocking = nonblocking;
    }

    /// Its local name; unspecified where it has none yet.
    ///
    /// # Errors
    /// When the provider cannot say.
    pub fn local_name(&self) -> Result<Name, Failure> {
        match self.transport.get() {
            Some(transport) => transport.local_name(),
            None => Ok(Name::unspecified(self.domain)),
        }
    }

    /// The name that the last connect gave, or that was accepted from, while connecting or connected; also of a broken
    /// connection.
    pub fn peer_name(&self) -> Option<Name> {
        let mut state = self.state();
        self.look(&mut state);
        match state.phase {
            Phase::Connecting | Phase::Connected | Phase::Broken(_) => state.peer.clone(),
            Phase::Idle | Phase::Failed(_) | Phase::Listening | Phase::Closed => None,
        }
    }

    /// Whether its caller has ended a datagram socket's assignment to a peer, and gave it no other since.
    pub fn is_disconnected(&self) -> bool {
        self.state().disconnected
    }

    /// When the connection was made; `None` where there is none.
    pub fn connected_at(&self) -> Option<Instant> {
        let mut state = self.state();
        self.look(&mut state);
        state.connected_at
    }

    /// Which directions were ended by `shutdown`: receiving, sending.
    pub fn is_shut_down(&self) -> (bool, bool) {
        let state = self.state();
        (state.shut_receive, state.shut_send)
    }

    /// What an address stands for here.
    pub fn cast(&self, address: IpAddr) -> Cast {
        self.network.provider(self.domain).map_or(Cast::Unicast, |provider| provider.cast(address))
    }

    /// The settings.
    pub fn settings(&self) -> Settings {
        self.state().settings
    }

    /// Changes a setting, also before there is a transport.
    ///
    /// # Errors
    /// When the provider does not take it.
    pub fn set(&self, setting: Setting) -> Result<(), Failure> {
        if matches!(setting, Setting::V6Only(_)) && self.domain != Domain::Inet6 {
            return Err(Outcome::OptionUnsupported.into());
        }
        let mut state = self.state();
        if state.phase == Phase::Closed {
            return Err(Outcome::Cancelled.into());
        }
        if let Some(transport) = self.transport.get() {
            transport.set(setting)?;
        }
        state.settings.apply(setting);
        Ok(())
    }

    /// How it is closed with something left to send.
    pub fn linger(&self) -> Linger {
        self.state().linger
    }

    /// Sets how it is closed with something left to send.
    pub fn set_linger(&self, linger: Linger) {
        self.state().linger = linger;
    }

    /// The limits of time for receiving and for sending; `None`: no limit.
    pub fn time_limits(&self) -> (Option<Duration>, Option<Duration>) {
        let state = self.state();
        (state.receive_limit, state.send_limit)
    }

    /// Sets the limits of time for receiving and for sending.
    pub fn set_time_limits(&self, receive: Option<Duration>, send: Option<Duration>) {
        let mut state = self.state();
        state.receive_limit = receive;
        state.send_limit = send;
    }

    /// The error that waits to be told, and stays: of a failed opening in the background, or one that came by itself.
    pub fn pending_error(&self) -> Option<Failure> {
        let mut state = self.state();
        self.gather_error(&mut state);
        state.pending_error.clone()
    }

    /// The same, and takes it away.
    pub fn take_error(&self) -> Option<Failure> {
        let mut state = self.state();
        self.gather_error(&mut state);
        state.pending_error.take()
    }

    /// What could be done at once. An opening that is under way shows as writable when it succeeded, and as failed when not.
    /// A stream that was never connected can do nothing at once; a datagram socket can always send.
    pub fn ready(&self) -> Ready {
        let told = self.transport.get().map_or(Ready::NONE, |transport| transport.ready());
        self.judge(told).unwrap_or(Ready::NONE)
    }

    /// Whether it came out of a listener.
    pub fn was_accepted(&self) -> bool {
        self.state().accepted
    }

    /// Who is told from now on what is done with it; `None`: nobody.
    pub fn set_onlooker(&self, onlooker: Option<Arc<dyn Onlooker>>) {
        let mut state = self.state();
        self.has_onlooker.store(onlooker.is_some(), Ordering::SeqCst);
        // The one before may take a lock of its own when it goes, and goes without this one.
        let before = std::mem::replace(&mut state.onlooker, onlooker);
        drop(state);
        drop(before);
    }

    /// Whether somebody is told what is done with it.
    pub fn has_onlooker(&self) -> bool {
        self.has_onlooker.load(Ordering::SeqCst)
    }

    /// How many octets one call could receive now.
    pub fn receivable_octets(&self) -> usize {
        if self.state().shut_receive {
            return 0;
        }
        self.transport.get().map_or(0, |transport| transport.receivable_octets())
    }

    /// Whether everything before the urgent data has been read; also when there is none.
    pub fn is_at_mark(&self) -> bool {
        self.transport.get().is_none_or(|transport| transport.is_at_mark())
    }

    /// Room for sending and for receiving; unit: octets.
    pub fn buffers(&self) -> (u32, u32) {
        let mut state = self.state();
        match self.open(&mut state) {
            Ok(transport) => transport.buffers(),
            Err(_) => (state.settings.send_buffer.unwrap_or(0), state.settings.receive_buffer.unwrap_or(0)),
        }
    }
}

/// What the verbs share.
impl Socket {
    /// A socket for a connection that was accepted.
    fn accepted(listener: &Socket, transport: Arc<dyn Transport>, peer: Name) -> Socket {
        let of_listener = listener.state();
        let state = State {
            nonblocking: of_listener.nonblocking,
            bound: true,
            accepted: true,
            peer: Some(peer),
            connected_at: Some(listener.network.now()),
            linger: of_listener.linger,
            receive_limit: of_listener.receive_limit,
            send_limit: of_listener.send_limit,
            ..State::new(Phase::Connected, of_listener.settings)
        };
        drop(of_listener);
        Socket {
            network: Arc::clone(&listener.network),
            domain: listener.domain,
            kind: listener.kind,
            transport: OnceLock::from(transport),
            state: Mutex::new(state),
            waiting: AtomicU32::new(0),
            has_onlooker: AtomicBool::new(false),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A thread that panicked left the state as whole as any other moment does: every change is one assignment.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The transport, opened now if it was not before. Who holds the state opens alone.
    fn open(&self, state: &mut State) -> Result<&Arc<dyn Transport>, Failure> {
        if state.phase == Phase::Closed {
            return Err(Outcome::Cancelled.into());
        }
        if self.transport.get().is_none() {
            let provider = self.provider()?;
            let opened = provider.open(self.domain, self.kind, &state.settings)?;
            // Only who holds the state comes here, so the place is empty; were it not, the first one stays.
            let _ = self.transport.set(opened);
            self.tell_waiting();
        }
        self.transport.get().ok_or_else(|| Outcome::Cancelled.into())
    }

    fn provider(&self) -> Result<&dyn Provider, Failure> {
        self.network.provider(self.domain).ok_or_else(|| Outcome::DomainUnsupported.into())
    }

    /// Whether it has a local name, or its transport has one.
    fn has_name(&self, state: &State) -> bool {
        state.bound
            || match self.transport.get().map(|transport| transport.local_name()) {
                Some(Ok(Name::Inet(name))) => name.port() != 0,
                Some(Ok(Name::Local(name))) => !name.path().is_empty(),
                Some(Err(_)) | None => false,
            }
    }

    /// The network that it belongs to.
    pub(crate) fn network(&self) -> &dyn Network {
        self.network.as_ref()
    }

    /// What the readiness that the transport told means in this phase; `None`: the socket is closed.
    pub(crate) fn judge(&self, told: Ready) -> Option<Ready> {
        let mut state = self.state();
        self.look(&mut state);
        let told = match &state.phase {
            Phase::Closed => return None,
            Phase::Connecting => return Some(Ready::NONE),
            Phase::Failed(_) => return Some(Ready::FAILED),
            Phase::Idle if self.kind == Kind::Stream => Ready::NONE,
            _ if self.transport.get().is_none() => Ready::WRITABLE,
            Phase::Broken(_) => told | Ready::READABLE,
            // That a direction is over is told at once, whatever the provider makes of it.
            Phase::Idle | Phase::Connected | Phase::Listening => {
                told | Ready::READABLE.when(state.shut_receive || !state.put_back.is_empty())
                    | Ready::WRITABLE.when(state.shut_send)
            }
        };
        if told.has(Ready::FAILED) {
            self.gather_error(&mut state);
        }
        Some(told | (Ready::READABLE | Ready::FAILED).when(state.pending_error.is_some()))
    }

    /// Looks whether an error came by itself.
    fn gather_error(&self, state: &mut State) {
        self.look(state);
        let Some(transport) = self.transport.get() else { return };
        // What broke a connection is known, and is told once.
        let is_known = matches!(state.phase, Phase::Closed | Phase::Connecting | Phase::Failed(_) | Phase::Broken(_));
        if is_known || state.pending_error.is_some() {
            return;
        }
        state.pending_error = transport.take_error();
        if let (Kind::Stream, Phase::Connected, Some(failure)) = (self.kind, &state.phase, &state.pending_error) {
            state.phase = Phase::Broken(failure.clone());
        }
    }

    /// What a wait on many sockets needs to know of this one.
    pub(crate) fn look_from_outside(&self) -> Look<'_> {
        let state = self.state();
        let transport = self.carried(&state);
        let has_something_to_tell = match state.phase {
            Phase::Idle => self.kind == Kind::Datagram && transport.is_none(),
            Phase::Connected => false,
            Phase::Listening => !state.put_back.is_empty(),
            Phase::Connecting | Phase::Failed(_) | Phase::Broken(_) | Phase::Closed => true,
        };
        let is_shut = state.shut_receive || state.shut_send;
        let silent = !has_something_to_tell && !is_shut && state.pending_error.is_none();
        match state.phase {
            Phase::Connecting => {
                Look { transport, deadline: state.opening_deadline, also: Ready::WRITABLE | Ready::FAILED, silent }
            }
            _ => Look { transport, deadline: None, also: Ready::NONE, silent },
        }
    }

    /// Whether it was closed, or what there is to wait on came or went, since a look from outside.
    pub(crate) fn is_otherwise_than_seen(&self, carried: bool) -> bool {
        let state = self.state();
        state.phase == Phase::Closed || self.carried(&state).is_some() != carried
    }

    /// The transport, where there is anything to wait for on it.
    fn carried(&self, state: &State) -> Option<&dyn Transport> {
        match state.phase {
            Phase::Idle | Phase::Failed(_) if self.kind == Kind::Stream => None,
            _ => self.transport.get().map(|transport| transport.as_ref()),
        }
    }

    /// Tells the onlooker what was done. The state's lock must be free.
    pub(crate) fn tell_onlooker(&self, act: Act) {
        if !self.has_onlooker() {
            return;
        }
        let onlooker = self.state().onlooker.clone();
        if let Some(onlooker) = onlooker {
            onlooker.acted(self, act);
        }
    }

    /// Has those look anew who wait on it and do not know yet what there is to wait for now.
    fn tell_waiting(&self) {
        if self.waiting.load(Ordering::SeqCst) > 0 {
            self.network.wake_all();
        }
    }

    /// The mark that takes back a call that is about to wait.
    ///
    /// # Errors
    /// When the socket was closed since the call began: nobody would take it back any more.
    pub(crate) fn mark_of_waiting(&self) -> Result<Arc<Cancel>, Failure> {
        let mut state = self.state();
        match state.phase {
            Phase::Closed => Err(Outcome::Cancelled.into()),
            _ => Ok(state.mark()),
        }
    }

    /// Counts a call that waits on the socket, as long as the guard lives.
    pub(crate) fn count_waiting(&self) -> Waiting<'_> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        Waiting { waiting: &self.waiting }
    }
}

/// A socket as a wait on many sees it.
pub(crate) struct Look<'a> {
    /// What to ask and to wait on.
    pub(crate) transport: Option<&'a dyn Transport>,
    /// When an opening that is under way is given up.
    pub(crate) deadline: Option<Instant>,
    /// What ends the wait besides what is asked for.
    pub(crate) also: Ready,
    /// Whether it is ready for nothing where its transport is ready for nothing.
    pub(crate) silent: bool,
}

/// A call that waits on a socket.
pub(crate) struct Waiting<'a> {
    waiting: &'a AtomicU32,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

impl State {
    fn new(phase: Phase, settings: Settings) -> State {
        State {
            phase,
            settings,
            nonblocking: false,
            bound: false,
            peer: None,
            connected_at: None,
            disconnected: false,
            accepted: false,
            put_back: Vec::new(),
            shut_receive: false,
            shut_send: false,
            linger: Linger::Off,
            receive_limit: None,
            send_limit: None,
            pending_error: None,
            opening: 0,
            opening_deadline: None,
            cancel: None,
            onlooker: None,
        }
    }

    /// The mark of those who wait.
    fn mark(&mut self) -> Arc<Cancel> {
        Arc::clone(self.cancel.get_or_insert_default())
    }
}
