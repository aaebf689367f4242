//! The ICMP errors that this host sends, and when it must not (RFC 1122 section 3.2.2, RFC 4443 section 2.4).

use core::net::IpAddr;

use synsent_wire::ip::Protocol;
use synsent_wire::{icmpv4, icmpv6, ipv4, ipv6, ipv6_extension};

use super::fragmentation::DatagramMeta;
use super::input::{Carrier, is_v4_unicast, v4_datagram, v6_datagram};
use super::packet::Urge;
use super::{Cast, Datagram, Ip};
use crate::context::{Context, DropReason};
use crate::link::{LinkId, Received};
use crate::reason::IcmpCause;
use crate::time::{Duration, Instant};
use crate::trace::Fact;

/// How many errors may leave at once after a quiet time.
pub(crate) const ERROR_BURST: u32 = 50;
/// The longest IPv4 error (RFC 1812 section 4.3.2.3).
const V4_ERROR_MAX: usize = 576;

/// A token bucket for errors, one for both families.
pub(super) struct Limiter {
    per_second: u32,
    tokens: u32,
    filled_at: Instant,
}

impl Limiter {
    pub(super) fn new(per_second: u32) -> Limiter {
        Limiter { per_second, tokens: ERROR_BURST.min(per_second), filled_at: Instant::ZERO }
    }

    fn allows(&mut self, now: Instant) -> bool {
        let per_token = Duration::from_nanos(1_000_000_000 / u64::from(self.per_second.max(1)));
        let earned = now.since(self.filled_at).as_nanos() / per_token.as_nanos();
        let most = ERROR_BURST.min(self.per_second);
        if earned >= u128::from(most) {
            (self.tokens, self.filled_at) = (most, now);
        } else {
            self.tokens = most.min(self.tokens + earned as u32);
            self.filled_at += per_token * earned as u32;
        }
        let allows = self.tokens > 0;
        self.tokens -= u32::from(allows);
        allows
    }
}

impl Ip {
    /// Sends an error about a packet that arrived, if one may be sent.
    pub(crate) fn send_error(&mut self, now: Instant, about: &Datagram<'_>, cause: IcmpCause, ctx: &mut Context) {
        if !self.may_be_complained_about(about, cause) {
            return;
        }
        if !self.limiter.allows(now) {
            return ctx.dropped(now, about.link, DropReason::IcmpRateLimited);
        }
        let scope = super::is_link_scoped(about.source).then_some(about.link);
        let ours = self.is_local(about.destination).then_some(about.destination);
        let Ok(path) = self.route(now, ours, about.source, scope) else { return };
        let hop_limit = self.default_hop_limit(path.link, about.source.is_ipv6());
        let meta = DatagramMeta { hop_limit, traffic_class: 0, dont_fragment: false };
        ctx.trace(now, || Fact::IcmpSent { to: about.source, cause });
        match about.source {
            IpAddr::V4(_) => {
                // 1122/ICMP-2
                // As much of the packet as fits is quoted: the whole header and more than the eight octets demanded.
                let most = V4_ERROR_MAX.min(path.mtu as usize) - ipv4::HEADER_LEN - icmpv4::HEADER_LEN;
                let quoted = &about.packet[..about.packet.len().min(most)];
                let Some(error) = v4_error(cause, quoted) else { return };
                // What finds the queue full is counted there.
                let _ = self.send_datagram_as(
                    now,
                    &path,
                    Protocol::ICMPV4,
                    meta,
                    Urge::Provoked,
                    error.len(),
                    |buf| {
                        error.emit(buf);
                    },
                    ctx,
                );
            }
            IpAddr::V6(_) => {
                let most = ipv6::MIN_MTU - ipv6::HEADER_LEN - icmpv6::HEADER_LEN;
                let quoted = &about.packet[..about.packet.len().min(most)];
                let (Some(error), IpAddr::V6(source), IpAddr::V6(to)) =
                    (v6_error(cause, quoted), path.source, path.destination)
                else {
                    return;
                };
                let _ = self.send_datagram_as(
                    now,
                    &path,
                    Protocol::ICMPV6,
                    meta,
                    Urge::Provoked,
                    error.len(),
                    |buf| {
                        error.emit(source, to, buf);
                    },
                    ctx,
                );
            }
        }
    }

    /// Sends an error about a packet that was to be forwarded and did not come from this host.
    pub(super) fn send_error_about_forwarded(
        &mut self,
        now: Instant,
        packet: &[u8],
        cause: IcmpCause,
        ctx: &mut Context,
    ) {
        let carrier = Carrier { link: LinkId::LOOPBACK, cast: Cast::Unicast, received: Received::default() };
        let about = match packet.first().map(|octet| octet >> 4) {
            Some(4) => ipv4::View::parse(packet).ok().map(|view| v4_datagram(&view, carrier)),
            _ => ipv6::View::parse(packet).ok().map(|view| v6_datagram(&view, carrier)),
        };
        if let Some(about) = about.filter(|about| !self.is_local(about.source)) {
            self.send_error(now, &about, cause, ctx);
        }
    }

