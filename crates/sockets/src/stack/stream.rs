//! A stream of the stack: a name, an opening, a connection or a listener, one after the other behind one transport.

use core::any::Any;
use core::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use synsent_stack::{
    BufferSize, Duration, FlowId, Instant, KeepAlive, ListenOptions, ListenerId, OpenOptions, ReceiveError, SendError,
    Stack, State, Status, TcpOptions,
};

use super::names::{self, NameHold};
use super::urgent::Urgent;
use super::{BUFFER_OCTETS_MIN, Shared, address_of, check_direct, failure, locked, peer_of};
use crate::failure::{Failure, Outcome};
use crate::name::{Domain, Name};
use crate::provider::{Accepted, Answer, Progress, ReceiveHow, Received, SendHow, Shutdown, Transport};
use crate::ready::Ready;
use crate::settings::{Setting, Settings};

/// A stream of the stack.
pub(super) struct Stream {
    shared: Arc<Shared>,
    domain: Domain,
    inner: Mutex<Inner>,
}

struct Inner {
    role: Role,
    settings: Settings,
    /// The name that was bound, or that a failed opening left.
    hold: Option<NameHold>,
    urgent: Urgent,
    /// Whether the failure of the connection was told as an error that came by itself.
    failure_told: bool,
    /// Whether a setting changed since listening began, so that what is accepted must be told.
    listener_is_stale: bool,
}

/// What the transport is at present.
#[derive(Clone)]
enum Role {
    Idle,
    Opening(FlowId),
    /// The last opening failed.
    Failed(Failure),
    Connected(FlowId),
    Listening(ListenerId),
    /// Closed by us, and what was sent is waited for.
    Closing(FlowId),
    Closed,
}

impl Stream {
    pub(super) fn new(shared: Arc<Shared>, domain: Domain, settings: Settings) -> Stream {
        Stream::with_role(shared, domain, settings, Role::Idle)
    }

    fn with_role(shared: Arc<Shared>, domain: Domain, settings: Settings, role: Role) -> Stream {
        let inner = Inner {
            role,
            settings,
            hold: None,
            urgent: Urgent::default(),
            failure_told: false,
            listener_is_stale: false,
        };
        Stream { shared, domain, inner: Mutex::new(inner) }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        locked(&self.inner)
    }

    /// Notes that an opening failed, and keeps the name that it had.
    fn fail(&self, inner: &mut Inner, failure: Failure, local: Option<SocketAddr>) {
        if let (None, Some(local)) = (&inner.hold, local) {
            // Another socket may have bound the port meanwhile; then this one is without a name again.
            inner.hold = self.shared.stream_names().bind(local, &inner.settings).ok();
        }
        inner.role = Role::Failed(failure);
    }

    /// Ends what the transport is; see [`Transport::close`].
    fn end(&self, inner: &mut Inner, linger: Option<Duration>) -> Answer<()> {
        let role = core::mem::replace(&mut inner.role, Role::Closed);
        if let Some(hold) = inner.hold.take() {
            self.shared.stream_names().give_back(hold);
        }
        let flow = match role {
            Role::Opening(flow) | Role::Connected(flow) | Role::Closing(flow) => flow,
            Role::Listening(listener) => {
                self.shared.with(|stack, now| stack.tcp_unlisten(now, listener))?;
                return Ok(Progress::Done(()));
            }
            Role::Idle | Role::Failed(_) | Role::Closed => return Ok(Progress::Done(())),
        };
        let is_new = !matches!(role, Role::Closing(_));
        let progress = self.shared.with(|stack, now| end_flow(stack, now, flow, linger, is_new))?;
        if progress == Progress::Pending {
            inner.role = Role::Closing(flow);
        }
        Ok(progress)
    }

    fn name_of(&self, inner: &Inner) -> Result<SocketAddr, Failure> {
        let of_flow = match inner.role {
            Role::Opening(flow) | Role::Connected(flow) | Role::Closing(flow) => {
                self.shared.with(|stack, _| stack.tcp_names(flow))?.map(|(local, _)| local)
            }
            _ => None,
        };
        let of_hold = || inner.hold.as_ref().map(NameHold::name);
        of_flow.or_else(of_hold).map_or_else(|| address_of(&Name::unspecified(self.domain), self.domain), Ok)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let inner = self.inner.get_mut().unwrap_or_else(PoisonError::into_inner);
        if !matches!(inner.role, Role::Closed) {
            // A stack that runs no more has nothing to be told.
            let _ = self.end(&mut self.inner(), None);
        }
    }
}

