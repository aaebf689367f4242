//! How a run of the command ended badly: the sentence and the exit code.

use std::io::{self, Write as _};
use std::net::IpAddr;
use std::process::ExitCode;

use synsent_dialects::Said;
use synsent_host::{OpenError as DeviceError, WaitError};
use synsent_sockets::Outcome;
use synsent_stack::{Cause, Failure, ListenError, NoPath, OpenError};
use thiserror::Error;

use crate::net::NetError;

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
    /// The command line is wrong in a way that only shows when all of it is looked at.
    #[error("{0}")]
    Usage(String),
    /// The network does not fit what is to be done on it.
    #[error("{0}")]
    Net(#[from] NetError),
    /// What a dialect said: its code, its number, the reason, the clause.
    #[error("{}", sentence(.0))]
    Said(Box<Said>),
    /// A scenario cannot be used.
    #[error("{file}:{why}")]
    Scenario {
        /// Its file.
        file: String,
        /// Where and why.
        why: String,
    },
    /// The machine does not allow the world of a sweep.
    #[error("{0}")]
    NoWorld(String),
    /// There is no such program, or it cannot be run.
    #[error("{0}")]
    NoProgram(String),
    /// A run could not be made or recorded.
    #[error("{0}")]
    Run(String),
    /// An outcome of a sweep does not hold, which its row has said already.
    #[error("not every outcome holds")]
    NotHeld,
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

    /// Whether everything has been said: the user ended it, or the rows of a sweep tell.
    pub(crate) fn is_said(&self) -> bool {
        match self {
            Ending::Failed(failure) => failure.cause == Cause::Aborted,
            Ending::NotHeld => true,
            _ => false,
        }
    }

    /// The exit code, as `arguments.rs` documents them.
    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Ending::Usage(_) | Ending::Net(_) | Ending::Scenario { .. } => 2,
            Ending::Device(_) | Ending::NoWorld(_) => 7,
            Ending::Said(said) => said.failure.as_ref().map_or(1, |failure| code_of_outcome(failure.outcome)),
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

/// `WSAECONNREFUSED (10061): refused: RST from 10.1.0.1 after 0.3 ms [winsock2.error.connrefused]`.
fn sentence(said: &Said) -> String {
    let because = match (&said.failure, said.source.because) {
        (Some(failure), _) => failure.to_string(),
        (None, because) => reason(said, because),
    };
    let clause = match said.source.clause {
        "" => String::new(),
        clause => format!(" [{clause}]"),
    };
    format!("{} ({}): {because}{clause}", said.name, said.number)
}

/// What the deciding row asks for, and why it is there: `connect: the address is zero (the address is not valid)`.
fn reason(said: &Said, because: &str) -> String {
    match (said.fact, because) {
        (Some(fact), "") => format!("{}: {}", said.call, fact.words()),
        (Some(fact), because) => format!("{}: {} ({because})", said.call, fact.words()),
        (None, "") => format!("{} fails", said.call),
        (None, because) => because.to_owned(),
    }
}

fn code_of_outcome(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Refused => 3,
        Outcome::TimedOut | Outcome::TimedOutUnreachable | Outcome::TimeLimit => 4,
        Outcome::NetworkUnreachable | Outcome::HostUnreachable | Outcome::Prohibited | Outcome::NetworkDown => 5,
        Outcome::Reset => 6,
        _ => 1,
    }
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
