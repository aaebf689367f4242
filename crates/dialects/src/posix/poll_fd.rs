//! An entry of poll: a descriptor, what is asked of it, and what it is told.

use synsent_sockets::{FileState, Ready};

use super::constants::*;
use crate::engine::poll::Told;

/// An entry of poll.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct PollFd {
    /// The descriptor; a negative one is passed over.
    pub fd: i32,
    /// What is asked.
    pub events: i16,
    /// What is so, of what was asked, and what is told unasked: POLLERR, POLLHUP, POLLNVAL.
    pub revents: i16,
}

const READING: i16 = POLLIN | POLLRDNORM;
const WRITING: i16 = POLLOUT | POLLWRNORM;

impl PollFd {
    /// What is asked of the socket.
    pub(crate) fn asks(&self) -> Ready {
        Ready::READABLE.when(self.events & READING != 0)
            | Ready::WRITABLE.when(self.events & WRITING != 0)
            | Ready::URGENT.when(self.events & POLLPRI != 0)
    }

    /// Notes what is so. What can only fail does not have to wait, so it is readable and writable too.
    pub(crate) fn tell(&mut self, told: Told) {
        let asked = self.events;
        let when = |holds: bool, events: i16| if holds { events } else { 0 };
        self.revents = match told {
            Told::Unasked => 0,
            Told::Nothing => POLLNVAL,
            Told::File(FileState::NeverWaits) => asked & (READING | WRITING),
            Told::File(FileState::Ready(ready)) => {
                let told = [
                    (Ready::READABLE, asked & READING),
                    (Ready::WRITABLE, asked & WRITING),
                    (Ready::URGENT, asked & POLLPRI),
                    (Ready::FAILED, POLLERR),
                    (Ready::PEER_CLOSED, POLLHUP),
                ];
                told.iter().fold(0, |all, (one, events)| all | when(ready.has(*one), *events))
            }
            // Where nothing is left to be written to, POLLOUT is not told.
            Told::HungUp => POLLHUP,
            Told::Ready(ready, _) => {
                let failed = ready.has(Ready::FAILED);
                let readable = failed || ready.has(Ready::READABLE | Ready::PEER_CLOSED);
                let writable = failed || ready.has(Ready::WRITABLE);
                asked & (when(readable, READING) | when(writable, WRITING) | when(ready.has(Ready::URGENT), POLLPRI))
                    | when(failed, POLLERR)
            }
        };
    }
}
