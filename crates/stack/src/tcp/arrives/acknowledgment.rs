//! What an acceptable acknowledgment does to the sender: progress, window, loss detection, congestion control and timers
//! (RFC 9293 section 3.10.7.4 fifth check, RFC 5681, 6298, 6582, 6675, 8985).

use synsent_wire::SeqNumber;
use synsent_wire::tcp::Flags;

use crate::event::EventKind;
use crate::tcp::block::{Head, OurFin, Recovery, RecoveryTimer, Synchronized};
use crate::tcp::scoreboard::Acked;
use crate::tcp::segment::Segment;
use crate::tcp::timeouts;
use crate::tcp::turn::{Turn, timestamp_at};
use crate::time::Instant;
use crate::trace::{Fact, LossSign};

/// From this distance on, "recover" of RFC 6582 follows SND.UNA.
const RECOVER_FAR_OCTETS: i32 = 1 << 30;

/// Takes an acknowledgment between SND.UNA - MAX.SND.WND and SND.NXT.
pub(crate) fn process(head: &mut Head, conn: &mut Synchronized, segment: &Segment<'_>, turn: &mut Turn<'_>) {
    let ack = segment.header.ack;
    if ack.before(conn.snd.una) {
        return;
    }
    let was_closed = conn.snd.wnd == 0;
    let is_duplicate = is_duplicate(conn, segment);
    update_window(conn, segment);
    let progress = ack.distance_from(conn.snd.una) as u32;
    if progress == 0 && owes_nothing(conn) {
        // The way of most segments of a receiver: nothing is acknowledged, because nothing was sent.
        return;
    }
    if progress > 0 {
        advance(head, conn, ack, turn);
    }
    if conn.timers.recovery_kind == RecoveryTimer::Persist {
        // 9293/MUST-37
        // A peer that answers probes keeps the connection open however long its window stays closed.
        conn.snd.waiting_since = turn.now;
    }
    let outstanding = conn.snd.board.as_ref().is_some_and(|board| !board.is_empty());
    if outstanding {
        account(head, conn, segment, progress, is_duplicate, turn);
    }
    if was_closed && conn.snd.wnd > 0 {
        reopen(conn);
    }
    let is_settled = conn.snd.board.as_ref().is_some_and(|board| board.is_empty());
    if is_settled {
        let board = conn.snd.board.take();
        turn.shared.spare(board);
    }
    timeouts::arm_recovery(conn, turn.now, progress > 0 || was_closed);
    timeouts::arm_user_timeout(head, conn);
    grow_send_buffer(head, conn, turn);
}

/// Whether this side has nothing in flight, nothing to send and no timer that waits for the peer.
#[inline]
fn owes_nothing(conn: &Synchronized) -> bool {
    let snd = &conn.snd;
    snd.board.is_none()
        && snd.buffer.is_empty()
        && conn.our_fin() != OurFin::Queued
        && conn.timers.recovery == Instant::FAR
        && conn.timers.user == Instant::FAR
}

/// A duplicate acknowledgment as RFC 5681 section 2 defines it; it matters only for a peer without SACK.
fn is_duplicate(conn: &Synchronized, segment: &Segment<'_>) -> bool {
    segment.header.ack == conn.snd.una
        && conn.snd.outstanding_octets() > 0
        && segment.text.is_empty()
        && !segment.has(Flags::FIN)
        && u32::from(segment.header.window) << conn.snd.scale == conn.snd.wnd
}

fn update_window(conn: &mut Synchronized, segment: &Segment<'_>) {
    let snd = &mut conn.snd;
    let (seq, ack) = (segment.header.seq, segment.header.ack);
    // An older segment must not bring an older window back: SND.WL1 and SND.WL2 tell which is newer.
    if snd.wl1.before(seq) || snd.wl1 == seq && snd.wl2.at_or_before(ack) {
        // 9293/MUST-1
        // 9293/REC-1
        // The window is unsigned, and once scaled it is kept in 32 bits.
        snd.wnd = u32::from(segment.header.window) << snd.scale;
        snd.max_wnd = snd.max_wnd.max(snd.wnd);
        snd.wl1 = seq;
        snd.wl2 = ack;
    }
}

