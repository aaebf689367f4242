//! connect: the call that this house is named after.

use synsent_sockets::{Failure, Name, Outcome, Pointer, Progress, Queued, Socket};

use super::Call;
use crate::dialect::{Dialect, QueueRule};
use crate::page::{Fact, Facts, Page, Verdict};
use crate::process::{Handle, Said};

/// connect with a name in the caller's memory.
pub(crate) fn connect(dialect: &'static Dialect, handle: Handle, name: Pointer<'_>, len: i32) -> Result<(), Said> {
    by_page(dialect, &dialect.pages.connect, handle, name, len, Facts::NONE)
}

/// Connecting by a page, when this is so besides what is found here.
pub(crate) fn by_page(
    dialect: &'static Dialect,
    page: &'static Page,
    handle: Handle,
    name: Pointer<'_>,
    len: i32,
    also: Facts,
) -> Result<(), Said> {
    let mut call = Call::of_socket(dialect, page, handle);
    call.facts |= also;
    let name = call.take_name(name, len);
    carry_out(call, handle, name.as_ref())
}

/// connect with a name: the same page, without what can be wrong with memory.
pub(crate) fn connect_to(dialect: &'static Dialect, handle: Handle, name: &Name) -> Result<(), Said> {
    let mut call = Call::of_socket(dialect, &dialect.pages.connect, handle);
    if let Some(socket) = &call.socket {
        call.facts |= dialect.names.facts(name, socket.domain());
    }
    carry_out(call, handle, Some(name))
}

fn carry_out(mut call: Call, handle: Handle, name: Option<&Name>) -> Result<(), Said> {
    call.ask_cast(name);
    if let (Some(process), Some(name)) = (&call.process, name)
        && call.page.asks(call.on, Fact::OutsideGroup.alone())
    {
        call.facts |= Fact::OutsideGroup.when(process.group_goes_elsewhere(handle, name));
    }
    let verdict = call.judge()?;
    let socket = match verdict {
        Verdict::Nothing | Verdict::Fail(_) => return Ok(()),
        Verdict::Dissolve | Verdict::Proceed => call.socket()?,
    };
    let queued = match call.dialect.ways.queue.value {
        QueueRule::Keep => Queued::Stay,
        QueueRule::DropForeign => Queued::ForeignGo,
        QueueRule::DropWhenPeerChanges => Queued::Go,
    };
    let done = match (verdict, name) {
        (Verdict::Dissolve, _) => dissolve(socket, queued).map(Progress::Done),
        (_, Some(name)) => socket.connect_with(name, queued),
        (_, None) => return Err(call.say_bad_name()),
    };
    match done {
        Ok(Progress::Done(())) => Ok(()),
        Ok(Progress::Pending) => Err(call.say(Outcome::ConnectStarted)),
        Err(failure) => Err(call.say(failure)),
    }
}

/// A name that takes the peer away is another name than that of the peer too. The queue goes first: then it can be the peer's
/// datagrams alone that go.
fn dissolve(socket: &Socket, queued: Queued) -> Result<(), Failure> {
    if queued == Queued::Go && socket.peer_name().is_some() {
        socket.discard_queued();
    }
    socket.disconnect()
}
