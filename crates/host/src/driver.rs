//! The loop around a stack: frames from devices in, frames to devices out, deadlines in between.
//!
//! A [`Driver`] owns a stack and its devices and never blocks but in [`Driver::wait`]. One thread uses it so:
//!
//! ```text
//! loop {
//!     driver.turn()?;                       // what arrived, what is due, what is to be sent: a bounded piece of each
//!     while let Some(event) = driver.stack().poll_event() { … }
//!     driver.flush()?;                      // sends what those calls caused
//!     driver.wait(None)?;                   // sleeps, unless more is waiting already
//! }
//! ```
//!
//! A device that is full keeps back the frame that it refused, and with it the stack: nothing is asked for while a frame
//! waits. For calls from several threads there is [`Engine`](crate::engine::Engine).

use std::fmt::{self, Write as _};
use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use synsent_stack::trace::{Fact, Record};
use synsent_stack::{Instant, LinkConfig, LinkId, Medium, Stack, Transmit};
use synsent_wire::ethernet;
use thiserror::Error;

use crate::capture::Capture;
use crate::clock::Clock;
use crate::device::{Device, FRAME_MAX_OCTETS, Sent};
use crate::pcapng::{Direction, InterfaceId, LinkType};
use crate::poller::{Poller, Waker};

/// How many frames of one link are taken in before frames are sent again.
const FRAMES_PER_BATCH: usize = 16;
/// How many batches of one link are taken in before the other links, and the application, have their turn.
const BATCHES_PER_TURN: usize = 4;
/// How many frames are sent on one link before the others have their turn.
const FRAMES_SENT_PER_TURN: usize = 64;

/// A device that is gone.
#[derive(Debug, Error)]
#[error("the device {device} is gone: {source}")]
pub struct DriverError {
    /// Its name.
    pub device: String,
    /// What the kernel said.
    pub source: io::Error,
}

/// What went over a device since it was attached.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct DeviceCounters {
    /// Its name.
    pub device: String,
    /// Frames that it handed over.
    pub frames_received: u64,
    /// Frames that it took.
    pub frames_sent: u64,
    /// Frames that it could neither take nor keep back: they are gone.
    pub frames_lost: u64,
    /// The kernel's error number for the last of those.
    pub last_loss: Option<i32>,
}

/// As one clause: `t0: received 12 frames, sent 9, lost 1 (Cannot allocate memory (os error 12))`.
impl fmt::Display for DeviceCounters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DeviceCounters { device, frames_received, frames_sent, frames_lost, .. } = self;
        write!(f, "{device}: received {frames_received} frames, sent {frames_sent}, lost {frames_lost}")?;
        match self.last_loss {
            Some(number) => write!(f, " ({})", io::Error::from_raw_os_error(number)),
            None => Ok(()),
        }
    }
}

/// A stack, its devices and its clock.
pub struct Driver {
    stack: Stack,
    clock: Clock,
    ports: Vec<Port>,
    poller: Poller,
    /// Where arriving frames are read to.
    frame: Vec<u8>,
    /// A budget ran out, so that the next wait must not sleep.
    more: bool,
    trace: Trace,
}

type Sink = Box<dyn FnMut(&Record) + Send>;

/// Where the records of the stack's trace go.
#[derive(Default)]
struct Trace {
    sink: Option<Sink>,
    /// What the records since the last packet say, for its comment.
    comment: String,
}

/// A link of the stack and the device that it is.
struct Port {
    link: LinkId,
    device: Box<dyn Device>,
    /// Where the frame to be sent is built, and where it stays while the device is full.
    out: Vec<u8>,
    kept: Option<Transmit>,
    comment: String,
    watching_room: bool,
    capture: Option<(Capture, InterfaceId)>,
    counters: DeviceCounters,
}

impl Driver {
    /// A driver without links. The stack's time starts now.
    pub fn new(stack: Stack) -> io::Result<Driver> {
        Ok(Driver {
            stack,
            clock: Clock::new(),
            ports: Vec::new(),
            poller: Poller::new()?,
            frame: vec![0; FRAME_MAX_OCTETS],
            more: false,
            trace: Trace::default(),
        })
    }

    /// Makes a device a link of the stack, without addresses. With a capture every frame on it is written down.
    pub fn attach(&mut self, device: impl Device + 'static, capture: Option<&Capture>) -> io::Result<LinkId> {
        let (medium, link_type) = (device.medium(), link_type(device.medium()));
        let config =
            LinkConfig { mtu: device.mtu(), medium, offload: device.offload(), ..LinkConfig::ip(device.name()) };
        self.attach_as(config, link_type, device, capture)
    }

    /// Makes a device a link that is set up in another way than the device itself would have it.
    pub fn attach_with(
        &mut self,
        config: LinkConfig,
        device: impl Device + 'static,
        capture: Option<&Capture>,
    ) -> io::Result<LinkId> {
        let link_type = link_type(config.medium);
        self.attach_as(config, link_type, device, capture)
    }

