//! OPEN (RFC 9293 section 3.10.1): passive and active, and the queue between a listener and the application.

use core::fmt;
use core::net::{IpAddr, SocketAddr};

use synsent_wire::SeqNumber;
use synsent_wire::tcp::Flags;

use crate::config::TcpOptions;
use crate::context::Context;
use crate::event::{EventKind, EventSet, FlowId, HalfOpenId, ListenerId, SocketId};
use crate::ip::Ip;
use crate::link::LinkId;
use crate::reason::{NoPath, SynSchedule};
use crate::tcp::block::{Flow, Head, Opening, Shape, TheirFin};
use crate::tcp::buffer::Ring;
use crate::tcp::calls::receive::urgent_left;
use crate::tcp::challenge::ChallengeLimit;
use crate::tcp::four_tuple::{Endpoint, FourTuple};
use crate::tcp::isn::Start;
use crate::tcp::listener::{ListenOptions, Listener};
use crate::tcp::rtt::RttEstimator;
use crate::tcp::segment::header;
use crate::tcp::state::State;
use crate::tcp::syncache::Stage;
use crate::tcp::tables::{Owner, Tables, Vacancy};
use crate::tcp::turn::{Shared, Turn};
use crate::tcp::{Tcp, is_unicast};
use crate::time::Instant;
use crate::trace::Fact;

/// An active OPEN.
#[derive(Clone, Copy, Debug)]
pub struct OpenOptions {
    /// The peer.
    pub remote: SocketAddr,
    /// The local address (9293/MUST-43); `None`: the internet layer chooses.
    pub local: Option<IpAddr>,
    /// The local port; `None` or 0: one is chosen (RFC 6056).
    pub local_port: Option<u16>,
    /// The link, for link-local peers and for callers that know better than the routing table.
    pub link: Option<LinkId>,
    /// The settings of the connection; `None`: the stack's.
    pub tcp: Option<TcpOptions>,
}

impl OpenOptions {
    /// Everything but the peer is left to the stack.
    pub fn to(remote: SocketAddr) -> OpenOptions {
        OpenOptions { remote, local: None, local_port: None, link: None, tcp: None }
    }
}

/// Why an active OPEN did not begin.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OpenError {
    /// The remote address or port is unspecified (9293/OPEN-1).
    RemoteUnspecified,
    /// The remote address is broadcast or multicast (9293/MUST-46).
    RemoteNotUnicast,
    /// The local and the remote address are of different families.
    FamiliesDiffer,
    /// No way leads there.
    NoPath(NoPath),
    /// The four-tuple is in use (9293/OPEN-4): by a connection, by a half-open one, or by one in TIME-WAIT. The last gives it up
    /// after a second where it agreed on timestamps, which prove the new connection's segments to be newer (RFC 6191).
    AlreadyExists,
    /// Every local port towards this peer is in use (6056/4).
    NoPorts {
        /// How many there are.
        tried: u32,
    },
    /// As many connections as there may be exist, or their buffers hold as much memory as they may (9293/OPEN-5).
    NoRoom,
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::RemoteUnspecified => f.write_str("the remote address or port is unspecified"),
            OpenError::RemoteNotUnicast => f.write_str("the remote address is a broadcast or multicast address"),
            OpenError::FamiliesDiffer => f.write_str("the local and the remote address are of different families"),
            OpenError::NoPath(why) => write!(f, "no route to the remote address: {why}"),
            OpenError::AlreadyExists => f.write_str("a connection with these addresses and ports exists"),
            OpenError::NoPorts { tried } => {
                write!(f, "out of local ports: all {tried} towards this address and port are in use")
            }
            OpenError::NoRoom => f.write_str("as many connections, or as much of their data, as is allowed exist"),
        }
    }
}

/// Why a passive OPEN did not begin.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ListenError {
    /// Another listener has this address and port.
    InUse,
    /// The local address is not one of ours.
    ForeignAddress,
    /// Every ephemeral port has a listener.
    NoPorts,
}

