//! Situations of the local domain: paths that are too long anywhere, and the files of a simulated machine.

use std::sync::Arc;

use synsent_lab::LabNetwork;
use synsent_sockets::local::Identity;
use synsent_sockets::{Domain, Failure, Kind, LocalName, Name, Settings, Socket};

use crate::situation::LocalSituation;
use crate::world::NotHere;

/// NAME_MAX of Linux; unit: octets.
const NAME_MAX: usize = 255;
/// PATH_MAX of Linux; unit: octets.
const PATH_MAX: usize = 4_096;
/// The components of a path that is too long in all.
const LONG_COMPONENT: usize = 100;
/// Who the process under test is where permissions matter.
const SOMEBODY: Identity = Identity { user: 1_000, group: 1_000 };
/// The directory of a trial.
const DIRECTORY: &str = "/trial";
/// How many connections wait at a socket that listens.
const BACKLOG: u32 = 8;

/// The sockets that another process of the simulated machine has.
#[derive(Default)]
pub(crate) struct SimulatedFiles {
    other: Option<Arc<LabNetwork>>,
    kept: Vec<Socket>,
}

impl SimulatedFiles {
    /// Brings a situation about on the machine of this process.
    pub(crate) fn arrange(&mut self, process: &LabNetwork, situation: LocalSituation) -> Result<Vec<u8>, NotHere> {
        let made = self.make(process, situation).map(String::into_bytes);
        made.map_err(|failure| NotHere(format!("{situation:?}: {failure}")))
    }

    fn make(&mut self, process: &LabNetwork, situation: LocalSituation) -> Result<String, Failure> {
        let files = process.files();
        if files.kind(DIRECTORY).is_none() {
            files.make_directory(DIRECTORY)?;
            // Like a directory for what is temporary: everybody may make files.
            files.set_access(DIRECTORY, Identity::ROOT, 0o777)?;
        }
        let path = format!("{DIRECTORY}/{situation:?}");
        match situation {
            LocalSituation::Listens => self.listen(process, &path, Kind::Stream)?,
            LocalSituation::Datagrams => self.listen(process, &path, Kind::Datagram)?,
            LocalSituation::Dead => {
                self.listen(process, &path, Kind::Stream)?;
                self.kept.pop().map(|socket| socket.close()).transpose()?;
            }
            LocalSituation::PlainFile => files.make_file(&path)?,
            LocalSituation::NotADirectory => {
                files.make_file(&path)?;
                return Ok(path + "/socket");
            }
            LocalSituation::NoSearchPermission => {
                files.make_directory(&path)?;
                self.listen(process, &(path.clone() + "/socket"), Kind::Stream)?;
                files.set_access(&path, Identity::ROOT, 0o600)?;
                process.local().set_identity(SOMEBODY);
                return Ok(path + "/socket");
            }
            LocalSituation::NoWritePermission => {
                self.listen(process, &path, Kind::Stream)?;
                files.set_access(&path, Identity::ROOT, 0o555)?;
                process.local().set_identity(SOMEBODY);
            }
            LocalSituation::TooLong => return Ok(long_path(DIRECTORY)),
            LocalSituation::ComponentTooLong => return Ok(long_component(DIRECTORY)),
            LocalSituation::Missing | LocalSituation::Free => {}
        }
        Ok(path)
    }

    /// A socket of another process is at this path.
    fn listen(&mut self, process: &LabNetwork, path: &str, kind: Kind) -> Result<(), Failure> {
        let other = self.other.get_or_insert_with(|| LabNetwork::new(process.lab(), process.host()));
        let socket = Socket::new(other.clone(), Domain::Local, kind, Settings::default())?;
        socket.bind(&Name::Local(LocalName::new(path.as_bytes())))?;
        if kind == Kind::Stream {
            socket.listen(BACKLOG)?;
        }
        self.kept.push(socket);
        Ok(())
    }
}

/// A path whose components are short, and which is longer than a path may be.
pub(crate) fn long_path(directory: &str) -> String {
    let components = PATH_MAX / LONG_COMPONENT + 1;
    format!("{directory}{}", format!("/{}", "d".repeat(LONG_COMPONENT)).repeat(components))
}

/// A short path with a component that is longer than a component may be.
pub(crate) fn long_component(directory: &str) -> String {
    format!("{directory}/{}", "c".repeat(NAME_MAX + 1))
}
