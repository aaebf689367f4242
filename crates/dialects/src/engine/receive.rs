//! recv and recvfrom.

use synsent_sockets::{Answer, Domain, Kind, Name, Outcome, PointerMut, Progress, ReceiveHow, Received, Socket, Waits};

use super::Call;
use super::buffers::Incoming;
use crate::dialect::{Dialect, Truncation};
use crate::page::{Fact, Facts, Page, Verdict};
use crate::process::{Handle, Said};

/// What came into a caller's buffer.
pub(crate) struct Came {
    /// How much.
    pub(crate) octets: i32,
    /// Whether a message was larger than the buffer.
    pub(crate) is_short: bool,
    /// What is said where a message was larger than the buffer, and the rest of it is lost.
    pub(crate) cut: Option<Said>,
}

/// recv.
pub(crate) fn recv(
    dialect: &'static Dialect,
    handle: Handle,
    buffer: PointerMut<'_>,
    len: i32,
    flags: i32,
) -> Result<i32, Said> {
    by_page(dialect, &dialect.pages.recv, handle, (buffer, len), flags, None, Facts::NONE)?.count()
}

/// recvfrom: tells who sent it. A stream tells nobody; where the name or its length is null, nothing is told either.
pub(crate) fn recvfrom(
    dialect: &'static Dialect,
    handle: Handle,
    buffer: PointerMut<'_>,
    len: i32,
    flags: i32,
    name: PointerMut<'_>,
    namelen: PointerMut<'_>,
) -> Result<i32, Said> {
    let from = Some((name, namelen));
    by_page(dialect, &dialect.pages.recvfrom, handle, (buffer, len), flags, from, Facts::NONE)?.count()
}

/// The same by which recvmsg receives: it is told besides whether a message was larger than the buffer. Without room for a name it is
/// a recv.
pub(crate) fn recvmsg(
    dialect: &'static Dialect,
    handle: Handle,
    buffer: PointerMut<'_>,
    len: i32,
    flags: i32,
    name: PointerMut<'_>,
    namelen: PointerMut<'_>,
) -> Result<(i32, bool), Said> {
    let (page, from) = match name.is_null() {
        true => (&dialect.pages.recv, None),
        false => (&dialect.pages.recvfrom, Some((name, namelen))),
    };
    let came = by_page(dialect, page, handle, (buffer, len), flags, from, Facts::NONE)?;
    let is_short = came.is_short;
    came.count().map(|octets| (octets, is_short))
}

/// Receiving by a page, when this is so besides what is found here; tells who sent it, where there is room for that.
pub(crate) fn by_page(
    dialect: &'static Dialect,
    page: &'static Page,
    handle: Handle,
    (buffer, len): (PointerMut<'_>, i32),
    flags: i32,
    from: Option<(PointerMut<'_>, PointerMut<'_>)>,
    also: Facts,
) -> Result<Came, Said> {
    let mut call = Call::of_socket(dialect, page, handle);
    call.facts |= also;
    let is_datagram = call.socket.as_ref().is_some_and(|socket| socket.kind() == Kind::Datagram);
    let mut from = from.filter(|(name, _)| is_datagram && !name.is_null());
    if let Some((name, namelen)) = &mut from {
        call.take_room(name, namelen);
    }
    let Some(received) = carry_out(&mut call, buffer, len, flags)? else {
        return Ok(Came { octets: 0, is_short: false, cut: None });
    };
    if let Some((mut name, mut namelen)) = from.filter(|(_, namelen)| !namelen.is_null()) {
        // A local socket without a name sends without one.
        let nobody = || Name::unspecified(Domain::Local);
        let source = received.source.clone().unwrap_or_else(nobody);
        dialect.names.write(&source, &mut name, &mut namelen).map_err(|_| call.say(Outcome::BadMemory))?;
    }
    let is_short = received.whole > received.octets;
    let is_cut = is_short && dialect.ways.truncation.value == Truncation::Fails;
    let cut = is_cut.then(|| call.say(Outcome::MessageTooLong));
    Ok(Came { octets: i32::try_from(received.octets).unwrap_or(i32::MAX), is_short, cut })
}

impl Came {
    /// What a caller is told who is told a number or an error.
    fn count(self) -> Result<i32, Said> {
        self.cut.map_or(Ok(self.octets), Err)
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

fn take(socket: &Socket, mut incoming: Incoming<'_>, how: ReceiveHow, waits: Waits) -> Answer<Received> {
    loop {
        let answer = match &mut incoming {
            Incoming::Octets(octets) => socket.receive_waiting(octets, how, waits),
            Incoming::Foreign(memory, octets) => socket.receive_foreign(*memory, *octets, how, waits),
        };
        match answer {
            // Each refusal is told once, so this ends with the last of them.
            Err(failure) if failure.outcome == Outcome::Refused && socket.settings().ignores_refusals => {}
            answer => return answer,
        }
    }
}
