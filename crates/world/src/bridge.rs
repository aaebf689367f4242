//! The line between the program's kernel and the lab: a thread that moves frames and lets the lab's time follow the
//! clock.
//!
//! Each turn lets happen in the lab what is due, puts in what the device has, lets the answers happen, and gives the
//! device what arrived at the lab's tap. Then the thread sleeps until the device has a frame, the lab has something to
//! do, or the run is over. A frame that the device has no room for waits, and those behind it, as in the queue of any
//! interface. What went over the lines is noted each turn, before the lab forgets it.
//!
//! The lab's line carries bare packets; what a device with Ethernet frames has beyond is told in `near.rs`.

use std::any::Any;
use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time;

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use synsent_host::{Device, FRAME_MAX_OCTETS, Sent};
use synsent_lab::{Lab, TapId};
use synsent_stack::Instant;

use crate::near::{Came, Near, is_among_neighbours};
use crate::traffic::Traffic;

/// How many frames are taken from the device before time goes on.
const FRAMES_PER_TURN: usize = 256;
/// How many answers to questions among neighbours wait for room on the device; a question without an answer is asked
/// again.
const ANSWERS_MAX: usize = 64;

/// The thread, while it runs.
pub(crate) struct Bridge {
    over: Arc<OwnedFd>,
    broken: Arc<OwnedFd>,
    thread: JoinHandle<Line>,
}

/// Tells that the thread panicked, when it does.
struct Alarm(Arc<OwnedFd>);

impl Drop for Alarm {
    fn drop(&mut self) {
        if thread::panicking() {
            ring(&self.0);
        }
    }
}

/// Makes an event's descriptor readable.
fn ring(event: &OwnedFd) {
    // The one way to fail is a counter that is full, and then it is readable.
    let _ = rustix::io::write(event, &1_u64.to_ne_bytes());
}

/// What is left of a line when the run is over.
pub(crate) struct Ended {
    /// The lab as it then was.
    pub(crate) lab: Lab,
    /// What went over the lines.
    pub(crate) traffic: Traffic,
    /// The clock's time, and the lab's at the same moment.
    pub(crate) began: (time::Instant, Instant),
    /// Why the line ended before the run did.
    pub(crate) error: Option<io::Error>,
}

/// Both ends of the line.
struct Line {
    device: Box<dyn Device>,
    lab: Lab,
    tap: TapId,
    began: (time::Instant, Instant),
    traffic: Traffic,
    near: Near,
    /// What goes to the device before anything else: a frame that it had no room for, answers to its questions.
    waiting: VecDeque<Vec<u8>>,
    error: Option<io::Error>,
}

impl Bridge {
    /// Begins to move frames. What the lab did before was before the beginning of time.
    pub(crate) fn start(device: Box<dyn Device>, mut lab: Lab, tap: TapId) -> io::Result<Bridge> {
        let event = || eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).map(Arc::new);
        let (over, broken) = (event()?, event()?);
        // What was said while the lab was built was said to nobody.
        while lab.tap_out(tap).is_some() {}
        let traffic = Traffic::after(lab.capture());
        let began = (time::Instant::now(), lab.now());
        let near = Near::new(device.medium());
        let line = Line { device, lab, tap, began, traffic, near, waiting: VecDeque::new(), error: None };
        let (told, alarm) = (Arc::clone(&over), Alarm(Arc::clone(&broken)));
        let thread = thread::Builder::new().name("lab".to_owned()).spawn(move || {
            let _alarm = alarm;
            line.run(&told)
        })?;
        Ok(Bridge { over, broken, thread })
    }

    /// Readable once the thread has panicked.
    pub(crate) fn broken(&self) -> BorrowedFd<'_> {
        self.broken.as_fd()
    }

    /// Ends the thread. `Err` is what it panicked with.
    pub(crate) fn stop(self) -> Result<Ended, Box<dyn Any + Send>> {
        ring(&self.over);
        let Line { lab, traffic, began, error, .. } = self.thread.join()?;
        Ok(Ended { lab, traffic, began, error })
    }
}

