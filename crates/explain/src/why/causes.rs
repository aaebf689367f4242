//! The table of causes: what shows each one, what excludes it, and what stays open when it is shown.
//!
//! The rows are tried from the top. First stand the attempts that no packet left for, then connections that were open, with what went
//! wrong before what went well, then openings that failed. The last row always matches.

use synsent_sockets::Outcome;

use super::evidence::{Evidence, Try};
use super::{before, connection, datagrams, excluded, opening};

/// A cause.
pub(super) struct Cause {
    /// Its name.
    pub(super) id: &'static str,
    /// What it is called where it is excluded; several rows may share one.
    pub(super) label: &'static str,
    /// What happened and why the program was told so, if the record shows this cause.
    pub(super) shows: Shows,
    /// What in the record excludes it.
    pub(super) excludes: Option<Excludes>,
    /// What the record cannot tell when this cause is shown.
    pub(super) unknown: &'static [&'static str],
    /// Whether its sentences already tell about the attempts before.
    pub(super) tells_attempts_before: bool,
    /// How far the connection came.
    pub(super) stage: Stage,
}

/// How far a connection came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    /// No packet left for the peer.
    Before,
    /// The opening failed.
    Opening,
    /// It was open, and something went wrong.
    Broken,
    /// It was open, and went well in the end, with something worth telling.
    Fine,
    /// There is nothing to exclude.
    Nothing,
}

impl Stage {
    /// The stages whose causes are worth excluding, the nearest first.
    pub(super) fn excludes(self) -> &'static [Stage] {
        match self {
            Stage::Before => &[Stage::Before],
            Stage::Opening => &[Stage::Opening, Stage::Before],
            Stage::Broken => &[Stage::Broken, Stage::Before, Stage::Fine, Stage::Opening],
            Stage::Fine => &[Stage::Fine, Stage::Before, Stage::Broken],
            Stage::Nothing => &[],
        }
    }
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

/// What shows a cause.
pub(super) type Shows = fn(&Evidence<'_>, Option<&Try<'_>>) -> Option<Finding>;
/// What excludes one.
pub(super) type Excludes = fn(&Evidence<'_>, Option<&Try<'_>>) -> Option<String>;
type Open = &'static [&'static str];

const fn row(stage: Stage, id: &'static str, label: &'static str, shows: Shows, unknown: Open) -> Cause {
    Cause { id, label, shows, excludes: None, unknown, tells_attempts_before: false, stage }
}

const fn at_before(id: &'static str, label: &'static str, shows: Shows, unknown: Open) -> Cause {
    row(Stage::Before, id, label, shows, unknown)
}

const fn at_opening(id: &'static str, label: &'static str, shows: Shows, unknown: Open) -> Cause {
    row(Stage::Opening, id, label, shows, unknown)
}

const fn at_broken(id: &'static str, label: &'static str, shows: Shows, unknown: Open) -> Cause {
    row(Stage::Broken, id, label, shows, unknown)
}

const fn at_fine(id: &'static str, label: &'static str, shows: Shows, unknown: Open) -> Cause {
    row(Stage::Fine, id, label, shows, unknown)
}

impl Cause {
    const fn excluded_by(self, excludes: Excludes) -> Cause {
        Cause { excludes: Some(excludes), ..self }
    }

    const fn with_attempts_before(self) -> Cause {
        Cause { tells_attempts_before: true, ..self }
    }
}

const WHO_SAYS: &str = "Why the router says so: an ICMP message carries no more than its type and its code.";

/// What an answer to a later SYN leaves open.
pub(super) const LOST_OR_UNANSWERED: &str =
    "Whether the first SYNs were lost, or heard and not answered: both look like this.";
/// What it leaves open where the record shows that none was lost.
pub(super) const UNANSWERED: &str = "Why the first SYNs were not answered, though they arrived: no packet says so.";

