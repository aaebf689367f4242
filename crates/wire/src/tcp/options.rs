//! The TCP options that the stack speaks: MSS (RFC 9293), window scale and timestamps (RFC 7323), SACK permitted and
//! SACK (RFC 2018). Unknown ones are skipped by their length.
//!
//! Nearly every segment of a connection carries timestamps and nothing else, laid out as RFC 7323 appendix A advises.
//! That layout is read and written as three words; all others take the general way.

use super::MAX_OPTIONS_LEN;
use crate::checksum::{self, Sum};
use crate::{Malformed, SeqNumber};
use core::fmt;

/// The most ranges that fit into the options of one segment.
pub const MAX_SACK_RANGES: usize = 4;
/// The largest shift of a window.
pub const MAX_WINDOW_SCALE: u8 = 14;

const END: u8 = 0;
const NOP: u8 = 1;
const MSS: u8 = 2;
const WINDOW_SCALE: u8 = 3;
const SACK_PERMITTED: u8 = 4;
const SACK: u8 = 5;
const TIMESTAMPS: u8 = 8;

const TIMESTAMPS_LEN: usize = 10;
/// Two NOPs and the kind and length of timestamps.
const ALIGNED_TIMESTAMPS: u32 = u32::from_be_bytes([NOP, NOP, TIMESTAMPS, TIMESTAMPS_LEN as u8]);

/// The timestamps option.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct Timestamps {
    /// TSval: the sender's clock.
    pub value: u32,
    /// TSecr: the clock value of the other side that is echoed; it counts only with the ACK bit.
    pub echo: u32,
}

/// A range of sequence numbers that has arrived: `start` is its first number, `end` the first behind it.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct SackRange {
    /// The first number of the range.
    pub start: SeqNumber,
    /// The first number behind the range.
    pub end: SeqNumber,
}

impl fmt::Debug for SackRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

/// The ranges of a SACK option, in the order of the option.
#[derive(Clone, Copy)]
pub struct SackRanges {
    ranges: [SackRange; MAX_SACK_RANGES],
    len: u8,
}

impl Default for SackRanges {
    #[inline]
    fn default() -> SackRanges {
        SackRanges::EMPTY
    }
}

impl SackRanges {
    /// No range.
    pub const EMPTY: SackRanges =
        SackRanges { ranges: [SackRange { start: SeqNumber(0), end: SeqNumber(0) }; MAX_SACK_RANGES], len: 0 };

    /// Appends a range and says whether there was room for it.
    pub fn push(&mut self, range: SackRange) -> bool {
        let Some(place) = self.ranges.get_mut(usize::from(self.len)) else { return false };
        *place = range;
        self.len += 1;
        true
    }

    /// The ranges one after the other.
    #[inline]
    pub fn iter(&self) -> core::slice::Iter<'_, SackRange> {
        self.as_slice().iter()
    }

    /// How many ranges there are.
    #[inline]
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// There is no range.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The ranges.
    #[inline]
    pub fn as_slice(&self) -> &[SackRange] {
        &self.ranges[..usize::from(self.len)]
    }
}

impl PartialEq for SackRanges {
    fn eq(&self, other: &SackRanges) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Eq for SackRanges {}

impl fmt::Debug for SackRanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'a> IntoIterator for &'a SackRanges {
    type Item = &'a SackRange;
    type IntoIter = core::slice::Iter<'a, SackRange>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The options of a segment.
///
/// They are emitted in a fixed order, and as many SACK ranges as then have room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// The largest segment that the sender wants to get.
    pub mss: Option<u16>,
    /// The shift that the sender's windows have from now on; at most [`MAX_WINDOW_SCALE`].
    pub window_scale: Option<u8>,
    /// The sender understands SACK.
    pub sack_permitted: bool,
    /// The sender's clock and ours echoed.
    pub timestamps: Option<Timestamps>,
    /// What the sender has got beyond its acknowledgment number.
    pub sack: SackRanges,
}

impl Default for Options {
    #[inline]
    fn default() -> Options {
        Options::NONE
    }
}

impl Options {
    /// No option. A constant is written where it is wanted; what is put together field by field would be copied there, and a
    /// copy that follows its parts at once has to wait for them.
    pub const NONE: Options =
        Options { mss: None, window_scale: None, sack_permitted: false, timestamps: None, sack: SackRanges::EMPTY };

    /// Reads options at whatever alignment and in whatever segment they stand.
    ///
    /// A known option of a length that it cannot have is ignored; of an option that comes twice the last one counts.
    // 9293/MUST-5: nothing here asks which segment the options are in.
    #[inline]
    pub fn parse(bytes: &[u8]) -> Result<Options, Malformed> {
        let mut options = Options::default();
        options.read(bytes)?;
        Ok(options)
    }

    /// The same into options that are empty, where they stand: for the path that every segment takes.
    #[inline]
    pub fn read(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        if let Ok(aligned) = <&[u8; 2 + TIMESTAMPS_LEN]>::try_from(bytes) {
            let [a, b, c, d, value @ .., e, f, g, h] = *aligned;
            if u32::from_be_bytes([a, b, c, d]) == ALIGNED_TIMESTAMPS {
                let timestamps =
                    Timestamps { value: u32::from_be_bytes(value), echo: u32::from_be_bytes([e, f, g, h]) };
                self.timestamps = Some(timestamps);
                return Ok(());
            }
        }
        self.read_any(bytes)
    }

