//! `sweep -- PROGRAM`, `run` and `why` as their users see them: what they print, where, the exit codes, and what is left behind.
//!
//! Each test has a directory of its own for the records, so they do not meet, nor the user's. What Linux and curl answer to each outcome
//! comes from their documents: errno(3), ip(7), tcp(7), and the list of exit codes in curl(1).

#[path = "../../host/tests/common/skip.rs"]
mod skip;

use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// What is waited for comes at once, or never.
const PATIENCE: Duration = Duration::from_secs(60);

/// A place for the records of one test, removed at its end.
struct Place(PathBuf);

impl Place {
    /// `None`: this machine makes no room for a program, which is said.
    fn new(name: &str) -> Option<Place> {
        let place = Place(std::env::temp_dir().join(format!("synsent-programs-{}-{name}", std::process::id())));
        fs::create_dir_all(&place.0).expect("a directory");
        let tried = place.synsent(&["run", "-q", "--", "true"]);
        let said = String::from_utf8_lossy(&tried.stderr);
        if tried.status.code() == Some(0) || !skip::skip(&format!("room for a program ({})", said.trim())) {
            return Some(place);
        }
        None
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("a path of text").to_owned()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_synsent"));
        command.args(arguments).env("XDG_STATE_HOME", &self.0).current_dir(&self.0).env_remove("COLUMNS");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn synsent(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the command starts")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

fn objects(output: &Output) -> Vec<Value> {
    let lines = text(&output.stdout);
    lines.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

/// Whether there is a program of this name; without it a test is skipped, which is said.
fn has(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there = std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    is_there || !skip::skip(program)
}

fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "{what}");
        std::thread::yield_now();
    }
}

/// Whether a process has this word among its arguments.
fn is_running(word: &str) -> bool {
    let Ok(processes) = fs::read_dir("/proc") else { return false };
    let of_word = |path: &Path| fs::read(path.join("cmdline")).is_ok_and(|line| text(&line).contains(word));
    processes.filter_map(Result::ok).any(|process| of_word(&process.path()))
}

#[test]
fn a_file_that_cannot_be_written_is_told_before_anything_is_run() {
    let Some(place) = Place::new("unwritable") else { return };
    let (mark, nowhere) = (place.file("mark"), place.file("nowhere/file"));
    for option in ["--save", "--junit"] {
        let output = place.synsent(&["sweep", "--only", "refused", option, &nowhere, "--", "touch", &mark]);
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
        assert!(text(&output.stderr).contains(&nowhere) && output.stdout.is_empty(), "{}", text(&output.stderr));
        assert!(!Path::new(&mark).exists(), "{option}: the program was run");
    }
}

#[test]
fn a_file_without_cases_is_an_outcome_with_the_name_of_the_file() {
    let Some(place) = Place::new("nameless") else { return };
    let (file, report) = (place.file("corner-shop.toml"), place.file("report.xml"));
    fs::write(&file, "seed = 9\n").expect("a scenario");
    let output = place.synsent(&["sweep", "--json", "--scenario", &file, "--junit", &report, "--", "true"]);
    assert_eq!(objects(&output)[0]["outcome"], "corner-shop", "{}", text(&output.stderr));
    let report = fs::read_to_string(report).expect("a report");
    assert!(report.contains("name=\"corner-shop\""), "{report}");
    let said = text(&place.synsent(&["sweep", "--scenario", &file, "--", "true"]).stdout);
    assert!(said.contains("`synsent why corner-shop`"), "{said}");
}

#[test]
fn an_uncaught_error_of_node_is_told_by_its_own_line() {
    let Some(place) = Place::new("node").filter(|_| has("node")) else { return };
    let script = "require('net').connect(80, 'shop.test')";
    let output = place.synsent(&["sweep", "--json", "--only", "refused,host-unreachable", "--", "node", "-e", script]);
    let rows = objects(&output);
    let line = |row: usize| rows[row]["last_line"].as_str().expect("a line");
    assert!(line(0).contains("ECONNREFUSED") && line(1).contains("EHOSTUNREACH"), "{rows:?}");
    let same = &rows[2]["totals"]["same_line"];
    assert_eq!(same.as_array().map(Vec::len), Some(0), "{same}");
}

#[test]
fn curl_meets_every_outcome_and_its_errors_are_told_apart() {
    let Some(place) = Place::new("curl").filter(|_| has("curl")) else { return };
    let output = place.synsent(&["sweep", "--json", "--", "curl", "-sS", "http://shop.test/"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let objects = objects(&output);
    let (last, rows) = objects.split_last().expect("the totals");
    let listed = text(&place.synsent(&["sweep", "--list", "--json"]).stdout);
    let listed: Vec<String> = listed
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).expect("an object")["outcome"].as_str().expect("a name").to_owned()
        })
        .collect();
    let names: Vec<&str> = rows.iter().map(|row| row["outcome"].as_str().expect("a name")).collect();
    assert_eq!(names, listed, "the rows stand in the order of the table");
    let row = |name: &str| rows.iter().find(|row| row["outcome"] == name).unwrap_or_else(|| panic!("{name}"));
    // What Linux answers, and curl's codes: 6 no name, 7 no connection, 28 time over, 52 an empty reply, 56 a failure to receive.
    for (name, said, code) in [
        ("connected", "connected", 0),
        ("refused", "ECONNREFUSED", 7),
        ("net-unreachable", "ENETUNREACH", 7),
        ("host-unreachable", "EHOSTUNREACH", 7),
        ("port-unreachable", "ECONNREFUSED", 7),
        ("ttl-exceeded", "EHOSTUNREACH", 7),
        ("silent", "ETIMEDOUT", 28),
        ("answers-late", "connected", 0),
        ("withheld-refused", "ECONNREFUSED", 7),
        ("backlog-full", "ETIMEDOUT", 28),
        ("out-of-ports", "EADDRNOTAVAIL", 7),
        ("no-route", "ENETUNREACH", 7),
        ("closed-after-accept", "connected", 52),
        ("reset-in-body", "connected", 56),
        ("slow", "connected", 0),
        ("v6-dead", "connected", 0),
        ("first-address-dead", "connected", 0),
        ("no-such-name", "no connect() was called", 6),
    ] {
        let row = row(name);
        assert_eq!(row["exit_code"], code, "{row}");
        assert!(row["connect_said"].as_str().is_some_and(|words| words.contains(said)), "{name}: {said}: {row}");
        assert_eq!(row["not_observed"], Value::Null, "{row}");
    }
    // The reset may come before the request is sent or after: 55 is a failure to send.
    assert!(
        [55, 56].map(Value::from).contains(&row("reset-after-accept")["exit_code"]),
        "{}",
        row("reset-after-accept")
    );
    assert_eq!(row("accepted-silent")["ended_by_synsent"], true);
    assert!(row("silent")["ladder"].as_str().is_some_and(|words| words.contains(" s ladder, ")), "{}", row("silent"));
    assert_eq!(row("connected")["ladder"], Value::Null);
    let same = &last["totals"]["same_line"][0];
    assert!(same["outcomes"].as_array().is_some_and(|outcomes| outcomes.len() >= 8), "{last}");
    assert!(same["line"].as_str().is_some_and(|line| line.starts_with("curl: (7) ")), "{last}");
}

