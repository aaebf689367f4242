//! The system calls of a tracer: each one a function that says what may go wrong.
//!
//! A tracee may be killed at any moment, so every request may find nobody: ESRCH is then the answer, and its end is told by
//! [`wait`] soon after. Nothing here writes to a tracee but [`begin_again`].

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, FromRawFd as _, OwnedFd};
use std::ptr;

use libc::{c_int, c_long, pid_t};
use rustix::net::{AddressFamily, SocketType};

use super::event::{Ended, SocketKind};

/// Requests and words of ptrace that not every C library names.
const SEIZE: c_long = 0x4206;
const INTERRUPT: c_long = 0x4207;
const LISTEN: c_long = 0x4208;
const GET_SYSCALL_INFO: c_long = 0x420E;
const GET_EVENT_MESSAGE: c_long = 0x4201;
const CONTINUE: c_long = 7;
const CONTINUE_TO_CALL: c_long = 24;

/// What follows the number of an event in a status.
pub(super) const EVENT_FORK: c_int = 1;
pub(super) const EVENT_VFORK: c_int = 2;
pub(super) const EVENT_CLONE: c_int = 3;
pub(super) const EVENT_EXEC: c_int = 4;
pub(super) const EVENT_SECCOMP: c_int = 7;
pub(super) const EVENT_STOP: c_int = 128;

/// The options of an observed tree, in the numbers of ptrace.
const OPTIONS: c_long = OPTION_CALL_BIT
    | 1 << EVENT_FORK
    | 1 << EVENT_VFORK
    | 1 << EVENT_CLONE
    | 1 << EVENT_EXEC
    | 1 << EVENT_SECCOMP
    | OPTION_KILL;
/// Stops at calls are told apart from signals by a bit.
const OPTION_CALL_BIT: c_long = 1;
/// Tracees die with their tracer.
const OPTION_KILL: c_long = 1 << 20;

/// How many octets the kernel tells of a call at most.
const CALL_INFO_OCTETS: usize = 88;

/// What a tracee says when it is waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Status {
    /// It is no more.
    Ended(Ended),
    /// It stopped at the beginning or the end of a call.
    AtCall,
    /// It stopped with one of the events.
    AtEvent {
        /// Which event.
        event: c_int,
        /// The signal that goes with it: for [`EVENT_STOP`] the one that stopped it, else SIGTRAP.
        signal: c_int,
    },
    /// It stopped because a signal is on its way to it.
    AtSignal(c_int),
}

/// Where in a call a tracee stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum CallInfo {
    /// In none.
    None,
    /// Before one. `mark` is what a filter said, where one stopped it.
    Entry { architecture: u32, number: u64, arguments: [u64; 6], mark: Option<u32> },
    /// After one.
    Exit { value: i64 },
}

/// Begins to trace, without stopping the tracee.
pub(super) fn seize(thread: pid_t) -> io::Result<()> {
    ptrace(SEIZE, thread, 0, OPTIONS)
}

/// Lets a tracee go on; to its next call, or only to the next event.
pub(super) fn resume(thread: pid_t, to_call: bool, signal: c_int) -> io::Result<()> {
    ptrace(if to_call { CONTINUE_TO_CALL } else { CONTINUE }, thread, 0, c_long::from(signal))
}

/// Leaves a tracee stopped, as its job control wants it, until it is continued.
pub(super) fn listen(thread: pid_t) -> io::Result<()> {
    ptrace(LISTEN, thread, 0, 0)
}

/// Stops a tracee that runs; the stop is told as [`EVENT_STOP`] if no other stop comes first.
pub(super) fn interrupt(thread: pid_t) -> io::Result<()> {
    ptrace(INTERRUPT, thread, 0, 0)
}

/// The number that goes with an event: the new process's, or the thread's former one at an exec.
pub(super) fn event_message(thread: pid_t) -> io::Result<pid_t> {
    let mut message: libc::c_ulong = 0;
    ptrace(GET_EVENT_MESSAGE, thread, 0, (&raw mut message).expose_provenance() as c_long)?;
    pid_t::try_from(message).map_err(|_| io::ErrorKind::InvalidData.into())
}

/// Where in a call a stopped tracee stands.
pub(super) fn call_info(thread: pid_t) -> io::Result<CallInfo> {
    let mut octets = [0_u8; CALL_INFO_OCTETS];
    let into = (&raw mut octets).expose_provenance() as c_long;
    ptrace(GET_SYSCALL_INFO, thread, CALL_INFO_OCTETS as c_long, into)?;
    Ok(read_call_info(&octets))
}

