//! SEGMENT ARRIVES in SYN-SENT, and in the SYN-RECEIVED of a simultaneous open (RFC 9293 section 3.10.7.3).

use synsent_wire::tcp::Flags;

use super::{Outcome, synchronized};
use crate::event::EventKind;
use crate::reason::Cause;
use crate::tcp::block::{AckDue, Change, Flow, Head, Opening, OurFin, Shape, TheirSyn};
use crate::tcp::handshake;
use crate::tcp::segment::{Segment, header};
use crate::tcp::timeouts;
use crate::tcp::turn::{Turn, may_challenge, timestamp_at};

/// How often a reset that was sent to a stale peer prompts the SYN again at once; after that the ladder goes on.
const PROMPTED_SYNS_MAX: u8 = 3;

/// Takes a segment for a connection whose SYN is out.
pub(crate) fn arrives(flow: &mut Flow, segment: &Segment<'_>, turn: &mut Turn<'_>) -> Outcome {
    let (head, Shape::Opening(opening)) = flow.parts() else { return Outcome::Stay };
    if opening.theirs.is_some() {
        return arrives_in_syn_received(flow, segment, turn);
    }
    // 9293/SS-1
    // First the acknowledgment: ours is the only number out.
    let acknowledges = segment.has(Flags::ACK);
    if acknowledges && segment.header.ack != opening.iss + 1 {
        if !segment.has(Flags::RST) {
            reset_stale_peer(head, opening, segment, turn);
        }
        return Outcome::Stay;
    }
    if segment.has(Flags::RST) {
        // 9293/SS-2
        // 5961/2
        // A reset counts only when it acknowledges our SYN.
        // 9293/SS-3
        // Without an acknowledgment anybody could have sent it.
        return match acknowledges {
            true => Outcome::Fail(Cause::Refused { by: segment.from() }),
            false => Outcome::Stay,
        };
    }
    if !segment.has(Flags::SYN) {
        // 9293/SS-6
        return Outcome::Stay;
    }
    let theirs = TheirSyn::of(segment);
    if acknowledges {
        // 9293/SS-4
        establish(flow, segment, theirs, turn);
        // 9293/SS-7
        // Text and FIN on the SYN-ACK are processed as if they had come after it.
        return after_syn(flow, segment, turn);
    }
    // 9293/SS-5
    // 9293/MUST-10
    // Both ends opened at once. Text on a bare SYN is not acknowledged, so the peer sends it again once the connection stands.
    opening.send_now = true;
    turn.shared.queue(head);
    flow.apply(Change::TheirSyn(theirs), turn.now, turn.context);
    Outcome::Stay
}

impl TheirSyn {
    pub(crate) fn of(segment: &Segment<'_>) -> TheirSyn {
        let options = &segment.header.options;
        TheirSyn {
            irs: segment.header.seq,
            mss: options.mss,
            window_scale: options.window_scale,
            selective_acks: options.sack_permitted,
            timestamp: options.timestamps.map(|timestamps| timestamps.value),
        }
    }
}

/// A stale connection of the peer answered: the reset ends it, and our SYN goes again at once, not when its timer fires.
fn reset_stale_peer(head: &mut Head, opening: &mut Opening, segment: &Segment<'_>, turn: &mut Turn<'_>) {
    if !may_challenge(&mut opening.challenge, &head.tuple, turn) {
        return;
    }
    let reset = header(&head.tuple, Flags::RST, segment.header.ack, synsent_wire::SeqNumber(0));
    turn.send_for(head, &reset);
    if !segment.has(Flags::SYN) && opening.prompted < PROMPTED_SYNS_MAX {
        opening.prompted += 1;
        opening.send_now = true;
        turn.shared.queue(head);
    }
}

