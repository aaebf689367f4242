//! The two queues of a listener and what happens when they are full: the SYN cache and its bounds, SYN cookies, the backlog of
//! complete connections (RFC 4987).

mod script;

use script::*;
use synsent_stack::*;

fn accept(t: &mut Script, listener: ListenerId) -> Option<FlowId> {
    t.call(|stack, now| stack.tcp_accept(now, listener))
}

/// A whole handshake from a port of the peer.
#[track_caller]
fn shake(t: &mut Script, peer_port: u16) {
    t.send(seg().syn().seq(100).peer_port(peer_port));
    t.expect(seg().syn_ack().ack(101).peer_port(peer_port));
    t.send(seg().seq(101).ack(1).peer_port(peer_port));
}

// 4987/5
#[test]
fn a_full_accept_queue_drops_syns_silently() {
    let mut t = Script::v4();
    let listener = t.listen_with(|options| options.backlog = 2);
    shake(&mut t, 1);
    shake(&mut t, 2);
    t.send(seg().syn().seq(100).peer_port(3));
    t.expect_nothing();
    assert_eq!(t.stack.counters().dropped(DropReason::TcpAcceptQueueFull), 1);
    // Once there is room, the repeated SYN is answered.
    assert!(accept(&mut t, listener).is_some());
    shake(&mut t, 3);
    assert!(accept(&mut t, listener).is_some());
    assert!(accept(&mut t, listener).is_some());
    assert_eq!(accept(&mut t, listener), None);
}

// A backlog of zero would be a listener that accepts nobody: it counts as one.
#[test]
fn a_backlog_of_zero_is_one() {
    let mut t = Script::v4();
    let listener = t.listen_with(|options| options.backlog = 0);
    shake(&mut t, 1);
    assert!(accept(&mut t, listener).is_some());
}

// 4987/5
#[test]
fn a_handshake_that_meets_a_full_accept_queue_completes_later() {
    let mut t = Script::v4();
    let listener = t.listen_with(|options| options.backlog = 1);
    for port in [1, 2] {
        t.send(seg().syn().seq(100).peer_port(port));
        t.expect(seg().syn_ack().peer_port(port));
    }
    t.send(seg().seq(101).ack(1).peer_port(1));
    t.send(seg().seq(101).ack(1).peer_port(2));
    t.expect_nothing();
    assert!(accept(&mut t, listener).is_some());
    assert_eq!(accept(&mut t, listener), None);
    // The SYN-ACK goes again, the peer acknowledges it again, and now there is room.
    t.wait_secs(1);
    t.expect(seg().syn_ack().peer_port(2));
    t.send(seg().seq(101).ack(1).peer_port(2));
    let flow = accept(&mut t, listener).unwrap();
    t.expect_state(flow, State::Established);
}

// Connections are accepted in the order in which they were completed.
#[test]
fn the_accept_queue_keeps_its_order_and_what_happened_meanwhile() {
    let mut t = Script::v4();
    let listener = t.listen();
    for port in [3, 1, 2] {
        shake(&mut t, port);
    }
    t.send(seg().seq(101).ack(1).peer_port(3).text(b"first"));
    t.send(seg().rst().seq(101).peer_port(1));
    let flows: Vec<_> = (0..3).map(|_| accept(&mut t, listener).unwrap()).collect();
    let ports: Vec<_> = flows.iter().map(|flow| t.status(*flow).tuple.remote.port).collect();
    assert_eq!(ports, [3, 1, 2]);
    assert_eq!(t.receive(flows[0]), b"first");
    // A connection that was reset while it waited is accepted, and says so at once.
    assert_eq!(t.failure(flows[1]).cause, Cause::Reset { by: t.remote });
    t.expect_event(EventKind::Failed);
    t.expect_state(flows[2], State::Established);
}

// 4987/5
#[test]
fn without_cookies_a_full_half_open_queue_drops_syns_silently() {
    let mut t = Script::with(TcpConfig { half_open_per_listener: 2, syn_cookies: false, ..TcpConfig::default() });
    let listener = t.listen();
    for port in [1, 2] {
        t.send(seg().syn().seq(100).peer_port(port));
        t.expect(seg().syn_ack().peer_port(port));
    }
    t.send(seg().syn().seq(100).peer_port(3));
    t.expect_nothing();
    assert_eq!(t.stack.counters().dropped(DropReason::TcpSynQueueFull), 1);
    // Another listener has its own queue.
    t.listen_with(|options| options.port = 81);
    t.send(seg().syn().seq(100).peer_port(3));
    t.expect(seg().syn_ack().port(81));
    // A completed handshake makes room.
    t.port = LISTEN_PORT;
    t.send(seg().seq(101).ack(1).peer_port(1));
    t.send(seg().syn().seq(100).peer_port(3));
    t.expect(seg().syn_ack().peer_port(3));
    assert!(accept(&mut t, listener).is_some());
}

