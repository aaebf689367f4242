//! Everything that can become of an opening can be brought about from outside, in the ready-made neighbourhood, and the wire
//! summary says what happened.

use std::net::SocketAddr;

use synsent_lab::{Behaviour, HostId, IcmpError, IcmpMessage, Lab, Neighbourhood, Obstruction, SUNK_MAX, UdpBehaviour};
use synsent_stack::{
    Cause, Duration, Failure, FlowId, IcmpCause, Instant, OpenOptions, ReceiveError, SoftErrors, State, TcpOptions,
    UdpId, UdpOptions,
};

const PORT: u16 = 80;

fn open(lab: &mut Lab, host: HostId, remote: SocketAddr, soft_errors: SoftErrors) -> FlowId {
    let tcp = Some(TcpOptions { soft_errors, ..TcpOptions::default() });
    let options = OpenOptions { tcp, ..OpenOptions::to(remote) };
    lab.call(host, |stack, now| stack.tcp_connect(now, options)).unwrap()
}

fn state(lab: &Lab, host: HostId, flow: FlowId) -> Option<State> {
    lab.stack(host).tcp_status(flow).map(|status| status.state)
}

fn failure(lab: &Lab, host: HostId, flow: FlowId) -> Option<Failure> {
    lab.stack(host).tcp_status(flow).and_then(|status| status.failure)
}

/// Opens a connection and runs until it stands or fails.
fn opened(remote: SocketAddr, net: &mut Neighbourhood) -> Result<FlowId, Box<Failure>> {
    let host = net.us.host;
    let flow = open(&mut net.lab, host, remote, SoftErrors::AbortOnAny);
    let ended =
        |lab: &mut Lab| state(lab, host, flow) == Some(State::Established) || failure(lab, host, flow).is_some();
    assert!(net.lab.run_until(Instant::from_secs(400), ended));
    failure(&net.lab, host, flow).map_or(Ok(flow), |failure| Err(Box::new(failure)))
}

fn summary(net: &Neighbourhood, remote: SocketAddr) -> String {
    net.lab.wire_summary(net.us.host, Instant::ZERO, remote)
}

#[test]
fn the_neighbourhood_reaches_everybody_in_both_families() {
    let mut net = Neighbourhood::new(1);
    for place in [net.neighbour, net.server, net.second_server] {
        net.lab.behave(place.host, PORT, Behaviour::Answer).unwrap();
        for remote in [place.at(PORT), place.at_v6(PORT)] {
            opened(remote, &mut net).unwrap();
            let words = summary(&net, remote);
            assert!(words.ends_with("SYN, SYN-ACK, ACK"), "{remote}: {words}");
        }
    }
}

/// A message with this type and code, for IPv4 and for IPv6.
fn exactly(v4: (u8, u8), v6: (u8, u8)) -> IcmpError {
    let message = |(kind, code)| Some(IcmpMessage { kind, code, field: 0 });
    IcmpError::Exactly { v4: message(v4), v6: message(v6) }
}

#[test]
fn a_router_answers_with_the_error_that_was_chosen() {
    let cases = [
        (IcmpError::NetworkUnreachable, IcmpCause::V4Unreachable(0), IcmpCause::V6Unreachable(0)),
        (IcmpError::HostUnreachable, IcmpCause::V4Unreachable(1), IcmpCause::V6Unreachable(3)),
        (IcmpError::PortUnreachable, IcmpCause::V4Unreachable(3), IcmpCause::V6Unreachable(4)),
        (IcmpError::Prohibited, IcmpCause::V4Unreachable(13), IcmpCause::V6Unreachable(1)),
        (IcmpError::TimeExceeded, IcmpCause::TimeExceeded { code: 0 }, IcmpCause::TimeExceeded { code: 0 }),
        (
            IcmpError::ProtocolUnreachable,
            IcmpCause::V4Unreachable(2),
            IcmpCause::ParameterProblem { code: 1, pointer: 6 },
        ),
        (exactly((3, 9), (1, 5)), IcmpCause::V4Unreachable(9), IcmpCause::V6Unreachable(5)),
    ];
    for (error, v4, v6) in cases {
        let mut net = Neighbourhood::new(2);
        net.lab.obstruct(net.router.host, Obstruction::all(error));
        let server = net.server;
        for (remote, cause) in [(server.at(PORT), v4), (server.at_v6(PORT), v6)] {
            let flow = open(&mut net.lab, net.us.host, remote, SoftErrors::ReportAtTimeout);
            net.lab.run_for(Duration::from_millis(500));
            let from = if remote.is_ipv4() { net.router.v4.to_string() } else { net.router.v6.to_string() };
            assert_eq!(summary(&net, remote), format!("SYN, {cause} from {from}"), "{error:?}");
            net.lab.call(net.us.host, |stack, now| stack.tcp_abort(now, flow));
        }
    }
}

#[test]
fn a_router_that_says_unreachable_ends_an_opening_that_heeds_it() {
    let mut net = Neighbourhood::new(3);
    net.lab.obstruct(net.router.host, Obstruction::all(IcmpError::HostUnreachable));
    let failure = opened(net.server.at(PORT), &mut net).unwrap_err();
    assert!(failure.to_string().contains("host unreachable"), "{failure}");
    assert_eq!(summary(&net, net.server.at(PORT)), "SYN, ICMP host unreachable from 10.1.0.1");
}

