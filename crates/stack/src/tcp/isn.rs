//! Initial sequence numbers and timestamp offsets that nobody outside can guess (RFC 6528, RFC 7323 section 5.4).
//!
//! A connection starts at a number that grows with time, so that a new incarnation of the same four-tuple starts beyond
//! the old one, plus a keyed hash of the four-tuple, so that one connection says nothing about another. The key comes
//! from the caller; it is made once and lives as long as the stack, because TIME-WAIT relies on the growth.

use siphasher::sip::SipHasher24;
use synsent_wire::SeqNumber;

use super::four_tuple::{FourTuple, MAX_TUPLE_OCTETS};
use crate::time::Instant;

/// One tick of the clock behind the initial sequence number.
const TICK_MICROS: u64 = 4;

/// Makes the first sequence number and the first timestamp of a connection.
pub(crate) struct IsnGenerator {
    hasher: SipHasher24,
    /// The first tick that no opening of ours has had yet.
    next_tick: u64,
}

/// Where the numbers of a connection begin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    /// ISS.
    pub(crate) iss: SeqNumber,
    /// What is added to the timestamp clock.
    pub(crate) timestamp_offset: u32,
}

impl IsnGenerator {
    /// A generator with a secret from a real random source.
    // 6528/2
    // The key is given once and never changed.
    pub(crate) fn new(key: [u8; 16]) -> IsnGenerator {
        IsnGenerator { hasher: SipHasher24::new_with_key(&key), next_tick: 0 }
    }

    /// The sequence number that a connection starts with at `now`, and what is added to its timestamp clock.
    // 6528/1, 9293/SHLD-1
    // The number is M + F(local address, local port, remote address, remote port, secret key).
    // 7323/7
    // Each four-tuple has its own random offset of its timestamps, so that the uptime of the host stays hidden and a new
    // incarnation of the same tuple still sends greater timestamps.
    pub(crate) fn start(&self, now: Instant, tuple: &FourTuple) -> Start {
        // 9293/MUST-8
        // M is a clock that ticks every four microseconds; it wraps with the sequence space.
        self.start_at((now.micros() / TICK_MICROS) as u32, tuple)
    }

    /// The same for a connection that we open: each has a tick of its own, so that a second one of the same four-tuple starts beyond
    /// the first even where no time has gone by between them.
    pub(crate) fn start_new(&mut self, now: Instant, tuple: &FourTuple) -> Start {
        let tick = self.next_tick.max(now.micros() / TICK_MICROS);
        self.next_tick = tick + 1;
        self.start_at(tick as u32, tuple)
    }

    fn start_at(&self, clock: u32, tuple: &FourTuple) -> Start {
        // 9293/MUST-9
        // F is a keyed pseudo-random function: without the key no outsider can compute it.
        let hash = self.hash(tuple);
        Start { iss: SeqNumber(clock) + (hash >> 32) as u32, timestamp_offset: hash as u32 }
    }

    /// What is added to the timestamp clock of a connection.
    pub(crate) fn timestamp_offset(&self, tuple: &FourTuple) -> u32 {
        self.hash(tuple) as u32
    }

    /// One hash serves both purposes: each half of it says nothing of the other.
    fn hash(&self, tuple: &FourTuple) -> u64 {
        self.hasher.hash(tuple.octets(&mut [0; MAX_TUPLE_OCTETS]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tcp::four_tuple::Endpoint;
    use core::net::{IpAddr, Ipv4Addr};

    fn tuple(remote_port: u16) -> FourTuple {
        FourTuple {
            local: Endpoint::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 80),
            remote: Endpoint::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2)), remote_port),
            zone: 0,
        }
    }

    #[test]
    fn a_connection_that_we_open_starts_beyond_the_last_one_even_at_the_same_moment() {
        let mut isns = IsnGenerator::new([7; 16]);
        let now = Instant::from_secs(100);
        let first = isns.start_new(now, &tuple(1)).iss;
        assert_eq!(first, isns.start(now, &tuple(1)).iss);
        assert_eq!(isns.start_new(now, &tuple(1)).iss, first + 1);
        assert_eq!(isns.start_new(Instant::from_secs(101), &tuple(1)).iss, first + 250_000);
    }

    // 9293/MUST-8, 6528/1
    #[test]
    fn the_number_of_one_tuple_grows_by_one_every_four_microseconds() {
        let isns = IsnGenerator::new([7; 16]);
        let start = isns.start(Instant::from_secs(100), &tuple(1)).iss;
        assert_eq!(isns.start(Instant::from_micros(100_000_003), &tuple(1)).iss, start);
        assert_eq!(isns.start(Instant::from_micros(100_000_004), &tuple(1)).iss, start + 1);
        assert_eq!(isns.start(Instant::from_secs(101), &tuple(1)).iss, start + 250_000);
        // The clock wraps with the sequence space, after about 4 hours and 46 minutes.
        let cycle = Instant::from_micros(100_000_000 + (1 << 32) * 4);
        assert_eq!(isns.start(cycle, &tuple(1)).iss, start);
    }

    // 9293/MUST-9, 9293/SHLD-1, 6528/1
    #[test]
    fn other_tuples_and_other_keys_start_elsewhere() {
        let (one, two) = (IsnGenerator::new([7; 16]), IsnGenerator::new([8; 16]));
        let now = Instant::from_secs(5);
        assert_ne!(one.start(now, &tuple(1)).iss, one.start(now, &tuple(2)).iss);
        assert_ne!(one.start(now, &tuple(1)).iss, two.start(now, &tuple(1)).iss);
    }

    // 7323/7
    #[test]
    fn the_timestamp_offset_belongs_to_the_tuple_and_tells_nothing_of_the_sequence_number() {
        let isns = IsnGenerator::new([7; 16]);
        assert_eq!(isns.timestamp_offset(&tuple(1)), isns.timestamp_offset(&tuple(1)));
        assert_ne!(isns.timestamp_offset(&tuple(1)), isns.timestamp_offset(&tuple(2)));
        assert_ne!(isns.timestamp_offset(&tuple(1)), isns.start(Instant::ZERO, &tuple(1)).iss.0);
    }
}
