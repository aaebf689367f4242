//! Every cause is brought about by hand, with real packets: what is told must be what was put there, and no more.

use std::collections::BTreeSet;

use synsent_sockets::Outcome;

use super::{Why, why};
use crate::made::*;
use crate::record::{Asked, End, Fate, Observation, Run, Said, SocketKind};

const LIMIT: End = End::TimeLimit(5_000_000);

fn rst(at_us: i64) -> impl Fn(Made) -> Made {
    move |made| made.across(at_us, false, &segment(target(), us(), RST, 0, OURS.wrapping_add(1), 0))
}

fn syn_packet() -> Vec<u8> {
    segment(us(), target(), SYN, OURS, 0, 0)
}

fn asked_for_name(answer: Option<(u8, u16)>) -> Made {
    let own = at("10.1.0.2:50000");
    let question = dns(own, names(), 7, None, "shop.test", 1);
    let made = Made::new("names").near(500, true, &question);
    match answer {
        Some(answer) => made.near(10_500, false, &dns(names(), own, 7, Some(answer), "shop.test", 1)),
        None => made.near(5_000_500, true, &question),
    }
}

fn by_icmp(kind: u8, code: u8, number: i32, name: &str) -> Run {
    let error = icmp(ROUTER, kind, code, 0, &syn_packet());
    Made::new("icmp")
        .named()
        .near(11_000, true, &syn_packet())
        .near(12_100, false, &error)
        .fails(10_900, 1_300, number, name)
        .done()
}

fn connected() -> Made {
    Made::new("connected").named().opens(11_000).asks(10_900, 21_100, 0, "").says(22_000, 0, 74).call(
        21_900,
        30,
        "sendto",
        Said::Value(74),
        "74 octets",
    )
}

fn ok(made: Made) -> Run {
    made.ended(End::Exited(0), 60_000, "").done()
}

fn refused() -> Run {
    rst(22_200)(Made::new("refused").named().syn(11_000)).asks(10_900, 22_300, ECONNREFUSED, "ECONNREFUSED").done()
}

fn silence() -> Run {
    Made::new("silence")
        .named()
        .syn(11_000)
        .syn(1_031_000)
        .syn(3_081_000)
        .syn(7_111_000)
        .fails(10_900, 15_300_000, ETIMEDOUT, "ETIMEDOUT")
        .ended(End::Exited(28), 15_320_000, "curl: (28) Failed to connect\n")
        .verdict(11_300, "rule 1 of shop: silent")
        .done()
}

fn fallback(first: &str, second: &str) -> Made {
    let (own, other) = match first.starts_with('[') {
        true => (at("[fd00:1::2]:40001"), at(first)),
        false => (at("10.1.0.2:40001"), at(first)),
    };
    let (last_own, last) = (us(), at(second));
    let syn_ack = segment(last, last_own, SYN_ACK, THEIRS, OURS.wrapping_add(1), 0);
    Made::new("fallback")
        .across(11_000, true, &segment(own, other, SYN, 77, 0, 0))
        .call_on(5, other, 10_900, Some(11_000), "connect", error(EINPROGRESS, "EINPROGRESS"), "")
        .across(261_000, true, &segment(last_own, last, SYN, OURS, 0, 0))
        .across(271_000, false, &syn_ack)
        .across(271_100, true, &segment(last_own, last, ACK, OURS.wrapping_add(1), THEIRS + 1, 0))
        .call_on(1, last, 260_900, Some(261_000), "connect", error(EINPROGRESS, "EINPROGRESS"), "")
        .call_on(1, last, 261_100, Some(271_100), "poll", Said::Value(1), "POLLOUT")
        .call_on(
            1,
            last,
            271_200,
            Some(271_210),
            "getsockopt",
            Said::Pending { number: 0, name: String::new() },
            "SO_ERROR",
        )
        .ended(End::Exited(0), 300_000, "")
}

fn error_of_udp() -> Said {
    error(ECONNREFUSED, "ECONNREFUSED")
}

fn datagrams(then: impl Fn(Made) -> Made) -> Run {
    let said = Made::new("datagrams")
        .call(1_000, 10, "connect", Said::Value(0), "")
        .call(2_000, 10, "sendto", Said::Value(5), "")
        .near(2_000, true, &datagram(us(), target(), b"hello"));
    let mut run = then(said).done();
    run.calls.iter_mut().for_each(|call| call.kind = SocketKind::Datagram);
    run
}

