//! The checks that a segment passes in a synchronized state, each a function with the RFC's number (section 3.10.7.4).

use core::ops::ControlFlow;

use synsent_wire::SeqNumber;
use synsent_wire::tcp::{Flags, SackRange};

use super::Outcome;
use super::acknowledgment;
use crate::context::DropReason;
use crate::event::EventKind;
use crate::reason::Cause;
use crate::tcp::block::{AckDue, Change, Flow, OurFin, ReceiveSide, Synchronized, TheirFin};
use crate::tcp::out_of_order::Inserted;
use crate::tcp::segment::Segment;
use crate::tcp::state::State;
use crate::tcp::turn::Turn;
use crate::time::Duration;

/// After so long a timestamp says nothing any more: half of 2^32 ticks of 1 ms (RFC 7323 section 5.5).
const TIMESTAMP_VALID: Duration = Duration::from_secs(24 * 24 * 3_600);

/// The part of a segment that stands inside the window.
pub(crate) struct Accepted<'a> {
    seq: SeqNumber,
    text: &'a [u8],
    /// Whether the FIN stands inside the window too.
    fin: bool,
}

type Step<T = ()> = ControlFlow<Outcome, T>;

/// What steps ask of a flow that is known to be synchronized.
macro_rules! synchronized {
    ($flow:expr) => {
        match $flow.synchronized() {
            Some(parts) => parts,
            None => return ControlFlow::Break(Outcome::Stay),
        }
    };
}

/// PAWS, before the normal check of acceptability.
pub(crate) fn timestamp(flow: &mut Flow, segment: &Segment<'_>, turn: &mut Turn<'_>) -> Step {
    let (_, conn) = synchronized!(flow);
    let Some(agreed) = conn.rcv.timestamps else { return ControlFlow::Continue(()) };
    let Some(sent) = segment.header.options.timestamps else {
        // 7323/3
        // A segment without the timestamp that was agreed is dropped silently; a reset may come without.
        if segment.has(Flags::RST) {
            return ControlFlow::Continue(());
        }
        turn.dropped(DropReason::TcpNoTimestamp);
        return ControlFlow::Break(Outcome::Stay);
    };
    // 7323/5
    // An old timestamp marks an old duplicate: acknowledge and drop. A reset is exempt, and so is all after 24 days.
    let old = (sent.value.wrapping_sub(agreed.recent) as i32) < 0;
    if old && !segment.has(Flags::RST) && turn.now.since(agreed.recent_at) < TIMESTAMP_VALID {
        turn.dropped(DropReason::TcpPaws);
        if segment.sequence_len() > 0 {
            conn.rcv.ack = AckDue::Now;
        }
        return ControlFlow::Break(Outcome::Stay);
    }
    ControlFlow::Continue(())
}

/// First: is the sequence number acceptable? What reaches over an edge of the window is cut off.
pub(crate) fn first_sequence_number<'a>(
    flow: &mut Flow,
    segment: &Segment<'a>,
    turn: &mut Turn<'_>,
) -> Step<Accepted<'a>> {
    let (head, conn) = synchronized!(flow);
    let (nxt, window) = (conn.rcv.nxt, conn.rcv.window());
    let (seq, len) = (segment.header.seq, segment.sequence_len());
    if !is_acceptable(seq, len, nxt, window) {
        // 9293/MUST-66
        // With a window of zero nothing is acceptable, but the acknowledgment, the urgent pointer and a reset are heard.
        if window == 0 && seq == nxt && !segment.has(Flags::SYN) {
            conn.rcv.ack = AckDue::Now;
            return ControlFlow::Continue(Accepted { seq, text: &[], fin: false });
        }
        // The same holds for an acknowledgment at the right edge: its sender has filled the window, and some of that is lost.
        let is_bare_ack = len == 0 && segment.has(Flags::ACK) && !segment.has(Flags::RST);
        if is_bare_ack && seq == conn.rcv.edge {
            return ControlFlow::Continue(Accepted { seq, text: &[], fin: false });
        }
        // And for one from just before RCV.NXT, which is answered besides: a keep-alive probe, or the acknowledgment of a sender
        // that does not know yet that the octet of its window probe was taken. If both sides waited for each other's numbers
        // here, neither would hear that the other's window is open.
        if is_bare_ack && seq == nxt - 1 {
            conn.rcv.ack = AckDue::Now;
            note_heard(conn, head.options.keep_alive.map(|keep_alive| keep_alive.idle), turn);
            return ControlFlow::Continue(Accepted { seq, text: &[], fin: false });
        }
        turn.dropped(DropReason::TcpUnacceptable);
        if !segment.has(Flags::RST) {
            refuse(head.tuple.local.port, conn, segment, turn);
        }
        return ControlFlow::Break(Outcome::Stay);
    }
    note_timestamp(&mut conn.rcv, segment, turn);
    // 9293/MAY-9
    // The application may ask for the traffic class that the peer uses.
    conn.rcv.traffic_class = segment.traffic_class;
    note_heard(conn, head.options.keep_alive.map(|keep_alive| keep_alive.idle), turn);
    ControlFlow::Continue(cut(segment, nxt, conn.rcv.edge))
}