// 4987/1
// 4987/2
#[test]
fn beyond_the_bound_of_the_syn_cache_the_oldest_leaves() {
    let mut t = Script::with(TcpConfig { half_open_max: 3, ..TcpConfig::default() });
    let listener = t.listen();
    for port in 1..=4 {
        t.wait_ms(10);
        t.send(seg().syn().seq(100).peer_port(port));
        t.expect(seg().syn_ack().peer_port(port));
    }
    assert_eq!(t.stack.tcp_population().half_open, 3);
    assert_eq!(t.stack.counters().dropped(DropReason::TcpHandshakeExpired), 1);
    // The first one is forgotten: its acknowledgment meets LISTEN. The others complete.
    t.send(seg().seq(101).ack(1).peer_port(1));
    t.expect(seg().rst().seq(1).peer_port(1));
    for port in 2..=4 {
        t.send(seg().seq(101).ack(1).peer_port(port));
        assert!(accept(&mut t, listener).is_some(), "port {port}");
    }
}

// 4987/1
// 4987/4
#[test]
fn a_flood_of_syns_keeps_its_bound_and_lets_a_peer_through() {
    let mut t = Script::with(TcpConfig { half_open_per_listener: 64, half_open_max: 100, ..TcpConfig::default() });
    let listener = t.listen();
    for number in 0..20_000u32 {
        let source = std::net::Ipv4Addr::from(0x0a01_0000 + number / 100);
        t.send(seg().syn().seq(number).peer_port((number % 100) as u16 + 1).source(source.into()));
        if number % 1_000 == 0 {
            t.wait_ms(1);
            t.take_all();
            assert!(t.stack.tcp_population().half_open <= 64);
        }
    }
    t.take_all();
    shake(&mut t, 9_999);
    let flow = accept(&mut t, listener).unwrap();
    t.expect_state(flow, State::Established);
    assert_eq!(t.stack.tcp_population().flows, 1);
}

/// A listener whose half-open queue is full, so that it answers with cookies.
fn with_cookies() -> (Script, ListenerId) {
    let mut t = Script::with(TcpConfig { half_open_per_listener: 1, ..TcpConfig::default() });
    let listener = t.listen();
    t.send(seg().syn().seq(100).peer_port(1));
    t.expect(seg().syn_ack());
    (t, listener)
}

// 4987/3
// 4987/4
#[test]
fn a_cookie_completes_without_anything_having_been_kept() {
    let (mut t, listener) = with_cookies();
    t.send(seg().syn().seq(100).mss(1_460));
    t.expect(seg().syn_ack().seq(ISS).ack(101).mss(1_460));
    assert_eq!(t.stack.tcp_population().half_open, 1);
    assert!(t.take_trace().iter().any(|record| matches!(record.fact, trace::Fact::SynCookieSent { .. })));
    // Nothing was kept, so nothing is repeated; the peer repeats its SYN instead.
    t.wait_ms(900);
    t.expect_nothing();
    t.send(seg().seq(101).ack(1).text(b"hello"));
    let flow = accept(&mut t, listener).unwrap();
    t.expect_state(flow, State::Established);
    assert_eq!(t.receive(flow), b"hello");
    assert_eq!(t.status(flow).segment_octets, 1_460);
    t.write(flow, b"world");
    t.wait_ms(50);
    let text: Vec<u8> = t.take_all().iter().flat_map(|seen| seen.text.clone()).collect();
    assert_eq!(text, b"world");
}

// 4987/3
#[test]
fn a_cookie_names_a_segment_size_that_the_peer_takes() {
    for (announced, largest) in
        [(Some(1_460), 1_460), (Some(1_300), 1_300), (Some(536), 536), (Some(70), 70), (None, 536)]
    {
        let (mut t, listener) = with_cookies();
        let syn = seg().syn().seq(100);
        t.send(announced.map_or(syn.clone(), |mss| syn.mss(mss)));
        t.expect(seg().syn_ack());
        t.send(seg().seq(101).ack(1));
        let flow = accept(&mut t, listener).unwrap();
        let octets = t.status(flow).segment_octets;
        assert!(octets <= largest && octets >= largest * 9 / 10, "{announced:?}: {octets}");
    }
}

