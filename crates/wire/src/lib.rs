//! Packet formats, from bytes to what can only be right and back.
#![no_std]
#![forbid(unsafe_code)]

pub mod seq;
pub use seq::SeqNumber;
