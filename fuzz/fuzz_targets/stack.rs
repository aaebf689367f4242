//! A whole stack under any frames and any sequence of calls.
//!
//! Nothing may panic, and nothing may grow without bound: after every input the tables are within the small limits that the
//! stack was given. Some frames are raw octets; others are packets with right checksums towards open ports, so that they get
//! past the doors.
#![no_main]

use core::net::{IpAddr, Ipv4Addr, SocketAddr};

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use synsent_stack::{
    BufferSize, Cidr, Config, Decision, Duration, FlowId, Instant, LinkConfig, LinkId, ListenOptions, ListenerId,
    OpenOptions, Stack, TcpOptions, UdpId, UdpOptions,
};
use synsent_wire::checksum::Sum;
use synsent_wire::ip::Protocol;
use synsent_wire::tcp::{self, Flags, SackRange, Timestamps};
use synsent_wire::{SeqNumber, ethernet, ipv4, udp};

const OURS: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const FLOWS_MAX: usize = 8;
const HALF_OPEN_MAX: usize = 4;
const TIME_WAIT_MAX: usize = 4;
const BUFFER_OCTETS: u32 = 16 << 10;

#[derive(Arbitrary, Debug)]
enum Step {
    Raw(bool, Vec<u8>),
    Segment(Segment),
    Datagram { peer: u8, port: u8, len: u8 },
    Wait(u32),
    Listen { port: u8, deferred: bool },
    Unlisten(u8),
    Accept(u8),
    Decide(u8, u8),
    Connect { peer: u8, port: u8 },
    Send(u8, u16),
    SendUrgent(u8, u8),
    Receive(u8, u16),
    ShutdownSend(u8),
    ShutdownReceive(u8),
    Close(u8),
    Abort(u8),
    UdpBind(u8),
    UdpConnect(u8, u8),
    UdpSend(u8, u16),
    UdpReceive(u8),
    UdpClose(u8),
}

#[derive(Arbitrary, Debug)]
struct Segment {
    peer: u8,
    from_port: u8,
    to_port: u8,
    flags: u8,
    /// Relative to what the stack last sent to that peer, so that numbers are often near the window.
    seq: i16,
    ack: i16,
    window: u16,
    urgent: u16,
    timestamps: Option<(u32, u32)>,
    mss: Option<u16>,
    window_scale: Option<u8>,
    sack: Option<(i16, u16)>,
    len: u16,
}

struct World {
    stack: Stack,
    now: Instant,
    wired: LinkId,
    bare: LinkId,
    flows: Vec<FlowId>,
    listeners: Vec<ListenerId>,
    sockets: Vec<UdpId>,
    /// The numbers of the last segment that the stack sent: what the peer would use next.
    last: (SeqNumber, SeqNumber),
    last_ports: (u16, u16),
}

fuzz_target!(|steps: Vec<Step>| {
    let mut world = World::new();
    for step in steps.into_iter().take(200) {
        world.run(step);
        world.drain();
    }
    let population = world.stack.tcp_population();
    assert!(population.flows <= FLOWS_MAX, "{population:?}");
    assert!(population.half_open <= HALF_OPEN_MAX, "{population:?}");
    assert!(population.time_wait <= TIME_WAIT_MAX, "{population:?}");
});

impl World {
    fn new() -> World {
        let mut config = Config::default();
        config.tcp.flows_max = FLOWS_MAX;
        config.tcp.half_open_max = HALF_OPEN_MAX;
        config.tcp.half_open_per_listener = 2;
        config.tcp.time_wait_max = TIME_WAIT_MAX;
        config.tcp.options = TcpOptions { receive_buffer: BufferSize::fixed(BUFFER_OCTETS), ..TcpOptions::default() };
        let mut stack = Stack::new(config, [3; 32]);
        let now = Instant::from_secs(1);
        let wired = stack.add_link(now, LinkConfig::ethernet("wired", ethernet::Address([2, 0, 0, 0, 0, 1])));
        let bare = stack.add_link(now, LinkConfig::ip("bare"));
        let ours = Cidr::new(IpAddr::V4(OURS), 24);
        let v6: Cidr = "fd00::1/64".parse().unwrap_or(Cidr::host(IpAddr::V4(OURS)));
        if let Some(ours) = ours {
            let _ = stack.add_address(now, bare, ours);
        }
        let _ = stack.add_address(now, wired, v6);
        World {
            stack,
            now,
            wired,
            bare,
            flows: Vec::new(),
            listeners: Vec::new(),
            sockets: Vec::new(),
            last: (SeqNumber(0), SeqNumber(0)),
            last_ports: (0, 0),
        }
    }

