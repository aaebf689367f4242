//! What a TCP function may touch besides the connection itself: the time, what connections share, the internet layer below,
//! and what may be told to the world.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

use synsent_wire::tcp::{Repr, Timestamps};

use super::block::{Flow, Head, Synchronized};
use super::buffer::Pool;
use super::challenge::ChallengeLimit;
use super::deadlines::Deadlines;
use super::four_tuple::{FourTuple, HashKey};
use super::isn::IsnGenerator;
use super::rtt::RtoConfig;
use super::scoreboard::Scoreboard;
use super::transmit;
use crate::config::TcpConfig;
use crate::context::{Context, DropReason};
use crate::ip::{Ip, Path};
use crate::link::LinkId;
use crate::time::Instant;
use crate::trace::Fact;

/// How many empty scoreboards are kept for the next connection that sends.
const SPARE_SCOREBOARDS_MAX: usize = 256;

/// What all connections share.
pub(crate) struct Shared {
    pub(crate) config: TcpConfig,
    pub(crate) hash_key: HashKey,
    pub(crate) isn: IsnGenerator,
    pub(crate) pool: Pool,
    pub(crate) deadlines: Deadlines,
    /// For each link, the flows that may have something to send.
    pub(crate) ready: Vec<VecDeque<u32>>,
    #[expect(clippy::vec_box, reason = "a connection holds the box, and gets this very one")]
    spare_scoreboards: Vec<Box<Scoreboard>>,
}

impl Shared {
    pub(crate) fn new(config: TcpConfig, hash_key: HashKey, isn: IsnGenerator) -> Shared {
        Shared {
            config,
            hash_key,
            isn,
            pool: Pool::default(),
            deadlines: Deadlines::new(),
            ready: Vec::new(),
            spare_scoreboards: Vec::new(),
        }
    }

    pub(crate) fn rto_config(&self) -> RtoConfig {
        RtoConfig { initial: self.config.rto_initial, min: self.config.rto_min, max: self.config.rto_max }
    }

    pub(crate) fn scoreboard(&mut self) -> Box<Scoreboard> {
        self.spare_scoreboards.pop().unwrap_or_default()
    }

    /// Takes the scoreboard of a connection that has nothing in flight.
    pub(crate) fn spare(&mut self, board: Option<Box<Scoreboard>>) {
        if let Some(mut board) = board
            && self.spare_scoreboards.len() < SPARE_SCOREBOARDS_MAX
        {
            board.clear();
            self.spare_scoreboards.push(board);
        }
    }

    /// Puts a flow into the queue of its link, unless it stands there.
    pub(crate) fn queue(&mut self, head: &mut Head) {
        let Some(path) = head.path.as_ref() else { return };
        if !head.queued {
            head.queued = true;
            self.ready_on(path.link).push_back(head.id.index);
        }
    }

    pub(crate) fn ready_on(&mut self, link: LinkId) -> &mut VecDeque<u32> {
        let number = link.index();
        if self.ready.len() <= number {
            self.ready.resize_with(number + 1, VecDeque::new);
        }
        &mut self.ready[number]
    }

    /// Sees to it that the flow is looked at when its next timer runs out. A timer that moves away is left where it stood:
    /// looking too early costs less than moving it with each segment.
    pub(crate) fn arm(&mut self, flow: &Flow) {
        let (key, at) = (flow.head.id.index, flow.next_deadline());
        if at != Instant::FAR && self.deadlines.get(key).is_none_or(|armed| at < armed) {
            self.deadlines.set(key, at);
        }
    }
}

/// One event's view of the stack.
pub(crate) struct Turn<'a> {
    pub(crate) now: Instant,
    pub(crate) shared: &'a mut Shared,
    pub(crate) ip: &'a mut Ip,
    pub(crate) context: &'a mut Context,
    /// The link that the event came from; for counters.
    pub(crate) link: LinkId,
}

impl Turn<'_> {
    pub(crate) fn dropped(&mut self, reason: DropReason) {
        self.context.dropped(self.now, self.link, reason);
    }

    /// Answers a doubtful segment with an acknowledgment, if this connection may send one more.
    pub(crate) fn challenge(&mut self, tuple: FourTuple, conn: &mut Synchronized) {
        // 5961/5
        // The limit is the connection's own: a counter that all share would tell one peer of another.
        if may_challenge(&mut conn.challenge, &tuple, self) {
            conn.rcv.ack = super::block::AckDue::Now;
            self.context.trace(self.now, || Fact::Challenged { tuple });
        }
    }

    /// The way from here to the peer, looked up.
    pub(crate) fn path(&mut self, tuple: &FourTuple) -> Option<Path> {
        self.ip.route(self.now, Some(tuple.local.addr), tuple.remote.addr, tuple.link()).ok()
    }

    /// Sends a segment without text now, outside of any connection's queue.
    pub(crate) fn send(&mut self, tuple: &FourTuple, header: &Repr, traffic_class: u8, hop_limit: Option<u8>) {
        if let Some(path) = self.path(tuple) {
            self.send_by(&path, tuple, header, traffic_class, hop_limit);
        }
    }

    /// The same, by a path that is known.
    pub(crate) fn send_by(
        &mut self,
        path: &Path,
        tuple: &FourTuple,
        header: &Repr,
        traffic_class: u8,
        hop_limit: Option<u8>,
    ) {
        let hop_limit = hop_limit.unwrap_or(path.hop_limit);
        transmit::send_control(self.now, path, tuple, header, traffic_class, hop_limit, self.ip, self.context);
    }

    /// The same for a connection, by its path and with its settings.
    pub(crate) fn send_for(&mut self, head: &Head, header: &Repr) {
        let (class, hop_limit) = (head.options.traffic_class, head.options.hop_limit);
        match &head.path {
            Some(path) if path.generation == self.ip.generation() => {
                self.send_by(path, &head.tuple, header, class, hop_limit);
            }
            _ => self.send(&head.tuple, header, class, hop_limit),
        }
    }
}

/// Our timestamp clock at `now`, in ticks of 1 ms.
pub(crate) fn timestamp_at(now: Instant, offset: u32) -> u32 {
    // 7323/7
    // A tick of 1 ms, from an origin that every connection has for itself.
    (now.millis() as u32).wrapping_add(offset)
}

/// The timestamps that a segment of this connection carries.
pub(crate) fn timestamps_of(conn: &Synchronized, now: Instant) -> Option<Timestamps> {
    // 7323/2
    // On every segment once both sides sent them; the echo is valid because every segment acknowledges.
    conn.rcv.timestamps.map(|agreed| Timestamps { value: timestamp_at(now, agreed.offset), echo: agreed.recent })
}

pub(crate) fn may_challenge(limit: &mut ChallengeLimit, tuple: &FourTuple, turn: &Turn<'_>) -> bool {
    let jitter = tuple.hash(&turn.shared.hash_key);
    limit.allow(turn.now, jitter.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_its_bound_of_spare_scoreboards_is_kept() {
        let mut shared = Shared::new(TcpConfig::default(), HashKey::new([1; 16]), IsnGenerator::new([2; 16]));
        let boards: Vec<_> = (0..SPARE_SCOREBOARDS_MAX * 2).map(|_| shared.scoreboard()).collect();
        boards.into_iter().for_each(|board| shared.spare(Some(board)));
        assert_eq!(shared.spare_scoreboards.len(), SPARE_SCOREBOARDS_MAX);
    }
}
