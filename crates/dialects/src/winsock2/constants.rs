//! The numbers of Winsock 2's header: those of 1.1, and more.

#![allow(missing_docs)]

pub use crate::windows::constants::*;
pub use crate::windows::errors::*;

/// The highest backlog that is reasonable.
pub const SOMAXCONN: i32 = 0x7fff_ffff;

/// Internet Protocol version 6.
pub const AF_INET6: i32 = 23;

pub const IPPROTO_IPV6: i32 = 41;

/// Receives until the whole buffer is full, or the stream has ended.
pub const MSG_WAITALL: i32 = 0x8;

/// Ends receiving.
pub const SD_RECEIVE: i32 = 0;
/// Ends sending.
pub const SD_SEND: i32 = 1;
/// Ends both.
pub const SD_BOTH: i32 = 2;

/// Nobody else may bind the name.
pub const SO_EXCLUSIVEADDRUSE: i32 = !SO_REUSEADDR;
/// For how many seconds there has been a connection; 0xFFFFFFFF where there is none.
pub const SO_CONNECT_TIME: i32 = 0x700c;

pub const IP_TOS: i32 = 3;
pub const IP_TTL: i32 = 4;
pub const IP_MULTICAST_TTL: i32 = 10;
pub const IPV6_UNICAST_HOPS: i32 = 4;
pub const IPV6_MULTICAST_HOPS: i32 = 10;
pub const IPV6_V6ONLY: i32 = 27;
