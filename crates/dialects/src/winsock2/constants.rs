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

/// To be content with a part of a message; tells that one came.
pub const MSG_PARTIAL: i32 = 0x8000;
/// To be told at once what came.
pub const MSG_PUSH_IMMEDIATE: i32 = 0x20;

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

/// Family, type or protocol is what the catalogue's entry says.
pub const FROM_PROTOCOL_INFO: i32 = -1;
/// Makes a group of sockets that go where they like.
pub const SG_UNCONSTRAINED_GROUP: u32 = 1;
/// Makes a group of sockets that all go to one host.
pub const SG_CONSTRAINED_GROUP: u32 = 2;

pub const WSA_FLAG_OVERLAPPED: u32 = 0x01;
pub const WSA_FLAG_NO_HANDLE_INHERIT: u32 = 0x80;

pub const XP1_CONNECTIONLESS: u32 = 0x0000_0001;
pub const XP1_GUARANTEED_DELIVERY: u32 = 0x0000_0002;
pub const XP1_GUARANTEED_ORDER: u32 = 0x0000_0004;
pub const XP1_MESSAGE_ORIENTED: u32 = 0x0000_0008;
pub const XP1_GRACEFUL_CLOSE: u32 = 0x0000_0020;
pub const XP1_EXPEDITED_DATA: u32 = 0x0000_0040;
pub const XP1_SUPPORT_BROADCAST: u32 = 0x0000_0200;
pub const XP1_SUPPORT_MULTIPOINT: u32 = 0x0000_0400;
pub const PFL_MATCHES_PROTOCOL_ZERO: u32 = 0x0000_0008;

/// Normal data can be received, or the end would be told.
pub const POLLRDNORM: i16 = 0x0100;
/// Urgent data can be received.
pub const POLLRDBAND: i16 = 0x0200;
/// Both.
pub const POLLIN: i16 = POLLRDNORM | POLLRDBAND;
/// Nobody tells this.
pub const POLLPRI: i16 = 0x0400;
/// Normal data can be sent.
pub const POLLWRNORM: i16 = 0x0010;
/// The same.
pub const POLLOUT: i16 = POLLWRNORM;
/// Nobody tells this.
pub const POLLWRBAND: i16 = 0x0020;
/// An error waits to be told.
pub const POLLERR: i16 = 0x0001;
/// The connection is over, or the peer has ended its sending.
pub const POLLHUP: i16 = 0x0002;
/// The handle is none.
pub const POLLNVAL: i16 = 0x0004;
