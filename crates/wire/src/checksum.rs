//! The Internet checksum (RFC 1071): the ones'-complement sum of 16-bit words, at memory speed.
//!
//! A [`Sum`] is the sum of the bytes so far, and it knows whether they were odd in number, so that chunks of any length
//! may be joined in order. Three facts of ones'-complement arithmetic carry the whole file. Words of 64 bits may be
//! added with their carry fed back, because 2^64 - 1 is a multiple of 2^16 - 1. The order of octets in the machine does
//! not matter until the end, because swapping the octets of each word swaps those of the sum. And shifting bytes by one
//! place is a rotation of the sum by eight bits.
//!
//! The long loops add blocks of 64 octets in independent lanes that the compiler turns into vector instructions of
//! whatever the target has. [`copy_and_sum`] does the same while it copies, so that payload is touched once.

use core::fmt;
use core::net::IpAddr;

/// The octets that one turn of the long loops takes.
const BLOCK_OCTETS: usize = 64;
/// The 64-bit lanes of a block.
const LANES: usize = BLOCK_OCTETS / 8;

/// A ones'-complement sum of bytes, not yet folded to sixteen bits.
#[derive(Clone, Copy, Default)]
pub struct Sum {
    /// The sum modulo 2^64 - 1 of the words as the machine loads them.
    value: u64,
    /// The bytes so far are odd in number: the next one is the low half of a word.
    odd: bool,
}

impl Sum {
    /// The sum of no bytes.
    #[inline]
    pub const fn new() -> Sum {
        Sum { value: 0, odd: false }
    }

    /// Appends bytes.
    #[inline]
    pub fn add_bytes(self, bytes: &[u8]) -> Sum {
        self.add_sum(sum(bytes))
    }

    /// Appends a 16-bit word in network order.
    #[inline]
    pub fn add_u16(self, word: u16) -> Sum {
        self.append(word.to_be().into(), false)
    }

    /// Appends a 32-bit word in network order.
    #[inline]
    pub fn add_u32(self, word: u32) -> Sum {
        self.append(word.to_be().into(), false)
    }

    /// Appends the bytes that `other` is the sum of.
    #[inline]
    pub fn add_sum(self, other: Sum) -> Sum {
        self.append(other.value, other.odd)
    }

    /// The checksum as the header field holds it, complemented.
    #[inline]
    pub fn finish(self) -> u16 {
        !self.fold()
    }

    /// The sum folded to sixteen bits and not complemented: what a link that finishes the checksum wants to find.
    #[inline]
    pub fn fold(self) -> u16 {
        let sum = (self.value & 0xffff_ffff) + (self.value >> 32);
        let sum = (sum & 0xffff) + ((sum >> 16) & 0xffff) + (sum >> 32);
        let sum = (sum & 0xffff) + (sum >> 16);
        let sum = (sum & 0xffff) + (sum >> 16);
        u16::from_be(sum as u16)
    }

    /// The bytes, which contain their own checksum, are undamaged.
    #[inline]
    pub fn is_valid(self) -> bool {
        self.fold() == 0xffff
    }

    #[inline]
    fn append(self, value: u64, odd: bool) -> Sum {
        let value = if self.odd { value.rotate_left(8) } else { value };
        Sum { value: add_with_carry(self.value, value), odd: self.odd ^ odd }
    }
}

impl fmt::Debug for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sum({:#06x}{})", self.fold(), if self.odd { ", odd" } else { "" })
    }
}

/// The sum of bytes.
#[inline]
pub fn sum(bytes: &[u8]) -> Sum {
    let (blocks, tail) = bytes.as_chunks::<BLOCK_OCTETS>();
    let halves = if blocks.is_empty() { Halves::ZERO } else { sum_blocks(blocks) };
    halves.finish(tail)
}

/// Copies `src` over `dst` and sums it on the way.
///
/// # Panics
/// When the two differ in length.
#[inline]
pub fn copy_and_sum(dst: &mut [u8], src: &[u8]) -> Sum {
    assert_eq!(dst.len(), src.len(), "a copy needs as many octets as its source has");
    let (to_blocks, to_tail) = dst.as_chunks_mut::<BLOCK_OCTETS>();
    let (blocks, tail) = src.as_chunks::<BLOCK_OCTETS>();
    to_tail.copy_from_slice(tail);
    let halves = if blocks.is_empty() { Halves::ZERO } else { copy_and_sum_blocks(to_blocks, blocks) };
    halves.finish(tail)
}

