//! `synsent sweep` without a program: every documented outcome of connect(), brought about on a network, a row each.
//!
//! The cases are those of the contract's tests. In the lab they run one after another, in virtual time; on the real networks
//! each has a thread and a network namespace of its own, so several run at once, and their rows appear as they end.

use std::io::{self, ErrorKind, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use anstyle::{AnsiColor, Style};
use serde::Serialize;
use synsent_conformance::contract::{self, Later};
use synsent_conformance::{Api, Case, NotHere, Place, Row, enter_real_worlds, run_at};
use synsent_dialects::DIALECTS;

use crate::arguments::SweepArguments;
use crate::ending::Ending;
use crate::net::Net;
use crate::table::{self, Cell, Table, span};

/// How many cases of a real network run at once: they wait most of the time.
const AT_ONCE: usize = 12;
/// From this width on a row has one line.
const WIDE: usize = 150;
const SITUATION_WIDTH: usize = 38;
const SAID_WIDTH: usize = 25;
/// What is left for it at least; on a narrow terminal the clause is broken instead.
const SAID_WIDTH_MIN: usize = 12;
const TOOK_WIDTH: usize = 7;
const HELD_WIDTH: usize = 8;

/// A case that is to run, and the functions that it calls.
type Planned = (&'static Api, &'static Case);

/// What came of a case.
struct Outcome {
    planned: Planned,
    row: Result<Row, NotHere>,
}

/// How many cases ended how.
#[derive(Default, Serialize)]
struct Totals {
    held: usize,
    not_held: usize,
    /// The lists of the contract say that they cannot be brought about on this network.
    not_here: usize,
    /// They could not be brought about, and no list says why.
    not_tried: usize,
    /// They, or parts of them, need what does not exist yet.
    later: usize,
}

/// Runs the sweep; an outcome that does not hold is an error that says no more than the rows did.
pub(crate) fn sweep(arguments: &SweepArguments) -> Result<(), Ending> {
    let place = arguments.net.as_ref().unwrap_or(&Net::Lab).place()?;
    if place != Place::Lab {
        enter_world()?;
    }
    let dialects = DIALECTS.iter().filter(|dialect| arguments.dialect.is_none_or(|one| one.name == dialect.name));
    let dialects: Vec<&str> = dialects.map(|dialect| dialect.name).collect();
    let planned: Vec<Planned> = dialects.iter().flat_map(|dialect| synsent_conformance::sweep(dialect)).collect();
    let later = contract::later().iter().filter(|later| dialects.contains(&dialect_of(later)));
    let began = Instant::now();
    let mut paper: Box<dyn Paper> = match arguments.json {
        true => Box::new(Lines { out: io::stdout(), place }),
        false => Box::new(Rows::new(&planned, place)),
    };
    let mut totals = Totals::default();
    let written = paper.begin().and_then(|()| {
        run(planned, place, |outcome| {
            totals.count(&outcome, place);
            paper.outcome(&outcome)
        })
    });
    let written = written.and_then(|()| {
        later.into_iter().try_for_each(|later| {
            totals.later += 1;
            paper.later(later)
        })
    });
    let written = written.and_then(|()| paper.end(&totals, began.elapsed()));
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Ending::file("standard output")(error)),
        _ if totals.not_held + totals.not_tried > 0 => Err(Ending::NotHeld),
        _ => Ok(()),
    }
}

/// Enters what the cases on a real network need; a machine that does not give it says so.
fn enter_world() -> Result<(), Ending> {
    let refuse = |missing| {
        Ending::NoWorld(format!("this machine does not allow {missing}: run as root, or in a virtual machine"))
    };
    enter_real_worlds().map_err(refuse)
}

/// Runs the cases and hands out what comes of each. When that cannot be written it ends at once: the threads that wait for
/// their cases end with the process.
fn run(planned: Vec<Planned>, place: Place, each: impl FnMut(Outcome) -> io::Result<()>) -> io::Result<()> {
    let workers = if place == Place::Lab { 1 } else { AT_ONCE };
    let (planned, next) = (Arc::new(planned), Arc::new(AtomicUsize::new(0)));
    let (sender, receiver) = mpsc::channel();
    let mut threads = Vec::new();
    for number in 0..workers {
        let (planned, next, sender) = (Arc::clone(&planned), Arc::clone(&next), sender.clone());
        threads.push(thread::Builder::new().name(format!("sweep {number}")).spawn(move || {
            while let Some(planned) = planned.get(next.fetch_add(1, Ordering::Relaxed)) {
                let row = run_at(planned.1, planned.0, place);
                if sender.send(Outcome { planned: *planned, row }).is_err() {
                    return;
                }
            }
        })?);
    }
    drop(sender);
    receiver.iter().try_for_each(each)?;
    for thread in threads {
        if let Err(panic) = thread.join() {
            std::panic::resume_unwind(panic);
        }
    }
    Ok(())
}

