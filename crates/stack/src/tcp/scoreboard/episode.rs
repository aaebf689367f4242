//! The last loss episode: when a recovery begins and ends, and what proves that it was needless (RFC 2883, RFC 3522).

use synsent_wire::tcp::SackRange;

use super::{Episode, MAX_WINDOW_OCTETS, Scoreboard, octets_between};
use crate::tcp::rack::Evidence;

impl Scoreboard {
    pub(super) fn begin_recovery(&mut self) {
        self.probe = None;
        match &mut self.episode {
            Some(episode) if self.in_recovery => episode.end = self.high,
            _ => {
                self.episode = Some(Episode {
                    start: self.una,
                    end: self.high,
                    first_retransmission: None,
                    unproved_octets: 0,
                    told_spurious: false,
                });
            }
        }
        self.in_recovery = true;
    }

    pub(super) fn end_recovery_if_done(&mut self, acked_octets: u32) {
        if acked_octets == 0 {
            return;
        }
        let past_octets = self.episode.map_or(0, |episode| self.una.distance_from(episode.end));
        if self.in_recovery && past_octets >= 0 {
            self.in_recovery = false;
            self.rack.on_recovery_end();
        }
        if !self.in_recovery {
            (self.duplicate_acks, self.duplicate_octets) = (0, 0);
            if past_octets > MAX_WINDOW_OCTETS {
                self.episode = None;
            }
        }
        self.duplicate_octets = self.duplicate_octets.min(self.outstanding_octets());
    }

    /// The echoed segment was sent before anything was sent again (RFC 3522).
    pub(super) fn echo_denies_loss(&self, evidence: &Evidence) -> bool {
        let first = self.episode.and_then(|episode| episode.first_retransmission);
        first.is_some_and(|first| evidence.is_before(first))
    }

    /// Takes note of a duplicate, and tells whether the episode is proved to be spurious by it or by `told_late`.
    pub(super) fn is_spurious(&mut self, duplicate: Option<SackRange>, told_late: bool) -> bool {
        let Some(episode) = &mut self.episode else { return false };
        let mut all_proved = false;
        if let Some(range) = duplicate
            && episode.first_retransmission.is_some()
            && range.start.at_or_after(episode.start)
            && range.end.at_or_before(episode.end)
        {
            episode.unproved_octets = episode.unproved_octets.saturating_sub(octets_between(range.start, range.end));
            all_proved = episode.unproved_octets == 0;
        }
        let spurious = (all_proved || told_late) && !episode.told_spurious;
        episode.told_spurious |= spurious;
        spurious
    }
}
