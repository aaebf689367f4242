//! What is watched of a socket while somebody waits, and what the kernel's events mean where it stands.

use std::sync::atomic::Ordering;

use synsent_sockets::{Kind, Ready};
use synsent_stack::{Duration, Instant};

use super::stages::{NEVER, Stage};
use super::{KernelSocket, NO_NUMBER};
use crate::waiters::{self, Watch};

/// How often who sends to a local receiver that is full looks whether it has room.
const RECEIVER_PAUSE: Duration = Duration::from_millis(2);

impl KernelSocket {
    /// When somebody should ask again although no descriptor tells.
    pub(crate) fn look_at(&self, interest: Ready) -> Option<Instant> {
        if self.waits_for_a_receiver(interest) {
            return Some(self.clock.now() + RECEIVER_PAUSE);
        }
        let nanos = self.look_at.load(Ordering::Relaxed);
        (nanos != NEVER).then(|| Instant::from_nanos(nanos))
    }

    /// What to watch while something of interest is waited for; nothing where the kernel would only tell what is known.
    pub(crate) fn watch(&self, interest: Ready) -> Option<Watch> {
        if let Some(Some(end)) = self.end_watch.get() {
            return Some(waiters::watch(end.number(), libc::POLLIN));
        }
        let descriptor = self.number();
        if descriptor == NO_NUMBER {
            return None;
        }
        let failed = libc::POLLERR | libc::POLLHUP;
        let of_interest = match self.stage() {
            Stage::Opening => libc::POLLOUT | failed,
            // A close that waits without a descriptor to be told by: an end that was sent is writable for good.
            _ if self.end_watch.get().is_some() => libc::POLLERR,
            _ if self.waits_for_a_receiver(interest) => libc::POLLERR,
            Stage::Idle | Stage::Paused | Stage::Failed if self.kind == Kind::Stream => return None,
            _ => {
                let events = [
                    (Ready::READABLE, libc::POLLIN | libc::POLLRDHUP | failed),
                    (Ready::WRITABLE, libc::POLLOUT | libc::POLLERR),
                    (Ready::URGENT, libc::POLLPRI),
                    (Ready::FAILED, libc::POLLERR),
                    (Ready::PEER_CLOSED, libc::POLLRDHUP),
                ];
                events.into_iter().filter(|(ready, _)| interest.has(*ready)).fold(0, |all, (_, event)| all | event)
            }
        };
        Some(waiters::watch(descriptor, of_interest))
    }

    fn waits_for_a_receiver(&self, interest: Ready) -> bool {
        interest.has(Ready::WRITABLE) && self.receiver_is_full.load(Ordering::Relaxed)
    }

    /// Who closes the socket wakes all who wait then, so a number that is watched for somebody else's descriptor is not watched for
    /// long.
    fn number(&self) -> i32 {
        self.number.load(Ordering::Acquire)
    }

    /// What to look at when everything is of interest.
    pub(crate) fn watch_everything(&self) -> Watch {
        waiters::watch(self.number(), libc::POLLIN | libc::POLLOUT | libc::POLLPRI | libc::POLLRDHUP)
    }

    /// What the kernel's events mean where this socket stands.
    pub(crate) fn read_events(&self, events: i16) -> Ready {
        let has = |any: i16| events & any != 0;
        match self.stage() {
            _ if has(libc::POLLNVAL) => Ready::NONE,
            Stage::Idle | Stage::Paused if self.kind == Kind::Stream => Ready::NONE,
            Stage::Failed => Ready::FAILED,
            Stage::Opening if has(libc::POLLERR | libc::POLLHUP) => Ready::FAILED,
            Stage::Opening => Ready::WRITABLE.when(has(libc::POLLOUT)),
            _ => {
                Ready::READABLE.when(has(libc::POLLIN | libc::POLLERR | libc::POLLHUP))
                    | Ready::WRITABLE.when(has(libc::POLLOUT))
                    | Ready::URGENT.when(has(libc::POLLPRI))
                    | Ready::FAILED.when(has(libc::POLLERR))
                    | Ready::PEER_CLOSED.when(has(libc::POLLRDHUP) && self.kind == Kind::Stream)
            }
        }
    }

    pub(super) fn look(&self) -> Ready {
        let mut ready = Ready::NONE;
        waiters::look(
            |list| list.push(self.watch_everything()),
            |answers| ready = answers.first().map_or(Ready::NONE, |answer| self.read_events(answer.revents)),
        );
        ready
    }
}
