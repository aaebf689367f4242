//! What the two Internet protocols share: the numbers of the protocols above them.

use core::fmt;

/// The protocol of a payload: the Protocol field of IPv4 and the Next Header field of IPv6, one registry.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Protocol(pub u8);

impl Protocol {
    /// IPv6 hop-by-hop options.
    pub const HOP_BY_HOP: Protocol = Protocol(0);
    /// ICMP for IPv4.
    pub const ICMPV4: Protocol = Protocol(1);
    /// Group management for IPv4.
    pub const IGMP: Protocol = Protocol(2);
    /// The transmission control protocol.
    pub const TCP: Protocol = Protocol(6);
    /// The user datagram protocol.
    pub const UDP: Protocol = Protocol(17);
    /// The IPv6 routing header.
    pub const ROUTING: Protocol = Protocol(43);
    /// The IPv6 fragment header.
    pub const FRAGMENT: Protocol = Protocol(44);
    /// ICMP for IPv6.
    pub const ICMPV6: Protocol = Protocol(58);
    /// Nothing follows an IPv6 header.
    pub const NO_NEXT: Protocol = Protocol(59);
    /// IPv6 destination options.
    pub const DESTINATION: Protocol = Protocol(60);
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match *self {
            Protocol::HOP_BY_HOP => "hop-by-hop options",
            Protocol::ICMPV4 => "ICMP",
            Protocol::IGMP => "IGMP",
            Protocol::TCP => "TCP",
            Protocol::UDP => "UDP",
            Protocol::ROUTING => "routing header",
            Protocol::FRAGMENT => "fragment header",
            Protocol::ICMPV6 => "ICMPv6",
            Protocol::NO_NEXT => "no next header",
            Protocol::DESTINATION => "destination options",
            Protocol(number) => return write!(f, "protocol {number}"),
        };
        f.write_str(name)
    }
}
