//! Groups: what is heard, and what routers are told.

use crate::net::*;
use synsent_stack::*;
use synsent_wire::ip::Protocol;
use synsent_wire::{icmpv6, igmp, ipv4, ipv6, ipv6_extension, mld};

const GROUP: &str = "239.1.2.3";
const GROUP6: &str = "ff15::77";

fn igmp_of(packet: &[u8]) -> Option<(String, igmp::Repr<'_>)> {
    let view = ipv4::View::parse(packet).ok().filter(|view| view.protocol() == Protocol::IGMP)?;
    assert_eq!((view.ttl(), view.options()), (1, &[148, 4, 0, 0][..]));
    Some((view.destination().to_string(), igmp::Repr::parse(view.payload()).unwrap()))
}

fn records(packet: &[u8]) -> Option<Vec<(mld::RecordKind, String)>> {
    let view = ipv6::View::parse(packet).ok().filter(|view| view.next_header() == Protocol::HOP_BY_HOP)?;
    assert_eq!((view.hop_limit(), view.destination()), (1, v6("ff02::16")));
    let last = ipv6_extension::walk(view.next_header(), view.payload()).last()?.ok()?;
    match icmpv6::Repr::parse(last.rest, view.source(), view.destination()).unwrap() {
        icmpv6::Repr::Mld(mld::Repr::ReportV2 { records }) => {
            Some(records.iter().map(|record| (record.kind, record.group.to_string())).collect())
        }
        _ => None,
    }
}

#[test]
fn a_datagram_to_a_group_is_heard_only_by_who_joined_it() {
    for (group, source) in [(GROUP, PEER), (GROUP6, PEER6)] {
        let mut host = Host::plain();
        let socket = host.socket(9);
        host.give(&udp_packet(source, group, (1, 9), b"early"));
        assert_eq!(host.received(socket), None);
        host.stack.join_group(host.now, host.link, addr(group)).unwrap();
        host.give(&udp_packet(source, group, (1, 9), b"hello"));
        let (data, with) = host.received(socket).unwrap();
        assert_eq!((data.as_slice(), with.destination), (&b"hello"[..], addr(group)));
        host.stack.leave_group(host.now, host.link, addr(group)).unwrap();
        host.give(&udp_packet(source, group, (1, 9), b"late"));
        assert_eq!(host.received(socket), None);
        assert_eq!(host.stack.leave_group(host.now, host.link, addr(group)), Err(GroupError::NotJoined));
    }
}

#[test]
fn a_join_is_reported_twice_and_the_last_leave_is_told() {
    let mut host = Host::plain();
    host.stack.join_group(host.now, host.link, addr(GROUP)).unwrap();
    host.stack.join_group(host.now, host.link, addr(GROUP)).unwrap();
    let mut out = host.out();
    out.extend(host.after(Duration::from_secs(10)));
    let report = igmp::Repr::ReportV2 { group: v4(GROUP) };
    let seen = out.iter().map(|packet| igmp_of(packet).unwrap()).collect::<Vec<_>>();
    assert_eq!(seen, [(GROUP.to_string(), report), (GROUP.to_string(), report)]);
    host.stack.leave_group(host.now, host.link, addr(GROUP)).unwrap();
    assert!(host.out().is_empty());
    host.stack.leave_group(host.now, host.link, addr(GROUP)).unwrap();
    let out = host.out();
    assert_eq!(igmp_of(&out[0]), Some(("224.0.0.2".to_string(), igmp::Repr::Leave { group: v4(GROUP) })));
}

#[test]
fn a_query_is_answered_within_its_time_unless_another_host_answers_first() {
    let mut host = Host::plain();
    host.stack.join_group(host.now, host.link, addr(GROUP)).unwrap();
    host.out();
    host.after(Duration::from_secs(10));
    let say = |message: igmp::Repr<'_>, to: &str| {
        let mut octets = vec![0; message.len()];
        message.emit(&mut octets);
        packet4(header4(PEER, to, Protocol::IGMP, octets.len()), &octets)
    };
    let query = say(igmp::Repr::Query { max_response_code: 50, group: v4("0.0.0.0"), v3: None }, "224.0.0.1");
    host.give(&query);
    assert_eq!(host.after(Duration::from_secs(5)).len(), 1);
    host.give(&query);
    assert!(host.give(&say(igmp::Repr::ReportV2 { group: v4(GROUP) }, GROUP)).len() <= 1);
    assert!(host.after(Duration::from_secs(20)).is_empty());
}

#[test]
fn an_ipv6_group_is_reported_with_a_router_alert() {
    let mut host = Host::plain();
    host.stack.join_group(host.now, host.link, addr(GROUP6)).unwrap();
    let out = host.out();
    assert_eq!(records(&out[0]), Some(vec![(mld::RecordKind::ToExclude, GROUP6.to_string())]));
    assert_eq!(host.after(Duration::from_secs(9)).len(), 1);
    let message = icmpv6::Repr::Mld(mld::Repr::Query { max_response_code: 1_000, group: v6("::"), v2: None });
    let mut query = |source: &str, hop_limit| {
        host.give(&icmp6_packet(source, "ff02::1", hop_limit, &message));
        host.after(Duration::from_secs(1)).iter().filter_map(|packet| records(packet)).flatten().collect::<Vec<_>>()
    };
    // Only a neighbour's query counts.
    assert_eq!((query("fd00::fe", 1).len(), query("fe80::fe", 64).len()), (0, 0));
    assert!(query("fe80::fe", 1).contains(&(mld::RecordKind::IsExclude, GROUP6.to_string())));
    host.stack.leave_group(host.now, host.link, addr(GROUP6)).unwrap();
    let out = host.out();
    assert_eq!(records(&out[0]), Some(vec![(mld::RecordKind::ToInclude, GROUP6.to_string())]));
}

#[test]
fn a_link_is_in_a_bounded_number_of_groups() {
    let mut host = Host::plain();
    let joined = (0..2_000u32).filter(|number| {
        let group = std::net::Ipv4Addr::from_bits(0xef00_0000 + number);
        host.stack.join_group(host.now, host.link, group.into()).is_ok()
    });
    // One of 1,024 is the solicited-node group of the link's own address.
    assert_eq!(joined.count(), 1_023);
    assert_eq!(host.stack.join_group(host.now, host.link, addr(PEER)), Err(GroupError::NotAGroup));
}
