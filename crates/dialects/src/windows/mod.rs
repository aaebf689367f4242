//! What the two dialects of Windows have in common: error codes, numbers, types, the last error of a thread, the pages on which
//! both documents agree, and the functions around them.
//!
//! A dialect takes what it needs from here; what differs stands in its own folder.

pub(crate) mod calls;
pub(crate) mod constants;
pub mod desk;
pub(crate) mod errors;
pub(crate) mod hooks;
pub(crate) mod last_error;
pub(crate) mod lookup;
pub(crate) mod numbers;
pub(crate) mod options;
pub(crate) mod pages;
pub(crate) mod selecting;
pub mod system;
pub(crate) mod texts;
pub(crate) mod types;

/// How long Windows tries to make a connection: three SYNs, after 3 and 9 seconds, and 12 more.
pub(crate) const CONNECT_TIMEOUT_SECS: u64 = 21;
