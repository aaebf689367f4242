//! The functions of SOCKETS(POSIX), with the document's names, orders of arguments and results: zero or a number on success, -1
//! and [`errno`] otherwise. Those that POSIX has for all descriptors (read, write, close, ioctl, fcntl) are here for sockets.

use std::cell::Cell;

use synsent_sockets::{Name, Pointer, PointerMut};

use super::BS2000;
use super::pages::{FCNTL, POLL};
use crate::engine::options::OfFlags;
use crate::engine::poll as polling;
use crate::engine::select::Patience;
use crate::engine::socket as making;
use crate::engine::{
    accept as accepting, bind as binding, close as closing, connect as opening, listen as listening, options,
};
use crate::engine::{own_names, receive, select as selecting, send as sending, shutdown as ending};
use crate::posix::constants::{F_GETFL, F_SETFL, O_NONBLOCK};
use crate::posix::{FdSet, PollFd, TimeVal};
use crate::process::{Handle, Said};

thread_local! {
    static ERRNO: Cell<i32> = const { Cell::new(0) };
}

/// The number of the error of this thread's last call that failed; zero before the first.
pub fn errno() -> i32 {
    ERRNO.get()
}

/// A new socket: its descriptor, or -1.
pub fn socket(family: i32, kind: i32, protocol: i32) -> i32 {
    number(making::socket(&BS2000, family, kind, protocol).map(handle_number))
}

/// Gives a socket a local name.
pub fn bind<'a>(s: i32, name: impl Into<Pointer<'a>>, namelen: i32) -> i32 {
    zero(binding::bind(&BS2000, Handle::from(s), name.into(), namelen))
}

/// Sets up the connection of a stream socket, or names the partner of a datagram socket; a null name ends the latter.
pub fn connect<'a>(s: i32, name: impl Into<Pointer<'a>>, namelen: i32) -> i32 {
    zero(opening::connect(&BS2000, Handle::from(s), name.into(), namelen))
}

/// [`connect`] with a name that needs no layout: an address, or a path of AF_UNIX.
///
/// # Errors
/// What connect says.
pub fn connect_to(s: i32, name: &Name) -> Result<(), Said> {
    opening::connect_to(&BS2000, Handle::from(s), name).inspect_err(tell)
}

/// Waits for connections.
pub fn listen(s: i32, backlog: i32) -> i32 {
    zero(listening::listen(&BS2000, Handle::from(s), backlog))
}

/// The next connection of a listener: its descriptor, or -1. Where `name` is null, the peer's name is not told.
pub fn accept<'a>(s: i32, name: impl Into<PointerMut<'a>>, namelen: impl Into<PointerMut<'a>>) -> i32 {
    number(accepting::accept(&BS2000, Handle::from(s), name.into(), namelen.into()).map(handle_number))
}

/// Sends to the peer: how many octets were taken, or -1.
pub fn send<'a>(s: i32, buf: impl Into<Pointer<'a>>, len: i32, flags: i32) -> i32 {
    number(sending::send(&BS2000, Handle::from(s), buf.into(), len, flags))
}

/// Sends to a name: how many octets were taken, or -1.
pub fn sendto<'a>(
    s: i32,
    buf: impl Into<Pointer<'a>>,
    len: i32,
    flags: i32,
    to: impl Into<Pointer<'a>>,
    tolen: i32,
) -> i32 {
    number(sending::sendto(&BS2000, Handle::from(s), buf.into(), len, flags, to.into(), tolen))
}

/// Receives: how many octets came, zero at the end of a stream, or -1.
pub fn recv<'a>(s: i32, buf: impl Into<PointerMut<'a>>, len: i32, flags: i32) -> i32 {
    number(receive::recv(&BS2000, Handle::from(s), buf.into(), len, flags))
}

/// Receives, and tells from whom.
pub fn recvfrom<'a>(
    s: i32,
    buf: impl Into<PointerMut<'a>>,
    len: i32,
    flags: i32,
    from: impl Into<PointerMut<'a>>,
    fromlen: impl Into<PointerMut<'a>>,
) -> i32 {
    let (from, fromlen) = (from.into(), fromlen.into());
    number(receive::recvfrom(&BS2000, Handle::from(s), buf.into(), len, flags, from, fromlen))
}

