//! TCP headers (RFC 9293 section 3.1); their options are in [`Options`].
//!
//! A [`View`] is a segment whose data offset holds; its checksum is verified against the addresses, either over all of
//! it or over the header with the payload's sum from elsewhere. A [`Repr`] is emitted with the sum of a payload that is,
//! or will be, placed right behind the header, so that nobody reads the payload twice.

use crate::checksum::{self, Sum};
use crate::ip::Protocol;
use crate::{Malformed, SeqNumber};
use core::fmt;
use core::net::IpAddr;
use core::ops::{BitOr, BitOrAssign};
use zerocopy::byteorder::network_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

mod options;

pub use options::{MAX_SACK_RANGES, MAX_WINDOW_SCALE, Options, SackRange, SackRanges, Timestamps};

/// The length of a header without options.
pub const HEADER_LEN: usize = 20;
/// The longest header that the data offset can express.
pub const MAX_HEADER_LEN: usize = 60;
/// The most octets of options that a header holds.
pub const MAX_OPTIONS_LEN: usize = MAX_HEADER_LEN - HEADER_LEN;
/// Where the checksum stands in the header.
pub const CHECKSUM_OFFSET: usize = 16;

/// The control bits of a segment.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Flags(pub u8);

impl Flags {
    /// No bit.
    pub const NONE: Flags = Flags(0);
    /// The sender has no more data.
    pub const FIN: Flags = Flags(0x01);
    /// The sequence number is the initial one.
    pub const SYN: Flags = Flags(0x02);
    /// The connection is reset.
    pub const RST: Flags = Flags(0x04);
    /// The data up to here is to be handed to the application.
    pub const PSH: Flags = Flags(0x08);
    /// The acknowledgment number counts.
    pub const ACK: Flags = Flags(0x10);
    /// The urgent pointer counts.
    pub const URG: Flags = Flags(0x20);
    /// Explicit congestion notification: a mark was seen.
    pub const ECE: Flags = Flags(0x40);
    /// Explicit congestion notification: the window was reduced.
    pub const CWR: Flags = Flags(0x80);

    /// All bits of `other` are set.
    #[inline]
    pub const fn contains(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }

    /// Some bit of `other` is set.
    #[inline]
    pub const fn intersects(self, other: Flags) -> bool {
        self.0 & other.0 != 0
    }

    /// These bits but for those of `other`.
    #[inline]
    pub const fn without(self, other: Flags) -> Flags {
        Flags(self.0 & !other.0)
    }

    /// These bits and those of `other`, where `|` is not yet possible.
    #[inline]
    pub const fn union(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }

    /// FIN is set.
    #[inline]
    pub const fn fin(self) -> bool {
        self.contains(Flags::FIN)
    }

    /// SYN is set.
    #[inline]
    pub const fn syn(self) -> bool {
        self.contains(Flags::SYN)
    }

    /// RST is set.
    #[inline]
    pub const fn rst(self) -> bool {
        self.contains(Flags::RST)
    }

    /// PSH is set.
    #[inline]
    pub const fn psh(self) -> bool {
        self.contains(Flags::PSH)
    }

    /// ACK is set.
    #[inline]
    pub const fn ack(self) -> bool {
        self.contains(Flags::ACK)
    }

    /// URG is set.
    #[inline]
    pub const fn urg(self) -> bool {
        self.contains(Flags::URG)
    }
}

impl BitOr for Flags {
    type Output = Flags;
    #[inline]
    fn bitor(self, other: Flags) -> Flags {
        self.union(other)
    }
}

impl BitOrAssign for Flags {
    #[inline]
    fn bitor_assign(&mut self, other: Flags) {
        *self = *self | other;
    }
}

impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [(Flags, &str); 8] = [
            (Flags::SYN, "SYN"),
            (Flags::FIN, "FIN"),
            (Flags::RST, "RST"),
            (Flags::PSH, "PSH"),
            (Flags::ACK, "ACK"),
            (Flags::URG, "URG"),
            (Flags::ECE, "ECE"),
            (Flags::CWR, "CWR"),
        ];
        if *self == Flags::NONE {
            return f.write_str("none");
        }
        let mut separator = "";
        for (flag, name) in NAMES {
            if self.contains(flag) {
                write!(f, "{separator}{name}")?;
                separator = "|";
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Header {
    source_port: U16,
    destination_port: U16,
    seq: U32,
    ack: U32,
    offset_reserved: u8,
    flags: u8,
    window: U16,
    checksum: U16,
    urgent_pointer: U16,
}

/// Checked access to a TCP segment.
#[derive(Clone, Copy)]
pub struct View<'a> {
    header: &'a Header,
    segment: &'a [u8],
    header_len: usize,
}

impl<'a> View<'a> {
    /// Checks the data offset. All of `bytes` is the segment, for TCP has no length of its own.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Result<View<'a>, Malformed> {
        let (header, _) = Header::ref_from_prefix(bytes).map_err(|_| Malformed::Truncated)?;
        let header_len = usize::from(header.offset_reserved >> 4) * 4;
        if header_len < HEADER_LEN {
            return Err(Malformed::BadHeaderLength);
        }
        if header_len > bytes.len() {
            return Err(Malformed::Truncated);
        }
        Ok(View { header, segment: bytes, header_len })
    }

    /// The port of the sender.
    #[inline]
    pub fn source_port(&self) -> u16 {
        self.header.source_port.get()
    }

    /// The port of the receiver.
    #[inline]
    pub fn destination_port(&self) -> u16 {
        self.header.destination_port.get()
    }

    /// SEG.SEQ: the number of the first octet, or of the SYN.
    #[inline]
    pub fn seq(&self) -> SeqNumber {
        SeqNumber(self.header.seq.get())
    }

    /// SEG.ACK: the next number that the sender expects; it counts only with the ACK bit.
    #[inline]
    pub fn ack(&self) -> SeqNumber {
        SeqNumber(self.header.ack.get())
    }

    /// The control bits.
    #[inline]
    pub fn flags(&self) -> Flags {
        Flags(self.header.flags)
    }

    /// SEG.WND as the field has it, not scaled.
    // 9293/MUST-1: the window is an unsigned number.
    #[inline]
    pub fn window(&self) -> u16 {
        self.header.window.get()
    }

    /// SEG.UP: where urgent data ends, counted from SEG.SEQ; it counts only with the URG bit.
    #[inline]
    pub fn urgent_pointer(&self) -> u16 {
        self.header.urgent_pointer.get()
    }

    /// The checksum field.
    #[inline]
    pub fn checksum(&self) -> u16 {
        self.header.checksum.get()
    }

    /// The length of the header with its options.
    #[inline]
    pub fn header_len(&self) -> usize {
        self.header_len
    }

    /// The options, unchecked.
    #[inline]
    pub fn options_bytes(&self) -> &'a [u8] {
        &self.segment[HEADER_LEN..self.header_len]
    }

    /// The data.
    #[inline]
    pub fn payload(&self) -> &'a [u8] {
        &self.segment[self.header_len..]
    }

    /// The segment arrived undamaged between these addresses.
    // 9293/MUST-3: the checksum of what arrives is verified, with the addresses in it.
    #[inline]
    pub fn verify_checksum(&self, source: IpAddr, destination: IpAddr) -> bool {
        self.pseudo_header(source, destination).add_bytes(self.segment).is_valid()
    }

    /// The same for a payload whose sum is known, for example because it has just been copied.
    #[inline]
    pub fn verify_checksum_with(&self, source: IpAddr, destination: IpAddr, payload_sum: Sum) -> bool {
        let header = &self.segment[..self.header_len];
        self.pseudo_header(source, destination).add_bytes(header).add_sum(payload_sum).is_valid()
    }

    #[inline]
    fn pseudo_header(&self, source: IpAddr, destination: IpAddr) -> Sum {
        checksum::pseudo_header(source, destination, Protocol::TCP.0, self.segment.len() as u32)
    }
}

/// A TCP header that can only be right.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Repr {
    /// The port of the sender.
    pub source_port: u16,
    /// The port of the receiver.
    pub destination_port: u16,
    /// SEG.SEQ.
    pub seq: SeqNumber,
    /// SEG.ACK; zero without the ACK bit.
    pub ack: SeqNumber,
    /// The control bits.
    pub flags: Flags,
    /// SEG.WND as the field has it, not scaled.
    pub window: u16,
    /// SEG.UP; zero without the URG bit.
    pub urgent_pointer: u16,
    /// The options.
    pub options: Options,
}

