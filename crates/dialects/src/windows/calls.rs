//! The functions that both dialects have: the document's names, order of arguments and results.
//!
//! They are written once and made for a dialect by [`windows_calls`]. Each hands its arguments to the engine and turns a
//! failure into the value that the document gives it; the code is then the thread's last error.

use super::constants::SOCKET;
use super::types::{FdSet, handle, socket};
use crate::dialect::Dialect;
use crate::engine::select::{Patience, select as wait_for};
use crate::process::{Handle, Said};

/// select with sets as Windows has them.
pub(crate) fn select(
    dialect: &'static Dialect,
    sets: [Option<&mut FdSet>; 3],
    patience: Patience,
) -> Result<i32, Said> {
    let mut handles = [const { None }; 3];
    for (handles, set) in handles.iter_mut().zip(&sets) {
        *handles = set.as_ref().map(|set| set.handles());
    }
    let [read, write, except]: &mut [Option<Vec<Handle>>; 3] = &mut handles;
    let ready = wait_for(dialect, read.as_mut(), write.as_mut(), except.as_mut(), patience)?;
    for (set, handles) in sets.into_iter().zip(&handles) {
        if let (Some(set), Some(handles)) = (set, handles) {
            set.retain(handles);
        }
    }
    Ok(ready)
}

/// select with sets of any size.
pub(crate) fn select_sockets(
    dialect: &'static Dialect,
    sets: [Option<&mut Vec<SOCKET>>; 3],
    patience: Patience,
) -> Result<i32, Said> {
    let mut sets = sets;
    // The same room holds the handles and then the sockets again.
    let mut handles = sets.each_mut().map(|set| {
        let sockets = core::mem::take(*set.as_mut()?);
        Some(sockets.into_iter().map(handle).collect())
    });
    let [read, write, except]: &mut [Option<Vec<Handle>>; 3] = &mut handles;
    let told = wait_for(dialect, read.as_mut(), write.as_mut(), except.as_mut(), patience);
    for (set, handles) in sets.into_iter().zip(handles) {
        if let (Some(set), Some(handles)) = (set, handles) {
            *set = handles.into_iter().map(socket).collect();
        }
    }
    told
}

