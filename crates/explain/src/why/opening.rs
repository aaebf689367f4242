//! Causes for which an opening fails: who answered a SYN and with what, or that nobody did.

use synsent_sockets::Outcome;
use synsent_stack::IcmpCause;

use super::causes::Finding;
use super::evidence::{Evidence, Origin, Try};
use super::linux;
use crate::attempts::ConnectSaid;
use crate::flows::{Flow, IcmpSeen, Sent, is_lost};
use crate::words::{counted, listed, often, span, visible};

/// How many times of sending a sentence lists.
const TIMES_TOLD: usize = 8;

/// The packets of an opening that was not answered with SYN-ACK.
fn failed<'a>(one: Option<&'a Try<'a>>) -> Option<(&'a Flow, &'a Try<'a>)> {
    let one = one?;
    let flow = one.flow.filter(|flow| flow.opened_us().is_none() && flow.syns().next().is_some())?;
    Some((flow, one))
}

fn refusal<'a>(one: Option<&'a Try<'a>>) -> Option<(&'a Flow, &'a Try<'a>, &'a Sent, usize)> {
    let (flow, one) = failed(one)?;
    let reset = flow.reset()?;
    let syns = flow.syns().filter(|syn| syn.at_us <= reset.at_us).count();
    Some((flow, one, reset, syns))
}

const LINUX_REFUSED: &str = "a RST that answers a SYN is a refusal, and Linux tells it at once";

