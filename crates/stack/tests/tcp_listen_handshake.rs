//! Passive opens: LISTEN and the SYN-RECEIVED that follows (RFC 9293 section 3.10.7.2 and 3.10.7.4), also where the application
//! decides before the SYN-ACK leaves.

mod script;

use std::net::IpAddr;

use script::*;
use synsent_stack::*;
use synsent_wire::ethernet::{self, EtherType};

fn accept(t: &mut Script, listener: ListenerId) -> Option<FlowId> {
    t.call(|stack, now| stack.tcp_accept(now, listener))
}

// 9293/LI-1
#[test]
fn a_syn_is_answered_and_its_acknowledgment_completes() {
    for mut t in [Script::v4(), Script::v6()] {
        let listener = t.listen();
        let mss = if t.local.is_ipv4() { 1_460 } else { 1_440 };
        t.send(seg().syn().seq(100).mss(mss));
        t.expect(seg().syn_ack().seq(ISS).ack(101).mss(mss));
        assert_eq!(accept(&mut t, listener), None);
        t.send(seg().seq(101).ack(1).win(3_000));
        t.expect_nothing();
        assert_eq!(t.expect_event(EventKind::Acceptable), SocketId::Listener(listener));
        let flow = accept(&mut t, listener).unwrap();
        t.expect_state(flow, State::Established);
        assert_eq!(t.status(flow).send_window, 3_000);
        assert_eq!(t.stack.tcp_names(flow).unwrap().1, t.peer());
        assert_eq!(accept(&mut t, listener), None);
    }
}

// 9293/LI-1
#[test]
fn a_listener_ignores_resets_and_answers_acknowledgments_with_one() {
    let mut t = Script::v4();
    let listener = t.listen();
    t.send(seg().rst().seq(100));
    t.send(seg().rst().seq(100).ack(5));
    t.expect_nothing();
    t.send(seg().seq(100).ack(77));
    t.expect(seg().rst().seq(77));
    t.send(seg().syn_ack().seq(100).ack(78));
    t.expect(seg().rst().seq(78));
    t.send(seg().fin().seq(100).ack(79));
    t.expect(seg().rst().seq(79));
    // Neither RST, ACK nor SYN: nothing that could mean something.
    t.send(seg().seq(100).text(b"text"));
    t.send(seg().fin().seq(100));
    t.expect_nothing();
    assert_eq!(accept(&mut t, listener), None);
    assert_eq!(t.stack.tcp_population().half_open, 0);
}

// 9293/LI-1
// 9293/SS-7
#[test]
fn text_and_fin_on_the_acknowledgment_are_received() {
    let mut t = Script::v4();
    let listener = t.listen();
    t.send(seg().syn().seq(100));
    t.expect(seg().syn_ack());
    t.send(seg().fin().seq(101).ack(1).text(b"hello"));
    t.expect(seg().seq(1).ack(107));
    let flow = accept(&mut t, listener).unwrap();
    t.expect_state(flow, State::CloseWait);
    assert_eq!(t.receive(flow), b"hello");
}

// 9293/SS-7
#[test]
fn text_on_the_syn_is_received_when_the_peer_repeats_it() {
    let mut t = Script::v4();
    let listener = t.listen();
    t.send(seg().syn().seq(100).text(b"early"));
    let answer = t.expect(seg().syn_ack());
    assert!(answer.ack == 101 || answer.ack == 106, "{answer}");
    t.send(seg().seq(101).ack(1).text(b"early"));
    let flow = accept(&mut t, listener).unwrap();
    assert_eq!(t.receive(flow), b"early");
}

// 9293/SR-1
// 9293/MUST-11
// 5961/6
#[test]
fn a_reset_takes_a_half_open_connection_back_and_nobody_is_told() {
    let mut t = Script::v4();
    let listener = t.listen();
    t.send(seg().syn().seq(100));
    t.expect(seg().syn_ack());
    t.send(seg().rst().seq(99));
    t.send(seg().rst().seq(101 + 70_000));
    assert_eq!(t.stack.tcp_population().half_open, 1);
    t.send(seg().rst().seq(101));
    t.expect_nothing();
    assert_eq!(t.stack.tcp_population().half_open, 0);
    assert_eq!(t.take_events(), []);
    t.wait_secs(100);
    t.expect_nothing();
    // The listener listens on.
    t.accepted(listener);
}

