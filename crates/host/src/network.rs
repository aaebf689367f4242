//! From the name of a network to a link of a stack.

use std::net::IpAddr;

use synsent_stack::{LinkConfig, LinkId, Route};

use crate::capture::Capture;
use crate::device::Device;
use crate::driver::Driver;
use crate::error::OpenError;
use crate::interface;
use crate::name::{NetworkKind, NetworkName};
use crate::packet::PacketSocket;
use crate::tun::{Layer, Tun, VirtioHeader};

impl NetworkName {
    /// Opens the device, and sets up the kernel's end where the name has a kernel address.
    pub fn open(&self, virtio: VirtioHeader) -> Result<Box<dyn Device>, OpenError> {
        let layer = match self.kind {
            NetworkKind::Tun => Layer::Ip,
            NetworkKind::Tap => Layer::Ethernet,
            NetworkKind::Packet => return Ok(Box::new(PacketSocket::open(&self.device, virtio)?)),
        };
        let tun = Tun::open(&self.device, layer, virtio)?;
        if let Some(kernel) = self.kernel {
            set_up_kernel_end(tun.name(), kernel, self.address.prefix_len())?;
        }
        Ok(Box::new(tun))
    }

    /// Opens the device and makes it a link of the driver's stack with our address. The kernel's address, where there is one,
    /// becomes the way to everywhere else.
    pub fn join(
        &self,
        driver: &mut Driver,
        virtio: VirtioHeader,
        capture: Option<&Capture>,
    ) -> Result<LinkId, OpenError> {
        let device = self.open(virtio)?;
        let config = LinkConfig {
            mtu: device.mtu(),
            medium: device.medium(),
            offload: device.offload(),
            duplicate_address_detection: self.address_probes(),
            ..LinkConfig::ip(device.name())
        };
        let link = driver.attach_with(config, device, capture).map_err(OpenError::Other)?;
        let now = driver.now();
        let added = driver.stack().add_address(now, link, self.address);
        added.map_err(|error| refused(format!("our address {}", self.address), error.to_string()))?;
        if let Some(kernel) = self.kernel {
            let added = driver.stack().add_route(now, Route { link: Some(link), ..Route::default_via(kernel) });
            added.map_err(|error| refused(format!("the route through {kernel}"), error.to_string()))?;
        }
        Ok(link)
    }

    /// On a cable that ends in the kernel nobody else can have our address, so nobody is asked.
    fn address_probes(&self) -> u8 {
        match self.kind {
            NetworkKind::Tun | NetworkKind::Tap => 0,
            NetworkKind::Packet => 1,
        }
    }
}

fn refused(what: String, reason: String) -> OpenError {
    OpenError::Stack { what, reason }
}

fn set_up_kernel_end(name: &str, address: IpAddr, prefix_len: u8) -> Result<(), OpenError> {
    let failed = |action| move |source| OpenError::Configure { name: name.into(), action, source };
    interface::add_address(name, address, prefix_len).map_err(failed("adding its address"))?;
    interface::set_up(name).map_err(failed("bringing it up"))
}
