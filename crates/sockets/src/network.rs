//! A network as a process sees it: who provides each domain, what time it is, and what waiting means.

use synsent_stack::Instant;

use crate::cancel::Cancel;
use crate::failure::Failure;
use crate::files::{FileState, WatchedFile};
use crate::name::Domain;
use crate::names::{Names, NoNames};
use crate::provider::{Provider, Transport};
use crate::ready::Ready;

/// A point in the sequence of changes of a network: taken before a socket is asked, it makes sure that no change between
/// the asking and the waiting is slept through.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ticket(pub u64);

/// A socket that is waited on.
#[derive(Clone, Copy)]
pub struct Watched<'a> {
    /// Which.
    pub transport: &'a dyn Transport,
    /// For what. An opening that is under way is waited for as writable or failed.
    pub interest: Ready,
}

/// Why a wait ended.
#[derive(Clone, PartialEq, Debug)]
pub enum Woken {
    /// Something may have changed: ask again.
    Changed,
    /// The deadline is reached.
    DeadlinePassed,
    /// The call was cancelled.
    Cancelled,
    /// A signal came.
    Interrupted,
    /// Nothing will ever happen any more: the network has stopped, or in a lab nothing is left to come.
    Over(Failure),
}

/// Small numbers for sockets, as systems give them that count files and sockets together.
pub trait Numbers: Send + Sync {
    /// The lowest number that neither a file nor a socket has.
    ///
    /// # Errors
    /// When the process may have no more.
    fn take(&self) -> Result<i32, Failure>;

    /// Gives a number back.
    fn give_back(&self, number: i32);

    /// Whether the number is that of an open file that is no socket of ours.
    fn is_file(&self, number: i32) -> bool;

    /// Looks what each of these files is ready for. Where files are nothing but numbers, none ever has to wait.
    fn look_at_files(&self, files: &mut [WatchedFile]) {
        for file in files {
            file.state = FileState::NeverWaits;
        }
    }

    /// Sleeps until one of these files is ready, or somebody rings; not at all where it may not, which is asked when a ring is not
    /// missed any more. Answers false where a signal ended the sleep. Files that never have to wait are not slept for.
    fn sleep_for_files(&self, _files: &[WatchedFile], _may_sleep: &dyn Fn() -> bool) -> bool {
        true
    }

    /// Ends all sleeps for files.
    fn ring(&self) {}
}

/// What sockets stand on.
pub trait Network: Send + Sync {
    /// Who provides the sockets of a domain; `None`: nobody.
    fn provider(&self, domain: Domain) -> Option<&dyn Provider>;

    /// The time.
    fn now(&self) -> Instant;

    /// Where the sequence of changes stands.
    fn ticket(&self) -> Ticket;

    /// Waits until something changed since `since`, at best for one of the watched sockets, or the deadline has come, or the
    /// call is cancelled. It may end early without a cause.
    fn wait(&self, since: Ticket, watched: &[Watched<'_>], deadline: Option<Instant>, cancel: &Cancel) -> Woken;

    /// The same, but it ends too when one of these files is ready, as a change. Where files are nothing but numbers, they are
    /// looked at once.
    fn wait_beside_files(
        &self,
        since: Ticket,
        watched: &[Watched<'_>],
        files: &[WatchedFile],
        deadline: Option<Instant>,
        cancel: &Cancel,
    ) -> Woken {
        let mut looked_at = files.to_vec();
        self.numbers().look_at_files(&mut looked_at);
        match looked_at.iter().any(WatchedFile::is_ready) {
            true => Woken::Changed,
            false => self.wait(since, watched, deadline, cancel),
        }
    }

    /// What could be done at once with each of these, in their order. A network that can ask for all of them in one go does.
    fn readiness(&self, watched: &[Watched<'_>], told: &mut [Ready]) {
        for (one, told) in watched.iter().zip(told) {
            *told = one.transport.ready();
        }
    }

    /// Whether a call that waits without a limit of time goes on after a signal: its program has asked for that. Without
    /// anybody who could ask, it does not.
    fn goes_on_after_signal(&self) -> bool {
        false
    }

    /// Whether a child of the process goes on with what it inherits of this network. What runs in threads or in memory of the parent
    /// stays there.
    fn is_inherited(&self) -> bool {
        false
    }

    /// Ends all waits, so that each looks at its [`Cancel`].
    fn wake_all(&self);

    /// Descriptor numbers of the process.
    fn numbers(&self) -> &dyn Numbers;

    /// What it knows by name; nothing but numbers, unless it says otherwise.
    fn names(&self) -> &dyn Names {
        &NoNames
    }
}
