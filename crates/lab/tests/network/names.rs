//! The lab's name server: what it says to octets written by hand, to another implementation, to noise, and over the network.

use std::net::{IpAddr, SocketAddr};

use proptest::prelude::*;
use simple_dns::rdata::RData;
use simple_dns::{CLASS, Packet, Question, RCODE, TYPE};
use synsent_lab::{
    ASKED_MAX, HostId, LATE_ANSWERS_MAX, Lab, NAME_FLOWS_MAX, NAME_QUERY_OCTETS_MAX, NamesMode, RecordKind, Said, Via,
    ZONE_ADDRESSES_MAX, ZONE_NAMES_MAX, Zone, ZoneError,
};
use synsent_stack::{Cidr, Config, Duration, FlowId, Instant, OpenOptions, UdpId, UdpOptions};

use crate::nets::{Family, address, cidr};

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn zone() -> Zone {
    let mut zone = Zone::new();
    zone.add("*.test", vec![ip("10.2.0.2"), ip("fd00:2::2"), ip("10.2.0.3")]).unwrap();
    zone.add("v4.test", vec![ip("10.2.0.4")]).unwrap();
    zone
}

fn in_mode(mode: NamesMode) -> Zone {
    let mut zone = zone();
    zone.mode = mode;
    zone
}

