//! The program's one line out: an interface in a network namespace of its own, whose cable ends in this process.
//!
//! A TUN device where there is one. Where not, a pair of virtual Ethernet interfaces: the program has one end, and a packet socket
//! of ours hears the other, in a second namespace, so that the program sees one interface either way. On the pair the kernel
//! finishes its packets itself, because no hardware follows that would. No interface sends router solicitations or probes for
//! addresses of its own: what is on the line is the program's.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use rustix::thread::{LinkNameSpaceType, UnshareFlags, move_into_link_name_space};

use super::files::with_own_proc;
use super::refusal::{Namespace, Refusal, Settings};
use super::standing::Standing;
use super::{LineChoice, LineKind, Setup};
use crate::device::Device;
use crate::interface;
use crate::namespace;
use crate::packet::PacketSocket;
use crate::tun::{Layer, Tun, VirtioHeader};

/// Our end of the pair, in a namespace where nobody sees it.
const FAR_END: &str = "lab0";
/// Where the kernel's values are.
const PROC: &str = "/proc";

/// Moves the process into a new network namespace, and makes its line.
pub(super) fn lay(
    setup: &Setup,
    standing: Standing,
    notes: &mut Vec<String>,
) -> Result<(LineKind, Box<dyn Device>), Refusal> {
    let refused = |error| Settings::read().blame_for(Namespace::Network, standing, error);
    namespace::enter_network().map_err(refused)?;
    let (kind, device) = make(setup, notes)?;
    Settling { setup, notes }.settle()?;
    Ok((kind, device))
}

/// Gives the kernel the values that the setup says. In a container /proc may be read-only; who may mount one of its own uses that.
pub(super) fn tune(setup: &Setup, may_mount: bool, notes: &mut Vec<String>) {
    let mut failed = Vec::new();
    for (name, value) in &setup.sysctls {
        if let Err(error) = set_sysctl(Path::new(PROC), name, value) {
            failed.push((name, value, error));
        }
    }
    if may_mount && !failed.is_empty() {
        // Where there is none, what failed stays so.
        let _ = with_own_proc(|proc| failed.retain(|(name, value, _)| set_sysctl(proc, name, value).is_err()));
    }
    for (name, value, error) in failed {
        notes.push(format!("{name} could not be set to {value} ({error}): the kernel's own value is used"));
    }
}

/// Sets a value of the kernel, with dots between the parts of its name.
fn set_sysctl(proc: &Path, name: &str, value: &str) -> io::Result<()> {
    fs::write(sysctl_path(proc, name), value)
}

/// The value of a setting of the kernel as it is now.
pub(super) fn sysctl(name: &str) -> io::Result<String> {
    Ok(fs::read_to_string(sysctl_path(Path::new(PROC), name))?.trim().to_owned())
}

fn sysctl_path(proc: &Path, name: &str) -> PathBuf {
    proc.join("sys").join(name.replace('.', "/"))
}

fn make(setup: &Setup, notes: &mut Vec<String>) -> Result<(LineKind, Box<dyn Device>), Refusal> {
    let tun = match setup.line {
        LineChoice::Auto | LineChoice::Tun => make_tun(setup).map_err(|error| error.to_string()),
        LineChoice::Veth => Err("not asked for".to_owned()),
    };
    let tun = match tun {
        Ok(device) => return Ok((LineKind::Tun, device)),
        Err(reason) if setup.line == LineChoice::Tun => {
            return Err(Refusal::NoDevice { tun: reason, veth: "not asked for".to_owned() });
        }
        Err(reason) => reason,
    };
    let device = make_veth(setup).map_err(|error| Refusal::NoDevice { tun: tun.clone(), veth: error.to_string() })?;
    if setup.line == LineChoice::Auto {
        // What to do about it is of no interest, because nothing is missing.
        let reason = tun.split(": ").next().unwrap_or_default();
        notes.push(format!("the line is a veth pair, because a TUN device could not be had ({reason})"));
    }
    Ok((LineKind::Veth, device))
}

