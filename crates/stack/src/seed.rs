//! Keys from one seed. The stack has no random source: the caller gives 32 octets once, and every secret follows from them.

use core::hash::Hasher;

use siphasher::sip::SipHasher24;

/// Hands out keys that tell nothing of each other without the seed.
#[derive(Debug)]
pub(crate) struct Seed {
    octets: [u8; 32],
    handed_out: u64,
}

impl Seed {
    pub(crate) const fn new(octets: [u8; 32]) -> Seed {
        Seed { octets, handed_out: 0 }
    }

    /// The next key.
    pub(crate) fn key(&mut self) -> [u8; 16] {
        let mut key = [0; 16];
        key[..8].copy_from_slice(&self.word().to_le_bytes());
        key[8..].copy_from_slice(&self.word().to_le_bytes());
        key
    }

    /// The next number of 64 bits.
    pub(crate) fn word(&mut self) -> u64 {
        self.handed_out += 1;
        let mut half = [0; 16];
        half.copy_from_slice(&self.octets[..16]);
        let mut hasher = SipHasher24::new_with_key(&half);
        hasher.write(&self.octets[16..]);
        hasher.write_u64(self.handed_out);
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_keys_and_no_key_twice() {
        let (mut one, mut two) = (Seed::new([7; 32]), Seed::new([7; 32]));
        let first = one.key();
        assert_eq!(first, two.key());
        assert_ne!(first, one.key());
        assert_ne!(first, Seed::new([8; 32]).key());
    }
}
