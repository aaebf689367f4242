//! The settings of a stack and of a connection, each with its unit, its default and the requirement it serves.
//!
//! The defaults are the strict profile: what the RFCs ask of a host. A profile that answers as some system does (Linux gives a
//! SYN up after 134 s, Windows after 21 s) is a [`TcpOptions`] with other numbers, never another code path.

use core::ops::RangeInclusive;

pub use crate::tcp::cc::Algorithm;
use crate::time::Duration;

/// Settings of a whole stack.
#[derive(Clone, Debug)]
pub struct Config {
    /// Whether packets that are not for this host are forwarded (routers of the lab).
    pub forwarding: bool,
    /// How many trace records are kept until they are polled; 0 switches the trace off. The oldest leave first.
    pub trace_capacity: usize,
    /// How many ICMP errors may be sent in one second, in all (RFC 1122 ICMP-1, RFC 4443 section 2.4 f).
    pub icmp_errors_per_second: u32,
    /// How many octets of fragments may wait for reassembly.
    pub reassembly_octets: usize,
    /// TTL and hop limit of what the stack itself sends.
    pub hop_limit: u8,
    /// How many UDP sockets there may be.
    pub udp_sockets_max: usize,
    /// Settings of TCP.
    pub tcp: TcpConfig,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            forwarding: false,
            trace_capacity: 0,
            icmp_errors_per_second: 1_000,
            reassembly_octets: 1 << 20,
            hop_limit: 64,
            udp_sockets_max: 65_536,
            tcp: TcpConfig::default(),
        }
    }
}

/// Settings of TCP that belong to no single connection.
#[derive(Clone, Debug)]
pub struct TcpConfig {
    /// Local ports for active opens without one (RFC 6056 section 3.2). One in TIME-WAIT towards the same peer is in use as any other.
    pub ephemeral_ports: RangeInclusive<u16>,
    /// How many connections may exist at once, all states but TIME-WAIT.
    pub flows_max: usize,
    /// How many octets of memory buffers may hold before no connection is begun or accepted any more. Connections that exist are
    /// not touched: each may grow its buffers to its own limits.
    pub buffer_octets_max: usize,
    /// How many half-open passive connections may exist at once over all listeners; beyond it the oldest leaves (4987/1).
    pub half_open_max: usize,
    /// How many half-open passive connections one listener may have before SYN cookies begin (4987/4).
    pub half_open_per_listener: usize,
    /// Whether SYN cookies answer when a listener's half-open queue is full; without them the SYN is dropped (4987/5).
    pub syn_cookies: bool,
    /// How many connections may stand in TIME-WAIT; beyond it the oldest leaves.
    pub time_wait_max: usize,
    /// The maximum segment lifetime; TIME-WAIT lasts twice as long (9293/MUST-13).
    pub msl: Duration,
    /// How long a SYN-ACK is repeated before a half-open passive connection is given up.
    pub syn_ack_timeout: Duration,
    /// The first retransmission timeout (6298/1), before any round trip was measured.
    pub rto_initial: Duration,
    /// The smallest retransmission timeout.
    pub rto_min: Duration,
    /// The largest retransmission timeout; at least 60 s (6298/2).
    pub rto_max: Duration,
    /// How long an acknowledgment may wait for company; below 0.5 s (9293/MUST-40).
    pub delayed_ack: Duration,
    /// Connection settings that a socket starts with.
    pub options: TcpOptions,
}

impl Default for TcpConfig {
    fn default() -> TcpConfig {
        TcpConfig {
            ephemeral_ports: crate::tcp::ports::DEFAULT_PORTS,
            flows_max: 4 << 20,
            buffer_octets_max: 1 << 30,
            half_open_max: 65_536,
            half_open_per_listener: 1_024,
            syn_cookies: true,
            time_wait_max: 262_144,
            msl: Duration::from_secs(30),
            syn_ack_timeout: Duration::from_secs(63),
            rto_initial: Duration::from_secs(1),
            rto_min: Duration::from_millis(200),
            rto_max: Duration::from_secs(120),
            delayed_ack: Duration::from_millis(40),
            options: TcpOptions::default(),
        }
    }
}

/// What an ICMP error may do to a connection (RFC 5461). That it is a setting is what 5461/5 asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SoftErrors {
    /// Any unreachable message ends an opening at once: what Linux does (5461/2, 5461/6).
    AbortOnAny,
    /// Soft errors are remembered and told when the opening times out; hard ones end it at once: RFC 1122, TargetTCP (5461/1, 5461/6).
    #[default]
    ReportAtTimeout,
    /// Only hard errors count; soft ones are not even remembered.
    HardOnly,
    /// No ICMP error touches a connection.
    Ignore,
}

