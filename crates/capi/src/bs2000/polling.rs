//! select and poll over sockets and files.

use std::ffi::{c_int, c_ulong, c_void};

use synsent_dialects::bs2000::{self as it, PollFd};
use synsent_dialects::errno::{EFAULT, EINVAL};

use crate::boundary::Foreign;
use crate::posix::{reporting, sets};

/// How many entries poll looks at.
pub(super) const POLL_ENTRIES_MAX: u64 = 65_536;

/// An entry in memory: a number, what is asked, what is told.
const ENTRY_OCTETS: usize = 8;

#[unsafe(export_name = "synsent_bs2000_select")]
extern "C" fn select(
    nfds: c_int,
    read: *mut c_void,
    write: *mut c_void,
    except: *mut c_void,
    timeout: *const c_void,
) -> c_int {
    let sets = [read, write, except].map(|set| Foreign::new(set));
    reporting(it::errno, || {
        // A set has no more bits.
        let below = usize::try_from(nfds).ok().filter(|below| *below <= it::FD_SETSIZE).ok_or(EINVAL)?;
        sets::select(
            sets,
            Foreign::new(timeout),
            |set| sets::read_bits(set, below),
            |set, members| sets::write_bits(set, below, members),
            |lists, limit| it::select_handles(lists, limit.as_ref()),
        )
    })
}

#[unsafe(export_name = "synsent_bs2000_poll")]
extern "C" fn poll(entries: *mut c_void, count: c_ulong, timeout: c_int) -> c_int {
    let place = Foreign::new(entries);
    reporting(it::errno, || {
        let count = usize::try_from(count).ok().filter(|_| count <= POLL_ENTRIES_MAX).ok_or(EINVAL)?;
        let octets = match count {
            0 => Vec::new(),
            _ => place.read_many(0, count * ENTRY_OCTETS).ok_or(EFAULT)?,
        };
        let (entries, _) = octets.as_chunks();
        let mut entries: Vec<PollFd> = entries.iter().map(entry).collect();
        let told = it::poll(&mut entries, timeout);
        if told == -1 || entries.is_empty() {
            return Ok(told);
        }
        let octets: Vec<u8> = entries.iter().flat_map(laid_out).collect();
        if place.write(0, &octets) { Ok(told) } else { Err(EFAULT) }
    })
}

fn entry(octets: &[u8; ENTRY_OCTETS]) -> PollFd {
    let [a, b, c, d, e, f, ..] = *octets;
    PollFd { fd: i32::from_ne_bytes([a, b, c, d]), events: i16::from_ne_bytes([e, f]), revents: 0 }
}

fn laid_out(entry: &PollFd) -> [u8; ENTRY_OCTETS] {
    let mut octets = [0; ENTRY_OCTETS];
    octets[..4].copy_from_slice(&entry.fd.to_ne_bytes());
    octets[4..6].copy_from_slice(&entry.events.to_ne_bytes());
    octets[6..].copy_from_slice(&entry.revents.to_ne_bytes());
    octets
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::posix::errno;

    #[test]
    fn poll_looks_at_so_many_entries_and_no_more() {
        let nobody = laid_out(&PollFd { fd: -1, events: 0, revents: 0 });
        let mut entries = nobody.repeat(POLL_ENTRIES_MAX as usize + 1);
        let entries = entries.as_mut_ptr().cast();
        assert_eq!(poll(entries, POLL_ENTRIES_MAX, 0), 0);
        assert_eq!((poll(entries, POLL_ENTRIES_MAX + 1, 0), errno()), (-1, EINVAL));
        assert_eq!(poll(std::ptr::null_mut(), 0, 0), 0);
        assert_eq!((poll(std::ptr::null_mut(), 1, 0), errno()), (-1, EFAULT));
    }
}
