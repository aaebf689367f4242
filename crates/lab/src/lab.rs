//! The lab itself: hosts, cables, the queue of what is on its way, and the one loop that moves time.
//!
//! Events are ordered by time and, at the same time, by the order in which they came to be; stacks whose deadline is due come
//! after the frames of that time, in the order of their numbers. Nothing else decides an order, so a run is a function of
//! the seed and of the calls.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::mem;
use std::net::SocketAddr;

use synsent_stack::{
    AddressError, Cidr, Config, Duration, Event, FlowId, Instant, LinkConfig, LinkId, ListenOptions, Medium, OpenError,
    OpenOptions, Route, RouteError, Stack,
};
use synsent_wire::ethernet;

use crate::cable::{Cable, CableId, Rule, RuleId, Whose};
use crate::capture::{Capture, Record};
use crate::faults::{Arrival, Fate, Faults};
use crate::gate::{Gate, Verdict};
use crate::host::{Host, Port};
use crate::peer::Desks;
use crate::rng::Rng;
use crate::sight::Sight;
use crate::tap::Tap;

/// How often the lab may turn without time going on before it says that a stack spins.
const TURNS_AT_ONE_TIME_MAX: u32 = 1_000_000;

/// The end that a frame of nobody's comes from.
const NOBODY: usize = usize::MAX;

/// A host of a lab.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct HostId(pub(crate) u32);

/// The bounds of what a lab keeps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// How many frames may be on their way at once; more are dropped as by a full queue.
    pub flying_frames: usize,
    /// How many octets of frames the capture keeps.
    pub capture_octets: usize,
    /// How many events of a host are kept until they are taken; the oldest leave.
    pub events: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { flying_frames: 1 << 20, capture_octets: 64 << 20, events: 65_536 }
    }
}

/// A network in virtual time.
pub struct Lab {
    now: Instant,
    rng: Rng,
    limits: Limits,
    hosts: Vec<Host>,
    cables: Vec<Cable>,
    taps: Vec<Tap>,
    flying: BinaryHeap<Reverse<Flying>>,
    serial: u64,
    capture: Capture,
    verdicts: VecDeque<Verdict>,
    /// Where a stack writes a frame.
    frame: Vec<u8>,
    arrivals: Vec<Arrival>,
    turns: u32,
}

/// Something that will happen.
#[derive(Debug)]
struct Flying {
    at: Instant,
    serial: u64,
    what: Happening,
}

#[derive(Debug)]
enum Happening {
    Arrival { cable: CableId, from: usize, cuts: u32, frame: Vec<u8> },
    Switch { cable: CableId, up: bool },
    Change { cable: CableId, from: Option<usize>, faults: Faults },
}

impl PartialEq for Flying {
    fn eq(&self, other: &Flying) -> bool {
        self.serial == other.serial
    }
}

impl Eq for Flying {}

impl PartialOrd for Flying {
    fn partial_cmp(&self, other: &Flying) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Flying {
    fn cmp(&self, other: &Flying) -> std::cmp::Ordering {
        (self.at, self.serial).cmp(&(other.at, other.serial))
    }
}

/// Making the network.
impl Lab {
    /// An empty network, whose chance comes from the seed.
    pub fn new(seed: u64) -> Lab {
        Lab::with_limits(seed, Limits::default())
    }

    /// An empty network with other bounds.
    pub fn with_limits(seed: u64, limits: Limits) -> Lab {
        Lab {
            now: Instant::ZERO,
            rng: Rng::new(seed),
            limits,
            hosts: Vec::new(),
            cables: Vec::new(),
            taps: Vec::new(),
            flying: BinaryHeap::new(),
            serial: 0,
            capture: Capture::new(limits.capture_octets),
            verdicts: VecDeque::new(),
            frame: Vec::new(),
            arrivals: Vec::new(),
            turns: 0,
        }
    }

