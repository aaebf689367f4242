//! The sans-IO TCP/IP stack.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod tcp;
pub mod time;
pub use tcp::cc::Algorithm;
pub use tcp::four_tuple::{Endpoint, FourTuple};
pub use time::{Duration, Instant};
