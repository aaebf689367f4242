//! A network in memory that keeps a list of what was done to it. The last number of an address says what comes of an opening
//! there: 1 succeeds at once, 2 refuses at once, 3 stays pending until the test opens it, 4 stays pending and then refuses.

use core::any::Any;
use core::net::IpAddr;
use std::collections::{BTreeSet, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use synsent_sockets::{
    Accepted, Answer, Cancel, Cast, Domain, Failure, Kind, Name, Network, Numbers, Outcome, Progress, Provider, Ready,
    ReceiveHow, Received, SendHow, Setting, Settings, Shutdown, Ticket, Transport, Watched, Woken,
};
use synsent_stack::{Duration, Instant};

pub(super) struct FakeNetwork {
    world: Arc<Deeds>,
    numbers: FakeNumbers,
}

/// What was done, and what the test lets happen.
#[derive(Default)]
pub(super) struct Deeds {
    list: Mutex<Vec<String>>,
    /// Whether openings that are pending have ended.
    opened: AtomicBool,
    clock_secs: AtomicU64,
}

pub(super) const NUMBERS_MAX: i32 = 8;

#[derive(Default)]
struct FakeNumbers(Mutex<BTreeSet<i32>>);

struct FakeTransport {
    kind: Kind,
    deeds: Arc<Deeds>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    local: Option<Name>,
    peer: Option<Name>,
    listening: bool,
    queue: VecDeque<Vec<u8>>,
    urgent: bool,
}

impl FakeNetwork {
    pub(super) fn new() -> Arc<FakeNetwork> {
        Arc::new(FakeNetwork { world: Arc::default(), numbers: FakeNumbers::default() })
    }

    /// What was done since the last question.
    pub(super) fn deeds(&self) -> Vec<String> {
        core::mem::take(&mut self.world.list.lock().unwrap())
    }

    /// Ends the openings that are pending.
    pub(super) fn open_all(&self) {
        self.world.opened.store(true, Ordering::SeqCst);
    }

    pub(super) fn pass_secs(&self, secs: u64) {
        self.world.clock_secs.fetch_add(secs, Ordering::SeqCst);
    }
}

impl Network for FakeNetwork {
    fn provider(&self, domain: Domain) -> Option<&dyn Provider> {
        (domain != Domain::Inet6).then_some(self as &dyn Provider)
    }

    fn now(&self) -> Instant {
        Instant::from_secs(self.world.clock_secs.load(Ordering::SeqCst))
    }

    fn ticket(&self) -> Ticket {
        Ticket(0)
    }

    fn wait(&self, _: Ticket, _: &[Watched<'_>], deadline: Option<Instant>, _: &Cancel) -> Woken {
        let Some(deadline) = deadline else { return Woken::Over(Outcome::Aborted.into()) };
        let now = self.world.clock_secs.load(Ordering::SeqCst);
        self.world.clock_secs.store(now.max(deadline.nanos().div_ceil(1_000_000_000)), Ordering::SeqCst);
        Woken::DeadlinePassed
    }

    fn wake_all(&self) {}

    fn numbers(&self) -> &dyn Numbers {
        &self.numbers
    }
}

impl Numbers for FakeNumbers {
    fn take(&self) -> Result<i32, Failure> {
        let mut taken = self.0.lock().unwrap();
        let number = (3..NUMBERS_MAX).find(|number| !taken.contains(number)).ok_or(Outcome::NoDescriptors)?;
        taken.insert(number);
        Ok(number)
    }

    fn give_back(&self, number: i32) {
        self.0.lock().unwrap().remove(&number);
    }

    fn is_file(&self, number: i32) -> bool {
        (0..3).contains(&number)
    }
}

impl Provider for FakeNetwork {
    fn open(&self, _: Domain, kind: Kind, _: &Settings) -> Result<Arc<dyn Transport>, Failure> {
        Ok(FakeTransport::new(kind, &self.world, State::default()))
    }

    fn cast(&self, address: IpAddr) -> Cast {
        match address {
            IpAddr::V4(address) if address.octets()[3] == 255 => Cast::Broadcast,
            address if address.is_multicast() => Cast::Multicast,
            _ => Cast::Unicast,
        }
    }
}

impl FakeTransport {
    fn new(kind: Kind, deeds: &Arc<Deeds>, state: State) -> Arc<FakeTransport> {
        Arc::new(FakeTransport { kind, deeds: Arc::clone(deeds), state: Mutex::new(state) })
    }

    fn note(&self, deed: impl Into<String>) {
        self.deeds.list.lock().unwrap().push(deed.into());
    }
}

fn last(name: &Name) -> u8 {
    match name.inet().map(|address| address.ip()) {
        Some(IpAddr::V4(address)) => address.octets()[3],
        _ => 0,
    }
}

impl Transport for FakeTransport {
    fn bind(&self, name: &Name) -> Result<(), Failure> {
        self.note(format!("bind {name}"));
        self.state.lock().unwrap().local = Some(name.clone());
        Ok(())
    }

    fn connect(&self, peer: &Name) -> Answer<()> {
        self.note(format!("connect {peer}"));
        let mut state = self.state.lock().unwrap();
        state.peer = Some(peer.clone());
        match last(peer) {
            2 if self.kind == Kind::Stream => Err(Outcome::Refused.into()),
            3 | 4 if self.kind == Kind::Stream => Ok(Progress::Pending),
            _ => Ok(Progress::Done(())),
        }
    }

    fn change_peer(&self, peer: &Name) -> Answer<()> {
        self.note("change of peer");
        self.state.lock().unwrap().queue.clear();
        self.connect(peer)
    }

    fn connecting(&self) -> Answer<()> {
        let peer = self.state.lock().unwrap().peer.clone();
        match peer.as_ref().map(last) {
            Some(3 | 4) if !self.deeds.opened.load(Ordering::SeqCst) => Ok(Progress::Pending),
            Some(4) => Err(Outcome::Refused.into()),
            _ => Ok(Progress::Done(())),
        }
    }

    fn abandon(&self) {
        self.note("abandon");
    }

    fn disconnect(&self) -> Result<(), Failure> {
        self.note("disconnect");
        Ok(())
    }

    fn listen(&self, backlog: u32) -> Result<(), Failure> {
        self.note(format!("listen {backlog}"));
        self.state.lock().unwrap().listening = true;
        Ok(())
    }

    fn accept(&self) -> Answer<Accepted> {
        self.note("accept");
        if !self.deeds.opened.load(Ordering::SeqCst) {
            return Ok(Progress::Pending);
        }
        let peer: Name = core::net::SocketAddr::from(([10, 0, 0, 9], 9_999)).into();
        let state = State { peer: Some(peer.clone()), ..State::default() };
        Ok(Progress::Done(Accepted { transport: FakeTransport::new(self.kind, &self.deeds, state), peer }))
    }

    /// What is sent comes back to be received.
    fn send(&self, octets: &[u8], how: SendHow) -> Answer<usize> {
        let urgent = if how.urgent { " urgent" } else { "" };
        self.note(format!("send {}{urgent}", octets.len()));
        self.state.lock().unwrap().queue.push_back(octets.to_vec());
        Ok(Progress::Done(octets.len()))
    }

    fn send_to(&self, octets: &[u8], to: &Name, _: SendHow) -> Answer<usize> {
        self.note(format!("send {} to {to}", octets.len()));
        self.state.lock().unwrap().queue.push_back(octets.to_vec());
        Ok(Progress::Done(octets.len()))
    }

    fn receive(&self, into: &mut [u8], how: ReceiveHow) -> Answer<Received> {
        self.note(if how.peek { "peek" } else { "receive" });
        let mut state = self.state.lock().unwrap();
        let Some(mut whole) = state.queue.pop_front() else { return Ok(Progress::Pending) };
        let octets = whole.len().min(into.len());
        into[..octets].copy_from_slice(&whole[..octets]);
        let size = if self.kind == Kind::Datagram { whole.len() } else { octets };
        if how.peek {
            state.queue.push_front(whole);
        } else if self.kind == Kind::Stream && octets < whole.len() {
            state.queue.push_front(whole.split_off(octets));
        }
        let source = core::net::SocketAddr::from(([10, 0, 0, 7], 7_777)).into();
        let source = (self.kind == Kind::Datagram).then_some(source);
        Ok(Progress::Done(Received { octets, whole: size, source }))
    }

    fn discard_queued(&self) {
        self.note("discard");
        self.state.lock().unwrap().queue.clear();
    }

    fn discard_foreign(&self) {
        self.note("discard foreign");
    }

    fn shutdown(&self, how: Shutdown) -> Result<(), Failure> {
        self.note(format!("shutdown {how:?}"));
        Ok(())
    }

    fn close(&self, _: Option<Duration>) -> Answer<()> {
        self.note("close");
        Ok(Progress::Done(()))
    }

    fn local_name(&self) -> Result<Name, Failure> {
        let unspecified = || Name::unspecified(Domain::Inet4);
        Ok(self.state.lock().unwrap().local.clone().unwrap_or_else(unspecified))
    }

    fn set(&self, setting: Setting) -> Result<(), Failure> {
        self.note(format!("set {setting:?}"));
        Ok(())
    }

    fn ready(&self) -> Ready {
        let state = self.state.lock().unwrap();
        let acceptable = state.listening && self.deeds.opened.load(Ordering::SeqCst);
        Ready::READABLE.when(!state.queue.is_empty() || acceptable)
            | Ready::WRITABLE.when(!state.listening)
            | Ready::URGENT.when(state.urgent)
    }

    fn take_error(&self) -> Option<Failure> {
        None
    }

    fn receivable_octets(&self) -> usize {
        self.state.lock().unwrap().queue.front().map_or(0, Vec::len)
    }

    fn is_at_mark(&self) -> bool {
        !self.state.lock().unwrap().urgent
    }

    fn buffers(&self) -> (u32, u32) {
        (8_192, 16_384)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
