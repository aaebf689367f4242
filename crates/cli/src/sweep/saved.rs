//! What a program is expected to do, as a file: written from a sweep by `--save`, compared with one by `--expect`.
//!
//! It is a scenario's file as any other, so people may change it, and `run` takes it too. The seed stands in it, so the lab's
//! chance is the same again.

use std::fs;
use std::path::Path;

use synsent_explain::Run;
use synsent_lab::{Case, Scenarios};
use synsent_world::expect;

use crate::arguments::SweepArguments;
use crate::ending::Ending;
use crate::words;

/// A case with what the program did in it.
pub(super) fn expecting(case: &Case, run: &Run) -> Case {
    let scenario = case.scenario.clone().expecting(expect::from_run(run));
    Case { scenario, ..case.clone() }
}

/// Writes the cases; the name of the file.
pub(super) fn save(
    file: &Path,
    cases: Vec<Case>,
    seed: u64,
    arguments: &SweepArguments,
    program: &[String],
) -> Result<String, Ending> {
    // What is like a case of the table needs no more than its name, and follows the table where that changes.
    let is_of_table = arguments.world.scenario.is_none() && arguments.expect.is_none();
    let named = cases.into_iter().map(|case| {
        let like = if is_of_table { Some(case.name.clone()) } else { case.like };
        Case { like, scenario: case.scenario.seeded(seed), ..case }
    });
    let scenarios = Scenarios::of(named.collect());
    let scenarios = scenarios.ok_or_else(|| Ending::Usage("two outcomes have the same name".to_owned()))?;
    let name = file.display().to_string();
    let program = words::visible(&program.join(" "));
    let options = options(arguments);
    let mut head = format!(
        "# What a program did in each outcome of connect(), and is expected to do. To compare, and fail where it changed:\n#\n\
         #     synsent sweep {options}--expect {} -- {program}\n\n",
        words::visible(&name)
    );
    let open: Vec<&str> =
        scenarios.cases().iter().filter(|case| is_open(case)).map(|case| case.name.as_str()).collect();
    if !open.is_empty() {
        head += &format!("# It was interrupted, so nothing is expected of its end, in: {}\n\n", open.join(", "));
    }
    fs::write(file, head + &scenarios.emit()).map_err(Ending::file(name.clone()))?;
    Ok(name)
}

/// The options without which the program would not do the same, each with a space behind it.
fn options(arguments: &SweepArguments) -> String {
    let world = &arguments.world;
    let mut options = world.limit.map(|limit| format!("--limit {}ms ", limit.as_millis())).unwrap_or_default();
    for (option, given) in [("--real-time ", world.real_time), ("--all-names ", world.all_names)] {
        options += if given { option } else { "" };
    }
    options
}

/// Whether nothing is expected of how the program ends.
fn is_open(case: &Case) -> bool {
    case.scenario.expect().exit.is_empty()
}

/// A file that expects nothing is no mistake of TOML, but one all the same.
pub(super) fn check(file: &Path, cases: &[Case]) -> Result<(), Ending> {
    match cases.iter().all(|case| case.scenario.expect().is_empty()) {
        true => Err(Ending::Usage(format!(
            "{} expects nothing: write a table [case.expect] into it, or make such a file with --save",
            file.display()
        ))),
        false => Ok(()),
    }
}
