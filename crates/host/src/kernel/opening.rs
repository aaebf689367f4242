//! The active opening of a stream, from the first `connect` to a connection or a failure.
//!
//! How far it has come is asked by calling `connect` again: that answers "in progress", "done" (once with success, later with
//! "already connected"), or with the error of the attempt, and then the kernel's socket is as it was before, ready for the
//! next attempt. Reading `SO_ERROR` instead would leave it in a state that answers the next `connect` with an error of the
//! past.
//!
//! Linux ends an attempt at the first ICMP error. Where the policy says otherwise the attempt begins again after a pause,
//! and the pauses are those of a TCP that repeats its SYN. When there are no more, or the policy's time is over, the failure
//! is a timeout that knows what routers said.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::sync::Arc;

use rustix::io::Errno;
use synsent_sockets::{Answer, ConnectPolicy, Domain, Failure, Name, Outcome, Progress, Reason};
use synsent_stack::{Cause, Duration, Endpoint, IcmpCause, Instant, SoftError, SoftErrors, SynSchedule};

use super::errors::Call;
use super::icmp::{self, Told};
use super::local;
use super::look;
use super::provider;

/// How many attempts one opening makes when routers say "unreachable" each time.
pub(super) const ATTEMPTS_MAX: u32 = 7;
/// The pause after the first attempt; each later one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// How often a local stream looks whether its peer has room for another connection. The kernel lets only a `connect` that blocks
/// wait for that, which cannot be taken back; no event of any descriptor tells it.
const LOCAL_PAUSE: Duration = Duration::from_millis(2);

/// What an opening knows of itself.
pub(super) struct Opening {
    peer: Name,
    policy: ConnectPolicy,
    began: Instant,
    attempts: u32,
    /// An attempt is to begin then; none is under way.
    pub(super) next_attempt: Option<Instant>,
    soft: Option<Soft>,
    listens_for_icmp: bool,
    /// Whether an attempt has been on the wire.
    pub(super) has_begun: bool,
}

/// What routers said of the attempts so far.
#[derive(Clone, Copy)]
struct Soft {
    number: Errno,
    told: Option<SoftError>,
}

impl Opening {
    pub(super) fn new(peer: &Name, policy: ConnectPolicy, now: Instant) -> Opening {
        Opening {
            peer: peer.clone(),
            policy,
            began: now,
            attempts: 0,
            next_attempt: None,
            soft: None,
            listens_for_icmp: false,
            has_begun: false,
        }
    }

    /// When somebody should ask again although no descriptor tells.
    pub(super) fn look_at(&self) -> Option<Instant> {
        let end = self.policy.timeout.map(|timeout| self.began + timeout);
        [self.next_attempt, end].into_iter().flatten().min()
    }

    /// Begins an attempt, and asks at once how far it is: on the same machine it is over.
    pub(super) fn attempt(&mut self, descriptor: &OwnedFd, own_name: Option<&Name>, now: Instant) -> Answer<()> {
        let answer = self.attempt_once(descriptor, own_name, now);
        if !matches!(answer, Ok(Progress::Pending)) {
            self.listen_no_more(descriptor);
        }
        answer
    }

    fn attempt_once(&mut self, descriptor: &OwnedFd, own_name: Option<&Name>, now: Instant) -> Answer<()> {
        self.next_attempt = None;
        self.attempts += 1;
        match connect(descriptor, &self.peer)? {
            Ok(()) | Err(Errno::ISCONN) => Ok(Progress::Done(())),
            Err(Errno::INPROGRESS) => {
                self.has_begun = true;
                self.ask(descriptor, now)
            }
            Err(Errno::AGAIN) if self.is_local() => {
                self.next_attempt = Some(now + LOCAL_PAUSE);
                Ok(Progress::Pending)
            }
            // To the kernel there is no way there; to every document it is no address of a peer.
            Err(number @ Errno::NETUNREACH) if self.peer.inet().is_some_and(|peer| is_many(peer.ip())) => {
                Err(Call::Connect.failure_as(Outcome::BadPeer, number))
            }
            Err(number) => Err(why_not_begun(&self.peer, own_name, number)),
        }
    }