impl Outcome {
    /// Whether the lists of the contract say that it cannot be brought about.
    fn is_listed(&self, place: Place) -> bool {
        contract::is_not_here(self.planned.1.clause, self.planned.1.title, place)
    }
}

impl Totals {
    fn count(&mut self, outcome: &Outcome, place: Place) {
        match &outcome.row {
            Ok(row) if row.held => self.held += 1,
            Ok(_) => self.not_held += 1,
            Err(_) if outcome.is_listed(place) => self.not_here += 1,
            Err(_) => self.not_tried += 1,
        }
    }

    fn sentence(&self, took: Duration) -> String {
        let Totals { held, not_held, not_here, not_tried, later } = self;
        let all = held + not_held + not_here + not_tried + later;
        let not_tried = match not_tried {
            0 => String::new(),
            number => format!("{number} could not be tried, "),
        };
        let took = span(took);
        format!(
            "{all} outcomes: {held} held, {not_held} not held, {not_tried}{not_here} not here, {later} later; {took}"
        )
    }
}

/// Where outcomes are written.
trait Paper {
    fn begin(&mut self) -> io::Result<()>;
    fn outcome(&mut self, outcome: &Outcome) -> io::Result<()>;
    /// An outcome that needs what does not exist yet.
    fn later(&mut self, later: &Later) -> io::Result<()>;
    fn end(&mut self, totals: &Totals, took: Duration) -> io::Result<()>;
}

/// A table for people. Where it is not wide, a row has a second line: what was brought about, and what was on the wire.
struct Rows {
    table: Table<anstream::Stdout>,
    wide: bool,
    place: Place,
}

impl Rows {
    fn new(planned: &[Planned], place: Place) -> Rows {
        let clause = planned.iter().map(|(_, case)| case.clause.len()).max().unwrap_or_default();
        let width = table::terminal_width();
        let wide = width >= WIDE;
        let beside_clause = [SAID_WIDTH_MIN, TOOK_WIDTH, HELD_WIDTH].iter().map(|width| width + table::GAP).sum();
        let clause = clause.min(width.saturating_sub(beside_clause));
        let (clause, took, held) = (Some(clause), Some(TOOK_WIDTH), Some(HELD_WIDTH));
        let columns = match wide {
            true => vec![clause, Some(SITUATION_WIDTH), None, Some(SAID_WIDTH), took, held],
            false => vec![clause, None, took, held],
        };
        Rows { table: Table::new(anstream::stdout(), width, &columns), wide, place }
    }

    /// Clause, situation, on the wire, said, took, held.
    fn row(&mut self, cells: [Cell; 6]) -> io::Result<()> {
        if self.wide {
            return self.table.row(&cells);
        }
        let [clause, situation, wire, said, took, held] = cells;
        self.table.row(&[clause, said, took, held])?;
        self.table.below(Cell::styled(Style::new().dimmed(), format!("{}: {}", situation.text, wire.text)))
    }
}

impl Paper for Rows {
    fn begin(&mut self) -> io::Result<()> {
        let took = format!("took, {}", clock(self.place));
        let heads = ["clause", "situation", "on the wire", "connect() said", &took, ""];
        self.row(heads.map(|head| Cell::styled(Style::new().bold(), head)))
    }

    fn outcome(&mut self, outcome: &Outcome) -> io::Result<()> {
        let case = outcome.planned.1;
        let (clause, situation) = (Cell::plain(case.clause), Cell::plain(case.title));
        match &outcome.row {
            Ok(row) => {
                let said = match row.number {
                    Some(number) => format!("{} ({number})", row.said),
                    None => row.said.clone(),
                };
                let (wire, said) = (Cell::plain(&row.on_the_wire), Cell::plain(said));
                let held = match row.held {
                    true => Cell::styled(AnsiColor::Green.on_default(), "held"),
                    false => Cell::styled(AnsiColor::Red.on_default().bold(), "NOT HELD"),
                };
                self.row([clause, situation, wire, said, Cell::plain(span(row.took)), held])?;
                match row.held {
                    true => Ok(()),
                    false => self.table.below(Cell::styled(AnsiColor::Red.on_default(), &row.note)),
                }
            }
            Err(NotHere(why)) if !outcome.is_listed(self.place) => {
                let style = AnsiColor::Red.on_default().bold();
                let why = Cell::plain(format!("could not be tried: {why}"));
                self.row([clause, situation, why, Cell::plain(""), Cell::plain(""), Cell::styled(style, "UNTRIED")])
            }
            Err(NotHere(why)) => {
                let why = Cell::plain(format!("not here: {why}"));
                let not_here = Cell::styled(Style::new().dimmed(), "not here");
                self.row([clause, situation, why, Cell::plain(""), Cell::plain(""), not_here])
            }
        }
    }