/// Every cause of the table but the last, with a record that shows it.
pub(crate) fn all() -> Vec<(&'static str, Run)> {
    let intruder = segment_with_ttl(250, target(), us(), RST, 0, OURS.wrapping_add(1), 0);
    let intruder_later = segment(target(), us(), RST, THEIRS + 1, OURS.wrapping_add(75), 0);
    let syn_ack = segment(target(), us(), SYN_ACK, THEIRS, OURS.wrapping_add(1), 0);
    let long = segment(target(), us(), DATA, THEIRS + 1, OURS.wrapping_add(75), 1_460);
    let too_long = icmp_to_peer(&long, 1_280);
    let mut not_seen = Made::new("not seen").done();
    not_seen.observation = Observation::Not("a 32-bit program".to_owned());
    let at_once = |number, name: &str| Made::new("here").fails(1_000, 40, number, name).done();
    vec![
        ("name-missing", asked_for_name(Some((3, 0))).lookup(800, "A", Asked::NoSuchName).done()),
        ("name-without-address", asked_for_name(Some((0, 0))).done()),
        ("name-server-failed", asked_for_name(Some((2, 0))).done()),
        ("name-server-silent", asked_for_name(None).ended(End::Exited(6), 10_000_000, "").done()),
        (
            "datagram-unreachable",
            datagrams(|made| {
                let error = icmp(target().ip(), 3, 3, 0, &datagram(us(), target(), b"hello"));
                made.near(30_000, false, &error).call(40_000, 5, "recvfrom", error_of_udp(), "")
            }),
        ),
        ("datagram-silence", datagrams(|made| made)),
        ("datagrams", datagrams(|made| made.near(30_000, false, &datagram(target(), us(), b"hello")))),
        ("no-route", at_once(ENETUNREACH, "ENETUNREACH")),
        ("no-ports", at_once(EADDRNOTAVAIL, "EADDRNOTAVAIL")),
        ("not-permitted", at_once(13, "EACCES")),
        ("failed-here", at_once(22, "EINVAL")),
        ("no-packet", Made::new("none").call_on(1, target(), 900, None, "connect", Said::StillWaiting, "").done()),
        ("never-called", Made::new("own").ended(End::Exited(2), 900, "usage: prog HOST\n").done()),
        ("not-seen", not_seen),
        (
            "reset-between",
            connected()
                .near(30_000, false, &intruder_later)
                .call(22_000, 8_000, "recvfrom", error(ECONNRESET, "ECONNRESET"), "")
                .done(),
        ),
        (
            "reset-in-body",
            connected()
                .hears(30_000, DATA, 0, 500, 74)
                .hears(40_000, RST, 500, 0, 74)
                .call(31_000, 9_000, "recvfrom", error(ECONNRESET, "ECONNRESET"), "")
                .done(),
        ),
        (
            "reset-after-accept",
            connected()
                .hears(23_000, RST, 0, 0, 74)
                .call(22_500, 9_000, "recvfrom", error(ECONNRESET, "ECONNRESET"), "")
                .done(),
        ),
        (
            "black-hole",
            connected()
                .hears(23_000, ACK, 0, 0, 74)
                .on("shop", 30_000, false, Fate::Carried, &long)
                .on("shop", 330_000, false, Fate::Carried, &long)
                .on("shop", 930_000, false, Fate::Carried, &long)
                .ended(LIMIT, 5_000_000, "")
                .done(),
        ),
        ("fell-silent", connected().says(300_000, 0, 74).says(900_000, 0, 74).ended(LIMIT, 5_000_000, "").done()),
        ("silent-after-accept", connected().hears(32_000, ACK, 0, 0, 74).ended(LIMIT, 5_000_000, "").done()),
        ("stalled", connected().hears(32_000, DATA, 0, 500, 74).ended(LIMIT, 5_000_000, "").done()),
        (
            "closed-without-a-byte",
            connected().hears(32_000, FIN, 0, 0, 74).call(22_500, 9_600, "recvfrom", Said::Value(0), "").done(),
        ),
        ("v6-dead", fallback("[fd00:2::2]:80", "10.2.0.2:80").done()),
        ("first-address-dead", fallback("10.2.0.2:80", "10.2.0.3:80").done()),
        ("retried", fallback("10.2.0.2:80", "10.2.0.2:80").done()),
        (
            "length-told",
            ok(connected()
                .on("shop", 30_000, false, Fate::TooBig, &long)
                .on("shop", 30_400, true, Fate::Carried, &too_long)
                .hears(40_000, DATA, 0, 1_240, 74)
                .hears(40_100, FIN, 1_240, 220, 74)),
        ),
        (
            "loss",
            ok(connected()
                .on(
                    "shop",
                    30_000,
                    false,
                    Fate::Lost,
                    &segment(target(), us(), DATA, THEIRS + 1, OURS.wrapping_add(75), 233),
                )
                .hears(230_000, FIN, 0, 233, 74)),
        ),
        ("late", ok(Made::new("late").syn(11_000).syn(1_031_000).opens(3_081_000).asks(10_900, 3_091_200, 0, ""))),
        (
            "slow",
            connected()
                .hears(1_000_000, DATA, 0, 500, 74)
                .hears(2_000_000, DATA, 500, 500, 74)
                .hears(3_000_000, FIN, 1_000, 0, 74)
                .ended(End::Exited(0), 3_100_000, "")
                .done(),
        ),
        ("connected", ok(connected().hears(32_000, FIN, 0, 233, 74))),
        (
            "reset-between-opening",
            Made::new("intruder")
                .named()
                .syn(11_000)
                .near(12_000, false, &intruder)
                .fails(10_900, 1_200, ECONNREFUSED, "ECONNREFUSED")
                .done(),
        ),
        (
            "refused-late",
            rst(3_090_000)(Made::new("late refusal").syn(11_000).syn(1_031_000).syn(3_081_000))
                .fails(10_900, 3_079_300, ECONNREFUSED, "ECONNREFUSED")
                .done(),
        ),
        ("refused", refused()),
        ("network-unreachable", by_icmp(3, 0, ENETUNREACH, "ENETUNREACH")),
        ("host-unreachable", by_icmp(3, 1, EHOSTUNREACH, "EHOSTUNREACH")),
        ("port-unreachable", by_icmp(3, 3, ECONNREFUSED, "ECONNREFUSED")),
        ("prohibited", by_icmp(3, 13, EHOSTUNREACH, "EHOSTUNREACH")),
        ("ttl-exceeded", by_icmp(11, 0, EHOSTUNREACH, "EHOSTUNREACH")),
        ("icmp", by_icmp(3, 2, 92, "ENOPROTOOPT")),
        (
            "syn-ack-lost",
            Made::new("answer lost")
                .syn(11_000)
                .on("shop", 21_000, false, Fate::Lost, &syn_ack)
                .fails(10_900, 3_000_000, ETIMEDOUT, "ETIMEDOUT")
                .done(),
        ),
        (
            "syn-lost",
            Made::new("syn lost")
                .on("us", 11_000, true, Fate::Lost, &syn_packet())
                .on("us", 1_011_000, true, Fate::Lost, &syn_packet())
                .fails(10_900, 3_000_000, ETIMEDOUT, "ETIMEDOUT")
                .done(),
        ),
        ("silence", silence()),
    ]
}

