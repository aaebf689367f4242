//! Paths of the local domain, as the kernel takes them.
//!
//! The kernel's address holds 107 octets of a path. A socket behind a longer one is opened as a place only, and then
//! `/proc/thread-self/fd/NUMBER` leads to it; a new one is made in its directory, as
//! `/proc/thread-self/fd/NUMBER/NAME`: a thread may have descriptors of its own. What the kernel would say of the path it says
//! of this opening then.

use std::os::fd::{AsRawFd as _, OwnedFd};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::net::SocketAddrUnix;
use synsent_sockets::{Failure, LocalName, Name, Outcome};

/// The longest path that the kernel's address holds; unit: octets.
const ADDRESS_PATH_MAX: usize = 107;
/// The longest component of a path; unit: octets.
const COMPONENT_MAX: usize = 255;
/// The longest path of a file system; unit: octets.
const PATH_MAX: usize = 4_095;

/// What a path is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Purpose {
    /// A new socket is to stand there.
    Bind,
    /// There is one.
    Reach,
}

/// An address that leads to a path for as long as this lives.
pub(super) struct Reached {
    pub(super) address: SocketAddrUnix,
    /// The place that the address leads through.
    _place: Option<OwnedFd>,
}

/// The address of a path.
///
/// # Errors
/// When the path is blank or too long, or cannot be reached.
pub(super) fn reach(name: &Name, purpose: Purpose) -> Result<Reached, Failure> {
    let Name::Local(name) = name else { return Err(Outcome::DomainUnsupported.into()) };
    let path = name.path();
    if path.is_empty() {
        return Err(Outcome::PathMissing.into());
    }
    if path.len() > PATH_MAX || path.split(|octet| *octet == b'/').any(|component| component.len() > COMPONENT_MAX) {
        return Err(Outcome::PathTooLong.into());
    }
    if path.len() <= ADDRESS_PATH_MAX {
        return Ok(Reached { address: address(path)?, _place: None });
    }
    let name_from = match purpose {
        Purpose::Bind => path.iter().rposition(|octet| *octet == b'/').ok_or(Outcome::PathTooLong)? + 1,
        Purpose::Reach => path.len(),
    };
    let place = rustix::fs::open(&path[..name_from], OFlags::PATH | OFlags::CLOEXEC, Mode::empty());
    let place = place.map_err(|number| failure(number, "open"))?;
    let mut short = format!("/proc/thread-self/fd/{}", place.as_raw_fd()).into_bytes();
    if name_from < path.len() {
        short.push(b'/');
        short.extend_from_slice(&path[name_from..]);
    }
    if short.len() > ADDRESS_PATH_MAX {
        return Err(Failure::said(
            Outcome::PathTooLong,
            "the last component is longer than the kernel's address holds",
        ));
    }
    Ok(Reached { address: address(&short)?, _place: Some(place) })
}

/// The name that an address of the kernel stands for.
pub(super) fn name(address: &SocketAddrUnix) -> Name {
    Name::Local(address.path_bytes().map_or_else(LocalName::default, LocalName::new))
}

fn address(path: &[u8]) -> Result<SocketAddrUnix, Failure> {
    SocketAddrUnix::new(path).map_err(|number| failure(number, "bind"))
}

fn failure(number: Errno, call: &'static str) -> Failure {
    let outcome = match number {
        Errno::NOENT => Outcome::PathMissing,
        Errno::NOTDIR => Outcome::NotDirectory,
        Errno::ACCESS => Outcome::PermissionDenied,
        Errno::LOOP => Outcome::PathLoop,
        Errno::NAMETOOLONG => Outcome::PathTooLong,
        Errno::MFILE | Errno::NFILE => Outcome::NoDescriptors,
        _ => Outcome::Other,
    };
    Failure::kernel(outcome, call, number.raw_os_error())
}
