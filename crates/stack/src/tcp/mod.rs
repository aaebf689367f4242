//! TCP: RFC 9293, with the files named as its table of contents.
//!
//! `calls/` holds the user calls (section 3.10.1 to 3.10.6), `arrives/` SEGMENT ARRIVES (3.10.7), `timeouts.rs` TIMEOUTS
//! (3.10.8). Beside them stand what a connection is (`block.rs`, `state.rs`), what may be sent (`output.rs`, `transmit.rs`),
//! half-open and finished connections (`syncache.rs`, `time_wait.rs`) and the parts that each do one thing (`rtt.rs`,
//! `window.rs`, `scoreboard.rs`, `cc/` …). [`Tcp`] owns the tables: `tables.rs` says who owns a four-tuple, `endings.rs` carries out
//! what ends a connection.

pub(crate) mod arrives;
pub(crate) mod block;
pub(crate) mod buffer;
pub(crate) mod calls;
pub(crate) mod cc;
pub(crate) mod challenge;
pub(crate) mod deadlines;
pub(crate) mod endings;
pub(crate) mod four_tuple;
pub(crate) mod handshake;
pub(crate) mod icmp;
pub(crate) mod isn;
pub(crate) mod listener;
pub(crate) mod local_ports;
pub(crate) mod mss;
pub(crate) mod out_of_order;
pub(crate) mod output;
pub(crate) mod ports;
pub(crate) mod rack;
pub(crate) mod rtt;
pub(crate) mod scoreboard;
pub(crate) mod segment;
pub(crate) mod state;
pub(crate) mod syn_cookie;
pub(crate) mod syncache;
pub(crate) mod tables;
pub(crate) mod time_wait;
pub(crate) mod timeouts;
pub(crate) mod transmit;
pub(crate) mod turn;
pub(crate) mod window;

use core::net::IpAddr;

use synsent_wire::tcp::{Repr, Timestamps, View};
use synsent_wire::{SeqNumber, tcp as wire};

use self::arrives::{Outcome, syn_sent, synchronized};
use self::block::{Flow, Head, Shape};
use self::four_tuple::{Endpoint, FlowTable, FourTuple, HashKey, TupleHash};
use self::isn::IsnGenerator;
use self::listener::Listeners;
use self::local_ports::PortCounts;
use self::ports::PortChooser;
use self::segment::{Segment, reset_for};
use self::syn_cookie::SynCookies;
use self::syncache::SynCache;
use self::tables::Owner;
use self::time_wait::{TimeWaits, Verdict};
use self::transmit::Sent;
use self::turn::{Shared, Turn};
use crate::config::Config;
use crate::context::{Context, DropReason};
use crate::event::{EventKind, FlowId};
use crate::ip::{Cast, Datagram, IcmpError, Ip};
use crate::link::{LinkId, Transmit};
use crate::reason::Cause;
use crate::seed::Seed;
use crate::slab::Slab;
use crate::time::{Instant, earliest};
use crate::trace::{Fact, IcmpVerdict};

/// How many expired timers are looked at in one turn.
const TIMERS_PER_TURN: usize = 4_096;

/// All of TCP's state.
pub(crate) struct Tcp {
    flows: Slab<Flow>,
    half_open: SynCache,
    time_waits: TimeWaits,
    listeners: Listeners,
    table: FlowTable,
    port_counts: PortCounts,
    /// The place of the flow that the last segment was for.
    last_flow: u32,
    ports: PortChooser,
    cookies: SynCookies,
    shared: Shared,
}

impl Tcp {
    pub(crate) fn new(config: &Config, seed: &mut Seed) -> Tcp {
        let tcp = config.tcp.clone();
        let hash_key = HashKey::new(seed.key());
        Tcp {
            flows: Slab::new(),
            half_open: SynCache::new(),
            time_waits: TimeWaits::new(tcp.msl, tcp.time_wait_max),
            listeners: Listeners::new(),
            table: FlowTable::new(),
            port_counts: PortCounts::default(),
            last_flow: 0,
            ports: PortChooser::new(seed.key(), tcp.ephemeral_ports.clone()),
            cookies: SynCookies::new(seed.key()),
            // 6528/2
            // The key comes from the seed that the stack was made with, and lives as long as the stack.
            shared: Shared::new(tcp, hash_key, IsnGenerator::new(seed.key())),
        }
    }

