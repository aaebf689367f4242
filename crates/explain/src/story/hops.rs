//! The two lines of a packet that crosses the router, joined; and how long a line takes.
//!
//! A router changes the hop limit and the sum over it and nothing else, so a packet is known again by all its other octets. Where
//! several are the same, the one that was sent last goes on.

use std::collections::HashMap;
use std::net::SocketAddr;

use super::{Told, arrives, on_first_line};
use crate::record::{Fate, Packet, Run};
use crate::view::{Segment, View};

/// Joins the lines of each packet, and fills in when each arrives.
pub(super) fn join(run: &Run, packets: &mut [Told]) {
    let mut under_way: HashMap<(bool, usize, Vec<u8>), Vec<usize>> = HashMap::new();
    let mut fastest_us: HashMap<&str, i64> = HashMap::new();
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
        let took = packet.at_us.saturating_sub(run.packets[first].at_us).max(0);
        let line = fastest_us.entry(&run.packets[first].line).or_insert(took);
        *line = took.min(*line);
    }
    let acknowledged_us = acknowledgments(run, packets);
    for (index, packet) in run.packets.iter().enumerate() {
        let line_us = fastest_us.get(packet.line.as_str()).copied().unwrap_or(0);
        let estimated_us = arrival(run, packet, packets[index].next, line_us);
        // What was acknowledged had come.
        let key = packets[index].view.as_ref().and_then(|view| Some((packet.line.as_str(), view.segment()?)));
        let key = key.map(|(line, segment)| (line, segment.destination, segment.source, behind(segment)));
        let known_us = key.and_then(|key| acknowledged_us.get(&key)).filter(|known_us| **known_us >= packet.at_us);
        packets[index].arrives_us = known_us.map_or(estimated_us, |known_us| estimated_us.min(*known_us));
    }
}

/// A line, who acknowledges there to whom, and up to which number.
type Acknowledgment<'a> = (&'a str, SocketAddr, SocketAddr, u32);

/// When each number was acknowledged first on each line.
fn acknowledgments<'a>(run: &'a Run, packets: &[Told]) -> HashMap<Acknowledgment<'a>, i64> {
    let mut first_us = HashMap::new();
    for (packet, told) in run.packets.iter().zip(packets) {
        let Some(segment) = told.view.as_ref().and_then(View::segment).filter(|segment| segment.flags.ack()) else {
            continue;
        };
        let key = (packet.line.as_str(), segment.source, segment.destination, segment.ack);
        let at_us = first_us.entry(key).or_insert(packet.at_us);
        *at_us = packet.at_us.min(*at_us);
    }
    first_us
}

/// The number behind a segment, its SYN and FIN counted.
fn behind(segment: &Segment) -> u32 {
    let flags = u32::from(segment.flags.syn()) + u32::from(segment.flags.fin());
    segment.end().wrapping_add(flags)
}

fn arrival(run: &Run, packet: &Packet, next: Option<usize>, line_us: i64) -> i64 {
    match next {
        Some(next) => run.packets[next].at_us.max(packet.at_us),
        None => packet.at_us.saturating_add(line_us),
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
