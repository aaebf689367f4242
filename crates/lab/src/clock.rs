//! Who may move the time of a shared lab, and how far.
//!
//! Every blocking call is a [`Waiter`] while it waits. One of them moves the lab from event to event, never beyond the moment
//! that any waiter has asked for, and not at all while a waiter has something to look at: what concerns a waiter is looked
//! at before time goes on. Threads that compute between their calls can hold the clock by a seat: then time moves only while
//! every seat is taken by a thread that waits.
//!
//! When nothing is left to happen and everybody waits without a deadline, everybody is told that it is over. A call with idle work
//! waits for the next turn of it, and so would have a deadline for ever: when its turns have been in vain often enough, the time
//! does not stop for them any more, and the call waits as it would without them. While somebody computes and may act yet, its turns
//! come by the machine's time.

use std::collections::{BTreeMap, HashSet};

use synsent_sockets::local::FileTree;
use synsent_stack::{Duration, Instant};

use crate::lab::{HostId, Lab};

/// A wait without a deadline is over after this time in which nothing concerned it: probes of idle connections could go on
/// for ever.
const WAIT_MAX: Duration = Duration::from_secs(365 * 24 * 3_600);

/// How many turns in a row the idle work of a call has in vain before the time does not stop for them any more: those of two minutes, so
/// a program that gives up by itself after one does.
pub(crate) const IDLE_TURNS_MAX: u32 = 12_000;

/// How often a thread looks at the lab or at its time at one moment before the time goes on without its waiting: a program may poll.
pub(crate) const LOOKS_MAX: u32 = 1_000;
/// How far the time goes on then at most: about as far as a clock's tick.
const LOOKS_STEP: Duration = Duration::from_millis(10);

/// The network of a process, among those of a shared lab.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct NetworkId(u64);

/// A thread, among those of the process.
pub(crate) type ThreadNumber = u64;

/// A waiter or a seat, among those of a shared lab.
pub(crate) type Token = u64;

/// A blocking call that waits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waiter {
    pub(crate) network: NetworkId,
    pub(crate) host: HostId,
    pub(crate) thread: ThreadNumber,
    /// What [`Clock::changes`] was when the caller last looked.
    pub(crate) since: u64,
    pub(crate) deadline: Option<Instant>,
    pub(crate) began: Instant,
    /// Nothing will ever happen for it.
    pub(crate) over: bool,
    /// A signal has come for it.
    pub(crate) interrupted: bool,
    /// It waits for a file too, which is no business of the lab.
    pub(crate) beside_files: bool,
    /// The next turn of idle work that has had many in vain: it is waited for no more than any other moment that nobody asks for.
    pub(crate) turn: Option<Instant>,
}

impl Waiter {
    /// Whether its time has come.
    pub(crate) fn ends_by(&self, now: Instant) -> bool {
        [self.deadline, self.turn].into_iter().flatten().any(|at| at <= now)
    }
}

/// What came of trying to move the time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Moved {
    /// Something happened, or somebody's time has come.
    On,
    /// Somebody must act first: who is awake, or who has something to look at.
    Held,
    /// Nothing is left to happen, but the process has a thread that was never heard of, and may act yet.
    Unsure,
}

/// A lab with those who wait in it.
pub(crate) struct Clock {
    pub(crate) lab: Lab,
    /// Changes that are not events of a host: wakes, and what happens in the local domain.
    wakes: u64,
    tokens: Token,
    waiters: BTreeMap<Token, Waiter>,
    /// Who has a seat; `None`: nobody has taken it yet.
    seats: BTreeMap<Token, Option<ThreadNumber>>,
    /// Signals that will come.
    signals: Vec<(Instant, NetworkId)>,
    /// The threads that have used the lab and have not ended.
    threads: HashSet<ThreadNumber>,
    /// How often a thread has looked since it waited, and at which moment.
    looks: BTreeMap<ThreadNumber, (Instant, u32)>,
    /// How many threads the process has, where somebody knows.
    crowd: Option<fn() -> usize>,
    /// The files of the hosts that have a process.
    files: BTreeMap<HostId, FileTree>,
}

