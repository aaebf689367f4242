//! Between the virtio header that the kernel puts before a frame and what the stack knows of it.
//!
//! TUN and TAP devices with `IFF_VNET_HDR` and packet sockets with `PACKET_VNET_HDR` share this. The kernel and the stack both
//! count from the beginning of the frame, link header included.

use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::BorrowedFd;

use rustix::io::Errno;
use synsent_stack::{Offload, Received, SegmentOffload};
use synsent_wire::virtio_net::{GsoType, HEADER_LEN, Header};

use crate::device::Sent;
use crate::tun::VirtioHeader;

/// What the header of a received frame tells. A checksum that is still to be finished never left this machine, so the data
/// under it is what was sent.
pub(crate) fn received(header: &Header) -> Received {
    let merged = matches!(header.gso_type, GsoType::TcpV4 | GsoType::TcpV6) && header.gso_size > 0;
    Received { checksum_valid: header.needs_csum || header.data_valid, segment_size: merged.then_some(header.gso_size) }
}

/// The header for a frame that leaves the rest to the link.
pub(crate) fn header(offload: Option<SegmentOffload>) -> Header {
    let Some(offload) = offload else { return Header::default() };
    let mut header = Header {
        needs_csum: true,
        csum_start: offload.checksum_start,
        csum_offset: offload.checksum_offset,
        ..Header::default()
    };
    if let Some(size) = offload.segment_size {
        header.gso_type = if offload.ipv6 { GsoType::TcpV6 } else { GsoType::TcpV4 };
        header.gso_size = size;
        header.hdr_len = offload.header_len;
    }
    header
}

/// What the kernel does for a device that speaks with the header, or without.
pub(crate) fn offload(virtio: VirtioHeader) -> Offload {
    match virtio {
        VirtioHeader::With => {
            Offload { receive_checksum_valid: false, transmit_checksum: true, segmentation: Some(u16::MAX) }
        }
        VirtioHeader::Without => Offload::default(),
    }
}

/// Reads the next frame, if there is one.
pub(crate) fn receive(
    descriptor: BorrowedFd<'_>,
    virtio: VirtioHeader,
    frame: &mut [u8],
) -> Result<Option<(usize, Received)>, Errno> {
    match virtio {
        VirtioHeader::With => read(descriptor, frame),
        VirtioHeader::Without => match rustix::io::read(descriptor, frame) {
            Ok(len) => Ok(Some((len, Received::default()))),
            Err(Errno::AGAIN | Errno::INTR) => Ok(None),
            Err(error) => Err(error),
        },
    }
}

/// Reads a frame behind its header. `None`: nothing waits. A frame whose header makes no sense is handed over without a word
/// about its checksum, so that the stack judges it.
fn read(descriptor: BorrowedFd<'_>, frame: &mut [u8]) -> Result<Option<(usize, Received)>, Errno> {
    let mut header = [0; HEADER_LEN];
    let mut parts = [IoSliceMut::new(&mut header), IoSliceMut::new(frame)];
    match rustix::io::readv(descriptor, &mut parts) {
        Ok(len) => {
            let told = Header::parse(&header).map(|header| received(&header)).unwrap_or_default();
            Ok(Some((len.saturating_sub(HEADER_LEN), told)))
        }
        Err(Errno::AGAIN | Errno::INTR) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes a frame behind its header.
pub(crate) fn write(descriptor: BorrowedFd<'_>, header: &Header, frame: &[u8]) -> io::Result<Sent> {
    let mut bytes = [0; HEADER_LEN];
    header.emit(&mut bytes);
    sent(rustix::io::writev(descriptor, &[IoSlice::new(&bytes), IoSlice::new(frame)]))
}

/// What a write came to. A device that is down, out of memory, or that finds a frame too long has lost that frame, as a network
/// may. Every other error means that the device is gone.
pub(crate) fn sent(result: Result<usize, Errno>) -> io::Result<Sent> {
    match result {
        Ok(_) => Ok(Sent::Done),
        Err(Errno::AGAIN | Errno::INTR) => Ok(Sent::Busy),
        Err(error @ (Errno::IO | Errno::NETDOWN | Errno::NOBUFS | Errno::NOMEM | Errno::INVAL | Errno::MSGSIZE)) => {
            Ok(Sent::Lost(error.raw_os_error()))
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_segment_on_ethernet_counts_from_the_frame() {
        let offload = SegmentOffload {
            checksum_start: 54,
            checksum_offset: 16,
            segment_size: Some(1_428),
            header_len: 86,
            ipv6: true,
        };
        let header = header(Some(offload));
        assert_eq!((header.csum_start, header.csum_offset, header.hdr_len), (54, 16, 86));
        assert_eq!((header.gso_type, header.gso_size, header.needs_csum), (GsoType::TcpV6, 1_428, true));
    }

    #[test]
    fn a_frame_that_is_complete_asks_for_nothing() {
        assert_eq!(header(None), Header::default());
        let told = received(&Header::default());
        assert_eq!((told.checksum_valid, told.segment_size), (false, None));
    }

    #[test]
    fn a_merged_segment_from_this_machine_needs_no_checksum() {
        let header = Header { needs_csum: true, gso_type: GsoType::TcpV4, gso_size: 1_448, ..Header::default() };
        let told = received(&header);
        assert_eq!((told.checksum_valid, told.segment_size), (true, Some(1_448)));
    }

    #[test]
    fn a_frame_that_cannot_be_sent_is_lost_but_the_device_lives() {
        assert_eq!(sent(Err(Errno::NOMEM)).unwrap(), Sent::Lost(libc::ENOMEM));
        assert_eq!(sent(Err(Errno::AGAIN)).unwrap(), Sent::Busy);
        assert_eq!(sent(Err(Errno::BADFD)).unwrap_err().raw_os_error(), Some(libc::EBADFD));
    }

    #[test]
    fn an_udp_burst_is_no_merged_tcp_segment() {
        let header = Header { gso_type: GsoType::UdpL4, gso_size: 1_200, ..Header::default() };
        assert_eq!(received(&header).segment_size, None);
    }
}