impl fmt::Display for ListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ListenError::InUse => "another listener has this address and port",
            ListenError::ForeignAddress => "the local address is not one of this host",
            ListenError::NoPorts => "every port has a listener",
        })
    }
}

/// What the application decides about a SYN at a deferred listener.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision {
    /// Send the SYN-ACK.
    Accept,
    /// Send a reset.
    Refuse,
    /// Send nothing, also when the SYN comes again.
    Ignore,
}

/// The handle means no socket any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoSuchSocket;

impl fmt::Display for NoSuchSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the socket does not exist any more")
    }
}

impl Tcp {
    /// Passive OPEN.
    pub(crate) fn listen(&mut self, options: &ListenOptions, ip: &Ip) -> Result<ListenerId, ListenError> {
        if options.local.is_some_and(|local| !local.is_unspecified() && !ip.is_local(local)) {
            return Err(ListenError::ForeignAddress);
        }
        let port = match options.port {
            0 => self.free_listen_port(options).ok_or(ListenError::NoPorts)?,
            port => port,
        };
        // 9293/MUST-41
        // 9293/MUST-42
        // Only another listener stands in the way: connections on the port, half-open ones too, are left alone.
        if self.listeners.clashes(options.local, port, options.link) {
            return Err(ListenError::InUse);
        }
        let tcp = options.tcp.unwrap_or(self.shared.config.options);
        Ok(self.listeners.insert(port, |id| Listener {
            id,
            local: options.local,
            port,
            link: options.link,
            backlog: options.backlog.max(1),
            deferred: options.deferred,
            options: tcp,
            complete: Default::default(),
            undecided: Default::default(),
            half_open: 0,
            cookies_sent: false,
            events: EventSet::default(),
        }))
    }

    fn free_listen_port(&self, options: &ListenOptions) -> Option<u16> {
        let mut ports = self.shared.config.ephemeral_ports.clone();
        ports.find(|port| !self.listeners.clashes(options.local, *port, options.link))
    }

    /// The next connection of a listener that is established, or was.
    pub(crate) fn accept(&mut self, id: ListenerId, context: &mut Context) -> Option<FlowId> {
        let listener = self.listeners.get_mut(id)?;
        let index = listener.complete.pop_front()?;
        let flow = self.flows.get_mut(index)?;
        flow.head.waits_at = None;
        flow.head.held = true;
        // What happened while it waited is told now.
        if flow.head.failure.is_some() {
            flow.head.raise(EventKind::Failed, context);
        } else if let Some((head, conn)) = flow.synchronized() {
            let has_ended = conn.their_fin() == TheirFin::Reached;
            if has_ended {
                head.raise(EventKind::PeerClosed, context);
            }
            if has_ended || !conn.rcv.buffer.is_empty() {
                head.raise(EventKind::Readable, context);
            }
            if urgent_left(conn).is_some() {
                head.raise(EventKind::Urgent, context);
            }
        }
        Some(flow.head.id)
    }

    /// The next SYN at a deferred listener that waits for a decision.
    pub(crate) fn next_pending(&mut self, id: ListenerId) -> Option<HalfOpenId> {
        let entries = &self.half_open.entries;
        let listener = self.listeners.entries.get_mut(id.index).filter(|listener| listener.id == id)?;
        loop {
            let pending = listener.undecided.pop_front()?;
            if entries.is_current(pending.index, pending.generation) {
                return Some(pending);
            }
        }
    }

    /// The peer of a SYN that waits for a decision.
    pub(crate) fn pending_tuple(&self, id: HalfOpenId) -> Option<FourTuple> {
        self.half_open.entries.get(id.index).filter(|entry| entry.id == id).map(|entry| entry.tuple)
    }

