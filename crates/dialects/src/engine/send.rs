//! send and sendto.

use synsent_sockets::{Answer, Kind, Name, Outcome, Pointer, Progress, SendHow, Socket, Waits};

use super::Call;
use super::buffers::Outgoing;
use crate::dialect::Dialect;
use crate::page::{Fact, Facts, Page, Verdict};
use crate::process::{Handle, Said};

/// send: to the peer.
pub(crate) fn send(
    dialect: &'static Dialect,
    handle: Handle,
    buffer: Pointer<'_>,
    len: i32,
    flags: i32,
) -> Result<i32, Said> {
    by_page(dialect, &dialect.pages.send, handle, (buffer, len), flags, None, Facts::NONE)
}

/// sendto: to a name. A stream sends to its peer, whatever the name says; a datagram socket with a peer does where there is no
/// name.
pub(crate) fn sendto(
    dialect: &'static Dialect,
    handle: Handle,
    buffer: Pointer<'_>,
    len: i32,
    flags: i32,
    name: Pointer<'_>,
    namelen: i32,
) -> Result<i32, Said> {
    by_page(dialect, &dialect.pages.sendto, handle, (buffer, len), flags, Some((name, namelen)), Facts::NONE)
}

/// Sending by a page, when this is so besides what is found here: to a name, or to the peer.
pub(crate) fn by_page(
    dialect: &'static Dialect,
    page: &'static Page,
    handle: Handle,
    (buffer, len): (Pointer<'_>, i32),
    flags: i32,
    to: Option<(Pointer<'_>, i32)>,
    also: Facts,
) -> Result<i32, Said> {
    let mut call = Call::of_socket(dialect, page, handle);
    call.facts |= also;
    let (how, waits, wrong) = dialect.send_how(flags, call.on);
    call.facts |= wrong;
    let (wrong, outgoing) = Outgoing::new(buffer, len);
    call.facts |= wrong;
    let to = to.and_then(|(name, len)| call.take_destination(name, len));
    if call.judge_with_buffer(|| outgoing.is_none_or(|outgoing| outgoing.is_there()))? != Verdict::Proceed {
        return Ok(0);
    }
    let outgoing = outgoing.ok_or_else(|| call.say(Outcome::BadMemory))?;
    let socket = call.socket()?;
    match deliver(socket, outgoing, (how, waits), to.as_ref()) {
        Ok(Progress::Done(octets)) => Ok(i32::try_from(octets).unwrap_or(i32::MAX)),
        Ok(Progress::Pending) => Err(call.say(Outcome::WouldBlock)),
        Err(failure) => Err(call.say_of_buffer(failure)),
    }
}

impl Call {
    fn take_destination(&mut self, name: Pointer<'_>, len: i32) -> Option<Name> {
        if self.socket.as_ref()?.kind() == Kind::Stream {
            return None;
        }
        let to = self.take_name(name, len);
        let has_peer = self.facts.has(Fact::Connected);
        self.facts |= Fact::NoDestination.when(self.facts.has(Fact::NullName) && !has_peer);
        self.ask_cast(to.as_ref());
        to
    }
}

fn deliver(
    socket: &Socket,
    outgoing: Outgoing<'_>,
    (how, waits): (SendHow, Waits),
    to: Option<&Name>,
) -> Answer<usize> {
    match (outgoing, to) {
        (Outgoing::Octets(octets), Some(name)) => socket.send_to_waiting(octets, name, how, waits),
        (Outgoing::Octets(octets), None) => socket.send_waiting(octets, how, waits),
        (Outgoing::Foreign(memory, octets), Some(name)) => socket.send_to_foreign(memory, octets, name, how, waits),
        (Outgoing::Foreign(memory, octets), None) => socket.send_foreign(memory, octets, how, waits),
    }
}