/// The four cases of RFC 9293 section 3.4.
fn is_acceptable(seq: SeqNumber, len: u32, nxt: SeqNumber, window: u32) -> bool {
    let edge = nxt + window;
    match (len, window) {
        (0, 0) => seq == nxt,
        (0, _) => seq.within(nxt, edge),
        (_, 0) => false,
        (_, _) => seq.within(nxt, edge) || (seq + (len - 1)).within(nxt, edge),
    }
}

/// An unacceptable segment is answered by an acknowledgment. One that carries nothing could be answered by its like, for ever,
/// and a SYN costs a stranger nothing: those answers are limited.
fn refuse(port: u16, conn: &mut Synchronized, segment: &Segment<'_>, turn: &mut Turn<'_>) {
    let is_probe = segment.header.seq == conn.rcv.nxt - 1;
    let is_cheap = segment.sequence_len() == 0 && !is_probe || segment.has(Flags::SYN);
    if is_cheap && !conn.challenge.allow(turn.now, u32::from(port)) {
        return;
    }
    conn.rcv.ack = AckDue::Now;
    let end = segment.header.seq + segment.text.len() as u32;
    if !segment.text.is_empty() && end.at_or_before(conn.rcv.nxt) {
        // RFC 2883: all of it was received before.
        conn.rcv.duplicate = Some(SackRange { start: segment.header.seq, end });
    }
}

fn note_timestamp(rcv: &mut ReceiveSide, segment: &Segment<'_>, turn: &Turn<'_>) {
    // A reset's timestamp says nothing (RFC 7323 section 5.2).
    if segment.has(Flags::RST) {
        return;
    }
    if let (Some(agreed), Some(sent)) = (&mut rcv.timestamps, segment.header.options.timestamps) {
        if (sent.echo.wrapping_sub(agreed.echoed) as i32) > 0 {
            agreed.echoed = sent.echo;
        }
        // 7323/4
        // TS.Recent follows only a segment that covers the number that was last acknowledged.
        let newer =
            (sent.value.wrapping_sub(agreed.recent) as i32) >= 0 || turn.now.since(agreed.recent_at) >= TIMESTAMP_VALID;
        if newer && segment.header.seq.at_or_before(rcv.last_ack_sent) {
            agreed.recent = sent.value;
            agreed.recent_at = turn.now;
        }
    }
}

fn note_heard(conn: &mut Synchronized, idle: Option<Duration>, turn: &Turn<'_>) {
    conn.rcv.heard_at = turn.now;
    if let Some(idle) = idle {
        conn.rcv.keep_alive_probes = 0;
        conn.timers.idle = turn.now + idle;
    }
}

fn cut<'a>(segment: &Segment<'a>, nxt: SeqNumber, edge: SeqNumber) -> Accepted<'a> {
    let (mut seq, mut text) = (segment.header.seq, segment.text);
    let before = nxt.distance_from(seq).max(0) as usize;
    if before > 0 {
        let octets = before.min(text.len());
        text = &text[octets..];
        seq += octets as u32;
    }
    let room = edge.distance_from(seq).max(0) as usize;
    // A FIN on a segment that is cut at the right edge does not count: text before it is missing.
    let fin = segment.has(Flags::FIN) && text.len() <= room;
    Accepted { seq, text: &text[..text.len().min(room)], fin }
}

/// Second: a reset.
pub(crate) fn second_reset(flow: &mut Flow, segment: &Segment<'_>, turn: &mut Turn<'_>) -> Step {
    if !segment.has(Flags::RST) {
        return ControlFlow::Continue(());
    }
    let both_ended = matches!(flow.state(), State::Closing | State::LastAck);
    let (head, conn) = synchronized!(flow);
    // 9293/SHLD-2
    // What a reset carries as text is no reason to refuse it.
    if segment.header.seq == conn.rcv.nxt {
        if both_ended && conn.snd.buffer.is_empty() {
            // RFC 9293 section 3.10.7.4: only the acknowledgment of our FIN was lost, and nobody is told of a reset.
            return ControlFlow::Break(Outcome::Ended);
        }
        return ControlFlow::Break(Outcome::Fail(Cause::Reset { by: segment.from() }));
    }
    // 5961/1
    // Inside the window but not exact: the peer must prove that it means this connection.
    turn.dropped(DropReason::TcpResetDoubtful);
    turn.challenge(head.tuple, conn);
    ControlFlow::Break(Outcome::Stay)
}

