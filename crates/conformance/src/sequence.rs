//! Sequences of calls: what a program that knows no rules might do, one [`Step`] after another, and what it is answered.
//!
//! A step is read from four octets, so that a property test, a fuzzer and a person can all write one. A [`Sequence`] carries
//! steps out in a [`World`] and puts each answer into a line in which nothing stands that may differ between two runs: a
//! handle is its number in the sequence, a port that the system chose is a star. The same steps in two worlds can then be
//! compared line by line.
//!
//! No step waits for what may never come: but for an opening to a peer that answers in some way, every call is made on a socket
//! that does not block. After each step the world comes to rest, so that what is on its way has arrived.

use std::cell::Cell;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use synsent_dialects::{Entered, Form, Handle, HandleScheme, Meaning, OptionRow};
use synsent_sockets::{Kind, Name, Pointer, PointerMut};
use synsent_stack::Duration;

use crate::calls::Calls;
use crate::outside::{GROUP, OUR_BROADCAST, OURS, neighbourly};
use crate::situation::{Situation, Told};
use crate::world::{NotHere, Peer, World};

/// How many octets a step is read from.
pub const STEP_OCTETS: usize = 4;
/// The first port that the steps bind; it is in nobody's ephemeral range.
const FIRST_PORT: u16 = 20_001;
/// How many ports the steps bind.
const PORTS: u16 = 3;
/// The most that one step sends or makes room for.
const OCTETS_MAX: usize = 2_048;

/// Numbers from here on are nobody's handles.
const NOBODYS: Handle = 1_000_000;

/// A name that a step gives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Whom {
    /// A peer that answers and sends back what it gets, by TCP and UDP.
    Answers,
    /// A peer that refuses.
    Refuses,
    /// A peer that is silent.
    Silent,
    /// A router says that the host is unreachable.
    Unreachable,
    /// No route leads there.
    NoRoute,
    /// Our own address with one of the ports that the steps bind.
    Own(u16),
    /// The zero address with one of these ports.
    AnyAddress(u16),
    /// Our own address and port zero.
    OwnWithoutPort,
    /// The zero address and port zero.
    Nothing,
    /// The answering peer's address and port zero.
    NoPort,
    /// The broadcast address of our network.
    Broadcast,
    /// A group.
    Group,
}

/// How the name is given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// As it should be.
    Whole,
    /// With this length beside it.
    Length(i32),
    /// As a name of another family.
    Family(u16),
    /// By the null pointer.
    Null,
}

/// A call, on a socket by its place among those that the sequence has made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the names are the calls'")]
pub enum Step {
    Socket(Kind),
    Bind(u8, Whom, Shape),
    Connect(u8, Whom, Shape),
    Listen(u8, i32),
    Accept(u8),
    Send(u8, usize, i32),
    SendTo(u8, usize, Whom, Shape),
    Receive(u8, usize, i32),
    ReceiveFrom(u8, usize),
    Shutdown(u8, i32),
    Close(u8),
    OwnName(u8),
    PeerName(u8),
    /// An option by its place in the dialect's list.
    SetOption(u8, u8, i32),
    GetOption(u8, u8),
    NonBlocking(u8, bool),
    Receivable(u8),
    AtMark(u8),
    Select(u8, u8),
    /// The peer sends a datagram to one of our ports.
    PeerSends(u16),
}

impl Step {
    /// The step that these octets say. All octets say one.
    pub fn read(octets: [u8; STEP_OCTETS]) -> Step {
        let [what, socket, a, b] = octets;
        let octets = usize::from(b) * 8 % OCTETS_MAX;
        match what % 40 {
            0..=3 => Step::Socket(if a % 2 == 0 { Kind::Stream } else { Kind::Datagram }),
            4..=7 => Step::Bind(socket, Whom::to_bind(a), Shape::read(b)),
            8..=12 => Step::Connect(socket, Whom::to_reach(a), Shape::read(b)),
            13 | 14 => Step::Listen(socket, i32::from(a as i8)),
            15 | 16 => Step::Accept(socket),
            17..=19 => Step::Send(socket, octets, flags(a)),
            20 | 21 => Step::SendTo(socket, usize::from(a), Whom::to_reach(a), Shape::read(b)),
            22..=24 => Step::Receive(socket, octets, flags(a)),
            25 | 26 => Step::ReceiveFrom(socket, octets),
            27 | 28 => Step::Shutdown(socket, i32::from(a % 5) - 1),
            29 | 30 => Step::Close(socket),
            31 => Step::OwnName(socket),
            32 => Step::PeerName(socket),
            33 => Step::SetOption(socket, a, i32::from(b as i8)),
            34 => Step::GetOption(socket, a),
            35 => Step::NonBlocking(socket, a % 2 == 0),
            36 => {
                if a % 2 == 0 {
                    Step::Receivable(socket)
                } else {
                    Step::AtMark(socket)
                }
            }
            37 | 38 => Step::Select(socket, a),
            _ => Step::PeerSends(port(a)),
        }
    }