/// "Packet too big", told to the peer on its own line.
fn icmp_to_peer(about: &[u8], mtu: u16) -> Vec<u8> {
    let router = "10.2.0.1".parse().unwrap();
    let message = icmp(router, 3, 4, mtu, about);
    packet(64, router, target().ip(), synsent_wire::ip::Protocol::ICMPV4, &message[20..])
}

fn says(why: &Why, words: &[&str]) {
    let because = why.because.join(" ");
    for word in words {
        assert!(because.contains(word), "{word:?} is not in {because}");
    }
}

fn excludes(why: &Why, cause: &str, evidence: &str) {
    let found = why.not.iter().find(|not| not.cause == cause);
    let found = found.unwrap_or_else(|| panic!("{cause} is not excluded: {:#?}", why.not));
    assert!(found.evidence.contains(evidence), "{evidence:?} is not in {:?}", found.evidence);
}

fn never_excludes(why: &Why, cause: &str) {
    assert!(why.not.iter().all(|not| not.cause != cause), "{cause} is excluded: {:#?}", why.not);
}

#[test]
fn every_cause_is_found_by_its_evidence() {
    let scenarios = all();
    for (cause, run) in &scenarios {
        let why = why(run);
        assert_eq!(why.cause, *cause, "{:#?}", why.because);
        assert_eq!(why.because.len(), 2);
        for sentence in &why.because {
            assert!(sentence.ends_with('.') && sentence.len() > 20, "{cause}: {sentence}");
            assert!(!sentence.contains("  "), "{cause}: {sentence}");
        }
    }
    // Each row of the table is tried here.
    let tried: BTreeSet<&str> = scenarios.iter().map(|(cause, _)| *cause).collect();
    let rows: BTreeSet<&str> = super::CAUSES.iter().map(|row| row.id).filter(|id| *id != "unexplained").collect();
    assert_eq!(tried, rows);
}

#[test]
fn no_two_causes_are_explained_alike() {
    let mut told = BTreeSet::new();
    for (cause, run) in all() {
        let why = why(&run);
        assert!(told.insert(why.because[0].clone()), "{cause}: {}", why.because[0]);
    }
}

