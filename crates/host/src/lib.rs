//! Everything of synsent that has a file descriptor: devices, packet sockets, capture files, and the loop that drives a stack
//! over them.
//!
//! A [`Device`] moves frames: [`Tun`] (TUN and TAP, with and without virtio header), [`PacketSocket`], [`CableEnd`]. A
//! [`Capture`] file shows what went over any link.
//! [`interface`] sets up the kernel's side and [`namespace`] makes a network of one's own to try it in. This is the only
//! crate with `unsafe` code below the C face: system calls for which rustix has no safe function.

pub mod cable;
pub mod capture;
pub mod clock;
pub mod device;
pub mod error;
pub mod interface;
pub mod namespace;
pub mod packet;
pub mod pcapng;
mod seed;
pub mod tun;
mod virtio;

pub use cable::{CableEnd, cable};
pub use capture::Capture;
pub use clock::Clock;
pub use device::{Device, FRAME_MAX_OCTETS, Sent};
pub use error::OpenError;
pub use packet::PacketSocket;
pub use seed::seed;
pub use tun::{Layer, Tun, VirtioHeader};
