//! A socket of the kernel as a transport: every verb is one system call that never waits.
//!
//! The descriptor stands behind a lock that is only ever written to when the socket is closed, so that no number is used
//! after it belongs to somebody else. What the socket was bound to is remembered, because the kernel forgets a port that it
//! chose itself when an opening fails or a datagram socket gives up its peer; it is bound again then.
//!
//! `socket/stages.rs` has where a stream stands and its opening, `socket/names.rs` what it is called, `socket/watch.rs` what is
//! watched of it, `socket/queue.rs` what becomes of queued datagrams, `socket/transfer.rs` what sending and receiving share.

mod names;
mod queue;
mod stages;
mod transfer;
mod watch;

use std::any::Any;
use std::net::SocketAddr;
use std::ops::Range;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard};

use rustix::io::Errno;
use rustix::net::RecvFlags;
use synsent_sockets::fork;
use synsent_sockets::{
    Accepted, Answer, Domain, Failure, Kind, Memory, Name, Outcome, Progress, Ready, ReceiveHow, Received, SendHow,
    Setting, Settings, Shutdown, Transport,
};
use synsent_stack::Duration;

use super::errors::Call;
use super::local;
use super::opening::{self, Opening};
use super::own::{EndWatch, Own};
use super::provider::{self, FLAGS};
use super::settings;
use crate::clock::Clock;
use crate::memory::Wild;
use crate::waiters::{self, Waiters};
use names::{bind_inet, has_no_port, kernel_name, name_of, port_alone};
use stages::{NEVER, Stage};
use transfer::{receive_flags, send_flags, send_urgent};

/// How often a close that waits looks whether everything is acknowledged, where the process has no descriptor left to be told by.
const LINGER_PAUSE: Duration = Duration::from_millis(2);
/// What the kernel takes for no descriptor.
const NO_NUMBER: i32 = -1;
/// Whether everything before the urgent data has been read; the same number on every architecture of Linux but two that are gone.
const SIOCATMARK: libc::Ioctl = 0x8905;

/// An open socket of the kernel.
pub(crate) struct KernelSocket {
    domain: Domain,
    kind: Kind,
    clock: Clock,
    waiters: Arc<Waiters>,
    descriptor: RwLock<Option<Own>>,
    /// The descriptor's number, for those who only watch it; no number once the socket is closed.
    number: AtomicI32,
    /// What tells a close that waits of changes; nothing where the process may have no more descriptors.
    end_watch: OnceLock<Option<EndWatch>>,
    stage: AtomicU8,
    /// When to ask again although no descriptor tells, in nanoseconds.
    look_at: AtomicU64,
    /// Whether datagrams of others may wait behind those of the peer.
    may_hold_foreign: AtomicBool,
    /// How many more receives are better waited for.
    waits_first: AtomicU8,
    /// Whether the last receiver of a datagram of the local domain had no room, which the kernel tells only who is connected to it.
    receiver_is_full: AtomicBool,
    /// How many forks there had been when it was opened: after another one, a second process may have it open.
    forks: u64,
    inner: Mutex<Inner>,
}

struct Inner {
    settings: Settings,
    /// What it was bound to by its user; the port is never zero.
    bound: Option<Name>,
    /// The name of an attempt that failed, which the kernel has forgotten.
    had: Option<Name>,
    opening: Option<Opening>,
    failure: Option<Failure>,
    /// The peer of a datagram socket.
    peer: Option<Name>,
}

impl KernelSocket {
    pub(super) fn new(
        descriptor: OwnedFd,
        domain: Domain,
        kind: Kind,
        settings: Settings,
        clock: Clock,
        waiters: Arc<Waiters>,
    ) -> KernelSocket {
        let inner = Inner { settings, bound: None, had: None, opening: None, failure: None, peer: None };
        KernelSocket {
            domain,
            kind,
            clock,
            waiters,
            number: AtomicI32::new(descriptor.as_raw_fd()),
            descriptor: RwLock::new(Some(Own::new(descriptor))),
            end_watch: OnceLock::new(),
            stage: AtomicU8::new(Stage::Idle as u8),
            look_at: AtomicU64::new(NEVER),
            may_hold_foreign: AtomicBool::new(false),
            waits_first: AtomicU8::new(0),
            receiver_is_full: AtomicBool::new(false),
            forks: fork::forks(),
            inner: Mutex::new(inner),
        }
    }

