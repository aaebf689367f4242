//! The types of the headers: what WSAStartup fills in, and the time limit of select. Their fields have the names of the document.

#![allow(non_snake_case)]

use super::constants::{FD_SETSIZE, INVALID_SOCKET, SOCKET};
use crate::process::{Handle, SOCKETS_MAX};

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

/// A set of sockets for select.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FdSet {
    /// How many there are.
    pub fd_count: u32,
    /// Which; what lies beyond the count means nothing.
    pub fd_array: [SOCKET; FD_SETSIZE],
}

impl Default for FdSet {
    fn default() -> FdSet {
        FdSet { fd_count: 0, fd_array: [0; FD_SETSIZE] }
    }
}

impl FdSet {
    /// The sockets.
    pub fn sockets(&self) -> &[SOCKET] {
        let count = usize::try_from(self.fd_count).unwrap_or(FD_SETSIZE);
        &self.fd_array[..count.min(FD_SETSIZE)]
    }

    /// The handles of the sockets.
    pub(crate) fn handles(&self) -> Vec<Handle> {
        self.sockets().iter().map(|socket| handle(*socket)).collect()
    }

    /// Leaves only these, which stand in the set's own order.
    pub(crate) fn retain(&mut self, handles: &[Handle]) {
        let count = self.sockets().len();
        let mut left = 0;
        for at in 0..count {
            if handles.get(left).is_some_and(|next| *next == handle(self.fd_array[at])) {
                self.fd_array[left] = self.fd_array[at];
                left += 1;
            }
        }
        self.fd_count = left as u32;
    }
}

/// Empties a set.
pub fn FD_ZERO(set: &mut FdSet) {
    set.fd_count = 0;
}

/// Puts a socket into a set. One that is there already stays alone, and a set that is full stays as it is.
pub fn FD_SET(s: SOCKET, set: &mut FdSet) {
    let count = set.sockets().len();
    if count < FD_SETSIZE && !set.sockets().contains(&s) {
        set.fd_array[count] = s;
        set.fd_count = count as u32 + 1;
    }
}

/// Takes a socket out of a set.
pub fn FD_CLR(s: SOCKET, set: &mut FdSet) {
    let count = set.sockets().len();
    if let Some(place) = set.sockets().iter().position(|one| *one == s) {
        set.fd_array.copy_within(place + 1..count, place);
        set.fd_count = count as u32 - 1;
    }
}

/// Whether a socket is in a set.
pub fn FD_ISSET(s: SOCKET, set: &FdSet) -> bool {
    set.sockets().contains(&s)
}

/// A span of time as select has it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct TimeVal {
    /// Whole seconds.
    pub tv_sec: i32,
    /// And microseconds.
    pub tv_usec: i32,
}

/// The handle of a socket; [`INVALID_SOCKET`] is none.
pub(crate) fn handle(s: SOCKET) -> Handle {
    Handle::try_from(s).unwrap_or(-1)
}

/// The socket of a handle.
pub(crate) fn socket(handle: Handle) -> SOCKET {
    SOCKET::try_from(handle).unwrap_or(INVALID_SOCKET)
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
