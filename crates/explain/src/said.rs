//! What connect() said, in a line for a table: `ECONNREFUSED`, `connected, then recv ECONNRESET`. From observed calls only.

use std::net::SocketAddr;

use crate::attempts::{Attempt, ConnectSaid, attempts};
use crate::flows::Traffic;
use crate::record::{Observation, Run, SocketKind};
use crate::view::DNS_PORT;
use crate::words::{times, visible};

/// How many different things a line says.
const THINGS_IN_A_LINE: usize = 4;

/// What connect() said to the program; attempts to reach a name server do not count.
pub fn said_line(run: &Run) -> String {
    if let Observation::Not(why) = &run.observation {
        return format!("not observed: {}", visible(why));
    }
    let all = own_attempts(run);
    let mut line = if all.is_empty() { "no connect() was called".to_owned() } else { attempts_line(&all) };
    if let Observation::Partly(why) = &run.observation {
        line += &format!(" (not all was observed: {})", visible(why));
    } else if run.calls_left_out > 0 {
        line += &format!(" ({} calls more were not kept)", run.calls_left_out);
    }
    line
}

/// The attempts that are the program's purpose: those of streams, or of datagrams where there are none, and not those that only look
/// names up or ask which address would be ours.
pub fn own_attempts(run: &Run) -> Vec<Attempt> {
    let traffic = Traffic::of(run);
    let is_lookup = |peer: SocketAddr| {
        traffic.is_name_server(peer)
            || run.lookups.is_empty() && peer.port() == DNS_PORT && traffic.questions.is_empty()
    };
    let all: Vec<Attempt> = attempts(run).into_iter().filter(|attempt| !attempt.peer.is_some_and(is_lookup)).collect();
    let streams: Vec<Attempt> = all.iter().filter(|one| one.kind != SocketKind::Datagram).cloned().collect();
    if !streams.is_empty() {
        return streams;
    }
    let spoke =
        |one: &Attempt| one.calls.iter().filter_map(|index| run.calls.get(*index)).any(|call| speaks(&call.name));
    let failed =
        |one: &Attempt| matches!(one.said, ConnectSaid::Failed { .. }) && one.peer.is_some_and(|peer| peer.port() != 0);
    all.into_iter().filter(|one| spoke(one) || failed(one)).collect()
}

/// A connected datagram socket on which nothing is sent or received only asks the routing table.
fn speaks(name: &str) -> bool {
    ["send", "recv", "read", "write"].iter().any(|verb| name.starts_with(verb))
}

fn attempts_line(all: &[Attempt]) -> String {
    let mut counted: Vec<(String, usize)> = Vec::new();
    for attempt in all {
        let words = attempt_words(attempt);
        match counted.last_mut() {
            Some((last, count)) if *last == words => *count += 1,
            _ => counted.push((words, 1)),
        }
    }
    let more: usize = counted.iter().skip(THINGS_IN_A_LINE).map(|(_, count)| count).sum();
    let mut words: Vec<String> =
        counted.iter().take(THINGS_IN_A_LINE).map(|(words, count)| times(words, *count)).collect();
    if more > 0 {
        words.push(format!("{more} more"));
    }
    words.join("; ")
}

/// One attempt: the result, and how it was told where that was not by connect itself.
pub(crate) fn attempt_words(attempt: &Attempt) -> String {
    match &attempt.said {
        ConnectSaid::Connected => match &attempt.later {
            Some((call, name)) => format!("connected, then {} {}", visible(call), visible(name)),
            None => "connected".to_owned(),
        },
        ConnectSaid::Failed { name, number } => {
            let name = if name.is_empty() { format!("error {number}") } else { visible(name) };
            match attempt.how.split_once(", then ") {
                Some((begun, asked)) => format!("{begun}, {} {name}", visible(asked)),
                None => name,
            }
        }
        ConnectSaid::InProgressNeverAsked => format!("{}, never asked for the result", visible(&attempt.how)),
        ConnectSaid::StillWaiting if attempt.how == "connect" => "still waiting at the end".to_owned(),
        ConnectSaid::StillWaiting => {
            format!("{}, still waiting at the end", attempt.how.split(',').next().unwrap_or_default())
        }
        ConnectSaid::Abandoned => {
            format!("{}, closed before a result", attempt.how.split(',').next().unwrap_or_default())
        }
    }
}
