//! Threads that sleep until a descriptor is ready, a deadline comes, or another thread wakes them.
//!
//! Every thread that ever waits has an event descriptor of its own, which stands in its `poll` beside what it waits for. A
//! thread puts itself on the list first and looks then at what it must not sleep through; who changes that changes it first
//! and looks then at the list. So one of the two sees the other, and nothing is slept through. What a thread needs for a
//! sleep it keeps for the next one.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::os::fd::{AsRawFd as _, OwnedFd, RawFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, eventfd};
use rustix::io::Errno;
use synsent_sockets::fork;

use crate::kernel::Own;

/// Descriptors that this house keeps for itself are moved beyond this number, out of the way of those that are counted from
/// the lowest.
const OWN_DESCRIPTORS_FROM: RawFd = 900;
/// How long a thread sleeps that can have no event descriptor because the process may have no more: then it looks by itself.
const NAP_WITHOUT_EVENT: Duration = Duration::from_millis(5);

/// The threads that sleep over one network.
#[derive(Default)]
pub(crate) struct Waiters {
    /// How often all were woken.
    wakes: AtomicU64,
    list: Mutex<List>,
}

/// Those who sleep, in the process in which they do.
#[derive(Default)]
struct List {
    generation: u64,
    sleepers: Vec<Sleeper>,
}

/// A thread that sleeps, or is about to.
struct Sleeper {
    event: Arc<Own>,
    woken: bool,
}

/// What became of a sleep.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Slept {
    /// A descriptor is ready, or somebody woke the thread, or there is no telling.
    Woken,
    /// The time is over.
    TimeOver,
    /// A signal came.
    Interrupted,
    /// The kernel does not wait for these descriptors.
    Failed(Errno),
}

/// A descriptor to watch: its number, and what of it is of interest, `POLLERR` and `POLLHUP` included.
pub(crate) type Watch = libc::pollfd;

/// What a thread keeps from one sleep to the next.
#[derive(Default)]
struct Bed {
    /// The process that the event belongs to: after a fork it would ring in both.
    generation: u64,
    event: Option<Arc<Own>>,
    watched: Vec<Watch>,
}

thread_local! {
    static BED: Cell<Bed> = Cell::default();
}

impl Waiters {
    /// Wakes every thread that sleeps.
    pub(crate) fn wake_all(&self) {
        // Who is not on the list yet sees by this number that it must not sleep.
        self.wakes.fetch_add(1, Ordering::SeqCst);
        for sleeper in self.list().sleepers.iter_mut().filter(|sleeper| !sleeper.woken) {
            sleeper.woken = true;
            // The one way to fail is a counter that is full, and then the sleeper is awake.
            let _ = rustix::io::write(&sleeper.event, &1_u64.to_ne_bytes());
        }
    }

    /// How often all were woken so far.
    pub(crate) fn wakes(&self) -> u64 {
        self.wakes.load(Ordering::SeqCst)
    }

    /// Sleeps until one of the descriptors that `fill` names is ready in a way that is of interest, until somebody wakes all,
    /// or until the time is over. Whether it `may` sleep is asked when the thread is on the list already.
    pub(crate) fn sleep(
        &self,
        fill: impl FnOnce(&mut Vec<Watch>),
        timeout: Option<Duration>,
        may: impl FnOnce() -> bool,
    ) -> Slept {
        with_bed(|bed| {
            if bed.generation != fork::generation() {
                *bed = Bed { generation: fork::generation(), ..Bed::default() };
            }
            if bed.event.is_none() {
                bed.event = own_event().ok().map(|event| Arc::new(Own::new(event)));
            }
            bed.watched.clear();
            let Some(event) = &bed.event else {
                fill(&mut bed.watched);
                let nap = timeout.map_or(NAP_WITHOUT_EVENT, |timeout| timeout.min(NAP_WITHOUT_EVENT));
                if !may() {
                    return Slept::Woken;
                }
                return match poll_until_of_interest(&mut bed.watched, Some(nap)) {
                    Slept::TimeOver if timeout != Some(nap) => Slept::Woken,
                    slept => slept,
                };
            };
            bed.watched.push(watch(event.as_raw_fd(), libc::POLLIN));
            fill(&mut bed.watched);
            let on_list = OnList::new(self, event);
            if !may() {
                return Slept::Woken;
            }
            let slept = poll_until_of_interest(&mut bed.watched, timeout);
            on_list.was_rung.set(bed.watched[0].revents != 0);
            slept
        })
    }

    fn list(&self) -> MutexGuard<'_, List> {
        // A push or a removal is done or not; no panic comes in between.
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        if list.generation != fork::generation() {
            // Who slept when the process was copied sleeps in the parent.
            *list = List { generation: fork::generation(), sleepers: Vec::new() };
        }
        list
    }
}

/// A thread on the list of those to wake. Taking it off, under the lock, also takes back a wake that came meanwhile.
struct OnList<'a> {
    waiters: &'a Waiters,
    event: &'a Arc<Own>,
    /// Whether the event was seen to be set. After a `fork` another process has it too, and may have set it for itself.
    was_rung: Cell<bool>,
}

impl<'a> OnList<'a> {
    fn new(waiters: &'a Waiters, event: &'a Arc<Own>) -> OnList<'a> {
        waiters.list().sleepers.push(Sleeper { event: Arc::clone(event), woken: false });
        OnList { waiters, event, was_rung: Cell::new(false) }
    }
}

