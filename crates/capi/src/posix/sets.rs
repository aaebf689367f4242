//! The sets and the time that `select` takes, as they lie in C's memory.
//!
//! SOCKETS(POSIX) has the host's `fd_set`, an array of bits. The handles of TargetTCP are no small numbers, so the set of its header
//! is a count and as many handles.

use synsent_dialects::Handle;
use synsent_dialects::bs2000::TimeVal;
use synsent_dialects::errno::{EFAULT, EINVAL};

use crate::boundary::Foreign;

/// How many handles a set of TargetTCP can name; no process has more.
pub(crate) const LISTED_HANDLES_MAX: u32 = 32_767;

/// The bits of a word of an `fd_set`, and its octets.
const WORD_BITS: usize = u64::BITS as usize;
const WORD_OCTETS: usize = size_of::<u64>();
/// The count before the handles of a set of TargetTCP, and each of them.
const HANDLE_OCTETS: usize = size_of::<i32>();

/// The set cannot be read or written, or its count is none that a set can have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BadSet {
    NotThere,
    TooMany,
}

impl BadSet {
    /// What the documents' systems say of it.
    pub(crate) fn number(self) -> i32 {
        match self {
            BadSet::NotThere => EFAULT,
            BadSet::TooMany => EINVAL,
        }
    }
}

/// Waits by `wait` with the sets that `read` finds, and leaves in them by `write` what is ready.
pub(crate) fn select(
    places: [Foreign; 3],
    timeout: Foreign,
    read: impl Fn(Foreign) -> Result<Option<Vec<Handle>>, BadSet>,
    write: impl Fn(Foreign, &[Handle]) -> bool,
    wait: impl FnOnce([Option<&mut Vec<Handle>>; 3], Option<TimeVal>) -> i32,
) -> Result<i32, i32> {
    let limit = time(timeout).map_err(BadSet::number)?;
    let mut lists = [const { None }; 3];
    for (list, place) in lists.iter_mut().zip(places) {
        *list = read(place).map_err(BadSet::number)?;
    }
    let ready = wait(lists.each_mut().map(Option::as_mut), limit);
    if ready == -1 {
        return Ok(ready);
    }
    let mut sets = places.iter().zip(&lists);
    match sets.all(|(place, list)| list.as_ref().is_none_or(|list| write(*place, list))) {
        true => Ok(ready),
        false => Err(BadSet::NotThere.number()),
    }
}

/// A `struct timeval`: `Ok(None)` where there is none.
pub(crate) fn time(place: Foreign) -> Result<Option<TimeVal>, BadSet> {
    if place.is_null() {
        return Ok(None);
    }
    let [seconds, micros] = [0, 8].map(|at| place.read(at).map(i64::from_ne_bytes));
    let time = seconds.zip(micros).map(|(tv_sec, tv_usec)| TimeVal { tv_sec, tv_usec });
    time.map(Some).ok_or(BadSet::NotThere)
}

/// The members of a set of bits that are below the limit. `Ok(None)`: there is no set.
pub(crate) fn read_bits(set: Foreign, below: usize) -> Result<Option<Vec<Handle>>, BadSet> {
    if set.is_null() {
        return Ok(None);
    }
    let octets = set.read_many(0, below.div_ceil(WORD_BITS) * WORD_OCTETS).ok_or(BadSet::NotThere)?;
    let (words, _) = octets.as_chunks();
    let mut members = Vec::new();
    for (place, word) in words.iter().enumerate() {
        let mut word = u64::from_ne_bytes(*word);
        while word != 0 {
            let member = place * WORD_BITS + word.trailing_zeros() as usize;
            word &= word - 1;
            if member < below {
                members.push(member as Handle);
            }
        }
    }
    Ok(Some(members))
}

