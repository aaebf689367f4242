//! Which packet made a call return what it returned.
//!
//! A call does not tell its own port, so an attempt is joined to the first connection to its peer that began after it and that no
//! other attempt has. Of that connection, the SYN-ACK makes it connected, the resets and ICMP errors make it fail, one after the
//! other, and the FIN ends what can be received. An answer that comes from a clock, ETIMEDOUT, has no packet.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;

use synsent_stack::IcmpCause;
use synsent_wire::ip::Protocol;

use super::{Told, arrives, ends};
use crate::flows::OWN_LINE;
use crate::record::{Call, Run, Said, SocketKind};
use crate::view::{What, plain};
use crate::words::visible;

/// How much earlier than its call a SYN may seem to be, by two readings of one clock.
const CLOCK_SLACK_US: i64 = 1_000;

pub(super) fn join(run: &Run, packets: &mut [Told]) {
    let mut openings = Openings::of(run, packets);
    let mut sockets: HashMap<(u64, u32), Attempt> = HashMap::new();
    let mut woken_us = i64::MIN;
    for call in &run.calls {
        if is_wait(call) {
            woken_us = call.ended_us.unwrap_or(i64::MIN);
        }
        let Some(key) = key(call) else { continue };
        if call.name == "connect" && sockets.get(&key).is_none_or(|attempt| attempt.failed) {
            let Some(peer) = call.peer.map(plain) else { continue };
            sockets.insert(key, openings.claim(peer, call));
        }
        let Some(attempt) = sockets.get_mut(&key) else { continue };
        let Some(answer) = Answer::of(call) else { continue };
        if let Some(index) = attempt.cause(&answer, &mut openings, run, call) {
            let told = &mut packets[index];
            told.causes.push(answer.words(call));
            // It had come when the call told of it, and when the program was woken to make the call.
            let at_us = run.packets[index].at_us;
            let known_us = if woken_us >= at_us { woken_us } else { i64::MAX };
            told.arrives_us = told.arrives_us.min(call.ended_us.unwrap_or(i64::MAX)).min(known_us).max(at_us);
        }
    }
}

/// Whether the call waited until something could be done with a socket.
fn is_wait(call: &Call) -> bool {
    let waits = ["poll", "ppoll", "epoll", "select", "pselect"].iter().any(|name| call.name.starts_with(name));
    waits && matches!(call.said, Said::Value(1..))
}

/// What identifies a socket: its own number, or the descriptor in its process.
fn key(call: &Call) -> Option<(u64, u32)> {
    match (call.socket, call.descriptor) {
        (Some(socket), _) => Some((socket, 0)),
        (None, Some(descriptor)) => Some((u64::from(descriptor.unsigned_abs()), call.process.max(1))),
        (None, None) => None,
    }
}

/// What a program tried with a socket.
struct Attempt {
    opening: Option<usize>,
    failed: bool,
    told_open: bool,
    told_end: bool,
}

/// What a call told the program that a packet may have caused.
enum Answer<'a> {
    Open,
    Failed(&'a str),
    End,
}

