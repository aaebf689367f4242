//! The TCP calls of RFC 9293 section 3.9.1 as verbs of the stack.

use core::net::{IpAddr, SocketAddr};

use super::Stack;
use crate::config::TcpOptions;
use crate::event::{FlowId, HalfOpenId, ListenerId, SocketId};
use crate::reason::Failure;
use crate::tcp::calls::open::{Decision, ListenError, NoSuchSocket, OpenError, OpenOptions};
use crate::tcp::calls::receive::ReceiveError;
use crate::tcp::calls::send::SendError;
use crate::tcp::calls::status::Status;
use crate::tcp::four_tuple::FourTuple;
use crate::tcp::listener::ListenOptions;
use crate::tcp::local_ports::PortUsers;
use crate::tcp::state::State;
use crate::time::Instant;

/// How many entries of connections that were given back may wait in the queue of events besides twice the living ones.
const STALE_EVENTS_SLACK: usize = 64;

/// How many sockets TCP holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Population {
    /// Connections, but for the two kinds below.
    pub flows: usize,
    /// Half-open passive connections.
    pub half_open: usize,
    /// Connections in TIME-WAIT.
    pub time_wait: usize,
}

impl Stack {
    /// Passive OPEN.
    pub fn tcp_listen(&mut self, now: Instant, options: ListenOptions) -> Result<ListenerId, ListenError> {
        self.advance(now);
        self.tcp.listen(&options, &self.ip)
    }

    /// The next connection that a listener has completed.
    pub fn tcp_accept(&mut self, now: Instant, listener: ListenerId) -> Option<FlowId> {
        self.advance(now);
        self.tcp.accept(listener, &mut self.context)
    }

    /// The next SYN at a deferred listener that waits for a decision.
    pub fn tcp_next_pending(&mut self, listener: ListenerId) -> Option<HalfOpenId> {
        self.tcp.next_pending(listener)
    }

    /// Whom a SYN that waits for a decision came from, and what it asked for.
    pub fn tcp_pending_tuple(&self, pending: HalfOpenId) -> Option<FourTuple> {
        self.tcp.pending_tuple(pending)
    }

    /// Decides about a SYN at a deferred listener.
    pub fn tcp_decide(&mut self, now: Instant, pending: HalfOpenId, decision: Decision) -> Result<(), NoSuchSocket> {
        let now = self.advance(now);
        self.tcp.decide(now, pending, decision, &mut self.ip, &mut self.context)
    }

    /// Changes how many complete connections may wait at a listener.
    pub fn tcp_set_backlog(&mut self, listener: ListenerId, backlog: usize) -> Result<(), NoSuchSocket> {
        self.tcp.set_backlog(listener, backlog)
    }

    /// Closes a listener; what waits at it is reset.
    pub fn tcp_unlisten(&mut self, now: Instant, listener: ListenerId) {
        let now = self.advance(now);
        self.tcp.unlisten(now, listener, &mut self.ip, &mut self.context);
    }

    /// The local address (`None`: any) and port of a listener.
    pub fn tcp_listener_name(&self, listener: ListenerId) -> Option<(Option<IpAddr>, u16)> {
        self.tcp.listener_name(listener)
    }

    /// How many connections a listener has completed that nobody has accepted.
    pub fn tcp_acceptable(&self, listener: ListenerId) -> usize {
        self.tcp.acceptable(listener)
    }

    /// The settings that a connection has unless it is given others.
    pub fn tcp_default_options(&self) -> TcpOptions {
        self.tcp.default_options()
    }

    /// Active OPEN: the SYN leaves with the next `poll_transmit`.
    pub fn tcp_connect(&mut self, now: Instant, options: OpenOptions) -> Result<FlowId, OpenError> {
        self.tcp_connect_avoiding(now, options, |_| false)
    }

    /// Active OPEN for a caller that has given names out itself: a port that the stack chooses is none of those that it says are
    /// taken.
    pub fn tcp_connect_avoiding(
        &mut self,
        now: Instant,
        options: OpenOptions,
        mut is_taken: impl FnMut(u16) -> bool,
    ) -> Result<FlowId, OpenError> {
        let now = self.advance(now);
        self.tcp.open(now, &options, &mut is_taken, &mut self.ip, &mut self.context)
    }

    /// SEND: answers with how many octets were taken.
    pub fn tcp_send(&mut self, now: Instant, flow: FlowId, data: &[u8]) -> Result<usize, SendError> {
        let now = self.advance(now);
        self.tcp.send(now, flow, data, false)
    }

    /// SEND with the URGENT flag: the end of the data becomes the end of urgent data (RFC 6093), with the call that takes it. So who
    /// comes again with what was not taken announces one end and no others.
    pub fn tcp_send_urgent(&mut self, now: Instant, flow: FlowId, data: &[u8]) -> Result<usize, SendError> {
        let now = self.advance(now);
        self.tcp.send(now, flow, data, true)
    }

    /// RECEIVE: `Ok(0)` is the peer's orderly end.
    pub fn tcp_receive(&mut self, now: Instant, flow: FlowId, into: &mut [u8]) -> Result<usize, ReceiveError> {
        let now = self.advance(now);
        self.tcp.receive(now, flow, into)
    }

    /// Copies what could be received and leaves it to be received.
    pub fn tcp_peek(&self, flow: FlowId, into: &mut [u8]) -> Result<usize, ReceiveError> {
        self.tcp.peek(flow, into)
    }

