//! The receive window: what the peer may send, how it is told, and how it grows (RFC 9293 section 3.8.6, RFC 7323 section 2).
//!
//! The right edge that was announced is remembered as it was announced, rounding by the scale included, and never moves left.

use synsent_wire::SeqNumber;

use super::block::ReceiveSide;
use super::buffer::MAX_RING_OCTETS;
use super::turn::timestamp_at;
use crate::time::{Duration, Instant};

/// The largest shift of a window (7323/1).
pub(crate) const MAX_SHIFT: u8 = 14;

/// The shift that lets a window field of 16 bits announce a buffer of `limit` octets.
pub(crate) fn shift_for(limit: u32) -> u8 {
    (0..MAX_SHIFT).find(|shift| limit >> shift <= u32::from(u16::MAX)).unwrap_or(MAX_SHIFT)
}

/// The receive buffer that a setting asks for, as far as there may be one: rounding by the scale may fill it twice.
pub(crate) fn limit_of(octets: u32) -> u32 {
    octets.min(MAX_RING_OCTETS as u32 / 2)
}

impl ReceiveSide {
    /// RCV.WND: how many octets from RCV.NXT on the peer may send.
    #[inline]
    pub(crate) fn window(&self) -> u32 {
        self.edge.distance_from(self.nxt).max(0) as u32
    }

    /// The window field of the next segment, and the right edge that it announces.
    pub(crate) fn announce(&self) -> (u16, SeqNumber) {
        let promised = self.window();
        let held = self.buffer.len() as u32;
        let free = self.limit.saturating_sub(held);
        // 9293/MUST-39
        // 9293/MAY-8
        // The edge moves only by a worthwhile step: a full segment or half the buffer, whichever is less.
        let step = (self.limit / 2).min(u32::from(self.mss)).max(1);
        let window = if free >= promised.saturating_add(step) { free } else { promised };
        let largest = u32::from(u16::MAX) << self.scale;
        let window = window.min(largest);
        // 9293/SHLD-14
        // Rounding down must not pull the right edge back, so a promise that is kept is rounded up. A peer that sends less than
        // a unit of the scale at a time would thereby push the edge before it for ever: once the buffer holds twice its limit,
        // the field is rounded down, and the edge that was promised is still honoured (RFC 7323 section 2.4).
        let rounded_down = window >> self.scale;
        let rounded_up = (rounded_down + 1) << self.scale;
        let keeps = (rounded_down << self.scale) < promised && held.saturating_add(rounded_up) <= 2 * self.limit;
        let field = if keeps { rounded_down + 1 } else { rounded_down };
        let field = field.min(u32::from(u16::MAX));
        (field as u16, self.nxt + (field << self.scale).max(promised))
    }

    /// Whether the application's reading has opened the window so far that the peer must be told without being asked.
    pub(crate) fn must_tell_window(&self) -> bool {
        let (_, edge) = self.announce();
        let gain = edge.distance_from(self.edge).max(0) as u32;
        let closed = self.window() < u32::from(self.mss);
        gain > 0 && (closed || gain >= self.limit / 2)
    }

    /// Notes that the application read `octets`; once a round trip, a buffer that the application empties faster than it can
    /// be filled is allowed to grow.
    pub(crate) fn note_read(&mut self, now: Instant, octets: usize, srtt: Option<Duration>, limit_max: u32) {
        self.read_octets = self.read_octets.saturating_add(octets as u32);
        if !self.has_gone_round(now, srtt) {
            return;
        }
        // Twice what one round trip brought leaves room for a sender whose window doubles each round trip.
        let wanted = self.read_octets.saturating_mul(2).saturating_add(16 * u32::from(self.mss));
        if wanted > self.limit {
            self.limit = wanted.min(limit_of(limit_max)).max(self.limit);
        }
        self.read_octets = 0;
        self.tuned_at = now;
    }

