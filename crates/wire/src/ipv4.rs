//! IPv4 (RFC 791): the header and its options.
//!
//! Parsing a [`View`] proves the lengths and the header checksum. Options are bytes until somebody walks them with
//! [`options`], and a packet with malformed options is still a packet: the caller decides. Of the options only source
//! routes are understood, because a transport must reverse one to answer.

mod options;

use crate::Malformed;
use crate::checksum::{self, Sum};
use crate::ip::Protocol;
use core::net::Ipv4Addr;
use zerocopy::byteorder::network_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

pub use options::{
    HeaderOption, MAX_ROUTE_ADDRESSES, OPTION_END, OPTION_LOOSE_SOURCE_ROUTE, OPTION_NOP, OPTION_RECORD_ROUTE,
    OPTION_ROUTER_ALERT, OPTION_STRICT_SOURCE_ROUTE, OPTION_TIMESTAMP, Options, SourceRoute, copied_options, options,
};

/// The length of a header without options.
pub const HEADER_LEN: usize = 20;
/// The longest header that the length field can express.
pub const MAX_HEADER_LEN: usize = 60;
/// The most octets of options that a header holds.
pub const MAX_OPTIONS_LEN: usize = MAX_HEADER_LEN - HEADER_LEN;
/// The MTU that every IPv4 link has at least.
pub const MIN_MTU: usize = 68;

const DONT_FRAGMENT: u16 = 0x4000;
const MORE_FRAGMENTS: u16 = 0x2000;
const OFFSET_MASK: u16 = 0x1fff;

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Header {
    version_ihl: u8,
    traffic_class: u8,
    total_len: U16,
    identification: U16,
    flags_offset: U16,
    ttl: u8,
    protocol: u8,
    checksum: U16,
    source: [u8; 4],
    destination: [u8; 4],
}

/// Checked access to an IPv4 packet.
#[derive(Clone, Copy)]
pub struct View<'a> {
    header: &'a Header,
    packet: &'a [u8],
}

impl<'a> View<'a> {
    /// Checks version, lengths and header checksum; octets behind the packet are link padding and are cut off.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Result<View<'a>, Malformed> {
        let view = View::parse_unsummed(bytes)?;
        if !checksum::sum(&view.packet[..view.header_len()]).is_valid() {
            return Err(Malformed::BadChecksum);
        }
        Ok(view)
    }

    /// Access to the head of a packet that an ICMP error quotes, which is cut off and whose checksum a router may have
    /// left stale: the header must be whole, the payload ends where the bytes do.
    pub fn parse_quoted(bytes: &'a [u8]) -> Result<View<'a>, Malformed> {
        let (header, header_len) = header(bytes)?;
        let total_len = usize::from(header.total_len.get()).min(bytes.len());
        if total_len < header_len {
            return Err(Malformed::BadLength);
        }
        Ok(View { header, packet: &bytes[..total_len] })
    }

    /// Checks all but the header checksum.
    #[inline]
    pub(crate) fn parse_unsummed(bytes: &'a [u8]) -> Result<View<'a>, Malformed> {
        let (header, header_len) = header(bytes)?;
        let total_len = usize::from(header.total_len.get());
        if total_len < header_len {
            return Err(Malformed::BadLength);
        }
        let packet = bytes.get(..total_len).ok_or(Malformed::Truncated)?;
        Ok(View { header, packet })
    }

    /// The address of the sender.
    #[inline]
    pub fn source(&self) -> Ipv4Addr {
        self.header.source.into()
    }

    /// The address that the packet is on its way to: with a source route not always the last one.
    #[inline]
    pub fn destination(&self) -> Ipv4Addr {
        self.header.destination.into()
    }

    /// The protocol of the payload.
    #[inline]
    pub fn protocol(&self) -> Protocol {
        Protocol(self.header.protocol)
    }

    /// How many more routers may forward the packet.
    #[inline]
    pub fn ttl(&self) -> u8 {
        self.header.ttl
    }

    /// What was once the type of service: six bits of DSCP, two of ECN.
    #[inline]
    pub fn traffic_class(&self) -> u8 {
        self.header.traffic_class
    }

    /// The number that the fragments of one packet share.
    #[inline]
    pub fn identification(&self) -> u16 {
        self.header.identification.get()
    }

    /// Routers must not fragment the packet.
    #[inline]
    pub fn dont_fragment(&self) -> bool {
        self.header.flags_offset.get() & DONT_FRAGMENT != 0
    }

    /// Fragments follow this one.
    #[inline]
    pub fn more_fragments(&self) -> bool {
        self.header.flags_offset.get() & MORE_FRAGMENTS != 0
    }

    /// Where this fragment's payload stands in the whole packet's.
    #[inline]
    pub fn fragment_offset_octets(&self) -> u16 {
        (self.header.flags_offset.get() & OFFSET_MASK) << 3
    }

    /// The packet is a part of another.
    #[inline]
    pub fn is_fragment(&self) -> bool {
        self.header.flags_offset.get() & (MORE_FRAGMENTS | OFFSET_MASK) != 0
    }

    /// The length of the header with its options.
    #[inline]
    pub fn header_len(&self) -> usize {
        usize::from(self.header.version_ihl & 0xf) * 4
    }

    /// The length of header and payload as the header has it.
    #[inline]
    pub fn total_len(&self) -> usize {
        self.header.total_len.get().into()
    }

    /// The options, unchecked; [`options`] walks them.
    #[inline]
    pub fn options(&self) -> &'a [u8] {
        &self.packet[HEADER_LEN..self.header_len()]
    }

    /// What follows the header.
    #[inline]
    pub fn payload(&self) -> &'a [u8] {
        &self.packet[self.header_len()..]
    }

    /// Header and payload, without link padding.
    #[inline]
    pub fn packet(&self) -> &'a [u8] {
        self.packet
    }
}

