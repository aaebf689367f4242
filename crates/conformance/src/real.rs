//! The outside in real time: the lab of `outside.rs` behind a TUN device of the calling thread's network namespace.
//!
//! A thread moves packets from the device onto the lab's line and back, and lets the lab's time follow the clock. What passes is
//! noted for the row. The world's own calls go into the lab under its lock.

use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time;

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use synsent_host::interface::{self, RouteKind};
use synsent_host::{Device, FRAME_MAX_OCTETS, Layer, Tun, VirtioHeader, namespace};
use synsent_lab::{Lab, TapId};
use synsent_stack::Instant;

use crate::outside::{self, Outside};
use crate::situation::Situation;
use crate::wire::Wire;
use crate::world::{NotHere, Peer};

/// The device at whose other end the lab is.
pub(crate) const INTERFACE: &str = "out0";
/// How often a SYN is repeated in real time, so that silence takes three seconds.
pub(crate) const SYN_RETRIES: u32 = 1;
/// How long what was sent to a peer may take until it is there.
const ARRIVAL_PATIENCE: time::Duration = time::Duration::from_secs(2);
/// How long the thread may take to look at everything once.
const TURN_PATIENCE: time::Duration = time::Duration::from_secs(5);
/// How often one looks again for what is on its way.
const LOOK_AGAIN: time::Duration = time::Duration::from_millis(2);

/// The outside of a real network. Dropping it ends its thread and takes the device away.
pub(crate) struct RealOutside {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    wake: rustix::fd::OwnedFd,
    /// Told after each turn of the thread.
    turned: Condvar,
    over: AtomicBool,
}

struct State {
    lab: Lab,
    outside: Outside,
    wire: Wire,
    began: time::Instant,
    /// The lab's time at the beginning.
    lab_began: Instant,
    /// Our end of the router's line.
    tap: TapId,
    /// How often the thread has looked at everything.
    turns: u64,
    /// Whether the last turn found that nothing will happen for a moment.
    is_quiet: bool,
}

impl RealOutside {
    /// Moves the calling thread into a new network namespace with a table of descriptors of its own, makes the device there, and puts the lab behind it. The kernel
    /// reaches the lab's servers by the device, with these addresses of its own.
    pub(crate) fn new(addresses: &[(IpAddr, u8)]) -> Result<RealOutside, NotHere> {
        let failed = |what: &'static str| move |error: io::Error| NotHere(format!("{what}: {error}"));
        namespace::enter_descriptors().map_err(failed("a table of descriptors"))?;
        namespace::enter_network().map_err(failed("a network namespace"))?;
        let tun =
            Tun::open(INTERFACE, Layer::Ip, VirtioHeader::Without).map_err(|error| NotHere(format!("{error}")))?;
        for (address, prefix_len) in addresses {
            interface::add_address(INTERFACE, *address, *prefix_len).map_err(failed("an address"))?;
        }
        interface::set_up(INTERFACE).map_err(failed("the device"))?;
        interface::await_carrier(INTERFACE).map_err(failed("the carrier of the device"))?;
        for (network, gateway) in outside::routes() {
            // Without an address of its own the kernel knows no gateway.
            let gateway = Some(gateway).filter(|_| !addresses.is_empty());
            let kind = RouteKind::Unicast;
            interface::add_route(network.addr(), network.prefix_len(), gateway, Some(INTERFACE), kind)
                .map_err(failed("a route"))?;
        }
        let mut lab = Lab::new(1);
        let mut outside = Outside::new(&mut lab);
        let tap = lab.add_tap(outside.line);
        outside.unheard_syns = SYN_RETRIES;
        outside.settled(&mut lab);
        // What was said at the start was said to nobody.
        while lab.tap_out(tap).is_some() {}
        let lab_began = lab.now();
        let state = State {
            lab,
            outside,
            wire: Wire::default(),
            began: time::Instant::now(),
            lab_began,
            tap,
            turns: 0,
            is_quiet: false,
        };
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)
            .map_err(|error| failed("an event")(error.into()))?;
        let shared =
            Arc::new(Shared { state: Mutex::new(state), turned: Condvar::new(), wake, over: AtomicBool::new(false) });
        let mover = Arc::clone(&shared);
        let thread = thread::spawn(move || mover.run(tun));
        Ok(RealOutside { shared, thread: Some(thread) })
    }

    /// What the router and the servers bring about alone.
    pub(crate) fn arrange(&self, situation: Situation) -> Option<Result<SocketAddr, NotHere>> {
        self.with(|lab, outside| outside.arrange(lab, situation))
    }

    /// Who refused or was silent answers from now on; the route that was missing is there.
    pub(crate) fn relent(&self, peer: SocketAddr) -> Result<(), NotHere> {
        let (network, _) = outside::missing_route();
        // It may be there already.
        let _ = route_into(INTERFACE, network.addr(), network.prefix_len());
        self.with(|lab, outside| outside.relent(lab, peer))
    }

    pub(crate) fn break_off(&self) {
        let end = time::Instant::now() + ARRIVAL_PATIENCE;
        while !self.with(|lab, outside| outside.break_off(lab)) && time::Instant::now() < end {
            thread::sleep(LOOK_AGAIN);
        }
    }

    pub(crate) fn peer_sends(&self, which: Peer, to: SocketAddr, octets: &[u8]) {
        self.with(|lab, outside| outside.peer_sends(lab, which, to, octets));
    }

    pub(crate) fn peer_received(&self, which: Peer) -> Vec<Vec<u8>> {
        let end = time::Instant::now() + ARRIVAL_PATIENCE;
        loop {
            let received = self.with(|lab, outside| outside.peer_received(lab, which));
            if !received.is_empty() || time::Instant::now() > end {
                return received;
            }
            thread::sleep(LOOK_AGAIN);
        }
    }

    /// Waits until the device has nothing more to give and nothing happens in the lab for a moment.
    pub(crate) fn rest(&self) {
        let end = time::Instant::now() + ARRIVAL_PATIENCE;
        while !self.shared.after_a_turn().is_quiet && time::Instant::now() < end {
            thread::sleep(LOOK_AGAIN);
        }
    }

    pub(crate) fn mark(&self) {
        self.shared.after_a_turn().wire = Wire::default();
    }

    pub(crate) fn wire(&self) -> (String, usize) {
        self.shared.after_a_turn().wire.line()
    }

    /// Whether a packet of the machine has been seen since the last mark.
    pub(crate) fn has_seen(&self) -> impl Fn() -> bool + Send + 'static {
        let shared = Arc::clone(&self.shared);
        move || shared.state().wire.line().1 > 0
    }

    fn with<R>(&self, work: impl FnOnce(&mut Lab, &mut Outside) -> R) -> R {
        let mut state = self.shared.state();
        let State { lab, outside, .. } = &mut *state;
        let answer = work(lab, outside);
        drop(state);
        self.shared.wake();
        answer
    }
}

