//! Segmentation and its reverse, for links that do neither: one large TCP segment becomes several that fit, and several
//! that follow each other become one.
//!
//! [`split`] makes of each piece what a sender would have sent: lengths, identification, sequence number, flags and
//! checksums of its own. [`Merger`] takes only what [`split`] could have made, so that splitting what it hands out
//! gives back the packets that went in, but for the identification of packets that must not be fragmented, which says
//! nothing. Extension headers of IPv6 and options of IPv4 are not merged.

use crate::checksum::{self, Sum};
use crate::ip::Protocol;
use crate::tcp::{self, Flags};
use crate::{Malformed, SeqNumber, ipv4, ipv6};
use core::net::IpAddr;
use core::ops::Range;

const IPV4_LEN: Range<usize> = 2..4;
const IPV4_IDENTIFICATION: Range<usize> = 4..6;
const IPV4_CHECKSUM: Range<usize> = 10..12;
const IPV6_LEN: Range<usize> = 4..6;
const TCP_SEQ: Range<usize> = 4..8;
const TCP_FLAGS: usize = 13;
const TCP_CHECKSUM: Range<usize> = tcp::CHECKSUM_OFFSET..tcp::CHECKSUM_OFFSET + 2;
const MAX_PACKET_LEN: usize = 65_535;

/// Splits an IP packet with a TCP segment into pieces of at most `gso_size` octets of payload, hands each to `out` in
/// order, and returns how many there were.
///
/// The checksums of the packet are not looked at, for a sender that leaves the splitting to the link leaves them too. A
/// packet that already fits goes out as one piece. A segment with SYN, RST or URG cannot be split, and a piece must
/// find room in `scratch`.
pub fn split(
    packet: &[u8],
    gso_size: usize,
    scratch: &mut [u8],
    mut out: impl FnMut(&[u8]),
) -> Result<usize, Malformed> {
    let segment = Segment::parse(packet)?;
    let payload = segment.payload();
    let pieces = match gso_size {
        0 => return Err(Malformed::BadValue),
        _ => payload.len().div_ceil(gso_size).max(1),
    };
    if pieces > 1 && segment.flags.intersects(Flags::SYN | Flags::RST | Flags::URG) {
        return Err(Malformed::BadValue);
    }
    let headers = &segment.packet[..segment.headers_len()];
    if headers.len() + payload.len().min(gso_size) > scratch.len() {
        return Err(Malformed::BadLength);
    }
    for index in 0..pieces {
        let start = index * gso_size;
        let part = &payload[start..payload.len().min(start + gso_size)];
        let piece = &mut scratch[..headers.len() + part.len()];
        let (head, data) = piece.split_at_mut(headers.len());
        head.copy_from_slice(headers);
        let payload_sum = checksum::copy_and_sum(data, part);
        let mut flags = segment.flags;
        if index > 0 {
            flags = flags.without(Flags::CWR);
        }
        if index + 1 < pieces {
            flags = flags.without(Flags::FIN | Flags::PSH);
        }
        if segment.shape.is_v4 {
            put_u16(head, IPV4_IDENTIFICATION, segment.identification.wrapping_add(index as u16));
        }
        let tcp = &mut head[segment.shape.ip_len..];
        tcp[TCP_SEQ].copy_from_slice(&(segment.seq + start as u32).0.to_be_bytes());
        tcp[TCP_FLAGS] = flags.0;
        segment.shape.finish(head, part.len(), payload_sum);
        out(piece);
    }
    Ok(pieces)
}

/// What became of a packet that was pushed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Push {
    /// It is in the large segment.
    Merged,
    /// It does not continue the segment, or is none that could begin one: finish first, then try again or pass it on.
    NotMergeable,
}

/// A large segment that has been put together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Merged<'a> {
    /// The packet, with all lengths and checksums right.
    pub packet: &'a [u8],
    /// The payload of every packet that went in but the last.
    pub gso_size: usize,
    /// How many packets went in.
    pub count: usize,
}

