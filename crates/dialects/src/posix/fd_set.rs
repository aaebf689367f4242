//! The sets of handles and the span of time that select takes.

use crate::engine::select::Patience;
use crate::process::Handle;

/// How many handles a set holds.
pub const FD_SETSIZE: usize = 1024;

/// A set of handles: each at most once, [`FD_SETSIZE`] at most.
///
/// In C it is an array of bits, and a number beyond its end destroys what lies behind. Here the numbers themselves are kept, so
/// that handles without a small number can be in it too; for small ones there are bits beside them, to find them by.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct FdSet {
    handles: Vec<i32>,
    small: [u64; FD_SETSIZE / u64::BITS as usize],
}

/// Seconds and microseconds, as select takes them.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct TimeVal {
    /// Whole seconds.
    pub tv_sec: i64,
    /// What is left; unit: microseconds.
    pub tv_usec: i64,
}

impl FdSet {
    /// The empty set: `FD_ZERO`.
    pub const fn new() -> FdSet {
        FdSet { handles: Vec::new(), small: [0; FD_SETSIZE / u64::BITS as usize] }
    }

    /// Puts a handle into the set: `FD_SET`. Answers whether it is in it now; a full set stays as it is.
    pub fn set(&mut self, handle: i32) -> bool {
        if self.is_set(handle) {
            return true;
        }
        let has_room = self.handles.len() < FD_SETSIZE;
        if has_room {
            self.handles.push(handle);
            if let Some((word, bit)) = small_place(handle) {
                self.small[word] |= bit;
            }
        }
        has_room
    }

    /// Takes a handle out of the set: `FD_CLR`.
    pub fn clear(&mut self, handle: i32) {
        if let Some((word, bit)) = small_place(handle) {
            if self.small[word] & bit == 0 {
                return;
            }
            self.small[word] &= !bit;
        }
        self.handles.retain(|member| *member != handle);
    }

    /// Whether a handle is in the set: `FD_ISSET`.
    pub fn is_set(&self, handle: i32) -> bool {
        match small_place(handle) {
            Some((word, bit)) => self.small[word] & bit != 0,
            None => self.handles.contains(&handle),
        }
    }

    /// The handles in the order in which they came in.
    pub fn handles(&self) -> &[i32] {
        &self.handles
    }

    /// Calls `wait` with the members below `nfds` of each set, and keeps in the sets what it leaves in the lists. When it fails,
    /// the sets stay as they are.
    pub(crate) fn with_lists<E>(
        nfds: i32,
        sets: &mut [Option<&mut FdSet>; 3],
        wait: impl FnOnce([Option<&mut Vec<Handle>>; 3]) -> Result<i32, E>,
    ) -> Result<i32, E> {
        let mut lists = sets.each_ref().map(|set| set.as_ref().map(|set| set.below(nfds)));
        let ready = wait(lists.each_mut().map(Option::as_mut))?;
        for (set, list) in sets.iter_mut().zip(&lists) {
            if let (Some(set), Some(list)) = (set, list) {
                set.keep(list);
            }
        }
        Ok(ready)
    }

    /// The members that select looks at: those below `nfds`.
    fn below(&self, nfds: i32) -> Vec<Handle> {
        self.handles.iter().filter(|handle| **handle < nfds).map(|handle| (*handle).into()).collect()
    }

    /// Keeps the members that are ready, and no others.
    fn keep(&mut self, ready: &[Handle]) {
        let mut kept = FdSet::new();
        for handle in ready.iter().filter_map(|handle| i32::try_from(*handle).ok()) {
            kept.set(handle);
        }
        self.handles.retain(|handle| kept.is_set(*handle));
        self.small = kept.small;
    }
}

/// Where the bit of a small handle stands: the word, and the bit in it.
fn small_place(handle: i32) -> Option<(usize, u64)> {
    let number = usize::try_from(handle).ok().filter(|number| *number < FD_SETSIZE)?;
    Some((number / u64::BITS as usize, 1 << (number % u64::BITS as usize)))
}

impl TimeVal {
    /// How long a select waits with this limit.
    pub(crate) fn patience(limit: Option<&TimeVal>) -> Patience {
        Patience::of(limit.map(|time| (time.tv_sec, time.tv_usec)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_takes_no_more_than_its_size() {
        let mut set = FdSet::new();
        for handle in 0..FD_SETSIZE as i32 {
            assert!(set.set(handle));
        }
        assert!(!set.set(FD_SETSIZE as i32));
        assert!(set.set(5), "a handle that is in it already stays in it");
        set.clear(5);
        assert!(!set.is_set(5));
        assert!(set.set(FD_SETSIZE as i32));
    }

    #[test]
    fn small_and_large_handles_come_go_and_stay_in_their_order() {
        let (small, large) = (FD_SETSIZE as i32 - 1, FD_SETSIZE as i32);
        let mut set = FdSet::new();
        for handle in [large, 0, i32::MAX, small, 0, large] {
            assert!(set.set(handle));
        }
        assert_eq!(set.handles(), [large, 0, i32::MAX, small]);
        assert!(!set.is_set(-1) && !set.is_set(64));
        set.clear(0);
        set.clear(1);
        assert_eq!(set.handles(), [large, i32::MAX, small]);
        let told = FdSet::with_lists(i32::MAX, &mut [Some(&mut set), None, None], |[read, ..]| {
            read.unwrap().retain(|handle| *handle == i64::from(small));
            Ok::<_, ()>(1)
        });
        assert_eq!((told, set.handles()), (Ok(1), &[small][..]));
        assert!(set.is_set(small) && !set.is_set(large));
        let mut same = FdSet::new();
        same.set(small);
        assert_eq!(set, same);
    }
}
