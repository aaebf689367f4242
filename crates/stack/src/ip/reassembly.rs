//! Putting fragments together again (RFC 791, RFC 815, RFC 8200 section 4.5, RFC 5722).
//!
//! Each packet that is not whole yet has its own slot, so that one lost fragment holds up nothing but its packet. Slots and
//! octets are bounded; when a bound is reached the oldest packet leaves. Fragments that overlap spoil their packet: there is
//! no honest reason for one. What is whole is a packet like any other, and its transport checksum is verified whatever the
//! link vouched for, because a link sees fragments only.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::net::IpAddr;

use synsent_wire::{checksum, ipv4, ipv6};

use super::extensions::Chain;
use super::input::{Carrier, refuse, v4_datagram, v6_datagram};
use super::{Arrived, Cast, Datagram, Ip};
use crate::context::{Context, DropReason};
use crate::link::{LinkId, Received};
use crate::reason::IcmpCause;
use crate::time::{Duration, Instant};

/// How many packets may be incomplete at once.
pub(crate) const REASSEMBLY_PACKETS: usize = 64;
/// How many fragments one packet may have.
pub(crate) const FRAGMENTS_MAX: usize = 128;
/// How long the rest of a packet may take (RFC 8200; RFC 1122 section 3.3.2 asks for 60 to 120 s).
const TIMEOUT: Duration = Duration::from_secs(60);
/// The most that a length field can express; the one of IPv6 does not count the fixed header.
const LENGTH_FIELD: usize = u16::MAX as usize;

/// What the fragments of one packet have in common.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct FragmentKey {
    pub(crate) link: LinkId,
    pub(crate) source: IpAddr,
    pub(crate) destination: IpAddr,
    pub(crate) protocol: u8,
    pub(crate) identification: u32,
}

/// A fragment.
#[derive(Clone, Copy)]
pub(crate) struct Piece<'a> {
    /// The headers before the fragmented part.
    pub(crate) head: &'a [u8],
    pub(crate) offset: usize,
    pub(crate) more: bool,
    pub(crate) data: &'a [u8],
    /// For IPv6: where in the head the fragment header was announced, and what stands behind it.
    pub(crate) next_header_place: Option<(usize, u8)>,
}

#[derive(Debug)]
struct Incomplete {
    key: FragmentKey,
    /// When the first fragment to arrive has waited too long.
    until: Instant,
    /// The head of the first fragment, once it is there, with its announcement already set right.
    head: Option<Vec<u8>>,
    /// Begin and end of what is there, in order and without overlap.
    ranges: Vec<(usize, usize)>,
    /// The data; gaps are zero.
    data: Vec<u8>,
    /// Where the packet ends, once the last fragment is there.
    end: Option<usize>,
    /// An overlap was seen: whatever else comes is dropped.
    spoiled: bool,
    cast: Cast,
    link_cast: Cast,
}

impl Incomplete {
    fn octets(&self) -> usize {
        self.data.capacity() + self.head.as_ref().map_or(0, Vec::capacity)
    }

    fn is_whole(&self) -> bool {
        self.head.is_some() && self.end.is_some_and(|end| self.ranges == [(0, end)])
    }

    /// Puts a fragment in its place; false when it cannot belong to this packet.
    fn add(&mut self, piece: &Piece<'_>) -> bool {
        let (begin, end) = (piece.offset, piece.offset + piece.data.len());
        let place = self.ranges.partition_point(|(other, _)| *other < begin);
        if self.ranges.get(place) == Some(&(begin, end)) && self.data[begin..end] == *piece.data {
            // A copy of what is there.
            return true;
        }
        let before = place.checked_sub(1).map_or(0, |place| self.ranges[place].1);
        let overlaps = before > begin || self.ranges.get(place).is_some_and(|(next, _)| *next < end);
        let beyond = self.end.is_some_and(|last| end > last || !piece.more && end != last);
        let shrinks = !piece.more && self.ranges.last().is_some_and(|(_, last)| *last > end);
        if overlaps || beyond || shrinks || self.ranges.len() >= FRAGMENTS_MAX {
            return false;
        }
        if self.data.len() < end {
            self.data.resize(end, 0);
        }
        self.data[begin..end].copy_from_slice(piece.data);
        self.ranges.insert(place, (begin, end));
        self.join(place);
        if !piece.more {
            self.end = Some(end);
        }
        true
    }

    /// Joins a new range with those that touch it, so that a packet which comes in order is one range.
    fn join(&mut self, place: usize) {
        if self.ranges.get(place + 1).is_some_and(|(next, _)| *next == self.ranges[place].1) {
            self.ranges[place].1 = self.ranges.remove(place + 1).1;
        }
        if place > 0 && self.ranges[place - 1].1 == self.ranges[place].0 {
            self.ranges[place - 1].1 = self.ranges.remove(place).1;
        }
    }
}

