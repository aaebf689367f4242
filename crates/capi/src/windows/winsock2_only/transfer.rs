//! Sending and receiving with lists of buffers, and the ends of a connection.

use std::ffi::c_void;

use synsent_dialects::winsock2::{self as it, Overlap, SOCKET, WSABUF};

use super::structures::{List, length_of_buffer};
use super::{bad_pointer, failed};
use crate::boundary::{Foreign, call};

/// A null structure and a null routine ask for nothing.
pub(super) fn overlap(overlapped: *const c_void, routine: *const c_void) -> Overlap {
    if overlapped.is_null() && routine.is_null() { Overlap::None } else { Overlap::Asked }
}

#[unsafe(export_name = "synsent_winsock2_WSASend")]
extern "C" fn wsa_send(
    s: SOCKET,
    buffers: *const c_void,
    count: u32,
    sent: *mut u32,
    flags: u32,
    overlapped: *const c_void,
    routine: *const c_void,
) -> i32 {
    call(failed, || {
        let (list, sent) = (List::read(Foreign::new(buffers), count), Foreign::new(sent));
        it::WSASend(s, list.buffers(), count, sent.pointer_mut(), flags, overlap(overlapped, routine))
    })
}

#[unsafe(export_name = "synsent_winsock2_WSASendTo")]
extern "C" fn wsa_send_to(
    s: SOCKET,
    buffers: *const c_void,
    count: u32,
    sent: *mut u32,
    flags: u32,
    to: *const c_void,
    tolen: i32,
    overlapped: *const c_void,
    routine: *const c_void,
) -> i32 {
    call(failed, || {
        let (list, sent, to) = (List::read(Foreign::new(buffers), count), Foreign::new(sent), Foreign::new(to));
        let overlap = overlap(overlapped, routine);
        it::WSASendTo(s, list.buffers(), count, sent.pointer_mut(), flags, to.pointer(), tolen, overlap)
    })
}

#[unsafe(export_name = "synsent_winsock2_WSARecv")]
extern "C" fn wsa_recv(
    s: SOCKET,
    buffers: *const c_void,
    count: u32,
    received: *mut u32,
    flags: *mut u32,
    overlapped: *const c_void,
    routine: *const c_void,
) -> i32 {
    call(failed, || {
        let list = List::read(Foreign::new(buffers), count);
        let (received, flags) = (Foreign::new(received), Foreign::new(flags));
        let overlap = overlap(overlapped, routine);
        it::WSARecv(s, list.buffers(), count, received.pointer_mut(), flags.pointer_mut(), overlap)
    })
}

#[unsafe(export_name = "synsent_winsock2_WSARecvFrom")]
extern "C" fn wsa_recv_from(
    s: SOCKET,
    buffers: *const c_void,
    count: u32,
    received: *mut u32,
    flags: *mut u32,
    from: *mut c_void,
    fromlen: *mut i32,
    overlapped: *const c_void,
    routine: *const c_void,
) -> i32 {
    call(failed, || {
        let list = List::read(Foreign::new(buffers), count);
        let (received, flags) = (Foreign::new(received), Foreign::new(flags));
        let (from, fromlen) = (Foreign::new(from), Foreign::new(fromlen));
        it::WSARecvFrom(
            s,
            list.buffers(),
            count,
            received.pointer_mut(),
            flags.pointer_mut(),
            from.pointer_mut(),
            fromlen.pointer_mut(),
            overlap(overlapped, routine),
        )
    })
}

#[unsafe(export_name = "synsent_winsock2_WSARecvEx")]
extern "C" fn wsa_recv_ex(s: SOCKET, buffer: *mut c_void, len: i32, flags: *mut i32) -> i32 {
    call(failed, || {
        let (buffer, flags) = (Foreign::new(buffer), Foreign::new(flags));
        it::WSARecvEx(s, buffer.pointer_mut(), len, flags.pointer_mut())
    })
}

/// The call that ends a direction, with the data that a program wants along with it.
fn disconnect(s: SOCKET, data: *const c_void, end: fn(SOCKET, Option<WSABUF<'_>>) -> i32) -> i32 {
    call(failed, || match length_of_buffer(Foreign::new(data)) {
        Ok(len) => end(s, len.map(|len| WSABUF { len, buf: synsent_sockets::PointerMut::Null })),
        Err(()) => bad_pointer(),
    })
}

#[unsafe(export_name = "synsent_winsock2_WSASendDisconnect")]
extern "C" fn wsa_send_disconnect(s: SOCKET, data: *const c_void) -> i32 {
    disconnect(s, data, it::WSASendDisconnect)
}

#[unsafe(export_name = "synsent_winsock2_WSARecvDisconnect")]
extern "C" fn wsa_recv_disconnect(s: SOCKET, data: *const c_void) -> i32 {
    disconnect(s, data, it::WSARecvDisconnect)
}

/// Answers with a BOOL: false, as long as nothing is overlapped.
#[unsafe(export_name = "synsent_winsock2_WSAGetOverlappedResult")]
extern "C" fn wsa_get_overlapped_result(
    s: SOCKET,
    overlapped: *const c_void,
    transferred: *mut u32,
    _wait: i32,
    flags: *mut u32,
) -> i32 {
    let has_pointers = !overlapped.is_null() && !transferred.is_null() && !flags.is_null();
    call(|| 0, || i32::from(it::WSAGetOverlappedResult(s, has_pointers) == 0))
}
