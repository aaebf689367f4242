//! The calls about names of TargetTCP and SOCKETS(POSIX). Their structures are those of the host's `<netdb.h>`, and what became of a name
//! is told in the C library's `h_errno`.

use std::ffi::c_int;

unsafe extern "C" {
    fn __h_errno_location() -> *mut c_int;
}

/// Sets the C library's `h_errno` of this thread.
fn set_h_errno(number: i32) {
    // SAFETY: the C library's pointer to the number of the calling thread is valid as long as the thread runs.
    unsafe { *__h_errno_location() = number }
}

/// The entries of a dialect of BSD or POSIX about names.
macro_rules! posix_name_entries {
    ($dialect:ident) => {
        use std::ffi::{c_char, c_void};
        use std::ptr::null_mut;

        use synsent_dialects::$dialect as it;

        use $crate::boundary::{Foreign, call};
        use $crate::names::layout::{self, Kind};
        use $crate::names::storage::{Slot, keep};
        use $crate::posix::{errno, reporting, set_errno};

        const FAMILIES: [i32; 2] = [it::AF_INET, it::AF_INET6];

        /// Runs a call that finds something; without it the numbers tell why.
        fn find(body: impl FnOnce() -> *mut c_void) -> *mut c_void {
            let before = errno();
            let found = call(null_mut, body);
            set_errno(before);
            if found.is_null() {
                super::set_h_errno(it::h_errno());
                // What is no matter of the name is told as the error.
                if it::h_errno() == synsent_dialects::bs2000::NETDB_INTERNAL {
                    set_errno(it::errno());
                }
            }
            found
        }

        /// Runs a call that leaves the system's error as it is, whatever comes of it.
        fn quietly<T>(failed: impl FnOnce() -> T, body: impl FnOnce() -> T) -> T {
            let before = errno();
            let made = call(failed, body);
            set_errno(before);
            made
        }

        fn host(found: Option<synsent_sockets::names::HostEntry>) -> *mut c_void {
            found.map_or(null_mut(), |entry| keep(Slot::Host, layout::hostent(&entry, Kind::Host, FAMILIES)))
        }

        fn service(found: Option<synsent_sockets::names::Service>) -> *mut c_void {
            found.map_or(null_mut(), |service| keep(Slot::Service, layout::servent(&service, Kind::Host)))
        }

        fn protocol(found: Option<synsent_sockets::names::Protocol>) -> *mut c_void {
            found.map_or(null_mut(), |protocol| keep(Slot::Protocol, layout::protoent(&protocol, Kind::Host)))
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_gethostbyname"))]
        extern "C" fn gethostbyname(name: *const c_char) -> *mut c_void {
            find(|| host(it::gethostbyname(Foreign::new(name).pointer())))
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_gethostbyaddr"))]
        extern "C" fn gethostbyaddr(address: *const c_void, len: u32, family: i32) -> *mut c_void {
            let len = i32::try_from(len).unwrap_or(-1);
            find(|| host(it::gethostbyaddr(Foreign::new(address).pointer(), len, family)))
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_gethostname"))]
        extern "C" fn gethostname(name: *mut c_char, namelen: usize) -> i32 {
            reporting(it::errno, || Ok(it::gethostname(Foreign::new(name).pointer_mut(), namelen)))
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_getservbyname"))]
        extern "C" fn getservbyname(name: *const c_char, of: *const c_char) -> *mut c_void {
            let (name, of) = (Foreign::new(name), Foreign::new(of));
            quietly(null_mut, || service(it::getservbyname(name.pointer(), of.pointer())))
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_getservbyport"))]
        extern "C" fn getservbyport(port: i32, of: *const c_char) -> *mut c_void {
            quietly(null_mut, || service(it::getservbyport(port, Foreign::new(of).pointer())))
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_getprotobyname"))]
        extern "C" fn getprotobyname(name: *const c_char) -> *mut c_void {
            quietly(null_mut, || protocol(it::getprotobyname(Foreign::new(name).pointer())))
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_getprotobynumber"))]
        extern "C" fn getprotobynumber(number: i32) -> *mut c_void {
            quietly(null_mut, || protocol(it::getprotobynumber(number)))
        }
    };
}

/// Those of TargetTCP.
mod targettcp {
    posix_name_entries!(targettcp);
}

/// Those of SOCKETS(POSIX), with what RFC 2553 has.
mod bs2000 {
    use synsent_dialects::Unit;
    use synsent_sockets::names::HostEntry;

    use crate::names::block::Block;
    use crate::names::storage::{give, take_back};

    posix_name_entries!(bs2000);

    /// Runs a call that answers with a code, and leaves the system's error where the code says so.
    fn code(body: impl FnOnce() -> i32) -> i32 {
        let before = errno();
        let code = call(|| it::EAI_FAIL, body);
        set_errno(if code == it::EAI_SYSTEM { it::errno() } else { before });
        code
    }

    #[unsafe(export_name = "synsent_bs2000_getaddrinfo")]
    extern "C" fn getaddrinfo(
        node: *const c_char,
        service: *const c_char,
        hints: *const c_void,
        result: *mut *mut c_void,
    ) -> i32 {
        let [node, service] = [node, service].map(Foreign::new);
        let result = Foreign::new(result);
        code(|| {
            let (true, Ok(hints)) = (result.write(0, &0_usize.to_ne_bytes()), layout::hints(Foreign::new(hints)))
            else {
                return it::EAI_FAIL;
            };
            match it::getaddrinfo(node.pointer(), service.pointer(), hints.as_ref()) {
                Err(code) => code,
                Ok(rows) => {
                    let list = give(layout::addrinfo(&rows, Kind::Host, Unit::Narrow));
                    result.write(0, &list.to_ne_bytes());
                    0
                }
            }
        })
    }

    #[unsafe(export_name = "synsent_bs2000_freeaddrinfo")]
    extern "C" fn freeaddrinfo(list: *mut c_void) {
        quietly(|| (), || take_back(list.expose_provenance()));
    }

    #[unsafe(export_name = "synsent_bs2000_getnameinfo")]
    extern "C" fn getnameinfo(
        name: *const c_void,
        namelen: u32,
        host: *mut c_char,
        hostlen: u32,
        service: *mut c_char,
        servicelen: u32,
        flags: i32,
    ) -> i32 {
        let (name, host, service) = (Foreign::new(name), Foreign::new(host), Foreign::new(service));
        let namelen = i32::try_from(namelen).unwrap_or(-1);
        code(|| {
            let host = (host.pointer_mut(), hostlen as usize);
            it::getnameinfo(name.pointer(), namelen, host, (service.pointer_mut(), servicelen as usize), flags)
        })
    }

    #[unsafe(export_name = "synsent_bs2000_gai_strerror")]
    extern "C" fn gai_strerror(code: i32) -> *mut c_void {
        quietly(null_mut, || {
            let mut block = Block::default();
            block.text(it::gai_strerror(code));
            keep(Slot::Text, block)
        })
    }

    /// A host that is the program's until it gives it back; else the number of why not.
    fn given(found: Result<HostEntry, i32>, error: Foreign) -> *mut c_void {
        match found {
            Ok(entry) => std::ptr::with_exposed_provenance_mut(give(layout::hostent(&entry, Kind::Host, FAMILIES))),
            Err(number) => {
                error.write(0, &number.to_ne_bytes());
                null_mut()
            }
        }
    }

    #[unsafe(export_name = "synsent_bs2000_getipnodebyname")]
    extern "C" fn getipnodebyname(name: *const c_char, family: i32, flags: i32, error: *mut i32) -> *mut c_void {
        let (name, error) = (Foreign::new(name), Foreign::new(error));
        quietly(null_mut, || given(it::getipnodebyname(name.pointer(), family, flags), error))
    }

    #[unsafe(export_name = "synsent_bs2000_getipnodebyaddr")]
    extern "C" fn getipnodebyaddr(address: *const c_void, len: usize, family: i32, error: *mut i32) -> *mut c_void {
        let (address, error) = (Foreign::new(address), Foreign::new(error));
        let len = i32::try_from(len).unwrap_or(-1);
        quietly(null_mut, || given(it::getipnodebyaddr(address.pointer(), len, family), error))
    }

    #[unsafe(export_name = "synsent_bs2000_freehostent")]
    extern "C" fn freehostent(host: *mut c_void) {
        quietly(|| (), || take_back(host.expose_provenance()));
    }
}
