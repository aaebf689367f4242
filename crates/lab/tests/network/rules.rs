//! Rules of hosts by attempt and time: which row decides about which attempt, what the wire shows of it, and what the lab says of why.

use std::net::SocketAddr;

use synsent_lab::{
    ATTEMPTS_MAX, By, Cut, CutHow, DESKS_MAX, Deed, Does, HostId, IcmpError, Lab, Late, Row, Scenario, Staged, Staging,
    VERDICTS_MAX, When,
};
use synsent_stack::{
    Cause, Config, Duration, FlowId, IcmpCause, Instant, OpenOptions, ReceiveError, SoftErrors, State, TcpOptions,
    UdpOptions,
};

const SECOND: Duration = Duration::from_secs(1);

fn staged(text: &str) -> Staged {
    let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let mut config = Config::default();
    config.tcp.options =
        TcpOptions { soft_errors: SoftErrors::AbortOnAny, syn_retries: Some(2), ..TcpOptions::default() };
    scenario.stage_with(&Staging { config, ..Staging::default() })
}

/// A lab with one host, `h` at 10.2.0.2 and fd00:2::2, whose table goes on with this.
fn one_host(rest: &str) -> Staged {
    staged(&format!("[[host]]\nname = \"h\"\naddresses = [\"10.2.0.2\", \"fd00:2::2\"]\n{rest}"))
}

fn ports(rows: &str) -> Staged {
    one_host(&format!("port = [\n{rows}\n]"))
}

/// Opens and waits for what comes of it: `connected`, or the failure in a word.
fn open(staged: &mut Staged, to: &str) -> &'static str {
    let flow = begin(staged, to);
    let us = staged.us;
    let over = |lab: &mut Lab| {
        lab.stack(us).tcp_status(flow).is_none_or(|one| !matches!(one.state, State::SynSent | State::SynReceived))
    };
    assert!(staged.lab.run_until(staged.lab.now() + 300 * SECOND, over));
    let status = staged.lab.stack(us).tcp_status(flow).expect("a connection that is kept until it is looked at");
    match status.failure.map(|failure| failure.cause) {
        None => "connected",
        Some(Cause::Refused { .. }) => "refused",
        Some(Cause::TimedOut { .. }) => "timed out",
        Some(Cause::Icmp { .. }) => "icmp",
        Some(other) => panic!("{other:?}"),
    }
}

fn begin(staged: &mut Staged, to: &str) -> FlowId {
    let remote: SocketAddr = to.parse().unwrap();
    staged.lab.call(staged.us, |stack, now| stack.tcp_connect(now, OpenOptions::to(remote))).expect("a way")
}

fn words(lab: &Lab) -> Vec<String> {
    lab.verdicts().map(|verdict| verdict.words.clone()).collect()
}

/// A word, what it comes to for who opens, how many packets a rule decides about, and what becomes of each.
type Word = (&'static str, &'static str, usize, fn(&Deed) -> bool);

const DOES: [Word; 13] = [
    ("\"answers\"", "connected", 1, |deed| *deed == Deed::Passed),
    ("\"answers-late\", unheard = 0", "connected", 1, |deed| *deed == Deed::Passed),
    ("\"refuses\"", "refused", 1, |deed| *deed == Deed::Passed),
    ("\"silent\"", "timed out", 3, |deed| *deed == Deed::Dropped),
    ("\"withholds\"", "timed out", 3, |deed| *deed == Deed::Passed),
    ("\"withholds-then-refuses\", after = \"100ms\"", "refused", 1, |deed| *deed == Deed::Passed),
    ("\"backlog-full\", backlog = 3", "timed out", 3, |deed| *deed == Deed::Passed),
    ("\"says\", text = \"x\"", "connected", 1, |deed| *deed == Deed::Passed),
    ("\"says-nothing\"", "connected", 1, |deed| *deed == Deed::Passed),
    ("\"network-unreachable\"", "icmp", 1, |deed| matches!(deed, Deed::Answered(IcmpError::NetworkUnreachable))),
    ("\"host-unreachable\", by = \"host\"", "icmp", 1, |deed| matches!(deed, Deed::Answered(_))),
    ("\"port-unreachable\"", "icmp", 1, |deed| matches!(deed, Deed::Answered(_))),
    ("\"icmp\", v4 = [3, 10], v6 = [1, 6]", "icmp", 1, |deed| matches!(deed, Deed::Answered(_))),
];

