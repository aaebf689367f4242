//! What a link is, as the stack sees it: a medium, an MTU, what it does by itself; and the addresses and routes by which it is
//! reached.
//!
//! These are the values a caller describes a network with. A link has no code here: the caller moves the frames.

use alloc::string::String;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

pub use synsent_wire::ethernet::Address as EthernetAddress;

/// A link of one stack, numbered in the order of `add_link`. Its number is the scope of link-local IPv6 addresses.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct LinkId(u32);

impl LinkId {
    /// The link on which a stack talks to itself. It is always there.
    pub const LOOPBACK: LinkId = LinkId(0);

    /// The number.
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    pub(crate) const fn from_index(index: u32) -> LinkId {
        LinkId(index)
    }
}

impl fmt::Display for LinkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "link {}", self.0)
    }
}

/// What stands before the IP packet in a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Medium {
    /// An Ethernet header; the address is ours.
    Ethernet(EthernetAddress),
    /// Nothing: a frame is an IP packet (TUN).
    Ip,
}

/// What a link does by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Offload {
    /// The link vouches for the transport checksum of every packet that it hands over.
    pub receive_checksum_valid: bool,
    /// The link completes the checksum of TCP segments that carry only the pseudo header's sum.
    pub transmit_checksum: bool,
    /// The link splits TCP segments; the largest IP packet that it takes with a segment size. Unit: octets.
    pub segmentation: Option<u16>,
}

/// How a link is set up.
#[derive(Clone, Debug)]
pub struct LinkConfig {
    /// What people call it.
    pub name: String,
    /// What stands before the IP packet.
    pub medium: Medium,
    /// The largest IP packet. Unit: octets.
    pub mtu: u16,
    /// What it does by itself.
    pub offload: Offload,
    /// How many probes look for another owner of an IPv6 address before it is used (RFC 4862); 0 uses it at once.
    pub duplicate_address_detection: u8,
    /// Whether routers may give this host addresses, routes and an MTU (RFC 4861, RFC 4862).
    pub accept_router_advertisements: bool,
}

impl LinkConfig {
    /// A link with an Ethernet header and the usual MTU of 1500.
    pub fn ethernet(name: &str, address: EthernetAddress) -> LinkConfig {
        LinkConfig { medium: Medium::Ethernet(address), ..LinkConfig::ip(name) }
    }

    /// A link without a header and an MTU of 1500.
    pub fn ip(name: &str) -> LinkConfig {
        LinkConfig {
            name: name.into(),
            medium: Medium::Ip,
            mtu: 1500,
            offload: Offload::default(),
            duplicate_address_detection: 1,
            accept_router_advertisements: false,
        }
    }
}

/// What a link tells about a frame that it hands over.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Received {
    /// The transport checksum is known to be right.
    pub checksum_valid: bool,
    /// The link merged segments of this size into one. Unit: octets of payload.
    pub segment_size: Option<u16>,
}

/// A frame that is to leave.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Transmit {
    /// How many octets of the buffer are the frame.
    pub len: usize,
    /// What the link has to finish.
    pub offload: Option<SegmentOffload>,
}

/// What is left to the link; only links that offer it are given any. Offsets count from the beginning of the frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SegmentOffload {
    /// Where the octets under the checksum begin.
    pub checksum_start: u16,
    /// Where the checksum stands, counted from `checksum_start`.
    pub checksum_offset: u16,
    /// The payload of each segment to split into; `None`: there is only the checksum to finish.
    pub segment_size: Option<u16>,
    /// The octets of all headers.
    pub header_len: u16,
    /// The packet is an IPv6 packet.
    pub ipv6: bool,
}

/// An address and how many of its leading bits name the network.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Cidr {
    addr: IpAddr,
    prefix_len: u8,
}

impl Cidr {
    /// `None` when the prefix is longer than the address.
    pub const fn new(addr: IpAddr, prefix_len: u8) -> Option<Cidr> {
        let bits = if addr.is_ipv4() { 32 } else { 128 };
        if prefix_len > bits { None } else { Some(Cidr { addr, prefix_len }) }
    }

