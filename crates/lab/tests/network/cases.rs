//! The table of outcomes: each case does on the wire what its summary says, for a client on our stack that aborts on ICMP errors as Linux
//! does, and the same for both families where both are there.

use std::net::{IpAddr, SocketAddr};

use synsent_lab::{Case, HostId, Lab, Said, Scenario, Staged, Staging, cases};
use synsent_stack::{
    Cause, Config, Duration, FlowId, IcmpCause, Instant, NoPath, OpenError, OpenOptions, ReceiveError, SoftErrors,
    State, TcpOptions, UdpOptions,
};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n";
/// How often the client repeats a SYN.
const RETRIES: u8 = 3;
/// How long the client waits for an answer once it is connected.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a client met.
#[derive(Debug)]
struct Visit {
    opened: Result<(), OpenError>,
    /// Why the connection did not come to be, or broke; a client that lost its patience has none.
    cause: Option<Cause>,
    connected_after: Option<Duration>,
    /// The octets of the answer, without its head.
    body: usize,
    /// Whether the server ended in order.
    ended: bool,
    took: Duration,
    wire: String,
}

fn case(name: &str) -> &'static Case {
    cases().iter().find(|case| case.name == name).unwrap_or_else(|| panic!("no case {name}"))
}

fn staged(scenario: &Scenario) -> Staged {
    let mut config = Config::default();
    let options =
        TcpOptions { soft_errors: SoftErrors::AbortOnAny, syn_retries: Some(RETRIES), ..TcpOptions::default() };
    config.tcp.options = options;
    scenario.stage_with(&Staging { config, ..Staging::default() })
}

fn visit(name: &str, address: &str) -> Visit {
    visit_in(&mut staged(&case(name).scenario), address)
}

fn visit_in(staged: &mut Staged, address: &str) -> Visit {
    let remote = SocketAddr::new(address.parse().unwrap(), 80);
    let (us, began) = (staged.us, staged.lab.now());
    let lab = &mut staged.lab;
    let mut visit = Visit {
        opened: Ok(()),
        cause: None,
        connected_after: None,
        body: 0,
        ended: false,
        took: Duration::ZERO,
        wire: String::new(),
    };
    match lab.call(us, |stack, now| stack.tcp_connect(now, OpenOptions::to(remote))) {
        Ok(flow) => go_on(lab, us, flow, began, &mut visit),
        Err(error) => visit.opened = Err(error),
    }
    visit.took = lab.now().since(began);
    visit.wire = lab.wire_summary(us, began, remote);
    visit
}

fn go_on(lab: &mut Lab, us: HostId, flow: FlowId, began: Instant, visit: &mut Visit) {
    let opening = |lab: &mut Lab| {
        lab.stack(us).tcp_status(flow).is_none_or(|one| !matches!(one.state, State::SynSent | State::SynReceived))
    };
    assert!(lab.run_until(began + Duration::from_secs(300), opening), "an opening ends");
    visit.cause = lab.stack(us).tcp_status(flow).and_then(|status| status.failure).map(|failure| failure.cause);
    if visit.cause.is_some() {
        return;
    }
    visit.connected_after = Some(lab.now().since(began));
    let sent = lab.call(us, |stack, now| stack.tcp_send(now, flow, REQUEST));
    assert!(sent == Ok(REQUEST.len()) || lab.stack(us).tcp_status(flow).is_none(), "{sent:?}");
    let (mut heard, mut chunk) = (Vec::new(), [0; 4_096]);
    let deadline = lab.now() + PATIENCE;
    visit.ended = false;
    lab.run_until(deadline, |lab| {
        loop {
            match lab.call(us, |stack, now| stack.tcp_receive(now, flow, &mut chunk)) {
                Ok(0) => {
                    visit.ended = true;
                    return true;
                }
                Ok(count) => heard.extend_from_slice(&chunk[..count]),
                Err(ReceiveError::WouldBlock) => return false,
                Err(_) => return true,
            }
        }
    });
    visit.cause = lab.stack(us).tcp_status(flow).and_then(|status| status.failure).map(|failure| failure.cause);
    if let Some(head) = heard.windows(4).position(|four| four == b"\r\n\r\n") {
        assert!(heard.starts_with(b"HTTP/1.1 200 OK\r\n"));
        visit.body = heard.len() - head - 4;
    }
}

const V4: &str = "10.2.0.2";
const V6: &str = "fd00:2::2";

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn who_connects_is_served() {
    for address in [V4, V6] {
        let visit = visit("connected", address);
        assert!(visit.wire.starts_with("SYN, SYN-ACK, ACK, data"), "{}", visit.wire);
        assert!(visit.ended && visit.body > 0);
        assert_eq!(visit.connected_after, Some(Duration::from_millis(10)), "five milliseconds there, five back");
    }
}

