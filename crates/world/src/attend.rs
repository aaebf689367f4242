//! The thread that looks after a program while another one observes it: its output, the user's signals, and its time.
//!
//! The first signal of the user's is handed on to the program, and a second one soon after it ends everything in the
//! room. A terminal gives its signal to the program too, so that one is not handed on. A program whose time is over is
//! asked to end, and ended if it does not.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::Signal;
use synsent_host::room::Started;
use synsent_host::{Caught, Interrupt};

/// How much of the end of each stream is kept; unit: octets.
pub(crate) const TAIL_OCTETS_MAX: usize = 64 << 10;
/// How long a program may take to end when it is asked to.
const GRACE: Duration = Duration::from_secs(2);
/// How soon after the first signal the second one means that the program is to be ended.
const IMPATIENCE: Duration = Duration::from_secs(3);
/// How much is read at once; unit: octets.
const PIECE_OCTETS: usize = 64 << 10;
/// How often one stream is read before everything else is looked at: a program may write without end.
const PIECES_PER_TURN: usize = 16;

/// What the thread needs.
pub(crate) struct Attendant<'a> {
    pub(crate) started: &'a Started,
    pub(crate) interrupt: &'a Interrupt,
    /// Readable once the program is over.
    pub(crate) over: BorrowedFd<'a>,
    /// Readable once the lab broke.
    pub(crate) broken: BorrowedFd<'a>,
    pub(crate) limit: Option<Duration>,
    pub(crate) stdout: Option<OwnedFd>,
    pub(crate) stderr: Option<OwnedFd>,
}

/// What it saw.
#[derive(Debug, Default)]
pub(crate) struct Attended {
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    /// Who ended the program, if it did not end by itself.
    pub(crate) ended_by: Option<EndedBy>,
}

/// Who ended a program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum EndedBy {
    /// The clock.
    TimeLimit,
    /// The user.
    User,
}

/// The end of a stream.
#[derive(Debug)]
struct Tail {
    from: Option<OwnedFd>,
    octets: Vec<u8>,
}

/// What is decided about the program's end.
struct Decided<'a> {
    started: &'a Started,
    ended_by: Option<EndedBy>,
    /// When the user's last signal came.
    asked_at: Option<Instant>,
    /// When something is to be done about the program's time.
    until: Option<Instant>,
}

impl Attendant<'_> {
    /// Looks after the program until it is over.
    pub(crate) fn attend(self) -> Attended {
        let (mut stdout, mut stderr) = (Tail::new(self.stdout), Tail::new(self.stderr));
        let until = self.limit.map(|limit| Instant::now() + limit);
        let mut decided = Decided { started: self.started, ended_by: None, asked_at: None, until };
        let mut is_broken = false;
        loop {
            let fixed = [self.over, self.interrupt.as_fd(), self.broken];
            // That the lab broke is heard once.
            let fixed = fixed.into_iter().take(if is_broken { 2 } else { 3 });
            let streams = [stdout.descriptor(), stderr.descriptor()].into_iter().flatten();
            let mut descriptors: Vec<PollFd<'_>> =
                fixed.chain(streams).map(|one| PollFd::from_borrowed_fd(one, PollFlags::IN)).collect();
            // However it ends, one looks at everything again.
            let _ = poll(&mut descriptors, decided.timeout().as_ref());
            let is_readable = |at: usize| descriptors[at].revents().contains(PollFlags::IN);
            let (is_over, is_interrupted) = (is_readable(0), is_readable(1));
            if !is_broken && is_readable(2) {
                is_broken = true;
                // A run without a lab is none.
                self.started.end();
            }
            stdout.read();
            stderr.read();
            if is_over {
                // Nobody writes any more.
                while stdout.read() | stderr.read() {}
                return Attended { stdout: stdout.kept(), stderr: stderr.kept(), ended_by: decided.ended_by };
            }
            if is_interrupted && let Ok(caught) = self.interrupt.caught() {
                decided.on_signal(caught);
            }
            decided.on_time(Instant::now());
        }
    }
}

impl Decided<'_> {
    /// The user wants it to end.
    fn on_signal(&mut self, caught: Caught) {
        // Once the time is over the program is ending anyway.
        self.ended_by = self.ended_by.or(Some(EndedBy::User));
        if self.asked_at.is_some_and(|at| at.elapsed() < IMPATIENCE) {
            self.started.end();
        } else if !caught.by_terminal {
            // A program that has ended meanwhile has nothing to be told.
            let _ = self.started.signal(caught.number);
        }
        self.asked_at = Some(Instant::now());
    }

    /// Asks a program whose time is over to end, and ends it when it does not.
    fn on_time(&mut self, now: Instant) {
        if self.until.is_none_or(|until| until > now) {
            return;
        }
        if self.ended_by == Some(EndedBy::TimeLimit) {
            self.started.end();
            self.until = None;
            return;
        }
        // As above.
        let _ = self.started.signal(Signal::TERM.as_raw());
        self.until = Some(now + GRACE);
        self.ended_by = Some(EndedBy::TimeLimit);
    }

    fn timeout(&self) -> Option<Timespec> {
        let left = self.until?.saturating_duration_since(Instant::now());
        Timespec::try_from(left).ok()
    }
}

impl Tail {
    fn new(from: Option<OwnedFd>) -> Tail {
        if let Some(from) = &from {
            // A pipe takes it; where it did not, a read would wait for the program, which ends some time.
            let _ = rustix::io::ioctl_fionbio(from, true);
        }
        Tail { from, octets: Vec::new() }
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.from.as_ref().map(AsFd::as_fd)
    }

    /// Reads what is there, up to a bound; whether there may be more.
    fn read(&mut self) -> bool {
        let mut piece = [0; PIECE_OCTETS];
        for _ in 0..PIECES_PER_TURN {
            let Some(from) = &self.from else { return false };
            match rustix::io::read(from, &mut piece) {
                Ok(len @ 1..) => {
                    self.octets.extend_from_slice(&piece[..len]);
                    // Cutting seldom and much costs less than often and little.
                    if self.octets.len() > 4 * TAIL_OCTETS_MAX {
                        self.octets.drain(..self.octets.len() - TAIL_OCTETS_MAX);
                    }
                }
                Err(rustix::io::Errno::AGAIN) => return false,
                Err(rustix::io::Errno::INTR) => {}
                Ok(0) | Err(_) => self.from = None,
            }
        }
        true
    }

    /// The end of what was read.
    fn kept(mut self) -> Vec<u8> {
        let too_many = self.octets.len().saturating_sub(TAIL_OCTETS_MAX);
        self.octets.drain(..too_many);
        self.octets
    }
}

#[cfg(test)]
mod tests {
    use rustix::pipe::{PipeFlags, pipe_with};

    use super::*;

    #[test]
    fn of_a_long_stream_the_end_is_kept() {
        let (read, write) = pipe_with(PipeFlags::CLOEXEC).unwrap();
        let mut tail = Tail::new(Some(read));
        for piece in 0..40_u8 {
            rustix::io::write(&write, &[piece; 16 << 10]).unwrap();
            tail.read();
        }
        assert!(tail.descriptor().is_some());
        drop(write);
        tail.read();
        assert!(tail.descriptor().is_none(), "the end of the stream closes the descriptor");
        let kept = tail.kept();
        assert_eq!(kept.len(), TAIL_OCTETS_MAX);
        assert_eq!((kept[0], kept[TAIL_OCTETS_MAX - 1]), (36, 39));
    }
}