    fn later(&mut self, later: &Later) -> io::Result<()> {
        let (part, word) = match later.part.as_str() {
            "" => ("the whole clause", "later"),
            part => (part, "in part"),
        };
        let word = Cell::styled(Style::new().dimmed(), word);
        let why = Cell::plain(format!("later: {}", later.because));
        self.row([Cell::plain(&later.clause), Cell::plain(part), why, Cell::plain(""), Cell::plain(""), word])
    }

    fn end(&mut self, totals: &Totals, took: Duration) -> io::Result<()> {
        writeln!(self.table.out(), "{}", totals.sentence(took))?;
        self.table.out().flush()
    }
}

/// An object of JSON a line, for programs.
struct Lines {
    out: io::Stdout,
    place: Place,
}

/// What an object has. Where a case could not be brought about, it has the reason instead of an outcome.
#[derive(Default, Serialize)]
struct Object<'a> {
    dialect: &'a str,
    network: &'a str,
    clause: &'a str,
    situation: &'a str,
    on_the_wire: Option<&'a str>,
    said: Option<&'a str>,
    number: Option<i32>,
    expected: Option<&'a str>,
    took_seconds: Option<f64>,
    /// `virtual` or `real`: the time that `took_seconds` is counted in.
    clock: &'a str,
    held: Option<bool>,
    note: Option<&'a str>,
    not_here: Option<&'a str>,
    /// It could not be brought about, and no list says so: that is a failure.
    not_tried: Option<&'a str>,
    /// What it needs that does not exist yet.
    later: Option<&'a str>,
}

/// The last object.
#[derive(Serialize)]
struct LastObject<'a> {
    totals: &'a Totals,
    network: &'a str,
    clock: &'a str,
    /// In real time.
    took_seconds: f64,
}

impl Lines {
    fn write(&mut self, object: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(object)?;
        line.push(b'\n');
        self.out.write_all(&line)?;
        self.out.flush()
    }
}

impl Paper for Lines {
    fn begin(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn outcome(&mut self, outcome: &Outcome) -> io::Result<()> {
        let (api, case) = outcome.planned;
        let row = outcome.row.as_ref().ok();
        let why = outcome.row.as_ref().err().map(|NotHere(why)| why.as_str());
        let is_listed = outcome.is_listed(self.place);
        let object = Object {
            dialect: api.name(),
            network: self.place.name(),
            clause: case.clause,
            situation: case.title,
            on_the_wire: row.map(|row| row.on_the_wire.as_str()),
            said: row.map(|row| row.said.as_str()),
            number: row.and_then(|row| row.number),
            expected: row.map(|row| row.expected.as_str()),
            took_seconds: row.map(|row| row.took.as_secs_f64()),
            clock: clock(self.place),
            held: row.map(|row| row.held),
            note: row.map(|row| row.note.as_str()),
            not_here: why.filter(|_| is_listed),
            not_tried: why.filter(|_| !is_listed),
            later: None,
        };
        self.write(&object)
    }

    fn later(&mut self, later: &Later) -> io::Result<()> {
        self.write(&Object {
            dialect: dialect_of(later),
            network: self.place.name(),
            clause: &later.clause,
            situation: &later.part,
            clock: clock(self.place),
            later: Some(&later.because),
            ..Object::default()
        })
    }

    fn end(&mut self, totals: &Totals, took: Duration) -> io::Result<()> {
        let (network, clock) = (self.place.name(), clock(self.place));
        self.write(&LastObject { totals, network, clock, took_seconds: took.as_secs_f64() })
    }
}

/// The dialect of a clause that is shown later.
fn dialect_of(later: &Later) -> &str {
    later.clause.split('.').next().unwrap_or_default()
}

/// The time that a place counts in.
fn clock(place: Place) -> &'static str {
    if place == Place::Lab { "virtual" } else { "real" }
}
