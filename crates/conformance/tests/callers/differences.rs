//! The same sequence of calls on our stack and on the host's kernel: the same answers, but for a written list of differences.
//!
//! `SYNSENT_SEQUENCES` says how many sequences each dialect gets, `SYNSENT_SEQUENCES_SEED` which ones.

use libtest_mimic::{Failed, Trial};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use synsent_conformance::{Calls, Place, STEP_OCTETS, Sequence, Step, contract};
use synsent_sockets::Kind;

use crate::places::within;

/// How many sequences a dialect gets where nobody says more.
const SEQUENCES: u32 = 12;
/// How many steps a sequence has at most.
const STEPS_MAX: usize = 16;

pub(crate) fn trials(has_kernel: bool) -> Vec<Trial> {
    let dialects = contract::DIALECTS.into_iter().filter_map(Calls::of).filter(|_| has_kernel);
    let named = |calls: Calls| format!("{}: the stack and the kernel answer the same", calls.dialect().name);
    dialects.map(|calls| Trial::test(named(calls), move || compare_many(calls))).collect()
}

fn compare_many(calls: Calls) -> Result<(), Failed> {
    let cases = number("SYNSENT_SEQUENCES").unwrap_or(SEQUENCES);
    let seed = number("SYNSENT_SEQUENCES_SEED").unwrap_or(0);
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 300, ..Config::default() };
    let mut octets = [0; 32];
    octets[..4].copy_from_slice(&seed.to_le_bytes());
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &octets));
    let step = any::<[u8; STEP_OCTETS]>().prop_map(Step::read);
    // Every program opens a socket of each kind, so that no sequence is about nothing.
    let steps = prop::collection::vec(step, 1..STEPS_MAX).prop_map(|steps| {
        [Kind::Stream, Kind::Datagram].map(Step::Socket).into_iter().chain(steps).collect::<Vec<_>>()
    });
    runner.run(&steps, |steps| compare(calls, &steps)).map_err(|failure| Failed::from(failure.to_string()))
}

fn compare(calls: Calls, steps: &[Step]) -> Result<(), TestCaseError> {
    let stack = answers(calls, steps, Place::Lab);
    let kernel = answers(calls, steps, Place::Kernel);
    for (number, (step, (stack_says, kernel_says))) in steps.iter().zip(stack.iter().zip(&kernel)).enumerate() {
        if stack_says != kernel_says {
            let before: Vec<_> =
                steps[..number].iter().zip(&stack).map(|(step, says)| format!("{step:?}: {says}")).collect();
            return Err(TestCaseError::fail(format!(
                "{step:?}\n  the stack says  {stack_says}\n  the kernel says {kernel_says}\n after\n  {}",
                before.join("\n  ")
            )));
        }
    }
    Ok(())
}

/// What each step is answered, by a program that does nothing else.
fn answers(calls: Calls, steps: &[Step], place: Place) -> Vec<String> {
    let steps = steps.to_vec();
    within(place, move |world| {
        let mut sequence = Sequence::new(world, calls)?;
        Ok(steps.iter().map(|step| sequence.step(step)).collect())
    })
}

fn number(variable: &str) -> Option<u32> {
    std::env::var(variable).ok()?.parse().ok()
}
