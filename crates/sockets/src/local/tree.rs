//! A file system in memory, as far as names of sockets need one: directories, files, symbolic links and socket files, with
//! owners and permission bits, and the walk along a path.
//!
//! The walk gives the reasons that a path cannot be followed, as file systems have them: a component is missing, is no
//! directory, is too long, may not be searched, or the links lead in circles.

use std::collections::{BTreeMap, VecDeque};

use crate::failure::{Failure, Outcome};
use crate::name::LOCAL_PATH_MAX;

/// The longest component of a path; unit: octets.
pub const COMPONENT_OCTETS_MAX: usize = 255;
/// How many symbolic links one path may lead through.
pub const LINKS_MAX: u32 = 40;
/// How many files, directories, links and socket files a tree holds.
pub const FILES_MAX: usize = 65_536;

const READ_WRITE_SEARCH: u16 = 0o7;
const WRITE: u16 = 0o2;
const SEARCH: u16 = 0o1;

/// Who a process is to the file system. The user zero may do everything.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Identity {
    /// The number of the user.
    pub user: u32,
    /// The number of the group.
    pub group: u32,
}

impl Identity {
    /// The user who may do everything.
    pub const ROOT: Identity = Identity { user: 0, group: 0 };
}

/// What a path leads to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileKind {
    /// A directory.
    Directory,
    /// A plain file.
    Plain,
    /// The file of a socket.
    Socket,
}

pub(super) type FileId = u64;

#[derive(Debug)]
pub(super) struct Tree {
    files: BTreeMap<FileId, File>,
    last: FileId,
}

#[derive(Debug)]
struct File {
    owner: Identity,
    /// Permission bits in the usual order: owner, group, others.
    mode: u16,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Directory { parent: FileId, entries: BTreeMap<Vec<u8>, FileId> },
    Plain,
    Link(Vec<u8>),
    Socket,
}

/// What is to be made.
pub(super) enum Making<'a> {
    Directory,
    Plain,
    Link(&'a [u8]),
    Socket,
}

/// Who walks, and from where.
#[derive(Clone, Copy)]
pub(super) struct Walker {
    pub(super) who: Identity,
    pub(super) from: FileId,
}

impl Tree {
    pub(super) const ROOT: FileId = 0;

    pub(super) fn new() -> Tree {
        let entries = BTreeMap::new();
        let content = Content::Directory { parent: Tree::ROOT, entries };
        let root = File { owner: Identity::ROOT, mode: 0o777, content };
        Tree { files: [(Tree::ROOT, root)].into(), last: Tree::ROOT }
    }

    /// What a path leads to, links followed.
    pub(super) fn find(&self, walker: Walker, path: &[u8]) -> Result<FileId, Failure> {
        self.walk(walker, path).map_err(|outcome| failure(path, outcome))
    }

    /// Makes a file of whatever kind; its parent directory must be there and may be written.
    pub(super) fn make(
        &mut self,
        walker: Walker,
        path: &[u8],
        making: Making<'_>,
        mode: u16,
    ) -> Result<FileId, Failure> {
        self.make_at(walker, path, making, mode).map_err(|outcome| failure(path, outcome))
    }

    /// Takes away what a path leads to; a link itself, not what it leads to.
    pub(super) fn remove(&mut self, walker: Walker, path: &[u8]) -> Result<FileId, Failure> {
        self.remove_at(walker, path).map_err(|outcome| failure(path, outcome))
    }

    /// Changes the owner and the permission bits.
    pub(super) fn set_access(&mut self, file: FileId, owner: Identity, mode: u16) {
        if let Some(file) = self.files.get_mut(&file) {
            (file.owner, file.mode) = (owner, mode);
        }
    }

    pub(super) fn kind(&self, file: FileId) -> Option<FileKind> {
        Some(match self.files.get(&file)?.content {
            Content::Directory { .. } => FileKind::Directory,
            Content::Plain => FileKind::Plain,
            // A walk never ends at a link.
            Content::Link(_) => return None,
            Content::Socket => FileKind::Socket,
        })
    }

    /// Whether somebody may write to a file.
    pub(super) fn may_write(&self, who: Identity, file: FileId) -> bool {
        self.files.get(&file).is_some_and(|file| file.allows(who, WRITE))
    }

    fn make_at(&mut self, walker: Walker, path: &[u8], making: Making<'_>, mode: u16) -> Result<FileId, Outcome> {
        let (directory, name) = self.place(walker, path)?;
        if self.entries(directory)?.contains_key(name) {
            return Err(Outcome::AddressInUse);
        }
        self.may_change(walker, directory)?;
        if self.files.len() >= FILES_MAX {
            return Err(Outcome::NoBuffers);
        }
        self.last += 1;
        let content = match making {
            Making::Directory => Content::Directory { parent: directory, entries: BTreeMap::new() },
            Making::Plain => Content::Plain,
            Making::Link(target) => Content::Link(target.to_vec()),
            Making::Socket => Content::Socket,
        };
        self.files.insert(self.last, File { owner: walker.who, mode, content });
        let made = self.last;
        if let Some(File { content: Content::Directory { entries, .. }, .. }) = self.files.get_mut(&directory) {
            entries.insert(name.to_vec(), made);
        }
        Ok(made)
    }

