//! Objects that can be waited for: events, mutexes, semaphores, and the ends of threads. Event objects of Winsock 2 are the same
//! ones.
//!
//! A handle names an object; several handles may, and the object goes with the last of them. Handles are multiples of four and
//! come back only after all others, so that a stale one reaches nothing for long.

use std::collections::BTreeMap;
use std::sync::Arc;

use synsent_sockets::thread_number;
use synsent_stack::Duration;

use super::waiting::{Ended, Look};
use super::{Desk, State, Target, Watch, Wrong};

/// How many handles there may be, as sockets.
pub const OBJECTS_MAX: usize = 65_536;
/// How many objects one wait may name: MAXIMUM_WAIT_OBJECTS, and WSA_MAXIMUM_WAIT_EVENTS.
pub const WAIT_OBJECTS_MAX: usize = 64;

/// The first handle; those of sockets are in a table of their own.
const FIRST_HANDLE: u32 = 0x40;

/// The objects.
#[derive(Default)]
pub(super) struct Objects {
    handles: BTreeMap<u32, u32>,
    objects: BTreeMap<u32, Object>,
    names: BTreeMap<String, u32>,
    /// The objects of threads that run, by the threads' numbers.
    threads: BTreeMap<u32, u32>,
    last_handle: u32,
    last_object: u32,
}

struct Object {
    kind: Kind,
    /// How many handles name it, and how many waits.
    holders: u32,
}

/// The objects of a wait: they stay until it is over, even where their handles are closed meanwhile.
struct Held<'a> {
    desk: &'a Desk,
    objects: Vec<u32>,
}

/// What an object is, and how it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// Set, and reset by hand or by the wait that it ends.
    Event { by_hand: bool, is_set: bool },
    /// Owned by a thread as often as it says.
    Mutex { owner: Option<u32>, count: u32, is_abandoned: bool },
    /// A count, and how high it may become.
    Semaphore { count: i32, limit: i32 },
    /// A thread by its number, and what it ended with.
    Thread { number: u32, ended: Option<u32> },
}

/// What is to be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Owned {
    /// An event.
    Event {
        /// Whether it stays set until somebody resets it.
        by_hand: bool,
        /// Whether it is set from the beginning.
        is_set: bool,
    },
    /// A mutex.
    Mutex {
        /// Whether the calling thread owns it from the beginning.
        is_owned: bool,
    },
    /// A semaphore.
    Semaphore {
        /// Its count.
        count: i32,
        /// How high it may become.
        limit: i32,
    },
    /// A thread that runs.
    Thread,
}

/// An object that was made, or found by its name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Made {
    /// A new handle for it.
    pub handle: usize,
    /// Whether it was there already.
    pub was_there: bool,
}

/// What ended a wait for objects.
#[derive(Clone, PartialEq, Debug)]
pub enum Waited {
    /// The object in this place.
    Object(usize),
    /// The mutex in this place, whose owner has ended without giving it back.
    Abandoned(usize),
    /// A message.
    Message,
    /// The time is over.
    TimeOver,
    /// Nothing will ever happen any more.
    Over(synsent_sockets::Failure),
}

impl Desk {
    /// A new object, or the one of the same kind with this name.
    ///
    /// # Errors
    /// When there are too many handles, or the name is that of an object of another kind.
    pub fn make_object(self: &Arc<Desk>, owned: Owned, name: Option<&str>) -> Result<Made, Wrong> {
        let kind = match owned {
            Owned::Event { by_hand, is_set } => Kind::Event { by_hand, is_set },
            Owned::Mutex { is_owned } => {
                Kind::Mutex { owner: is_owned.then(thread_number), count: u32::from(is_owned), is_abandoned: false }
            }
            Owned::Semaphore { count, limit } if limit <= 0 || count < 0 || count > limit => {
                return Err(Wrong::Argument);
            }
            Owned::Semaphore { count, limit } => Kind::Semaphore { count, limit },
            Owned::Thread => Kind::Thread { number: 0, ended: None },
        };
        let mut state = self.state();
        let objects = &mut state.objects;
        if let Some(object) = name.and_then(|name| objects.names.get(name).copied()) {
            let known = objects.objects.get(&object).ok_or(Wrong::Handle)?;
            if std::mem::discriminant(&known.kind) != std::mem::discriminant(&kind) {
                return Err(Wrong::Handle);
            }
            let handle = objects.handle(object)?;
            objects.hold(object);
            return Ok(Made { handle, was_there: true });
        }
        objects.last_object = objects.last_object.wrapping_add(1);
        let object = objects.last_object;
        let handle = objects.handle(object)?;
        objects.objects.insert(object, Object { kind, holders: 1 });
        if let Some(name) = name {
            objects.names.insert(name.to_owned(), object);
        }
        drop(state);
        if matches!(kind, Kind::Mutex { owner: Some(_), .. }) {
            // Its end is told to who waits for the mutex.
            self.take_seat();
        }
        Ok(Made { handle, was_there: false })
    }

