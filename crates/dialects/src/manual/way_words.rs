//! The ways of a system in words.

use synsent_sockets::ConnectPolicy;
use synsent_stack::SoftErrors;

use crate::dialect::{ErrorReading, FailureShows, HandleScheme, QueueRule, Starting, Truncation};

/// A way that can be put into words.
pub(super) trait WayWords: PartialEq {
    /// The words.
    fn words(&self) -> String;
}

impl WayWords for Starting {
    fn words(&self) -> String {
        let words = match self {
            Starting::Counted => "each start is counted, and as many ends end it",
            Starting::Once => "once, before all other calls",
            Starting::Always => "none is needed",
        };
        words.to_owned()
    }
}

impl WayWords for HandleScheme {
    fn words(&self) -> String {
        let words = match self {
            HandleScheme::Opaque => "numbers without a meaning",
            HandleScheme::Descriptors => "descriptors, the lowest free one first, together with files",
        };
        words.to_owned()
    }
}

impl WayWords for ConnectPolicy {
    fn words(&self) -> String {
        let soft = match self.soft_errors {
            SoftErrors::AbortOnAny => "a router's \"unreachable\" ends it at once",
            SoftErrors::ReportAtTimeout => {
                "a router's \"unreachable\" is told when the time is over, and an answer before that counts"
            }
            SoftErrors::HardOnly => "only a hard ICMP error ends it",
            SoftErrors::Ignore => "no ICMP error touches it",
        };
        match self.timeout {
            Some(span) => format!("{soft}; given up after {} seconds", span.as_secs_f64()),
            None => format!("{soft}; given up when the repetitions are over"),
        }
    }
}

impl WayWords for QueueRule {
    fn words(&self) -> String {
        let words = match self {
            QueueRule::Keep => "what was received before a peer was named stays",
            QueueRule::DropForeign => "of what was received before a peer was named, only the peer's own stays",
            QueueRule::DropWhenPeerChanges => "what was received before another peer was named is thrown away",
        };
        words.to_owned()
    }
}

impl WayWords for FailureShows {
    fn words(&self) -> String {
        let words = match self {
            FailureShows::Exceptional => "an opening that failed is in the exceptional set alone",
            FailureShows::ReadableAndWritable => "an opening that failed is readable and writable",
        };
        words.to_owned()
    }
}

impl WayWords for ErrorReading {
    fn words(&self) -> String {
        let words = match self {
            ErrorReading::Stays => "it stays until an opening succeeds",
            ErrorReading::Once => "it is told once",
        };
        words.to_owned()
    }
}

impl WayWords for Truncation {
    fn words(&self) -> String {
        let words = match self {
            Truncation::Fails => "what fits is received, and the call fails",
            Truncation::Silent => "what does not fit is lost without a word",
        };
        words.to_owned()
    }
}