    fn descriptor(&self) -> RwLockReadGuard<'_, Option<Own>> {
        // The one change is taking the descriptor out, which cannot be half done.
        self.descriptor.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // A thread that panicked here has left at most an opening that is told as it stood before.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a call on the descriptor. Who wants `inner` too takes that first.
    fn call<R>(&self, call: impl FnOnce(&OwnedFd) -> Result<R, Failure>) -> Result<R, Failure> {
        match &*self.descriptor() {
            Some(descriptor) => call(descriptor),
            None => Err(Outcome::Cancelled.into()),
        }
    }

    /// A datagram socket with an address that came with its peer could not reach every other peer from there, so it gives
    /// that up first.
    fn take_peer(&self, peer: &Name) -> Answer<()> {
        may_be_peer(peer)?;
        let mut inner = self.inner();
        self.call(|descriptor| {
            if inner.peer.as_ref().is_some_and(|before| before != peer) {
                self.give_up_peer(descriptor, &mut inner)?;
            }
            let before = inner.peer.take();
            let taken = opening::take_peer(descriptor, peer, inner.bound.as_ref());
            match (&taken, before) {
                (Ok(()), _) => inner.peer = Some(peer.clone()),
                // What was, stays.
                (Err(_), Some(before)) if opening::take_peer(descriptor, &before, None).is_ok() => {
                    inner.peer = Some(before);
                }
                (Err(_), _) => {}
            }
            taken.map(Progress::Done)
        })
    }

    /// It is given up when the kernel has given it up. Where somebody else took the port in the moment that it was free, the
    /// socket has none, and says so when it is asked for its name.
    fn give_up_peer(&self, descriptor: &OwnedFd, inner: &mut Inner) -> Result<(), Failure> {
        let had = kernel_name(descriptor)?;
        rustix::net::connect_unspec(descriptor).map_err(|number| Call::Connect.failure(number))?;
        // An error that came of this peer goes with it.
        let _ = rustix::net::sockopt::socket_error(descriptor);
        match (&inner.bound, had) {
            (Some(name), _) => {
                if self.bind_again(descriptor, name).is_err() {
                    inner.bound = None;
                }
            }
            (None, Name::Inet(had)) if had.port() != 0 => {
                // What is lost is told by the name.
                let _ = self.bind_again(descriptor, &port_alone(self.domain, had));
            }
            (None, _) => {}
        }
        Ok(())
    }

    /// Whether what was sent is acknowledged, or never will be.
    fn is_drained(&self, descriptor: &OwnedFd) -> bool {
        let left = read_number(descriptor, libc::TIOCOUTQ);
        let mut has_failed = false;
        waiters::look(
            |list| list.push(waiters::watch(descriptor.as_raw_fd(), 0)),
            |answers| has_failed = answers.iter().any(|answer| answer.revents & libc::POLLERR != 0),
        );
        left.is_none_or(|left| left == 0) || has_failed
    }

