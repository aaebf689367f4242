//! The rows of packets.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};

use synsent_stack::IcmpCause;

use super::layout::{Bulk, Columns, Draft, KERNEL, ROUTER, addresses_words};
use super::{Row, RowKind};
use crate::flows::OWN_LINE;
use crate::record::{Asked, Packet, Run};
use crate::story::{Story, Told, arrives};
use crate::style::Tone;
use crate::view::{Dns, Segment, View, What};
use crate::words::{fate_words, octets, ordinal, segment_name};

/// From which time on a hop is a row of its own, where something else happens meanwhile.
const HOP_OF_ITS_OWN_US: i64 = 20_000;

/// Drafts the rows of all packets but those that keep the network going.
pub(super) fn draft(run: &Run, story: &Story, columns: &Columns, drafts: &mut Vec<Draft>) {
    let mut starts: Vec<i64> = run.packets.iter().map(|packet| packet.at_us).collect();
    starts.sort_unstable();
    let in_one = |first: usize| {
        let next = story.packets[first].next?;
        let (began, ended) = (run.packets[first].at_us, run.packets[next].at_us);
        let meanwhile =
            starts.partition_point(|start| *start < ended) > starts.partition_point(|start| *start <= began);
        (ended.saturating_sub(began) < HOP_OF_ITS_OWN_US || !meanwhile).then_some(next)
    };
    let apart = Apart::of(story);
    for (index, packet) in run.packets.iter().enumerate() {
        let told = &story.packets[index];
        let drawn = told.previous.is_some_and(|first| in_one(first) == Some(index));
        if drawn || told.view.as_ref().is_some_and(|view| view.what == What::Neighbours) {
            continue;
        }
        let row = row(run, story, columns, (index, in_one(index)), apart);
        drafts.push(Draft { row, order: if packet.outward { 1 } else { 3 }, bulk: bulk(told) });
    }
}

/// The row of a packet: on one line, or on both of its lines.
fn row(run: &Run, story: &Story, columns: &Columns, (index, next): (usize, Option<usize>), apart: Apart) -> Row {
    let (packet, last) = (&run.packets[index], next.unwrap_or(index));
    let (from, _) = line(packet, columns);
    let (_, to) = line(&run.packets[last], columns);
    let told = &story.packets[index];
    let fate = run.packets[last].fate;
    let lost = fate_words(fate).filter(|_| !arrives(fate));
    let tone = match &told.view {
        _ if lost.is_some() => Tone::Quiet,
        Some(view) => tone(view),
        None => Tone::Plain,
    };
    Row {
        at_us: packet.at_us,
        until_us: story.packets[last].arrives_us.max(packet.at_us),
        kind: RowKind::Packet,
        from,
        to,
        via: next.map(|next| (ROUTER, run.packets[next].at_us)),
        count: 1,
        words: match told.sending {
            0 | 1 => label(run, packet, told, apart),
            again => format!("{}, {}", label(run, packet, told, apart), ordinal(again as usize)),
        },
        note: fate_words(fate).filter(|_| arrives(fate)).unwrap_or_default().to_owned(),
        lost,
        tone,
    }
}

/// The two ends of a packet's line, in the direction of the packet.
fn line(packet: &Packet, columns: &Columns) -> (usize, usize) {
    let far = if packet.line == OWN_LINE { KERNEL } else { columns.named(&packet.line) };
    if (far == KERNEL) == packet.outward { (far, ROUTER) } else { (ROUTER, far) }
}

fn tone(view: &View) -> Tone {
    match &view.what {
        What::Tcp(segment) if segment.flags.rst() => Tone::Bad,
        What::Icmp(_) => Tone::Bad,
        What::Udp(datagram) if datagram.dns.as_ref().is_some_and(|dns| dns.response && dns.code != 0) => Tone::Bad,
        _ => Tone::Plain,
    }
}

/// What a packet is that may come in numbers.
fn bulk(told: &Told) -> Option<Bulk> {
    let (what, octets) = match &told.view.as_ref()?.what {
        What::Tcp(segment) if segment.flags.syn() || segment.flags.fin() || segment.flags.rst() => return None,
        What::Tcp(segment) if segment.octets > 0 && told.sending > 1 => ("data again".to_owned(), segment.octets),
        What::Tcp(segment) if segment.octets > 0 => ("data".to_owned(), segment.octets),
        What::Tcp(_) => ("ACK".to_owned(), 0),
        What::Icmp(error) => (icmp_label(error.cause), 0),
        _ => return None,
    };
    Some(Bulk { what, octets })
}

