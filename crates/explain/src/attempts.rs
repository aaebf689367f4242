//! What connect() said to the program, from its own calls and from nothing else.
//!
//! A blocking connect says it itself. After EINPROGRESS the program asks: SO_ERROR, another connect, a poll, or it simply sends
//! or receives; the first of these that can tell is what connect() said, and [`Attempt::how`] names it. What the program never
//! asked is not filled in from the packets.

use std::collections::HashMap;
use std::net::SocketAddr;

use crate::record::{Call, RECORD_CALLS_MAX, Run, Said, SocketKind};
use crate::view::plain;

/// One connect() of an internet socket.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attempt {
    /// What identifies the socket.
    pub socket: Option<u64>,
    /// Its descriptor.
    pub descriptor: Option<i32>,
    /// The process.
    pub process: u32,
    /// The kind of socket.
    pub kind: SocketKind,
    /// Whom it was to reach.
    pub peer: Option<SocketAddr>,
    /// When connect was called.
    pub began_us: i64,
    /// When the program knew what came of it.
    pub settled_us: Option<i64>,
    /// What came of it.
    pub said: ConnectSaid,
    /// How the program was told: `connect`, `EINPROGRESS, then SO_ERROR`.
    pub how: String,
    /// The first error that the open connection told later: the call and the error's name.
    pub later: Option<(String, String)>,
    /// Where the calls of this attempt stand in the record.
    pub calls: Vec<usize>,
}

/// What connect() said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ConnectSaid {
    /// It is connected.
    Connected,
    /// An error.
    Failed {
        /// Its number.
        number: i32,
        /// Its name: `ECONNREFUSED`.
        name: String,
    },
    /// The attempt went on in the background, and the program never asked for the result.
    InProgressNeverAsked,
    /// The program still waited for the result when it ended.
    StillWaiting,
    /// The program closed the socket before there was a result.
    Abandoned,
}

/// Every connect() of an internet socket, in the order in which they were called.
pub fn attempts(run: &Run) -> Vec<Attempt> {
    let mut all: Vec<Following> = Vec::new();
    let mut current: HashMap<Socket, usize> = HashMap::new();
    for (index, call) in run.calls.iter().take(RECORD_CALLS_MAX).enumerate() {
        let Some(socket) = Socket::of(call) else { continue };
        let known = current.get(&socket).copied();
        if let Some(following) = known.and_then(|known| all.get_mut(known)).filter(|one| !one.over) {
            if following.takes(call) {
                following.attempt.calls.push(index);
                following.hear(call);
                continue;
            }
            following.over = true;
        }
        if call.name == "connect" {
            current.insert(socket, all.len());
            all.push(Following::begin(index, call));
        }
    }
    all.into_iter().map(Following::end).collect()
}

/// What a socket is found by.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Socket {
    Known(u64),
    Descriptor(u32, i32),
}

impl Socket {
    fn of(call: &Call) -> Option<Socket> {
        match (call.socket, call.descriptor) {
            (Some(socket), _) => Some(Socket::Known(socket)),
            (None, Some(descriptor)) => Some(Socket::Descriptor(call.process, descriptor)),
            (None, None) => None,
        }
    }
}

/// An attempt while its calls are read.
struct Following {
    attempt: Attempt,
    /// How connect itself answered, in words, when that was not the result.
    begun: &'static str,
    /// Whether the result is known.
    settled: bool,
    /// Whether SO_ERROR told "no error" before anything said that the socket is ready.
    unsure: bool,
    /// What the last poll said, and whether it still waited.
    polled: Option<(String, bool)>,
    /// Whether the socket was closed, or connected anew.
    over: bool,
}