    /// Who comes here holds no lock: what else is known of the socket stands behind one.
    fn send_failed(&self, number: Errno, to: Option<&Name>) -> Answer<usize> {
        let call = if self.domain == Domain::Local { Call::SendLocal } else { Call::Send };
        match number {
            Errno::AGAIN if self.kind == Kind::Datagram && self.call(|descriptor| Ok(has_no_port(descriptor)))? => {
                Err(call.failure_as(Outcome::NoPorts, number))
            }
            Errno::AGAIN | Errno::INTR => Ok(Progress::Pending),
            Errno::PIPE if self.kind == Kind::Stream && self.stage() != Stage::Open => {
                Err(call.failure_as(Outcome::NotConnected, number))
            }
            Errno::ACCESS if to.and_then(Name::inet).is_some_and(|to| provider::is_broadcast_of_a_network(to.ip())) => {
                Err(call.failure_as(Outcome::PermissionDenied, number))
            }
            Errno::NETUNREACH => {
                let peer = to.cloned().or_else(|| self.inner().peer.clone());
                let bound = self.inner().bound.clone();
                Err(peer
                    .map_or_else(|| call.failure(number), |peer| opening::why_not_begun(&peer, bound.as_ref(), number)))
            }
            _ => Err(call.failure(number)),
        }
    }
}

impl Transport for KernelSocket {
    fn bind(&self, name: &Name) -> Result<(), Failure> {
        let mut inner = self.inner();
        self.call(|descriptor| {
            match name {
                Name::Inet(address) => bind_inet(descriptor, *address)?,
                Name::Local(_) => local::bind(descriptor, name)?,
            }
            let chooses = name.inet().is_some_and(|address| address.port() == 0);
            inner.bound = Some(if chooses { kernel_name(descriptor)? } else { name.clone() });
            Ok(())
        })
    }

    fn connect(&self, peer: &Name) -> Answer<()> {
        if peer.domain() != self.domain {
            return Err(Outcome::DomainUnsupported.into());
        }
        match self.kind {
            Kind::Stream => self.begin_opening(peer),
            Kind::Datagram => self.take_peer(peer),
        }
    }

    fn change_peer(&self, peer: &Name) -> Answer<()> {
        if peer.domain() != self.domain {
            return Err(Outcome::DomainUnsupported.into());
        }
        match self.kind {
            Kind::Stream => Err(Outcome::OperationUnsupported.into()),
            Kind::Datagram => self.take_peer_anew(peer),
        }
    }

    fn connecting(&self) -> Answer<()> {
        match self.stage() {
            Stage::Open => return Ok(Progress::Done(())),
            _ if self.kind == Kind::Datagram => {
                return match self.inner().peer {
                    Some(_) => Ok(Progress::Done(())),
                    None => Err(Outcome::NotConnected.into()),
                };
            }
            _ => {}
        }
        let mut inner = self.inner();
        let inner = &mut *inner;
        match (self.stage(), inner.opening.take(), &inner.failure) {
            (Stage::Open, _, _) => Ok(Progress::Done(())),
            (_, Some(mut opening), _) => self.call(|descriptor| {
                let answer = opening.how_far(descriptor, inner.bound.as_ref(), self.clock.now());
                inner.opening = Some(opening);
                self.note(inner, descriptor, answer)
            }),
            (Stage::Failed, None, Some(failure)) => Err(failure.clone()),
            _ => Err(Outcome::NotConnected.into()),
        }
    }

    fn abandon(&self) {
        let mut inner = self.inner();
        let Some(mut opening) = inner.opening.take() else { return };
        inner.failure = Some(Outcome::Cancelled.into());
        self.set_look_at(None);
        self.set_stage(Stage::Failed);
        if let Some(descriptor) = &*self.descriptor() {
            opening.give_up(descriptor);
        }
    }

    fn disconnect(&self) -> Result<(), Failure> {
        if self.kind == Kind::Stream {
            return Err(Outcome::OperationUnsupported.into());
        }
        let mut inner = self.inner();
        if inner.peer.is_none() {
            return Ok(());
        }
        self.call(|descriptor| self.give_up_peer(descriptor, &mut inner))?;
        inner.peer = None;
        Ok(())
    }

