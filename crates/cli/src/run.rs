//! `synsent run`: a program once in a world of its own, as if nothing stood between it and the shell.
//!
//! Streams, terminal, signals and exit code are the program's. What happened is recorded, and one line at the end says where;
//! what the scenario expected and did not get is said on standard error. This process moves into the program's world and does
//! not come back, so files of the user's are opened before.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::ExitCode;

use synsent_host::room::{Ending as RoomEnding, Refusal as RoomRefusal};
use synsent_lab::{Case, Expect};
use synsent_world::expect::{self, Unmet};
use synsent_world::runs::CAPTURE;
use synsent_world::{Finished, Plan, Refusal, Runs, Stamp, Streams, Whose, WorldError, supervise};

use crate::arguments::RunArguments;
use crate::cases;
use crate::ending::{self, Ending};

/// What env and timeout return for the same reasons.
const TIME_OVER: u8 = 124;
const FAILED: u8 = 125;
const NOT_EXECUTABLE: u8 = 126;
const NOT_FOUND: u8 = 127;
/// What shells add to the number of a signal.
const BY_SIGNAL: i32 = 128;

/// Runs the program; the exit code is the program's wherever it can be.
pub(crate) fn run(arguments: &RunArguments) -> ExitCode {
    match attempt(arguments) {
        Ok(code) => code,
        Err(ending) => {
            ending::say(&ending);
            FAILED.into()
        }
    }
}

fn attempt(arguments: &RunArguments) -> Result<ExitCode, Ending> {
    let case = cases::one(arguments.world.scenario.as_deref(), arguments.case.as_deref())?;
    let seed = cases::seed(arguments.world.seed, std::slice::from_ref(&case))?;
    let capture = arguments.capture.as_deref().map(|file| create(file).map(|open| (file, open))).transpose()?;
    let runs = Runs::open().map_err(|error| Ending::Run(error.to_string()))?;
    let directory = runs.create(&Stamp::now(), &case.name).map_err(|error| Ending::Run(error.to_string()))?;
    let plan = arguments.world.plan(&case, seed, directory.path.clone());
    let plan = Plan { streams: Streams::Inherited, observe: !arguments.no_observe, ..plan };
    let finished = match supervise(&plan, &arguments.program) {
        Ok(finished) => finished,
        Err(error) => return Ok(refused(error, &plan)),
    };
    if let Some((file, mut open)) = capture {
        let copied = File::open(plan.directory.join(CAPTURE)).and_then(|mut from| io::copy(&mut from, &mut open));
        copied.map_err(Ending::file(file.display().to_string()))?;
    }
    if !arguments.quiet {
        ending::say(format!("recorded as {} (seed {seed}); `synsent why` explains it", directory.id));
    }
    let unmet = unmet(&case, &finished);
    unmet.iter().for_each(ending::say);
    Ok(if unmet.is_empty() { code(&finished) } else { ExitCode::FAILURE })
}

/// What of the scenario's expectations the program does not meet. What it wrote went to the user and was not kept.
fn unmet(case: &Case, finished: &Finished) -> Vec<Unmet> {
    let expect = case.scenario.expect();
    if expect.stdout.is_some() || expect.stderr.is_some() {
        ending::say(
            "what the scenario expects of the output is for `synsent sweep --scenario`; a run hands it through",
        );
    }
    expect::judge(&Expect { stdout: None, stderr: None, ..expect.clone() }, &finished.run)
}

fn create(file: &Path) -> Result<File, Ending> {
    File::create(file).map_err(Ending::file(file.display().to_string()))
}

/// Says why there was no run. Its directory has nothing in it.
fn refused(error: WorldError, plan: &Plan) -> ExitCode {
    let is_missing = matches!(&error, WorldError::Refused(RoomRefusal::NotFound { .. }));
    let refusal = Refusal::from(error);
    ending::say(&refusal);
    // That it stays, empty, harms nobody.
    let _ = fs::remove_dir(&plan.directory);
    ExitCode::from(match refusal.whose {
        Whose::Program if is_missing => NOT_FOUND,
        Whose::Program => NOT_EXECUTABLE,
        Whose::Machine | Whose::Scenario | Whose::Own => FAILED,
    })
}

/// The program's exit code.
fn code(finished: &Finished) -> ExitCode {
    match (&finished.run.end, &finished.ending) {
        (synsent_explain::End::TimeLimit(_), _) => TIME_OVER.into(),
        (_, RoomEnding::Code(code)) => ExitCode::from(*code as u8),
        (_, RoomEnding::Signal(number)) => ExitCode::from((BY_SIGNAL + number) as u8),
        // Everything in the room was killed.
        (_, RoomEnding::RoomEnded) => ExitCode::from((BY_SIGNAL + 9) as u8),
    }
}
