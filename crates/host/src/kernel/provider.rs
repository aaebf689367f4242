//! Opening the kernel's sockets, and what an address stands for on its networks.

use std::net::{IpAddr, Ipv4Addr, SocketAddrV4};
use std::sync::Arc;

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType};
use synsent_sockets::{Cast, Domain, Failure, Kind, Provider, Settings, Transport};

use super::errors::Call;
use super::settings;
use super::socket::KernelSocket;
use crate::clock::Clock;
use crate::waiters::Waiters;

/// How every socket is made: it never blocks, and no program that is started inherits it.
pub(super) const FLAGS: SocketFlags = SocketFlags::NONBLOCK.union(SocketFlags::CLOEXEC);

/// The sockets of the kernel.
pub(crate) struct KernelProvider {
    clock: Clock,
    waiters: Arc<Waiters>,
}

impl KernelProvider {
    pub(crate) fn new(clock: Clock, waiters: Arc<Waiters>) -> KernelProvider {
        KernelProvider { clock, waiters }
    }
}

impl Provider for KernelProvider {
    fn open(&self, domain: Domain, kind: Kind, settings: &Settings) -> Result<Arc<dyn Transport>, Failure> {
        let family = match domain {
            Domain::Inet4 => AddressFamily::INET,
            Domain::Inet6 => AddressFamily::INET6,
            Domain::Local => AddressFamily::UNIX,
        };
        let kind_number = match kind {
            Kind::Stream => SocketType::STREAM,
            Kind::Datagram => SocketType::DGRAM,
        };
        let opened = rustix::net::socket_with(family, kind_number, FLAGS, None);
        let descriptor = opened.map_err(|number| Call::Open.failure(number))?;
        settings::set_all(&descriptor, domain, settings)?;
        let waiters = Arc::clone(&self.waiters);
        Ok(Arc::new(KernelSocket::new(descriptor, domain, kind, *settings, self.clock, waiters)))
    }

    fn cast(&self, address: IpAddr) -> Cast {
        match address {
            _ if address.is_multicast() => Cast::Multicast,
            _ if is_broadcast_of_a_network(address) => Cast::Broadcast,
            _ => Cast::Unicast,
        }
    }
}

/// Whether an address is the limited broadcast, or that of a network that this host is joined to.
pub(super) fn is_broadcast_of_a_network(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(Ipv4Addr::BROADCAST) => true,
        IpAddr::V4(address) => may_be_broadcast(address) && is_broadcast(address),
        IpAddr::V6(_) => false,
    }
}

/// A network with a broadcast address has at least two bits for its hosts, and that address has ones there.
fn may_be_broadcast(address: Ipv4Addr) -> bool {
    address.octets()[3] & 3 == 3
}

/// Asks the kernel's routes: a datagram socket may take a broadcast address as its peer only with permission. Without it a
/// route that prohibits looks the same, so what permission changes tells them apart.
fn is_broadcast(address: Ipv4Addr) -> bool {
    let Ok(probe) = rustix::net::socket_with(AddressFamily::INET, SocketType::DGRAM, FLAGS, None) else { return false };
    let peer = SocketAddrV4::new(address, 1);
    rustix::net::connect(&probe, &peer) == Err(Errno::ACCESS)
        && rustix::net::sockopt::set_socket_broadcast(&probe, true).is_ok()
        && rustix::net::connect(&probe, &peer).is_ok()
}