/// Waits until a descriptor below `nfds` in one of the sets is ready, or the time is over; what is not ready leaves its set.
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
        selecting::select(&BS2000, read, write, except, TimeVal::patience(timeout))
    };
    number(FdSet::with_lists(nfds, &mut sets, wait))
}

/// Receives without flags.
pub fn read<'a>(s: i32, buf: impl Into<PointerMut<'a>>, nbyte: i32) -> i32 {
    recv(s, buf, nbyte, 0)
}

/// Sends without flags.
pub fn write<'a>(s: i32, buf: impl Into<Pointer<'a>>, nbyte: i32) -> i32 {
    send(s, buf, nbyte, 0)
}

/// Ends receiving, sending or both.
pub fn shutdown(s: i32, how: i32) -> i32 {
    zero(ending::shutdown(&BS2000, Handle::from(s), how))
}

/// Closes a socket.
pub fn close(s: i32) -> i32 {
    zero(closing::close(&BS2000, Handle::from(s)))
}

/// The local name.
pub fn getsockname<'a>(s: i32, name: impl Into<PointerMut<'a>>, namelen: impl Into<PointerMut<'a>>) -> i32 {
    zero(own_names::getsockname(&BS2000, Handle::from(s), name.into(), namelen.into()))
}

/// The name of the peer.
pub fn getpeername<'a>(s: i32, name: impl Into<PointerMut<'a>>, namelen: impl Into<PointerMut<'a>>) -> i32 {
    zero(own_names::getpeername(&BS2000, Handle::from(s), name.into(), namelen.into()))
}

/// Reads an option.
pub fn getsockopt<'a>(
    s: i32,
    level: i32,
    option: i32,
    value: impl Into<PointerMut<'a>>,
    length: impl Into<PointerMut<'a>>,
) -> i32 {
    zero(options::getsockopt(&BS2000, Handle::from(s), level, option, value.into(), length.into()))
}

/// Sets an option.
pub fn setsockopt<'a>(s: i32, level: i32, option: i32, value: impl Into<Pointer<'a>>, length: i32) -> i32 {
    zero(options::setsockopt(&BS2000, Handle::from(s), level, option, value.into(), length))
}

/// Makes a socket non-blocking (FIONBIO), or asks what it could receive.
pub fn ioctl<'a>(s: i32, request: u32, argument: impl Into<PointerMut<'a>>) -> i32 {
    zero(options::ioctl(&BS2000, Handle::from(s), request, argument.into()))
}

/// Reads (F_GETFL) or sets (F_SETFL) the flags of a descriptor, of which a socket has O_NONBLOCK: the flags, zero, or -1.
pub fn fcntl(s: i32, command: i32, flags: i32) -> i32 {
    let asks = match command {
        F_GETFL => Some(OfFlags::Tell),
        F_SETFL => Some(OfFlags::SetNonblocking(flags & O_NONBLOCK != 0)),
        _ => None,
    };
    let told = options::descriptor_flags(&BS2000, &FCNTL, Handle::from(s), asks);
    number(told.map(|nonblocking| if nonblocking && command == F_GETFL { O_NONBLOCK } else { 0 }))
}

/// Waits until one of these descriptors has what is asked of it, at most so many milliseconds; a negative time is no limit.
/// Entries with a negative descriptor are passed over. Answers with how many entries have something to tell, or -1.
pub fn poll(fds: &mut [PollFd], timeout: i32) -> i32 {
    let patience = Patience::of_millis(timeout);
    let entries: Vec<_> = fds.iter().map(|entry| (Handle::from(entry.fd), entry.asks())).collect();
    number(polling::poll(&BS2000, &POLL, &entries, patience).map(|told| {
        for (entry, told) in fds.iter_mut().zip(&told) {
            entry.tell(*told);
        }
        fds.iter().filter(|entry| entry.revents != 0).count() as i32
    }))
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

/// Descriptors are made so that they fit.
fn handle_number(handle: Handle) -> i32 {
    i32::try_from(handle).unwrap_or(-1)
}
