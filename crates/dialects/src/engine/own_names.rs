//! getsockname and getpeername: the names at both ends of a socket.

use synsent_sockets::{Failure, Name, Outcome, PointerMut, Socket};

use super::Call;
use crate::dialect::Dialect;
use crate::page::{Page, Verdict};
use crate::process::{Handle, Said};

/// The local name.
pub(crate) fn getsockname(
    dialect: &'static Dialect,
    handle: Handle,
    name: PointerMut<'_>,
    len: PointerMut<'_>,
) -> Result<(), Said> {
    tell(dialect, &dialect.pages.getsockname, handle, (name, len), Socket::local_name)
}

/// The peer's name.
pub(crate) fn getpeername(
    dialect: &'static Dialect,
    handle: Handle,
    name: PointerMut<'_>,
    len: PointerMut<'_>,
) -> Result<(), Said> {
    let peer = |socket: &Socket| socket.peer_name().ok_or_else(|| Outcome::NotConnected.into());
    tell(dialect, &dialect.pages.getpeername, handle, (name, len), peer)
}

fn tell(
    dialect: &'static Dialect,
    page: &'static Page,
    handle: Handle,
    (mut name, mut len): (PointerMut<'_>, PointerMut<'_>),
    of: impl FnOnce(&Socket) -> Result<Name, Failure>,
) -> Result<(), Said> {
    let mut call = Call::of_socket(dialect, page, handle);
    call.take_room(&mut name, &mut len);
    if call.judge()? != Verdict::Proceed {
        return Ok(());
    }
    let told = of(call.socket()?).map_err(|failure| call.say(failure))?;
    dialect.names.write(&told, &mut name, &mut len).map_err(|_| call.say(Outcome::BadMemory))
}