impl Line {
    /// The thread.
    fn run(mut self, over: &OwnedFd) -> Line {
        let mut frame = vec![0; FRAME_MAX_OCTETS];
        loop {
            let timeout = match self.turn(&mut frame) {
                Ok(next) => next.and_then(|next| Timespec::try_from(next).ok()),
                Err(error) => {
                    self.error = Some(error);
                    return self;
                }
            };
            let room = if self.waiting.is_empty() { PollFlags::empty() } else { PollFlags::OUT };
            let device = PollFd::from_borrowed_fd(self.device.descriptor(), PollFlags::IN | room);
            let mut descriptors = [device, PollFd::new(over, PollFlags::IN)];
            // However it ends, one looks at everything again.
            let _ = poll(&mut descriptors, timeout.as_ref());
            let [_, over] = descriptors;
            if over.revents().contains(PollFlags::IN) {
                // The last words of the program's kernel are part of the run.
                self.error = self.turn(&mut frame).err();
                return self;
            }
        }
    }

    /// Does all that can be done now; answers with how long nothing will happen by itself.
    fn turn(&mut self, frame: &mut [u8]) -> io::Result<Option<time::Duration>> {
        let now = self.now();
        self.lab.run_until(now, |_| false);
        let mut taken = 0;
        while taken < FRAMES_PER_TURN
            && let Some((len, _)) = self.device.receive(frame)?
        {
            self.came(&frame[..len]);
            taken += 1;
        }
        self.lab.run_until(now, |_| false);
        self.traffic.note(self.lab.capture());
        self.send()?;
        if taken == FRAMES_PER_TURN {
            return Ok(Some(time::Duration::ZERO));
        }
        let now = self.now();
        Ok(self.lab.next_at().map(|next| next.since(now)))
    }

    fn now(&self) -> Instant {
        let (began, lab_began) = self.began;
        lab_began + began.elapsed()
    }

    /// A frame from the device.
    fn came(&mut self, frame: &[u8]) {
        match self.near.came(frame) {
            Came::Packet(packet) => self.lab.tap_in(self.tap, packet),
            Came::Question(answer) if self.waiting.len() < ANSWERS_MAX => self.waiting.push_back(answer),
            Came::Question(_) | Came::Nothing => {}
        }
    }

    /// Gives the device what has arrived at the tap, as long as it takes something.
    fn send(&mut self) -> io::Result<()> {
        loop {
            let Some(frame) = self.next_frame() else { return Ok(()) };
            // What a device loses is lost, as on any line.
            if self.device.transmit(&frame, None)? == Sent::Busy {
                self.waiting.push_front(frame);
                return Ok(());
            }
        }
    }