    /// Carries out a decision.
    pub(crate) fn decide(
        &mut self,
        now: Instant,
        id: HalfOpenId,
        decision: Decision,
        ip: &mut Ip,
        context: &mut Context,
    ) -> Result<(), NoSuchSocket> {
        let waits = |entry: &&mut crate::tcp::syncache::HalfOpen| entry.id == id && entry.stage == Stage::Undecided;
        let entry = self.half_open.entries.get_mut(id.index).filter(waits).ok_or(NoSuchSocket)?;
        let link = entry.tuple.link().unwrap_or(LinkId::LOOPBACK);
        match decision {
            Decision::Accept => self.send_syn_ack(now, id.index, link, ip, context),
            Decision::Ignore => entry.stage = Stage::Ignored,
            Decision::Refuse => {
                let tuple = entry.tuple;
                let reset = header(&tuple, Flags::RST | Flags::ACK, SeqNumber(0), entry.rcv_nxt());
                self.forget_half_open(id.index);
                Turn { now, shared: &mut self.shared, ip, context, link }.send(&tuple, &reset, 0, None);
            }
        }
        Ok(())
    }

    /// Active OPEN. A port that it chooses is none that the caller knows to be taken.
    pub(crate) fn open(
        &mut self,
        now: Instant,
        options: &OpenOptions,
        is_taken: &mut dyn FnMut(u16) -> bool,
        ip: &mut Ip,
        context: &mut Context,
    ) -> Result<FlowId, OpenError> {
        let remote = Endpoint::from(options.remote);
        check_remote(options, remote, ip)?;
        if !self.has_room() {
            return Err(OpenError::NoRoom);
        }
        let link = options.link.or_else(|| crate::tcp::four_tuple::link_of(options.remote));
        // 9293/MUST-44
        // 1122/IP-3
        // Before the first SYN the internet layer is asked for the source address.
        let path = ip.route(now, options.local, remote.addr, link).map_err(OpenError::NoPath)?;
        let zone = FourTuple::zone_of(remote.addr, path.link);
        let with_port = |port| FourTuple { local: Endpoint::new(path.source, port), remote, zone };
        let (port, vacancy) = match options.local_port.filter(|port| *port != 0) {
            Some(port) => {
                let vacancy = self.tables().vacancy(now, &with_port(port), &self.shared.hash_key);
                (port, vacancy.ok_or(OpenError::AlreadyExists)?)
            }
            None => self.choose_port(now, path.source, remote, with_port, is_taken)?,
        };
        let tcp = options.tcp.unwrap_or(self.shared.config.options);
        Ok(self.begin(now, with_port(port), vacancy, tcp, path, context))
    }

    /// Whether one more connection may be: by their number, and by the memory of their buffers.
    // 9293/OPEN-5
    pub(in crate::tcp) fn has_room(&self) -> bool {
        let Shared { config, pool, .. } = &self.shared;
        self.flows.len() < config.flows_max && pool.live_octets() < config.buffer_octets_max
    }

    /// Puts a connection into SYN-SENT (9293/OPEN-2).
    fn begin(
        &mut self,
        now: Instant,
        tuple: FourTuple,
        vacancy: Vacancy,
        tcp: TcpOptions,
        path: crate::ip::Path,
        context: &mut Context,
    ) -> FlowId {
        let Start { mut iss, timestamp_offset } = self.shared.isn.start_new(now, &tuple);
        if let Some(old) = vacancy.time_wait {
            if let Some(entry) = self.time_waits.remove(old)
                && !iss.after(entry.snd_nxt)
            {
                iss = entry.snd_nxt + 0x1_0000;
            }
            self.disown(tuple.local, vacancy.hash, Owner::TimeWait(old));
        }
        let rtt = RttEstimator::new(&self.shared.rto_config());
        let next_syn_at = now + rtt.rto();
        let index = self.flows.insert_with(|index, generation| {
            let mut head = Head::new(FlowId { index, generation }, (tuple, vacancy.hash), tcp, now);
            head.held = true;
            head.path = Some(path);
            let opening = Opening {
                iss,
                timestamp_offset,
                theirs: None,
                syns: SynSchedule::default(),
                send_now: true,
                prompted: 0,
                rtt,
                next_syn_at,
                give_up_at: now + tcp.syn_timeout,
                buffer: Ring::new(),
                fin_queued: false,
                urgent_octets: None,
                neighbour_lost: false,
                challenge: ChallengeLimit::default(),
            };
            Flow::new(head, Shape::Opening(opening))
        });
        self.own(tuple.local, vacancy.hash, Owner::Flow(index));
        let id = match self.flows.get_mut(index) {
            Some(flow) => {
                self.shared.queue(&mut flow.head);
                self.shared.arm(flow);
                flow.head.id
            }
            // The place was filled above.
            None => FlowId { index, generation: 0 },
        };
        let flow = Some(id);
        context.trace(now, || Fact::StateChanged { flow, tuple, from: State::Closed, to: State::SynSent });
        id
    }

