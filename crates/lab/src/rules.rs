//! Rules of a host: what it does with the attempts at its ports, by their count and by the time.
//!
//! Rows are tried from the top, and the first that fits an attempt decides about all of it: what becomes of its SYN, and what the
//! connection does once it stands. An attempt is a SYN of a new four-tuple or with a new sequence number; its repetitions belong to it. A
//! datagram is one by its four-tuple alone. The [gate](crate::gate) of a host finds the row, and the [desks](crate::peer) carry out what
//! follows the SYN.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use synsent_stack::Duration;

use crate::obstruct::IcmpError;
use crate::service::{Cut, CutHow, Service, Speaks};

/// One rule of a host.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// The port; `None`: any.
    pub port: Option<u16>,
    /// Which attempts it is for.
    pub when: When,
    /// What the host does with them.
    pub does: Does,
}

/// For which attempts a row is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct When {
    /// The first and the last one by their count at this host and port, from one.
    pub attempts: (u32, u32),
    /// Those that begin at this time after the start or later.
    pub from: Duration,
    /// Those that begin before this time after the start.
    pub until: Duration,
}

/// What a host does with an attempt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Does {
    /// Accepts: serves HTTP to who asks in it, and sends everybody else back what they send.
    Answers(BodyOctets),
    /// Accepts like `Answers`, but late.
    AnswersLate(Late, BodyOctets),
    /// Answers with RST, as if nobody listened; a datagram with "port unreachable".
    Refuses,
    /// Never hears it.
    Silent,
    /// Hears the SYN and never answers it.
    Withholds,
    /// Hears the SYN, says nothing for this long, and then answers with RST.
    WithholdsThenRefuses(Duration),
    /// Has a queue of connections that nobody accepts: what finds no place in it is left without an answer.
    Backlog {
        /// How many places the queue has.
        places: usize,
        /// How many of them are free at the start.
        free: usize,
    },
    /// Accepts, and resets the connection at once.
    Resets,
    /// Accepts, and ends its sending at once.
    Closes,
    /// Accepts, and neither reads nor sends.
    SaysNothing,
    /// Answers with no more of a body than so many octets, and then breaks off.
    Breaks(Cut),
    /// Accepts, and says fixed things.
    Says(Arc<Speech>),
    /// Answers with an ICMP error.
    Icmp {
        /// The message.
        error: IcmpError,
        /// Who sends it.
        by: By,
    },
}

/// How late an answer is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Late {
    /// The SYN-ACK comes this long after the first SYN.
    After(Duration),
    /// So many SYNs of the attempt are not heard; the next one is answered.
    Unheard(u32),
}

/// How long the body of an HTTP answer is, unit: octets; `None`: it is a line of text.
pub type BodyOctets = Option<u64>;

/// Fixed things to say.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Speech {
    /// What is said as soon as the connection stands.
    pub greeting: String,
    /// What is said to each piece that comes: the first to the first, and the last to all that follow.
    pub texts: Vec<String>,
}

/// Who answers in a host's place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum By {
    /// The router before the host.
    Router,
    /// The host itself.
    Host,
}

impl When {
    /// Every attempt.
    pub const ALWAYS: When = When { attempts: (1, u32::MAX), from: Duration::ZERO, until: Duration::MAX };

    /// The first so many attempts.
    pub fn first(count: u32) -> When {
        When { attempts: (1, count), ..When::ALWAYS }
    }

    /// Whether an attempt with this number that begins this long after the start is meant.
    pub fn fits(&self, attempt: u32, since_start: Duration) -> bool {
        let (first, last) = self.attempts;
        (first..=last).contains(&attempt) && (self.from..self.until).contains(&since_start)
    }
}

impl Row {
    /// Whether the row is for an attempt at this port of this family; see [`When::fits`].
    pub fn fits(&self, port: u16, v6: bool, attempt: u32, since_start: Duration) -> bool {
        self.port.is_none_or(|own| own == port) && self.does.speaks(v6) && self.when.fits(attempt, since_start)
    }
}

