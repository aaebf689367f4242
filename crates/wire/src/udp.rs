//! UDP (RFC 768), over both versions of IP.
//!
//! Emitting copies the payload behind the header and sums it in that copy. A checksum of zero says "none" and is
//! accepted over IPv4 only (RFC 8200 section 8.1); a sum that comes out as zero is sent as all ones.

use crate::Malformed;
use crate::checksum;
use crate::ip::Protocol;
use core::net::IpAddr;
use zerocopy::byteorder::network_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// The length of the header.
pub const HEADER_LEN: usize = 8;

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Header {
    source_port: U16,
    destination_port: U16,
    len: U16,
    checksum: U16,
}

/// Checked access to a UDP datagram.
#[derive(Clone, Copy)]
pub struct View<'a> {
    header: &'a Header,
    datagram: &'a [u8],
}

impl<'a> View<'a> {
    /// Checks the length field; octets behind the datagram are cut off. The checksum is left to [`View::verify`].
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Result<View<'a>, Malformed> {
        let (header, _) = Header::ref_from_prefix(bytes).map_err(|_| Malformed::Truncated)?;
        let len = usize::from(header.len.get());
        if len < HEADER_LEN {
            return Err(Malformed::BadLength);
        }
        let datagram = bytes.get(..len).ok_or(Malformed::Truncated)?;
        Ok(View { header, datagram })
    }

    /// The port of the sender, zero when no answer is wanted.
    #[inline]
    pub fn source_port(&self) -> u16 {
        self.header.source_port.get()
    }

    /// The port of the receiver.
    #[inline]
    pub fn destination_port(&self) -> u16 {
        self.header.destination_port.get()
    }

    /// The length of the datagram with its header.
    #[inline]
    #[expect(clippy::len_without_is_empty, reason = "a datagram always has its header")]
    pub fn len(&self) -> usize {
        self.datagram.len()
    }

    /// The data.
    #[inline]
    pub fn payload(&self) -> &'a [u8] {
        &self.datagram[HEADER_LEN..]
    }

    /// The checksum field; zero says that the sender computed none.
    #[inline]
    pub fn checksum(&self) -> u16 {
        self.header.checksum.get()
    }

    /// The datagram arrived undamaged between these addresses.
    pub fn verify(&self, source: IpAddr, destination: IpAddr) -> bool {
        if self.checksum() == 0 {
            return source.is_ipv4();
        }
        let len = self.datagram.len() as u32;
        checksum::pseudo_header(source, destination, Protocol::UDP.0, len).add_bytes(self.datagram).is_valid()
    }
}

/// A UDP header that can only be right.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Repr {
    /// The port of the sender.
    pub source_port: u16,
    /// The port of the receiver.
    pub destination_port: u16,
}

impl Repr {
    /// The ports of a datagram that arrived.
    #[inline]
    pub fn parse(view: &View<'_>) -> Repr {
        Repr { source_port: view.source_port(), destination_port: view.destination_port() }
    }

    /// Writes header, payload and checksum, and returns the length of the datagram.
    ///
    /// # Panics
    /// When `buf` is shorter than header and payload.
    pub fn emit(&self, source: IpAddr, destination: IpAddr, payload: &[u8], buf: &mut [u8]) -> usize {
        let len = HEADER_LEN + payload.len();
        debug_assert!(len <= usize::from(u16::MAX), "the length field has sixteen bits");
        let (header, data) = buf[..len].split_at_mut(HEADER_LEN);
        let sum = checksum::pseudo_header(source, destination, Protocol::UDP.0, len as u32)
            .add_u16(self.source_port)
            .add_u16(self.destination_port)
            .add_u16(len as u16)
            .add_sum(checksum::copy_and_sum(data, payload));
        let checksum = match sum.finish() {
            0 => 0xffff,
            other => other,
        };
        let fields = Header {
            source_port: self.source_port.into(),
            destination_port: self.destination_port.into(),
            len: (len as u16).into(),
            checksum: checksum.into(),
        };
        header.copy_from_slice(fields.as_bytes());
        len
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use core::net::{Ipv4Addr, Ipv6Addr};
    use proptest::prelude::*;
    use std::vec;

    const V4: (IpAddr, IpAddr) = (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2)));
    const V6: (IpAddr, IpAddr) = (
        IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1)),
        IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 2)),
    );

    proptest! {
        #[test]
        fn what_is_emitted_parses_to_itself(
            source_port: u16, destination_port: u16, v6: bool,
            payload in proptest::collection::vec(any::<u8>(), 0..300), flip: prop::sample::Index,
        ) {
            let (source, destination) = if v6 { V6 } else { V4 };
            let repr = Repr { source_port, destination_port };
            let mut bytes = vec![0; HEADER_LEN + payload.len() + 3];
            let len = repr.emit(source, destination, &payload, &mut bytes);
            let view = View::parse(&bytes).unwrap();
            prop_assert_eq!(Repr::parse(&view), repr);
            prop_assert_eq!(view.payload(), &payload[..]);
            prop_assert_eq!(view.len(), len);
            prop_assert_ne!(view.checksum(), 0);
            prop_assert!(view.verify(source, destination));
            let bit = flip.index(len * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            let damaged = View::parse(&bytes).is_ok_and(|view| view.checksum() != 0 && view.verify(source, destination));
            prop_assert!(!damaged);
        }
    }

    #[test]
    fn a_missing_checksum_is_allowed_over_ipv4_only() {
        let bytes = [0, 1, 0, 2, 0, 8, 0, 0];
        let view = View::parse(&bytes).unwrap();
        assert!(view.verify(V4.0, V4.1));
        assert!(!view.verify(V6.0, V6.1));
    }

    #[test]
    fn a_length_that_cannot_be_is_refused() {
        assert_eq!(View::parse(&[0; 7]).err(), Some(Malformed::Truncated));
        assert_eq!(View::parse(&[0, 1, 0, 2, 0, 7, 0, 0]).err(), Some(Malformed::BadLength));
        assert_eq!(View::parse(&[0, 1, 0, 2, 0, 9, 0, 0]).err(), Some(Malformed::Truncated));
    }
}
