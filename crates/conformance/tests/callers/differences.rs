//! The same sequence of calls on our stack and on the host's kernel: the same answers, but for a written list of differences,
//! `contract/differences.toml`. Every entry of it is met by a sequence of its own, below, and no random sequence may differ
//! otherwise; what comes after a difference is not compared.
//!
//! `SYNSENT_SEQUENCES` says how many random sequences each dialect gets, `SYNSENT_SEQUENCES_STEPS` how long they are at most, and
//! `SYNSENT_SEQUENCES_SEED` which ones they are: a number, told with each failure, or `fresh` for others in each run.

use std::collections::hash_map::RandomState;
use std::fmt::Write as _;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::LazyLock;

use libtest_mimic::{Failed, Trial};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use synsent_conformance::{Calls, Place, STEP_OCTETS, Sequence, Shape, Step, Whom, contract};
use synsent_sockets::Kind;

use crate::places::within;

/// How many sequences a dialect gets where nobody says more.
const SEQUENCES: u32 = 12;
/// How many steps a sequence has at most where nobody says more.
const STEPS_MAX: u32 = 16;

/// For each entry of the list a dialect and a sequence whose last answer differs.
const MET: &[(&str, &str, &[Step])] = &[
    (
        "connect-group-without-route",
        "bs2000",
        &[Step::Socket(Kind::Datagram), Step::Connect(0, Whom::Group, Shape::Whole)],
    ),
    (
        "sendto-group-without-route",
        "winsock2",
        &[Step::Socket(Kind::Datagram), Step::SendTo(0, 8, Whom::Group, Shape::Whole)],
    ),
];

/// What random sequences once found: since then both worlds answer these the same, to the last step and in every dialect.
const SETTLED: &[(&str, &[Step])] = &[
    (
        "a stream whose receiving was ended is readable",
        &[
            Step::Socket(Kind::Stream),
            Step::Connect(0, Whom::Answers, Shape::Whole),
            Step::Shutdown(0, 0),
            Step::Select(0, 0),
            Step::Receive(0, 8, 0),
        ],
    ),
    (
        "a stream whose sending was ended is writable",
        &[
            Step::Socket(Kind::Stream),
            Step::Connect(0, Whom::Answers, Shape::Whole),
            Step::Shutdown(0, 1),
            Step::Select(0, 0),
            Step::Send(0, 8, 0),
        ],
    ),
    (
        "an opening that never begins leaves the name of one that failed",
        &[
            Step::Socket(Kind::Stream),
            Step::Connect(0, Whom::Refuses, Shape::Whole),
            Step::Connect(0, Whom::Broadcast, Shape::Whole),
            Step::OwnName(0),
        ],
    ),
    (
        "an opening whose first attempt is over at once has a name",
        &[
            Step::Socket(Kind::Stream),
            Step::Connect(0, Whom::Unreachable, Shape::Whole),
            Step::OwnName(0),
            Step::PeerName(0),
        ],
    ),
];

/// An entry of the list.
struct Difference {
    id: String,
    call: String,
    whom: String,
    stack: String,
    kernel: String,
}

/// Where two runs of a sequence differ first.
struct Found<'a> {
    number: usize,
    step: &'a Step,
    stack: &'a str,
    kernel: &'a str,
}

static LIST: LazyLock<Vec<Difference>> = LazyLock::new(|| {
    let text = include_str!("../../../../contract/differences.toml");
    let table: toml::Table = text.parse().expect("the list is TOML");
    let entries = table["difference"].as_array().expect("the list has entries");
    let read = |entry: &toml::Value| {
        let field = |name: &str| entry[name].as_str().unwrap_or_else(|| panic!("{entry} has no {name}")).to_owned();
        assert!(!field("because").is_empty() && !field("situation").is_empty(), "{entry} says why");
        Difference {
            id: field("id"),
            call: field("call"),
            whom: field("whom"),
            stack: field("stack"),
            kernel: field("kernel"),
        }
    };
    entries.iter().map(read).collect()
});

pub(crate) fn trials(has_kernel: bool) -> Vec<Trial> {
    let mut trials = vec![Trial::test("every difference of the list has a sequence that meets it", all_are_met)];
    if has_kernel {
        let dialects = contract::DIALECTS.into_iter().filter_map(Calls::of);
        trials.extend(SETTLED.iter().map(|(what, steps)| Trial::test(*what, move || is_settled(steps))));
        let named = |calls: Calls| format!("{}: the stack and the kernel answer the same", calls.dialect().name);
        trials.extend(dialects.map(|calls| Trial::test(named(calls), move || compare_many(calls))));
        trials.extend(MET.iter().map(|(id, dialect, steps)| {
            Trial::test(format!("the difference {id} is there"), move || is_met(id, dialect, steps))
        }));
    }
    trials
}

fn all_are_met() -> Result<(), Failed> {
    let met = |id: &str| MET.iter().any(|(one, ..)| *one == id);
    let listed = |id: &str| LIST.iter().any(|one| one.id == id);
    let unmet = LIST.iter().filter(|one| !met(&one.id)).map(|one| format!("{} has no sequence", one.id));
    let unlisted = MET.iter().filter(|(id, ..)| !listed(id)).map(|(id, ..)| format!("{id} is not in the list"));
    let problems: Vec<_> = unmet.chain(unlisted).collect();
    if problems.is_empty() { Ok(()) } else { Err(Failed::from(problems.join("\n"))) }
}

