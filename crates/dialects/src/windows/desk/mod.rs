//! What a program of Windows has besides its sockets, and what socket code needs of it: windows without a picture, queues of
//! messages, timers, and objects that can be waited for.
//!
//! All programs on one network share a [`Desk`]. It has no thread and no clock: a message about a socket is made when the thread
//! that owns the window asks for messages, and what waits, waits through the network. So `GetMessage` in a lab moves virtual
//! time, and on the kernel's sockets it sleeps in `poll`. A procedure of a window and every other callback is called without a
//! lock.
//!
//! One lock guards everything; it is held while sockets are looked at and never while anything waits. Who changes what another
//! may wait for rings a bell for each who waits.

mod objects;
mod queue;
mod waiting;
mod watch;
mod window;

pub use objects::{Made, OBJECTS_MAX, Owned, WAIT_OBJECTS_MAX, Waited};
pub use queue::{Fetch, FetchEnded, Filter, MESSAGES_MAX, Msg, Of, Patience, TIMERS_MAX};
pub use waiting::Ended;
pub use watch::FD_MAX_EVENTS;
pub(crate) use watch::{Target, Watch};
pub use window::{Action, CLASSES_MAX, Class, Creation, Procedure, REGISTERED_MESSAGES_MAX, WINDOWS_MAX, Window};

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use synsent_sockets::{Act, Cancel, Network, Onlooker, Socket, thread_number};

use crate::process::{Handle, is_left};
use crate::windows::system::{
    ERROR_ACCESS_DENIED, ERROR_CANNOT_FIND_WND_CLASS, ERROR_CLASS_ALREADY_EXISTS, ERROR_CLASS_HAS_WINDOWS,
    ERROR_INVALID_HANDLE, ERROR_INVALID_PARAMETER, ERROR_INVALID_THREAD_ID, ERROR_INVALID_WINDOW_HANDLE,
    ERROR_NOT_ENOUGH_MEMORY, ERROR_NOT_ENOUGH_QUOTA, ERROR_NOT_FOUND, ERROR_NOT_OWNER, ERROR_TOO_MANY_POSTS,
};
use objects::Objects;
use queue::Queue;

/// The desk of the programs on one network.
pub struct Desk {
    network: Arc<dyn Network>,
    state: Mutex<State>,
}

/// What stands on a desk.
#[derive(Default)]
struct State {
    /// Those who wait.
    bells: Vec<Arc<Cancel>>,
    watches: BTreeMap<Key, Watch>,
    queues: BTreeMap<u32, Queue>,
    classes: BTreeMap<String, Class>,
    windows: BTreeMap<u32, Window>,
    /// The handle that was given last.
    last_window: u32,
    /// Messages that have a name.
    registered: Vec<String>,
    /// Messages that were sent to other threads, and what came of them.
    replies: BTreeMap<u64, Option<isize>>,
    last_reply: u64,
    objects: Objects,
}

/// A socket of a dialect.
type Key = (&'static str, Handle);

/// Why something of a desk was not done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wrong {
    /// There is no such window.
    Window,
    /// The window belongs to another thread.
    NotOwner,
    /// There is no such class.
    Class,
    /// There is such a class already.
    ClassExists,
    /// Windows of the class are there.
    ClassInUse,
    /// There is no such thread, or it has no queue.
    Thread,
    /// A queue is full.
    QueueFull,
    /// As many things of this kind are there as there may be.
    TooMany,
    /// There is no such object, or it is of another kind.
    Handle,
    /// An argument has no meaning.
    Argument,
    /// The thread does not own the mutex.
    NotMutexOwner,
    /// The semaphore would count beyond its limit.
    Semaphore,
    /// There is no such timer.
    Timer,
}

impl Wrong {
    /// The number by which Windows tells it.
    pub const fn number(self) -> i32 {
        match self {
            Wrong::Window => ERROR_INVALID_WINDOW_HANDLE,
            Wrong::NotOwner => ERROR_ACCESS_DENIED,
            Wrong::Class => ERROR_CANNOT_FIND_WND_CLASS,
            Wrong::ClassExists => ERROR_CLASS_ALREADY_EXISTS,
            Wrong::ClassInUse => ERROR_CLASS_HAS_WINDOWS,
            Wrong::Thread => ERROR_INVALID_THREAD_ID,
            Wrong::QueueFull => ERROR_NOT_ENOUGH_QUOTA,
            Wrong::TooMany => ERROR_NOT_ENOUGH_MEMORY,
            Wrong::Handle => ERROR_INVALID_HANDLE,
            Wrong::Argument => ERROR_INVALID_PARAMETER,
            Wrong::NotMutexOwner => ERROR_NOT_OWNER,
            Wrong::Semaphore => ERROR_TOO_MANY_POSTS,
            Wrong::Timer => ERROR_NOT_FOUND,
        }
    }
}

/// Tells a desk what is done with a socket.
struct Ear {
    desk: Weak<Desk>,
    key: Key,
}

/// The desks at which a thread has windows, messages or mutexes: it is taken from them when it ends.
struct Seats(RefCell<Vec<Weak<Desk>>>);

thread_local! {
    static SEATS: Seats = const { Seats(RefCell::new(Vec::new())) };
}

