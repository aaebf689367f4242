//! The cases of `synsent-conformance` for programs in C.
//!
//! One shared library has everything once: the C face (`synsent-capi`), and the worlds that a case arranges. A program in C that
//! includes a system's installed headers links it in the place of `libsynsent`; its sockets are on the network of a world, in the
//! same process, so a case may arrange the outside between two calls.
//!
//! [`table`]: a case that is written in Rust calls functions that C compiled, through a table (`c/cases.h`). So every case runs on C.
//! The programs themselves stand in `c/`; `tests/clauses` builds and runs them.

mod boundary;
mod functions;
mod table;

// Whoever links this library finds the entries of the C face in it.
pub use synsent_capi::install;
