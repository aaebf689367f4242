//! Openings that few peers make: to ourselves, to the loopback address, from a port of zero, past a neighbour that came back, and a
//! connection that ended before it was accepted.

mod script;

use script::*;
use synsent_stack::*;

fn accept(t: &mut Script, listener: ListenerId) -> FlowId {
    t.call(|stack, now| stack.tcp_accept(now, listener)).expect("a connection waits")
}

// 9293/MUST-10
// A connection from a port to itself is a simultaneous open of one end: both SYNs are the same SYN.
#[test]
fn a_connection_may_lead_to_itself() {
    let mut t = Script::v4();
    let own = std::net::SocketAddr::new(t.local, 5_000);
    let flow = t.connect_with(|open| {
        open.remote = own;
        open.local_port = Some(5_000);
    });
    t.wait_ms(10);
    t.expect_state(flow, State::Established);
    t.write(flow, b"echo");
    t.wait_ms(100);
    assert_eq!(t.receive(flow), b"echo");
    t.shutdown(flow);
    t.wait_secs(5);
    t.expect_state(flow, State::Closed);
    assert!(t.status(flow).failure.is_none());
    t.expect_nothing();
}

// A connection to an address of ours stays inside, and works like any other.
#[test]
fn a_connection_to_ourselves_never_reaches_the_link() {
    for loopback in [false, true] {
        for mut t in [Script::v4(), Script::v6()] {
            let listener = t.listen();
            let addr = match (loopback, t.local.is_ipv4()) {
                (false, _) => t.local,
                (true, true) => "127.0.0.1".parse().unwrap(),
                (true, false) => "::1".parse().unwrap(),
            };
            let flow = t.connect_with(|open| open.remote = (addr, LISTEN_PORT).into());
            t.wait_ms(10);
            t.expect_state(flow, State::Established);
            let other = accept(&mut t, listener);
            t.write(flow, &[7; 100_000][..60_000]);
            t.wait_ms(100);
            assert_eq!(t.receive(other).len(), 60_000);
            t.close(flow);
            t.wait_ms(100);
            t.expect_state(other, State::CloseWait);
            t.close(other);
            t.wait_ms(100);
            t.expect_nothing();
            assert!(t.others.is_empty());
            assert_eq!(t.stack.tcp_population().flows, 0);
        }
    }
}

// 9293/CL-1
// 9293/SS-2
#[test]
fn nobody_at_a_port_of_ours_refuses() {
    let mut t = Script::v4();
    let own = std::net::SocketAddr::new(t.local, 81);
    let flow = t.connect_with(|open| open.remote = own);
    t.wait_ms(10);
    assert_eq!(t.failure(flow).cause, Cause::Refused { by: t.local });
    t.expect_nothing();
}

// 1122/IP-2
// 9293/MUST-63
// A SYN that claims to come from ourselves, sent from outside, would have a listener talk to itself for ever.
#[test]
fn a_syn_from_our_own_address_is_not_believed() {
    let mut t = Script::v4();
    t.listen();
    let local = t.local;
    t.send(seg().syn().seq(100).source(local).peer_port(LISTEN_PORT));
    t.send(seg().syn().seq(100).source(local).peer_port(9));
    t.wait_secs(2);
    t.expect_nothing();
    let population = t.stack.tcp_population();
    assert_eq!((population.flows, population.half_open), (0, 0));
}

// Port 0 is no port: a local port of 0 lets the stack choose, as at a listener.
#[test]
fn a_local_port_of_zero_is_chosen() {
    let mut t = Script::v4();
    t.connect_with(|open| open.local_port = Some(0));
    assert_ne!(t.port, 0);
    let port = t.port;
    t.expect(seg().syn().port(port));
}

