//! What may be sent now (RFC 9293 section 3.8): a pure decision, asked again for each segment.
//!
//! [`decide`] looks at a synchronized connection and answers with at most one [`Plan`]; nothing changes until the link has
//! taken the segment, so a link that refuses loses nothing and no acknowledgment counts as sent that was not. The order is
//! that of need: probes that a timer wants, lost segments, new data, our FIN, then a bare acknowledgment.

use synsent_wire::SeqNumber;

use super::block::{AckDue, OurFin, Probe, Recovery, Synchronized};
use crate::time::Instant;

/// What a segment is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Purpose {
    /// Text, or our FIN, for the first time.
    New,
    /// A segment that was taken for lost, or the tail again.
    Again,
    /// One octet into a closed window that was sent before.
    WindowProbe,
    /// No text, one octet before SND.NXT.
    KeepAlive,
    /// An acknowledgment.
    Ack,
}

/// One segment to send.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Plan {
    pub(crate) purpose: Purpose,
    pub(crate) seq: SeqNumber,
    /// Octets of text.
    pub(crate) len: u32,
    pub(crate) fin: bool,
    pub(crate) push: bool,
}

/// The next segment that may leave now. `burst` is how many octets of text one plan may hold: a full segment, or more where
/// the link splits large ones.
pub(crate) fn decide(conn: &Synchronized, no_delay: bool, burst: u32, now: Instant) -> Option<Plan> {
    if !may_send(conn, now) {
        return None;
    }
    probe(conn)
        .or_else(|| lost(conn))
        .or_else(|| new_text(conn, no_delay, burst))
        .or_else(|| our_fin(conn))
        .or_else(|| acknowledgment(conn, now))
}

/// Whether there is anything to send at all, windows aside; most segments that arrive leave nothing behind.
#[inline]
pub(crate) fn may_send(conn: &Synchronized, now: Instant) -> bool {
    is_ack_due(conn, now)
        || conn.snd.unsent_octets() > 0
        || conn.our_fin() == OurFin::Queued
        || conn.probe.is_some()
        || conn.snd.board.as_ref().is_some_and(|board| board.has_lost())
}

fn probe(conn: &Synchronized) -> Option<Plan> {
    let snd = &conn.snd;
    match conn.probe? {
        // RFC 8985 section 7.3: new data if the window takes it, the last segment again if not.
        Probe::TailLoss => {
            let room = window_room(conn);
            let len = snd.unsent_octets().min(room).min(snd.mss);
            if len > 0 {
                return Some(text(conn, len));
            }
            let last = snd.board.as_ref()?.last()?;
            Some(again(conn, last.start, last.end))
        }
        // 9293/MUST-36
        // At least one octet goes out into the closed window: again the oldest, or the first new one.
        Probe::Window if snd.outstanding_octets() > 0 => {
            let len = 1.min(snd.buffer.len() as u32);
            Some(Plan { purpose: Purpose::WindowProbe, seq: snd.una, len, fin: len == 0, push: false })
        }
        Probe::Window if snd.unsent_octets() > 0 => {
            let len = snd.unsent_octets().min(window_room(conn).clamp(1, snd.mss));
            Some(text(conn, len))
        }
        Probe::Window => None,
        // 9293/MAY-5
        // 9293/SHLD-12
        // A number that is already acknowledged makes the peer answer; no octet is invented.
        Probe::KeepAlive => {
            Some(Plan { purpose: Purpose::KeepAlive, seq: snd.nxt - 1, len: 0, fin: false, push: false })
        }
    }
}

fn lost(conn: &Synchronized) -> Option<Plan> {
    let snd = &conn.snd;
    let board = snd.board.as_ref()?;
    let range = board.next_lost()?;
    // 9293/SHLD-16
    // Inside the window a retransmission may always leave; the persist timer speaks for what a shrunken window leaves out.
    if range.start.at_or_after(snd.una + snd.wnd.max(1)) || snd.wnd == 0 {
        return None;
    }
    // RFC 6675 section 5 (C): the pipe must have room; the first segment of a recovery leaves whatever the pipe holds.
    let first = range.start == snd.una;
    if !first && board.flight_octets() + snd.mss > snd.cc.window() {
        return None;
    }
    if first && snd.recovery == Recovery::Timeout && board.flight_octets() >= snd.cc.window() {
        return None;
    }
    Some(again(conn, range.start, range.end))
}