/// Fourth: a SYN.
pub(crate) fn fourth_syn(flow: &mut Flow, segment: &Segment<'_>, turn: &mut Turn<'_>) -> Step {
    if !segment.has(Flags::SYN) {
        return ControlFlow::Continue(());
    }
    // 5961/3
    // 9293/SR-4
    // Whatever its number: a challenge ACK, which makes a peer that really lost the connection send a reset.
    let (head, conn) = synchronized!(flow);
    turn.challenge(head.tuple, conn);
    ControlFlow::Break(Outcome::Stay)
}

/// Fifth: the acknowledgment.
pub(crate) fn fifth_acknowledgment(flow: &mut Flow, segment: &Segment<'_>, turn: &mut Turn<'_>) -> Step {
    if !segment.has(Flags::ACK) {
        turn.dropped(DropReason::TcpUnacceptable);
        return ControlFlow::Break(Outcome::Stay);
    }
    let (head, conn) = synchronized!(flow);
    let ack = segment.header.ack;
    // 5961/4
    // 9293/MAY-12
    // An acknowledgment of what was never sent, or of what was sent long ago, is no progress and not harmless.
    if ack.after(conn.snd.nxt) || ack.before(conn.snd.una - conn.snd.max_wnd) {
        turn.dropped(DropReason::TcpUnacceptable);
        turn.challenge(head.tuple, conn);
        return ControlFlow::Break(Outcome::Stay);
    }
    let covers_fin = conn.our_fin() == OurFin::Sent && ack == conn.snd.end() + 1;
    acknowledgment::process(head, conn, segment, turn);
    if !covers_fin {
        return ControlFlow::Continue(());
    }
    match flow.state() {
        State::Closing => ControlFlow::Break(Outcome::TimeWait),
        State::LastAck => ControlFlow::Break(Outcome::Ended),
        _ => {
            flow.apply(Change::OurFin(OurFin::Acked), turn.now, turn.context);
            let (head, conn) = synchronized!(flow);
            if head.held {
                head.raise(EventKind::FinAcked, turn.context);
            } else {
                // FIN-WAIT-2 that nobody owns must end by itself when the peer never closes.
                conn.timers.give_up = turn.now + head.options.fin_wait_2_timeout;
            }
            ControlFlow::Continue(())
        }
    }
}

/// Sixth: the urgent pointer.
pub(crate) fn sixth_urgent(flow: &mut Flow, segment: &Segment<'_>, turn: &mut Turn<'_>) {
    if !segment.has(Flags::URG) {
        return;
    }
    let Some((head, conn)) = flow.synchronized() else { return };
    if conn.their_fin() == TheirFin::Reached {
        return;
    }
    // 9293/MUST-62
    // The pointer names the first octet after the urgent data.
    let up = segment.header.seq + u32::from(segment.header.urgent_pointer);
    // 9293/MUST-31
    // The end of urgent data may move on with every segment, so its length has no limit.
    if conn.rcv.up.is_none_or(|known| up.after(known)) && up.after(conn.rcv.nxt - conn.rcv.buffer.len() as u32) {
        conn.rcv.up = Some(up);
        // 9293/MUST-32
        // The application is told when urgent data is announced and when its end moves.
        head.raise(EventKind::Urgent, turn.context);
    }
}

