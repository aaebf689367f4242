//! Rooms, with programs that every machine has.
//!
//! A room is for good and for the whole process, so every test is a process of its own: this program again, with the name of what
//! it is to do. As root every test runs twice, the second time as a user who has no rights, as most people are.

#[path = "../common/skip.rs"]
mod skip;

mod endings;
mod files;
mod network;
mod refusals;
mod stage;
mod terminal;
mod who;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};
use synsent_host::room::{LineChoice, Room};

use skip::skip;
use stage::{NOBODY, STRANGER, become_user, inside, is_root, setup, succeed};

/// What a process of its own does, and what it is called.
type Scene = (&'static str, fn());

const SCENES: &[Scene] = &[
    ("the_program_is_who_it_was", who::the_program_is_who_it_was),
    ("the_program_sees_its_own_network", network::the_program_sees_its_own_network),
    ("a_pair_looks_like_a_device", network::a_pair_looks_like_a_device),
    ("data_pass_over_the_line", || network::data_pass(LineChoice::Auto)),
    ("data_pass_over_a_pair", || network::data_pass(LineChoice::Veth)),
    ("it_ends_as_it_ends", endings::it_ends_as_it_ends),
    ("it_ends_as_it_ends_for_who_ignores_children", endings::it_ends_as_it_ends_for_who_ignores_children),
    ("what_is_written_arrives", endings::what_is_written_arrives),
    ("nothing_is_left_behind", endings::nothing_is_left_behind),
    ("what_is_observed_ends_too", endings::what_is_observed_ends_too),
    ("the_room_can_be_ended", endings::the_room_can_be_ended),
    ("a_parent_that_is_gone_is_noticed", endings::a_parent_that_is_gone_is_noticed),
    ("a_signal_reaches_the_program", endings::a_signal_reaches_the_program),
    ("no_descriptor_leaks", who::no_descriptor_leaks),
    ("settings_are_the_rooms", network::settings_are_the_rooms),
    ("settings_are_set_though_proc_is_read_only", network::settings_are_set_though_proc_is_read_only),
    ("a_script_without_a_first_line_is_run_by_the_shell", refusals::a_script_without_a_first_line_is_run_by_the_shell),
    ("programs_that_cannot_run_are_refused", refusals::programs_that_cannot_run_are_refused),
    ("a_second_thread_is_refused", refusals::a_second_thread_is_refused),
    ("root_of_a_container_brings_everybody", who::root_of_a_container_brings_everybody),
    ("a_setting_that_forbids_rooms_is_named", refusals::a_setting_that_forbids_rooms_is_named),
    ("a_filter_that_forbids_rooms_is_suspected", refusals::a_filter_that_forbids_rooms_is_suspected),
    ("without_any_device_both_reasons_are_told", refusals::without_any_device_both_reasons_are_told),
];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().collect();
    if let [_, "inside", scene, who] = words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        match who {
            "stranger" => become_user(STRANGER),
            "nobody" => become_user(NOBODY),
            _ => {}
        }
        let scene = SCENES.iter().chain(HELPERS).find(|(name, _)| *name == scene).expect("a scene of that name");
        (scene.1)();
        return ExitCode::SUCCESS;
    }
    let arguments = Arguments::from_args();
    if !arguments.list {
        let probe = inside("probe", "me").output().expect("a process");
        if !probe.status.success() {
            let missing = format!("rooms ({})", String::from_utf8_lossy(&probe.stderr).trim());
            return if skip(&missing) { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        }
    }
    let users: &[&str] = if is_root() { &["me", "stranger"] } else { &["me"] };
    let mut trials = Vec::new();
    for who in users {
        for (name, _) in SCENES {
            trials.push(Trial::test(format!("{name}_as_{who}"), move || succeed(&inside(name, who).output()?)));
        }
        trials.push(Trial::test(format!("outside_no_file_changes_as_{who}"), move || {
            files::outside_no_file_changes(who)
        }));
        trials.push(Trial::test(format!("a_program_that_gains_rights_is_refused_as_{who}"), move || {
            who::gaining_rights(who)
        }));
        trials.push(Trial::test(format!("the_terminal_is_the_programs_as_{who}"), move || terminal::terminal(who)));
        trials.push(Trial::test(format!("all_ends_with_who_started_it_as_{who}"), move || {
            endings::all_ends_with("holder", who);
            Ok(())
        }));
        trials.push(Trial::test(format!("all_ends_with_who_started_that_as_{who}"), move || {
            endings::all_ends_with("front", who);
            Ok(())
        }));
    }
    if is_root() {
        trials.push(Trial::test("a_program_that_gains_rights_is_refused_as_nobody", || who::gaining_rights("nobody")));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

const HELPERS: &[Scene] = &[
    ("probe", probe),
    ("talker", network::talker),
    ("other_files", files::other_files),
    ("rights", who::rights),
    ("foreign_rights", who::foreign_rights),
    ("at_a_terminal", terminal::at_a_terminal),
    ("reader", terminal::reader),
    ("holder", endings::holder),
    ("front", endings::front),
];

fn probe() {
    if let Err(refusal) = Room::enter(&setup()) {
        eprintln!("{refusal}");
        std::process::exit(1);
    }
}