#[test]
fn a_cause_that_is_shown_is_never_excluded_too() {
    for (cause, run) in all() {
        let row = super::CAUSES.iter().find(|row| row.id == cause).unwrap();
        never_excludes(&why(&run), row.label);
    }
}

#[test]
fn a_refusal_names_who_refused_and_what_it_was_not() {
    let why = why(&refused());
    says(&why, &["10.2.0.2 itself answered the SYN to port 80 with a RST 11.2 ms", "ECONNREFUSED through SO_ERROR"]);
    excludes(&why, "a firewall that drops or a host that is down", "the RST came from 10.2.0.2 itself after 11.2 ms");
    excludes(&why, "DNS", "shop.test was answered with 10.2.0.2 in 10.0 ms");
    excludes(&why, "a router that says no", "no ICMP error came");
    excludes(&why, "somebody on the way who resets", "on the line of 10.2.0.2 first");
    excludes(&why, "a route that is missing here", "the SYN left 0.1 ms after");
    excludes(&why, "local ports used up", "port 40000");
    assert_eq!(why.outcome, Some(Outcome::Refused));
    assert!(why.unknown[0].contains("Whether nothing listens"), "{:?}", why.unknown);
}

#[test]
fn silence_is_counted_and_nobody_is_accused() {
    let why = why(&silence());
    says(
        &why,
        &[
            "any of 4 SYNs to 10.2.0.2:80",
            "sent at 0, 1.02, 3.07 and 7.10 s",
            "for 15.30 s",
            "ETIMEDOUT",
            "repeats a SYN 3 times here and then gives up (by default it would give up after about 131 s)",
        ],
    );
    excludes(&why, "a refused port", "nothing came back to any of 4 SYNs");
    excludes(&why, "loss", "each of 4 SYNs was on the line of 10.2.0.2");
    never_excludes(&why, "a firewall that drops or a host that is down");
    let all = format!("{:?} {:?}", why.because, why.not);
    for claim in ["is down", "firewall drops", "backlog"] {
        assert!(!all.contains(claim), "{claim}: {all}");
    }
    let unknown = why.unknown.join(" ");
    for open in ["host is down", "firewall drops", "backlog is full"] {
        assert!(unknown.contains(open), "{open}: {unknown}");
    }
    assert_eq!(why.outcome, Some(Outcome::TimedOut));
    assert_eq!(why.lab, ["rule 1 of shop: silent"]);
}

#[test]
fn what_the_lab_decided_never_becomes_evidence() {
    for words in ["rule 1 of shop: backlog-full (1)", "rule 1 of shop: refuses"] {
        let mut run = silence();
        run.verdicts[0].words = words.to_owned();
        let (told, before) = (why(&run), why(&silence()));
        assert_eq!((told.because, told.not, told.unknown), (before.because, before.not, before.unknown));
        assert_eq!(told.lab, [words]);
    }
}

#[test]
fn who_ended_a_silent_opening_is_told() {
    let begun = || Made::new("silent").syn(11_000).syn(1_031_000);
    let waiting = begun().call_on(1, target(), 10_900, None, "connect", Said::StillWaiting, "");
    let why_waiting = why(&waiting.ended(LIMIT, 5_000_000, "").done());
    says(&why_waiting, &["connect() had no result after 4.98 s", "ended after its limit of 5.00 s"]);
    let gave_up = begun()
        .call(10_900, 100, "connect", error(EINPROGRESS, "EINPROGRESS"), "")
        .call(11_100, 1_999_000, "poll", Said::Value(0), "0")
        .call(2_010_900, 10, "close", Said::Value(0), "");
    let why_gave_up = why(&gave_up.ended(End::Exited(28), 2_020_000, "").done());
    says(&why_gave_up, &["The program itself gave up after 2.00 s, closed the socket and was told nothing"]);
}

#[test]
fn an_answer_is_told_before_an_attempt_that_was_given_up() {
    let (own, first) = (at("[fd00:1::2]:40001"), at("[fd00:2::2]:80"));
    let made = Made::new("late refusal")
        .across(1_000, true, &segment(own, first, SYN, 7, 0, 0))
        .across(11_000, false, &segment(first, own, RST, 0, 8, 0))
        .call_on(5, first, 900, Some(11_100), "connect", error(ECONNREFUSED, "ECONNREFUSED"), "")
        .syn(12_000)
        .call(11_900, 100, "connect", error(EINPROGRESS, "EINPROGRESS"), "")
        .call(2_000_000, 10, "close", Said::Value(0), "");
    let told = why(&made.ended(End::Exited(1), 2_010_000, "").done());
    assert_eq!(told.cause, "refused");
    says(&told, &["fd00:2::2 itself", "besides, 10.2.0.2:80 gave no answer to 1 SYN"]);
}

