//! What the heap holds and how often it was asked: an allocator that counts, under everything in this program.

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Octets that are allocated now.
pub(crate) fn live_octets() -> i64 {
    let stats = HEAP.stats();
    // The counts of octets contain what reallocations added and took.
    stats.bytes_allocated as i64 - stats.bytes_deallocated as i64
}

/// How many times memory was asked for so far.
pub(crate) fn allocations() -> u64 {
    let stats = HEAP.stats();
    (stats.allocations + stats.reallocations) as u64
}
