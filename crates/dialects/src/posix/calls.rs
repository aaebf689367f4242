//! The functions that both dialects have: the documents' orders of arguments and results, zero or a number on success, -1 and the
//! thread's error otherwise.
//!
//! They are written once and made for a dialect by [`posix_calls`], which is told the names that its document has for the arguments
//! and for the two calls that are not everywhere called the same. The module that they are made in has the functions `zero`, `number`
//! and `tell` then too, for what only its dialect has.

/// The functions of a dialect of BSD or POSIX.
macro_rules! posix_calls {
    ($dialect:ident, ($s:ident, $name:ident, $namelen:ident), $close:ident, $ioctl:ident) => {
        use std::cell::Cell;

        use synsent_sockets::{Pointer, PointerMut};

        use super::$dialect;
        use $crate::engine;
        use $crate::posix::{FdSet, TimeVal};
        use $crate::process::{Handle, Said};

        thread_local! {
            static ERRNO: Cell<i32> = const { Cell::new(0) };
        }

        /// The number of the error of this thread's last call that failed; zero before the first.
        pub fn errno() -> i32 {
            ERRNO.get()
        }

        /// A new socket: its number, or -1.
        pub fn socket(family: i32, kind: i32, protocol: i32) -> i32 {
            number(engine::socket::socket(&$dialect, family, kind, protocol).map(handle_number))
        }

        /// Gives a socket a local name.
        pub fn bind<'a>($s: i32, $name: impl Into<Pointer<'a>>, $namelen: i32) -> i32 {
            zero(engine::bind::bind(&$dialect, Handle::from($s), $name.into(), $namelen))
        }

        /// Makes the connection of a stream socket, or assigns a datagram socket its peer.
        pub fn connect<'a>($s: i32, $name: impl Into<Pointer<'a>>, $namelen: i32) -> i32 {
            zero(engine::connect::connect(&$dialect, Handle::from($s), $name.into(), $namelen))
        }

        /// Waits for connections.
        pub fn listen($s: i32, backlog: i32) -> i32 {
            zero(engine::listen::listen(&$dialect, Handle::from($s), backlog))
        }

        /// The next connection of a listener: its number, or -1. Where the name is null, the peer's is not told.
        pub fn accept<'a>($s: i32, $name: impl Into<PointerMut<'a>>, $namelen: impl Into<PointerMut<'a>>) -> i32 {
            number(
                engine::accept::accept(&$dialect, Handle::from($s), $name.into(), $namelen.into()).map(handle_number),
            )
        }

        /// Sends to the peer: how many octets were taken, or -1.
        pub fn send<'a>($s: i32, buf: impl Into<Pointer<'a>>, len: i32, flags: i32) -> i32 {
            number(engine::send::send(&$dialect, Handle::from($s), buf.into(), len, flags))
        }

        /// Sends to a name: how many octets were taken, or -1.
        pub fn sendto<'a>(
            $s: i32,
            buf: impl Into<Pointer<'a>>,
            len: i32,
            flags: i32,
            to: impl Into<Pointer<'a>>,
            tolen: i32,
        ) -> i32 {
            number(engine::send::sendto(&$dialect, Handle::from($s), buf.into(), len, flags, to.into(), tolen))
        }

        /// Receives: how many octets came, zero at the end of a stream, or -1.
        pub fn recv<'a>($s: i32, buf: impl Into<PointerMut<'a>>, len: i32, flags: i32) -> i32 {
            number(engine::receive::recv(&$dialect, Handle::from($s), buf.into(), len, flags))
        }

        /// Receives, and tells from whom.
        pub fn recvfrom<'a>(
            $s: i32,
            buf: impl Into<PointerMut<'a>>,
            len: i32,
            flags: i32,
            from: impl Into<PointerMut<'a>>,
            fromlen: impl Into<PointerMut<'a>>,
        ) -> i32 {
            let (from, fromlen) = (from.into(), fromlen.into());
            number(engine::receive::recvfrom(&$dialect, Handle::from($s), buf.into(), len, flags, from, fromlen))
        }

        /// Waits until a socket below `nfds` in one of the sets is ready, or the time is over; what is not ready leaves its set.
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
                engine::select::select(&$dialect, read, write, except, TimeVal::patience(timeout))
            };
            number(FdSet::with_lists(nfds, &mut sets, wait))
        }

        /// [`select`] with the sets as lists of any size; what is not ready is taken out of them. Who has the sets in another form
        /// has seen already which members are below the limit.
        pub fn select_handles(sets: [Option<&mut Vec<Handle>>; 3], timeout: Option<&TimeVal>) -> i32 {
            let [read, write, except] = sets;
            number(engine::select::select(&$dialect, read, write, except, TimeVal::patience(timeout)))
        }

        /// Ends receiving, sending or both.
        pub fn shutdown($s: i32, how: i32) -> i32 {
            zero(engine::shutdown::shutdown(&$dialect, Handle::from($s), how))
        }

        /// Closes a socket.
        pub fn $close($s: i32) -> i32 {
            zero(engine::close::close(&$dialect, Handle::from($s)))
        }

        /// The local name.
        pub fn getsockname<'a>($s: i32, $name: impl Into<PointerMut<'a>>, $namelen: impl Into<PointerMut<'a>>) -> i32 {
            zero(engine::own_names::getsockname(&$dialect, Handle::from($s), $name.into(), $namelen.into()))
        }

        /// The name of the peer.
        pub fn getpeername<'a>($s: i32, $name: impl Into<PointerMut<'a>>, $namelen: impl Into<PointerMut<'a>>) -> i32 {
            zero(engine::own_names::getpeername(&$dialect, Handle::from($s), $name.into(), $namelen.into()))
        }

        /// Reads an option.
        pub fn getsockopt<'a>(
            $s: i32,
            level: i32,
            option: i32,
            value: impl Into<PointerMut<'a>>,
            length: impl Into<PointerMut<'a>>,
        ) -> i32 {
            zero(engine::options::getsockopt(&$dialect, Handle::from($s), level, option, value.into(), length.into()))
        }

        /// Sets an option.
        pub fn setsockopt<'a>($s: i32, level: i32, option: i32, value: impl Into<Pointer<'a>>, length: i32) -> i32 {
            zero(engine::options::setsockopt(&$dialect, Handle::from($s), level, option, value.into(), length))
        }

        /// Makes a socket non-blocking (FIONBIO), or asks what it could receive.
        pub fn $ioctl<'a>($s: i32, request: u32, argument: impl Into<PointerMut<'a>>) -> i32 {
            zero(engine::options::ioctl(&$dialect, Handle::from($s), request, argument.into()))
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

        /// The numbers of sockets are made so that they fit.
        fn handle_number(handle: Handle) -> i32 {
            i32::try_from(handle).unwrap_or(-1)
        }
    };
}

pub(crate) use posix_calls;
