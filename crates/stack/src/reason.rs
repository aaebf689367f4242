//! Why something failed: what happened on the wire, or which limit or route was missing.
//!
//! A failed flow carries a [`Failure`]. It is neutral: no error number stands here, a dialect finds one. Its `Display` is one
//! sentence that a person can act on. It records only what was observed; what is not known is not filled in.

use alloc::string::String;
use core::fmt::{self, Write as _};
use core::net::IpAddr;

use crate::tcp::four_tuple::Endpoint;
use crate::time::{Duration, Instant};

/// What an ICMP message said, with the code numbers of its own family.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IcmpCause {
    /// ICMPv4 type 3; the code as RFC 792 and RFC 1122 number it.
    V4Unreachable(u8),
    /// ICMPv6 type 1; the code as RFC 4443 numbers it.
    V6Unreachable(u8),
    /// Type 11 (v4) or 3 (v6); code 0 is transit, 1 is reassembly.
    TimeExceeded {
        /// 0: in transit; 1: while reassembling.
        code: u8,
    },
    /// Type 12 (v4) or 4 (v6).
    ParameterProblem {
        /// The code as its family numbers it.
        code: u8,
        /// The offset of the offending octet in the quoted packet.
        pointer: u32,
    },
    /// ICMPv4 "fragmentation needed" or ICMPv6 "packet too big"; unit: octets. Zero: the router did not tell.
    TooBig {
        /// The MTU of the next hop.
        mtu: u32,
    },
    /// ICMPv4 type 4, which must be ignored (RFC 6633).
    SourceQuench,
}

impl fmt::Display for IcmpCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match *self {
            IcmpCause::V4Unreachable(code) => match code {
                0 => "network unreachable",
                1 => "host unreachable",
                2 => "protocol unreachable",
                3 => "port unreachable",
                5 => "source route failed",
                6 => "network unknown",
                7 => "host unknown",
                8 => "source host isolated",
                9 => "network administratively prohibited",
                10 => "host administratively prohibited",
                11 => "network unreachable for this type of service",
                12 => "host unreachable for this type of service",
                13 => "communication administratively prohibited",
                14 => "host precedence violation",
                15 => "precedence cutoff",
                _ => return write!(f, "ICMP destination unreachable, code {code}"),
            },
            IcmpCause::V6Unreachable(code) => match code {
                0 => "no route to destination",
                1 => "communication administratively prohibited",
                2 => "beyond scope of source address",
                3 => "address unreachable",
                4 => "port unreachable",
                5 => "source address failed policy",
                6 => "reject route to destination",
                _ => return write!(f, "ICMPv6 destination unreachable, code {code}"),
            },
            IcmpCause::TimeExceeded { code: 0 } => "time to live exceeded in transit",
            IcmpCause::TimeExceeded { code: 1 } => "reassembly time exceeded",
            IcmpCause::TimeExceeded { code } => return write!(f, "ICMP time exceeded, code {code}"),
            IcmpCause::ParameterProblem { code, pointer } => {
                return write!(f, "ICMP parameter problem, code {code}, at octet {pointer}");
            }
            IcmpCause::TooBig { mtu } => return write!(f, "ICMP packet too big, next hop takes {mtu} octets"),
            IcmpCause::SourceQuench => "source quench",
        };
        write!(f, "ICMP {words}")
    }
}

/// An error that did not end the flow when it came (RFC 1122 section 4.2.3.9): a router's word that may pass.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SoftError {
    /// Who sent the message.
    pub from: IpAddr,
    /// What it said.
    pub cause: IcmpCause,
    /// When it arrived.
    pub at: Instant,
    /// How many such messages this flow received.
    pub count: u32,
}

/// When each SYN (or SYN-ACK) of an opening went out; the first [`SynSchedule::KEPT`] are kept, all are counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SynSchedule {
    sent_at: [Instant; SynSchedule::KEPT],
    count: u8,
}

impl SynSchedule {
    /// How many points in time are kept.
    pub const KEPT: usize = 12;

