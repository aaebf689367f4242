//! The verbs but for the opening. Where the socket blocks they wait, and "pending" is never the answer; a wait that a signal, a
//! cancel or a time limit ends is a failure with that outcome.
//!
//! A verb takes the state's lock once, to see whether it may, and calls the transport without it, so that one thread may
//! receive while another sends.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use synsent_stack::Duration;

use super::{Linger, Phase, Socket, State};
use crate::cancel::Cancel;
use crate::failure::{Failure, Outcome};
use crate::name::{Kind, Name};
use crate::onlooker::Act;
use crate::provider::{Answer, Progress, ReceiveHow, Received, SendHow, Shutdown, Transport, Waits};
use crate::ready::Ready;
use crate::wait::Wait;

/// How a verb goes on when it cannot be done at once.
struct Plan<'a> {
    transport: &'a Arc<dyn Transport>,
    nonblocking: bool,
    limit: Option<Duration>,
}

impl Socket {
    /// Gives it its local name.
    ///
    /// # Errors
    /// When it has one, is of another domain, or the provider does not give it.
    pub fn bind(&self, name: &Name) -> Result<(), Failure> {
        let mut state = self.state();
        if name.domain() != self.domain {
            return Err(Outcome::DomainUnsupported.into());
        }
        if self.has_name(&state) {
            return Err(Outcome::BadArgument.into());
        }
        self.open(&mut state)?.bind(name)?;
        state.bound = true;
        drop(state);
        self.tell_onlooker(Act::Changed);
        Ok(())
    }

    /// Ends a datagram socket's assignment to its peer.
    ///
    /// # Errors
    /// When it is a stream, or the provider cannot.
    pub fn disconnect(&self) -> Result<(), Failure> {
        let mut state = self.state();
        if self.kind == Kind::Stream {
            return Err(Outcome::OperationUnsupported.into());
        }
        let transport = self.open(&mut state)?;
        if state.phase == Phase::Connected {
            transport.disconnect()?;
            state.phase = Phase::Idle;
            state.peer = None;
            // What came of the peer goes with it; and where the provider could not keep the name, it says so.
            state.pending_error = None;
            state.bound = false;
        }
        state.disconnected = true;
        Ok(())
    }

    /// Throws away the datagrams that wait.
    pub fn discard_queued(&self) {
        if let Some(transport) = self.transport.get() {
            transport.discard_queued();
        }
    }

    /// Waits for connections from now on.
    ///
    /// # Errors
    /// When it is no stream, has a connection, or the provider does not let it.
    pub fn listen(&self, backlog: u32) -> Result<(), Failure> {
        let mut state = self.state();
        self.look(&mut state);
        match state.phase {
            _ if self.kind == Kind::Datagram => return Err(Outcome::OperationUnsupported.into()),
            Phase::Connecting => return Err(Outcome::AlreadyConnecting.into()),
            Phase::Connected | Phase::Broken(_) => return Err(Outcome::AlreadyConnected.into()),
            Phase::Idle | Phase::Failed(_) | Phase::Listening | Phase::Closed => {}
        }
        self.open(&mut state)?.listen(backlog)?;
        state.phase = Phase::Listening;
        state.bound = true;
        state.pending_error = None;
        self.tell_waiting();
        drop(state);
        self.tell_onlooker(Act::Changed);
        Ok(())
    }

    /// The next connection and who it is from. It inherits settings and mode.
    ///
    /// # Errors
    /// When it does not listen, or the wait ends.
    pub fn accept(&self) -> Answer<(Socket, Name)> {
        let mut put_back = None;
        let plan = self.plan(Waits::AsSocket, |state| match state.phase {
            Phase::Listening => {
                put_back = state.put_back.pop();
                Ok(state.receive_limit)
            }
            _ => Err(Outcome::BadArgument),
        })?;
        if let Some(accepted) = put_back {
            self.tell_onlooker(Act::Accepted);
            return Ok(Progress::Done(accepted));
        }
        let progress = self.carry_out(&plan, Ready::READABLE, || plan.transport.accept());
        self.tell_onlooker(Act::Accepted);
        Ok(match progress? {
            Progress::Pending => Progress::Pending,
            Progress::Done(accepted) => {
                let peer = accepted.peer;
                Progress::Done((Socket::accepted(self, accepted.transport, peer.clone()), peer))
            }
        })
    }

    /// Gives a connection back that was taken from it: the next [`Socket::accept`] takes it again. One that does not listen any more
    /// closes it.
    pub fn put_back(&self, accepted: Socket, peer: Name) {
        let mut state = self.state();
        if state.phase == Phase::Listening {
            state.put_back.push((accepted, peer));
            drop(state);
            self.tell_onlooker(Act::PutBack);
            self.tell_waiting();
            return;
        }
        drop(state);
        // Nobody is there who could be told.
        let _ = accepted.close();
    }

