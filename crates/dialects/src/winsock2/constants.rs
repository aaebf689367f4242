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

/// The number of a socket's group; 0: none.
pub const SO_GROUP_ID: i32 = 0x2001;
/// The largest datagram.
pub const SO_MAX_MSG_SIZE: i32 = 0x2003;

/// How long a connection is idle before the first probe; unit: seconds.
pub const TCP_KEEPIDLE: i32 = 3;
/// How long after one probe the next is sent; unit: seconds.
pub const TCP_KEEPINTVL: i32 = 17;

pub const IP_TOS: i32 = 3;
pub const IP_TTL: i32 = 4;
pub const IP_MULTICAST_TTL: i32 = 10;
pub const IPV6_UNICAST_HOPS: i32 = 4;
pub const IPV6_MULTICAST_HOPS: i32 = 10;
pub const IPV6_V6ONLY: i32 = 27;
pub const IPV6_TCLASS: i32 = 39;

/// Family, type or protocol is what the catalogue's entry says.
pub const FROM_PROTOCOL_INFO: i32 = -1;
/// Makes a group of sockets that go where they like.
pub const SG_UNCONSTRAINED_GROUP: u32 = 1;
/// Makes a group of sockets that all go to one host.
pub const SG_CONSTRAINED_GROUP: u32 = 2;

/// The connection is taken.
pub const CF_ACCEPT: i32 = 0;
/// The connection is reset.
pub const CF_REJECT: i32 = 1;
/// The connection waits on.
pub const CF_DEFER: i32 = 2;

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

pub use crate::windows::system::ERROR_INVALID_PARAMETER;
/// There is no more memory.
pub const WSA_NOT_ENOUGH_MEMORY: i32 = crate::windows::system::ERROR_NOT_ENOUGH_MEMORY;
/// No service of the name has the type of socket.
pub const WSATYPE_NOT_FOUND: i32 = 10109;

pub const AI_PASSIVE: i32 = 0x1;
pub const AI_CANONNAME: i32 = 0x2;
pub const AI_NUMERICHOST: i32 = 0x4;
pub const AI_NUMERICSERV: i32 = 0x8;
pub const AI_DNS_ONLY: i32 = 0x10;
pub const AI_ALL: i32 = 0x100;
pub const AI_ADDRCONFIG: i32 = 0x400;
pub const AI_V4MAPPED: i32 = 0x800;
pub const AI_NON_AUTHORITATIVE: i32 = 0x4000;
pub const AI_SECURE: i32 = 0x8000;
pub const AI_RETURN_PREFERRED_NAMES: i32 = 0x1_0000;
pub const AI_FQDN: i32 = 0x2_0000;
pub const AI_FILESERVER: i32 = 0x4_0000;

pub const NI_NOFQDN: i32 = 0x01;
pub const NI_NUMERICHOST: i32 = 0x02;
pub const NI_NAMEREQD: i32 = 0x04;
pub const NI_NUMERICSERV: i32 = 0x08;
pub const NI_DGRAM: i32 = 0x10;

pub const EAI_AGAIN: i32 = WSATRY_AGAIN;
pub const EAI_BADFLAGS: i32 = WSAEINVAL;
pub const EAI_FAIL: i32 = WSANO_RECOVERY;
pub const EAI_FAMILY: i32 = WSAEAFNOSUPPORT;
pub const EAI_MEMORY: i32 = WSA_NOT_ENOUGH_MEMORY;
pub const EAI_NODATA: i32 = WSANO_DATA;
pub const EAI_NONAME: i32 = WSAHOST_NOT_FOUND;
pub const EAI_SERVICE: i32 = WSATYPE_NOT_FOUND;
pub const EAI_SOCKTYPE: i32 = WSAESOCKTNOSUPPORT;
/// The quality of service has changed; never here.
pub const FD_QOS: i32 = 0x40;
/// Reserved.
pub const FD_GROUP_QOS: i32 = 0x80;
/// The interface towards a destination has changed; never here.
pub const FD_ROUTING_INTERFACE_CHANGE: i32 = 0x100;
/// The addresses of the machine have changed; never here.
pub const FD_ADDRESS_LIST_CHANGE: i32 = 0x200;
/// All events of the header.
pub const FD_ALL_EVENTS: i32 = 0x3ff;

pub const SIO_ASSOCIATE_HANDLE: u32 = 0x8800_0001;
pub const SIO_ENABLE_CIRCULAR_QUEUEING: u32 = 0x2800_0002;
pub const SIO_FIND_ROUTE: u32 = 0x4800_0003;
pub const SIO_FLUSH: u32 = 0x2800_0004;
/// The address that means everybody on a network.
pub const SIO_GET_BROADCAST_ADDRESS: u32 = 0x4800_0005;
/// Where a function is that only some providers have.
pub const SIO_GET_EXTENSION_FUNCTION_POINTER: u32 = 0xc800_0006;
pub const SIO_GET_QOS: u32 = 0xc800_0007;
pub const SIO_GET_GROUP_QOS: u32 = 0xc800_0008;
pub const SIO_MULTIPOINT_LOOPBACK: u32 = 0x8800_0009;
pub const SIO_MULTICAST_SCOPE: u32 = 0x8800_000a;
pub const SIO_SET_QOS: u32 = 0x8800_000b;
pub const SIO_SET_GROUP_QOS: u32 = 0x8800_000c;
pub const SIO_TRANSLATE_HANDLE: u32 = 0xc800_000d;
/// Which of its own addresses this host sends from to another.
pub const SIO_ROUTING_INTERFACE_QUERY: u32 = 0xc800_0014;
pub const SIO_ROUTING_INTERFACE_CHANGE: u32 = 0x8800_0015;
pub const SIO_ADDRESS_LIST_QUERY: u32 = 0x4800_0016;
pub const SIO_ADDRESS_LIST_CHANGE: u32 = 0x2800_0017;
pub const SIO_QUERY_TARGET_PNP_HANDLE: u32 = 0x4800_0018;
pub const SIO_ADDRESS_LIST_SORT: u32 = 0xc800_0019;
pub const SIO_RCVALL: u32 = 0x9800_0001;
/// Whether an idle connection is probed, and when.
pub const SIO_KEEPALIVE_VALS: u32 = 0x9800_0004;
/// Whether receiving tells that an earlier datagram was refused.
pub const SIO_UDP_CONNRESET: u32 = 0x9800_000c;
/// Whether receiving tells that an earlier datagram did not get there.
pub const SIO_UDP_NETRESET: u32 = 0x9800_000f;
/// A shorter way through this host; there is none.
pub const SIO_LOOPBACK_FAST_PATH: u32 = 0x9800_0010;
pub const SIO_GET_INTERFACE_LIST: u32 = 0x4004_747f;