    /// How many octets of urgent data are left to read (9293/MUST-33).
    pub fn tcp_urgent_octets(&self, flow: FlowId) -> Option<u32> {
        self.tcp.urgent_octets(flow)
    }

    /// Closes for sending: what is queued goes out, then a FIN.
    pub fn tcp_shutdown_send(&mut self, now: Instant, flow: FlowId) -> Result<(), SendError> {
        let now = self.advance(now);
        self.tcp.shutdown_send(now, flow, &mut self.context)
    }

    /// Gives up receiving; what arrives from now on is acknowledged and thrown away.
    pub fn tcp_shutdown_receive(&mut self, now: Instant, flow: FlowId) -> Result<(), ReceiveError> {
        self.advance(now);
        self.tcp.shutdown_receive(flow)
    }

    /// CLOSE: gives the handle back; the connection ends in the background.
    pub fn tcp_close(&mut self, now: Instant, flow: FlowId) {
        let now = self.advance(now);
        self.tcp.close(now, flow, &mut self.ip, &mut self.context);
        self.drop_stale_events();
    }

    /// ABORT: resets the connection and gives the handle back.
    pub fn tcp_abort(&mut self, now: Instant, flow: FlowId) {
        let now = self.advance(now);
        self.tcp.abort(now, flow, &mut self.ip, &mut self.context);
        self.drop_stale_events();
    }

    /// STATUS.
    pub fn tcp_status(&self, flow: FlowId) -> Option<Status> {
        self.tcp.status(flow)
    }

    /// What STATUS says of the state, and why the connection failed if it has, for who needs no more.
    pub fn tcp_state(&self, flow: FlowId) -> Option<(State, Option<Failure>)> {
        let flow = self.tcp.flow(flow)?;
        Some((flow.state(), flow.head.failure.as_deref().copied()))
    }

    /// The settings of a connection.
    pub fn tcp_options(&self, flow: FlowId) -> Option<TcpOptions> {
        self.tcp.options(flow)
    }

    /// Changes the settings of a connection.
    pub fn tcp_set_options(&mut self, now: Instant, flow: FlowId, options: TcpOptions) -> Result<(), NoSuchSocket> {
        let now = self.advance(now);
        self.tcp.set_options(now, flow, options)
    }

    /// Both ends of a connection as socket addresses: local, remote.
    pub fn tcp_names(&self, flow: FlowId) -> Option<(SocketAddr, SocketAddr)> {
        let tuple = self.tcp.flow(flow)?.head.tuple;
        let socket = |end: crate::Endpoint| SocketAddr::new(end.addr, end.port);
        Some((socket(tuple.local), socket(tuple.remote)))
    }

    /// Who uses a local port: at this address, with an unspecified one at any of its family, with `None` at any. Neither opening
    /// nor listening asks this: an opening wants its four-tuple free, and a listener no other one. It is for who gives sockets
    /// names before that. How many connections there are makes no difference to it.
    pub fn tcp_port_users(&self, local: Option<IpAddr>, port: u16) -> PortUsers {
        self.tcp.port_users(local, port)
    }

    /// Whether anybody uses a local port, be it a connection in TIME-WAIT: see [`Stack::tcp_port_users`].
    pub fn tcp_port_in_use(&self, local: Option<IpAddr>, port: u16) -> bool {
        !self.tcp_port_users(local, port).is_empty()
    }

    /// Chooses an ephemeral port that nobody uses at this address (unspecified: any of its family; `None`: any), and of which `is_free` holds too; `None` when
    /// there is none. Nothing remembers the choice but the caller.
    pub fn tcp_free_port(&mut self, local: Option<IpAddr>, is_free: impl FnMut(u16) -> bool) -> Option<u16> {
        self.tcp.free_port(local, is_free)
    }

    /// How many sockets TCP holds.
    pub fn tcp_population(&self) -> Population {
        let (flows, half_open, time_wait) = self.tcp.population();
        Population { flows, half_open, time_wait }
    }

    /// An application that gives handles back and never asks for events leaves entries that nobody waits for: they go once they
    /// outnumber the others.
    fn drop_stale_events(&mut self) {
        let Stack { tcp, context, .. } = self;
        if context.ready_sockets.len() > STALE_EVENTS_SLACK + 2 * tcp.population().0 {
            context.ready_sockets.retain(|socket| match socket {
                SocketId::Flow(id) => tcp.flow(*id).is_some(),
                SocketId::Listener(_) | SocketId::Udp(_) => true,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::link::LinkId;
    use crate::time::Duration;
    use core::net::Ipv4Addr;

    #[test]
    fn events_that_nobody_takes_leave_with_their_connections() {
        let mut stack = Stack::new(Config::default(), [7; 32]);
        let (mut now, mut frame) = (Instant::from_secs(1), [0; 2_000]);
        for _ in 0..1_000 {
            now += Duration::from_millis(1);
            let nobody = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9);
            let flow = stack.tcp_connect(now, OpenOptions::to(nobody)).expect("loopback is always there");
            assert!(stack.poll_transmit(now, LinkId::LOOPBACK, &mut frame).is_none());
            assert!(stack.tcp_status(flow).is_some_and(|status| status.failure.is_some()));
            stack.tcp_close(now, flow);
            assert!(stack.context.ready_sockets.len() <= STALE_EVENTS_SLACK + 1);
        }
        assert_eq!(stack.poll_event(), None);
    }
}
