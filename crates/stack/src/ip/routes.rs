//! The routing table: which link and which neighbour a destination is behind.
//!
//! Longest prefix wins, then smallest metric, then oldest. A lookup asks once for each prefix length that occurs. Prefixes of the
//! addresses on a link are entries like any other. What a router advertised has an end.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::net::IpAddr;

use crate::link::{Cidr, LinkId, Route, RouteError, RouteKind};
use crate::time::Instant;

/// How many routes there are, at most.
pub(crate) const ROUTES_MAX: usize = 65_536;
/// How many routes routers may give one link: prefixes and default routes.
pub(crate) const ROUTER_GIVEN_ROUTES_MAX: usize = 16;

/// Who made an entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Origin {
    /// The user.
    Given,
    /// An address on the link; as many addresses need it.
    Connected,
    /// A router, until then.
    Advertised { until: Option<Instant> },
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) route: Route,
    /// The link; loopback for entries that refuse.
    pub(crate) link: LinkId,
    pub(crate) origin: Origin,
}

/// Where an entry stands: by length, the longest first, then by network.
type Key = (Reverse<u8>, IpAddr);

/// The table: for each network its entries in the order in which they win.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    networks: BTreeMap<Key, Vec<Entry>>,
    /// The prefix lengths that occur, for IPv4 and for IPv6, longest first, with how many networks have them.
    lengths: [Vec<(u8, usize)>; 2],
    count: usize,
}

impl Routes {
    /// Adds an entry whose link is known and whose gateway was checked.
    pub(crate) fn insert(&mut self, entry: Entry) -> Result<(), RouteError> {
        let key = key_of(entry.route.destination);
        let same = |old: &Entry| {
            old.route.gateway == entry.route.gateway && old.link == entry.link && old.route.metric == entry.route.metric
        };
        if self.networks.get(&key).is_some_and(|entries| entries.iter().any(same)) {
            return Err(RouteError::Exists);
        }
        if self.count >= ROUTES_MAX {
            return Err(RouteError::TooMany);
        }
        let entries = self.networks.entry(key).or_default();
        if entries.is_empty() {
            note_length(&mut self.lengths[family(key.1)], key.0.0);
        }
        let place = entries.partition_point(|old| old.route.metric <= entry.route.metric);
        entries.insert(place, entry);
        self.count += 1;
        Ok(())
    }

    /// The winning entry for a destination, if need be among those of one link. The cost is that of the prefix lengths that
    /// occur, not of the entries.
    pub(crate) fn lookup(&self, destination: IpAddr, link: Option<LinkId>) -> Option<&Entry> {
        self.lookup_among(destination, link, |_| true)
    }

    /// The same among the entries whose link can be used; an entry that refuses has none, and always can.
    pub(crate) fn lookup_among(
        &self,
        destination: IpAddr,
        link: Option<LinkId>,
        usable: impl Fn(LinkId) -> bool,
    ) -> Option<&Entry> {
        let leads = |entry: &&Entry| link.is_none_or(|link| entry.link == link) && usable(entry.link);
        self.covering(destination).find(|entry| entry.route.kind != RouteKind::Unicast || leads(entry))
    }

    /// Every entry that covers a destination, the winning one first.
    fn covering(&self, destination: IpAddr) -> impl Iterator<Item = &Entry> + '_ {
        let lengths = self.lengths[family(destination)].iter();
        lengths.flat_map(move |(length, _)| {
            let key = Cidr::new(destination, *length).map(key_of);
            let entries = key.and_then(|key| self.networks.get(&key));
            entries.map_or(&[][..], Vec::as_slice)
        })
    }

    /// Takes out what `is_it` says; whether there was any.
    pub(crate) fn remove(&mut self, is_it: impl Fn(&Entry) -> bool) -> bool {
        let before = self.count;
        let Routes { networks, lengths, count } = self;
        networks.retain(|key, entries| {
            let had = entries.len();
            entries.retain(|entry| !is_it(entry));
            *count -= had - entries.len();
            if entries.is_empty() {
                forget_length(&mut lengths[family(key.1)], key.0.0);
            }
            !entries.is_empty()
        });
        before != self.count
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Entry> + '_ {
        self.networks.values().flatten()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Entry> + '_ {
        self.networks.values_mut().flatten()
    }

    /// The link on which an address is a neighbour.
    pub(crate) fn neighbour_link(&self, addr: IpAddr) -> Option<LinkId> {
        let entry = self.lookup(addr, None)?;
        (entry.route.gateway.is_none() && entry.route.kind == RouteKind::Unicast).then_some(entry.link)
    }

    /// Whether an address is a neighbour on this link.
    pub(crate) fn is_neighbour(&self, addr: IpAddr, link: LinkId) -> bool {
        let on_link = |entry: &Entry| {
            entry.link == link && entry.route.gateway.is_none() && entry.route.kind == RouteKind::Unicast
        };
        self.covering(addr).any(on_link)
    }

    /// How many entries routers have made on a link.
    pub(crate) fn advertised_on(&self, link: LinkId) -> usize {
        let given = |entry: &&Entry| entry.link == link && matches!(entry.origin, Origin::Advertised { .. });
        self.iter().filter(given).count()
    }
}