    fn listen(&self, backlog: u32) -> Result<(), Failure> {
        let inner = self.inner();
        match self.stage() {
            _ if self.kind == Kind::Datagram => return Err(Outcome::OperationUnsupported.into()),
            Stage::Opening | Stage::Paused => return Err(Outcome::AlreadyConnecting.into()),
            Stage::Open => return Err(Outcome::AlreadyConnected.into()),
            Stage::Idle | Stage::Failed | Stage::Listening => {}
        }
        self.call(|descriptor| {
            match (self.stage(), &inner.bound, &inner.had) {
                (Stage::Failed, Some(name), _) => self.bind_again(descriptor, name)?,
                // Where somebody has taken it since, any other port will do.
                (Stage::Failed, None, Some(had)) => drop(self.bind_again(descriptor, had)),
                _ => {}
            }
            let backlog = i32::try_from(backlog).unwrap_or(i32::MAX);
            rustix::net::listen(descriptor, backlog).map_err(|number| Call::Listen.failure(number))?;
            self.set_stage(Stage::Listening);
            Ok(())
        })
    }

    fn accept(&self) -> Answer<Accepted> {
        if self.kind == Kind::Datagram {
            return Err(Outcome::OperationUnsupported.into());
        }
        let (descriptor, peer) = loop {
            match self.call(|descriptor| Ok(rustix::net::acceptfrom_with(descriptor, FLAGS)))? {
                Ok(accepted) => break accepted,
                // The one that was there is gone. There may be another one.
                Err(number) if is_of_a_connection(number) => {}
                Err(Errno::MFILE | Errno::NFILE) => return Err(Call::Accept.failure(Errno::MFILE)),
                Err(number @ (Errno::NOBUFS | Errno::NOMEM | Errno::INVAL | Errno::BADF)) => {
                    return Err(Call::Accept.failure(number));
                }
                Err(_) => return Ok(Progress::Pending),
            }
        };
        let peer = peer.map_or_else(|| Ok(Name::unspecified(self.domain)), name_of)?;
        let inner = self.inner();
        let (settings, bound) = (inner.settings, inner.bound.clone().filter(|_| self.domain == Domain::Local));
        drop(inner);
        let waiters = Arc::clone(&self.waiters);
        let socket = KernelSocket::new(descriptor, self.domain, self.kind, settings, self.clock, waiters);
        // Connections of the local domain have the name of their listener.
        socket.inner().bound = bound;
        socket.set_stage(Stage::Open);
        Ok(Progress::Done(Accepted { transport: Arc::new(socket), peer }))
    }

    fn send(&self, octets: &[u8], how: SendHow) -> Answer<usize> {
        let is_urgent = self.marks_urgent(how);
        self.send_by(|descriptor| match is_urgent {
            true => send_urgent(descriptor, octets, how),
            false => rustix::net::send(descriptor, octets, send_flags(how)),
        })
    }

    fn send_from(&self, memory: &dyn Memory, part: Range<usize>, how: SendHow) -> Option<Answer<usize>> {
        let memory = Wild::of(memory).filter(|_| !self.marks_urgent(how))?;
        Some(self.send_by(|descriptor| memory.send(part, descriptor, send_flags(how))))
    }

    fn send_to(&self, octets: &[u8], to: &Name, how: SendHow) -> Answer<usize> {
        if self.kind == Kind::Stream {
            return Err(Outcome::OperationUnsupported.into());
        }
        if to.domain() != self.domain {
            return Err(Outcome::DomainUnsupported.into());
        }
        let flags = send_flags(how);
        let sent = self.call(|descriptor| {
            Ok(match to {
                Name::Inet(SocketAddr::V4(address)) => rustix::net::sendto(descriptor, octets, flags, address),
                Name::Inet(SocketAddr::V6(address)) => rustix::net::sendto(descriptor, octets, flags, address),
                Name::Local(_) => {
                    let reached = local::reach(to)?;
                    rustix::net::sendto(descriptor, octets, flags, &reached.address)
                }
            })
        })?;
        if self.domain == Domain::Local {
            self.receiver_is_full.store(sent == Err(Errno::AGAIN), Ordering::Relaxed);
        }
        match sent {
            Ok(octets) => Ok(Progress::Done(octets)),
            Err(number) => self.send_failed(number, Some(to)),
        }
    }

