//! recv and recvfrom.

use synsent_sockets::{Answer, Kind, Name, Outcome, PointerMut, Progress, ReceiveHow, Received, Socket};

use super::Call;
use super::buffers::{Incoming, Scratch};
use crate::dialect::{Dialect, Truncation};
use crate::page::Verdict;
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
    carry_out(&mut call, (buffer, len), flags).map(|(octets, _)| octets)
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
        call.take_room(&name, &namelen);
    }
    let (octets, source) = carry_out(&mut call, (buffer, len), flags)?;
    if wants_name && !namelen.is_null() {
        let source = match source {
            Some(source) => source,
            // A local socket without a name.
            None => Name::unspecified(call.socket()?.domain()),
        };
        dialect.names.write(&source, &mut name, &mut namelen).map_err(|_| call.say(Outcome::BadMemory))?;
    }
    Ok(octets)
}

fn carry_out(call: &mut Call, (buffer, len): (PointerMut<'_>, i32), flags: i32) -> Result<(i32, Option<Name>), Said> {
    let (how, wrong) = call.dialect.receive_how(flags, call.on);
    call.facts |= wrong;
    let (wrong, incoming) = Incoming::new(buffer, len);
    call.facts |= wrong;
    if call.judge()? != Verdict::Proceed {
        return Ok((0, None));
    }
    let incoming = incoming.ok_or_else(|| call.say(Outcome::BadMemory))?;
    let received = match take(call.socket()?, incoming, how) {
        Ok(Progress::Done(received)) => received,
        Ok(Progress::Pending) => return Err(call.say(Outcome::WouldBlock)),
        Err(failure) => return Err(call.say(failure)),
    };
    if received.whole > received.octets && call.dialect.ways.truncation.value == Truncation::Fails {
        return Err(call.say(Outcome::MessageTooLong));
    }
    Ok((i32::try_from(received.octets).unwrap_or(i32::MAX), received.source))
}

fn take(socket: &Socket, incoming: Incoming<'_>, how: ReceiveHow) -> Answer<Received> {
    match incoming {
        Incoming::Octets(octets) => socket.receive(octets, how),
        Incoming::Foreign(mut pointer, octets) => {
            let mut scratch = Scratch::new(octets);
            let progress = socket.receive(scratch.octets_mut(), how)?;
            if let Progress::Done(received) = &progress {
                pointer.write(0, &scratch.octets()[..received.octets]).map_err(|_| Outcome::BadMemory)?;
            }
            Ok(progress)
        }
    }
}
