//! A datagram socket of the stack. Its handle is made when it is bound, or by the first verb that binds it.
//!
//! A datagram that its link's queue has no room for is not taken: the socket is not writable then until the link took a packet.
//! Whoever has not met the full queue yet counts as writable, and learns of it by trying.

use core::any::Any;
use core::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use synsent_stack::{Duration, Stack, UdpId, UdpOptions, UdpReceiveError, UdpSendError};

use super::{BUFFER_OCTETS_MIN, Shared, address_of, check_direct, failure, locked, names, peer_of};
use crate::failure::{Failure, Outcome};
use crate::name::{Domain, Name};
use crate::provider::{Accepted, Answer, Progress, Queued, ReceiveHow, Received, SendHow, Shutdown, Transport};
use crate::ready::Ready;
use crate::settings::{Setting, Settings};

/// What is told as room for sending, because the stack keeps no datagram that a link does not take: the largest datagram.
const SEND_ROOM: u32 = 65_535;

/// The hop limit of multicast that is not set (RFC 1112).
const MULTICAST_HOP_LIMIT: u8 = 1;

/// A datagram socket of the stack.
pub(super) struct Datagrams {
    shared: Arc<Shared>,
    domain: Domain,
    inner: Mutex<Inner>,
}

struct Inner {
    role: Role,
    settings: Settings,
    /// An ICMP error that was looked at and is not told yet.
    error: Option<Failure>,
    receive_is_over: bool,
    send_is_over: bool,
}

#[derive(Clone, Copy)]
enum Role {
    Unbound,
    Open { socket: UdpId, is_connected: bool },
    Closed,
}

impl Datagrams {
    pub(super) fn new(shared: Arc<Shared>, domain: Domain, settings: Settings) -> Datagrams {
        let inner = Inner { role: Role::Unbound, settings, error: None, receive_is_over: false, send_is_over: false };
        Datagrams { shared, domain, inner: Mutex::new(inner) }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        locked(&self.inner)
    }

    /// The handle, bound to a port of the stack's choice if it was not bound.
    fn bound(&self, inner: &mut Inner) -> Result<UdpId, Failure> {
        match inner.role {
            Role::Open { socket, .. } => Ok(socket),
            Role::Closed => Err(Outcome::Cancelled.into()),
            Role::Unbound => {
                let name = Name::unspecified(self.domain);
                self.bind_to(inner, address_of(&name, self.domain)?)
            }
        }
    }

    fn bind_to(&self, inner: &mut Inner, address: SocketAddr) -> Result<UdpId, Failure> {
        let settings = inner.settings;
        let socket = self.shared.with(|stack, now| {
            let options = UdpOptions {
                // The unspecified address takes what comes over its own family.
                local: Some(address.ip()),
                port: address.port(),
                ..options(&settings)
            };
            stack.udp_bind(now, options).map_err(failure::of_bind)
        })??;
        inner.role = Role::Open { socket, is_connected: false };
        Ok(socket)
    }

    fn end(&self, inner: &mut Inner) {
        if let Role::Open { socket, .. } = core::mem::replace(&mut inner.role, Role::Closed) {
            // A stack that runs no more has nothing to be told.
            let _ = self.shared.with(|stack, _| stack.udp_close(socket));
        }
    }

    /// The error that came by itself, kept until it is told.
    fn look_for_error(&self, inner: &mut Inner) {
        if let (None, Role::Open { socket, .. }) = (&inner.error, inner.role) {
            let found = self.shared.with(|stack, _| next_error(stack, socket));
            inner.error = found.unwrap_or_else(Some);
        }
    }

    /// Takes a peer. What has to go of the queue goes in the same moment, before the stack hears anything from the new one.
    fn take_peer(&self, peer: &Name, queued: Queued) -> Answer<()> {
        let peer = peer_of(peer, self.domain)?;
        let mut inner = self.inner();
        if peer.port() == 0 {
            return Err(Outcome::BadPeer.into());
        }
        // A port that it gets here stays its own, whatever becomes of the rest.
        let socket = self.bound(&mut inner)?;
        let direct = inner.settings.dont_route;
        self.shared.with(|stack, now| {
            if direct {
                check_direct(stack, peer)?;
            }
            stack.udp_connect(now, socket, Some(peer)).map_err(failure::of_send)?;
            if queued == Queued::Go {
                // It is there: it has just taken a peer.
                let _ = stack.udp_discard(socket);
            }
            Ok::<(), Failure>(())
        })??;
        inner.role = Role::Open { socket, is_connected: true };
        inner.error = None;
        Ok(Progress::Done(()))
    }

