//! What a datagram socket of the kernel has queued when it takes a peer.
//!
//! The kernel filters what arrives and leaves what is there, and only the oldest datagram can be taken from its queue. So a
//! queue that has to go is emptied before the peer is taken, and nothing of the new peer is lost; a socket of its own tries
//! first whether the peer can be taken, because who fails keeps the queue. Foreign datagrams behind one of the peer's go when
//! that one is read: until the queue was empty once, each receive looks what comes next.

use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::sync::atomic::Ordering;

use rustix::io::Errno;
use rustix::net::{RecvFlags, SocketAddrAny, SocketFlags, SocketType};
use synsent_sockets::{Answer, Domain, Kind, Name, Transport as _};

use super::may_be_peer;
use super::{KernelSocket, name_of, opening};

/// The least room that the kernel's bookkeeping of one datagram takes; unit: octets.
const DATAGRAM_ROOM: u32 = 256;

/// How many errors in a row are passed over to see a queue.
const ERRORS_AT_ONCE: usize = 8;

/// What is oldest in a queue.
enum Oldest {
    Nothing,
    OfPeer,
    Foreign,
}

impl KernelSocket {
    /// Takes a peer, and what was queued before goes.
    pub(super) fn take_peer_anew(&self, peer: &Name) -> Answer<()> {
        may_be_peer(peer)?;
        let is_empty = matches!(self.take_one(RecvFlags::PEEK), Some(Err(Errno::AGAIN)));
        let goes_first = is_empty || self.could_take(peer);
        if goes_first {
            self.drain();
        }
        let taken = self.take_peer(peer)?;
        if !goes_first {
            // It was not to be expected that it succeeds.
            self.drain();
        }
        self.drop_foreign();
        Ok(taken)
    }

    /// Throws away as many datagrams as can have been there when it was called; those that keep arriving are not waited out.
    pub(super) fn drain(&self) {
        self.throw_away(|| true);
    }

    /// Throws away what is not the peer's, as far as it is not behind something that is.
    pub(super) fn drop_foreign(&self) {
        self.throw_away(|| match self.oldest() {
            Oldest::Foreign => true,
            // There may be foreign ones behind it.
            Oldest::OfPeer => {
                self.may_hold_foreign.store(true, Ordering::Relaxed);
                false
            }
            Oldest::Nothing => {
                self.may_hold_foreign.store(false, Ordering::Relaxed);
                false
            }
        });
    }

    fn throw_away(&self, goes: impl Fn() -> bool) {
        if self.kind == Kind::Stream {
            return;
        }
        let (_, room) = self.buffers();
        for _ in 0..=room / DATAGRAM_ROOM {
            if !goes() || matches!(self.take_one(RecvFlags::empty()), Some(Err(Errno::AGAIN)) | None) {
                return;
            }
        }
    }

    fn oldest(&self) -> Oldest {
        // An error that waits is told, and gone, before the queue is seen; there is seldom more than one.
        let is_error = |seen: &_| matches!(seen, Some(Err(number)) if *number != Errno::AGAIN);
        let mut looks = (0..ERRORS_AT_ONCE).map(|_| self.take_one(RecvFlags::PEEK));
        match looks.find(|seen| !is_error(seen)).flatten() {
            Some(Err(_)) | None => Oldest::Nothing,
            Some(Ok(source)) => {
                let peer = self.call(|descriptor| Ok(rustix::net::getpeername(descriptor).ok().flatten()));
                let peer = peer.ok().flatten().and_then(|peer| name_of(peer).ok());
                let source = source.and_then(|source| name_of(source).ok());
                match peer {
                    // Without a peer nobody is foreign.
                    None => Oldest::Nothing,
                    Some(peer) if is_same(source.as_ref(), &peer) => Oldest::OfPeer,
                    Some(_) => Oldest::Foreign,
                }
            }
        }
    }

    /// The sender of the oldest datagram; `None` for a socket that is closed.
    fn take_one(&self, flags: RecvFlags) -> Option<Result<Option<SocketAddrAny>, Errno>> {
        let flags = flags | RecvFlags::DONTWAIT | RecvFlags::TRUNC;
        let received = |descriptor: &OwnedFd| {
            Ok(rustix::net::recvfrom(descriptor, &mut [MaybeUninit::<u8>::uninit(); 1], flags)
                .map(|(_, _, source)| source))
        };
        self.call(received).ok()
    }

    /// Whether another socket with this one's address could take this peer.
    fn could_take(&self, peer: &Name) -> bool {
        let Some(address) = peer.inet() else { return true };
        let family = if self.domain == Domain::Inet6 {
            rustix::net::AddressFamily::INET6
        } else {
            rustix::net::AddressFamily::INET
        };
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        // Without a descriptor left there is nothing to try with, and nothing that speaks against the peer.
        let Ok(other) = rustix::net::socket_with(family, SocketType::DGRAM, flags, None) else { return true };
        let inner = self.inner();
        if let Some(mut own) = inner.bound.as_ref().and_then(Name::inet) {
            own.set_port(0);
            if rustix::net::bind(&other, &own).is_err() {
                return true;
            }
        }
        let broadcast = rustix::net::sockopt::set_socket_broadcast(&other, inner.settings.broadcast);
        broadcast.is_ok() && opening::take_peer(&other, &Name::Inet(address), None).is_ok()
    }
}

/// Whether two names are the same as far as a sender can be told by them.
fn is_same(one: Option<&Name>, other: &Name) -> bool {
    match (one, other) {
        (Some(Name::Inet(one)), Name::Inet(other)) => one.ip() == other.ip() && one.port() == other.port(),
        (Some(one), other) => one == other,
        (None, _) => false,
    }
}
