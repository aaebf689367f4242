//! The `synsent` command: connections and the contracts of sockets, from a shell.
//!
//! `sweep` leads a program into every outcome of connect(), `run` into one, and `why` explains what came of it. `connect` and
//! `listen` join one connection to standard input and output, and `page` prints what is documented. What goes wrong is one sentence on standard error that gives the reason, and
//! an exit code that a script can tell from others. Nothing of TCP and nothing of a dialect is decided here.
#![forbid(unsafe_code)]

mod arguments;
mod cases;
mod connect;
mod connect_as;
mod ending;
mod join;
mod join_as;
mod listen;
mod net;
mod page;
mod run;
mod scenario_file;
mod session;
mod sweep;
mod table;
mod why;
mod words;

use std::process::ExitCode;

use clap::Parser as _;

use arguments::{Arguments, Verb};

/// What env returns when it is called wrongly: the codes below are for the program that it runs.
const WRONG_CALL_OF_RUN: u8 = 125;

fn main() -> ExitCode {
    let verb = match Arguments::try_parse() {
        Ok(arguments) => arguments.verb,
        Err(error) => return wrong(&error),
    };
    let result = match verb {
        Verb::Connect(arguments) => match arguments.dialect {
            Some(dialect) => connect_as::connect(dialect, &arguments),
            None => connect::connect(&arguments),
        },
        Verb::Listen(arguments) => listen::listen(&arguments),
        Verb::Sweep(arguments) => sweep::sweep(&arguments),
        Verb::Run(arguments) => return run::run(&arguments),
        Verb::Supervise(arguments) => return synsent_world::supervisor_main(&arguments.program),
        Verb::Why(arguments) => why::why(&arguments),
        Verb::Page(arguments) => page::page(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(ending) => {
            if !ending.is_said() {
                ending::say(&ending);
            }
            ending.code()
        }
    }
}

/// A wrong command line, or a text that was asked for.
fn wrong(error: &clap::Error) -> ExitCode {
    // A closed output has nobody to be told.
    let _ = error.print();
    let is_run = std::env::args_os().nth(1).is_some_and(|verb| verb == "run");
    match error.exit_code() {
        0 => ExitCode::SUCCESS,
        _ if is_run => WRONG_CALL_OF_RUN.into(),
        code => ExitCode::from(code as u8),
    }
}
