//! What a client met, reduced to what two systems must do alike, and where they do not.
//!
//! Of the calls the errors are compared, and how many octets were read in all. Of the packets on the client's line only those that are
//! about the peer count, each as its kind and direction:
//!
//! - until the connection stands, or where it never does, all of them in their order, with their repetitions;
//! - after that the kinds in the order in which each came first. How data is cut, how often it is acknowledged alone and what is sent
//!   again is each system's own;
//! - the first FIN or RST from the peer is the last one of these, since what follows depends on how fast a program ends; only
//!   whether our FIN leaves is told, and not where a RST came, which may be there before it.
//!
//! Of times those count at which SYNs leave, and that at which an opening is given up.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use synsent_explain::record::Said;
use synsent_explain::view::What as Carried;
use synsent_explain::{Call, Packet, Run, SocketKind, View};
use synsent_stack::IcmpCause;

/// How far times may be apart, as a part of the kernel's: its clock makes a second some percent longer.
const TIMES_APART: f64 = 0.15;

/// What a client met.
#[derive(Clone, PartialEq, Debug)]
pub struct Behaviour {
    said: String,
    gave_up_after: Option<Duration>,
    syns: Vec<Duration>,
    packets: Vec<Seen>,
}

/// Something that two systems do otherwise, in words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// What differs.
    pub what: What,
    /// What the kernel does.
    pub kernel: String,
    /// What our stack does.
    pub stack: String,
}

/// What can differ.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum What {
    /// What the calls said.
    Calls,
    /// What was on the line.
    Packets,
    /// When SYNs left, or when no more was waited for an answer.
    Times,
}

/// A kind of packet with its direction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Seen {
    kind: Kind,
    outward: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Syn,
    SynAck,
    Ack,
    Data,
    Fin,
    Rst,
    Icmp(IcmpCause),
}

/// Where a kernel and our stack differ.
pub fn differences(kernel: &Behaviour, stack: &Behaviour) -> Vec<Difference> {
    let mut all = Vec::new();
    let mut differ = |what, kernel: String, stack: String| all.push(Difference { what, kernel, stack });
    if kernel.said != stack.said {
        differ(What::Calls, kernel.said.clone(), stack.said.clone());
    }
    if kernel.wire() != stack.wire() {
        differ(What::Packets, kernel.wire(), stack.wire());
    } else if !kernel.is_as_fast(stack) {
        differ(What::Times, kernel.times(), stack.times());
    }
    all
}

impl Behaviour {
    /// What was recorded of a program that made one connection to the peer and used it by itself.
    pub fn of(run: &Run, peer: SocketAddr) -> Behaviour {
        let connects = |call: &&Call| {
            call.name == "connect"
                && call.kind == SocketKind::Stream
                && call.peer == Some(peer)
                && call.socket.is_some()
        };
        let connect = run.calls.iter().find(connects);
        let calls: Vec<&Call> =
            run.calls.iter().filter(|call| connect.is_some_and(|one| one.socket == call.socket)).collect();
        let is_silence = |call: &&Call| matches!(&call.said, Said::Error { name, .. } if name == "ETIMEDOUT");
        let span = |call: &Call| Some(Duration::from_micros(u64::try_from(call.ended_us? - call.began_us).ok()?));
        let packets = run.packets.iter().filter(|packet| packet.line == "us");
        Behaviour::new(said(&calls), connect.filter(is_silence).and_then(span), packets, peer)
    }

