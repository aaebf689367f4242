//! The table of outcomes: every way in which a connect() can end, as cases in the language of scenarios.

use std::sync::OnceLock;

use crate::scenario::{Case, Scenarios};

/// The cases as they stand in the source, in the order in which they are shown.
const TABLE: &str = include_str!("cases.toml");

/// The outcomes, each with its name, what happens on the wire in plain words, and its scenario.
pub fn cases() -> &'static [Case] {
    static CASES: OnceLock<Scenarios> = OnceLock::new();
    let parsed = || Scenarios::parse_knowing(TABLE, &[]);
    // The table is a part of the program, and a test reads it.
    CASES.get_or_init(|| parsed().unwrap_or_else(|error| panic!("cases.toml:{error}"))).cases()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_can_be_read_and_every_case_says_what_happens() {
        assert_eq!(cases().len(), 25);
        for case in cases() {
            assert!(case.summary.ends_with('.') && case.summary.len() < 120, "{}", case.summary);
        }
    }
}
