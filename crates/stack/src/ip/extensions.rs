//! The headers between the fixed header of IPv6 and the transport (RFC 8200 section 4).

use synsent_wire::ip::Protocol;
use synsent_wire::ipv6;
use synsent_wire::ipv6_extension::{Action, Header, OptionsHeader, Step, walk};

use super::reassembly::{FragmentKey, Piece};
use super::{Cast, Datagram, Ip};
use crate::context::{Context, DropReason};
use crate::reason::IcmpCause;
use crate::time::Instant;

/// How many headers are walked through; more of them serve nobody but an attacker.
const HEADERS_MAX: usize = 8;
/// The options of padding.
const PADDING: [u8; 2] = [0, 1];
/// Router alert: for routers.
const ROUTER_ALERT: u8 = 5;

const BAD_FIELD: u8 = 0;
const BAD_NEXT_HEADER: u8 = 1;
const BAD_OPTION: u8 = 2;

/// Where the headers lead.
pub(super) enum Chain<'a> {
    /// To a protocol; the datagram says which.
    Upper,
    /// To nothing: dropped and answered as it is due.
    Consumed,
    /// To a part of a packet.
    Fragment(FragmentKey, Piece<'a>),
}

impl Ip {
    /// Walks through the headers and makes the datagram be what stands behind them.
    pub(super) fn walk_extensions<'a>(
        &mut self,
        now: Instant,
        view: &ipv6::View<'a>,
        datagram: &mut Datagram<'a>,
        ctx: &mut Context,
    ) -> Chain<'a> {
        for step in walk(view.next_header(), view.payload()).take(HEADERS_MAX) {
            let Ok(step) = step else { break };
            match step.header {
                Header::HopByHop(options) | Header::Destination(options) => {
                    if !self.accepts_options(now, &options, &step, datagram, ctx) {
                        return Chain::Consumed;
                    }
                }
                // No segments left: the header has done its work, whatever its type.
                Header::Routing(routing) if routing.segments_left == 0 => {}
                Header::Routing(_) => {
                    // The types that would send the packet on are not spoken here (RFC 5095 for type 0).
                    let pointer = step.offset as u32 + 2;
                    return self.refuse_header(now, datagram, BAD_FIELD, pointer, ctx);
                }
                Header::Fragment(fragment) if fragment.is_atomic() => {}
                Header::Fragment(fragment) => {
                    let key = FragmentKey {
                        link: datagram.link,
                        source: datagram.source,
                        destination: datagram.destination,
                        // RFC 8200 has no protocol in the key; the numbers are wide enough.
                        protocol: 0,
                        identification: fragment.identification,
                    };
                    let piece = Piece {
                        head: &view.packet()[..step.offset],
                        offset: fragment.offset_octets.into(),
                        more: fragment.more,
                        data: step.rest,
                        next_header_place: Some((step.next_header_offset, fragment.next_header.0)),
                    };
                    return Chain::Fragment(key, piece);
                }
                Header::Upper(protocol) => return self.reach_upper(now, protocol, &step, datagram, ctx),
            }
        }
        ctx.dropped(now, datagram.link, DropReason::IpOptions);
        Chain::Consumed
    }

    fn reach_upper<'a>(
        &mut self,
        now: Instant,
        protocol: Protocol,
        step: &Step<'a>,
        datagram: &mut Datagram<'a>,
        ctx: &mut Context,
    ) -> Chain<'a> {
        match protocol {
            Protocol::NO_NEXT => Chain::Consumed,
            // Hop-by-hop options stand first or nowhere.
            Protocol::HOP_BY_HOP => {
                self.refuse_header(now, datagram, BAD_NEXT_HEADER, step.next_header_offset as u32, ctx)
            }
            _ => {
                datagram.protocol = protocol;
                datagram.payload = step.rest;
                datagram.next_header_offset = step.next_header_offset as u32;
                Chain::Upper
            }
        }
    }

    /// Unknown options say by their two upper bits what is to be done about them.
    fn accepts_options(
        &mut self,
        now: Instant,
        options: &OptionsHeader<'_>,
        step: &Step<'_>,
        datagram: &Datagram<'_>,
        ctx: &mut Context,
    ) -> bool {
        for option in options.iter() {
            let Ok(option) = option else {
                ctx.dropped(now, datagram.link, DropReason::IpOptions);
                return false;
            };
            if PADDING.contains(&option.kind) || option.kind == ROUTER_ALERT {
                continue;
            }
            let reports = match option.action() {
                Action::Skip => continue,
                Action::Discard => false,
                Action::DiscardAndReport => true,
                Action::DiscardAndReportUnlessMulticast => datagram.cast == Cast::Unicast,
            };
            ctx.dropped(now, datagram.link, DropReason::IpOptions);
            if reports {
                let pointer = (step.offset + option.offset) as u32;
                self.send_error(now, datagram, IcmpCause::ParameterProblem { code: BAD_OPTION, pointer }, ctx);
            }
            return false;
        }
        true
    }

    fn refuse_header<'a>(
        &mut self,
        now: Instant,
        datagram: &Datagram<'_>,
        code: u8,
        pointer: u32,
        ctx: &mut Context,
    ) -> Chain<'a> {
        ctx.dropped(now, datagram.link, DropReason::IpOptions);
        self.send_error(now, datagram, IcmpCause::ParameterProblem { code, pointer }, ctx);
        Chain::Consumed
    }
}