    /// The address alone.
    pub const fn host(addr: IpAddr) -> Cidr {
        Cidr { addr, prefix_len: if addr.is_ipv4() { 32 } else { 128 } }
    }

    /// The address, host bits included.
    #[inline]
    pub const fn addr(&self) -> IpAddr {
        self.addr
    }

    /// How many leading bits name the network.
    #[inline]
    pub const fn prefix_len(&self) -> u8 {
        self.prefix_len
    }

    /// Whether an address is in the network; one of the other family never is.
    #[inline]
    pub fn contains(&self, other: IpAddr) -> bool {
        match (self.addr, other) {
            (IpAddr::V4(ours), IpAddr::V4(other)) => {
                (ours.to_bits() ^ other.to_bits()).checked_shr(32 - u32::from(self.prefix_len)).unwrap_or(0) == 0
            }
            (IpAddr::V6(ours), IpAddr::V6(other)) => {
                (ours.to_bits() ^ other.to_bits()).checked_shr(128 - u32::from(self.prefix_len)).unwrap_or(0) == 0
            }
            _ => false,
        }
    }

    /// The same network with all host bits zero.
    pub fn network(&self) -> Cidr {
        let addr = match self.addr {
            IpAddr::V4(addr) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix_len)).unwrap_or(0);
                IpAddr::V4(Ipv4Addr::from_bits(addr.to_bits() & mask))
            }
            IpAddr::V6(addr) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix_len)).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from_bits(addr.to_bits() & mask))
            }
        };
        Cidr { addr, prefix_len: self.prefix_len }
    }

    /// The address of all hosts of an IPv4 network; networks of two addresses or one have none (RFC 3021).
    pub fn broadcast(&self) -> Option<Ipv4Addr> {
        match self.addr {
            IpAddr::V4(addr) if self.prefix_len < 31 => {
                let mask = u32::MAX.checked_shr(u32::from(self.prefix_len)).unwrap_or(0);
                Some(Ipv4Addr::from_bits(addr.to_bits() | mask))
            }
            _ => None,
        }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.addr, self.prefix_len)
    }
}

/// The text is not `ADDRESS/PREFIX`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ParseCidrError;

impl fmt::Display for ParseCidrError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not of the form ADDRESS/PREFIX, such as 10.9.0.2/24 or fd00::2/64")
    }
}

impl core::error::Error for ParseCidrError {}

impl FromStr for Cidr {
    type Err = ParseCidrError;

    fn from_str(text: &str) -> Result<Cidr, ParseCidrError> {
        let (addr, prefix_len) = text.split_once('/').ok_or(ParseCidrError)?;
        let addr = addr.parse().map_err(|_| ParseCidrError)?;
        let prefix_len = prefix_len.parse().map_err(|_| ParseCidrError)?;
        Cidr::new(addr, prefix_len).ok_or(ParseCidrError)
    }
}

/// What a route does with packets.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum RouteKind {
    /// They go on.
    #[default]
    Unicast,
    /// They are refused; a router says so to the sender.
    Unreachable,
    /// They are refused as forbidden; a router says so to the sender.
    Prohibit,
    /// They vanish.
    Blackhole,
}

/// An entry of the routing table. The longest prefix wins, then the smallest metric, then the oldest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Route {
    /// Which packets.
    pub destination: Cidr,
    /// The router that they go to; `None`: the destination is on the link.
    pub gateway: Option<IpAddr>,
    /// The link that they leave by; `None`: the one on which the gateway is a neighbour.
    pub link: Option<LinkId>,
    /// Among routes of one prefix length the smallest wins.
    pub metric: u32,
    /// What happens to them.
    pub kind: RouteKind,
}

impl Route {
    /// Everything of the gateway's family goes to the gateway.
    pub fn default_via(gateway: IpAddr) -> Route {
        let any = if gateway.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        Route::via(Cidr { addr: any, prefix_len: 0 }, gateway)
    }