#[test]
fn an_obstruction_is_for_its_address_and_port_alone() {
    let mut net = Neighbourhood::new(4);
    let (server, second) = (net.server, net.second_server);
    for (host, port) in [(server.host, PORT), (server.host, 81), (second.host, PORT)] {
        net.lab.behave(host, port, Behaviour::Answer).unwrap();
    }
    let rule = Obstruction { to: Some(server.v4.into()), port: Some(81), ..Obstruction::all(IcmpError::Prohibited) };
    net.lab.obstruct(net.router.host, rule);
    opened(server.at(PORT), &mut net).unwrap();
    opened(second.at(PORT), &mut net).unwrap();
    opened(server.at(81), &mut net).unwrap_err();
    net.lab.clear_obstructions(net.router.host);
    opened(server.at(81), &mut net).unwrap();
}

#[test]
fn an_opening_recovers_when_only_its_first_syns_are_answered_with_errors() {
    let mut net = Neighbourhood::new(5);
    let (us, remote) = (net.us.host, net.server.at(PORT));
    let behaviour = Behaviour::Icmp { error: IcmpError::HostUnreachable, first: Some(2) };
    net.lab.behave(net.server.host, PORT, behaviour).unwrap();
    let flow = open(&mut net.lab, us, remote, SoftErrors::ReportAtTimeout);
    assert!(net.lab.run_until(Instant::from_secs(10), |lab| state(lab, us, flow) == Some(State::Established)));
    let error = "ICMP host unreachable from 10.2.0.2";
    assert_eq!(summary(&net, remote), format!("SYN, {error}, SYN, {error}, SYN, SYN-ACK, ACK"));
}

#[test]
fn refused_and_silent_peers_are_told_apart_on_the_wire() {
    let mut net = Neighbourhood::new(6);
    assert!(matches!(opened(net.server.at(1), &mut net).unwrap_err().cause, Cause::Refused { .. }));
    assert_eq!(summary(&net, net.server.at(1)), "SYN, RST");
    net.lab.behave(net.server.host, PORT, Behaviour::Silent).unwrap();
    assert!(matches!(opened(net.server.at(PORT), &mut net).unwrap_err().cause, Cause::TimedOut { .. }));
    assert_eq!(summary(&net, net.server.at(PORT)), "SYN ×8");
    assert_eq!(summary(&net, net.server.at(2)), "nothing");
}

#[test]
fn a_vacant_address_is_asked_for_and_gets_no_syn() {
    let mut net = Neighbourhood::new(7);
    let remote = net.vacant().at(PORT);
    opened(remote, &mut net).unwrap_err();
    let words = summary(&net, remote);
    assert!(words.starts_with("who has 10.1.0.99") && !words.contains("SYN"), "{words}");
}

#[test]
fn a_peer_closes_at_once_or_says_nothing_after_accept() {
    let mut net = Neighbourhood::new(8);
    let us = net.us.host;
    net.lab.behave(net.server.host, 1, Behaviour::CloseAfterAccept).unwrap();
    net.lab.behave(net.server.host, 2, Behaviour::SilentAfterAccept).unwrap();
    let closed = opened(net.server.at(1), &mut net).unwrap();
    let silent = opened(net.server.at(2), &mut net).unwrap();
    net.lab.run_for(Duration::from_secs(1));
    let mut buffer = [0; 10];
    let mut receive = |flow| net.lab.call(us, |stack, now| stack.tcp_receive(now, flow, &mut buffer));
    assert_eq!(receive(closed), Ok(0));
    assert_eq!(receive(silent), Err(ReceiveError::WouldBlock));
    assert_eq!(summary(&net, net.server.at(1)), "SYN, SYN-ACK, ACK, FIN, ACK");
}

#[test]
fn datagrams_come_back_are_remembered_or_find_nobody() {
    let mut net = Neighbourhood::new(9);
    let (us, server) = (net.us.host, net.server);
    net.lab.behave_udp(server.host, 7, UdpBehaviour::Echo).unwrap();
    net.lab.behave_udp(server.host, 9, UdpBehaviour::Sink).unwrap();
    let socket = net.lab.call(us, |stack, now| stack.udp_bind(now, UdpOptions::default())).unwrap();
    for port in [7, 9, 11] {
        say(&mut net.lab, us, socket, server.at(port), b"hello");
        net.lab.run_for(Duration::from_secs(1));
    }
    let mut buffer = [0; 10];
    let echoed = net.lab.call(us, |stack, _| stack.udp_receive(socket, &mut buffer)).unwrap();
    assert_eq!((&buffer[..echoed.len], echoed.source), (&b"hello"[..], server.at(7)));
    let sunk: Vec<&[u8]> = net.lab.sunk(server.host, 9).map(|one| &one.octets[..]).collect();
    assert_eq!(sunk, [b"hello"]);
    assert_eq!(summary(&net, server.at(7)), "datagram, datagram back");
    assert_eq!(summary(&net, server.at(11)), "datagram, ICMP port unreachable from 10.2.0.2");
}

#[test]
fn a_sink_forgets_the_oldest_beyond_its_bound() {
    let mut net = Neighbourhood::new(10);
    let (us, server) = (net.us.host, net.server);
    net.lab.behave_udp(server.host, 9, UdpBehaviour::Sink).unwrap();
    let socket = net.lab.call(us, |stack, now| stack.udp_bind(now, UdpOptions::default())).unwrap();
    for number in 0..SUNK_MAX as u32 + 10 {
        say(&mut net.lab, us, socket, server.at(9), &number.to_be_bytes());
        net.lab.run_for(Duration::from_millis(20));
    }
    assert_eq!(net.lab.sunk(server.host, 9).count(), SUNK_MAX);
    assert_eq!(net.lab.sunk(server.host, 9).next().unwrap().octets, 10_u32.to_be_bytes());
}

fn say(lab: &mut Lab, host: HostId, socket: UdpId, to: SocketAddr, octets: &[u8]) {
    lab.call(host, |stack, now| stack.udp_send_to(now, socket, Some(to), octets)).unwrap();
}
