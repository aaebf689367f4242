//! What a host does at its TCP ports once a SYN has come, without a program.
//!
//! A [`Desk`] is a deferred listener: the SYN waits until the row that decides about its attempt is looked at, and then the SYN-ACK, a reset
//! or nothing is sent. A connection that stands is [served](crate::serving), kept, or ended at once. All of it uses the same calls as any
//! application; only silence and ICMP errors are the [gate's](crate::gate). They are run after whatever happens at their host, and wake up
//! by virtual time where they wait.

use std::sync::Arc;

use synsent_stack::{
    Decision, Duration, FlowId, FourTuple, HalfOpenId, Instant, ListenError, ListenOptions, ListenerId, Stack,
};

use crate::gate::{Gate, Key};
use crate::obstruct::IcmpError;
use crate::rules::{Does, Late};
use crate::service::Service;
use crate::serving::Serving;

/// How many connections a host keeps open at once by its behaviours; further ones wait in the listeners' backlogs.
pub(crate) const PEER_FLOWS_MAX: usize = 1_024;
/// How many ports a host listens at by its behaviours; at any further one it refuses.
pub const DESKS_MAX: usize = 1_024;

/// The backlog of the listeners of behaviours.
const DESK_BACKLOG: usize = 128;

/// What a host does at one of its TCP ports.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Behaviour {
    /// Accepts, and serves until the other side ends: HTTP to who asks for it, and else what comes is sent back.
    Answer,
    /// Accepts like `Answer`, but gives the SYN-ACK only after this time.
    AnswerLate(Duration),
    /// Answers the SYN with RST: nobody listens.
    Refuse,
    /// Never hears the SYN.
    Silent,
    /// Sees the SYN and never answers it, as a deferred listener does that nobody decides for.
    WithholdSynAck,
    /// Accepts, and resets the connection at once.
    ResetAfterAccept,
    /// Lets connections pile up in a backlog of this many and accepts none.
    FillBacklog(usize),
    /// Accepts, and ends its sending at once.
    CloseAfterAccept,
    /// Accepts, and neither reads nor sends.
    SilentAfterAccept,
    /// Answers SYNs (and datagrams to the same port) with an ICMP error, all or the first so many; then like `Answer`.
    Icmp {
        /// What is answered.
        error: IcmpError,
        /// How many are answered so; `None`: all.
        first: Option<u32>,
    },
}

/// The ports of a host that somebody listens at, and the connections there.
#[derive(Debug, Default)]
pub(crate) struct Desks {
    desks: Vec<Desk>,
    /// SYNs that wait for their time.
    waiting: Vec<(Instant, HalfOpenId, Decision)>,
    serving: Vec<Serving>,
    /// Connections that nobody reads and nobody writes.
    kept: Vec<FlowId>,
}

/// A port that somebody listens at.
#[derive(Debug)]
struct Desk {
    port: u16,
    listener: ListenerId,
    /// How many connections were let into a queue that nobody empties.
    queued: usize,
    /// What serves who is answered, unless the row says otherwise.
    service: Arc<Service>,
}

impl Behaviour {
    /// The same as a rule.
    pub(crate) fn does(self) -> Does {
        match self {
            Behaviour::Answer | Behaviour::Icmp { .. } => Does::Answers(None),
            Behaviour::AnswerLate(span) => Does::AnswersLate(Late::After(span), None),
            Behaviour::Refuse => Does::Refuses,
            Behaviour::Silent => Does::Silent,
            Behaviour::WithholdSynAck => Does::Withholds,
            Behaviour::ResetAfterAccept => Does::Resets,
            Behaviour::FillBacklog(places) => Does::Backlog { places, free: places },
            Behaviour::CloseAfterAccept => Does::Closes,
            Behaviour::SilentAfterAccept => Does::SaysNothing,
        }
    }
}

impl Desks {
    /// Lets somebody listen at a port, where nobody does; `Ok(false)`: there are as many ports as there may be.
    pub(crate) fn open(
        &mut self,
        stack: &mut Stack,
        now: Instant,
        port: u16,
        service: &Arc<Service>,
    ) -> Result<bool, ListenError> {
        if self.is_open(port) {
            return Ok(true);
        }
        if self.desks.len() >= DESKS_MAX {
            return Ok(false);
        }
        let options = ListenOptions { backlog: DESK_BACKLOG, deferred: true, ..ListenOptions::on_port(port) };
        let listener = stack.tcp_listen(now, options)?;
        self.desks.push(Desk { port, listener, queued: 0, service: service.clone() });
        Ok(true)
    }

