//! An event that a handler of signals can tell and a thread waits for.
//!
//! It is a descriptor of this house: out of the way of the program's, and known as none that the program may close. Telling is a
//! write of eight octets to its [number](OwnEvent::number), which is all that a handler of signals can do.

use std::os::fd::{AsRawFd as _, RawFd};

use rustix::event::{EventfdFlags, eventfd};
use rustix::io::{Errno, read};

use crate::kernel::Own;
use crate::waiters::out_of_the_way;

/// The event.
#[derive(Debug)]
pub struct OwnEvent(Own);

impl OwnEvent {
    /// An event that nobody has told yet.
    ///
    /// # Errors
    /// When the process may have no more descriptors.
    pub fn new() -> std::io::Result<OwnEvent> {
        Ok(OwnEvent(Own::new(out_of_the_way(eventfd(0, EventfdFlags::CLOEXEC)?))))
    }

    /// Where it is told.
    pub fn number(&self) -> RawFd {
        self.0.as_raw_fd()
    }

    /// Waits until it was told; false when it never will be, because somebody has closed it all the same.
    pub fn wait(&self) -> bool {
        let mut count = [0_u8; 8];
        loop {
            match read(&self.0, &mut count) {
                Ok(read) => return read == count.len(),
                Err(Errno::INTR) => {}
                Err(_) => return false,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_is_waited_for() {
        let event = OwnEvent::new().unwrap();
        assert!(crate::is_own_descriptor(event.number()));
        rustix::io::write(&event.0, &1_u64.to_ne_bytes()).unwrap();
        assert!(event.wait());
    }
}
