//! What fits towards a destination when it is less than its link takes (RFC 1191, RFC 8201).
//!
//! Only transports report here, after they have found that the ICMP message quotes something that they really sent. An
//! entry is forgotten after ten minutes, so that a path that became wider is found again.

use core::net::IpAddr;

use hashbrown::HashMap;
use synsent_wire::{ipv4, ipv6};

use super::Ip;
use super::addresses::Keyed;
use crate::context::Context;
use crate::time::{Duration, Instant};
use crate::trace::Fact;

/// For how many destinations an MTU is remembered; the one that was learned first leaves.
pub(crate) const PATH_MTUS_MAX: usize = 1024;
/// How long it is remembered (RFC 1191 section 6.3).
const REMEMBERED: Duration = Duration::from_secs(600);

struct PathMtu {
    mtu: u32,
    until: Instant,
}

pub(super) struct PathMtus {
    known: HashMap<IpAddr, PathMtu, Keyed>,
}

impl PathMtus {
    pub(super) fn new(key: [u8; 16]) -> PathMtus {
        PathMtus { known: HashMap::with_hasher(Keyed(key)) }
    }

    pub(super) fn get(&self, now: Instant, destination: IpAddr) -> Option<u32> {
        if self.known.is_empty() {
            return None;
        }
        self.known.get(&destination).filter(|known| now < known.until).map(|known| known.mtu)
    }

    fn set(&mut self, now: Instant, destination: IpAddr, mtu: u32) -> Instant {
        if self.known.len() >= PATH_MTUS_MAX && !self.known.contains_key(&destination) {
            let oldest = self.known.iter().min_by_key(|(addr, known)| (known.until, **addr)).map(|(addr, _)| *addr);
            oldest.map(|addr| self.known.remove(&addr));
        }
        let until = now + REMEMBERED;
        self.known.insert(destination, PathMtu { mtu, until });
        until
    }
}

impl Ip {
    /// A transport found that packets of more than `mtu` octets do not reach a destination. Values that no path has are
    /// ignored, and an MTU is never raised by a message.
    // 5927/4
    // A next-hop MTU below what every link of the family carries is no router's honest answer.
    pub(crate) fn path_mtu_update(&mut self, now: Instant, destination: IpAddr, mtu: u32, ctx: &mut Context) {
        let least = if destination.is_ipv4() { ipv4::MIN_MTU } else { ipv6::MIN_MTU } as u32;
        if mtu < least || self.path_mtus.get(now, destination).is_some_and(|known| known <= mtu) {
            return;
        }
        let until = self.path_mtus.set(now, destination, mtu);
        self.arm(until);
        self.bump_generation();
        ctx.trace(now, || Fact::PathMtuChanged { destination, mtu });
    }

    pub(super) fn run_path_mtu_timers(&mut self, now: Instant) -> Option<Instant> {
        let before = self.path_mtus.known.len();
        self.path_mtus.known.retain(|_, known| now < known.until);
        if self.path_mtus.known.len() != before {
            self.bump_generation();
        }
        self.path_mtus.known.values().map(|known| known.until).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::Ipv4Addr;

    #[test]
    fn the_table_is_bounded_and_forgets_the_oldest() {
        let mut table = PathMtus::new([1; 16]);
        let addr = |number: u32| IpAddr::V4(Ipv4Addr::from_bits(number));
        for number in 0..=PATH_MTUS_MAX as u32 {
            table.set(Instant::from_secs(u64::from(number) / 10), addr(number), 1400);
        }
        assert_eq!(table.known.len(), PATH_MTUS_MAX);
        let now = Instant::from_secs(103);
        assert_eq!((table.get(now, addr(0)), table.get(now, addr(1))), (None, Some(1400)));
    }
}
