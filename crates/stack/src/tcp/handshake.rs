//! From a handshake to a synchronized connection: what both SYNs said becomes the send and the receive side.

use synsent_wire::SeqNumber;

use super::block::{AckDue, Head, Opening, ReceiveSide, Recovery, SendSide, Synchronized, TheirSyn, Timestamping};
use super::buffer::Ring;
use super::cc::CongestionControl;
use super::mss::{DEFAULT_MSS_V4, DEFAULT_MSS_V6, announced_mss, effective_mss};
use super::out_of_order::OutOfOrder;
use super::rtt::RttEstimator;
use super::segment::Segment;
use super::turn::{Turn, timestamp_at};
use super::window;
use crate::time::Instant;

/// What a handshake agreed on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Handshake {
    pub(crate) iss: SeqNumber,
    pub(crate) theirs: TheirSyn,
    /// SEG.WND, SEG.SEQ and SEG.ACK of the segment that acknowledged our SYN.
    pub(crate) window: u16,
    pub(crate) seq: SeqNumber,
    /// Whether `window` came in a SYN and is therefore not scaled (7323/1).
    pub(crate) window_is_unscaled: bool,
    pub(crate) timestamp_offset: u32,
    /// How many times our SYN or SYN-ACK was sent.
    pub(crate) transmissions: u32,
}

/// An active open is complete.
pub(crate) fn synchronize_active(
    head: &mut Head,
    opening: &mut Opening,
    theirs: &TheirSyn,
    segment: &Segment<'_>,
    turn: &mut Turn<'_>,
) -> Synchronized {
    let handshake = Handshake {
        iss: opening.iss,
        theirs: *theirs,
        window: segment.header.window,
        seq: segment.header.seq,
        window_is_unscaled: segment.has(synsent_wire::tcp::Flags::SYN),
        timestamp_offset: opening.timestamp_offset,
        transmissions: opening.syns.count(),
    };
    let mut rtt = opening.rtt;
    if let ([sent_at], 1) = (opening.syns.sent_at(), opening.syns.count()) {
        rtt.sample(turn.now.since(*sent_at));
        rtt.clear_backoff();
    } else {
        // 6298/3
        rtt.after_syn_retransmission();
    }
    let buffer = core::mem::replace(&mut opening.buffer, Ring::new());
    let mut conn = synchronize(head, &handshake, rtt, buffer, turn);
    conn.snd.up = opening.urgent_octets.map(|octets| conn.snd.una + octets);
    conn
}

/// Builds the synchronized shape.
pub(crate) fn synchronize(
    head: &mut Head,
    handshake: &Handshake,
    rtt: RttEstimator,
    buffer: Ring,
    turn: &mut Turn<'_>,
) -> Synchronized {
    let options = head.options;
    let theirs = &handshake.theirs;
    let timestamps = theirs.timestamp.filter(|_| options.timestamps).map(|recent| Timestamping {
        recent,
        recent_at: turn.now,
        offset: handshake.timestamp_offset,
        echoed: timestamp_at(turn.now, handshake.timestamp_offset),
    });
    // 7323/1
    // Scaling holds only when both SYNs carried it.
    let their_scale = theirs.window_scale.filter(|_| options.window_scaling);
    let snd = send_side(head, handshake, their_scale, timestamps.is_some(), (rtt, buffer), turn.now);
    let rcv = receive_side(head, theirs, their_scale.is_some(), timestamps, turn.now);
    let mut conn = Synchronized::new(snd, rcv);
    conn.timers.idle = options.keep_alive.map_or(Instant::FAR, |keep_alive| turn.now + keep_alive.idle);
    conn
}

/// The send sequence space as the handshake leaves it.
fn send_side(
    head: &Head,
    handshake: &Handshake,
    their_scale: Option<u8>,
    timestamps: bool,
    (rtt, buffer): (RttEstimator, Ring),
    now: Instant,
) -> SendSide {
    let options = &head.options;
    // No shift is larger than 14.
    let scale = their_scale.unwrap_or(0).min(window::MAX_SHIFT);
    // 9293/MUST-14
    // 9293/MUST-15
    // Without an MSS option the peer takes what every host takes.
    let default = if head.tuple.remote.addr.is_ipv6() { DEFAULT_MSS_V6 } else { DEFAULT_MSS_V4 };
    let peer_mss = handshake.theirs.mss.unwrap_or(default);
    let path_mtu = head.path.as_ref().map_or(576, |path| path.mtu);
    let mss = effective_mss(peer_mss, path_mtu, &head.tuple, timestamps, options.max_segment_octets);
    let shift = if handshake.window_is_unscaled { 0 } else { scale };
    let wnd = u32::from(handshake.window) << shift;
    let mut cc = CongestionControl::new(options.algorithm, mss);
    if handshake.transmissions > 2 {
        // RFC 5681 section 3.1, with the leave of RFC 6928 section 2: a SYN that was lost more than once tells of congestion.
        cc.after_syn_retransmission();
    }
    SendSide {
        una: handshake.iss + 1,
        nxt: handshake.iss + 1,
        wnd,
        wl1: handshake.seq,
        wl2: handshake.iss + 1,
        max_wnd: wnd,
        up: None,
        buffer,
        limit: options.send_buffer.initial,
        starved: false,
        peer_mss,
        mss,
        scale,
        cc,
        rtt,
        board: None,
        recovery: Recovery::Open,
        recover: handshake.iss,
        duplicate_acks: 0,
        retries: 0,
        window_probes: 0,
        last_sent_at: now,
        waiting_since: now,
        largest_acked: 0,
        largest_sent: 0,
        doubted_mtu: None,
    }
}

/// The receive sequence space as the handshake leaves it.
fn receive_side(
    head: &Head,
    theirs: &TheirSyn,
    both_scale: bool,
    timestamps: Option<Timestamping>,
    now: Instant,
) -> ReceiveSide {
    let options = &head.options;
    let nxt = theirs.irs + 1;
    let scale = if both_scale { window::shift_for(options.receive_buffer.limit) } else { 0 };
    // A window of which the scale leaves nothing would never open.
    let limit = window::limit_of(options.receive_buffer.initial).max(2 << scale);
    ReceiveSide {
        nxt,
        edge: nxt + options.receive_buffer.initial.min(u32::from(u16::MAX)),
        up: None,
        buffer: Ring::new(),
        holes: OutOfOrder::default(),
        limit,
        scale,
        mss: head.path.as_ref().map_or(DEFAULT_MSS_V4, |path| announced_mss(path, &head.tuple, None)),
        selective_acks: options.selective_acks && theirs.selective_acks,
        timestamps,
        last_ack_sent: nxt,
        largest_text: 0,
        ack: AckDue::No,
        duplicate: None,
        read_octets: 0,
        tuned_at: now,
        heard_at: now,
        keep_alive_probes: 0,
        traffic_class: 0,
    }
}
