//! A host of a lab: its stack, its links, and what it does by itself: scripted peers and obstructions.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;

use synsent_stack::{BindError, EthernetAddress, Event, Instant, LinkId, ListenError, Stack};

use synsent_wire::ipv4;

use crate::cable::CableId;
use crate::datagrams::{Sunk, UdpBehaviour, UdpPeer};
use crate::gate::{Deed, Gate, Knock, Ruling, VERDICTS_MAX, Verdict};
use crate::lab::{HostId, Lab};
use crate::name_server::NameServer;
use crate::obstruct::{IcmpError, IcmpMessage, Obstructing, Obstruction, answer};
use crate::peer::{Behaviour, DESKS_MAX, Desks};
use crate::rules::{By, Does, Row, When};
use crate::service::Service;
use crate::sight::Sight;

pub(crate) struct Host {
    pub(crate) name: String,
    pub(crate) stack: Stack,
    pub(crate) ports: Vec<Port>,
    pub(crate) gate: Gate,
    pub(crate) desks: Desks,
    /// The hosts that this one decides for, by their addresses.
    pub(crate) guarded: HashMap<IpAddr, HostId>,
    /// The links whose path is narrower than their far ends believe, with the MTU in octets.
    pub(crate) narrow: Vec<(LinkId, u16)>,
    pub(crate) udp_peers: Vec<UdpPeer>,
    pub(crate) names: Option<NameServer>,
    pub(crate) obstructions: Vec<Obstructing>,
    pub(crate) events: VecDeque<Event>,
    /// When the stack or a behaviour wants to be called again.
    pub(crate) wake_at: Option<Instant>,
    pub(crate) events_ever: u64,
}

/// Where a link of a host is plugged in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Port {
    pub(crate) link: LinkId,
    pub(crate) cable: CableId,
    pub(crate) end: usize,
    pub(crate) station: Option<EthernetAddress>,
}

/// What hosts do by themselves.
impl Lab {
    /// Puts a scripted behaviour to work at a TCP port of a host.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn behave(&mut self, host: HostId, port: u16, behaviour: Behaviour) -> Result<(), ListenError> {
        self.behave_serving(host, port, behaviour, Service::default())
    }

    /// The same; whoever is accepted to be answered gets this service.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn behave_serving(
        &mut self,
        host: HostId,
        port: u16,
        behaviour: Behaviour,
        service: Service,
    ) -> Result<(), ListenError> {
        let now = self.now();
        let target = self.host_mut(host);
        let does = behaviour.does();
        if does.listens() {
            if target.gate.at_port(port).is_some_and(Does::listens) {
                return Err(ListenError::InUse);
            }
            target.desks.open(&mut target.stack, now, port, &Arc::new(service))?;
        }
        target.gate.put(Row { port: Some(port), when: When::ALWAYS, does });
        if let Behaviour::Icmp { error, first } = behaviour {
            target.obstructions.push(Obstructing::new(Obstruction { error, to: None, port: Some(port), first }));
        }
        self.settle(host);
        Ok(())
    }

    /// Puts a scripted behaviour to work at a UDP port of a host. A port without one is closed.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn behave_udp(&mut self, host: HostId, port: u16, behaviour: UdpBehaviour) -> Result<(), BindError> {
        let now = self.now();
        let target = self.host_mut(host);
        let peer = UdpPeer::start(&mut target.stack, now, port, behaviour)?;
        target.udp_peers.push(peer);
        self.settle(host);
        Ok(())
    }

    /// What a UDP sink remembers, oldest first.
    pub fn sunk(&self, host: HostId, port: u16) -> impl Iterator<Item = &Sunk> {
        let sinks = self.host(host).udp_peers.iter().filter(move |peer| peer.port == port);
        sinks.flat_map(|peer| &peer.sunk)
    }

    /// Lets a router or host answer openings and datagrams with an ICMP error.
    pub fn obstruct(&mut self, host: HostId, obstruction: Obstruction) {
        self.host_mut(host).obstructions.push(Obstructing::new(obstruction));
    }

    /// Takes away all obstructions at a host.
    pub fn clear_obstructions(&mut self, host: HostId) {
        self.host_mut(host).obstructions.clear();
    }
}

/// Rules of hosts.
impl Lab {
    /// Gives a host its rules for SYNs and datagrams, in place of those that it had. The first `written` rows are those that somebody wrote: verdicts
    /// name them by their number.
    pub fn set_rules(&mut self, host: HostId, rows: Vec<Row>, written: usize, otherwise: Does) {
        self.host_mut(host).gate.set(rows, written, otherwise);
    }

    /// Lets a router decide for a host behind it, where the host's rules say that the answer comes from the router.
    pub fn guard(&mut self, router: HostId, host: HostId, addresses: impl IntoIterator<Item = IpAddr>) {
        self.host_mut(router).guarded.extend(addresses.into_iter().map(|address| (address, host)));
    }

