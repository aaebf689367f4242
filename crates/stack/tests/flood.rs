//! A host under two hundred thousand hostile frames of many kinds, in virtual time: its tables stay within their bounds, its
//! memory does not grow, and a connection and a socket that are honest go on.
//!
//! The host and its honest peer share an Ethernet with the attacker, whose frames arrive between theirs. The host's link
//! carries fewer frames than the attack would have answers, so that answers and honest data compete for it.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use synsent_stack::*;
use synsent_wire::ethernet::{self, EtherType};
use synsent_wire::ip::Protocol;
use synsent_wire::tcp::Flags;
use synsent_wire::{SeqNumber, arp, checksum, icmpv4, icmpv6, ipv4, ipv6, ipv6_extension, ndp, tcp, udp};

const FRAMES: u32 = 200_000;
/// Hostile frames that arrive in one millisecond.
const FRAMES_PER_MILLI: u32 = 40;
/// Frames that the host's link takes in one millisecond, fewer than the attack provokes.
const LINK_FRAMES_PER_MILLI: usize = 6;
const HALF_OPEN_MAX: usize = 256;
const HOST: EthernetAddress = EthernetAddress([2, 0, 0, 0, 0, 1]);
const PEER: EthernetAddress = EthernetAddress([2, 0, 0, 0, 0, 2]);
const ATTACKER: EthernetAddress = EthernetAddress([2, 0, 0, 0, 0, 66]);
const HOST_V4: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const PEER_V4: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
const HOST_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 1);
/// Where the honest connection goes, where a listener is flooded, and where nobody ever reads.
const HONEST_PORT: u16 = 443;
const FLOODED_PORT: u16 = 80;
const UNREAD_PORT: u16 = 53;

/// Numbers of a seed (a linear congruence whose upper half is used).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 32) as u32
    }

    fn below(&mut self, bound: u32) -> u32 {
        self.next() % bound
    }

    /// A neighbour that does not exist, or is not the one it says.
    fn stranger_v4(&mut self) -> Ipv4Addr {
        Ipv4Addr::from_bits(0x0a00_0100 + self.below(0xfe00))
    }

    fn stranger_v6(&mut self) -> Ipv6Addr {
        Ipv6Addr::from_bits(HOST_V6.to_bits() + 0x1_0000 + u128::from(self.next()))
    }
}

fn frame(ethertype: EtherType, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0; ethernet::HEADER_LEN];
    ethernet::Repr { destination: HOST, source: ATTACKER, vlan: None, ethertype }.emit(&mut frame);
    frame.extend_from_slice(payload);
    frame
}

fn v4(source: Ipv4Addr, protocol: Protocol, cut: (u16, usize, bool), payload: &[u8]) -> Vec<u8> {
    let (identification, offset, more_fragments) = cut;
    let header = ipv4::Repr {
        source,
        destination: HOST_V4,
        protocol,
        ttl: 64,
        traffic_class: 0,
        identification,
        dont_fragment: false,
        more_fragments,
        fragment_offset_octets: offset as u16,
        payload_len: payload.len(),
    };
    let mut packet = vec![0; ipv4::HEADER_LEN];
    header.emit(&mut packet);
    packet.extend_from_slice(payload);
    frame(EtherType::IPV4, &packet)
}

fn v6(source: Ipv6Addr, next_header: Protocol, payload: &[u8]) -> Vec<u8> {
    let (hop_limit, payload_len) = (255, payload.len());
    let destination = HOST_V6;
    let header =
        ipv6::Repr { source, destination, next_header, hop_limit, traffic_class: 0, flow_label: 0, payload_len };
    let mut packet = vec![0; ipv6::HEADER_LEN];
    header.emit(&mut packet);
    packet.extend_from_slice(payload);
    frame(EtherType::IPV6, &packet)
}

fn whole(source: Ipv4Addr, protocol: Protocol, payload: &[u8]) -> Vec<u8> {
    v4(source, protocol, (0, 0, false), payload)
}

fn segment(source: Ipv4Addr, ports: (u16, u16), flags: Flags, seq: u32, ack: u32, text: &[u8]) -> Vec<u8> {
    let header = tcp::Repr {
        source_port: ports.0,
        destination_port: ports.1,
        seq: SeqNumber(seq),
        ack: SeqNumber(ack),
        flags,
        window: 1_000,
        urgent_pointer: 0,
        options: tcp::Options::default(),
    };
    let mut octets = vec![0; header.header_len()];
    header.emit(source.into(), HOST_V4.into(), checksum::sum(text), text.len(), &mut octets);
    octets.extend_from_slice(text);
    whole(source, Protocol::TCP, &octets)
}

