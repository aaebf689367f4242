//! Real programs in worlds of their own, from the outside: what a program prints, what the record says, and that
//! nothing is left.
//!
//! A supervisor is a process of its own, so this program is one when it is called with its verb. The trials of
//! `outcomes` run twice, the second time over the pair of interfaces that those get who may not open a TUN device.

mod endings;
mod outcomes;
mod records;
#[path = "../../../host/tests/common/skip.rs"]
mod skip;
mod support;

use std::ffi::OsString;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use synsent_world::{Medium, Whose, supervisor_main};

use skip::skip;
use support::{Asked, one, program};

/// A test that makes runs.
type Test = fn() -> Result<(), Failed>;

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    match words.first().and_then(|word| word.to_str()) {
        Some("supervise") => return supervisor_main(&words[1..]),
        Some("run") => return endings::run_here(&words[1..]),
        Some("front") => return endings::front_here(&words[1..]),
        _ => {}
    }
    let arguments = Arguments::from_args();
    if !arguments.list
        && let Some(missing) = missing()
    {
        return if skip(&missing) { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let mut trials = Vec::new();
    for (name, medium) in [("", Medium::Auto), ("_over_a_pair", Medium::Veth)] {
        trials.push(Trial::test(format!("connect_says_what_linux_says{name}"), move || outcomes::table(medium)));
        trials.push(Trial::test(format!("a_client_that_tries_again_succeeds{name}"), move || outcomes::again(medium)));
        trials.push(Trial::test(format!("much_data_arrives{name}"), move || outcomes::much(medium)));
    }
    let tests: [(&str, Test); 18] = [
        ("a_static_program_is_watched", outcomes::static_program),
        ("a_user_without_rights_sees_the_same", outcomes::stranger),
        ("names_are_those_of_the_lab", outcomes::names),
        ("an_error_and_the_packet_behind_it_stand_in_the_record", records::refused),
        ("a_run_is_explained_by_every_dialect", records::dialects),
        ("what_a_program_did_is_what_is_expected_of_it", records::expectations),
        ("a_capture_has_a_comment_on_each_packet", records::capture),
        ("calls_that_are_not_watched_are_not_told", records::unwatched),
        ("output_is_kept_at_its_end", endings::output),
        ("a_program_that_takes_too_long_is_ended", endings::limit),
        ("a_program_that_writes_without_end_is_ended", endings::flood),
        ("the_ladder_of_syns_is_shortened_and_real_where_it_is_to_be", records::ladders),
        ("a_crash_is_told_by_its_signal", endings::crash),
        ("a_program_has_the_descriptors_of_its_streams_alone", endings::descriptors),
        ("a_signal_of_the_users_reaches_the_program_and_a_second_one_ends_it", endings::signals),
        ("all_ends_with_who_asked_for_it", endings::front_killed),
        ("what_cannot_run_is_refused", endings::refused),
        ("nothing_of_a_run_is_left_behind", endings::nothing_left),
    ];
    trials.extend(tests.map(|(name, test)| Trial::test(name, test)));
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// What this machine lacks.
fn missing() -> Option<String> {
    if !program("python3") {
        return Some("python3".to_owned());
    }
    match one(&Asked::case("refused"), &["/bin/true"]) {
        Err(refusal) if refusal.whose == Whose::Machine => Some(format!("private worlds ({refusal})")),
        _ => None,
    }
}
