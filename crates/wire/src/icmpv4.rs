//! ICMP for IPv4 (RFC 792, RFC 1191).
//!
//! Parsing verifies the checksum; emitting computes it. Errors quote the head of the packet that they are about: those
//! octets come from the network like all others and are read with [`crate::ipv4::View::parse_quoted`].

use crate::Malformed;
use crate::checksum;
use core::net::Ipv4Addr;

/// The length of the header, the four octets that depend on the type included.
pub const HEADER_LEN: usize = 8;

const ECHO_REPLY: u8 = 0;
const DESTINATION_UNREACHABLE: u8 = 3;
const SOURCE_QUENCH: u8 = 4;
const REDIRECT: u8 = 5;
const ECHO_REQUEST: u8 = 8;
const TIME_EXCEEDED: u8 = 11;
const PARAMETER_PROBLEM: u8 = 12;

/// Codes of Destination Unreachable.
pub mod unreachable {
    /// The network cannot be reached.
    pub const NET: u8 = 0;
    /// The host cannot be reached.
    pub const HOST: u8 = 1;
    /// The host does not speak the protocol.
    pub const PROTOCOL: u8 = 2;
    /// Nobody listens on the port.
    pub const PORT: u8 = 3;
    /// The packet is too large and must not be fragmented.
    pub const FRAGMENTATION_NEEDED: u8 = 4;
    /// The source route failed.
    pub const SOURCE_ROUTE_FAILED: u8 = 5;
    /// The network is unknown.
    pub const NET_UNKNOWN: u8 = 6;
    /// The host is unknown.
    pub const HOST_UNKNOWN: u8 = 7;
    /// The source host is isolated.
    pub const SOURCE_ISOLATED: u8 = 8;
    /// The network is prohibited by an administrator.
    pub const NET_PROHIBITED: u8 = 9;
    /// The host is prohibited by an administrator.
    pub const HOST_PROHIBITED: u8 = 10;
    /// The network cannot be reached for this type of service.
    pub const NET_SERVICE: u8 = 11;
    /// The host cannot be reached for this type of service.
    pub const HOST_SERVICE: u8 = 12;
    /// Communication is prohibited by an administrator.
    pub const PROHIBITED: u8 = 13;
    /// The host violates the order of precedence.
    pub const PRECEDENCE_VIOLATION: u8 = 14;
    /// The precedence is below the minimum.
    pub const PRECEDENCE_CUTOFF: u8 = 15;
}

/// Codes of Time Exceeded.
pub mod time_exceeded {
    /// The TTL ran out on the way.
    pub const IN_TRANSIT: u8 = 0;
    /// Not all fragments came in time.
    pub const REASSEMBLY: u8 = 1;
}

/// Codes of Parameter Problem.
pub mod parameter_problem {
    /// The pointer shows where the error is.
    pub const POINTER: u8 = 0;
    /// A required option is missing.
    pub const OPTION_MISSING: u8 = 1;
    /// A length is bad.
    pub const BAD_LENGTH: u8 = 2;
}

/// Codes of Redirect.
pub mod redirect {
    /// For the network.
    pub const NET: u8 = 0;
    /// For the host.
    pub const HOST: u8 = 1;
}

