//! Addresses, ports and initial sequence numbers: what an OPEN refuses, what it chooses, and how unpredictable that is (RFC 9293
//! section 3.9.1.1 and 3.4.1, RFC 6056, RFC 6528).

mod script;

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use script::*;
use synsent_stack::*;

fn open(t: &mut Script, remote: &str, edit: impl FnOnce(&mut OpenOptions)) -> Result<FlowId, OpenError> {
    let mut options = OpenOptions::to(remote.parse().unwrap());
    edit(&mut options);
    t.call(|stack, now| stack.tcp_connect(now, options))
}

// 9293/OPEN-1
#[test]
fn an_unspecified_remote_is_refused() {
    let mut t = Script::v4();
    for remote in ["10.0.0.2:0", "0.0.0.0:80", "[::]:80"] {
        assert_eq!(open(&mut t, remote, |_| {}), Err(OpenError::RemoteUnspecified), "{remote}");
    }
    t.expect_nothing();
    assert_eq!(OpenError::RemoteUnspecified.to_string(), "the remote address or port is unspecified");
}

// 9293/MUST-46
// 1122/TCP-4
// Trap: connect must refuse broadcast and multicast addresses.
#[test]
fn a_broadcast_or_multicast_remote_is_refused() {
    let mut t = Script::v4();
    for remote in ["255.255.255.255:80", "10.0.0.255:80", "224.0.0.1:80", "239.1.2.3:80", "[ff02::1]:80"] {
        assert_eq!(open(&mut t, remote, |_| {}), Err(OpenError::RemoteNotUnicast), "{remote}");
    }
    t.expect_nothing();
}

// Trap: connect with a local address of the other family.
#[test]
fn a_local_address_of_the_other_family_is_refused() {
    let mut t = Script::v4();
    let local: IpAddr = "fd00::1".parse().unwrap();
    assert_eq!(open(&mut t, "10.0.0.2:80", |options| options.local = Some(local)), Err(OpenError::FamiliesDiffer));
    assert_eq!(t.stack.tcp_population().flows, 0);
}

// 9293/MUST-43
// 1122/IP-3
#[test]
fn a_local_address_may_be_chosen_if_it_is_ours() {
    let mut t = Script::v4();
    let (second, link): (IpAddr, _) = ("10.0.0.5".parse().unwrap(), t.link);
    t.call(|stack, now| stack.add_address(now, link, Cidr::new(second, 24).unwrap())).unwrap();
    open(&mut t, "10.0.0.2:80", |options| options.local = Some(second)).unwrap();
    t.expect(seg().syn().source(second));
    let foreign = "10.0.0.77".parse().unwrap();
    let refused = open(&mut t, "10.0.0.2:80", |options| options.local = Some(foreign));
    assert!(matches!(refused, Err(OpenError::NoPath(_))), "{refused:?}");
    t.expect_nothing();
}

// 9293/MUST-43
#[test]
fn a_listener_may_name_its_local_address() {
    let mut t = Script::v4();
    let (second, link): (IpAddr, _) = ("10.0.0.5".parse().unwrap(), t.link);
    t.call(|stack, now| stack.add_address(now, link, Cidr::new(second, 24).unwrap())).unwrap();
    t.listen_with(|options| options.local = Some(second));
    t.send(seg().syn().seq(100));
    t.expect(seg().rst().ack(101));
    t.send(seg().syn().seq(100).destination(second));
    t.expect(seg().syn_ack().ack(101).source(second));
    let foreign = ListenOptions { local: Some("10.0.0.77".parse().unwrap()), ..ListenOptions::on_port(81) };
    assert_eq!(t.stack.tcp_listen(t.now, foreign), Err(ListenError::ForeignAddress));
}

// 9293/MUST-44
// 9293/MUST-45
#[test]
fn the_source_address_is_chosen_once() {
    let mut t = Script::v4();
    let flow = t.connect();
    let local = t.local;
    t.expect(seg().syn().source(local));
    // An address that comes later changes nothing for the connection.
    let link = t.link;
    let later = Cidr::new("10.0.0.5".parse().unwrap(), 30).unwrap();
    t.call(|stack, now| stack.add_address(now, link, later)).unwrap();
    t.wait_secs(1);
    t.expect(seg().syn().source(local));
    t.send(seg().syn_ack().seq(100).ack(1));
    t.expect(seg().seq(1).ack(101).source(local));
    t.write(flow, b"x");
    t.expect(seg().seq(1).ack(101).len(1).source(local));
}

// 9293/OPEN-4
// Trap: accept and connect must look for an existing four-tuple first.
#[test]
fn a_four_tuple_that_exists_is_refused() {
    let mut t = Script::v4();
    let flow = t.connect_with(|options| options.local_port = Some(5_000));
    t.expect(seg().syn());
    for state in [State::SynSent, State::Established] {
        t.expect_state(flow, state);
        let again = open(&mut t, "10.0.0.2:7000", |options| options.local_port = Some(5_000));
        assert_eq!(again, Err(OpenError::AlreadyExists));
        if state == State::SynSent {
            t.shake_hands(seg());
        }
    }
    // Another peer is another four-tuple.
    open(&mut t, "10.0.0.3:7000", |options| options.local_port = Some(5_000)).unwrap();
    t.expect(seg().syn().port(5_000));
    t.expect_state(flow, State::Established);
}

