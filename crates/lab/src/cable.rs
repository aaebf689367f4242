//! A cable: an Ethernet segment that any number of hosts share, or a line of bare IP packets between two.
//!
//! Every end sends through its own [`Transmitter`], so each direction has its own faults. What one end sends arrives at all
//! others at the same time, as on a hub; whom an Ethernet frame concerns is for the stacks to find out. A cable that is cut
//! loses what is on its way.

use std::fmt;

use synsent_stack::{Instant, LinkId};

use crate::faults::{Arrival, Fate, Faults, Transmitter};
use crate::lab::HostId;
use crate::rng::Rng;
use crate::sight::Sight;
use crate::tap::TapId;

/// A cable of a lab.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct CableId(pub(crate) u32);

/// A rule of a cable, to take it away again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RuleId(pub(crate) u64);

/// Which frames a rule drops without a word.
pub type Rule = Box<dyn FnMut(&Sight<'_>) -> bool + Send>;

/// How long an Ethernet header is, or the header of a line.
const ETHERNET_HEADER_LEN: usize = 14;

#[derive(Debug)]
pub(crate) struct Cable {
    pub(crate) name: String,
    pub(crate) ethernet: bool,
    pub(crate) mtu: u16,
    pub(crate) ends: Vec<End>,
    pub(crate) up: bool,
    /// Counts how often the cable was cut: what left before does not arrive after.
    pub(crate) cuts: u32,
    /// The faults of ends that are still to come.
    faults: Faults,
    rules: Vec<Ruled>,
}

#[derive(Debug)]
pub(crate) struct End {
    pub(crate) whose: Whose,
    pub(crate) transmitter: Transmitter,
}

/// Who is at an end of a cable.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Whose {
    /// A link of a host.
    Host(HostId, LinkId),
    /// The outside.
    Tap(TapId),
}

struct Ruled {
    id: RuleId,
    rule: Rule,
}

impl fmt::Debug for Ruled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.id.fmt(f)
    }
}

impl Cable {
    pub(crate) fn new(name: &str, ethernet: bool, mtu: u16) -> Cable {
        Cable {
            name: name.to_owned(),
            ethernet,
            mtu,
            ends: Vec::new(),
            up: true,
            cuts: 0,
            faults: Faults::default(),
            rules: Vec::new(),
        }
    }

    /// Joins somebody to the cable; the number of the end.
    pub(crate) fn join(&mut self, whose: Whose, rng: Rng) -> usize {
        let mut transmitter = Transmitter::new(rng);
        transmitter.faults = self.faults;
        self.ends.push(End { whose, transmitter });
        self.ends.len() - 1
    }

    /// Sets the faults of one end, or of all that there are and that will come.
    pub(crate) fn set_faults(&mut self, from: Option<usize>, faults: Faults) {
        for (_, end) in self.ends.iter_mut().enumerate().filter(|(number, _)| from.is_none_or(|from| from == *number)) {
            end.transmitter.faults = faults;
        }
        if from.is_none() {
            self.faults = faults;
        }
    }

    pub(crate) fn header_octets(&self) -> usize {
        if self.ethernet { ETHERNET_HEADER_LEN } else { 0 }
    }

    pub(crate) fn set_up(&mut self, now: Instant, up: bool) {
        if self.up && !up {
            self.cuts += 1;
            self.ends.iter_mut().for_each(|end| end.transmitter.reset(now));
        }
        self.up = up;
    }

    pub(crate) fn add_rule(&mut self, id: RuleId, rule: Rule) {
        self.rules.push(Ruled { id, rule });
    }

    pub(crate) fn remove_rule(&mut self, id: RuleId) {
        self.rules.retain(|ruled| ruled.id != id);
    }

    /// Decides on a frame of end `from`; what will arrive is added to `arrivals`.
    pub(crate) fn send(&mut self, now: Instant, from: usize, frame: &[u8], arrivals: &mut Vec<Arrival>) -> Fate {
        if !self.up {
            return Fate::Down;
        }
        let sight = Sight { at: now, from, ethernet: self.ethernet, frame };
        // Every rule sees every frame, whatever the others say, so that rules may count.
        if self.rules.iter_mut().fold(false, |dropped, ruled| (ruled.rule)(&sight) | dropped) {
            return Fate::Ruled;
        }
        let header_octets = self.header_octets();
        match self.ends.get_mut(from) {
            Some(end) => end.transmitter.send(now, frame, header_octets, arrivals),
            None => Fate::Down,
        }
    }
}
