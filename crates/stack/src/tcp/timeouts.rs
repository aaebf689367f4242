//! TIMEOUTS (RFC 9293 section 3.10.8): what each timer of a connection does, and when it is set.

use super::arrives::Outcome;
use super::arrives::acknowledgment;
use super::block::{AckDue, Flow, Head, Opening, OurFin, Probe, Recovery, RecoveryTimer, Shape, Synchronized};
use super::rack;
use super::turn::Turn;
use crate::event::EventKind;
use crate::reason::Cause;
use crate::time::{Duration, Instant};
use crate::trace::{Fact, LossSign};

/// Looks at every timer of a connection that may have run out.
pub(crate) fn run(flow: &mut Flow, turn: &mut Turn<'_>) -> Outcome {
    match flow.parts() {
        (head, Shape::Opening(opening)) => opening_timeout(head, opening, turn),
        (head, Shape::Synchronized(conn)) => synchronized_timeout(head, conn, turn),
        (_, Shape::Over(_)) => Outcome::Stay,
    }
}

/// Sets the recovery timer as the connection's situation asks. `restart`: progress was made, or a segment left, so that the
/// timer counts from now.
pub(crate) fn arm_recovery(conn: &mut Synchronized, now: Instant, restart: bool) {
    let snd = &conn.snd;
    let in_flight = snd.board.as_ref().is_some_and(|board| !board.is_empty());
    let waits = snd.unsent_octets() > 0 || conn.our_fin() == OurFin::Queued;
    // 9293/MUST-35
    // 9293/SHLD-17
    // What a window of zero keeps back, or what was sent before it shrank, is probed for and never timed out.
    if snd.wnd == 0 && (in_flight || waits) || !in_flight && waits && is_held_back(conn) {
        arm_persist(conn, now);
    } else if !in_flight {
        conn.timers.recovery = Instant::FAR;
    } else if conn.timers.recovery_kind == RecoveryTimer::Reorder && conn.timers.recovery != Instant::FAR {
        // Loss detection has asked to look again before long; what follows from that look sets the timer anew.
    } else if restart || conn.timers.recovery == Instant::FAR || conn.timers.recovery_kind == RecoveryTimer::Persist {
        match tail_loss_probe_at(conn, now) {
            Some(at) => {
                conn.timers.recovery = at;
                conn.timers.recovery_kind = RecoveryTimer::TailLoss;
            }
            None => arm_retransmission(conn, now),
        }
    }
}

/// A new segment left: the timer is set if it was off, and a tail loss probe waits for this segment too (RFC 8985 section 7.2).
pub(crate) fn arm_after_new_segment(conn: &mut Synchronized, now: Instant) {
    let kind = conn.timers.recovery_kind;
    if conn.timers.recovery == Instant::FAR || matches!(kind, RecoveryTimer::Persist | RecoveryTimer::Reorder) {
        return arm_recovery(conn, now, false);
    }
    match tail_loss_probe_at(conn, now) {
        Some(at) if kind == RecoveryTimer::TailLoss || at < conn.timers.recovery => {
            conn.timers.recovery = at;
            conn.timers.recovery_kind = RecoveryTimer::TailLoss;
        }
        None if kind == RecoveryTimer::TailLoss => {
            // New segments put a probe off, but never the timeout of what was sent before them.
            conn.timers.recovery = retransmission_due_at(conn).max(now);
            conn.timers.recovery_kind = RecoveryTimer::Retransmission;
        }
        _ => {}
    }
}

/// When the retransmission timer would run out, were no probe before it: it counts from the last progress.
fn retransmission_due_at(conn: &Synchronized) -> Instant {
    conn.snd.waiting_since + conn.snd.rtt.rto()
}

/// Sets the retransmission timer to count from now.
pub(crate) fn arm_retransmission(conn: &mut Synchronized, now: Instant) {
    conn.timers.recovery = now + conn.snd.rtt.rto();
    conn.timers.recovery_kind = RecoveryTimer::Retransmission;
}

/// Sets the user timeout while the peer owes an acknowledgment.
pub(crate) fn arm_user_timeout(head: &Head, conn: &mut Synchronized) {
    // 9293/UTO-2
    // 5482/1
    // It counts from the last progress, for what is sent and for what a closed window keeps from being sent.
    let owes = conn.timers.recovery != Instant::FAR;
    conn.timers.user = match head.options.user_timeout {
        Some(limit) if owes => conn.snd.waiting_since + limit,
        _ => Instant::FAR,
    };
}

/// Something could be sent, but silly-window avoidance holds it back and nothing is in flight whose answer would release it.
fn is_held_back(conn: &Synchronized) -> bool {
    let room = (conn.snd.una + conn.snd.wnd).distance_from(conn.snd.nxt).max(0) as u32;
    room < conn.snd.unsent_octets().min(conn.snd.mss) || room == 0
}

