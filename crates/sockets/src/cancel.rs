//! Taking a blocking call back, from another thread.
//!
//! A cancelled call ends with [`Outcome::Cancelled`](crate::Outcome::Cancelled), once. Who cancels sets the mark and then
//! wakes the network ([`Network::wake_all`](crate::Network::wake_all)); who waits looks at the mark after every wake.

use std::sync::atomic::{AtomicBool, Ordering};

/// A mark that ends a blocking call.
#[derive(Debug, Default)]
pub struct Cancel(AtomicBool);

impl Cancel {
    /// A mark that is not set.
    pub const fn new() -> Cancel {
        Cancel(AtomicBool::new(false))
    }

    /// Sets it; the network has to be woken then.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether it is set.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// Takes the mark away and tells whether it was set.
    pub fn take(&self) -> bool {
        self.0.swap(false, Ordering::SeqCst)
    }
}
