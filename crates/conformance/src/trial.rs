//! What a case holds in its hands: the world, the functions of one dialect, and the clause that says what must come.
//!
//! The verbs here call the dialect's public functions and note what connect() said, what was on the wire meanwhile and how
//! long it took. The row of a case that holds shows the last connect that said what was promised; that of a case that does not
//! hold shows the last one of all. What does not hold ends a case with [`Trouble::NotHeld`], in a sentence.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use synsent_dialects::{Handle, Process};
use synsent_sockets::{Domain, Kind, LocalName, Name, Pointer, PointerMut};
use synsent_stack::Duration;

use crate::api::{Api, Code, Said};
use crate::case::Trouble;
use crate::contract::Clause;
use crate::record::Note;
use crate::situation::{LocalSituation, Situation};
use crate::world::World;

/// How long a case waits for something that must come; nothing that holds takes this long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A case at work.
pub struct Trial<'w> {
    /// The network and what is around it.
    pub world: &'w mut dyn World,
    /// The functions of the dialect.
    pub api: &'static Api,
    clause: &'static Clause,
    process: Arc<Process>,
    /// The last connect.
    shown: Shown,
    /// The last connect that said what was promised.
    promised: Option<Shown>,
    /// What the sockets are that were opened here.
    sockets: HashMap<Handle, (Domain, Kind)>,
    /// The types of the sockets that were connected, in the contract's words.
    types: BTreeSet<&'static str>,
}

/// What the row of a case shows.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) on_the_wire: String,
    /// `0`, or the name of the error.
    pub(crate) said: String,
    /// The number of the error.
    pub(crate) number: Option<i32>,
    pub(crate) expected: String,
    pub(crate) took: Duration,
    pub(crate) reason: String,
    /// How many packets left during the last connect.
    packets: usize,
}

impl<'w> Trial<'w> {
    pub(crate) fn new(
        world: &'w mut dyn World,
        api: &'static Api,
        clause: &'static Clause,
        process: Arc<Process>,
    ) -> Trial<'w> {
        let expected = clause.error.clone().unwrap_or_else(|| "0".to_owned());
        let shown = Shown {
            on_the_wire: String::new(),
            said: String::new(),
            number: None,
            expected,
            took: Duration::ZERO,
            reason: String::new(),
            packets: 0,
        };
        Trial { world, api, clause, process, shown, promised: None, sockets: HashMap::new(), types: BTreeSet::new() }
    }

    /// What the row shows, and which types of sockets were connected.
    pub(crate) fn finish(self, held: bool) -> (Shown, BTreeSet<&'static str>) {
        (self.promised.filter(|_| held).unwrap_or(self.shown), self.types)
    }

    /// From here on the row shows a connect that says this, where the clause itself names no error.
    pub fn expects(&mut self, error: &str) {
        self.shown.expected = error.to_owned();
        self.promised = None;
    }

    /// The process whose calls these are.
    pub fn process(&self) -> &Arc<Process> {
        &self.process
    }

    /// The clause that is shown.
    pub fn clause(&self) -> &'static Clause {
        self.clause
    }

    /// Starts the system as a program of the dialect does.
    pub fn start(&mut self) -> Result<(), Trouble> {
        self.check((self.api.start)(), "the system starts")
    }

    /// Brings a situation about.
    pub fn arrange(&mut self, situation: Situation) -> Result<SocketAddr, Trouble> {
        Ok(self.world.arrange(situation)?)
    }

    /// Brings a situation of the local domain about.
    pub fn arrange_local(&mut self, situation: LocalSituation) -> Result<Name, Trouble> {
        Ok(Name::Local(LocalName::new(&self.world.arrange_local(situation)?)))
    }
}

