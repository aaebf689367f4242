//! The script itself: each verb once, so that every test file that uses it has also shown that it works.

use super::*;
use synsent_wire::tcp::Flags;

#[test]
fn the_peer_answers_and_the_numbers_count_from_the_iss() {
    let mut t = Script::v4();
    let flow = t.connect();
    let syn = t.expect_at(0, seg().syn().seq(ISS));
    assert_eq!(t.last_raw_seq(), syn.raw_seq);
    assert_eq!((syn.raw_seq != 0, syn.urgent, syn.traffic_class), (true, 0, 0));
    assert!(syn.hop_limit > 1);
    t.shake_hands(seg().mss(1_460));
    t.expect_state(flow, State::Established);
    assert_eq!(t.expect_event(EventKind::Connected), SocketId::Flow(flow));
    t.send(seg().seq(101).ack(1).psh().text(b"hello").traffic_class(8));
    assert_eq!(t.receive(flow), b"hello");
    t.wait_secs(1);
    t.expect(seg().seq(1).ack(106));
    t.write(flow, b"world");
    t.expect(seg().seq(1).ack(106).psh().text(b"world"));
    t.shutdown(flow);
    t.expect(seg().fin().seq(6).ack(106));
    assert!(t.take_events().contains(&EventKind::Readable));
    assert!(!t.take_trace().is_empty());
    t.mark();
    t.abort(flow);
    assert_eq!(t.take_all().len(), 1);
}

#[test]
fn timestamps_come_by_themselves_once_agreed() {
    let mut t = Script::v4();
    let flow = t.established_with(seg().mss(1_460).wscale(2).sack_ok().ts(5_000, 0), |tcp| tcp.quick_ack = true);
    t.send(seg().seq(101).ack(1).len(3));
    t.expect(seg().seq(1).ack(104).ts_echo(5_000));
    t.send(seg().seq(107).ack(1).win(1_000).text(b"beyond"));
    t.expect(seg().seq(1).ack(104).sack(107, 113));
    t.send(seg().seq(104).ack(1).no_ts().len(3));
    t.expect_nothing();
    t.close(flow);
}

#[test]
fn a_connection_is_accepted_and_another_is_not() {
    let mut t = Script::with(TcpConfig::default());
    let flow = t.established();
    t.send(seg().rst().seq(101));
    assert_eq!(t.failure(flow).cause, Cause::Reset { by: t.remote });
    t.wait_ms(10);
    let listener = t.listen();
    let flow = t.accepted(listener);
    t.send(seg().seq(101).ack(1).urg(2).bits(Flags::PSH).text(b"ab"));
    assert_eq!(t.stack.tcp_urgent_octets(flow), Some(2));
    t.send(seg().ack(1).exactly(Flags::SYN).seq(9).peer_port(9).port(81));
    t.expect(seg().rst().ack(10).peer_port(9).port(81));
    t.send(seg().syn().seq(9).raw_options(&[2, 4, 2, 24]).bad_checksum());
    t.send(seg().syn().seq(9).source("10.0.0.3".parse().unwrap()).destination("10.0.0.9".parse().unwrap()));
    t.send(seg().syn().seq(9).ip_options(&[1, 1, 1, 1]).source("10.0.0.3".parse().unwrap()));
    t.expect(seg().syn_ack().ack(10).destination("10.0.0.3".parse().unwrap()));
    t.expect_nothing();
}

#[test]
fn the_router_reports_errors_over_both_families() {
    let mut t = Script::v4();
    let flow = t.connect();
    t.icmp_with_seq(IcmpCause::V4Unreachable(3), 5);
    t.expect_state(flow, State::SynSent);
    t.icmp(IcmpCause::V4Unreachable(3));
    assert_eq!(t.failure(flow).cause, Cause::Icmp { from: t.router, cause: IcmpCause::V4Unreachable(3) });
    let mut t = Script::v6();
    let flow = t.connect();
    t.icmp_from(t.remote, IcmpCause::V6Unreachable(4), &t.last_packet());
    assert_eq!(t.failure(flow).cause, Cause::Icmp { from: t.remote, cause: IcmpCause::V6Unreachable(4) });
}

#[test]
fn an_ethernet_link_answers_arp_unless_told_not_to() {
    let mut t = Script::new(Setup { ethernet: true, ..Setup::default() });
    t.connect();
    t.expect(seg().syn());
    t.answers_arp = false;
    t.connect_with(|open| open.remote.set_ip("10.0.0.9".parse().unwrap()));
    t.expect_nothing();
    assert_eq!(t.others.len(), 1);
}

#[test]
fn what_arrives_together_is_answered_once() {
    let mut t = Script::v4();
    t.established();
    t.send_together(vec![seg().seq(101).ack(1).len(1_460), seg().seq(1_561).ack(1).len(1_460)]);
    t.expect(seg().seq(1).ack(3_021));
    t.expect_nothing();
}
