//! What a thread does while one of its calls waits, and taking such a call back from within or from another thread.
//!
//! A thread may have idle work. While a call of this thread waits, the work is done again and again until it says that nothing
//! is left; then the call waits for a short slice of the network's time, and the work has its turn again. The work runs in the
//! thread that waits and without a lock of this house, so it may call anything; a wait inside of it has no idle work of its own.
//!
//! Threads have numbers here, so that one can name another whose call it takes back.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use synsent_stack::{Duration, Instant};

use crate::cancel::Cancel;
use crate::fork;
use crate::network::{Network, Woken};

/// How long a call waits between two turns of idle work.
pub const IDLE_SLICE: Duration = Duration::from_millis(10);
/// How often idle work is called in one turn at most. Work that never says that nothing is left does not keep the call from
/// seeing that it is done.
pub const IDLE_CALLS_MAX: u32 = 1_000;

/// What is left of idle work.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Idled {
    /// There is more to do at once.
    More,
    /// Nothing is left for now.
    Nothing,
}

/// What a thread does while its calls wait.
pub type IdleWork = Rc<dyn Fn() -> Idled>;

/// The turns that the idle work of a call has had.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Turns {
    /// How many in a row came after a slice in which nothing happened.
    pub in_vain: u32,
    /// Until when the call waits if it had no idle work.
    pub deadline: Option<Instant>,
}

/// What others know of a thread.
struct Known {
    number: u32,
    /// Takes the call back that waits.
    cancel: Cancel,
    /// How many calls of the thread wait, one within the idle work of the other.
    waiting: AtomicU32,
}

/// The thread itself; it is forgotten when it ends.
struct Own(Arc<Known>);

thread_local! {
    static OWN: Own = Own::new();
    static WORK: RefCell<Option<IdleWork>> = const { RefCell::new(None) };
    static IDLES: Cell<bool> = const { Cell::new(false) };
    static TURNS: Cell<Option<Turns>> = const { Cell::new(None) };
    /// The number of the thread, zero before it has one. There is nothing to drop, so it is there to the very end of the thread.
    static NUMBER: Cell<u32> = const { Cell::new(0) };
}

/// The threads that have a number.
static THREADS: Mutex<BTreeMap<u32, Arc<Known>>> = Mutex::new(BTreeMap::new());

fn threads() -> MutexGuard<'static, BTreeMap<u32, Arc<Known>>> {
    // An insertion or a removal is done or not.
    THREADS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The number of the calling thread: a multiple of four that no other thread of the program has or had, until there have been
/// a thousand million.
pub fn thread_number() -> u32 {
    let number = NUMBER.get();
    if number != 0 {
        return number;
    }
    // The first question of a thread that is about to end finds nobody any more who would forget it.
    OWN.try_with(|own| own.0.number).unwrap_or_else(|_| next_number())
}

/// Gives the calling thread a number.
fn next_number() -> u32 {
    static LAST: AtomicU32 = AtomicU32::new(0);
    let number = LAST.fetch_add(1, Ordering::Relaxed).wrapping_add(1).wrapping_mul(4);
    NUMBER.set(number);
    number
}

/// Gives the calling thread idle work, or none; answers with what it had.
pub fn set_idle(work: Option<IdleWork>) -> Option<IdleWork> {
    // A thread that is about to end has none, and gets none.
    WORK.try_with(|held| held.replace(work)).ok().flatten()
}

/// Whether the calling thread does its idle work, so that a call of it waits further out.
pub fn is_idling() -> bool {
    IDLES.get()
}

/// The turns of the call in which the calling thread waits; `None` for one without idle work. A network asks for it while it is
/// waited on: where it knows that nothing is left to happen, it can tell by it that the idle work does nothing about that either.
pub fn idle_turns() -> Option<Turns> {
    TURNS.get()
}

/// Takes the call back that waits further out while the calling thread does its idle work. False when there is none.
pub fn cancel_blocking() -> bool {
    let idles = is_idling();
    if idles {
        // A thread that is about to end does no idle work.
        let _ = OWN.try_with(|own| own.0.cancel.cancel());
    }
    idles
}