impl Drop for OnList<'_> {
    fn drop(&mut self) {
        let mut list = self.waiters.list();
        let Some(place) = list.sleepers.iter().position(|sleeper| Arc::ptr_eq(&sleeper.event, self.event)) else {
            return;
        };
        if list.sleepers.swap_remove(place).woken || self.was_rung.get() {
            // Reading sets the counter back.
            let _ = rustix::io::read(self.event, &mut [0; 8]);
        }
    }
}

/// A watch on a descriptor.
pub(crate) fn watch(descriptor: RawFd, of_interest: i16) -> Watch {
    Watch { fd: descriptor, events: of_interest, revents: 0 }
}

/// Asks what is ready at once of the descriptors that `fill` names, and hands the answers over in the same order.
pub(crate) fn look(fill: impl FnOnce(&mut Vec<Watch>), read: impl FnOnce(&[Watch])) {
    with_bed(|bed| {
        bed.watched.clear();
        fill(&mut bed.watched);
        // Where the kernel cannot look, nothing is ready.
        let _ = poll(&mut bed.watched, Some(Duration::ZERO));
        read(&bed.watched);
    });
}

/// Lends a call what its thread keeps. A call inside a call, or in a thread that is about to end, has something of its own.
fn with_bed<R>(work: impl FnOnce(&mut Bed) -> R) -> R {
    let mut bed = BED.try_with(Cell::take).unwrap_or_default();
    let result = work(&mut bed);
    // A thread that is about to end keeps nothing.
    let _ = BED.try_with(|place| place.set(bed));
    result
}

/// Moves a descriptor that this house keeps for itself out of the way, where the process may have such high numbers.
pub(crate) fn out_of_the_way(descriptor: OwnedFd) -> OwnedFd {
    rustix::io::fcntl_dupfd_cloexec(&descriptor, OWN_DESCRIPTORS_FROM).unwrap_or(descriptor)
}

fn own_event() -> rustix::io::Result<OwnedFd> {
    eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).map(out_of_the_way)
}

/// The kernel tells errors and hang-ups also to those who did not ask; a descriptor with only such news is left out of the
/// rest of the sleep, because it would end every next one too.
fn poll_until_of_interest(watched: &mut [Watch], timeout: Option<Duration>) -> Slept {
    let end = timeout.map(|timeout| Instant::now() + timeout);
    let mut left = timeout;
    loop {
        match fork::outside(|| poll(watched, left)) {
            Ok(0) => return Slept::TimeOver,
            Ok(_) => {}
            Err(Errno::INTR) => return Slept::Interrupted,
            Err(number) => return Slept::Failed(number),
        }
        if watched.iter().any(|one| one.revents & (one.events | libc::POLLNVAL) != 0) {
            return Slept::Woken;
        }
        for one in watched.iter_mut().filter(|one| one.revents != 0) {
            one.fd = -1;
        }
        left = end.map(|end| end.saturating_duration_since(Instant::now()));
    }
}

/// The kernel takes no more entries than the process may have descriptors. Where there are more, the same descriptors are named
/// again and again, and each is asked for once.
fn poll(watched: &mut [Watch], timeout: Option<Duration>) -> rustix::io::Result<usize> {
    match poll_entries(watched, timeout) {
        Err(Errno::INVAL) => poll_each_once(watched, timeout),
        answer => answer,
    }
}

fn poll_each_once(watched: &mut [Watch], timeout: Option<Duration>) -> rustix::io::Result<usize> {
    let mut each: BTreeMap<RawFd, Watch> = BTreeMap::new();
    for one in watched.iter().filter(|one| one.fd >= 0) {
        each.entry(one.fd).or_insert(watch(one.fd, 0)).events |= one.events;
    }
    let mut entries: Vec<Watch> = each.values().copied().collect();
    poll_entries(&mut entries, timeout)?;
    each.extend(entries.into_iter().map(|entry| (entry.fd, entry)));
    let mut ready = 0;
    for one in watched.iter_mut() {
        let told = each.get(&one.fd).map_or(0, |entry| entry.revents);
        one.revents = told & (one.events | libc::POLLERR | libc::POLLHUP | libc::POLLNVAL);
        ready += usize::from(one.revents != 0);
    }
    Ok(ready)
}

fn poll_entries(watched: &mut [Watch], timeout: Option<Duration>) -> rustix::io::Result<usize> {
    let timeout = timeout.map(|timeout| libc::timespec {
        tv_sec: libc::time_t::try_from(timeout.as_secs()).unwrap_or(libc::time_t::MAX),
        tv_nsec: timeout.subsec_nanos().into(),
    });
    let pointer = timeout.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    // SAFETY: the kernel reads and writes as many entries as the slice has, and reads the time where there is one; both live
    // longer than the call. A number that is no open descriptor is answered with POLLNVAL.
    let ready = unsafe { libc::ppoll(watched.as_mut_ptr(), watched.len() as libc::nfds_t, pointer, std::ptr::null()) };
    usize::try_from(ready).map_err(|_| last_error())
}

/// The number of the error that the last call of this thread to the C library ended with.
pub(crate) fn last_error() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO)
}
