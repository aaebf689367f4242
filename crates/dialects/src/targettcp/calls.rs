//! TargetTCP's functions, with the document's names, orders of arguments and results: zero or a number on success, -1 and
//! [`errno`] otherwise.

use core::net::SocketAddr;
use std::cell::Cell;

use synsent_sockets::{Name, Pointer, PointerMut};

use super::TARGETTCP;
use crate::engine::{accept as accepting, bind as binding, close, connect as opening, listen as listening, options};
use crate::engine::{own_names, receive, select as selecting, send as sending, shutdown as ending};
use crate::engine::{socket as making, startup};
use crate::posix::{FdSet, TimeVal};
use crate::process::{Handle, Said};

thread_local! {
    static ERRNO: Cell<i32> = const { Cell::new(0) };
}

/// The number of the error of this thread's last call that failed; zero before the first.
pub fn errno() -> i32 {
    ERRNO.get()
}

/// What perror writes: the caller's words and the meaning of [`errno`].
pub fn perror_text(words: &str) -> String {
    let number = errno();
    let spelling = TARGETTCP.spellings.iter().find(|spelling| spelling.number == number);
    format!("{words}: {}", spelling.map_or("no error", |spelling| spelling.meaning))
}

/// Initializes TargetTCP; before that every call fails with ENETDOWN. Later calls of it change nothing.
pub fn target_tcp_init() -> i32 {
    zero(startup::start(&TARGETTCP, None, true).map(drop))
}

/// A new socket: its handle, or -1.
pub fn socket(family: i32, kind: i32, protocol: i32) -> i32 {
    number(making::socket(&TARGETTCP, family, kind, protocol).map(handle_number))
}

/// Gives a socket a local name; address and port may each be zero, for connect to assign.
pub fn bind<'a>(socket: i32, addr: impl Into<Pointer<'a>>, addrlen: i32) -> i32 {
    zero(binding::bind(&TARGETTCP, Handle::from(socket), addr.into(), addrlen))
}

/// Assigns a remote address and, for TCP, makes the connection.
pub fn connect<'a>(socket: i32, addr: impl Into<Pointer<'a>>, addrlen: i32) -> i32 {
    zero(opening::connect(&TARGETTCP, Handle::from(socket), addr.into(), addrlen))
}

/// [`connect`] with an address that needs no layout.
///
/// # Errors
/// What connect says.
pub fn connect_to(socket: i32, addr: SocketAddr) -> Result<(), Said> {
    opening::connect_to(&TARGETTCP, Handle::from(socket), &Name::Inet(addr)).inspect_err(tell)
}

/// Waits for connections.
pub fn listen(socket: i32, backlog: i32) -> i32 {
    zero(listening::listen(&TARGETTCP, Handle::from(socket), backlog))
}

/// The next connection of a listener: its handle, or -1. Where `addr` is null, the peer's name is not told.
pub fn accept<'a>(socket: i32, addr: impl Into<PointerMut<'a>>, addrlen: impl Into<PointerMut<'a>>) -> i32 {
    number(accepting::accept(&TARGETTCP, Handle::from(socket), addr.into(), addrlen.into()).map(handle_number))
}

/// Sends to the peer: how many octets were taken, or -1.
pub fn send<'a>(socket: i32, buf: impl Into<Pointer<'a>>, len: i32, flags: i32) -> i32 {
    number(sending::send(&TARGETTCP, Handle::from(socket), buf.into(), len, flags))
}

/// Sends to a name: how many octets were taken, or -1.
pub fn sendto<'a>(
    socket: i32,
    buf: impl Into<Pointer<'a>>,
    len: i32,
    flags: i32,
    to: impl Into<Pointer<'a>>,
    tolen: i32,
) -> i32 {
    number(sending::sendto(&TARGETTCP, Handle::from(socket), buf.into(), len, flags, to.into(), tolen))
}

