//! The calls that the system has for all descriptors: a socket's are ours, and a file's go to the C library as they are.
//!
//! Whether a number is a socket's is one look at memory. So a signal handler may write to a pipe, and a program that has no socket
//! yet pays nothing. A number that the library keeps for itself is no descriptor to the program, which may well close all that there are.

use std::ffi::{c_int, c_ulong, c_void};

use synsent_dialects::bs2000 as it;
use synsent_dialects::errno::{EBADF, EINVAL, EOPNOTSUPP};
use synsent_host::{is_own_descriptor, is_socket_number};

use crate::boundary::Foreign;
use crate::posix::{fail, length, reporting};

/// Whose a number is.
pub(super) enum Owner {
    /// A socket's.
    Socket,
    /// A file's, or nobody's.
    File,
    /// The library's own.
    Library,
}

pub(super) fn owner(descriptor: c_int) -> Owner {
    match is_socket_number(descriptor) {
        true => Owner::Socket,
        false if is_own_descriptor(descriptor) => Owner::Library,
        false => Owner::File,
    }
}

#[unsafe(export_name = "synsent_bs2000_read")]
extern "C" fn read(descriptor: c_int, buffer: *mut c_void, len: usize) -> isize {
    match owner(descriptor) {
        Owner::Socket => {}
        Owner::Library => return fail(EBADF) as isize,
        // SAFETY: the caller promises what its document asks of the buffer, and the kernel refuses what is not mapped.
        Owner::File => return unsafe { libc::read(descriptor, buffer, len) },
    }
    reporting(it::errno, || Ok(it::read(descriptor, Foreign::new(buffer).pointer_mut(), length(len)))) as isize
}

#[unsafe(export_name = "synsent_bs2000_write")]
extern "C" fn write(descriptor: c_int, buffer: *const c_void, len: usize) -> isize {
    match owner(descriptor) {
        Owner::Socket => {}
        Owner::Library => return fail(EBADF) as isize,
        // SAFETY: the caller promises what its document asks of the buffer, and the kernel refuses what is not mapped.
        Owner::File => return unsafe { libc::write(descriptor, buffer, len) },
    }
    reporting(it::errno, || Ok(it::write(descriptor, Foreign::new(buffer).pointer(), length(len)))) as isize
}

#[unsafe(export_name = "synsent_bs2000_close")]
extern "C" fn close(descriptor: c_int) -> c_int {
    match owner(descriptor) {
        Owner::Socket => {}
        Owner::Library => return fail(EBADF),
        // SAFETY: the number is none that this library has given to a socket, so it is the caller's to close.
        Owner::File => return unsafe { libc::close(descriptor) },
    }
    reporting(it::errno, || Ok(it::close(descriptor)))
}

/// The argument is that of a function with `...`, which the machines of this house pass as any other.
#[unsafe(export_name = "synsent_bs2000_fcntl")]
extern "C" fn fcntl(descriptor: c_int, command: c_int, argument: usize) -> c_int {
    // What is kept for each number alone, the mark of what goes with exec, is kept by the number's own descriptor.
    let is_of_number = matches!(command, libc::F_GETFD | libc::F_SETFD);
    match owner(descriptor) {
        Owner::Library => return fail(EBADF),
        Owner::Socket if !is_of_number => {}
        // SAFETY: the caller promises what the command asks of its argument.
        Owner::Socket | Owner::File => return unsafe { libc::fcntl(descriptor, command, argument) },
    }
    // An `int` is the lower half.
    reporting(it::errno, || Ok(it::fcntl(descriptor, command, argument as i32)))
}

#[unsafe(export_name = "synsent_bs2000_ioctl")]
extern "C" fn ioctl(descriptor: c_int, request: c_ulong, argument: *mut c_void) -> c_int {
    match owner(descriptor) {
        Owner::Socket => {}
        Owner::Library => return fail(EBADF),
        // SAFETY: the caller promises what the request asks of its argument.
        Owner::File => return unsafe { libc::ioctl(descriptor, request, argument) },
    }
    reporting(it::errno, || {
        // No request has more bits.
        let request = u32::try_from(request).map_err(|_| EINVAL)?;
        Ok(it::ioctl(descriptor, request, Foreign::new(argument).pointer_mut()))
    })
}

/// A socket has one number here.
#[unsafe(export_name = "synsent_bs2000_dup")]
extern "C" fn dup(descriptor: c_int) -> c_int {
    match owner(descriptor) {
        // SAFETY: it is a number, and a copy of a file.
        Owner::File => unsafe { libc::dup(descriptor) },
        Owner::Socket => fail(EOPNOTSUPP),
        Owner::Library => fail(EBADF),
    }
}

/// The same; and no number is taken from a socket by this either.
#[unsafe(export_name = "synsent_bs2000_dup2")]
extern "C" fn dup2(descriptor: c_int, wanted: c_int) -> c_int {
    match (owner(descriptor), owner(wanted)) {
        // What the library keeps for itself has the number already.
        (Owner::Library, _) | (_, Owner::Library) => fail(EBADF),
        // SAFETY: they are numbers, and the wanted one is none that this library has given to a socket or keeps for itself.
        (Owner::File, Owner::File) => unsafe { libc::dup2(descriptor, wanted) },
        _ if descriptor == wanted => wanted,
        _ => fail(EOPNOTSUPP),
    }
}
