//! The lab's only source of chance: xoshiro256** (Blackman and Vigna), seeded by SplitMix64.
//!
//! A lab is made from one number. Every host, every end of a cable and every test that wants chance takes a stream of its own
//! from it ([`Rng::fork`]), so that one more draw in one place does not move the draws of another. It is fast and well
//! mixed, and it is no secret: nothing here is fit for keys.

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct Rng {
    state: [u64; 4],
}

impl Rng {
    /// The stream of a seed. Any number will do, zero too.
    pub fn new(seed: u64) -> Rng {
        let mut state = seed;
        Rng { state: std::array::from_fn(|_| split_mix(&mut state)) }
    }

    /// A stream of its own for the part of the lab that `label` names; this stream does not move.
    pub fn fork(&self, label: u64) -> Rng {
        let mut mixed = self.state[0] ^ self.state[2].rotate_left(32);
        let own = split_mix(&mut mixed);
        let mut labelled = label;
        Rng::new(own ^ split_mix(&mut labelled))
    }

    /// The next 64 random bits.
    pub fn draw(&mut self) -> u64 {
        let [s0, s1, s2, s3] = self.state;
        let drawn = s1.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let (s2, s3) = (s2 ^ s0, s3 ^ s1);
        self.state = [s0 ^ s3, s1 ^ s2, s2 ^ (s1 << 17), s3.rotate_left(45)];
        drawn
    }

    /// A number below `bound`; zero when the bound is zero.
    pub fn below(&mut self, bound: u64) -> u64 {
        // The high half of a 128-bit product: the bias is below 2^-32 for every bound that the lab uses.
        ((u128::from(self.draw()) * u128::from(bound)) >> 64) as u64
    }

    /// True with this probability (0 never, 1 always).
    pub fn chance(&mut self, probability: f64) -> bool {
        probability > 0.0 && ((self.draw() >> 11) as f64) * (1.0 / (1u64 << 53) as f64) < probability
    }

    /// One of `choices`, which must not be empty.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len() as u64) as usize]
    }

    /// A seed as a stack takes it.
    pub fn seed(&mut self) -> [u8; 32] {
        let mut seed = [0; 32];
        for chunk in seed.chunks_exact_mut(8) {
            chunk.copy_from_slice(&self.draw().to_le_bytes());
        }
        seed
    }
}

/// One step of SplitMix64: moves the state and gives the number that belongs to it.
pub(crate) fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn split_mix_gives_the_published_numbers() {
        // The reference program of SplitMix64 with the state 1234567.
        let mut state = 1_234_567;
        let drawn: [u64; 3] = std::array::from_fn(|_| split_mix(&mut state));
        assert_eq!(drawn, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn xoshiro_gives_the_published_numbers() {
        // The reference program of xoshiro256** with the state 1, 2, 3, 4.
        let mut rng = Rng { state: [1, 2, 3, 4] };
        let drawn: [u64; 4] = std::array::from_fn(|_| rng.draw());
        assert_eq!(drawn, [11_520, 0, 1_509_978_240, 1_215_971_899_390_074_240]);
    }

    #[test]
    fn forks_differ_by_label_and_leave_the_parent_alone() {
        let mut parent = Rng::new(7);
        let (mut a, mut b, mut again) = (parent.fork(1), parent.fork(2), parent.fork(1));
        assert_ne!(a.draw(), b.draw());
        again.draw();
        assert_eq!(a.draw(), again.draw());
        assert_eq!(parent.draw(), Rng::new(7).draw());
    }

    #[test]
    fn chances_come_about_as_often_as_they_say() {
        let mut rng = Rng::new(1);
        let hits = (0..100_000).filter(|_| rng.chance(0.05)).count();
        assert!((4_500..5_500).contains(&hits), "{hits}");
        assert!(!rng.chance(0.0));
        assert!(rng.chance(1.0));
    }
}