fn datagram(source: IpAddr, destination: IpAddr, port: u16, data: &[u8]) -> Vec<u8> {
    let mut octets = vec![0; udp::HEADER_LEN + data.len()];
    udp::Repr { source_port: 9, destination_port: port }.emit(source, destination, data, &mut octets);
    octets
}

fn arp_claim(numbers: &mut Numbers, operation: arp::Operation) -> Vec<u8> {
    let [.., a, b, c] = numbers.next().to_be_bytes();
    let claim = arp::Repr {
        operation,
        sender_hardware: EthernetAddress([2, 0, 1, a, b, c]),
        sender_protocol: numbers.stranger_v4(),
        target_hardware: HOST,
        target_protocol: HOST_V4,
    };
    let mut octets = [0; arp::LEN];
    claim.emit(&mut octets);
    frame(EtherType::ARP, &octets)
}

fn icmp_v6(source: Ipv6Addr, message: &icmpv6::Repr<'_>) -> Vec<u8> {
    let mut octets = vec![0; message.len()];
    message.emit(source, HOST_V6, &mut octets);
    v6(source, Protocol::ICMPV6, &octets)
}

fn icmp_v4(source: Ipv4Addr, message: &icmpv4::Repr<'_>) -> Vec<u8> {
    let mut octets = vec![0; message.len()];
    message.emit(&mut octets);
    whole(source, Protocol::ICMPV4, &octets)
}

/// A claim about an IPv6 neighbour.
fn nd_claim(numbers: &mut Numbers) -> Vec<u8> {
    let source = numbers.stranger_v6();
    let [.., a, b, c] = numbers.next().to_be_bytes();
    let source_link = Some(EthernetAddress([2, 0, 2, a, b, c]));
    icmp_v6(source, &icmpv6::Repr::Ndp(ndp::Repr::NeighborSolicitation { target: HOST_V6, source_link }))
}

fn fragment_v6(numbers: &mut Numbers) -> Vec<u8> {
    let fragment = ipv6_extension::Fragment {
        next_header: Protocol::UDP,
        offset_octets: (numbers.below(100) * 8) as u16,
        more: true,
        identification: numbers.next(),
    };
    let mut payload = vec![0; 8];
    fragment.emit(&mut payload);
    payload.extend_from_slice(&[7; 512]);
    v6(numbers.stranger_v6(), Protocol::FRAGMENT, &payload)
}

/// An error that quotes a segment which the host never sent.
fn forged_error(numbers: &mut Numbers) -> Vec<u8> {
    let quoted = segment(HOST_V4, (FLOODED_PORT, numbers.below(65_536) as u16), Flags::ACK, numbers.next(), 0, &[]);
    let quoted = &quoted[ethernet::HEADER_LEN..];
    icmp_v4(numbers.stranger_v4(), &icmpv4::Repr::DestinationUnreachable { code: 4, next_hop_mtu: 600, quoted })
}

/// What the attacker knows of the honest connection: its ports, and where its numbers are not.
#[derive(Clone, Copy, Default)]
struct Overheard {
    port: u16,
    seq: u32,
    ack: u32,
}

/// A segment of the honest connection's four-tuple, far outside of its window.
fn out_of_window(numbers: &mut Numbers, known: Overheard) -> Vec<u8> {
    let far = 0x4000_0000 + numbers.below(0x4000_0000);
    let flags = [Flags::ACK, Flags::RST, Flags::SYN, Flags::FIN | Flags::ACK, Flags::RST | Flags::ACK];
    let flags = flags[numbers.below(5) as usize];
    segment(PEER_V4, (known.port, HONEST_PORT), flags, known.seq.wrapping_add(far), known.ack, &[9; 100])
}

