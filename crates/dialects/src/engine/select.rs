//! select: waiting on many sockets, in three sets.

use std::sync::Arc;

use synsent_sockets::{Cancel, Ready, Socket, Stage, WatchedFile, select_beside_files};
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
        | Fact::FileInSet.when(asked.iter().any(|asked| matches!(asked, Asked::File(_))))
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
    /// A file, and what is asked of it.
    File(WatchedFile),
    /// What is neither.
    Nothing,
}

impl Asked {
    pub(super) fn find(process: &Process, handle: Handle, asks: Ready) -> Asked {
        match process.find(handle) {
            Some(socket) => Asked::Socket(socket, asks),
            None => Asked::no_socket(process, handle, asks),
        }
    }

    /// What a handle is that names no socket.
    fn no_socket(process: &Process, handle: Handle, asks: Ready) -> Asked {
        match i32::try_from(handle) {
            Ok(number) if process.is_file(handle) => Asked::File(WatchedFile::new(number, asks)),
            _ => Asked::Nothing,
        }
    }
}

/// What became of a wait: what each socket could do, and what is known of each file, in their order.
pub(super) struct Found {
    pub(super) sockets: Vec<Ready>,
    pub(super) files: Vec<WatchedFile>,
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
                Asked::Nothing => *asked = Asked::no_socket(process, *handle, set.asks),
                Asked::Socket(..) | Asked::File(_) => {}
            }
        }
    }
    asked
}

/// Whether a failure that shows is that of an opening; a connection that broke shows as readable.
fn may_fail_to_open(socket: &Socket) -> bool {
    matches!(socket.standing().stage, Stage::Idle | Stage::Connecting | Stage::Failed(_))
}

/// What the sockets and the files could do.
pub(super) fn wait(call: &Call, asked: &[Asked], patience: Patience) -> Result<Found, Said> {
    let at_most = match patience {
        Patience::AtMost(span) => Some(span),
        Patience::Forever | Patience::Nonsense => None,
    };
    let sockets = asked.iter().filter_map(|asked| match asked {
        Asked::Socket(socket, asks) => Some((socket.as_ref(), *asks)),
        Asked::File(_) | Asked::Nothing => None,
    });
    let files = asked.iter().filter_map(|asked| match asked {
        Asked::File(file) => Some(*file),
        Asked::Socket(..) | Asked::Nothing => None,
    });
    let mut files: Vec<_> = files.collect();
    let network = call.process()?.network().as_ref();
    let found = select_beside_files(network, sockets, &mut files, at_most, &Cancel::new());
    Ok(Found { sockets: found.map_err(|failure| call.say(failure))?, files })
}

/// Leaves in each set what is ready for it.
fn reduce(sets: &mut [Set<'_>; 3], asked: &[Asked], found: &Found) -> i32 {
    let mut count = 0;
    let (mut sockets, mut files) = (found.sockets.iter(), found.files.iter());
    let mut asked = asked.iter();
    for handles in sets.iter_mut().filter_map(|set| set.handles.as_deref_mut()) {
        handles.retain(|_| {
            let is_ready = match asked.next() {
                Some(Asked::Socket(..)) => sockets.next().is_some_and(|ready| !ready.is_empty()),
                Some(Asked::File(_)) => files.next().is_some_and(WatchedFile::is_ready),
                // What is neither was not asked and has no answer.
                Some(Asked::Nothing) | None => false,
            };
            count += i32::from(is_ready);
            is_ready
        });
    }
    count
}
