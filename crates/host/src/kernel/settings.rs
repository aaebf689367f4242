//! Options of the kernel's sockets.
//!
//! What is as the kernel has it from the start is not set. The kernel doubles the room for sending and receiving, for its own
//! bookkeeping; here a room is what its user gets.

use std::os::fd::{AsRawFd as _, OwnedFd};

use rustix::io::Errno;
use synsent_sockets::{Domain, Failure, Outcome, Setting, Settings};
use synsent_stack::Duration;

use super::errors::Call;
use crate::waiters::last_error;

/// Brings a new socket to these settings.
pub(super) fn set_all(descriptor: &OwnedFd, domain: Domain, settings: &Settings) -> Result<(), Failure> {
    let from = Settings::default();
    let switches = [
        (shares_address(settings), Setting::ReuseAddress(true)),
        (settings.broadcast, Setting::Broadcast(true)),
        (settings.keep_alive, Setting::KeepAlive(true)),
        (settings.no_delay, Setting::NoDelay(true)),
        (settings.urgent_inline, Setting::UrgentInline(true)),
        (settings.dont_route, Setting::DontRoute(true)),
        (settings.v6_only, Setting::V6Only(true)),
        (settings.traffic_class != from.traffic_class, Setting::TrafficClass(settings.traffic_class)),
    ];
    for (_, setting) in switches.into_iter().filter(|(differs, _)| *differs) {
        set_where_it_is(descriptor, domain, setting, settings)?;
    }
    let numbers = [
        settings.send_buffer.map(Setting::SendBuffer),
        settings.receive_buffer.map(Setting::ReceiveBuffer),
        settings.hop_limit.map(Setting::HopLimit),
        settings.multicast_hop_limit.map(Setting::MulticastHopLimit),
        settings.keep_alive_idle.map(Setting::KeepAliveIdle),
        settings.keep_alive_interval.map(Setting::KeepAliveInterval),
    ];
    for setting in numbers.into_iter().flatten() {
        set_where_it_is(descriptor, domain, setting, settings)?;
    }
    Ok(())
}

/// A new socket of a kind that does not have an option goes without.
fn set_where_it_is(descriptor: &OwnedFd, domain: Domain, setting: Setting, settings: &Settings) -> Result<(), Failure> {
    match set(descriptor, domain, setting, settings) {
        Err(failure) if failure.outcome == Outcome::OptionUnsupported => Ok(()),
        result => result,
    }
}

/// Whether others may have the name too; where nobody else may have it, that decides, in whatever order both were asked for.
fn shares_address(settings: &Settings) -> bool {
    settings.reuse_address && !settings.exclusive_address
}

/// Changes one setting; `settings` are those with it.
pub(super) fn set(descriptor: &OwnedFd, domain: Domain, setting: Setting, settings: &Settings) -> Result<(), Failure> {
    let is_v6 = domain == Domain::Inet6;
    let by_family = |v4: i32, v6: i32| if is_v6 { (libc::IPPROTO_IPV6, v6) } else { (libc::IPPROTO_IP, v4) };
    let socket = |name: i32| (libc::SOL_SOCKET, name);
    let ((level, name), value) = match setting {
        // Nobody else may have the name unless this socket allows it: that is the kernel's rule already.
        Setting::ExclusiveAddress(_) | Setting::ReuseAddress(_) => {
            (socket(libc::SO_REUSEADDR), shares_address(settings).into())
        }
        // Who receives sees to it.
        Setting::IgnoreRefusals(_) => return Ok(()),
        Setting::Broadcast(on) => (socket(libc::SO_BROADCAST), on.into()),
        Setting::KeepAlive(on) => (socket(libc::SO_KEEPALIVE), on.into()),
        Setting::UrgentInline(on) => (socket(libc::SO_OOBINLINE), on.into()),
        Setting::DontRoute(on) => (socket(libc::SO_DONTROUTE), on.into()),
        Setting::SendBuffer(octets) => (socket(libc::SO_SNDBUF), room(octets)),
        Setting::ReceiveBuffer(octets) => (socket(libc::SO_RCVBUF), room(octets)),
        _ if domain == Domain::Local => return Err(Outcome::OptionUnsupported.into()),
        Setting::NoDelay(on) => ((libc::IPPROTO_TCP, libc::TCP_NODELAY), on.into()),
        Setting::KeepAliveIdle(span) => ((libc::IPPROTO_TCP, libc::TCP_KEEPIDLE), probe_seconds(span)),
        Setting::KeepAliveInterval(span) => ((libc::IPPROTO_TCP, libc::TCP_KEEPINTVL), probe_seconds(span)),
        Setting::V6Only(_) if !is_v6 => return Err(Outcome::OptionUnsupported.into()),
        Setting::V6Only(on) => ((libc::IPPROTO_IPV6, libc::IPV6_V6ONLY), on.into()),
        Setting::HopLimit(hops) => (by_family(libc::IP_TTL, libc::IPV6_UNICAST_HOPS), hops.into()),
        Setting::MulticastHopLimit(hops) => (by_family(libc::IP_MULTICAST_TTL, libc::IPV6_MULTICAST_HOPS), hops.into()),
        Setting::TrafficClass(octet) => (by_family(libc::IP_TOS, libc::IPV6_TCLASS), octet.into()),
    };
    set_number(descriptor, level, name, value).map_err(|number| Call::Set.failure(number))
}

/// The kernel counts the time between probes in whole seconds, and takes so many.
fn probe_seconds(span: Duration) -> i32 {
    const PROBE_SECONDS_MAX: u128 = 32_767;
    let seconds = span.as_millis().div_ceil(1_000).clamp(1, PROBE_SECONDS_MAX);
    // It is at most as much as 16 bits hold.
    seconds as i32
}

/// Room for sending and receiving as its user sees it.
pub(super) fn buffers(descriptor: &OwnedFd, settings: &Settings) -> (u32, u32) {
    let as_set = |set: Option<u32>, has: rustix::io::Result<usize>| {
        let has = u32::try_from(has.unwrap_or(0)).unwrap_or(u32::MAX);
        if set.is_some() { has / 2 } else { has }
    };
    (
        as_set(settings.send_buffer, rustix::net::sockopt::socket_send_buffer_size(descriptor)),
        as_set(settings.receive_buffer, rustix::net::sockopt::socket_recv_buffer_size(descriptor)),
    )
}

/// Sets an option whose value is a whole number.
pub(super) fn set_number(descriptor: &OwnedFd, level: i32, name: i32, value: i32) -> Result<(), Errno> {
    let (pointer, len) = (std::ptr::from_ref(&value).cast(), size_of::<i32>() as libc::socklen_t);
    // SAFETY: the kernel reads as many octets as the number has, which lives longer than the call.
    let result = unsafe { libc::setsockopt(descriptor.as_raw_fd(), level, name, pointer, len) };
    if result == 0 { Ok(()) } else { Err(last_error()) }
}

fn room(octets: u32) -> i32 {
    i32::try_from(octets).unwrap_or(i32::MAX)
}
