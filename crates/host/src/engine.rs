//! A driver with a thread of its own, and calls to its stack from any other thread.
//!
//! [`Engine::start`] gives the driver a thread. A [`Handle`] runs a closure on the stack under a lock, at once
//! ([`Handle::with`]) or again and again until it has an answer ([`Handle::wait`]): that one is every blocking call. What a
//! closure causes is sent by the thread that ran it; the engine's thread is woken only when it sleeps too long for it.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use synsent_stack::{Instant, Stack};
use thiserror::Error;

use crate::clock::Clock;
use crate::driver::{DeviceCounters, Driver};
use crate::poller::{Poller, Waker};
use crate::signal::Blocked;
use crate::waiters::Waiters;

/// Why a call to the stack did not come to an end.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum WaitError {
    /// The time that the caller gave it is over.
    #[error("the time is over")]
    TimedOut,
    /// The engine was stopped.
    #[error("the network was stopped")]
    Stopped,
    /// A device is gone, in the words of the kernel.
    #[error("{0}")]
    Broken(String),
}

/// A driver that runs by itself. Dropping it stops it.
pub struct Engine {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// A way to the stack of an engine.
#[derive(Clone)]
pub struct Handle(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    /// Whether it has ended: what `State::over` says in full.
    is_over: AtomicBool,
    /// Threads that wait for a change and for descriptors at once.
    waiters: Arc<Waiters>,
    /// Callers that want the lock or wait for a change; the engine's thread lets them in between two turns.
    callers: AtomicUsize,
    poller: Poller,
    waker: Waker,
}

struct State {
    driver: Driver,
    /// Until when the engine's thread means to sleep; `None`: until something arrives.
    asleep_until: Option<Instant>,
    asleep: bool,
    over: Option<WaitError>,
}

/// Ends everything when the engine's thread is over; nobody else would wake those who wait when it panicked. A reason that was
/// given before stays.
struct AtLast<'a>(&'a Shared);

/// A caller that is counted.
struct Caller<'a>(&'a AtomicUsize);

impl Engine {
    /// Starts the thread.
    pub fn start(driver: Driver) -> io::Result<Engine> {
        let poller = driver.poller();
        let waker = poller.waker();
        let state = State { driver, asleep_until: None, asleep: false, over: None };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            changed: Condvar::new(),
            is_over: AtomicBool::new(false),
            waiters: Arc::default(),
            callers: AtomicUsize::new(0),
            poller,
            waker,
        });
        let for_thread = Arc::clone(&shared);
        // The program's handlers run on the program's threads, and end their calls.
        let blocked = Blocked::all();
        let thread = thread::Builder::new().name("synsent".into()).spawn(move || for_thread.run())?;
        drop(blocked);
        Ok(Engine { shared, thread: Some(thread) })
    }

    /// A way to the stack, for any thread.
    pub fn handle(&self) -> Handle {
        Handle(Arc::clone(&self.shared))
    }

    /// Ends the thread; every wait ends with [`WaitError::Stopped`]. What the stack wanted to send has been offered to the
    /// devices before, and captures are written out.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        self.shared.end(&mut self.shared.lock(), WaitError::Stopped);
        self.shared.waker.wake();
        // A panic of the thread has been printed by the thread.
        let _ = thread.join();
        self.shared.lock().driver.flush_captures();
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.end();
    }
}

impl Handle {
    /// Runs `call` on the stack and sends what it caused. It must not block: the stack stands still meanwhile.
    pub fn with<R>(&self, call: impl FnOnce(&mut Stack, Instant) -> R) -> R {
        let _caller = self.0.count_caller();
        let mut state = self.0.lock();
        let result = state.call(call);
        self.0.after_call(&mut state);
        result
    }

    /// The same, as long as the engine runs.
    pub(crate) fn with_running(&self, call: impl FnOnce(&mut Stack, Instant)) {
        if !self.is_over() {
            self.with(call);
        }
    }

    /// Whether the engine has ended.
    pub(crate) fn is_over(&self) -> bool {
        self.0.is_over.load(Ordering::SeqCst)
    }