#[test]
fn a_program_that_gives_up_itself_has_met_silence() {
    let made = connected()
        .hears(32_000, ACK, 0, 0, 74)
        .across(4_000_000, true, &segment(us(), target(), FIN, OURS.wrapping_add(75), THEIRS + 1, 0))
        .hears(4_010_000, ACK, 0, 0, 75);
    let told = why(&made.ended(End::Exited(1), 4_020_000, "timed out\n").done());
    assert_eq!(told.cause, "silent-after-accept");
    says(&told, &["nothing came for 3.97 s", "ended with exit code 1"]);
}

#[test]
fn a_line_that_loses_is_no_address_that_is_dead() {
    let mut run = fallback("[fd00:2::2]:80", "10.2.0.2:80").done();
    run.packets.iter_mut().filter(|packet| packet.at_us < 200_000).for_each(|packet| packet.fate = Fate::Lost);
    assert_ne!(why(&run).cause, "v6-dead");
}

#[test]
fn a_datagram_socket_without_a_route_has_called_connect() {
    let mut run = Made::new("no route").fails(1_000, 20, ENETUNREACH, "ENETUNREACH").done();
    run.calls.iter_mut().for_each(|call| call.kind = SocketKind::Datagram);
    assert_eq!(why(&run).cause, "no-route");
    assert_eq!(crate::said_line(&run), "ENETUNREACH");
}

#[test]
fn each_icmp_error_names_its_sender_and_what_linux_folds() {
    let host = why(&by_icmp(3, 1, EHOSTUNREACH, "EHOSTUNREACH"));
    says(
        &host,
        &[
            "The router 10.1.0.1",
            "10.2.0.2:80",
            "ICMP host unreachable 1.1 ms",
            "EHOSTUNREACH",
            "folds ICMP 3/1 (host unreachable)",
            "11/0",
        ],
    );
    excludes(&host, "a refused port", "no RST came");
    excludes(&host, "a firewall that drops or a host that is down", "the router 10.1.0.1 said so");
    assert_eq!(host.outcome, Some(Outcome::HostUnreachable));
    let prohibited = why(&by_icmp(3, 13, EHOSTUNREACH, "EHOSTUNREACH"));
    says(&prohibited, &["communication administratively prohibited", "EHOSTUNREACH"]);
    assert_eq!(prohibited.outcome, Some(Outcome::Prohibited));
    assert_eq!(why(&by_icmp(3, 0, ENETUNREACH, "ENETUNREACH")).outcome, Some(Outcome::NetworkUnreachable));
    assert_eq!(why(&by_icmp(3, 3, ECONNREFUSED, "ECONNREFUSED")).outcome, Some(Outcome::Refused));
    // Nothing is said to fold where Linux folds nothing.
    assert!(!why(&by_icmp(3, 2, 92, "ENOPROTOOPT")).because[1].contains("folds"));
}

#[test]
fn an_icmp_error_that_linux_ignores_is_no_cause() {
    let error = icmp(ROUTER, 3, 4, 1_280, &syn_packet());
    let run = Made::new("x").near(11_000, true, &syn_packet()).near(12_000, false, &error).fails(
        10_900,
        3_000_000,
        ETIMEDOUT,
        "ETIMEDOUT",
    );
    assert_eq!(why(&run.done()).cause, "silence");
}

#[test]
fn a_reset_of_somebody_else_is_told_by_its_line_or_its_ttl() {
    let (_, run) = all().into_iter().find(|(cause, _)| *cause == "reset-between-opening").unwrap();
    says(&why(&run), &["in the name of 10.2.0.2, which did not send it", "it was never on the line of 10.2.0.2"]);
    let ttl = connected().near(
        30_000,
        false,
        &segment_with_ttl(250, target(), us(), RST, THEIRS + 1, OURS.wrapping_add(75), 0),
    );
    let told = why(&ttl.done());
    assert_eq!(told.cause, "reset-between");
    says(&told, &["its TTL is 250, that of the other packets 63"]);
}

#[test]
fn without_lines_behind_the_router_nobody_is_accused_of_a_reset() {
    let mut run = refused();
    run.packets.retain(|packet| packet.line == "us");
    let told = why(&run);
    assert_eq!(told.cause, "refused");
    assert!(!told.because[0].contains("itself"), "{}", told.because[0]);
    never_excludes(&told, "somebody on the way who resets");
    excludes(&told, "a firewall that drops or a host that is down", "a RST with the address 10.2.0.2");
}

