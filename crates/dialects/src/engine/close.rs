//! close: the handle is free first, then the socket goes.

use super::Call;
use crate::dialect::Dialect;
use crate::page::Verdict;
use crate::process::{Handle, Said};

/// close, as each dialect calls it. The handle is gone also when the call fails: who closes again could close what another
/// thread has just opened. What a non-blocking socket has left to send goes on in the background.
pub(crate) fn close(dialect: &'static Dialect, handle: Handle) -> Result<(), Said> {
    let call = Call::of_socket(dialect, &dialect.pages.close, handle);
    if call.judge()? != Verdict::Proceed {
        return Ok(());
    }
    // Another thread may have closed it since.
    let Some(socket) = call.process()?.remove(handle) else { return Ok(()) };
    socket.close().map(|_| ()).map_err(|failure| call.say(failure))
}