    /// Why the engine has ended.
    pub(crate) fn over(&self) -> Option<WaitError> {
        self.0.lock().over.clone()
    }

    /// The time that the stack is told.
    pub(crate) fn clock(&self) -> Clock {
        self.0.lock().driver.clock()
    }

    /// The threads that are woken by every change.
    pub(crate) fn waiters(&self) -> Arc<Waiters> {
        Arc::clone(&self.0.waiters)
    }

    /// What went over each device, also after the engine has stopped.
    pub fn device_counters(&self) -> Vec<DeviceCounters> {
        self.0.lock().driver.device_counters()
    }

    /// Runs `attempt` now and whenever something became ready, until it answers with `Some`. `None` as the time: for ever.
    pub fn wait<R>(
        &self,
        at_most: Option<Duration>,
        mut attempt: impl FnMut(&mut Stack, Instant) -> Option<R>,
    ) -> Result<R, WaitError> {
        let _caller = self.0.count_caller();
        self.0.wait(at_most, &mut attempt)
    }
}

impl Shared {
    /// A caller's closure that panicked has left the stack as it was between two verbs, so the others go on.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a caller as long as the guard lives, also through a panic of its closure.
    fn count_caller(&self) -> Caller<'_> {
        self.callers.fetch_add(1, Ordering::Relaxed);
        Caller(&self.callers)
    }

    /// The engine's thread.
    fn run(&self) {
        let _at_last = AtLast(self);
        loop {
            let mut state = self.lock();
            state.asleep = false;
            if state.over.is_some() {
                return;
            }
            if let Err(error) = state.driver.turn() {
                self.end(&mut state, WaitError::Broken(error.to_string()));
                return;
            }
            self.tell(&mut state);
            let timeout = state.driver.timeout();
            state.asleep = true;
            state.asleep_until = timeout.map(|timeout| state.driver.now() + timeout);
            if timeout != Some(Duration::ZERO) {
                state.driver.flush_captures();
            }
            drop(state);
            self.sleep(timeout);
        }
    }

    fn sleep(&self, timeout: Option<Duration>) {
        if timeout == Some(Duration::ZERO) {
            if self.callers.load(Ordering::Relaxed) > 0 {
                thread::yield_now();
            }
            return;
        }
        if let Err(error) = self.poller.wait(timeout) {
            self.end(&mut self.lock(), WaitError::Broken(error.to_string()));
        }
    }

    /// Wakes the callers that wait when anything became ready.
    fn tell(&self, state: &mut State) {
        let mut news = false;
        while state.driver.stack().poll_event().is_some() {
            news = true;
        }
        if news {
            self.wake_callers();
        }
    }

    /// Notes the first reason why there will be no more changes.
    fn end(&self, state: &mut State, why: WaitError) {
        state.over.get_or_insert(why);
        self.is_over.store(true, Ordering::SeqCst);
        self.wake_callers();
    }

    fn wake_callers(&self) {
        self.changed.notify_all();
        self.waiters.wake_all();
    }

    /// Sends what a call caused, and sees to it that the engine's thread does not oversleep.
    fn after_call(&self, state: &mut State) {
        if state.over.is_none() && state.driver.flush().is_err() {
            // The engine's thread meets the same error in its next turn, and says so.
            self.waker.wake();
            return;
        }
        self.tell(state);
        let Some(timeout) = state.driver.timeout() else { return };
        let until = state.driver.now() + timeout;
        if state.asleep && state.asleep_until.is_none_or(|asleep_until| until < asleep_until) {
            state.asleep_until = Some(until);
            self.waker.wake();
        }
    }

    fn wait<R>(
        &self,
        at_most: Option<Duration>,
        attempt: &mut dyn FnMut(&mut Stack, Instant) -> Option<R>,
    ) -> Result<R, WaitError> {
        // A time that the clock cannot tell is as good as for ever.
        let end = at_most.and_then(|at_most| std::time::Instant::now().checked_add(at_most));
        let mut state = self.lock();
        loop {
            let result = state.call(&mut *attempt);
            self.after_call(&mut state);
            if let Some(result) = result {
                return Ok(result);
            }
            if let Some(over) = &state.over {
                return Err(over.clone());
            }
            state = match end.map(|end| end.saturating_duration_since(std::time::Instant::now())) {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => return Err(WaitError::TimedOut),
                Some(left) => self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0,
            };
        }
    }
}

