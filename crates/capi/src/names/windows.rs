//! The calls about names that both versions of Windows Sockets have.

/// The entries of a dialect of Windows about names.
macro_rules! windows_name_entries {
    ($dialect:ident) => {
        use std::ffi::{c_char, c_void};
        use std::ptr::null_mut;

        use synsent_dialects::$dialect as it;

        use $crate::boundary::{Foreign, call};
        use $crate::names::layout::{self, Kind};
        use $crate::names::storage::{Slot, keep};

        /// What a call comes to whose panic was caught.
        fn nothing() -> *mut c_void {
            it::WSASetLastError(it::WSANO_RECOVERY);
            null_mut()
        }

        fn host(found: Option<synsent_sockets::names::HostEntry>) -> *mut c_void {
            // Version 1.1 has one family; its structure is asked for another one by nobody.
            const FAMILIES: [i32; 2] = [it::AF_INET, synsent_dialects::winsock2::AF_INET6];
            found.map_or(null_mut(), |entry| keep(Slot::Host, layout::hostent(&entry, Kind::Windows, FAMILIES)))
        }

        fn service(found: Option<synsent_sockets::names::Service>) -> *mut c_void {
            found.map_or(null_mut(), |service| keep(Slot::Service, layout::servent(&service, Kind::Windows)))
        }

        fn protocol(found: Option<synsent_sockets::names::Protocol>) -> *mut c_void {
            found.map_or(null_mut(), |protocol| keep(Slot::Protocol, layout::protoent(&protocol, Kind::Windows)))
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_gethostbyname"))]
        extern "C" fn gethostbyname(name: *const c_char) -> *mut c_void {
            call(nothing, || host(it::gethostbyname(Foreign::new(name).pointer())))
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_gethostbyaddr"))]
        extern "C" fn gethostbyaddr(address: *const c_char, len: i32, family: i32) -> *mut c_void {
            call(nothing, || host(it::gethostbyaddr(Foreign::new(address).pointer(), len, family)))
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_gethostname"))]
        extern "C" fn gethostname(name: *mut c_char, namelen: i32) -> i32 {
            let failed = || {
                nothing();
                it::SOCKET_ERROR
            };
            call(failed, || it::gethostname(Foreign::new(name).pointer_mut(), namelen))
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_getservbyname"))]
        extern "C" fn getservbyname(name: *const c_char, of: *const c_char) -> *mut c_void {
            let (name, of) = (Foreign::new(name), Foreign::new(of));
            call(nothing, || service(it::getservbyname(name.pointer(), of.pointer())))
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_getservbyport"))]
        extern "C" fn getservbyport(port: i32, of: *const c_char) -> *mut c_void {
            call(nothing, || service(it::getservbyport(port, Foreign::new(of).pointer())))
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_getprotobyname"))]
        extern "C" fn getprotobyname(name: *const c_char) -> *mut c_void {
            call(nothing, || protocol(it::getprotobyname(Foreign::new(name).pointer())))
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_getprotobynumber"))]
        extern "C" fn getprotobynumber(number: i32) -> *mut c_void {
            call(nothing, || protocol(it::getprotobynumber(number)))
        }
    };
}

/// Those of Windows Sockets 1.1.
mod winsock1 {
    windows_name_entries!(winsock1);
}

/// Those of Windows Sockets 2.
mod winsock2 {
    windows_name_entries!(winsock2);
}
