//! The rest of the world for a program that nobody changed: it runs in a private world whose only way out is a lab in real time, and
//! everything that happens there is recorded.
//!
//! A [`Plan`] says what the world is and how the program is run in it. One process, the supervisor, carries out one plan: it makes
//! the namespaces and the device, starts the program, watches its calls, and moves packets between the device and the lab.

#![forbid(unsafe_code)]

mod attend;
mod bridge;
mod collect;
pub mod dialects;
pub mod expect;
mod files;
mod near;
pub mod plan;
mod protocol;
mod refusal;
pub mod runs;
mod stage;
mod supervise;
mod surroundings;
pub mod sweep;
mod traffic;

pub use plan::{Medium, Plan, Streams};
pub use protocol::{PLAN_OCTETS_MAX, REPORT_OCTETS_MAX, Report, supervisor_main};
pub use refusal::{Refusal, Whose};
pub use runs::{RunDirectory, Runs, RunsError, Stamp};
pub use supervise::{Finished, WorldError, supervise};
pub use sweep::{Order, Row, Sweep, SweepEvent};
