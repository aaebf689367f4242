//! The process that calls: its network, its sockets by handle, how often it was started, and what was said to each thread.
//!
//! The functions of a dialect find their process by the thread that calls: the one it has [entered](Process::enter), else the
//! one that was [installed](Process::install) for all threads of the program. Without one, nothing was started.

use std::cell::RefCell;
use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use synsent_sockets::{Domain, Failure, Kind, Network, Outcome, Settings, Socket, SocketId, Table};

use crate::dialect::{Dialect, HandleScheme, Starting};
use crate::groups::Groups;
use crate::page::{Fact, Rule, Source};
use crate::windows::desk::Desk;
use crate::words::Word;

/// How many sockets a process may have; Windows Sockets announces it in 16 bits.
pub(crate) const SOCKETS_MAX: u32 = 32_767;

/// A handle as a caller passes it, whatever type the dialect gives it.
pub type Handle = i64;

/// A process of a dialect on a network.
pub struct Process {
    dialect: &'static Dialect,
    network: Arc<dyn Network>,
    table: Table,
    descriptors: RwLock<HashMap<i32, SocketId>>,
    started: Mutex<Started>,
    groups: Groups,
    /// Whether calls are served: what every call asks, without the lock.
    serves: AtomicBool,
    /// Its windows and what can be waited for besides sockets, once somebody asks for them.
    desk: OnceLock<Arc<Desk>>,
}

/// How often a process was started, and as what.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
struct Started {
    count: u32,
    /// The version that was agreed on: major, minor.
    version: (u8, u8),
}

/// What a call said that failed.
#[derive(Clone, Debug)]
pub struct Said {
    /// The dialect.
    pub dialect: &'static str,
    /// The call.
    pub call: &'static str,
    /// The word.
    pub word: Word,
    /// Its symbolic name in this dialect.
    pub name: &'static str,
    /// Its number in this dialect.
    pub number: i32,
    /// Where it comes from.
    pub source: Source,
    /// What was so, if a row of a page decided it that does not match always.
    pub fact: Option<Fact>,
    /// What the layer below answered, if it was asked.
    pub failure: Option<Box<Failure>>,
}

/// A handle that belongs to nothing yet; it is given back unless a socket comes.
pub(crate) struct Reserved<'a> {
    process: &'a Process,
    id: SocketId,
    number: Option<i32>,
    is_filled: bool,
}

/// As long as this lives, the calls of this thread in this dialect belong to one process. It stays in its thread, because what it
/// takes back is that thread's:
///
/// ```compile_fail,E0277
/// fn goes_elsewhere(_: impl Send) {}
/// fn leave(entered: synsent_dialects::Entered) {
///     goes_elsewhere(entered);
/// }
/// ```
pub struct Entered {
    dialect: &'static str,
    /// A pointer may not go to another thread.
    stays: PhantomData<*const ()>,
}

thread_local! {
    static CURRENT: RefCell<Vec<Arc<Process>>> = const { RefCell::new(Vec::new()) };
    static SAID: RefCell<Option<Said>> = const { RefCell::new(None) };
}

/// Whether the networks were left to the parent of this process.
static LEFT: AtomicBool = AtomicBool::new(false);

fn installed() -> &'static RwLock<Vec<Arc<Process>>> {
    static INSTALLED: OnceLock<RwLock<Vec<Arc<Process>>>> = OnceLock::new();
    INSTALLED.get_or_init(RwLock::default)
}

/// What the last call of this thread that failed was told.
pub fn last_said() -> Option<Said> {
    SAID.try_with(|said| said.borrow().clone()).ok().flatten()
}

/// After a fork: the networks stay with the parent, because what moves them does. No call of this process touches one from now on; each
/// says that the network is down. No lock is taken for that: another thread of the parent may have held it.
pub fn leave_networks() {
    LEFT.store(true, Ordering::SeqCst);
}

/// Whether [`leave_networks`] was called.
pub(crate) fn is_left() -> bool {
    LEFT.load(Ordering::SeqCst)
}

/// Why the calls fail after [`leave_networks`], if it was called.
pub(crate) fn why_left() -> Option<Failure> {
    is_left().then(|| Failure::said(Outcome::NetworkDown, "the network stayed with the parent when the process forked"))
}

impl Process {
    /// A process that was not started yet.
    pub fn new(dialect: &'static Dialect, network: Arc<dyn Network>) -> Arc<Process> {
        Arc::new(Process {
            dialect,
            network,
            table: Table::new(SOCKETS_MAX),
            descriptors: RwLock::default(),
            started: Mutex::default(),
            groups: Groups::default(),
            serves: AtomicBool::new(dialect.ways.starting.value == Starting::Always),
            desk: OnceLock::new(),
        })
    }

