//! Interfaces that are down, routes that refuse, addresses that are not here, ports and four-tuples that are taken.

use std::fs;

use libtest_mimic::Trial;
use synsent_host::interface::{self, RouteKind};
use synsent_host::{ProbeEnd, probe};
use synsent_sockets::{ConnectPolicy, Domain, Kind, Outcome, Settings, Socket};
use synsent_stack::Duration;

use crate::world::trial;
use crate::{done, listener, name, network, stream};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("without_an_interface_that_is_up_the_network_is_down", no_interface),
        trial("the_network_of_an_interface_that_is_down_is_down", one_interface_down),
        trial("silence_from_an_interface_that_is_down_is_no_timeout", silent_interface),
        trial("each_kind_of_route_has_its_outcome", routes),
        trial("an_address_of_somebody_else_cannot_be_bound", foreign_address),
        trial("the_port_that_a_failed_opening_tells_is_that_of_what_comes_after", port_of_a_failure),
        trial("a_four_tuple_that_exists_is_in_use", four_tuple),
        trial("when_every_port_is_taken_it_says_so", ports),
        trial("datagrams_meet_the_same_limits", datagrams),
        trial("one_attempt_is_told_as_the_kernel_tells_it", one_attempt),
    ]
}

fn connect(to: &str) -> Outcome {
    stream(&network(), Settings::default()).connect(&name(to)).expect_err("nobody is there").outcome
}

/// The numbers are those of Linux for a refusal and for a network without a route.
fn one_attempt() {
    let limit = std::time::Duration::from_secs(5);
    let tried = |to: &str| probe(to.parse().expect("an address"), limit).expect("a socket");
    let _listener = listener(&network(), 81);
    let connected = tried("127.0.0.1:81");
    assert_eq!(connected.end, ProbeEnd::Connected);
    assert_eq!(connected.local.map(|local| local.ip()), Some("127.0.0.1".parse().expect("an address")));
    for refused in ["127.0.0.1:82", "[::1]:82"] {
        let refused = tried(refused);
        assert_eq!(refused.end, ProbeEnd::Failed { number: 111, outcome: Outcome::Refused, at_once: false });
        assert_eq!((refused.told, refused.syns_repeated), (None, Some(0)));
    }
    let no_route = tried("10.1.0.1:80");
    assert_eq!(no_route.end, ProbeEnd::Failed { number: 101, outcome: Outcome::NetworkUnreachable, at_once: true });
    interface::add_veth("a0", "a1").expect("a pair");
    interface::add_address("a0", "10.1.0.2".parse().expect("an address"), 24).expect("an address");
    interface::set_up("a0").expect("a0");
    interface::set_up("a1").expect("a1");
    let short = std::time::Duration::from_millis(20);
    let silent = probe("10.1.0.1:80".parse().expect("an address"), short).expect("a socket");
    assert_eq!(silent.end, ProbeEnd::StillWaiting);
    assert!(silent.took >= short && silent.local.is_some());
}

fn no_interface() {
    assert_eq!(connect("10.1.0.1:80"), Outcome::NetworkUnreachable);
    interface::set_down("lo").expect("lo");
    assert_eq!(connect("10.1.0.1:80"), Outcome::NetworkDown);
}

fn one_interface_down() {
    for (one, peer, address) in [("a0", "a1", "10.1.0.2"), ("b0", "b1", "10.2.0.2")] {
        interface::add_veth(one, peer).expect("a pair");
        interface::add_address(one, address.parse().expect("an address"), 24).expect("an address");
    }
    interface::set_down("a0").expect("a0");
    assert_eq!(connect("10.1.0.1:80"), Outcome::NetworkDown);
    assert_eq!(connect("10.3.0.1:80"), Outcome::NetworkUnreachable);
    interface::set_down("b0").expect("b0");
    assert_eq!(connect("10.3.0.1:80"), Outcome::NetworkDown);
}

/// The routes of loopback addresses stay when the interface goes, and what is sent there is lost without a word.
fn silent_interface() {
    let patience = ConnectPolicy { timeout: Some(Duration::from_millis(20)), ..ConnectPolicy::default() };
    let settings = Settings { connect: patience, ..Settings::default() };
    let connect = |to: &str| stream(&network(), settings).connect(&name(to)).expect_err("nobody is there").outcome;
    interface::add_veth("a0", "a1").expect("a pair");
    interface::add_address("a0", "10.1.0.2".parse().expect("an address"), 24).expect("an address");
    interface::set_up("a0").expect("a0");
    interface::set_up("a1").expect("a1");
    assert_eq!(connect("10.1.0.1:80"), Outcome::TimedOut);
    interface::set_down("lo").expect("lo");
    assert_eq!(connect("127.0.0.1:80"), Outcome::NetworkDown);
    assert_eq!(connect("10.1.0.1:80"), Outcome::TimedOut);
    interface::set_up("lo").expect("lo");
    assert_eq!(connect("127.0.0.1:80"), Outcome::Refused);
}

