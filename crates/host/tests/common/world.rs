//! The house of the tests that need a kernel: every test has a thread and a network namespace of its own.
//!
//! The process enters a user namespace before it has a second thread, so that nothing here needs root. Where the machine
//! forbids that, or has no TUN devices and the tests need some, nothing runs, and a line says so.

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use synsent_host::{Layer, Tun, VirtioHeader, namespace};

use crate::skip::skip;

/// Runs the trials of a test program, with or without TUN devices.
pub(crate) fn run(trials: Vec<Trial>, with_tun: bool) -> ExitCode {
    let arguments = Arguments::from_args();
    if !arguments.list
        && let Err(missing) = enter_world(with_tun)
    {
        return if skip(&missing) { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Enters the user namespace, and tries what every test begins with; what is missing otherwise.
fn enter_world(with_tun: bool) -> Result<(), String> {
    namespace::enter_user().map_err(|error| format!("user namespaces ({error})"))?;
    let probe = std::thread::spawn(move || {
        namespace::enter_network().map_err(|error| format!("network namespaces ({error})"))?;
        if !with_tun {
            return Ok(());
        }
        let device = Tun::open("probe%d", Layer::Ip, VirtioHeader::With);
        device.map(drop).map_err(|error| format!("TUN devices ({error})"))
    });
    probe.join().unwrap_or_else(|panic| Err(message(&panic)))
}

/// A test in a network namespace of its own.
pub(crate) fn trial(name: impl Into<String>, test: impl FnOnce() + Send + 'static) -> Trial {
    Trial::test(name, move || {
        let thread = std::thread::spawn(move || {
            namespace::enter_network().expect("a new network namespace");
            test();
        });
        thread.join().map_err(|panic| Failed::from(message(&panic)))
    })
}

fn message(panic: &Box<dyn std::any::Any + Send>) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("the test panicked").to_owned()
}