    /// What calls said, each in words, and what was on the client's line.
    pub(super) fn new<'a>(
        said: Vec<String>,
        gave_up_after: Option<Duration>,
        packets: impl Iterator<Item = &'a Packet>,
        peer: SocketAddr,
    ) -> Behaviour {
        let mut all = Vec::new();
        let mut syns_us = Vec::new();
        for packet in packets {
            let kinds = View::of(packet).map(|view| kinds(&view, packet.outward, peer)).unwrap_or_default();
            if packet.outward && kinds.contains(&Kind::Syn) {
                syns_us.push(packet.at_us);
            }
            all.extend(kinds.into_iter().map(|kind| Seen { kind, outward: packet.outward }));
        }
        let first = syns_us.first().copied().unwrap_or_default();
        let after_first = |at: i64| Duration::from_micros(u64::try_from(at - first).unwrap_or_default());
        let syns = syns_us.into_iter().map(after_first).collect();
        Behaviour { said: said.join("; "), gave_up_after, syns, packets: reduced(&all) }
    }

    /// What the calls said.
    pub fn said(&self) -> &str {
        &self.said
    }

    /// What connect() said, which is the first call.
    pub fn connect_said(&self) -> &str {
        self.said.split("; ").next().unwrap_or_default()
    }

    /// When each SYN left, counted from the first.
    pub fn syns(&self) -> &[Duration] {
        &self.syns
    }

    /// How long an opening took that nobody answered.
    pub fn gave_up_after(&self) -> Option<Duration> {
        self.gave_up_after
    }

    /// What was on the line: `SYN ×3, SYN-ACK back, ACK, data`.
    pub fn wire(&self) -> String {
        let mut counted: Vec<(Seen, usize)> = Vec::new();
        for packet in &self.packets {
            match counted.last_mut() {
                Some((last, count)) if last == packet => *count += 1,
                _ => counted.push((*packet, 1)),
            }
        }
        let words = |(packet, count): &(Seen, usize)| match count {
            1 => packet.to_string(),
            _ => format!("{packet} ×{count}"),
        };
        let all: Vec<String> = counted.iter().map(words).collect();
        if all.is_empty() { "nothing".to_owned() } else { all.join(", ") }
    }

    /// `SYN at 0.00, 1.02 s, given up after 3.06 s`.
    fn times(&self) -> String {
        let syns: Vec<String> = self.syns.iter().map(|at| format!("{:.2}", at.as_secs_f64())).collect();
        let given_up = self.gave_up_after.map(|after| format!(", given up after {:.2} s", after.as_secs_f64()));
        format!("SYN at {} s{}", syns.join(", "), given_up.unwrap_or_default())
    }

    /// Whether SYNs left, and the opening was given up, at the same times; what only one of them did is no matter of time.
    fn is_as_fast(&self, other: &Behaviour) -> bool {
        let pairs = self.syns.iter().zip(&other.syns).chain(self.gave_up_after.iter().zip(&other.gave_up_after));
        let seconds = pairs.map(|(one, other)| (one.as_secs_f64(), other.as_secs_f64()));
        seconds.into_iter().all(|(one, other)| (one - other).abs() <= one * TIMES_APART)
    }
}

/// What a program's calls on its socket said: reads that went well are one.
fn said(calls: &[&Call]) -> Vec<String> {
    let mut words = Vec::new();
    let mut octets = 0;
    for call in calls {
        let says = match (call.name.as_str(), &call.said) {
            ("read", Said::Value(count @ 1..)) => {
                octets += count;
                continue;
            }
            ("connect", Said::Value(_)) => "connected".to_owned(),
            ("read", Said::Value(_)) => "the end".to_owned(),
            ("write", Said::Value(count)) => format!("{count} octets"),
            ("connect" | "read" | "write", Said::Error { name, .. }) => name.clone(),
            ("connect" | "read" | "write", Said::StillWaiting) => "still waiting".to_owned(),
            _ => continue,
        };
        words.push(match call.name.as_str() {
            "read" => format!("read: {octets} octets, then {says}"),
            name => format!("{name}: {says}"),
        });
    }
    words
}

/// What a packet is, where it is about the peer; data with a FIN is both.
fn kinds(view: &View, outward: bool, peer: SocketAddr) -> Vec<Kind> {
    match &view.what {
        Carried::Tcp(segment) if peer == if outward { segment.destination } else { segment.source } => {
            let flags = segment.flags;
            if flags.rst() {
                return vec![Kind::Rst];
            }
            if flags.syn() {
                return vec![if flags.ack() { Kind::SynAck } else { Kind::Syn }];
            }
            let data = (segment.octets > 0).then_some(Kind::Data);
            let all: Vec<Kind> = data.into_iter().chain(flags.fin().then_some(Kind::Fin)).collect();
            if all.is_empty() { vec![Kind::Ack] } else { all }
        }
        Carried::Icmp(error) if error.quoted.is_some_and(|quoted| quoted.destination == peer) => {
            vec![Kind::Icmp(error.cause)]
        }
        _ => Vec::new(),
    }
}

