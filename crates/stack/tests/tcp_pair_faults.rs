//! Two stacks joined by a link in memory that loses, delays, reorders, duplicates and corrupts frames, under random calls.
//!
//! Whatever happens, what one side receives is a beginning of what the other sent. When nobody resets the connection it is all
//! of it, within finite virtual time; and when both sides have closed, nothing is left of the connection in either stack.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use proptest::prelude::*;
use synsent_stack::*;

const PORT: u16 = 80;
/// How many timers and frames may be handled in one wait before it is taken for a loop.
const TURNS_MAX: usize = 2_000_000;

/// What the link does to frames; parts of 1,000.
#[derive(Clone, Copy, Debug)]
struct Faults {
    lost: u64,
    doubled: u64,
    corrupted: u64,
    /// The delay of each frame, and how much it varies: frames overtake each other.
    delay_millis: u64,
    jitter_millis: u64,
}

const PERFECT: Faults = Faults { lost: 0, doubled: 0, corrupted: 0, delay_millis: 1, jitter_millis: 0 };

/// A small generator, so that a run is its seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.next() % bound }
    }
}

/// Two hosts and the link between them.
struct Pair {
    stacks: [Stack; 2],
    links: [LinkId; 2],
    now: Instant,
    /// Frames on their way, by the time of their arrival; the side that gets them comes last.
    wire: BTreeMap<(Instant, u64), (usize, Vec<u8>)>,
    serial: u64,
    faults: Faults,
    random: Random,
    frame: Vec<u8>,
}

impl Pair {
    fn new(mtu: u16, seed: u64) -> Pair {
        let now = Instant::from_secs(1);
        let mut links = [LinkId::LOOPBACK; 2];
        let stacks = [0, 1].map(|side| {
            let config = Config::default();
            let mut stack = Stack::new(config, [side as u8 + 1; 32]);
            let mut link = LinkConfig::ip("wire");
            link.mtu = mtu;
            links[side] = stack.add_link(now, link);
            stack.add_address(now, links[side], Cidr::new(addr(side), 24).unwrap()).unwrap();
            stack
        });
        let (wire, frame) = (BTreeMap::new(), vec![0; 70_000]);
        Pair { stacks, links, now, wire, serial: 0, faults: PERFECT, random: Random(seed), frame }
    }

    /// Takes what both stacks want to send and puts it on the wire, or not.
    fn pump(&mut self) {
        for side in 0..2 {
            let mut frame = std::mem::take(&mut self.frame);
            let mut frames = 0;
            while let Some(transmit) = self.stacks[side].poll_transmit(self.now, self.links[side], &mut frame) {
                self.carry(1 - side, &frame[..transmit.len]);
                frames += 1;
                assert!(frames < 100_000, "the stack never stops sending");
            }
            self.frame = frame;
            while self.stacks[side].poll_event().is_some() {}
        }
    }

    fn carry(&mut self, to: usize, frame: &[u8]) {
        let faults = self.faults;
        if self.random.below(1_000) < faults.lost {
            return;
        }
        let copies = 1 + u64::from(self.random.below(1_000) < faults.doubled);
        for _ in 0..copies {
            let mut frame = frame.to_vec();
            if self.random.below(1_000) < faults.corrupted {
                let bit = self.random.below(frame.len() as u64 * 8);
                frame[(bit / 8) as usize] ^= 1 << (bit % 8);
            }
            let delay = faults.delay_millis + self.random.below(faults.jitter_millis + 1);
            self.serial += 1;
            self.wire.insert((self.now + Duration::from_millis(delay), self.serial), (to, frame));
        }
    }

    /// Lets time pass until `end`.
    fn run_until(&mut self, end: Instant) {
        for _ in 0..TURNS_MAX {
            self.pump();
            let arrival = self.wire.first_key_value().map(|((at, _), _)| *at);
            let deadlines = self.stacks.iter().filter_map(Stack::next_deadline);
            let Some(next) = deadlines.chain(arrival).min().filter(|next| *next <= end) else {
                self.now = self.now.max(end);
                return;
            };
            self.now = self.now.max(next);
            while let Some(entry) = self.wire.first_entry().filter(|entry| entry.key().0 <= self.now) {
                let (to, frame) = entry.remove();
                self.stacks[to].on_frame(self.now, self.links[to], &frame);
            }
            for stack in &mut self.stacks {
                if stack.next_deadline().is_some_and(|at| at <= self.now) {
                    stack.on_deadline(self.now);
                }
            }
        }
        panic!("the stacks never come to rest");
    }