    /// Lets a router tell who sends to it by a link that larger packets do not fit through: as if the path became narrow just before it.
    pub fn narrow(&mut self, router: HostId, link: LinkId, mtu: u16) {
        self.host_mut(router).narrow.push((link, mtu));
    }

    /// Lets the time begin that the rules of all hosts speak of; without it, it is that of the lab.
    pub fn start_rules(&mut self) {
        let now = self.now();
        for host in self.hosts() {
            self.host_mut(host).gate.start(now);
        }
    }

    /// Whether a frame that comes to a host by this link is kept from its stack by a rule; what answers it goes out.
    pub(crate) fn is_kept_out(&mut self, id: HostId, link: LinkId, sight: &Sight<'_>) -> bool {
        let host = self.host(id);
        if host.guarded.is_empty() && host.gate.is_open() {
            return false;
        }
        if let Some((_, mtu)) = host.narrow.iter().find(|(narrow, _)| *narrow == link)
            && let Some(error) = too_big(sight, *mtu)
        {
            return self.answer(id, link, sight, error);
        }
        let Some(knock) = Knock::of(sight) else { return false };
        let to = knock.key.to.0;
        let (whose, by) = match host.guarded.get(&to) {
            Some(guarded) => (*guarded, By::Router),
            None if host.stack.is_local(to) => (id, By::Host),
            None => return false,
        };
        let now = self.now();
        let target = self.host_mut(whose);
        let Some(ruling) = target.gate.rule(now, &knock, by) else { return false };
        if let Some(verdict) = ruling.verdict(now, (whose, &target.name), id, &knock) {
            self.note(verdict);
        }
        match ruling.deed {
            Deed::Dropped => true,
            Deed::Answered(error) => self.answer(id, link, sight, error),
            Deed::Passed => self.prepare(whose, link, sight, &knock, &ruling),
        }
    }

    /// Sends an ICMP error from a host; false when it is not for the host to answer.
    fn answer(&mut self, id: HostId, link: LinkId, sight: &Sight<'_>, error: IcmpError) -> bool {
        let host = self.host(id);
        let Some(port) = host.ports.iter().find(|port| port.link == link).copied() else { return false };
        let Some(frame) = answer(error, sight, &host.stack, &port, &host.ports) else { return false };
        self.put_out(port.cable, port.end, &frame);
        true
    }

    /// Lets somebody be there whom the stack finds when it gets the packet; whether it does not get it after all.
    fn prepare(&mut self, id: HostId, link: LinkId, sight: &Sight<'_>, knock: &Knock, ruling: &Ruling) -> bool {
        let now = self.now();
        let host = self.host_mut(id);
        let port = knock.key.to.1;
        if knock.key.tcp {
            if ruling.does.listens() {
                // Who listens there already is somebody of the lab's own, and it answers; a port too many refuses.
                let _ = host.desks.open(&mut host.stack, now, port, &Arc::default());
            }
            return false;
        }
        let is_there = host.udp_peers.iter().any(|peer| peer.port == port);
        match *ruling.does {
            Does::Refuses if is_there => self.answer(id, link, sight, IcmpError::PortUnreachable),
            Does::Refuses => false,
            _ => {
                if !is_there && host.udp_peers.len() < DESKS_MAX {
                    // The same holds for datagrams.
                    host.udp_peers.extend(UdpPeer::start(&mut host.stack, now, port, UdpBehaviour::Echo));
                }
                false
            }
        }
    }

    fn note(&mut self, verdict: Verdict) {
        let verdicts = self.verdicts_mut();
        if verdicts.len() == VERDICTS_MAX {
            verdicts.pop_front();
        }
        verdicts.push_back(verdict);
    }
}

/// The error that tells who sent a packet that it is too big; `None`: it is not, or it may be taken apart.
fn too_big(sight: &Sight<'_>, mtu: u16) -> Option<IcmpError> {
    if sight.ethernet || sight.frame.len() <= usize::from(mtu) {
        return None;
    }
    let dont_fragment = ipv4::View::parse(sight.frame).map_or(true, |view| view.dont_fragment());
    let message = |kind, code| Some(IcmpMessage { kind, code, field: mtu.into() });
    dont_fragment.then(|| IcmpError::Exactly { v4: message(3, 4), v6: message(2, 0) })
}

impl Host {
    /// The answer of an obstruction to a frame that came by this link, and where it leaves.
    pub(crate) fn obstructed(&mut self, sight: &Sight<'_>, link: LinkId) -> Option<(Port, Vec<u8>)> {
        let port = *self.ports.iter().find(|port| port.link == link)?;
        let Host { obstructions, stack, ports, .. } = self;
        let answer = obstructions.iter_mut().find_map(|one| one.answer(sight, stack, &port, ports))?;
        Some((port, answer))
    }
}
