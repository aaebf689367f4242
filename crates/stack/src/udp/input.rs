//! Datagrams and ICMP errors that arrive.

use core::net::{IpAddr, SocketAddr, SocketAddrV6};

use synsent_wire::udp::View;

use super::Udp;
use super::names::covers;
use super::socket::UdpFailure;
use crate::context::{Context, DropReason};
use crate::event::EventKind;
use crate::ip::{Cast, Datagram, IcmpError, Ip};
use crate::link::LinkId;
use crate::reason::IcmpCause;
use crate::tcp::four_tuple::{Endpoint, FourTuple};
use crate::tcp::is_unicast;
use crate::time::Instant;
use crate::trace::{Fact, IcmpVerdict};

impl Udp {
    /// Takes a datagram.
    pub(crate) fn on_datagram(&mut self, now: Instant, datagram: &Datagram<'_>, ip: &mut Ip, context: &mut Context) {
        if let Err(reason) = self.accept(now, datagram, ip, context) {
            context.dropped(now, datagram.link, reason);
        }
    }

    fn accept(
        &mut self,
        now: Instant,
        datagram: &Datagram<'_>,
        ip: &mut Ip,
        context: &mut Context,
    ) -> Result<(), DropReason> {
        let view = View::parse(datagram.payload).map_err(|_| DropReason::UdpMalformed)?;
        if !datagram.checksum_valid && !view.verify(datagram.source, datagram.destination) {
            return Err(DropReason::UdpChecksum);
        }
        // 1122/UDP-2
        // A source that is no single host's address cannot be answered and is not believed.
        if !is_unicast(datagram.source) {
            return Err(DropReason::IpSourceInvalid);
        }
        let local = Endpoint::new(datagram.destination, view.destination_port());
        let remote = Endpoint::new(datagram.source, view.source_port());
        if datagram.cast != Cast::Unicast {
            return self.accept_for_many(now, local, remote, view.payload(), datagram, context);
        }
        match self.receiver(local, remote, datagram.link) {
            Some(place) => self.queue(place, local, remote, view.payload(), datagram.link, context),
            None if self.is_foreign(local, datagram.link) => Err(DropReason::UdpForeign),
            None => {
                // 1122/ICMP-5
                // Nobody listens, and the sender is told.
                let cause = match datagram.source {
                    IpAddr::V4(_) => IcmpCause::V4Unreachable(3),
                    IpAddr::V6(_) => IcmpCause::V6Unreachable(4),
                };
                ip.send_error(now, datagram, cause, context);
                Err(DropReason::UdpNoSocket)
            }
        }
    }

    /// Multicast and broadcast: a copy for every socket of the port that takes it. A copy that finds its queue full is counted
    /// for itself.
    fn accept_for_many(
        &mut self,
        now: Instant,
        local: Endpoint,
        remote: Endpoint,
        data: &[u8],
        datagram: &Datagram<'_>,
        context: &mut Context,
    ) -> Result<(), DropReason> {
        let link = datagram.link;
        let mut copies = Err(DropReason::UdpNoSocket);
        let count = self.by_port.get(&local.port).map_or(0, |holders| holders.places.len());
        for number in 0..count {
            let Some(&place) = self.by_port.get(&local.port).and_then(|holders| holders.places.get(number)) else {
                break;
            };
            let Some(socket) = self.sockets.get(place) else { continue };
            // A socket that a connect gave a unicast address still hears broadcasts of its peer, as before it connected.
            let bound = socket.options.local;
            let is_named = bound.is_none_or(|bound| covers(bound, local.addr));
            if !is_named || !socket.is_on(link) {
                continue;
            }
            if !socket.hears(remote) {
                copies = copies.or(Err(DropReason::UdpForeign));
                continue;
            }
            if let Err(reason) = self.queue(place, local, remote, data, link, context) {
                context.dropped(now, link, reason);
            }
            copies = Ok(());
        }
        copies
    }

