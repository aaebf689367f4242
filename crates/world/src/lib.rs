//! The rest of the world for a program that nobody changed: it runs in a private world whose only way out is a lab in real time, and
//! everything that happens there is recorded.
//!
//! A [`Plan`] says what the world is and how the program is run in it. One process, the supervisor, carries out one plan: it makes
//! the namespaces and the device, starts the program, watches its calls, and moves packets between the device and the lab.

#![forbid(unsafe_code)]

pub mod plan;

pub use plan::{Medium, Plan, Streams};
