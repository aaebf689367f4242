//! Local ports as those see them who give sockets names: who uses one, which is free, and what may use one that is in use (RFC 9293
//! section 3.9.1.1, RFC 6056).

mod script;

use std::net::{IpAddr, SocketAddr};

use script::*;
use synsent_stack::*;

fn users(t: &Script, port: u16) -> (usize, usize, usize) {
    let PortUsers { listeners, connections, time_wait } = t.stack.tcp_port_users(None, port);
    assert_eq!(t.stack.tcp_port_in_use(None, port), listeners + connections + time_wait > 0);
    (listeners, connections, time_wait)
}

#[test]
fn a_port_has_users_as_long_as_anybody_stands_on_it() {
    let mut t = Script::v4();
    assert_eq!(users(&t, 5_000), (0, 0, 0));
    let flow = t.connect_with(|open| open.local_port = Some(5_000));
    t.expect(seg().syn());
    assert_eq!(users(&t, 5_000), (0, 1, 0));
    t.shake_hands(seg());
    t.close(flow);
    t.expect(seg().fin().seq(1).ack(101));
    assert_eq!(users(&t, 5_000), (0, 1, 0), "a handle that was given back is not the end");
    t.send(seg().fin().seq(101).ack(2));
    t.expect(seg().seq(2).ack(102));
    assert_eq!(users(&t, 5_000), (0, 0, 1));
    t.wait_secs(61);
    assert_eq!(users(&t, 5_000), (0, 0, 0));
}

#[test]
fn a_listener_and_what_it_takes_are_users_of_its_port() {
    let mut t = Script::v4();
    let listener = t.listen();
    assert_eq!(users(&t, LISTEN_PORT), (1, 0, 0));
    t.send(seg().syn().seq(100));
    t.expect(seg().syn_ack());
    assert_eq!(users(&t, LISTEN_PORT), (1, 1, 0));
    t.send(seg().seq(101).ack(1));
    t.call(|stack, now| stack.tcp_unlisten(now, listener));
    assert_eq!(users(&t, LISTEN_PORT), (0, 0, 0), "what nobody accepted ended with its listener");
}

#[test]
fn a_port_is_in_use_at_an_address_or_at_any() {
    let mut t = Script::v4();
    let (local, second): (IpAddr, IpAddr) = (t.local, "10.0.0.5".parse().unwrap());
    let link = t.link;
    t.call(|stack, now| stack.add_address(now, link, Cidr::new(second, 24).unwrap())).unwrap();
    t.connect_with(|open| open.local_port = Some(5_000));
    let in_use = |t: &Script, addr, port| t.stack.tcp_port_in_use(addr, port);
    assert!(in_use(&t, Some(local), 5_000) && in_use(&t, None, 5_000) && !in_use(&t, Some(second), 5_000));
    t.listen_with(|options| (options.port, options.local) = (6_000, Some(second)));
    assert!(in_use(&t, Some(second), 6_000) && in_use(&t, None, 6_000) && !in_use(&t, Some(local), 6_000));
    // A listener at every address is also at each.
    t.listen_with(|options| options.port = 7_001);
    assert!(in_use(&t, Some(second), 7_001) && in_use(&t, Some(local), 7_001));
}

// 6056/1
#[test]
fn a_free_port_is_one_that_nobody_uses_and_the_caller_does_not_know_of() {
    let mut t = Script::with(TcpConfig { ephemeral_ports: 50_000..=50_004, ..TcpConfig::default() });
    t.listen_with(|options| options.port = 50_000);
    t.connect_with(|open| open.local_port = Some(50_001));
    t.expect(seg().syn());
    let waiting = t.connect_with(|open| open.local_port = Some(50_002));
    t.expect(seg().syn());
    t.shake_hands(seg());
    t.close(waiting);
    t.expect(seg().fin().seq(1).ack(101));
    t.send(seg().fin().seq(101).ack(2));
    t.expect(seg().seq(2).ack(102));
    for _ in 0..10 {
        assert_eq!(t.stack.tcp_free_port(None, |port| port != 50_003), Some(50_004));
    }
    assert_eq!(t.stack.tcp_free_port(None, |port| port < 50_003), None);
    // At another address only the listener of every address stands in the way.
    let (other, mut seen) = ("127.0.0.1".parse().unwrap(), Vec::new());
    while let Some(port) = t.stack.tcp_free_port(Some(other), |port| !seen.contains(&port)) {
        seen.push(port);
    }
    seen.sort();
    assert_eq!(seen, [50_001, 50_002, 50_003, 50_004]);
}

