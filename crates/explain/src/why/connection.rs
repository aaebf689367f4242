//! Causes after a SYN-ACK: how a connection that was open ended, what was lost or slow on it, and what had failed before it.

use std::net::IpAddr;

use synsent_sockets::Outcome;
use synsent_stack::IcmpCause;

use super::causes::Finding;
use super::evidence::{Evidence, Hole, Origin, Try};
use super::opening::{capital, told};
use crate::attempts::ConnectSaid;
use crate::flows::{Flow, Sent};
use crate::words::{counted, counted_words, octets, often, ordinal, span, visible};

/// From when on a pause is one that a person notices; unit: microseconds.
const PAUSE_US: i64 = 300_000;
/// From when on data that comes in small pieces comes slowly; unit: microseconds.
const SLOW_US: i64 = 1_000_000;

/// The packets of a connection that was open.
fn open<'a>(one: Option<&'a Try<'a>>) -> Option<(&'a Flow, &'a Try<'a>, i64)> {
    let one = one?;
    let flow = one.flow?;
    Some((flow, one, flow.opened_us()?))
}

/// A reset that ended it: one that came before either end had ended its sending.
fn reset<'a>(one: Option<&'a Try<'a>>) -> Option<(&'a Flow, &'a Try<'a>, &'a Sent)> {
    let (flow, one, _) = open(one)?;
    let reset = flow.reset()?;
    let over = flow.near.iter().find(|sent| sent.segment.flags.fin()).is_some_and(|fin| fin.at_us < reset.at_us);
    (!over).then_some((flow, one, reset))
}

/// What the program was told of a connection: the first error after the opening, or how it ended.
fn told_later(evidence: &Evidence<'_>, one: &Try<'_>, because: &str) -> String {
    let later = one.attempt.as_ref().and_then(|attempt| attempt.later.as_ref());
    match later {
        Some((call, name)) => {
            format!("connect() had succeeded, and then {} said {}: {because}", visible(call), visible(name))
        }
        None if one.attempt.is_some() => {
            format!("connect() had succeeded, and the program {}: {because}", evidence.ending())
        }
        None => told(evidence, one, because),
    }
}

/// The outcome of an error that the open connection told.
fn later_outcome(one: &Try<'_>) -> Option<Outcome> {
    let (_, name) = one.attempt.as_ref()?.later.as_ref()?;
    Some(match name.as_str() {
        "ECONNRESET" | "EPIPE" => Outcome::Reset,
        "ETIMEDOUT" => Outcome::TimedOut,
        "ECONNREFUSED" => Outcome::Refused,
        "EHOSTUNREACH" => Outcome::HostUnreachable,
        "ENETUNREACH" => Outcome::NetworkUnreachable,
        "ECONNABORTED" => Outcome::Aborted,
        _ => Outcome::Other,
    })
}

