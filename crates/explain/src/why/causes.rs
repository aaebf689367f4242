//! The table of causes: what shows each one, what excludes it, and what stays open when it is shown.
//!
//! The rows are tried from the top. First stand the attempts that no packet left for, then connections that were open, with what went
//! wrong before what went well, then openings that failed. The last row always matches.

use synsent_sockets::Outcome;

use super::evidence::{Evidence, Try};
use super::{before, connection, excluded, opening};

/// A cause.
pub(super) struct Cause {
    /// Its name.
    pub(super) id: &'static str,
    /// What it is called where it is excluded; several rows may share one.
    pub(super) label: &'static str,
    /// What happened and why the program was told so, if the record shows this cause.
    pub(super) shows: fn(&Evidence<'_>, Option<&Try<'_>>) -> Option<Finding>,
    /// What in the record excludes it.
    pub(super) excludes: Option<fn(&Evidence<'_>, Option<&Try<'_>>) -> Option<String>>,
    /// What the record cannot tell when this cause is shown.
    pub(super) unknown: &'static [&'static str],
    /// Whether its sentences already tell about the attempts before.
    pub(super) tells_attempts_before: bool,
}

/// What a cause says about a run.
pub(super) struct Finding {
    /// What happened on the wire; a sentence without its full stop.
    pub(super) wire: String,
    /// Why the program was told what it was told; a sentence without its full stop.
    pub(super) told: String,
    /// What it came to.
    pub(super) outcome: Option<Outcome>,
    /// What the record does not tell in this run.
    pub(super) unknown: Vec<String>,
}

impl Finding {
    pub(super) fn new(wire: String, told: String, outcome: Option<Outcome>) -> Finding {
        Finding { wire, told, outcome, unknown: Vec::new() }
    }
}

const fn row(
    id: &'static str,
    label: &'static str,
    shows: fn(&Evidence<'_>, Option<&Try<'_>>) -> Option<Finding>,
    unknown: &'static [&'static str],
) -> Cause {
    Cause { id, label, shows, excludes: None, unknown, tells_attempts_before: false }
}

impl Cause {
    const fn excluded_by(self, excludes: fn(&Evidence<'_>, Option<&Try<'_>>) -> Option<String>) -> Cause {
        Cause { excludes: Some(excludes), ..self }
    }

    const fn with_attempts_before(self) -> Cause {
        Cause { tells_attempts_before: true, ..self }
    }
}

const WHO_SAYS: &str = "Why the router says so: an ICMP message carries no more than its type and its code.";