/// Calls.
impl Trial<'_> {
    /// A new IPv4 socket.
    pub fn socket(&mut self, kind: Kind) -> Result<Handle, Trouble> {
        self.socket_of(Domain::Inet4, kind)
    }

    /// A new socket.
    pub fn socket_of(&mut self, domain: Domain, kind: Kind) -> Result<Handle, Trouble> {
        let opened = self.api.open(domain, kind);
        let s = opened.map_err(|code| Trouble::NotHeld(format!("socket() said {code}")))?;
        self.sockets.insert(s, (domain, kind));
        Ok(s)
    }

    /// A new socket that does not block.
    pub fn nonblocking(&mut self, kind: Kind) -> Result<Handle, Trouble> {
        let s = self.socket(kind)?;
        let set = (self.api.set_nonblocking)(s, true);
        self.works(self.api.said(set), "the socket is made non-blocking")?;
        Ok(s)
    }

    /// connect() with a whole and right name.
    pub fn connect(&mut self, s: Handle, peer: impl Into<Name>) -> Said {
        let name = self.api.sockaddr(&peer.into());
        self.connect_with(s, Pointer::Octets(&name), name.len() as i32)
    }

    /// connect() with any pointer and any length; what it says is what the row shows.
    pub fn connect_with(&mut self, s: Handle, name: Pointer<'_>, len: i32) -> Said {
        self.world.mark();
        let network = self.world.network();
        let began = network.now();
        let value = (self.api.connect)(s, name, len);
        self.shown.took = network.now().since(began);
        let said = self.api.said(value);
        (self.shown.said, self.shown.number) = match &said {
            Ok(value) => (value.to_string(), None),
            Err(code) => (code.name.clone(), Some(code.number)),
        };
        self.shown.reason = if said.is_err() { self.api.reason() } else { String::new() };
        (self.shown.on_the_wire, self.shown.packets) = self.world.wire();
        if self.shown.said == self.shown.expected {
            self.promised = Some(self.shown.clone());
        }
        match self.sockets.get(&s) {
            Some(socket) => drop(self.types.insert(type_name(socket))),
            // What is no socket stands for one of any type.
            None => self.types.extend(self.clause.on.iter().map(String::as_str)),
        }
        said
    }

    /// A connected socket to a peer that answers.
    pub fn connected(&mut self, kind: Kind, peer: SocketAddr) -> Result<Handle, Trouble> {
        let s = self.socket(kind)?;
        let said = self.connect(s, peer);
        self.works(said, "connect to a peer that answers")?;
        Ok(s)
    }

    /// bind() with a whole and right name.
    pub fn bind(&mut self, s: Handle, name: impl Into<Name>) -> Said {
        let name = self.api.sockaddr(&name.into());
        self.api.said((self.api.bind)(s, Pointer::Octets(&name), name.len() as i32))
    }

    /// What getsockname() tells.
    pub fn own_name(&mut self, s: Handle) -> Result<SocketAddr, Code> {
        self.name_by(self.api.getsockname, s)
    }

    /// What getpeername() tells.
    pub fn peer_name(&mut self, s: Handle) -> Result<SocketAddr, Code> {
        self.name_by(self.api.getpeername, s)
    }

    fn name_by(
        &mut self,
        call: for<'a> fn(Handle, PointerMut<'a>, &'a mut i32) -> i32,
        s: Handle,
    ) -> Result<SocketAddr, Code> {
        let mut octets = [0; 128];
        let mut len = octets.len() as i32;
        self.api.said(call(s, PointerMut::Octets(&mut octets), &mut len))?;
        let unreadable = || Code { name: "a name that cannot be read".to_owned(), number: 0 };
        self.api.address(&octets).ok_or_else(unreadable)
    }

    /// send().
    pub fn send(&mut self, s: Handle, octets: &[u8]) -> Said {
        self.api.said((self.api.send)(s, octets))
    }

    /// sendto() with a whole and right name.
    pub fn sendto(&mut self, s: Handle, octets: &[u8], to: impl Into<Name>) -> Said {
        let name = self.api.sockaddr(&to.into());
        self.api.said((self.api.sendto)(s, octets, Pointer::Octets(&name), name.len() as i32))
    }

    /// recv().
    pub fn recv(&mut self, s: Handle) -> Result<Vec<u8>, Code> {
        let mut octets = [0; 2_048];
        let count = self.api.said((self.api.recv)(s, &mut octets))?;
        Ok(octets[..count as usize].to_vec())
    }

    /// recvfrom(), without the sender's name.
    pub fn recvfrom(&mut self, s: Handle) -> Result<Vec<u8>, Code> {
        let mut octets = [0; 2_048];
        let count = self.api.said((self.api.recvfrom)(s, &mut octets))?;
        Ok(octets[..count as usize].to_vec())
    }

    /// select() on one socket in all three sets: which of read, write and except it is in afterwards.
    pub fn select(&mut self, s: Handle, at_most: Duration) -> Result<[bool; 3], Code> {
        let mut sets = [vec![s], vec![s], vec![s]];
        self.api.said((self.api.select)(&mut sets, Some(at_most)))?;
        Ok(sets.map(|set| set.contains(&s)))
    }

    /// Waits by select() until the socket is writable or exceptional; the sets that it is in then.
    pub fn await_outcome(&mut self, s: Handle) -> Result<[bool; 3], Trouble> {
        let mut sets = [Vec::new(), vec![s], vec![s]];
        let count = self.api.said((self.api.select)(&mut sets, Some(Duration::from_secs(300))));
        self.works(count, "select() waits for the outcome")?;
        Ok(sets.map(|set| set.contains(&s)))
    }

    /// Whether something can be received within a moment.
    pub fn readable(&mut self, s: Handle, at_most: Duration) -> Result<bool, Trouble> {
        let mut sets = [vec![s], Vec::new(), Vec::new()];
        let count = self.api.said((self.api.select)(&mut sets, Some(at_most)));
        self.works(count, "select() waits for something to receive")?;
        Ok(sets[0].contains(&s))
    }

    /// close() or closesocket().
    pub fn close(&mut self, s: Handle) -> Said {
        self.api.said((self.api.close)(s))
    }

    /// What is sent on a connection to a peer that echoes comes back.
    pub fn echoes(&mut self, s: Handle) -> Result<(), Trouble> {
        let said = self.send(s, b"are you there");
        let count = self.works(said, "send to a peer that echoes")?;
        self.check(count == 13, format!("send() takes all 13 octets, not {count}"))?;
        let mut heard = Vec::new();
        while heard.len() < 13 {
            self.check_that(s, "the echo comes")?;
            let part = self.recv(s);
            let part = self.works(part, "recv the echo")?;
            self.check(!part.is_empty(), "the stream goes on until the echo has come")?;
            heard.extend(part);
        }
        self.check(heard == b"are you there", "the echo is what was sent")
    }

    fn check_that(&mut self, s: Handle, what: &str) -> Result<(), Trouble> {
        let readable = self.readable(s, PATIENCE)?;
        self.check(readable, what)
    }
}