/// The kernel's `ptrace_syscall_info`, whose first octet says which of its shapes it has.
fn read_call_info(octets: &[u8; CALL_INFO_OCTETS]) -> CallInfo {
    // The ranges are constant and lie within the array.
    let long = |at: usize| u64::from_ne_bytes(octets[at..at + 8].try_into().expect("eight octets"));
    let word = |at: usize| u32::from_ne_bytes(octets[at..at + 4].try_into().expect("four octets"));
    let arguments = [long(32), long(40), long(48), long(56), long(64), long(72)];
    let entry = |mark| CallInfo::Entry { architecture: word(4), number: long(24), arguments, mark };
    match octets[0] {
        1 => entry(None),
        2 => CallInfo::Exit { value: long(24).cast_signed() },
        3 => entry(Some(word(80))),
        _ => CallInfo::None,
    }
}

/// Whether [`begin_again`] is possible on this machine: others keep the first argument of a call where its result goes.
pub(super) const MAY_BEGIN_AGAIN: bool = cfg!(target_arch = "x86_64");

/// The call that a stopped tracee comes out of and its result, while signals and stops are looked at; `None` when it came from
/// its own instructions.
#[cfg(target_arch = "x86_64")]
pub(super) fn interrupted_call(thread: pid_t) -> Option<(i64, i64)> {
    let number = peek_register(thread, std::mem::offset_of!(libc::user_regs_struct, orig_rax))?;
    let result = peek_register(thread, std::mem::offset_of!(libc::user_regs_struct, rax))?;
    (number >= 0).then_some((number, result))
}

/// Not known on this machine.
#[cfg(not(target_arch = "x86_64"))]
pub(super) fn interrupted_call(_: pid_t) -> Option<(i64, i64)> {
    None
}

/// Makes the kernel begin the call again that a tracee comes out of, while signals and stops are looked at; a handler that runs first makes
/// it EINTR.
#[cfg(target_arch = "x86_64")]
pub(super) fn begin_again(thread: pid_t) {
    /// ERESTARTNOHAND, the kernel's own word, which no program sees.
    const AGAIN_UNLESS_HANDLED: c_long = -514;
    const POKE_USER: c_long = 6;
    let at = std::mem::offset_of!(libc::user_regs_struct, rax) as c_long;
    // A tracee that was killed meanwhile begins nothing.
    let _ = ptrace(POKE_USER, thread, at, AGAIN_UNLESS_HANDLED);
}

/// Not possible on this machine.
#[cfg(not(target_arch = "x86_64"))]
pub(super) fn begin_again(_: pid_t) {}

#[cfg(target_arch = "x86_64")]
fn peek_register(thread: pid_t, offset: usize) -> Option<i64> {
    const PEEK_USER: c_long = 3;
    let mut value: c_long = 0;
    ptrace(PEEK_USER, thread, offset as c_long, (&raw mut value).expose_provenance() as c_long).ok()?;
    Some(value)
}

/// Waits for the next tracee or child of this thread alone.
pub(super) fn wait() -> io::Result<(pid_t, Status)> {
    let mut status: c_int = 0;
    // SAFETY: the kernel writes one number, which lives longer than the call.
    let process = unsafe { libc::waitpid(-1, &raw mut status, libc::__WALL | libc::__WNOTHREAD) };
    if process < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok((process, read_status(status)))
}

fn read_status(status: c_int) -> Status {
    if libc::WIFEXITED(status) {
        return Status::Ended(Ended::Code(libc::WEXITSTATUS(status)));
    }
    if libc::WIFSIGNALED(status) {
        return Status::Ended(Ended::Signal(libc::WTERMSIG(status)));
    }
    let signal = libc::WSTOPSIG(status);
    match status >> 16 {
        0 if signal == libc::SIGTRAP | 0x80 => Status::AtCall,
        0 => Status::AtSignal(signal),
        event => Status::AtEvent { event, signal },
    }
}

/// Reads a tracee's memory; says how many octets were there.
pub(super) fn read_memory(thread: pid_t, address: u64, into: &mut [u8]) -> io::Result<usize> {
    let Ok(address) = usize::try_from(address) else { return Err(io::Error::from_raw_os_error(libc::EFAULT)) };
    let own = libc::iovec { iov_base: into.as_mut_ptr().cast(), iov_len: into.len() };
    let theirs = libc::iovec { iov_base: ptr::without_provenance_mut(address), iov_len: into.len() };
    // SAFETY: the kernel writes to our own slice, which is as long as it says; the other address is one of another process and is
    // only looked up there.
    let read = unsafe { libc::process_vm_readv(thread, &raw const own, 1, &raw const theirs, 1, 0) };
    usize::try_from(read).map_err(|_| io::Error::last_os_error())
}

/// What a socket of another process says of itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct SocketFacts {
    pub(super) is_internet: bool,
    pub(super) kind: SocketKind,
    pub(super) local: Option<SocketAddr>,
    pub(super) peer: Option<SocketAddr>,
}