    /// Takes a segment.
    pub(crate) fn on_segment(&mut self, now: Instant, datagram: &Datagram<'_>, ip: &mut Ip, context: &mut Context) {
        let view = match read(datagram) {
            Ok(view) => view,
            Err(reason) => return context.dropped(now, datagram.link, reason),
        };
        let local = Endpoint::new(datagram.destination, view.destination_port());
        let remote = Endpoint::new(datagram.source, view.source_port());
        let header = Repr::without_options(&view);
        let tuple = FourTuple::on_link(local, remote, datagram.link);
        let traffic_class = datagram.traffic_class;
        let mut segment = Segment { header, text: view.payload(), tuple, hash: TupleHash(0), traffic_class };
        let (hash, owner) = self.owner_of_segment(&segment.tuple);
        segment.hash = hash;
        // 9293/MUST-7
        // An option with an impossible length ends the segment's journey, and nothing else.
        if segment.header.options.read(view.options_bytes()).is_err() {
            return context.dropped(now, datagram.link, DropReason::TcpMalformed);
        }
        context.trace(now, || Fact::SegmentReceived { tuple: segment.tuple, segment: segment.summary() });
        match owner {
            Some(Owner::Flow(index)) => self.on_flow(now, index, &segment, ip, context),
            Some(Owner::HalfOpen(index)) => self.on_half_open(now, index, &segment, datagram.link, ip, context),
            Some(Owner::TimeWait(index)) => self.on_time_wait(now, index, &segment, datagram.link, ip, context),
            None => self.on_unowned(now, &segment, datagram.link, None, ip, context),
        }
    }

    /// Takes an ICMP error that quotes a TCP segment.
    pub(crate) fn on_icmp_error(&mut self, now: Instant, error: &IcmpError<'_>, ip: &mut Ip, context: &mut Context) {
        // 9293/MUST-54
        // The quoted header tells which connection is meant.
        let verdict = self.judge_icmp_error(now, error, ip, context);
        let (from, cause, protocol, towards) = (error.from, error.cause, error.protocol, error.quoted_destination);
        context.trace(now, || Fact::IcmpReceived { from, cause, protocol, towards, verdict });
    }

    /// A next hop did not answer for the address of a packet that waited for it.
    pub(crate) fn on_neighbour_failed(&mut self, now: Instant, tuple: &FourTuple, ip: &mut Ip, context: &mut Context) {
        let Some(Owner::Flow(index)) = self.owner(tuple) else { return };
        let Some(flow) = self.flows.get_mut(index) else { return };
        let (head, Shape::Opening(opening)) = flow.parts() else { return };
        opening.neighbour_lost = true;
        if head.options.soft_errors == crate::config::SoftErrors::AbortOnAny
            && let Some(path) = head.path
        {
            let cause = Cause::NeighbourUnreachable { next_hop: path.next_hop };
            self.carry_out(now, index, Outcome::Fail(cause), path.link, ip, context);
        }
    }

    /// Writes the next segment for a link into `frame`.
    pub(crate) fn poll_transmit(
        &mut self,
        now: Instant,
        link: LinkId,
        frame: &mut [u8],
        ip: &mut Ip,
        context: &mut Context,
    ) -> Option<Transmit> {
        loop {
            let index = *self.shared.ready.get(link.index())?.front()?;
            let mut turn = Turn { now, shared: &mut self.shared, ip, context, link };
            let sent = match self.flows.get_mut(index) {
                Some(flow) => transmit::next_frame(flow, frame, &mut turn),
                None => Sent::Nothing,
            };
            match sent {
                Sent::Frame(transmit) => {
                    // A flow that has said all leaves at once, and is not asked again.
                    if !self.flows.get(index).is_some_and(|flow| transmit::has_more(flow, now)) {
                        self.leave_queue(link, index);
                    }
                    return Some(transmit);
                }
                Sent::Elsewhere => {}
                Sent::Nothing => self.leave_queue(link, index),
            }
        }
    }

    pub(crate) fn on_deadline(&mut self, now: Instant, ip: &mut Ip, context: &mut Context) {
        for _ in 0..TIMERS_PER_TURN {
            let Some(index) = self.shared.deadlines.pop_due(now) else { break };
            let Some(flow) = self.flows.get_mut(index) else { continue };
            let link = flow.head.link();
            if flow.next_deadline() > now {
                self.shared.arm(flow);
                continue;
            }
            let mut turn = Turn { now, shared: &mut self.shared, ip, context, link };
            let outcome = timeouts::run(flow, &mut turn);
            self.shared.arm(flow);
            self.carry_out(now, index, outcome, link, ip, context);
        }
        self.half_open_timeouts(now, ip, context);
        self.expire_time_waits(now);
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let handshakes = earliest(self.half_open.deadlines.peek(), self.time_waits.next_deadline());
        earliest(self.shared.deadlines.peek(), handshakes)
    }