    /// Adds a host with these settings.
    pub fn add_host(&mut self, name: &str, config: Config) -> HostId {
        let id = HostId(self.hosts.len() as u32);
        let seed = self.rng.fork(1 << 32 | u64::from(id.0)).seed();
        self.hosts.push(Host {
            name: name.to_owned(),
            stack: Stack::new(config, seed),
            ports: Vec::new(),
            gate: Gate::default(),
            desks: Desks::default(),
            guarded: HashMap::new(),
            narrow: Vec::new(),
            udp_peers: Vec::new(),
            names: None,
            obstructions: Vec::new(),
            events: VecDeque::new(),
            wake_at: None,
            events_ever: 0,
        });
        id
    }

    /// Chance for the numbers of a host's questions about names.
    pub(crate) fn resolver_seed(&self, host: HostId) -> [u8; 16] {
        let seed = self.rng.fork(3 << 32 | u64::from(host.0)).seed();
        std::array::from_fn(|place| seed[place])
    }

    /// Adds a host that forwards what is not for it.
    pub fn add_router(&mut self, name: &str) -> HostId {
        self.add_host(name, Config { forwarding: true, ..Config::default() })
    }

    /// Adds an Ethernet segment; the MTU is in octets of the IP packet.
    pub fn add_segment(&mut self, name: &str, mtu: u16) -> CableId {
        self.add_cable(Cable::new(name, true, mtu))
    }

    /// Adds a line of bare IP packets for two hosts; the MTU is in octets of the IP packet.
    pub fn add_line(&mut self, name: &str, mtu: u16) -> CableId {
        self.add_cable(Cable::new(name, false, mtu))
    }

    /// Joins a host to a cable, with these addresses on the new link.
    ///
    /// # Errors
    /// When the stack takes one of the addresses not.
    pub fn attach(&mut self, host: HostId, cable: CableId, addresses: &[Cidr]) -> Result<LinkId, AddressError> {
        let Cable { name, ethernet, mtu, .. } = &self.cables[cable.0 as usize];
        let number = self.hosts[host.0 as usize].ports.len() as u8;
        let [.., high, low] = host.0.to_be_bytes();
        let station = ethernet::Address([2, 0, 0, high, low, number]);
        let config = if *ethernet { LinkConfig::ethernet(name, station) } else { LinkConfig::ip(name) };
        // Nobody else has these addresses, so there is nothing to ask for.
        let config = LinkConfig { duplicate_address_detection: 0, mtu: *mtu, ..config };
        let link = self.attach_link(host, cable, config);
        self.call(host, |stack, now| addresses.iter().try_for_each(|one| stack.add_address(now, link, *one)))?;
        Ok(link)
    }

    /// Joins a host to a cable with a link of these settings and without an address.
    pub fn attach_link(&mut self, host: HostId, cable: CableId, config: LinkConfig) -> LinkId {
        let room = usize::from(config.mtu) + ethernet::HEADER_LEN;
        self.frame.resize(self.frame.len().max(room), 0);
        let station = match config.medium {
            Medium::Ethernet(station) => Some(station),
            Medium::Ip => None,
        };
        let link = self.hosts[host.0 as usize].stack.add_link(self.now, config);
        let end = self.join(cable, Whose::Host(host, link));
        self.hosts[host.0 as usize].ports.push(Port { link, cable, end, station });
        self.settle(host);
        link
    }

    /// Gives a host a route.
    ///
    /// # Errors
    /// When the stack does not take it.
    pub fn route(&mut self, host: HostId, route: Route) -> Result<(), RouteError> {
        self.call(host, |stack, now| stack.add_route(now, route))
    }

    /// Sets the faults of what end `from` sends, or of what all ends send, also those that join the cable later.
    pub fn set_faults(&mut self, cable: CableId, from: Option<usize>, faults: Faults) {
        self.cables[cable.0 as usize].set_faults(from, faults);
    }

