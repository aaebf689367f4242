//! smoltcp as a measure drives it: as many listening sockets as may be needed at once, and sockets that are used again.

use smoltcp::iface::{Config, Interface, PollIngressSingleResult, PollResult, SocketHandle, SocketSet};
use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::socket::tcp::{CongestionControl, Socket, SocketBuffer, State};
use smoltcp::time::Instant;
use smoltcp::wire::{HardwareAddress, IpAddress, IpCidr, Ipv4Address};

use crate::engine::{BUFFER_OCTETS, Clock, Engine, LISTENERS};
use crate::pipe::{Frame, MTU, Pipe};

/// smoltcp.
pub(crate) struct Peer {
    interface: Interface,
    sockets: SocketSet<'static>,
    clock: Clock,
    now: Instant,
    /// Sockets that listen, with their port.
    listening: Vec<(u16, SocketHandle)>,
    /// Sockets that were closed by us and can be used again once they are over.
    closed: Vec<SocketHandle>,
    next_port: u16,
}

impl Engine for Peer {
    type Socket = SocketHandle;

    const NAME: &'static str = "smoltcp";

    fn new(number: u8, clock: Clock) -> Peer {
        let config = Config::new(HardwareAddress::Ip);
        let (mut from, mut to) = (Pipe::default(), Pipe::default());
        let mut interface = Interface::new(config, &mut Wire { from: &mut from, to: &mut to }, Instant::ZERO);
        interface.update_ip_addrs(|addresses| {
            addresses.push(IpCidr::new(IpAddress::Ipv4(address(number)), 24)).expect("there is room for one");
        });
        Peer {
            interface,
            sockets: SocketSet::new(Vec::new()),
            clock,
            now: Instant::ZERO,
            listening: Vec::new(),
            closed: Vec::new(),
            next_port: 1_024,
        }
    }

    fn listen(&mut self, port: u16) {
        self.listen_again(port);
    }

    fn connect(&mut self, number: u8, port: u16) -> SocketHandle {
        let handle = self.idle_socket();
        let local = self.next_port;
        self.next_port = local.checked_add(1).unwrap_or(1_024);
        let socket = self.sockets.get_mut::<Socket<'_>>(handle);
        socket.connect(self.interface.context(), (address(number), port), local).expect("the socket is idle");
        handle
    }

    fn accept(&mut self, port: u16) -> Option<SocketHandle> {
        let Peer { sockets, listening, .. } = self;
        let has_come = |handle| matches!(sockets.get::<Socket<'_>>(handle).state(), State::Established);
        let place = listening.iter().position(|(number, handle)| *number == port && has_come(*handle))?;
        let (_, handle) = listening.swap_remove(place);
        Some(handle)
    }

    fn is_open(&mut self, socket: SocketHandle) -> bool {
        self.sockets.get::<Socket<'_>>(socket).state() == State::Established
    }

    fn listen_again(&mut self, port: u16) {
        let waiting = self.listening.iter().filter(|(number, _)| *number == port).count();
        for _ in waiting..LISTENERS {
            self.listen_once(port);
        }
    }

    fn take_in(&mut self, from: &mut Pipe, to: &mut Pipe) {
        self.now = Instant::from_micros(self.clock.nanos() as i64 / 1_000);
        let mut wire = Wire { from, to };
        while self.interface.poll_ingress_single(self.now, &mut wire, &mut self.sockets)
            != PollIngressSingleResult::None
        {}
        self.interface.poll_maintenance(self.now);
    }

    fn put_out(&mut self, to: &mut Pipe) {
        let mut silent = Pipe::default();
        let mut wire = Wire { from: &mut silent, to };
        while self.interface.poll_egress(self.now, &mut wire, &mut self.sockets) != PollResult::None {}
    }

    fn send(&mut self, socket: SocketHandle, data: &[u8]) -> usize {
        self.sockets.get_mut::<Socket<'_>>(socket).send_slice(data).unwrap_or(0)
    }

    fn receive(&mut self, socket: SocketHandle, into: &mut [u8]) -> usize {
        self.sockets.get_mut::<Socket<'_>>(socket).recv_slice(into).unwrap_or(0)
    }

    fn is_at_end(&mut self, socket: SocketHandle) -> bool {
        !self.sockets.get::<Socket<'_>>(socket).may_recv()
    }

    fn close(&mut self, socket: SocketHandle) {
        self.sockets.get_mut::<Socket<'_>>(socket).close();
        self.closed.push(socket);
    }
}

impl Peer {
    fn listen_once(&mut self, port: u16) {
        let handle = self.idle_socket();
        self.sockets.get_mut::<Socket<'_>>(handle).listen(port).expect("the socket is idle");
        self.listening.push((port, handle));
    }

    /// A socket that was closed and is over, or a new one. TIME-WAIT does not hold a socket back: smoltcp lets it connect.
    fn idle_socket(&mut self) -> SocketHandle {
        let Peer { sockets, closed, .. } = self;
        let is_over = |handle| !sockets.get::<Socket<'_>>(handle).is_open();
        match closed.iter().position(|handle| is_over(*handle)) {
            Some(place) => closed.swap_remove(place),
            None => {
                let buffer = || SocketBuffer::new(vec![0; BUFFER_OCTETS]);
                let mut socket = Socket::new(buffer(), buffer());
                socket.set_congestion_control(CongestionControl::Cubic);
                self.sockets.add(socket)
            }
        }
    }
}

fn address(number: u8) -> Ipv4Address {
    Ipv4Address::new(10, 0, 0, number)
}

/// Both directions of the medium as a device of smoltcp.
struct Wire<'a> {
    from: &'a mut Pipe,
    to: &'a mut Pipe,
}

impl Device for Wire<'_> {
    type RxToken<'a>
        = Incoming<'a>
    where
        Self: 'a;
    type TxToken<'a>
        = Outgoing<'a>
    where
        Self: 'a;

    fn receive(&mut self, _now: Instant) -> Option<(Incoming<'_>, Outgoing<'_>)> {
        let frame = self.from.pop()?;
        Some((Incoming { frame, pipe: self.from }, Outgoing { pipe: self.to }))
    }

    fn transmit(&mut self, _now: Instant) -> Option<Outgoing<'_>> {
        Some(Outgoing { pipe: self.to })
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ip;
        capabilities.max_transmission_unit = MTU;
        capabilities
    }
}

/// A frame that arrives.
struct Incoming<'a> {
    frame: Frame,
    pipe: &'a mut Pipe,
}

impl RxToken for Incoming<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
        let result = read(self.frame.octets());
        self.pipe.recycle(self.frame);
        result
    }
}

/// A frame that leaves.
struct Outgoing<'a> {
    pipe: &'a mut Pipe,
}

impl TxToken for Outgoing<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, write: F) -> R {
        let mut result = None;
        self.pipe.push(|frame| {
            result = Some(write(&mut frame[..len]));
            Some(len)
        });
        result.expect("the pipe calls the writer")
    }
}
