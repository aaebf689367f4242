//! What can go wrong, in words of no system: the closed list of outcomes, and the reason that stands behind one.
//!
//! A dialect has a word for every [`Outcome`]. The [`Reason`] is for people: what was on the wire, which route was missing,
//! which limit was reached, or what the kernel said.

use core::fmt;
use std::borrow::Cow;
use std::sync::Arc;

use synsent_stack::{IcmpCause, OpenError, UdpFailure};

macro_rules! outcomes {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What came of a call, as far as it is not success.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        #[repr(u8)]
        pub enum Outcome { $($(#[$doc])* $name,)* }

        impl Outcome {
            /// All of them, in the order of their numbers.
            pub const ALL: [Outcome; Outcome::COUNT] = [$(Outcome::$name,)*];
            /// How many there are: a table with a row for each has this length.
            pub const COUNT: usize = [$(stringify!($name),)*].len();
        }
    };
}

outcomes! {
    /// The attempt goes on in the background: a non-blocking connect has begun.
    ConnectStarted,
    /// Nothing can be done at once, and the socket does not block.
    WouldBlock,
    /// The time that the socket's own limit gives for sending or receiving is over.
    TimeLimit,
    /// The peer answered the opening with a reset, or a port of it with "port unreachable".
    Refused,
    /// An open connection was reset by the peer.
    Reset,
    /// An open connection was given up by this side's system.
    Aborted,
    /// Nobody answered.
    TimedOut,
    /// Nobody answered, and meanwhile a router had said that the destination is unreachable.
    TimedOutUnreachable,
    /// No route, or a router said that the network is unreachable.
    NetworkUnreachable,
    /// A router or the next hop said that the host is unreachable.
    HostUnreachable,
    /// A router said that a rule forbids it, or a route of our own does.
    Prohibited,
    /// The interface is down, or the network behind the provider has stopped.
    NetworkDown,
    /// The local name, or the four-tuple, is in use.
    AddressInUse,
    /// The local address is not one of this machine.
    AddressNotLocal,
    /// Every local port towards this peer is in use.
    NoPorts,
    /// The address cannot be a peer: broadcast or multicast for a stream, or the zero address.
    BadPeer,
    /// No memory, or as many connections as there may be.
    NoBuffers,
    /// As many descriptors or sockets as there may be.
    NoDescriptors,
    /// The system does not allow it: a broadcast without permission, a port for the privileged, a path without rights.
    PermissionDenied,
    /// A signal came first.
    Interrupted,
    /// Another thread, or a hook, took the call back; or the socket was closed under it.
    Cancelled,
    /// There is no peer.
    NotConnected,
    /// There is one already.
    AlreadyConnected,
    /// An attempt is under way already.
    AlreadyConnecting,
    /// The datagram does not fit.
    MessageTooLong,
    /// This side has ended its sending.
    SendingOver,
    /// The path does not exist.
    PathMissing,
    /// A component of the path that should be a directory is none.
    NotDirectory,
    /// The path or a component of it is too long.
    PathTooLong,
    /// The symbolic links of the path lead in circles.
    PathLoop,
    /// The path names something that no socket listens behind.
    NotListening,
    /// The path names a socket of the other type.
    WrongKind,
    /// The domain is not there.
    DomainUnsupported,
    /// The type or the operation is not there for this socket.
    OperationUnsupported,
    /// The option is not there.
    OptionUnsupported,
    /// The argument has no meaning here.
    BadArgument,
    /// The memory of the caller cannot be read or written.
    BadMemory,
    /// There is no out-of-band data.
    NoUrgentData,
    /// What happened has no better name; the reason tells.
    Other,
}

/// Why a call did not succeed.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// What it came to.
    pub outcome: Outcome,
    /// What stands behind it.
    pub reason: Reason,
}

/// What stands behind an outcome.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// The outcome says it all.
    Plain,
    /// What happened on the wire to a connection.
    Flow(Arc<synsent_stack::Failure>),
    /// An ICMP error about a datagram.
    Datagram(UdpFailure),
    /// Why the stack did not begin.
    Open(OpenError),
    /// What the host's kernel answered.
    Kernel {
        /// Which call.
        call: &'static str,
        /// Its number for the error, for people only.
        number: i32,
    },
    /// A sentence.
    Said(Cow<'static, str>),
}

impl Failure {
    /// An outcome that says it all.
    pub const fn plain(outcome: Outcome) -> Failure {
        Failure { outcome, reason: Reason::Plain }
    }

    /// An outcome with a sentence.
    pub fn said(outcome: Outcome, sentence: impl Into<Cow<'static, str>>) -> Failure {
        Failure { outcome, reason: Reason::Said(sentence.into()) }
    }

    /// An outcome with what the host's kernel answered.
    pub const fn kernel(outcome: Outcome, call: &'static str, number: i32) -> Failure {
        Failure { outcome, reason: Reason::Kernel { call, number } }
    }
}

impl From<Outcome> for Failure {
    fn from(outcome: Outcome) -> Failure {
        Failure::plain(outcome)
    }
}

impl Outcome {
    /// The outcome in words.
    pub fn words(self) -> &'static str {
        match self {
            Outcome::ConnectStarted => "the attempt goes on in the background",
            Outcome::WouldBlock => "nothing can be done at once",
            Outcome::TimeLimit => "the socket's time limit is over",
            Outcome::Refused => "refused",
            Outcome::Reset => "reset by the peer",
            Outcome::Aborted => "the connection was aborted",
            Outcome::TimedOut => "timed out",
            Outcome::TimedOutUnreachable => "timed out after a router had said unreachable",
            Outcome::NetworkUnreachable => "network unreachable",
            Outcome::HostUnreachable => "host unreachable",
            Outcome::Prohibited => "administratively prohibited",
            Outcome::NetworkDown => "the network is down",
            Outcome::AddressInUse => "the address is in use",
            Outcome::AddressNotLocal => "the address is not one of this machine",
            Outcome::NoPorts => "every local port towards this peer is in use",
            Outcome::BadPeer => "the address cannot be a peer",
            Outcome::NoBuffers => "no buffer space",
            Outcome::NoDescriptors => "no more descriptors",
            Outcome::PermissionDenied => "permission denied",
            Outcome::Interrupted => "interrupted by a signal",
            Outcome::Cancelled => "cancelled",
            Outcome::NotConnected => "not connected",
            Outcome::AlreadyConnected => "already connected",
            Outcome::AlreadyConnecting => "an attempt is under way",
            Outcome::MessageTooLong => "the datagram is too long",
            Outcome::SendingOver => "this side has ended its sending",
            Outcome::PathMissing => "no such path",
            Outcome::NotDirectory => "a component of the path is not a directory",
            Outcome::PathTooLong => "the path is too long",
            Outcome::PathLoop => "too many symbolic links",
            Outcome::NotListening => "no socket listens there",
            Outcome::WrongKind => "a socket of the other type is there",
            Outcome::DomainUnsupported => "the address family is not supported",
            Outcome::OperationUnsupported => "the operation is not supported",
            Outcome::OptionUnsupported => "the option is not supported",
            Outcome::BadArgument => "the argument has no meaning here",
            Outcome::BadMemory => "the memory cannot be used",
            Outcome::NoUrgentData => "there is no out-of-band data",
            Outcome::Other => "failed",
        }
    }
    /// What an ICMP error about an opening or a datagram comes to (RFC 1122 section 4.2.3.9, RFC 4443 section 3).
    pub fn of_icmp(cause: IcmpCause) -> Outcome {
        match cause {
            IcmpCause::V4Unreachable(code) => match code {
                0 | 6 | 11 => Outcome::NetworkUnreachable,
                2 | 3 => Outcome::Refused,
                9 | 10 | 13 => Outcome::Prohibited,
                _ => Outcome::HostUnreachable,
            },
            IcmpCause::V6Unreachable(code) => match code {
                0 => Outcome::NetworkUnreachable,
                1 | 5 | 6 => Outcome::Prohibited,
                4 => Outcome::Refused,
                _ => Outcome::HostUnreachable,
            },
            IcmpCause::TimeExceeded { .. } => Outcome::HostUnreachable,
            IcmpCause::TooBig { .. } => Outcome::MessageTooLong,
            // IPv6 says with its first code what IPv4 says with "protocol unreachable".
            IcmpCause::ParameterProblem { code: 1, .. } => Outcome::Refused,
            IcmpCause::ParameterProblem { .. } | IcmpCause::SourceQuench => Outcome::Other,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            Reason::Plain => write!(f, "{}", self.outcome),
            Reason::Flow(failure) => write!(f, "{failure}"),
            Reason::Datagram(failure) => write!(f, "{} said {}", failure.from, failure.cause),
            Reason::Open(error) => write!(f, "{error}"),
            Reason::Kernel { call, number } => {
                write!(f, "{}: the kernel answered {call} with error {number}", self.outcome)
            }
            Reason::Said(sentence) => f.write_str(sentence),
        }
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_outcomes_is_in_the_order_of_their_numbers() {
        for (number, outcome) in Outcome::ALL.into_iter().enumerate() {
            assert_eq!(outcome as usize, number);
        }
    }
}
