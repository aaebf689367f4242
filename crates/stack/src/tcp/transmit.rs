//! From a plan to octets: building segments, and noting what was sent once the link has taken it.

use core::net::IpAddr;

use synsent_wire::checksum::Sum;
use synsent_wire::ip::Protocol;
use synsent_wire::tcp::{Flags, Repr, SackRange, SackRanges};
use synsent_wire::{SeqNumber, ipv4, ipv6};

use super::block::{
    AckDue, Change, Flow, Head, Opening, OurFin, Probe, Recovery, RecoveryTimer, Shape, Synchronized, TheirFin,
};
use super::four_tuple::FourTuple;
use super::mss::{announced_mss, effective_mss};
use super::output::{self, Plan, Purpose};
use super::segment::{header, summary};
use super::timeouts;
use super::turn::{Turn, timestamp_at, timestamps_of};
use crate::context::Context;
use crate::ip::{Finished, Ip, Path};
use crate::link::{LinkId, SegmentOffload, Transmit};
use crate::time::Instant;
use crate::trace::Fact;

/// What came of asking a flow for a segment.
pub(crate) enum Sent {
    /// A frame stands in the buffer.
    Frame(Transmit),
    /// A segment was taken by the internet layer for later, or dropped there; there may be more.
    Elsewhere,
    /// The flow has nothing to send on this link now.
    Nothing,
}

/// Writes the flow's next segment into `frame`, if it has one.
pub(crate) fn next_frame(flow: &mut Flow, frame: &mut [u8], turn: &mut Turn<'_>) -> Sent {
    if current_link(flow, turn) != Some(turn.link) {
        return Sent::Nothing;
    }
    match flow.parts() {
        (head, Shape::Opening(opening)) if opening.send_now => send_syn(head, opening, frame, turn),
        (_, Shape::Synchronized(_)) => send_planned(flow, frame, turn),
        _ => Sent::Nothing,
    }
}

/// Whether a flow that has just sent may have more to send.
#[inline]
pub(crate) fn has_more(flow: &Flow, now: Instant) -> bool {
    match flow.shape() {
        Shape::Opening(opening) => opening.send_now,
        Shape::Synchronized(conn) => output::may_send(conn, now),
        Shape::Over(_) => false,
    }
}

/// The link by which the peer is reached; the way there is looked up again when the routing table has changed.
#[inline]
pub(crate) fn current_link(flow: &mut Flow, turn: &mut Turn<'_>) -> Option<LinkId> {
    match &flow.head.path {
        Some(path) if path.generation == turn.ip.generation() => Some(path.link),
        _ => look_up_path(flow, turn),
    }
}

fn look_up_path(flow: &mut Flow, turn: &mut Turn<'_>) -> Option<LinkId> {
    let (head, shape) = flow.parts();
    let tuple = &head.tuple;
    // 9293/MUST-45
    // The source address stays what it was when the connection began.
    let path = turn.ip.route_of_flow(turn.now, tuple, head.path.as_ref())?;
    head.path = Some(path);
    if let Shape::Synchronized(conn) = shape {
        adopt_path_mtu(head, conn, &path, turn);
    }
    Some(path.link)
}

fn adopt_path_mtu(head: &Head, conn: &mut Synchronized, path: &Path, turn: &Turn<'_>) {
    let timestamps = conn.rcv.timestamps.is_some();
    let mss = effective_mss(conn.snd.peer_mss, path.mtu, &head.tuple, timestamps, head.options.max_segment_octets);
    if mss == conn.snd.mss {
        return;
    }
    let smaller = mss < conn.snd.mss;
    conn.snd.mss = mss;
    conn.snd.cc.set_mss(mss);
    if smaller && let Some(board) = &mut conn.snd.board {
        // What is in flight at the old size does not arrive; it goes again in pieces that do.
        board.mark_all_lost();
        conn.snd.largest_sent = mss.min(u32::from(u16::MAX)) as u16;
        timeouts::arm_recovery(conn, turn.now, true);
    }
}

