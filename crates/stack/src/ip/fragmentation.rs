//! Datagrams of any size: one packet where they fit, fragments where they may be cut, refused where they may not.

use core::hash::{BuildHasher, Hasher};
use core::net::IpAddr;

use synsent_wire::ip::Protocol;
use synsent_wire::ipv6_extension::{FRAGMENT_LEN, Fragment};
use synsent_wire::{ipv4, ipv6};

use super::addresses::Keyed;
use super::packet::{OUTPUT_QUEUE_PACKETS, Urge};
use super::{Ip, Path, header_len};
use crate::context::{Context, DropReason};
use crate::link::LinkId;
use crate::time::Instant;

/// How many counters give identification numbers; destinations share them by a keyed hash.
const COUNTERS: usize = 256;
/// The most octets that a length field of sixteen bits can express.
const LENGTH_MAX: usize = u16::MAX as usize;

/// What a sender wants in the IP header.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DatagramMeta {
    pub(crate) hop_limit: u8,
    pub(crate) traffic_class: u8,
    /// Refuse rather than fragment.
    pub(crate) dont_fragment: bool,
}

/// Why a datagram was not sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum SendRefused {
    /// It does not fit and may not be cut, or no length field can express it.
    TooBig {
        /// What fits.
        mtu: u32,
    },
    /// The link's queue has no room for all of it.
    QueueFull,
}

/// Numbers for fragments that outsiders cannot foresee (RFC 7739 section 5.3).
pub(super) struct Identifications {
    key: Keyed,
    counters: [u32; COUNTERS],
}

impl Identifications {
    pub(super) fn new(key: [u8; 16]) -> Identifications {
        Identifications { key: Keyed(key), counters: [0; COUNTERS] }
    }

    fn next(&mut self, source: IpAddr, destination: IpAddr) -> u32 {
        let mut hasher = self.key.build_hasher();
        hasher.write(&crate::tcp::four_tuple::sixteen_octets(source));
        hasher.write(&crate::tcp::four_tuple::sixteen_octets(destination));
        let hash = hasher.finish();
        let counter = &mut self.counters[(hash >> 32) as usize % COUNTERS];
        *counter = counter.wrapping_add(1);
        counter.wrapping_add(hash as u32)
    }
}

impl Ip {
    /// Sends a datagram of `len` transport octets that `build` fills.
    #[expect(clippy::too_many_arguments, reason = "the way, the header, the length and the content")]
    pub(crate) fn send_datagram(
        &mut self,
        now: Instant,
        path: &Path,
        protocol: Protocol,
        meta: DatagramMeta,
        len: usize,
        build: impl FnOnce(&mut [u8]),
        ctx: &mut Context,
    ) -> Result<(), SendRefused> {
        self.send_datagram_as(now, path, protocol, meta, Urge::Own, len, build, ctx)
    }

    #[expect(clippy::too_many_arguments, reason = "the way, the header, the length and the content")]
    pub(super) fn send_datagram_as(
        &mut self,
        now: Instant,
        path: &Path,
        protocol: Protocol,
        meta: DatagramMeta,
        urge: Urge,
        len: usize,
        build: impl FnOnce(&mut [u8]),
        ctx: &mut Context,
    ) -> Result<(), SendRefused> {
        let header = header_len(path.destination);
        let mtu = path.mtu as usize;
        let most = if path.destination.is_ipv4() { LENGTH_MAX - header } else { LENGTH_MAX };
        if len > most || header + len > mtu && meta.dont_fragment {
            return Err(SendRefused::TooBig { mtu: path.mtu });
        }
        if header + len > mtu {
            return self.send_fragments(now, path, protocol, meta, urge, len, build, ctx);
        }
        let identification = self.identifications.next(path.source, path.destination);
        let sent = self.enqueue_as(
            now,
            path.link,
            path.next_hop,
            urge,
            header + len,
            |packet| {
                let cut = Cut { offset: 0, more: false, identification };
                emit_header(path, protocol, meta, cut, len, packet);
                build(&mut packet[header..]);
            },
            ctx,
        );
        sent.map_err(|_| SendRefused::QueueFull)
    }

    /// The hop limit of packets whose sender has no wish: for IPv6 what a router of the link advertised, if one did.
    #[inline]
    pub(crate) fn default_hop_limit(&self, link: LinkId, is_ipv6: bool) -> u8 {
        let advertised = self.links.get(link.index()).and_then(|link| link.advertised.hop_limit);
        advertised.filter(|_| is_ipv6).unwrap_or(self.hop_limit)
    }

