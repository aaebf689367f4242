//! WSAPoll: waiting on many sockets, each with what is asked of it alone.
//!
//! What is told unasked: that something failed, that a connection is over, and that a handle is none. An opening that failed is
//! told as an error, as the end of the connection and, where that was asked, as writable; a stream that was never connected is
//! told nothing, as in select.

use synsent_sockets::{Kind, Ready};

use super::constants::*;
use super::{WINSOCK2, pages};
use crate::engine::poll::{NeverConnected, Told, poll};
use crate::engine::select::Patience;
use crate::page::{Fact, Facts};
use crate::process::{Handle, SOCKETS_MAX};
use crate::windows::last_error;

/// What can be asked for.
const ASKED: i16 = POLLIN | POLLOUT;

/// How many entries a call takes; no process has more sockets.
pub const POLL_ENTRIES_MAX: u32 = SOCKETS_MAX;

/// An entry of [`WSAPoll`].
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct WSAPOLLFD {
    /// The socket; one that is negative as a signed number is passed over.
    pub fd: SOCKET,
    /// What is asked.
    pub events: i16,
    /// What is so.
    pub revents: i16,
}

/// Waits until one of these sockets has what is asked of it, at most so many milliseconds; a negative time is no limit. `nfds` is how
/// many entries there should be, and without entries they are not there. Returns how many have something to tell.
#[allow(non_snake_case)]
pub fn WSAPoll(fdArray: Option<&mut [WSAPOLLFD]>, nfds: u32, timeout: i32) -> i32 {
    let facts = Fact::NothingSelected.when(nfds == 0)
        | Fact::NullBuffer.when(fdArray.is_none())
        | Fact::TooManyBuffers.when(nfds > POLL_ENTRIES_MAX);
    let entries = fdArray.unwrap_or_default();
    let is_odd = |entry: &WSAPOLLFD| handle(entry) >= 0 && entry.events & !ASKED != 0;
    let facts: Facts = facts | Fact::BadFlags.when(entries.iter().any(is_odd));
    let asked: Vec<_> = entries.iter().map(|entry| (handle(entry), asks(entry))).collect();
    let (page, patience) = (&pages::WSAPOLL, Patience::of_millis(timeout));
    let told = poll(&WINSOCK2, page, &asked, NeverConnected::Waits, patience, facts);
    last_error::count(told.map(|told| {
        for (entry, told) in entries.iter_mut().zip(told) {
            entry.revents = tells(entry.events, told);
        }
        entries.iter().filter(|entry| entry.revents != 0).count() as i32
    }))
}

/// A socket is as wide as a pointer, and without a sign; the document calls one negative that would be.
fn handle(entry: &WSAPOLLFD) -> Handle {
    entry.fd.cast_signed() as Handle
}

fn asks(entry: &WSAPOLLFD) -> Ready {
    Ready::READABLE.when(entry.events & POLLRDNORM != 0)
        | Ready::WRITABLE.when(entry.events & POLLWRNORM != 0)
        | Ready::URGENT.when(entry.events & POLLRDBAND != 0)
}

fn tells(asked: i16, told: Told) -> i16 {
    let when = |holds: bool, events: i16| if holds { events } else { 0 };
    match told {
        Told::Unasked => 0,
        Told::Nothing | Told::File(_) => POLLNVAL,
        Told::HungUp => POLLHUP,
        Told::Ready(ready, kind) => {
            let failed = ready.has(Ready::FAILED);
            let is_over = kind == Kind::Stream && (failed || ready.has(Ready::PEER_CLOSED));
            let readable = ready.has(Ready::READABLE | Ready::PEER_CLOSED);
            let writable = failed || ready.has(Ready::WRITABLE);
            let urgent = ready.has(Ready::URGENT);
            asked & (when(readable, POLLRDNORM) | when(writable, POLLWRNORM) | when(urgent, POLLRDBAND))
                | when(failed, POLLERR)
                | when(is_over, POLLHUP)
        }
    }
}
