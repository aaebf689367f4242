//! The kernel's interfaces: up, MTU, addresses, routes, and pairs of virtual Ethernet interfaces, by rtnetlink.
//!
//! Each function is one request and its answer on a socket of its own; nothing is kept. They act in the network namespace of
//! the calling thread. They change what is asked for and read nothing back but the kernel's verdict; only [`await_carrier`] waits.

use std::io;
use std::net::IpAddr;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::ioctl::{Opcode, Setter, Updater, ioctl};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink};

/// The longest name of an interface; unit: octets.
pub const NAME_MAX_OCTETS: usize = libc::IFNAMSIZ - 1;

/// How long a new device may take until the kernel sends through it.
const CARRIER_PATIENCE: Duration = Duration::from_secs(10);
/// How often one looks again whether it does.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// What a route of the kernel does with a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum RouteKind {
    /// Sends it on.
    Unicast = libc::RTN_UNICAST,
    /// Drops it in silence.
    Blackhole = libc::RTN_BLACKHOLE,
    /// Answers host unreachable.
    Unreachable = libc::RTN_UNREACHABLE,
    /// Answers administratively prohibited.
    Prohibit = libc::RTN_PROHIBIT,
}

/// The number of an interface.
pub fn index(name: &str) -> io::Result<u32> {
    Ok(rustix::net::netdevice::name_to_index(control_socket()?, name)?)
}

/// The largest IP packet that an interface takes; unit: octets.
pub fn mtu(name: &str) -> io::Result<u32> {
    let request = query::<{ libc::SIOCGIFMTU as Opcode }>(name)?;
    let value = i32::from_ne_bytes([request.value[0], request.value[1], request.value[2], request.value[3]]);
    Ok(u32::try_from(value).unwrap_or(0))
}

/// The hardware address of an Ethernet interface; an interface without one is an error.
pub fn hardware_address(name: &str) -> io::Result<[u8; 6]> {
    let request = query::<{ libc::SIOCGIFHWADDR as Opcode }>(name)?;
    let family = u16::from_ne_bytes([request.value[0], request.value[1]]);
    if family != libc::ARPHRD_ETHER {
        return Err(io::Error::new(io::ErrorKind::Unsupported, format!("{name} is not an Ethernet interface")));
    }
    let mut address = [0; 6];
    address.copy_from_slice(&request.value[2..8]);
    Ok(address)
}

/// Whether an interface is up and its cable carries: what is sent before is lost.
pub fn is_running(name: &str) -> io::Result<bool> {
    let request = query::<{ libc::SIOCGIFFLAGS as Opcode }>(name)?;
    let flags = u16::from_ne_bytes([request.value[0], request.value[1]]);
    Ok(libc::c_int::from(flags) & libc::IFF_RUNNING != 0)
}

/// Waits until a frame that is sent through an interface is not lost: the kernel notices a new cable in its own time.
pub fn await_carrier(name: &str) -> io::Result<()> {
    let end = Instant::now() + CARRIER_PATIENCE;
    while !is_running(name)? {
        if Instant::now() > end {
            return Err(io::ErrorKind::TimedOut.into());
        }
        std::thread::sleep(LOOK_AGAIN);
    }
    // The carrier is told a moment before frames are taken, both under the lock that this request has to wait for.
    set_up(name)
}

/// Brings an interface up.
pub fn set_up(name: &str) -> io::Result<()> {
    let mut message = Message::link(libc::RTM_NEWLINK, 0, index(name)?, libc::IFF_UP as u32);
    message.exchange()
}

/// Takes an interface down.
pub fn set_down(name: &str) -> io::Result<()> {
    let mut message = Message::new(libc::RTM_NEWLINK, 0);
    message.put_link(index(name)?, 0, libc::IFF_UP as u32);
    message.exchange()
}

/// Removes an interface that was made: a device, or a pair of virtual Ethernet interfaces by either end.
pub fn remove(name: &str) -> io::Result<()> {
    let mut message = Message::link(libc::RTM_DELLINK, 0, index(name)?, 0);
    message.exchange()
}

