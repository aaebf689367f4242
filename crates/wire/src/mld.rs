//! Multicast listener discovery, versions 1 and 2 (RFC 2710, RFC 3810): what follows the ICMPv6 checksum.
//!
//! A host answers queries; so queries of both versions are read whole, and reports of both are written and read. The
//! rules about hop limit, router alert and link-local source are for the caller to see.

use crate::Malformed;
use core::fmt;
use core::net::Ipv6Addr;

const QUERY: u8 = 130;
const REPORT_V1: u8 = 131;
const DONE: u8 = 132;
const REPORT_V2: u8 = 143;

const FLAG_SUPPRESS: u8 = 0x08;
const RECORD_LEN: usize = 20;

/// A message of group management.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Repr<'a> {
    /// Who listens?
    Query {
        /// The field that bounds the time of an answer; see [`Repr::max_response_millis`].
        max_response_code: u16,
        /// The group that is asked about; unspecified for all.
        group: Ipv6Addr,
        /// What only version 2 has.
        v2: Option<QueryV2<'a>>,
    },
    /// Version 1: the sender listens to the group.
    ReportV1 {
        /// The group.
        group: Ipv6Addr,
    },
    /// Version 1: the sender listens no longer.
    Done {
        /// The group.
        group: Ipv6Addr,
    },
    /// Version 2: the sender's state, or what changed in it.
    ReportV2 {
        /// One record for each group.
        records: Records<'a>,
    },
}

/// What a query of version 2 has behind one of version 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct QueryV2<'a> {
    /// Routers do not refresh their timers.
    pub suppress: bool,
    /// How often a report is repeated, three bits.
    pub robustness: u8,
    /// The code of the interval between queries.
    pub interval_code: u8,
    /// The sources that are asked about.
    pub sources: &'a [[u8; 16]],
}

impl<'a> Repr<'a> {
    /// Reads what follows the checksum of a message of this type.
    pub fn parse(kind: u8, body: &'a [u8]) -> Result<Repr<'a>, Malformed> {
        let (&[a, b, c, d], rest) = body.split_first_chunk().ok_or(Malformed::Truncated)?;
        if kind == REPORT_V2 {
            let records = Records::parse(usize::from(u16::from_be_bytes([c, d])), rest)?;
            return Ok(Repr::ReportV2 { records });
        }
        let (group, rest) = rest.split_first_chunk::<16>().ok_or(Malformed::Truncated)?;
        let group = Ipv6Addr::from(*group);
        if !group.is_multicast() && (kind != QUERY || !group.is_unspecified()) {
            return Err(Malformed::BadAddress);
        }
        match kind {
            QUERY => {
                let max_response_code = u16::from_be_bytes([a, b]);
                Ok(Repr::Query { max_response_code, group, v2: QueryV2::parse(rest)? })
            }
            REPORT_V1 => Ok(Repr::ReportV1 { group }),
            DONE => Ok(Repr::Done { group }),
            _ => Err(Malformed::BadValue),
        }
    }

    /// The longest time that an answer to a query with this field may take (RFC 3810 section 5.1.3).
    ///
    /// A query of version 1 has the milliseconds themselves.
    pub const fn max_response_millis(max_response_code: u16, is_v2: bool) -> u32 {
        if !is_v2 || max_response_code < 0x8000 {
            return max_response_code as u32;
        }
        let mantissa = (max_response_code & 0xfff) as u32 | 0x1000;
        mantissa << (((max_response_code >> 12) & 7) + 3)
    }

    /// The octets behind the checksum.
    pub(crate) fn body_len(&self) -> usize {
        match self {
            Repr::Query { v2: None, .. } | Repr::ReportV1 { .. } | Repr::Done { .. } => 20,
            Repr::Query { v2: Some(v2), .. } => 24 + v2.sources.as_flattened().len(),
            Repr::ReportV2 { records } => 4 + records.bytes.len(),
        }
    }

    /// Writes what follows the checksum into exactly the octets that it needs, and returns the type.
    pub(crate) fn emit_body(&self, body: &mut [u8]) -> u8 {
        body[..4].fill(0);
        match *self {
            Repr::Query { max_response_code, group, v2 } => {
                body[..2].copy_from_slice(&max_response_code.to_be_bytes());
                body[4..20].copy_from_slice(&group.octets());
                if let Some(v2) = v2 {
                    v2.emit(&mut body[20..]);
                }
                QUERY
            }
            Repr::ReportV1 { group } => {
                body[4..20].copy_from_slice(&group.octets());
                REPORT_V1
            }
            Repr::Done { group } => {
                body[4..20].copy_from_slice(&group.octets());
                DONE
            }
            Repr::ReportV2 { records } => {
                body[2..4].copy_from_slice(&(records.count as u16).to_be_bytes());
                body[4..].copy_from_slice(records.bytes);
                REPORT_V2
            }
        }
    }
}

impl<'a> QueryV2<'a> {
    /// The octets between those of version 1 and the sources.
    const FIXED_LEN: usize = 4;