/// Moves SND.UNA.
fn advance(head: &mut Head, conn: &mut Synchronized, ack: SeqNumber, turn: &mut Turn<'_>) {
    let snd = &mut conn.snd;
    let octets = (ack.distance_from(snd.una) as usize).min(snd.buffer.len());
    snd.buffer.discard_front(octets);
    if snd.buffer.is_empty() {
        snd.buffer.release(&mut turn.shared.pool);
    }
    snd.una = ack;
    snd.retries = 0;
    snd.window_probes = 0;
    snd.duplicate_acks = 0;
    snd.waiting_since = turn.now;
    snd.largest_acked = snd.largest_acked.max((octets.min(usize::from(snd.largest_sent))) as u16);
    if snd.up.is_some_and(|up| up.at_or_before(ack)) {
        snd.up = None;
    }
    if snd.doubted_mtu.is_some_and(|(_, quoted)| ack.after(quoted)) {
        // 5927/4
        // The segment has passed after all.
        snd.doubted_mtu = None;
    }
    if snd.starved && snd.buffer.len() < snd.limit as usize {
        snd.starved = false;
        head.raise(EventKind::Writable, turn.context);
    }
}

/// Tells the scoreboard and congestion control.
fn account(
    head: &Head,
    conn: &mut Synchronized,
    segment: &Segment<'_>,
    progress: u32,
    is_duplicate: bool,
    turn: &mut Turn<'_>,
) {
    let echo = echoed_segment_sent_at(head, conn, segment, turn.now);
    let snd = &mut conn.snd;
    let Some(board) = snd.board.as_mut() else { return };
    let flight_before = board.flight_octets();
    let sacks = if conn.rcv.selective_acks { segment.header.options.sack.as_slice() } else { &[] };
    let acked = board.on_ack(turn.now, snd.una, sacks, echo, snd.rtt.min_rtt());
    // 9293/MUST-18
    // 6298/4
    // Only a segment that was sent once measures the round trip (Karn), or the echo of a timestamp, which tells the
    // transmissions apart. Until then a timeout that was doubled stays so.
    // A segment that was received before leaves TS.Recent alone (RFC 7323 section 4.3), so after a lost acknowledgment the
    // answer to the repair echoes something older, and would measure how long the repair took.
    let by_echo = echo.filter(|_| progress > 0 && !acked.echo_is_old).map(|sent_at| turn.now.since(sent_at));
    if let Some(rtt) = acked.rtt.or(by_echo) {
        snd.rtt.sample(rtt);
    }
    let was_repairing = conn.snd.recovery == Recovery::Fast;
    end_recovery(conn, progress, &acked, head, turn);
    detect_losses(conn, is_duplicate, progress, head, turn);
    let snd = &mut conn.snd;
    if acked.probe_repaired_loss && snd.recovery == Recovery::Open {
        // RFC 8985 section 7.4: the probe filled a hole that nobody else saw; the congestion was real.
        snd.cc.on_congestion(turn.now, flight_before);
        snd.cc.on_recovery_end();
    }
    if progress > 0 && snd.recovery != Recovery::Fast && !was_repairing {
        // 9293/MUST-19
        // The window grows only when it was what held the sender back, and not by what a recovery has brought home (RFC 6582).
        let window = snd.cc.window();
        let limited = if snd.cc.in_slow_start() {
            window < flight_before.saturating_mul(2)
        } else {
            flight_before.saturating_add(snd.mss) >= window
        };
        snd.cc.on_ack(turn.now, progress, snd.rtt.srtt(), limited);
    }
}

/// When the segment was sent whose timestamp this one echoes, to the tick of our clock. An echo of a time before the
/// connection, or of one to come, is no echo.
fn echoed_segment_sent_at(head: &Head, conn: &Synchronized, segment: &Segment<'_>, now: Instant) -> Option<Instant> {
    let (agreed, stamps) = (conn.rcv.timestamps?, segment.header.options.timestamps?);
    let age_millis = timestamp_at(now, agreed.offset).wrapping_sub(stamps.echo);
    let sent_at = Instant::from_millis(now.millis().checked_sub(age_millis.into())?);
    (sent_at.millis() >= head.opened_at.millis()).then_some(sent_at)
}

