//! What was on the wire, in a line, from packets and from nothing else: `SYN ×4, no answer`.

use std::net::SocketAddr;

use synsent_stack::IcmpCause;

use crate::flows::{Exchange, Flow, IcmpSeen, Question, Sent, Traffic, arrives, repeated};
use crate::record::Run;
use crate::words::{counted, ordinal, times};

/// How many different things a line says.
const THINGS_IN_A_LINE: usize = 4;

/// What was on the program's line.
pub fn wire_line(run: &Run) -> String {
    let traffic = Traffic::of(run);
    let peers: Vec<SocketAddr> = traffic.attempts().map(|flow| flow.peer).collect();
    let flows = traffic.attempts().map(|flow| (named(flow.peer, &peers), flow_words(flow)));
    let mut things: Vec<(String, String, usize)> = Vec::new();
    for (prefix, words) in flows.chain(traffic.datagrams.iter().map(|one| (String::new(), exchange_words(one)))) {
        match things.iter_mut().find(|(known, said, _)| *known == prefix && *said == words) {
            Some((.., count)) => *count += 1,
            None => things.push((prefix, words, 1)),
        }
    }
    let more = things.len().saturating_sub(THINGS_IN_A_LINE);
    let mut said: Vec<String> = things.into_iter().take(THINGS_IN_A_LINE).map(thing_words).collect();
    if said.is_empty() {
        said.push(nothing(&traffic));
    }
    if more > 0 {
        said.push(format!("{more} more"));
    }
    if run.packets_left_out > 0 {
        said.push(format!("{} packets more were not kept", run.packets_left_out));
    }
    said.join("; ")
}

fn thing_words((prefix, words, count): (String, String, usize)) -> String {
    if count == 1 { format!("{prefix}{words}") } else { format!("{prefix}{count} times {words}") }
}

/// The peer in front of its words, where there are several.
fn named(peer: SocketAddr, all: &[SocketAddr]) -> String {
    if all.iter().any(|other| other.ip() != peer.ip()) {
        format!("{}: ", peer.ip())
    } else if all.iter().any(|other| other.port() != peer.port()) {
        format!("port {}: ", peer.port())
    } else {
        String::new()
    }
}

/// Why there may be nothing: what the name servers said.
fn nothing(traffic: &Traffic) -> String {
    let words = match names(&traffic.questions) {
        Names::NotAsked | Names::Found => return "nothing".to_owned(),
        Names::NoSuchName => "no name",
        Names::NoRecord => "no address",
        Names::Failed => "the name server failed",
        Names::Silent => "the name server was silent",
    };
    format!("nothing ({words})")
}

/// What came of the questions to name servers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Names {
    NotAsked,
    Found,
    NoSuchName,
    NoRecord,
    Failed,
    Silent,
}

pub(crate) fn names(questions: &[Question]) -> Names {
    if questions.is_empty() {
        return Names::NotAsked;
    }
    let answers = || questions.iter().filter_map(|question| question.answer.as_ref().map(|(_, dns)| dns));
    if answers().any(|dns| dns.code == 0 && dns.answers > 0) {
        Names::Found
    } else if answers().any(|dns| dns.code == 3) {
        Names::NoSuchName
    } else if answers().any(|dns| dns.code != 0) {
        Names::Failed
    } else if answers().next().is_some() {
        Names::NoRecord
    } else {
        Names::Silent
    }
}

