//! What an observer tells: processes that come and go, calls with what they said, and what could not be observed.
//!
//! Times are instants of the monotonic clock. A call's `began` lies before the kernel carried it out and its `ended` after, so a
//! packet that the call caused lies between them.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Instant;

/// The inode of a socket: its identity in all processes and under all descriptors.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct SocketInode(pub u64);

/// What a socket carries.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SocketKind {
    /// SOCK_STREAM.
    Stream,
    /// SOCK_DGRAM.
    Datagram,
    /// Anything else.
    Other,
}

/// How a call ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CallResult {
    /// It gave this number, which is not negative.
    Ok(i64),
    /// It failed with this error number of Linux.
    Err(i32),
    /// A signal or a stop interrupted it, and the kernel began it again: the program saw nothing of that.
    Restarted,
    /// A signal interrupted it; what the program was told then was not seen.
    Interrupted,
    /// It was still waiting when its thread ended.
    NotSeen,
}

/// What else is known of a call.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Detail {
    /// Nothing.
    None,
    /// An opening: whether the call waits for its end. `None` where the descriptor's flags could not be read.
    Opening {
        /// O_NONBLOCK is not set.
        blocking: Option<bool>,
    },
    /// What SO_ERROR held; 0 says that no error waited.
    SoError(i32),
    /// What `poll`, `select` or `epoll_wait` said of this socket; nothing when the time was over.
    Ready(Readiness),
    /// How many octets were moved.
    Octets(u64),
}

/// What a waiting call says of a socket, in the bits of `poll`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct Readiness(pub u32);

/// The bits with their names, the same for `poll` and epoll.
const READINESS_NAMES: [(u32, &str); 11] = [
    (0x001, "POLLIN"),
    (0x002, "POLLPRI"),
    (0x004, "POLLOUT"),
    (0x008, "POLLERR"),
    (0x010, "POLLHUP"),
    (0x020, "POLLNVAL"),
    (0x040, "POLLRDNORM"),
    (0x080, "POLLRDBAND"),
    (0x100, "POLLWRNORM"),
    (0x200, "POLLWRBAND"),
    (0x2000, "POLLRDHUP"),
];

impl Readiness {
    /// There is something to read, or the end of the stream.
    pub const IN: u32 = 0x001;
    /// There is something urgent to read; also the exceptional conditions of `select`.
    pub const PRI: u32 = 0x002;
    /// There is room to write.
    pub const OUT: u32 = 0x004;
    /// An error waits.
    pub const ERR: u32 = 0x008;
    /// Both directions are over.
    pub const HUP: u32 = 0x010;
    /// The peer sends no more.
    pub const RDHUP: u32 = 0x2000;

    /// Whether one of these bits is set.
    pub fn has(self, bits: u32) -> bool {
        self.0 & bits != 0
    }

    /// Whether nothing was said of the socket.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for Readiness {
    fn fmt(&self, into: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> =
            READINESS_NAMES.iter().filter(|(bit, _)| self.has(*bit)).map(|(_, name)| *name).collect();
        into.write_str(if names.is_empty() { "0" } else { "" })?;
        into.write_str(&names.join("|"))
    }
}

/// A call that the program made, with what it was told. A call that waits for several sockets is told once for each of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Call {
    /// The process.
    pub process: i32,
    /// The thread.
    pub thread: i32,
    /// Before the kernel carried it out.
    pub began: Instant,
    /// After it returned; when its thread ended, for one that did not return.
    pub ended: Instant,
    /// Its name in the manual.
    pub name: &'static str,
    /// The descriptor that it was given; for `socket` the one that it gave.
    pub descriptor: Option<i32>,
    /// The socket behind the descriptor.
    pub socket: Option<SocketInode>,
    /// What the socket carries.
    pub kind: Option<SocketKind>,
    /// The socket's own address, where it could be asked for (an opening that is under way or done).
    pub local: Option<SocketAddr>,
    /// The address in the call; else the one that the socket was last connected to.
    pub peer: Option<SocketAddr>,
    /// How it ended.
    pub result: CallResult,
    /// What else is known.
    pub detail: Detail,
}

/// How a process ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Ended {
    /// With this exit code.
    Code(i32),
    /// By this signal.
    Signal(i32),
}

/// Why calls of a process were not observed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Unobserved {
    /// It uses io_uring: calls that it submits there are not seen.
    IoUring,
    /// It is a 32-bit program (or makes calls of such a one).
    OtherArchitecture,
    /// It made very many calls while it had a connection: it is watched no longer, but for some calls after each further opening.
    /// Other `read`s, `write`s, `poll`s and their like are not seen from here on.
    WatchedCallsMax,
    /// It sent and received very often: those calls are not told from here on.
    DataCallsMax,
    /// It opened very many sockets: no call of it is told from here on.
    OpeningCallsMax,
    /// Its memory may not be read: addresses and readiness are not known.
    MemoryHidden,
}

impl fmt::Display for Unobserved {
    fn fmt(&self, into: &mut fmt::Formatter<'_>) -> fmt::Result {
        into.write_str(match self {
            Unobserved::IoUring => "the program uses io_uring, whose calls are not seen",
            Unobserved::OtherArchitecture => "a 32-bit program, whose calls are not seen",
            Unobserved::WatchedCallsMax => {
                "too many calls while a connection was open: not every read, write and poll is seen any more"
            }
            Unobserved::DataCallsMax => "too many calls that send or receive: they are no longer seen",
            Unobserved::OpeningCallsMax => "too many calls that open sockets: nothing is seen any more",
            Unobserved::MemoryHidden => "the program's memory may not be read",
        })
    }
}

/// Something that happened in the observed tree of processes. Numbers of processes are those of the observer's namespace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// A process is there.
    Started {
        /// Its number.
        process: i32,
        /// Who made it, where that is known.
        parent: Option<i32>,
        /// The program that it runs for now.
        program: Option<PathBuf>,
        /// When that was seen.
        at: Instant,
    },
    /// A process runs another program.
    Exec {
        /// Its number.
        process: i32,
        /// The program.
        program: Option<PathBuf>,
        /// When that was seen.
        at: Instant,
    },
    /// A call ended.
    Call(Call),
    /// Something of a process is not observed, from now on or at all. Each reason is told once for a process.
    Unobserved {
        /// Its number.
        process: i32,
        /// Why.
        why: Unobserved,
        /// When that was seen.
        at: Instant,
    },
    /// A process has ended.
    Exited {
        /// Its number.
        process: i32,
        /// How.
        status: Ended,
        /// When that was seen.
        at: Instant,
    },
    /// A child that the observing thread had before, and that is not observed, has ended and was reaped.
    OtherChild {
        /// Its number.
        process: i32,
        /// How.
        status: Ended,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readiness_is_written_as_poll_names_it() {
        assert_eq!(Readiness(0).to_string(), "0");
        assert_eq!(Readiness(Readiness::OUT | Readiness::ERR | Readiness::HUP).to_string(), "POLLOUT|POLLERR|POLLHUP");
        assert_eq!(i32::from(libc::POLLRDHUP), Readiness::RDHUP as i32);
        assert_eq!(i32::from(libc::POLLERR), Readiness::ERR as i32);
        assert_eq!(libc::EPOLLHUP, Readiness::HUP as i32);
    }
}
