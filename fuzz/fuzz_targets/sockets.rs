//! Octets become calls of a dialect on a simulated network: whatever the calls are, nobody panics, none hangs, and every error is one that
//! the dialect has for that call.
//!
//! The first octet chooses the dialect, each group of four after it is a step (`synsent_conformance::Step`).

#![no_main]

use libfuzzer_sys::fuzz_target;
use synsent_conformance::{Calls, Place, STEP_OCTETS, Sequence, Step, contract};

/// How many steps a program makes at most.
const STEPS_MAX: usize = 64;

fuzz_target!(|octets: &[u8]| {
    let Some((dialect, steps)) = octets.split_first() else { return };
    let dialects = contract::DIALECTS;
    let calls = Calls::of(dialects[usize::from(*dialect) % dialects.len()]).expect("each of them has its functions");
    let mut world = Place::Lab.world().expect("a simulated network needs nothing");
    let mut sequence = Sequence::new(world.as_mut(), calls).expect("its peers need nothing");
    for octets in steps.as_chunks::<STEP_OCTETS>().0.iter().take(STEPS_MAX) {
        let step = Step::read(*octets);
        let answer = sequence.step(&step);
        if let Some(error) = sequence.error() {
            assert!(calls.documents(step.call(), error), "{step:?} was answered {answer}");
        }
    }
});
