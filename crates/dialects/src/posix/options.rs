//! The options and the requests of ioctl that TargetTCP and SOCKETS(POSIX) share.

use super::constants::*;
use crate::engine::options::{Form, IoctlRow, Meaning, OptionRow, Request};
use crate::page::On;

const fn row(level: i32, number: i32, name: &'static str, meaning: Meaning, form: Form, on: On) -> OptionRow {
    let settable = !matches!(meaning, Meaning::Listening | Meaning::Error | Meaning::Type);
    OptionRow { level, number, name, meaning, form, settable, on }
}

const fn socket_level(number: i32, name: &'static str, meaning: Meaning, form: Form) -> OptionRow {
    row(SOL_SOCKET, number, name, meaning, form, On::Any)
}

/// The options.
pub(crate) const OPTIONS: &[OptionRow] = &[
    socket_level(SO_ACCEPTCONN, "SO_ACCEPTCONN", Meaning::Listening, Form::Int),
    socket_level(SO_BROADCAST, "SO_BROADCAST", Meaning::Broadcast, Form::Int),
    socket_level(SO_DONTROUTE, "SO_DONTROUTE", Meaning::DontRoute, Form::Int),
    socket_level(SO_ERROR, "SO_ERROR", Meaning::Error, Form::Int),
    socket_level(SO_KEEPALIVE, "SO_KEEPALIVE", Meaning::KeepAlive, Form::Int),
    socket_level(SO_LINGER, "SO_LINGER", Meaning::Linger, Form::LingerInt),
    socket_level(SO_OOBINLINE, "SO_OOBINLINE", Meaning::UrgentInline, Form::Int),
    socket_level(SO_RCVBUF, "SO_RCVBUF", Meaning::ReceiveBuffer, Form::Int),
    socket_level(SO_RCVTIMEO, "SO_RCVTIMEO", Meaning::ReceiveTimeLimit, Form::TimeValue),
    socket_level(SO_REUSEADDR, "SO_REUSEADDR", Meaning::ReuseAddress, Form::Int),
    socket_level(SO_SNDBUF, "SO_SNDBUF", Meaning::SendBuffer, Form::Int),
    socket_level(SO_SNDTIMEO, "SO_SNDTIMEO", Meaning::SendTimeLimit, Form::TimeValue),
    socket_level(SO_TYPE, "SO_TYPE", Meaning::Type, Form::Int),
    row(IPPROTO_TCP, TCP_NODELAY, "TCP_NODELAY", Meaning::NoDelay, Form::Int, On::Stream),
    row(IPPROTO_IP, IP_TOS, "IP_TOS", Meaning::TrafficClass, Form::Int, On::Both),
    row(IPPROTO_IP, IP_TTL, "IP_TTL", Meaning::HopLimit, Form::Int, On::Both),
    row(IPPROTO_IP, IP_MULTICAST_TTL, "IP_MULTICAST_TTL", Meaning::MulticastHopLimit, Form::Int, On::Datagram),
    row(IPPROTO_IPV6, IPV6_UNICAST_HOPS, "IPV6_UNICAST_HOPS", Meaning::HopLimit, Form::Int, On::Both),
    row(IPPROTO_IPV6, IPV6_MULTICAST_HOPS, "IPV6_MULTICAST_HOPS", Meaning::MulticastHopLimit, Form::Int, On::Datagram),
    row(IPPROTO_IPV6, IPV6_V6ONLY, "IPV6_V6ONLY", Meaning::V6Only, Form::Int, On::Both),
];

/// The requests of ioctl.
pub(crate) const IOCTLS: &[IoctlRow] = &[
    IoctlRow { number: FIONBIO, name: "FIONBIO", request: Request::NonBlocking },
    IoctlRow { number: FIONREAD, name: "FIONREAD", request: Request::Receivable },
    IoctlRow { number: SIOCATMARK, name: "SIOCATMARK", request: Request::AtMark },
];
