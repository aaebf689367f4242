//! SYN cookies: a half-open connection that is kept nowhere but in the peer's acknowledgment (RFC 4987 section 3.6).
//!
//! When the table of half-open connections is full, the answer to a SYN carries all that must be known later inside our
//! initial sequence number: one bit of a clock, three bits that name a segment size, 28 bits of a keyed hash over the
//! four-tuple, the peer's number, the clock and the size. The ACK that completes the handshake returns it. Window scale
//! and SACK do not fit; they travel in the low bits of the timestamp when the peer sends timestamps, and are lost
//! otherwise. The caller decides when cookies are used.

use core::hash::Hasher as _;

use siphasher::sip::SipHasher24;
use synsent_wire::SeqNumber;

use super::four_tuple::FourTuple;
use crate::time::Instant;

/// One step of the clock; a cookie is good for the rest of its step and all of the next.
const STEP_SECS: u64 = 64;
const NANOS_PER_SEC: u64 = 1_000_000_000;

/// The segment sizes a cookie can name: each peer gets the greatest that is not above what it announced. They are
/// common MTUs less the headers (tunnels, PPPoE and timestamps included), the two defaults, and a last resort.
const SIZES: [u16; 8] = [64, 536, 1220, 1360, 1440, 1452, 1460, 8940];

const STEP_BIT: u32 = 31;
const SIZE_BIT: u32 = 28;
const HASH_MASK: u32 = (1 << SIZE_BIT) - 1;

/// The low bits of a timestamp that carry options: four for the window scale and one for SACK.
const OPTION_BITS: u32 = 5;
const OPTION_MASK: u32 = (1 << OPTION_BITS) - 1;
const SACK_BIT: u32 = 1 << 4;
const SCALE_MASK: u32 = SACK_BIT - 1;
/// The window scale that stands for none; real ones end at 14.
const NO_SCALE: u32 = SCALE_MASK;
const MAX_SCALE: u8 = 14;

/// Makes and checks cookies.
pub(crate) struct SynCookies {
    key: [u8; 16],
}

impl SynCookies {
    /// Cookies under a secret key, which is no other's.
    pub(crate) const fn new(key: [u8; 16]) -> SynCookies {
        SynCookies { key }
    }

    /// The initial sequence number to answer a SYN with.
    // 4987/3
    // The number encodes an index of the segment size, the time and a keyed hash.
    pub(crate) fn make(&self, now: Instant, tuple: &FourTuple, peer_isn: SeqNumber, peer_mss: u16) -> SeqNumber {
        let size = SIZES.iter().rposition(|&size| size <= peer_mss).unwrap_or(0) as u32;
        self.cookie(step(now), tuple, peer_isn, size)
    }

    /// The segment size of the peer, when `our_isn` is a cookie for this four-tuple that is not too old.
    // 4987/3
    // Only an ACK whose number we must have sent, within the last 64 to 128 seconds, completes the handshake.
    pub(crate) fn check(
        &self,
        now: Instant,
        tuple: &FourTuple,
        peer_isn: SeqNumber,
        our_isn: SeqNumber,
    ) -> Option<u16> {
        let size = our_isn.0 >> SIZE_BIT & 7;
        let now_step = step(now);
        let age = now_step & 1 ^ u64::from(our_isn.0 >> STEP_BIT);
        let made = now_step.checked_sub(age)?;
        (self.cookie(made, tuple, peer_isn, size) == our_isn).then(|| SIZES[size as usize])
    }

    /// The timestamp to send with a cookie: the options of the peer in its low bits, and never later than `now_ts`, so
    /// that the timestamps of the connection still grow.
    pub(crate) fn timestamp(now_ts: u32, window_scale: Option<u8>, sack_permitted: bool) -> u32 {
        let scale = window_scale.map_or(NO_SCALE, |scale| scale.min(MAX_SCALE).into());
        let options = scale | if sack_permitted { SACK_BIT } else { 0 };
        let with_options = now_ts & !OPTION_MASK | options;
        if options > now_ts & OPTION_MASK { with_options.wrapping_sub(1 << OPTION_BITS) } else { with_options }
    }

