//! What is around the machine under test: a router at the other end of its line, and two servers behind it, all in a lab.
//!
//! ```text
//! us 10.1.0.2 ── 10.1.0.1 router 10.2.0.1 ──┬── server 10.2.0.2 (and 192.0.2.1, to which we have no route)
//!                                           └── second server 10.2.0.3
//! ```
//!
//! IPv6 is the same with `fd00:1::/64` and `fd00:2::/64`. In the lab, we are a host of it; in the real worlds we are the machine,
//! and our end of the router's line is a tap. Every situation gets a port of its own at a server, so several can be arranged in
//! one trial. Nothing here knows who is tried: situations are brought about by what the router and the servers do.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use synsent_lab::{Behaviour, CableId, Faults, HostId, IcmpError, Lab, Obstruction, RuleId, UdpBehaviour};
use synsent_stack::{Cidr, Duration, LinkId, ListenOptions, ListenerId, OpenOptions, Route, UdpId, UdpOptions};
use synsent_wire::ip::Protocol;

use crate::situation::{Situation, Told};
use crate::world::{NotHere, Peer};

/// Our address.
pub(crate) const OURS: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 2);
/// The router's address on our line.
pub(crate) const ROUTER: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 1);
/// The broadcast address of our line.
pub(crate) const OUR_BROADCAST: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 255);
/// The same for IPv6.
pub(crate) const OURS_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 1, 0, 0, 0, 0, 0, 2);
pub(crate) const ROUTER_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 1, 0, 0, 0, 0, 0, 1);

/// A group of IPv4.
pub(crate) const GROUP: Ipv4Addr = Ipv4Addr::new(239, 1, 2, 3);
/// A group of IPv6.
pub(crate) const GROUP_V6: Ipv6Addr = Ipv6Addr::new(0xff05, 0, 0, 0, 0, 0, 0, 0x1234);

const SERVER: Ipv4Addr = Ipv4Addr::new(10, 2, 0, 2);
const SERVER_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 2, 0, 0, 0, 0, 0, 2);
const SECOND: Ipv4Addr = Ipv4Addr::new(10, 2, 0, 3);
/// Where the server is too, and where no route of ours leads.
const UNROUTED: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

/// The prefix lengths of all networks here.
const V4_PREFIX: u8 = 24;
const V6_PREFIX: u8 = 64;
/// The time on a cable, one way.
const DELAY: Duration = Duration::from_millis(1);
/// The first port of a situation.
const FIRST_PORT: u16 = 7_001;
/// The port of the UDP sockets outside.
pub(crate) const PEER_PORT: u16 = 5_001;
/// How long the lab runs for what is on its way to arrive.
pub(crate) const A_MOMENT: Duration = Duration::from_millis(20);
/// How many connections the backlog that is full holds.
const BACKLOG: usize = 2;
/// How many SYNs a peer that answers late does not hear, unless it is told otherwise.
const UNHEARD_SYNS: u32 = 2;
/// Which end of the line is ours: the router was there first.
pub(crate) const US_END: usize = 1;

/// The hosts around the machine, and what they have been told to do.
pub(crate) struct Outside {
    pub(crate) router: HostId,
    pub(crate) server: HostId,
    second: HostId,
    /// The line between the machine and the router.
    pub(crate) line: CableId,
    far: CableId,
    /// How many SYNs a peer that answers late does not hear.
    pub(crate) unheard_syns: u32,
    next_port: u16,
    peers: [UdpId; 3],
    silences: Vec<(u16, RuleId)>,
    /// Listeners whose connections wait to be broken.
    breaking: Vec<ListenerId>,
}

impl Outside {
    /// A lab with the router and the servers; the other end of the line is free.
    pub(crate) fn new(lab: &mut Lab) -> Outside {
        let router = lab.add_router("router");
        let (server, second) = (lab.add_host("server", Default::default()), lab.add_host("second", Default::default()));
        let (line, far) = (lab.add_line("line", 1_500), lab.add_segment("far", 1_500));
        settle(lab, router, line, &[v4(ROUTER), v6(ROUTER_V6)]);
        let far_addresses = [
            v4(Ipv4Addr::new(10, 2, 0, 1)),
            v6(Ipv6Addr::new(0xfd00, 2, 0, 0, 0, 0, 0, 1)),
            v4(Ipv4Addr::new(192, 0, 2, 2)),
        ];
        settle(lab, router, far, &far_addresses);
        for (host, addresses) in [(server, vec![v4(SERVER), v6(SERVER_V6), v4(UNROUTED)]), (second, vec![v4(SECOND)])] {
            settle(lab, host, far, &addresses);
            for gateway in [far_addresses[0].addr(), far_addresses[1].addr()] {
                // The gateway is on the link that the host was just joined to.
                let _ = lab.route(host, Route::default_via(gateway));
            }
        }
        let options = UdpOptions { port: PEER_PORT, ..UdpOptions::default() };
        let peers = [server, second, router].map(|host| {
            // The ports of a new host are free.
            lab.call(host, |stack, now| stack.udp_bind(now, options)).expect("the port of a new host is free")
        });
        Outside {
            router,
            server,
            second,
            line,
            far,
            unheard_syns: UNHEARD_SYNS,
            next_port: FIRST_PORT,
            peers,
            silences: Vec::new(),
            breaking: Vec::new(),
        }
    }

