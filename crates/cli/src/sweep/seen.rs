//! What one run of a sweep came to, in the words of a row.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use synsent_explain::view::What;
use synsent_explain::{
    ConnectSaid, End, Observation, Run, SocketKind, View, own_attempts, said_line, telling_line, wire_line,
};

use crate::words;

/// The name of the program's line in a record.
const OUR_LINE: &str = "us";

/// What a row shows.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Seen {
    pub(crate) case: String,
    pub(crate) summary: String,
    /// What was on the wire, from packets only.
    pub(crate) wire: String,
    /// What connect() said, from observed calls only.
    pub(crate) said: String,
    /// Whether the program called connect(), or that could not be observed.
    pub(crate) has_tried: bool,
    /// Whether an attempt of the program ended with a connection that then did not fail; `None`: it made no attempt, or that
    /// could not be observed.
    pub(crate) is_connected: Option<bool>,
    /// Why the calls could not be observed, or not all.
    pub(crate) not_observed: Option<String>,
    /// How long SYNs would have been repeated outside, where nobody answered them and it was shortened here.
    pub(crate) ladder: Option<String>,
    pub(crate) took: Duration,
    pub(crate) end: End,
    /// The line of standard error that tells the error: most often the last one.
    pub(crate) line: String,
    pub(crate) stdout_tail: String,
    pub(crate) stderr_tail: String,
    pub(crate) notes: Vec<String>,
    /// What is not as expected, a sentence each.
    pub(crate) unmet: Vec<String>,
    /// The name of the recorded run.
    pub(crate) record: String,
}

impl Seen {
    /// What a recorded run came to.
    pub(crate) fn of(run: &Run, record: &str, unmet: Vec<String>) -> Seen {
        Seen {
            case: run.case.clone(),
            summary: run.summary.clone(),
            wire: wire_line(run),
            said: said_line(run),
            has_tried: run.observation != Observation::Full || !own_attempts(run).is_empty(),
            is_connected: is_connected(run),
            not_observed: not_observed(run),
            ladder: ladder(run),
            took: Duration::from_micros(run.took_us),
            end: run.end.clone(),
            line: words::visible(telling_line(&run.stderr_tail)),
            stdout_tail: run.stdout_tail.clone(),
            stderr_tail: run.stderr_tail.clone(),
            notes: run.notes.clone(),
            unmet,
            record: record.to_owned(),
        }
    }

    /// Whether the program ended by itself and said that all went well.
    pub(crate) fn is_success(&self) -> bool {
        self.end == End::Exited(0)
    }

    /// What stands in the column of the wire.
    pub(crate) fn on_the_wire(&self) -> String {
        match &self.ladder {
            Some(ladder) => format!("{} ({ladder})", self.wire),
            None => self.wire.clone(),
        }
    }
}

/// Why a run's calls were not observed, or not all.
fn not_observed(run: &Run) -> Option<String> {
    match &run.observation {
        Observation::Full if run.calls_left_out > 0 => Some("there were more calls than a record keeps".to_owned()),
        Observation::Full => None,
        Observation::Partly(why) | Observation::Not(why) => Some(words::visible(why)),
    }
}

/// Whether a connection of the program held. A program that only looked a name up wanted one.
fn is_connected(run: &Run) -> Option<bool> {
    let mut streams = own_attempts(run).into_iter().filter(|one| one.kind == SocketKind::Stream).peekable();
    let has_tried = streams.peek().is_some() || !run.lookups.is_empty();
    let holds = streams.any(|attempt| attempt.said == ConnectSaid::Connected && attempt.later.is_none());
    match not_observed(run) {
        _ if holds => Some(true),
        None if has_tried => Some(false),
        _ => None,
    }
}

/// How long SYNs would have been repeated by default, where nobody answered all those that the shortened ladder had.
fn ladder(run: &Run) -> Option<String> {
    if !run.ladder.is_shortened() {
        return None;
    }
    let mut syns: HashMap<(SocketAddr, SocketAddr), u32> = HashMap::new();
    for packet in run.packets.iter().filter(|packet| packet.outward && packet.line == OUR_LINE) {
        match View::of(packet).map(|view| view.what) {
            Some(What::Tcp(segment)) if segment.opens() => {
                *syns.entry((segment.source, segment.destination)).or_default() += 1;
            }
            _ => {}
        }
    }
    for packet in run.packets.iter().filter(|packet| !packet.outward && packet.line == OUR_LINE) {
        if let Some(What::Tcp(segment)) = View::of(packet).map(|view| view.what) {
            syns.remove(&(segment.destination, segment.source));
        }
    }
    let here = run.ladder.retries();
    let climbed = syns.values().any(|syns| *syns > here);
    let retries = if here == 1 { "retry" } else { "retries" };
    climbed.then(|| format!("{} s ladder, {here} {retries} here", run.ladder.default_seconds()))
}