/// Puts packets of a flow together in a buffer of the caller.
#[derive(Debug)]
pub struct Merger<'b> {
    buf: &'b mut [u8],
    len: usize,
    gso_size: usize,
    count: usize,
    payload_sum: Sum,
    /// That of the first packet, when there is one.
    shape: Option<Shape>,
    /// What the next packet must have.
    next_seq: SeqNumber,
    /// The last packet was short, or had PSH or FIN: it ends the segment.
    ended: bool,
}

impl<'b> Merger<'b> {
    /// Starts with nothing. The buffer bounds the segment, as 65,535 octets do.
    pub fn new(buf: &'b mut [u8]) -> Merger<'b> {
        let (payload_sum, next_seq) = (Sum::new(), SeqNumber(0));
        Merger { buf, len: 0, gso_size: 0, count: 0, payload_sum, shape: None, next_seq, ended: false }
    }

    /// Nothing has been pushed since the last segment was finished.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Appends a packet when it continues what is there, or begins with it when nothing is.
    pub fn push(&mut self, packet: &[u8]) -> Push {
        let Ok(segment) = Segment::parse(packet) else { return Push::NotMergeable };
        let of_data = segment.flags.ack() && !segment.flags.intersects(Flags::SYN | Flags::RST | Flags::URG);
        if !of_data || segment.payload().is_empty() || !segment.is_whole_and_plain() {
            return Push::NotMergeable;
        }
        if self.count == 0 { self.begin(&segment) } else { self.append(&segment) }
    }

    /// Hands out the segment, if there is one, and starts anew.
    pub fn finish(&mut self) -> Option<Merged<'_>> {
        let count = core::mem::take(&mut self.count);
        let shape = self.shape.take()?;
        let (gso_size, packet) = (self.gso_size, &mut self.buf[..self.len]);
        if count > 1 {
            let (headers, data) = packet.split_at_mut(shape.ip_len + shape.tcp_len);
            shape.finish(headers, data.len(), self.payload_sum);
        }
        Some(Merged { packet, gso_size, count })
    }

    fn begin(&mut self, segment: &Segment<'_>) -> Push {
        let Some(place) = self.buf.get_mut(..segment.packet.len()) else { return Push::NotMergeable };
        place.copy_from_slice(segment.packet);
        self.len = segment.packet.len();
        self.gso_size = segment.payload().len();
        self.count = 1;
        self.shape = Some(segment.shape);
        self.payload_sum = checksum::sum(segment.payload());
        self.next_seq = segment.seq + self.gso_size as u32;
        self.ended = segment.flags.intersects(Flags::PSH | Flags::FIN);
        Push::Merged
    }

    fn append(&mut self, segment: &Segment<'_>) -> Push {
        let payload = segment.payload();
        let end = self.len + payload.len();
        let continues = !self.ended && segment.seq == self.next_seq && payload.len() <= self.gso_size;
        if !continues || end > self.buf.len().min(MAX_PACKET_LEN) || !self.is_of_same_shape(segment) {
            return Push::NotMergeable;
        }
        self.payload_sum = self.payload_sum.add_sum(checksum::copy_and_sum(&mut self.buf[self.len..end], payload));
        self.len = end;
        self.count += 1;
        self.next_seq += payload.len() as u32;
        let last = segment.flags.0 & (Flags::PSH | Flags::FIN).0;
        self.buf[segment.shape.ip_len + TCP_FLAGS] |= last;
        self.ended = last != 0 || payload.len() < self.gso_size;
        Push::Merged
    }

