//! Every clause of the four documents from C: each case on the functions that gcc and clang have compiled against the installed
//! headers, on the lab and on the kernel.
//!
//! Each case is a process of its own. What cannot be brought about is what `contract/not_here.toml` says of the same cases in Rust. A
//! compiler that is missing, and a machine that gives no network namespaces or TUN devices, are lines that nobody can overlook, and fail
//! under `CI=true`.

mod programs;
#[path = "../../../capi/tests/support/mod.rs"]
mod support;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use synsent_conformance::{Case, Place, cases, contract, enter_real_worlds};

use programs::Programs;

/// Trials of the kernel wait most of the time, so many may run at once.
const THREADS: usize = 12;
/// The status of a program whose case cannot be brought about.
const NOT_HERE: i32 = 77;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(THREADS);
    let compilers = support::compilers();
    let real = enter_real_worlds();
    let places: &[Place] = if real.is_ok() { &[Place::Lab, Place::Kernel] } else { &[Place::Lab] };
    let mut trials = Vec::new();
    for (api, cases) in cases::all() {
        for compiler in &compilers {
            let programs = Programs::of(api.name(), compiler);
            for (number, case) in cases.iter().enumerate() {
                trials.extend(places.iter().map(|place| {
                    let name = format!("{compiler}: {}", case.name(*place));
                    Trial::test(name, move || on_the_table(programs, case, number, *place))
                }));
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
        Some(0) if listed => Err("not_here.toml says that it cannot be brought about, and it was".into()),
        Some(NOT_HERE) if !listed => Err(format!("not here, and not_here.toml does not say so: {}", ran.stderr).into()),
        Some(0 | NOT_HERE) => Ok(()),
        Some(_) => Err(ran.stderr.into()),
        None => Err(format!("a signal ended the program: {}", ran.stderr).into()),
    }
}