// 9293/OPEN-4
// One port serves several peers, also that of a listener; only the whole four-tuple must be new.
#[test]
fn one_local_port_leads_to_several_peers_and_listens_too() {
    let mut t = Script::v4();
    let open = |t: &mut Script, remote: &str| {
        let remote: SocketAddr = remote.parse().unwrap();
        let options = OpenOptions { local_port: Some(LISTEN_PORT), ..OpenOptions::to(remote) };
        t.call(|stack, now| stack.tcp_connect(now, options))
    };
    let listener = t.listen();
    let flows = ["10.0.0.2:7", "10.0.0.2:8", "10.0.0.3:7"].map(|remote| open(&mut t, remote).unwrap());
    assert_eq!(t.take_all().len(), 3);
    assert_eq!(open(&mut t, "10.0.0.3:7"), Err(OpenError::AlreadyExists));
    assert_eq!(users(&t, LISTEN_PORT), (1, 3, 0));
    // Another listener is what a listener cannot have beside it.
    let again = ListenOptions::on_port(LISTEN_PORT);
    assert_eq!(t.stack.tcp_listen(t.now, again), Err(ListenError::InUse));
    t.accepted(listener);
    t.abort(flows[2]);
    assert!(open(&mut t, "10.0.0.3:7").is_ok());
}

// A connection that failed is over: its name is still told, and stands in nobody's way.
#[test]
fn a_failed_connection_tells_its_name_and_lets_the_next_one_have_it() {
    let mut t = Script::v4();
    for answer in [seg().rst().ack(1), seg().rst().ack(1)] {
        let flow = t.connect_with(|open| open.local_port = Some(5_000));
        t.expect(seg().syn().port(5_000));
        t.send(answer);
        assert!(matches!(t.failure(flow).cause, Cause::Refused { .. }));
        let (local, remote) = t.stack.tcp_names(flow).expect("until the handle is given back");
        assert_eq!((local, remote), ("10.0.0.1:5000".parse().unwrap(), t.peer()));
        assert!(!t.stack.tcp_port_in_use(None, 5_000));
    }
}

// 9293/OPEN-5
#[test]
fn beyond_the_memory_for_buffers_no_connection_begins() {
    let mut t = Script::with(TcpConfig { buffer_octets_max: 40_000, ..TcpConfig::default() });
    let listener = t.listen();
    let flow = t.established();
    t.write(flow, &[7; 30_000]);
    t.connect();
    t.write(flow, &[7; 20_000]);
    t.take_all();
    let refused = t.stack.tcp_connect(t.now, OpenOptions::to(t.peer())).unwrap_err();
    assert_eq!(refused, OpenError::NoRoom);
    assert_eq!(refused.to_string(), "as many connections, or as much of their data, as is allowed exist");
    // A handshake waits until there is room, as with the number of connections.
    t.port = LISTEN_PORT;
    t.send(seg().syn().seq(100).peer_port(9));
    t.expect(seg().syn_ack().peer_port(9));
    t.send(seg().seq(101).ack(1).peer_port(9));
    assert_eq!(t.stack.tcp_accept(t.now, listener), None);
    t.abort(flow);
    t.send(seg().seq(101).ack(1).peer_port(9));
    assert!(t.stack.tcp_accept(t.now, listener).is_some());
    t.connect();
}

// The count is what is asked for, so that a name costs the same beside many connections as beside none.
#[test]
fn ten_thousand_connections_are_counted_by_their_ports() {
    const CONNECTIONS: u16 = 10_000;
    let mut t = Script::v4();
    let local = t.local;
    let flows: Vec<FlowId> = (0..CONNECTIONS)
        .map(|number| {
            let remote = SocketAddr::new(t.peer().ip(), number + 1);
            let options = OpenOptions { local_port: Some(5_000 + number % 2), ..OpenOptions::to(remote) };
            t.call(|stack, now| stack.tcp_connect(now, options)).unwrap()
        })
        .collect();
    let half = usize::from(CONNECTIONS / 2);
    for port in [5_000, 5_001] {
        assert_eq!(users(&t, port), (0, half, 0));
        for (addr, count) in [(local, half), ("0.0.0.0".parse().unwrap(), half), ("::".parse().unwrap(), 0)] {
            assert_eq!(t.stack.tcp_port_users(Some(addr), port).connections, count, "{addr}");
        }
    }
    for (number, flow) in flows.into_iter().enumerate() {
        t.stack.tcp_abort(t.now, flow);
        assert_eq!(users(&t, 5_000).1 + users(&t, 5_001).1, usize::from(CONNECTIONS) - number - 1);
    }
    assert!(!t.stack.tcp_port_in_use(None, 5_000));
}

#[test]
fn an_unspecified_address_asks_for_its_family() {
    let mut t = Script::v4();
    let families: [IpAddr; 2] = ["0.0.0.0".parse().unwrap(), "::".parse().unwrap()];
    for (port, addr) in [(6_000, families[0]), (6_001, families[1])] {
        t.listen_with(|options| (options.port, options.local) = (port, Some(addr)));
        for family in families {
            assert_eq!(t.stack.tcp_port_in_use(Some(family), port), family == addr);
        }
    }
    // A listener at every address of both families is in the way of each.
    t.listen_with(|options| options.port = 6_002);
    assert!(families.iter().all(|family| t.stack.tcp_port_in_use(Some(*family), 6_002)));
}