impl Drop for AtLast<'_> {
    fn drop(&mut self) {
        self.0.end(&mut self.0.lock(), WaitError::Broken("the engine's thread panicked".into()));
    }
}

impl Drop for Caller<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl State {
    fn call<R>(&mut self, call: impl FnOnce(&mut Stack, Instant) -> R) -> R {
        let now = self.driver.now();
        call(self.driver.stack(), now)
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::BorrowedFd;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use synsent_stack::{Config, Medium, Offload, Received, SegmentOffload};

    use super::*;
    use crate::cable::{CableEnd, cable};
    use crate::device::{Device, Sent};

    /// A device that the first frame is too much for.
    struct Fragile(CableEnd);

    impl Device for Fragile {
        fn name(&self) -> &str {
            self.0.name()
        }
        fn medium(&self) -> Medium {
            self.0.medium()
        }
        fn mtu(&self) -> u16 {
            self.0.mtu()
        }
        fn offload(&self) -> Offload {
            self.0.offload()
        }
        fn descriptor(&self) -> BorrowedFd<'_> {
            self.0.descriptor()
        }
        fn receive(&mut self, frame: &mut [u8]) -> io::Result<Option<(usize, Received)>> {
            let received = self.0.receive(frame)?;
            assert!(received.is_none(), "a frame came, as the test wants it");
            Ok(received)
        }
        fn transmit(&mut self, frame: &[u8], offload: Option<SegmentOffload>) -> io::Result<Sent> {
            self.0.transmit(frame, offload)
        }
    }

    fn engine() -> (Engine, CableEnd) {
        let (ours, theirs) = cable("fragile", 1_500).unwrap();
        let mut driver = Driver::new(Stack::new(Config::default(), [7; 32])).unwrap();
        driver.attach(Fragile(ours), None).unwrap();
        (Engine::start(driver).unwrap(), theirs)
    }

    #[test]
    fn a_panic_of_the_engine_wakes_those_who_wait_and_says_so() {
        let (engine, mut theirs) = engine();
        let handle = engine.handle();
        let (begun, has_begun) = std::sync::mpsc::channel();
        let waiting = thread::spawn(move || {
            handle.wait(None, |_, _| {
                // Who listens may have heard enough.
                let _ = begun.send(());
                None::<()>
            })
        });
        has_begun.recv().unwrap();
        assert_eq!(theirs.transmit(&[0; 20], None).unwrap(), Sent::Done);
        assert!(matches!(waiting.join().unwrap(), Err(WaitError::Broken(_))));
        assert!(engine.handle().is_over());
        engine.stop();
    }

    #[test]
    fn a_panic_of_a_caller_leaves_no_caller_behind_and_the_others_go_on() {
        let (engine, _theirs) = engine();
        let handle = engine.handle();
        let with = catch_unwind(AssertUnwindSafe(|| handle.with(|_, _| panic!("as the test wants it"))));
        let wait = catch_unwind(AssertUnwindSafe(|| {
            handle.wait(None, |_, _| -> Option<()> { panic!("as the test wants it") })
        }));
        assert!(with.is_err() && wait.is_err());
        assert_eq!(handle.0.callers.load(Ordering::Relaxed), 0);
        assert_eq!(handle.wait(None, |_, _| Some(7)), Ok(7));
    }

    #[test]
    fn the_longest_time_is_as_good_as_for_ever() {
        let (engine, _theirs) = engine();
        let mut asked = 0;
        let answer = engine.handle().wait(Some(Duration::MAX), |_, _| {
            asked += 1;
            Some(asked)
        });
        assert_eq!(answer, Ok(1));
    }
}
