//! The `synsent` command: connections on our own stack, from a shell.
//!
//! `connect` and `listen` join one connection to standard input and output. What goes wrong is one sentence on standard error
//! that gives the reason, and an exit code that a script can tell from others. Nothing of TCP is decided here.
#![forbid(unsafe_code)]

mod arguments;
mod connect;
mod ending;
mod join;
mod listen;
mod session;

use std::process::ExitCode;

use clap::Parser as _;

use arguments::{Arguments, Verb};

fn main() -> ExitCode {
    let result = match Arguments::parse().verb {
        Verb::Connect(arguments) => connect::connect(&arguments),
        Verb::Listen(arguments) => listen::listen(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(ending) => {
            if !ending.is_interrupt() {
                ending::say(&ending);
            }
            ending.code()
        }
    }
}
