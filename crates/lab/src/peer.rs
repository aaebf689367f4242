//! Scripted peers: what a host does at one of its ports, without a program.
//!
//! A behaviour uses the same calls as any application; only silence is the lab's own (the host never sees the SYN). They
//! are run after whatever happens at their host, and wake up by virtual time where they wait.

use std::sync::Arc;

use synsent_stack::{Decision, Duration, FlowId, HalfOpenId, Instant, ListenError, ListenOptions, ListenerId, Stack};

use crate::obstruct::IcmpError;
use crate::service::Service;
use crate::serving::Serving;

/// How many connections one behaviour keeps open at once; further ones wait in the listener's backlog.
pub(crate) const PEER_FLOWS_MAX: usize = 1_024;

/// The backlog of the listeners of behaviours.
const PEER_BACKLOG: usize = 128;

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

/// A behaviour at work.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) port: u16,
    behaviour: Behaviour,
    listener: Option<ListenerId>,
    late: Vec<(Instant, HalfOpenId)>,
    service: Arc<Service>,
    serving: Vec<Serving>,
    silent: Vec<FlowId>,
}

impl Peer {
    /// Puts a behaviour to work at a port of a host.
    pub(crate) fn start(
        stack: &mut Stack,
        now: Instant,
        port: u16,
        behaviour: Behaviour,
        service: Arc<Service>,
    ) -> Result<Peer, ListenError> {
        let deferred = matches!(behaviour, Behaviour::AnswerLate(_) | Behaviour::WithholdSynAck);
        let backlog = match behaviour {
            Behaviour::FillBacklog(backlog) => backlog,
            _ => PEER_BACKLOG,
        };
        let listener = match behaviour {
            Behaviour::Refuse | Behaviour::Silent => None,
            _ => Some(stack.tcp_listen(now, ListenOptions { backlog, deferred, ..ListenOptions::on_port(port) })?),
        };
        Ok(Peer { port, behaviour, listener, late: Vec::new(), service, serving: Vec::new(), silent: Vec::new() })
    }

    /// Whether the lab must keep TCP segments for this port from the host.
    pub(crate) fn is_deaf(&self) -> bool {
        self.behaviour == Behaviour::Silent
    }

    /// Does what is to be done now; says when to come back.
    pub(crate) fn serve(&mut self, stack: &mut Stack, now: Instant) -> Option<Instant> {
        let listener = self.listener?;
        match self.behaviour {
            Behaviour::Answer | Behaviour::Icmp { .. } => self.accept(stack, now, listener),
            Behaviour::AnswerLate(wait) => {
                while let Some(pending) = stack.tcp_next_pending(listener) {
                    self.late.push((now + wait, pending));
                }
                self.decide_late(stack, now);
                self.accept(stack, now, listener);
            }
            Behaviour::ResetAfterAccept => {
                while let Some(flow) = stack.tcp_accept(now, listener) {
                    stack.tcp_abort(now, flow);
                }
            }
            Behaviour::CloseAfterAccept => {
                while let Some(flow) = stack.tcp_accept(now, listener) {
                    stack.tcp_close(now, flow);
                }
            }
            Behaviour::SilentAfterAccept => {
                self.silent.retain(|flow| stack.tcp_status(*flow).is_some_and(|status| status.failure.is_none()));
                while self.silent.len() < PEER_FLOWS_MAX
                    && let Some(flow) = stack.tcp_accept(now, listener)
                {
                    self.silent.push(flow);
                }
            }
            Behaviour::Refuse | Behaviour::Silent | Behaviour::WithholdSynAck | Behaviour::FillBacklog(_) => {}
        }
        self.serving.retain_mut(|one| one.pump(stack, now));
        self.late.iter().map(|(at, _)| *at).min()
    }

    fn accept(&mut self, stack: &mut Stack, now: Instant, listener: ListenerId) {
        while self.serving.len() < PEER_FLOWS_MAX
            && let Some(flow) = stack.tcp_accept(now, listener)
        {
            self.serving.push(Serving::new(flow, &self.service));
        }
    }

    fn decide_late(&mut self, stack: &mut Stack, now: Instant) {
        self.late.retain(|(at, pending)| {
            let due = *at <= now;
            if due {
                // The request may have gone away meanwhile; then there is nothing to decide.
                let _ = stack.tcp_decide(now, *pending, Decision::Accept);
            }
            !due
        });
    }
}
