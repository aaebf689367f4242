//! The sweep of a program: its cases, its runs, and the papers on which they are told.

use crate::arguments::SweepArguments;
use crate::ending::Ending;

pub(super) fn sweep(_arguments: &SweepArguments) -> Result<(), Ending> {
    Err(Ending::Usage("a program cannot be run yet".into()))
}