    /// Gives a handle back.
    ///
    /// # Errors
    /// When it is none.
    pub fn close_handle(&self, handle: usize) -> Result<(), Wrong> {
        let mut state = self.state();
        let objects = &mut state.objects;
        let number = u32::try_from(handle).map_err(|_| Wrong::Handle)?;
        let object = objects.handles.remove(&number).ok_or(Wrong::Handle)?;
        objects.let_go(object);
        Ok(())
    }

    /// Sets an event or takes that back.
    ///
    /// # Errors
    /// When the handle is not that of an event.
    pub fn set_event(&self, handle: usize, set: bool) -> Result<(), Wrong> {
        let mut state = self.state();
        match &mut state.objects.get_mut(handle)?.kind {
            Kind::Event { is_set, .. } => *is_set = set,
            _ => return Err(Wrong::Handle),
        }
        drop(state);
        if set {
            self.ring();
        }
        Ok(())
    }

    /// Gives a mutex back that the calling thread owns.
    ///
    /// # Errors
    /// When it does not, or the handle is not that of a mutex.
    pub fn release_mutex(&self, handle: usize) -> Result<(), Wrong> {
        let mut state = self.state();
        let Kind::Mutex { owner, count, .. } = &mut state.objects.get_mut(handle)?.kind else {
            return Err(Wrong::Handle);
        };
        if *owner != Some(thread_number()) {
            return Err(Wrong::NotMutexOwner);
        }
        *count -= 1;
        if *count > 0 {
            return Ok(());
        }
        *owner = None;
        drop(state);
        self.ring();
        Ok(())
    }

    /// Counts a semaphore up; answers with its count before.
    ///
    /// # Errors
    /// When the handle is not that of a semaphore, or it would count too far.
    pub fn release_semaphore(&self, handle: usize, by: i32) -> Result<i32, Wrong> {
        let mut state = self.state();
        let Kind::Semaphore { count, limit } = &mut state.objects.get_mut(handle)?.kind else {
            return Err(Wrong::Handle);
        };
        if by <= 0 {
            return Err(Wrong::Argument);
        }
        let before = *count;
        *count = before.checked_add(by).filter(|sum| sum <= limit).ok_or(Wrong::Semaphore)?;
        drop(state);
        self.ring();
        Ok(before)
    }

    /// The thread of this handle has this number.
    pub fn thread_began(&self, handle: usize, number: u32) {
        let mut state = self.state();
        let objects = &mut state.objects;
        if let Ok(Object { kind: Kind::Thread { number: known, .. }, .. }) = objects.get_mut(handle) {
            *known = number;
            let object = objects.named(&[handle]);
            objects.threads.extend(object.into_iter().flatten().map(|object| (number, object)));
        }
    }

    /// The thread with this number has ended with a code. Who waits for its end finds its mutexes abandoned.
    pub fn thread_ended_with(&self, thread: u32, code: u32) {
        let mut state = self.state();
        let objects = &mut state.objects;
        let object = objects.threads.remove(&thread).and_then(|object| objects.objects.get_mut(&object));
        if let Some(Object { kind: Kind::Thread { ended, .. }, .. }) = object {
            *ended = Some(code);
        }
        objects.abandon_mutexes(thread);
        drop(state);
        self.ring();
    }

