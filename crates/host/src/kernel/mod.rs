//! The host kernel's sockets as a network: IPv4, IPv6, and paths of the local domain.
//!
//! [`KernelNetwork`] is for programs that want a dialect's promises over the sockets that the machine has. A transport is a
//! descriptor that never blocks; waiting is one `poll` over the descriptors and an event of the waiting thread, so that a
//! call can be taken back without a race. `socket` are the verbs, `opening` is what an active opening needs beyond them,
//! `local` reaches paths, `own` counts descriptors, `settings` sets options, `errors` reads the kernel's numbers, `look` finds out what a number does
//! not tell, `icmp` reads who sent which ICMP message,
//! `probe` is a single attempt for who asks why.
//!
//! What Linux does otherwise than any of the documents says is undone here and nowhere else: the one-time success of a
//! second `connect`, the error that sticks to a socket after a failed opening, the local port that is lost when a datagram
//! socket gives its peer up, signals instead of errors, an attempt that the first ICMP error ends.

mod errors;
mod icmp;
mod local;
mod look;
mod opening;
mod own;
mod probe;
mod provider;
mod settings;
mod socket;

use std::io;
use std::sync::Arc;

use synsent_sockets::names::Names;
use synsent_sockets::{Cancel, Domain, Network, Numbers, Provider, Ready, Ticket, Watched, WatchedFile, Woken};
use synsent_stack::Instant;

pub use self::own::is_own_descriptor;
pub(crate) use self::own::{Own, is_own};
pub use self::probe::{ProbeEnd, Probed, probe};
pub(crate) use self::provider::KernelProvider;
pub(crate) use self::socket::KernelSocket;
use crate::clock::Clock;
use crate::files;
use crate::names::SystemNames;
use crate::numbers::DescriptorNumbers;
use crate::signal;
use crate::waiters::{self, Slept, Waiters, Watch};
use errors::Call;

/// The network that the host's kernel provides to the calling thread's network namespace.
pub struct KernelNetwork {
    clock: Clock,
    waiters: Arc<Waiters>,
    sockets: KernelProvider,
    numbers: DescriptorNumbers,
}

impl KernelNetwork {
    /// The host's network. Nothing is opened but one descriptor, which numbers are copied from.
    ///
    /// # Errors
    /// When the process may have no more descriptors.
    pub fn new() -> io::Result<Arc<KernelNetwork>> {
        let (clock, waiters) = (Clock::new(), Arc::<Waiters>::default());
        let sockets = KernelProvider::new(clock, Arc::clone(&waiters));
        Ok(Arc::new(KernelNetwork { clock, waiters, sockets, numbers: DescriptorNumbers::new()? }))
    }
}

impl Network for KernelNetwork {
    fn provider(&self, _domain: Domain) -> Option<&dyn Provider> {
        Some(&self.sockets)
    }

    fn now(&self) -> Instant {
        self.clock.now()
    }

    /// What a descriptor is ready for lasts until somebody uses it. What a thread of this process changes lasts too, but is told
    /// once, by waking all; so that is what counts.
    fn ticket(&self) -> Ticket {
        Ticket(self.waiters.wakes())
    }

    fn wait(&self, since: Ticket, watched: &[Watched<'_>], deadline: Option<Instant>, cancel: &Cancel) -> Woken {
        self.wait_beside_files(since, watched, &[], deadline, cancel)
    }

    fn wait_beside_files(
        &self,
        since: Ticket,
        watched: &[Watched<'_>],
        files: &[WatchedFile],
        deadline: Option<Instant>,
        cancel: &Cancel,
    ) -> Woken {
        let may = || !cancel.is_cancelled() && self.ticket() == since;
        sleep(&self.waiters, self.clock, watched, files, deadline, cancel, may)
    }

    fn readiness(&self, watched: &[Watched<'_>], told: &mut [Ready]) {
        readiness(watched, told);
    }

    fn is_inherited(&self) -> bool {
        true
    }

    fn goes_on_after_signal(&self) -> bool {
        signal::all_begin_again()
    }

    fn wake_all(&self) {
        self.waiters.wake_all();
    }

    fn numbers(&self) -> &dyn Numbers {
        &self.numbers
    }

    fn names(&self) -> &dyn Names {
        &SystemNames
    }
}

/// Sleeps over the kernel's sockets among those that are watched, and over these files.
pub(crate) fn sleep(
    waiters: &Waiters,
    clock: Clock,
    watched: &[Watched<'_>],
    files: &[WatchedFile],
    deadline: Option<Instant>,
    cancel: &Cancel,
    may: impl FnOnce() -> bool,
) -> Woken {
    let look_at = kernel_sockets(watched).filter_map(|(socket, interest)| socket.look_at(interest)).min();
    let until = [deadline, look_at].into_iter().flatten().min();
    let timeout = until.map(|until| until.since(clock.now()));
    let fill = |list: &mut Vec<Watch>| {
        list.extend(kernel_sockets(watched).filter_map(|(socket, interest)| socket.watch(interest)));
        files::watch(files, list);
    };
    let slept = waiters.sleep(fill, timeout, may);
    match slept {
        _ if cancel.is_cancelled() => Woken::Cancelled,
        Slept::Interrupted => Woken::Interrupted,
        Slept::Failed(number) => Woken::Over(Call::Wait.failure(number)),
        Slept::Woken => Woken::Changed,
        Slept::TimeOver if deadline.is_some_and(|deadline| clock.now() >= deadline) => Woken::DeadlinePassed,
        Slept::TimeOver => Woken::Changed,
    }
}

/// What could be done at once with each: the kernel's sockets are asked in one call.
pub(crate) fn readiness(watched: &[Watched<'_>], told: &mut [Ready]) {
    let mut are_all_of_kernel = true;
    let fill = |list: &mut Vec<Watch>| {
        list.extend(watched.iter().map(|one| match kernel_socket(one) {
            Some(socket) => socket.watch_everything(),
            None => {
                are_all_of_kernel = false;
                waiters::watch(-1, 0)
            }
        }));
    };
    waiters::look(fill, |answers| {
        for ((one, answer), told) in watched.iter().zip(answers).zip(told.iter_mut()) {
            if let Some(socket) = kernel_socket(one) {
                *told = socket.read_events(answer.revents);
            }
        }
    });
    if are_all_of_kernel {
        return;
    }
    for (one, told) in watched.iter().zip(told).filter(|(one, _)| kernel_socket(one).is_none()) {
        *told = one.transport.ready();
    }
}

fn kernel_socket<'a>(watched: &Watched<'a>) -> Option<&'a KernelSocket> {
    watched.transport.as_any().downcast_ref()
}

fn kernel_sockets<'a>(watched: &[Watched<'a>]) -> impl Iterator<Item = (&'a KernelSocket, Ready)> {
    watched.iter().filter_map(|one| Some((kernel_socket(one)?, one.interest)))
}
