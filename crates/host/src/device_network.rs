//! Our own stack over a device as a network of sockets; paths of the local domain are the kernel's.
//!
//! An engine drives the stack. Sockets borrow the stack from any thread; a thread that waits sleeps in one `poll` over its
//! kernel descriptors and an event that every change of the stack sets off. The ticket counts how often that event was set off.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use synsent_sockets::names::{Families, HostEntry, NameFailure, Names, Protocol, Service};
use synsent_sockets::stack::{StackAccess, StackProvider};
use synsent_sockets::{
    Cancel, Domain, Failure, Network, Numbers, Outcome, Provider, Ready, Ticket, Watched, WatchedFile, Woken,
};
use synsent_stack::{Config, Instant, Stack};

use crate::clock::Clock;
use crate::driver::Driver;
use crate::engine::{Engine, Handle};
use crate::error::OpenError;
use crate::kernel::{self, KernelProvider};
use crate::name::NetworkName;
use crate::names::{FileNames, SystemNames};
use crate::numbers::DescriptorNumbers;
use crate::seed::seed;
use crate::signal;
use crate::tun::VirtioHeader;
use crate::waiters::Waiters;

/// A network on a device of this machine.
pub struct DeviceNetwork {
    handle: Handle,
    clock: Clock,
    waiters: Arc<Waiters>,
    internet: StackProvider,
    local: KernelProvider,
    numbers: DescriptorNumbers,
    names: FileNames,
    /// Dropped with the network, and then nothing moves any more.
    _engine: Engine,
}

impl DeviceNetwork {
    /// Opens the device that the name means and starts a stack of its own on it.
    ///
    /// # Errors
    /// When the device cannot be opened or set up, or there is no descriptor or thread left.
    pub fn open(name: &NetworkName, virtio: VirtioHeader) -> Result<Arc<DeviceNetwork>, OpenError> {
        let seed = seed().map_err(OpenError::Other)?;
        let mut driver = Driver::new(Stack::new(Config::default(), seed)).map_err(OpenError::Other)?;
        name.join(&mut driver, virtio, None)?;
        let engine = Engine::start(driver).map_err(OpenError::Other)?;
        DeviceNetwork::over(engine).map_err(OpenError::Other)
    }

    /// The network of an engine that runs already. Its events are taken by the engine; the stack may be called as before.
    ///
    /// # Errors
    /// When the process may have no more descriptors.
    pub fn over(engine: Engine) -> io::Result<Arc<DeviceNetwork>> {
        let handle = engine.handle();
        let (clock, waiters, seed) = (handle.clock(), handle.waiters(), seed()?);
        let access: Arc<dyn StackAccess> = Arc::new(Access(handle.clone()));
        Ok(Arc::new(DeviceNetwork {
            clock,
            internet: StackProvider::new(access),
            local: KernelProvider::new(clock, Arc::clone(&waiters)),
            numbers: DescriptorNumbers::new()?,
            names: FileNames::new(std::array::from_fn(|place| seed[place])),
            waiters,
            handle,
            _engine: engine,
        }))
    }

    /// A way to the stack.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }
}

struct Access(Handle);

impl StackAccess for Access {
    fn with(&self, call: &mut dyn FnMut(&mut Stack, Instant)) {
        self.0.with_running(call);
    }
}

impl Network for DeviceNetwork {
    fn provider(&self, domain: Domain) -> Option<&dyn Provider> {
        match domain {
            Domain::Inet4 | Domain::Inet6 => Some(&self.internet),
            Domain::Local => Some(&self.local),
        }
    }

    fn now(&self) -> Instant {
        self.clock.now()
    }

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
        let may = || !cancel.is_cancelled() && self.ticket() == since && !self.handle.is_over();
        let woken = kernel::sleep(&self.waiters, self.clock, watched, files, deadline, cancel, may);
        match self.handle.is_over() {
            false => woken,
            true => {
                let why = self.handle.over().map_or_else(String::new, |why| why.to_string());
                Woken::Over(Failure::said(Outcome::NetworkDown, why))
            }
        }
    }

    fn readiness(&self, watched: &[Watched<'_>], told: &mut [Ready]) {
        kernel::readiness(watched, told);
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
        self
    }
}

/// Hosts are found over our stack, everything else is the machine's.
impl Names for DeviceNetwork {
    fn host(&self, name: &str, families: Families, cancel: &Cancel) -> Result<HostEntry, NameFailure> {
        self.names.host(self, name, families, cancel)
    }

    fn host_of(&self, address: IpAddr, cancel: &Cancel) -> Result<HostEntry, NameFailure> {
        self.names.host_of(self, address, cancel)
    }

    fn own_name(&self) -> String {
        SystemNames.own_name()
    }

    fn service_named(&self, name: &str, protocol: Option<&str>) -> Option<Service> {
        SystemNames.service_named(name, protocol)
    }

    fn service_at(&self, port: u16, protocol: Option<&str>) -> Option<Service> {
        SystemNames.service_at(port, protocol)
    }

    fn protocol_named(&self, name: &str) -> Option<Protocol> {
        SystemNames.protocol_named(name)
    }

    fn protocol_numbered(&self, number: i32) -> Option<Protocol> {
        SystemNames.protocol_numbered(number)
    }
}