    fn run(&mut self, step: Step) {
        let now = self.now;
        match step {
            Step::Raw(wired, octets) => {
                let link = if wired { self.wired } else { self.bare };
                self.stack.on_frame(now, link, &octets);
            }
            Step::Segment(segment) => self.segment(&segment),
            Step::Datagram { peer, port, len } => self.datagram(peer, port, len),
            Step::Wait(millis) => {
                self.now += Duration::from_millis(u64::from(millis % 200_000));
                self.stack.on_deadline(self.now);
            }
            Step::Listen { port, deferred } => {
                let options = ListenOptions { deferred, backlog: 2, ..ListenOptions::on_port(u16::from(port % 4) + 1) };
                self.listeners.extend(self.stack.tcp_listen(now, options));
            }
            Step::Unlisten(which) => {
                if let Some(listener) = pick(&self.listeners, which) {
                    self.stack.tcp_unlisten(now, listener);
                }
            }
            Step::Accept(which) => {
                if let Some(listener) = pick(&self.listeners, which) {
                    self.flows.extend(self.stack.tcp_accept(now, listener));
                }
            }
            Step::Decide(which, how) => {
                let decision = [Decision::Accept, Decision::Refuse, Decision::Ignore][usize::from(how % 3)];
                let pending = pick(&self.listeners, which).and_then(|id| self.stack.tcp_next_pending(id));
                if let Some(pending) = pending {
                    let _ = self.stack.tcp_decide(now, pending, decision);
                }
            }
            Step::Connect { peer, port } => {
                let remote = SocketAddr::new(peer_addr(peer), u16::from(port % 4));
                self.flows.extend(self.stack.tcp_connect(now, OpenOptions::to(remote)));
            }
            step => self.on_socket(step),
        }
    }

    fn on_socket(&mut self, step: Step) {
        let (now, stack) = (self.now, &mut self.stack);
        let mut buffer = [0; 4_096];
        let flow = |which| pick(&self.flows, which);
        let socket = |which| pick(&self.sockets, which);
        match step {
            Step::Send(which, len) => {
                let _ = flow(which).map(|id| stack.tcp_send(now, id, &buffer[..len as usize % 4_096]));
            }
            Step::SendUrgent(which, len) => {
                let _ = flow(which).map(|id| stack.tcp_send_urgent(now, id, &buffer[..len as usize]));
            }
            Step::Receive(which, len) => {
                let _ = flow(which).map(|id| stack.tcp_receive(now, id, &mut buffer[..len as usize % 4_096]));
            }
            Step::ShutdownSend(which) => {
                let _ = flow(which).map(|id| stack.tcp_shutdown_send(now, id));
            }
            Step::ShutdownReceive(which) => {
                let _ = flow(which).map(|id| stack.tcp_shutdown_receive(now, id));
            }
            Step::Close(which) => {
                let _ = flow(which).map(|id| stack.tcp_close(now, id));
            }
            Step::Abort(which) => {
                let _ = flow(which).map(|id| stack.tcp_abort(now, id));
            }
            Step::UdpBind(port) => {
                let options = UdpOptions { port: u16::from(port % 4), ..UdpOptions::default() };
                let bound = stack.udp_bind(now, options);
                self.sockets.extend(bound);
            }
            Step::UdpConnect(which, peer) => {
                let remote = SocketAddr::new(peer_addr(peer), 1);
                let _ = socket(which).map(|id| stack.udp_connect(now, id, Some(remote)));
            }
            Step::UdpSend(which, len) => {
                let remote = SocketAddr::new(peer_addr(which), 2);
                let _ =
                    socket(which).map(|id| stack.udp_send_to(now, id, Some(remote), &buffer[..len as usize % 4_096]));
            }
            Step::UdpReceive(which) => {
                let _ = socket(which).map(|id| stack.udp_receive(id, &mut buffer));
            }
            Step::UdpClose(which) => {
                let _ = socket(which).map(|id| stack.udp_close(id));
            }
            _ => {}
        }
    }

