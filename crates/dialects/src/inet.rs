//! Addresses as texts and as numbers: BSD's notations with dots, and the presentation of both families.
//!
//! Everything here is a function of its arguments; no system has to be started for it. Numbers in the order of the network are four
//! octets, and numbers in the machine's order are numbers, so the two cannot be taken for each other.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

/// The longest text of an address of IPv4, with its zero; unit: octets.
pub const INET_ADDRSTRLEN: usize = 16;
/// The longest text of an address of IPv6, with its zero; unit: octets.
pub const INET6_ADDRSTRLEN: usize = 46;

/// An address in one of the notations `a.b.c.d`, `a.b.c`, `a.b` and `a`, each number decimal, octal or hexadecimal as in C; the last
/// one fills what is left. White space ends the text.
pub fn inet_aton(text: &str) -> Option<[u8; 4]> {
    let text = text.split(|one: char| one.is_ascii_whitespace() || one == '\x0b').next()?;
    let numbers: Vec<u32> = text.split('.').map(number).collect::<Option<_>>()?;
    let (last, firsts) = numbers.split_last()?;
    if firsts.len() > 3 || firsts.iter().any(|one| *one > 0xff) {
        return None;
    }
    let room = 32 - 8 * firsts.len() as u32;
    if u64::from(*last) >= 1 << room {
        return None;
    }
    let firsts = firsts.iter().fold(0_u64, |all, one| all << 8 | u64::from(*one));
    Some(((firsts << room) as u32 | last).to_be_bytes())
}

/// The number of a network in the machine's order: up to four numbers of at most eight bits, each as in [`inet_aton`].
pub fn inet_network(text: &str) -> Option<u32> {
    let text = text.split(|one: char| one.is_ascii_whitespace() || one == '\x0b').next()?;
    let numbers: Vec<u32> = text.split('.').map(number).collect::<Option<_>>()?;
    let fits = numbers.len() <= 4 && numbers.iter().all(|one| *one <= 0xff);
    fits.then(|| numbers.iter().fold(0, |all, one| all << 8 | one))
}

/// The text of an address: four numbers with dots.
pub fn inet_ntoa(address: [u8; 4]) -> String {
    Ipv4Addr::from(address).to_string()
}

/// An address of a network and a host on it; how many bits the network has is told by its size.
pub fn inet_makeaddr(network: u32, host: u32) -> [u8; 4] {
    let address = match network {
        0..0x80 => network << 24 | host & 0x00ff_ffff,
        0x80..0x1_0000 => network << 16 | host & 0xffff,
        0x1_0000..0x100_0000 => network << 8 | host & 0xff,
        _ => network | host,
    };
    address.to_be_bytes()
}

/// The number of the host in an address, by the address' class.
pub fn inet_lnaof(address: [u8; 4]) -> u32 {
    u32::from_be_bytes(address) & ((1 << host_bits(address)) - 1)
}

/// The number of the network in an address, by the address' class.
pub fn inet_netof(address: [u8; 4]) -> u32 {
    u32::from_be_bytes(address) >> host_bits(address)
}

/// An address of IPv4 as [`inet_ntop`](inet_ntop4) writes it: four decimal numbers, none with a zero before it.
pub fn inet_pton4(text: &str) -> Option<[u8; 4]> {
    text.parse::<Ipv4Addr>().ok().map(|address| address.octets())
}

/// An address of IPv6 in any of the notations of RFC 4291, section 2.2.
pub fn inet_pton6(text: &str) -> Option<[u8; 16]> {
    text.parse::<Ipv6Addr>().ok().map(|address| address.octets())
}

/// The text of an address of IPv4.
pub fn inet_ntop4(address: [u8; 4]) -> String {
    inet_ntoa(address)
}

/// The text of an address of IPv6, as RFC 5952 wants it.
pub fn inet_ntop6(address: [u8; 16]) -> String {
    Ipv6Addr::from(address).to_string()
}

/// The address of IPv4 in a text, perhaps with a port behind a colon.
pub fn socket_address4(text: &str) -> Option<SocketAddr> {
    let (address, port) = match text.split_once(':') {
        Some((address, port)) => (address, port_number(port)?),
        None => (text, 0),
    };
    if address.contains(|one: char| one.is_ascii_whitespace()) {
        return None;
    }
    Some(SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::from(inet_aton(address)?), port)))
}

/// The address of IPv6 in a text, perhaps with a scope behind a percent sign, and in brackets with a port behind them.
pub fn socket_address6(text: &str) -> Option<SocketAddr> {
    let (address, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, rest) = rest.split_once(']')?;
            let port = match rest.strip_prefix(':') {
                Some(port) => port_number(port)?,
                None if rest.is_empty() => 0,
                None => return None,
            };
            (address, port)
        }
        None => (text, 0),
    };
    let (address, scope) = match address.split_once('%') {
        Some((address, scope)) => (address, scope_number(scope)?),
        None => (address, 0),
    };
    Some(SocketAddr::V6(SocketAddrV6::new(Ipv6Addr::from(inet_pton6(address)?), port, 0, scope)))
}

/// The text of an address, with its port where it has one.
pub fn socket_address_text(address: &SocketAddr) -> String {
    let port = address.port();
    match address {
        SocketAddr::V4(address) if port == 0 => address.ip().to_string(),
        SocketAddr::V4(address) => format!("{}:{port}", address.ip()),
        SocketAddr::V6(address) => {
            let host = host_text(IpAddr::V6(*address.ip()), address.scope_id());
            if port == 0 { host } else { format!("[{host}]:{port}") }
        }
    }
}

/// The text of an address with its scope, where it has one.
pub fn host_text(address: IpAddr, scope: u32) -> String {
    match address {
        IpAddr::V6(address) if scope != 0 => format!("{address}%{scope}"),
        address => address.to_string(),
    }
}

/// A number as in C: `0x` hexadecimal, `0` octal, else decimal.
fn number(text: &str) -> Option<u32> {
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None if text.len() > 1 && text.starts_with('0') => (&text[1..], 8),
        None => (text, 10),
    };
    let is_plain = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if is_plain { u32::from_str_radix(digits, radix).ok() } else { None }
}

fn port_number(text: &str) -> Option<u16> {
    number(text).and_then(|port| u16::try_from(port).ok())
}

fn scope_number(text: &str) -> Option<u32> {
    let is_plain = !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    if is_plain { text.parse().ok() } else { None }
}

/// How many bits of an address name the host, by its class.
fn host_bits(address: [u8; 4]) -> u32 {
    match address[0] {
        0..0x80 => 24,
        0x80..0xc0 => 16,
        _ => 8,
    }
}