    fn parse(bytes: &'a [u8]) -> Result<Option<QueryV2<'a>>, Malformed> {
        if bytes.is_empty() {
            return Ok(None);
        }
        let (&[flags, interval_code, a, b], rest) = bytes.split_first_chunk().ok_or(Malformed::BadLength)?;
        let count = usize::from(u16::from_be_bytes([a, b]));
        let sources = rest.as_chunks().0.get(..count).ok_or(Malformed::BadLength)?;
        let suppress = flags & FLAG_SUPPRESS != 0;
        Ok(Some(QueryV2 { suppress, robustness: flags & 7, interval_code, sources }))
    }

    fn emit(&self, buf: &mut [u8]) {
        let [a, b] = (self.sources.len() as u16).to_be_bytes();
        let flags = if self.suppress { FLAG_SUPPRESS } else { 0 } | self.robustness & 7;
        buf[..Self::FIXED_LEN].copy_from_slice(&[flags, self.interval_code, a, b]);
        buf[Self::FIXED_LEN..].copy_from_slice(self.sources.as_flattened());
    }
}

/// The ICMPv6 type is one of group management.
pub(crate) const fn is_mld(kind: u8) -> bool {
    matches!(kind, QUERY..=DONE | REPORT_V2)
}

/// What a record of a version 2 report says about its group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RecordKind {
    /// The sender listens to these sources.
    IsInclude,
    /// The sender listens to all but these sources.
    IsExclude,
    /// It now listens to these sources.
    ToInclude,
    /// It now listens to all but these sources; with none of them, it joined.
    ToExclude,
    /// It listens to these sources too.
    Allow,
    /// It no longer listens to these sources.
    Block,
}

impl RecordKind {
    const ALL: [RecordKind; 6] = [
        RecordKind::IsInclude,
        RecordKind::IsExclude,
        RecordKind::ToInclude,
        RecordKind::ToExclude,
        RecordKind::Allow,
        RecordKind::Block,
    ];
}

/// A record of a version 2 report.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Record<'a> {
    /// What it says.
    pub kind: RecordKind,
    /// The group that it is about.
    pub group: Ipv6Addr,
    /// The sources that it names.
    pub sources: &'a [[u8; 16]],
}

impl Record<'_> {
    /// The octets that `emit` writes.
    #[expect(clippy::len_without_is_empty, reason = "a record always has its group")]
    pub fn len(&self) -> usize {
        RECORD_LEN + self.sources.as_flattened().len()
    }

    /// Writes the record and returns its length, so that several may be put one behind the other.
    ///
    /// # Panics
    /// When `buf` is shorter than [`Record::len`].
    pub fn emit(&self, buf: &mut [u8]) -> usize {
        let [a, b] = (self.sources.len() as u16).to_be_bytes();
        buf[..4].copy_from_slice(&[self.kind as u8 + 1, 0, a, b]);
        buf[4..RECORD_LEN].copy_from_slice(&self.group.octets());
        buf[RECORD_LEN..self.len()].copy_from_slice(self.sources.as_flattened());
        self.len()
    }
}

/// The records of a report, of which every length has been checked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Records<'a> {
    count: usize,
    bytes: &'a [u8],
}