fn new_text(conn: &Synchronized, no_delay: bool, burst: u32) -> Option<Plan> {
    let snd = &conn.snd;
    let unsent = snd.unsent_octets();
    if unsent == 0 || snd.board.as_ref().is_some_and(|board| board.is_full()) {
        return None;
    }
    let room = window_room(conn).min(congestion_room(conn));
    // 9293/SHLD-28
    // 9293/MAY-16
    // Full segments where possible; a burst is a whole number of them unless it ends the data.
    let mut len = unsent.min(room).min(burst);
    if len > snd.mss && len < unsent {
        len -= len % snd.mss;
    }
    let ends_buffer = len == unsent;
    // 9293/MUST-38
    // RFC 9293 section 3.8.6.2.1: a full segment; or all there is, when nothing is outstanding or Nagle is off (9293/SHLD-7,
    // 9293/MUST-17), or our FIN follows; or half the largest window that the peer ever had.
    let idle = snd.outstanding_octets() == 0;
    let sends = len >= snd.mss
        || len > 0 && ends_buffer && (idle || no_delay || conn.our_fin() != OurFin::None)
        || len > 0 && len >= snd.max_wnd / 2 && (idle || no_delay);
    sends.then(|| text(conn, len))
}

fn our_fin(conn: &Synchronized) -> Option<Plan> {
    let snd = &conn.snd;
    // A window of zero holds the FIN back like text; the persist timer asks.
    let sends = conn.our_fin() == OurFin::Queued
        && snd.unsent_octets() == 0
        && (snd.wnd > 0 && snd.nxt.before(snd.una + snd.wnd) || snd.outstanding_octets() == 0);
    sends.then_some(Plan { purpose: Purpose::New, seq: snd.nxt, len: 0, fin: true, push: false })
}

fn acknowledgment(conn: &Synchronized, now: Instant) -> Option<Plan> {
    // 9293/MUST-58
    // 9293/MUST-59
    // An acknowledgment is not made when a segment arrives but when the link asks, after all that arrived was processed; one
    // then speaks for all.
    // The octet of a window probe lies beyond the peer's right edge. As long as it is not taken, a peer whose window is closed
    // refuses acknowledgments that count it as sent.
    let edge = conn.snd.una + conn.snd.wnd;
    let seq = if conn.snd.nxt == edge + 1 { edge } else { conn.snd.nxt };
    let plan = Plan { purpose: Purpose::Ack, seq, len: 0, fin: false, push: false };
    is_ack_due(conn, now).then_some(plan)
}

#[inline]
fn is_ack_due(conn: &Synchronized, now: Instant) -> bool {
    match conn.rcv.ack {
        AckDue::Now => true,
        AckDue::By(at) => at <= now,
        AckDue::No => false,
    }
}

/// Octets that the peer's window takes beyond SND.NXT. 9293/SHLD-15: none when the window shrank below it.
fn window_room(conn: &Synchronized) -> u32 {
    // 9293/MUST-34
    // A usable window below zero is no room, never a large number.
    (conn.snd.una + conn.snd.wnd).distance_from(conn.snd.nxt).max(0) as u32
}

/// Octets that the congestion window takes on top of what is in flight.
fn congestion_room(conn: &Synchronized) -> u32 {
    // RFC 3042: each duplicate acknowledgment tells that a segment has left the network, so that the flight shrinks by one and
    // one new segment may follow.
    conn.snd.cc.window().saturating_sub(conn.snd.flight_octets())
}

/// New text from SND.NXT on; our FIN rides on the last of it.
fn text(conn: &Synchronized, len: u32) -> Plan {
    let snd = &conn.snd;
    // 9293/MUST-61
    // PSH stands on the last segment that the buffer holds. 9293/SHLD-27: one for all sends that it aggregates.
    let push = len == snd.unsent_octets();
    let fin = push && conn.our_fin() == OurFin::Queued && (snd.nxt + len).before(snd.una + snd.wnd);
    Plan { purpose: Purpose::New, seq: snd.nxt, len, fin, push }
}

/// The text from `start` to `end` again, at most one segment of it, with our FIN when it reaches that far.
fn again(conn: &Synchronized, start: SeqNumber, end: SeqNumber) -> Plan {
    let snd = &conn.snd;
    let text_end = end.min(snd.end());
    let len = (text_end.distance_from(start).max(0) as u32).min(snd.mss);
    let fin = end.after(snd.end()) && start + len == snd.end();
    Plan { purpose: Purpose::Again, seq: start, len, fin, push: start + len == snd.end() }
}