// 9293/OPEN-4
// Trap: the same for a connection that a listener took.
#[test]
fn a_four_tuple_of_a_half_open_or_accepted_connection_is_refused() {
    let mut t = Script::v4();
    let listener = t.listen();
    t.send(seg().syn().seq(100));
    t.expect(seg().syn_ack());
    let again = |t: &mut Script| open(t, "10.0.0.2:7000", |options| options.local_port = Some(LISTEN_PORT));
    assert_eq!(again(&mut t), Err(OpenError::AlreadyExists));
    t.send(seg().seq(101).ack(1));
    assert_eq!(again(&mut t), Err(OpenError::AlreadyExists));
    t.call(|stack, now| stack.tcp_accept(now, listener)).unwrap();
    assert_eq!(again(&mut t), Err(OpenError::AlreadyExists));
}

// 9293/OPEN-5
#[test]
fn beyond_the_limit_of_connections_an_open_is_refused() {
    let mut t = Script::with(TcpConfig { flows_max: 3, ..TcpConfig::default() });
    let flows: Vec<_> = (0..3).map(|_| t.connect()).collect();
    assert_eq!(open(&mut t, "10.0.0.2:80", |_| {}), Err(OpenError::NoRoom));
    t.abort(flows[0]);
    open(&mut t, "10.0.0.2:80", |_| {}).unwrap();
}

// Limits hold for passive connections as well: the handshake completes when there is room again.
#[test]
fn beyond_the_limit_of_connections_a_handshake_waits() {
    let mut t = Script::with(TcpConfig { flows_max: 1, ..TcpConfig::default() });
    let flow = t.connect();
    t.expect(seg().syn());
    let listener = t.listen();
    t.send(seg().syn().seq(100));
    t.expect(seg().syn_ack());
    t.send(seg().seq(101).ack(1));
    assert_eq!(t.stack.tcp_accept(t.now, listener), None);
    t.abort(flow);
    t.send(seg().seq(101).ack(1));
    assert!(t.stack.tcp_accept(t.now, listener).is_some());
}

// 6056/1
// 6056/2
#[test]
fn ports_come_from_the_whole_range_in_no_visible_order() {
    let ports: Vec<u16> = (1..=40u8)
        .map(|seed| {
            let mut t = Script::new(Setup { seed, ..Setup::default() });
            t.connect();
            t.port
        })
        .collect();
    let distinct: BTreeSet<_> = ports.iter().collect();
    assert!(distinct.len() >= 39, "{ports:?}");
    assert!(ports.iter().all(|port| *port >= 1_024));
    assert!(ports.iter().any(|port| *port < 32_768) && ports.iter().any(|port| *port >= 49_152), "{ports:?}");
}

// 6056/2
// 5927/5
#[test]
fn ports_towards_one_peer_say_nothing_of_those_towards_another() {
    let mut t = Script::v4();
    let mut first = Vec::new();
    for peer in 2..22 {
        open(&mut t, &format!("10.0.0.{peer}:80"), |_| {}).unwrap();
        first.push(t.take_all()[0].source.port());
    }
    let near = first.windows(2).filter(|pair| pair[0].abs_diff(pair[1]) < 200).count();
    assert!(near <= 2, "{first:?}");
}

// 6056/3
// 6056/4
#[test]
fn a_range_that_is_used_up_says_so_and_serves_another_peer_still() {
    let mut t = Script::with(TcpConfig { ephemeral_ports: 50_000..=50_009, ..TcpConfig::default() });
    let mut ports = BTreeSet::new();
    for _ in 0..10 {
        t.connect();
        assert!(ports.insert(t.port), "each port once");
    }
    assert_eq!(ports, (50_000..=50_009).collect());
    let refused = open(&mut t, "10.0.0.2:7000", |_| {}).unwrap_err();
    assert_eq!(refused, OpenError::NoPorts { tried: 10 });
    assert_eq!(refused.to_string(), "out of local ports: all 10 towards this address and port are in use");
    open(&mut t, "10.0.0.2:7001", |_| {}).unwrap();
    open(&mut t, "10.0.0.3:7000", |_| {}).unwrap();
}

// 6056/1
#[test]
fn a_port_of_a_local_service_is_not_chosen() {
    let mut t = Script::with(TcpConfig { ephemeral_ports: 50_000..=50_001, ..TcpConfig::default() });
    t.listen_with(|options| options.port = 50_000);
    t.connect();
    assert_eq!(t.port, 50_001);
    assert_eq!(open(&mut t, "10.0.0.2:7000", |_| {}), Err(OpenError::NoPorts { tried: 2 }));
}