    fn receive(&self, into: &mut [u8], how: ReceiveHow) -> Answer<Received> {
        if how.urgent && self.kind == Kind::Datagram {
            return Err(Outcome::OperationUnsupported.into());
        }
        let flags = receive_flags(how);
        if self.kind == Kind::Stream {
            return self
                .receive_by(how, |descriptor| rustix::net::recv(descriptor, into, flags).map(|(octets, _)| octets));
        }
        let received = self.call(|descriptor| Ok(rustix::net::recvfrom(descriptor, into, flags | RecvFlags::TRUNC)))?;
        // An error that waits is for the next verb, and looking at the queue would take it away.
        let may_hold_foreign = self.may_hold_foreign.load(Ordering::Relaxed) && !how.peek;
        if may_hold_foreign && !matches!(received, Err(Errno::AGAIN)) && !self.look().has(Ready::FAILED) {
            self.drop_foreign();
        }
        match received {
            Ok((octets, whole, source)) => {
                let source =
                    source.map(name_of).transpose()?.filter(|source| *source != Name::unspecified(self.domain));
                Ok(Progress::Done(Received { octets, whole, source }))
            }
            Err(number) => self.receive_failed(number, how),
        }
    }

    fn receive_into(&self, memory: &dyn Memory, part: Range<usize>, how: ReceiveHow) -> Option<Answer<Received>> {
        // A datagram that has no place would be lost.
        let memory = Wild::of(memory).filter(|_| self.kind == Kind::Stream)?;
        Some(self.receive_by(how, |descriptor| memory.receive(part, descriptor, receive_flags(how))))
    }

    /// Of a request and its answer each receive waits. So that a stream of data is noticed, every now and then one is tried without.
    fn is_better_waited_for(&self) -> bool {
        let left = self.waits_first.load(Ordering::Relaxed);
        // Two threads that count at the same time count once.
        self.waits_first.store(left.saturating_sub(1), Ordering::Relaxed);
        left > 0
    }

    fn discard_queued(&self) {
        self.drain();
    }

    fn discard_foreign(&self) {
        self.drop_foreign();
    }

    fn shutdown(&self, how: Shutdown) -> Result<(), Failure> {
        if self.kind == Kind::Stream && self.stage() != Stage::Open {
            return Err(Outcome::NotConnected.into());
        }
        let which = match how {
            Shutdown::Receive => rustix::net::Shutdown::Read,
            Shutdown::Send => rustix::net::Shutdown::Write,
            Shutdown::Both => rustix::net::Shutdown::Both,
        };
        self.call(|descriptor| match rustix::net::shutdown(descriptor, which) {
            // The kernel says so of a datagram socket without a peer, and does it all the same; of a connection that the peer
            // has reset there is nothing left to end.
            Ok(()) | Err(Errno::NOTCONN) => Ok(()),
            Err(number) => Err(Call::Shutdown.failure(number)),
        })
    }

    fn close(&self, linger: Option<Duration>) -> Answer<()> {
        let is_connection = self.kind == Kind::Stream && self.domain != Domain::Local && self.stage() == Stage::Open;
        if let Some(linger) = linger.filter(|_| is_connection)
            && let Some(descriptor) = &*self.descriptor()
        {
            let may_be_shared = self.forks != fork::forks();
            if linger.is_zero() || may_be_shared {
                // Ending the sending would end it for the other process too. The kernel knows who closes it last, and waits then.
                // The error of a connection that is over already changes nothing.
                let _ = rustix::net::sockopt::set_socket_linger(descriptor, Some(linger));
            } else {
                let _ = rustix::net::shutdown(descriptor, rustix::net::Shutdown::Write);
                let watch = self.end_watch.get_or_init(|| EndWatch::new(descriptor.as_fd()).ok());
                if let Some(watch) = watch {
                    watch.forget();
                }
                if !self.is_drained(descriptor) {
                    self.set_look_at(watch.is_none().then(|| self.clock.now() + LINGER_PAUSE));
                    return Ok(Progress::Pending);
                }
            }
        }
        self.set_look_at(None);
        let descriptor = self.descriptor.write().unwrap_or_else(PoisonError::into_inner).take();
        fork::outside(|| drop(descriptor));
        Ok(Progress::Done(()))
    }