fn arm_persist(conn: &mut Synchronized, now: Instant) {
    if conn.timers.recovery_kind == RecoveryTimer::Persist && conn.timers.recovery != Instant::FAR {
        return;
    }
    // 9293/SHLD-29
    // The first probe leaves one retransmission timeout after the window closed, each later one doubles (9293/SHLD-30).
    let shift = u32::from(conn.snd.window_probes.min(16));
    let interval = conn.snd.rtt.rto().saturating_mul(1 << shift).min(PERSIST_MAX);
    if conn.snd.window_probes == 0 {
        conn.snd.waiting_since = now;
    }
    conn.timers.recovery = now + interval;
    conn.timers.recovery_kind = RecoveryTimer::Persist;
}

/// The longest time between two window probes.
const PERSIST_MAX: Duration = Duration::from_secs(60);

/// When a tail loss probe may be sent (RFC 8985 section 7.2); not where the retransmission timer runs out before it.
fn tail_loss_probe_at(conn: &Synchronized, now: Instant) -> Option<Instant> {
    let snd = &conn.snd;
    let board = snd.board.as_ref()?;
    let srtt = snd.rtt.srtt()?;
    // What was selectively acknowledged shows that something is missing: that is for loss detection, not for a probe.
    let unreported = conn.rcv.selective_acks && board.sacked_octets() == 0;
    let eligible = unreported && snd.recovery == Recovery::Open && snd.retries == 0 && !board.has_probe();
    if !eligible {
        return None;
    }
    let at = now + rack::probe_timeout(Some(srtt), snd.rtt.rto(), board.segments());
    (at < retransmission_due_at(conn)).then_some(at)
}

fn opening_timeout(head: &mut Head, opening: &mut Opening, turn: &mut Turn<'_>) -> Outcome {
    // 9293/MUST-22
    // 9293/MUST-23
    // 1122/TCP-1
    // R2 for a SYN: by time, three minutes or more unless the application says otherwise, or by count where it asks for one.
    let retries = opening.syns.count().saturating_sub(1);
    let spent = head.options.syn_retries.is_some_and(|most| retries >= u32::from(most));
    let due = turn.now >= opening.next_syn_at;
    if turn.now >= opening.give_up_at || due && spent {
        return Outcome::Fail(opening_cause(head, opening));
    }
    if due {
        if retries == u32::from(head.options.retries_before_trouble) {
            // 9293/MUST-20
            // R1 of a SYN is R1 of any segment: the application is told, and the internet layer looks whether the way is alive.
            head.raise(EventKind::Troubled, turn.context);
            turn.ip.advise_dead_path(turn.now, head.tuple.remote.addr);
        }
        // 6298/2
        // A profile may keep the first pauses as they are.
        if retries >= u32::from(head.options.syn_linear_timeouts) {
            opening.rtt.back_off();
        }
        opening.next_syn_at = turn.now + opening.rtt.rto();
        opening.send_now = true;
        turn.shared.queue(head);
    }
    Outcome::Stay
}

/// What is said of an opening that nobody answered.
fn opening_cause(head: &Head, opening: &Opening) -> Cause {
    // 5461/1
    // 1122/TCP-2
    // What routers said meanwhile is told now.
    let next_hop = head.path.as_ref().map(|path| path.next_hop);
    match next_hop {
        Some(next_hop) if opening.neighbour_lost => Cause::NeighbourUnreachable { next_hop },
        _ => Cause::TimedOut { soft: head.soft.as_deref().copied() },
    }
}

fn synchronized_timeout(head: &mut Head, conn: &mut Synchronized, turn: &mut Turn<'_>) -> Outcome {
    let now = turn.now;
    if conn.timers.give_up <= now {
        // FIN-WAIT-2 without an owner ends silently; a lingering close resets.
        return match conn.our_fin() {
            OurFin::Acked => Outcome::Ended,
            _ => Outcome::Abort(Cause::LingerTimeout),
        };
    }
    if conn.timers.user <= now {
        // 9293/UTO-1
        // 9293/MUST-20
        // R2: the connection ends.
        let after = head.options.user_timeout.unwrap_or_default();
        return Outcome::Abort(Cause::UserTimeout { after, soft: head.soft.as_deref().copied() });
    }
    if conn.timers.recovery <= now {
        recovery_timeout(head, conn, turn);
    }
    if conn.timers.idle <= now
        && let Some(cause) = keep_alive_timeout(head, conn, turn)
    {
        return Outcome::Abort(cause);
    }
    if matches!(conn.rcv.ack, AckDue::By(at) if at <= now) {
        conn.rcv.ack = AckDue::Now;
    }
    turn.shared.queue(head);
    Outcome::Stay
}