// A next hop that began to answer is not the reason any more when the peer itself stays silent.
#[test]
fn a_neighbour_that_came_back_is_not_blamed() {
    let mut t = Script::new(Setup { ethernet: true, ..Setup::default() });
    t.answers_arp = false;
    let flow = t.connect();
    t.wait_secs(20);
    t.answers_arp = true;
    t.wait_secs(200);
    assert!(t.take_all().len() >= 3, "SYNs have left");
    assert_eq!(t.failure(flow).cause, Cause::TimedOut { soft: None });
}

// 9293/MUST-12
// A peer that closed before its connection was accepted: whoever accepts is told.
#[test]
fn a_fin_that_came_before_the_accept_is_told() {
    let mut t = Script::v4();
    let listener = t.listen();
    t.send(seg().syn().seq(100));
    t.expect(seg().syn_ack());
    t.send(seg().seq(101).ack(1));
    t.send(seg().fin().seq(101).ack(1));
    t.expect(seg().seq(1).ack(102));
    t.take_events();
    let flow = accept(&mut t, listener);
    assert_eq!(t.expect_event(EventKind::PeerClosed), SocketId::Flow(flow));
    t.expect_state(flow, State::CloseWait);
}

// The same for data.
#[test]
fn data_that_came_before_the_accept_is_told() {
    let mut t = Script::v4();
    let listener = t.listen();
    t.send(seg().syn().seq(100));
    t.expect(seg().syn_ack());
    t.send(seg().seq(101).ack(1).text(b"early"));
    t.take_events();
    let flow = accept(&mut t, listener);
    assert_eq!(t.expect_event(EventKind::Readable), SocketId::Flow(flow));
    assert_eq!(t.receive(flow), b"early");
}

// SYN cookies and TIME-WAIT together: a cookie cannot promise a number above those of the old connection (9293/MAY-2), so the new
// incarnation waits until there is room.
#[test]
fn a_cookie_does_not_reopen_from_time_wait() {
    let mut t = Script::with(TcpConfig { half_open_per_listener: 1, ..TcpConfig::default() });
    let listener = t.listen();
    let flow = t.accepted(listener);
    t.close(flow);
    t.expect(seg().fin().seq(1).ack(101));
    t.send(seg().fin().seq(101).ack(2));
    t.expect(seg().seq(2).ack(102));
    t.send(seg().syn().seq(100).peer_port(9));
    t.expect(seg().syn_ack());
    t.send(seg().syn().seq(9_000));
    t.expect_nothing();
    assert_eq!(t.stack.tcp_population().time_wait, 1);
    t.send(seg().rst().seq(101).peer_port(9));
    t.send(seg().syn().seq(9_000));
    t.expect(seg().syn_ack().ack(9_001));
    t.send(seg().seq(9_001).ack(1).text(b"again"));
    let flow = accept(&mut t, listener);
    assert_eq!(t.receive(flow), b"again");
}

// Without an answer from the application nothing grows: events are told once, however often their cause comes.
#[test]
fn events_that_nobody_takes_do_not_pile_up() {
    let mut t = Script::v4();
    let flow = t.established();
    for number in 0..1_000 {
        t.stack.on_frame(t.now, t.link, &t.packet_of(seg().seq(101 + number).ack(1).text(b"x")));
    }
    let mut told = Vec::new();
    while let Some(event) = t.stack.poll_event() {
        told.push(event);
    }
    assert_eq!(told, [Event { socket: SocketId::Flow(flow), kind: EventKind::Readable }]);
}

// A peer that repeats its SYN again and again gets answers, but does not put off the end of its request, nor stop the stack.
// 4987/1
#[test]
fn a_syn_that_is_repeated_without_end_expires_all_the_same() {
    let mut t = Script::v4();
    t.listen();
    for _ in 0..600 {
        t.send(seg().syn().seq(100));
        t.wait_ms(100);
    }
    let answers = t.take_all().len();
    assert!((6..=610).contains(&answers), "{answers}");
    t.wait_secs(10);
    assert_eq!(t.stack.tcp_population().half_open, 0);
}

