//! Which local names the streams of a provider have bound.
//!
//! The stack knows listeners and connections; a name that was bound and is not used yet is known here alone. Two sockets have
//! the same name only where both allowed it and neither wants it for itself. An unspecified address stands for every address
//! of its family.

use core::net::SocketAddr;
use std::collections::BTreeMap;

use crate::failure::Outcome;
use crate::settings::Settings;

/// The names that are bound.
#[derive(Default)]
pub(super) struct Names {
    by_port: BTreeMap<u16, Vec<Holder>>,
    last_holder: u64,
}

/// A name that one socket has, to give it back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct NameHold {
    holder: u64,
    name: SocketAddr,
}

struct Holder {
    id: u64,
    name: SocketAddr,
    shares: bool,
}

impl NameHold {
    /// The name.
    pub(super) fn name(&self) -> SocketAddr {
        self.name
    }
}

impl Names {
    /// Gives a name to a socket with these settings.
    pub(super) fn bind(&mut self, name: SocketAddr, settings: &Settings) -> Result<NameHold, Outcome> {
        let shares = shares(settings);
        let clashes = |other: &Holder| overlap(name, other.name) && !(shares && other.shares);
        if self.by_port.get(&name.port()).is_some_and(|holders| holders.iter().any(clashes)) {
            return Err(Outcome::AddressInUse);
        }
        self.last_holder += 1;
        let id = self.last_holder;
        self.by_port.entry(name.port()).or_default().push(Holder { id, name, shares });
        Ok(NameHold { holder: id, name })
    }

    /// Whoever has a name changes whether others may have it too; those that have it already keep it.
    pub(super) fn share(&mut self, hold: NameHold, settings: &Settings) {
        let holders = self.by_port.get_mut(&hold.name.port()).into_iter().flatten();
        for holder in holders.filter(|holder| holder.id == hold.holder) {
            holder.shares = shares(settings);
        }
    }

    /// Whether anybody has a name on this port.
    pub(super) fn uses_port(&self, port: u16) -> bool {
        self.by_port.contains_key(&port)
    }

    /// Takes a name back.
    pub(super) fn give_back(&mut self, hold: NameHold) {
        if let Some(holders) = self.by_port.get_mut(&hold.name.port()) {
            holders.retain(|holder| holder.id != hold.holder);
            if holders.is_empty() {
                self.by_port.remove(&hold.name.port());
            }
        }
    }
}

/// Whether a socket lets others have its name.
pub(super) fn shares(settings: &Settings) -> bool {
    settings.reuse_address && !settings.exclusive_address
}

fn overlap(one: SocketAddr, other: SocketAddr) -> bool {
    let (ip, other_ip) = (one.ip(), other.ip());
    one.port() == other.port()
        && ip.is_ipv4() == other_ip.is_ipv4()
        && (ip == other_ip || ip.is_unspecified() || other_ip.is_unspecified())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name() -> impl Strategy<Value = SocketAddr> {
        let addresses = prop::sample::select(vec!["0.0.0.0", "10.0.0.1", "10.0.0.2", "::", "fd00::1"]);
        (addresses, 1_u16..4).prop_map(|(address, port)| SocketAddr::new(address.parse().unwrap(), port))
    }

    proptest! {
        #[test]
        fn whoever_has_a_name_shares_it_with_all_who_overlap(
            wishes in prop::collection::vec((name(), any::<[bool; 4]>()), 1..40),
        ) {
            let mut names = Names::default();
            let mut held: Vec<(NameHold, bool)> = Vec::new();
            for (name, [reuse_address, exclusive_address, leaves, changes]) in wishes {
                let settings = Settings { reuse_address, exclusive_address, ..Settings::default() };
                let shares = reuse_address && !exclusive_address;
                let fits = held.iter().all(|(hold, other)| !overlap(hold.name(), name) || shares && *other);
                let bound = names.bind(name, &settings);
                prop_assert_eq!(bound.is_ok(), fits);
                held.extend(bound.ok().map(|hold| (hold, shares)));
                if changes && let Some((hold, shares)) = held.first_mut() {
                    names.share(*hold, &settings);
                    *shares = reuse_address && !exclusive_address;
                }
                if leaves && !held.is_empty() {
                    names.give_back(held.remove(0).0);
                }
                for port in 1..4 {
                    prop_assert_eq!(names.uses_port(port), held.iter().any(|(hold, _)| hold.name().port() == port));
                }
            }
        }
    }
}
