//! SEGMENT ARRIVES in LISTEN and in the SYN-RECEIVED of a passive OPEN (RFC 9293 section 3.10.7.2, RFC 4987).

use synsent_wire::SeqNumber;
use synsent_wire::tcp::Flags;

use crate::context::{Context, DropReason};
use crate::event::{EventKind, FlowId, ListenerId, SocketId};
use crate::ip::Ip;
use crate::link::LinkId;
use crate::tcp::Tcp;
use crate::tcp::block::{Flow, Head, Shape, TheirSyn};
use crate::tcp::buffer::Ring;
use crate::tcp::four_tuple::{Endpoint, TupleHash};
use crate::tcp::handshake::{Handshake, synchronize};
use crate::tcp::listener::Listener;
use crate::tcp::mss::{DEFAULT_MSS_V4, announced_mss};
use crate::tcp::rtt::RttEstimator;
use crate::tcp::segment::{Segment, header};
use crate::tcp::state::State;
use crate::tcp::syn_cookie::SynCookies;
use crate::tcp::syncache::{self, HalfOpen, Stage};
use crate::tcp::tables::Owner;
use crate::tcp::turn::{Turn, timestamp_at};
use crate::time::Instant;
use crate::trace::Fact;

/// How many requests that left may stand in the queue of a deferred listener besides twice those that wait.
const UNDECIDED_SLACK: usize = 64;