// 9293/SR-4
// The repetitions of the SYN do not put off the SYN-ACK's own timer.
#[test]
fn a_repeated_syn_does_not_put_off_the_timer_of_the_syn_ack() {
    let mut t = Script::v4();
    t.listen();
    t.mark();
    t.send(seg().syn().seq(100));
    t.expect_at(0, seg().syn_ack());
    t.wait_ms(900);
    t.send(seg().syn().seq(100));
    t.expect_at(900, seg().syn_ack());
    t.wait_ms(2_500);
    let again: Vec<u64> = t.take_all().iter().map(|seen| (seen.at.nanos() / 1_000_000) - 1_000_000).collect();
    assert!(again.first().is_some_and(|at| *at <= 1_900), "{again:?}");
}

// RFC 9293 section 3.10.7.4, first check: what is not acceptable in SYN-RECEIVED is acknowledged and dropped.
#[test]
fn an_unacceptable_segment_in_syn_received_is_acknowledged() {
    let mut t = Script::v4();
    let flow = t.connect();
    t.expect(seg().syn());
    t.send(seg().syn().seq(100));
    t.expect(seg().syn_ack());
    t.send(seg().seq(90_000).ack(1).text(b"far"));
    t.expect(seg().seq(1).ack(101));
    t.expect_state(flow, State::SynReceived);
    let mut t = Script::v4();
    let listener = t.listen();
    t.send(seg().syn().seq(100));
    t.expect(seg().syn_ack());
    t.send(seg().seq(90_000).ack(1).text(b"far"));
    t.expect(seg().seq(1).ack(101));
    assert_eq!(t.stack.tcp_accept(t.now, listener), None);
}

// RFC 9293 section 3.10.7.4, fourth check: a SYN comes before the acknowledgment, so a SYN-ACK completes no passive open.
#[test]
fn a_syn_ack_completes_no_passive_open() {
    for seq in [100, 101, 500] {
        let mut t = Script::v4();
        let listener = t.listen();
        t.send(seg().syn().seq(100));
        t.expect(seg().syn_ack());
        t.send(seg().syn_ack().seq(seq).ack(1));
        assert_eq!(t.stack.tcp_accept(t.now, listener), None, "SEQ {seq}");
        assert_eq!(t.stack.tcp_population().flows, 0);
    }
}

// 7323/1
// 7323/2
// What a SYN has offered holds, whatever the application sets afterwards: the peer has it in writing.
#[test]
fn settings_that_change_after_the_syn_left_do_not_change_its_offer() {
    let mut t = Script::v4();
    let large = BufferSize { initial: 64 << 10, limit: 4 << 20 };
    let options = TcpOptions { receive_buffer: large, ..TcpOptions::default() };
    let flow = t.connect_with(|open| open.tcp = Some(options));
    let shift = t.expect(seg().syn()).options.window_scale.unwrap();
    assert!(shift > 0);
    let fewer = TcpOptions {
        timestamps: false,
        window_scaling: false,
        selective_acks: false,
        receive_buffer: BufferSize::fixed(60_000),
        ..options
    };
    t.call(|stack, now| stack.tcp_set_options(now, flow, fewer)).unwrap();
    t.peer_clock = Some(700);
    t.send(seg().syn_ack().seq(100).ack(1).mss(1_460).wscale(7).sack_ok().ts(700, 0));
    let ack = t.expect(seg().seq(1).ack(101).ts_echo(700));
    let window = u32::from(ack.win) << shift;
    assert!((30_000..=66_000).contains(&window), "a window of {window}");
    t.send(seg().seq(101).ack(1).win(1_000));
    assert_eq!(t.status(flow).send_window, 128_000);
    t.send(seg().seq(201).ack(1).win(1_000).text(b"beyond"));
    assert_eq!(t.expect(seg().seq(1).ack(101)).options.sack.len(), 1);
}

