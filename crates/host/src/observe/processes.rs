//! What /proc says of the observed processes: descriptors, programs, parents.
//!
//! The folder is opened once, when nothing has been mounted over it yet, and checked to count processes as the observer does.
//! Every file may be gone at any moment, because its process is; then there is no answer.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

use rustix::fs::{Mode, OFlags, RawDir};

use super::decode;
use super::event::SocketInode;

/// How much of a file is read.
const TEXT_OCTETS_MAX: u64 = 64 * 1_024;
/// How many descriptors of a process are looked through for a socket.
pub(super) const DESCRIPTORS_MAX: usize = 4_096;

/// The folder of all processes.
#[derive(Debug)]
pub(super) struct Processes {
    folder: OwnedFd,
}

/// What a thread belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Belongs {
    pub(super) process: i32,
    pub(super) parent: i32,
    pub(super) tracer: i32,
}

impl Processes {
    /// Opens the folder; `None` inside where it counts processes of another namespace.
    pub(super) fn open() -> io::Result<Option<Processes>> {
        let folder = rustix::fs::open("/proc", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let own = rustix::fs::readlinkat(&folder, "self", Vec::new())?;
        let is_ours = own.to_bytes() == std::process::id().to_string().as_bytes();
        Ok(is_ours.then_some(Processes { folder }))
    }

    /// The socket behind a thread's descriptor, if that is one.
    pub(super) fn socket(&self, thread: i32, descriptor: i32) -> io::Result<Option<SocketInode>> {
        let link = rustix::fs::readlinkat(&self.folder, format!("{thread}/fd/{descriptor}"), Vec::new())?;
        Ok(decode::socket_inode(link.to_bytes()))
    }

    /// Whether calls on a descriptor wait.
    pub(super) fn is_blocking(&self, thread: i32, descriptor: i32) -> Option<bool> {
        decode::is_blocking(&self.text(&format!("{thread}/fdinfo/{descriptor}"))?)
    }

    /// What the kernel says of a descriptor.
    pub(super) fn descriptor_info(&self, thread: i32, descriptor: i32) -> Option<String> {
        self.text(&format!("{thread}/fdinfo/{descriptor}"))
    }

    /// Reads a thread's memory; says how many octets were there.
    pub(super) fn read_memory(&self, thread: i32, address: u64, into: &mut [u8]) -> io::Result<usize> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let memory = rustix::fs::openat(&self.folder, format!("{thread}/mem"), flags, Mode::empty())?;
        Ok(rustix::io::pread(&memory, into, address)?)
    }

    /// The program that a process runs.
    pub(super) fn program(&self, process: i32) -> Option<PathBuf> {
        self.link(&format!("{process}/exe")).map(|link| PathBuf::from(OsString::from_vec(link)))
    }

    /// The process, its parent and its tracer of a thread.
    pub(super) fn belongs(&self, thread: i32) -> Option<Belongs> {
        let text = self.text(&format!("{thread}/status"))?;
        let number = |name: &str| status_field(&text, name)?.parse().ok();
        Some(Belongs { process: number("Tgid")?, parent: number("PPid")?, tracer: number("TracerPid")? })
    }

    /// The children of the calling thread, where the kernel tells them.
    pub(super) fn own_children(&self) -> Vec<i32> {
        let text = self.text(&format!("self/task/{}/children", rustix::thread::gettid())).unwrap_or_default();
        text.split_whitespace().filter_map(|number| number.parse().ok()).collect()
    }

    /// Whether a signal would be thrown away if nobody traced the thread: it is ignored, or does nothing by itself and has no
    /// handler.
    pub(super) fn is_ignored(&self, thread: i32, signal: i32) -> bool {
        let Some(text) = self.text(&format!("{thread}/status")) else { return false };
        let has = |name| {
            let mask = status_field(&text, name).and_then(|mask| u64::from_str_radix(mask, 16).ok()).unwrap_or(0);
            u32::try_from(signal - 1).is_ok_and(|bit| mask.checked_shr(bit).unwrap_or(0) & 1 == 1)
        };
        let does_nothing = matches!(signal, libc::SIGCHLD | libc::SIGURG | libc::SIGWINCH);
        has("SigIgn") || does_nothing && !has("SigCgt")
    }

    /// Whether a thread stands in its own instructions or waits in a call that a stop does not end.
    pub(super) fn is_undisturbed(&self, thread: i32) -> bool {
        const CALLS: [i64; 8] = [
            libc::SYS_futex,
            libc::SYS_nanosleep,
            libc::SYS_clock_nanosleep,
            libc::SYS_ppoll,
            libc::SYS_pselect6,
            libc::SYS_wait4,
            libc::SYS_waitid,
            libc::SYS_rt_sigsuspend,
        ];
        let Some(text) = self.text(&format!("{thread}/syscall")) else { return false };
        let first = text.split_whitespace().next().unwrap_or_default();
        first == "running" || first.parse().is_ok_and(|call: i64| CALLS.contains(&call))
    }

    /// Whether a thread stands still for its tracer.
    pub(super) fn is_stopped(&self, thread: i32) -> bool {
        let Some(text) = self.text(&format!("{thread}/status")) else { return false };
        status_field(&text, "State").is_some_and(|state| state.starts_with('t'))
    }

    /// What the security module Yama allows, where there is one.
    pub(super) fn trace_scope(&self) -> Option<u8> {
        self.text("sys/kernel/yama/ptrace_scope")?.trim().parse().ok()
    }