/// The sum of the pseudo-header that TCP, UDP and ICMPv6 put before their own bytes. The addresses are of one family.
#[inline]
pub fn pseudo_header(source: IpAddr, destination: IpAddr, protocol: u8, len: u32) -> Sum {
    debug_assert_eq!(source.is_ipv4(), destination.is_ipv4(), "the addresses are of one family");
    let value = add_with_carry(address(source), address(destination));
    Sum { value, odd: false }.add_u32(len).add_u16(protocol.into())
}

/// The checksum after one aligned word under it changed from `old` to `new` (RFC 1624, equation 3).
#[inline]
pub fn update_u16(checksum: u16, old: u16, new: u16) -> u16 {
    let sum = u32::from(!checksum) + u32::from(!old) + u32::from(new);
    let sum = (sum & 0xffff) + (sum >> 16);
    let sum = (sum & 0xffff) + (sum >> 16);
    !(sum as u16)
}

/// The checksum after bytes at an even offset under it changed from `old` to `new`, which are of the same even length.
#[inline]
pub fn update_bytes(checksum: u16, old: &[u8], new: &[u8]) -> u16 {
    debug_assert!(old.len() == new.len() && old.len().is_multiple_of(2), "whole words replace whole words");
    update_u16(checksum, sum(old).fold(), sum(new).fold())
}

#[inline]
fn address(address: IpAddr) -> u64 {
    match address {
        IpAddr::V4(v4) => u32::from_ne_bytes(v4.octets()).into(),
        IpAddr::V6(v6) => {
            let bits = u128::from_ne_bytes(v6.octets());
            add_with_carry(bits as u64, (bits >> 64) as u64)
        }
    }
}

#[inline]
fn add_with_carry(a: u64, b: u64) -> u64 {
    let (sum, carry) = a.overflowing_add(b);
    sum + u64::from(carry)
}

/// The wrapping sum of 64-bit words, and apart from it the sum of their upper halves.
///
/// The sum of the lower halves is what is left of the first without the second, so that no word is ever masked and no
/// carry fed back: neither half overflows before there are 2^32 words.
#[derive(Clone, Copy)]
struct Halves {
    words: u64,
    uppers: u64,
}

impl Halves {
    const ZERO: Halves = Halves { words: 0, uppers: 0 };

    #[inline(always)]
    fn add(&mut self, word: u64) {
        self.words = self.words.wrapping_add(word);
        self.uppers = self.uppers.wrapping_add(word >> 32);
    }

    /// The sum, with what is left behind the blocks.
    #[inline(always)]
    fn finish(mut self, tail: &[u8]) -> Sum {
        let (words, mut rest) = tail.as_chunks::<8>();
        for word in words {
            self.add(u64::from_ne_bytes(*word));
        }
        // What remains is at most seven octets: its parts are summed where a wider load would have put them.
        let mut last = 0u64;
        if let Some((word, after)) = rest.split_first_chunk::<4>() {
            last += u64::from(u32::from_ne_bytes(*word));
            rest = after;
        }
        if let Some((word, after)) = rest.split_first_chunk::<2>() {
            last += u64::from(u16::from_ne_bytes(*word));
            rest = after;
        }
        if let [octet] = rest {
            last += u64::from(u16::from_ne_bytes([*octet, 0]));
        }
        let lowers = self.words.wrapping_sub(self.uppers << 32);
        let value = add_with_carry(lowers, add_with_carry(self.uppers, last));
        Sum { value, odd: !tail.len().is_multiple_of(2) }
    }
}

/// What the long loops carry: the halves of each lane.
struct Lanes {
    words: [u64; LANES],
    uppers: [u64; LANES],
}

impl Lanes {
    const ZERO: Lanes = Lanes { words: [0; LANES], uppers: [0; LANES] };

    #[inline(always)]
    fn add(&mut self, block: &[u8; BLOCK_OCTETS]) {
        let (words, _) = block.as_chunks::<8>();
        for (lane, word) in words.iter().enumerate() {
            let word = u64::from_ne_bytes(*word);
            self.words[lane] = self.words[lane].wrapping_add(word);
            self.uppers[lane] = self.uppers[lane].wrapping_add(word >> 32);
        }
    }

    #[inline(always)]
    fn join(self) -> Halves {
        let add = |sum: u64, lane: u64| sum.wrapping_add(lane);
        Halves { words: self.words.into_iter().fold(0, add), uppers: self.uppers.into_iter().fold(0, add) }
    }
}

fn sum_blocks(blocks: &[[u8; BLOCK_OCTETS]]) -> Halves {
    let mut lanes = Lanes::ZERO;
    for block in blocks {
        lanes.add(block);
    }
    lanes.join()
}

