//! What a host does at one of its UDP ports, without a program: send back, remember, or have nobody there.

use std::collections::VecDeque;
use std::net::SocketAddr;

use synsent_stack::{BindError, Instant, Stack, UdpId, UdpOptions};

/// How many datagrams a sink remembers; the oldest leave.
pub const SUNK_MAX: usize = 1_024;

/// The largest datagram.
const DATAGRAM_OCTETS: usize = 65_535;

/// What a host does at one of its UDP ports.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UdpBehaviour {
    /// Sends back what comes.
    Echo,
    /// Remembers what comes; see [`Lab::sunk`](crate::Lab::sunk).
    Sink,
}

/// A datagram that a sink remembers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sunk {
    /// When it came.
    pub at: Instant,
    /// Who sent it.
    pub from: SocketAddr,
    /// What it carried.
    pub octets: Vec<u8>,
}

/// A behaviour at work.
#[derive(Debug)]
pub(crate) struct UdpPeer {
    pub(crate) port: u16,
    behaviour: UdpBehaviour,
    socket: UdpId,
    pub(crate) sunk: VecDeque<Sunk>,
}

impl UdpPeer {
    /// Puts a behaviour to work at a port of a host.
    pub(crate) fn start(
        stack: &mut Stack,
        now: Instant,
        port: u16,
        behaviour: UdpBehaviour,
    ) -> Result<UdpPeer, BindError> {
        let socket = stack.udp_bind(now, UdpOptions { port, ..UdpOptions::default() })?;
        Ok(UdpPeer { port, behaviour, socket, sunk: VecDeque::new() })
    }

    /// Does what is to be done now.
    pub(crate) fn serve(&mut self, stack: &mut Stack, now: Instant) {
        if stack.udp_status(self.socket).is_none_or(|status| status.datagrams == 0) {
            return;
        }
        let mut octets = vec![0; DATAGRAM_OCTETS];
        while let Ok(received) = stack.udp_receive(self.socket, &mut octets) {
            let data = &octets[..received.len];
            match self.behaviour {
                // What cannot be sent is lost, as datagrams are.
                UdpBehaviour::Echo => drop(stack.udp_send_to(now, self.socket, Some(received.source), data)),
                UdpBehaviour::Sink => {
                    if self.sunk.len() == SUNK_MAX {
                        self.sunk.pop_front();
                    }
                    self.sunk.push_back(Sunk { at: now, from: received.source, octets: data.to_vec() });
                }
            }
        }
    }
}