#[test]
fn a_run_is_as_if_nothing_stood_between_the_program_and_the_shell() {
    let Some(place) = Place::new("run") else { return };
    let mut cat = place.command(&["run", "-q", "--", "sh", "-c", "cat; echo $WORD >&2; exit 3"]);
    let mut cat = cat.env("WORD", "surroundings").stdin(Stdio::piped()).spawn().expect("a start");
    cat.stdin.take().expect("its input").write_all(b"octets\0\xff\n").expect("room");
    let output = cat.wait_with_output().expect("its end");
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(3), &b"octets\0\xff\n"[..]));
    assert_eq!(text(&output.stderr), "surroundings\n");
    let code = |program: &[&str]| place.synsent(&[&["run", "-q", "--"], program].concat()).status.code();
    assert_eq!(code(&["sh", "-c", "kill -SEGV $$"]), Some(128 + 11));
    assert_eq!(code(&["sh", "-c", "pwd > here"]), Some(0));
    let folder = fs::canonicalize(&place.0).expect("the directory");
    assert_eq!(fs::read_to_string(place.file("here")).expect("what it wrote").trim(), folder.to_str().expect("text"));
    assert_eq!(code(&["/"]), Some(126));
    assert_eq!(code(&["synsent-no-such-program"]), Some(127));
    assert_eq!(place.synsent(&["run", "-q", "--limit", "200ms", "--", "sleep", "600"]).status.code(), Some(124));
    for wrong in [&["run", "--case", "refusd", "--", "true"][..], &["run", "--limit", "soon", "--", "true"], &["run"]] {
        assert_eq!(place.synsent(wrong).status.code(), Some(125), "{wrong:?}");
    }
}