/// Every condition with every word: the conditioned row decides about the attempts that it is for, and the next one about all others.
#[test]
fn each_condition_chooses_its_attempts_whatever_is_done_with_them() {
    // The condition, and which of four attempts that begin at 0, 20, 40 and 60 s it is for.
    let conditions = [
        ("first = 2", [true, true, false, false]),
        ("attempts = \"2..3\"", [false, true, true, false]),
        ("attempts = \"3..\"", [false, false, true, true]),
        ("from = \"20s\"", [false, true, true, true]),
        ("until = \"40s\"", [true, true, false, false]),
        ("from = \"10s\", until = \"50s\", attempts = \"3..\"", [false, false, true, false]),
    ];
    for (condition, fits) in conditions {
        for (does, outcome, decided, became) in DOES {
            for to in ["10.2.0.2:80", "[fd00:2::2]:80"] {
                let rows =
                    format!("{{ number = 80, {condition}, does = {does} }}, {{ number = 80, does = \"closes\" }}");
                let mut staged = ports(&rows);
                for (number, fits) in fits.into_iter().enumerate() {
                    staged.lab.run_until(Instant::from_secs(20 * number as u64), |_| false);
                    let before = staged.lab.verdicts().count();
                    let wanted = if fits { outcome } else { "connected" };
                    assert_eq!(open(&mut staged, to), wanted, "{condition}, {does}, attempt {}", number + 1);
                    let new: Vec<_> = staged.lab.verdicts().skip(before).collect();
                    let rule = if fits { 1 } else { 2 };
                    assert_eq!(new.len(), if fits { decided } else { 1 }, "{condition}, {does}");
                    for (packet, one) in new.into_iter().enumerate() {
                        let place = (one.rule, one.attempt, one.packet);
                        assert_eq!(place, (Some(rule), number as u32 + 1, packet as u32 + 1), "{condition}, {does}");
                        assert!(one.words.starts_with(&format!("rule {rule} of h: ")), "{}", one.words);
                        assert!(!fits || became(&one.deed), "{does}: {:?}", one.deed);
                    }
                }
            }
        }
    }
}

#[test]
fn verdicts_say_who_decided_about_what_and_why() {
    let mut staged = ports(
        "{ number = 80, first = 1, does = \"answers-late\", unheard = 1 }, { number = 80, does = \"prohibited\" }, \
         { number = 81, does = \"backlog-full\", backlog = 2 }",
    );
    for to in ["10.2.0.2:80", "10.2.0.2:80", "10.2.0.2:81", "10.2.0.2:82"] {
        open(&mut staged, to);
    }
    let said = words(&staged.lab);
    let late = "rule 1 of h: answers-late (1 SYNs unheard)";
    let full = "rule 3 of h: backlog-full (2)";
    assert_eq!(said, [late, late, "rule 2 of h: prohibited", full, full, full, "otherwise of h: refuses"]);
    let all: Vec<_> = staged.lab.verdicts().collect();
    assert_eq!((all[0].host, all[0].by), (staged.hosts[0], staged.hosts[0]));
    assert_eq!((all[2].host, all[2].by), (staged.hosts[0], staged.router), "the router carries it out");
    assert!(all.iter().all(|one| one.tcp && one.from.ip() == "10.1.0.2".parse::<std::net::IpAddr>().unwrap()));
    assert_eq!(all[0].to, "10.2.0.2:80".parse().unwrap());
    assert_eq!([&all[0].deed, &all[1].deed], [&Deed::Dropped, &Deed::Passed]);
}

