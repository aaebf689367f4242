//! `synsent sweep`: every outcome of connect(), a row each. With a program its own connections are led into each of them; without
//! one the documented outcomes of the dialects are brought about.

mod documented;
mod junit;
mod lines;
mod program;
mod progress;
mod rows;
mod saved;
mod seen;
#[cfg(test)]
mod tests;
mod totals;

use std::io;
use std::time::Duration;

use crate::arguments::SweepArguments;
use crate::ending::Ending;
use seen::Seen;
use totals::Totals;

/// Runs the sweep that the command line asks for.
pub(crate) fn sweep(arguments: &SweepArguments) -> Result<(), Ending> {
    match arguments.is_of_program().map_err(Ending::Usage)? {
        true => program::sweep(arguments),
        false => documented::sweep(arguments),
    }
}

/// Where the outcomes of a program are written.
trait Paper {
    fn row(&mut self, seen: &Seen) -> io::Result<()>;
    /// An outcome whose run could not be made, and why.
    fn failed(&mut self, case: &str, why: &str) -> io::Result<()>;
    fn end(&mut self, totals: &Totals, closing: &Closing<'_>) -> io::Result<()>;
}

/// What the last lines tell beside the totals.
struct Closing<'a> {
    took: Duration,
    /// How long the program might run each time.
    limit: Option<Duration>,
    seed: u64,
    program: &'a [String],
    /// The outcome that is most worth to be explained.
    telling: Option<&'a str>,
    /// The file in which the outcomes are expected from now on.
    saved: Option<&'a str>,
}
