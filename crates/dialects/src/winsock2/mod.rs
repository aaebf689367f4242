//! Windows Sockets 2.
//!
//! A name of zeroes takes a datagram socket's peer away; a connect while another is under way is WSAEALREADY; after a connect
//! that failed the same socket may try again.

mod calls;
mod constants;
mod control;
mod events;
mod lookup;
mod opening;
mod options;
mod pages;
mod polling;
mod protocols;
mod transfer;
mod words;

pub use crate::engine::pieces::BUFFERS_MAX;
pub use calls::*;
pub use constants::*;
pub use control::*;
pub use events::*;
pub use lookup::{
    WSAAddressToString, WSAHtonl, WSAHtons, WSANtohl, WSANtohs, WSAStringToAddress, gai_strerror, getaddrinfo,
    getnameinfo, inet_ntop, inet_pton,
};
pub use opening::*;
pub use polling::*;
pub use protocols::*;
pub use transfer::*;

use synsent_sockets::ConnectPolicy;
use synsent_stack::{Duration, SoftErrors};

use crate::dialect::{Dialect, ErrorReading, FailureShows, HandleScheme, QueueRule, Starting, Truncation, Way, Ways};
use crate::names::NameFormat;
use crate::numbers::{FlagMeaning, FlagRow, KindRow};
use crate::page::Source;
use crate::windows;

/// Windows Sockets 2.
pub static WINSOCK2: Dialect = Dialect {
    name: "winsock2",
    title: "Windows Sockets 2",
    prototype: "int connect(SOCKET s, const struct sockaddr FAR *name, int namelen);",
    pages: pages::PAGES,
    words: &words::WORDS,
    spellings: windows::errors::SPELLINGS,
    names: NAMES,
    kinds: &KINDS,
    protocols: windows::numbers::PROTOCOLS,
    flags: &FLAGS,
    hows: windows::numbers::HOWS,
    versions: &[(1, 0), (1, 1), (2, 0), (2, 1), (2, 2)],
    options: &options::OPTIONS,
    ioctls: windows::options::IOCTLS,
    ways: WAYS,
};

/// Those of 1.1, and zero. A type may be left open: the page of socket speaks of types that are "unspecified", names with each protocol
/// the types that it goes with, and takes "the first available service provider that supports the requested combination". That is how
/// an entry of getaddrinfo is used for which no type was hinted at. TCP is the first in the catalogue.
const KINDS: [KindRow; 4] = {
    let [stream, datagram] = *windows::numbers::KINDS;
    [stream, datagram, KindRow { number: 0, name: "", ..stream }, KindRow { number: 0, name: "", ..datagram }]
};

/// Those of 1.1, and more.
const FLAGS: [FlagRow; 6] = {
    let [urgent, peek, dont_route] = *windows::numbers::FLAGS;
    let wait_all = FlagRow { number: MSG_WAITALL, name: "MSG_WAITALL", meaning: FlagMeaning::WaitAll };
    let partial = FlagRow { number: MSG_PARTIAL, name: "MSG_PARTIAL", meaning: FlagMeaning::Partial };
    let at_once = FlagRow { number: MSG_PUSH_IMMEDIATE, name: "MSG_PUSH_IMMEDIATE", meaning: FlagMeaning::AtOnce };
    [urgent, peek, dont_route, wait_all, partial, at_once]
};

const NAMES: NameFormat = NameFormat {
    unspecified: AF_UNSPEC as u16,
    inet4: AF_INET as u16,
    inet6: Some(AF_INET6 as u16),
    local: None,
    local_path_octets: 0,
};

const WAYS: Ways = Ways {
    starting: Way {
        value: Starting::Counted,
        source: Source { clause: "winsock2.error.notinitialised", because: "WSACleanup undoes one WSAStartup" },
    },
    handles: Way {
        value: HandleScheme::Opaque,
        source: Source { clause: "", because: "a program may not take a socket for a small number" },
    },
    connect: Way {
        value: ConnectPolicy {
            soft_errors: SoftErrors::AbortOnAny,
            timeout: Some(Duration::from_secs(windows::CONNECT_TIMEOUT_SECS)),
        },
        source: Source {
            clause: "winsock2.error.timedout",
            because: "the document gives no time; Windows gives up after three SYNs, which is 21 seconds",
        },
    },
    queue: Way {
        value: QueueRule::DropWhenPeerChanges,
        source: Source {
            clause: "winsock2.datagram-reconnect",
            because: "what is queued is discarded if the name is different from that of the previous connect",
        },
    },
    failure_shows: Way { value: FailureShows::Exceptional, source: Source { clause: "winsock2.select", because: "" } },
    error_reading: Way {
        value: ErrorReading::Stays,
        source: Source { clause: "winsock2.select", because: "Windows keeps it until a connect succeeds" },
    },
    truncation: Way {
        value: Truncation::Fails,
        source: Source { clause: "", because: "both pages of recv: WSAEMSGSIZE" },
    },
};
