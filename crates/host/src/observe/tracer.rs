//! The loop of the tracer: wait for a stop, look at it, let the thread go on.
//!
//! A thread goes on either to its next event (a call of the filter, a child, an exec, a signal) at full speed, or to its next call
//! whatever that is: while it is in a call whose end is of interest, and while its process is watched. When a process begins to be
//! watched, its other threads are asked to stop once, so that they are seen too.
//!
//! All requests are made by the thread that attached; the kernel asks for that. A tracee may be killed at any moment, so a request
//! that finds nobody is no failure: the end is told by the next wait.

use std::collections::{HashMap, HashSet};
use std::io;
use std::marker::PhantomData;
use std::time::Instant;

use thiserror::Error;

use super::decode::{self, Answer, Shape};
use super::event::{CallResult, Ended, Event, Unobserved};
use super::filter::{MARK_OTHER_ARCHITECTURE, NATIVE_ARCHITECTURE, X32_BIT};
use super::kernel::{self, CallInfo, Status};
use super::look::Look;
use super::processes::Processes;
use super::tracee::{Interrupted, Process, Sockets, Thread};

/// How many calls of a process are stopped only because it is watched.
const WATCHED_CALLS_MAX: u32 = 20_000;
/// How many calls of a process that send or receive are told.
const DATA_CALLS_MAX: u32 = 20_000;
/// How many other calls of a process are told.
const OPENING_CALLS_MAX: u32 = 100_000;

/// Who is told.
type Tell<'a> = &'a mut dyn FnMut(Event);

/// How much of a process is observed at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// How many calls are stopped only because the process has a connection; then `read`, `write` and `poll` are not seen.
    pub watched_calls_max: u32,
    /// How many calls that send or receive are told.
    pub data_calls_max: u32,
    /// How many other calls are told; then the process is not observed any more.
    pub opening_calls_max: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            watched_calls_max: WATCHED_CALLS_MAX,
            data_calls_max: DATA_CALLS_MAX,
            opening_calls_max: OPENING_CALLS_MAX,
        }
    }
}

/// Why a process cannot be observed.
#[derive(Debug, Error)]
pub enum AttachError {
    /// The system's setting forbids it.
    #[error(
        "tracing is forbidden on this system: kernel.yama.ptrace_scope is {scope} (sysctl -w kernel.yama.ptrace_scope=1 allows it, except after 3, which stays until the next start)"
    )]
    Yama {
        /// The setting's value.
        scope: u8,
    },
    /// Something else forbids it: a container's filter, a security module, or who the process is.
    #[error(
        "tracing is forbidden here (ptrace: EPERM): a container needs the capability SYS_PTRACE or a filter that allows ptrace"
    )]
    Forbidden,
    /// Another process traces it, as when a debugger runs the caller.
    #[error("process {tracer} traces it already")]
    TracedAlready {
        /// Who traces it.
        tracer: i32,
    },
    /// There is no such process.
    #[error("the process is gone")]
    Gone,
    /// The kernel does not tell calls.
    #[error("the kernel is older than 5.3, which is needed to observe calls")]
    KernelTooOld,
    /// /proc is not there or counts processes of another namespace.
    #[error("/proc is not there, or not that of this process's namespace")]
    NoProcesses,
    /// Anything else, in the words of the kernel.
    #[error("the process cannot be traced: {0}")]
    Other(#[source] io::Error),
}

impl From<AttachError> for io::Error {
    fn from(error: AttachError) -> io::Error {
        let kind = match &error {
            AttachError::Gone => io::ErrorKind::NotFound,
            AttachError::KernelTooOld | AttachError::NoProcesses => io::ErrorKind::Unsupported,
            AttachError::Other(error) => error.kind(),
            _ => io::ErrorKind::PermissionDenied,
        };
        io::Error::new(kind, error)
    }
}

/// The tracer of a tree of processes.
#[derive(Debug)]
pub struct Observer {
    files: Processes,
    limits: Limits,
    sockets: Sockets,
    processes: HashMap<i32, Process>,
    threads: HashMap<i32, Thread>,
    /// Threads that were announced and have not stopped for the first time.
    expected: HashSet<i32>,
    /// Threads that stopped or ended before they were announced.
    early: HashSet<i32>,
    /// Threads that an exec of their process has ended, whose end may still be told.
    leaving: HashSet<i32>,
    /// Only the thread that attached may trace.
    _stays: PhantomData<*const ()>,
}