// 4987/3
#[test]
fn a_cookie_without_timestamps_agrees_on_no_options() {
    let (mut t, listener) = with_cookies();
    t.send(seg().syn().seq(100).mss(1_460).wscale(7).sack_ok());
    let answer = t.expect(seg().syn_ack());
    assert_eq!((answer.options.window_scale, answer.options.sack_permitted), (None, false));
    assert_eq!(answer.options.timestamps, None);
    t.send(seg().seq(101).ack(1).win(1_000));
    let flow = accept(&mut t, listener).unwrap();
    assert_eq!(t.status(flow).send_window, 1_000);
    t.send(seg().seq(111).ack(1).text(b"beyond"));
    assert!(t.expect(seg().seq(1).ack(101)).options.sack.is_empty());
}

// 4987/3
#[test]
fn the_timestamp_of_a_cookie_carries_the_other_options() {
    let (mut t, listener) = with_cookies();
    t.send(seg().syn().seq(100).mss(1_460).wscale(7).sack_ok().ts(500, 0));
    let answer = t.expect(seg().syn_ack().sack_ok().ts_echo(500));
    assert!(answer.options.window_scale.is_some());
    t.peer_clock = Some(510);
    t.send(seg().seq(101).ack(1).win(1_000));
    let flow = accept(&mut t, listener).unwrap();
    assert_eq!(t.status(flow).send_window, 128_000);
    t.send(seg().seq(111).ack(1).win(1_000).text(b"beyond"));
    t.expect(seg().seq(1).ack(101).sack(111, 117).ts_echo(510));
}

// 4987/3
#[test]
fn a_cookie_stays_good_for_a_minute_and_not_for_ever() {
    let (mut t, listener) = with_cookies();
    t.send(seg().syn().seq(100));
    t.expect(seg().syn_ack());
    t.wait_secs(63);
    t.take_all();
    t.send(seg().seq(101).ack(1));
    assert!(accept(&mut t, listener).is_some());

    let (mut t, listener) = with_cookies();
    t.send(seg().syn().seq(100));
    t.expect(seg().syn_ack());
    t.wait_secs(129);
    t.take_all();
    t.send(seg().seq(101).ack(1));
    t.expect(seg().rst().seq(1));
    assert_eq!(accept(&mut t, listener), None);
    assert_eq!(t.stack.counters().dropped(DropReason::TcpCookieInvalid), 1);
}

// 4987/3
#[test]
fn a_forged_cookie_is_refused() {
    let (mut t, listener) = with_cookies();
    t.send(seg().syn().seq(100));
    t.expect(seg().syn_ack());
    for (seq, ack) in [(101, 2), (101, 0), (102, 1), (100, 1), (101, 0x1000_0001), (101, 0x8000_0001)] {
        t.send(seg().seq(seq).ack(ack));
        t.expect(seg().rst().seq(ack));
    }
    // Another four-tuple cannot use it either.
    let iss = t.stack.counters().frames_sent;
    t.send(seg().seq(101).ack(1).peer_port(4_444));
    t.expect(seg().rst());
    assert!(t.stack.counters().frames_sent > iss);
    assert_eq!(accept(&mut t, listener), None);
    assert_eq!(t.stack.tcp_population().flows, 0);
    // The true one still works.
    t.send(seg().seq(101).ack(1));
    assert!(accept(&mut t, listener).is_some());
}

// 4987/4
#[test]
fn while_the_queue_has_room_no_acknowledgment_is_taken_for_a_cookie() {
    let mut t = Script::v4();
    let listener = t.listen();
    t.send(seg().seq(101).ack(1));
    t.expect(seg().rst().seq(1));
    assert_eq!(accept(&mut t, listener), None);
    assert_eq!(t.stack.counters().dropped(DropReason::TcpCookieInvalid), 0);
}

// 4987/4
#[test]
fn a_cookie_that_meets_a_full_accept_queue_waits_for_the_peer_to_say_it_again() {
    let mut t = Script::with(TcpConfig { half_open_per_listener: 1, ..TcpConfig::default() });
    let listener = t.listen_with(|options| options.backlog = 1);
    t.send(seg().syn().seq(100).peer_port(1));
    t.expect(seg().syn_ack());
    t.send(seg().syn().seq(100));
    t.expect(seg().syn_ack());
    t.send(seg().seq(101).ack(1).peer_port(1));
    t.send(seg().seq(101).ack(1).text(b"data"));
    t.expect_nothing();
    assert!(accept(&mut t, listener).is_some());
    t.send(seg().seq(101).ack(1).text(b"data"));
    let flow = accept(&mut t, listener).unwrap();
    assert_eq!(t.receive(flow), b"data");
}