impl Drop for RealOutside {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        self.shared.wake();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been printed by the thread.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state once all that the device has now was looked at.
    fn after_a_turn(&self) -> MutexGuard<'_, State> {
        let state = self.state();
        let turns = state.turns;
        self.wake();
        let waited = self.turned.wait_timeout_while(state, TURN_PATIENCE, |state| state.turns == turns);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn wake(&self) {
        // The one way to fail is a counter that is full, and then the thread is awake.
        let _ = rustix::io::write(&self.wake, &1_u64.to_ne_bytes());
    }

    /// The thread: what comes from the device goes onto the line, and what the router sends goes into the device.
    fn run(&self, mut tun: Tun) {
        let mut frame = vec![0; FRAME_MAX_OCTETS];
        while !self.over.load(Ordering::SeqCst) {
            let next = self.state().turn(&mut tun, &mut frame);
            self.turned.notify_all();
            let timeout = next.and_then(|next| Timespec::try_from(next).ok());
            let mut descriptors =
                [PollFd::from_borrowed_fd(tun.descriptor(), PollFlags::IN), PollFd::new(&self.wake, PollFlags::IN)];
            // However it ends, one looks at everything again.
            let _ = poll(&mut descriptors, timeout.as_ref());
            let _ = rustix::io::read(&self.wake, &mut [0; 8]);
        }
    }
}

impl State {
    /// Does all that can be done now; answers with how long nothing will happen by itself.
    fn turn(&mut self, tun: &mut Tun, frame: &mut [u8]) -> Option<time::Duration> {
        self.turns += 1;
        let State { lab, wire, tap, .. } = self;
        let now = self.lab_began + self.began.elapsed();
        lab.run_until(now, |_| false);
        while let Ok(Some((len, _))) = tun.receive(frame) {
            wire.note(now, true, &frame[..len]);
            lab.tap_in(*tap, &frame[..len]);
        }
        let before = lab.capture().frames();
        lab.run_until(now, |_| false);
        let mut carried = lab.capture().frames() != before;
        while let Some(frame) = lab.tap_out(*tap) {
            carried = true;
            wire.note(now, false, &frame);
            // What the device does not take is lost, as on any line.
            let _ = tun.transmit(&frame, None);
        }
        let next = self.lab.next_at().map(|next| next.since(now));
        // What the kernel was given now it may answer at once.
        self.is_quiet = !carried && next.is_none_or(|next| next > outside::A_MOMENT);
        next
    }
}

/// A network is behind a device, without a gateway.
pub(crate) fn route_into(name: &str, network: IpAddr, prefix_len: u8) -> io::Result<()> {
    interface::add_route(network, prefix_len, None, Some(name), RouteKind::Unicast)
}

/// Sets a value of the namespace in which the calling thread is.
pub(crate) fn set_sysctl(name: &str, value: &str) -> Result<(), NotHere> {
    let path = format!("/proc/sys/net/{name}");
    fs::write(&path, value).map_err(|error| NotHere(format!("{path} cannot be written: {error}")))
}