impl Observer {
    /// Begins to trace a process that waits before its first instruction of interest. It is not stopped.
    ///
    /// # Errors
    /// See [`AttachError`].
    pub fn attach(process: i32) -> Result<Observer, AttachError> {
        if !kernel_tells_calls() {
            return Err(AttachError::KernelTooOld);
        }
        let Ok(Some(files)) = Processes::open() else { return Err(AttachError::NoProcesses) };
        kernel::seize(process).map_err(|error| refusal(error, process, &files))?;
        let mut observer = Observer {
            files,
            limits: Limits::default(),
            sockets: Sockets::default(),
            processes: HashMap::new(),
            threads: HashMap::new(),
            expected: HashSet::new(),
            early: HashSet::new(),
            leaving: HashSet::new(),
            _stays: PhantomData,
        };
        observer.threads.insert(process, Thread::of(process));
        Ok(observer)
    }

    /// The same observer with other limits.
    pub fn with_limits(mut self, limits: Limits) -> Observer {
        self.limits = limits;
        self
    }

    /// Tells what happens until all processes of the tree have ended. Children of the calling thread that are not observed are
    /// reaped and told too when they end before that.
    ///
    /// # Errors
    /// When the kernel does not let the thread wait.
    pub fn run(&mut self, tell: Tell<'_>) -> io::Result<()> {
        let first: Vec<i32> = self.threads.keys().copied().collect();
        for thread in first {
            self.start_process(thread, None, tell);
        }
        while !(self.threads.is_empty() && self.expected.is_empty()) {
            match kernel::wait() {
                Ok((thread, status)) => self.on_status(thread, status, tell),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.raw_os_error() == Some(libc::ECHILD) => break,
                Err(error) => return Err(error),
            }
        }
        let left: Vec<i32> = self.threads.keys().copied().collect();
        left.into_iter().for_each(|thread| self.forget_thread(thread, tell));
        Ok(())
    }

    fn on_status(&mut self, thread: i32, status: Status, tell: Tell<'_>) {
        let Status::Ended(ended) = status else {
            if !self.threads.contains_key(&thread) {
                self.adopt(thread, tell);
            }
            return self.on_stop(thread, status, tell);
        };
        self.on_end(thread, ended, tell);
    }

    fn on_stop(&mut self, thread: i32, status: Status, tell: Tell<'_>) {
        match status {
            Status::Ended(_) => {}
            Status::AtCall => self.at_call(thread, tell),
            Status::AtEvent { event: kernel::EVENT_SECCOMP, .. } => self.at_call(thread, tell),
            Status::AtEvent { event: kernel::EVENT_FORK | kernel::EVENT_VFORK | kernel::EVENT_CLONE, .. } => {
                self.at_birth(thread);
                self.resume(thread, 0);
            }
            Status::AtEvent { event: kernel::EVENT_EXEC, .. } => {
                self.at_exec(thread, tell);
                self.resume(thread, 0);
            }
            Status::AtEvent { event: kernel::EVENT_STOP, signal } => self.at_pause(thread, signal),
            Status::AtEvent { .. } => self.resume(thread, 0),
            Status::AtSignal(signal) => {
                self.take_back_interruption(thread, signal);
                self.resume(thread, signal);
            }
        }
    }

    /// Lets a thread go on, as far as its process and its call want it.
    fn resume(&mut self, number: i32, signal: i32) {
        let Some(thread) = self.threads.get_mut(&number) else { return };
        let is_watched = self.processes.get(&thread.process).is_some_and(|process| process.is_watched);
        thread.goes_to_call = is_watched || thread.call.is_some();
        thread.is_stopped = false;
        // A thread that was killed meanwhile is gone; its end comes with the next wait.
        let _ = kernel::resume(number, thread.goes_to_call, signal);
    }

    /// A stop that is no signal's: of a new thread, of job control, or because it was asked for.
    fn at_pause(&mut self, number: i32, signal: i32) {
        let Some(thread) = self.threads.get_mut(&number) else { return };
        if matches!(signal, libc::SIGSTOP | libc::SIGTSTP | libc::SIGTTIN | libc::SIGTTOU) {
            thread.is_stopped = true;
            let _ = kernel::listen(number);
            return;
        }
        if std::mem::take(&mut thread.is_asked) {
            begin_again(number);
        }
        self.resume(number, 0);
    }

    /// A thread or a process is about to be born.
    fn at_birth(&mut self, thread: i32) {
        let Ok(child) = kernel::event_message(thread) else { return };
        if !self.early.remove(&child) {
            self.expected.insert(child);
        }
    }