/// Those who take part.
impl Clock {
    pub(crate) fn new(lab: Lab) -> Clock {
        Clock {
            lab,
            wakes: 0,
            tokens: 0,
            waiters: BTreeMap::new(),
            seats: BTreeMap::new(),
            signals: Vec::new(),
            threads: HashSet::new(),
            looks: BTreeMap::new(),
            crowd: None,
            files: BTreeMap::new(),
        }
    }

    pub(crate) fn token(&mut self) -> Token {
        self.tokens += 1;
        self.tokens
    }

    pub(crate) fn new_network(&mut self) -> NetworkId {
        NetworkId(self.token())
    }

    /// The files of a host, which its processes share.
    pub(crate) fn files(&mut self, host: HostId) -> FileTree {
        self.files.entry(host).or_default().clone()
    }

    /// A thread uses the lab; true when it is the first time.
    pub(crate) fn attach(&mut self, thread: ThreadNumber) -> bool {
        self.threads.insert(thread)
    }

    /// A thread has ended, perhaps by a panic in the middle of a wait.
    pub(crate) fn detach(&mut self, thread: ThreadNumber) {
        self.threads.remove(&thread);
        self.looks.remove(&thread);
        self.waiters.retain(|_, waiter| waiter.thread != thread);
    }

    /// Somebody can count the threads of the process from now on.
    pub(crate) fn count_crowd(&mut self, crowd: fn() -> usize) {
        self.crowd = Some(crowd);
    }

    pub(crate) fn reserve(&mut self) -> Token {
        let seat = self.token();
        self.seats.insert(seat, None);
        seat
    }

    pub(crate) fn take_seat(&mut self, seat: Token, thread: ThreadNumber) {
        self.seats.insert(seat, Some(thread));
    }

    pub(crate) fn leave_seat(&mut self, seat: Token) {
        self.seats.remove(&seat);
    }

    /// Everybody looks again.
    pub(crate) fn wake_all(&mut self) {
        self.wakes += 1;
    }

    pub(crate) fn signal_at(&mut self, at: Instant, network: NetworkId) {
        self.signals.push((at, network));
    }

    /// How many changes there have been that may concern a process on a host.
    pub(crate) fn changes(&self, host: HostId) -> u64 {
        self.lab.events_ever(host) + self.wakes
    }

    pub(crate) fn enter(&mut self, waiter: Waiter) -> Token {
        // A signal that came while nobody waited has interrupted nothing.
        let now = self.lab.now();
        self.signals.retain(|(at, network)| *at >= now || *network != waiter.network);
        if waiter.deadline.is_none_or(|at| at > now) {
            self.looks.remove(&waiter.thread);
        }
        let token = self.token();
        self.waiters.insert(token, waiter);
        token
    }

    pub(crate) fn leave(&mut self, token: Token) -> Option<Waiter> {
        self.waiters.remove(&token)
    }

    pub(crate) fn waiter(&self, token: Token) -> Option<&Waiter> {
        self.waiters.get(&token)
    }

    pub(crate) fn has_waiters(&self) -> bool {
        !self.waiters.is_empty()
    }
}

/// Moving the time.
impl Clock {
    /// Whether a waiter has something to look at.
    pub(crate) fn is_due(&self, waiter: &Waiter) -> bool {
        waiter.over || waiter.interrupted || self.changes(waiter.host) != waiter.since || waiter.ends_by(self.lab.now())
    }

    /// A thread looks, and does not wait. Who does so again and again at one moment waits in its own way: the time goes on as for one
    /// who waits for a moment. True when it did, so those who wait are to be told.
    pub(crate) fn look(&mut self, thread: ThreadNumber) -> bool {
        let now = self.lab.now();
        let looks = self.looks.entry(thread).or_insert((now, 0));
        *looks = if looks.0 == now { (now, looks.1 + 1) } else { (now, 1) };
        if looks.1 < LOOKS_MAX {
            return false;
        }
        *looks = (now, 0);
        let is_held = self.waiters.values().any(|waiter| self.is_due(waiter)) || !self.seats_wait_but(Some(thread));
        if is_held {
            return false;
        }
        let step = now + LOOKS_STEP;
        let until = self.first_asked().map_or(step, |asked| asked.min(step));
        match self.lab.next_at() {
            Some(next) if next <= until => drop(self.lab.step()),
            _ => self.lab.sleep_until(until),
        }
        self.deliver_signals();
        true
    }