impl Transport for Stream {
    fn bind(&self, name: &Name) -> Result<(), Failure> {
        let address = address_of(name, self.domain)?;
        let mut inner = self.inner();
        if inner.hold.is_some() || !matches!(inner.role, Role::Idle | Role::Failed(_)) {
            return Err(Outcome::BadArgument.into());
        }
        let mut names = self.shared.stream_names();
        let local = address.ip();
        let shares = names::shares(&inner.settings);
        let port = self.shared.with(|stack, _| {
            if !local.is_unspecified() && !stack.is_local(local) {
                return Err(Outcome::AddressNotLocal);
            }
            if address.port() == 0 {
                return stack.tcp_free_port(Some(local), |port| !names.uses_port(port)).ok_or(Outcome::NoPorts);
            }
            // Connections have the port too, and not every listener of the stack need be a socket of this provider.
            let users = stack.tcp_port_users(Some(local), address.port());
            match users.listeners + users.connections {
                0 => Ok(address.port()),
                _ if shares => Ok(address.port()),
                _ => Err(Outcome::AddressInUse),
            }
        })??;
        inner.hold = Some(names.bind(SocketAddr::new(address.ip(), port), &inner.settings)?);
        Ok(())
    }

    fn connect(&self, peer: &Name) -> Answer<()> {
        let remote = peer_of(peer, self.domain)?;
        let mut inner = self.inner();
        match inner.role {
            Role::Idle | Role::Failed(_) => {}
            Role::Opening(_) => return Err(Outcome::AlreadyConnecting.into()),
            Role::Connected(_) => return Err(Outcome::AlreadyConnected.into()),
            Role::Listening(_) => return Err(Outcome::OperationUnsupported.into()),
            Role::Closing(_) | Role::Closed => return Err(Outcome::Cancelled.into()),
        }
        let local = inner.hold.as_ref().map(NameHold::name);
        let settings = &inner.settings;
        let names = self.shared.stream_names();
        let flow = self.shared.with(|stack, now| {
            if settings.dont_route {
                check_direct(stack, remote)?;
            }
            let options = OpenOptions {
                local: local.map(|local| local.ip()).filter(|ip| !ip.is_unspecified()),
                local_port: local.map(|local| local.port()),
                tcp: Some(options(settings, stack.tcp_default_options())),
                ..OpenOptions::to(remote)
            };
            stack.tcp_connect_avoiding(now, options, |port| names.uses_port(port)).map_err(failure::of_open)
        })??;
        drop(names);
        inner.role = Role::Opening(flow);
        inner.failure_told = false;
        inner.urgent = Urgent::default();
        Ok(Progress::Pending)
    }

    fn connecting(&self) -> Answer<()> {
        let mut inner = self.inner();
        let flow = match &inner.role {
            Role::Opening(flow) => *flow,
            Role::Connected(_) => return Ok(Progress::Done(())),
            Role::Failed(failure) => return Err(failure.clone()),
            Role::Closing(_) | Role::Closed => return Err(Outcome::Cancelled.into()),
            Role::Idle | Role::Listening(_) => return Err(Outcome::NotConnected.into()),
        };
        let (opening, local) = self.shared.with(|stack, now| {
            // Somebody may ask at the very moment at which the opening is to be given up, before its stack was told the time.
            if stack.next_deadline().is_some_and(|at| at <= now) {
                stack.on_deadline(now);
            }
            let opening = how_far(stack, flow);
            let local = opening.is_err().then(|| stack.tcp_names(flow).map(|(local, _)| local));
            if opening.is_err() {
                stack.tcp_close(now, flow);
            }
            (opening, local.flatten())
        })?;
        match opening {
            Ok(Progress::Pending) => {}
            Ok(Progress::Done(())) => inner.role = Role::Connected(flow),
            Err(ref failure) => self.fail(&mut inner, failure.clone(), local),
        }
        opening
    }

    fn abandon(&self) {
        let mut inner = self.inner();
        let Role::Opening(flow) = inner.role else { return };
        let local = self.shared.with(|stack, now| {
            let names = stack.tcp_names(flow);
            stack.tcp_abort(now, flow);
            names.map(|(local, _)| local)
        });
        self.fail(&mut inner, Outcome::Cancelled.into(), local.ok().flatten());
    }

    fn disconnect(&self) -> Result<(), Failure> {
        Err(Outcome::OperationUnsupported.into())
    }