    /// Whether a round trip has passed since the last tuning. Who only receives measures none after the handshake; but the peer
    /// echoes the timestamps of our acknowledgments, and one from after the tuning tells the same.
    fn has_gone_round(&self, now: Instant, srtt: Option<Duration>) -> bool {
        match &self.timestamps {
            Some(agreed) => {
                let tuned_at = timestamp_at(self.tuned_at, agreed.offset);
                (agreed.echoed.wrapping_sub(tuned_at) as i32) > 0
            }
            None => now.since(self.tuned_at) >= srtt.unwrap_or(Duration::from_millis(100)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tcp::block::AckDue;
    use crate::tcp::buffer::{Pool, Ring};
    use crate::tcp::out_of_order::OutOfOrder;
    use proptest::prelude::*;

    fn receive_side(limit: u32, scale: u8) -> ReceiveSide {
        let nxt = SeqNumber(u32::MAX - 5_000);
        ReceiveSide {
            nxt,
            edge: nxt,
            up: None,
            buffer: Ring::new(),
            holes: OutOfOrder::default(),
            limit,
            scale,
            mss: 1_460,
            selective_acks: true,
            timestamps: None,
            last_ack_sent: nxt,
            largest_text: 0,
            ack: AckDue::No,
            duplicate: None,
            read_octets: 0,
            tuned_at: Instant::ZERO,
            heard_at: Instant::ZERO,
            keep_alive_probes: 0,
            traffic_class: 0,
        }
    }

    #[test]
    fn the_shift_fits_the_buffer() {
        assert_eq!(shift_for(65_535), 0);
        assert_eq!(shift_for(65_536), 1);
        assert_eq!(shift_for(4 << 20), 7);
        assert_eq!(shift_for(u32::MAX), MAX_SHIFT);
    }

    // 9293/MUST-39
    // 9293/MAY-8
    #[test]
    fn reading_one_octet_of_a_full_buffer_announces_nothing() {
        let (mut rcv, mut pool) = (receive_side(4_096, 0), Pool::default());
        rcv.edge = rcv.announce().1;
        rcv.buffer.push(&mut pool, &[7; 4_096], 4_096);
        rcv.nxt += 4_096;
        assert_eq!(rcv.announce().0, 0);
        rcv.buffer.discard_front(1);
        assert_eq!(rcv.announce().0, 0);
        assert!(!rcv.must_tell_window());
        rcv.buffer.discard_front(1_460);
        assert_eq!(rcv.announce().0, 1_461);
        assert!(rcv.must_tell_window());
    }

    proptest! {
        // 9293/SHLD-14
        #[test]
        fn the_right_edge_never_moves_left(
            units in 2u32..100,
            scale in 0u8..=MAX_SHIFT,
            steps in proptest::collection::vec((any::<bool>(), 1usize..3_000), 1..60),
        ) {
            let (limit, unit) = (units << scale, 1 << scale);
            let (mut rcv, mut pool) = (receive_side(limit, scale), Pool::default());
            for (arrives, octets) in steps {
                if arrives {
                    let octets = octets.min(rcv.window() as usize);
                    rcv.buffer.push(&mut pool, &[0; 3_000][..octets], usize::MAX);
                    rcv.nxt += octets as u32;
                } else {
                    let octets = octets.min(rcv.buffer.len());
                    rcv.buffer.discard_front(octets);
                }
                let (field, edge) = rcv.announce();
                prop_assert!(edge.at_or_after(rcv.edge));
                // What the peer computes from the field reaches at least as far as before, unless the buffer is full twice.
                let held = rcv.buffer.len() as u32;
                let keeps = (rcv.nxt + (u32::from(field) << scale)).at_or_after(rcv.edge);
                prop_assert!(keeps || held + rcv.window() + unit > 2 * limit);
                prop_assert!(held + edge.distance_from(rcv.nxt) as u32 <= 2 * limit + unit);
                rcv.edge = edge;
            }
        }
    }

    // 9293/SHLD-14
    #[test]
    fn a_peer_that_sends_less_than_a_unit_at_a_time_finds_the_window_closed_in_the_end() {
        let (mut rcv, mut pool) = (receive_side(4_096, 7), Pool::default());
        rcv.edge = rcv.announce().1;
        let mut octets = 0;
        while rcv.announce().0 > 0 {
            rcv.buffer.push(&mut pool, &[1], usize::MAX);
            rcv.nxt += 1;
            rcv.edge = rcv.announce().1;
            octets += 1;
            assert!(octets <= 2 * 4_096);
        }
    }
}
