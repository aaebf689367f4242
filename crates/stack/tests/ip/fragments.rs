//! Fragments: what is cut, what is put together again, and what is refused.

use crate::net::*;
use synsent_stack::*;
use synsent_wire::ip::Protocol;
use synsent_wire::ipv6_extension::Fragment;
use synsent_wire::{icmpv4, icmpv6, ipv4, ipv6};

fn whole4(data: &[u8]) -> Vec<u8> {
    udp_octets(PEER, US, (7, 5000), data)
}

fn piece4(identification: u16, octets: &[u8], range: std::ops::Range<usize>) -> Vec<u8> {
    let more_fragments = range.end < octets.len();
    let fragment_offset_octets = range.start as u16;
    let header = header4(PEER, US, Protocol::UDP, range.len());
    let header = ipv4::Repr { identification, more_fragments, fragment_offset_octets, ..header };
    packet4(header, &octets[range])
}

fn piece6(identification: u32, octets: &[u8], range: std::ops::Range<usize>) -> Vec<u8> {
    let (more, offset_octets) = (range.end < octets.len(), range.start as u16);
    let fragment = Fragment { next_header: Protocol::UDP, offset_octets, more, identification };
    let mut payload = vec![0; 8];
    fragment.emit(&mut payload);
    payload.extend_from_slice(&octets[range]);
    packet6(PEER6, US6, Protocol::FRAGMENT, 64, &payload)
}

fn data(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at * 7 % 251) as u8).collect()
}

#[test]
fn a_datagram_larger_than_the_mtu_crosses_in_fragments_both_families() {
    for (to, ours) in [("10.0.0.1:5000", PEER), ("[fd00::1]:5000", PEER6)] {
        let mut there = Host::plain();
        let socket = there.socket(5000);
        let mut here = Stack::new(Config::default(), [2; 32]);
        let link = here.add_link(there.now, LinkConfig::ip("net0"));
        let prefix_len = if addr(ours).is_ipv4() { 24 } else { 64 };
        here.add_address(there.now, link, Cidr::new(addr(ours), prefix_len).unwrap()).unwrap();
        let mut here = Host { stack: here, link, now: there.now };
        let sender = here.socket(7);
        here.out();
        let sent = data(30_000);
        here.stack.udp_send_to(here.now, sender, Some(to.parse().unwrap()), &sent).unwrap();
        let mut packets = here.out();
        assert!(packets.len() > 20 && packets.iter().all(|packet| packet.len() <= 1500));
        packets.reverse();
        for packet in &packets {
            there.give(packet);
        }
        let (received, with) = there.received(socket).unwrap();
        assert!(received == sent && with.source.ip() == addr(ours));
    }
}

#[test]
fn a_datagram_that_may_not_be_cut_or_no_length_can_express_is_refused() {
    let mut host = Host::plain();
    let options = UdpOptions { port: 5000, dont_fragment: true, ..UdpOptions::default() };
    let socket = host.stack.udp_bind(host.now, options).unwrap();
    let to = Some("10.0.0.2:7".parse().unwrap());
    let refused = host.stack.udp_send_to(host.now, socket, to, &[0; 1473]);
    assert_eq!(refused, Err(UdpSendError::TooBig { most: 1472 }));
    assert_eq!(host.stack.udp_send_to(host.now, socket, to, &[0; 1472]), Ok(()));
    let socket = host.socket(5001);
    assert!(host.stack.udp_send_to(host.now, socket, to, &vec![0; 65_508]).is_err());
    assert_eq!(host.out().len(), 1);
}

#[test]
fn fragments_that_overlap_spoil_their_packet_and_copies_do_not() {
    let mut host = Host::plain();
    let socket = host.socket(5000);
    let octets = whole4(&data(92));
    for piece in [piece4(1, &octets, 0..48), piece4(1, &octets, 0..48), piece4(1, &octets, 48..100)] {
        host.give(&piece);
    }
    assert!(host.received(socket).is_some());
    for piece in [piece4(2, &octets, 0..48), piece4(2, &octets, 40..100), piece4(2, &octets, 48..100)] {
        host.give(&piece);
    }
    assert_eq!((host.received(socket), host.dropped(DropReason::FragmentRefused)), (None, 2));
    let octets = udp_octets(PEER6, US6, (7, 5000), &data(92));
    for piece in [piece6(2, &octets, 0..48), piece6(2, &octets, 40..100), piece6(2, &octets, 48..100)] {
        host.give(&piece);
    }
    assert_eq!((host.received(socket), host.dropped(DropReason::FragmentRefused)), (None, 4));
}

#[test]
fn a_lost_fragment_holds_up_its_own_packet_only() {
    let mut host = Host::plain();
    let socket = host.socket(5000);
    let octets = whole4(&data(92));
    for lost in 0..1_000 {
        host.give(&piece4(lost, &octets, 0..48));
        host.give(&piece4(5_000 + lost, &octets, 0..48));
        host.give(&piece4(5_000 + lost, &octets, 48..100));
        assert!(host.received(socket).is_some(), "{lost}");
    }
    assert_eq!(host.dropped(DropReason::ReassemblyFull), 1_000 - 63);
}

