//! A program at a terminal: it reads what is typed, and Ctrl-C is for it.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;

use libtest_mimic::Failed;
use synsent_host::room::Program;

use crate::stage::{enter, inside};

/// A program that reads the terminal, and hears its Ctrl-C.
pub(crate) fn terminal(who: &str) -> Result<(), Failed> {
    let (mut ours, mut theirs) = (-1, -1);
    let (no_name, no_modes) = (std::ptr::null_mut(), std::ptr::null());
    // SAFETY: two numbers are written where they live; nothing else is asked for.
    assert_eq!(unsafe { libc::openpty(&mut ours, &mut theirs, no_name, no_modes, std::ptr::null()) }, 0);
    // SAFETY: both were just opened and belong to nobody else.
    let (mut ours, theirs) = unsafe { (File::from_raw_fd(ours), OwnedFd::from_raw_fd(theirs)) };
    let mut command = inside("at_a_terminal", who);
    command.stdin(theirs.try_clone()?).stdout(theirs.try_clone()?).stderr(theirs);
    // SAFETY: both calls are allowed after a fork and touch no memory.
    unsafe {
        command.pre_exec(|| {
            if libc::setsid() < 0 || libc::ioctl(0, libc::TIOCSCTTY, 0) < 0 {
                return Err(std::io::Error::last_os_error());
            }
            Ok(())
        });
    }
    let mut process = command.spawn()?;
    drop(command);
    let mut seen = String::new();
    read_until(&mut ours, &mut seen, "ready");
    ours.write_all(b"hello\n")?;
    read_until(&mut ours, &mut seen, "got hello");
    ours.write_all(b"\x03")?;
    read_until(&mut ours, &mut seen, "ended by Signal(2)");
    assert!(process.wait()?.success(), "{seen}");
    Ok(())
}

fn read_until(terminal: &mut File, seen: &mut String, words: &str) {
    while !seen.contains(words) {
        let mut chunk = [0; 256];
        let len = terminal.read(&mut chunk).unwrap_or(0);
        assert!(len > 0, "instead of {words}: {seen}");
        seen.push_str(&String::from_utf8_lossy(&chunk[..len]));
    }
}

/// The program at the terminal. A shell would do, but may forget a signal that comes between two commands.
pub(crate) fn reader() {
    println!("ready");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).expect("a line");
    println!("got {line}");
    loop {
        std::thread::park();
    }
}

pub(crate) fn at_a_terminal() {
    let room = enter();
    // SAFETY: no code of ours runs when the signal comes.
    unsafe { libc::signal(libc::SIGINT, libc::SIG_IGN) };
    let mut started = room.start(Program::new(["/proc/self/exe", "inside", "reader", "me"])).expect("a program");
    started.release().expect("a program that waits");
    println!("ended by {:?}", started.wait().expect("its end"));
}
