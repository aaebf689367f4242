//! The rest of the world for a program that nobody changed: it runs in a private world whose only way out is a lab in
//! real time, and everything that happens there is recorded.
//!
//! A [`Plan`] says what the world is and how the program is run in it. One process, the supervisor, carries out one
//! plan with [`supervise`]: it makes the namespaces and the device, starts the program, watches its calls, and moves
//! packets between the device and the lab. A [`Sweep`] is many supervisors at once. What was recorded lies in a
//! directory of [`Runs`]; [`expect`] judges it, and [`dialects`] asks what others would have said in the program's
//! place.
//!
//! Nothing here decides what a packet or a call means: that is explained from the record alone.

#![forbid(unsafe_code)]

mod attend;
mod bridge;
mod collect;
pub mod dialects;
pub mod expect;
mod files;
pub mod linux;
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