fn recovery_timeout(head: &mut Head, conn: &mut Synchronized, turn: &mut Turn<'_>) {
    conn.timers.recovery = Instant::FAR;
    match conn.timers.recovery_kind {
        RecoveryTimer::Retransmission => retransmission_timeout(head, conn, turn),
        RecoveryTimer::TailLoss => {
            conn.probe = Some(Probe::TailLoss);
            let tuple = head.tuple;
            turn.context.trace(turn.now, || Fact::TailLossProbe { tuple });
            arm_retransmission(conn, turn.now);
        }
        RecoveryTimer::Reorder => reorder_timeout(head, conn, turn),
        RecoveryTimer::Persist => {
            conn.probe = Some(Probe::Window);
            conn.snd.window_probes = conn.snd.window_probes.saturating_add(1);
            let (tuple, count) = (head.tuple, u32::from(conn.snd.window_probes));
            turn.context.trace(turn.now, || Fact::WindowProbe { tuple, count });
            arm_recovery(conn, turn.now, true);
        }
    }
    arm_user_timeout(head, conn);
}

/// RFC 6298 section 5.4 to 5.7.
fn retransmission_timeout(head: &mut Head, conn: &mut Synchronized, turn: &mut Turn<'_>) {
    let now = turn.now;
    let snd = &mut conn.snd;
    let Some(board) = snd.board.as_mut() else { return };
    let waited = snd.rtt.rto();
    let flight = board.outstanding_octets();
    // RFC 2018 section 8: a receiver may have thrown away what it reported; after a timeout its reports count no more.
    if board.has_reneged() {
        board.forget_sacks();
    }
    board.mark_all_lost();
    let first = snd.retries == 0;
    snd.cc.on_timeout(now, flight, first);
    snd.recovery = Recovery::Timeout;
    snd.recover = snd.nxt;
    snd.retries = snd.retries.saturating_add(1);
    snd.rtt.back_off();
    if snd.retries == head.options.retries_before_trouble {
        // 9293/SHLD-9
        // 9293/SHLD-10
        // R1: the application is told, and the internet layer looks for another way.
        head.raise(EventKind::Troubled, turn.context);
        head.path = turn.ip.route_of_flow(now, &head.tuple, head.path.as_ref());
        turn.ip.advise_dead_path(now, head.tuple.remote.addr);
    }
    let (tuple, retries) = (head.tuple, u32::from(conn.snd.retries));
    turn.context.trace(now, || Fact::RetransmissionTimeout { tuple, waited, retries });
    turn.context.trace(now, || Fact::LossDetected { tuple, octets: flight, sign: LossSign::Timeout });
    super::icmp::believe_doubted_mtu(head, conn, turn);
    arm_retransmission(conn, now);
    requeue(head, turn);
}

fn requeue(head: &mut Head, turn: &mut Turn<'_>) {
    if head.path.is_none() {
        head.path = turn.ip.route_of_flow(turn.now, &head.tuple, None);
    }
    turn.shared.queue(head);
}

fn reorder_timeout(head: &Head, conn: &mut Synchronized, turn: &mut Turn<'_>) {
    let snd = &mut conn.snd;
    let Some(board) = snd.board.as_mut() else { return };
    let losses = board.detect_losses(turn.now, snd.rtt.srtt(), snd.rtt.min_rtt());
    if losses.newly_lost_octets > 0 {
        let (tuple, octets) = (head.tuple, losses.newly_lost_octets);
        turn.context.trace(turn.now, || Fact::LossDetected { tuple, octets, sign: LossSign::LaterArrived });
        acknowledgment::enter_recovery(conn, turn.now);
    }
    match losses.reorder_deadline {
        Some(at) => {
            conn.timers.recovery = at;
            conn.timers.recovery_kind = RecoveryTimer::Reorder;
        }
        None => arm_retransmission(conn, turn.now),
    }
}

/// Sends the next keep-alive probe, or answers with the cause when enough went unanswered.
fn keep_alive_timeout(head: &Head, conn: &mut Synchronized, turn: &mut Turn<'_>) -> Option<Cause> {
    let Some(keep_alive) = head.options.keep_alive else {
        conn.timers.idle = Instant::FAR;
        return None;
    };
    // 9293/MUST-26
    // While something is outstanding, its retransmission asks the same question.
    if conn.timers.recovery != Instant::FAR {
        conn.timers.idle = turn.now + keep_alive.idle;
        return None;
    }
    // 9293/MUST-29
    // One unanswered probe is no proof.
    let probes = conn.rcv.keep_alive_probes;
    if probes >= keep_alive.probes.max(2) {
        return Some(Cause::KeepAliveTimeout { probes });
    }
    conn.rcv.keep_alive_probes = probes + 1;
    conn.timers.idle = turn.now + keep_alive.interval;
    conn.probe = Some(Probe::KeepAlive);
    let (tuple, count) = (head.tuple, probes + 1);
    turn.context.trace(turn.now, || Fact::KeepAliveProbe { tuple, count });
    None
}
