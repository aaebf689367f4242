//! The sweep of a program: its cases, a run for each in a world of its own, and where the rows are written.
//!
//! Runs end in any order, and their rows are written in that of the table, so a row waits for those before it; a line on the
//! terminal shows meanwhile what is going on. Why a run came to nothing stands in its row; where every run would come to the
//! same, it is said once.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{fs, process, thread};

use synsent_host::{Interrupt, room};
use synsent_lab::Case;
use synsent_world::sweep::{AT_ONCE, SWEEP_LIMIT_MS};
use synsent_world::{Order, Plan, Refusal, Runs, Stamp, Streams, Sweep, SweepEvent, Whose, expect};

use super::junit::{self, Reported};
use super::lines::Lines;
use super::progress::Progress;
use super::rows::{self, Rows};
use super::seen::Seen;
use super::totals::Totals;
use super::{Closing, Paper, saved};
use crate::arguments::SweepArguments;
use crate::cases;
use crate::ending::Ending;
use crate::table;

/// How long a program may run where the kernel's own times hold: two addresses after one another may be silent.
const REAL_TIME_LIMIT_MS: u64 = 300_000;
/// What shells add to the number of a signal.
const BY_SIGNAL: i32 = 128;

/// What is known of a sweep while its rows come.
struct Rising<'a> {
    cases: &'a [Case],
    /// The names of the recorded runs, in the order of the cases.
    records: &'a [String],
    /// The cases with what the program does in them now; `None`: nobody asked for it.
    now: Option<Vec<Case>>,
    paper: Box<dyn Paper>,
    progress: Progress,
    reported: Vec<Reported>,
    /// Why every run comes to nothing.
    refused: Option<Refusal>,
    /// That rows cannot be written any more; the runs end with this process.
    written: io::Result<()>,
}

/// Runs the sweep, or lists its cases.
pub(super) fn sweep(arguments: &SweepArguments) -> Result<(), Ending> {
    let file = arguments.expect.as_deref().or(arguments.world.scenario.as_deref());
    let cases = cases::choose(cases::all(file)?, &arguments.only, &arguments.except)?;
    if let Some(file) = &arguments.expect {
        saved::check(file, &cases)?;
    }
    if arguments.list {
        return quiet_pipe(list(&cases, arguments.json));
    }
    let program = arguments.program.first().ok_or_else(|| Ending::Usage("the program is missing".to_owned()))?;
    // A sentence before anything else is better than one in every row.
    room::find(program).map_err(|refusal| Ending::NoProgram(refusal.to_string()))?;
    // A file that cannot be written is told before the runs are made, not after them.
    for file in arguments.save.iter().chain(&arguments.junit) {
        try_to_write(file)?;
    }
    let seed = cases::seed(arguments.world.seed, &cases)?;
    let runs = Runs::open().map_err(|error| Ending::Run(error.to_string()))?;
    let plans = plans(arguments, &cases, seed, &runs)?;
    let limit = plans.first().and_then(|plan| plan.limit_ms).map(Duration::from_millis);
    let records: Vec<String> = plans.iter().map(record).collect();
    let directories: Vec<PathBuf> = plans.iter().map(|plan| plan.directory.clone()).collect();
    let mut sweep = Sweep::new(plans, arguments.program.clone());
    sweep.order = Order::Planned;
    sweep.at_once = arguments.jobs.map_or(AT_ONCE, usize::from);
    // Before there is a second thread, which the line on the terminal has.
    let interrupt = Interrupt::catch().map_err(Ending::file("signals"))?;
    let mut rising = Rising::new(arguments, &cases, &records);
    obey(interrupt, rising.progress.eraser())?;
    let began = Instant::now();
    sweep.run(&mut |event| rising.take(&event));
    let took = began.elapsed();
    let Rising { mut paper, progress, reported, refused, written, now, .. } = rising;
    drop(progress);
    if let Some(refusal) = refused {
        // Nothing stands in them, and where something does it stays.
        directories.iter().for_each(|directory| _ = fs::remove_dir(directory));
        return Err(because(refusal));
    }
    let seen: Vec<Seen> = reported.iter().filter_map(Reported::seen).cloned().collect();
    let totals = Totals::of(&seen);
    let words: Vec<String> = arguments.program.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let telling = totals.most_telling(&seen);
    let not_run = reported.len() - seen.len();
    let saved = match (&arguments.save, now) {
        // What could not be run is not to be expected from now on.
        (Some(file), Some(now)) if not_run == 0 => Some(saved::save(file, now, seed, arguments, &words)?),
        _ => None,
    };
    let closing = Closing { took, limit, seed, program: &words, telling, saved: saved.as_deref() };
    if let Some(file) = &arguments.junit {
        let report = junit::report(&reported, &closing).map_err(|error| Ending::Run(error.to_string()))?;
        write_file(file, &report)?;
    }
    quiet_pipe(written.and_then(|()| paper.end(&totals, &closing)))?;
    match not_run + totals.changed.len() {
        0 => Ok(()),
        _ => Err(Ending::NotHeld),
    }
}

