//! What a sweep shows as a whole, and no single row: what the user did not know.
//!
//! Failures that cannot be told from one another, programs without a time limit of their own, crashes, and success that is none.
//! Everything is counted from the rows; nothing here knows what a case was meant to do.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use serde::Serialize;
use synsent_explain::End;

use super::seen::Seen;
use crate::table::span;
use crate::words;

/// An outcome took long when it took at least this, and
const LONG: Duration = Duration::from_secs(1);
/// this many times what half of the outcomes took at most.
const LONG_TIMES: u32 = 5;
/// and this part of the longest one's time: its percentage.
const LONG_PERCENT: u32 = 75;
/// What is told of a program that never came to the lab.
const NEVER_TRIED: &str = "connect() was called in none of them: names that end in .test lead into the lab, and others do with \
    --all-names";
/// How many outcomes are named after one another.
const NAMES: usize = 12;

/// The totals; every list has the names of outcomes.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub(crate) struct Totals {
    /// How many outcomes there were.
    pub(crate) outcomes: usize,
    /// How often the exit code was 0.
    pub(crate) exit_zero: usize,
    /// How often it was another one.
    pub(crate) exit_other: usize,
    /// Failures whose telling line on standard error is the same, up to numbers that change by themselves.
    pub(crate) same_line: Vec<SameLine>,
    /// Failures without a line on standard error.
    pub(crate) without_a_word: Vec<String>,
    /// The program had not ended when its time was over.
    pub(crate) ended_by_synsent: Vec<String>,
    /// It took far longer than in the others.
    pub(crate) took_long: Vec<TookLong>,
    /// A signal ended it that nobody sent.
    pub(crate) crashed: Vec<Crashed>,
    /// The exit code was 0, and no connection held.
    pub(crate) success_without_connection: Vec<String>,
    /// Its calls could not be observed, or not all.
    pub(crate) not_observed: Vec<NotObserved>,
    /// Whether the program called connect() in none of them.
    pub(crate) never_tried: bool,
    /// What fell back to something else.
    pub(crate) notes: Vec<Note>,
    /// They are not as expected; empty without an expectation.
    pub(crate) changed: Vec<String>,
}

/// Failures that print the same.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct SameLine {
    pub(crate) line: String,
    pub(crate) outcomes: Vec<String>,
    /// The exit codes that they have, each once.
    pub(crate) exit_codes: Vec<i32>,
}

/// An outcome that took long.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub(crate) struct TookLong {
    pub(crate) outcome: String,
    pub(crate) took_seconds: f64,
}

/// An outcome that the program did not survive.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Crashed {
    pub(crate) outcome: String,
    pub(crate) signal: String,
}

/// Outcomes whose calls could not be observed for the same reason.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct NotObserved {
    pub(crate) because: String,
    pub(crate) outcomes: Vec<String>,
}

/// A note, and the outcomes that have it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Note {
    pub(crate) note: String,
    pub(crate) outcomes: Vec<String>,
}

impl Totals {
    /// The totals of these rows.
    pub(crate) fn of(rows: &[Seen]) -> Totals {
        let named = |holds: &dyn Fn(&Seen) -> bool| -> Vec<String> {
            rows.iter().filter(|row| holds(row)).map(|row| row.case.clone()).collect()
        };
        let crashed = rows.iter().filter_map(|row| match &row.end {
            End::Signal { name, .. } => Some(Crashed { outcome: row.case.clone(), signal: name.clone() }),
            _ => None,
        });
        Totals {
            outcomes: rows.len(),
            exit_zero: rows.iter().filter(|row| row.is_success()).count(),
            exit_other: rows.iter().filter(|row| matches!(row.end, End::Exited(code) if code != 0)).count(),
            same_line: same_line(rows),
            without_a_word: named(&|row| is_failure(row) && row.line.is_empty()),
            ended_by_synsent: named(&|row| matches!(row.end, End::TimeLimit(_))),
            took_long: took_long(rows),
            crashed: crashed.collect(),
            success_without_connection: named(&|row| row.is_success() && row.is_connected == Some(false)),
            not_observed: told(rows, |row| row.not_observed.as_slice())
                .map(|(because, outcomes)| NotObserved { because, outcomes })
                .collect(),
            never_tried: !rows.is_empty() && !rows.iter().any(|row| row.has_tried),
            notes: told(rows, |row| &row.notes).map(|(note, outcomes)| Note { note, outcomes }).collect(),
            changed: named(&|row| !row.unmet.is_empty()),
        }
    }

    /// The first of the last lines: how many outcomes there were, and how the program ended in them.
    pub(crate) fn sentence(&self, took: Duration) -> String {
        let counted = [
            (self.exit_zero, "exit 0"),
            (self.exit_other, "exit otherwise"),
            (self.crashed.len(), "crashed"),
            (self.ended_by_synsent.len(), "ended by synsent"),
        ];
        let parts: Vec<String> =
            counted.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        format!("{} in {}: {}", outcomes(self.outcomes), span(took), parts.join(", "))
    }

