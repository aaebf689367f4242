//! The calls themselves, the same for all dialects: decode, gather facts, judge by the page, call the socket, find the word.

pub(crate) mod connect;
pub(crate) mod options;

use std::sync::Arc;

use synsent_sockets::{Cast, Failure, Name, Phase, Socket};

use crate::dialect::Dialect;
use crate::page::{Fact, Facts, On, Page, Rule, Verdict};
use crate::process::{Handle, Process, Said};

/// A call under way: whose it is, which page judges it, and the socket that its handle names.
pub(crate) struct Call {
    pub(crate) dialect: &'static Dialect,
    pub(crate) page: &'static Page,
    pub(crate) process: Option<Arc<Process>>,
    pub(crate) socket: Option<Arc<Socket>>,
    pub(crate) on: On,
    pub(crate) facts: Facts,
}

impl Call {
    /// A call without a handle.
    pub(crate) fn of_process(dialect: &'static Dialect, page: &'static Page) -> Call {
        let process = Process::current(dialect);
        let started = process.as_ref().is_some_and(|process| process.is_started());
        let facts = Fact::NotStarted.when(!started);
        Call { dialect, page, process, socket: None, on: On::Nowhere, facts }
    }

    /// A call with a handle: finds the socket and gathers where it stands.
    pub(crate) fn of_socket(dialect: &'static Dialect, page: &'static Page, handle: Handle) -> Call {
        let mut call = Call::of_process(dialect, page);
        let Some(process) = call.process.as_ref().filter(|_| !call.facts.has(Fact::NotStarted)) else { return call };
        match process.find(handle) {
            Some(socket) => {
                call.on = On::of(socket.domain(), socket.kind());
                call.facts |= state_facts(&socket);
                call.socket = Some(socket);
            }
            None if process.is_file(handle) => call.facts |= Fact::NotASocket.alone(),
            None => call.facts |= Fact::BadHandle.alone(),
        }
        call
    }

    /// What the page says; a failure is said at once.
    pub(crate) fn judge(&self) -> Result<Verdict, Said> {
        let rule: &Rule = self.page.judge(self.on, self.facts);
        match rule.then {
            Verdict::Fail(word) => Err(Said::by_rule(self.dialect, self.page.call, word, rule)),
            verdict => Ok(verdict),
        }
    }

    /// The dialect's word for what the layer below answered.
    pub(crate) fn say(&self, failure: Failure) -> Said {
        let (word, source) = self.dialect.word(self.page, self.on, failure.outcome);
        Said::new(self.dialect, self.page.call, word, source, Some(failure))
    }

    /// Adds what an address is on the networks of this host, where the page asks for it.
    pub(crate) fn ask_cast(&mut self, name: Option<&Name>) {
        let casts = Fact::BroadcastAddress.alone() | Fact::BroadcastForbidden.alone() | Fact::MulticastAddress.alone();
        let (Some(socket), Some(Name::Inet(address))) = (&self.socket, name) else { return };
        if !self.page.asks(self.on, casts) {
            return;
        }
        match socket.cast(address.ip()) {
            Cast::Unicast => {}
            Cast::Multicast => self.facts |= Fact::MulticastAddress.alone(),
            Cast::Broadcast => {
                self.facts |= Fact::BroadcastAddress.alone();
                self.facts |= Fact::BroadcastForbidden.when(!socket.settings().broadcast);
            }
        }
    }
}

fn state_facts(socket: &Socket) -> Facts {
    let phase = match socket.phase() {
        Phase::Idle | Phase::Closed => Fact::Unconnected.alone(),
        Phase::Connecting => Fact::Connecting.alone(),
        Phase::Failed(failure) => {
            let refused = failure.outcome == synsent_sockets::Outcome::Refused;
            Fact::Unconnected.alone() | Fact::FailedBefore.alone() | Fact::RefusedBefore.when(refused)
        }
        Phase::Connected => Fact::Connected.alone(),
        Phase::Broken(_) => Fact::Connected.alone() | Fact::Broken.alone(),
        Phase::Listening => Fact::Listening.alone(),
    };
    let (receiving_shut, sending_shut) = socket.is_shut_down();
    let bound = socket.is_bound();
    phase
        | Fact::NotListening.when(!phase.has(Fact::Listening))
        | Fact::Disconnected.when(socket.is_disconnected())
        | Fact::Bound.when(bound)
        | Fact::Unbound.when(!bound)
        | Fact::ReceivingShut.when(receiving_shut)
        | Fact::SendingShut.when(sending_shut)
        | Fact::NonBlocking.when(socket.is_nonblocking())
}
