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
    let (one, other) = (one.ip(), other.ip());
    one.is_ipv4() == other.is_ipv4() && (one == other || one.is_unspecified() || other.is_unspecified())
}
