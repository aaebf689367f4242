//! Sending and receiving with lists of buffers, and the two calls that end a direction.
//!
//! Nothing is overlapped: with an overlapped structure or a completion routine a call fails. What it tells besides its result lies
//! behind pointers, which are tried before anything is sent or received.

#![allow(non_snake_case)]

use synsent_sockets::{Pointer, PointerMut};

use super::constants::*;
use super::{WINSOCK2, pages};
use crate::engine::Call;
use crate::engine::pieces::Pieces;
use crate::engine::{receive, send, shutdown};
use crate::page::{Fact, Facts};
use crate::process::Said;
use crate::windows::last_error;
use crate::windows::types::handle;

/// A buffer, as the document has it.
pub struct WSABUF<'a> {
    /// Its length; unit: octets.
    pub len: u32,
    /// Where it is.
    pub buf: PointerMut<'a>,
}

/// Whether a call was to go on after it has returned: with an overlapped structure, or a completion routine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Overlap {
    /// Neither of the two was given.
    None,
    /// One of them.
    Asked,
}

impl Overlap {
    pub(super) fn facts(self) -> Facts {
        Fact::Overlapped.when(self == Overlap::Asked)
    }
}

/// Sends all buffers to the peer, one behind the other. `dwBufferCount` is how many there are; without buffers the list is not
/// there. Returns 0 and tells how many octets were taken.
pub fn WSASend<'a>(
    s: SOCKET,
    lpBuffers: Option<Vec<WSABUF<'a>>>,
    dwBufferCount: u32,
    lpNumberOfBytesSent: impl Into<PointerMut<'a>>,
    dwFlags: u32,
    overlap: Overlap,
) -> i32 {
    let buffers = (lpBuffers, dwBufferCount);
    last_error::zero(send_all(s, buffers, lpNumberOfBytesSent.into(), dwFlags, None, overlap))
}

/// The same as one datagram to a name, on a datagram socket.
#[allow(clippy::too_many_arguments, reason = "the document has as many")]
pub fn WSASendTo<'a>(
    s: SOCKET,
    lpBuffers: Option<Vec<WSABUF<'a>>>,
    dwBufferCount: u32,
    lpNumberOfBytesSent: impl Into<PointerMut<'a>>,
    dwFlags: u32,
    lpTo: impl Into<Pointer<'a>>,
    iTolen: i32,
    overlap: Overlap,
) -> i32 {
    let (buffers, to) = ((lpBuffers, dwBufferCount), Some((lpTo.into(), iTolen)));
    last_error::zero(send_all(s, buffers, lpNumberOfBytesSent.into(), dwFlags, to, overlap))
}

/// Receives into all buffers, filling one after the other. Returns 0 and tells how many octets came, and in the flags whether that
/// is a part of a message; the flags also say how to receive.
pub fn WSARecv<'a>(
    s: SOCKET,
    lpBuffers: Option<Vec<WSABUF<'a>>>,
    dwBufferCount: u32,
    lpNumberOfBytesRecvd: impl Into<PointerMut<'a>>,
    lpFlags: impl Into<PointerMut<'a>>,
    overlap: Overlap,
) -> i32 {
    let (buffers, told) = ((lpBuffers, dwBufferCount), [lpNumberOfBytesRecvd.into(), lpFlags.into()]);
    last_error::zero(receive_all(s, buffers, told, None, overlap))
}

/// The same, and tells from whom; the name's pointers may be null.
#[allow(clippy::too_many_arguments, reason = "the document has as many")]
pub fn WSARecvFrom<'a>(
    s: SOCKET,
    lpBuffers: Option<Vec<WSABUF<'a>>>,
    dwBufferCount: u32,
    lpNumberOfBytesRecvd: impl Into<PointerMut<'a>>,
    lpFlags: impl Into<PointerMut<'a>>,
    lpFrom: impl Into<PointerMut<'a>>,
    lpFromlen: impl Into<PointerMut<'a>>,
    overlap: Overlap,
) -> i32 {
    let (buffers, told) = ((lpBuffers, dwBufferCount), [lpNumberOfBytesRecvd.into(), lpFlags.into()]);
    last_error::zero(receive_all(s, buffers, told, Some((lpFrom.into(), lpFromlen.into())), overlap))
}

/// [`recv`](super::recv) whose flags also tell whether a part of a message came. Returns how many octets came.
pub fn WSARecvEx<'a>(s: SOCKET, buf: impl Into<PointerMut<'a>>, len: i32, flags: impl Into<PointerMut<'a>>) -> i32 {
    last_error::count(receive_with_flags(s, buf.into(), len, flags.into()))
}