    /// The name of its call, without the dialect's own endings.
    pub fn call(&self) -> &'static str {
        match self {
            Step::Socket(_) => "socket",
            Step::Bind(..) => "bind",
            Step::Connect(..) => "connect",
            Step::Listen(..) => "listen",
            Step::Accept(_) => "accept",
            Step::Send(..) => "send",
            Step::SendTo(..) => "sendto",
            Step::Receive(..) => "recv",
            Step::ReceiveFrom(..) => "recvfrom",
            Step::Shutdown(..) => "shutdown",
            Step::Close(_) => "close",
            Step::OwnName(_) => "getsockname",
            Step::PeerName(_) => "getpeername",
            Step::SetOption(..) => "setsockopt",
            Step::GetOption(..) => "getsockopt",
            Step::NonBlocking(..) | Step::Receivable(_) | Step::AtMark(_) => "ioctl",
            Step::Select(..) => "select",
            Step::PeerSends(_) => "peer sends",
        }
    }
}

impl Whom {
    fn to_bind(octet: u8) -> Whom {
        match octet % 12 {
            0..=2 => Whom::Own(port(octet / 12)),
            3..=5 => Whom::AnyAddress(port(octet / 12)),
            6 => Whom::OwnWithoutPort,
            7 | 8 => Whom::Nothing,
            9 => Whom::Answers,
            10 => Whom::Broadcast,
            _ => Whom::Group,
        }
    }

    fn to_reach(octet: u8) -> Whom {
        match octet % 20 {
            0..=5 => Whom::Answers,
            6..=8 => Whom::Refuses,
            9 => Whom::Silent,
            10 => Whom::Unreachable,
            11 => Whom::NoRoute,
            12..=14 => Whom::Own(port(octet / 20)),
            15 => Whom::Nothing,
            16 => Whom::NoPort,
            17 => Whom::AnyAddress(port(octet / 20)),
            18 => Whom::Broadcast,
            _ => Whom::Group,
        }
    }

    /// Whether an opening there ends by itself at once.
    fn ends_at_once(self) -> bool {
        matches!(self, Whom::Answers | Whom::Refuses | Whom::NoRoute)
    }
}

impl Shape {
    fn read(octet: u8) -> Shape {
        match octet % 16 {
            0..=10 => Shape::Whole,
            11 => Shape::Null,
            12 => Shape::Length(i32::from(octet / 16)),
            13 => Shape::Length(16 + i32::from(octet / 16)),
            14 => Shape::Length(-1 - i32::from(octet / 16)),
            _ => Shape::Family(u16::from(octet / 16)),
        }
    }
}

fn port(octet: u8) -> u16 {
    FIRST_PORT + u16::from(octet) % PORTS
}

/// None, mostly; peeking, urgent, or one that nobody knows.
fn flags(octet: u8) -> i32 {
    match octet % 8 {
        0..=4 => 0,
        5 => 2,
        6 => 1,
        _ => 0x0010_0000,
    }
}

/// A program of one dialect in a world that carries out steps.
pub struct Sequence<'w> {
    world: &'w mut dyn World,
    calls: Calls,
    peers: [SocketAddr; 5],
    handles: Vec<Handle>,
    /// The error of the step that was made last.
    error: Cell<Option<&'static str>>,
    _entered: Entered,
}