    /// Whether flows wait for their turn to send on a link.
    pub(crate) fn has_ready(&self, link: LinkId) -> bool {
        self.shared.ready.get(link.index()).is_some_and(|queue| !queue.is_empty())
    }

    /// Takes the next pending event of a flow, and tells whether there are more.
    pub(crate) fn take_event(&mut self, id: FlowId) -> Option<(EventKind, bool)> {
        self.flow_mut(id)?.head.events.take()
    }

    /// Takes the next pending event of a listener, and tells whether there are more.
    pub(crate) fn take_listener_event(&mut self, id: crate::event::ListenerId) -> Option<(EventKind, bool)> {
        self.listeners.get_mut(id)?.events.take()
    }

    pub(crate) fn flow(&self, id: FlowId) -> Option<&Flow> {
        self.flows.get(id.index).filter(|flow| flow.head.id == id && flow.head.held)
    }

    pub(crate) fn flow_mut(&mut self, id: FlowId) -> Option<&mut Flow> {
        self.flows.get_mut(id.index).filter(|flow| flow.head.id == id && flow.head.held)
    }

    /// How many connections there are, in all states but TIME-WAIT, and how many in TIME-WAIT.
    pub(crate) fn population(&self) -> (usize, usize, usize) {
        (self.flows.len(), self.half_open.entries.len(), self.time_waits.len())
    }

    fn on_flow(&mut self, now: Instant, index: u32, segment: &Segment<'_>, ip: &mut Ip, context: &mut Context) {
        let Some(flow) = self.flows.get_mut(index) else { return };
        let link = flow.head.link();
        let mut turn = Turn { now, shared: &mut self.shared, ip, context, link };
        let outcome = match flow.shape() {
            Shape::Opening(_) => syn_sent::arrives(flow, segment, &mut turn),
            Shape::Synchronized(_) => synchronized::arrives(flow, segment, &mut turn),
            Shape::Over(_) => Outcome::Stay,
        };
        if outcome == Outcome::Stay {
            if transmit::has_more(flow, now) {
                // Its timers are looked at when it leaves the queue.
                turn.shared.queue(&mut flow.head);
            } else {
                turn.shared.arm(flow);
            }
            return;
        }
        self.carry_out(now, index, outcome, link, ip, context);
    }

    fn on_time_wait(
        &mut self,
        now: Instant,
        index: u32,
        segment: &Segment<'_>,
        link: LinkId,
        ip: &mut Ip,
        context: &mut Context,
    ) {
        match self.time_waits.arrives(now, index, segment) {
            Verdict::Ignore => {}
            Verdict::Acknowledge(ack) => {
                let mut turn = Turn { now, shared: &mut self.shared, ip, context, link };
                turn.send(&segment.tuple, &ack, 0, None);
            }
            Verdict::Reopen => {
                // Only a listener with room may end the wait: otherwise the SYN would lead to nothing and the wait be lost. A
                // cookie is no room, for it cannot promise a number above the old ones.
                let tuple = segment.tuple;
                let listener = self.listeners.find(tuple.local.addr, tuple.local.port, link);
                if let Some(reason) = listener.and_then(|listener| self.lacks_room(listener)) {
                    return context.dropped(now, link, reason);
                }
                if listener.is_some()
                    && let Some(old) = self.time_waits.get(index).map(|entry| entry.snd_nxt)
                {
                    self.disown(tuple.local, segment.hash, Owner::TimeWait(index));
                    self.time_waits.remove(index);
                    self.on_unowned(now, segment, link, Some(old), ip, context);
                }
            }
        }
    }

    /// A segment for no connection: a listener's, or nobody's (RFC 9293 section 3.10.7.1 and 3.10.7.2).
    fn on_unowned(
        &mut self,
        now: Instant,
        segment: &Segment<'_>,
        link: LinkId,
        above: Option<SeqNumber>,
        ip: &mut Ip,
        context: &mut Context,
    ) {
        let tuple = &segment.tuple;
        if let Some(listener) = self.listeners.find(tuple.local.addr, tuple.local.port, link) {
            return self.on_listener(now, listener, segment, link, above, ip, context);
        }
        self.refuse(now, segment, link, ip, context);
    }

