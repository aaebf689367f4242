//! What sockets are bound to, found without a walk over them.
//!
//! A name is a port with an address, with one that stands for all of its family, or with none, and with or without a link, so that
//! six look-ups find whoever takes a datagram.
//! Under a name stand the sockets that hear anybody, in the order of binding, and the count of those that hear one peer only.

use alloc::vec::Vec;
use core::hash::BuildHasherDefault;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use hashbrown::HashMap;

use crate::link::LinkId;
use crate::tcp::four_tuple::Endpoint;

/// What a socket is bound to; what is left open takes anything, and an unspecified address any of its family.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Name {
    pub(crate) port: u16,
    pub(crate) addr: Option<IpAddr>,
    pub(crate) link: Option<LinkId>,
}

impl Name {
    /// The names that take a datagram to `local` by `link`; the one that asks for most comes first.
    pub(crate) fn that_take(local: Endpoint, link: LinkId) -> [Name; 6] {
        let name = |addr, link| Name { port: local.port, addr, link };
        let (addr, family, link) = (Some(local.addr), Some(any_of_family(local.addr)), Some(link));
        [name(addr, link), name(addr, None), name(family, link), name(family, None), name(None, link), name(None, None)]
    }
}

#[derive(Default)]
struct Holders {
    /// The places of sockets without a peer, the last bound one last.
    open: Vec<u32>,
    /// How many sockets with a peer have the name.
    connected: usize,
}

/// All names in use.
#[derive(Default)]
pub(crate) struct Names {
    holders: HashMap<Name, Holders, BuildHasherDefault<siphasher::sip::SipHasher13>>,
}

impl Names {
    /// Adds a socket under its name.
    pub(crate) fn add(&mut self, name: Name, place: u32, is_connected: bool) {
        let holders = self.holders.entry(name).or_default();
        match is_connected {
            true => holders.connected += 1,
            false => holders.open.push(place),
        }
    }

    /// Takes a socket out that was added with the same words.
    pub(crate) fn remove(&mut self, name: Name, place: u32, is_connected: bool) {
        let Some(holders) = self.holders.get_mut(&name) else { return };
        if is_connected {
            holders.connected -= 1;
        } else if let Some(at) = holders.open.iter().rposition(|other| *other == place) {
            // Who was bound last is most often the one that connects or closes.
            holders.open.remove(at);
        }
        if holders.open.is_empty() && holders.connected == 0 {
            self.holders.remove(&name);
        }
    }

    /// The last bound socket of the name that hears anybody.
    pub(crate) fn last_open(&self, name: Name) -> Option<u32> {
        self.holders.get(&name)?.open.last().copied()
    }

    /// Whether a socket of the name hears one peer only.
    pub(crate) fn has_connected(&self, name: Name) -> bool {
        self.holders.get(&name).is_some_and(|holders| holders.connected > 0)
    }
}

/// Whether a socket that is bound to `bound` takes what is sent to `addr`.
pub(crate) fn covers(bound: IpAddr, addr: IpAddr) -> bool {
    bound == addr || bound == any_of_family(addr)
}

/// The address that stands for all of the family.
fn any_of_family(addr: IpAddr) -> IpAddr {
    match addr {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_there_as_long_as_somebody_has_it() {
        let local = Endpoint::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 53);
        let [.., any] = Name::that_take(local, LinkId::LOOPBACK);
        let mut names = Names::default();
        for place in [4, 7] {
            names.add(any, place, false);
        }
        names.add(any, 9, true);
        assert_eq!((names.last_open(any), names.has_connected(any)), (Some(7), true));
        names.remove(any, 7, false);
        assert_eq!(names.last_open(any), Some(4));
        names.remove(any, 4, false);
        names.remove(any, 9, true);
        assert!(names.last_open(any).is_none() && names.holders.is_empty());
    }
}
