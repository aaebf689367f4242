//! WSAPoll.

use std::ffi::c_void;

use synsent_dialects::winsock2::{self as it, POLL_ENTRIES_MAX, SOCKET, WSAPOLLFD};

use super::failed;
use crate::boundary::{Foreign, call};

/// The size of an entry: a socket, what is asked, what is so, and four octets of nothing; unit: octets.
const ENTRY_OCTETS: usize = 16;
/// Where what is asked stands.
const EVENTS_AT: usize = 8;
/// Where what is so stands.
const REVENTS_AT: usize = 10;

#[unsafe(export_name = "synsent_winsock2_WSAPoll")]
extern "C" fn wsa_poll(entries: *mut c_void, count: u32, timeout: i32) -> i32 {
    call(failed, || {
        let place = Foreign::new(entries);
        if count == 0 || count > POLL_ENTRIES_MAX {
            return it::WSAPoll(Some(&mut []), count, timeout);
        }
        let octets = place.read_many(0, count as usize * ENTRY_OCTETS);
        let Some(octets) = octets else { return it::WSAPoll(None, count, timeout) };
        let mut polled: Vec<WSAPOLLFD> = octets.as_chunks().0.iter().map(entry).collect();
        let result = it::WSAPoll(Some(&mut polled), count, timeout);
        if result < 0 {
            return result;
        }
        let mut octets = octets;
        for (octets, entry) in octets.as_chunks_mut::<ENTRY_OCTETS>().0.iter_mut().zip(&polled) {
            octets[REVENTS_AT..][..2].copy_from_slice(&entry.revents.to_ne_bytes());
        }
        if place.write(0, &octets) { result } else { super::bad_pointer() }
    })
}

fn entry(octets: &[u8; ENTRY_OCTETS]) -> WSAPOLLFD {
    let [a, b, c, d, e, f, g, h, low, high, ..] = *octets;
    let fd = SOCKET::from_ne_bytes([a, b, c, d, e, f, g, h]);
    WSAPOLLFD { fd, events: i16::from_ne_bytes([low, high]), revents: 0 }
}

const _: () = assert!(EVENTS_AT + 2 == REVENTS_AT && size_of::<SOCKET>() == EVENTS_AT);
