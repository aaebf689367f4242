//! The calls themselves, the same for all dialects: decode, gather facts, judge by the page, call the socket, find the word.
//!
//! A call that a row fails has done nothing. What needs work to find out is found out only where the page asks for it.

pub(crate) mod accept;
pub(crate) mod bind;
pub(crate) mod buffers;
pub(crate) mod close;
pub(crate) mod connect;
pub(crate) mod listen;
pub(crate) mod options;
pub(crate) mod own_names;
pub(crate) mod pieces;
pub(crate) mod poll;
pub(crate) mod receive;
pub(crate) mod select;
pub(crate) mod send;
pub(crate) mod shutdown;
pub(crate) mod socket;
pub(crate) mod startup;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use synsent_sockets::{Cast, Failure, Name, Outcome, Pointer, Socket, Stage, is_idling};

use crate::dialect::Dialect;
use crate::names::Decoded;
use crate::page::{Fact, Facts, On, Page, Rule, Verdict};
use crate::process::{Handle, Process, Reserved, Said, why_left};

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
        let facts = Fact::NotStarted.when(!started)
            | Fact::NoNetwork.when(process.is_none())
            | Fact::CallInProgress.when(is_idling());
        Call { dialect, page, process, socket: None, on: On::Nowhere, facts }
    }

    /// A call with a handle: finds the socket and gathers where it stands.
    pub(crate) fn of_socket(dialect: &'static Dialect, page: &'static Page, handle: Handle) -> Call {
        let mut call = Call::of_process(dialect, page);
        let Some(process) = call.process.as_ref().filter(|_| !call.facts.has(Fact::NotStarted)) else { return call };
        match process.find(handle) {
            // Another thread has closed it since: its handle belongs to nothing any more.
            Some(socket) if socket.standing().stage == Stage::Closed => call.facts |= Fact::BadHandle.alone(),
            Some(socket) => {
                call.on = On::of(socket.domain(), socket.kind());
                call.facts |= state_facts(&socket);
                if page.asks(call.on, Fact::Bound.alone() | Fact::Unbound.alone()) {
                    let bound = socket.is_bound();
                    call.facts |= Fact::Bound.when(bound) | Fact::Unbound.when(!bound);
                }
                call.socket = Some(socket);
            }
            None if process.is_file(handle) => call.facts |= Fact::NotASocket.alone(),
            None => call.facts |= Fact::BadHandle.alone(),
        }
        call
    }

    /// What the page says; a failure is said at once.
    pub(crate) fn judge(&self) -> Result<Verdict, Said> {
        self.judge_also(Facts::NONE)
    }

    /// What the page says when this is so too.
    fn judge_also(&self, more: Facts) -> Result<Verdict, Said> {
        if let Some(failure) = why_left() {
            return Err(self.say(failure));
        }
        let rule: &Rule = self.page.judge(self.on, self.facts | more);
        match rule.then {
            Verdict::Fail(word) => Err(Said::by_rule(self.dialect, self.page.call, word, rule)),
            verdict => Ok(verdict),
        }
    }

    /// The page's word for what has become so since the call was let through.
    pub(crate) fn say_of(&self, fact: Fact) -> Said {
        match self.judge_also(fact.alone()) {
            Err(said) => said,
            Ok(_) => self.say(Outcome::Refused),
        }
    }

    /// The dialect's word for what the layer below answered.
    pub(crate) fn say(&self, failure: impl Into<Failure>) -> Said {
        let failure = failure.into();
        let (word, source) = self.dialect.word(self.page, self.on, failure.outcome);
        Said::new(self.dialect, self.page.call, word, source, Some(failure))
    }

    /// The socket, for a call that the page lets through. A page that lets one through without a socket has forgotten a row;
    /// the call fails all the same.
    pub(crate) fn socket(&self) -> Result<&Socket, Said> {
        let nothing_there = if self.process.is_none() { Outcome::NetworkDown } else { Outcome::BadArgument };
        self.socket.as_deref().ok_or_else(|| self.say(nothing_there))
    }

    /// The process, in the same way.
    pub(crate) fn process(&self) -> Result<&Arc<Process>, Said> {
        self.process.as_ref().ok_or_else(|| self.say(Outcome::NetworkDown))
    }

    /// Gives a new socket the handle that was kept for it.
    pub(crate) fn adopt(&self, reserved: Reserved<'_>, socket: Socket) -> Result<Handle, Said> {
        let handle = reserved.fill(socket);
        if self.process()?.is_started() {
            return Ok(handle);
        }
        // Another thread has ended the system meanwhile: it takes no socket along into its next start.
        self.discard(handle);
        self.judge_also(Fact::NotStarted.alone())?;
        Err(self.say(Outcome::NetworkDown))
    }

    /// Closes a socket whose handle nobody will learn.
    pub(crate) fn discard(&self, handle: Handle) {
        if let Some(socket) = self.process.as_ref().and_then(|process| process.remove(handle)) {
            // Nobody is there who could be told.
            let _ = socket.close();
        }
    }

    /// Reads a name for the call's socket and adds the facts about it.
    pub(crate) fn take_name(&mut self, name: Pointer<'_>, len: i32) -> Option<Name> {
        let domain = self.socket.as_ref()?.domain();
        let Decoded { facts, name } = self.dialect.names.decode(name, len, domain);
        self.facts |= facts;
        name
    }

    /// Why a name that no row spoke against cannot be used.
    pub(crate) fn say_bad_name(&self) -> Said {
        let outcome = if self.facts.has(Fact::WrongFamily) { Outcome::DomainUnsupported } else { Outcome::BadMemory };
        self.say(outcome)
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
    let standing = socket.standing();
    let stage = match standing.stage {
        Stage::Idle | Stage::Closed => Fact::Unconnected.alone(),
        Stage::Connecting => Fact::Connecting.alone(),
        Stage::Failed(outcome) => {
            Fact::Unconnected.alone()
                | Fact::RefusedBefore.when(matches!(outcome, Outcome::Refused | Outcome::NotListening))
        }
        Stage::Connected => Fact::Connected.alone(),
        Stage::Broken(_) => Fact::Connected.alone() | Fact::Broken.alone(),
        Stage::Listening => Fact::Listening.alone(),
    };
    stage
        | Fact::NotListening.when(!stage.has(Fact::Listening))
        | Fact::Disconnected.when(standing.disconnected)
        | Fact::ReceivingShut.when(standing.receiving_shut)
        | Fact::SendingShut.when(standing.sending_shut)
}
