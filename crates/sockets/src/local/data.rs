//! What goes through local sockets: octets, datagrams, errors, and what each socket is ready for.

use super::endpoint::{Datagram, Phase, QUEUED_DATAGRAMS_MAX, received};
use super::sockets::{SocketNumber, Sockets};
use crate::failure::{Failure, Outcome};
use crate::name::Kind;
use crate::provider::{Answer, Progress, ReceiveHow, Received};
use crate::ready::Ready;

impl Sockets {
    pub(super) fn send(&mut self, socket: SocketNumber, octets: &[u8]) -> Answer<usize> {
        let endpoint = self.get(socket)?;
        let (Phase::Connected, Some(peer)) = (&endpoint.phase, endpoint.peer) else {
            return Err(Outcome::NotConnected.into());
        };
        if endpoint.sending_over {
            return Err(Outcome::SendingOver.into());
        }
        if endpoint.kind == Kind::Datagram {
            return self.send_datagram(socket, peer, octets);
        }
        let gone = || Failure::said(Outcome::Reset, "the other end is closed, or receives no more");
        let receiver = self.sockets.get_mut(&peer).filter(|receiver| !receiver.receiving_over).ok_or_else(gone)?;
        let room = (receiver.receive_octets as usize).saturating_sub(receiver.stream.len());
        let taken = room.min(octets.len());
        if taken == 0 && !octets.is_empty() {
            return Ok(Progress::Pending);
        }
        receiver.stream.extend(&octets[..taken]);
        self.changed = true;
        Ok(Progress::Done(taken))
    }

    pub(super) fn send_datagram(&mut self, socket: SocketNumber, target: SocketNumber, octets: &[u8]) -> Answer<usize> {
        let sender = self.get(socket)?;
        if sender.sending_over {
            return Err(Outcome::SendingOver.into());
        }
        if octets.len() > sender.send_octets as usize {
            return Err(Outcome::MessageTooLong.into());
        }
        let source = sender.name.clone();
        if !self.sockets.contains_key(&target) {
            return Err(Failure::said(Outcome::Refused, "the peer is closed"));
        }
        self.may_send(socket, target)?;
        let receiver = self.get_mut(target)?;
        if receiver.receiving_over {
            return Err(Failure::said(Outcome::Reset, "the peer receives no more"));
        }
        if receiver.datagrams.len() >= QUEUED_DATAGRAMS_MAX {
            return Ok(Progress::Pending);
        }
        receiver.datagrams.push_back(Datagram { sender: socket, source, octets: octets.to_vec() });
        self.changed = true;
        Ok(Progress::Done(octets.len()))
    }

    pub(super) fn receive(&mut self, socket: SocketNumber, into: &mut [u8], how: ReceiveHow) -> Answer<Received> {
        let endpoint = self.get_mut(socket)?;
        if endpoint.kind == Kind::Datagram {
            let received = endpoint.receive_datagram(into, how.peek);
            self.changed |= !how.peek && matches!(received, Ok(Progress::Done(_)));
            return received;
        }
        if !matches!(endpoint.phase, Phase::Connected) {
            return Err(Outcome::NotConnected.into());
        }
        if endpoint.stream.is_empty() {
            return match endpoint.error.take() {
                Some(failure) => Err(failure),
                None if endpoint.peer_ended || endpoint.receiving_over || into.is_empty() => Ok(received(0, 0, None)),
                None => Ok(Progress::Pending),
            };
        }
        let octets = into.len().min(endpoint.stream.len());
        into.iter_mut().zip(&endpoint.stream).for_each(|(to, octet)| *to = *octet);
        if !how.peek {
            endpoint.stream.drain(..octets);
            self.changed = true;
        }
        Ok(received(octets, octets, None))
    }

    pub(super) fn discard_queued(&mut self, socket: SocketNumber) {
        if let Some(endpoint) = self.sockets.get_mut(&socket) {
            endpoint.datagrams.clear();
            self.changed = true;
        }
    }

    pub(super) fn discard_foreign(&mut self, socket: SocketNumber) {
        if let Some(endpoint) = self.sockets.get_mut(&socket)
            && let Some(peer) = endpoint.peer
        {
            endpoint.datagrams.retain(|datagram| datagram.sender == peer);
            self.changed = true;
        }
    }

    pub(super) fn take_error(&mut self, socket: SocketNumber) -> Option<Failure> {
        self.sockets.get_mut(&socket)?.error.take()
    }

    pub(super) fn receivable_octets(&self, socket: SocketNumber) -> usize {
        let Some(endpoint) = self.sockets.get(&socket) else { return 0 };
        match endpoint.kind {
            Kind::Stream => endpoint.stream.len(),
            Kind::Datagram => endpoint.datagrams.front().map_or(0, |first| first.octets.len()),
        }
    }

    pub(super) fn buffers(&self, socket: SocketNumber) -> (u32, u32) {
        self.sockets.get(&socket).map_or((0, 0), |endpoint| (endpoint.send_octets, endpoint.receive_octets))
    }

    pub(super) fn ready(&self, socket: SocketNumber) -> Ready {
        let Some(endpoint) = self.sockets.get(&socket) else { return Ready::NONE };
        let failed = Ready::FAILED.when(endpoint.error.is_some());
        match (&endpoint.phase, endpoint.kind) {
            (Phase::Listening { queue, .. }, _) => Ready::READABLE.when(!queue.is_empty()),
            (_, Kind::Datagram) => {
                let peer = endpoint.peer.and_then(|peer| self.sockets.get(&peer));
                let full = peer.is_some_and(|peer| peer.datagrams.len() >= QUEUED_DATAGRAMS_MAX);
                let readable = !endpoint.datagrams.is_empty() || endpoint.receiving_over;
                Ready::READABLE.when(readable) | Ready::WRITABLE.when(!full) | failed
            }
            (Phase::Connected, Kind::Stream) => {
                let peer = endpoint.peer.and_then(|peer| self.sockets.get(&peer));
                let full =
                    peer.is_some_and(|peer| !peer.receiving_over && peer.stream.len() >= peer.receive_octets as usize);
                let ended = endpoint.peer_ended || endpoint.receiving_over;
                let readable = !endpoint.stream.is_empty() || ended || endpoint.error.is_some();
                let writable = !full || endpoint.sending_over;
                let closed = Ready::PEER_CLOSED.when(endpoint.peer_ended);
                Ready::READABLE.when(readable) | Ready::WRITABLE.when(writable) | closed | failed
            }
            (Phase::Failed(_), Kind::Stream) => Ready::FAILED,
            (Phase::Idle | Phase::Connecting, Kind::Stream) => Ready::NONE,
        }
    }
}
