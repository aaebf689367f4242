//! Files that have other contents in the room, and some that nobody finds there.
//!
//! The new contents stand on a file system in memory and are mounted over the real files, in a mount namespace of which nobody else
//! knows. A file that does not exist, or whose symbolic link leads nowhere, cannot be mounted over: its folder then gets a
//! likeness in memory in which every other entry is the real one. Nothing is written to any real file system. What cannot be
//! replaced becomes a note, because a program without names can still reach addresses.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use rustix::mount::{MountFlags, MountPropagationFlags, UnmountFlags};
use rustix::thread::UnshareFlags;

use super::Setup;
use super::refusal::{Namespace, Refusal, Settings};
use super::standing::Standing;

/// The sockets of services that would answer for the name server: they are outside, and a mount namespace does not keep a
/// program from them.
pub(super) const NAME_SERVICES: [&str; 4] = [
    "/run/nscd/socket",
    "/var/run/nscd/socket",
    "/run/systemd/resolve/io.systemd.Resolve",
    "/run/systemd/resolve/io.systemd.Resolve.Monitor",
];

/// Folders that may be hidden for a moment while the files are arranged.
const SCRATCH: [&str; 7] = ["/mnt", "/media", "/srv", "/opt", "/tmp", "/var/tmp", "/run"];

/// Moves the process into a mount namespace of its own, and arranges the files there. False when nothing may be mounted there,
/// because it would appear outside.
pub(super) fn arrange(setup: &Setup, standing: Standing, notes: &mut Vec<String>) -> Result<bool, Refusal> {
    let refused = |error| Settings::read().blame_for(Namespace::Mount, standing, error);
    // SAFETY: NEWNS gives the process its own table of mounts; its memory and its descriptors stay as they are.
    unsafe { rustix::thread::unshare_unsafe(UnshareFlags::NEWNS) }.map_err(|error| refused(error.into()))?;
    let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    let real = |error: io::Error| {
        format!("the program sees the real files of this machine, because none can be mounted: {error}")
    };
    if let Err(error) = rustix::mount::mount_change("/", private) {
        notes.push(real(error.into()));
        return Ok(false);
    }
    match carry_out(setup) {
        Ok(more) => notes.extend(more),
        Err(error) => notes.push(real(error)),
    }
    Ok(true)
}

/// Mounts a /proc for as long as something is done with it, where nobody outside sees it.
pub(super) fn with_own_proc(act: impl FnOnce(&Path)) -> io::Result<()> {
    let folder = SCRATCH.map(Path::new).into_iter().find(|folder| folder.is_dir()).ok_or(io::ErrorKind::NotFound)?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    rustix::mount::mount("proc", folder, "proc", flags, None)?;
    act(folder);
    Ok(rustix::mount::unmount(folder, UnmountFlags::DETACH)?)
}

/// Answers with what could not be arranged.
fn carry_out(setup: &Setup) -> io::Result<Vec<String>> {
    let mut notes = Vec::new();
    let hidden: BTreeSet<PathBuf> = setup.hidden.iter().filter_map(|path| fs::canonicalize(path).ok()).collect();
    if hidden.is_empty() && setup.files.is_empty() {
        return Ok(notes);
    }
    let mut scratch = Scratch::mount(setup)?;
    for path in hidden {
        if let Err(error) = scratch.empty(&path).and_then(|source| cover(&source, &path)) {
            notes.push(format!("{} could not be hidden from the program: {error}", path.display()));
        }
    }
    for (path, contents) in &setup.files {
        if let Err(error) = scratch.replace(path, contents) {
            let path = path.display();
            notes.push(format!("the program sees the real {path}, because it could not be replaced: {error}"));
        }
    }
    Ok(notes)
}

/// A file system in memory, mounted for as long as the files are arranged. What is mounted from it elsewhere stays.
struct Scratch {
    folder: &'static Path,
    made: u32,
}

impl Scratch {
    fn mount(setup: &Setup) -> io::Result<Scratch> {
        let in_use = |folder: &Path| {
            setup.files.iter().map(|(path, _)| path).chain(&setup.hidden).any(|path| {
                let real = final_path(path);
                path.starts_with(folder) || real.starts_with(folder)
            })
        };
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        for folder in SCRATCH.map(Path::new).into_iter().filter(|folder| folder.is_dir() && !in_use(folder)) {
            match rustix::mount::mount("tmpfs", folder, "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, c"mode=0755") {
                Ok(()) => return Ok(Scratch { folder, made: 0 }),
                Err(error) => last = error.into(),
            }
        }
        Err(last)
    }

    fn next(&mut self) -> PathBuf {
        self.made += 1;
        self.folder.join(self.made.to_string())
    }

    fn file(&mut self, contents: &[u8]) -> io::Result<PathBuf> {
        let path = self.next();
        fs::write(&path, contents)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644))?;
        Ok(path)
    }

    /// Something of the same kind as `path` with nothing in it.
    fn empty(&mut self, path: &Path) -> io::Result<PathBuf> {
        if path.is_dir() { self.folder() } else { self.file(b"") }
    }

    fn folder(&mut self) -> io::Result<PathBuf> {
        let path = self.next();
        fs::create_dir(&path)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
        Ok(path)
    }

    fn replace(&mut self, path: &Path, contents: &[u8]) -> io::Result<()> {
        if fs::metadata(path).is_err() {
            self.liken_folder(path)?;
        }
        let source = self.file(contents)?;
        cover(&source, path)
    }

    /// Covers the folder of a file that is not there with a likeness that has it.
    fn liken_folder(&mut self, path: &Path) -> io::Result<()> {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let likeness = self.folder()?;
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_name() == name {
                continue;
            }
            let (real, copy) = (entry.path(), likeness.join(entry.file_name()));
            let kind = entry.file_type()?;
            if kind.is_symlink() {
                symlink(fs::read_link(&real)?, &copy)?;
                continue;
            }
            if kind.is_dir() {
                fs::create_dir(&copy)?
            } else {
                fs::write(&copy, "")?
            }
            cover(&real, &copy)?;
        }
        fs::write(likeness.join(name), "")?;
        cover(&likeness, folder)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // It was mounted here, so it can be taken away; should the kernel not think so, the folder stays empty for the program.
        let _ = rustix::mount::unmount(self.folder, UnmountFlags::DETACH);
    }
}

/// Mounts one file or folder over another, with all that is mounted below it.
fn cover(source: &Path, target: &Path) -> io::Result<()> {
    Ok(rustix::mount::mount_bind_recursive(source, target)?)
}

/// Where a path leads in the end, also when nothing is there.
fn final_path(path: &Path) -> PathBuf {
    if let Ok(real) = fs::canonicalize(path) {
        return real;
    }
    match (path.parent().and_then(|folder| fs::canonicalize(folder).ok()), path.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}