/// Takes the call back in which another thread waits on this network. False when it does not wait.
pub fn cancel_blocking_of(thread: u32, network: &dyn Network) -> bool {
    let known = threads().get(&thread).cloned();
    let Some(known) = known.filter(|known| known.waiting.load(Ordering::SeqCst) > 0) else { return false };
    known.cancel.cancel();
    network.wake_all();
    true
}

/// A wait of the calling thread, from its first "not yet" on.
pub(crate) struct Blocking {
    known: Arc<Known>,
    work: Option<IdleWork>,
    /// How many turns in a row came after a slice in which nothing happened.
    in_vain: u32,
}

impl Blocking {
    /// The calling thread is about to wait. The mark of an earlier wait does not count for this one.
    pub(crate) fn begin() -> Blocking {
        let known = OWN.try_with(|own| Arc::clone(&own.0)).unwrap_or_else(|_| Arc::new(Known::new(0)));
        let is_inner = is_idling();
        if known.waiting.fetch_add(1, Ordering::SeqCst) == 0 {
            known.cancel.take();
        }
        let work = if is_inner { None } else { WORK.try_with(|work| work.borrow().clone()).ok().flatten() };
        Blocking { known, work, in_vain: 0 }
    }

    /// A wait that is no call's.
    pub(crate) fn aside() -> Blocking {
        Blocking { known: Arc::new(Known::new(0)), work: None, in_vain: 0 }
    }

    /// Waits until this deadline, or for a slice of it where there is work to come back to.
    pub(crate) fn wait(
        &mut self,
        network: &dyn Network,
        deadline: Option<Instant>,
        wait: impl FnOnce(Option<Instant>) -> Woken,
    ) -> Woken {
        if self.work.is_none() {
            return wait(deadline);
        }
        let slice = network.now() + IDLE_SLICE;
        let told = Told::begin(Turns { in_vain: self.in_vain, deadline });
        let woken = wait(Some(deadline.map_or(slice, |deadline| deadline.min(slice))));
        drop(told);
        self.in_vain = if matches!(woken, Woken::DeadlinePassed) { self.in_vain.saturating_add(1) } else { 0 };
        woken
    }

    /// Does the idle work; true when the call is taken back. A call inside of idle work is not the one that was meant.
    pub(crate) fn is_taken_back(&self) -> bool {
        if let Some(work) = &self.work {
            let _idles = Idles::begin();
            let has_more = || !self.known.cancel.is_cancelled() && work() == Idled::More;
            let mut calls = 0;
            while calls < IDLE_CALLS_MAX && has_more() {
                calls += 1;
            }
        }
        !is_idling() && self.known.cancel.is_cancelled()
    }
}

impl Drop for Blocking {
    fn drop(&mut self) {
        if self.known.waiting.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.known.cancel.take();
        }
    }
}

/// The network may ask for the turns as long as this lives.
struct Told;

impl Told {
    fn begin(turns: Turns) -> Told {
        TURNS.set(Some(turns));
        Told
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        TURNS.set(None);
    }
}

/// The thread does idle work as long as this lives.
struct Idles;

/// Does something of a caller's in the middle of one of its calls, as idle work is done: calls from within find themselves inside of
/// another one.
pub fn as_idle_work<T>(work: impl FnOnce() -> T) -> T {
    if is_idling() {
        return work();
    }
    let _idles = Idles::begin();
    work()
}

impl Idles {
    fn begin() -> Idles {
        IDLES.set(true);
        Idles
    }
}

impl Drop for Idles {
    fn drop(&mut self) {
        IDLES.set(false);
    }
}

impl Known {
    fn new(number: u32) -> Known {
        Known { number, cancel: Cancel::new(), waiting: AtomicU32::new(0) }
    }
}

impl Own {
    fn new() -> Own {
        let number = next_number();
        let known = Arc::new(Known::new(number));
        threads().insert(number, Arc::clone(&known));
        Own(known)
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        // The end of a thread is no call, and takes a lock all the same.
        let _inside = fork::enter();
        threads().remove(&self.0.number);
    }
}
