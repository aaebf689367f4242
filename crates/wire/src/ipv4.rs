//! IPv4 (RFC 791): the header and its options.
//!
//! Parsing a [`View`] proves the lengths and the header checksum. Options are bytes until somebody walks them with
//! [`options`], and a packet with malformed options is still a packet: the caller decides. Of the options only source
//! routes are understood, because a transport must reverse one to answer.

use crate::Malformed;
use crate::checksum::{self, Sum};
use crate::ip::Protocol;
use core::net::Ipv4Addr;
use zerocopy::byteorder::network_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

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

/// The option that ends the list.
pub const OPTION_END: u8 = 0;
/// The option that fills one octet.
pub const OPTION_NOP: u8 = 1;
/// The Record Route option.
pub const OPTION_RECORD_ROUTE: u8 = 7;
/// The Timestamp option.
pub const OPTION_TIMESTAMP: u8 = 68;
/// The Loose Source and Record Route option.
pub const OPTION_LOOSE_SOURCE_ROUTE: u8 = 131;
/// The Strict Source and Record Route option.
pub const OPTION_STRICT_SOURCE_ROUTE: u8 = 137;
/// The Router Alert option (RFC 2113).
pub const OPTION_ROUTER_ALERT: u8 = 148;

/// An option with a length: its kind and the octets behind the length.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeaderOption<'a> {
    /// The type octet: copied flag, class and number.
    pub kind: u8,
    /// The octets behind type and length.
    pub data: &'a [u8],
}

impl HeaderOption<'_> {
    /// Every fragment carries the option, not only the first.
    #[inline]
    pub const fn is_copied(&self) -> bool {
        self.kind & 0x80 != 0
    }
}

/// The options of a header, those without a length left out. It ends at end-of-list, and after a malformed option.
#[derive(Clone, Debug)]
pub struct Options<'a> {
    rest: &'a [u8],
}

/// Walks the options of a header.
pub fn options(bytes: &[u8]) -> Options<'_> {
    Options { rest: bytes }
}

impl<'a> Iterator for Options<'a> {
    type Item = Result<HeaderOption<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        while let [OPTION_NOP, rest @ ..] = self.rest {
            self.rest = rest;
        }
        let (kind, len) = match *self.rest {
            [] | [OPTION_END, ..] => return None,
            [_] => (0, 0),
            [kind, len, ..] => (kind, usize::from(len)),
        };
        if len < 2 || len > self.rest.len() {
            self.rest = &[];
            return Some(Err(Malformed::BadOption));
        }
        let (option, rest) = self.rest.split_at(len);
        self.rest = rest;
        Some(Ok(HeaderOption { kind, data: &option[2..] }))
    }
}

/// Writes the options that every fragment carries, padded to whole words, and returns their length.
pub fn copied_options(bytes: &[u8], out: &mut [u8; MAX_OPTIONS_LEN]) -> usize {
    let mut len = 0;
    for option in options(bytes).map_while(Result::ok).filter(HeaderOption::is_copied) {
        let option_len = 2 + option.data.len();
        let Some(place) = out.get_mut(len..len + option_len) else { break };
        place[0] = option.kind;
        place[1] = option_len as u8;
        place[2..].copy_from_slice(option.data);
        len += option_len;
    }
    let padded = len.next_multiple_of(4);
    out[len..padded].fill(OPTION_END);
    padded
}

/// The most addresses that a source route option has room for.
pub const MAX_ROUTE_ADDRESSES: usize = (MAX_OPTIONS_LEN - 3) / 4;

/// A loose or strict source route: the hops done, each replaced by the router's own address, and those to come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SourceRoute {
    strict: bool,
    done: usize,
    len: usize,
    addresses: [Ipv4Addr; MAX_ROUTE_ADDRESSES],
}