fn send_syn(head: &Head, opening: &mut Opening, frame: &mut [u8], turn: &mut Turn<'_>) -> Sent {
    let Some(path) = &head.path else { return Sent::Nothing };
    let syn = syn_header(head, opening, path, turn.now);
    opening.send_now = false;
    let again = opening.syns.count() > 0;
    opening.syns.record(turn.now);
    let hop_limit = head.options.hop_limit.unwrap_or(path.hop_limit);
    let class = head.options.traffic_class;
    let sent = finish_segment(&head.tuple, &syn, Sum::new(), 0, None, again, class, hop_limit, path, frame, turn);
    if matches!(sent, Sent::Frame(_)) {
        // The next hop has answered since, so it is not the reason if nobody else does.
        opening.neighbour_lost = false;
    }
    sent
}

/// Our SYN, or the SYN-ACK of a simultaneous open.
fn syn_header(head: &Head, opening: &Opening, path: &Path, now: Instant) -> Repr {
    let options = &head.options;
    let mut syn = header(&head.tuple, Flags::SYN, opening.iss, SeqNumber(0));
    // A window in a SYN is never scaled (7323/1).
    syn.window = options.receive_buffer.initial.min(u32::from(u16::MAX)) as u16;
    // 9293/SHLD-5, 9293/MAY-3
    // 9293/MUST-65
    // The MSS goes out with every SYN and with nothing else.
    syn.options.mss = Some(announced_mss(path, &head.tuple, options.max_segment_octets));
    let theirs = opening.theirs.as_ref();
    syn.options.sack_permitted = options.selective_acks && theirs.is_none_or(|syn| syn.selective_acks);
    if options.window_scaling && theirs.is_none_or(|syn| syn.window_scale.is_some()) {
        syn.options.window_scale = Some(super::window::shift_for(options.receive_buffer.limit));
    }
    let echo = theirs.map(|syn| syn.timestamp);
    if options.timestamps && echo != Some(None) {
        let value = timestamp_at(now, opening.timestamp_offset);
        syn.options.timestamps = Some(super::timestamps(value, echo.flatten()));
    }
    if let Some(theirs) = theirs {
        // 9293/SS-5
        // The SYN-ACK of a simultaneous open repeats our ISS.
        syn.flags = Flags::SYN | Flags::ACK;
        syn.ack = theirs.irs + 1;
    }
    syn
}

fn send_planned(flow: &mut Flow, frame: &mut [u8], turn: &mut Turn<'_>) -> Sent {
    let Some((head, conn)) = flow.synchronized() else { return Sent::Nothing };
    let Some(path) = &head.path else { return Sent::Nothing };
    let burst = burst_octets(conn, path);
    let Some(mut plan) = output::decide(conn, head.options.no_delay, burst, turn.now) else {
        conn.probe = None;
        timeouts::arm_recovery(conn, turn.now, false);
        timeouts::arm_user_timeout(head, conn);
        return Sent::Nothing;
    };
    let (window, edge) = conn.rcv.announce();
    let segment = build(head, conn, &mut plan, window, path, turn);
    let room = turn.ip.header_room(path.link);
    let headers = ip_header_len(&head.tuple) + segment.header_len();
    let text_at = room + headers;
    let Some(text) = frame.get_mut(text_at..text_at + plan.len as usize) else { return Sent::Nothing };
    let offset = plan.seq.distance_from(conn.snd.una).max(0) as usize;
    let offload = turn.ip.offload(path.link);
    let sum = if plan.len == 0 { Sum::new() } else { conn.snd.buffer.copy_out(offset, text) };
    let mss = conn.snd.mss;
    let segment_size = (plan.len > mss).then_some(mss as u16);
    let partial = offload.transmit_checksum.then_some(segment_size);
    let again = matches!(plan.purpose, Purpose::Again | Purpose::WindowProbe);
    let hop_limit = head.options.hop_limit.unwrap_or(path.hop_limit);
    let class = head.options.traffic_class;
    let text_len = plan.len as usize;
    let tuple = &head.tuple;
    let sent = finish_segment(tuple, &segment, sum, text_len, partial, again, class, hop_limit, path, frame, turn);
    conn.rcv.edge = edge;
    note_sent(conn, &plan, turn);
    timeouts::arm_user_timeout(head, conn);
    if plan.fin && conn.our_fin() == OurFin::Queued {
        flow.apply(Change::OurFin(OurFin::Sent), turn.now, turn.context);
    }
    sent
}