fn flow_words(flow: &Flow) -> String {
    let mut words = Vec::new();
    let syns = flow.syns().count();
    if syns > 0 {
        words.push(times("SYN", syns));
    }
    let opened = flow.opened_us();
    if let Some(at) = opened {
        let before = flow.syns().filter(|syn| syn.at_us <= at).count();
        words.push(if before > 1 { format!("SYN-ACK at the {}", ordinal(before)) } else { "SYN-ACK".to_owned() });
    } else {
        let lost = flow
            .near
            .iter()
            .chain(&flow.far)
            .filter(|sent| !sent.outward && sent.segment.answers_opening() && !arrives(sent.fate));
        let lost = lost.count();
        if lost > 0 {
            words.push(format!("{} (lost)", times("SYN-ACK", lost)));
        }
    }
    words.extend(icmp_words(&flow.icmp, ""));
    words.extend(icmp_words(&flow.told_peer, &format!(" to {}", flow.peer.ip())));
    if opened.is_some() {
        words.extend(data_words(flow));
    }
    words.extend(end_words(flow, opened.is_some()));
    words.join(", ")
}

/// Who ended it, and how; or that nobody said anything.
fn end_words(flow: &Flow, is_open: bool) -> Vec<String> {
    let fin = flow.near.iter().find(|sent| sent.segment.flags.fin() && (sent.outward || arrives(sent.fate)));
    let who = |sent: &Sent| if sent.outward { "us".to_owned() } else { sent.segment.source.ip().to_string() };
    let mut words: Vec<String> = fin.map(|fin| format!("FIN from {}", who(fin))).into_iter().collect();
    if let Some(reset) = flow.reset().or(flow.own_reset()) {
        words.push(format!("RST from {}", who(reset)));
    }
    let is_silent = flow.end_kept
        && flow.octets_in() == 0
        && flow.octets_out() > 0
        && flow.fin().is_none()
        && flow.reset().is_none();
    if !is_open && words.is_empty() && !flow.icmp.iter().any(|icmp| icmp.arrived) {
        words.push(if flow.whole { "no answer" } else { "what came then was not kept" }.to_owned());
    } else if is_open && is_silent {
        words.insert(0, format!("then nothing from {}", flow.peer.ip()));
    }
    words
}

fn data_words(flow: &Flow) -> Vec<String> {
    let (out, came) = (flow.octets_out(), flow.octets_in());
    let with_repeated = |words: String, again: usize| match again {
        0 => words,
        again => format!("{words} ({again} repeated)"),
    };
    let again = repeated(flow.sent()).len();
    let far = || flow.far.iter().filter(|sent| !sent.outward && sent.segment.octets > 0);
    let far_again = repeated(far()).len();
    let mut words = Vec::new();
    if out > 0 {
        words.push(with_repeated(format!("{} out", flow.octets_out_words()), again));
    }
    if came > 0 {
        let came = if out > 0 { format!("{}{came}", flow.at_least_in()) } else { flow.octets_in_words() };
        words.push(with_repeated(format!("{came} in"), far_again));
    } else if far().next().is_some() {
        words.push(format!("{} from {} lost", counted(far().count(), "packet"), flow.peer.ip()));
    }
    words
}

/// ICMP errors, equal ones counted.
fn icmp_words(all: &[IcmpSeen], to: &str) -> Vec<String> {
    let mut counted: Vec<(String, usize)> = Vec::new();
    for icmp in all {
        let lost = if icmp.arrived { "" } else { " (lost)" };
        let cause = match icmp.cause {
            IcmpCause::TooBig { mtu } => format!("ICMP too big for {mtu}"),
            other => other.to_string(),
        };
        let words = format!("{cause} from {}{to}{lost}", icmp.from);
        match counted.iter_mut().find(|(known, _)| *known == words) {
            Some((_, count)) => *count += 1,
            None => counted.push((words, 1)),
        }
    }
    counted.into_iter().map(|(words, count)| times(&words, count)).collect()
}

fn exchange_words(exchange: &Exchange) -> String {
    let mut words = Vec::new();
    if exchange.sent > 0 {
        words.push(format!("{} to {}", times("datagram", exchange.sent), exchange.peer));
    }
    if exchange.came > 0 {
        words.push(format!("{} back", exchange.came));
    }
    words.extend(icmp_words(&exchange.icmp, ""));
    if exchange.came == 0 && exchange.icmp.is_empty() {
        words.push("no answer".to_owned());
    }
    words.join(", ")
}
