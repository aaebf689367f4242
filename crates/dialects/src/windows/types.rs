//! The types of the headers: what WSAStartup fills in, and the time limit of select. Their fields have the names of the document.

#![allow(non_snake_case)]

use core::time::Duration;

use crate::process::SOCKETS_MAX;

/// How long a description may be, without its zero.
pub const WSADESCRIPTION_LEN: usize = 256;
/// How long a status may be, without its zero.
pub const WSASYS_STATUS_LEN: usize = 128;

/// The largest datagram that UDP over IPv4 carries; unit: octets.
const DATAGRAM_OCTETS_MAX: u16 = 65_507;

/// What WSAStartup tells of the library.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WSADATA {
    /// The version that the program is to use: minor in the high octet, major in the low one.
    pub wVersion: u16,
    /// The highest version that there is.
    pub wHighVersion: u16,
    /// What the library is, with a zero at its end.
    pub szDescription: [u8; WSADESCRIPTION_LEN + 1],
    /// How it is, with a zero at its end.
    pub szSystemStatus: [u8; WSASYS_STATUS_LEN + 1],
    /// How many sockets the process may have.
    pub iMaxSockets: u16,
    /// The largest datagram; unit: octets.
    pub iMaxUdpDg: u16,
}

impl Default for WSADATA {
    fn default() -> WSADATA {
        WSADATA {
            wVersion: 0,
            wHighVersion: 0,
            szDescription: [0; WSADESCRIPTION_LEN + 1],
            szSystemStatus: [0; WSASYS_STATUS_LEN + 1],
            iMaxSockets: 0,
            iMaxUdpDg: 0,
        }
    }
}

impl WSADATA {
    /// Fills in what is so for a version that was agreed on.
    pub(crate) fn fill(&mut self, agreed: (u8, u8), highest: (u8, u8)) {
        *self = WSADATA {
            wVersion: make_version(agreed),
            wHighVersion: make_version(highest),
            iMaxSockets: u16::try_from(SOCKETS_MAX).unwrap_or(u16::MAX),
            iMaxUdpDg: DATAGRAM_OCTETS_MAX,
            ..WSADATA::default()
        };
        put(&mut self.szDescription, b"synsent Windows Sockets");
        put(&mut self.szSystemStatus, b"Running");
    }
}

/// A span of time as select has it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct TimeVal {
    /// Whole seconds.
    pub tv_sec: i32,
    /// And microseconds.
    pub tv_usec: i32,
}

impl TimeVal {
    /// The span; `None` where it is none.
    pub(crate) fn span(self) -> Option<Duration> {
        let seconds = u64::try_from(self.tv_sec).ok()?;
        let micros = u64::try_from(self.tv_usec).ok()?;
        Some(Duration::from_secs(seconds) + Duration::from_micros(micros))
    }
}

/// A version as WSAStartup is asked for it: minor in the high octet, major in the low one.
const fn make_version((major, minor): (u8, u8)) -> u16 {
    u16::from_le_bytes([major, minor])
}

/// Major and minor of a version as WSAStartup is asked for it.
pub(crate) const fn read_version(version: u16) -> (u8, u8) {
    let [major, minor] = version.to_le_bytes();
    (major, minor)
}

fn put(room: &mut [u8], text: &[u8]) {
    // Both texts are shorter than their rooms, and the rest is zeroes already.
    for (place, octet) in room.iter_mut().zip(text) {
        *place = *octet;
    }
}
