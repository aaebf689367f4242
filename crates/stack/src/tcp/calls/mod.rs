//! User calls (RFC 9293 section 3.10.1 to 3.10.6), one file a call as the RFC groups them, each with its small error.

pub mod close;
pub mod open;
pub mod receive;
pub mod send;
pub mod status;
