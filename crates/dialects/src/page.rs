//! A page: the rules of one call, in their order of precedence. The first rule that matches decides.
//!
//! A [`Rule`] speaks of some types of sockets and one [`Fact`]. The engine gathers all facts of a call and [`Page::judge`]
//! walks down the rows. Where the layer below has answered, the [`Answered`] rows of the page come first, and then the dialect's
//! table of words.

use core::ops::{BitOr, BitOrAssign};

use synsent_sockets::{Domain, Kind, Outcome};

use crate::words::Word;

macro_rules! facts {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Something that is so when a call is made.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        #[repr(u8)]
        pub enum Fact { $($(#[$doc])* $name,)* }

        impl Fact {
            /// All of them.
            pub const ALL: [Fact; Fact::COUNT] = [$(Fact::$name,)*];
            /// How many there are.
            pub const COUNT: usize = [$(stringify!($name),)*].len();
        }
    };
}

facts! {
    /// Whatever is so: the last row of a page.
    Always,
    /// The system was not started, or has been ended.
    NotStarted,
    /// No network is there that could be started.
    NoNetwork,
    /// The version asked for is older than all that there are.
    BadVersion,
    /// The handle belongs to nothing.
    BadHandle,
    /// The handle belongs to a file that is no socket.
    NotASocket,
    /// The name is the null pointer.
    NullName,
    /// The name's memory cannot be read, or the room for it cannot be written.
    UnreadableName,
    /// The length of the name is smaller than its family's address, or negative.
    ShortName,
    /// The length of the name is larger than its family's address.
    LongName,
    /// The pointer to the length of a name is null, or cannot be read or written.
    BadLengthPointer,
    /// The pointer to the length of a name is not null and cannot be read or written.
    UnreadableLengthPointer,
    /// The socket waits for connections.
    Listening,
    /// The socket does not wait for connections.
    NotListening,
    /// An opening is under way on the socket.
    Connecting,
    /// The socket has a peer.
    Connected,
    /// The socket has no peer, and no opening is under way.
    Unconnected,
    /// The caller has ended a datagram socket's assignment to a peer, and gave it no other since.
    Disconnected,
    /// The socket's last opening was refused.
    RefusedBefore,
    /// The socket's connection broke.
    Broken,
    /// The socket has a local name.
    Bound,
    /// The socket has no local name yet.
    Unbound,
    /// Receiving was ended by shutdown.
    ReceivingShut,
    /// Sending was ended by shutdown.
    SendingShut,
    /// The name is of a family that is not the socket's.
    WrongFamily,
    /// The name's family is "unspecified".
    UnspecifiedFamily,
    /// The address in the name is all zeroes.
    ZeroAddress,
    /// The port in the name is zero.
    ZeroPort,
    /// The address in the name is a broadcast address.
    BroadcastAddress,
    /// The address in the name is a broadcast address, and the socket may not send there.
    BroadcastForbidden,
    /// The address in the name is a multicast group.
    MulticastAddress,
    /// The path in the name is empty.
    BlankPath,
    /// The path in the name is longer than a local name holds.
    LongPath,
    /// The buffer is the null pointer and its length is not zero.
    NullBuffer,
    /// The buffer's memory cannot be used.
    BadBuffer,
    /// The length of a buffer is negative.
    NegativeLength,
    /// A flag is not known, or has no meaning for this socket.
    BadFlags,
    /// Out-of-band data on a socket that has none.
    UrgentUnsupported,
    /// To wait for the whole buffer, on a socket that has no stream or does not block, or together with a flag that forbids it.
    WaitAllUnsupported,
    /// The argument is none of the permitted values.
    BadArgument,
    /// The address family does not exist here.
    BadFamily,
    /// The socket type does not exist here.
    BadType,
    /// The protocol does not exist.
    BadProtocol,
    /// The protocol exists, but not for this family and type.
    WrongProtocol,
    /// The level of an option does not exist.
    BadLevel,
    /// The option does not exist at its level, or not for this socket.
    BadOption,
    /// The option cannot be set, or cannot be read.
    OptionFixed,
    /// The length given for an option's value is too small.
    ShortOption,
    /// All sets of a select are empty or null.
    NothingSelected,
    /// A set of a select names what is no socket.
    BadHandleInSet,
    /// A set of a select names a file that is no socket.
    FileInSet,
    /// The time limit of a select is no time.
    BadTime,
    /// No name was given where one is needed, and the socket has no peer.
    NoDestination,
    /// A pointer to what a call tells besides its result is null, or what lies there cannot be read or written.
    BadResultPointer,
    /// More buffers than a call takes, or together they are longer than a count can say.
    TooManyBuffers,
    /// The work was to go on after the call.
    Overlapped,
    /// A part of a message was to be sent, and messages are sent whole here.
    PartialUnsupported,
    /// Data was to go along with the request for a connection.
    CallerData,
    /// A quality of service that cannot be given.
    FlowUnsupported,
    /// The socket's group goes to another host.
    OutsideGroup,
    /// A blocking call of this thread waits further out: this call comes from what the thread does meanwhile.
    CallInProgress,
    /// No blocking call of this thread waits.
    NothingBlocks,
    /// To make a socket block whose events are told.
    StaysNonblocking,
    /// There is no such window.
    BadWindow,
    /// There is no such event object.
    BadEvent,
    /// The request is known, and nobody here can carry it out.
    Unrealizable,
    /// The caller has rejected a connection.
    Rejected,
    /// The caller has put off whether it takes a connection.
    Deferred,
}

/// The facts of one call.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Facts(u128);

const _: () = assert!(Fact::COUNT <= 128, "each fact is a bit of a number of 128");

/// Which types of sockets a row speaks of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct On(u8);

/// Where a row comes from: the clause that it carries out, and what decided it where the document is silent or vague.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Source {
    /// The clause's id in `contract/`; empty where no clause speaks of it.
    pub clause: &'static str,
    /// Why, in words; empty where the clause says it all.
    pub because: &'static str,
}

/// What a row decides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The call fails with this word, and nothing else happens.
    Fail(Word),
    /// The call succeeds, and nothing else happens.
    Nothing,
    /// The socket's assignment to a peer ends.
    Dissolve,
    /// The call is carried out.
    Proceed,
}

