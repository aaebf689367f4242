//! A lab that several threads use, and whose time moves while they wait.
//!
//! A [`SharedLab`] is a lab behind a lock. Tests and peers reach it with [`SharedLab::with`]; processes use it through a
//! [`LabNetwork`](crate::LabNetwork), whose waits move the time.
//!
//! **Whose waits move the time.** Without a seat, time moves whenever somebody waits and nobody who waits has something to look
//! at: a thread that computes between two calls may find that time has passed, as on any machine. With seats, time moves only
//! while every seat is taken by a thread that waits. [`LabNetwork::participate`](crate::LabNetwork::participate) takes one for
//! the calling thread; for a thread that is to be spawned, [`SharedLab::seat`] reserves one, and the thread takes it with
//! [`Seat::take`]. Who has a seat must not block on anything but this lab.
//!
//! **When it is over.** When nothing is left to happen and nobody waits for a moment, the waits end with
//! [`Woken::Over`](synsent_sockets::Woken::Over): with seats, when all who have one wait; without, when every thread that has
//! used the lab and has not ended waits. A thread that will use the lab later, and for which others wait without a deadline,
//! therefore has its seat reserved. A thread that has used the lab and blocks on something else cannot be told from one that
//! computes: it says so with [`SharedLab::away`], or the waits of the others, where nothing is left to happen, last until it
//! comes back.
//!
//! Where somebody can count the threads of the process ([`SharedLab::count_crowd`]), a thread that has not used the lab yet counts as
//! one that computes, for a second of the machine's time: a program of C starts threads as it likes, and reserves no seats.
//!
//! What is given to [`SharedLab::with`] must not use a network of the same lab: the lock is taken.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use synsent_sockets::{Numbers, fork};

use crate::clock::{Clock, ThreadNumber, Token};
use crate::lab::Lab;

/// How often who waits looks before it takes a thread that was never heard of for one that will not use the lab: for a second.
pub(crate) const DOZES: u32 = 200;
/// How often those who wait look whether the process still has threads that were never heard of.
const CROWD_LOOK_STEP: Duration = Duration::from_millis(5);

/// A lab that several threads use.
#[derive(Clone)]
pub struct SharedLab(pub(crate) Arc<Shared>);

pub(crate) struct Shared {
    clock: Mutex<Clock>,
    changed: Condvar,
    /// How often it was told that something changed.
    told: AtomicU64,
    /// Who sleeps elsewhere, and how it is told.
    bells: Mutex<Vec<Arc<dyn Numbers>>>,
}

/// As long as this lives, changes are told to who sleeps for files.
pub(crate) struct Listening<'a> {
    shared: &'a Shared,
    bell: Arc<dyn Numbers>,
}

/// A place among those who hold the clock, for a thread that is still to come: until it is taken, time stands still.
pub struct Seat {
    lab: SharedLab,
    token: Token,
}

/// The calling thread holds the clock as long as this lives: time moves only while it waits.
pub struct Participation {
    _seat: Seat,
}

/// The labs that a thread has used: they are told when it ends.
struct Used {
    thread: ThreadNumber,
    /// The process that the thread belongs to.
    generation: u64,
    labs: Vec<Weak<Shared>>,
}

thread_local! {
    static USED: RefCell<Used> =
        RefCell::new(Used { thread: this_thread(), generation: fork::generation(), labs: Vec::new() });
    // There is nothing to drop, so it can be used as long as the thread runs.
    static NUMBER: Cell<ThreadNumber> = const { Cell::new(0) };
}

/// The number of the calling thread. The library's own identity of a thread is gone before the thread's last calls are.
pub(crate) fn this_thread() -> ThreadNumber {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    if NUMBER.get() == 0 {
        NUMBER.set(NEXT.fetch_add(1, Ordering::Relaxed));
    }
    NUMBER.get()
}

impl SharedLab {
    /// Shares a lab.
    pub fn new(lab: Lab) -> SharedLab {
        let clock = Mutex::new(Clock::new(lab));
        SharedLab(Arc::new(Shared { clock, changed: Condvar::new(), told: AtomicU64::new(0), bells: Mutex::default() }))
    }

    /// Uses the lab. Those who wait look afterwards whether something concerns them.
    pub fn with<R>(&self, work: impl FnOnce(&mut Lab) -> R) -> R {
        let mut clock = self.clock();
        let answer = work(&mut clock.lab);
        self.release(clock);
        answer
    }

    /// Does something that blocks on anything but this lab, the end of another thread for one: meanwhile nobody's wait counts on
    /// this thread. What it does must not use the lab, and a thread with a seat must not be away.
    pub fn away<R>(&self, work: impl FnOnce() -> R) -> R {
        let mut clock = self.0.lock();
        clock.detach(this_thread());
        self.release(clock);
        let answer = work();
        // The thread counts again, also if it only computes from now on.
        drop(self.clock());
        answer
    }