    fn remove_at(&mut self, walker: Walker, path: &[u8]) -> Result<FileId, Outcome> {
        let (directory, name) = self.place(walker, path)?;
        self.may_change(walker, directory)?;
        let file = *self.entries(directory)?.get(name).ok_or(Outcome::PathMissing)?;
        if self.entries(file).is_ok_and(|entries| !entries.is_empty()) {
            return Err(Outcome::AddressInUse);
        }
        if let Some(File { content: Content::Directory { entries, .. }, .. }) = self.files.get_mut(&directory) {
            entries.remove(name);
        }
        self.files.remove(&file);
        Ok(file)
    }

    /// The directory that a path ends in, and the last component.
    fn place<'a>(&self, walker: Walker, path: &'a [u8]) -> Result<(FileId, &'a [u8]), Outcome> {
        check_length(path)?;
        let cut = path.iter().rposition(|octet| *octet == b'/').map_or(0, |slash| slash + 1);
        let (before, name) = path.split_at(cut);
        let directory = if before.is_empty() { walker.from } else { self.walk(walker, before)? };
        match name {
            b"" => Err(Outcome::PathMissing),
            b"." | b".." => Err(Outcome::AddressInUse),
            name if name.len() > COMPONENT_OCTETS_MAX => Err(Outcome::PathTooLong),
            name => self.search(walker.who, directory).map(|_| (directory, name)),
        }
    }

    fn walk(&self, walker: Walker, path: &[u8]) -> Result<FileId, Outcome> {
        check_length(path)?;
        let mut at = if path.starts_with(b"/") { Tree::ROOT } else { walker.from };
        let mut left: VecDeque<Vec<u8>> = components(path).collect();
        let mut links = 0;
        while let Some(name) = left.pop_front() {
            if name.len() > COMPONENT_OCTETS_MAX {
                return Err(Outcome::PathTooLong);
            }
            let entries = self.search(walker.who, at)?;
            let next = match &name[..] {
                // An empty component is a slash at the end: it asks for a directory, as the dot does.
                b"" | b"." => at,
                b".." => self.parent(at),
                name => *entries.get(name).ok_or(Outcome::PathMissing)?,
            };
            match &self.files.get(&next).ok_or(Outcome::PathMissing)?.content {
                Content::Link(target) => {
                    links += 1;
                    if links > LINKS_MAX {
                        return Err(Outcome::PathLoop);
                    }
                    check_length(target)?;
                    if target.starts_with(b"/") {
                        at = Tree::ROOT;
                    }
                    components(target).rev().for_each(|component| left.push_front(component));
                }
                _ => at = next,
            }
        }
        Ok(at)
    }

    /// The entries of a directory, for somebody who may search it.
    fn search(&self, who: Identity, file: FileId) -> Result<&BTreeMap<Vec<u8>, FileId>, Outcome> {
        let entries = self.entries(file)?;
        let allowed = self.files.get(&file).is_some_and(|file| file.allows(who, SEARCH));
        if allowed { Ok(entries) } else { Err(Outcome::PermissionDenied) }
    }

    fn entries(&self, file: FileId) -> Result<&BTreeMap<Vec<u8>, FileId>, Outcome> {
        match self.files.get(&file) {
            Some(File { content: Content::Directory { entries, .. }, .. }) => Ok(entries),
            Some(_) => Err(Outcome::NotDirectory),
            None => Err(Outcome::PathMissing),
        }
    }

    fn parent(&self, file: FileId) -> FileId {
        match self.files.get(&file) {
            Some(File { content: Content::Directory { parent, .. }, .. }) => *parent,
            _ => Tree::ROOT,
        }
    }

    fn may_change(&self, walker: Walker, directory: FileId) -> Result<(), Outcome> {
        if self.may_write(walker.who, directory) { Ok(()) } else { Err(Outcome::PermissionDenied) }
    }
}

impl File {
    fn allows(&self, who: Identity, wanted: u16) -> bool {
        let shift = match (self.owner.user == who.user, self.owner.group == who.group) {
            (true, _) => 6,
            (false, true) => 3,
            (false, false) => 0,
        };
        who.user == Identity::ROOT.user || (self.mode >> shift) & READ_WRITE_SEARCH & wanted == wanted
    }
}

fn check_length(path: &[u8]) -> Result<(), Outcome> {
    match path.len() {
        0 => Err(Outcome::PathMissing),
        len if len > LOCAL_PATH_MAX => Err(Outcome::PathTooLong),
        _ => Ok(()),
    }
}

/// The components of a path; a slash at the end leaves an empty one.
fn components(path: &[u8]) -> impl DoubleEndedIterator<Item = Vec<u8>> {
    let parts: Vec<&[u8]> = path.split(|octet| *octet == b'/').collect();
    let last = parts.len() - 1;
    let kept = |(number, part): (usize, &[u8])| (number == last || !part.is_empty()).then(|| part.to_vec());
    parts.into_iter().enumerate().filter_map(kept).collect::<Vec<_>>().into_iter()
}

fn failure(path: &[u8], outcome: Outcome) -> Failure {
    Failure::said(outcome, format!("{}: {outcome}", String::from_utf8_lossy(path)))
}
