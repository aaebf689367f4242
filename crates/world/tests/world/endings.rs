//! How programs end, who ends them, and what is left then: nothing.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use libtest_mimic::Failed;
use rustix::process::{Pid, Signal, kill_process};
use synsent_explain::End;
use synsent_host::room::Ending;
use synsent_world::{Plan, Streams, Sweep, Whose, supervise};

use crate::support::{Asked, Directory, one, processes_with, python, runs, this};

/// How long it may take until what was killed is gone.
const PATIENCE: Duration = Duration::from_secs(20);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// This process is the supervisor, and the program has its streams.
pub(crate) fn run_here(program: &[OsString]) -> ExitCode {
    let directory = Directory::new();
    let plan = Plan { streams: Streams::Inherited, limit_ms: None, ..Asked::case("connected").plan(&directory.0) };
    match supervise(&plan, program).expect("a run").ending {
        Ending::Code(code) => ExitCode::from(code as u8),
        Ending::Signal(number) => ExitCode::from(128 + number as u8),
        Ending::RoomEnded => ExitCode::from(99),
    }
}

/// This process asks for runs.
pub(crate) fn front_here(program: &[OsString]) -> ExitCode {
    let directories = [Directory::new(), Directory::new()];
    let plans = directories.iter().map(|directory| Asked::case("connected").plan(&directory.0)).collect();
    let sweep = Sweep { supervisor: this("supervise"), ..Sweep::new(plans, program.to_vec()) };
    println!("began");
    sweep.run(&mut |_| {});
    ExitCode::SUCCESS
}

/// Half a megabyte is written to both streams; the end of each is kept. Nothing can be read.
pub(crate) fn output() -> Result<(), Failed> {
    let client = "
import sys
print(repr(sys.stdin.read()))
for n in range(50000):
    print('out', n); print('err', n, file=sys.stderr)";
    let run = python(&Asked::case("connected"), client)?;
    assert!(run.stdout_tail.ends_with("out 49999\n") && run.stderr_tail.ends_with("err 49999\n"));
    assert_eq!((run.stdout_tail.len(), run.stderr_tail.len()), (65_536, 65_536));
    let run = python(&Asked::case("connected"), "import sys; print(repr(sys.stdin.read()))")?;
    assert_eq!(run.stdout_tail, "''\n");
    Ok(())
}

/// One that listens to the request ends at once, and one that does not is ended two seconds later.
pub(crate) fn limit() -> Result<(), Failed> {
    let asked = Asked { limit_ms: 500, ..Asked::case("connected") };
    let (rows, _directories) = runs(std::slice::from_ref(&asked), &["sleep", "1000"]);
    let run = rows.into_iter().next().ok_or("no row")?.map_err(|refusal| refusal.to_string())?;
    assert!(matches!(run.end, End::TimeLimit(500_000..2_000_000)), "{:?}", run.end);
    let patient = Asked { limit_ms: 2_000, ..asked };
    let run = one(&patient, &["sh", "-c", "trap '' TERM; while :; do sleep 1000; done"]);
    let run = run.map_err(|refusal| refusal.to_string())?;
    assert!(matches!(run.end, End::TimeLimit(4_000_000..30_000_000)), "{:?}", run.end);
    Ok(())
}

/// A program that writes without end is ended in time, and little is kept of it.
pub(crate) fn flood() -> Result<(), Failed> {
    let run = one(&Asked { limit_ms: 1_000, ..Asked::case("connected") }, &["yes"]);
    let run = run.map_err(|refusal| refusal.to_string())?;
    assert!(matches!(run.end, End::TimeLimit(1_000_000..20_000_000)), "{:?}", run.end);
    assert_eq!(run.stdout_tail.len(), 65_536);
    Ok(())
}

pub(crate) fn crash() -> Result<(), Failed> {
    let run = python(&Asked::case("connected"), "import os; os.kill(os.getpid(), 11)")?;
    assert_eq!(run.end, End::Signal { number: 11, name: "SIGSEGV".to_owned() });
    Ok(())
}

pub(crate) fn descriptors() -> Result<(), Failed> {
    let run = python(&Asked::case("connected"), "import os; print(sorted(map(int, os.listdir('/proc/self/fd'))))")?;
    // The fourth is that of the folder that is read.
    assert_eq!(run.stdout_tail, "[0, 1, 2, 3]\n");
    Ok(())
}