/// Settings of one connection; a listener's are inherited by what it accepts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TcpOptions {
    /// No Nagle: small segments leave at once (9293/MUST-17).
    pub no_delay: bool,
    /// Acknowledge without delay.
    pub quick_ack: bool,
    /// What ICMP errors may do.
    pub soft_errors: SoftErrors,
    /// The congestion control algorithm.
    pub algorithm: Algorithm,
    /// conn/1: a profile of another system is other numbers here.
    /// R2 for the SYN: how long an opening lasts without an answer; at least 3 minutes by default (9293/MUST-23).
    pub syn_timeout: Duration,
    /// How many times the SYN is sent again at most; `None`: until `syn_timeout`.
    pub syn_retries: Option<u8>,
    /// How many times the SYN is sent again after the first timeout without a longer pause; RFC 6298 has none, Linux four.
    pub syn_linear_timeouts: u8,
    /// R2 for data: how long sent data may stay unacknowledged (9293/MUST-21, 9293/SHLD-11, 5482/1); `None`: for ever.
    pub user_timeout: Option<Duration>,
    /// R1: after how many retransmissions of one segment the application is told (9293/SHLD-9, SHLD-10).
    pub retries_before_trouble: u8,
    /// Keep-alive probes after this long without a segment; `None`: off, the default (9293/MUST-24, 9293/MUST-25).
    pub keep_alive: Option<KeepAlive>,
    /// How long a connection that was closed here waits in FIN-WAIT-2 for the peer's FIN.
    pub fin_wait_2_timeout: Duration,
    /// What `tcp_close` does with what is not sent yet: `None` sends it in the background, zero resets at once, any other span
    /// sends for so long and then resets.
    pub linger: Option<Duration>,
    /// The traffic class octet: DSCP and ECN (9293/MUST-48).
    pub traffic_class: u8,
    /// TTL or hop limit (9293/MUST-49); `None`: the stack's.
    pub hop_limit: Option<u8>,
    /// Offer window scaling (RFC 7323).
    pub window_scaling: bool,
    /// Offer timestamps (RFC 7323).
    pub timestamps: bool,
    /// Offer selective acknowledgments (RFC 2018).
    pub selective_acks: bool,
    /// Largest segment to send and to announce, below what the path allows; `None`: what the path allows.
    pub max_segment_octets: Option<u16>,
    /// How many octets may wait to be sent and acknowledged: at the start, and at most once grown.
    pub send_buffer: BufferSize,
    /// How many received octets may wait for the application: at the start, and at most once grown.
    pub receive_buffer: BufferSize,
}

impl Default for TcpOptions {
    fn default() -> TcpOptions {
        TcpOptions {
            no_delay: false,
            quick_ack: false,
            soft_errors: SoftErrors::default(),
            algorithm: Algorithm::default(),
            syn_timeout: Duration::from_secs(183),
            syn_retries: None,
            syn_linear_timeouts: 0,
            user_timeout: Some(Duration::from_secs(300)),
            retries_before_trouble: 3,
            keep_alive: None,
            fin_wait_2_timeout: Duration::from_secs(60),
            linger: None,
            traffic_class: 0,
            hop_limit: None,
            window_scaling: true,
            timestamps: true,
            selective_acks: true,
            max_segment_octets: None,
            send_buffer: BufferSize { initial: 64 << 10, limit: 4 << 20 },
            receive_buffer: BufferSize { initial: 64 << 10, limit: 4 << 20 },
        }
    }
}

/// The size of a buffer that grows by itself; units: octets. No memory is held for what is not in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BufferSize {
    /// What it may hold at the start.
    pub initial: u32,
    /// What it may hold once the connection has shown that it needs it.
    pub limit: u32,
}

impl BufferSize {
    /// A buffer that does not grow beyond `octets`.
    pub const fn fixed(octets: u32) -> BufferSize {
        BufferSize { initial: octets, limit: octets }
    }
}

/// When keep-alive probes are sent (9293/MUST-26 to MUST-29).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeepAlive {
    /// After how long without a segment from the peer; 2 hours unless the application says otherwise (9293/MUST-28).
    pub idle: Duration,
    /// How long after an unanswered probe the next one follows.
    pub interval: Duration,
    /// After how many unanswered probes the connection is given up; at least 2, because one lost probe must not end it.
    pub probes: u8,
}

impl Default for KeepAlive {
    fn default() -> KeepAlive {
        KeepAlive { idle: Duration::from_secs(7_200), interval: Duration::from_secs(75), probes: 9 }
    }
}
