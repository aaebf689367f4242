//! The sockets of a machine, and how they find each other.
//!
//! Sockets are numbers in one table, and a number is never used again: whoever still holds that of a closed one finds nothing.
//! A connect makes the other end at once and puts it into the listener's queue; where that is full the connect waits in line,
//! and the next accept lets it in.

use std::collections::{BTreeMap, VecDeque};
use std::mem;

use super::endpoint::{Endpoint, Phase};
use super::tree::FileId;
use crate::failure::{Failure, Outcome};
use crate::name::{Kind, LocalName, Name};
use crate::provider::{Answer, Progress, Shutdown};
use crate::settings::Settings;

/// How many local sockets a machine has at most.
pub const SOCKETS_MAX: usize = 65_536;
/// The greatest backlog: a longer one counts as this.
pub const BACKLOG_MAX: u32 = 4_096;

pub(super) type SocketNumber = u64;

#[derive(Default)]
pub(super) struct Sockets {
    pub(super) sockets: BTreeMap<SocketNumber, Endpoint>,
    /// Which socket stands behind a socket file.
    behind: BTreeMap<FileId, SocketNumber>,
    last: SocketNumber,
    pub(super) changed: bool,
}

/// Making sockets, and their names.
impl Sockets {
    pub(super) fn open(&mut self, kind: Kind, settings: &Settings) -> Result<SocketNumber, Failure> {
        let mut endpoint = Endpoint::new(kind);
        endpoint.set_buffers(settings.send_buffer, settings.receive_buffer);
        self.insert(endpoint)
    }

    fn insert(&mut self, endpoint: Endpoint) -> Result<SocketNumber, Failure> {
        if self.sockets.len() >= SOCKETS_MAX {
            return Err(Failure::said(Outcome::NoBuffers, format!("the machine has {SOCKETS_MAX} local sockets")));
        }
        self.last += 1;
        self.sockets.insert(self.last, endpoint);
        Ok(self.last)
    }

    /// Whether something has changed since this was last asked.
    pub(super) fn take_changed(&mut self) -> bool {
        mem::take(&mut self.changed)
    }

    pub(super) fn name(&self, socket: SocketNumber) -> Result<Name, Failure> {
        Ok(Name::Local(self.get(socket)?.name.clone()))
    }

    pub(super) fn may_bind(&self, socket: SocketNumber) -> Result<(), Failure> {
        if self.get(socket)?.name == LocalName::default() { Ok(()) } else { Err(Outcome::BadArgument.into()) }
    }

    pub(super) fn bind(&mut self, socket: SocketNumber, name: &LocalName, file: FileId) -> Result<(), Failure> {
        self.get_mut(socket)?.name = name.clone();
        self.behind.insert(file, socket);
        Ok(())
    }

    /// The socket behind a file, if one is there that is of this type.
    pub(super) fn behind(&self, file: FileId, kind: Kind) -> Result<SocketNumber, Outcome> {
        let socket = *self.behind.get(&file).ok_or(Outcome::Refused)?;
        let endpoint = self.sockets.get(&socket).ok_or(Outcome::Refused)?;
        if endpoint.kind == kind { Ok(socket) } else { Err(Outcome::WrongKind) }
    }

    pub(super) fn forget_file(&mut self, file: FileId) {
        self.behind.remove(&file);
    }

    pub(super) fn set_buffers(
        &mut self,
        socket: SocketNumber,
        send: Option<u32>,
        receive: Option<u32>,
    ) -> Result<(), Failure> {
        self.get_mut(socket)?.set_buffers(send, receive);
        self.changed = true;
        Ok(())
    }

    pub(super) fn get(&self, socket: SocketNumber) -> Result<&Endpoint, Failure> {
        self.sockets.get(&socket).ok_or_else(|| Outcome::Cancelled.into())
    }

    pub(super) fn get_mut(&mut self, socket: SocketNumber) -> Result<&mut Endpoint, Failure> {
        self.sockets.get_mut(&socket).ok_or_else(|| Outcome::Cancelled.into())
    }
}

/// Openings.
impl Sockets {
    pub(super) fn kind(&self, socket: SocketNumber) -> Result<Kind, Failure> {
        Ok(self.get(socket)?.kind)
    }

