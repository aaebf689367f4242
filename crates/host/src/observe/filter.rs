//! The seccomp filter: which calls stop the program, decided by the kernel in a few instructions.
//!
//! A [`Filter`] is built before the fork, where memory may be had, and installed by the child between fork and exec, where only
//! system calls may be made. It says "trace" to the socket calls of [`calls`](super::decode::CALLS) and "allow" to everything else.
//! A filter that allows a call whatever its arguments costs nothing for it on kernels from 5.11 on, which remember that in a bitmap.
//!
//! A call that is traced while nobody traces ends with ENOSYS: so an observer attaches before the program goes on, and the program
//! ends when the observer does.

use std::io;

use libc::{c_ulong, sock_filter};

use super::decode::{CALLS, Shape};

/// What a traced call of the program's own kind says to the tracer.
pub(super) const MARK_CALL: u32 = 0x5301;
/// What a socket call of another architecture says to the tracer.
pub(super) const MARK_OTHER_ARCHITECTURE: u32 = 0x5302;

/// The machine as the kernel's auditing names it.
#[cfg(target_arch = "x86_64")]
pub(super) const NATIVE_ARCHITECTURE: u32 = 0xC000_003E;
/// The machine as the kernel's auditing names it.
#[cfg(target_arch = "aarch64")]
pub(super) const NATIVE_ARCHITECTURE: u32 = 0xC000_00B7;

/// The 32-bit machine that the same kernel runs, and its numbers of `socket`, `connect` and, where there is one, `socketcall`.
#[cfg(target_arch = "x86_64")]
const OTHER_ARCHITECTURE: (u32, &[u32]) = (0x4000_0003, &[359, 362, 102]);
/// The 32-bit machine that the same kernel runs, and its numbers of `socket` and `connect`.
#[cfg(target_arch = "aarch64")]
const OTHER_ARCHITECTURE: (u32, &[u32]) = (0x4000_0028, &[281, 283]);

/// From here on the numbers are those of the x32 programs of x86-64.
pub(super) const X32_BIT: u32 = 0x4000_0000;

/// The places in the kernel's `seccomp_data`.
const NUMBER_AT: u32 = 0;
const ARCHITECTURE_AT: u32 = 4;
const ARGUMENTS_AT: u32 = 16;

/// Load a 32-bit word of the call's data, jump when equal or not less, return.
const LOAD: u16 = 0x20;
const JUMP_EQUAL: u16 = 0x15;
#[cfg(target_arch = "x86_64")]
const JUMP_NOT_LESS: u16 = 0x35;
const RETURN: u16 = 0x06;

const ALLOW: u32 = libc::SECCOMP_RET_ALLOW;
const TRACE_CALL: u32 = libc::SECCOMP_RET_TRACE | MARK_CALL;
const TRACE_OTHER: u32 = libc::SECCOMP_RET_TRACE | MARK_OTHER_ARCHITECTURE;

/// The filter's program.
#[derive(Clone, Debug)]
pub struct Filter {
    program: Vec<sock_filter>,
}

/// What a process gave up to be filtered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Privileges {
    /// Nothing: it may administer its user namespace.
    Kept,
    /// It and what it executes can gain no privileges any more (`no_new_privs`): set-uid programs run as the user who calls them.
    NoNew,
}

impl Filter {
    /// The filter for an [`Observer`](super::Observer).
    pub fn new() -> Filter {
        let mut program = vec![step(LOAD, ARCHITECTURE_AT), jump(JUMP_EQUAL, NATIVE_ARCHITECTURE, 0, 0)];
        // The jump over the native part is set when its length is known.
        program.extend(native_part());
        program[1].jf = u8::try_from(program.len() - 2).expect("the native part has fewer than 256 instructions");
        program.extend(other_part());
        Filter { program }
    }

