//! What happens when the program forks: on the kernel's network the child goes on with the sockets that it inherits; on any other it
//! has none, because what moves them stays with the parent.
//!
//! Before the copy is made nobody is inside a call any more, except where it only waits, so no lock of the library is held by a
//! thread that the child does not have ([`synsent_sockets::fork`]). A call that lasts long without waiting does not keep the program
//! from forking: after [`PATIENCE`] it forks all the same. Who starts another program by `vfork`, `posix_spawn` or `system` comes not here:
//! the child only calls `exec`, which closes every descriptor of the library.

use std::thread;
use std::time::{Duration, Instant};

use synsent_dialects::leave_networks;
use synsent_sockets::fork;

use crate::network;

/// How long a fork waits for calls of other threads.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long it waits between two looks, once yielding has not been enough.
const LOOK_STEP: Duration = Duration::from_micros(100);
/// How often it only yields.
const YIELDS: u32 = 100;

/// Asks the C library to call the three steps at every fork.
pub(crate) fn prepare() {
    // SAFETY: the three are functions of this library, which is never unloaded; they take no lock, and the child's only stores numbers.
    let result = unsafe { libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child)) };
    // Without memory for it at the very start the program has other worries, and forks as it would without us.
    debug_assert_eq!(result, 0);
}

extern "C" fn before() {
    fork::close();
    let begun = Instant::now();
    let mut looks = 0;
    while fork::others_inside() > 0 && begun.elapsed() < PATIENCE {
        looks += 1;
        if looks < YIELDS { thread::yield_now() } else { thread::sleep(LOOK_STEP) }
    }
}

extern "C" fn in_parent() {
    fork::open();
}

extern "C" fn in_child() {
    fork::born();
    if !network::is_inherited() {
        leave_networks();
    }
}
