//! One call, looked at when it is entered and when it is left: which sockets it is about, and what it said.
//!
//! The thread stands still meanwhile. Its other threads do not, so what is read is what stands there now: a descriptor may be
//! another one, an address may be overwritten. Then what is told is what was there when it was read.

use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use super::decode::{self, Answer, KnownCall, Shape};
use super::event::{Call, CallResult, Detail, Readiness, SocketInode, SocketKind};
use super::kernel;
use super::processes::Processes;
use super::tracee::{Pending, Socket, Sockets, Subject};

/// The flag of the sending calls that makes them begin a connection.
const FAST_OPEN: i32 = libc::MSG_FASTOPEN;
/// How many octets of a message's header are read: up to the name's length.
const HEADER_OCTETS: usize = 12;

/// A thread that stands still, with what is needed to look at its call.
pub(super) struct Look<'a> {
    processes: &'a Processes,
    sockets: &'a mut Sockets,
    process: i32,
    thread: i32,
    /// Whether memory or descriptors could not be read because that is forbidden.
    pub(super) is_hidden: bool,
}

impl<'a> Look<'a> {
    pub(super) fn at(processes: &'a Processes, sockets: &'a mut Sockets, process: i32, thread: i32) -> Look<'a> {
        Look { processes, sockets, process, thread, is_hidden: false }
    }

    /// Looks at a call that is entered; `None` where it is not about an internet socket.
    pub(super) fn begin(&mut self, call: &'static KnownCall, arguments: [u64; 6]) -> Option<Pending> {
        let mut pending = Pending {
            call,
            arguments,
            began: Instant::now(),
            subjects: Vec::new(),
            name: None,
            detail: Detail::None,
            opens: false,
            is_glance: false,
        };
        let first = decode::int(arguments[0]);
        match call.shape {
            Shape::Socket | Shape::Ring => {}
            Shape::Connect => self.begin_connect(&mut pending)?,
            Shape::Option => {
                let is_error =
                    (decode::int(arguments[1]), decode::int(arguments[2])) == (libc::SOL_SOCKET, libc::SO_ERROR);
                pending.subjects.push(is_error.then(|| self.subject(first))??);
            }
            Shape::Splice => {
                let subject = self.subject(first).or_else(|| self.subject(decode::int(arguments[2])))?;
                pending.subjects.push(subject);
            }
            Shape::SendTo | Shape::SendMessage => self.begin_send(&mut pending)?,
            Shape::Bind => {
                pending.subjects.push(self.subject(first)?);
                pending.name = self.name(arguments[1], arguments[2]).and_then(|name| decode::socket_address(&name));
            }
            Shape::Accept | Shape::Plain | Shape::ReceiveFrom | Shape::ReceiveMessage | Shape::Move => {
                pending.subjects.push(self.subject(first)?);
            }
            Shape::Poll | Shape::Select | Shape::Epoll => {
                pending.is_glance = self.is_glance(call, arguments);
                pending.subjects = self.waited_for(call.shape, arguments);
                if pending.subjects.is_empty() {
                    return None;
                }
            }
            Shape::Closes if call.number == libc::SYS_close => pending.subjects.push(self.subject(first)?),
            Shape::Closes => {}
        }
        Some(pending)
    }

    /// Looks at a call that is left with this answer.
    pub(super) fn end(&mut self, pending: &Pending, answer: Answer) -> Vec<Call> {
        let result = match answer {
            Answer::Ok(value) => CallResult::Ok(value),
            Answer::Err(number) => CallResult::Err(number),
            Answer::Interrupted => CallResult::Interrupted,
        };
        let ended = Instant::now();
        let shape = pending.call.shape;
        if shape == Shape::Ring || shape == Shape::Closes && pending.subjects.is_empty() {
            return Vec::new();
        }
        if shape.is_wait() {
            return self.end_wait(pending, result, ended);
        }
        let mut calls = self.unfinished(pending, result, ended);
        let (Some(call), CallResult::Ok(_) | CallResult::Err(libc::EINPROGRESS)) = (calls.first_mut(), result) else {
            return calls;
        };
        match (shape, result) {
            (Shape::Connect, _) => call.local = call.descriptor.and_then(|socket| self.facts(socket)?.local),
            (Shape::Socket, CallResult::Ok(descriptor)) => self.end_socket(call, descriptor as i32),
            (Shape::Accept, CallResult::Ok(descriptor)) => self.end_accept(call, descriptor as i32),
            (Shape::Option, CallResult::Ok(_)) => {
                let value = self.octets(pending.arguments[3], 4).and_then(|octets| octets.try_into().ok());
                call.detail = value.map_or(Detail::None, |octets| Detail::SoError(i32::from_ne_bytes(octets)));
            }
            (_, CallResult::Ok(moved)) if shape.is_data() => {
                let counts_messages = pending.call.name.ends_with("mmsg");
                call.detail = if counts_messages { Detail::None } else { Detail::Octets(moved.cast_unsigned()) };
                call.peer = self.sender(pending).or(call.peer);
            }
            _ => {}
        }
        calls
    }

    /// The calls of one of which nothing more is known than this result: one for each socket that it is about.
    pub(super) fn unfinished(&self, pending: &Pending, result: CallResult, ended: Instant) -> Vec<Call> {
        let call = |subject: Option<&Subject>| Call {
            process: self.process,
            thread: self.thread,
            began: pending.began,
            ended,
            name: pending.call.name,
            descriptor: subject.map(|subject| subject.descriptor).or_else(|| named_descriptor(pending)),
            socket: subject.map(|subject| subject.inode),
            kind: subject.map(|subject| subject.socket.kind).or_else(|| asked_kind(pending)),
            local: (pending.call.shape == Shape::Bind).then_some(pending.name).flatten(),
            peer: peer(pending, subject),
            result,
            detail: pending.detail,
        };
        match pending.subjects.as_slice() {
            [] => vec![call(None)],
            subjects => subjects.iter().map(|subject| call(Some(subject))).collect(),
        }
    }

    /// The internet socket behind a descriptor.
    fn subject(&mut self, descriptor: i32) -> Option<Subject> {
        let inode = self.inode(descriptor)?;
        let socket = self.known(inode, descriptor)?;
        socket.is_internet.then_some(Subject { descriptor, inode, socket })
    }

    fn inode(&mut self, descriptor: i32) -> Option<SocketInode> {
        let inode = self.processes.socket(self.thread, descriptor);
        self.is_hidden |= inode.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied);
        inode.ok().flatten()
    }

    /// What is known of a socket; one that is new here is asked.
    fn known(&mut self, inode: SocketInode, descriptor: i32) -> Option<Socket> {
        if let Some(socket) = self.sockets.get(inode) {
            return Some(socket);
        }
        let facts = self.facts(descriptor)?;
        let is_opened = facts.is_internet && facts.peer.is_some();
        let socket = Socket { is_internet: facts.is_internet, kind: facts.kind, peer: facts.peer, is_opened };
        self.sockets.insert(inode, socket);
        Some(socket)
    }

    fn facts(&self, descriptor: i32) -> Option<kernel::SocketFacts> {
        kernel::socket_facts(self.process, descriptor).ok()
    }

    /// A `connect` with a name of the internet, or on a socket of it.
    fn begin_connect(&mut self, pending: &mut Pending) -> Option<()> {
        let descriptor = decode::int(pending.arguments[0]);
        let name = self.name(pending.arguments[1], pending.arguments[2]);
        pending.name = name.as_deref().and_then(decode::socket_address);
        let subject = self.subject(descriptor);
        if subject.is_none() && (pending.name.is_none() || self.inode(descriptor).is_some()) {
            return None;
        }
        pending.detail = Detail::Opening { blocking: self.processes.is_blocking(self.thread, descriptor) };
        if let Some(mut subject) = subject {
            // A name of no family takes the peer away.
            subject.socket.peer = pending.name;
            self.sockets.open(subject.inode, pending.name);
            pending.subjects.push(subject);
            pending.opens = true;
        }
        Some(())
    }

    fn begin_send(&mut self, pending: &mut Pending) -> Option<()> {
        let subject = self.subject(decode::int(pending.arguments[0]))?;
        let arguments = pending.arguments;
        let (name, flags) = match pending.call.shape {
            Shape::SendTo => ((arguments[4] != 0).then_some((arguments[4], arguments[5])), arguments[3]),
            _ => {
                let flags = if pending.call.number == libc::SYS_sendmmsg { arguments[3] } else { arguments[2] };
                (self.message_name(arguments[1]), flags)
            }
        };
        let name = name.and_then(|(address, len)| self.name(address, len));
        pending.name = name.as_deref().and_then(decode::socket_address);
        pending.opens = decode::int(flags) & FAST_OPEN != 0 && pending.name.is_some();
        if pending.opens {
            self.sockets.open(subject.inode, pending.name);
        }
        pending.subjects.push(subject);
        Some(())
    }

    fn end_socket(&mut self, call: &mut Call, descriptor: i32) {
        call.descriptor = Some(descriptor);
        call.socket = self.inode(descriptor);
        if let (Some(inode), Some(kind)) = (call.socket, call.kind) {
            self.sockets.insert(inode, Socket { is_internet: true, kind, peer: None, is_opened: false });
        }
    }

    /// What was accepted is not an opening of this process, and is not watched.
    fn end_accept(&mut self, call: &mut Call, descriptor: i32) {
        let (Some(inode), Some(facts)) = (self.inode(descriptor), self.facts(descriptor)) else {
            return;
        };
        call.peer = facts.peer;
        let socket = Socket { is_internet: facts.is_internet, kind: facts.kind, peer: facts.peer, is_opened: false };
        self.sockets.insert(inode, socket);
    }

    /// Who sent what a call received, where the program asked for it.
    fn sender(&mut self, pending: &Pending) -> Option<SocketAddr> {
        let arguments = pending.arguments;
        let (address, len) = match pending.call.shape {
            Shape::ReceiveFrom if arguments[4] != 0 => {
                let len: [u8; 4] = self.octets(arguments[5], 4)?.try_into().ok()?;
                (arguments[4], u64::from(u32::from_ne_bytes(len)))
            }
            Shape::ReceiveMessage => self.message_name(arguments[1])?,
            _ => return None,
        };
        decode::socket_address(&self.name(address, len)?)
    }

    /// The internet sockets that a waiting call is about.
    fn waited_for(&mut self, shape: Shape, arguments: [u64; 6]) -> Vec<Subject> {
        let descriptors: Vec<i32> = match shape {
            Shape::Poll => self.poll_entries(arguments).into_iter().map(|(descriptor, _)| descriptor).collect(),
            Shape::Select => {
                let mut all: Vec<i32> =
                    self.select_sets(arguments).iter().flat_map(|set| decode::set_descriptors(set)).collect();
                all.sort_unstable();
                all.dedup();
                all
            }
            _ => return self.members(decode::int(arguments[0])).into_iter().map(|(_, subject)| subject).collect(),
        };
        descriptors.into_iter().filter_map(|descriptor| self.subject(descriptor)).collect()
    }

    /// The internet sockets in an epoll instance, with the program's word for each, where it has no other member of that word.
    fn members(&mut self, descriptor: i32) -> Vec<(Option<u64>, Subject)> {
        let text = self.processes.descriptor_info(self.thread, descriptor).unwrap_or_default();
        let all = decode::epoll_members(&text);
        let mut members = Vec::new();
        for member in &all {
            let known = self.sockets.get(member.inode).filter(|socket| socket.is_internet);
            let subject = known
                .map(|socket| Subject { descriptor: member.descriptor, inode: member.inode, socket })
                .or_else(|| self.subject(member.descriptor).filter(|subject| subject.inode == member.inode));
            let is_alone = all.iter().filter(|other| other.data == member.data).count() == 1;
            members.extend(subject.map(|subject| (is_alone.then_some(member.data), subject)));
        }
        members
    }

    /// One call for each socket that was waited for and is ready; one for each that was waited for when the time was over or the
    /// call failed, unless it only looked.
    fn end_wait(&mut self, pending: &Pending, result: CallResult, ended: Instant) -> Vec<Call> {
        let ready = match result {
            CallResult::Ok(0) if pending.is_glance => return Vec::new(),
            CallResult::Ok(0) => pending.subjects.iter().map(|subject| (*subject, Readiness(0))).collect(),
            CallResult::Ok(count) => self.ready(pending, count),
            _ => return self.unfinished(pending, result, ended),
        };
        let mut calls = Vec::new();
        for (subject, readiness) in ready {
            let one = Pending { subjects: vec![subject], detail: Detail::Ready(readiness), ..pending.clone() };
            calls.extend(self.unfinished(&one, result, ended));
        }
        calls
    }

    /// The sockets of which something was said.
    fn ready(&mut self, pending: &Pending, count: i64) -> Vec<(Subject, Readiness)> {
        let arguments = pending.arguments;
        let of = |descriptor: i32| pending.subjects.iter().find(|subject| subject.descriptor == descriptor).copied();
        let said: Vec<(Option<Subject>, Readiness)> = match pending.call.shape {
            Shape::Poll => {
                self.poll_entries(arguments).into_iter().map(|(descriptor, ready)| (of(descriptor), ready)).collect()
            }
            Shape::Select => {
                let sets = self.select_sets(arguments);
                let readiness = |subject: &Subject| decode::select_readiness(&sets, subject.descriptor);
                pending.subjects.iter().map(|subject| (Some(*subject), readiness(subject))).collect()
            }
            _ => {
                let count = usize::try_from(count).unwrap_or(0).min(decode::WAIT_ENTRIES_MAX);
                let octets = self.octets(arguments[1], count * decode::EPOLL_ENTRY_OCTETS).unwrap_or_default();
                let members = self.members(decode::int(arguments[0]));
                let of = |data| members.iter().find(|(word, _)| *word == Some(data)).map(|(_, subject)| *subject);
                decode::epoll_entries(&octets).map(|(data, ready)| (of(data), ready)).collect()
            }
        };
        said.into_iter()
            .filter(|(_, ready)| !ready.is_empty())
            .filter_map(|(subject, ready)| Some((subject?, ready)))
            .collect()
    }

    fn poll_entries(&mut self, arguments: [u64; 6]) -> Vec<(i32, Readiness)> {
        let count = usize::try_from(arguments[1]).unwrap_or(usize::MAX).min(decode::WAIT_ENTRIES_MAX);
        let octets = self.octets(arguments[0], count * decode::POLL_ENTRY_OCTETS).unwrap_or_default();
        decode::poll_entries(&octets).collect()
    }

    fn select_sets(&mut self, arguments: [u64; 6]) -> [Vec<u8>; 3] {
        let len = decode::select_octets(arguments[0]);
        [1, 2, 3].map(|set| self.octets(arguments[set], len).unwrap_or_default())
    }

    /// Whether a waiting call has a time of zero.
    fn is_glance(&mut self, call: &KnownCall, arguments: [u64; 6]) -> bool {
        let in_milliseconds = match call.name {
            "poll" => Some(arguments[2]),
            "epoll_wait" | "epoll_pwait" => Some(arguments[3]),
            _ => None,
        };
        if let Some(time) = in_milliseconds {
            return decode::int(time) == 0;
        }
        let at = match call.shape {
            Shape::Poll => arguments[2],
            Shape::Select => arguments[4],
            _ => arguments[3],
        };
        at != 0 && self.octets(at, 16).is_some_and(|time| time.iter().all(|octet| *octet == 0))
    }

    /// The name at an address of the program, cut to the longest one of the internet.
    fn name(&mut self, address: u64, len: u64) -> Option<Vec<u8>> {
        let len = usize::try_from(decode::int(len)).ok()?.min(decode::NAME_OCTETS_MAX);
        self.octets(address, len)
    }

    fn message_name(&mut self, header: u64) -> Option<(u64, u64)> {
        decode::message_name(&self.octets(header, HEADER_OCTETS)?)
    }

    /// Octets of the program's memory, if all are there.
    fn octets(&mut self, address: u64, len: usize) -> Option<Vec<u8>> {
        if address == 0 || len == 0 {
            return None;
        }
        let mut octets = vec![0; len];
        // Some containers forbid the call and not the file.
        let read = match kernel::read_memory(self.thread, address, &mut octets) {
            Err(error) if matches!(error.raw_os_error(), Some(libc::EPERM | libc::ENOSYS)) => {
                self.processes.read_memory(self.thread, address, &mut octets)
            }
            read => read,
        };
        match read {
            Ok(read) => (read == len).then_some(octets),
            Err(error) => {
                self.is_hidden |= error.kind() == io::ErrorKind::PermissionDenied;
                None
            }
        }
    }
}

/// The descriptor in the arguments, for a call that is not about a socket.
fn named_descriptor(pending: &Pending) -> Option<i32> {
    (pending.call.shape == Shape::Connect).then(|| decode::int(pending.arguments[0]))
}

/// The kind that `socket` asks for.
fn asked_kind(pending: &Pending) -> Option<SocketKind> {
    (pending.call.shape == Shape::Socket).then(|| decode::socket_kind(pending.arguments[1]))
}

fn peer(pending: &Pending, subject: Option<&Subject>) -> Option<SocketAddr> {
    let connected = subject.and_then(|subject| subject.socket.peer);
    if pending.call.shape == Shape::Bind { connected } else { pending.name.or(connected) }
}
