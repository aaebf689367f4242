//! Routers: what they tell a host, what a host lets be a route, and what this stack does when it is one.

use crate::net::*;
use synsent_stack::*;
use synsent_wire::ethernet::EtherType;
use synsent_wire::ip::Protocol;
use synsent_wire::ndp::{self, NdpOption, Options, Prefix};
use synsent_wire::{icmpv4, icmpv6, ipv4, ipv6};

const ROUTER: &str = "fe80::fe";

/// A host that listens to routers, on an Ethernet.
fn listener() -> Host {
    let now = Instant::from_secs(100);
    let mut stack = Stack::new(Config::default(), [1; 32]);
    let config = LinkConfig { accept_router_advertisements: true, ..LinkConfig::ethernet("net0", OURS) };
    let link = stack.add_link(now, config);
    Host { stack, link, now }
}

fn advertisement(hop_limit: u8, router_lifetime_secs: u16, options: &[NdpOption]) -> Vec<u8> {
    let mut octets = vec![0; 256];
    let mut len = 0;
    for option in options {
        len += option.emit(&mut octets[len..]);
    }
    let message = ndp::Repr::RouterAdvertisement {
        hop_limit,
        managed: false,
        other: false,
        router_lifetime_secs,
        reachable_millis: 0,
        retrans_millis: 0,
        options: Options::parse(&octets[..len]).unwrap(),
    };
    frame(EtherType::IPV6, &icmp6_packet(ROUTER, "ff02::1", 255, &icmpv6::Repr::Ndp(message)))
}

fn prefix(valid_secs: u32, on_link: bool) -> NdpOption {
    let prefix = v6("2001:db8:5::");
    NdpOption::Prefix(Prefix { len: 64, on_link, autonomous: true, valid_secs, preferred_secs: valid_secs, prefix })
}

/// The address that the prefix gives the host's hardware address.
const FORMED: &str = "2001:db8:5::ff:fe00:1";

fn has(host: &Host, text: &str) -> bool {
    host.stack.addresses(host.link).any(|(cidr, ready)| cidr.addr() == addr(text) && ready)
}

#[test]
fn a_host_that_listens_asks_for_routers_three_times() {
    let mut host = listener();
    let out = host.after(Duration::from_secs(60));
    let asked = out.iter().filter(|frame| {
        let message = icmp6_of(&frame[14..]);
        matches!(message, Some((_, icmpv6::Repr::Ndp(ndp::Repr::RouterSolicitation { .. }))))
    });
    assert_eq!(asked.count(), 3);
    assert!(has(&host, "fe80::ff:fe00:1"));
}

#[test]
fn an_advertised_prefix_gives_an_address_and_the_two_hour_rule_keeps_it() {
    let mut host = listener();
    host.give(&advertisement(64, 1800, &[prefix(86_400, true)]));
    host.after(Duration::from_secs(2));
    assert!(has(&host, FORMED));
    // A forged end is believed down to two hours only.
    host.give(&advertisement(64, 1800, &[prefix(1, true)]));
    host.after(Duration::from_secs(7_100));
    assert!(has(&host, FORMED));
    host.after(Duration::from_secs(200));
    assert!(!has(&host, FORMED));
}

#[test]
fn an_address_formed_from_a_prefix_does_not_make_the_prefix_on_link() {
    let mut host = listener();
    host.give(&advertisement(64, 1800, &[prefix(86_400, false), NdpOption::SourceLink(THEIRS)]));
    host.after(Duration::from_secs(2));
    let socket = host.socket(5000);
    host.stack.udp_send_to(host.now, socket, Some("[2001:db8:5::9]:7".parse().unwrap()), b"x").unwrap();
    // The router's hardware address is known, so the datagram goes to it at once; nobody is asked for the neighbour.
    let out = host.out();
    assert_eq!((out.len(), &out[0][..6]), (1, &THEIRS.0[..]));
    host.give(&advertisement(64, 1800, &[prefix(86_400, true)]));
    host.stack.udp_send_to(host.now, socket, Some("[2001:db8:5::9]:7".parse().unwrap()), b"x").unwrap();
    assert_eq!(&host.out()[0][..2], &[0x33, 0x33]);
}

#[test]
fn the_advertised_mtu_counts_when_it_is_possible() {
    let mut host = listener();
    let mut largest = |mtu| {
        host.give(&advertisement(
            64,
            1800,
            &[prefix(86_400, true), NdpOption::SourceLink(THEIRS), NdpOption::Mtu(mtu)],
        ));
        host.after(Duration::from_secs(2));
        let socket = host.socket(0);
        host.stack.udp_send_to(host.now, socket, Some("[2001:db8:9::9]:7".parse().unwrap()), &[0; 1400]).unwrap();
        host.out().iter().map(|frame| frame.len() - 14).max().unwrap()
    };
    assert_eq!((largest(1279), largest(9000)), (1448, 1448));
    assert!(largest(1300) <= 1300);
}