// The same before the SYN has left: then they do change it.
#[test]
fn settings_that_change_before_the_syn_leaves_change_its_offer() {
    let mut t = Script::v4();
    let flow = t.stack.tcp_connect(t.now, OpenOptions::to(t.peer())).unwrap();
    let fewer = TcpOptions { timestamps: false, window_scaling: false, selective_acks: false, ..TcpOptions::default() };
    t.call(|stack, now| stack.tcp_set_options(now, flow, fewer)).unwrap();
    let syn = t.expect(seg().syn());
    assert_eq!((syn.options.timestamps, syn.options.window_scale, syn.options.sack_permitted), (None, None, false));
}

// 7323/3
// A segment without the timestamp that both SYNs agreed on completes nothing either.
#[test]
fn an_acknowledgment_without_the_agreed_timestamp_completes_no_passive_open() {
    let mut t = Script::v4();
    let listener = t.listen();
    t.send(seg().syn().seq(100).ts(700, 0));
    t.expect(seg().syn_ack().ts_echo(700));
    t.send(seg().seq(101).ack(1));
    assert_eq!(t.stack.tcp_accept(t.now, listener), None);
    t.send(seg().seq(101).ack(1).ts(699, 0));
    assert_eq!(t.stack.tcp_accept(t.now, listener), None, "an old duplicate");
    t.take_all();
    t.send(seg().seq(101).ack(1).ts(700, 0));
    assert!(t.stack.tcp_accept(t.now, listener).is_some());
}

// An application that never asks for events can open and close for ever.
#[test]
fn connections_that_come_and_go_leave_no_events_behind() {
    let mut t = Script::v4();
    for _ in 0..5_000 {
        let flow = t.stack.tcp_connect(t.now, OpenOptions::to(t.peer())).unwrap();
        t.stack.tcp_abort(t.now, flow);
    }
    t.call(|_, _| ());
    assert_eq!(t.take_events(), []);
    t.expect_nothing();
    assert_eq!(t.stack.tcp_population().flows, 0);
}

#[test]
fn a_stack_without_links_talks_to_itself_when_its_deadlines_are_kept() {
    let (mut stack, now) = (Stack::new(Config::default(), [1; 32]), Instant::from_secs(1));
    let listener = stack.tcp_listen(now, ListenOptions::on_port(80)).unwrap();
    let flow = stack.tcp_connect(now, OpenOptions::to("[::1]:80".parse().unwrap())).unwrap();
    let refused = stack.tcp_connect(now, OpenOptions::to("127.0.0.1:81".parse().unwrap())).unwrap();
    for _ in 0..100 {
        // It takes no time.
        if stack.next_deadline().is_none_or(|at| at > now) {
            break;
        }
        stack.on_deadline(now);
    }
    assert_eq!(stack.tcp_status(flow).map(|status| status.state), Some(State::Established));
    assert!(stack.tcp_accept(now, listener).is_some());
    let failure = stack.tcp_status(refused).unwrap().failure.expect("nobody listens there");
    assert_eq!(failure.cause, Cause::Refused { by: "127.0.0.1".parse().unwrap() });
}

// A connection whose way was taken away is like one whose peer is silent: its timers decide, and a way that is back is used.
#[test]
fn a_connection_without_a_way_tries_until_its_timers_end_it_or_a_way_is_back() {
    for is_back in [true, false] {
        let mut t = Script::v4();
        let flow = t.established();
        let (link, network) = (t.link, "10.0.0.0/24".parse().unwrap());
        for route in [Route::on_link(network, link), Route::default_via(t.router)] {
            t.call(|stack, now| stack.remove_route(now, route)).unwrap();
        }
        t.write(flow, b"hello");
        t.wait_secs(100);
        t.expect_nothing();
        t.expect_state(flow, State::Established);
        if is_back {
            t.call(|stack, now| stack.add_route(now, Route::on_link(network, link))).unwrap();
            t.wait_secs(120);
            t.expect(seg().seq(1).ack(101).text(b"hello"));
        } else {
            t.wait_secs(199);
            t.expect_state(flow, State::Established);
            t.wait_secs(1);
            assert!(matches!(t.failure(flow).cause, Cause::UserTimeout { .. }));
        }
    }
}
