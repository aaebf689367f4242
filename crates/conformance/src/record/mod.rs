//! The record of a run of a case: which functions it called with what, what came back, and what it arranged outside.
//!
//! A case runs as always, but on functions and in a world that write down what is asked of them and hand it on. The record is a straight
//! line of [`Event`]s without the case's own words, so it can be written again as a program in another language. What such a program
//! cannot do the same way, a case says itself ([`Note::Apart`]).
//!
//! Only what the thread of the case calls is written down.

mod functions;
mod world;

use std::cell::RefCell;
use std::net::SocketAddr;

use synsent_dialects::Handle;
use synsent_stack::Duration;

use crate::case::{Case, Row, run};
use crate::situation::{LocalSituation, Situation};
use crate::world::{NotHere, Peer, Place};

/// How many octets of a name are kept; one that has more is known by its beginning.
const NAME_OCTETS_MAX: usize = 8_192;
/// How much of a name is kept that has more.
const NAME_HEAD_OCTETS: usize = 64;

/// What a case did, in its order.
#[derive(Clone, PartialEq, Debug)]
pub struct Record {
    /// The steps.
    pub events: Vec<Event>,
    /// What came of the case.
    pub row: Row,
}

/// What a call came to: the value that it returned, or the number of the error.
pub type Came = Result<i32, i32>;

/// A name as it was handed over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Given {
    /// Null.
    Null,
    /// Memory that begins with these octets and has this much room in all.
    Octets {
        /// Its octets, or only the first ones where there are many.
        octets: Vec<u8>,
        /// How many there are.
        room: usize,
    },
    /// These octets, and behind them memory that is not there.
    BeforeHole(Vec<u8>),
}

/// One step of a case.
#[derive(Clone, PartialEq, Debug)]
#[allow(missing_docs, reason = "the names are the calls' and those of their parameters")]
pub enum Event {
    Start {
        version: Option<u16>,
        came: Came,
    },
    End {
        came: Came,
    },
    /// The error of the thread was asked for, and not because a call had failed.
    LastError {
        number: i32,
    },
    Socket {
        family: i32,
        kind: i32,
        protocol: i32,
        came: Result<Handle, i32>,
    },
    Bind {
        s: Handle,
        name: Given,
        len: i32,
        came: Came,
    },
    Connect {
        s: Handle,
        name: Given,
        len: i32,
        came: Came,
    },
    Listen {
        s: Handle,
        backlog: i32,
        came: Came,
    },
    Accept {
        s: Handle,
        came: Result<Handle, i32>,
    },
    Send {
        s: Handle,
        octets: Vec<u8>,
        came: Came,
    },
    SendTo {
        s: Handle,
        octets: Vec<u8>,
        name: Given,
        len: i32,
        came: Came,
    },
    Recv {
        s: Handle,
        came: Result<Vec<u8>, i32>,
    },
    RecvFrom {
        s: Handle,
        came: Result<Vec<u8>, i32>,
    },
    /// The sets before and after: read, write, except.
    Select {
        sets: [Vec<Handle>; 3],
        at_most: Option<Duration>,
        came: Result<[Vec<Handle>; 3], i32>,
    },
    Shutdown {
        s: Handle,
        how: i32,
        came: Came,
    },
    Close {
        s: Handle,
        came: Came,
    },
    OwnName {
        s: Handle,
        came: Result<Option<SocketAddr>, i32>,
    },
    PeerName {
        s: Handle,
        came: Result<Option<SocketAddr>, i32>,
    },
    SetNonblocking {
        s: Handle,
        on: bool,
        came: Came,
    },
    SetBroadcast {
        s: Handle,
        on: bool,
        came: Came,
    },
    SetReuse {
        s: Handle,
        on: bool,
        came: Came,
    },
    SocketError {
        s: Handle,
        came: Came,
    },
    Arranged {
        situation: Situation,
        peer: SocketAddr,
    },
    ArrangedLocal {
        situation: LocalSituation,
        path: Vec<u8>,
    },
    Relented {
        peer: SocketAddr,
    },
    OpenedFile {
        number: i32,
    },
    BrokeOff,
    Peer {
        which: Peer,
        address: SocketAddr,
    },
    PeerSent {
        which: Peer,
        to: SocketAddr,
        octets: Vec<u8>,
    },
    PeerReceived {
        which: Peer,
        heard: Vec<Vec<u8>>,
    },
    Rested,
    /// What went over the wire until now no longer counts.
    Marked,
    Noted(Note),
}

