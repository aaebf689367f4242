//! Memory that the library hands out: the heap, and texts that a call allocates. What was not handed out is not taken back.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use synsent_dialects::system::{ERROR_INVALID_HANDLE, ERROR_INVALID_PARAMETER, ERROR_NOT_ENOUGH_MEMORY};

use super::{entry, fails};

/// What stands for the one heap.
const HEAP: usize = 0x0048_0000;
/// The most that one call gets, as the address space of a program has it; unit: octets.
const ALLOCATION_OCTETS_MAX: usize = 1 << 40;

/// What was handed out, by its address.
static HANDED_OUT: Mutex<Option<HashMap<usize, usize>>> = Mutex::new(None);

fn handed_out() -> MutexGuard<'static, Option<HashMap<usize, usize>>> {
    HANDED_OUT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Allocates; the address, or `None` where there is no memory.
fn allocate(octets: usize) -> Option<usize> {
    if octets > ALLOCATION_OCTETS_MAX {
        return None;
    }
    // SAFETY: calloc takes any two numbers; what it returns is noted below and handed to nobody else.
    let address = unsafe { libc::calloc(1, octets.max(1)) }.expose_provenance();
    if address == 0 {
        return None;
    }
    handed_out().get_or_insert_default().insert(address, octets);
    Some(address)
}

/// Allocates room for these octets and puts them there.
pub(super) fn keep_octets(octets: &[u8]) -> Option<usize> {
    let address = allocate(octets.len())?;
    let place = std::ptr::with_exposed_provenance_mut::<u8>(address);
    // SAFETY: the place was allocated with this length just now, and nobody else has its address yet.
    unsafe { std::ptr::copy_nonoverlapping(octets.as_ptr(), place, octets.len()) };
    Some(address)
}

/// Takes memory back; false when it was not handed out.
pub(super) fn free(address: usize) -> bool {
    let was_there = handed_out().as_mut().and_then(|all| all.remove(&address)).is_some();
    if was_there {
        // SAFETY: calloc returned this address, and it was taken out of the list, so it is freed once.
        unsafe { libc::free(std::ptr::with_exposed_provenance_mut(address)) };
    }
    was_there
}

/// A pointer as it lies in memory.
pub(super) fn pointer_octets(address: usize) -> [u8; size_of::<usize>()] {
    address.to_ne_bytes()
}

entry!(LocalFree as local_free(memory: usize) -> usize, or memory, {
    if memory == 0 || free(memory) { 0 } else { fails(ERROR_INVALID_HANDLE, memory) }
});

entry!(GetProcessHeap as get_process_heap() -> usize, or 0, { HEAP });

// Memory is zero in any case, whether HEAP_ZERO_MEMORY asks for it or not.
entry!(HeapAlloc as heap_alloc(heap: usize, _flags: u32, octets: usize) -> usize, or 0, {
    if heap != HEAP {
        return fails(ERROR_INVALID_HANDLE, 0);
    }
    allocate(octets).unwrap_or_else(|| fails(ERROR_NOT_ENOUGH_MEMORY, 0))
});

entry!(HeapFree as heap_free(heap: usize, _flags: u32, memory: usize) -> i32, or 0, {
    if heap != HEAP {
        return fails(ERROR_INVALID_HANDLE, 0);
    }
    if memory == 0 || free(memory) { 1 } else { fails(ERROR_INVALID_PARAMETER, 0) }
});