/// Seventh: the text. Answers with whether the peer's FIN is now reached.
pub(crate) fn seventh_text(
    flow: &mut Flow,
    segment: &Segment<'_>,
    accepted: &Accepted<'_>,
    turn: &mut Turn<'_>,
) -> Step<bool> {
    let (head, conn) = synchronized!(flow);
    // Text after the peer's FIN is not data.
    if conn.their_fin() == TheirFin::Reached {
        if segment.sequence_len() > 0 {
            conn.rcv.ack = AckDue::Now;
        }
        return ControlFlow::Continue(false);
    }
    let fin_at = match conn.their_fin() {
        TheirFin::Ahead(at) => Some(at),
        _ => accepted.fin.then(|| accepted.seq + accepted.text.len() as u32),
    };
    let mut text = accepted.text;
    if let Some(fin_at) = fin_at {
        let octets = fin_at.distance_from(accepted.seq).max(0) as usize;
        text = &text[..text.len().min(octets)];
    }
    // 9293/SHLD-3
    // Nobody is left to read it: the peer learns by a reset that its data is lost.
    if !text.is_empty() && !head.held && head.waits_at.is_none() {
        return ControlFlow::Break(Outcome::Abort(Cause::Aborted));
    }
    let before = conn.rcv.nxt;
    if segment.sequence_len() > 0 && segment.header.seq.before(before) {
        // Something of it was received before: RFC 2883 has the duplicate reported.
        let end = (segment.header.seq + segment.text.len() as u32).min(before);
        if end.after(segment.header.seq) {
            conn.rcv.duplicate = Some(SackRange { start: segment.header.seq, end });
        }
        conn.rcv.ack = AckDue::Now;
    }
    if !text.is_empty() {
        take_text(&mut conn.rcv, accepted.seq, text, turn);
    }
    let reached = fin_at == Some(conn.rcv.nxt);
    if conn.rcv.nxt != before {
        if head.receive_shut {
            conn.rcv.buffer.discard_front(conn.rcv.buffer.len());
        } else {
            head.raise(EventKind::Readable, turn.context);
        }
    }
    if !text.is_empty() {
        owe_acknowledgment(conn, head.options.quick_ack, turn);
    }
    if let (Some(at), false) = (fin_at, reached) {
        if accepted.fin {
            conn.rcv.ack = AckDue::Now;
        }
        if conn.their_fin() == TheirFin::None {
            // A FIN out of order is remembered like data.
            flow.apply(Change::TheirFin(TheirFin::Ahead(at)), turn.now, turn.context);
        }
    }
    ControlFlow::Continue(reached)
}

fn take_text(rcv: &mut ReceiveSide, seq: SeqNumber, text: &[u8], turn: &mut Turn<'_>) {
    rcv.largest_text = rcv.largest_text.max(text.len().min(usize::from(u16::MAX)) as u16);
    if seq == rcv.nxt && rcv.holes.is_empty() {
        rcv.buffer.push(&mut turn.shared.pool, text, usize::MAX);
        rcv.nxt += text.len() as u32;
        return;
    }
    // 9293/SHLD-31
    // Text beyond a hole is kept where it belongs, and acknowledged at once so that the sender learns of the hole
    // (9293/MAY-13).
    rcv.ack = AckDue::Now;
    let end = seq + text.len() as u32;
    if seq != rcv.nxt {
        match rcv.holes.insert(seq, end) {
            Inserted::Refused => {
                turn.dropped(DropReason::TcpReassemblyFull);
                return;
            }
            Inserted::Duplicate(range) => rcv.duplicate = Some(range),
            Inserted::New => {}
        }
    }
    let offset = rcv.buffer.len() + seq.distance_from(rcv.nxt).max(0) as usize;
    rcv.buffer.write_at(&mut turn.shared.pool, offset, text);
    // Text that begins at RCV.NXT is taken however many holes there are: it fills the first.
    let reached = if seq == rcv.nxt { end } else { rcv.nxt };
    let nxt = rcv.holes.advance(reached);
    rcv.buffer.extend(nxt.distance_from(rcv.nxt).max(0) as usize);
    rcv.nxt = nxt;
}

/// Decides when the text that arrived is acknowledged.
fn owe_acknowledgment(conn: &mut Synchronized, quick_ack: bool, turn: &Turn<'_>) {
    let rcv = &mut conn.rcv;
    // 9293/SHLD-19
    // At least every second full segment is acknowledged at once.
    let unacknowledged = rcv.nxt.distance_from(rcv.last_ack_sent).max(0) as u32;
    let full = u32::from(rcv.largest_text.max(rcv.mss.min(536)));
    if quick_ack || unacknowledged >= 2 * full || !rcv.holes.is_empty() {
        rcv.ack = AckDue::Now;
    } else if rcv.ack == AckDue::No {
        // 9293/SHLD-18
        // 9293/MUST-40
        // The rest waits a little for company, less than half a second.
        rcv.ack = AckDue::By(turn.now + turn.shared.config.delayed_ack);
    }
}

/// Eighth: the FIN.
pub(crate) fn eighth_fin(flow: &mut Flow, reached: bool, turn: &mut Turn<'_>) -> Step {
    if !reached {
        return ControlFlow::Continue(());
    }
    let (head, conn) = synchronized!(flow);
    conn.rcv.nxt += 1;
    conn.rcv.ack = AckDue::Now;
    // 9293/MUST-12
    // An end by FIN is told as such; an end by reset is a failure.
    head.raise(EventKind::PeerClosed, turn.context);
    head.raise(EventKind::Readable, turn.context);
    flow.apply(Change::TheirFin(TheirFin::Reached), turn.now, turn.context);
    match flow.state() {
        State::TimeWait => ControlFlow::Break(Outcome::TimeWait),
        _ => ControlFlow::Continue(()),
    }
}
