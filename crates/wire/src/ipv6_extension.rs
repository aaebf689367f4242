//! The headers between IPv6 and the protocol above it (RFC 8200 section 4): hop-by-hop and destination options,
//! routing, and fragment headers.
//!
//! [`walk`] steps through them in the order of the packet and tells for each where the field is that named it, which is
//! what a Parameter Problem points at. It judges lengths only: what to do about an unknown option, a routing header
//! with segments left or a protocol that nobody speaks is for the caller, who gets all of them handed out.

use crate::Malformed;
use crate::ip::Protocol;
use crate::ipv6;

/// The length of a fragment header, and of the shortest header of every other type.
pub const FRAGMENT_LEN: usize = 8;
/// The length of a hop-by-hop header that holds a router alert and nothing else.
pub const ROUTER_ALERT_LEN: usize = 8;

const OPTION_PAD1: u8 = 0;
const OPTION_PADN: u8 = 1;
const OPTION_ROUTER_ALERT: u8 = 5;

/// Where the Next Header field stands in the fixed header.
const NEXT_HEADER_OFFSET: usize = 6;

/// What to do with an unknown option: the two upper bits of its type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// Skip it.
    Skip,
    /// Drop the packet silently.
    Discard,
    /// Drop the packet and send a Parameter Problem.
    DiscardAndReport,
    /// Drop the packet and send a Parameter Problem unless the destination was a group.
    DiscardAndReportUnlessMulticast,
}

/// An option of a hop-by-hop or destination header that is not padding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeaderOption<'a> {
    /// The type.
    pub kind: u8,
    /// What follows type and length.
    pub data: &'a [u8],
    /// Where the option stands, counted from the beginning of its header.
    pub offset: usize,
}

impl HeaderOption<'_> {
    /// What to do when the type is unknown.
    pub const fn action(&self) -> Action {
        match self.kind >> 6 {
            0 => Action::Skip,
            1 => Action::Discard,
            2 => Action::DiscardAndReport,
            _ => Action::DiscardAndReportUnlessMulticast,
        }
    }
}

/// A hop-by-hop or a destination options header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OptionsHeader<'a> {
    /// What follows it.
    pub next_header: Protocol,
    /// The options, padding included.
    pub options: &'a [u8],
}

impl<'a> OptionsHeader<'a> {
    /// Reads a header; it and what follows it.
    pub fn parse(bytes: &'a [u8]) -> Result<(OptionsHeader<'a>, &'a [u8]), Malformed> {
        let (next_header, header, rest) = split_header(bytes)?;
        Ok((OptionsHeader { next_header, options: &header[2..] }, rest))
    }

    /// The options but for padding; it ends after a malformed one.
    pub fn iter(&self) -> Options<'a> {
        Options { bytes: self.options, at: 0 }
    }

    /// The octets that `emit` writes.
    #[inline]
    pub const fn header_len(&self) -> usize {
        (2 + self.options.len()).next_multiple_of(8)
    }

    /// Writes the header, padded to a multiple of eight, and returns its length.
    ///
    /// # Panics
    /// When `buf` is shorter than [`OptionsHeader::header_len`], or the options are longer than 2,046 octets.
    pub fn emit(&self, buf: &mut [u8]) -> usize {
        let len = self.header_len();
        assert!(len <= 256 * 8, "the length field has eight bits");
        let end = 2 + self.options.len();
        buf[0] = self.next_header.0;
        buf[1] = (len / 8 - 1) as u8;
        buf[2..end].copy_from_slice(self.options);
        match &mut buf[end..len] {
            [] => {}
            [only] => *only = OPTION_PAD1,
            padding => {
                let data_len = padding.len() - 2;
                padding.fill(0);
                padding[0] = OPTION_PADN;
                padding[1] = data_len as u8;
            }
        }
        len
    }
}

/// Writes a hop-by-hop header that asks routers to look at a message of group management, and returns its length.
///
/// # Panics
/// When `buf` is shorter than [`ROUTER_ALERT_LEN`].
pub fn emit_router_alert(next_header: Protocol, buf: &mut [u8]) -> usize {
    OptionsHeader { next_header, options: &[OPTION_ROUTER_ALERT, 2, 0, 0] }.emit(buf)
}