#[test]
fn fragments_use_no_more_memory_than_the_configuration_allows() {
    let config = Config { reassembly_octets: 10_000, ..Config::default() };
    let mut host = Host::new(config, LinkConfig::ip("net0"));
    let octets = whole4(&data(60_000));
    host.give(&piece4(1, &octets, 16..1024));
    // One that needs more alone than there is finds no room, whoever else leaves.
    host.give(&piece4(2, &octets, 50_000..51_000));
    assert_eq!(host.dropped(DropReason::ReassemblyFull), 2);
}

#[test]
fn the_sender_learns_that_the_rest_never_came_but_only_of_a_first_fragment() {
    let mut host = Host::plain();
    let octets = whole4(&data(92));
    host.give(&piece4(1, &octets, 48..100));
    assert!(host.after(Duration::from_secs(61)).is_empty());
    host.give(&piece4(2, &octets, 0..48));
    let out = host.after(Duration::from_secs(61));
    let Some((to, icmpv4::Repr::TimeExceeded { code: 1, quoted })) = icmp4_of(&out[0]) else { panic!("{out:?}") };
    assert_eq!((to, &quoted[20..28]), (v4(PEER), &octets[..8]));
    let octets = udp_octets(PEER6, US6, (7, 5000), &data(92));
    host.give(&piece6(2, &octets, 0..48));
    let out = host.after(Duration::from_secs(61));
    assert!(matches!(icmp6_of(&out[0]), Some((_, icmpv6::Repr::TimeExceeded { code: 1, .. }))));
    assert_eq!(host.dropped(DropReason::ReassemblyTimeout), 3);
}

#[test]
fn the_checksum_is_verified_after_reassembly_although_the_link_vouched_for_the_fragments() {
    let offload = Offload { receive_checksum_valid: true, ..Offload::default() };
    let mut host = Host::new(Config::default(), LinkConfig { offload, ..LinkConfig::ip("net0") });
    let socket = host.socket(5000);
    let mut octets = whole4(&data(92));
    octets[60] ^= 1;
    host.give(&piece4(1, &octets, 0..48));
    host.give(&piece4(1, &octets, 48..100));
    assert_eq!((host.received(socket), host.dropped(DropReason::UdpChecksum)), (None, 1));
}

#[test]
fn a_datagram_that_is_fragmented_carries_its_checksum_although_the_link_would_complete_it() {
    let offload = Offload { transmit_checksum: true, ..Offload::default() };
    let mut host = Host::new(Config::default(), LinkConfig { offload, ..LinkConfig::ip("net0") });
    let socket = host.socket(7);
    host.stack.udp_send_to(host.now, socket, Some("10.0.0.2:5000".parse().unwrap()), &data(2_000)).unwrap();
    let octets: Vec<u8> = host.out().iter().flat_map(|p| ipv4::View::parse(p).unwrap().payload().to_vec()).collect();
    assert_eq!(octets, udp_octets(US, PEER, (7, 5000), &data(2_000)));
}

#[test]
fn a_ragged_fragment_is_refused_and_told_in_ipv6() {
    let mut host = Host::plain();
    let octets = udp_octets(PEER6, US6, (7, 5000), &data(92));
    let out = host.give(&piece6(1, &octets, 0..47));
    assert!(matches!(icmp6_of(&out[0]), Some((_, icmpv6::Repr::ParameterProblem { code: 0, pointer: 4, .. }))));
    assert!(host.give(&piece4(1, &octets, 0..47)).is_empty());
    assert_eq!(host.dropped(DropReason::FragmentRefused), 2);
}

#[test]
fn an_echo_request_in_fragments_is_answered_in_fragments() {
    let mut host = Host::plain();
    let message = icmpv4::Repr::EchoRequest { ident: 1, seq: 1, data: &data(3_000) };
    let mut octets = vec![0; message.len()];
    message.emit(&mut octets);
    let header = ipv4::Repr { identification: 3, ..header4(PEER, US, Protocol::ICMPV4, 0) };
    host.give(&packet4(ipv4::Repr { more_fragments: true, ..header }, &octets[..1480]));
    host.give(&packet4(
        ipv4::Repr { more_fragments: true, fragment_offset_octets: 1480, ..header },
        &octets[1480..2960],
    ));
    let out = host.give(&packet4(ipv4::Repr { fragment_offset_octets: 2960, ..header }, &octets[2960..]));
    assert_eq!((out.len(), out.iter().map(|packet| packet.len() - 20).sum::<usize>()), (3, 3008));
}

#[test]
fn an_atomic_fragment_is_a_whole_packet() {
    let mut host = Host::plain();
    let socket = host.socket(5000);
    let octets = udp_octets(PEER6, US6, (7, 5000), b"atom");
    let packet = piece6(1, &octets, 0..octets.len());
    assert_eq!(ipv6::View::parse(&packet).unwrap().next_header(), Protocol::FRAGMENT);
    host.give(&packet);
    assert_eq!(host.received(socket).unwrap().0, b"atom");
}
