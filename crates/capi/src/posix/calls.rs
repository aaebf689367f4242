//! The calls that both dialects have, made once for each by [`posix_entries`].

/// The entries of a dialect of BSD or POSIX. The type is what its `send` and its like answer with.
macro_rules! posix_entries {
    ($dialect:ident, $count:ty) => {
        use std::ffi::c_void;

        use synsent_dialects::$dialect as it;

        use $crate::boundary::Foreign;
        use $crate::posix::{length, reporting};

        /// Runs a call of this dialect.
        fn answer(body: impl FnOnce() -> i32) -> i32 {
            reporting(it::errno, || Ok(body()))
        }

        /// A length of a name; what no `int` holds is none.
        fn name_length(length: u32) -> i32 {
            i32::try_from(length).unwrap_or(-1)
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_socket"))]
        extern "C" fn socket(family: i32, kind: i32, protocol: i32) -> i32 {
            answer(|| it::socket(family, kind, protocol))
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_bind"))]
        extern "C" fn bind(s: i32, name: *const c_void, namelen: u32) -> i32 {
            answer(|| it::bind(s, Foreign::new(name).pointer(), name_length(namelen)))
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_connect"))]
        extern "C" fn connect(s: i32, name: *const c_void, namelen: u32) -> i32 {
            answer(|| it::connect(s, Foreign::new(name).pointer(), name_length(namelen)))
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_listen"))]
        extern "C" fn listen(s: i32, backlog: i32) -> i32 {
            answer(|| it::listen(s, backlog))
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_accept"))]
        extern "C" fn accept(s: i32, name: *mut c_void, namelen: *mut u32) -> i32 {
            let (name, namelen) = (Foreign::new(name), Foreign::new(namelen));
            answer(|| it::accept(s, name.pointer_mut(), namelen.pointer_mut()))
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_send"))]
        extern "C" fn send(s: i32, buffer: *const c_void, len: usize, flags: i32) -> $count {
            answer(|| it::send(s, Foreign::new(buffer).pointer(), length(len), flags)) as $count
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_sendto"))]
        extern "C" fn sendto(
            s: i32,
            buffer: *const c_void,
            len: usize,
            flags: i32,
            to: *const c_void,
            tolen: u32,
        ) -> $count {
            let (buffer, to) = (Foreign::new(buffer), Foreign::new(to));
            answer(|| it::sendto(s, buffer.pointer(), length(len), flags, to.pointer(), name_length(tolen))) as $count
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_recv"))]
        extern "C" fn recv(s: i32, buffer: *mut c_void, len: usize, flags: i32) -> $count {
            answer(|| it::recv(s, Foreign::new(buffer).pointer_mut(), length(len), flags)) as $count
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_recvfrom"))]
        extern "C" fn recvfrom(
            s: i32,
            buffer: *mut c_void,
            len: usize,
            flags: i32,
            from: *mut c_void,
            fromlen: *mut u32,
        ) -> $count {
            let (buffer, from, fromlen) = (Foreign::new(buffer), Foreign::new(from), Foreign::new(fromlen));
            answer(|| {
                it::recvfrom(s, buffer.pointer_mut(), length(len), flags, from.pointer_mut(), fromlen.pointer_mut())
            }) as $count
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_shutdown"))]
        extern "C" fn shutdown(s: i32, how: i32) -> i32 {
            answer(|| it::shutdown(s, how))
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_getsockname"))]
        extern "C" fn getsockname(s: i32, name: *mut c_void, namelen: *mut u32) -> i32 {
            let (name, namelen) = (Foreign::new(name), Foreign::new(namelen));
            answer(|| it::getsockname(s, name.pointer_mut(), namelen.pointer_mut()))
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_getpeername"))]
        extern "C" fn getpeername(s: i32, name: *mut c_void, namelen: *mut u32) -> i32 {
            let (name, namelen) = (Foreign::new(name), Foreign::new(namelen));
            answer(|| it::getpeername(s, name.pointer_mut(), namelen.pointer_mut()))
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_getsockopt"))]
        extern "C" fn getsockopt(s: i32, level: i32, option: i32, value: *mut c_void, len: *mut u32) -> i32 {
            let (value, len) = (Foreign::new(value), Foreign::new(len));
            answer(|| it::getsockopt(s, level, option, value.pointer_mut(), len.pointer_mut()))
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_setsockopt"))]
        extern "C" fn setsockopt(s: i32, level: i32, option: i32, value: *const c_void, len: u32) -> i32 {
            answer(|| it::setsockopt(s, level, option, Foreign::new(value).pointer(), name_length(len)))
        }
    };
}

pub(crate) use posix_entries;