    /// Whether a process has a descriptor of a socket for which this holds; also when it has more than can be looked through.
    pub(super) fn any_socket(&self, process: i32, holds: impl Fn(SocketInode) -> bool) -> bool {
        let path = format!("{process}/fd");
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let Ok(folder) = rustix::fs::openat(&self.folder, path.as_str(), flags, Mode::empty()) else { return false };
        let mut buffer = Vec::with_capacity(16 * 1_024);
        let mut entries = RawDir::new(&folder, buffer.spare_capacity_mut());
        let mut looked_at = 0;
        while let Some(Ok(entry)) = entries.next() {
            looked_at += 1;
            if looked_at > DESCRIPTORS_MAX {
                return true;
            }
            let link = rustix::fs::readlinkat(&folder, entry.file_name(), Vec::new());
            let socket = link.ok().and_then(|link| decode::socket_inode(link.to_bytes()));
            if socket.is_some_and(&holds) {
                return true;
            }
        }
        false
    }

    fn link(&self, path: &str) -> Option<Vec<u8>> {
        rustix::fs::readlinkat(&self.folder, path, Vec::new()).ok().map(|link| link.into_bytes())
    }

    fn text(&self, path: &str) -> Option<String> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&self.folder, path, flags, Mode::empty()).ok()?;
        let mut octets = Vec::new();
        File::from(file).take(TEXT_OCTETS_MAX).read_to_end(&mut octets).ok()?;
        Some(String::from_utf8_lossy(&octets).into_owned())
    }
}

fn status_field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::os::fd::AsRawFd as _;

    use super::*;

    #[test]
    fn a_process_finds_its_own_sockets() {
        let processes = Processes::open().unwrap().expect("the folder of this namespace");
        let process = std::process::id() as i32;
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let inode = processes.socket(process, socket.as_raw_fd()).unwrap().expect("a socket");
        assert!(processes.any_socket(process, |other| other == inode));
        assert!(!processes.any_socket(process, |_| false));
        assert_eq!(processes.is_blocking(process, socket.as_raw_fd()), Some(true));
        socket.set_nonblocking(true).unwrap();
        assert_eq!(processes.is_blocking(process, socket.as_raw_fd()), Some(false));
        assert!(processes.socket(process, -1).is_err());
        let belongs = processes.belongs(process).unwrap();
        assert_eq!(belongs.process, process);
        assert_eq!(processes.program(process), std::env::current_exe().ok());
        assert!(!processes.is_ignored(process, libc::SIGTERM));
        assert!(processes.is_ignored(process, libc::SIGPIPE), "Rust programs ignore it");
        assert!(!processes.is_ignored(process, 0) && !processes.is_ignored(process, 65));
    }

    #[test]
    fn memory_is_read_by_its_file_as_by_the_call() {
        let processes = Processes::open().unwrap().expect("the folder of this namespace");
        let process = std::process::id() as i32;
        let (there, mut back) = ([1_u8, 2, 3, 4], [0; 4]);
        assert_eq!(processes.read_memory(process, there.as_ptr().expose_provenance() as u64, &mut back).unwrap(), 4);
        assert_eq!(back, there);
        for nowhere in [0, 8, u64::MAX - 3] {
            assert!(!processes.read_memory(process, nowhere, &mut back).is_ok_and(|read| read > 0), "{nowhere:#x}");
        }
    }

    #[test]
    fn of_a_process_that_is_gone_nothing_is_known() {
        let processes = Processes::open().unwrap().expect("the folder of this namespace");
        // Numbers of processes are below 2^22.
        let nobody = 1 << 30;
        assert_eq!(processes.program(nobody), None);
        assert_eq!(processes.belongs(nobody), None);
        assert!(!processes.any_socket(nobody, |_| true));
    }

    #[test]
    fn of_a_long_file_only_the_beginning_is_read() {
        let processes = Processes::open().unwrap().expect("the folder of this namespace");
        let path = std::env::temp_dir().join(format!("synsent-long-{}", std::process::id()));
        std::fs::write(&path, vec![b'x'; 2 * TEXT_OCTETS_MAX as usize]).unwrap();
        // An absolute path is taken as it is.
        let text = processes.text(path.to_str().unwrap());
        std::fs::remove_file(&path).unwrap();
        assert_eq!(text.map(|text| text.len() as u64), Some(TEXT_OCTETS_MAX));
    }

    /// Copies of a descriptor are made in a process of its own, because the limit of this one is every test's.
    const MANY_DESCRIPTORS: &str = "
import os, resource, sys
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (5000, hard))
for _ in range(4200): os.dup(0)
print('ready', flush=True)
sys.stdin.read()
";

    #[test]
    fn a_process_with_very_many_descriptors_counts_as_connected() {
        use std::process::{Command, Stdio};
        let processes = Processes::open().unwrap().expect("the folder of this namespace");
        let mut python = Command::new("python3");
        python.args(["-c", MANY_DESCRIPTORS]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let Ok(mut child) = python.spawn() else {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "python3 is missing");
            return eprintln!("SKIPPED: this machine has no python3; what needs it was not tested");
        };
        let is_ready = child.stdout.take().unwrap().read_exact(&mut [0; 6]).is_ok();
        let counts = processes.any_socket(child.id() as i32, |_| false);
        drop(child.stdin.take());
        child.wait().unwrap();
        // Where so many are not allowed, there is nothing to see.
        assert!(counts || !is_ready);
    }
}
