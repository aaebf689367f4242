//! Windows Sockets 1.1, as the document of January 1993 has it and WINSOCK.DLL and WSOCK32.DLL behave.
//!
//! It knows IPv4 alone. A connect while another is under way is WSAEINVAL, a datagram socket's peer is never taken away by a
//! name of zeroes, and a name that is missing is WSAEDESTADDRREQ.

mod calls;
mod constants;
mod options;
mod pages;
mod words;

pub use calls::*;
pub use constants::*;

use synsent_sockets::ConnectPolicy;
use synsent_stack::{Duration, SoftErrors};

use crate::dialect::{Dialect, ErrorReading, FailureShows, HandleScheme, QueueRule, Starting, Truncation, Way, Ways};
use crate::names::NameFormat;
use crate::page::Source;
use crate::windows;

/// Windows Sockets 1.1.
pub static WINSOCK1: Dialect = Dialect {
    name: "winsock1",
    title: "Windows Sockets 1.1",
    prototype: "int connect(SOCKET s, const struct sockaddr FAR *name, int namelen);",
    pages: pages::PAGES,
    words: &words::WORDS,
    spellings: windows::errors::SPELLINGS,
    names: NAMES,
    kinds: windows::numbers::KINDS,
    protocols: windows::numbers::PROTOCOLS,
    flags: windows::numbers::FLAGS,
    hows: windows::numbers::HOWS,
    versions: &[(1, 0), (1, 1)],
    options: &options::OPTIONS,
    ioctls: windows::options::IOCTLS,
    ways: WAYS,
};

const NAMES: NameFormat =
    NameFormat { unspecified: AF_UNSPEC as u16, inet4: AF_INET as u16, inet6: None, local: None, local_path_octets: 0 };

const WAYS: Ways = Ways {
    starting: Way {
        value: Starting::Counted,
        source: Source { clause: "winsock1.error.notinitialised", because: "WSACleanup undoes one WSAStartup" },
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
            clause: "winsock1.error.timedout",
            because: "the document gives no time; Windows gives up after three SYNs, which is 21 seconds",
        },
    },
    queue: Way {
        value: QueueRule::Keep,
        source: Source { clause: "", because: "the document is silent; in doubt 1.1 does as Berkeley sockets do" },
    },
    failure_shows: Way { value: FailureShows::Exceptional, source: Source { clause: "winsock1.select", because: "" } },
    error_reading: Way {
        value: ErrorReading::Stays,
        source: Source { clause: "winsock1.select", because: "Windows keeps it until a connect succeeds" },
    },
    truncation: Way {
        value: Truncation::Fails,
        source: Source { clause: "", because: "both pages of recv: WSAEMSGSIZE" },
    },
};
