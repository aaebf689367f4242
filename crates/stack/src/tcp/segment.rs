//! A segment on its way in, and the stateless answers to one (RFC 9293 section 3.10.7).

use core::net::IpAddr;

use synsent_wire::SeqNumber;
use synsent_wire::tcp::{Flags, Options, Repr, Timestamps};

use super::four_tuple::{FourTuple, TupleHash};
use crate::trace::SegmentSummary;

/// A segment with a right checksum, for an address of ours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment<'a> {
    pub(crate) header: Repr,
    pub(crate) text: &'a [u8],
    /// Its four-tuple as seen from here.
    pub(crate) tuple: FourTuple,
    pub(crate) hash: TupleHash,
    /// The traffic class of the packet that brought it.
    pub(crate) traffic_class: u8,
}

impl Segment<'_> {
    /// SEG.LEN: text, SYN and FIN.
    #[inline]
    pub(crate) fn sequence_len(&self) -> u32 {
        self.header.sequence_len(self.text.len())
    }

    /// The number after the last one that the segment occupies.
    #[inline]
    pub(crate) fn end(&self) -> SeqNumber {
        self.header.seq + self.sequence_len()
    }

    #[inline]
    pub(crate) fn has(&self, flags: Flags) -> bool {
        self.header.flags.contains(flags)
    }

    /// Who sent it.
    pub(crate) fn from(&self) -> IpAddr {
        self.tuple.remote.addr
    }

    pub(crate) fn summary(&self) -> SegmentSummary {
        summary(&self.header, self.text.len())
    }
}

/// A header as the trace shows it.
pub(crate) fn summary(header: &Repr, text_len: usize) -> SegmentSummary {
    SegmentSummary {
        seq: header.seq,
        ack: header.ack,
        flags: header.flags,
        window: header.window,
        text_octets: text_len as u32,
    }
}

/// A header for a segment that goes from here along `tuple`, with everything else zero.
pub(crate) fn header(tuple: &FourTuple, flags: Flags, seq: SeqNumber, ack: SeqNumber) -> Repr {
    Repr {
        source_port: tuple.local.port,
        destination_port: tuple.remote.port,
        seq,
        ack,
        flags,
        window: 0,
        urgent_pointer: 0,
        options: Options::default(),
    }
}

/// The reset that answers a segment for which there is no connection; none answers a reset.
pub(crate) fn reset_for(segment: &Segment<'_>) -> Option<Repr> {
    // 9293/CL-1
    // With an acknowledgment, its number makes the reset acceptable; without, the reset acknowledges all that was sent.
    if segment.has(Flags::RST) {
        return None;
    }
    if segment.has(Flags::ACK) {
        return Some(header(&segment.tuple, Flags::RST, segment.header.ack, SeqNumber(0)));
    }
    Some(header(&segment.tuple, Flags::RST | Flags::ACK, SeqNumber(0), segment.end()))
}

/// A reset that a connection sends, with its timestamp where the connection agreed on them (7323/6).
pub(crate) fn reset_from(tuple: &FourTuple, seq: SeqNumber, ack: SeqNumber, timestamps: Option<Timestamps>) -> Repr {
    let mut reset = header(tuple, Flags::RST | Flags::ACK, seq, ack);
    reset.options.timestamps = timestamps;
    reset
}