#[test]
fn what_was_recorded_is_explained_in_every_form() {
    let Some(place) = Place::new("why").filter(|_| has("curl")) else { return };
    let none = place.synsent(&["why", "silent"]);
    assert_eq!(none.status.code(), Some(1));
    let capture = place.file("packets.pcapng");
    let run =
        place.synsent(&["run", "--case", "refused", "--capture", &capture, "--", "curl", "-sS", "http://shop.test/"]);
    assert_eq!(run.status.code(), Some(7));
    let said = text(&run.stderr);
    let last = said.lines().last().unwrap_or_default();
    assert!(
        last.starts_with("synsent: recorded as ") && last.contains("(seed ") && last.contains("synsent why"),
        "{said}"
    );
    let id = last.split(' ').nth(3).expect("the name of the run").to_owned();
    // The first word of a pcapng file is the type of a section's head.
    assert_eq!(fs::read(&capture).expect("the capture")[..4], [0x0a, 0x0d, 0x0d, 0x0a]);
    for which in [&[][..], &["refused"], &[id.as_str()]] {
        let output = place.synsent(&[&["why"], which].concat());
        let told = text(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{which:?}: {}", text(&output.stderr));
        for part in
            ["LADDER", "WHY", "NOT", "IN", "SEEN BY THE PROGRAM", "FILES", "ECONNREFUSED", "WSAECONNREFUSED", "RST"]
        {
            assert!(told.contains(part), "{part}: {told}");
        }
        assert!(!told.contains('\u{1b}'), "no colours but on a terminal");
    }
    assert!(text(&place.synsent(&["why", "--ascii"]).stdout).is_ascii());
    let (svg, html) = (place.file("ladder.svg"), place.file("why.html"));
    let drawn = place.synsent(&["why", "--svg", &svg, "--html", &html]);
    assert_eq!((drawn.status.code(), drawn.stdout.len()), (Some(0), 0), "{}", text(&drawn.stderr));
    assert!(fs::read_to_string(&svg).expect("the picture").contains("<svg"));
    assert!(fs::read_to_string(&html).expect("the page").to_lowercase().contains("<!doctype html"));
    let object: Value = serde_json::from_slice(&place.synsent(&["why", "--json"]).stdout).expect("an object");
    assert_eq!((&object["run"]["case"], &object["connect_said"].is_string()), (&Value::from("refused"), &true));
    assert_eq!(object["dialects"][0]["name"], "WSAECONNREFUSED");
    assert!(text(&place.synsent(&["why", "--list"]).stdout).contains(&id));
    let wrong = text(&place.synsent(&["why", "refusd"]).stderr);
    assert!(wrong.contains("did you mean `refused`?"), "{wrong}");
}

#[test]
fn what_a_sweep_saves_holds_until_the_program_changes() {
    let Some(place) = Place::new("saved").filter(|_| has("curl")) else { return };
    let (saved, junit) = (place.file("ci.toml"), place.file("junit.xml"));
    let curl = ["--", "curl", "-sS", "-m", "5", "http://shop.test/"];
    let sweep = |options: &[&str], program: &[&str]| {
        place.synsent(&[&["sweep", "--only", "connected,refused,no-such-name"], options, program].concat())
    };
    let output = sweep(&["--save", &saved], &curl);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let output = place.synsent(&[&["sweep", "--expect", &saved, "--junit", &junit][..], &curl].concat());
    assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stdout), text(&output.stderr));
    let report =
        quick_junit::Report::deserialize_from_str(&fs::read_to_string(&junit).expect("the report")).expect("JUnit");
    assert_eq!((report.tests, report.failures, report.errors), (3, 0, 0));
    // Another program refuses to fail.
    let output =
        sweep(&["--expect", &saved, "--junit", &junit], &["--", "sh", "-c", "curl -sS http://shop.test/ || true"]);
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("changed: exit: expected 7, found 0"), "{told}");
    assert!(told.contains("2 outcomes not as expected: refused, no-such-name"), "{told}");
    assert!(told.contains("exit 0 though no connection held: refused, no-such-name"), "{told}");
    let report =
        quick_junit::Report::deserialize_from_str(&fs::read_to_string(&junit).expect("the report")).expect("JUnit");
    assert_eq!((report.tests, report.failures), (3, 2));
    // A case of the file is also for a single run.
    let run = ["run", "-q", "--scenario", &saved, "--case", "refused", "--", "true"];
    let output = place.synsent(&run);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("exit: expected 7, found 0"), "{}", text(&output.stderr));
}