/// Octets of text that one plan may hold: more than a segment where the link splits.
fn burst_octets(conn: &Synchronized, path: &Path) -> u32 {
    match path.segmentation {
        Some(packet) => (u32::from(packet).saturating_sub(120) / conn.snd.mss).max(1) * conn.snd.mss,
        None => conn.snd.mss,
    }
}

/// The header of a planned segment; the plan shrinks where options take the room.
fn build(head: &Head, conn: &mut Synchronized, plan: &mut Plan, window: u16, path: &Path, turn: &Turn<'_>) -> Repr {
    let mut flags = Flags::ACK;
    let mut segment = header(&head.tuple, flags, plan.seq, conn.rcv.nxt);
    segment.window = window;
    segment.options.timestamps = timestamps_of(conn, turn.now);
    if conn.rcv.selective_acks && (conn.rcv.duplicate.is_some() || !conn.rcv.holes.is_empty()) {
        segment.options.sack = sack_ranges(conn, segment.options.timestamps.is_some());
        // 9293/MUST-16
        // Options count against what the peer and the path take, as the text does.
        let takes = (path.mtu.saturating_sub(ip_header_len(&head.tuple) as u32))
            .min(u32::from(conn.snd.peer_mss) + synsent_wire::tcp::HEADER_LEN as u32);
        let room = takes.saturating_sub(segment.header_len() as u32);
        if plan.len > room && plan.purpose == Purpose::New && room >= conn.snd.mss / 2 {
            plan.len = room;
            plan.fin = false;
            plan.push = false;
        } else if plan.len > room {
            // Reports can wait for the next acknowledgment; text that shrinks to nothing would be sent for ever.
            segment.options.sack = SackRanges::default();
        }
    }
    if plan.push && plan.len > 0 {
        flags |= Flags::PSH;
    }
    if plan.fin {
        flags |= Flags::FIN;
    }
    if let Some(up) = conn.snd.up
        && up.after(plan.seq)
    {
        // 9293/MUST-30
        // 9293/MUST-62
        // The pointer names the first octet after the urgent data; beyond 16 bits it says as much as it can.
        flags |= Flags::URG;
        segment.urgent_pointer = (up.distance_from(plan.seq) as u32).min(u32::from(u16::MAX)) as u16;
    }
    segment.flags = flags;
    segment
}

/// What is reported to the peer: a duplicate first (RFC 2883), then the ranges beyond holes, the latest first (RFC 2018).
fn sack_ranges(conn: &Synchronized, timestamps: bool) -> SackRanges {
    let most = if timestamps { 3 } else { 4 };
    let mut ranges = SackRanges::default();
    if let Some(duplicate) = conn.rcv.duplicate {
        ranges.push(duplicate);
    }
    // A FIN beyond a hole is reported like an octet of text: without it the peer's last segment would never count as
    // arrived, and what is missing before it would wait for a timeout.
    let fin = match conn.their_fin() {
        TheirFin::Ahead(at) => Some(SackRange { start: at, end: at + 1 }),
        _ => None,
    };
    let rest = conn.rcv.holes.sack_ranges(most - ranges.len());
    let ends_in_fin = |range: &SackRange| fin.is_some_and(|fin| range.end == fin.start);
    if let Some(fin) = fin
        && !rest.iter().any(ends_in_fin)
    {
        ranges.push(fin);
    }
    for range in rest.iter().take(most - ranges.len()) {
        ranges.push(SackRange { end: range.end + u32::from(ends_in_fin(range)), ..*range });
    }
    ranges
}

