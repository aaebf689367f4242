//! The C face: the functions of the dialects as C programs call them.
//!
//! A program includes the headers of its system (`include/`) and links one library. The headers point each documented name at a symbol
//! of this crate, `synsent_winsock2_connect` and its like, so nothing here is called `connect`, and a program without our headers
//! keeps the C library's functions. All dialects live in one process side by side.
//!
//! An entry has pointers and lengths, and nothing else: it hands a dialect's function a pointer as a [`Memory`](synsent_sockets::Memory) whose
//! reads can fail, and the result back. Which network the sockets are on is told by `SYNSENT_NET` (`network.rs`). No panic leaves an
//! entry and no pointer is followed that was not looked at (`boundary.rs`). What a call means stands in `synsent-dialects`.

mod boundary;
mod bs2000;
mod fork;
mod kernel32;
mod names;
mod network;
mod posix;
mod targettcp;
mod user32;
mod windows;

pub use network::install;
