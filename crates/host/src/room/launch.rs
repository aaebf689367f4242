//! Starting a program: everything that needs memory is prepared here, before the fork.
//!
//! This process forks init into a new process namespace, and init forks the program. The program's number in this process's
//! own namespace comes with the credentials of the one message that it sends: the kernel translates it.

use std::ffi::{CString, OsStr, OsString};
use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;

use rustix::fs::{Mode, OFlags};
use rustix::io::{Errno, fcntl_dupfd_cloexec, retry_on_intr};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SocketFlags, SocketType, recvmsg, socketpair,
    sockopt,
};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, PidfdFlags, WaitId, WaitIdOptions, pidfd_open, waitid};

use super::init::{self, Orders};
use super::page::{Page, Told};
use super::program::{Group, Program, Stream};
use super::refusal::{Namespace, Refusal, Settings};
use super::signals::Blocked;
use super::started::{Parts, Started};
use super::{Room, interpreter, lookup};
use crate::observe::Filter;

/// Descriptors of ours stand above the places of the standard streams.
const FIRST_FREE: RawFd = 3;

pub(super) fn start(room: &Room, program: Program) -> Result<Started, Refusal> {
    let name = program.argv.first().map_or_else(OsString::new, OsString::clone);
    let path = lookup::find(&name)?;
    lookup::can_get_its_rights(&path, room.standing)?;
    let failed = |what| move |source: io::Error| Refusal::Launch { what, source };
    let words = Words::new(&path, &program.argv).map_err(failed("the arguments"))?;
    let ours = Streams::new([program.stdin, program.stdout, program.stderr]).map_err(failed("the streams"))?;
    let (line, their_line) = line().map_err(failed("a pair of sockets"))?;
    let filter = program.observe.then(Filter::new);
    let page = Page::new().map_err(failed("shared memory"))?;
    let mut inherit = program.inherit;
    inherit.sort_unstable();
    let (argv, shell_argv) = (pointers(&words.argv), pointers(&words.shell_argv));
    let orders = Orders {
        path: words.path.as_ptr(),
        argv: argv.as_ptr(),
        environment: environment(),
        shell_argv: if words.shell_argv.is_empty() { ptr::null() } else { shell_argv.as_ptr() },
        streams: ours.places(),
        line: their_line.as_raw_fd(),
        far_line: line.as_raw_fd(),
        inherit: &inherit,
        own_session: program.group == Group::Session,
        filter: filter.as_ref(),
        mount_proc: room.may_mount,
        ignored_signals: room.ignored_signals,
        told: page.told(),
    };
    let init =
        fork_init(&orders).map_err(|error| Settings::read().blame_for(Namespace::Process, room.standing, error))?;
    drop(their_line);
    let [stdin, stdout, stderr] = ours.near;
    let started = match await_program(&line) {
        Ok(pid) => pidfd_open(pid, PidfdFlags::empty()).map(|process| (pid, process)).map_err(io::Error::from),
        Err(error) => Err(error),
    };
    match started {
        Ok((pid, process)) => Ok(Started::new(
            Parts { pid, process, init, line, page, path, group: program.group },
            [stdin, stdout, stderr],
        )),
        Err(error) => Err(never_came(&init, page.told(), error)),
    }
}

/// Why the program's process did not say that it is there.
fn never_came(init: &OwnedFd, told: &Told, error: io::Error) -> Refusal {
    // It is ending, or about to wait for a release that never comes; either way it goes now.
    let _ = rustix::process::pidfd_send_signal(init, rustix::process::Signal::KILL);
    let _ = retry_on_intr(|| waitid(WaitId::PidFd(init.as_fd()), WaitIdOptions::EXITED));
    let (what, source) = match (Told::error(&told.fork_error), Told::error(&told.stream_error)) {
        (Some(error), _) => ("a process for the program", error),
        (None, Some(error)) => ("the standard streams", error),
        (None, None) => ("a process that says that it is there", error),
    };
    Refusal::Launch { what, source }
}

/// The program as the kernel wants it.
struct Words {
    path: CString,
    argv: Vec<CString>,
    /// What /bin/sh is called with, where the program is a script that does not say by whom it is to be run.
    shell_argv: Vec<CString>,
}