impl<'a> Answer<'a> {
    fn of(call: &'a Call) -> Option<Answer<'a>> {
        let receives = call.name.starts_with("recv") || call.name.starts_with("read");
        match &call.said {
            Said::Value(0) if call.name == "connect" => Some(Answer::Open),
            Said::Value(0) if receives && call.kind == SocketKind::Stream => Some(Answer::End),
            Said::Pending { number: 0, .. } => Some(Answer::Open),
            Said::Error { name, .. } | Said::Pending { name, .. } => match name.as_str() {
                "EISCONN" if call.name == "connect" => Some(Answer::Open),
                "EINPROGRESS" | "EALREADY" | "EINTR" | "EAGAIN" | "EWOULDBLOCK" | "ETIMEDOUT" | "" => None,
                failed => Some(Answer::Failed(failed)),
            },
            _ => None,
        }
    }

    fn words(&self, call: &Call) -> String {
        let name = match call.said {
            Said::Pending { .. } => "getsockopt(SO_ERROR)".to_owned(),
            _ => format!("{}()", visible(&call.name)),
        };
        match (self, &call.said) {
            (Answer::Open, Said::Pending { .. }) => format!("{name} tells no error, connected"),
            (Answer::Open, Said::Error { .. }) => format!("{name} says EISCONN, connected"),
            (Answer::Open, _) => format!("{name} returns 0, connected"),
            (Answer::Failed(error), Said::Pending { .. }) => format!("{name} tells {}", visible(error)),
            (Answer::Failed(error), _) => format!("{name} fails with {}", visible(error)),
            (Answer::End, _) => format!("{name} returns 0, the end of the stream"),
        }
    }
}

impl Attempt {
    /// The packet that caused the answer; each causes one answer.
    fn cause(&mut self, answer: &Answer<'_>, openings: &mut Openings, run: &Run, call: &Call) -> Option<usize> {
        let before = |index: &usize| call.ended_us.is_none_or(|ended_us| run.packets[*index].at_us <= ended_us);
        let opening = self.opening.and_then(|index| openings.all.get_mut(index));
        match answer {
            // SO_ERROR is also asked while nothing has come yet: then it tells nothing.
            Answer::Open if !self.told_open => opening?.syn_ack.filter(before).inspect(|_| self.told_open = true),
            Answer::End if !self.told_end => opening?.fin.filter(before).inspect(|_| self.told_end = true),
            Answer::Open | Answer::End => None,
            Answer::Failed(_) => {
                self.failed |= !self.told_open;
                let fatal = &mut opening?.fatal;
                let first = fatal.front().copied().filter(before)?;
                fatal.pop_front();
                Some(first)
            }
        }
    }
}

/// What happened to one opening, or to a datagram socket's peer, by the places of its packets in the record.
#[derive(Default)]
struct Opening {
    began_us: i64,
    seq: u32,
    syn_ack: Option<usize>,
    fin: Option<usize>,
    /// What makes calls fail, in the order of time.
    fatal: VecDeque<usize>,
}

/// All openings, and those that no attempt has yet.
#[derive(Default)]
struct Openings {
    all: Vec<Opening>,
    by_ends: HashMap<(SocketAddr, SocketAddr), usize>,
    free: HashMap<SocketAddr, VecDeque<usize>>,
    datagrams: HashMap<SocketAddr, usize>,
}

impl Openings {
    fn of(run: &Run, packets: &[Told]) -> Openings {
        let mut openings = Openings::default();
        for (index, packet) in run.packets.iter().enumerate().filter(|(_, packet)| packet.line == OWN_LINE) {
            let Some(view) = &packets[index].view else { continue };
            match &view.what {
                What::Tcp(segment) if packet.outward && segment.opens() => {
                    openings.begin(ends(view), segment.seq, packet.at_us);
                }
                What::Tcp(segment) if !packet.outward && arrives(packet.fate) => {
                    let (peer, own) = ends(view);
                    let Some(opening) = openings.find(own, peer) else { continue };
                    if segment.flags.rst() {
                        opening.fatal.push_back(index);
                    } else if segment.answers_opening() {
                        opening.syn_ack.get_or_insert(index);
                    } else if segment.flags.fin() {
                        opening.fin.get_or_insert(index);
                    }
                }
                What::Icmp(error) if !packet.outward && arrives(packet.fate) => {
                    let Some(quoted) = error.quoted else { continue };
                    if matches!(error.cause, IcmpCause::TooBig { .. } | IcmpCause::SourceQuench) {
                        continue;
                    }
                    let (own, peer) = (plain(quoted.source), plain(quoted.destination));
                    let opening = match quoted.protocol {
                        Protocol::TCP => openings.find(own, peer),
                        Protocol::UDP => Some(openings.datagrams_to(peer)),
                        _ => None,
                    };
                    opening.into_iter().for_each(|opening| opening.fatal.push_back(index));
                }
                _ => {}
            }
        }
        openings
    }

    /// A SYN: of a new opening, unless it repeats the one before.
    fn begin(&mut self, ends: (SocketAddr, SocketAddr), seq: u32, began_us: i64) {
        let again = self.by_ends.get(&ends).is_some_and(|index| self.all[*index].seq == seq);
        if !again {
            self.by_ends.insert(ends, self.all.len());
            self.free.entry(ends.1).or_default().push_back(self.all.len());
            self.all.push(Opening { began_us, seq, ..Opening::default() });
        }
    }

    fn find(&mut self, own: SocketAddr, peer: SocketAddr) -> Option<&mut Opening> {
        self.by_ends.get(&(own, peer)).and_then(|index| self.all.get_mut(*index))
    }

    fn datagrams_to(&mut self, peer: SocketAddr) -> &mut Opening {
        let index = *self.datagrams.entry(peer).or_insert_with(|| {
            self.all.push(Opening::default());
            self.all.len() - 1
        });
        // The index is that of an element which was put there and is never taken away.
        &mut self.all[index]
    }

    /// The opening that belongs to a connect.
    fn claim(&mut self, peer: SocketAddr, call: &Call) -> Attempt {
        let opening = if call.kind == SocketKind::Datagram {
            self.datagrams.get(&peer).copied()
        } else {
            let earliest = call.began_us.saturating_sub(CLOCK_SLACK_US);
            let free = self.free.entry(peer).or_default();
            while free.front().is_some_and(|first| self.all[*first].began_us < earliest) {
                free.pop_front();
            }
            // A call that does not wait returns before its SYN is seen on the line; one that fails at once has none.
            let waits = !matches!(&call.said, Said::Error { name, .. } if name == "EINPROGRESS");
            let latest = call.ended_us.filter(|_| waits).unwrap_or(i64::MAX);
            let in_time = |first: &usize| self.all[*first].began_us <= latest;
            free.pop_front_if(|first| in_time(first))
        };
        Attempt { opening, failed: false, told_open: false, told_end: false }
    }
}