/// Walks the options of a header.
#[derive(Clone, Debug)]
pub struct Options<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Options<'a> {
    type Item = Result<HeaderOption<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let kind = *self.bytes.get(self.at)?;
            if kind == OPTION_PAD1 {
                self.at += 1;
                continue;
            }
            let data = self.bytes.get(self.at + 1).and_then(|len| {
                let start = self.at + 2;
                self.bytes.get(start..start + usize::from(*len))
            });
            let Some(data) = data else {
                self.at = self.bytes.len();
                return Some(Err(Malformed::BadOption));
            };
            let offset = 2 + self.at;
            self.at += 2 + data.len();
            if kind != OPTION_PADN {
                return Some(Ok(HeaderOption { kind, data, offset }));
            }
        }
    }
}

/// A routing header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Routing<'a> {
    /// What follows it.
    pub next_header: Protocol,
    /// The routing type.
    pub kind: u8,
    /// How many of the listed nodes are still to be visited; an unknown type with none left is ignored.
    pub segments_left: u8,
    /// What depends on the type.
    pub data: &'a [u8],
}

impl<'a> Routing<'a> {
    /// Reads a header; it and what follows it.
    pub fn parse(bytes: &'a [u8]) -> Result<(Routing<'a>, &'a [u8]), Malformed> {
        let (next_header, header, rest) = split_header(bytes)?;
        Ok((Routing { next_header, kind: header[2], segments_left: header[3], data: &header[4..] }, rest))
    }

    /// The octets that `emit` writes.
    #[inline]
    pub const fn header_len(&self) -> usize {
        (4 + self.data.len()).next_multiple_of(8)
    }

    /// Writes the header, filled up with zeroes to a multiple of eight, and returns its length.
    ///
    /// # Panics
    /// When `buf` is shorter than [`Routing::header_len`], or the data is longer than 2,044 octets.
    pub fn emit(&self, buf: &mut [u8]) -> usize {
        let len = self.header_len();
        assert!(len <= 256 * 8, "the length field has eight bits");
        buf[..4].copy_from_slice(&[self.next_header.0, (len / 8 - 1) as u8, self.kind, self.segments_left]);
        buf[4..4 + self.data.len()].copy_from_slice(self.data);
        buf[4 + self.data.len()..len].fill(0);
        len
    }
}

/// A fragment header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fragment {
    /// What the whole packet has behind its fragment header.
    pub next_header: Protocol,
    /// Where this fragment's data stands in the whole packet's; a multiple of eight.
    pub offset_octets: u16,
    /// Fragments follow this one.
    pub more: bool,
    /// The number that the fragments of one packet share.
    pub identification: u32,
}

impl Fragment {
    /// Reads a header; it and what follows it.
    pub fn parse(bytes: &[u8]) -> Result<(Fragment, &[u8]), Malformed> {
        let (&[next_header, _, a, b, c, d, e, f], rest) = bytes.split_first_chunk().ok_or(Malformed::Truncated)?;
        let offset = u16::from_be_bytes([a, b]);
        let fragment = Fragment {
            next_header: Protocol(next_header),
            offset_octets: offset & !7,
            more: offset & 1 != 0,
            identification: u32::from_be_bytes([c, d, e, f]),
        };
        Ok((fragment, rest))
    }

    /// The header is there, but the packet is whole (RFC 6946).
    pub const fn is_atomic(&self) -> bool {
        self.offset_octets == 0 && !self.more
    }

    /// Writes the header and returns its length.
    ///
    /// # Panics
    /// When `buf` is shorter than [`FRAGMENT_LEN`].
    pub fn emit(&self, buf: &mut [u8]) -> usize {
        debug_assert!(self.offset_octets.is_multiple_of(8), "fragments start at multiples of eight");
        let [a, b] = (self.offset_octets & !7 | u16::from(self.more)).to_be_bytes();
        let [c, d, e, f] = self.identification.to_be_bytes();
        buf[..FRAGMENT_LEN].copy_from_slice(&[self.next_header.0, 0, a, b, c, d, e, f]);
        FRAGMENT_LEN
    }
}

