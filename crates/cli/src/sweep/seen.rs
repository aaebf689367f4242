//! What one run of a sweep came to, in the words of a row.

use std::time::Duration;

use synsent_explain::{End, Observation, Run};

use crate::words;

/// What a row shows.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Seen {
    pub(crate) case: String,
    pub(crate) summary: String,
    /// What was on the wire, from packets only.
    pub(crate) wire: String,
    /// What connect() said, from observed calls only.
    pub(crate) said: String,
    /// Whether an attempt of the program ended with a connection that then did not fail; `None`: it made no attempt, or that
    /// could not be observed.
    pub(crate) is_connected: Option<bool>,
    /// Why the calls could not be observed, or not all.
    pub(crate) not_observed: Option<String>,
    /// How long SYNs would have been repeated outside, where nobody answered them and it was shortened here.
    pub(crate) ladder: Option<String>,
    pub(crate) took: Duration,
    pub(crate) end: End,
    /// The last line of standard error.
    pub(crate) line: String,
    pub(crate) stdout_tail: String,
    pub(crate) stderr_tail: String,
    pub(crate) notes: Vec<String>,
    /// What is not as expected, a sentence each.
    pub(crate) unmet: Vec<String>,
    /// The name of the recorded run.
    pub(crate) record: String,
}

impl Seen {
    /// Whether the program ended by itself and said that all went well.
    pub(crate) fn is_success(&self) -> bool {
        self.end == End::Exited(0)
    }

    /// What stands in the column of the wire.
    pub(crate) fn on_the_wire(&self) -> String {
        match &self.ladder {
            Some(ladder) => format!("{} ({ladder})", self.wire),
            None => self.wire.clone(),
        }
    }
}

/// Why a run's calls were not observed, or not all.
pub(super) fn not_observed(run: &Run) -> Option<String> {
    match &run.observation {
        Observation::Full => None,
        Observation::Partly(why) | Observation::Not(why) => Some(words::visible(why)),
    }
}
