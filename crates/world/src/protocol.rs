//! What the command and a supervisor say to each other: a plan in, a report out.
//!
//! A supervisor is the same program again, with a hidden verb and behind it the program to be run. It reads its
//! [`Order`] as JSON from standard input, to the end, and writes one [`Report`] as JSON to standard output when the run
//! is over; what happened in the run stands in the run's directory. The program in the room gets neither: its streams
//! are pipes of the supervisor's. A supervisor that ends without a report has crashed, and standard error has what it
//! said. It dies with the process that began it.

use std::ffi::OsString;
use std::io::{self, Read, Write as _};
use std::process::ExitCode;

use serde::{Deserialize, Serialize};
use synsent_host::room;

use crate::plan::Plan;
use crate::refusal::Refusal;
use crate::supervise;

/// How long a plan may be, with what belongs to it; unit: octets.
pub const PLAN_OCTETS_MAX: u64 = 1 << 20;
/// How long a report may be; unit: octets.
pub const REPORT_OCTETS_MAX: usize = 64 << 10;

/// What a supervisor is to do.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Order {
    /// The process with which the supervisor dies.
    pub(crate) front: u32,
    /// The world of the run.
    pub(crate) plan: Plan,
}

/// How a run came out, for the process that asked for it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Report {
    /// The program ran, and the record of it is in the run's directory.
    Recorded,
    /// The program did not run, or nothing could be recorded.
    Refused(Refusal),
}

/// What a supervisor does: the plan from standard input, the program from the command line, the report to standard
/// output.
pub fn supervisor_main(program: &[OsString]) -> ExitCode {
    // A terminal's signals are for the process that shows the rows; it ends the supervisors. Who leads a session
    // already has no terminal either.
    let _ = rustix::process::setsid();
    let report = match read_order(io::stdin().lock()) {
        Err(error) => Report::Refused(Refusal::broken(format!("the supervisor got no plan: {error}"))),
        Ok(order) => carry_out(&order, program),
    };
    let written = serde_json::to_vec(&report).map_err(io::Error::from).and_then(|text| {
        let mut out = io::stdout().lock();
        out.write_all(&text)?;
        out.flush()
    });
    if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn carry_out(order: &Order, program: &[OsString]) -> Report {
    if room::die_with(order.front).is_err() {
        return Report::Refused(Refusal::broken("nobody waits for the supervisor any more".to_owned()));
    }
    match supervise::supervise(&order.plan, program) {
        Ok(_) => Report::Recorded,
        Err(error) => Report::Refused(error.into()),
    }
}

fn read_order(input: impl Read) -> io::Result<Order> {
    let mut text = Vec::new();
    input.take(PLAN_OCTETS_MAX + 1).read_to_end(&mut text)?;
    if text.len() as u64 > PLAN_OCTETS_MAX {
        return Err(io::Error::other(format!("it is longer than {PLAN_OCTETS_MAX} octets")));
    }
    Ok(serde_json::from_slice(&text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_without_an_end_is_refused() {
        let error = read_order(io::repeat(b' ')).unwrap_err();
        assert!(error.to_string().contains("1048576 octets"), "{error}");
    }
}
