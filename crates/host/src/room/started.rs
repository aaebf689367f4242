//! A program that was started: releasing it, signals to it, and how it ended.
//!
//! Dropping it ends the program and all that it started.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;

use rustix::io::{Errno, retry_on_intr};
use rustix::net::{SendFlags, send};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, pidfd_send_signal, waitid};

use super::lookup;
use super::page::{Page, Told};
use super::program::Group;
use super::refusal::Refusal;

/// How a program ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// By itself, with this code.
    Code(i32),
    /// By a signal of this number.
    Signal(i32),
    /// With everything else in the room, which was ended before the program had.
    RoomEnded,
}

/// A program in its room.
#[derive(Debug)]
pub struct Started {
    /// What the program reads, where that is a pipe.
    pub stdin: Option<OwnedFd>,
    /// What it writes, where that is a pipe.
    pub stdout: Option<OwnedFd>,
    /// What it complains to, where that is a pipe.
    pub stderr: Option<OwnedFd>,
    parts: Parts,
}

/// What makes up a program that was started.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) pid: Pid,
    pub(super) process: OwnedFd,
    pub(super) init: OwnedFd,
    pub(super) line: OwnedFd,
    pub(super) page: Page,
    pub(super) path: PathBuf,
    pub(super) group: Group,
}

impl Started {
    pub(super) fn new(parts: Parts, [stdin, stdout, stderr]: [Option<OwnedFd>; 3]) -> Started {
        Started { stdin, stdout, stderr, parts }
    }

    /// The program's number among the processes of who started it; inside the room it has another.
    pub fn pid(&self) -> u32 {
        self.parts.pid.as_raw_pid().cast_unsigned()
    }

    /// The file that is executed.
    pub fn path(&self) -> &std::path::Path {
        &self.parts.path
    }

    /// Lets the program begin. Whether the kernel executes it is told by [`Started::wait`].
    ///
    /// # Errors
    /// When it has ended already.
    pub fn release(&self) -> io::Result<()> {
        retry_on_intr(|| send(&self.parts.line, &[0], SendFlags::NOSIGNAL))?;
        Ok(())
    }

    /// Readable once everything in the room has ended.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.parts.init.as_fd()
    }

    /// Waits until the program and all that it left behind have ended. Whoever observes the program has to have seen to the end
    /// of all that is observed before.
    ///
    /// # Errors
    /// A [`Refusal`], when the kernel did not execute it.
    pub fn wait(&mut self) -> Result<Ending, Refusal> {
        self.await_init(WaitIdOptions::EXITED)?;
        self.ended()
    }

    /// How the program ended, if everything in the room has.
    ///
    /// # Errors
    /// As for [`Started::wait`].
    pub fn try_wait(&mut self) -> Result<Option<Ending>, Refusal> {
        if !self.await_init(WaitIdOptions::EXITED | WaitIdOptions::NOHANG)? {
            return Ok(None);
        }
        self.ended().map(Some)
    }

    /// Sends a signal to the program, and to its whole group where that is its own.
    ///
    /// # Errors
    /// When there is no such signal, or the program has ended.
    pub fn signal(&self, number: i32) -> io::Result<()> {
        let signal = Signal::from_named_raw(number).ok_or(io::ErrorKind::InvalidInput)?;
        if self.parts.group == Group::Session {
            let sent = rustix::process::kill_process_group(self.parts.pid, signal);
            if sent != Err(Errno::SRCH) {
                return Ok(sent?);
            }
        }
        Ok(pidfd_send_signal(&self.parts.process, signal)?)
    }

    /// Ends the program and all that it started, at once.
    pub fn end(&self) {
        // It fails when there is nothing left to end.
        let _ = pidfd_send_signal(&self.parts.init, Signal::KILL);
    }

    /// What is otherwise than asked for, known once the program was released: one sentence each.
    pub fn notes(&self) -> Vec<String> {
        let told = self.parts.page.told();
        let old_proc = Told::error(&told.proc_error).map(|error| {
            format!("the program sees the /proc of this machine, with other process numbers, because it can have no own: {error}")
        });
        old_proc.into_iter().collect()
    }

    /// Why the program's calls stop for no observer, though that was asked for: the kernel refused the filter. Known once the program
    /// was released.
    pub fn unobserved(&self) -> Option<io::Error> {
        Told::error(&self.parts.page.told().filter_error)
    }

    /// Whether init has ended and was waited for, here or by somebody else.
    fn await_init(&mut self, options: WaitIdOptions) -> Result<bool, Refusal> {
        match retry_on_intr(|| waitid(WaitId::PidFd(self.parts.init.as_fd()), options)) {
            Ok(status) => Ok(status.is_some()),
            Err(Errno::CHILD) => Ok(true),
            Err(error) => Err(Refusal::Launch { what: "the end of the program", source: error.into() }),
        }
    }

    fn ended(&mut self) -> Result<Ending, Refusal> {
        let told = self.parts.page.told();
        if let Some(error) = Told::error(&told.exec_error) {
            return Err(lookup::reason(&self.parts.path, error));
        }
        let status = match told.status_plus_one.load(std::sync::atomic::Ordering::SeqCst) {
            0 => return Ok(Ending::RoomEnded),
            status => status.wrapping_sub(1),
        };
        Ok(if libc::WIFSIGNALED(status) {
            Ending::Signal(libc::WTERMSIG(status))
        } else {
            Ending::Code(libc::WEXITSTATUS(status))
        })
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        self.end();
        // What is left of it after that is the observer's, or nobody's.
        let _ = self.await_init(WaitIdOptions::EXITED | WaitIdOptions::NOHANG);
    }
}