    /// Sends to the peer. A blocking stream sends everything, unless something ends it: then what was taken counts.
    ///
    /// # Errors
    /// When there is no peer, this side has ended its sending, the connection broke, or the wait ends.
    pub fn send(&self, octets: &[u8], how: SendHow) -> Answer<usize> {
        self.send_waiting(octets, how, Waits::AsSocket)
    }

    /// The same, where the caller says whether this call waits.
    ///
    /// # Errors
    /// As [`Socket::send`].
    pub fn send_waiting(&self, octets: &[u8], how: SendHow, waits: Waits) -> Answer<usize> {
        self.send_by(octets.len(), waits, |transport, taken| transport.send(&octets[taken..], how))
    }

    /// The same for so many octets, wherever they come from: `offer` hands over what is left when some are taken.
    pub(super) fn send_by(
        &self,
        octets: usize,
        waits: Waits,
        mut offer: impl FnMut(&dyn Transport, usize) -> Answer<usize>,
    ) -> Answer<usize> {
        let plan = self.plan(waits, |state| {
            self.may_send(state)?;
            self.is_connected(state)?;
            Ok(state.send_limit)
        })?;
        let transport = plan.transport.as_ref();
        if self.kind == Kind::Datagram || plan.nonblocking {
            let progress = self.carry_out(&plan, Ready::WRITABLE, || offer(transport, 0));
            self.note_room(&progress, octets);
            return self.note_broken(progress);
        }
        let mut taken = 0;
        // What took less than it was given has no room left, and is waited for without asking it once more.
        let all = || match offer(transport, taken)? {
            Progress::Pending => Ok(Progress::Pending),
            Progress::Done(count) => {
                taken += count;
                Ok(if taken >= octets { Progress::Done(()) } else { Progress::Pending })
            }
        };
        let ended = self.carry_out(&plan, Ready::WRITABLE, all);
        if taken == 0 {
            return self.note_broken(ended.map(|_| Progress::Done(0)));
        }
        self.keep_broken(ended);
        Ok(Progress::Done(taken))
    }

    /// Sends a datagram.
    ///
    /// # Errors
    /// When it is a stream, the name is of another domain, the provider refuses, or the wait ends.
    pub fn send_to(&self, octets: &[u8], to: &Name, how: SendHow) -> Answer<usize> {
        self.send_to_waiting(octets, to, how, Waits::AsSocket)
    }

    /// The same, where the caller says whether this call waits.
    ///
    /// # Errors
    /// As [`Socket::send_to`].
    pub fn send_to_waiting(&self, octets: &[u8], to: &Name, how: SendHow, waits: Waits) -> Answer<usize> {
        if self.kind == Kind::Stream {
            return Err(Outcome::OperationUnsupported.into());
        }
        if to.domain() != self.domain {
            return Err(Outcome::DomainUnsupported.into());
        }
        let plan = self.plan(waits, |state| {
            self.may_send(state)?;
            Ok(state.send_limit)
        })?;
        let progress = self.carry_out(&plan, Ready::WRITABLE, || plan.transport.send_to(octets, to, how));
        self.note_room(&progress, octets.len());
        progress
    }

    /// Receives what is there, at least one octet or the end.
    ///
    /// # Errors
    /// When there is no peer, the connection broke and nothing is left to read, or the wait ends.
    pub fn receive(&self, into: &mut [u8], how: ReceiveHow) -> Answer<Received> {
        self.receive_waiting(into, how, Waits::AsSocket)
    }

    /// The same, where the caller says how this call waits. For urgent data, and for data that stays to be read again, nobody
    /// waits until there is enough.
    ///
    /// # Errors
    /// As [`Socket::receive`]; what was received before something went wrong counts.
    pub fn receive_waiting(&self, into: &mut [u8], how: ReceiveHow, waits: Waits) -> Answer<Received> {
        self.receive_by(into, how, waits)
    }

