//! What a measure asks of a stack, the same of ours and of the peer, so that both do the same work in the same order.

use std::time::Instant;

use crate::pipe::Pipe;

/// Send and receive buffer of every connection.
pub(crate) const BUFFER_OCTETS: usize = 64 << 10;

/// Connection requests that one listening port may hold: listening sockets with the peer, a backlog with ours.
pub(crate) const LISTENERS: usize = 8;

/// One end: a host with one address on an IP medium.
pub(crate) trait Engine {
    /// A connection.
    type Socket: Copy;

    /// The name in the table.
    const NAME: &'static str;

    /// The host 10.0.0.`number`.
    fn new(number: u8, clock: Clock) -> Self;

    /// Listens on a port.
    fn listen(&mut self, port: u16);

    /// Begins a connection to a port of host 10.0.0.`number`.
    fn connect(&mut self, number: u8, port: u16) -> Self::Socket;

    /// The next connection that came in at `port`.
    fn accept(&mut self, port: u16) -> Option<Self::Socket>;

    /// Whether a connection that `connect` began is established; asked once it is, it may answer no the next time.
    fn is_open(&mut self, socket: Self::Socket) -> bool;

    /// Sees to it that `LISTENERS` requests can come in at `port` again.
    fn listen_again(&mut self, port: u16);

    /// Reads the clock and takes in all frames that wait; what must be answered on the spot may leave at once.
    fn take_in(&mut self, from: &mut Pipe, to: &mut Pipe);

    /// Puts out all frames that want to leave.
    fn put_out(&mut self, to: &mut Pipe);

    /// Sends what fits.
    fn send(&mut self, socket: Self::Socket, data: &[u8]) -> usize;

    /// Receives what is there.
    fn receive(&mut self, socket: Self::Socket, into: &mut [u8]) -> usize;

    /// Whether the peer has closed.
    fn is_at_end(&mut self, socket: Self::Socket) -> bool;

    /// Closes.
    fn close(&mut self, socket: Self::Socket);
}

/// The clock that both stacks are told the time by.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    origin: Instant,
}

impl Clock {
    /// Starts at zero.
    pub(crate) fn start() -> Clock {
        Clock { origin: Instant::now() }
    }

    /// Nanoseconds since the start.
    pub(crate) fn nanos(self) -> u64 {
        self.origin.elapsed().as_nanos() as u64
    }
}

/// Both ends of a connection, the client's first.
pub(crate) type Ends<E> = (<E as Engine>::Socket, <E as Engine>::Socket);

/// Two hosts and the medium between them.
pub(crate) struct Pair<E: Engine> {
    pub(crate) client: E,
    pub(crate) server: E,
    pub(crate) to_server: Pipe,
    pub(crate) to_client: Pipe,
    opening: Vec<E::Socket>,
}

/// The host numbers.
pub(crate) const CLIENT: u8 = 1;
pub(crate) const SERVER: u8 = 2;

impl<E: Engine> Pair<E> {
    pub(crate) fn new() -> Pair<E> {
        let clock = Clock::start();
        Pair {
            client: E::new(CLIENT, clock),
            server: E::new(SERVER, clock),
            to_server: Pipe::default(),
            to_client: Pipe::default(),
            opening: Vec::new(),
        }
    }

    pub(crate) fn client_in(&mut self) {
        self.client.take_in(&mut self.to_client, &mut self.to_server);
    }

    pub(crate) fn client_out(&mut self) {
        self.client.put_out(&mut self.to_server);
    }

    pub(crate) fn server_in(&mut self) {
        self.server.take_in(&mut self.to_server, &mut self.to_client);
    }

    pub(crate) fn server_out(&mut self) {
        self.server.put_out(&mut self.to_client);
    }

    /// Opens as many connections at once as `ends` has room for, to a port that the server listens on.
    pub(crate) fn open(&mut self, port: u16, ends: &mut Vec<Ends<E>>, count: usize) {
        let first = ends.len();
        self.opening.clear();
        for _ in 0..count {
            self.opening.push(self.client.connect(SERVER, port));
        }
        self.client_out();
        self.server_in();
        self.server_out();
        self.client_in();
        for client in &self.opening {
            assert!(self.client.is_open(*client), "{}: the SYN is answered", E::NAME);
        }
        self.client_out();
        self.server_in();
        for client in &self.opening {
            // Handshakes of one batch may complete in any order; which end belongs to which does not matter here.
            let server = self.server.accept(port).expect("the handshake is complete");
            ends.push((*client, server));
        }
        self.server_out();
        debug_assert_eq!(ends.len(), first + count);
    }

    /// Closes both ends of connections, the client first.
    pub(crate) fn close(&mut self, ends: &mut Vec<Ends<E>>) {
        for (client, _) in ends.iter() {
            self.client.close(*client);
        }
        self.client_out();
        self.server_in();
        for (_, server) in ends.drain(..) {
            assert!(self.server.is_at_end(server), "{}: the FIN has arrived", E::NAME);
            self.server.close(server);
        }
        self.server_out();
        self.client_in();
        self.client_out();
        self.server_in();
        self.server_out();
    }
}