/// Notes that the link, or a queue on the way to it, has taken the segment.
fn note_sent(conn: &mut Synchronized, plan: &Plan, turn: &mut Turn<'_>) {
    let now = turn.now;
    conn.rcv.last_ack_sent = conn.rcv.nxt;
    conn.rcv.ack = AckDue::No;
    conn.rcv.duplicate = None;
    let tail_loss_probe = conn.probe == Some(Probe::TailLoss);
    if !matches!(plan.purpose, Purpose::Ack) {
        conn.probe = None;
    }
    let end = plan.seq + plan.len + u32::from(plan.fin);
    match plan.purpose {
        Purpose::New if end != plan.seq => {
            if conn.snd.outstanding_octets() == 0 {
                conn.snd.waiting_since = now;
            }
            note_new(conn, plan, end, turn);
        }
        Purpose::Again => {
            let board = conn.snd.board.as_mut();
            if let Some(board) = board {
                board.split_at(end);
                board.on_retransmit(now, plan.seq);
            }
            conn.snd.last_sent_at = now;
        }
        _ => return,
    }
    if tail_loss_probe {
        let again = plan.purpose == Purpose::Again;
        if let Some(board) = &mut conn.snd.board {
            board.on_probe_sent(conn.snd.nxt, again);
        }
        timeouts::arm_retransmission(conn, now);
    } else if plan.purpose == Purpose::New {
        timeouts::arm_after_new_segment(conn, now);
    } else {
        // RFC 6675 section 6: in fast recovery the timer counts from the last retransmission, which needs a round trip of its own.
        let restart = conn.timers.recovery == Instant::FAR
            || conn.timers.recovery_kind == RecoveryTimer::TailLoss
            || conn.snd.recovery == Recovery::Fast;
        timeouts::arm_recovery(conn, now, restart);
    }
}

fn note_new(conn: &mut Synchronized, plan: &Plan, end: SeqNumber, turn: &mut Turn<'_>) {
    let now = turn.now;
    let board = conn.snd.board.get_or_insert_with(|| turn.shared.scoreboard());
    let mut start = plan.seq;
    // A burst that the link splits is as many segments to the scoreboard.
    while end.distance_from(start) as u32 > conn.snd.mss + 1 {
        board.on_transmit(now, start, start + conn.snd.mss);
        start += conn.snd.mss;
    }
    board.on_transmit(now, start, end);
    conn.snd.nxt = end;
    conn.snd.last_sent_at = now;
    conn.snd.largest_sent = conn.snd.largest_sent.max(plan.len.min(conn.snd.mss) as u16);
}

/// Writes the headers before the text that stands in `frame` already, and hands the packet to the internet layer. `partial`:
/// the link completes the checksum, and splits where a segment size is given.
#[expect(clippy::too_many_arguments, reason = "each is one field of the packet, and a struct would be built only here")]
fn finish_segment(
    tuple: &FourTuple,
    segment: &Repr,
    text_sum: Sum,
    text_len: usize,
    partial: Option<Option<u16>>,
    again: bool,
    traffic_class: u8,
    hop_limit: u8,
    path: &Path,
    frame: &mut [u8],
    turn: &mut Turn<'_>,
) -> Sent {
    let room = turn.ip.header_room(path.link);
    let packet = &mut frame[room..];
    let len = write_packet(tuple, segment, text_sum, text_len, partial.is_some(), traffic_class, hop_limit, packet);
    trace_sent(turn.now, tuple, segment, text_len, again, turn.context);
    match turn.ip.finish(turn.now, path, frame, len, turn.context) {
        Finished::Frame(octets) => {
            let start = room + ip_header_len(tuple);
            let offload = partial.map(|segment_size| SegmentOffload {
                checksum_start: start as u16,
                checksum_offset: synsent_wire::tcp::CHECKSUM_OFFSET as u16,
                segment_size,
                header_len: (start + segment.header_len()) as u16,
                ipv6: tuple.remote.addr.is_ipv6(),
            });
            Sent::Frame(Transmit { len: octets, offload })
        }
        Finished::Queued | Finished::Dropped => Sent::Elsewhere,
    }
}

