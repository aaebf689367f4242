//! Descriptors of this house: its sockets, what watches one that ends, and what threads are woken by.
//!
//! A user of a network knows a socket by a number of its own and never by its descriptor. So that a descriptor of this house is
//! told from a socket that somebody else of the process has open, each is counted in a table of the process as long as it is open.
//! It is a count, because a thread may have descriptors of its own, with the same numbers.

use std::mem::MaybeUninit;
use std::ops::Deref;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicU16, Ordering};

use rustix::event::epoll;

/// The numbers that are counted; beyond them every socket counts as this house's.
const COUNTED_NUMBERS: usize = 65_536;

static COUNTS: [AtomicU16; COUNTED_NUMBERS] = [const { AtomicU16::new(0) }; COUNTED_NUMBERS];

/// A descriptor that is counted as long as it is open.
#[derive(Debug)]
pub(crate) struct Own(OwnedFd);

impl Own {
    pub(crate) fn new(descriptor: OwnedFd) -> Own {
        if let Some(count) = count(descriptor.as_raw_fd()) {
            count.fetch_add(1, Ordering::Relaxed);
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
    /// It is counted no more before its number can be somebody else's.
    fn drop(&mut self) {
        if let Some(count) = count(self.0.as_raw_fd()) {
            count.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// Whether a socket with this number is this house's.
pub(crate) fn is_own(number: RawFd) -> bool {
    count(number).is_none_or(|count| count.load(Ordering::Relaxed) > 0)
}

/// Whether a number is that of a descriptor that this house keeps for itself: nobody of the program was told it, and nobody of it may close it.
pub fn is_own_descriptor(number: RawFd) -> bool {
    count(number).is_some_and(|count| count.load(Ordering::Relaxed) > 0)
}

fn count(number: RawFd) -> Option<&'static AtomicU16> {
    COUNTS.get(usize::try_from(number).ok()?)
}

/// Tells when the state of a connection changes whose sending has been ended.
///
/// The kernel tells nobody who waits for room that everything is acknowledged: an end that was sent leaves a socket writable for
/// good. But it wakes all who watch when the acknowledgment of that end changes the connection's state, and an edge-triggered
/// watch keeps that as an event.
#[derive(Debug)]
pub(super) struct EndWatch(Own);

impl EndWatch {
    /// # Errors
    /// When the process may have no more descriptors.
    pub(super) fn new(socket: BorrowedFd<'_>) -> rustix::io::Result<EndWatch> {
        let watch = Own::new(epoll::create(epoll::CreateFlags::CLOEXEC)?);
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
