//! `synsent why`: what happened in a recorded run, and why; or what can be said of one attempt on the real network.
//!
//! The explanation is made from the record alone, by the same functions whether it goes to a terminal, a picture, a page or an
//! object of JSON. What the four dialects would have reported is found out anew each time, in virtual time, on the scenario of
//! the record.

mod live;
mod meaning;
mod route;

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use anstyle::Style as Ansi;
use serde::Serialize;
use synsent_explain::{DialectSaid, Run, Style, Why, html, said_line, svg, text, wire_line};
use synsent_world::{RunDirectory, Runs, RunsError, dialects};

use crate::arguments::WhyArguments;
use crate::ending::Ending;
use crate::table::{self, Cell, Table, span};
use crate::words;

/// How many recorded runs a list shows: the last ones.
const LISTED: usize = 50;
/// How wide the program of a run is in a list at least, and how its end.
const END_WIDTH: usize = 27;

/// A run with its explanation.
struct Explained {
    run: Run,
    why: Why,
    dialects: Vec<DialectSaid>,
    files: Vec<(String, String)>,
}

/// The object of `--json`.
#[derive(Serialize)]
struct Object<'a> {
    /// What it came to.
    cause: &'a str,
    because: &'a [String],
    not: Vec<NotObject<'a>>,
    unknown: &'a [String],
    /// What the lab's rules decided.
    lab: &'a [String],
    seen_by_the_program: &'a [String],
    on_the_wire: String,
    connect_said: String,
    dialects: Vec<DialectObject<'a>>,
    files: Vec<FileObject<'a>>,
    /// All that was recorded.
    run: &'a Run,
}

#[derive(Serialize)]
struct NotObject<'a> {
    cause: &'a str,
    evidence: &'a str,
}

#[derive(Serialize)]
struct DialectObject<'a> {
    dialect: &'a str,
    name: &'a str,
    number: Option<i64>,
    clause: &'a str,
    sentence: &'a str,
    took_ms: Option<u64>,
}

#[derive(Serialize)]
struct FileObject<'a> {
    what: &'a str,
    path: &'a str,
}

/// A run of the list.
#[derive(Serialize)]
struct Listed {
    run: String,
    outcome: String,
    program: Vec<String>,
    ended: String,
    took_seconds: f64,
}

/// Explains.
pub(crate) fn why(arguments: &WhyArguments) -> Result<(), Ending> {
    if let Some([host, port]) = arguments.live.as_deref() {
        return live::live(host, port, arguments.limit, arguments.json);
    }
    let runs = Runs::open().map_err(recorded)?;
    if arguments.list {
        return quiet_pipe(list(&runs, arguments.json));
    }
    let found = find(&runs, arguments.which.as_deref())?;
    let explained = Explained::of(&found)?;
    if let Some(file) = &arguments.svg {
        write_file(file, &svg(&explained.run))?;
    }
    if let Some(file) = &arguments.html {
        let Explained { run, why, dialects, files } = &explained;
        write_file(file, &html(run, why, dialects, files))?;
    }
    let drawn = arguments.svg.is_some() || arguments.html.is_some();
    quiet_pipe(match (arguments.json, drawn) {
        (true, _) => explained.write_json(&mut io::stdout().lock()),
        (false, true) => Ok(()),
        (false, false) => explained.write(arguments.ascii),
    })
}

impl Explained {
    fn of(directory: &RunDirectory) -> Result<Explained, Ending> {
        let run = directory.read().map_err(recorded)?;
        let files = directory.files().into_iter();
        let files = files.map(|(what, path)| (what.to_owned(), path.display().to_string())).collect();
        Ok(Explained { why: synsent_explain::why(&run), dialects: dialects::ask(&run), files, run })
    }