    /// Window scale and SACK-permitted of the peer, from the echo of a timestamp made by [`SynCookies::timestamp`]. A
    /// peer that invents the echo deceives only itself.
    pub(crate) fn options_from(echo: u32) -> (Option<u8>, bool) {
        let scale = (echo & SCALE_MASK) as u8;
        ((scale <= MAX_SCALE).then_some(scale), echo & SACK_BIT != 0)
    }

    fn cookie(&self, step: u64, tuple: &FourTuple, peer_isn: SeqNumber, size: u32) -> SeqNumber {
        let mut buf = [0; 40];
        let mut hasher = SipHasher24::new_with_key(&self.key);
        hasher.write(tuple.octets(&mut buf));
        hasher.write(&peer_isn.0.to_be_bytes());
        hasher.write(&step.to_be_bytes());
        hasher.write(&[size as u8]);
        let hash = hasher.finish() as u32 & HASH_MASK;
        SeqNumber((step as u32 & 1) << STEP_BIT | size << SIZE_BIT | hash)
    }
}

fn step(now: Instant) -> u64 {
    now.nanos() / (STEP_SECS * NANOS_PER_SEC)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tcp::four_tuple::Endpoint;
    use core::net::{IpAddr, Ipv4Addr};
    use proptest::prelude::*;

    const PEER_ISN: SeqNumber = SeqNumber(0xdead_beef);

    fn tuple(remote_port: u16) -> FourTuple {
        FourTuple {
            local: Endpoint::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 80),
            remote: Endpoint::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2)), remote_port),
            zone: 0,
        }
    }

    // 4987/3
    #[test]
    fn a_cookie_returns_the_size_and_is_good_for_64_to_128_seconds() {
        let cookies = SynCookies::new([9; 16]);
        let made = Instant::from_secs(1_000);
        let isn = cookies.make(made, &tuple(1), PEER_ISN, 1_460);
        for (secs, size) in
            [(1_000, Some(1_460)), (1_064, Some(1_460)), (1_087, Some(1_460)), (1_088, None), (1_200, None)]
        {
            assert_eq!(cookies.check(Instant::from_secs(secs), &tuple(1), PEER_ISN, isn), size, "{secs}");
        }
    }

    // 4987/3
    #[test]
    fn the_size_is_never_above_what_the_peer_announced() {
        let cookies = SynCookies::new([9; 16]);
        for (announced, size) in [(65_535, 8_940), (1_459, 1_452), (1_400, 1_360), (536, 536), (535, 64), (10, 64)] {
            let isn = cookies.make(Instant::ZERO, &tuple(1), PEER_ISN, announced);
            assert_eq!(cookies.check(Instant::ZERO, &tuple(1), PEER_ISN, isn), Some(size));
        }
    }

    // 4987/3
    #[test]
    fn a_cookie_of_another_connection_or_key_is_refused() {
        let cookies = SynCookies::new([9; 16]);
        let now = Instant::from_secs(1_000);
        let isn = cookies.make(now, &tuple(1), PEER_ISN, 1_460);
        assert_eq!(cookies.check(now, &tuple(2), PEER_ISN, isn), None);
        assert_eq!(cookies.check(now, &tuple(1), PEER_ISN + 1, isn), None);
        assert_eq!(cookies.check(now, &tuple(1), PEER_ISN, isn + 1), None);
        assert_eq!(SynCookies::new([8; 16]).check(now, &tuple(1), PEER_ISN, isn), None);
    }

    proptest! {
        #[test]
        fn options_survive_the_timestamp_which_is_never_late(now_ts: u32, scale in proptest::option::of(0u8..=14), sack: bool) {
            let ts = SynCookies::timestamp(now_ts, scale, sack);
            prop_assert_eq!(SynCookies::options_from(ts), (scale, sack));
            prop_assert!(now_ts.wrapping_sub(ts) < 64);
        }

        #[test]
        fn an_invented_number_is_refused(isn: u32, secs in 0u64..1_000_000) {
            // The chance that a correct implementation accepts one is 2^-28 a case.
            let cookies = SynCookies::new([9; 16]);
            prop_assert_eq!(cookies.check(Instant::from_secs(secs), &tuple(1), PEER_ISN, SeqNumber(isn)), None);
        }
    }
}
