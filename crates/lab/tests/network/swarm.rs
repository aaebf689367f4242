//! Random networks, random faults and random calls, and what must hold all the same.
//!
//! Every stream begins with a number of its own, so whoever reads it knows whose octets these must be: what is read is a prefix
//! of what was written, it is read once, nothing comes after its end, and an end in order comes only after everything. When the
//! faults stop, what was sent in order arrives, and every connection ends in finite time. Nothing panics, and what waits on
//! cables and in hosts stays within its bounds.
//!
//! `SYNSENT_SWARM_SEEDS` says how many seeds are tried, `SYNSENT_SWARM_FIRST` which one is first; a failure names its seed.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::nets::{Family, address, cidr, via};
use synsent_lab::{CableId, Faults, HostId, Lab, Pattern, Rng};
use synsent_stack::{
    Algorithm, BufferSize, Config, Duration, FlowId, KeepAlive, ListenOptions, ListenerId, OpenOptions, ReceiveError,
    SendError, Stack, UdpId, UdpOptions,
};

const SEEDS_DEFAULT: u64 = 100;
const ROUNDS: usize = 150;
const PORTS: [u16; 3] = [80, 81, 82];
/// A datagram of this size fits every cable.
const UNFRAGMENTED_OCTETS: usize = 1_200;
/// A stream begins with its number.
const HEAD_OCTETS: u64 = 8;

/// A stream as the one who writes it knows it.
struct Written {
    pattern: Pattern,
    octets: u64,
    /// Shut down or closed, and not aborted.
    ended_in_order: bool,
    aborted: bool,
}

/// One end of a connection, as the test has it.
struct End {
    host: HostId,
    flow: FlowId,
    /// The number of the stream that this end writes.
    writes: u64,
    /// The number of the stream that this end reads, once known, and its first octets until then.
    reads: Option<u64>,
    head: Vec<u8>,
    received: u64,
    saw_end: bool,
    open: bool,
    /// How often it looks whether there is something to read: a slow reader closes its window.
    diligence: f64,
}

struct Swarm {
    lab: Lab,
    rng: Rng,
    hosts: Vec<HostId>,
    addresses: BTreeMap<HostId, Vec<std::net::IpAddr>>,
    cables: Vec<CableId>,
    /// The one cable that may damage frames. A bit that is turned twice on a way can cancel out in a TCP checksum, and then
    /// no stack could notice; so no frame may pass it twice, as it can on a segment with a router when an address was damaged.
    damaging: Option<CableId>,
    listeners: BTreeMap<(HostId, u16), ListenerId>,
    udp: BTreeMap<(HostId, u16), UdpId>,
    ends: Vec<End>,
    streams: BTreeMap<u64, Written>,
    /// Streams that somebody reads.
    read: BTreeSet<u64>,
    streams_made: u64,
    tally: Tally,
}

/// What a run came to.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
struct Tally {
    digest: u64,
    /// Ends of connections that the test had.
    ends: u64,
    octets: u64,
    /// Streams that were seen to end in order.
    ended: u64,
    failed: u64,
    datagrams: u64,
    frames: u64,
}

