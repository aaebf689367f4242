//! The cases of `synsent-conformance` for programs in C.
//!
//! One shared library has everything once: the C face (`synsent-capi`), and the worlds that a case arranges. A program in C that
//! includes a system's installed headers links it in the place of `libsynsent`; its sockets are on the network of a world, in the
//! same process, so a case may arrange the outside between two calls.
//!
//! `table.rs`: a case that is written in Rust calls functions that C compiled, through a table (`c/cases.h`). So every case runs on C.
//! `outside.rs`: a program that is all C calls its system's functions itself and arranges the outside through `c/outside.h`. Such a program is
//! written for each case ([`program`]), from a record of its run in Rust, so the two cannot drift apart.
//!
//! What the programs have in common stands in `c/`; `tests/clauses` builds and runs them.

mod boundary;
mod functions;
mod outside;
pub mod program;
mod table;

/// The status of a program whose case holds.
pub const HELD: i32 = 0;
/// The status of a program whose case does not hold.
pub const NOT_HELD: i32 = 1;
/// The status of a program that was called wrongly.
pub const WRONG_USAGE: i32 = 2;
/// The status of a program whose case cannot be brought about.
pub const NOT_HERE: i32 = 77;

// Whoever links this library finds the entries of the C face in it.
pub use synsent_capi::install;
