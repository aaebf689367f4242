//! What belongs to a sweep: the documented outcomes of a dialect's connect().

use crate::api::Api;
use crate::case::Case;
use crate::cases;

/// The cases of a dialect that are outcomes of connect(), with the functions that they call; empty where there is no such
/// dialect. [`run_at`](crate::run_at) makes a row of each.
pub fn sweep(dialect: &str) -> impl Iterator<Item = (&'static Api, &'static Case)> {
    let outcomes = |(api, cases): (&'static Api, &'static [Case])| {
        cases.iter().filter(|case| case.in_sweep).map(move |case| (api, case))
    };
    cases::of(dialect).into_iter().flat_map(outcomes)
}