/// A header that the walk has come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Header<'a> {
    /// Options for every node on the way; only right behind the fixed header.
    HopByHop(OptionsHeader<'a>),
    /// The nodes to visit.
    Routing(Routing<'a>),
    /// The packet is a part of another. Behind a part that is not the first there are no headers, and the walk ends.
    Fragment(Fragment),
    /// Options for the destination.
    Destination(OptionsHeader<'a>),
    /// None of these: the protocol above, nothing at all, or a type that has no place here. The walk ends.
    Upper(Protocol),
}

/// A step of the walk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step<'a> {
    /// The header.
    pub header: Header<'a>,
    /// What follows it; for [`Header::Upper`] its own bytes.
    pub rest: &'a [u8],
    /// Where in the packet the header begins.
    pub offset: usize,
    /// Where in the packet the Next Header field is that named it.
    pub next_header_offset: usize,
}

/// Steps through the headers of a packet. It ends after the upper protocol, a later fragment or a malformed header.
#[derive(Clone, Debug)]
pub struct Walk<'a> {
    next: Option<Protocol>,
    rest: &'a [u8],
    offset: usize,
    next_header_offset: usize,
}

/// Starts with the Next Header field of the fixed header and the bytes that follow it.
pub fn walk(next_header: Protocol, payload: &[u8]) -> Walk<'_> {
    Walk { next: Some(next_header), rest: payload, offset: ipv6::HEADER_LEN, next_header_offset: NEXT_HEADER_OFFSET }
}

impl<'a> Iterator for Walk<'a> {
    type Item = Result<Step<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let protocol = self.next.take()?;
        let parsed = match protocol {
            Protocol::HOP_BY_HOP if self.offset == ipv6::HEADER_LEN => {
                OptionsHeader::parse(self.rest).map(|(header, rest)| (Header::HopByHop(header), rest))
            }
            Protocol::DESTINATION => {
                OptionsHeader::parse(self.rest).map(|(header, rest)| (Header::Destination(header), rest))
            }
            Protocol::ROUTING => Routing::parse(self.rest).map(|(header, rest)| (Header::Routing(header), rest)),
            Protocol::FRAGMENT => Fragment::parse(self.rest).map(|(header, rest)| (Header::Fragment(header), rest)),
            other => Ok((Header::Upper(other), self.rest)),
        };
        let (header, rest) = match parsed {
            Ok(parsed) => parsed,
            Err(malformed) => return Some(Err(malformed)),
        };
        let step = Step { header, rest, offset: self.offset, next_header_offset: self.next_header_offset };
        self.next = match header {
            Header::HopByHop(header) | Header::Destination(header) => Some(header.next_header),
            Header::Routing(header) => Some(header.next_header),
            Header::Fragment(header) if header.offset_octets == 0 => Some(header.next_header),
            Header::Fragment(_) | Header::Upper(_) => None,
        };
        self.next_header_offset = self.offset;
        self.offset += self.rest.len() - rest.len();
        self.rest = rest;
        Some(Ok(step))
    }
}

