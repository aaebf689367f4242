//! What Linux says to each ICMP error and to each other end of a connect(), measured through the command.
//!
//! `synsent run` leads a small C program into worlds of the lab that answer with each message. What was observed of its calls must be what
//! the program printed, and both what the kernel's tables say; the tables of `docs/linux-connect.md` are written from it. The
//! measurement takes as long as one opening that nobody answers, because everything is tried at once.

mod expected;
mod measure;
mod page;
#[path = "../../../host/tests/common/skip.rs"]
mod skip;
#[path = "../../../host/tests/common/tools.rs"]
mod tools;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::OnceLock;

use libtest_mimic::{Arguments, Failed, Trial};

use expected::{EVENTS, Event, MESSAGES, Message, NOTHING, TIMER, World};
use measure::{Measured, Step, probe_of};

/// What the trials look at; measured once, before the first of them.
static MEASURED: OnceLock<Measured> = OnceLock::new();

/// The numbers of the protocols.
const TCP: u8 = 6;
const UDP: u8 = 17;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    if !arguments.list {
        if !tools::has_tool("cc") {
            return ExitCode::SUCCESS;
        }
        let place = Place(std::env::temp_dir().join(format!("synsent-icmp-{}", std::process::id())));
        match measured(&place.0) {
            Ok(now) => MEASURED.set(now).unwrap_or_else(|_| unreachable!("it is measured once")),
            Err(missing) if skip::skip(&missing) => return ExitCode::SUCCESS,
            Err(_) => return ExitCode::FAILURE,
        }
    }
    let trials = vec![
        trial("every_message_came_to_the_kernel", every_message_came),
        trial("tcp_is_told_every_message_that_the_kernel_knows", tcp_is_told),
        trial("udp_is_told_what_is_fatal", udp_is_told),
        trial("every_other_end_says_what_is_expected", every_other_end),
        trial("what_was_observed_is_what_the_program_printed", observed_is_printed),
        trial("what_connect_said_is_told_from_these_calls", connect_said),
        trial("only_the_timer_takes_time", only_the_timer_takes_time),
        trial("the_page_says_what_was_measured", page::compare),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A directory for the probe and the records, removed at the end.
struct Place(PathBuf);

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What is measured, or what this machine lacks.
fn measured(place: &Path) -> Result<Measured, String> {
    if !Path::new("/proc/net/if_inet6").exists() {
        return Err("IPv6".to_owned());
    }
    std::fs::create_dir_all(place).expect("a directory");
    let command = Path::new(env!("CARGO_BIN_EXE_synsent"));
    let mut tried = Command::new(command);
    tried.args(["run", "-q", "--", "true"]).env("XDG_STATE_HOME", place).stdin(Stdio::null());
    let tried = tried.output().expect("the command starts");
    if !tried.status.success() {
        return Err(format!("room for a program ({})", String::from_utf8_lossy(&tried.stderr).trim()));
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/icmp/probe.c");
    let probe = place.join("probe");
    let compiled = Command::new("cc").args(["-Wall", "-o"]).arg(&probe).arg(source).arg("-lpthread").status();
    assert!(compiled.expect("the compiler starts").success(), "the probe is compiled");
    Ok(measure::measure(command, &probe, place))
}

fn trial(name: &str, test: fn(&Measured)) -> Trial {
    Trial::test(name, move || {
        let measured = MEASURED.get().ok_or_else(|| Failed::from("nothing was measured"))?;
        test(measured);
        Ok(())
    })
}

/// All rows are looked at before one of them fails the test.
fn none_is_wrong(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// A message that was not sent would look like one that the kernel ignores.
fn every_message_came(measured: &Measured) {
    let missing = |number| {
        let protocols = [(TCP, "TCP"), (UDP, "UDP")].into_iter().filter(move |one| !measured.came(number, one.0));
        protocols.map(move |(_, name)| format!("{}/{} about {name}", MESSAGES[number].kind, MESSAGES[number].code))
    };
    none_is_wrong(&(0..MESSAGES.len()).flat_map(missing).collect::<Vec<_>>());
}

fn tcp_is_told(measured: &Measured) {
    messages_say(measured, "tcp", |number| vec![("connect", MESSAGES[number].tcp)]);
}

fn udp_is_told(measured: &Measured) {
    messages_say(measured, "udp", |number| vec![("connect", "ok"), ("send", "ok"), ("recv", MESSAGES[number].udp)]);
}

fn messages_say(measured: &Measured, kind: &str, says: impl Fn(usize) -> Vec<(&'static str, &'static str)>) {
    let differs = |number| {
        let (message, says) = (&MESSAGES[number], says(number));
        let seen = words(measured.observed(World::Main, &probe_of(number, kind)));
        let family = if message.v6 { "IPv6" } else { "IPv4" };
        (seen != says).then(|| format!("{family} {}/{}: expected {says:?}, saw {seen:?}", message.kind, message.code))
    };
    none_is_wrong(&(0..MESSAGES.len()).filter_map(differs).collect::<Vec<_>>());
}

fn every_other_end(measured: &Measured) {
    let differs = EVENTS.iter().filter_map(|event| {
        let seen = words(measured.observed(event.world, event.probe));
        (seen != event.says).then(|| format!("{}: expected {:?}, saw {seen:?}", event.what, event.says))
    });
    none_is_wrong(&differs.collect::<Vec<_>>());
}

/// The calls of a probe and their words.
fn words(steps: &[Step]) -> Vec<(&str, &str)> {
    steps.iter().map(|step| (step.call.as_str(), step.word.as_str())).collect()
}

fn observed_is_printed(measured: &Measured) {
    let differs = all_probes().filter_map(|(world, probe)| {
        let (observed, printed) = (words(measured.observed(world, &probe)), words(measured.printed(world, &probe)));
        let same = observed == printed && !observed.is_empty();
        (!same).then(|| format!("{probe}: observed {observed:?}, printed {printed:?}"))
    });
    none_is_wrong(&differs.collect::<Vec<_>>());
}

/// What the command makes of the calls: the word for a table.
fn connect_said(measured: &Measured) {
    let of_message = |number: usize| {
        let Message { tcp, udp, .. } = MESSAGES[number];
        let later = if udp == NOTHING { "connected".to_owned() } else { format!("connected, then recv {udp}") };
        [(World::Main, probe_of(number, "tcp"), tcp.to_owned()), (World::Main, probe_of(number, "udp"), later)]
    };
    let of_event = |event: &Event| {
        // Where a connect only began, what was asked last is the result; else each of them is an attempt of its own.
        let begun = event.says.iter().any(|(_, word)| *word == "EINPROGRESS");
        let results = event.says.iter().filter(|(call, _)| *call == if begun { "SO_ERROR" } else { "connect" });
        let words = results.map(|(_, word)| if *word == "ok" { "connected" } else { word });
        (event.world, event.probe.to_owned(), words.collect::<Vec<_>>().join("; "))
    };
    let expected = (0..MESSAGES.len()).flat_map(of_message).chain(EVENTS.iter().map(of_event));
    let differs = expected.filter_map(|(world, probe, words)| {
        let told = measured.told(world, &probe);
        (told != words).then(|| format!("{probe}: expected {words}, told {told}"))
    });
    none_is_wrong(&differs.collect::<Vec<_>>());
}

fn only_the_timer_takes_time(measured: &Measured) {
    let differs = all_probes().filter_map(|(world, probe)| {
        let steps = measured.observed(world, &probe);
        let timed_out = steps.iter().any(|step| step.word == TIMER);
        let when = page::when(measured, steps);
        ((when != "at once") != timed_out).then(|| format!("{probe}: {when}: {steps:?}"))
    });
    none_is_wrong(&differs.collect::<Vec<_>>());
}

/// Every probe of every world.
fn all_probes() -> impl Iterator<Item = (World, String)> {
    let of_messages = (0..MESSAGES.len()).flat_map(|number| ["tcp", "udp"].map(|kind| probe_of(number, kind)));
    let of_events = EVENTS.iter().map(|event| (event.world, event.probe.to_owned()));
    of_messages.map(|probe| (World::Main, probe)).chain(of_events)
}
