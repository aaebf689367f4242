//! A case, what comes of it, and running one.

use std::collections::BTreeSet;
use std::sync::Arc;

use synsent_stack::Duration;

use crate::api::Api;
use crate::contract;
use crate::trial::Trial;
use crate::world::{NotHere, Place, World};

/// How much of a reason a row shows; unit: characters.
const NOTE_MAX: usize = 200;

/// A clause shown in one scenario.
#[derive(Clone, Copy)]
pub struct Case {
    /// The clause.
    pub clause: &'static str,
    /// The scenario in a few words.
    pub title: &'static str,
    /// Whether it is an outcome of connect(), and so a row of the sweep.
    pub in_sweep: bool,
    /// Whether the system is started before it.
    pub started: bool,
    /// The scenario.
    pub run: fn(&mut Trial<'_>) -> Result<(), Trouble>,
}

/// Why a case did not come to its end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Trouble {
    /// The situation cannot be brought about in this world.
    NotHere(String),
    /// The clause does not hold.
    NotHeld(String),
}

/// What came of a case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// The clause.
    pub clause: &'static str,
    /// The scenario.
    pub title: &'static str,
    /// The dialect.
    pub dialect: &'static str,
    /// The network.
    pub network: &'static str,
    /// What was on the wire.
    pub on_the_wire: String,
    /// What connect() said: `0`, or the name of the error.
    pub said: String,
    /// The number of the error.
    pub number: Option<i32>,
    /// What the clause promises.
    pub expected: String,
    /// How long connect() took, in the time of the network.
    pub took: Duration,
    /// Whether the clause holds.
    pub held: bool,
    /// What did not hold, or why connect() said so.
    pub note: String,
    /// The types of the sockets that were connected, in the contract's words.
    pub types: BTreeSet<&'static str>,
}

impl Case {
    /// A case that is no row of the sweep.
    pub const fn new(
        clause: &'static str,
        title: &'static str,
        run: fn(&mut Trial<'_>) -> Result<(), Trouble>,
    ) -> Case {
        Case { clause, title, in_sweep: false, started: true, run }
    }

    /// A case that ends with an outcome of connect().
    pub const fn outcome(
        clause: &'static str,
        title: &'static str,
        run: fn(&mut Trial<'_>) -> Result<(), Trouble>,
    ) -> Case {
        Case { in_sweep: true, ..Case::new(clause, title, run) }
    }

    /// The case begins before the system is started.
    pub const fn unstarted(self) -> Case {
        Case { started: false, ..self }
    }

    /// The name of the case on a network, as a test has it.
    pub fn name(&self, place: Place) -> String {
        format!("{} {place}: {}", self.clause, self.title)
    }
}

/// Runs a case in a world.
///
/// # Errors
/// When its situation cannot be brought about there.
pub fn run(case: &Case, api: &'static Api, world: &mut dyn World) -> Result<Row, NotHere> {
    let place = world.place();
    let Some(clause) = contract::clause(case.clause) else {
        return Err(NotHere(format!("{} is no clause of the contract", case.clause)));
    };
    let process = api.process(world.network());
    let entered = process.enter();
    let mut trial = Trial::new(world, api, clause, Arc::clone(&process));
    let begun = if case.started { trial.start() } else { Ok(()) };
    let ended = begun.and_then(|()| (case.run)(&mut trial));
    let (shown, types) = trial.finish(ended.is_ok());
    drop(entered);
    let (held, note) = match ended {
        Ok(()) => (true, shortened(shown.reason)),
        Err(Trouble::NotHeld(what)) => (false, what),
        Err(Trouble::NotHere(why)) => return Err(NotHere(why)),
    };
    Ok(Row {
        clause: case.clause,
        title: case.title,
        dialect: api.name(),
        network: place.name(),
        on_the_wire: shown.on_the_wire,
        said: shown.said,
        number: shown.number,
        expected: shown.expected,
        took: shown.took,
        held,
        note,
        types,
    })
}

/// The beginning of a reason; a path that is too long by thousands of octets need not be told to its end.
fn shortened(mut note: String) -> String {
    if let Some((end, _)) = note.char_indices().nth(NOTE_MAX) {
        note.truncate(end);
        note.push('…');
    }
    note
}

/// Runs a case in a new world at a place, in a thread of its own where the world takes the thread with it.
///
/// # Errors
/// When its situation cannot be brought about there.
pub fn run_at(case: &'static Case, api: &'static Api, place: Place) -> Result<Row, NotHere> {
    let in_world = move || {
        let mut world = place.world()?;
        run(case, api, world.as_mut())
    };
    if place == Place::Lab {
        return in_world();
    }
    match std::thread::spawn(in_world).join() {
        Ok(answer) => answer,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

impl From<NotHere> for Trouble {
    fn from(NotHere(why): NotHere) -> Trouble {
        Trouble::NotHere(why)
    }
}