#[test]
fn a_refusal_is_a_reset_that_answers_the_syn() {
    for address in [V4, V6] {
        let visit = visit("refused", address);
        assert_eq!(visit.wire, "SYN, RST");
        assert_eq!(visit.cause, Some(Cause::Refused { by: ip(address) }));
    }
}

#[test]
fn icmp_errors_come_from_whom_the_summary_names() {
    let unreachable = |v4, v6| (IcmpCause::V4Unreachable(v4), IcmpCause::V6Unreachable(v6));
    let exceeded = IcmpCause::TimeExceeded { code: 0 };
    // RFC 792 and 1812 for IPv4, RFC 4443 for IPv6.
    let rows = [
        ("net-unreachable", true, unreachable(0, 0)),
        ("host-unreachable", true, unreachable(1, 3)),
        ("port-unreachable", false, unreachable(3, 4)),
        ("filtered", true, unreachable(13, 1)),
        ("ttl-exceeded", true, (exceeded, exceeded)),
    ];
    for (name, by_router, (v4, v6)) in rows {
        for (address, router, cause) in [(V4, "10.1.0.1", v4), (V6, "fd00:1::1", v6)] {
            let visit = visit(name, address);
            let from = ip(if by_router { router } else { address });
            assert_eq!(visit.cause, Some(Cause::Icmp { from, cause }), "{name}");
            assert_eq!(visit.wire, format!("SYN, {cause} from {from}"), "{name}");
        }
    }
}

#[test]
fn silence_is_all_syns_and_nothing_else() {
    for name in ["silent", "backlog-full"] {
        for address in [V4, V6] {
            let visit = visit(name, address);
            assert_eq!((visit.wire.as_str(), visit.cause), ("SYN ×4", Some(Cause::TimedOut { soft: None })), "{name}");
            // The SYNs leave at 0, 1, 3 and 7 s, and the last one is waited for as long as the next pause would be.
            assert_eq!(visit.took, Duration::from_secs(15), "{name}");
        }
    }
}

#[test]
fn the_third_syn_is_answered() {
    for address in [V4, V6] {
        let visit = visit("answers-late", address);
        assert!(visit.wire.starts_with("SYN ×3, SYN-ACK, ACK, data"), "{}", visit.wire);
        assert!(visit.ended && visit.body > 0);
    }
}

#[test]
fn a_refusal_may_come_late() {
    for address in [V4, V6] {
        let visit = visit("withheld-refused", address);
        assert!(visit.wire.ends_with(", RST") && !visit.wire.contains("ACK"), "{}", visit.wire);
        assert_eq!(visit.cause, Some(Cause::Refused { by: ip(address) }));
        assert_eq!(visit.took, Duration::from_millis(1_510));
    }
}

#[test]
fn where_no_port_or_no_route_is_no_syn_leaves() {
    for address in [V4, V6] {
        let ports = visit("out-of-ports", address);
        assert!(matches!(ports.opened, Err(OpenError::NoPorts { .. })), "{ports:?}");
        let route = visit("no-route", address);
        assert_eq!(route.opened, Err(OpenError::NoPath(NoPath::NoRoute)));
        assert_eq!((ports.wire.as_str(), route.wire.as_str()), ("nothing", "nothing"));
    }
}

#[test]
fn what_ends_after_the_connection_stands_ends_as_it_says() {
    for address in [V4, V6] {
        let reset = visit("reset-after-accept", address);
        assert!(reset.wire.starts_with("SYN, SYN-ACK, ACK") && reset.wire.contains("RST"), "{}", reset.wire);
        assert_eq!(reset.cause, Some(Cause::Reset { by: ip(address) }));
        let closed = visit("closed-after-accept", address);
        assert!(closed.wire.starts_with("SYN, SYN-ACK, ACK") && closed.wire.contains("FIN"), "{}", closed.wire);
        assert!(closed.ended && closed.body == 0);
        let silent = visit("accepted-silent", address);
        assert_eq!(silent.wire, "SYN, SYN-ACK, ACK, data, ACK");
        assert!(silent.cause.is_none() && !silent.ended);
        let body = visit("reset-in-body", address);
        assert_eq!((body.body, body.cause), (1_000, Some(Cause::Reset { by: ip(address) })));
        assert!(body.wire.ends_with("RST"), "{}", body.wire);
    }
}

#[test]
fn a_slow_line_takes_its_time_and_a_lossy_one_arrives() {
    for address in [V4, V6] {
        let slow = visit("slow", address);
        assert_eq!((slow.body, slow.ended), (16_000, true));
        assert!((2.0..4.0).contains(&slow.took.as_secs_f64()), "{:?}", slow.took);
        let lossy = visit("lossy", address);
        assert_eq!((lossy.body, lossy.ended), (16_000, true), "{lossy:?}");
    }
}

