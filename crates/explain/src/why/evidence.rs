//! What a record shows, as the causes ask for it: attempts with their packets and calls, who sent what, how long what took.

use std::net::{IpAddr, SocketAddr};

use crate::attempts::{Attempt, ConnectSaid};
use crate::flows::{Flow, IcmpSeen, Question, Sent, Traffic, is_lost, repeated};
use crate::record::{End, Observation, Run};
use crate::said::own_attempts;
use crate::words::{span, visible};

/// How much earlier than its connect() a SYN may stand in the record: two clocks reads apart; unit: microseconds.
const CLOCK_SLACK_US: i64 = 2_000;

/// A packet of this length passes every path (RFC 791 section 3.1): who loses it does not lose it for its length; unit: octets.
const EVERY_PATH_OCTETS: usize = 576;

/// All that a cause may ask.
pub(super) struct Evidence<'a> {
    pub(super) run: &'a Run,
    pub(super) traffic: &'a Traffic,
    /// Whether the record has lines behind the router.
    pub(super) sees_behind: bool,
    /// The attempts of the program, in the order of their beginnings.
    pub(super) tries: Vec<Try<'a>>,
}

/// One attempt: its packets, its calls, or both.
pub(super) struct Try<'a> {
    pub(super) flow: Option<&'a Flow>,
    pub(super) attempt: Option<Attempt>,
}

/// Who sent a reset that bears the peer's address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Origin {
    /// It was on the peer's own line first.
    Peer,
    /// It was not; with what shows that.
    Between(String),
    /// The record does not tell.
    Unknown,
}

impl<'a> Evidence<'a> {
    pub(super) fn of(run: &'a Run, traffic: &'a Traffic) -> Evidence<'a> {
        let mut attempts: Vec<Option<Attempt>> = own_attempts(run).into_iter().map(Some).collect();
        let mut tries: Vec<Try<'a>> = Vec::new();
        for flow in traffic.attempts() {
            let attempt = matching(run, &mut attempts, flow);
            tries.push(Try { flow: Some(flow), attempt });
        }
        tries.extend(attempts.into_iter().flatten().map(|attempt| Try { flow: None, attempt: Some(attempt) }));
        tries.sort_by_key(Try::began_us);
        let sees_behind = run.packets.iter().any(|packet| packet.line != crate::flows::OWN_LINE);
        Evidence { run, traffic, sees_behind, tries }
    }

    /// The moment at which the record ends.
    pub(super) fn end_us(&self) -> i64 {
        i64::try_from(self.run.took_us).unwrap_or(i64::MAX)
    }

    /// The attempt that decided: the last one that a peer accepted, else the last one that told the program an error, else the last
    /// one.
    pub(super) fn chief(&self) -> Option<&Try<'a>> {
        let accepted = self.tries.iter().rfind(|one| one.opened());
        accepted.or_else(|| self.tries.iter().rfind(|one| one.error().is_some())).or(self.tries.last())
    }

    /// The attempts that began before this one did.
    pub(super) fn before<'b>(&'b self, chief: &'b Try<'a>) -> impl Iterator<Item = &'b Try<'a>> {
        self.tries.iter().filter(move |one| !std::ptr::eq(*one, chief) && one.began_us() <= chief.began_us())
    }

    /// Whether the record has all packets.
    pub(super) fn all_kept(&self) -> bool {
        self.run.packets_left_out == 0
    }

    /// Whether all that the program called is known.
    pub(super) fn observed(&self) -> bool {
        !matches!(self.run.observation, Observation::Not(_))
    }

    /// An address, with the word "router" where it is the one of a router.
    pub(super) fn who(&self, address: IpAddr) -> String {
        let is_router = |host: &&crate::record::HostSeen| host.name == "router" && host.addresses.contains(&address);
        if self.run.hosts.iter().any(|host| is_router(&host)) {
            format!("the router {address}")
        } else {
            address.to_string()
        }
    }

    /// The name that the program asked for, and the answer that it got first.
    pub(super) fn found(&self) -> Option<(&Question, i64)> {
        self.traffic.questions.iter().find_map(|question| {
            let (at_us, dns) = question.answer.as_ref()?;
            (dns.code == 0 && dns.answers > 0).then_some((question, *at_us))
        })
    }

    /// How the program ended, in words.
    pub(super) fn ending(&self) -> String {
        match &self.run.end {
            End::Exited(0) => "ended by itself without an error (exit code 0)".to_owned(),
            End::Exited(code) => format!("ended with exit code {code}"),
            End::Signal { number, name } if name.is_empty() => format!("was ended by signal {number}"),
            End::Signal { name, .. } => format!("was ended by {}", visible(name)),
            End::TimeLimit(limit) => {
                format!("was ended after its limit of {}", span(i64::try_from(*limit).unwrap_or(i64::MAX)))
            }
            End::Interrupted => "was ended by the user".to_owned(),
        }
    }
}