    /// Notes that a SYN left now.
    pub fn record(&mut self, now: Instant) {
        if let Some(slot) = self.sent_at.get_mut(usize::from(self.count)) {
            *slot = now;
        }
        self.count = self.count.saturating_add(1);
    }

    /// How many SYNs left.
    pub fn count(&self) -> u32 {
        u32::from(self.count)
    }

    /// The kept points in time, first to last.
    pub fn sent_at(&self) -> &[Instant] {
        &self.sent_at[..usize::from(self.count).min(Self::KEPT)]
    }
}

/// What ended a flow, or kept it from starting.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause {
    /// A RST answered our SYN.
    Refused {
        /// Who sent it.
        by: IpAddr,
    },
    /// A RST ended a flow that was open.
    Reset {
        /// Who sent it.
        by: IpAddr,
    },
    /// An ICMP message ended the flow under its [`SoftErrors`](crate::config::SoftErrors) policy.
    Icmp {
        /// Who sent it.
        from: IpAddr,
        /// What it said.
        cause: IcmpCause,
    },
    /// The peer did not answer until R2.
    TimedOut {
        /// What routers said meanwhile, if anything.
        soft: Option<SoftError>,
    },
    /// Data or a FIN stayed unacknowledged for the user timeout (RFC 5482).
    UserTimeout {
        /// The limit that was hit.
        after: Duration,
        /// What routers said meanwhile, if anything.
        soft: Option<SoftError>,
    },
    /// The keep-alive probes went unanswered.
    KeepAliveTimeout {
        /// How many probes were sent.
        probes: u8,
    },
    /// The lingering close ran out of time.
    LingerTimeout,
    /// The next hop did not answer ARP or neighbour solicitation.
    NeighbourUnreachable {
        /// The address that was asked for.
        next_hop: IpAddr,
    },
    /// No route towards the address.
    NoRoute {
        /// The address.
        destination: IpAddr,
        /// What the table said.
        why: NoPath,
    },
    /// This side gave the flow up.
    Aborted,
}

/// Why no path leads to a destination.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoPath {
    /// No entry of the routing table covers it.
    NoRoute,
    /// A route of kind `Unreachable` covers it.
    Unreachable,
    /// A route of kind `Prohibit` covers it.
    Prohibited,
    /// A route of kind `Blackhole` covers it.
    Blackhole,
    /// No address of ours may be the source (none of this family, or the one asked for is not ours).
    NoSource,
    /// The asked-for source address is not one of ours.
    ForeignSource,
    /// The link that the route names is not there.
    NoLink,
    /// Every link that leads there is down.
    LinkDown,
}

impl fmt::Display for NoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NoPath::NoRoute => "no route covers it",
            NoPath::Unreachable => "its route says unreachable",
            NoPath::Prohibited => "its route says prohibited",
            NoPath::Blackhole => "its route says blackhole",
            NoPath::NoSource => "no local address can be the source",
            NoPath::ForeignSource => "the chosen source address is not one of ours",
            NoPath::NoLink => "the route's link does not exist",
            NoPath::LinkDown => "every link that leads there is down",
        })
    }
}

/// Why a flow ended: the cause, the times, and every SYN that was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Failure {
    /// What ended it.
    pub cause: Cause,
    /// When.
    pub at: Instant,
    /// When the flow was opened.
    pub opened_at: Instant,
    /// The other end.
    pub remote: Endpoint,
    /// The SYNs of the opening.
    pub syns: SynSchedule,
    /// The last soft error before the end, whatever the cause.
    pub soft: Option<SoftError>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let took = Span(self.at.since(self.opened_at));
        match &self.cause {
            Cause::Refused { by } => write!(f, "refused: RST from {by} after {took}"),
            Cause::Reset { by } => write!(f, "reset: RST from {by} after {took}"),
            Cause::Icmp { from, cause } => write!(f, "unreachable: {cause} from {from} after {took}"),
            Cause::TimedOut { soft } => {
                let ladder = Ladder { schedule: &self.syns, opened_at: self.opened_at };
                match self.syns.count() {
                    0 => write!(f, "timed out: no answer from {} for {took}", self.remote)?,
                    _ => write!(f, "timed out: {ladder} to {} unanswered for {took}", self.remote)?,
                }
                write_soft(f, soft)
            }
            Cause::UserTimeout { after, soft } => {
                write!(f, "timed out: nothing acknowledged by {} for {}", self.remote, Span(*after))?;
                write_soft(f, soft)
            }
            Cause::KeepAliveTimeout { probes } => {
                write!(f, "timed out: {probes} keep-alive probes to {} unanswered", self.remote)
            }
            Cause::LingerTimeout => write!(f, "closed: unsent data was given up after the linger time"),
            Cause::NeighbourUnreachable { next_hop } => {
                write!(f, "unreachable: {next_hop} does not answer on its link, given up after {took}")
            }
            Cause::NoRoute { destination, why } => write!(f, "no route to {destination}: {why}"),
            Cause::Aborted => write!(f, "aborted by this side after {took}"),
        }
    }
}