    /// Switches a cable on or off.
    pub fn set_up(&mut self, cable: CableId, up: bool) {
        self.cables[cable.0 as usize].set_up(self.now, up);
    }

    /// Switches a cable on or off later.
    pub fn set_up_at(&mut self, at: Instant, cable: CableId, up: bool) {
        self.push(at, Happening::Switch { cable, up });
    }

    /// Changes the faults of a cable later; see [`Lab::set_faults`].
    pub fn set_faults_at(&mut self, at: Instant, cable: CableId, from: Option<usize>, faults: Faults) {
        self.push(at, Happening::Change { cable, from, faults });
    }

    /// Drops the frames of a cable for which the rule says yes, without a word.
    pub fn drop_where(&mut self, cable: CableId, rule: impl FnMut(&Sight<'_>) -> bool + Send + 'static) -> RuleId {
        self.serial += 1;
        let (id, rule): (RuleId, Rule) = (RuleId(self.serial), Box::new(rule));
        self.cables[cable.0 as usize].add_rule(id, rule);
        id
    }

    /// Takes a rule away.
    pub fn remove_rule(&mut self, cable: CableId, id: RuleId) {
        self.cables[cable.0 as usize].remove_rule(id);
    }

    /// Puts a frame of nobody's onto a cable: it arrives now at every end, without faults. For what no stack would send.
    pub fn inject(&mut self, cable: CableId, frame: &[u8]) {
        let cuts = self.cables[cable.0 as usize].cuts;
        self.push(self.now, Happening::Arrival { cable, from: NOBODY, cuts, frame: frame.to_vec() });
    }

    /// Joins somebody to a cable, with a random stream of the end's own; the number of the end.
    pub(crate) fn join(&mut self, cable: CableId, whose: Whose) -> usize {
        let end = self.cables[cable.0 as usize].ends.len();
        let rng = self.rng.fork(2 << 32 | u64::from(cable.0) << 16 | end as u64);
        self.cables[cable.0 as usize].join(whose, rng)
    }

    fn add_cable(&mut self, cable: Cable) -> CableId {
        self.cables.push(cable);
        CableId(self.cables.len() as u32 - 1)
    }
}

/// Using the hosts.
impl Lab {
    /// The time.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// What went over the cables.
    pub fn capture(&self) -> &Capture {
        &self.capture
    }

    /// What the rules of the hosts decided about packets, oldest first, as far as it is still kept.
    pub fn verdicts(&self) -> impl DoubleEndedIterator<Item = &Verdict> {
        self.verdicts.iter()
    }

    pub(crate) fn verdicts_mut(&mut self) -> &mut VecDeque<Verdict> {
        &mut self.verdicts
    }

    /// The stack of a host, to look at.
    pub fn stack(&self, host: HostId) -> &Stack {
        &self.hosts[host.0 as usize].stack
    }

    /// The name of a host.
    pub fn name(&self, host: HostId) -> &str {
        &self.hosts[host.0 as usize].name
    }

    /// All hosts.
    pub fn hosts(&self) -> impl Iterator<Item = HostId> + use<> {
        (0..self.hosts.len() as u32).map(HostId)
    }

    /// How many events a host has had, taken or not: as long as it stays, nothing became ready there.
    pub fn events_ever(&self, host: HostId) -> u64 {
        self.hosts[host.0 as usize].events_ever
    }

    pub(crate) fn host(&self, host: HostId) -> &Host {
        &self.hosts[host.0 as usize]
    }

    pub(crate) fn host_mut(&mut self, host: HostId) -> &mut Host {
        &mut self.hosts[host.0 as usize]
    }

    pub(crate) fn taps(&self) -> &[Tap] {
        &self.taps
    }

    pub(crate) fn taps_mut(&mut self) -> &mut Vec<Tap> {
        &mut self.taps
    }

    /// The cables of a host and the ends at which it is.
    pub fn cables_of(&self, host: HostId) -> Vec<(CableId, usize)> {
        self.hosts[host.0 as usize].ports.iter().map(|port| (port.cable, port.end)).collect()
    }

