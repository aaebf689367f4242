//! SOCKETS(POSIX) of BS2000, a mainframe: descriptors, three domains, and a stream socket that is spent once it was refused.
//!
//! The document at hand describes connect(). It names errors without numbers; they are those of the host's `<errno.h>`, which
//! a ported program includes too, on the machines with the common numbering. What the document does not tell of the other calls is as in
//! POSIX, of which this interface is a part of that system, and the rows say where that is so.
//!
//! Four things are this system's own. A null name ends a datagram socket's assignment to its partner, but is an error in the
//! local domain. The length of a name is that of its family's address exactly. A refused stream socket never goes on the wire
//! again. And a descriptor that is none is told apart from one of a file.

mod calls;
mod lookup;
mod pages;
mod words;

pub use calls::*;
pub use lookup::*;

use synsent_sockets::ConnectPolicy;
use synsent_stack::{Duration, SoftErrors};

use crate::dialect::{Dialect, ErrorReading, FailureShows, HandleScheme, QueueRule, Starting, Truncation, Way, Ways};
use crate::names::NameFormat;
use crate::page::Source;
use crate::posix;
pub use crate::posix::constants::*;
pub use crate::posix::{FD_SETSIZE, FdSet, PollFd, TimeVal};

/// When an opening is given up at the latest; unit: seconds.
pub const CONNECT_TIMEOUT_SECONDS: u64 = 75;

/// The longest path of a local name, without the zero that ends it; unit: octets. A `sockaddr_un` declares less room, but the
/// document measures a path by PATH_MAX and a component by NAME_MAX, so a caller may give a longer one.
pub const PATH_MAX: usize = synsent_sockets::LOCAL_PATH_MAX;

/// BS2000 SOCKETS(POSIX).
pub static BS2000: Dialect = Dialect {
    name: "bs2000",
    title: "BS2000 SOCKETS(POSIX)",
    prototype: "int connect(int s, struct sockaddr *name, int namelen);",
    pages: pages::PAGES,
    words: &words::WORDS,
    spellings: words::SPELLINGS,
    names: NameFormat {
        unspecified: posix::constants::AF_UNSPEC as u16,
        inet4: posix::constants::AF_INET as u16,
        inet6: Some(posix::constants::AF_INET6 as u16),
        local: Some(posix::constants::AF_UNIX as u16),
        local_path_octets: PATH_MAX,
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
            value: Starting::Always,
            source: Source { clause: "", because: "the document knows no initialization" },
        },
        handles: Way { value: HandleScheme::Descriptors, source: Source { clause: "bs2000.error.badf", because: "" } },
        connect: Way {
            value: ConnectPolicy {
                soft_errors: SoftErrors::AbortOnAny,
                timeout: Some(Duration::from_secs(CONNECT_TIMEOUT_SECONDS)),
            },
            source: Source {
                clause: "bs2000.error.timedout",
                because: "the document says \"within a specific time\"; it is BSD's, and unreachable is told when it is known",
            },
        },
        queue: Way {
            value: QueueRule::DropForeign,
            source: Source {
                clause: "bs2000.datagram-partner",
                because: "the partner is the only one from whom datagrams can be received, so what others sent before is not; \
                          what the partner itself has sent is",
            },
        },
        truncation: Way {
            value: Truncation::Silent,
            source: Source { clause: "", because: "POSIX: what does not fit is thrown away" },
        },
        failure_shows: Way {
            value: FailureShows::ReadableAndWritable,
            source: Source { clause: "", because: "POSIX: nothing would have to wait" },
        },
        error_reading: Way {
            value: ErrorReading::Once,
            source: Source { clause: "", because: "POSIX: SO_ERROR is read and cleared" },
        },
    },
};