    /// The network is behind the gateway.
    pub const fn via(destination: Cidr, gateway: IpAddr) -> Route {
        Route { destination, gateway: Some(gateway), link: None, metric: 0, kind: RouteKind::Unicast }
    }

    /// The network is on the link.
    pub const fn on_link(destination: Cidr, link: LinkId) -> Route {
        Route { destination, gateway: None, link: Some(link), metric: 0, kind: RouteKind::Unicast }
    }

    /// Packets to the network are refused or vanish.
    pub const fn refusing(destination: Cidr, kind: RouteKind) -> Route {
        Route { destination, gateway: None, link: None, metric: 0, kind }
    }
}

/// Why an address was not added.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AddressError {
    /// There is no such link.
    NoSuchLink,
    /// No host may have it: unspecified, broadcast, multicast, or loopback on a real link.
    Invalid,
    /// It is there already.
    Exists,
    /// The link has as many as it may have.
    TooMany,
    /// It is not there.
    NotFound,
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AddressError::NoSuchLink => "the link does not exist",
            AddressError::Invalid => "no host may have this address",
            AddressError::Exists => "the address is assigned already",
            AddressError::TooMany => "too many addresses",
            AddressError::NotFound => "the address is not assigned",
        })
    }
}

impl core::error::Error for AddressError {}

/// Why a route was not added.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RouteError {
    /// The link does not exist, or none was named and none follows from the gateway.
    NoSuchLink,
    /// The gateway is on no link of ours.
    GatewayUnreachable,
    /// Destination and gateway are of different families.
    FamilyMismatch,
    /// The gateway is no host's address, or one of ours.
    GatewayInvalid,
    /// The same route is there already.
    Exists,
    /// The table is full.
    TooMany,
    /// It is not there.
    NotFound,
}

impl fmt::Display for RouteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RouteError::NoSuchLink => "the link does not exist, or none follows from the gateway",
            RouteError::GatewayUnreachable => "the gateway is on no link of ours",
            RouteError::FamilyMismatch => "destination and gateway are of different families",
            RouteError::GatewayInvalid => "the gateway is no host's address, or one of ours",
            RouteError::Exists => "the route exists already",
            RouteError::TooMany => "too many routes",
            RouteError::NotFound => "the route does not exist",
        })
    }
}

impl core::error::Error for RouteError {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn a_cidr_is_read_and_shown() {
        let cidr: Cidr = "10.9.0.2/24".parse().unwrap();
        assert_eq!((cidr.to_string().as_str(), cidr.network().to_string().as_str()), ("10.9.0.2/24", "10.9.0.0/24"));
        assert_eq!(cidr.broadcast(), Some(Ipv4Addr::new(10, 9, 0, 255)));
        for wrong in ["10.9.0.2", "10.9.0.2/33", "fd00::/129", "x/1", ""] {
            assert_eq!(wrong.parse::<Cidr>(), Err(ParseCidrError));
        }
    }

    #[test]
    fn the_edges_of_prefix_lengths_contain_what_they_should() {
        let has = |cidr: &str, addr: &str| cidr.parse::<Cidr>().unwrap().contains(addr.parse().unwrap());
        assert!(has("0.0.0.0/0", "203.0.113.9") && has("::/0", "2001:db8::1"));
        assert!(!has("0.0.0.0/0", "::1") && !has("::/0", "10.0.0.1"));
        assert!(has("10.0.0.1/32", "10.0.0.1") && !has("10.0.0.1/32", "10.0.0.0"));
        assert!(has("fd00::1/128", "fd00::1") && !has("fd00::1/128", "fd00::"));
        assert!(has("10.0.0.9/31", "10.0.0.8") && !has("10.0.0.9/31", "10.0.0.10"));
        assert_eq!("10.0.0.9/31".parse::<Cidr>().unwrap().broadcast(), None);
        assert_eq!("10.0.0.9/0".parse::<Cidr>().unwrap().broadcast(), Some(Ipv4Addr::BROADCAST));
    }
}
