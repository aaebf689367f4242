//! Telling valgrind what it cannot see: octets that the kernel has written for us behind its back are written.
//!
//! Valgrind looks for a sequence of instructions that does nothing on any machine, and takes the numbers that a register points at as a
//! request. Without valgrind a request costs a few rotations. On machines for which the sequence is not known here, nothing is told.

use std::sync::atomic::{AtomicU8, Ordering};

/// Whether the program runs under valgrind, which answers with more than zero.
const RUNNING: usize = 0x1001;
/// Memcheck's requests have its two letters in front; this is the one that says that memory was written.
const WRITTEN: usize = (b'M' as usize) << 24 | (b'C' as usize) << 16 | 2;

/// Whether valgrind runs this program.
pub(super) fn is_watching() -> bool {
    const NOT_ASKED: u8 = 2;
    static WATCHING: AtomicU8 = AtomicU8::new(NOT_ASKED);
    match WATCHING.load(Ordering::Relaxed) {
        NOT_ASKED => {
            let answer = request([RUNNING, 0, 0, 0, 0, 0]) > 0;
            WATCHING.store(u8::from(answer), Ordering::Relaxed);
            answer
        }
        answer => answer != 0,
    }
}

/// These octets were written.
pub(super) fn written(start: usize, len: usize) {
    if is_watching() {
        // There is nothing that the answer could tell.
        let _ = request([WRITTEN, start, len, 0, 0, 0]);
    }
}

#[cfg(target_arch = "x86_64")]
fn request(words: [usize; 6]) -> usize {
    let mut answer = 0_usize;
    // SAFETY: the rotations come to twice the width of the register, which is then as it was, and exchanging a register with itself
    // changes nothing. Valgrind reads the six numbers and writes the answer.
    unsafe {
        std::arch::asm!(
            "rol rdi, 3",
            "rol rdi, 13",
            "rol rdi, 61",
            "rol rdi, 51",
            "xchg rbx, rbx",
            in("rax") words.as_ptr(),
            inout("rdx") answer,
            options(nostack),
        );
    }
    answer
}

#[cfg(not(target_arch = "x86_64"))]
fn request(_: [usize; 6]) -> usize {
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_without_valgrind_does_nothing() {
        let words = [7_u8; 4];
        written(words.as_ptr().addr(), words.len());
        assert_eq!((is_watching(), words), (false, [7; 4]));
    }
}