impl Does {
    /// Whether it means something for this family: an ICMP message may be of one alone.
    pub fn speaks(&self, v6: bool) -> bool {
        match self {
            Does::Icmp { error, .. } => error.message(v6).is_some(),
            _ => true,
        }
    }

    /// What it is called in a scenario's file.
    pub fn word(&self) -> &'static str {
        match self {
            Does::Answers(_) => "answers",
            Does::AnswersLate(..) => "answers-late",
            Does::Refuses => "refuses",
            Does::Silent => "silent",
            Does::Withholds => "withholds",
            Does::WithholdsThenRefuses(_) => "withholds-then-refuses",
            Does::Backlog { .. } => "backlog-full",
            Does::Resets => "resets",
            Does::Closes => "closes",
            Does::SaysNothing => "says-nothing",
            Does::Breaks(cut) => match cut.how {
                CutHow::Reset => "resets-in-body",
                CutHow::Close => "closes-in-body",
                CutHow::Stall => "stalls",
            },
            Does::Says(_) => "says",
            Does::Icmp { error, .. } => match error {
                IcmpError::NetworkUnreachable => "network-unreachable",
                IcmpError::HostUnreachable => "host-unreachable",
                IcmpError::ProtocolUnreachable => "protocol-unreachable",
                IcmpError::PortUnreachable => "port-unreachable",
                IcmpError::Prohibited => "prohibited",
                IcmpError::TimeExceeded => "time-exceeded",
                IcmpError::Exactly { .. } => "icmp",
            },
        }
    }

    /// What serves the connections of it; a port may have one of its own for what answers.
    pub(crate) fn service(&self, own: &Arc<Service>) -> Arc<Service> {
        let service = match self {
            Does::Answers(Some(octets)) | Does::AnswersLate(_, Some(octets)) => {
                Service { body_octets: Some(*octets), ..Service::default() }
            }
            Does::Breaks(cut) => Service { cut: Some(*cut), ..Service::default() },
            Does::Says(speech) => {
                let answers = speech.texts.iter().map(|text| text.clone().into_bytes()).collect();
                let speaks = Speaks::Script { greeting: speech.greeting.clone().into_bytes(), answers };
                Service { speaks, ..Service::default() }
            }
            _ => return own.clone(),
        };
        Arc::new(service)
    }

    /// Whether the host's stack has to listen for it.
    pub(crate) fn listens(&self) -> bool {
        !matches!(self, Does::Refuses | Does::Silent | Does::Icmp { .. })
    }
}

/// As a person would say it: the word, and what it depends on.
impl fmt::Display for Does {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        match self {
            Does::AnswersLate(Late::After(span), _) | Does::WithholdsThenRefuses(span) => write!(f, " after {span:?}"),
            Does::AnswersLate(Late::Unheard(count), _) => write!(f, " ({count} SYNs unheard)"),
            Does::Backlog { places, .. } => write!(f, " ({places})"),
            Does::Breaks(cut) => write!(f, " after {} octets", cut.after_octets),
            Does::Icmp { error: IcmpError::Exactly { v4, v6 }, .. } => {
                for message in [v4, v6].into_iter().flatten() {
                    write!(f, " {}/{}", message.kind, message.code)?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// An address with a port, without what only a socket address has.
pub(crate) type Place = (IpAddr, u16);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_for_its_port_its_attempts_and_its_time() {
        let when = When { attempts: (2, 3), from: Duration::from_secs(1), until: Duration::from_secs(5) };
        let row = Row { port: Some(80), when, does: Does::Silent };
        let fits = |port, attempt, secs| row.fits(port, false, attempt, Duration::from_secs(secs));
        assert!(fits(80, 2, 1) && fits(80, 3, 4));
        assert!(!fits(81, 2, 1) && !fits(80, 1, 1) && !fits(80, 4, 1) && !fits(80, 2, 0) && !fits(80, 2, 5));
    }
}