    /// Installs the filter in the calling thread; threads and processes that it starts from then on have it too. Only makes system
    /// calls, so it may be called between fork and exec.
    ///
    /// # Errors
    /// What the kernel says: EINVAL or ENOSYS where it has no seccomp filters.
    pub fn install(&self) -> io::Result<Privileges> {
        match self.set() {
            Err(error) if error.raw_os_error() == Some(libc::EACCES) => {
                // SAFETY: this option takes numbers only and changes what the process may gain, not its memory.
                if unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) } != 0 {
                    return Err(io::Error::last_os_error());
                }
                self.set().map(|()| Privileges::NoNew)
            }
            result => result.map(|()| Privileges::Kept),
        }
    }

    /// Older kernels make filtered processes slow to protect them from themselves, unless they are told not to; those before
    /// 4.17 do not know that word.
    fn set(&self) -> io::Result<()> {
        match self.set_with(libc::SECCOMP_FILTER_FLAG_SPEC_ALLOW) {
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => self.set_with(0),
            result => result,
        }
    }

    fn set_with(&self, flags: c_ulong) -> io::Result<()> {
        // The program has far fewer instructions than the 4,096 that the kernel allows.
        let len = self.program.len() as libc::c_ushort;
        let program = libc::sock_fprog { len, filter: self.program.as_ptr().cast_mut() };
        let set_filter = libc::SECCOMP_SET_MODE_FILTER;
        // SAFETY: the kernel copies `len` instructions from a vector that has as many and lives longer than the call, and writes
        // nothing through the pointer.
        let result = unsafe { libc::syscall(libc::SYS_seccomp, set_filter, flags, &raw const program) };
        if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }
}

impl Default for Filter {
    fn default() -> Filter {
        Filter::new()
    }
}

/// The calls of the machine itself; ends with a return.
fn native_part() -> Vec<sock_filter> {
    let mut part = vec![step(LOAD, NUMBER_AT)];
    #[cfg(target_arch = "x86_64")]
    for number in [libc::SYS_socket, libc::SYS_connect] {
        part.extend(trace_number(number as u32 | X32_BIT, TRACE_OTHER));
    }
    #[cfg(target_arch = "x86_64")]
    part.extend([jump(JUMP_NOT_LESS, X32_BIT, 0, 1), step(RETURN, ALLOW)]);
    for call in CALLS.iter().filter(|call| call.is_filtered) {
        // Numbers of calls are small and not negative.
        let number = call.number as u32;
        match call.shape {
            Shape::Socket => part.extend(trace_internet_socket(number)),
            Shape::Option => part.extend(trace_error_option(number)),
            _ => part.extend(trace_number(number, TRACE_CALL)),
        }
    }
    part.push(step(RETURN, ALLOW));
    part
}

/// The calls of the 32-bit machine; the accumulator holds the architecture.
fn other_part() -> Vec<sock_filter> {
    let (architecture, numbers) = OTHER_ARCHITECTURE;
    let mut part = vec![jump(JUMP_EQUAL, architecture, 1, 0), step(RETURN, ALLOW), step(LOAD, NUMBER_AT)];
    part.extend(numbers.iter().flat_map(|number| trace_number(*number, TRACE_OTHER)));
    part.push(step(RETURN, ALLOW));
    part
}

fn trace_number(number: u32, answer: u32) -> [sock_filter; 2] {
    [jump(JUMP_EQUAL, number, 0, 1), step(RETURN, answer)]
}

/// `socket` of the two internet domains.
fn trace_internet_socket(number: u32) -> [sock_filter; 6] {
    [
        jump(JUMP_EQUAL, number, 0, 5),
        step(LOAD, low_word(0)),
        jump(JUMP_EQUAL, libc::AF_INET as u32, 1, 0),
        jump(JUMP_EQUAL, libc::AF_INET6 as u32, 0, 1),
        step(RETURN, TRACE_CALL),
        step(RETURN, ALLOW),
    ]
}

/// `getsockopt` of SO_ERROR.
fn trace_error_option(number: u32) -> [sock_filter; 7] {
    [
        jump(JUMP_EQUAL, number, 0, 6),
        step(LOAD, low_word(1)),
        jump(JUMP_EQUAL, libc::SOL_SOCKET as u32, 0, 3),
        step(LOAD, low_word(2)),
        jump(JUMP_EQUAL, libc::SO_ERROR as u32, 0, 1),
        step(RETURN, TRACE_CALL),
        step(RETURN, ALLOW),
    ]
}

