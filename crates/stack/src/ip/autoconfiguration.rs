//! What routers tell: prefixes, default routes, MTU and hop limit (RFC 4861 section 6.3, RFC 4862 section 5.5).
//!
//! Everything that a router gives is bounded and has an end. An advertisement can lengthen what is there, but it cannot take
//! an address away at once: the two-hour rule.

use core::net::{IpAddr, Ipv6Addr};

use synsent_wire::ipv6;
use synsent_wire::ndp::{self, NdpOption, Prefix};

use super::addresses::{Lifetime, ROUTER_GIVEN_ADDRESSES_MAX, interface_identifier, with_identifier};
use super::ndp::ALL_ROUTERS;
use super::neighbours::Claim;
use super::packet::Urge;
use super::routes::{Entry, Origin, ROUTER_GIVEN_ROUTES_MAX};
use super::{Datagram, Ip, source};
use crate::context::{Context, DropReason};
use crate::link::{Cidr, LinkId, Medium, Route};
use crate::time::{Duration, Instant};

/// How often routers are asked for (MAX_RTR_SOLICITATIONS).
const SOLICITATIONS: u8 = 3;
/// How long apart (RTR_SOLICITATION_INTERVAL).
const SOLICITATION_INTERVAL: Duration = Duration::from_secs(4);
/// What an unauthenticated advertisement cannot shorten (RFC 4862 section 5.5.3 e).
const TWO_HOURS: Duration = Duration::from_secs(2 * 3600);
/// Lifetimes that never end.
const FOR_EVER: u32 = u32::MAX;

/// What routers said about a link.
#[derive(Debug, Default)]
pub(super) struct Advertised {
    pub(super) mtu: Option<u32>,
    pub(super) hop_limit: Option<u8>,
    solicitations_left: u8,
    solicit_at: Option<Instant>,
}

impl Ip {
    pub(super) fn begin_router_solicitation(&mut self, now: Instant, link: LinkId) {
        let advertised = &mut self.links[link.index()].advertised;
        (advertised.solicitations_left, advertised.solicit_at) = (SOLICITATIONS, Some(now));
        self.arm(now);
    }

    pub(super) fn run_router_solicitations(&mut self, now: Instant, ctx: &mut Context) -> Option<Instant> {
        for index in 0..self.links.len() {
            let advertised = &mut self.links[index].advertised;
            if advertised.solicit_at.is_none_or(|at| at > now) {
                continue;
            }
            advertised.solicitations_left = advertised.solicitations_left.saturating_sub(1);
            let again = (advertised.solicitations_left > 0).then_some(now + SOLICITATION_INTERVAL);
            advertised.solicit_at = again;
            self.solicit_router(now, LinkId::from_index(index as u32), ctx);
        }
        self.links.iter().filter_map(|link| link.advertised.solicit_at).min()
    }

    fn solicit_router(&mut self, now: Instant, link: LinkId, ctx: &mut Context) {
        let Medium::Ethernet(ours) = self.links[link.index()].config.medium else { return };
        let to = IpAddr::V6(ALL_ROUTERS);
        let (source, source_link) = match source::select(&self.addresses, now, link, to, to) {
            Some(IpAddr::V6(source)) => (source, Some(ours)),
            _ => (Ipv6Addr::UNSPECIFIED, None),
        };
        self.send_ndp(now, link, source, to, ndp::Repr::RouterSolicitation { source_link }, Urge::Own, None, ctx);
    }

    pub(super) fn receive_router_advertisement(
        &mut self,
        now: Instant,
        datagram: &Datagram<'_>,
        message: &ndp::Repr<'_>,
        ctx: &mut Context,
    ) {
        let link = datagram.link;
        let ndp::Repr::RouterAdvertisement { hop_limit, router_lifetime_secs, options, .. } = *message else { return };
        let is_router = matches!(datagram.source, IpAddr::V6(source) if source.is_unicast_link_local());
        let of_link = &mut self.links[link.index()];
        if !is_router || !of_link.config.accept_router_advertisements || self.forwarding {
            return ctx.dropped(now, link, DropReason::NdpRefused);
        }
        of_link.advertised.solicit_at = None;
        if hop_limit != 0 {
            let before = of_link.advertised.hop_limit.replace(hop_limit);
            if before != Some(hop_limit) {
                self.bump_generation();
            }
        }
        if let Some(hardware) = options.source_link()
            && self.is_believable(link, datagram.source, hardware)
        {
            let claim = Claim { solicited: false, replaces: true, creates: true };
            self.learn(now, link, datagram.source, hardware, claim, ctx);
        }
        self.note_default_router(now, link, datagram.source, router_lifetime_secs);
        for option in options.iter() {
            match option {
                NdpOption::Prefix(prefix) => self.note_prefix(now, link, &prefix, ctx),
                NdpOption::Mtu(mtu) => self.note_advertised_mtu(link, mtu),
                NdpOption::SourceLink(_) | NdpOption::TargetLink(_) => {}
            }
        }
    }

    /// An MTU larger than the link's own, or smaller than any IPv6 link's, is ignored.
    fn note_advertised_mtu(&mut self, link: LinkId, mtu: u32) {
        let of_link = &mut self.links[link.index()];
        let possible = (ipv6::MIN_MTU as u32..=u32::from(of_link.config.mtu)).contains(&mtu);
        if possible && of_link.advertised.mtu != Some(mtu) {
            of_link.advertised.mtu = Some(mtu);
            self.bump_generation();
        }
    }