fn key_of(destination: Cidr) -> Key {
    let network = destination.network();
    (Reverse(network.prefix_len()), network.addr())
}

fn family(addr: IpAddr) -> usize {
    usize::from(addr.is_ipv6())
}

fn note_length(lengths: &mut Vec<(u8, usize)>, length: u8) {
    let place = lengths.partition_point(|(other, _)| *other > length);
    match lengths.get_mut(place) {
        Some((other, networks)) if *other == length => *networks += 1,
        _ => lengths.insert(place, (length, 1)),
    }
}

fn forget_length(lengths: &mut Vec<(u8, usize)>, length: u8) {
    if let Some((_, networks)) = lengths.iter_mut().find(|(other, _)| *other == length) {
        *networks -= 1;
    }
    lengths.retain(|(_, networks)| *networks > 0);
}

/// An entry for the network of an address on a link.
pub(crate) fn connected(cidr: Cidr, link: LinkId) -> Entry {
    Entry { route: Route::on_link(cidr.network(), link), link, origin: Origin::Connected }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(destination: &str, link: u32, metric: u32) -> Entry {
        let link = LinkId::from_index(link);
        let route = Route { metric, ..Route::on_link(destination.parse().unwrap(), link) };
        Entry { route, link, origin: Origin::Given }
    }

    #[test]
    fn the_table_is_bounded_and_loses_no_route_to_a_new_one() {
        let mut routes = Routes::default();
        let to = |number: u32| alloc::format!("{}/32", core::net::Ipv4Addr::from_bits(0x0a00_0000 + number));
        for number in 0..ROUTES_MAX as u32 {
            assert_eq!(routes.insert(entry(&to(number), 1, 0)), Ok(()));
        }
        assert_eq!(routes.insert(entry("192.0.2.0/24", 1, 0)), Err(RouteError::TooMany));
        assert!(routes.lookup("10.0.0.0".parse().unwrap(), None).is_some());
    }

    #[test]
    fn the_longest_prefix_wins_then_the_smallest_metric_then_the_oldest() {
        let mut routes = Routes::default();
        for (destination, link, metric) in [
            ("0.0.0.0/0", 1, 0),
            ("10.0.0.0/8", 2, 5),
            ("10.0.0.0/8", 3, 1),
            ("10.1.0.0/16", 4, 9),
            ("10.0.0.0/8", 5, 1),
        ] {
            routes.insert(entry(destination, link, metric)).unwrap();
        }
        let link = |addr: &str| routes.lookup(addr.parse().unwrap(), None).map(|entry| entry.link.index());
        assert_eq!(
            (link("10.1.2.3"), link("10.2.2.3"), link("192.0.2.1"), link("fd00::1")),
            (Some(4), Some(3), Some(1), None)
        );
        let on_two = routes.lookup("10.1.2.3".parse().unwrap(), Some(LinkId::from_index(2)));
        assert_eq!(on_two.map(|entry| entry.link.index()), Some(2));
    }

    #[test]
    fn the_same_route_twice_is_refused() {
        let mut routes = Routes::default();
        routes.insert(entry("10.0.0.0/8", 1, 0)).unwrap();
        assert_eq!(routes.insert(entry("10.9.0.0/8", 1, 0)), Err(RouteError::Exists));
    }
}
