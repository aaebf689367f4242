//! Every observable fact of the stack, declared once.
//!
//! A trace is switched on by `Config::trace_capacity` and taken with `Stack::poll_trace`. The ladder, the explanation, the
//! comments in capture files and the `-v` of the command all read these records; none of them keeps facts of its own. A fact
//! that is not wanted costs one comparison.

use core::fmt;
use core::net::IpAddr;

use synsent_wire::SeqNumber;
use synsent_wire::ip::Protocol;
use synsent_wire::tcp::Flags;

use crate::context::DropReason;
use crate::event::FlowId;
use crate::link::LinkId;
use crate::reason::{Cause, IcmpCause};
use crate::tcp::four_tuple::FourTuple;
use crate::tcp::state::State;
use crate::time::{Duration, Instant};

/// A fact and when it happened.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Record {
    /// When.
    pub at: Instant,
    /// What.
    pub fact: Fact,
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.at, self.fact)
    }
}

/// A segment as the trace shows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SegmentSummary {
    /// SEG.SEQ.
    pub seq: SeqNumber,
    /// SEG.ACK; meaningful when `flags` has ACK.
    pub ack: SeqNumber,
    /// The control bits.
    pub flags: Flags,
    /// SEG.WND as it stands in the header, not scaled.
    pub window: u16,
    /// Octets of text.
    pub text_octets: u32,
}

impl fmt::Display for SegmentSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} seq {} ", self.flags, self.seq)?;
        if self.flags.contains(Flags::ACK) {
            write!(f, "ack {} ", self.ack)?;
        }
        write!(f, "win {} len {}", self.window, self.text_octets)
    }
}

/// What showed that segments were lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LossSign {
    /// Segments sent later have arrived (RFC 8985, RFC 6675).
    LaterArrived,
    /// Three duplicate acknowledgments from a peer without SACK (RFC 5681).
    DuplicateAcks,
    /// The retransmission timer ran out (RFC 6298).
    Timeout,
}

/// What an ICMP error did to the flow that it quotes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IcmpVerdict {
    /// It ended the flow.
    Ended,
    /// It was noted as a soft error.
    Noted,
    /// It lowered the path MTU.
    PathMtu,
    /// It quotes nothing that is in flight, or no flow at all (5927/1).
    NotOurs,
    /// The policy or the message's kind says that it does nothing.
    Ignored,
}