/// Ends sending; there is no data that could go along with it.
pub fn WSASendDisconnect(s: SOCKET, lpOutboundDisconnectData: Option<WSABUF<'_>>) -> i32 {
    last_error::zero(disconnect(s, &pages::WSASENDDISCONNECT, SD_SEND, lpOutboundDisconnectData))
}

/// Ends receiving; there is no data that could have come along with the peer's end.
pub fn WSARecvDisconnect(s: SOCKET, lpInboundDisconnectData: Option<WSABUF<'_>>) -> i32 {
    last_error::zero(disconnect(s, &pages::WSARECVDISCONNECT, SD_RECEIVE, lpInboundDisconnectData))
}

/// The buffers as the engine has them, and what is wrong with their list.
fn pieces<'a>((buffers, count): (Option<Vec<WSABUF<'a>>>, u32)) -> (Facts, Pieces<'a>) {
    Pieces::new(buffers.map(|buffers| buffers.into_iter().map(|buffer| (buffer.buf, buffer.len)).collect()), count)
}

fn send_all<'a>(
    s: SOCKET,
    buffers: (Option<Vec<WSABUF<'a>>>, u32),
    mut sent: PointerMut<'a>,
    flags: u32,
    to: Option<(Pointer<'a>, i32)>,
    overlap: Overlap,
) -> Result<(), Said> {
    let (wrong, pieces) = pieces(buffers);
    let facts = wrong | pieces.facts_of_length() | overlap.facts() | bad_result(&mut [&mut sent]);
    let page = if to.is_some() { &pages::WSASENDTO } else { &pages::WSASEND };
    let buffer = (pieces.pointer(), pieces.len());
    let count = send::by_page(&WINSOCK2, page, handle(s), buffer, flags.cast_signed(), to, facts)?;
    // It was there when the call began; what went cannot be taken back.
    let _ = sent.write_i32(count);
    Ok(())
}

fn receive_all<'a>(
    s: SOCKET,
    buffers: (Option<Vec<WSABUF<'a>>>, u32),
    [mut count, mut flags]: [PointerMut<'a>; 2],
    from: Option<(PointerMut<'a>, PointerMut<'a>)>,
    overlap: Overlap,
) -> Result<(), Said> {
    let (wrong, pieces) = pieces(buffers);
    let facts = wrong | overlap.facts() | bad_result(&mut [&mut count, &mut flags]);
    let page = if from.is_some() { &pages::WSARECVFROM } else { &pages::WSARECV };
    let buffer = (pieces.pointer_mut(), pieces.len());
    let how = flags.read_i32().unwrap_or(0);
    let came = receive::by_page(&WINSOCK2, page, handle(s), buffer, how, from, facts)?;
    // Both were there when the call began; what came cannot be given back.
    let _ = count.write_i32(came.octets);
    let _ = flags.write_i32(if came.cut.is_some() { MSG_PARTIAL } else { how & MSG_OOB });
    came.cut.map_or(Ok(()), Err)
}

fn receive_with_flags(s: SOCKET, buffer: PointerMut<'_>, len: i32, mut flags: PointerMut<'_>) -> Result<i32, Said> {
    let facts = bad_result(&mut [&mut flags]) | Fact::NegativeLength.when(len < 0);
    let how = flags.read_i32().unwrap_or(0);
    let came = receive::by_page(&WINSOCK2, &pages::WSARECVEX, handle(s), (buffer, len), how, None, facts)?;
    // It was there when the call began; what came cannot be given back.
    let _ = flags.write_i32(if came.cut.is_some() { MSG_PARTIAL } else { how & MSG_OOB });
    came.cut.map_or(Ok(came.octets), Err)
}

fn disconnect(s: SOCKET, page: &'static crate::page::Page, how: i32, data: Option<WSABUF<'_>>) -> Result<(), Said> {
    let facts = Fact::CallerData.when(data.is_some_and(|data| data.len > 0));
    shutdown::by_page(&WINSOCK2, page, handle(s), how, facts)
}

/// Tries places of 32 bits that the call writes to.
pub(super) fn bad_result(places: &mut [&mut PointerMut<'_>]) -> Facts {
    let is_bad = |place: &mut &mut PointerMut<'_>| place.read_i32().and_then(|value| place.write_i32(value)).is_err();
    Fact::BadResultPointer.when(places.iter_mut().any(is_bad))
}

/// Fails: nothing is overlapped, so there is no result that could be asked for.
pub fn WSAGetOverlappedResult(s: SOCKET, has_pointers: bool) -> i32 {
    let mut call = Call::of_socket(&WINSOCK2, &pages::WSAGETOVERLAPPEDRESULT, handle(s));
    call.facts |= Fact::BadResultPointer.when(!has_pointers);
    last_error::zero(call.judge().map(|_| ()))
}
