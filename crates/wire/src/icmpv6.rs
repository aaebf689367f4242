//! ICMPv6 (RFC 4443), which also carries neighbour discovery ([`crate::ndp`]) and group management ([`crate::mld`]).
//!
//! The checksum covers the addresses, so that parsing and emitting need them. That discovery messages come with a hop
//! limit of 255 is for the caller to see.

use crate::Malformed;
use crate::checksum;
use crate::ip::Protocol;
use crate::{mld, ndp};
use core::net::Ipv6Addr;

/// The length of the header of errors and echoes, the four octets that depend on the type included.
pub const HEADER_LEN: usize = 8;

const DESTINATION_UNREACHABLE: u8 = 1;
const PACKET_TOO_BIG: u8 = 2;
const TIME_EXCEEDED: u8 = 3;
const PARAMETER_PROBLEM: u8 = 4;
const ECHO_REQUEST: u8 = 128;
const ECHO_REPLY: u8 = 129;

/// The octets in front of what depends on the type.
const COMMON_LEN: usize = 4;

/// Codes of Destination Unreachable.
pub mod unreachable {
    /// There is no route.
    pub const NO_ROUTE: u8 = 0;
    /// Communication is prohibited by an administrator.
    pub const PROHIBITED: u8 = 1;
    /// The destination is beyond the scope of the source address.
    pub const BEYOND_SCOPE: u8 = 2;
    /// The address cannot be reached.
    pub const ADDRESS: u8 = 3;
    /// Nobody listens on the port.
    pub const PORT: u8 = 4;
    /// The source address failed a policy.
    pub const SOURCE_POLICY: u8 = 5;
    /// The route rejects.
    pub const REJECT_ROUTE: u8 = 6;
}

/// Codes of Time Exceeded.
pub mod time_exceeded {
    /// The hop limit ran out on the way.
    pub const IN_TRANSIT: u8 = 0;
    /// Not all fragments came in time.
    pub const REASSEMBLY: u8 = 1;
}

/// Codes of Parameter Problem.
pub mod parameter_problem {
    /// A header field makes no sense.
    pub const HEADER_FIELD: u8 = 0;
    /// The type of the next header is unknown.
    pub const NEXT_HEADER: u8 = 1;
    /// An option is unknown.
    pub const OPTION: u8 = 2;
    /// The first fragment does not hold all headers.
    pub const INCOMPLETE_CHAIN: u8 = 3;
}

