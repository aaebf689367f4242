//! The local domain, simulated: sockets whose names are paths of a file system in memory.
//!
//! A [`FileTree`] is one machine: its files, and the sockets that stand behind socket files. Each process on it has a
//! [`LocalProvider`] with its identity and its current directory. Binding makes a socket file; connecting follows the path as
//! a file system does, with its permissions, links and limits, and meets what stands there: a socket that listens, a socket of
//! the other type, a file that nobody listens behind.
//!
//! Nothing here waits or knows a clock: whatever changes rings the bell of every process of the machine, and who waits asks
//! again. One lock holds a machine; the bells ring when it is free.
//!
//! Urgent data, credentials, passed descriptors and abstract names are not there.

mod data;
mod endpoint;
mod files;
mod sockets;
mod transport;
mod tree;

use core::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

pub use endpoint::{BUFFER_OCTETS_MAX, QUEUED_DATAGRAMS_MAX};
pub use files::{Bell, FileTree};
pub use sockets::{BACKLOG_MAX, SOCKETS_MAX};
pub use tree::{COMPONENT_OCTETS_MAX, FILES_MAX, FileKind, Identity, LINKS_MAX};

use crate::failure::{Failure, Outcome};
use crate::name::{Domain, Kind};
use crate::provider::{Cast, Provider, Transport};
use crate::settings::Settings;
use transport::LocalSocket;
use tree::{Tree, Walker};

/// The local sockets of a process.
pub struct LocalProvider {
    files: FileTree,
    process: Arc<Mutex<Process>>,
    /// The machine knows it only as long as the process lives.
    _bell: Bell,
}

/// What a process is to the file system.
struct Process {
    walker: Walker,
}

impl LocalProvider {
    /// A process on a machine, with all rights and in the root directory; whatever changes rings the bell.
    pub fn new(files: FileTree, bell: Bell) -> LocalProvider {
        files.register(&bell);
        let walker = Walker { who: Identity::ROOT, from: Tree::ROOT };
        LocalProvider { files, process: Arc::new(Mutex::new(Process { walker })), _bell: bell }
    }

    /// The files of the machine.
    pub fn files(&self) -> &FileTree {
        &self.files
    }

    /// The process is somebody else from now on.
    pub fn set_identity(&self, who: Identity) {
        self.process.lock().unwrap_or_else(PoisonError::into_inner).walker.who = who;
    }

    /// Goes to a directory: paths that do not begin with a slash begin there.
    ///
    /// # Errors
    /// When the path leads to no directory.
    pub fn set_directory(&self, path: impl AsRef<[u8]>) -> Result<(), Failure> {
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        let walker = process.walker;
        process.walker.from = self.files.look(|machine| machine.directory(walker, path.as_ref()))?;
        Ok(())
    }
}

impl Provider for LocalProvider {
    fn open(&self, domain: Domain, kind: Kind, settings: &Settings) -> Result<Arc<dyn Transport>, Failure> {
        if domain != Domain::Local {
            return Err(Outcome::DomainUnsupported.into());
        }
        let id = self.files.look(|machine| machine.sockets.open(kind, settings))?;
        Ok(Arc::new(LocalSocket::new(self.files.clone(), self.process.clone(), id)))
    }

    fn cast(&self, _address: IpAddr) -> Cast {
        Cast::Unicast
    }
}