pub(super) static CAUSES: &[Cause] = &[
    // No packet left for the peer.
    row("name-missing", "DNS", before::name_missing, &[]).excluded_by(excluded::dns),
    row("name-without-address", "DNS", before::name_without_address, &[]),
    row("name-server-failed", "DNS", before::name_server_failed, &["What went wrong inside the name server."]),
    row("name-server-silent", "DNS", before::name_server_silent, &[
        "Whether the name server is down or something on the way drops: both look like this.",
    ]),
    row("no-route", "a route that is missing here", before::no_route, &[]).excluded_by(excluded::route),
    row("no-ports", "local ports used up", before::no_ports, &["Who holds the ports: a record has only this program's calls."])
        .excluded_by(excluded::ports),
    row("not-permitted", "a rule of this machine", before::not_permitted, &[
        "Which rule of this machine forbids it: the error does not name it.",
    ]),
    row("failed-here", "this machine itself", before::failed_here, &[]),
    row("no-packet", "this machine itself", before::no_packet, &["Why no packet left."]),
    row("never-called", "the program's own doing", before::never_called, &[
        "Why the program did not call connect(): its reasons are its own.",
    ]),
    row("not-seen", "the program's own doing", before::not_seen, &["Whether the program called connect() at all."]),
    // It was open, and then something went wrong.
    row("reset-between", "somebody on the way who resets", connection::reset_between, &["Who on the way sent the RST."])
        .excluded_by(excluded::between),
    row("reset-in-body", "a reset by the server", connection::reset_in_body, &[
        "How much more would have come: the segments do not tell how long the answer was meant to be.",
    ]),
    row("reset-after-accept", "a reset by the server", connection::reset_after_accept, &[
        "Why the other side resets: a crash, a limit, or data that it left unread all look like this.",
    ])
    .excluded_by(excluded::reset),
    row("black-hole", "packets too long for the way", connection::black_hole, &[
        "Which hop drops the long packets: no ICMP error said so.",
    ])
    .excluded_by(excluded::length),
    row("fell-silent", "a way that broke later", connection::fell_silent, &[
        "Whether the host went away or something on the way drops now: both look like this.",
    ]),
    row("silent-after-accept", "a server that says nothing", connection::silent_after_accept, &[
        "Whether the server's program hangs or never took the connection: its kernel acknowledges in both cases.",
    ])
    .excluded_by(excluded::silent_server),
    row("stalled", "a server that says nothing", connection::stalled, &[
        "Whether more was meant to come, and why it did not.",
    ]),
    row("closed-without-a-byte", "a server that closes at once", connection::closed_without_a_byte, &[
        "Why the server closed: it said nothing.",
    ])
    .excluded_by(excluded::closed),
    // It was open, and went well in the end.
    row("v6-dead", "an address that does not work", connection::v6_dead, &[]).with_attempts_before(),
    row("first-address-dead", "an address that does not work", connection::first_address_dead, &[])
        .with_attempts_before(),
    row("retried", "an address that does not work", connection::retried, &[]).with_attempts_before(),
    row("length-told", "packets too long for the way", connection::length_told, &[]),
    row("loss", "loss", connection::loss, &[]).excluded_by(excluded::loss),
    row("late", "an answer that comes late", connection::late, &[
        "Whether the first SYNs were lost, or heard and not answered: both look like this.",
    ])
    .excluded_by(excluded::late),
    row("slow", "a slow way", connection::slow, &["Whether the way is slow or the server: both look like this."]),
    row("connected", "the network", connection::connected, &[]),
    // It was not opened.
    row("reset-between-opening", "somebody on the way who resets", opening::reset_between, &[
        "Who on the way sent the RST.",
    ]),
    row("refused-late", "a refused port", opening::refused_late, &[
        "Whether the first SYNs were lost, or heard and not answered: both look like this.",
    ]),
    row("refused", "a refused port", opening::refused, &[
        "Whether nothing listens on the port or a firewall of the host itself resets: both look like this.",
    ])
    .excluded_by(excluded::refused),
    row("network-unreachable", "a router that says no", opening::network_unreachable, &[WHO_SAYS])
        .excluded_by(excluded::icmp),
    row("host-unreachable", "a router that says no", opening::host_unreachable, &[
        WHO_SAYS,
        "Whether the host is down or its address is wrong: the message is the same.",
    ]),
    row("port-unreachable", "a router that says no", opening::port_unreachable, &[
        "Whether the host itself or a firewall made the message: a firewall can send it in the host's name.",
    ]),
    row("prohibited", "a router that says no", opening::prohibited, &["Which rule forbids it."]),
    row("ttl-exceeded", "a router that says no", opening::ttl_exceeded, &[
        "Whether the packets run in a circle or the way is too long: the message is the same.",
    ]),
    row("icmp", "a router that says no", opening::other_icmp, &[WHO_SAYS]),
    row("syn-ack-lost", "loss", opening::syn_ack_lost, &[]),
    row("syn-lost", "loss", opening::syn_lost, &[]),
    row("silence", "a host or a firewall that keeps silent", opening::silence, &[
        "Whether the host is down, its address is wrong, a firewall drops, or the listener's backlog is full: all look like this.",
    ])
    .excluded_by(excluded::silence),
    UNEXPLAINED,
];

/// The row for what no other one knows.
pub(super) const UNEXPLAINED: Cause = row(
    "unexplained",
    "something else",
    |evidence, _| Some(unexplained(evidence)),
    &["What happened: no cause that is known here fits."],
);

/// What is said where nothing fits.
pub(super) fn unexplained(evidence: &Evidence<'_>) -> Finding {
    let wire = match evidence.tries.len() {
        0 => "Nothing in the record tells of an attempt to connect".to_owned(),
        count => format!("The packets of {count} attempts are in the record, and they show none of the known causes"),
    };
    Finding::new(wire, format!("The program {}", evidence.ending()), None)
}