    fn local_name(&self) -> Result<Name, Failure> {
        if self.domain == Domain::Local {
            return Ok(self.inner().bound.clone().unwrap_or_else(|| Name::unspecified(self.domain)));
        }
        if matches!(self.stage(), Stage::Failed | Stage::Paused) {
            let inner = self.inner();
            if let Some(name) = inner.bound.as_ref().or(inner.had.as_ref()) {
                return Ok(name.clone());
            }
        }
        self.call(kernel_name)
    }

    fn set(&self, setting: Setting) -> Result<(), Failure> {
        let mut inner = self.inner();
        let mut settings = inner.settings;
        settings.apply(setting);
        self.call(|descriptor| settings::set(descriptor, self.domain, setting, &settings))?;
        inner.settings = settings;
        Ok(())
    }

    fn ready(&self) -> Ready {
        if self.kind == Kind::Stream && matches!(self.stage(), Stage::Opening | Stage::Paused) {
            return match self.connecting() {
                Ok(Progress::Pending) => Ready::NONE,
                Ok(Progress::Done(())) => self.look(),
                Err(_) => Ready::FAILED,
            };
        }
        self.look()
    }

    fn take_error(&self) -> Option<Failure> {
        if self.kind == Kind::Stream && self.stage() != Stage::Open {
            return None;
        }
        let error = self.call(|descriptor| Ok(rustix::net::sockopt::socket_error(descriptor))).ok()?;
        error.ok()?.err().map(|number| Call::Pending.failure(number))
    }

    fn receivable_octets(&self) -> usize {
        let octets = self.call(|descriptor| Ok(rustix::io::ioctl_fionread(descriptor))).ok().and_then(Result::ok);
        octets.and_then(|octets| usize::try_from(octets).ok()).unwrap_or(0)
    }

    fn is_at_mark(&self) -> bool {
        // Where there is no urgent data the kernel says no; but nothing is before what never comes.
        let is_before = |descriptor: &OwnedFd| Ok(read_number(descriptor, SIOCATMARK) == Some(0));
        !self.look().has(Ready::URGENT) || !self.call(is_before).unwrap_or(false)
    }

    fn buffers(&self) -> (u32, u32) {
        let of = self.inner().settings;
        self.call(|descriptor| Ok(settings::buffers(descriptor, &of))).unwrap_or((0, 0))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The kernel would take port zero for a datagram socket's peer, and refuse each datagram to it.
fn may_be_peer(peer: &Name) -> Result<(), Failure> {
    match peer.inet() {
        Some(peer) if peer.port() == 0 => Err(Outcome::BadPeer.into()),
        _ => Ok(()),
    }
}

/// Whether an error of `accept` is what happened to a connection that nobody has seen yet, and took it away.
fn is_of_a_connection(number: Errno) -> bool {
    matches!(
        number,
        Errno::INTR
            | Errno::CONNABORTED
            | Errno::PROTO
            | Errno::NOPROTOOPT
            | Errno::OPNOTSUPP
            | Errno::TIMEDOUT
            | Errno::NETDOWN
            | Errno::NETUNREACH
            | Errno::HOSTDOWN
            | Errno::HOSTUNREACH
            | Errno::NONET
    )
}

/// Asks a socket for a number by one of the requests that write one.
fn read_number(descriptor: &OwnedFd, request: libc::Ioctl) -> Option<i32> {
    let mut number: libc::c_int = 0;
    // SAFETY: the two requests that come here write one whole number, which lives longer than the call.
    let result = unsafe { libc::ioctl(descriptor.as_raw_fd(), request, &mut number) };
    (result == 0).then_some(number)
}
