//! Critical sections. A section is known by its address alone, and what is there is never looked at: so a wild pointer is a section
//! like any other, and one that was not initialized works too. Only those that somebody owns are remembered.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use synsent_sockets::thread_number;

use super::entry;

/// How many parts the table has, so that threads of different sections seldom meet.
const PARTS: usize = 64;

struct Part {
    owned: Mutex<Option<HashMap<usize, Owned>>>,
    freed: Condvar,
}

struct Owned {
    thread: u32,
    count: u32,
}

static TABLE: [Part; PARTS] = [const { Part { owned: Mutex::new(None), freed: Condvar::new() } }; PARTS];

type Sections<'a> = MutexGuard<'a, Option<HashMap<usize, Owned>>>;

fn part(section: usize) -> &'static Part {
    // Sections lie at multiples of eight, and often one after another.
    &TABLE[(section / 8 + section / 4096) % PARTS]
}

fn lock(part: &'static Part) -> Sections<'static> {
    part.owned.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether the calling thread owns the section now.
fn try_enter(sections: &mut Sections<'_>, section: usize) -> bool {
    let thread = thread_number();
    let owned = sections.get_or_insert_default().entry(section).or_insert(Owned { thread, count: 0 });
    if owned.thread == thread {
        owned.count += 1;
    }
    owned.thread == thread
}

entry!(InitializeCriticalSection as initialize_critical_section(_section: usize) -> (), or (), {});

entry!(InitializeCriticalSectionAndSpinCount as initialize_critical_section_and_spin_count(
    _section: usize, _spin_count: u32,
) -> i32, or 0, { 1 });

entry!(EnterCriticalSection as enter_critical_section(section: usize) -> (), or (), {
    let part = part(section);
    let waits = || {
        let mut sections = lock(part);
        while !try_enter(&mut sections, section) {
            sections = part.freed.wait(sections).unwrap_or_else(PoisonError::into_inner);
        }
    };
    if !try_enter(&mut lock(part), section) {
        synsent_sockets::fork::outside(waits);
    }
});

entry!(TryEnterCriticalSection as try_enter_critical_section(section: usize) -> i32, or 0, {
    i32::from(try_enter(&mut lock(part(section)), section))
});

entry!(LeaveCriticalSection as leave_critical_section(section: usize) -> (), or (), {
    let part = part(section);
    let mut sections = lock(part);
    let Some(all) = sections.as_mut() else { return };
    // Who leaves what it does not own changes nothing.
    let Some(owned) = all.get_mut(&section).filter(|owned| owned.thread == thread_number()) else { return };
    owned.count -= 1;
    if owned.count == 0 {
        all.remove(&section);
        drop(sections);
        part.freed.notify_all();
    }
});

entry!(DeleteCriticalSection as delete_critical_section(section: usize) -> (), or (), {
    let part = part(section);
    let was_there = lock(part).as_mut().and_then(|all| all.remove(&section)).is_some();
    if was_there {
        part.freed.notify_all();
    }
});
