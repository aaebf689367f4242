//! Networks that several tests use.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use synsent_lab::{CableId, HostId, Lab};
use synsent_stack::{Algorithm, Cidr, Config, Instant, LinkId, Route, RouteKind};

/// Which Internet protocol a test runs over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Family {
    V4,
    V6,
}

/// What lies between client and server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    /// One Ethernet segment.
    Segment,
    /// One line of bare packets.
    Line,
    /// A segment, a router, and a line.
    Routed,
}

/// A client and a server, and the cables between them in order.
pub(crate) struct Pair {
    pub(crate) lab: Lab,
    pub(crate) client: HostId,
    pub(crate) server: HostId,
    pub(crate) cables: Vec<CableId>,
    pub(crate) server_address: IpAddr,
}

/// The address of a host in a network, both by number.
pub(crate) fn address(family: Family, net: u8, host: u8) -> IpAddr {
    match family {
        Family::V4 => Ipv4Addr::new(10, net, 0, host).into(),
        Family::V6 => Ipv6Addr::new(0xfd00, u16::from(net), 0, 0, 0, 0, 0, u16::from(host)).into(),
    }
}

/// The same with the length of the network's prefix.
pub(crate) fn cidr(family: Family, net: u8, host: u8) -> Cidr {
    let prefix_len = if family == Family::V4 { 24 } else { 64 };
    Cidr::new(address(family, net, host), prefix_len).unwrap()
}

/// A route to a network by number.
pub(crate) fn via(family: Family, net: u8, gateway: IpAddr, link: LinkId) -> Route {
    Route {
        destination: cidr(family, net, 0),
        gateway: Some(gateway),
        link: Some(link),
        metric: 0,
        kind: RouteKind::Unicast,
    }
}

/// Settings with this congestion control.
pub(crate) fn config(algorithm: Algorithm) -> Config {
    let mut config = Config::default();
    config.tcp.options.algorithm = algorithm;
    config
}

/// A client and a server; the last cable has this MTU, the others 1,500.
pub(crate) fn pair(seed: u64, family: Family, way: Way, mtu: u16, config: Config) -> Pair {
    let mut lab = Lab::new(seed);
    let client = lab.add_host("client", config.clone());
    let server = lab.add_host("server", config);
    match way {
        Way::Segment | Way::Line => {
            let cable = if way == Way::Segment { lab.add_segment("net", mtu) } else { lab.add_line("net", mtu) };
            lab.attach(client, cable, &[cidr(family, 1, 1)]).unwrap();
            lab.attach(server, cable, &[cidr(family, 1, 2)]).unwrap();
            Pair { lab, client, server, cables: vec![cable], server_address: address(family, 1, 2) }
        }
        Way::Routed => {
            let router = lab.add_router("router");
            let (near, far) = (lab.add_segment("near", 1_500), lab.add_line("far", mtu));
            let near_link = lab.attach(client, near, &[cidr(family, 1, 1)]).unwrap();
            lab.attach(router, near, &[cidr(family, 1, 254)]).unwrap();
            lab.attach(router, far, &[cidr(family, 2, 254)]).unwrap();
            let far_link = lab.attach(server, far, &[cidr(family, 2, 2)]).unwrap();
            lab.route(client, via(family, 2, address(family, 1, 254), near_link)).unwrap();
            lab.route(server, via(family, 1, address(family, 2, 254), far_link)).unwrap();
            Pair { lab, client, server, cables: vec![near, far], server_address: address(family, 2, 2) }
        }
    }
}

/// A point in time after which a test has failed.
pub(crate) const LATE: Instant = Instant::from_secs(7_200);
