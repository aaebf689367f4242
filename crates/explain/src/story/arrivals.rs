//! When each packet came to the other end of its line.
//!
//! A record says when packets were sent. That one had come is known where it was sent on, judged by a rule, acknowledged, or told of by
//! a call; how long a line takes at least is learnt from these, and is the estimate for the others.

use std::collections::HashMap;
use std::net::SocketAddr;

use super::Told;
use crate::record::{Packet, Run};
use crate::view::{Segment, View};

/// Fills in when each packet arrives, or would have.
pub(super) fn fill_in(run: &Run, packets: &mut [Told]) {
    let acknowledged_us = acknowledgments(run, packets);
    let known: Vec<Known> = run
        .packets
        .iter()
        .zip(packets.iter())
        .map(|(packet, told)| Known::of(run, packet, told, &acknowledged_us))
        .collect();
    let mut fastest_us: HashMap<(&str, bool), i64> = HashMap::new();
    for (packet, known) in run.packets.iter().zip(&known) {
        let (Known::Then(at_us) | Known::NotAfter(at_us)) = *known else { continue };
        let took_us = at_us.saturating_sub(packet.at_us);
        let line = fastest_us.entry((&packet.line, packet.outward)).or_insert(took_us);
        *line = took_us.min(*line);
    }
    for ((packet, told), known) in run.packets.iter().zip(packets).zip(known) {
        // Of a direction that nothing is known of, the other one tells.
        let line_us = [packet.outward, !packet.outward].map(|way| fastest_us.get(&(packet.line.as_str(), way)));
        let estimated_us = packet.at_us.saturating_add(line_us.into_iter().flatten().next().copied().unwrap_or(0));
        told.arrives_us = match known {
            Known::Then(at_us) => at_us,
            Known::NotAfter(at_us) => estimated_us.min(at_us),
            Known::Nothing => estimated_us,
        };
    }
}

/// What the record tells of an arrival.
enum Known {
    /// It was then.
    Then(i64),
    /// It was not after that.
    NotAfter(i64),
    Nothing,
}

impl Known {
    fn of(run: &Run, packet: &Packet, told: &Told, acknowledged_us: &HashMap<Acknowledgment<'_>, i64>) -> Known {
        let next_us = told.next.map(|next| run.packets[next].at_us);
        // A rule decides about a packet when it comes.
        let judged_us = told.judged_by.map(|verdict| run.verdicts[verdict].at_us);
        if let Some(at_us) = next_us.or(judged_us) {
            return Known::Then(at_us.max(packet.at_us));
        }
        let segment = told.view.as_ref().and_then(View::segment);
        let acknowledged = segment.and_then(|segment| {
            acknowledged_us.get(&(packet.line.as_str(), segment.destination, segment.source, behind(segment)))
        });
        match acknowledged {
            Some(at_us) if *at_us >= packet.at_us => Known::NotAfter(*at_us),
            _ => Known::Nothing,
        }
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
