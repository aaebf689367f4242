//! Group management for IPv4: version 2 (RFC 2236), and the queries of version 3 (RFC 3376).
//!
//! A host answers a query of any version with a version 2 report, so that the reports of version 3 are not spoken.

use crate::Malformed;
use crate::checksum;
use core::net::Ipv4Addr;

/// The length of a message of versions 1 and 2.
pub const LEN: usize = 8;

const QUERY_V3_LEN: usize = 12;

const QUERY: u8 = 0x11;
const REPORT_V1: u8 = 0x12;
const REPORT_V2: u8 = 0x16;
const LEAVE: u8 = 0x17;
const FLAG_SUPPRESS: u8 = 0x08;

/// A message of group management.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Repr<'a> {
    /// Who listens?
    Query {
        /// The field that bounds the time of an answer, in tenths of a second; zero from a router of version 1. See
        /// [`Repr::max_response_tenths`].
        max_response_code: u8,
        /// The group that is asked about; unspecified for all.
        group: Ipv4Addr,
        /// What only version 3 has.
        v3: Option<QueryV3<'a>>,
    },
    /// Version 1: the sender listens to the group.
    ReportV1 {
        /// The group.
        group: Ipv4Addr,
    },
    /// Version 2: the sender listens to the group.
    ReportV2 {
        /// The group.
        group: Ipv4Addr,
    },
    /// The sender listens no longer.
    Leave {
        /// The group.
        group: Ipv4Addr,
    },
}

/// What a query of version 3 has behind one of version 2.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct QueryV3<'a> {
    /// Routers do not refresh their timers.
    pub suppress: bool,
    /// How often a report is repeated, three bits.
    pub robustness: u8,
    /// The code of the interval between queries.
    pub interval_code: u8,
    /// The sources that are asked about.
    pub sources: &'a [[u8; 4]],
}

impl<'a> Repr<'a> {
    /// Reads a message and verifies its checksum.
    pub fn parse(bytes: &'a [u8]) -> Result<Repr<'a>, Malformed> {
        let (&[kind, max_response_code, _, _, a, b, c, d], rest) =
            bytes.split_first_chunk().ok_or(Malformed::Truncated)?;
        if !checksum::sum(bytes).is_valid() {
            return Err(Malformed::BadChecksum);
        }
        let group = Ipv4Addr::new(a, b, c, d);
        if !group.is_multicast() && (kind != QUERY || !group.is_unspecified()) {
            return Err(Malformed::BadAddress);
        }
        match kind {
            QUERY => Ok(Repr::Query { max_response_code, group, v3: QueryV3::parse(rest)? }),
            REPORT_V1 => Ok(Repr::ReportV1 { group }),
            REPORT_V2 => Ok(Repr::ReportV2 { group }),
            LEAVE => Ok(Repr::Leave { group }),
            _ => Err(Malformed::BadValue),
        }
    }

    /// The longest time that an answer to a query with this field may take (RFC 3376 section 4.1.1).
    pub const fn max_response_tenths(max_response_code: u8, is_v3: bool) -> u32 {
        if !is_v3 || max_response_code < 0x80 {
            return max_response_code as u32;
        }
        let mantissa = (max_response_code & 0xf) as u32 | 0x10;
        mantissa << (((max_response_code >> 4) & 7) + 3)
    }

    /// The octets that `emit` writes.
    #[expect(clippy::len_without_is_empty, reason = "a message always has its header")]
    pub const fn len(&self) -> usize {
        match self {
            Repr::Query { v3: Some(v3), .. } => QUERY_V3_LEN + v3.sources.as_flattened().len(),
            _ => LEN,
        }
    }

    /// Writes the message with its checksum and returns its length.
    ///
    /// # Panics
    /// When `buf` is shorter than [`Repr::len`].
    pub fn emit(&self, buf: &mut [u8]) -> usize {
        let buf = &mut buf[..self.len()];
        let (kind, code, group) = match *self {
            Repr::Query { max_response_code, group, v3 } => {
                if let Some(v3) = v3 {
                    v3.emit(&mut buf[LEN..]);
                }
                (QUERY, max_response_code, group)
            }
            Repr::ReportV1 { group } => (REPORT_V1, 0, group),
            Repr::ReportV2 { group } => (REPORT_V2, 0, group),
            Repr::Leave { group } => (LEAVE, 0, group),
        };
        buf[..4].copy_from_slice(&[kind, code, 0, 0]);
        buf[4..LEN].copy_from_slice(&group.octets());
        let checksum = checksum::sum(buf).finish();
        buf[2..4].copy_from_slice(&checksum.to_be_bytes());
        buf.len()
    }
}

impl<'a> QueryV3<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Option<QueryV3<'a>>, Malformed> {
        if bytes.is_empty() {
            return Ok(None);
        }
        let (&[flags, interval_code, a, b], rest) = bytes.split_first_chunk().ok_or(Malformed::BadLength)?;
        let count = usize::from(u16::from_be_bytes([a, b]));
        let sources = rest.as_chunks().0.get(..count).ok_or(Malformed::BadLength)?;
        let suppress = flags & FLAG_SUPPRESS != 0;
        Ok(Some(QueryV3 { suppress, robustness: flags & 7, interval_code, sources }))
    }

    fn emit(&self, buf: &mut [u8]) {
        let [a, b] = (self.sources.len() as u16).to_be_bytes();
        let flags = if self.suppress { FLAG_SUPPRESS } else { 0 } | self.robustness & 7;
        buf[..4].copy_from_slice(&[flags, self.interval_code, a, b]);
        buf[4..].copy_from_slice(self.sources.as_flattened());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_emitted_parses_to_itself(
            which in 0u8..5, code: u8, low: u32, suppress: bool, robustness in 0u8..8, interval_code: u8,
            sources in proptest::collection::vec(any::<[u8; 4]>(), 0..5),
        ) {
            let group = Ipv4Addr::from_bits(0xe000_0000 | low >> 4);
            let v3 = QueryV3 { suppress, robustness, interval_code, sources: &sources };
            let repr = match which {
                0 => Repr::Query { max_response_code: code, group: Ipv4Addr::UNSPECIFIED, v3: None },
                1 => Repr::Query { max_response_code: code, group, v3: Some(v3) },
                2 => Repr::ReportV1 { group },
                3 => Repr::ReportV2 { group },
                _ => Repr::Leave { group },
            };
            let mut bytes = [0xee; 40];
            let len = repr.emit(&mut bytes);
            prop_assert_eq!(Repr::parse(&bytes[..len]), Ok(repr));
            prop_assert!(Repr::parse(&bytes[..len - 1]).is_err());
        }
    }

    #[test]
    fn the_response_time_of_version_3_has_an_exponent() {
        assert_eq!(Repr::max_response_tenths(100, true), 100);
        assert_eq!(Repr::max_response_tenths(0x80, true), 128);
        assert_eq!(Repr::max_response_tenths(0xff, true), 31_744);
        assert_eq!(Repr::max_response_tenths(0xff, false), 255);
    }
}