    fn attach_as(
        &mut self,
        config: LinkConfig,
        link_type: LinkType,
        device: impl Device + 'static,
        capture: Option<&Capture>,
    ) -> io::Result<LinkId> {
        self.poller.add(device.descriptor())?;
        let capture = match capture {
            Some(capture) => Some((capture.clone(), capture.add_interface(device.name(), link_type)?)),
            None => None,
        };
        let largest = usize::from(config.offload.segmentation.unwrap_or(0).max(config.mtu));
        let counters = DeviceCounters { device: device.name().into(), ..DeviceCounters::default() };
        let link = self.stack.add_link(self.clock.now(), config);
        self.ports.push(Port {
            link,
            device: Box::new(device),
            out: vec![0; largest + ethernet::HEADER_LEN],
            kept: None,
            comment: String::new(),
            watching_room: false,
            capture,
            counters,
        });
        Ok(link)
    }

    /// Hands every record of the stack's trace to `sink`; the stack must have been made with a trace.
    pub fn on_trace(&mut self, sink: impl FnMut(&Record) + Send + 'static) {
        self.trace.sink = Some(Box::new(sink));
    }

    /// The stack, for its socket verbs; what they cause is sent by the next [`flush`](Driver::flush) or turn.
    pub fn stack(&mut self) -> &mut Stack {
        &mut self.stack
    }

    /// What went over each device, in the order in which they were attached.
    pub fn device_counters(&self) -> Vec<DeviceCounters> {
        self.ports.iter().map(|port| port.counters.clone()).collect()
    }

    /// The stack's time.
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// The clock that tells it.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// Ends a wait from another thread.
    pub fn waker(&self) -> Waker {
        self.poller.waker()
    }

    /// Readable when a turn would find something; for a poll of one's own, beside [`timeout`](Driver::timeout).
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.poller.descriptor()
    }

    pub(crate) fn poller(&self) -> Poller {
        self.poller.clone()
    }

    /// Takes in what arrived, does what is due and sends what is to be sent: at most a fixed number of frames of each link.
    pub fn turn(&mut self) -> Result<(), DriverError> {
        self.more = false;
        for port in 0..self.ports.len() {
            let mut batches = 0;
            while self.take_batch(port)? {
                batches += 1;
                if batches == BATCHES_PER_TURN {
                    self.more = true;
                    break;
                }
                self.send_all()?;
            }
        }
        // After what arrived: a process that did not get the processor for a while must not retransmit what has been answered
        // meanwhile.
        let now = self.clock.now();
        if self.stack.next_deadline().is_some_and(|deadline| deadline <= now) {
            self.stack.on_deadline(now);
        }
        self.send_all()
    }

    /// Sends what socket verbs have caused.
    pub fn flush(&mut self) -> Result<(), DriverError> {
        self.send_all()
    }

    /// How long a wait may last before a turn is due; `None`: until something arrives.
    pub fn timeout(&self) -> Option<Duration> {
        if self.more {
            return Some(Duration::ZERO);
        }
        self.stack.next_deadline().map(|deadline| deadline.since(self.clock.now()))
    }

    /// Sleeps until a turn would find something, but no longer than `at_most`. Captures are written out before.
    pub fn wait(&mut self, at_most: Option<Duration>) -> io::Result<()> {
        let timeout = [self.timeout(), at_most].into_iter().flatten().min();
        if timeout == Some(Duration::ZERO) {
            return Ok(());
        }
        self.flush_captures();
        self.poller.wait(timeout)
    }

    /// Writes out what the captures still buffer.
    pub fn flush_captures(&self) {
        for (capture, _) in self.ports.iter().filter_map(|port| port.capture.as_ref()) {
            capture.flush();
        }
    }

    /// Takes in up to a batch of frames; true when there may be more.
    fn take_batch(&mut self, port: usize) -> Result<bool, DriverError> {
        let Driver { stack, clock, ports, frame, trace, .. } = self;
        let port = &mut ports[port];
        let now = clock.now();
        for _ in 0..FRAMES_PER_BATCH {
            let received = port.device.receive(frame).map_err(|source| port.gone(source))?;
            let Some((len, received)) = received else { return Ok(false) };
            let frame = &frame[..len];
            port.counters.frames_received += 1;
            stack.on_frame_with(now, port.link, frame, received);
            trace.drain(stack, port.capture.is_some());
            if let Some((capture, interface)) = &port.capture {
                capture.write_packet(*interface, clock.since_epoch(now), Direction::Inbound, frame, &trace.comment);
                trace.comment.clear();
            }
        }
        Ok(true)
    }

    fn send_all(&mut self) -> Result<(), DriverError> {
        for port in 0..self.ports.len() {
            self.send(port)?;
        }
        // What no packet caused: a connection that was given up.
        self.trace.drain(&mut self.stack, false);
        Ok(())
    }

    /// Sends until the stack has nothing more, the device is full, or the budget is spent.
    fn send(&mut self, port: usize) -> Result<(), DriverError> {
        let Driver { stack, clock, ports, poller, trace, more, .. } = self;
        let port = &mut ports[port];
        let now = clock.now();
        for _ in 0..FRAMES_SENT_PER_TURN {
            if port.kept.is_none() {
                port.kept = stack.poll_transmit(now, port.link, &mut port.out);
                trace.drain(stack, port.capture.is_some());
                std::mem::swap(&mut port.comment, &mut trace.comment);
            }
            let Some(transmit) = port.kept else { return Ok(()) };
            let frame = &port.out[..transmit.len];
            match port.device.transmit(frame, transmit.offload).map_err(|source| port.gone(source))? {
                Sent::Done => port.counters.frames_sent += 1,
                Sent::Lost(number) => port.lost(number),
                Sent::Busy => return port.watch_room(poller, true),
            }
            port.kept = None;
            let frame = &port.out[..transmit.len];
            if let Some((capture, interface)) = &port.capture {
                capture.write_packet(*interface, clock.since_epoch(now), Direction::Outbound, frame, &port.comment);
                port.comment.clear();
            }
            port.watch_room(poller, false)?;
        }
        *more = true;
        Ok(())
    }
}

