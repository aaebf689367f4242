//! The programs that are written for the cases: each case is run once in Rust on each place, and its record becomes C.
//!
//! Nothing of it is kept in the repository. The text of each program stays in the target folder, for reading.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;

use synsent_conformance::record::{Record, record};
use synsent_conformance::{Api, Case, NotHere, Place};
use synsent_conformance_c::program::{Written, program, written};

use crate::support;

/// Most records of the kernel wait most of the time, so many are made at once.
const THREADS: usize = 12;

/// The program of a system, written when the first trial asks for it.
pub(crate) struct Sources {
    api: &'static Api,
    cases: &'static [Case],
    places: &'static [Place],
    made: OnceLock<Made>,
}

/// What was written.
pub(crate) struct Made {
    /// Where the text stands.
    pub(crate) path: PathBuf,
    /// Of each case why it is none, on the first place where it could be brought about.
    pub(crate) unwritten: HashMap<usize, String>,
    /// Of each case on which places it is a program.
    pub(crate) places: HashMap<usize, Vec<Place>>,
}

impl Sources {
    pub(crate) fn of(api: &'static Api, cases: &'static [Case], places: &'static [Place]) -> &'static Sources {
        // The trials of a run share it to the end.
        Box::leak(Box::new(Sources { api, cases, places, made: OnceLock::new() }))
    }

    /// The program.
    pub(crate) fn made(&self) -> &Made {
        self.made.get_or_init(|| self.make())
    }

    fn make(&self) -> Made {
        let records = self.records();
        let (mut unwritten, mut places) = (HashMap::new(), HashMap::new());
        let mut all = Vec::new();
        for (number, case) in self.cases.iter().enumerate() {
            let mut one = |place: Place| match records.get(&(number, place))? {
                Err(NotHere(_)) => None,
                Ok(record) if !record.row.held => {
                    unwritten.insert(number, format!("it does not hold on the {place}: {}", record.row.note));
                    None
                }
                Ok(record) => match written(self.api, number, record) {
                    Ok(body) => {
                        places.entry(number).or_insert_with(Vec::new).push(place);
                        Some(body)
                    }
                    Err(why) => {
                        unwritten.insert(number, why);
                        None
                    }
                },
            };
            let bodies = Written { lab: one(Place::Lab), kernel: one(Place::Kernel) };
            let is_one = bodies.lab.is_some() || bodies.kernel.is_some();
            all.push((case, is_one.then_some(bodies)));
        }
        let path = support::scratch().join(format!("clauses-{}.c", self.api.name()));
        fs::write(&path, program(self.api, &all)).expect("the target folder can be written");
        Made { path, unwritten, places }
    }

    fn records(&self) -> HashMap<(usize, Place), Result<Record, NotHere>> {
        let wanted: Vec<(usize, Place)> =
            (0..self.cases.len()).flat_map(|number| self.places.iter().map(move |place| (number, *place))).collect();
        let (next, records) = (AtomicUsize::new(0), Mutex::new(HashMap::new()));
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    while let Some((number, place)) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let made = record(self.api.name(), &self.cases[*number], *place);
                        records.lock().unwrap_or_else(PoisonError::into_inner).insert((*number, *place), made);
                    }
                });
            }
        });
        records.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}