    fn run_for(&mut self, span: Duration) {
        self.run_until(self.now + span);
    }

    /// A connection over a link without faults: the opener's and the accepter's handles.
    fn connect(&mut self, options: [TcpOptions; 2]) -> [FlowId; 2] {
        let listen = ListenOptions { tcp: Some(options[1]), ..ListenOptions::on_port(PORT) };
        let listener = self.stacks[1].tcp_listen(self.now, listen).unwrap();
        let open = OpenOptions { tcp: Some(options[0]), ..OpenOptions::to(SocketAddr::new(addr(1), PORT)) };
        let opener = self.stacks[0].tcp_connect(self.now, open).unwrap();
        self.run_for(Duration::from_secs(1));
        let accepter = self.stacks[1].tcp_accept(self.now, listener).expect("the connection stands");
        self.stacks[1].tcp_unlisten(self.now, listener);
        [opener, accepter]
    }

    fn population(&self) -> usize {
        let of = |stack: &Stack| {
            let population = stack.tcp_population();
            population.flows + population.half_open + population.time_wait
        };
        self.stacks.iter().map(of).sum()
    }
}

fn addr(side: usize) -> IpAddr {
    [10, 0, 0, side as u8 + 1].into()
}

/// One step of a random run.
#[derive(Clone, Debug)]
enum Step {
    Send(usize, usize),
    SendUrgent(usize, usize),
    Receive(usize, usize),
    ShutdownSend(usize),
    Wait(u64),
    Options(usize, bool, bool),
    Close(usize),
    Abort(usize),
}

fn gentle_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..2usize, 1..20_000usize).prop_map(|(side, octets)| Step::Send(side, octets)),
        1 => (0..2usize, 1..2_000usize).prop_map(|(side, octets)| Step::SendUrgent(side, octets)),
        8 => (0..2usize, 1..30_000usize).prop_map(|(side, octets)| Step::Receive(side, octets)),
        1 => (0..2usize).prop_map(Step::ShutdownSend),
        8 => (0..300u64).prop_map(Step::Wait),
        1 => (1_000..200_000u64).prop_map(Step::Wait),
        1 => (0..2usize, any::<bool>(), any::<bool>()).prop_map(|(side, a, b)| Step::Options(side, a, b)),
    ]
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => gentle_step(),
        1 => (0..2usize).prop_map(Step::Close),
        1 => (0..2usize).prop_map(Step::Abort),
    ]
}

fn faults() -> impl Strategy<Value = Faults> {
    let rare = || prop_oneof![Just(0u64), 1..150u64];
    (rare(), rare(), rare(), 0..200u64, prop_oneof![Just(0u64), 0..100u64]).prop_map(
        |(lost, doubled, corrupted, delay_millis, jitter_millis)| Faults {
            lost,
            doubled,
            corrupted,
            delay_millis,
            jitter_millis,
        },
    )
}

fn buffer() -> impl Strategy<Value = BufferSize> {
    (prop_oneof![1..3_000u32, 3_000..100_000u32], 0..200_000u32)
        .prop_map(|(initial, more)| BufferSize { initial, limit: initial + more })
}

fn options() -> impl Strategy<Value = TcpOptions> {
    (any::<[bool; 6]>(), buffer(), buffer(), prop_oneof![Just(None), (1..3_000u16).prop_map(Some)]).prop_map(
        |([no_delay, quick_ack, window_scaling, timestamps, selective_acks, reno], send, receive, most)| TcpOptions {
            no_delay,
            quick_ack,
            window_scaling,
            timestamps,
            selective_acks,
            algorithm: if reno { Algorithm::NewReno } else { Algorithm::Cubic },
            send_buffer: send,
            receive_buffer: receive,
            max_segment_octets: most,
            user_timeout: None,
            ..TcpOptions::default()
        },
    )
}