#[test]
fn a_program_whose_calls_were_not_observed_is_not_given_an_error() {
    let mut run = refused();
    run.calls.clear();
    run.observation = Observation::Not("a 32-bit program".to_owned());
    let told = why(&run);
    assert_eq!(told.cause, "refused");
    says(&told, &["What connect() said to the program was not observed"]);
    let all = format!("{told:?}");
    assert!(!all.contains("ECONNREFUSED"), "{all}");
}

#[test]
fn the_same_at_both_addresses_is_said_in_one_sentence() {
    let (own, first) = (at("[fd00:1::2]:40001"), at("[fd00:2::2]:80"));
    let made = Made::new("refused")
        .across(1_000, true, &segment(own, first, SYN, 7, 0, 0))
        .across(11_000, false, &segment(first, own, RST, 0, 8, 0))
        .call_on(5, first, 900, Some(11_100), "connect", error(ECONNREFUSED, "ECONNREFUSED"), "")
        .syn(11_300)
        .fails(11_200, 10_300, ECONNREFUSED, "ECONNREFUSED");
    let told = why(&rst(21_300)(made).done());
    says(&told, &["10.2.0.2 itself", "it was the same at [fd00:2::2]:80"]);
}

#[test]
fn another_error_at_another_address_is_told_with_its_name() {
    let (own, first) = (at("[fd00:1::2]:40001"), at("[fd00:2::2]:80"));
    let syn = segment(own, first, SYN, 7, 0, 0);
    let (error_v6, error_v4) =
        (icmp("fd00:1::1".parse().unwrap(), 1, 1, 0, &syn), icmp(ROUTER, 3, 13, 0, &syn_packet()));
    let made = Made::new("filtered")
        .near(1_000, true, &syn)
        .near(2_000, false, &error_v6)
        .call_on(5, first, 900, Some(2_100), "connect", error(13, "EACCES"), "")
        .near(3_000, true, &syn_packet())
        .near(4_000, false, &error_v4)
        .fails(2_900, 1_200, EHOSTUNREACH, "EHOSTUNREACH");
    let told = why(&made.done());
    assert_eq!(told.cause, "prohibited");
    says(&told, &["it was the same at [fd00:2::2]:80 (where connect() said EACCES)"]);
}

#[test]
fn a_refusal_that_was_held_back_is_told_with_both_times() {
    let (_, run) = all().into_iter().find(|(cause, _)| *cause == "refused-late").unwrap();
    says(&why(&run), &["let 3 SYNs wait", "3.07 s after the first and 9.0 ms after the last"]);
}

#[test]
fn a_connection_is_told_with_its_octets() {
    let find = |id: &str| why(&all().into_iter().find(|(cause, _)| *cause == id).unwrap().1);
    says(
        &find("connected"),
        &["accepted 10.0 ms after the SYN", "74 octets went out and 233 came back", "exit code 0"],
    );
    says(&find("reset-in-body"), &["sent 500 octets, and then a RST", "recv said ECONNRESET"]);
    says(&find("reset-after-accept"), &["a RST", "before any octet", "ECONNRESET"]);
    says(&find("closed-without-a-byte"), &["without an octet", "74 octets", "a read returns 0"]);
    says(&find("silent-after-accept"), &["acknowledged all of the 74 octets", "nothing came for 4.97 s"]);
    says(&find("black-hole"), &["10.2.0.2's packets of 1500 octets", "3 sendings", "no ICMP error came"]);
    says(&find("length-told"), &["told 10.2.0.2", "takes 1280 octets", "1460 octets came"]);
    says(&find("slow"), &["1000 octets in 1.97", "about 50"]);
    says(&find("loss"), &["1 packet did not arrive", "1 segment was sent again"]);
    says(&find("late"), &["answered the third SYN", "3.08 s after the first"]);
    let resets = ["reset-in-body", "reset-after-accept", "reset-between"];
    assert!(resets.iter().all(|id| find(id).outcome == Some(Outcome::Reset)));
}

#[test]
fn a_fallback_tells_what_it_cost() {
    let find = |id: &str| why(&all().into_iter().find(|(cause, _)| *cause == id).unwrap().1);
    says(
        &find("v6-dead"),
        &["[fd00:2::2]:80 gave no answer to 1 SYN", "250 ms after the first attempt 10.2.0.2:80", "from IPv6 to IPv4"],
    );
    says(&find("first-address-dead"), &["10.2.0.2:80 gave no answer", "10.2.0.3:80 was tried", "the next address"]);
    says(&find("retried"), &["the same address again"]);
}

