//! What a port can do, in the words of the file, and the keys that each word takes.

use serde::Deserialize;

/// What a port can do, in the words of the file.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Word {
    Answers,
    AnswersLate,
    Refuses,
    Silent,
    Withholds,
    WithholdsThenRefuses,
    BacklogFull,
    Resets,
    Closes,
    SaysNothing,
    ResetsInBody,
    ClosesInBody,
    Stalls,
    Says,
    NetworkUnreachable,
    HostUnreachable,
    ProtocolUnreachable,
    PortUnreachable,
    Prohibited,
    TimeExceeded,
    Icmp,
}

impl Word {
    /// The keys that this one takes beside the port and the conditions.
    pub(super) fn takes(self) -> &'static [&'static str] {
        match self {
            Word::Answers => &["body"],
            Word::AnswersLate => &["after", "unheard", "body"],
            Word::WithholdsThenRefuses => &["after"],
            Word::BacklogFull => &["backlog"],
            Word::ResetsInBody | Word::ClosesInBody | Word::Stalls => &["octets"],
            Word::Says => &["text", "greeting"],
            Word::Icmp => &["v4", "v6", "mtu", "pointer", "by"],
            Word::NetworkUnreachable
            | Word::HostUnreachable
            | Word::ProtocolUnreachable
            | Word::PortUnreachable
            | Word::Prohibited
            | Word::TimeExceeded => &["by"],
            Word::Refuses | Word::Silent | Word::Withholds | Word::Resets | Word::Closes | Word::SaysNothing => &[],
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Word::Answers => "answers",
            Word::AnswersLate => "answers-late",
            Word::Refuses => "refuses",
            Word::Silent => "silent",
            Word::Withholds => "withholds",
            Word::WithholdsThenRefuses => "withholds-then-refuses",
            Word::BacklogFull => "backlog-full",
            Word::Resets => "resets",
            Word::Closes => "closes",
            Word::SaysNothing => "says-nothing",
            Word::ResetsInBody => "resets-in-body",
            Word::ClosesInBody => "closes-in-body",
            Word::Stalls => "stalls",
            Word::Says => "says",
            Word::NetworkUnreachable => "network-unreachable",
            Word::HostUnreachable => "host-unreachable",
            Word::ProtocolUnreachable => "protocol-unreachable",
            Word::PortUnreachable => "port-unreachable",
            Word::Prohibited => "prohibited",
            Word::TimeExceeded => "time-exceeded",
            Word::Icmp => "icmp",
        }
    }
}