    /// A thread stops for the first time.
    fn adopt(&mut self, thread: i32, tell: Tell<'_>) {
        if !self.expected.remove(&thread) {
            self.early.insert(thread);
        }
        let belongs = self.files.belongs(thread);
        let process = belongs.map_or(thread, |belongs| belongs.process);
        self.threads.insert(thread, Thread::of(process));
        if process == thread {
            self.start_process(thread, belongs.map(|belongs| belongs.parent), tell);
        }
    }

    fn start_process(&mut self, number: i32, parent: Option<i32>, tell: Tell<'_>) {
        let is_of_watched =
            parent.and_then(|parent| self.processes.get(&parent)).is_some_and(|parent| parent.is_watched);
        let is_watched = is_of_watched && self.has_connections(number);
        self.processes.insert(number, Process { is_watched, ..Process::default() });
        let parent = parent.filter(|parent| self.processes.contains_key(parent));
        tell(Event::Started { process: number, parent, program: self.files.program(number), at: Instant::now() });
    }

    fn has_connections(&self, process: i32) -> bool {
        self.files.any_socket(process, |inode| self.sockets.is_opened(inode))
    }

    /// A process runs another program: the thread that called for it is its only one now, under the process's number.
    fn at_exec(&mut self, number: i32, tell: Tell<'_>) {
        let former = kernel::event_message(number).unwrap_or(number);
        let others: Vec<i32> =
            self.threads.iter().filter(|(_, thread)| thread.process == number).map(|(other, _)| *other).collect();
        for other in others.into_iter().filter(|other| *other != former) {
            self.forget_thread(other, tell);
            if other != number {
                self.leaving.insert(other);
            }
        }
        self.forget_thread(former, tell);
        self.threads.insert(number, Thread::of(number));
        let is_watched = self.processes.get(&number).is_some_and(|process| process.is_watched);
        let stays_watched = is_watched && self.has_connections(number);
        if let Some(process) = self.processes.get_mut(&number) {
            process.is_watched = stays_watched;
        }
        tell(Event::Exec { process: number, program: self.files.program(number), at: Instant::now() });
    }

    fn on_end(&mut self, number: i32, status: Ended, tell: Tell<'_>) {
        let is_seen = self.threads.contains_key(&number) || self.leaving.remove(&number);
        let is_ours = is_seen || self.expected.remove(&number);
        self.forget_thread(number, tell);
        if self.processes.remove(&number).is_some() {
            tell(Event::Exited { process: number, status, at: Instant::now() });
        } else if !is_ours {
            self.early.insert(number);
            tell(Event::OtherChild { process: number, status });
        }
    }

    /// A thread is no more; what it waited for never came.
    fn forget_thread(&mut self, number: i32, tell: Tell<'_>) {
        let Some(thread) = self.threads.remove(&number) else { return };
        let look = look(&self.files, &mut self.sockets, thread.process, number);
        if let Some(pending) = thread.call {
            let calls = look.unfinished(&pending, CallResult::NotSeen, Instant::now());
            calls.into_iter().for_each(|call| tell(Event::Call(call)));
        }
        if let Some(interrupted) = thread.interrupted {
            let calls = look.unfinished(&interrupted.pending, CallResult::Interrupted, interrupted.ended);
            calls.into_iter().for_each(|call| tell(Event::Call(call)));
        }
    }

    /// A thread stands before or after a call.
    fn at_call(&mut self, number: i32, tell: Tell<'_>) {
        match kernel::call_info(number) {
            Ok(CallInfo::Entry { architecture, number: call, arguments, mark }) => {
                let is_native = architecture == NATIVE_ARCHITECTURE && call & u64::from(X32_BIT) == 0;
                if mark == Some(MARK_OTHER_ARCHITECTURE) {
                    self.tell_unobserved(number, Unobserved::OtherArchitecture, tell);
                } else if is_native {
                    self.at_entry(number, call, arguments, mark.is_some(), tell);
                }
            }
            Ok(CallInfo::Exit { value }) => self.at_exit(number, value, tell),
            Ok(CallInfo::None) | Err(_) => {}
        }
        self.resume(number, 0);
    }

