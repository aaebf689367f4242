//! One host in virtual time whose links end in the test's hands, and packets made by hand for it.

use synsent_stack::*;
use synsent_wire::ethernet::{self, EtherType};
use synsent_wire::ip::Protocol;
use synsent_wire::{arp, icmpv4, icmpv6, ipv4, ipv6, udp};

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The host's hardware address.
pub(crate) const OURS: EthernetAddress = EthernetAddress([2, 0, 0, 0, 0, 1]);
/// A neighbour's hardware address.
pub(crate) const THEIRS: EthernetAddress = EthernetAddress([2, 0, 0, 0, 0, 2]);
/// The host's address.
pub(crate) const US: &str = "10.0.0.1";
/// A neighbour's address.
pub(crate) const PEER: &str = "10.0.0.2";
/// The host's IPv6 address.
pub(crate) const US6: &str = "fd00::1";
/// A neighbour's IPv6 address.
pub(crate) const PEER6: &str = "fd00::2";

pub(crate) fn addr(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub(crate) fn v4(text: &str) -> Ipv4Addr {
    text.parse().unwrap()
}

pub(crate) fn v6(text: &str) -> Ipv6Addr {
    text.parse().unwrap()
}

/// The host.
pub(crate) struct Host {
    pub(crate) stack: Stack,
    pub(crate) link: LinkId,
    pub(crate) now: Instant,
}

impl Host {
    /// A host on an Ethernet, with `10.0.0.1/24`, `fd00::1/64` and default routes by `.254`.
    pub(crate) fn ethernet() -> Host {
        Host::new(Config::default(), LinkConfig::ethernet("net0", OURS))
    }

    /// The same on a link without hardware addresses.
    pub(crate) fn plain() -> Host {
        Host::new(Config::default(), LinkConfig::ip("net0"))
    }

    pub(crate) fn new(config: Config, link: LinkConfig) -> Host {
        let now = Instant::from_secs(100);
        let mut stack = Stack::new(Config { trace_capacity: 4096, ..config }, [1; 32]);
        let link = LinkConfig { duplicate_address_detection: 0, ..link };
        let link = stack.add_link(now, link);
        for cidr in ["10.0.0.1/24", "fd00::1/64"] {
            stack.add_address(now, link, cidr.parse().unwrap()).unwrap();
        }
        for gateway in ["10.0.0.254", "fd00::fe"] {
            stack.add_route(now, Route::default_via(addr(gateway))).unwrap();
        }
        let mut host = Host { stack, link, now };
        host.after(Duration::from_secs(3));
        host
    }

    /// A second link of the same kind, with `10.1.0.1/24` and `fd01::1/64`.
    pub(crate) fn second_link(&mut self) -> LinkId {
        let config = LinkConfig { duplicate_address_detection: 0, ..self.stack.link(self.link).unwrap().clone() };
        let link = self.stack.add_link(self.now, config);
        for cidr in ["10.1.0.1/24", "fd01::1/64"] {
            self.stack.add_address(self.now, link, cidr.parse().unwrap()).unwrap();
        }
        self.after(Duration::from_secs(3));
        self.out_of(link);
        link
    }

    /// Hands a frame over and takes what comes of it.
    pub(crate) fn give(&mut self, frame: &[u8]) -> Vec<Vec<u8>> {
        self.stack.on_frame(self.now, self.link, frame);
        self.out()
    }

    /// Everything that wants to leave.
    pub(crate) fn out(&mut self) -> Vec<Vec<u8>> {
        self.out_of(self.link)
    }

    pub(crate) fn out_of(&mut self, link: LinkId) -> Vec<Vec<u8>> {
        let mut frame = vec![0; 70_000];
        let mut all = Vec::new();
        while let Some(transmit) = self.stack.poll_transmit(self.now, link, &mut frame) {
            all.push(frame[..transmit.len].to_vec());
        }
        all
    }

    /// Lets time pass, timer by timer, and takes what leaves meanwhile.
    pub(crate) fn after(&mut self, span: Duration) -> Vec<Vec<u8>> {
        let end = self.now + span;
        let mut all = Vec::new();
        for _ in 0..100_000 {
            match self.stack.next_deadline() {
                Some(at) if at <= end => {
                    self.now = self.now.max(at);
                    self.stack.on_deadline(self.now);
                    all.extend(self.out());
                }
                _ => {
                    self.now = end;
                    return all;
                }
            }
        }
        panic!("timers run out for ever");
    }

    pub(crate) fn dropped(&self, reason: DropReason) -> u64 {
        self.stack.counters().dropped(reason)
    }

    /// The neighbour at [`PEER`] tells its hardware address by asking for ours.
    pub(crate) fn meet_peer(&mut self) {
        self.give(&arp_frame(arp::Operation::Request, THEIRS, PEER, US));
    }

    /// A UDP socket on a port.
    pub(crate) fn socket(&mut self, port: u16) -> UdpId {
        self.stack.udp_bind(self.now, UdpOptions { port, ..UdpOptions::default() }).unwrap()
    }

    /// The next datagram of a socket.
    pub(crate) fn received(&mut self, socket: UdpId) -> Option<(Vec<u8>, UdpReceived)> {
        let mut buf = vec![0; 70_000];
        let received = self.stack.udp_receive(socket, &mut buf).ok()?;
        buf.truncate(received.len);
        Some((buf, received))
    }
}

/// A frame for the host from its neighbour.
pub(crate) fn frame(ethertype: EtherType, payload: &[u8]) -> Vec<u8> {
    frame_to(OURS, ethertype, payload)
}

pub(crate) fn frame_to(destination: EthernetAddress, ethertype: EtherType, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0; ethernet::HEADER_LEN];
    ethernet::Repr { destination, source: THEIRS, vlan: None, ethertype }.emit(&mut frame);
    frame.extend_from_slice(payload);
    frame
}

