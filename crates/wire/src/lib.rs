//! Packet formats, from bytes to what can only be right and back.
//!
//! Each protocol is a module with two faces. A `View` is checked access to bytes that somebody else wrote: parsing it
//! proves once that the fixed fields and the lengths hold, after which its accessors cannot fail. A `Repr` holds only
//! values that make sense, and is what a packet is emitted from. Formats that are always read as a whole (ARP, ICMP,
//! neighbour discovery, IGMP) have a `Repr` alone, which may borrow the bytes that follow its fixed part.
//!
//! Nothing here allocates, keeps state between packets or panics on any bytes. An `emit` function needs a buffer of the
//! length that the same value announces; a shorter one is an error of the program and panics, as indexing does.
#![no_std]
#![forbid(unsafe_code)]

use core::fmt;

pub mod arp;
pub mod checksum;
pub mod ethernet;
pub mod icmpv4;
pub mod icmpv6;
pub mod igmp;
pub mod ip;
pub mod ipv4;
pub mod ipv6;
pub mod ipv6_extension;
pub mod mld;
pub mod ndp;
pub mod seq;
pub mod tcp;
pub mod udp;
pub mod virtio_net;

pub use seq::SeqNumber;

/// Why bytes are not the packet that they claim to be.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Malformed {
    /// The bytes end before the packet does.
    Truncated,
    /// The version field names another protocol version.
    BadVersion,
    /// The header claims to be shorter than its fixed part or longer than the packet.
    BadHeaderLength,
    /// A length field contradicts another length or the fixed part of the format.
    BadLength,
    /// An option is shorter than its own type and length octets, or ends past the options.
    BadOption,
    /// The checksum does not match the bytes.
    BadChecksum,
    /// An address stands where its kind is not allowed.
    BadAddress,
    /// A field has a value that the format does not allow.
    BadValue,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Malformed::Truncated => "truncated",
            Malformed::BadVersion => "bad version",
            Malformed::BadHeaderLength => "bad header length",
            Malformed::BadLength => "bad length",
            Malformed::BadOption => "bad option",
            Malformed::BadChecksum => "bad checksum",
            Malformed::BadAddress => "bad address",
            Malformed::BadValue => "bad value",
        })
    }
}

impl core::error::Error for Malformed {}