    /// The octets that `emit` writes: a multiple of four, at most forty.
    #[inline]
    pub fn len(&self) -> usize {
        let mut len = 0;
        if self.mss.is_some() {
            len += 4;
        }
        if self.sack_permitted || self.timestamps.is_some() {
            len += if self.timestamps.is_some() { 12 } else { 4 };
        }
        if self.window_scale.is_some() {
            len += 4;
        }
        match self.sack_ranges_in(MAX_OPTIONS_LEN - len) {
            0 => len,
            ranges => len + 4 + 8 * ranges,
        }
    }

    /// There is nothing to emit.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    // 9293/MUST-69
    // No end-of-list is ever written: the padding is of NOPs, so that nothing follows an end.
    /// Writes the options, padded with NOPs to whole words, and returns their length.
    ///
    /// # Panics
    /// When `buf` is shorter than they are.
    pub fn emit(&self, buf: &mut [u8]) -> usize {
        self.emit_and_sum(buf).0
    }

    /// The same, and the sum of what was written.
    #[inline]
    pub(super) fn emit_and_sum(&self, buf: &mut [u8]) -> (usize, Sum) {
        let alone = self.mss.is_none() && self.window_scale.is_none() && !self.sack_permitted && self.sack.is_empty();
        match self.timestamps {
            None if alone => (0, Sum::new()),
            Some(timestamps) if alone => {
                let words = [ALIGNED_TIMESTAMPS, timestamps.value, timestamps.echo];
                for (place, word) in buf[..12].chunks_exact_mut(4).zip(words) {
                    place.copy_from_slice(&word.to_be_bytes());
                }
                (12, words.into_iter().fold(Sum::new(), Sum::add_u32))
            }
            _ => {
                let len = self.emit_any(buf);
                (len, checksum::sum(&buf[..len]))
            }
        }
    }

    fn read_any(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        let mut rest = bytes;
        // 9293/MUST-4: end-of-list, no-operation and MSS are understood.
        // 9293/MUST-64: options are read octet by octet, so that any alignment will do.
        while let [kind, after @ ..] = rest {
            match *kind {
                END => break,
                NOP => rest = after,
                kind => {
                    // 9293/MUST-68: every other option has a length octet.
                    // 9293/MUST-7: a length that cannot be is an error of the segment and of nothing else.
                    let len = usize::from(*after.first().ok_or(Malformed::BadOption)?);
                    let option = rest.get(2..len).ok_or(Malformed::BadOption)?;
                    self.take(kind, option);
                    rest = &rest[len..];
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, kind: u8, data: &[u8]) {
        match (kind, data) {
            (MSS, &[a, b]) => self.mss = Some(u16::from_be_bytes([a, b])),
            // 7323/1: a shift above fourteen is taken for fourteen.
            (WINDOW_SCALE, &[shift]) => self.window_scale = Some(shift.min(MAX_WINDOW_SCALE)),
            (SACK_PERMITTED, []) => self.sack_permitted = true,
            (SACK, ranges) => self.take_ranges(ranges),
            (TIMESTAMPS, &[a, b, c, d, e, f, g, h]) => {
                let (value, echo) = (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]));
                self.timestamps = Some(Timestamps { value, echo });
            }
            // 9293/MUST-6: an unknown option is skipped by its length.
            _ => {}
        }
    }

    fn take_ranges(&mut self, data: &[u8]) {
        let (ranges, odd) = data.as_chunks::<8>();
        if !odd.is_empty() || ranges.is_empty() || ranges.len() > MAX_SACK_RANGES {
            return;
        }
        self.sack = SackRanges::EMPTY;
        for &[a, b, c, d, e, f, g, h] in ranges {
            let (start, end) = (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]));
            self.sack.push(SackRange { start: SeqNumber(start), end: SeqNumber(end) });
        }
    }

    fn emit_any(&self, buf: &mut [u8]) -> usize {
        let mut out = Writer { buf: &mut buf[..], len: 0 };
        if let Some(mss) = self.mss {
            out.put(&[MSS, 4]);
            out.put(&mss.to_be_bytes());
        }
        // The two octets that would align timestamps are just those of SACK permitted.
        match (self.sack_permitted, self.timestamps) {
            (false, None) => {}
            (true, None) => out.put(&[NOP, NOP, SACK_PERMITTED, 2]),
            (false, Some(_)) => out.put(&[NOP, NOP]),
            (true, Some(_)) => out.put(&[SACK_PERMITTED, 2]),
        }
        if let Some(timestamps) = self.timestamps {
            out.put(&[TIMESTAMPS, TIMESTAMPS_LEN as u8]);
            out.put(&timestamps.value.to_be_bytes());
            out.put(&timestamps.echo.to_be_bytes());
        }
        if let Some(shift) = self.window_scale {
            out.put(&[NOP, WINDOW_SCALE, 3, shift.min(MAX_WINDOW_SCALE)]);
        }
        let ranges = self.sack_ranges_in(MAX_OPTIONS_LEN - out.len);
        if ranges > 0 {
            out.put(&[NOP, NOP, SACK, 2 + 8 * ranges as u8]);
        }
        for range in &self.sack.as_slice()[..ranges] {
            out.put(&range.start.0.to_be_bytes());
            out.put(&range.end.0.to_be_bytes());
        }
        out.len
    }

    /// How many of the ranges fit into so many octets.
    #[inline]
    fn sack_ranges_in(&self, room_octets: usize) -> usize {
        self.sack.len().min(room_octets.saturating_sub(4) / 8)
    }
}

struct Writer<'a> {
    buf: &'a mut [u8],
    len: usize,
}

impl Writer<'_> {
    fn put(&mut self, octets: &[u8]) {
        self.buf[self.len..self.len + octets.len()].copy_from_slice(octets);
        self.len += octets.len();
    }
}
