//! What a fork of the process means for those who call: nobody is in the middle of anything when the process is copied.
//!
//! A child has one thread, the one that forked, and a copy of every lock as it stood. A lock that another thread held then would
//! be held for ever. So every call of a program is [inside](enter) while it may hold one, and [outside] while it only waits; who
//! is about to fork [closes](close) the way in, waits until no [other](others_inside) is inside, and forks. The parent [opens](open)
//! it again, and the child is [born]. A call inside a call, from a hook, goes in as its thread is in already.
//!
//! Nothing here forks: whoever has the program's calls in hand registers these steps with the system. What a thread keeps beyond
//! a call and must not share with its parent, it makes anew when the [generation] has changed.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::thread;

/// Threads are counted in so many places, so that they do not all write to the same one.
const SHARDS: u32 = 16;

/// A counter on a cache line of its own.
#[repr(align(64))]
struct Shard(AtomicU32);

/// How many threads are inside.
static INSIDE: [Shard; SHARDS as usize] = [const { Shard(AtomicU32::new(0)) }; SHARDS as usize];
/// How many threads are about to fork.
static CLOSED: AtomicU32 = AtomicU32::new(0);
/// How many forks lie between this process and the first one.
static GENERATION: AtomicU64 = AtomicU64::new(0);
/// How many forks this process has seen, as a parent or as a child.
static FORKS: AtomicU64 = AtomicU64::new(0);
/// Which shard the next thread counts in.
static NEXT_SHARD: AtomicU32 = AtomicU32::new(0);

thread_local! {
    // Neither has anything to drop, so both can be used as long as the thread runs.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    static SHARD: Cell<u32> = const { Cell::new(u32::MAX) };
}

/// A thread is inside as long as this lives.
#[must_use]
pub struct Inside(());

/// A thread is outside as long as this lives.
struct Outside {
    depth: u32,
}

/// Goes in; waits where somebody is about to fork.
pub fn enter() -> Inside {
    let depth = DEPTH.get();
    if depth == 0 {
        go_in();
    }
    DEPTH.set(depth + 1);
    Inside(())
}

/// Does something that may last, while it holds no lock.
pub fn outside<R>(wait: impl FnOnce() -> R) -> R {
    let depth = DEPTH.replace(0);
    let outside = Outside { depth };
    if depth > 0 {
        go_out();
    }
    let result = wait();
    drop(outside);
    result
}

/// Nobody goes in from now on. Every close is followed by [`open`], or in the child by [`born`].
pub fn close() {
    CLOSED.fetch_add(1, Ordering::SeqCst);
}

/// How many threads are inside besides this one.
pub fn others_inside() -> u32 {
    let all: u32 = INSIDE.iter().map(|shard| shard.0.load(Ordering::SeqCst)).fold(0, u32::wrapping_add);
    all.wrapping_sub(u32::from(DEPTH.get() > 0))
}

/// The process has forked, or did not: everybody goes on.
pub fn open() {
    FORKS.fetch_add(1, Ordering::SeqCst);
    CLOSED.fetch_sub(1, Ordering::SeqCst);
}

/// This is the child: nobody is here but the calling thread.
pub fn born() {
    for shard in &INSIDE {
        shard.0.store(0, Ordering::SeqCst);
    }
    if DEPTH.get() > 0 {
        own_shard().0.store(1, Ordering::SeqCst);
    }
    FORKS.fetch_add(1, Ordering::SeqCst);
    GENERATION.fetch_add(1, Ordering::SeqCst);
    CLOSED.store(0, Ordering::SeqCst);
}

/// How many forks lie between this process and the first one: what was made at another number is the parent's too.
pub fn generation() -> u64 {
    GENERATION.load(Ordering::SeqCst)
}

/// How many forks there have been: what was opened at another number may be open in another process too.
pub fn forks() -> u64 {
    FORKS.load(Ordering::SeqCst)
}

fn go_in() {
    let shard = own_shard();
    loop {
        // Who goes in says so and looks then whether it may; who is about to fork says so and looks then who is in. One of the
        // two sees the other.
        shard.0.fetch_add(1, Ordering::SeqCst);
        if CLOSED.load(Ordering::SeqCst) == 0 {
            return;
        }
        shard.0.fetch_sub(1, Ordering::SeqCst);
        while CLOSED.load(Ordering::SeqCst) != 0 {
            thread::yield_now();
        }
    }
}

fn go_out() {
    // A handler of signals may have forked after this thread was counted and before it knew, and a child counts afresh.
    let _ = own_shard().0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |inside| inside.checked_sub(1));
}

fn own_shard() -> &'static Shard {
    if SHARD.get() == u32::MAX {
        SHARD.set(NEXT_SHARD.fetch_add(1, Ordering::Relaxed) % SHARDS);
    }
    &INSIDE[(SHARD.get() % SHARDS) as usize]
}

impl Drop for Inside {
    fn drop(&mut self) {
        let depth = DEPTH.get() - 1;
        DEPTH.set(depth);
        if depth == 0 {
            go_out();
        }
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        if self.depth > 0 {
            go_in();
        }
        DEPTH.set(self.depth);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc::channel;

    use super::*;

    /// The counters are the process's, so the tests take turns.
    static TURN: Mutex<()> = Mutex::new(());

    #[test]
    fn who_waits_is_outside_and_who_calls_from_there_is_inside() {
        let _turn = TURN.lock().unwrap();
        let before = others_inside();
        let (told, hears) = channel();
        thread::scope(|scope| {
            let (go, wait) = channel::<()>();
            scope.spawn(move || {
                let _inside = enter();
                let _again = enter();
                told.send(()).unwrap();
                wait.recv().unwrap();
                outside(|| {
                    told.send(()).unwrap();
                    wait.recv().unwrap();
                    let _from_a_hook = enter();
                    told.send(()).unwrap();
                    wait.recv().unwrap();
                });
            });
            for expected in [1, 0, 1] {
                hears.recv().unwrap();
                assert_eq!(others_inside() - before, expected);
                go.send(()).unwrap();
            }
        });
        assert_eq!(others_inside(), before);
    }

    #[test]
    fn nobody_goes_in_while_somebody_is_about_to_fork() {
        let _turn = TURN.lock().unwrap();
        let forks = forks();
        close();
        let (told, hears) = channel();
        thread::scope(|scope| {
            scope.spawn(move || {
                let _inside = enter();
                told.send(()).unwrap();
            });
            assert!(hears.try_recv().is_err());
            open();
            hears.recv().unwrap();
        });
        assert_eq!(super::forks(), forks + 1);
    }
}
