//! What TargetTCP and SOCKETS(POSIX) share: the entries made once for each, and `errno`.
//!
//! Both documents name errors as `<errno.h>` does, and a ported program reads the `errno` of the C library. So a call that fails sets
//! that one, to the number of the host, and a call that succeeds leaves it as it was.

pub(crate) mod calls;
pub(crate) mod sets;

use synsent_dialects::errno::ENOBUFS;

use crate::boundary::call;

/// What a call comes to whose panic was caught: the word that both documents have for a system that lacks what it needs.
const AFTER_A_PANIC: i32 = ENOBUFS;

/// Runs a call of a dialect that answers with -1 where it fails, and leaves its error, which `number` tells, in the C library's
/// `errno`. What the entry itself finds wrong is an `Err`.
pub(crate) fn reporting(number: fn() -> i32, body: impl FnOnce() -> Result<i32, i32>) -> i32 {
    let before = errno();
    match call(|| Err(AFTER_A_PANIC), body) {
        Ok(-1) => fail(number()),
        Ok(result) => {
            set_errno(before);
            result
        }
        Err(number) => fail(number),
    }
}

/// Fails with this number.
pub(crate) fn fail(number: i32) -> i32 {
    set_errno(number);
    -1
}

/// A length of C as the dialects take it: what is more than any object has counts as negative, and more than a call can tell is
/// sent or received is not asked for.
pub(crate) fn length(octets: usize) -> i32 {
    match isize::try_from(octets) {
        Ok(octets) => i32::try_from(octets).unwrap_or(i32::MAX),
        Err(_) => -1,
    }
}

/// The C library's `errno` of this thread.
pub(crate) fn errno() -> i32 {
    // SAFETY: the C library's pointer to the number of the calling thread is valid as long as the thread runs.
    unsafe { *libc::__errno_location() }
}

/// Sets the C library's `errno` of this thread.
pub(crate) fn set_errno(number: i32) {
    // SAFETY: as above, and nobody else has a reference to it.
    unsafe { *libc::__errno_location() = number }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_sets_errno_and_a_success_keeps_it() {
        set_errno(7);
        assert_eq!((reporting(|| 9, || Ok(3)), errno()), (3, 7));
        assert_eq!((reporting(|| 9, || Ok(-1)), errno()), (-1, 9));
        assert_eq!((reporting(|| 9, || Err(8)), errno()), (-1, 8));
        assert_eq!((reporting(|| 9, || panic!("as a defect would")), errno()), (-1, AFTER_A_PANIC));
    }

    #[test]
    fn a_length_that_is_none_is_negative() {
        assert_eq!([0, 7, i32::MAX as usize + 1, usize::MAX].map(length), [0, 7, i32::MAX, -1]);
    }
}
