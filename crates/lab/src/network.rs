//! The network of a process on one host of a lab: its blocking calls move virtual time.
//!
//! A process makes its sockets on a [`LabNetwork`]. The internet domains are served by the stack of its host, the local
//! domain by a file system in memory that the processes of a host share, and its descriptor numbers come from a simulated table. Names
//! are asked of the lab's name servers (`known.rs`).
//!
//! A blocking call steps the lab from event to event until something concerns it, but never beyond its deadline; where nothing
//! is left to happen before that, the time is the deadline. So a wait of minutes takes as long as its events take to compute, and no call of a single
//! thread ever hangs: where nothing can happen any more, it ends and says so. How several threads share the time is told at
//! [`SharedLab`].

use std::sync::Arc;

use synsent_sockets::fork;
use synsent_sockets::local::{FileTree, LocalProvider};
use synsent_sockets::names::{Names, Resolver};
use synsent_sockets::stack::{StackAccess, StackProvider};
use synsent_sockets::{
    Cancel, Domain, Failure, Network, Numbers, Outcome, Provider, Ticket, Watched, WatchedFile, Woken, idle_turns,
};
use synsent_stack::{Instant, Stack};

use crate::clock::{Clock, IDLE_TURNS_MAX, Moved, NetworkId, Token, Waiter};
use crate::descriptors::Descriptors;
use crate::lab::HostId;
use crate::shared::{DOZES, Participation, SharedLab, this_thread};

/// What a call is told for which nothing will ever happen.
const NOTHING_LEFT: &str = "the call would wait for ever: nothing is left to happen in the lab, and everybody waits";

/// The network of a process on a host of a lab.
pub struct LabNetwork {
    lab: SharedLab,
    host: HostId,
    id: NetworkId,
    inet: StackProvider,
    local: LocalProvider,
    descriptors: Descriptors,
    resolver: Resolver,
    /// Where the numbers come from in place of the simulated table.
    numbers: Option<Arc<dyn Numbers>>,
}

/// The stack of a host, lent to the sockets of its processes.
struct HostStack {
    lab: SharedLab,
    host: HostId,
}

impl LabNetwork {
    /// The network of a new process on this host.
    pub fn new(lab: &SharedLab, host: HostId) -> Arc<LabNetwork> {
        Arc::new(LabNetwork::with(lab, host, None))
    }

    /// The same for a process that has files of its own besides: its sockets get their numbers there.
    pub fn with_numbers(lab: &SharedLab, host: HostId, numbers: Arc<dyn Numbers>) -> Arc<LabNetwork> {
        Arc::new(LabNetwork::with(lab, host, Some(numbers)))
    }

    fn with(lab: &SharedLab, host: HostId, numbers: Option<Arc<dyn Numbers>>) -> LabNetwork {
        let (id, files, seed) = {
            let mut clock = lab.clock();
            (clock.new_network(), clock.files(host), clock.lab.resolver_seed(host))
        };
        let inet = StackProvider::new(Arc::new(HostStack { lab: lab.clone(), host }));
        let rung = lab.clone();
        let local = LocalProvider::new(files, Arc::new(move || rung.wake_all()));
        let (descriptors, resolver) = (Descriptors::default(), Resolver::new(seed));
        LabNetwork { lab: lab.clone(), host, id, inet, local, descriptors, numbers, resolver }
    }

    /// The lab.
    pub fn lab(&self) -> &SharedLab {
        &self.lab
    }

    /// The host on which the process runs.
    pub fn host(&self) -> HostId {
        self.host
    }

    /// The simulated descriptors of the process.
    pub fn descriptors(&self) -> &Descriptors {
        &self.descriptors
    }

    /// The files of the host, with the sockets behind them; all processes of the host share them.
    pub fn files(&self) -> &FileTree {
        self.local.files()
    }

    /// The local domain of the process: who it is to the files, and its current directory.
    pub fn local(&self) -> &LocalProvider {
        &self.local
    }

    /// Who asks the name servers of the lab.
    pub(crate) fn resolver(&self) -> &Resolver {
        &self.resolver
    }

    /// The calling thread holds the clock until the answer is dropped: time moves only while it waits. See [`SharedLab`].
    pub fn participate(&self) -> Participation {
        self.lab.seat().take()
    }

    /// A signal comes to the process at this moment: a call that waits then is interrupted, one of them if there are several.
    /// A signal that finds no call waiting interrupts nothing.
    pub fn interrupt_at(&self, at: Instant) {
        let mut clock = self.lab.clock();
        clock.signal_at(at, self.id);
        self.lab.release(clock);
    }

    /// Calls the stack of the host; what it wants to send then goes out.
    pub fn stack<R>(&self, work: impl FnOnce(&mut Stack, Instant) -> R) -> R {
        self.lab.with(|lab| lab.call(self.host, work))
    }