impl Following {
    fn begin(index: usize, call: &Call) -> Following {
        let attempt = Attempt {
            socket: call.socket,
            descriptor: call.descriptor,
            process: call.process,
            kind: call.kind,
            peer: call.peer.map(plain),
            began_us: call.began_us,
            settled_us: None,
            said: ConnectSaid::StillWaiting,
            how: "connect".to_owned(),
            later: None,
            calls: vec![index],
        };
        let mut new = Following { attempt, begun: "", settled: false, unsure: false, polled: None, over: false };
        new.connect(call);
        new
    }

    /// Whether a call belongs to this attempt. A connect after the result is an attempt of its own, unless it says that there is a
    /// connection: EISCONN, or once a plain success.
    fn takes(&self, call: &Call) -> bool {
        if call.name != "connect" || !self.settled || self.unsure {
            return true;
        }
        let confirms = matches!(call.said, Said::Value(_)) && !self.begun.is_empty();
        self.attempt.said == ConnectSaid::Connected && (confirms || error_name(call) == Some("EISCONN"))
    }

    fn hear(&mut self, call: &Call) {
        match call.name.as_str() {
            "connect" => self.connect(call),
            "getsockopt" => self.pending(call),
            "close" | "close_range" => self.close(call),
            "getpeername" => {
                if matches!(call.said, Said::Value(_)) {
                    self.tells(call, ConnectSaid::Connected, "getpeername");
                }
            }
            name if is_poll(name) => self.poll(call),
            name if is_data(name) => self.data(call),
            _ => {}
        }
    }

    fn connect(&mut self, call: &Call) {
        let again = !self.begun.is_empty();
        let how = if again { "a second connect" } else { "" };
        match &call.said {
            Said::Value(_) | Said::Pending { number: 0, .. } => self.tells(call, ConnectSaid::Connected, how),
            Said::Error { name, .. } if name == "EISCONN" && again => self.tells(call, ConnectSaid::Connected, how),
            Said::Error { name, .. } if matches!(name.as_str(), "EINPROGRESS" | "EALREADY") => {
                self.begun = if again { self.begun } else { "EINPROGRESS" };
            }
            Said::Error { name, .. } if name == "EINTR" => self.begun = if again { self.begun } else { "EINTR" },
            Said::Error { number, name } | Said::Pending { number, name } => {
                self.tells(call, ConnectSaid::Failed { number: *number, name: name.clone() }, how);
            }
            // The kernel goes on with the same call, and tells its result in the next one.
            Said::Restarted | Said::StillWaiting => {}
        }
    }

    /// SO_ERROR: an error decides; none does when something has said that the socket is ready, and else until something says more.
    fn pending(&mut self, call: &Call) {
        let Said::Pending { number, name } = &call.said else { return };
        if *number != 0 {
            let failed = ConnectSaid::Failed { number: *number, name: name.clone() };
            if self.settled && !self.unsure {
                self.attempt.later.get_or_insert_with(|| ("SO_ERROR".to_owned(), name.clone()));
                return;
            }
            self.tells(call, failed, "SO_ERROR");
        } else if !self.settled {
            let ready = self.polled.as_ref().is_some_and(|(said, _)| shows_writable(said));
            self.tells(call, ConnectSaid::Connected, "SO_ERROR");
            self.unsure = !ready;
        }
    }

    fn poll(&mut self, call: &Call) {
        let waits = matches!(call.said, Said::StillWaiting);
        let failed = shows_failure(&call.detail);
        let writable = shows_writable(&call.detail);
        self.polled = Some((call.detail.clone(), waits));
        if writable && !failed && matches!(call.said, Said::Value(1..)) {
            self.tells_if_unsettled(call, ConnectSaid::Connected, &call.name);
        }
    }

