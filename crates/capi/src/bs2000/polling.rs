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
/// Where what is told stands in it.
const REVENTS_AT: usize = 6;

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
        // What is asked stays the program's, whose other threads may change it meanwhile; and what is told already need not be written.
        let before = octets.as_chunks::<ENTRY_OCTETS>().0.iter();
        let mut news = before.zip(&entries).enumerate().filter(|(_, (before, entry))| !tells(before, entry));
        let is_told = news
            .all(|(number, (_, entry))| place.write(number * ENTRY_OCTETS + REVENTS_AT, &entry.revents.to_ne_bytes()));
        if is_told { Ok(told) } else { Err(EFAULT) }
    })
}

fn entry(octets: &[u8; ENTRY_OCTETS]) -> PollFd {
    let [a, b, c, d, e, f, ..] = *octets;
    PollFd { fd: i32::from_ne_bytes([a, b, c, d]), events: i16::from_ne_bytes([e, f]), revents: 0 }
}

/// Whether this is told in memory as it is.
fn tells(octets: &[u8; ENTRY_OCTETS], entry: &PollFd) -> bool {
    octets[REVENTS_AT..] == entry.revents.to_ne_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::posix::errno;

    #[test]
    fn poll_looks_at_so_many_entries_and_no_more() {
        let mut entries = [0xff_u8; ENTRY_OCTETS].repeat(POLL_ENTRIES_MAX as usize + 1);
        let entries = entries.as_mut_ptr().cast();
        assert_eq!(poll(entries, POLL_ENTRIES_MAX, 0), 0);
        assert_eq!((poll(entries, POLL_ENTRIES_MAX + 1, 0), errno()), (-1, EINVAL));
        assert_eq!(poll(std::ptr::null_mut(), 0, 0), 0);
        assert_eq!((poll(std::ptr::null_mut(), 1, 0), errno()), (-1, EFAULT));
    }

    #[test]
    fn poll_writes_what_it_tells_and_nothing_else() {
        let mut before = [0; ENTRY_OCTETS];
        before[..4].copy_from_slice(&i32::MAX.to_ne_bytes());
        // What is asked stands where nobody can write.
        let entry = crate::boundary::across_a_wall(&before, REVENTS_AT);
        assert_eq!(poll(entry, 1, 0), 1);
        let after: [u8; ENTRY_OCTETS] = Foreign::new(entry).read(0).unwrap();
        assert_eq!(
            (&after[..REVENTS_AT], &after[REVENTS_AT..]),
            (&before[..REVENTS_AT], &libc::POLLNVAL.to_ne_bytes()[..])
        );
    }
}
