//! The rows of the program's calls.

use std::collections::{HashMap, HashSet};

use super::layout::{Bulk, Draft, KERNEL, PROGRAM, at_one};
use super::{Row, RowKind};
use crate::record::{Call, Run, Said, SocketKind};
use crate::style::Tone;
use crate::view::DNS_PORT;
use crate::words::span;

/// Up to which time a call that nothing came between is one row with its answer.
const AT_ONCE_US: i64 = 20_000;
/// From which time on a call is shown, whatever it is about.
const LONG_US: i64 = 100_000;
/// From which time on an answer says how long it took.
const WORTH_TELLING_US: i64 = 1_000;

/// Drafts the rows of the calls that matter, and returns how many did not.
pub(super) fn draft(run: &Run, drafts: &mut Vec<Draft>) -> usize {
    let starts = starts(run);
    let talking: HashSet<Option<u64>> =
        run.calls.iter().filter(|call| is_sending(call)).map(|call| call.socket).collect();
    let mut threads: HashMap<(u32, u32), usize> = HashMap::new();
    let mut left_out = 0;
    for call in &run.calls {
        if is_aside(call, &talking) {
            left_out += 1;
            continue;
        }
        let known = threads.len();
        let thread = *threads.entry((call.process, call.thread)).or_insert(known);
        let name = if thread == 0 { format!("{}()", call.name) } else { format!("#{} {}()", thread + 1, call.name) };
        rows(run, call, name, is_at_once(call, &starts), drafts);
    }
    left_out
}

fn rows(run: &Run, call: &Call, name: String, at_once: bool, drafts: &mut Vec<Draft>) {
    if at_once {
        return drafts.push(with_answer(call, name));
    }
    let begins = arrow(call.began_us, RowKind::Call, (PROGRAM, KERNEL), name.clone(), asked(call), Tone::Plain);
    drafts.push(Draft { row: begins, order: 0, bulk: None });
    match call.ended_us {
        Some(ended_us) => drafts.push(answer(call, ended_us, &name)),
        None => {
            let took_us = i64::try_from(run.took_us).unwrap_or(i64::MAX);
            let words = format!("{name} has not returned");
            drafts.push(at_one(took_us.max(call.began_us), 4, RowKind::End, KERNEL, words, Tone::Bad));
        }
    }
}

/// Whether a call tells nothing of what happened: it only prepares or looks, or is about a datagram socket of the resolver, whose
/// packets are shown, or about one that never sent anything. What fails or waits is shown in any case.
fn is_aside(call: &Call, talking: &HashSet<Option<u64>>) -> bool {
    let took_us = call.ended_us.map_or(i64::MAX, |ended_us| ended_us.saturating_sub(call.began_us));
    if took_us >= LONG_US || said(call).1 == Tone::Bad {
        return false;
    }
    let looks = match call.name.as_str() {
        "socket" | "bind" | "getpeername" | "getsockname" | "setsockopt" | "fcntl" | "ioctl" => true,
        "getsockopt" => !matches!(call.said, Said::Pending { .. }),
        _ => false,
    };
    let resolves = call.peer.is_some_and(|peer| peer.port() == DNS_PORT) || !talking.contains(&call.socket);
    looks || (call.kind == SocketKind::Datagram && resolves)
}

fn is_sending(call: &Call) -> bool {
    call.name.starts_with("send") || call.name.starts_with("write")
}

/// Whether a call is one row with its answer: nothing happened in between, or nothing that it could have waited for.
fn is_at_once(call: &Call, starts: &[i64]) -> bool {
    let Some(ended_us) = call.ended_us else { return false };
    let took_us = ended_us.saturating_sub(call.began_us);
    let begins = matches!(&call.said, Said::Error { name, .. } if name == "EINPROGRESS");
    let sends = is_sending(call) || matches!(call.name.as_str(), "close" | "shutdown");
    let alone = between(starts, call.began_us, ended_us) == 0;
    (alone && took_us < AT_ONCE_US) || ((begins || sends) && took_us < WORTH_TELLING_US)
}

/// When something begins on which a call may wait: the packets on all lines, and the calls.
fn starts(run: &Run) -> Vec<i64> {
    let packets = run.packets.iter().map(|packet| packet.at_us);
    let mut starts: Vec<i64> = packets.chain(run.calls.iter().map(|call| call.began_us)).collect();
    starts.sort_unstable();
    starts
}