    fn note_default_router(&mut self, now: Instant, link: LinkId, router: IpAddr, lifetime_secs: u16) {
        let Some(any) = Cidr::new(Ipv6Addr::UNSPECIFIED.into(), 0) else { return };
        let route = Route { link: Some(link), ..Route::via(any, router) };
        let until = Some(now + Duration::from_secs(lifetime_secs.into()));
        self.note_route(route, link, until, lifetime_secs == 0);
    }

    /// Adds, lengthens or ends a route that a router told of.
    fn note_route(&mut self, route: Route, link: LinkId, until: Option<Instant>, ends: bool) {
        let same = |entry: &Entry| {
            entry.link == link
                && matches!(entry.origin, Origin::Advertised { .. })
                && entry.route.destination == route.destination
                && entry.route.gateway == route.gateway
        };
        if ends {
            if self.routes.remove(same) {
                self.bump_generation();
            }
            return;
        }
        if let Some(at) = until {
            self.arm(at);
        }
        let known = self.routes.iter_mut().find(|entry| same(entry));
        if let Some(entry) = known {
            entry.origin = Origin::Advertised { until };
            return;
        }
        let has_room = self.routes.advertised_on(link) < ROUTER_GIVEN_ROUTES_MAX;
        if has_room && self.routes.insert(Entry { route, link, origin: Origin::Advertised { until } }).is_ok() {
            self.bump_generation();
        }
    }

    fn note_prefix(&mut self, now: Instant, link: LinkId, prefix: &Prefix, ctx: &mut Context) {
        let Some(cidr) = Cidr::new(prefix.prefix.into(), prefix.len) else { return };
        let unusable = prefix.prefix.is_multicast() || prefix.prefix.is_unicast_link_local() || prefix.len == 0;
        if unusable {
            return;
        }
        let until = end(now, prefix.valid_secs);
        // Only the on-link flag makes a prefix a neighbourhood; an address formed from it does not.
        if prefix.on_link {
            self.note_route(Route::on_link(cidr.network(), link), link, until, prefix.valid_secs == 0);
        }
        if prefix.autonomous && prefix.len == 64 && prefix.preferred_secs <= prefix.valid_secs {
            self.note_address(now, link, prefix, ctx);
        }
    }

    fn note_address(&mut self, now: Instant, link: LinkId, prefix: &Prefix, ctx: &mut Context) {
        let Medium::Ethernet(hardware) = self.links[link.index()].config.medium else { return };
        let addr = IpAddr::V6(with_identifier(prefix.prefix, interface_identifier(hardware)));
        let preferred_until = end(now, prefix.preferred_secs);
        let told = end(now, prefix.valid_secs);
        let Some(assigned) = self.addresses.get_mut(link, addr) else {
            let Some(cidr) = Cidr::new(addr, prefix.len).filter(|_| prefix.valid_secs > 0) else { return };
            let given = self.addresses.on_link(link).filter(|assigned| assigned.lifetime.is_some()).count();
            if given < ROUTER_GIVEN_ADDRESSES_MAX {
                let lifetime = Some(Lifetime { valid_until: told, preferred_until });
                // A form that no host may have is no loss.
                let _ = self.assign(now, link, cidr, lifetime, ctx);
            }
            return;
        };
        // What was given by hand is not the router's to change.
        let Some(lifetime) = assigned.lifetime.as_mut() else { return };
        let valid_until = no_sooner_than_two_hours(now, lifetime.valid_until, told);
        *lifetime = Lifetime { valid_until, preferred_until };
        if let Some(at) = valid_until {
            self.arm(at);
        }
    }

    pub(super) fn run_route_timers(&mut self, now: Instant) -> Option<Instant> {
        let is_over = |e: &Entry| matches!(e.origin, Origin::Advertised { until: Some(until) } if until <= now);
        if self.routes.remove(is_over) {
            self.bump_generation();
        }
        let ends = self.routes.iter().filter_map(|entry| match entry.origin {
            Origin::Advertised { until } => until,
            _ => None,
        });
        ends.min()
    }
}

/// When a lifetime that was told now ends; `None`: never.
fn end(now: Instant, secs: u32) -> Option<Instant> {
    (secs != FOR_EVER).then(|| now + Duration::from_secs(secs.into()))
}

/// The two-hour rule: a longer life is believed, a shorter one only down to two hours.
fn no_sooner_than_two_hours(now: Instant, current: Option<Instant>, told: Option<Instant>) -> Option<Instant> {
    let told = told?;
    let floor = now + TWO_HOURS;
    match current {
        _ if told > floor => Some(told),
        Some(current) if told > current => Some(told),
        Some(current) if current <= floor => Some(current),
        _ => Some(floor),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_hour_rule() {
        let at = |hours: u64| Some(Instant::from_secs(hours * 3600));
        let now = Instant::from_secs(10 * 3600);
        assert_eq!(no_sooner_than_two_hours(now, at(20), at(30)), at(30));
        assert_eq!(no_sooner_than_two_hours(now, at(20), at(10)), at(12));
        assert_eq!(no_sooner_than_two_hours(now, at(11), at(10)), at(11));
        assert_eq!(no_sooner_than_two_hours(now, at(20), at(13)), at(13));
        assert_eq!(no_sooner_than_two_hours(now, None, at(10)), at(12));
        assert_eq!(no_sooner_than_two_hours(now, at(11), None), None);
    }
}