    /// Moves the time by one event, or to the moment that a waiter has asked for.
    pub(crate) fn advance(&mut self) -> Moved {
        if self.deliver_signals() {
            return Moved::On;
        }
        if self.waiters.values().any(|waiter| self.is_due(waiter)) || !self.seats_wait_but(None) {
            return Moved::Held;
        }
        let asked = self.first_asked();
        let next = self.lab.next_at();
        match (next, asked) {
            (Some(next), Some(asked)) if next <= asked => drop(self.lab.step()),
            (_, Some(asked)) => self.lab.sleep_until(asked),
            (Some(next), None) if next <= self.horizon() => drop(self.lab.step()),
            (_, None) => return self.end(),
        }
        self.deliver_signals();
        Moved::On
    }

    /// Whether every seat has a thread that waits, or this one.
    fn seats_wait_but(&self, one: Option<ThreadNumber>) -> bool {
        let waits = |thread: &ThreadNumber| {
            Some(*thread) == one || self.waiters.values().any(|waiter| waiter.thread == *thread)
        };
        self.seats.values().all(|seat| seat.as_ref().is_some_and(waits))
    }

    /// The first moment that somebody has asked for: a deadline, or a signal to one that waits.
    fn first_asked(&self) -> Option<Instant> {
        let signals = self.signals.iter().filter(|(_, network)| self.waits(*network)).map(|(at, _)| *at);
        self.waiters.values().filter_map(|waiter| waiter.deadline).chain(signals).min()
    }

    fn waits(&self, network: NetworkId) -> bool {
        self.waiters.values().any(|waiter| waiter.network == network)
    }

    /// Until when those who wait without a deadline are patient.
    fn horizon(&self) -> Instant {
        let began = self.waiters.values().map(|waiter| waiter.began).max();
        began.unwrap_or(self.lab.now()) + WAIT_MAX
    }

    /// A signal interrupts one call of its process, and nothing where none waits. True when one was interrupted.
    fn deliver_signals(&mut self) -> bool {
        let now = self.lab.now();
        let mut interrupted = false;
        while let Some(place) = self.signals.iter().position(|(at, network)| *at <= now && self.waits(*network)) {
            let (_, network) = self.signals.swap_remove(place);
            let uninterrupted = |waiter: &&mut Waiter| waiter.network == network && !waiter.interrupted;
            if let Some(waiter) = self.waiters.values_mut().find(uninterrupted) {
                waiter.interrupted = true;
                interrupted = true;
            }
        }
        interrupted
    }

    /// It is over for all who wait.
    pub(crate) fn end_for_all(&mut self) {
        self.waiters.values_mut().for_each(|waiter| waiter.over = true);
    }

    /// Nothing is left to happen. It is over for all who wait when nobody is left who could do something.
    fn end(&mut self) -> Moved {
        let waits = |thread: &ThreadNumber| self.waiters.values().any(|waiter| waiter.thread == *thread);
        if self.seats.is_empty() && !self.threads.iter().all(waits) {
            return Moved::Held;
        }
        // A file may still be ready for who waits for one, and who did not could be told something then.
        if self.waiters.values().any(|waiter| waiter.beside_files) {
            return Moved::Held;
        }
        let who_wait: HashSet<ThreadNumber> = self.waiters.values().map(|waiter| waiter.thread).collect();
        if self.seats.is_empty() && self.crowd.is_some_and(|crowd| crowd() > who_wait.len()) {
            return Moved::Unsure;
        }
        self.end_for_all();
        Moved::On
    }
}
