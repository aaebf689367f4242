//! Network events of one socket: what has happened that is to be told once, and what has been told and waits for the function
//! that asks for it anew.
//!
//! No event is noted when it happens. Who owns the window or waits for the event object looks, and finds what is so; what was
//! told is told again only after the act that enables it: receiving for FD_READ, receiving urgent data for FD_OOB, a send that
//! found no room for FD_WRITE, accepting for FD_ACCEPT, a new opening for FD_CONNECT. Data come before the end: FD_CLOSE waits
//! until what had arrived was received, unless the connection broke.

use std::sync::Arc;

use synsent_sockets::{Act, Kind, Outcome, Ready, Socket, Stage, Standing};

use crate::dialect::Dialect;
use crate::page::{On, Page};
use crate::process::Handle;
use crate::windows::constants::{FD_ACCEPT, FD_CLOSE, FD_CONNECT, FD_OOB, FD_READ, FD_WRITE};

/// How many kinds of network events the header of Winsock 2 counts.
pub const FD_MAX_EVENTS: usize = 10;

/// Who is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Target {
    /// A window, by this message.
    Window { window: u32, message: u32 },
    /// An event object, by its place in the table.
    Event(u32),
}

/// A network event with its code: 0, or the number of the error.
pub(crate) type Told = (i32, i32);

/// A socket whose events are told.
pub(crate) struct Watch {
    pub(crate) socket: Arc<Socket>,
    pub(crate) handle: Handle,
    pub(crate) target: Target,
    dialect: &'static Dialect,
    mask: i32,
    /// What was told, or needs not be, and was not enabled anew.
    told: i32,
    /// What was told to an event object and not yet fetched.
    recorded: i32,
    codes: [i32; FD_MAX_EVENTS],
}

impl Watch {
    /// From now on these events are told.
    pub(crate) fn new(
        dialect: &'static Dialect,
        (handle, socket): (Handle, Arc<Socket>),
        target: Target,
        mask: i32,
    ) -> Watch {
        let stage = socket.standing().stage;
        // An event object is also told of a connection that was made before it was there; a window is not.
        let by_event = matches!(target, Target::Event(_));
        let was_made = matches!(stage, Stage::Connected) && by_event && !socket.was_accepted();
        let tells_opening = stage == Stage::Connecting || was_made;
        let told = if tells_opening { 0 } else { FD_CONNECT };
        Watch { socket, handle, target, dialect, mask, told, recorded: 0, codes: [0; FD_MAX_EVENTS] }
    }

    /// The same for a connection that came out of this listener.
    pub(crate) fn for_accepted(&self, handle: Handle, socket: Arc<Socket>) -> Watch {
        Watch::new(self.dialect, (handle, socket), self.target, self.mask)
    }

    /// Something was done with the socket.
    pub(crate) fn acted(&mut self, act: Act) {
        let enabled = match act {
            Act::Received => FD_READ,
            Act::ReceivedUrgent => FD_OOB,
            Act::FoundNoRoom => FD_WRITE,
            Act::Accepted => FD_ACCEPT,
            Act::Opened => FD_CONNECT | FD_WRITE | FD_READ | FD_OOB | FD_CLOSE,
            Act::TookPeer if matches!(self.target, Target::Event(_)) => FD_CONNECT | FD_WRITE,
            Act::TookPeer => FD_WRITE,
            Act::Changed | Act::PutBack => 0,
        };
        self.told &= !enabled;
        if act == Act::PutBack {
            // An accept that was deferred does not ask for FD_ACCEPT anew.
            self.told |= FD_ACCEPT;
        }
    }

    /// Looks what has happened, in the order in which it is told; notes it as told.
    pub(crate) fn look(&mut self) -> Vec<Told> {
        let ready = self.socket.ready();
        let standing = self.socket.standing();
        let mut found = Vec::new();
        match standing.stage {
            Stage::Closed | Stage::Connecting => {}
            Stage::Failed(outcome) => {
                self.tell(&mut found, FD_CONNECT, self.code(&self.dialect.pages.connect, outcome))
            }
            Stage::Listening => self.tell_when(&mut found, FD_ACCEPT, ready.has(Ready::READABLE)),
            Stage::Idle | Stage::Connected | Stage::Broken(_) => match self.socket.kind() {
                Kind::Datagram => self.look_at_datagrams(&mut found, ready, &standing),
                Kind::Stream if standing.stage == Stage::Idle => {}
                Kind::Stream => self.look_at_connection(&mut found, ready, &standing),
            },
        }
        found.retain(|(event, _)| self.mask & event != 0);
        found
    }

