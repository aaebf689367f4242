//! The steps of a case, one after another: calls with what they must come to, and what is arranged between them.

use std::collections::HashMap;

use synsent_conformance::Api;
use synsent_conformance::record::{Came, Event, Given, Note};
use synsent_dialects::Handle;
use synsent_stack::Duration;

use super::lines::{self, Line, literal};
use super::names::Names;
use super::system::System;

/// How far a handle may stand from one that was given out and be written as a sum.
const BESIDE: Handle = 1_000;
/// The number of a stream socket in all four headers.
const SOCK_STREAM: i32 = 1;

/// A function as it grows.
pub(super) struct Steps {
    api: &'static Api,
    system: &'static System,
    lines: Vec<Line>,
    names: Names,
    /// How a handle is written.
    handles: HashMap<Handle, String>,
    sockets: usize,
    files: usize,
    /// The place of a mark at which nobody has looked yet.
    mark: Option<usize>,
    /// The error that the last call told.
    error: Option<i32>,
    /// What threads do, from this line on, and how many of them how often.
    threads: Option<(usize, String)>,
    /// The functions of threads.
    before: String,
    /// What tells these functions from those of other cases.
    suffix: String,
}

impl Steps {
    pub(super) fn new(api: &'static Api, system: &'static System, suffix: String) -> Steps {
        Steps {
            api,
            system,
            lines: Vec::new(),
            names: Names::new(api, system.has_inet6()),
            handles: HashMap::new(),
            sockets: 0,
            files: 0,
            mark: None,
            error: None,
            threads: None,
            before: String::new(),
            suffix,
        }
    }

    /// What stands before the function, and its body.
    pub(super) fn finish(self) -> (String, String) {
        (self.before, lines::body(self.lines))
    }

    /// Adds a step; an error where it cannot be one of a program.
    pub(super) fn add(&mut self, event: &Event) -> Result<(), String> {
        if let Event::LastError { number } = event {
            if self.error != Some(*number) {
                let line = format!("is({}, {})", self.system.last_error, self.system.error(self.api, *number));
                self.lines.push(Line::new(line));
            }
            return Ok(());
        }
        self.error = None;
        match event {
            Event::Start { .. } | Event::End { .. } | Event::Socket { .. } | Event::Accept { .. } => {
                self.opening(event)
            }
            Event::Bind { s, name, len, came } => self.named("bind", *s, name, *len, *came),
            Event::Connect { s, name, len, came } => self.named("connect", *s, name, *len, *came),
            Event::SendTo { s, octets, name, len, came } => {
                let (name, len) = self.names.arguments(&mut self.lines, name, *len);
                let call = format!("sendto({}, {}, {}, 0, {name})", self.handle(*s), literal(octets), octets.len());
                self.came(call, *came, len);
            }
            Event::Recv { s, came } => self.received("recv", "hears", *s, came),
            Event::RecvFrom { s, came } => self.received("recvfrom", "hears_from", *s, came),
            Event::Select { sets, at_most, came } => return self.select(sets, *at_most, came),
            Event::OwnName { s, came } => return self.told("own_name", "getsockname", *s, came),
            Event::PeerName { s, came } => return self.told("peer_name", "getpeername", *s, came),
            Event::SocketError { s, came } => self.socket_error(*s, *came),
            Event::Noted(note) => return self.noted(note),
            Event::LastError { .. }
            | Event::Listen { .. }
            | Event::Send { .. }
            | Event::Shutdown { .. }
            | Event::Close { .. }
            | Event::SetNonblocking { .. }
            | Event::SetBroadcast { .. }
            | Event::SetReuse { .. } => self.plain(event),
            _ => return self.outside(event),
        }
        Ok(())
    }

