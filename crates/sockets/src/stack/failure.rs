//! What the stack says of a failure, as an outcome with its reason.

use std::sync::Arc;

use synsent_stack::{BindError, Cause, IcmpCause, ListenError, NoPath, OpenError, SoftError, UdpFailure, UdpSendError};

use crate::failure::{Failure, Outcome, Reason};

/// Why a flow ended.
pub(super) fn of_flow(failure: synsent_stack::Failure) -> Failure {
    let outcome = match failure.cause {
        Cause::Refused { .. } => Outcome::Refused,
        Cause::Reset { .. } => Outcome::Reset,
        Cause::Icmp { cause, .. } => Outcome::of_icmp(cause),
        Cause::TimedOut { soft } => of_silence(soft),
        Cause::UserTimeout { .. } | Cause::KeepAliveTimeout { .. } => Outcome::TimedOut,
        Cause::NeighbourUnreachable { .. } => Outcome::HostUnreachable,
        Cause::NoRoute { why, .. } => of_path(why),
        Cause::LingerTimeout | Cause::Aborted => Outcome::Aborted,
    };
    Failure { outcome, reason: Reason::Flow(Arc::new(failure)) }
}

/// Why an opening did not begin.
pub(super) fn of_open(error: OpenError) -> Failure {
    let outcome = match error {
        OpenError::RemoteUnspecified | OpenError::RemoteNotUnicast => Outcome::BadPeer,
        OpenError::FamiliesDiffer => Outcome::BadArgument,
        OpenError::NoPath(why) => of_path(why),
        OpenError::AlreadyExists => Outcome::AddressInUse,
        OpenError::NoPorts { .. } => Outcome::NoPorts,
        OpenError::NoRoom => Outcome::NoBuffers,
    };
    Failure { outcome, reason: Reason::Open(error) }
}

/// Why a listener was not made.
pub(super) fn of_listen(error: ListenError) -> Failure {
    let outcome = match error {
        ListenError::InUse => Outcome::AddressInUse,
        ListenError::ForeignAddress => Outcome::AddressNotLocal,
        ListenError::NoPorts => Outcome::NoPorts,
    };
    Failure::said(outcome, error.to_string())
}

/// Why a datagram socket was not bound.
pub(super) fn of_bind(error: BindError) -> Failure {
    let outcome = match error {
        BindError::InUse => Outcome::AddressInUse,
        BindError::ForeignAddress => Outcome::AddressNotLocal,
        BindError::NoPorts { .. } => Outcome::NoPorts,
        BindError::NoRoom => Outcome::NoBuffers,
    };
    Failure::said(outcome, error.to_string())
}

/// Why a datagram was not sent.
pub(super) fn of_send(error: UdpSendError) -> Failure {
    let outcome = match error {
        UdpSendError::NoPath(why) => return of_open(OpenError::NoPath(why)),
        UdpSendError::WouldBlock => Outcome::WouldBlock,
        UdpSendError::NoDestination => Outcome::NotConnected,
        UdpSendError::DestinationUnspecified => Outcome::BadPeer,
        UdpSendError::BroadcastRefused => Outcome::PermissionDenied,
        UdpSendError::FamiliesDiffer => Outcome::BadArgument,
        UdpSendError::TooBig { .. } => Outcome::MessageTooLong,
        UdpSendError::NoSuchSocket => Outcome::Cancelled,
    };
    Failure::said(outcome, error.to_string())
}

/// What an ICMP error means for the datagram that it is about; `None`: nothing that the socket is told, because it may pass
/// (RFC 1122 sections 3.2.2.1 and 4.2.3.9 call these soft).
///
/// Only a socket with a peer hears of any. It is told of what will not pass: nobody behind the port, no such protocol, a network or
/// host that is unknown or isolated, and what is prohibited. It is not told that a network or host cannot be reached at present,
/// that a source route failed, that a packet lived too long or was too big. Linux draws the same line for a socket that has not
/// asked for more. RFC 1122 section 4.1.3.3 wants every error passed on; the stack does that, and who needs the soft ones too
/// takes them there.
pub(super) fn of_datagram(failure: UdpFailure) -> Option<Failure> {
    let is_soft = match failure.cause {
        IcmpCause::V4Unreachable(code) => matches!(code, 0 | 1 | 4 | 5 | 11 | 12),
        IcmpCause::V6Unreachable(code) => matches!(code, 0 | 3),
        IcmpCause::ParameterProblem { .. } => false,
        IcmpCause::TimeExceeded { .. } | IcmpCause::TooBig { .. } | IcmpCause::SourceQuench => true,
    };
    let outcome = Outcome::of_icmp(failure.cause);
    (!is_soft).then_some(Failure { outcome, reason: Reason::Datagram(failure) })
}

fn of_path(why: NoPath) -> Outcome {
    match why {
        NoPath::NoRoute | NoPath::NoSource | NoPath::NoLink | NoPath::Blackhole => Outcome::NetworkUnreachable,
        NoPath::Unreachable => Outcome::HostUnreachable,
        NoPath::Prohibited => Outcome::Prohibited,
        NoPath::ForeignSource => Outcome::AddressNotLocal,
        NoPath::LinkDown => Outcome::NetworkDown,
    }
}

fn of_silence(soft: Option<SoftError>) -> Outcome {
    match soft.map(|soft| Outcome::of_icmp(soft.cause)) {
        Some(Outcome::NetworkUnreachable | Outcome::HostUnreachable | Outcome::Prohibited) => {
            Outcome::TimedOutUnreachable
        }
        _ => Outcome::TimedOut,
    }
}