/// Sets the largest IP packet of an interface; unit: octets.
pub fn set_mtu(name: &str, mtu: u32) -> io::Result<()> {
    let mut message = Message::link(libc::RTM_NEWLINK, 0, index(name)?, 0);
    message.put_attribute(libc::IFLA_MTU, &mtu.to_ne_bytes());
    message.exchange()
}

/// Gives an interface an address. An address that it has already is no error. An IPv6 address is usable at once, without
/// duplicate address detection.
pub fn add_address(name: &str, address: IpAddr, prefix_len: u8) -> io::Result<()> {
    let mut message = Message::new(libc::RTM_NEWADDR, libc::NLM_F_CREATE | libc::NLM_F_REPLACE);
    message.put(&[family(address), prefix_len, 0, 0]);
    message.put(&index(name)?.to_ne_bytes());
    message.put_address(libc::IFA_LOCAL, address);
    message.put_address(libc::IFA_ADDRESS, address);
    message.put_attribute(libc::IFA_FLAGS, &libc::IFA_F_NODAD.to_ne_bytes());
    message.exchange()
}

/// Adds a route to the main table. `gateway` and `interface` say where a unicast route leads; other kinds need neither.
pub fn add_route(
    destination: IpAddr,
    prefix_len: u8,
    gateway: Option<IpAddr>,
    interface: Option<&str>,
    kind: RouteKind,
) -> io::Result<()> {
    let scope = match (gateway, kind) {
        (None, RouteKind::Unicast) => libc::RT_SCOPE_LINK,
        _ => libc::RT_SCOPE_UNIVERSE,
    };
    let mut message = Message::new(libc::RTM_NEWROUTE, libc::NLM_F_CREATE | libc::NLM_F_EXCL);
    let table = libc::RT_TABLE_MAIN;
    message.put(&[family(destination), prefix_len, 0, 0, table, libc::RTPROT_BOOT, scope, kind as u8, 0, 0, 0, 0]);
    message.put_address(libc::RTA_DST, destination);
    if let Some(gateway) = gateway {
        message.put_address(libc::RTA_GATEWAY, gateway);
    }
    if let Some(interface) = interface {
        message.put_attribute(libc::RTA_OIF, &index(interface)?.to_ne_bytes());
    }
    message.exchange()
}

/// Makes two Ethernet interfaces joined by a virtual cable, and brings both up.
pub fn add_veth(name: &str, peer: &str) -> io::Result<()> {
    veth(name, peer, 0, None)?;
    set_up(name)?;
    set_up(peer)
}

/// Makes two Ethernet interfaces joined by a virtual cable, the second one in another network namespace. Neither is brought up.
pub fn add_veth_into(name: &str, peer: &str, namespace: BorrowedFd<'_>) -> io::Result<()> {
    // The kernel is slow to notice a cable between two interfaces that it takes for one, by their numbers; the other end gets the
    // first number that is free.
    const NUMBER: u32 = 1_000;
    veth(name, peer, NUMBER, Some(namespace))
}

fn veth(name: &str, peer: &str, number: u32, namespace: Option<BorrowedFd<'_>>) -> io::Result<()> {
    const VETH_INFO_PEER: u16 = 1;
    let mut message = Message::new(libc::RTM_NEWLINK, libc::NLM_F_CREATE | libc::NLM_F_EXCL);
    message.put_link(number, 0, 0);
    message.put_name(name);
    message.nest(libc::IFLA_LINKINFO, |info| {
        info.put_attribute(libc::IFLA_INFO_KIND, b"veth");
        info.nest(libc::IFLA_INFO_DATA, |data| {
            data.nest(VETH_INFO_PEER, |end| {
                end.put_link(0, 0, 0);
                end.put_name(peer);
                if let Some(namespace) = namespace {
                    end.put_attribute(libc::IFLA_NET_NS_FD, &(namespace.as_raw_fd() as u32).to_ne_bytes());
                }
            });
        });
    });
    message.exchange()
}