pub(super) fn reset_between(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<Finding> {
    let (flow, one, reset, _) = refusal(one)?;
    let Origin::Between(shown) = flow.origin(reset, evidence) else { return None };
    let wire = format!(
        "The SYN to {} was answered {} later with a RST in the name of {}, which did not send it: {shown}",
        flow.peer,
        span(flow.since_syn_us(reset.at_us)),
        flow.peer.ip(),
    );
    let because = "to the kernel it is a RST of the peer, for it bears the peer's address and the right numbers";
    Some(Finding::new(wire, told(evidence, one, because), Some(Outcome::Refused)))
}

pub(super) fn refused_late(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<Finding> {
    let (flow, one, reset, syns) = refusal(one).filter(|(.., syns)| *syns > 1)?;
    let wire = format!(
        "{} let {syns} SYNs wait and then sent a RST, {} after the first and {} after the last of them",
        flow.peer,
        span(flow.since_start_us(reset.at_us)),
        span(flow.since_syn_us(reset.at_us)),
    );
    Some(Finding::new(wire, told(evidence, one, LINUX_REFUSED), Some(Outcome::Refused)))
}

pub(super) fn refused(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<Finding> {
    let (flow, one, reset, _) = refusal(one)?;
    let itself = if flow.origin(reset, evidence) == Origin::Peer { " itself" } else { "" };
    let wire = format!(
        "{}{itself} answered the SYN to port {} with a RST {} after it was sent",
        flow.peer.ip(),
        flow.peer.port(),
        span(flow.since_syn_us(reset.at_us)),
    );
    Some(Finding::new(wire, told(evidence, one, LINUX_REFUSED), Some(Outcome::Refused)))
}

pub(super) fn network_unreachable(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<Finding> {
    let means = |cause| matches!(cause, IcmpCause::V4Unreachable(0 | 6 | 11) | IcmpCause::V6Unreachable(0));
    icmp(evidence, one, means, "has no way to the network of")
}

pub(super) fn host_unreachable(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<Finding> {
    let means = |cause| matches!(cause, IcmpCause::V4Unreachable(1 | 7 | 8 | 12) | IcmpCause::V6Unreachable(3));
    icmp(evidence, one, means, "could not reach the host")
}

pub(super) fn port_unreachable(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<Finding> {
    let means = |cause| matches!(cause, IcmpCause::V4Unreachable(3) | IcmpCause::V6Unreachable(4));
    icmp(evidence, one, means, "says that nobody is at the port of")
}

pub(super) fn prohibited(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<Finding> {
    let means = |cause| matches!(cause, IcmpCause::V4Unreachable(9 | 10 | 13) | IcmpCause::V6Unreachable(1 | 5 | 6));
    icmp(evidence, one, means, "has a rule that forbids to reach")
}

pub(super) fn ttl_exceeded(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<Finding> {
    icmp(evidence, one, |cause| matches!(cause, IcmpCause::TimeExceeded { .. }), "dropped at its last hop the SYN to")
}

pub(super) fn other_icmp(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<Finding> {
    icmp(evidence, one, |_| true, "did not deliver the SYN to")
}

fn icmp(evidence: &Evidence<'_>, one: Option<&Try<'_>>, means: fn(IcmpCause) -> bool, what: &str) -> Option<Finding> {
    let (flow, one) = failed(one)?;
    let IcmpSeen { at_us, from, cause, .. } = *flow.refusal().filter(|icmp| means(icmp.cause))?;
    let wire = format!(
        "{} {what} {}: it answered the SYN with {cause} {} after it was sent",
        evidence.who(from),
        flow.peer,
        span(flow.since_syn_us(at_us)),
    );
    let expected = linux::error_of(cause, flow.peer.is_ipv6()).unwrap_or_default();
    let because = linux::folds(expected, flow.peer.is_ipv6())
        .map_or_else(|| format!("this is what Linux makes of {cause}"), str::to_owned);
    Some(Finding::new(capital(wire), told(evidence, one, &because), Some(Outcome::of_icmp(cause))))
}

pub(super) fn syn_ack_lost(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<Finding> {
    let (flow, one) = failed(one)?;
    let lost = flow.far.iter().filter(|sent| !sent.outward && sent.segment.answers_opening()).count();
    if lost == 0 || flow.reset().is_some() {
        return None;
    }
    let wire = format!(
        "{} answered with {} here in {}",
        flow.peer,
        match lost {
            1 => "a SYN-ACK that did not arrive".to_owned(),
            many => format!("{many} SYN-ACKs, none of which arrived"),
        },
        span(one.lasted_us(evidence)),
    );
    Some(Finding::new(wire, given_up(evidence, flow, one), Some(Outcome::TimedOut)))
}

pub(super) fn syn_lost(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<Finding> {
    let (flow, one) = failed(one)?;
    let sent = flow.syns().count();
    let vanished = |sent: &&Sent| sent.outward && sent.segment.opens() && is_lost(sent.fate);
    let lost = flow.near.iter().chain(&flow.far).filter(vanished).count();
    if lost < sent || flow.came().next().is_some() {
        return None;
    }
    let wire = format!("{} to {} left, and none arrived there: the lines lost them", counted(sent, "SYN"), flow.peer);
    Some(Finding::new(wire, given_up(evidence, flow, one), Some(Outcome::TimedOut)))
}

pub(super) fn silence(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<Finding> {
    let (flow, one) = failed(one)
        .filter(|(flow, one)| flow.came().next().is_none() && (flow.whole || one.error() == Some("ETIMEDOUT")))?;
    let count = flow.syns().count();
    let lasted = span(one.lasted_us(evidence));
    let wire = match count {
        1 => format!("Nothing came back to the SYN to {} for {lasted}", flow.peer),
        _ => format!(
            "Nothing came back to any of {count} SYNs to {}, sent at {}, for {lasted}",
            flow.peer,
            schedule(flow)
        ),
    };
    Some(Finding::new(wire, given_up(evidence, flow, one), Some(Outcome::TimedOut)))
}

/// When the SYNs were sent, counted from the first: `0, 1.02 and 3.07 s`.
fn schedule(flow: &Flow) -> String {
    let times = flow.syns().map(|syn| flow.since_start_us(syn.at_us).max(0));
    let words = times.take(TIMES_TOLD).map(|at| match at / 10_000 {
        0 => "0".to_owned(),
        hundredths => format!("{}.{:02}", hundredths / 100, hundredths % 100),
    });
    let words = listed(&words.collect::<Vec<_>>());
    match flow.syns().count().saturating_sub(TIMES_TOLD) {
        0 => format!("{words} s"),
        more => format!("{words} s and {more} times more"),
    }
}

/// Who ended an opening that got no answer: the kernel, the program, or the end of the run.
fn given_up(evidence: &Evidence<'_>, flow: &Flow, one: &Try<'_>) -> String {
    let ladder = evidence.run.ladder;
    if one.error() == Some("ETIMEDOUT") {
        let default = if ladder.is_shortened() {
            format!(" (by default it would give up after about {} s)", ladder.default_seconds())
        } else {
            String::new()
        };
        let retries = often(ladder.retries() as usize);
        let because = format!("Linux repeats a SYN {retries} here and then gives up{default}; no packet says so");
        return told(evidence, one, &because);
    }
    let count = flow.syns().count();
    told(evidence, one, &format!("its kernel had sent {} and was still to give up", counted(count, "SYN")))
}

/// What connect told, when, and why; or that it was not seen.
pub(super) fn told(evidence: &Evidence<'_>, one: &Try<'_>, because: &str) -> String {
    let Some(attempt) = &one.attempt else {
        let seen = if evidence.observed() { "is not in the record" } else { "was not observed" };
        return format!("What connect() said to the program {seen}; {because}");
    };
    let lasted = span(one.lasted_us(evidence));
    let how = attempt.how.split_once(", then ").map(|(_, asked)| format!(" through {}", visible(asked)));
    let how = how.unwrap_or_default();
    match &attempt.said {
        ConnectSaid::Failed { name, .. } => {
            format!("connect() said {}{how} {lasted} after it was called: {because}", visible(name))
        }
        ConnectSaid::Connected => format!("connect() succeeded{how} {lasted} after it was called: {because}"),
        ConnectSaid::InProgressNeverAsked => {
            format!("The program never asked how its connect() ended, and {}; {because}", evidence.ending())
        }
        ConnectSaid::StillWaiting => {
            let ending = evidence.ending();
            format!("connect() had no result after {lasted}, when the program {ending}: {because}")
        }
        ConnectSaid::Abandoned if one.answered_us().is_some() => {
            let closed_us = attempt.settled_us.unwrap_or(i64::MAX);
            let answer = match one.answered_us().is_some_and(|at_us| at_us > closed_us) {
                true => "the answer came when the socket was closed",
                false => "the answer had come, and it did not ask for it",
            };
            format!("The program itself gave up after {lasted}, closed the socket and was told nothing: {answer}")
        }
        ConnectSaid::Abandoned => {
            format!("The program itself gave up after {lasted}, closed the socket and was told nothing: {because}")
        }
    }
}

/// A sentence begins with a capital letter, unless an address does.
pub(super) fn capital(sentence: String) -> String {
    let mut letters = sentence.chars();
    let is_address = sentence.split(' ').next().is_some_and(|word| word.contains([':', '.']));
    match letters.next() {
        Some(first) if !is_address => first.to_uppercase().chain(letters).collect(),
        _ => sentence,
    }
}