    /// Whether a stream may begin an opening now.
    pub(super) fn may_connect(&self, socket: SocketNumber) -> Result<(), Failure> {
        match self.get(socket)?.phase {
            Phase::Idle | Phase::Failed(_) => Ok(()),
            Phase::Connected if self.get(socket)?.kind == Kind::Datagram => Ok(()),
            Phase::Connected => Err(Outcome::AlreadyConnected.into()),
            Phase::Connecting => Err(Outcome::AlreadyConnecting.into()),
            Phase::Listening { .. } => Err(Outcome::OperationUnsupported.into()),
        }
    }

    /// A stream opens towards a listener, or takes its place in line; a datagram socket takes its peer.
    pub(super) fn connect(&mut self, socket: SocketNumber, target: SocketNumber) -> Answer<()> {
        self.changed = true;
        if self.get(socket)?.kind == Kind::Datagram {
            self.may_send(socket, target)?;
            let peer_name = self.get(target)?.name.clone();
            let endpoint = self.get_mut(socket)?;
            (endpoint.peer, endpoint.peer_name, endpoint.phase) = (Some(target), peer_name, Phase::Connected);
            return Ok(Progress::Done(()));
        }
        let Phase::Listening { backlog, queue, line } = &mut self.get_mut(target)?.phase else {
            return Err(Failure::said(Outcome::Refused, "the socket behind the path does not listen"));
        };
        if queue.len() >= *backlog as usize {
            line.push_back(socket);
            self.get_mut(socket)?.phase = Phase::Connecting;
            return Ok(Progress::Pending);
        }
        self.meet(socket, target)?;
        Ok(Progress::Done(()))
    }

    /// Remembers that an opening failed.
    pub(super) fn fail(&mut self, socket: SocketNumber, failure: &Failure) {
        if let Some(endpoint) = self.sockets.get_mut(&socket)
            && endpoint.kind == Kind::Stream
        {
            endpoint.phase = Phase::Failed(failure.clone());
        }
    }

    pub(super) fn connecting(&self, socket: SocketNumber) -> Answer<()> {
        match &self.get(socket)?.phase {
            Phase::Connected => Ok(Progress::Done(())),
            Phase::Connecting => Ok(Progress::Pending),
            Phase::Failed(failure) => Err(failure.clone()),
            Phase::Idle | Phase::Listening { .. } => Err(Outcome::NotConnected.into()),
        }
    }

    /// Leaves the line.
    pub(super) fn abandon(&mut self, socket: SocketNumber) {
        if let Some(endpoint) = self.sockets.get_mut(&socket)
            && matches!(endpoint.phase, Phase::Connecting | Phase::Failed(_))
        {
            endpoint.phase = Phase::Idle;
            self.leave_lines(socket);
        }
    }

    pub(super) fn disconnect(&mut self, socket: SocketNumber) -> Result<(), Failure> {
        let endpoint = self.get_mut(socket)?;
        if endpoint.kind == Kind::Stream {
            return Err(Outcome::OperationUnsupported.into());
        }
        (endpoint.peer, endpoint.peer_name, endpoint.phase) = (None, LocalName::default(), Phase::Idle);
        self.changed = true;
        Ok(())
    }

    pub(super) fn listen(&mut self, socket: SocketNumber, wanted: u32) -> Result<(), Failure> {
        let endpoint = self.get_mut(socket)?;
        if endpoint.kind == Kind::Datagram {
            return Err(Outcome::OperationUnsupported.into());
        }
        if endpoint.name == LocalName::default() {
            return Err(Failure::said(Outcome::BadArgument, "a socket without a name cannot listen"));
        }
        let wanted = wanted.clamp(1, BACKLOG_MAX);
        match &mut endpoint.phase {
            Phase::Idle | Phase::Failed(_) => {
                endpoint.phase = Phase::Listening { backlog: wanted, queue: VecDeque::new(), line: VecDeque::new() };
            }
            Phase::Listening { backlog, .. } => *backlog = wanted,
            Phase::Connecting | Phase::Connected => return Err(Outcome::BadArgument.into()),
        }
        self.admit(socket);
        self.changed = true;
        Ok(())
    }

    pub(super) fn accept(&mut self, socket: SocketNumber) -> Answer<(SocketNumber, Name)> {
        let Phase::Listening { queue, .. } = &mut self.get_mut(socket)?.phase else {
            return Err(Outcome::BadArgument.into());
        };
        let Some(accepted) = queue.pop_front() else { return Ok(Progress::Pending) };
        self.changed = true;
        self.admit(socket);
        let peer = self.get(accepted)?.peer_name.clone();
        Ok(Progress::Done((accepted, Name::Local(peer))))
    }