impl Repr {
    /// The fields of a segment that arrived.
    #[inline]
    pub fn parse(view: &View<'_>) -> Result<Repr, Malformed> {
        let mut repr = Repr::without_options(view);
        repr.options.read(view.options_bytes())?;
        Ok(repr)
    }

    /// The fixed fields alone; [`Options::read`] adds the rest.
    #[inline]
    pub fn without_options(view: &View<'_>) -> Repr {
        Repr {
            source_port: view.source_port(),
            destination_port: view.destination_port(),
            seq: view.seq(),
            ack: view.ack(),
            flags: view.flags(),
            window: view.window(),
            urgent_pointer: view.urgent_pointer(),
            options: Options::default(),
        }
    }

    /// The octets that `emit` writes.
    #[inline]
    pub fn header_len(&self) -> usize {
        HEADER_LEN + self.options.len()
    }

    /// SEG.LEN: the octets of sequence space that the segment takes with this payload, SYN and FIN counted.
    #[inline]
    pub fn sequence_len(&self, payload_len: usize) -> u32 {
        payload_len as u32 + u32::from(self.flags.syn()) + u32::from(self.flags.fin())
    }

    /// Writes the header with its checksum, given the sum and length of the payload that stands behind it, and returns
    /// the header's length.
    ///
    /// # Panics
    /// When `buf` is shorter than the header.
    // 9293/MUST-2: the checksum is always filled in, with the addresses in it.
    #[inline]
    pub fn emit(
        &self,
        source: IpAddr,
        destination: IpAddr,
        payload_sum: Sum,
        payload_len: usize,
        buf: &mut [u8],
    ) -> usize {
        let (header_len, sum) = self.write(buf);
        let pseudo = checksum::pseudo_header(source, destination, Protocol::TCP.0, (header_len + payload_len) as u32);
        let checksum = pseudo.add_sum(sum).add_sum(payload_sum).finish();
        buf[CHECKSUM_OFFSET..][..2].copy_from_slice(&checksum.to_be_bytes());
        header_len
    }

    /// Writes the header for a link that finishes the checksum: its field holds the sum of the pseudo-header alone.
    ///
    /// # Panics
    /// When `buf` is shorter than the header.
    pub fn emit_partial(&self, source: IpAddr, destination: IpAddr, payload_len: usize, buf: &mut [u8]) -> usize {
        let (header_len, _) = self.write(buf);
        let pseudo = checksum::pseudo_header(source, destination, Protocol::TCP.0, (header_len + payload_len) as u32);
        buf[CHECKSUM_OFFSET..][..2].copy_from_slice(&pseudo.fold().to_be_bytes());
        header_len
    }

    /// Writes all but the checksum; the length of the header and the sum of its words, taken from registers.
    #[inline]
    fn write(&self, buf: &mut [u8]) -> (usize, Sum) {
        let (fixed, rest) = buf.split_at_mut(HEADER_LEN);
        let (options_len, options_sum) = self.options.emit_and_sum(rest);
        let header_len = HEADER_LEN + options_len;
        let offset_reserved = (header_len as u8 / 4) << 4;
        let header = Header {
            source_port: self.source_port.into(),
            destination_port: self.destination_port.into(),
            seq: self.seq.0.into(),
            ack: self.ack.0.into(),
            offset_reserved,
            flags: self.flags.0,
            window: self.window.into(),
            checksum: 0.into(),
            urgent_pointer: self.urgent_pointer.into(),
        };
        fixed.copy_from_slice(header.as_bytes());
        let sum = options_sum
            .add_u32(u32::from(self.source_port) << 16 | u32::from(self.destination_port))
            .add_u32(self.seq.0)
            .add_u32(self.ack.0)
            .add_u32(u32::from_be_bytes([offset_reserved, self.flags.0, 0, 0]) | u32::from(self.window))
            .add_u16(self.urgent_pointer);
        (header_len, sum)
    }
}

/// The ports and the sequence number of the first eight octets of a segment, which is what an ICMP error must quote.
pub fn parse_quoted(bytes: &[u8]) -> Result<(u16, u16, SeqNumber), Malformed> {
    let (head, _) = bytes.split_first_chunk::<8>().ok_or(Malformed::Truncated)?;
    let [a, b, c, d, seq @ ..] = *head;
    Ok((u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]), SeqNumber(u32::from_be_bytes(seq))))
}

#[cfg(test)]
mod tests;
