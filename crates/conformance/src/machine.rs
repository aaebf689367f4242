//! What a real machine does to a process by itself: its files, its limits, its signals.
//!
//! Paths lead into a directory that is made for the trial and removed after it. Root ignores permissions, so where they
//! matter the thread gives up the two capabilities that let it. Descriptors are used up in the thread's own table; their limit is that
//! of the whole process, and is low as long as one of the trials needs it. The
//! signal is SIGUSR1, sent again and again until the call that waits has ended, because one that comes before the wait
//! interrupts nothing.

use std::any::Any;
use std::fs;
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CapabilitySet, capabilities, set_capabilities};
use synsent_host::signal::Target;

use crate::local::{long_component, long_path};
use crate::situation::LocalSituation;
use crate::world::NotHere;

/// How many descriptors a process may have when they are to be used up.
const DESCRIPTORS_MAX: u64 = 1_024;
/// How often the signal is sent.
const AGAIN: Duration = Duration::from_millis(5);

/// What a trial has done to its machine.
#[derive(Default)]
pub(crate) struct Machine {
    directory: Option<PathBuf>,
    /// Sockets that must stay open.
    kept: Vec<Box<dyn Any>>,
    used_up: Vec<OwnedFd>,
    few: Option<FewDescriptors>,
    signals: Option<Signals>,
}

/// As long as one of these is there, the process may have few descriptors, so that a table is full after a moment.
struct FewDescriptors;

/// How many of them there are, and the limit from before the first.
static FEW: Mutex<(usize, Option<Rlimit>)> = Mutex::new((0, None));

/// A thread that sends signals.
struct Signals {
    over: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Machine {
    /// Brings a situation of the local domain about.
    pub(crate) fn arrange_local(&mut self, situation: LocalSituation) -> Result<Vec<u8>, NotHere> {
        let failed = |error: io::Error| NotHere(format!("{situation:?}: {error}"));
        let directory = self.directory().map_err(failed)?;
        let path = self.make(&directory, situation).map_err(failed)?;
        Ok(path.as_os_str().as_bytes().to_vec())
    }

    fn make(&mut self, directory: &Path, situation: LocalSituation) -> io::Result<PathBuf> {
        let path = directory.join(format!("{situation:?}"));
        match situation {
            LocalSituation::Listens => self.kept.push(Box::new(UnixListener::bind(&path)?)),
            LocalSituation::Datagrams => self.kept.push(Box::new(UnixDatagram::bind(&path)?)),
            LocalSituation::Dead => drop(UnixListener::bind(&path)?),
            LocalSituation::PlainFile => fs::write(&path, b"")?,
            LocalSituation::NotADirectory => {
                fs::write(&path, b"")?;
                return Ok(path.join("socket"));
            }
            LocalSituation::NoSearchPermission => {
                fs::create_dir(&path)?;
                self.kept.push(Box::new(UnixListener::bind(path.join("socket"))?));
                fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
                heed_permissions()?;
                return Ok(path.join("socket"));
            }
            LocalSituation::NoWritePermission => {
                self.kept.push(Box::new(UnixListener::bind(&path)?));
                fs::set_permissions(&path, fs::Permissions::from_mode(0o500))?;
                heed_permissions()?;
            }
            LocalSituation::TooLong => return Ok(long_path(&directory.to_string_lossy()).into()),
            LocalSituation::ComponentTooLong => return Ok(long_component(&directory.to_string_lossy()).into()),
            LocalSituation::Missing | LocalSituation::Free => {}
        }
        Ok(path)
    }

    fn directory(&mut self) -> io::Result<PathBuf> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        if let Some(directory) = &self.directory {
            return Ok(directory.clone());
        }
        let number = NEXT.fetch_add(1, Ordering::SeqCst);
        let directory = std::env::temp_dir().join(format!("synsent-{}-{number}", std::process::id()));
        fs::create_dir(&directory)?;
        self.directory = Some(directory.clone());
        Ok(directory)
    }