/// What must hold.
impl Trial<'_> {
    /// The call fails with the error of the clause.
    pub fn fails<T: fmt::Debug>(&self, said: Result<T, Code>) -> Result<(), Trouble> {
        let Some(error) = self.clause.error.as_deref() else {
            return Err(Trouble::NotHeld(format!("{} names no error", self.clause.id)));
        };
        self.fails_with(said, error)
    }

    /// The call fails with this error.
    pub fn fails_with<T: fmt::Debug>(&self, said: Result<T, Code>, error: &str) -> Result<(), Trouble> {
        match said {
            Err(code) if code.name == error => Ok(()),
            Err(code) => Err(Trouble::NotHeld(format!("{error} was promised, and {code} came: {}", self.api.reason()))),
            Ok(value) => Err(Trouble::NotHeld(format!("{error} was promised, and the call returned {value:?}"))),
        }
    }

    /// The call succeeds.
    pub fn works<T>(&self, said: Result<T, Code>, what: &str) -> Result<T, Trouble> {
        said.map_err(|code| Trouble::NotHeld(format!("{what}: {code} came: {}", self.api.reason())))
    }

    /// Something is so.
    pub fn check(&self, holds: bool, what: impl Into<String>) -> Result<(), Trouble> {
        if holds { Ok(()) } else { Err(Trouble::NotHeld(format!("this does not hold: {}", what.into()))) }
    }

    /// No packet left during the last connect.
    pub fn nothing_left(&mut self) -> Result<(), Trouble> {
        self.world.note(&Note::NothingLeft);
        self.check(self.shown.packets == 0, format!("no packet leaves, but this was seen: {}", self.shown.on_the_wire))
    }

    /// No packet left since the world was last told to mark.
    pub fn nothing_left_since_mark(&mut self) -> Result<(), Trouble> {
        self.world.note(&Note::NothingLeft);
        let (seen, packets) = self.world.wire();
        self.check(packets == 0, format!("no packet leaves, but this was seen: {seen}"))
    }

    /// This was on the wire during the last connect.
    pub fn wire_shows(&mut self, what: &'static str) -> Result<(), Trouble> {
        self.world.note(&Note::WireShows(what));
        let seen = &self.shown.on_the_wire;
        self.check(seen.contains(what), format!("{what} is on the wire, but this was seen: {seen}"))
    }

    /// The last connect took less than this.
    pub fn took_less(&mut self, than: Duration) -> Result<(), Trouble> {
        self.world.note(&Note::TookLess(than));
        self.check(self.shown.took < than, format!("the call returns within {than:?}, not after {:?}", self.shown.took))
    }

    /// The last connect took more than this.
    pub fn took_more(&mut self, than: Duration) -> Result<(), Trouble> {
        self.world.note(&Note::TookMore(than));
        self.check(self.shown.took > than, format!("the call waits for {than:?}, and not only {:?}", self.shown.took))
    }

    /// From here on the case does something that only Rust can: a record of it is not whole.
    pub fn apart(&mut self, what: &'static str) {
        self.world.note(&Note::Apart(what));
    }
}

/// How the contract names a type of sockets.
fn type_name((domain, kind): &(Domain, Kind)) -> &'static str {
    match (domain, kind) {
        (Domain::Local, Kind::Stream) => "local-stream",
        (Domain::Local, Kind::Datagram) => "local-datagram",
        (_, Kind::Stream) => "stream",
        (_, Kind::Datagram) => "datagram",
    }
}
