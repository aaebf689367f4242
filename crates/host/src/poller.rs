//! Sleeping until a device, another thread or a deadline has something for the driver.
//!
//! A `Poller` is an epoll descriptor and an eventfd. It may be waited on without the driver's lock, and its descriptor may
//! itself stand in somebody else's poll.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::event::{EventfdFlags, Timespec, eventfd};
use rustix::io::Errno;

/// How many ready descriptors one wait reports; the others are reported by the next.
const EVENTS_PER_WAIT: usize = 16;

/// Interrupts a wait, from any thread and as often as one likes.
#[derive(Clone, Debug)]
pub struct Waker(Arc<OwnedFd>);

impl Waker {
    /// Ends the wait that is under way, or the next one.
    pub fn wake(&self) {
        // The one way to fail is a counter that is full, and then the sleeper has been woken 2^64 times already.
        let _ = rustix::io::write(&*self.0, &1_u64.to_ne_bytes());
    }
}

/// What one driver waits for.
#[derive(Clone, Debug)]
pub(crate) struct Poller {
    epoll: Arc<OwnedFd>,
    waker: Waker,
}

const WAKER_DATA: u64 = u64::MAX;

impl Poller {
    pub(crate) fn new() -> io::Result<Poller> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let event = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        epoll::add(&epoll, &event, EventData::new_u64(WAKER_DATA), EventFlags::IN)?;
        Ok(Poller { epoll: Arc::new(epoll), waker: Waker(Arc::new(event)) })
    }

    pub(crate) fn waker(&self) -> Waker {
        self.waker.clone()
    }

    pub(crate) fn descriptor(&self) -> BorrowedFd<'_> {
        self.epoll.as_fd()
    }

    /// Begins to watch a device for frames that wait.
    pub(crate) fn add(&self, device: BorrowedFd<'_>) -> io::Result<()> {
        Ok(epoll::add(&*self.epoll, device, EventData::new_u64(0), EventFlags::IN)?)
    }

    /// Says whether room for frames is waited for as well.
    pub(crate) fn watch_room(&self, device: BorrowedFd<'_>, room: bool) -> io::Result<()> {
        let flags = if room { EventFlags::IN | EventFlags::OUT } else { EventFlags::IN };
        Ok(epoll::modify(&*self.epoll, device, EventData::new_u64(0), flags)?)
    }

    /// Sleeps until something is ready, or for as long as `timeout` says; `None`: without end. A signal ends it early.
    pub(crate) fn wait(&self, timeout: Option<Duration>) -> io::Result<()> {
        let mut events = [const { std::mem::MaybeUninit::uninit() }; EVENTS_PER_WAIT];
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        let ready = match epoll::wait(&*self.epoll, &mut events, timeout.as_ref()) {
            Ok((ready, _)) => ready,
            Err(Errno::INTR) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        if ready.iter().any(|event| event.data.u64() == WAKER_DATA) {
            // Reading sets the counter back; when another waiter was faster there is nothing to read.
            let _ = rustix::io::read(&*self.waker.0, &mut [0; 8]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wake_before_the_wait_is_not_lost_and_not_told_twice() {
        let poller = Poller::new().unwrap();
        let waker = poller.waker();
        waker.wake();
        waker.wake();
        poller.wait(None).unwrap();
        let before = std::time::Instant::now();
        poller.wait(Some(Duration::from_millis(2))).unwrap();
        assert!(before.elapsed() >= Duration::from_millis(2));
    }

    #[test]
    fn a_wake_from_another_thread_ends_the_wait() {
        let poller = Poller::new().unwrap();
        let waker = poller.waker();
        let thread = std::thread::spawn(move || waker.wake());
        poller.wait(None).unwrap();
        thread.join().unwrap();
    }
}