    fn send_datagram(&self, inner: &mut Inner, octets: &[u8], to: Option<SocketAddr>, how: SendHow) -> Answer<usize> {
        if inner.send_is_over {
            return Err(Outcome::SendingOver.into());
        }
        if how.urgent {
            return Err(Outcome::OperationUnsupported.into());
        }
        self.look_for_error(inner);
        if let Some(failure) = inner.error.take() {
            return Err(failure);
        }
        let socket = self.bound(inner)?;
        let direct = inner.settings.dont_route || how.dont_route;
        self.shared.with(|stack, now| {
            if direct && let Some(peer) = to.or_else(|| stack.udp_status(socket)?.remote) {
                check_direct(stack, peer)?;
            }
            match stack.udp_send_to(now, socket, to, octets) {
                Ok(()) => Ok(Progress::Done(octets.len())),
                Err(UdpSendError::WouldBlock) => Ok(Progress::Pending),
                Err(error) => Err(failure::of_send(error)),
            }
        })?
    }
}

impl Drop for Datagrams {
    fn drop(&mut self) {
        let mut inner = self.inner();
        self.end(&mut inner);
    }
}

impl Transport for Datagrams {
    fn bind(&self, name: &Name) -> Result<(), Failure> {
        let address = address_of(name, self.domain)?;
        let mut inner = self.inner();
        match inner.role {
            Role::Unbound => {
                let is_ours = |stack: &mut Stack| address.ip().is_unspecified() || stack.is_local(address.ip());
                if !self.shared.with(|stack, _| is_ours(stack))? {
                    return Err(Outcome::AddressNotLocal.into());
                }
                self.bind_to(&mut inner, address).map(|_| ())
            }
            Role::Open { .. } => Err(Outcome::BadArgument.into()),
            Role::Closed => Err(Outcome::Cancelled.into()),
        }
    }

    fn connect(&self, peer: &Name) -> Answer<()> {
        self.take_peer(peer, Queued::Stay)
    }

    fn change_peer(&self, peer: &Name) -> Answer<()> {
        self.take_peer(peer, Queued::Go)
    }

    fn connecting(&self) -> Answer<()> {
        match self.inner().role {
            Role::Open { is_connected: true, .. } => Ok(Progress::Done(())),
            _ => Err(Outcome::NotConnected.into()),
        }
    }

    fn abandon(&self) {}

    fn disconnect(&self) -> Result<(), Failure> {
        let mut inner = self.inner();
        if let Role::Open { socket, .. } = inner.role {
            self.shared.with(|stack, now| stack.udp_connect(now, socket, None))?.map_err(failure::of_send)?;
            inner.role = Role::Open { socket, is_connected: false };
            inner.error = None;
        }
        Ok(())
    }

    fn listen(&self, _backlog: u32) -> Result<(), Failure> {
        Err(Outcome::OperationUnsupported.into())
    }

    fn accept(&self) -> Answer<Accepted> {
        Err(Outcome::OperationUnsupported.into())
    }

    fn send(&self, octets: &[u8], how: SendHow) -> Answer<usize> {
        let mut inner = self.inner();
        match inner.role {
            Role::Open { is_connected: true, .. } => self.send_datagram(&mut inner, octets, None, how),
            Role::Closed => Err(Outcome::Cancelled.into()),
            Role::Unbound | Role::Open { .. } => Err(Outcome::NotConnected.into()),
        }
    }

    fn send_to(&self, octets: &[u8], to: &Name, how: SendHow) -> Answer<usize> {
        let to = peer_of(to, self.domain)?;
        self.send_datagram(&mut self.inner(), octets, Some(to), how)
    }

    fn receive(&self, into: &mut [u8], how: ReceiveHow) -> Answer<Received> {
        let mut inner = self.inner();
        if how.urgent {
            return Err(Outcome::OperationUnsupported.into());
        }
        if inner.receive_is_over {
            return Ok(Progress::Done(Received { octets: 0, whole: 0, source: None }));
        }
        self.look_for_error(&mut inner);
        if let Some(failure) = inner.error.take() {
            return Err(failure);
        }
        let socket = match inner.role {
            Role::Open { socket, .. } => socket,
            Role::Unbound => return Ok(Progress::Pending),
            Role::Closed => return Err(Outcome::Cancelled.into()),
        };
        self.shared.with(|stack, _| {
            let received = match how.peek {
                true => stack.udp_peek(socket, into),
                false => stack.udp_receive(socket, into),
            };
            match received {
                Ok(got) => {
                    let source = Some(Name::Inet(got.source));
                    Ok(Progress::Done(Received { octets: got.len, whole: got.whole, source }))
                }
                Err(UdpReceiveError::WouldBlock) => Ok(Progress::Pending),
                Err(UdpReceiveError::NoSuchSocket) => Err(Outcome::Cancelled.into()),
            }
        })?
    }

