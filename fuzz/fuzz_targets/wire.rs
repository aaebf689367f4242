//! Any bytes through every parser, every iterator over options, the split of segments and their merging.
//!
//! Nothing may panic. Beyond that, what parses must survive being emitted and parsed again, and what the merger puts
//! together must split into as many packets as went in. Checksums are corrected first, so that they keep nothing out.
#![no_main]

use arbitrary::Arbitrary;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use libfuzzer_sys::fuzz_target;
use synsent_wire::ip::Protocol;
use synsent_wire::virtio_net::{self, gso};
use synsent_wire::{arp, checksum, ethernet, icmpv4, icmpv6, igmp, ipv4, ipv6, ipv6_extension, tcp, udp};

const V4: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const V6: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);

#[derive(Arbitrary, Debug)]
struct Input {
    /// Parsers of IP get the header that makes the bytes look like their protocol.
    fix: Option<(bool, u8)>,
    gso_size: u16,
    split_at: u16,
    bytes: Vec<u8>,
}

fuzz_target!(|input: Input| {
    link(&input.bytes);
    above_ip(&input.bytes);
    let packet = match input.fix {
        None => input.bytes.clone(),
        Some((v6, protocol)) => with_header(v6, protocol, &input.bytes),
    };
    ip(&packet);
    offload(&packet, usize::from(input.gso_size));
    sums(&input.bytes, usize::from(input.split_at));
});

fn link(bytes: &[u8]) {
    if let Ok(view) = ethernet::View::parse(bytes) {
        let repr = ethernet::Repr::parse(&view);
        let mut header = [0; ethernet::HEADER_LEN + ethernet::VLAN_TAG_LEN];
        let len = repr.emit(&mut header);
        // A tag inside a tag is payload to us, and would be the outer tag if its type were emitted on its own.
        assert_eq!(header[..len], bytes[..len]);
        assert_eq!(view.payload().len(), bytes.len() - len);
    }
    if let Ok(repr) = arp::Repr::parse(bytes) {
        let mut packet = [0; arp::LEN];
        repr.emit(&mut packet);
        assert_eq!(packet, bytes[..arp::LEN]);
    }
    if let Ok(header) = virtio_net::Header::parse(bytes) {
        let mut again = [0; virtio_net::HEADER_LEN];
        header.emit(&mut again);
        assert_eq!(virtio_net::Header::parse(&again), Ok(header));
        let _ = header.finish_checksum(&mut bytes[virtio_net::HEADER_LEN..].to_vec());
    }
}

fn ip(packet: &[u8]) {
    if let Ok(view) = ipv4::View::parse(packet) {
        let repr = ipv4::Repr::parse(&view);
        let mut header = [0; ipv4::MAX_HEADER_LEN];
        let len = repr.emit_with_options(view.options(), &mut header);
        assert_eq!(len, view.header_len());
        assert!(ipv4::options(view.options()).count() <= ipv4::MAX_OPTIONS_LEN);
        let mut out = [0; ipv4::MAX_OPTIONS_LEN];
        let copied = ipv4::copied_options(view.options(), &mut out);
        assert!(ipv4::options(&out[..copied]).all(|option| option.is_ok()));
        if let Ok(Some(route)) = ipv4::SourceRoute::find(view.options()) {
            let _ = route.reversed(view.source()).1.map(|route| route.emit(&mut out));
        }
        let mut forwarded = packet.to_vec();
        if ipv4::decrement_ttl(&mut forwarded).is_some() {
            assert!(ipv4::View::parse(&forwarded).is_ok());
        }
        above_ip(view.payload());
    }
    let _ = ipv4::View::parse_quoted(packet).map(|view| above_ip(view.payload()));
    if let Ok(view) = ipv6::View::parse(packet) {
        let mut header = [0; ipv6::HEADER_LEN];
        ipv6::Repr::parse(&view).emit(&mut header);
        assert_eq!(header, packet[..ipv6::HEADER_LEN]);
        for step in ipv6_extension::walk(view.next_header(), view.payload()) {
            let Ok(step) = step else { break };
            assert!(step.next_header_offset < view.packet().len());
            match step.header {
                ipv6_extension::Header::HopByHop(header) | ipv6_extension::Header::Destination(header) => {
                    header.iter().filter_map(Result::ok).for_each(|option| {
                        assert!(step.offset + option.offset + 2 + option.data.len() <= view.packet().len());
                    });
                }
                ipv6_extension::Header::Upper(_) => above_ip(step.rest),
                ipv6_extension::Header::Routing(_) | ipv6_extension::Header::Fragment(_) => {}
            }
        }
    }
    let _ = ipv6::decrement_hop_limit(&mut packet.to_vec());
}

