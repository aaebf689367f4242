//! accept: the next connection of a listener, as a socket of its own.

use synsent_sockets::{Linger, Name, Outcome, PointerMut, Progress};
use synsent_stack::Duration;

use super::Call;
use crate::dialect::Dialect;
use crate::page::{Fact, Page, Verdict};
use crate::process::{Handle, Said};

/// accept. Where the name is null, or its length where the page lets that pass, the peer's name is not told. The handle is kept before the connection is taken from the
/// queue, so a process that has no more of them loses no connection.
pub(crate) fn accept(
    dialect: &'static Dialect,
    handle: Handle,
    name: PointerMut<'_>,
    len: PointerMut<'_>,
) -> Result<Handle, Said> {
    by_page(dialect, &dialect.pages.accept, handle, name, len, |_, _| Decision::Accept)
}

/// What becomes of a connection that was taken from the queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Decision {
    /// It gets a handle.
    Accept,
    /// It is reset.
    Reject,
    /// It goes back to where it was.
    Defer,
}

/// Accepting by a page, where somebody decides on each connection by the names of both ends: the peer's and the own one.
pub(crate) fn by_page(
    dialect: &'static Dialect,
    page: &'static Page,
    handle: Handle,
    mut name: PointerMut<'_>,
    mut len: PointerMut<'_>,
    decide: impl FnOnce(&Name, &Name) -> Decision,
) -> Result<Handle, Said> {
    let mut call = Call::of_socket(dialect, page, handle);
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
    let own = socket.local_name().map_err(|failure| call.say(failure))?;
    match decide(&peer, &own) {
        Decision::Accept => {}
        Decision::Reject => {
            socket.set_linger(Linger::For(Duration::ZERO));
            // Nobody is there who could be told.
            let _ = socket.close();
            return Err(call.say_of(Fact::Rejected));
        }
        Decision::Defer => {
            call.socket()?.put_back(socket, peer);
            return Err(call.say_of(Fact::Deferred));
        }
    }
    let accepted = call.adopt(reserved, socket)?;
    call.process()?.pass_on_watch(handle, accepted);
    if wants_name && !len.is_null() && dialect.names.write(&peer, &mut name, &mut len).is_err() {
        // The memory was there when the call began.
        call.discard(accepted);
        return Err(call.say(Outcome::BadMemory));
    }
    Ok(accepted)
}
