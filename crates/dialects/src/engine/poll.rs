//! poll: waiting on many sockets, each with what is asked of it alone.

use synsent_sockets::{Ready, Stage};

use super::Call;
use super::select::{Asked, Patience, wait};
use crate::dialect::Dialect;
use crate::page::{Fact, Page};
use crate::process::{Handle, Said};

/// What an entry is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Told {
    /// A socket: what it is ready for.
    Ready(Ready),
    /// A stream that was never connected: neither end is there.
    HungUp,
    /// A file can always be read and written.
    File,
    /// The descriptor is none.
    Nothing,
    /// Nobody asked.
    Unasked,
}

/// poll by its own page, over handles and what is asked of each. A negative handle is not asked. Where one of the entries is told
/// something without a wait, nobody waits.
pub(crate) fn poll(
    dialect: &'static Dialect,
    page: &'static Page,
    entries: &[(Handle, Ready)],
    patience: Patience,
) -> Result<Vec<Told>, Said> {
    let mut call = Call::of_process(dialect, page);
    let asked: Vec<(usize, Asked)> = {
        let process = call.process()?;
        let given = entries.iter().enumerate().filter(|(_, (handle, _))| *handle >= 0);
        // Failures and the end of the other side are told whether or not somebody asks.
        let find = |(at, (handle, asks)): (usize, &(Handle, Ready))| {
            (at, Asked::find(process, *handle, |_| *asks | Ready::FAILED | Ready::PEER_CLOSED))
        };
        given.map(find).collect()
    };
    call.facts |= Fact::FileInSet.when(asked.iter().any(|(_, asked)| matches!(asked, Asked::File)));
    call.judge()?;
    let (places, asked): (Vec<usize>, Vec<Asked>) = asked.into_iter().unzip();
    let needs_no_wait = asked.iter().any(|asked| !matches!(asked, Asked::Socket(..)) || is_hung_up(asked));
    let patience = if needs_no_wait { Patience::of_millis(0) } else { patience };
    let mut found = wait(&call, &asked, patience)?.into_iter();
    let mut told = vec![Told::Unasked; entries.len()];
    for (at, asked) in places.into_iter().zip(&asked) {
        told[at] = match asked {
            Asked::Socket(..) => {
                let ready = found.next().unwrap_or(Ready::NONE);
                if is_hung_up(asked) { Told::HungUp } else { Told::Ready(ready) }
            }
            Asked::File => Told::File,
            Asked::Nothing => Told::Nothing,
        };
    }
    Ok(told)
}

fn is_hung_up(asked: &Asked) -> bool {
    matches!(asked, Asked::Socket(socket, _) if socket.kind() == synsent_sockets::Kind::Stream && socket.standing().stage == Stage::Idle)
}
