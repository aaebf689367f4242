//! What `connect()` and its neighbours said in a program that nobody changed.
//!
//! The program installs a [`Filter`] between fork and exec, so that the kernel stops it at socket calls and lets all other calls
//! pass at their own speed. The caller's thread attaches an [`Observer`] before the program's first instruction and then
//! [runs](Observer::run) it: each stop is read, told as an [`Event`], and ended. Threads, children and what they execute are
//! followed; nothing of the C library is needed, so static programs, Go and Java are observed as well as others.
//!
//! Calls that are no socket calls by their number (`read`, `write`, `poll`, `select`, `epoll_wait`) would cost too much to stop
//! everywhere. They are observed in a process only while it has an internet socket on which `connect()` was called: such a
//! process is *watched*, and all its calls stop, up to a bound.
//!
//! Nothing of the program is changed: no memory, no descriptor, no signal. One register is written in one case, to take back what
//! observing itself did: the kernel ends an `epoll_wait` with EINTR when its caller is stopped, or gets a signal that it ignores and a
//! tracer sees; then it is begun again as the kernel itself begins `poll` again (x86-64 only; elsewhere such a thread is left alone
//! until it stops by itself).
//!
//! Not observed, and told as an [`Unobserved`] of the process: calls through io_uring, calls of 32-bit programs, what exceeds the
//! [`Limits`], programs that hide their memory. Not observed, and not known: calls that a filter of the program's own refuses; sockets that a
//! process gets from another one, until it makes a socket call on them; sockets in an epoll instance that is itself in
//! another one; entries of a `poll` beyond the first 256. A traced program cannot trace, so `strace` and debuggers inside it are
//! refused, and a thread that is made with CLONE_UNTRACED cannot make socket calls.

mod attach;
mod calls;
mod decode;
mod errno;
mod event;
mod filter;
mod interruption;
mod kernel;
mod limits;
mod look;
mod processes;
mod tracee;
mod tracer;

pub use attach::AttachError;
pub use errno::{errno_name, errno_text};
pub use event::{Call, CallResult, Detail, Ended, Event, Readiness, SocketInode, SocketKind, Unobserved};
pub use filter::{Filter, Privileges};
pub use limits::Limits;
pub use tracer::Observer;
