//! Why a run went as it did: which cause the record shows, which ones it excludes, and what it leaves open.
//!
//! The causes are a table (`causes`). Each has what shows it and what excludes it; the first one that is shown is told, and of the
//! others those that something in the record excludes. Evidence is packets and calls. What the rules of the lab decided is no evidence:
//! it stands apart, as the lab's word.

mod before;
mod causes;
mod connection;
mod datagrams;
mod evidence;
mod excluded;
mod linux;
mod opening;
mod seen;
#[cfg(test)]
mod tests;

use synsent_sockets::Outcome;

use crate::flows::Traffic;
use crate::record::Run;
use crate::words::{counted_words, times, visible};

use causes::{CAUSES, Cause, Finding};
use evidence::{Evidence, Try};
pub use linux::error_of as linux_error_of;

/// How many excluded causes are told.
const EXCLUDED_TOLD: usize = 8;
/// How many peers of other attempts are told.
const PEERS_TOLD: usize = 3;
/// How many decisions of the lab are told.
const DECISIONS_TOLD: usize = 6;

/// The explanation of a run.
#[derive(Clone, PartialEq, Debug)]
pub struct Why {
    /// The cause's name in the table: `refused`, `silence`.
    pub cause: &'static str,
    /// What happened on the wire, and why the program was told what it was told: two sentences.
    pub because: Vec<String>,
    /// What it was not, each with its evidence.
    pub not: Vec<Excluded>,
    /// What the record does not tell.
    pub unknown: Vec<String>,
    /// What the program saw: its calls in order, and how it ended.
    pub seen: Vec<String>,
    /// What the lab's rules decided: its word, not the wire's.
    pub lab: Vec<String>,
    /// What it came to, for the tables of the dialects; `None`: no call of a socket failed.
    pub outcome: Option<Outcome>,
}

/// A cause that the record excludes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Excluded {
    /// The cause: `a firewall that drops`.
    pub cause: String,
    /// What excludes it: `the RST came from 10.2.0.2 itself after 11.2 ms`.
    pub evidence: String,
}

/// Explains a run from its record.
pub fn why(run: &Run) -> Why {
    let traffic = Traffic::of(run);
    let evidence = Evidence::of(run, &traffic);
    let chief = evidence.chief();
    let (cause, finding) = found(&evidence, chief);
    let Finding { wire, told, outcome, unknown } = finding;
    let wire = wire + &others(&evidence, chief, cause).unwrap_or_default();
    let not = excluded(&evidence, chief, cause);
    let mut open: Vec<String> = cause.unknown.iter().map(|words| still_open(words, &not).to_owned()).collect();
    open.extend(unknown);
    open.extend(left_out(run));
    Why {
        cause: cause.id,
        because: [wire, told].map(|sentence| sentence + ".").to_vec(),
        not,
        unknown: open,
        seen: seen::seen(&evidence),
        lab: lab(run),
        outcome,
    }
}

/// The first cause of the table that an attempt shows.
fn found<'a>(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> (&'a Cause, Finding) {
    let shown = CAUSES.iter().find_map(|cause| Some((cause, (cause.shows)(evidence, one)?)));
    // The table's last row always matches.
    shown.unwrap_or_else(|| (&causes::UNEXPLAINED, causes::unexplained(evidence)))
}

/// What happened to the other attempts, as the end of a sentence; after a success only those before it count.
fn others(evidence: &Evidence<'_>, chief: Option<&Try<'_>>, cause: &Cause) -> Option<String> {
    let chief = chief.filter(|_| !cause.tells_attempts_before)?;
    let others: Vec<&Try<'_>> = match chief.opened() {
        true => evidence.before(chief).collect(),
        false => evidence.tries.iter().filter(|one| !std::ptr::eq(*one, chief)).collect(),
    };
    let same = others.iter().filter(|one| (cause.shows)(evidence, Some(one)).is_some()).count();
    let said_here = chief.error();
    let peers = counted_words(others.iter().map(|one| with_other_error(one, said_here)), PEERS_TOLD);
    match others.as_slice() {
        [] => None,
        [_] if same == 1 => Some(format!("; it was the same at {peers}")),
        [other] => Some(format!("; besides, {}", connection::brief(other, evidence))),
        all if same == all.len() => Some(format!("; it was the same in {same} other attempts, at {peers}")),
        all => Some(format!("; of {} other attempts, at {peers}, {same} ended like this one", all.len())),
    }
}

/// Whom an attempt was for, and what connect() said where that is not what it said in the end.
fn with_other_error(one: &Try<'_>, said_here: Option<&str>) -> String {
    match one.error().filter(|said| Some(*said) != said_here && said_here.is_some()) {
        Some(said) => format!("{} (where connect() said {})", one.whom(), visible(said)),
        None => one.whom(),
    }
}

/// What the record excludes: causes of the same stage first.
fn excluded(evidence: &Evidence<'_>, chief: Option<&Try<'_>>, cause: &Cause) -> Vec<Excluded> {
    let mut all: Vec<Excluded> = Vec::new();
    let near = cause.stage.excludes().iter();
    for row in near.flat_map(|stage| CAUSES.iter().filter(move |row| row.stage == *stage)) {
        let is_told = row.label == cause.label || all.iter().any(|known| known.cause == row.label);
        if is_told || all.len() == EXCLUDED_TOLD {
            continue;
        }
        let evidence = row.excludes.and_then(|excludes| excludes(evidence, chief));
        all.extend(evidence.map(|evidence| Excluded { cause: row.label.to_owned(), evidence }));
    }
    all
}

/// What a cause leaves open, when what the record excludes is taken away.
fn still_open<'a>(words: &'a str, not: &[Excluded]) -> &'a str {
    let is_no_loss = not.iter().any(|not| not.cause == "loss");
    if is_no_loss && words == causes::LOST_OR_UNANSWERED { causes::UNANSWERED } else { words }
}

fn left_out(run: &Run) -> Option<String> {
    let kept = if run.first_after_left_out().is_some() { "the first and the last ones" } else { "the first ones" };
    (run.packets_left_out > 0).then(|| {
        format!("What {} packets were that the record has no room for: it keeps {kept}.", run.packets_left_out)
    })
}

/// What the lab's rules decided, equal words counted.
fn lab(run: &Run) -> Vec<String> {
    let mut counted: Vec<(&str, usize)> = Vec::new();
    let mut more = 0;
    for verdict in &run.verdicts {
        let has_room = counted.len() < DECISIONS_TOLD;
        match counted.iter_mut().find(|(words, _)| *words == verdict.words) {
            Some((_, count)) => *count += 1,
            None if has_room => counted.push((&verdict.words, 1)),
            None => more += 1,
        }
    }
    let mut lines: Vec<String> = counted.into_iter().map(|(words, count)| times(&visible(words), count)).collect();
    if more > 0 {
        lines.push(format!("{more} decisions more"));
    }
    lines
}