    /// Everybody is joined: packets take their time from now on, and what the hosts say to one another at their start is over.
    pub(crate) fn settled(&mut self, lab: &mut Lab) {
        for cable in [self.line, self.far] {
            lab.set_faults(cable, None, Faults::delay(DELAY));
        }
        lab.run_for(A_MOMENT);
    }

    /// What is brought about by the router and the servers alone; `None`: it is the machine's own affair.
    pub(crate) fn arrange(&mut self, lab: &mut Lab, situation: Situation) -> Option<Result<SocketAddr, NotHere>> {
        let port = self.next_port;
        let peer = SocketAddr::new(SERVER.into(), port);
        let behaviour = match situation {
            Situation::Answers | Situation::AnswersInet6 | Situation::AnswersLate => Behaviour::Answer,
            Situation::Unreachable(_) | Situation::UnreachableThenAnswers(_) => Behaviour::Answer,
            Situation::UnreachableThenSilent(_) | Situation::Silent | Situation::SignalWhileSilent => Behaviour::Refuse,
            Situation::Refuses => Behaviour::Refuse,
            Situation::BacklogFull => Behaviour::FillBacklog(BACKLOG),
            Situation::NoRoute => Behaviour::Answer,
            Situation::BreaksWhenTold => {
                self.next_port += 1;
                return Some(self.listen(lab, peer));
            }
            _ => return None,
        };
        self.next_port += 1;
        if let Err(error) = lab.behave(self.server, port, behaviour) {
            return Some(Err(NotHere(format!("the server's port {port}: {error:?}"))));
        }
        match situation {
            Situation::Answers | Situation::AnswersInet6 => self.echo_datagrams(lab, port),
            Situation::Unreachable(told) => self.obstruct(lab, port, told, None),
            Situation::UnreachableThenAnswers(told) => self.obstruct(lab, port, told, Some(1)),
            Situation::UnreachableThenSilent(told) => {
                self.obstruct(lab, port, told, Some(1));
                self.silence(lab, port, u32::MAX);
            }
            Situation::Silent | Situation::SignalWhileSilent => self.silence(lab, port, u32::MAX),
            Situation::AnswersLate => self.silence(lab, port, self.unheard_syns),
            Situation::BacklogFull => self.fill(lab, peer),
            _ => {}
        }
        Some(Ok(match situation {
            Situation::AnswersInet6 => SocketAddr::new(SERVER_V6.into(), port),
            Situation::NoRoute => SocketAddr::new(UNROUTED.into(), port),
            _ => peer,
        }))
    }

    /// What refused or was silent at this port answers from now on.
    pub(crate) fn relent(&mut self, lab: &mut Lab, peer: SocketAddr) -> Result<(), NotHere> {
        let far = self.far;
        lab.clear_obstructions(self.router);
        self.silences.retain(|(port, rule)| {
            if *port == peer.port() {
                lab.remove_rule(far, *rule);
            }
            *port != peer.port()
        });
        // Where somebody listens already, nobody has to be put there.
        let _ = lab.behave(self.server, peer.port(), Behaviour::Answer);
        Ok(())
    }

    /// The connections of peers that break when they are told to are reset; whether there was one.
    pub(crate) fn break_off(&self, lab: &mut Lab) -> bool {
        // The last acknowledgment of the handshake may be on its way.
        lab.run_for(A_MOMENT);
        let mut broken = false;
        for listener in &self.breaking {
            lab.call(self.server, |stack, now| {
                while let Some(flow) = stack.tcp_accept(now, *listener) {
                    stack.tcp_abort(now, flow);
                    broken = true;
                }
            });
        }
        lab.run_for(A_MOMENT);
        broken
    }

    fn listen(&mut self, lab: &mut Lab, peer: SocketAddr) -> Result<SocketAddr, NotHere> {
        let options = ListenOptions::on_port(peer.port());
        let listener = lab.call(self.server, |stack, now| stack.tcp_listen(now, options));
        self.breaking.push(listener.map_err(|error| NotHere(format!("the server does not listen: {error:?}")))?);
        Ok(peer)
    }

    /// The name of a UDP socket out here.
    pub(crate) fn peer(which: Peer) -> SocketAddr {
        let address = match which {
            Peer::A => SERVER,
            Peer::B => SECOND,
            Peer::Neighbour => ROUTER,
        };
        SocketAddr::new(address.into(), PEER_PORT)
    }

