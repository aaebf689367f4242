//! Names of sockets: an address and port of IPv4 or IPv6, or a path of the local domain.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The communications domain of a socket.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Domain {
    /// IPv4.
    Inet4,
    /// IPv6.
    Inet6,
    /// Paths of one machine.
    Local,
}

/// What a socket carries.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// Octets in order: TCP, or a local stream.
    Stream,
    /// Single datagrams: UDP, or local datagrams.
    Datagram,
}

/// The longest path that a local name holds, without a final zero; unit: octets.
pub const LOCAL_PATH_MAX: usize = 4_096;

/// A name of the local domain: a path in octets, as file systems have them; empty for a socket without a name.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct LocalName(Vec<u8>);

/// The name of a socket or of its peer.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Name {
    /// An address and a port.
    Inet(SocketAddr),
    /// A path.
    Local(LocalName),
}

impl LocalName {
    /// The path, cut off before its first zero octet.
    pub fn new(path: &[u8]) -> LocalName {
        let end = path.iter().position(|octet| *octet == 0).unwrap_or(path.len());
        LocalName(path[..end].to_vec())
    }

    /// The octets of the path.
    pub fn path(&self) -> &[u8] {
        &self.0
    }
}

impl Name {
    /// The domain that this name belongs to.
    pub fn domain(&self) -> Domain {
        match self {
            Name::Inet(SocketAddr::V4(_)) => Domain::Inet4,
            Name::Inet(SocketAddr::V6(_)) => Domain::Inet6,
            Name::Local(_) => Domain::Local,
        }
    }

    /// The name that says nothing: any address, port zero, no path.
    pub fn unspecified(domain: Domain) -> Name {
        match domain {
            Domain::Inet4 => Name::Inet(SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0)),
            Domain::Inet6 => Name::Inet(SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), 0)),
            Domain::Local => Name::Local(LocalName::default()),
        }
    }

    /// Address and port, where it has them.
    pub fn inet(&self) -> Option<SocketAddr> {
        match self {
            Name::Inet(address) => Some(*address),
            Name::Local(_) => None,
        }
    }
}

impl From<SocketAddr> for Name {
    fn from(address: SocketAddr) -> Name {
        Name::Inet(address)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Name::Inet(address) => write!(f, "{address}"),
            Name::Local(local) => write!(f, "{local}"),
        }
    }
}

impl fmt::Display for LocalName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("(no name)");
        }
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl fmt::Debug for LocalName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