    fn data(&mut self, call: &Call) {
        let verb = verb(&call.name);
        match &call.said {
            Said::Value(_) => self.tells_if_unsettled(call, ConnectSaid::Connected, verb),
            Said::Error { number, name } => match name.as_str() {
                "EAGAIN" | "EWOULDBLOCK" | "EINTR" | "EINPROGRESS" | "ENOTCONN" | "EALREADY" => {}
                // These two come only to a socket that was connected.
                "ECONNRESET" | "EPIPE" => {
                    self.tells_if_unsettled(call, ConnectSaid::Connected, verb);
                    self.later(verb, name);
                }
                _ if !self.settled || self.unsure => {
                    self.tells(call, ConnectSaid::Failed { number: *number, name: name.clone() }, verb);
                }
                _ => self.later(verb, name),
            },
            Said::Pending { .. } | Said::Restarted | Said::StillWaiting => {}
        }
    }

    fn later(&mut self, verb: &str, name: &str) {
        if self.attempt.said == ConnectSaid::Connected {
            self.attempt.later.get_or_insert_with(|| (verb.to_owned(), name.to_owned()));
        }
    }

    fn close(&mut self, call: &Call) {
        self.over = true;
        if !self.settled && self.attempt.said != ConnectSaid::Abandoned {
            self.attempt.said = ConnectSaid::Abandoned;
            self.attempt.settled_us = call.ended_us.or(Some(call.began_us));
            self.attempt.how = format!("{}, then {}", self.first_word(), call.name);
            self.settled = true;
        }
    }

    fn tells_if_unsettled(&mut self, call: &Call, said: ConnectSaid, how: &str) {
        if self.settled {
            self.unsure = false;
        } else {
            self.tells(call, said, how);
        }
    }

    /// The result; the first one stays, unless it was not sure.
    fn tells(&mut self, call: &Call, said: ConnectSaid, how: &str) {
        if self.settled && !self.unsure {
            return;
        }
        self.settled = true;
        self.unsure = false;
        self.attempt.said = said;
        self.attempt.settled_us = call.ended_us.or(Some(call.began_us));
        self.attempt.how = if self.begun.is_empty() || how.is_empty() {
            self.first_word().to_owned()
        } else {
            format!("{}, then {how}", self.begun)
        };
    }

    fn first_word(&self) -> &'static str {
        if self.begun.is_empty() { "connect" } else { self.begun }
    }

    fn end(mut self) -> Attempt {
        if !self.settled && !self.begun.is_empty() {
            (self.attempt.said, self.attempt.how) = match &self.polled {
                Some((_, true)) => (ConnectSaid::StillWaiting, format!("{}, and a poll still waited", self.begun)),
                Some((said, false)) if shows_failure(said) => {
                    (ConnectSaid::InProgressNeverAsked, format!("{}, then poll said {said}", self.begun))
                }
                _ => (ConnectSaid::InProgressNeverAsked, self.begun.to_owned()),
            };
        }
        self.attempt
    }
}

/// A system call by the name that a program calls it by.
pub(crate) fn verb(name: &str) -> &str {
    match name {
        "recvfrom" => "recv",
        "sendto" => "send",
        "ppoll" => "poll",
        "pselect6" | "_newselect" => "select",
        "epoll_pwait" | "epoll_pwait2" => "epoll_wait",
        "accept4" => "accept",
        other => other,
    }
}

pub(crate) fn is_poll(name: &str) -> bool {
    name.contains("poll") || name.contains("select")
}

/// Whether a poll told an error or a hangup.
fn shows_failure(detail: &str) -> bool {
    detail.split('|').any(|word| matches!(word, "POLLERR" | "POLLHUP"))
}

fn shows_writable(detail: &str) -> bool {
    detail.split('|').any(|word| matches!(word, "POLLOUT" | "POLLWRNORM"))
}

pub(crate) fn is_data(name: &str) -> bool {
    const DATA: [&str; 14] = [
        "send", "sendto", "sendmsg", "sendmmsg", "recv", "recvfrom", "recvmsg", "recvmmsg", "read", "write", "readv",
        "writev", "sendfile", "splice",
    ];
    DATA.contains(&name)
}

fn error_name(call: &Call) -> Option<&str> {
    match &call.said {
        Said::Error { name, .. } => Some(name),
        _ => None,
    }
}
