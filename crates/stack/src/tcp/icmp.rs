//! What ICMP errors do to connections (RFC 9293 section 3.9.2.2, RFC 1122 section 4.2.3.9, RFC 5461, RFC 5927).

use alloc::boxed::Box;
use core::net::IpAddr;

use synsent_wire::SeqNumber;

use super::arrives::Outcome;
use super::block::{Flow, Head, Shape, Synchronized};
use super::turn::Turn;
use crate::config::SoftErrors;
use crate::event::EventKind;
use crate::reason::{Cause, IcmpCause, SoftError};
use crate::trace::IcmpVerdict;

/// The smallest MTUs that a path may be said to have: below them a message is an attack (5927/4).
const PATH_MTU_MIN_V4: u32 = 68;
const PATH_MTU_MIN_V6: u32 = 1_280;

/// Takes an error that quotes a segment of this flow, and tells what it did.
pub(crate) fn arrives(
    flow: &mut Flow,
    from: IpAddr,
    cause: IcmpCause,
    quoted: SeqNumber,
    turn: &mut Turn<'_>,
) -> (Outcome, IcmpVerdict) {
    // 5927/1
    // Only a number that is in flight shows that the sender has seen a segment of ours.
    let in_flight = match flow.shape() {
        Shape::Opening(opening) => opening.syns.count() > 0 && quoted == opening.iss,
        Shape::Synchronized(conn) => quoted.within(conn.snd.una, conn.snd.nxt),
        Shape::Over(_) => false,
    };
    if !in_flight {
        return (Outcome::Stay, IcmpVerdict::NotOurs);
    }
    match cause {
        // 9293/MUST-55
        // 5927/3
        IcmpCause::SourceQuench => (Outcome::Stay, IcmpVerdict::Ignored),
        IcmpCause::TooBig { mtu } => (Outcome::Stay, too_big(flow, mtu, quoted, turn)),
        _ => judge(flow, from, cause, turn),
    }
}

fn judge(flow: &mut Flow, from: IpAddr, cause: IcmpCause, turn: &mut Turn<'_>) -> (Outcome, IcmpVerdict) {
    let (head, shape) = flow.parts();
    let opening = matches!(shape, Shape::Opening(_));
    let ends = match head.options.soft_errors {
        // 5461/2
        SoftErrors::AbortOnAny => opening,
        // 9293/SHLD-26
        // 5927/2
        // Hard errors end an opening; a connection that stands is not ended by a packet that anybody can write.
        SoftErrors::ReportAtTimeout | SoftErrors::HardOnly => opening && is_hard(cause),
        // 9293/SHLD-20
        // The application can switch the reports off.
        SoftErrors::Ignore => return (Outcome::Stay, IcmpVerdict::Ignored),
    };
    if ends {
        return (Outcome::Fail(Cause::Icmp { from, cause }), IcmpVerdict::Ended);
    }
    if head.options.soft_errors == SoftErrors::HardOnly && !is_hard(cause) {
        return (Outcome::Stay, IcmpVerdict::Ignored);
    }
    // 9293/MUST-56
    // 1122/ICMP-4
    // A soft error never ends a connection; it is remembered and can be asked for (9293/SHLD-25).
    let count = head.soft.as_ref().map_or(0, |soft| soft.count).saturating_add(1);
    head.soft = Some(Box::new(SoftError { from, cause, at: turn.now, count }));
    // 9293/MUST-47
    head.raise(EventKind::SoftError, turn.context);
    (Outcome::Stay, IcmpVerdict::Noted)
}

/// RFC 1122 section 4.2.3.9 and RFC 9293 section 3.9.2.2: protocol and port unreachable; with path MTU discovery,
/// "fragmentation needed" is no error.
fn is_hard(cause: IcmpCause) -> bool {
    // 1122/TCP-3
    // 1122/ICMP-3
    // Port unreachable counts for TCP too, although TCP has its own reset.
    matches!(cause, IcmpCause::V4Unreachable(2 | 3) | IcmpCause::V6Unreachable(1 | 4))
}

/// "Packet too big" about a segment in flight.
fn too_big(flow: &mut Flow, mtu: u32, quoted: SeqNumber, turn: &mut Turn<'_>) -> IcmpVerdict {
    let (head, shape) = flow.parts();
    let least = if head.tuple.remote.addr.is_ipv6() { PATH_MTU_MIN_V6 } else { PATH_MTU_MIN_V4 };
    let Some(path) = head.path else { return IcmpVerdict::Ignored };
    // 5927/4
    // A value below the family's minimum, or not below what is used now, changes nothing. An IPv4 router that does not tell
    // its MTU makes the next smaller plateau be tried (RFC 1191 section 7); in IPv6 all of them tell it.
    let mtu = if mtu == 0 && head.tuple.remote.addr.is_ipv4() { plateau_below(path.mtu) } else { mtu };
    if mtu < least || mtu >= path.mtu {
        return IcmpVerdict::Ignored;
    }
    if let Shape::Synchronized(conn) = shape {
        let headers = path.mtu.saturating_sub(conn.snd.mss);
        if u32::from(conn.snd.largest_acked) > mtu.saturating_sub(headers) {
            // 5927/4
            // Segments of this size have arrived before: the message is believed only once one of them times out.
            conn.snd.doubted_mtu = Some((mtu.min(u32::from(u16::MAX)) as u16, quoted));
            return IcmpVerdict::Noted;
        }
    }
    turn.ip.path_mtu_update(turn.now, head.tuple.remote.addr, mtu, turn.context);
    // The new MTU takes hold where the path is looked up again.
    turn.shared.queue(head);
    super::transmit::current_link(flow, turn);
    IcmpVerdict::PathMtu
}

/// A segment timed out after a doubted message: it was true.
pub(crate) fn believe_doubted_mtu(head: &mut Head, conn: &mut Synchronized, turn: &mut Turn<'_>) {
    if let Some((mtu, _)) = conn.snd.doubted_mtu.take() {
        conn.snd.largest_acked = 0;
        turn.ip.path_mtu_update(turn.now, head.tuple.remote.addr, u32::from(mtu), turn.context);
    }
}

/// The plateaus of RFC 1191 section 7.
fn plateau_below(mtu: u32) -> u32 {
    const PLATEAUS: [u32; 10] = [32_000, 17_914, 8_166, 4_352, 2_002, 1_492, 1_006, 508, 296, 68];
    PLATEAUS.into_iter().find(|plateau| *plateau < mtu).unwrap_or(68)
}
