//! Finding a program as a shell does, and the reasons why it cannot run that can be known before.
//!
//! The kernel has the last word: what it says when it executes the program is read in [`reason`].

use std::env;
use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, StatVfsMountFlags};

use super::interpreter;
use super::refusal::Refusal;
use super::standing::Standing;

/// Where programs are when PATH does not say it.
const PATH_OTHERWISE: &str = "/bin:/usr/bin";
/// The overflow number of kernels where nobody changed it.
const OVERFLOW_OTHERWISE: u32 = 65_534;

/// Finds a program as execvp(3) does: a name with a slash is a path, every other name is looked for in the folders of PATH.
///
/// # Errors
/// A [`Refusal`] that says why there is none, or why it cannot be executed.
pub fn find(name: &OsStr) -> Result<PathBuf, Refusal> {
    if name.as_bytes().contains(&b'/') {
        let path = PathBuf::from(name);
        return match fs::metadata(&path) {
            Ok(metadata) => executable(&path, &metadata).map(|()| path),
            Err(error) => Err(absent(name, path, error)),
        };
    }
    let folders = env::var_os("PATH").unwrap_or_else(|| PATH_OTHERWISE.into());
    let searched: Vec<PathBuf> = env::split_paths(&folders).collect();
    let mut refusal = None;
    for folder in searched.iter().filter(|_| !name.is_empty()) {
        let path = if folder.as_os_str().is_empty() { Path::new(".").join(name) } else { folder.join(name) };
        let Ok(metadata) = fs::metadata(&path) else { continue };
        match executable(&path, &metadata) {
            Ok(()) => return Ok(path),
            // What cannot be executed hides nothing behind it.
            Err(why) => refusal = refusal.or(Some(why)),
        }
    }
    Err(refusal.unwrap_or_else(|| Refusal::NotFound { name: name.into(), searched }))
}

fn absent(name: &OsStr, path: PathBuf, error: io::Error) -> Refusal {
    match error.kind() {
        io::ErrorKind::NotFound => Refusal::NotFound { name: name.into(), searched: Vec::new() },
        _ => Refusal::Exec { path, source: error },
    }
}

fn executable(path: &Path, metadata: &Metadata) -> Result<(), Refusal> {
    if metadata.is_dir() {
        return Err(Refusal::Folder(path.into()));
    }
    let not = |why| Err(Refusal::NotExecutable { path: path.into(), why });
    if !metadata.is_file() {
        return not("it is a device, a pipe or a socket");
    }
    if metadata.permissions().mode() & 0o111 == 0 {
        return not("it has no execute permission; chmod +x gives it one");
    }
    if rustix::fs::access(path, Access::EXEC_OK).is_err() {
        return not("this user may not, or its file system is mounted with noexec");
    }
    match interpreter::missing(path) {
        Some((interpreter, place)) => Err(Refusal::NoInterpreter { path: path.into(), interpreter, place }),
        None => Ok(()),
    }
}

/// Refuses a program that becomes somebody else, or gets capabilities, by being executed, when that cannot be in the room.
pub(super) fn can_get_its_rights(path: &Path, standing: Standing) -> Result<(), Refusal> {
    if standing != Standing::Own || gives_no_rights(path) {
        return Ok(());
    }
    let Ok(metadata) = fs::metadata(path) else { return Ok(()) };
    let mode = metadata.permissions().mode();
    let rights = if mode & libc::S_ISUID != 0
        && is_of_another(metadata.uid(), rustix::process::geteuid().as_raw(), overflow("uid"))
    {
        "is a set-user-ID program: it runs with the rights of its owner"
    } else if mode & (libc::S_ISGID | libc::S_IXGRP) == libc::S_ISGID | libc::S_IXGRP
        && is_of_another(metadata.gid(), rustix::process::getegid().as_raw(), overflow("gid"))
    {
        "is a set-group-ID program: it runs with the rights of its group"
    } else if has_capabilities(path) {
        "has file capabilities: it runs with rights of root"
    } else {
        return Ok(());
    };
    Err(Refusal::Rights { path: path.into(), rights: rights.to_owned() })
}

/// Whether a file belongs to somebody else. A namespace that knows one user shows all others under the overflow number, so
/// who has that number cannot tell its own files from theirs: none is taken for its own.
fn is_of_another(owner: u32, own: u32, overflow: u32) -> bool {
    owner != own || owner == overflow
}

/// The number that the kernel shows for users (`uid`) or groups (`gid`) that a namespace does not know.
fn overflow(of: &str) -> u32 {
    let told = fs::read_to_string(format!("/proc/sys/kernel/overflow{of}")).ok();
    told.and_then(|number| number.trim().parse().ok()).unwrap_or(OVERFLOW_OTHERWISE)
}

/// Whether executing it gives no rights outside the room either.
fn gives_no_rights(path: &Path) -> bool {
    // A script is executed as its interpreter.
    if interpreter::is_script(path) {
        return true;
    }
    let nosuid = rustix::fs::statvfs(path).is_ok_and(|info| info.f_flag.contains(StatVfsMountFlags::NOSUID));
    nosuid || rustix::thread::no_new_privs().unwrap_or(false)
}

fn has_capabilities(path: &Path) -> bool {
    let mut value = [0_u8; 64];
    rustix::fs::getxattr(path, "security.capability", &mut value).is_ok()
}

/// What it means that the kernel did not execute a program.
pub(super) fn reason(path: &Path, source: io::Error) -> Refusal {
    let path = path.to_owned();
    match source.raw_os_error() {
        Some(libc::ENOENT | libc::ELIBBAD) => match interpreter::missing(&path) {
            Some((interpreter, place)) => Refusal::NoInterpreter { path, interpreter, place },
            None => Refusal::Exec { path, source },
        },
        Some(libc::ENOEXEC) => Refusal::WrongFormat(path),
        _ => Refusal::Exec { path, source },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_the_overflow_number_owns_nothing_for_certain() {
        assert!(!is_of_another(1_000, 1_000, 65_534));
        assert!(is_of_another(65_534, 1_000, 65_534));
        assert!(is_of_another(65_534, 65_534, 65_534), "files of root look so to nobody");
    }
}
