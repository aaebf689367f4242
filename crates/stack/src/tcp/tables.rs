//! Who owns a four-tuple: one table for flows, half-open connections and TIME-WAIT, so that a segment costs one lookup.

use super::Tcp;
use super::block::{Flow, Shape};
use super::four_tuple::{Endpoint, FlowTable, FourTuple, HashKey, TupleHash};
use super::syncache::SynCache;
use super::time_wait::TimeWaits;
use crate::slab::Slab;
use crate::time::{Duration, Instant};

/// How old a TIME-WAIT must be before an active open may have its four-tuple: longer than a tick of any timestamp clock.
const TIME_WAIT_REUSE: Duration = Duration::from_secs(1);

/// Who owns a four-tuple: a place in one of three tables, packed into the number that the flow table keeps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::tcp) enum Owner {
    Flow(u32),
    HalfOpen(u32),
    TimeWait(u32),
}

const OWNER_SHIFT: u32 = 30;
const PLACE_MASK: u32 = (1 << OWNER_SHIFT) - 1;

impl Owner {
    pub(in crate::tcp) fn pack(self) -> u32 {
        match self {
            Owner::Flow(place) => place,
            Owner::HalfOpen(place) => 1 << OWNER_SHIFT | place,
            Owner::TimeWait(place) => 2 << OWNER_SHIFT | place,
        }
    }

    #[inline]
    pub(in crate::tcp) fn unpack(packed: u32) -> Owner {
        let place = packed & PLACE_MASK;
        match packed >> OWNER_SHIFT {
            0 => Owner::Flow(place),
            1 => Owner::HalfOpen(place),
            _ => Owner::TimeWait(place),
        }
    }
}

/// What is needed to find the owner of a four-tuple.
pub(in crate::tcp) struct Tables<'a> {
    pub(in crate::tcp) flows: &'a Slab<Flow>,
    pub(in crate::tcp) half_open: &'a SynCache,
    pub(in crate::tcp) time_waits: &'a TimeWaits,
    pub(in crate::tcp) table: &'a FlowTable,
}

impl Tables<'_> {
    #[inline]
    pub(in crate::tcp) fn owner(&self, tuple: &FourTuple, hash: TupleHash) -> Option<Owner> {
        let is_it = |packed| tuple_of(self.flows, self.half_open, self.time_waits, packed) == Some(tuple);
        self.table.find(hash, is_it).map(Owner::unpack)
    }

    /// The place of a four-tuple that a new connection may have: nobody has it, or a TIME-WAIT whose timestamps are older than
    /// our clock's next tick, so that the new connection's segments prove to be newer (RFC 6191).
    pub(in crate::tcp) fn vacancy(&self, now: Instant, tuple: &FourTuple, key: &HashKey) -> Option<Vacancy> {
        let hash = tuple.hash(key);
        match self.owner(tuple, hash) {
            None => Some(Vacancy { hash, time_wait: None }),
            Some(Owner::TimeWait(index)) => {
                let entry = self.time_waits.get(index)?;
                let is_free = entry.timestamps.is_some() && now.since(entry.since) >= TIME_WAIT_REUSE;
                is_free.then_some(Vacancy { hash, time_wait: Some(index) })
            }
            Some(_) => None,
        }
    }
}

/// A four-tuple that a new connection may have.
#[derive(Clone, Copy)]
pub(in crate::tcp) struct Vacancy {
    pub(in crate::tcp) hash: TupleHash,
    /// The TIME-WAIT that gives it up.
    pub(in crate::tcp) time_wait: Option<u32>,
}

#[inline]
fn tuple_of<'a>(
    flows: &'a Slab<Flow>,
    half_open: &'a SynCache,
    time_waits: &'a TimeWaits,
    packed: u32,
) -> Option<&'a FourTuple> {
    match Owner::unpack(packed) {
        Owner::Flow(index) => flows.get(index).map(|flow| &flow.head.tuple),
        Owner::HalfOpen(index) => half_open.entries.get(index).map(|entry| &entry.tuple),
        Owner::TimeWait(index) => time_waits.get(index).map(|entry| &entry.tuple),
    }
}

impl Tcp {
    pub(in crate::tcp) fn tables(&self) -> Tables<'_> {
        let Tcp { flows, half_open, time_waits, table, .. } = self;
        Tables { flows, half_open, time_waits, table }
    }

    #[inline]
    pub(in crate::tcp) fn owner(&self, tuple: &FourTuple) -> Option<Owner> {
        self.tables().owner(tuple, tuple.hash(&self.shared.hash_key))
    }

    /// Who owns a segment's four-tuple. Most segments are for the connection that the last one was for: that is asked before a
    /// hash is computed.
    #[inline]
    pub(in crate::tcp) fn owner_of_segment(&mut self, tuple: &FourTuple) -> (TupleHash, Option<Owner>) {
        if let Some(flow) = self.flows.get(self.last_flow)
            && flow.head.tuple == *tuple
            && !matches!(flow.shape(), Shape::Over(_))
        {
            return (flow.head.hash, Some(Owner::Flow(self.last_flow)));
        }
        let hash = tuple.hash(&self.shared.hash_key);
        let owner = self.tables().owner(tuple, hash);
        if let Some(Owner::Flow(index)) = owner {
            self.last_flow = index;
        }
        (hash, owner)
    }

    pub(in crate::tcp) fn own(&mut self, local: Endpoint, hash: TupleHash, owner: Owner) {
        self.table.insert(hash, owner.pack());
        self.port_counts.add(local, owner);
    }

    /// The four-tuple stays in use, and another owns it.
    pub(in crate::tcp) fn hand_over(&mut self, local: Endpoint, hash: TupleHash, from: Owner, to: Owner) {
        self.table.replace(hash, from.pack(), to.pack());
        self.port_counts.hand_over(local, from, to);
    }

    pub(in crate::tcp) fn disown(&mut self, local: Endpoint, hash: TupleHash, owner: Owner) {
        if self.table.remove(hash, owner.pack()) {
            self.port_counts.remove(local, owner);
        }
    }
}
