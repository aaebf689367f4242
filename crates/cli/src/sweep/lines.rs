//! A program's sweep for programs: an object of JSON a line, the last one with the totals.

use std::io::{self, Write};

use serde::Serialize;
use synsent_explain::End;

use super::seen::Seen;
use super::totals::Totals;
use super::{Closing, Paper};

/// The lines.
pub(super) struct Lines<W> {
    pub(super) out: W,
}

/// What the object of an outcome has. Where the program could not be run, it has the reason and else only the name.
#[derive(Default, Serialize)]
struct Object<'a> {
    /// The case.
    outcome: &'a str,
    /// What it is, in a line.
    summary: &'a str,
    /// What was on the wire, from packets only.
    on_the_wire: Option<&'a str>,
    /// What connect() said, from observed calls only.
    connect_said: Option<&'a str>,
    /// Whether an attempt ended with a connection that then did not fail; null: unknown, or there was none.
    connected: Option<bool>,
    /// Why the calls could not be observed, or not all.
    not_observed: Option<&'a str>,
    /// How much longer silence would have taken outside.
    ladder: Option<&'a str>,
    took_seconds: Option<f64>,
    /// Where the program ended by itself.
    exit_code: Option<i32>,
    /// Where a signal ended it: its name.
    signal: Option<&'a str>,
    /// It had not ended when its time was over.
    ended_by_synsent: bool,
    /// The line of standard error that tells the error: the last one that is no list of places in the code.
    last_line: Option<&'a str>,
    /// What fell back to something else.
    notes: &'a [String],
    /// What is not as expected.
    changed: &'a [String],
    /// The name of the recorded run: `synsent why` takes it.
    run: Option<&'a str>,
    /// Why the program could not be run.
    not_run: Option<&'a str>,
}

/// The last object.
#[derive(Serialize)]
struct LastObject<'a> {
    totals: &'a Totals,
    seed: u64,
    program: &'a [String],
    took_seconds: f64,
}

/// An outcome of the list.
#[derive(Serialize)]
struct Listed<'a> {
    outcome: &'a str,
    summary: &'a str,
}

impl<W: Write> Lines<W> {
    fn write(&mut self, object: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(object)?;
        line.push(b'\n');
        self.out.write_all(&line)?;
        self.out.flush()
    }

    /// The list of cases.
    pub(super) fn list<'a>(&mut self, mut cases: impl Iterator<Item = (&'a str, &'a str)>) -> io::Result<()> {
        cases.try_for_each(|(outcome, summary)| self.write(&Listed { outcome, summary }))
    }
}

impl<W: Write> Paper for Lines<W> {
    fn row(&mut self, seen: &Seen) -> io::Result<()> {
        self.write(&Object {
            outcome: &seen.case,
            summary: &seen.summary,
            on_the_wire: Some(&seen.wire),
            connect_said: Some(&seen.said),
            connected: seen.is_connected,
            not_observed: seen.not_observed.as_deref(),
            ladder: seen.ladder.as_deref(),
            took_seconds: Some(seen.took.as_secs_f64()),
            exit_code: match seen.end {
                End::Exited(code) => Some(code),
                _ => None,
            },
            signal: match &seen.end {
                End::Signal { name, .. } => Some(name),
                _ => None,
            },
            ended_by_synsent: matches!(seen.end, End::TimeLimit(_)),
            last_line: Some(&seen.line),
            notes: &seen.notes,
            changed: &seen.unmet,
            run: Some(&seen.record),
            not_run: None,
        })
    }

    fn failed(&mut self, case: &str, why: &str) -> io::Result<()> {
        self.write(&Object { outcome: case, not_run: Some(why), ..Object::default() })
    }

    fn end(&mut self, totals: &Totals, closing: &Closing<'_>) -> io::Result<()> {
        let (seed, program, took_seconds) = (closing.seed, closing.program, closing.took.as_secs_f64());
        self.write(&LastObject { totals, seed, program, took_seconds })
    }
}