    /// The calls of this thread in this dialect belong to this process from now on; the last one entered counts.
    #[must_use]
    pub fn enter(self: &Arc<Process>) -> Entered {
        CURRENT.with_borrow_mut(|entered| entered.push(Arc::clone(self)));
        Entered { dialect: self.dialect.name, stays: PhantomData }
    }

    /// The calls of all threads that entered no other process of this dialect belong to this one from now on.
    pub fn install(self: Arc<Process>) {
        let mut all = installed().write().unwrap_or_else(PoisonError::into_inner);
        all.retain(|process| process.dialect.name != self.dialect.name);
        all.push(self);
    }

    /// The dialect.
    pub fn dialect(&self) -> &'static Dialect {
        self.dialect
    }

    /// The network.
    pub fn network(&self) -> &Arc<dyn Network> {
        &self.network
    }

    /// Its windows and what can be waited for besides sockets; all processes on one network share them.
    pub fn desk(&self) -> &Arc<Desk> {
        self.desk.get_or_init(|| Desk::on(&self.network))
    }

    /// The events of a connection are told to whom those of its listener are told.
    pub(crate) fn pass_on_watch(&self, listener: Handle, accepted: Handle) {
        let is_watched = self.find(listener).is_some_and(|listener| listener.has_onlooker());
        if let Some(socket) = self.find(accepted).filter(|_| is_watched) {
            self.desk().inherit(self.dialect.name, listener, (accepted, socket));
        }
    }

    /// A process of this thread, of whichever dialect: the one entered last, else the one installed first.
    pub fn any() -> Option<Arc<Process>> {
        if is_left() {
            return None;
        }
        // A thread that is about to end has entered none any more.
        let entered = CURRENT.try_with(|entered| entered.borrow().last().cloned());
        entered.ok().flatten().or_else(|| installed().read().unwrap_or_else(PoisonError::into_inner).first().cloned())
    }

    /// The process of this thread in this dialect.
    pub(crate) fn current(dialect: &Dialect) -> Option<Arc<Process>> {
        // There is one of each.
        let is_it = |process: &&Arc<Process>| std::ptr::eq(process.dialect, dialect);
        if is_left() {
            return None;
        }
        // A thread that is about to end has entered none any more.
        let entered = CURRENT.try_with(|entered| entered.borrow().iter().rev().find(is_it).cloned());
        entered.ok().flatten().or_else(|| {
            let all = installed().read().unwrap_or_else(PoisonError::into_inner);
            all.iter().find(is_it).cloned()
        })
    }

    /// Whether calls are served.
    pub(crate) fn is_started(&self) -> bool {
        self.serves.load(Ordering::SeqCst)
    }

    /// Counts a start, or only notes it where starts are not counted.
    ///
    /// # Errors
    /// When it was started as often as can be counted.
    pub(crate) fn start(&self, version: (u8, u8)) -> Result<(), Failure> {
        let mut started = self.started();
        started.count = match self.dialect.ways.starting.value {
            Starting::Counted => started.count.checked_add(1).ok_or(Outcome::NoBuffers)?,
            Starting::Once | Starting::Always => 1,
        };
        started.version = version;
        self.serves.store(true, Ordering::SeqCst);
        Ok(())
    }

    /// Takes a start back; with the last one all sockets go.
    pub(crate) fn end(&self) {
        let mut started = self.started();
        if self.dialect.ways.starting.value == Starting::Always || started.count == 0 {
            return;
        }
        started.count -= 1;
        if started.count == 0 {
            // Who makes a socket looks after that whether calls are still served; one of the two takes it away.
            self.serves.store(false, Ordering::SeqCst);
            self.close_all();
        }
    }

    /// The groups of its sockets.
    pub(crate) fn groups(&self) -> &Groups {
        &self.groups
    }

    /// The version that was agreed on last: major, minor.
    pub fn version(&self) -> (u8, u8) {
        self.started().version
    }

    fn started(&self) -> MutexGuard<'_, Started> {
        self.started.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new socket, as the dialect wants it.
    pub(crate) fn make(&self, domain: Domain, kind: Kind) -> Result<Socket, Failure> {
        let settings = Settings { connect: self.dialect.ways.connect.value, ..Settings::default() };
        Socket::new(Arc::clone(&self.network), domain, kind, settings)
    }

    /// Keeps a handle for a socket that is still to come. A process that has no more of them finds that out before it takes a
    /// connection from a queue.
    pub(crate) fn reserve(&self) -> Result<Reserved<'_>, Failure> {
        let number = match self.dialect.ways.handles.value {
            HandleScheme::Opaque => None,
            HandleScheme::Descriptors => Some(self.network.numbers().take()?),
        };
        match self.table.reserve() {
            Ok(id) => Ok(Reserved { process: self, id, number, is_filled: false }),
            Err(failure) => {
                if let Some(number) = number {
                    self.network.numbers().give_back(number);
                }
                Err(failure)
            }
        }
    }

    /// The socket of a handle.
    pub(crate) fn find(&self, handle: Handle) -> Option<Arc<Socket>> {
        self.table.get(self.id(handle)?)
    }

    /// Hands over the sockets of many handles, in their order.
    pub(crate) fn find_all(&self, handles: &[Handle], each: impl FnMut(Option<Arc<Socket>>)) {
        match self.dialect.ways.handles.value {
            HandleScheme::Opaque => self.table.get_all(handles.iter().map(|handle| from_opaque(*handle)), each),
            HandleScheme::Descriptors => {
                let descriptors = self.descriptors();
                let id = |handle: &Handle| descriptors.get(&i32::try_from(*handle).ok()?).copied();
                self.table.get_all(handles.iter().map(id), each);
            }
        }
    }

    /// Whether a handle is that of a file that is no socket.
    pub(crate) fn is_file(&self, handle: Handle) -> bool {
        i32::try_from(handle).is_ok_and(|number| self.network.numbers().is_file(number))
    }

    /// Takes a socket from its handle.
    pub(crate) fn remove(&self, handle: Handle) -> Option<Arc<Socket>> {
        let socket = self.table.remove(self.id(handle)?)?;
        self.groups.leave(handle);
        if let Ok(number) = i32::try_from(handle)
            && self.descriptors_mut().remove(&number).is_some()
        {
            self.network.numbers().give_back(number);
        }
        Some(socket)
    }

    /// Closes all sockets in the background.
    pub(crate) fn close_all(&self) {
        for (number, _) in self.descriptors_mut().drain() {
            self.network.numbers().give_back(number);
        }
        self.groups.clear();
        for socket in self.table.drain() {
            socket.set_nonblocking(true);
            // Nobody is left who could be told.
            let _ = socket.close();
        }
    }

    fn id(&self, handle: Handle) -> Option<SocketId> {
        match self.dialect.ways.handles.value {
            HandleScheme::Opaque => from_opaque(handle),
            HandleScheme::Descriptors => self.descriptors().get(&i32::try_from(handle).ok()?).copied(),
        }
    }

    fn descriptors(&self) -> RwLockReadGuard<'_, HashMap<i32, SocketId>> {
        self.descriptors.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn descriptors_mut(&self) -> RwLockWriteGuard<'_, HashMap<i32, SocketId>> {
        self.descriptors.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reserved<'_> {
    /// The handle belongs to this socket from now on.
    pub(crate) fn fill(mut self, socket: Socket) -> Handle {
        self.is_filled = true;
        self.process.table.fill(self.id, Arc::new(socket));
        match self.number {
            None => opaque(self.id),
            Some(number) => {
                self.process.descriptors_mut().insert(number, self.id);
                Handle::from(number)
            }
        }
    }
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        if self.is_filled {
            return;
        }
        self.process.table.release(self.id);
        if let Some(number) = self.number {
            self.process.network.numbers().give_back(number);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.close_all();
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        // In a thread that is about to end there is nothing to take back.
        let _ = CURRENT.try_with(|entered| {
            let mut entered = entered.borrow_mut();
            if let Some(place) = entered.iter().rposition(|process| process.dialect.name == self.dialect) {
                entered.remove(place);
            }
        });
    }
}

