//! The tables of the two dialects that are made after BSD.

/// The table of a dialect made after BSD: what starts it, what closes a socket and what its ioctl is called differ.
macro_rules! posix_api {
    ($dialect:ident, $description:ident, start: $start:expr, close: $close:ident, ioctl: $ioctl:ident, $families:expr) => {{
        use synsent_dialects::Handle;
        use synsent_dialects::$dialect::{self as it, FdSet, TimeVal};
        use synsent_sockets::{Pointer, PointerMut};
        use synsent_stack::Duration;

        use $crate::api::Api;

        /// A handle that does not fit into an int is none.
        fn number(handle: Handle) -> i32 {
            i32::try_from(handle).unwrap_or(-1)
        }

        fn set(handles: &[Handle]) -> FdSet {
            let mut set = FdSet::new();
            for handle in handles {
                set.set(number(*handle));
            }
            set
        }

        fn handles(set: &FdSet) -> Vec<Handle> {
            set.handles().iter().map(|handle| Handle::from(*handle)).collect()
        }

        fn select(sets: &mut [Vec<Handle>; 3], at_most: Option<Duration>) -> i32 {
            let time = at_most.map(|at_most| TimeVal {
                tv_sec: at_most.as_secs() as i64,
                tv_usec: i64::from(at_most.subsec_micros()),
            });
            let [mut read, mut write, mut except] = [set(&sets[0]), set(&sets[1]), set(&sets[2])];
            let count = it::select(i32::MAX, Some(&mut read), Some(&mut write), Some(&mut except), time.as_ref());
            *sets = [handles(&read), handles(&write), handles(&except)];
            count
        }

        fn set_option(s: Handle, option: i32, value: i32) -> i32 {
            it::setsockopt(number(s), it::SOL_SOCKET, option, &value, 4)
        }

        fn socket_error(s: Handle) -> i32 {
            let (mut value, mut len) = (0, 4);
            let told = it::getsockopt(number(s), it::SOL_SOCKET, it::SO_ERROR, &mut value, &mut len);
            if told == 0 { value } else { told }
        }

        const API: Api = Api {
            dialect: &it::$description,
            start: $start,
            start_as: |_| if ($start)() { Ok(0) } else { Err(it::errno()) },
            end: || 0,
            last_error: it::errno,
            socket: |family, kind, protocol| Handle::from(it::socket(family, kind, protocol)),
            bind: |s, name, len| it::bind(number(s), name, len),
            connect: |s, name, len| it::connect(number(s), name, len),
            listen: |s, backlog| it::listen(number(s), backlog),
            accept: |s| Handle::from(it::accept(number(s), PointerMut::Null, PointerMut::Null)),
            send: |s, octets| it::send(number(s), octets, octets.len() as i32, 0),
            sendto: |s, octets, name, len| {
                it::sendto(number(s), Pointer::Octets(octets), octets.len() as i32, 0, name, len)
            },
            recv: |s, octets| {
                let len = octets.len() as i32;
                it::recv(number(s), octets, len, 0)
            },
            recvfrom: |s, octets| {
                let len = octets.len() as i32;
                it::recvfrom(number(s), octets, len, 0, PointerMut::Null, PointerMut::Null)
            },
            select,
            shutdown: |s, how| it::shutdown(number(s), how),
            close: |s| it::$close(number(s)),
            getsockname: |s, name, len| it::getsockname(number(s), name, len),
            getpeername: |s, name, len| it::getpeername(number(s), name, len),
            set_nonblocking: |s, on| it::$ioctl(number(s), it::FIONBIO, &mut i32::from(on)),
            set_broadcast: |s, on| set_option(s, it::SO_BROADCAST, i32::from(on)),
            set_reuse: |s, on| set_option(s, it::SO_REUSEADDR, i32::from(on)),
            socket_error,
            families: $families,
        };
        API
    }};
}

pub(crate) use posix_api;