fn copy_and_sum_blocks(to_blocks: &mut [[u8; BLOCK_OCTETS]], blocks: &[[u8; BLOCK_OCTETS]]) -> Halves {
    let mut lanes = Lanes::ZERO;
    for (to_block, block) in to_blocks.iter_mut().zip(blocks) {
        *to_block = *block;
        lanes.add(block);
    }
    lanes.join()
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use core::net::{Ipv4Addr, Ipv6Addr};
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    /// RFC 1071 section 1 as it is written: pairs of octets, and the carries added at the end.
    fn naive(bytes: &[u8]) -> u16 {
        let mut sum: u64 = 0;
        for pair in bytes.chunks(2) {
            sum += u64::from(pair[0]) << 8 | pair.get(1).map_or(0, |low| u64::from(*low));
        }
        while sum > 0xffff {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        sum as u16
    }

    #[test]
    fn the_example_of_rfc_1071() {
        let bytes = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(sum(&bytes).fold(), 0xddf2);
        assert_eq!(sum(&bytes).finish(), 0x220d);
    }

    #[test]
    fn many_octets_of_ones_do_not_overflow_a_lane() {
        let bytes = vec![0xff; 1 << 20];
        assert_eq!(sum(&bytes).fold(), 0xffff);
        assert!(sum(&bytes).is_valid());
    }

    #[test]
    fn the_example_of_rfc_1624() {
        // Section 4: a header with checksum 0xdd2f in which a word changes from 0x5555 to 0x3285 gets 0x0000.
        assert_eq!(update_u16(0xdd2f, 0x5555, 0x3285), 0x0000);
    }

    #[test]
    fn pseudo_headers_are_the_words_of_their_figures() {
        let (a, b) = (Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(198, 51, 100, 7));
        let figure = [192, 0, 2, 1, 198, 51, 100, 7, 0, 6, 0x12, 0x34];
        assert_eq!(pseudo_header(a.into(), b.into(), 6, 0x1234).fold(), naive(&figure));
        let (a, b) = (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1), Ipv6Addr::new(0xfe80, 0, 0, 0, 1, 2, 3, 4));
        let mut figure = Vec::new();
        figure.extend(a.octets());
        figure.extend(b.octets());
        figure.extend([0, 1, 0x12, 0x34, 0, 0, 0, 17]);
        assert_eq!(pseudo_header(a.into(), b.into(), 17, 0x11234).fold(), naive(&figure));
    }

    proptest! {
        #[test]
        fn agrees_with_the_naive_sum(bytes in proptest::collection::vec(any::<u8>(), 0..2100), skip in 0usize..16) {
            let bytes = &bytes[skip.min(bytes.len())..];
            prop_assert_eq!(sum(bytes).fold(), naive(bytes));
            let mut copy = vec![0xa5; bytes.len()];
            prop_assert_eq!(copy_and_sum(&mut copy, bytes).fold(), naive(bytes));
            prop_assert_eq!(&copy[..], bytes);
        }

        #[test]
        fn chunks_join(chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 0..8)) {
            let whole = chunks.concat();
            let in_order = chunks.iter().fold(Sum::new(), |sum, chunk| sum.add_bytes(chunk));
            prop_assert_eq!(in_order.fold(), naive(&whole));
            // Joining is associative: the chunks may be summed on their own, and pairs of them first.
            let from_the_back = chunks.iter().rev().fold(Sum::new(), |rest, chunk| sum(chunk).add_sum(rest));
            prop_assert_eq!(from_the_back.fold(), naive(&whole));
        }

        #[test]
        fn words_are_bytes_in_network_order(prefix in proptest::collection::vec(any::<u8>(), 0..3), a: u16, b: u32) {
            let mut whole = prefix.clone();
            whole.extend(a.to_be_bytes());
            whole.extend(b.to_be_bytes());
            prop_assert_eq!(sum(&prefix).add_u16(a).add_u32(b).fold(), naive(&whole));
        }

        #[test]
        fn an_updated_checksum_is_that_of_the_new_bytes(
            bytes in proptest::collection::vec(any::<u8>(), 1..50),
            at in 0usize..25,
            new in proptest::collection::vec(any::<u8>(), 0..8),
        ) {
            let mut bytes = bytes;
            bytes.push(1);
            let at = (at * 2).min((bytes.len() - 1) & !1);
            let len = new.len().min(bytes.len() - at) & !1;
            let before = sum(&bytes).finish();
            let old = bytes[at..at + len].to_vec();
            bytes[at..at + len].copy_from_slice(&new[..len]);
            prop_assert_eq!(update_bytes(before, &old, &new[..len]), sum(&bytes).finish());
        }
    }
}