impl<'a> Records<'a> {
    /// Checks the lengths of so many records that are one behind the other; what is behind the last is ignored.
    pub fn parse(count: usize, bytes: &'a [u8]) -> Result<Records<'a>, Malformed> {
        let mut rest = bytes;
        for _ in 0..count {
            (_, _, _, rest) = split_record(rest).ok_or(Malformed::BadLength)?;
        }
        Ok(Records { count, bytes: &bytes[..bytes.len() - rest.len()] })
    }

    /// The records of the kinds that are known.
    pub fn iter(&self) -> impl Iterator<Item = Record<'a>> {
        let mut rest = self.bytes;
        core::iter::from_fn(move || {
            let (kind, group, sources, after) = split_record(rest)?;
            rest = after;
            Some((kind, group, sources))
        })
        .filter_map(|(kind, group, sources)| {
            let kind = *RecordKind::ALL.get(usize::from(kind.checked_sub(1)?))?;
            Some(Record { kind, group, sources })
        })
    }
}

impl fmt::Debug for Records<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// A record as it is cut out of bytes: its type, its group, its sources, and what follows it.
type Cut<'a> = (u8, Ipv6Addr, &'a [[u8; 16]], &'a [u8]);

/// Cuts off the first record.
fn split_record(bytes: &[u8]) -> Option<Cut<'_>> {
    let (&[kind, auxiliary_words, a, b], rest) = bytes.split_first_chunk()?;
    let (group, rest) = rest.split_first_chunk::<16>()?;
    let (sources, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes([a, b])) * 16)?;
    let (_, rest) = rest.split_at_checked(usize::from(auxiliary_words) * 4)?;
    Some((kind, Ipv6Addr::from(*group), sources.as_chunks().0, rest))
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
        fn what_is_emitted_parses_to_itself(
            which in 0u8..5, code: u16, group: u128, robustness in 0u8..8, suppress: bool, interval_code: u8,
            sources in proptest::collection::vec(any::<[u8; 16]>(), 0..4),
            kinds in proptest::collection::vec(0usize..6, 0..4),
        ) {
            let group = Ipv6Addr::from(group | 0xff << 120);
            let sources = &sources[..];
            let mut bytes = vec![0; 500];
            let mut len = 0;
            let wanted: Vec<_> =
                kinds.iter().map(|kind| Record { kind: RecordKind::ALL[*kind], group, sources }).collect();
            for record in &wanted {
                len += record.emit(&mut bytes[len..]);
            }
            let records = Records::parse(wanted.len(), &bytes[..len]).unwrap();
            prop_assert_eq!(records.iter().collect::<Vec<_>>(), wanted);
            let v2 = QueryV2 { suppress, robustness, interval_code, sources };
            let repr = match which {
                0 => Repr::Query { max_response_code: code, group, v2: None },
                1 => Repr::Query { max_response_code: code, group: Ipv6Addr::UNSPECIFIED, v2: Some(v2) },
                2 => Repr::ReportV1 { group },
                3 => Repr::Done { group },
                _ => Repr::ReportV2 { records },
            };
            let mut body = vec![0xee; repr.body_len()];
            let kind = repr.emit_body(&mut body);
            prop_assert!(is_mld(kind));
            prop_assert_eq!(Repr::parse(kind, &body), Ok(repr));
        }
    }

    #[test]
    fn the_response_time_of_version_2_has_an_exponent() {
        assert_eq!(Repr::max_response_millis(10_000, true), 10_000);
        assert_eq!(Repr::max_response_millis(0x8000, true), 32_768);
        assert_eq!(Repr::max_response_millis(0xffff, true), 8_387_584);
        assert_eq!(Repr::max_response_millis(0xffff, false), 65_535);
    }

    #[test]
    fn more_records_than_there_are_is_refused() {
        let mut body = [0; 24];
        body[3] = 2;
        assert_eq!(Repr::parse(143, &body), Err(Malformed::BadLength));
        body[3] = 1;
        assert!(Repr::parse(143, &body).is_ok());
        body[5] = 1;
        assert_eq!(Repr::parse(143, &body), Err(Malformed::BadLength));
    }
}
