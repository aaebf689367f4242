//! One stack that gets random frames between random calls: whatever comes, it does not panic, it comes to rest, and what it
//! holds stays bounded.

use std::net::{IpAddr, SocketAddr};

use proptest::prelude::*;
use synsent_stack::*;
use synsent_wire::ip::Protocol;
use synsent_wire::tcp::{Flags, Options, Repr, SackRange, Timestamps, View};
use synsent_wire::{SeqNumber, checksum, ipv4};

const OURS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
const THEIRS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));
const BUFFER: u32 = 20_000;
const PORT: u16 = 80;
/// How many frames may leave after one step.
const FRAMES_MAX: usize = 20_000;

/// What a peer knows of a connection: the last segment that left on it.
#[derive(Clone, Copy)]
struct Known {
    our_port: u16,
    their_port: u16,
    seq: u32,
    ack: u32,
    clock: u32,
}

/// A segment near what a connection expects.
#[derive(Clone, Debug)]
struct Near {
    which: usize,
    flags: u8,
    seq: i32,
    ack: i32,
    window: u16,
    urgent: u16,
    octets: usize,
    timestamps: Option<(i32, i32)>,
    sacks: Vec<(i32, i32)>,
    mss: Option<u16>,
    scale: Option<u8>,
    raw: Option<Vec<u8>>,
}

#[derive(Clone, Debug)]
enum Step {
    Frame(Vec<u8>),
    Segment(Box<Near>),
    /// An answer as a peer gives it: everything acknowledged, and some text.
    Answer(usize, usize),
    Syn(u16, u32),
    Connect(u16),
    Accept,
    Send(usize, usize),
    SendUrgent(usize, usize),
    Receive(usize, usize),
    Shutdown(usize),
    ShutdownReceive(usize),
    Close(usize),
    Abort(usize),
    Options(usize, bool, bool),
    Wait(u64),
    /// The last frame that left comes back, as an ICMP error quotes it.
    Icmp(u8, u8, u16),
}

struct Host {
    stack: Stack,
    link: LinkId,
    listener: ListenerId,
    now: Instant,
    flows: Vec<FlowId>,
    known: Vec<Known>,
    last: Vec<u8>,
    frame: Vec<u8>,
}

fn settings() -> TcpOptions {
    let buffer = BufferSize { initial: BUFFER / 2, limit: BUFFER };
    TcpOptions { send_buffer: buffer, receive_buffer: buffer, ..TcpOptions::default() }
}

impl Host {
    fn new() -> Host {
        let now = Instant::from_secs(5);
        let config = Config { trace_capacity: 64, ..Config::default() };
        let mut stack = Stack::new(config, [3; 32]);
        let link = stack.add_link(now, LinkConfig::ip("fuzz"));
        stack.add_address(now, link, Cidr::new(OURS, 24).unwrap()).unwrap();
        let listen = ListenOptions { tcp: Some(settings()), backlog: 4, ..ListenOptions::on_port(PORT) };
        let listener = stack.tcp_listen(now, listen).unwrap();
        let (flows, known, last) = (Vec::new(), Vec::new(), Vec::new());
        Host { stack, link, listener, now, flows, known, last, frame: vec![0; 2_000] }
    }

    fn pump(&mut self) {
        let mut frames = 0;
        let mut frame = std::mem::take(&mut self.frame);
        while let Some(transmit) = self.stack.poll_transmit(self.now, self.link, &mut frame) {
            self.note(&frame[..transmit.len]);
            frames += 1;
            assert!(frames < FRAMES_MAX, "the stack never stops sending");
        }
        self.frame = frame;
        while self.stack.poll_event().is_some() {}
    }