    /// Uses up the descriptors of the thread's table, but for this many.
    pub(crate) fn leave_descriptors(&mut self, left: u32) -> Result<(), NotHere> {
        if self.few.is_none() {
            let few = FewDescriptors::new().map_err(|error| NotHere(format!("the limit of descriptors: {error}")))?;
            self.few = Some(few);
        }
        let file = fs::File::open("/dev/null").map_err(|error| NotHere(format!("/dev/null: {error}")))?;
        self.used_up.push(file.into());
        while let Ok(copy) = rustix::io::fcntl_dupfd_cloexec(&self.used_up[0], 0) {
            self.used_up.push(copy);
        }
        let places = self.used_up.len().saturating_sub(left as usize);
        self.used_up.truncate(places);
        Ok(())
    }

    /// Opens a file; answers with its descriptor.
    pub(crate) fn open_file(&mut self) -> Result<i32, NotHere> {
        let file = fs::File::open("/dev/null").map_err(|error| NotHere(format!("/dev/null: {error}")))?;
        let number = file.as_raw_fd();
        self.kept.push(Box::new(file));
        Ok(number)
    }

    /// Gives the descriptors back that were used up.
    pub(crate) fn release_descriptors(&mut self) {
        self.used_up.clear();
    }

    /// Sends signals to the calling thread once this is so, until [`Machine::be_quiet`].
    pub(crate) fn signal_when(&mut self, so: impl Fn() -> bool + Send + 'static) -> Result<(), NotHere> {
        let target = Target::here().map_err(|error| NotHere(format!("a signal: {error}")))?;
        let over = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&over);
        let thread = thread::spawn(move || {
            while !until.load(Ordering::SeqCst) {
                if so() {
                    // The thread lives as long as it is not told to be quiet.
                    let _ = target.interrupt();
                }
                thread::sleep(AGAIN);
            }
        });
        self.signals = Some(Signals { over, thread });
        Ok(())
    }

    /// Sends no signal any more.
    pub(crate) fn be_quiet(&mut self) {
        let Some(Signals { over, thread }) = self.signals.take() else { return };
        over.store(true, Ordering::SeqCst);
        // A panic of the thread has been printed by the thread.
        let _ = thread.join();
    }
}

impl FewDescriptors {
    fn new() -> io::Result<FewDescriptors> {
        let mut few = FEW.lock().unwrap_or_else(PoisonError::into_inner);
        let limit = getrlimit(Resource::Nofile);
        if few.0 == 0 && limit.current.is_none_or(|current| current > DESCRIPTORS_MAX) {
            setrlimit(Resource::Nofile, Rlimit { current: Some(DESCRIPTORS_MAX), ..limit })?;
            few.1 = Some(limit);
        }
        few.0 += 1;
        Ok(FewDescriptors)
    }
}

impl Drop for FewDescriptors {
    fn drop(&mut self) {
        let mut few = FEW.lock().unwrap_or_else(PoisonError::into_inner);
        few.0 -= 1;
        if few.0 == 0
            && let Some(limit) = few.1.take()
        {
            // It is not above the hard limit, which is as it was: so it can be set.
            let _ = setrlimit(Resource::Nofile, limit);
        }
    }
}

/// From now on the thread is bound by permissions like anybody.
fn heed_permissions() -> io::Result<()> {
    let mut sets = capabilities(None)?;
    sets.effective.remove(CapabilitySet::DAC_OVERRIDE | CapabilitySet::DAC_READ_SEARCH);
    Ok(set_capabilities(None, sets)?)
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.be_quiet();
        self.used_up.clear();
        let Some(directory) = self.directory.take() else { return };
        let closed = fs::read_dir(&directory).into_iter().flatten().flatten().map(|entry| entry.path());
        for path in closed.filter(|path| path.is_dir()) {
            // What may not be searched can be searched again by its owner.
            let _ = fs::set_permissions(&path, fs::Permissions::from_mode(0o700));
        }
        // What cannot be removed stays in the directory for what is temporary.
        let _ = fs::remove_dir_all(&directory);
    }
}
