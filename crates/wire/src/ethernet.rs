//! Ethernet II frames, with or without one 802.1Q tag.
//!
//! A frame has no length of its own: what is behind a short payload is padding, which the protocol above cuts off.

use crate::Malformed;
use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};
use zerocopy::byteorder::network_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// The length of a header without a tag.
pub const HEADER_LEN: usize = 14;
/// What a tag adds to the header.
pub const VLAN_TAG_LEN: usize = 4;

const MAX_VLAN_ID: u16 = 0xfff;

/// The address of an interface or a group of them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Address(pub [u8; 6]);

impl Address {
    /// Everybody on the link.
    pub const BROADCAST: Address = Address([0xff; 6]);

    /// Everybody on the link is meant.
    #[inline]
    pub fn is_broadcast(self) -> bool {
        self == Address::BROADCAST
    }

    /// A group is meant, and not everybody.
    #[inline]
    pub fn is_multicast(self) -> bool {
        self.0[0] & 1 != 0 && !self.is_broadcast()
    }

    /// One interface is meant: the address has no group bit and is not all zeroes.
    #[inline]
    pub fn is_unicast(self) -> bool {
        self.0[0] & 1 == 0 && self.0 != [0; 6]
    }

    /// The group address of an IPv4 group (RFC 1112 section 6.4).
    #[inline]
    pub const fn multicast_v4(group: Ipv4Addr) -> Address {
        let [_, b, c, d] = group.octets();
        Address([0x01, 0x00, 0x5e, b & 0x7f, c, d])
    }

    /// The group address of an IPv6 group (RFC 2464 section 7).
    #[inline]
    pub const fn multicast_v6(group: Ipv6Addr) -> Address {
        let [.., c, d, e, f] = group.octets();
        Address([0x33, 0x33, c, d, e, f])
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The protocol of a frame's payload.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct EtherType(pub u16);

impl EtherType {
    /// IPv4.
    pub const IPV4: EtherType = EtherType(0x0800);
    /// Address resolution for IPv4.
    pub const ARP: EtherType = EtherType(0x0806);
    /// An 802.1Q tag.
    pub const VLAN: EtherType = EtherType(0x8100);
    /// IPv6.
    pub const IPV6: EtherType = EtherType(0x86dd);
}

/// What an 802.1Q tag says.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct VlanTag {
    /// The virtual network; the lower twelve bits count.
    pub id: u16,
    /// The priority; the lower three bits count.
    pub priority: u8,
    /// The frame may be dropped first.
    pub drop_eligible: bool,
}

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Header {
    destination: [u8; 6],
    source: [u8; 6],
    ethertype: U16,
}

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Tag {
    control: U16,
    ethertype: U16,
}

/// Checked access to a frame.
#[derive(Clone, Copy)]
pub struct View<'a> {
    header: &'a Header,
    tag: Option<&'a Tag>,
    payload: &'a [u8],
}

impl<'a> View<'a> {
    /// Checks that the header is there, and the rest of the tag when the first type announces one.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Result<View<'a>, Malformed> {
        let (header, payload) = Header::ref_from_prefix(bytes).map_err(|_| Malformed::Truncated)?;
        if header.ethertype.get() != EtherType::VLAN.0 {
            return Ok(View { header, tag: None, payload });
        }
        let (tag, payload) = Tag::ref_from_prefix(payload).map_err(|_| Malformed::Truncated)?;
        Ok(View { header, tag: Some(tag), payload })
    }

    /// Whom the frame is for.
    #[inline]
    pub fn destination(&self) -> Address {
        Address(self.header.destination)
    }

    /// Who sent the frame.
    #[inline]
    pub fn source(&self) -> Address {
        Address(self.header.source)
    }

    /// The tag, when there is one.
    #[inline]
    pub fn vlan(&self) -> Option<VlanTag> {
        let control = self.tag?.control.get();
        Some(VlanTag {
            id: control & MAX_VLAN_ID,
            priority: (control >> 13) as u8,
            drop_eligible: control & 0x1000 != 0,
        })
    }

    /// The protocol of the payload: behind a tag the one that the tag names.
    #[inline]
    pub fn ethertype(&self) -> EtherType {
        EtherType(self.tag.map_or(self.header.ethertype, |tag| tag.ethertype).get())
    }

    /// What follows the header and the tag, with the padding of a short frame.
    #[inline]
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }
}