impl<'w> Sequence<'w> {
    /// A program that has started its system, in a world with a peer of each sort.
    ///
    /// # Errors
    /// When a peer cannot be brought about.
    pub fn new(world: &'w mut dyn World, calls: Calls) -> Result<Sequence<'w>, NotHere> {
        let peers = [
            world.arrange(Situation::Answers)?,
            world.arrange(Situation::Refuses)?,
            world.arrange(Situation::Silent)?,
            world.arrange(Situation::Unreachable(Told::Host))?,
            world.arrange(Situation::NoRoute)?,
        ];
        let process = calls.api.process(world.network());
        let entered = process.enter();
        if !(calls.api.start)() {
            return Err(NotHere("the system does not start".to_owned()));
        }
        Ok(Sequence { world, calls, peers, handles: Vec::new(), error: Cell::new(None), _entered: entered })
    }

    /// Carries a step out and lets the world come to rest; the answer in a line.
    pub fn step(&mut self, step: &Step) -> String {
        self.error.set(None);
        let answer = self.carry_out(step);
        self.world.rest();
        answer
    }

    /// The symbolic name of the error that the last step was answered; `None` where it was none.
    pub fn error(&self) -> Option<&'static str> {
        self.error.get()
    }

    fn carry_out(&mut self, step: &Step) -> String {
        let calls = self.calls;
        match *step {
            Step::Socket(kind) => {
                let opened = calls.api.open(synsent_sockets::Domain::Inet4, kind);
                self.handle(opened.unwrap_or(-1))
            }
            Step::Bind(socket, whom, shape) => {
                let (handle, name) = (self.socket(socket), self.name(whom, shape));
                self.plain((calls.bind)(handle, name.pointer(), name.len))
            }
            Step::Connect(socket, whom, shape) => {
                let (handle, name) = (self.socket(socket), self.name(whom, shape));
                if !whom.ends_at_once() {
                    self.set_nonblocking(handle, true);
                }
                self.plain((calls.connect)(handle, name.pointer(), name.len))
            }
            Step::Listen(socket, backlog) => self.plain((calls.listen)(self.socket(socket), backlog)),
            Step::Accept(socket) => {
                let handle = self.socket(socket);
                let mut named = Room::new();
                let Room { octets, len } = &mut named;
                let accepted = self.at_once(handle, || (calls.accept)(handle, octets.into(), len.into()));
                let answer = self.handle(accepted);
                if accepted < 0 { answer } else { format!("{answer} from {}", self.name_in(&named)) }
            }
            Step::Send(socket, octets, flags) => {
                let (handle, data) = (self.socket(socket), pattern(octets));
                let sent = self.at_once(handle, || (calls.send)(handle, (&data[..]).into(), octets as i32, flags));
                self.plain(sent)
            }
            Step::SendTo(socket, octets, whom, shape) => {
                let (handle, data) = (self.socket(socket), pattern(octets));
                let name = self.name(whom, shape);
                let send = || (calls.sendto)(handle, (&data[..]).into(), octets as i32, 0, name.pointer(), name.len);
                let sent = self.at_once(handle, send);
                self.plain(sent)
            }
            Step::Receive(socket, octets, flags) => {
                let (handle, mut room) = (self.socket(socket), vec![0; octets]);
                let receive = || (calls.recv)(handle, (&mut room[..]).into(), octets as i32, flags);
                let received = self.at_once(handle, receive);
                self.received(received, &room)
            }
            Step::ReceiveFrom(socket, octets) => {
                let (handle, mut room, mut named) = (self.socket(socket), vec![0; octets], Room::new());
                let Room { octets: from, len } = &mut named;
                let receive =
                    || (calls.recvfrom)(handle, (&mut room[..]).into(), octets as i32, 0, from.into(), len.into());
                let received = self.at_once(handle, receive);
                format!("{} from {}", self.received(received, &room), self.name_in(&named))
            }
            Step::Shutdown(socket, how) => self.plain((calls.shutdown)(self.socket(socket), how)),
            Step::Close(socket) => {
                let handle = self.socket(socket);
                self.set_nonblocking(handle, true);
                let said = (calls.close)(handle);
                if said == 0 && calls.dialect().ways.handles.value == HandleScheme::Descriptors {
                    self.forget(handle);
                }
                self.plain(said)
            }
            Step::OwnName(socket) => self.own_or_peer_name(calls.getsockname, socket),
            Step::PeerName(socket) => self.own_or_peer_name(calls.getpeername, socket),
            Step::SetOption(socket, option, value) => self.set_option(socket, option, value),
            Step::GetOption(socket, option) => self.get_option(socket, option),
            Step::NonBlocking(socket, on) => {
                let handle = self.socket(socket);
                let said = self.set_nonblocking(handle, on);
                self.plain(said)
            }
            Step::Receivable(socket) => self.asked(socket, calls.fionread),
            Step::AtMark(socket) => self.asked(socket, calls.siocatmark),
            Step::Select(first, second) => self.select(first, second),
            Step::PeerSends(port) => {
                let ours = SocketAddr::new(OURS.into(), port);
                self.world.peer_sends(Peer::A, ours, b"from the peer");
                String::new()
            }
        }
    }
}

