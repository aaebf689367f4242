//! The names of networks, parsed here and nowhere else.
//!
//! `tun:NAME:OUR-ADDRESS/PREFIX[:KERNEL-ADDRESS]`, `tap:…` likewise, `packet:INTERFACE:OUR-ADDRESS/PREFIX`. IPv6 addresses
//! stand in brackets: `tun:t0:[fd00::2]/64:[fd00::1]`. With a kernel address the kernel's end of the device gets it, is
//! brought up, and is the way to everywhere else; without, the device is taken as somebody set it up. Parsing touches nothing.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use synsent_stack::Cidr;
use thiserror::Error;

use crate::interface::NAME_MAX_OCTETS;

/// What kind of device a network is on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NetworkKind {
    /// A TUN device: IP packets.
    Tun,
    /// A TAP device: Ethernet frames.
    Tap,
    /// A packet socket on an interface of the kernel.
    Packet,
}

impl NetworkKind {
    /// The word before the first colon.
    pub const fn word(self) -> &'static str {
        match self {
            NetworkKind::Tun => "tun",
            NetworkKind::Tap => "tap",
            NetworkKind::Packet => "packet",
        }
    }
}

/// The name of a network.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NetworkName {
    /// The kind of device.
    pub kind: NetworkKind,
    /// The name of the device or interface.
    pub device: String,
    /// Our address and the prefix of its network.
    pub address: Cidr,
    /// The kernel's address on the same network.
    pub kernel: Option<IpAddr>,
}

/// What is wrong with the name of a network.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum NameError {
    /// The first word is none of ours.
    #[error("`{0}` is no kind of network: it must begin with tun:, tap: or packet:")]
    UnknownKind(String),
    /// The name of the device is missing.
    #[error("the name of the device is missing: {0}:NAME:OUR-ADDRESS/PREFIX")]
    NoDevice(&'static str),
    /// The kernel would not take the name of the device.
    #[error("`{0}` cannot be the name of a device: 1 to 15 characters, no slash, colon or space, not . or ..")]
    BadDevice(String),
    /// Our address is missing.
    #[error("our address is missing: {0}:{1}:OUR-ADDRESS/PREFIX")]
    NoAddress(&'static str, String),
    /// Our address has no prefix length.
    #[error("the prefix length of {0} is missing: write {0}/24 or what the network has")]
    NoPrefix(String),
    /// The prefix length is no number, or longer than the address.
    #[error("`{prefix}` cannot be the prefix length of {address}: 0 to {max}")]
    BadPrefix {
        /// The text.
        prefix: String,
        /// The address before it.
        address: IpAddr,
        /// The longest.
        max: u8,
    },
    /// The text is no IP address.
    #[error("`{0}` is no IP address")]
    BadAddress(String),
    /// An IPv6 address stands without brackets.
    #[error("an IPv6 address stands in brackets here: [{0}]")]
    NoBrackets(String),
    /// A bracket does not close.
    #[error("the bracket before `{0}` does not close")]
    OpenBracket(String),
    /// No host may have the address.
    #[error("{0} cannot be the address of a host")]
    NotAHost(IpAddr),
    /// Ours and the kernel's address are of two families.
    #[error("our address {ours} and the kernel's {kernel} are of different families")]
    OtherFamily {
        /// Ours.
        ours: IpAddr,
        /// The kernel's.
        kernel: IpAddr,
    },
    /// The kernel's address is on another network.
    #[error("the kernel's address {kernel} is not on the network of {ours}")]
    OtherNetwork {
        /// Ours.
        ours: String,
        /// The kernel's.
        kernel: IpAddr,
    },
    /// Both ends have one address.
    #[error("our address and the kernel's are both {0}: the two ends need different ones")]
    SameAddress(IpAddr),
    /// A packet socket's interface is the kernel's own.
    #[error("packet: takes no kernel address, the interface has what the kernel gave it; `{0}` is too much")]
    KernelOnPacket(String),
    /// Something follows that means nothing.
    #[error("`{0}` at the end means nothing here")]
    Trailing(String),
}

impl FromStr for NetworkName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<NetworkName, NameError> {
        let (word, rest) = text.split_once(':').unwrap_or((text, ""));
        let kinds = [NetworkKind::Tun, NetworkKind::Tap, NetworkKind::Packet];
        let kind = kinds.into_iter().find(|kind| kind.word() == word);
        let kind = kind.ok_or_else(|| NameError::UnknownKind(word.into()))?;
        let (device, rest) = rest.split_once(':').unwrap_or((rest, ""));
        let device = device_name(kind, device)?;
        if rest.is_empty() {
            return Err(NameError::NoAddress(kind.word(), device));
        }
        let (address, rest) = take_cidr(rest)?;
        let kernel = match rest {
            "" => None,
            rest if kind == NetworkKind::Packet => return Err(NameError::KernelOnPacket(rest.into())),
            rest => Some(kernel_address(&address, &rest[1..])?),
        };
        Ok(NetworkName { kind, device, address, kernel })
    }
}