    /// What a thread has ended with; `None` while it runs.
    ///
    /// # Errors
    /// When the handle is not that of a thread.
    pub fn exit_code(&self, handle: usize) -> Result<Option<u32>, Wrong> {
        match self.state().objects.get_mut(handle)?.kind {
            Kind::Thread { ended, .. } => Ok(ended),
            _ => Err(Wrong::Handle),
        }
    }

    /// Waits until one of these objects lets the calling thread pass, or all of them at once; with messages also until there is
    /// one for the thread. Event objects that sockets are told to are looked at.
    ///
    /// # Errors
    /// When a handle is none, or there are too many.
    pub fn wait_for(
        self: &Arc<Desk>,
        handles: &[usize],
        all: bool,
        at_most: Option<Duration>,
        with_messages: bool,
    ) -> Result<Waited, Wrong> {
        if handles.len() > WAIT_OBJECTS_MAX || (handles.is_empty() && !with_messages) {
            return Err(Wrong::Argument);
        }
        let thread = thread_number();
        let held = self.hold(handles)?;
        let wanted = &held.objects;
        if self.state().objects.has_mutex(wanted) {
            // The thread may own it from now on, and its end is then told to who waits for the mutex.
            self.take_seat();
        }
        let concerns = |state: &State, watch: &Watch| match watch.target {
            Target::Event(object) => wanted.contains(&object),
            Target::Window { .. } => with_messages && state.is_told_to(watch, thread),
        };
        let look = |state: &mut State, now| {
            let passed = match all && !wanted.is_empty() {
                true => state.objects.pass_all(wanted, thread),
                false => state.objects.pass_one(wanted, thread),
            };
            match passed {
                Some(waited) => Look::Found(waited),
                None if !with_messages => Look::NothingUntil(None),
                None => match state.has_messages(thread, now) {
                    Look::Found(()) => Look::Found(Waited::Message),
                    Look::NothingUntil(until) => Look::NothingUntil(until),
                },
            }
        };
        match self.wait_until(at_most, concerns, look) {
            Ok(waited) => Ok(waited),
            Err(Ended::TimeOver) => Ok(Waited::TimeOver),
            Err(Ended::Over(failure)) => Ok(Waited::Over(failure)),
        }
    }

    /// The objects of these handles, kept while somebody waits for them.
    fn hold(&self, handles: &[usize]) -> Result<Held<'_>, Wrong> {
        let mut state = self.state();
        let objects = state.objects.named(handles)?;
        objects.iter().for_each(|object| state.objects.hold(*object));
        Ok(Held { desk: self, objects })
    }

    /// Lets time pass, in the network's time.
    pub fn sleep(&self, span: Duration) {
        let look = |_: &mut State, _| Look::<()>::NothingUntil(None);
        // Either the time is over, or there is none any more.
        let _ = self.wait_until(Some(span), |_, _| false, look);
    }

    /// The place of an event object, for those that sockets are told to.
    ///
    /// # Errors
    /// When the handle is not that of an event.
    pub(crate) fn event_object(&self, handle: usize) -> Result<u32, Wrong> {
        let mut state = self.state();
        match state.objects.get_mut(handle)?.kind {
            Kind::Event { .. } => Ok(state.objects.named(&[handle])?[0]),
            _ => Err(Wrong::Handle),
        }
    }
}

impl Objects {
    /// A new handle for an object.
    fn handle(&mut self, object: u32) -> Result<usize, Wrong> {
        if self.handles.len() >= OBJECTS_MAX {
            return Err(Wrong::TooMany);
        }
        loop {
            let next = self.last_handle.checked_add(4).filter(|next| *next < i32::MAX as u32);
            self.last_handle = next.unwrap_or(FIRST_HANDLE).max(FIRST_HANDLE);
            if !self.handles.contains_key(&self.last_handle) {
                self.handles.insert(self.last_handle, object);
                return Ok(self.last_handle as usize);
            }
        }
    }