    #[expect(clippy::too_many_arguments, reason = "the way, the header, the length and the content")]
    fn send_fragments(
        &mut self,
        now: Instant,
        path: &Path,
        protocol: Protocol,
        meta: DatagramMeta,
        urge: Urge,
        len: usize,
        build: impl FnOnce(&mut [u8]),
        ctx: &mut Context,
    ) -> Result<(), SendRefused> {
        let is_v6 = path.destination.is_ipv6();
        let header = header_len(path.destination) + if is_v6 { FRAGMENT_LEN } else { 0 };
        let room = (path.mtu as usize).saturating_sub(header) & !7;
        let pieces = if room == 0 { usize::MAX } else { len.div_ceil(room) };
        if pieces > OUTPUT_QUEUE_PACKETS {
            return Err(SendRefused::TooBig { mtu: path.mtu });
        }
        // All of it or nothing: a part of a datagram would only burden the link and the receiver.
        if !self.has_room_for(path.link, pieces, urge) {
            ctx.dropped(now, path.link, DropReason::OutputQueueFull);
            return Err(SendRefused::QueueFull);
        }
        let mut whole = self.pool.take(len);
        build(whole.octets_mut());
        let identification = self.identifications.next(path.source, path.destination);
        let mut result = Ok(());
        for (index, data) in whole.octets().chunks(room).enumerate() {
            let offset = index * room;
            let cut = Cut { offset, more: offset + data.len() < len, identification };
            let write = |packet: &mut [u8]| {
                let at = if is_v6 {
                    emit_v6_fragment(path, protocol, meta, cut, data.len(), packet)
                } else {
                    emit_header(path, protocol, meta, cut, data.len(), packet)
                };
                packet[at..].copy_from_slice(data);
            };
            let packet_len = header + data.len();
            if self.enqueue_as(now, path.link, path.next_hop, urge, packet_len, write, ctx).is_err() {
                // What was queued already will never become whole; the receiver's timer clears it away.
                result = Err(SendRefused::QueueFull);
                break;
            }
        }
        self.pool.give_back(whole);
        result
    }

    /// Cuts an IPv4 packet that is to be forwarded to the next link's MTU.
    pub(super) fn forward_fragments(
        &mut self,
        now: Instant,
        path: &Path,
        packet: &[u8],
        ctx: &mut Context,
    ) -> Result<(), DropReason> {
        let view = ipv4::View::parse(packet).map_err(|_| DropReason::IpMalformed)?;
        let mut copied = [0; ipv4::MAX_OPTIONS_LEN];
        let copied_len = ipv4::copied_options(view.options(), &mut copied);
        let room = (path.link_mtu as usize).saturating_sub(view.header_len()) & !7;
        if room == 0 {
            return Err(DropReason::TooBig);
        }
        let payload = view.payload();
        for (index, data) in payload.chunks(room).enumerate() {
            let offset = index * room;
            let options = if offset == 0 { view.options() } else { &copied[..copied_len] };
            let more = view.more_fragments() || offset + data.len() < payload.len();
            let repr = ipv4::Repr {
                fragment_offset_octets: view.fragment_offset_octets() + offset as u16,
                more_fragments: more,
                payload_len: data.len(),
                ..ipv4::Repr::parse(&view)
            };
            let write = |packet: &mut [u8]| {
                let at = repr.emit_with_options(options, packet);
                packet[at..].copy_from_slice(data);
            };
            let len = ipv4::HEADER_LEN + options.len() + data.len();
            if self.enqueue_as(now, path.link, path.next_hop, Urge::Own, len, write, ctx).is_err() {
                return Err(DropReason::OutputQueueFull);
            }
        }
        Ok(())
    }
}

/// Which part of a datagram a packet carries.
#[derive(Clone, Copy)]
struct Cut {
    offset: usize,
    more: bool,
    identification: u32,
}

fn emit_header(
    path: &Path,
    protocol: Protocol,
    meta: DatagramMeta,
    cut: Cut,
    payload_len: usize,
    packet: &mut [u8],
) -> usize {
    match (path.source, path.destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => ipv4::Repr {
            source,
            destination,
            protocol,
            ttl: meta.hop_limit,
            traffic_class: meta.traffic_class,
            identification: cut.identification as u16,
            dont_fragment: meta.dont_fragment,
            more_fragments: cut.more,
            fragment_offset_octets: cut.offset as u16,
            payload_len,
        }
        .emit(packet),
        _ => emit_v6(path, protocol, meta, payload_len, packet),
    }
}

fn emit_v6(path: &Path, next_header: Protocol, meta: DatagramMeta, payload_len: usize, packet: &mut [u8]) -> usize {
    // The two ends of a path are of one family, so these stand for themselves.
    let six = |addr: IpAddr| core::net::Ipv6Addr::from(crate::tcp::four_tuple::sixteen_octets(addr));
    ipv6::Repr {
        source: six(path.source),
        destination: six(path.destination),
        next_header,
        hop_limit: meta.hop_limit,
        traffic_class: meta.traffic_class,
        flow_label: 0,
        payload_len,
    }
    .emit(packet)
}

fn emit_v6_fragment(
    path: &Path,
    protocol: Protocol,
    meta: DatagramMeta,
    cut: Cut,
    payload_len: usize,
    packet: &mut [u8],
) -> usize {
    let at = emit_v6(path, Protocol::FRAGMENT, meta, FRAGMENT_LEN + payload_len, packet);
    let fragment = Fragment {
        next_header: protocol,
        offset_octets: cut.offset as u16,
        more: cut.more,
        identification: cut.identification,
    };
    at + fragment.emit(&mut packet[at..])
}
