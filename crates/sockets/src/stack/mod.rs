//! The provider of our own TCP/IP stack: a transport is a handle of a stack that somebody else drives.
//!
//! Who owns the stack lends it with [`StackAccess`]: a lab with its lock, a device's engine with its own. Each verb borrows it
//! once, for as short as the verb takes, and never waits; who waits is the network, and what wakes it is what the stack tells
//! its owner. The provider serves both internet domains. An IPv6 socket of it
//! carries IPv6 only, whatever it is bound to and whatever the setting says: a socket of each family can have the same port.

mod datagram;
mod failure;
mod names;
mod stream;
mod urgent;

use core::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use synsent_stack::{Instant, NoPath, OpenError, Stack};

use self::datagram::Datagrams;
use self::names::Names;
use self::stream::Stream;
use crate::failure::{Failure, Outcome};
use crate::name::{Domain, Kind, Name};
use crate::provider::{Cast, Provider, Transport};
use crate::settings::Settings;

/// The least room for sending and for receiving that a socket gets, whatever it asks for: with none at all, which programs do
/// ask for, nothing would ever be sent or received. Unit: octets.
pub(crate) const BUFFER_OCTETS_MIN: u32 = 2_048;

/// A stack that can be called from any thread.
pub trait StackAccess: Send + Sync {
    /// Calls the stack with the time, once. What it then wants to send goes out. A stack that runs no more is not called.
    fn with(&self, call: &mut dyn FnMut(&mut Stack, Instant));
}

/// The sockets of a stack, for IPv4 and IPv6.
pub struct StackProvider {
    shared: Arc<Shared>,
}

impl StackProvider {
    /// The sockets of the stack that is lent here.
    pub fn new(access: Arc<dyn StackAccess>) -> StackProvider {
        StackProvider { shared: Arc::new(Shared { access, stream_names: Mutex::default() }) }
    }
}

impl Provider for StackProvider {
    fn open(&self, domain: Domain, kind: Kind, settings: &Settings) -> Result<Arc<dyn Transport>, Failure> {
        let shared = Arc::clone(&self.shared);
        match (domain, kind) {
            (Domain::Local, _) => Err(Outcome::DomainUnsupported.into()),
            (_, Kind::Stream) => Ok(Arc::new(Stream::new(shared, domain, *settings))),
            (_, Kind::Datagram) => Ok(Arc::new(Datagrams::new(shared, domain, *settings))),
        }
    }

    fn cast(&self, address: IpAddr) -> Cast {
        match self.shared.with(|stack, _| stack.cast(address)) {
            Ok(synsent_stack::Cast::Multicast) => Cast::Multicast,
            Ok(synsent_stack::Cast::Broadcast) => Cast::Broadcast,
            Ok(synsent_stack::Cast::Unicast) | Err(_) => Cast::Unicast,
        }
    }
}

/// What the transports of a provider share.
struct Shared {
    access: Arc<dyn StackAccess>,
    /// The names that streams have bound; datagram sockets keep theirs in the stack. Locked before the stack, never in a call
    /// of it.
    stream_names: Mutex<Names>,
}

impl Shared {
    /// Calls the stack.
    fn with<R>(&self, call: impl FnOnce(&mut Stack, Instant) -> R) -> Result<R, Failure> {
        let (mut call, mut answer) = (Some(call), None);
        self.access.with(&mut |stack, now| {
            if let Some(call) = call.take() {
                answer = Some(call(stack, now));
            }
        });
        answer.ok_or_else(|| Outcome::NetworkDown.into())
    }

    fn stream_names(&self) -> MutexGuard<'_, Names> {
        locked(&self.stream_names)
    }
}

/// A lock whose holders leave it whole: every change under it is complete before anything could panic.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The address of a name for a socket of this domain.
fn address_of(name: &Name, domain: Domain) -> Result<SocketAddr, Failure> {
    match name.inet() {
        Some(address) if name.domain() == domain => Ok(address),
        _ => Err(Outcome::DomainUnsupported.into()),
    }
}

/// The address of a peer for a socket of this domain.
fn peer_of(name: &Name, domain: Domain) -> Result<SocketAddr, Failure> {
    let address = address_of(name, domain)?;
    match address.ip() {
        IpAddr::V6(ip) if ip.to_ipv4_mapped().is_some() => {
            Err(Failure::said(Outcome::NetworkUnreachable, "an IPv6 socket of this stack does not carry IPv4"))
        }
        _ => Ok(address),
    }
}

/// Refuses a peer that a gateway leads to, where only directly joined networks are to be reached.
fn check_direct(stack: &Stack, peer: SocketAddr) -> Result<(), Failure> {
    let route = stack.routes().find(|route| route.destination.contains(peer.ip()));
    match route.is_some_and(|route| route.gateway.is_some()) {
        true => Err(failure::of_open(OpenError::NoPath(NoPath::NoRoute))),
        false => Ok(()),
    }
}