/// An IPv4 header that can only be right.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Repr {
    /// The address of the sender.
    pub source: Ipv4Addr,
    /// The address that the packet is sent to.
    pub destination: Ipv4Addr,
    /// The protocol of the payload.
    pub protocol: Protocol,
    /// How many routers may forward the packet.
    pub ttl: u8,
    /// Six bits of DSCP, two of ECN.
    pub traffic_class: u8,
    /// The number that the fragments of one packet share.
    pub identification: u16,
    /// Routers must not fragment the packet.
    pub dont_fragment: bool,
    /// Fragments follow this one.
    pub more_fragments: bool,
    /// Where this fragment's payload stands in the whole packet's; a multiple of eight.
    pub fragment_offset_octets: u16,
    /// The octets behind the header; with it at most 65,535.
    pub payload_len: usize,
}

impl Repr {
    /// The fields of a packet that arrived; its options are not among them.
    #[inline]
    pub fn parse(view: &View<'_>) -> Repr {
        Repr {
            source: view.source(),
            destination: view.destination(),
            protocol: view.protocol(),
            ttl: view.ttl(),
            traffic_class: view.traffic_class(),
            identification: view.identification(),
            dont_fragment: view.dont_fragment(),
            more_fragments: view.more_fragments(),
            fragment_offset_octets: view.fragment_offset_octets(),
            payload_len: view.payload().len(),
        }
    }

    /// The octets that `emit` writes.
    #[inline]
    pub const fn header_len(&self) -> usize {
        HEADER_LEN
    }

    /// Writes a header without options, with its checksum, and returns its length.
    ///
    /// # Panics
    /// When `buf` is shorter than the header.
    #[inline]
    pub fn emit(&self, buf: &mut [u8]) -> usize {
        self.write(HEADER_LEN, Sum::new(), buf);
        HEADER_LEN
    }

    /// Writes a header with these options, padded with end-of-list to whole words, and returns its length.
    ///
    /// # Panics
    /// When `options` is longer than [`MAX_OPTIONS_LEN`], or `buf` shorter than the header with the padded options.
    pub fn emit_with_options(&self, options: &[u8], buf: &mut [u8]) -> usize {
        assert!(options.len() <= MAX_OPTIONS_LEN, "the header length field has four bits");
        let header_len = HEADER_LEN + options.len().next_multiple_of(4);
        let (fixed, padded) = buf[..header_len].split_at_mut(HEADER_LEN);
        padded[..options.len()].copy_from_slice(options);
        padded[options.len()..].fill(OPTION_END);
        self.write(header_len, checksum::sum(padded), fixed);
        header_len
    }

