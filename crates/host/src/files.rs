//! Files of the process that somebody waits for beside sockets: pipes, terminals, and whatever else the kernel's `poll` knows.

use std::os::fd::RawFd;

use synsent_sockets::{FileState, Ready, WatchedFile};

use crate::waiters::{self, Watch};

/// What each thing that a file can be ready for is called by `poll`.
const EVENTS: [(Ready, i16); 5] = [
    (Ready::READABLE, libc::POLLIN),
    (Ready::WRITABLE, libc::POLLOUT),
    (Ready::URGENT, libc::POLLPRI),
    (Ready::FAILED, libc::POLLERR),
    (Ready::PEER_CLOSED, libc::POLLHUP),
];

/// Looks what each of these files is ready for.
pub(crate) fn look(files: &mut [WatchedFile]) {
    // What nobody asks for is told too.
    let fill =
        |list: &mut Vec<Watch>| list.extend(files.iter().map(|file| waiters::watch(file.number, events(Ready::ALL))));
    let mut told = Vec::with_capacity(files.len());
    waiters::look(fill, |answers| told.extend(answers.iter().map(|answer| answer.revents)));
    for (file, events) in files.iter_mut().zip(told) {
        file.state = match never_waits(file.number) {
            true => FileState::NeverWaits,
            false => FileState::Ready(ready(events)),
        };
    }
}

/// Adds what a sleep has to watch of these files.
pub(crate) fn watch(files: &[WatchedFile], list: &mut Vec<Watch>) {
    list.extend(files.iter().map(|file| waiters::watch(file.number, events(file.interest))));
}

/// Whether it is a file of a file system, which neither `poll` nor anybody else waits for.
fn never_waits(number: RawFd) -> bool {
    // SAFETY: all zeroes are a valid value of this struct, which the kernel overwrites.
    let mut status: libc::stat = unsafe { std::mem::zeroed() };
    // SAFETY: the kernel writes one such struct, which lives longer than the call; of a number that is no open descriptor it says so.
    let result = unsafe { libc::fstat(number, &mut status) };
    result == 0 && matches!(status.st_mode & libc::S_IFMT, libc::S_IFREG | libc::S_IFDIR | libc::S_IFBLK)
}

fn events(ready: Ready) -> i16 {
    EVENTS.iter().filter(|(one, _)| ready.has(*one)).fold(0, |all, (_, event)| all | event)
}

/// A number that was closed meanwhile would be an error at once.
fn ready(events: i16) -> Ready {
    let all = EVENTS.iter().fold(Ready::NONE, |all, (one, event)| all | one.when(events & event != 0));
    all | Ready::FAILED.when(events & libc::POLLNVAL != 0)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write as _;
    use std::os::fd::AsRawFd as _;

    use synsent_sockets::Numbers as _;

    use super::*;
    use crate::numbers::DescriptorNumbers;

    fn looked_at(file: &impl std::os::fd::AsRawFd) -> FileState {
        let mut files = [WatchedFile::new(file.as_raw_fd(), Ready::READABLE)];
        look(&mut files);
        files[0].state
    }

    #[test]
    fn a_pipe_is_ready_when_something_is_in_it_and_when_its_other_end_is_gone() {
        let (output, mut input) = std::io::pipe().unwrap();
        assert_eq!(looked_at(&output), FileState::Ready(Ready::NONE));
        assert_eq!(looked_at(&input), FileState::Ready(Ready::WRITABLE));
        input.write_all(b"x").unwrap();
        assert_eq!(looked_at(&output), FileState::Ready(Ready::READABLE));
        drop(output);
        assert_eq!(looked_at(&input), FileState::Ready(Ready::WRITABLE | Ready::FAILED));
        assert_eq!(looked_at(&File::open("/proc/self/exe").unwrap()), FileState::NeverWaits);
    }

    #[test]
    fn a_sleep_ends_with_a_file_or_a_ring_and_is_not_begun_where_it_may_not() {
        let numbers = DescriptorNumbers::new().unwrap();
        let (output, mut input) = std::io::pipe().unwrap();
        let files = [WatchedFile::new(output.as_raw_fd(), Ready::READABLE)];
        assert!(numbers.sleep_for_files(&files, &|| false));
        std::thread::scope(|scope| {
            let sleeper = scope.spawn(|| numbers.sleep_for_files(&files, &|| true));
            while !sleeper.is_finished() {
                numbers.ring();
                std::thread::yield_now();
            }
            assert!(sleeper.join().unwrap());
        });
        input.write_all(b"x").unwrap();
        assert!(numbers.sleep_for_files(&files, &|| true));
    }
}