    fn listen(&self, backlog: u32) -> Result<(), Failure> {
        let mut inner = self.inner();
        match inner.role {
            Role::Idle | Role::Failed(_) => {}
            Role::Listening(listener) => {
                let changed = self.shared.with(|stack, _| stack.tcp_set_backlog(listener, backlog as usize))?;
                return changed.map_err(|_| Outcome::Cancelled.into());
            }
            Role::Opening(_) => return Err(Outcome::AlreadyConnecting.into()),
            Role::Connected(_) => return Err(Outcome::AlreadyConnected.into()),
            Role::Closing(_) | Role::Closed => return Err(Outcome::Cancelled.into()),
        }
        let name = self.name_of(&inner)?;
        let settings = inner.settings;
        let mut names = self.shared.stream_names();
        let (listener, port) = self.shared.with(|stack, now| {
            let port = match name.port() {
                0 => stack.tcp_free_port(Some(name.ip()), |port| !names.uses_port(port)).ok_or(Outcome::NoPorts)?,
                port => port,
            };
            let options = ListenOptions {
                // The unspecified address takes what comes over its own family.
                local: Some(name.ip()),
                backlog: backlog as usize,
                tcp: Some(options(&settings, stack.tcp_default_options())),
                ..ListenOptions::on_port(port)
            };
            let listener = stack.tcp_listen(now, options).map_err(failure::of_listen)?;
            Ok::<_, Failure>((listener, port))
        })??;
        if inner.hold.is_none() {
            // The port was free a moment ago, and the lock was held since.
            inner.hold = Some(names.bind(SocketAddr::new(name.ip(), port), &settings)?);
        }
        inner.role = Role::Listening(listener);
        inner.listener_is_stale = false;
        Ok(())
    }

    fn accept(&self) -> Answer<Accepted> {
        let inner = self.inner();
        let listener = match inner.role {
            Role::Listening(listener) => listener,
            Role::Closing(_) | Role::Closed => return Err(Outcome::Cancelled.into()),
            _ => return Err(Outcome::BadArgument.into()),
        };
        let accepted = self.shared.with(|stack, now| {
            let flow = stack.tcp_accept(now, listener)?;
            let (_, peer) = stack.tcp_names(flow)?;
            if inner.listener_is_stale {
                set_options(stack, now, flow, &inner.settings);
            }
            Some((flow, peer))
        })?;
        let Some((flow, peer)) = accepted else { return Ok(Progress::Pending) };
        let role = Role::Connected(flow);
        let stream = Stream::with_role(Arc::clone(&self.shared), self.domain, inner.settings, role);
        Ok(Progress::Done(Accepted { transport: Arc::new(stream), peer: peer.into() }))
    }

    fn send(&self, octets: &[u8], how: SendHow) -> Answer<usize> {
        let inner = self.inner();
        let flow = inner.connected()?;
        self.shared.with(|stack, now| {
            let sent = match how.urgent {
                true => stack.tcp_send_urgent(now, flow, octets),
                false => stack.tcp_send(now, flow, octets),
            };
            match sent {
                Ok(count) => Ok(Progress::Done(count)),
                Err(SendError::WouldBlock) => Ok(Progress::Pending),
                Err(SendError::ShutDown) => Err(Outcome::SendingOver.into()),
                Err(SendError::Closed | SendError::NoSuchSocket) => Err(why_over(stack, flow)),
            }
        })?
    }

    fn send_to(&self, _octets: &[u8], _to: &Name, _how: SendHow) -> Answer<usize> {
        Err(Outcome::OperationUnsupported.into())
    }

    fn receive(&self, into: &mut [u8], how: ReceiveHow) -> Answer<Received> {
        let mut inner = self.inner();
        let flow = inner.connected()?;
        let Inner { settings, urgent, .. } = &mut *inner;
        let inline = settings.urgent_inline;
        self.shared.with(|stack, now| {
            if how.urgent {
                return match inline {
                    true => Err(Outcome::BadArgument.into()),
                    false => receive_urgent(stack, flow, urgent, into, how.peek),
                };
            }
            let room = if inline { usize::MAX } else { urgent.room(stack, now, flow) };
            let upto = into.len().min(room);
            let received = match how.peek {
                true => stack.tcp_peek(flow, &mut into[..upto]),
                false => stack.tcp_receive(now, flow, &mut into[..upto]),
            };
            match received {
                Ok(octets) => {
                    if !how.peek {
                        urgent.note_read(octets);
                    }
                    Ok(Progress::Done(Received { octets, whole: octets, source: None }))
                }
                Err(ReceiveError::WouldBlock) => Ok(Progress::Pending),
                Err(ReceiveError::Failed | ReceiveError::NoSuchSocket) => Err(why_over(stack, flow)),
            }
        })?
    }