fn is_met(id: &str, dialect: &str, steps: &[Step]) -> Result<(), Failed> {
    let calls = Calls::of(dialect).ok_or("no such dialect")?;
    let (stack, kernel) = both(calls, steps);
    let found = first_difference(steps, &stack, &kernel);
    match &found {
        Some(found) if found.number + 1 == steps.len() && listed(found).is_some_and(|one| one.id == id) => Ok(()),
        Some(found) => Err(Failed::from(told(found, steps, &stack))),
        None => Err(Failed::from(format!("both answer the same: {stack:#?}"))),
    }
}

fn is_settled(steps: &[Step]) -> Result<(), Failed> {
    for calls in contract::DIALECTS.into_iter().filter_map(Calls::of) {
        let (stack, kernel) = both(calls, steps);
        if let Some(found) = first_difference(steps, &stack, &kernel) {
            return Err(Failed::from(format!("{}: {}", calls.dialect().name, told(&found, steps, &stack))));
        }
    }
    Ok(())
}

fn compare_many(calls: Calls) -> Result<(), Failed> {
    let cases = number("SYNSENT_SEQUENCES").unwrap_or(SEQUENCES);
    let seed = seed();
    let steps_max = number("SYNSENT_SEQUENCES_STEPS").unwrap_or(STEPS_MAX) as usize;
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 300, ..Config::default() };
    let mut octets = [0; 32];
    octets[..4].copy_from_slice(&seed.to_le_bytes());
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &octets));
    let step = any::<[u8; STEP_OCTETS]>().prop_map(Step::read);
    // Every program opens a socket of each kind, so that no sequence is about nothing.
    let steps = prop::collection::vec(step, 1..steps_max).prop_map(|steps| {
        [Kind::Stream, Kind::Datagram].map(Step::Socket).into_iter().chain(steps).collect::<Vec<_>>()
    });
    runner
        .run(&steps, |steps| compare(calls, &steps))
        .map_err(|failure| Failed::from(format!("with SYNSENT_SEQUENCES_SEED={seed}: {failure}")))
}

fn compare(calls: Calls, steps: &[Step]) -> Result<(), TestCaseError> {
    let (stack, kernel) = both(calls, steps);
    match first_difference(steps, &stack, &kernel) {
        Some(found) if listed(&found).is_none() => Err(TestCaseError::fail(told(&found, steps, &stack))),
        _ => Ok(()),
    }
}

fn first_difference<'a>(steps: &'a [Step], stack: &'a [String], kernel: &'a [String]) -> Option<Found<'a>> {
    let both = steps.iter().zip(stack.iter().zip(kernel)).enumerate();
    let found = both.map(|(number, (step, (stack, kernel)))| Found { number, step, stack, kernel });
    found.into_iter().find(|found| found.stack != found.kernel)
}

/// The entry of the list that speaks of a difference: of its call, the name that it gives, and both answers.
fn listed(found: &Found<'_>) -> Option<&'static Difference> {
    LIST.iter().find(|one| {
        one.call == found.step.call()
            && whom(found.step).is_some_and(|whom| format!("{whom:?}") == one.whom)
            && is_like(found.stack, &one.stack)
            && is_like(found.kernel, &one.kernel)
    })
}

/// The name that a step gives.
fn whom(step: &Step) -> Option<Whom> {
    match step {
        Step::Bind(_, whom, _) | Step::Connect(_, whom, _) | Step::SendTo(_, _, whom, _) => Some(*whom),
        _ => None,
    }
}

fn is_like(answer: &str, listed: &str) -> bool {
    match listed {
        "a count" => answer.parse::<u32>().is_ok(),
        _ => answer.strip_prefix("WSA").unwrap_or(answer) == listed,
    }
}

/// The seed that is asked for, which may be a fresh one; else the same as ever.
fn seed() -> u32 {
    match std::env::var("SYNSENT_SEQUENCES_SEED") {
        Ok(word) if word == "fresh" => RandomState::new().build_hasher().finish() as u32,
        _ => number("SYNSENT_SEQUENCES_SEED").unwrap_or(0),
    }
}

fn told(found: &Found<'_>, steps: &[Step], answers: &[String]) -> String {
    let mut text =
        format!("{:?}\n  the stack says  {}\n  the kernel says {}\n after", found.step, found.stack, found.kernel);
    for (step, answer) in steps[..found.number].iter().zip(answers) {
        // A string takes everything.
        let _ = write!(text, "\n  {step:?}: {answer}");
    }
    text
}

/// What each step is answered in both worlds, by a program that does nothing else.
fn both(calls: Calls, steps: &[Step]) -> (Vec<String>, Vec<String>) {
    let at = |place| {
        let steps = steps.to_vec();
        within(place, move |world| {
            let mut sequence = Sequence::new(world, calls)?;
            Ok(steps.iter().map(|step| sequence.step(step)).collect())
        })
    };
    (at(Place::Lab), at(Place::Kernel))
}

fn number(variable: &str) -> Option<u32> {
    std::env::var(variable).ok()?.parse().ok()
}