fn hostile(numbers: &mut Numbers, known: Overheard) -> Vec<u8> {
    let stranger = numbers.stranger_v4();
    let far_away = Ipv4Addr::from_bits(0xc633_6400 + numbers.below(256));
    let port = numbers.below(65_535) as u16 + 1;
    match numbers.below(16) {
        0 => segment(stranger, (port, FLOODED_PORT), Flags::SYN, numbers.next(), 0, &[]),
        1 => segment(far_away, (port, FLOODED_PORT), Flags::SYN, numbers.next(), 0, &[]),
        2 => segment(far_away, (port, FLOODED_PORT), Flags::ACK, numbers.next(), numbers.next(), b"cookie?"),
        3 => {
            let cut = (numbers.next() as u16, numbers.below(8_000) as usize * 8, true);
            v4(stranger, Protocol::UDP, cut, &[5; 1_024])
        }
        4 => fragment_v6(numbers),
        5 => arp_claim(numbers, arp::Operation::Request),
        6 => arp_claim(numbers, arp::Operation::Reply),
        7 => nd_claim(numbers),
        8 => icmp_v4(stranger, &icmpv4::Repr::EchoRequest { ident: 1, seq: 1, data: &[3; 1_000] }),
        9 => {
            let request = icmpv6::Repr::EchoRequest { ident: 1, seq: 1, data: &[3; 1_000] };
            icmp_v6(numbers.stranger_v6(), &request)
        }
        10 => whole(stranger, Protocol::UDP, &datagram(stranger.into(), HOST_V4.into(), port.max(1_000), &[1; 200])),
        11 => whole(far_away, Protocol::UDP, &datagram(far_away.into(), HOST_V4.into(), UNREAD_PORT, &[1; 900])),
        12 | 13 => out_of_window(numbers, known),
        14 => forged_error(numbers),
        _ => (0..numbers.below(120)).map(|_| numbers.next() as u8).collect(),
    }
}

/// A host, and what is on its way to it.
struct Station {
    stack: Stack,
    link: LinkId,
    arriving: VecDeque<Vec<u8>>,
}

impl Station {
    fn new(hardware: EthernetAddress, addr: &str, config: Config) -> Station {
        let now = Instant::from_secs(100);
        let mut stack = Stack::new(config, [hardware.0[5]; 32]);
        let ethernet = LinkConfig { duplicate_address_detection: 0, ..LinkConfig::ethernet("net", hardware) };
        let link = stack.add_link(now, ethernet);
        stack.add_address(now, link, addr.parse().unwrap()).unwrap();
        Station { stack, link, arriving: VecDeque::new() }
    }

    fn turn(&mut self, now: Instant, frames: usize, to: &mut VecDeque<Vec<u8>>) {
        for frame in std::mem::take(&mut self.arriving) {
            self.stack.on_frame(now, self.link, &frame);
        }
        while self.stack.next_deadline().is_some_and(|at| at < now) {
            self.stack.on_deadline(now);
        }
        let mut frame = vec![0; 1_514];
        for _ in 0..frames {
            let Some(transmit) = self.stack.poll_transmit(now, self.link, &mut frame) else { break };
            to.push_back(frame[..transmit.len].to_vec());
        }
        while self.stack.poll_event().is_some() {}
    }
}

/// The honest connection and socket, from the peer to the host.
struct Honest {
    from: FlowId,
    to: Option<FlowId>,
    listener: ListenerId,
    sent: usize,
    received: usize,
}

impl Honest {
    fn octet(place: usize) -> u8 {
        (place % 251) as u8
    }

    fn step(&mut self, now: Instant, host: &mut Stack, peer: &mut Stack) {
        let data: Vec<u8> = (self.sent..self.sent + 8_000).map(Honest::octet).collect();
        self.sent += peer.tcp_send(now, self.from, &data).unwrap_or(0);
        if self.to.is_none() {
            self.to = host.tcp_accept(now, self.listener);
        }
        let Some(flow) = self.to else { return };
        let mut data = [0; 16_384];
        while let Ok(octets @ 1..) = host.tcp_receive(now, flow, &mut data) {
            for octet in &data[..octets] {
                assert_eq!(*octet, Honest::octet(self.received));
                self.received += 1;
            }
            // It is sent back as well, so that the host's own data must find its way out.
            let _ = host.tcp_send(now, flow, &data[..octets.min(2_000)]);
        }
        while let Ok(1..) = peer.tcp_receive(now, self.from, &mut data) {}
    }
}

/// The octets of memory that the process holds, where the system tells.
fn resident_octets() -> Option<usize> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    Some(text.split_whitespace().nth(1)?.parse::<usize>().ok()? * 4_096)
}

fn overhear(frames: &VecDeque<Vec<u8>>, known: &mut Overheard) {
    for frame in frames {
        let Ok(packet) = ipv4::View::parse(&frame[ethernet::HEADER_LEN..]) else { continue };
        let Ok(view) = tcp::View::parse(packet.payload()) else { continue };
        if packet.protocol() == Protocol::TCP {
            *known = Overheard { port: view.source_port(), seq: view.seq().0, ack: view.ack().0 };
        }
    }
}

