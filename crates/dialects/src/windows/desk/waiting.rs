//! The one loop in which everything at a desk waits: look, wait until something may have changed, look again.
//!
//! A bell is put up before the look, so that no change after it is slept through. The wait covers the sockets whose events
//! concern who waits; it is the network's wait, in the network's time.

use std::sync::Arc;

use synsent_sockets::{Cancel, Failure, Ready, Socket, select_aside};
use synsent_stack::{Duration, Instant};

use super::{Desk, State, Watch};

/// How long a wait lasts when sockets say again and again that there is something, and nothing is.
const NAP: Duration = Duration::from_millis(10);
/// How often a socket may say so before the wait no longer asks it.
const FALSE_ALARMS_MAX: u32 = 3;

/// What a look found.
pub(super) enum Look<T> {
    /// What was waited for.
    Found(T),
    /// Nothing, and by itself nothing before this moment.
    NothingUntil(Option<Instant>),
}

/// Why a wait found nothing.
#[derive(Clone, PartialEq, Debug)]
pub enum Ended {
    /// The time is over.
    TimeOver,
    /// Nothing will ever happen any more.
    Over(Failure),
}

/// The bell of one wait.
struct Bell<'a> {
    desk: &'a Desk,
    rung: Arc<Cancel>,
}

impl Desk {
    /// Waits until `look` finds something. Before each look the sockets whose watches concern it are looked at; nobody waits
    /// beyond `at_most`.
    pub(super) fn wait_until<T>(
        &self,
        at_most: Option<Duration>,
        concerns: impl Fn(&State, &Watch) -> bool,
        mut look: impl FnMut(&mut State, Instant) -> Look<T>,
    ) -> Result<T, Ended> {
        let bell = Bell::new(self);
        let deadline = at_most.map(|span| self.network.now() + span);
        let mut false_alarms = 0;
        loop {
            bell.rung.take();
            let now = self.network.now();
            let (until, sockets) = {
                let mut state = self.state();
                state.gather(&concerns);
                match look(&mut state, now) {
                    Look::Found(found) => return Ok(found),
                    Look::NothingUntil(until) => (until, state.of_interest(&concerns)),
                }
            };
            if deadline.is_some_and(|deadline| now >= deadline) {
                return Err(Ended::TimeOver);
            }
            let until = [deadline, until].into_iter().flatten().min();
            let mut span = until.map(|until| until.since(now));
            let mut asked: Vec<_> = sockets.iter().map(|(socket, ready)| (socket.as_ref(), *ready)).collect();
            if false_alarms >= FALSE_ALARMS_MAX {
                asked.clear();
                span = Some(span.map_or(NAP, |span| span.min(NAP)));
                false_alarms = 0;
            }
            match select_aside(self.network.as_ref(), &asked, span, &bell.rung) {
                Ok(ready) => false_alarms += u32::from(ready.iter().any(|ready| !ready.is_empty())),
                Err(_) if bell.rung.is_cancelled() => {}
                // A signal, which is nothing that this system knows, or a socket that was closed.
                Err(failure) if failure.outcome == synsent_sockets::Outcome::Interrupted => {}
                Err(_) if sockets.iter().any(|(socket, _)| is_closed(socket)) => {}
                Err(failure) => return Err(Ended::Over(failure)),
            }
        }
    }
}

fn is_closed(socket: &Socket) -> bool {
    socket.standing().stage == synsent_sockets::Stage::Closed
}

impl State {
    /// What of the readiness of sockets would be news.
    fn of_interest(&self, concerns: &impl Fn(&State, &Watch) -> bool) -> Vec<(Arc<Socket>, Ready)> {
        let concerned = self.watches.values().filter(|watch| concerns(self, watch));
        let sockets = concerned.map(|watch| (Arc::clone(&watch.socket), watch.interest()));
        sockets.filter(|(_, interest)| !interest.is_empty()).collect()
    }
}

impl<'a> Bell<'a> {
    fn new(desk: &'a Desk) -> Bell<'a> {
        let rung = Arc::new(Cancel::new());
        desk.state().bells.push(Arc::clone(&rung));
        Bell { desk, rung }
    }
}

impl Drop for Bell<'_> {
    fn drop(&mut self) {
        self.desk.state().bells.retain(|bell| !Arc::ptr_eq(bell, &self.rung));
    }
}
