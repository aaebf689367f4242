//! Queues of messages: what was posted, what another thread has sent and waits for, the end of the program, and timers.
//!
//! They come in the order of Windows: what was sent first, then what was posted, then the end, and a timer when nothing else is
//! left. Messages about sockets are posted when the thread asks for messages, and only while its queue has room, so that none
//! is lost.

use std::collections::VecDeque;
use std::sync::Arc;

use synsent_sockets::thread_number;
use synsent_stack::{Duration, Instant};

use super::waiting::{Ended, Look};
use super::{Desk, Procedure, State, Target, Watch, Wrong};
use crate::windows::system::{WM_QUIT, WM_TIMER};

/// How many messages wait in a queue at most, as in Windows.
pub const MESSAGES_MAX: usize = 10_000;
/// How many timers a thread may have.
pub const TIMERS_MAX: usize = 10_000;

/// The shortest period of a timer, and the longest; unit: milliseconds.
const PERIOD_MILLIS: (u32, u32) = (10, 0x7fff_ffff);

/// A message.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Msg {
    /// For which window; zero: for the thread.
    pub window: usize,
    /// What it says.
    pub message: u32,
    /// Its first argument.
    pub wparam: usize,
    /// Its second argument.
    pub lparam: isize,
    /// When it was posted; unit: milliseconds of the network's time.
    pub time_millis: u32,
}

/// Whose messages are fetched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Of {
    /// All of the thread.
    Thread,
    /// Those for no window.
    ThreadAlone,
    /// Those of one window.
    Window(usize),
}

/// Which messages are fetched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Filter {
    /// Whose.
    pub of: Of,
    /// The first and the last message; both zero: all.
    pub between: (u32, u32),
}

/// Whether a fetch waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Patience {
    /// Until there is a message.
    Waits,
    /// Not at all.
    Looks,
}

/// How messages are fetched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fetch {
    /// Which.
    pub filter: Filter,
    /// Whether it waits for one.
    pub patience: Patience,
    /// Whether the message is taken from the queue.
    pub removes: bool,
}

/// The messages of a thread.
#[derive(Default)]
pub(super) struct Queue {
    posted: VecDeque<Msg>,
    sent: VecDeque<Sent>,
    quit: Option<i32>,
    timers: Vec<Timer>,
    last_timer: usize,
}

/// A message that another thread has sent and waits for.
struct Sent {
    msg: Msg,
    reply: u64,
}

struct Timer {
    window: usize,
    id: usize,
    period: Duration,
    due: Instant,
    /// What the program wants to be told with the message: a procedure's address.
    procedure: isize,
}

/// What a look at a queue finds.
enum Found {
    Message(Msg),
    Sent(Sent, Option<Procedure>),
}

impl Desk {
    /// Posts a message for a window.
    ///
    /// # Errors
    /// When there is no such window, or its thread's queue is full.
    pub fn post(&self, window: usize, message: u32, wparam: usize, lparam: isize) -> Result<(), Wrong> {
        let thread = self.state().owner(window).ok_or(Wrong::Window)?;
        self.post_msg(thread, window, message, (wparam, lparam))
    }

    /// Posts a message for a thread.
    ///
    /// # Errors
    /// When the thread has no queue, or it is full.
    pub fn post_to_thread(&self, thread: u32, message: u32, wparam: usize, lparam: isize) -> Result<(), Wrong> {
        self.post_msg(thread, 0, message, (wparam, lparam))
    }

    fn post_msg(
        &self,
        thread: u32,
        window: usize,
        message: u32,
        (wparam, lparam): (usize, isize),
    ) -> Result<(), Wrong> {
        let time_millis = self.millis();
        let mut state = self.state();
        let queue = state.queues.get_mut(&thread).ok_or(Wrong::Thread)?;
        if queue.posted.len() >= MESSAGES_MAX {
            return Err(Wrong::QueueFull);
        }
        queue.posted.push_back(Msg { window, message, wparam, lparam, time_millis });
        drop(state);
        self.ring();
        Ok(())
    }

