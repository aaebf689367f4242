//! The calls that both versions have, made once for each by [`windows_entries`].

/// The entries of a dialect of Windows, as a module of that name.
macro_rules! windows_entries {
    ($dialect:ident) => {
        use std::ffi::c_void;

        use synsent_dialects::$dialect::{self as it, INVALID_SOCKET, SOCKET, SOCKET_ERROR, WSAEFAULT};

        use $crate::boundary::{Foreign, call};
        use $crate::windows::layout::{self, BadSet};

        /// What a call comes to whose panic was caught.
        fn failed() -> i32 {
            it::WSASetLastError(it::WSAENOBUFS);
            SOCKET_ERROR
        }

        fn bad_pointer() -> i32 {
            it::WSASetLastError(WSAEFAULT);
            SOCKET_ERROR
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_WSAStartup"))]
        extern "C" fn wsa_startup(version: u16, data: *mut c_void) -> i32 {
            call(failed, || {
                let room = Foreign::new(data);
                let mut told = it::WSADATA::default();
                // What cannot be written to is found out before anything is started.
                let is_there = !room.is_null() && room.write(0, &[0; layout::WSADATA_OCTETS]);
                let code = it::WSAStartup(version, is_there.then_some(&mut told));
                if code == 0 {
                    room.write(0, &layout::wsadata(&told));
                }
                code
            })
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_WSACleanup"))]
        extern "C" fn wsa_cleanup() -> i32 {
            call(failed, it::WSACleanup)
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_WSAGetLastError"))]
        extern "C" fn wsa_get_last_error() -> i32 {
            it::WSAGetLastError()
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_WSASetLastError"))]
        extern "C" fn wsa_set_last_error(error: i32) {
            it::WSASetLastError(error);
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_socket"))]
        extern "C" fn socket(family: i32, kind: i32, protocol: i32) -> SOCKET {
            let failed = || {
                failed();
                INVALID_SOCKET
            };
            call(failed, || it::socket(family, kind, protocol))
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_bind"))]
        extern "C" fn bind(s: SOCKET, name: *const c_void, namelen: i32) -> i32 {
            call(failed, || it::bind(s, Foreign::new(name).pointer(), namelen))
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_connect"))]
        extern "C" fn connect(s: SOCKET, name: *const c_void, namelen: i32) -> i32 {
            call(failed, || it::connect(s, Foreign::new(name).pointer(), namelen))
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_listen"))]
        extern "C" fn listen(s: SOCKET, backlog: i32) -> i32 {
            call(failed, || it::listen(s, backlog))
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_accept"))]
        extern "C" fn accept(s: SOCKET, name: *mut c_void, namelen: *mut i32) -> SOCKET {
            let failed = || {
                failed();
                INVALID_SOCKET
            };
            let (name, namelen) = (Foreign::new(name), Foreign::new(namelen));
            call(failed, || it::accept(s, name.pointer_mut(), namelen.pointer_mut()))
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_send"))]
        extern "C" fn send(s: SOCKET, buffer: *const c_void, len: i32, flags: i32) -> i32 {
            call(failed, || it::send(s, Foreign::new(buffer).pointer(), len, flags))
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_sendto"))]
        extern "C" fn sendto(
            s: SOCKET,
            buffer: *const c_void,
            len: i32,
            flags: i32,
            to: *const c_void,
            tolen: i32,
        ) -> i32 {
            let (buffer, to) = (Foreign::new(buffer), Foreign::new(to));
            call(failed, || it::sendto(s, buffer.pointer(), len, flags, to.pointer(), tolen))
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_recv"))]
        extern "C" fn recv(s: SOCKET, buffer: *mut c_void, len: i32, flags: i32) -> i32 {
            call(failed, || it::recv(s, Foreign::new(buffer).pointer_mut(), len, flags))
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_recvfrom"))]
        extern "C" fn recvfrom(
            s: SOCKET,
            buffer: *mut c_void,
            len: i32,
            flags: i32,
            from: *mut c_void,
            fromlen: *mut i32,
        ) -> i32 {
            let (buffer, from, fromlen) = (Foreign::new(buffer), Foreign::new(from), Foreign::new(fromlen));
            call(failed, || {
                it::recvfrom(s, buffer.pointer_mut(), len, flags, from.pointer_mut(), fromlen.pointer_mut())
            })
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_select"))]
        extern "C" fn select(
            _nfds: i32,
            read: *mut c_void,
            write: *mut c_void,
            except: *mut c_void,
            timeout: *const c_void,
        ) -> i32 {
            call(failed, || {
                let sets = [read, write, except].map(|set| Foreign::new(set));
                let timeout = Foreign::new(timeout);
                let limit = timeout.read(0).map(layout::time_value);
                if limit.is_none() && !timeout.is_null() {
                    return bad_pointer();
                }
                let mut lists = [const { None }; 3];
                for (list, set) in lists.iter_mut().zip(sets) {
                    *list = match layout::read_set(set) {
                        Ok(sockets) => sockets,
                        Err(BadSet::NotThere) => return bad_pointer(),
                        Err(BadSet::TooMany) => {
                            it::WSASetLastError(it::WSAEINVAL);
                            return SOCKET_ERROR;
                        }
                    };
                }
                let count = it::select_sockets(lists.each_mut().map(Option::as_mut), limit.as_ref());
                if count == SOCKET_ERROR {
                    return count;
                }
                let written = sets.iter().zip(&lists).all(|(set, list)| match list {
                    Some(list) => layout::write_set(*set, list),
                    None => true,
                });
                if written { count } else { bad_pointer() }
            })
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_shutdown"))]
        extern "C" fn shutdown(s: SOCKET, how: i32) -> i32 {
            call(failed, || it::shutdown(s, how))
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_closesocket"))]
        extern "C" fn closesocket(s: SOCKET) -> i32 {
            call(failed, || it::closesocket(s))
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_getsockname"))]
        extern "C" fn getsockname(s: SOCKET, name: *mut c_void, namelen: *mut i32) -> i32 {
            let (name, namelen) = (Foreign::new(name), Foreign::new(namelen));
            call(failed, || it::getsockname(s, name.pointer_mut(), namelen.pointer_mut()))
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_getpeername"))]
        extern "C" fn getpeername(s: SOCKET, name: *mut c_void, namelen: *mut i32) -> i32 {
            let (name, namelen) = (Foreign::new(name), Foreign::new(namelen));
            call(failed, || it::getpeername(s, name.pointer_mut(), namelen.pointer_mut()))
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_getsockopt"))]
        extern "C" fn getsockopt(s: SOCKET, level: i32, option: i32, value: *mut c_void, len: *mut i32) -> i32 {
            let (value, len) = (Foreign::new(value), Foreign::new(len));
            call(failed, || it::getsockopt(s, level, option, value.pointer_mut(), len.pointer_mut()))
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_setsockopt"))]
        extern "C" fn setsockopt(s: SOCKET, level: i32, option: i32, value: *const c_void, len: i32) -> i32 {
            call(failed, || it::setsockopt(s, level, option, Foreign::new(value).pointer(), len))
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_ioctlsocket"))]
        extern "C" fn ioctlsocket(s: SOCKET, command: i32, argument: *mut u32) -> i32 {
            // The document's `long` has 32 bits; its pattern is that of the request.
            call(failed, || it::ioctlsocket(s, command as u32, Foreign::new(argument).pointer_mut()))
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "___WSAFDIsSet"))]
        extern "C" fn is_in_set(s: SOCKET, set: *const c_void) -> i32 {
            call(
                || 0,
                || match layout::read_set(Foreign::new(set)) {
                    Ok(Some(sockets)) => i32::from(sockets.contains(&s)),
                    Ok(None) | Err(_) => 0,
                },
            )
        }
    };
}

pub(crate) use windows_entries;