/// One observable fact.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Fact {
    /// A connection went from one of the eleven states to another.
    StateChanged {
        /// Which.
        flow: Option<FlowId>,
        /// Its four-tuple.
        tuple: FourTuple,
        /// The state before.
        from: State,
        /// The state after.
        to: State,
    },
    /// A segment left.
    SegmentSent {
        /// Its four-tuple, as seen from here.
        tuple: FourTuple,
        /// What it was.
        segment: SegmentSummary,
        /// Whether its text was sent before.
        again: bool,
    },
    /// A segment arrived for an address of ours, with a right checksum.
    SegmentReceived {
        /// Its four-tuple, as seen from here.
        tuple: FourTuple,
        /// What it was.
        segment: SegmentSummary,
    },
    /// The retransmission timer ran out.
    RetransmissionTimeout {
        /// Whose.
        tuple: FourTuple,
        /// How long it had waited.
        waited: Duration,
        /// How many times in a row.
        retries: u32,
    },
    /// Segments were taken for lost.
    LossDetected {
        /// Whose.
        tuple: FourTuple,
        /// How many octets.
        octets: u32,
        /// By what sign.
        sign: LossSign,
    },
    /// Every retransmission of an episode turned out to be needless (D-SACK); the congestion window was given back.
    SpuriousRetransmission {
        /// Whose.
        tuple: FourTuple,
    },
    /// A tail loss probe left (RFC 8985 section 7).
    TailLossProbe {
        /// Whose.
        tuple: FourTuple,
    },
    /// A zero-window probe left.
    WindowProbe {
        /// Whose.
        tuple: FourTuple,
        /// How many in a row.
        count: u32,
    },
    /// A keep-alive probe left.
    KeepAliveProbe {
        /// Whose.
        tuple: FourTuple,
        /// How many in a row.
        count: u8,
    },
    /// A challenge ACK answered a doubtful segment (RFC 5961).
    Challenged {
        /// Whose.
        tuple: FourTuple,
    },
    /// A listener answered with a SYN cookie because its half-open queue was full.
    SynCookieSent {
        /// Towards whom.
        tuple: FourTuple,
    },
    /// An ICMP error about a packet of ours arrived.
    IcmpReceived {
        /// Who sent it.
        from: IpAddr,
        /// What it says.
        cause: IcmpCause,
        /// The protocol of the quoted packet.
        protocol: Protocol,
        /// Where the quoted packet was going.
        towards: IpAddr,
        /// What it did.
        verdict: IcmpVerdict,
    },
    /// This stack sent an ICMP error.
    IcmpSent {
        /// To whom.
        to: IpAddr,
        /// What it says.
        cause: IcmpCause,
    },
    /// The MTU towards an address changed.
    PathMtuChanged {
        /// The address.
        destination: IpAddr,
        /// The new MTU; unit: octets.
        mtu: u32,
    },
    /// A link went up or down.
    LinkChanged {
        /// Which.
        link: LinkId,
        /// Whether it is up now.
        up: bool,
    },
    /// A neighbour's link-layer address became known.
    NeighbourFound {
        /// On which link.
        link: LinkId,
        /// Who.
        addr: IpAddr,
    },
    /// A neighbour did not answer.
    NeighbourLost {
        /// On which link.
        link: LinkId,
        /// Who.
        addr: IpAddr,
    },
    /// An address of ours may be used: it was given, or duplicate address detection passed.
    AddressReady {
        /// On which link.
        link: LinkId,
        /// Which.
        addr: IpAddr,
    },
    /// Duplicate address detection found another owner.
    AddressDuplicate {
        /// On which link.
        link: LinkId,
        /// Which.
        addr: IpAddr,
    },
    /// Something that arrived or should have left was dropped.
    Dropped {
        /// On which link.
        link: LinkId,
        /// Why.
        reason: DropReason,
    },
    /// A flow failed.
    Failed {
        /// Whose.
        tuple: FourTuple,
        /// Why.
        cause: Cause,
    },
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fact::StateChanged { tuple, from, to, .. } => write!(f, "{tuple}: {from} -> {to}"),
            Fact::SegmentSent { tuple, segment, again } => {
                write!(f, "{tuple}: > {segment}{}", if *again { " (again)" } else { "" })
            }
            Fact::SegmentReceived { tuple, segment } => write!(f, "{tuple}: < {segment}"),
            Fact::RetransmissionTimeout { tuple, waited, retries } => {
                write!(f, "{tuple}: retransmission timeout {retries} after {} ms", waited.as_millis())
            }
            Fact::LossDetected { tuple, octets, sign } => {
                let sign = match sign {
                    LossSign::LaterArrived => "later segments arrived",
                    LossSign::DuplicateAcks => "three duplicate acknowledgments",
                    LossSign::Timeout => "timeout",
                };
                write!(f, "{tuple}: {octets} octets taken for lost: {sign}")
            }
            Fact::SpuriousRetransmission { tuple } => write!(f, "{tuple}: the retransmission was needless"),
            Fact::TailLossProbe { tuple } => write!(f, "{tuple}: tail loss probe"),
            Fact::WindowProbe { tuple, count } => write!(f, "{tuple}: zero-window probe {count}"),
            Fact::KeepAliveProbe { tuple, count } => write!(f, "{tuple}: keep-alive probe {count}"),
            Fact::Challenged { tuple } => write!(f, "{tuple}: challenge ACK"),
            Fact::SynCookieSent { tuple } => write!(f, "{tuple}: SYN cookie sent"),
            Fact::IcmpReceived { from, cause, towards, verdict, .. } => {
                let verdict = match verdict {
                    IcmpVerdict::Ended => "ends the flow",
                    IcmpVerdict::Noted => "noted",
                    IcmpVerdict::PathMtu => "path MTU",
                    IcmpVerdict::NotOurs => "quotes nothing of ours",
                    IcmpVerdict::Ignored => "ignored",
                };
                write!(f, "{cause} from {from} about a packet to {towards}: {verdict}")
            }
            Fact::IcmpSent { to, cause } => write!(f, "{cause} sent to {to}"),
            Fact::PathMtuChanged { destination, mtu } => write!(f, "path MTU to {destination} is {mtu}"),
            Fact::LinkChanged { link, up } => write!(f, "{link} is {}", if *up { "up" } else { "down" }),
            Fact::NeighbourFound { addr, .. } => write!(f, "neighbour {addr} found"),
            Fact::NeighbourLost { addr, .. } => write!(f, "neighbour {addr} does not answer"),
            Fact::AddressReady { addr, .. } => write!(f, "address {addr} ready"),
            Fact::AddressDuplicate { addr, .. } => write!(f, "address {addr} belongs to someone else"),
            Fact::Dropped { reason, .. } => write!(f, "dropped: {reason}"),
            Fact::Failed { tuple, cause } => write!(f, "{tuple}: failed: {cause:?}"),
        }
    }
}
