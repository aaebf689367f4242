//! What a socket is, whoever provides it: names, settings, readiness, failures with their reason, and the one blocking loop.
//!
//! A [`Socket`] belongs to a [`Network`]. Its verbs prepare what the caller left open (a local name, a [`Transport`] that is
//! opened late), start the work, and wait where the socket blocks. Who does the work is a [`Provider`] of the network, one for
//! each [`Domain`]: this crate has those for our own stack, [`stack`], and for a simulated file system, [`local`]; the
//! kernel's lives with what it needs. A transport never blocks: it answers done, pending or failed, and the loop in `wait` does the rest.
//! What waiting means is the network's business: virtual time in a lab, `poll` over a device or the
//! kernel.
//!
//! Names of hosts are asked of the network too: [`names`] says how, and has the resolver of networks that ask servers themselves, in the
//! octets of [`dns`].
//!
//! Nothing here knows a clock, a descriptor or an error number. A [`Failure`] is neutral; a dialect has the word for it.

#![forbid(unsafe_code)]

mod blocking;
mod cancel;
pub mod dns;
mod failure;
mod files;
pub mod fork;
pub mod local;
mod memory;
mod name;
pub mod names;
mod network;
mod onlooker;
mod provider;
mod ready;
mod scratch;
mod select;
mod settings;
mod socket;
pub mod stack;
mod table;
mod wait;

pub use blocking::{
    IDLE_CALLS_MAX, IDLE_SLICE, IdleWork, Idled, Turns, as_idle_work, cancel_blocking, cancel_blocking_of, idle_turns,
    is_idling, set_idle, thread_number,
};
pub use cancel::Cancel;
pub use failure::{Failure, Outcome, Reason};
pub use files::{FileState, WatchedFile, select_beside_files};
pub use memory::{Fault, Memory, Pointer, PointerMut};
pub use name::{Domain, Kind, LOCAL_PATH_MAX, LocalName, Name};
pub use network::{Network, Numbers, Ticket, Watched, Woken};
pub use onlooker::{Act, Onlooker};
pub use provider::{
    Accepted, Answer, Cast, Progress, Provider, Queued, ReceiveHow, Received, SendHow, Shutdown, Transport, Waits,
};
pub use ready::Ready;
pub use scratch::COPY_OCTETS_MAX;
pub use select::{select, select_aside, select_each};
pub use settings::{ConnectPolicy, Setting, Settings};
pub use socket::{Linger, Phase, Socket, Stage, Standing};
pub use table::{SocketId, Table};
