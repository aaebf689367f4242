//! The calls that only Winsock 2 has: lists of buffers, sockets and connections with more to say, polling, the catalogue.

mod control;
mod events;
mod opening;
mod polling;
mod protocols;
mod structures;
mod transfer;

use synsent_dialects::winsock2::{INVALID_SOCKET, SOCKET, SOCKET_ERROR, WSAEFAULT, WSAENOBUFS, WSASetLastError};

/// What a call comes to whose panic was caught.
fn failed() -> i32 {
    WSASetLastError(WSAENOBUFS);
    SOCKET_ERROR
}

/// The same for one that makes a socket.
fn no_socket() -> SOCKET {
    failed();
    INVALID_SOCKET
}

/// What a call comes to whose structure cannot be read.
fn bad_pointer() -> i32 {
    WSASetLastError(WSAEFAULT);
    SOCKET_ERROR
}
