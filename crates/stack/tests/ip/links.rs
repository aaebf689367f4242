//! Links that go down and come up again: what is refused, what goes another way, what waits, and what is told.

use crate::net::*;
use synsent_stack::trace::Fact;
use synsent_stack::*;
use synsent_wire::arp::Operation;
use synsent_wire::icmpv4;

use std::net::SocketAddr;

const DOWN: NoPath = NoPath::LinkDown;

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn connect(host: &mut Host, to: &str) -> Result<FlowId, OpenError> {
    host.stack.tcp_connect(host.now, OpenOptions::to(at(to)))
}

fn send(host: &mut Host, socket: UdpId, to: &str) -> Result<(), UdpSendError> {
    host.stack.udp_send_to(host.now, socket, Some(at(to)), b"x")
}

fn set(host: &mut Host, link: LinkId, up: bool) {
    host.stack.set_link_up(host.now, link, up);
}

#[test]
fn over_a_link_that_is_down_nothing_is_opened_and_nothing_sent() {
    let mut host = Host::plain();
    let (socket, link) = (host.socket(5000), host.link);
    assert!(host.stack.link_is_up(link));
    set(&mut host, link, false);
    assert!(!host.stack.link_is_up(link));
    for to in ["10.0.0.2:80", "192.0.2.1:80", "[fd00::2]:80", "[2001:db8::1]:80"] {
        assert_eq!(connect(&mut host, to), Err(OpenError::NoPath(DOWN)), "{to}");
        assert_eq!(send(&mut host, socket, to), Err(UdpSendError::NoPath(DOWN)), "{to}");
    }
    assert_eq!(send(&mut host, socket, "239.1.2.3:9"), Err(UdpSendError::NoPath(DOWN)));
    let ping = host.stack.ping(host.now, addr(PEER), None, 1, 1, b"");
    assert_eq!((ping, host.out().len()), (Err(PingError::NoPath(DOWN)), 0));
    let said = OpenError::NoPath(DOWN).to_string();
    assert_eq!(said, "no route to the remote address: every link that leads there is down");
    set(&mut host, link, true);
    assert_eq!(send(&mut host, socket, "10.0.0.2:80"), Ok(()));
    assert!(connect(&mut host, "10.0.0.2:80").is_ok());
    assert_eq!(host.out().len(), 2);
}

#[test]
fn what_arrives_on_a_link_that_is_down_is_dropped_and_counted() {
    let mut host = Host::plain();
    let (socket, link) = (host.socket(9), host.link);
    set(&mut host, link, false);
    host.give(&udp_packet(PEER, US, (1, 9), b"x"));
    assert_eq!((host.received(socket), host.dropped(DropReason::LinkDown)), (None, 1));
    set(&mut host, link, true);
    host.give(&udp_packet(PEER, US, (1, 9), b"x"));
    assert!(host.received(socket).is_some());
}

#[test]
fn another_route_is_taken_while_the_better_link_is_down() {
    let mut host = Host::plain();
    let (socket, first) = (host.socket(5000), host.link);
    let second = host.second_link();
    let backup = Route { metric: 100, ..Route::default_via(addr("10.1.0.254")) };
    host.stack.add_route(host.now, backup).unwrap();
    set(&mut host, first, false);
    send(&mut host, socket, "192.0.2.1:9").unwrap();
    assert_eq!((host.out_of(first).len(), host.out_of(second).len()), (0, 1));
    // The neighbours of the link itself are behind the other one by the default route, for all that can be known.
    assert_eq!(send(&mut host, socket, "10.0.0.2:9"), Ok(()));
    set(&mut host, second, false);
    assert_eq!(send(&mut host, socket, "192.0.2.1:9"), Err(UdpSendError::NoPath(DOWN)));
    set(&mut host, first, true);
    send(&mut host, socket, "192.0.2.1:9").unwrap();
    assert_eq!(host.out_of(first).len(), 1);
}

#[test]
fn a_route_that_refuses_says_so_also_where_a_link_is_down() {
    let mut host = Host::plain();
    let link = host.link;
    let refusing = Route { kind: RouteKind::Prohibit, ..Route::on_link("192.0.2.0/24".parse().unwrap(), link) };
    host.stack.add_route(host.now, refusing).unwrap();
    set(&mut host, link, false);
    assert_eq!(connect(&mut host, "192.0.2.1:80"), Err(OpenError::NoPath(NoPath::Prohibited)));
}

#[test]
fn an_opening_goes_on_trying_until_the_link_is_up_again() {
    let mut host = Host::plain();
    let link = host.link;
    let flow = connect(&mut host, "10.0.0.2:80").unwrap();
    assert_eq!(host.out().len(), 1);
    set(&mut host, link, false);
    // The SYNs of the first, third and seventh second are lost.
    assert_eq!(host.after(Duration::from_secs(10)).len(), 0);
    assert_eq!(host.stack.tcp_status(flow).map(|status| (status.state, status.failure)), Some((State::SynSent, None)));
    set(&mut host, link, true);
    let out = host.after(Duration::from_secs(6));
    assert_eq!(out.iter().filter(|packet| packet[0] >> 4 == 4).count(), 1);
}

#[test]
fn an_opening_on_a_link_that_stays_down_ends_at_its_own_time() {
    let mut host = Host::plain();
    let link = host.link;
    let tcp = TcpOptions { syn_timeout: Duration::from_secs(20), ..TcpOptions::default() };
    let open = OpenOptions { tcp: Some(tcp), ..OpenOptions::to(at("10.0.0.2:80")) };
    let flow = host.stack.tcp_connect(host.now, open).unwrap();
    set(&mut host, link, false);
    host.after(Duration::from_millis(19_999));
    assert_eq!(host.stack.tcp_status(flow).unwrap().failure, None);
    host.after(Duration::from_millis(1));
    let failure = host.stack.tcp_status(flow).unwrap().failure.expect("its time is over");
    assert!(matches!(failure.cause, Cause::TimedOut { .. }), "{failure}");
}