    #[inline]
    fn write(&self, header_len: usize, options: Sum, buf: &mut [u8]) {
        let total_len = header_len + self.payload_len;
        debug_assert!(total_len <= usize::from(u16::MAX), "the length field has sixteen bits");
        debug_assert!(self.fragment_offset_octets.is_multiple_of(8), "fragments start at multiples of eight");
        let flags = if self.dont_fragment { DONT_FRAGMENT } else { 0 };
        let flags = flags | if self.more_fragments { MORE_FRAGMENTS } else { 0 };
        let mut header = Header {
            version_ihl: 0x40 | (header_len / 4) as u8,
            traffic_class: self.traffic_class,
            total_len: (total_len as u16).into(),
            identification: self.identification.into(),
            flags_offset: (flags | self.fragment_offset_octets >> 3).into(),
            ttl: self.ttl,
            protocol: self.protocol.0,
            checksum: 0.into(),
            source: self.source.octets(),
            destination: self.destination.octets(),
        };
        let sum = options
            .add_u16(u16::from_be_bytes([header.version_ihl, header.traffic_class]))
            .add_u16(total_len as u16)
            .add_u16(self.identification)
            .add_u16(header.flags_offset.get())
            .add_u16(u16::from_be_bytes([self.ttl, self.protocol.0]))
            .add_u32(self.source.to_bits())
            .add_u32(self.destination.to_bits());
        header.checksum = sum.finish().into();
        buf[..HEADER_LEN].copy_from_slice(header.as_bytes());
    }
}

/// Takes one from the TTL of a packet that is to be forwarded, corrects the checksum, and returns what is left.
///
/// `None`, with the packet untouched, when the packet must not go on: nothing would be left, or it is no packet.
pub fn decrement_ttl(packet: &mut [u8]) -> Option<u8> {
    let (header, _) = Header::mut_from_prefix(packet).ok()?;
    let left = header.ttl.checked_sub(1).filter(|left| *left > 0)?;
    let old = u16::from_be_bytes([header.ttl, header.protocol]);
    let new = u16::from_be_bytes([left, header.protocol]);
    header.ttl = left;
    header.checksum = checksum::update_u16(header.checksum.get(), old, new).into();
    Some(left)
}

