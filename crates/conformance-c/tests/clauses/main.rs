//! Every clause of the four documents from C, by gcc and by clang against the installed headers, on the lab and on the kernel; and twice:
//! each case as it is written in Rust on functions that C compiled, and as a program in C that is written from the case's run in Rust.
//! `contract/not_in_c.toml` says what cannot be such a program, and why.
//!
//! Each case is a process of its own. What cannot be brought about is what `contract/not_here.toml` says of the same cases in Rust. A
//! compiler that is missing, and a machine that gives no network namespaces or TUN devices, are lines that nobody can overlook, and fail
//! under `CI=true`.

mod programs;
mod sources;
#[path = "../../../capi/tests/support/mod.rs"]
mod support;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use synsent_conformance::{Case, Place, cases, contract, enter_real_worlds};
use synsent_conformance_c::{HELD, NOT_HELD, NOT_HERE};

use programs::Programs;
use sources::Sources;

/// Trials of the kernel wait most of the time, so many may run at once.
const THREADS: usize = 12;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(THREADS);
    let compilers = support::compilers();
    let real = enter_real_worlds();
    let places: &'static [Place] = if real.is_ok() { &[Place::Lab, Place::Kernel] } else { &[Place::Lab] };
    let mut trials = Vec::new();
    for (api, cases) in cases::all() {
        let sources = Sources::of(api, cases, places);
        let name = format!("{}: the list of what is no program in C is right", api.name());
        trials.push(Trial::test(name, move || list_is_right(sources, cases)));
        if let ("winsock2", Some(compiler)) = (api.name(), compilers.first()) {
            let name = format!("{compiler}: a promise that is not kept ends a program");
            let programs = Programs::of(api.name(), compiler, sources);
            trials.push(Trial::test(name, move || broken_promise_is_told(programs, cases)));
        }
        for compiler in &compilers {
            let programs = Programs::of(api.name(), compiler, sources);
            for (number, case) in cases.iter().enumerate() {
                for place in places {
                    let name = case.name(*place);
                    trials.push(Trial::test(format!("{compiler} table: {name}"), move || {
                        on_the_table(programs, case, number, *place)
                    }));
                    trials.push(Trial::test(format!("{compiler} program: {name}"), move || {
                        as_a_program(programs, sources, number, *place)
                    }));
                }
            }
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    if let Err(missing) = real.as_ref()
        && !arguments.list
    {
        eprintln!("SKIPPED: this machine has no {missing}; no program in C was tried on the kernel");
        if std::env::var_os("CI").is_some_and(|value| value == "true") {
            return ExitCode::FAILURE;
        }
    }
    conclusion.exit_code()
}

/// The case as it is written in Rust, on functions that C compiled.
fn on_the_table(programs: &Programs, case: &Case, number: usize, place: Place) -> Result<(), Failed> {
    let ran = programs.run_table(place, number)?;
    let listed = contract::is_not_here(case.clause, case.title, place);
    match ran.status {
        Some(HELD) if listed => Err("not_here.toml says that it cannot be brought about, and it was".into()),
        Some(NOT_HERE) if !listed => Err(format!("not here, and not_here.toml does not say so: {}", ran.stderr).into()),
        Some(HELD | NOT_HERE) => Ok(()),
        Some(_) => Err(ran.stderr.into()),
        None => Err(format!("a signal ended the program: {}", ran.stderr).into()),
    }
}

/// The case as a program in C.
fn as_a_program(programs: &Programs, sources: &Sources, number: usize, place: Place) -> Result<(), Failed> {
    let is_program = sources.made().places.get(&number).is_some_and(|places| places.contains(&place));
    let ran = programs.run_program(place, number)?;
    match ran.status {
        Some(HELD) if is_program => Ok(()),
        Some(NOT_HERE) if !is_program => Ok(()),
        Some(_) => Err(ran.stderr.into()),
        None => Err(format!("a signal ended the program: {}", ran.stderr).into()),
    }
}

/// A program that expects another word than its system says.
fn broken_promise_is_told(programs: &Programs, cases: &[Case]) -> Result<(), Failed> {
    let refused =
        cases.iter().position(|case| case.clause == "winsock2.error.connrefused").ok_or("there is such a case")?;
    let ran = programs.run_altered("WSAECONNREFUSED", "WSAETIMEDOUT", refused)?;
    let told = ran.stderr.contains("WSAETIMEDOUT was promised, and it returned -1; the last error is 10061");
    if ran.status == Some(NOT_HELD) && told { Ok(()) } else { Err(format!("{ran:?}").into()) }
}

/// What could not be written is listed with the reason that it was, and nothing else is.
fn list_is_right(sources: &Sources, cases: &[Case]) -> Result<(), Failed> {
    let made = sources.made();
    let listed = listed();
    let mut problems = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        let entry =
            listed.iter().find(|(clause, title, _)| (clause.as_str(), title.as_str()) == (case.clause, case.title));
        match (made.unwritten.get(&number), entry) {
            (None, None) => {}
            (Some(why), Some((.., because))) if why == because => {}
            (Some(why), _) => problems.push(format!("{} {:?} is no program in C: {why}", case.clause, case.title)),
            (None, Some(_)) => problems.push(format!("{} {:?} is a program in C, and listed", case.clause, case.title)),
        }
    }
    let dialect = cases.first().map_or("", |case| case.clause).split('.').next().unwrap_or_default();
    let of_dialect = listed.iter().filter(|(clause, ..)| clause.split('.').next() == Some(dialect));
    let gone =
        of_dialect.filter(|(clause, title, _)| !cases.iter().any(|case| case.clause == clause && case.title == title));
    problems.extend(gone.map(|(clause, title, _)| format!("{clause} {title:?} is no case")));
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n").into()) }
}

/// The entries of the list: clause, case, reason.
fn listed() -> Vec<(String, String, String)> {
    let list: toml::Table = include_str!("../../../../contract/not_in_c.toml").parse().expect("the list is TOML");
    let entries = list.get("not_in_c").and_then(toml::Value::as_array).into_iter().flatten();
    let word =
        |entry: &toml::Value, key: &str| entry.get(key).and_then(toml::Value::as_str).unwrap_or_default().to_owned();
    entries.map(|entry| (word(entry, "clause"), word(entry, "case"), word(entry, "because"))).collect()
}
