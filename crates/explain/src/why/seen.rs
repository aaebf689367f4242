//! What the program saw: its calls in order, condensed, and how it ended.

use std::collections::HashSet;

use crate::attempts::{is_data, verb};
use crate::record::{Call, End, Observation, RECORD_CALLS_MAX, Said, SocketKind};
use crate::telling::telling_line;
use crate::words::{span, times, visible};

use super::evidence::Evidence;

/// How many calls are told before and after a gap.
const CALLS_AROUND_GAP: usize = 8;
/// How much of a line of the program is told; unit: characters.
const LINE_CHARACTERS: usize = 400;

/// One line for a call, equal ones counted, and the lines of the end.
pub(super) fn seen(evidence: &Evidence<'_>) -> Vec<String> {
    let run = evidence.run;
    let mut lines: Vec<String> = Vec::new();
    match &run.observation {
        Observation::Full => {}
        Observation::Partly(why) => lines.push(format!("not all of its calls were observed: {}", visible(why))),
        Observation::Not(why) => lines.push(format!("its calls were not observed: {}", visible(why))),
    }
    lines.extend(calls(&run.calls));
    if run.calls_left_out > 0 {
        lines.push(format!("{} calls more were not kept", run.calls_left_out));
    }
    lines.push(end(&run.end, run.took_us));
    let output = [("standard error", &run.stderr_tail), ("standard output", &run.stdout_tail)];
    for (stream, tail) in output {
        let line = visible(telling_line(tail));
        if !line.is_empty() {
            lines.push(format!("on {stream}: {}", cut(&line)));
            break;
        }
    }
    lines
}

fn calls(all: &[Call]) -> Vec<String> {
    let mut counted: Vec<(String, usize)> = Vec::new();
    let speaking: HashSet<u64> = all.iter().filter(|call| is_data(&call.name)).filter_map(|call| call.socket).collect();
    let is_told = |call: &&Call| is_told(call) && (call.kind != SocketKind::Datagram || speaks(call, &speaking));
    for call in all.iter().take(RECORD_CALLS_MAX).filter(is_told) {
        let words = words(call);
        match counted.last_mut() {
            Some((last, count)) if same(last, &words) => *count += 1,
            _ => counted.push((words, 1)),
        }
    }
    let mut lines: Vec<String> = counted.into_iter().map(|(words, count)| times(&words, count)).collect();
    let gap = lines.len().saturating_sub(2 * CALLS_AROUND_GAP);
    if gap > 1 {
        let behind = lines.split_off(CALLS_AROUND_GAP + gap);
        lines.truncate(CALLS_AROUND_GAP);
        lines.push(format!("… {gap} lines more …"));
        lines.extend(behind);
    }
    lines
}

/// A connected datagram socket on which nothing is said only asks the routing table which address would be ours.
fn speaks(call: &Call, speaking: &HashSet<u64>) -> bool {
    let failed = matches!(call.said, Said::Error { .. });
    failed || call.socket.is_none_or(|socket| speaking.contains(&socket))
}

/// Calls that say nothing about a connection are passed over, and so are those to name servers.
fn is_told(call: &Call) -> bool {
    const TOLD_OTHERWISE: [&str; 5] = ["socket", "setsockopt", "getsockname", "getpeername", "fcntl"];
    let to_names = call.peer.is_some_and(|peer| peer.port() == crate::view::DNS_PORT);
    let empty_question = call.name == "getsockopt" && !matches!(call.said, Said::Pending { .. });
    !to_names && !empty_question && !TOLD_OTHERWISE.contains(&call.name.as_str())
}

/// Whether two lines differ only in how long the call took.
fn same(one: &str, other: &str) -> bool {
    let without = |line: &str| line.rsplit_once(" after ").map_or_else(|| line.to_owned(), |(head, _)| head.to_owned());
    without(one) == without(other)
}

/// `connect(3, 10.2.0.2:80) = EINPROGRESS after 0.1 ms`.
fn words(call: &Call) -> String {
    let name = visible(verb(&call.name));
    let mut arguments: Vec<String> = call.descriptor.iter().map(ToString::to_string).collect();
    let names_peer = matches!(call.name.as_str(), "connect" | "sendto" | "sendmsg");
    if let Some(peer) = call.peer.filter(|_| names_peer && (call.name == "connect")) {
        arguments.push(peer.to_string());
    }
    let asks = matches!(call.said, Said::Pending { .. });
    if asks {
        arguments.push("SO_ERROR".to_owned());
    }
    let is_poll = crate::attempts::is_poll(&call.name);
    let said = match &call.said {
        Said::Value(0) if is_poll => "nothing yet".to_owned(),
        Said::Value(_) if is_poll && !call.detail.is_empty() => visible(&call.detail),
        Said::Value(value) => value.to_string(),
        Said::Pending { number: 0, .. } => "no error".to_owned(),
        Said::Error { number, name } | Said::Pending { number, name } if name.is_empty() => format!("error {number}"),
        Said::Error { name, .. } | Said::Pending { name, .. } => visible(name),
        Said::Restarted => "begun again after a signal".to_owned(),
        Said::StillWaiting => return format!("{name}({}) had not returned", arguments.join(", ")),
    };
    let took = call.ended_us.map_or(0, |ended| ended.saturating_sub(call.began_us).max(0));
    format!("{name}({}) = {said} after {}", arguments.join(", "), span(took))
}

fn end(end: &End, took_us: u64) -> String {
    let took = span(i64::try_from(took_us).unwrap_or(i64::MAX));
    match end {
        End::Exited(code) => format!("exit code {code} after {took}"),
        End::Signal { number, name } if name.is_empty() => format!("ended by signal {number} after {took}"),
        End::Signal { name, .. } => format!("ended by {} after {took}", visible(name)),
        End::TimeLimit(_) => format!("it still ran after {took}, its limit, and was ended"),
        End::Interrupted => format!("the user ended it after {took}"),
    }
}

fn cut(line: &str) -> String {
    if line.chars().count() <= LINE_CHARACTERS {
        return line.to_owned();
    }
    let mut short: String = line.chars().take(LINE_CHARACTERS).collect();
    short.push('…');
    short
}