// Trap: TIME-WAIT entries that port allocation scans slow connects down; here a port in TIME-WAIT is passed over, and the next
// free one is found.
#[test]
fn a_port_in_time_wait_is_passed_over() {
    let mut t = Script::with(TcpConfig { ephemeral_ports: 50_000..=50_001, ..TcpConfig::default() });
    let flow = t.established();
    let used = t.port;
    t.close(flow);
    t.expect(seg().fin().seq(1).ack(101));
    t.send(seg().fin().seq(101).ack(2));
    t.expect(seg().seq(2).ack(102));
    assert_eq!(t.stack.tcp_population().time_wait, 1);
    t.connect();
    assert_ne!(t.port, used);
    assert_eq!(open(&mut t, "10.0.0.2:7000", |_| {}), Err(OpenError::NoPorts { tried: 2 }));
    assert_eq!(t.stack.tcp_population().time_wait, 1, "connect must not throw TIME-WAIT away");
    t.wait_secs(61);
    open(&mut t, "10.0.0.2:7000", |_| {}).unwrap();
}

/// The ISS of a connect from a given port.
fn iss(t: &mut Script, port: u16, remote: &str) -> u32 {
    t.take_all();
    let flow = open(t, remote, |options| options.local_port = Some(port)).unwrap();
    let iss = t.expect(seg().syn()).raw_seq;
    t.abort(flow);
    iss
}

// 9293/MUST-8
// 6528/1
#[test]
fn the_iss_of_one_four_tuple_follows_a_clock_of_four_microseconds() {
    let mut t = Script::v4();
    let first = iss(&mut t, 5_000, "10.0.0.2:80");
    t.wait_ms(1);
    let second = iss(&mut t, 5_000, "10.0.0.2:80");
    assert_eq!(second.wrapping_sub(first), 250);
    t.wait_secs(100);
    let third = iss(&mut t, 5_000, "10.0.0.2:80");
    assert_eq!(third.wrapping_sub(second), 25_000_000);
}

// 9293/MUST-9
// 9293/SHLD-1
// 6528/1
// 6528/2
// Trap: ISNs without a clock part, or from a generator whose state two outputs reveal.
#[test]
fn the_iss_of_different_four_tuples_and_keys_have_nothing_in_common() {
    let mut t = Script::v4();
    let mut numbers = BTreeSet::new();
    let mut differences = BTreeSet::new();
    let mut last = 0;
    for port in 5_000..5_100 {
        let number = iss(&mut t, port, "10.0.0.2:80");
        assert!(numbers.insert(number));
        assert!(differences.insert(number.wrapping_sub(last)), "two steps are alike");
        last = number;
    }
    // They spread over the whole space, not over a corner of it.
    for quarter in 0..4u32 {
        assert!(numbers.iter().any(|number| number >> 30 == quarter), "{numbers:?}");
    }
    let other_peer = iss(&mut t, 5_000, "10.0.0.2:81");
    let mut other_key = Script::new(Setup { seed: 8, ..Setup::default() });
    let other_key = iss(&mut other_key, 5_000, "10.0.0.2:80");
    assert!(numbers.insert(other_peer) && numbers.insert(other_key));
    // The same seed and the same time give the same numbers: a run can be repeated.
    assert_eq!(iss(&mut Script::v4(), 5_000, "10.0.0.2:80"), iss(&mut Script::v4(), 5_000, "10.0.0.2:80"));
}

// 9293/SHLD-1
// 6528/1
#[test]
fn the_iss_of_a_listener_is_made_the_same_way() {
    let mut t = Script::v4();
    t.listen();
    let mut numbers = BTreeSet::new();
    for peer_port in 1_000..1_050 {
        t.send(seg().syn().seq(100).peer_port(peer_port));
        assert!(numbers.insert(t.expect(seg().syn_ack()).raw_seq));
        t.send(seg().rst().seq(101).peer_port(peer_port));
    }
    for quarter in 0..4u32 {
        assert!(numbers.iter().any(|number| number >> 30 == quarter));
    }
}

// The names of a connection are told as socket addresses.
#[test]
fn both_names_of_a_connection_are_told() {
    let mut t = Script::v4();
    let flow = t.connect_with(|options| options.local_port = Some(5_000));
    let local: SocketAddr = "10.0.0.1:5000".parse().unwrap();
    assert_eq!(t.stack.tcp_names(flow), Some((local, t.peer())));
}

// No route, no SYN: the reason is told at once.
#[test]
fn without_a_route_the_open_says_why() {
    let mut t = Script::v4();
    let refused = open(&mut t, "[2001:db8::1]:80", |_| {}).unwrap_err();
    assert!(matches!(refused, OpenError::NoPath(_)), "{refused:?}");
    assert!(refused.to_string().starts_with("no route to the remote address"), "{refused}");
}