    fn discard_queued(&self) {
        if let Role::Open { socket, .. } = self.inner().role {
            // A stack that runs no more has no queue.
            let _ = self.shared.with(|stack, _| stack.udp_discard(socket));
        }
    }

    fn discard_foreign(&self) {
        if let Role::Open { socket, .. } = self.inner().role {
            // The same.
            let _ = self.shared.with(|stack, _| stack.udp_discard_foreign(socket));
        }
    }

    fn shutdown(&self, how: Shutdown) -> Result<(), Failure> {
        let mut inner = self.inner();
        inner.receive_is_over |= how != Shutdown::Send;
        inner.send_is_over |= how != Shutdown::Receive;
        Ok(())
    }

    fn close(&self, _linger: Option<Duration>) -> Answer<()> {
        self.end(&mut self.inner());
        Ok(Progress::Done(()))
    }

    fn local_name(&self) -> Result<Name, Failure> {
        let unspecified = Name::unspecified(self.domain);
        let Role::Open { socket, .. } = self.inner().role else { return Ok(unspecified) };
        let status = self.shared.with(|stack, _| stack.udp_status(socket))?;
        let Some(status) = status else { return Ok(unspecified) };
        let any = address_of(&unspecified, self.domain)?.ip();
        Ok(Name::Inet(SocketAddr::new(status.local.unwrap_or(any), status.port)))
    }

    fn set(&self, setting: Setting) -> Result<(), Failure> {
        let mut inner = self.inner();
        inner.settings.apply(setting);
        if let Role::Open { socket, .. } = inner.role {
            let options = options(&inner.settings);
            // A socket that is gone has no settings.
            let _ = self.shared.with(|stack, _| stack.udp_set_options(socket, options))?;
        }
        Ok(())
    }

    fn ready(&self) -> Ready {
        let mut inner = self.inner();
        self.look_for_error(&mut inner);
        let failed = (Ready::FAILED | Ready::READABLE).when(inner.error.is_some());
        let Role::Open { socket, .. } = inner.role else {
            return Ready::WRITABLE | Ready::READABLE.when(inner.receive_is_over) | failed;
        };
        let status = self.shared.with(|stack, _| stack.udp_status(socket)).ok().flatten();
        // On a socket that is gone, or whose sending is over, a call fails at once.
        let is_writable = inner.send_is_over || status.is_none_or(|status| status.writable);
        let is_readable = inner.receive_is_over || status.is_some_and(|status| status.datagrams > 0);
        Ready::READABLE.when(is_readable) | Ready::WRITABLE.when(is_writable) | failed
    }

    fn take_error(&self) -> Option<Failure> {
        let mut inner = self.inner();
        self.look_for_error(&mut inner);
        inner.error.take()
    }

    fn receivable_octets(&self) -> usize {
        let Role::Open { socket, .. } = self.inner().role else { return 0 };
        let next = self.shared.with(|stack, _| stack.udp_peek(socket, &mut []));
        next.ok().and_then(Result::ok).map_or(0, |next| next.whole)
    }

    fn is_at_mark(&self) -> bool {
        true
    }

    fn buffers(&self) -> (u32, u32) {
        let settings = self.inner().settings;
        (
            settings.send_buffer.map_or(SEND_ROOM, |octets| octets.max(BUFFER_OCTETS_MIN)),
            options(&settings).receive_octets,
        )
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The stack's settings for a datagram socket.
fn options(settings: &Settings) -> UdpOptions {
    let own = UdpOptions::default();
    UdpOptions {
        shared: names::shares(settings),
        broadcast: settings.broadcast,
        receive_octets: settings.receive_buffer.map_or(own.receive_octets, |octets| octets.max(BUFFER_OCTETS_MIN)),
        hop_limit: settings.hop_limit,
        multicast_hop_limit: settings.multicast_hop_limit.unwrap_or(MULTICAST_HOP_LIMIT),
        traffic_class: settings.traffic_class,
        ..own
    }
}

/// The next ICMP error that a socket is told; those that may pass are passed over.
fn next_error(stack: &mut Stack, socket: UdpId) -> Option<Failure> {
    while let Some(found) = stack.udp_take_failure(socket) {
        if let Some(failure) = failure::of_datagram(found) {
            return Some(failure);
        }
    }
    None
}