/// An interrupt ends this process, and the runs end with it. The rows that are there stay.
fn obey(interrupt: Interrupt, erase: impl FnOnce() + Send + 'static) -> Result<(), Ending> {
    let wait = move || {
        if let Ok(number) = interrupt.wait() {
            erase();
            process::exit(BY_SIGNAL + number);
        }
    };
    let thread = thread::Builder::new().name("signals".into()).spawn(wait);
    thread.map(drop).map_err(Ending::file("the thread for signals"))
}

/// A plan for each case, with a directory of its own.
fn plans(arguments: &SweepArguments, cases: &[Case], seed: u64, runs: &Runs) -> Result<Vec<Plan>, Ending> {
    let began = Stamp::now();
    let usual = if arguments.world.real_time { REAL_TIME_LIMIT_MS } else { SWEEP_LIMIT_MS };
    let plan = |case: &Case| {
        let directory = runs.create(&began, &case.name).map_err(|error| Ending::Run(error.to_string()))?;
        let plan = arguments.world.plan(case, seed, directory.path);
        Ok(Plan { streams: Streams::Kept, limit_ms: plan.limit_ms.or(Some(usual)), ..plan })
    };
    cases.iter().map(plan).collect()
}

/// The name of a plan's record.
fn record(plan: &Plan) -> String {
    plan.directory.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

impl<'a> Rising<'a> {
    fn new(arguments: &SweepArguments, cases: &'a [Case], records: &'a [String]) -> Rising<'a> {
        let paper: Box<dyn Paper> = match arguments.json {
            true => Box::new(Lines { out: io::stdout() }),
            false => {
                let names = cases.iter().map(|case| case.name.as_str());
                Box::new(Rows::new(anstream::stdout(), table::terminal_width(), names))
            }
        };
        let (progress, now) = (Progress::new(cases.len()), arguments.save.is_some().then(Vec::new));
        Rising { cases, records, now, paper, progress, reported: Vec::new(), refused: None, written: Ok(()) }
    }

    fn take(&mut self, event: &SweepEvent<'_>) {
        match event {
            SweepEvent::Began { number } => self.progress.began(&self.cases[*number].name),
            SweepEvent::Ended { number } => self.progress.ended(&self.cases[*number].name),
            SweepEvent::Row(row) => {
                let (case, record) = (&self.cases[row.number], &self.records[row.number]);
                match &row.came_to {
                    Ok(run) => {
                        self.now.iter_mut().for_each(|now| now.push(saved::expecting(case, run)));
                        let unmet = expect::judge(case.scenario.expect(), run);
                        self.row(Seen::of(run, record, unmet.iter().map(ToString::to_string).collect()));
                    }
                    Err(refusal) if refusal.is_for_all() => self.refused = Some(refusal.clone()),
                    Err(refusal) => self.not_run(&case.name, &refusal.words),
                }
            }
        }
    }

    fn row(&mut self, seen: Seen) {
        if self.written.is_ok() {
            self.written = self.progress.aside(|| self.paper.row(&seen));
        }
        self.reported.push(Reported::Seen(Box::new(seen)));
    }

    fn not_run(&mut self, case: &str, why: &str) {
        if self.written.is_ok() {
            self.written = self.progress.aside(|| self.paper.failed(case, why));
        }
        self.reported.push(Reported::NotRun(case.to_owned(), why.to_owned()));
    }
}

/// Why no run can be made.
fn because(refusal: Refusal) -> Ending {
    match refusal.whose {
        Whose::Machine => Ending::NoWorld(refusal.words),
        Whose::Program => Ending::NoProgram(refusal.words),
        Whose::Scenario | Whose::Own => Ending::Run(refusal.words),
    }
}

fn list(cases: &[Case], json: bool) -> io::Result<()> {
    let told = cases.iter().map(|case| (case.name.as_str(), case.summary.as_str()));
    match json {
        true => Lines { out: io::stdout().lock() }.list(told),
        false => rows::list(&mut anstream::stdout().lock(), table::terminal_width(), told),
    }
}

/// Opens a file for writing, and leaves it as it was.
fn try_to_write(file: &Path) -> Result<(), Ending> {
    let is_new = fs::symlink_metadata(file).is_err();
    let opened = fs::OpenOptions::new().write(true).create(true).truncate(false).open(file);
    opened.map_err(Ending::file(file.display().to_string()))?;
    if is_new {
        // Whoever took it away meanwhile did the same.
        let _ = fs::remove_file(file);
    }
    Ok(())
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