/// The packets that are not whole yet, oldest first.
pub(crate) struct Reassembly {
    incomplete: VecDeque<Incomplete>,
    octets: usize,
    octets_max: usize,
}

impl Reassembly {
    pub(crate) fn new(octets_max: usize) -> Reassembly {
        Reassembly { incomplete: VecDeque::new(), octets: 0, octets_max }
    }

    fn take(&mut self, place: usize) -> Option<Incomplete> {
        let taken = self.incomplete.remove(place)?;
        self.octets -= taken.octets();
        Some(taken)
    }
}

/// A packet that came in fragments; it owns its octets.
pub(crate) struct ReassembledPacket {
    packet: Vec<u8>,
    link: LinkId,
    cast: Cast,
    link_cast: Cast,
    protocol: u8,
    payload_offset: usize,
    next_header_offset: u32,
}

impl ReassembledPacket {
    /// The packet for its transport.
    pub(crate) fn datagram(&self) -> Option<Datagram<'_>> {
        let datagram = self.outer()?;
        let payload = self.packet.get(self.payload_offset..)?;
        let protocol = synsent_wire::ip::Protocol(self.protocol);
        Some(Datagram { payload, protocol, next_header_offset: self.next_header_offset, ..datagram })
    }

    /// The packet as its fixed header describes it.
    fn outer(&self) -> Option<Datagram<'_>> {
        let carrier = Carrier { link: self.link, cast: self.link_cast, received: Received::default() };
        let datagram = match self.packet.first()? >> 4 {
            4 => v4_datagram(&ipv4::View::parse(&self.packet).ok()?, carrier),
            _ => v6_datagram(&ipv6::View::parse(&self.packet).ok()?, carrier),
        };
        Some(Datagram { cast: self.cast, ..datagram })
    }
}

