//! One attempt to connect with the kernel's sockets, told as the kernel tells it: its number, the ICMP error behind it, how often
//! it repeated its SYN, and how long all that took.
//!
//! This is for people who ask why; sockets with a dialect's promises are a [`KernelNetwork`](crate::KernelNetwork)'s. Nothing is
//! sent beyond the kernel's own SYNs, and a connection that comes about is closed at once.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketType};
use synsent_sockets::{Domain, Outcome};
use synsent_stack::IcmpCause;

use super::errors::Call;
use super::icmp::{self, Told};
use super::opening::why_not_begun;
use super::provider::FLAGS;

/// What came of an attempt.
#[derive(Clone, Debug)]
pub struct Probed {
    /// The address and port that the kernel chose for it; `None` when it did not come so far.
    pub local: Option<SocketAddr>,
    /// How it ended.
    pub end: ProbeEnd,
    /// The last ICMP error about it: who sent it, and what it said.
    pub told: Option<(IpAddr, IcmpCause)>,
    /// How often the SYN was sent again; `None` when the kernel did not tell.
    pub syns_repeated: Option<u32>,
    /// How long it took.
    pub took: Duration,
}

/// How an attempt ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProbeEnd {
    /// With a connection.
    Connected,
    /// With an error.
    Failed {
        /// The kernel's number.
        number: i32,
        /// What it stands for.
        outcome: Outcome,
        /// Whether the kernel said so at once, without a packet.
        at_once: bool,
    },
    /// The kernel had not said anything when the time was over.
    StillWaiting,
}

/// Tries once to connect, and waits at most so long.
///
/// # Errors
/// When there is no socket to try with.
pub fn probe(peer: SocketAddr, limit: Duration) -> io::Result<Probed> {
    let (family, domain) = match peer {
        SocketAddr::V4(_) => (AddressFamily::INET, Domain::Inet4),
        SocketAddr::V6(_) => (AddressFamily::INET6, Domain::Inet6),
    };
    let descriptor = rustix::net::socket_with(family, SocketType::STREAM, FLAGS, None)?;
    icmp::listen(&descriptor, domain, true);
    let began = Instant::now();
    let mut told = None;
    let end = match rustix::net::connect(&descriptor, &peer) {
        Ok(()) => ProbeEnd::Connected,
        Err(Errno::INPROGRESS) => wait(&descriptor, began, limit, &mut told)?,
        Err(number) => {
            let outcome = why_not_begun(&peer.into(), None, number).outcome;
            ProbeEnd::Failed { number: number.raw_os_error(), outcome, at_once: true }
        }
    };
    let took = began.elapsed();
    let told = icmp::take(&descriptor).or(told).map(|told| (told.from, told.cause));
    let end = match (end, told) {
        // What a router said tells more than the number that the kernel has for it.
        (ProbeEnd::Failed { number, at_once: false, .. }, Some((_, cause))) => {
            ProbeEnd::Failed { number, outcome: Outcome::of_icmp(cause), at_once: false }
        }
        (end, _) => end,
    };
    let local = rustix::net::getsockname(&descriptor).ok().and_then(|name| SocketAddr::try_from(name).ok());
    let local = local.filter(|local| local.port() != 0);
    Ok(Probed { local, end, told, syns_repeated: retransmissions(&descriptor), took })
}

/// Waits for the kernel's word; `told` is what a router says meanwhile.
fn wait(descriptor: &OwnedFd, began: Instant, limit: Duration, told: &mut Option<Told>) -> io::Result<ProbeEnd> {
    loop {
        let left = limit.saturating_sub(began.elapsed());
        let mut descriptors = [PollFd::new(descriptor, PollFlags::OUT)];
        let timeout = Timespec::try_from(left).ok();
        match poll(&mut descriptors, timeout.as_ref()) {
            Ok(0) => return Ok(ProbeEnd::StillWaiting),
            Ok(_) => {}
            Err(Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
        let events = descriptors[0].revents();
        match rustix::net::sockopt::socket_error(descriptor)? {
            Err(number) => {
                let outcome = Call::Connect.failure(number).outcome;
                return Ok(ProbeEnd::Failed { number: number.raw_os_error(), outcome, at_once: false });
            }
            Ok(()) if events.contains(PollFlags::OUT) && rustix::net::getpeername(descriptor).is_ok() => {
                return Ok(ProbeEnd::Connected);
            }
            // An ICMP error that the attempt survives stands in the queue; who does not take it from there is woken by it again and again.
            Ok(()) => *told = icmp::take(descriptor).or(*told),
        }
    }
}

/// How often the kernel sent a segment of this socket again, over its whole life.
fn retransmissions(descriptor: &OwnedFd) -> Option<u32> {
    // SAFETY: all zeroes are a valid value of this struct of numbers.
    let mut info: libc::tcp_info = unsafe { std::mem::zeroed() };
    let whole = size_of::<libc::tcp_info>() as libc::socklen_t;
    let mut len = whole;
    let (pointer, level) = (std::ptr::from_mut(&mut info).cast(), libc::IPPROTO_TCP);
    // SAFETY: the kernel writes at most `len` octets to the struct, which has as many and lives longer than the call.
    let result = unsafe { libc::getsockopt(descriptor.as_raw_fd(), level, libc::TCP_INFO, pointer, &mut len) };
    (result == 0 && len == whole).then_some(info.tcpi_total_retrans)
}