    fn change_peer(&self, _peer: &Name) -> Answer<()> {
        Err(Outcome::OperationUnsupported.into())
    }

    fn discard_queued(&self) {}

    fn discard_foreign(&self) {}

    fn shutdown(&self, how: Shutdown) -> Result<(), Failure> {
        let flow = self.inner().connected()?;
        self.shared.with(|stack, now| {
            if how != Shutdown::Send && stack.tcp_shutdown_receive(now, flow).is_err() {
                return Err(Outcome::NotConnected.into());
            }
            if how != Shutdown::Receive && stack.tcp_shutdown_send(now, flow).is_err() {
                return Err(Outcome::NotConnected.into());
            }
            Ok(())
        })?
    }

    fn close(&self, linger: Option<Duration>) -> Answer<()> {
        self.end(&mut self.inner(), linger)
    }

    fn local_name(&self) -> Result<Name, Failure> {
        self.name_of(&self.inner()).map(Name::Inet)
    }

    fn set(&self, setting: Setting) -> Result<(), Failure> {
        let mut inner = self.inner();
        inner.settings.apply(setting);
        inner.listener_is_stale = true;
        if let (Some(hold), Setting::ReuseAddress(_) | Setting::ExclusiveAddress(_)) = (inner.hold, setting) {
            // It counts from now on: who has the name already keeps it.
            self.shared.stream_names().share(hold, &inner.settings);
        }
        match inner.role {
            Role::Opening(flow) | Role::Connected(flow) => {
                self.shared.with(|stack, now| set_options(stack, now, flow, &inner.settings))
            }
            _ => Ok(()),
        }
    }

    fn ready(&self) -> Ready {
        let inner = self.inner();
        let ready = match inner.role {
            Role::Opening(flow) => self.shared.with(|stack, _| match how_far(stack, flow) {
                Ok(Progress::Pending) => Ready::NONE,
                Ok(Progress::Done(())) => Ready::WRITABLE,
                Err(_) => Ready::FAILED,
            }),
            Role::Connected(flow) => self.shared.with(|stack, _| {
                let urgent = Ready::URGENT.when(!inner.settings.urgent_inline && inner.urgent.is_there(stack, flow));
                stack.tcp_status(flow).map_or(Ready::FAILED, |status| of_status(&status)) | urgent
            }),
            Role::Listening(listener) => {
                self.shared.with(|stack, _| Ready::READABLE.when(stack.tcp_acceptable(listener) > 0))
            }
            Role::Failed(_) => Ok(Ready::FAILED),
            Role::Idle | Role::Closing(_) | Role::Closed => Ok(Ready::NONE),
        };
        ready.unwrap_or(Ready::FAILED)
    }

    fn take_error(&self) -> Option<Failure> {
        let mut inner = self.inner();
        let Role::Connected(flow) = inner.role else { return None };
        if inner.failure_told {
            return None;
        }
        let status = self.shared.with(|stack, _| stack.tcp_status(flow)?.failure);
        let failure = match status {
            Ok(failure) => failure::of_flow(failure?),
            Err(stopped) => stopped,
        };
        inner.failure_told = true;
        Some(failure)
    }

    fn receivable_octets(&self) -> usize {
        let mut inner = self.inner();
        let Role::Connected(flow) = inner.role else { return 0 };
        let Inner { settings, urgent, .. } = &mut *inner;
        let count = self.shared.with(|stack, now| {
            let room = if settings.urgent_inline { usize::MAX } else { urgent.room(stack, now, flow) };
            stack.tcp_status(flow).map_or(0, |status| status.readable.min(room))
        });
        count.unwrap_or(0)
    }

    fn is_at_mark(&self) -> bool {
        let Role::Connected(flow) = self.inner().role else { return true };
        let left = self.shared.with(|stack, _| stack.tcp_urgent_octets(flow));
        // The urgent octet itself stands behind the mark.
        left.ok().flatten().is_none_or(|left| left <= 1)
    }