/// A row of a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rule {
    /// The types that it speaks of.
    pub on: On,
    /// When it matches.
    pub when: Fact,
    /// What it decides.
    pub then: Verdict,
    /// Where it comes from.
    pub source: Source,
}

/// A row of a page about what the layer below answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Answered {
    /// The types that it speaks of.
    pub on: On,
    /// What was answered.
    pub outcome: Outcome,
    /// The word for it in this call.
    pub word: Word,
    /// Where it comes from.
    pub source: Source,
}

/// The rows of a page, and what is looked up in them before each call.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    rows: &'static [Rule],
    /// For each type the facts that its rows ask for, up to the one that matches always.
    asked: [Facts; On::COUNT],
    /// For each type the row that decides where none of those is so.
    always: [Option<&'static Rule>; On::COUNT],
}

/// The rules of one call.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// The name of the call in the document.
    pub call: &'static str,
    /// What is checked before anything happens; the last row matches always.
    pub rules: Rules,
    /// Words for outcomes, where this call differs from the dialect's table.
    pub answers: &'static [Answered],
}

impl Fact {
    /// The set with this fact alone.
    pub const fn alone(self) -> Facts {
        Facts(1 << self as u8)
    }

    /// This fact when the condition holds, else none.
    pub const fn when(self, condition: bool) -> Facts {
        if condition { self.alone() } else { Facts(0) }
    }
}

impl Facts {
    /// No fact but [`Fact::Always`].
    pub const NONE: Facts = Facts(0);

    /// Whether this is so.
    pub const fn has(self, fact: Fact) -> bool {
        matches!(fact, Fact::Always) || self.0 & (1 << fact as u8) != 0
    }

    /// Whether one of these is so.
    pub const fn has_any(self, others: Facts) -> bool {
        self.0 & others.0 != 0
    }
}

impl BitOr for Facts {
    type Output = Facts;

    fn bitor(self, other: Facts) -> Facts {
        Facts(self.0 | other.0)
    }
}

impl BitOrAssign for Facts {
    fn bitor_assign(&mut self, other: Facts) {
        self.0 |= other.0;
    }
}

#[allow(non_upper_case_globals)]
impl On {
    /// A stream over IP: TCP.
    pub const Stream: On = On(1);
    /// Datagrams over IP: UDP.
    pub const Datagram: On = On(2);
    /// A local stream.
    pub const LocalStream: On = On(4);
    /// Local datagrams.
    pub const LocalDatagram: On = On(8);
    /// TCP and UDP.
    pub const Both: On = On(3);
    /// Both local types.
    pub const Local: On = On(12);
    /// Both streams.
    pub const Streams: On = On(5);
    /// Both datagram types.
    pub const Datagrams: On = On(10);
    /// All types, and calls where no socket was found.
    pub const Any: On = On(31);
    /// No socket was found.
    pub const Nowhere: On = On(16);

    /// How many types there are, with the one of no socket.
    const COUNT: usize = 5;

    /// The type of a socket.
    pub const fn of(domain: Domain, kind: Kind) -> On {
        match (domain, kind) {
            (Domain::Local, Kind::Stream) => On::LocalStream,
            (Domain::Local, Kind::Datagram) => On::LocalDatagram,
            (_, Kind::Stream) => On::Stream,
            (_, Kind::Datagram) => On::Datagram,
        }
    }

    /// Where one type stands among all.
    fn place(self) -> usize {
        (self.0.trailing_zeros() as usize).min(On::COUNT - 1)
    }

    /// Whether a row for these types speaks of that one.
    pub const fn covers(self, one: On) -> bool {
        self.0 & one.0 != 0
    }

    /// These types and those.
    pub const fn and(self, others: On) -> On {
        On(self.0 | others.0)
    }

