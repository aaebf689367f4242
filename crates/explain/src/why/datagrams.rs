//! Causes of programs that speak in datagrams: an error came, an answer came, or nothing did.

use synsent_sockets::Outcome;

use super::causes::Finding;
use super::evidence::{Evidence, Try};
use crate::flows::Exchange;
use crate::words::{counted, visible};

/// The datagrams of an attempt, or the first ones of a program that did not call connect().
fn exchange<'a>(evidence: &Evidence<'a>, one: Option<&Try<'_>>) -> Option<&'a Exchange> {
    let all = &evidence.traffic.datagrams;
    match one {
        None => all.first(),
        Some(one) if one.flow.is_none() => all.iter().find(|exchange| Some(exchange.peer) == one.peer()),
        Some(_) => None,
    }
}

fn told(evidence: &Evidence<'_>, one: Option<&Try<'_>>, because: &str) -> String {
    let attempt = one.and_then(|one| one.attempt.as_ref());
    match attempt.and_then(|attempt| attempt.later.as_ref()) {
        Some((call, name)) => {
            format!(
                "connect() only notes the peer of such a socket, and then {} said {}: {because}",
                visible(call),
                visible(name)
            )
        }
        None if attempt.is_some() => {
            format!("connect() only notes the peer of such a socket, and the program {}: {because}", evidence.ending())
        }
        None => format!("The program {}: {because}", evidence.ending()),
    }
}

pub(super) fn unreachable(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<Finding> {
    let exchange = exchange(evidence, one)?;
    let icmp = exchange.icmp.iter().find(|icmp| icmp.arrived)?;
    let wire = format!(
        "{} to {} went out, and {} answered with {}",
        counted(exchange.sent, "datagram"),
        exchange.peer,
        evidence.who(icmp.from),
        icmp.cause
    );
    let because =
        "an error about a datagram is told by a later call on its socket, and only where Linux takes it as final";
    Some(Finding::new(wire, told(evidence, one, because), Some(Outcome::of_icmp(icmp.cause))))
}

pub(super) fn silence(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<Finding> {
    let exchange = exchange(evidence, one).filter(|exchange| exchange.came == 0)?;
    let wire = format!("{} to {} went out, and no answer came", counted(exchange.sent, "datagram"), exchange.peer);
    let because = "UDP neither repeats nor acknowledges, so how long to wait is the program's own business";
    Some(Finding::new(wire, told(evidence, one, because), None))
}

pub(super) fn answered(evidence: &Evidence<'_>, one: Option<&Try<'_>>) -> Option<Finding> {
    let exchange = exchange(evidence, one)?;
    let sent = counted(exchange.sent, "datagram");
    let wire = format!("{sent} to {} went out, and {} came back", exchange.peer, exchange.came);
    Some(Finding::new(wire, told(evidence, one, "what it made of the answer is its own doing"), None))
}
