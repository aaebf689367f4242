//! A small network that is ready to use: we, a neighbour, a router, and two servers in a network behind it.
//!
//! ```text
//! us 10.1.0.2 ──┬── 10.1.0.1 router 10.2.0.1 ──┬── server 10.2.0.2
//! neighbour .3 ─┘                              └── second server 10.2.0.3
//! ```
//!
//! Both networks are Ethernet segments and have IPv6 as well: `fd00:1::/64` and `fd00:2::/64`, with the same last numbers. The
//! local segment takes a tenth of a millisecond one way, the far one five milliseconds. All default routes go to the router.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use synsent_stack::{Cidr, Config, Duration, LinkId, Route};

use crate::cable::CableId;
use crate::faults::Faults;
use crate::lab::{HostId, Lab};

/// The time on the local segment, one way.
const LAN_DELAY: Duration = Duration::from_micros(100);
/// The time on the far segment, one way.
const FAR_DELAY: Duration = Duration::from_millis(5);

/// A host of the neighbourhood with its addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// The host.
    pub host: HostId,
    /// Its link to the network in which it lives.
    pub link: LinkId,
    /// Its IPv4 address.
    pub v4: Ipv4Addr,
    /// Its IPv6 address.
    pub v6: Ipv6Addr,
}

/// The network with its hosts.
pub struct Neighbourhood {
    /// The lab that it lives in.
    pub lab: Lab,
    /// We.
    pub us: Place,
    /// A host of our own network.
    pub neighbour: Place,
    /// The router, as our network sees it.
    pub router: Place,
    /// A host of the far network.
    pub server: Place,
    /// Another host of the far network.
    pub second_server: Place,
    /// Our network.
    pub lan: CableId,
    /// The far network.
    pub far: CableId,
}

impl Place {
    /// The IPv4 address with a port.
    pub fn at(&self, port: u16) -> SocketAddr {
        (self.v4, port).into()
    }

    /// The IPv6 address with a port.
    pub fn at_v6(&self, port: u16) -> SocketAddr {
        (self.v6, port).into()
    }
}

impl Neighbourhood {
    /// The neighbourhood, whose chance comes from the seed.
    pub fn new(seed: u64) -> Neighbourhood {
        Neighbourhood::with_config(seed, Config::default())
    }

    /// The neighbourhood where we have other settings.
    pub fn with_config(seed: u64, config: Config) -> Neighbourhood {
        let mut lab = Lab::new(seed);
        let (us, neighbour) = (lab.add_host("us", config), lab.add_host("neighbour", Config::default()));
        let router = lab.add_router("router");
        let (server, second) = (lab.add_host("server", Config::default()), lab.add_host("second", Config::default()));
        let (lan, far) = (lab.add_segment("lan", 1_500), lab.add_segment("far", 1_500));
        let near_side = settle(&mut lab, router, lan, 1, 1);
        let far_side = settle(&mut lab, router, far, 2, 1);
        let mut inhabitant = |host, cable, net, number, gateway: Place| {
            let place = settle(&mut lab, host, cable, net, number);
            for gateway in [IpAddr::V4(gateway.v4), IpAddr::V6(gateway.v6)] {
                // The gateway is on the link that the host was just joined to.
                lab.route(host, Route::default_via(gateway)).expect("a gateway of the own network is taken");
            }
            place
        };
        let us = inhabitant(us, lan, 1, 2, near_side);
        let neighbour = inhabitant(neighbour, lan, 1, 3, near_side);
        let server = inhabitant(server, far, 2, 2, far_side);
        let second_server = inhabitant(second, far, 2, 3, far_side);
        // Faults belong to the ends of a cable, so they come after those.
        lab.set_faults(lan, None, Faults::delay(LAN_DELAY));
        lab.set_faults(far, None, Faults::delay(FAR_DELAY));
        Neighbourhood { lab, us, neighbour, router: near_side, server, second_server, lan, far }
    }

    /// An address of our own network that nobody has.
    pub fn vacant(&self) -> Place {
        Place { v4: address_v4(1, 99), v6: address_v6(1, 99), ..self.neighbour }
    }
}

fn address_v4(net: u8, number: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, net, 0, number)
}

fn address_v6(net: u8, number: u8) -> Ipv6Addr {
    Ipv6Addr::new(0xfd00, u16::from(net), 0, 0, 0, 0, 0, u16::from(number))
}

fn settle(lab: &mut Lab, host: HostId, cable: CableId, net: u8, number: u8) -> Place {
    let (v4, v6) = (address_v4(net, number), address_v6(net, number));
    let cidrs = [Cidr::new(v4.into(), 24), Cidr::new(v6.into(), 64)].map(|cidr| cidr.expect("the prefix fits"));
    // A new host takes two unicast addresses of its own.
    let link = lab.attach(host, cable, &cidrs).expect("a new link takes its addresses");
    Place { host, link, v4, v6 }
}
