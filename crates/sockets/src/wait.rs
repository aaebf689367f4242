//! The one blocking loop: ask, wait until something changed, ask again, until it is done, too late, or taken back.
//!
//! Between two waits the thread has its idle work done, where it has some.
//!
//! The ticket is taken before the asking, so a change between the asking and the waiting ends the wait at once. After the
//! deadline the verb is asked one last time: what came in the same moment counts as in time.

use std::sync::Arc;

use synsent_stack::Instant;

use crate::blocking::Blocking;
use crate::cancel::Cancel;
use crate::failure::{Failure, Outcome};
use crate::network::{Watched, Woken};
use crate::provider::{Answer, Progress, Transport};
use crate::ready::Ready;
use crate::socket::Socket;

/// How a call waits.
pub(crate) struct Wait<'a> {
    pub(crate) socket: &'a Socket,
    pub(crate) transport: &'a dyn Transport,
    pub(crate) interest: Ready,
    /// When the time is over, and what that comes to.
    pub(crate) deadline: Option<(Instant, Outcome)>,
    /// What takes the call back; without one, whatever takes back the calls that wait on the socket.
    pub(crate) cancel: Option<Arc<Cancel>>,
}

impl Wait<'_> {
    /// Asks until the verb is done or has failed.
    pub(crate) fn until_done<T>(&self, mut verb: impl FnMut() -> Answer<T>) -> Result<T, Failure> {
        let watched = [Watched { transport: self.transport, interest: self.interest }];
        let network = self.socket.network();
        let mut too_late = false;
        let mut waiting = None;
        let mut cancel = self.cancel.clone();
        let mut blocking = None;
        loop {
            let ticket = network.ticket();
            match verb()? {
                Progress::Done(value) => return Ok(value),
                Progress::Pending => {}
            }
            match self.deadline {
                Some((_, outcome)) if too_late => return Err(outcome.into()),
                _ => {}
            }
            // Who takes calls back sets the mark and looks then whether anybody waits; who waits says so and looks then at the
            // mark. One of the two sees the other.
            let cancel = match &mut cancel {
                Some(cancel) => cancel,
                none => none.insert(self.socket.mark_of_waiting()?),
            };
            waiting.get_or_insert_with(|| self.socket.count_waiting());
            if cancel.is_cancelled() {
                return Err(Outcome::Cancelled.into());
            }
            let blocking = blocking.get_or_insert_with(Blocking::begin);
            if blocking.is_taken_back() {
                return Err(Outcome::Cancelled.into());
            }
            let deadline = self.deadline.map(|(at, _)| at);
            match blocking.wait(network, deadline, |until| network.wait(ticket, &watched, until, cancel)) {
                // News that come again and again do not keep the time from being over.
                Woken::Changed => too_late = deadline.is_some_and(|deadline| network.now() > deadline),
                Woken::DeadlinePassed => too_late = deadline.is_some_and(|deadline| network.now() >= deadline),
                Woken::Cancelled => return Err(Outcome::Cancelled.into()),
                Woken::Interrupted if self.has_no_limit() && network.goes_on_after_signal() => {
                    too_late = deadline.is_some_and(|deadline| network.now() > deadline);
                }
                Woken::Interrupted => return Err(Outcome::Interrupted.into()),
                Woken::Over(failure) => return Err(failure),
            }
        }
    }

    /// Whether its caller has set no limit of time; that of an opening is the dialect's.
    fn has_no_limit(&self) -> bool {
        !matches!(self.deadline, Some((_, Outcome::TimeLimit)))
    }
}
