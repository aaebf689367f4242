//! The sans-IO TCP/IP stack.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod time;
pub use time::{Duration, Instant};