impl fmt::Display for NetworkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = Bracketed(self.address.addr());
        write!(f, "{}:{}:{address}/{}", self.kind.word(), self.device, self.address.prefix_len())?;
        match self.kernel {
            Some(kernel) => write!(f, ":{}", Bracketed(kernel)),
            None => Ok(()),
        }
    }
}

/// An address as it stands beside a colon.
struct Bracketed(IpAddr);

impl fmt::Display for Bracketed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => write!(f, "{address}"),
            IpAddr::V6(address) => write!(f, "[{address}]"),
        }
    }
}

fn device_name(kind: NetworkKind, text: &str) -> Result<String, NameError> {
    let good = |c: char| !c.is_whitespace() && !c.is_control() && c != '/';
    match text {
        "" => Err(NameError::NoDevice(kind.word())),
        "." | ".." => Err(NameError::BadDevice(text.into())),
        _ if text.len() > NAME_MAX_OCTETS || !text.chars().all(good) => Err(NameError::BadDevice(text.into())),
        _ => Ok(text.into()),
    }
}

/// The address at the start of the text, and what follows it.
fn take_address(text: &str) -> Result<(IpAddr, &str), NameError> {
    if let Some(inside) = text.strip_prefix('[') {
        let (inside, rest) = inside.split_once(']').ok_or_else(|| NameError::OpenBracket(inside.into()))?;
        let address: IpAddr = inside.parse().map_err(|_| NameError::BadAddress(inside.into()))?;
        return Ok((address, rest));
    }
    // Without brackets the whole text may be an IPv6 address, whose colons would be taken for the name's.
    let unbracketed = text.split('/').next().unwrap_or(text);
    if let Ok(IpAddr::V6(address)) = unbracketed.parse() {
        return Err(NameError::NoBrackets(address.to_string()));
    }
    let end = text.find(['/', ':']).unwrap_or(text.len());
    let address = text[..end].parse().map_err(|_| NameError::BadAddress(text[..end].into()))?;
    Ok((address, &text[end..]))
}

/// The address with its prefix length at the start of the text, and what follows: nothing, or a colon and more.
fn take_cidr(text: &str) -> Result<(Cidr, &str), NameError> {
    let (address, rest) = take_address(text)?;
    let Some(rest) = rest.strip_prefix('/') else {
        return match rest.chars().next() {
            None | Some(':') => Err(NameError::NoPrefix(Bracketed(address).to_string())),
            Some(_) => Err(NameError::Trailing(rest.into())),
        };
    };
    let end = rest.find(':').unwrap_or(rest.len());
    let (prefix, rest) = rest.split_at(end);
    let max = if address.is_ipv4() { 32 } else { 128 };
    let digits = !prefix.is_empty() && prefix.bytes().all(|octet| octet.is_ascii_digit());
    let cidr = prefix.parse().ok().filter(|_| digits).and_then(|prefix_len| Cidr::new(address, prefix_len));
    let cidr = cidr.ok_or(NameError::BadPrefix { prefix: prefix.into(), address, max })?;
    host_address(&cidr, address)?;
    Ok((cidr, rest))
}

fn kernel_address(ours: &Cidr, text: &str) -> Result<IpAddr, NameError> {
    let (kernel, rest) = take_address(text)?;
    if !rest.is_empty() {
        return Err(NameError::Trailing(rest.into()));
    }
    if kernel.is_ipv4() != ours.addr().is_ipv4() {
        return Err(NameError::OtherFamily { ours: ours.addr(), kernel });
    }
    if kernel == ours.addr() {
        return Err(NameError::SameAddress(kernel));
    }
    if !ours.contains(kernel) {
        return Err(NameError::OtherNetwork { ours: ours.to_string(), kernel });
    }
    host_address(ours, kernel)?;
    Ok(kernel)
}

