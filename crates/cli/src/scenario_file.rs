//! A scenario's file: read up to its bound, and every mistake told with the place where it stands.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use synsent_lab::{SCENARIO_OCTETS_MAX, Scenario, ScenarioError, Scenarios};

use crate::ending::Ending;

/// Reads a file with one scenario.
pub(crate) fn read(path: &Path) -> Result<Scenario, Ending> {
    parsed(path, Scenario::parse)
}

/// Reads a file with one scenario or several cases.
pub(crate) fn cases(path: &Path) -> Result<Scenarios, Ending> {
    parsed(path, Scenarios::parse)
}

fn parsed<T>(path: &Path, parse: fn(&str) -> Result<T, ScenarioError>) -> Result<T, Ending> {
    let file = path.display().to_string();
    let text = text_of(path).map_err(Ending::file(file.clone()))?;
    parse(&text).map_err(|error| Ending::Scenario { file, why: error.to_string() })
}

/// One octet more than there may be is read, so that the parser can tell that there are too many.
fn text_of(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(SCENARIO_OCTETS_MAX as u64 + 1).read_to_string(&mut text)?;
    Ok(text)
}