impl SourceRoute {
    /// A route through `addresses`, of which the last is the destination and the first hop is not one.
    ///
    /// `None` when there are more than [`MAX_ROUTE_ADDRESSES`] or none.
    pub fn new(strict: bool, addresses: &[Ipv4Addr]) -> Option<SourceRoute> {
        if addresses.is_empty() || addresses.len() > MAX_ROUTE_ADDRESSES {
            return None;
        }
        let mut all = [Ipv4Addr::UNSPECIFIED; MAX_ROUTE_ADDRESSES];
        all[..addresses.len()].copy_from_slice(addresses);
        Some(SourceRoute { strict, done: 0, len: addresses.len(), addresses: all })
    }

    /// The source route among the options of a header, if there is one.
    ///
    /// The first one counts; a second one is malformed (RFC 1122 section 3.2.1.8).
    pub fn find(bytes: &[u8]) -> Result<Option<SourceRoute>, Malformed> {
        let mut found = None;
        for option in options(bytes) {
            let option = option?;
            let strict = option.kind == OPTION_STRICT_SOURCE_ROUTE;
            if !strict && option.kind != OPTION_LOOSE_SOURCE_ROUTE {
                continue;
            }
            if found.is_some() {
                return Err(Malformed::BadOption);
            }
            found = Some(SourceRoute::parse(strict, option.data)?);
        }
        Ok(found)
    }

    fn parse(strict: bool, data: &[u8]) -> Result<SourceRoute, Malformed> {
        let [pointer, addresses @ ..] = data else { return Err(Malformed::BadOption) };
        let (addresses, rest) = addresses.as_chunks::<4>();
        // The pointer counts from the type octet, from one, so that the first address is at four.
        let done = usize::from(pointer.checked_sub(4).ok_or(Malformed::BadOption)?);
        if !rest.is_empty() || addresses.len() > MAX_ROUTE_ADDRESSES || !done.is_multiple_of(4) {
            return Err(Malformed::BadOption);
        }
        let mut all = [Ipv4Addr::UNSPECIFIED; MAX_ROUTE_ADDRESSES];
        for (place, octets) in all.iter_mut().zip(addresses) {
            *place = (*octets).into();
        }
        Ok(SourceRoute { strict, done: (done / 4).min(addresses.len()), len: addresses.len(), addresses: all })
    }

    /// Every hop must be a neighbour of the one before.
    pub fn is_strict(&self) -> bool {
        self.strict
    }

    /// The addresses that the routers on the way recorded.
    pub fn recorded(&self) -> &[Ipv4Addr] {
        &self.addresses[..self.done]
    }

    /// The addresses still to go to; none when the packet has reached its end.
    pub fn remaining(&self) -> &[Ipv4Addr] {
        &self.addresses[self.done..self.len]
    }

    /// The way back of a packet from `source` that has reached its end: the first address to send to, and the option.
    ///
    /// A route that recorded nothing goes back without an option.
    pub fn reversed(&self, source: Ipv4Addr) -> (Ipv4Addr, Option<SourceRoute>) {
        let [before @ .., last] = self.recorded() else { return (source, None) };
        let mut addresses = [source; MAX_ROUTE_ADDRESSES];
        for (place, address) in addresses.iter_mut().zip(before.iter().rev()) {
            *place = *address;
        }
        (*last, SourceRoute::new(self.strict, &addresses[..self.done]))
    }

    /// Writes the option without padding and returns its length.
    pub fn emit(&self, out: &mut [u8; MAX_OPTIONS_LEN]) -> usize {
        let len = 3 + 4 * self.len;
        out[0] = if self.strict { OPTION_STRICT_SOURCE_ROUTE } else { OPTION_LOOSE_SOURCE_ROUTE };
        out[1] = len as u8;
        out[2] = 4 + 4 * self.done as u8;
        for (place, address) in out[3..].chunks_exact_mut(4).zip(&self.addresses[..self.len]) {
            place.copy_from_slice(&address.octets());
        }
        len
    }
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