#[test]
fn a_flood_of_every_kind_stays_within_its_bounds_and_an_honest_flow_goes_on() {
    let tcp = TcpConfig { half_open_max: HALF_OPEN_MAX, time_wait_max: 64, ..TcpConfig::default() };
    let config = Config { trace_capacity: 1_000, reassembly_octets: 256 << 10, tcp, ..Config::default() };
    let mut host = Station::new(HOST, "10.0.0.1/16", config);
    let mut peer = Station::new(PEER, "10.0.0.2/16", Config::default());
    let mut now = Instant::from_secs(100);
    host.stack.add_address(now, host.link, "fd00::1/64".parse().unwrap()).unwrap();
    host.stack.add_route(now, Route::default_via("10.0.255.254".parse().unwrap())).unwrap();
    let flooded = host.stack.tcp_listen(now, ListenOptions::on_port(FLOODED_PORT)).unwrap();
    let listener = host.stack.tcp_listen(now, ListenOptions::on_port(HONEST_PORT)).unwrap();
    let unread = host.stack.udp_bind(now, UdpOptions { port: UNREAD_PORT, ..UdpOptions::default() }).unwrap();
    let from = peer.stack.tcp_connect(now, OpenOptions::to((HOST_V4, HONEST_PORT).into())).unwrap();
    let mut honest = Honest { from, to: None, listener, sent: 0, received: 0 };
    let (mut numbers, mut known) = (Numbers(1), Overheard::default());
    let (mut before, mut progress) = (None, Vec::new());
    for frame in 0..FRAMES {
        host.arriving.push_back(hostile(&mut numbers, known));
        if frame % FRAMES_PER_MILLI != 0 {
            continue;
        }
        now += Duration::from_millis(1);
        let mut to_peer = VecDeque::new();
        host.turn(now, LINK_FRAMES_PER_MILLI, &mut to_peer);
        peer.arriving.append(&mut to_peer);
        let mut to_host = VecDeque::new();
        peer.turn(now, LINK_FRAMES_PER_MILLI, &mut to_host);
        // RFC 9293 section 3.10.7.4 lets a SYN undo a passive opening, so the attacker must not know it so early.
        if honest.to.is_some() {
            overhear(&to_host, &mut known);
        }
        host.arriving.append(&mut to_host);
        honest.step(now, &mut host.stack, &mut peer.stack);
        let population = host.stack.tcp_population();
        assert!(population.half_open <= HALF_OPEN_MAX && population.flows == usize::from(honest.to.is_some()));
        assert_eq!(population.time_wait, 0);
        if frame % (FRAMES / 10) == 0 {
            progress.push(honest.received);
        }
        if frame == FRAMES / 2 {
            before = resident_octets();
        }
    }
    // In every honest connection has brought something.
    assert!(progress.windows(2).all(|two| two[1] > two[0] + 50_000), "{progress:?}");
    if let (Some(before), Some(after)) = (before, resident_octets()) {
        assert!(after < before + (8 << 20), "{before} octets at half time, {after} at the end");
    }
    let status = host.stack.udp_status(unread).unwrap();
    assert!(status.readable <= 256 << 10 && status.datagrams <= 4_096 && status.dropped > 1_000);
    assert!(host.stack.tcp_accept(now, flooded).is_none(), "no forged connection completes");
    assert_eq!(host.stack.routes().count(), 3);
    // Nothing vanished uncounted: these are the bounds that the flood has run into.
    for reason in [
        DropReason::UdpQueueFull,
        DropReason::ReassemblyFull,
        DropReason::IcmpRateLimited,
        DropReason::OutputQueueFull,
        DropReason::NeighbourTableFull,
        DropReason::TcpUnacceptable,
        DropReason::TcpNoTimestamp,
        DropReason::NeighbourQueueFull,
        DropReason::UdpNoSocket,
        DropReason::ArpRefused,
    ] {
        assert!(host.stack.counters().dropped(reason) > 100, "{reason}: {}", host.stack.counters().dropped(reason));
    }
    calms_down(&mut host, &mut peer, now, honest);
}

/// After the flood: everything half-made leaves, and what was sent arrives.
fn calms_down(host: &mut Station, peer: &mut Station, mut now: Instant, mut honest: Honest) {
    let sent = honest.sent;
    for _ in 0..2_000 {
        now += Duration::from_millis(100);
        let mut to_peer = VecDeque::new();
        host.turn(now, 200, &mut to_peer);
        peer.arriving.append(&mut to_peer);
        let mut to_host = VecDeque::new();
        peer.turn(now, 200, &mut to_host);
        host.arriving.append(&mut to_host);
        honest.step(now, &mut host.stack, &mut peer.stack);
        if honest.received > sent && host.stack.tcp_population().half_open == 0 {
            return;
        }
    }
    panic!("{} of {} octets, {:?}", honest.received, honest.sent, host.stack.tcp_population());
}
