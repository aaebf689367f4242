//! The header that a virtio network device, and a TUN or TAP device with `IFF_VNET_HDR`, puts before each frame.
//!
//! It says what was left to the receiver of the frame: to finish a checksum, or to cut a large segment. Its fields are
//! little-endian, as virtio 1.0 has them and a TUN device after `TUNSETVNETLE`. What a link cannot do, [`gso`] does.

use crate::Malformed;

pub mod gso;

/// The length of the header of a TUN or TAP device.
pub const HEADER_LEN: usize = 10;
/// The length of the header with the number of buffers behind it.
pub const HEADER_LEN_WITH_BUFFERS: usize = 12;

const FLAG_NEEDS_CSUM: u8 = 1;
const FLAG_DATA_VALID: u8 = 2;
const GSO_ECN: u8 = 0x80;

/// What kind of segment the frame holds more than one of.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub enum GsoType {
    /// The frame holds one packet.
    #[default]
    None,
    /// TCP over IPv4.
    TcpV4,
    /// UDP, to be cut by fragmentation.
    Udp,
    /// TCP over IPv6.
    TcpV6,
    /// UDP, to be cut into datagrams.
    UdpL4,
}

impl GsoType {
    const NUMBERS: [(GsoType, u8); 5] =
        [(GsoType::None, 0), (GsoType::TcpV4, 1), (GsoType::Udp, 3), (GsoType::TcpV6, 4), (GsoType::UdpL4, 5)];
}

/// A virtio network header.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Header {
    /// The checksum is to be finished: all from `csum_start` on is to be summed.
    pub needs_csum: bool,
    /// The checksum has been verified.
    pub data_valid: bool,
    /// What is to be cut.
    pub gso_type: GsoType,
    /// The segment has CWR set, which only the first piece keeps.
    pub ecn: bool,
    /// The length of all headers; a hint.
    pub hdr_len: u16,
    /// The payload of each piece.
    pub gso_size: u16,
    /// Where the sum starts, counted from the beginning of the frame.
    pub csum_start: u16,
    /// Where the checksum is to be put, counted from `csum_start`.
    pub csum_offset: u16,
}

impl Header {
    /// Reads the header.
    pub fn parse(bytes: &[u8]) -> Result<Header, Malformed> {
        let (&[flags, gso, a, b, c, d, e, f, g, h], _) =
            bytes.split_first_chunk::<HEADER_LEN>().ok_or(Malformed::Truncated)?;
        let known = GsoType::NUMBERS.iter().find(|(_, number)| *number == gso & !GSO_ECN);
        let &(gso_type, _) = known.ok_or(Malformed::BadValue)?;
        Ok(Header {
            needs_csum: flags & FLAG_NEEDS_CSUM != 0,
            data_valid: flags & FLAG_DATA_VALID != 0,
            gso_type,
            ecn: gso & GSO_ECN != 0,
            hdr_len: u16::from_le_bytes([a, b]),
            gso_size: u16::from_le_bytes([c, d]),
            csum_start: u16::from_le_bytes([e, f]),
            csum_offset: u16::from_le_bytes([g, h]),
        })
    }

    /// Writes the header and returns its length.
    ///
    /// # Panics
    /// When `buf` is shorter than [`HEADER_LEN`].
    pub fn emit(&self, buf: &mut [u8]) -> usize {
        let number = GsoType::NUMBERS.iter().find(|(gso_type, _)| *gso_type == self.gso_type);
        buf[0] = if self.needs_csum { FLAG_NEEDS_CSUM } else { 0 } | if self.data_valid { FLAG_DATA_VALID } else { 0 };
        buf[1] = number.map_or(0, |(_, number)| *number) | if self.ecn { GSO_ECN } else { 0 };
        let fields = [self.hdr_len, self.gso_size, self.csum_start, self.csum_offset];
        for (place, field) in buf[2..HEADER_LEN].chunks_exact_mut(2).zip(fields) {
            place.copy_from_slice(&field.to_le_bytes());
        }
        HEADER_LEN
    }

    /// Writes the header with a number of buffers and returns its length.
    ///
    /// # Panics
    /// When `buf` is shorter than [`HEADER_LEN_WITH_BUFFERS`].
    pub fn emit_with_buffers(&self, buffers: u16, buf: &mut [u8]) -> usize {
        self.emit(buf);
        buf[HEADER_LEN..HEADER_LEN_WITH_BUFFERS].copy_from_slice(&buffers.to_le_bytes());
        HEADER_LEN_WITH_BUFFERS
    }

    /// Finishes the checksum of a frame whose header says that this is still to be done.
    pub fn finish_checksum(&self, frame: &mut [u8]) -> Result<(), Malformed> {
        if !self.needs_csum {
            return Ok(());
        }
        let summed = frame.get_mut(usize::from(self.csum_start)..).ok_or(Malformed::BadLength)?;
        let checksum = crate::checksum::sum(summed).finish();
        let at = usize::from(self.csum_offset);
        summed.get_mut(at..at + 2).ok_or(Malformed::BadLength)?.copy_from_slice(&checksum.to_be_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SeqNumber;
    use crate::tcp::{self, Flags};
    use core::net::{IpAddr, Ipv4Addr};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_emitted_parses_to_itself(
            needs_csum: bool, data_valid: bool, which in 0usize..5, ecn: bool, hdr_len: u16, gso_size: u16,
            csum_start: u16, csum_offset: u16,
        ) {
            let (gso_type, _) = GsoType::NUMBERS[which];
            let header = Header {
                needs_csum, data_valid, gso_type, ecn, hdr_len, gso_size, csum_start, csum_offset,
            };
            let mut bytes = [0xee; 12];
            prop_assert_eq!(header.emit_with_buffers(1, &mut bytes), 12);
            prop_assert_eq!(Header::parse(&bytes), Ok(header));
            prop_assert_eq!(Header::parse(&bytes[..9]), Err(Malformed::Truncated));
            let _ = header.finish_checksum(&mut bytes);
        }
    }

    #[test]
    fn a_partial_checksum_is_finished() {
        let [source, destination] = [1, 2].map(|last| IpAddr::from(Ipv4Addr::new(10, 0, 0, last)));
        let repr = tcp::Repr {
            source_port: 1,
            destination_port: 2,
            seq: SeqNumber(3),
            ack: SeqNumber(4),
            flags: Flags::ACK,
            window: 5,
            urgent_pointer: 0,
            options: tcp::Options::default(),
        };
        let mut frame = [9; 27];
        repr.emit_partial(source, destination, 7, &mut frame);
        let header = Header { needs_csum: true, csum_offset: tcp::CHECKSUM_OFFSET as u16, ..Header::default() };
        header.finish_checksum(&mut frame).unwrap();
        assert!(tcp::View::parse(&frame).unwrap().verify_checksum(source, destination));
        assert_eq!(Header { csum_start: 12, ..header }.finish_checksum(&mut frame), Err(Malformed::BadLength));
    }
}
