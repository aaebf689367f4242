//! Classes and windows. A window has a procedure and a thread, and no picture.

use std::sync::Arc;

use synsent_sockets::thread_number;

use super::{Desk, State, Target, Wrong};

/// How many classes there may be.
pub const CLASSES_MAX: usize = 1_024;
/// How many windows there may be, as Windows allows one process.
pub const WINDOWS_MAX: usize = 10_000;
/// How many messages may have a name; they are numbered from 0xC000 to 0xFFFF.
pub const REGISTERED_MESSAGES_MAX: usize = 0x4000;

const FIRST_REGISTERED: u32 = 0xc000;
/// What stands for no parent, and for that of windows that only receive messages, which is none either.
const NO_PARENT: usize = 0;
const HWND_MESSAGE: usize = !2;

/// What a window does with a message: window, message, and its two arguments.
pub type Action = dyn Fn(usize, u32, usize, isize) -> isize + Send + Sync;

/// What a window does with its messages.
#[derive(Clone)]
pub struct Procedure {
    /// What the program knows it by: its address, where it is a function of C.
    pub number: usize,
    action: Arc<Action>,
}

/// A class of windows.
#[derive(Clone)]
pub struct Class {
    /// What its windows do.
    pub procedure: Procedure,
    /// Room in each window that belongs to the program; unit: octets.
    pub extra_octets: usize,
    /// The number by which it can be named.
    pub atom: u16,
}

/// What a window is made from.
#[derive(Clone, Debug, Default)]
pub struct Creation {
    /// Its title.
    pub title: String,
    /// Its style, and its extended one.
    pub style: [u32; 2],
    /// Its parent, or zero.
    pub parent: usize,
    /// Its menu or its number among the children of its parent.
    pub id: usize,
    /// Whose it is, as the program says.
    pub instance: usize,
}

/// A window.
#[derive(Clone)]
pub struct Window {
    /// The name of its class.
    pub class: String,
    /// What it does.
    pub procedure: Procedure,
    /// The thread that made it.
    pub thread: u32,
    /// What it was made from.
    pub creation: Creation,
    /// What the program keeps in it.
    pub user_data: usize,
    /// Room that belongs to the program.
    pub extra: Vec<u8>,
    /// Whether it is about to go.
    pub is_ending: bool,
}

impl Procedure {
    /// A procedure that is called from the thread of its window.
    pub fn new(number: usize, action: Arc<Action>) -> Procedure {
        Procedure { number, action }
    }

    /// A procedure written in Rust.
    pub fn of(action: impl Fn(usize, u32, usize, isize) -> isize + Send + Sync + 'static) -> Procedure {
        Procedure::new(0, Arc::new(action))
    }

    /// Does what it does with a message.
    pub fn call(&self, window: usize, message: u32, wparam: usize, lparam: isize) -> isize {
        (self.action)(window, message, wparam, lparam)
    }
}

impl Desk {
    /// A new class; answers with its number.
    ///
    /// # Errors
    /// When there is one of this name, or there are too many.
    pub fn register_class(&self, name: &str, procedure: Procedure, extra_octets: usize) -> Result<u16, Wrong> {
        let mut state = self.state();
        let name = name.to_lowercase();
        if state.classes.contains_key(&name) {
            return Err(Wrong::ClassExists);
        }
        if state.classes.len() >= CLASSES_MAX {
            return Err(Wrong::TooMany);
        }
        let taken = |atom: &u16| state.classes.values().any(|class| class.atom == *atom);
        let atom = (0xc000_u16..=0xffff).find(|atom| !taken(atom)).ok_or(Wrong::TooMany)?;
        state.classes.insert(name, Class { procedure, extra_octets, atom });
        Ok(atom)
    }

    /// Takes a class away that has no windows.
    ///
    /// # Errors
    /// When it is not there, or has windows.
    pub fn unregister_class(&self, name: &str) -> Result<(), Wrong> {
        let mut state = self.state();
        let name = name.to_lowercase();
        if state.windows.values().any(|window| window.class == name) {
            return Err(Wrong::ClassInUse);
        }
        state.classes.remove(&name).map(drop).ok_or(Wrong::Class)
    }

    /// The name of the class with this number.
    pub fn class_named(&self, atom: u16) -> Option<String> {
        let state = self.state();
        state.classes.iter().find(|(_, class)| class.atom == atom).map(|(name, _)| name.clone())
    }

