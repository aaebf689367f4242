//! TargetTCP's functions, with the document's names, orders of arguments and results: zero or a number on success, -1 and
//! [`errno`] otherwise.

use core::net::SocketAddr;

use synsent_sockets::Name;

use crate::posix::calls::posix_calls;
use crate::posix::lookup::posix_lookups;

posix_calls!(TARGETTCP, (socket, addr, addrlen), closesocket, ioctlsocket);
posix_lookups!(TARGETTCP);

/// What perror writes: the caller's words and the meaning of [`errno`].
pub fn perror_text(words: &str) -> String {
    format!("{words}: {}", meaning(errno()).unwrap_or("no error"))
}

/// What a number means that a socket call may leave in `errno`.
pub fn meaning(number: i32) -> Option<&'static str> {
    TARGETTCP.spellings.iter().find(|spelling| spelling.number == number).map(|spelling| spelling.meaning)
}

/// Initializes TargetTCP; before that every call fails with ENETDOWN. Later calls of it change nothing.
pub fn target_tcp_init() -> i32 {
    zero(engine::startup::start(&TARGETTCP, None, true).map(drop))
}

/// [`connect`] with an address that needs no layout.
///
/// # Errors
/// What connect says.
pub fn connect_to(socket: i32, addr: SocketAddr) -> Result<(), Said> {
    engine::connect::connect_to(&TARGETTCP, Handle::from(socket), &Name::Inet(addr)).inspect_err(tell)
}