pub(super) static CAUSES: &[Cause] = &[
    // It was no stream at all.
    row(Stage::Nothing, "datagram-unreachable", "the network", datagrams::unreachable, &[
        "Why the sender of the error says so: an ICMP message carries no more than its type and its code.",
    ]),
    row(Stage::Nothing, "datagram-silence", "the network", datagrams::silence, &[
        "Whether the datagrams arrived, and whether anybody meant to answer: nothing tells.",
    ]),
    row(Stage::Nothing, "datagrams", "the network", datagrams::answered, &[]),
    // No packet left for the peer.
    at_before("name-missing", "DNS", before::name_missing, &[]).excluded_by(excluded::dns),
    at_before("name-without-address", "DNS", before::name_without_address, &[]),
    at_before("name-server-failed", "DNS", before::name_server_failed, &["What went wrong inside the name server."]),
    at_before("name-server-silent", "DNS", before::name_server_silent, &[
        "Whether the name server is down or something on the way drops: both look like this.",
    ]),
    at_before("no-route", "a route that is missing here", before::no_route, &[]).excluded_by(excluded::route),
    at_before("no-ports", "local ports used up", before::no_ports, &["Who holds the ports: a record has only this program's calls."])
        .excluded_by(excluded::ports),
    at_before("not-permitted", "a rule of this machine", before::not_permitted, &[
        "Which rule of this machine forbids it: the error does not name it.",
    ]),
    at_before("failed-here", "this machine itself", before::failed_here, &[]),
    at_before("no-packet", "this machine itself", before::no_packet, &["Why no packet left."]),
    row(Stage::Nothing, "never-called", "the program's own doing", before::never_called, &[
        "Why the program did not call connect(): its reasons are its own.",
    ]),
    row(Stage::Nothing, "not-seen", "the program's own doing", before::not_seen, &["Whether the program called connect() at all."]),
    // It was open, and then something went wrong.
    at_broken("reset-between", "somebody on the way who resets", connection::reset_between, &["Who on the way sent the RST."])
        .excluded_by(excluded::between),
    at_broken("reset-in-body", "a reset by the server", connection::reset_in_body, &[
        "How much more would have come: the segments do not tell how long the answer was meant to be.",
    ]),
    at_broken("reset-after-accept", "a reset by the server", connection::reset_after_accept, &[
        "Why the other side resets: a crash, a limit, or data that it left unread all look like this.",
    ])
    .excluded_by(excluded::reset),
    at_broken("black-hole", "packets too long for the way", connection::black_hole, &[
        "Which hop drops the long packets: no ICMP error said so.",
    ])
    .excluded_by(excluded::length),
    at_broken("fell-silent", "a way that broke later", connection::fell_silent, &[
        "Whether the host went away or something on the way drops now: both look like this.",
    ]),
    at_broken("silent-after-accept", "a server that says nothing", connection::silent_after_accept, &[
        "Whether the server's program hangs or never took the connection: its kernel acknowledges in both cases.",
    ])
    .excluded_by(excluded::silent_server),
    at_broken("stalled", "a server that says nothing", connection::stalled, &[
        "Whether more was meant to come, and why it did not.",
    ]),
    at_broken("closed-without-a-byte", "a server that closes at once", connection::closed_without_a_byte, &[
        "Why the server closed: it said nothing.",
    ])
    .excluded_by(excluded::closed),
    // It was open, and went well in the end.
    at_fine("v6-dead", "an address that does not work", connection::v6_dead, &[]).with_attempts_before(),
    at_fine("first-address-dead", "an address that does not work", connection::first_address_dead, &[])
        .with_attempts_before(),
    at_fine("retried", "an address that does not work", connection::retried, &[]).with_attempts_before(),
    at_fine("length-told", "packets too long for the way", connection::length_told, &[]),
    at_fine("loss", "loss", connection::loss, &[]).excluded_by(excluded::loss),
    at_fine("late", "an answer that comes late", connection::late, &[
        LOST_OR_UNANSWERED,
    ])
    .excluded_by(excluded::late),
    at_fine("slow", "a slow way", connection::slow, &["Whether the way is slow or the server: both look like this."]),
    row(Stage::Nothing, "connected", "the network", connection::connected, &[]),
    // It was not opened.
    at_opening("reset-between-opening", "somebody on the way who resets", opening::reset_between, &[
        "Who on the way sent the RST.",
    ])
    .excluded_by(excluded::between),
    at_opening("refused-late", "a refused port", opening::refused_late, &[
        LOST_OR_UNANSWERED,
    ]),
    at_opening("refused", "a refused port", opening::refused, &[
        "Whether nothing listens on the port or a firewall of the host itself resets: both look like this.",
    ])
    .excluded_by(excluded::refused),
    at_opening("network-unreachable", "a router that says no", opening::network_unreachable, &[WHO_SAYS])
        .excluded_by(excluded::icmp),
    at_opening("host-unreachable", "a router that says no", opening::host_unreachable, &[
        WHO_SAYS,
        "Whether the host is down or its address is wrong: the message is the same.",
    ]),
    at_opening("port-unreachable", "a router that says no", opening::port_unreachable, &[
        "Whether the host itself or a firewall made the message: a firewall can send it in the host's name.",
    ]),
    at_opening("prohibited", "a router that says no", opening::prohibited, &["Which rule forbids it."]),
    at_opening("ttl-exceeded", "a router that says no", opening::ttl_exceeded, &[
        "Whether the packets run in a circle or the way is too long: the message is the same.",
    ]),
    at_opening("icmp", "a router that says no", opening::other_icmp, &[WHO_SAYS]),
    at_opening("syn-ack-lost", "loss", opening::syn_ack_lost, &[]),
    at_opening("syn-lost", "loss", opening::syn_lost, &[]).excluded_by(excluded::loss),
    at_opening("silence", "a firewall that drops or a host that is down", opening::silence, &[
        "Whether the host is down, its address is wrong, a firewall drops, or the listener's backlog is full: all look like this.",
    ])
    .excluded_by(excluded::silence),
    UNEXPLAINED,
];

/// The row for what no other one knows.
pub(super) const UNEXPLAINED: Cause = row(
    Stage::Nothing,
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