    /// What the user did not know, a sentence each.
    pub(crate) fn findings(&self, limit: Option<Duration>) -> Vec<String> {
        let mut found = Vec::new();
        if !self.changed.is_empty() {
            let (count, names) = (self.changed.len(), names(&self.changed));
            found.push(format!("{} not as expected: {names}", outcomes(count)));
        }
        if self.never_tried {
            found.push(NEVER_TRIED.to_owned());
        }
        for same in &self.same_line {
            let codes = match same.exit_codes.as_slice() {
                [] | [_] => String::new(),
                codes => format!(" (exit codes {})", codes.iter().map(i32::to_string).collect::<Vec<_>>().join(", ")),
            };
            let names = names(&same.outcomes);
            found.push(format!(
                "{} print the same line: \"{}\"{codes}: {names}",
                outcomes(same.outcomes.len()),
                same.line
            ));
        }
        if !self.without_a_word.is_empty() {
            let (count, names) = (self.without_a_word.len(), names(&self.without_a_word));
            found.push(format!(
                "{} {} without a word on standard error: {names}",
                outcomes(count),
                verb(count, "fail")
            ));
        }
        if !self.ended_by_synsent.is_empty() {
            let (count, names) = (self.ended_by_synsent.len(), names(&self.ended_by_synsent));
            let limit = limit.map(|limit| format!(" of its own within {}", words::round(limit))).unwrap_or_default();
            found.push(format!("no timeout{limit} in {}, synsent ended it: {names}", outcomes(count)));
        }
        if !self.took_long.is_empty() {
            let told: Vec<String> = self
                .took_long
                .iter()
                .map(|long| format!("{} {}", long.outcome, span(Duration::from_secs_f64(long.took_seconds))))
                .collect();
            found.push(format!("took far longer than the others: {}", names(&told)));
        }
        if !self.crashed.is_empty() {
            let told: Vec<String> =
                self.crashed.iter().map(|crash| format!("{} ({})", crash.outcome, crash.signal)).collect();
            found.push(format!("crashes: {}", names(&told)));
        }
        if !self.success_without_connection.is_empty() {
            let names = names(&self.success_without_connection);
            found.push(format!("exit 0 though no connection held: {names}"));
        }
        for unseen in &self.not_observed {
            let names = names(&unseen.outcomes);
            found.push(format!("connect() could not be observed, or not all of it: {}: {names}", unseen.because));
        }
        for note in &self.notes {
            let names = if note.outcomes.len() == self.outcomes { "all".to_owned() } else { names(&note.outcomes) };
            found.push(format!("{}: {names}", note.note));
        }
        found
    }

    /// The outcome that is most worth to be explained.
    pub(crate) fn most_telling<'a>(&'a self, rows: &'a [Seen]) -> Option<&'a str> {
        let first = |names: &'a [String]| names.first().map(String::as_str);
        first(&self.changed)
            .or(self.crashed.first().map(|crash| crash.outcome.as_str()))
            .or(first(&self.success_without_connection))
            .or(first(&self.ended_by_synsent))
            .or(self.same_line.first().and_then(|same| first(&same.outcomes)))
            .or(rows.iter().find(|row| !row.is_success()).or(rows.first()).map(|row| row.case.as_str()))
    }
}

/// Writes the last lines of a table for people.
pub(crate) fn write(
    out: &mut dyn io::Write,
    width: usize,
    totals: &Totals,
    took: Duration,
    limit: Option<Duration>,
) -> io::Result<()> {
    writeln!(out)?;
    crate::table::wrap(&totals.sentence(took), width).iter().try_for_each(|line| writeln!(out, "{line}"))?;
    for finding in totals.findings(limit) {
        for (number, line) in crate::table::wrap(&finding, width.saturating_sub(2)).into_iter().enumerate() {
            writeln!(out, "{}{line}", if number == 0 { "- " } else { "  " })?;
        }
    }
    out.flush()
}

/// A line without the numbers that change from run to run: spans of time, times of day, addresses of memory, ports that the
/// kernel chose. What they were is `…`.
pub(crate) fn steady(line: &str) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut words = line.split(' ').peekable();
    while let Some(word) = words.next() {
        let (open, core, close) = stripped(word);
        let followed_by_unit = words.peek().is_some_and(|next| is_time_unit(stripped(next).1));
        let changes = is_number(core) && followed_by_unit || is_span(core) || is_time_of_day(core) || is_memory(core);
        match (changes, core.rsplit_once(':')) {
            (true, _) => out.push(format!("{open}…{close}")),
            (false, Some((address, port))) if is_chosen_port(port) && address.contains(['.', ':']) => {
                out.push(format!("{open}{address}:…{close}"));
            }
            _ => out.push(word.to_owned()),
        }
    }
    out.join(" ")
}