pub(crate) fn arp_frame(operation: arp::Operation, hardware: EthernetAddress, sender: &str, target: &str) -> Vec<u8> {
    let mut packet = [0; arp::LEN];
    let (sender_protocol, target_protocol) = (v4(sender), v4(target));
    let (sender_hardware, target_hardware) = (hardware, OURS);
    arp::Repr { operation, sender_hardware, sender_protocol, target_hardware, target_protocol }.emit(&mut packet);
    frame(EtherType::ARP, &packet)
}

/// What ARP says in a frame.
pub(crate) fn arp_of(frame: &[u8]) -> Option<arp::Repr> {
    let view = ethernet::View::parse(frame).ok().filter(|view| view.ethertype() == EtherType::ARP)?;
    arp::Repr::parse(view.payload()).ok()
}

pub(crate) fn header4(source: &str, destination: &str, protocol: Protocol, payload_len: usize) -> ipv4::Repr {
    ipv4::Repr {
        source: v4(source),
        destination: v4(destination),
        protocol,
        ttl: 64,
        traffic_class: 0,
        identification: 7,
        dont_fragment: false,
        more_fragments: false,
        fragment_offset_octets: 0,
        payload_len,
    }
}

pub(crate) fn packet4(header: ipv4::Repr, payload: &[u8]) -> Vec<u8> {
    let header = ipv4::Repr { payload_len: payload.len(), ..header };
    let mut packet = vec![0; header.header_len()];
    header.emit(&mut packet);
    packet.extend_from_slice(payload);
    packet
}

pub(crate) fn packet6(
    source: &str,
    destination: &str,
    next_header: Protocol,
    hop_limit: u8,
    payload: &[u8],
) -> Vec<u8> {
    let (source, destination) = (v6(source), v6(destination));
    let payload_len = payload.len();
    let header =
        ipv6::Repr { source, destination, next_header, hop_limit, traffic_class: 0, flow_label: 0, payload_len };
    let mut packet = vec![0; header.header_len()];
    header.emit(&mut packet);
    packet.extend_from_slice(payload);
    packet
}

/// A UDP datagram with its checksum.
pub(crate) fn udp_octets(source: &str, destination: &str, ports: (u16, u16), data: &[u8]) -> Vec<u8> {
    let mut octets = vec![0; udp::HEADER_LEN + data.len()];
    let header = udp::Repr { source_port: ports.0, destination_port: ports.1 };
    header.emit(addr(source), addr(destination), data, &mut octets);
    octets
}

/// An IP packet with a UDP datagram.
pub(crate) fn udp_packet(source: &str, destination: &str, ports: (u16, u16), data: &[u8]) -> Vec<u8> {
    let octets = udp_octets(source, destination, ports, data);
    match addr(source) {
        IpAddr::V4(_) => packet4(header4(source, destination, Protocol::UDP, octets.len()), &octets),
        IpAddr::V6(_) => packet6(source, destination, Protocol::UDP, 64, &octets),
    }
}

pub(crate) fn icmp4_packet(source: &str, destination: &str, message: &icmpv4::Repr<'_>) -> Vec<u8> {
    let mut octets = vec![0; message.len()];
    message.emit(&mut octets);
    packet4(header4(source, destination, Protocol::ICMPV4, octets.len()), &octets)
}

pub(crate) fn icmp6_packet(source: &str, destination: &str, hop_limit: u8, message: &icmpv6::Repr<'_>) -> Vec<u8> {
    let mut octets = vec![0; message.len()];
    message.emit(v6(source), v6(destination), &mut octets);
    packet6(source, destination, Protocol::ICMPV6, hop_limit, &octets)
}

/// The ICMP message of a packet, without a link header.
pub(crate) fn icmp4_of(packet: &[u8]) -> Option<(Ipv4Addr, icmpv4::Repr<'_>)> {
    let view = ipv4::View::parse(packet).ok().filter(|view| view.protocol() == Protocol::ICMPV4)?;
    Some((view.destination(), icmpv4::Repr::parse(view.payload()).unwrap()))
}

pub(crate) fn icmp6_of(packet: &[u8]) -> Option<(Ipv6Addr, icmpv6::Repr<'_>)> {
    let view = ipv6::View::parse(packet).ok().filter(|view| view.next_header() == Protocol::ICMPV6)?;
    let message = icmpv6::Repr::parse(view.payload(), view.source(), view.destination()).unwrap();
    Some((view.destination(), message))
}