#[test]
fn attempts_are_counted_for_each_port_and_both_families_together() {
    let mut staged = ports("{ first = 1, does = \"refuses\" }, { does = \"answers\" }");
    let met: Vec<_> = ["10.2.0.2:80", "[fd00:2::2]:80", "10.2.0.2:81", "10.2.0.2:81", "10.2.0.2:80"]
        .map(|to| open(&mut staged, to))
        .into();
    assert_eq!(met, ["refused", "connected", "refused", "connected", "connected"]);
}

#[test]
fn the_repetitions_of_a_syn_belong_to_its_attempt() {
    let mut staged = ports("{ number = 80, first = 1, does = \"silent\" }, { number = 80, does = \"answers\" }");
    assert_eq!(open(&mut staged, "10.2.0.2:80"), "timed out");
    assert_eq!(open(&mut staged, "10.2.0.2:80"), "connected");
    assert_eq!(words(&staged.lab).len(), 4, "three SYNs of the first, one of the second");
}

#[test]
fn a_second_opening_from_the_same_port_at_the_same_moment_is_an_attempt_of_its_own() {
    let mut staged = ports(r#"{ number = 7, does = "host-unreachable", first = 1 }"#);
    let (us, remote) = (staged.us, "10.2.0.2:7".parse::<SocketAddr>().unwrap());
    let start = staged.lab.now();
    let begin = |staged: &mut Staged| {
        let options = OpenOptions { local_port: Some(40_000), ..OpenOptions::to(remote) };
        staged.lab.call(us, |stack, now| stack.tcp_connect(now, options)).expect("a way")
    };
    let first = begin(&mut staged);
    let over = |lab: &mut Lab| lab.stack(us).tcp_status(first).is_none_or(|one| one.failure.is_some());
    assert!(staged.lab.run_until(start + SECOND, over));
    assert_eq!(staged.lab.now(), start, "the router is next to us");
    staged.lab.call(us, |stack, now| stack.tcp_abort(now, first));
    let second = begin(&mut staged);
    let stands = |lab: &mut Lab| lab.stack(us).tcp_status(second).is_some_and(|one| one.state == State::Established);
    assert!(staged.lab.run_until(start + SECOND, stands), "who tries again gets through");
}

#[test]
fn a_row_of_one_family_is_not_for_the_other() {
    let mut staged = ports("{ number = 80, does = \"icmp\", v4 = [3, 12] }, { number = 80, does = \"refuses\" }");
    assert_eq!(open(&mut staged, "10.2.0.2:80"), "icmp");
    assert_eq!(open(&mut staged, "[fd00:2::2]:80"), "refused");
}

#[test]
fn a_port_that_rows_name_answers_where_none_of_them_fits() {
    let mut staged = one_host("otherwise = \"silent\"\nport = [{ number = 80, first = 1, does = \"refuses\" }]");
    assert_eq!(open(&mut staged, "10.2.0.2:80"), "refused");
    assert_eq!(open(&mut staged, "10.2.0.2:80"), "connected");
    assert_eq!(open(&mut staged, "10.2.0.2:81"), "timed out");
    assert_eq!(words(&staged.lab)[..2], ["rule 1 of h: refuses", "after the rules of h: answers"]);
}

#[test]
fn any_port_answers_where_the_host_answers_otherwise() {
    let mut staged = one_host("otherwise = \"answers\"");
    for port in [1, 80, 5_432, 65_535] {
        assert_eq!(open(&mut staged, &format!("10.2.0.2:{port}")), "connected");
    }
}

#[test]
fn icmp_messages_have_the_numbers_the_mtu_and_the_pointer_of_the_file() {
    let cause = |does: &str, to: &str| {
        let mut staged = ports(&format!("{{ number = 80, does = \"icmp\", {does} }}"));
        begin(&mut staged, to);
        staged.lab.run_for(SECOND / 2);
        let remote: SocketAddr = to.parse().unwrap();
        staged.lab.wire_summary(staged.us, Instant::ZERO, remote)
    };
    let wire = |cause: IcmpCause, from: &str| format!("SYN, {cause} from {from}");
    let (v4, v6) = ("10.2.0.2:80", "[fd00:2::2]:80");
    assert_eq!(cause("v4 = [3, 9]", v4), wire(IcmpCause::V4Unreachable(9), "10.1.0.1"));
    assert_eq!(cause("v4 = [3, 7], by = \"host\"", v4), wire(IcmpCause::V4Unreachable(7), "10.2.0.2"));
    let pointed = IcmpCause::ParameterProblem { code: 0, pointer: 20 };
    assert_eq!(cause("v4 = [12, 0], pointer = 20", v4), wire(pointed, "10.1.0.1"));
    assert_eq!(cause("v6 = [4, 0], pointer = 20", v6), wire(pointed, "fd00:1::1"));
    let too_big = IcmpCause::TooBig { mtu: 1_280 };
    assert!(cause("v4 = [3, 4], mtu = 1280", v4).starts_with(&wire(too_big, "10.1.0.1")));
    assert!(cause("v6 = [2, 0], mtu = 1280", v6).starts_with(&wire(too_big, "fd00:1::1")));
}

/// Connects, says something, and gives back what is heard until the end or for five seconds, and whether the connection was reset.
fn talk(staged: &mut Staged, said: &[u8]) -> (Vec<u8>, bool) {
    let (flow, us) = (begin(staged, "10.2.0.2:80"), staged.us);
    let (mut heard, mut chunk) = (Vec::new(), [0; 512]);
    staged.lab.call(us, |stack, now| stack.tcp_send(now, flow, said)).unwrap();
    staged.lab.run_until(staged.lab.now() + 5 * SECOND, |lab| {
        loop {
            match lab.call(us, |stack, now| stack.tcp_receive(now, flow, &mut chunk)) {
                Ok(0) => return true,
                Ok(count) => heard.extend_from_slice(&chunk[..count]),
                Err(ReceiveError::WouldBlock) => return false,
                Err(_) => return true,
            }
        }
    });
    let failure = staged.lab.stack(us).tcp_status(flow).and_then(|status| status.failure);
    (heard, failure.is_some_and(|failure| matches!(failure.cause, Cause::Reset { .. })))
}

#[test]
fn who_talks_hears_what_the_file_says() {
    let says = |does: &str, said: &[u8]| talk(&mut ports(&format!("{{ number = 80, does = {does} }}")), said);
    assert_eq!(says("\"answers\"", b"hello"), (b"hello".to_vec(), false));
    assert_eq!(says("\"says\", greeting = \"hi\\n\", text = \"+OK\\r\\n\"", b"PING"), (b"hi\n+OK\r\n".to_vec(), false));
    assert_eq!(says("\"resets-in-body\", octets = 3", b"hello"), (b"hel".to_vec(), true));
    assert_eq!(says("\"closes-in-body\", octets = 3", b"hello"), (b"hel".to_vec(), false));
    assert_eq!(says("\"stalls\", octets = 3", b"hello"), (b"hel".to_vec(), false));
    let (page, _) = says("\"answers\", body = 5000", b"GET / HTTP/1.0\r\n\r\n");
    assert!(page.starts_with(b"HTTP/1.1 200") && page.len() > 5_000);
}

#[test]
fn datagrams_meet_the_same_rules() {
    let mut staged = ports(
        "{ number = 1, does = \"answers\" }, { number = 2, does = \"refuses\" }, { number = 3, does = \"silent\" }, \
         { number = 4, does = \"host-unreachable\" }, { number = 5, first = 1, does = \"answers\" }, \
         { number = 5, does = \"refuses\" }, { number = 6, does = \"answers-late\", unheard = 1 }, \
         { number = 7, does = \"answers-late\", after = \"2s\" }, { number = 8, does = \"resets\" }",
    );
    let us = staged.us;
    let mut say = |port: u16, times: u32| {
        let socket = staged.lab.call(us, |stack, now| stack.udp_bind(now, UdpOptions::default())).unwrap();
        let (remote, since) = (SocketAddr::new("10.2.0.2".parse().unwrap(), port), staged.lab.now());
        for _ in 0..times {
            staged.lab.call(us, |stack, now| stack.udp_send_to(now, socket, Some(remote), b"hello")).unwrap();
            staged.lab.run_for(SECOND);
        }
        staged.lab.wire_summary(us, since, remote)
    };
    let back = "datagram, datagram back";
    let nobody = "datagram, ICMP port unreachable from 10.2.0.2";
    assert_eq!((say(1, 1), say(2, 1), say(3, 1)), (back.to_owned(), nobody.to_owned(), "datagram".to_owned()));
    assert_eq!(say(4, 1), "datagram, ICMP host unreachable from 10.1.0.1");
    // An attempt is what comes from one socket; somebody is there already when the second one is refused.
    assert_eq!((say(5, 1), say(5, 1)), (back.to_owned(), nobody.to_owned()));
    assert_eq!(say(6, 2), "datagram ×2, datagram back");
    assert_eq!(say(7, 3), "datagram ×3, datagram back");
    assert_eq!(say(8, 1), "datagram");
}

#[test]
fn the_outside_at_a_tap_meets_the_same_lab() {
    let text =
        "[[host]]\nname = \"h\"\naddresses = [\"10.2.0.2\"]\nport = [{ number = 80, first = 1, does = \"refuses\" }]";
    let scenario = Scenario::parse(text).unwrap();
    let mut tapped = scenario.stage_tapped(&Staging::default());
    let mut inside = scenario.stage();
    // The frames of the one client are put in at the tap of the other lab.
    let remote: SocketAddr = "10.2.0.2:80".parse().unwrap();
    inside.lab.connect(inside.us, remote).unwrap();
    inside.lab.run_for(SECOND);
    let records: Vec<_> = inside.lab.capture().records().cloned().collect();
    let syn = records.iter().find(|record| record.sight().is_syn()).unwrap();
    tapped.lab.tap_in(tapped.tap, &syn.bytes);
    tapped.lab.run_for(SECOND);
    let answer = tapped.lab.tap_out(tapped.tap).expect("a reset");
    assert!(records.iter().any(|record| record.bytes == answer), "octet for octet what the client inside got");
    assert_eq!(words(&tapped.lab), ["rule 1 of h: refuses"]);
    assert_eq!(tapped.lab.name(tapped.hosts[0]), "h");
    assert_eq!((tapped.lab.name(tapped.router), tapped.lab.name(tapped.name_server)), ("router", "name server"));
}

#[test]
fn every_name_leads_to_the_default_host_where_that_is_asked_for() {
    let text = "[[host]]\nname = \"a\"\naddresses = [\"10.2.0.2\"]\n[[host]]\nname = \"b\"\nnames = [\"*.test\"]\n\
                addresses = [\"10.3.0.2\"]\n[[host]]\nname = \"c\"\nnames = [\"*.test\"]\naddresses = [\"10.4.0.2\"]";
    let scenario = Scenario::parse(text).unwrap();
    let asked = |all_names, labels: &[u8]| {
        let mut staged = scenario.stage_with(&Staging { all_names, ..Staging::default() });
        let us = staged.us;
        let query = [&b"\0\x01\x01\0\0\x01\0\0\0\0\0\0"[..], labels, b"\0\0\x01\0\x01"].concat();
        let socket = staged.lab.call(us, |stack, now| stack.udp_bind(now, UdpOptions::default())).unwrap();
        let server = Some("10.1.0.53:53".parse().unwrap());
        staged.lab.call(us, |stack, now| stack.udp_send_to(now, socket, server, &query)).unwrap();
        staged.lab.run_for(SECOND);
        staged.lab.asked(staged.name_server).next().unwrap().answer.to_string()
    };
    assert_eq!(asked(false, b"\x07example\x03com"), "no such name");
    assert_eq!(asked(true, b"\x07example\x03com"), "10.3.0.2, 10.4.0.2");
    assert_eq!(asked(true, b"\x01a\x04test"), "10.2.0.2");
    assert_eq!(asked(false, b"\x01x\x04test"), "10.3.0.2, 10.4.0.2");
}

/// A host with these rules, and another one that can reach it; no router is between.
fn pair(rows: Vec<Row>, otherwise: Does) -> (Lab, HostId, HostId) {
    let crate::nets::Pair { mut lab, client, server, .. } =
        crate::nets::pair(5, crate::nets::Family::V4, crate::nets::Way::Line, 1_500, Config::default());
    let written = rows.len();
    lab.set_rules(server, rows, written, otherwise);
    (lab, client, server)
}

/// Opens from many ports of the client to many ports of the server.
fn open_many(lab: &mut Lab, client: HostId, ports: impl Iterator<Item = u16>) {
    let server = crate::nets::address(crate::nets::Family::V4, 1, 2);
    for port in ports {
        let flow = lab.connect(client, SocketAddr::new(server, port)).expect("a way");
        lab.run_for(Duration::from_millis(1));
        lab.call(client, |stack, now| stack.tcp_abort(now, flow));
    }
}

#[test]
fn verdicts_and_attempts_are_bounded_and_the_oldest_leave() {
    let row = Row { port: Some(80), when: When::first(ATTEMPTS_MAX as u32), does: Does::Silent };
    let (mut lab, client, _) = pair(vec![row], Does::Refuses);
    open_many(&mut lab, client, std::iter::repeat_n(80, VERDICTS_MAX + 3));
    assert_eq!(lab.verdicts().count(), VERDICTS_MAX);
    let (first, last) = (lab.verdicts().next().unwrap().clone(), lab.verdicts().next_back().unwrap().clone());
    assert_eq!((first.attempt, last.attempt as usize), (4, VERDICTS_MAX + 3));
    assert_eq!((first.rule, last.rule), (Some(1), None), "the count goes on, whatever is forgotten");
}

#[test]
fn a_port_beyond_the_bound_is_refused() {
    let (mut lab, client, server) = pair(Vec::new(), Does::Answers(None));
    open_many(&mut lab, client, 1..=DESKS_MAX as u16);
    let address = crate::nets::address(crate::nets::Family::V4, 1, 2);
    let mut meets = |port: u16| {
        let flow = lab.connect(client, SocketAddr::new(address, port)).unwrap();
        lab.run_for(SECOND);
        lab.stack(client).tcp_status(flow).and_then(|status| status.failure).map(|failure| failure.cause)
    };
    assert_eq!(meets(80), None);
    assert_eq!(meets(DESKS_MAX as u16 + 1), Some(Cause::Refused { by: address }));
    assert!(lab.verdicts().all(|verdict| verdict.host == server));
}

#[test]
fn rules_can_be_given_without_a_file() {
    let cut = Cut { after_octets: 2, how: CutHow::Reset };
    let rows = vec![
        Row { port: Some(80), when: When::first(1), does: Does::AnswersLate(Late::After(SECOND), None) },
        Row { port: None, when: When::ALWAYS, does: Does::Icmp { error: IcmpError::Prohibited, by: By::Router } },
    ];
    let (mut lab, client, server) = pair(rows, Does::Breaks(cut));
    let address = crate::nets::address(crate::nets::Family::V4, 1, 2);
    let remote = SocketAddr::new(address, 80);
    let flow = lab.connect(client, remote).unwrap();
    lab.run_until(Instant::from_secs(5), |lab| {
        lab.stack(client).tcp_status(flow).is_some_and(|status| status.state == State::Established)
    });
    assert_eq!(lab.now(), Instant::from_secs(1));
    lab.connect(client, remote).unwrap();
    lab.run_for(SECOND / 10);
    // Where no router decides for the host, it does so itself.
    let last = lab.verdicts().next_back().unwrap();
    assert_eq!((last.by, last.rule, last.deed), (server, Some(2), Deed::Answered(IcmpError::Prohibited)));
}
