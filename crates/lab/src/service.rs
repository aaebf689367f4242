//! What the lab's servers do with a connection: a session takes the octets that came and gives those that are to go.
//!
//! [`Service`] says what a server speaks and where it breaks off; it is shared by all its connections. [`Session`] is one
//! connection of it. A session has no socket: who drives it sends what [`Session::to_send`] gives and says with [`Session::sent`] how
//! much of it was taken; when nothing is left, [`Session::wants`] says what comes then, and as long as that is to go on, what
//! arrives is handed to [`Session::received`]. So a session never holds more than one piece of what came and one of what goes.
//!
//! Left to itself a server finds out from the first octets to whom it speaks: a request of HTTP or of a client of Redis is answered, a
//! client that wants to begin TLS is told in its own language that this does not work, and everything else is sent back.

use std::sync::Arc;

use crate::http::{Conversation, Response, Step};
use crate::outgoing::{Body, Outgoing};
use crate::resp::{Reply, Resp};

/// How much a session keeps of what arrived and waits; a client that is never answered and sends more is dropped. Unit: octets.
pub const SESSION_INPUT_OCTETS_MAX: usize = 64 << 10;

/// How much longer than its cut a body is said to be, if nothing else is asked for; unit: octets.
const BEYOND_THE_CUT_OCTETS: u64 = 64 << 10;

/// A TLS record with the fatal alert `handshake_failure` (RFC 8446, sections 5.1 and 6).
const NO_TLS: [u8; 7] = [21, 3, 1, 0, 2, 2, 40];

/// What a server does with the connections that it accepts.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Service {
    /// What it speaks.
    pub speaks: Speaks,
    /// How long the body of an HTTP answer is; `None`: a line of text. A path `/bytes/N` asks for its own length.
    pub body_octets: Option<u64>,
    /// Where it breaks off.
    pub cut: Option<Cut>,
}

/// The language of a server.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Speaks {
    /// As it is spoken to: HTTP with who begins with a request, RESP with who begins with a command; else what comes is sent back.
    #[default]
    AsSpokenTo,
    /// What comes is sent back.
    Echo,
    /// Always the same, whatever comes.
    Script {
        /// What is said at the beginning, before anything comes.
        greeting: Vec<u8>,
        /// What is said to each piece that comes: the first to the first, and the last to all that follow. Without any nothing is.
        answers: Vec<Vec<u8>>,
    },
}

/// A connection that does not come to its proper end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cut {
    /// After how many octets of bodies with HTTP, of anything that is sent without.
    pub after_octets: u64,
    /// What happens there.
    pub how: CutHow,
}

/// How a connection breaks off.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CutHow {
    /// It is reset, once the other side has what was sent before.
    Reset,
    /// Nothing more is said.
    Stall,
    /// It is closed.
    Close,
}

/// What a session wants when it has nothing to send.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wants {
    /// More of what comes.
    Continue,
    /// An orderly end.
    Close,
    /// A reset, once all that was sent has been acknowledged.
    Reset,
    /// The connection as it is, and not to hear of it any more.
    Stall,
}

/// One connection of a server.
#[derive(Clone, Debug)]
pub struct Session {
    service: Arc<Service>,
    input: Vec<u8>,
    out: Outgoing,
    talk: Talk,
    /// How often a script has answered.
    answered: usize,
    /// Whether the other side has ended.
    is_ended: bool,
    /// Whether the connection is to be closed when all is sent.
    is_closing: bool,
}

/// What is spoken on a connection.
#[derive(Clone, Debug)]
enum Talk {
    Undecided,
    Echo,
    Script,
    Http(Conversation),
    Resp(Resp),
}

impl Session {
    /// A connection that was just accepted.
    pub fn new(service: &Arc<Service>) -> Session {
        let mut out = Outgoing::new(service.cut.map(|cut| cut.after_octets));
        let talk = match &service.speaks {
            Speaks::AsSpokenTo => Talk::Undecided,
            Speaks::Echo => Talk::Echo,
            Speaks::Script { greeting, .. } => {
                out.say_cut(greeting);
                Talk::Script
            }
        };
        let service = Arc::clone(service);
        Session { service, input: Vec::new(), out, talk, answered: 0, is_ended: false, is_closing: false }
    }

    /// These octets came. Nobody should hand over more while something is left to send.
    pub fn received(&mut self, octets: &[u8]) {
        if self.is_closing || self.is_ended || self.out.is_cut() {
            return;
        }
        if self.input.len() + octets.len() > SESSION_INPUT_OCTETS_MAX {
            self.input.clear();
            self.is_closing = true;
            return;
        }
        self.input.extend_from_slice(octets);
        self.advance();
    }

    /// The other side has ended: nothing more will come.
    pub fn ended(&mut self) {
        self.is_ended = true;
        if matches!(self.talk, Talk::Undecided) {
            self.talk = Talk::Echo;
        }
        self.advance();
    }

    /// What is to be sent next; empty: nothing.
    pub fn to_send(&self) -> &[u8] {
        self.out.octets()
    }

    /// So many octets of what is to be sent were taken.
    pub fn sent(&mut self, count: usize) {
        self.out.taken(count);
        self.advance();
    }

