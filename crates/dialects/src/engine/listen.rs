//! listen: a stream socket waits for connections.

use super::Call;
use crate::dialect::Dialect;
use crate::page::Verdict;
use crate::process::{Handle, Said};

/// listen. A negative backlog counts as zero; what is too large, the provider makes smaller.
pub(crate) fn listen(dialect: &'static Dialect, handle: Handle, backlog: i32) -> Result<(), Said> {
    let call = Call::of_socket(dialect, &dialect.pages.listen, handle);
    if call.judge()? != Verdict::Proceed {
        return Ok(());
    }
    let backlog = u32::try_from(backlog).unwrap_or(0);
    call.socket()?.listen(backlog).map_err(|failure| call.say(failure))
}
