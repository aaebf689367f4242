//! The opening of a socket: beginning it, looking how far it has come, waiting for it, giving it up.
//!
//! An opening ends in one place, [`Socket::look`], whoever looks: the call that waits for it, a question about the socket, or
//! a select. Who waited for it is told how it ended; an opening that nobody waited for leaves its failure as the error that
//! waits to be told.

use super::{Phase, Socket, State};
use crate::failure::{Failure, Outcome};
use crate::name::{Domain, Kind, Name};
use crate::onlooker::Act;
use crate::provider::{Answer, Progress, Queued, Transport};
use crate::ready::Ready;
use crate::wait::Wait;

impl Socket {
    /// A stream opens a connection; a datagram socket takes a peer, at once, and keeps what it has queued. Allowed after a failed
    /// opening.
    ///
    /// # Errors
    /// When there is a peer already, the opening fails, or the wait for it ends: interrupted, it goes on in the background;
    /// cancelled, it is given up.
    pub fn connect(&self, name: &Name) -> Answer<()> {
        self.connect_with(name, Queued::Stay)
    }

    /// The same, where the caller says what becomes of the datagrams that wait.
    ///
    /// # Errors
    /// As [`Socket::connect`].
    pub fn connect_with(&self, name: &Name, queued: Queued) -> Answer<()> {
        let mut state = self.state();
        self.look(&mut state);
        self.may_open(&state)?;
        if name.domain() != self.domain {
            return Err(Outcome::DomainUnsupported.into());
        }
        let transport = self.open(&mut state)?;
        let queued = if self.kind == Kind::Stream { Queued::Stay } else { queued };
        let is_same = state.phase == Phase::Connected && state.peer.as_ref() == Some(name);
        let answer = match queued {
            Queued::Go if !is_same => transport.change_peer(name),
            _ => transport.connect(name),
        };
        if queued == Queued::ForeignGo && answer.is_ok() {
            transport.discard_foreign();
        }
        let settled = self.settle(&mut state, name, answer)?;
        let waits = settled == Progress::Pending && !state.nonblocking;
        let opening = state.opening;
        drop(state);
        match (self.kind, settled) {
            (Kind::Datagram, _) => self.tell_onlooker(Act::TookPeer),
            (Kind::Stream, Progress::Pending) => self.tell_onlooker(Act::Opened),
            (Kind::Stream, Progress::Done(())) => {}
        }
        if waits { self.wait_for_opening(transport.as_ref(), opening) } else { Ok(settled) }
    }

    /// Whether a stream is in a phase in which an opening may begin.
    fn may_open(&self, state: &State) -> Result<(), Outcome> {
        match state.phase {
            _ if self.kind == Kind::Datagram => Ok(()),
            Phase::Connecting => Err(Outcome::AlreadyConnecting),
            Phase::Connected | Phase::Broken(_) => Err(Outcome::AlreadyConnected),
            Phase::Listening => Err(Outcome::OperationUnsupported),
            Phase::Idle | Phase::Failed(_) | Phase::Closed => Ok(()),
        }
    }

    /// Notes what the transport answered to a new opening; what the call says of it.
    fn settle(&self, state: &mut State, name: &Name, answer: Answer<()>) -> Answer<()> {
        match answer {
            Ok(Progress::Done(())) if !self.tells_later(state) => {
                state.peer = Some(name.clone());
                self.succeed(state);
                self.tell_waiting();
                Ok(Progress::Done(()))
            }
            Ok(_) => {
                self.begin(state, name);
                Ok(Progress::Pending)
            }
            Err(failure) => {
                if self.kind == Kind::Stream && was_tried(failure.outcome) {
                    self.fail(state, failure.clone());
                    state.pending_error = None;
                }
                Err(failure)
            }
        }
    }

    /// Looks how far an opening has come that is under way, and gives it up when its time is over.
    pub(super) fn look(&self, state: &mut State) {
        if state.phase != Phase::Connecting {
            return;
        }
        let Some(transport) = self.transport.get() else { return };
        match transport.connecting() {
            Ok(Progress::Done(())) => self.succeed(state),
            Err(failure) => self.fail(state, failure),
            Ok(Progress::Pending) => {
                if state.opening_deadline.is_some_and(|deadline| self.network.now() >= deadline) {
                    transport.abandon();
                    self.fail(state, Outcome::TimedOut.into());
                }
            }
        }
    }

    /// Whether what the wire answers is told to who looks, and not by the call that began: an opening over the internet domains
    /// that does not block is under way when its first call returns, however fast the answer was.
    fn tells_later(&self, state: &State) -> bool {
        state.nonblocking && self.kind == Kind::Stream && self.domain != Domain::Local
    }

    fn begin(&self, state: &mut State, name: &Name) {
        state.phase = Phase::Connecting;
        state.peer = Some(name.clone());
        state.opening += 1;
        // The time is asked for after the opening began, so that a provider that keeps the same limit tells first, and more.
        state.opening_deadline = state.settings.connect.timeout.map(|span| self.network.now() + span);
        self.tell_waiting();
    }

    fn succeed(&self, state: &mut State) {
        state.phase = Phase::Connected;
        state.bound = true;
        state.disconnected = false;
        state.pending_error = None;
        if self.kind == Kind::Stream {
            state.connected_at = Some(self.network.now());
        }
    }

    fn fail(&self, state: &mut State, failure: Failure) {
        state.bound = self.has_name(state);
        state.peer = None;
        state.pending_error = Some(failure.clone());
        state.phase = Phase::Failed(failure);
    }

    fn wait_for_opening(&self, transport: &dyn Transport, opening: u64) -> Answer<()> {
        let deadline = self.state().opening_deadline.map(|at| (at, Outcome::TimedOut));
        let interest = Ready::WRITABLE | Ready::FAILED;
        let wait = Wait { socket: self, transport, interest, deadline, cancel: None };
        let ended = wait.until_done(|| self.opening_ended(opening));
        let Err(failure) = ended else { return Ok(Progress::Done(())) };
        let mut state = self.state();
        if state.opening == opening {
            match state.phase {
                // A signal ends the wait and not the opening.
                Phase::Connecting if failure.outcome == Outcome::Interrupted => return Err(failure),
                Phase::Connecting => {
                    transport.abandon();
                    self.fail(&mut state, failure.clone());
                }
                _ => {}
            }
            // It is told now.
            state.pending_error = None;
        }
        Err(failure)
    }

    /// Whether this opening has ended, for the call that waits for it.
    fn opening_ended(&self, opening: u64) -> Answer<()> {
        let mut state = self.state();
        if state.opening != opening {
            return Err(Outcome::Cancelled.into());
        }
        self.look(&mut state);
        match &state.phase {
            Phase::Connecting => Ok(Progress::Pending),
            Phase::Failed(failure) => Err(failure.clone()),
            Phase::Closed | Phase::Idle | Phase::Listening => Err(Outcome::Cancelled.into()),
            // It may have broken before the waiting thread came to see it: it was open all the same.
            Phase::Connected | Phase::Broken(_) => Ok(Progress::Done(())),
        }
    }
}

/// Whether an opening that ended so had begun: what is wrong with the call itself leaves the socket as it was.
fn was_tried(outcome: Outcome) -> bool {
    !matches!(
        outcome,
        Outcome::BadPeer
            | Outcome::BadArgument
            | Outcome::BadMemory
            | Outcome::DomainUnsupported
            | Outcome::OperationUnsupported
            | Outcome::AlreadyConnected
            | Outcome::AlreadyConnecting
            | Outcome::PermissionDenied
            | Outcome::Cancelled
    )
}