/// The place of an argument's low 32 bits; both machines are little-endian.
fn low_word(argument: u32) -> u32 {
    ARGUMENTS_AT + 8 * argument
}

fn step(code: u16, k: u32) -> sock_filter {
    sock_filter { code, jt: 0, jf: 0, k }
}

fn jump(code: u16, k: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code, jt, jf, k }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs the program as the kernel would, on a call of this architecture.
    fn answer(architecture: u32, number: u32, arguments: [u64; 6]) -> u32 {
        let mut data = Vec::new();
        data.extend(number.to_le_bytes());
        data.extend(architecture.to_le_bytes());
        data.extend(0_u64.to_le_bytes());
        data.extend(arguments.iter().flat_map(|argument| argument.to_le_bytes()));
        let program = Filter::new().program;
        let (mut at, mut accumulator) = (0, 0_u32);
        loop {
            let instruction = program[at];
            at += 1;
            let jump = |is: bool| usize::from(if is { instruction.jt } else { instruction.jf });
            match instruction.code {
                LOAD => {
                    let from = instruction.k as usize;
                    accumulator = u32::from_le_bytes(data[from..from + 4].try_into().unwrap());
                }
                JUMP_EQUAL => at += jump(accumulator == instruction.k),
                0x35 => at += jump(accumulator >= instruction.k),
                RETURN => return instruction.k,
                code => panic!("an instruction {code:#x} that the test does not know"),
            }
        }
    }

    fn native(number: i64, arguments: [u64; 6]) -> u32 {
        answer(NATIVE_ARCHITECTURE, number as u32, arguments)
    }

    #[test]
    fn socket_calls_are_traced_and_others_pass() {
        for number in [libc::SYS_connect, libc::SYS_sendto, libc::SYS_recvmsg, libc::SYS_shutdown, libc::SYS_accept4] {
            assert_eq!(native(number, [0; 6]), TRACE_CALL, "{number}");
        }
        for number in [libc::SYS_read, libc::SYS_write, libc::SYS_close, libc::SYS_ppoll, libc::SYS_futex] {
            assert_eq!(native(number, [0; 6]), ALLOW, "{number}");
        }
        assert_eq!(native(100_000, [0; 6]), ALLOW);
    }

    #[test]
    fn only_sockets_of_the_internet_are_traced() {
        for (domain, expected) in [
            (libc::AF_INET, TRACE_CALL),
            (libc::AF_INET6, TRACE_CALL),
            (libc::AF_UNIX, ALLOW),
            (libc::AF_NETLINK, ALLOW),
            (-1, ALLOW),
        ] {
            assert_eq!(native(libc::SYS_socket, [domain as u64, 1, 0, 0, 0, 0]), expected, "{domain}");
        }
    }

    #[test]
    fn only_the_option_with_the_error_is_traced() {
        let option = |level: i32, name: i32| native(libc::SYS_getsockopt, [3, level as u64, name as u64, 0, 0, 0]);
        assert_eq!(option(libc::SOL_SOCKET, libc::SO_ERROR), TRACE_CALL);
        assert_eq!(option(libc::SOL_SOCKET, libc::SO_TYPE), ALLOW);
        assert_eq!(option(libc::IPPROTO_TCP, libc::SO_ERROR), ALLOW);
    }

    #[test]
    fn socket_calls_of_32_bit_programs_are_told_as_such() {
        let (architecture, numbers) = OTHER_ARCHITECTURE;
        for number in numbers {
            assert_eq!(answer(architecture, *number, [0; 6]), TRACE_OTHER);
        }
        assert_eq!(answer(architecture, 4, [0; 6]), ALLOW);
        assert_eq!(answer(0x1234_5678, libc::SYS_connect as u32, [0; 6]), ALLOW);
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn socket_calls_of_x32_programs_are_told_as_such() {
        assert_eq!(native(libc::SYS_connect | i64::from(X32_BIT), [0; 6]), TRACE_OTHER);
        assert_eq!(native(libc::SYS_read | i64::from(X32_BIT), [0; 6]), ALLOW);
    }
}