/// A run: the pair, the handles, and what each side has sent and received.
struct Run {
    pair: Pair,
    flows: [FlowId; 2],
    sent: [Vec<u8>; 2],
    received: [Vec<u8>; 2],
    ended: [bool; 2],
    next_octet: u8,
}

impl Run {
    fn new(mtu: u16, seed: u64, faults: Faults, options: [TcpOptions; 2]) -> Run {
        let mut pair = Pair::new(mtu, seed);
        let flows = pair.connect(options);
        pair.faults = faults;
        Run { pair, flows, sent: Default::default(), received: Default::default(), ended: [false; 2], next_octet: 0 }
    }

    fn take(&mut self, step: &Step) {
        let now = self.pair.now;
        match *step {
            Step::Send(side, octets) => self.send(side, octets, false),
            Step::SendUrgent(side, octets) => self.send(side, octets, true),
            Step::Receive(side, octets) => {
                self.receive(side, octets);
            }
            Step::ShutdownSend(side) => {
                let _ = self.pair.stacks[side].tcp_shutdown_send(now, self.flows[side]);
            }
            Step::Wait(millis) => self.pair.run_for(Duration::from_millis(millis)),
            Step::Options(side, no_delay, quick_ack) => {
                let stack = &mut self.pair.stacks[side];
                if let Some(options) = stack.tcp_options(self.flows[side]) {
                    let options = TcpOptions { no_delay, quick_ack, ..options };
                    stack.tcp_set_options(now, self.flows[side], options).unwrap();
                }
            }
            Step::Close(side) => self.pair.stacks[side].tcp_close(now, self.flows[side]),
            Step::Abort(side) => self.pair.stacks[side].tcp_abort(now, self.flows[side]),
        }
        self.pair.pump();
    }

    fn send(&mut self, side: usize, octets: usize, urgent: bool) {
        let first = self.next_octet;
        let data: Vec<u8> = (0..octets).map(|at| first.wrapping_add((at % 251) as u8)).collect();
        let (stack, flow, now) = (&mut self.pair.stacks[side], self.flows[side], self.pair.now);
        let taken = match urgent {
            true => stack.tcp_send_urgent(now, flow, &data),
            false => stack.tcp_send(now, flow, &data),
        };
        if let Ok(taken) = taken {
            self.sent[side].extend_from_slice(&data[..taken]);
            self.next_octet = self.next_octet.wrapping_add(17);
        }
    }

    /// Receives, and compares with what the other side has sent. True when something came.
    fn receive(&mut self, side: usize, octets: usize) -> bool {
        let mut piece = vec![0; octets];
        match self.pair.stacks[side].tcp_receive(self.pair.now, self.flows[side], &mut piece) {
            Ok(0) => {
                self.ended[side] = true;
                false
            }
            Ok(octets) => {
                assert!(!self.ended[side], "nothing comes after the end");
                let (received, sent) = (&mut self.received[side], &self.sent[1 - side]);
                let from = received.len();
                received.extend_from_slice(&piece[..octets]);
                assert!(sent.get(from..received.len()) == Some(&piece[..octets]), "what arrives is what was sent");
                true
            }
            Err(_) => false,
        }
    }

    /// Ends both directions in order, and reads until both ends are reached.
    fn finish(&mut self) {
        let limit = self.pair.now + Duration::from_secs(48 * 3_600);
        for side in 0..2 {
            self.take(&Step::ShutdownSend(side));
        }
        while self.ended != [true, true] {
            for side in 0..2 {
                while self.receive(side, 50_000) {}
            }
            self.pair.run_for(Duration::from_millis(200));
            if self.pair.now > limit {
                let status = [0, 1].map(|side| self.pair.stacks[side].tcp_status(self.flows[side]));
                panic!("the end never comes: {status:#?}");
            }
        }
        assert!(self.received[0] == self.sent[1] && self.received[1] == self.sent[0], "all that was sent has arrived");
    }