/// A program that says when it is ready, and a signal to its supervisor.
fn interrupted(text: &str, signals: &[Signal]) -> Result<(Vec<String>, Option<i32>), Failed> {
    let words = this("run");
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).args(["python3", "-uc", text]).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn()?;
    let mut lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
    assert_eq!(lines.next().ok_or("it did not begin")??, "ready");
    for signal in signals {
        kill_process(Pid::from_child(&child), *signal)?;
        // It is heard before the next one is sent.
        if signals.len() > 1 {
            lines.next().transpose()?;
        }
    }
    let rest = lines.map_while(Result::ok).collect();
    Ok((rest, child.wait()?.code()))
}

pub(crate) fn signals() -> Result<(), Failed> {
    let polite = "
import signal, sys, time
def heard(number, frame):
    print('heard', number); sys.exit(7)
signal.signal(2, heard); signal.signal(15, heard)
print('ready')
while True: time.sleep(1)";
    assert_eq!(interrupted(polite, &[Signal::INT])?, (vec!["heard 2".to_owned()], Some(7)));
    assert_eq!(interrupted(polite, &[Signal::TERM])?, (vec!["heard 15".to_owned()], Some(7)));
    let plain = "import signal, time; signal.signal(2, signal.SIG_DFL); print('ready'); time.sleep(1000)";
    assert_eq!(interrupted(plain, &[Signal::INT])?, (vec![], Some(130)));
    let stubborn = polite.replace("sys.exit(7)", "None");
    assert_eq!(interrupted(&stubborn, &[Signal::INT, Signal::INT])?, (vec![], Some(99)));
    Ok(())
}

/// Who asked for runs is killed without a word: nothing of them stays.
pub(crate) fn front_killed() -> Result<(), Failed> {
    let word = format!("synsent-left-{}", std::process::id());
    let program = format!("import time; '{word}'; time.sleep(1000)");
    let words = this("front");
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).args(["python3", "-c", &program]).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut front = command.spawn()?;
    let is_program = |line: &String| !line.contains(" front ") && !line.contains(" supervise ");
    // Two programs run.
    await_that(|| processes_with(&word).iter().filter(|line| is_program(line)).count() == 2)?;
    front.kill()?;
    assert_eq!(front.wait()?.signal(), Some(9));
    await_that(|| processes_with(&word).is_empty())
}

fn await_that(mut is_so: impl FnMut() -> bool) -> Result<(), Failed> {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        if Instant::now() > end {
            return Err("it never became so".into());
        }
        std::thread::sleep(LOOK_AGAIN);
    }
    Ok(())
}

pub(crate) fn refused() -> Result<(), Failed> {
    let whose = |asked: &Asked, program: &str| one(asked, &[program]).map(|_| ()).unwrap_err();
    let missing = whose(&Asked::case("refused"), "no-such-program-anywhere");
    assert_eq!(missing.whose, Whose::Program);
    assert!(missing.words.contains("no-such-program-anywhere"), "{missing}");
    assert_eq!(whose(&Asked::case("refused"), "/etc/passwd").whose, Whose::Program);
    let mistake = whose(&Asked::scenario("[us]\naddress = 7\n"), "/bin/true");
    assert_eq!(mistake.whose, Whose::Scenario);
    assert!(mistake.words.contains("2:1"), "{mistake}");
    Ok(())
}

/// A daemon of the program's ends with it, and neither mounts nor interfaces appear outside.
pub(crate) fn nothing_left() -> Result<(), Failed> {
    let word = format!("synsent-daemon-{}", std::process::id());
    let client = format!(
        "
import os, time
if os.fork() == 0:
    os.setsid()
    os.execvp('python3', ['python3', '-c', 'import time; \"{word}\"; time.sleep(1000)'])
time.sleep(0.5)
print([line for line in open('/proc/self/mountinfo') if '/etc/nsswitch.conf' in line] != [])
print('net0' in open('/proc/net/dev').read())"
    );
    let run = python(&Asked::case("connected"), &client)?;
    assert_eq!((run.end.clone(), run.stdout_tail.as_str()), (End::Exited(0), "True\nTrue\n"), "{}", run.stderr_tail);
    await_that(|| processes_with(&word).is_empty())?;
    assert!(!fs::read_to_string("/proc/self/mountinfo")?.contains("/etc/nsswitch.conf"));
    let interfaces = fs::read_to_string("/proc/net/dev")?;
    assert!(!interfaces.contains("net0:") && !interfaces.contains("lab0:"), "{interfaces}");
    Ok(())
}
