//! User calls (RFC 9293 section 3.10.1 to 3.10.6), one file a call as the RFC groups them, each with its small error.

pub(crate) mod close;
pub(crate) mod open;
pub(crate) mod receive;
pub(crate) mod send;
pub(crate) mod status;