impl Said {
    /// What a row decided.
    pub(crate) fn by_rule(dialect: &'static Dialect, call: &'static str, word: Word, rule: &Rule) -> Said {
        let fact = (rule.when != Fact::Always).then_some(rule.when);
        Said { fact, ..Said::new(dialect, call, word, rule.source, None) }
    }

    /// What the dialect says of an answer of the layer below.
    pub(crate) fn new(
        dialect: &'static Dialect,
        call: &'static str,
        word: Word,
        source: Source,
        failure: Option<Failure>,
    ) -> Said {
        let (name, number) = dialect.spelling(word).map_or(("", -1), |spelling| (spelling.name, spelling.number));
        Said { dialect: dialect.name, call, word, name, number, source, fact: None, failure: failure.map(Box::new) }
    }

    /// Keeps it for the thread.
    pub(crate) fn keep(self) {
        // Nobody asks a thread that is about to end.
        let _ = SAID.try_with(|said| said.replace(Some(self)));
    }
}

/// Handles are multiples of four from four on, as Windows has them: place in 16 bits, generation in 13, so that they also fit
/// where a program keeps one in an `int`.
fn opaque(id: SocketId) -> Handle {
    (Handle::from(id.generation) << 16 | Handle::from(id.index)) * 4 + 4
}

fn from_opaque(handle: Handle) -> Option<SocketId> {
    if handle < 4 || handle % 4 != 0 {
        return None;
    }
    let value = (handle - 4) / 4;
    let generation = u32::try_from(value >> 16).ok().filter(|generation| *generation <= Table::GENERATION_MASK)?;
    Some(SocketId { index: (value & 0xffff) as u32, generation })
}