// A deferred listener has no cookies: an answer that the application has not decided on must not leave.
#[test]
fn a_deferred_listener_that_is_full_is_silent() {
    let mut t = Script::with(TcpConfig { half_open_per_listener: 1, ..TcpConfig::default() });
    let listener = t.listen_with(|options| options.deferred = true);
    t.send(seg().syn().seq(100).peer_port(1));
    t.send(seg().syn().seq(100).peer_port(2));
    t.expect_nothing();
    assert!(t.stack.tcp_next_pending(listener).is_some());
    assert_eq!(t.stack.tcp_next_pending(listener), None);
    assert_eq!(t.stack.counters().dropped(DropReason::TcpSynQueueFull), 1);
}

// The trace of a passive opening names the states that the RFC names.
#[test]
fn the_trace_tells_the_steps_of_a_passive_opening() {
    let mut t = Script::v4();
    let listener = t.listen();
    t.accepted(listener);
    let steps: Vec<_> = t
        .take_trace()
        .iter()
        .filter_map(|record| match record.fact {
            trace::Fact::StateChanged { from, to, .. } => Some((from, to)),
            _ => None,
        })
        .collect();
    assert_eq!(steps, [(State::Listen, State::SynReceived), (State::SynReceived, State::Established)]);
}

// What waits in the accept queue and is over takes no more room than the backlog, and leaves with the listener.
#[test]
fn connections_that_were_reset_in_the_accept_queue_stay_within_the_backlog() {
    let mut t = Script::v4();
    let listener = t.listen_with(|options| options.backlog = 2);
    for port in 1..=5 {
        t.send(seg().syn().seq(100).peer_port(port));
        t.send(seg().seq(101).ack(1).peer_port(port));
        t.send(seg().rst().seq(101).peer_port(port));
    }
    t.take_all();
    assert_eq!(t.stack.tcp_population().flows, 2);
    t.call(|stack, now| stack.tcp_unlisten(now, listener));
    t.expect_nothing();
    assert_eq!(t.stack.tcp_population().flows, 0);
}

// Requests that come and are taken back before the application looks leave nothing behind, however many they were.
#[test]
fn requests_that_were_taken_back_are_not_asked_about() {
    let mut t = Script::v4();
    let listener = t.listen_with(|options| options.deferred = true);
    for number in 0..10_000 {
        t.send(seg().syn().seq(number));
        t.send(seg().rst().seq(number + 1));
    }
    t.send(seg().syn().seq(100).peer_port(9));
    assert_eq!(t.stack.tcp_population().half_open, 1);
    let pending = t.stack.tcp_next_pending(listener).unwrap();
    assert_eq!(t.stack.tcp_pending_tuple(pending).unwrap().remote.port, 9);
    assert_eq!(t.stack.tcp_next_pending(listener), None);
}

// 4987/3
#[test]
fn a_cookie_works_over_ipv6() {
    let config = Config { tcp: TcpConfig { half_open_per_listener: 1, ..TcpConfig::default() }, ..Config::default() };
    let mut t = Script::new(Setup { v6: true, config, ..Setup::default() });
    let listener = t.listen();
    t.send(seg().syn().seq(100).peer_port(1));
    t.expect(seg().syn_ack());
    t.send(seg().syn().seq(100).mss(1_440));
    t.expect(seg().syn_ack().seq(ISS).ack(101).mss(1_440));
    t.send(seg().seq(101).ack(3));
    t.expect(seg().rst().seq(3));
    t.send(seg().seq(101).ack(1).text(b"hello"));
    let flow = accept(&mut t, listener).unwrap();
    assert_eq!(t.receive(flow), b"hello");
    assert_eq!(t.status(flow).segment_octets, 1_440);
}

// A listener that names a link takes no SYN from another one.
#[test]
fn a_listener_for_one_link_takes_no_syn_from_another() {
    let mut t = Script::v4();
    let now = t.now;
    let second = t.stack.add_link(now, LinkConfig::ip("net1"));
    t.stack.add_address(now, second, Cidr::new("10.1.0.1".parse().unwrap(), 24).unwrap()).unwrap();
    t.listen_with(|options| options.link = Some(second));
    t.send(seg().syn().seq(100));
    t.expect(seg().rst().seq(0).ack(101));
    let first = t.link;
    t.link = second;
    t.send(seg().syn().seq(100).source("10.1.0.2".parse().unwrap()).destination("10.1.0.1".parse().unwrap()));
    t.expect(seg().syn_ack().ack(101).destination("10.1.0.2".parse().unwrap()));
    t.link = first;
    t.expect_nothing();
}
