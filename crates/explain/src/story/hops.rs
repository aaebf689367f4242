//! The two lines of a packet that crosses the router, joined.
//!
//! A router changes the hop limit and the sum over it and nothing else, so a packet is known again by all its other octets. Where
//! several are the same, the one that was sent last goes on.

use std::collections::HashMap;

use super::{Told, arrives, on_first_line};
use crate::record::{Fate, Run};

/// Joins the lines of each packet.
pub(super) fn join(run: &Run, packets: &mut [Told]) {
    let mut under_way: HashMap<(bool, usize, Vec<u8>), Vec<usize>> = HashMap::new();
    for (index, packet) in run.packets.iter().enumerate() {
        let key = (packet.outward, packet.len, without_hop_limit(&packet.octets));
        if on_first_line(packet) {
            if arrives(packet.fate) {
                let waiting = under_way.entry(key).or_default();
                waiting.extend(std::iter::repeat_n(index, if packet.fate == Fate::Doubled { 2 } else { 1 }));
            }
            continue;
        }
        let Some(first) = under_way.get_mut(&key).and_then(Vec::pop) else { continue };
        packets[index].previous = Some(first);
        packets[first].next.get_or_insert(index);
    }
}

/// The octets of a packet that no router changes.
fn without_hop_limit(octets: &[u8]) -> Vec<u8> {
    let mut octets = octets.to_vec();
    let changed: &[usize] = match octets.first().map(|first| first >> 4) {
        Some(4) => &[8, 10, 11],
        Some(6) => &[7],
        _ => &[],
    };
    for &at in changed {
        if let Some(octet) = octets.get_mut(at) {
            *octet = 0;
        }
    }
    octets
}
