//! The same bytes given to this crate, to etherparse and to smoltcp: all must agree on what is a packet and on what is
//! in its fields. Where one of them does not, the reason stands at the line that makes the exception.
//!
//! The bytes are arbitrary behind a start that makes a packet likely, so that most of the lies are about lengths.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use etherparse::{
    Ethernet2Slice, Ipv4HeaderSlice, Ipv6HeaderSlice, SingleVlanSlice, TcpOptionElement, TcpSlice, UdpSlice,
};
use proptest::collection::vec;
use proptest::prelude::*;
use smoltcp::wire as other;
use synsent_wire::tcp::{Options, Timestamps};
use synsent_wire::{arp, checksum, ethernet, icmpv4, icmpv6, ipv4, ipv6, tcp, udp};

const V4: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const V6: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);

/// Bytes whose checksum field is right about half of the time.
fn with_checksum(mut bytes: Vec<u8>, at: usize, right: bool, pseudo: checksum::Sum, covered: usize) -> Vec<u8> {
    if right && bytes.len() >= at + 2 && covered <= bytes.len() {
        bytes[at..at + 2].fill(0);
        let checksum = pseudo.add_bytes(&bytes[..covered]).finish();
        bytes[at..at + 2].copy_from_slice(&checksum.to_be_bytes());
    }
    bytes
}

prop_compose! {
    /// An IPv4 header with a likely length, and what follows it.
    fn ipv4_bytes()(version_ihl in prop_oneof![4 => Just(0x45u8), 2 => 0x45u8..=0x4f, 1 => any::<u8>()],
                    total_len in prop_oneof![3 => 18u16..110, 1 => any::<u16>()],
                    rest in vec(any::<u8>(), 0..100), right in any::<bool>()) -> Vec<u8> {
        let mut bytes = vec![version_ihl, 0];
        bytes.extend(total_len.to_be_bytes());
        bytes.extend(rest);
        let covered = usize::from(version_ihl & 0xf) * 4;
        with_checksum(bytes, 10, right, checksum::Sum::new(), covered)
    }
}

prop_compose! {
    /// A TCP header with a likely data offset and likely options, and what follows it.
    fn tcp_bytes()(start in vec(any::<u8>(), 12..=12), offset in prop_oneof![5u8..=15, 0u8..=15],
                   middle in vec(any::<u8>(), 7..=7),
                   options in vec(prop_oneof![4 => 0u8..12, 1 => any::<u8>()], 0..80), right in any::<bool>()) -> Vec<u8> {
        let mut bytes = start;
        bytes.push(offset << 4);
        bytes.extend(middle);
        bytes.extend(options);
        let len = bytes.len();
        let pseudo = checksum::pseudo_header(V4.into(), V4.into(), 6, len as u32);
        with_checksum(bytes, 16, right, pseudo, len)
    }
}