    /// A UDP socket out here sends.
    pub(crate) fn peer_sends(&self, lab: &mut Lab, which: Peer, to: SocketAddr, octets: &[u8]) {
        let socket = self.peers[which as usize];
        // What cannot be sent does not arrive, and the case says so.
        let _ = lab.call(self.host(which), |stack, now| stack.udp_send_to(now, socket, Some(to), octets));
        lab.run_for(A_MOMENT);
    }

    /// What has arrived at a UDP socket out here.
    pub(crate) fn peer_received(&self, lab: &mut Lab, which: Peer) -> Vec<Vec<u8>> {
        lab.run_for(A_MOMENT);
        let socket = self.peers[which as usize];
        lab.call(self.host(which), |stack, _| {
            let (mut all, mut octets) = (Vec::new(), vec![0; 65_535]);
            while let Ok(received) = stack.udp_receive(socket, &mut octets) {
                all.push(octets[..received.len].to_vec());
            }
            all
        })
    }

    fn host(&self, which: Peer) -> HostId {
        match which {
            Peer::A => self.server,
            Peer::B => self.second,
            Peer::Neighbour => self.router,
        }
    }

    fn echo_datagrams(&self, lab: &mut Lab, port: u16) {
        // The port is new.
        let _ = lab.behave_udp(self.server, port, UdpBehaviour::Echo);
    }

    fn obstruct(&self, lab: &mut Lab, port: u16, told: Told, first: Option<u32>) {
        let error = match told {
            Told::Network => IcmpError::NetworkUnreachable,
            Told::Host => IcmpError::HostUnreachable,
            Told::Port => IcmpError::PortUnreachable,
            Told::Prohibited => IcmpError::Prohibited,
            Told::TimeExceeded => IcmpError::TimeExceeded,
        };
        lab.obstruct(self.router, Obstruction { error, to: Some(SERVER.into()), port: Some(port), first });
    }

    /// The far network loses the first so many segments for a port.
    fn silence(&mut self, lab: &mut Lab, port: u16, mut segments: u32) {
        let rule = lab.drop_where(self.far, move |sight| {
            let concerns = sight.segment().is_some_and(|segment| segment.destination.port() == port);
            if concerns && segments > 0 {
                segments = segments.saturating_sub(u32::from(segments != u32::MAX));
                return true;
            }
            let datagram = sight.packet().is_some_and(|packet| {
                packet.protocol == Protocol::UDP && packet.payload.get(2..4) == Some(&port.to_be_bytes())
            });
            datagram && segments > 0
        });
        self.silences.push((port, rule));
    }

    /// The second server takes all places of a backlog.
    fn fill(&self, lab: &mut Lab, peer: SocketAddr) {
        for _ in 0..=BACKLOG {
            // One more than there is room for may stay in SYN-SENT; that does no harm.
            let _ = lab.call(self.second, |stack, now| stack.tcp_connect(now, OpenOptions::to(peer)));
            lab.run_for(A_MOMENT);
        }
    }
}

/// Joins the machine of a lab to the line.
pub(crate) fn settle_us(lab: &mut Lab, us: HostId, line: CableId) -> LinkId {
    let link = settle(lab, us, line, &[v4(OURS), v6(OURS_V6)]);
    for (network, gateway) in routes() {
        // The router is on the line.
        let _ = lab.route(us, Route::via(network, gateway));
    }
    link
}

/// The networks that the machine reaches, and by whom: the servers', and no other.
pub(crate) fn routes() -> [(Cidr, IpAddr); 2] {
    [
        (v4(Ipv4Addr::new(10, 2, 0, 0)), ROUTER.into()),
        (v6(Ipv6Addr::new(0xfd00, 2, 0, 0, 0, 0, 0, 0)), ROUTER_V6.into()),
    ]
}

/// An address with the port at which the neighbour's UDP socket is.
pub(crate) fn neighbourly(address: impl Into<IpAddr>) -> SocketAddr {
    SocketAddr::new(address.into(), PEER_PORT)
}

/// The route that was missing.
pub(crate) fn missing_route() -> (Cidr, IpAddr) {
    (v4(Ipv4Addr::new(192, 0, 2, 0)), ROUTER.into())
}

/// An address of IPv4 with the prefix of all networks here.
pub(crate) fn v4(address: Ipv4Addr) -> Cidr {
    Cidr::new(address.into(), V4_PREFIX).expect("24 bits fit into an IPv4 address")
}

/// An address of IPv6 with the prefix of all networks here.
pub(crate) fn v6(address: Ipv6Addr) -> Cidr {
    Cidr::new(address.into(), V6_PREFIX).expect("64 bits fit into an IPv6 address")
}

fn settle(lab: &mut Lab, host: HostId, cable: CableId, addresses: &[Cidr]) -> LinkId {
    lab.attach(host, cable, addresses).expect("a new link takes unicast addresses")
}
