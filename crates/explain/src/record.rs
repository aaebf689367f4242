//! The record of one run, as it stands in `record.json` of the run's directory.
//!
//! All times are microseconds since the program was started, by one clock for packets and calls; what happened before has a
//! negative time. Octets of packets are kept up to [`PACKET_OCTETS_MAX`], packets and calls up to a number, and what was left out is
//! counted: a record never grows without a bound.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

/// How many octets of a packet a record keeps; unit: octets.
pub const PACKET_OCTETS_MAX: usize = 160;
/// How many packets a record keeps: the first ones, and the last [`RECORD_LAST_PACKETS`] of them.
pub const RECORD_PACKETS_MAX: usize = 4_096;
/// How many of the packets that a record keeps are the last ones, where there were more: they tell how it ended.
pub const RECORD_LAST_PACKETS: usize = RECORD_PACKETS_MAX / 4;
/// How many calls a record keeps: the first ones.
pub const RECORD_CALLS_MAX: usize = 4_096;
/// The longest pause between two SYNs.
pub const RTO_MAX_SECONDS: u64 = 120;
/// The version of the format; a record of another one is not read.
pub const VERSION: u32 = 1;

/// Everything that was recorded of a run.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Run {
    /// The version of the format: [`VERSION`].
    pub version: u32,
    /// The case; empty for a scenario without cases.
    pub case: String,
    /// What the case is, in one line.
    pub summary: String,
    /// The program and its arguments.
    pub program: Vec<String>,
    /// What the lab's chance came from.
    pub seed: u64,
    /// The scenario as a file would have it, so that it can be staged again.
    pub scenario: String,
    /// When the program was started; nanoseconds since 1970.
    pub began_unix_nanos: u64,
    /// How long the program ran; microseconds.
    pub took_us: u64,
    /// The release of the kernel whose sockets the program used.
    pub kernel: String,
    /// How the private namespace repeated SYNs.
    pub ladder: Ladder,
    /// The addresses of the program's machine.
    pub own_addresses: Vec<IpAddr>,
    /// The router next to it and the hosts behind it.
    pub hosts: Vec<HostSeen>,
    /// What went over the lines, in the order of time.
    pub packets: Vec<Packet>,
    /// How many packets more there were.
    pub packets_left_out: u64,
    /// Where they were: before the packet at this place of `packets`. Without it they came behind all that are kept.
    #[serde(default)]
    pub packets_left_out_before: Option<usize>,
    /// What the program called, in the order in which the calls began.
    pub calls: Vec<Call>,
    /// How many calls more there were.
    pub calls_left_out: u64,
    /// How much of the program's calls could be seen.
    pub observation: Observation,
    /// What the rules of the scenario decided, in the order of time.
    pub verdicts: Vec<Verdict>,
    /// What the program asked the name server.
    pub lookups: Vec<Lookup>,
    /// How the program ended.
    pub end: End,
    /// The end of what it wrote to standard output, where that was not the user's own.
    pub stdout_tail: String,
    /// The same for standard error.
    pub stderr_tail: String,
    /// What fell back to something else in this run, in sentences.
    pub notes: Vec<String>,
}

impl Run {
    /// The place of the first packet that came after those that were left out, where there is one.
    pub fn first_after_left_out(&self) -> Option<usize> {
        let place = self.packets_left_out_before.filter(|_| self.packets_left_out > 0)?;
        (place < self.packets.len()).then_some(place)
    }
}

/// How the kernel repeats a SYN in the private namespace.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Ladder {
    /// How often it is repeated here with growing pauses.
    pub syn_retries: u32,
    /// How often it is so by default; the same where nothing was lowered.
    pub default_syn_retries: u32,
    /// How often it is repeated here before that, with pauses that do not grow; 0 in kernels that know no such pauses.
    #[serde(default)]
    pub linear_timeouts: u32,
    /// How often it is so by default.
    #[serde(default)]
    pub default_linear_timeouts: u32,
}

impl Ladder {
    /// How often a SYN that nobody answers is repeated here, all in all.
    pub fn retries(&self) -> u32 {
        climb(self.syn_retries, self.linear_timeouts).0
    }