// 9293/SR-3
#[test]
fn a_wrong_acknowledgment_of_the_syn_ack_is_answered_by_a_reset() {
    let mut t = Script::v4();
    let listener = t.listen();
    t.send(seg().syn().seq(100));
    t.expect(seg().syn_ack());
    for ack in [0, 2, 0x8000_0000] {
        t.send(seg().seq(101).ack(ack));
        t.expect(seg().rst().seq(ack));
    }
    assert_eq!(accept(&mut t, listener), None);
    t.send(seg().seq(101).ack(1));
    assert!(accept(&mut t, listener).is_some());
}

// 9293/SR-4
#[test]
fn another_syn_for_the_same_four_tuple_replaces_the_half_open_connection() {
    let mut t = Script::v4();
    let listener = t.listen();
    t.send(seg().syn().seq(100));
    t.expect(seg().syn_ack().ack(101));
    t.send(seg().syn().seq(9_000));
    t.expect(seg().syn_ack().ack(9_001));
    assert_eq!(t.stack.tcp_population().half_open, 1);
    t.send(seg().seq(9_001).ack(1));
    assert!(accept(&mut t, listener).is_some());
}

// A SYN that is repeated because the SYN-ACK was lost gets the same SYN-ACK again.
#[test]
fn a_repeated_syn_gets_the_same_syn_ack() {
    let mut t = Script::v4();
    t.listen();
    t.send(seg().syn().seq(100));
    let first = t.expect(seg().syn_ack().ack(101));
    t.wait_ms(400);
    t.send(seg().syn().seq(100));
    let again = t.expect(seg().syn_ack().ack(101));
    assert_eq!(again.raw_seq, first.raw_seq);
    assert_eq!(t.stack.tcp_population().half_open, 1);
}

// 4987/1
// 6298/1
// Trap: no default limit on SYN-RECEIVED leaves sockets that retry for ever.
#[test]
fn the_syn_ack_is_repeated_with_doubling_pauses_and_given_up() {
    let mut t = Script::v4();
    t.listen();
    t.mark();
    t.send(seg().syn().seq(100));
    for at in [0, 1_000, 3_000, 7_000, 15_000, 31_000] {
        t.wait_secs(if at < 7_000 { 4 } else { 16 });
        t.expect_at(at, seg().syn_ack().seq(ISS).ack(101));
    }
    t.take_all();
    t.wait_secs(60);
    t.expect_nothing();
    assert_eq!(t.stack.tcp_population().half_open, 0);
    assert_eq!(t.stack.counters().dropped(DropReason::TcpHandshakeExpired), 1);
    // What comes afterwards meets LISTEN.
    t.send(seg().seq(101).ack(1));
    t.expect(seg().rst().seq(1));
}

// 9293/MUST-3
#[test]
fn a_syn_with_a_wrong_checksum_is_dropped() {
    let mut t = Script::v4();
    t.listen();
    t.send(seg().syn().seq(100).bad_checksum());
    t.expect_nothing();
    assert_eq!(t.stack.tcp_population().half_open, 0);
}

// 9293/MUST-57
// 1122/IP-1
// Trap: a listener must not take SYNs for broadcast or multicast destinations.
#[test]
fn a_syn_to_a_broadcast_or_multicast_address_is_dropped() {
    let mut t = Script::v4();
    t.listen();
    for destination in ["255.255.255.255", "10.0.0.255", "224.0.0.1", "10.0.0.9"] {
        t.send(seg().syn().seq(100).destination(destination.parse().unwrap()));
    }
    t.expect_nothing();
    assert_eq!(t.stack.tcp_population().half_open, 0);
    assert!(t.others.is_empty(), "no error answers a broadcast");
}

// 9293/MUST-57
#[test]
fn a_syn_in_a_broadcast_frame_is_dropped() {
    let mut t = Script::new(Setup { ethernet: true, ..Setup::default() });
    t.listen();
    let packet = t.packet_of(seg().syn().seq(100));
    t.send_frame(&frame_from_peer(ethernet::Address::BROADCAST, EtherType::IPV4, &packet));
    t.send_frame(&frame_from_peer(ethernet::Address([1, 0, 0x5e, 0, 0, 1]), EtherType::IPV4, &packet));
    t.expect_nothing();
    assert_eq!(t.stack.tcp_population().half_open, 0);
    t.send_frame(&frame_from_peer(OUR_STATION, EtherType::IPV4, &packet));
    t.expect(seg().syn_ack().ack(101));
}

