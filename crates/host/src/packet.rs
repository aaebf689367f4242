//! Packet sockets: an Ethernet interface that the kernel also uses.
//!
//! Frames are sent and received as they are on the cable, with the interface's own hardware address; the stack is one more IP
//! address behind it. The kernel still sees every frame. It keeps quiet about ours as long as our address is none of its own
//! and it forwards nothing. With the virtio header, merged segments and unfinished checksums come and go as on a TAP device;
//! an interface that merges cannot be used without.

use std::ffi::{c_int, c_void};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::eth;
use rustix::net::sockopt;
use rustix::net::{AddressFamily, SocketFlags, SocketType};
use synsent_stack::{Medium, Offload, Received, SegmentOffload};
use synsent_wire::ethernet::Address;

use crate::device::{Device, Sent};
use crate::error::OpenError;
use crate::interface;
use crate::tun::VirtioHeader;
use crate::virtio;

/// Do not hand us the frames that we sent.
const PACKET_IGNORE_OUTGOING: c_int = 23;

/// What the kernel may hold for us between two turns; what it would hold by itself is less than two merged segments a
/// millisecond at 10 Gbit/s. Unit: octets.
const RECEIVE_BUFFER_OCTETS: usize = 8 << 20;

/// A packet socket bound to one Ethernet interface.
#[derive(Debug)]
pub struct PacketSocket {
    descriptor: OwnedFd,
    name: String,
    index: u32,
    address: Address,
    mtu: u16,
    virtio: VirtioHeader,
}

impl PacketSocket {
    /// Opens the interface `name`, which must exist and be Ethernet.
    pub fn open(name: &str, virtio: VirtioHeader) -> Result<PacketSocket, OpenError> {
        let open = || -> io::Result<PacketSocket> {
            let index = interface::index(name)?;
            let address = Address(interface::hardware_address(name)?);
            let mtu = u16::try_from(interface::mtu(name)?).unwrap_or(u16::MAX);
            let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
            // Without a protocol the socket hears nothing before it is bound to the one interface.
            let descriptor = rustix::net::socket_with(AddressFamily::PACKET, SocketType::RAW, flags, None)?;
            set_options(&descriptor, index, virtio)?;
            bind(&descriptor, index)?;
            Ok(PacketSocket { descriptor, name: name.into(), index, address, mtu, virtio })
        };
        open().map_err(|error| OpenError::packet(name, error))
    }
}

impl Device for PacketSocket {
    fn name(&self) -> &str {
        &self.name
    }

    fn medium(&self) -> Medium {
        Medium::Ethernet(self.address)
    }

    fn mtu(&self) -> u16 {
        self.mtu
    }

    fn offload(&self) -> Offload {
        virtio::offload(self.virtio)
    }

    fn descriptor(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }

    fn receive(&mut self, frame: &mut [u8]) -> io::Result<Option<(usize, Received)>> {
        let result = virtio::receive(self.descriptor.as_fd(), self.virtio, frame);
        match result {
            // The interface went down or away; the socket says so once and stays.
            Err(Errno::NETDOWN) => is_still_there(&self.descriptor, self.index).map(|()| None),
            result => Ok(result?),
        }
    }

    fn transmit(&mut self, frame: &[u8], offload: Option<SegmentOffload>) -> io::Result<Sent> {
        match self.virtio {
            VirtioHeader::With => virtio::write(self.descriptor.as_fd(), &virtio::header(offload), frame),
            VirtioHeader::Without => virtio::sent(rustix::io::write(&self.descriptor, frame)),
        }
    }
}

/// All groups are let through: which of them are ours the stack knows, and neighbour discovery needs some.
fn set_options(descriptor: &OwnedFd, index: u32, virtio: VirtioHeader) -> io::Result<()> {
    // Beyond the system's limit only with CAP_NET_ADMIN; with less the socket loses more, and works.
    if sockopt::set_socket_recv_buffer_size_force(descriptor, RECEIVE_BUFFER_OCTETS).is_err() {
        sockopt::set_socket_recv_buffer_size(descriptor, RECEIVE_BUFFER_OCTETS)?;
    }
    let on: c_int = 1;
    set_option(descriptor, PACKET_IGNORE_OUTGOING, &on)?;
    if virtio == VirtioHeader::With {
        set_option(descriptor, libc::PACKET_VNET_HDR, &on)?;
    }
    set_option(descriptor, libc::PACKET_ADD_MEMBERSHIP, &groups_of(index))
}

/// An error when the interface was removed. Memberships are changed under the kernel's lock on interfaces, so that this waits
/// for a removal that is under way and has only been half told.
fn is_still_there(descriptor: &OwnedFd, index: u32) -> io::Result<()> {
    set_option(descriptor, libc::PACKET_ADD_MEMBERSHIP, &groups_of(index))?;
    set_option(descriptor, libc::PACKET_DROP_MEMBERSHIP, &groups_of(index))
}

fn groups_of(index: u32) -> libc::packet_mreq {
    libc::packet_mreq {
        mr_ifindex: index as c_int,
        mr_type: libc::PACKET_MR_ALLMULTI as u16,
        mr_alen: 0,
        mr_address: [0; 8],
    }
}

fn set_option<T>(descriptor: &OwnedFd, option: c_int, value: &T) -> io::Result<()> {
    let value: *const T = value;
    // SAFETY: the kernel reads as many octets as `value` has, all of them initialised: it is used with `int` and with
    // `struct packet_mreq`, neither of which has padding.
    let result = unsafe {
        libc::setsockopt(
            descriptor.as_raw_fd(),
            libc::SOL_PACKET,
            option,
            value.cast::<c_void>(),
            size_of::<T>() as libc::socklen_t,
        )
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn bind(descriptor: &OwnedFd, index: u32) -> io::Result<()> {
    let address = libc::sockaddr_ll {
        sll_family: libc::AF_PACKET as u16,
        sll_protocol: eth::ALL.as_raw().get() as u16,
        sll_ifindex: index as c_int,
        sll_hatype: 0,
        sll_pkttype: 0,
        sll_halen: 0,
        sll_addr: [0; 8],
    };
    let pointer: *const libc::sockaddr_ll = &address;
    // SAFETY: the kernel reads the address, which lives longer than the call, and no more than its size.
    let result = unsafe {
        libc::bind(descriptor.as_raw_fd(), pointer.cast(), size_of::<libc::sockaddr_ll>() as libc::socklen_t)
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