    /// Whether it is repeated less often than by default.
    pub fn is_shortened(&self) -> bool {
        self.retries() < climb(self.default_syn_retries, self.default_linear_timeouts).0
    }

    /// When an opening that nobody answers is given up by default, by the kernel's rule. The kernel's clock makes it some percent more.
    pub fn default_seconds(&self) -> u64 {
        climb(self.default_syn_retries, self.default_linear_timeouts).1
    }
}

/// How often a SYN is repeated and after how many seconds it is given up, by the kernel's rule: the first pauses take a second, each
/// later one twice as long as the one before, none longer than [`RTO_MAX_SECONDS`]. It is given up at the end of a pause when it was
/// repeated often enough, or when as much time has passed as the growing pauses alone would take.
fn climb(growing: u32, linear: u32) -> (u32, u64) {
    // The kernel keeps both in an octet; a record may say anything.
    let (growing, linear) = (growing.min(u8::MAX.into()), linear.min(u8::MAX.into()));
    let pause = |number: u32| {
        let doubled = 1_u64.checked_shl(number.saturating_sub(linear)).unwrap_or(RTO_MAX_SECONDS);
        doubled.min(RTO_MAX_SECONDS)
    };
    let patience: u64 = (0..=growing).map(|number| pause(number + linear)).sum();
    let (mut retries, mut seconds) = (0, pause(0));
    while retries < growing + linear && seconds < patience {
        retries += 1;
        seconds += pause(retries);
    }
    (retries, seconds)
}

/// A host of the lab.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct HostSeen {
    /// Its name in the scenario; the one next to the program is `router`.
    pub name: String,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
}

/// A packet on one line: what crosses the router stands there twice.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Packet {
    /// When it was sent onto the line.
    pub at_us: i64,
    /// Whose line to the router it was: `us`, or the name of a host.
    pub line: String,
    /// Whether it went away from the program: from us to the router, or from the router to the host.
    pub outward: bool,
    /// What became of it on this line.
    pub fate: Fate,
    /// How long the IP packet is; unit: octets.
    pub len: usize,
    /// Its first octets, from the IP header on, in hexadecimal digits.
    #[serde(with = "hex")]
    pub octets: Vec<u8>,
}

/// What became of a packet on a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It arrived.
    Carried,
    /// It was lost by chance.
    Lost,
    /// It arrived with wrong octets.
    Damaged,
    /// It arrived twice.
    Doubled,
    /// It was too large for the line.
    TooBig,
    /// There was no room in the line's queue.
    QueueFull,
    /// The line was cut.
    Down,
    /// A rule of the scenario dropped it.
    Ruled,
}

/// A call of the program that concerns an internet socket.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Call {
    /// When it began.
    pub began_us: i64,
    /// When it returned; `None`: it had not when the program ended.
    pub ended_us: Option<i64>,
    /// The process, as the outside numbers it.
    pub process: u32,
    /// The thread.
    pub thread: u32,
    /// The system call: `connect`, `getsockopt`, `sendto` …
    pub name: String,
    /// The descriptor.
    pub descriptor: Option<i32>,
    /// What identifies the socket, whatever descriptors it has.
    pub socket: Option<u64>,
    /// What kind of socket it is.
    pub kind: SocketKind,
    /// The peer: of connect and sendto the one that was given, else the one that was connected to.
    pub peer: Option<SocketAddr>,
    /// What it answered.
    pub said: Said,
    /// What else was seen, in words: `SO_ERROR`, `POLLOUT|POLLERR|POLLHUP`, `512 octets`.
    pub detail: String,
}

/// The kind of a socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SocketKind {
    /// TCP.
    Stream,
    /// UDP.
    Datagram,
    /// Another one, or not seen.
    Other,
}

/// What a call answered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Said {
    /// A value that is no error. Of getsockopt(SO_ERROR) that told an error it is [`Said::Pending`].
    Value(i64),
    /// An error.
    Error {
        /// The number.
        number: i32,
        /// Its name: `ECONNREFUSED`.
        name: String,
    },
    /// The call succeeded and told the socket's pending error: SO_ERROR.
    Pending {
        /// The number; 0: there was none.
        number: i32,
        /// Its name; empty for 0.
        name: String,
    },
    /// A signal came, and the kernel began the call again.
    Restarted,
    /// It had not returned when the program ended.
    StillWaiting,
}

