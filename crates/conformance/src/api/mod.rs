//! The public functions of a dialect behind one table, so that a scenario that several dialects share is written once.
//!
//! The functions of a table do nothing but call the dialect's own with its own types. [`Api::said`] turns a result into
//! success or a [`Code`], as a program would: by the value that the call returned and the error of the thread.

pub(crate) mod posix;
pub(crate) mod windows;

use std::fmt;

use synsent_dialects::{Dialect, Handle, Process, last_said};
use synsent_sockets::{Domain, Kind, Name, Pointer, PointerMut};
use synsent_stack::Duration;

use crate::contract;

/// An error as a program sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Code {
    /// The symbolic name.
    pub name: String,
    /// The number.
    pub number: i32,
}

/// What a call came to: the value that it returned, or the error.
pub type Said = Result<i32, Code>;

/// The functions of a dialect. A call that fails returns a negative value, as its document says; a handle that is none is
/// negative too.
#[derive(Clone, Copy)]
#[allow(missing_docs, reason = "the names are the calls'")]
pub struct Api {
    /// The dialect.
    pub dialect: &'static Dialect,
    /// Starts the system; true when it is started.
    pub start: fn() -> bool,
    /// Starts it as this version, minor in the high octet and major in the low one, where a start names one; answers with how many
    /// sockets it announces, or with the error that it returns.
    pub start_as: fn(version: u16) -> Result<u16, i32>,
    /// Ends it.
    pub end: fn() -> i32,
    /// The error of this thread's last call that failed.
    pub last_error: fn() -> i32,
    pub socket: fn(family: i32, kind: i32, protocol: i32) -> Handle,
    pub bind: for<'a> fn(Handle, Pointer<'a>, i32) -> i32,
    pub connect: for<'a> fn(Handle, Pointer<'a>, i32) -> i32,
    pub listen: fn(Handle, i32) -> i32,
    /// Without asking for the peer's name.
    pub accept: fn(Handle) -> Handle,
    pub send: fn(Handle, &[u8]) -> i32,
    pub sendto: for<'a> fn(Handle, &'a [u8], Pointer<'a>, i32) -> i32,
    pub recv: fn(Handle, &mut [u8]) -> i32,
    /// Without asking for the sender's name.
    pub recvfrom: fn(Handle, &mut [u8]) -> i32,
    /// The sets as lists of handles: read, write, except.
    pub select: fn(&mut [Vec<Handle>; 3], Option<Duration>) -> i32,
    /// 0: receiving, 1: sending, 2: both.
    pub shutdown: fn(Handle, i32) -> i32,
    pub close: fn(Handle) -> i32,
    pub getsockname: for<'a> fn(Handle, PointerMut<'a>, &'a mut i32) -> i32,
    pub getpeername: for<'a> fn(Handle, PointerMut<'a>, &'a mut i32) -> i32,
    /// By the dialect's ioctl.
    pub set_nonblocking: fn(Handle, bool) -> i32,
    /// SO_BROADCAST.
    pub set_broadcast: fn(Handle, bool) -> i32,
    /// SO_REUSEADDR.
    pub set_reuse: fn(Handle, bool) -> i32,
    /// SO_ERROR; negative when it could not be read.
    pub socket_error: fn(Handle) -> i32,
    /// The numbers of IPv4, IPv6 and the local domain, as the dialect's header has them.
    pub families: [i32; 3],
}

/// The number of a stream socket in all four headers.
const SOCK_STREAM: i32 = 1;
/// The number of a datagram socket in all four headers.
const SOCK_DGRAM: i32 = 2;

impl Api {
    /// The name of the dialect.
    pub fn name(&self) -> &'static str {
        self.dialect.name
    }

    /// What a call came to that returned this value.
    pub fn said(&self, value: i32) -> Said {
        if value >= 0 { Ok(value) } else { Err(self.code((self.last_error)())) }
    }

    /// The name that belongs to a number, as the contract has it and not the dialect: a wrong number has another name.
    pub fn code(&self, number: i32) -> Code {
        Code { name: contract::error_name(self.name(), number).to_owned(), number }
    }

    /// Why the last call failed, in words.
    pub fn reason(&self) -> String {
        let failure = last_said().filter(|said| said.dialect == self.name()).and_then(|said| said.failure);
        failure.map(|failure| failure.to_string()).unwrap_or_default()
    }

    /// A process of this dialect.
    pub fn process(&self, network: std::sync::Arc<dyn synsent_sockets::Network>) -> std::sync::Arc<Process> {
        Process::new(self.dialect, network)
    }

    /// A socket of a type.
    pub fn open(&self, domain: Domain, kind: Kind) -> Result<Handle, Code> {
        let kind = match kind {
            Kind::Stream => SOCK_STREAM,
            Kind::Datagram => SOCK_DGRAM,
        };
        let handle = (self.socket)(self.family(domain), kind, 0);
        if handle >= 0 { Ok(handle) } else { Err(self.code((self.last_error)())) }
    }

    /// The number of a domain.
    pub fn family(&self, domain: Domain) -> i32 {
        match domain {
            Domain::Inet4 => self.families[0],
            Domain::Inet6 => self.families[1],
            Domain::Local => self.families[2],
        }
    }

    /// A name as the dialect's header lays it out, written by hand here: family in the machine's order, port and address in
    /// the network's; a path with its final zero.
    pub fn sockaddr(&self, name: &Name) -> Vec<u8> {
        let mut octets = (self.family(name.domain()) as u16).to_ne_bytes().to_vec();
        match name {
            Name::Inet(std::net::SocketAddr::V4(address)) => {
                octets.extend(address.port().to_be_bytes());
                octets.extend(address.ip().octets());
                octets.extend([0; 8]);
            }
            Name::Inet(std::net::SocketAddr::V6(address)) => {
                octets.extend(address.port().to_be_bytes());
                octets.extend(address.flowinfo().to_ne_bytes());
                octets.extend(address.ip().octets());
                octets.extend(address.scope_id().to_ne_bytes());
            }
            Name::Local(local) => {
                octets.extend(local.path());
                octets.push(0);
            }
        }
        octets
    }

    /// The address in a name that the dialect wrote; `None` for one of another family.
    pub fn address(&self, octets: &[u8]) -> Option<std::net::SocketAddr> {
        let family = i32::from(u16::from_ne_bytes(octets.get(..2)?.try_into().ok()?));
        let port = u16::from_be_bytes(octets.get(2..4)?.try_into().ok()?);
        if family == self.families[0] {
            let address: [u8; 4] = octets.get(4..8)?.try_into().ok()?;
            return Some((address, port).into());
        }
        if family != self.families[1] {
            return None;
        }
        let address: [u8; 16] = octets.get(8..24)?.try_into().ok()?;
        Some((address, port).into())
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.number)
    }
}