    fn at_entry(&mut self, number: i32, call: u64, arguments: [u64; 6], is_filtered: bool, tell: Tell<'_>) {
        let (call, arguments) = self.after_interruption(number, call, arguments, tell);
        let Some(thread) = self.threads.get_mut(&number) else { return };
        thread.last_number = call;
        let Some(process) = self.processes.get_mut(&thread.process) else { return };
        if !is_filtered {
            process.watched_calls = process.watched_calls.saturating_add(1);
            if process.watched_calls > self.limits.watched_calls_max {
                process.is_watched = false;
                return self.tell_unobserved(number, Unobserved::WatchedCallsMax, tell);
            }
        }
        // Calls of the filter stop once more, at the filter.
        let Some(known) = decode::known_call(call).filter(|known| known.is_filtered == is_filtered) else { return };
        if let Some(why) = exhausted(process, known.shape, self.limits) {
            return self.tell_unobserved(number, why, tell);
        }
        let mut look = look(&self.files, &mut self.sockets, thread.process, number);
        let Some(pending) = look.begin(known, arguments) else { return };
        let is_hidden = look.is_hidden;
        count(process, known.shape, is_filtered);
        let begins = pending.opens && !process.is_watched && process.watched_calls < self.limits.watched_calls_max;
        process.is_watched |= begins;
        let process = thread.process;
        thread.call = Some(pending);
        if begins {
            self.ask_others(process, number);
        }
        if is_hidden {
            self.tell_unobserved(number, Unobserved::MemoryHidden, tell);
        }
    }

    /// The other threads of a process that is watched from now on are asked to stop once, unless they do so anyway.
    fn ask_others(&mut self, process: i32, but: i32) {
        let others = self.threads.iter_mut().filter(|(number, thread)| thread.process == process && **number != but);
        for (number, thread) in others {
            let stops_anyway = thread.goes_to_call || thread.is_stopped || self.files.is_stopped(*number);
            if !stops_anyway && may_be_asked(&self.files, *number) {
                thread.is_asked = kernel::interrupt(*number).is_ok();
            }
        }
    }

    fn at_exit(&mut self, number: i32, value: i64, tell: Tell<'_>) {
        let Some(thread) = self.threads.get_mut(&number) else { return };
        let answer = decode::answer(value);
        let Some(pending) = thread.call.take() else {
            let is_return = i64::try_from(thread.last_number) == Ok(libc::SYS_rt_sigreturn);
            if is_return && answer == Answer::Err(libc::EINTR) {
                self.tell_interrupted(number, CallResult::Err(libc::EINTR), tell);
            }
            return;
        };
        let is_told = pending.call.shape == Shape::Epoll && answer == Answer::Err(libc::EINTR);
        if is_told || answer == Answer::Interrupted {
            thread.interrupted = Some(Interrupted { pending, ended: Instant::now(), is_told });
            return;
        }
        let process = thread.process;
        let mut look = look(&self.files, &mut self.sockets, process, number);
        let calls = look.end(&pending, answer);
        let is_hidden = look.is_hidden;
        calls.into_iter().for_each(|call| tell(Event::Call(call)));
        if is_hidden {
            self.tell_unobserved(number, Unobserved::MemoryHidden, tell);
        }
        match (pending.call.shape, answer) {
            (Shape::Ring, Answer::Ok(_)) => self.tell_unobserved(number, Unobserved::IoUring, tell),
            (Shape::Closes, Answer::Ok(_)) => {
                let is_watched = self.has_connections(number);
                if let Some(process) = self.processes.get_mut(&process) {
                    process.is_watched &= is_watched;
                }
            }
            _ => {}
        }
    }

    /// What an interrupted call became is seen by what its thread does next: the same call again, a handler, or something else. Gives
    /// the call that begins now, which for the kernel's own `restart_syscall` is the interrupted one.
    fn after_interruption(&mut self, number: i32, call: u64, arguments: [u64; 6], tell: Tell<'_>) -> (u64, [u64; 6]) {
        let Some(interrupted) = self.threads.get(&number).and_then(|thread| thread.interrupted.as_ref()) else {
            return (call, arguments);
        };
        let (same, is_told) = (interrupted.pending.call.number.cast_unsigned(), interrupted.is_told);
        let (was, is_again) = (interrupted.pending.arguments, i64::try_from(call) == Ok(libc::SYS_restart_syscall));
        if is_again || (call, arguments) == (same, was) {
            let result = if is_told { CallResult::Err(libc::EINTR) } else { CallResult::Restarted };
            self.tell_interrupted(number, result, tell);
            return (same, was);
        }
        if decode::known_call(call).is_some() {
            let result = if is_told { CallResult::Err(libc::EINTR) } else { CallResult::Interrupted };
            self.tell_interrupted(number, result, tell);
        }
        (call, arguments)
    }