    fn opening(&mut self, event: &Event) {
        match event {
            Event::Start { version, came } => {
                let Some(call) = self.system.start(self.api, *version) else { return };
                match came {
                    Ok(0) => self.lines.push(Line::new(format!("works({call})"))),
                    Ok(sockets) => {
                        self.lines.push(Line::new(format!("works({call})")));
                        if version.is_some() {
                            self.lines.push(Line::new(format!("is(data.iMaxSockets, {sockets})")));
                        }
                    }
                    Err(number) => {
                        let error = self.start_error(*number);
                        self.lines.push(Line::new(format!("is({call}, {error})")));
                    }
                }
            }
            Event::End { came } => self.came("WSACleanup()".to_owned(), *came, None),
            Event::Socket { family, kind, protocol, came } => {
                let family = self.system.family(self.api, *family);
                let kind = if *kind == SOCK_STREAM { "SOCK_STREAM" } else { "SOCK_DGRAM" };
                self.opened(format!("socket({family}, {kind}, {protocol})"), *came);
            }
            Event::Accept { s, came } => self.opened(format!("accept({}, NULL, NULL)", self.handle(*s)), *came),
            _ => {}
        }
    }

    /// What a start returns is no error of a call, so that the contract has no name for it.
    fn start_error(&self, number: i32) -> String {
        let spelling = self.api.dialect.spellings.iter().find(|spelling| spelling.number == number);
        match spelling {
            Some(spelling) => spelling.name.to_owned(),
            None if number == synsent_dialects::winsock1::WSAVERNOTSUPPORTED => "WSAVERNOTSUPPORTED".to_owned(),
            None => number.to_string(),
        }
    }

    fn opened(&mut self, call: String, came: Result<Handle, i32>) {
        match came {
            Ok(handle) => {
                self.sockets += 1;
                let variable = format!("s{}", self.sockets);
                self.lines.push(Line::defining(self.system.socket, &variable, format!("opened({call})")));
                self.handles.insert(handle, variable);
            }
            Err(number) => {
                let error = self.failed(number);
                self.lines.push(Line::new(format!("fails_to_open({call}, {error})")));
            }
        }
    }

    fn plain(&mut self, event: &Event) {
        let (call, came) = match event {
            Event::Listen { s, backlog, came } => (format!("listen({}, {backlog})", self.handle(*s)), came),
            Event::Send { s, octets, came } => {
                (format!("send({}, {}, {}, 0)", self.handle(*s), literal(octets), octets.len()), came)
            }
            Event::Shutdown { s, how, came } => {
                let end = usize::try_from(*how).ok().and_then(|how| self.system.ends.get(how));
                let end = end.map_or_else(|| how.to_string(), |end| (*end).to_owned());
                (format!("shutdown({}, {end})", self.handle(*s)), came)
            }
            Event::Close { s, came } => (format!("{}({})", self.system.close, self.handle(*s)), came),
            Event::SetNonblocking { s, on, came } => {
                (format!("set_nonblocking({}, {})", self.handle(*s), u8::from(*on)), came)
            }
            Event::SetBroadcast { s, on, came } => {
                (format!("set_option({}, SO_BROADCAST, {})", self.handle(*s), u8::from(*on)), came)
            }
            Event::SetReuse { s, on, came } => {
                (format!("set_option({}, SO_REUSEADDR, {})", self.handle(*s), u8::from(*on)), came)
            }
            _ => return,
        };
        self.came(call, *came, None);
    }

    fn named(&mut self, call: &str, s: Handle, name: &Given, len: i32, came: Came) {
        let (name, len) = self.names.arguments(&mut self.lines, name, len);
        let call = format!("{call}({}, {name})", self.handle(s));
        self.came(call, came, len);
    }

    fn received(&mut self, call: &str, hears: &str, s: Handle, came: &Result<Vec<u8>, i32>) {
        let s = self.handle(s);
        match came {
            Ok(octets) => self.lines.push(Line::new(format!("{hears}({s}, {}, {})", literal(octets), octets.len()))),
            Err(number) => {
                let from = if call == "recvfrom" { ", NULL, NULL" } else { "" };
                let call = format!("{call}({s}, buffer, sizeof buffer, 0{from})");
                self.came(call, Err(*number), None);
            }
        }
    }

