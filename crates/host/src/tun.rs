//! TUN and TAP devices: the kernel's network interface whose cable ends in this process.
//!
//! [`Tun::open`] makes the interface, or joins a persistent one. With the virtio header, which is the usual way, the kernel
//! hands over merged segments and cuts the large ones it is given, which is worth an order of magnitude in speed; without it
//! every frame is one packet with its checksum in place. Addresses of the kernel's end are the business of
//! [`interface`].

use std::ffi::c_int;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{Mode, OFlags};
use rustix::ioctl::{IntegerSetter, Opcode, Setter, Updater, ioctl, opcode};
use synsent_stack::{Medium, Offload, Received, SegmentOffload};
use synsent_wire::ethernet::Address;
use synsent_wire::virtio_net;

use crate::device::{Device, Sent};
use crate::error::OpenError;
use crate::interface::{self, InterfaceRequest};
use crate::virtio;

const CLONE_DEVICE: &str = "/dev/net/tun";

const TUNSETIFF: Opcode = opcode::write::<c_int>(b'T', 202);
const TUNSETOFFLOAD: Opcode = opcode::write::<u32>(b'T', 208);
const TUNSETVNETHDRSZ: Opcode = opcode::write::<c_int>(b'T', 216);
const TUNSETVNETLE: Opcode = opcode::write::<c_int>(b'T', 220);

/// The kernel leaves checksums and TCP segmentation to us, and takes both from us.
const OFFLOADS: usize = (libc::TUN_F_CSUM | libc::TUN_F_TSO4 | libc::TUN_F_TSO6) as usize;

/// Whether frames begin with an Ethernet header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Layer {
    /// TUN: a frame is an IP packet.
    Ip,
    /// TAP: a frame is an Ethernet frame.
    Ethernet,
}

/// Whether frames carry a virtio header.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum VirtioHeader {
    /// With it: merged segments, unfinished checksums.
    #[default]
    With,
    /// Without: every frame is one complete packet.
    Without,
}

/// An open TUN or TAP device.
#[derive(Debug)]
pub struct Tun {
    descriptor: OwnedFd,
    name: String,
    medium: Medium,
    mtu: u16,
    virtio: VirtioHeader,
}

impl Tun {
    /// Makes the interface `name`, or joins it where it is persistent and nobody else holds it. A name with `%d` in it gets a
    /// number from the kernel. The interface goes with the last descriptor unless it is persistent. It is not brought up.
    pub fn open(name: &str, layer: Layer, virtio: VirtioHeader) -> Result<Tun, OpenError> {
        let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let descriptor = rustix::fs::open(CLONE_DEVICE, flags, Mode::empty())
            .map_err(|error| OpenError::clone_device(error.into()))?;
        let name = attach(&descriptor, name, layer, virtio).map_err(|error| OpenError::tun(name, layer, error))?;
        set_virtio(&descriptor, virtio).map_err(|error| OpenError::tun(&name, layer, error))?;
        let medium = match layer {
            Layer::Ip => Medium::Ip,
            Layer::Ethernet => Medium::Ethernet(own_address().map_err(OpenError::Other)?),
        };
        let mtu = interface::mtu(&name).map_err(OpenError::Other)?;
        Ok(Tun { descriptor, name, medium, mtu: u16::try_from(mtu).unwrap_or(u16::MAX), virtio })
    }

    /// Whether frames carry a virtio header.
    pub fn virtio(&self) -> VirtioHeader {
        self.virtio
    }

    /// Sets the MTU of the kernel's end and of ours; unit: octets.
    pub fn set_mtu(&mut self, mtu: u16) -> io::Result<()> {
        interface::set_mtu(&self.name, u32::from(mtu))?;
        self.mtu = mtu;
        Ok(())
    }
}

impl Device for Tun {
    fn name(&self) -> &str {
        &self.name
    }

    fn medium(&self) -> Medium {
        self.medium
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
        Ok(virtio::receive(self.descriptor.as_fd(), self.virtio, frame)?)
    }

    fn transmit(&mut self, frame: &[u8], offload: Option<SegmentOffload>) -> io::Result<Sent> {
        match self.virtio {
            VirtioHeader::With => virtio::write(self.descriptor.as_fd(), &virtio::header(offload), frame),
            VirtioHeader::Without => virtio::sent(rustix::io::write(&self.descriptor, frame)),
        }
    }
}

/// Joins the descriptor to the interface and returns the interface's name.
fn attach(descriptor: &OwnedFd, name: &str, layer: Layer, virtio: VirtioHeader) -> io::Result<String> {
    let mut flags = libc::IFF_NO_PI;
    flags |= match layer {
        Layer::Ip => libc::IFF_TUN,
        Layer::Ethernet => libc::IFF_TAP,
    };
    if virtio == VirtioHeader::With {
        flags |= libc::IFF_VNET_HDR;
    }
    let mut request = InterfaceRequest::new(name)?;
    request.value[..2].copy_from_slice(&(flags as u16).to_ne_bytes());
    // SAFETY: TUNSETIFF reads a `struct ifreq` and writes its name back; the struct has that layout and lives longer than the
    // call.
    unsafe { ioctl(descriptor, Updater::<TUNSETIFF, InterfaceRequest>::new(&mut request)) }?;
    Ok(request.name())
}

/// Sets everything about the virtio header that outlives a descriptor on a persistent device, also to nothing.
fn set_virtio(descriptor: &OwnedFd, virtio: VirtioHeader) -> io::Result<()> {
    let offloads = match virtio {
        VirtioHeader::With => {
            // SAFETY: both requests read one `int`, which the setter holds.
            unsafe {
                ioctl(descriptor, Setter::<TUNSETVNETHDRSZ, c_int>::new(virtio_net::HEADER_LEN as c_int))?;
                ioctl(descriptor, Setter::<TUNSETVNETLE, c_int>::new(1))?;
            }
            OFFLOADS
        }
        VirtioHeader::Without => 0,
    };
    // SAFETY: TUNSETOFFLOAD takes its argument by value and touches no memory.
    unsafe { ioctl(descriptor, IntegerSetter::<TUNSETOFFLOAD>::new_usize(offloads)) }?;
    Ok(())
}

/// A hardware address for our end of a TAP device: random, of the range that is nobody's.
fn own_address() -> io::Result<Address> {
    let mut octets = [0; 6];
    getrandom::fill(&mut octets).map_err(io::Error::from)?;
    octets[0] = 0x02;
    Ok(Address(octets))
}