/// Some known options among unknown ones, each of its right length.
fn well_formed_options() -> impl Strategy<Value = Vec<u8>> {
    let word = any::<[u8; 8]>();
    let option = (0u8..7, word, 1usize..=3).prop_map(|(which, word, ranges)| match which {
        0 => vec![1],
        1 => vec![2, 4, word[0], word[1]],
        2 => vec![3, 3, word[0] % 15],
        3 => vec![4, 2],
        4 => [&[8, 10][..], &word].concat(),
        5 => [&[5, 2 + 8 * ranges as u8][..], &word.repeat(ranges)].concat(),
        _ => vec![254, 5, word[0], word[1], word[2]],
    });
    vec(option, 0..6)
        .prop_map(|options| options.concat())
        .prop_filter("the header has forty octets", |all| all.len() <= 40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn frames(start in vec(any::<u8>(), 12..=12), tagged: bool, rest in vec(any::<u8>(), 0..20)) {
        let mut bytes = start;
        bytes.extend(if tagged { &[0x81, 0][..] } else { &[] });
        bytes.extend(rest);
        let ours = ethernet::View::parse(&bytes);
        let second = Ethernet2Slice::from_slice_without_fcs(&bytes);
        let third = other::EthernetFrame::new_checked(&bytes[..]);
        let Ok(second) = second else {
            prop_assert!(ours.is_err() && third.is_err());
            return Ok(());
        };
        let third = third.unwrap();
        if second.ether_type().0 == 0x8100 {
            // smoltcp knows no tags: the fields behind the tag are compared with etherparse alone.
            let tag = SingleVlanSlice::from_slice(second.payload_slice());
            prop_assert_eq!(ours.is_ok(), tag.is_ok());
            let (Ok(ours), Ok(tag)) = (ours, tag) else { return Ok(()) };
            let vlan = ours.vlan().unwrap();
            prop_assert_eq!(vlan.id, tag.vlan_identifier().value());
            prop_assert_eq!(vlan.priority, tag.priority_code_point().value());
            prop_assert_eq!(vlan.drop_eligible, tag.drop_eligible_indicator());
            prop_assert_eq!(ours.ethertype().0, tag.ether_type().0);
            prop_assert_eq!(ours.payload(), tag.payload_slice());
            return Ok(());
        }
        let ours = ours.unwrap();
        prop_assert_eq!(ours.destination().0, second.destination());
        prop_assert_eq!(ours.source().0, second.source());
        prop_assert_eq!(ours.destination().0, third.dst_addr().0);
        prop_assert_eq!(ours.source().0, third.src_addr().0);
        prop_assert_eq!(ours.ethertype().0, second.ether_type().0);
        prop_assert_eq!(ours.ethertype().0, u16::from(third.ethertype()));
        prop_assert_eq!(ours.payload(), second.payload_slice());
        prop_assert_eq!(ours.payload(), third.payload());
    }

    #[test]
    fn arp_packets(
        start in prop_oneof![Just(vec![0u8, 1, 8, 0, 6, 4, 0, 1]), Just(vec![0, 1, 8, 0, 6, 4, 0, 2]), vec(0u8..9, 8..=8)],
        rest in vec(any::<u8>(), 0..30),
    ) {
        let bytes = [start, rest].concat();
        let ours = arp::Repr::parse(&bytes);
        let third = other::ArpPacket::new_checked(&bytes[..]).and_then(|packet| other::ArpRepr::parse(&packet));
        match (ours, third) {
            (Ok(ours), Ok(other::ArpRepr::EthernetIpv4 {
                operation, source_hardware_addr, source_protocol_addr, target_hardware_addr, target_protocol_addr,
            })) => {
                prop_assert_eq!(ours.operation == arp::Operation::Reply, operation == other::ArpOperation::Reply);
                prop_assert_eq!(ours.sender_hardware.0, source_hardware_addr.0);
                prop_assert_eq!(ours.sender_protocol, source_protocol_addr);
                prop_assert_eq!(ours.target_hardware.0, target_hardware_addr.0);
                prop_assert_eq!(ours.target_protocol, target_protocol_addr);
                let second = etherparse::ArpPacketSlice::from_slice(&bytes).unwrap().to_packet();
                prop_assert_eq!(&ours.sender_hardware.0[..], second.sender_hw_addr());
                prop_assert_eq!(&ours.target_protocol.octets()[..], second.target_protocol_addr());
            }
            // smoltcp keeps operations that are neither request nor reply, of which nothing could be made.
            (Err(_), Ok(other::ArpRepr::EthernetIpv4 { operation: other::ArpOperation::Unknown(_), .. })) => {}
            (ours, third) => prop_assert!(ours.is_err() && third.is_err(), "{ours:?} {third:?}"),
        }
    }

    #[test]
    fn ipv4_packets(bytes in ipv4_bytes()) {
        let ours = ipv4::View::parse(&bytes);
        let second = Ipv4HeaderSlice::from_slice(&bytes);
        let third = other::Ipv4Packet::new_checked(&bytes[..]);
        // etherparse verifies no header checksum, and reads a header whose payload is missing or negative.
        let sum_is_right = second.as_ref().is_ok_and(|header| checksum::sum(header.slice()).is_valid());
        let len_is_right = |header: &Ipv4HeaderSlice<'_>| {
            header.payload_len().is_ok() && usize::from(header.total_len()) <= bytes.len()
        };
        prop_assert_eq!(ours.is_ok(), sum_is_right && second.as_ref().is_ok_and(len_is_right));
        // smoltcp checks version and checksum apart from the lengths.
        let third_accepts = |packet: &other::Ipv4Packet<&[u8]>| packet.version() == 4 && packet.verify_checksum();
        prop_assert_eq!(ours.is_ok(), third.as_ref().is_ok_and(third_accepts));
        let (Ok(ours), Ok(second), Ok(third)) = (ours, second, third) else { return Ok(()) };
        prop_assert_eq!(ours.source(), second.source_addr());
        prop_assert_eq!(ours.destination(), second.destination_addr());
        prop_assert_eq!(ours.protocol().0, second.protocol().0);
        prop_assert_eq!(ours.ttl(), second.ttl());
        prop_assert_eq!(ours.traffic_class(), second.dcp().value() << 2 | second.ecn().value());
        prop_assert_eq!(ours.identification(), second.identification());
        prop_assert_eq!(ours.dont_fragment(), second.dont_fragment());
        prop_assert_eq!(ours.more_fragments(), second.more_fragments());
        prop_assert_eq!(ours.fragment_offset_octets(), second.fragments_offset().value() << 3);
        prop_assert_eq!(ours.is_fragment(), second.is_fragmenting_payload());
        prop_assert_eq!(ours.options(), second.options());
        prop_assert_eq!(ours.source(), third.src_addr());
        prop_assert_eq!(ours.destination(), third.dst_addr());
        prop_assert_eq!(ours.protocol().0, u8::from(third.next_header()));
        prop_assert_eq!(ours.ttl(), third.hop_limit());
        prop_assert_eq!(ours.identification(), third.ident());
        prop_assert_eq!(ours.dont_fragment(), third.dont_frag());
        prop_assert_eq!(ours.more_fragments(), third.more_frags());
        prop_assert_eq!(ours.fragment_offset_octets(), third.frag_offset());
        prop_assert_eq!(ours.payload(), third.payload());
    }

    #[test]
    fn ipv6_packets(
        version in prop_oneof![4 => 0x60u8..0x70, 1 => any::<u8>()], class_flow: [u8; 3],
        payload_len in prop_oneof![3 => 0u16..60, 1 => any::<u16>()], rest in vec(any::<u8>(), 0..90),
    ) {
        let mut bytes = vec![version];
        bytes.extend(class_flow);
        bytes.extend(payload_len.to_be_bytes());
        bytes.extend(rest);
        let ours = ipv6::View::parse(&bytes);
        let second = Ipv6HeaderSlice::from_slice(&bytes);
        let third = other::Ipv6Packet::new_checked(&bytes[..]);
        // etherparse reads a header whose payload is missing.
        let whole = 40 + usize::from(payload_len) <= bytes.len();
        prop_assert_eq!(ours.is_ok(), second.is_ok() && whole);
        // smoltcp checks the version apart from the lengths.
        prop_assert_eq!(ours.is_ok(), third.as_ref().is_ok_and(|packet| packet.version() == 6));
        let (Ok(ours), Ok(second), Ok(third)) = (ours, second, third) else { return Ok(()) };
        prop_assert_eq!(ours.source(), second.source_addr());
        prop_assert_eq!(ours.destination(), second.destination_addr());
        prop_assert_eq!(ours.next_header().0, second.next_header().0);
        prop_assert_eq!(ours.hop_limit(), second.hop_limit());
        prop_assert_eq!(ours.traffic_class(), second.traffic_class());
        prop_assert_eq!(ours.flow_label(), second.flow_label().value());
        prop_assert_eq!(ours.source(), third.src_addr());
        prop_assert_eq!(ours.destination(), third.dst_addr());
        prop_assert_eq!(ours.next_header().0, u8::from(third.next_header()));
        prop_assert_eq!(ours.hop_limit(), third.hop_limit());
        prop_assert_eq!(ours.traffic_class(), third.traffic_class());
        prop_assert_eq!(ours.flow_label(), third.flow_label());
        prop_assert_eq!(ours.payload(), third.payload());
    }

    #[test]
    fn udp_datagrams(
        ports: [u8; 4], len in prop_oneof![3 => 6u16..60, 1 => any::<u16>()], rest in vec(any::<u8>(), 0..60), right: bool,
    ) {
        let mut bytes = ports.to_vec();
        bytes.extend(len.to_be_bytes());
        bytes.extend(rest);
        let pseudo = checksum::pseudo_header(V6.into(), V6.into(), 17, len.into());
        let bytes = with_checksum(bytes, 6, right, pseudo, len.into());
        let ours = udp::View::parse(&bytes);
        let second = UdpSlice::from_slice(&bytes);
        let third = other::UdpPacket::new_checked(&bytes[..]);
        // etherparse takes a length of zero for a jumbogram's.
        prop_assert_eq!(ours.is_ok(), second.is_ok() && len != 0);
        prop_assert_eq!(ours.is_ok(), third.is_ok());
        let (Ok(ours), Ok(second), Ok(third)) = (ours, second, third) else { return Ok(()) };
        prop_assert_eq!(ours.source_port(), second.source_port());
        prop_assert_eq!(ours.destination_port(), second.destination_port());
        prop_assert_eq!(ours.checksum(), second.checksum());
        prop_assert_eq!(ours.payload(), second.payload());
        prop_assert_eq!(ours.source_port(), third.src_port());
        prop_assert_eq!(ours.destination_port(), third.dst_port());
        prop_assert_eq!(ours.payload(), third.payload());
        // smoltcp lets a missing checksum pass over IPv6 too, which RFC 8200 section 8.1 forbids.
        let (source, destination) = (other::IpAddress::Ipv6(V6), other::IpAddress::Ipv6(V6));
        let third_accepts = ours.checksum() != 0 && third.verify_checksum(&source, &destination);
        prop_assert_eq!(ours.verify(V6.into(), V6.into()), third_accepts);
    }

    #[test]
    fn tcp_segments(bytes in tcp_bytes()) {
        let ours = tcp::View::parse(&bytes);
        let second = TcpSlice::from_slice(&bytes);
        let third = other::TcpPacket::new_checked(&bytes[..]);
        prop_assert_eq!(ours.is_ok(), second.is_ok());
        prop_assert_eq!(ours.is_ok(), third.is_ok());
        let (Ok(ours), Ok(second), Ok(third)) = (ours, second, third) else { return Ok(()) };
        prop_assert_eq!(ours.source_port(), second.source_port());
        prop_assert_eq!(ours.destination_port(), second.destination_port());
        prop_assert_eq!(ours.seq().0, second.sequence_number());
        prop_assert_eq!(ours.ack().0, second.acknowledgment_number());
        prop_assert_eq!(ours.window(), second.window_size());
        prop_assert_eq!(ours.urgent_pointer(), second.urgent_pointer());
        prop_assert_eq!(ours.options_bytes(), second.options());
        prop_assert_eq!(ours.payload(), second.payload());
        let flags = ours.flags();
        prop_assert_eq!((flags.fin(), flags.syn(), flags.rst()), (second.fin(), second.syn(), second.rst()));
        prop_assert_eq!((flags.psh(), flags.ack(), flags.urg()), (second.psh(), second.ack(), second.urg()));
        prop_assert_eq!(flags.contains(tcp::Flags::ECE), second.ece());
        prop_assert_eq!(flags.contains(tcp::Flags::CWR), second.cwr());
        prop_assert_eq!(ours.seq().0 as i32, third.seq_number().0);
        prop_assert_eq!(ours.window(), third.window_len());
        prop_assert_eq!((flags.fin(), flags.syn(), flags.rst()), (third.fin(), third.syn(), third.rst()));
        prop_assert_eq!(ours.payload(), third.payload());
        let address = other::IpAddress::Ipv4(V4);
        let valid = ours.verify_checksum(V4.into(), V4.into());
        prop_assert_eq!(valid, third.verify_checksum(&address, &address));
        prop_assert_eq!(valid, second.calc_checksum_ipv4(V4.octets(), V4.octets()).unwrap() == ours.checksum());
        // Options that smoltcp accepts are accepted here. It refuses the segment for a known option of a wrong length,
        // which is skipped here like an unknown one (RFC 9293 section 3.1).
        prop_assert!(tcp::Repr::parse(&ours).is_ok() || third.options_summary().is_err());
    }

    #[test]
    fn tcp_options(bytes in well_formed_options()) {
        let ours = Options::parse(&bytes).unwrap();
        let mut second = Options::default();
        let mut range_pairs = Vec::new();
        // etherparse stops at an unknown option, which is cut out for it.
        let known = without_unknown(&bytes);
        for element in etherparse::TcpOptionsIterator::from_slice(&known) {
            match element.unwrap() {
                TcpOptionElement::Noop => {}
                TcpOptionElement::MaximumSegmentSize(mss) => second.mss = Some(mss),
                TcpOptionElement::WindowScale(shift) => second.window_scale = Some(shift),
                TcpOptionElement::SelectiveAcknowledgementPermitted => second.sack_permitted = true,
                TcpOptionElement::SelectiveAcknowledgement(first, rest) => {
                    range_pairs = [Some(first)].into_iter().chain(rest).flatten().collect();
                }
                TcpOptionElement::Timestamp(value, echo) => second.timestamps = Some(Timestamps { value, echo }),
            }
        }
        let our_pairs: Vec<_> = ours.sack.iter().map(|range| (range.start.0, range.end.0)).collect();
        prop_assert_eq!(&our_pairs, &range_pairs);
        prop_assert_eq!(Options { sack: second.sack, ..ours }, second);
        let mut segment = vec![0; 20];
        let padded = bytes.len().next_multiple_of(4);
        segment[12] = ((20 + padded) as u8 / 4) << 4;
        segment.extend(&bytes);
        segment.resize(20 + padded, 0);
        let third = other::TcpPacket::new_checked(&segment[..]).unwrap().options_summary().unwrap();
        prop_assert_eq!(ours.mss, third.max_segment_size);
        prop_assert_eq!(ours.window_scale, third.window_scale);
        prop_assert_eq!(ours.sack_permitted, third.sack_permitted);
        prop_assert_eq!(ours.timestamps.map(|stamps| (stamps.value, stamps.echo)), third.timestamp);
        prop_assert_eq!(our_pairs, third.sack_ranges.into_iter().flatten().collect::<Vec<_>>());
    }

    #[test]
    fn icmp_echoes(kind in prop_oneof![Just(0u8), Just(8)], rest in vec(any::<u8>(), 6..60), right: bool) {
        let bytes = [vec![kind, 0], rest].concat();
        let len = bytes.len();
        let bytes = with_checksum(bytes, 2, right, checksum::Sum::new(), len);
        let ours = icmpv4::Repr::parse(&bytes);
        let third = other::Icmpv4Packet::new_checked(&bytes[..]).unwrap();
        prop_assert_eq!(ours.is_ok(), third.verify_checksum());
        if let Ok(icmpv4::Repr::EchoRequest { ident, seq, data } | icmpv4::Repr::EchoReply { ident, seq, data }) = ours {
            prop_assert_eq!((ident, seq, data), (third.echo_ident(), third.echo_seq_no(), third.data()));
            let second = etherparse::Icmpv4Slice::from_slice(&bytes).unwrap();
            let header = etherparse::IcmpEchoHeader { id: ident, seq };
            let is_request = second.icmp_type() == etherparse::Icmpv4Type::EchoRequest(header);
            let is_reply = second.icmp_type() == etherparse::Icmpv4Type::EchoReply(header);
            prop_assert_eq!((is_request, is_reply), (kind == 8, kind == 0));
            prop_assert_eq!(data, second.payload());
        }
    }

    #[test]
    fn icmpv6_messages(kind in prop_oneof![1u8..=4, 128u8..=129], rest in vec(any::<u8>(), 6..60), right: bool) {
        let bytes = [vec![kind, 0], rest].concat();
        let len = bytes.len();
        let pseudo = checksum::pseudo_header(V6.into(), V6.into(), 58, len as u32);
        let bytes = with_checksum(bytes, 2, right, pseudo, len);
        let ours = icmpv6::Repr::parse(&bytes, V6, V6);
        let second = etherparse::Icmpv6Slice::from_slice(&bytes).unwrap();
        prop_assert_eq!(ours.is_ok(), second.is_checksum_valid(V6.octets(), V6.octets()));
        let third = other::Icmpv6Packet::new_checked(&bytes[..]).unwrap();
        prop_assert_eq!(ours.is_ok(), third.verify_checksum(&V6, &V6));
        match ours {
            Ok(icmpv6::Repr::PacketTooBig { mtu, quoted }) => {
                prop_assert_eq!(mtu, third.pkt_too_big_mtu());
                prop_assert_eq!(second.icmp_type(), etherparse::Icmpv6Type::PacketTooBig { mtu });
                prop_assert_eq!(quoted, second.payload());
            }
            Ok(icmpv6::Repr::ParameterProblem { pointer, .. }) => prop_assert_eq!(pointer, third.param_problem_ptr()),
            Ok(icmpv6::Repr::EchoRequest { ident, seq, data } | icmpv6::Repr::EchoReply { ident, seq, data }) => {
                prop_assert_eq!((ident, seq, data), (third.echo_ident(), third.echo_seq_no(), third.payload()));
            }
            _ => {}
        }
    }

    /// What this crate emits the others take for whole.
    #[test]
    fn what_is_emitted_is_accepted(seq: u32, ack: u32, flags in 0u8..64, options in well_formed_options(), v6: bool) {
        let address = if v6 { IpAddr::V6(V6) } else { IpAddr::V4(V4) };
        let repr = tcp::Repr {
            source_port: 1,
            destination_port: 2,
            seq: synsent_wire::SeqNumber(seq),
            ack: synsent_wire::SeqNumber(ack),
            flags: tcp::Flags(flags),
            window: 3,
            urgent_pointer: 0,
            options: Options::parse(&options).unwrap(),
        };
        let mut bytes = [0; 60];
        let len = repr.emit(address, address, checksum::Sum::new(), 0, &mut bytes);
        let packet = other::TcpPacket::new_checked(&bytes[..len]).unwrap();
        let theirs = if v6 { other::IpAddress::Ipv6(V6) } else { other::IpAddress::Ipv4(V4) };
        prop_assert!(packet.verify_checksum(&theirs, &theirs));
        prop_assert_eq!(packet.options_summary().unwrap().max_segment_size, repr.options.mss);
        let second = TcpSlice::from_slice(&bytes[..len]).unwrap();
        prop_assert!(second.options_iterator().all(|option| option.is_ok()));
    }
}

/// The options but for the kind that only [`well_formed_options`] makes.
fn without_unknown(bytes: &[u8]) -> Vec<u8> {
    let (mut known, mut rest) = (Vec::new(), bytes);
    while let [kind, after @ ..] = rest {
        let len = if *kind == 1 { 1 } else { usize::from(after[0]) };
        if *kind != 254 {
            known.extend(&rest[..len]);
        }
        rest = &rest[len..];
    }
    known
}