    /// How far it has come.
    pub(super) fn how_far(&mut self, descriptor: &OwnedFd, own_name: Option<&Name>, now: Instant) -> Answer<()> {
        let answer = match self.next_attempt {
            None => self.ask(descriptor, now),
            Some(at) if now >= at => self.attempt_once(descriptor, own_name, now),
            Some(_) => Ok(Progress::Pending),
        };
        match self.policy.timeout {
            _ if answer != Ok(Progress::Pending) => {
                self.listen_no_more(descriptor);
                answer
            }
            Some(timeout) if now >= self.began + timeout => {
                self.give_up(descriptor);
                Err(self.silence(Errno::TIMEDOUT, now))
            }
            _ => answer,
        }
    }

    /// Ends the attempt that is under way, and leaves the socket ready for another.
    pub(super) fn give_up(&mut self, descriptor: &OwnedFd) {
        self.listen_no_more(descriptor);
        if self.next_attempt.is_some() || self.is_local() {
            return;
        }
        // Both cannot fail on a socket whose attempt is under way; were it over, there would be nothing to give up. The error
        // that is read away is the one that this very call leaves.
        let _ = rustix::net::connect_unspec(descriptor);
        let _ = rustix::net::sockopt::socket_error(descriptor);
    }

    /// Whoever has the socket next, a connection or a listener, is told nothing by the queue of ICMP errors.
    fn listen_no_more(&mut self, descriptor: &OwnedFd) {
        if std::mem::take(&mut self.listens_for_icmp) {
            icmp::take(descriptor);
            icmp::listen(descriptor, self.peer.domain(), false);
        }
    }

    fn is_local(&self) -> bool {
        self.peer.domain() == Domain::Local
    }

    fn ask(&mut self, descriptor: &OwnedFd, now: Instant) -> Answer<()> {
        match connect(descriptor, &self.peer)? {
            Ok(()) | Err(Errno::ISCONN) => Ok(Progress::Done(())),
            Err(Errno::ALREADY | Errno::INPROGRESS) => {
                if !self.listens_for_icmp {
                    self.listens_for_icmp = true;
                    icmp::listen(descriptor, self.peer.domain(), true);
                    return Ok(Progress::Pending);
                }
                match icmp::take(descriptor) {
                    Some(told) => self.attempt_survived(descriptor, told, now),
                    None => Ok(Progress::Pending),
                }
            }
            Err(number) => self.attempt_ended(icmp::take(descriptor), number, now),
        }
    }

    /// The kernel lets an attempt go on that an ICMP error came in for at a bad moment, and an error that nobody takes from its
    /// queue keeps a wait from sleeping.
    fn attempt_survived(&mut self, descriptor: &OwnedFd, told: Told, now: Instant) -> Answer<()> {
        let number = icmp::number(told.cause);
        if !self.goes_on_after(Some(told), number) {
            self.give_up(descriptor);
            return Err(self.failure(Some(told), number, now));
        }
        self.keep_soft(Some(told), number, now);
        Ok(Progress::Pending)
    }

    /// Keeps what a router said, where a timeout is to tell it.
    fn keep_soft(&mut self, told: Option<Told>, number: Errno, now: Instant) {
        if self.policy.soft_errors == SoftErrors::ReportAtTimeout {
            let count = self.soft.and_then(|soft| soft.told).map_or(0, |told| told.count) + 1;
            let told = told.map(|told| SoftError { from: told.from, cause: told.cause, at: now, count });
            self.soft = Some(Soft { number, told });
        }
    }

    /// An attempt failed on the wire.
    fn attempt_ended(&mut self, told: Option<Told>, number: Errno, now: Instant) -> Answer<()> {
        if number == Errno::TIMEDOUT {
            return Err(self.silence(number, now));
        }
        if !self.goes_on_after(told, number) {
            return Err(self.failure(told, number, now));
        }
        self.keep_soft(told, number, now);
        match pause_after(self.attempts) {
            Some(pause) => {
                self.next_attempt = Some(now + pause);
                Ok(Progress::Pending)
            }
            None => Err(self.silence(Errno::TIMEDOUT, now)),
        }
    }

    /// Whether the policy lets an attempt that ended so be repeated.
    fn goes_on_after(&self, told: Option<Told>, number: Errno) -> bool {
        let is_icmp = told.is_some() || !matches!(number, Errno::CONNREFUSED | Errno::CONNRESET | Errno::CONNABORTED);
        let is_hard = match told {
            Some(told) => {
                matches!(told.cause, IcmpCause::V4Unreachable(2 | 3) | IcmpCause::V6Unreachable(1 | 4))
            }
            None => matches!(number, Errno::CONNREFUSED | Errno::NOPROTOOPT),
        };
        match self.policy.soft_errors {
            SoftErrors::AbortOnAny => false,
            SoftErrors::ReportAtTimeout | SoftErrors::HardOnly => is_icmp && !is_hard,
            SoftErrors::Ignore => is_icmp,
        }
    }