    /// The text in the width of the terminal; whoever writes elsewhere gets it without colours.
    fn write(&self, ascii: bool) -> io::Result<()> {
        let style = Style { ascii, colours: true };
        let text = text(&self.run, &self.why, &self.dialects, &self.files, table::terminal_columns(), style);
        let mut out = anstream::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let Why { cause, because, not, unknown, seen, lab, outcome: _ } = &self.why;
        let object = Object {
            cause,
            because,
            not: not.iter().map(|not| NotObject { cause: &not.cause, evidence: &not.evidence }).collect(),
            unknown,
            lab,
            seen_by_the_program: seen,
            on_the_wire: wire_line(&self.run),
            connect_said: said_line(&self.run),
            dialects: self.dialects.iter().map(dialect_object).collect(),
            files: self.files.iter().map(|(what, path)| FileObject { what, path }).collect(),
            run: &self.run,
        };
        serde_json::to_writer(&mut *out, &object)?;
        writeln!(out)?;
        out.flush()
    }
}

fn dialect_object(said: &DialectSaid) -> DialectObject<'_> {
    DialectObject {
        dialect: &said.dialect,
        name: &said.name,
        number: said.number,
        clause: &said.clause,
        sentence: &said.sentence,
        took_ms: said.took_ms,
    }
}

/// The run that was asked for; a name that is nearly that of one is told.
fn find(runs: &Runs, which: Option<&str>) -> Result<RunDirectory, Ending> {
    let Some(which) = which else { return runs.last().map_err(recorded) };
    runs.find(which).map_err(|error| {
        let RunsError::Unknown { .. } = &error else { return recorded(error) };
        let all = runs.all();
        // The case stands behind the time: 20261121-104512-refused.
        let names = all.iter().rev().filter_map(|run| run.id.splitn(3, '-').nth(2)?.split('.').next());
        match words::nearest(which, names) {
            Some(meant) => Ending::Run(format!("{error}; did you mean `{meant}`?")),
            None => Ending::Run(format!("{error}; `synsent why --list` shows all")),
        }
    })
}

/// The last runs, the last one first.
fn list(runs: &Runs, json: bool) -> io::Result<()> {
    let mut all = runs.all();
    let older = all.len().saturating_sub(LISTED);
    all.reverse();
    // A record that cannot be read is told by who asks for it.
    let listed: Vec<Listed> = all
        .iter()
        .take(LISTED)
        .filter_map(|directory| {
            let run = directory.read().ok()?;
            Some(Listed {
                run: directory.id.clone(),
                outcome: run.case,
                program: run.program,
                ended: words::ending(&run.end),
                took_seconds: run.took_us as f64 / 1e6,
            })
        })
        .collect();
    if json {
        let mut out = io::stdout().lock();
        return listed.iter().try_for_each(|run| {
            serde_json::to_writer(&mut out, run)?;
            writeln!(out)
        });
    }
    let longest = listed.iter().map(|run| run.run.len()).max().unwrap_or_default();
    let width = table::terminal_width();
    let columns = [Some(longest.min(width / 2)), Some(END_WIDTH.min(width / 4)), None];
    let mut table = Table::new(anstream::stdout().lock(), width, &columns);
    for run in &listed {
        let took = span(std::time::Duration::from_secs_f64(run.took_seconds));
        let ended = format!("{} ({took})", run.ended);
        let program = words::visible(&run.program.join(" "));
        table.row(&[Cell::styled(Ansi::new().bold(), &run.run), Cell::plain(ended), Cell::plain(program)])?;
    }
    match older {
        0 => Ok(()),
        _ => writeln!(table.out(), "and {older} older ones"),
    }
}

fn recorded(error: RunsError) -> Ending {
    Ending::Run(error.to_string())
}

fn write_file(file: &Path, text: &str) -> Result<(), Ending> {
    fs::write(file, text).map_err(Ending::file(file.display().to_string()))
}

/// That the output was closed is a reader who has seen enough.
fn quiet_pipe(written: io::Result<()>) -> Result<(), Ending> {
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Ending::file("standard output")(error)),
        _ => Ok(()),
    }
}