fn above_ip(bytes: &[u8]) {
    let _ = tcp::parse_quoted(bytes);
    if let Ok(view) = tcp::View::parse(bytes) {
        let _ = view.verify_checksum(V4.into(), V4.into());
        if let Ok(repr) = tcp::Repr::parse(&view) {
            let mut header = [0; tcp::MAX_HEADER_LEN];
            let payload = view.payload();
            let len = repr.emit(V4.into(), V4.into(), checksum::sum(payload), payload.len(), &mut header);
            let again = tcp::Repr::parse(&tcp::View::parse(&header[..len]).unwrap()).unwrap();
            assert_eq!(tcp::Options { sack: again.options.sack, ..repr.options }, again.options);
        }
    }
    if let Ok(view) = udp::View::parse(bytes) {
        let _ = view.verify(V4.into(), V4.into());
        let mut datagram = vec![0; view.len()];
        udp::Repr::parse(&view).emit(V6.into(), V6.into(), view.payload(), &mut datagram);
        assert!(udp::View::parse(&datagram).unwrap().verify(V6.into(), V6.into()));
    }
    let mut message = bytes.to_vec();
    fix_checksum(&mut message, checksum::Sum::new());
    if let Ok(repr) = icmpv4::Repr::parse(&message) {
        let mut again = vec![0; repr.len()];
        repr.emit(&mut again);
        assert_eq!(icmpv4::Repr::parse(&again), Ok(repr));
    }
    if let Ok(repr) = igmp::Repr::parse(&message) {
        let mut again = vec![0; repr.len()];
        repr.emit(&mut again);
        assert!(igmp::Repr::parse(&again).is_ok());
    }
    let len = message.len() as u32;
    fix_checksum(&mut message, checksum::pseudo_header(V6.into(), V6.into(), Protocol::ICMPV6.0, len));
    if let Ok(repr) = icmpv6::Repr::parse(&message, V6, V6) {
        let mut again = vec![0; repr.len()];
        repr.emit(V6, V6, &mut again);
        assert_eq!(icmpv6::Repr::parse(&again, V6, V6), Ok(repr));
    }
}

fn offload(packet: &[u8], gso_size: usize) {
    let mut scratch = [0; 2048];
    let mut pieces = Vec::new();
    let split = gso::split(packet, gso_size, &mut scratch, |piece| pieces.push(piece.to_vec()));
    assert!(split.is_err() || split == Ok(pieces.len()));
    let mut buf = vec![0; 70_000];
    let mut merger = gso::Merger::new(&mut buf);
    for piece in pieces.iter().chain([&packet.to_vec()]) {
        if merger.push(piece) == gso::Push::NotMergeable {
            again_split(merger.finish());
            merger.push(piece);
        }
    }
    again_split(merger.finish());
}

fn again_split(merged: Option<gso::Merged<'_>>) {
    let Some(merged) = merged else { return };
    let mut scratch = vec![0; 70_000];
    assert_eq!(gso::split(merged.packet, merged.gso_size, &mut scratch, |_| {}), Ok(merged.count));
}

fn sums(bytes: &[u8], split_at: usize) {
    let (head, tail) = bytes.split_at(split_at.min(bytes.len()));
    let mut copy = vec![0; bytes.len()];
    let whole = checksum::copy_and_sum(&mut copy, bytes).finish();
    assert_eq!(copy, bytes);
    assert_eq!(checksum::sum(head).add_bytes(tail).finish(), whole);
    let pairs = bytes.chunks(2).map(|pair| u64::from(pair[0]) << 8 | pair.get(1).map_or(0, |low| u64::from(*low)));
    let mut naive: u64 = pairs.sum();
    while naive > 0xffff {
        naive = (naive & 0xffff) + (naive >> 16);
    }
    assert_eq!(!(naive as u16), whole);
}

fn fix_checksum(message: &mut [u8], pseudo: checksum::Sum) {
    if message.len() >= 4 {
        message[2..4].fill(0);
        let checksum = pseudo.add_bytes(message).finish();
        message[2..4].copy_from_slice(&checksum.to_be_bytes());
    }
}

/// The bytes behind an IP header for this protocol, and a TCP checksum that is right.
fn with_header(v6: bool, protocol: u8, bytes: &[u8]) -> Vec<u8> {
    let bytes = &bytes[..bytes.len().min(60_000)];
    let mut payload = bytes.to_vec();
    let address = if v6 { IpAddr::V6(V6) } else { IpAddr::V4(V4) };
    if let Some(field) = payload.get_mut(16..18).filter(|_| protocol == Protocol::TCP.0) {
        field.fill(0);
        let sum = checksum::pseudo_header(address, address, protocol, payload.len() as u32).add_bytes(&payload);
        payload[16..18].copy_from_slice(&sum.finish().to_be_bytes());
    }
    let mut packet = vec![0; ipv6::HEADER_LEN];
    let payload_len = payload.len();
    let protocol = Protocol(protocol);
    let len = if v6 {
        let [traffic_class, hop_limit] = [0, 64];
        let (source, destination, next_header, flow_label) = (V6, V6, protocol, 0);
        ipv6::Repr { source, destination, next_header, hop_limit, traffic_class, flow_label, payload_len }
            .emit(&mut packet)
    } else {
        ipv4::Repr {
            source: V4,
            destination: V4,
            protocol,
            ttl: 64,
            traffic_class: 0,
            identification: 1,
            dont_fragment: false,
            more_fragments: false,
            fragment_offset_octets: 0,
            payload_len,
        }
        .emit(&mut packet)
    };
    packet.truncate(len);
    packet.extend(payload);
    packet
}
