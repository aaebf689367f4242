//! accept: the next connection of a listener, as a socket of its own.

use synsent_sockets::{Outcome, PointerMut, Progress};

use super::Call;
use crate::dialect::Dialect;
use crate::page::Verdict;
use crate::process::{Handle, Said};

/// accept. Where the name is null, or its length where the page lets that pass, the peer's name is not told. The handle is kept before the connection is taken from the
/// queue, so a process that has no more of them loses no connection.
pub(crate) fn accept(
    dialect: &'static Dialect,
    handle: Handle,
    mut name: PointerMut<'_>,
    mut len: PointerMut<'_>,
) -> Result<Handle, Said> {
    let mut call = Call::of_socket(dialect, &dialect.pages.accept, handle);
    let wants_name = !name.is_null();
    if wants_name {
        call.take_room(&mut name, &mut len);
    }
    if call.judge()? != Verdict::Proceed {
        return Err(call.say(Outcome::BadArgument));
    }
    let reserved = call.process()?.reserve().map_err(|failure| call.say(failure))?;
    let (socket, peer) = match call.socket()?.accept() {
        Ok(Progress::Done(accepted)) => accepted,
        Ok(Progress::Pending) => return Err(call.say(Outcome::WouldBlock)),
        Err(failure) => return Err(call.say(failure)),
    };
    let accepted = call.adopt(reserved, socket)?;
    call.process()?.pass_on_watch(handle, accepted);
    if wants_name && !len.is_null() && dialect.names.write(&peer, &mut name, &mut len).is_err() {
        // The memory was there when the call began.
        call.discard(accepted);
        return Err(call.say(Outcome::BadMemory));
    }
    Ok(accepted)
}