    fn look_at_datagrams(&mut self, found: &mut Vec<Told>, ready: Ready, standing: &Standing) {
        self.tell_when(found, FD_CONNECT, standing.stage == Stage::Connected);
        let may_send = ready.has(Ready::WRITABLE) && self.socket.is_bound();
        self.tell_when(found, FD_WRITE, may_send);
        self.tell_when(found, FD_READ, ready.has(Ready::READABLE));
    }

    fn look_at_connection(&mut self, found: &mut Vec<Told>, ready: Ready, standing: &Standing) {
        let broken = match standing.stage {
            Stage::Broken(outcome) => Some(outcome),
            _ => None,
        };
        self.tell(found, FD_CONNECT, 0);
        self.tell_when(found, FD_WRITE, ready.has(Ready::WRITABLE) && broken.is_none() && !standing.sending_shut);
        self.tell_when(found, FD_OOB, ready.has(Ready::URGENT) && !self.socket.settings().urgent_inline);
        let is_heard = self.is_enabled(FD_READ);
        let has_data = ready.has(Ready::READABLE) && self.socket.receivable_octets() > 0;
        self.tell_when(found, FD_READ, has_data);
        match broken {
            Some(outcome) => self.tell(found, FD_CLOSE, self.code(&self.dialect.pages.recv, outcome)),
            None => self.tell_when(found, FD_CLOSE, ready.has(Ready::PEER_CLOSED) && is_heard && !has_data),
        }
    }

    /// Looks, and records what an event object is told; true when there is something new.
    pub(crate) fn record(&mut self) -> bool {
        let found = self.look();
        for (event, code) in &found {
            self.recorded |= event;
            self.codes[event.trailing_zeros() as usize] = *code;
        }
        !found.is_empty()
    }

    /// Hands out what was recorded.
    pub(crate) fn take_recorded(&mut self) -> (i32, [i32; FD_MAX_EVENTS]) {
        (std::mem::take(&mut self.recorded), std::mem::take(&mut self.codes))
    }

    /// What of its readiness would be news: never what was told already, so that a wait for it does not end at once.
    pub(crate) fn interest(&self) -> Ready {
        let standing = self.socket.standing();
        match (standing.stage, self.socket.kind()) {
            (Stage::Connecting, _) => Ready::WRITABLE | Ready::FAILED,
            (Stage::Listening, _) => Ready::READABLE.when(self.is_enabled(FD_ACCEPT)),
            (Stage::Idle | Stage::Connected, Kind::Datagram) => {
                let may_send = self.is_enabled(FD_WRITE) && self.socket.is_bound();
                Ready::READABLE.when(self.is_enabled(FD_READ)) | Ready::WRITABLE.when(may_send)
            }
            (Stage::Connected, Kind::Stream) => {
                let waits_for_end = self.is_enabled(FD_CLOSE);
                let reads = self.is_enabled(FD_READ) && waits_for_end;
                Ready::READABLE.when(reads && !standing.receiving_shut)
                    | Ready::PEER_CLOSED.when(reads)
                    | Ready::FAILED.when(waits_for_end)
                    | Ready::WRITABLE.when(self.is_enabled(FD_WRITE) && !standing.sending_shut)
                    | Ready::URGENT.when(self.is_enabled(FD_OOB) && !self.socket.settings().urgent_inline)
            }
            _ => Ready::NONE,
        }
    }

    /// Whether the socket was closed since.
    pub(crate) fn is_closed(&self) -> bool {
        self.socket.standing().stage == Stage::Closed
    }

    fn is_enabled(&self, event: i32) -> bool {
        self.told & event == 0
    }

    fn tell_when(&mut self, found: &mut Vec<Told>, event: i32, is_so: bool) {
        if is_so {
            self.tell(found, event, 0);
        }
    }

    fn tell(&mut self, found: &mut Vec<Told>, event: i32, code: i32) {
        if self.is_enabled(event) {
            self.told |= event;
            found.push((event, code));
        }
    }

    /// The number of the error that an outcome is in a call.
    fn code(&self, page: &Page, outcome: Outcome) -> i32 {
        let on = On::of(self.socket.domain(), self.socket.kind());
        self.dialect.number(self.dialect.word(page, on, outcome).0)
    }
}