    fn note(&mut self, frame: &[u8]) {
        let ip = ipv4::View::parse(frame).expect("the stack sends well-formed packets");
        if ip.protocol() != Protocol::TCP {
            return;
        }
        let view = View::parse(ip.payload()).expect("the stack sends well-formed segments");
        assert!(view.verify_checksum(OURS, THEIRS) || IpAddr::from(ip.destination()) != THEIRS);
        let header = Repr::parse(&view).expect("the stack sends well-formed options");
        let known = Known {
            our_port: header.source_port,
            their_port: header.destination_port,
            seq: header.seq.0.wrapping_add(header.sequence_len(view.payload().len())),
            ack: header.ack.0,
            clock: header.options.timestamps.map_or(0, |stamps| stamps.value),
        };
        let ends = (known.our_port, known.their_port);
        match self.known.iter_mut().find(|known| (known.our_port, known.their_port) == ends) {
            Some(place) => *place = known,
            None => self.known.push(known),
        }
        self.last = frame.to_vec();
    }

    fn segment(&mut self, header: &Repr, octets: usize, raw: Option<&[u8]>) {
        let mut segment = vec![0; 60];
        let header_len = header.emit(THEIRS, OURS, checksum::Sum::new(), 0, &mut segment);
        segment.truncate(header_len);
        if let Some(raw) = raw {
            segment.truncate(20);
            segment.extend_from_slice(&raw[..raw.len() / 4 * 4]);
            segment[12] = (segment.len() as u8 / 4) << 4;
        }
        segment.resize(segment.len() + octets, 0x55);
        segment[16..18].fill(0);
        let sum = checksum::pseudo_header(THEIRS, OURS, Protocol::TCP.0, segment.len() as u32);
        let sum = sum.add_bytes(&segment).finish();
        segment[16..18].copy_from_slice(&sum.to_be_bytes());
        let packet = packet(Protocol::TCP, &segment);
        self.stack.on_frame(self.now, self.link, &packet);
    }

    fn near(&mut self, near: &Near) {
        if self.known.is_empty() {
            return;
        }
        let known = self.known[near.which % self.known.len()];
        let number = |base: u32, offset: i32| SeqNumber(base.wrapping_add_signed(offset));
        let mut options = Options { mss: near.mss, window_scale: near.scale, ..Options::default() };
        options.timestamps = near.timestamps.map(|(value, echo)| Timestamps {
            value: 1_000_u32.wrapping_add_signed(value),
            echo: known.clock.wrapping_add_signed(echo),
        });
        for (start, end) in &near.sacks {
            options.sack.push(SackRange { start: number(known.seq, *start), end: number(known.seq, *end) });
        }
        let flags = [Flags::FIN, Flags::SYN, Flags::RST, Flags::PSH, Flags::ACK, Flags::URG, Flags::ECE, Flags::CWR];
        let chosen = flags.iter().enumerate().filter(|(bit, _)| near.flags >> bit & 1 == 1);
        let header = Repr {
            source_port: known.their_port,
            destination_port: known.our_port,
            seq: number(known.ack, near.seq),
            ack: number(known.seq, near.ack),
            flags: chosen.fold(Flags::NONE, |flags, (_, flag)| flags.union(*flag)),
            window: near.window,
            urgent_pointer: near.urgent,
            options,
        };
        self.segment(&header, near.octets, near.raw.as_deref());
    }

    fn answer(&mut self, which: usize, octets: usize) {
        if self.known.is_empty() {
            return;
        }
        let known = self.known[which % self.known.len()];
        // A connection that is being opened expects a SYN; the number before it is whatever the peer says.
        let opening = known.ack == 0;
        let timestamps = (known.clock != 0).then_some(Timestamps { value: 2_000, echo: known.clock });
        let options = Options { timestamps, ..Options::default() };
        let header = Repr {
            source_port: known.their_port,
            destination_port: known.our_port,
            seq: SeqNumber(if opening { 77 } else { known.ack }),
            ack: SeqNumber(known.seq),
            flags: if opening { Flags::SYN.union(Flags::ACK) } else { Flags::ACK },
            window: 20_000,
            urgent_pointer: 0,
            options,
        };
        self.segment(&header, if opening { 0 } else { octets }, None);
    }

    fn flow(&self, which: usize) -> Option<FlowId> {
        (!self.flows.is_empty()).then(|| self.flows[which % self.flows.len()])
    }