    /// Whether somebody listens at a port.
    pub(crate) fn is_open(&self, port: u16) -> bool {
        self.desks.iter().any(|desk| desk.port == port)
    }

    /// Does what is to be done now; says when to come back.
    pub(crate) fn serve(&mut self, gate: &Gate, stack: &mut Stack, now: Instant) -> Option<Instant> {
        for desk in &mut self.desks {
            desk.decide(gate, stack, now, &mut self.waiting);
        }
        self.waiting.retain(|(at, pending, decision)| {
            let due = *at <= now;
            if due {
                // The request may have gone away meanwhile; then there is nothing to decide.
                let _ = stack.tcp_decide(now, *pending, *decision);
            }
            !due
        });
        for desk in 0..self.desks.len() {
            while self.serving.len() + self.kept.len() < PEER_FLOWS_MAX
                && let Some(flow) = stack.tcp_accept(now, self.desks[desk].listener)
            {
                let does = key_of_flow(stack, flow).and_then(|key| gate.attempt(&key)).map(|one| one.does.clone());
                self.begin(stack, now, desk, flow, does.as_deref());
            }
        }
        self.serving.retain_mut(|one| one.pump(stack, now));
        self.kept.retain(|flow| stack.tcp_status(*flow).is_some_and(|status| status.failure.is_none()));
        self.waiting.iter().map(|(at, ..)| *at).min()
    }

    /// What follows once a connection stands.
    fn begin(&mut self, stack: &mut Stack, now: Instant, desk: usize, flow: FlowId, does: Option<&Does>) {
        let own = &self.desks[desk].service;
        match does {
            Some(Does::Resets) => stack.tcp_abort(now, flow),
            Some(Does::Closes) => stack.tcp_close(now, flow),
            Some(Does::SaysNothing | Does::Backlog { .. }) => self.kept.push(flow),
            Some(does) => self.serving.push(Serving::new(flow, &does.service(own))),
            None => self.serving.push(Serving::new(flow, own)),
        }
    }
}

impl Desk {
    /// Decides about the SYNs that came.
    fn decide(
        &mut self,
        gate: &Gate,
        stack: &mut Stack,
        now: Instant,
        waiting: &mut Vec<(Instant, HalfOpenId, Decision)>,
    ) {
        while let Some(pending) = stack.tcp_next_pending(self.listener) {
            let attempt = stack.tcp_pending_tuple(pending).and_then(|tuple| gate.attempt(&key_of(&tuple)));
            let (at, decision) = match attempt.map(|attempt| (attempt, &*attempt.does)) {
                Some((attempt, Does::AnswersLate(Late::After(span), _))) => (attempt.due(*span), Decision::Accept),
                Some((attempt, Does::WithholdsThenRefuses(span))) => (attempt.due(*span), Decision::Refuse),
                Some((_, Does::Withholds)) => (now, Decision::Ignore),
                Some((_, Does::Backlog { free, .. })) if self.queued >= *free => (now, Decision::Ignore),
                Some((_, Does::Backlog { .. })) => {
                    self.queued += 1;
                    (now, Decision::Accept)
                }
                // A SYN that came in pieces passed the gate unseen.
                None | Some((_, Does::Refuses)) => (now, Decision::Refuse),
                Some(_) => (now, Decision::Accept),
            };
            if at > now {
                waiting.push((at, pending, decision));
            } else {
                // It was taken from the queue just now, so it waits.
                let _ = stack.tcp_decide(now, pending, decision);
            }
        }
    }
}

fn key_of(tuple: &FourTuple) -> Key {
    Key { tcp: true, from: (tuple.remote.addr, tuple.remote.port), to: (tuple.local.addr, tuple.local.port) }
}

fn key_of_flow(stack: &Stack, flow: FlowId) -> Option<Key> {
    let (local, remote) = stack.tcp_names(flow)?;
    Some(Key { tcp: true, from: (remote.ip(), remote.port()), to: (local.ip(), local.port()) })
}