    /// The same for room that may not be there.
    pub(super) fn receive_by(
        &self,
        room: &mut (impl Room + ?Sized),
        how: ReceiveHow,
        waits: Waits,
    ) -> Answer<Received> {
        let mut is_over = false;
        let mut is_whole = false;
        let plan = self.plan(waits, |state| {
            if self.kind == Kind::Stream {
                self.is_connected(state)?;
            }
            is_over = state.shut_receive && !matches!(state.phase, Phase::Broken(_));
            is_whole = self.kind == Kind::Stream && state.phase == Phase::Connected;
            Ok(state.receive_limit)
        })?;
        if is_over {
            // What had arrived before is not for this caller any more, whatever the provider does with it.
            return Ok(Progress::Done(Received { octets: 0, whole: 0, source: None }));
        }
        let waits_for_all = waits == Waits::ForAll && self.kind == Kind::Stream && !how.peek && !how.urgent;
        let transport = plan.transport.as_ref();
        if waits_for_all && !plan.nonblocking && room.octets() > 0 {
            return self.fill(&plan, room.octets(), |taken| room.take(transport, taken, how));
        }
        let is_plain = is_whole && !how.peek && !how.urgent && room.octets() > 0;
        let mut waits_first = is_plain && !plan.nonblocking && transport.is_better_waited_for();
        // Urgent data that was announced never comes when the connection is over.
        let urgent = Ready::URGENT | Ready::PEER_CLOSED | Ready::FAILED;
        let interest = if how.urgent { urgent } else { Ready::READABLE };
        let progress = self.carry_out(&plan, interest, || match core::mem::take(&mut waits_first) {
            // Who waits is told first whether there is room.
            true => room.look().map(|()| Progress::Pending),
            false => room.take(transport, 0, how),
        });
        let answer = self.note_broken(self.end_of_broken(progress));
        self.tell_onlooker(if how.urgent { Act::ReceivedUrgent } else { Act::Received });
        answer
    }

    /// Ends a direction.
    ///
    /// # Errors
    /// When there is no connection.
    pub fn shutdown(&self, how: Shutdown) -> Result<(), Failure> {
        let mut state = self.state();
        self.look(&mut state);
        if self.kind == Kind::Stream && !matches!(state.phase, Phase::Connected | Phase::Broken(_)) {
            return Err(Outcome::NotConnected.into());
        }
        self.open(&mut state)?.shutdown(how)?;
        state.shut_receive |= how != Shutdown::Send;
        state.shut_send |= how != Shutdown::Receive;
        drop(state);
        self.tell_waiting();
        Ok(())
    }

    /// Closes it. Calls that wait on it end as cancelled. Where the close itself waits for what was sent, and the socket does
    /// not block, it goes on until a later close finds it done.
    ///
    /// # Errors
    /// When the wait is interrupted; the socket is closed all the same.
    pub fn close(&self) -> Answer<()> {
        let mut state = self.state();
        state.phase = Phase::Closed;
        state.peer = None;
        state.connected_at = None;
        let (linger, nonblocking) = (state.linger, state.nonblocking);
        // Those who wait are marked before the transport goes, so that none of them sees a closed one.
        let waiting = state.cancel.take();
        let put_back = std::mem::take(&mut state.put_back);
        drop(state);
        for (accepted, _) in put_back {
            // Nobody is there who could be told.
            let _ = accepted.close();
        }
        waiting.as_deref().map(Cancel::cancel);
        self.tell_waiting();
        self.tell_onlooker(Act::Changed);
        self.set_onlooker(None);
        let Some(transport) = self.transport.get() else { return Ok(Progress::Done(())) };
        let Linger::For(limit) = linger else { return transport.close(None) };
        if nonblocking || limit.is_zero() {
            return transport.close(Some(limit));
        }
        self.close_slowly(transport.as_ref(), limit)
    }

    /// Takes back the calls that wait on it, as cancelled; a select, which waits on many, goes on.
    pub fn cancel(&self) {
        if self.waiting.load(Ordering::SeqCst) == 0 {
            return;
        }
        let waiting = self.state().cancel.take();
        waiting.as_deref().map(Cancel::cancel);
        self.network.wake_all();
    }
}

