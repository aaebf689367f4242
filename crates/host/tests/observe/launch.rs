//! Running a program under an observer, the way a supervisor does: filter and wait in the child, attach, release, run.

use std::ffi::{CString, OsStr};
use std::fs::File;
use std::io::Read as _;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use synsent_host::observe::{Call, CallResult, Ended, Event, Filter, Limits, Observer, Unobserved};

/// What a program did and what was observed of it.
pub(crate) struct Observed {
    pub(crate) process: i32,
    pub(crate) events: Vec<Event>,
    pub(crate) output: String,
}

impl Observed {
    /// All calls of this name, in the order of their ends.
    pub(crate) fn calls(&self, name: &str) -> Vec<&Call> {
        self.events.iter().filter_map(call).filter(|call| call.name == name).collect()
    }

    /// The one call of this name.
    #[track_caller]
    pub(crate) fn call(&self, name: &str) -> &Call {
        let calls = self.calls(name);
        assert_eq!(calls.len(), 1, "{name} once in {}", self.said());
        calls[0]
    }

    /// The calls with their results, in short.
    pub(crate) fn said(&self) -> String {
        let one = |call: &Call| format!("{}({:?}) = {:?} {:?}", call.name, call.descriptor, call.result, call.detail);
        self.events.iter().filter_map(call).map(one).collect::<Vec<_>>().join("\n")
    }

    /// What was told not to be observed.
    pub(crate) fn unobserved(&self) -> Vec<Unobserved> {
        let why = |event: &Event| if let Event::Unobserved { why, .. } = event { Some(*why) } else { None };
        self.events.iter().filter_map(why).collect()
    }

    /// How the program itself ended.
    pub(crate) fn status(&self) -> Option<Ended> {
        self.status_of(self.process)
    }

    pub(crate) fn status_of(&self, wanted: i32) -> Option<Ended> {
        self.events.iter().find_map(|event| match event {
            Event::Exited { process, status, .. } if *process == wanted => Some(*status),
            _ => None,
        })
    }
}

fn call(event: &Event) -> Option<&Call> {
    if let Event::Call(call) = event { Some(call) } else { None }
}

pub(crate) fn failed(number: i32) -> CallResult {
    CallResult::Err(number)
}

/// Runs a program to its end under an observer.
pub(crate) fn observe(program: &OsStr, arguments: &[&str]) -> Observed {
    observe_with(program, arguments, Limits::default(), &mut |_, _| {})
}

/// The same with limits, and with somebody who sees each event when it is told, and the number of the program's process.
pub(crate) fn observe_with(
    program: &OsStr,
    arguments: &[&str],
    limits: Limits,
    see: &mut dyn FnMut(i32, &Event),
) -> Observed {
    let output = Output::new();
    let child = start(program, arguments, &output, true);
    let mut observer = Observer::attach(child.process).expect("may trace").with_limits(limits);
    let process = child.release();
    let mut events = Vec::new();
    observer
        .run(&mut |event| {
            see(process, &event);
            events.push(event);
        })
        .expect("may wait");
    Observed { process, events, output: output.read() }
}

/// Runs a program to its end without observing it.
pub(crate) fn run_alone(program: &OsStr, arguments: &[&str]) -> (Ended, String) {
    let output = Output::new();
    let process = start(program, arguments, &output, false).release();
    let mut status = 0;
    // SAFETY: the kernel writes one number, which lives longer than the call.
    assert_eq!(unsafe { libc::waitpid(process, &raw mut status, 0) }, process);
    let ended = if libc::WIFEXITED(status) {
        Ended::Code(libc::WEXITSTATUS(status))
    } else {
        Ended::Signal(libc::WTERMSIG(status))
    };
    (ended, output.read())
}

/// A child that waits before its exec.
pub(crate) struct Waiting {
    pub(crate) process: i32,
    gate: OwnedFd,
}

impl Waiting {
    /// Lets it go on.
    pub(crate) fn release(self) -> i32 {
        // An octet, and not the end of the pipe: a child that was forked at the same moment may hold this end open until its own exec.
        // A child that has ended already needs none.
        let _ = rustix::io::write(&self.gate, &[1]);
        self.process
    }
}

/// Forks a child that installs the filter, waits until it is released, and executes the program.
pub(crate) fn start(program: &OsStr, arguments: &[&str], output: &Output, is_filtered: bool) -> Waiting {
    let filter = Filter::new();
    let text = |text: &OsStr| CString::new(text.as_bytes()).expect("no zero octet");
    let path = text(program);
    let words: Vec<CString> = arguments.iter().map(|word| text(OsStr::new(word))).collect();
    let mut pointers: Vec<*const libc::c_char> = vec![path.as_ptr()];
    pointers.extend(words.iter().map(|word| word.as_ptr()));
    pointers.push(std::ptr::null());
    let (wait, gate) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).unwrap();
    let (wait_number, gate_number, output_number) = (wait.as_raw_fd(), gate.as_raw_fd(), output.file.as_raw_fd());
    // SAFETY: the child of this program, which may have more threads, makes system calls only until its exec.
    let process = unsafe { libc::fork() };
    if process == 0 {
        // SAFETY: all of these are system calls, with numbers and with memory that was made before the fork.
        unsafe {
            libc::close(gate_number);
            if is_filtered && filter.install().is_err() {
                libc::_exit(126);
            }
            let mut octet = 0_u8;
            libc::read(wait_number, (&raw mut octet).cast(), 1);
            libc::dup2(output_number, 1);
            // Test threads block nothing, but what the runner ignores is not the program's business.
            libc::signal(libc::SIGPIPE, libc::SIG_DFL);
            libc::execvp(path.as_ptr(), pointers.as_ptr());
            libc::_exit(127);
        }
    }
    assert!(process > 0, "fork");
    Waiting { process, gate }
}

/// A file for what a program prints.
pub(crate) struct Output {
    file: File,
    path: PathBuf,
}

impl Output {
    pub(crate) fn new() -> Output {
        static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("synsent-observe-{}-{count}.out", std::process::id()));
        Output { file: File::create(&path).expect("a temporary file"), path }
    }

    pub(crate) fn read(&self) -> String {
        let mut text = String::new();
        File::open(&self.path).and_then(|mut file| file.read_to_string(&mut text)).expect("what was printed");
        text
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}