impl Tcp {
    /// A segment for a listener, and for no connection.
    #[expect(clippy::too_many_arguments, reason = "the event and the layers that it passes through")]
    pub(in crate::tcp) fn on_listener(
        &mut self,
        now: Instant,
        listener: u32,
        segment: &Segment<'_>,
        link: LinkId,
        above: Option<SeqNumber>,
        ip: &mut Ip,
        context: &mut Context,
    ) {
        // 9293/LI-1
        // First a reset, which means nothing to a listener; then an acknowledgment, which can only be a cookie that comes
        // back; then a SYN.
        if segment.has(Flags::RST) {
            return context.dropped(now, link, DropReason::TcpNoFlow);
        }
        if segment.has(Flags::ACK) {
            return self.on_cookie(now, listener, segment, link, ip, context);
        }
        if segment.has(Flags::SYN) {
            self.on_syn(now, listener, segment, link, above, ip, context);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the event and the layers that it passes through")]
    fn on_syn(
        &mut self,
        now: Instant,
        place: u32,
        segment: &Segment<'_>,
        link: LinkId,
        above: Option<SeqNumber>,
        ip: &mut Ip,
        context: &mut Context,
    ) {
        let theirs = TheirSyn::of(segment);
        match self.lacks_room(place) {
            Some(DropReason::TcpSynQueueFull) if self.may_send_cookie(place) => {
                return self.send_cookie(now, place, segment, &theirs, link, ip, context);
            }
            Some(reason) => return context.dropped(now, link, reason),
            None => {}
        }
        let Some(listener) = self.listeners.entries.get_mut(place) else { return };
        listener.half_open += 1;
        if self.half_open.entries.len() >= self.shared.config.half_open_max
            && let Some(oldest) = self.half_open.oldest()
        {
            // 4987/1
            context.dropped(now, link, DropReason::TcpHandshakeExpired);
            self.forget_half_open(oldest);
        }
        let index = self.keep_half_open(now, place, segment, theirs, above);
        self.own(segment.tuple.local, segment.hash, Owner::HalfOpen(index));
        let tuple = segment.tuple;
        context.trace(now, || change(tuple, State::Listen, State::SynReceived));
        self.answer_or_ask(now, index, link, ip, context);
    }

    /// Which queue of a listener is full, if one is.
    pub(in crate::tcp) fn lacks_room(&self, place: u32) -> Option<DropReason> {
        let listener = self.listeners.entries.get(place)?;
        // 4987/5
        // A queue of complete connections that is full lets no more begin; silence makes the peer try again later.
        if listener.complete.len() >= listener.backlog {
            return Some(DropReason::TcpAcceptQueueFull);
        }
        let is_full = listener.half_open >= self.shared.config.half_open_per_listener;
        is_full.then_some(DropReason::TcpSynQueueFull)
    }

    /// Whether SYN cookies may stand in for half-open connections: not where the application decides first.
    fn may_send_cookie(&self, place: u32) -> bool {
        let decides = self.listeners.entries.get(place).is_none_or(|listener| listener.deferred);
        self.shared.config.syn_cookies && !decides
    }

    fn keep_half_open(
        &mut self,
        now: Instant,
        place: u32,
        segment: &Segment<'_>,
        theirs: TheirSyn,
        above: Option<SeqNumber>,
    ) -> u32 {
        let tuple = segment.tuple;
        let mut start = self.shared.isn.start(now, &tuple);
        if let Some(above) = above
            && !start.iss.after(above)
        {
            // The new connection's numbers stand above those of the one whose TIME-WAIT it ends (RFC 1122 section 4.2.2.13).
            start.iss = above + 0x1_0000;
        }
        let give_up_at = now + self.shared.config.syn_ack_timeout;
        let times = (now, self.shared.config.rto_initial, give_up_at);
        self.half_open.insert(|id| HalfOpen::new(id, (tuple, segment.hash), place, theirs, start, times))
    }

    /// Sends the SYN-ACK, or asks the application where the listener is deferred.
    fn answer_or_ask(&mut self, now: Instant, index: u32, link: LinkId, ip: &mut Ip, context: &mut Context) {
        let Some(entry) = self.half_open.entries.get(index) else { return };
        let id = entry.id;
        let Some(listener) = self.listeners.entries.get_mut(entry.listener) else { return };
        if !listener.deferred {
            return self.send_syn_ack(now, index, link, ip, context);
        }
        self.half_open.deadlines.set(index, entry.next_deadline());
        listener.undecided.push_back(id);
        // Requests that were taken back unseen are dropped from the queue once they outnumber the rest, so that it stays bounded.
        if listener.undecided.len() > UNDECIDED_SLACK + 2 * listener.half_open {
            let entries = &self.half_open.entries;
            listener.undecided.retain(|id| entries.is_current(id.index, id.generation));
        }
        raise(listener, EventKind::Pending, context);
    }

    /// Sends a half-open connection's SYN-ACK, for the first time or again.
    pub(in crate::tcp) fn send_syn_ack(
        &mut self,
        now: Instant,
        index: u32,
        link: LinkId,
        ip: &mut Ip,
        context: &mut Context,
    ) {
        let Some(entry) = self.half_open.entries.get_mut(index) else { return };
        let Some(listener) = self.listeners.entries.get(entry.listener) else { return };
        entry.answer(now);
        self.half_open.deadlines.set(index, entry.next_deadline());
        let (tuple, options) = (&entry.tuple, &listener.options);
        let mut turn = Turn { now, shared: &mut self.shared, ip, context, link };
        let Some(path) = turn.path(tuple) else { return };
        let timestamp = timestamp_at(now, entry.timestamp_offset);
        let mss = announced_mss(&path, tuple, options.max_segment_octets);
        let answer = syncache::syn_ack(tuple, entry.iss, &entry.theirs, options, mss, timestamp);
        turn.send_by(&path, tuple, &answer, options.traffic_class, options.hop_limit);
    }

    #[expect(clippy::too_many_arguments, reason = "the event and the layers that it passes through")]
    fn send_cookie(
        &mut self,
        now: Instant,
        place: u32,
        segment: &Segment<'_>,
        theirs: &TheirSyn,
        link: LinkId,
        ip: &mut Ip,
        context: &mut Context,
    ) {
        let Some(listener) = self.listeners.entries.get_mut(place) else { return };
        listener.cookies_sent = true;
        let (options, tuple) = (listener.options, segment.tuple);
        // 4987/3
        // 4987/4
        // The ISN is the memory of this SYN; what it cannot hold rides in our timestamp, where the peer sends one.
        let iss = self.cookies.make(now, &tuple, theirs.irs, theirs.mss.unwrap_or(DEFAULT_MSS_V4));
        let clock = timestamp_at(now, self.shared.isn.timestamp_offset(&tuple));
        let scale = theirs.window_scale.filter(|_| options.window_scaling);
        let sack = theirs.selective_acks && options.selective_acks;
        let timestamp = SynCookies::timestamp(clock, scale, sack);
        let mut turn = Turn { now, shared: &mut self.shared, ip, context, link };
        let Some(path) = turn.path(&tuple) else { return };
        let mss = announced_mss(&path, &tuple, options.max_segment_octets);
        let mut answer = syncache::syn_ack(&tuple, iss, theirs, &options, mss, timestamp);
        if answer.options.timestamps.is_none() {
            // Without timestamps nothing remembers these two, so they are not agreed on.
            answer.options.window_scale = None;
            answer.options.sack_permitted = false;
        }
        turn.send_by(&path, &tuple, &answer, options.traffic_class, options.hop_limit);
        context.trace(now, || Fact::SynCookieSent { tuple });
    }

    /// An acknowledgment at a listener: a cookie that comes back, or nonsense.
    fn on_cookie(
        &mut self,
        now: Instant,
        place: u32,
        segment: &Segment<'_>,
        link: LinkId,
        ip: &mut Ip,
        context: &mut Context,
    ) {
        let tuple = segment.tuple;
        let sent = self.listeners.entries.get(place).is_some_and(|listener| listener.cookies_sent);
        let (irs, iss) = (segment.header.seq - 1, segment.header.ack - 1);
        let mss = match sent && !segment.has(Flags::SYN) {
            true => self.cookies.check(now, &tuple, irs, iss),
            false => None,
        };
        let Some(mss) = mss else {
            if sent {
                context.dropped(now, link, DropReason::TcpCookieInvalid);
            }
            return self.refuse(now, segment, link, ip, context);
        };
        let stamps = segment.header.options.timestamps;
        let offset = self.shared.isn.timestamp_offset(&tuple);
        let (window_scale, selective_acks) =
            stamps.map_or((None, false), |stamps| SynCookies::options_from(stamps.echo));
        let theirs = TheirSyn {
            irs,
            mss: Some(mss),
            window_scale,
            selective_acks,
            timestamp: stamps.map(|stamps| stamps.value),
        };
        let handshake = Handshake {
            iss,
            theirs,
            window: segment.header.window,
            seq: segment.header.seq,
            window_is_unscaled: false,
            timestamp_offset: offset,
            transmissions: 1,
        };
        let rtt = RttEstimator::new(&self.shared.rto_config());
        self.complete(now, place, segment, &handshake, rtt, None, link, ip, context);
    }

    /// A segment for a half-open connection.
    pub(in crate::tcp) fn on_half_open(
        &mut self,
        now: Instant,
        index: u32,
        segment: &Segment<'_>,
        link: LinkId,
        ip: &mut Ip,
        context: &mut Context,
    ) {
        let Some(entry) = self.half_open.entries.get(index) else { return };
        let (nxt, iss, place) = (entry.rcv_nxt(), entry.iss, entry.listener);
        let window =
            self.listeners.entries.get(place).map_or(0, |listener| syncache::receive_window(&listener.options));
        let in_window = segment.header.seq.within(nxt, nxt + u32::from(window.max(1)));
        if segment.has(Flags::RST) {
            // 9293/SR-1
            // The peer took it back: the listener listens on, and nobody is told.
            if in_window {
                let tuple = entry.tuple;
                context.trace(now, || change(tuple, State::SynReceived, State::Listen));
                self.forget_half_open(index);
            }
            return;
        }
        if segment.has(Flags::SYN) && !segment.has(Flags::ACK) {
            return self.on_second_syn(now, index, segment, link, ip, context);
        }
        if entry.stage != Stage::Answered || !segment.has(Flags::ACK) {
            return context.dropped(now, link, DropReason::TcpUnacceptable);
        }
        let unfit = self.unfit(index, segment);
        if unfit == Some(DropReason::TcpNoTimestamp) {
            return context.dropped(now, link, DropReason::TcpNoTimestamp);
        }
        // A SYN is looked at before the acknowledgment, so a SYN-ACK completes nothing here.
        let is_doubtful = !in_window || segment.has(Flags::SYN);
        if unfit.is_some() || is_doubtful {
            context.dropped(now, link, unfit.unwrap_or(DropReason::TcpUnacceptable));
            return self.acknowledge_half_open(now, index, link, ip, context);
        }
        if segment.header.ack != iss + 1 {
            // 9293/SR-3
            return self.refuse(now, segment, link, ip, context);
        }
        self.promote(now, index, segment, link, ip, context);
    }

    /// Whether a segment lacks the timestamp that both SYNs carried, or has an older one than the peer's SYN.
    fn unfit(&self, index: u32, segment: &Segment<'_>) -> Option<DropReason> {
        let entry = self.half_open.entries.get(index)?;
        let listener = self.listeners.entries.get(entry.listener)?;
        let recent = entry.theirs.timestamp.filter(|_| listener.options.timestamps)?;
        match segment.header.options.timestamps {
            // 7323/3
            None => Some(DropReason::TcpNoTimestamp),
            // 7323/5
            Some(sent) => ((sent.value.wrapping_sub(recent) as i32) < 0).then_some(DropReason::TcpPaws),
        }
    }

    /// Answers what is not acceptable for a half-open connection.
    fn acknowledge_half_open(&mut self, now: Instant, index: u32, link: LinkId, ip: &mut Ip, context: &mut Context) {
        let Some(entry) = self.half_open.entries.get(index) else { return };
        let Some(listener) = self.listeners.entries.get(entry.listener) else { return };
        let options = listener.options;
        let mut ack = header(&entry.tuple, Flags::ACK, entry.iss + 1, entry.rcv_nxt());
        ack.window = syncache::receive_window(&options);
        if let Some(echo) = entry.theirs.timestamp.filter(|_| options.timestamps) {
            let value = timestamp_at(now, entry.timestamp_offset);
            ack.options.timestamps = Some(crate::tcp::timestamps(value, Some(echo)));
        }
        let mut turn = Turn { now, shared: &mut self.shared, ip, context, link };
        turn.send(&entry.tuple, &ack, options.traffic_class, options.hop_limit);
    }

    /// The SYN again, or another SYN for the same four-tuple.
    fn on_second_syn(
        &mut self,
        now: Instant,
        index: u32,
        segment: &Segment<'_>,
        link: LinkId,
        ip: &mut Ip,
        context: &mut Context,
    ) {
        let Some(entry) = self.half_open.entries.get_mut(index) else { return };
        if segment.header.seq == entry.theirs.irs {
            if entry.stage == Stage::Answered {
                // The SYN-ACK was lost; its own timer is not put off by the peer's.
                self.send_syn_ack(now, index, link, ip, context);
            }
            return;
        }
        // 9293/SR-4
        // The old request is given up, and the listener takes the new one.
        let listener = entry.listener;
        self.forget_half_open(index);
        self.on_syn(now, listener, segment, link, None, ip, context);
    }

    /// The peer acknowledged our SYN: the entry becomes a connection.
    fn promote(
        &mut self,
        now: Instant,
        index: u32,
        segment: &Segment<'_>,
        link: LinkId,
        ip: &mut Ip,
        context: &mut Context,
    ) {
        let Some(entry) = self.half_open.entries.get(index) else { return };
        let place = entry.listener;
        let Some(listener) = self.listeners.entries.get(place) else { return };
        if listener.complete.len() >= listener.backlog || !self.has_room() {
            // The peer believes that it is connected; it repeats its data, and there may be room then.
            return context.dropped(now, link, DropReason::TcpAcceptQueueFull);
        }
        let handshake = Handshake {
            iss: entry.iss,
            theirs: entry.theirs,
            window: segment.header.window,
            seq: segment.header.seq,
            window_is_unscaled: false,
            timestamp_offset: entry.timestamp_offset,
            transmissions: entry.answers.into(),
        };
        let mut rtt = RttEstimator::new(&self.shared.rto_config());
        match entry.answers {
            1 => rtt.sample(now.since(entry.answered_at)),
            // 6298/3
            _ => rtt.after_syn_retransmission(),
        }
        self.complete(now, place, segment, &handshake, rtt, Some(index), link, ip, context);
    }

    /// Makes a connection of a completed passive handshake and puts it where it waits to be accepted.
    #[expect(clippy::too_many_arguments, reason = "the event, what was agreed, and the layers that it passes through")]
    fn complete(
        &mut self,
        now: Instant,
        place: u32,
        segment: &Segment<'_>,
        handshake: &Handshake,
        rtt: RttEstimator,
        half_open: Option<u32>,
        link: LinkId,
        ip: &mut Ip,
        context: &mut Context,
    ) {
        let (tuple, has_room) = (segment.tuple, self.has_room());
        let Some(listener) = self.listeners.entries.get_mut(place) else { return };
        if listener.complete.len() >= listener.backlog || !has_room {
            return context.dropped(now, link, DropReason::TcpAcceptQueueFull);
        }
        let (options, listener_id) = (listener.options, listener.id);
        let path = ip.route_of_flow(now, &tuple, None);
        let mut turn = Turn { now, shared: &mut self.shared, ip, context, link };
        let index = self.flows.insert_with(|index, generation| {
            let mut head = Head::new(FlowId { index, generation }, (tuple, segment.hash), options, now);
            head.path = path;
            head.waits_at = Some(listener_id);
            let conn = synchronize(&mut head, handshake, rtt, Ring::new(), &mut turn);
            Flow::new(head, Shape::Synchronized(conn))
        });
        listener.complete.push_back(index);
        raise(listener, EventKind::Acceptable, context);
        let from = if half_open.is_some() { State::SynReceived } else { State::Listen };
        context.trace(now, || change(tuple, from, State::Established));
        match half_open {
            Some(place) => {
                self.hand_over(tuple.local, segment.hash, Owner::HalfOpen(place), Owner::Flow(index));
                self.remove_half_open(place);
            }
            None => self.own(tuple.local, segment.hash, Owner::Flow(index)),
        }
        // What the acknowledgment carries besides is processed in ESTABLISHED.
        self.on_flow(now, index, segment, ip, context);
    }

    /// Takes a half-open connection out of every table.
    pub(in crate::tcp) fn forget_half_open(&mut self, index: u32) {
        if let Some((local, hash)) = self.remove_half_open(index) {
            self.disown(local, hash, Owner::HalfOpen(index));
        }
    }

    /// Takes a half-open connection out of its own tables; its four-tuple is still owned.
    fn remove_half_open(&mut self, index: u32) -> Option<(Endpoint, TupleHash)> {
        let entry = self.half_open.remove(index)?;
        if let Some(listener) = self.listeners.entries.get_mut(entry.listener) {
            listener.half_open = listener.half_open.saturating_sub(1);
        }
        Some((entry.tuple.local, entry.hash))
    }

    /// Repeats SYN-ACKs and gives up what nobody completed.
    pub(in crate::tcp) fn half_open_timeouts(&mut self, now: Instant, ip: &mut Ip, context: &mut Context) {
        for _ in 0..crate::tcp::TIMERS_PER_TURN {
            let Some(index) = self.half_open.deadlines.pop_due(now) else { return };
            let Some(entry) = self.half_open.entries.get(index) else { continue };
            let link = entry.tuple.link().unwrap_or(LinkId::LOOPBACK);
            if entry.give_up_at <= now {
                context.dropped(now, link, DropReason::TcpHandshakeExpired);
                let tuple = entry.tuple;
                context.trace(now, || change(tuple, State::SynReceived, State::Closed));
                self.forget_half_open(index);
            } else {
                self.send_syn_ack(now, index, link, ip, context);
            }
        }
    }

    /// The listener of a handle, with what waits at it taken along, when it is closed.
    pub(in crate::tcp) fn half_open_of(&self, listener: ListenerId) -> alloc::vec::Vec<u32> {
        let entries = &self.half_open.entries;
        let of_listener = |index: &u32| entries.get(*index).is_some_and(|entry| entry.listener == listener.index);
        entries.indices().filter(of_listener).collect()
    }
}

fn change(tuple: crate::tcp::four_tuple::FourTuple, from: State, to: State) -> Fact {
    Fact::StateChanged { flow: None, tuple, from, to }
}

fn raise(listener: &mut Listener, kind: EventKind, context: &mut Context) {
    if listener.events.raise(kind) {
        context.ready_sockets.push_back(SocketId::Listener(listener.id));
    }
}