    /// The calling thread is to end its loop.
    pub fn post_quit(self: &Arc<Desk>, code: i32) {
        let mut state = self.state();
        self.sit_down(&mut state);
        if let Some(queue) = state.queues.get_mut(&thread_number()) {
            queue.quit = Some(code);
        }
    }

    /// The next message of the calling thread; `None` where there is none and the fetch does not wait. What other threads have
    /// sent is done meanwhile, in this thread.
    ///
    /// # Errors
    /// When there is no such window of this thread, or nothing will ever happen any more.
    pub fn fetch(self: &Arc<Desk>, fetch: Fetch) -> Result<Option<Msg>, FetchEnded> {
        let thread = thread_number();
        {
            let mut state = self.state();
            self.sit_down(&mut state);
            if let Of::Window(window) = fetch.filter.of
                && state.owner(window) != Some(thread)
            {
                return Err(FetchEnded::Wrong(Wrong::Window));
            }
        }
        let at_most = (fetch.patience == Patience::Looks).then_some(Duration::ZERO);
        loop {
            let concerns = |state: &State, watch: &Watch| state.is_told_to(watch, thread);
            let found = self.wait_until(at_most, concerns, |state, now| state.look_at_queue(thread, &fetch, now));
            match found {
                Ok(Found::Message(msg)) => return Ok(Some(msg)),
                Ok(Found::Sent(sent, procedure)) => self.answer(&sent, procedure),
                Err(Ended::TimeOver) => return Ok(None),
                Err(Ended::Over(failure)) => return Err(FetchEnded::Over(failure)),
            }
        }
    }

    /// Sends a message to a window and waits for what its procedure makes of it. That of the calling thread is called at once;
    /// another thread does it when it fetches messages. What is sent to this thread meanwhile is done.
    ///
    /// # Errors
    /// When there is no such window.
    pub fn send(self: &Arc<Desk>, window: usize, message: u32, wparam: usize, lparam: isize) -> Result<isize, Wrong> {
        let to = self.window(window).ok_or(Wrong::Window)?;
        let thread = thread_number();
        if to.thread == thread {
            return Ok(to.procedure.call(window, message, wparam, lparam));
        }
        let msg = Msg { window, message, wparam, lparam, time_millis: self.millis() };
        let mut state = self.state();
        self.sit_down(&mut state);
        state.last_reply += 1;
        let reply = state.last_reply;
        let queue = state.queues.get_mut(&to.thread).ok_or(Wrong::Window)?;
        if queue.sent.len() >= MESSAGES_MAX {
            return Err(Wrong::QueueFull);
        }
        queue.sent.push_back(Sent { msg, reply });
        state.replies.insert(reply, None);
        drop(state);
        self.ring();
        loop {
            let look = |state: &mut State, _| match state.replies.get(&reply) {
                Some(Some(_)) => Look::Found(None),
                _ => state.next_sent(thread).map_or(Look::NothingUntil(None), |sent| Look::Found(Some(sent))),
            };
            match self.wait_until(None, |_, _| false, look) {
                Ok(Some((sent, procedure))) => self.answer(&sent, procedure),
                Ok(None) | Err(_) => return Ok(self.state().replies.remove(&reply).flatten().unwrap_or(0)),
            }
        }
    }

    /// Does what another thread has sent.
    fn answer(&self, sent: &Sent, procedure: Option<Procedure>) {
        let Msg { window, message, wparam, lparam, .. } = sent.msg;
        let made = procedure.map_or(0, |procedure| procedure.call(window, message, wparam, lparam));
        if let Some(reply) = self.state().replies.get_mut(&sent.reply) {
            *reply = Some(made);
        }
        self.ring();
    }

