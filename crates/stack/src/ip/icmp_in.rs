//! ICMP that arrives: echo requests are answered, echo replies kept for whoever asked, errors handed on.
//!
//! An error is believed here only as far as its shape goes: it must quote a packet that this host could have sent. Whether it
//! was sent is known to the transport that it quotes.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::net::IpAddr;

use synsent_wire::ip::Protocol;
use synsent_wire::{icmpv4, icmpv6, ipv4, ipv6, ipv6_extension};

use super::fragmentation::{DatagramMeta, SendRefused};
use super::input::refuse;
use super::packet::Urge;
use super::{Arrived, Cast, Datagram, IcmpError, Ip, is_link_scoped};
use crate::context::{Context, DropReason};
use crate::link::LinkId;
use crate::reason::{IcmpCause, NoPath};
use crate::time::Instant;
use crate::trace::{Fact, IcmpVerdict};

/// How many echo replies wait for whoever asked; the oldest leaves.
pub(crate) const ECHO_REPLIES_MAX: usize = 64;
/// How many octets of a reply are kept.
pub(crate) const ECHO_REPLY_OCTETS: usize = 256;
/// The least of a transport header that an error must quote.
const QUOTED_LEAST: usize = 8;

/// An answer to an echo request of ours.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EchoReply {
    /// Who answered.
    pub from: IpAddr,
    /// On which link the answer came.
    pub link: LinkId,
    /// The identifier of the request.
    pub ident: u16,
    /// The sequence number of the request.
    pub seq: u16,
    /// TTL or hop limit with which the answer arrived.
    pub hop_limit: u8,
    /// The first octets of what came back.
    pub data: Vec<u8>,
    /// How many octets came back in all.
    pub data_octets: usize,
    /// When.
    pub at: Instant,
}

/// Echo replies that nobody has taken yet.
#[derive(Debug, Default)]
pub(crate) struct EchoReplies {
    waiting: VecDeque<EchoReply>,
    /// Whether this host ever asked: replies to nobody are dropped.
    asked: bool,
}

impl EchoReplies {
    fn keep(&mut self, reply: EchoReply) {
        if !self.asked {
            return;
        }
        if self.waiting.len() >= ECHO_REPLIES_MAX {
            self.waiting.pop_front();
        }
        self.waiting.push_back(reply);
    }

    pub(crate) fn take(&mut self) -> Option<EchoReply> {
        self.waiting.pop_front()
    }
}

/// Why an echo request was not sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PingError {
    /// No way to the destination.
    NoPath(NoPath),
    /// More than one datagram holds.
    TooBig,
    /// The link's queue is full.
    QueueFull,
}

impl core::fmt::Display for PingError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            PingError::NoPath(why) => write!(f, "no way to the destination: {why}"),
            PingError::TooBig => f.write_str("more than one datagram holds"),
            PingError::QueueFull => f.write_str("too many packets wait for the link"),
        }
    }
}

impl core::error::Error for PingError {}

