//! Why a run came to nothing, as data that crosses from a supervisor to the command.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a run came to nothing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Refusal {
    /// Whose fault it is.
    pub whose: Whose,
    /// What is wrong and what helps, in words.
    pub words: String,
}

/// Whose fault it is that a run came to nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Whose {
    /// The scenario's: every run of it would come to the same.
    Scenario,
    /// The program's: it is not there, or cannot be started. Every run would come to the same.
    Program,
    /// The machine's: it does not allow what is needed. Every run would come to the same.
    Machine,
    /// Our own: something broke.
    Own,
}

impl Refusal {
    /// Something of our own broke.
    pub(crate) fn broken(words: String) -> Refusal {
        Refusal { whose: Whose::Own, words }
    }

    /// Whether every other run would come to the same, whatever its case.
    pub fn is_for_all(&self) -> bool {
        matches!(self.whose, Whose::Program | Whose::Machine)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}