    /// A new window of the calling thread. Nothing was told it yet.
    ///
    /// # Errors
    /// When there is no such class or no such parent, or there are too many windows.
    pub fn create_window(self: &Arc<Desk>, class: &str, creation: Creation) -> Result<usize, Wrong> {
        let mut state = self.state();
        let name = class.to_lowercase();
        let Class { procedure, extra_octets, .. } = state.classes.get(&name).ok_or(Wrong::Class)?.clone();
        if state.windows.len() >= WINDOWS_MAX {
            return Err(Wrong::TooMany);
        }
        self.sit_down(&mut state);
        // Handles are even, as Windows has them, and come back only after all others.
        let mut handle = state.last_window;
        loop {
            handle = if handle == 0 { 0x1_0000 } else { handle.wrapping_add(2) };
            if handle != 0 && !state.windows.contains_key(&handle) {
                break;
            }
        }
        state.last_window = handle;
        let extra = vec![0; extra_octets];
        let thread = thread_number();
        let window = Window { class: name, procedure, thread, creation, user_data: 0, extra, is_ending: false };
        state.windows.insert(handle, window);
        Ok(handle as usize)
    }

    /// What is known of a window.
    pub fn window(&self, window: usize) -> Option<Window> {
        self.state().windows.get(&u32::try_from(window).ok()?).cloned()
    }

    /// Changes a window.
    ///
    /// # Errors
    /// When it is not there.
    pub fn change_window<T>(&self, window: usize, change: impl FnOnce(&mut Window) -> T) -> Result<T, Wrong> {
        let mut state = self.state();
        let window = u32::try_from(window).ok().and_then(|window| state.windows.get_mut(&window));
        window.map(change).ok_or(Wrong::Window)
    }

    /// Gives a window another parent, or none.
    ///
    /// # Errors
    /// When one of the two is not there, or the window would be its own ancestor.
    pub fn set_parent(&self, window: usize, parent: usize) -> Result<(), Wrong> {
        let mut state = self.state();
        let place = |window: usize| u32::try_from(window).map_err(|_| Wrong::Window);
        let mut above = parent;
        // No window is its own ancestor yet, so the way up ends.
        while let Some(ancestor) = place(above).ok().and_then(|above| state.windows.get(&above)) {
            if above == window {
                return Err(Wrong::Argument);
            }
            above = ancestor.creation.parent;
        }
        if parent != NO_PARENT && parent != HWND_MESSAGE && state.owner(parent).is_none() {
            return Err(Wrong::Window);
        }
        state.windows.get_mut(&place(window)?).ok_or(Wrong::Window)?.creation.parent = parent;
        Ok(())
    }

    /// Takes a window away, with its messages and timers; sockets tell it nothing more.
    ///
    /// # Errors
    /// When it is not there, or belongs to another thread.
    pub fn destroy_window(&self, window: usize) -> Result<(), Wrong> {
        let mut state = self.state();
        let number = u32::try_from(window).map_err(|_| Wrong::Window)?;
        let owner = state.windows.get(&number).ok_or(Wrong::Window)?.thread;
        if owner != thread_number() {
            return Err(Wrong::NotOwner);
        }
        state.windows.remove(&number);
        if let Some(queue) = state.queues.get_mut(&owner) {
            queue.forget(window);
        }
        let is_told = |target: Target| matches!(target, Target::Window { window, .. } if window == number);
        let gone: Vec<_> =
            state.watches.iter().filter(|(_, watch)| is_told(watch.target)).map(|(key, _)| *key).collect();
        let gone: Vec<_> = gone.iter().filter_map(|key| state.watches.remove(key)).collect();
        drop(state);
        gone.iter().for_each(|watch| watch.socket.set_onlooker(None));
        Ok(())
    }

    /// The windows that have this one as their parent.
    pub fn children(&self, parent: usize) -> Vec<usize> {
        let state = self.state();
        let children = state.windows.iter().filter(|(_, window)| window.creation.parent == parent);
        children.map(|(handle, _)| *handle as usize).collect()
    }

    /// The number of the message with this name, the same for all who ask.
    ///
    /// # Errors
    /// When there are too many.
    pub fn register_message(&self, name: &str) -> Result<u32, Wrong> {
        let mut state = self.state();
        let name = name.to_lowercase();
        let place = match state.registered.iter().position(|known| *known == name) {
            Some(place) => place,
            None if state.registered.len() >= REGISTERED_MESSAGES_MAX => return Err(Wrong::TooMany),
            None => {
                state.registered.push(name);
                state.registered.len() - 1
            }
        };
        Ok(FIRST_REGISTERED + place as u32)
    }
}

impl State {
    /// The thread of a window.
    pub(super) fn owner(&self, window: usize) -> Option<u32> {
        self.windows.get(&u32::try_from(window).ok()?).map(|window| window.thread)
    }
}
