//! The `synsent` command: connections and the contracts of sockets, from a shell.
//!
//! `connect` and `listen` join one connection to standard input and output; `sweep` brings every documented outcome of connect()
//! about, and `page` prints what is documented. What goes wrong is one sentence on standard error that gives the reason, and
//! an exit code that a script can tell from others. Nothing of TCP and nothing of a dialect is decided here.
#![forbid(unsafe_code)]

mod arguments;
mod connect;
mod connect_as;
mod ending;
mod join;
mod join_as;
mod listen;
mod net;
mod page;
mod scenario_file;
mod session;
mod sweep;
mod table;
mod why;
mod words;

use std::process::ExitCode;

use clap::Parser as _;

use arguments::{Arguments, Verb};

fn main() -> ExitCode {
    let result = match Arguments::parse().verb {
        Verb::Connect(arguments) => match arguments.dialect {
            Some(dialect) => connect_as::connect(dialect, &arguments),
            None => connect::connect(&arguments),
        },
        Verb::Listen(arguments) => listen::listen(&arguments),
        Verb::Sweep(arguments) => sweep::sweep(&arguments),
        Verb::Why(arguments) => why::why(&arguments),
        Verb::Run(_) => Err(ending::Ending::Usage("a program cannot be run yet".into())),
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