    fn select(
        &mut self,
        sets: &[Vec<Handle>; 3],
        at_most: Option<Duration>,
        came: &Result<[Vec<Handle>; 3], i32>,
    ) -> Result<(), String> {
        let mut all: Vec<Handle> = sets.iter().flatten().copied().collect();
        all.dedup();
        let [s] = all[..] else { return Err("a select() of several sockets".to_owned()) };
        let milliseconds = at_most.map_or(-1, |at_most| at_most.as_millis() as i64);
        let call = format!("ready({}, {}, {milliseconds})", self.handle(s), words(sets));
        match came {
            Ok(sets) => self.lines.push(Line::new(format!("is({call}, {})", words(sets)))),
            Err(number) => self.came(call, Err(*number), None),
        }
        Ok(())
    }

    fn told(
        &mut self,
        helper: &str,
        call: &str,
        s: Handle,
        came: &Result<Option<std::net::SocketAddr>, i32>,
    ) -> Result<(), String> {
        let s = self.handle(s);
        match came {
            Ok(Some(address)) => self.names.told(&mut self.lines, helper, &s, *address),
            Ok(None) => return Err("a name that is no address".to_owned()),
            Err(number) => self.came(format!("{call}({s}, ROOM(room))"), Err(*number), None),
        }
        Ok(())
    }

    fn socket_error(&mut self, s: Handle, came: Came) {
        let call = format!("socket_error({})", self.handle(s));
        match came {
            Ok(0) => self.lines.push(Line::new(format!("is({call}, 0)"))),
            Ok(number) => {
                let error = self.system.error(self.api, number);
                self.lines.push(Line::new(format!("is({call}, {error})")));
            }
            Err(number) => self.came(call, Err(number), None),
        }
    }

    fn noted(&mut self, note: &Note) -> Result<(), String> {
        let line = match note {
            Note::NothingLeft => "nothing_left()".to_owned(),
            Note::WireShows(words) => format!("wire_shows(\"{words}\")"),
            Note::TookLess(than) => format!("took_less({})", than.as_millis()),
            Note::TookMore(than) => format!("took_more({})", than.as_millis()),
            Note::OneOfMany { threads, s, name, others } => {
                let (name, _) = self.names.arguments(&mut self.lines, name, name_len(name));
                let (s, count) = (self.handle(*s), others.len());
                format!("one_of_many({threads}, {s}, {name}, (const int[]){{{}}}, {count})", others.join(", "))
            }
            Note::AnotherThread => "another_thread_has_an_error_of_its_own()".to_owned(),
            Note::InThreads { threads, rounds } => {
                self.threads = Some((self.lines.len(), format!("{threads}, {rounds}")));
                return Ok(());
            }
            Note::InThreadsSoFar => {
                self.end_of_threads();
                return Ok(());
            }
            Note::Apart(what) => return Err((*what).to_owned()),
        };
        // A mark at which somebody looks stands where it was made.
        let looks = !matches!(note, Note::OneOfMany { .. } | Note::AnotherThread);
        if looks && let Some(place) = self.mark.take() {
            self.lines.insert(place, Line::new("case_mark()"));
        }
        self.lines.push(Line::new(line));
        Ok(())
    }

