//! Why a process cannot be observed, in words that say what to do about it.

use std::io;

use thiserror::Error;

use super::processes::Processes;

/// Why a process cannot be observed.
#[derive(Debug, Error)]
pub enum AttachError {
    /// The system's setting forbids it.
    #[error(
        "tracing is forbidden on this system: kernel.yama.ptrace_scope is {scope} (sysctl -w kernel.yama.ptrace_scope=1 allows it, except after 3, which stays until the next start)"
    )]
    Yama {
        /// The setting's value.
        scope: u8,
    },
    /// Something else forbids it: a container's filter, a security module, or who the process is.
    #[error(
        "tracing is forbidden here (ptrace: EPERM): a container needs the capability SYS_PTRACE or a filter that allows ptrace"
    )]
    Forbidden,
    /// Another process traces it, as when a debugger runs the caller.
    #[error("process {tracer} traces it already")]
    TracedAlready {
        /// Who traces it.
        tracer: i32,
    },
    /// There is no such process.
    #[error("the process is gone")]
    Gone,
    /// The kernel does not tell calls.
    #[error("the kernel is older than 5.3, which is needed to observe calls")]
    KernelTooOld,
    /// /proc is not there or counts processes of another namespace.
    #[error("/proc is not there, or not that of this process's namespace")]
    NoProcesses,
    /// Anything else, in the words of the kernel.
    #[error("the process cannot be traced: {0}")]
    Other(#[source] io::Error),
}

impl From<AttachError> for io::Error {
    fn from(error: AttachError) -> io::Error {
        let kind = match &error {
            AttachError::Gone => io::ErrorKind::NotFound,
            AttachError::KernelTooOld | AttachError::NoProcesses => io::ErrorKind::Unsupported,
            AttachError::Other(error) => error.kind(),
            _ => io::ErrorKind::PermissionDenied,
        };
        io::Error::new(kind, error)
    }
}

/// Whether the kernel knows PTRACE_GET_SYSCALL_INFO.
pub(super) fn kernel_tells_calls() -> bool {
    let name = rustix::system::uname();
    let mut numbers = name.release().to_str().unwrap_or_default().split('.').map(|part| part.parse::<u32>());
    !matches!((numbers.next(), numbers.next()), (Some(Ok(0..5)), _) | (Some(Ok(5)), Some(Ok(0..3))))
}

pub(super) fn refusal(error: io::Error, process: i32, files: &Processes) -> AttachError {
    match error.raw_os_error() {
        Some(libc::ESRCH) => AttachError::Gone,
        Some(libc::EPERM) => {
            let tracer = files.belongs(process).map_or(0, |belongs| belongs.tracer);
            let scope = files.trace_scope().filter(|scope| *scope >= 2);
            match (tracer, scope) {
                (1.., _) => AttachError::TracedAlready { tracer },
                (_, Some(scope)) => AttachError::Yama { scope },
                _ => AttachError::Forbidden,
            }
        }
        _ => AttachError::Other(error),
    }
}