#[test]
fn the_advertised_hop_limit_is_used() {
    let mut host = listener();
    host.give(&advertisement(17, 1800, &[prefix(86_400, true), NdpOption::SourceLink(THEIRS)]));
    host.after(Duration::from_secs(2));
    host.stack.ping(host.now, addr("2001:db8:9::9"), None, 1, 1, b"").unwrap();
    assert_eq!(ipv6::View::parse(&host.out()[0][14..]).unwrap().hop_limit(), 17);
    // Zero says nothing.
    host.give(&advertisement(0, 1800, &[]));
    host.stack.ping(host.now, addr("2001:db8:9::9"), None, 1, 1, b"").unwrap();
    assert_eq!(ipv6::View::parse(&host.out()[0][14..]).unwrap().hop_limit(), 17);
}

#[test]
fn tcp_uses_the_advertised_hop_limit_too() {
    let mut host = listener();
    host.give(&advertisement(17, 1800, &[prefix(86_400, true), NdpOption::SourceLink(THEIRS)]));
    host.after(Duration::from_secs(2));
    host.stack.tcp_connect(host.now, OpenOptions::to("[2001:db8:9::9]:80".parse().unwrap())).unwrap();
    assert_eq!(ipv6::View::parse(&host.out()[0][14..]).unwrap().hop_limit(), 17);
}

#[test]
fn a_default_router_ends_with_its_lifetime() {
    let mut host = listener();
    host.give(&advertisement(64, 10, &[prefix(86_400, true), NdpOption::SourceLink(THEIRS)]));
    host.after(Duration::from_secs(2));
    let ping = |host: &mut Host| host.stack.ping(host.now, addr("2001:db8:9::9"), None, 1, 1, b"");
    assert_eq!(ping(&mut host), Ok(()));
    host.after(Duration::from_secs(9));
    assert_eq!(ping(&mut host), Err(PingError::NoPath(NoPath::NoRoute)));
    host.give(&advertisement(64, 10, &[]));
    assert_eq!(ping(&mut host), Ok(()));
    host.give(&advertisement(64, 0, &[]));
    assert_eq!(ping(&mut host), Err(PingError::NoPath(NoPath::NoRoute)));
}

#[test]
fn what_routers_may_give_is_bounded_and_only_neighbours_are_routers() {
    let mut host = listener();
    for number in 0..100u16 {
        let prefix = std::net::Ipv6Addr::new(0x2001, 0xdb8, number, 0, 0, 0, 0, 0);
        let (len, on_link, autonomous, valid_secs, preferred_secs) = (64, true, true, 1_000, 1_000);
        let option = NdpOption::Prefix(Prefix { len, on_link, autonomous, valid_secs, preferred_secs, prefix });
        host.give(&advertisement(64, 0, &[option]));
    }
    assert_eq!(host.stack.addresses(host.link).count(), 1 + 16);
    assert!(host.stack.routes().count() < 40);
    let before = host.dropped(DropReason::NdpRefused);
    let mut deaf = Host::ethernet();
    deaf.give(&advertisement(64, 1800, &[prefix(86_400, true)]));
    assert_eq!((before, deaf.dropped(DropReason::NdpRefused)), (0, 1));
}

#[test]
fn a_gateway_must_be_a_neighbour_of_the_right_family() {
    let mut host = Host::plain();
    let mut add = |route| host.stack.add_route(host.now, route);
    let net = |text: &str| text.parse::<Cidr>().unwrap();
    assert_eq!(add(Route::via(net("10.7.0.0/16"), addr("192.0.2.1"))), Err(RouteError::GatewayUnreachable));
    assert_eq!(add(Route::via(net("10.7.0.0/16"), addr("fd00::2"))), Err(RouteError::FamilyMismatch));
    assert_eq!(add(Route::via(net("10.7.0.0/16"), addr(US))), Err(RouteError::GatewayInvalid));
    assert_eq!(add(Route::via(net("10.7.0.0/16"), addr("10.0.0.255"))), Err(RouteError::GatewayInvalid));
    assert_eq!(add(Route::via(net("fd07::/16"), addr(ROUTER))), Err(RouteError::NoSuchLink));
    assert_eq!(add(Route::via(net("10.7.0.0/16"), addr(PEER))), Ok(()));
}

fn router() -> (Host, LinkId) {
    let mut host = Host::new(Config { forwarding: true, ..Config::default() }, LinkConfig::ip("net0"));
    let second = host.second_link();
    (host, second)
}

#[test]
fn a_router_forwards_with_one_hop_less_and_a_right_checksum() {
    let (mut host, second) = router();
    host.give(&udp_packet(PEER, "10.1.0.2", (1, 9), b"through"));
    let out = host.out_of(second);
    let view = ipv4::View::parse(&out[0]).unwrap();
    assert_eq!((out.len(), view.ttl(), view.source(), view.destination()), (1, 63, v4(PEER), v4("10.1.0.2")));
    host.give(&udp_packet(PEER6, "fd01::2", (1, 9), b"through"));
    assert_eq!(ipv6::View::parse(&host.out_of(second)[0]).unwrap().hop_limit(), 63);
}