#[test]
fn datagrams_are_no_connections() {
    let find = |id: &str| why(&all().into_iter().find(|(cause, _)| *cause == id).unwrap().1);
    let unreachable = find("datagram-unreachable");
    says(&unreachable, &["1 datagram to 10.2.0.2:80", "ICMP port unreachable", "recv said ECONNREFUSED"]);
    assert_eq!(unreachable.outcome, Some(Outcome::Refused));
    says(&find("datagram-silence"), &["no answer came", "only notes the peer"]);
    says(&find("datagrams"), &["1 came back"]);
}

#[test]
fn what_a_rule_of_the_lab_drops_looks_like_silence_and_not_like_loss() {
    let made = Made::new("ruled").on("us", 11_000, true, Fate::Carried, &syn_packet());
    let made = made.on("shop", 11_300, true, Fate::Ruled, &syn_packet());
    let told = why(&made.fails(10_900, 3_000_000, ETIMEDOUT, "ETIMEDOUT").done());
    assert_eq!(told.cause, "silence");
}

#[test]
fn before_any_packet_names_and_routes_are_told_apart() {
    let find = |id: &str| why(&all().into_iter().find(|(cause, _)| *cause == id).unwrap().1);
    says(&find("name-missing"), &["shop.test does not exist", "no SYN left"]);
    says(&find("name-server-silent"), &["2 questions for shop.test to 10.1.0.53:53 got no answer"]);
    never_excludes(&find("name-missing"), "a refused port");
    let no_route = find("no-route");
    says(&no_route, &["Nothing was sent", "no route to 10.2.0.2:80", "ENETUNREACH"]);
    assert_eq!(no_route.outcome, Some(Outcome::NetworkUnreachable));
    assert_eq!(find("no-ports").outcome, Some(Outcome::NoPorts));
    assert_eq!(find("name-missing").outcome, None);
}

#[test]
fn what_the_program_saw_is_told_in_order_and_cannot_move_the_cursor() {
    let run = rst(22_200)(Made::new("refused").syn(11_000)).asks(10_900, 22_300, ECONNREFUSED, "ECONNREFUSED").ended(
        End::Exited(7),
        50_000,
        "warning\n\u{1b}[2Jcurl: (7) gone\n\n",
    );
    let seen = why(&run.done()).seen;
    assert_eq!(
        seen,
        [
            "connect(3, 10.2.0.2:80) = EINPROGRESS after 0.1 ms",
            "poll(3) = POLLOUT|POLLERR|POLLHUP after 11.2 ms",
            "getsockopt(3, SO_ERROR) = ECONNREFUSED after 0.01 ms",
            "exit code 7 after 50.0 ms",
            "on standard error: ^[[2Jcurl: (7) gone",
        ]
    );
}

#[test]
fn sockets_that_only_ask_for_an_address_are_passed_over() {
    let mut run = Made::new("x").call_on(8, target(), 100, Some(110), "connect", Said::Value(0), "").done();
    run.calls.iter_mut().for_each(|call| call.kind = SocketKind::Datagram);
    assert_eq!(why(&run).seen[0], "exit code 7 after 50.0 ms");
    assert_eq!(crate::said_line(&run), "no connect() was called");
}

#[test]
fn a_call_that_is_made_very_often_is_one_line() {
    let mut made = connected();
    for turn in 0..500 {
        made = made.call(30_000 + turn * 100, 10 + turn, "recvfrom", Said::Value(1), "1 octet");
    }
    for turn in 0..100 {
        made = made.call(90_000 + turn * 100, 10, if turn % 2 == 0 { "read" } else { "write" }, Said::Value(1), "");
    }
    let seen = why(&made.done()).seen;
    assert!(seen.len() < 24, "{seen:#?}");
    assert!(seen.iter().any(|line| line.contains("×500")), "{seen:#?}");
    assert!(seen.iter().any(|line| line.contains("lines more")), "{seen:#?}");
}

/// A large answer of which the middle was left out; what came after that is kept where it is told.
fn cut_short(last: Option<fn(Made) -> Made>) -> Run {
    let mut made = connected().hears(30_000, DATA, 0, 500, 74);
    let kept = made.run.packets.len();
    if let Some(last) = last {
        made = last(made);
    }
    let mut run = made.call(31_000, 900_000, "recvfrom", error(ECONNRESET, "ECONNRESET"), "").done();
    (run.packets_left_out, run.packets_left_out_before) = (4_000, Some(kept));
    run
}