    /// Answers a segment that belongs to nothing.
    fn refuse(&mut self, now: Instant, segment: &Segment<'_>, link: LinkId, ip: &mut Ip, context: &mut Context) {
        let mut turn = Turn { now, shared: &mut self.shared, ip, context, link };
        turn.dropped(DropReason::TcpNoFlow);
        if let Some(reset) = reset_for(segment) {
            turn.send(&segment.tuple, &reset, 0, None);
        }
    }

    /// The flow at the head of a link's queue has nothing to send there now.
    fn leave_queue(&mut self, link: LinkId, index: u32) {
        self.shared.ready_on(link).pop_front();
        let Some(flow) = self.flows.get_mut(index) else { return };
        flow.head.queued = false;
        if flow.head.path.as_ref().is_some_and(|path| path.link != link) {
            // The route moved to another link, and with it the flow.
            self.shared.queue(&mut flow.head);
        }
        self.shared.arm(flow);
    }

    fn judge_icmp_error(
        &mut self,
        now: Instant,
        error: &IcmpError<'_>,
        ip: &mut Ip,
        context: &mut Context,
    ) -> IcmpVerdict {
        let Ok((source_port, destination_port, seq)) = wire::parse_quoted(error.transport) else {
            return IcmpVerdict::NotOurs;
        };
        let local = Endpoint::new(error.quoted_source, source_port);
        let remote = Endpoint::new(error.quoted_destination, destination_port);
        let tuple = FourTuple::on_link(local, remote, error.link);
        let Some(owner) = self.owner(&tuple) else { return IcmpVerdict::NotOurs };
        let Owner::Flow(index) = owner else { return IcmpVerdict::Ignored };
        let Some(flow) = self.flows.get_mut(index) else { return IcmpVerdict::NotOurs };
        let mut turn = Turn { now, shared: &mut self.shared, ip, context, link: error.link };
        let (outcome, verdict) = icmp::arrives(flow, error.from, error.cause, seq, &mut turn);
        self.shared.arm(flow);
        self.carry_out(now, index, outcome, error.link, ip, context);
        verdict
    }
}

/// A datagram as a segment, if TCP may look at it.
#[inline]
fn read<'a>(datagram: &Datagram<'a>) -> Result<View<'a>, DropReason> {
    // 9293/MUST-57
    // 1122/TCP-4
    // TCP is spoken between two hosts only.
    if datagram.cast != Cast::Unicast || datagram.link_cast != Cast::Unicast || !is_unicast(datagram.source) {
        return Err(DropReason::TcpCast);
    }
    let view = View::parse(datagram.payload).map_err(|_| DropReason::TcpMalformed)?;
    // 9293/MUST-3
    // A wrong checksum is dropped silently.
    if !datagram.checksum_valid && !view.verify_checksum(datagram.source, datagram.destination) {
        return Err(DropReason::TcpChecksum);
    }
    Ok(view)
}

/// 9293/MUST-63: whether an address may be that of a single host.
pub(crate) fn is_unicast(addr: IpAddr) -> bool {
    match addr {
        IpAddr::V4(addr) => !addr.is_multicast() && !addr.is_broadcast() && !addr.is_unspecified(),
        IpAddr::V6(addr) => !addr.is_multicast() && !addr.is_unspecified(),
    }
}

/// A timestamps option; without an acknowledgment there is nothing to echo (7323/2).
pub(crate) fn timestamps(value: u32, echo: Option<u32>) -> Timestamps {
    Timestamps { value, echo: echo.unwrap_or(0) }
}

impl Head {
    /// The link that leads to the peer.
    #[inline]
    pub(crate) fn link(&self) -> LinkId {
        self.path.as_ref().map_or(LinkId::LOOPBACK, |path| path.link)
    }

    pub(crate) fn new(
        id: FlowId,
        (tuple, hash): (FourTuple, TupleHash),
        options: crate::config::TcpOptions,
        now: Instant,
    ) -> Head {
        Head {
            id,
            tuple,
            hash,
            path: None,
            options,
            opened_at: now,
            events: crate::event::EventSet::default(),
            held: false,
            queued: false,
            receive_shut: false,
            waits_at: None,
            soft: None,
            failure: None,
        }
    }
}