/// What tells the peers of a run apart.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Apart {
    /// There is one.
    Nothing,
    /// Their addresses differ.
    Address,
    /// Only their ports differ.
    Port,
}

impl Apart {
    fn of(story: &Story) -> Apart {
        let segments = story.packets.iter().filter_map(|told| told.view.as_ref()?.segment());
        let peers: HashSet<SocketAddr> = segments.filter(|one| one.opens()).map(|one| one.destination).collect();
        let addresses: HashSet<IpAddr> = peers.iter().map(SocketAddr::ip).collect();
        match (peers.len(), addresses.len()) {
            (0 | 1, _) => Apart::Nothing,
            (_, 1) => Apart::Port,
            _ => Apart::Address,
        }
    }

    /// The peer of a segment that opens or resets a connection, where there are several.
    fn words(self, segment: &Segment, outward: bool) -> String {
        let tells = segment.flags.syn() || segment.flags.rst();
        let (word, peer) = if outward { ("to", segment.destination) } else { ("from", segment.source) };
        match self {
            Apart::Address if tells => format!(" {word} {}", peer.ip()),
            Apart::Port if tells => format!(" {word} :{}", peer.port()),
            _ => String::new(),
        }
    }
}

/// A packet in very few words: `SYN`, `data 512`, `DNS? A shop.test`.
fn label(run: &Run, packet: &Packet, told: &Told, apart: Apart) -> String {
    let Some(view) = &told.view else { return format!("{} that are not IP", octets(packet.len)) };
    match &view.what {
        What::Tcp(segment) => segment_label(segment) + &apart.words(segment, packet.outward),
        What::Udp(datagram) => match &datagram.dns {
            Some(dns) => dns_label(run, packet, dns),
            None => format!("UDP {}", datagram.octets),
        },
        What::Icmp(error) => icmp_label(error.cause),
        What::Neighbours => "neighbours".to_owned(),
        What::Echo => "ICMP echo".to_owned(),
        What::Part => format!("fragment {}", packet.len),
        What::Other(protocol) => protocol.to_string(),
        What::Unread => format!("{} not readable", octets(packet.len)),
    }
}

fn segment_label(segment: &Segment) -> String {
    match (segment_name(segment), segment.octets) {
        (name, 0) => name.to_owned(),
        ("ACK", many) => format!("data {many}"),
        (name, many) => format!("data {many}, {name}"),
    }
}

/// An ICMP error, shorter than its full words where those are long.
fn icmp_label(cause: IcmpCause) -> String {
    match cause {
        IcmpCause::TimeExceeded { code: 0 } => "ICMP TTL exceeded".to_owned(),
        IcmpCause::TooBig { mtu: 0 } => "ICMP too big".to_owned(),
        IcmpCause::TooBig { mtu } => format!("ICMP too big, MTU {mtu}"),
        IcmpCause::ParameterProblem { .. } => "ICMP parameter problem".to_owned(),
        _ => {
            let words = cause.to_string().replace("communication administratively", "administratively");
            words.replace(" for this type of service", ", service").replace(" to destination", "")
        }
    }
}

/// A question, or the answer with the addresses that the record says were given.
fn dns_label(run: &Run, packet: &Packet, dns: &Dns) -> String {
    if !dns.response {
        return format!("DNS? {} {}", dns.kind_words(), dns.name);
    }
    let same = |name: &str| name.trim_end_matches('.').eq_ignore_ascii_case(dns.name.trim_end_matches('.'));
    let given = run
        .lookups
        .iter()
        .rev()
        .find(|lookup| lookup.at_us <= packet.at_us && lookup.kind == dns.kind_words() && same(&lookup.name));
    match (dns.code, given.map(|lookup| &lookup.answer)) {
        (0, Some(Asked::Addresses(addresses))) => format!("DNS {}", addresses_words(addresses)),
        (0, _) => format!("DNS {} for {}", if dns.answers == 0 { "nothing" } else { "an answer" }, dns.kind_words()),
        (2, _) => "DNS server failed".to_owned(),
        (3, _) => "DNS no such name".to_owned(),
        (5, _) => "DNS refused".to_owned(),
        (code, _) => format!("DNS error {code}"),
    }
}
