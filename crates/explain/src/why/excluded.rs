//! What in a record excludes a cause: each function answers with the evidence, or with nothing where the record leaves it open.

use super::evidence::{Evidence, Origin, Try};
use crate::flows::{Flow, Sent, arrives};
use crate::record::Asked;
use crate::words::{counted, listed, span, visible};

fn flow<'a>(one: Option<&'a Try<'a>>) -> Option<&'a Flow> {
    one?.flow
}

fn opened<'a>(one: Option<&'a Try<'a>>) -> Option<(&'a Flow, i64)> {
    let flow = flow(one)?;
    Some((flow, flow.opened_us()?))
}

/// What keeps a SYN from leaving is of no interest where one was answered.
fn not_opened<'a>(one: Option<&'a Try<'a>>) -> Option<&'a Flow> {
    flow(one).filter(|flow| flow.opened_us().is_none())
}

/// The name was answered, or none was asked for.
pub(super) fn dns(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<String> {
    let Some((question, at_us)) = evidence.found() else {
        let asked = !evidence.traffic.questions.is_empty() || !evidence.run.lookups.is_empty();
        let peer = one.and_then(Try::peer).filter(|_| !asked)?;
        return Some(format!("no name was asked for: the program had the address {}", peer.ip()));
    };
    let name = visible(&question.dns.name);
    let took = span(at_us.saturating_sub(question.asked_us.first().copied().unwrap_or(at_us)).max(0));
    let mut addresses: Vec<String> = Vec::new();
    for lookup in evidence.run.lookups.iter().filter(|lookup| same_name(&lookup.name, &question.dns.name)) {
        if let Asked::Addresses(found) = &lookup.answer {
            addresses.extend(found.iter().take(4).map(ToString::to_string));
        }
    }
    addresses.sort();
    addresses.dedup();
    let with = match addresses.len() {
        0 => counted(question.answer.as_ref().map_or(0, |(_, dns)| usize::from(dns.answers)), "record"),
        1..=4 => listed(&addresses),
        many => format!("{many} addresses"),
    };
    Some(format!("{name} was answered with {with} in {took}"))
}

fn same_name(one: &str, other: &str) -> bool {
    one.trim_end_matches('.').eq_ignore_ascii_case(other.trim_end_matches('.'))
}

pub(super) fn route(_: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<String> {
    let syn = not_opened(one)?.syns().next()?;
    let attempt = one?.attempt.as_ref()?;
    let after = span(syn.at_us.saturating_sub(attempt.began_us).max(0));
    Some(format!("the SYN left {after} after connect() was called"))
}

pub(super) fn ports(_: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<String> {
    let flow = not_opened(one).filter(|flow| flow.syns().next().is_some())?;
    Some(format!("the SYN left from port {}", flow.own.port()))
}

/// A RST in answer to the SYN.
pub(super) fn refused(_: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<String> {
    if let Some((flow, at_us)) = opened(one) {
        return Some(format!("{} answered with SYN-ACK after {}", flow.peer, span(flow.since_start_us(at_us))));
    }
    let flow = flow(one).filter(|flow| flow.whole && flow.reset().is_none() && flow.syns().next().is_some())?;
    match (flow.refusal(), flow.came().next(), flow.syns().count()) {
        (Some(icmp), ..) => Some(format!("no RST came: the answer was {} from {}", icmp.cause, icmp.from)),
        (None, None, 1) => Some("nothing came back to the SYN".to_owned()),
        (None, None, many) => Some(format!("nothing came back to any of {many} SYNs")),
        (None, Some(_), _) => None,
    }
}

/// Something that answered.
pub(super) fn silence(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<String> {
    if let Some((flow, at_us)) = opened(one) {
        return Some(format!("the SYN-ACK came {} after the SYN", span(flow.since_syn_us(at_us))));
    }
    let flow = flow(one)?;
    if let Some(reset) = flow.reset() {
        let after = span(flow.since_syn_us(reset.at_us));
        return Some(match flow.origin(reset, evidence) {
            Origin::Peer => format!("the RST came from {} itself after {after}", flow.peer.ip()),
            Origin::Between(_) => format!("a RST came after {after}"),
            Origin::Unknown => format!("a RST with the address {} came after {after}", flow.peer.ip()),
        });
    }
    let icmp = flow.refusal()?;
    let after = span(flow.since_syn_us(icmp.at_us));
    Some(format!("{} said so in an ICMP error after {after}", evidence.who(icmp.from)))
}

pub(super) fn icmp(_: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<String> {
    let flow = flow(one).filter(|flow| flow.whole && flow.icmp.is_empty() && flow.syns().next().is_some())?;
    Some(match flow.opened_us().or(flow.reset().map(|reset| reset.at_us)) {
        Some(_) => "no ICMP error came".to_owned(),
        None => match flow.syns().count() {
            1 => "no ICMP error came about the SYN".to_owned(),
            many => format!("no ICMP error came about any of {many} SYNs"),
        },
    })
}

pub(super) fn between(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<String> {
    let flow = flow(one)?;
    let reset = flow.reset()?;
    (flow.origin(reset, evidence) == Origin::Peer)
        .then(|| format!("the RST was on the line of {} first", flow.peer.ip()))
}

pub(super) fn reset(_: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<String> {
    let (flow, _) = opened(one)?;
    (flow.end_kept && flow.reset().is_none()).then(|| "no RST came after the SYN-ACK".to_owned())
}

pub(super) fn length(_: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<String> {
    let (flow, _) = opened(one)?;
    if flow.hole().is_some() || flow.length_told().is_some() {
        return None;
    }
    let with_data = |sent: &&Sent| sent.segment.octets > 0;
    let all = flow.near.iter().chain(&flow.far).filter(with_data);
    let longest = all.map(|sent| sent.packet_octets).max()?;
    let arrived = flow.came().filter(with_data).map(|sent| sent.packet_octets).max();
    match arrived {
        Some(arrived) if arrived == longest => Some(format!("packets of up to {arrived} octets came through")),
        _ => flow.whole.then(|| format!("no packet was longer than {longest} octets")),
    }
}

pub(super) fn silent_server(_: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<String> {
    let (flow, _) = opened(one)?;
    (flow.octets_in() > 0).then(|| format!("{} came from {}", flow.octets_in_words(), flow.peer.ip()))
}

pub(super) fn closed(_: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<String> {
    let (flow, _) = opened(one)?;
    (flow.end_kept && flow.fin().is_none()).then(|| format!("no FIN came from {}", flow.peer.ip()))
}

pub(super) fn loss(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<String> {
    let flow = flow(one).filter(|flow| flow.whole && flow.lost() == 0)?;
    if flow.repeated() == 0 && flow.syns().next().is_some() {
        let others = evidence.tries.iter().filter_map(|other| other.flow);
        let is_clean = others.into_iter().all(|other| other.lost() == 0 && other.repeated() == 0);
        let whose = if is_clean { String::new() } else { format!(" in the connection to {}", flow.peer) };
        return Some(format!("no segment was sent twice{whose}"));
    }
    // What was repeated was not lost where each sending stands on the peer's line.
    let syns = flow.syns().count();
    let there = flow.far.iter().filter(|sent| sent.outward && sent.segment.opens() && arrives(sent.fate)).count();
    let only_syns = flow.repeated() + 1 == syns;
    (evidence.sees_behind && only_syns && there == syns)
        .then(|| format!("each of {syns} SYNs was on the line of {}", flow.peer.ip()))
}

pub(super) fn late(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<String> {
    let (flow, _) = opened(one)?;
    let whom = if evidence.tries.len() > 1 { format!(" to {}", flow.peer) } else { String::new() };
    (flow.syns().count() == 1 && flow.octets_in() > 0).then(|| format!("the first SYN{whom} was answered"))
}