impl Words {
    fn new(path: &Path, argv: &[OsString]) -> io::Result<Words> {
        let word = |text: &OsStr| CString::new(text.as_bytes()).map_err(io::Error::from);
        let path_word = word(path.as_os_str())?;
        let argv = argv.iter().map(|text| word(text)).collect::<io::Result<Vec<CString>>>()?;
        let mut shell_argv = Vec::new();
        if interpreter::is_text(path) {
            shell_argv.extend([c"sh".to_owned(), path_word.clone()]);
            shell_argv.extend(argv.iter().skip(1).cloned());
        }
        Ok(Words { path: path_word, argv, shell_argv })
    }
}

fn pointers(words: &[CString]) -> Vec<*const libc::c_char> {
    words.iter().map(|word| word.as_ptr()).chain([ptr::null()]).collect()
}

/// The environment as it stands in this process's memory.
fn environment() -> *const *const libc::c_char {
    // SAFETY: the C library keeps this name for the list that ends with a null.
    unsafe extern "C" {
        static environ: *const *const libc::c_char;
    }
    // SAFETY: the pointer is read once; the list is read by the kernel in the forked copy, which nobody changes.
    unsafe { environ }
}

/// The standard streams: what the program gets, and what stays here.
struct Streams {
    theirs: [Option<OwnedFd>; 3],
    near: [Option<OwnedFd>; 3],
}

impl Streams {
    fn new(streams: [Stream; 3]) -> io::Result<Streams> {
        let mut all = Streams { theirs: [None, None, None], near: [None, None, None] };
        for (place, stream) in streams.into_iter().enumerate() {
            let theirs = match stream {
                Stream::Inherit => continue,
                Stream::Null => rustix::fs::open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?,
                Stream::Descriptor(descriptor) => descriptor,
                Stream::Pipe => {
                    let (read, write) = pipe_with(PipeFlags::CLOEXEC)?;
                    let (theirs, near) = if place == 0 { (read, write) } else { (write, read) };
                    all.near[place] = Some(near);
                    theirs
                }
            };
            all.theirs[place] = Some(above_the_streams(theirs)?);
        }
        Ok(all)
    }

    fn places(&self) -> [RawFd; 3] {
        self.theirs.each_ref().map(|descriptor| descriptor.as_ref().map_or(-1, AsRawFd::as_raw_fd))
    }
}

/// The same under a number that no standard stream will be put over.
fn above_the_streams(descriptor: OwnedFd) -> io::Result<OwnedFd> {
    if descriptor.as_raw_fd() >= FIRST_FREE {
        return Ok(descriptor);
    }
    Ok(fcntl_dupfd_cloexec(&descriptor, FIRST_FREE)?)
}

/// A pair of sockets: ours, which is told who sends, and theirs.
fn line() -> io::Result<(OwnedFd, OwnedFd)> {
    let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
    sockopt::set_socket_passcred(&ours, true)?;
    Ok((ours, above_the_streams(theirs)?))
}

fn fork_init(orders: &Orders<'_>) -> io::Result<OwnedFd> {
    let blocked = Blocked::all();
    // SAFETY: the new process runs `init::run` and nothing else, which keeps to what is allowed after a fork.
    let process = unsafe { init::fork(libc::CLONE_NEWPID | libc::CLONE_NEWNS) };
    if process == 0 {
        // SAFETY: this is the new process, and all that the orders point to is in its copy of the memory.
        unsafe { init::run(orders) }
    }
    let error = io::Error::last_os_error();
    drop(blocked);
    let process = Pid::from_raw(process).filter(|_| process > 0).ok_or(error)?;
    Ok(pidfd_open(process, PidfdFlags::empty())?)
}

/// Waits for the program's message, and learns its number here.
fn await_program(line: &OwnedFd) -> io::Result<Pid> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmCredentials(1))];
    let mut octet = [0];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let line: BorrowedFd<'_> = line.as_fd();
    let received =
        retry_on_intr(|| recvmsg(line, &mut [IoSliceMut::new(&mut octet)], &mut control, RecvFlags::empty()))?;
    if received.bytes == 0 {
        return Err(Errno::PIPE.into());
    }
    let sender = control.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmCredentials(credentials) => Some(credentials.pid),
        _ => None,
    });
    sender.ok_or_else(|| io::ErrorKind::InvalidData.into())
}
