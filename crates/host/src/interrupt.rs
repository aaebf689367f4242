//! The wish of the user to end: SIGINT and SIGTERM as something that a thread waits for.
//!
//! The signals are blocked for the whole process and read from a descriptor, so no code ever runs in a signal handler.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};

/// SIGINT and SIGTERM, caught.
#[derive(Debug)]
pub struct Interrupt {
    descriptor: OwnedFd,
}

/// A signal that was caught.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Caught {
    /// Its number.
    pub number: i32,
    /// Whether it is the terminal's, which then has told the whole process group in its foreground.
    pub by_terminal: bool,
}

impl Interrupt {
    /// Catches the signals from now on. To be called before there is a second thread: threads inherit what is blocked.
    pub fn catch() -> io::Result<Interrupt> {
        let mut set = MaybeUninit::<libc::sigset_t>::uninit();
        let pointer = set.as_mut_ptr();
        // SAFETY: sigemptyset initialises the set, and the other two change or read that set, which lives longer than the
        // calls. Blocking a signal runs no code.
        let result = unsafe {
            libc::sigemptyset(pointer);
            libc::sigaddset(pointer, libc::SIGINT);
            libc::sigaddset(pointer, libc::SIGTERM);
            libc::pthread_sigmask(libc::SIG_BLOCK, pointer, std::ptr::null_mut())
        };
        if result != 0 {
            return Err(io::Error::from_raw_os_error(result));
        }
        // SAFETY: the set was initialised above, and -1 asks for a new descriptor.
        let descriptor = unsafe { libc::signalfd(-1, pointer, libc::SFD_CLOEXEC) };
        if descriptor < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor is new, so nobody else owns it.
        Ok(Interrupt { descriptor: unsafe { OwnedFd::from_raw_fd(descriptor) } })
    }

    /// Sleeps until one of the signals arrives, and returns its number.
    pub fn wait(&self) -> io::Result<i32> {
        self.caught().map(|caught| caught.number)
    }

    /// Sleeps until one of the signals arrives. It does not sleep when the descriptor is readable.
    pub fn caught(&self) -> io::Result<Caught> {
        let mut record = [0; size_of::<libc::signalfd_siginfo>()];
        loop {
            match rustix::io::read(&self.descriptor, &mut record) {
                Ok(_) => {
                    // The record begins with the signal, an error number, and who sent it.
                    let [number, _, code] = [0, 4, 8]
                        .map(|at| i32::from_ne_bytes([record[at], record[at + 1], record[at + 2], record[at + 3]]));
                    return Ok(Caught { number, by_terminal: code == libc::SI_KERNEL });
                }
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl AsFd for Interrupt {
    /// Readable when one of the signals has arrived.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}
