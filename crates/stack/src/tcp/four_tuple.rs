//! What names a connection, and the table that finds a connection by that name.
//!
//! A segment is looked up by its four-tuple before anything else is known about it, and its sender may choose that tuple
//! freely. The hash is therefore keyed: whoever does not know the key cannot aim at one bucket. [`FlowTable`] holds only
//! positions (slots of the owner's connection table); the tuples themselves stay where the connections are, and the
//! caller says by a closure whether a position is the one it means. The order of the table is never shown to anybody.

use core::fmt;
use core::net::{IpAddr, SocketAddr};

use hashbrown::HashTable;
use siphasher::sip::SipHasher13;

use crate::link::LinkId;

/// One end of a connection: an address and a port.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Endpoint {
    /// The host.
    pub addr: IpAddr,
    /// The port on it.
    pub port: u16,
}

impl Endpoint {
    /// The end at `addr` and `port`.
    pub const fn new(addr: IpAddr, port: u16) -> Endpoint {
        Endpoint { addr, port }
    }
}

impl From<SocketAddr> for Endpoint {
    fn from(socket: SocketAddr) -> Endpoint {
        Endpoint { addr: socket.ip(), port: socket.port() }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.addr {
            IpAddr::V4(addr) => write!(f, "{addr}:{}", self.port),
            IpAddr::V6(addr) => write!(f, "[{addr}]:{}", self.port),
        }
    }
}

/// The name of a connection: both ends, and the link when the addresses mean something on one link only.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FourTuple {
    /// Our end.
    pub local: Endpoint,
    /// The peer's end.
    pub remote: Endpoint,
    /// The index of the link plus one for link-local IPv6 addresses, else 0.
    pub zone: u32,
}

impl fmt::Display for FourTuple {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.local, self.remote)
    }
}

/// The link that the scope of a link-local IPv6 socket address names.
pub(crate) fn link_of(socket: SocketAddr) -> Option<LinkId> {
    match socket {
        SocketAddr::V6(socket) if socket.ip().is_unicast_link_local() && socket.scope_id() != 0 => {
            Some(LinkId::from_index(socket.scope_id()))
        }
        _ => None,
    }
}

/// The longest form that [`FourTuple::octets`] writes: two IPv6 addresses, two ports, the zone.
pub(crate) const MAX_TUPLE_OCTETS: usize = 40;

impl FourTuple {
    /// The four-tuple of a packet that crossed `link`.
    #[inline]
    pub(crate) fn on_link(local: Endpoint, remote: Endpoint, link: LinkId) -> FourTuple {
        FourTuple { local, remote, zone: FourTuple::zone_of(remote.addr, link) }
    }

    /// The zone of an address on a link: link-local IPv6 addresses mean something on that link only.
    #[inline]
    pub(crate) fn zone_of(addr: IpAddr, link: LinkId) -> u32 {
        match addr {
            IpAddr::V6(addr) if addr.is_unicast_link_local() => link.index() as u32 + 1,
            _ => 0,
        }
    }

    /// The link that the zone names.
    #[inline]
    pub(crate) fn link(&self) -> Option<LinkId> {
        self.zone.checked_sub(1).map(LinkId::from_index)
    }

    /// The keyed hash that [`FlowTable`] is addressed by.
    #[inline]
    pub(crate) fn hash(&self, key: &HashKey) -> TupleHash {
        let mut buf = [0; MAX_TUPLE_OCTETS];
        TupleHash(key.0.hash(self.octets(&mut buf)) as u32)
    }

    /// The tuple in one piece: 12 octets for IPv4 and 40 for IPv6, so that a hash is one call.
    #[inline]
    pub(crate) fn octets<'a>(&self, buf: &'a mut [u8; MAX_TUPLE_OCTETS]) -> &'a [u8] {
        if let (IpAddr::V4(local), IpAddr::V4(remote)) = (self.local.addr, self.remote.addr) {
            buf[0..4].copy_from_slice(&local.octets());
            buf[4..8].copy_from_slice(&remote.octets());
            buf[8..10].copy_from_slice(&self.local.port.to_be_bytes());
            buf[10..12].copy_from_slice(&self.remote.port.to_be_bytes());
            return &buf[..12];
        }
        buf[0..16].copy_from_slice(&sixteen_octets(self.local.addr));
        buf[16..32].copy_from_slice(&sixteen_octets(self.remote.addr));
        buf[32..34].copy_from_slice(&self.local.port.to_be_bytes());
        buf[34..36].copy_from_slice(&self.remote.port.to_be_bytes());
        buf[36..40].copy_from_slice(&self.zone.to_be_bytes());
        &buf[..40]
    }
}

/// An address in the form of IPv6; an IPv4 address stands as its mapped form.
pub(crate) fn sixteen_octets(addr: IpAddr) -> [u8; 16] {
    match addr {
        IpAddr::V4(addr) => addr.to_ipv6_mapped().octets(),
        IpAddr::V6(addr) => addr.octets(),
    }
}

