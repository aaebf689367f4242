//! Our stack as a measure drives it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use synsent_stack::{
    BufferSize, Cidr, Config, EventKind, FlowId, Instant, LinkConfig, LinkId, ListenOptions, ListenerId, OpenOptions,
    ReceiveError, SocketId, Stack,
};

use crate::engine::{BUFFER_OCTETS, Clock, Engine, LISTENERS};
use crate::pipe::{MTU, Pipe};

/// How many connections may stand in TIME-WAIT. It lasts a minute, in which more connections are opened and closed here than
/// there are ports towards one address. The peer keeps no list of them, so ours is kept short.
const TIME_WAIT_MAX: usize = 1_024;

/// Our stack.
pub(crate) struct Ours {
    stack: Stack,
    link: LinkId,
    clock: Clock,
    now: Instant,
    listeners: Vec<(u16, ListenerId)>,
    /// Connections of which `is_open` has not told yet that they are established.
    opened: Vec<FlowId>,
}

impl Engine for Ours {
    type Socket = FlowId;

    const NAME: &'static str = "synsent";

    fn new(number: u8, clock: Clock) -> Ours {
        let (stack, link) = stack(number);
        Ours { stack, link, clock, now: Instant::ZERO, listeners: Vec::new(), opened: Vec::new() }
    }

    fn listen(&mut self, port: u16) {
        let options = ListenOptions { backlog: LISTENERS, ..ListenOptions::on_port(port) };
        let listener = self.stack.tcp_listen(self.now, options).expect("the port is free");
        self.listeners.push((port, listener));
    }

    fn connect(&mut self, number: u8, port: u16) -> FlowId {
        let options = OpenOptions::to(SocketAddr::new(address(number), port));
        self.stack.tcp_connect(self.now, options).expect("there is a way and a port")
    }

    fn accept(&mut self, port: u16) -> Option<FlowId> {
        let (_, listener) = self.listeners.iter().find(|(number, _)| *number == port)?;
        self.stack.tcp_accept(self.now, *listener)
    }

    fn is_open(&mut self, socket: FlowId) -> bool {
        let place = self.opened.iter().position(|flow| *flow == socket);
        place.map(|place| self.opened.swap_remove(place)).is_some()
    }

    fn listen_again(&mut self, _port: u16) {}

    fn take_in(&mut self, from: &mut Pipe, _to: &mut Pipe) {
        self.now = Instant::from_nanos(self.clock.nanos());
        while let Some(frame) = from.pop() {
            self.stack.on_frame(self.now, self.link, frame.octets());
            from.recycle(frame);
        }
        if self.stack.next_deadline().is_some_and(|deadline| deadline <= self.now) {
            self.stack.on_deadline(self.now);
        }
        while let Some(event) = self.stack.poll_event() {
            if let (SocketId::Flow(flow), EventKind::Connected) = (event.socket, event.kind) {
                self.opened.push(flow);
            }
        }
    }

    fn put_out(&mut self, to: &mut Pipe) {
        let Ours { stack, link, now, .. } = self;
        let mut poll = |frame: &mut [u8; MTU]| stack.poll_transmit(*now, *link, frame).map(|transmit| transmit.len);
        while to.push(&mut poll) {}
    }

    fn send(&mut self, socket: FlowId, data: &[u8]) -> usize {
        self.stack.tcp_send(self.now, socket, data).unwrap_or(0)
    }

    fn receive(&mut self, socket: FlowId, into: &mut [u8]) -> usize {
        self.stack.tcp_receive(self.now, socket, into).unwrap_or(0)
    }

    fn is_at_end(&mut self, socket: FlowId) -> bool {
        matches!(self.stack.tcp_receive(self.now, socket, &mut [0]), Ok(0) | Err(ReceiveError::Failed))
    }

    fn close(&mut self, socket: FlowId) {
        self.stack.tcp_close(self.now, socket);
    }
}

/// A stack with the address 10.0.0.`number` on an IP medium, and the settings that all measures have.
pub(crate) fn stack(number: u8) -> (Stack, LinkId) {
    let mut config = Config::default();
    config.tcp.time_wait_max = TIME_WAIT_MAX;
    let options = &mut config.tcp.options;
    options.send_buffer = BufferSize::fixed(BUFFER_OCTETS as u32);
    options.receive_buffer = BufferSize::fixed(BUFFER_OCTETS as u32);
    let mut stack = Stack::new(config, [number; 32]);
    let link = stack.add_link(Instant::ZERO, LinkConfig { mtu: MTU as u16, ..LinkConfig::ip("memory") });
    let network = Cidr::new(address(number), 24).expect("the prefix fits");
    stack.add_address(Instant::ZERO, link, network).expect("the address is new");
    (stack, link)
}

pub(crate) fn address(number: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(10, 0, 0, number))
}