/// A query with the ID 0x1234 and RD, as RFC 1035 draws it.
fn query(labels: &[&str], kind: u16) -> Vec<u8> {
    let mut octets = vec![0x12, 0x34, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in labels {
        octets.push(label.len() as u8);
        octets.extend_from_slice(label.as_bytes());
    }
    octets.push(0);
    octets.extend_from_slice(&kind.to_be_bytes());
    octets.extend_from_slice(&[0, 1]);
    octets
}

/// The same with an OPT record of RFC 6891.
fn edns_query(labels: &[&str], kind: u16, udp_octets: u16, version: u8) -> Vec<u8> {
    let mut octets = query(labels, kind);
    octets[11] = 1;
    octets.extend_from_slice(&[0, 0, 41]);
    octets.extend_from_slice(&udp_octets.to_be_bytes());
    octets.extend_from_slice(&[0, version, 0x80, 0, 0, 0]);
    octets
}

fn said(zone: &Zone, labels: &[&str], kind: u16) -> Said {
    zone.answer(&query(labels, kind), Via::Udp).unwrap().said
}

fn octets(zone: &Zone, query: &[u8]) -> Vec<u8> {
    zone.answer(query, Via::Udp).unwrap().octets.unwrap()
}

#[test]
fn an_answer_with_an_address_is_as_the_rfc_draws_it() {
    let question = b"\x02v4\x04test\x00\x00\x01\x00\x01";
    // QR, AA, RD, RA; one question, one answer. The name of the answer is a pointer to octet 12; then A, IN, TTL 0, four octets.
    let mut wanted = b"\x12\x34\x85\x80\x00\x01\x00\x01\x00\x00\x00\x00".to_vec();
    wanted.extend_from_slice(question);
    wanted.extend_from_slice(b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x00\x00\x04\x0a\x02\x00\x04");
    assert_eq!(octets(&zone(), &query(&["v4", "test"], 1)), wanted);
}

#[test]
fn a_name_with_the_other_family_only_exists_and_has_nothing_of_this_one() {
    let mut wanted = b"\x12\x34\x85\x80\x00\x01\x00\x00\x00\x01\x00\x00\x02v4\x04test\x00\x00\x1c\x00\x01".to_vec();
    // The SOA of test.: its two names, serial number, refresh, retry, expire, minimum.
    wanted.extend_from_slice(b"\x04test\x00\x00\x06\x00\x01\x00\x00\x00\x00\x00\x2e");
    wanted.extend_from_slice(b"\x02ns\x04test\x00\x0ahostmaster\x04test\x00\x00\x00\x00\x01\x00\x00\x0e\x10");
    wanted.extend_from_slice(b"\x00\x00\x02\x58\x00\x01\x51\x80\x00\x00\x00\x00");
    assert_eq!(octets(&zone(), &query(&["v4", "test"], 28)), wanted);
}

#[test]
fn addresses_come_in_the_order_of_the_zone_and_by_their_kind() {
    let zone = zone();
    assert_eq!(said(&zone, &["shop", "test"], 1), Said::Addresses(vec![ip("10.2.0.2"), ip("10.2.0.3")]));
    assert_eq!(said(&zone, &["a", "b", "test"], 28), Said::Addresses(vec![ip("fd00:2::2")]));
    let all = Said::Addresses(vec![ip("10.2.0.2"), ip("fd00:2::2"), ip("10.2.0.3")]);
    assert_eq!(said(&zone, &["shop", "test"], 255), all);
    // SVCB, HTTPS, MX, and a kind that nobody has heard of.
    for kind in [64, 65, 15, 65_280] {
        assert_eq!(said(&zone, &["shop", "test"], kind), Said::NoData);
    }
}

#[test]
fn a_name_that_stands_there_wins_over_patterns_and_a_longer_pattern_over_a_shorter_one() {
    let mut zone = zone();
    zone.add("*.shop.test", vec![ip("10.2.0.9")]).unwrap();
    zone.add("*", vec![ip("10.2.0.8")]).unwrap();
    assert_eq!(zone.addresses("V4.Test."), Some(&[ip("10.2.0.4")][..]));
    assert_eq!(zone.addresses("a.shop.test"), Some(&[ip("10.2.0.9")][..]));
    assert_eq!(zone.addresses("example.com"), Some(&[ip("10.2.0.8")][..]));
    assert_eq!(zone.addresses("shop.test").unwrap().len(), 3);
}

#[test]
fn names_that_are_not_there_do_not_exist_whoever_else_may_know_them() {
    let mut zone = Zone::new();
    zone.add("deep.shop.test", vec![ip("10.2.0.2")]).unwrap();
    assert_eq!(said(&zone, &["www", "test"], 1), Said::NoSuchName);
    assert_eq!(said(&zone, &["example", "com"], 1), Said::NoSuchName);
    assert_eq!(octets(&zone, &query(&["example", "com"], 1))[3] & 0xf, 3, "NXDOMAIN");
    // What is between a name and the root exists.
    assert_eq!(said(&zone, &["shop", "test"], 1), Said::NoData);
    assert_eq!(said(&zone, &["test"], 2), Said::NoData);
    assert_eq!(said(&zone, &[], 2), Said::NoData);
}

#[test]
fn an_address_has_the_name_that_stands_there_for_it() {
    let zone = zone();
    let arpa = |text: &'static str| text.split('.').collect::<Vec<_>>();
    assert_eq!(said(&zone, &arpa("4.0.2.10.in-addr.arpa"), 12), Said::Name("v4.test".into()));
    assert_eq!(said(&zone, &arpa("2.0.2.10.in-addr.arpa"), 12), Said::NoSuchName, "a pattern is no name");
    assert_eq!(said(&zone, &arpa("4.0.2.10.in-addr.arpa"), 1), Said::NoData);
    let mut zone = Zone::new();
    zone.add("six.test", vec![ip("fd00:2::2")]).unwrap();
    let name = "2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.2.0.0.0.0.0.d.f.ip6.arpa";
    assert_eq!(said(&zone, &arpa(name), 12), Said::Name("six.test".into()));
    assert_eq!(said(&zone, &arpa("2.0.ip6.arpa"), 12), Said::NoSuchName);
}

#[test]
fn the_question_comes_back_in_the_case_in_which_it_was_asked() {
    let answer = octets(&zone(), &query(&["sHoP", "TesT"], 1));
    assert_eq!(&answer[12..23], b"\x04sHoP\x04TesT\x00");
    assert_eq!(answer[7], 2, "and the name is found");
}

#[test]
fn edns_is_answered_with_edns_and_other_versions_with_the_one_there_is() {
    let answer = octets(&zone(), &edns_query(&["v4", "test"], 1, 4_096, 0));
    assert_eq!(answer[11], 1, "one additional record");
    // The root, OPT, 1,232 octets, code 0, version 0, DNSSEC OK as asked, nothing.
    assert!(answer.ends_with(b"\x00\x00\x29\x04\xd0\x00\x00\x80\x00\x00\x00"));
    assert_eq!(octets(&zone(), &query(&["v4", "test"], 1))[11], 0, "who does not ask with it gets none");
    let answer = zone().answer(&edns_query(&["v4", "test"], 1, 4_096, 1), Via::Udp).unwrap();
    assert_eq!(answer.said, Said::BadVersion);
    // BADVERS is 16: its low four bits are in the header, the others in the OPT record.
    assert_eq!(answer.octets.as_ref().unwrap()[3] & 0xf, 0);
    assert!(answer.octets.unwrap().ends_with(b"\x00\x00\x29\x04\xd0\x01\x00\x80\x00\x00\x00"));
}

#[test]
fn what_no_datagram_holds_is_left_for_a_connection() {
    let mut zone = Zone::new();
    let many: Vec<IpAddr> = (0..ZONE_ADDRESSES_MAX).map(|number| ip(&format!("fd00:2::{number:x}"))).collect();
    zone.add("many.test", many.clone()).unwrap();
    let plain = query(&["many", "test"], 28);
    let answer = zone.answer(&plain, Via::Udp).unwrap();
    assert_eq!(answer.said, Said::Truncated);
    assert_eq!(answer.octets.unwrap()[2] & 0x02, 0x02, "TC");
    assert_eq!(zone.answer(&plain, Via::Tcp).unwrap().said, Said::Addresses(many.clone()));
    let edns = edns_query(&["many", "test"], 28, 1_232, 0);
    assert_eq!(zone.answer(&edns, Via::Udp).unwrap().said, Said::Addresses(many));
}

#[test]
fn modes_fail_as_they_say() {
    let mut zone = zone();
    let ask = query(&["v4", "test"], 1);
    zone.mode = NamesMode::ServerFails;
    assert_eq!(octets(&zone, &ask)[3] & 0xf, 2);
    zone.mode = NamesMode::NoSuchName;
    assert_eq!(octets(&zone, &ask)[3] & 0xf, 3);
    zone.mode = NamesMode::Silent;
    let reply = zone.answer(&ask, Via::Udp).unwrap();
    assert_eq!((reply.said, reply.octets), (Said::Silence, None));
    zone.mode = NamesMode::Late(Duration::from_secs(2));
    let reply = zone.answer(&ask, Via::Udp).unwrap();
    assert_eq!((reply.said, reply.after), (Said::Addresses(vec![ip("10.2.0.4")]), Duration::from_secs(2)));
}

#[test]
fn what_is_no_question_is_told_so_or_left_alone() {
    let zone = zone();
    let good = query(&["v4", "test"], 1);
    let changed = |at: usize, octet: u8| {
        let mut octets = good.clone();
        octets[at] = octet;
        zone.answer(&octets, Via::Udp)
    };
    assert_eq!(changed(2, 0x81), None, "an answer is not answered, or two servers would talk for ever");
    assert_eq!(zone.answer(&good[..11], Via::Udp), None);
    assert_eq!(changed(2, 0x29).unwrap().said, Said::NotImplemented, "an update");
    assert_eq!(changed(5, 2).unwrap().said, Said::FormatError, "two questions");
    assert_eq!(changed(12, 0xc0).unwrap().said, Said::FormatError, "a pointer to nowhere");
    assert_eq!(changed(good.len() - 1, 3).unwrap().said, Said::Refused, "the class CHAOS");
    assert_eq!(zone.answer(&good[..good.len() - 1], Via::Udp).unwrap().said, Said::FormatError);
    let told = changed(5, 2).unwrap().octets.unwrap();
    assert_eq!(told, b"\x12\x34\x85\x81\x00\x00\x00\x00\x00\x00\x00\x00");
    let mut twice = edns_query(&["v4", "test"], 1, 512, 0);
    twice[11] = 2;
    twice.extend_from_slice(b"\x00\x00\x29\x02\x00\x00\x00\x00\x00\x00\x00");
    assert_eq!(zone.answer(&twice, Via::Udp).unwrap().said, Said::FormatError, "two OPT records");
}

#[test]
fn a_zone_takes_only_what_can_be_a_name_and_only_so_much() {
    let mut zone = Zone::new();
    for bad in ["", "a..b", "a b", "*a.test", "a.*.test", "*..", &"x".repeat(64), &"abc.".repeat(64)] {
        assert_eq!(zone.add(bad, vec![]), Err(ZoneError::BadName), "{bad:?}");
    }
    zone.add("One.test.", vec![]).unwrap();
    assert_eq!(zone.add("one.TEST", vec![]), Err(ZoneError::Twice));
    assert_eq!(zone.add("two.test", vec![ip("10.0.0.1"); ZONE_ADDRESSES_MAX + 1]), Err(ZoneError::TooManyAddresses));
    for number in 1..ZONE_NAMES_MAX {
        zone.add(&format!("n{number}.test"), vec![]).unwrap();
    }
    assert_eq!(zone.add("last.test", vec![]), Err(ZoneError::TooManyNames));
}

proptest! {
    #[test]
    fn another_implementation_reads_what_we_say(
        labels in prop::collection::vec("[a-zA-Z0-9_-]{1,20}", 1..5),
        addresses in prop::collection::vec(any::<IpAddr>(), 0..12),
        id: u16,
        ask_v6: bool,
    ) {
        let name = labels.join(".");
        let mut zone = Zone::new();
        zone.add("*", addresses.clone()).unwrap();
        zone.ttl_seconds = 7;
        let kind = if ask_v6 { TYPE::AAAA } else { TYPE::A };
        let mut packet = Packet::new_query(id);
        let qname = simple_dns::Name::new(&name).unwrap();
        packet.questions.push(Question::new(qname, kind.into(), CLASS::IN.into(), false));
        let reply = zone.answer(&packet.build_bytes_vec().unwrap(), Via::Tcp).unwrap();
        prop_assert_eq!(&reply.name, &name);
        let octets = reply.octets.unwrap();
        let parsed = Packet::parse(&octets).unwrap();
        prop_assert_eq!((parsed.id(), parsed.rcode()), (id, RCODE::NoError));
        prop_assert_eq!(parsed.questions[0].qname.to_string(), name.clone());
        let told: Vec<IpAddr> = parsed.answers.iter().map(|record| match &record.rdata {
            RData::A(a) => IpAddr::V4(a.address.into()),
            RData::AAAA(a) => IpAddr::V6(a.address.into()),
            other => panic!("{other:?}"),
        }).collect();
        let wanted: Vec<IpAddr> = addresses.into_iter().filter(|one| one.is_ipv6() == ask_v6).collect();
        prop_assert!(parsed.answers.iter().all(|record| record.ttl == 7 && record.name.to_string() == name));
        prop_assert_eq!(parsed.name_servers.len(), usize::from(wanted.is_empty()));
        prop_assert_eq!(told, wanted);
    }

    #[test]
    fn noise_is_answered_in_bounds_or_not_at_all(
        start in prop::sample::select(vec![0_usize, 4, 12, 23]),
        noise in prop::collection::vec(any::<u8>(), 0..200),
        with_edns: bool,
    ) {
        let good = if with_edns { edns_query(&["shop", "test"], 1, 600, 0) } else { query(&["shop", "test"], 1) };
        let mut octets = good[..start].to_vec();
        octets.extend_from_slice(&noise);
        if let Some(octets) = zone().answer(&octets, Via::Udp).and_then(|reply| reply.octets) {
            prop_assert!(octets.len() <= 1_232);
            prop_assert!(octets[2] & 0x80 != 0, "it is an answer");
            prop_assert_eq!(&octets[..2], &good[..2].iter().chain(&noise).copied().skip(if start == 0 { 2 } else { 0 }).take(2).collect::<Vec<_>>()[..]);
        }
    }
}

/// A client and a name server with two addresses of each family on one line.
struct Asking {
    lab: Lab,
    client: HostId,
    server: HostId,
    socket: UdpId,
}

impl Asking {
    fn new(zone: Zone) -> Asking {
        let mut lab = Lab::new(1);
        let (client, server) = (lab.add_host("client", Config::default()), lab.add_host("names", Config::default()));
        let cable = lab.add_line("net", 1_500);
        let both = |host| [cidr(Family::V4, 1, host), cidr(Family::V6, 1, host)];
        lab.attach(client, cable, &both(1)).unwrap();
        let second: Vec<Cidr> = both(53).into_iter().chain(both(54)).collect();
        lab.attach(server, cable, &second).unwrap();
        lab.serve_names(server, zone).unwrap();
        let options = UdpOptions { port: 4_000, ..UdpOptions::default() };
        let socket = lab.call(client, |stack, now| stack.udp_bind(now, options)).unwrap();
        Asking { lab, client, server, socket }
    }

    fn send(&mut self, to: SocketAddr, octets: &[u8]) {
        let Asking { lab, client, socket, .. } = self;
        lab.call(*client, |stack, now| stack.udp_send_to(now, *socket, Some(to), octets)).unwrap();
    }

    fn receive(&mut self) -> Option<(SocketAddr, Vec<u8>)> {
        let mut octets = [0; 2_000];
        let Asking { lab, client, socket, .. } = self;
        let received = lab.call(*client, |stack, _| stack.udp_receive(*socket, &mut octets)).ok()?;
        Some((received.source, octets[..received.len].to_vec()))
    }

    fn connect(&mut self) -> FlowId {
        let to = SocketAddr::new(address(Family::V4, 1, 53), 53);
        self.lab.call(self.client, |stack, now| stack.tcp_connect(now, OpenOptions::to(to))).unwrap()
    }

    fn say(&mut self, flow: FlowId, octets: &[u8]) {
        self.lab.call(self.client, |stack, now| stack.tcp_send(now, flow, octets)).unwrap();
        self.lab.run_for(Duration::from_millis(1));
    }

    /// What came on a connection until now, and whether it has ended.
    fn hear(&mut self, flow: FlowId) -> (Vec<u8>, bool) {
        let (mut all, mut piece) = (Vec::new(), [0; 1_000]);
        loop {
            match self.lab.call(self.client, |stack, now| stack.tcp_receive(now, flow, &mut piece)) {
                Ok(0) => return (all, true),
                Ok(count) => all.extend_from_slice(&piece[..count]),
                Err(_) => return (all, false),
            }
        }
    }
}

#[test]
fn a_datagram_is_answered_from_the_address_that_was_asked_and_remembered() {
    for (family, host) in [(Family::V4, 53), (Family::V4, 54), (Family::V6, 53), (Family::V6, 54)] {
        let mut asking = Asking::new(zone());
        let to = SocketAddr::new(address(family, 1, host), 53);
        asking.send(to, &query(&["v4", "test"], 1));
        asking.lab.run_for(Duration::from_millis(1));
        let (from, answer) = asking.receive().unwrap();
        assert_eq!(from, to);
        assert_eq!(answer[7], 1);
        let asked: Vec<_> = asking.lab.asked(asking.server).collect();
        assert_eq!(asked.len(), 1);
        assert_eq!((asked[0].from, asked[0].via), (SocketAddr::new(address(family, 1, 1), 4_000), Via::Udp));
        assert_eq!((asked[0].name.as_str(), asked[0].kind), ("v4.test", RecordKind::A));
        assert_eq!(asked[0].answer, Said::Addresses(vec![ip("10.2.0.4")]));
    }
}

#[test]
fn a_late_answer_comes_as_late_as_said_and_a_silent_server_hears_all_the_same() {
    let mut asking = Asking::new(in_mode(NamesMode::Late(Duration::from_millis(2_500))));
    let to = SocketAddr::new(address(Family::V4, 1, 53), 53);
    asking.send(to, &query(&["v4", "test"], 1));
    asking.lab.run_until(Instant::from_millis(2_499), |_| false);
    assert_eq!(asking.receive(), None);
    asking.lab.run_until(Instant::from_millis(2_500), |_| false);
    assert!(asking.receive().is_some());
    asking.lab.serve_names(asking.server, in_mode(NamesMode::Silent)).unwrap();
    asking.send(to, &query(&["v4", "test"], 1));
    asking.lab.run_for(Duration::from_secs(60));
    assert_eq!(asking.receive(), None);
    assert_eq!(asking.lab.asked(asking.server).next_back().unwrap().answer, Said::Silence);
}

#[test]
fn queries_on_a_connection_are_answered_in_order_however_they_are_cut() {
    let mut asking = Asking::new(zone());
    let flow = asking.connect();
    asking.lab.run_for(Duration::from_millis(1));
    let framed = |query: Vec<u8>| [&(query.len() as u16).to_be_bytes()[..], &query].concat();
    let both = [framed(query(&["v4", "test"], 1)), framed(query(&["shop", "test"], 28))].concat();
    for octet in &both {
        asking.say(flow, &[*octet]);
    }
    // Small segments wait for the acknowledgment of the one before.
    asking.lab.run_for(Duration::from_secs(1));
    let (heard, is_over) = asking.hear(flow);
    let answers = [query(&["v4", "test"], 1), query(&["shop", "test"], 28)]
        .map(|query| framed(zone().answer(&query, Via::Tcp).unwrap().octets.unwrap()));
    assert_eq!((heard, is_over), (answers.concat(), false));
    asking.lab.call(asking.client, |stack, now| stack.tcp_shutdown_send(now, flow)).unwrap();
    asking.lab.run_for(Duration::from_millis(1));
    assert_eq!(asking.hear(flow), (vec![], true));
    assert_eq!(asking.lab.asked(asking.server).filter(|one| one.via == Via::Tcp).count(), 2);
}

#[test]
fn a_query_on_a_connection_that_is_too_long_ends_it() {
    let mut asking = Asking::new(zone());
    let flow = asking.connect();
    asking.lab.run_for(Duration::from_millis(1));
    asking.say(flow, &(NAME_QUERY_OCTETS_MAX as u16 + 1).to_be_bytes());
    assert_eq!(asking.hear(flow), (vec![], true));
}

#[test]
fn what_a_name_server_remembers_and_holds_back_is_bounded() {
    let mut asking = Asking::new(zone());
    let to = SocketAddr::new(address(Family::V4, 1, 53), 53);
    for number in 0..ASKED_MAX + 1 {
        asking.send(to, &query(&[&format!("n{number}"), "test"], 1));
    }
    asking.lab.run_for(Duration::from_millis(1));
    assert_eq!(asking.lab.asked(asking.server).count(), ASKED_MAX);
    assert_eq!(asking.lab.asked_ever(asking.server), ASKED_MAX as u64 + 1);
    assert_eq!(asking.lab.asked(asking.server).next().unwrap().name, "n1.test", "the oldest leaves");

    let mut asking = Asking::new(in_mode(NamesMode::Late(Duration::from_secs(1))));
    for _ in 0..LATE_ANSWERS_MAX + 1 {
        asking.send(to, &query(&["v4", "test"], 1));
    }
    asking.lab.run_for(Duration::from_secs(5));
    assert_eq!(std::iter::from_fn(|| asking.receive()).count(), LATE_ANSWERS_MAX);
}

#[test]
fn beyond_so_many_connections_a_name_server_lets_them_wait() {
    let mut asking = Asking::new(zone());
    let flows: Vec<FlowId> = (0..NAME_FLOWS_MAX + 1).map(|_| asking.connect()).collect();
    asking.lab.run_for(Duration::from_millis(1));
    let query = query(&["v4", "test"], 1);
    let framed = [&(query.len() as u16).to_be_bytes()[..], &query].concat();
    for flow in &flows {
        asking.say(*flow, &framed);
    }
    let answered: Vec<bool> = flows.iter().map(|flow| !asking.hear(*flow).0.is_empty()).collect();
    assert_eq!(answered.iter().filter(|yes| **yes).count(), NAME_FLOWS_MAX);
    asking.lab.call(asking.client, |stack, now| stack.tcp_close(now, flows[0]));
    asking.lab.run_for(Duration::from_millis(1));
    assert!(!asking.hear(flows[NAME_FLOWS_MAX]).0.is_empty(), "it had only to wait for a place");
}
