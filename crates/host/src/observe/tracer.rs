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

use super::attach::{AttachError, kernel_tells_calls, refusal};
use super::event::{CallResult, Ended, Event, Unobserved};
use super::kernel::{self, Status};
use super::limits::Limits;
use super::look::Look;
use super::processes::Processes;
use super::tracee::{Process, Sockets, Thread};

/// Who is told.
pub(super) type Tell<'a> = &'a mut dyn FnMut(Event);

/// What the parent's stop says of a new thread.
#[derive(Clone, Copy, Debug)]
struct Birth {
    parent: i32,
    /// Made by `fork` or `vfork`, so it is a process; else it may be either.
    is_process: bool,
}

/// The tracer of a tree of processes.
#[derive(Debug)]
pub struct Observer {
    pub(super) files: Processes,
    pub(super) limits: Limits,
    pub(super) sockets: Sockets,
    pub(super) processes: HashMap<i32, Process>,
    pub(super) threads: HashMap<i32, Thread>,
    /// Threads that were announced and have not stopped for the first time, with what is known of them.
    expected: HashMap<i32, Birth>,
    /// Threads that stopped or ended before they were announced.
    early: HashSet<i32>,
    /// Children of this thread that are not observed.
    others: HashSet<i32>,
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
            expected: HashMap::new(),
            early: HashSet::new(),
            others: HashSet::new(),
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

    /// Tells what happens until all processes of the tree have ended. Other children that the calling thread has already are reaped
    /// and told too when they end before that.
    ///
    /// # Errors
    /// When the kernel does not let the thread wait.
    pub fn run(&mut self, tell: Tell<'_>) -> io::Result<()> {
        let first: Vec<i32> = self.threads.keys().copied().collect();
        self.others = self.files.own_children().into_iter().filter(|child| !first.contains(child)).collect();
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
            Status::AtEvent { event: kernel::EVENT_FORK | kernel::EVENT_VFORK, .. } => {
                self.at_birth(thread, true);
                self.resume(thread, 0);
            }
            Status::AtEvent { event: kernel::EVENT_CLONE, .. } => {
                self.at_birth(thread, false);
                self.resume(thread, 0);
            }
            Status::AtEvent { event: kernel::EVENT_EXEC, .. } => {
                self.at_exec(thread, tell);
                self.resume(thread, 0);
            }
            Status::AtEvent { event: kernel::EVENT_STOP, signal } => self.at_pause(thread, signal),
            Status::AtEvent { .. } => self.resume(thread, 0),
            Status::AtSignal(signal) => {
                self.take_back_signal(thread, signal);
                self.resume(thread, signal);
            }
        }
    }

    /// Lets a thread go on, as far as its process and its call want it.
    pub(super) fn resume(&mut self, number: i32, signal: i32) {
        let Some(thread) = self.threads.get_mut(&number) else { return };
        let is_watched = self.processes.get(&thread.process).is_some_and(|process| process.is_watched);
        // A call that ends because the thread was asked to stop is to be seen to end.
        thread.goes_to_call = is_watched || thread.call.is_some() || thread.is_asked;
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
            self.take_back_question(number);
        }
        self.resume(number, 0);
    }

    /// A thread or a process is about to be born.
    fn at_birth(&mut self, thread: i32, is_process: bool) {
        let Ok(child) = kernel::event_message(thread) else { return };
        let parent = self.threads.get(&thread).map_or(thread, |thread| thread.process);
        if !self.early.remove(&child) {
            self.expected.insert(child, Birth { parent, is_process });
        }
    }

    /// A thread stops for the first time, perhaps before its parent says that it made it.
    fn adopt(&mut self, thread: i32, tell: Tell<'_>) {
        let (process, parent) = match self.expected.remove(&thread) {
            Some(birth) if birth.is_process => (thread, Some(birth.parent)),
            birth => {
                if birth.is_none() {
                    self.early.insert(thread);
                }
                let belongs = self.files.belongs(thread);
                (belongs.map_or(thread, |belongs| belongs.process), belongs.map(|belongs| belongs.parent))
            }
        };
        self.threads.insert(thread, Thread::of(process));
        if process == thread {
            self.start_process(thread, parent, tell);
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

    pub(super) fn has_connections(&self, process: i32) -> bool {
        self.files.any_socket(process, |inode| self.sockets.is_opened(inode))
    }

    /// A process runs another program: the thread that called for it is its only one now, under the process's number.
    fn at_exec(&mut self, number: i32, tell: Tell<'_>) {
        let former = kernel::event_message(number).unwrap_or(number);
        let others: Vec<i32> =
            self.threads.iter().filter(|(_, thread)| thread.process == number).map(|(other, _)| *other).collect();
        for other in others.into_iter().filter(|other| *other != former) {
            self.forget_thread(other, tell);
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
        let is_known = self.threads.contains_key(&number) || self.expected.remove(&number).is_some();
        self.forget_thread(number, tell);
        if self.processes.remove(&number).is_some() {
            tell(Event::Exited { process: number, status, at: Instant::now() });
        } else if self.others.remove(&number) {
            tell(Event::OtherChild { process: number, status });
        } else if !is_known {
            // It was killed before its first stop, and its parent's word of it may still come.
            self.early.insert(number);
        }
    }

    /// A thread is no more; what it waited for never came.
    fn forget_thread(&mut self, number: i32, tell: Tell<'_>) {
        let Some(thread) = self.threads.remove(&number) else { return };
        let look = Look::at(&self.files, &mut self.sockets, thread.process, number);
        if let Some(pending) = thread.call {
            let calls = look.unfinished(&pending, CallResult::NotSeen, Instant::now());
            calls.into_iter().for_each(|call| tell(Event::Call(call)));
        }
        if let Some(interrupted) = thread.interrupted {
            // Who has done nothing since was ended by what interrupted it.
            let same = interrupted.pending.call.number.cast_unsigned() == thread.last_number;
            let (result, ended) =
                if same { (CallResult::NotSeen, Instant::now()) } else { (CallResult::Interrupted, interrupted.ended) };
            let calls = look.unfinished(&interrupted.pending, result, ended);
            calls.into_iter().for_each(|call| tell(Event::Call(call)));
        }
    }

    pub(super) fn tell_unobserved(&mut self, thread: i32, why: Unobserved, tell: Tell<'_>) {
        let Some(number) = self.threads.get(&thread).map(|thread| thread.process) else { return };
        if self.processes.get_mut(&number).is_some_and(|process| process.is_new(why)) {
            tell(Event::Unobserved { process: number, why, at: Instant::now() });
        }
    }
}
