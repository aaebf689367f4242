//! What callers do to the four dialects: any sequence of calls, any argument, from many threads.
//!
//! `differences` compares our stack with the host's kernel, `arguments` gives wrong ones, `threads` makes many calls at once.
//! The kernel's part needs a network namespace and TUN devices; where the machine does not give them, it is skipped with a
//! line that nobody can overlook, and the run fails under `CI=true`.

mod arguments;
mod differences;
mod places;
mod threads;

use std::process::ExitCode;

use libtest_mimic::Arguments;
use synsent_conformance::enter_real_worlds;

/// The trials with the kernel wait most of the time.
const THREADS: usize = 4;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(THREADS);
    let missing = enter_real_worlds().err();
    let mut trials = Vec::new();
    trials.extend(arguments::trials(missing.is_none()));
    trials.extend(threads::trials(missing.is_none()));
    trials.extend(differences::trials(missing.is_none()));
    let conclusion = libtest_mimic::run(&arguments, trials);
    if let Some(missing) = missing.filter(|_| !arguments.list) {
        eprintln!("SKIPPED: this machine has no {missing}; nothing was compared with the kernel");
        if std::env::var_os("CI").is_some_and(|value| value == "true") {
            return ExitCode::FAILURE;
        }
    }
    conclusion.exit_code()
}
