//! The numbers of types, protocols, flags and directions, which both documents share.

use synsent_sockets::{Kind, Shutdown};

use super::constants::*;
use crate::numbers::{FlagMeaning, FlagRow, HowRow, KindRow, ProtocolRow};
use crate::page::On;

pub(crate) const KINDS: &[KindRow; 2] = &[
    KindRow { number: SOCK_STREAM, name: "SOCK_STREAM", kind: Kind::Stream },
    KindRow { number: SOCK_DGRAM, name: "SOCK_DGRAM", kind: Kind::Datagram },
];

pub(crate) const PROTOCOLS: &[ProtocolRow] = &[
    ProtocolRow { number: 0, name: "", on: On::Any },
    ProtocolRow { number: IPPROTO_TCP, name: "IPPROTO_TCP", on: On::Stream },
    ProtocolRow { number: IPPROTO_UDP, name: "IPPROTO_UDP", on: On::Datagram },
];

pub(crate) const FLAGS: &[FlagRow; 3] = &[
    FlagRow { number: MSG_OOB, name: "MSG_OOB", meaning: FlagMeaning::Urgent },
    FlagRow { number: MSG_PEEK, name: "MSG_PEEK", meaning: FlagMeaning::Peek },
    FlagRow { number: MSG_DONTROUTE, name: "MSG_DONTROUTE", meaning: FlagMeaning::DontRoute },
];

/// The directions of shutdown; 1.1 gives them no names, Winsock 2 these.
pub(crate) const HOWS: &[HowRow] = &[
    HowRow { number: 0, name: "SD_RECEIVE", how: Shutdown::Receive },
    HowRow { number: 1, name: "SD_SEND", how: Shutdown::Send },
    HowRow { number: 2, name: "SD_BOTH", how: Shutdown::Both },
];