#[test]
fn a_flow_moves_to_another_link_when_its_own_goes_down() {
    let mut host = Host::plain();
    let first = host.link;
    let second = host.second_link();
    host.stack.add_route(host.now, Route { metric: 100, ..Route::default_via(addr("10.1.0.254")) }).unwrap();
    connect(&mut host, "192.0.2.1:80").unwrap();
    assert_eq!(host.out_of(first).len(), 1);
    set(&mut host, first, false);
    host.now += Duration::from_secs(1);
    host.stack.on_deadline(host.now);
    assert_eq!((host.out_of(first).len(), host.out_of(second).len()), (0, 1));
}

#[test]
fn who_waits_for_a_neighbour_on_the_link_is_told() {
    let mut host = Host::ethernet();
    let link = host.link;
    let socket = host.socket(5000);
    host.stack.udp_connect(host.now, socket, Some(at("10.0.0.2:9"))).unwrap();
    host.stack.udp_send_to(host.now, socket, None, b"x").unwrap();
    let impatient = TcpOptions { soft_errors: SoftErrors::AbortOnAny, ..TcpOptions::default() };
    let open = OpenOptions { tcp: Some(impatient), ..OpenOptions::to(at("10.0.0.3:80")) };
    let flow = host.stack.tcp_connect(host.now, open).unwrap();
    assert!(host.out().len() >= 2, "a question for each");
    set(&mut host, link, false);
    assert!(host.stack.udp_take_failure(socket).is_some());
    let failure = host.stack.tcp_status(flow).unwrap().failure.expect("it gives up at the first sign");
    assert_eq!(failure.cause, Cause::NeighbourUnreachable { next_hop: addr("10.0.0.3") });
    // What is not sent by anybody's wish is not asked for again.
    assert_eq!(host.after(Duration::from_secs(10)).len(), 0);
}

#[test]
fn neighbours_are_asked_for_again_when_the_link_is_back() {
    let mut host = Host::ethernet();
    let link = host.link;
    host.meet_peer();
    set(&mut host, link, false);
    set(&mut host, link, true);
    host.out();
    let socket = host.socket(5000);
    send(&mut host, socket, "10.0.0.2:9").unwrap();
    let question = arp_of(&host.out()[0]).expect("another station may have the address now");
    assert_eq!((question.operation, question.target_protocol), (Operation::Request, v4(PEER)));
}

#[test]
fn our_own_addresses_can_be_reached_while_their_link_is_down() {
    let mut host = Host::plain();
    let link = host.link;
    set(&mut host, link, false);
    let (socket, other) = (host.socket(9), host.socket(10));
    send(&mut host, other, "10.0.0.1:9").unwrap();
    host.out();
    assert_eq!(host.received(socket).map(|(data, _)| data), Some(b"x".to_vec()));
}

#[test]
fn loopback_and_links_that_do_not_exist_stay_what_they_are() {
    let mut host = Host::plain();
    let other = Host::plain().second_link();
    for (link, up) in [(LinkId::LOOPBACK, true), (other, false)] {
        host.stack.set_link_up(host.now, link, !up);
        assert_eq!(host.stack.link_is_up(link), up);
    }
}

#[test]
fn a_change_is_told_once() {
    let mut host = Host::plain();
    let link = host.link;
    while host.stack.poll_trace().is_some() {}
    set(&mut host, link, false);
    set(&mut host, link, false);
    set(&mut host, link, true);
    let facts: Vec<_> = std::iter::from_fn(|| host.stack.poll_trace()).map(|record| record.fact).collect();
    assert_eq!(facts, [Fact::LinkChanged { link, up: false }, Fact::LinkChanged { link, up: true }]);
    assert_eq!(facts.iter().map(Fact::to_string).collect::<Vec<_>>(), ["link 1 is down", "link 1 is up"]);
}

#[test]
fn a_router_tells_that_the_link_it_would_need_is_down() {
    let mut host = Host::new(Config { forwarding: true, ..Config::default() }, LinkConfig::ip("net0"));
    let second = host.second_link();
    set(&mut host, second, false);
    let out = host.give(&udp_packet(PEER, "10.1.0.9", (1, 9), b"x"));
    // The default route leads back to where the packet came from, which is no way for it either.
    let (to, message) = icmp4_of(&out[0]).unwrap();
    assert!(to == v4(PEER) && matches!(message, icmpv4::Repr::DestinationUnreachable { code: 1, .. }), "{message:?}");
}

#[test]
fn a_link_that_comes_up_is_told_who_is_there() {
    let mut host = Host::ethernet();
    let link = host.link;
    host.stack.join_group(host.now, link, addr("239.1.2.3")).unwrap();
    host.after(Duration::from_secs(60));
    set(&mut host, link, false);
    host.after(Duration::from_secs(1));
    set(&mut host, link, true);
    let mut out = host.out();
    let announced = arp_of(&out.remove(0)).expect("our IPv4 address");
    assert_eq!((announced.sender_protocol, announced.target_protocol), (v4(US), v4(US)));
    // The group that was joined, and the one in which our IPv6 address is asked for; twice, for one may be lost.
    let reports = host.after(Duration::from_secs(60));
    let is = |version: u8, report: &&Vec<u8>| report[14] >> 4 == version;
    let count = |version| reports.iter().filter(|report| is(version, report)).count();
    assert_eq!((count(4), count(6)), (2, 2), "{reports:?}");
}
