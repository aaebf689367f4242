//! Every clause of the four documents on every network, by its id.
//!
//! The real networks need a network namespace and TUN devices. Where the machine does not give them, their trials are
//! skipped with a line that nobody can overlook, and the run fails under `CI=true`.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Failed, Trial};
use synsent_conformance::{Api, Case, NotHere, Place, cases, contract, enter_real_worlds, run_at, sweep};

/// Trials of real networks wait most of the time, so many may run at once.
const THREADS: usize = 12;

/// How long all rows of the lab may take.
const SWEEP_MAX: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(THREADS);
    let real = enter_real_worlds();
    let mut trials = vec![
        Trial::test("the files of the contract agree", files_agree),
        Trial::test("every clause has a case or waits for what is not there yet", clauses_are_shown),
        Trial::test("every entry of the lists is needed", lists_are_needed),
        Trial::test("the cases of a clause connect every type of sockets that it speaks of", types_are_covered),
        Trial::test("the sweep of all dialects in the lab takes less than two seconds", sweep_is_fast),
    ];
    for (api, cases) in cases::all() {
        for case in cases {
            let places = Place::ALL.into_iter().filter(|place| *place == Place::Lab || real.is_ok());
            trials.extend(places.map(|place| Trial::test(case.name(place), move || check(case, api, place))));
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    match real {
        Err(missing) if !arguments.list => {
            eprintln!(
                "SKIPPED: this machine has no {missing}; the networks of the device and the kernel were not tested"
            );
            if std::env::var_os("CI").is_some_and(|value| value == "true") {
                return ExitCode::FAILURE;
            }
        }
        _ => {}
    }
    conclusion.exit_code()
}

fn check(case: &'static Case, api: &'static Api, place: Place) -> Result<(), Failed> {
    let listed = contract::is_not_here(case.clause, case.title, place);
    match run_at(case, api, place) {
        Ok(row) if listed => {
            Err(Failed::from(format!("not_here.toml says that it cannot be brought about, and it was: {row:#?}")))
        }
        Ok(row) if row.held && case.in_sweep && row.said != row.expected => {
            Err(Failed::from(format!("the row shows another outcome than the promised one: {row:#?}")))
        }
        Ok(row) if row.held => Ok(()),
        Ok(row) => Err(Failed::from(format!("{}\n{row:#?}", row.note))),
        Err(_) if listed => Ok(()),
        Err(NotHere(why)) => Err(Failed::from(format!("not here, and not_here.toml does not say so: {why}"))),
    }
}

fn sweep_is_fast() -> Result<(), Failed> {
    let began = Instant::now();
    let cases = contract::DIALECTS.iter().flat_map(|dialect| sweep(dialect));
    let swept: Vec<_> = cases.map(|(api, case)| run_at(case, api, Place::Lab)).collect();
    let took = began.elapsed();
    let wordless = swept
        .iter()
        .filter_map(|row| row.as_ref().ok())
        .filter(|row| [&row.on_the_wire, &row.said, &row.expected].iter().any(|words| words.is_empty()));
    none_of(wordless.map(|row| format!("a row says too little: {row:#?}")).collect())?;
    match took < SWEEP_MAX && !swept.is_empty() {
        true => Ok(()),
        false => Err(Failed::from(format!("{} rows took {took:?}", swept.len()))),
    }
}

/// In the lab, where all can be brought about but what the lists name.
fn types_are_covered() -> Result<(), Failed> {
    let mut uncovered = Vec::new();
    for clause in contract::clauses() {
        let of_clause = cases::all().flat_map(|(api, cases)| cases.iter().map(move |case| (api, case)));
        let of_clause: Vec<_> = of_clause.filter(|(_, case)| case.clause == clause.id).collect();
        let rows: Vec<_> = of_clause.iter().map(|(api, case)| run_at(case, api, Place::Lab)).collect();
        if rows.iter().any(Result::is_err) || rows.is_empty() {
            continue;
        }
        let is_covered = |one: &&String| rows.iter().flatten().any(|row| row.types.contains(one.as_str()));
        let missing = clause.on.iter().filter(|one| !is_covered(one));
        uncovered.extend(missing.map(|one| format!("{}: no case connects a {one} socket", clause.id)));
    }
    none_of(uncovered)
}

fn files_agree() -> Result<(), Failed> {
    none_of(contract::problems().to_vec())
}

fn clauses_are_shown() -> Result<(), Failed> {
    let unshown = contract::clauses().iter().filter(|clause| !has_case(&clause.id) && !is_later(&clause.id));
    none_of(unshown.map(|clause| format!("{}: neither a case nor a reason", clause.id)).collect())
}

fn lists_are_needed() -> Result<(), Failed> {
    let later = contract::later().iter().filter(|later| has_case(&later.clause) == later.part.is_empty());
    let shown = later.map(|later| format!("{}: only a clause that has a case waits in part", later.clause));
    let titled = |one: &&contract::Exception| !has_title(&one.clause, &one.case);
    let not_here = contract::not_here().iter().filter(titled);
    let gone = not_here.map(|one| format!("not_here.toml speaks of {} {:?}, which is no case", one.clause, one.case));
    none_of(shown.chain(gone).collect())
}

fn none_of(problems: Vec<String>) -> Result<(), Failed> {
    if problems.is_empty() { Ok(()) } else { Err(Failed::from(problems.join("\n"))) }
}

fn has_case(clause: &str) -> bool {
    cases::all().any(|(_, cases)| cases.iter().any(|case| case.clause == clause))
}

fn has_title(clause: &str, title: &str) -> bool {
    let is_it = |case: &Case| case.clause == clause && (title.is_empty() || case.title == title);
    cases::all().any(|(_, cases)| cases.iter().any(is_it))
}

fn is_later(clause: &str) -> bool {
    contract::later().iter().any(|later| later.clause == clause)
}
