//! The options of Winsock 2: those of 1.1, and more.

use super::constants::*;
use crate::engine::options::{Form, Meaning, OptionRow};
use crate::page::On;
use crate::windows::options::{COMMON_COUNT, and, of_socket};

const MORE_COUNT: usize = 15;

pub(crate) const OPTIONS: [OptionRow; COMMON_COUNT + MORE_COUNT] = and([
    of_socket(SO_EXCLUSIVEADDRUSE, "SO_EXCLUSIVEADDRUSE", Meaning::ExclusiveAddress, Form::IntOrOctet, true, On::Both),
    of_socket(SO_SNDTIMEO, "SO_SNDTIMEO", Meaning::SendTimeLimit, Form::Millis, true, On::Both),
    of_socket(SO_RCVTIMEO, "SO_RCVTIMEO", Meaning::ReceiveTimeLimit, Form::Millis, true, On::Both),
    of_socket(SO_CONNECT_TIME, "SO_CONNECT_TIME", Meaning::ConnectTime, Form::Int, false, On::Both),
    of_socket(SO_GROUP_ID, "SO_GROUP_ID", Meaning::Group, Form::Int, false, On::Both),
    of_socket(SO_MAX_MSG_SIZE, "SO_MAX_MSG_SIZE", Meaning::MessageOctetsMax, Form::Int, false, On::Datagram),
    of_streams(TCP_KEEPIDLE, "TCP_KEEPIDLE", Meaning::KeepAliveIdle),
    of_streams(TCP_KEEPINTVL, "TCP_KEEPINTVL", Meaning::KeepAliveInterval),
    of_protocol(IPPROTO_IP, IP_TOS, "IP_TOS", Meaning::TrafficClass),
    of_protocol(IPPROTO_IP, IP_TTL, "IP_TTL", Meaning::HopLimit),
    of_datagrams(IPPROTO_IP, IP_MULTICAST_TTL, "IP_MULTICAST_TTL", Meaning::MulticastHopLimit),
    of_protocol(IPPROTO_IPV6, IPV6_UNICAST_HOPS, "IPV6_UNICAST_HOPS", Meaning::HopLimit),
    of_datagrams(IPPROTO_IPV6, IPV6_MULTICAST_HOPS, "IPV6_MULTICAST_HOPS", Meaning::MulticastHopLimit),
    of_protocol(IPPROTO_IPV6, IPV6_V6ONLY, "IPV6_V6ONLY", Meaning::V6Only),
    of_protocol(IPPROTO_IPV6, IPV6_TCLASS, "IPV6_TCLASS", Meaning::TrafficClass),
]);

const fn of_protocol(level: i32, number: i32, name: &'static str, meaning: Meaning) -> OptionRow {
    OptionRow { level, number, name, meaning, form: Form::Int, settable: true, on: On::Both }
}

const fn of_streams(number: i32, name: &'static str, meaning: Meaning) -> OptionRow {
    OptionRow { on: On::Stream, ..of_protocol(IPPROTO_TCP, number, name, meaning) }
}

/// Only datagrams are sent to groups.
const fn of_datagrams(level: i32, number: i32, name: &'static str, meaning: Meaning) -> OptionRow {
    OptionRow { on: On::Datagram, ..of_protocol(level, number, name, meaning) }
}
