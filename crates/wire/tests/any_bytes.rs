//! No parser panics, whatever the bytes; what parses can be looked at in full.

use core::net::Ipv6Addr;
use proptest::prelude::*;
use synsent_wire::virtio_net::{self, gso};
use synsent_wire::{arp, ethernet, icmpv4, icmpv6, igmp, ip, ipv4, ipv6, ipv6_extension, mld, ndp, tcp, udp};

const ADDRESS: Ipv6Addr = Ipv6Addr::LOCALHOST;

/// Arbitrary bytes, with small numbers and a likely first octet more often than chance would have them.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![Just(0x45u8), 0x40u8..0x70, any::<u8>()];
    let octet = prop_oneof![2 => 0u8..9, 1 => any::<u8>()];
    (first, proptest::collection::vec(octet, 0..160)).prop_map(|(first, rest)| [vec![first], rest].concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn every_parser_comes_to_an_end(bytes in bytes(), kind: u8, gso_size: u16) {
        let _ = ethernet::View::parse(&bytes).map(|view| (ethernet::Repr::parse(&view), view.payload().len()));
        let _ = arp::Repr::parse(&bytes);
        for view in [ipv4::View::parse(&bytes), ipv4::View::parse_quoted(&bytes)].into_iter().flatten() {
            let _ = (ipv4::Repr::parse(&view), view.payload(), ipv4::options(view.options()).count());
            let _ = ipv4::SourceRoute::find(view.options());
        }
        let _ = ipv6::View::parse(&bytes).map(|view| (ipv6::Repr::parse(&view), view.payload().len()));
        for step in ipv6_extension::walk(ip::Protocol(kind), &bytes).flatten() {
            let _ = format!("{step:?}");
        }
        let _ = udp::View::parse(&bytes).map(|view| view.verify(ADDRESS.into(), ADDRESS.into()));
        let _ = tcp::View::parse(&bytes).map(|view| format!("{:?}", tcp::Repr::parse(&view)));
        let _ = (tcp::Options::parse(&bytes), tcp::parse_quoted(&bytes));
        let _ = (icmpv4::Repr::parse(&bytes), igmp::Repr::parse(&bytes), icmpv6::Repr::parse(&bytes, ADDRESS, ADDRESS));
        let _ = format!("{:?} {:?}", ndp::Repr::parse(130 + kind % 16, 0, &bytes), mld::Repr::parse(kind, &bytes));
        if let Ok(header) = virtio_net::Header::parse(&bytes) {
            let _ = header.finish_checksum(&mut bytes.clone());
        }
        let mut scratch = [0; 300];
        let _ = gso::split(&bytes, gso_size.into(), &mut scratch, |_| {});
        let mut merger = gso::Merger::new(&mut scratch);
        let _ = (merger.push(&bytes), merger.push(&bytes), merger.finish());
        let _ = (ipv4::decrement_ttl(&mut bytes.clone()), ipv6::decrement_hop_limit(&mut bytes.clone()));
    }
}