impl Socket {
    /// Sees whether a verb may be done, opens the transport, and notes how the verb would wait.
    fn plan(
        &self,
        waits: Waits,
        may: impl FnOnce(&mut State) -> Result<Option<Duration>, Outcome>,
    ) -> Result<Plan<'_>, Failure> {
        let mut state = self.state();
        self.look(&mut state);
        if state.phase == Phase::Closed {
            return Err(Outcome::Cancelled.into());
        }
        let limit = may(&mut state)?;
        if self.kind == Kind::Datagram
            && let Some(failure) = state.pending_error.take()
        {
            return Err(failure);
        }
        let transport = self.open(&mut state)?;
        let nonblocking = state.nonblocking || waits == Waits::Never;
        Ok(Plan { transport, nonblocking, limit })
    }

    /// Receives until the buffer is full or the stream has ended.
    fn fill(
        &self,
        plan: &Plan<'_>,
        octets: usize,
        mut take: impl FnMut(usize) -> Answer<Received>,
    ) -> Answer<Received> {
        let mut taken = 0;
        let all = || {
            loop {
                match take(taken)? {
                    Progress::Pending => return Ok(Progress::Pending),
                    Progress::Done(received) => {
                        taken += received.octets;
                        if received.octets == 0 || taken >= octets {
                            return Ok(Progress::Done(()));
                        }
                    }
                }
            }
        };
        let ended = self.carry_out(plan, Ready::READABLE, all);
        let received = Progress::Done(Received { octets: taken, whole: taken, source: None });
        if taken == 0 {
            return self.note_broken(self.end_of_broken(ended.map(|_| received)));
        }
        self.keep_broken(ended);
        Ok(received)
    }

    /// Tells the onlooker when a send found no room, or not for everything; a datagram that was sent before may have given the
    /// socket its name.
    fn note_room(&self, progress: &Answer<usize>, asked: usize) {
        match progress {
            Ok(Progress::Done(taken)) if *taken >= asked => {}
            Ok(_) => self.tell_onlooker(Act::FoundNoRoom),
            Err(_) => {}
        }
    }

    fn may_send(&self, state: &State) -> Result<(), Outcome> {
        if state.shut_send { Err(Outcome::SendingOver) } else { Ok(()) }
    }

    fn is_connected(&self, state: &State) -> Result<(), Outcome> {
        match state.phase {
            Phase::Connected | Phase::Broken(_) => Ok(()),
            _ => Err(Outcome::NotConnected),
        }
    }

    /// Does a verb, and waits for it where the socket blocks.
    fn carry_out<T>(&self, plan: &Plan<'_>, interest: Ready, mut verb: impl FnMut() -> Answer<T>) -> Answer<T> {
        if plan.nonblocking {
            return verb();
        }
        let deadline = plan.limit.map(|span| (self.network.now() + span, Outcome::TimeLimit));
        let transport = plan.transport.as_ref();
        let wait = Wait { socket: self, transport, interest, deadline, cancel: None };
        wait.until_done(verb).map(Progress::Done)
    }

    /// A connection that a verb found broken is broken from now on, and its caller is told.
    fn note_broken<T>(&self, answer: Answer<T>) -> Answer<T> {
        if let Err(failure) = &answer {
            self.broke(failure, None);
        }
        answer
    }

    /// The same where the caller is told what was done before it broke: the failure waits to be told.
    fn keep_broken<T>(&self, answer: Answer<T>) {
        if let Err(failure) = answer {
            self.broke(&failure, Some(failure.clone()));
        }
    }

    fn broke(&self, failure: &Failure, left_to_tell: Option<Failure>) {
        if self.kind != Kind::Stream || !breaks(failure.outcome) {
            return;
        }
        let mut state = self.state();
        if state.phase == Phase::Connected {
            state.phase = Phase::Broken(failure.clone());
        }
        state.pending_error = left_to_tell;
    }

    /// What a provider whose error was taken already answers as the end of a stream is the failure that broke it.
    fn end_of_broken(&self, answer: Answer<Received>) -> Answer<Received> {
        if let Ok(Progress::Done(Received { octets: 0, .. })) = &answer
            && self.kind == Kind::Stream
            && let state = self.state()
            && !state.shut_receive
            && let Phase::Broken(failure) = &state.phase
        {
            return Err(failure.clone());
        }
        answer
    }

    /// Waits until what was sent is acknowledged, at most so long; then resets.
    fn close_slowly(&self, transport: &dyn Transport, limit: Duration) -> Answer<()> {
        let cancel = Some(self.state().mark());
        let deadline = Some((self.network.now() + limit, Outcome::TimeLimit));
        let interest = Ready::WRITABLE | Ready::FAILED;
        let wait = Wait { socket: self, transport, interest, deadline, cancel };
        match wait.until_done(|| transport.close(Some(limit))) {
            Err(failure) if failure.outcome != Outcome::Interrupted => transport.close(Some(Duration::ZERO)),
            ended => ended.map(Progress::Done),
        }
    }
}

/// Where to put what is received.
pub(super) trait Room {
    /// How much there is.
    fn octets(&self) -> usize;

    /// Receives behind what was received already.
    fn take(&mut self, transport: &dyn Transport, taken: usize, how: ReceiveHow) -> Answer<Received>;

    /// Looks whether it is there, if that is not known.
    fn look(&mut self) -> Result<(), Failure>;
}

impl Room for [u8] {
    fn octets(&self) -> usize {
        self.len()
    }

    fn take(&mut self, transport: &dyn Transport, taken: usize, how: ReceiveHow) -> Answer<Received> {
        transport.receive(&mut self[taken..], how)
    }

    fn look(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

/// Whether a connection that a verb fails on like this is over.
fn breaks(outcome: Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Reset
            | Outcome::Aborted
            | Outcome::Refused
            | Outcome::TimedOut
            | Outcome::TimedOutUnreachable
            | Outcome::NetworkUnreachable
            | Outcome::HostUnreachable
            | Outcome::Prohibited
            | Outcome::NetworkDown
    )
}