fn end_recovery(conn: &mut Synchronized, progress: u32, acked: &Acked, head: &Head, turn: &mut Turn<'_>) {
    let snd = &mut conn.snd;
    if acked.spurious {
        snd.cc.undo();
        if let Some(board) = &mut snd.board {
            board.unmark_losses();
        }
        snd.recovery = Recovery::Open;
        let tuple = head.tuple;
        turn.context.trace(turn.now, || Fact::SpuriousRetransmission { tuple });
    }
    if snd.recovery != Recovery::Open && progress > 0 && snd.una.at_or_after(snd.recover) {
        if snd.recovery == Recovery::Fast {
            snd.cc.on_recovery_end();
        }
        snd.recovery = Recovery::Open;
    }
    if snd.recovery == Recovery::Open && snd.una.distance_from(snd.recover) > RECOVER_FAR_OCTETS {
        // A number from long ago must not look like one ahead once the numbers have wrapped.
        snd.recover = snd.una - 1;
    }
}

/// Finds what is lost, and enters fast recovery when something is and none is under way.
fn detect_losses(conn: &mut Synchronized, is_duplicate: bool, progress: u32, head: &Head, turn: &mut Turn<'_>) {
    let by_sack = conn.rcv.selective_acks;
    let now = turn.now;
    let Some((octets, sign)) = (if by_sack {
        newly_lost_by_rack(conn, now).map(|octets| (octets, LossSign::LaterArrived))
    } else {
        newly_lost_by_duplicates(conn, is_duplicate, progress).map(|octets| (octets, LossSign::DuplicateAcks))
    }) else {
        return;
    };
    let tuple = head.tuple;
    turn.context.trace(now, || Fact::LossDetected { tuple, octets, sign });
    enter_recovery(conn, now);
}

/// Enters fast recovery unless a repair is under way (RFC 6675 section 5, RFC 6582 section 3.2).
pub(crate) fn enter_recovery(conn: &mut Synchronized, now: Instant) {
    let snd = &mut conn.snd;
    if snd.recovery != Recovery::Open {
        return;
    }
    snd.recovery = Recovery::Fast;
    snd.recover = snd.nxt;
    // FlightSize of RFC 5681 is what is not acknowledged cumulatively, without what limited transmit has sent beyond the window.
    let flight = snd.outstanding_octets().min(snd.cc.window());
    snd.cc.on_congestion(now, flight);
}

fn newly_lost_by_rack(conn: &mut Synchronized, now: Instant) -> Option<u32> {
    let snd = &mut conn.snd;
    let board = snd.board.as_mut()?;
    let losses = board.detect_losses(now, snd.rtt.srtt(), snd.rtt.min_rtt());
    if let Some(at) = losses.reorder_deadline {
        conn.timers.recovery = at;
        conn.timers.recovery_kind = RecoveryTimer::Reorder;
    } else if conn.timers.recovery_kind == RecoveryTimer::Reorder {
        conn.timers.recovery = Instant::FAR;
    }
    (losses.newly_lost_octets > 0).then_some(losses.newly_lost_octets)
}

/// Three duplicates (RFC 5681), and each partial acknowledgment in the recovery that follows (RFC 6582).
fn newly_lost_by_duplicates(conn: &mut Synchronized, is_duplicate: bool, progress: u32) -> Option<u32> {
    let snd = &mut conn.snd;
    let board = snd.board.as_mut()?;
    let first = board.first().map_or(0, |range| range.end.distance_from(range.start) as u32);
    if is_duplicate && snd.recovery == Recovery::Open && snd.una.at_or_before(snd.recover) {
        // RFC 6582 section 3.2, step 1: these are echoes of what the last recovery sent again.
        return None;
    }
    if is_duplicate {
        snd.duplicate_acks = snd.duplicate_acks.saturating_add(1);
        return board.on_duplicate_ack_without_sack().then_some(first);
    }
    if progress > 0 && snd.recovery == Recovery::Fast {
        board.on_partial_ack();
        return Some(first);
    }
    None
}

/// The window opened again: what was sent into it before it closed goes again at once.
fn reopen(conn: &mut Synchronized) {
    conn.snd.window_probes = 0;
    if let Some(board) = &mut conn.snd.board {
        board.mark_all_lost();
    }
    conn.probe = None;
}

/// The send buffer may hold twice the congestion window, so that the window and not the buffer limits the flow.
fn grow_send_buffer(head: &mut Head, conn: &mut Synchronized, turn: &mut Turn<'_>) {
    let snd = &mut conn.snd;
    let wanted = snd.cc.window().saturating_mul(2).min(head.options.send_buffer.limit);
    if wanted > snd.limit {
        snd.limit = wanted;
        if snd.starved {
            snd.starved = false;
            head.raise(EventKind::Writable, turn.context);
        }
    }
}
