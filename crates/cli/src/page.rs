//! `synsent page`: a contract as a manual page, or the difference of two, to standard output.

use std::io::{self, ErrorKind, Write as _};

use synsent_dialects::manual;

use crate::arguments::PageArguments;
use crate::ending::Ending;

/// Prints the page, or the difference. That the output was closed is a reader who has seen enough.
pub(crate) fn page(arguments: &PageArguments) -> Result<(), Ending> {
    let text = match (arguments.dialect, arguments.diff.as_deref()) {
        (Some(dialect), _) => manual::page(dialect),
        (None, Some([one, other])) => manual::difference(one, other),
        // The command line makes sure of one of the two.
        (None, _) => return Err(Ending::Usage("the name of a dialect is missing".to_owned())),
    };
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Ending::file("standard output")(error)),
        _ => Ok(()),
    }
}