    /// What the session wants now that there is nothing to send; while there is something, to go on.
    pub fn wants(&self) -> Wants {
        match self.service.cut {
            _ if !self.out.octets().is_empty() => Wants::Continue,
            Some(Cut { how: CutHow::Reset, .. }) if self.out.is_cut() => Wants::Reset,
            Some(Cut { how: CutHow::Stall, .. }) if self.out.is_cut() => Wants::Stall,
            Some(Cut { how: CutHow::Close, .. }) if self.out.is_cut() => Wants::Close,
            _ if self.is_closing || self.is_ended => Wants::Close,
            _ => Wants::Continue,
        }
    }

    /// Goes on as far as what came allows, until there is something to send.
    fn advance(&mut self) {
        while self.out.is_empty() && !self.out.is_cut() && !self.is_closing {
            let goes_on = match &mut self.talk {
                Talk::Undecided => self.decide(),
                Talk::Echo => self.echo(),
                Talk::Script => self.answer_as_written(),
                Talk::Http(conversation) => {
                    let step = conversation.step(&mut self.input);
                    self.say(step)
                }
                Talk::Resp(resp) => {
                    let reply = resp.step(&mut self.input);
                    self.reply(reply)
                }
            };
            if !goes_on {
                return;
            }
        }
    }

    /// Finds out what is spoken; false when too little has come.
    fn decide(&mut self) -> bool {
        match Opening::of(&self.input) {
            None => return false,
            Some(Opening::Http) => self.talk = Talk::Http(Conversation::default()),
            Some(Opening::Tls) => {
                self.input.clear();
                self.out.say(&NO_TLS);
                self.is_closing = true;
            }
            Some(Opening::Resp) => self.talk = Talk::Resp(Resp::default()),
            Some(Opening::Other) => self.talk = Talk::Echo,
        }
        true
    }

    /// Says what a command comes to; false when there is none.
    fn reply(&mut self, reply: Reply) -> bool {
        match reply {
            Reply::NeedsMore => return false,
            Reply::Says(octets) => self.out.say_cut(&octets),
            Reply::Ends(octets) => {
                self.out.say_cut(&octets);
                self.is_closing = true;
            }
        }
        true
    }

    fn echo(&mut self) -> bool {
        let octets = std::mem::take(&mut self.input);
        self.out.say_cut(&octets);
        !octets.is_empty()
    }

    fn answer_as_written(&mut self) -> bool {
        if self.input.is_empty() {
            return false;
        }
        self.input.clear();
        if let Speaks::Script { answers, .. } = &self.service.speaks
            && let Some(answer) = answers.get(self.answered).or(answers.last())
        {
            self.out.say_cut(answer);
            self.answered += 1;
        }
        true
    }

    /// Says what the conversation says; false when that is nothing.
    fn say(&mut self, step: Step) -> bool {
        match step {
            Step::NeedsMore => return false,
            Step::Interim(octets) => self.out.say(octets),
            Step::Answer(mut response) => {
                if response.is_plain()
                    && let Some(body) = self.body()
                {
                    response.body = body;
                }
                self.answer(&response);
            }
        }
        true
    }

    fn answer(&mut self, response: &Response) {
        self.out.say(&response.head());
        if !response.without_body {
            self.out.say_body(response.body);
        }
        self.is_closing = response.closes;
    }

    /// The body that the service wants where a request asks for none; `None`: a line of text.
    fn body(&self) -> Option<Body> {
        // A body that is to be cut must be longer than that.
        let beyond = self.service.cut.map(|cut| cut.after_octets.saturating_add(BEYOND_THE_CUT_OCTETS));
        self.service.body_octets.or(beyond).map(Body::pattern)
    }
}

/// To whom one speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Opening {
    Http,
    Resp,
    Tls,
    Other,
}

impl Opening {
    /// The words that a request begins with; the last is that of HTTP/2, which is refused as a version.
    const WORDS: [&str; 10] =
        ["GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "OPTIONS ", "PATCH ", "TRACE ", "CONNECT ", "PRI "];
    /// A handshake record with a ClientHello (RFC 8446, sections 4 and 5.1); `None`: any octet.
    const CLIENT_HELLO: [Option<u8>; 6] = [Some(22), Some(3), None, None, None, Some(1)];

    /// Tells from the first octets; `None`: there must be more.
    fn of(octets: &[u8]) -> Option<Opening> {
        let hello = Opening::CLIENT_HELLO.iter().zip(octets);
        if !octets.is_empty() && hello.clone().all(|(want, have)| want.is_none_or(|want| want == *have)) {
            return (hello.len() == Opening::CLIENT_HELLO.len()).then_some(Opening::Tls);
        }
        // A command is an array, whose length is between a star and the end of the line.
        if let Some(rest) = octets.strip_prefix(b"*") {
            let digits = rest.iter().take_while(|octet| octet.is_ascii_digit()).count();
            return match &rest[digits..] {
                [] | [b'\r'] => None,
                [b'\r', b'\n', ..] if digits > 0 => Some(Opening::Resp),
                _ => Some(Opening::Other),
            };
        }
        let words = Opening::WORDS.map(str::as_bytes);
        if !words.iter().any(|word| octets.starts_with(word)) {
            return (!words.iter().any(|word| word.starts_with(octets))).then_some(Opening::Other);
        }
        // Other languages have such words too; only HTTP names its version at the end of the line.
        match octets.iter().position(|octet| *octet == b'\n') {
            Some(end) if octets[..end].windows(6).any(|part| part == b" HTTP/") => Some(Opening::Http),
            Some(_) => Some(Opening::Other),
            None => (octets.len() > crate::http::HEAD_OCTETS_MAX).then_some(Opening::Http),
        }
    }
}
