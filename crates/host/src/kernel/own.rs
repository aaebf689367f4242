//! Descriptors of this house's sockets, and of what watches one that ends.
//!
//! A user of a network knows a socket by a number of its own and never by its descriptor. So that a descriptor of this house is
//! told from a socket that somebody else of the process has open, each is marked in a table of the process as long as it is open.

use std::mem::MaybeUninit;
use std::ops::Deref;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::event::epoll;

/// The numbers that can be marked; beyond them every socket counts as this house's.
const MARKED_NUMBERS: usize = 65_536;

static MARKS: [AtomicU64; MARKED_NUMBERS / 64] = [const { AtomicU64::new(0) }; MARKED_NUMBERS / 64];

/// A descriptor that is marked as long as it is open.
#[derive(Debug)]
pub(super) struct Own(OwnedFd);

impl Own {
    pub(super) fn new(descriptor: OwnedFd) -> Own {
        if let Some((word, bit)) = mark(descriptor.as_raw_fd()) {
            word.fetch_or(bit, Ordering::Relaxed);
        }
        Own(descriptor)
    }
}

impl Deref for Own {
    type Target = OwnedFd;

    fn deref(&self) -> &OwnedFd {
        &self.0
    }
}

impl AsFd for Own {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Drop for Own {
    /// The mark goes before the descriptor does, so that who gets the number next is not marked.
    fn drop(&mut self) {
        if let Some((word, bit)) = mark(self.0.as_raw_fd()) {
            word.fetch_and(!bit, Ordering::Relaxed);
        }
    }
}

/// Whether a socket with this number is this house's.
pub(crate) fn is_own(number: RawFd) -> bool {
    mark(number).is_none_or(|(word, bit)| word.load(Ordering::Relaxed) & bit != 0)
}

fn mark(number: RawFd) -> Option<(&'static AtomicU64, u64)> {
    let number = usize::try_from(number).ok()?;
    Some((MARKS.get(number / 64)?, 1 << (number % 64)))
}

/// Tells when the state of a connection changes whose sending has been ended.
///
/// The kernel tells nobody who waits for room that everything is acknowledged: an end that was sent leaves a socket writable for
/// good. But it wakes all who watch when the acknowledgment of that end changes the connection's state, and an edge-triggered
/// watch keeps that as an event.
#[derive(Debug)]
pub(super) struct EndWatch(OwnedFd);

impl EndWatch {
    /// # Errors
    /// When the process may have no more descriptors.
    pub(super) fn new(socket: BorrowedFd<'_>) -> rustix::io::Result<EndWatch> {
        let watch = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let changes = epoll::EventFlags::OUT | epoll::EventFlags::RDHUP | epoll::EventFlags::ET;
        epoll::add(&watch, socket, epoll::EventData::new_u64(0), changes)?;
        Ok(EndWatch(watch))
    }

    /// Forgets the changes so far, before somebody looks what they came to.
    pub(super) fn forget(&self) {
        let at_once = rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 };
        // Where there is nothing to forget, nothing is forgotten.
        let _ = epoll::wait(&self.0, &mut [MaybeUninit::<epoll::Event>::uninit()], Some(&at_once));
    }

    /// What is readable when something changed.
    pub(super) fn number(&self) -> RawFd {
        self.0.as_fd().as_raw_fd()
    }
}
