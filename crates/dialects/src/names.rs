//! The layout of socket names in a caller's memory: decoding with every fact about what is wrong, and encoding.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

use synsent_sockets::{Domain, Fault, LocalName, Name, Pointer, PointerMut};

use crate::page::{Fact, Facts};

/// How a dialect numbers families and lays names out. Ports and addresses stand in the order of the network; family, flow
/// information and scope in the machine's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NameFormat {
    /// The number of "unspecified".
    pub unspecified: u16,
    /// The number of IPv4.
    pub inet4: u16,
    /// The number of IPv6, where it has it.
    pub inet6: Option<u16>,
    /// The number of the local domain, where it has it.
    pub local: Option<u16>,
    /// The longest path that a local name holds, without a final zero; unit: octets.
    pub local_path_octets: usize,
}

/// The size of the number of a family.
const FAMILY_OCTETS: usize = 2;
/// The size of a name of IPv4: family, port, address, eight octets of nothing.
pub(crate) const INET4_OCTETS: usize = 16;
/// The size of a name of IPv6: family, port, flow information, address, scope.
pub(crate) const INET6_OCTETS: usize = 28;
/// Where the path of a local name begins.
pub(crate) const LOCAL_PATH_AT: usize = 2;

/// What a name in a caller's memory says.
pub(crate) struct Decoded {
    /// What is wrong with it, and what its address is.
    pub(crate) facts: Facts,
    /// The name, where there is one.
    pub(crate) name: Option<Name>,
}

impl Decoded {
    fn only(facts: Facts) -> Decoded {
        Decoded { facts, name: None }
    }
}

impl NameFormat {
    /// The domain of a family number.
    pub(crate) fn domain(&self, family: i32) -> Option<Domain> {
        let family = u16::try_from(family).ok()?;
        if family == self.inet4 {
            Some(Domain::Inet4)
        } else if self.inet6 == Some(family) {
            Some(Domain::Inet6)
        } else if self.local == Some(family) {
            Some(Domain::Local)
        } else {
            None
        }
    }

    /// The number of a domain.
    pub(crate) fn family(&self, domain: Domain) -> u16 {
        match domain {
            Domain::Inet4 => self.inet4,
            // A socket of a domain that the dialect lacks cannot exist in it.
            Domain::Inet6 => self.inet6.unwrap_or(self.unspecified),
            Domain::Local => self.local.unwrap_or(self.unspecified),
        }
    }

    /// The largest size of a name of a domain.
    pub(crate) fn octets(&self, domain: Domain) -> usize {
        match domain {
            Domain::Inet4 => INET4_OCTETS,
            Domain::Inet6 => INET6_OCTETS,
            // One more for the zero that ends it, or for the octet that makes it too long.
            Domain::Local => LOCAL_PATH_AT + self.local_path_octets + 1,
        }
    }

    /// The smallest size of a name of a domain.
    pub(crate) fn octets_min(&self, domain: Domain) -> usize {
        match domain {
            Domain::Local => LOCAL_PATH_AT,
            _ => self.octets(domain),
        }
    }

    /// Reads a name for a socket of this domain. A name of another family is measured leniently, so that the family is what is
    /// wrong with it.
    pub(crate) fn decode(&self, pointer: Pointer<'_>, len: i32, socket: Domain) -> Decoded {
        if pointer.is_null() {
            return Decoded::only(Fact::NullName.alone());
        }
        let len = usize::try_from(len).unwrap_or(0);
        let mut family = [0; FAMILY_OCTETS];
        if len < family.len() {
            return Decoded::only(Fact::ShortName.alone());
        }
        if pointer.read(0, &mut family).is_err() {
            return Decoded::only(Fact::UnreadableName.alone());
        }
        let family = u16::from_ne_bytes(family);
        if self.domain(i32::from(family)) != Some(socket) {
            let least = self.octets_min(socket).min(INET4_OCTETS);
            let is_there = pointer.read(0, &mut [0; INET4_OCTETS][..len.min(least)]).is_ok();
            let unspecified = Fact::UnspecifiedFamily.when(family == self.unspecified);
            return Decoded::only(
                Fact::WrongFamily.alone()
                    | Fact::ShortName.when(len < least)
                    | Fact::UnreadableName.when(!is_there)
                    | unspecified,
            );
        }
        let facts =
            Fact::ShortName.when(len < self.octets_min(socket)) | Fact::LongName.when(len > self.octets(socket));
        if facts.has(Fact::ShortName) {
            return Decoded::only(facts);
        }
        match self.read(pointer, len, socket) {
            Some(name) => Decoded { facts: facts | self.facts(&name, socket), name: Some(name) },
            None => Decoded::only(facts | Fact::UnreadableName.alone()),
        }
    }