/// Makes the kernel finish every packet itself before it hands it to the device, and check every packet that the device hands
/// over: checksums are complete, and no packet is larger than the MTU.
pub fn finish_packets(name: &str) -> io::Result<()> {
    for command in [ETHTOOL_STXCSUM, ETHTOOL_SRXCSUM, ETHTOOL_STSO, ETHTOOL_SGSO] {
        let off = EthtoolValue { command, data: 0 };
        let mut request = InterfaceRequest::new(name)?;
        let pointer = (&raw const off).expose_provenance();
        request.value[..size_of::<usize>()].copy_from_slice(&pointer.to_ne_bytes());
        let socket = control_socket()?;
        // SAFETY: SIOCETHTOOL reads a `struct ifreq` whose value is a pointer to a `struct ethtool_value`; these four commands
        // only read that. Both structs have their layouts and live longer than the call.
        let set = unsafe { ioctl(&socket, Setter::<{ libc::SIOCETHTOOL as Opcode }, InterfaceRequest>::new(request)) };
        match set {
            // What the device never does need not be switched off.
            Ok(()) | Err(rustix::io::Errno::OPNOTSUPP) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

const ETHTOOL_SRXCSUM: u32 = 0x15;
const ETHTOOL_STXCSUM: u32 = 0x17;
const ETHTOOL_STSO: u32 = 0x1f;
const ETHTOOL_SGSO: u32 = 0x24;

/// `struct ethtool_value`.
#[repr(C)]
struct EthtoolValue {
    command: u32,
    data: u32,
}

fn family(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => libc::AF_INET as u8,
        IpAddr::V6(_) => libc::AF_INET6 as u8,
    }
}

fn control_socket() -> io::Result<OwnedFd> {
    Ok(rustix::net::socket_with(AddressFamily::INET, SocketType::DGRAM, SocketFlags::CLOEXEC, None)?)
}

/// `struct ifreq`: a name, and a value whose meaning the request decides.
#[repr(C)]
pub(crate) struct InterfaceRequest {
    name: [u8; libc::IFNAMSIZ],
    pub(crate) value: [u8; 24],
}

impl InterfaceRequest {
    pub(crate) fn new(name: &str) -> io::Result<InterfaceRequest> {
        if name.len() > NAME_MAX_OCTETS {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the name of the interface is too long"));
        }
        let mut request = InterfaceRequest { name: [0; libc::IFNAMSIZ], value: [0; 24] };
        request.name[..name.len()].copy_from_slice(name.as_bytes());
        Ok(request)
    }

    /// The name, which the kernel may have completed.
    pub(crate) fn name(&self) -> String {
        let len = self.name.iter().position(|octet| *octet == 0).unwrap_or(self.name.len());
        String::from_utf8_lossy(&self.name[..len]).into_owned()
    }
}

fn query<const OPCODE: Opcode>(name: &str) -> io::Result<InterfaceRequest> {
    let socket = control_socket()?;
    let mut request = InterfaceRequest::new(name)?;
    // SAFETY: the three opcodes used with this function read a name from a `struct ifreq` and write a value into it; the
    // struct has that layout and that size, and lives longer than the call.
    unsafe { ioctl(&socket, Updater::<OPCODE, InterfaceRequest>::new(&mut request)) }?;
    Ok(request)
}

const NETLINK_HEADER_LEN: usize = 16;

/// A request to the kernel's routing socket, built up front to back.
struct Message {
    bytes: Vec<u8>,
}

impl Message {
    fn new(kind: u16, flags: libc::c_int) -> Message {
        let flags = (libc::NLM_F_REQUEST | libc::NLM_F_ACK | flags) as u16;
        let mut message = Message { bytes: vec![0; 4] };
        message.put(&kind.to_ne_bytes());
        message.put(&flags.to_ne_bytes());
        // The sequence number and the sender: there is one request on the socket, and the kernel fills in the sender.
        message.put(&1_u32.to_ne_bytes());
        message.put(&0_u32.to_ne_bytes());
        message
    }

    fn link(kind: u16, flags: libc::c_int, index: u32, set: u32) -> Message {
        let mut message = Message::new(kind, flags);
        message.put_link(index, set, set);
        message
    }

    fn put(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// `struct ifinfomsg`.
    fn put_link(&mut self, index: u32, flags: u32, change: u32) {
        self.put(&[0; 4]);
        self.put(&index.to_ne_bytes());
        self.put(&flags.to_ne_bytes());
        self.put(&change.to_ne_bytes());
    }

    fn put_attribute(&mut self, kind: u16, value: &[u8]) {
        self.nest(kind, |message| message.put(value));
    }

    fn put_name(&mut self, name: &str) {
        self.nest(libc::IFLA_IFNAME, |message| {
            message.put(name.as_bytes());
            message.put(&[0]);
        });
    }

    fn put_address(&mut self, kind: u16, address: IpAddr) {
        match address {
            IpAddr::V4(address) => self.put_attribute(kind, &address.octets()),
            IpAddr::V6(address) => self.put_attribute(kind, &address.octets()),
        }
    }

    /// An attribute: its length, its kind, what `fill` puts, and padding to four octets that the length does not count.
    fn nest(&mut self, kind: u16, fill: impl FnOnce(&mut Message)) {
        let start = self.bytes.len();
        self.put(&[0; 2]);
        self.put(&kind.to_ne_bytes());
        fill(self);
        let len = (self.bytes.len() - start) as u16;
        self.bytes[start..start + 2].copy_from_slice(&len.to_ne_bytes());
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }

    /// Sends the request and waits for the kernel's verdict, which comes at once.
    fn exchange(&mut self) -> io::Result<()> {
        let len = self.bytes.len() as u32;
        self.bytes[..4].copy_from_slice(&len.to_ne_bytes());
        let socket = rustix::net::socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None)?;
        let kernel = netlink::SocketAddrNetlink::new(0, 0);
        rustix::net::sendto(&socket, &self.bytes, SendFlags::empty(), &kernel)?;
        let mut answer = [0; 4096];
        let (len, _) = rustix::net::recv(&socket, &mut answer, RecvFlags::empty())?;
        verdict(&answer[..len])
    }
}

/// Reads the error number of an acknowledgment.
fn verdict(answer: &[u8]) -> io::Result<()> {
    let kind = answer.get(4..6).map(|kind| u16::from_ne_bytes([kind[0], kind[1]]));
    let Some(number) = answer.get(NETLINK_HEADER_LEN..NETLINK_HEADER_LEN + 4) else {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the kernel's answer is too short"));
    };
    if kind != Some(libc::NLMSG_ERROR as u16) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the kernel's answer is no acknowledgment"));
    }
    match i32::from_ne_bytes([number[0], number[1], number[2], number[3]]) {
        0 => Ok(()),
        number => Err(io::Error::from_raw_os_error(-number)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribute_counts_its_header_and_not_its_padding() {
        let mut message = Message { bytes: Vec::new() };
        message.put_attribute(3, b"ab\0");
        assert_eq!(message.bytes[..2], 7_u16.to_ne_bytes());
        assert_eq!(message.bytes[2..4], 3_u16.to_ne_bytes());
        assert_eq!(message.bytes[4..], *b"ab\0\0");
    }

    #[test]
    fn the_kernels_refusal_keeps_its_number() {
        let mut answer = vec![0; NETLINK_HEADER_LEN];
        answer[4..6].copy_from_slice(&(libc::NLMSG_ERROR as u16).to_ne_bytes());
        answer.extend_from_slice(&(-libc::EPERM).to_ne_bytes());
        assert_eq!(verdict(&answer).unwrap_err().raw_os_error(), Some(libc::EPERM));
        assert!(verdict(&answer[..18]).is_err());
    }

    #[test]
    fn loopback_is_there_and_is_no_ethernet() {
        assert!(index("lo").unwrap() > 0);
        assert!(mtu("lo").unwrap() >= 1_280);
        assert_eq!(hardware_address("lo").unwrap_err().kind(), io::ErrorKind::Unsupported);
        assert!(index("a-name-that-is-far-too-long").is_err());
    }
}
