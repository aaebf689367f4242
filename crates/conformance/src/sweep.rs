//! Every documented outcome of a dialect's connect() on one network, a row each.

use crate::case::{Case, Row, run_at};
use crate::cases;
use crate::world::{NotHere, Place};

/// Runs the cases of a dialect that are outcomes of connect(). Beside each case stands its row, or why there is none.
/// `None`: there is no such dialect.
pub fn sweep(dialect: &str, place: Place) -> Option<Vec<(&'static Case, Result<Row, NotHere>)>> {
    let (api, cases) = cases::of(dialect)?;
    let outcomes = cases.iter().filter(|case| case.in_sweep);
    Some(outcomes.map(|case| (case, run_at(case, api, place))).collect())
}
