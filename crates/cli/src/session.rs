//! A network that is up for as long as the command runs: device, capture, trace, signals.

use std::io::{self, Write as _};
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use synsent_host::{Capture, DeviceNetwork, Driver, Engine, Handle, Interrupt, NetworkName};
use synsent_sockets::Network;
use synsent_stack::trace::{Fact, Record};
use synsent_stack::{Config, FlowId, Stack};

use crate::arguments::DeviceArguments;
use crate::ending::{self, Ending};

/// How many trace records may wait between two packets.
const TRACE_CAPACITY: usize = 1_024;
/// What a shell reports of a program that SIGINT ended.
const INTERRUPTED: i32 = 130;
/// How long an interrupt waits for the last words of the sockets to leave.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// An open network and its engine.
pub(crate) struct Session {
    engine: Engine,
    capture: Option<Capture>,
    verbose: bool,
    /// The connection that an interrupt resets.
    flow: Arc<Mutex<Option<FlowId>>>,
    interrupted: Arc<Interrupted>,
}

/// What an interrupt does to sockets.
#[derive(Default)]
struct Interrupted {
    came: AtomicBool,
    act: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

/// The network of a session as sockets see it.
pub(crate) struct Sockets {
    network: Arc<DeviceNetwork>,
    capture: Option<Capture>,
    verbose: bool,
    interrupted: Arc<Interrupted>,
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
        let session = Session {
            engine,
            capture,
            verbose: arguments.verbose > 0,
            flow: Arc::default(),
            interrupted: Arc::default(),
        };
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

    /// The network for sockets, which drive it from now on.
    pub(crate) fn into_sockets(self) -> Result<Sockets, Ending> {
        let Session { engine, capture, verbose, interrupted, .. } = self;
        let network = DeviceNetwork::over(engine).map_err(Ending::file("the numbers of sockets"))?;
        Ok(Sockets { network, capture, verbose, interrupted })
    }

    /// Ends the network; with `-v` tells what went over it, and always when the capture is not complete.
    pub(crate) fn close(self) -> Result<(), Ending> {
        let handle = self.handle();
        self.engine.stop();
        last_lines(&handle, self.verbose, self.capture)
    }

    fn obey(&self, interrupt: Interrupt) -> Result<(), Ending> {
        let (handle, flow, capture) = (self.handle(), Arc::clone(&self.flow), self.capture.clone());
        let (verbose, interrupted) = (self.verbose, Arc::clone(&self.interrupted));
        let wait = move || {
            if interrupt.wait().is_err() {
                return;
            }
            handle.with(|stack, now| {
                if let Some(flow) = *flow.lock().unwrap_or_else(PoisonError::into_inner) {
                    stack.tcp_abort(now, flow);
                }
            });
            interrupted.act();
            // Whether they have left or not, the process ends now.
            let _ = handle.wait(Some(LAST_WORDS), |stack, _| (stack.tcp_population().flows == 0).then_some(()));
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

impl Sockets {
    /// The network.
    pub(crate) fn network(&self) -> Arc<dyn Network> {
        self.network.clone()
    }

    /// What an interrupt does before the process ends.
    pub(crate) fn on_interrupt(&self, act: impl FnOnce() + Send + 'static) {
        *self.interrupted.act.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(act));
    }

    /// Waits until what was closed is closed for the peer too: when it ended in order, as long as that takes, for a peer that
    /// vanishes is given up by the stack's own timers; otherwise a moment.
    pub(crate) fn drain(&self, in_order: bool) {
        let at_most = (!in_order).then_some(LAST_WORDS);
        // When the network is gone, nothing is left to wait for.
        let _ = self.network.handle().wait(at_most, |stack, _| (stack.tcp_population().flows == 0).then_some(()));
    }

    /// Ends the network; see [`Session::close`].
    pub(crate) fn close(self) -> Result<(), Ending> {
        self.interrupted.give_way();
        let handle = self.network.handle();
        drop(self.network);
        last_lines(&handle, self.verbose, self.capture)
    }
}

impl Interrupted {
    fn act(&self) {
        self.came.store(true, Ordering::SeqCst);
        let act = self.act.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(act) = act {
            act();
        }
    }

    /// After an interrupt the process is ended by the thread that it came to, and by nobody before it.
    fn give_way(&self) {
        while self.came.load(Ordering::SeqCst) {
            thread::park();
        }
    }
}

fn last_lines(handle: &Handle, verbose: bool, capture: Option<Capture>) -> Result<(), Ending> {
    if verbose {
        tell_devices(handle);
    }
    match capture.and_then(|capture| capture.error()) {
        Some(error) => Err(Ending::file("the capture is not complete")(error)),
        None => Ok(()),
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