/// Receives: how many octets came, zero at the end of a stream, or -1.
pub fn recv<'a>(socket: i32, buf: impl Into<PointerMut<'a>>, len: i32, flags: i32) -> i32 {
    number(receive::recv(&TARGETTCP, Handle::from(socket), buf.into(), len, flags))
}

/// Receives, and tells from whom.
pub fn recvfrom<'a>(
    socket: i32,
    buf: impl Into<PointerMut<'a>>,
    len: i32,
    flags: i32,
    from: impl Into<PointerMut<'a>>,
    fromlen: impl Into<PointerMut<'a>>,
) -> i32 {
    let (from, fromlen) = (from.into(), fromlen.into());
    number(receive::recvfrom(&TARGETTCP, Handle::from(socket), buf.into(), len, flags, from, fromlen))
}

/// Waits until a handle below `nfds` in one of the sets is ready, or the time is over; what is not ready leaves its set.
/// Answers with how many are ready, or -1.
pub fn select(
    nfds: i32,
    readfds: Option<&mut FdSet>,
    writefds: Option<&mut FdSet>,
    exceptfds: Option<&mut FdSet>,
    timeout: Option<&TimeVal>,
) -> i32 {
    let mut sets = [readfds, writefds, exceptfds];
    let wait = |lists: [Option<&mut Vec<Handle>>; 3]| {
        let [read, write, except] = lists;
        selecting::select(&TARGETTCP, read, write, except, TimeVal::patience(timeout))
    };
    number(FdSet::with_lists(nfds, &mut sets, wait))
}

/// Ends receiving, sending or both.
pub fn shutdown(socket: i32, how: i32) -> i32 {
    zero(ending::shutdown(&TARGETTCP, Handle::from(socket), how))
}

/// Closes a socket.
pub fn closesocket(socket: i32) -> i32 {
    zero(close::close(&TARGETTCP, Handle::from(socket)))
}

/// The local name.
pub fn getsockname<'a>(socket: i32, addr: impl Into<PointerMut<'a>>, addrlen: impl Into<PointerMut<'a>>) -> i32 {
    zero(own_names::getsockname(&TARGETTCP, Handle::from(socket), addr.into(), addrlen.into()))
}

/// The name of the peer.
pub fn getpeername<'a>(socket: i32, addr: impl Into<PointerMut<'a>>, addrlen: impl Into<PointerMut<'a>>) -> i32 {
    zero(own_names::getpeername(&TARGETTCP, Handle::from(socket), addr.into(), addrlen.into()))
}

/// Reads an option.
pub fn getsockopt<'a>(
    socket: i32,
    level: i32,
    option: i32,
    value: impl Into<PointerMut<'a>>,
    length: impl Into<PointerMut<'a>>,
) -> i32 {
    zero(options::getsockopt(&TARGETTCP, Handle::from(socket), level, option, value.into(), length.into()))
}

/// Sets an option.
pub fn setsockopt<'a>(socket: i32, level: i32, option: i32, value: impl Into<Pointer<'a>>, length: i32) -> i32 {
    zero(options::setsockopt(&TARGETTCP, Handle::from(socket), level, option, value.into(), length))
}

/// Makes a socket non-blocking (FIONBIO), or asks what it could receive.
pub fn ioctlsocket<'a>(socket: i32, request: u32, argument: impl Into<PointerMut<'a>>) -> i32 {
    zero(options::ioctl(&TARGETTCP, Handle::from(socket), request, argument.into()))
}

fn zero(result: Result<(), Said>) -> i32 {
    number(result.map(|()| 0))
}

fn number(result: Result<i32, Said>) -> i32 {
    result.unwrap_or_else(|said| {
        tell(&said);
        -1
    })
}

/// Keeps what a call said: its number for [`errno`], and all of it for [`last_said`](crate::last_said).
fn tell(said: &Said) {
    ERRNO.set(said.number);
    said.clone().keep();
}

/// Handles are made so that they fit.
fn handle_number(handle: Handle) -> i32 {
    i32::try_from(handle).unwrap_or(-1)
}
