//! The types, protocols, flags and directions that TargetTCP and SOCKETS(POSIX) share.

use synsent_sockets::{Kind, Shutdown};

use super::constants::*;
use crate::numbers::{FlagMeaning, FlagRow, HowRow, KindRow, ProtocolRow};
use crate::page::On;

/// The types of sockets.
pub(crate) const KINDS: &[KindRow] = &[
    KindRow { number: SOCK_STREAM, name: "SOCK_STREAM", kind: Kind::Stream },
    KindRow { number: SOCK_DGRAM, name: "SOCK_DGRAM", kind: Kind::Datagram },
];

/// The protocols. Zero is the one that a family has for a type.
pub(crate) const PROTOCOLS: &[ProtocolRow] = &[
    ProtocolRow { number: 0, name: "", on: On::Any },
    ProtocolRow { number: IPPROTO_TCP, name: "IPPROTO_TCP", on: On::Stream },
    ProtocolRow { number: IPPROTO_UDP, name: "IPPROTO_UDP", on: On::Datagram },
];

/// The flags for sending and receiving.
pub(crate) const FLAGS: &[FlagRow] = &[
    FlagRow { number: MSG_OOB, name: "MSG_OOB", meaning: FlagMeaning::Urgent },
    FlagRow { number: MSG_PEEK, name: "MSG_PEEK", meaning: FlagMeaning::Peek },
    FlagRow { number: MSG_DONTROUTE, name: "MSG_DONTROUTE", meaning: FlagMeaning::DontRoute },
    FlagRow { number: MSG_DONTWAIT, name: "MSG_DONTWAIT", meaning: FlagMeaning::DontWait },
    FlagRow { number: MSG_WAITALL, name: "MSG_WAITALL", meaning: FlagMeaning::WaitAll },
    // No call of this house raises a signal.
    FlagRow { number: MSG_NOSIGNAL, name: "MSG_NOSIGNAL", meaning: FlagMeaning::Nothing },
];

/// The directions of shutdown.
pub(crate) const HOWS: &[HowRow] = &[
    HowRow { number: SHUT_RD, name: "SHUT_RD", how: Shutdown::Receive },
    HowRow { number: SHUT_WR, name: "SHUT_WR", how: Shutdown::Send },
    HowRow { number: SHUT_RDWR, name: "SHUT_RDWR", how: Shutdown::Both },
];
