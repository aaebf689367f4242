//! What makes a dialect: its pages, its words and numbers, and its ways.

use synsent_sockets::{ConnectPolicy, Outcome};

use crate::engine::options::{IoctlRow, OptionRow};
use crate::names::NameFormat;
use crate::numbers::{FlagRow, HowRow, KindRow, ProtocolRow};
use crate::page::{On, Page, Source};
use crate::words::{OutcomeWord, Spelling, Word};

/// A system of sockets as its manual describes it.
#[derive(Debug)]
pub struct Dialect {
    /// Its short name, as the command and the clauses have it.
    pub name: &'static str,
    /// Its full name.
    pub title: &'static str,
    /// How its document declares connect.
    pub prototype: &'static str,
    /// The pages of its calls.
    pub pages: Pages,
    /// Its word for each outcome.
    pub words: &'static [OutcomeWord; Outcome::COUNT],
    /// How it writes and numbers its words.
    pub spellings: &'static [Spelling],
    /// How it lays out the names of sockets.
    pub names: NameFormat,
    /// Its types of sockets, each kind first under its own number; zero, where it leaves the choice to the protocol, has a row for each.
    pub kinds: &'static [KindRow],
    /// Its protocols; zero, where it means the usual one, has a row too.
    pub protocols: &'static [ProtocolRow],
    /// Its flags for sending and receiving.
    pub flags: &'static [FlagRow],
    /// Its numbers for the directions of shutdown.
    pub hows: &'static [HowRow],
    /// The versions that it can be started as, major and minor, the oldest first; empty where nobody asks for one.
    pub versions: &'static [(u8, u8)],
    /// Its options.
    pub options: &'static [OptionRow],
    /// Its requests for ioctl.
    pub ioctls: &'static [IoctlRow],
    /// What no row of a page decides.
    pub ways: Ways,
}

/// The pages of the calls.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct Pages {
    pub startup: Page,
    pub cleanup: Page,
    pub socket: Page,
    pub bind: Page,
    pub connect: Page,
    pub listen: Page,
    pub accept: Page,
    pub send: Page,
    pub sendto: Page,
    pub recv: Page,
    pub recvfrom: Page,
    pub select: Page,
    pub shutdown: Page,
    pub close: Page,
    pub getsockname: Page,
    pub getpeername: Page,
    pub getsockopt: Page,
    pub setsockopt: Page,
    pub ioctl: Page,
    /// Those of calls that only this system has.
    pub more: &'static [&'static Page],
}

/// A value with the place that it comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Way<T> {
    /// The value.
    pub value: T,
    /// Where it comes from.
    pub source: Source,
}

/// The ways of a system that are no rows of a page.
#[derive(Clone, Copy, Debug)]
pub struct Ways {
    /// How the system is started.
    pub starting: Way<Starting>,
    /// What handles look like.
    pub handles: Way<HandleScheme>,
    /// How an opening behaves on the wire.
    pub connect: Way<ConnectPolicy>,
    /// What becomes of queued datagrams when a datagram socket takes another peer.
    pub queue: Way<QueueRule>,
    /// Where select shows an opening that failed.
    pub failure_shows: Way<FailureShows>,
    /// Whether reading a socket's error takes it away.
    pub error_reading: Way<ErrorReading>,
    /// What a datagram that is larger than the buffer comes to.
    pub truncation: Way<Truncation>,
}

/// How a system is started.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Starting {
    /// Each start is counted, and as many ends end it; all sockets go then.
    Counted,
    /// Once; before that no call works.
    Once,
    /// It is always there.
    Always,
}

/// What handles look like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HandleScheme {
    /// Numbers without a meaning, which do not come back soon.
    Opaque,
    /// The lowest number that is free, counted together with files.
    Descriptors,
}

/// What becomes of queued datagrams when a datagram socket takes another peer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum QueueRule {
    /// They stay.
    Keep,
    /// Those that the peer did not send are thrown away.
    DropForeign,
    /// They are thrown away, unless the peer is the one that it was.
    DropWhenPeerChanges,
}

/// Where select shows an opening that failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FailureShows {
    /// In the exceptional set alone.
    Exceptional,
    /// As readable and writable.
    ReadableAndWritable,
}

/// Whether reading a socket's error takes it away.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErrorReading {
    /// It stays until an opening succeeds.
    Stays,
    /// It is told once.
    Once,
}

/// What a datagram that is larger than the buffer comes to; what does not fit is lost either way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Truncation {
    /// The buffer is filled, and the call fails as for a message that is too long.
    Fails,
    /// The buffer is filled, and nothing is said.
    Silent,
}

impl Dialect {
    /// How the dialect writes a word; a test sees to it that every word of its tables has a spelling.
    pub fn spelling(&self, word: Word) -> Option<&'static Spelling> {
        self.spellings.iter().find(|spelling| spelling.word == word)
    }

    /// The number of a word; -1 for one that the dialect does not have.
    pub fn number(&self, word: Word) -> i32 {
        self.spelling(word).map_or(-1, |spelling| spelling.number)
    }

    /// The word for an outcome in a call, and where it comes from.
    pub fn word(&self, page: &Page, on: On, outcome: Outcome) -> (Word, Source) {
        let answered = page.answers.iter().find(|row| row.on.covers(on) && row.outcome == outcome);
        answered.map_or_else(
            || {
                let row = &self.words[outcome as usize];
                (row.word, row.source)
            },
            |row| (row.word, row.source),
        )
    }
}

impl Pages {
    /// Those that all systems have.
    pub fn all(&self) -> [&Page; 19] {
        [
            &self.startup,
            &self.cleanup,
            &self.socket,
            &self.bind,
            &self.connect,
            &self.listen,
            &self.accept,
            &self.send,
            &self.sendto,
            &self.recv,
            &self.recvfrom,
            &self.select,
            &self.shutdown,
            &self.close,
            &self.getsockname,
            &self.getpeername,
            &self.getsockopt,
            &self.setsockopt,
            &self.ioctl,
        ]
    }
}
