//! The numbers that both headers share.

#![allow(missing_docs)]

/// The type of a socket's handle.
pub type SOCKET = usize;
/// What socket and accept return when they fail.
pub const INVALID_SOCKET: SOCKET = !0;

/// Internet Protocol version 4.
pub const AF_INET: i32 = 2;
/// No family.
pub const AF_UNSPEC: i32 = 0;

/// A stream of octets: TCP.
pub const SOCK_STREAM: i32 = 1;
/// Datagrams: UDP.
pub const SOCK_DGRAM: i32 = 2;
/// Raw packets.
pub const SOCK_RAW: i32 = 3;

pub const IPPROTO_IP: i32 = 0;
pub const IPPROTO_ICMP: i32 = 1;
pub const IPPROTO_TCP: i32 = 6;
pub const IPPROTO_UDP: i32 = 17;

/// What a call returns that failed.
pub const SOCKET_ERROR: i32 = -1;

pub const INADDR_ANY: u32 = 0;
pub const INADDR_LOOPBACK: u32 = 0x7f00_0001;
pub const INADDR_BROADCAST: u32 = 0xffff_ffff;
pub const INADDR_NONE: u32 = 0xffff_ffff;

/// Out-of-band data.
pub const MSG_OOB: i32 = 0x1;
/// Looks at what was received without taking it.
pub const MSG_PEEK: i32 = 0x2;
/// Sends only to hosts of networks that are joined directly.
pub const MSG_DONTROUTE: i32 = 0x4;

/// The level of options of the socket itself.
pub const SOL_SOCKET: i32 = 0xffff;

pub const SO_DEBUG: i32 = 0x0001;
pub const SO_ACCEPTCONN: i32 = 0x0002;
pub const SO_REUSEADDR: i32 = 0x0004;
pub const SO_KEEPALIVE: i32 = 0x0008;
pub const SO_DONTROUTE: i32 = 0x0010;
pub const SO_BROADCAST: i32 = 0x0020;
pub const SO_USELOOPBACK: i32 = 0x0040;
pub const SO_LINGER: i32 = 0x0080;
pub const SO_OOBINLINE: i32 = 0x0100;
pub const SO_DONTLINGER: i32 = !SO_LINGER;
pub const SO_SNDBUF: i32 = 0x1001;
pub const SO_RCVBUF: i32 = 0x1002;
pub const SO_SNDLOWAT: i32 = 0x1003;
pub const SO_RCVLOWAT: i32 = 0x1004;
pub const SO_SNDTIMEO: i32 = 0x1005;
pub const SO_RCVTIMEO: i32 = 0x1006;
pub const SO_ERROR: i32 = 0x1007;
pub const SO_TYPE: i32 = 0x1008;

/// Small segments leave at once.
pub const TCP_NODELAY: i32 = 0x0001;

/// How many octets one call could receive.
pub const FIONREAD: u32 = 0x4004_667f;
/// To block or not to block.
pub const FIONBIO: u32 = 0x8004_667e;
/// Whether all data before the out-of-band mark has been read.
pub const SIOCATMARK: u32 = 0x4004_7307;

/// How many sockets a set has room for.
pub const FD_SETSIZE: usize = 64;

/// There is something to receive, or could be.
pub const FD_READ: i32 = 0x01;
/// There is room to send.
pub const FD_WRITE: i32 = 0x02;
/// Out-of-band data has come.
pub const FD_OOB: i32 = 0x04;
/// A connection has come.
pub const FD_ACCEPT: i32 = 0x08;
/// A connection attempt has ended.
pub const FD_CONNECT: i32 = 0x10;
/// The connection has ended.
pub const FD_CLOSE: i32 = 0x20;

/// The network event that a message about a socket tells.
#[allow(non_snake_case)]
pub const fn WSAGETSELECTEVENT(lParam: isize) -> i32 {
    (lParam & 0xffff) as i32
}

/// The error that a message about a socket tells; 0 for none.
#[allow(non_snake_case)]
pub const fn WSAGETSELECTERROR(lParam: isize) -> i32 {
    (lParam >> 16 & 0xffff) as i32
}
