//! How a program ends, what it leaves behind, and who takes it along.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::process::Stdio;

use synsent_host::observe::{CallResult, Event, Observer};
use synsent_host::room::{self, Ending, Group, Program, Refusal, Stream};

use crate::stage::{enter, folder, inside, run, script_at};

pub(crate) fn it_ends_as_it_ends() {
    let room = enter();
    assert_eq!(run(&room, &["sh", "-c", "exit 7"]).0, Ending::Code(7));
    assert_eq!(run(&room, &["true"]).0, Ending::Code(0));
    assert_eq!(run(&room, &["sh", "-c", "kill -TERM $$"]).0, Ending::Signal(libc::SIGTERM));
}

pub(crate) fn it_ends_as_it_ends_for_who_ignores_children() {
    // SAFETY: no code of ours runs when the signal comes.
    unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) };
    let room = enter();
    assert_eq!(run(&room, &["sh", "-c", "sleep 1000 & exit 7"]).0, Ending::Code(7));
    // The program begins as its user did.
    let status = run(&room, &["grep", "^SigIgn:", "/proc/self/status"]).1;
    let ignored = u64::from_str_radix(status["SigIgn:".len()..].trim(), 16).expect("a number");
    assert_ne!(ignored & 1 << (libc::SIGCHLD - 1), 0, "{status}");
}

pub(crate) fn what_is_written_arrives() {
    let room = enter();
    let streams =
        |program: Program| Program { stdin: Stream::Pipe, stdout: Stream::Pipe, stderr: Stream::Pipe, ..program };
    let mut started = room.start(streams(Program::new(["sh", "-c", "cat; echo done >&2"]))).expect("a program");
    started.release().expect("a program that waits");
    File::from(started.stdin.take().expect("a pipe")).write_all(b"there and back").expect("written");
    let (mut out, mut err) = (String::new(), String::new());
    File::from(started.stdout.take().expect("a pipe")).read_to_string(&mut out).expect("text");
    File::from(started.stderr.take().expect("a pipe")).read_to_string(&mut err).expect("text");
    assert_eq!((out.as_str(), err.as_str()), ("there and back", "done\n"));
    assert_eq!(started.wait().expect("its end"), Ending::Code(0));
    // Nothing to read, and no input from here.
    let nothing = Program { stdin: Stream::Null, ..Program::new(["sh", "-c", "! read x"]) };
    let mut started = room.start(nothing).expect("a program");
    started.release().expect("a program that waits");
    assert_eq!(started.wait().expect("its end"), Ending::Code(0));
}

pub(crate) fn nothing_is_left_behind() {
    let room = enter();
    // The end of what it writes comes when nobody has the pipe any more.
    let (ending, written) = run(&room, &["sh", "-c", "sleep 1000 & (setsid sleep 1000 &) ; echo started"]);
    assert_eq!((ending, written.as_str()), (Ending::Code(0), "started\n"));
}

pub(crate) fn what_is_observed_ends_too() {
    let room = enter();
    // A connection to the machine's own loopback is refused by it, and a child is left behind.
    let script = "(sleep 1000 &); exec 3<>/dev/tcp/127.0.0.1/9";
    let program = Program { observe: true, stderr: Stream::Null, ..Program::new(["bash", "-c", script]) };
    let mut started = room.start(program).unwrap_or_else(|refusal| panic!("{refusal}"));
    let mut observer = Observer::attach(started.pid().cast_signed()).expect("an observer");
    started.release().expect("a program that waits");
    let (mut said, mut processes) = (Vec::new(), 0);
    let mut tell = |event| match event {
        Event::Call(call) if call.name == "connect" => said.push(call.result),
        Event::Started { .. } => processes += 1,
        _ => {}
    };
    observer.run(&mut tell).expect("its end");
    assert_eq!(said, [CallResult::Err(libc::ECONNREFUSED)]);
    assert!(processes >= 2, "{processes}");
    assert_eq!(started.wait().expect("its end"), Ending::Code(1));
    let notes = started.notes();
    assert!(notes.is_empty(), "{notes:?}");
    // What cannot be executed is told as without an observer.
    let folder = folder();
    let path = folder.join("binary");
    script_at(&path, "\x01\0\0\0");
    let program = Program { observe: true, ..Program::new([path.clone()]) };
    let mut started = room.start(program).unwrap_or_else(|refusal| panic!("{refusal}"));
    let mut observer = Observer::attach(started.pid().cast_signed()).expect("an observer");
    started.release().expect("a program that waits");
    observer.run(&mut |_| {}).expect("its end");
    assert!(matches!(started.wait(), Err(Refusal::WrongFormat(at)) if at == path));
    fs::remove_dir_all(&folder).expect("removed");
}

