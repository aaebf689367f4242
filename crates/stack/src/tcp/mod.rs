//! TCP: RFC 9293, with the files named as its table of contents.
//!
//! `calls/` holds the user calls (section 3.10.1 to 3.10.6), `arrives/` SEGMENT ARRIVES (3.10.7), `timeouts.rs` TIMEOUTS
//! (3.10.8). Beside them stand what a connection is (`block.rs`, `state.rs`), what may be sent (`output.rs`, `transmit.rs`),
//! half-open and finished connections (`syncache.rs`, `time_wait.rs`) and the parts that each do one thing (`rtt.rs`,
//! `window.rs`, `scoreboard.rs`, `cc/` …). [`Tcp`] owns the tables and carries out what those decide: it is the only place
//! where connections are made, found and removed.

pub(crate) mod arrives;
pub(crate) mod block;
pub(crate) mod buffer;
pub(crate) mod calls;
pub(crate) mod cc;
pub(crate) mod challenge;
pub(crate) mod deadlines;
pub(crate) mod four_tuple;
pub(crate) mod handshake;
pub(crate) mod icmp;
pub(crate) mod isn;
pub(crate) mod listener;
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
pub(crate) mod time_wait;
pub(crate) mod timeouts;
pub(crate) mod transmit;
pub(crate) mod turn;
pub(crate) mod window;

use alloc::boxed::Box;
use core::net::IpAddr;

use synsent_wire::tcp::{Repr, Timestamps, View};
use synsent_wire::{SeqNumber, tcp as wire};

use self::arrives::{Outcome, syn_sent, synchronized};
use self::block::{Change, Flow, Head, Over, Shape, TheirFin};
use self::buffer::Ring;
use self::four_tuple::{Endpoint, FlowTable, FourTuple, HashKey, TupleHash};
use self::isn::IsnGenerator;
use self::listener::Listeners;
use self::ports::PortChooser;
use self::segment::{Segment, reset_for, reset_from};
use self::syn_cookie::SynCookies;
use self::syncache::SynCache;
use self::time_wait::{TimeWaits, Verdict};
use self::transmit::Sent;
use self::turn::{Shared, Turn, timestamps_of};
use crate::config::Config;
use crate::context::{Context, DropReason};
use crate::event::{EventKind, FlowId};
use crate::ip::{Cast, Datagram, IcmpError, Ip, Path};
use crate::link::{LinkId, Transmit};
use crate::reason::{Cause, Failure, SynSchedule};
use crate::seed::Seed;
use crate::slab::Slab;
use crate::time::{Duration, Instant, earliest};
use crate::trace::{Fact, IcmpVerdict};

/// What a host takes when it does not say (9293/MUST-15).
pub(crate) const DEFAULT_MSS_V4: u16 = 536;
pub(crate) const DEFAULT_MSS_V6: u16 = 1_220;

/// Octets of the timestamps option with its padding.
const TIMESTAMPS_OCTETS: u32 = 12;

/// How many expired timers are looked at in one turn.
const TIMERS_PER_TURN: usize = 4_096;

/// How old a TIME-WAIT must be before an active open may have its four-tuple: longer than a tick of any timestamp clock.
const TIME_WAIT_REUSE: Duration = Duration::from_secs(1);

/// Who owns a four-tuple: a place in one of three tables, packed into the number that the flow table keeps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Owner {
    Flow(u32),
    HalfOpen(u32),
    TimeWait(u32),
}

const OWNER_SHIFT: u32 = 30;
const PLACE_MASK: u32 = (1 << OWNER_SHIFT) - 1;

impl Owner {
    fn pack(self) -> u32 {
        match self {
            Owner::Flow(place) => place,
            Owner::HalfOpen(place) => 1 << OWNER_SHIFT | place,
            Owner::TimeWait(place) => 2 << OWNER_SHIFT | place,
        }
    }

    #[inline]
    fn unpack(packed: u32) -> Owner {
        let place = packed & PLACE_MASK;
        match packed >> OWNER_SHIFT {
            0 => Owner::Flow(place),
            1 => Owner::HalfOpen(place),
            _ => Owner::TimeWait(place),
        }
    }
}

