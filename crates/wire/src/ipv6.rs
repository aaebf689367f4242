//! The fixed header of IPv6 (RFC 8200 section 3). The headers that may follow it are in [`crate::ipv6_extension`].
//!
//! Jumbograms are not spoken: a payload length of zero is an empty payload.

use crate::Malformed;
use crate::ip::Protocol;
use core::net::Ipv6Addr;
use zerocopy::byteorder::network_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// The length of the fixed header.
pub const HEADER_LEN: usize = 40;
/// The MTU that every IPv6 link has at least.
pub const MIN_MTU: usize = 1280;

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Header {
    version_class_flow: U32,
    payload_len: U16,
    next_header: u8,
    hop_limit: u8,
    source: [u8; 16],
    destination: [u8; 16],
}

/// Checked access to an IPv6 packet.
#[derive(Clone, Copy)]
pub struct View<'a> {
    header: &'a Header,
    packet: &'a [u8],
}

impl<'a> View<'a> {
    /// Checks the version and the length; octets behind the packet are link padding and are cut off.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Result<View<'a>, Malformed> {
        let (header, _) = Header::ref_from_prefix(bytes).map_err(|_| Malformed::Truncated)?;
        if header.version_class_flow.get() >> 28 != 6 {
            return Err(Malformed::BadVersion);
        }
        let len = HEADER_LEN + usize::from(header.payload_len.get());
        let packet = bytes.get(..len).ok_or(Malformed::Truncated)?;
        Ok(View { header, packet })
    }

    /// The address of the sender.
    #[inline]
    pub fn source(&self) -> Ipv6Addr {
        self.header.source.into()
    }

    /// The address that the packet is on its way to: with a routing header not always the last one.
    #[inline]
    pub fn destination(&self) -> Ipv6Addr {
        self.header.destination.into()
    }

    /// The type of the header that follows.
    #[inline]
    pub fn next_header(&self) -> Protocol {
        Protocol(self.header.next_header)
    }

    /// How many more routers may forward the packet.
    #[inline]
    pub fn hop_limit(&self) -> u8 {
        self.header.hop_limit
    }

    /// The traffic class: six bits of DSCP, two of ECN.
    #[inline]
    pub fn traffic_class(&self) -> u8 {
        (self.header.version_class_flow.get() >> 20) as u8
    }

    /// The flow label, twenty bits.
    #[inline]
    pub fn flow_label(&self) -> u32 {
        self.header.version_class_flow.get() & 0xf_ffff
    }

    /// The octets behind the fixed header.
    #[inline]
    pub fn payload_len(&self) -> usize {
        self.packet.len() - HEADER_LEN
    }

    /// What follows the fixed header.
    #[inline]
    pub fn payload(&self) -> &'a [u8] {
        &self.packet[HEADER_LEN..]
    }

    /// Header and payload, without link padding.
    #[inline]
    pub fn packet(&self) -> &'a [u8] {
        self.packet
    }
}

/// An IPv6 header that can only be right.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Repr {
    /// The address of the sender.
    pub source: Ipv6Addr,
    /// The address that the packet is sent to.
    pub destination: Ipv6Addr,
    /// The type of the header that follows.
    pub next_header: Protocol,
    /// How many routers may forward the packet.
    pub hop_limit: u8,
    /// The traffic class: six bits of DSCP, two of ECN.
    pub traffic_class: u8,
    /// The flow label; its lower twenty bits are sent.
    pub flow_label: u32,
    /// The octets behind the fixed header, at most 65,535.
    pub payload_len: usize,
}

impl Repr {
    /// The fields of a packet that arrived.
    #[inline]
    pub fn parse(view: &View<'_>) -> Repr {
        Repr {
            source: view.source(),
            destination: view.destination(),
            next_header: view.next_header(),
            hop_limit: view.hop_limit(),
            traffic_class: view.traffic_class(),
            flow_label: view.flow_label(),
            payload_len: view.payload_len(),
        }
    }

    /// The octets that `emit` writes.
    #[inline]
    pub const fn header_len(&self) -> usize {
        HEADER_LEN
    }

    /// Writes the header and returns its length.
    ///
    /// # Panics
    /// When `buf` is shorter than the header.
    #[inline]
    pub fn emit(&self, buf: &mut [u8]) -> usize {
        debug_assert!(self.payload_len <= usize::from(u16::MAX), "no jumbograms");
        let class = u32::from(self.traffic_class) << 20;
        let header = Header {
            version_class_flow: (6 << 28 | class | self.flow_label & 0xf_ffff).into(),
            payload_len: (self.payload_len as u16).into(),
            next_header: self.next_header.0,
            hop_limit: self.hop_limit,
            source: self.source.octets(),
            destination: self.destination.octets(),
        };
        buf[..HEADER_LEN].copy_from_slice(header.as_bytes());
        HEADER_LEN
    }
}

/// Takes one from the hop limit of a packet that is to be forwarded, and returns what is left.
///
/// `None`, with the packet untouched, when the packet must not go on: nothing would be left, or it is no packet.
pub fn decrement_hop_limit(packet: &mut [u8]) -> Option<u8> {
    let (header, _) = Header::mut_from_prefix(packet).ok()?;
    let left = header.hop_limit.checked_sub(1).filter(|left| *left > 0)?;
    header.hop_limit = left;
    Some(left)
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use proptest::prelude::*;
    use std::vec;

    prop_compose! {
        fn repr()(source: u128, destination: u128, next_header: u8, hop_limit: u8, traffic_class: u8,
                  flow_label in 0u32..1 << 20, payload_len in 0usize..100) -> Repr {
            Repr {
                source: source.into(), destination: destination.into(), next_header: Protocol(next_header), hop_limit,
                traffic_class, flow_label, payload_len,
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_emitted_parses_to_itself(repr in repr(), padding in 0usize..8) {
            let mut bytes = vec![0; HEADER_LEN + repr.payload_len + padding];
            prop_assert_eq!(repr.emit(&mut bytes), HEADER_LEN);
            let view = View::parse(&bytes).unwrap();
            prop_assert_eq!(Repr::parse(&view), repr);
            prop_assert_eq!(view.packet().len(), HEADER_LEN + repr.payload_len);
            let cut = &view.packet()[..view.packet().len() - 1];
            prop_assert_eq!(View::parse(cut).err(), Some(Malformed::Truncated));
        }
    }

    #[test]
    fn a_packet_on_its_last_hop_is_not_forwarded() {
        let mut bytes = [0; HEADER_LEN];
        bytes[0] = 0x60;
        bytes[7] = 2;
        assert_eq!(decrement_hop_limit(&mut bytes), Some(1));
        assert_eq!(decrement_hop_limit(&mut bytes), None);
        assert_eq!(bytes[7], 1);
        assert_eq!(decrement_hop_limit(&mut bytes[..39]), None);
    }
}
