//! The ways that were asked for last: an opening, its answer and its end ask for the same one within a moment.
//!
//! A way that was found is as good as looking it up while the generation is the same. One place is kept for each of a few
//! destinations; whoever finds two that share a place wins nothing but look-ups that cost what they always did. What was not
//! found is not kept.

use core::net::IpAddr;

use super::Path;
use crate::link::LinkId;

/// Places of the cache.
const PLACES: usize = 16;

/// What a way was asked for with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) source: Option<IpAddr>,
    pub(super) destination: IpAddr,
    pub(super) link: Option<LinkId>,
}

/// The ways, by where they lead.
pub(super) struct PathCache {
    places: [Option<(Asked, Path)>; PLACES],
}

impl PathCache {
    pub(super) const fn new() -> PathCache {
        PathCache { places: [None; PLACES] }
    }

    /// The way that was found for the same question, if it is still good.
    #[inline]
    pub(super) fn get(&self, asked: &Asked, generation: u32) -> Option<Path> {
        match &self.places[place_of(asked)] {
            Some((known, path)) if path.generation == generation && known == asked => Some(*path),
            _ => None,
        }
    }

    /// Keeps a way. Which source is the best towards an IPv6 destination also depends on the time, by which addresses there
    /// become deprecated: that choice is not kept.
    #[inline]
    pub(super) fn keep(&mut self, asked: Asked, path: Path) {
        if asked.source.is_some() || asked.destination.is_ipv4() {
            self.places[place_of(&asked)] = Some((asked, path));
        }
    }
}

fn place_of(asked: &Asked) -> usize {
    let low = match asked.destination {
        IpAddr::V4(addr) => addr.to_bits(),
        IpAddr::V6(addr) => addr.to_bits() as u32,
    };
    // Who opens asks without a source first, and with one from then on: these are two ways to keep.
    (low << 1 | u32::from(asked.source.is_some())) as usize % PLACES
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(source: Option<&str>, destination: &str) -> Asked {
        let source = source.map(|source| source.parse().unwrap());
        Asked { source, destination: destination.parse().unwrap(), link: None }
    }

    fn path(asked: &Asked, generation: u32) -> Path {
        let (link, destination) = (LinkId::from_index(1), asked.destination);
        let source = asked.source.unwrap_or(destination);
        let (next_hop, mtu) = (destination, 1_500);
        let (link_mtu, segmentation, hop_limit, lost) = (mtu, None, 64, false);
        Path { link, next_hop, source, destination, mtu, link_mtu, generation, segmentation, hop_limit, lost }
    }

    #[test]
    fn a_way_is_known_to_the_same_question_until_the_generation_changes() {
        let mut cache = PathCache::new();
        let (open, answer) = (asked(None, "10.0.0.2"), asked(Some("10.0.0.1"), "10.0.0.2"));
        for question in [open, answer] {
            cache.keep(question, path(&question, 7));
        }
        for question in [open, answer] {
            assert!(cache.get(&question, 7).is_some() && cache.get(&question, 8).is_none());
            assert!(cache.get(&Asked { link: Some(LinkId::from_index(1)), ..question }, 7).is_none());
        }
        assert!(cache.get(&asked(Some("10.0.0.9"), "10.0.0.2"), 7).is_none());
        // The next one whose place it is takes it.
        let other = asked(None, "10.0.1.2");
        cache.keep(other, path(&other, 7));
        assert!(cache.get(&other, 7).is_some() && cache.get(&open, 7).is_none());
    }

    #[test]
    fn a_source_that_age_may_change_is_chosen_anew() {
        let mut cache = PathCache::new();
        let (open, answer) = (asked(None, "fd00::2"), asked(Some("fd00::1"), "fd00::2"));
        for question in [open, answer] {
            cache.keep(question, path(&question, 1));
        }
        assert!(cache.get(&open, 1).is_none() && cache.get(&answer, 1).is_some());
    }
}
