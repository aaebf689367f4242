//! What is to be started: the program's words, its streams, and whom it belongs to.

use std::ffi::OsString;
use std::fs;
use std::os::fd::{BorrowedFd, OwnedFd, RawFd};

use rustix::io::{FdFlags, fcntl_getfd};

/// A program to be started in a room. Its environment, working directory, limits and terminal are those of this process.
#[derive(Debug)]
pub struct Program {
    /// The program, looked for as a shell does, and its arguments.
    pub argv: Vec<OsString>,
    /// What it reads.
    pub stdin: Stream,
    /// What it writes.
    pub stdout: Stream,
    /// What it complains to.
    pub stderr: Stream,
    /// Whom it belongs to.
    pub group: Group,
    /// Whether it installs the filter of an [`Observer`](crate::observe::Observer), which must then be attached before it is
    /// released: who is filtered and not observed can open no socket.
    pub observe: bool,
    /// Further descriptors that it has, under the same numbers; see [`inheritable_descriptors`].
    pub inherit: Vec<RawFd>,
}

impl Program {
    /// A program that has the streams and the terminal of this process, and that nobody observes.
    pub fn new(argv: impl IntoIterator<Item = impl Into<OsString>>) -> Program {
        Program {
            argv: argv.into_iter().map(Into::into).collect(),
            stdin: Stream::Inherit,
            stdout: Stream::Inherit,
            stderr: Stream::Inherit,
            group: Group::Caller,
            observe: false,
            inherit: Vec::new(),
        }
    }
}

/// Where a standard stream of the program leads.
#[derive(Debug, Default)]
pub enum Stream {
    /// Where this process's own leads.
    #[default]
    Inherit,
    /// Nowhere.
    Null,
    /// To this process: the other end is in [`crate::room::Started`].
    Pipe,
    /// To this.
    Descriptor(OwnedFd),
}

/// Which process group a program belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Group {
    /// The caller's: it may read the terminal when the caller may, and the terminal's signals reach it.
    #[default]
    Caller,
    /// A session of its own without a terminal, so that it cannot stop for one.
    Session,
}

/// The descriptors from 3 up that a program gets from who started this process, because they are not closed by exec. What is this
/// process's own business among them has to be taken out.
pub fn inheritable_descriptors() -> Vec<RawFd> {
    let Ok(entries) = fs::read_dir("/proc/self/fd") else { return Vec::new() };
    let numbers = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<RawFd>().ok());
    let mut kept: Vec<RawFd> = numbers.filter(|number| *number > 2 && survives_exec(*number)).collect();
    kept.sort_unstable();
    kept
}

fn survives_exec(number: RawFd) -> bool {
    // SAFETY: the descriptor was listed as open a moment ago; one that is closed meanwhile is an error of the call, and nothing
    // is done with it but asking.
    let descriptor = unsafe { BorrowedFd::borrow_raw(number) };
    fcntl_getfd(descriptor).is_ok_and(|flags| !flags.contains(FdFlags::CLOEXEC))
}