/// Takes the attempt that a flow belongs to: the first one at this peer that began before its SYN and has no flow yet. Behind packets
/// that were left out it is the last one: flows of those before it may be among them.
fn matching(run: &Run, attempts: &mut [Option<Attempt>], flow: &Flow) -> Option<Attempt> {
    let began_us = flow.near.first()?.at_us;
    let first_us = began_us.saturating_add(CLOCK_SLACK_US);
    let fits = |one: &&mut Option<Attempt>| {
        one.as_ref().is_some_and(|one| one.peer == Some(flow.peer) && one.began_us <= first_us)
    };
    let behind = run.first_after_left_out().and_then(|place| run.packets.get(place));
    if behind.is_some_and(|behind| began_us >= behind.at_us) {
        return attempts.iter_mut().rfind(fits)?.take();
    }
    attempts.iter_mut().find(fits)?.take()
}

impl Try<'_> {
    pub(super) fn began_us(&self) -> i64 {
        let syn = self.flow.and_then(|flow| flow.near.first()).map(|sent| sent.at_us);
        self.attempt.as_ref().map(|attempt| attempt.began_us).or(syn).unwrap_or(0)
    }

    pub(super) fn peer(&self) -> Option<SocketAddr> {
        self.flow.map(|flow| flow.peer).or(self.attempt.as_ref().and_then(|attempt| attempt.peer))
    }

    /// The peer in words.
    pub(super) fn whom(&self) -> String {
        self.peer().map_or_else(|| "an address that was not seen".to_owned(), |peer| peer.to_string())
    }

    /// Whether the peer accepted.
    pub(super) fn opened(&self) -> bool {
        self.flow.is_some_and(|flow| flow.opened_us().is_some())
    }

    /// How long the attempt has lasted when it was settled, or the record ended.
    pub(super) fn lasted_us(&self, evidence: &Evidence<'_>) -> i64 {
        let settled = self.attempt.as_ref().and_then(|attempt| attempt.settled_us);
        settled.unwrap_or_else(|| evidence.end_us()).saturating_sub(self.began_us()).max(0)
    }

    /// When a RST or an ICMP error ended the opening.
    pub(super) fn answered_us(&self) -> Option<i64> {
        let flow = self.flow.filter(|flow| flow.opened_us().is_none())?;
        flow.reset().map(|reset| reset.at_us).or(flow.refusal().map(|icmp| icmp.at_us))
    }

    /// The error that connect told.
    pub(super) fn error(&self) -> Option<&str> {
        match &self.attempt.as_ref()?.said {
            ConnectSaid::Failed { name, .. } => Some(name),
            _ => None,
        }
    }
}

impl Flow {
    /// How long after the last SYN before it this came.
    pub(super) fn since_syn_us(&self, at_us: i64) -> i64 {
        let last = self.syns().map(|syn| syn.at_us).filter(|syn| *syn <= at_us).max();
        at_us.saturating_sub(last.unwrap_or(at_us))
    }

    /// How long after the first SYN this came.
    pub(super) fn since_start_us(&self, at_us: i64) -> i64 {
        at_us.saturating_sub(self.syns().next().map_or(at_us, |syn| syn.at_us))
    }

    /// The first ICMP error that came and that says more than a length.
    pub(super) fn refusal(&self) -> Option<&IcmpSeen> {
        self.icmp.iter().find(|icmp| icmp.arrived && super::linux::error_of(icmp.cause, icmp.from.is_ipv6()).is_some())
    }