    /// Makes the other end of a stream and puts it into the listener's queue.
    fn meet(&mut self, socket: SocketNumber, listener: SocketNumber) -> Result<(), Failure> {
        let (name, receive, send) = {
            let listener = self.get(listener)?;
            (listener.name.clone(), listener.receive_octets, listener.send_octets)
        };
        let mut other = Endpoint::new(Kind::Stream);
        other.set_buffers(Some(send), Some(receive));
        (other.name, other.peer, other.phase) = (name.clone(), Some(socket), Phase::Connected);
        other.peer_name = self.get(socket)?.name.clone();
        let other = self.insert(other)?;
        let endpoint = self.get_mut(socket)?;
        (endpoint.peer, endpoint.peer_name, endpoint.phase) = (Some(other), name, Phase::Connected);
        if let Phase::Listening { queue, .. } = &mut self.get_mut(listener)?.phase {
            queue.push_back(other);
        }
        Ok(())
    }

    /// Lets those in line in, as far as there is room.
    fn admit(&mut self, listener: SocketNumber) {
        while let Ok(Endpoint { phase: Phase::Listening { backlog, queue, line }, .. }) = self.get_mut(listener)
            && queue.len() < *backlog as usize
            && let Some(socket) = line.pop_front()
        {
            if let Err(failure) = self.meet(socket, listener) {
                self.fail(socket, &failure);
            }
        }
    }

    pub(super) fn leave_lines(&mut self, socket: SocketNumber) {
        for endpoint in self.sockets.values_mut() {
            if let Phase::Listening { line, .. } = &mut endpoint.phase {
                line.retain(|waiting| *waiting != socket);
            }
        }
    }

    /// A datagram socket with a peer hears from nobody else.
    pub(super) fn may_send(&self, socket: SocketNumber, target: SocketNumber) -> Result<(), Failure> {
        match self.get(target)?.peer {
            Some(peer) if peer != socket => {
                Err(Failure::said(Outcome::PermissionDenied, "the socket there has another peer"))
            }
            _ => Ok(()),
        }
    }
}

/// Endings.
impl Sockets {
    pub(super) fn shutdown(&mut self, socket: SocketNumber, how: Shutdown) -> Result<(), Failure> {
        let endpoint = self.get_mut(socket)?;
        let (Phase::Connected, Some(peer)) = (&endpoint.phase, endpoint.peer) else {
            return Err(Outcome::NotConnected.into());
        };
        endpoint.receiving_over |= how != Shutdown::Send;
        endpoint.sending_over |= how != Shutdown::Receive;
        let (stream, ends) = (endpoint.kind == Kind::Stream, how != Shutdown::Receive);
        if let Some(peer) = self.sockets.get_mut(&peer) {
            peer.peer_ended |= stream && ends;
        }
        self.changed = true;
        Ok(())
    }

    pub(super) fn close(&mut self, socket: SocketNumber) {
        let Some(endpoint) = self.sockets.remove(&socket) else { return };
        self.changed = true;
        match endpoint.phase {
            Phase::Connecting => self.leave_lines(socket),
            Phase::Listening { queue, line, .. } => {
                queue.into_iter().for_each(|unaccepted| self.reset(unaccepted));
                let failure = Failure::said(Outcome::Refused, "the listener was closed");
                line.into_iter().for_each(|waiting| self.fail(waiting, &failure));
            }
            Phase::Connected if endpoint.kind == Kind::Stream => {
                let unread = !endpoint.stream.is_empty();
                if let Some(peer) = endpoint.peer.and_then(|peer| self.sockets.get_mut(&peer)) {
                    peer.peer_ended = true;
                    // What the peer sent and nobody read is lost, and it is told.
                    peer.error = unread.then(|| Outcome::Reset.into()).or(peer.error.take());
                }
            }
            Phase::Idle | Phase::Failed(_) | Phase::Connected => {}
        }
    }

    /// Ends a connection that nobody accepted.
    fn reset(&mut self, unaccepted: SocketNumber) {
        let peer = self.sockets.remove(&unaccepted).and_then(|endpoint| endpoint.peer);
        if let Some(peer) = peer.and_then(|peer| self.sockets.get_mut(&peer)) {
            peer.peer_ended = true;
            peer.error = Some(Failure::said(Outcome::Reset, "the listener was closed before it accepted"));
        }
    }
}