    /// Calls a host's stack; what it wants to send then goes out.
    pub fn call<R>(&mut self, host: HostId, work: impl FnOnce(&mut Stack, Instant) -> R) -> R {
        let answer = work(&mut self.hosts[host.0 as usize].stack, self.now);
        self.settle(host);
        answer
    }

    /// The next event of a host.
    pub fn poll_event(&mut self, host: HostId) -> Option<Event> {
        self.hosts[host.0 as usize].events.pop_front()
    }

    /// Begins a connection.
    ///
    /// # Errors
    /// When the stack refuses the open at once.
    pub fn connect(&mut self, host: HostId, remote: SocketAddr) -> Result<FlowId, OpenError> {
        self.call(host, |stack, now| stack.tcp_connect(now, OpenOptions::to(remote)))
    }

    /// Listens at a port of `server`, connects from `client`, and waits for both ends: the client's flow and the server's.
    /// `None` when that did not happen until the deadline. The listener is gone afterwards.
    pub fn establish(
        &mut self,
        client: HostId,
        server: HostId,
        remote: SocketAddr,
        deadline: Instant,
    ) -> Option<(FlowId, FlowId)> {
        let listening = ListenOptions::on_port(remote.port());
        let listener = self.call(server, |stack, now| stack.tcp_listen(now, listening)).ok()?;
        let opened = self.connect(client, remote).ok()?;
        let mut accepted = None;
        self.run_until(deadline, |lab| {
            accepted = accepted.or_else(|| lab.call(server, |stack, now| stack.tcp_accept(now, listener)));
            accepted.is_some()
        });
        self.call(server, |stack, now| stack.tcp_unlisten(now, listener));
        Some((opened, accepted?))
    }
}

/// Moving time.
impl Lab {
    /// When something happens next.
    pub fn next_at(&self) -> Option<Instant> {
        let flying = self.flying.peek().map(|Reverse(first)| first.at);
        self.hosts.iter().filter_map(|host| host.wake_at).chain(flying).min()
    }

    /// Goes on to the next thing that happens and does it; false when nothing ever will.
    pub fn step(&mut self) -> bool {
        let Some(next) = self.next_at() else { return false };
        self.advance(next);
        if self.flying.peek().is_some_and(|Reverse(first)| first.at <= self.now) {
            if let Some(Reverse(first)) = self.flying.pop() {
                self.happen(first.what);
            }
            return true;
        }
        for host in self.hosts() {
            let target = &mut self.hosts[host.0 as usize];
            if target.wake_at.is_some_and(|at| at <= self.now) {
                target.stack.on_deadline(self.now);
                self.settle(host);
                break;
            }
        }
        true
    }

    /// Runs until the condition holds, and says so; false when the deadline came first, or nothing will ever happen again.
    /// After a deadline the time is the deadline.
    pub fn run_until(&mut self, deadline: Instant, mut condition: impl FnMut(&mut Lab) -> bool) -> bool {
        loop {
            if condition(self) {
                return true;
            }
            if self.next_at().is_none_or(|next| next > deadline) {
                self.now = self.now.max(deadline);
                return false;
            }
            self.step();
        }
    }

    /// Runs for a time.
    pub fn run_for(&mut self, span: Duration) {
        let deadline = self.now + span;
        self.run_until(deadline, |_| false);
    }

    /// Lets the time pass to a moment before which nothing happens.
    pub(crate) fn sleep_until(&mut self, at: Instant) {
        debug_assert!(self.next_at().is_none_or(|next| next >= at));
        self.now = self.now.max(at);
    }

    fn advance(&mut self, to: Instant) {
        if to > self.now {
            self.now = to;
            self.turns = 0;
        }
        self.turns += 1;
        assert!(self.turns < TURNS_AT_ONE_TIME_MAX, "a host spins at {}: its deadline does not move", self.now);
    }