fn between(starts: &[i64], after_us: i64, before_us: i64) -> usize {
    let first = starts.partition_point(|start| *start <= after_us);
    starts.partition_point(|start| *start < before_us).saturating_sub(first)
}

fn arrow(at_us: i64, kind: RowKind, (from, to): (usize, usize), words: String, note: String, tone: Tone) -> Row {
    Row { at_us, until_us: at_us, kind, from, to, via: None, count: 1, words, note, lost: None, tone }
}

/// A call whose answer came before anything else happened.
fn with_answer(call: &Call, name: String) -> Draft {
    let asked = asked(call);
    let (said, tone) = said(call);
    let note = if asked.is_empty() { format!("= {said}") } else { format!("{asked} = {said}") };
    let bulk = (tone == Tone::Plain && call.name != "connect").then(|| Bulk { what: name.clone(), octets: 0 });
    let mut row = arrow(call.began_us, RowKind::Call, (PROGRAM, KERNEL), name, note, tone);
    row.until_us = call.ended_us.unwrap_or(call.began_us);
    Draft { row, order: 0, bulk }
}

fn answer(call: &Call, ended_us: i64, name: &str) -> Draft {
    let (said, tone) = said(call);
    let took_us = ended_us.saturating_sub(call.began_us);
    let note = if took_us >= WORTH_TELLING_US { format!("{name}, {}", span(took_us)) } else { name.to_owned() };
    Draft { row: arrow(ended_us, RowKind::Answer, (KERNEL, PROGRAM), said, note, tone), order: 4, bulk: None }
}

/// What a call asks for.
fn asked(call: &Call) -> String {
    match (call.peer, call.name.as_str()) {
        (Some(peer), "connect") => peer.to_string(),
        (Some(peer), "sendto" | "sendmsg") if call.kind == SocketKind::Datagram => peer.to_string(),
        _ => String::new(),
    }
}

/// What a call answered, and whether that is good.
fn said(call: &Call) -> (String, Tone) {
    let receives = call.name.starts_with("recv") || call.name.starts_with("read");
    match &call.said {
        Said::Value(0) if call.name == "connect" && call.kind == SocketKind::Datagram => ("0".to_owned(), Tone::Plain),
        Said::Value(0) if call.name == "connect" => ("connected".to_owned(), Tone::Good),
        Said::Value(0) if receives && call.kind == SocketKind::Stream => ("0, the end".to_owned(), Tone::Plain),
        Said::Value(0) if call.name.contains("poll") || call.name.contains("select") => {
            ("0, time is up".to_owned(), Tone::Plain)
        }
        Said::Value(_) if is_told(&call.detail) => (told(&call.detail), Tone::Plain),
        Said::Value(value) => (value.to_string(), Tone::Plain),
        Said::Error { number, name } => {
            let name = if name.is_empty() { format!("error {number}") } else { name.clone() };
            let tone = if is_patience(&name) { Tone::Plain } else { Tone::Bad };
            (name, tone)
        }
        Said::Pending { number: 0, .. } => ("SO_ERROR 0".to_owned(), Tone::Good),
        Said::Pending { number, name } if name.is_empty() => (format!("SO_ERROR {number}"), Tone::Bad),
        Said::Pending { name, .. } => (format!("SO_ERROR {name}"), Tone::Bad),
        Said::Restarted => ("begun again after a signal".to_owned(), Tone::Quiet),
        Said::StillWaiting => ("nothing yet".to_owned(), Tone::Quiet),
    }
}

/// Whether what else was seen of a call says more than its value.
fn is_told(detail: &str) -> bool {
    !matches!(detail, "" | "0" | "blocking" | "non-blocking")
}

/// What else was seen of a call, without the events that say the same as others.
fn told(detail: &str) -> String {
    let says_more = |event: &&str| !matches!(*event, "POLLRDNORM" | "POLLWRNORM" | "EPOLLRDNORM" | "EPOLLWRNORM");
    if !detail.contains("POLL") {
        return detail.to_owned();
    }
    detail.split('|').filter(says_more).collect::<Vec<_>>().join("|")
}

/// Errors that only say that it is not yet time.
fn is_patience(name: &str) -> bool {
    matches!(name, "EINPROGRESS" | "EALREADY" | "EAGAIN" | "EWOULDBLOCK" | "EINTR" | "EISCONN")
}