/// Leaves these members in a set of bits, and none else below the limit; what a set has beyond its words below the limit stays.
pub(crate) fn write_bits(set: Foreign, below: usize, members: &[Handle]) -> bool {
    let mut octets = vec![0; below.div_ceil(WORD_BITS) * WORD_OCTETS];
    let (words, _) = octets.as_chunks_mut::<WORD_OCTETS>();
    for member in members.iter().filter_map(|member| usize::try_from(*member).ok()) {
        if let Some(word) = words.get_mut(member / WORD_BITS) {
            *word = (u64::from_ne_bytes(*word) | 1 << (member % WORD_BITS)).to_ne_bytes();
        }
    }
    set.write(0, &octets)
}

/// The members of a counted set that are below the limit. `Ok(None)`: there is no set.
pub(crate) fn read_list(set: Foreign, below: i32) -> Result<Option<Vec<Handle>>, BadSet> {
    if set.is_null() {
        return Ok(None);
    }
    let count = set.read(0).map(u32::from_ne_bytes).ok_or(BadSet::NotThere)?;
    if count > LISTED_HANDLES_MAX {
        return Err(BadSet::TooMany);
    }
    let octets = set.read_many(HANDLE_OCTETS, count as usize * HANDLE_OCTETS).ok_or(BadSet::NotThere)?;
    let (handles, _) = octets.as_chunks();
    let handles = handles.iter().map(|handle| i32::from_ne_bytes(*handle));
    Ok(Some(handles.filter(|handle| *handle < below).map(Handle::from).collect()))
}

/// Leaves these members in a counted set.
pub(crate) fn write_list(set: Foreign, members: &[Handle]) -> bool {
    // No more come back than were read, and they were an `int` each.
    let octets: Vec<u8> = members.iter().flat_map(|member| (*member as i32).to_ne_bytes()).collect();
    set.write(0, &(members.len() as u32).to_ne_bytes()) && set.write(HANDLE_OCTETS, &octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_and_go_below_the_limit_alone() {
        let mut words = [0b1001_u64, 1 << 63, u64::MAX];
        let set = Foreign::new(words.as_mut_ptr());
        assert_eq!(read_bits(set, 128), Ok(Some(vec![0, 3, 127])));
        assert_eq!(read_bits(set, 3), Ok(Some(vec![0])));
        assert_eq!(read_bits(set, 0), Ok(Some(vec![])));
        assert!(write_bits(set, 70, &[3, 64]));
        assert_eq!(words, [0b1000, 1, u64::MAX]);
    }

    #[test]
    fn a_list_keeps_what_is_below_the_limit() {
        let mut list = [3, 4, 400, 8, -1];
        let set = Foreign::new(list.as_mut_ptr());
        assert_eq!(read_list(set, 9), Ok(Some(vec![4, 8])));
        assert!(write_list(set, &[8]));
        assert_eq!(list, [1, 8, 400, 8, -1]);
    }

    #[test]
    fn a_list_of_more_handles_than_there_are_is_refused() {
        let mut list = vec![0_i32; LISTED_HANDLES_MAX as usize + 2];
        list[0] = LISTED_HANDLES_MAX as i32;
        assert_eq!(read_list(Foreign::new(list.as_ptr()), 1).unwrap().unwrap().len(), LISTED_HANDLES_MAX as usize);
        list[0] += 1;
        assert_eq!(read_list(Foreign::new(list.as_ptr()), 1), Err(BadSet::TooMany));
    }

    #[test]
    fn no_set_is_no_set_and_a_wild_one_is_told() {
        let wild = Foreign::new(synsent_host::unmapped_page().unwrap() as *const u8);
        let null = Foreign::new(std::ptr::null::<u8>());
        assert_eq!((read_bits(null, 64), read_list(null, 64), time(null)), (Ok(None), Ok(None), Ok(None)));
        assert_eq!((read_bits(wild, 64), read_list(wild, 64)), (Err(BadSet::NotThere), Err(BadSet::NotThere)));
        assert_eq!(time(wild), Err(BadSet::NotThere));
    }
}