    /// The first ICMP error about a length, whoever got it.
    pub(super) fn length_told(&self) -> Option<&IcmpSeen> {
        self.icmp.iter().chain(&self.told_peer).find(|icmp| icmp.arrived && is_length(icmp))
    }

    /// Who sent a reset.
    pub(super) fn origin(&self, reset: &Sent, evidence: &Evidence<'_>) -> Origin {
        let far = self.far.iter().filter(|sent| !sent.outward);
        if far.clone().any(|sent| sent.segment.flags.rst() && sent.segment.seq == reset.segment.seq) {
            return Origin::Peer;
        }
        let others = || self.came().filter(|sent| !sent.segment.flags.rst()).map(|sent| sent.hop_limit);
        if let Some(usual) =
            others().next().filter(|usual| *usual != reset.hop_limit && others().all(|one| one == *usual))
        {
            return Origin::Between(format!("its TTL is {}, that of the other packets {usual}", reset.hop_limit));
        }
        if evidence.sees_behind && evidence.all_kept() {
            return Origin::Between(format!("it was never on the line of {}", reset.segment.source.ip()));
        }
        Origin::Unknown
    }

    /// What the lines lost.
    pub(super) fn lost(&self) -> usize {
        self.near.iter().chain(&self.far).filter(|sent| is_lost(sent.fate)).count()
    }

    /// How many segments with data were sent again, by both ends.
    pub(super) fn repeated(&self) -> usize {
        let syns = self.syns().count().saturating_sub(1);
        syns + repeated(self.sent()).len() + repeated(self.far.iter().filter(|sent| !sent.outward)).len()
    }

    /// When data came first and last.
    pub(super) fn data_came_us(&self) -> Option<(i64, i64)> {
        let times = || self.came().filter(|sent| sent.segment.octets > 0).map(|sent| sent.at_us);
        Some((times().min()?, times().max()?))
    }

    /// Large segments that were sent more than once and never arrived while all that did is shorter: (how long they are, how many
    /// sendings, how long the longest is that arrived, whether they are ours).
    pub(super) fn hole(&self) -> Option<Hole> {
        let acknowledged = self.octets_acknowledged();
        let passes_out = |sent: &Sent| sent.segment.octets == 0 || self.offset(sent) < acknowledged;
        if let Some(hole) = hole(self.sent(), passes_out, true) {
            return Some(hole);
        }
        let came: std::collections::HashSet<(u32, usize)> =
            self.came().map(|sent| (sent.segment.seq, sent.segment.octets)).collect();
        let sent = self.far.iter().filter(|sent| !sent.outward);
        hole(sent, |sent| came.contains(&(sent.segment.seq, sent.segment.octets)), false)
    }

    /// How many octets of ours stand before this segment.
    fn offset(&self, sent: &Sent) -> usize {
        self.isn.map_or(0, |isn| sent.segment.seq.wrapping_sub(isn).wrapping_sub(1)) as usize
    }
}

/// Packets that are lost for their length.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Hole {
    /// How long the shortest that did not pass is; unit: octets.
    pub(super) shortest_lost: usize,
    /// How often such ones were sent.
    pub(super) sendings: usize,
    /// How long the longest that passed is; unit: octets.
    pub(super) longest_passed: usize,
    /// Whether we sent them.
    pub(super) ours: bool,
}

fn hole<'a>(sent: impl Iterator<Item = &'a Sent>, passed: impl Fn(&Sent) -> bool, ours: bool) -> Option<Hole> {
    let (through, lost): (Vec<&Sent>, Vec<&Sent>) = sent.partition(|sent| passed(sent));
    let shortest_lost = lost.iter().map(|sent| sent.packet_octets).min()?;
    let longest_passed = through.iter().map(|sent| sent.packet_octets).max().unwrap_or(0);
    let again = !repeated(lost.iter().copied()).is_empty();
    let by_length = shortest_lost > longest_passed && shortest_lost > EVERY_PATH_OCTETS;
    (again && by_length).then_some(Hole { shortest_lost, sendings: lost.len(), longest_passed, ours })
}

fn is_length(icmp: &IcmpSeen) -> bool {
    matches!(icmp.cause, synsent_stack::IcmpCause::TooBig { .. } | synsent_stack::IcmpCause::SourceQuench)
}