/// A frame header that can only be right.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Repr {
    /// Whom the frame is for.
    pub destination: Address,
    /// Who sends it.
    pub source: Address,
    /// The tag, when there is one.
    pub vlan: Option<VlanTag>,
    /// The protocol of the payload.
    pub ethertype: EtherType,
}

impl Repr {
    /// The fields of a frame that arrived.
    #[inline]
    pub fn parse(view: &View<'_>) -> Repr {
        Repr { destination: view.destination(), source: view.source(), vlan: view.vlan(), ethertype: view.ethertype() }
    }

    /// The octets that `emit` writes.
    #[inline]
    pub const fn header_len(&self) -> usize {
        if self.vlan.is_some() { HEADER_LEN + VLAN_TAG_LEN } else { HEADER_LEN }
    }

    /// Writes the header and returns its length.
    ///
    /// # Panics
    /// When `buf` is shorter than the header.
    #[inline]
    pub fn emit(&self, buf: &mut [u8]) -> usize {
        let outer = if self.vlan.is_some() { EtherType::VLAN } else { self.ethertype };
        let header = Header { destination: self.destination.0, source: self.source.0, ethertype: outer.0.into() };
        buf[..HEADER_LEN].copy_from_slice(header.as_bytes());
        if let Some(vlan) = self.vlan {
            let priority = u16::from(vlan.priority & 7) << 13 | u16::from(vlan.drop_eligible) << 12;
            let tag = Tag { control: (priority | vlan.id & MAX_VLAN_ID).into(), ethertype: self.ethertype.0.into() };
            buf[HEADER_LEN..HEADER_LEN + VLAN_TAG_LEN].copy_from_slice(tag.as_bytes());
        }
        self.header_len()
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use proptest::prelude::*;
    use std::format;

    proptest! {
        #[test]
        fn what_is_emitted_parses_to_itself(
            destination: [u8; 6], source: [u8; 6], ethertype: u16, vlan: Option<(u16, u8, bool)>,
        ) {
            prop_assume!(ethertype != EtherType::VLAN.0);
            let vlan = vlan.map(|(id, priority, drop_eligible)| VlanTag {
                id: id & 0xfff, priority: priority & 7, drop_eligible,
            });
            let repr = Repr {
                destination: Address(destination), source: Address(source), vlan, ethertype: EtherType(ethertype),
            };
            let mut bytes = [7; 20];
            let len = repr.emit(&mut bytes);
            prop_assert_eq!(len, repr.header_len());
            let view = View::parse(&bytes).unwrap();
            prop_assert_eq!(Repr::parse(&view), repr);
            prop_assert_eq!(view.payload(), &bytes[len..]);
            prop_assert_eq!(View::parse(&bytes[..len - 1]).err(), Some(Malformed::Truncated));
        }
    }

    #[test]
    fn groups_have_the_addresses_of_their_rfcs() {
        let v4 = Address::multicast_v4(Ipv4Addr::new(239, 129, 2, 3));
        assert_eq!(format!("{v4}"), "01:00:5e:01:02:03");
        let v6 = Address::multicast_v6(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00, 0x1234));
        assert_eq!(format!("{v6}"), "33:33:ff:00:12:34");
        assert!(v4.is_multicast() && v6.is_multicast() && !v4.is_unicast());
        assert!(Address::BROADCAST.is_broadcast() && !Address::BROADCAST.is_multicast());
        assert!(Address([2, 0, 0, 0, 0, 1]).is_unicast() && !Address([0; 6]).is_unicast());
    }
}