    fn failure(&self, told: Option<Told>, number: Errno, now: Instant) -> Failure {
        match told {
            Some(told) => {
                let cause = Cause::Icmp { from: told.from, cause: told.cause };
                self.on_the_wire(Outcome::of_icmp(told.cause), cause, Call::Connect.failure(number), now)
            }
            None => Call::Connect.failure(number),
        }
    }

    /// Nobody answered in time.
    fn silence(&self, number: Errno, now: Instant) -> Failure {
        let peer = self.peer.inet();
        match self.soft {
            None if peer.is_some_and(|peer| look::is_behind_what_is_down(peer.ip())) => {
                Call::Connect.failure_as(Outcome::NetworkDown, number)
            }
            None => Call::Connect.failure(number),
            Some(soft) => {
                let plain = Call::Connect.failure_as(Outcome::TimedOutUnreachable, soft.number);
                match soft.told {
                    told @ Some(_) => self.on_the_wire(plain.outcome, Cause::TimedOut { soft: told }, plain, now),
                    None => plain,
                }
            }
        }
    }

    fn on_the_wire(&self, outcome: Outcome, cause: Cause, plain: Failure, now: Instant) -> Failure {
        let Some(remote) = self.peer.inet() else { return plain };
        let flow = synsent_stack::Failure {
            cause,
            at: now,
            opened_at: self.began,
            remote: Endpoint { addr: remote.ip(), port: remote.port() },
            syns: SynSchedule::default(),
            soft: self.soft.and_then(|soft| soft.told),
        };
        Failure { outcome, reason: Reason::Flow(Arc::new(flow)) }
    }
}

/// Calls `connect` once; the outer error is that of a path that cannot be reached.
fn connect(descriptor: &OwnedFd, peer: &Name) -> Result<rustix::io::Result<()>, Failure> {
    Ok(match peer {
        Name::Inet(SocketAddr::V4(address)) => rustix::net::connect(descriptor, address),
        Name::Inet(SocketAddr::V6(address)) => rustix::net::connect(descriptor, address),
        Name::Local(_) => rustix::net::connect(descriptor, &local::reach(peer)?.address),
    })
}

/// Gives a datagram socket its peer.
pub(super) fn take_peer(descriptor: &OwnedFd, peer: &Name, own_name: Option<&Name>) -> Result<(), Failure> {
    connect(descriptor, peer)?.map_err(|number| why_not_begun(peer, own_name, number))
}

/// Why the kernel refused at once: nothing was on the wire.
pub(super) fn why_not_begun(peer: &Name, own_name: Option<&Name>, number: Errno) -> Failure {
    let Some(address) = peer.inet() else { return Call::ConnectLocal.failure(number) };
    let own_name = own_name.and_then(Name::inet);
    match number {
        Errno::NETUNREACH | Errno::HOSTUNREACH | Errno::INVAL
            if look::is_network_down(own_name.map(|name| name.ip()), address.ip()) =>
        {
            Call::Connect.failure_as(Outcome::NetworkDown, number)
        }
        Errno::ADDRNOTAVAIL => Call::Connect.failure_as(look::why_not_available(own_name, address), number),
        // Without a port of its own the socket was to get one.
        Errno::AGAIN => Call::Connect.failure_as(Outcome::NoPorts, number),
        Errno::ACCESS if provider::is_broadcast_of_a_network(address.ip()) => {
            Call::Connect.failure_as(Outcome::PermissionDenied, number)
        }
        _ => Call::Connect.failure(number),
    }
}

fn is_many(address: IpAddr) -> bool {
    address.is_multicast() || provider::is_broadcast_of_a_network(address)
}

/// How long to wait before the next attempt; `None` when there have been enough.
fn pause_after(attempts: u32) -> Option<Duration> {
    (attempts < ATTEMPTS_MAX).then(|| FIRST_PAUSE * 2_u32.pow(attempts.saturating_sub(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_paced_like_syns_and_come_to_an_end() {
        let pauses: Vec<u64> = (1..).map_while(pause_after).map(|pause| pause.as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32]);
        assert_eq!(pauses.len() as u32 + 1, ATTEMPTS_MAX);
    }
}
