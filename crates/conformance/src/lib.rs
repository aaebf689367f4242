//! The contract shown to hold: every clause of the documents as a case that a person can read, on every network where its
//! situation can be brought about.
//!
//! A [`Case`] carries a clause's id and a function. The function gets a [`Trial`]: a [`World`] in which it arranges a
//! [`Situation`] from outside, and the public functions of one dialect behind an [`Api`]. What it must see stands in the
//! clause ([`contract`]), not in the dialect's tables. [`run`] makes a [`Row`] of it; `tests/contract.rs` runs every case on
//! every [`Place`], and the command those that [`sweep`] lists: the outcomes of connect().
//!
//! **How a case is written.** In `cases/DIALECT.rs` stands a table, `CASES`, and below it the functions. A scenario that several
//! dialects share stands in `cases/common.rs`, in `cases/datagrams.rs`, in `cases/background.rs` where the call does not block, or in
//! `cases/wrong.rs` where the call itself is wrong, and their tables name it.
//!
//! ```text
//! Case::outcome("winsock2.error.connrefused", "a reset answers the SYN", common::refused),
//!
//! pub(crate) fn refused(t: &mut Trial<'_>) -> Result<(), Trouble> {
//!     let peer = t.arrange(Situation::Refuses)?;      // from outside; where that is impossible, the case ends as "not here"
//!     let s = t.socket(Kind::Stream)?;                // the dialect's socket()
//!     let said = t.connect(s, peer);                  // Ok(0), or Err(Code { name, number }); the row shows the last one
//!     t.fails(said)                                   // with the `error` of the clause; `fails_with` for another word
//! }
//! ```
//!
//! [`Case::outcome`] is part of the sweep, [`Case::new`] is not, and [`Case::unstarted`] begins before the system is started.
//! `t.check(condition, "what should be so")?` and `t.works(result, "what was done")?` say what did not hold. A clause may have
//! several cases. A clause without a case must stand in `contract/later.toml`, and so must what its cases leave out; a clause that cannot be brought about on a network
//! stands in `contract/not_here.toml`, and the test fails when either list is wrong.
//!
//! The worlds: [`Place::Lab`] is our stack in virtual time; [`Place::Device`] is our stack on a TUN device; [`Place::Kernel`]
//! the sockets of the host's kernel. The outside is the same in all three: a lab with peers and a router
//! (`outside.rs`), which in the two real worlds runs in real time at the other end of a TUN device.

#![forbid(unsafe_code)]

mod api;
mod calls;
mod case;
pub mod cases;
pub mod contract;
mod device;
mod kernel;
mod lab;
mod local;
mod machine;
mod outside;
mod real;
pub mod record;
mod sequence;
mod situation;
mod sweep;
mod trial;
mod wire;
mod world;

pub use api::{Api, Code, Said};
pub use calls::Calls;
pub use case::{Case, Row, Trouble, run, run_at};
pub use sequence::{STEP_OCTETS, Sequence, Shape, Step, Whom};
pub use situation::{LocalSituation, Situation, Told};
pub use sweep::sweep;
pub use trial::Trial;
pub use world::{Missing, NotHere, Peer, Place, World, enter_real_worlds};