    /// All that [`split`] leaves as it is, is as in the first packet, and what it counts up has been counted up.
    fn is_of_same_shape(&self, segment: &Segment<'_>) -> bool {
        let (ours, theirs) = (&self.buf[..self.len], segment.packet);
        let same = |range: Range<usize>| ours.get(range.clone()) == theirs.get(range);
        let ip = if segment.shape.is_v4 {
            // The identification of a packet that is never fragmented says nothing (RFC 6864).
            let first = u16::from_be_bytes([ours[4], ours[5]]);
            let counted = segment.dont_fragment || segment.identification == first.wrapping_add(self.count as u16);
            same(0..2) && counted && same(6..10) && same(12..20)
        } else {
            same(0..4) && same(6..40)
        };
        let tcp = segment.shape.ip_len;
        let counted_flags = Flags::PSH | Flags::FIN;
        let first_flags = Flags(ours[tcp + TCP_FLAGS]).without(Flags::CWR);
        ip && same(tcp..tcp + 4)
            && same(tcp + 8..tcp + 13)
            && first_flags == segment.flags.without(counted_flags)
            && same(tcp + 14..tcp + 16)
            && same(tcp + 18..tcp + segment.shape.tcp_len)
    }
}

/// An IP packet with a TCP segment, taken apart.
struct Segment<'a> {
    packet: &'a [u8],
    shape: Shape,
    identification: u16,
    dont_fragment: bool,
    seq: SeqNumber,
    flags: Flags,
}

/// Where the headers of a packet are, and the addresses in them.
#[derive(Clone, Copy, Debug)]
struct Shape {
    is_v4: bool,
    ip_len: usize,
    tcp_len: usize,
    source: IpAddr,
    destination: IpAddr,
}

impl<'a> Segment<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Segment<'a>, Malformed> {
        match bytes.first().ok_or(Malformed::Truncated)? >> 4 {
            4 => Segment::parse_v4(&ipv4::View::parse_unsummed(bytes)?),
            6 => Segment::parse_v6(&ipv6::View::parse(bytes)?),
            _ => Err(Malformed::BadVersion),
        }
    }

    fn parse_v4(ip: &ipv4::View<'a>) -> Result<Segment<'a>, Malformed> {
        if ip.protocol() != Protocol::TCP || ip.is_fragment() {
            return Err(Malformed::BadValue);
        }
        let tcp = tcp::View::parse(ip.payload())?;
        let (source, destination) = (ip.source().into(), ip.destination().into());
        let shape = Shape { is_v4: true, ip_len: ip.header_len(), tcp_len: tcp.header_len(), source, destination };
        Ok(Segment {
            packet: ip.packet(),
            shape,
            identification: ip.identification(),
            dont_fragment: ip.dont_fragment(),
            seq: tcp.seq(),
            flags: tcp.flags(),
        })
    }

    fn parse_v6(ip: &ipv6::View<'a>) -> Result<Segment<'a>, Malformed> {
        if ip.next_header() != Protocol::TCP {
            return Err(Malformed::BadValue);
        }
        let tcp = tcp::View::parse(ip.payload())?;
        let (source, destination) = (ip.source().into(), ip.destination().into());
        let shape = Shape { is_v4: false, ip_len: ipv6::HEADER_LEN, tcp_len: tcp.header_len(), source, destination };
        let (packet, seq, flags) = (ip.packet(), tcp.seq(), tcp.flags());
        Ok(Segment { packet, shape, identification: 0, dont_fragment: true, seq, flags })
    }

    /// Both checksums are right, and the IPv4 header has no options.
    fn is_whole_and_plain(&self) -> bool {
        let (ip, segment) = self.packet.split_at(self.shape.ip_len);
        let plain = !self.shape.is_v4 || ip.len() == ipv4::HEADER_LEN && checksum::sum(ip).is_valid();
        plain && self.shape.pseudo_header(segment.len()).add_bytes(segment).is_valid()
    }

    fn headers_len(&self) -> usize {
        self.shape.ip_len + self.shape.tcp_len
    }

    fn payload(&self) -> &'a [u8] {
        &self.packet[self.headers_len()..]
    }
}

impl Shape {
    /// Corrects lengths and checksums in the headers, given the payload that is behind them.
    fn finish(&self, headers: &mut [u8], payload_len: usize, payload_sum: Sum) {
        let (ip, tcp) = headers.split_at_mut(self.ip_len);
        let segment_len = self.tcp_len + payload_len;
        if self.is_v4 {
            put_u16(ip, IPV4_LEN, (self.ip_len + segment_len) as u16);
            put_u16(ip, IPV4_CHECKSUM, 0);
            put_u16(ip, IPV4_CHECKSUM, checksum::sum(ip).finish());
        } else {
            put_u16(ip, IPV6_LEN, segment_len as u16);
        }
        put_u16(tcp, TCP_CHECKSUM, 0);
        let sum = self.pseudo_header(segment_len).add_bytes(tcp).add_sum(payload_sum);
        put_u16(tcp, TCP_CHECKSUM, sum.finish());
    }