fn routes() {
    let kinds = [
        ("10.1.0.0", RouteKind::Blackhole, Outcome::NetworkUnreachable),
        ("10.2.0.0", RouteKind::Unreachable, Outcome::HostUnreachable),
        ("10.3.0.0", RouteKind::Prohibit, Outcome::Prohibited),
    ];
    for (network, kind, outcome) in kinds {
        interface::add_route(network.parse().expect("a network"), 24, None, None, kind).expect("a route");
        for last in [1, 3] {
            let to = format!("{}{last}:80", network.strip_suffix('0').expect("a zero"));
            assert_eq!(connect(&to), outcome, "{kind:?}");
        }
    }
}

/// The kernel lets go of a port that it chose itself. Here nobody else has connections that share it.
fn port_of_a_failure() {
    let network = network();
    let client = stream(&network, Settings::default());
    let port = || client.local_name().expect("a name").inet().expect("an address").port();
    let refused = || client.connect(&name("127.0.0.1:9")).expect_err("nobody is there").outcome;
    assert_eq!(refused(), Outcome::Refused);
    let told = port();
    assert_ne!(told, 0);
    assert_eq!((refused(), port()), (Outcome::Refused, told));
    client.listen(1).expect("a listener");
    assert_eq!(port(), told);
    let to_it = name(&format!("127.0.0.1:{told}"));
    done(stream(&network, Settings::default()).connect(&to_it));
    done(client.accept());
}

fn foreign_address() {
    let network = network();
    let socket = stream(&network, Settings::default());
    assert_eq!(socket.bind(&name("10.1.0.1:80")).unwrap_err().outcome, Outcome::AddressNotLocal);
    let _listener = listener(&network, 80);
    assert_eq!(socket.bind(&name("127.0.0.1:80")).unwrap_err().outcome, Outcome::AddressInUse);
}

fn four_tuple() {
    let network = network();
    let _listener = listener(&network, 80);
    let settings = Settings { reuse_address: true, ..Settings::default() };
    for own in ["127.0.0.1:4000", "0.0.0.0:4001"] {
        let (first, second) = (stream(&network, settings), stream(&network, settings));
        first.bind(&name(own)).expect("a name");
        second.bind(&name(own)).expect("a name that is shared");
        done(first.connect(&name("127.0.0.1:80")));
        let failure = second.connect(&name("127.0.0.1:80")).expect_err("it exists");
        assert_eq!(failure.outcome, Outcome::AddressInUse);
    }
}

fn ports() {
    fs::write("/proc/sys/net/ipv4/ip_local_port_range", "40000 40003").expect("a range");
    let network = network();
    let _listener = listener(&network, 80);
    let mut open: Vec<Socket> = Vec::new();
    for _ in 0..4 {
        let socket = stream(&network, Settings::default());
        done(socket.connect(&name("127.0.0.1:80")));
        open.push(socket);
    }
    let one_more = stream(&network, Settings::default());
    assert_eq!(one_more.connect(&name("127.0.0.1:80")).unwrap_err().outcome, Outcome::NoPorts);
    // It is no worse for it.
    done(open.pop().expect("a connection").close());
}

fn datagrams() {
    let network = network();
    let socket = Socket::new(network.clone(), Domain::Inet4, Kind::Datagram, Settings::default()).expect("a socket");
    assert_eq!(socket.connect(&name("10.1.0.1:80")).unwrap_err().outcome, Outcome::NetworkUnreachable);
    let how = Default::default();
    assert_eq!(socket.send_to(b"x", &name("10.1.0.1:80"), how).unwrap_err().outcome, Outcome::NetworkUnreachable);
    interface::set_down("lo").expect("lo");
    assert_eq!(socket.send_to(b"x", &name("10.1.0.1:80"), how).unwrap_err().outcome, Outcome::NetworkDown);
    interface::set_up("lo").expect("lo");
    fs::write("/proc/sys/net/ipv4/ip_local_port_range", "40000 40001").expect("a range");
    let taken: Vec<Socket> = (0..2)
        .map(|_| {
            let socket = Socket::new(network.clone(), Domain::Inet4, Kind::Datagram, Settings::default()).expect("one");
            done(socket.connect(&name("127.0.0.1:80")));
            socket
        })
        .collect();
    let socket = Socket::new(network, Domain::Inet4, Kind::Datagram, Settings::default()).expect("a socket");
    assert_eq!(socket.send_to(b"x", &name("127.0.0.1:80"), how).unwrap_err().outcome, Outcome::NoPorts);
    assert_eq!(socket.connect(&name("127.0.0.1:80")).unwrap_err().outcome, Outcome::NoPorts);
    drop(taken);
}
