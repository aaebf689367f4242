//! A stream of octets that any place can write and check without keeping it: octet number `n` is a function of a seed and `n`.
//!
//! A stream that lost, doubled, swapped or shifted anything does not match, wherever the check begins.

use crate::rng::split_mix;

/// An endless stream of octets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pattern {
    seed: u64,
}

impl Pattern {
    /// The stream of a seed.
    pub fn new(seed: u64) -> Pattern {
        Pattern { seed }
    }

    /// Writes the octets from number `offset` on.
    pub fn fill(&self, offset: u64, out: &mut [u8]) {
        let mut done = 0;
        while done < out.len() {
            let at = offset + done as u64;
            let word = self.word(at / 8).to_le_bytes();
            let fresh = &word[(at % 8) as usize..];
            let count = fresh.len().min(out.len() - done);
            out[done..done + count].copy_from_slice(&fresh[..count]);
            done += count;
        }
    }

    /// The number of the first octet of `bytes`, which begin at number `offset`, that is not what it should be.
    pub fn mismatch(&self, offset: u64, bytes: &[u8]) -> Option<u64> {
        let mut expected = [0; 512];
        let mut at = offset;
        for chunk in bytes.chunks(expected.len()) {
            let expected = &mut expected[..chunk.len()];
            self.fill(at, expected);
            if let Some(wrong) = chunk.iter().zip(expected.iter()).position(|(have, want)| have != want) {
                return Some(at + wrong as u64);
            }
            at += chunk.len() as u64;
        }
        None
    }

    fn word(&self, index: u64) -> u64 {
        let mut state = self.seed ^ index.wrapping_mul(0xd134_2543_de82_ef95);
        split_mix(&mut state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_part_is_the_same_as_in_the_whole() {
        let pattern = Pattern::new(9);
        let mut whole = [0; 2_000];
        pattern.fill(0, &mut whole);
        for (start, len) in [(0, 1), (3, 9), (7, 1), (8, 8), (511, 1_024), (1_999, 1)] {
            let mut part = vec![0; len];
            pattern.fill(start as u64, &mut part);
            assert_eq!(part, whole[start..start + len]);
        }
    }

    #[test]
    fn a_mismatch_is_found_where_it_is() {
        let pattern = Pattern::new(9);
        let mut bytes = [0; 2_000];
        pattern.fill(77, &mut bytes);
        assert_eq!(pattern.mismatch(77, &bytes), None);
        bytes[1_234] ^= 1;
        assert_eq!(pattern.mismatch(77, &bytes), Some(77 + 1_234));
        assert_eq!(Pattern::new(10).mismatch(77, &bytes[..8]), Some(77));
    }
}
