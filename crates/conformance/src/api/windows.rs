//! The tables of the two dialects of Windows: the same functions with other numbers.

/// The table of a dialect of Windows, which is started with this version (minor in the high octet, major in the low one).
macro_rules! windows_api {
    ($dialect:ident, $description:ident, $version:literal, $families:expr) => {{
        use synsent_dialects::Handle;
        use synsent_dialects::$dialect::{self as it, FdSet, SOCKET, TimeVal};
        use synsent_sockets::{Pointer, PointerMut};
        use synsent_stack::Duration;

        use $crate::api::Api;

        fn set(handles: &[Handle]) -> FdSet {
            let mut set = FdSet::default();
            handles.iter().for_each(|handle| it::FD_SET(*handle as SOCKET, &mut set));
            set
        }

        fn handles(set: &FdSet) -> Vec<Handle> {
            set.sockets().iter().map(|socket| *socket as Handle).collect()
        }

        fn select(sets: &mut [Vec<Handle>; 3], at_most: Option<Duration>) -> i32 {
            let time = at_most.map(|at_most| TimeVal {
                tv_sec: i32::try_from(at_most.as_secs()).unwrap_or(i32::MAX),
                tv_usec: at_most.subsec_micros() as i32,
            });
            let [mut read, mut write, mut except] = [set(&sets[0]), set(&sets[1]), set(&sets[2])];
            let given = |set, handles: &[Handle]| (!handles.is_empty()).then_some(set);
            let count = it::select(
                0,
                given(&mut read, &sets[0]),
                given(&mut write, &sets[1]),
                given(&mut except, &sets[2]),
                time.as_ref(),
            );
            *sets = [handles(&read), handles(&write), handles(&except)];
            count
        }

        fn set_option(s: Handle, option: i32, value: i32) -> i32 {
            it::setsockopt(s as SOCKET, it::SOL_SOCKET, option, &value, 4)
        }

        fn socket_error(s: Handle) -> i32 {
            let (mut value, mut len) = (0, 4);
            let told = it::getsockopt(s as SOCKET, it::SOL_SOCKET, it::SO_ERROR, &mut value, &mut len);
            if told == 0 { value } else { told }
        }

        fn set_nonblocking(s: Handle, on: bool) -> i32 {
            it::ioctlsocket(s as SOCKET, it::FIONBIO, &mut u32::from(on))
        }

        fn start_as(version: u16) -> Result<u16, i32> {
            let mut data = it::WSADATA::default();
            match it::WSAStartup(version, Some(&mut data)) {
                0 => Ok(data.iMaxSockets),
                error => Err(error),
            }
        }

        const API: Api = Api {
            dialect: &it::$description,
            start: || start_as($version).is_ok(),
            start_as,
            end: it::WSACleanup,
            last_error: it::WSAGetLastError,
            socket: |family, kind, protocol| it::socket(family, kind, protocol) as Handle,
            bind: |s, name, len| it::bind(s as SOCKET, name, len),
            connect: |s, name, len| it::connect(s as SOCKET, name, len),
            listen: |s, backlog| it::listen(s as SOCKET, backlog),
            accept: |s| it::accept(s as SOCKET, PointerMut::Null, PointerMut::Null) as Handle,
            send: |s, octets| it::send(s as SOCKET, octets, octets.len() as i32, 0),
            sendto: |s, octets, name, len| {
                it::sendto(s as SOCKET, Pointer::Octets(octets), octets.len() as i32, 0, name, len)
            },
            recv: |s, octets| {
                let len = octets.len() as i32;
                it::recv(s as SOCKET, octets, len, 0)
            },
            recvfrom: |s, octets| {
                let len = octets.len() as i32;
                it::recvfrom(s as SOCKET, octets, len, 0, PointerMut::Null, PointerMut::Null)
            },
            select,
            shutdown: |s, how| it::shutdown(s as SOCKET, how),
            close: |s| it::closesocket(s as SOCKET),
            getsockname: |s, name, len| it::getsockname(s as SOCKET, name, len),
            getpeername: |s, name, len| it::getpeername(s as SOCKET, name, len),
            set_nonblocking,
            set_broadcast: |s, on| set_option(s, it::SO_BROADCAST, i32::from(on)),
            set_reuse: |s, on| set_option(s, it::SO_REUSEADDR, i32::from(on)),
            socket_error,
            families: $families,
        };
        API
    }};
}

pub(crate) use windows_api;
