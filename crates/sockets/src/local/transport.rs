//! A local socket as a transport: the verbs find their way through the files, and leave the rest to the machine.

use core::any::Any;
use std::sync::{Arc, Mutex, PoisonError};

use synsent_stack::Duration;

use super::Process;
use super::files::{FileTree, Machine};
use super::sockets::SocketNumber;
use super::tree::{FileKind, Making, Walker};
use crate::failure::{Failure, Outcome};
use crate::name::{Kind, LocalName, Name};
use crate::provider::{Accepted, Answer, Progress, ReceiveHow, Received, SendHow, Shutdown, Transport};
use crate::ready::Ready;
use crate::settings::Setting;

/// The permission bits of a new socket file: others may not connect, as under the usual mask.
const SOCKET_MODE: u16 = 0o755;

pub(super) struct LocalSocket {
    files: FileTree,
    process: Arc<Mutex<Process>>,
    socket: SocketNumber,
}

impl LocalSocket {
    pub(super) fn new(files: FileTree, process: Arc<Mutex<Process>>, socket: SocketNumber) -> LocalSocket {
        LocalSocket { files, process, socket }
    }

    fn walker(&self) -> Walker {
        self.process.lock().unwrap_or_else(PoisonError::into_inner).walker
    }

    fn work<R>(&self, work: impl FnOnce(&mut Machine, SocketNumber) -> R) -> R {
        self.files.work(|machine| work(machine, self.socket))
    }
}

impl Drop for LocalSocket {
    fn drop(&mut self) {
        self.work(|machine, socket| machine.sockets.close(socket));
    }
}

/// The socket that a path leads to.
fn target(machine: &Machine, walker: Walker, name: &Name, kind: Kind) -> Result<SocketNumber, Failure> {
    let local = local(name)?;
    let file = machine.tree.find(walker, local.path())?;
    let said = |outcome: Outcome| Failure::said(outcome, format!("{local}: {outcome}"));
    if !machine.tree.may_write(walker.who, file) {
        return Err(said(Outcome::PermissionDenied));
    }
    if machine.tree.kind(file) != Some(FileKind::Socket) {
        return Err(said(Outcome::NotListening));
    }
    machine.sockets.behind(file, kind).map_err(said)
}

fn local(name: &Name) -> Result<&LocalName, Failure> {
    match name {
        Name::Local(local) => Ok(local),
        Name::Inet(_) => Err(Outcome::DomainUnsupported.into()),
    }
}

impl Transport for LocalSocket {
    fn bind(&self, name: &Name) -> Result<(), Failure> {
        let walker = self.walker();
        self.work(|machine, socket| {
            machine.sockets.may_bind(socket)?;
            let name = local(name)?;
            let file = machine.tree.make(walker, name.path(), Making::Socket, SOCKET_MODE)?;
            machine.sockets.bind(socket, name, file)
        })
    }

    fn connect(&self, peer: &Name) -> Answer<()> {
        let walker = self.walker();
        self.work(|machine, socket| {
            machine.sockets.may_connect(socket)?;
            let kind = machine.sockets.kind(socket)?;
            let begun = target(machine, walker, peer, kind).and_then(|target| machine.sockets.connect(socket, target));
            if let Err(failure) = &begun {
                machine.sockets.fail(socket, failure);
            }
            begun
        })
    }

    /// Nobody else touches the machine between the two.
    fn change_peer(&self, peer: &Name) -> Answer<()> {
        let walker = self.walker();
        self.work(|machine, socket| {
            machine.sockets.may_connect(socket)?;
            let target = target(machine, walker, peer, Kind::Datagram)?;
            let taken = machine.sockets.connect(socket, target)?;
            machine.sockets.discard_queued(socket);
            Ok(taken)
        })
    }

    fn connecting(&self) -> Answer<()> {
        self.work(|machine, socket| machine.sockets.connecting(socket))
    }

    fn abandon(&self) {
        self.work(|machine, socket| machine.sockets.abandon(socket));
    }

    fn disconnect(&self) -> Result<(), Failure> {
        self.work(|machine, socket| machine.sockets.disconnect(socket))
    }

    fn listen(&self, backlog: u32) -> Result<(), Failure> {
        self.work(|machine, socket| machine.sockets.listen(socket, backlog))
    }

    fn accept(&self) -> Answer<Accepted> {
        let accepted = self.work(|machine, socket| machine.sockets.accept(socket))?;
        Ok(match accepted {
            Progress::Pending => Progress::Pending,
            Progress::Done((socket, peer)) => {
                let transport = LocalSocket::new(self.files.clone(), self.process.clone(), socket);
                Progress::Done(Accepted { transport: Arc::new(transport), peer })
            }
        })
    }

    fn send(&self, octets: &[u8], how: SendHow) -> Answer<usize> {
        if how.urgent {
            return Err(Outcome::OperationUnsupported.into());
        }
        self.work(|machine, socket| machine.sockets.send(socket, octets))
    }

    fn send_to(&self, octets: &[u8], to: &Name, how: SendHow) -> Answer<usize> {
        if how.urgent {
            return Err(Outcome::OperationUnsupported.into());
        }
        let walker = self.walker();
        self.work(|machine, socket| {
            if machine.sockets.kind(socket)? == Kind::Stream {
                return Err(Outcome::OperationUnsupported.into());
            }
            let target = target(machine, walker, to, Kind::Datagram)?;
            machine.sockets.send_datagram(socket, target, octets)
        })
    }

    fn receive(&self, into: &mut [u8], how: ReceiveHow) -> Answer<Received> {
        if how.urgent {
            return Err(Outcome::NoUrgentData.into());
        }
        self.work(|machine, socket| machine.sockets.receive(socket, into, how))
    }

    fn discard_queued(&self) {
        self.work(|machine, socket| machine.sockets.discard_queued(socket));
    }

    fn discard_foreign(&self) {
        self.work(|machine, socket| machine.sockets.discard_foreign(socket));
    }

    fn shutdown(&self, how: Shutdown) -> Result<(), Failure> {
        self.work(|machine, socket| machine.sockets.shutdown(socket, how))
    }

    fn close(&self, _linger: Option<Duration>) -> Answer<()> {
        self.work(|machine, socket| machine.sockets.close(socket));
        Ok(Progress::Done(()))
    }

    fn local_name(&self) -> Result<Name, Failure> {
        self.work(|machine, socket| machine.sockets.name(socket))
    }

    fn set(&self, setting: Setting) -> Result<(), Failure> {
        let (send, receive) = match setting {
            Setting::SendBuffer(octets) => (Some(octets), None),
            Setting::ReceiveBuffer(octets) => (None, Some(octets)),
            // The other settings are about packets, and there are none.
            _ => return Ok(()),
        };
        self.work(|machine, socket| machine.sockets.set_buffers(socket, send, receive))
    }

    fn ready(&self) -> Ready {
        self.work(|machine, socket| machine.sockets.ready(socket))
    }

    fn take_error(&self) -> Option<Failure> {
        self.work(|machine, socket| machine.sockets.take_error(socket))
    }

    fn receivable_octets(&self) -> usize {
        self.work(|machine, socket| machine.sockets.receivable_octets(socket))
    }

    fn is_at_mark(&self) -> bool {
        false
    }

    fn buffers(&self) -> (u32, u32) {
        self.work(|machine, socket| machine.sockets.buffers(socket))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