#[test]
fn an_interrupt_ends_a_sweep_and_leaves_nothing() {
    let Some(place) = Place::new("interrupt") else { return };
    let began = place.file("began");
    // A number of seconds that no other process sleeps.
    let seconds = format!("{}", 1_000_000 + std::process::id());
    let script = format!("echo > {began}; sleep {seconds} & sleep {seconds}");
    let sweep = place.command(&["sweep", "--jobs", "3", "--limit", "1h", "--", "sh", "-c", &script]).spawn();
    let sweep = sweep.expect("a start");
    wait_until("no program began", || Path::new(&began).exists() && is_running(&seconds));
    kill_process(Pid::from_child(&sweep), Signal::INT).expect("a signal");
    let output = sweep.wait_with_output().expect("its end");
    assert_eq!(output.status.code(), Some(128 + 2), "{}", text(&output.stderr));
    wait_until("a program outlives its sweep", || !is_running(&seconds));
}

#[test]
fn a_program_that_is_run_gets_the_signals_itself() {
    let Some(place) = Place::new("signal") else { return };
    let began = place.file("began");
    let script = format!("trap 'exit 42' TERM; echo > {began}; while :; do sleep 0.01; done");
    let run = place.command(&["run", "-q", "--", "sh", "-c", &script]).spawn().expect("a start");
    wait_until("the program began", || Path::new(&began).exists());
    kill_process(Pid::from_child(&run), Signal::TERM).expect("a signal");
    let output = run.wait_with_output().expect("its end");
    assert_eq!(output.status.code(), Some(42), "{}", text(&output.stderr));
}

#[test]
fn what_cannot_be_is_said_in_a_sentence() {
    let Some(place) = Place::new("wrong") else { return };
    let bad = place.file("bad.toml");
    fs::write(&bad, "seed = 1\n[[case]]\nname = \"a\"\nlike = \"refusd\"\n").expect("a file");
    let empty = place.file("empty.toml");
    fs::write(&empty, "[[case]]\nname = \"a\"\nlike = \"refused\"\n").expect("a file");
    for (arguments, code, words) in [
        (&["sweep", "--only", "refusd", "--", "true"][..], 2, "did you mean `refused`?"),
        (&["sweep", "--only", "refused", "--except", "refused", "--", "true"], 2, "no outcome is left"),
        (&["sweep", "--only", "refused"], 2, "--only is about the sweep of a program"),
        (&["sweep", "--as", "bs2000", "--", "true"], 2, "--as is about the documented outcomes of a dialect"),
        (&["sweep", "--scenario", &bad, "--", "true"], 2, "bad.toml:4:8: "),
        (&["sweep", "--expect", &empty, "--", "true"], 2, "expects nothing"),
        (&["sweep", "--scenario", "/no/such/file", "--", "true"], 1, "No such file"),
        (&["sweep", "--", "synsent-no-such-program"], 1, "there is no program synsent-no-such-program"),
        (&["why", "--live", "127.0.0.1", "http"], 2, "`http` is no port"),
    ] {
        let output = place.synsent(arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.starts_with("synsent: ") && said.contains(words) && said.lines().count() == 1, "{said}");
        assert!(output.stdout.is_empty(), "{arguments:?}: {}", text(&output.stdout));
    }
}

#[test]
fn a_machine_that_does_not_allow_it_says_so_with_a_code_of_its_own() {
    let Some(place) = Place::new("refusal").filter(|_| has("unshare")) else { return };
    let within = |arguments: &[&str]| -> Output {
        let script = "echo 0 > /proc/sys/user/max_net_namespaces && exec \"$@\"";
        let mut command = Command::new("unshare");
        command.args(["-r", "sh", "-c", script, "sh", env!("CARGO_BIN_EXE_synsent")]).args(arguments);
        let environment: [(&str, OsString); 1] = [("XDG_STATE_HOME", place.0.clone().into_os_string())];
        command.envs(environment).stdin(Stdio::null()).output().expect("unshare starts")
    };
    for (arguments, code) in [(&["sweep", "--", "true"][..], 7), (&["run", "--", "true"], 125)] {
        let output = within(arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains("max_net_namespaces") && said.lines().count() == 1, "{said}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn an_attempt_on_the_real_network_says_what_it_cannot_know() {
    let place = Place(std::env::temp_dir().join(format!("synsent-programs-{}-live", std::process::id())));
    fs::create_dir_all(&place.0).expect("a directory");
    // The port was free a moment ago, so nobody listens there.
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|bound| bound.local_addr()).expect("a port").port();
    let output = place.synsent(&["why", "--live", "127.0.0.1", &free.to_string()]);
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    for part in ["ECONNREFUSED (111)", "WHY", "NOT", "UNKNOWN", "nothing was captured", "WSAECONNREFUSED (10061)"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let output = place.synsent(&["why", "--json", "--live", "127.0.0.1", &free.to_string()]);
    let object: Value = serde_json::from_slice(&output.stdout).expect("an object");
    assert_eq!((&object["errno"], &object["interface"]), (&Value::from(111), &Value::from("lo")));
}