/// An ICMP message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Repr<'a> {
    /// Are you there?
    EchoRequest {
        /// Whose question it is.
        ident: u16,
        /// Which of their questions.
        seq: u16,
        /// What is to come back.
        data: &'a [u8],
    },
    /// Yes.
    EchoReply {
        /// That of the request.
        ident: u16,
        /// That of the request.
        seq: u16,
        /// That of the request.
        data: &'a [u8],
    },
    /// The packet did not arrive.
    DestinationUnreachable {
        /// Why: see [`mod@unreachable`].
        code: u8,
        /// What fits, with code [`FRAGMENTATION_NEEDED`](unreachable::FRAGMENTATION_NEEDED); zero from routers before RFC 1191 and with
        /// every other code.
        next_hop_mtu: u16,
        /// The head of the packet.
        quoted: &'a [u8],
    },
    /// Send slower; nothing acts on it any more (RFC 6633).
    SourceQuench {
        /// The head of the packet.
        quoted: &'a [u8],
    },
    /// There is a shorter way.
    Redirect {
        /// For what: see [`redirect`].
        code: u8,
        /// The router to use.
        gateway: Ipv4Addr,
        /// The head of the packet.
        quoted: &'a [u8],
    },
    /// The packet, or the rest of it, took too long.
    TimeExceeded {
        /// Where: see [`time_exceeded`].
        code: u8,
        /// The head of the packet.
        quoted: &'a [u8],
    },
    /// The header makes no sense.
    ParameterProblem {
        /// See [`parameter_problem`].
        code: u8,
        /// The octet of the quoted packet that is wrong.
        pointer: u8,
        /// The head of the packet.
        quoted: &'a [u8],
    },
    /// A type that is not spoken here.
    Unknown {
        /// The type.
        kind: u8,
        /// The code.
        code: u8,
        /// The four octets of the header that depend on the type.
        fields: [u8; 4],
        /// What follows the header.
        data: &'a [u8],
    },
}

