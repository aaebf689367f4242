//! Every exported function, called with anything: no wild pointer, length or handle brings the program down or hangs it.

mod support;

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

use support::{Built, Program, Ran, System, compilers, output_of, prefix, root, run};

/// How long one run may take; the program tells by itself who does not come back.
const RUN_LIMIT: Duration = Duration::from_secs(180);
/// In each thread.
const CALLS: u32 = 10_000;
const THREADS: u32 = 4;
const SEEDS: [u32; 3] = [1, 2, 3];

/// The program; it includes no header, so the compiler makes no difference.
fn program() -> Option<Built> {
    let compiler = *compilers().first()?;
    let flags = ["-pthread", "-ldl", "-Wl,--no-as-needed"];
    Some(Program::new(compiler, System::Winsock2).file("robust_calls.c").flags(&flags).build())
}

/// A command with the kernel's network, in a namespace of its own: what goes to a random address goes nowhere.
fn on_the_kernel(program: &Built) -> Command {
    let mut command = Command::new("unshare");
    command.args(["-rn", "sh", "-c", "ip link set lo up && exec \"$0\" \"$@\""]).arg(program.path());
    command.env("SYNSENT_NET", "kernel");
    command
}

/// It ended well, and no call was saved by the boundary alone.
fn no_panic(ran: Ran) {
    let ran = ran.expect_success();
    let panics: Vec<&str> = ran.stderr.lines().filter(|line| line.contains("panicked at")).collect();
    assert!(panics.is_empty(), "{panics:?}");
}

#[test]
fn the_table_has_every_function_that_is_exported() {
    let Some(program) = program() else { return };
    let listed = program.run("kernel", &["--table"]).expect_success().stdout;
    let listed: BTreeSet<&str> = listed.lines().collect();
    let shared = prefix().join("lib/libsynsent.so");
    let exported = output_of(Command::new("nm").args(["-D", "--defined-only"]).arg(shared)).stdout;
    let exported = String::from_utf8(exported).unwrap();
    // Also those that are weak, or chosen when the library is loaded.
    let functions = exported.lines().filter(|line| [" T ", " W ", " i "].iter().any(|kind| line.contains(kind)));
    let exported: BTreeSet<&str> = functions.filter_map(|line| line.split_whitespace().last()).collect();
    let missing: Vec<_> = exported.difference(&listed).collect();
    assert!(missing.is_empty(), "add a row to tests/c/robust_calls_table.h for {missing:?}");
    let gone: Vec<_> = listed.difference(&exported).collect();
    assert!(gone.is_empty(), "tests/c/robust_calls_table.h has rows for what is not exported: {gone:?}");
}

#[test]
fn no_call_brings_the_program_down_on_the_kernel() {
    let Some(program) = program() else { return };
    for seed in SEEDS {
        let arguments = [seed, CALLS, THREADS].map(|number| number.to_string());
        no_panic(run(on_the_kernel(&program).args(arguments), RUN_LIMIT));
    }
}

#[test]
fn no_call_brings_the_program_down_in_a_lab() {
    let Some(program) = program() else { return };
    let lab = format!("lab:{}", root().join("scenarios/web.toml").display());
    for seed in SEEDS {
        let arguments = [seed, CALLS, THREADS].map(|number| number.to_string());
        no_panic(run(program.command(&lab).args(arguments), RUN_LIMIT));
    }
}
