//! Any octets on a link: dropped, counted, never a panic, never memory without bound.

use crate::net::*;
use proptest::prelude::*;
use synsent_stack::*;
use synsent_wire::arp::Operation;
use synsent_wire::ethernet::EtherType;
use synsent_wire::ip::Protocol;
use synsent_wire::ndp::{self, NdpOption, Options, Prefix};
use synsent_wire::{icmpv4, icmpv6, igmp, ipv4};

/// Well-formed packets of every kind, to be damaged.
fn kinds() -> Vec<(EtherType, Vec<u8>)> {
    let datagram = udp_packet(PEER, US, (1, 9), b"some data");
    let error = icmpv4::Repr::DestinationUnreachable { code: 4, next_hop_mtu: 600, quoted: &datagram };
    let echo = icmpv6::Repr::EchoRequest { ident: 1, seq: 1, data: b"abc" };
    let fragment = ipv4::Repr { more_fragments: true, ..header4(PEER, US, Protocol::UDP, 0) };
    let mut query = vec![0; 8];
    igmp::Repr::Query { max_response_code: 1, group: v4("0.0.0.0"), v3: None }.emit(&mut query);
    let prefix = v6("2001:db8:5::");
    let (len, on_link, autonomous, valid_secs, preferred_secs) = (64, true, true, 1_000, 1_000);
    let mut option = [0; 32];
    NdpOption::Prefix(Prefix { len, on_link, autonomous, valid_secs, preferred_secs, prefix }).emit(&mut option);
    let advertisement = ndp::Repr::RouterAdvertisement {
        hop_limit: 9,
        managed: false,
        other: false,
        router_lifetime_secs: 5,
        reachable_millis: 0,
        retrans_millis: 0,
        options: Options::parse(&option).unwrap(),
    };
    let extensions =
        [60, 0, 5, 2, 0, 0, 1, 0, 43, 0, 1, 4, 0, 0, 0, 0, 44, 0, 0, 0, 0, 0, 0, 0, 17, 0, 0, 1, 0, 0, 0, 9, 1];
    vec![
        (EtherType::IPV4, datagram.clone()),
        (EtherType::IPV4, icmp4_packet(PEER, US, &error)),
        (EtherType::IPV4, packet4(fragment, &[7; 64])),
        (EtherType::IPV4, packet4(header4(PEER, "224.0.0.1", Protocol::IGMP, 8), &query)),
        (EtherType::IPV4, udp_packet(PEER, "10.1.0.2", (1, 9), b"through")),
        (EtherType::IPV6, udp_packet(PEER6, US6, (1, 9), b"some data")),
        (EtherType::IPV6, icmp6_packet(PEER6, US6, 64, &echo)),
        (EtherType::IPV6, icmp6_packet("fe80::fe", "ff02::1", 255, &icmpv6::Repr::Ndp(advertisement))),
        (EtherType::IPV6, packet6(PEER6, US6, Protocol::HOP_BY_HOP, 64, &extensions)),
        (EtherType::ARP, arp_frame(Operation::Request, THEIRS, PEER, US)[14..].to_vec()),
    ]
}

/// Makes the IPv4 header checksum right again, so that damage reaches what is behind it.
fn repair(packet: &mut [u8]) {
    let Some(len) = packet.first().map(|first| usize::from(first & 0xf) * 4) else { return };
    if packet[0] >> 4 == 4 && (20..=packet.len()).contains(&len) {
        packet[10..12].fill(0);
        let sum = synsent_wire::checksum::sum(&packet[..len]).finish();
        packet[10..12].copy_from_slice(&sum.to_be_bytes());
    }
}

fn hosts() -> Vec<Host> {
    let forwarding = Config { forwarding: true, ..Config::default() };
    let listens = LinkConfig { accept_router_advertisements: true, ..LinkConfig::ethernet("net0", OURS) };
    let mut hosts = vec![Host::ethernet(), Host::plain(), Host::new(Config::default(), listens)];
    hosts.push(Host::new(forwarding, LinkConfig::ethernet("net0", OURS)));
    hosts[3].second_link();
    hosts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn damaged_packets_are_survived(
        damage in proptest::collection::vec((0usize..10, 0usize..120, any::<u8>(), 0usize..140, 0u64..90_000), 1..200),
    ) {
        let kinds = kinds();
        for mut host in hosts() {
            host.socket(9);
            let is_plain = matches!(host.stack.link(host.link).unwrap().medium, Medium::Ip);
            for (kind, at, value, len, millis) in &damage {
                let (ethertype, mut packet) = kinds[*kind].clone();
                if let Some(octet) = packet.get_mut(*at) {
                    *octet = *value;
                }
                packet.truncate(*len);
                repair(&mut packet);
                let frame = if is_plain { packet } else { frame(ethertype, &packet) };
                host.give(&frame);
                host.after(Duration::from_millis(*millis));
            }
        }
    }

    #[test]
    fn random_octets_are_survived(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
        for mut host in hosts() {
            host.give(&octets);
            host.give(&frame(EtherType::IPV6, &octets));
            host.give(&frame(EtherType::IPV4, &octets));
        }
    }
}
