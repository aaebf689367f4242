//! How the structures of `<winsock.h>` and `<winsock2.h>` lie in memory, read and written octet by octet.

use synsent_dialects::winsock2::{SOCKET, TimeVal, WSADATA};
use zerocopy::IntoBytes as _;

use crate::boundary::Foreign;

/// How many sockets a set can name; no process has more.
pub(crate) const SET_SOCKETS_MAX: u32 = 32_767;

/// Where the first socket of a set stands: behind the count, on the boundary of a pointer.
const SET_HEAD_OCTETS: usize = 8;

/// The size of a WSADATA where pointers have 64 bits; unit: octets.
pub(crate) const WSADATA_OCTETS: usize = 408;

/// Fills a WSADATA. Its pointer to what a vendor has to say is null: there is nothing.
pub(crate) fn wsadata(told: &WSADATA) -> [u8; WSADATA_OCTETS] {
    let mut octets = [0; WSADATA_OCTETS];
    octets[0..2].copy_from_slice(&told.wVersion.to_ne_bytes());
    octets[2..4].copy_from_slice(&told.wHighVersion.to_ne_bytes());
    octets[4..6].copy_from_slice(&told.iMaxSockets.to_ne_bytes());
    octets[6..8].copy_from_slice(&told.iMaxUdpDg.to_ne_bytes());
    octets[16..273].copy_from_slice(&told.szDescription);
    octets[273..402].copy_from_slice(&told.szSystemStatus);
    octets
}

/// A `struct timeval`: two numbers of 32 bits.
pub(crate) fn time_value(octets: [u8; 8]) -> TimeVal {
    let [sec, usec] = [0, 4].map(|at| i32::from_ne_bytes([octets[at], octets[at + 1], octets[at + 2], octets[at + 3]]));
    TimeVal { tv_sec: sec, tv_usec: usec }
}

/// The sockets of an `fd_set`: a count of 32 bits, and behind it as many sockets. `Ok(None)`: there is no set.
pub(crate) fn read_set(set: Foreign) -> Result<Option<Vec<SOCKET>>, BadSet> {
    if set.is_null() {
        return Ok(None);
    }
    let count = set.read(0).map(u32::from_ne_bytes).ok_or(BadSet::NotThere)?;
    if count > SET_SOCKETS_MAX {
        return Err(BadSet::TooMany);
    }
    let mut sockets = vec![0; count as usize];
    match set.read_into(SET_HEAD_OCTETS, sockets.as_mut_bytes()) {
        true => Ok(Some(sockets)),
        false => Err(BadSet::NotThere),
    }
}

/// Leaves these sockets in a set; false where it cannot be written.
pub(crate) fn write_set(set: Foreign, sockets: &[SOCKET]) -> bool {
    // No more come back than were read.
    set.write(0, &(sockets.len() as u32).to_ne_bytes()) && set.write(SET_HEAD_OCTETS, sockets.as_bytes())
}

/// What is wrong with a set.
pub(crate) enum BadSet {
    /// It cannot be read.
    NotThere,
    /// Its count is none that a set can have.
    TooMany,
}
