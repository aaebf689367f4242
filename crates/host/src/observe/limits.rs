//! How much of a process is observed: what keeps a busy program from being slow and its record from being endless.

use super::decode::Shape;
use super::event::Unobserved;
use super::tracee::Process;

/// How many calls of a process are stopped only because it is watched.
const WATCHED_CALLS_MAX: u32 = 20_000;
/// How many of them are left at least after each `connect`, so that what a late one becomes is seen too.
const WATCHED_CALLS_AGAIN: u32 = 500;
/// How many calls of a process that send or receive are told.
const DATA_CALLS_MAX: u32 = 20_000;
/// How many other calls of a process are told.
const OPENING_CALLS_MAX: u32 = 100_000;

/// How much of a process is observed at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// How many calls are stopped only because the process has a connection; then `read`, `write` and `poll` are not seen.
    pub watched_calls_max: u32,
    /// How many of them are left at least when the process opens a connection.
    pub watched_calls_again: u32,
    /// How many calls that send or receive are told.
    pub data_calls_max: u32,
    /// How many other calls are told; then the process is not observed any more.
    pub opening_calls_max: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            watched_calls_max: WATCHED_CALLS_MAX,
            watched_calls_again: WATCHED_CALLS_AGAIN,
            data_calls_max: DATA_CALLS_MAX,
            opening_calls_max: OPENING_CALLS_MAX,
        }
    }
}

/// Which limit keeps a call from being told.
pub(super) fn exhausted(process: &Process, shape: Shape, limits: Limits) -> Option<Unobserved> {
    if process.opening_calls >= limits.opening_calls_max {
        return Some(Unobserved::OpeningCallsMax);
    }
    (shape.is_data() && process.data_calls >= limits.data_calls_max).then_some(Unobserved::DataCallsMax)
}

/// Calls that are seen only in a watched process are counted as such already.
pub(super) fn count(process: &mut Process, shape: Shape, is_filtered: bool) {
    if shape.is_data() {
        process.data_calls += 1;
    } else if is_filtered {
        process.opening_calls += 1;
    }
}