    fn queue(
        &mut self,
        place: u32,
        local: Endpoint,
        remote: Endpoint,
        data: &[u8],
        link: LinkId,
        context: &mut Context,
    ) -> Result<(), DropReason> {
        let Udp { sockets, pool, .. } = self;
        let socket = sockets.get_mut(place).ok_or(DropReason::UdpNoSocket)?;
        if !socket.put(data, socket_addr(remote, link), local.addr, link, pool) {
            return Err(DropReason::UdpQueueFull);
        }
        socket.raise(EventKind::Readable, context);
        Ok(())
    }

    /// Takes an ICMP error that quotes a UDP datagram.
    pub(crate) fn on_icmp_error(&mut self, now: Instant, error: &IcmpError<'_>, ip: &mut Ip, context: &mut Context) {
        let verdict = self.judge(now, error, ip, context);
        let (from, cause, protocol, towards) = (error.from, error.cause, error.protocol, error.quoted_destination);
        context.trace(now, || Fact::IcmpReceived { from, cause, protocol, towards, verdict });
    }

    /// The next hop of a datagram did not answer. A connected socket hears of it as of a router's word; this host is the router.
    pub(crate) fn on_neighbour_failed(&mut self, now: Instant, tuple: &FourTuple, context: &mut Context) {
        let Some(place) = self.connected_to(tuple) else { return };
        let Some(socket) = self.sockets.get_mut(place) else { return };
        let cause = match tuple.local.addr {
            IpAddr::V4(_) => IcmpCause::V4Unreachable(1),
            IpAddr::V6(_) => IcmpCause::V6Unreachable(3),
        };
        socket.note_failure(UdpFailure { from: tuple.local.addr, cause, towards: tuple.remote, at: now });
        socket.raise(EventKind::Failed, context);
    }

    fn judge(&mut self, now: Instant, error: &IcmpError<'_>, ip: &mut Ip, context: &mut Context) -> IcmpVerdict {
        let &[s0, s1, d0, d1, ..] = error.transport else { return IcmpVerdict::NotOurs };
        let local = Endpoint::new(error.quoted_source, u16::from_be_bytes([s0, s1]));
        let remote = Endpoint::new(error.quoted_destination, u16::from_be_bytes([d0, d1]));
        let connected = self.connected_to(&FourTuple::on_link(local, remote, error.link));
        // 5927/3
        if error.cause == IcmpCause::SourceQuench {
            return IcmpVerdict::Ignored;
        }
        if let IcmpCause::TooBig { mtu } = error.cause {
            // A socket that is not connected may have sent to anybody; its port is what the message must know.
            if self.receiver(local, remote, error.link).is_none() {
                return IcmpVerdict::NotOurs;
            }
            ip.path_mtu_update(now, remote.addr, mtu, context);
            if let Some(place) = connected {
                self.note_failure(place, error, remote, now, context);
            }
            return IcmpVerdict::PathMtu;
        }
        let Some(place) = connected else { return IcmpVerdict::NotOurs };
        self.note_failure(place, error, remote, now, context);
        IcmpVerdict::Noted
    }

    // 1122/UDP-1
    // The application is told of every error about its datagrams.
    fn note_failure(
        &mut self,
        place: u32,
        error: &IcmpError<'_>,
        towards: Endpoint,
        at: Instant,
        context: &mut Context,
    ) {
        let Some(socket) = self.sockets.get_mut(place) else { return };
        socket.note_failure(UdpFailure { from: error.from, cause: error.cause, towards, at });
        socket.raise(EventKind::Failed, context);
    }
}

/// A socket address that can be answered: a link-local one names its link.
pub(crate) fn socket_addr(end: Endpoint, link: LinkId) -> SocketAddr {
    match end.addr {
        IpAddr::V6(addr) if addr.is_unicast_link_local() => {
            SocketAddr::V6(SocketAddrV6::new(addr, end.port, 0, link.index() as u32))
        }
        addr => SocketAddr::new(addr, end.port),
    }
}
