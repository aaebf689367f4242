//! How a run of the command ended badly: the sentence and the exit code.

use std::io::{self, Write as _};
use std::net::IpAddr;
use std::process::ExitCode;

use synsent_host::{OpenError as DeviceError, WaitError};
use synsent_stack::{Cause, Failure, ListenError, NoPath, OpenError};
use thiserror::Error;

/// Why the command did not do what it was asked.
#[derive(Debug, Error)]
pub(crate) enum Ending {
    /// The network device could not be opened.
    #[error("{0}")]
    Device(#[from] DeviceError),
    /// The connection failed.
    #[error("{0}")]
    Failed(Box<Failure>),
    /// The connection did not even begin.
    #[error("{0}")]
    NotOpened(OpenError),
    /// The port could not be listened on.
    #[error("{0}")]
    NotListening(ListenError),
    /// The host has no address.
    #[error("the address of {host} could not be found: {source}")]
    UnknownHost {
        /// The name.
        host: String,
        /// What the resolver said.
        source: io::Error,
    },
    /// The host has no address of the network's family.
    #[error("{host} has no {wanted} address, and the network {ours} has no other")]
    OtherFamily {
        /// The name.
        host: String,
        /// `IPv4` or `IPv6`.
        wanted: &'static str,
        /// Our address.
        ours: IpAddr,
    },
    /// The network is gone.
    #[error("{0}")]
    Network(#[from] WaitError),
    /// A file, or standard input or output.
    #[error("{what}: {source}")]
    File {
        /// Which.
        what: String,
        /// What the kernel said.
        source: io::Error,
    },
}

impl Ending {
    /// For `map_err`: an error of the file or stream that `what` names.
    pub(crate) fn file(what: impl Into<String>) -> impl FnOnce(io::Error) -> Ending {
        let what = what.into();
        move |source| Ending::File { what, source }
    }

    /// Whether the user ended it, and needs no telling.
    pub(crate) fn is_interrupt(&self) -> bool {
        matches!(self, Ending::Failed(failure) if failure.cause == Cause::Aborted)
    }

    /// The exit code, as `arguments.rs` documents them.
    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Ending::Device(_) => 7,
            Ending::Failed(failure) => code_of(&failure.cause),
            Ending::NotOpened(OpenError::NoPath(why)) => code_of_no_path(*why),
            _ => 1,
        })
    }
}

/// Writes the sentence to standard error; that this may be closed is no reason to panic.
pub(crate) fn say(sentence: impl std::fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "synsent: {sentence}");
}

fn code_of(cause: &Cause) -> u8 {
    match cause {
        Cause::Refused { .. } => 3,
        Cause::TimedOut { .. } | Cause::UserTimeout { .. } | Cause::KeepAliveTimeout { .. } | Cause::LingerTimeout => 4,
        Cause::Icmp { .. } | Cause::NeighbourUnreachable { .. } => 5,
        Cause::NoRoute { why, .. } => code_of_no_path(*why),
        Cause::Reset { .. } => 6,
        // Only an interrupt aborts.
        Cause::Aborted => 130,
    }
}

fn code_of_no_path(why: NoPath) -> u8 {
    match why {
        NoPath::NoRoute
        | NoPath::Unreachable
        | NoPath::Prohibited
        | NoPath::Blackhole
        | NoPath::NoSource
        | NoPath::NoLink
        | NoPath::LinkDown => 5,
        NoPath::ForeignSource => 1,
    }
}