    fn get_mut(&mut self, handle: usize) -> Result<&mut Object, Wrong> {
        let number = u32::try_from(handle).map_err(|_| Wrong::Handle)?;
        let object = self.handles.get(&number).ok_or(Wrong::Handle)?;
        self.objects.get_mut(object).ok_or(Wrong::Handle)
    }

    fn named(&self, handles: &[usize]) -> Result<Vec<u32>, Wrong> {
        let object = |handle: &usize| self.handles.get(&u32::try_from(*handle).ok()?).copied();
        handles.iter().map(|handle| object(handle).ok_or(Wrong::Handle)).collect()
    }

    /// Somebody more names an object.
    fn hold(&mut self, object: u32) {
        if let Some(known) = self.objects.get_mut(&object) {
            known.holders += 1;
        }
    }

    /// Somebody names an object no more; with the last one it goes.
    fn let_go(&mut self, object: u32) {
        let Some(known) = self.objects.get_mut(&object) else { return };
        known.holders -= 1;
        if known.holders > 0 {
            return;
        }
        if let Kind::Thread { number, .. } = known.kind {
            self.threads.remove(&number);
        }
        self.objects.remove(&object);
        self.names.retain(|_, named| *named != object);
    }

    fn has_mutex(&self, objects: &[u32]) -> bool {
        let kinds = objects.iter().filter_map(|object| self.objects.get(object)).map(|object| object.kind);
        kinds.into_iter().any(|kind| matches!(kind, Kind::Mutex { .. }))
    }

    /// Sets an event by its place; one that is gone is told nothing.
    pub(super) fn set_event(&mut self, object: u32) {
        if let Some(Object { kind: Kind::Event { is_set, .. }, .. }) = self.objects.get_mut(&object) {
            *is_set = true;
        }
    }

    /// A thread has ended that may own mutexes.
    pub(super) fn abandon_mutexes(&mut self, thread: u32) {
        for object in self.objects.values_mut() {
            if let Kind::Mutex { owner, count, is_abandoned } = &mut object.kind
                && *owner == Some(thread)
            {
                (*owner, *count, *is_abandoned) = (None, 0, true);
            }
        }
    }

    /// Passes the first object that lets the thread pass.
    fn pass_one(&mut self, wanted: &[u32], thread: u32) -> Option<Waited> {
        let place = wanted.iter().position(|object| self.lets_pass(*object, thread))?;
        Some(if self.pass(wanted[place], thread) { Waited::Abandoned(place) } else { Waited::Object(place) })
    }

    /// Passes all objects when all let the thread pass, else none.
    fn pass_all(&mut self, wanted: &[u32], thread: u32) -> Option<Waited> {
        if !wanted.iter().all(|object| self.lets_pass(*object, thread)) {
            return None;
        }
        let passed: Vec<bool> = wanted.iter().map(|object| self.pass(*object, thread)).collect();
        Some(passed.iter().position(|abandoned| *abandoned).map_or(Waited::Object(0), Waited::Abandoned))
    }

    /// Whether an object lets a thread pass.
    fn lets_pass(&self, object: u32, thread: u32) -> bool {
        match self.objects.get(&object).map(|object| object.kind) {
            None => false,
            Some(Kind::Event { is_set, .. }) => is_set,
            Some(Kind::Mutex { owner, .. }) => owner.is_none_or(|owner| owner == thread),
            Some(Kind::Semaphore { count, .. }) => count > 0,
            Some(Kind::Thread { ended, .. }) => ended.is_some(),
        }
    }

    /// Passes an object; true when it was abandoned.
    fn pass(&mut self, object: u32, thread: u32) -> bool {
        match self.objects.get_mut(&object).map(|object| &mut object.kind) {
            Some(Kind::Event { by_hand, is_set }) => {
                *is_set = *by_hand;
                false
            }
            Some(Kind::Mutex { owner, count, is_abandoned }) => {
                *owner = Some(thread);
                *count = count.saturating_add(1);
                std::mem::take(is_abandoned)
            }
            Some(Kind::Semaphore { count, .. }) => {
                *count -= 1;
                false
            }
            Some(Kind::Thread { .. }) | None => false,
        }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let mut state = self.desk.state();
        self.objects.iter().for_each(|object| state.objects.let_go(*object));
    }
}