/// The functions of a dialect of Windows.
macro_rules! windows_calls {
    ($dialect:ident) => {
        use core::net::SocketAddr;

        use synsent_sockets::{Domain, Name, Pointer, PointerMut};

        use super::constants::*;
        use super::$dialect;
        use $crate::engine;
        use $crate::engine::select::Patience;
        use $crate::process::Said;
        use $crate::windows::types::{handle, read_version};
        use $crate::windows::{calls, hooks, last_error, selecting};

        pub use $crate::windows::types::{
            FD_CLR, FD_ISSET, FD_SET, FD_ZERO, FdSet, TimeVal, WSADATA, WSADESCRIPTION_LEN, WSASYS_STATUS_LEN,
        };

        /// Starts the library: minor version in the high octet, major in the low one. Returns 0, or the code itself; the
        /// last error is not what tells.
        #[allow(non_snake_case)]
        pub fn WSAStartup(wVersionRequested: u16, lpWSAData: Option<&mut WSADATA>) -> i32 {
            let asked = read_version(wVersionRequested);
            match (engine::startup::start(&$dialect, Some(asked), lpWSAData.is_some()), lpWSAData) {
                (Err(said), _) => last_error::note(said),
                (Ok(agreed), data) => {
                    if let (Some(data), Some(highest)) = (data, $dialect.versions.last()) {
                        data.fill(agreed, *highest);
                    }
                    0
                }
            }
        }

        /// Takes one WSAStartup back; the last one ends all sockets.
        #[allow(non_snake_case)]
        pub fn WSACleanup() -> i32 {
            last_error::zero(engine::startup::end(&$dialect))
        }

        /// The code of the call of this thread that failed last.
        #[allow(non_snake_case)]
        pub fn WSAGetLastError() -> i32 {
            last_error::get()
        }

        /// Sets what [`WSAGetLastError`] tells this thread.
        #[allow(non_snake_case)]
        pub fn WSASetLastError(iError: i32) {
            last_error::set(iError);
        }

        /// A new socket, or [`INVALID_SOCKET`].
        pub fn socket(af: i32, type_: i32, protocol: i32) -> SOCKET {
            last_error::socket(engine::socket::socket(&$dialect, af, type_, protocol))
        }

        /// Gives a socket its local name.
        pub fn bind<'a>(s: SOCKET, name: impl Into<Pointer<'a>>, namelen: i32) -> i32 {
            last_error::zero(engine::bind::bind(&$dialect, handle(s), name.into(), namelen))
        }

        /// Establishes a connection to a peer, or a datagram socket's default destination.
        pub fn connect<'a>(s: SOCKET, name: impl Into<Pointer<'a>>, namelen: i32) -> i32 {
            last_error::zero(engine::connect::connect(&$dialect, handle(s), name.into(), namelen))
        }

        /// [`connect`] with an address, for Rust.
        ///
        /// # Errors
        /// What connect says, with the row that decided and the reason.
        pub fn connect_to(s: SOCKET, name: SocketAddr) -> Result<(), Said> {
            last_error::kept(engine::connect::connect_to(&$dialect, handle(s), &Name::Inet(name)))
        }

        /// Waits for connections from now on.
        pub fn listen(s: SOCKET, backlog: i32) -> i32 {
            last_error::zero(engine::listen::listen(&$dialect, handle(s), backlog))
        }

        /// The next connection, or [`INVALID_SOCKET`]; both pointers may be null.
        pub fn accept<'a>(s: SOCKET, addr: impl Into<PointerMut<'a>>, addrlen: impl Into<PointerMut<'a>>) -> SOCKET {
            last_error::socket(engine::accept::accept(&$dialect, handle(s), addr.into(), addrlen.into()))
        }

        /// Sends to the peer; returns how many octets were taken.
        pub fn send<'a>(s: SOCKET, buf: impl Into<Pointer<'a>>, len: i32, flags: i32) -> i32 {
            last_error::count(engine::send::send(&$dialect, handle(s), buf.into(), len, flags))
        }

        /// Sends a datagram to a name; returns how many octets were taken.
        pub fn sendto<'a>(
            s: SOCKET,
            buf: impl Into<Pointer<'a>>,
            len: i32,
            flags: i32,
            to: impl Into<Pointer<'a>>,
            tolen: i32,
        ) -> i32 {
            let (buf, to) = (buf.into(), to.into());
            last_error::count(engine::send::sendto(&$dialect, handle(s), buf, len, flags, to, tolen))
        }

        /// Receives; returns how many octets came, 0 at the end of a stream.
        pub fn recv<'a>(s: SOCKET, buf: impl Into<PointerMut<'a>>, len: i32, flags: i32) -> i32 {
            last_error::count(engine::receive::recv(&$dialect, handle(s), buf.into(), len, flags))
        }

        /// Receives and tells from whom; the name's pointers may be null.
        pub fn recvfrom<'a>(
            s: SOCKET,
            buf: impl Into<PointerMut<'a>>,
            len: i32,
            flags: i32,
            from: impl Into<PointerMut<'a>>,
            fromlen: impl Into<PointerMut<'a>>,
        ) -> i32 {
            let (buf, from, fromlen) = (buf.into(), from.into(), fromlen.into());
            last_error::count(engine::receive::recvfrom(&$dialect, handle(s), buf, len, flags, from, fromlen))
        }

        /// Waits until sockets of the sets can do something, and leaves only those in them; without a time it waits for
        /// ever. Returns how many are left. The first argument means nothing.
        pub fn select(
            _nfds: i32,
            readfds: Option<&mut FdSet>,
            writefds: Option<&mut FdSet>,
            exceptfds: Option<&mut FdSet>,
            timeout: Option<&TimeVal>,
        ) -> i32 {
            let limit = timeout.map(|time| (i64::from(time.tv_sec), i64::from(time.tv_usec)));
            let sets = [readfds, writefds, exceptfds];
            last_error::count(calls::select(&$dialect, sets, Patience::of(limit)))
        }

        /// [`select`] with sets of any size, as lists; what is not ready is taken out of them.
        pub fn select_sockets(sets: [Option<&mut Vec<SOCKET>>; 3], timeout: Option<&TimeVal>) -> i32 {
            let limit = timeout.map(|time| (i64::from(time.tv_sec), i64::from(time.tv_usec)));
            last_error::count(calls::select_sockets(&$dialect, sets, Patience::of(limit)))
        }

        /// Ends one direction of a connection, or both.
        pub fn shutdown(s: SOCKET, how: i32) -> i32 {
            last_error::zero(engine::shutdown::shutdown(&$dialect, handle(s), how))
        }

        /// Closes a socket.
        pub fn closesocket(s: SOCKET) -> i32 {
            last_error::zero(engine::close::close(&$dialect, handle(s)))
        }

        /// The local name.
        pub fn getsockname<'a>(s: SOCKET, name: impl Into<PointerMut<'a>>, namelen: impl Into<PointerMut<'a>>) -> i32 {
            last_error::zero(engine::own_names::getsockname(&$dialect, handle(s), name.into(), namelen.into()))
        }

        /// The peer's name.
        pub fn getpeername<'a>(s: SOCKET, name: impl Into<PointerMut<'a>>, namelen: impl Into<PointerMut<'a>>) -> i32 {
            last_error::zero(engine::own_names::getpeername(&$dialect, handle(s), name.into(), namelen.into()))
        }

        /// Reads an option.
        pub fn getsockopt<'a>(
            s: SOCKET,
            level: i32,
            optname: i32,
            optval: impl Into<PointerMut<'a>>,
            optlen: impl Into<PointerMut<'a>>,
        ) -> i32 {
            let (optval, optlen) = (optval.into(), optlen.into());
            last_error::zero(engine::options::getsockopt(&$dialect, handle(s), level, optname, optval, optlen))
        }

        /// Sets an option.
        pub fn setsockopt<'a>(s: SOCKET, level: i32, optname: i32, optval: impl Into<Pointer<'a>>, optlen: i32) -> i32 {
            last_error::zero(engine::options::setsockopt(&$dialect, handle(s), level, optname, optval.into(), optlen))
        }

        /// Asks or sets something of a socket: [`FIONBIO`], [`FIONREAD`], [`SIOCATMARK`].
        pub fn ioctlsocket<'a>(s: SOCKET, cmd: u32, argp: impl Into<PointerMut<'a>>) -> i32 {
            last_error::zero(engine::options::ioctl(&$dialect, handle(s), cmd, argp.into()))
        }

        /// Has these events of a socket posted to a window, and makes the socket non-blocking; 0 takes that back.
        #[allow(non_snake_case)]
        pub fn WSAAsyncSelect(s: SOCKET, hWnd: usize, wMsg: u32, lEvent: i32) -> i32 {
            let events = (lEvent, EVENTS_KNOWN);
            last_error::zero(selecting::by_message(&$dialect, handle(s), (hWnd, wMsg), events))
        }

        /// What this thread does from now on while a blocking call waits; returns 0.
        #[allow(non_snake_case)]
        pub fn WSASetBlockingHook(lpBlockFunc: $crate::windows::hooks::BlockingHook) -> i32 {
            last_error::zero(hooks::set(&$dialect, lpBlockFunc))
        }

        /// This thread has no hook from now on.
        #[allow(non_snake_case)]
        pub fn WSAUnhookBlockingHook() -> i32 {
            last_error::zero(hooks::unset(&$dialect))
        }

        /// Takes the blocking call back from whose hook this is called.
        #[allow(non_snake_case)]
        pub fn WSACancelBlockingCall() -> i32 {
            last_error::zero(hooks::cancel(&$dialect))
        }

        /// Whether a blocking call of this thread waits.
        #[allow(non_snake_case)]
        pub fn WSAIsBlocking() -> bool {
            synsent_sockets::is_idling()
        }

        /// Takes the blocking call of another thread back, which then says WSAEINTR; the thread has the number that
        /// [`thread_number`](synsent_sockets::thread_number) told it.
        pub fn cancel_blocking_call_of(thread: u32) -> i32 {
            last_error::zero(hooks::cancel_of(&$dialect, thread).map(drop))
        }

        /// An address as a sockaddr, octet by octet.
        pub fn sockaddr(address: &SocketAddr) -> Vec<u8> {
            $dialect.names.encode(&Name::Inet(*address))
        }

        /// The address of a sockaddr; `None` where it holds none.
        pub fn from_sockaddr(octets: &[u8]) -> Option<SocketAddr> {
            let len = i32::try_from(octets.len()).ok()?;
            let read = |domain| $dialect.names.decode(Pointer::Octets(octets), len, domain).name;
            read(Domain::Inet4).or_else(|| read(Domain::Inet6))?.inet()
        }
    };
}

pub(crate) use windows_calls;