    fn take(&mut self, step: &Step) {
        let now = self.now;
        match step {
            Step::Frame(octets) => self.stack.on_frame(now, self.link, octets),
            Step::Segment(near) => self.near(near),
            Step::Answer(which, octets) => self.answer(*which, *octets),
            Step::Syn(port, seq) => {
                let options = Options { mss: Some(1_460), sack_permitted: seq % 2 == 0, ..Options::default() };
                let header = Repr {
                    source_port: *port,
                    destination_port: PORT,
                    seq: SeqNumber(*seq),
                    ack: SeqNumber(0),
                    flags: Flags::SYN,
                    window: 9_000,
                    urgent_pointer: 0,
                    options,
                };
                self.segment(&header, 0, None);
            }
            Step::Connect(port) => {
                let mut open = OpenOptions::to(SocketAddr::new(THEIRS, *port));
                open.tcp = Some(settings());
                self.flows.extend(self.stack.tcp_connect(now, open).ok());
            }
            Step::Accept => self.flows.extend(self.stack.tcp_accept(now, self.listener)),
            Step::Wait(millis) => self.wait(Duration::from_millis(*millis)),
            Step::Icmp(kind, code, word) => self.icmp(*kind, *code, *word),
            _ => self.call(step),
        }
        self.pump();
    }

    fn call(&mut self, step: &Step) {
        let now = self.now;
        let (Step::Send(which, _)
        | Step::SendUrgent(which, _)
        | Step::Receive(which, _)
        | Step::Shutdown(which)
        | Step::ShutdownReceive(which)
        | Step::Close(which)
        | Step::Abort(which)
        | Step::Options(which, ..)) = step
        else {
            return;
        };
        let Some(flow) = self.flow(*which) else { return };
        match step {
            Step::Send(_, octets) => _ = self.stack.tcp_send(now, flow, &vec![0xaa; *octets]),
            Step::SendUrgent(_, octets) => _ = self.stack.tcp_send_urgent(now, flow, &vec![0xaa; *octets]),
            Step::Receive(_, octets) => _ = self.stack.tcp_receive(now, flow, &mut vec![0; *octets]),
            Step::Shutdown(_) => _ = self.stack.tcp_shutdown_send(now, flow),
            Step::ShutdownReceive(_) => _ = self.stack.tcp_shutdown_receive(now, flow),
            Step::Close(_) => self.stack.tcp_close(now, flow),
            Step::Abort(_) => self.stack.tcp_abort(now, flow),
            Step::Options(_, no_delay, keep) => {
                let keep_alive = keep.then(KeepAlive::default);
                let options = TcpOptions { no_delay: *no_delay, keep_alive, ..settings() };
                _ = self.stack.tcp_set_options(now, flow, options);
            }
            _ => {}
        }
    }

    fn icmp(&mut self, kind: u8, code: u8, word: u16) {
        if self.last.is_empty() {
            return;
        }
        let mut message = vec![kind, code, 0, 0, 0, 0];
        message.extend_from_slice(&word.to_be_bytes());
        message.extend_from_slice(&self.last[..self.last.len().min(48)]);
        let sum = checksum::sum(&message).finish();
        message[2..4].copy_from_slice(&sum.to_be_bytes());
        let packet = packet(Protocol::ICMPV4, &message);
        self.stack.on_frame(self.now, self.link, &packet);
    }

    fn wait(&mut self, span: Duration) {
        let end = self.now + span;
        for _ in 0..100_000 {
            self.pump();
            match self.stack.next_deadline().filter(|at| *at <= end) {
                Some(at) => {
                    self.now = self.now.max(at);
                    self.stack.on_deadline(self.now);
                }
                None => {
                    self.now = end;
                    return;
                }
            }
        }
        panic!("the timers never come to rest");
    }

    /// What is held must not exceed what the settings allow.
    fn check(&self) {
        let mut held = 0;
        for flow in &self.flows {
            if let Some(status) = self.stack.tcp_status(*flow) {
                assert!(status.readable <= 2 * BUFFER as usize, "{}", status.readable);
                assert!(status.unacknowledged <= BUFFER as usize);
                held += 1;
            }
        }
        assert!(held <= self.stack.tcp_population().flows);
    }
}