impl Port {
    fn gone(&self, source: io::Error) -> DriverError {
        DriverError { device: self.device.name().into(), source }
    }

    /// Counts a frame that the device lost, and says so in the capture, where it stands among those that left.
    fn lost(&mut self, error_number: i32) {
        self.counters.frames_lost += 1;
        self.counters.last_loss = Some(error_number);
        if self.capture.is_some() {
            let separator = if self.comment.is_empty() { "" } else { "\n" };
            let error = io::Error::from_raw_os_error(error_number);
            // Writing to a String cannot fail.
            let _ = write!(self.comment, "{separator}lost by the device: {error}");
        }
    }

    fn watch_room(&mut self, poller: &Poller, room: bool) -> Result<(), DriverError> {
        if self.watching_room != room {
            self.watching_room = room;
            poller.watch_room(self.device.descriptor(), room).map_err(|source| self.gone(source))?;
        }
        Ok(())
    }
}

impl Trace {
    /// Takes the stack's new records: to the sink, and into the comment of the packet that caused them.
    fn drain(&mut self, stack: &mut Stack, comment: bool) {
        while let Some(record) = stack.poll_trace() {
            // The packet itself shows that it went; only what it did is worth a comment.
            let shown = matches!(record.fact, Fact::SegmentSent { again: false, .. } | Fact::SegmentReceived { .. });
            if comment && !shown {
                let separator = if self.comment.is_empty() { "" } else { "\n" };
                // Writing to a String cannot fail.
                let _ = write!(self.comment, "{separator}{}", record.fact);
            }
            if let Some(sink) = &mut self.sink {
                sink(&record);
            }
        }
    }
}

fn link_type(medium: Medium) -> LinkType {
    match medium {
        Medium::Ethernet(_) => LinkType::Ethernet,
        Medium::Ip => LinkType::RawIp,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cable::cable;
    use synsent_stack::{Cidr, Config, OpenOptions};

    fn driver(device: impl Device + 'static, address: &str) -> Driver {
        let mut driver = Driver::new(Stack::new(Config::default(), [1; 32])).unwrap();
        let link = driver.attach(device, None).unwrap();
        let now = driver.now();
        let cidr: Cidr = address.parse().unwrap();
        driver.stack().add_address(now, link, cidr).unwrap();
        driver
    }

    #[test]
    fn a_full_device_keeps_the_frame_and_sends_it_later() {
        let (mut ours, mut theirs) = cable("c", 1_500).unwrap();
        while ours.transmit(&[0; 1_500], None).unwrap() == Sent::Done {}
        let mut driver = driver(ours, "10.9.0.2/24");
        let now = driver.now();
        driver.stack().tcp_connect(now, OpenOptions::to("10.9.0.1:80".parse().unwrap())).unwrap();
        driver.flush().unwrap();
        assert!(driver.ports[0].kept.is_some(), "the SYN waits");
        let mut frame = [0; 2_048];
        while theirs.receive(&mut frame).unwrap().is_some() {}
        driver.flush().unwrap();
        let (len, _) = theirs.receive(&mut frame).unwrap().expect("the SYN");
        assert!((40..=60).contains(&len));
        assert_eq!((frame[9], frame[33]), (6, 2), "a TCP segment with SYN alone");
        assert!(theirs.receive(&mut frame).unwrap().is_none(), "once");
    }

    #[test]
    fn a_turn_takes_a_bounded_piece_and_does_not_sleep_before_the_rest() {
        let (ours, mut theirs) = cable("c", 1_500).unwrap();
        let mut driver = driver(ours, "10.9.0.2/24");
        let budget = FRAMES_PER_BATCH * BATCHES_PER_TURN;
        for _ in 0..budget + 1 {
            assert_eq!(theirs.transmit(&[0; 20], None).unwrap(), Sent::Done);
        }
        driver.turn().unwrap();
        assert_eq!(driver.stack.counters().frames_received, budget as u64);
        assert_eq!(driver.timeout(), Some(Duration::ZERO));
        driver.turn().unwrap();
        assert_eq!(driver.stack.counters().frames_received, budget as u64 + 1);
    }
}