    fn pseudo_header(&self, segment_len: usize) -> Sum {
        checksum::pseudo_header(self.source, self.destination, Protocol::TCP.0, segment_len as u32)
    }
}

fn put_u16(bytes: &mut [u8], at: Range<usize>, value: u16) {
    bytes[at].copy_from_slice(&value.to_be_bytes());
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::tcp::{Options, Repr, Timestamps};
    use core::net::{Ipv4Addr, Ipv6Addr};
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    fn packet(v6: bool, identification: u16, seq: u32, flags: Flags, payload: &[u8]) -> Vec<u8> {
        let timestamps = Some(Timestamps { value: 7, echo: 8 });
        let tcp = Repr {
            source_port: 1,
            destination_port: 2,
            seq: SeqNumber(seq),
            ack: SeqNumber(5),
            flags,
            window: 100,
            urgent_pointer: 0,
            options: Options { timestamps, ..Options::default() },
        };
        let payload_len = tcp.header_len() + payload.len();
        let mut bytes = vec![0; 60];
        let (ip_len, source, destination) = if v6 {
            let [source, destination] = [1, 2].map(|last| Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, last));
            let next_header = Protocol::TCP;
            let ip = ipv6::Repr {
                source,
                destination,
                next_header,
                hop_limit: 64,
                traffic_class: 0,
                flow_label: 9,
                payload_len,
            };
            (ip.emit(&mut bytes), source.into(), destination.into())
        } else {
            let [source, destination] = [1, 2].map(|last| Ipv4Addr::new(10, 0, 0, last));
            let ip = ipv4::Repr {
                source,
                destination,
                protocol: Protocol::TCP,
                ttl: 64,
                traffic_class: 0,
                identification,
                dont_fragment: false,
                more_fragments: false,
                fragment_offset_octets: 0,
                payload_len,
            };
            (ip.emit(&mut bytes), source.into(), destination.into())
        };
        bytes.resize(ip_len + tcp.header_len(), 0);
        tcp.emit(source, destination, checksum::sum(payload), payload.len(), &mut bytes[ip_len..]);
        bytes.extend(payload);
        bytes
    }

    fn pieces_of(packet: &[u8], gso_size: usize) -> Vec<Vec<u8>> {
        let mut pieces = Vec::new();
        let count = split(packet, gso_size, &mut [0; 1600], |piece| pieces.push(piece.to_vec())).unwrap();
        assert_eq!(count, pieces.len());
        pieces
    }

    proptest! {
        #[test]
        fn merging_gives_back_what_was_split(
            v6: bool, identification: u16, seq: u32, fin: bool, psh: bool, cwr: bool,
            payload in proptest::collection::vec(any::<u8>(), 1..4000), gso_size in 100usize..1400,
        ) {
            let mut flags = Flags::ACK;
            for (set, flag) in [(fin, Flags::FIN), (psh, Flags::PSH), (cwr, Flags::CWR)] {
                flags |= if set { flag } else { Flags::NONE };
            }
            let whole = packet(v6, identification, seq, flags, &payload);
            let pieces = pieces_of(&whole, gso_size);
            prop_assert_eq!(pieces.len(), payload.len().div_ceil(gso_size));
            for (index, piece) in pieces.iter().enumerate() {
                let start = index * gso_size;
                let mut expected = flags;
                if index > 0 {
                    expected = expected.without(Flags::CWR);
                }
                if index + 1 < pieces.len() {
                    expected = expected.without(Flags::FIN | Flags::PSH);
                }
                let part = &payload[start..payload.len().min(start + gso_size)];
                let id = identification.wrapping_add(index as u16);
                prop_assert_eq!(piece, &packet(v6, id, seq.wrapping_add(start as u32), expected, part));
            }
            let mut buf = vec![0; 70_000];
            let mut merger = Merger::new(&mut buf);
            for piece in &pieces {
                prop_assert_eq!(merger.push(piece), Push::Merged);
            }
            let merged = merger.finish().unwrap();
            prop_assert_eq!(merged.packet, &whole[..]);
            prop_assert_eq!((merged.count, merged.gso_size), (pieces.len(), gso_size.min(payload.len())));
            prop_assert_eq!(merger.finish(), None);
        }
    }

    #[test]
    fn what_does_not_continue_is_not_merged() {
        let first = packet(false, 1, 100, Flags::ACK, &[1; 100]);
        let push = |second: &[u8]| {
            let mut buf = [0; 2000];
            let mut merger = Merger::new(&mut buf);
            assert_eq!(merger.push(&first), Push::Merged);
            merger.push(second)
        };
        assert_eq!(push(&packet(false, 2, 200, Flags::ACK, &[1; 100])), Push::Merged);
        for (identification, seq, flags, len) in [
            (2, 201, Flags::ACK, 100),
            (3, 200, Flags::ACK, 100),
            (2, 200, Flags::ACK | Flags::URG, 100),
            (2, 200, Flags::ACK | Flags::CWR, 100),
            (2, 200, Flags::ACK | Flags::RST, 100),
            (2, 200, Flags::ACK, 101),
            (2, 200, Flags::ACK, 0),
        ] {
            assert_eq!(push(&packet(false, identification, seq, flags, &vec![1; len])), Push::NotMergeable);
        }
        assert_eq!(push(&packet(true, 2, 200, Flags::ACK, &[1; 100])), Push::NotMergeable);
        let mut damaged = packet(false, 2, 200, Flags::ACK, &[1; 100]);
        damaged[90] ^= 1;
        assert_eq!(push(&damaged), Push::NotMergeable);
    }

    #[test]
    fn a_short_packet_and_a_full_buffer_end_a_segment() {
        let mut buf = [0; 300];
        let mut merger = Merger::new(&mut buf);
        assert_eq!(merger.push(&packet(false, 1, 0, Flags::ACK, &[1; 100])), Push::Merged);
        assert_eq!(merger.push(&packet(false, 2, 100, Flags::ACK, &[1; 50])), Push::Merged);
        assert_eq!(merger.push(&packet(false, 3, 150, Flags::ACK, &[1; 50])), Push::NotMergeable);
        assert_eq!(merger.finish().unwrap().count, 2);
        assert_eq!(merger.push(&packet(false, 1, 0, Flags::ACK, &[1; 140])), Push::Merged);
        assert_eq!(merger.push(&packet(false, 2, 140, Flags::ACK, &[1; 140])), Push::NotMergeable);
        let mut buf = vec![0; 70_000];
        let mut merger = Merger::new(&mut buf);
        let mut seq = 0;
        while merger.push(&packet(true, 0, seq, Flags::ACK, &[1; 1400])) == Push::Merged {
            seq += 1400;
        }
        assert_eq!(merger.finish().unwrap().packet.len(), 72 + 1400 * 46);
    }

    #[test]
    fn what_cannot_be_split_is_refused() {
        let mut scratch = [0; 200];
        let mut split = |packet: &[u8], gso_size| split(packet, gso_size, &mut scratch, |_| {});
        assert_eq!(split(&packet(false, 1, 0, Flags::ACK, &[1; 100]), 0), Err(Malformed::BadValue));
        assert_eq!(split(&packet(false, 1, 0, Flags::SYN, &[1; 100]), 50), Err(Malformed::BadValue));
        assert_eq!(split(&packet(false, 1, 0, Flags::SYN, &[]), 50), Ok(1));
        assert_eq!(split(&packet(false, 1, 0, Flags::ACK, &[1; 300]), 200), Err(Malformed::BadLength));
        assert_eq!(split(&[], 100), Err(Malformed::Truncated));
    }
}