/// Asks a socket of another process through a descriptor of our own, which is closed again before the process goes on.
pub(super) fn socket_facts(process: pid_t, descriptor: i32) -> io::Result<SocketFacts> {
    let socket = borrow_descriptor(process, descriptor)?;
    let domain = rustix::net::sockopt::socket_domain(&socket)?;
    let kind = match rustix::net::sockopt::socket_type(&socket)? {
        SocketType::STREAM => SocketKind::Stream,
        SocketType::DGRAM => SocketKind::Datagram,
        _ => SocketKind::Other,
    };
    let is_internet = matches!(domain, AddressFamily::INET | AddressFamily::INET6);
    let local = rustix::net::getsockname(&socket).ok().and_then(|address| SocketAddr::try_from(address).ok());
    let peer = rustix::net::getpeername(&socket).ok().flatten().and_then(|address| SocketAddr::try_from(address).ok());
    Ok(SocketFacts { is_internet, kind, local, peer })
}

fn borrow_descriptor(process: pid_t, descriptor: i32) -> io::Result<OwnedFd> {
    // SAFETY: pidfd_open takes numbers only and gives a new descriptor.
    let handle = unsafe { new_descriptor(libc::syscall(libc::SYS_pidfd_open, process, 0)) }?;
    get_descriptor(handle.as_fd(), descriptor)
}

fn get_descriptor(process: std::os::fd::BorrowedFd<'_>, descriptor: i32) -> io::Result<OwnedFd> {
    use std::os::fd::AsRawFd as _;
    // SAFETY: pidfd_getfd takes numbers only and gives a new descriptor, which the kernel closes on exec.
    unsafe { new_descriptor(libc::syscall(libc::SYS_pidfd_getfd, process.as_raw_fd(), descriptor, 0)) }
}

/// # Safety
/// The number is the result of a call that gives a new descriptor to nobody else, or a failure.
// SAFETY: what is asked above is all that is needed to own the descriptor.
unsafe fn new_descriptor(result: c_long) -> io::Result<OwnedFd> {
    match c_int::try_from(result) {
        // SAFETY: the descriptor is new and nobody else's, as whoever calls this says.
        Ok(number) if number >= 0 => Ok(unsafe { OwnedFd::from_raw_fd(number) }),
        _ => Err(io::Error::last_os_error()),
    }
}

fn ptrace(request: c_long, thread: pid_t, address: c_long, data: c_long) -> io::Result<()> {
    // SAFETY: requests that write to this process are given the address of a value that lives longer than the call and is as
    // long as the kernel writes; the others take numbers only. All of this module's callers are above.
    let result = unsafe { libc::syscall(libc::SYS_ptrace, request, thread, address, data) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_read_as_the_manual_says() {
        assert_eq!(read_status(7 << 8), Status::Ended(Ended::Code(7)));
        assert_eq!(read_status(9), Status::Ended(Ended::Signal(9)));
        assert_eq!(read_status(0x80 | 11), Status::Ended(Ended::Signal(11)));
        assert_eq!(read_status((libc::SIGTRAP | 0x80) << 8 | 0x7F), Status::AtCall);
        assert_eq!(read_status(libc::SIGUSR1 << 8 | 0x7F), Status::AtSignal(libc::SIGUSR1));
        let event = EVENT_EXEC << 16 | libc::SIGTRAP << 8 | 0x7F;
        assert_eq!(read_status(event), Status::AtEvent { event: EVENT_EXEC, signal: libc::SIGTRAP });
        let stopped = EVENT_STOP << 16 | libc::SIGTSTP << 8 | 0x7F;
        assert_eq!(read_status(stopped), Status::AtEvent { event: EVENT_STOP, signal: libc::SIGTSTP });
    }

    #[test]
    fn an_unknown_shape_of_a_call_is_no_call() {
        let mut octets = [0xFF; CALL_INFO_OCTETS];
        assert_eq!(read_call_info(&octets), CallInfo::None);
        octets[0] = 2;
        assert_eq!(read_call_info(&octets), CallInfo::Exit { value: -1 });
    }

    #[test]
    fn memory_that_is_not_there_is_an_error() {
        // A process may always read itself.
        let process = std::process::id() as pid_t;
        assert!(read_memory(process, 0, &mut [0; 8]).is_err());
        assert!(read_memory(process, u64::MAX - 3, &mut [0; 8]).is_err());
        let mut back = [0; 4];
        let there = [1_u8, 2, 3, 4];
        assert_eq!(read_memory(process, there.as_ptr().expose_provenance() as u64, &mut back).unwrap(), 4);
        assert_eq!(back, there);
    }
}
