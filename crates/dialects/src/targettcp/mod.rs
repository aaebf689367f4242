//! TargetTCP, the sockets of an embedded system: its initialization comes first, and a router's "unreachable" only names the
//! error that the timeout reports.
//!
//! The document at hand describes connect(). It names errors without numbers; they are those of the host's `<errno.h>`, which
//! a ported program includes too, on the machines with the common numbering. Socket handles are the document's own notion: a handle that
//! socket() did not return is ENOTSOCK, whatever else has that number. What the document does not tell of the other calls is
//! as in BSD, from which the interface comes, and the rows say where that is so. The name of the initialization,
//! `target_tcp_init`, and the name `ioctlsocket`, after the document's closesocket, are choices of ours.

mod calls;
mod pages;
mod words;

pub use calls::*;

use synsent_sockets::ConnectPolicy;
use synsent_stack::{Duration, SoftErrors};

use crate::dialect::{Dialect, ErrorReading, FailureShows, HandleScheme, QueueRule, Starting, Truncation, Way, Ways};
use crate::names::NameFormat;
use crate::page::Source;
use crate::posix;
pub use crate::posix::constants::*;
pub use crate::posix::{FD_SETSIZE, FdSet, TimeVal};

/// When an opening is given up at the latest; unit: seconds.
pub const CONNECT_TIMEOUT_SECONDS: u64 = 75;

/// TargetTCP.
pub static TARGETTCP: Dialect = Dialect {
    name: "targettcp",
    title: "TargetTCP",
    prototype: "int connect(int socket, const void *addr, socklen_t addrlen);",
    pages: pages::PAGES,
    words: &words::WORDS,
    spellings: words::SPELLINGS,
    names: NameFormat {
        unspecified: posix::constants::AF_UNSPEC as u16,
        inet4: posix::constants::AF_INET as u16,
        inet6: Some(posix::constants::AF_INET6 as u16),
        local: None,
        local_path_octets: 0,
    },
    kinds: posix::numbers::KINDS,
    protocols: posix::numbers::PROTOCOLS,
    flags: posix::numbers::FLAGS,
    hows: posix::numbers::HOWS,
    versions: &[],
    options: posix::options::OPTIONS,
    ioctls: posix::options::IOCTLS,
    ways: Ways {
        starting: Way {
            value: Starting::Once,
            source: Source {
                clause: "targettcp.error.netdown",
                because: "there is an initialization, and no word of an end",
            },
        },
        handles: Way {
            value: HandleScheme::Opaque,
            source: Source {
                clause: "targettcp.error.notsock",
                because: "the document speaks of handles, not of descriptors",
            },
        },
        connect: Way {
            value: ConnectPolicy {
                soft_errors: SoftErrors::ReportAtTimeout,
                timeout: Some(Duration::from_secs(CONNECT_TIMEOUT_SECONDS)),
            },
            source: Source {
                clause: "targettcp.error.hostunreach",
                because: "the time itself is BSD's: the document says that there is one, not how long it is",
            },
        },
        queue: Way {
            value: QueueRule::DropForeign,
            source: Source {
                clause: "targettcp.peer-filter",
                because: "the remote address determines where packets are accepted from: what others have sent is not accepted, \
                          also when it came before; what the peer itself has sent is",
            },
        },
        truncation: Way {
            value: Truncation::Silent,
            source: Source { clause: "", because: "BSD: what does not fit is thrown away" },
        },
        failure_shows: Way {
            value: FailureShows::ReadableAndWritable,
            source: Source { clause: "", because: "BSD: nothing would have to wait" },
        },
        error_reading: Way {
            value: ErrorReading::Once,
            source: Source { clause: "", because: "BSD: SO_ERROR is read and cleared" },
        },
    },
};
