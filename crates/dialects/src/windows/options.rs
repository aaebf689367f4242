//! The options and requests that both documents have, for the types of sockets that the page of getsockopt gives them to.
//!
//! The documents give yes and no the size of an int. Windows takes and tells them in one octet as well, as programs in C++ pass a `bool`:
//! the conformance tests of Wine, which run on Windows, show it for each of these options; a buffer size or an error in one octet is a
//! fault there.

use super::constants::*;
use crate::engine::options::{Form, IoctlRow, Meaning, OptionRow, Request};
use crate::page::On;

/// How many options both have.
pub(crate) const COMMON_COUNT: usize = 13;

/// The options that both have.
pub(crate) const COMMON: [OptionRow; COMMON_COUNT] = [
    of_socket(SO_ACCEPTCONN, "SO_ACCEPTCONN", Meaning::Listening, Form::Int, false, On::Stream),
    of_socket(SO_REUSEADDR, "SO_REUSEADDR", Meaning::ReuseAddress, Form::IntOrOctet, true, On::Both),
    of_socket(SO_KEEPALIVE, "SO_KEEPALIVE", Meaning::KeepAlive, Form::IntOrOctet, true, On::Stream),
    of_socket(SO_DONTROUTE, "SO_DONTROUTE", Meaning::DontRoute, Form::IntOrOctet, true, On::Both),
    of_socket(SO_BROADCAST, "SO_BROADCAST", Meaning::Broadcast, Form::IntOrOctet, true, On::Datagram),
    of_socket(SO_LINGER, "SO_LINGER", Meaning::Linger, Form::LingerShort, true, On::Stream),
    of_socket(SO_OOBINLINE, "SO_OOBINLINE", Meaning::UrgentInline, Form::IntOrOctet, true, On::Stream),
    of_socket(SO_DONTLINGER, "SO_DONTLINGER", Meaning::DontLinger, Form::IntOrOctet, true, On::Stream),
    of_socket(SO_SNDBUF, "SO_SNDBUF", Meaning::SendBuffer, Form::Int, true, On::Both),
    of_socket(SO_RCVBUF, "SO_RCVBUF", Meaning::ReceiveBuffer, Form::Int, true, On::Both),
    of_socket(SO_ERROR, "SO_ERROR", Meaning::Error, Form::Int, false, On::Both),
    of_socket(SO_TYPE, "SO_TYPE", Meaning::Type, Form::Int, false, On::Both),
    OptionRow {
        level: IPPROTO_TCP,
        number: TCP_NODELAY,
        name: "TCP_NODELAY",
        meaning: Meaning::NoDelay,
        form: Form::IntOrOctet,
        settable: true,
        on: On::Stream,
    },
];

/// The requests of ioctlsocket.
pub(crate) const IOCTLS: &[IoctlRow] = &[
    IoctlRow { number: FIONBIO, name: "FIONBIO", request: Request::NonBlocking },
    IoctlRow { number: FIONREAD, name: "FIONREAD", request: Request::Receivable },
    IoctlRow { number: SIOCATMARK, name: "SIOCATMARK", request: Request::AtMark },
];

/// An option of the level SOL_SOCKET.
pub(crate) const fn of_socket(
    number: i32,
    name: &'static str,
    meaning: Meaning,
    form: Form,
    settable: bool,
    on: On,
) -> OptionRow {
    OptionRow { level: SOL_SOCKET, number, name, meaning, form, settable, on }
}

/// The common options, and more behind them.
pub(crate) const fn and<const MORE: usize, const ALL: usize>(more: [OptionRow; MORE]) -> [OptionRow; ALL] {
    assert!(ALL == COMMON_COUNT + MORE, "the length is not that of both together");
    let mut all = [COMMON[0]; ALL];
    let mut at = 0;
    while at < ALL {
        all[at] = if at < COMMON_COUNT { COMMON[at] } else { more[at - COMMON_COUNT] };
        at += 1;
    }
    all
}
