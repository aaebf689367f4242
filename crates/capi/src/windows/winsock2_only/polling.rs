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
        // What is asked stays the program's, whose other threads may change it meanwhile; and what is told already need not be written.
        let before = octets.as_chunks::<ENTRY_OCTETS>().0.iter();
        let mut news = before.zip(&polled).enumerate().filter(|(_, (before, entry))| !tells(before, entry));
        let is_told = news
            .all(|(number, (_, entry))| place.write(number * ENTRY_OCTETS + REVENTS_AT, &entry.revents.to_ne_bytes()));
        if is_told { result } else { super::bad_pointer() }
    })
}

fn entry(octets: &[u8; ENTRY_OCTETS]) -> WSAPOLLFD {
    let [a, b, c, d, e, f, g, h, low, high, ..] = *octets;
    let fd = SOCKET::from_ne_bytes([a, b, c, d, e, f, g, h]);
    WSAPOLLFD { fd, events: i16::from_ne_bytes([low, high]), revents: 0 }
}

/// Whether this is told in memory as it is.
fn tells(octets: &[u8; ENTRY_OCTETS], entry: &WSAPOLLFD) -> bool {
    octets[REVENTS_AT..][..2] == entry.revents.to_ne_bytes()
}

const _: () = assert!(EVENTS_AT + 2 == REVENTS_AT && size_of::<SOCKET>() == EVENTS_AT);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_written_and_nothing_else() {
        crate::network::start();
        assert_eq!(it::WSAStartup(0x0202, Some(&mut it::WSADATA::default())), 0);
        let mut before = [0; ENTRY_OCTETS];
        before[..EVENTS_AT].copy_from_slice(&0x7777_usize.to_ne_bytes());
        // What is asked stands where nobody can write.
        let entry = crate::boundary::across_a_wall(&before, REVENTS_AT);
        assert_eq!(wsa_poll(entry, 1, 0), 1);
        let after: [u8; ENTRY_OCTETS] = Foreign::new(entry).read(0).unwrap();
        assert_eq!(after[..REVENTS_AT], before[..REVENTS_AT]);
        assert_eq!(after[REVENTS_AT..][..2], it::POLLNVAL.to_ne_bytes());
        it::WSACleanup();
    }
}