    /// The types in words.
    pub const fn words(self) -> &'static str {
        match self.0 {
            1 => "stream",
            2 => "datagram",
            3 => "both",
            4 => "local stream",
            5 => "streams",
            8 => "local datagram",
            10 => "datagrams",
            12 => "local",
            15 => "all types",
            16 => "no socket",
            31 => "any",
            _ => "several",
        }
    }
}

impl Rules {
    /// A page's rows from the top.
    pub const fn new(rows: &'static [Rule]) -> Rules {
        let mut rules = Rules { rows, asked: [Facts::NONE; On::COUNT], always: [None; On::COUNT] };
        let mut place = 0;
        while place < On::COUNT {
            let mut number = 0;
            while number < rows.len() && rules.always[place].is_none() {
                let rule = &rows[number];
                if rule.on.covers(On(1 << place)) {
                    match rule.when {
                        Fact::Always => rules.always[place] = Some(rule),
                        fact => rules.asked[place] = Facts(rules.asked[place].0 | fact.alone().0),
                    }
                }
                number += 1;
            }
            place += 1;
        }
        rules
    }
}

impl core::ops::Deref for Rules {
    type Target = [Rule];

    fn deref(&self) -> &[Rule] {
        self.rows
    }
}

impl Page {
    /// The page of a call that a system does not have.
    pub const fn absent(call: &'static str) -> Page {
        Page { call, rules: Rules::new(&[ABSENT]), answers: &[] }
    }

    /// Whether the system does not have the call.
    pub fn is_absent(&self) -> bool {
        *self.rules.rows == [ABSENT]
    }

    /// The row that decides a call on this type of socket with these facts.
    pub fn judge(&self, on: On, facts: Facts) -> &'static Rule {
        let Rules { rows, asked, always } = &self.rules;
        let decides = |rule: &&Rule| rule.on.covers(on) && facts.has(rule.when);
        let found = match facts.has_any(asked[on.place()]) {
            true => rows.iter().find(decides),
            false => always[on.place()],
        };
        // Every page ends with a row for any socket that matches always; a test looks at each page.
        found.unwrap_or(const { &PROCEED })
    }

    /// Whether a row for this type of socket asks for one of these facts: what nobody asks for need not be found out.
    pub fn asks(&self, on: On, facts: Facts) -> bool {
        facts.has_any(self.rules.asked[on.place()])
    }
}

/// The only row of a page without a call.
const ABSENT: Rule = Rule { source: Source { clause: "", because: "the system has no such call" }, ..PROCEED };

const PROCEED: Rule = Rule {
    on: On::Any,
    when: Fact::Always,
    then: Verdict::Proceed,
    source: Source { clause: "", because: "nothing speaks against it" },
};

/// Rows as a page of a manual has them: types, fact, verdict, clause, and optionally why.
macro_rules! rules {
    ($($on:ident $fact:ident => $verdict:expr, $clause:literal $(, $because:literal)?;)*) => {{
        #[allow(unused_imports)]
        use $crate::page::Verdict::{Dissolve, Fail, Nothing, Proceed};
        #[allow(unused_imports)]
        use $crate::words::Word::*;
        const RULES: &[$crate::page::Rule] = &[$($crate::page::Rule {
            on: $crate::page::On::$on,
            when: $crate::page::Fact::$fact,
            then: $verdict,
            source: $crate::page::Source { clause: $clause, because: concat!("" $(, $because)?) },
        },)*];
        const ALL: $crate::page::Rules = $crate::page::Rules::new(RULES);
        ALL
    }};
}

/// Rows for what the layer below answered: types, outcome, word, clause, and optionally why.
macro_rules! answers {
    ($($on:ident $outcome:ident => $word:ident, $clause:literal $(, $because:literal)?;)*) => {{
        const ANSWERS: &[$crate::page::Answered] = &[$($crate::page::Answered {
            on: $crate::page::On::$on,
            outcome: synsent_sockets::Outcome::$outcome,
            word: $crate::words::Word::$word,
            source: $crate::page::Source { clause: $clause, because: concat!("" $(, $because)?) },
        },)*];
        ANSWERS
    }};
}

/// The table of words: outcome, word, clause, and optionally why. It has a row for each outcome, in the outcomes' order, or it
/// does not compile.
macro_rules! outcome_words {
    ($($outcome:ident => $word:ident, $clause:literal $(, $because:literal)?;)*) => {{
        const WORDS: [$crate::words::OutcomeWord; synsent_sockets::Outcome::COUNT] = [$($crate::words::OutcomeWord {
            outcome: synsent_sockets::Outcome::$outcome,
            word: $crate::words::Word::$word,
            source: $crate::page::Source { clause: $clause, because: concat!("" $(, $because)?) },
        },)*];
        const _: () = {
            let mut number = 0;
            while number < WORDS.len() {
                assert!(WORDS[number].outcome as usize == number, "a row is not in its place");
                number += 1;
            }
        };
        WORDS
    }};
}

pub(crate) use {answers, outcome_words, rules};