    fn segment(&mut self, segment: &Segment) {
        let to_port = if segment.to_port > 200 { self.last_ports.0 } else { u16::from(segment.to_port % 4) + 1 };
        let from_port = if segment.from_port > 200 { self.last_ports.1 } else { u16::from(segment.from_port % 4) + 1 };
        let mut options = tcp::Options { mss: segment.mss, window_scale: segment.window_scale, ..Default::default() };
        options.sack_permitted = segment.window.is_multiple_of(2);
        options.timestamps = segment.timestamps.map(|(value, echo)| Timestamps { value, echo });
        if let Some((start, len)) = segment.sack {
            let start = near(self.last.1, start);
            options.sack.push(SackRange { start, end: start + u32::from(len) });
        }
        let header = tcp::Repr {
            source_port: from_port,
            destination_port: to_port,
            seq: near(self.last.0, segment.seq),
            ack: near(self.last.1, segment.ack),
            flags: Flags(segment.flags),
            window: segment.window,
            urgent_pointer: segment.urgent,
            options,
        };
        let text = vec![7; usize::from(segment.len % 1_400)];
        let IpAddr::V4(peer) = peer_addr(segment.peer) else { return };
        let mut packet = vec![0; 20 + header.header_len() + text.len()];
        let payload_len = header.header_len() + text.len();
        let at = ip_header(peer, Protocol::TCP, payload_len).emit(&mut packet);
        let (source, destination) = (IpAddr::V4(peer), IpAddr::V4(OURS));
        let len = header.emit(source, destination, Sum::new().add_bytes(&text), text.len(), &mut packet[at..]);
        packet[at + len..].copy_from_slice(&text);
        self.stack.on_frame(self.now, self.bare, &packet);
    }

    fn datagram(&mut self, peer: u8, port: u8, len: u8) {
        let IpAddr::V4(peer) = peer_addr(peer) else { return };
        let data = vec![9; usize::from(len)];
        let mut packet = vec![0; 28 + data.len()];
        let at = ip_header(peer, Protocol::UDP, 8 + data.len()).emit(&mut packet);
        let header = udp::Repr { source_port: 2, destination_port: u16::from(port % 4) };
        header.emit(IpAddr::V4(peer), IpAddr::V4(OURS), &data, &mut packet[at..]);
        self.stack.on_frame(self.now, self.bare, &packet);
    }

    /// Takes what the stack wants to send, and remembers the numbers of the last segment.
    fn drain(&mut self) {
        let mut frame = [0; 2_048];
        for link in [self.bare, self.wired] {
            for _ in 0..64 {
                let Some(sent) = self.stack.poll_transmit(self.now, link, &mut frame) else { break };
                if link == self.bare
                    && let Ok(packet) = ipv4::View::parse(&frame[..sent.len])
                    && let Ok(segment) = tcp::View::parse(packet.payload())
                {
                    self.last = (segment.ack(), segment.seq() + segment.payload().len() as u32);
                    self.last_ports = (segment.source_port(), segment.destination_port());
                }
            }
        }
        while self.stack.poll_event().is_some() {}
        self.flows.truncate(32);
        self.listeners.truncate(32);
        self.sockets.truncate(32);
    }
}

fn pick<T: Copy>(of: &[T], which: u8) -> Option<T> {
    of.get(usize::from(which) % of.len().max(1)).copied()
}

fn near(number: SeqNumber, offset: i16) -> SeqNumber {
    SeqNumber(number.0.wrapping_add_signed(i32::from(offset)))
}

fn peer_addr(peer: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(10, 0, 0, peer % 4 + 1))
}

fn ip_header(source: Ipv4Addr, protocol: Protocol, payload_len: usize) -> ipv4::Repr {
    ipv4::Repr {
        source,
        destination: OURS,
        protocol,
        ttl: 64,
        traffic_class: 0,
        identification: 1,
        dont_fragment: false,
        more_fragments: false,
        fragment_offset_octets: 0,
        payload_len,
    }
}