fn make_tun(setup: &Setup) -> Result<Box<dyn Device>, crate::OpenError> {
    let mut tun = Tun::open(&setup.interface, Layer::Ip, VirtioHeader::Without)?;
    if let Some(mtu) = setup.mtu {
        tun.set_mtu(mtu).map_err(crate::OpenError::Other)?;
    }
    Ok(Box::new(tun))
}

fn make_veth(setup: &Setup) -> Result<Box<dyn Device>, crate::OpenError> {
    let other = crate::OpenError::Other;
    let near = current_namespace().map_err(other)?;
    // SAFETY: NEWNET decides which interfaces new sockets see; memory and open descriptors stay as they are.
    unsafe { rustix::thread::unshare_unsafe(UnshareFlags::NEWNET) }.map_err(|error| other(error.into()))?;
    let far = current_namespace().map_err(other)?;
    move_into(&near).map_err(other)?;
    interface::add_veth_into(&setup.interface, FAR_END, far.as_fd()).map_err(other)?;
    interface::finish_packets(&setup.interface).map_err(other)?;
    if let Some(mtu) = setup.mtu {
        interface::set_mtu(&setup.interface, u32::from(mtu)).map_err(other)?;
    }
    move_into(&far).map_err(other)?;
    let device = open_far_end(setup);
    move_into(&near).map_err(other)?;
    Ok(Box::new(device?))
}

/// The packet socket on our end. The socket keeps the namespace alive.
fn open_far_end(setup: &Setup) -> Result<PacketSocket, crate::OpenError> {
    if let Some(mtu) = setup.mtu {
        interface::set_mtu(FAR_END, u32::from(mtu)).map_err(crate::OpenError::Other)?;
    }
    // A kernel without IPv6 has nothing to switch off; the kernel at this end has nothing to say on the line.
    let _ = set_sysctl(Path::new(PROC), &format!("net.ipv6.conf.{FAR_END}.disable_ipv6"), "1");
    interface::set_up(FAR_END).map_err(crate::OpenError::Other)?;
    PacketSocket::open(FAR_END, VirtioHeader::Without)
}

fn current_namespace() -> io::Result<File> {
    File::open("/proc/thread-self/ns/net")
}

fn move_into(namespace: &File) -> io::Result<()> {
    Ok(move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))?)
}

/// The interface gets what the setup says.
struct Settling<'a> {
    setup: &'a Setup,
    notes: &'a mut Vec<String>,
}

impl Settling<'_> {
    fn settle(&mut self) -> Result<(), Refusal> {
        let name = &self.setup.interface;
        for (setting, value) in [("disable_ipv6", "0"), ("accept_ra", "0"), ("accept_dad", "0"), ("dad_transmits", "0")]
        {
            // A kernel without IPv6 has none of them; what that means is told when an address is refused.
            let _ = set_sysctl(Path::new(PROC), &format!("net.ipv6.conf.{name}.{setting}"), value);
        }
        let has_ipv6 = self.give_addresses()?;
        configure("the interface does not come up", interface::set_up(name))?;
        configure("the interface has no carrier", interface::await_carrier(name))?;
        for route in self.setup.routes.iter().filter(|route| has_ipv6 || route.network.is_ipv4()) {
            let added = interface::add_route(route.network, route.prefix_len, route.gateway, Some(name), route.kind);
            configure(&format!("the route to {}/{}", route.network, route.prefix_len), added)?;
        }
        Ok(())
    }

    /// Whether the kernel took the IPv6 addresses, if there are any.
    fn give_addresses(&mut self) -> Result<bool, Refusal> {
        let mut has_ipv6 = true;
        for (address, prefix_len) in &self.setup.addresses {
            let given = interface::add_address(&self.setup.interface, *address, *prefix_len);
            match given {
                Err(error) if address.is_ipv6() => {
                    self.notes.push(format!("there is no IPv6 here, the program has IPv4 only: {address}: {error}"));
                    has_ipv6 = false;
                }
                given => configure(&format!("the address {address}/{prefix_len}"), given)?,
            }
        }
        Ok(has_ipv6)
    }
}

fn configure(what: &str, result: io::Result<()>) -> Result<(), Refusal> {
    result.map_err(|source| Refusal::Configure { what: what.to_owned(), source })
}
