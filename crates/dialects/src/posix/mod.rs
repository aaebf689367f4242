//! What the dialects share that stem from BSD and POSIX: numbers, options, and sets of handles.
//!
//! TargetTCP and SOCKETS(POSIX) have headers of their own, and their documents name errors, families and options without a
//! number. A program that is ported to this house includes the `<errno.h>` of its host as well, and may compare a number that it
//! got here with a name from there. Therefore the numbers here are those of Linux on the machines with the common numbering
//! (x86-64, AArch64, RISC-V). Nothing here decides how a call behaves: that is each dialect's own page.

pub(crate) mod calls;
pub(crate) mod constants;
pub mod errno;
mod fd_set;
pub(crate) mod lookup;
pub(crate) mod numbers;
pub(crate) mod options;
mod poll_fd;

pub use fd_set::{FD_SETSIZE, FdSet, TimeVal};
pub use poll_fd::PollFd;

#[cfg(test)]
mod tests;