#[test]
fn losses_of_the_lossy_case_are_some_and_any_seed_gets_through_in_the_end() {
    let mut lost = 0;
    for seed in 0..20 {
        let staging = Staging { seed: Some(seed), ..Staging::default() };
        let mut staged = case("lossy").scenario.stage_with(&staging);
        let visit = visit_in(&mut staged, V4);
        assert!(visit.body == 16_000 || visit.took >= PATIENCE, "{seed}: {visit:?}");
        lost += staged.lab.capture().records().filter(|one| one.fate == synsent_lab::Fate::Lost).count();
    }
    assert!(lost > 20, "{lost}");
}

#[test]
fn a_small_mtu_is_told_and_a_black_hole_is_not() {
    for address in [V4, V6] {
        let mut staged = staged(&case("small-mtu").scenario);
        let small = visit_in(&mut staged, address);
        assert_eq!((small.body, small.ended), (16_000, true));
        // On the far line: a packet that is too big, and what the router says about it to the host.
        let told = staged.lab.capture().records().any(|one| {
            let packet = one.sight().packet();
            packet.is_some_and(|packet| packet.destination == ip(address) && is_too_big(packet.payload, address))
        });
        assert!(told, "the router tells the host");
        let hole = visit("black-hole", address);
        assert!(hole.connected_after.is_some() && hole.body < 16_000 && !hole.ended, "{hole:?}");
    }
}

/// Whether an ICMP message says that a packet of more than 1280 octets does not fit (RFC 1191, RFC 4443 section 3.2).
fn is_too_big(payload: &[u8], address: &str) -> bool {
    let kind: &[u8] = if address == V4 { &[3, 4] } else { &[2, 0] };
    payload.starts_with(kind) && payload.get(6..8) == Some(&1_280_u16.to_be_bytes())
}

#[test]
fn a_dead_address_is_silent_and_the_other_one_answers() {
    for (name, dead, alive) in
        [("v6-dead", &[V6][..], &[V4][..]), ("first-address-dead", &[V4, V6], &["10.2.0.3", "fd00:2::3"])]
    {
        for address in dead {
            assert_eq!(visit(name, address).wire, "SYN ×4", "{name} {address}");
        }
        for address in alive {
            let visit = visit(name, address);
            assert!(visit.ended && visit.body > 0, "{name} {address}");
        }
    }
}

/// Asks the name server of a case for an address of `shop.test`; what it says, and whether a datagram came back.
fn ask(name: &str, kind: u8) -> (Said, bool) {
    let mut staged = staged(&case(name).scenario);
    let us = staged.us;
    let query =
        [b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x04shop\x04test\x00\x00", &[kind, 0, 1][..]].concat();
    let socket = staged.lab.call(us, |stack, now| stack.udp_bind(now, UdpOptions::default())).unwrap();
    let server: SocketAddr = "10.1.0.53:53".parse().unwrap();
    staged.lab.call(us, |stack, now| stack.udp_send_to(now, socket, Some(server), &query)).unwrap();
    staged.lab.run_for(Duration::from_secs(10));
    let answered = staged.lab.call(us, |stack, _| stack.udp_receive(socket, &mut [0; 512])).is_ok();
    (staged.lab.asked(staged.name_server).next().expect("a question").answer.clone(), answered)
}

#[test]
fn names_are_answered_but_where_the_case_is_about_them() {
    const A: u8 = 1;
    const AAAA: u8 = 28;
    for case in cases() {
        let (said, answered) = match case.name.as_str() {
            // Our stack has no port for the question either.
            "out-of-ports" => continue,
            name => ask(name, A),
        };
        let wanted = match case.name.as_str() {
            "no-such-name" => (Said::NoSuchName, true),
            "names-silent" => (Said::Silence, false),
            "first-address-dead" => (Said::Addresses(vec![ip(V4), ip("10.2.0.3")]), true),
            _ => (Said::Addresses(vec![ip(V4)]), true),
        };
        assert_eq!((said, answered), wanted, "{}", case.name);
    }
    assert_eq!(ask("v6-dead", AAAA).0, Said::Addresses(vec![ip(V6)]));
}

#[test]
fn a_seed_gives_the_same_octets_and_another_one_others() {
    let digest = |seed| {
        let mut staged = case("lossy").scenario.stage_with(&Staging { seed: Some(seed), ..Staging::default() });
        visit_in(&mut staged, V4);
        staged.lab.capture().digest()
    };
    assert_eq!(digest(3), digest(3));
    assert_ne!(digest(3), digest(4));
}
