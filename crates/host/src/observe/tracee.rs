//! What is remembered of the observed: sockets by their inode, processes with their budgets, threads with the call they are in.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::Instant;

use super::decode::KnownCall;
use super::event::{Detail, SocketInode, SocketKind, Unobserved};

/// How many sockets are remembered; beyond that the oldest are forgotten, and asked again when a call names them.
pub(super) const SOCKETS_MAX: usize = 65_536;

/// What is known of a socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Socket {
    /// Of one of the two internet domains; others are not looked at.
    pub(super) is_internet: bool,
    pub(super) kind: SocketKind,
    /// What it was last connected to.
    pub(super) peer: Option<SocketAddr>,
    /// Whether an opening was called on it.
    pub(super) is_opened: bool,
}

/// The sockets of all observed processes.
#[derive(Debug, Default)]
pub(super) struct Sockets {
    known: HashMap<SocketInode, Socket>,
    order: VecDeque<SocketInode>,
}

impl Sockets {
    pub(super) fn get(&self, inode: SocketInode) -> Option<Socket> {
        self.known.get(&inode).copied()
    }

    /// Remembers a socket, in the place of one that had the same inode before.
    pub(super) fn insert(&mut self, inode: SocketInode, socket: Socket) {
        if self.known.insert(inode, socket).is_some() {
            return;
        }
        self.order.push_back(inode);
        if self.order.len() > SOCKETS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }

    /// An opening is called on a socket.
    pub(super) fn open(&mut self, inode: SocketInode, peer: Option<SocketAddr>) {
        if let Some(socket) = self.known.get_mut(&inode) {
            socket.is_opened = true;
            socket.peer = peer;
        }
    }

    /// Whether it is an internet socket on which an opening was called.
    pub(super) fn is_opened(&self, inode: SocketInode) -> bool {
        self.get(inode).is_some_and(|socket| socket.is_internet && socket.is_opened)
    }
}

/// A process: what its threads share.
#[derive(Debug, Default)]
pub(super) struct Process {
    /// All its calls stop.
    pub(super) is_watched: bool,
    /// How many calls stopped only because it is watched.
    pub(super) watched_calls: u32,
    /// How many calls that send or receive were told.
    pub(super) data_calls: u32,
    /// How many other calls were told.
    pub(super) opening_calls: u32,
    /// What was said not to be observed.
    pub(super) told: Vec<Unobserved>,
}

impl Process {
    /// Whether this reason was not told yet; from now on it was.
    pub(super) fn is_new(&mut self, why: Unobserved) -> bool {
        let is_new = !self.told.contains(&why);
        if is_new {
            self.told.push(why);
        }
        is_new
    }
}

/// A thread.
#[derive(Debug)]
pub(super) struct Thread {
    pub(super) process: i32,
    /// Whether it was last let go to its next call, and not only to the next event.
    pub(super) goes_to_call: bool,
    /// Whether it stands still because its job control wants it.
    pub(super) is_stopped: bool,
    /// Whether it was asked to stop, so that its calls are seen from then on.
    pub(super) is_asked: bool,
    /// The number of the call that it entered last.
    pub(super) last_number: u64,
    /// The call that it is in.
    pub(super) call: Option<Pending>,
    /// The call that was interrupted, of which it is not yet known what the program was told.
    pub(super) interrupted: Option<Interrupted>,
}

impl Thread {
    pub(super) fn of(process: i32) -> Thread {
        Thread {
            process,
            goes_to_call: false,
            is_stopped: false,
            is_asked: false,
            last_number: u64::MAX,
            call: None,
            interrupted: None,
        }
    }
}

/// A socket that a call is about, as it was when the call began.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Subject {
    pub(super) descriptor: i32,
    pub(super) inode: SocketInode,
    pub(super) socket: Socket,
}

/// A call that was entered and not yet left.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) call: &'static KnownCall,
    pub(super) arguments: [u64; 6],
    pub(super) began: Instant,
    /// The sockets that it is about: one, or for a call that waits several.
    pub(super) subjects: Vec<Subject>,
    /// The address in the call.
    pub(super) name: Option<SocketAddr>,
    pub(super) detail: Detail,
    /// Whether it begins a connection.
    pub(super) opens: bool,
    /// Whether it only looks and does not wait.
    pub(super) is_glance: bool,
}

/// A call that a signal or a stop interrupted.
#[derive(Clone, Debug)]
pub(super) struct Interrupted {
    pub(super) pending: Pending,
    pub(super) ended: Instant,
    /// Whether the kernel said EINTR at once, which the program gets unless the interruption is taken back.
    pub(super) is_told: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_the_bound_the_oldest_sockets_are_forgotten() {
        let mut sockets = Sockets::default();
        let socket = Socket { is_internet: true, kind: SocketKind::Stream, peer: None, is_opened: false };
        for inode in 0..SOCKETS_MAX as u64 + 3 {
            sockets.insert(SocketInode(inode), socket);
            sockets.insert(SocketInode(inode), socket);
        }
        assert_eq!(sockets.known.len(), SOCKETS_MAX);
        assert_eq!(sockets.order.len(), SOCKETS_MAX);
        assert_eq!(sockets.get(SocketInode(2)), None);
        assert_eq!(sockets.get(SocketInode(3)), Some(socket));
        sockets.open(SocketInode(0), None);
        assert!(!sockets.is_opened(SocketInode(0)), "what is forgotten is not opened");
    }

    #[test]
    fn a_socket_with_an_old_inode_is_a_new_one() {
        let mut sockets = Sockets::default();
        let socket = Socket { is_internet: true, kind: SocketKind::Stream, peer: None, is_opened: false };
        sockets.insert(SocketInode(7), socket);
        sockets.open(SocketInode(7), None);
        assert!(sockets.is_opened(SocketInode(7)));
        sockets.insert(SocketInode(7), socket);
        assert!(!sockets.is_opened(SocketInode(7)));
    }
}