    fn choose_port(
        &mut self,
        now: Instant,
        local: IpAddr,
        remote: Endpoint,
        with_port: impl Fn(u16) -> FourTuple,
        is_taken: &mut dyn FnMut(u16) -> bool,
    ) -> Result<(u16, Vacancy), OpenError> {
        let range = self.shared.config.ephemeral_ports.clone();
        let tried = u32::from(*range.end()).saturating_sub(u32::from(*range.start())) + 1;
        let Tcp { ports, flows, half_open, time_waits, listeners, table, shared, .. } = self;
        let tables = Tables { flows, half_open, time_waits, table };
        let mut found = None;
        // 6056/1
        // 6056/3
        // A port that a listener has is a service's; any other may serve several peers at once.
        let port = ports.choose(local, remote, |port| {
            found = match listeners.uses_port(port) || is_taken(port) {
                true => None,
                false => tables.vacancy(now, &with_port(port), &shared.hash_key),
            };
            found.is_some()
        });
        port.zip(found).ok_or(OpenError::NoPorts { tried })
    }

    /// Changes how many connections may wait to be accepted; those that wait already stay, also beyond it.
    pub(crate) fn set_backlog(&mut self, id: ListenerId, backlog: usize) -> Result<(), NoSuchSocket> {
        self.listeners.get_mut(id).ok_or(NoSuchSocket)?.backlog = backlog.max(1);
        Ok(())
    }

    /// How many connections wait to be accepted.
    pub(crate) fn acceptable(&self, id: ListenerId) -> usize {
        self.listeners.get(id).map_or(0, |listener| listener.complete.len())
    }

    /// Closes a listener: what waits at it, half-open or complete, is reset.
    pub(crate) fn unlisten(&mut self, now: Instant, id: ListenerId, ip: &mut Ip, context: &mut Context) {
        if self.listeners.get(id).is_none() {
            return;
        }
        for index in self.half_open_of(id) {
            if let Some(entry) = self.half_open.entries.get(index) {
                let reset = header(&entry.tuple, Flags::RST | Flags::ACK, entry.iss + 1, entry.rcv_nxt());
                let (tuple, answered) = (entry.tuple, entry.stage == Stage::Answered);
                self.forget_half_open(index);
                if answered {
                    let link = tuple.link().unwrap_or(LinkId::LOOPBACK);
                    Turn { now, shared: &mut self.shared, ip, context, link }.send(&tuple, &reset, 0, None);
                }
            }
        }
        let Some(listener) = self.listeners.remove(id) else { return };
        for index in listener.complete {
            self.abort_place(now, index, ip, context);
        }
        context.ready_sockets.retain(|socket| *socket != SocketId::Listener(id));
    }

    /// The local address and port of a listener.
    pub(crate) fn listener_name(&self, id: ListenerId) -> Option<(Option<IpAddr>, u16)> {
        self.listeners.get(id).map(|listener| (listener.local, listener.port))
    }
}

fn check_remote(options: &OpenOptions, remote: Endpoint, ip: &Ip) -> Result<(), OpenError> {
    // 9293/OPEN-1
    if remote.port == 0 || remote.addr.is_unspecified() {
        return Err(OpenError::RemoteUnspecified);
    }
    // 9293/MUST-46
    // 1122/TCP-4
    if !is_unicast(remote.addr) || ip.is_broadcast(remote.addr) {
        return Err(OpenError::RemoteNotUnicast);
    }
    if options.local.is_some_and(|local| local.is_ipv4() != remote.addr.is_ipv4()) {
        return Err(OpenError::FamiliesDiffer);
    }
    Ok(())
}
