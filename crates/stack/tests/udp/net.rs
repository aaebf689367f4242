//! A host on a plain IP link whose other end is the test, or another host; and datagrams made by hand.

use synsent_stack::*;
use synsent_wire::ip::Protocol;
use synsent_wire::{icmpv4, icmpv6, ipv4, ipv6, udp};

use std::net::{IpAddr, SocketAddr};

/// The host's addresses, and those of its neighbour, one a family.
pub(crate) const US: [&str; 2] = ["10.0.0.1", "fd00::1"];
pub(crate) const PEER: [&str; 2] = ["10.0.0.2", "fd00::2"];

pub(crate) fn addr(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub(crate) fn at(text: &str, port: u16) -> SocketAddr {
    SocketAddr::new(addr(text), port)
}

/// One host in virtual time.
pub(crate) struct Host {
    pub(crate) stack: Stack,
    pub(crate) link: LinkId,
    pub(crate) now: Instant,
    frame: Vec<u8>,
}

impl Host {
    /// The host at [`US`].
    pub(crate) fn new() -> Host {
        Host::with(Config::default(), US)
    }

    pub(crate) fn with(config: Config, addrs: [&str; 2]) -> Host {
        let now = Instant::from_secs(100);
        let stack = Stack::new(config, [1; 32]);
        let mut host = Host { stack, link: LinkId::LOOPBACK, now, frame: vec![0; 70_000] };
        host.link = host.add_link(addrs);
        host
    }

    /// One more link, with a /24 and a /64.
    pub(crate) fn add_link(&mut self, addrs: [&str; 2]) -> LinkId {
        let config = LinkConfig { duplicate_address_detection: 0, ..LinkConfig::ip("net") };
        let link = self.stack.add_link(self.now, config);
        for (addr, prefix_len) in addrs.into_iter().zip([24, 64]) {
            self.stack.add_address(self.now, link, Cidr::new(self::addr(addr), prefix_len).unwrap()).unwrap();
        }
        self.out_of(link);
        link
    }

    pub(crate) fn bind(&mut self, options: UdpOptions) -> UdpId {
        self.stack.udp_bind(self.now, options).unwrap()
    }

    /// A socket on a port, open to all.
    pub(crate) fn on_port(&mut self, port: u16) -> UdpId {
        self.bind(UdpOptions { port, ..UdpOptions::default() })
    }

    /// A socket on a port that hears a peer only.
    pub(crate) fn connected(&mut self, port: u16, peer: SocketAddr) -> UdpId {
        let socket = self.on_port(port);
        self.stack.udp_connect(self.now, socket, Some(peer)).unwrap();
        socket
    }

    pub(crate) fn send(&mut self, socket: UdpId, to: SocketAddr, data: &[u8]) -> Result<(), UdpSendError> {
        self.stack.udp_send_to(self.now, socket, Some(to), data)
    }

    /// A packet arrives by the first link.
    pub(crate) fn give(&mut self, packet: &[u8]) {
        self.stack.on_frame(self.now, self.link, packet);
    }

    /// The packets that want to leave by the first link.
    pub(crate) fn out(&mut self) -> Vec<Vec<u8>> {
        self.out_of(self.link)
    }

    pub(crate) fn out_of(&mut self, link: LinkId) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| self.one_out_of(link)).collect()
    }

    pub(crate) fn one_out_of(&mut self, link: LinkId) -> Option<Vec<u8>> {
        let transmit = self.stack.poll_transmit(self.now, link, &mut self.frame)?;
        Some(self.frame[..transmit.len].to_vec())
    }

    /// The next datagram of a socket, whole.
    pub(crate) fn received(&mut self, socket: UdpId) -> Option<(Vec<u8>, UdpReceived)> {
        let mut data = vec![0; 70_000];
        let received = self.stack.udp_receive(socket, &mut data).ok()?;
        data.truncate(received.len);
        Some((data, received))
    }

    /// The data of all datagrams of a socket.
    pub(crate) fn all_received(&mut self, socket: UdpId) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| self.received(socket)).map(|(data, _)| data).collect()
    }

    pub(crate) fn dropped(&self, reason: DropReason) -> u64 {
        self.stack.counters().dropped(reason)
    }

    /// What became ready on a socket since the last time.
    pub(crate) fn events(&mut self, socket: UdpId) -> Vec<EventKind> {
        let all = std::iter::from_fn(|| self.stack.poll_event());
        all.filter(|event| event.socket == SocketId::Udp(socket)).map(|event| event.kind).collect()
    }
}

/// Carries packets between the first links of two hosts until neither has more.
pub(crate) fn carry(one: &mut Host, other: &mut Host) {
    loop {
        let (there, back) = (one.out(), other.out());
        if there.is_empty() && back.is_empty() {
            return;
        }
        there.iter().for_each(|packet| other.give(packet));
        back.iter().for_each(|packet| one.give(packet));
    }
}

/// A UDP datagram with its header and checksum.
pub(crate) fn datagram(source: SocketAddr, destination: SocketAddr, data: &[u8]) -> Vec<u8> {
    let mut octets = vec![0; udp::HEADER_LEN + data.len()];
    let header = udp::Repr { source_port: source.port(), destination_port: destination.port() };
    header.emit(source.ip(), destination.ip(), data, &mut octets);
    octets
}

/// A packet with a UDP datagram.
pub(crate) fn packet(source: SocketAddr, destination: SocketAddr, data: &[u8]) -> Vec<u8> {
    in_packet(source.ip(), destination.ip(), Protocol::UDP, &datagram(source, destination, data))
}

/// An IP packet around a transport's octets.
pub(crate) fn in_packet(source: IpAddr, destination: IpAddr, protocol: Protocol, payload: &[u8]) -> Vec<u8> {
    let payload_len = payload.len();
    let mut packet = vec![0; 40];
    let header_len = match (source, destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => ipv4::Repr {
            source,
            destination,
            protocol,
            ttl: 64,
            traffic_class: 0,
            identification: 7,
            dont_fragment: false,
            more_fragments: false,
            fragment_offset_octets: 0,
            payload_len,
        }
        .emit(&mut packet),
        (IpAddr::V6(source), IpAddr::V6(destination)) => ipv6::Repr {
            source,
            destination,
            next_header: protocol,
            hop_limit: 64,
            traffic_class: 0,
            flow_label: 0,
            payload_len,
        }
        .emit(&mut packet),
        _ => panic!("two families in one packet"),
    };
    packet.truncate(header_len);
    packet.extend_from_slice(payload);
    packet
}

/// An ICMP error from `from` about a packet that `quoted` sent.
pub(crate) fn error4(from: &str, message: icmpv4::Repr<'_>) -> Vec<u8> {
    let mut octets = vec![0; message.len()];
    message.emit(&mut octets);
    in_packet(addr(from), addr(US[0]), Protocol::ICMPV4, &octets)
}

pub(crate) fn error6(from: &str, message: icmpv6::Repr<'_>) -> Vec<u8> {
    let mut octets = vec![0; message.len()];
    let (IpAddr::V6(source), IpAddr::V6(to)) = (addr(from), addr(US[1])) else { panic!("not IPv6") };
    message.emit(source, to, &mut octets);
    in_packet(source.into(), to.into(), Protocol::ICMPV6, &octets)
}