/// What a case holds to be so beside what its calls came to.
#[derive(Clone, PartialEq, Debug)]
pub enum Note {
    /// No packet has left since the last mark.
    NothingLeft,
    /// The line of the wire since the last mark has this in it.
    WireShows(&'static str),
    /// Less time has passed since the last mark.
    TookLess(Duration),
    /// More time has passed since the last mark.
    TookMore(Duration),
    /// So many threads connect a socket to a name at the same time: one of them makes the connection, and the others are told one of these.
    OneOfMany {
        /// How many threads.
        threads: usize,
        /// The socket.
        s: Handle,
        /// The name.
        name: Given,
        /// The names of the errors.
        others: Vec<String>,
    },
    /// Another thread has no error of this one, and after a connect that fails one of its own, which this one does not see.
    AnotherThread,
    /// The calls from here to [`Note::InThreadsSoFar`] are made by so many threads at the same time, so many times by each.
    InThreads {
        /// How many threads.
        threads: usize,
        /// How often each of them makes the calls.
        rounds: usize,
    },
    /// The end of such calls.
    InThreadsSoFar,
    /// The case does something that is no step here.
    Apart(&'static str),
}

thread_local! {
    static EVENTS: RefCell<Option<Vec<Event>>> = const { RefCell::new(None) };
}

/// Runs a case in a new world at a place and writes down what it does, in a thread of its own where the world takes the thread with it.
///
/// # Errors
/// When its situation cannot be brought about there.
pub fn record(dialect: &'static str, case: &'static Case, place: Place) -> Result<Record, NotHere> {
    let in_world = move || {
        let api = functions::recording(dialect).ok_or_else(|| NotHere(format!("{dialect} is no dialect")))?;
        let mut world = world::RecordingWorld::new(place.world()?);
        EVENTS.set(Some(Vec::new()));
        let row = run(case, api, &mut world);
        let events = EVENTS.take().unwrap_or_default();
        Ok(Record { events, row: row? })
    };
    match std::thread::spawn(in_world).join() {
        Ok(answer) => answer,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// Writes a step down, where this thread keeps a record.
fn note(event: impl FnOnce() -> Event) {
    EVENTS.with_borrow_mut(|events| {
        if let Some(events) = events {
            events.push(event());
        }
    });
}

/// Whether this thread keeps a record.
fn is_kept() -> bool {
    EVENTS.with_borrow(Option::is_some)
}

impl Given {
    fn of(pointer: synsent_sockets::Pointer<'_>) -> Given {
        use synsent_sockets::Pointer;

        match pointer {
            Pointer::Null => Given::Null,
            Pointer::Octets(octets) => {
                let kept = if octets.len() > NAME_OCTETS_MAX { NAME_HEAD_OCTETS } else { octets.len() };
                Given::Octets { octets: octets[..kept].to_vec(), room: octets.len() }
            }
            Pointer::Foreign(memory) => {
                let octet = |at| {
                    let mut octet = [0];
                    memory.read(at, &mut octet).ok().map(|()| octet[0])
                };
                Given::BeforeHole((0..NAME_OCTETS_MAX).map_while(octet).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases;

    /// What a person would write down of the simplest case.
    #[test]
    fn a_case_is_written_down_as_it_goes() {
        let (_, cases) = cases::of("winsock2").unwrap();
        let refused = cases.iter().find(|case| case.clause == "winsock2.error.connrefused").unwrap();
        let record = record("winsock2", refused, Place::Lab).unwrap();
        assert!(record.row.held, "{}", record.row.note);
        let [Event::Start { .. }, Event::Arranged { situation, peer }, Event::Socket { came: Ok(s), .. }, rest @ ..] =
            &record.events[..]
        else {
            panic!("{:?}", record.events);
        };
        assert_eq!(*situation, Situation::Refuses);
        let [
            Event::Marked,
            Event::Connect { s: connected, name: Given::Octets { octets, .. }, came, .. },
            Event::LastError { number: 10_061 },
        ] = rest
        else {
            panic!("{rest:?}");
        };
        assert_eq!((connected, *came), (s, Err(10_061)));
        assert_eq!(octets[2..4], peer.port().to_be_bytes());
    }
}
