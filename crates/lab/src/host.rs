//! A host of a lab: its stack, its links, and what it does by itself: scripted peers and obstructions.

use std::collections::VecDeque;
use std::sync::Arc;

use synsent_stack::{BindError, EthernetAddress, Event, Instant, LinkId, ListenError, Stack};

use crate::cable::CableId;
use crate::datagrams::{Sunk, UdpBehaviour, UdpPeer};
use crate::lab::{HostId, Lab};
use crate::obstruct::{Obstructing, Obstruction};
use crate::peer::{Behaviour, Peer};
use crate::service::Service;
use crate::sight::Sight;

pub(crate) struct Host {
    pub(crate) name: String,
    pub(crate) stack: Stack,
    pub(crate) ports: Vec<Port>,
    pub(crate) peers: Vec<Peer>,
    pub(crate) udp_peers: Vec<UdpPeer>,
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
        let peer = Peer::start(&mut target.stack, now, port, behaviour, Arc::new(service))?;
        target.peers.push(peer);
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

impl Host {
    /// Whether the host may see a frame: a silent peer does not hear what is for its port.
    pub(crate) fn hears(&self, sight: &Sight<'_>) -> bool {
        let mut deaf = self.peers.iter().filter(|peer| peer.is_deaf()).peekable();
        deaf.peek().is_none()
            || !sight.segment().is_some_and(|one| deaf.any(|peer| peer.port == one.destination.port()))
    }

    /// The answer of an obstruction to a frame that came by this link, and where it leaves.
    pub(crate) fn obstructed(&mut self, sight: &Sight<'_>, link: LinkId) -> Option<(Port, Vec<u8>)> {
        let port = *self.ports.iter().find(|port| port.link == link)?;
        let Host { obstructions, stack, .. } = self;
        let answer = obstructions.iter_mut().find_map(|one| one.answer(sight, stack, link, port.station))?;
        Some((port, answer))
    }
}
