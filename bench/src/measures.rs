//! The measures: what each one does with two hosts, the same for either stack.
//!
//! Time is the processor time of this thread, so that what else runs on the machine does not count; the stacks are told the
//! real time, once for each turn of a host.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::engine::{BUFFER_OCTETS, Ends, Engine, LISTENERS, Pair};
use crate::memory;

const PORT: u16 = 80;
/// Where connections come in that stay open and idle.
const IDLE_PORT: u16 = 8_000;
/// How many connections one port takes before the next one is used: no stack may run out of local ports.
const IDLE_PER_PORT: usize = 20_000;

const SEGMENTS: u64 = 200_000;
const ROUND_TRIPS: u64 = 100_000;
const OPENINGS: usize = 50_000;
const IDLE_CONNECTIONS: usize = 10_000;
/// What is done before the counting begins, in turns.
const WARM_UP: u64 = 2_000;

/// Nanoseconds for a data segment, both ends together: one sends as much as fits, the other reads as much as came.
pub(crate) fn segment<E: Engine>() -> f64 {
    let mut bulk = Bulk::<E>::new();
    bulk.run(WARM_UP);
    let segments = bulk.pair.to_server.data_frames();
    let time = timed(|| bulk.run(SEGMENTS));
    nanos(time) / (bulk.pair.to_server.data_frames() - segments) as f64
}

/// Allocations for a data segment and for a round trip, whichever has more.
pub(crate) fn allocations<E: Engine>() -> f64 {
    let mut bulk = Bulk::<E>::new();
    bulk.run(WARM_UP * 10);
    let before = memory::allocations();
    bulk.run(SEGMENTS);
    let of_segments = memory::allocations() - before;
    let mut ping = Ping::<E>::new();
    ping.run(WARM_UP);
    let before = memory::allocations();
    ping.run(ROUND_TRIPS);
    let of_trips = memory::allocations() - before;
    (of_segments as f64 / SEGMENTS as f64).max(of_trips as f64 / ROUND_TRIPS as f64)
}

/// Round trips of one octet each way, per second.
pub(crate) fn round_trip<E: Engine>() -> f64 {
    let mut ping = Ping::<E>::new();
    ping.run(WARM_UP);
    let time = timed(|| ping.run(ROUND_TRIPS));
    ROUND_TRIPS as f64 / time.as_secs_f64()
}

/// Connections that are opened, accepted and closed by both ends, per second, `LISTENERS` at a time.
pub(crate) struct OpenClose<E: Engine> {
    pair: Pair<E>,
    idle: usize,
    ends: Vec<Ends<E>>,
}

impl<E: Engine> OpenClose<E> {
    pub(crate) fn new() -> OpenClose<E> {
        let mut pair = Pair::<E>::new();
        pair.server.listen(PORT);
        OpenClose { pair, idle: 0, ends: Vec::new() }
    }

    /// Opens connections that stay, until there are `count`.
    pub(crate) fn hold(&mut self, count: usize) {
        hold(&mut self.pair, self.idle, count);
        self.idle = self.idle.max(count);
    }

    pub(crate) fn rate(&mut self) -> f64 {
        self.run(OPENINGS / 10);
        let time = timed(|| self.run(OPENINGS));
        OPENINGS as f64 / time.as_secs_f64()
    }

    fn run(&mut self, count: usize) {
        for _ in 0..count / LISTENERS {
            self.pair.open(PORT, &mut self.ends, LISTENERS);
            self.pair.close(&mut self.ends);
            self.pair.server.listen_again(PORT);
        }
    }
}

/// Seconds to open 10,000 connections one after the other, and the live heap octets of one end of each, all included.
pub(crate) fn open_10k<E: Engine>() -> (f64, f64) {
    let mut pair = Pair::<E>::new();
    let before = memory::live_octets();
    let time = timed(|| hold(&mut pair, 0, IDLE_CONNECTIONS));
    let held = memory::live_octets() - before;
    (time.as_secs_f64(), held as f64 / (2 * IDLE_CONNECTIONS) as f64)
}

/// Opens connections that stay, one after the other.
fn hold<E: Engine>(pair: &mut Pair<E>, from: usize, to: usize) {
    let mut ends = Vec::with_capacity(1);
    for number in from..to {
        let port = IDLE_PORT + (number / IDLE_PER_PORT) as u16;
        if number % IDLE_PER_PORT == 0 {
            pair.server.listen(port);
        }
        pair.open(port, &mut ends, 1);
        ends.clear();
        pair.server.listen_again(port);
    }
}

/// One connection, on which the client sends and the server reads.
struct Bulk<E: Engine> {
    pair: Pair<E>,
    ends: Ends<E>,
    data: Vec<u8>,
    read: Vec<u8>,
}

impl<E: Engine> Bulk<E> {
    fn new() -> Bulk<E> {
        let (pair, ends) = connected();
        let data = (0..BUFFER_OCTETS).map(|number| (number % 251) as u8).collect();
        Bulk { pair, ends, data, read: vec![0; BUFFER_OCTETS] }
    }

    fn run(&mut self, segments: u64) {
        let Bulk { pair, ends: (client, server), data, read } = self;
        let end = pair.to_server.data_frames() + segments;
        while pair.to_server.data_frames() < end {
            pair.client_in();
            while pair.client.send(*client, data) > 0 {}
            pair.client_out();
            pair.server_in();
            while pair.server.receive(*server, read) > 0 {}
            pair.server_out();
        }
    }
}

/// One connection, on which an octet goes to and fro.
struct Ping<E: Engine> {
    pair: Pair<E>,
    ends: Ends<E>,
}

impl<E: Engine> Ping<E> {
    fn new() -> Ping<E> {
        let (pair, ends) = connected();
        Ping { pair, ends }
    }

    fn run(&mut self, trips: u64) {
        let Ping { pair, ends: (client, server) } = self;
        let mut octet = [0];
        for trip in 0..trips {
            assert_eq!(pair.client.send(*client, &[trip as u8]), 1);
            pair.client_out();
            pair.server_in();
            assert_eq!(pair.server.receive(*server, &mut octet), 1);
            assert_eq!(pair.server.send(*server, &octet), 1);
            pair.server_out();
            pair.client_in();
            assert_eq!((pair.client.receive(*client, &mut octet), octet[0]), (1, trip as u8));
        }
    }
}

fn connected<E: Engine>() -> (Pair<E>, Ends<E>) {
    let mut pair = Pair::<E>::new();
    pair.server.listen(PORT);
    let mut ends = Vec::new();
    pair.open(PORT, &mut ends, 1);
    let ends = ends[0];
    (pair, ends)
}

fn timed(work: impl FnOnce()) -> Duration {
    let before = processor_time();
    work();
    processor_time() - before
}

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn nanos(time: Duration) -> f64 {
    time.as_nanos() as f64
}
