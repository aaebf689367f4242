//! Critical sections. A section is known by its address alone, and what is there is never looked at: so a wild pointer is a section
//! like any other, and one that was not initialized works too. Only those that somebody owns are remembered.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use synsent_sockets::{fork, thread_number};

use super::entry;

/// How many parts the table has, so that threads of different sections seldom meet.
const PARTS: usize = 64;

/// The sections that somebody owns, of one part of the table.
struct Sections {
    owned: Option<HashMap<usize, Owned>>,
    /// Those who wait hear it when a section is free; there is none before somebody waits.
    bell: Option<Arc<Bell>>,
    /// At which fork the bell was made. In a child it may be held by a thread that is not there.
    generation: u64,
}

struct Owned {
    thread: u32,
    count: u32,
}

/// Who waits holds nothing but its lock, which no call needs that a child of a fork makes.
#[derive(Default)]
struct Bell {
    /// How often it was rung.
    rung: Mutex<u64>,
    heard: Condvar,
}

static TABLE: [Mutex<Sections>; PARTS] =
    [const { Mutex::new(Sections { owned: None, bell: None, generation: 0 }) }; PARTS];

/// The part of the table in which a section is.
fn lock(section: usize) -> MutexGuard<'static, Sections> {
    // Sections lie at multiples of eight, and often one after another.
    let part = &TABLE[(section / 8 + section / 4096) % PARTS];
    let mut sections = part.lock().unwrap_or_else(PoisonError::into_inner);
    let generation = fork::generation();
    if sections.generation != generation {
        (sections.generation, sections.bell) = (generation, None);
    }
    sections
}

impl Sections {
    /// Whether the calling thread owns the section now.
    fn try_enter(&mut self, section: usize) -> bool {
        let thread = thread_number();
        let owned = self.owned.get_or_insert_default().entry(section).or_insert(Owned { thread, count: 0 });
        if owned.thread == thread {
            owned.count += 1;
        }
        owned.thread == thread
    }

    /// Gives a section back, if the calling thread owns it.
    fn leave(&mut self, section: usize) {
        let owned = self.owned.as_mut().and_then(|all| all.get_mut(&section));
        // Who leaves what it does not own changes nothing.
        let Some(owned) = owned.filter(|owned| owned.thread == thread_number()) else { return };
        owned.count -= 1;
        if owned.count == 0 {
            self.forget(section);
        }
    }

    /// Nobody owns the section any more.
    fn forget(&mut self, section: usize) {
        let was_there = self.owned.as_mut().and_then(|all| all.remove(&section)).is_some();
        if let Some(bell) = self.bell.as_ref().filter(|_| was_there) {
            *bell.lock() += 1;
            bell.heard.notify_all();
        }
    }
}

impl Bell {
    fn lock(&self) -> MutexGuard<'_, u64> {
        self.rung.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it was rung more often than so.
    fn wait(&self, before: u64) {
        let mut rung = self.lock();
        while *rung == before {
            rung = self.heard.wait(rung).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

entry!(InitializeCriticalSection as initialize_critical_section(section: usize) -> (), or (), {
    lock(section).forget(section);
});

entry!(InitializeCriticalSectionAndSpinCount as initialize_critical_section_and_spin_count(
    section: usize, _spin_count: u32,
) -> i32, or 0, {
    lock(section).forget(section);
    1
});

entry!(EnterCriticalSection as enter_critical_section(section: usize) -> (), or (), {
    loop {
        let mut sections = lock(section);
        if sections.try_enter(section) {
            return;
        }
        let bell = Arc::clone(sections.bell.get_or_insert_default());
        let rung = *bell.lock();
        drop(sections);
        fork::outside(|| bell.wait(rung));
    }
});

entry!(TryEnterCriticalSection as try_enter_critical_section(section: usize) -> i32, or 0, {
    i32::from(lock(section).try_enter(section))
});

entry!(LeaveCriticalSection as leave_critical_section(section: usize) -> (), or (), {
    lock(section).leave(section);
});

entry!(DeleteCriticalSection as delete_critical_section(section: usize) -> (), or (), {
    lock(section).forget(section);
});
