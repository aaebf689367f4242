//! ARP for IPv4 over Ethernet (RFC 826); other pairs of hardware and protocol are refused.

use crate::Malformed;
use crate::ethernet::{Address, EtherType};
use core::net::Ipv4Addr;
use zerocopy::byteorder::network_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// The length of a packet.
pub const LEN: usize = 28;

const HARDWARE_ETHERNET: u16 = 1;
const OPERATION_REQUEST: u16 = 1;
const OPERATION_REPLY: u16 = 2;

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Packet {
    hardware: U16,
    protocol: U16,
    hardware_len: u8,
    protocol_len: u8,
    operation: U16,
    sender_hardware: [u8; 6],
    sender_protocol: [u8; 4],
    target_hardware: [u8; 6],
    target_protocol: [u8; 4],
}

/// What a packet does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Operation {
    /// It asks for the hardware address of the target.
    Request,
    /// It tells that of the sender.
    Reply,
}

/// An ARP packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Repr {
    /// Question or answer.
    pub operation: Operation,
    /// The hardware address of the sender.
    pub sender_hardware: Address,
    /// The protocol address of the sender; unspecified in a probe (RFC 5227).
    pub sender_protocol: Ipv4Addr,
    /// The hardware address of the target; without meaning in a request.
    pub target_hardware: Address,
    /// The protocol address of the target.
    pub target_protocol: Ipv4Addr,
}

impl Repr {
    /// Reads a packet; octets behind it are link padding.
    pub fn parse(bytes: &[u8]) -> Result<Repr, Malformed> {
        let (packet, _) = Packet::ref_from_prefix(bytes).map_err(|_| Malformed::Truncated)?;
        if packet.hardware.get() != HARDWARE_ETHERNET || packet.protocol.get() != EtherType::IPV4.0 {
            return Err(Malformed::BadValue);
        }
        if packet.hardware_len != 6 || packet.protocol_len != 4 {
            return Err(Malformed::BadLength);
        }
        let operation = match packet.operation.get() {
            OPERATION_REQUEST => Operation::Request,
            OPERATION_REPLY => Operation::Reply,
            _ => return Err(Malformed::BadValue),
        };
        Ok(Repr {
            operation,
            sender_hardware: Address(packet.sender_hardware),
            sender_protocol: packet.sender_protocol.into(),
            target_hardware: Address(packet.target_hardware),
            target_protocol: packet.target_protocol.into(),
        })
    }

    /// Writes the packet and returns its length.
    ///
    /// # Panics
    /// When `buf` is shorter than [`LEN`].
    pub fn emit(&self, buf: &mut [u8]) -> usize {
        let operation = match self.operation {
            Operation::Request => OPERATION_REQUEST,
            Operation::Reply => OPERATION_REPLY,
        };
        let packet = Packet {
            hardware: HARDWARE_ETHERNET.into(),
            protocol: EtherType::IPV4.0.into(),
            hardware_len: 6,
            protocol_len: 4,
            operation: operation.into(),
            sender_hardware: self.sender_hardware.0,
            sender_protocol: self.sender_protocol.octets(),
            target_hardware: self.target_hardware.0,
            target_protocol: self.target_protocol.octets(),
        };
        buf[..LEN].copy_from_slice(packet.as_bytes());
        LEN
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_emitted_parses_to_itself(reply: bool, a: [u8; 6], b: u32, c: [u8; 6], d: u32, at in 0usize..8) {
            let repr = Repr {
                operation: if reply { Operation::Reply } else { Operation::Request },
                sender_hardware: Address(a),
                sender_protocol: b.into(),
                target_hardware: Address(c),
                target_protocol: d.into(),
            };
            let mut bytes = [0; LEN + 18];
            prop_assert_eq!(repr.emit(&mut bytes), LEN);
            prop_assert_eq!(Repr::parse(&bytes), Ok(repr));
            prop_assert_eq!(Repr::parse(&bytes[..LEN - 1]), Err(Malformed::Truncated));
            bytes[at] ^= 0x80;
            prop_assert!(Repr::parse(&bytes).is_err());
        }
    }
}
