//! Waiting on many sockets at once.
//!
//! One pass asks the network what all of them could do, and each socket what that means to it; then one wait covers them all.
//! An opening with a limit of time takes part with its deadline, so that it fails on time also under somebody who only
//! selects.

use synsent_stack::{Duration, Instant};

use crate::cancel::Cancel;
use crate::failure::{Failure, Outcome};
use crate::network::{Network, Watched, Woken};
use crate::ready::Ready;
use crate::socket::{Look, Socket};

/// Waits until one of the sockets is ready for what is asked of it; answers with what each is ready for, none at all when the
/// time is over. Sockets without a transport are asked for their state alone.
///
/// # Errors
/// Interrupted by a signal, cancelled (also by closing one of the sockets), or the network is over.
pub fn select(
    network: &dyn Network,
    asked: &[(&Socket, Ready)],
    at_most: Option<Duration>,
    cancel: &Cancel,
) -> Result<Vec<Ready>, Failure> {
    let only_looks = at_most.is_some_and(|span| span.is_zero());
    let deadline = at_most.map(|span| network.now() + span);
    let mut pass = Pass::default();
    let mut waiting = Vec::new();
    let mut too_late = only_looks;
    loop {
        let ticket = network.ticket();
        pass.look(network, asked)?;
        if too_late || pass.found.iter().any(|ready| !ready.is_empty()) {
            return Ok(pass.found);
        }
        if waiting.is_empty() {
            // Who closes a socket or gives it something to wait on says so and looks then whether anybody waits; who waits says
            // so and looks then.
            waiting.extend(asked.iter().map(|(socket, _)| socket.count_waiting()));
            let mut seen = asked.iter().zip(&pass.known);
            if seen.any(|((socket, _), known)| socket.is_otherwise_than_seen(known.carried)) {
                continue;
            }
        }
        let until = [deadline, pass.first_deadline].into_iter().flatten().min();
        match network.wait(ticket, &pass.watched, until, cancel) {
            // News that come again and again do not keep the time from being over.
            Woken::Changed => too_late = deadline.is_some_and(|deadline| network.now() > deadline),
            Woken::DeadlinePassed => too_late = deadline.is_some_and(|deadline| network.now() >= deadline),
            Woken::Cancelled => return Err(Outcome::Cancelled.into()),
            Woken::Interrupted => return Err(Outcome::Interrupted.into()),
            Woken::Over(failure) => return Err(failure),
        }
    }
}

/// One look at all sockets; its room is used again for the next one.
#[derive(Default)]
struct Pass<'a> {
    /// The transports of those that have one to ask.
    watched: Vec<Watched<'a>>,
    /// What is known of each socket.
    known: Vec<Known>,
    /// What those transports told.
    told: Vec<Ready>,
    /// What each socket could do of what is asked.
    found: Vec<Ready>,
    /// When the first opening is given up.
    first_deadline: Option<Instant>,
}

/// What one look at a socket's state tells.
struct Known {
    /// Whether its transport is among those to ask.
    carried: bool,
    /// Whether it is ready for nothing where its transport is ready for nothing.
    silent: bool,
}

impl<'a> Pass<'a> {
    fn look(&mut self, network: &dyn Network, asked: &[(&'a Socket, Ready)]) -> Result<(), Failure> {
        self.watched.clear();
        self.known.clear();
        self.found.clear();
        self.first_deadline = None;
        for (socket, interest) in asked {
            let Look { transport, deadline, also, silent } = socket.look_from_outside();
            self.first_deadline = [self.first_deadline, deadline].into_iter().flatten().min();
            self.known.push(Known { carried: transport.is_some(), silent });
            self.watched.extend(transport.map(|transport| Watched { transport, interest: *interest | also }));
        }
        self.told.clear();
        self.told.resize(self.watched.len(), Ready::NONE);
        network.readiness(&self.watched, &mut self.told);
        let mut told = self.told.iter();
        for ((socket, interest), known) in asked.iter().zip(&self.known) {
            let told = if known.carried { told.next().copied().unwrap_or_default() } else { Ready::NONE };
            let ready = match known.silent && told.is_empty() {
                true => Ready::NONE,
                false => socket.judge(told).ok_or(Outcome::Cancelled)?,
            };
            self.found.push(ready & *interest);
        }
        Ok(())
    }
}
