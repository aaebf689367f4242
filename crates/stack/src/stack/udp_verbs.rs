//! The UDP verbs of the stack.

use core::net::SocketAddr;

use super::Stack;
use crate::event::UdpId;
use crate::tcp::calls::open::NoSuchSocket;
use crate::time::Instant;
use crate::udp::{BindError, UdpFailure, UdpOptions, UdpReceiveError, UdpReceived, UdpSendError, UdpStatus};

impl Stack {
    /// Makes a UDP socket.
    pub fn udp_bind(&mut self, now: Instant, options: UdpOptions) -> Result<UdpId, BindError> {
        self.advance(now);
        self.udp.bind(options, &self.ip)
    }

    /// Gives a socket a default peer, from which alone it hears; `None` takes it away. What waits in its queue stays.
    pub fn udp_connect(&mut self, now: Instant, socket: UdpId, peer: Option<SocketAddr>) -> Result<(), UdpSendError> {
        let now = self.advance(now);
        self.udp.connect(now, socket, peer, &mut self.ip)
    }

    /// Sends a datagram; `None`: to the default peer.
    pub fn udp_send_to(
        &mut self,
        now: Instant,
        socket: UdpId,
        destination: Option<SocketAddr>,
        data: &[u8],
    ) -> Result<(), UdpSendError> {
        let now = self.advance(now);
        self.udp.send(now, socket, destination, data, &mut self.ip, &mut self.context)
    }

    /// Moves the next datagram into `into`.
    pub fn udp_receive(&mut self, socket: UdpId, into: &mut [u8]) -> Result<UdpReceived, UdpReceiveError> {
        self.udp.receive(socket, into)
    }

    /// Copies the next datagram into `into` and leaves it to be received.
    pub fn udp_peek(&self, socket: UdpId, into: &mut [u8]) -> Result<UdpReceived, UdpReceiveError> {
        self.udp.peek(socket, into)
    }

    /// Throws away what waits to be received.
    pub fn udp_discard(&mut self, socket: UdpId) -> Result<(), NoSuchSocket> {
        self.udp.discard(socket)
    }

    /// Throws away what waits to be received and is not from the socket's peer: what came before it had one. Answers with how many
    /// datagrams went.
    pub fn udp_discard_foreign(&mut self, socket: UdpId) -> Result<usize, NoSuchSocket> {
        self.udp.discard_foreign(socket)
    }

    /// The oldest ICMP error about a datagram of a connected socket.
    pub fn udp_take_failure(&mut self, socket: UdpId) -> Option<UdpFailure> {
        self.udp.take_failure(socket)
    }

    /// The names and queues of a socket.
    pub fn udp_status(&self, socket: UdpId) -> Option<UdpStatus> {
        self.udp.status(socket)
    }

    /// The settings of a socket.
    pub fn udp_options(&self, socket: UdpId) -> Option<UdpOptions> {
        self.udp.options(socket)
    }

    /// Changes the settings of a socket; its names stay.
    pub fn udp_set_options(&mut self, socket: UdpId, options: UdpOptions) -> Result<(), NoSuchSocket> {
        self.udp.set_options(socket, options)
    }

    /// Ends a socket.
    pub fn udp_close(&mut self, socket: UdpId) {
        self.udp.close(socket);
    }
}