/// The fixed header and the length of the whole one, when it is there.
#[inline]
fn header(bytes: &[u8]) -> Result<(&Header, usize), Malformed> {
    let (header, _) = Header::ref_from_prefix(bytes).map_err(|_| Malformed::Truncated)?;
    if header.version_ihl >> 4 != 4 {
        return Err(Malformed::BadVersion);
    }
    let header_len = usize::from(header.version_ihl & 0xf) * 4;
    if header_len < HEADER_LEN {
        return Err(Malformed::BadHeaderLength);
    }
    if header_len > bytes.len() {
        return Err(Malformed::Truncated);
    }
    Ok((header, header_len))
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    prop_compose! {
        fn repr()(source: u32, destination: u32, protocol: u8, ttl: u8, traffic_class: u8, identification: u16,
                  dont_fragment: bool, more_fragments: bool, offset in 0u16..0x2000, payload_len in 0usize..100) -> Repr {
            Repr {
                source: source.into(), destination: destination.into(), protocol: Protocol(protocol), ttl, traffic_class,
                identification, dont_fragment, more_fragments, fragment_offset_octets: offset << 3, payload_len,
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_emitted_parses_to_itself(
            repr in repr(), options in proptest::collection::vec(any::<u8>(), 0..=40), padding in 0usize..8,
        ) {
            let header_len = HEADER_LEN + options.len().next_multiple_of(4);
            let mut bytes = vec![0xee; header_len + repr.payload_len + padding];
            prop_assert_eq!(repr.emit_with_options(&options, &mut bytes), header_len);
            let view = View::parse(&bytes).unwrap();
            prop_assert_eq!(Repr::parse(&view), repr);
            prop_assert_eq!(&view.options()[..options.len()], &options[..]);
            prop_assert_eq!(view.total_len(), header_len + repr.payload_len);
            prop_assert_eq!(view.packet().len(), view.total_len());
            if options.is_empty() {
                let mut again = [0; HEADER_LEN];
                prop_assert_eq!(repr.emit(&mut again), HEADER_LEN);
                prop_assert_eq!(&again[..], &bytes[..HEADER_LEN]);
            }
        }

        #[test]
        fn a_decremented_packet_is_the_one_with_the_smaller_ttl(repr in repr()) {
            let mut bytes = vec![0; HEADER_LEN];
            let repr = Repr { payload_len: 0, ..repr };
            repr.emit(&mut bytes);
            let left = decrement_ttl(&mut bytes);
            prop_assert_eq!(left, if repr.ttl > 1 { Some(repr.ttl - 1) } else { None });
            let expected = Repr { ttl: left.unwrap_or(repr.ttl), ..repr };
            prop_assert_eq!(Repr::parse(&View::parse(&bytes).unwrap()), expected);
        }

        #[test]
        fn any_options_are_walked_to_an_end(bytes in proptest::collection::vec(any::<u8>(), 0..=40)) {
            let mut out = [0; MAX_OPTIONS_LEN];
            prop_assert!(options(&bytes).count() <= bytes.len());
            let len = copied_options(&bytes, &mut out);
            prop_assert!(options(&out[..len]).all(|option| option.unwrap().is_copied()));
            if let Ok(Some(route)) = SourceRoute::find(&bytes) {
                let mut option = [0; MAX_OPTIONS_LEN];
                let len = route.emit(&mut option);
                prop_assert_eq!(SourceRoute::find(&option[..len]), Ok(Some(route)));
            }
        }
    }

    #[test]
    fn each_lie_about_a_length_has_its_name() {
        let mut bytes = vec![0; HEADER_LEN];
        let repr = Repr {
            source: Ipv4Addr::new(10, 0, 0, 1),
            destination: Ipv4Addr::new(10, 0, 0, 2),
            protocol: Protocol::TCP,
            ttl: 64,
            traffic_class: 0,
            identification: 1,
            dont_fragment: true,
            more_fragments: false,
            fragment_offset_octets: 0,
            payload_len: 0,
        };
        repr.emit(&mut bytes);
        let changed = |at: usize, value: u8| {
            let mut bytes = bytes.clone();
            bytes[at] = value;
            View::parse(&bytes).map(|_| ()).unwrap_err()
        };
        assert_eq!(changed(0, 0x65), Malformed::BadVersion);
        assert_eq!(changed(0, 0x44), Malformed::BadHeaderLength);
        assert_eq!(changed(0, 0x46), Malformed::Truncated);
        assert_eq!(changed(3, 19), Malformed::BadLength);
        assert_eq!(changed(3, 21), Malformed::Truncated);
        assert_eq!(changed(8, 63), Malformed::BadChecksum);
        assert_eq!(View::parse(&bytes[..19]).err(), Some(Malformed::Truncated));
        bytes[8] = 63;
        bytes[3] = 200;
        let quoted = View::parse_quoted(&bytes).unwrap();
        assert_eq!((quoted.total_len(), quoted.payload().len()), (200, 0));
    }

    #[test]
    fn only_options_with_the_copied_flag_go_into_every_fragment() {
        let bytes = [7, 7, 4, 0, 0, 0, 0, 1, 148, 4, 0, 0, 0, 9];
        let mut out = [0; MAX_OPTIONS_LEN];
        assert_eq!(copied_options(&bytes, &mut out), 4);
        assert_eq!(out[..4], [148, 4, 0, 0]);
    }

    #[test]
    fn bad_option_lengths_end_the_walk() {
        let kinds = |bytes: &[u8]| options(bytes).map(|option| option.map(|option| option.kind)).collect::<Vec<_>>();
        assert_eq!(kinds(&[1, 148, 4, 0, 0, 0, 7]), [Ok(148)]);
        for bad in [&[7, 0, 1, 1][..], &[7, 1], &[7, 5, 0, 0], &[7]] {
            assert_eq!(kinds(bad), [Err(Malformed::BadOption)]);
        }
    }

    #[test]
    fn a_source_route_is_reversed_for_the_answer() {
        let [client, first, second, server] = [1, 2, 3, 4].map(|last| Ipv4Addr::new(10, 0, 0, last));
        let mut arrived = SourceRoute::new(true, &[first, second]).unwrap();
        arrived.done = 2;
        let (next, back) = arrived.reversed(client);
        assert_eq!(next, second);
        assert_eq!(back.unwrap().remaining(), [first, client]);
        assert!(back.unwrap().is_strict());
        let direct = SourceRoute::new(false, &[server]).unwrap();
        assert_eq!(direct.reversed(client), (client, None));
        let doubled = [131, 7, 4, 1, 2, 3, 4, 131, 7, 4, 1, 2, 3, 4];
        assert_eq!(SourceRoute::find(&doubled), Err(Malformed::BadOption));
    }
}
