//! Wrong arguments through the public functions: memory that is not there, lengths, families and handles. Each is told the one
//! error that the document has for it, nothing leaves the machine, and the socket is as good as before.
//!
//! The tables below are the documents' words, one column a dialect: Windows Sockets 1.1, Winsock 2, TargetTCP, SOCKETS(POSIX).
//! Where a page of connect speaks, it is the clause `error.…` of its contract; the other calls are told by the pages of the two
//! versions of Windows Sockets, and by BSD and POSIX for the other two. `0` stands for success.

use std::io;

use libtest_mimic::{Failed, Trial};
use synsent_conformance::{Calls, NotHere, Place, Situation, World, contract};
use synsent_dialects::Handle;
use synsent_host::{PageWithHole, Wild};
use synsent_sockets::{Domain, Kind, Memory as _, Name, Pointer, PointerMut};

use crate::places::{places, within};

/// One word for each dialect, in the order of the contract.
type Words = [&'static str; 4];

const FAULT: Words = ["WSAEFAULT", "WSAEFAULT", "EFAULT", "EFAULT"];
/// The descriptor or the handle is nobody's.
const NO_SOCKET: Words = ["WSAENOTSOCK", "WSAENOTSOCK", "ENOTSOCK", "EBADF"];
const WRONG_FAMILY: Words = ["WSAEAFNOSUPPORT", "WSAEAFNOSUPPORT", "EAFNOSUPPORT", "EAFNOSUPPORT"];
const SHORT_NAME: Words = ["WSAEFAULT", "WSAEFAULT", "EINVAL", "EINVAL"];
/// A longer name is read as far as it reaches, but SOCKETS(POSIX) wants the length exactly. The name here is a foreign one.
const LONG_FOREIGN_NAME: Words = ["WSAEADDRNOTAVAIL", "WSAEADDRNOTAVAIL", "EADDRNOTAVAIL", "EINVAL"];

/// Null pointers: call, what is null, the words.
const NULL: &[(Call, Words)] = &[
    (Call::ConnectStream, ["WSAEDESTADDRREQ", "WSAEFAULT", "EFAULT", "EFAULT"]),
    // In SOCKETS(POSIX) that ends the assignment to a partner.
    (Call::ConnectDatagram, ["WSAEDESTADDRREQ", "WSAEFAULT", "EFAULT", "0"]),
    (Call::Bind, FAULT),
    (Call::Send, FAULT),
    (Call::Receive, FAULT),
    (Call::SendToBuffer, FAULT),
    // A datagram socket without a peer needs a name.
    (Call::SendToName, ["WSAEDESTADDRREQ", "WSAEDESTADDRREQ", "EDESTADDRREQ", "EDESTADDRREQ"]),
    (Call::OwnName, FAULT),
    (Call::OwnNameLength, FAULT),
    (Call::PeerName, FAULT),
    (Call::GetOption, FAULT),
    (Call::GetOptionLength, FAULT),
    (Call::SetOption, FAULT),
    (Call::Ioctl, ["WSAEINVAL", "WSAEFAULT", "EFAULT", "EFAULT"]),
];

/// Memory that is not there, or only its first octets are: the same words for both.
const UNMAPPED: &[(Call, Words)] = &[
    (Call::ConnectStream, FAULT),
    (Call::ConnectDatagram, FAULT),
    (Call::Bind, FAULT),
    (Call::Send, FAULT),
    (Call::Receive, FAULT),
    (Call::SendToBuffer, FAULT),
    (Call::SendToName, FAULT),
    (Call::ReceiveFromName, FAULT),
    (Call::ReceiveFromLength, FAULT),
    (Call::AcceptName, FAULT),
    (Call::AcceptLength, FAULT),
    (Call::OwnName, FAULT),
    (Call::OwnNameLength, FAULT),
    (Call::PeerName, FAULT),
    (Call::GetOption, FAULT),
    (Call::GetOptionLength, FAULT),
    (Call::SetOption, FAULT),
    (Call::Ioctl, ["WSAEINVAL", "WSAEFAULT", "EFAULT", "EFAULT"]),
];

/// A call with a pointer, which is the one that is wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Call {
    ConnectStream,
    ConnectDatagram,
    Bind,
    Send,
    Receive,
    SendToBuffer,
    SendToName,
    ReceiveFromName,
    ReceiveFromLength,
    AcceptName,
    AcceptLength,
    OwnName,
    OwnNameLength,
    PeerName,
    GetOption,
    GetOptionLength,
    SetOption,
    Ioctl,
}

/// What a pointer leads to.
#[derive(Clone, Copy, Debug)]
enum Memory {
    Null,
    Wild(Wild),
}

