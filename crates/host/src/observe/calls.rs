//! A thread at a call: the part of the tracer that decides whether the call is looked at.

use std::time::Instant;

use super::decode::{self, Answer, Shape};
use super::event::{CallResult, Event, Unobserved};
use super::filter::{MARK_OTHER_ARCHITECTURE, NATIVE_ARCHITECTURE, X32_BIT};
use super::interruption;
use super::kernel::{self, CallInfo};
use super::limits::{count, exhausted};
use super::look::Look;
use super::tracee::Interrupted;
use super::tracer::{Observer, Tell};

impl Observer {
    /// A thread stands before or after a call.
    pub(super) fn at_call(&mut self, number: i32, tell: Tell<'_>) {
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
        let mut look = Look::at(&self.files, &mut self.sockets, thread.process, number);
        let pending = look.begin(known, arguments);
        let is_hidden = look.is_hidden;
        if pending.is_some() {
            count(process, known.shape, is_filtered);
        }
        let opens = pending.as_ref().is_some_and(|pending| pending.opens);
        let has_connection =
            pending.iter().flat_map(|pending| &pending.subjects).any(|subject| subject.socket.is_opened);
        thread.call = pending;
        if opens || has_connection {
            self.watch(number, opens);
        }
        if is_hidden {
            self.tell_unobserved(number, Unobserved::MemoryHidden, tell);
        }
    }

    /// A thread opens a connection, or has one from another process: its own is watched from now on.
    fn watch(&mut self, number: i32, opens: bool) {
        let Some(of) = self.threads.get(&number).map(|thread| thread.process) else { return };
        let Some(process) = self.processes.get_mut(&of) else { return };
        if opens {
            let left_after = self.limits.watched_calls_max.saturating_sub(self.limits.watched_calls_again);
            process.watched_calls = process.watched_calls.min(left_after);
        } else if process.watched_calls > self.limits.watched_calls_max {
            return;
        }
        if !std::mem::replace(&mut process.is_watched, true) {
            self.ask_others(of, number);
        }
    }

    /// The other threads of a process that is watched from now on are asked to stop once, unless they do so anyway.
    fn ask_others(&mut self, process: i32, but: i32) {
        let others = self.threads.iter_mut().filter(|(number, thread)| thread.process == process && **number != but);
        for (number, thread) in others {
            let stops_anyway = thread.goes_to_call || thread.is_stopped || self.files.is_stopped(*number);
            if !stops_anyway && interruption::may_be_asked(&self.files, *number) {
                thread.is_asked = kernel::interrupt(*number).is_ok();
            }
        }
    }

    fn at_exit(&mut self, number: i32, value: i64, tell: Tell<'_>) {
        let Some(thread) = self.threads.get_mut(&number) else { return };
        let answer = decode::answer(value);
        let is_taken_back = thread.is_asked && interruption::ask_again(number, thread.last_number, answer);
        thread.is_asked = is_taken_back;
        let Some(pending) = thread.call.take() else {
            let is_return = i64::try_from(thread.last_number) == Ok(libc::SYS_rt_sigreturn);
            if is_return && answer == Answer::Err(libc::EINTR) {
                self.tell_interrupted(number, CallResult::Err(libc::EINTR), tell);
            }
            return;
        };
        let may_be_ours = is_taken_back || pending.call.shape == Shape::Epoll;
        let is_told = may_be_ours && answer == Answer::Err(libc::EINTR);
        if is_told || answer == Answer::Interrupted {
            thread.interrupted = Some(Interrupted { pending, ended: Instant::now(), is_told });
            return;
        }
        let process = thread.process;
        let mut look = Look::at(&self.files, &mut self.sockets, process, number);
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
}