/// The packets that count.
fn reduced(all: &[Seen]) -> Vec<Seen> {
    let ours = |kind| Seen { kind, outward: true };
    let theirs = |kind| Seen { kind, outward: false };
    let begins = all.iter().position(|seen| [ours(Kind::Ack), ours(Kind::Data)].contains(seen)).unwrap_or(all.len());
    let established = if all.get(begins) == Some(&ours(Kind::Ack)) { begins + 1 } else { begins };
    let (opening, after) = all.split_at(established);
    let end = after.iter().position(|seen| [theirs(Kind::Fin), theirs(Kind::Rst)].contains(seen));
    let (after, rest) = after.split_at(end.map_or(after.len(), |end| end + 1));
    let mut kept = opening.to_vec();
    let mut first: Vec<Seen> = Vec::new();
    for seen in after.iter().filter(|seen| seen.kind != Kind::Ack) {
        if !first.contains(seen) {
            first.push(*seen);
        }
    }
    kept.append(&mut first);
    let is_reset = all.contains(&theirs(Kind::Rst));
    if !is_reset && rest.contains(&ours(Kind::Fin)) && !kept.contains(&ours(Kind::Fin)) {
        kept.push(ours(Kind::Fin));
    }
    kept
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Syn => f.write_str("SYN")?,
            Kind::SynAck => f.write_str("SYN-ACK")?,
            Kind::Ack => f.write_str("ACK")?,
            Kind::Data => f.write_str("data")?,
            Kind::Fin => f.write_str("FIN")?,
            Kind::Rst => f.write_str("RST")?,
            Kind::Icmp(cause) => write!(f, "{cause}")?,
        }
        if self.outward { Ok(()) } else { f.write_str(" back") }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            What::Calls => "calls",
            What::Packets => "packets",
            What::Times => "times",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packets(words: &str) -> Vec<Seen> {
        let seen = |word: &str| {
            let (outward, kind) = word.split_at(1);
            let kind = match kind {
                "syn" => Kind::Syn,
                "syn-ack" => Kind::SynAck,
                "ack" => Kind::Ack,
                "data" => Kind::Data,
                "fin" => Kind::Fin,
                "rst" => Kind::Rst,
                other => panic!("{other}"),
            };
            Seen { kind, outward: outward == ">" }
        };
        words.split(' ').map(seen).collect()
    }

    fn wire(words: &str) -> String {
        let packets = reduced(&packets(words));
        Behaviour { said: String::new(), gave_up_after: None, syns: Vec::new(), packets }.wire()
    }

    #[test]
    fn an_opening_is_compared_packet_by_packet() {
        assert_eq!(wire(">syn >syn >syn"), "SYN ×3");
        assert_eq!(wire(">syn >syn <rst"), "SYN ×2, RST back");
        assert_eq!(wire(">syn <syn-ack <syn-ack >ack"), "SYN, SYN-ACK back ×2, ACK");
    }

    #[test]
    fn afterwards_each_kind_counts_once_and_acknowledgments_alone_do_not() {
        let whole = ">syn <syn-ack >ack >data >data <ack <data >ack <data <fin >ack >fin <ack";
        assert_eq!(wire(whole), "SYN, SYN-ACK back, ACK, data, data back, FIN back, FIN");
    }

    #[test]
    fn behind_the_end_only_our_fin_is_told_and_not_where_a_reset_came() {
        assert_eq!(wire(">syn <syn-ack >ack >data <fin <rst"), "SYN, SYN-ACK back, ACK, data, FIN back");
        assert_eq!(wire(">syn <syn-ack >ack >data <fin >fin <rst"), "SYN, SYN-ACK back, ACK, data, FIN back");
        assert_eq!(wire(">syn <syn-ack >ack >data <rst >fin"), "SYN, SYN-ACK back, ACK, data, RST back");
        assert_eq!(wire(">syn <syn-ack >ack >data >fin"), "SYN, SYN-ACK back, ACK, data, FIN");
    }

    #[test]
    fn times_may_differ_by_what_the_clock_of_a_kernel_adds() {
        let at = |millis: &[u64], end| Behaviour {
            said: String::new(),
            gave_up_after: Some(Duration::from_millis(end)),
            syns: millis.iter().map(|at| Duration::from_millis(*at)).collect(),
            packets: Vec::new(),
        };
        let ours = at(&[0, 1_000, 2_000], 3_000);
        assert_eq!(differences(&at(&[0, 1_030, 2_050], 3_090), &ours), []);
        let slow = differences(&at(&[0, 1_000, 3_000], 7_000), &ours);
        let [Difference { what: What::Times, kernel, stack }] = &slow[..] else { panic!("{slow:?}") };
        assert_eq!(kernel, "SYN at 0.00, 1.00, 3.00 s, given up after 7.00 s");
        assert_eq!(stack, "SYN at 0.00, 1.00, 2.00 s, given up after 3.00 s");
    }
}