    /// A timer of the calling thread, or a new period for the one with the same number. Answers with its number; that of a timer
    /// without a window is made here.
    ///
    /// # Errors
    /// When the window is not this thread's, or there are too many timers.
    pub fn set_timer(
        self: &Arc<Desk>,
        window: usize,
        id: usize,
        period_millis: u32,
        procedure: isize,
    ) -> Result<usize, Wrong> {
        let now = self.network.now();
        let mut state = self.state();
        let thread = thread_number();
        if window != 0 && state.owner(window) != Some(thread) {
            return Err(Wrong::Window);
        }
        self.sit_down(&mut state);
        let queue = state.queues.get_mut(&thread).ok_or(Wrong::Thread)?;
        let period = Duration::from_millis(period_millis.clamp(PERIOD_MILLIS.0, PERIOD_MILLIS.1).into());
        let known = queue.timers.iter().position(|timer| timer.window == window && timer.id == id);
        let id = match known {
            Some(place) => {
                queue.timers.remove(place);
                id
            }
            None if queue.timers.len() >= TIMERS_MAX => return Err(Wrong::TooMany),
            None if window != 0 => id,
            None => {
                queue.last_timer += 1;
                queue.last_timer
            }
        };
        queue.timers.push(Timer { window, id, period, due: now + period, procedure });
        // A window may name a timer zero, and zero is what a call returns that failed.
        Ok(if id == 0 { 1 } else { id })
    }

    /// Takes a timer of the calling thread away. That of a window that was named zero goes by one too, which is what its making
    /// has answered.
    ///
    /// # Errors
    /// When there is none.
    pub fn kill_timer(&self, window: usize, id: usize) -> Result<(), Wrong> {
        let mut state = self.state();
        let queue = state.queues.get_mut(&thread_number()).ok_or(Wrong::Timer)?;
        let place_of = |id| queue.timers.iter().position(|timer| timer.window == window && timer.id == id);
        let place = place_of(id).or_else(|| if window != 0 && id == 1 { place_of(0) } else { None });
        queue.timers.remove(place.ok_or(Wrong::Timer)?);
        Ok(())
    }

    /// Whether a timer of the calling thread was given this procedure.
    pub fn is_timer_procedure(&self, procedure: isize) -> bool {
        let state = self.state();
        let queue = state.queues.get(&thread_number());
        queue.is_some_and(|queue| queue.timers.iter().any(|timer| timer.procedure == procedure))
    }

    /// The network's time in milliseconds, as counters of 32 bits have it.
    pub fn millis(&self) -> u32 {
        self.network.now().millis() as u32
    }
}

/// Why a fetch found nothing.
#[derive(Clone, PartialEq, Debug)]
pub enum FetchEnded {
    /// It asks for what is not there.
    Wrong(Wrong),
    /// Nothing will ever happen any more.
    Over(synsent_sockets::Failure),
}

impl State {
    /// Looks at the sockets whose events concern somebody: messages are posted, event objects are set.
    pub(super) fn gather(&mut self, concerns: &impl Fn(&State, &Watch) -> bool) {
        let keys: Vec<_> =
            self.watches.iter().filter(|(_, watch)| concerns(self, watch)).map(|(key, _)| *key).collect();
        for key in keys {
            let Some(watch) = self.watches.get_mut(&key) else { continue };
            match watch.target {
                Target::Event(object) => {
                    if watch.record() {
                        self.objects.set_event(object);
                    }
                }
                Target::Window { window, message } => {
                    let thread = self.windows.get(&window).map(|window| window.thread);
                    let Some(queue) = thread.and_then(|thread| self.queues.get_mut(&thread)) else { continue };
                    if queue.posted.len() + super::FD_MAX_EVENTS > MESSAGES_MAX {
                        continue;
                    }
                    let wparam = usize::try_from(watch.handle).unwrap_or(usize::MAX);
                    for (event, code) in watch.look() {
                        // The event in the low half, its code in the high one.
                        let lparam = (code << 16 | event) as isize;
                        queue.posted.push_back(Msg {
                            window: window as usize,
                            message,
                            wparam,
                            lparam,
                            time_millis: 0,
                        });
                    }
                }
            }
        }
    }