    fn happen(&mut self, what: Happening) {
        match what {
            Happening::Arrival { cable, from, cuts, frame } => self.arrive(cable, from, cuts, &frame),
            Happening::Switch { cable, up } => self.set_up(cable, up),
            Happening::Change { cable, from, faults } => self.set_faults(cable, from, faults),
        }
    }

    fn arrive(&mut self, id: CableId, from: usize, cuts: u32, frame: &[u8]) {
        let cable = &self.cables[id.0 as usize];
        if cable.cuts != cuts {
            return;
        }
        self.capture.arrived(self.now, id, from, frame);
        let ethernet = cable.ethernet;
        for end in 0..cable.ends.len() {
            if end == from {
                continue;
            }
            let (host, link) = match self.cables[id.0 as usize].ends[end].whose {
                Whose::Host(host, link) => (host, link),
                Whose::Tap(tap) => {
                    self.taps[tap.0 as usize].arrived(frame);
                    continue;
                }
            };
            let sight = Sight { at: self.now, from, ethernet, frame };
            if self.is_kept_out(host, link, &sight) {
                continue;
            }
            let receiver = &mut self.hosts[host.0 as usize];
            if let Some((port, answer)) = receiver.obstructed(&sight, link) {
                self.put_out(port.cable, port.end, &answer);
                continue;
            }
            receiver.stack.on_frame(self.now, link, frame);
            self.settle(host);
        }
    }

    /// After anything that happened at a host: its behaviours act, its events are kept, and its frames go out.
    pub(crate) fn settle(&mut self, id: HostId) {
        let host = &mut self.hosts[id.0 as usize];
        let mut wake_at = host.desks.serve(&host.gate, &mut host.stack, self.now);
        for peer in &mut host.udp_peers {
            peer.serve(&mut host.stack, self.now);
        }
        if let Some(names) = &mut host.names {
            wake_at = [wake_at, names.serve(&mut host.stack, self.now)].into_iter().flatten().min();
        }
        for port in 0..host.ports.len() {
            self.transmit(id, port);
        }
        let host = &mut self.hosts[id.0 as usize];
        while let Some(event) = host.stack.poll_event() {
            host.events_ever += 1;
            if host.events.len() == self.limits.events {
                host.events.pop_front();
            }
            host.events.push_back(event);
        }
        host.wake_at = [wake_at, host.stack.next_deadline()].into_iter().flatten().min();
    }

    fn transmit(&mut self, id: HostId, port: usize) {
        let mut frame = mem::take(&mut self.frame);
        loop {
            let host = &mut self.hosts[id.0 as usize];
            let port = host.ports[port];
            let Some(sent) = host.stack.poll_transmit(self.now, port.link, &mut frame) else { break };
            self.put_out(port.cable, port.end, &frame[..sent.len]);
        }
        self.frame = frame;
    }

    /// Puts a frame onto a cable at one of its ends.
    pub(crate) fn put_out(&mut self, cable: CableId, end: usize, bytes: &[u8]) {
        let wire = &mut self.cables[cable.0 as usize];
        let mut fate = wire.send(self.now, end, bytes, &mut self.arrivals);
        for Arrival { at, frame } in self.arrivals.drain(..) {
            if self.flying.len() >= self.limits.flying_frames {
                fate = Fate::QueueFull;
                continue;
            }
            self.serial += 1;
            let what = Happening::Arrival { cable, from: end, cuts: wire.cuts, frame };
            self.flying.push(Reverse(Flying { at, serial: self.serial, what }));
        }
        let (at, ethernet) = (self.now, wire.ethernet);
        self.capture.sent(Record { at, cable, from: end, fate, ethernet, bytes: bytes.to_vec() });
    }

    fn push(&mut self, at: Instant, what: Happening) {
        self.serial += 1;
        self.flying.push(Reverse(Flying { at, serial: self.serial, what }));
    }
}
