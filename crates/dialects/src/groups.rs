//! Groups of sockets: which sockets of a process belong together, and whether all of them have to go to one host.
//!
//! A group is a number. It is made with its first socket, other sockets join it, and it is gone with the last one. What a group
//! means for a connection is found from what its sockets are connected to.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use synsent_sockets::{Kind, Name};

use crate::process::{Handle, Process};

/// No group.
const NONE: u32 = 0;
/// Makes a group whose sockets go where they like.
const NEW_UNCONSTRAINED: u32 = 1;
/// Makes a group whose sockets all go to one host.
const NEW_CONSTRAINED: u32 = 2;
/// The first number of a group; those below it make one.
const FIRST: u32 = 0x100;

/// The groups of a process.
#[derive(Default, Debug)]
pub(crate) struct Groups {
    members: Mutex<Members>,
    /// Whether there was ever a group. Most programs have none, and each of their calls asks.
    has_any: AtomicBool,
}

#[derive(Default, Debug)]
struct Members {
    of: HashMap<Handle, Member>,
    made: u32,
}

/// What a socket is in its group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Member {
    group: u32,
    is_constrained: bool,
    has_made_it: bool,
}

impl Groups {
    /// Whether a socket of this kind can be in a group of this number.
    pub(crate) fn can_join(&self, group: u32, kind: Option<Kind>) -> bool {
        let is_stream = kind != Some(Kind::Datagram);
        match group {
            NONE | NEW_UNCONSTRAINED => true,
            NEW_CONSTRAINED => is_stream,
            group => self.members(|members| {
                let one = members.of.values().find(|member| member.group == group);
                one.is_some_and(|member| is_stream || !member.is_constrained)
            }),
        }
    }

    /// Puts a new socket into a group that it can be in.
    pub(crate) fn join(&self, handle: Handle, group: u32) {
        if group == NONE {
            return;
        }
        self.has_any.store(true, Ordering::Release);
        self.members(|members| {
            let is_new = matches!(group, NEW_UNCONSTRAINED | NEW_CONSTRAINED);
            let others = members.of.values().find(|member| member.group == group).copied();
            let is_constrained = others.map_or(group == NEW_CONSTRAINED, |other| other.is_constrained);
            let group = if is_new { FIRST + members.made } else { group };
            members.made = members.made.wrapping_add(u32::from(is_new)) % (u32::MAX - FIRST);
            members.of.insert(handle, Member { group, is_constrained, has_made_it: is_new });
        });
    }

    /// The number of a socket's group; zero: none.
    pub(crate) fn of(&self, handle: Handle) -> u32 {
        self.members(|members| members.of.get(&handle).map_or(NONE, |member| member.group))
    }

    /// Whether a socket has made its group.
    pub(crate) fn has_made(&self, handle: Handle) -> bool {
        self.members(|members| members.of.get(&handle).is_some_and(|member| member.has_made_it))
    }

    /// Takes a socket out of its group.
    pub(crate) fn leave(&self, handle: Handle) {
        if !self.has_any() {
            return;
        }
        self.members(|members| members.of.remove(&handle));
    }

    /// Takes all sockets out of their groups.
    pub(crate) fn clear(&self) {
        self.members(|members| members.of.clear());
    }

    /// The others in a socket's group, where all of them go to one host.
    fn bound_together(&self, handle: Handle) -> Vec<Handle> {
        if !self.has_any() {
            return Vec::new();
        }
        self.members(|members| {
            let Some(own) = members.of.get(&handle).filter(|member| member.is_constrained) else { return Vec::new() };
            let is_other = |(other, member): &(&Handle, &Member)| **other != handle && member.group == own.group;
            members.of.iter().filter(is_other).map(|(other, _)| *other).collect()
        })
    }

    fn has_any(&self) -> bool {
        self.has_any.load(Ordering::Acquire)
    }

    fn members<T>(&self, with: impl FnOnce(&mut Members) -> T) -> T {
        // Every change is one insertion or removal, so a thread that panicked left nothing half done.
        with(&mut self.members.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Process {
    /// Whether a socket may not go to this name, because another one of its group is connected to another host.
    pub(crate) fn group_goes_elsewhere(&self, handle: Handle, name: &Name) -> bool {
        let host = |name: &Name| name.inet().map(|address| address.ip());
        let others = self.groups().bound_together(handle);
        let mut peers = others.into_iter().filter_map(|other| self.find(other)?.peer_name());
        peers.any(|peer| host(&peer) != host(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_there_from_its_first_socket_to_its_last() {
        let groups = Groups::default();
        groups.join(4, NEW_UNCONSTRAINED);
        let group = groups.of(4);
        assert!(group >= FIRST && groups.can_join(group, Some(Kind::Datagram)));
        groups.join(8, group);
        assert_eq!((groups.of(8), groups.has_made(4), groups.has_made(8)), (group, true, false));
        groups.leave(4);
        assert!(groups.can_join(group, Some(Kind::Stream)));
        groups.leave(8);
        assert!(!groups.can_join(group, Some(Kind::Stream)));
        groups.join(12, NEW_UNCONSTRAINED);
        assert_ne!(groups.of(12), group);
    }

    #[test]
    fn only_streams_are_bound_together() {
        let groups = Groups::default();
        assert!(!groups.can_join(NEW_CONSTRAINED, Some(Kind::Datagram)));
        groups.join(4, NEW_CONSTRAINED);
        let group = groups.of(4);
        assert!(!groups.can_join(group, Some(Kind::Datagram)));
        groups.join(8, group);
        groups.join(12, NEW_CONSTRAINED);
        assert_eq!((groups.bound_together(4), groups.bound_together(12)), (vec![8], vec![]));
    }

    #[test]
    fn there_is_no_group_of_any_other_number() {
        let groups = Groups::default();
        for number in [3, 5, FIRST, u32::MAX] {
            assert!(!groups.can_join(number, Some(Kind::Stream)), "{number}");
        }
        assert!(groups.can_join(NONE, None));
    }
}
