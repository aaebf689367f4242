//! What an attempt on the real network means: what the kernel's word shows, what it excludes, and what nobody can know from here.
//!
//! Pure functions of what the kernel told. A capture would tell more, and these sentences never claim what only one could show.

use std::net::IpAddr;
use std::time::Duration;

use serde::Serialize;
use synsent_host::ProbeEnd;
use synsent_sockets::Outcome;

use super::live::Attempt;
use super::route::Route;
use crate::table::span;

/// An answer that came sooner came before the SYN was repeated.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// What it means.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Meaning {
    pub(super) why: Vec<String>,
    pub(super) not: Vec<String>,
    pub(super) unknown: Vec<String>,
}

impl Attempt {
    /// What it means, from what the kernel told and nothing else.
    pub(super) fn meaning(&self) -> Meaning {
        let mut meaning = match (self.probed.end, self.probed.told) {
            (ProbeEnd::Connected, _) => self.connected(),
            (ProbeEnd::Failed { at_once: true, outcome, .. }, _) => return self.not_begun(outcome),
            (ProbeEnd::Failed { .. }, Some((from, cause))) => self.told_by(from, &cause.to_string()),
            (ProbeEnd::Failed { .. }, None) => self.failed(),
            (ProbeEnd::StillWaiting, _) => self.silent("the kernel goes on; it was not waited for longer"),
        };
        meaning.unknown.insert(0, "what was on the wire: nothing was captured".to_owned());
        meaning
    }

    fn connected(&self) -> Meaning {
        let (peer, took) = (self.peer, span(self.probed.took));
        Meaning {
            why: vec![format!("A TCP answered for {peer}: its SYN-ACK came, and the connection stood after {took}.")],
            not: vec![
                "no address, no route: the kernel sent its SYN".to_owned(),
                "filtered or silent on the way: the answer came back".to_owned(),
                format!("nobody listens: {} would have refused", peer.ip()),
            ],
            unknown: vec![
                "whether the host itself answered, or a proxy or load balancer for it".to_owned(),
                "whether a program accepts the connection and answers: nothing was sent on it".to_owned(),
            ],
        }
    }

    /// The kernel refused before there was a packet.
    fn not_begun(&self, outcome: Outcome) -> Meaning {
        let refused = format!("This machine refused at once with {}: {outcome}. No packet has left.", self.said());
        Meaning {
            why: vec![refused, self.way()],
            not: vec!["the host, a firewall on the way, or anything else outside: none of them was asked".to_owned()],
            unknown: vec![format!("whether {} would answer", self.peer.ip())],
        }
    }

    /// A router, or the host, said why in an ICMP error.
    fn told_by(&self, from: IpAddr, words: &str) -> Meaning {
        let (peer, took, said) = (self.peer, span(self.probed.took), self.said());
        let who = if from == peer.ip() { "The host itself".to_owned() } else { format!("{from}, on the way to it,") };
        Meaning {
            why: vec![
                format!("{who} said {words} of the SYN to {peer}."),
                format!("The kernel turned that into {said} after {took}."),
            ],
            not: vec![
                "silence: somebody answered".to_owned(),
                format!("a RST: the kernel was told {words}, and a RST has no such words"),
            ],
            unknown: vec![
                format!("why {from} says so: a missing route, a rule, or a host that is gone look alike from here"),
                "whether the ICMP message was really sent by whom it names".to_owned(),
            ],
        }
    }

    /// The kernel gave a number, and no ICMP error stands behind it.
    fn failed(&self) -> Meaning {
        let (took, said) = (span(self.probed.took), self.said());
        match self.outcome() {
            Some(Outcome::Refused | Outcome::Reset) => self.refused(),
            Some(Outcome::HostUnreachable) => Meaning {
                why: vec![
                    format!(
                        "The kernel gave up with {said} after {took}, and no router said why: {} did not answer on \
                         its link.",
                        self.next_hop()
                    ),
                    "The SYN was never sent on, for nobody told the hardware address that it is sent to.".to_owned(),
                ],
                not: vec!["a router's word: the kernel's queue of ICMP errors is empty".to_owned()],
                unknown: vec![format!("whether {} is there at all", self.next_hop())],
            },
            Some(Outcome::TimedOut) => self.silent(&format!("the kernel gave up with {said}")),
            _ => Meaning {
                why: vec![format!("The kernel gave {said} after {took}, and no ICMP message stands behind it.")],
                ..Meaning::default()
            },
        }
    }

    fn refused(&self) -> Meaning {
        let (peer, took, said) = (self.peer, span(self.probed.took), self.said());
        let mut not = vec![
            "silence: an answer came".to_owned(),
            "a router's word: the kernel's queue of ICMP errors is empty, so a RST answered".to_owned(),
        ];
        if self.probed.took < FIRST_PAUSE {
            not.push("a lost SYN: the answer came before it would have been repeated".to_owned());
        }
        Meaning {
            why: vec![
                format!("A RST came back in the name of {peer} after {took}, which the kernel tells as {said}."),
                "That is what a host does where nobody listens.".to_owned(),
            ],
            not,
            unknown: vec![
                format!("whether {} sent the RST itself, or a firewall did in its name", peer.ip()),
                "whether nobody listens, or who listens is hidden by a rule".to_owned(),
            ],
        }
    }

    /// Nobody answered.
    fn silent(&self, end: &str) -> Meaning {
        let (peer, took, syns) = (self.peer, span(self.probed.took), self.syns());
        Meaning {
            why: vec![format!("Nobody answered {syns} to {peer} in {took}; {end}."), self.way()],
            not: vec![
                "refused: a RST would have ended it".to_owned(),
                "unreachable by a router's word: an ICMP error would have been told".to_owned(),
                "no route: the kernel accepted the attempt".to_owned(),
            ],
            unknown: vec![
                "who is silent: a firewall that drops, a host that is off, or a way back that is missing".to_owned(),
                "whether the SYN or its answer was lost".to_owned(),
            ],
        }
    }

