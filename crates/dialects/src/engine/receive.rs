//! recv and recvfrom.

use synsent_sockets::{Answer, Domain, Kind, Name, Outcome, PointerMut, Progress, ReceiveHow, Received, Socket, Waits};

use super::Call;
use super::buffers::Incoming;
use crate::dialect::{Dialect, Truncation};
use crate::page::{Fact, Verdict};
use crate::process::{Handle, Said};

/// recv.
pub(crate) fn recv(
    dialect: &'static Dialect,
    handle: Handle,
    buffer: PointerMut<'_>,
    len: i32,
    flags: i32,
) -> Result<i32, Said> {
    let mut call = Call::of_socket(dialect, &dialect.pages.recv, handle);
    match carry_out(&mut call, buffer, len, flags)? {
        Some(received) => call.count(&received),
        None => Ok(0),
    }
}

/// recvfrom: tells who sent it. A stream tells nobody; where the name or its length is null, nothing is told either.
pub(crate) fn recvfrom(
    dialect: &'static Dialect,
    handle: Handle,
    buffer: PointerMut<'_>,
    len: i32,
    flags: i32,
    mut name: PointerMut<'_>,
    mut namelen: PointerMut<'_>,
) -> Result<i32, Said> {
    let mut call = Call::of_socket(dialect, &dialect.pages.recvfrom, handle);
    let is_datagram = call.socket.as_ref().is_some_and(|socket| socket.kind() == Kind::Datagram);
    let wants_name = is_datagram && !name.is_null();
    if wants_name {
        call.take_room(&mut name, &mut namelen);
    }
    let Some(received) = carry_out(&mut call, buffer, len, flags)? else { return Ok(0) };
    if wants_name && !namelen.is_null() {
        // A local socket without a name sends without one.
        let nobody = || Name::unspecified(Domain::Local);
        let source = received.source.clone().unwrap_or_else(nobody);
        dialect.names.write(&source, &mut name, &mut namelen).map_err(|_| call.say(Outcome::BadMemory))?;
    }
    call.count(&received)
}

impl Call {
    /// What the caller is told of a datagram or a piece of a stream that stands in its buffer.
    fn count(&self, received: &Received) -> Result<i32, Said> {
        if received.whole > received.octets && self.dialect.ways.truncation.value == Truncation::Fails {
            return Err(self.say(Outcome::MessageTooLong));
        }
        Ok(i32::try_from(received.octets).unwrap_or(i32::MAX))
    }
}

/// Receives; `None` where the page says that there is nothing to do.
fn carry_out(call: &mut Call, buffer: PointerMut<'_>, len: i32, flags: i32) -> Result<Option<Received>, Said> {
    let (how, waits, wrong) = call.dialect.receive_how(flags, call.on);
    call.facts |= wrong;
    if waits == Waits::ForAll {
        let does_not_block = call.socket.as_ref().is_some_and(|socket| socket.is_nonblocking());
        call.facts |= Fact::WaitAllUnsupported.when(does_not_block);
    }
    let (wrong, incoming) = Incoming::new(buffer, len);
    call.facts |= wrong;
    if call.judge_with_buffer(|| incoming.as_ref().is_none_or(Incoming::is_there))? != Verdict::Proceed {
        return Ok(None);
    }
    let incoming = incoming.ok_or_else(|| call.say(Outcome::BadMemory))?;
    match take(call.socket()?, incoming, how, waits) {
        Ok(Progress::Done(received)) => Ok(Some(received)),
        Ok(Progress::Pending) => Err(call.say(Outcome::WouldBlock)),
        Err(failure) => Err(call.say_of_buffer(failure)),
    }
}

fn take(socket: &Socket, incoming: Incoming<'_>, how: ReceiveHow, waits: Waits) -> Answer<Received> {
    match incoming {
        Incoming::Octets(octets) => socket.receive_waiting(octets, how, waits),
        Incoming::Foreign(memory, octets) => socket.receive_foreign(memory, octets, how, waits),
    }
}