    fn tell_interrupted(&mut self, number: i32, result: CallResult, tell: Tell<'_>) {
        let Some(thread) = self.threads.get_mut(&number) else { return };
        let Some(interrupted) = thread.interrupted.take() else { return };
        let look = look(&self.files, &mut self.sockets, thread.process, number);
        let calls = look.unfinished(&interrupted.pending, result, interrupted.ended);
        calls.into_iter().for_each(|call| tell(Event::Call(call)));
    }

    /// A signal that would be thrown away if nobody traced has ended a call that it would not have ended then.
    fn take_back_interruption(&mut self, number: i32, signal: i32) {
        if !is_interrupted(number) || !self.files.is_ignored(number, signal) {
            return;
        }
        begin_again(number);
        if let Some(interrupted) = self.threads.get_mut(&number).and_then(|thread| thread.interrupted.as_mut()) {
            interrupted.is_told = false;
        }
    }

    fn tell_unobserved(&mut self, thread: i32, why: Unobserved, tell: Tell<'_>) {
        let Some(number) = self.threads.get(&thread).map(|thread| thread.process) else { return };
        if self.processes.get_mut(&number).is_some_and(|process| process.is_new(why)) {
            tell(Event::Unobserved { process: number, why, at: Instant::now() });
        }
    }
}

fn look<'a>(processes: &'a Processes, sockets: &'a mut Sockets, process: i32, thread: i32) -> Look<'a> {
    Look { processes, sockets, process, thread, is_hidden: false }
}

/// Which limit keeps a call from being told.
fn exhausted(process: &Process, shape: Shape, limits: Limits) -> Option<Unobserved> {
    if process.opening_calls >= limits.opening_calls_max {
        return Some(Unobserved::OpeningCallsMax);
    }
    (shape.is_data() && process.data_calls >= limits.data_calls_max).then_some(Unobserved::DataCallsMax)
}

/// Calls that are seen only in a watched process are counted as such already.
fn count(process: &mut Process, shape: Shape, is_filtered: bool) {
    if shape.is_data() {
        process.data_calls += 1;
    } else if is_filtered {
        process.opening_calls += 1;
    }
}

/// Whether a thread that stands still comes out of a call that says EINTR and may be begun again.
fn is_interrupted(thread: i32) -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        let told = (kernel::interrupted_call(thread)).filter(|(_, result)| *result == -i64::from(libc::EINTR));
        told.is_some_and(|(call, _)| decode::is_begun_again(call))
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        let _ = thread;
        false
    }
}

/// Takes back what our own stop did to a call that says EINTR then: the kernel begins it again, as it does with `poll`; a handler
/// that runs first makes it EINTR after all.
fn begin_again(thread: i32) {
    #[cfg(target_arch = "x86_64")]
    if is_interrupted(thread) {
        /// ERESTARTNOHAND, the kernel's own word, which no program sees.
        const AGAIN_UNLESS_HANDLED: i64 = -514;
        let _ = kernel::set_result(thread, AGAIN_UNLESS_HANDLED);
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = thread;
}

/// Whether a thread may be stopped without its noticing.
fn may_be_asked(files: &Processes, thread: i32) -> bool {
    cfg!(target_arch = "x86_64") || files.is_undisturbed(thread)
}

/// Whether the kernel knows PTRACE_GET_SYSCALL_INFO.
fn kernel_tells_calls() -> bool {
    let name = rustix::system::uname();
    let mut numbers = name.release().to_str().unwrap_or_default().split('.').map(|part| part.parse::<u32>());
    !matches!((numbers.next(), numbers.next()), (Some(Ok(0..5)), _) | (Some(Ok(5)), Some(Ok(0..3))))
}

fn refusal(error: io::Error, process: i32, files: &Processes) -> AttachError {
    match error.raw_os_error() {
        Some(libc::ESRCH) => AttachError::Gone,
        Some(libc::EPERM) => {
            let tracer = files.belongs(process).map_or(0, |belongs| belongs.tracer);
            let scope = files.trace_scope().filter(|scope| *scope >= 2);
            match (tracer, scope) {
                (1.., _) => AttachError::TracedAlready { tracer },
                (_, Some(scope)) => AttachError::Yama { scope },
                _ => AttachError::Forbidden,
            }
        }
        _ => AttachError::Other(error),
    }
}