/// Cuts off a header whose second octet is its length: the next type, the header, what follows it.
fn split_header(bytes: &[u8]) -> Result<(Protocol, &[u8], &[u8]), Malformed> {
    let &[next_header, units, ..] = bytes else { return Err(Malformed::Truncated) };
    let len = (usize::from(units) + 1) * 8;
    let (header, rest) = bytes.split_at_checked(len).ok_or(Malformed::Truncated)?;
    Ok((Protocol(next_header), header, rest))
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    proptest! {
        #[test]
        fn a_chain_of_headers_is_walked(
            more: bool, identification: u32, kind: u8, segments_left: u8,
            data in proptest::collection::vec(any::<u8>(), 4..=4), value in proptest::collection::vec(any::<u8>(), 0..20),
        ) {
            let mut option = vec![0x1e, value.len() as u8];
            option.extend(&value);
            let mut bytes = vec![0; 200];
            let mut at = emit_router_alert(Protocol::DESTINATION, &mut bytes);
            let destination = OptionsHeader { next_header: Protocol::ROUTING, options: &option };
            at += destination.emit(&mut bytes[at..]);
            let routing = Routing { next_header: Protocol::FRAGMENT, kind, segments_left, data: &data };
            at += routing.emit(&mut bytes[at..]);
            let fragment = Fragment { next_header: Protocol::UDP, offset_octets: 0, more, identification };
            at += fragment.emit(&mut bytes[at..]);
            let steps: Vec<_> = walk(Protocol::HOP_BY_HOP, &bytes).map(Result::unwrap).collect();
            prop_assert_eq!(steps.len(), 5);
            let Header::HopByHop(hop) = steps[0].header else { panic!("{:?}", steps[0]) };
            let alert = HeaderOption { kind: 5, data: &[0, 0], offset: 2 };
            prop_assert_eq!(hop.iter().collect::<Vec<_>>(), [Ok(alert)]);
            let Header::Destination(header) = steps[1].header else { panic!("{:?}", steps[1]) };
            let only = HeaderOption { kind: 0x1e, data: &value, offset: 2 };
            prop_assert_eq!(header.iter().collect::<Vec<_>>(), [Ok(only)]);
            prop_assert_eq!(steps[2].header, Header::Routing(routing));
            prop_assert_eq!(steps[3].header, Header::Fragment(fragment));
            prop_assert_eq!(steps[4].header, Header::Upper(Protocol::UDP));
            prop_assert_eq!(steps[4].rest.len(), bytes.len() - at);
            prop_assert_eq!(steps[0].next_header_offset, 6);
            for pair in steps.windows(2) {
                prop_assert_eq!(pair[1].next_header_offset, pair[0].offset);
            }
        }

        #[test]
        fn any_bytes_are_walked_to_an_end(
            first in prop_oneof![Just(0u8), Just(43), Just(44), Just(60), any::<u8>()],
            bytes in proptest::collection::vec(prop_oneof![Just(0u8), Just(60), Just(44), Just(43), any::<u8>()], 0..200),
        ) {
            for step in walk(Protocol(first), &bytes) {
                if let Ok(Step { header: Header::HopByHop(header) | Header::Destination(header), .. }) = step {
                    prop_assert!(header.iter().count() <= header.options.len());
                }
            }
        }
    }

    #[test]
    fn hop_by_hop_has_no_place_behind_another_header() {
        let bytes = [0, 0, 1, 4, 0, 0, 0, 0, 59, 0, 1, 4, 0, 0, 0, 0];
        let steps: Vec<_> = walk(Protocol::DESTINATION, &bytes).map(Result::unwrap).collect();
        assert_eq!(steps[1].header, Header::Upper(Protocol::HOP_BY_HOP));
        assert_eq!(steps[1].next_header_offset, 40);
        assert_eq!(steps.len(), 2);
    }

    #[test]
    fn behind_a_later_fragment_there_are_no_headers() {
        let bytes = [60, 0, 0, 8, 0, 0, 0, 1, 60, 9];
        assert_eq!(walk(Protocol::FRAGMENT, &bytes).count(), 1);
    }

    #[test]
    fn the_upper_bits_of_an_option_say_what_to_do() {
        let action = |kind| HeaderOption { kind, data: &[], offset: 0 }.action();
        assert_eq!(action(0x3f), Action::Skip);
        assert_eq!(action(0x40), Action::Discard);
        assert_eq!(action(0x80), Action::DiscardAndReport);
        assert_eq!(action(0xc0), Action::DiscardAndReportUnlessMulticast);
    }

    #[test]
    fn bad_lengths_end_the_walk() {
        assert_eq!(walk(Protocol::ROUTING, &[6, 1, 0, 0, 0, 0, 0, 0]).collect::<Vec<_>>(), [Err(Malformed::Truncated)]);
        let header = OptionsHeader { next_header: Protocol::TCP, options: &[0x1e, 5, 0, 0, 0, 0] };
        assert_eq!(header.iter().collect::<Vec<_>>(), [Err(Malformed::BadOption)]);
    }
}