/// A program with a socket in each state that the calls need.
struct Program<'w> {
    world: &'w mut dyn World,
    calls: Calls,
    column: usize,
    peer: Vec<u8>,
    stream: Handle,
    datagram: Handle,
    bound: Handle,
    connected: Handle,
    listener: Handle,
    _entered: synsent_dialects::Entered,
}

const NAME_OCTETS: i32 = 16;
/// The longest length that is tried.
const LENGTH_MAX: i32 = 65_536;
/// A name of an address that is not ours.
const FOREIGN: &str = "10.2.0.77:20009";
const OURS: &str = "10.1.0.2:20008";
const LISTENS: &str = "10.1.0.2:20007";

/// What a program tries; what does not hold it says in words.
type Try = fn(&mut Program<'_>) -> Result<(), String>;

pub(crate) fn trials(has_kernel: bool) -> Vec<Trial> {
    let all: [(&str, Try); 4] = [
        ("memory that is not there", memory),
        ("every length", lengths),
        ("every family", families),
        ("handles that are none", handles),
    ];
    let mut trials = Vec::new();
    for (column, dialect) in contract::DIALECTS.into_iter().enumerate() {
        for place in places(has_kernel) {
            for (title, run) in all {
                let work = move || tried(dialect, column, place, run);
                trials.push(Trial::test(format!("{dialect} {place}: {title}"), work));
            }
        }
    }
    trials
}

fn tried(dialect: &str, column: usize, place: Place, run: Try) -> Result<(), Failed> {
    let calls = Calls::of(dialect).ok_or("no such dialect")?;
    let work = move |world: &mut dyn World| {
        let mut program = Program::new(world, calls, column)?;
        Ok(run(&mut program))
    };
    within(place, work).map_err(Failed::from)
}

fn memory(program: &mut Program<'_>) -> Result<(), String> {
    let failed = |error: io::Error| format!("no page: {error}");
    let pages = PageWithHole::new().map_err(failed)?;
    program.nothing_leaves(|program| {
        for (call, words) in NULL {
            program.says(*call, Memory::Null, words)?;
        }
        for (call, words) in UNMAPPED {
            // Nothing of it is there; one octet is; all but one of the shortest value are.
            for octets in [0, 1, 3] {
                program.says(*call, Memory::Wild(pages.memory_before_hole(octets)), words)?;
            }
        }
        Ok(())
    })?;
    // An odd address is as good as an even one.
    let memory = pages.memory_before_hole(33);
    memory.write(0, &program.peer).map_err(|_| "the page can be written")?;
    let said = (program.calls.connect)(program.stream, Pointer::Foreign(&memory), NAME_OCTETS);
    program.must_say(said, "0", "connect with a name at an odd address")
}

fn lengths(program: &mut Program<'_>) -> Result<(), String> {
    let (mut peer, mut foreign) = (program.peer.clone(), program.name(FOREIGN));
    for name in [&mut peer, &mut foreign] {
        name.resize(LENGTH_MAX as usize, 0);
    }
    let (calls, column) = (program.calls, program.column);
    program.nothing_leaves(|program| {
        for len in (-1..=LENGTH_MAX).chain([i32::MIN, i32::MAX]) {
            let said = (calls.bind)(program.datagram, (&foreign[..]).into(), len);
            let word = match len {
                NAME_OCTETS => "ADDRNOTAVAIL",
                _ if len < NAME_OCTETS => SHORT_NAME[column],
                _ => LONG_FOREIGN_NAME[column],
            };
            program.must_end_with(said, word, &format!("bind with a length of {len}"))?;
            if len < NAME_OCTETS {
                let said = (calls.connect)(program.stream, (&peer[..]).into(), len);
                program.must_say(said, SHORT_NAME[column], &format!("connect with a length of {len}"))?;
            }
        }
        Ok(())
    })
}

fn families(program: &mut Program<'_>) -> Result<(), String> {
    let (calls, column) = (program.calls, program.column);
    let own = calls.api.families[0] as u16;
    // Windows ends the assignment to a peer by a name of no family.
    let dissolves = contract::DIALECTS[column] == "winsock2";
    let mut name = program.peer.clone();
    program.nothing_leaves(|program| {
        for family in (0..=u16::MAX).filter(|family| *family != own) {
            name[..2].copy_from_slice(&family.to_ne_bytes());
            let of_family = |what| format!("{what} with the family {family}");
            for handle in [program.stream, program.datagram] {
                let word =
                    if dissolves && family == 0 && handle == program.datagram { "0" } else { WRONG_FAMILY[column] };
                let said = (calls.connect)(handle, (&name[..]).into(), NAME_OCTETS);
                program.must_say(said, word, &of_family("connect"))?;
                let said = (calls.bind)(handle, (&name[..]).into(), NAME_OCTETS);
                program.must_say(said, WRONG_FAMILY[column], &of_family("bind"))?;
            }
            let data = Pointer::Octets(b"x");
            let said = (calls.sendto)(program.datagram, data, 1, 0, (&name[..]).into(), NAME_OCTETS);
            program.must_say(said, WRONG_FAMILY[column], &of_family("sendto"))?;
        }
        Ok(())
    })
}

fn handles(program: &mut Program<'_>) -> Result<(), String> {
    let (calls, column) = (program.calls, program.column);
    let closed = program.socket(Kind::Stream)?;
    program.must_say((calls.close)(closed), "0", "close")?;
    // What was closed, what nobody got, what lies beside a handle, and the ends of the numbers.
    let beside = program.stream + 1_000_003;
    let mut nobodys = vec![-1, beside, 1_000_000, i32::MAX.into(), i32::MIN.into(), i64::MAX, i64::MIN];
    // Another thread of this process may have got the number of the descriptor that was closed.
    nobodys.extend(Some(closed).filter(|_| column != 3 || program.world.place() == Place::Lab));
    program.nothing_leaves(|program| {
        for handle in nobodys {
            program.all_calls_say(handle, NO_SOCKET[column])?;
        }
        if contract::DIALECTS[column] == "bs2000" {
            program.all_calls_say(0, "ENOTSOCK")?;
        }
        Ok(())
    })
}

impl<'w> Program<'w> {
    fn new(world: &'w mut dyn World, calls: Calls, column: usize) -> Result<Program<'w>, NotHere> {
        let peer = calls.api.sockaddr(&Name::Inet(world.arrange(Situation::Answers)?));
        let entered = calls.api.process(world.network()).enter();
        let sockets = [Handle::from(-1); 5];
        let [stream, datagram, bound, connected, listener] = sockets;
        let mut program =
            Program { world, calls, column, peer, stream, datagram, bound, connected, listener, _entered: entered };
        program.prepare().map_err(NotHere)?;
        Ok(program)
    }

    fn prepare(&mut self) -> Result<(), String> {
        if !(self.calls.api.start)() {
            return Err("the system starts".to_owned());
        }
        (self.stream, self.datagram) = (self.socket(Kind::Stream)?, self.socket(Kind::Datagram)?);
        (self.bound, self.listener) = (self.socket(Kind::Datagram)?, self.socket(Kind::Stream)?);
        self.connected = self.socket(Kind::Stream)?;
        for (handle, name) in [(self.bound, OURS), (self.listener, LISTENS)] {
            let name = self.name(name);
            self.must_say((self.calls.bind)(handle, (&name[..]).into(), NAME_OCTETS), "0", "bind")?;
        }
        self.must_say((self.calls.listen)(self.listener, 1), "0", "listen")?;
        let said = (self.calls.connect)(self.connected, (&self.peer[..]).into(), NAME_OCTETS);
        self.must_say(said, "0", "connect")
    }

    fn socket(&self, kind: Kind) -> Result<Handle, String> {
        self.calls.api.open(Domain::Inet4, kind).map_err(|code| format!("socket said {code}"))
    }

    fn name(&self, address: &str) -> Vec<u8> {
        self.calls.api.sockaddr(&Name::Inet(address.parse().expect("the address is written above")))
    }

    /// Makes a call with one pointer that leads to this memory.
    fn says(&mut self, call: Call, memory: Memory, words: &Words) -> Result<(), String> {
        let said = self.make(call, memory);
        self.must_say(said, words[self.column], &format!("{call:?} with {memory:?}"))
    }

    fn make(&self, call: Call, memory: Memory) -> i32 {
        let calls = &self.calls;
        let (mut octets, mut len) = ([0; 128], 128);
        let (octets, len) = (PointerMut::from(&mut octets), PointerMut::from(&mut len));
        let (name, data) = (Pointer::from(&self.peer[..]), Pointer::Octets(&[0; 64]));
        let (keep_alive_level, keep_alive) = self.option("SO_KEEPALIVE");
        match call {
            Call::ConnectStream => (calls.connect)(self.stream, memory.pointer(), NAME_OCTETS),
            Call::ConnectDatagram => (calls.connect)(self.datagram, memory.pointer(), NAME_OCTETS),
            Call::Bind => (calls.bind)(self.stream, memory.pointer(), NAME_OCTETS),
            Call::Send => (calls.send)(self.connected, memory.pointer(), 64, 0),
            Call::Receive => (calls.recv)(self.connected, memory.pointer_mut(), 64, 0),
            Call::SendToBuffer => (calls.sendto)(self.bound, memory.pointer(), 64, 0, name, NAME_OCTETS),
            Call::SendToName => (calls.sendto)(self.bound, data, 64, 0, memory.pointer(), NAME_OCTETS),
            Call::ReceiveFromName => (calls.recvfrom)(self.bound, octets, 64, 0, memory.pointer_mut(), len),
            Call::ReceiveFromLength => {
                (calls.recvfrom)(self.bound, octets, 64, 0, (&mut [0; 16]).into(), memory.pointer_mut())
            }
            Call::AcceptName => (calls.accept)(self.listener, memory.pointer_mut(), len) as i32,
            Call::AcceptLength => (calls.accept)(self.listener, octets, memory.pointer_mut()) as i32,
            Call::OwnName => (calls.getsockname)(self.bound, memory.pointer_mut(), len),
            Call::OwnNameLength => (calls.getsockname)(self.bound, octets, memory.pointer_mut()),
            Call::PeerName => (calls.getpeername)(self.connected, memory.pointer_mut(), len),
            Call::GetOption => (calls.getsockopt)(self.stream, keep_alive_level, keep_alive, memory.pointer_mut(), len),
            Call::GetOptionLength => {
                (calls.getsockopt)(self.stream, keep_alive_level, keep_alive, octets, memory.pointer_mut())
            }
            Call::SetOption => (calls.setsockopt)(self.stream, keep_alive_level, keep_alive, memory.pointer(), 4),
            Call::Ioctl => (calls.ioctl)(self.stream, calls.fionbio, memory.pointer_mut()),
        }
    }

    fn option(&self, name: &str) -> (i32, i32) {
        let row = self.calls.dialect().options.iter().find(|row| row.name == name);
        row.map(|row| (row.level, row.number)).expect("every dialect has it")
    }

    /// Every call with this handle.
    fn all_calls_say(&self, handle: Handle, word: &str) -> Result<(), String> {
        let calls = &self.calls;
        let (level, option) = self.option("SO_KEEPALIVE");
        let name = || Pointer::from(&self.peer[..]);
        let (data, mut room, mut len) = (Pointer::Octets(b"x"), [0; 16], 16);
        let mut on = 1_u32;
        let check = |call: &str, said: i32| self.must_say(said, word, &format!("{call} with the handle {handle}"));
        check("connect", (calls.connect)(handle, name(), NAME_OCTETS))?;
        check("bind", (calls.bind)(handle, name(), NAME_OCTETS))?;
        check("listen", (calls.listen)(handle, 1))?;
        check("accept", (calls.accept)(handle, PointerMut::Null, PointerMut::Null) as i32)?;
        check("send", (calls.send)(handle, data, 1, 0))?;
        check("sendto", (calls.sendto)(handle, data, 1, 0, name(), NAME_OCTETS))?;
        check("recv", (calls.recv)(handle, (&mut room).into(), 16, 0))?;
        let received = (calls.recvfrom)(handle, (&mut room).into(), 16, 0, PointerMut::Null, PointerMut::Null);
        check("recvfrom", received)?;
        check("shutdown", (calls.shutdown)(handle, 2))?;
        check("getsockname", (calls.getsockname)(handle, (&mut room).into(), (&mut len).into()))?;
        check("getpeername", (calls.getpeername)(handle, (&mut room).into(), (&mut len).into()))?;
        check("getsockopt", (calls.getsockopt)(handle, level, option, (&mut room).into(), (&mut len).into()))?;
        check("setsockopt", (calls.setsockopt)(handle, level, option, (&1).into(), 4))?;
        check("ioctl", (calls.ioctl)(handle, calls.fionbio, (&mut on).into()))?;
        check("close", (calls.close)(handle))
    }

    fn must_say(&self, said: i32, word: &str, what: &str) -> Result<(), String> {
        let told = self.calls.answer(said.into()).map_or_else(str::to_owned, |value| value.to_string());
        if told == word { Ok(()) } else { Err(format!("{what}: {word} was promised, and {told} came")) }
    }

    fn must_end_with(&self, said: i32, word: &str, what: &str) -> Result<(), String> {
        match self.calls.answer(said.into()) {
            Err(told) if told.ends_with(word) => Ok(()),
            told => Err(format!("{what}: {word} was promised, and {told:?} came")),
        }
    }

    /// Whatever is done here, no packet leaves.
    fn nothing_leaves(&mut self, work: impl FnOnce(&mut Self) -> Result<(), String>) -> Result<(), String> {
        self.world.rest();
        self.world.mark();
        work(self)?;
        self.world.rest();
        match self.world.wire() {
            (_, 0) => Ok(()),
            (seen, _) => Err(format!("no packet leaves, but this was seen: {seen}")),
        }
    }
}

impl Memory {
    fn pointer(&self) -> Pointer<'_> {
        match self {
            Memory::Null => Pointer::Null,
            Memory::Wild(memory) => Pointer::Foreign(memory),
        }
    }

    fn pointer_mut(&self) -> PointerMut<'_> {
        match self {
            Memory::Null => PointerMut::Null,
            Memory::Wild(memory) => PointerMut::Foreign(memory),
        }
    }
}