impl Ip {
    pub(super) fn receive_icmpv4<'a>(
        &mut self,
        now: Instant,
        datagram: &Datagram<'a>,
        ctx: &mut Context,
    ) -> Arrived<'a> {
        let Ok(message) = icmpv4::Repr::parse(datagram.payload) else {
            return refuse(now, datagram.link, DropReason::IcmpMalformed, ctx);
        };
        let cause = match message {
            icmpv4::Repr::EchoRequest { ident, seq, data } => {
                self.answer_echo_v4(now, datagram, icmpv4::Repr::EchoReply { ident, seq, data }, ctx);
                return Arrived::Consumed;
            }
            icmpv4::Repr::EchoReply { ident, seq, data } => {
                self.keep_echo_reply(now, datagram, ident, seq, data);
                return Arrived::Consumed;
            }
            icmpv4::Repr::DestinationUnreachable { code, next_hop_mtu, .. }
                if code == icmpv4::unreachable::FRAGMENTATION_NEEDED =>
            {
                IcmpCause::TooBig { mtu: next_hop_mtu.into() }
            }
            icmpv4::Repr::DestinationUnreachable { code, .. } => IcmpCause::V4Unreachable(code),
            icmpv4::Repr::TimeExceeded { code, .. } => IcmpCause::TimeExceeded { code },
            icmpv4::Repr::ParameterProblem { code, pointer, .. } => {
                IcmpCause::ParameterProblem { code, pointer: pointer.into() }
            }
            icmpv4::Repr::SourceQuench { quoted } => {
                // 5927/3
                // Source Quench does nothing, whatever it quotes; it ends here so that no transport can be tempted.
                let towards =
                    ipv4::View::parse_quoted(quoted).map_or(datagram.source, |view| view.destination().into());
                let (from, cause, verdict) = (datagram.source, IcmpCause::SourceQuench, IcmpVerdict::Ignored);
                ctx.trace(now, || Fact::IcmpReceived { from, cause, protocol: Protocol::TCP, towards, verdict });
                return Arrived::Consumed;
            }
            // Redirects are not followed: whoever can forge one would own every flow. Other types are dropped silently.
            // 1122/ICMP-2
            icmpv4::Repr::Redirect { .. } | icmpv4::Repr::Unknown { .. } => return Arrived::Consumed,
        };
        let quoted = &datagram.payload[icmpv4::HEADER_LEN..];
        let Ok(view) = ipv4::View::parse_quoted(quoted) else {
            return refuse(now, datagram.link, DropReason::IcmpMalformed, ctx);
        };
        if view.fragment_offset_octets() != 0 {
            // Only the first fragment says whose it was.
            return Arrived::Consumed;
        }
        let ends = (view.source().into(), view.destination().into());
        self.hand_on_error(now, datagram, cause, ends, view.protocol(), view.payload(), ctx)
    }

    pub(super) fn receive_icmpv6<'a>(
        &mut self,
        now: Instant,
        datagram: &Datagram<'a>,
        ctx: &mut Context,
    ) -> Arrived<'a> {
        let (IpAddr::V6(source), IpAddr::V6(destination)) = (datagram.source, datagram.destination) else {
            return Arrived::Consumed;
        };
        let Ok(message) = icmpv6::Repr::parse(datagram.payload, source, destination) else {
            return refuse(now, datagram.link, DropReason::IcmpMalformed, ctx);
        };
        let (cause, quoted) = match message {
            icmpv6::Repr::EchoRequest { ident, seq, data } => {
                self.answer_echo_v6(now, datagram, icmpv6::Repr::EchoReply { ident, seq, data }, ctx);
                return Arrived::Consumed;
            }
            icmpv6::Repr::EchoReply { ident, seq, data } => {
                self.keep_echo_reply(now, datagram, ident, seq, data);
                return Arrived::Consumed;
            }
            icmpv6::Repr::Ndp(ndp) => {
                self.receive_ndp(now, datagram, &ndp, ctx);
                return Arrived::Consumed;
            }
            icmpv6::Repr::Mld(mld) => {
                self.receive_mld(now, datagram, &mld);
                return Arrived::Consumed;
            }
            // 1122/ICMP-2
            icmpv6::Repr::Unknown { .. } => return Arrived::Consumed,
            icmpv6::Repr::DestinationUnreachable { code, quoted } => (IcmpCause::V6Unreachable(code), quoted),
            icmpv6::Repr::PacketTooBig { mtu, quoted } => (IcmpCause::TooBig { mtu }, quoted),
            icmpv6::Repr::TimeExceeded { code, quoted } => (IcmpCause::TimeExceeded { code }, quoted),
            icmpv6::Repr::ParameterProblem { code, pointer, quoted } => {
                (IcmpCause::ParameterProblem { code, pointer }, quoted)
            }
        };
        let Some((ends, protocol, transport)) = quoted_v6(quoted) else {
            return refuse(now, datagram.link, DropReason::IcmpMalformed, ctx);
        };
        self.hand_on_error(now, datagram, cause, ends, protocol, transport, ctx)
    }

    /// An error goes on if it quotes a packet that came from here, was no error itself, and is long enough to name a flow.
    #[expect(clippy::too_many_arguments, reason = "the message, and what it quotes")]
    fn hand_on_error<'a>(
        &mut self,
        now: Instant,
        datagram: &Datagram<'a>,
        cause: IcmpCause,
        (quoted_source, quoted_destination): (IpAddr, IpAddr),
        protocol: Protocol,
        transport: &'a [u8],
        ctx: &mut Context,
    ) -> Arrived<'a> {
        if transport.len() < QUOTED_LEAST || !self.is_local(quoted_source) {
            return refuse(now, datagram.link, DropReason::IcmpMalformed, ctx);
        }
        if !matches!(protocol, Protocol::TCP | Protocol::UDP) {
            // An error that quotes an error, or an echo request, concerns no flow; nothing is unpacked a second time.
            return Arrived::Consumed;
        }
        // 1122/ICMP-3
        // 1122/ICMP-6
        // Unreachable, time exceeded and parameter problem all go to the transport whose packet they quote.
        let (from, link) = (datagram.source, datagram.link);
        Arrived::Error(IcmpError { from, cause, link, quoted_source, quoted_destination, protocol, transport })
    }

    fn answer_echo_v4(&mut self, now: Instant, asked: &Datagram<'_>, reply: icmpv4::Repr<'_>, ctx: &mut Context) {
        // RFC 1122 section 3.2.2.6 lets a host ignore what came to all; answering would amplify.
        if asked.cast != Cast::Unicast || asked.link_cast != Cast::Unicast {
            return;
        }
        let Ok(path) = self.route(now, Some(asked.destination), asked.source, None) else { return };
        let meta = self.answer_meta(path.link, asked);
        // What finds the queue full is counted there.
        let _ = self.send_datagram_as(
            now,
            &path,
            Protocol::ICMPV4,
            meta,
            Urge::Provoked,
            reply.len(),
            |buf| {
                reply.emit(buf);
            },
            ctx,
        );
    }

    fn answer_echo_v6(&mut self, now: Instant, asked: &Datagram<'_>, reply: icmpv6::Repr<'_>, ctx: &mut Context) {
        if asked.cast != Cast::Unicast || asked.link_cast != Cast::Unicast {
            return;
        }
        let scope = is_link_scoped(asked.source).then_some(asked.link);
        let Ok(path) = self.route(now, Some(asked.destination), asked.source, scope) else { return };
        let (IpAddr::V6(source), IpAddr::V6(to)) = (path.source, path.destination) else { return };
        let meta = self.answer_meta(path.link, asked);
        let _ = self.send_datagram_as(
            now,
            &path,
            Protocol::ICMPV6,
            meta,
            Urge::Provoked,
            reply.len(),
            |buf| {
                reply.emit(source, to, buf);
            },
            ctx,
        );
    }

    fn answer_meta(&self, link: LinkId, asked: &Datagram<'_>) -> DatagramMeta {
        let hop_limit = self.default_hop_limit(link, asked.source.is_ipv6());
        DatagramMeta { hop_limit, traffic_class: asked.traffic_class, dont_fragment: false }
    }

    fn keep_echo_reply(&mut self, now: Instant, datagram: &Datagram<'_>, ident: u16, seq: u16, data: &[u8]) {
        self.echo_replies.keep(EchoReply {
            from: datagram.source,
            link: datagram.link,
            ident,
            seq,
            hop_limit: datagram.hop_limit,
            data: data[..data.len().min(ECHO_REPLY_OCTETS)].to_vec(),
            data_octets: data.len(),
            at: now,
        });
    }

    /// Sends an echo request.
    #[expect(clippy::too_many_arguments, reason = "to whom, by which link, and the three fields")]
    pub(crate) fn ping(
        &mut self,
        now: Instant,
        destination: IpAddr,
        link: Option<LinkId>,
        ident: u16,
        seq: u16,
        data: &[u8],
        ctx: &mut Context,
    ) -> Result<(), PingError> {
        let path = self.route(now, None, destination, link).map_err(PingError::NoPath)?;
        self.echo_replies.asked = true;
        let far = self.default_hop_limit(path.link, destination.is_ipv6());
        // RFC 1112 section 6.1: a group is not meant to be far away.
        let hop_limit = if destination.is_multicast() { 1 } else { far };
        let meta = DatagramMeta { hop_limit, traffic_class: 0, dont_fragment: false };
        let sent = match (path.source, path.destination) {
            (IpAddr::V6(source), IpAddr::V6(to)) => {
                let request = icmpv6::Repr::EchoRequest { ident, seq, data };
                let build = |buf: &mut [u8]| {
                    request.emit(source, to, buf);
                };
                self.send_datagram(now, &path, Protocol::ICMPV6, meta, request.len(), build, ctx)
            }
            _ => {
                let request = icmpv4::Repr::EchoRequest { ident, seq, data };
                let build = |buf: &mut [u8]| {
                    request.emit(buf);
                };
                self.send_datagram(now, &path, Protocol::ICMPV4, meta, request.len(), build, ctx)
            }
        };
        sent.map_err(|refused| match refused {
            SendRefused::TooBig { .. } => PingError::TooBig,
            SendRefused::QueueFull => PingError::QueueFull,
        })
    }
}

/// The ends, the protocol and the transport octets of a quoted IPv6 packet, which may be cut off.
fn quoted_v6(quoted: &[u8]) -> Option<((IpAddr, IpAddr), Protocol, &[u8])> {
    let (header, rest) = quoted.split_at_checked(ipv6::HEADER_LEN)?;
    if header[0] >> 4 != 6 {
        return None;
    }
    let addr = |at: usize| {
        let mut octets = [0; 16];
        octets.copy_from_slice(&header[at..at + 16]);
        IpAddr::from(octets)
    };
    let last = ipv6_extension::walk(Protocol(header[6]), rest).map_while(Result::ok).last()?;
    let ipv6_extension::Header::Upper(protocol) = last.header else { return None };
    Some(((addr(8), addr(24)), protocol, last.rest))
}