// 9293/MUST-63
// 1122/IP-2
// Trap: nor SYNs from invalid sources.
#[test]
fn a_syn_from_an_invalid_source_is_dropped() {
    let mut t = Script::v4();
    t.listen();
    for source in ["255.255.255.255", "10.0.0.255", "224.0.0.1", "0.0.0.0", "127.0.0.1", "240.0.0.1"] {
        t.send(seg().syn().seq(100).source(source.parse().unwrap()));
        t.expect_nothing();
        assert_eq!(t.stack.tcp_population().half_open, 0, "{source}");
    }
    let mut t = Script::v6();
    t.listen();
    for source in ["::", "ff02::1", "::1"] {
        t.send(seg().syn().seq(100).source(source.parse().unwrap()));
        t.expect_nothing();
        assert_eq!(t.stack.tcp_population().half_open, 0, "{source}");
    }
}

// 9293/MUST-50
#[test]
fn unknown_ip_options_before_a_syn_are_ignored() {
    let mut t = Script::v4();
    t.listen();
    t.send(seg().syn().seq(100).ip_options(&[0x9e, 4, 1, 2]));
    t.expect(seg().syn_ack().ack(101));
}

// 9293/MUST-41
#[test]
fn listening_disturbs_no_connection_and_unlistening_no_accepted_one() {
    let mut t = Script::v4();
    let listener = t.listen();
    let flow = t.accepted(listener);
    assert_eq!(t.stack.tcp_listen(t.now, ListenOptions::on_port(LISTEN_PORT)), Err(ListenError::InUse));
    t.call(|stack, now| stack.tcp_unlisten(now, listener));
    t.expect_nothing();
    t.expect_state(flow, State::Established);
    assert_eq!(t.stack.tcp_listener_name(listener), None);
    assert_eq!(accept(&mut t, listener), None);
    let again = t.listen();
    assert_ne!(listener, again);
    t.expect_state(flow, State::Established);
    t.send(seg().seq(101).ack(1).text(b"x"));
    assert_eq!(t.receive(flow), b"x");
}

// 9293/CL-1
#[test]
fn a_closed_listener_resets_what_waited_at_it() {
    let mut t = Script::v4();
    let listener = t.listen();
    t.send(seg().syn().seq(100));
    t.expect(seg().syn_ack());
    t.send(seg().syn().seq(500).peer_port(9));
    t.expect(seg().syn_ack());
    t.send(seg().seq(501).ack(1).peer_port(9));
    t.call(|stack, now| stack.tcp_unlisten(now, listener));
    let mut resets: Vec<_> = t.take_all();
    resets.sort_by_key(|seen| seen.destination.port());
    assert_eq!(resets.len(), 2);
    assert!(resets.iter().all(|seen| seen.flags.rst()));
    assert_eq!((resets[0].seq, resets[0].ack), (1, 501));
    assert_eq!((resets[1].seq, resets[1].ack), (1, 101));
    assert_eq!(t.stack.tcp_population().half_open, 0);
    assert_eq!(t.stack.tcp_population().flows, 0);
    t.send(seg().syn().seq(100));
    t.expect(seg().rst().seq(0).ack(101));
}

// A listener for one address goes before one for any.
#[test]
fn the_listener_that_asks_for_most_takes_the_syn() {
    let mut t = Script::v4();
    let any = t.listen();
    let local: IpAddr = t.local;
    let exact = t.listen_with(|options| options.local = Some(local));
    t.accepted(exact);
    assert_eq!(accept(&mut t, any), None);
    t.call(|stack, now| stack.tcp_unlisten(now, exact));
    t.send(seg().syn().seq(100).peer_port(9));
    t.expect(seg().syn_ack());
    t.send(seg().seq(101).ack(1).peer_port(9));
    assert!(accept(&mut t, any).is_some());
}

// Port 0 means: any that is free.
#[test]
fn a_listener_without_a_port_gets_one() {
    let mut t = Script::with(TcpConfig { ephemeral_ports: 50_000..=50_001, ..TcpConfig::default() });
    let ports: Vec<_> = (0..2)
        .map(|_| {
            t.listen_with(|options| options.port = 0);
            t.port
        })
        .collect();
    assert!(ports[0] != ports[1] && ports.iter().all(|port| (50_000..=50_001).contains(port)), "{ports:?}");
    let none = ListenOptions::on_port(0);
    assert_eq!(t.stack.tcp_listen(t.now, none), Err(ListenError::NoPorts));
}

