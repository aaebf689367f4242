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

// SYN cookies and TIME-WAIT together: a listener whose queue is full still takes a new incarnation of an old connection.
#[test]
fn a_full_half_open_queue_reopens_from_time_wait_by_cookie() {
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