/// All of TCP's state.
pub(crate) struct Tcp {
    flows: Slab<Flow>,
    half_open: SynCache,
    time_waits: TimeWaits,
    listeners: Listeners,
    table: FlowTable,
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

    fn tables(&self) -> Tables<'_> {
        let Tcp { flows, half_open, time_waits, table, .. } = self;
        Tables { flows, half_open, time_waits, table }
    }

    #[inline]
    fn owner(&self, tuple: &FourTuple) -> Option<Owner> {
        self.tables().owner(tuple, tuple.hash(&self.shared.hash_key))
    }

    /// Who owns a segment's four-tuple. Most segments are for the connection that the last one was for: that is asked before a
    /// hash is computed.
    #[inline]
    fn owner_of_segment(&mut self, tuple: &FourTuple) -> (TupleHash, Option<Owner>) {
        if let Some(flow) = self.flows.get(self.last_flow)
            && flow.head.tuple == *tuple
            && !matches!(flow.shape(), Shape::Over(_))
        {
            return (flow.head.hash, Some(Owner::Flow(self.last_flow)));
        }
        let hash = tuple.hash(&self.shared.hash_key);
        let owner = self.tables().owner(tuple, hash);
        if let Some(Owner::Flow(index)) = owner {
            self.last_flow = index;
        }
        (hash, owner)
    }

    fn own(&mut self, hash: TupleHash, owner: Owner) {
        self.table.insert(hash, owner.pack());
    }

    /// The four-tuple stays in use, and another owns it.
    fn hand_over(&mut self, hash: TupleHash, from: Owner, to: Owner) {
        self.table.replace(hash, from.pack(), to.pack());
    }

    fn disown(&mut self, hash: TupleHash, owner: Owner) {
        self.table.remove(hash, owner.pack());
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
                    self.disown(segment.hash, Owner::TimeWait(index));
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

    /// Carries out what a segment, a timer or a message did to a connection.
    fn carry_out(
        &mut self,
        now: Instant,
        index: u32,
        outcome: Outcome,
        link: LinkId,
        ip: &mut Ip,
        context: &mut Context,
    ) {
        match outcome {
            Outcome::Stay => {}
            Outcome::Ended => self.end_in_order(now, index, false, context),
            Outcome::TimeWait => {
                self.acknowledge_last(now, index, link, ip, context);
                self.end_in_order(now, index, true, context);
            }
            Outcome::Fail(cause) => self.fail(now, index, cause, context),
            Outcome::Abort(cause) => {
                self.send_reset(now, index, link, ip, context);
                self.fail(now, index, cause, context);
            }
        }
    }

    /// The acknowledgment of the peer's FIN leaves before the connection becomes an entry of TIME-WAIT.
    fn acknowledge_last(&mut self, now: Instant, index: u32, link: LinkId, ip: &mut Ip, context: &mut Context) {
        let Some(flow) = self.flows.get_mut(index) else { return };
        let Some((head, conn)) = flow.synchronized() else { return };
        if conn.rcv.ack == block::AckDue::No {
            return;
        }
        let mut ack = segment::header(&head.tuple, wire::Flags::ACK, conn.snd.nxt, conn.rcv.nxt);
        ack.window = conn.rcv.announce().0;
        ack.options.timestamps = timestamps_of(conn, now);
        Turn { now, shared: &mut self.shared, ip, context, link }.send_for(head, &ack);
    }

    /// Tells the peer that the connection is given up.
    pub(crate) fn send_reset(&mut self, now: Instant, index: u32, link: LinkId, ip: &mut Ip, context: &mut Context) {
        let Some(flow) = self.flows.get_mut(index) else { return };
        let (head, shape) = flow.parts();
        // 9293/ABORT-1
        // In SYN-SENT the peer knows of nothing that could be reset.
        let reset = match shape {
            Shape::Opening(opening) => match &opening.theirs {
                Some(theirs) => reset_from(&head.tuple, opening.iss + 1, theirs.irs + 1, None),
                None => return,
            },
            Shape::Synchronized(conn) => reset_from(&head.tuple, conn.snd.nxt, conn.rcv.nxt, timestamps_of(conn, now)),
            Shape::Over(_) => return,
        };
        Turn { now, shared: &mut self.shared, ip, context, link }.send_for(head, &reset);
    }

    /// A connection ended in order; with `time_wait`, an entry of that table takes the four-tuple over.
    fn end_in_order(&mut self, now: Instant, index: u32, time_wait: bool, context: &mut Context) {
        let Some(flow) = self.flows.get_mut(index) else { return };
        let tuple = (flow.head.tuple, flow.head.hash);
        let Some((head, conn)) = flow.synchronized() else { return };
        let in_order = conn.their_fin() == TheirFin::Reached;
        let unread = core::mem::replace(&mut conn.rcv.buffer, Ring::new());
        let numbers = (conn.snd.nxt, conn.rcv.nxt, conn.rcv.announce().0);
        let stamps = conn.rcv.timestamps.map(|agreed| (agreed.recent, agreed.offset));
        Self::give_back(&mut self.shared, conn);
        head.raise(EventKind::Closed, context);
        let over = Over { unread, in_order };
        let change = if time_wait { Change::ToTimeWait(over) } else { Change::To(Shape::Over(over)) };
        flow.apply(change, now, context);
        if time_wait {
            let entry = self.time_waits.insert(now, tuple, numbers, stamps);
            self.hand_over(tuple.1, Owner::Flow(index), Owner::TimeWait(entry));
            self.expire_time_waits(now);
        } else {
            self.disown(tuple.1, Owner::Flow(index));
        }
        self.free_if_unheld(index);
    }

    /// A connection failed; what it received in order can still be read, unless a reset ended it (as everywhere).
    pub(crate) fn fail(&mut self, now: Instant, index: u32, cause: Cause, context: &mut Context) {
        let Some(flow) = self.flows.get_mut(index) else { return };
        let (head, shape) = flow.parts();
        let (tuple, hash) = (head.tuple, head.hash);
        let mut unread = Ring::new();
        let mut syns = SynSchedule::default();
        match shape {
            Shape::Opening(opening) => {
                syns = opening.syns;
                opening.buffer.discard_front(opening.buffer.len());
                opening.buffer.release(&mut self.shared.pool);
            }
            Shape::Synchronized(conn) => {
                core::mem::swap(&mut unread, &mut conn.rcv.buffer);
                Self::give_back(&mut self.shared, conn);
            }
            Shape::Over(_) => return,
        }
        let soft = head.soft.as_deref().copied();
        let failure = Failure { cause, at: now, opened_at: head.opened_at, remote: tuple.remote, syns, soft };
        head.failure = Some(Box::new(failure));
        head.raise(EventKind::Failed, context);
        context.trace(now, || Fact::Failed { tuple, cause });
        flow.apply(Change::To(Shape::Over(Over { unread, in_order: false })), now, context);
        self.disown(hash, Owner::Flow(index));
        self.free_if_unheld(index);
    }

    /// Gives a connection's buffers back.
    fn give_back(shared: &mut Shared, conn: &mut block::Synchronized) {
        conn.snd.buffer.discard_front(conn.snd.buffer.len());
        conn.snd.buffer.release(&mut shared.pool);
        conn.rcv.buffer.discard_front(conn.rcv.buffer.len());
        conn.rcv.buffer.release(&mut shared.pool);
        shared.spare(conn.snd.board.take());
    }

    /// Frees the place of a connection that is over and that nobody holds.
    fn free_if_unheld(&mut self, index: u32) {
        let Some(flow) = self.flows.get(index) else { return };
        // A connection that failed in the accept queue stays there: who accepts it learns of its data and of its failure.
        let is_wanted = flow.head.held || flow.head.waits_at.is_some();
        if is_wanted || !matches!(flow.shape(), Shape::Over(_)) {
            return;
        }
        self.free(index);
    }

    /// Frees a place; the flow is owned by no four-tuple any more.
    fn free(&mut self, index: u32) {
        self.shared.deadlines.cancel(index);
        if let Some(mut flow) = self.flows.remove(index)
            && let (_, Shape::Over(over)) = flow.parts()
        {
            over.unread.discard_front(over.unread.len());
            over.unread.release(&mut self.shared.pool);
            // A number that is left in a queue finds nothing, or a newer flow that is asked once too often.
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

    fn expire_time_waits(&mut self, now: Instant) {
        for _ in 0..TIMERS_PER_TURN {
            let Some(index) = self.time_waits.next_expired(now) else { return };
            if let Some(entry) = self.time_waits.get(index) {
                let hash = entry.hash;
                self.disown(hash, Owner::TimeWait(index));
                self.time_waits.remove(index);
            }
        }
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

/// What is needed to find the owner of a four-tuple.
struct Tables<'a> {
    flows: &'a Slab<Flow>,
    half_open: &'a SynCache,
    time_waits: &'a TimeWaits,
    table: &'a FlowTable,
}

impl Tables<'_> {
    #[inline]
    fn owner(&self, tuple: &FourTuple, hash: TupleHash) -> Option<Owner> {
        let is_it = |packed| tuple_of(self.flows, self.half_open, self.time_waits, packed) == Some(tuple);
        self.table.find(hash, is_it).map(Owner::unpack)
    }

    /// The place of a four-tuple that a new connection may have: nobody has it, or a TIME-WAIT whose timestamps are older than
    /// our clock's next tick, so that the new connection's segments prove to be newer (RFC 6191).
    fn vacancy(&self, now: Instant, tuple: &FourTuple, key: &HashKey) -> Option<Vacancy> {
        let hash = tuple.hash(key);
        match self.owner(tuple, hash) {
            None => Some(Vacancy { hash, time_wait: None }),
            Some(Owner::TimeWait(index)) => {
                let entry = self.time_waits.get(index)?;
                let is_free = entry.timestamps.is_some() && now.since(entry.since) >= TIME_WAIT_REUSE;
                is_free.then_some(Vacancy { hash, time_wait: Some(index) })
            }
            Some(_) => None,
        }
    }
}

/// A four-tuple that a new connection may have.
#[derive(Clone, Copy)]
struct Vacancy {
    hash: TupleHash,
    /// The TIME-WAIT that gives it up.
    time_wait: Option<u32>,
}

#[inline]
fn tuple_of<'a>(
    flows: &'a Slab<Flow>,
    half_open: &'a SynCache,
    time_waits: &'a TimeWaits,
    packed: u32,
) -> Option<&'a FourTuple> {
    match Owner::unpack(packed) {
        Owner::Flow(index) => flows.get(index).map(|flow| &flow.head.tuple),
        Owner::HalfOpen(index) => half_open.entries.get(index).map(|entry| &entry.tuple),
        Owner::TimeWait(index) => time_waits.get(index).map(|entry| &entry.tuple),
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

/// Eff.snd.MSS (9293/MUST-16): the least of what the peer takes and what the path takes, without the options of each segment.
pub(crate) fn effective_mss(
    peer_mss: u16,
    path_mtu: u32,
    tuple: &FourTuple,
    timestamps: bool,
    most: Option<u16>,
) -> u32 {
    let headers = transmit::ip_header_len(tuple) as u32 + wire::HEADER_LEN as u32;
    let mut mss = u32::from(peer_mss).min(path_mtu.saturating_sub(headers));
    if let Some(most) = most {
        mss = mss.min(u32::from(most));
    }
    let options = if timestamps { TIMESTAMPS_OCTETS } else { 0 };
    // A peer that asks for less than a header's worth gets segments that still make progress.
    mss.saturating_sub(options).max(8)
}

/// The MSS that we announce: what arrives in one packet of the link, less the fixed headers (9293/MUST-67, 9293/SHLD-6).
pub(crate) fn announced_mss(path: &Path, tuple: &FourTuple, most: Option<u16>) -> u16 {
    let headers = transmit::ip_header_len(tuple) as u32 + wire::HEADER_LEN as u32;
    let mss = path.link_mtu.saturating_sub(headers).min(u32::from(u16::MAX)) as u16;
    most.map_or(mss, |most| mss.min(most))
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