/// The desks that there are, by the place of their network in memory.
static DESKS: Mutex<Vec<Weak<Desk>>> = Mutex::new(Vec::new());

impl Desk {
    /// The desk of a network.
    pub fn on(network: &Arc<dyn Network>) -> Arc<Desk> {
        let mut desks = DESKS.lock().unwrap_or_else(PoisonError::into_inner);
        desks.retain(|desk| desk.strong_count() > 0);
        let same = |desk: &Arc<Desk>| Arc::as_ptr(&desk.network).cast::<()>() == Arc::as_ptr(network).cast::<()>();
        if let Some(desk) = desks.iter().filter_map(Weak::upgrade).find(same) {
            return desk;
        }
        let desk = Arc::new(Desk { network: Arc::clone(network), state: Mutex::default() });
        desks.push(Arc::downgrade(&desk));
        desk
    }

    /// The network.
    pub fn network(&self) -> &Arc<dyn Network> {
        &self.network
    }

    /// From now on the events of this socket are told, and no longer as they were before.
    pub(crate) fn watch(self: &Arc<Desk>, dialect: &'static str, watch: Watch) {
        let socket = Arc::clone(&watch.socket);
        let key = (dialect, watch.handle);
        let mut state = self.state();
        state.watches.insert(key, watch);
        drop(state);
        socket.set_onlooker(Some(Arc::new(Ear { desk: Arc::downgrade(self), key })));
        self.ring();
    }

    /// The events of this socket are told no longer.
    pub(crate) fn unwatch(&self, dialect: &'static str, handle: Handle) {
        let watch = self.state().watches.remove(&(dialect, handle));
        if let Some(watch) = watch {
            watch.socket.set_onlooker(None);
        }
    }

    /// A connection that came out of a listener is watched as that is.
    pub(crate) fn inherit(self: &Arc<Desk>, dialect: &'static str, listener: Handle, accepted: (Handle, Arc<Socket>)) {
        let of_listener = self.state().watches.get(&(dialect, listener)).map(|watch| {
            let (handle, socket) = accepted;
            watch.for_accepted(handle, socket)
        });
        if let Some(watch) = of_listener {
            self.watch(dialect, watch);
        }
    }

    /// What was recorded of a socket for its event object, which is fetched with it.
    pub(crate) fn take_recorded(&self, dialect: &'static str, handle: Handle) -> (i32, [i32; FD_MAX_EVENTS]) {
        let mut state = self.state();
        let Some(watch) = state.watches.get_mut(&(dialect, handle)) else { return (0, [0; FD_MAX_EVENTS]) };
        watch.record();
        watch.take_recorded()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // What a panic could leave half done is done in one step each.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets all who wait look again.
    fn ring(&self) {
        let bells = self.state().bells.clone();
        if bells.is_empty() {
            return;
        }
        bells.iter().for_each(|bell| bell.cancel());
        self.network.wake_all();
    }

    /// The calling thread has a queue from now on, and it is taken away when the thread ends.
    fn sit_down(self: &Arc<Desk>, state: &mut State) {
        let thread = thread_number();
        if state.queues.contains_key(&thread) {
            return;
        }
        state.queues.insert(thread, Queue::default());
        self.take_seat();
    }

    /// What the calling thread has at this desk is taken from it when it ends.
    fn take_seat(self: &Arc<Desk>) {
        // A thread that is about to end leaves what it has behind.
        let _ = SEATS.try_with(|seats| {
            let mut seats = seats.0.borrow_mut();
            if !seats.iter().any(|seat| std::ptr::eq(seat.as_ptr(), Arc::as_ptr(self))) {
                seats.push(Arc::downgrade(self));
            }
        });
    }

    /// A thread has ended: its windows and its queue go, its mutexes are abandoned, and what was sent to it comes to nothing.
    fn thread_ended(&self, thread: u32) {
        let mut state = self.state();
        state.windows.retain(|_, window| window.thread != thread);
        if let Some(queue) = state.queues.remove(&thread) {
            for reply in queue.unanswered() {
                state.replies.insert(reply, Some(0));
            }
        }
        state.objects.abandon_mutexes(thread);
        drop(state);
        self.ring();
    }
}

impl Onlooker for Ear {
    fn acted(&self, socket: &Socket, act: Act) {
        let Some(desk) = self.desk.upgrade() else { return };
        let mut state = desk.state();
        let gone = match state.watches.get_mut(&self.key) {
            Some(watch) if !std::ptr::eq(Arc::as_ptr(&watch.socket), socket) => None,
            Some(watch) if watch.is_closed() => state.watches.remove(&self.key),
            Some(watch) => {
                watch.acted(act);
                None
            }
            None => None,
        };
        drop(state);
        drop(gone);
        desk.ring();
    }
}

impl Drop for Seats {
    fn drop(&mut self) {
        // The end of a thread is no call, and takes locks all the same.
        let _inside = synsent_sockets::fork::enter();
        if is_left() {
            // The desks stayed with the parent, and so may their locks.
            return;
        }
        for desk in self.0.borrow().iter().filter_map(Weak::upgrade) {
            desk.thread_ended(thread_number());
        }
    }
}
