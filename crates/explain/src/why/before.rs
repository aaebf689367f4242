//! Causes for which no packet left for the peer: names, routes, ports, permissions, and programs that did not try.

use synsent_sockets::Outcome;

use super::causes::Finding;
use super::evidence::{Evidence, Try};
use crate::attempts::ConnectSaid;
use crate::record::Observation;
use crate::wire::{Names, names};
use crate::words::{counted, listed, span, visible};

pub(super) fn name_missing(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<Finding> {
    let told = "The program had no address that it could connect to";
    name(evidence, one, Names::NoSuchName, told, |asked| {
        format!("The name server answered that {asked} does not exist, and no SYN left")
    })
}

pub(super) fn name_without_address(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<Finding> {
    let told = "The name exists and has no address, so the program had nothing to connect to";
    name(evidence, one, Names::NoRecord, told, |asked| {
        format!("The name server answered that {asked} has no record of that type, and no SYN left")
    })
}

pub(super) fn name_server_failed(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<Finding> {
    let told = "Without an address there was nothing to connect to; another try later may succeed";
    name(evidence, one, Names::Failed, told, |asked| {
        format!("The name server answered that it cannot tell about {asked}, and no SYN left")
    })
}

pub(super) fn name_server_silent(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<Finding> {
    let questions = &evidence.traffic.questions;
    let asked: usize = questions.iter().map(|question| question.asked_us.len()).sum();
    let first = questions.iter().flat_map(|question| &question.asked_us).min().copied().unwrap_or(0);
    let waited = span(evidence.end_us().saturating_sub(first).max(0));
    let mut servers: Vec<String> = questions.iter().map(|question| question.server.to_string()).collect();
    servers.sort();
    servers.dedup();
    servers.truncate(3);
    let told = format!("The program waited for an address until it gave up, {waited} after the first question");
    name(evidence, one, Names::Silent, &told, |name| {
        format!("{} for {name} to {} got no answer, and no SYN left", counted(asked, "question"), listed(&servers))
    })
}

fn name(
    evidence: &Evidence<'_>,
    one: Option<&Try<'_>>,
    state: Names,
    told: &str,
    wire: impl Fn(String) -> String,
) -> Option<Finding> {
    if one.is_some() || names(&evidence.traffic.questions) != state {
        return None;
    }
    let mut asked: Vec<String> =
        evidence.traffic.questions.iter().map(|question| visible(&question.dns.name)).collect();
    asked.sort();
    asked.dedup();
    asked.truncate(3);
    let ended = format!("{told}: it {}", evidence.ending());
    Some(Finding::new(wire(listed(&asked)), ended, None))
}

/// What connect told for an attempt without packets.
fn failed_at_once<'a>(evidence: &Evidence<'_>, one: Option<&'a Try<'_>>) -> Option<(&'a str, &'a Try<'a>)> {
    let one = one.filter(|one| one.flow.is_none() && evidence.all_kept())?;
    Some((one.error()?, one))
}

pub(super) fn no_route(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<Finding> {
    let (name, one) = failed_at_once(evidence, one)?;
    let (outcome, what) = match name {
        "ENETUNREACH" => (Outcome::NetworkUnreachable, "has no route to"),
        "EHOSTUNREACH" => {
            (Outcome::HostUnreachable, "has a route that says unreachable, or no neighbour that answers, for")
        }
        _ => return None,
    };
    let wire = format!("Nothing was sent: this machine {what} {}", one.whom());
    Some(Finding::new(
        wire,
        at_once(name, one, evidence, "the kernel asks its routing table before it sends a SYN"),
        Some(outcome),
    ))
}

pub(super) fn no_ports(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<Finding> {
    let (name, one) = failed_at_once(evidence, one).filter(|(name, _)| *name == "EADDRNOTAVAIL")?;
    let wire = format!("Nothing was sent: no local port was free for a connection to {}", one.whom());
    let told = at_once(
        name,
        one,
        evidence,
        "each connection to one peer needs a local port of its own, and the range was used up",
    );
    Some(Finding::new(wire, told, Some(Outcome::NoPorts)))
}

pub(super) fn not_permitted(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<Finding> {
    let (name, one) = failed_at_once(evidence, one).filter(|(name, _)| matches!(*name, "EACCES" | "EPERM"))?;
    let wire = format!("Nothing was sent: this machine does not allow a connection to {}", one.whom());
    let told = at_once(
        name,
        one,
        evidence,
        "a route, a firewall or a policy of this machine forbade it before a SYN was sent",
    );
    Some(Finding::new(wire, told, Some(Outcome::PermissionDenied)))
}

pub(super) fn failed_here(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<Finding> {
    let (name, one) = failed_at_once(evidence, one)?;
    let outcome = match name {
        "ECONNREFUSED" => Outcome::Refused,
        "EINVAL" => Outcome::BadArgument,
        "EADDRINUSE" => Outcome::AddressInUse,
        "EISCONN" => Outcome::AlreadyConnected,
        "EAFNOSUPPORT" => Outcome::DomainUnsupported,
        "ETIMEDOUT" => Outcome::TimedOut,
        _ => Outcome::Other,
    };
    let wire = format!("No packet for {} is in the record", one.whom());
    let told = at_once(name, one, evidence, "its kernel decided that without a word from the lab");
    Some(Finding::new(wire, told, Some(outcome)))
}

fn at_once(name: &str, one: &Try<'_>, evidence: &Evidence<'_>, because: &str) -> String {
    format!("connect() said {} after {}: {because}", visible(name), span(one.lasted_us(evidence)))
}

pub(super) fn no_packet(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<Finding> {
    let one = one.filter(|one| one.flow.is_none())?;
    let wire = format!("No packet for {} is in the record, though the program called connect()", one.whom());
    let said = match &one.attempt.as_ref()?.said {
        ConnectSaid::Connected if evidence.all_kept() => "connect() succeeded without one".to_owned(),
        ConnectSaid::Connected => "connect() succeeded".to_owned(),
        ConnectSaid::Failed { name, .. } => format!("connect() said {}", visible(name)),
        ConnectSaid::Abandoned => "The program closed the socket before there was a result".to_owned(),
        _ => "There was no result".to_owned(),
    };
    Some(Finding::new(wire, format!("{said}, and the program {}", evidence.ending()), None))
}

pub(super) fn never_called(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<Finding> {
    let all_seen = evidence.run.observation == Observation::Full && evidence.run.calls_left_out == 0;
    if one.is_some() || !all_seen {
        return None;
    }
    let wire = match names(&evidence.traffic.questions) {
        Names::NotAsked => {
            "Nothing was sent: the program asked for no name and made no attempt to reach anybody".to_owned()
        }
        _ => "The program asked for a name, and then made no attempt to reach anybody".to_owned(),
    };
    Some(Finding::new(wire, format!("The program {}, which is its own doing", evidence.ending()), None))
}

pub(super) fn not_seen(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<Finding> {
    let why = match &evidence.run.observation {
        Observation::Not(why) => format!("The program's calls were not observed ({})", visible(why)),
        Observation::Partly(why) => format!("Not all of the program's calls were observed ({})", visible(why)),
        Observation::Full => return None,
    };
    let wire = "No packet of an attempt to connect is in the record".to_owned();
    one.is_none().then(|| Finding::new(wire, format!("{why}; it {}", evidence.ending()), None))
}