/// The secret that makes bucket positions unpredictable from outside.
#[derive(Clone, Copy)]
pub(crate) struct HashKey(SipHasher13);

/// The hash of a four-tuple. It is computed once for each segment and kept with what owns the tuple, since a keyed hash costs
/// more than the look-up itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct TupleHash(pub(crate) u32);

impl TupleHash {
    /// In the width of the table, which takes the position from the low end and a tag from the high end.
    #[inline]
    fn spread(self) -> u64 {
        u64::from(self.0) << 32 | u64::from(self.0)
    }
}

impl HashKey {
    /// The key made of these octets, which come from the stack's seed.
    pub(crate) fn new(key: [u8; 16]) -> HashKey {
        let half = |from: usize| {
            u64::from_le_bytes([
                key[from],
                key[from + 1],
                key[from + 2],
                key[from + 3],
                key[from + 4],
                key[from + 5],
                key[from + 6],
                key[from + 7],
            ])
        };
        HashKey(SipHasher13::new_with_keys(half(0), half(8)))
    }
}

/// Finds slots of a connection table by the hash of a four-tuple.
#[derive(Default)]
pub(crate) struct FlowTable {
    slots: HashTable<(TupleHash, u32)>,
}

impl FlowTable {
    /// A table with no entry and no heap.
    pub(crate) const fn new() -> FlowTable {
        FlowTable { slots: HashTable::new() }
    }

    /// The slot with this hash for which `is_it` holds.
    #[inline]
    pub(crate) fn find(&self, hash: TupleHash, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        let found = self.slots.find(hash.spread(), |&(other, slot)| other == hash && is_it(slot));
        found.map(|&(_, slot)| slot)
    }

    /// Adds a slot; the caller has made sure that it is not inside.
    pub(crate) fn insert(&mut self, hash: TupleHash, slot: u32) {
        self.slots.insert_unique(hash.spread(), (hash, slot), |(hash, _)| hash.spread());
    }

    /// Puts a slot in the place of another of the same tuple.
    pub(crate) fn replace(&mut self, hash: TupleHash, old: u32, new: u32) {
        if let Some(entry) = self.slots.find_mut(hash.spread(), |&entry| entry == (hash, old)) {
            entry.1 = new;
        }
    }

    /// Takes a slot out of the table; false when it is not inside.
    pub(crate) fn remove(&mut self, hash: TupleHash, slot: u32) -> bool {
        match self.slots.find_entry(hash.spread(), |&entry| entry == (hash, slot)) {
            Ok(entry) => {
                entry.remove();
                true
            }
            Err(_) => false,
        }
    }

    #[cfg(test)]
    /// How many slots are inside.
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::vec::Vec;
    use core::net::{Ipv4Addr, Ipv6Addr};

    fn tuple(remote_port: u16) -> FourTuple {
        FourTuple {
            local: Endpoint::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 80),
            remote: Endpoint::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2)), remote_port),
            zone: 0,
        }
    }

    #[test]
    fn an_endpoint_is_shown_as_address_and_port() {
        assert_eq!(format!("{}", tuple(7).remote), "10.0.0.2:7");
        assert_eq!(format!("{}", Endpoint::from("[fe80::1]:443".parse::<SocketAddr>().unwrap())), "[fe80::1]:443");
    }

    #[test]
    fn the_hash_depends_on_the_key_and_on_every_part() {
        let key = HashKey::new([1; 16]);
        let base = tuple(1000);
        assert_eq!(base.hash(&key), tuple(1000).hash(&key));
        assert_ne!(base.hash(&key), base.hash(&HashKey::new([2; 16])));
        assert_ne!(base.hash(&key), tuple(1001).hash(&key));
        let swapped = FourTuple { local: base.remote, remote: base.local, zone: 0 };
        assert_ne!(base.hash(&key), swapped.hash(&key));
        let six = |zone| FourTuple {
            local: Endpoint::new(IpAddr::V6(Ipv6Addr::LOCALHOST), 1),
            remote: Endpoint::new(IpAddr::V6(Ipv6Addr::LOCALHOST), 2),
            zone,
        };
        assert_ne!(six(1).hash(&key), six(2).hash(&key));
    }

    #[test]
    fn ten_thousand_flows_are_found_and_taken_out_again() {
        let key = HashKey::new([3; 16]);
        let tuples: Vec<FourTuple> = (0..10_000).map(|i| tuple(i + 1)).collect();
        let mut table = FlowTable::new();
        for (slot, tuple) in tuples.iter().enumerate() {
            table.insert(tuple.hash(&key), slot as u32);
        }
        assert_eq!(table.len(), tuples.len());
        for (slot, tuple) in tuples.iter().enumerate() {
            let is_it = |candidate: u32| tuples[candidate as usize] == *tuple;
            assert_eq!(table.find(tuple.hash(&key), is_it), Some(slot as u32));
            assert!(table.remove(tuple.hash(&key), slot as u32));
            assert!(!table.remove(tuple.hash(&key), slot as u32));
        }
        assert_eq!(table.len(), 0);
    }
}
