//! Waiting on many sockets at once.
//!
//! One pass asks the network what all of them could do, and each socket what that means to it; then one wait covers them all.
//! An opening with a limit of time takes part with its deadline, so that it fails on time also under somebody who only
//! selects. What a pass needs room for is kept by each thread for the next one.

use std::cell::Cell;

use synsent_stack::{Duration, Instant};

use crate::blocking::Blocking;
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
    select_each(network, asked.iter().copied(), at_most, cancel)
}

/// The same for sockets that stand in no list of their own.
///
/// # Errors
/// As [`select`].
pub fn select_each<'a>(
    network: &dyn Network,
    asked: impl Iterator<Item = (&'a Socket, Ready)> + Clone,
    at_most: Option<Duration>,
    cancel: &Cancel,
) -> Result<Vec<Ready>, Failure> {
    wait_on(network, asked, at_most, cancel, Blocking::begin)
}

/// The same for who is no call of a socket system: the thread has no idle work meanwhile, and nobody takes it back but by its
/// own mark.
///
/// # Errors
/// As [`select`].
pub fn select_aside(
    network: &dyn Network,
    asked: &[(&Socket, Ready)],
    at_most: Option<Duration>,
    cancel: &Cancel,
) -> Result<Vec<Ready>, Failure> {
    wait_on(network, asked.iter().copied(), at_most, cancel, Blocking::aside)
}

fn wait_on<'a>(
    network: &dyn Network,
    asked: impl Iterator<Item = (&'a Socket, Ready)> + Clone,
    at_most: Option<Duration>,
    cancel: &Cancel,
    begin: fn() -> Blocking,
) -> Result<Vec<Ready>, Failure> {
    let only_looks = at_most.is_some_and(|span| span.is_zero());
    let deadline = at_most.map(|span| network.now() + span);
    let mut pass = Pass::new();
    let mut waiting = Vec::new();
    let mut blocking = None;
    let mut too_late = only_looks;
    loop {
        let ticket = network.ticket();
        let is_found = pass.look(network, asked.clone())?;
        if too_late || is_found {
            return Ok(core::mem::take(&mut pass.found));
        }
        if waiting.is_empty() {
            // Who closes a socket or gives it something to wait on says so and looks then whether anybody waits; who waits says
            // so and looks then.
            waiting.extend(asked.clone().map(|(socket, _)| socket.count_waiting()));
            let mut seen = asked.clone().zip(&pass.room.known);
            if seen.any(|((socket, _), known)| socket.is_otherwise_than_seen(known.carried)) {
                continue;
            }
        }
        let blocking = blocking.get_or_insert_with(begin);
        if blocking.is_taken_back() {
            return Err(Outcome::Cancelled.into());
        }
        let first = [deadline, pass.first_deadline].into_iter().flatten().min();
        match blocking.wait(network, first, |until| network.wait(ticket, &pass.watched, until, cancel)) {
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
struct Pass<'a> {
    /// The transports of those that have one to ask.
    watched: Vec<Watched<'a>>,
    room: Room,
    /// What each socket could do of what is asked.
    found: Vec<Ready>,
    /// When the first opening is given up.
    first_deadline: Option<Instant>,
}

/// The room of a pass.
#[derive(Default)]
struct Room {
    /// Room for transports; nothing is in it.
    watched: Vec<Watched<'static>>,
    /// What is known of each socket.
    known: Vec<Known>,
    /// What those transports told.
    told: Vec<Ready>,
}

/// What one look at a socket's state tells.
struct Known {
    /// Whether its transport is among those to ask.
    carried: bool,
    /// Whether it is ready for nothing where its transport is ready for nothing.
    silent: bool,
}

thread_local! {
    static SPARE: Cell<Room> = const { Cell::new(Room { watched: Vec::new(), known: Vec::new(), told: Vec::new() }) };
}

impl<'a> Pass<'a> {
    fn new() -> Pass<'a> {
        // A select inside a select, from a hook, finds nothing here and makes room of its own.
        let mut room = SPARE.try_with(Cell::take).unwrap_or_default();
        let watched = emptied(core::mem::take(&mut room.watched));
        Pass { watched, room, found: Vec::new(), first_deadline: None }
    }

    /// Whether one of them is ready for something that is asked of it.
    fn look(
        &mut self,
        network: &dyn Network,
        asked: impl Iterator<Item = (&'a Socket, Ready)> + Clone,
    ) -> Result<bool, Failure> {
        let Room { known, told, .. } = &mut self.room;
        self.watched.clear();
        known.clear();
        self.found.clear();
        self.first_deadline = None;
        for (socket, interest) in asked.clone() {
            let Look { transport, deadline, also, silent } = socket.look_from_outside();
            if let Some(deadline) = deadline {
                self.first_deadline = Some(self.first_deadline.map_or(deadline, |first| first.min(deadline)));
            }
            known.push(Known { carried: transport.is_some(), silent });
            if let Some(transport) = transport {
                self.watched.push(Watched { transport, interest: interest | also });
            }
        }
        told.clear();
        told.resize(self.watched.len(), Ready::NONE);
        network.readiness(&self.watched, told);
        self.found.reserve(known.len());
        let mut told = told.iter();
        let mut is_found = false;
        for ((socket, interest), known) in asked.zip(&*known) {
            let told = if known.carried { told.next().copied().unwrap_or_default() } else { Ready::NONE };
            // What nobody asks for changes nothing, unless it is a failure.
            let ready = match known.silent && !told.has(interest | Ready::FAILED) {
                true => Ready::NONE,
                false => socket.judge(told).ok_or(Outcome::Cancelled)?,
            };
            is_found |= ready.has(interest);
            self.found.push(ready & interest);
        }
        Ok(is_found)
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        let mut room = core::mem::take(&mut self.room);
        room.watched = emptied(core::mem::take(&mut self.watched));
        // Where the thread is about to end, nobody needs it any more.
        let _ = SPARE.try_with(|spare| spare.set(room));
    }
}

/// The room of a list, for others that live for another time.
fn emptied<'b>(mut list: Vec<Watched<'_>>) -> Vec<Watched<'b>> {
    list.clear();
    // Nothing is left that would be mapped; the standard library keeps the room.
    list.into_iter().map_while(|_| None).collect()
}