/// An ICMPv6 message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Repr<'a> {
    /// The packet did not arrive.
    DestinationUnreachable {
        /// Why: see [`mod@unreachable`].
        code: u8,
        /// The head of the packet.
        quoted: &'a [u8],
    },
    /// The packet is larger than the next link takes.
    PacketTooBig {
        /// What the link takes.
        mtu: u32,
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
    /// A header makes no sense.
    ParameterProblem {
        /// What kind of sense: see [`parameter_problem`].
        code: u8,
        /// The octet of the quoted packet that is wrong.
        pointer: u32,
        /// The head of the packet.
        quoted: &'a [u8],
    },
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
    /// Neighbour discovery.
    Ndp(ndp::Repr<'a>),
    /// Group management.
    Mld(mld::Repr<'a>),
    /// A type that is not spoken here.
    Unknown {
        /// The type; below 128 it is an error.
        kind: u8,
        /// The code.
        code: u8,
        /// What follows the checksum.
        body: &'a [u8],
    },
}

impl<'a> Repr<'a> {
    /// Reads a message and verifies its checksum.
    pub fn parse(bytes: &'a [u8], source: Ipv6Addr, destination: Ipv6Addr) -> Result<Repr<'a>, Malformed> {
        let (&[kind, code, _, _], body) = bytes.split_first_chunk().ok_or(Malformed::Truncated)?;
        if !pseudo_header(source, destination, bytes.len()).add_bytes(bytes).is_valid() {
            return Err(Malformed::BadChecksum);
        }
        if ndp::is_ndp(kind) {
            return ndp::Repr::parse(kind, code, body).map(Repr::Ndp);
        }
        if mld::is_mld(kind) {
            return mld::Repr::parse(kind, body).map(Repr::Mld);
        }
        let is_error = matches!(kind, DESTINATION_UNREACHABLE..=PARAMETER_PROBLEM);
        let is_echo = matches!((kind, code), (ECHO_REQUEST | ECHO_REPLY, 0));
        if !(is_error || is_echo) {
            return Ok(Repr::Unknown { kind, code, body });
        }
        let (fields, rest) = body.split_first_chunk::<4>().ok_or(Malformed::Truncated)?;
        let word = u32::from_be_bytes(*fields);
        let (ident, seq) = ((word >> 16) as u16, word as u16);
        Ok(match kind {
            DESTINATION_UNREACHABLE => Repr::DestinationUnreachable { code, quoted: rest },
            PACKET_TOO_BIG => Repr::PacketTooBig { mtu: word, quoted: rest },
            TIME_EXCEEDED => Repr::TimeExceeded { code, quoted: rest },
            PARAMETER_PROBLEM => Repr::ParameterProblem { code, pointer: word, quoted: rest },
            ECHO_REQUEST => Repr::EchoRequest { ident, seq, data: rest },
            _ => Repr::EchoReply { ident, seq, data: rest },
        })
    }

    /// The message is an error, about which no error may be sent.
    #[inline]
    pub const fn is_error(&self) -> bool {
        match self {
            Repr::DestinationUnreachable { .. }
            | Repr::PacketTooBig { .. }
            | Repr::TimeExceeded { .. }
            | Repr::ParameterProblem { .. } => true,
            Repr::EchoRequest { .. } | Repr::EchoReply { .. } | Repr::Ndp(_) | Repr::Mld(_) => false,
            Repr::Unknown { kind, .. } => *kind < 128,
        }
    }

    /// The octets that `emit` writes.
    #[expect(clippy::len_without_is_empty, reason = "a message always has its header")]
    pub fn len(&self) -> usize {
        match self {
            Repr::DestinationUnreachable { quoted: data, .. }
            | Repr::PacketTooBig { quoted: data, .. }
            | Repr::TimeExceeded { quoted: data, .. }
            | Repr::ParameterProblem { quoted: data, .. }
            | Repr::EchoRequest { data, .. }
            | Repr::EchoReply { data, .. } => HEADER_LEN + data.len(),
            Repr::Ndp(ndp) => COMMON_LEN + ndp.body_len(),
            Repr::Mld(mld) => COMMON_LEN + mld.body_len(),
            Repr::Unknown { body, .. } => COMMON_LEN + body.len(),
        }
    }

    /// Writes the message with its checksum and returns its length.
    ///
    /// # Panics
    /// When `buf` is shorter than [`Repr::len`].
    pub fn emit(&self, source: Ipv6Addr, destination: Ipv6Addr, buf: &mut [u8]) -> usize {
        let len = self.len();
        let (common, body) = buf[..len].split_at_mut(COMMON_LEN);
        let (kind, code) = self.emit_body(body);
        common.copy_from_slice(&[kind, code, 0, 0]);
        let sum = pseudo_header(source, destination, len).add_bytes(&buf[..len]);
        buf[2..4].copy_from_slice(&sum.finish().to_be_bytes());
        len
    }

    /// Writes what follows the checksum and returns type and code.
    fn emit_body(&self, body: &mut [u8]) -> (u8, u8) {
        let (kind, code, word, data) = match *self {
            Repr::DestinationUnreachable { code, quoted } => (DESTINATION_UNREACHABLE, code, 0, quoted),
            Repr::PacketTooBig { mtu, quoted } => (PACKET_TOO_BIG, 0, mtu, quoted),
            Repr::TimeExceeded { code, quoted } => (TIME_EXCEEDED, code, 0, quoted),
            Repr::ParameterProblem { code, pointer, quoted } => (PARAMETER_PROBLEM, code, pointer, quoted),
            Repr::EchoRequest { ident, seq, data } => (ECHO_REQUEST, 0, pair(ident, seq), data),
            Repr::EchoReply { ident, seq, data } => (ECHO_REPLY, 0, pair(ident, seq), data),
            Repr::Ndp(ndp) => return (ndp.emit_body(body), 0),
            Repr::Mld(mld) => return (mld.emit_body(body), 0),
            Repr::Unknown { kind, code, body: bytes } => {
                body.copy_from_slice(bytes);
                return (kind, code);
            }
        };
        body[..4].copy_from_slice(&word.to_be_bytes());
        body[4..].copy_from_slice(data);
        (kind, code)
    }
}

fn pair(first: u16, second: u16) -> u32 {
    u32::from(first) << 16 | u32::from(second)
}

fn pseudo_header(source: Ipv6Addr, destination: Ipv6Addr, len: usize) -> checksum::Sum {
    checksum::pseudo_header(source.into(), destination.into(), Protocol::ICMPV6.0, len as u32)
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use proptest::prelude::*;
    use std::vec;

    const SOURCE: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
    const DESTINATION: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);

    proptest! {
        #[test]
        fn what_is_emitted_parses_to_itself(
            which in 0u8..7, code in 0u8..8, word: u32,
            data in proptest::collection::vec(any::<u8>(), 0..100), flip: prop::sample::Index,
        ) {
            let (data, ident, seq) = (&data[..], (word >> 16) as u16, word as u16);
            let repr = match which {
                0 => Repr::DestinationUnreachable { code, quoted: data },
                1 => Repr::PacketTooBig { mtu: word, quoted: data },
                2 => Repr::TimeExceeded { code, quoted: data },
                3 => Repr::ParameterProblem { code, pointer: word, quoted: data },
                4 => Repr::EchoRequest { ident, seq, data },
                5 => Repr::EchoReply { ident, seq, data },
                _ => Repr::Unknown { kind: 200, code, body: data },
            };
            let mut bytes = vec![0; repr.len()];
            prop_assert_eq!(repr.emit(SOURCE, DESTINATION, &mut bytes), bytes.len());
            prop_assert_eq!(Repr::parse(&bytes, SOURCE, DESTINATION), Ok(repr));
            let bit = flip.index(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(Repr::parse(&bytes, SOURCE, DESTINATION), Err(Malformed::BadChecksum));
        }

        #[test]
        fn any_message_that_parses_is_emitted_with_its_meaning(
            kind in prop_oneof![0u8..6, 128u8..145, any::<u8>()], code in 0u8..2,
            body in proptest::collection::vec(prop_oneof![0u8..6, any::<u8>()], 0..120),
        ) {
            let mut message = vec![kind, code, 0, 0];
            message.extend(body);
            let sum = pseudo_header(SOURCE, DESTINATION, message.len()).add_bytes(&message);
            message[2..4].copy_from_slice(&sum.finish().to_be_bytes());
            if let Ok(repr) = Repr::parse(&message, SOURCE, DESTINATION) {
                let mut again = vec![0; repr.len()];
                repr.emit(SOURCE, DESTINATION, &mut again);
                prop_assert_eq!(Repr::parse(&again, SOURCE, DESTINATION), Ok(repr));
            }
        }
    }
}
