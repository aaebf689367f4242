//! What a supervisor is told: the world of one run, and how the program is run in it.
//!
//! The program and its arguments are not part of it: they stay what the user typed, octet for octet, as arguments of
//! the supervisor.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The world of one run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Plan {
    /// The case; empty for a scenario without cases.
    pub case: String,
    /// What the case is, in one line.
    pub summary: String,
    /// The scenario, as a file has it.
    pub scenario: String,
    /// What the lab's chance comes from.
    pub seed: u64,
    /// Whether the kernel's own times stay as they are.
    pub real_time: bool,
    /// How long the program may run; milliseconds. `None`: as long as it likes.
    pub limit_ms: Option<u64>,
    /// Whether every name is answered with the addresses of the lab, not only those in `.test`.
    pub all_names: bool,
    /// Through what the program reaches the lab.
    pub medium: Medium,
    /// What the program's standard streams are.
    pub streams: Streams,
    /// Whether the program's calls are watched.
    pub observe: bool,
    /// The directory that the record is written to; it exists.
    pub directory: PathBuf,
}

/// The line between the program's kernel and the lab.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Medium {
    /// A TUN device, or a pair of virtual Ethernet interfaces where there is none.
    #[default]
    Auto,
    /// A TUN device.
    Tun,
    /// A pair of virtual Ethernet interfaces with a packet socket.
    Veth,
}

/// The standard streams of the program.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Streams {
    /// Those of the caller.
    #[default]
    Inherited,
    /// No input; the end of what it writes is kept for the record.
    Kept,
}