pub(crate) fn the_room_can_be_ended() {
    let room = enter();
    let mut started = room.start(Program::new(["sleep", "1000"])).expect("a program");
    assert_eq!(started.try_wait().expect("no refusal"), None);
    started.release().expect("a program that waits");
    started.end();
    assert_eq!(started.wait().expect("its end"), Ending::RoomEnded);
    // Before it is released, too; and by being forgotten.
    let mut held = room.start(Program { stdout: Stream::Pipe, ..Program::new(["echo", "x"]) }).expect("a program");
    let mut written = File::from(held.stdout.take().expect("a pipe"));
    drop(held);
    assert_eq!(written.read(&mut [0; 8]).expect("the end"), 0);
}

pub(crate) fn a_signal_reaches_the_program() {
    let room = enter();
    for group in [Group::Caller, Group::Session] {
        let program =
            Program { stdout: Stream::Pipe, group, ..Program::new(["sh", "-c", "echo up; sleep 1000; true"]) };
        let mut started = room.start(program).expect("a program");
        started.release().expect("a program that waits");
        started.stdout.as_ref().map(|out| rustix::io::read(out, &mut [0; 8])).expect("a pipe").expect("its word");
        started.signal(libc::SIGTERM).expect("sent");
        assert_eq!(started.wait().expect("its end"), Ending::Signal(libc::SIGTERM), "{group:?}");
    }
}

/// Starts a program that does nothing for long, with its own stream, and waits for it.
pub(crate) fn holder() {
    if let Ok(parent) = std::env::var("SYNSENT_TEST_PARENT") {
        room::die_with(parent.parse().expect("a number")).expect("a parent");
    }
    let room = enter();
    let mut started = room.start(Program::new(["sh", "-c", "echo ready; sleep 1000 & sleep 1000"])).expect("a program");
    started.release().expect("a program that waits");
    let _ = started.wait();
}

pub(crate) fn a_parent_that_is_gone_is_noticed() {
    let parent = rustix::process::getppid().expect("a parent").as_raw_pid().cast_unsigned();
    room::die_with(parent).expect("a parent that lives");
    room::die_with(parent + 1).expect_err("somebody else");
}

/// Starts a holder that dies with this process.
pub(crate) fn front() {
    let me = std::process::id().to_string();
    let mut holder = inside("holder", "me").env("SYNSENT_TEST_PARENT", me).spawn().expect("a process");
    let _ = holder.wait();
}

/// Kills a process, and waits until nobody is left who could write to what it wrote to.
pub(crate) fn all_ends_with(scene: &str, who: &str) {
    let mut process = inside(scene, who).stdout(Stdio::piped()).spawn().expect("a process");
    let mut out = process.stdout.take().expect("a pipe");
    let mut word = [0; 6];
    out.read_exact(&mut word).expect("its word");
    assert_eq!(&word, b"ready\n");
    process.kill().expect("a process that runs");
    let mut rest = Vec::new();
    out.read_to_end(&mut rest).expect("the end");
    process.wait().expect("its end");
}