#[test]
fn what_was_left_out_is_never_denied() {
    let told = why(&cut_short(None));
    says(&told, &["at least 74 octets went out and at least 500 came back", "how it ended is not in the record"]);
    says(&told, &["recv said ECONNRESET", "the RST that this error tells of is among the packets that were not kept"]);
    assert_eq!(told.outcome, Some(Outcome::Reset));
    for cause in ["a reset by the server", "a server that closes at once", "loss", "a router that says no"] {
        never_excludes(&told, cause);
    }
    assert!(told.unknown.iter().any(|open| open.contains("it keeps the first ones")), "{:?}", told.unknown);
    let wire = crate::wire_line(&cut_short(None));
    assert!(wire.contains("at least 500 in") && wire.contains("4000 packets more were not kept"), "{wire}");
    assert!(!format!("{told:?}").contains("did not end it"), "{told:#?}");
}

#[test]
fn the_last_packets_tell_how_it_ended_and_how_much_there_was() {
    let reset = why(&cut_short(Some(|made| made.hears(900_000, RST, 2_000_000, 0, 74))));
    assert_eq!(reset.cause, "reset-in-body");
    says(&reset, &["sent at least 500 octets, and then a RST 889 ms after our SYN", "recv said ECONNRESET"]);
    assert!(reset.unknown.iter().any(|open| open.contains("the first and the last ones")), "{:?}", reset.unknown);
    let closed =
        cut_short(Some(|made| made.hears(890_000, DATA, 1_999_000, 1_000, 74).hears(900_000, FIN, 2_000_000, 0, 74)));
    says(&why(&closed), &["2000000 came back, and the other side ended it first"]);
    assert!(!why(&closed).because[0].contains("at least 2000000"), "{:?}", why(&closed).because);
    let ladder = crate::ladder::lay_out(&closed);
    assert!(ladder.rows.iter().any(|row| row.words == "4000 packets not recorded"), "{:#?}", ladder.rows);
}

#[test]
fn an_attempt_whose_packets_were_left_out_is_not_said_to_have_sent_none() {
    let mut run = Made::new("left out").fails(1_000, 40, ENETUNREACH, "ENETUNREACH").done();
    run.packets_left_out = 7;
    let told = why(&run);
    assert!(!told.because[0].contains("Nothing was sent"), "{:?}", told.because);
    says(&told, &["connect() said ENETUNREACH"]);
}

#[test]
fn what_was_repeated_in_another_attempt_is_not_denied() {
    let mut made = fallback("10.2.0.2:80", "10.2.0.3:80");
    let syn = segment(at("10.1.0.2:40001"), at("10.2.0.2:80"), SYN, 77, 0, 0);
    made = made.across(111_000, true, &syn);
    let told = why(&made.done());
    says(&told, &["10.2.0.2:80 gave no answer to 2 SYNs"]);
    excludes(&told, "loss", "no segment was sent twice in the connection to 10.2.0.3:80");
    let (_, clean) = all().into_iter().find(|(cause, _)| *cause == "first-address-dead").unwrap();
    excludes(&why(&clean), "loss", "no segment was sent twice");
}

#[test]
fn what_is_excluded_is_not_left_open_too() {
    for cause in ["late", "refused-late"] {
        let (_, mut run) = all().into_iter().find(|(known, _)| *known == cause).unwrap();
        let told = why(&run);
        excludes(&told, "loss", "each of 3 SYNs was on the line of 10.2.0.2");
        assert!(!told.unknown.iter().any(|open| open.contains("were lost")), "{cause}: {:?}", told.unknown);
        assert!(told.unknown[0].contains("not answered, though they arrived"), "{cause}: {:?}", told.unknown);
        // Without the lines behind the router both are possible.
        run.packets.retain(|packet| packet.line == "us");
        let told = why(&run);
        never_excludes(&told, "loss");
        assert!(told.unknown[0].contains("were lost, or heard"), "{cause}: {:?}", told.unknown);
    }
}

#[test]
fn a_program_that_left_before_the_refusal_was_not_told_at_once() {
    let left = |closed_us: i64| {
        let made = Made::new("left").syn(11_000).call(10_900, 100, "connect", error(EINPROGRESS, "EINPROGRESS"), "");
        why(&rst(500_000)(made.call(closed_us, 10, "close", Said::Value(0), ""))
            .ended(End::Exited(1), 900_000, "")
            .done())
    };
    let told = left(300_000);
    assert_eq!(told.cause, "refused");
    says(&told, &["gave up after", "was told nothing: the answer came when the socket was closed"]);
    says(&left(600_000), &["the answer had come, and it did not ask for it"]);
    assert!(!told.because[1].contains("at once"), "{:?}", told.because);
}