    // 1122/ICMP-1
    // No error about an error, a broadcast or a group (of the network or of the link), a fragment that is not the first, or a
    // source that is not one host.
    fn may_be_complained_about(&self, about: &Datagram<'_>, cause: IcmpCause) -> bool {
        let to_many = about.cast != Cast::Unicast || about.link_cast != Cast::Unicast || is_to_many(about.destination);
        // RFC 4443 section 2.4 e: an option may ask for an answer even from a group, and a packet too big always does.
        let excused = about.source.is_ipv6()
            && matches!(cause, IcmpCause::TooBig { .. } | IcmpCause::ParameterProblem { code: 2, .. });
        let from_one = match about.source {
            IpAddr::V4(source) => is_v4_unicast(source) && !self.is_broadcast(about.source),
            IpAddr::V6(source) => !source.is_unspecified() && !source.is_multicast(),
        };
        (!to_many || excused) && from_one && !is_late_fragment_or_error(about.packet)
    }
}

fn is_to_many(addr: IpAddr) -> bool {
    addr.is_multicast() || matches!(addr, IpAddr::V4(addr) if addr.is_broadcast())
}

/// Whether a packet is a fragment but not the first, or carries an ICMP error.
fn is_late_fragment_or_error(packet: &[u8]) -> bool {
    if let Ok(view) = ipv4::View::parse_quoted(packet) {
        // Of ICMP, only what is known to be no error may be answered by one: echo and the like.
        let is_error =
            view.protocol() == Protocol::ICMPV4 && !matches!(view.payload().first(), Some(0 | 8 | 9 | 10 | 13..=18));
        return view.fragment_offset_octets() != 0 || is_error;
    }
    let Ok(view) = ipv6::View::parse(packet) else { return true };
    for step in ipv6_extension::walk(view.next_header(), view.payload()).map_while(Result::ok) {
        match step.header {
            ipv6_extension::Header::Fragment(fragment) if fragment.offset_octets != 0 => return true,
            ipv6_extension::Header::Upper(Protocol::ICMPV6) => {
                // Redirects are no errors by their number, but are not complained about either.
                return step.rest.first().is_none_or(|kind| *kind < 128 || *kind == 137);
            }
            _ => {}
        }
    }
    false
}

fn v4_error(cause: IcmpCause, quoted: &[u8]) -> Option<icmpv4::Repr<'_>> {
    Some(match cause {
        IcmpCause::V4Unreachable(code) => icmpv4::Repr::DestinationUnreachable { code, next_hop_mtu: 0, quoted },
        IcmpCause::TooBig { mtu } => icmpv4::Repr::DestinationUnreachable {
            code: icmpv4::unreachable::FRAGMENTATION_NEEDED,
            next_hop_mtu: mtu.min(u32::from(u16::MAX)) as u16,
            quoted,
        },
        IcmpCause::TimeExceeded { code } => icmpv4::Repr::TimeExceeded { code, quoted },
        IcmpCause::ParameterProblem { code, pointer } => {
            icmpv4::Repr::ParameterProblem { code, pointer: pointer as u8, quoted }
        }
        // 5927/3
        // Source Quench is never sent (RFC 6633), and the causes of the other family have no form here.
        IcmpCause::SourceQuench | IcmpCause::V6Unreachable(_) => return None,
    })
}

fn v6_error(cause: IcmpCause, quoted: &[u8]) -> Option<icmpv6::Repr<'_>> {
    Some(match cause {
        IcmpCause::V6Unreachable(code) => icmpv6::Repr::DestinationUnreachable { code, quoted },
        IcmpCause::TooBig { mtu } => icmpv6::Repr::PacketTooBig { mtu, quoted },
        IcmpCause::TimeExceeded { code } => icmpv6::Repr::TimeExceeded { code, quoted },
        IcmpCause::ParameterProblem { code, pointer } => icmpv6::Repr::ParameterProblem { code, pointer, quoted },
        IcmpCause::SourceQuench | IcmpCause::V4Unreachable(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // 1122/ICMP-1
    #[test]
    fn errors_beyond_the_burst_come_at_the_configured_rate() {
        let mut limiter = Limiter::new(100);
        let at = |millis| Instant::from_millis(millis);
        assert_eq!((0..1000).filter(|_| limiter.allows(at(0))).count(), ERROR_BURST as usize);
        assert_eq!((0..1000).filter(|_| limiter.allows(at(100))).count(), 10);
        assert_eq!((0..1000).filter(|_| limiter.allows(at(60_000))).count(), ERROR_BURST as usize);
        assert!((0..10).all(|_| !Limiter::new(0).allows(at(5))));
    }

    #[test]
    fn an_error_is_eight_octets_longer_than_what_it_quotes() {
        assert_eq!(v4_error(IcmpCause::V4Unreachable(3), &[0; 28]).map(|error| error.len()), Some(36));
        assert_eq!(v4_error(IcmpCause::SourceQuench, &[0; 28]), None);
    }
}
