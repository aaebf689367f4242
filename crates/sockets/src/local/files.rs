//! A machine of the local domain, shared by its processes: the files, and the sockets behind them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::sockets::Sockets;
use super::tree::{FileId, FileKind, Identity, Making, Tree, Walker};
use crate::failure::{Failure, Outcome};

/// Rings when something changed.
pub type Bell = Arc<dyn Fn() + Send + Sync>;

/// The permission bits of a new directory or file.
const NEW_MODE: u16 = 0o755;

/// The files of a machine, and its local sockets. Arranging them is not held to any permission.
#[derive(Clone)]
pub struct FileTree(Arc<Shared>);

struct Shared {
    machine: Mutex<Machine>,
    bells: Mutex<Vec<Weak<dyn Fn() + Send + Sync>>>,
}

pub(super) struct Machine {
    pub(super) tree: Tree,
    pub(super) sockets: Sockets,
}

const ARRANGER: Walker = Walker { who: Identity::ROOT, from: Tree::ROOT };

impl Default for FileTree {
    fn default() -> FileTree {
        let machine = Machine { tree: Tree::new(), sockets: Sockets::default() };
        FileTree(Arc::new(Shared { machine: Mutex::new(machine), bells: Mutex::default() }))
    }
}

impl FileTree {
    /// A machine whose root directory is empty, and open to everybody.
    pub fn new() -> FileTree {
        FileTree::default()
    }

    /// Makes a directory that everybody may search and its owner, the user zero, may change.
    ///
    /// # Errors
    /// When the path is taken, or its directory is not there.
    pub fn make_directory(&self, path: impl AsRef<[u8]>) -> Result<(), Failure> {
        self.make(path.as_ref(), Making::Directory)
    }

    /// Makes a plain file.
    ///
    /// # Errors
    /// When the path is taken, or its directory is not there.
    pub fn make_file(&self, path: impl AsRef<[u8]>) -> Result<(), Failure> {
        self.make(path.as_ref(), Making::Plain)
    }

    /// Makes a symbolic link, whether what it leads to is there or not.
    ///
    /// # Errors
    /// When the path is taken, or its directory is not there.
    pub fn make_link(&self, path: impl AsRef<[u8]>, target: impl AsRef<[u8]>) -> Result<(), Failure> {
        self.make(path.as_ref(), Making::Link(target.as_ref()))
    }

    /// Gives a file an owner and permission bits (`0o755` and the like): search for directories, write for socket files.
    ///
    /// # Errors
    /// When the path leads nowhere.
    pub fn set_access(&self, path: impl AsRef<[u8]>, owner: Identity, mode: u16) -> Result<(), Failure> {
        self.look(|machine| {
            let file = machine.tree.find(ARRANGER, path.as_ref())?;
            machine.tree.set_access(file, owner, mode);
            Ok(())
        })
    }

    /// Takes a file or an empty directory away. A socket behind a socket file lives on, and nobody finds it any more.
    ///
    /// # Errors
    /// When the path leads nowhere, or the directory is not empty.
    pub fn remove(&self, path: impl AsRef<[u8]>) -> Result<(), Failure> {
        self.look(|machine| {
            let file = machine.tree.remove(ARRANGER, path.as_ref())?;
            machine.sockets.forget_file(file);
            Ok(())
        })
    }

    /// What a path leads to, links followed; `None`: to nothing.
    pub fn kind(&self, path: impl AsRef<[u8]>) -> Option<FileKind> {
        self.look(|machine| machine.tree.kind(machine.tree.find(ARRANGER, path.as_ref()).ok()?))
    }

    fn make(&self, path: &[u8], making: Making<'_>) -> Result<(), Failure> {
        self.look(|machine| machine.tree.make(ARRANGER, path, making, NEW_MODE)).map(drop)
    }

    pub(super) fn register(&self, bell: &Bell) {
        let mut bells = self.0.bells.lock().unwrap_or_else(PoisonError::into_inner);
        bells.retain(|bell| bell.strong_count() > 0);
        bells.push(Arc::downgrade(bell));
    }

    /// Works on the machine without telling anybody.
    pub(super) fn look<R>(&self, work: impl FnOnce(&mut Machine) -> R) -> R {
        work(&mut self.machine())
    }

    /// Works on the machine, and rings the bells when something has changed that somebody may wait for.
    pub(super) fn work<R>(&self, work: impl FnOnce(&mut Machine) -> R) -> R {
        let (answer, changed) = {
            let mut machine = self.machine();
            let answer = work(&mut machine);
            (answer, machine.sockets.take_changed())
        };
        if changed {
            let bells = self.0.bells.lock().unwrap_or_else(PoisonError::into_inner).clone();
            bells.iter().filter_map(Weak::upgrade).for_each(|bell| bell());
        }
        answer
    }

    fn machine(&self) -> MutexGuard<'_, Machine> {
        self.0.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Machine {
    /// The directory that a path leads to.
    pub(super) fn directory(&self, walker: Walker, path: &[u8]) -> Result<FileId, Failure> {
        let file = self.tree.find(walker, path)?;
        match self.tree.kind(file) {
            Some(FileKind::Directory) => Ok(file),
            _ => Err(Outcome::NotDirectory.into()),
        }
    }
}
