//! The functions of SOCKETS(POSIX), with the document's names, orders of arguments and results: zero or a number on success, -1
//! and [`errno`] otherwise. Those that POSIX has for all descriptors (read, write, close, ioctl, fcntl) are here for sockets.

use synsent_sockets::Name;

use super::pages::{FCNTL, POLL};
use crate::engine::options::OfFlags;
use crate::engine::poll::NeverConnected;
use crate::engine::select::Patience;
use crate::page::Facts;
use crate::posix::PollFd;
use crate::posix::calls::posix_calls;
use crate::posix::constants::{F_GETFL, F_SETFL, MSG_TRUNC, O_NONBLOCK};
use crate::posix::lookup::posix_lookups;

posix_calls!(BS2000, (s, name, namelen), close, ioctl);
posix_lookups!(BS2000);

/// Sets what [`errno`] tells.
pub(super) fn set_errno(number: i32) {
    ERRNO.set(number);
}

/// [`connect`] with a name that needs no layout: an address, or a path of AF_UNIX.
///
/// # Errors
/// What connect says.
pub fn connect_to(s: i32, name: &Name) -> Result<(), Said> {
    engine::connect::connect_to(&BS2000, Handle::from(s), name).inspect_err(tell)
}

/// Receives without flags.
pub fn read<'a>(s: i32, buf: impl Into<PointerMut<'a>>, nbyte: i32) -> i32 {
    recv(s, buf, nbyte, 0)
}

/// Sends without flags.
pub fn write<'a>(s: i32, buf: impl Into<Pointer<'a>>, nbyte: i32) -> i32 {
    send(s, buf, nbyte, 0)
}

/// Receives, and tells from whom where there is room for that, as recvmsg does: besides the number, the flags of the message, which are
/// [`MSG_TRUNC`] where it was larger than the buffer, else zero.
pub fn recvmsg<'a>(
    s: i32,
    buf: impl Into<PointerMut<'a>>,
    len: i32,
    flags: i32,
    from: impl Into<PointerMut<'a>>,
    fromlen: impl Into<PointerMut<'a>>,
) -> (i32, i32) {
    let (from, fromlen) = (from.into(), fromlen.into());
    let came = engine::receive::recvmsg(&BS2000, Handle::from(s), buf.into(), len, flags, from, fromlen);
    let is_short = came.as_ref().is_ok_and(|(_, is_short)| *is_short);
    (number(came.map(|(octets, _)| octets)), if is_short { MSG_TRUNC } else { 0 })
}

/// Reads (F_GETFL) or sets (F_SETFL) the flags of a descriptor, of which a socket has O_NONBLOCK: the flags, zero, or -1.
pub fn fcntl(s: i32, command: i32, flags: i32) -> i32 {
    let asks = match command {
        F_GETFL => Some(OfFlags::Tell),
        F_SETFL => Some(OfFlags::SetNonblocking(flags & O_NONBLOCK != 0)),
        _ => None,
    };
    let told = engine::options::descriptor_flags(&BS2000, &FCNTL, Handle::from(s), asks);
    number(told.map(|nonblocking| if nonblocking && command == F_GETFL { O_NONBLOCK } else { 0 }))
}

/// Waits until one of these descriptors has what is asked of it, at most so many milliseconds; a negative time is no limit.
/// Entries with a negative descriptor are passed over. Answers with how many entries have something to tell, or -1.
pub fn poll(fds: &mut [PollFd], timeout: i32) -> i32 {
    let patience = Patience::of_millis(timeout);
    let entries: Vec<_> = fds.iter().map(|entry| (Handle::from(entry.fd), entry.asks())).collect();
    number(engine::poll::poll(&BS2000, &POLL, &entries, NeverConnected::HungUp, patience, Facts::NONE).map(|told| {
        for (entry, told) in fds.iter_mut().zip(&told) {
            entry.tell(*told);
        }
        fds.iter().filter(|entry| entry.revents != 0).count() as i32
    }))
}