fn packet(protocol: Protocol, payload: &[u8]) -> Vec<u8> {
    let (IpAddr::V4(source), IpAddr::V4(destination)) = (THEIRS, OURS) else { unreachable!("both are of one family") };
    let mut packet = vec![0; ipv4::HEADER_LEN];
    ipv4::Repr {
        source,
        destination,
        protocol,
        ttl: 64,
        traffic_class: 0,
        identification: 1,
        dont_fragment: true,
        more_fragments: false,
        fragment_offset_octets: 0,
        payload_len: payload.len(),
    }
    .emit(&mut packet);
    packet.extend_from_slice(payload);
    packet
}

fn offset() -> impl Strategy<Value = i32> {
    prop_oneof![6 => Just(0), 4 => -3_000..3_000, 2 => -100_000..100_000, 1 => any::<i32>()]
}

fn near() -> impl Strategy<Value = Near> {
    let numbers = (0..8usize, prop_oneof![3 => Just(0x10u8), 2 => any::<u8>()], offset(), offset());
    let fields = (any::<u16>(), any::<u16>(), prop_oneof![Just(0usize), 0..1_440usize]);
    let stamps = prop_oneof![Just(None), (offset(), offset()).prop_map(Some)];
    let sacks = proptest::collection::vec((offset(), offset()), 0..4);
    let rare = (
        prop_oneof![4 => Just(None), 1 => any::<u16>().prop_map(Some)],
        prop_oneof![4 => Just(None), 1 => (0..20u8).prop_map(Some)],
        prop_oneof![6 => Just(None), 1 => proptest::collection::vec(any::<u8>(), 0..40).prop_map(Some)],
    );
    (numbers, fields, stamps, sacks, rare).prop_map(
        |((which, flags, seq, ack), (window, urgent, octets), timestamps, sacks, (mss, scale, raw))| Near {
            which,
            flags,
            seq,
            ack,
            window,
            urgent,
            octets,
            timestamps,
            sacks,
            mss,
            scale,
            raw,
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let which = || 0..8usize;
    prop_oneof![
        2 => proptest::collection::vec(any::<u8>(), 0..120).prop_map(Step::Frame),
        20 => near().prop_map(|near| Step::Segment(Box::new(near))),
        12 => (which(), 0..1_440usize).prop_map(|(which, octets)| Step::Answer(which, octets)),
        3 => (1..5u16, any::<u32>()).prop_map(|(port, seq)| Step::Syn(port, seq)),
        3 => (1..5u16).prop_map(Step::Connect),
        4 => Just(Step::Accept),
        6 => (which(), 1..30_000usize).prop_map(|(which, octets)| Step::Send(which, octets)),
        1 => (which(), 1..3_000usize).prop_map(|(which, octets)| Step::SendUrgent(which, octets)),
        6 => (which(), 1..30_000usize).prop_map(|(which, octets)| Step::Receive(which, octets)),
        1 => which().prop_map(Step::Shutdown),
        1 => which().prop_map(Step::ShutdownReceive),
        1 => which().prop_map(Step::Close),
        1 => which().prop_map(Step::Abort),
        1 => (which(), any::<bool>(), any::<bool>()).prop_map(|(which, a, b)| Step::Options(which, a, b)),
        6 => prop_oneof![3 => 0..500u64, 1 => 0..400_000u64].prop_map(Step::Wait),
        2 => (prop_oneof![Just(3u8), Just(4), Just(11), Just(12)], 0..16u8, any::<u16>())
            .prop_map(|(kind, code, word)| Step::Icmp(kind, code, word)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn no_frames_and_calls_break_the_stack(steps in proptest::collection::vec(step(), 1..150)) {
        let mut host = Host::new();
        for step in &steps {
            host.take(step);
            host.check();
        }
        // When all is given back, nothing stays for ever.
        for flow in std::mem::take(&mut host.flows) {
            host.stack.tcp_close(host.now, flow);
        }
        host.stack.tcp_unlisten(host.now, host.listener);
        host.wait(Duration::from_secs(24 * 3_600));
        let population = host.stack.tcp_population();
        prop_assert_eq!((population.flows, population.half_open, population.time_wait), (0, 0, 0));
    }
}
