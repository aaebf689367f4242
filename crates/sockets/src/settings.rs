//! What can be set on a socket, in words of no system.

use synsent_stack::{Duration, SoftErrors};

/// How an active opening behaves: what a dialect promises of it, whoever provides the socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ConnectPolicy {
    /// What ICMP errors do to it.
    pub soft_errors: SoftErrors,
    /// When it is given up at the latest; `None`: when the provider's own schedule is over.
    pub timeout: Option<Duration>,
}

impl Default for ConnectPolicy {
    fn default() -> ConnectPolicy {
        ConnectPolicy { soft_errors: SoftErrors::AbortOnAny, timeout: None }
    }
}

/// The settings of a socket that its provider carries out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Settings {
    /// Whether a local name that others use may be bound, where they allow it too.
    pub reuse_address: bool,
    /// Whether nobody else may bind the name, whatever they ask for.
    pub exclusive_address: bool,
    /// Whether datagrams may go to broadcast addresses.
    pub broadcast: bool,
    /// Whether an idle connection is probed.
    pub keep_alive: bool,
    /// How long a connection is idle before the first probe; `None`: the provider's default.
    pub keep_alive_idle: Option<Duration>,
    /// How long after one probe the next is sent; `None`: the provider's default.
    pub keep_alive_interval: Option<Duration>,
    /// Whether receiving does not tell that an earlier datagram was refused.
    pub ignores_refusals: bool,
    /// Whether small segments leave at once.
    pub no_delay: bool,
    /// Whether urgent data stays in its place in the stream.
    pub urgent_inline: bool,
    /// Whether only directly joined networks are reached.
    pub dont_route: bool,
    /// Whether an IPv6 socket leaves IPv4 alone.
    pub v6_only: bool,
    /// Room for what is not acknowledged yet; unit: octets; `None`: the provider's default.
    pub send_buffer: Option<u32>,
    /// Room for what is not received yet; unit: octets; `None`: the provider's default.
    pub receive_buffer: Option<u32>,
    /// TTL or hop limit of unicast.
    pub hop_limit: Option<u8>,
    /// TTL or hop limit of multicast.
    pub multicast_hop_limit: Option<u8>,
    /// The traffic class octet.
    pub traffic_class: u8,
    /// How an opening behaves.
    pub connect: ConnectPolicy,
}

/// One of the [`Settings`] with a new value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Setting {
    /// See [`Settings::reuse_address`].
    ReuseAddress(bool),
    /// See [`Settings::exclusive_address`].
    ExclusiveAddress(bool),
    /// See [`Settings::broadcast`].
    Broadcast(bool),
    /// See [`Settings::keep_alive`].
    KeepAlive(bool),
    /// See [`Settings::keep_alive_idle`].
    KeepAliveIdle(Duration),
    /// See [`Settings::keep_alive_interval`].
    KeepAliveInterval(Duration),
    /// See [`Settings::ignores_refusals`].
    IgnoreRefusals(bool),
    /// See [`Settings::no_delay`].
    NoDelay(bool),
    /// See [`Settings::urgent_inline`].
    UrgentInline(bool),
    /// See [`Settings::dont_route`].
    DontRoute(bool),
    /// See [`Settings::v6_only`].
    V6Only(bool),
    /// See [`Settings::send_buffer`].
    SendBuffer(u32),
    /// See [`Settings::receive_buffer`].
    ReceiveBuffer(u32),
    /// See [`Settings::hop_limit`].
    HopLimit(u8),
    /// See [`Settings::multicast_hop_limit`].
    MulticastHopLimit(u8),
    /// See [`Settings::traffic_class`].
    TrafficClass(u8),
}

impl Settings {
    /// Takes one new value over.
    pub fn apply(&mut self, setting: Setting) {
        match setting {
            Setting::ReuseAddress(on) => self.reuse_address = on,
            Setting::ExclusiveAddress(on) => self.exclusive_address = on,
            Setting::Broadcast(on) => self.broadcast = on,
            Setting::KeepAlive(on) => self.keep_alive = on,
            Setting::KeepAliveIdle(span) => self.keep_alive_idle = Some(span),
            Setting::KeepAliveInterval(span) => self.keep_alive_interval = Some(span),
            Setting::IgnoreRefusals(on) => self.ignores_refusals = on,
            Setting::NoDelay(on) => self.no_delay = on,
            Setting::UrgentInline(on) => self.urgent_inline = on,
            Setting::DontRoute(on) => self.dont_route = on,
            Setting::V6Only(on) => self.v6_only = on,
            Setting::SendBuffer(octets) => self.send_buffer = Some(octets),
            Setting::ReceiveBuffer(octets) => self.receive_buffer = Some(octets),
            Setting::HopLimit(hops) => self.hop_limit = Some(hops),
            Setting::MulticastHopLimit(hops) => self.multicast_hop_limit = Some(hops),
            Setting::TrafficClass(octet) => self.traffic_class = octet,
        }
    }
}
