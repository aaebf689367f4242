//! What comparing the packets, calls and verdicts of a run tells about each packet.
//!
//! A packet that crosses the router stands twice in a record; here the two are one packet again, with the time of its arrival. A
//! packet is joined to the rule that judged it, to the rule that caused it, and to the call that it made return. Only what the
//! record shows is joined: a call without a packet that could have caused its answer has none.

mod arrivals;
mod causes;
mod hops;
mod rules;

use std::collections::HashMap;
use std::net::SocketAddr;

use crate::flows::OWN_LINE;
use crate::record::{Fate, Packet, Run};
use crate::view::{View, What, plain};

/// The packets of a run, each with what is known of it.
pub(crate) struct Story {
    pub(crate) packets: Vec<Told>,
}

/// What is known of a packet.
#[derive(Default)]
pub(crate) struct Told {
    /// The packet, read.
    pub(crate) view: Option<View>,
    /// The same packet on its next line.
    pub(crate) next: Option<usize>,
    /// The same packet on its line before.
    pub(crate) previous: Option<usize>,
    /// When it came to the other end of its line, or would have; estimated where nobody sent it on.
    pub(crate) arrives_us: i64,
    /// How often it had been sent with this one: one for the first.
    pub(crate) sending: u32,
    /// How long after the sending before this one.
    pub(crate) since_last_us: i64,
    /// The answers of calls that it caused: `connect() fails with ECONNREFUSED`.
    pub(crate) causes: Vec<String>,
    /// The verdict about this packet, by its place in the record.
    pub(crate) judged_by: Option<usize>,
    /// The verdict that made somebody send it.
    pub(crate) made_by: Option<usize>,
}

impl Story {
    pub(crate) fn of(run: &Run) -> Story {
        let views = run.packets.iter().map(|packet| Told { view: View::of(packet), sending: 1, ..Told::default() });
        let mut packets: Vec<Told> = views.collect();
        hops::join(run, &mut packets);
        count_sendings(run, &mut packets);
        rules::join(run, &mut packets);
        arrivals::fill_in(run, &mut packets);
        causes::join(run, &mut packets);
        Story { packets }
    }
}

/// Whether the packet is on the first of its lines.
pub(crate) fn on_first_line(packet: &Packet) -> bool {
    (packet.line == OWN_LINE) == packet.outward
}

/// Whether a packet with this fate comes to the other end of its line.
pub(crate) fn arrives(fate: Fate) -> bool {
    matches!(fate, Fate::Carried | Fate::Doubled | Fate::Damaged)
}

/// Who sent a packet to whom; a port is zero where there is none.
pub(crate) fn ends(view: &View) -> (SocketAddr, SocketAddr) {
    match &view.what {
        What::Tcp(segment) => (plain(segment.source), plain(segment.destination)),
        What::Udp(datagram) => (plain(datagram.source), plain(datagram.destination)),
        _ => (SocketAddr::new(view.source, 0), SocketAddr::new(view.destination, 0)),
    }
}

/// What makes two sendings the same thing: a segment's place in its stream, or a question's number.
#[derive(PartialEq, Eq, Hash)]
enum Thing {
    Segment { seq: u32, octets: usize, flags: u8 },
    Question { id: u16, kind: u16, response: bool },
}

/// Counts how often each thing that is repeated until it arrives was sent.
fn count_sendings(run: &Run, packets: &mut [Told]) {
    let mut sent: HashMap<(SocketAddr, SocketAddr, Thing), (u32, i64)> = HashMap::new();
    for (index, packet) in run.packets.iter().enumerate() {
        let Some(view) = &packets[index].view else { continue };
        let thing = match &view.what {
            What::Tcp(segment) if segment.octets > 0 || segment.flags.syn() || segment.flags.fin() => {
                let Some(flags) = Some(segment.flags.0 & 0x3).filter(|_| !segment.flags.rst()) else { continue };
                Thing::Segment { seq: segment.seq, octets: segment.octets, flags }
            }
            What::Udp(datagram) => match &datagram.dns {
                Some(dns) => Thing::Question { id: dns.id, kind: dns.kind, response: dns.response },
                None => continue,
            },
            _ => continue,
        };
        if !on_first_line(packet) {
            if let Some(previous) = packets[index].previous {
                (packets[index].sending, packets[index].since_last_us) =
                    (packets[previous].sending, packets[previous].since_last_us);
            }
            continue;
        }
        let (from, to) = ends(view);
        let (count, last_us) = sent.entry((from, to, thing)).or_insert((0, packet.at_us));
        *count = count.saturating_add(1);
        packets[index].sending = *count;
        packets[index].since_last_us = packet.at_us.saturating_sub(*last_us);
        *last_us = packet.at_us;
    }
}