/// How much of the program's calls could be seen.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Observation {
    /// All that concern sockets.
    Full,
    /// Not all, and why.
    Partly(String),
    /// None, and why.
    Not(String),
}

/// What a rule of the scenario decided about an attempt.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Verdict {
    /// When.
    pub at_us: i64,
    /// Who decided: a host's name or `router`.
    pub host: String,
    /// Who asked.
    pub from: SocketAddr,
    /// For what.
    pub to: SocketAddr,
    /// The decision, in words of the scenario: `rule 2 of shop.test: silent`.
    pub words: String,
}

/// A question to the name server.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Lookup {
    /// When it came.
    pub at_us: i64,
    /// The name.
    pub name: String,
    /// `A`, `AAAA` …
    pub kind: String,
    /// What was answered.
    pub answer: Asked,
}

/// What the name server answered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asked {
    /// These addresses; none: the name exists and has no such record.
    Addresses(Vec<IpAddr>),
    /// The name does not exist.
    NoSuchName,
    /// The server said that it failed, or refused.
    Failed,
    /// Nothing.
    Silence,
}

/// How a program ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// By itself, with an exit code.
    Exited(i32),
    /// By a signal.
    Signal {
        /// The number.
        number: i32,
        /// Its name: `SIGSEGV`.
        name: String,
    },
    /// It ran longer than it was given, and was ended; microseconds.
    TimeLimit(u64),
    /// The user ended it.
    Interrupted,
}

mod hex {
    //! Octets as a text of hexadecimal digits.

    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(octets: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        let digits: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
        serializer.serialize_str(&digits)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let digits = String::deserialize(deserializer)?;
        let pairs = digits.as_bytes().chunks(2);
        let read = |pair: &[u8]| {
            let digit = |one: u8| char::from(one).to_digit(16);
            let (&[high, low], true) = (pair.first_chunk()?, pair.len() == 2) else { return None };
            Some((digit(high)? * 16 + digit(low)?) as u8)
        };
        pairs.map(read).collect::<Option<_>>().ok_or_else(|| D::Error::custom("not pairs of hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ladder_is_as_long_as_the_kernel_climbs_it() {
        let linux = Ladder { syn_retries: 2, default_syn_retries: 6, linear_timeouts: 0, default_linear_timeouts: 4 };
        assert_eq!((linux.retries(), linux.is_shortened()), (2, true));
        // ip-sysctl: with 6 retries and 4 linear timeouts the final timeout is after 131 seconds, and without those after 127.
        assert_eq!(linux.default_seconds(), 131);
        // Measured on Linux 6.18: a SYN is sent three times within two seconds, and given up after three.
        let short = Ladder { syn_retries: 1, linear_timeouts: 2, ..linux };
        assert_eq!((short.retries(), short.is_shortened()), (2, true));
        let older = Ladder { syn_retries: 6, default_linear_timeouts: 0, ..linux };
        assert_eq!((older.default_seconds(), older.is_shortened()), (127, false));
        let patient = Ladder { default_syn_retries: 255, ..older };
        assert_eq!(patient.default_seconds(), 127 + 249 * RTO_MAX_SECONDS);
    }

    #[test]
    fn octets_are_written_and_read_as_digits() {
        let packet = Packet {
            at_us: -5,
            line: "us".to_owned(),
            outward: true,
            fate: Fate::Carried,
            len: 3,
            octets: vec![0x45, 0, 0xff],
        };
        let text = serde_json::to_string(&packet).unwrap();
        assert!(text.contains("\"octets\":\"4500ff\""), "{text}");
        assert_eq!(serde_json::from_str::<Packet>(&text).unwrap(), packet);
        assert!(serde_json::from_str::<Packet>(&text.replace("4500ff", "4500f")).is_err());
        assert!(serde_json::from_str::<Packet>(&text.replace("4500ff", "45 0ff")).is_err());
    }
}
