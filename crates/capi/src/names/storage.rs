//! What the calls about names give out: for a thread, until its next call of the kind; and lists that the program gives back.
//!
//! A list that is given back is looked up first, so a pointer that was never given out, or was given back already, does no harm.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::c_void;
use std::ptr;
use std::sync::{LazyLock, Mutex, PoisonError};

use super::block::{Block, Laid};

/// What a thread may have one of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Slot {
    Host,
    Service,
    Protocol,
    /// The text of an address.
    Address,
    /// The text of a code.
    Text,
}

/// How many kinds there are.
const SLOTS: usize = 5;

thread_local! {
    static SLOT: RefCell<[Option<Laid>; SLOTS]> = const { RefCell::new([const { None }; SLOTS]) };
}

static GIVEN: LazyLock<Mutex<HashMap<usize, Laid>>> = LazyLock::new(Mutex::default);

/// Keeps a structure for the thread in place of the last one of its kind; its address, null in a thread that is about to end.
pub(super) fn keep(slot: Slot, block: Block) -> *mut c_void {
    let laid = block.lay();
    let address = laid.address();
    match SLOT.try_with(|slots| slots.borrow_mut()[slot as usize] = Some(laid)) {
        Ok(()) => ptr::with_exposed_provenance_mut(address),
        Err(_) => ptr::null_mut(),
    }
}

/// Gives a structure out for good.
pub(super) fn give(block: Block) -> usize {
    let laid = block.lay();
    let address = laid.address();
    GIVEN.lock().unwrap_or_else(PoisonError::into_inner).insert(address, laid);
    address
}

/// Takes back what was given out; anything else is left alone.
pub(super) fn take_back(address: usize) {
    GIVEN.lock().unwrap_or_else(PoisonError::into_inner).remove(&address);
}
