//! The house of the tests that need a kernel: every test has a thread and a network namespace of its own.
//!
//! The process enters a user namespace before it has a second thread, so that nothing here needs root. Where the machine
//! forbids that, nothing runs, and a line says so.

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

use crate::skip::skip;

/// Runs the trials of a test program.
pub(crate) fn run(trials: Vec<Trial>) -> ExitCode {
    let arguments = Arguments::from_args();
    if !arguments.list
        && let Err(error) = synsent_host::namespace::enter_user()
    {
        let passed = skip(&format!("user namespaces ({error})"));
        return if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A test in a network namespace of its own.
pub(crate) fn trial(name: impl Into<String>, test: impl FnOnce() + Send + 'static) -> Trial {
    Trial::test(name, move || {
        let thread = std::thread::spawn(move || {
            synsent_host::namespace::enter_network().expect("a new network namespace");
            test();
        });
        thread.join().map_err(|panic| Failed::from(message(&panic)))
    })
}

fn message(panic: &Box<dyn std::any::Any + Send>) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("the test panicked").to_owned()
}
