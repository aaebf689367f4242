//! Our stack through the sockets layer, as a measure drives it: every connection is a socket that does not block, on a network
//! that does nothing but lend the stack.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use synsent_sockets::stack::{StackAccess, StackProvider};
use synsent_sockets::{
    Cancel, Domain, Failure, Kind, Name, Network, Numbers, Outcome, Progress, Provider, ReceiveHow, SendHow, Settings,
    Socket, Stage, Ticket, Watched, Woken,
};
use synsent_stack::{Instant, LinkId, Stack};

use crate::engine::{Clock, Engine, LISTENERS};
use crate::ours;
use crate::pipe::{MTU, Pipe};

/// Our stack, reached by sockets.
pub(crate) struct Sockets {
    network: Arc<MemoryNetwork>,
    lent: Arc<Lent>,
    link: LinkId,
    clock: Clock,
    listeners: Vec<(u16, Socket)>,
    sockets: Vec<Option<Socket>>,
    free: Vec<usize>,
}

/// A stack and the time that it was told last.
struct Lent {
    stack: Mutex<Stack>,
    now: AtomicU64,
}

/// A network of one stack on which nobody ever waits.
struct MemoryNetwork {
    lent: Arc<Lent>,
    provider: StackProvider,
}

impl Lent {
    fn stack(&self) -> MutexGuard<'_, Stack> {
        self.stack.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Instant {
        Instant::from_nanos(self.now.load(Ordering::Relaxed))
    }
}

impl StackAccess for Lent {
    fn with(&self, call: &mut dyn FnMut(&mut Stack, Instant)) {
        call(&mut self.stack(), self.now());
    }
}

impl Network for MemoryNetwork {
    fn provider(&self, _domain: Domain) -> Option<&dyn Provider> {
        Some(&self.provider)
    }

    fn now(&self) -> Instant {
        self.lent.now()
    }

    fn ticket(&self) -> Ticket {
        Ticket(0)
    }

    fn wait(&self, _: Ticket, _: &[Watched<'_>], _: Option<Instant>, _: &Cancel) -> Woken {
        Woken::Over(Outcome::OperationUnsupported.into())
    }

    fn wake_all(&self) {}

    fn numbers(&self) -> &dyn Numbers {
        self
    }
}

/// The handles here are no descriptors.
impl Numbers for MemoryNetwork {
    fn take(&self) -> Result<i32, Failure> {
        Err(Outcome::NoDescriptors.into())
    }

    fn give_back(&self, _number: i32) {}

    fn is_file(&self, _number: i32) -> bool {
        false
    }
}

impl Engine for Sockets {
    type Socket = usize;

    const NAME: &'static str = "sockets";

    fn new(number: u8, clock: Clock) -> Sockets {
        let (stack, link) = ours::stack(number);
        let lent = Arc::new(Lent { stack: Mutex::new(stack), now: AtomicU64::new(0) });
        let provider = StackProvider::new(Arc::clone(&lent) as Arc<dyn StackAccess>);
        let network = Arc::new(MemoryNetwork { lent: Arc::clone(&lent), provider });
        Sockets { network, lent, link, clock, listeners: Vec::new(), sockets: Vec::new(), free: Vec::new() }
    }

    fn listen(&mut self, port: u16) {
        let socket = self.socket();
        let any = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port);
        socket.bind(&Name::Inet(any)).expect("the port is free");
        socket.listen(LISTENERS as u32).expect("the socket is bound");
        self.listeners.push((port, socket));
    }

    fn connect(&mut self, number: u8, port: u16) -> usize {
        let socket = self.socket();
        let begun = socket.connect(&Name::Inet(SocketAddr::new(ours::address(number), port)));
        assert_eq!(begun, Ok(Progress::Pending), "there is a way and a port");
        self.keep(socket)
    }

    fn accept(&mut self, port: u16) -> Option<usize> {
        let (_, listener) = self.listeners.iter().find(|(number, _)| *number == port)?;
        match listener.accept() {
            Ok(Progress::Done((socket, _peer))) => Some(self.keep(socket)),
            Ok(Progress::Pending) | Err(_) => None,
        }
    }

    fn is_open(&mut self, socket: usize) -> bool {
        self.at(socket).standing().stage == Stage::Connected
    }

    fn listen_again(&mut self, _port: u16) {}

    fn take_in(&mut self, from: &mut Pipe, _to: &mut Pipe) {
        let now = Instant::from_nanos(self.clock.nanos());
        self.lent.now.store(now.nanos(), Ordering::Relaxed);
        let mut stack = self.lent.stack();
        while let Some(frame) = from.pop() {
            stack.on_frame(now, self.link, frame.octets());
            from.recycle(frame);
        }
        if stack.next_deadline().is_some_and(|deadline| deadline <= now) {
            stack.on_deadline(now);
        }
        while stack.poll_event().is_some() {}
    }

    fn put_out(&mut self, to: &mut Pipe) {
        let (mut stack, now, link) = (self.lent.stack(), self.lent.now(), self.link);
        let mut poll = |frame: &mut [u8; MTU]| stack.poll_transmit(now, link, frame).map(|transmit| transmit.len);
        while to.push(&mut poll) {}
    }

    fn send(&mut self, socket: usize, data: &[u8]) -> usize {
        match self.at(socket).send(data, SendHow::default()) {
            Ok(Progress::Done(octets)) => octets,
            Ok(Progress::Pending) | Err(_) => 0,
        }
    }

    fn receive(&mut self, socket: usize, into: &mut [u8]) -> usize {
        match self.at(socket).receive(into, ReceiveHow::default()) {
            Ok(Progress::Done(received)) => received.octets,
            Ok(Progress::Pending) | Err(_) => 0,
        }
    }

    fn is_at_end(&mut self, socket: usize) -> bool {
        let received = self.at(socket).receive(&mut [0], ReceiveHow::default());
        received.is_ok_and(|progress| matches!(progress, Progress::Done(received) if received.octets == 0))
    }

    fn close(&mut self, socket: usize) {
        let closed = self.sockets[socket].take().expect("the socket is open");
        assert_eq!(closed.close(), Ok(Progress::Done(())));
        self.free.push(socket);
    }
}

impl Sockets {
    fn socket(&self) -> Socket {
        let network = Arc::clone(&self.network) as Arc<dyn Network>;
        let socket = Socket::new(network, Domain::Inet4, Kind::Stream, Settings::default());
        let socket = socket.expect("the network has IPv4");
        socket.set_nonblocking(true);
        socket
    }

    fn keep(&mut self, socket: Socket) -> usize {
        let place = self.free.pop().unwrap_or_else(|| {
            self.sockets.push(None);
            self.sockets.len() - 1
        });
        self.sockets[place] = Some(socket);
        place
    }

    fn at(&self, place: usize) -> &Socket {
        self.sockets[place].as_ref().expect("the socket is open")
    }
}
