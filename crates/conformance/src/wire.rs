//! What was on the wire, in a line: equal things are counted, and answers say who gave them.

use synsent_lab::Sight;
use synsent_stack::{IcmpCause, Instant};
use synsent_wire::ip::Protocol;

/// The frames of one trial since the last mark.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    items: Vec<(String, usize)>,
    sent: usize,
}

impl Wire {
    /// Notes a bare IP packet; `outgoing`: the machine under test sent it.
    pub(crate) fn note(&mut self, at: Instant, outgoing: bool, packet: &[u8]) {
        let sight = Sight { at, from: 0, ethernet: false, frame: packet };
        let Some(what) = describe(&sight, outgoing) else { return };
        self.sent += usize::from(outgoing);
        match self.items.iter_mut().find(|(known, _)| *known == what) {
            Some((_, count)) => *count += 1,
            None => self.items.push((what, 1)),
        }
    }

    /// The line, and how many packets the machine under test sent.
    pub(crate) fn line(&self) -> (String, usize) {
        let words: Vec<String> = self.items.iter().map(counted).collect();
        (if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }, self.sent)
    }
}

fn counted((what, count): &(String, usize)) -> String {
    if *count == 1 { what.clone() } else { format!("{what} ×{count}") }
}

/// What a packet is; `None` for what concerns no socket.
fn describe(sight: &Sight<'_>, outgoing: bool) -> Option<String> {
    let packet = sight.packet()?;
    let who = if outgoing { String::new() } else { format!(" from {}", packet.source) };
    if let Some(segment) = sight.segment() {
        let flags = segment.view.flags();
        let name = match (flags.syn(), flags.ack(), flags.rst(), flags.fin()) {
            (true, true, ..) => "SYN-ACK",
            (true, ..) => "SYN",
            (_, _, true, _) => "RST",
            (.., true) => "FIN",
            _ if segment.view.payload().is_empty() => return None,
            _ => "data",
        };
        return Some(format!("{name}{who}"));
    }
    match packet.protocol {
        Protocol::UDP => Some(format!("datagram{who}")),
        Protocol::ICMPV4 => Some(format!("{}{who}", icmp_v4(packet.payload)?)),
        Protocol::ICMPV6 => Some(format!("{}{who}", icmp_v6(packet.payload)?)),
        _ => None,
    }
}

fn icmp_v4(payload: &[u8]) -> Option<IcmpCause> {
    match (*payload.first()?, *payload.get(1)?) {
        (3, code) => Some(IcmpCause::V4Unreachable(code)),
        (11, code) => Some(IcmpCause::TimeExceeded { code }),
        _ => None,
    }
}

/// Neighbour and group messages concern no socket.
fn icmp_v6(payload: &[u8]) -> Option<IcmpCause> {
    match (*payload.first()?, *payload.get(1)?) {
        (1, code) => Some(IcmpCause::V6Unreachable(code)),
        (3, code) => Some(IcmpCause::TimeExceeded { code }),
        _ => None,
    }
}
