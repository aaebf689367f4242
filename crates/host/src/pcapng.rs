//! Capture files in the pcapng format, as tcpdump and tshark read them.
//!
//! A [`Writer`] puts one section into any `Write`: the section header, then interface descriptions and packets in whatever
//! order they come up. Times have a resolution of nanoseconds; a packet carries its direction and, where there is something
//! to say, a comment. It does not read such files, and it keeps nothing but the count of interfaces.

use std::io::{self, Write};
use std::time::Duration;

/// The most octets of one packet that a capture keeps; what is longer is cut, and the file says so.
pub const SNAP_LEN_OCTETS: usize = 262_144;

/// What the packets of an interface begin with; the numbers are those of the tcpdump registry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u16)]
pub enum LinkType {
    /// An Ethernet header.
    Ethernet = 1,
    /// An IPv4 or IPv6 header.
    RawIp = 101,
}

/// Which way a packet went, seen from the stack.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum Direction {
    /// It arrived.
    Inbound = 1,
    /// It left.
    Outbound = 2,
}

/// An interface of the section; made by [`Writer::add_interface`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InterfaceId(u32);

const SECTION_HEADER: u32 = 0x0A0D_0D0A;
const BYTE_ORDER_MAGIC: u32 = 0x1A2B_3C4D;
const INTERFACE_DESCRIPTION: u32 = 1;
const ENHANCED_PACKET: u32 = 6;

const OPTION_END: u16 = 0;
const OPTION_COMMENT: u16 = 1;
const SECTION_APPLICATION: u16 = 4;
const INTERFACE_NAME: u16 = 2;
const INTERFACE_TIME_RESOLUTION: u16 = 9;
const PACKET_FLAGS: u16 = 2;

/// Writes one section of a capture file.
pub struct Writer<W> {
    out: W,
    interfaces: u32,
    block: Vec<u8>,
}

impl<W: Write> Writer<W> {
    /// Begins a section. `application` names the program that made the file.
    pub fn new(out: W, application: &str) -> io::Result<Writer<W>> {
        let mut writer = Writer { out, interfaces: 0, block: Vec::new() };
        writer.begin(SECTION_HEADER);
        writer.put_u32(BYTE_ORDER_MAGIC);
        writer.put_u16(1);
        writer.put_u16(0);
        // The length of the section is not known when it begins.
        writer.block.extend_from_slice(&u64::MAX.to_le_bytes());
        writer.put_option(SECTION_APPLICATION, application.as_bytes());
        writer.put_option(OPTION_END, &[]);
        writer.finish()?;
        Ok(writer)
    }

    /// Describes one more interface.
    pub fn add_interface(&mut self, name: &str, link_type: LinkType) -> io::Result<InterfaceId> {
        self.begin(INTERFACE_DESCRIPTION);
        self.put_u16(link_type as u16);
        self.put_u16(0);
        self.put_u32(SNAP_LEN_OCTETS as u32);
        self.put_option(INTERFACE_NAME, name.as_bytes());
        // Ten to the minus ninth: nanoseconds.
        self.put_option(INTERFACE_TIME_RESOLUTION, &[9]);
        self.put_option(OPTION_END, &[]);
        self.finish()?;
        let id = InterfaceId(self.interfaces);
        self.interfaces += 1;
        Ok(id)
    }

