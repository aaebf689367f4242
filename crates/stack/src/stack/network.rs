//! The verbs for links, addresses, routes, groups, and for asking a host whether it is there.

use core::net::IpAddr;

use super::Stack;
use crate::ip::{Cast, EchoReply, GroupError, PingError};
use crate::link::{AddressError, Cidr, LinkConfig, LinkId, Route, RouteError};
use crate::time::Instant;

impl Stack {
    /// Adds a link. One that listens to routers gets a link-local address and asks for them.
    pub fn add_link(&mut self, now: Instant, config: LinkConfig) -> LinkId {
        let now = self.advance(now);
        self.ip.add_link(now, config, &mut self.context)
    }

    /// How a link was set up.
    pub fn link(&self, link: LinkId) -> Option<&LinkConfig> {
        self.ip.link_config(link)
    }

    /// Changes the MTU of a link.
    pub fn set_link_mtu(&mut self, now: Instant, link: LinkId, mtu: u16) {
        self.advance(now);
        self.ip.set_link_mtu(link, mtu);
    }

    /// Takes a link up or down; a new link is up, and loopback always is. A link that is down carries nothing. New connections
    /// and datagrams that only it could carry are refused with [`NoPath::LinkDown`](crate::NoPath::LinkDown); connections that
    /// exist go on trying until their own timers end them, by another link where a route leads over one. Packets that waited for
    /// a neighbour on it have waited in vain, and their senders are told. Addresses and routes stay.
    pub fn set_link_up(&mut self, now: Instant, link: LinkId, up: bool) {
        let now = self.advance(now);
        self.ip.set_link_up(now, link, up, &mut self.context);
        self.hand_on_neighbour_failures(now);
        self.udp.on_room(&mut self.context);
    }

    /// Whether a link is up. One that does not exist is not.
    pub fn link_is_up(&self, link: LinkId) -> bool {
        self.ip.is_link_up(link)
    }

    /// Gives a link an address, and a route to its network. An IPv6 address on a link with an Ethernet header may be used when
    /// nobody has answered the probes for it; the trace tells when.
    pub fn add_address(&mut self, now: Instant, link: LinkId, cidr: Cidr) -> Result<(), AddressError> {
        let now = self.advance(now);
        self.ip.add_address(now, link, cidr, &mut self.context)
    }

    /// Takes an address away, and with the last one of a network the route to it.
    pub fn remove_address(&mut self, now: Instant, link: LinkId, addr: IpAddr) -> Result<(), AddressError> {
        self.advance(now);
        self.ip.remove_address(link, addr)
    }

    /// The addresses of a link, and whether each may be used.
    pub fn addresses(&self, link: LinkId) -> impl Iterator<Item = (Cidr, bool)> + '_ {
        self.ip.addresses_of(link)
    }

    /// To how many hosts an address leads, as far as can be known here: the broadcast address of a network that this host is not
    /// on looks like any other.
    pub fn cast(&self, addr: IpAddr) -> Cast {
        self.ip.cast(addr)
    }

    /// Whether packets to an address are for this host.
    pub fn is_local(&self, addr: IpAddr) -> bool {
        self.ip.is_local(addr)
    }

    /// Adds a route.
    pub fn add_route(&mut self, now: Instant, route: Route) -> Result<(), RouteError> {
        self.advance(now);
        self.ip.add_route(route)
    }

    /// Takes a route away; a link that is not named matches any.
    pub fn remove_route(&mut self, now: Instant, route: Route) -> Result<(), RouteError> {
        self.advance(now);
        self.ip.remove_route(route)
    }

    /// The routing table in the order in which entries win.
    pub fn routes(&self) -> impl Iterator<Item = Route> + '_ {
        self.ip.routes()
    }

    /// Listens to a group on a link. Each join needs a leave.
    pub fn join_group(&mut self, now: Instant, link: LinkId, group: IpAddr) -> Result<(), GroupError> {
        let now = self.advance(now);
        self.ip.join_group(now, link, group, &mut self.context)
    }

    /// Ends one join of a group.
    pub fn leave_group(&mut self, now: Instant, link: LinkId, group: IpAddr) -> Result<(), GroupError> {
        let now = self.advance(now);
        self.ip.leave_group(now, link, group, &mut self.context)
    }

    /// Sends an ICMP echo request. A link-local destination needs its link.
    pub fn ping(
        &mut self,
        now: Instant,
        destination: IpAddr,
        link: Option<LinkId>,
        ident: u16,
        seq: u16,
        data: &[u8],
    ) -> Result<(), PingError> {
        let now = self.advance(now);
        self.ip.ping(now, destination, link, ident, seq, data, &mut self.context)
    }

    /// The next answer to an echo request. Few are kept: an answer that nobody takes makes room for newer ones.
    pub fn ping_reply(&mut self) -> Option<EchoReply> {
        self.ip.echo_replies.take()
    }
}
