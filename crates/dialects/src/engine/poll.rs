//! poll: waiting on many sockets, each with what is asked of it alone.

use synsent_sockets::{FileState, Kind, Ready, Stage};

use super::Call;
use super::select::{Asked, Patience, wait};
use crate::dialect::{Dialect, HandleScheme};
use crate::page::{Fact, Facts, Page};
use crate::process::{Handle, Said};

/// What an entry is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Told {
    /// A socket: what it is ready for.
    Ready(Ready, Kind),
    /// A stream that was never connected: neither end is there.
    HungUp,
    /// A file: what is known of it.
    File(FileState),
    /// The descriptor is none.
    Nothing,
    /// Nobody asked.
    Unasked,
}

/// What a stream that was never connected is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NeverConnected {
    /// That neither end is there, at once.
    HungUp,
    /// Nothing.
    Waits,
}

/// poll by its own page, when this is so besides what is found here, over handles and what is asked of each. A negative handle is
/// not asked. Where one of the entries is told something without a wait, nobody waits.
pub(crate) fn poll(
    dialect: &'static Dialect,
    page: &'static Page,
    entries: &[(Handle, Ready)],
    never_connected: NeverConnected,
    patience: Patience,
    also: Facts,
) -> Result<Vec<Told>, Said> {
    let mut call = Call::of_process(dialect, page);
    call.facts |= also;
    // What a page is silent about before it was started is no socket's business.
    if call.facts.has(Fact::NotStarted) {
        call.judge()?;
    }
    let is_hung_up = |asked: &Asked| never_connected == NeverConnected::HungUp && is_idle_stream(asked);
    let asked: Vec<(usize, Asked)> = {
        let process = call.process()?;
        let given = entries.iter().enumerate().filter(|(_, (handle, _))| *handle >= 0);
        // Failures and the end of the other side are told whether or not somebody asks.
        let find = |(at, (handle, asks)): (usize, &(Handle, Ready))| {
            match Asked::find(process, *handle, *asks | Ready::FAILED | Ready::PEER_CLOSED) {
                // Where handles are no descriptors, a file is none of what can be asked.
                Asked::File(_) if dialect.ways.handles.value == HandleScheme::Opaque => (at, Asked::Nothing),
                asked => (at, asked),
            }
        };
        given.map(find).collect()
    };
    call.facts |= Fact::FileInSet.when(asked.iter().any(|(_, asked)| matches!(asked, Asked::File(_))));
    call.judge()?;
    let (places, asked): (Vec<usize>, Vec<Asked>) = asked.into_iter().unzip();
    let needs_no_wait = asked.iter().any(|asked| matches!(asked, Asked::Nothing) || is_hung_up(asked));
    let patience = if needs_no_wait { Patience::of_millis(0) } else { patience };
    let found = wait(&call, &asked, patience)?;
    let (mut sockets, mut files) = (found.sockets.into_iter(), found.files.into_iter());
    let mut told = vec![Told::Unasked; entries.len()];
    for (at, asked) in places.into_iter().zip(&asked) {
        told[at] = match asked {
            Asked::Socket(socket, _) => {
                let ready = sockets.next().unwrap_or(Ready::NONE);
                if is_hung_up(asked) { Told::HungUp } else { Told::Ready(ready, socket.kind()) }
            }
            Asked::File(file) => Told::File(files.next().unwrap_or(*file).state),
            Asked::Nothing => Told::Nothing,
        };
    }
    Ok(told)
}

fn is_idle_stream(asked: &Asked) -> bool {
    matches!(asked, Asked::Socket(socket, _) if socket.kind() == Kind::Stream && socket.standing().stage == Stage::Idle)
}
