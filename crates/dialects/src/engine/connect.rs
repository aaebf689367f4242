//! connect: the call that this house is named after.

use synsent_sockets::{Failure, Name, Outcome, Pointer, Progress, Socket};

use super::Call;
use crate::dialect::{Dialect, QueueRule};
use crate::page::Verdict;
use crate::process::{Handle, Said};

/// connect with a name in the caller's memory.
pub(crate) fn connect(dialect: &'static Dialect, handle: Handle, name: Pointer<'_>, len: i32) -> Result<(), Said> {
    let mut call = Call::of_socket(dialect, &dialect.pages.connect, handle);
    let decoded = call.socket.as_ref().map(|socket| dialect.names.decode(name, len, socket.domain()));
    let name = decoded.and_then(|decoded| {
        call.facts |= decoded.facts;
        decoded.name
    });
    carry_out(call, name)
}

fn carry_out(mut call: Call, name: Option<Name>) -> Result<(), Said> {
    call.ask_cast(name.as_ref());
    let verdict = call.judge()?;
    let Some(socket) = call.socket.as_deref() else { return Ok(()) };
    let done = match (verdict, &name) {
        (Verdict::Dissolve, _) => dissolve(socket),
        (Verdict::Proceed, Some(name)) => proceed(socket, name, call.dialect.ways.queue.value),
        _ => Ok(Progress::Done(())),
    };
    match done {
        Ok(Progress::Done(())) => Ok(()),
        Ok(Progress::Pending) => Err(call.say(Outcome::ConnectStarted.into())),
        Err(failure) => Err(call.say(failure)),
    }
}

fn dissolve(socket: &Socket) -> Result<Progress<()>, Failure> {
    socket.disconnect()?;
    Ok(Progress::Done(()))
}

fn proceed(socket: &Socket, name: &Name, queue: QueueRule) -> Result<Progress<()>, Failure> {
    let peer_changes = socket.kind() == synsent_sockets::Kind::Datagram && socket.peer_name().as_ref() != Some(name);
    let progress = socket.connect(name)?;
    if peer_changes && queue == QueueRule::DropWhenPeerChanges {
        socket.discard_queued();
    }
    Ok(progress)
}
