//! The verbs by which a user gives a host its links, addresses and routes.

use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::addresses::{self, AddressState, Assigned, Lifetime};
use super::autoconfiguration::Advertised;
use super::packet::OutputQueue;
use super::routes::{self, Entry, Origin};
use super::{Ip, LOOPBACK_MTU, Link, is_link_scoped};
use crate::context::Context;
use crate::link::{AddressError, Cidr, LinkConfig, LinkId, Medium, Route, RouteError, RouteKind};
use crate::time::Instant;
use crate::trace::Fact;

impl Ip {
    pub(super) fn make_loopback(&mut self) {
        let config = LinkConfig { mtu: LOOPBACK_MTU, duplicate_address_detection: 0, ..LinkConfig::ip("loopback") };
        self.push_link(config);
        for (addr, prefix_len) in [(IpAddr::V4(Ipv4Addr::LOCALHOST), 8), (IpAddr::V6(Ipv6Addr::LOCALHOST), 128)] {
            let Some(cidr) = Cidr::new(addr, prefix_len) else { continue };
            let state = AddressState::Ready;
            // A fresh table holds nothing that these could collide with.
            let added = self.addresses.add(Assigned { link: LinkId::LOOPBACK, cidr, state, lifetime: None });
            debug_assert!(added.is_ok());
        }
    }

    fn push_link(&mut self, config: LinkConfig) -> LinkId {
        let id = LinkId::from_index(self.links.len() as u32);
        self.links.push(Link {
            config,
            up: true,
            output: OutputQueue::default(),
            groups: Vec::new(),
            broadcasts: Vec::new(),
            advertised: Advertised::default(),
        });
        id
    }