    /// What is to be given to the device next.
    fn next_frame(&mut self) -> Option<Vec<u8>> {
        let Line { lab, tap, near, waiting, .. } = self;
        if let Some(frame) = waiting.pop_front() {
            return Some(frame);
        }
        loop {
            let packet = lab.tap_out(*tap)?;
            if !is_among_neighbours(&packet) {
                return Some(near.frame(packet));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use synsent_stack::{Medium, Offload, Received, SegmentOffload};
    use synsent_wire::arp;
    use synsent_wire::ethernet::{Address, EtherType, HEADER_LEN, Repr};

    use super::*;

    /// An Ethernet device that has these frames for the lab, and room for some.
    struct Fake {
        frames: VecDeque<Vec<u8>>,
        room: Arc<Mutex<usize>>,
        sent: Arc<Mutex<Vec<Vec<u8>>>>,
        descriptor: OwnedFd,
    }

    impl Device for Fake {
        fn name(&self) -> &str {
            "fake"
        }
        fn medium(&self) -> Medium {
            Medium::Ethernet(Address([2; 6]))
        }
        fn mtu(&self) -> u16 {
            1_500
        }
        fn offload(&self) -> Offload {
            Offload::default()
        }
        fn descriptor(&self) -> BorrowedFd<'_> {
            self.descriptor.as_fd()
        }
        fn receive(&mut self, frame: &mut [u8]) -> io::Result<Option<(usize, Received)>> {
            let Some(next) = self.frames.pop_front() else { return Ok(None) };
            frame[..next.len()].copy_from_slice(&next);
            Ok(Some((next.len(), Received::default())))
        }
        fn transmit(&mut self, frame: &[u8], _: Option<SegmentOffload>) -> io::Result<Sent> {
            let mut room = self.room.lock().unwrap();
            if *room == 0 {
                return Ok(Sent::Busy);
            }
            *room -= 1;
            self.sent.lock().unwrap().push(frame.to_vec());
            Ok(Sent::Done)
        }
    }

    fn question(number: u8) -> Vec<u8> {
        let source = Address([4; 6]);
        let asked = arp::Repr {
            operation: arp::Operation::Request,
            sender_hardware: source,
            sender_protocol: [10, 1, 0, 2].into(),
            target_hardware: Address::default(),
            target_protocol: [10, 1, 1, number].into(),
        };
        let mut frame = vec![0; HEADER_LEN + arp::LEN];
        Repr { destination: Address::BROADCAST, source, vlan: None, ethertype: EtherType::ARP }.emit(&mut frame);
        asked.emit(&mut frame[HEADER_LEN..]);
        frame
    }

    /// A device that is no device: whoever reads from it panics.
    struct Wreck(OwnedFd);

    impl Device for Wreck {
        fn name(&self) -> &str {
            "wreck"
        }
        fn medium(&self) -> Medium {
            Medium::Ip
        }
        fn mtu(&self) -> u16 {
            1_500
        }
        fn offload(&self) -> Offload {
            Offload::default()
        }
        fn descriptor(&self) -> BorrowedFd<'_> {
            self.0.as_fd()
        }
        fn receive(&mut self, _: &mut [u8]) -> io::Result<Option<(usize, Received)>> {
            panic!("a wreck is read from, as the test wants it");
        }
        fn transmit(&mut self, _: &[u8], _: Option<SegmentOffload>) -> io::Result<Sent> {
            Ok(Sent::Done)
        }
    }

    #[test]
    fn a_thread_that_panics_is_noticed() {
        let mut lab = Lab::new(1);
        let cable = lab.add_line("us", 1_500);
        let tap = lab.add_tap(cable);
        let wreck = Wreck(eventfd(0, EventfdFlags::CLOEXEC).unwrap());
        let bridge = Bridge::start(Box::new(wreck), lab, tap).unwrap();
        let mut descriptors = [PollFd::from_borrowed_fd(bridge.broken(), PollFlags::IN)];
        poll(&mut descriptors, None).unwrap();
        assert!(bridge.stop().is_err());
    }

    #[test]
    fn a_device_without_room_gets_what_waits_later_and_in_order() {
        let (room, sent) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(Vec::new())));
        let device = Fake {
            frames: (0..ANSWERS_MAX as u8 + 20).map(question).collect(),
            room: Arc::clone(&room),
            sent: Arc::clone(&sent),
            descriptor: eventfd(0, EventfdFlags::CLOEXEC).unwrap(),
        };
        let mut lab = Lab::new(1);
        let cable = lab.add_line("us", 1_500);
        let tap = lab.add_tap(cable);
        let mut line = Line {
            near: Near::new(device.medium()),
            traffic: Traffic::after(lab.capture()),
            began: (time::Instant::now(), lab.now()),
            device: Box::new(device),
            lab,
            tap,
            waiting: VecDeque::new(),
            error: None,
        };
        let mut frame = vec![0; FRAME_MAX_OCTETS];
        line.turn(&mut frame).unwrap();
        assert_eq!(line.waiting.len(), ANSWERS_MAX, "further questions have no answer");
        *room.lock().unwrap() = 3;
        line.turn(&mut frame).unwrap();
        assert_eq!(line.waiting.len(), ANSWERS_MAX - 3);
        *room.lock().unwrap() = usize::MAX;
        line.turn(&mut frame).unwrap();
        let told: Vec<u8> = sent
            .lock()
            .unwrap()
            .iter()
            .map(|frame| arp::Repr::parse(&frame[HEADER_LEN..]).unwrap().sender_protocol.octets()[3])
            .collect();
        assert_eq!(told, (0..ANSWERS_MAX as u8).collect::<Vec<_>>());
    }
}
