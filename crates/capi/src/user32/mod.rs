//! Windows that receive messages, and the loop that hands them out. Nothing is drawn. What they do stands in
//! [`synsent_dialects::desk`]; here are the structures of C, and the calls of the program's procedures.

mod messages;
mod windows;

pub(crate) use messages::dispatch_one;

use std::sync::Arc;

use synsent_dialects::desk::Procedure;

use crate::boundary::call_back;

/// A procedure of a window in C.
type WindowProcedure = extern "C" fn(usize, u32, usize, isize) -> isize;

/// The procedure at an address; `None` for null.
fn procedure_at(address: usize) -> Option<Procedure> {
    if address == 0 {
        return None;
    }
    // SAFETY: the program says by registering it that a function of this type is there; a number that is no function is as fatal as
    // it is anywhere in C.
    let procedure: WindowProcedure =
        unsafe { std::mem::transmute::<*const (), WindowProcedure>(std::ptr::with_exposed_provenance(address)) };
    let action = move |window, message, wparam, lparam| call_back(|| procedure(window, message, wparam, lparam));
    Some(Procedure::new(address, Arc::new(action)))
}