/// Refuses what no host may have: unspecified, loopback, multicast, and the two ends of an IPv4 network.
fn host_address(network: &Cidr, address: IpAddr) -> Result<(), NameError> {
    let edge = match address {
        IpAddr::V4(v4) => {
            v4.is_broadcast()
                || network.broadcast() == Some(v4)
                || (network.prefix_len() < 31 && network.network().addr() == address)
        }
        IpAddr::V6(_) => false,
    };
    if edge || address.is_unspecified() || address.is_loopback() || address.is_multicast() {
        return Err(NameError::NotAHost(address));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<NetworkName, NameError> {
        text.parse()
    }

    #[test]
    fn every_form_is_read_and_shown_again() {
        for text in [
            "tun:t0:10.9.0.2/24",
            "tun:t0:10.9.0.2/24:10.9.0.1",
            "tap:lab-1:192.168.5.9/16:192.168.0.1",
            "tun:t0:[fd00::2]/64:[fd00::1]",
            "packet:eth0:10.9.0.2/24",
            "packet:eth0.5:[fd00::2]/64",
            "tun:t0:10.9.0.0/31:10.9.0.1",
        ] {
            assert_eq!(parse(text).map(|name| name.to_string()), Ok(text.into()));
        }
        let name = parse("tap:x:[fd00::2]/64:[fd00::1]").unwrap();
        assert_eq!(name.kind, NetworkKind::Tap);
        assert_eq!(name.device, "x");
        assert_eq!(name.address, "fd00::2/64".parse().unwrap());
        assert_eq!(name.kernel, Some("fd00::1".parse().unwrap()));
    }

    #[test]
    fn every_mistake_has_its_own_words() {
        let said = |text: &str| parse(text).unwrap_err().to_string();
        for (text, words) in [
            ("", "`` is no kind of network: it must begin with tun:, tap: or packet:"),
            ("eth0", "`eth0` is no kind of network: it must begin with tun:, tap: or packet:"),
            ("tun", "the name of the device is missing: tun:NAME:OUR-ADDRESS/PREFIX"),
            ("tun::10.9.0.2/24", "the name of the device is missing: tun:NAME:OUR-ADDRESS/PREFIX"),
            (
                "tun:a-name-that-is-too-long:10.9.0.2/24",
                "`a-name-that-is-too-long` cannot be the name of a device: 1 to 15 characters, no slash, colon or space, \
                 not . or ..",
            ),
            ("tun:t0", "our address is missing: tun:t0:OUR-ADDRESS/PREFIX"),
            ("tun:t0:10.9.0.2", "the prefix length of 10.9.0.2 is missing: write 10.9.0.2/24 or what the network has"),
            ("tun:t0:10.9.0.2/33", "`33` cannot be the prefix length of 10.9.0.2: 0 to 32"),
            ("tun:t0:10.9.0.2/+8", "`+8` cannot be the prefix length of 10.9.0.2: 0 to 32"),
            ("tun:t0:[fd00::2]/129", "`129` cannot be the prefix length of fd00::2: 0 to 128"),
            ("tun:t0:10.9.2/24", "`10.9.2` is no IP address"),
            ("tun:t0:fd00::2/64", "an IPv6 address stands in brackets here: [fd00::2]"),
            ("tun:t0:[fd00::2/64", "the bracket before `fd00::2/64` does not close"),
            ("tun:t0:10.9.0.0/24", "10.9.0.0 cannot be the address of a host"),
            ("tun:t0:10.9.0.255/24", "10.9.0.255 cannot be the address of a host"),
            ("tun:t0:224.0.0.1/24", "224.0.0.1 cannot be the address of a host"),
            ("tun:t0:[::1]/64", "::1 cannot be the address of a host"),
            ("tun:t0:10.9.0.2/24:[fd00::1]", "our address 10.9.0.2 and the kernel's fd00::1 are of different families"),
            ("tun:t0:10.9.0.2/24:10.8.0.1", "the kernel's address 10.8.0.1 is not on the network of 10.9.0.2/24"),
            (
                "tun:t0:10.9.0.2/24:10.9.0.2",
                "our address and the kernel's are both 10.9.0.2: the two ends need different ones",
            ),
            ("tun:t0:10.9.0.2/24:10.9.0.1:80", "`:80` at the end means nothing here"),
            ("tun:t0:10.9.0.2/24:", "`` is no IP address"),
            (
                "packet:eth0:10.9.0.2/24:10.9.0.1",
                "packet: takes no kernel address, the interface has what the kernel gave it; `:10.9.0.1` is too much",
            ),
        ] {
            assert_eq!(said(text), words, "for {text}");
        }
    }
}