    /// Adds a link. One that listens to routers gets a link-local address and asks for them.
    pub(crate) fn add_link(&mut self, now: Instant, config: LinkConfig, ctx: &mut Context) -> LinkId {
        let (medium, listens) = (config.medium, config.accept_router_advertisements);
        let link = self.push_link(config);
        if listens && let Medium::Ethernet(hardware) = medium {
            let identifier = addresses::interface_identifier(hardware);
            let addr = addresses::with_identifier(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), identifier);
            if let Some(cidr) = Cidr::new(addr.into(), 64) {
                // The link is new and the address is a host's by its form, so it cannot be refused.
                let added = self.add_address(now, link, cidr, ctx);
                debug_assert!(added.is_ok());
            }
            self.begin_router_solicitation(now, link);
        }
        link
    }

    /// Changes the MTU of a link.
    pub(crate) fn set_link_mtu(&mut self, link: LinkId, mtu: u16) {
        if let Some(link) = self.links.get_mut(link.index()) {
            link.config.mtu = mtu;
            self.bump_generation();
        }
    }

    /// Takes a link up or down. With a link that goes down everything leaves that waits for it, and what was known of its
    /// neighbours is forgotten; its addresses and its routes stay. Loopback is always up.
    pub(crate) fn set_link_up(&mut self, now: Instant, link: LinkId, up: bool, ctx: &mut Context) {
        let known = self.links.get_mut(link.index()).filter(|of_link| link != LinkId::LOOPBACK && of_link.up != up);
        let Some(of_link) = known else { return };
        of_link.up = up;
        let listens = of_link.config.accept_router_advertisements;
        let is_ethernet = matches!(of_link.config.medium, Medium::Ethernet(_));
        self.bump_generation();
        ctx.trace(now, || Fact::LinkChanged { link, up });
        if !up {
            return self.forget_what_waits(now, link, ctx);
        }
        // Another network may be behind it now, where nobody knows this host.
        self.announce_link(now, link, ctx);
        if listens && is_ethernet {
            self.begin_router_solicitation(now, link);
        }
    }

    /// Tells a link of the addresses and the groups that this host has there.
    fn announce_link(&mut self, now: Instant, link: LinkId, ctx: &mut Context) {
        let ready = self.addresses.on_link(link).filter(|assigned| assigned.state == AddressState::Ready);
        let addrs: Vec<IpAddr> = ready.map(|assigned| assigned.cidr.addr()).collect();
        for addr in addrs {
            if let IpAddr::V4(addr) = addr {
                self.announce_v4(now, link, addr, ctx);
            }
        }
        self.report_groups_again(now, link);
    }

    /// Whether a link carries anything.
    pub(crate) fn is_link_up(&self, link: LinkId) -> bool {
        self.links.get(link.index()).is_some_and(|link| link.up)
    }

    /// How many links there are, loopback included.
    pub(crate) fn link_config(&self, link: LinkId) -> Option<&LinkConfig> {
        self.links.get(link.index()).map(|link| &link.config)
    }

    pub(crate) fn add_address(
        &mut self,
        now: Instant,
        link: LinkId,
        cidr: Cidr,
        ctx: &mut Context,
    ) -> Result<(), AddressError> {
        self.assign(now, link, cidr, None, ctx)?;
        // A network that another address of the link brought is there already.
        let inserted = self.routes.insert(routes::connected(cidr, link));
        debug_assert!(matches!(inserted, Ok(()) | Err(RouteError::Exists | RouteError::TooMany)));
        Ok(())
    }

    /// Gives the link an address without making its prefix a neighbourhood.
    pub(super) fn assign(
        &mut self,
        now: Instant,
        link: LinkId,
        cidr: Cidr,
        lifetime: Option<Lifetime>,
        ctx: &mut Context,
    ) -> Result<(), AddressError> {
        let config = &self.links.get(link.index()).ok_or(AddressError::NoSuchLink)?.config;
        if !addresses::may_be_assigned(link, cidr) {
            return Err(AddressError::Invalid);
        }
        let probes = match (config.medium, cidr.addr()) {
            (Medium::Ethernet(_), IpAddr::V6(_)) => config.duplicate_address_detection,
            _ => 0,
        };
        let state = match probes {
            0 => AddressState::Ready,
            probes_left => AddressState::Tentative { probes_left, next_at: now },
        };
        self.addresses.add(Assigned { link, cidr, state, lifetime })?;
        self.bump_generation();
        self.refresh_broadcasts(link);
        self.announce_address(now, link, cidr.addr(), ctx);
        if let Some(until) = lifetime.and_then(|lifetime| lifetime.valid_until) {
            self.arm(until);
        }
        match state {
            AddressState::Ready => ctx.trace(now, || Fact::AddressReady { link, addr: cidr.addr() }),
            _ => self.arm(now),
        }
        Ok(())
    }

    pub(crate) fn remove_address(&mut self, link: LinkId, addr: IpAddr) -> Result<(), AddressError> {
        let removed = self.addresses.remove(link, addr).ok_or(AddressError::NotFound)?;
        self.refresh_broadcasts(link);
        let network = removed.cidr.network();
        if !self.addresses.on_link(link).any(|other| other.cidr.network() == network) {
            self.routes.remove(|e| {
                e.origin == Origin::Connected && e.link == link && e.route.destination.network() == network
            });
        }
        self.leave_solicited_node_group(link, addr);
        self.bump_generation();
        Ok(())
    }

    fn refresh_broadcasts(&mut self, link: LinkId) {
        let all = self.addresses.on_link(link).filter_map(|assigned| assigned.cidr.broadcast());
        let broadcasts = if link == LinkId::LOOPBACK { Vec::new() } else { all.collect() };
        self.links[link.index()].broadcasts = broadcasts;
    }

    /// The addresses of a link, and whether each may be used.
    pub(crate) fn addresses_of(&self, link: LinkId) -> impl Iterator<Item = (Cidr, bool)> + '_ {
        self.addresses.on_link(link).map(|assigned| (assigned.cidr, assigned.state == AddressState::Ready))
    }

    pub(crate) fn add_route(&mut self, route: Route) -> Result<(), RouteError> {
        let link = self.check_route(&route)?;
        self.routes.insert(Entry { route, link, origin: Origin::Given })?;
        self.bump_generation();
        Ok(())
    }

    /// The link of a route that can work.
    fn check_route(&self, route: &Route) -> Result<LinkId, RouteError> {
        if route.link.is_some_and(|link| link.index() >= self.links.len()) {
            return Err(RouteError::NoSuchLink);
        }
        if route.kind != RouteKind::Unicast {
            return Ok(LinkId::LOOPBACK);
        }
        let Some(gateway) = route.gateway else { return route.link.ok_or(RouteError::NoSuchLink) };
        if gateway.is_ipv4() != route.destination.addr().is_ipv4() {
            return Err(RouteError::FamilyMismatch);
        }
        let is_host = !gateway.is_unspecified() && !gateway.is_multicast() && !gateway.is_loopback();
        if !is_host || self.is_broadcast(gateway) || self.is_local_by(gateway, route.link) {
            return Err(RouteError::GatewayInvalid);
        }
        if is_link_scoped(gateway) {
            return route.link.ok_or(RouteError::NoSuchLink);
        }
        match route.link {
            Some(link) if self.routes.is_neighbour(gateway, link) => Ok(link),
            Some(_) => Err(RouteError::GatewayUnreachable),
            None => self.routes.neighbour_link(gateway).ok_or(RouteError::GatewayUnreachable),
        }
    }

    pub(crate) fn remove_route(&mut self, route: Route) -> Result<(), RouteError> {
        let same = |entry: &Entry| {
            entry.route.destination.network() == route.destination.network()
                && entry.route.gateway == route.gateway
                && entry.route.metric == route.metric
                && entry.route.kind == route.kind
                && route.link.is_none_or(|link| link == entry.link)
        };
        if !self.routes.remove(same) {
            return Err(RouteError::NotFound);
        }
        self.bump_generation();
        Ok(())
    }

    /// The routing table in the order in which entries win.
    pub(crate) fn routes(&self) -> impl Iterator<Item = Route> + '_ {
        self.routes.iter().map(|entry| Route { link: Some(entry.link), ..entry.route })
    }
}