fn is_failure(row: &Seen) -> bool {
    match row.end {
        End::Exited(code) => code != 0,
        End::Signal { .. } => true,
        End::TimeLimit(_) | End::Interrupted => false,
    }
}

/// The groups of failures with the same line, the largest first.
fn same_line(rows: &[Seen]) -> Vec<SameLine> {
    let mut groups: Vec<SameLine> = Vec::new();
    for row in rows.iter().filter(|row| is_failure(row) && !row.line.is_empty()) {
        let line = steady(&row.line);
        let index = groups.iter().position(|group| group.line == line).unwrap_or_else(|| {
            groups.push(SameLine { line, outcomes: Vec::new(), exit_codes: Vec::new() });
            groups.len() - 1
        });
        let group = &mut groups[index];
        group.outcomes.push(row.case.clone());
        if let End::Exited(code) = row.end
            && !group.exit_codes.contains(&code)
        {
            group.exit_codes.push(code);
        }
    }
    groups.retain(|group| group.outcomes.len() > 1);
    groups.sort_by_key(|group| std::cmp::Reverse(group.outcomes.len()));
    groups
}

/// Those that ended by themselves, but late; the longest first.
fn took_long(rows: &[Seen]) -> Vec<TookLong> {
    let mut times: Vec<Duration> = rows.iter().map(|row| row.took).collect();
    times.sort();
    let Some(half) = times.get(times.len().saturating_sub(1) / 2) else { return Vec::new() };
    let mut ended: Vec<&Seen> = rows.iter().filter(|row| !matches!(row.end, End::TimeLimit(_))).collect();
    ended.sort_by_key(|row| std::cmp::Reverse(row.took));
    let longest = ended.first().map(|row| row.took).unwrap_or_default();
    let least = LONG.max(*half * LONG_TIMES).max(longest * LONG_PERCENT / 100);
    let long = ended.iter().filter(|row| row.took >= least);
    long.map(|row| TookLong { outcome: row.case.clone(), took_seconds: row.took.as_secs_f64() }).collect()
}

/// Each sentence with the outcomes that it is told of.
fn told<'a>(rows: &'a [Seen], of: impl Fn(&'a Seen) -> &'a [String]) -> impl Iterator<Item = (String, Vec<String>)> {
    let mut sentences: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for row in rows {
        for sentence in of(row) {
            sentences.entry(sentence).or_default().push(row.case.clone());
        }
    }
    sentences.into_iter().map(|(sentence, outcomes)| (words::visible(sentence), outcomes))
}

fn names(all: &[String]) -> String {
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    words::some(&all, NAMES)
}

fn outcomes(count: usize) -> String {
    if count == 1 { "1 outcome".to_owned() } else { format!("{count} outcomes") }
}

fn verb(count: usize, word: &str) -> String {
    if count == 1 { format!("{word}s") } else { word.to_owned() }
}

/// A word without what encloses it.
fn stripped(word: &str) -> (&str, &str, &str) {
    let open = word.len() - word.trim_start_matches(['(', '[', '<', '"', '\'']).len();
    let (open, rest) = word.split_at(open);
    let core = rest.trim_end_matches([')', ']', '>', '"', '\'', ',', '.', ';', ':']);
    let (core, close) = rest.split_at(core.len());
    (open, core, close)
}

fn is_number(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_digit()) && word.parse::<f64>().is_ok()
}

fn is_time_unit(word: &str) -> bool {
    ["ns", "us", "µs", "ms", "s", "sec", "secs", "second", "seconds", "millis", "milliseconds", "microseconds"]
        .contains(&word)
}

/// A number that is one word with its unit: `3ms`, `0.25s`.
fn is_span(word: &str) -> bool {
    let number = word.trim_end_matches(char::is_alphabetic);
    number.len() < word.len() && is_number(number) && is_time_unit(&word[number.len()..])
}

/// `12:34:56`, `12:34:56.789`, `2026-01-31`, and both with a `T` between them.
fn is_time_of_day(word: &str) -> bool {
    let is_of = |text: &str, by: char, parts: usize| {
        text.split(by).count() == parts
            && text.split(by).all(|part| part.len() >= 2 && part.parse::<f64>().is_ok() && !part.contains(['+', 'e']))
    };
    match word.trim_end_matches('Z').split_once(['T', '_']) {
        Some((date, time)) => is_of(date, '-', 3) && is_of(time, ':', 3),
        None => is_of(word, ':', 3) || is_of(word, '-', 3),
    }
}

/// `0x7f3a5c001040`.
fn is_memory(word: &str) -> bool {
    word.strip_prefix("0x").is_some_and(|digits| digits.len() >= 6 && digits.chars().all(|one| one.is_ascii_hexdigit()))
}

/// A port from the range in which kernels choose.
fn is_chosen_port(port: &str) -> bool {
    port.parse::<u16>().is_ok_and(|port| port >= 32_768)
}
