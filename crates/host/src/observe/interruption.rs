//! Calls that a signal or a stop interrupts: what became of them, and how it is taken back when the interruption was our own.
//!
//! A stopped thread has its waiting call ended by the kernel. Most calls are then begun again by the kernel itself, and the program sees
//! nothing. A few, `epoll_wait` above all, say EINTR instead. The kernel does so as well for a signal that is ignored, which reaches a
//! traced thread all the same. Both are our doing and not the program's, so the call's result is replaced, before the program sees it, by the
//! kernel's own word for "begin it again, unless a handler runs". Its time begins anew, and nothing else differs.
//!
//! That is possible only in a stop on the way back to the program, where the kernel looks at that word afterwards. At the end of a call it
//! does not, so a thread that finds EINTR there is asked to stop once more.

use super::decode::{self, Answer};
use super::event::{CallResult, Event};
use super::kernel;
use super::look::Look;
use super::processes::Processes;
use super::tracer::{Observer, Tell};

impl Observer {
    /// What an interrupted call became is seen by what its thread does next: the same call again, a handler, or something else. Gives
    /// the call that begins now, which for the kernel's own `restart_syscall` is the interrupted one.
    pub(super) fn after_interruption(
        &mut self,
        number: i32,
        call: u64,
        arguments: [u64; 6],
        tell: Tell<'_>,
    ) -> (u64, [u64; 6]) {
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

    pub(super) fn tell_interrupted(&mut self, number: i32, result: CallResult, tell: Tell<'_>) {
        let Some(thread) = self.threads.get_mut(&number) else { return };
        let Some(interrupted) = thread.interrupted.take() else { return };
        let look = Look::at(&self.files, &mut self.sockets, thread.process, number);
        let calls = look.unfinished(&interrupted.pending, result, interrupted.ended);
        calls.into_iter().for_each(|call| tell(Event::Call(call)));
    }

    /// A thread stops on its way back to the program, because it was asked to.
    pub(super) fn take_back_question(&mut self, number: i32) {
        if is_interrupted(number) {
            self.begin_again(number);
        }
    }

    /// A thread stops on its way back to the program, for a signal that would be thrown away if nobody traced.
    pub(super) fn take_back_signal(&mut self, number: i32, signal: i32) {
        if is_interrupted(number) && self.files.is_ignored(number, signal) {
            self.begin_again(number);
        }
    }

    fn begin_again(&mut self, number: i32) {
        kernel::begin_again(number);
        if let Some(interrupted) = self.threads.get_mut(&number).and_then(|thread| thread.interrupted.as_mut()) {
            interrupted.is_told = false;
        }
    }
}

/// Asks a thread to stop once more, when the call that it leaves was ended because it had been asked. Says whether it was.
pub(super) fn ask_again(thread: i32, call: u64, answer: Answer) -> bool {
    let is_ours = answer == Answer::Err(libc::EINTR) && i64::try_from(call).is_ok_and(may_begin_again);
    is_ours && kernel::interrupt(thread).is_ok()
}

/// Whether a thread may be asked to stop without its noticing.
pub(super) fn may_be_asked(files: &Processes, thread: i32) -> bool {
    kernel::MAY_BEGIN_AGAIN || files.is_undisturbed(thread)
}

/// Whether a thread that stands still comes out of a call that says EINTR and may be begun again.
fn is_interrupted(thread: i32) -> bool {
    let told = kernel::interrupted_call(thread).filter(|(_, result)| *result == -i64::from(libc::EINTR));
    told.is_some_and(|(call, _)| may_begin_again(call))
}

fn may_begin_again(call: i64) -> bool {
    kernel::MAY_BEGIN_AGAIN && decode::is_begun_again(call)
}