    fn way(&self) -> String {
        let peer = self.peer.ip();
        match &self.route {
            Some(Route::By { interface, gateway: Some(gateway) }) => {
                format!("The main table leads to {peer} by {interface} and the router {gateway}.")
            }
            Some(Route::By { interface, gateway: None }) => {
                format!("The main table has {peer} on the link of {interface}.")
            }
            Some(Route::Rejected) => format!("A route of this machine rejects {peer}."),
            Some(Route::None) => format!("The main table has no route to {peer}."),
            None => "The routing table could not be read.".to_owned(),
        }
    }

    /// The router or the host to which packets are handed.
    fn next_hop(&self) -> String {
        match &self.route {
            Some(Route::By { interface, gateway: Some(gateway) }) => format!("the router {gateway} on {interface}"),
            Some(Route::By { interface, gateway: None }) => format!("{} on {interface}", self.peer.ip()),
            Some(Route::Rejected | Route::None) | None => "the next hop".to_owned(),
        }
    }

    fn syns(&self) -> String {
        match self.probed.syns_repeated {
            Some(0) => "1 SYN".to_owned(),
            Some(repeated) => format!("{} SYNs", repeated + 1),
            None => "SYNs".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use synsent_host::Probed;
    use synsent_stack::IcmpCause;

    use super::*;

    fn attempt(end: ProbeEnd, told: Option<(IpAddr, IcmpCause)>, took: Duration) -> Attempt {
        let local: SocketAddr = "192.0.2.7:40000".parse().unwrap();
        let gateway = Some("192.0.2.1".parse().unwrap());
        Attempt {
            host: "www.example".to_owned(),
            peer: "198.51.100.1:80".parse().unwrap(),
            others: Vec::new(),
            lookup: None,
            probed: Probed { local: Some(local), end, told, syns_repeated: Some(3), took },
            route: Some(Route::By { interface: "eth0".to_owned(), gateway }),
        }
    }

    fn failed(number: i32, outcome: Outcome) -> ProbeEnd {
        ProbeEnd::Failed { number, outcome, at_once: false }
    }

    fn all(meaning: &Meaning) -> String {
        [&meaning.why, &meaning.not, &meaning.unknown].map(|lines| lines.join("\n")).join("\n\n")
    }

    #[test]
    fn a_refusal_is_a_reset_of_whom_it_names_or_of_somebody_in_its_name() {
        let meaning = attempt(failed(111, Outcome::Refused), None, Duration::from_millis(12)).meaning();
        let why = &meaning.why[0];
        assert!(why.starts_with("A RST came back in the name of 198.51.100.1:80 after 12.0 ms"), "{why}");
        assert!(why.contains("ECONNREFUSED (111)"), "{why}");
        assert!(all(&meaning).contains("a lost SYN:") && all(&meaning).contains("or a firewall did in its name"));
        let late = attempt(failed(111, Outcome::Refused), None, Duration::from_secs(2)).meaning();
        assert!(!all(&late).contains("a lost SYN:"), "a SYN may have been lost: {late:?}");
    }

    #[test]
    fn a_routers_word_is_told_with_the_router() {
        let told = Some(("203.0.113.9".parse().unwrap(), IcmpCause::V4Unreachable(1)));
        let meaning = attempt(failed(113, Outcome::HostUnreachable), told, Duration::from_millis(30)).meaning();
        let why = &meaning.why;
        assert!(why[0].starts_with("203.0.113.9, on the way to it, said ICMP host unreachable"), "{why:?}");
        assert!(why[1].contains("EHOSTUNREACH (113)"), "{why:?}");
    }

    #[test]
    fn without_a_routers_word_it_is_the_next_hop_that_does_not_answer() {
        let meaning = attempt(failed(113, Outcome::HostUnreachable), None, Duration::from_secs(3)).meaning();
        assert!(meaning.why[0].contains("the router 192.0.2.1 on eth0 did not answer on its link"), "{meaning:?}");
    }

    #[test]
    fn silence_leaves_open_who_is_silent() {
        for end in [ProbeEnd::StillWaiting, failed(110, Outcome::TimedOut)] {
            let meaning = attempt(end, None, Duration::from_secs(10)).meaning();
            assert!(meaning.why[0].starts_with("Nobody answered 4 SYNs to 198.51.100.1:80 in 10.0 s"), "{meaning:?}");
            assert_eq!(meaning.unknown[0], "what was on the wire: nothing was captured");
            assert!(all(&meaning).contains("a firewall that drops, a host that is off, or a way back that is missing"));
        }
    }

    #[test]
    fn what_this_machine_refuses_has_asked_nobody() {
        let end = ProbeEnd::Failed { number: 101, outcome: Outcome::NetworkUnreachable, at_once: true };
        let meaning = Attempt { route: Some(Route::None), ..attempt(end, None, Duration::ZERO) }.meaning();
        assert!(meaning.why[0].contains("No packet has left"), "{meaning:?}");
        assert_eq!(meaning.why[1], "The main table has no route to 198.51.100.1.");
        assert!(!all(&meaning).contains("captured"), "there was nothing to capture");
    }

    #[test]
    fn a_connection_does_not_show_who_answered() {
        let meaning = attempt(ProbeEnd::Connected, None, Duration::from_millis(5)).meaning();
        assert!(all(&meaning).contains("a proxy or load balancer for it"), "{meaning:?}");
    }
}
