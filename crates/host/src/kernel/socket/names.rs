//! What a socket is called: its name as the kernel has it, and the port that the kernel forgets and the socket keeps.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::net::{SocketAddrAny, SocketAddrUnix};
use synsent_sockets::{Domain, Failure, Name, Outcome};

use super::{Inner, KernelSocket};
use crate::kernel::errors::Call;
use crate::kernel::{local, look, provider};

impl KernelSocket {
    /// Binds again what has lost its port with a failed opening or with its peer. A socket that still has it refuses, and
    /// that is as good.
    pub(super) fn bind_again(&self, descriptor: &OwnedFd, name: &Name) -> Result<(), Failure> {
        match name {
            Name::Local(_) => Ok(()),
            Name::Inet(address) => match rustix::net::bind(descriptor, address) {
                Ok(()) | Err(Errno::INVAL) => Ok(()),
                Err(number) => Err(Call::Bind.failure(number)),
            },
        }
    }

    /// The kernel forgets the port of an attempt that failed, where it chose it itself. The next one begins from there too, from
    /// whichever address leads to its peer; where somebody else has taken the port since, the socket has none.
    pub(super) fn keep_port(&self, inner: &mut Inner, descriptor: &OwnedFd) {
        if let (None, Some(Name::Inet(had))) = (&inner.bound, &inner.had)
            && had.port() != 0
            && self.bind_again(descriptor, &port_alone(self.domain, *had)).is_err()
        {
            inner.had = None;
        }
    }

    /// An attempt that never began takes no address away from the name that an earlier one left.
    pub(super) fn keep_name(inner: &mut Inner, earlier: Option<Name>) {
        if let (Some(Name::Inet(earlier)), Some(Name::Inet(had))) = (earlier, &mut inner.had)
            && had.ip().is_unspecified()
            && had.port() == earlier.port()
        {
            *had = earlier;
        }
    }

    /// The kernel keeps the port of an attempt that failed at once, and forgets the address that it had.
    pub(super) fn complete_name(&self, inner: &mut Inner, peer: &Name) {
        if let (Some(Name::Inet(had)), Name::Inet(peer)) = (&mut inner.had, peer)
            && had.ip().is_unspecified()
            && let Some(source) = look::source_towards(*peer)
        {
            had.set_ip(source);
        }
    }
}

/// Linux lets a socket have a broadcast address or a group for its own name; to every document that is no address of this
/// machine.
pub(super) fn bind_inet(descriptor: &OwnedFd, address: SocketAddr) -> Result<(), Failure> {
    if address.ip().is_multicast() || provider::is_broadcast_of_a_network(address.ip()) {
        return Err(Call::Bind.failure_as(Outcome::AddressNotLocal, Errno::ADDRNOTAVAIL));
    }
    rustix::net::bind(descriptor, &address).map_err(|number| match number {
        // No port was asked for, and none is left.
        Errno::ADDRINUSE if address.port() == 0 => Call::Bind.failure_as(Outcome::NoPorts, number),
        _ => Call::Bind.failure(number),
    })
}

pub(super) fn kernel_name(descriptor: &OwnedFd) -> Result<Name, Failure> {
    name_of(rustix::net::getsockname(descriptor).map_err(|number| Call::Name.failure(number))?)
}

pub(super) fn has_no_port(descriptor: &OwnedFd) -> bool {
    matches!(kernel_name(descriptor), Ok(Name::Inet(name)) if name.port() == 0)
}

pub(super) fn name_of(address: SocketAddrAny) -> Result<Name, Failure> {
    if let Ok(address) = SocketAddr::try_from(address.clone()) {
        return Ok(Name::Inet(address));
    }
    match SocketAddrUnix::try_from(address) {
        Ok(address) => Ok(local::name(&address)),
        Err(number) => Err(Call::Name.failure(number)),
    }
}

/// The port of a name, at every address: from the address that a peer had it for not every other peer is reached.
pub(super) fn port_alone(domain: Domain, had: SocketAddr) -> Name {
    match Name::unspecified(domain) {
        Name::Inet(any) => Name::Inet(SocketAddr::new(any.ip(), had.port())),
        local @ Name::Local(_) => local,
    }
}