    /// The wait itself.
    fn wait_for(&self, since: Ticket, files: &[WatchedFile], deadline: Option<Instant>, cancel: &Cancel) -> Woken {
        let bell = self.numbers.as_ref().filter(|_| !files.is_empty());
        let _listening = bell.map(|bell| self.lab.ring_at_changes(Arc::clone(bell)));
        let (deadline, turn) = match idle_turns() {
            Some(turns) if turns.in_vain >= IDLE_TURNS_MAX => (turns.deadline, deadline),
            _ => (deadline, None),
        };
        let mut clock = self.lab.clock();
        let waiter = Waiter {
            network: self.id,
            host: self.host,
            thread: this_thread(),
            since: since.0,
            deadline,
            began: clock.lab.now(),
            over: false,
            interrupted: false,
            beside_files: !files.is_empty(),
            turn,
        };
        let token = clock.enter(waiter);
        // The others sleep: who moves the time tells them before it sleeps itself, once.
        let mut moved = false;
        let mut dozes = 0;
        let woken = loop {
            if let Some(woken) = self.ended(&clock, token, cancel) {
                break woken;
            }
            if self.is_one_ready(files) {
                break Woken::Changed;
            }
            match (clock.advance(), bell) {
                (Moved::On, _) => {
                    moved = true;
                    dozes = 0;
                }
                (Moved::Unsure, _) if dozes >= DOZES => clock.end_for_all(),
                // Somebody computes and may act yet: the idle work has its turn all the same, but by the machine's time.
                (Moved::Held, None) if turn.is_some() && dozes > 0 => break Woken::DeadlinePassed,
                (Moved::Held, None) if turn.is_some() => {
                    dozes += 1;
                    clock = self.lab.doze(clock, std::mem::take(&mut moved));
                }
                (Moved::Held, None) => clock = self.lab.sleep(clock, std::mem::take(&mut moved)),
                (Moved::Unsure, _) => {
                    dozes += 1;
                    clock = self.lab.doze(clock, std::mem::take(&mut moved));
                }
                (Moved::Held, Some(bell)) => {
                    let slept: bool;
                    (clock, slept) = self.lab.sleep_elsewhere(clock, std::mem::take(&mut moved), |may_sleep| {
                        bell.sleep_for_files(files, may_sleep)
                    });
                    if !slept {
                        break Woken::Interrupted;
                    }
                }
            }
        };
        clock.leave(token);
        self.lab.release(clock);
        woken
    }

    /// Whether one of these files is ready. Files are looked at before time goes on.
    fn is_one_ready(&self, files: &[WatchedFile]) -> bool {
        if files.is_empty() {
            return false;
        }
        let mut files = files.to_vec();
        self.numbers().look_at_files(&mut files);
        files.iter().any(WatchedFile::is_ready)
    }

    /// Why a wait ends, if it does.
    fn ended(&self, clock: &Clock, token: Token, cancel: &Cancel) -> Option<Woken> {
        let waiter = clock.waiter(token)?;
        let reason = if cancel.is_cancelled() {
            Woken::Cancelled
        } else if waiter.interrupted {
            Woken::Interrupted
        } else if clock.changes(waiter.host) != waiter.since {
            Woken::Changed
        } else if waiter.ends_by(clock.lab.now()) {
            Woken::DeadlinePassed
        } else if waiter.over {
            Woken::Over(Failure::said(Outcome::Cancelled, NOTHING_LEFT))
        } else {
            return None;
        };
        Some(reason)
    }
}

impl StackAccess for HostStack {
    fn with(&self, call: &mut dyn FnMut(&mut Stack, Instant)) {
        let mut clock = self.lab.clock();
        clock.look(this_thread());
        clock.lab.call(self.host, call);
        self.lab.release(clock);
    }
}

impl Network for LabNetwork {
    fn provider(&self, domain: Domain) -> Option<&dyn Provider> {
        match domain {
            Domain::Inet4 | Domain::Inet6 => Some(&self.inet),
            Domain::Local => Some(&self.local),
        }
    }

    fn now(&self) -> Instant {
        let mut clock = self.lab.clock();
        let has_moved = clock.look(this_thread());
        let now = clock.lab.now();
        if has_moved {
            self.lab.release(clock);
        }
        now
    }

    fn ticket(&self) -> Ticket {
        Ticket(self.lab.clock().changes(self.host))
    }

    fn wait(&self, since: Ticket, _watched: &[Watched<'_>], deadline: Option<Instant>, cancel: &Cancel) -> Woken {
        // A fork does not wait until this is over: whatever is locked here, the child does not use the lab.
        fork::outside(|| self.wait_for(since, &[], deadline, cancel))
    }

    /// Time goes on as for every wait, so one with a deadline ends with it. Where nothing is left to happen, the files alone are
    /// waited for, in the time of the machine.
    fn wait_beside_files(
        &self,
        since: Ticket,
        _watched: &[Watched<'_>],
        files: &[WatchedFile],
        deadline: Option<Instant>,
        cancel: &Cancel,
    ) -> Woken {
        fork::outside(|| self.wait_for(since, files, deadline, cancel))
    }

    fn wake_all(&self) {
        self.lab.wake_all();
    }

    fn numbers(&self) -> &dyn Numbers {
        match &self.numbers {
            Some(numbers) => numbers.as_ref(),
            None => &self.descriptors,
        }
    }

    fn names(&self) -> &dyn Names {
        self
    }
}