    fn buffers(&self) -> (u32, u32) {
        let inner = self.inner();
        let options = self.shared.with(|stack, _| match inner.role {
            Role::Opening(flow) | Role::Connected(flow) => stack.tcp_options(flow),
            _ => Some(options(&inner.settings, stack.tcp_default_options())),
        });
        options.ok().flatten().map_or((0, 0), |options| (options.send_buffer.initial, options.receive_buffer.initial))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Inner {
    /// The connection, where there is one.
    fn connected(&self) -> Result<FlowId, Failure> {
        match self.role {
            Role::Connected(flow) => Ok(flow),
            Role::Closing(_) | Role::Closed => Err(Outcome::Cancelled.into()),
            Role::Idle | Role::Failed(_) | Role::Opening(_) | Role::Listening(_) => Err(Outcome::NotConnected.into()),
        }
    }
}

/// The stack's settings for a connection, from what it has by itself and what the socket says.
fn options(settings: &Settings, own: TcpOptions) -> TcpOptions {
    let fixed = |octets: u32| BufferSize::fixed(octets.max(BUFFER_OCTETS_MIN));
    let own_probing = own.keep_alive.unwrap_or_default();
    let keep_alive = settings.keep_alive.then(|| KeepAlive {
        idle: settings.keep_alive_idle.unwrap_or(own_probing.idle),
        interval: settings.keep_alive_interval.unwrap_or(own_probing.interval),
        ..own_probing
    });
    TcpOptions {
        no_delay: settings.no_delay,
        keep_alive,
        traffic_class: settings.traffic_class,
        hop_limit: settings.hop_limit.or(own.hop_limit),
        soft_errors: settings.connect.soft_errors,
        syn_timeout: settings.connect.timeout.unwrap_or(own.syn_timeout),
        send_buffer: settings.send_buffer.map_or(own.send_buffer, fixed),
        receive_buffer: settings.receive_buffer.map_or(own.receive_buffer, fixed),
        ..own
    }
}

fn set_options(stack: &mut Stack, now: Instant, flow: FlowId, settings: &Settings) {
    let options = options(settings, stack.tcp_default_options());
    // A connection that is gone has no settings.
    let _ = stack.tcp_set_options(now, flow, options);
}

/// How far an opening has come.
fn how_far(stack: &Stack, flow: FlowId) -> Answer<()> {
    match stack.tcp_state(flow) {
        None => Err(Outcome::Aborted.into()),
        Some((_, Some(failure))) => Err(failure::of_flow(failure)),
        Some((State::SynSent | State::SynReceived, None)) => Ok(Progress::Pending),
        Some((_, None)) => Ok(Progress::Done(())),
    }
}

/// Why a connection cannot be used any more.
fn why_over(stack: &Stack, flow: FlowId) -> Failure {
    let failure = stack.tcp_status(flow).and_then(|status| status.failure);
    failure.map_or_else(|| Outcome::SendingOver.into(), failure::of_flow)
}

fn of_status(status: &Status) -> Ready {
    let peer_closed =
        matches!(status.state, State::CloseWait | State::Closing | State::LastAck | State::TimeWait | State::Closed);
    let failed = status.failure.is_some();
    Ready::READABLE.when(status.readable > 0 || peer_closed || failed)
        | Ready::WRITABLE.when(status.send_room > 0 || failed)
        | Ready::PEER_CLOSED.when(peer_closed && !failed)
        | Ready::FAILED.when(failed)
}

fn receive_urgent(stack: &Stack, flow: FlowId, urgent: &mut Urgent, into: &mut [u8], peek: bool) -> Answer<Received> {
    let Some(first) = into.first_mut() else { return Err(Outcome::BadArgument.into()) };
    Ok(match urgent.take(stack, flow, peek)? {
        Progress::Pending => Progress::Pending,
        Progress::Done(octet) => {
            *first = octet;
            Progress::Done(Received { octets: 1, whole: 1, source: None })
        }
    })
}

/// Closes a flow; with a time to linger it stays until all that was sent is acknowledged.
fn end_flow(stack: &mut Stack, now: Instant, flow: FlowId, linger: Option<Duration>, is_new: bool) -> Progress<()> {
    if linger.is_some_and(|linger| linger.is_zero()) {
        stack.tcp_abort(now, flow);
        return Progress::Done(());
    }
    if linger.is_none() {
        stack.tcp_close(now, flow);
        return Progress::Done(());
    }
    let Some(status) = stack.tcp_status(flow) else { return Progress::Done(()) };
    let sent_all = !is_new && matches!(status.state, State::FinWait2 | State::TimeWait);
    let is_over = matches!(status.state, State::SynSent | State::SynReceived | State::Closed);
    // What was received and not read is lost by closing, and the close tells the peer so.
    if sent_all || is_over || status.readable > 0 && is_new {
        stack.tcp_close(now, flow);
        return Progress::Done(());
    }
    if is_new {
        // Nobody sends or receives on it any more, whatever these two answer.
        let _ = stack.tcp_shutdown_send(now, flow);
        let _ = stack.tcp_shutdown_receive(now, flow);
    }
    Progress::Pending
}