/// Both SYNs are acknowledged.
fn establish(flow: &mut Flow, segment: &Segment<'_>, theirs: TheirSyn, turn: &mut Turn<'_>) {
    let (head, Shape::Opening(opening)) = flow.parts() else { return };
    let fin_queued = opening.fin_queued;
    let conn = handshake::synchronize_active(head, opening, &theirs, segment, turn);
    head.raise(EventKind::Connected, turn.context);
    head.raise(EventKind::Writable, turn.context);
    turn.shared.queue(head);
    flow.apply(Change::To(Shape::Synchronized(conn)), turn.now, turn.context);
    if fin_queued {
        flow.apply(Change::OurFin(OurFin::Queued), turn.now, turn.context);
    }
    if let Some((_, conn)) = flow.synchronized() {
        conn.rcv.ack = AckDue::Now;
        timeouts::arm_recovery(conn, turn.now, true);
    }
}

/// What the SYN-ACK carries besides SYN and ACK.
fn after_syn(flow: &mut Flow, segment: &Segment<'_>, turn: &mut Turn<'_>) -> Outcome {
    if segment.text.is_empty() && !segment.has(Flags::FIN | Flags::URG) {
        return Outcome::Stay;
    }
    let mut rest = *segment;
    rest.header.seq += 1;
    rest.header.flags = rest.header.flags.without(Flags::SYN);
    synchronized::arrives(flow, &rest, turn)
}

/// SYN-RECEIVED of an active OPEN.
fn arrives_in_syn_received(flow: &mut Flow, segment: &Segment<'_>, turn: &mut Turn<'_>) -> Outcome {
    let (head, Shape::Opening(opening)) = flow.parts() else { return Outcome::Stay };
    let Some(theirs) = opening.theirs else { return Outcome::Stay };
    let nxt = theirs.irs + 1;
    let window = head.options.receive_buffer.initial.min(u32::from(u16::MAX));
    if segment.has(Flags::RST) {
        // 9293/SR-2
        // 5961/6
        // An active OPEN was refused.
        return match segment.header.seq.within(nxt, nxt + window.max(1)) {
            true => Outcome::Fail(Cause::Refused { by: segment.from() }),
            false => Outcome::Stay,
        };
    }
    let acknowledges = segment.has(Flags::ACK) && segment.header.ack == opening.iss + 1;
    if segment.has(Flags::SYN) {
        // The peer's SYN again, with the acknowledgment that completes a simultaneous open, or without it: ours goes again.
        if acknowledges && segment.header.seq == theirs.irs {
            establish(flow, segment, theirs, turn);
            return after_syn(flow, segment, turn);
        }
        if segment.header.seq == theirs.irs {
            opening.send_now = true;
            turn.shared.queue(head);
        } else {
            acknowledge(head, opening, &theirs, window as u16, turn);
        }
        return Outcome::Stay;
    }
    if !segment.header.seq.within(nxt, nxt + window.max(1)) {
        acknowledge(head, opening, &theirs, window as u16, turn);
        return Outcome::Stay;
    }
    if !segment.has(Flags::ACK) {
        return Outcome::Stay;
    }
    if !acknowledges {
        // 9293/SR-3
        let reset = header(&head.tuple, Flags::RST, segment.header.ack, synsent_wire::SeqNumber(0));
        turn.send_for(head, &reset);
        return Outcome::Stay;
    }
    establish(flow, segment, theirs, turn);
    synchronized::arrives(flow, segment, turn)
}

/// Answers what is not acceptable in SYN-RECEIVED, within the limit of challenges.
fn acknowledge(head: &Head, opening: &mut Opening, theirs: &TheirSyn, window: u16, turn: &mut Turn<'_>) {
    if !may_challenge(&mut opening.challenge, &head.tuple, turn) {
        return;
    }
    let mut ack = header(&head.tuple, Flags::ACK, opening.iss + 1, theirs.irs + 1);
    ack.window = window;
    if let Some(echo) = theirs.timestamp.filter(|_| head.options.timestamps) {
        let value = timestamp_at(turn.now, opening.timestamp_offset);
        ack.options.timestamps = Some(crate::tcp::timestamps(value, Some(echo)));
    }
    turn.send_for(head, &ack);
}
