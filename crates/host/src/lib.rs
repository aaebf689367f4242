//! Everything of synsent that has a file descriptor: devices, packet sockets, capture files, and the loop that drives a stack
//! over them.
//!
//! A [`Device`] moves frames: [`Tun`] (TUN and TAP, with and without virtio header), [`PacketSocket`], [`CableEnd`]. A
//! [`NetworkName`] says in one word which of them is meant. A [`Driver`] moves frames between devices and a stack, in the caller's thread, and an
//! [`Engine`] does so in one of its own. A [`Capture`] file shows what went over any link.
//! For programs with sockets there are two networks: [`KernelNetwork`], the host's own, and [`DeviceNetwork`], our stack on a
//! device. [`Wild`] is the memory behind a pointer that nobody vouches for. [`SelectSet`] is select(2) as it is.
//! A [`room`] is a world for one unmodified program, and [`observe`] tells what it was told there.
//! [`interface`] sets up the kernel's side and [`namespace`] makes a network of one's own to try it in. This is the only
//! crate with `unsafe` code below the C face: system calls for which rustix has no safe function.

#[cfg(not(target_os = "linux"))]
compile_error!(
    "synsent runs on Linux: its devices, namespaces and observed calls are Linux's. The crates wire, stack, sockets, dialects and lab build everywhere"
);

pub mod cable;
pub mod capture;
pub mod clock;
pub mod device;
mod device_network;
pub mod driver;
pub mod engine;
pub mod error;
mod files;
pub mod interface;
pub mod interrupt;
mod kernel;
pub mod memory;
pub mod name;
mod names;
pub mod namespace;
mod network;
mod numbers;
pub mod observe;
mod own_event;
pub mod packet;
pub mod pcapng;
pub mod poller;
pub mod room;
mod seed;
mod select_set;
pub mod signal;
pub mod tun;
mod virtio;
mod waiters;

pub use cable::{CableEnd, cable};
pub use capture::Capture;
pub use clock::Clock;
pub use device::{Device, FRAME_MAX_OCTETS, Sent};
pub use device_network::DeviceNetwork;
pub use driver::{DeviceCounters, Driver, DriverError};
pub use engine::{Engine, Handle, WaitError};
pub use error::OpenError;
pub use interrupt::{Caught, Interrupt};
pub use kernel::{KernelNetwork, ProbeEnd, Probed, is_own_descriptor, probe};
pub use memory::{PageWithHole, Wild, unmapped_page};
pub use name::{NameError, NetworkKind, NetworkName};
pub use names::NAME_FILE_OCTETS_MAX;
pub use numbers::{DescriptorNumbers, is_socket_number};
pub use own_event::OwnEvent;
pub use packet::PacketSocket;
pub use poller::Waker;
pub use seed::seed;
pub use select_set::SelectSet;
pub use tun::{Layer, Tun, VirtioHeader};
