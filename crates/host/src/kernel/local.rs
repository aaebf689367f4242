//! Paths of the local domain, as the kernel takes them.
//!
//! The kernel's address holds 107 octets of a path. A socket behind a longer one is opened as a place only, and then
//! `/proc/thread-self/fd/NUMBER` leads to it: a thread may have descriptors of its own. What the kernel would say of the path
//! it says of this opening then. A new one is made in its directory, as `/proc/thread-self/fd/NUMBER/NAME`, and under another
//! name first where this one does not fit either.
//!
//! Who hears from a socket with such a path is told that it has no name: what the kernel tells leads nowhere.

use std::os::fd::{AsRawFd as _, OwnedFd};

use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags};
use rustix::io::Errno;
use rustix::net::SocketAddrUnix;
use synsent_sockets::{Failure, LocalName, Name, Outcome};

use super::errors::Call;

/// The longest path that the kernel's address holds; unit: octets.
const ADDRESS_PATH_MAX: usize = 107;
/// The longest component of a path; unit: octets.
const COMPONENT_MAX: usize = 255;
/// The longest path of a file system; unit: octets.
const PATH_MAX: usize = 4_095;

/// How a path begins that leads through a descriptor of a thread.
const THROUGH_DESCRIPTOR: &[u8] = b"/proc/thread-self/fd/";

/// An address that leads to a path for as long as this lives.
pub(super) struct Reached {
    pub(super) address: SocketAddrUnix,
    /// The place that the address leads through.
    _place: Option<OwnedFd>,
}

/// The address of a path behind which there is a socket.
///
/// # Errors
/// When the path is blank or too long, or cannot be reached.
pub(super) fn reach(name: &Name) -> Result<Reached, Failure> {
    let path = checked(name)?;
    if path.len() <= ADDRESS_PATH_MAX {
        return Ok(Reached { address: address(path)?, _place: None });
    }
    let place = open_place(path)?;
    Ok(Reached { address: address(&through(&place, b""))?, _place: Some(place) })
}

/// Makes a socket stand behind a path.
///
/// # Errors
/// When the path is blank or too long, something is there, or its directory cannot be reached or changed.
pub(super) fn bind(socket: &OwnedFd, name: &Name) -> Result<(), Failure> {
    let path = checked(name)?;
    if path.len() <= ADDRESS_PATH_MAX {
        return bind_at(socket, path);
    }
    let last_from = path.iter().rposition(|octet| *octet == b'/').map_or(0, |slash| slash + 1);
    let (folder, last) = path.split_at(last_from);
    let place = open_place(if folder.is_empty() { b"." } else { folder })?;
    let short = through(&place, last);
    if short.len() <= ADDRESS_PATH_MAX {
        return bind_at(socket, &short);
    }
    // A socket is bound once, so what is there already is asked for before.
    if rustix::fs::statat(&place, last, AtFlags::SYMLINK_NOFOLLOW).is_ok() {
        return Err(Call::Bind.failure(Errno::ADDRINUSE));
    }
    let other = format!(".socket-{}-{}", rustix::process::getpid().as_raw_nonzero(), socket.as_raw_fd());
    bind_at(socket, &through(&place, other.as_bytes()))?;
    rustix::fs::renameat_with(&place, other.as_str(), &place, last, RenameFlags::NOREPLACE).map_err(|number| {
        // Nobody knows the other name.
        let _ = rustix::fs::unlinkat(&place, other.as_str(), AtFlags::empty());
        Call::Bind.failure(if number == Errno::EXIST { Errno::ADDRINUSE } else { number })
    })
}

fn bind_at(socket: &OwnedFd, path: &[u8]) -> Result<(), Failure> {
    rustix::net::bind(socket, &address(path)?).map_err(|number| Call::Bind.failure(number))
}

/// The path of a name, where a file system could have it.
fn checked(name: &Name) -> Result<&[u8], Failure> {
    let Name::Local(name) = name else { return Err(Outcome::DomainUnsupported.into()) };
    let path = name.path();
    if path.is_empty() {
        return Err(Outcome::PathMissing.into());
    }
    if path.len() > PATH_MAX || path.split(|octet| *octet == b'/').any(|component| component.len() > COMPONENT_MAX) {
        return Err(Outcome::PathTooLong.into());
    }
    Ok(path)
}

fn open_place(path: &[u8]) -> Result<OwnedFd, Failure> {
    let place = rustix::fs::open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty());
    place.map_err(|number| Call::Place.failure(number))
}

/// The path to a place that is open, or to what has a name in it.
fn through(place: &OwnedFd, name: &[u8]) -> Vec<u8> {
    let number = place.as_raw_fd().to_string();
    let mut path = [THROUGH_DESCRIPTOR, number.as_bytes()].concat();
    if !name.is_empty() {
        path.push(b'/');
        path.extend_from_slice(name);
    }
    path
}

/// The name that an address of the kernel stands for; none for one that led through a descriptor.
pub(super) fn name(address: &SocketAddrUnix) -> Name {
    let path = address.path_bytes().filter(|path| !path.starts_with(THROUGH_DESCRIPTOR));
    Name::Local(path.map_or_else(LocalName::default, LocalName::new))
}

fn address(path: &[u8]) -> Result<SocketAddrUnix, Failure> {
    SocketAddrUnix::new(path).map_err(|number| Call::Bind.failure(number))
}