/// A deferred listener with one SYN that waits.
fn pending(t: &mut Script) -> (ListenerId, HalfOpenId) {
    let listener = t.listen_with(|options| options.deferred = true);
    t.send(seg().syn().seq(100).mss(1_460));
    t.expect_nothing();
    assert_eq!(t.expect_event(EventKind::Pending), SocketId::Listener(listener));
    let pending = t.stack.tcp_next_pending(listener).unwrap();
    let tuple = t.stack.tcp_pending_tuple(pending).unwrap();
    assert_eq!((tuple.remote.addr, tuple.remote.port), (t.remote, PEER_PORT));
    assert_eq!(t.stack.tcp_next_pending(listener), None);
    (listener, pending)
}

fn decide(t: &mut Script, pending: HalfOpenId, decision: Decision) -> Result<(), NoSuchSocket> {
    t.call(|stack, now| stack.tcp_decide(now, pending, decision))
}

// Trap: accepting before the application has decided makes "refused" impossible for proxies.
#[test]
fn a_deferred_listener_refuses_as_if_nobody_listened() {
    let mut t = Script::v4();
    let (listener, syn) = pending(&mut t);
    t.wait_ms(500);
    decide(&mut t, syn, Decision::Refuse).unwrap();
    t.expect(seg().rst().seq(0).ack(101));
    t.expect_nothing();
    assert_eq!(t.stack.tcp_population().half_open, 0);
    assert_eq!(decide(&mut t, syn, Decision::Accept), Err(NoSuchSocket));
    assert_eq!(accept(&mut t, listener), None);
}

// The same: accepted late, the handshake is like any other.
#[test]
fn a_deferred_listener_accepts_when_the_application_says_so() {
    let mut t = Script::v4();
    let (listener, syn) = pending(&mut t);
    t.wait_secs(2);
    // The peer's SYN comes again meanwhile, and asks the application nothing new.
    t.send(seg().syn().seq(100).mss(1_460));
    t.expect_nothing();
    assert_eq!(t.stack.tcp_next_pending(listener), None);
    decide(&mut t, syn, Decision::Accept).unwrap();
    t.expect(seg().syn_ack().seq(ISS).ack(101));
    assert_eq!(decide(&mut t, syn, Decision::Refuse), Err(NoSuchSocket));
    t.send(seg().seq(101).ack(1));
    let flow = accept(&mut t, listener).unwrap();
    t.expect_state(flow, State::Established);
}

// The same: silence, also towards repeated SYNs, until the request has aged.
#[test]
fn a_deferred_listener_may_stay_silent() {
    let mut t = Script::v4();
    let (listener, syn) = pending(&mut t);
    decide(&mut t, syn, Decision::Ignore).unwrap();
    for _ in 0..6 {
        t.wait_secs(10);
        t.send(seg().syn().seq(100).mss(1_460));
    }
    t.expect_nothing();
    assert_eq!(t.stack.tcp_next_pending(listener), None);
    t.wait_secs(100);
    t.expect_nothing();
    assert_eq!(t.stack.tcp_population().half_open, 0);
}

// A SYN that nobody decides on leaves by itself, and its handle means nothing any more.
#[test]
fn a_request_that_nobody_decides_on_leaves() {
    let mut t = Script::v4();
    let (_, syn) = pending(&mut t);
    t.wait_secs(100);
    t.expect_nothing();
    assert_eq!(t.stack.tcp_population().half_open, 0);
    assert_eq!(t.stack.tcp_pending_tuple(syn), None);
    assert_eq!(decide(&mut t, syn, Decision::Accept), Err(NoSuchSocket));
}

// A peer that takes its request back before the decision: the decision comes too late, and harms nobody.
#[test]
fn a_request_that_the_peer_takes_back_is_gone() {
    let mut t = Script::v4();
    let (listener, syn) = pending(&mut t);
    t.send(seg().rst().seq(101));
    assert_eq!(decide(&mut t, syn, Decision::Accept), Err(NoSuchSocket));
    t.expect_nothing();
    assert_eq!(t.stack.tcp_next_pending(listener), None);
}

// A deferred request answers an acknowledgment with nothing that would betray or complete it.
#[test]
fn an_acknowledgment_does_not_complete_what_was_not_answered() {
    let mut t = Script::v4();
    let (listener, _) = pending(&mut t);
    t.send(seg().seq(101).ack(1));
    t.send(seg().seq(101).ack(0));
    assert_eq!(accept(&mut t, listener), None);
    assert_eq!(t.stack.tcp_population().flows, 0);
}
