//! The numbers of 1.1's header.

pub use crate::windows::constants::*;
pub use crate::windows::errors::*;

/// The highest backlog.
pub const SOMAXCONN: i32 = 5;
/// WSAEDESTADDRREQ as the document spells it in connect's list.
pub const WSAEDESTADDREQ: i32 = WSAEDESTADDRREQ;
