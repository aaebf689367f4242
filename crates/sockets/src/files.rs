//! Files of the process beside its sockets, for systems in which one call waits for both.
//!
//! What a file is ready for, the keeper of the numbers knows ([`Numbers`]), and only the network can wait for it without a change of
//! a socket being slept through ([`Network::wait_beside_files`]). [`select_beside_files`] puts a network between that waits so: a file that is
//! ready takes the wait for the sockets back.

use std::sync::atomic::{AtomicBool, Ordering};

use synsent_stack::{Duration, Instant};

use crate::cancel::Cancel;
use crate::failure::Failure;
use crate::name::Domain;
use crate::names::Names;
use crate::network::{Network, Numbers, Ticket, Watched, Woken};
use crate::provider::Provider;
use crate::ready::Ready;
use crate::select::select_each;
use crate::socket::Socket;

/// A file that is waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WatchedFile {
    /// Its number.
    pub number: i32,
    /// For what.
    pub interest: Ready,
    /// What was so when it was looked at last.
    pub state: FileState,
}

/// What a file is ready for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileState {
    /// It never has to wait: it is no pipe, no terminal and nothing else with two ends.
    NeverWaits,
    /// This. The end of the other side is [`Ready::PEER_CLOSED`].
    Ready(Ready),
}

impl WatchedFile {
    /// A file that was not looked at yet.
    pub fn new(number: i32, interest: Ready) -> WatchedFile {
        WatchedFile { number, interest, state: FileState::Ready(Ready::NONE) }
    }

    /// Whether it was ready for something that is asked of it.
    pub fn is_ready(&self) -> bool {
        match self.state {
            FileState::NeverWaits => self.interest.has(Ready::READABLE | Ready::WRITABLE | Ready::URGENT),
            FileState::Ready(ready) => ready.has(self.interest),
        }
    }
}

/// [`select`](crate::select) over sockets, and files beside them. What each file is ready for stands in its state then.
///
/// # Errors
/// As [`select`](crate::select).
pub fn select_beside_files<'a>(
    network: &dyn Network,
    asked: impl Iterator<Item = (&'a Socket, Ready)> + Clone,
    files: &mut [WatchedFile],
    at_most: Option<Duration>,
    cancel: &Cancel,
) -> Result<Vec<Ready>, Failure> {
    if files.is_empty() {
        return select_each(network, asked, at_most, cancel);
    }
    network.numbers().look_at_files(files);
    let at_most = if files.iter().any(WatchedFile::is_ready) { Some(Duration::ZERO) } else { at_most };
    let beside = Beside { network, files: files.to_vec(), has_come: AtomicBool::new(false) };
    let found = select_each(&beside, asked.clone(), at_most, cancel);
    let has_come = beside.has_come.load(Ordering::Relaxed);
    network.numbers().look_at_files(files);
    match found {
        Err(_) if has_come => select_each(network, asked, Some(Duration::ZERO), cancel),
        found => found,
    }
}

/// A network whose waits a file takes back.
struct Beside<'a> {
    network: &'a dyn Network,
    files: Vec<WatchedFile>,
    /// Whether one did.
    has_come: AtomicBool,
}

impl Network for Beside<'_> {
    fn provider(&self, domain: Domain) -> Option<&dyn Provider> {
        self.network.provider(domain)
    }

    fn now(&self) -> Instant {
        self.network.now()
    }

    fn ticket(&self) -> Ticket {
        self.network.ticket()
    }

    fn wait(&self, since: Ticket, watched: &[Watched<'_>], deadline: Option<Instant>, cancel: &Cancel) -> Woken {
        let woken = self.network.wait_beside_files(since, watched, &self.files, deadline, cancel);
        let mut files = self.files.clone();
        self.numbers().look_at_files(&mut files);
        if woken == Woken::Changed && files.iter().any(WatchedFile::is_ready) {
            self.has_come.store(true, Ordering::Relaxed);
            return Woken::Cancelled;
        }
        woken
    }

    fn readiness(&self, watched: &[Watched<'_>], told: &mut [Ready]) {
        self.network.readiness(watched, told);
    }

    fn goes_on_after_signal(&self) -> bool {
        self.network.goes_on_after_signal()
    }

    fn wake_all(&self) {
        self.network.wake_all();
    }

    fn numbers(&self) -> &dyn Numbers {
        self.network.numbers()
    }

    fn names(&self) -> &dyn Names {
        self.network.names()
    }
}