    /// Whether the events of a socket are told to a window of this thread.
    pub(super) fn is_told_to(&self, watch: &Watch, thread: u32) -> bool {
        match watch.target {
            Target::Window { window, .. } => self.windows.get(&window).is_some_and(|window| window.thread == thread),
            Target::Event(_) => false,
        }
    }

    /// Whether a thread has a message that it could fetch now.
    pub(super) fn has_messages(&mut self, thread: u32, now: Instant) -> Look<()> {
        let filter = Filter { of: Of::Thread, between: (0, 0) };
        let fetch = Fetch { filter, patience: Patience::Looks, removes: false };
        let Some(queue) = self.queues.get(&thread) else { return Look::NothingUntil(None) };
        if !queue.sent.is_empty() {
            return Look::Found(());
        }
        match self.look_at_queue(thread, &fetch, now) {
            Look::Found(_) => Look::Found(()),
            Look::NothingUntil(until) => Look::NothingUntil(until),
        }
    }

    fn next_sent(&mut self, thread: u32) -> Option<(Sent, Option<Procedure>)> {
        let sent = self.queues.get_mut(&thread)?.sent.pop_front()?;
        let window = u32::try_from(sent.msg.window).ok().and_then(|window| self.windows.get(&window));
        let procedure = window.map(|window| window.procedure.clone());
        Some((sent, procedure))
    }

    fn look_at_queue(&mut self, thread: u32, fetch: &Fetch, now: Instant) -> Look<Found> {
        if let Some((sent, procedure)) = self.next_sent(thread) {
            return Look::Found(Found::Sent(sent, procedure));
        }
        let Some(queue) = self.queues.get_mut(&thread) else { return Look::NothingUntil(None) };
        if let Some(place) = queue.posted.iter().position(|msg| fetch.filter.takes(msg)) {
            let msg = queue.posted[place];
            if fetch.removes {
                queue.posted.remove(place);
            }
            return Look::Found(Found::Message(msg));
        }
        if let Some(code) = queue.quit {
            if fetch.removes {
                queue.quit = None;
            }
            let wparam = code as isize as usize;
            return Look::Found(Found::Message(Msg { message: WM_QUIT, wparam, ..Msg::default() }));
        }
        let wanted = |timer: &Timer| fetch.filter.takes(&timer.msg(now));
        if let Some(timer) =
            queue.timers.iter_mut().filter(|timer| timer.due <= now && wanted(timer)).min_by_key(|timer| timer.due)
        {
            let msg = timer.msg(now);
            if fetch.removes {
                // What was missed is not made up for.
                timer.due = now + timer.period;
            }
            return Look::Found(Found::Message(msg));
        }
        Look::NothingUntil(queue.timers.iter().filter(|timer| wanted(timer)).map(|timer| timer.due).min())
    }
}

impl Filter {
    fn takes(&self, msg: &Msg) -> bool {
        let is_of = match self.of {
            Of::Thread => true,
            Of::ThreadAlone => msg.window == 0,
            Of::Window(window) => msg.window == window,
        };
        let (first, last) = self.between;
        is_of && (self.between == (0, 0) || (first..=last).contains(&msg.message))
    }
}

impl Timer {
    fn msg(&self, now: Instant) -> Msg {
        Msg {
            window: self.window,
            message: WM_TIMER,
            wparam: self.id,
            lparam: self.procedure,
            time_millis: now.millis() as u32,
        }
    }
}

impl Queue {
    /// A window has gone, with what was for it.
    pub(super) fn forget(&mut self, window: usize) {
        self.posted.retain(|msg| msg.window != window);
        self.timers.retain(|timer| timer.window != window);
    }

    /// What others wait for that will not be done.
    pub(super) fn unanswered(&self) -> impl Iterator<Item = u64> {
        self.sent.iter().map(|sent| sent.reply)
    }
}
