//! bind: a local name for a socket.

use synsent_sockets::Pointer;

use super::Call;
use crate::dialect::Dialect;
use crate::page::Verdict;
use crate::process::{Handle, Said};

/// bind with a name in the caller's memory.
pub(crate) fn bind(dialect: &'static Dialect, handle: Handle, name: Pointer<'_>, len: i32) -> Result<(), Said> {
    let mut call = Call::of_socket(dialect, &dialect.pages.bind, handle);
    let name = call.take_name(name, len);
    call.ask_cast(name.as_ref());
    if call.judge()? != Verdict::Proceed {
        return Ok(());
    }
    let name = name.ok_or_else(|| call.say_bad_name())?;
    call.socket()?.bind(&name).map_err(|failure| call.say(failure))
}