#[test]
fn whatever_happens_streams_stay_whole_and_connections_end() {
    let number = |name: &str, default: u64| std::env::var(name).map_or(default, |text| text.parse().expect(name));
    let first = number("SYNSENT_SWARM_FIRST", 1);
    let last = first + number("SYNSENT_SWARM_SEEDS", SEEDS_DEFAULT);
    let (next, failed) = (AtomicU64::new(first), Mutex::new(BTreeMap::new()));
    let sum = Mutex::new(Tally::default());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= last {
                        return;
                    }
                    match catch_unwind(AssertUnwindSafe(|| run(seed))) {
                        Ok(tally) => sum.lock().unwrap().add(&tally),
                        Err(panic) => {
                            let text = panic.downcast_ref::<String>().cloned();
                            let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
                            failed.lock().unwrap().insert(seed, text.unwrap_or_default());
                        }
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(
        failed.is_empty(),
        "{} seeds failed (one alone: SYNSENT_SWARM_FIRST=seed SYNSENT_SWARM_SEEDS=1): {failed:#?}",
        failed.len()
    );
    let sum = sum.into_inner().unwrap();
    println!("{sum:?}");
    let seeds = last - first;
    assert!(
        seeds < 10 || sum.ends > seeds && sum.octets > seeds * 1_000 && sum.ended > 0,
        "too little happens: {sum:?}"
    );
}

impl Tally {
    fn add(&mut self, other: &Tally) {
        self.ends += other.ends;
        self.octets += other.octets;
        self.ended += other.ended;
        self.failed += other.failed;
        self.datagrams += other.datagrams;
        self.frames += other.frames;
    }
}

#[test]
fn one_seed_is_one_run() {
    assert_eq!(run(42), run(42));
    assert_ne!(run(42), run(43));
}

/// One network from its making to its end.
fn run(seed: u64) -> Tally {
    let mut swarm = Swarm::new(seed);
    for _ in 0..ROUNDS {
        swarm.act();
        let bits = 18 + swarm.rng.below(17);
        let pause = swarm.rng.below(1 << bits);
        swarm.lab.run_for(Duration::from_nanos(pause));
        swarm.read_all();
    }
    swarm.finish();
    let (capture, ends) = (swarm.lab.capture(), swarm.ends.len() as u64);
    Tally { digest: capture.digest(), frames: capture.frames(), ends, ..swarm.tally }
}

/// Making it.
impl Swarm {
    fn new(seed: u64) -> Swarm {
        let mut swarm = Swarm {
            lab: Lab::new(seed),
            rng: Rng::new(seed).fork(0xa11),
            hosts: Vec::new(),
            addresses: BTreeMap::new(),
            cables: Vec::new(),
            damaging: None,
            listeners: BTreeMap::new(),
            udp: BTreeMap::new(),
            ends: Vec::new(),
            streams: BTreeMap::new(),
            read: BTreeSet::new(),
            streams_made: 0,
            tally: Tally::default(),
        };
        let nets = 1 + swarm.rng.below(2) as u8;
        let mut routers = None;
        for net in 1..=nets {
            let mtu = *swarm.rng.pick(&[1_500, 1_500, 1_400, 1_280]);
            let wide = swarm.rng.chance(0.7);
            let cable = if wide { swarm.lab.add_segment("net", mtu) } else { swarm.lab.add_line("net", mtu) };
            swarm.cables.push(cable);
            if nets == 1 || !wide {
                swarm.damaging = Some(cable);
            }
            if nets > 1 {
                let router = *routers.get_or_insert_with(|| swarm.lab.add_router("router"));
                swarm.lab.attach(router, cable, &both(net, 254)).unwrap();
            }
            let members = if wide { 1 + swarm.rng.below(3) as u8 } else { 1 };
            let members = if nets == 1 && wide {
                members + 1
            } else if nets == 1 {
                2
            } else {
                members
            };
            for number in 1..=members {
                swarm.add_host(net, number, nets, cable);
            }
        }
        for cable in swarm.cables.clone() {
            swarm.change_faults(cable);
        }
        swarm
    }

    fn add_host(&mut self, net: u8, number: u8, nets: u8, cable: CableId) {
        let mut config = Config::default();
        let options = &mut config.tcp.options;
        options.algorithm = *self.rng.pick(&[Algorithm::NewReno, Algorithm::Cubic]);
        options.no_delay = self.rng.chance(0.3);
        options.timestamps = self.rng.chance(0.7);
        options.selective_acks = self.rng.chance(0.7);
        options.window_scaling = self.rng.chance(0.7);
        if self.rng.chance(0.3) {
            options.receive_buffer = BufferSize::fixed(*self.rng.pick(&[1_000, 4_000, 20_000]));
        }
        if self.rng.chance(0.2) {
            options.max_segment_octets = Some(536);
        }
        options.quick_ack = self.rng.chance(0.2);
        options.linger = *self.rng.pick(&[None, None, None, Some(Duration::ZERO), Some(Duration::from_secs(2))]);
        if self.rng.chance(0.2) {
            let (idle, interval) = (Duration::from_secs(2), Duration::from_secs(1));
            options.keep_alive = Some(KeepAlive { idle, interval, probes: 3 });
        }
        let host = self.lab.add_host(&format!("host {net}.{number}"), config);
        let link = self.lab.attach(host, cable, &both(net, number)).unwrap();
        for other in (1..=nets).filter(|other| *other != net) {
            for family in [Family::V4, Family::V6] {
                self.lab.route(host, via(family, other, address(family, net, 254), link)).unwrap();
            }
        }
        self.hosts.push(host);
        self.addresses.insert(host, both(net, number).iter().map(|one| one.addr()).collect());
    }
}

fn both(net: u8, number: u8) -> [synsent_stack::Cidr; 2] {
    [cidr(Family::V4, net, number), cidr(Family::V6, net, number)]
}

/// What happens at random.
impl Swarm {
    fn act(&mut self) {
        match self.rng.below(100) {
            0..12 => self.listen(),
            12..32 => self.connect(),
            32..62 => self.write(),
            62..68 => self.shutdown(),
            68..76 => self.close(),
            76..78 => self.abort(),
            78..81 => self.unlisten(),
            81..84 => self.clash(),
            84..88 => self.datagram(),
            88..92 => self.babble(),
            92..96 => {
                let (cable, up) = (*self.rng.pick(&self.cables), self.rng.chance(0.8));
                self.lab.set_up(cable, up);
            }
            _ => {
                let cable = *self.rng.pick(&self.cables);
                self.change_faults(cable);
            }
        }
    }

    fn change_faults(&mut self, cable: CableId) {
        let damages = self.damaging == Some(cable);
        let rng = &mut self.rng;
        let odds = |rng: &mut Rng| *rng.pick(&[0.0, 0.0, 0.0, 0.01, 0.05, 0.2]);
        let micros = |rng: &mut Rng, bound: u64| Duration::from_micros(rng.below(bound));
        let faults = Faults {
            loss: odds(rng),
            duplicate: odds(rng),
            reorder: odds(rng),
            reorder_by: micros(rng, 40_000),
            corrupt: if damages { odds(rng) } else { 0.0 },
            corrupt_bits: 1,
            delay: micros(rng, 50_000),
            jitter: micros(rng, 10_000),
            rate: *rng.pick(&[None, Some(500_000), Some(10_000_000)]),
            queue_octets: *rng.pick(&[5_000, 64_000]),
            mtu: None,
        };
        let from = *rng.pick(&[None, Some(0), Some(1)]);
        self.lab.set_faults(cable, from, faults);
    }

    fn listen(&mut self) {
        let (host, port) = (*self.rng.pick(&self.hosts), *self.rng.pick(&PORTS));
        let backlog = 1 + self.rng.below(8) as usize;
        let options = ListenOptions { backlog, ..ListenOptions::on_port(port) };
        let answer = self.lab.call(host, |stack, now| stack.tcp_listen(now, options));
        match (answer, self.listeners.contains_key(&(host, port))) {
            (Ok(listener), false) => drop(self.listeners.insert((host, port), listener)),
            (Ok(_), true) => panic!("two listeners at port {port} of {host:?}"),
            // A connection that holds the port, or one that is still going away, may stand in the way.
            (Err(_), _) => {}
        }
    }

    fn unlisten(&mut self) {
        let keys: Vec<_> = self.listeners.keys().copied().collect();
        if keys.is_empty() {
            return;
        }
        let key = *self.rng.pick(&keys);
        self.accept_at(key);
        let listener = self.listeners.remove(&key).unwrap();
        self.lab.call(key.0, |stack, now| stack.tcp_unlisten(now, listener));
    }

    fn clash(&mut self) {
        let Some((&(host, port), _)) = self.listeners.iter().next() else { return };
        let again = self.lab.call(host, |stack, now| stack.tcp_listen(now, ListenOptions::on_port(port)));
        assert!(again.is_err(), "port {port} of {host:?} was given twice");
        let Some((&(host, port), _)) = self.udp.iter().next() else { return };
        let again = self.lab.call(host, |stack, now| stack.udp_bind(now, UdpOptions { port, ..UdpOptions::default() }));
        assert!(again.is_err(), "UDP port {port} of {host:?} was given twice");
    }

    fn connect(&mut self) {
        let (host, other) = (*self.rng.pick(&self.hosts), *self.rng.pick(&self.hosts));
        let remote = SocketAddr::new(*self.rng.pick(&self.addresses[&other]), *self.rng.pick(&PORTS));
        let local_port = if self.rng.chance(0.1) { Some(*self.rng.pick(&PORTS)) } else { None };
        let options = OpenOptions { local_port, ..OpenOptions::to(remote) };
        if let Ok(flow) = self.lab.call(host, |stack, now| stack.tcp_connect(now, options)) {
            self.add_end(host, flow);
        }
    }

    fn add_end(&mut self, host: HostId, flow: FlowId) {
        self.streams_made += 1;
        let writes = self.streams_made;
        let written = Written { pattern: Pattern::new(writes), octets: 0, ended_in_order: false, aborted: false };
        self.streams.insert(writes, written);
        let head = Vec::new();
        let diligence = *self.rng.pick(&[0.9, 0.9, 0.05]);
        self.ends.push(End {
            host,
            flow,
            writes,
            reads: None,
            head,
            received: 0,
            saw_end: false,
            open: true,
            diligence,
        });
    }

    fn accept_at(&mut self, key: (HostId, u16)) {
        let listener = self.listeners[&key];
        while let Some(flow) = self.lab.call(key.0, |stack, now| stack.tcp_accept(now, listener)) {
            self.add_end(key.0, flow);
        }
    }

    fn pick_end(&mut self) -> Option<usize> {
        let open: Vec<usize> = (0..self.ends.len()).filter(|index| self.ends[*index].open).collect();
        if open.is_empty() { None } else { Some(*self.rng.pick(&open)) }
    }

    fn write(&mut self) {
        let Some(index) = self.pick_end() else { return };
        let End { host, flow, writes, .. } = self.ends[index];
        let stream = self.streams.get_mut(&writes).unwrap();
        let bits = 4 + self.rng.below(14);
        let mut bytes = vec![0; 1 + self.rng.below(1 << bits) as usize];
        let offset = stream.octets;
        stream.pattern.fill(offset, &mut bytes);
        for (at, octet) in (offset..HEAD_OCTETS).zip(&mut bytes) {
            *octet = writes.to_be_bytes()[at as usize];
        }
        let urgent = self.rng.chance(0.03);
        let send = |stack: &mut Stack, now| match urgent {
            true => stack.tcp_send_urgent(now, flow, &bytes),
            false => stack.tcp_send(now, flow, &bytes),
        };
        match self.lab.call(host, send) {
            Ok(taken) => {
                assert!(taken > 0 && taken <= bytes.len());
                assert!(!stream.ended_in_order, "octets were taken after the end of the stream");
                stream.octets += taken as u64;
            }
            Err(SendError::WouldBlock) => {}
            Err(_) => {}
        }
    }

    fn shutdown(&mut self) {
        let Some(index) = self.pick_end() else { return };
        self.shutdown_end(index);
    }

    fn shutdown_end(&mut self, index: usize) {
        let End { host, flow, writes, .. } = self.ends[index];
        if self.lab.call(host, |stack, now| stack.tcp_shutdown_send(now, flow)).is_ok() {
            self.streams.get_mut(&writes).unwrap().ended_in_order = true;
        }
    }

    fn close(&mut self) {
        let Some(index) = self.pick_end() else { return };
        self.close_end(index);
    }

    fn close_end(&mut self, index: usize) {
        let End { host, flow, writes, .. } = self.ends[index];
        self.ends[index].open = false;
        self.streams.get_mut(&writes).unwrap().ended_in_order = true;
        self.lab.call(host, |stack, now| stack.tcp_close(now, flow));
    }

    fn abort(&mut self) {
        let Some(index) = self.pick_end() else { return };
        let End { host, flow, writes, .. } = self.ends[index];
        self.ends[index].open = false;
        self.streams.get_mut(&writes).unwrap().aborted = true;
        self.lab.call(host, |stack, now| stack.tcp_abort(now, flow));
    }

    fn datagram(&mut self) {
        let (host, port) = (*self.rng.pick(&self.hosts), *self.rng.pick(&PORTS));
        let bound = self.udp.get(&(host, port)).copied();
        let bound = bound.or_else(|| {
            self.lab.call(host, |stack, now| stack.udp_bind(now, UdpOptions { port, ..UdpOptions::default() })).ok()
        });
        let Some(socket) = bound else { panic!("UDP port {port} of {host:?} is nobody's and cannot be bound") };
        self.udp.insert((host, port), socket);
        let other = *self.rng.pick(&self.hosts);
        let remote = SocketAddr::new(*self.rng.pick(&self.addresses[&other]), *self.rng.pick(&PORTS));
        let bytes = vec![port as u8; self.rng.below(4_000) as usize];
        // A datagram may be refused (too large, no neighbour, an error that came before): that is no fault.
        let _ = self.lab.call(host, |stack, now| stack.udp_send_to(now, socket, Some(remote), &bytes));
        if self.rng.chance(0.1) {
            self.udp.remove(&(host, port));
            self.lab.call(host, |stack, _| stack.udp_close(socket));
        }
    }
}

/// What no stack would send.
impl Swarm {
    /// Injects a frame that was sent before, a part of one, or octets that are none.
    fn babble(&mut self) {
        let cable = *self.rng.pick(&self.cables);
        let kept = self.lab.capture().records().count().min(1_000) as u64;
        let nth = self.rng.below(kept) as usize;
        let Some(record) = self.lab.capture().records().rev().nth(nth) else { return };
        let mut frame = record.bytes.clone();
        match self.rng.below(3) {
            0 => {}
            1 => frame.truncate(self.rng.below(frame.len() as u64) as usize),
            _ => {
                // The beginning stays, so that the frame gets some way into the stack.
                let from = self.rng.below(30) as usize;
                frame.iter_mut().skip(from).for_each(|octet| *octet = self.rng.draw() as u8);
            }
        }
        self.lab.inject(cable, &frame);
    }
}

/// What must hold.
impl Swarm {
    fn read_all(&mut self) {
        for key in self.listeners.keys().copied().collect::<Vec<_>>() {
            self.accept_at(key);
        }
        for index in 0..self.ends.len() {
            if self.ends[index].open && self.rng.chance(self.ends[index].diligence) {
                self.read(index);
            }
        }
        let mut bytes = [0; 4_000];
        for (&(host, _), &socket) in &self.udp {
            while let Ok(got) = self.lab.call(host, |stack, _| stack.udp_receive(socket, &mut bytes)) {
                self.tally.datagrams += 1;
                // Two bits turned in two fragments of one datagram can cancel out in its checksum.
                let certain = got.whole <= UNFRAGMENTED_OCTETS;
                let whole = bytes[..got.len].iter().all(|octet| *octet == got.source.port() as u8);
                assert!(whole || !certain, "a datagram from {} is not whole", got.source);
            }
        }
    }

    fn read(&mut self, index: usize) {
        let mut bytes = [0; 3_000];
        loop {
            let End { host, flow, .. } = self.ends[index];
            match self.lab.call(host, |stack, now| stack.tcp_receive(now, flow, &mut bytes)) {
                Ok(0) => return self.check_end(index),
                Ok(count) => self.check_octets(index, &bytes[..count]),
                Err(ReceiveError::WouldBlock) => return,
                Err(_) => {
                    self.tally.failed += 1;
                    return;
                }
            }
        }
    }

    fn check_octets(&mut self, index: usize, bytes: &[u8]) {
        let end = &mut self.ends[index];
        assert!(!end.saw_end, "octets after the end of stream {:?} at {:?}", end.reads, end.host);
        let offset = end.received;
        end.received += bytes.len() as u64;
        self.tally.octets += bytes.len() as u64;
        let head = (HEAD_OCTETS.saturating_sub(offset) as usize).min(bytes.len());
        end.head.extend_from_slice(&bytes[..head]);
        if let (None, Ok(number)) = (end.reads, <[u8; 8]>::try_from(end.head.as_slice())) {
            let number = u64::from_be_bytes(number);
            assert!(self.streams.contains_key(&number), "a stream that nobody writes: {number}");
            assert!(self.read.insert(number), "stream {number} is read by two");
            end.reads = Some(number);
        }
        let Some(number) = end.reads else { return };
        let written = &self.streams[&number];
        assert!(end.received <= written.octets, "stream {number}: more was read than written");
        let wrong = written.pattern.mismatch(offset + head as u64, &bytes[head..]);
        assert_eq!(wrong, None, "stream {number} was written {} octets", written.octets);
    }

    fn check_end(&mut self, index: usize) {
        let end = &mut self.ends[index];
        self.tally.ended += u64::from(!end.saw_end);
        end.saw_end = true;
        let Some(number) = end.reads else { return };
        let written = &self.streams[&number];
        assert!(written.ended_in_order, "stream {number} ended, but nobody ended it");
        assert_eq!(end.received, written.octets, "stream {number} ended before its end");
    }

    /// The faults stop: what was sent in order arrives, everything is closed, and everything ends.
    fn finish(&mut self) {
        for cable in self.cables.clone() {
            self.lab.set_faults(cable, None, Faults::delay(Duration::from_millis(1)));
            self.lab.set_up(cable, true);
        }
        for turn in 0..200 {
            self.lab.run_for(Duration::from_secs(2));
            self.drain();
            if turn == 50 {
                let open: Vec<usize> = (0..self.ends.len()).filter(|index| self.ends[*index].open).collect();
                open.into_iter().for_each(|index| self.shutdown_end(index));
            }
        }
        self.check_delivery();
        for index in 0..self.ends.len() {
            if self.ends[index].open {
                self.close_end(index);
            }
        }
        for ((host, _), listener) in std::mem::take(&mut self.listeners) {
            self.lab.call(host, |stack, now| stack.tcp_unlisten(now, listener));
        }
        self.lab.run_for(Duration::from_secs(1_200));
        for end in &self.ends {
            let status = self.lab.stack(end.host).tcp_status(end.flow);
            assert!(status.is_none(), "a closed connection is still there after 20 minutes: {status:?}");
        }
        for host in self.lab.hosts() {
            let left = self.lab.stack(host).tcp_population();
            let left = (left.flows, left.half_open, left.time_wait);
            assert_eq!(left, (0, 0, 0), "connections that nobody holds are left at {}", self.lab.name(host));
        }
        let frames = self.lab.capture().frames();
        self.lab.run_for(Duration::from_secs(600));
        assert_eq!(self.lab.capture().frames(), frames, "somebody still talks when everything is closed");
    }

    fn drain(&mut self) {
        for key in self.listeners.keys().copied().collect::<Vec<_>>() {
            self.accept_at(key);
        }
        for index in 0..self.ends.len() {
            if self.ends[index].open {
                self.read(index);
            }
        }
    }

    /// Every stream that is still read, and whose ends have not failed, has arrived.
    fn check_delivery(&self) {
        let alive = |end: &End| {
            let status = self.lab.stack(end.host).tcp_status(end.flow);
            end.open && status.is_some_and(|status| status.failure.is_none())
        };
        for reader in self.ends.iter().filter(|end| alive(end)) {
            let Some(number) = reader.reads else { continue };
            let writer = self.ends.iter().find(|end| end.writes == number);
            let Some(writer) = writer.filter(|writer| alive(writer)) else { continue };
            let written = &self.streams[&number];
            assert!(!written.aborted);
            assert_eq!(reader.received, written.octets, "stream {number}: not everything arrived");
            assert_eq!(reader.saw_end, written.ended_in_order, "stream {number}: its end, from {:?}", writer.host);
        }
    }
}
