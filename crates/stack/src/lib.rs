//! A TCP/IP stack without I/O: no clock, no thread, no descriptor, no random source.
//!
//! Four verbs drive a [`Stack`]. Give it what arrives with [`Stack::on_frame`]. Tell it that its time has come with
//! [`Stack::on_deadline`], at or after the point that [`Stack::next_deadline`] names. After each of these and after every
//! socket verb, ask each link for frames with [`Stack::poll_transmit`] until it answers `None`, and for what became ready
//! with [`Stack::poll_event`]. `now` is an argument everywhere, and randomness is the seed that the stack was made with: the
//! same calls with the same seed give the same octets.
//!
//! A socket verb (`tcp_connect`, `tcp_send`, `udp_bind` …) is a call on a handle; none of them blocks, and none of them
//! writes to a link by itself. What a flow has to send waits in the flow until its link asks, so a link that is busy pushes
//! back as far as the application, and nothing counts as sent that no link has taken.
//!
//! This crate knows no error number and no option number of any system; it tells what happened ([`reason`]), and what was
//! seen ([`trace`]).
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod config;
mod context;
mod event;
mod ip;
mod link;
pub mod reason;
mod seed;
mod slab;
mod stack;
mod tcp;
pub mod time;
pub mod trace;
mod udp;

pub use config::{Algorithm, BufferSize, Config, KeepAlive, SoftErrors, TcpConfig, TcpOptions};
pub use context::{Counters, DropReason};
pub use event::{Event, EventKind, FlowId, HalfOpenId, ListenerId, SocketId, UdpId};
pub use ip::{Cast, EchoReply, GroupError, PingError};
pub use link::{
    AddressError, Cidr, EthernetAddress, LinkConfig, LinkId, Medium, Offload, ParseCidrError, Received, Route,
    RouteError, RouteKind, SegmentOffload, Transmit,
};
pub use reason::{Cause, Failure, IcmpCause, NoPath, SoftError, SynSchedule};
pub use stack::Stack;
pub use tcp::calls::open::{Decision, ListenError, NoSuchSocket, OpenError, OpenOptions};
pub use tcp::calls::receive::ReceiveError;
pub use tcp::calls::send::SendError;
pub use tcp::calls::status::Status;
pub use tcp::four_tuple::{Endpoint, FourTuple};
pub use tcp::listener::ListenOptions;
pub use tcp::local_ports::PortUsers;
pub use tcp::state::{State, TRANSITIONS, Transition};
pub use time::{Duration, Instant};
pub use udp::{BindError, UdpFailure, UdpOptions, UdpReceiveError, UdpReceived, UdpSendError, UdpStatus};
