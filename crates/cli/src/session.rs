//! A network that is up for as long as the command runs: device, capture, trace, signals.

use std::io::{self, Write as _};
use std::process;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use synsent_host::{Capture, Driver, Engine, Handle, Interrupt, NetworkName};
use synsent_stack::trace::{Fact, Record};
use synsent_stack::{Config, FlowId, Stack};

use crate::arguments::DeviceArguments;
use crate::ending::{self, Ending};

/// How many trace records may wait between two packets.
const TRACE_CAPACITY: usize = 1_024;
/// What a shell reports of a program that SIGINT ended.
const INTERRUPTED: i32 = 130;

/// An open network and its engine.
pub(crate) struct Session {
    engine: Engine,
    capture: Option<Capture>,
    verbose: bool,
    /// The connection that an interrupt resets.
    flow: Arc<Mutex<Option<FlowId>>>,
}

impl Session {
    /// Opens the network, and starts to drive it.
    pub(crate) fn open(net: &NetworkName, arguments: &DeviceArguments) -> Result<Session, Ending> {
        let interrupt = Interrupt::catch().map_err(Ending::file("signals"))?;
        let capture = match &arguments.capture {
            Some(path) => Some(Capture::create(path).map_err(Ending::file(path.display().to_string()))?),
            None => None,
        };
        let traced = arguments.verbose > 0 || capture.is_some();
        let config = Config { trace_capacity: if traced { TRACE_CAPACITY } else { 0 }, ..Config::default() };
        let seed = synsent_host::seed().map_err(Ending::file("the random source"))?;
        let mut driver = Driver::new(Stack::new(config, seed)).map_err(Ending::file("the driver"))?;
        if arguments.verbose > 0 {
            let everything = arguments.verbose > 1;
            driver.on_trace(move |record| tell(record, everything));
        }
        net.join(&mut driver, arguments.virtio(), capture.as_ref())?;
        let engine = Engine::start(driver).map_err(Ending::file("the driver's thread"))?;
        let session = Session { engine, capture, verbose: arguments.verbose > 0, flow: Arc::default() };
        session.obey(interrupt)?;
        Ok(session)
    }

    /// The way to the stack.
    pub(crate) fn handle(&self) -> Handle {
        self.engine.handle()
    }

    /// Names the connection that an interrupt resets: once this process is gone nobody answers for it. To be called in the
    /// call to the stack that made it, before its first segment leaves.
    pub(crate) fn set_flow(&self, flow: FlowId) {
        *self.flow.lock().unwrap_or_else(PoisonError::into_inner) = Some(flow);
    }

    /// Ends the network; with `-v` tells what went over it, and always when the capture is not complete.
    pub(crate) fn close(self) -> Result<(), Ending> {
        let handle = self.handle();
        self.engine.stop();
        if self.verbose {
            tell_devices(&handle);
        }
        match self.capture.and_then(|capture| capture.error()) {
            Some(error) => Err(Ending::file("the capture is not complete")(error)),
            None => Ok(()),
        }
    }

    fn obey(&self, interrupt: Interrupt) -> Result<(), Ending> {
        let (handle, flow, capture) = (self.handle(), Arc::clone(&self.flow), self.capture.clone());
        let verbose = self.verbose;
        let wait = move || {
            if interrupt.wait().is_err() {
                return;
            }
            handle.with(|stack, now| {
                if let Some(flow) = *flow.lock().unwrap_or_else(PoisonError::into_inner) {
                    stack.tcp_abort(now, flow);
                }
            });
            if let Some(capture) = capture {
                capture.flush();
            }
            if verbose {
                tell_devices(&handle);
            }
            process::exit(INTERRUPTED);
        };
        let thread = thread::Builder::new().name("signals".into()).spawn(wait);
        thread.map(drop).map_err(Ending::file("the thread for signals"))
    }
}

/// One line of `-v` on standard error.
fn tell(record: &Record, everything: bool) {
    match record.fact {
        Fact::StateChanged { .. } => ending::say(record),
        _ if everything => ending::say(record),
        _ => {}
    }
    let _ = io::stderr().flush();
}

/// The last lines of `-v`: what went over each device, and what it lost.
fn tell_devices(handle: &Handle) {
    for device in handle.device_counters() {
        ending::say(device);
    }
}