    /// What a name is by itself, for a socket of this domain; what it is on a network, the network has to be asked.
    pub(crate) fn facts(&self, name: &Name, socket: Domain) -> Facts {
        let of_address = match name {
            Name::Inet(address) => {
                Fact::ZeroAddress.when(address.ip().is_unspecified()) | Fact::ZeroPort.when(address.port() == 0)
            }
            Name::Local(local) => {
                let is_long = local.path().len() > self.local_path_octets;
                Fact::BlankPath.when(local.path().is_empty()) | Fact::LongPath.when(is_long)
            }
        };
        of_address | Fact::WrongFamily.when(name.domain() != socket)
    }

    fn read(&self, pointer: Pointer<'_>, len: usize, domain: Domain) -> Option<Name> {
        let mut octets = [0; INET6_OCTETS];
        match domain {
            Domain::Local => {
                let mut path = vec![0; len.min(self.octets(domain)) - LOCAL_PATH_AT];
                pointer.read(LOCAL_PATH_AT, &mut path).ok()?;
                return Some(Name::Local(LocalName::new(&path)));
            }
            Domain::Inet4 => pointer.read(0, &mut octets[..INET4_OCTETS]).ok()?,
            Domain::Inet6 => pointer.read(0, &mut octets).ok()?,
        }
        let port = u16::from_be_bytes([octets[2], octets[3]]);
        let [_, _, _, _, a, b, c, d, ..] = octets;
        if domain == Domain::Inet4 {
            return Some(Name::Inet(SocketAddr::new(IpAddr::V4(Ipv4Addr::new(a, b, c, d)), port)));
        }
        let flow = u32::from_ne_bytes([a, b, c, d]);
        let address: [u8; 16] = octets[8..24].try_into().ok()?;
        let scope = u32::from_ne_bytes(octets[24..28].try_into().ok()?);
        Some(Name::Inet(SocketAddr::V6(SocketAddrV6::new(Ipv6Addr::from(address), port, flow, scope))))
    }

    /// A name as the dialect lays it out.
    pub fn encode(&self, name: &Name) -> Vec<u8> {
        match name {
            Name::Inet(address) => {
                let (octets, size) = self.encode_inet(address);
                octets[..size].to_vec()
            }
            Name::Local(local) => {
                let mut octets = self.family(Domain::Local).to_ne_bytes().to_vec();
                octets.extend(local.path());
                if !local.path().is_empty() {
                    octets.push(0);
                }
                octets
            }
        }
    }

    fn encode_inet(&self, address: &SocketAddr) -> ([u8; INET6_OCTETS], usize) {
        let mut octets = [0; INET6_OCTETS];
        octets[2..4].copy_from_slice(&address.port().to_be_bytes());
        let (domain, size) = match address {
            SocketAddr::V4(address) => {
                octets[4..8].copy_from_slice(&address.ip().octets());
                (Domain::Inet4, INET4_OCTETS)
            }
            SocketAddr::V6(address) => {
                octets[4..8].copy_from_slice(&address.flowinfo().to_ne_bytes());
                octets[8..24].copy_from_slice(&address.ip().octets());
                octets[24..].copy_from_slice(&address.scope_id().to_ne_bytes());
                (Domain::Inet6, INET6_OCTETS)
            }
        };
        octets[..2].copy_from_slice(&self.family(domain).to_ne_bytes());
        (octets, size)
    }

    /// Writes a name into a caller's memory, as much as there is room for, and its whole length beside it.
    ///
    /// # Errors
    /// When the memory cannot be read or written, or the room is negative.
    pub(crate) fn write(&self, name: &Name, into: &mut PointerMut<'_>, len: &mut PointerMut<'_>) -> Result<(), Fault> {
        let room = usize::try_from(len.read_i32()?).map_err(|_| Fault)?;
        let size = match name {
            Name::Inet(address) => {
                let (octets, size) = self.encode_inet(address);
                into.write(0, &octets[..size.min(room)])?;
                size
            }
            Name::Local(_) => {
                let octets = self.encode(name);
                into.write(0, &octets[..octets.len().min(room)])?;
                octets.len()
            }
        };
        len.write_i32(size as i32)
    }
}
