//! select: waiting on many sockets, in three sets.

use std::sync::Arc;

use synsent_sockets::{Cancel, Ready, Socket, Stage, select_each};
use synsent_stack::Duration;

use super::Call;
use crate::dialect::{Dialect, FailureShows};
use crate::page::{Fact, Verdict};
use crate::process::{Handle, Process, Said};

/// How long a select waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Patience {
    /// Until something is ready.
    Forever,
    /// At most this long.
    AtMost(Duration),
    /// What the caller gave is no time.
    Nonsense,
}

impl Patience {
    /// What milliseconds mean; a negative number is no limit.
    pub(crate) fn of_millis(millis: i32) -> Patience {
        u64::try_from(millis).map_or(Patience::Forever, |millis| Patience::AtMost(Duration::from_millis(millis)))
    }

    /// What seconds and microseconds mean; without them the wait has no end.
    pub(crate) fn of(limit: Option<(i64, i64)>) -> Patience {
        let Some((seconds, micros)) = limit else { return Patience::Forever };
        let (Ok(seconds), Ok(micros)) = (u64::try_from(seconds), u64::try_from(micros)) else {
            return Patience::Nonsense;
        };
        if micros >= 1_000_000 {
            return Patience::Nonsense;
        }
        let micros = seconds.saturating_mul(1_000_000).saturating_add(micros);
        Patience::AtMost(Duration::from_micros(micros))
    }
}

/// A set and what is asked of its members.
struct Set<'a> {
    handles: Option<&'a mut Vec<Handle>>,
    asks: Ready,
    /// Whether an opening that failed shows here, and nothing else that failed.
    shows_failed_openings: bool,
}

/// select. The sets are lists of handles; what is not ready is taken out of them. Answers with how many are left in all three.
pub(crate) fn select(
    dialect: &'static Dialect,
    read: Option<&mut Vec<Handle>>,
    write: Option<&mut Vec<Handle>>,
    except: Option<&mut Vec<Handle>>,
    patience: Patience,
) -> Result<i32, Said> {
    let mut call = Call::of_process(dialect, &dialect.pages.select);
    let (failure_in_both, failure_in_except) = match dialect.ways.failure_shows.value {
        FailureShows::Exceptional => (Ready::NONE, true),
        FailureShows::ReadableAndWritable => (Ready::FAILED, false),
    };
    let mut sets = [
        Set {
            handles: read,
            asks: Ready::READABLE | Ready::PEER_CLOSED | failure_in_both,
            shows_failed_openings: false,
        },
        Set { handles: write, asks: Ready::WRITABLE | failure_in_both, shows_failed_openings: false },
        Set { handles: except, asks: Ready::URGENT, shows_failed_openings: failure_in_except },
    ];
    let asked = call.process.as_deref().map(|process| gather(process, &sets));
    let asked = asked.unwrap_or_default();
    let is_empty = sets.iter().all(|set| set.handles.as_ref().is_none_or(|handles| handles.is_empty()));
    call.facts |= Fact::NothingSelected.when(is_empty)
        | Fact::BadHandleInSet.when(asked.iter().any(|asked| matches!(asked, Asked::Nothing)))
        | Fact::FileInSet.when(asked.iter().any(|asked| matches!(asked, Asked::File)))
        | Fact::BadTime.when(patience == Patience::Nonsense);
    if call.judge()? != Verdict::Proceed {
        return Ok(0);
    }
    let found = wait(&call, &asked, patience)?;
    Ok(reduce(&mut sets, &asked, &found))
}

/// A member of a set.
pub(super) enum Asked {
    /// A socket, and what is asked of it.
    Socket(Arc<Socket>, Ready),
    /// A file, which never has to wait.
    File,
    /// What is neither.
    Nothing,
}

impl Asked {
    pub(super) fn find(process: &Process, handle: Handle, asks: impl FnOnce(&Socket) -> Ready) -> Asked {
        match process.find(handle) {
            Some(socket) => {
                let asks = asks(&socket);
                Asked::Socket(socket, asks)
            }
            None if process.is_file(handle) => Asked::File,
            None => Asked::Nothing,
        }
    }
}

/// The members of all sets, one after another.
fn gather(process: &Process, sets: &[Set<'_>; 3]) -> Vec<Asked> {
    let lists = || sets.iter().filter_map(|set| Some((set, set.handles.as_deref()?)));
    let mut asked = Vec::with_capacity(lists().map(|(_, handles)| handles.len()).sum());
    for (set, handles) in lists() {
        let from = asked.len();
        process.find_all(handles, |socket| {
            asked.push(socket.map_or(Asked::Nothing, |socket| Asked::Socket(socket, set.asks)));
        });
        for (asked, handle) in asked[from..].iter_mut().zip(handles) {
            match asked {
                Asked::Socket(socket, asks) if set.shows_failed_openings && may_fail_to_open(socket) => {
                    *asks = *asks | Ready::FAILED;
                }
                Asked::Nothing if process.is_file(*handle) => *asked = Asked::File,
                Asked::Socket(..) | Asked::File | Asked::Nothing => {}
            }
        }
    }
    asked
}

/// Whether a failure that shows is that of an opening; a connection that broke shows as readable.
fn may_fail_to_open(socket: &Socket) -> bool {
    matches!(socket.standing().stage, Stage::Idle | Stage::Connecting | Stage::Failed(_))
}

/// What the sockets could do, in their order.
pub(super) fn wait(call: &Call, asked: &[Asked], patience: Patience) -> Result<Vec<Ready>, Said> {
    let at_most = match patience {
        _ if asked.iter().any(|asked| matches!(asked, Asked::File)) => Some(Duration::ZERO),
        Patience::AtMost(span) => Some(span),
        Patience::Forever | Patience::Nonsense => None,
    };
    let sockets = asked.iter().filter_map(|asked| match asked {
        Asked::Socket(socket, asks) => Some((socket.as_ref(), *asks)),
        Asked::File | Asked::Nothing => None,
    });
    let network = call.process()?.network().as_ref();
    select_each(network, sockets, at_most, &Cancel::new()).map_err(|failure| call.say(failure))
}

/// Leaves in each set what is ready for it.
fn reduce(sets: &mut [Set<'_>; 3], asked: &[Asked], found: &[Ready]) -> i32 {
    let mut count = 0;
    // What is no socket was not asked and has no answer.
    let mut found = found.iter();
    let mut asked = asked.iter();
    for handles in sets.iter_mut().filter_map(|set| set.handles.as_deref_mut()) {
        handles.retain(|_| {
            let is_ready = match asked.next() {
                Some(Asked::Socket(..)) => found.next().is_some_and(|ready| !ready.is_empty()),
                Some(Asked::File) => true,
                Some(Asked::Nothing) | None => false,
            };
            count += i32::from(is_ready);
            is_ready
        });
    }
    count
}