fn write_soft(f: &mut fmt::Formatter<'_>, soft: &Option<SoftError>) -> fmt::Result {
    match soft {
        Some(soft) => write!(f, "; meanwhile {} from {} ({} times)", soft.cause, soft.from, soft.count),
        None => Ok(()),
    }
}

/// A span as people read it: `0.3 ms`, `1.2 s`, `127 s`.
struct Span(Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.as_micros();
        match micros {
            0..1_000_000 => write!(f, "{}.{} ms", micros / 1_000, micros / 100 % 10),
            1_000_000..10_000_000 => write!(f, "{}.{} s", micros / 1_000_000, micros / 100_000 % 10),
            _ => write!(f, "{} s", micros / 1_000_000),
        }
    }
}

/// The SYN schedule as people read it: `4 SYNs (at 0, 1, 3, 7 s)`.
struct Ladder<'a> {
    schedule: &'a SynSchedule,
    opened_at: Instant,
}

impl fmt::Display for Ladder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.schedule.count();
        write!(f, "{count} SYN{}", if count == 1 { "" } else { "s" })?;
        if count < 2 {
            return Ok(());
        }
        let mut points = String::new();
        for at in self.schedule.sent_at() {
            let tenths = at.since(self.opened_at).as_millis() / 100;
            let separator = if points.is_empty() { "" } else { ", " };
            match tenths % 10 {
                0 => write!(points, "{separator}{}", tenths / 10)?,
                rest => write!(points, "{separator}{}.{rest}", tenths / 10)?,
            }
        }
        let more = if count as usize > SynSchedule::KEPT { ", …" } else { "" };
        write!(f, " (at {points}{more} s)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use core::net::Ipv4Addr;

    fn failure(cause: Cause, after: Duration, syns: &[u64]) -> Failure {
        let opened_at = Instant::from_secs(5);
        let mut schedule = SynSchedule::default();
        for secs in syns {
            schedule.record(opened_at + Duration::from_secs(*secs));
        }
        let addr = IpAddr::V4(Ipv4Addr::new(10, 9, 0, 1));
        Failure {
            cause,
            at: opened_at + after,
            opened_at,
            remote: Endpoint { addr, port: 80 },
            syns: schedule,
            soft: None,
        }
    }

    #[test]
    fn a_refusal_names_who_and_how_long() {
        let by = IpAddr::V4(Ipv4Addr::new(10, 9, 0, 1));
        let said = failure(Cause::Refused { by }, Duration::from_micros(300), &[0]).to_string();
        assert_eq!(said, "refused: RST from 10.9.0.1 after 0.3 ms");
    }

    #[test]
    fn a_timeout_tells_the_whole_ladder_and_what_routers_said() {
        let from = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 254));
        let soft = SoftError { from, cause: IcmpCause::V4Unreachable(1), at: Instant::from_secs(6), count: 3 };
        let said = failure(Cause::TimedOut { soft: Some(soft) }, Duration::from_secs(15), &[0, 1, 3, 7]).to_string();
        assert_eq!(
            said,
            "timed out: 4 SYNs (at 0, 1, 3, 7 s) to 10.9.0.1:80 unanswered for 15 s; \
             meanwhile ICMP host unreachable from 10.0.0.254 (3 times)"
        );
    }
}