impl Ip {
    /// Takes a fragment, and yields the packet when it was the last one missing.
    pub(super) fn reassemble<'a>(
        &mut self,
        now: Instant,
        key: FragmentKey,
        piece: Piece<'_>,
        datagram: &Datagram<'_>,
        ctx: &mut Context,
    ) -> Arrived<'a> {
        let end = piece.offset + piece.data.len();
        let ragged = piece.more && !piece.data.len().is_multiple_of(8);
        let uncounted = if datagram.source.is_ipv6() { ipv6::HEADER_LEN } else { 0 };
        if piece.data.is_empty() || ragged || piece.head.len() + end > LENGTH_FIELD + uncounted {
            if ragged && datagram.source.is_ipv6() {
                // RFC 8200 section 4.5: the sender learns that its payload length is wrong.
                self.send_error(now, datagram, IcmpCause::ParameterProblem { code: 0, pointer: 4 }, ctx);
            }
            return refuse(now, key.link, DropReason::FragmentRefused, ctx);
        }
        let Some(place) = self.slot(now, key, end, datagram, ctx) else {
            return refuse(now, key.link, DropReason::ReassemblyFull, ctx);
        };
        let incomplete = &mut self.reassembly.incomplete[place];
        let before = incomplete.octets();
        if incomplete.spoiled || !incomplete.add(&piece) {
            // The slot stays until its time is over, so that late fragments do not begin the packet anew.
            incomplete.spoiled = true;
            incomplete.data = Vec::new();
            incomplete.head = None;
            self.reassembly.octets -= before;
            return refuse(now, key.link, DropReason::FragmentRefused, ctx);
        }
        if piece.offset == 0 && incomplete.head.is_none() {
            let mut head = piece.head.to_vec();
            if let Some((at, next)) = piece.next_header_place {
                head[at] = next;
            }
            incomplete.head = Some(head);
        }
        let is_whole = incomplete.is_whole();
        self.reassembly.octets = self.reassembly.octets + incomplete.octets() - before;
        if !is_whole {
            return Arrived::Consumed;
        }
        match self.reassembly.take(place).and_then(join) {
            Some(packet) => self.deliver_whole(now, packet, ctx),
            None => refuse(now, key.link, DropReason::FragmentRefused, ctx),
        }
    }

    /// The slot of a packet, a new one if need be.
    fn slot(
        &mut self,
        now: Instant,
        key: FragmentKey,
        end: usize,
        datagram: &Datagram<'_>,
        ctx: &mut Context,
    ) -> Option<usize> {
        let all = &self.reassembly.incomplete;
        let place = all.iter().position(|incomplete| incomplete.key == key);
        if place.is_none() && all.len() >= REASSEMBLY_PACKETS {
            ctx.dropped(now, key.link, DropReason::ReassemblyFull);
            self.reassembly.take(0);
        }
        while self.reassembly.octets + end > self.reassembly.octets_max {
            // The oldest leaves, but never for a fragment of itself.
            let oldest = self.reassembly.incomplete.iter().position(|incomplete| incomplete.key != key)?;
            ctx.dropped(now, key.link, DropReason::ReassemblyFull);
            self.reassembly.take(oldest);
        }
        if place.is_some() {
            return self.reassembly.incomplete.iter().position(|incomplete| incomplete.key == key);
        }
        let until = now + TIMEOUT;
        self.reassembly.incomplete.push_back(Incomplete {
            key,
            until,
            head: None,
            ranges: Vec::new(),
            data: Vec::new(),
            end: None,
            spoiled: false,
            cast: datagram.cast,
            link_cast: datagram.link_cast,
        });
        self.arm(until);
        Some(self.reassembly.incomplete.len() - 1)
    }

    fn deliver_whole<'a>(&mut self, now: Instant, mut packet: ReassembledPacket, ctx: &mut Context) -> Arrived<'a> {
        let Some(outer) = packet.outer() else { return Arrived::Consumed };
        let mut datagram = outer;
        if let Ok(view) = ipv6::View::parse(&packet.packet) {
            match self.walk_extensions(now, &view, &mut datagram, ctx) {
                Chain::Upper => {}
                // A fragment within a fragment is nobody's honest packet.
                Chain::Fragment(..) => return refuse(now, packet.link, DropReason::FragmentRefused, ctx),
                Chain::Consumed => return Arrived::Consumed,
            }
        }
        let (protocol, next_header_offset) = (datagram.protocol.0, datagram.next_header_offset);
        let payload_offset = packet.packet.len() - datagram.payload.len();
        match self.deliver(now, datagram, ctx) {
            Arrived::Local(_) => {
                (packet.protocol, packet.payload_offset) = (protocol, payload_offset);
                packet.next_header_offset = next_header_offset;
                Arrived::Reassembled(packet)
            }
            // Errors are never so long that they need fragments.
            Arrived::Error(_) => refuse(now, packet.link, DropReason::IcmpMalformed, ctx),
            _ => Arrived::Consumed,
        }
    }

    pub(super) fn run_reassembly_timers(&mut self, now: Instant, ctx: &mut Context) -> Option<Instant> {
        while self.reassembly.incomplete.front().is_some_and(|oldest| oldest.until <= now) {
            let Some(expired) = self.reassembly.take(0) else { break };
            ctx.dropped(now, expired.key.link, DropReason::ReassemblyTimeout);
            self.tell_of_timeout(now, &expired, ctx);
        }
        self.reassembly.incomplete.front().map(|oldest| oldest.until)
    }

    /// The sender is told, but only if the first fragment can be quoted.
    fn tell_of_timeout(&mut self, now: Instant, expired: &Incomplete, ctx: &mut Context) {
        let Some(head) = expired.head.as_ref().filter(|_| expired.ranges.first().is_some_and(|(begin, _)| *begin == 0))
        else {
            return;
        };
        let first = expired.ranges.first().map_or(0, |(_, end)| *end);
        let Some(quoted) = join_octets(head, &expired.data[..first]) else { return };
        let packet = ReassembledPacket {
            packet: quoted,
            link: expired.key.link,
            cast: expired.cast,
            link_cast: expired.link_cast,
            protocol: 0,
            payload_offset: 0,
            next_header_offset: 0,
        };
        if let Some(about) = packet.outer() {
            self.send_error(now, &about, IcmpCause::TimeExceeded { code: 1 }, ctx);
        }
    }
}

/// Makes one packet of all fragments.
fn join(incomplete: Incomplete) -> Option<ReassembledPacket> {
    let packet = join_octets(incomplete.head.as_ref()?, &incomplete.data)?;
    Some(ReassembledPacket {
        packet,
        link: incomplete.key.link,
        cast: incomplete.cast,
        link_cast: incomplete.link_cast,
        protocol: 0,
        payload_offset: 0,
        next_header_offset: 0,
    })
}

/// Head and data as one packet, with the length and the flags of a packet that was never fragmented.
fn join_octets(head: &[u8], data: &[u8]) -> Option<Vec<u8>> {
    let mut packet = Vec::with_capacity(head.len() + data.len());
    packet.extend_from_slice(head);
    packet.extend_from_slice(data);
    match packet.first()? >> 4 {
        4 => {
            let len = u16::try_from(packet.len()).ok()?;
            packet[2..4].copy_from_slice(&len.to_be_bytes());
            packet[6..8].fill(0);
            packet[10..12].fill(0);
            let sum = checksum::sum(&packet[..head.len()]).finish();
            packet[10..12].copy_from_slice(&sum.to_be_bytes());
        }
        _ => {
            let len = u16::try_from(packet.len() - ipv6::HEADER_LEN).ok()?;
            packet[4..6].copy_from_slice(&len.to_be_bytes());
        }
    }
    Some(packet)
}