    /// Adds a packet. `since_epoch` is the time since 1970; an empty comment is none.
    pub fn write_packet(
        &mut self,
        interface: InterfaceId,
        since_epoch: Duration,
        direction: Direction,
        packet: &[u8],
        comment: &str,
    ) -> io::Result<()> {
        let nanos = u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX);
        let kept = &packet[..packet.len().min(SNAP_LEN_OCTETS)];
        self.begin(ENHANCED_PACKET);
        self.put_u32(interface.0);
        self.put_u32((nanos >> 32) as u32);
        self.put_u32(nanos as u32);
        self.put_u32(kept.len() as u32);
        self.put_u32(u32::try_from(packet.len()).unwrap_or(u32::MAX));
        self.put_padded(kept);
        self.put_option(PACKET_FLAGS, &(direction as u32).to_le_bytes());
        if !comment.is_empty() {
            self.put_option(OPTION_COMMENT, comment.as_bytes());
        }
        self.put_option(OPTION_END, &[]);
        self.finish()
    }

    /// Hands everything written so far to whoever reads the file.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Gives the output back.
    pub fn into_inner(self) -> W {
        self.out
    }

    fn begin(&mut self, block_type: u32) {
        self.block.clear();
        self.put_u32(block_type);
        // The length of the block; `finish` fills it in.
        self.put_u32(0);
    }

    fn finish(&mut self) -> io::Result<()> {
        let len = (self.block.len() + 4) as u32;
        self.block[4..8].copy_from_slice(&len.to_le_bytes());
        self.put_u32(len);
        self.out.write_all(&self.block)
    }

    fn put_u16(&mut self, value: u16) {
        self.block.extend_from_slice(&value.to_le_bytes());
    }

    fn put_u32(&mut self, value: u32) {
        self.block.extend_from_slice(&value.to_le_bytes());
    }

    fn put_padded(&mut self, bytes: &[u8]) {
        self.block.extend_from_slice(bytes);
        self.block.resize(self.block.len().next_multiple_of(4), 0);
    }

    /// An option's length is 16 bits wide: a longer value is cut, for a text at a character.
    fn put_option(&mut self, code: u16, value: &[u8]) {
        let mut len = value.len().min(usize::from(u16::MAX));
        while len < value.len() && len > 0 && value[len] & 0xC0 == 0x80 {
            len -= 1;
        }
        self.put_u16(code);
        self.put_u16(len as u16);
        self.put_padded(&value[..len]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn u32_at(bytes: &[u8], at: usize) -> u32 {
        u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
    }

    /// The blocks of a file as (type, body), checked for the two equal lengths that frame each.
    fn blocks(mut bytes: &[u8]) -> Vec<(u32, Vec<u8>)> {
        let mut found = Vec::new();
        while !bytes.is_empty() {
            let len = u32_at(bytes, 4) as usize;
            assert_eq!(len % 4, 0);
            assert_eq!(u32_at(bytes, len - 4) as usize, len);
            found.push((u32_at(bytes, 0), bytes[8..len - 4].to_vec()));
            bytes = &bytes[len..];
        }
        found
    }

    #[test]
    fn a_file_has_the_blocks_that_the_format_asks_for() {
        let mut writer = Writer::new(Vec::new(), "synsent").unwrap();
        let first = writer.add_interface("t0", LinkType::RawIp).unwrap();
        let second = writer.add_interface("t1", LinkType::Ethernet).unwrap();
        assert_ne!(first, second);
        let at = Duration::new(1_700_000_000, 123_456_789);
        writer.write_packet(second, at, Direction::Outbound, &[1, 2, 3, 4, 5], "a SYN").unwrap();
        let file = blocks(&writer.into_inner());
        assert_eq!(file.iter().map(|block| block.0).collect::<Vec<_>>(), [0x0A0D_0D0A, 1, 1, 6]);
        let packet = &file[3].1;
        assert_eq!(u32_at(packet, 0), 1);
        let nanos = u64::from(u32_at(packet, 4)) << 32 | u64::from(u32_at(packet, 8));
        assert_eq!(nanos, 1_700_000_000_123_456_789);
        assert_eq!((u32_at(packet, 12), u32_at(packet, 16)), (5, 5));
        assert_eq!(&packet[20..28], [1, 2, 3, 4, 5, 0, 0, 0]);
        assert_eq!(&packet[28..36], [2, 0, 4, 0, 2, 0, 0, 0], "the direction flags say outbound");
        assert_eq!(&packet[36..45], b"\x01\x00\x05\x00a SYN");
    }

    #[test]
    fn a_comment_beyond_the_format_is_cut_at_a_character() {
        let mut writer = Writer::new(Vec::new(), "synsent").unwrap();
        let interface = writer.add_interface("t0", LinkType::RawIp).unwrap();
        let comment = "ü".repeat(40_000);
        writer.write_packet(interface, Duration::ZERO, Direction::Inbound, &[], &comment).unwrap();
        let file = blocks(&writer.into_inner());
        let packet = &file[2].1;
        let len = u16::from_le_bytes([packet[30], packet[31]]) as usize;
        assert_eq!(len, 65_534);
        assert!(core::str::from_utf8(&packet[32..32 + len]).is_ok());
    }

    #[test]
    fn a_packet_beyond_the_snap_length_is_cut_and_says_so() {
        let mut writer = Writer::new(Vec::new(), "synsent").unwrap();
        let interface = writer.add_interface("t0", LinkType::RawIp).unwrap();
        let packet = vec![0; SNAP_LEN_OCTETS + 1];
        writer.write_packet(interface, Duration::ZERO, Direction::Inbound, &packet, "").unwrap();
        let file = blocks(&writer.into_inner());
        assert_eq!(u32_at(&file[2].1, 12) as usize, SNAP_LEN_OCTETS);
        assert_eq!(u32_at(&file[2].1, 16) as usize, SNAP_LEN_OCTETS + 1);
    }
}