/// Pieces of steps.
impl Sequence<'_> {
    /// A handle of the sequence, also one that was closed; one that is none where there are none yet.
    fn socket(&self, place: u8) -> Handle {
        match self.handles.len() {
            0 => NOBODYS,
            count => self.handles[usize::from(place) % count],
        }
    }

    /// A descriptor is given again, and to whom is not for the sequence to say: what was closed is from now on a number that
    /// nobody has.
    fn forget(&mut self, handle: Handle) {
        let nobodys = NOBODYS + self.handles.len() as Handle;
        self.handles.iter_mut().filter(|one| **one == handle).for_each(|one| *one = nobodys);
    }

    fn handle(&mut self, handle: Handle) -> String {
        if handle < 0 {
            return self.plain(-1);
        }
        self.handles.push(handle);
        format!("socket {}", self.handles.len() - 1)
    }

    fn plain(&self, value: i32) -> String {
        match self.calls.answer(value.into()) {
            Ok(value) => value.to_string(),
            Err(name) => {
                self.error.set(Some(name));
                name.to_owned()
            }
        }
    }

    fn set_nonblocking(&self, handle: Handle, on: bool) -> i32 {
        (self.calls.ioctl)(handle, self.calls.fionbio, (&mut u32::from(on)).into())
    }

    /// Makes a call on a socket that does not block for so long. The error of the call stays the thread's last one.
    fn at_once<T>(&mut self, handle: Handle, call: impl FnOnce() -> T) -> T {
        self.set_nonblocking(handle, true);
        call()
    }

    fn own_or_peer_name(&self, call: for<'a> fn(Handle, PointerMut<'a>, PointerMut<'a>) -> i32, socket: u8) -> String {
        let mut named = Room::new();
        let Room { octets, len } = &mut named;
        let said = call(self.socket(socket), octets.into(), len.into());
        format!("{} {}", self.plain(said), self.name_in(&named))
    }

    fn has_peer(&self, handle: Handle) -> bool {
        let mut named = Room::new();
        let Room { octets, len } = &mut named;
        (self.calls.getpeername)(handle, octets.into(), len.into()) == 0
    }

    fn option(&self, option: u8) -> &'static OptionRow {
        let rows = self.calls.dialect().options;
        &rows[usize::from(option) % rows.len()]
    }

    /// Sizes of buffers stay as they are: how much one of them takes is each system's own affair. So is whether a connection
    /// that goes through a router loses its way when it is told to do without one.
    fn set_option(&self, socket: u8, option: u8, value: i32) -> String {
        let row = self.option(option);
        let is_own_affair = match row.meaning {
            Meaning::SendBuffer | Meaning::ReceiveBuffer => true,
            Meaning::DontRoute => self.has_peer(self.socket(socket)),
            _ => false,
        };
        if is_own_affair {
            return String::new();
        }
        let octets: Vec<u8> = std::iter::repeat_n(value.to_ne_bytes(), 4).flatten().collect();
        let value = (&octets[..]).into();
        format!(
            "{} {}",
            row.name,
            self.plain((self.calls.setsockopt)(self.socket(socket), row.level, row.number, value, 16))
        )
    }

    fn get_option(&self, socket: u8, option: u8) -> String {
        let row = self.option(option);
        let (mut octets, mut len) = ([0; 16], 16);
        let value = (&mut octets).into();
        let said = (self.calls.getsockopt)(self.socket(socket), row.level, row.number, value, (&mut len).into());
        let is_size = matches!(row.meaning, Meaning::SendBuffer | Meaning::ReceiveBuffer);
        // The error of a socket is told in the dialect's own numbers.
        let first = i32::from_ne_bytes([octets[0], octets[1], octets[2], octets[3]]);
        let value = match (said, row.form) {
            (0, _) if is_size => "some".to_owned(),
            (0, Form::Int) if row.meaning == Meaning::Error && first != 0 => self.calls.error_name(first).to_owned(),
            (0, _) => format!("{:?}", &octets[..len.clamp(0, 16) as usize]),
            _ => String::new(),
        };
        format!("{} {} {value}", row.name, self.plain(said))
    }

    fn asked(&self, socket: u8, request: u32) -> String {
        let mut value = 0_u32;
        let said = (self.calls.ioctl)(self.socket(socket), request, (&mut value).into());
        format!("{} {value}", self.plain(said))
    }

    fn select(&self, first: u8, second: u8) -> String {
        let set = || {
            let mut set = vec![self.socket(first), self.socket(second)];
            set.dedup();
            set
        };
        let mut sets = [set(), set(), set()];
        let count = (self.calls.api.select)(&mut sets, Some(Duration::ZERO));
        let places = sets.map(|set| set.iter().map(|handle| self.place(*handle)).collect::<Vec<_>>());
        if count < 0 { self.plain(count) } else { format!("{count} {places:?}") }
    }

    fn place(&self, handle: Handle) -> usize {
        self.handles.iter().rposition(|one| *one == handle).unwrap_or(usize::MAX)
    }

    fn received(&self, count: i32, room: &[u8]) -> String {
        let octets = usize::try_from(count).ok().and_then(|count| room.get(..count)).unwrap_or_default();
        format!("{} {}", self.plain(count), Summary(octets))
    }

    fn address(&self, whom: Whom) -> SocketAddr {
        let [answers, refuses, silent, unreachable, no_route] = self.peers;
        let with = |address: Ipv4Addr, port| SocketAddr::V4(SocketAddrV4::new(address, port));
        match whom {
            Whom::Answers => answers,
            Whom::Refuses => refuses,
            Whom::Silent => silent,
            Whom::Unreachable => unreachable,
            Whom::NoRoute => no_route,
            Whom::Own(port) => with(OURS, port),
            Whom::AnyAddress(port) => with(Ipv4Addr::UNSPECIFIED, port),
            Whom::OwnWithoutPort => with(OURS, 0),
            Whom::Nothing => with(Ipv4Addr::UNSPECIFIED, 0),
            Whom::NoPort => SocketAddr::new(answers.ip(), 0),
            Whom::Broadcast => neighbourly(OUR_BROADCAST),
            Whom::Group => neighbourly(GROUP),
        }
    }

    fn name(&self, whom: Whom, shape: Shape) -> Given {
        let mut octets = self.calls.api.sockaddr(&Name::Inet(self.address(whom)));
        let mut len = octets.len() as i32;
        match shape {
            Shape::Whole => {}
            Shape::Length(other) => len = other,
            Shape::Family(family) => octets[..2].copy_from_slice(&family.to_ne_bytes()),
            Shape::Null => octets.clear(),
        }
        // What lies behind the name is there, so that a length alone is never a fault.
        octets.resize(octets.len() * 4, 0);
        Given { octets, len }
    }

    /// A name that a call has written; ports that a system chose are all alike.
    fn name_in(&self, room: &Room) -> String {
        let Some(address) = self.calls.api.address(&room.octets) else { return format!("no name {}", room.len) };
        let is_given = (FIRST_PORT..FIRST_PORT + PORTS).contains(&address.port())
            || self.peers.iter().any(|peer| peer.port() == address.port())
            || address.port() == Peer::A.port()
            || address.port() == 0;
        let port = if is_given { address.port().to_string() } else { "*".to_owned() };
        format!("{}:{port} {}", address.ip(), room.len)
    }
}

/// A name as it is given.
struct Given {
    octets: Vec<u8>,
    len: i32,
}

impl Given {
    fn pointer(&self) -> Pointer<'_> {
        if self.octets.is_empty() { Pointer::Null } else { Pointer::Octets(&self.octets) }
    }
}

/// Room for a name.
struct Room {
    octets: [u8; 32],
    len: i32,
}

impl Room {
    fn new() -> Room {
        Room { octets: [0xff; 32], len: 32 }
    }
}

/// What the steps send: octets that tell their place.
fn pattern(octets: usize) -> Vec<u8> {
    (0..octets).map(|place| place as u8).collect()
}

/// How many octets, and a sum of them that knows their places.
struct Summary<'a>(&'a [u8]);

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sum = self.0.iter().fold(0_u32, |sum, octet| sum.wrapping_mul(31).wrapping_add(u32::from(*octet)));
        write!(f, "({sum:08x})")
    }
}