pub(super) fn reset_between(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<Finding> {
    let (flow, one, reset) = reset(one)?;
    let Origin::Between(shown) = flow.origin(reset, evidence) else { return None };
    let wire = format!(
        "{} accepted, and then a RST came in the name of {}, which did not send it: {shown}",
        flow.peer,
        flow.peer.ip()
    );
    let because = "to the kernel it is a RST of the peer, for it bears the peer's address and the right numbers";
    Some(Finding::new(wire, told_later(evidence, one, because), Some(Outcome::Reset)))
}

pub(super) fn reset_in_body(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<Finding> {
    let (flow, one, reset) = reset(one)?;
    if flow.octets_in() == 0 {
        return None;
    }
    let after = span(flow.since_start_us(reset.at_us));
    let wire = format!("{} accepted, sent {}, and then a RST {after} after our SYN", flow.peer, flow.octets_in_words());
    let because = "a RST throws the connection away on both sides, and what was not yet read may be lost with it";
    Some(Finding::new(wire, told_later(evidence, one, because), Some(Outcome::Reset)))
}

pub(super) fn reset_after_accept(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<Finding> {
    let (flow, one, reset) = reset(one).filter(|(flow, ..)| flow.whole)?;
    let opened = flow.opened_us()?;
    let wire = format!(
        "{} accepted and sent a RST {} later, before any octet of an answer",
        flow.peer,
        span(reset.at_us.saturating_sub(opened).max(0))
    );
    let because = "the opening was complete before the RST came, so it is no refusal any more";
    Some(Finding::new(wire, told_later(evidence, one, because), Some(Outcome::Reset)))
}

pub(super) fn black_hole(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<Finding> {
    let (flow, one, _) = open(one)?;
    let Hole { shortest_lost, sendings, longest_passed, ours } =
        flow.hole().filter(|_| flow.length_told().is_none())?;
    let whose = if ours { "Our".to_owned() } else { format!("{}'s", flow.peer.ip()) };
    let wire = format!(
        "{whose} packets of {shortest_lost} octets and more never arrived in {}, while those of up to {longest_passed} did, and no ICMP \
         error came",
        counted(sendings, "sending"),
    );
    let because =
        "the SYN and the SYN-ACK are short and pass, so the opening tells nothing about the length that a way carries";
    Some(Finding::new(wire, told_later(evidence, one, because), later_outcome(one)))
}

/// How long the peer said nothing at the end: since the last data, ours or its own, until we ended it or the record ends. An
/// acknowledgment is no word of the peer, and what is sent again is no new one of ours.
fn pause_us(flow: &Flow, evidence: &Evidence<'_>) -> i64 {
    let is_end = |sent: &&Sent| sent.segment.flags.fin() || sent.segment.flags.rst();
    let until = flow.sent().find(is_end).map_or_else(|| evidence.end_us(), |sent| sent.at_us);
    let again: Vec<*const Sent> = crate::flows::repeated(flow.sent()).into_iter().map(std::ptr::from_ref).collect();
    let is_word = |sent: &&Sent| sent.segment.octets > 0 || sent.segment.answers_opening();
    let said = flow.sent().filter(|sent| !again.contains(&std::ptr::from_ref(*sent)));
    let words = said.chain(flow.came()).filter(is_word).map(|sent| sent.at_us);
    let since = words.filter(|at| *at <= until).max().unwrap_or(until);
    until.saturating_sub(since)
}

/// A connection on which the peer is silent at the end while no line lost anything: it has not ended it before we did.
fn not_ended<'a>(one: Option<&'a Try<'a>>) -> Option<(&'a Flow, &'a Try<'a>)> {
    let (flow, one, _) = open(one)?;
    let ours = flow.sent().find(|sent| sent.segment.flags.fin()).map_or(i64::MAX, |sent| sent.at_us);
    let theirs = flow.fin().or(flow.reset()).map_or(i64::MAX, |sent| sent.at_us);
    let is_open = theirs == i64::MAX || ours < theirs;
    (is_open && flow.end_kept && flow.lost() == 0).then_some((flow, one))
}

pub(super) fn fell_silent(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<Finding> {
    let (flow, one) = not_ended(one)?;
    let (sent, acknowledged) = (flow.octets_out(), flow.octets_acknowledged());
    let again = crate::flows::repeated(flow.sent()).len();
    let pause = pause_us(flow, evidence);
    if acknowledged >= sent || again == 0 || pause < PAUSE_US {
        return None;
    }
    let wire = format!(
        "{} accepted and then acknowledged no more than {acknowledged} of {} in {}, though they were sent {}",
        flow.peer,
        octets(sent),
        span(pause),
        often(again + 1),
    );
    let because = "the kernel repeats what is not acknowledged, for many minutes, and tells nothing meanwhile";
    Some(Finding::new(wire, told_later(evidence, one, because), later_outcome(one)))
}

pub(super) fn silent_after_accept(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<Finding> {
    let (flow, one) = not_ended(one).filter(|(flow, _)| flow.whole)?;
    let (pause, sent) = (pause_us(flow, evidence), flow.octets_out());
    let content = evidence.run.end == crate::record::End::Exited(0);
    if flow.octets_in() > 0 || pause < PAUSE_US || (sent == 0 && content) {
        return None;
    }
    let wire = match sent {
        0 => format!("{} accepted, and then neither side sent anything for {}", flow.peer, span(pause)),
        _ => format!(
            "{} accepted and acknowledged {} of the {} that were sent, and then nothing came for {}",
            flow.peer,
            if flow.octets_acknowledged() == sent { "all".to_owned() } else { flow.octets_acknowledged().to_string() },
            octets(sent),
            span(pause)
        ),
    };
    let because = "TCP has no limit for a peer that says nothing, so only the program's own limit ends the wait";
    Some(Finding::new(wire, told_later(evidence, one, because), later_outcome(one)))
}

pub(super) fn stalled(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<Finding> {
    let (flow, one) = not_ended(one)?;
    let pause = pause_us(flow, evidence);
    let content = evidence.run.end == crate::record::End::Exited(0);
    if flow.octets_in() == 0 || pause < PAUSE_US || content {
        return None;
    }
    let wire =
        format!("{} accepted, sent {}, and then nothing more for {}", flow.peer, flow.octets_in_words(), span(pause));
    let because =
        "the connection stays open while nothing is on its way, so only the program's own limit ends the wait";
    Some(Finding::new(wire, told_later(evidence, one, because), later_outcome(one)))
}

pub(super) fn closed_without_a_byte(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<Finding> {
    let (flow, one, opened) = open(one)?;
    let fin = flow.fin().filter(|_| flow.octets_in() == 0 && flow.whole)?;
    if flow.sent().any(|sent| sent.segment.flags.fin() && sent.at_us < fin.at_us) {
        return None;
    }
    let wire = format!(
        "{} accepted and ended its sending {} later without an octet; {} had been sent to it",
        flow.peer,
        span(fin.at_us.saturating_sub(opened).max(0)),
        octets(flow.octets_out())
    );
    let because = "a FIN is no error to a socket: a read returns 0, and what that means is the program's own business";
    Some(Finding::new(wire, told_later(evidence, one, because), later_outcome(one)))
}

pub(super) fn v6_dead(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<Finding> {
    let is_other_family = |before: IpAddr, now: IpAddr| before.is_ipv6() && now.is_ipv4();
    let what = "The program's own fallback from IPv6 to IPv4 found an address that works";
    fallback(evidence, one, is_other_family, what)
}

pub(super) fn first_address_dead(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<Finding> {
    let what = "The program itself went on to the next address, and that one works";
    fallback(evidence, one, |before, now| before != now, what)
}

pub(super) fn retried(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<Finding> {
    let what = "The program itself tried the same address again, and then it worked";
    fallback(evidence, one, |before, now| before == now, what)
}

/// An attempt that went well after others that did not.
fn fallback(
    evidence: &Evidence<'_>,
    one: Option<&Try<'_>>,
    fits: fn(IpAddr, IpAddr) -> bool,
    what: &str,
) -> Option<Finding> {
    let (flow, one, opened) = open(one)?;
    let before: Vec<&Try<'_>> = evidence.before(one).filter(|other| !other.opened()).collect();
    let first = before.first()?;
    // What the lines lost says nothing about an address.
    if before.iter().filter_map(|other| other.flow).any(|flow| flow.lost() > 0) {
        return None;
    }
    let fitting = |other: &&&Try<'_>| other.peer().is_some_and(|peer| fits(peer.ip(), flow.peer.ip()));
    if before.iter().filter(fitting).count() != before.len() {
        return None;
    }
    let failed = counted_words(before.iter().map(|other| brief(other, evidence)), 2);
    let waited = one.began_us().saturating_sub(first.began_us()).max(0);
    let wire = format!(
        "{}; {} after the first attempt {} was tried, and it accepted after {}",
        failed,
        span(waited),
        flow.peer,
        span(flow.since_start_us(opened))
    );
    let how = match one.attempt.as_ref().map(|attempt| &attempt.said) {
        Some(ConnectSaid::Connected) => "its last connect() succeeded",
        Some(_) => "it did not learn of it through connect()",
        None => "what connect() said to it was not seen",
    };
    let told = format!(
        "{what}: {how}, {} after the first was called, and it {}",
        span(total(one, first, evidence)),
        evidence.ending()
    );
    Some(Finding::new(capital(wire), told, later_outcome(one)))
}

/// From the first attempt's beginning to the last one's result.
fn total(last: &Try<'_>, first: &Try<'_>, evidence: &Evidence<'_>) -> i64 {
    last.began_us().saturating_add(last.lasted_us(evidence)).saturating_sub(first.began_us()).max(0)
}

/// How an attempt failed, in a few words.
pub(super) fn brief(one: &Try<'_>, evidence: &Evidence<'_>) -> String {
    let whom = one.whom();
    let Some(flow) = one.flow else {
        let said = match one.error() {
            Some(name) if evidence.all_kept() => format!("failed at once with {}", visible(name)),
            Some(name) => format!("failed with {}", visible(name)),
            None if evidence.all_kept() => "had no packet".to_owned(),
            None => "has no packet in the record".to_owned(),
        };
        return format!("connect() to {whom} {said}");
    };
    if flow.opened_us().is_some() {
        return format!("{whom} accepted");
    }
    if let Some(reset) = flow.reset() {
        return format!("{whom} refused with a RST after {}", span(flow.since_start_us(reset.at_us)));
    }
    if let Some(icmp) = flow.refusal() {
        return format!("{} answered for {whom} with {}", evidence.who(icmp.from), icmp.cause);
    }
    if !flow.whole && one.error() != Some("ETIMEDOUT") {
        return format!("what {whom} answered is not in the record");
    }
    format!("{whom} gave no answer to {}", counted(flow.syns().count(), "SYN"))
}

pub(super) fn length_told(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<Finding> {
    let (flow, one, _) = open(one)?;
    let icmp = flow.length_told()?;
    let IcmpCause::TooBig { mtu } = icmp.cause else { return None };
    let whom =
        if flow.icmp.iter().any(|own| own.at_us == icmp.at_us) { "us".to_owned() } else { flow.peer.ip().to_string() };
    let next = if mtu == 0 {
        "did not say what the next hop takes".to_owned()
    } else {
        format!("said that the next hop takes {mtu} octets")
    };
    let wire = format!(
        "{} told {whom} that a packet was too long for the way and {next}; after that {} came and {} went out",
        evidence.who(icmp.from),
        flow.octets_in_words(),
        flow.octets_out_words()
    );
    let because = "this ICMP error only makes the packets shorter, and no call is told of it";
    Some(Finding::new(capital(wire), told_later(evidence, one, because), later_outcome(one)))
}

pub(super) fn loss(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<Finding> {
    let (flow, one, _) = open(one)?;
    let (lost, repeated) = (flow.lost(), flow.repeated());
    let only_syns = flow.syns().count().saturating_sub(1) == repeated;
    if lost == 0 && only_syns {
        return None;
    }
    let mut seen = Vec::new();
    let at_least = if flow.whole { "" } else { "at least " };
    if lost > 0 {
        seen.push(format!("{at_least}{} did not arrive", counted(lost, "packet")));
    }
    match repeated {
        0 => {}
        1 => seen.push(format!("{at_least}1 segment was sent again")),
        many => seen.push(format!("{at_least}{many} segments were sent again")),
    }
    let wire = format!(
        "{} accepted; {}, and {} out and {}{} in came through",
        flow.peer,
        seen.join(", "),
        flow.octets_out_words(),
        flow.at_least_in(),
        flow.octets_in()
    );
    let because = "TCP repeats what is lost, which costs time and is told by no call";
    Some(Finding::new(wire, told_later(evidence, one, because), later_outcome(one)))
}

pub(super) fn late(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<Finding> {
    let (flow, one, opened) = open(one)?;
    let syns = flow.syns().filter(|syn| syn.at_us <= opened).count();
    if syns < 2 {
        return None;
    }
    let wire = format!(
        "{} answered the {} SYN with SYN-ACK, {} after the first",
        flow.peer,
        ordinal(syns),
        span(flow.since_start_us(opened))
    );
    Some(Finding::new(
        wire,
        told(evidence, one, "the kernel repeats the SYN by itself, and no call tells how often"),
        later_outcome(one),
    ))
}

pub(super) fn slow(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<Finding> {
    let (flow, one, opened) = open(one)?;
    let (_, last) = flow.data_came_us()?;
    let took = last.saturating_sub(opened);
    let opening = flow.since_start_us(opened);
    if took < SLOW_US && opening < SLOW_US {
        return None;
    }
    let came = flow.octets_in();
    // Neither can be negative, and what took no time is not slow.
    let rate = (came as u64).saturating_mul(1_000_000) / took.max(1).unsigned_abs();
    let clean = if flow.whole { ", with nothing lost and nothing sent twice" } else { "" };
    let wire = format!(
        "{} accepted after {} and sent {} in {}, about {rate} a second{clean}",
        flow.peer,
        span(opening),
        flow.octets_in_words(),
        span(took)
    );
    Some(Finding::new(wire, told_later(evidence, one, "no call fails because something is slow"), later_outcome(one)))
}

pub(super) fn connected(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<Finding> {
    let (flow, one, opened) = open(one)?;
    let ended = match (flow.reset(), flow.fin(), flow.own_reset()) {
        (Some(_), ..) => "with a RST from there at the end",
        (_, _, Some(_)) => "and we ended it with a RST",
        (_, Some(fin), _) if flow.sent().any(|sent| sent.segment.flags.fin() && sent.at_us < fin.at_us) => {
            "and we ended it first"
        }
        (_, Some(_), _) => "and the other side ended it first",
        _ if flow.sent().any(|sent| sent.segment.flags.fin()) => "and we ended it",
        _ if flow.end_kept => "and the other side did not end it",
        _ => "and how it ended is not in the record",
    };
    let wire = format!(
        "{} accepted {} after the SYN; {} went out and {}{} came back, {ended}",
        flow.peer,
        span(flow.since_start_us(opened)),
        flow.octets_out_words(),
        flow.at_least_in(),
        flow.octets_in()
    );
    let because = match later_outcome(one) {
        Some(Outcome::Reset) if flow.reset().is_none() && !flow.whole => {
            "the RST that this error tells of is among the packets that were not kept"
        }
        _ => "what it did with the connection is its own doing",
    };
    let finding = Finding::new(wire, told_later(evidence, one, because), later_outcome(one));
    let content = evidence.run.end == crate::record::End::Exited(0);
    let unknown = if content {
        Vec::new()
    } else {
        vec!["Whether the answer was whole and what the program made of it: the segments do not tell.".to_owned()]
    };
    Some(Finding { unknown, ..finding })
}