    /// Waits that nobody can end any more end at once only when as many threads wait as the process has; who is asked may answer with zero where
    /// that cannot be told.
    pub fn count_crowd(&self, crowd: fn() -> usize) {
        self.0.lock().count_crowd(crowd);
    }

    /// Reserves a seat: time stands still until a thread has taken it and waits.
    pub fn seat(&self) -> Seat {
        let token = self.0.lock().reserve();
        Seat { lab: self.clone(), token }
    }

    /// The clock, for a thread that uses the lab from now on.
    pub(crate) fn clock(&self) -> MutexGuard<'_, Clock> {
        let mut clock = self.0.lock();
        let thread = this_thread();
        if clock.attach(thread) {
            let note = |used: &RefCell<Used>| used.borrow_mut().note(&self.0);
            if USED.try_with(note).is_err() {
                // The thread is about to end; nobody is to wait for it.
                clock.detach(thread);
            }
        }
        clock
    }

    /// Gives the lock back, and lets the others look if there are any.
    pub(crate) fn release(&self, clock: MutexGuard<'_, Clock>) {
        let waiters = clock.has_waiters();
        drop(clock);
        if waiters {
            self.0.tell();
        }
    }

    /// Lets go of the lock until something was done by another thread; tells the others before, if there is something to tell.
    pub(crate) fn sleep<'a>(&self, clock: MutexGuard<'a, Clock>, tell: bool) -> MutexGuard<'a, Clock> {
        if tell {
            self.0.tell();
        }
        self.0.changed.wait(clock).unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes are told by this bell too until the answer is dropped.
    pub(crate) fn ring_at_changes(&self, bell: Arc<dyn Numbers>) -> Listening<'_> {
        self.0.bells().push(Arc::clone(&bell));
        Listening { shared: &self.0, bell }
    }

    /// Lets go of the lock for a sleep of another kind. It is told whether it may sleep: not when something was told meanwhile.
    /// Answers with what the sleep came to.
    pub(crate) fn sleep_elsewhere<'a, R>(
        &'a self,
        clock: MutexGuard<'a, Clock>,
        tell: bool,
        sleep: impl FnOnce(&dyn Fn() -> bool) -> R,
    ) -> (MutexGuard<'a, Clock>, R) {
        if tell {
            self.0.tell();
        }
        // What changes from now on is told after this.
        let told = self.0.told.load(Ordering::SeqCst);
        drop(clock);
        let slept = sleep(&|| self.0.told.load(Ordering::SeqCst) == told);
        (self.0.lock(), slept)
    }

    /// The same for a little while at most: a thread that ends without having used the lab tells nobody.
    pub(crate) fn doze<'a>(&self, clock: MutexGuard<'a, Clock>, tell: bool) -> MutexGuard<'a, Clock> {
        if tell {
            self.0.changed.notify_all();
        }
        self.0.changed.wait_timeout(clock, CROWD_LOOK_STEP).unwrap_or_else(PoisonError::into_inner).0
    }

    /// Lets all who wait look again.
    pub(crate) fn wake_all(&self) {
        let mut clock = self.0.lock();
        clock.wake_all();
        self.release(clock);
    }
}

impl Shared {
    /// Tells all who sleep that something changed.
    fn tell(&self) {
        self.told.fetch_add(1, Ordering::SeqCst);
        self.changed.notify_all();
        for bell in self.bells().iter() {
            bell.ring();
        }
    }

    fn bells(&self) -> MutexGuard<'_, Vec<Arc<dyn Numbers>>> {
        // A push or a removal is done or not.
        self.bells.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Clock> {
        self.clock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Listening<'_> {
    fn drop(&mut self) {
        let mut bells = self.shared.bells();
        if let Some(place) = bells.iter().position(|bell| Arc::ptr_eq(bell, &self.bell)) {
            bells.swap_remove(place);
        }
    }
}

impl Seat {
    /// The calling thread takes the seat.
    pub fn take(self) -> Participation {
        let mut clock = self.lab.clock();
        clock.take_seat(self.token, this_thread());
        self.lab.release(clock);
        Participation { _seat: self }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut clock = self.lab.0.lock();
        clock.leave_seat(self.token);
        self.lab.release(clock);
    }
}

impl Used {
    fn note(&mut self, shared: &Arc<Shared>) {
        self.labs.retain(|lab| lab.strong_count() > 0 && !lab.ptr_eq(&Arc::downgrade(shared)));
        self.labs.push(Arc::downgrade(shared));
    }
}

impl Drop for Used {
    fn drop(&mut self) {
        if self.generation != fork::generation() {
            // A lab whose process was copied stays with the parent, and so may its lock.
            return;
        }
        for shared in self.labs.iter().filter_map(Weak::upgrade) {
            shared.lock().detach(self.thread);
            shared.tell();
        }
    }
}