impl<'a> Repr<'a> {
    /// Reads a message and verifies its checksum.
    pub fn parse(bytes: &'a [u8]) -> Result<Repr<'a>, Malformed> {
        let (&[kind, code, _, _, a, b, c, d], rest) = bytes.split_first_chunk().ok_or(Malformed::Truncated)?;
        if !checksum::sum(bytes).is_valid() {
            return Err(Malformed::BadChecksum);
        }
        let (first, second) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        Ok(match (kind, code) {
            (ECHO_REQUEST, 0) => Repr::EchoRequest { ident: first, seq: second, data: rest },
            (ECHO_REPLY, 0) => Repr::EchoReply { ident: first, seq: second, data: rest },
            (DESTINATION_UNREACHABLE, _) => {
                let next_hop_mtu = if code == unreachable::FRAGMENTATION_NEEDED { second } else { 0 };
                Repr::DestinationUnreachable { code, next_hop_mtu, quoted: rest }
            }
            (SOURCE_QUENCH, 0) => Repr::SourceQuench { quoted: rest },
            (REDIRECT, _) => Repr::Redirect { code, gateway: Ipv4Addr::new(a, b, c, d), quoted: rest },
            (TIME_EXCEEDED, _) => Repr::TimeExceeded { code, quoted: rest },
            (PARAMETER_PROBLEM, _) => Repr::ParameterProblem { code, pointer: a, quoted: rest },
            _ => Repr::Unknown { kind, code, fields: [a, b, c, d], data: rest },
        })
    }

    /// The message is an error, about which no error may be sent.
    #[inline]
    pub const fn is_error(&self) -> bool {
        match self {
            Repr::DestinationUnreachable { .. }
            | Repr::SourceQuench { .. }
            | Repr::Redirect { .. }
            | Repr::TimeExceeded { .. }
            | Repr::ParameterProblem { .. } => true,
            Repr::EchoRequest { .. } | Repr::EchoReply { .. } | Repr::Unknown { .. } => false,
        }
    }

    /// The octets that `emit` writes.
    #[inline]
    #[expect(clippy::len_without_is_empty, reason = "a message always has its header")]
    pub fn len(&self) -> usize {
        HEADER_LEN + self.parts().3.len()
    }

    /// Writes the message with its checksum and returns its length.
    ///
    /// # Panics
    /// When `buf` is shorter than [`Repr::len`].
    pub fn emit(&self, buf: &mut [u8]) -> usize {
        let (kind, code, fields, data) = self.parts();
        let len = HEADER_LEN + data.len();
        let (header, body) = buf[..len].split_at_mut(HEADER_LEN);
        let [a, b, c, d] = fields;
        header.copy_from_slice(&[kind, code, 0, 0, a, b, c, d]);
        let sum = checksum::sum(header).add_sum(checksum::copy_and_sum(body, data));
        header[2..4].copy_from_slice(&sum.finish().to_be_bytes());
        len
    }

    /// Type, code, the four octets that depend on the type, and what follows.
    fn parts(&self) -> (u8, u8, [u8; 4], &'a [u8]) {
        match *self {
            Repr::EchoRequest { ident, seq, data } => (ECHO_REQUEST, 0, pair(ident, seq), data),
            Repr::EchoReply { ident, seq, data } => (ECHO_REPLY, 0, pair(ident, seq), data),
            Repr::DestinationUnreachable { code, next_hop_mtu, quoted } => {
                let mtu = if code == unreachable::FRAGMENTATION_NEEDED { next_hop_mtu } else { 0 };
                (DESTINATION_UNREACHABLE, code, pair(0, mtu), quoted)
            }
            Repr::SourceQuench { quoted } => (SOURCE_QUENCH, 0, [0; 4], quoted),
            Repr::Redirect { code, gateway, quoted } => (REDIRECT, code, gateway.octets(), quoted),
            Repr::TimeExceeded { code, quoted } => (TIME_EXCEEDED, code, [0; 4], quoted),
            Repr::ParameterProblem { code, pointer, quoted } => (PARAMETER_PROBLEM, code, [pointer, 0, 0, 0], quoted),
            Repr::Unknown { kind, code, fields, data } => (kind, code, fields, data),
        }
    }
}

fn pair(first: u16, second: u16) -> [u8; 4] {
    (u32::from(first) << 16 | u32::from(second)).to_be_bytes()
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use proptest::prelude::*;
    use std::vec;

    proptest! {
        #[test]
        fn what_is_emitted_parses_to_itself(
            which in 0u8..8, code in 0u8..16, first: u16, second: u16,
            data in proptest::collection::vec(any::<u8>(), 0..100), flip: prop::sample::Index,
        ) {
            let data = &data[..];
            let repr = match which {
                0 => Repr::EchoRequest { ident: first, seq: second, data },
                1 => Repr::EchoReply { ident: first, seq: second, data },
                2 => Repr::DestinationUnreachable {
                    code, next_hop_mtu: if code == 4 { second } else { 0 }, quoted: data,
                },
                3 => Repr::SourceQuench { quoted: data },
                4 => Repr::Redirect { code, gateway: Ipv4Addr::from_bits(u32::from(first) << 16), quoted: data },
                5 => Repr::TimeExceeded { code, quoted: data },
                6 => Repr::ParameterProblem { code, pointer: first as u8, quoted: data },
                _ => Repr::Unknown { kind: 13, code, fields: pair(first, second), data },
            };
            let mut bytes = vec![0; repr.len()];
            prop_assert_eq!(repr.emit(&mut bytes), bytes.len());
            prop_assert_eq!(Repr::parse(&bytes), Ok(repr));
            let bit = flip.index(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(Repr::parse(&bytes), Err(Malformed::BadChecksum));
        }

        #[test]
        fn any_message_that_parses_is_emitted_with_its_meaning(
            kind in 0u8..20, code: u8, bytes in proptest::collection::vec(any::<u8>(), 6..60),
        ) {
            let mut message = vec![kind, code, 0, 0];
            message.extend(&bytes[2..]);
            let checksum = checksum::sum(&message).finish();
            message[2..4].copy_from_slice(&checksum.to_be_bytes());
            if let Ok(repr) = Repr::parse(&message) {
                let mut again = vec![0; repr.len()];
                repr.emit(&mut again);
                prop_assert_eq!(Repr::parse(&again), Ok(repr));
            }
        }
    }

    #[test]
    fn seven_octets_are_no_message() {
        assert_eq!(Repr::parse(&[0; 7]), Err(Malformed::Truncated));
    }
}