    /// What was done since the threads began becomes a function that they call; what it needs of this one it finds in a place of its own.
    fn end_of_threads(&mut self) {
        let Some((place, times)) = self.threads.take() else { return };
        let calls = self.lines.split_off(place);
        let suffix = &self.suffix;
        let shared = lines::shared(&self.lines, &calls);
        let members: String = shared.iter().map(|(kind, name)| format!("    {kind} {name};\n")).collect();
        let calls = calls.into_iter().map(|line| line.with_prefix(&shared, &format!("shared_{suffix}."))).collect();
        self.before.push_str(&format!(
            "static struct {{\n{members}}} shared_{suffix};\n\nstatic void calls_{suffix}(void) {{\n{}}}\n\n",
            lines::body(calls)
        ));
        let hand_over = |(_, name): &(String, String)| Line::new(format!("shared_{suffix}.{name} = {name}"));
        self.lines.extend(shared.iter().map(hand_over));
        self.lines.push(Line::new(format!("in_threads({times}, calls_{suffix})")));
    }

    fn outside(&mut self, event: &Event) -> Result<(), String> {
        match event {
            Event::Arranged { situation, peer } => {
                self.names.peer(&mut self.lines, *peer, "arranged", "arranged6", &format!("{situation:?}"));
            }
            Event::ArrangedLocal { situation, path } => self.names.path(&mut self.lines, *situation, path),
            Event::Peer { which, address } => {
                self.names.peer(&mut self.lines, *address, "peer_of", "peer_of", &format!("{which:?}"));
            }
            Event::Relented { peer } => {
                let peer = self.names.address(&mut self.lines, *peer);
                self.lines.push(Line::new(format!("relent({peer})")));
            }
            Event::OpenedFile { number } => {
                self.files += 1;
                let variable = format!("file{}", self.files);
                self.lines.push(Line::defining("int", &variable, "case_open_file()".to_owned()));
                self.handles.insert(Handle::from(*number), self.system.file(&variable));
            }
            Event::BrokeOff => self.lines.push(Line::new("case_break_off()")),
            Event::PeerSent { which, to, octets } => {
                let to = self.names.address(&mut self.lines, *to);
                let line = format!("peer_sends(\"{which:?}\", {to}, {}, {})", literal(octets), octets.len());
                self.lines.push(Line::new(line));
            }
            Event::PeerReceived { which, heard } => {
                let hears =
                    |octets: &Vec<u8>| format!("peer_hears(\"{which:?}\", {}, {})", literal(octets), octets.len());
                self.lines.extend(heard.iter().map(hears).map(Line::new));
            }
            Event::Rested => self.lines.push(Line::new("case_rest()")),
            Event::Marked => self.mark = Some(self.lines.len()),
            other => return Err(format!("{other:?}")),
        }
        Ok(())
    }

    /// A call that returns 0, a count or an error, and what it must come to.
    fn came(&mut self, call: String, came: Came, len: Option<i32>) {
        let text = match came {
            Ok(0) => format!("works({call})"),
            Ok(value) => format!("is({call}, {value})"),
            Err(number) => {
                let error = self.failed(number);
                format!("fails({call}, {error})")
            }
        };
        self.lines.push(match len {
            Some(len) => Line::with_length(text, len),
            None => Line::new(text),
        });
    }

    fn failed(&mut self, number: i32) -> String {
        self.error = Some(number);
        self.system.error(self.api, number)
    }

    fn handle(&self, handle: Handle) -> String {
        if let Some(variable) = self.handles.get(&handle) {
            return variable.clone();
        }
        match self.handles.get(&(handle - BESIDE)) {
            Some(variable) => format!("{variable} + {BESIDE}"),
            None => self.system.handle(handle),
        }
    }
}

/// The length of a whole name.
fn name_len(name: &Given) -> i32 {
    match name {
        Given::Octets { octets, .. } => octets.len() as i32,
        Given::Null | Given::BeforeHole(_) => 0,
    }
}

/// The sets in which a socket is.
fn words(sets: &[Vec<Handle>; 3]) -> String {
    let words = ["READ_SET", "WRITE_SET", "EXCEPT_SET"];
    let of: Vec<&str> = words.into_iter().zip(sets).filter(|(_, set)| !set.is_empty()).map(|(word, _)| word).collect();
    if of.is_empty() { "0".to_owned() } else { of.join(" | ") }
}