    /// Gives both handles back, after which nothing may be left in the end.
    fn leave(&mut self) {
        for side in 0..2 {
            self.take(&Step::Close(side));
        }
        let limit = self.pair.now + Duration::from_secs(48 * 3_600);
        while self.pair.population() > 0 {
            self.pair.run_for(Duration::from_secs(10));
            if self.pair.now > limit {
                let left = [0, 1].map(|side| self.pair.stacks[side].tcp_population());
                panic!("connections are left: {left:?}");
            }
        }
        self.pair.wire.clear();
        assert!(self.pair.stacks.iter().all(|stack| stack.next_deadline().is_none()), "no timer is left");
    }
}

fn mtu() -> impl Strategy<Value = u16> {
    prop_oneof![Just(68u16), Just(128), Just(296), Just(576), Just(1_500), Just(9_000)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, max_shrink_iters: 400, ..ProptestConfig::default() })]

    #[test]
    fn all_that_is_sent_arrives_in_order_and_nothing_is_left(
        mtu in mtu(),
        seed in any::<u64>(),
        faults in faults(),
        ours in options(),
        theirs in options(),
        steps in proptest::collection::vec(gentle_step(), 0..60),
    ) {
        let mut run = Run::new(mtu, seed, faults, [ours, theirs]);
        for step in &steps {
            run.take(step);
        }
        run.finish();
        run.leave();
    }

    #[test]
    fn whoever_closes_or_resets_nothing_wrong_arrives_and_nothing_is_left(
        mtu in mtu(),
        seed in any::<u64>(),
        faults in faults(),
        ours in options(),
        theirs in options(),
        steps in proptest::collection::vec(any_step(), 0..60),
    ) {
        let mut run = Run::new(mtu, seed, faults, [ours, theirs]);
        for step in &steps {
            run.take(step);
        }
        run.leave();
    }
}

// Two runs with one seed are the same to the octet.
#[test]
fn the_same_seed_gives_the_same_exchange() {
    let faults = Faults { lost: 50, doubled: 20, corrupted: 10, delay_millis: 20, jitter_millis: 30 };
    let exchange = || {
        let mut run = Run::new(1_500, 42, faults, [TcpOptions::default(); 2]);
        let mut sums = Vec::new();
        for _ in 0..50 {
            run.take(&Step::Send(0, 10_000));
            run.take(&Step::Wait(100));
            run.take(&Step::Receive(1, 100_000));
            let frames: Vec<_> = run.pair.wire.iter().map(|(at, frame)| (*at, frame.clone())).collect();
            sums.push(frames);
        }
        sums
    };
    assert!(exchange() == exchange());
}

// The buffers on both sides grow with what a path can hold, also where the receiver never sends and the delay became longer
// after the handshake.
#[test]
fn a_path_without_faults_is_filled() {
    let mut run = Run::new(1_500, 1, Faults { delay_millis: 25, ..PERFECT }, [TcpOptions::default(); 2]);
    let (start, total) = (run.pair.now, 20 << 20);
    while run.received[1].len() < total {
        run.take(&Step::Send(0, 1 << 20));
        run.take(&Step::Wait(5));
        while run.receive(1, 1 << 20) {}
        assert!(run.pair.now.since(start) < Duration::from_secs(10), "a window that does not grow takes 16 s");
    }
    assert!(run.pair.stacks[0].tcp_status(run.flows[0]).unwrap().congestion_window > 1 << 18);
}

// With one frame in fifty lost the transfer goes on by recoveries, not by timeouts.
#[test]
fn moderate_loss_does_not_stop_a_transfer() {
    for selective_acks in [true, false] {
        let options = TcpOptions { selective_acks, ..TcpOptions::default() };
        let faults = Faults { lost: 20, delay_millis: 10, ..PERFECT };
        let mut run = Run::new(1_500, 5, faults, [options; 2]);
        let start = run.pair.now;
        while run.received[1].len() < 1 << 20 {
            run.take(&Step::Send(0, 1 << 18));
            run.take(&Step::Wait(5));
            while run.receive(1, 1 << 20) {}
        }
        let took = run.pair.now.since(start);
        assert!(took < Duration::from_secs(if selective_acks { 10 } else { 30 }), "{took:?}");
    }
}