#[test]
fn a_packet_whose_hops_are_over_is_not_forwarded_and_its_sender_told() {
    let (mut host, second) = router();
    let octets = udp_octets(PEER, "10.1.0.2", (1, 9), b"x");
    let header = header4(PEER, "10.1.0.2", Protocol::UDP, octets.len());
    let out = host.give(&packet4(ipv4::Repr { ttl: 1, ..header }, &octets));
    assert!(matches!(icmp4_of(&out[0]), Some((to, icmpv4::Repr::TimeExceeded { code: 0, .. })) if to == v4(PEER)));
    let octets = udp_octets(PEER6, "fd01::2", (1, 9), b"x");
    let out = host.give(&packet6(PEER6, "fd01::2", Protocol::UDP, 1, &octets));
    assert!(matches!(icmp6_of(&out[0]), Some((_, icmpv6::Repr::TimeExceeded { code: 0, .. }))));
    assert_eq!((host.out_of(second).len(), host.dropped(DropReason::HopLimit)), (0, 2));
}

#[test]
fn a_packet_too_big_for_the_next_link_is_cut_or_its_sender_told_what_fits() {
    let (mut host, second) = router();
    host.stack.set_link_mtu(host.now, second, 1300);
    let data = vec![7; 1400];
    let octets = udp_octets(PEER, "10.1.0.2", (1, 9), &data);
    let header = header4(PEER, "10.1.0.2", Protocol::UDP, octets.len());
    let out = host.give(&packet4(ipv4::Repr { dont_fragment: true, ..header }, &octets));
    let Some((_, icmpv4::Repr::DestinationUnreachable { code: 4, next_hop_mtu: 1300, .. })) = icmp4_of(&out[0]) else {
        panic!("{out:?}");
    };
    assert!(host.give(&packet4(header, &octets)).is_empty());
    let parts = host.out_of(second);
    let views = parts.iter().map(|part| ipv4::View::parse(part).unwrap()).collect::<Vec<_>>();
    assert!(
        views.len() == 2 && views[0].total_len() <= 1300 && views[0].more_fragments() && !views[1].more_fragments()
    );
    assert_eq!(views.iter().flat_map(|view| view.payload().to_vec()).collect::<Vec<_>>(), octets);
    let out = host.give(&udp_packet(PEER6, "fd01::2", (1, 9), &data));
    assert!(matches!(icmp6_of(&out[0]), Some((_, icmpv6::Repr::PacketTooBig { mtu: 1300, .. }))));
}

#[test]
fn a_router_says_why_it_does_not_forward() {
    let (mut host, _) = router();
    for (network, kind) in [
        ("192.0.2.0/28", RouteKind::Unreachable),
        ("192.0.2.16/28", RouteKind::Prohibit),
        ("192.0.2.32/28", RouteKind::Blackhole),
    ] {
        host.stack.add_route(host.now, Route::refusing(network.parse().unwrap(), kind)).unwrap();
    }
    host.stack.remove_route(host.now, Route::default_via(addr("10.0.0.254"))).unwrap();
    let mut code = |destination: &str| {
        let out = host.give(&udp_packet(PEER, destination, (1, 9), b"x"));
        out.first().map(|packet| match icmp4_of(packet) {
            Some((_, icmpv4::Repr::DestinationUnreachable { code, .. })) => code,
            other => panic!("{other:?}"),
        })
    };
    assert_eq!(
        (code("192.0.2.1"), code("192.0.2.17"), code("192.0.2.33"), code("198.51.100.1")),
        (Some(1), Some(13), None, Some(0))
    );
}

#[test]
fn a_router_tells_that_the_last_hop_does_not_answer() {
    let mut host = Host::new(Config { forwarding: true, ..Config::default() }, LinkConfig::ethernet("net0", OURS));
    let second = host.second_link();
    host.meet_peer();
    host.give(&frame(EtherType::IPV4, &udp_packet(PEER, "10.1.0.77", (1, 9), b"x")));
    assert!(arp_of(&host.out_of(second)[0]).is_some());
    let out = host.after(Duration::from_secs(4));
    let Some((to, icmpv4::Repr::DestinationUnreachable { code: 1, .. })) = icmp4_of(&out[0][14..]) else {
        panic!("{out:?}");
    };
    assert_eq!(to, v4(PEER));
}

#[test]
fn what_means_something_on_one_link_only_is_not_forwarded() {
    let (mut host, second) = router();
    for (source, destination) in
        [("fe80::9", "fd01::2"), (PEER6, "fe80::9"), (PEER, "10.1.0.255"), (PEER, "224.0.0.9"), (PEER6, "ff05::9")]
    {
        let packet = udp_packet(source, destination, (1, 9), b"x");
        assert!(host.give(&packet).is_empty(), "{destination}");
        assert!(host.out_of(second).is_empty(), "{destination}");
    }
}