/// Sends a segment without text through the internet layer's queue: resets, SYN-ACKs of listeners, answers of TIME-WAIT.
#[expect(clippy::too_many_arguments, reason = "the packet and the layers that it passes through")]
pub(crate) fn send_control(
    now: Instant,
    path: &Path,
    tuple: &FourTuple,
    segment: &Repr,
    traffic_class: u8,
    hop_limit: u8,
    ip: &mut Ip,
    context: &mut Context,
) {
    let len = ip_header_len(tuple) + segment.header_len();
    let build = |packet: &mut [u8]| {
        write_packet(tuple, segment, Sum::new(), 0, false, traffic_class, hop_limit, packet);
    };
    // A queue that is full has counted the drop; the peer asks again.
    if ip.enqueue(now, path, len, build, context).is_ok() {
        trace_sent(now, tuple, segment, 0, false, context);
    }
}

fn trace_sent(now: Instant, tuple: &FourTuple, segment: &Repr, text_len: usize, again: bool, context: &mut Context) {
    let tuple = *tuple;
    context.trace(now, || Fact::SegmentSent { tuple, segment: summary(segment, text_len), again });
}

pub(crate) fn ip_header_len(tuple: &FourTuple) -> usize {
    match tuple.local.addr {
        IpAddr::V4(_) => ipv4::HEADER_LEN,
        IpAddr::V6(_) => ipv6::HEADER_LEN,
    }
}

/// Writes the IP header and the TCP header; the text stands behind them already. Answers with the packet's length.
#[expect(clippy::too_many_arguments, reason = "each is one field of the packet, and a struct would be built only here")]
fn write_packet(
    tuple: &FourTuple,
    segment: &Repr,
    text_sum: Sum,
    text_len: usize,
    partial: bool,
    traffic_class: u8,
    hop_limit: u8,
    packet: &mut [u8],
) -> usize {
    // 9293/SHLD-22
    // 9293/MUST-49
    // The traffic class and the hop limit go into the IP header as the application gave them.
    let (source, destination) = (tuple.local.addr, tuple.remote.addr);
    let payload_len = segment.header_len() + text_len;
    let at = match (source, destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            // 9293/MAY-4
            // DF is set because path MTU discovery runs; an atomic datagram needs no identification (RFC 6864), so that a
            // retransmission carries the same one.
            let ip = ipv4::Repr {
                source,
                destination,
                protocol: Protocol::TCP,
                ttl: hop_limit,
                traffic_class,
                identification: 0,
                dont_fragment: true,
                more_fragments: false,
                fragment_offset_octets: 0,
                payload_len,
            };
            ip.emit(packet)
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            let ip = ipv6::Repr {
                source,
                destination,
                next_header: Protocol::TCP,
                hop_limit,
                traffic_class,
                flow_label: 0,
                payload_len,
            };
            ip.emit(packet)
        }
        // A four-tuple is made from one packet or one route, so both ends are of one family.
        _ => return 0,
    };
    let tcp = &mut packet[at..];
    // 9293/MUST-2
    // The checksum is always filled in: here, or by the link that was asked to complete it.
    if partial {
        segment.emit_partial(source, destination, text_len, tcp);
    } else {
        segment.emit(source, destination, text_sum, text_len, tcp);
    }
    at + payload_len
}
