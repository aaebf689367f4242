//! One end of a local stream, or a datagram socket: where it stands, what waits in it, and what it is ready for.

use std::collections::VecDeque;

use super::sockets::SocketNumber;
use crate::failure::Failure;
use crate::name::{Kind, LocalName, Name};
use crate::provider::{Answer, Progress, Received};

/// How many datagrams wait at a socket before senders wait.
pub const QUEUED_DATAGRAMS_MAX: usize = 64;
/// The greatest buffer of a direction: a larger one counts as this. Unit: octets.
pub const BUFFER_OCTETS_MAX: u32 = 4 << 20;

/// The buffer of a direction unless it is set; unit: octets.
const BUFFER_OCTETS: u32 = 208 << 10;

pub(super) struct Endpoint {
    pub(super) kind: Kind,
    pub(super) name: LocalName,
    pub(super) phase: Phase,
    /// The other end of a stream, or the peer of a datagram socket; it may be gone.
    pub(super) peer: Option<SocketNumber>,
    pub(super) peer_name: LocalName,
    pub(super) stream: VecDeque<u8>,
    pub(super) datagrams: VecDeque<Datagram>,
    /// The peer sends no more.
    pub(super) peer_ended: bool,
    pub(super) receiving_over: bool,
    pub(super) sending_over: bool,
    pub(super) error: Option<Failure>,
    pub(super) send_octets: u32,
    pub(super) receive_octets: u32,
}

pub(super) enum Phase {
    Idle,
    /// In line for a listener whose queue is full.
    Connecting,
    /// The last opening failed.
    Failed(Failure),
    Connected,
    Listening {
        backlog: u32,
        queue: VecDeque<SocketNumber>,
        line: VecDeque<SocketNumber>,
    },
}

pub(super) struct Datagram {
    pub(super) sender: SocketNumber,
    pub(super) source: LocalName,
    pub(super) octets: Vec<u8>,
}

impl Endpoint {
    pub(super) fn new(kind: Kind) -> Endpoint {
        Endpoint {
            kind,
            name: LocalName::default(),
            phase: Phase::Idle,
            peer: None,
            peer_name: LocalName::default(),
            stream: VecDeque::new(),
            datagrams: VecDeque::new(),
            peer_ended: false,
            receiving_over: false,
            sending_over: false,
            error: None,
            send_octets: BUFFER_OCTETS,
            receive_octets: BUFFER_OCTETS,
        }
    }

    pub(super) fn set_buffers(&mut self, send: Option<u32>, receive: Option<u32>) {
        self.send_octets = send.map_or(self.send_octets, |octets| octets.clamp(1, BUFFER_OCTETS_MAX));
        self.receive_octets = receive.map_or(self.receive_octets, |octets| octets.clamp(1, BUFFER_OCTETS_MAX));
    }

    pub(super) fn receive_datagram(&mut self, into: &mut [u8], peek: bool) -> Answer<Received> {
        let Some(first) = self.datagrams.front() else {
            return match self.error.take() {
                Some(failure) => Err(failure),
                None if self.receiving_over => Ok(received(0, 0, None)),
                None => Ok(Progress::Pending),
            };
        };
        let octets = into.len().min(first.octets.len());
        into[..octets].copy_from_slice(&first.octets[..octets]);
        let source = (first.source != LocalName::default()).then(|| Name::Local(first.source.clone()));
        let answer = received(octets, first.octets.len(), source);
        if !peek {
            self.datagrams.pop_front();
        }
        Ok(answer)
    }
}

pub(super) fn received(octets: usize, whole: usize, source: Option<Name>) -> Progress<Received> {
    Progress::Done(Received { octets, whole, source })
}
